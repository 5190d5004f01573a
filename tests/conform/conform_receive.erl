%% SPDX-License-Identifier: Apache-2.0
-module(conform_receive).
-compile([export_all, nowarn_export_all]).
-import(conform, [say/1, say/2, word/1, make/1, in/2, tell/2, sync/1, gone/1, ref/1, trap/0,
                  take/0, take_tag/1, take_ref/1, show/0, show/1, nothing/0]).

queue(First, Last) ->
    [self() ! {msg, I} || I <- lists:seq(First, Last)].

rest(N) ->
    [show() || _ <- lists:seq(1, N)],
    nothing().

receive_oldest() ->
    queue(1, 3),
    rest(3).

receive_selects() ->
    queue(1, 4),
    show(take_tag(3)),
    rest(3).

receive_oldest_match() ->
    self() ! {msg, 1},
    self() ! {msg, 2, 10},
    self() ! {msg, 2, 20},
    say("~p", [element(3, take_tag(2))]),
    say("~p", [element(3, take_tag(2))]).

receive_guard() ->
    queue(1, 5),
    receive {msg, N} = M when N > 3 -> show(M) end,
    rest(4).

receive_any_clause() ->
    queue(1, 3),
    receive
        {msg, 3} = M -> show(M);
        {msg, 2} = M -> show(M)
    end,
    rest(2).

receive_zero() ->
    receive _ -> ok after 0 -> say("timeout") end,
    queue(1, 1),
    receive M -> show(M) after 0 -> say("timeout") end.

receive_zero_scans() ->
    queue(1, 3),
    receive {msg, 3} = M -> show(M) after 0 -> say("timeout") end,
    receive {msg, 3} -> ok after 0 -> say("timeout") end,
    rest(2).

receive_timeout_leaves() ->
    queue(1, 2),
    receive {msg, 3} -> ok after 1 -> say("timeout") end,
    rest(2).

receive_not_early() ->
    T = erlang:monotonic_time(),
    receive _ -> ok after 20 -> say("timeout") end,
    Ms = erlang:convert_time_unit(erlang:monotonic_time() - T, native, millisecond),
    say(if Ms >= 20 -> "not early"; true -> "early" end).

receive_waits() ->
    A = make(a),
    tell(A, fun() -> show(take_tag(9)), show(), show() end),
    A ! {msg, 1}, A ! {msg, 2}, A ! {msg, 9},
    sync(A).

receive_from_start() ->
    queue(1, 3),
    show(take_tag(2)),
    show(take_tag(1)),
    rest(1).

receive_nested() ->
    queue(1, 3),
    receive {msg, 3} = M ->
        show(M),
        receive {msg, 2} = N -> show(N) end
    end,
    rest(1).

receive_signals_by_tag() ->
    A = make(a),
    queue(1, 1),
    trap(),
    link(A),
    tell(A, fun() -> exit({user, 1}) end),
    show(take_ref(ref(a))),
    receive {'EXIT', _, _} = M -> show(M) end,
    rest(1).

receive_ref_far() ->
    A = gone(a),
    [self() ! {msg, 1} || _ <- lists:seq(1, 5000)],
    show(take_ref(conform:monitor(A, m))),
    show().

receive_many_senders() ->
    Me = self(),
    [spawn(fun() -> [Me ! {msg, I, J} || J <- lists:seq(0, 99)] end) || I <- lists:seq(0, 3)],
    L = [take() || _ <- lists:seq(1, 400)],
    say("~p in order", [length([I || I <- lists:seq(0, 3),
                                     [J || {msg, K, J} <- L, K =:= I] =:= lists:seq(0, 99)])]).
