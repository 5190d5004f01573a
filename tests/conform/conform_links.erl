%% SPDX-License-Identifier: Apache-2.0
-module(conform_links).
-compile([export_all, nowarn_export_all]).
-import(conform, [say/1, say/2, word/1, make/1, make/2, in/2, tell/2, sync/1, died/1, lives/1,
                  gone/1, ref/1, links/0, trap/0, take/0, take_tag/1, take_ref/1, show/0, show/1,
                  nothing/0]).

fail(P) ->
    tell(P, fun() -> exit({user, 1}) end).

say_links(ok) ->
    say("links ~p", [links()]).

take_exit(ok) ->
    receive {'EXIT', _, _} = M -> M end.

link_tells() ->
    A = make(a), B = make(b),
    in(A, fun() -> link(B) end),
    exit(A, {user, 1}),
    died(A), died(B).

link_both_ways() ->
    A = make(a), B = make(b),
    in(A, fun() -> link(B) end),
    fail(B),
    died(B), died(A).

link_trapped() ->
    A = make(a),
    trap(),
    link(A),
    fail(A),
    take_ref(ref(a)),
    show(), nothing().

link_twice() ->
    A = make(a),
    trap(),
    link(A), link(A),
    say_links(ok),
    fail(A),
    died(A), show(), nothing().

link_twice_unlink_once() ->
    A = make(a),
    trap(),
    link(A), link(A), unlink(A),
    say_links(ok),
    fail(A),
    died(A), nothing().

link_from_both() ->
    Me = self(),
    A = make(a),
    trap(),
    link(A),
    in(A, fun() -> link(Me) end),
    say_links(ok),
    fail(A),
    died(A), show(), nothing().

link_self() ->
    A = make(a, trapping),
    in(A, fun() -> say("link: ~s", [word(fun() -> link(self()) end)]), say_links(ok) end),
    fail(A),
    died(A).

link_dead_trapping() ->
    A = gone(a),
    trap(),
    say("link: ~s", [word(fun() -> link(A) end)]),
    show(), nothing(),
    say_links(ok).

link_dead_twice() ->
    A = gone(a),
    trap(),
    link(A), link(A),
    show(), show(), nothing().

link_dead_plain() ->
    A = gone(a),
    say("link: ~s", [word(fun() -> link(A) end)]),
    nothing().

unlink_then_death() ->
    A = make(a),
    trap(),
    link(A), unlink(A),
    fail(A),
    died(A), nothing().

unlink_plain() ->
    A = make(a), B = make(b),
    in(B, fun() -> link(A), unlink(A) end),
    fail(A),
    died(A), lives(B).

unlink_queued() ->
    A = make(a),
    trap(),
    link(A),
    fail(A),
    died(A),
    unlink(A),
    show(), nothing().

unlink_by_the_other() ->
    A = make(a), B = make(b),
    in(A, fun() -> link(B) end),
    in(B, fun() -> unlink(A) end),
    in(B, fun() -> say_links(ok) end),
    fail(A),
    died(A), lives(B).

unlink_crossed() ->
    A = make(a), B = make(b),
    in(A, fun() -> link(B) end),
    tell(A, fun() -> unlink(B) end),
    tell(B, fun() -> unlink(A) end),
    sync(A), sync(B),
    in(A, fun() -> say_links(ok) end),
    in(B, fun() -> say_links(ok) end).

unlink_none() ->
    A = make(a), B = gone(b),
    [say("~s", [word(fun() -> unlink(P) end)]) || P <- [A, self(), B]].

link_again() ->
    A = make(a),
    trap(),
    link(A), unlink(A), link(A),
    say_links(ok),
    fail(A),
    show(take_exit(ok)).

link_again_by_the_other() ->
    A = make(a), B = make(b),
    in(A, fun() -> link(B), unlink(B), B ! {msg, 1} end),
    in(B, fun() -> take(), link(A), A ! {msg, 1}, say_links(ok) end),
    in(A, fun() -> take(), say_links(ok) end).

link_gone_after_normal() ->
    A = make(a), B = make(b),
    in(B, fun() -> link(A) end),
    tell(A, fun() -> exit(normal) end),
    died(A),
    in(B, fun() -> say_links(ok) end),
    lives(B).

link_chain() ->
    A = make(a), B = make(b), C = make(c),
    in(B, fun() -> link(A), link(C) end),
    fail(A),
    died(A), died(B), died(C).

link_chain_ends() ->
    A = make(a), B = make(b, trapping), C = make(c),
    in(B, fun() -> link(A), link(C) end),
    fail(A),
    died(A),
    in(B, fun() -> show() end),
    lives(B), lives(C).

link_many() ->
    Me = self(),
    A = make(a),
    [spawn(fun() ->
               trap(), link(A), Me ! {msg, 1},
               {'EXIT', A, {user, 1}} = take(),
               Me ! {msg, 3}
           end) || _ <- lists:seq(1, 50)],
    [take_tag(1) || _ <- lists:seq(1, 50)],
    fail(A),
    died(A),
    say("~p heard", [length([take_tag(3) || _ <- lists:seq(1, 50)])]).

link_and_monitor() ->
    A = make(a),
    trap(),
    link(A),
    fail(A),
    show(take_exit(ok)),
    show(take_ref(ref(a))),
    nothing().

link_not_by_spawn() ->
    Child = spawn(fun() -> take(), exit({user, 1}) end),
    conform:monitor(Child, m),
    Child ! {msg, 1},
    show(),
    say_links(ok).
