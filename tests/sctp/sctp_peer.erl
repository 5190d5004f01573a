%% SPDX-License-Identifier: Apache-2.0
%% sctp_peer.erl -- Erlang's side of a talk by SCTP, by its module gen_sctp.
%%
%%     erl -noshell -run sctp_peer start serve inet|inet6
%%         sends back what comes, on the stream that it came on, until it is killed; prints
%%         "listening on HOST:PORT"
%%     erl -noshell -run sctp_peer start ask HOST FILE PORT...
%%         sends each line of the file to each port, on one stream after the other, and compares
%%         what comes back; prints "N ok" each time
-module(sctp_peer).
-export([start/1]).
-include_lib("kernel/include/inet_sctp.hrl").

-define(PATIENCE, 30000).

start(Args) ->
    %% Whatever goes wrong ends the node at once, with a word about it.
    try run(Args) of
        _ -> halt(0)
    catch
        C:R:S ->
            io:format(standard_error, "~p ~p ~p~n", [C, R, S]),
            halt(1)
    end.

run(["serve", Family]) ->
    F = list_to_atom(Family),
    {S, IP} = open(F),
    ok = gen_sctp:listen(S, true),
    {ok, Port} = inet:port(S),
    io:format(case F of inet -> "listening on ~s:~p~n"; inet6 -> "listening on [~s]:~p~n" end,
              [inet:ntoa(IP), Port]),
    serve(S);
run(["ask", Host, File | Ports]) ->
    {ok, IP} = inet:parse_address(Host),
    Family = case IP of {_, _, _, _} -> inet; _ -> inet6 end,
    {ok, Bytes} = file:read_file(File),
    Lines = binary:split(Bytes, <<"\n">>, [global, trim]),
    [ask_all(Family, IP, list_to_integer(Port), Lines) || Port <- Ports].

ask_all(Family, IP, Port, Lines) ->
    {S, _} = open(Family),
    {ok, #sctp_assoc_change{state = comm_up, assoc_id = Id, outbound_streams = N}} =
        gen_sctp:connect(S, IP, Port, [], ?PATIENCE),
    [ask(S, Id, I rem N, L) || {I, L} <- lists:zip(lists:seq(1, length(Lines)), Lines)],
    ok = gen_sctp:eof(S, #sctp_assoc_change{assoc_id = Id}),
    io:format("~p ok~n", [length(Lines)]).

loopback(inet) -> {127, 0, 0, 1};
loopback(inet6) -> {0, 0, 0, 0, 0, 0, 0, 1}.

open(F) ->
    {ok, S} = gen_sctp:open([F, binary, {ip, loopback(F)}, {active, false}]),
    {S, loopback(F)}.

serve(S) ->
    case gen_sctp:recv(S) of
        {ok, {_, _, [#sctp_sndrcvinfo{assoc_id = Id, stream = Stream}], Data}} when is_binary(Data) ->
            ok = gen_sctp:send(S, Id, Stream, Data);
        {ok, {_, _, _, _Event}} ->
            ok
    end,
    serve(S).

ask(S, Id, Stream, Line) ->
    ok = gen_sctp:send(S, Id, Stream, Line),
    Line = answer(S).

answer(S) ->
    case gen_sctp:recv(S, ?PATIENCE) of
        {ok, {_, _, _, Data}} when is_binary(Data) -> Data;
        {ok, {_, _, _, _Event}} -> answer(S)
    end.
