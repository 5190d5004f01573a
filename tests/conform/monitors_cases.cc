/* SPDX-License-Identifier: Apache-2.0
 * monitors_cases.cc -- monitors: one message at a death, and nothing else. */
#include "conform.h"

static void
fail(puppet p)
{
    tell(p, [] { kith_exit(user(1)); });
}

CASE(monitor_reason, "The message of a monitor carries what the process died of.",
     "erlang:monitor/2", ON_NODE, "down(m, user(1))\n")
{
    const puppet a = make("a");
    const kith_ref m = monitor(a.pid, "m");

    fail(a);
    show(take_ref(m));
}

CASE(monitor_normal, "It comes for a normal end too.", "erlang:monitor/2", ON_NODE,
     "down(m, normal)\n")
{
    const puppet a = make("a");
    const kith_ref m = monitor(a.pid, "m");

    tell(a, [] { kith_exit(plain(KITH_NORMAL)); });
    show(take_ref(m));
}

CASE(monitor_names_the_dead, "It says who died.", "erlang:monitor/2", ON_NODE, "of a\n")
{
    const puppet a = make("a");
    const kith_ref m = monitor(a.pid, "m");

    fail(a);
    say("of %s", who(KITH_BODY(take_ref(m), kith_down)->pid));
}

CASE(monitor_dead, "A monitor of a dead process sends its message at once: noproc.",
     "erlang:monitor/2", ON_NODE, "down(m, noproc)\nnothing\n")
{
    const kith_pid a = gone("a");

    monitor(a, "m");
    show();
    nothing();
}

CASE(monitor_self, "A process that monitors itself hears nothing.", "erlang:monitor/2",
     ON_NODE, "monitors 0\nnothing\n")
{
    const puppet a = make("a");

    in(a, [] {
        monitor(kith_self(), "m");
        say("monitors %zu", self_info().n_monitors);
        nothing();
    });
}

CASE(monitor_stacks, "Each call makes a monitor of its own, with a message of its own.",
     "erlang:monitor/2", ON_NODE, "down(m, user(1))\ndown(n, user(1))\ndown(o, user(1))\n")
{
    const puppet a = make("a");
    const kith_ref m = monitor(a.pid, "m"), n = monitor(a.pid, "n"),
                   o = monitor(a.pid, "o");

    fail(a);
    show(take_ref(m));
    show(take_ref(n));
    show(take_ref(o));
}

CASE(monitor_counts, "process_info knows the caller's monitors; a message ends one.",
     "erlang:process_info/2, monitors", ON_NODE, "monitors 2\nmonitors 1\nmonitors 0\n")
{
    const puppet w = make("w"), a = make("a"), b = make("b");

    in(w, [a, b] {
        monitor(a.pid, "m");
        monitor(b.pid, "n");
        say("monitors %zu", self_info().n_monitors);
    });
    end(a);
    in(w, [] {
        take_tag(KITH_TAG_DOWN);
        say("monitors %zu", self_info().n_monitors);
    });
    end(b);
    in(w, [] {
        take_tag(KITH_TAG_DOWN);
        say("monitors %zu", self_info().n_monitors);
    });
}

CASE(monitor_harmless, "A monitor never kills who watches.", "Processes, Monitors", ON_NODE,
     "a died: user(1)\nb lives\n")
{
    const puppet a = make("a"), b = make("b");

    in(b, [a] { monitor(a.pid, "m"); });
    fail(a);
    died(a);
    lives(b);
}

CASE(monitor_one_way, "Who is watched hears nothing of the watcher's death.",
     "Processes, Monitors", ON_NODE, "b died: user(1)\nnothing\na lives\n")
{
    const puppet a = make("a", true), b = make("b");

    in(b, [a] { monitor(a.pid, "m"); });
    fail(b);
    died(b);
    in(a, [] { nothing(); });
    lives(a);
}

CASE(monitor_each_other, "Two that watch each other: the one left hears.",
     "Processes, Monitors", ON_NODE, "a died: user(1)\ndown(m, user(1))\n")
{
    const puppet a = make("a"), b = make("b");

    in(a, [b] { monitor(b.pid, "n"); });
    in(b, [a] { monitor(a.pid, "m"); });
    fail(a);
    died(a);
    in(b, [] { show(); });
}

CASE(monitor_many_watchers, "All that watch hear, each once.", "erlang:monitor/2", ON_NODE,
     "50 heard\n")
{
    const kith_pid me = kith_self();
    const puppet a = make("a");
    int n = 0;

    for (int i = 0; i < 50; i++)
        spawn([me, a] {
            kith_ref m;

            must(kith_monitor(a.pid, &m));
            must(send(me, 1));
            take_ref(m);
            must(send(me, 2));
        });
    for (int i = 0; i < 50; i++)
        take_tag(1);
    end(a);
    for (int i = 0; i < 50; i++)
        n += take()->tag == 2;
    say("%d heard", n);
}

CASE(monitor_any_order, "Messages of monitors can be taken in any order, by their refs.",
     "receive", ON_NODE, "down(n, user(1))\ndown(m, user(1))\n")
{
    const puppet a = make("a"), b = make("b");
    const kith_ref m = monitor(a.pid, "m"), n = monitor(b.pid, "n");

    fail(a);
    take_ref(a.ref);
    fail(b);
    show(take_ref(n));
    show(take_ref(m));
}

CASE(monitor_name, "A name may be watched: whoever has it.",
     "erlang:monitor/2, registered name", ON_NODE, "down(m, user(1))\n")
{
    const puppet a = make("a");
    kith_ref m;

    must(kith_register("conform", a.pid));
    must(kith_monitor_name("conform", &m));
    label(m, "m");
    fail(a);
    show(take_ref(m));
}

CASE(monitor_name_unknown, "A name that nobody has: noproc at once.",
     "erlang:monitor/2, registered name", ON_NODE, "down(m, noproc)\nnothing\n")
{
    kith_ref m;

    must(kith_monitor_name("conform_nobody", &m));
    label(m, "m");
    show();
    nothing();
}

CASE(monitor_name_stays,
     "A monitor stays with the process that had the name when it was made.",
     "erlang:monitor/2, registered name", ON_NODE, "down(m, user(1))\nb lives\n")
{
    const puppet a = make("a"), b = make("b");
    kith_ref m;

    must(kith_register("conform", a.pid));
    must(kith_monitor_name("conform", &m));
    label(m, "m");
    must(kith_unregister("conform"));
    must(kith_register("conform", b.pid));
    fail(a);
    show(take_ref(m));
    lives(b);
}

/* ---- demonitor ---- */

CASE(demonitor_then_death, "After a demonitor no message comes.", "erlang:demonitor/1",
     ON_NODE, "demonitor: ok\na died: user(1)\nnothing\n")
{
    const puppet a = make("a");
    const kith_ref m = monitor(a.pid, "m");

    say("demonitor: %s", word("demonitor", kith_demonitor(m, 0)));
    fail(a);
    died(a);
    nothing();
}

CASE(demonitor_queued, "A message that has come stays.", "erlang:demonitor/1", ON_NODE,
     "demonitor: ok\ndown(m, user(1))\nnothing\n")
{
    const puppet a = make("a");
    const kith_ref m = monitor(a.pid, "m");

    fail(a);
    take_ref(a.ref);
    say("demonitor: %s", word("demonitor", kith_demonitor(m, 0)));
    show();
    nothing();
}

CASE(demonitor_flush, "With flush it is taken out, and no other.",
     "erlang:demonitor/2, flush", ON_NODE, "demonitor: ok\ndown(n, user(1))\nnothing\n")
{
    const puppet a = make("a");
    const kith_ref m = monitor(a.pid, "m");

    monitor(a.pid, "n");
    fail(a);
    take_ref(a.ref);
    say("demonitor: %s", word("demonitor", kith_demonitor(m, KITH_FLUSH)));
    show();
    nothing();
}

CASE(demonitor_info, "With info it says whether the monitor was there: true, then false.",
     "erlang:demonitor/2, info", ON_NODE, "true\nfalse\n")
{
    const puppet a = make("a");
    const kith_ref m = monitor(a.pid, "m");

    say("%s", kith_demonitor(m, KITH_INFO) == 1 ? "true" : "false");
    say("%s", kith_demonitor(m, KITH_INFO) == 1 ? "true" : "false");
}

CASE(demonitor_info_queued, "With info, a message that has come: false, and it stays.",
     "erlang:demonitor/2, info", ON_NODE, "false\ndown(m, user(1))\n")
{
    const puppet a = make("a");
    const kith_ref m = monitor(a.pid, "m");

    fail(a);
    take_ref(a.ref);
    say("%s", kith_demonitor(m, KITH_INFO) == 1 ? "true" : "false");
    show();
}

CASE(demonitor_flush_info_queued, "With flush and info: false, and it is gone.",
     "erlang:demonitor/2, flush, info", ON_NODE, "false\nnothing\n")
{
    const puppet a = make("a");
    const kith_ref m = monitor(a.pid, "m");

    fail(a);
    take_ref(a.ref);
    say("%s", kith_demonitor(m, KITH_FLUSH | KITH_INFO) == 1 ? "true" : "false");
    nothing();
}

CASE(demonitor_flush_info_alive, "With flush and info, alive: true.",
     "erlang:demonitor/2, flush, info", ON_NODE, "true\nnothing\n")
{
    const puppet a = make("a");
    const kith_ref m = monitor(a.pid, "m");

    say("%s", kith_demonitor(m, KITH_FLUSH | KITH_INFO) == 1 ? "true" : "false");
    nothing();
}

CASE(demonitor_fired, "One that has fired and was taken: no error.", "erlang:demonitor/1",
     ON_NODE, "demonitor: ok\nfalse\n")
{
    const puppet a = make("a");
    const kith_ref m = monitor(a.pid, "m");

    fail(a);
    take_ref(m);
    say("demonitor: %s", word("demonitor", kith_demonitor(m, 0)));
    say("%s", kith_demonitor(m, KITH_INFO) == 1 ? "true" : "false");
}

CASE(demonitor_foreign, "Another's monitor: no error, and it stays.", "erlang:demonitor/1",
     ON_NODE, "demonitor: ok\ndown(m, user(1))\n")
{
    const puppet a = make("a"), b = make("b");
    const kith_ref m = monitor(a.pid, "m");

    in(b, [m] { say("demonitor: %s", word("demonitor", kith_demonitor(m, 0))); });
    fail(a);
    show(take_ref(m));
}

CASE(demonitor_bad_flag, "A flag that is none is an error.", "erlang:demonitor/2", ON_NODE,
     "demonitor: badarg\ndown(m, user(1))\n")
{
    const puppet a = make("a");
    const kith_ref m = monitor(a.pid, "m");

    say("demonitor: %s", word("demonitor", kith_demonitor(m, 1u << 30)));
    fail(a);
    show(take_ref(m));
}

/* ---- what is released before anybody hears ---- */

CASE(name_free_at_down,
     "The dead one's name is free when the message of a monitor is there.",
     "Processes, Signals: resources", ON_NODE, "200 free\n")
{
    int n = 0;

    for (int i = 0; i < 200; i++) {
        const puppet a = make("a");

        must(kith_register("conform", a.pid));
        fail(a);
        take_ref(a.ref);
        n += kith_register("conform", kith_self()) == 0;
        must(kith_unregister("conform"));
    }
    say("%d free", n);
}

CASE(name_free_at_exit, "And when the message of a link is there.",
     "Processes, Signals: resources", ON_NODE, "200 free\n")
{
    int n = 0;

    trap();
    for (int i = 0; i < 200; i++) {
        const puppet a = make("a");

        must(kith_register("conform", a.pid));
        must(kith_link(a.pid));
        fail(a);
        take_tag(KITH_TAG_EXIT);
        n += kith_whereis("conform").id == 0;
    }
    say("%d free", n);
}

CASE(port_free_at_down, "Its sockets are closed: whoever hears of it can bind the port.",
     "Processes, Signals: resources",
     HERE("needs the inet driver's timing; checked in kith"), "50 bound\n")
{
    int n = 0;

    for (int i = 0; i < 50; i++) {
        const kith_pid me = kith_self();
        kith_pid pid = {0};
        kith_ref ref;
        kith_sockaddr at;
        kith_socket s;

        must(spawn_opt(
            options(false, &ref),
            [me] {
                kith_socket l;
                kith_sockaddr a;

                must(kith_tcp_listen("127.0.0.1:0", &l));
                must(kith_socket_sockname(l, &a));
                must(kith_send(me, 1, &a, sizeof a));
                take();
            },
            &pid));
        at = *KITH_BODY(take_tag(1), kith_sockaddr);
        must(kith_exit_signal(pid, plain(KITH_KILL)));
        take_ref(ref);
        must(kith_socket_open(KITH_INET, KITH_STREAM, 0, nullptr, &s));
        n += kith_socket_bind(s, &at) == 0;
        must(kith_socket_close(s));
    }
    say("%d bound", n);
}
