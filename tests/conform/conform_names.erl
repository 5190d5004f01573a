%% SPDX-License-Identifier: Apache-2.0
-module(conform_names).
-compile([export_all, nowarn_export_all]).
-import(conform, [say/1, say/2, word/1, make/1, in/2, finish/1, gone/1, who/1, show/0, nothing/0]).

reg(Name, P) ->
    say("register: ~s", [word(fun() -> register(Name, P) end)]).

unreg(Name) ->
    say("unregister: ~s", [word(fun() -> unregister(Name) end)]).

who_has(Name) ->
    say("~p", [who(whereis(Name))]).

name_found() ->
    A = make(a),
    reg(conform, A),
    who_has(conform).

name_unknown() ->
    who_has(conform_nobody).

name_taken() ->
    A = make(a), B = make(b),
    register(conform, A),
    reg(conform, B),
    who_has(conform).

name_again() ->
    A = make(a),
    register(conform, A),
    reg(conform, A).

name_second() ->
    A = make(a),
    register(conform, A),
    reg(conform_second, A),
    who_has(conform_second).

name_of_dead() ->
    A = gone(a),
    reg(conform, A),
    who_has(conform).

name_forbidden() ->
    reg(undefined, self()).

name_freed() ->
    A = make(a), B = make(b),
    register(conform, A),
    unreg(conform),
    who_has(conform),
    reg(conform, B),
    who_has(conform).

name_freed_unknown() ->
    unreg(conform_nobody).

name_freed_by_another() ->
    A = make(a),
    register(conform, self()),
    in(A, fun() -> unreg(conform) end),
    who_has(conform).

name_other_after() ->
    A = make(a),
    register(conform, A),
    unregister(conform),
    reg(conform_second, A),
    who_has(conform_second).

name_send() ->
    A = make(a),
    register(conform, A),
    say("send_name: ~s", [word(fun() -> conform ! {msg, 1} end)]),
    in(A, fun() -> show() end).

name_send_unknown() ->
    say("send_name: ~s", [word(fun() -> conform_nobody ! {msg, 1} end)]).

name_send_moved() ->
    A = make(a), B = make(b),
    register(conform, A),
    conform ! {msg, 1},
    unregister(conform),
    register(conform, B),
    conform ! {msg, 2},
    in(A, fun() -> show(), nothing() end),
    in(B, fun() -> show(), nothing() end).

name_gone_with_process() ->
    A = make(a),
    register(conform, A),
    finish(A),
    who_has(conform),
    say("send_name: ~s", [word(fun() -> conform ! {msg, 1} end)]).
