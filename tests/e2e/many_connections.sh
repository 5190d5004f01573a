#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# many_connections -- 9,000 connections at once, each with a process on both sides: every byte
# comes back right, and nothing is left when they have gone.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"

n=$(all_of 9000)
for workers in 1 4; do
    start --port 0 --workers "$workers"
    counts
    idle=$descriptors
    "$examples/echo_load" --connect "$where" --connections "$n" --seconds 4 \
        --server-pid "$server" >"$scratch/table" 2>"$scratch/progress" &
    load=$!
    children+=("$load")
    until_true 60 grep -q "connected $n of $n" "$scratch/progress" ||
        fail "$n connections did not come about: $(tail -n 3 "$scratch/progress")"
    counts
    [ "$connections $processes" = "$n $((n + 2))" ] ||
        fail "$connections connections, $processes processes; $n were opened"

    wait "$load" || fail "echo_load ended with status $?: $(cat "$scratch/progress")"
    grep -q '^ *wrong *0$' "$scratch/table" || fail "$(cat "$scratch/table")"
    cat "$scratch/table"
    until_true 20 has_counts 0 2 "$idle" ||
        fail "left: $connections connections, $processes processes, $descriptors descriptors"
    stop
    pass "$n connections, workers $workers"
done
