/* SPDX-License-Identifier: Apache-2.0
 * priorities_cases.cc -- messages with priority: before all ordinary ones, if both sides ask.
 *
 * Erlang has them since OTP 28; the node that the other cases are compared with may be older. */
#include "conform.h"

#define OTP_28 HERE("Erlang has it since OTP 28, the node may be older")

static void
two(kith_pid to)
{
    must(send(to, 1));
    must(send(to, 2));
}

static void
all(int n)
{
    while (n-- > 0)
        show();
    nothing();
}

static kith_ref
alias(unsigned flags)
{
    kith_ref r;

    must(kith_alias(flags, &r));
    return r;
}

CASE(priority_message, "A message with priority stands before all ordinary ones.", "EEP 76",
     OTP_28, "msg(3)\nmsg(1)\nmsg(2)\nnothing\n")
{
    two(kith_self());
    must(kith_send_alias(alias(KITH_PRIORITY), 3, nullptr, 0, KITH_PRIORITY));
    all(3);
}

CASE(priority_in_order, "And behind earlier ones of its kind.", "EEP 76", OTP_28,
     "msg(3)\nmsg(4)\nmsg(1)\nmsg(2)\nnothing\n")
{
    const kith_ref r = alias(KITH_PRIORITY);

    two(kith_self());
    must(kith_send_alias(r, 3, nullptr, 0, KITH_PRIORITY));
    must(kith_send_alias(r, 4, nullptr, 0, KITH_PRIORITY));
    all(4);
}

CASE(priority_not_asked, "Who sends has to ask for it.", "EEP 76", OTP_28,
     "msg(1)\nmsg(2)\nmsg(3)\nnothing\n")
{
    two(kith_self());
    must(kith_send_alias(alias(KITH_PRIORITY), 3, nullptr, 0, 0));
    all(3);
}

CASE(priority_not_wanted, "Who receives has to want it.", "EEP 76", OTP_28,
     "msg(1)\nmsg(2)\nmsg(3)\nnothing\n")
{
    two(kith_self());
    must(kith_send_alias(alias(0), 3, nullptr, 0, KITH_PRIORITY));
    all(3);
}

CASE(priority_taken_as_others, "It is found by a pattern as any message.", "EEP 76", OTP_28,
     "msg(2)\nmsg(3)\nmsg(1)\nnothing\n")
{
    two(kith_self());
    must(kith_send_alias(alias(KITH_PRIORITY), 3, nullptr, 0, KITH_PRIORITY));
    show(take_tag(2));
    all(2);
}

CASE(priority_down, "A monitor may want it for its message.", "erlang:monitor/3, priority",
     OTP_28, "down(m, user(1))\nmsg(1)\nmsg(2)\ndown(a, user(1))\nnothing\n")
{
    const puppet a = make("a"), b = make("b");
    const kith_pid me = kith_self();
    kith_ref m;

    must(kith_monitor_opt(a.pid, KITH_PRIORITY, &m));
    label(m, "m");
    two(me);
    tell(a, [] { kith_exit(user(1)); });
    in(b, [a] {
        kith_reason why;

        must(kith_wait(a.pid, &why, LONG));
    });
    all(4);
}

CASE(priority_exit, "A link may want it for its message.", "erlang:link/2, priority",
     OTP_28, "exit(a, user(1))\nmsg(1)\nmsg(2)\nnothing\n")
{
    const puppet a = make("a", true);

    trap();
    must(kith_link_opt(a.pid, KITH_PRIORITY));
    must(kith_demonitor(a.ref, KITH_FLUSH));
    two(kith_self());
    const kith_ref m = monitor(a.pid, "m");

    tell(a, [] { kith_exit(user(1)); });
    take_ref(m);
    all(3);
}

CASE(priority_exit_signal, "An exit signal may ask for it by an alias that gives it.",
     "erlang:exit/3, priority", OTP_28, "exit(main, user(1))\nmsg(1)\nmsg(2)\nnothing\n")
{
    trap();
    two(kith_self());
    must(kith_exit_signal_alias(alias(KITH_PRIORITY), user(1), KITH_PRIORITY));
    all(3);
}

CASE(priority_link_is_ordinary, "A link made without it gives none.", "erlang:link/1",
     OTP_28, "msg(1)\nmsg(2)\nexit(a, user(1))\nnothing\n")
{
    const puppet a = make("a", true);

    trap();
    must(kith_link(a.pid));
    must(kith_demonitor(a.ref, KITH_FLUSH));
    two(kith_self());
    const kith_ref m = monitor(a.pid, "m");

    tell(a, [] { kith_exit(user(1)); });
    take_ref(m);
    all(3);
}
