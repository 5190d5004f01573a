%% SPDX-License-Identifier: Apache-2.0
-module(conform_supervisors).
-compile([export_all, nowarn_export_all]).
-import(conform, [say/1, say/2, word/1, make/1, in/2, tell/2, pid/1, who/1, label/2, take_ref/1,
                  show/1]).
-import(tree, [start/2, start/3, kid/1, kid/2, kid/3]).

to(Name, Message) ->
    pid(Name) ! Message.

wait_for(N) ->
    [receive started -> ok end || _ <- lists:seq(1, N)].

ended(_) ->
    receive {'EXIT', _, _} = M -> show(M) end.

ends(Sup, Why) ->
    exit(Sup, Why),
    ended(Sup).

%% In the order of the starts, which a node does not promise.
children(Sup) ->
    [say("child ~p ~p", [Id, who(P)])
     || {Id, P, _, _} <- lists:sort(supervisor:which_children(Sup))].

counts(Sup) ->
    C = supervisor:count_children(Sup),
    say("specs ~p active ~p supervisors ~p workers ~p",
        [proplists:get_value(K, C) || K <- [specs, active, supervisors, workers]]).

sup_order() ->
    ends(start(one_for_one, [kid(a), kid(b), kid(c)]), shutdown).

sup_one_for_one() ->
    start(one_for_one, [kid(a), kid(b), kid(c)]),
    to(b, fail),
    wait_for(1).

sup_one_for_all() ->
    start(one_for_all, [kid(a), kid(b), kid(c)]),
    to(b, fail),
    wait_for(3).

sup_rest_for_one() ->
    start(rest_for_one, [kid(a), kid(b), kid(c)]),
    to(b, fail),
    wait_for(2).

sup_permanent() ->
    start(one_for_one, [kid(a)]),
    to(a, finish),
    wait_for(1).

ends_as(Restart, Message) ->
    Sup = start(one_for_one, [kid(a, Restart), kid(b)]),
    M = conform:monitor(pid(a), m),
    to(a, Message),
    take_ref(M),
    to(b, fail),
    wait_for(1),
    children(Sup).

sup_transient_normal() ->
    ends_as(transient, finish).

sup_transient_failed() ->
    start(one_for_one, [kid(a, transient)]),
    to(a, fail),
    wait_for(1).

sup_temporary() ->
    ends_as(temporary, fail).

sup_temporary_sibling() ->
    Sup = start(one_for_all, [kid(a), kid(b, temporary), kid(c)]),
    to(a, fail),
    wait_for(2),
    children(Sup).

sup_intensity() ->
    Sup = start(one_for_one, 2, [kid(a), kid(b)]),
    to(a, fail), wait_for(1),
    to(a, fail), wait_for(1),
    to(a, fail),
    ended(Sup).

sup_intensity_zero() ->
    Sup = start(one_for_one, 0, [kid(a), kid(b)]),
    to(b, fail),
    ended(Sup).

sup_intensity_all() ->
    Sup = start(one_for_all, 1, [kid(a), kid(b)]),
    to(a, fail), wait_for(2),
    to(a, fail),
    ended(Sup).

sup_intensity_siblings() ->
    Sup = start(one_for_one, 1, [kid(a), kid(b)]),
    to(a, fail), wait_for(1),
    to(b, fail),
    ended(Sup).

sup_start_fails() ->
    Kids = [kid(a), kid(b), kid(c, permanent, cannot), kid(d)],
    say("start: ~s", [word(fun() -> start(one_for_one, Kids) end)]).

sup_ignore() ->
    children(start(one_for_one, [kid(a, permanent, ignores), kid(b, temporary, ignores), kid(c)])).

%% How `a`, with this specification, is ended by a call.
terminated(Kid) ->
    Sup = start(one_for_one, [Kid]),
    M = conform:monitor(pid(a), m),
    supervisor:terminate_child(Sup, a),
    show(take_ref(M)).

sup_brutal_kill() ->
    terminated((kid(a))#{shutdown => brutal_kill}).

sup_shutdown_timeout() ->
    terminated((kid(a, permanent, stubborn))#{shutdown => 20}).

sup_shutdown_plain() ->
    terminated(kid(a, permanent, plain)).

terminate(Sup, Id) ->
    say("terminate: ~s", [word(fun() -> supervisor:terminate_child(Sup, Id) end)]).

sup_terminate_child() ->
    Sup = start(one_for_one, [kid(a), kid(b)]),
    terminate(Sup, a),
    children(Sup).

sup_terminate_temporary() ->
    Sup = start(one_for_one, [kid(a, temporary)]),
    terminate(Sup, a),
    terminate(Sup, a).

sup_terminate_twice() ->
    Sup = start(one_for_one, [kid(a)]),
    terminate(Sup, a),
    terminate(Sup, a).

restart(Sup, Id) ->
    say("restart: ~s", [word(fun() -> supervisor:restart_child(Sup, Id) end)]).

sup_restart_child() ->
    Sup = start(one_for_one, [kid(a)]),
    restart(Sup, a),
    supervisor:terminate_child(Sup, a),
    restart(Sup, a),
    restart(Sup, z).

delete(Sup, Id) ->
    say("delete: ~s", [word(fun() -> supervisor:delete_child(Sup, Id) end)]).

sup_delete_child() ->
    Sup = start(one_for_one, [kid(a), kid(b)]),
    delete(Sup, a),
    supervisor:terminate_child(Sup, a),
    delete(Sup, a),
    delete(Sup, a),
    children(Sup).

add(Sup, Kid) ->
    say("start_child: ~s", [word(fun() -> supervisor:start_child(Sup, Kid) end)]).

sup_start_child() ->
    Sup = start(one_for_one, [kid(a)]),
    add(Sup, kid(b)),
    wait_for(1),
    ends(Sup, shutdown).

sup_start_child_twice() ->
    Sup = start(one_for_one, [kid(a)]),
    add(Sup, kid(a)),
    supervisor:terminate_child(Sup, a),
    add(Sup, kid(a)).

sup_start_child_fails() ->
    Sup = start(one_for_one, [kid(a)]),
    add(Sup, kid(b, permanent, cannot)),
    children(Sup).

sup_which_children() ->
    Sup = start(one_for_one, [kid(a), kid(b), kid(c)]),
    supervisor:terminate_child(Sup, b),
    children(Sup).

sup_count_children() ->
    Sup = start(one_for_one, [kid(a), kid(b)]),
    counts(Sup),
    supervisor:terminate_child(Sup, a),
    counts(Sup).

simple(How) ->
    process_flag(trap_exit, true),
    Flags = tree:flags(simple_one_for_one, 10),
    {ok, Sup} = supervisor:start_link(tree, {Flags, [kid(x, permanent, How)]}),
    label(Sup, sup).

dynamic(Sup, Name) ->
    {ok, P} = supervisor:start_child(Sup, [Name]),
    wait_for(1),
    P.

sup_simple() ->
    Sup = simple(plain),
    counts(Sup),
    [conform:monitor(dynamic(Sup, N), N) || N <- [a, b]],
    counts(Sup),
    exit(Sup, shutdown),
    [receive
         {'DOWN', _, process, _, shutdown} -> say("stop");
         {'DOWN', _, process, _, _} -> say("other")
     end || _ <- [1, 2]],
    ended(Sup).

sup_simple_restart() ->
    Sup = simple(plain),
    [dynamic(Sup, N) || N <- [a, b]],
    to(a, fail),
    wait_for(1).

sup_simple_terminate() ->
    Sup = simple(usual),
    P = dynamic(Sup, a),
    terminate(Sup, P),
    terminate(Sup, P),
    counts(Sup).

%% With auto_shutdown.
start_auto(Auto, Kids) ->
    start((tree:flags(one_for_one, 10))#{auto_shutdown => Auto}, 10, Kids).

significant(Name, Restart) ->
    (kid(Name, Restart))#{significant => true}.

sup_significant_any() ->
    Sup = start_auto(any_significant,
                     [kid(a), significant(b, transient), significant(c, transient)]),
    to(b, finish),
    ended(Sup).

sup_significant_all() ->
    Sup = start_auto(all_significant,
                     [kid(a), significant(b, temporary), significant(c, transient)]),
    M = conform:monitor(pid(b), m),
    to(b, fail),
    take_ref(M),
    to(a, fail),
    wait_for(1),
    to(c, finish),
    ended(Sup).

sup_significant_restarted() ->
    Sup = start_auto(any_significant, [significant(a, transient)]),
    to(a, fail),
    wait_for(1),
    to(a, finish),
    ended(Sup).

sup_significant_terminated() ->
    Sup = start_auto(any_significant, [significant(a, transient), kid(b)]),
    supervisor:terminate_child(Sup, a),
    children(Sup).

check(Kids, Auto) ->
    say("check: ~s", [case supervisor:check_childspecs(Kids, Auto) of
                          ok -> "ok";
                          {error, {duplicate_child_name, _}} -> "duplicate_child_name";
                          {error, _} -> "error"
                      end]).

sup_significant_permanent() ->
    check([significant(a, permanent)], any_significant),
    check([significant(a, transient)], any_significant).

sup_significant_never() ->
    check([significant(a, transient)], never).

sup_two_ids() ->
    check([kid(a), kid(a)], never).

sup_parent_dies() ->
    P = make(p),
    Kids = [kid(a)],
    in(P, fun() ->
              {ok, Sup} = supervisor:start_link(tree, {tree:flags(one_for_one, 10), Kids}),
              label(Sup, sup)
          end),
    wait_for(1),
    M = conform:monitor(pid(sup), m),
    tell(P, fun() -> say("p died: user(1)"), exit({user, 1}) end),
    show(take_ref(M)).

sup_stranger() ->
    Sup = start(one_for_one, [kid(a)]),
    in(make(p), fun() -> exit(Sup, {user, 1}) end),
    children(Sup).

sup_killed() ->
    Sup = start(one_for_one, [kid(a, permanent, plain)]),
    M = conform:monitor(pid(a), m),
    ends(Sup, kill),
    show(take_ref(M)).

sup_child_killed() ->
    start(one_for_one, [kid(a)]),
    exit(pid(a), kill),
    wait_for(1).

sup_of_sups() ->
    process_flag(trap_exit, true),
    Inner = {supervisor, start_link, [tree, {tree:flags(one_for_one, 1), [kid(b)]}]},
    Kids = [kid(a), #{id => inner, start => Inner, type => supervisor}],
    {ok, _} = supervisor:start_link(tree, {tree:flags(one_for_one, 1), Kids}),
    wait_for(2),
    to(b, fail), wait_for(1),
    to(b, fail), wait_for(1).
