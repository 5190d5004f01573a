#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# arguments -- what is wrong on the command line is said, with what to do about it.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"

# says STATUS TEXT COMMAND...: it ends with that status, and its output contains the text.
says()
{
    local status=$1 text=$2 got=0 said
    shift 2
    said=$(timeout 10 "$@" 2>&1) || got=$?
    [ "$got" = "$status" ] || fail "$* ended with status $got, not $status: $said"
    case $said in
    *"$text"*) ;;
    *) fail "$* did not say \"$text\" but: $said" ;;
    esac
}

server=$examples/echo_server load=$examples/echo_load

says 0 'usage: echo_server' "$server" --help
says 2 '--port is missing' "$server"
says 2 'no option --prot' "$server" --prot 7000
says 2 'limits: --port' "$server" --port 70000
says 2 'limits: --port' "$server" --port
says 2 'limits: --port' "$server" --port 80x
says 2 'limits: --buffer' "$server" --port 0 --buffer 0
says 2 'limits: --workers' "$server" --port 0 --workers -1
says 1 'a name will not do' "$server" --port 0 --address localhost
says 1 'give an --address of this machine' "$server" --port 0 --address 192.0.2.1
says 1 'no such file' "$server" --address "unix:$scratch/no/such/directory"

says 0 'usage: echo_load' "$load" --help
says 2 '--connect is missing' "$load"
says 2 'limits: --connections' "$load" --connect 127.0.0.1:1 --connections 0
says 1 'does the server run?' "$load" --connect 127.0.0.1:1
says 1 'does the server run?' "$load" --connect "unix:$scratch/nobody"

start --port 0
says 1 'give another --port' "$examples/echo_server" --port "$port"
says 1 'address already in use' "$examples/hello" "$where"
(
    ulimit -S -n 60
    says 1 'raise ulimit -n' "$load" --connect "$where" --connections 100 --seconds 1
)
stop
start --address "unix:$scratch/socket"
says 1 'remove the file' "$examples/echo_server" --address "unix:$scratch/socket"
stop
pass "all of them say what to do"
