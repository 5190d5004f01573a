%% SPDX-License-Identifier: Apache-2.0
-module(conform_exits).
-compile([export_all, nowarn_export_all]).
-import(conform, [say/1, say/2, word/1, make/1, make/2, in/2, tell/2, died/1, lives/1, gone/1,
                  links/0, trap/0, take/0, show/0, nothing/0]).

shows(P) ->
    in(P, fun() -> show() end).

exit_normal_plain() ->
    A = make(a),
    exit(A, normal),
    lives(A).

exit_normal_trapping() ->
    A = make(a, trapping),
    exit(A, normal),
    shows(A).

exit_normal_self() ->
    A = make(a),
    tell(A, fun() -> exit(self(), normal), say("still here") end),
    died(A).

exit_normal_self_trapping() ->
    A = make(a, trapping),
    in(A, fun() -> exit(self(), normal), show() end),
    lives(A).

exit_kill_plain() ->
    A = make(a),
    exit(A, kill),
    died(A).

exit_kill_trapping() ->
    A = make(a, trapping),
    exit(A, kill),
    died(A).

exit_kill_self() ->
    A = make(a, trapping),
    tell(A, fun() -> exit(self(), kill), say("still here") end),
    died(A).

exit_other_plain() ->
    A = make(a),
    exit(A, {user, 1}),
    died(A).

exit_other_trapping() ->
    A = make(a, trapping),
    exit(A, {user, 1}),
    shows(A),
    lives(A).

exit_other_self() ->
    A = make(a),
    tell(A, fun() -> exit(self(), {user, 1}), say("still here") end),
    died(A).

exit_shutdown_plain() ->
    A = make(a),
    exit(A, shutdown),
    died(A).

exit_killed_trapping() ->
    A = make(a, trapping),
    exit(A, killed),
    shows(A),
    lives(A).

exit_noproc_plain() ->
    A = make(a),
    exit(A, noproc),
    died(A).

exit_to_dead() ->
    A = gone(a),
    say("exit_signal: ~s", [word(fun() -> exit(A, {user, 1}) end)]).

exit_first_wins() ->
    A = make(a),
    exit(A, {user, 1}),
    exit(A, {user, 2}),
    died(A).

exit_without_link() ->
    A = make(a, trapping),
    exit(A, {user, 1}),
    in(A, fun() -> show(), say("links ~p", [links()]) end).

exit_in_order() ->
    A = make(a, trapping),
    exit(A, {user, 1}), exit(A, normal), exit(A, shutdown),
    in(A, fun() -> show(), show(), show() end).

end_by_return() ->
    Child = spawn(fun() -> take() end),
    conform:monitor(Child, m),
    Child ! {msg, 1},
    show().

end_by_exit() ->
    A = make(a), B = make(b), C = make(c),
    tell(A, fun() -> exit({user, 1}) end),
    tell(B, fun() -> exit(normal) end),
    tell(C, fun() -> exit(shutdown) end),
    died(A), died(B), died(C).

end_by_exit_trapping() ->
    A = make(a, trapping),
    tell(A, fun() -> exit({user, 1}) end),
    died(A).

end_by_error() ->
    Child = spawn(fun() -> take(), error(einval) end),
    conform:monitor(Child, m),
    Child ! {msg, 1},
    show().

%% Links B to A and has A end as Fun says.
part(A, B, Fun) ->
    in(B, fun() -> link(A) end),
    tell(A, Fun),
    died(A).

link_normal_plain() ->
    A = make(a), B = make(b),
    part(A, B, fun() -> exit(normal) end),
    lives(B).

link_normal_trapping() ->
    A = make(a), B = make(b, trapping),
    part(A, B, fun() -> exit(normal) end),
    shows(B).

link_kill_plain() ->
    A = make(a), B = make(b),
    part(A, B, fun() -> exit(kill) end),
    died(B).

link_kill_trapping() ->
    A = make(a), B = make(b, trapping),
    part(A, B, fun() -> exit(kill) end),
    shows(B),
    lives(B).

link_killed_plain() ->
    A = make(a), B = make(b),
    in(B, fun() -> link(A) end),
    exit(A, kill),
    died(A), died(B).

link_killed_trapping() ->
    A = make(a), B = make(b, trapping),
    in(B, fun() -> link(A) end),
    exit(A, kill),
    died(A),
    shows(B),
    lives(B).

link_shutdown_plain() ->
    A = make(a), B = make(b),
    part(A, B, fun() -> exit(shutdown) end),
    died(B).

link_error_trapping() ->
    A = make(a), B = make(b, trapping),
    part(A, B, fun() -> error(einval) end),
    shows(B).
