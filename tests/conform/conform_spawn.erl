%% SPDX-License-Identifier: Apache-2.0
-module(conform_spawn).
-compile([export_all, nowarn_export_all]).
-import(conform, [say/1, say/2, make/1, in/2, tell/2, died/1, lives/1, finish/1, gone/1, label/2,
                  trap/0, take/0, take_tag/1, take_ref/1, show/0, show/1, nothing/0]).

spawn_pid() ->
    Me = self(),
    Child = spawn(fun() -> Me ! {msg, 1, self()} end),
    {msg, 1, P} = take(),
    say(if P =:= Child -> "the same"; true -> "another" end).

spawn_does_not_wait() ->
    Me = self(),
    Child = spawn(fun() -> take(), say("child"), Me ! {msg, 1} end),
    say("spawned"),
    Child ! {msg, 1},
    take().

spawn_pids_differ() ->
    L = [spawn(fun() -> ok end) || _ <- lists:seq(1, 1000)],
    say("~p pids", [length(lists:usort(L))]).

spawn_pid_not_reused() ->
    Old = gone(old),
    [finish(make(x)) || _ <- lists:seq(1, 500)],
    A = make(a),
    exit(Old, kill),
    Old ! {msg, 1},
    lives(A).

spawn_link_at_once() ->
    trap(),
    [begin
         Child = spawn_link(fun() -> exit({user, 1}) end),
         receive {'EXIT', Child, {user, 1}} -> ok end
     end || _ <- lists:seq(1, 200)],
    say("200 heard, all user(1)").

spawn_monitor_at_once() ->
    [begin
         {Child, M} = spawn_monitor(fun() -> exit({user, 1}) end),
         receive {'DOWN', M, process, Child, {user, 1}} -> ok end
     end || _ <- lists:seq(1, 200)],
    say("200 heard, all user(1)").

spawn_link_and_monitor() ->
    trap(),
    {Child, M} = spawn_opt(fun() -> take(), exit({user, 1}) end, [link, monitor]),
    label(Child, c),
    label(M, m),
    Child ! {msg, 1},
    receive {'EXIT', _, _} = X -> show(X) end,
    show(take_ref(M)),
    nothing().

spawn_link_parent() ->
    Me = self(),
    A = make(a),
    in(A, fun() -> Me ! {msg, 1, spawn_link(fun() -> take() end)} end),
    {msg, 1, Child} = take_tag(1),
    M = conform:monitor(Child, m),
    tell(A, fun() -> exit({user, 1}) end),
    died(A),
    show(take_ref(M)).

spawn_not_trapping() ->
    trap(),
    Child = spawn(fun() -> take() end),
    M = conform:monitor(Child, m),
    exit(Child, {user, 1}),
    show(take_ref(M)).

spawn_parent_ends() ->
    Me = self(),
    A = make(a),
    in(A, fun() -> Me ! {msg, 1, spawn(fun() -> take(), Me ! {msg, 2} end)} end),
    {msg, 1, Child} = take_tag(1),
    tell(A, fun() -> exit({user, 1}) end),
    died(A),
    Child ! {msg, 1},
    show().
