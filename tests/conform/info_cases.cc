/* SPDX-License-Identifier: Apache-2.0
 * info_cases.cc -- what can be asked about a process. */
#include "conform.h"

static struct kith_process_info
about(kith_pid pid)
{
    struct kith_process_info i = KITH_PROCESS_INFO_INIT;

    must(kith_process_info(pid, &i));
    return i;
}

CASE(info_self, "Who asks about itself runs.", "erlang:process_info/2, status", ON_NODE,
     "running\n")
{
    say("%s", self_info().status == KITH_STATUS_RUNNING ? "running" : "other");
}

CASE(info_waiting, "Who waits for a message is waiting.", "erlang:process_info/2, status",
     ON_NODE, "waiting\n")
{
    const puppet a = make("a");

    sync(a);
    while (about(a.pid).status != KITH_STATUS_WAITING)
        kith_yield();
    say("waiting");
}

CASE(info_waits_for, "It is said for what.", "erlang:process_info/2, current_function",
     HERE("there it is a function, here a call of kith"), "receive\n")
{
    const puppet a = make("a");

    sync(a);
    while (about(a.pid).status != KITH_STATUS_WAITING)
        kith_yield();
    say("%s", about(a.pid).waits_for);
}

CASE(info_dead, "About a dead process there is nothing to say.", "erlang:process_info/1",
     ON_NODE, "process_info: undefined\n")
{
    struct kith_process_info i = KITH_PROCESS_INFO_INIT;

    say("process_info: %s", word("process_info", kith_process_info(gone("a"), &i)));
}

CASE(info_queue, "It says how many messages lie there; one that was taken does not.",
     "erlang:process_info/2, message_queue_len", ON_NODE, "3\n2\n")
{
    const puppet a = make("a");

    for (std::uint64_t i = 1; i <= 3; i++)
        must(send(a.pid, i));
    in(a, [] {
        say("%zu", self_info().mailbox_len);
        take();
        say("%zu", self_info().mailbox_len);
    });
}

CASE(info_links, "It counts the links of a process, whoever asked for them.",
     "erlang:process_info/2, links", ON_NODE, "2\n1\n")
{
    const puppet a = make("a"), b = make("b"), c = make("c");

    in(a, [b] { must(kith_link(b.pid)); });
    in(c, [a] { must(kith_link(a.pid)); });
    in(a, [] { say("%zu", self_info().n_links); });
    in(c, [a] { must(kith_unlink(a.pid)); });
    in(a, [] { say("%zu", self_info().n_links); });
}

CASE(info_links_of_another, "Of another process too.", "erlang:process_info/2, links",
     ON_NODE, "1\n")
{
    const puppet a = make("a"), b = make("b");

    in(a, [b] { must(kith_link(b.pid)); });
    say("%zu", about(a.pid).n_links);
}

CASE(info_monitors_of_another, "So are its monitors counted.",
     "erlang:process_info/2, monitors", ON_NODE, "2\n1\n")
{
    const kith_pid me = kith_self();
    const puppet a = make("a"), b = make("b");

    in(a, [b, me] {
        const kith_ref m = monitor(b.pid, "m");

        monitor(b.pid, "n");
        must(kith_send(me, 1, &m, sizeof m));
    });
    say("%zu", about(a.pid).n_monitors);
    const kith_ref m = *KITH_BODY(take_tag(1), kith_ref);

    in(a, [m] { must(kith_demonitor(m, 0)); });
    say("%zu", about(a.pid).n_monitors);
}

CASE(info_sockets, "And its sockets.", "erlang:ports/0",
     HERE("Erlang's sockets are no ports"), "1\n0\n")
{
    const puppet a = make("a");

    in(a, [] {
        kith_socket s;

        must(kith_socket_open(KITH_INET, KITH_STREAM, 0, nullptr, &s));
        say("%zu", self_info().n_sockets);
        must(kith_socket_close(s));
        say("%zu", self_info().n_sockets);
    });
}

/* ---- sockets as those who die ---- */

CASE(socket_down, "A socket can be monitored: one message when it is closed.",
     "socket:monitor/1", DIFFERS("the reason is normal, where OTP says closed"),
     "down(m, normal)\nnothing\n")
{
    kith_socket s;
    kith_ref m;

    must(kith_socket_open(KITH_INET, KITH_STREAM, 0, nullptr, &s));
    must(kith_socket_monitor(s, &m));
    label(m, "m");
    must(kith_socket_close(s));
    show();
    nothing();
}

CASE(socket_owner_dies,
     "A socket is closed by the death of its owner, which its watchers hear.",
     "socket, controlling process", HERE("the reason is kith's: what the owner died of"),
     "down(m, killed)\n")
{
    const kith_pid me = kith_self();
    const puppet a = make("a");
    kith_ref m;

    in(a, [me] {
        kith_socket s;

        must(kith_socket_open(KITH_INET, KITH_STREAM, 0, nullptr, &s));
        must(kith_send(me, 1, &s, sizeof s));
    });
    must(kith_socket_monitor(*KITH_BODY(take_tag(1), kith_socket), &m));
    label(m, "m");
    must(kith_exit_signal(a.pid, plain(KITH_KILL)));
    show(take_ref(m));
}

CASE(socket_closed_monitor, "A monitor of a socket that is closed: noproc at once.",
     "socket:monitor/1", DIFFERS("OTP says closed"), "down(m, noproc)\n")
{
    kith_socket s;
    kith_ref m;

    must(kith_socket_open(KITH_INET, KITH_STREAM, 0, nullptr, &s));
    must(kith_socket_close(s));
    must(kith_socket_monitor(s, &m));
    label(m, "m");
    show();
}

CASE(socket_demonitor, "After a demonitor nothing comes.", "socket:cancel_monitor/1",
     ON_NODE, "nothing\n")
{
    kith_socket s;
    kith_ref m;

    must(kith_socket_open(KITH_INET, KITH_STREAM, 0, nullptr, &s));
    must(kith_socket_monitor(s, &m));
    must(kith_demonitor(m, 0));
    must(kith_socket_close(s));
    nothing();
}

CASE(socket_link,
     "A socket may be linked: when it is closed, who traps exits gets a message.",
     "erlang:link/1 of a port",
     HERE("Erlang's sockets are no ports, ports cannot be compared"),
     "exit(undefined, normal)\nnothing\n")
{
    kith_socket s;

    trap();
    must(kith_socket_open(KITH_INET, KITH_STREAM, 0, nullptr, &s));
    must(kith_socket_link(s));
    must(kith_socket_close(s));
    show();
    nothing();
}
