%% SPDX-License-Identifier: Apache-2.0
%% serve.erl -- the server of the twins of servers_cases.cc: {Total, Kept, Helper}.
-module(serve).
-behaviour(gen_server).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, handle_continue/2, terminate/2]).
-import(conform, [say/1, say/2, reason/1, note/1, tell/2]).

init({How, Helper}) ->
    say("init"),
    S = {0, none, Helper},
    case How of
        usual -> {ok, S};
        trapping -> process_flag(trap_exit, true), {ok, S};
        continues -> {ok, S, {continue, 0}};
        cannot -> {stop, einval};
        ignore -> ignore
    end.

handle_call({add, N}, _, {T, K, H}) -> {reply, T + N, {T + N, K, H}};
handle_call(later, From, {T, _, H}) -> {noreply, {T, From, H}};
handle_call(elsewhere, From, {_, _, H} = S) ->
    tell(H, fun() -> gen_server:reply(From, 9) end),
    {noreply, S};
handle_call(stop, _, {T, _, _} = S) -> {stop, normal, T, S};
handle_call(die, _, _) -> exit({user, 1}).

handle_cast({add, N}, {T, K, H}) ->
    say("cast: ~p", [T + N]),
    {noreply, {T + N, K, H}};
handle_cast(later, {T, From, _} = S) ->
    gen_server:reply(From, T),
    {noreply, S};
handle_cast(stop, S) -> {stop, normal, S};
handle_cast(break, S) -> {stop, {einval, []}, S};
handle_cast({again, N}, S) ->
    say("cast"),
    {noreply, S, {continue, N}};
handle_cast({idle, 0}, S) ->
    self() ! awake,
    {noreply, S, 0};
handle_cast({idle, Ms}, S) -> {noreply, S, Ms}.

handle_info(timeout, S) -> say("info timeout()"), {noreply, S};
handle_info(M, S) -> say("info ~s", [note(M)]), {noreply, S}.

handle_continue(N, S) ->
    say("continue ~p", [N]),
    case N of
        2 -> {noreply, S, {continue, 3}};
        _ -> {noreply, S}
    end.

terminate(Why, _) ->
    say("terminate: ~s", [reason(Why)]).
