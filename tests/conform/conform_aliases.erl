%% SPDX-License-Identifier: Apache-2.0
-module(conform_aliases).
-compile([export_all, nowarn_export_all]).
-import(conform, [say/1, say/2, word/1, make/1, in/2, tell/2, died/1, ref/1, label/2, take_tag/1,
                  take_ref/1, show/0, show/1, nothing/0]).

from(P, Alias, Tag) ->
    in(P, fun() -> Alias ! {msg, Tag} end).

sends(P, Alias) ->
    in(P, fun() -> say("send: ~s", [word(fun() -> Alias ! {msg, 1} end)]) end).

end_alias(R) ->
    say("unalias: ~s", [word(fun() -> unalias(R) end)]).

watch(P, Kind) ->
    label(erlang:monitor(process, P, [{alias, Kind}]), m).

fail(P) ->
    tell(P, fun() -> exit({user, 1}) end).

alias_send() ->
    A = make(a),
    sends(A, alias()),
    show().

alias_order() ->
    Me = self(),
    A = make(a),
    R = alias(),
    in(A, fun() -> Me ! {msg, 1}, R ! {msg, 2}, Me ! {msg, 3} end),
    show(), show(), show().

alias_ended() ->
    A = make(a),
    R = alias(),
    end_alias(R),
    sends(A, R),
    nothing().

alias_ended_twice() ->
    R = alias(),
    end_alias(R),
    end_alias(R).

alias_received() ->
    A = make(a),
    R = alias(),
    from(A, R, 1),
    unalias(R),
    from(A, R, 2),
    show(), nothing().

alias_foreign() ->
    A = make(a),
    R = alias(),
    in(A, fun() -> end_alias(R) end),
    from(A, R, 1),
    show().

alias_independent() ->
    A = make(a),
    R = alias(),
    S = alias(),
    unalias(R),
    from(A, R, 1),
    from(A, S, 2),
    show(), nothing().

alias_of_dead() ->
    Me = self(),
    A = make(a),
    in(A, fun() -> Me ! {msg, 1, alias()} end),
    {msg, 1, R} = take_tag(1),
    tell(A, fun() -> exit(normal) end),
    died(A),
    say("send: ~s", [word(fun() -> R ! {msg, 1} end)]).

alias_once() ->
    A = make(a),
    R = alias([reply]),
    from(A, R, 1),
    from(A, R, 2),
    show(), nothing(),
    end_alias(R).

alias_reply_demonitor() ->
    A = make(a),
    R = watch(A, reply_demonitor),
    from(A, R, 1),
    from(A, R, 2),
    show(), nothing(),
    fail(A),
    died(A), nothing().

alias_reply_demonitor_down() ->
    A = make(a), B = make(b),
    R = watch(A, reply_demonitor),
    fail(A),
    show(take_ref(R)),
    died(A),
    from(B, R, 1),
    nothing().

alias_demonitor() ->
    A = make(a),
    R = watch(A, demonitor),
    from(A, R, 1),
    from(A, R, 2),
    show(), show(),
    demonitor(R),
    from(A, R, 3),
    nothing().

alias_demonitor_down() ->
    A = make(a), B = make(b),
    R = watch(A, demonitor),
    fail(A),
    take_ref(ref(a)),
    show(take_ref(R)),
    from(B, R, 1),
    nothing().

alias_explicit() ->
    A = make(a), B = make(b),
    R = watch(A, explicit_unalias),
    S = label(erlang:monitor(process, A, [{alias, explicit_unalias}]), n),
    demonitor(R),
    from(B, R, 1),
    show(),
    fail(A),
    take_ref(ref(a)),
    show(),
    from(B, S, 2),
    show(),
    end_alias(S),
    from(B, S, 3),
    nothing().

alias_unalias_keeps_monitor() ->
    A = make(a),
    R = watch(A, demonitor),
    unalias(R),
    from(A, R, 1),
    nothing(),
    fail(A),
    show(take_ref(R)).
