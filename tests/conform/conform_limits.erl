%% SPDX-License-Identifier: Apache-2.0
-module(conform_limits).
-compile([export_all, nowarn_export_all]).
-import(conform, [say/2, word/1, take_ref/1, show/0]).

limit_kill() ->
    Limit = {max_heap_size, #{size => 1000, kill => true, error_logger => false}},
    P = spawn_opt(fun() -> receive go -> lists:seq(1, 100000) end end, [Limit]),
    conform:monitor(P, m),
    P ! go,
    show().

%% The node was started with +P 1024.
limit_processes() ->
    P = fill([]),
    say("spawn: ~s", [word(fun() -> spawn(fun() -> ok end) end)]),
    M = erlang:monitor(process, P),
    exit(P, kill),
    take_ref(M),
    say("spawn: ~s", [again(100)]).

fill(L) ->
    try spawn(fun() -> receive never -> ok end end) of
        P -> fill([P | L])
    catch
        error:system_limit -> hd(L)
    end.

%% Its place is free a moment after the news.
again(0) ->
    "no place";
again(N) ->
    case word(fun() -> spawn(fun() -> ok end) end) of
        "ok" -> "ok";
        _ -> erlang:yield(), again(N - 1)
    end.
