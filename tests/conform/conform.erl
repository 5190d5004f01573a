%% SPDX-License-Identifier: Apache-2.0
%% conform.erl -- the same cases on a real node: what conform.cc is for the C programs.
%%
%% Each of the modules given on the command line has a function for each of its cases. It runs
%% in a process of its own and says lines; they are printed as "id: line".
%%
%%   erl -noshell -pa DIR -s conform main MODULE...
-module(conform).
-export([main/1]).
-export([say/1, say/2, word/1, reason/1, note/1, label/2, who/1]).
-export([make/1, make/2, in/2, tell/2, sync/1, died/1, lives/1, finish/1, gone/1, monitor/2]).
-export([links/0, monitors/0, trap/0, take/0, take_tag/1, take_ref/1, show/0, show/1, nothing/0, pid/1, ref/1]).

-define(LONG, 30000).
-define(SHORT, 30). % what has not come by then does not come

main(Modules) ->
    logger:set_primary_config(level, none),
    ets:new(said, [named_table, public, ordered_set]),
    ets:new(labels, [named_table, public]),
    [run(M, F) || M <- Modules, {F, 0} <- M:module_info(exports), F =/= module_info],
    halt(0).

%% What belongs to a case has its group leader: only that may say something, and it is gone when
%% the next case begins.
run(M, F) ->
    ets:delete_all_objects(said),
    ets:delete_all_objects(labels),
    Leader = spawn(fun() -> receive never -> ok end end),
    {Pid, Ref} = spawn_monitor(fun() -> in_case(Leader, M, F) end),
    receive
        {'DOWN', Ref, process, Pid, normal} -> ok;
        {'DOWN', Ref, process, Pid, Why} -> add(Leader, io_lib:format("the case died: ~p", [Why]))
    after 2 * ?LONG -> add(Leader, "the case does not end")
    end,
    Lines = lists:takewhile(fun(L) -> L =/= over end, [L || {{_, G}, L} <- ets:tab2list(said),
                                                            G =:= Leader]),
    [io:format("~s: ~s~n", [F, L]) || L <- Lines],
    clear(Leader),
    exit(Leader, kill).

in_case(Leader, M, F) ->
    group_leader(Leader, self()),
    label(self(), main),
    M:F(),
    add(Leader, over).

clear(Leader) ->
    case [P || P <- processes(), process_info(P, group_leader) =:= {group_leader, Leader}] of
        [] -> ok;
        Left -> [exit(P, kill) || P <- Left], erlang:yield(), clear(Leader)
    end.

%% ---- lines ----

say(Format) ->
    say(Format, []).

say(Format, Args) ->
    add(group_leader(), io_lib:format(Format, Args)).

add(Leader, Line) ->
    ets:insert(said, {{erlang:unique_integer([monotonic]), Leader}, Line}),
    ok.

%% The newest that has the name.
label(X, Name) ->
    [ets:delete(labels, Y) || {Y, N} <- ets:tab2list(labels), N =:= Name,
                              is_pid(X) =:= is_pid(Y)],
    ets:insert(labels, {X, Name}),
    X.

who(undefined) ->
    undefined;
who(X) ->
    case ets:lookup(labels, X) of
        [{X, Name}] -> Name;
        [] -> '?'
    end.

%% The pid, or the ref, that has a label.
pid(Name) ->
    hd([X || {X, N} <- ets:tab2list(labels), N =:= Name, is_pid(X)]).

ref(Name) ->
    hd([X || {X, N} <- ets:tab2list(labels), N =:= Name, is_reference(X)]).

%% What a call does: ok, or what it raises.
word(Fun) ->
    try Fun() of
        false -> "false";
        undefined -> "undefined";
        {error, {already_started, _}} -> "already_started";
        {error, {Why, Child}} when element(1, Child) =:= child -> reason(Why);
        {error, Why} -> reason(Why);
        ignore -> "ignore";
        _ -> "ok"
    catch
        exit:{calling_self, _} -> "calling_self";
        exit:{Why, {_, call, _}} -> reason(Why);
        _:Why -> reason(Why)
    end.

reason({user, N}) -> io_lib:format("user(~p)", [N]);
reason({Error, Stack}) when is_list(Stack) -> io_lib:format("error(~p)", [Error]);
reason(Why) -> io_lib:format("~p", [Why]).

note({msg, N}) -> io_lib:format("msg(~p)", [N]);
note({msg, N, _}) -> io_lib:format("msg(~p)", [N]);
note({'EXIT', P, Why}) -> io_lib:format("exit(~p, ~s)", [who(P), reason(Why)]);
note({'DOWN', R, process, _, Why}) -> io_lib:format("down(~p, ~s)", [who(R), reason(Why)]);
note({timeout, R, _}) -> io_lib:format("timeout(~p)", [who(R)]);
note(awake) -> "awake";
note(Other) -> io_lib:format("~p", [Other]).

%% ---- processes ----

make(Name) ->
    Master = self(),
    {Pid, Ref} = spawn_monitor(fun() -> obey(Master) end),
    label(Ref, Name),
    label(Pid, Name).

make(Name, trapping) ->
    P = make(Name),
    in(P, fun() -> trap() end),
    P.

obey(Master) ->
    receive
        {do, Fun, Answer} ->
            Fun(),
            Answer andalso (Master ! {done, self()}),
            obey(Master)
    end.

in(P, Fun) ->
    R = ref(who(P)),
    P ! {do, Fun, true},
    receive
        {done, P} -> ok;
        {'DOWN', R, process, P, Why} -> say("~p is dead: ~s", [who(P), reason(Why)])
    end.

tell(P, Fun) ->
    P ! {do, Fun, false},
    ok.

sync(P) ->
    in(P, fun() -> ok end).

died(P) ->
    {'DOWN', _, process, _, Why} = take_ref(ref(who(P))),
    say("~p died: ~s", [who(P), reason(Why)]).

lives(P) ->
    in(P, fun() -> say("~p lives", [who(self())]) end).

finish(P) ->
    exit(P, kill),
    take_ref(ref(who(P))),
    ok.

gone(Name) ->
    P = make(Name),
    finish(P),
    P.

monitor(P, Name) ->
    label(erlang:monitor(process, P), Name).

%% How many of its own the caller has.
links() ->
    {links, L} = process_info(self(), links),
    length(L).

monitors() ->
    {monitors, L} = process_info(self(), monitors),
    length(L).

%% ---- messages ----

trap() ->
    process_flag(trap_exit, true).

take() ->
    receive M -> M after ?LONG -> exit(nothing_came) end.

take_tag(Tag) ->
    receive
        {msg, Tag} = M -> M;
        {msg, Tag, _} = M -> M
    after ?LONG -> exit(nothing_came)
    end.

take_ref(Ref) ->
    receive M when element(2, M) =:= Ref -> M after ?LONG -> exit(nothing_came) end.

show() ->
    show(take()).

show(M) ->
    say("~s", [note(M)]).

nothing() ->
    receive M -> show(M) after ?SHORT -> say("nothing") end.
