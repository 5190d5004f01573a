#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hello -- the README's program answers, at a short address and at long ones, and ends with status
# 0 on SIGTERM and on ^C.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"
need nc netcat-openbsd

# answers NC-ARGUMENT...
answers()
{
    [ "$(echo "hello, $*" | timeout 5 nc -N "$@" 2>/dev/null)" = "hello, $*" ]
}

# try WHERE NC-ARGUMENT...: a hello at WHERE, which nc then reaches; sets server.
try()
{
    "$examples/hello" "$1" 2>"$scratch/err" &
    server=$!
    children+=("$server")
    shift
    until_true 2 answers "$@" && return
    kill "$server" 2>/dev/null || true
    return 1
}

# try_ports FORM NC-ARGUMENT...: the same with a free port. hello takes no port 0: one that
# somebody else has is tried again.
try_ports()
{
    local form=$1 port
    shift
    for _ in {1..20}; do
        port=$((20000 + RANDOM % 10000))
        # shellcheck disable=SC2059
        try "$(printf "$form" "$port")" "$@" "$port" && return
    done
    fail "hello does not answer at $form"
}

# end SIGNAL
end()
{
    local began status=0
    began=$(now_ms)
    kill -"$1" "$server"
    until_true 10 is_gone || fail "hello runs on after SIG$1"
    wait "$server" || status=$?
    [ "$status" = 0 ] || fail "hello ended with status $status after SIG$1"
    pass "hello answers, and ends $(($(now_ms) - began)) ms after SIG$1"
}

for signal in TERM INT; do
    try_ports 127.0.0.1:%d 127.0.0.1
    end "$signal"
done

path=$scratch/a-path-of-clearly-more-than-thirty-characters
try "unix:$path" -U "$path" || fail "hello does not answer at unix:$path"
end TERM

has_ipv6 || without_ipv6
try_ports '[0000:0000:0000:0000:0000:0000:0000:0001]:%d' -6 ::1
end TERM
