%% SPDX-License-Identifier: Apache-2.0
%% tree.erl -- supervisors and children for the twins of supervisors_cases.cc.
-module(tree).
-behaviour(supervisor).
-export([init/1, start/2, start/3, flags/2, kid/1, kid/2, kid/3, start_kid/3, start_kid/4, kid_main/3]).
-import(conform, [say/1, say/2, label/2, reason/1]).

init({Flags, Kids}) ->
    {ok, {Flags, Kids}}.

flags(Strategy, Intensity) ->
    #{strategy => Strategy, intensity => Intensity, period => 100}.

start(Strategy, Kids) ->
    start(Strategy, 10, Kids).

start(Strategy, Intensity, Kids) when is_atom(Strategy) ->
    start(flags(Strategy, Intensity), Intensity, Kids);
start(Flags, _, Kids) ->
    process_flag(trap_exit, true),
    case supervisor:start_link(?MODULE, {Flags, Kids}) of
        {ok, Sup} ->
            label(Sup, sup),
            [receive started -> ok end || _ <- Kids],
            say("started"),
            Sup;
        {error, {shutdown, {failed_to_start_child, _, Why}}} ->
            {error, Why}
    end.

kid(Name) ->
    kid(Name, permanent).

kid(Name, Restart) ->
    kid(Name, Restart, usual).

kid(Name, Restart, How) ->
    #{id => Name, restart => Restart, start => {?MODULE, start_kid, [self(), How, Name]}}.

%% The pattern of simple_one_for_one has the name from start_child.
start_kid(Main, How, Name) ->
    proc_lib:start_link(?MODULE, kid_main, [Main, How, Name]).

start_kid(Main, How, _, Name) ->
    start_kid(Main, How, Name).

kid_main(Main, How, Name) ->
    process_flag(trap_exit, How =/= plain),
    case How of
        cannot ->
            say("cannot start ~p", [Name]),
            proc_lib:init_ack({error, einval});
        ignores ->
            say("ignore ~p", [Name]),
            Main ! started,
            proc_lib:init_ack(ignore);
        _ ->
            label(self(), Name),
            say("start ~p", [Name]),
            proc_lib:init_ack({ok, self()}),
            Main ! started,
            loop(How, Name)
    end.

loop(How, Name) ->
    receive
        fail -> exit({user, 1});
        finish -> ok;
        {'EXIT', _, _} when How =:= stubborn -> loop(How, Name);
        {'EXIT', _, Why} -> say("stop ~p: ~s", [Name, reason(Why)]), exit(Why)
    end.
