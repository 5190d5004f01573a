#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bank -- ring and bank do what they say: all fall with one, and not a cent is missing.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"

for workers in 1 4; do
    out=$(KITH_WORKERS=$workers timeout 60 "$examples/ring" 1000 100) || fail "ring: $out"
    grep -q '1000 processes, 100 rounds, 100000 hops' <<<"$out" || fail "ring says: $out"
    grep -q 'the ring fell, the first of reason killed' <<<"$out" || fail "ring says: $out"

    out=$(KITH_WORKERS=$workers timeout 60 "$examples/bank" --seed "$RANDOM" 2>&1) ||
        fail "bank: $out"
    [[ $out =~ ^transfers\ ([0-9]+)\ refused\ ([0-9]+)\ timeouts\ ([0-9]+)\ total\ 50000\ of\ 50000$ ]] ||
        fail "bank says: $out"
    [ $((BASH_REMATCH[1] + BASH_REMATCH[2])) = 4000 ] || fail "bank lost transfers: $out"
    [ "${BASH_REMATCH[2]}" -gt 0 ] || fail "bank refused none: $out"
    [ "${BASH_REMATCH[3]}" -gt 0 ] || fail "bank had no timeout: $out"
    pass "$workers workers: $out"
done
for program in ring bank; do
    "$examples/$program" --help | grep -q '^usage:' || fail "$program has no --help"
    status=0
    "$examples/$program" --nonsense x >/dev/null 2>&1 || status=$?
    [ "$status" = 2 ] || fail "$program takes nonsense: status $status"
done
