#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# peers -- an Erlang node talks to programs of kith and they to it: by its modules socket, gen_tcp
# and gen_udp, over IPv4, IPv6 and local addresses, with half close, megabytes, long datagrams.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"
need erl erlang-base
need erlc erlang-base

erlc -o "$scratch" "$(dirname "$0")/talk.erl" >"$scratch/erlc" 2>&1 ||
    fail "$(cat "$scratch/erlc")"
node=(env "TALK_SCRATCH=$scratch" ERL_CRASH_DUMP=/dev/null erl -noshell -pa "$scratch" -run talk start)
head -c 3000000 /dev/urandom >"$scratch/stream"
head -c 40000 /dev/urandom >"$scratch/dgram"

# ---- Erlang asks ----

# asks WHAT TYPE FAMILY WHERE: both modules of the node get back what they send there.
asks()
{
    timeout 60 "${node[@]}" ask "$2" "$3" "${4#unix:}" "$scratch/$2" >"$scratch/said" 2>&1 ||
        fail "Erlang asks $1, $3: $(head -n 5 "$scratch/said")"
    [ "$(cat "$scratch/said")" = $'socket ok\ngen ok' ] ||
        fail "Erlang asks $1, $3: $(cat "$scratch/said")"
}

# from_erlang FAMILY HOST
from_erlang()
{
    local place="$2:0" service
    [ "$1" != local ] || place=unix:$scratch/a_relay

    start --port 0 --address "${2//[\[\]]/}"
    asks echo_server stream "$1" "$where"
    service=$server
    up relay "$place" "$where"
    asks 'echo_server by relay' stream "$1" "$where"
    down TERM
    server=$service
    : >"$scratch/err"
    stop

    [ "$1" != local ] || place=unix:$scratch/a_udp_echo
    up udp_echo "$place"
    asks udp_echo dgram "$1" "$where"
    down TERM
    pass "Erlang asks kith, $1"
}

# ---- Erlang serves ----

serves()
{
    [ "$(wc -l <"$scratch/node")" = 2 ]
}

# node_up TYPE FAMILY WHERE: sets at[socket] and at[gen].
declare -A at
node_up()
{
    : >"$scratch/node"
    "${node[@]}" serve "$@" >"$scratch/node" 2>"$scratch/err" &
    node_pid=$!
    children+=("$node_pid")
    until_true 20 serves || fail "the node does not serve $*"
    at[socket]=$(sed -n 's/^socket //p' "$scratch/node")
    at[gen]=$(sed -n 's/^gen //p' "$scratch/node")
}

node_down()
{
    kill -KILL "$node_pid"
    wait "$node_pid" 2>/dev/null || true
    [ ! -s "$scratch/err" ] || fail "the node complained"
}

# to_erlang FAMILY PLACE UNIX OTHER: kith puts the third before a path; the last is for datagrams.
to_erlang()
{
    local module own=() behind
    node_up stream "$1" "$2"
    for module in socket gen; do
        same "$scratch/stream" "$talk" "$3${at[$module]}"
        timeout 30 "$examples/echo_load" --connect "$3${at[$module]}" --connections 20 \
            --seconds 1 --size 20000 >"$scratch/load" 2>&1 ||
            fail "echo_load and Erlang's $module, $1: $(tail -n 3 "$scratch/load")"
        behind=127.0.0.1:0
        [ "$1" != local ] || behind=unix:$scratch/relay.$module
        up relay "$behind" "$3${at[$module]}"
        same "$scratch/stream" "$talk" "$where"
        down TERM
    done
    node_down

    node_up dgram "$1" "$4"
    for module in socket gen; do
        [ "$1" != local ] || own=(--own "unix:$scratch/own.$module")
        same "$scratch/dgram" "$talk" --dgram "${own[@]}" "$3${at[$module]}"
    done
    node_down
    pass "kith asks Erlang, $1"
}

from_erlang inet 127.0.0.1
from_erlang local "unix:$scratch/echo"
! has_ipv6 || from_erlang inet6 '[::1]'
to_erlang inet 127.0.0.1:0 '' 127.0.0.1:0
to_erlang local "$scratch/node" unix: "$scratch/node.dgram"
! has_ipv6 || to_erlang inet6 '[::1]:0' '' '[::1]:0'

# The reference page's client is answered by an Erlang node too.
node_up stream inet 127.0.0.1:0
for module in socket gen; do
    [ "$(timeout 10 "$examples/client" 127.0.0.1 "${at[$module]}")" = hello ] ||
        fail "the client has not got its hello of Erlang's $module"
done
node_down
pass "the reference page's client and Erlang"
has_ipv6 || without_ipv6
