/* SPDX-License-Identifier: Apache-2.0
 * signals_cases.cc -- signals: in which order they come, and when they act. */
#include "conform.h"

CASE(signal_order, "Messages of one process to another arrive in the order sent.",
     "Processes, Delivery of Signals", ON_NODE, "1000 in order\n")
{
    const kith_pid me = kith_self();
    const puppet a = make("a");
    int n = 0;

    tell(a, [me] {
        for (int i = 0; i < 1000; i++)
            must(send(me, 1, i));
    });
    while (n < 1000 && number(take_tag(1)) == n)
        n++;
    say("%d in order", n);
}

CASE(signal_kinds_in_order, "Messages and exit signals of one sender keep their order.",
     "Processes, Delivery of Signals", ON_NODE, "msg(1)\nexit(a, user(1))\nmsg(2)\n")
{
    const kith_pid me = kith_self();
    const puppet a = make("a");

    trap();
    tell(a, [me] {
        must(send(me, 1));
        must(kith_exit_signal(me, user(1)));
        must(send(me, 2));
    });
    show();
    show();
    show();
}

CASE(signal_name_and_pid, "A message sent to a name is a signal to who has it: same order.",
     "Processes, Delivery of Signals", ON_NODE, "msg(1)\nmsg(2)\nmsg(3)\n")
{
    const kith_pid me = kith_self();
    const puppet a = make("a");

    must(kith_register("conform", me));
    tell(a, [me] {
        must(send(me, 1));
        must(kith_send_name("conform", 2, nullptr, 0));
        must(send(me, 3));
    });
    show();
    show();
    show();
}

CASE(send_to_dead, "Sending to a process that is dead is no error.", "erlang:send/2",
     ON_NODE, "send: ok\n")
{
    const kith_pid a = gone("a");

    say("send: %s", word("send", send(a, 1)));
}

CASE(send_to_dead_hint, "A dead pid is told as a code, which may be ignored.",
     "erlang:send/2", DIFFERS("a code where Erlang is silent"), "send: noproc\n")
{
    const kith_pid a = gone("a");

    say("send: %s", kith_err_name(send(a, 1)));
}

CASE(send_to_self, "A process may send to itself.", "erlang:send/2", ON_NODE,
     "msg(1)\nmsg(2)\n")
{
    must(send(kith_self(), 1));
    must(send(kith_self(), 2));
    show();
    show();
}

CASE(send_copies, "What is sent is a copy: what the sender does later is not seen.",
     "erlang:send/2", HERE("data of Erlang cannot be written to"), "number 1\n")
{
    int n = 1;

    must(kith_send(kith_self(), 1, &n, sizeof n));
    n = 2;
    say("number %d", number(take()));
}

CASE(send_sizes, "A message may be empty, and may be large.", "erlang:send/2", ON_NODE,
     "0 bytes\n1000000 bytes\n")
{
    static char large[1000000];

    must(send(kith_self(), 1));
    must(kith_send(kith_self(), 1, large, sizeof large));
    say("%zu bytes", take()->len);
    say("%zu bytes", take()->len);
}

CASE(send_system_tag, "What only the system sends cannot be forged by a message.",
     "erlang:send/2", DIFFERS("in Erlang anybody may send {'EXIT', Pid, Reason}"),
     "send: einval\nnothing\n")
{
    say("send: %s", word("send", send(kith_self(), KITH_TAG_EXIT)));
    nothing();
}

CASE(exit_acts_without_receive, "An exit signal acts on a process that never receives.",
     "Processes, Receiving Signals", ON_NODE, "msg(1)\na died: user(1)\n")
{
    const kith_pid me = kith_self();
    const puppet a = make("a");

    tell(a, [me] {
        must(send(me, 1));
        for (;;)
            kith_yield();
    });
    show();
    must(kith_exit_signal(a.pid, user(1)));
    died(a);
}

CASE(exit_acts_past_queue,
     "An exit signal acts at reception, however many messages lie untaken before it.",
     "Processes, Receiving Signals", ON_NODE, "a died: user(1)\n")
{
    const puppet a = make("a");

    for (int i = 0; i < 1000; i++)
        must(send(a.pid, 1));
    must(kith_exit_signal(a.pid, user(1)));
    died(a);
}

CASE(message_before_death,
     "What a process sent before it died comes before the news of it.",
     "Processes, Delivery of Signals", ON_NODE, "msg(1)\nmsg(2)\ndown(a, user(1))\n")
{
    const kith_pid me = kith_self();
    const puppet a = make("a");

    tell(a, [me] {
        must(send(me, 1));
        must(send(me, 2));
        kith_exit(user(1));
    });
    show();
    show();
    show();
}

CASE(message_before_kill, "A message sent before a kill is there when the kill acts.",
     "Processes, Delivery of Signals", ON_NODE, "msg(1)\nexit(main, user(1))\n")
{
    const puppet a = make("a", true);

    must(send(a.pid, 1));
    must(kith_exit_signal(a.pid, user(1)));
    in(a, [] {
        show();
        show();
    });
}

CASE(link_then_message, "A link is in force before a message that was sent after it.",
     "Processes, Delivery of Signals", ON_NODE, "links 1\n")
{
    const puppet a = make("a"), b = make("b");

    in(a, [b] {
        must(kith_link(b.pid));
        must(send(b.pid, 1));
    });
    in(b, [] {
        take();
        say("links %zu", self_info().n_links);
    });
}

CASE(unlink_then_message, "An unlink is in force before a message that was sent after it.",
     "Processes, Delivery of Signals", ON_NODE, "links 0\n")
{
    const puppet a = make("a"), b = make("b");

    in(a, [b] {
        must(kith_link(b.pid));
        must(kith_unlink(b.pid));
        must(send(b.pid, 1));
    });
    in(b, [] {
        take();
        say("links %zu", self_info().n_links);
    });
}

CASE(monitor_then_kill, "A monitor asked for before a kill sees it.",
     "Processes, Delivery of Signals", ON_NODE, "100 killed\n")
{
    int n = 0;

    for (int i = 0; i < 100; i++) {
        const puppet a = make("a");
        const kith_ref m = monitor(a.pid, "m");

        end(a);
        n += KITH_BODY(take_ref(m), kith_down)->why.kind == KITH_KILLED;
    }
    say("%d killed", n);
}

CASE(kill_then_monitor, "A monitor asked for after a kill finds nobody.",
     "Processes, Delivery of Signals", ON_NODE, "100 noproc\n")
{
    int n = 0;

    for (int i = 0; i < 100; i++) {
        const puppet a = make("a");

        must(kith_exit_signal(a.pid, plain(KITH_KILL)));
        n += KITH_BODY(take_ref(monitor(a.pid, "m")), kith_down)->why.kind == KITH_NOPROC;
    }
    say("%d noproc", n);
}

CASE(kill_then_link, "A link asked for after a kill finds nobody either.",
     "Processes, Delivery of Signals", ON_NODE, "100 noproc\n")
{
    int n = 0;

    trap();
    for (int i = 0; i < 100; i++) {
        const puppet a = make("a");

        must(kith_exit_signal(a.pid, plain(KITH_KILL)));
        must(kith_link(a.pid));
        n += KITH_BODY(take_tag(KITH_TAG_EXIT), kith_down)->why.kind == KITH_NOPROC;
    }
    say("%d noproc", n);
}

CASE(spawn_then_message,
     "A pid is good at once: what is sent before the child runs arrives.", "erlang:spawn/1",
     ON_NODE, "msg(1)\nmsg(2)\n")
{
    const kith_pid me = kith_self();
    const kith_pid child = spawn([me] {
        must(send(me, take()->tag));
        must(send(me, take()->tag));
    });

    must(send(child, 1));
    must(send(child, 2));
    show();
    show();
}

CASE(exit_dropped_between, "A dropped exit signal leaves the messages around it in order.",
     "Processes, Receiving Exit Signals", ON_NODE, "msg(1)\nmsg(2)\nnothing\n")
{
    const kith_pid me = kith_self();
    const puppet a = make("a");

    in(a, [me] {
        must(send(me, 1));
        must(kith_exit_signal(me, plain(KITH_NORMAL)));
        must(send(me, 2));
    });
    show();
    show();
    nothing();
}

CASE(
    trap_at_reception,
    "Whether exits are trapped is looked at when the signal is received: what is a message "
    "by then stays one.",
    "Processes, Receiving Exit Signals", ON_NODE, "exit(main, user(1))\na lives\n")
{
    const puppet a = make("a", true);

    must(kith_exit_signal(a.pid, user(1)));
    in(a, [] {
        trap(false);
        show();
    });
    lives(a);
}

CASE(trap_off_again, "A process that stops trapping dies of the next exit signal.",
     "erlang:process_flag/2", ON_NODE, "a died: user(2)\n")
{
    const puppet a = make("a", true);

    must(kith_exit_signal(a.pid, user(1)));
    in(a, [] { trap(false); });
    must(kith_exit_signal(a.pid, user(2)));
    died(a);
}
