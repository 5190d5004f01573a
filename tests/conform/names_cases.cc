/* SPDX-License-Identifier: Apache-2.0
 * names_cases.cc -- names: one a process, one process a name. */
#include "conform.h"

#include <string>

CASE(name_found, "A name leads to the process that was given it.", "erlang:whereis/1",
     ON_NODE, "register: ok\na\n")
{
    const puppet a = make("a");

    say("register: %s", word("register", kith_register("conform", a.pid)));
    say("%s", who(kith_whereis("conform")));
}

CASE(name_unknown, "A name that nobody has leads nowhere.", "erlang:whereis/1", ON_NODE,
     "undefined\n")
{
    say("%s", who(kith_whereis("conform_nobody")));
}

CASE(name_taken, "A name that is taken is not given away.", "erlang:register/2", ON_NODE,
     "register: badarg\na\n")
{
    const puppet a = make("a"), b = make("b");

    must(kith_register("conform", a.pid));
    say("register: %s", word("register", kith_register("conform", b.pid)));
    say("%s", who(kith_whereis("conform")));
}

CASE(name_again, "Nor to the process that has it.", "erlang:register/2", ON_NODE,
     "register: badarg\n")
{
    const puppet a = make("a");

    must(kith_register("conform", a.pid));
    say("register: %s", word("register", kith_register("conform", a.pid)));
}

CASE(name_second, "A process has one name at most.", "erlang:register/2", ON_NODE,
     "register: badarg\nundefined\n")
{
    const puppet a = make("a");

    must(kith_register("conform", a.pid));
    say("register: %s", word("register", kith_register("conform_second", a.pid)));
    say("%s", who(kith_whereis("conform_second")));
}

CASE(name_of_dead, "A dead process gets no name.", "erlang:register/2", ON_NODE,
     "register: badarg\nundefined\n")
{
    const kith_pid a = gone("a");

    say("register: %s", word("register", kith_register("conform", a)));
    say("%s", who(kith_whereis("conform")));
}

CASE(name_forbidden, "One name is no name: undefined there, the empty one here.",
     "erlang:register/2", ON_NODE, "register: badarg\n")
{
    say("register: %s", word("register", kith_register("", kith_self())));
}

CASE(name_length, "A name has at most 255 characters.", "erlang:register/2",
     HERE("in Erlang it is the atom that cannot be made"), "255: ok\n256: einval\n")
{
    const std::string longest(255, 'n');

    say("255: %s", word("", kith_register(longest.c_str(), kith_self())));
    say("256: %s", word("", kith_register((longest + "n").c_str(), make("a").pid)));
}

CASE(name_codes, "Each reason why there is no name has a code of its own.",
     "erlang:register/2", DIFFERS("Erlang raises badarg for all"),
     "eexist\nealready\nnoproc\neinval\n")
{
    const puppet a = make("a"), b = make("b");
    const kith_pid c = gone("c");

    must(kith_register("conform", a.pid));
    say("%s", kith_err_name(kith_register("conform", b.pid)));
    say("%s", kith_err_name(kith_register("conform_second", a.pid)));
    say("%s", kith_err_name(kith_register("conform_third", c)));
    say("%s", kith_err_name(kith_register("", b.pid)));
}

CASE(name_freed, "A name can be given back, and given anew.", "erlang:unregister/1",
     ON_NODE, "unregister: ok\nundefined\nregister: ok\nb\n")
{
    const puppet a = make("a"), b = make("b");

    must(kith_register("conform", a.pid));
    say("unregister: %s", word("unregister", kith_unregister("conform")));
    say("%s", who(kith_whereis("conform")));
    say("register: %s", word("register", kith_register("conform", b.pid)));
    say("%s", who(kith_whereis("conform")));
}

CASE(name_freed_unknown, "A name that nobody has cannot be given back.",
     "erlang:unregister/1", ON_NODE, "unregister: badarg\n")
{
    say("unregister: %s", word("unregister", kith_unregister("conform_nobody")));
}

CASE(name_freed_by_another, "Anybody may take a name away.", "erlang:unregister/1", ON_NODE,
     "unregister: ok\nundefined\n")
{
    const puppet a = make("a");

    must(kith_register("conform", kith_self()));
    in(a, [] { say("unregister: %s", word("unregister", kith_unregister("conform"))); });
    say("%s", who(kith_whereis("conform")));
}

CASE(name_other_after, "Without its name a process may get another.", "erlang:register/2",
     ON_NODE, "register: ok\na\n")
{
    const puppet a = make("a");

    must(kith_register("conform", a.pid));
    must(kith_unregister("conform"));
    say("register: %s", word("register", kith_register("conform_second", a.pid)));
    say("%s", who(kith_whereis("conform_second")));
}

CASE(name_send, "A message to a name goes to who has it.", "erlang:send/2, registered name",
     ON_NODE, "send_name: ok\nmsg(1)\n")
{
    const puppet a = make("a");

    must(kith_register("conform", a.pid));
    say("send_name: %s", word("send_name", kith_send_name("conform", 1, nullptr, 0)));
    in(a, [] { show(); });
}

CASE(name_send_unknown, "A message to a name that nobody has is an error.",
     "erlang:send/2, registered name", ON_NODE, "send_name: badarg\n")
{
    say("send_name: %s",
        word("send_name", kith_send_name("conform_nobody", 1, nullptr, 0)));
}

CASE(name_send_moved, "Each message goes to who has the name at that moment.",
     "erlang:send/2, registered name", ON_NODE, "msg(1)\nnothing\nmsg(2)\nnothing\n")
{
    const puppet a = make("a"), b = make("b");

    must(kith_register("conform", a.pid));
    must(kith_send_name("conform", 1, nullptr, 0));
    must(kith_unregister("conform"));
    must(kith_register("conform", b.pid));
    must(kith_send_name("conform", 2, nullptr, 0));
    in(a, [] {
        show();
        nothing();
    });
    in(b, [] {
        show();
        nothing();
    });
}

CASE(name_gone_with_process, "Death frees the name.", "erlang:register/2", ON_NODE,
     "undefined\nsend_name: badarg\n")
{
    const puppet a = make("a");

    must(kith_register("conform", a.pid));
    end(a);
    say("%s", who(kith_whereis("conform")));
    say("send_name: %s", word("send_name", kith_send_name("conform", 1, nullptr, 0)));
}

CASE(name_from_birth, "A process may have its name before it runs.", "(none)",
     HERE("spawn_opt of Erlang gives no names"), "child\n")
{
    const kith_pid me = kith_self();
    kith_spawn_options o = options();
    kith_pid child;

    o.name = "conform";
    must(spawn_opt(
        o, [me] { must(send(me, 1, kith_whereis("conform").id == kith_self().id)); },
        &child));
    say("%s", number(take()) ? "child" : "somebody else");
}

CASE(name_from_birth_taken, "If that name is taken there is no child.", "(none)",
     HERE("spawn_opt of Erlang gives no names"), "eexist\nnothing\n")
{
    const kith_pid me = kith_self();
    kith_spawn_options o = options();
    kith_pid child;

    must(kith_register("conform", me));
    o.name = "conform";
    say("%s", kith_err_name(spawn_opt(
                  o, [me] { maybe(send(me, 1)); }, &child)));
    sync(make("a"));
    nothing();
}
