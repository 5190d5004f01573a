#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# full -- out of descriptors the server says so, serves those it has, uses no processor time,
# and takes the next connection when one has gone.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"

LIMIT=40 FIRST=100 LAST=159

# Hundredths of a second that the server has used so far.
cpu()
{
    local stat
    read -r stat <"/proc/$server/stat"
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    printf '%d' $((${12} + ${13}))
}

answered()
{
    local fd n=0 line
    for fd in "$@"; do
        if read -r -t 0.02 line <&"$fd" && [ "$line" = ping ]; then
            n=$((n + 1))
        fi
    done
    printf '%d' "$n"
}

for message_only in 0 1; do
    export KITH_MESSAGE_ONLY=$message_only
    limit=$(ulimit -S -n)
    ulimit -S -n "$LIMIT"
    start --port 0 --workers 2
    ulimit -S -n "$limit"

    for ((fd = FIRST; fd <= LAST; fd++)); do
        eval "exec $fd<>/dev/tcp/127.0.0.1/$port"
        printf 'ping\n' >&"$fd"
    done
    until_true 5 grep -q 'too many open files' "$scratch/err" || fail "it does not say it is full"
    mapfile -t all < <(seq "$FIRST" "$LAST")
    first=$(answered "${all[@]}")
    if [ "$first" -le 10 ] || [ "$first" -ge "$LIMIT" ]; then
        fail "$first connections were answered"
    fi

    before=$(cpu)
    sleep 1
    used=$(($(cpu) - before))
    [ "$used" -le 10 ] || fail "it used ${used}0 ms of processor time in a second of waiting"

    # As many as there is room for, and none of those that were served.
    keep=$((first < 30 ? first : 60 - first))
    for ((fd = FIRST; fd <= LAST - keep; fd++)); do
        eval "exec $fd>&-"
    done
    mapfile -t rest < <(seq $((LAST - keep + 1)) "$LAST")
    second=0
    for _ in {1..20}; do
        second=$((second + $(answered "${rest[@]}")))
        [ "$second" -lt "$keep" ] || break
    done
    [ "$second" = "$keep" ] || fail "$second of $keep were answered when the others had gone"
    grep -c 'too many open files' "$scratch/err" >"$scratch/said"
    [ "$(cat "$scratch/said")" -le $((60 - keep)) ] || fail "it says $(cat "$scratch/said") times that it is full"
    for fd in "${rest[@]}"; do
        eval "exec $fd>&-"
    done
    stop
    pass "message-only $message_only: $first at first, $second later, ${used}0 ms of processor time"
done
