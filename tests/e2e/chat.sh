#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# chat -- rooms, and a reader who takes nothing: the room goes on, and later it is told what it
# has missed.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"

lines=2000 # of 370 bytes: more than all buffers between room and reader hold

# start: a chat at a free port; sets server and port.
start()
{
    for _ in {1..20}; do
        port=$((20000 + RANDOM % 10000))
        "$examples/chat" "127.0.0.1:$port" 2>"$scratch/err" &
        server=$!
        children+=("$server")
        until_true 5 connects && return
    done
    fail "chat does not listen"
}

connects()
{
    (exec 9<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null
}

# expect FD WORDS: reads lines until one has the words.
expect()
{
    local line
    while IFS= read -r -t 20 -u "$1" line; do
        [[ $line != *"$2"* ]] || return 0
    done
    fail "nobody said \"$2\"; the last was \"$line\""
}

start
exec 3<>"/dev/tcp/127.0.0.1/$port" 4<>"/dev/tcp/127.0.0.1/$port"
printf '/nick slow\n/join tea\n' >&4
expect 4 'slow: has come'
printf '/nick ann\n/join tea\n' >&3
expect 3 'ann: has come'
expect 3 '2 here: slow ann'
printf '/who\n' >&3
expect 3 '2 here: slow ann'

# Ann hears each of her own lines while the other does not read.
printf -v padding '%360s' ''
began=$(now_ms)
for ((i = 0; i < lines; i++)); do
    printf 'line %d%s\n' "$i" "$padding" >&3
    IFS= read -r -t 20 -u 3 line || fail "the room stands still at line $i"
    [[ $line = "ann: line $i "* ]] || fail "line $i came as \"${line:0:40}\""
done
pass "$lines lines went round in $(($(now_ms) - began)) ms beside a reader who takes nothing"
# What was dropped shows by the number of the next line that finds room.
expect 4 'you missed' &
reader=$!
for ((i = 0; i < 200; i++)); do
    kill -0 $reader 2>/dev/null || break
    printf 'more\n' >&3
    expect 3 'ann: more'
    sleep 0.05
done
wait $reader || fail "nobody tells the slow reader"
pass "the slow reader is told how much it missed"

printf '/leave\n/who\n' >&3
expect 3 'you are in no room'
printf '/dance\n' >&3
expect 3 '/nick NAME'
printf '/join tea\n' >&3
expect 3 '2 here: slow ann'
exec 4>&-
expect 3 'slow: has gone'
printf '/quit\n' >&3
kill -TERM "$server"
status=0
wait "$server" || status=$?
[ "$status" = 0 ] || fail "chat ended with status $status"
pass "who goes is seen to go, and SIGTERM ends it"
