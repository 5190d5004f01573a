/* SPDX-License-Identifier: Apache-2.0
 * links_cases.cc -- links: two that hear of each other's death. */
#include "conform.h"

CASE(link_tells, "A process dies of what a process linked to it died of.",
     "Processes, Links", ON_NODE, "a died: user(1)\nb died: user(1)\n")
{
    const puppet a = make("a"), b = make("b");

    in(a, [b] { must(kith_link(b.pid)); });
    must(kith_exit_signal(a.pid, user(1)));
    died(a);
    died(b);
}

CASE(link_both_ways, "A link has no direction: who asked dies of the other's death too.",
     "Processes, Links", ON_NODE, "b died: user(1)\na died: user(1)\n")
{
    const puppet a = make("a"), b = make("b");

    in(a, [b] { must(kith_link(b.pid)); });
    tell(b, [] { kith_exit(user(1)); });
    died(b);
    died(a);
}

CASE(link_trapped, "Who traps exits gets a message instead, from the dead one.",
     "erlang:process_flag/2, trap_exit", ON_NODE, "exit(a, user(1))\nnothing\n")
{
    const puppet a = make("a");

    trap();
    must(kith_link(a.pid));
    tell(a, [] { kith_exit(user(1)); });
    take_ref(a.ref);
    show();
    nothing();
}

CASE(link_twice,
     "A second link between the same two changes nothing: one exit signal comes.",
     "erlang:link/1", ON_NODE, "links 1\na died: user(1)\nexit(a, user(1))\nnothing\n")
{
    const puppet a = make("a");

    trap();
    must(kith_link(a.pid));
    must(kith_link(a.pid));
    say("links %zu", self_info().n_links);
    tell(a, [] { kith_exit(user(1)); });
    died(a);
    show();
    nothing();
}

CASE(link_twice_unlink_once, "However often it was linked, one unlink removes the link.",
     "erlang:link/1", ON_NODE, "links 0\na died: user(1)\nnothing\n")
{
    const puppet a = make("a");

    trap();
    must(kith_link(a.pid));
    must(kith_link(a.pid));
    must(kith_unlink(a.pid));
    say("links %zu", self_info().n_links);
    tell(a, [] { kith_exit(user(1)); });
    died(a);
    nothing();
}

CASE(link_from_both, "When both link to each other there is one link.", "erlang:link/1",
     ON_NODE, "links 1\na died: user(1)\nexit(a, user(1))\nnothing\n")
{
    const kith_pid me = kith_self();
    const puppet a = make("a");

    trap();
    must(kith_link(a.pid));
    in(a, [me] { must(kith_link(me)); });
    say("links %zu", self_info().n_links);
    tell(a, [] { kith_exit(user(1)); });
    died(a);
    show();
    nothing();
}

CASE(link_self, "A link to itself is none.", "erlang:link/1", ON_NODE,
     "link: ok\nlinks 0\na died: user(1)\n")
{
    const puppet a = make("a", true);

    in(a, [] {
        say("link: %s", word("link", kith_link(kith_self())));
        say("links %zu", self_info().n_links);
    });
    tell(a, [] { kith_exit(user(1)); });
    died(a);
}

CASE(link_dead_trapping,
     "A link to a dead process gives a caller that traps exits an exit message, noproc.",
     "erlang:link/1", ON_NODE, "link: ok\nexit(a, noproc)\nnothing\nlinks 0\n")
{
    const kith_pid a = gone("a");

    trap();
    say("link: %s", word("link", kith_link(a)));
    show();
    nothing();
    say("links %zu", self_info().n_links);
}

CASE(link_dead_twice, "Each link to a dead process has its own exit message.",
     "erlang:link/1", ON_NODE, "exit(a, noproc)\nexit(a, noproc)\nnothing\n")
{
    const kith_pid a = gone("a");

    trap();
    must(kith_link(a));
    must(kith_link(a));
    show();
    show();
    nothing();
}

CASE(link_dead_plain,
     "A caller that does not trap exits is told noproc at once, and lives.",
     "erlang:link/1", ON_NODE, "link: noproc\nnothing\n")
{
    const kith_pid a = gone("a");

    say("link: %s", word("link", kith_link(a)));
    nothing();
}

CASE(unlink_then_death, "After an unlink no exit signal of that link comes.",
     "erlang:unlink/1", ON_NODE, "a died: user(1)\nnothing\n")
{
    const puppet a = make("a");

    trap();
    must(kith_link(a.pid));
    must(kith_unlink(a.pid));
    tell(a, [] { kith_exit(user(1)); });
    died(a);
    nothing();
}

CASE(unlink_plain, "Who does not trap exits survives what it has unlinked.",
     "erlang:unlink/1", ON_NODE, "a died: user(1)\nb lives\n")
{
    const puppet a = make("a"), b = make("b");

    in(b, [a] {
        must(kith_link(a.pid));
        must(kith_unlink(a.pid));
    });
    tell(a, [] { kith_exit(user(1)); });
    died(a);
    lives(b);
}

CASE(unlink_queued, "An exit message that has come stays, whatever is unlinked after it.",
     "erlang:unlink/1", ON_NODE, "a died: user(1)\nexit(a, user(1))\nnothing\n")
{
    const puppet a = make("a");

    trap();
    must(kith_link(a.pid));
    tell(a, [] { kith_exit(user(1)); });
    died(a);
    must(kith_unlink(a.pid));
    show();
    nothing();
}

CASE(unlink_by_the_other, "Either side may remove the link, whoever asked for it.",
     "erlang:unlink/1", ON_NODE, "links 0\na died: user(1)\nb lives\n")
{
    const puppet a = make("a"), b = make("b");

    in(a, [b] { must(kith_link(b.pid)); });
    in(b, [a] { must(kith_unlink(a.pid)); });
    in(b, [] { say("links %zu", self_info().n_links); });
    tell(a, [] { kith_exit(user(1)); });
    died(a);
    lives(b);
}

CASE(unlink_crossed, "An unlink of both sides at once is one.", "erlang:unlink/1", ON_NODE,
     "links 0\nlinks 0\n")
{
    const puppet a = make("a"), b = make("b");

    in(a, [b] { must(kith_link(b.pid)); });
    tell(a, [b] { must(kith_unlink(b.pid)); });
    tell(b, [a] { must(kith_unlink(a.pid)); });
    sync(a);
    sync(b);
    in(a, [] { say("links %zu", self_info().n_links); });
    in(b, [] { say("links %zu", self_info().n_links); });
}

CASE(unlink_none, "An unlink without a link, of itself or of a dead process is no error.",
     "erlang:unlink/1", ON_NODE, "ok\nok\nok\n")
{
    const puppet a = make("a");
    const kith_pid b = gone("b");

    say("%s", word("unlink", kith_unlink(a.pid)));
    say("%s", word("unlink", kith_unlink(kith_self())));
    say("%s", word("unlink", kith_unlink(b)));
}

CASE(link_again, "A link made anew after an unlink works.", "erlang:link/1", ON_NODE,
     "links 1\nexit(a, user(1))\n")
{
    const puppet a = make("a");

    trap();
    must(kith_link(a.pid));
    must(kith_unlink(a.pid));
    must(kith_link(a.pid));
    say("links %zu", self_info().n_links);
    tell(a, [] { kith_exit(user(1)); });
    show(take_tag(KITH_TAG_EXIT));
}

CASE(link_again_by_the_other, "One side unlinks and the other links: the last word holds.",
     "erlang:link/1", ON_NODE, "links 1\nlinks 1\n")
{
    const puppet a = make("a"), b = make("b");

    in(a, [b] {
        must(kith_link(b.pid));
        must(kith_unlink(b.pid));
        must(send(b.pid, 1));
    });
    in(b, [a] {
        take();
        must(kith_link(a.pid));
        must(send(a.pid, 1));
        say("links %zu", self_info().n_links);
    });
    in(a, [] {
        take();
        say("links %zu", self_info().n_links);
    });
}

CASE(link_gone_after_normal, "A normal end removes the link and does no harm.",
     "Processes, Receiving Exit Signals", ON_NODE, "a died: normal\nlinks 0\nb lives\n")
{
    const puppet a = make("a"), b = make("b");

    in(b, [a] { must(kith_link(a.pid)); });
    tell(a, [] { kith_exit(plain(KITH_NORMAL)); });
    died(a);
    in(b, [] { say("links %zu", self_info().n_links); });
    lives(b);
}

CASE(link_chain, "Death runs along a chain of links, with the reason it began with.",
     "Processes, Error Handling", ON_NODE,
     "a died: user(1)\nb died: user(1)\nc died: user(1)\n")
{
    const puppet a = make("a"), b = make("b"), c = make("c");

    in(b, [a, c] {
        must(kith_link(a.pid));
        must(kith_link(c.pid));
    });
    tell(a, [] { kith_exit(user(1)); });
    died(a);
    died(b);
    died(c);
}

CASE(link_chain_ends, "It stops at who traps exits.", "Processes, Error Handling", ON_NODE,
     "a died: user(1)\nexit(a, user(1))\nb lives\nc lives\n")
{
    const puppet a = make("a"), b = make("b", true), c = make("c");

    in(b, [a, c] {
        must(kith_link(a.pid));
        must(kith_link(c.pid));
    });
    tell(a, [] { kith_exit(user(1)); });
    died(a);
    in(b, [] { show(); });
    lives(b);
    lives(c);
}

CASE(link_many, "All that are linked hear of a death.", "Processes, Links", ON_NODE,
     "a died: user(1)\n50 heard\n")
{
    const kith_pid me = kith_self();
    const puppet a = make("a");
    int n = 0;

    for (int i = 0; i < 50; i++)
        spawn([me, a] {
            trap();
            must(kith_link(a.pid));
            must(send(me, 1));
            must(send(me, 2 + (KITH_BODY(take(), kith_down)->why.code == 1)));
        });
    for (int i = 0; i < 50; i++)
        take_tag(1);
    tell(a, [] { kith_exit(user(1)); });
    died(a);
    for (int i = 0; i < 50; i++)
        n += take()->tag == 3;
    say("%d heard", n);
}

CASE(link_and_monitor, "A link and a monitor of one process each tell of its death, once.",
     "Processes, Monitors", ON_NODE, "exit(a, user(1))\ndown(a, user(1))\nnothing\n")
{
    const puppet a = make("a");

    trap();
    must(kith_link(a.pid));
    tell(a, [] { kith_exit(user(1)); });
    show(take_tag(KITH_TAG_EXIT));
    show(take_ref(a.ref));
    nothing();
}

CASE(link_not_by_spawn, "A spawned process is not linked to who spawned it.",
     "erlang:spawn/1", ON_NODE, "down(m, user(1))\nlinks 0\n")
{
    const kith_pid child = spawn([] {
        take();
        kith_exit(user(1));
    });

    monitor(child, "m");
    must(send(child, 1));
    show();
    say("links %zu", self_info().n_links);
}
