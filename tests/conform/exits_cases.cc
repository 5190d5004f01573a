/* SPDX-License-Identifier: Apache-2.0
 * exits_cases.cc -- the table of exit signals: who dies of what, and who gets a message. */
#include "conform.h"

/* ---- exit/2 ---- */

CASE(exit_normal_plain, "An exit signal normal of another process is dropped.",
     "erlang:exit/2", ON_NODE, "a lives\n")
{
    const puppet a = make("a");

    must(kith_exit_signal(a.pid, plain(KITH_NORMAL)));
    lives(a);
}

CASE(exit_normal_trapping, "Trapped, an exit signal normal is a message.", "erlang:exit/2",
     ON_NODE, "exit(main, normal)\n")
{
    const puppet a = make("a", true);

    must(kith_exit_signal(a.pid, plain(KITH_NORMAL)));
    in(a, [] { show(); });
}

CASE(exit_normal_self, "An exit signal normal to itself ends a process.", "erlang:exit/2",
     ON_NODE, "a died: normal\n")
{
    const puppet a = make("a");

    tell(a, [] {
        maybe(kith_exit_signal(kith_self(), plain(KITH_NORMAL)));
        kith_yield();
        say("still here");
    });
    died(a);
}

CASE(exit_normal_self_trapping, "Trapped, one to itself is a message.", "erlang:exit/2",
     ON_NODE, "exit(a, normal)\na lives\n")
{
    const puppet a = make("a", true);

    in(a, [] {
        must(kith_exit_signal(kith_self(), plain(KITH_NORMAL)));
        show();
    });
    lives(a);
}

CASE(exit_kill_plain, "An exit signal kill kills; others see killed.", "erlang:exit/2",
     ON_NODE, "a died: killed\n")
{
    const puppet a = make("a");

    must(kith_exit_signal(a.pid, plain(KITH_KILL)));
    died(a);
}

CASE(exit_kill_trapping, "It cannot be trapped.", "erlang:exit/2", ON_NODE,
     "a died: killed\n")
{
    const puppet a = make("a", true);

    must(kith_exit_signal(a.pid, plain(KITH_KILL)));
    died(a);
}

CASE(exit_kill_self, "A process that sends itself a kill dies killed, trapping or not.",
     "erlang:exit/2", ON_NODE, "a died: killed\n")
{
    const puppet a = make("a", true);

    tell(a, [] {
        maybe(kith_exit_signal(kith_self(), plain(KITH_KILL)));
        kith_yield();
        say("still here");
    });
    died(a);
}

CASE(exit_other_plain, "Any other reason kills who does not trap exits.", "erlang:exit/2",
     ON_NODE, "a died: user(1)\n")
{
    const puppet a = make("a");

    must(kith_exit_signal(a.pid, user(1)));
    died(a);
}

CASE(exit_other_trapping, "Trapped, any other reason is a message from the sender.",
     "erlang:exit/2", ON_NODE, "exit(main, user(1))\na lives\n")
{
    const puppet a = make("a", true);

    must(kith_exit_signal(a.pid, user(1)));
    in(a, [] { show(); });
    lives(a);
}

CASE(exit_other_self, "A process that sends itself an exit signal is dead when it goes on.",
     "erlang:exit/2", ON_NODE, "a died: user(1)\n")
{
    const puppet a = make("a");

    tell(a, [] {
        maybe(kith_exit_signal(kith_self(), user(1)));
        kith_yield();
        say("still here");
    });
    died(a);
}

CASE(exit_shutdown_plain, "The reason shutdown is as any other to who gets it.",
     "erlang:exit/2", ON_NODE, "a died: shutdown\n")
{
    const puppet a = make("a");

    must(kith_exit_signal(a.pid, plain(KITH_SHUTDOWN)));
    died(a);
}

CASE(exit_killed_trapping, "The reason killed, sent by hand, can be trapped.",
     "erlang:exit/2", ON_NODE, "exit(main, killed)\na lives\n")
{
    const puppet a = make("a", true);

    must(kith_exit_signal(a.pid, plain(KITH_KILLED)));
    in(a, [] { show(); });
    lives(a);
}

CASE(exit_noproc_plain, "A reason that the system uses, sent by hand, is as any other.",
     "erlang:exit/2", ON_NODE, "a died: noproc\n")
{
    const puppet a = make("a");

    must(kith_exit_signal(a.pid, plain(KITH_NOPROC)));
    died(a);
}

CASE(exit_to_dead, "An exit signal to a dead process is no error.", "erlang:exit/2",
     ON_NODE, "exit_signal: ok\n")
{
    say("exit_signal: %s", word("exit_signal", kith_exit_signal(gone("a"), user(1))));
}

CASE(exit_first_wins, "The first exit signal that kills gives the reason.", "erlang:exit/2",
     ON_NODE, "a died: user(1)\n")
{
    const puppet a = make("a");

    must(kith_exit_signal(a.pid, user(1)));
    maybe(kith_exit_signal(a.pid, user(2)));
    died(a);
}

CASE(exit_without_link, "An exit signal needs no link, and makes none.", "erlang:exit/2",
     ON_NODE, "exit(main, user(1))\nlinks 0\n")
{
    const puppet a = make("a", true);

    must(kith_exit_signal(a.pid, user(1)));
    in(a, [] {
        show();
        say("links %zu", self_info().n_links);
    });
}

CASE(exit_in_order, "Trapped exit signals are messages in the order sent.", "erlang:exit/2",
     ON_NODE, "exit(main, user(1))\nexit(main, normal)\nexit(main, shutdown)\n")
{
    const puppet a = make("a", true);

    must(kith_exit_signal(a.pid, user(1)));
    must(kith_exit_signal(a.pid, plain(KITH_NORMAL)));
    must(kith_exit_signal(a.pid, plain(KITH_SHUTDOWN)));
    in(a, [] {
        show();
        show();
        show();
    });
}

/* ---- the process's own end ---- */

CASE(end_by_return, "A process whose function returns ends normal.",
     "Processes, Termination", ON_NODE, "down(m, normal)\n")
{
    const kith_pid child = spawn([] { take(); });

    monitor(child, "m");
    must(send(child, 1));
    show();
}

CASE(end_by_exit, "A process may end with any reason.", "erlang:exit/1", ON_NODE,
     "a died: user(1)\nb died: normal\nc died: shutdown\n")
{
    const puppet a = make("a"), b = make("b"), c = make("c");

    tell(a, [] { kith_exit(user(1)); });
    tell(b, [] { kith_exit(plain(KITH_NORMAL)); });
    tell(c, [] { kith_exit(plain(KITH_SHUTDOWN)); });
    died(a);
    died(b);
    died(c);
}

CASE(end_by_exit_trapping, "Trapping exits does not keep a process from ending itself.",
     "erlang:exit/1", ON_NODE, "a died: user(1)\n")
{
    const puppet a = make("a", true);

    tell(a, [] { kith_exit(user(1)); });
    died(a);
}

CASE(end_by_error, "A process that fails dies of the error.", "erlang:error/1", ON_NODE,
     "down(m, error(einval))\n")
{
    const kith_pid child = spawn([] {
        take();
        return static_cast<int>(KITH_EINVAL);
    });

    monitor(child, "m");
    must(send(child, 1));
    show();
}

CASE(end_text, "A reason carries a number and a short text of the user's.", "erlang:exit/1",
     HERE("a reason is a value of fixed size, not a term"), "7 seven\n")
{
    const puppet a = make("a");

    tell(a, [] { kith_exit(kith_reason_of(KITH_USER, 7, "seven")); });
    const kith_reason why = KITH_BODY(take_ref(a.ref), kith_down)->why;
    say("%d %s", why.code, why.text);
}

CASE(end_deferred, "What was deferred runs at the end, the last first.", "(none)",
     HERE("C has no try ... after"), "second\nfirst\na died: user(1)\n")
{
    const puppet a = make("a");

    tell(a, [] {
        must(kith_defer([](void *) { say("first"); }, nullptr));
        must(kith_defer([](void *) { say("second"); }, nullptr));
        kith_exit(user(1));
    });
    died(a);
}

CASE(end_deferred_killed, "It runs after a kill too; what waits in it is told so at once.",
     "(none)", HERE("in Erlang nothing of the process runs after a kill"),
     "receive: killed\na died: killed\n")
{
    const puppet a = make("a");

    in(a, [] {
        must(kith_defer(
            [](void *) {
                const kith_msg *m;

                say("receive: %s", word("receive", kith_receive(&m, KITH_INFINITY)));
            },
            nullptr));
    });
    must(kith_exit_signal(a.pid, plain(KITH_KILL)));
    died(a);
}

/* ---- signals of links ---- */

/* Links `b` to `a` and has `a` end with `why`. */
static void
part(puppet a, puppet b, kith_reason why)
{
    in(b, [a] { must(kith_link(a.pid)); });
    tell(a, [why] { kith_exit(why); });
    died(a);
}

CASE(link_normal_plain, "A linked process that ends normal does no harm.",
     "Processes, Receiving Exit Signals", ON_NODE, "a died: normal\nb lives\n")
{
    const puppet a = make("a"), b = make("b");

    part(a, b, plain(KITH_NORMAL));
    lives(b);
}

CASE(link_normal_trapping, "Trapped, its end is a message.",
     "Processes, Receiving Exit Signals", ON_NODE, "a died: normal\nexit(a, normal)\n")
{
    const puppet a = make("a"), b = make("b", true);

    part(a, b, plain(KITH_NORMAL));
    in(b, [] { show(); });
}

CASE(
    link_kill_plain,
    "A process that ends itself with the reason kill kills who is linked, as any reason: it "
    "dies of kill, not killed.",
    "Processes, Receiving Exit Signals", ON_NODE, "a died: kill\nb died: kill\n")
{
    const puppet a = make("a"), b = make("b");

    part(a, b, plain(KITH_KILL));
    died(b);
}

CASE(link_kill_trapping, "By a link the reason kill can be trapped.",
     "Processes, Receiving Exit Signals", ON_NODE, "a died: kill\nexit(a, kill)\nb lives\n")
{
    const puppet a = make("a"), b = make("b", true);

    part(a, b, plain(KITH_KILL));
    in(b, [] { show(); });
    lives(b);
}

CASE(link_killed_plain, "A killed process takes with it who is linked, with reason killed.",
     "Processes, Receiving Exit Signals", ON_NODE, "a died: killed\nb died: killed\n")
{
    const puppet a = make("a"), b = make("b");

    in(b, [a] { must(kith_link(a.pid)); });
    must(kith_exit_signal(a.pid, plain(KITH_KILL)));
    died(a);
    died(b);
}

CASE(link_killed_trapping, "A kill does not run along links: killed can be trapped.",
     "Processes, Receiving Exit Signals", ON_NODE,
     "a died: killed\nexit(a, killed)\nb lives\n")
{
    const puppet a = make("a"), b = make("b", true);

    in(b, [a] { must(kith_link(a.pid)); });
    must(kith_exit_signal(a.pid, plain(KITH_KILL)));
    died(a);
    in(b, [] { show(); });
    lives(b);
}

CASE(link_shutdown_plain, "By a link the reason shutdown kills.",
     "Processes, Receiving Exit Signals", ON_NODE, "a died: shutdown\nb died: shutdown\n")
{
    const puppet a = make("a"), b = make("b");

    part(a, b, plain(KITH_SHUTDOWN));
    died(b);
}

CASE(link_error_trapping, "Who traps exits sees the error of a linked process.",
     "Processes, Receiving Exit Signals", ON_NODE,
     "a died: error(einval)\nexit(a, error(einval))\n")
{
    const puppet a = make("a"), b = make("b", true);

    part(a, b, kith_reason_of(KITH_ERROR, KITH_EINVAL, nullptr));
    in(b, [] { show(); });
}
