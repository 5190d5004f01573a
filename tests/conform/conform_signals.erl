%% SPDX-License-Identifier: Apache-2.0
-module(conform_signals).
-compile([export_all, nowarn_export_all]).
-import(conform, [say/1, say/2, word/1, make/1, make/2, in/2, tell/2, died/1, lives/1, finish/1,
                  gone/1, links/0, trap/0, take/0, take_tag/1, take_ref/1, show/0, nothing/0]).

signal_order() ->
    Me = self(),
    A = make(a),
    tell(A, fun() -> [Me ! {msg, 1, I} || I <- lists:seq(0, 999)] end),
    L = [element(3, take_tag(1)) || _ <- lists:seq(0, 999)],
    L = lists:seq(0, 999),
    say("~p in order", [length(L)]).

signal_kinds_in_order() ->
    Me = self(),
    A = make(a),
    trap(),
    tell(A, fun() -> Me ! {msg, 1}, exit(Me, {user, 1}), Me ! {msg, 2} end),
    show(), show(), show().

signal_name_and_pid() ->
    Me = self(),
    A = make(a),
    register(conform, Me),
    tell(A, fun() -> Me ! {msg, 1}, conform ! {msg, 2}, Me ! {msg, 3} end),
    show(), show(), show().

send_to_dead() ->
    A = gone(a),
    say("send: ~s", [word(fun() -> A ! {msg, 1} end)]).

send_to_self() ->
    self() ! {msg, 1},
    self() ! {msg, 2},
    show(), show().

send_sizes() ->
    self() ! <<>>,
    self() ! binary:copy(<<0>>, 1000000),
    say("~p bytes", [byte_size(take())]),
    say("~p bytes", [byte_size(take())]).

exit_acts_without_receive() ->
    Me = self(),
    A = make(a),
    tell(A, fun() -> Me ! {msg, 1}, spin(ok) end),
    show(),
    exit(A, {user, 1}),
    died(A).

spin(ok) ->
    erlang:yield(),
    spin(ok).

exit_acts_past_queue() ->
    A = make(a),
    [A ! {msg, 1} || _ <- lists:seq(1, 1000)],
    exit(A, {user, 1}),
    died(A).

message_before_death() ->
    Me = self(),
    A = make(a),
    tell(A, fun() -> Me ! {msg, 1}, Me ! {msg, 2}, exit({user, 1}) end),
    show(), show(), show().

message_before_kill() ->
    A = make(a, trapping),
    A ! {msg, 1},
    exit(A, {user, 1}),
    in(A, fun() -> show(), show() end).

link_then_message() ->
    A = make(a),
    B = make(b),
    in(A, fun() -> link(B), B ! {msg, 1} end),
    in(B, fun() -> take(), say("links ~p", [links()]) end).

unlink_then_message() ->
    A = make(a),
    B = make(b),
    in(A, fun() -> link(B), unlink(B), B ! {msg, 1} end),
    in(B, fun() -> take(), say("links ~p", [links()]) end).

monitor_then_kill() ->
    L = [begin A = make(a), M = monitor(process, A), finish(A), element(5, take_ref(M)) end
         || _ <- lists:seq(1, 100)],
    say("~p killed", [length([W || W <- L, W =:= killed])]).

kill_then_monitor() ->
    L = [begin A = make(a), exit(A, kill), element(5, take_ref(monitor(process, A))) end
         || _ <- lists:seq(1, 100)],
    say("~p noproc", [length([W || W <- L, W =:= noproc])]).

kill_then_link() ->
    trap(),
    L = [begin
             A = make(a),
             exit(A, kill),
             link(A),
             receive {'EXIT', A, Why} -> Why end
         end || _ <- lists:seq(1, 100)],
    say("~p noproc", [length([W || W <- L, W =:= noproc])]).

spawn_then_message() ->
    Me = self(),
    Child = spawn(fun() -> Me ! take(), Me ! take() end),
    Child ! {msg, 1},
    Child ! {msg, 2},
    show(), show().

exit_dropped_between() ->
    Me = self(),
    A = make(a),
    in(A, fun() -> Me ! {msg, 1}, exit(Me, normal), Me ! {msg, 2} end),
    show(), show(), nothing().

trap_at_reception() ->
    A = make(a, trapping),
    exit(A, {user, 1}),
    in(A, fun() -> process_flag(trap_exit, false), show() end),
    lives(A).

trap_off_again() ->
    A = make(a, trapping),
    exit(A, {user, 1}),
    in(A, fun() -> process_flag(trap_exit, false) end),
    exit(A, {user, 2}),
    died(A).
