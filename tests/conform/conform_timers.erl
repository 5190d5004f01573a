%% SPDX-License-Identifier: Apache-2.0
-module(conform_timers).
-compile([export_all, nowarn_export_all]).
-import(conform, [say/1, say/2, word/1, make/1, in/2, finish/1, gone/1, take/0, take_tag/1, show/0,
                  show/1, nothing/0, label/2]).

send_after(Ms, To, Tag) ->
    label(erlang:send_after(Ms, To, {msg, Tag}), t).

cancel(T) ->
    say("cancel: ~p", [case erlang:cancel_timer(T) of false -> false; _ -> left end]).

timer_fires() ->
    T = erlang:monotonic_time(),
    send_after(20, self(), 1),
    show(),
    Ms = erlang:convert_time_unit(erlang:monotonic_time() - T, native, millisecond),
    say(if Ms >= 20 -> "not early"; true -> "early" end),
    nothing().

timer_zero() ->
    send_after(0, self(), 1),
    show().

timer_order() ->
    send_after(60, self(), 1),
    send_after(10, self(), 2),
    show(), show().

timer_to_another() ->
    A = make(a),
    send_after(5, A, 1),
    in(A, fun() -> show() end).

timer_body() ->
    erlang:send_after(5, self(), {msg, 1, 7}),
    say("~p", [element(3, take())]).

timer_cancel() ->
    T = send_after(10000, self(), 1),
    Left = erlang:cancel_timer(T),
    say(if is_integer(Left), Left > 0, Left =< 10000 -> "within 10000"; true -> "never" end),
    self() ! {msg, 2},
    show(), nothing().

timer_cancel_twice() ->
    T = send_after(10000, self(), 1),
    cancel(T),
    cancel(T).

timer_cancel_fired() ->
    T = send_after(5, self(), 1),
    send_after(40, self(), 2),
    show(take_tag(2)),
    cancel(T),
    show().

timer_cancel_unknown() ->
    cancel(conform:monitor(make(a), m)).

timer_cancel_by_another() ->
    A = make(a),
    T = send_after(10000, self(), 1),
    in(A, fun() -> cancel(T) end),
    cancel(T).

timer_maker_dies() ->
    Me = self(),
    A = make(a),
    in(A, fun() -> send_after(30, Me, 1) end),
    finish(A),
    show().

timer_receiver_dies() ->
    A = make(a),
    T = send_after(10000, A, 1),
    finish(A),
    cancel(T).

timer_receiver_dead() ->
    A = gone(a),
    say("send_after: ~s", [word(fun() -> erlang:send_after(5, A, {msg, 1}) end)]).

start_timer(Ms, To) ->
    label(erlang:start_timer(Ms, To, data), t).

read(T) ->
    say("read: ~p", [case erlang:read_timer(T) of false -> false; _ -> left end]).

timer_start() ->
    self() ! {msg, 1},
    T = start_timer(5, self()),
    show(conform:take_ref(T)),
    show().

timer_start_cancel() ->
    cancel(start_timer(10000, self())),
    nothing().

timer_at() ->
    T = erlang:monotonic_time(millisecond) + 20,
    erlang:send_after(T, self(), {msg, 1}, [{abs, true}]),
    show(),
    Now = erlang:monotonic_time(millisecond),
    say(if Now >= T -> "not early"; true -> "early" end).

timer_at_past() ->
    erlang:send_after(erlang:monotonic_time(millisecond) - 1000, self(), {msg, 1}, [{abs, true}]),
    show().

timer_to_name() ->
    A = make(a), B = make(b),
    register(conform_timed, A),
    erlang:send_after(40, conform_timed, {msg, 1}),
    unregister(conform_timed),
    register(conform_timed, B),
    send_after(60, self(), 2),
    take_tag(2),
    in(A, fun() -> nothing() end),
    in(B, fun() -> show() end),
    finish(B).

timer_to_no_name() ->
    T = erlang:send_after(10000, conform_nobody, {msg, 1}),
    say("send_after: ok"),
    read(T),
    cancel(T).

timer_to_name_fires() ->
    T = erlang:send_after(5, conform_nobody, {msg, 1}),
    send_after(40, self(), 2),
    show(),
    read(T).

timer_to_name_dies() ->
    A = make(a),
    register(conform_timed, A),
    T = erlang:send_after(10000, conform_timed, {msg, 1}),
    finish(A),
    read(T).

timer_start_to_name() ->
    register(conform_timed, self()),
    start_timer(5, conform_timed),
    show().

timer_read() ->
    T = send_after(10000, self(), 1),
    [begin
         Left = erlang:read_timer(T),
         say(if is_integer(Left), Left > 0, Left =< 10000 -> "within 10000"; true -> "never" end)
     end || _ <- [1, 2]].

timer_read_ended() ->
    T = send_after(10000, self(), 1),
    U = send_after(1, self(), 1),
    erlang:cancel_timer(T),
    take(),
    read(T),
    read(U).
