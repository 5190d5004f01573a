#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hello -- the README's program answers, and ends with status 0 on SIGTERM and on ^C.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"
need nc netcat-openbsd

answers()
{
    [ "$(echo "hello, $1" | timeout 5 nc -N 127.0.0.1 "$1" 2>/dev/null)" = "hello, $1" ]
}

for signal in TERM INT; do
    server=''
    for _ in {1..20}; do # hello takes no port 0: one that somebody else has is tried again
        port=$((20000 + RANDOM % 10000))
        "$examples/hello" "127.0.0.1:$port" 2>"$scratch/err" &
        server=$!
        children+=("$server")
        until_true 2 answers "$port" && break
        kill "$server" 2>/dev/null || true
        server=''
    done
    [ "$server" ] || fail "hello does not answer"

    began=$(now_ms) status=0
    kill -"$signal" "$server"
    until_true 10 is_gone || fail "hello runs on after SIG$signal"
    wait "$server" || status=$?
    [ "$status" = 0 ] || fail "hello ended with status $status after SIG$signal"
    pass "hello answers, and ends $(($(now_ms) - began)) ms after SIG$signal"
done
