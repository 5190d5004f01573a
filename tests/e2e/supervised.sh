#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# supervised -- a tree whose members are killed a hundred times a second serves all the while,
# loses no request and leaves nothing behind. Eight seconds; sixty in the long form.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"

seconds=8
[ "${KITH_LONG:-}" != 1 ] || seconds=60

for workers in 2 4; do
    port=$((20000 + RANDOM % 10000))
    seed=${KITH_SEED:-$RANDOM}
    out=$(KITH_WORKERS=$workers timeout $((seconds + 60)) "$examples/supervised" --seconds "$seconds" \
        --seed "$seed" --where "127.0.0.1:$port" 2>"$scratch/err") ||
        fail "$workers workers, seed $seed: status $?: $out"
    last=$(tail -n 1 <<<"$out")
    [[ $last =~ ^kills\ ([0-9]+)\ restarts\ ([0-9]+)\ requests\ ([0-9]+)\ lost\ 0\ leaked\ 0$ ]] ||
        fail "$workers workers, seed $seed: the last line is: $last"
    # 100 a second; some find their victim dead already. Each that hits has a restart.
    [ "${BASH_REMATCH[1]}" -ge $((seconds * 60)) ] || fail "too few kills: $last"
    [ "${BASH_REMATCH[2]}" -ge "${BASH_REMATCH[1]}" ] || fail "too few restarts: $last"
    [ "${BASH_REMATCH[3]}" -ge $((seconds * 100)) ] || fail "too few requests: $last"
    pass "$workers workers, seed $seed: $last"
done
