%% SPDX-License-Identifier: Apache-2.0
%% talk.erl -- Erlang's side of a talk with programs of kith, once by each of its modules.
%%
%%     erl -noshell -run talk start serve stream|dgram FAMILY ADDRESS
%%         echoes until it is killed; prints "socket HOST:PORT", "gen HOST:PORT"
%%     erl -noshell -run talk start ask stream|dgram FAMILY ADDRESS FILE
%%         sends the file and compares what comes back; prints "socket ok", "gen ok"
%%
%% FAMILY is inet, inet6 or local. ADDRESS is HOST:PORT, [HOST]:PORT or a path; a server adds
%% ".socket" and ".gen" to a path, and takes port 0.
-module(talk).
-export([start/1]).

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

run(["serve", Type, Family, Address]) ->
    F = list_to_atom(Family),
    [serve(M, list_to_atom(Type), F, place(F, Address)) || M <- [socket, gen]],
    timer:sleep(infinity);
run(["ask", Type, Family, Address, File]) ->
    F = list_to_atom(Family),
    {ok, Bytes} = file:read_file(File),
    [begin
         Bytes = ask(M, list_to_atom(Type), F, place(F, Address), Bytes),
         io:format("~p ok~n", [M])
     end || M <- [socket, gen]].

%% ---- addresses: {IP, Port} or a path ----

place(local, Path) -> Path;
place(_, Text) ->
    At = string:rchr(Text, $:),
    {ok, IP} = inet:parse_address(string:trim(lists:sublist(Text, At - 1), both, "[]")),
    {IP, list_to_integer(lists:nthtail(At, Text))}.

sockaddr(local, Path) -> #{family => local, path => Path};
sockaddr(F, {IP, Port}) -> #{family => F, addr => IP, port => Port}.

own_path() -> filename:join(os:getenv("TALK_SCRATCH"), "own." ++ integer_to_list(erlang:unique_integer([positive]))).

tell(M, local, Path) -> io:format("~p ~s~n", [M, Path]);
tell(M, inet, {IP, Port}) -> io:format("~p ~s:~p~n", [M, inet:ntoa(IP), Port]);
tell(M, inet6, {IP, Port}) -> io:format("~p [~s]:~p~n", [M, inet:ntoa(IP), Port]).

server_place(M, local, Path) -> Path ++ "." ++ atom_to_list(M);
server_place(_, _, {IP, _}) -> {IP, 0}.

%% ---- servers ----

serve(socket, Type, F, Place0) ->
    Place = server_place(socket, F, Place0),
    {ok, L} = socket:open(F, Type, default),
    ok = socket:bind(L, sockaddr(F, Place)),
    Type =:= stream andalso (ok = socket:listen(L)),
    {ok, Name} = socket:sockname(L),
    spawn_link(fun() -> serve_socket(Type, L) end),
    tell(socket, F, case Name of #{path := P} -> P; #{addr := A, port := N} -> {A, N} end);
serve(gen, stream, F, Place0) ->
    Place = server_place(gen, F, Place0),
    {Own, Port} = own(F, Place),
    {ok, L} = gen_tcp:listen(Port, [F, Own, binary, {active, false}, {exit_on_close, false},
                                    {backlog, 100}]),
    {ok, Name} = inet:sockname(L),
    spawn_link(fun() -> accept_gen(L) end),
    tell(gen, F, case Name of {local, P} -> P; _ -> Name end);
serve(gen, dgram, F, Place0) ->
    Place = server_place(gen, F, Place0),
    {Own, Port} = own(F, Place),
    Me = self(),
    spawn_link(fun() ->
        {ok, S} = gen_udp:open(Port, udp_options(F, Own)),
        {ok, Name} = inet:sockname(S),
        Me ! {name, Name},
        echo_gen_udp(S)
    end),
    receive {name, {local, P}} -> tell(gen, F, P); {name, Name} -> tell(gen, F, Name) end.

serve_socket(stream, L) ->
    {ok, S} = socket:accept(L),
    Pid = spawn(fun() -> receive go -> echo_socket(S) end end),
    ok = socket:setopt(S, {otp, controlling_process}, Pid),
    Pid ! go,
    serve_socket(stream, L);
serve_socket(dgram, S) ->
    {ok, {From, Data}} = socket:recvfrom(S, 65536),
    ok = socket:sendto(S, Data, From),
    serve_socket(dgram, S).

echo_socket(S) ->
    case socket:recv(S, 0) of
        {ok, Data} -> ok = socket:send(S, Data), echo_socket(S);
        {error, _} -> socket:close(S)
    end.

accept_gen(L) ->
    {ok, S} = gen_tcp:accept(L),
    Pid = spawn(fun() -> receive go -> echo_gen(S) end end),
    ok = gen_tcp:controlling_process(S, Pid),
    Pid ! go,
    accept_gen(L).

echo_gen(S) ->
    case gen_tcp:recv(S, 0) of
        {ok, Data} -> ok = gen_tcp:send(S, Data), echo_gen(S);
        {error, _} -> gen_tcp:close(S)
    end.

echo_gen_udp(S) ->
    {ok, {Host, Port, Data}} = gen_udp:recv(S, 0),
    ok = gen_udp:send(S, Host, Port, Data),
    echo_gen_udp(S).

own(local, Path) -> {{ifaddr, {local, Path}}, 0};
own(_, {IP, Port}) -> {{ip, IP}, Port}.

%% Lists, no binaries: gen_udp of OTP 25 fails on a binary that comes from a local address.
udp_options(F, Own) ->
    [F, Own, list, {active, false}, {buffer, 70000}, {recbuf, 200000}, {sndbuf, 200000}].

%% ---- clients: all bytes go while what comes back is read ----

ask(socket, stream, F, Place, Bytes) ->
    {ok, S} = socket:open(F, stream, default),
    ok = socket:connect(S, sockaddr(F, Place), ?PATIENCE),
    spawn_link(fun() ->
        ok = socket:send(S, Bytes, ?PATIENCE),
        ok = socket:shutdown(S, write)
    end),
    read(fun() -> socket:recv(S, 0, ?PATIENCE) end, []);
ask(gen, stream, F, Place, Bytes) ->
    {Host, Port} = case F of local -> {{local, Place}, 0}; _ -> Place end,
    {ok, S} = gen_tcp:connect(Host, Port, [F, binary, {active, false}, {exit_on_close, false}],
                              ?PATIENCE),
    spawn_link(fun() ->
        ok = gen_tcp:send(S, Bytes),
        ok = gen_tcp:shutdown(S, write)
    end),
    read(fun() -> gen_tcp:recv(S, 0, ?PATIENCE) end, []);
ask(socket, dgram, F, Place, Bytes) ->
    {ok, S} = socket:open(F, dgram, default),
    F =:= local andalso (ok = socket:bind(S, sockaddr(local, own_path()))),
    ok = socket:sendto(S, Bytes, sockaddr(F, Place), ?PATIENCE),
    {ok, {_, Back}} = socket:recvfrom(S, 65536, [], ?PATIENCE),
    Back;
ask(gen, dgram, F, Place, Bytes) ->
    {Host, Port} = case F of local -> {{local, Place}, 0}; _ -> Place end,
    Own = case F of local -> {ifaddr, {local, own_path()}}; _ -> {ip, any} end,
    {ok, S} = gen_udp:open(0, udp_options(F, Own)),
    ok = gen_udp:send(S, Host, Port, Bytes),
    {ok, {_, _, Back}} = gen_udp:recv(S, 0, ?PATIENCE),
    list_to_binary(Back).

read(Recv, Parts) ->
    case Recv() of
        {ok, Data} -> read(Recv, [Data | Parts]);
        {error, closed} -> iolist_to_binary(lists:reverse(Parts))
    end.
