#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# client_killed -- kill -9 of a client with 5,000 connections open leaves no descriptor and no
# process with the server.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"

n=$(all_of 5000)
for workers in 1 4; do
    start --port 0 --workers "$workers"
    counts
    idle=$descriptors
    "$examples/echo_load" --connect "$where" --connections "$n" --seconds 100 \
        >/dev/null 2>"$scratch/progress" &
    load=$!
    children+=("$load")
    until_true 60 grep -q "connected $n of $n" "$scratch/progress" ||
        fail "$n connections did not come about: $(tail -n 3 "$scratch/progress")"
    counts
    [ "$connections" = "$n" ] || fail "$connections connections; $n were opened"

    began=$(now_ms)
    disown "$load" # bash need not tell of its death
    kill -KILL "$load"
    until_true 20 has_counts 0 2 "$idle" ||
        fail "left: $connections connections, $processes processes, $descriptors descriptors"
    pass "$n connections were gone $(($(now_ms) - began)) ms after the kill, workers $workers"
    stop
done
