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

CASE(timer_receiver_dies, "The death of its receiver cancels it.", "erlang:send_after/3",
     ON_NODE, "cancel: false\n")
{
    const puppet a = make("a");
    const kith_ref t = after(10000, a.pid, 1);

    end(a);
    cancel(t);
}

CASE(timer_receiver_dead, "A timer for a dead process is no error.", "erlang:send_after/3",
     ON_NODE, "send_after: ok\n")
{
    kith_ref t;

    say("send_after: %s", word("send_after", kith_send_after(5, gone("a"), 1, none, &t)));
}

CASE(timer_start,
     "start_timer sends a message that no sender can make, with the timer's ref.",
     "erlang:start_timer/3", ON_NODE, "timeout(t)\nmsg(1)\n")
{
    kith_ref t;

    must(send(kith_self(), 1));
    must(kith_start_timer(5, kith_self(), none, &t));
    label(t, "t");
    show(take_ref(t));
    show();
}

CASE(timer_start_cancel, "It is cancelled as others are.", "erlang:start_timer/3", ON_NODE,
     "cancel: left\nnothing\n")
{
    kith_ref t;

    must(kith_start_timer(10000, kith_self(), none, &t));
    cancel(t);
    nothing();
}

CASE(timer_tag_kept, "A message cannot be made to look like that of a timer.",
     "erlang:start_timer/3", DIFFERS("in Erlang anybody may send {timeout, Ref, Data}"),
     "einval\n")
{
    say("%s", kith_err_name(send(kith_self(), KITH_TAG_TIMEOUT)));
}

CASE(timer_at, "A timer may be set to a moment.", "erlang:send_after/4, abs", ON_NODE,
     "msg(1)\nnot early\n")
{
    const kith_ms end = kith_deadline(20);

    must(kith_send_at(end, kith_self(), 1, none, nullptr));
    show();
    say("%s", kith_left(end) == 0 ? "not early" : "early");
}

CASE(timer_at_past, "A moment that has passed is now.", "erlang:send_after/4, abs", ON_NODE,
     "msg(1)\n")
{
    must(kith_send_at(kith_deadline(0) - 1000, kith_self(), 1, none, nullptr));
    show();
}

CASE(timer_to_name, "A name is looked up when the timer is due.",
     "erlang:send_after/3, name", ON_NODE, "nothing\nmsg(1)\n")
{
    const puppet a = make("a"), b = make("b");
    const kith_ms end = kith_deadline(60);

    must(kith_register("conform", a.pid));
    must(kith_send_after_name(40, "conform", 1, none, nullptr));
    must(kith_unregister("conform"));
    must(kith_register("conform", b.pid));
    must(kith_send_at(end, kith_self(), 2, none, nullptr));
    take_tag(2);
    in(a, [] { nothing(); });
    in(b, [] { show(); });
}

CASE(timer_to_no_name, "A timer for a name that nobody has runs on, and sends nothing.",
     "erlang:send_after/3, name", ON_NODE, "send_after: ok\nread: left\ncancel: left\n")
{
    kith_ref t;

    say("send_after: %s",
        word("send_after", kith_send_after_name(10000, "conform_nobody", 1, none, &t)));
    say("read: %s", kith_read_timer(t, nullptr) == 0 ? "left" : "false");
    cancel(t);
}

CASE(timer_to_name_fires, "When it is due and nobody has the name, nothing happens.",
     "erlang:send_after/3, name", ON_NODE, "msg(2)\nread: false\n")
{
    kith_ref t;

    must(kith_send_after_name(5, "conform_nobody", 1, none, &t));
    after(40, kith_self(), 2);
    show();
    say("read: %s", kith_read_timer(t, nullptr) == 0 ? "left" : "false");
}

CASE(timer_to_name_dies, "The death of who has the name does not cancel it.",
     "erlang:send_after/3, name", ON_NODE, "read: left\n")
{
    const puppet a = make("a");
    kith_ref t;

    must(kith_register("conform", a.pid));
    must(kith_send_after_name(10000, "conform", 1, none, &t));
    end(a);
    say("read: %s", kith_read_timer(t, nullptr) == 0 ? "left" : "false");
    maybe(kith_cancel_timer(t, nullptr));
}

CASE(timer_start_to_name, "start_timer takes a name too.", "erlang:start_timer/3, name",
     ON_NODE, "timeout(t)\n")
{
    kith_ref t;

    must(kith_register("conform", kith_self()));
    must(kith_start_timer_name(5, "conform", none, &t));
    label(t, "t");
    show();
}

CASE(timer_read, "What is left can be asked for, and the timer runs on.",
     "erlang:read_timer/1", ON_NODE, "within 10000\nwithin 10000\n")
{
    const kith_ref t = after(10000, kith_self(), 1);

    for (int i = 0; i < 2; i++) {
        kith_ms left = -1;

        must(kith_read_timer(t, &left));
        say("%s", left > 0 && left <= 10000 ? "within 10000" : "never");
    }
}

CASE(timer_read_ended, "Of one that was cancelled or has fired: false.",
     "erlang:read_timer/1", ON_NODE, "read: false\nread: false\n")
{
    const kith_ref t = after(10000, kith_self(), 1), u = after(1, kith_self(), 1);

    must(kith_cancel_timer(t, nullptr));
    take();
    say("read: %s", word("read_timer", kith_read_timer(t, nullptr)));
    say("read: %s", word("read_timer", kith_read_timer(u, nullptr)));
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
