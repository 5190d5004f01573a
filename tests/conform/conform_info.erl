%% SPDX-License-Identifier: Apache-2.0
-module(conform_info).
-compile([export_all, nowarn_export_all]).
-import(conform, [say/1, say/2, word/1, make/1, in/2, sync/1, gone/1, label/2, links/0, take/0,
                  take_tag/1, show/0, nothing/0]).

about(P, What) ->
    {What, V} = process_info(P, What),
    V.

info_self() ->
    say("~p", [about(self(), status)]).

wait_until(P, Status) ->
    about(P, status) =:= Status orelse begin erlang:yield(), wait_until(P, Status) end.

info_waiting() ->
    A = make(a),
    sync(A),
    wait_until(A, waiting),
    say("waiting").

info_dead() ->
    A = gone(a),
    say("process_info: ~s", [word(fun() -> process_info(A) end)]).

info_queue() ->
    A = make(a),
    [A ! {msg, I} || I <- [1, 2, 3]],
    in(A, fun() ->
              say("~p", [about(self(), message_queue_len)]),
              take(),
              say("~p", [about(self(), message_queue_len)])
          end).

info_links() ->
    A = make(a), B = make(b), C = make(c),
    in(A, fun() -> link(B) end),
    in(C, fun() -> link(A) end),
    in(A, fun() -> say("~p", [links()]) end),
    in(C, fun() -> unlink(A) end),
    in(A, fun() -> say("~p", [links()]) end).

info_links_of_another() ->
    A = make(a), B = make(b),
    in(A, fun() -> link(B) end),
    say("~p", [length(about(A, links))]).

info_monitors_of_another() ->
    Me = self(),
    A = make(a), B = make(b),
    in(A, fun() ->
              Me ! {msg, 1, conform:monitor(B, m)},
              conform:monitor(B, n)
          end),
    say("~p", [length(about(A, monitors))]),
    {msg, 1, M} = take_tag(1),
    in(A, fun() -> demonitor(M) end),
    say("~p", [length(about(A, monitors))]).

socket(_) ->
    {ok, S} = socket:open(inet, stream),
    S.

socket_demonitor() ->
    S = socket(ok),
    M = socket:monitor(S),
    socket:cancel_monitor(M),
    socket:close(S),
    nothing().
