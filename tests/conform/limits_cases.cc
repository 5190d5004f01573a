/* SPDX-License-Identifier: Apache-2.0
 * limits_cases.cc -- mailboxes that are limited, and what never is. */
#include "conform.h"

#define LIMITS HERE("Erlang's mailboxes have no limit")

enum : std::uint64_t { GO = 99 };

/* A process with a limited mailbox that takes nothing before GO, which is a timer's message: no
 * limit holds for those. Then it says what it has, up to `n`. */
static kith_pid
limited(kith_spawn_options o, int n)
{
    const kith_pid me = kith_self();
    kith_pid pid;

    must(spawn_opt(
        o,
        [me, n] {
            trap();
            must(kith_send(me, GO, nullptr, 0));
            take_tag(GO);
            for (int i = 0; i < n; i++)
                show();
            nothing();
            must(kith_send(me, GO, nullptr, 0));
            take_tag(GO);
        },
        &pid));
    label(pid, "l");
    take_tag(GO);
    return pid;
}

static void
go(kith_pid pid)
{
    must(kith_send_after(0, pid, GO, kith_iov_of(nullptr, 0), nullptr));
    take_tag(GO);
}

static kith_spawn_options
cap(std::size_t n, int policy)
{
    kith_spawn_options o = options();

    o.mailbox_cap = n;
    o.mailbox_policy = policy;
    return o;
}

CASE(limit_fail, "A mailbox that is full refuses: the sender is told.", "(none)", LIMITS,
     "ok\nok\nfull\nmsg(1)\nmsg(2)\nnothing\n")
{
    const kith_pid l = limited(cap(2, KITH_MAILBOX_FAIL), 2);

    for (std::uint64_t i = 1; i <= 3; i++)
        say("%s", kith_err_name(send(l, i)));
    go(l);
}

CASE(limit_drop, "Or drops what is new, and nobody is told.", "(none)", LIMITS,
     "ok\nok\nok\nmsg(1)\nmsg(2)\nnothing\n")
{
    const kith_pid l = limited(cap(2, KITH_MAILBOX_DROP), 2);

    for (std::uint64_t i = 1; i <= 3; i++)
        say("%s", kith_err_name(send(l, i)));
    go(l);
}

CASE(limit_kill, "Or its owner is killed.", "process_flag(max_heap_size), kill", ON_NODE,
     "down(m, killed)\n")
{
    const kith_pid l = limited(cap(2, KITH_MAILBOX_KILL), 2);

    monitor(l, "m");
    for (std::uint64_t i = 1; i <= 3; i++)
        maybe(send(l, i));
    show();
}

CASE(limit_room_again, "What is taken makes room.", "(none)", LIMITS,
     "full\nmsg(1)\nnothing\nok\n")
{
    const kith_pid l = limited(cap(1, KITH_MAILBOX_FAIL), 1);

    must(send(l, 1));
    say("%s", kith_err_name(send(l, 2)));
    go(l);
    say("%s", kith_err_name(send(l, 3)));
}

CASE(limit_bytes, "The limit may be one of bytes.", "(none)", LIMITS,
     "ok\nfull\nmsg(1)\nnothing\n")
{
    static const char body[1000] = {0};
    kith_spawn_options o = options();

    o.mailbox_bytes = 1500;
    const kith_pid l = limited(o, 1);

    for (std::uint64_t i = 1; i <= 2; i++)
        say("%s", kith_err_name(kith_send(l, i, body, sizeof body)));
    go(l);
}

CASE(limit_not_signals, "Exit signals and messages of monitors are never refused.",
     "(none)", LIMITS, "full\nmsg(1)\nexit(main, user(1))\nnothing\n")
{
    const kith_pid l = limited(cap(1, KITH_MAILBOX_FAIL), 2);

    must(send(l, 1));
    say("%s", kith_err_name(send(l, 2)));
    must(kith_exit_signal(l, user(1)));
    go(l);
}

CASE(limit_kill_acts, "An exit signal acts on a process whose mailbox is full.", "(none)",
     LIMITS, "full\ndown(m, killed)\n")
{
    const kith_pid l = limited(cap(1, KITH_MAILBOX_FAIL), 1);

    monitor(l, "m");
    must(send(l, 1));
    say("%s", kith_err_name(send(l, 2)));
    must(kith_exit_signal(l, plain(KITH_KILL)));
    show();
}

CASE(limit_processes,
     "There is a limit of processes: over it a spawn fails, under it again not.",
     "Processes, system limits", ON_NODE, "spawn: system_limit\nspawn: ok\n")
{
    const auto idle = [] { take(); };
    kith_pid pid = {0}, last = {0};
    kith_ref m;
    int rc;

    while ((rc = kith_spawn(body_of<decltype(idle)>, &idle, sizeof idle, &pid)) == 0) {
        label(pid, "p");
        last = pid;
    }
    say("spawn: %s", word("spawn", rc));
    m = monitor(last, "m");
    maybe(kith_exit_signal(last, plain(KITH_KILL)));
    take_ref(m);
    do {
        rc = kith_spawn(body_of<decltype(idle)>, &idle, sizeof idle, &pid);
    } while (rc == KITH_EAGAIN);    // its record is free a moment after the news
    label(pid, "p");
    say("spawn: %s", word("spawn", rc));
}
