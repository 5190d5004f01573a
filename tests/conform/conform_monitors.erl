%% SPDX-License-Identifier: Apache-2.0
-module(conform_monitors).
-compile([export_all, nowarn_export_all]).
-import(conform, [say/1, say/2, word/1, make/1, make/2, in/2, tell/2, sync/1, died/1, lives/1,
                  finish/1, gone/1, ref/1, who/1, label/2, monitors/0, trap/0, take/0, take_tag/1,
                  take_ref/1, show/0, show/1, nothing/0]).

fail(P) ->
    tell(P, fun() -> exit({user, 1}) end).

%% A dead puppet, whose message to a monitor is there.
buried(P) ->
    fail(P),
    take_ref(ref(who(P))).

name(M) ->
    label(erlang:monitor(process, M), m).

monitor_reason() ->
    A = make(a),
    M = conform:monitor(A, m),
    fail(A),
    show(take_ref(M)).

monitor_normal() ->
    A = make(a),
    M = conform:monitor(A, m),
    tell(A, fun() -> exit(normal) end),
    show(take_ref(M)).

monitor_names_the_dead() ->
    A = make(a),
    M = conform:monitor(A, m),
    fail(A),
    {'DOWN', M, process, P, _} = take_ref(M),
    say("of ~p", [who(P)]).

monitor_dead() ->
    A = gone(a),
    conform:monitor(A, m),
    show(), nothing().

monitor_self() ->
    A = make(a),
    in(A, fun() ->
              conform:monitor(self(), m),
              say("monitors ~p", [monitors()]),
              nothing()
          end).

monitor_stacks() ->
    A = make(a),
    L = [conform:monitor(A, X) || X <- [m, n, o]],
    fail(A),
    [show(take_ref(M)) || M <- L].

monitor_counts() ->
    W = make(w), A = make(a), B = make(b),
    Down = fun() ->
               receive {'DOWN', _, _, _, _} -> ok end,
               say("monitors ~p", [monitors()])
           end,
    in(W, fun() ->
              conform:monitor(A, m),
              conform:monitor(B, n),
              say("monitors ~p", [monitors()])
          end),
    exit(A, kill), in(W, Down),
    exit(B, kill), in(W, Down).

monitor_harmless() ->
    A = make(a), B = make(b),
    in(B, fun() -> conform:monitor(A, m) end),
    fail(A),
    died(A), lives(B).

monitor_one_way() ->
    A = make(a, trapping), B = make(b),
    in(B, fun() -> conform:monitor(A, m) end),
    fail(B),
    died(B),
    in(A, fun() -> nothing() end),
    lives(A).

monitor_each_other() ->
    A = make(a), B = make(b),
    in(A, fun() -> conform:monitor(B, n) end),
    in(B, fun() -> conform:monitor(A, m) end),
    fail(A),
    died(A),
    in(B, fun() -> show() end).

monitor_many_watchers() ->
    Me = self(),
    A = make(a),
    [spawn(fun() ->
               M = erlang:monitor(process, A),
               Me ! {msg, 1},
               take_ref(M),
               Me ! {msg, 2}
           end) || _ <- lists:seq(1, 50)],
    [take_tag(1) || _ <- lists:seq(1, 50)],
    finish(A),
    say("~p heard", [length([take_tag(2) || _ <- lists:seq(1, 50)])]).

monitor_any_order() ->
    A = make(a), B = make(b),
    M = conform:monitor(A, m), N = conform:monitor(B, n),
    buried(A),
    fail(B),
    show(take_ref(N)),
    show(take_ref(M)).

monitor_name() ->
    A = make(a),
    register(conform, A),
    M = name(conform),
    fail(A),
    show(take_ref(M)).

monitor_name_unknown() ->
    name(conform_nobody),
    show(), nothing().

monitor_name_stays() ->
    A = make(a), B = make(b),
    register(conform, A),
    M = name(conform),
    unregister(conform),
    register(conform, B),
    fail(A),
    show(take_ref(M)),
    lives(B),
    finish(B).

demonitor_then_death() ->
    A = make(a),
    M = conform:monitor(A, m),
    say("demonitor: ~s", [word(fun() -> demonitor(M) end)]),
    fail(A),
    died(A), nothing().

demonitor_queued() ->
    A = make(a),
    M = conform:monitor(A, m),
    buried(A),
    say("demonitor: ~s", [word(fun() -> demonitor(M) end)]),
    show(), nothing().

demonitor_flush() ->
    A = make(a),
    M = conform:monitor(A, m),
    conform:monitor(A, n),
    buried(A),
    say("demonitor: ~s", [word(fun() -> demonitor(M, [flush]) end)]),
    show(), nothing().

demonitor_info() ->
    A = make(a),
    M = conform:monitor(A, m),
    say("~p", [demonitor(M, [info])]),
    say("~p", [demonitor(M, [info])]).

demonitor_info_queued() ->
    A = make(a),
    M = conform:monitor(A, m),
    buried(A),
    say("~p", [demonitor(M, [info])]),
    show().

demonitor_flush_info_queued() ->
    A = make(a),
    M = conform:monitor(A, m),
    buried(A),
    say("~p", [demonitor(M, [flush, info])]),
    nothing().

demonitor_flush_info_alive() ->
    A = make(a),
    M = conform:monitor(A, m),
    say("~p", [demonitor(M, [flush, info])]),
    nothing().

demonitor_fired() ->
    A = make(a),
    M = conform:monitor(A, m),
    fail(A),
    take_ref(M),
    say("demonitor: ~s", [word(fun() -> demonitor(M) end)]),
    say("~p", [demonitor(M, [info])]).

demonitor_foreign() ->
    A = make(a), B = make(b),
    M = conform:monitor(A, m),
    in(B, fun() -> say("demonitor: ~s", [word(fun() -> demonitor(M) end)]) end),
    fail(A),
    show(take_ref(M)).

demonitor_bad_flag() ->
    A = make(a),
    M = conform:monitor(A, m),
    say("demonitor: ~s", [word(fun() -> demonitor(M, [no_such_flag]) end)]),
    fail(A),
    show(take_ref(M)).

name_free_at_down() ->
    L = [begin
             A = make(a),
             register(conform, A),
             buried(A),
             true = register(conform, self()),
             unregister(conform)
         end || _ <- lists:seq(1, 200)],
    say("~p free", [length(L)]).

name_free_at_exit() ->
    trap(),
    L = [begin
             A = make(a),
             register(conform, A),
             link(A),
             fail(A),
             receive {'EXIT', A, _} -> undefined = whereis(conform) end
         end || _ <- lists:seq(1, 200)],
    say("~p free", [length(L)]).
