%% SPDX-License-Identifier: Apache-2.0
-module(conform_servers).
-compile([export_all, nowarn_export_all]).
-import(conform, [say/1, say/2, word/1, reason/1, make/1, in/2, tell/2, sync/1, pid/1, gone/1,
                  who/1, label/2, trap/0, take_tag/1, take_ref/1, show/0, show/1, nothing/0]).

start(How) ->
    start(How, none).

start(How, Helper) ->
    {ok, S} = gen_server:start(serve, {How, Helper}, []),
    started(S).

start_link(How) ->
    {ok, S} = gen_server:start_link(serve, {How, none}, []),
    started(S).

started(S) ->
    say("started"),
    label(S, s).

start_named(How) ->
    say("start: ~s", [word(fun() -> gen_server:start({local, conform_s}, serve, {How, none}, [])
                           end)]).

ask(S, Request) ->
    ask(S, Request, 30000).

ask(S, Request, Timeout) ->
    try say("reply ~p", [gen_server:call(S, Request, Timeout)])
    catch
        exit:{calling_self, _} -> say("call: calling_self");
        exit:{Why, _} -> say("call: ~s", [reason(Why)])
    end.

post(S, Request) ->
    gen_server:cast(S, Request).

server_init() ->
    start(usual).

server_call() ->
    S = start(usual),
    ask(S, {add, 1}),
    ask(S, {add, 2}),
    nothing().

server_cast_before_call() ->
    S = start(usual),
    post(S, {add, 5}),
    ask(S, {add, 1}).

server_info() ->
    S = start(usual),
    S ! {msg, 50},
    ask(S, {add, 0}).

server_in_order() ->
    S = start(usual),
    post(S, {add, 1}),
    S ! {msg, 50},
    post(S, {add, 2}),
    S ! {msg, 51},
    ask(S, {add, 0}).

server_init_fails() ->
    start_named(cannot),
    say("~p", [who(whereis(conform_s))]).

server_init_ignores() ->
    start_named(ignore),
    say("~p", [who(whereis(conform_s))]).

server_name_taken() ->
    start_named(usual),
    start_named(usual).

server_call_name() ->
    register(conform_s, start(usual)),
    ask(conform_s, {add, 1}).

server_call_no_name() ->
    ask(conform_nobody, {add, 1}).

server_call_dead() ->
    ask(gone(a), {add, 1}).

server_call_self() ->
    ask(self(), {add, 1}).

server_call_dies() ->
    S = start(usual),
    ask(S, die),
    nothing().

server_call_timeout() ->
    S = start(usual),
    ask(S, later, 10),
    post(S, later),
    ask(S, {add, 0}),
    nothing().

server_reply_later() ->
    A = make(a), B = make(b),
    S = start(usual),
    tell(A, fun() -> ask(S, later) end),
    timer:sleep(30),
    in(B, fun() -> ask(S, {add, 5}) end),
    post(S, later),
    sync(A).

server_reply_elsewhere() ->
    ask(start(usual, make(h)), elsewhere).

%% Whether the caller or terminate is first is left to chance.
server_reply_and_stop() ->
    S = start(usual),
    M = conform:monitor(S, m),
    N = gen_server:call(S, stop),
    D = take_ref(M),
    say("reply ~p", [N]),
    show(D).

server_future() ->
    S = start(usual),
    L = [gen_server:send_request(S, {add, N}) || N <- [1, 2]],
    [begin {reply, N} = gen_server:receive_response(R, infinity), say("reply ~p", [N]) end
     || R <- L].

server_cast_dead() ->
    A = gone(a),
    say("cast: ~s", [word(fun() -> post(A, {add, 1}) end)]).

server_cast_no_name() ->
    say("cast: ~s", [word(fun() -> post(conform_nobody, {add, 1}) end)]).

server_stop() ->
    S = start(usual),
    conform:monitor(S, m),
    post(S, stop),
    show().

server_stop_error() ->
    S = start(usual),
    conform:monitor(S, m),
    post(S, break),
    show().

server_stop_from_outside() ->
    S = start(usual),
    conform:monitor(S, m),
    post(S, {add, 1}),
    say("stop: ~s", [word(fun() -> gen_server:stop(S, {user, 1}, infinity) end)]),
    show().

server_stop_dead() ->
    A = gone(a),
    say("stop: ~s", [word(fun() -> gen_server:stop(A) end)]).

parent(Fun) ->
    P = make(p),
    in(P, fun() -> start_link(trapping) end),
    M = conform:monitor(pid(s), m),
    tell(P, Fun),
    show(take_ref(M)).

server_parent_dies() ->
    parent(fun() -> exit({user, 1}) end).

server_parent_ends() ->
    parent(fun() -> exit(normal) end).

server_stranger_dies() ->
    A = make(a),
    S = start_link(trapping),
    in(A, fun() -> exit(S, {user, 1}) end),
    ask(S, {add, 0}),
    unlink(S).

server_link_dies() ->
    trap(),
    post(start_link(usual), break),
    show().

server_continue() ->
    {ok, S} = gen_server:start(serve, {continues, none}, []),
    post(S, {add, 1}),
    ask(S, {add, 0}).

server_continue_cast() ->
    S = start(usual),
    post(S, {again, 1}),
    post(S, {add, 5}),
    ask(S, {add, 0}).

server_continue_chain() ->
    S = start(usual),
    post(S, {again, 2}),
    post(S, {add, 5}),
    ask(S, {add, 0}).

server_idle() ->
    S = start(usual),
    post(S, {idle, 10}),
    timer:sleep(40),
    gen_server:call(S, {add, 0}).

server_idle_ended() ->
    S = start(usual),
    post(S, {idle, 30}),
    post(S, {add, 1}),
    timer:sleep(60),
    ask(S, {add, 0}).

server_idle_zero() ->
    S = start(usual),
    post(S, {idle, 0}),
    gen_server:call(S, {add, 0}),
    ask(S, {add, 0}).
