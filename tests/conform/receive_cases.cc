/* SPDX-License-Identifier: Apache-2.0
 * receive_cases.cc -- selective receive: what is taken, what stays, and in which order. */
#include "conform.h"

static void
queue(int first, int last)
{
    for (int i = first; i <= last; i++)
        must(send(kith_self(), static_cast<std::uint64_t>(i)));
}

static void
rest(int n)
{
    while (n-- > 0)
        show();
    nothing();
}

CASE(receive_oldest, "Without a pattern the oldest message is taken.", "receive", ON_NODE,
     "msg(1)\nmsg(2)\nmsg(3)\nnothing\n")
{
    queue(1, 3);
    rest(3);
}

CASE(receive_selects, "The first that matches is taken; the others stay, in order.",
     "receive", ON_NODE, "msg(3)\nmsg(1)\nmsg(2)\nmsg(4)\nnothing\n")
{
    queue(1, 4);
    show(take_tag(3));
    rest(3);
}

CASE(receive_oldest_match, "Of several that match the oldest is taken.", "receive", ON_NODE,
     "10\n20\n")
{
    must(send(kith_self(), 1));
    must(send(kith_self(), 2, 10));
    must(send(kith_self(), 2, 20));
    say("%d", number(take_tag(2)));
    say("%d", number(take_tag(2)));
}

CASE(receive_guard, "A guard decides too.", "receive, guards", ON_NODE,
     "msg(4)\nmsg(1)\nmsg(2)\nmsg(3)\nmsg(5)\nnothing\n")
{
    const kith_msg *m;

    queue(1, 5);
    must(kith_receive_match([](const kith_msg *n, void *) { return n->tag > 3; }, nullptr,
                            &m, LONG));
    show(m);
    rest(4);
}

CASE(receive_any_clause, "The oldest that matches any clause wins, not the first clause.",
     "receive", ON_NODE, "msg(2)\nmsg(1)\nmsg(3)\nnothing\n")
{
    const kith_msg *m;

    queue(1, 3);
    must(kith_receive_match([](const kith_msg *n,
                               void *) { return n->tag == 3 || n->tag == 2; },
                            nullptr, &m, LONG));
    show(m);
    rest(2);
}

CASE(receive_zero, "With a timeout of 0 it takes what is there, or gives up at once.",
     "receive ... after 0", ON_NODE, "timeout\nmsg(1)\n")
{
    const kith_msg *m;

    say("%s", word("receive", kith_receive(&m, 0)));
    queue(1, 1);
    must(kith_receive(&m, 0));
    show(m);
}

CASE(receive_zero_scans, "With a timeout of 0 it looks at all messages first.",
     "receive ... after 0", ON_NODE, "msg(3)\ntimeout\nmsg(1)\nmsg(2)\nnothing\n")
{
    const kith_msg *m;

    queue(1, 3);
    must(kith_receive_tag(3, &m, 0));
    show(m);
    say("%s", word("receive", kith_receive_tag(3, &m, 0)));
    rest(2);
}

CASE(receive_timeout_leaves, "A timeout takes nothing and changes no order.",
     "receive ... after", ON_NODE, "timeout\nmsg(1)\nmsg(2)\nnothing\n")
{
    const kith_msg *m;

    queue(1, 2);
    say("%s", word("receive", kith_receive_tag(3, &m, 1)));
    rest(2);
}

CASE(receive_not_early, "A timeout never comes early.", "receive ... after", ON_NODE,
     "timeout\nnot early\n")
{
    const kith_ms end = kith_deadline(20);
    const kith_msg *m;

    say("%s", word("receive", kith_receive(&m, 20)));
    say("%s", kith_left(end) == 0 ? "not early" : "early");
}

CASE(receive_waits, "Who waits for one message is not disturbed by others.", "receive",
     ON_NODE, "msg(9)\nmsg(1)\nmsg(2)\n")
{
    const puppet a = make("a");

    tell(a, [] {
        show(take_tag(9));
        show();
        show();
    });
    must(send(a.pid, 1));
    must(send(a.pid, 2));
    must(send(a.pid, 9));
    sync(a);
}

CASE(receive_from_start, "The next receive begins with the oldest again.", "receive",
     ON_NODE, "msg(2)\nmsg(1)\nmsg(3)\nnothing\n")
{
    queue(1, 3);
    show(take_tag(2));
    show(take_tag(1));
    rest(1);
}

CASE(receive_nested, "What one receive passed over is there for the next.", "receive",
     ON_NODE, "msg(3)\nmsg(2)\nmsg(1)\nnothing\n")
{
    queue(1, 3);
    show(take_tag(3));
    show(take_tag(2));
    rest(1);
}

CASE(receive_signals_by_tag,
     "Messages of links and monitors are messages: selected as others.", "receive", ON_NODE,
     "down(a, user(1))\nexit(a, user(1))\nmsg(1)\nnothing\n")
{
    const puppet a = make("a");

    queue(1, 1);
    trap();
    must(kith_link(a.pid));
    tell(a, [] { kith_exit(user(1)); });
    show(take_ref(a.ref));
    show(take_tag(KITH_TAG_EXIT));
    rest(1);
}

CASE(receive_ref_far, "A message is found by its ref behind any number of others.",
     "receive", ON_NODE, "down(m, noproc)\nmsg(1)\n")
{
    const kith_pid a = gone("a");

    for (int i = 0; i < 5000; i++)
        must(send(kith_self(), 1));
    show(take_ref(monitor(a, "m")));
    show();
}

CASE(receive_keep, "A message that is kept outlives the next receive, and can be sent on.",
     "(none)", HERE("in Erlang all data lives as long as it is used"), "msg(1)\n7\n")
{
    const puppet a = make("a");

    must(send(kith_self(), 1, 7));
    kith_msg *kept = kith_msg_keep(take());

    must(send(kith_self(), 2));
    take();
    must(kith_send_msg(a.pid, kept));
    in(a, [] {
        const kith_msg *m = take();

        show(m);
        say("%d", number(m));
    });
}

CASE(receive_many_senders, "Each sender's messages keep their order among those of others.",
     "Processes, Delivery of Signals", ON_NODE, "4 in order\n")
{
    const kith_pid me = kith_self();
    int next[4] = {0}, ordered = 0;

    for (int i = 0; i < 4; i++)
        spawn([me, i] {
            for (int j = 0; j < 100; j++)
                must(send(me, static_cast<std::uint64_t>(i), j));
        });
    for (int i = 0; i < 400; i++) {
        const kith_msg *m = take();

        next[m->tag] += number(m) == next[m->tag];
    }
    for (const int n : next)
        ordered += n == 100;
    say("%d in order", ordered);
}
