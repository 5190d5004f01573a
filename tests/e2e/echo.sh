#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# echo -- nc and socat get their bytes back, over TCP on both families and over unix sockets, by
# a path and by an abstract name; with 1 and 4 workers, inline and message-only.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"
need nc netcat-openbsd
need socat socat

head -c 1048576 /dev/urandom >"$scratch/mebibyte"
head -c 50000 /dev/urandom >"$scratch/little"
file=$scratch/mebibyte

# same NAME COMMAND...: a client that gets the file as its input answers with the same.
same()
{
    local name=$1
    shift
    timeout 30 "$@" <"$file" >"$scratch/back" || fail "$name: status $?"
    cmp "$file" "$scratch/back" || fail "$name: other bytes came back"
    [ "$(echo hello | timeout 10 "$@")" = hello ] || fail "$name: no hello came back"
}

# socat shuts its sending side at the end of the input and waits up to 30 s for the rest.
for workers in 1 4; do
    for message_only in 0 1; do
        export KITH_MESSAGE_ONLY=$message_only

        start --port 0 --workers "$workers"
        same "nc" nc -N 127.0.0.1 "$port"
        same "socat TCP4" socat -t 30 - "TCP4:$where"
        stop

        if has_ipv6; then
            start --port 0 --workers "$workers" --address ::1
            same "nc -6" nc -N -6 ::1 "$port"
            same "socat TCP6" socat -t 30 - "TCP6:$where"
            stop
        fi

        start --workers "$workers" --address "unix:$scratch/socket"
        [ "$where" = "unix:$scratch/socket" ] || fail "it listens on $where"
        same "nc -U" nc -N -U "$scratch/socket"
        same "socat UNIX-CONNECT" socat -t 30 - "UNIX-CONNECT:$scratch/socket"
        stop
        [ ! -e "$scratch/socket" ] || fail "the socket's file is left behind"

        start --workers "$workers" --address "unix:@kith-e2e-$$"
        same "socat ABSTRACT-CONNECT" socat -t 30 - "ABSTRACT-CONNECT:kith-e2e-$$"
        stop

        for size in 1 100000; do
            start --port 0 --workers "$workers" --buffer "$size"
            [ "$size" != 1 ] || file=$scratch/little
            same "a buffer of $size" socat -t 30 - "TCP4:$where"
            file=$scratch/mebibyte
            stop
        done
        pass "workers $workers, message-only $message_only"
    done
done
has_ipv6 || without_ipv6
