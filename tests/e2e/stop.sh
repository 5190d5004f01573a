#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# stop -- SIGTERM and SIGINT end the server with status 0 and within the drain time: idle, with
# peers that stay, under load, with a peer that does not read. What has arrived is answered.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"

# dial FD: a connection of this shell.
dial()
{
    eval "exec $1<>/dev/tcp/127.0.0.1/$port"
}

hang_up()
{
    eval "exec $1>&-"
}

has_answer()
{
    local line
    printf 'ping\n' >&"$1"
    read -r -t 5 line <&"$1" && [ "$line" = ping ]
}

for workers in 1 4; do
    for message_only in 0 1; do
        export KITH_MESSAGE_ONLY=$message_only
        cell="workers $workers, message-only $message_only"

        start --port 0 --workers "$workers"
        stop INT
        pass "idle, $cell: $took ms"

        start --port 0 --workers "$workers"
        for fd in {10..19}; do
            dial "$fd"
            has_answer "$fd" || fail "no echo"
        done
        stop TERM
        for fd in {10..19}; do
            ! read -r -t 5 -n 1 <&"$fd" || fail "a byte came out of nowhere"
            hang_up "$fd"
        done
        pass "peers that stay, $cell: $took ms"

        # The server sleeps while these arrive, some on connections it has not accepted yet;
        # the signal comes last.
        start --port 0 --workers "$workers"
        for fd in {10..14}; do
            dial "$fd"
            has_answer "$fd" || fail "no echo"
        done
        kill -STOP "$server"
        for fd in {15..19}; do
            dial "$fd"
        done
        for fd in {10..19}; do
            printf 'message %d\n' "$fd" >&"$fd"
        done
        kill -TERM "$server"
        kill -CONT "$server"
        for fd in {10..19}; do
            line=''
            read -r -t 5 line <&"$fd" || true
            [ "$line" = "message $fd" ] ||
                fail "what had arrived on connection $fd was not answered"
            hang_up "$fd"
        done
        stop CONT
        pass "what has arrived is answered, $cell"

        start --port 0 --workers "$workers"
        "$examples/echo_load" --connect "$where" --connections 500 --seconds 60 \
            >"$scratch/table" 2>"$scratch/progress" &
        load=$!
        children+=("$load")
        until_true 20 grep -q '500 connections' "$scratch/progress" || fail "no load"
        stop TERM
        ! wait "$load" || fail "the load has not seen that its connections were closed"
        grep -q '^ *wrong *0$' "$scratch/table" || fail "$(cat "$scratch/table")"
        pass "under load, $cell: $took ms"

        # It sends for ever and reads nothing: the server waits in its send.
        start --port 0 --workers "$workers" --drain 400
        dial 10
        timeout 30 cat /dev/zero >&10 2>/dev/null &
        deaf=$!
        children+=("$deaf")
        sleep 0.3
        stop TERM 600
        hang_up 10
        wait "$deaf" 2>/dev/null || true
        pass "a peer that does not read, $cell: $took ms"
    done
done
