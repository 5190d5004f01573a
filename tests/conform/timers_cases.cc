/* SPDX-License-Identifier: Apache-2.0
 * timers_cases.cc -- timers: messages at a later time, or never. */
#include "conform.h"

static const kith_iov none = {nullptr, 0};

static kith_ref
after(kith_ms ms, kith_pid to, std::uint64_t tag)
{
    kith_ref t;

    must(kith_send_after(ms, to, tag, none, &t));
    label(t, "t");
    return t;
}

/* Says how a cancel went: a number, or false. */
static void
cancel(kith_ref t)
{
    const int rc = kith_cancel_timer(t, nullptr);

    say("cancel: %s", rc == 0 ? "left" : word("cancel_timer", rc));
}

CASE(timer_fires, "A timer's message comes, once, and not before its time.",
     "erlang:send_after/3", ON_NODE, "msg(1)\nnot early\nnothing\n")
{
    const kith_ms end = kith_deadline(20);

    after(20, kith_self(), 1);
    show();
    say("%s", kith_left(end) == 0 ? "not early" : "early");
    nothing();
}

CASE(timer_zero, "A timer of 0 comes as soon as can be.", "erlang:send_after/3", ON_NODE,
     "msg(1)\n")
{
    after(0, kith_self(), 1);
    show();
}

CASE(timer_order, "The one that is due first comes first, whoever was made first.",
     "erlang:send_after/3", ON_NODE, "msg(2)\nmsg(1)\n")
{
    after(60, kith_self(), 1);
    after(10, kith_self(), 2);
    show();
    show();
}

CASE(timer_to_another, "A timer may send to another process.", "erlang:send_after/3",
     ON_NODE, "msg(1)\n")
{
    const puppet a = make("a");

    after(5, a.pid, 1);
    in(a, [] { show(); });
}

CASE(timer_body, "The message is what it was when the timer was made.",
     "erlang:send_after/3", ON_NODE, "7\n")
{
    int n = 7;

    must(kith_send_after(5, kith_self(), 1, KITH_IOV(n), nullptr));
    n = 8;
    say("%d", number(take()));
}

CASE(timer_cancel, "A cancelled timer sends nothing; the answer is what was left.",
     "erlang:cancel_timer/1", ON_NODE, "within 10000\nmsg(2)\nnothing\n")
{
    kith_ms left = -1;
    const kith_ref t = after(10000, kith_self(), 1);

    must(kith_cancel_timer(t, &left));
    say("%s", left > 0 && left <= 10000 ? "within 10000" : "never");
    must(send(kith_self(), 2));
    show();
    nothing();
}

CASE(timer_cancel_twice, "The second cancel finds nothing.", "erlang:cancel_timer/1",
     ON_NODE, "cancel: left\ncancel: false\n")
{
    const kith_ref t = after(10000, kith_self(), 1);

    cancel(t);
    cancel(t);
}

CASE(timer_cancel_fired,
     "After it has fired there is nothing to cancel, and the message stays.",
     "erlang:cancel_timer/1", ON_NODE, "msg(2)\ncancel: false\nmsg(1)\n")
{
    const kith_ref t = after(5, kith_self(), 1);

    after(40, kith_self(), 2);
    show(take_tag(2));
    cancel(t);
    show();
}

CASE(timer_cancel_unknown, "A ref that is no timer's: false.", "erlang:cancel_timer/1",
     ON_NODE, "cancel: false\n")
{
    const puppet a = make("a");

    cancel(monitor(a.pid, "m"));
}

CASE(timer_cancel_by_another, "Any process may cancel a timer.", "erlang:cancel_timer/1",
     ON_NODE, "cancel: left\ncancel: false\n")
{
    const puppet a = make("a");
    const kith_ref t = after(10000, kith_self(), 1);

    in(a, [t] { cancel(t); });
    cancel(t);
}

CASE(timer_maker_dies, "The death of its maker changes nothing.", "erlang:send_after/3",
     ON_NODE, "msg(1)\n")
{
    const kith_pid me = kith_self();
    const puppet a = make("a");

    in(a, [me] { after(30, me, 1); });
    end(a);
    show();
}

CASE(timer_receiver_dead, "A timer for a dead process is no error.", "erlang:send_after/3",
     ON_NODE, "send_after: ok\n")
{
    kith_ref t;

    say("send_after: %s", word("send_after", kith_send_after(5, gone("a"), 1, none, &t)));
}

CASE(timer_ref, "The message carries the timer's ref.", "erlang:send_after/3",
     DIFFERS("in Erlang only start_timer's does; here both, for they cost nothing"),
     "the same\n")
{
    const kith_ref t = after(5, kith_self(), 1);

    say("%s", take()->ref.id == t.id ? "the same" : "another");
}

CASE(timer_never, "A timer without an end is none.", "erlang:send_after/3",
     DIFFERS("a code where Erlang raises badarg"), "einval\n")
{
    kith_ref t;

    say("%s", kith_err_name(kith_send_after(KITH_INFINITY, kith_self(), 1, none, &t)));
}
