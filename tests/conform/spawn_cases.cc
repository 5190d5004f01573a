/* SPDX-License-Identifier: Apache-2.0
 * spawn_cases.cc -- a new process: its pid, and what is so from its first moment. */
#include "conform.h"

CASE(spawn_pid, "The pid that spawn answers is what the child calls itself.",
     "erlang:spawn/1", ON_NODE, "the same\n")
{
    const kith_pid me = kith_self();
    const kith_pid child = spawn([me] {
        const kith_pid self = kith_self();

        must(kith_send(me, 1, &self, sizeof self));
    });

    say("%s", KITH_BODY(take(), kith_pid)->id == child.id ? "the same" : "another");
}

CASE(spawn_does_not_wait, "Spawn does not wait for the child.", "erlang:spawn/1", ON_NODE,
     "spawned\nchild\n")
{
    const kith_pid me = kith_self();
    const kith_pid child = spawn([me] {
        take();
        say("child");
        must(send(me, 1));
    });

    say("spawned");
    must(send(child, 1));
    take();
}

CASE(spawn_pids_differ, "No two processes have one pid.", "erlang:spawn/1", ON_NODE,
     "1000 pids\n")
{
    static std::uint64_t seen[1000];
    int n = 0;

    for (std::uint64_t &s : seen) {
        const kith_pid pid = spawn([] {});
        bool fresh = true;

        for (const std::uint64_t *t = seen; t < &s; t++)
            fresh = fresh && *t != pid.id;
        s = pid.id;
        n += fresh;
    }
    say("%d pids", n);
}

CASE(spawn_pid_not_reused, "A dead process' pid reaches nobody, whoever comes later.",
     "erlang:spawn/1", ON_NODE, "a lives\n")
{
    const kith_pid old = gone("old");

    for (int i = 0; i < 500; i++)
        end(make("x"));
    const puppet a = make("a");
    maybe(kith_exit_signal(old, plain(KITH_KILL)));
    maybe(send(old, 1));
    lives(a);
}

CASE(spawn_argument, "The child has its own copy of what it was given.", "erlang:spawn/3",
     HERE("data of Erlang cannot be written to"), "7\n")
{
    const kith_pid me = kith_self();
    int n = 7;
    kith_spawn_options o = options();
    kith_pid child;
    const auto body = [me, n] {
        take();
        must(send(me, 1, n));
    };

    must(spawn_opt(o, body, &child));
    n = 8;
    must(send(child, 1));
    say("%d", number(take()));
    (void) n;
}

CASE(spawn_link_at_once, "spawn_link leaves no window: whoever dies at once is heard of.",
     "erlang:spawn_link/1", ON_NODE, "200 heard, all user(1)\n")
{
    int n = 0;

    trap();
    for (int i = 0; i < 200; i++) {
        kith_pid child = {0};

        must(spawn_opt(
            options(true), [] { kith_exit(user(1)); }, &child));
        n += KITH_BODY(take_tag(KITH_TAG_EXIT), kith_down)->why.code == 1;
    }
    say("%d heard, all user(1)", n);
}

CASE(spawn_monitor_at_once,
     "spawn_monitor leaves no window: the reason is always the true one.",
     "erlang:spawn_monitor/1", ON_NODE, "200 heard, all user(1)\n")
{
    int n = 0;

    for (int i = 0; i < 200; i++) {
        kith_pid child = {0};
        kith_ref m;

        must(spawn_opt(
            options(false, &m), [] { kith_exit(user(1)); }, &child));
        n += KITH_BODY(take_ref(m), kith_down)->why.code == 1;
    }
    say("%d heard, all user(1)", n);
}

CASE(spawn_link_and_monitor, "One spawn can do both.", "erlang:spawn_opt/2", ON_NODE,
     "exit(c, user(1))\ndown(m, user(1))\nnothing\n")
{
    kith_pid child = {0};
    kith_ref m;

    trap();
    must(spawn_opt(
        options(true, &m),
        [] {
            take();
            kith_exit(user(1));
        },
        &child));
    label(child, "c");
    label(m, "m");
    must(send(child, 1));
    show(take_tag(KITH_TAG_EXIT));
    show(take_ref(m));
    nothing();
}

CASE(spawn_link_parent, "The child dies with its parent.", "erlang:spawn_link/1", ON_NODE,
     "a died: user(1)\ndown(m, user(1))\n")
{
    const kith_pid me = kith_self();
    const puppet a = make("a");

    in(a, [me] {
        kith_pid child = {0};

        must(spawn_opt(
            options(true), [] { take(); }, &child));
        must(kith_send(me, 1, &child, sizeof child));
    });
    const kith_ref m = monitor(*KITH_BODY(take_tag(1), kith_pid), "m");
    tell(a, [] { kith_exit(user(1)); });
    died(a);
    show(take_ref(m));
}

CASE(spawn_not_trapping, "A child does not trap exits because its parent does.",
     "erlang:process_flag/2, trap_exit", ON_NODE, "down(m, user(1))\n")
{
    trap();
    const kith_pid child = spawn([] { take(); });
    const kith_ref m = monitor(child, "m");

    must(kith_exit_signal(child, user(1)));
    show(take_ref(m));
}

CASE(spawn_parent_ends, "A child that is not linked outlives its parent.", "erlang:spawn/1",
     ON_NODE, "a died: user(1)\nmsg(2)\n")
{
    const kith_pid me = kith_self();
    const puppet a = make("a");

    in(a, [me] {
        const kith_pid child = spawn([me] {
            take();
            must(send(me, 2));
        });

        must(kith_send(me, 1, &child, sizeof child));
    });
    const kith_pid child = *KITH_BODY(take_tag(1), kith_pid);
    tell(a, [] { kith_exit(user(1)); });
    died(a);
    must(send(child, 1));
    show();
}

CASE(spawn_wait, "The end of a process can be waited for, but not its own.", "(none)",
     HERE("Erlang has monitors only"), "lives: timeout\ndead: noproc\nitself: edeadlk\n")
{
    const puppet a = make("a");
    kith_reason why;

    say("lives: %s", kith_err_name(kith_wait(a.pid, &why, 0)));
    end(a);
    must(kith_wait(a.pid, &why, LONG));
    say("dead: %s", reason(why).s);
    say("itself: %s", kith_err_name(kith_wait(kith_self(), &why, 0)));
}

CASE(spawn_no_function, "Without a function there is no child.", "erlang:spawn/1",
     DIFFERS("a code where Erlang raises badarg"), "einval\n")
{
    say("%s", kith_err_name(kith_spawn(nullptr, nullptr, 0, nullptr)));
}
