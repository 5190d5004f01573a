%% SPDX-License-Identifier: Apache-2.0
-module(conform_limits).
-compile([export_all, nowarn_export_all]).
-import(conform, [show/0]).

limit_kill() ->
    Limit = {max_heap_size, #{size => 1000, kill => true, error_logger => false}},
    P = spawn_opt(fun() -> receive go -> lists:seq(1, 100000) end end, [Limit]),
    conform:monitor(P, m),
    P ! go,
    show().
