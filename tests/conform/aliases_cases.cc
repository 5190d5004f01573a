/* SPDX-License-Identifier: Apache-2.0
 * aliases_cases.cc -- aliases: addresses that can be taken back. */
#include "conform.h"

static int
by(kith_ref alias, std::uint64_t tag)
{
    return kith_send_alias(alias, tag, nullptr, 0, 0);
}

/* Has `p` send by the alias; what came of it is there then. */
static void
from(puppet p, kith_ref alias, std::uint64_t tag)
{
    in(p, [alias, tag] { maybe(by(alias, tag)); });
}

static kith_ref
alias(unsigned flags = 0)
{
    kith_ref r;

    must(kith_alias(flags, &r));
    return r;
}

static kith_ref
watch(puppet p, unsigned flags)
{
    kith_ref r;

    must(kith_monitor_opt(p.pid, flags, &r));
    label(r, "m");
    return r;
}

CASE(alias_send, "A message to an alias goes to who made it.", "erlang:alias/0", ON_NODE,
     "send: ok\nmsg(1)\n")
{
    const puppet a = make("a");
    const kith_ref r = alias();

    in(a, [r] { say("send: %s", word("send", by(r, 1))); });
    show();
}

CASE(alias_order,
     "By the pid or by the alias: the messages of one sender keep their order.",
     "Processes, Delivery of Signals", ON_NODE, "msg(1)\nmsg(2)\nmsg(3)\n")
{
    const kith_pid me = kith_self();
    const puppet a = make("a");
    const kith_ref r = alias();

    in(a, [r, me] {
        must(send(me, 1));
        must(by(r, 2));
        must(send(me, 3));
    });
    show();
    show();
    show();
}

CASE(alias_ended, "What is sent to an alias that has ended is dropped, and is no error.",
     "erlang:unalias/1", ON_NODE, "unalias: ok\nsend: ok\nnothing\n")
{
    const puppet a = make("a");
    const kith_ref r = alias();

    say("unalias: %s", word("unalias", kith_unalias(r)));
    in(a, [r] { say("send: %s", word("send", by(r, 1))); });
    nothing();
}

CASE(alias_ended_twice, "An alias ends once.", "erlang:unalias/1", ON_NODE,
     "unalias: ok\nunalias: false\n")
{
    const kith_ref r = alias();

    say("unalias: %s", word("unalias", kith_unalias(r)));
    say("unalias: %s", word("unalias", kith_unalias(r)));
}

CASE(alias_received, "What had been received stays.", "erlang:unalias/1", ON_NODE,
     "msg(1)\nnothing\n")
{
    const puppet a = make("a");
    const kith_ref r = alias();

    from(a, r, 1);
    must(kith_unalias(r));
    from(a, r, 2);
    show();
    nothing();
}

CASE(alias_foreign, "Nobody else can end it.", "erlang:unalias/1", ON_NODE,
     "unalias: false\nmsg(1)\n")
{
    const puppet a = make("a");
    const kith_ref r = alias();

    in(a, [r] { say("unalias: %s", word("unalias", kith_unalias(r))); });
    from(a, r, 1);
    show();
}

CASE(alias_independent, "Each alias ends for itself.", "erlang:alias/0", ON_NODE,
     "msg(2)\nnothing\n")
{
    const puppet a = make("a");
    const kith_ref r = alias(), s = alias();

    must(kith_unalias(r));
    from(a, r, 1);
    from(a, s, 2);
    show();
    nothing();
}

CASE(alias_of_dead, "A message to the alias of a dead process is dropped.",
     "erlang:alias/0", ON_NODE, "a died: normal\nsend: ok\n")
{
    const kith_pid me = kith_self();
    const puppet a = make("a");

    in(a, [me] {
        const kith_ref r = alias();

        must(kith_send(me, 1, &r, sizeof r));
    });
    const kith_ref r = *KITH_BODY(take_tag(1), kith_ref);

    tell(a, [] { kith_exit(plain(KITH_NORMAL)); });
    died(a);
    say("send: %s", word("send", by(r, 1)));
}

CASE(alias_once, "A reply alias ends with the first message.", "erlang:alias/1, reply",
     ON_NODE, "msg(1)\nnothing\nunalias: false\n")
{
    const puppet a = make("a");
    const kith_ref r = alias(KITH_ALIAS_ONCE);

    from(a, r, 1);
    from(a, r, 2);
    show();
    nothing();
    say("unalias: %s", word("unalias", kith_unalias(r)));
}

CASE(alias_reply_demonitor, "reply_demonitor: the first message ends alias and monitor.",
     "erlang:monitor/3, alias", ON_NODE, "msg(1)\nnothing\na died: user(1)\nnothing\n")
{
    const puppet a = make("a");
    const kith_ref r = watch(a, KITH_ALIAS_ONCE);

    from(a, r, 1);
    from(a, r, 2);
    show();
    nothing();
    tell(a, [] { kith_exit(user(1)); });
    died(a);
    nothing();
}

CASE(alias_reply_demonitor_down, "reply_demonitor: a death ends the alias too.",
     "erlang:monitor/3, alias", ON_NODE, "down(m, user(1))\na died: user(1)\nnothing\n")
{
    const puppet a = make("a"), b = make("b");
    const kith_ref r = watch(a, KITH_ALIAS_ONCE);

    tell(a, [] { kith_exit(user(1)); });
    show(take_ref(r));
    died(a);
    from(b, r, 1);
    nothing();
}

CASE(alias_demonitor, "demonitor: the alias ends with the monitor.",
     "erlang:monitor/3, alias", ON_NODE, "msg(1)\nmsg(2)\nnothing\n")
{
    const puppet a = make("a");
    const kith_ref r = watch(a, KITH_ALIAS_DEMONITOR);

    from(a, r, 1);
    from(a, r, 2);
    show();
    show();
    must(kith_demonitor(r, 0));
    from(a, r, 3);
    nothing();
}

CASE(alias_demonitor_down, "demonitor: a death ends the alias.", "erlang:monitor/3, alias",
     ON_NODE, "down(m, user(1))\nnothing\n")
{
    const puppet a = make("a"), b = make("b");
    const kith_ref r = watch(a, KITH_ALIAS_DEMONITOR);

    tell(a, [] { kith_exit(user(1)); });
    take_ref(a.ref);
    show(take_ref(r));
    from(b, r, 1);
    nothing();
}

CASE(alias_explicit, "explicit_unalias: neither a demonitor nor a death ends the alias.",
     "erlang:monitor/3, alias", ON_NODE,
     "msg(1)\ndown(n, user(1))\nmsg(2)\nunalias: ok\nnothing\n")
{
    const puppet a = make("a"), b = make("b");
    const kith_ref r = watch(a, KITH_ALIAS), s = watch(a, KITH_ALIAS);

    label(s, "n");
    must(kith_demonitor(r, 0));
    from(b, r, 1);
    show();
    tell(a, [] { kith_exit(user(1)); });
    take_ref(a.ref);
    show();
    from(b, s, 2);
    show();
    say("unalias: %s", word("unalias", kith_unalias(s)));
    from(b, s, 3);
    nothing();
}

CASE(alias_unalias_keeps_monitor, "To end the alias of a monitor leaves the monitor.",
     "erlang:unalias/1", ON_NODE, "nothing\ndown(m, user(1))\n")
{
    const puppet a = make("a");
    const kith_ref r = watch(a, KITH_ALIAS_DEMONITOR);

    must(kith_unalias(r));
    from(a, r, 1);
    nothing();
    tell(a, [] { kith_exit(user(1)); });
    show(take_ref(r));
}

CASE(alias_ref, "The message of an alias can be taken by it.", "receive",
     HERE("in Erlang the sender has to put the ref into the message"), "msg(2)\nmsg(1)\n")
{
    const puppet a = make("a");
    const kith_ref r = alias();

    must(send(kith_self(), 1));
    from(a, r, 2);
    show(take_ref(r));
    show();
}

CASE(alias_no_monitor_flags, "Aliases of two kinds at once are none.", "erlang:monitor/3",
     HERE("in Erlang the last of the options wins"), "einval\n")
{
    kith_ref r;

    say("%s", kith_err_name(
                  kith_monitor_opt(kith_self(), KITH_ALIAS | KITH_ALIAS_DEMONITOR, &r)));
}
