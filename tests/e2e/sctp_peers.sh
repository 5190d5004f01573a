#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# sctp_peers -- an Erlang node talks to kith by SCTP and kith to it: one to one and one to many,
# over IPv4 and IPv6. Under a kernel that has SCTP.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"
need erl erlang-base
need erlc erlang-base

# Compiled here, where it is quick; the guest sees the file.
if [ -z "${KITH_PEER:-}" ]; then
    erlc -o "$scratch" tests/sctp/sctp_peer.erl >"$scratch/erlc" 2>&1 ||
        fail "$(cat "$scratch/erlc")"
    status=0
    KITH_PEER=$scratch tests/sctp/guest "$0" "$@" || status=$?
    exit "$status"
fi
node=(env ERL_CRASH_DUMP=/dev/null erl -noshell -pa "$KITH_PEER" -run sctp_peer start)
for i in $(seq 30); do
    printf 'message %d, and %s\n' "$i" "$(printf '%*s' $((i * 30)) '' | tr ' ' m)"
done >"$scratch/lines"

# listens COMMAND...: starts a server that says where it listens; sets where.
listens()
{
    : >"$scratch/out" >"$scratch/err"
    "$@" >"$scratch/out" 2>"$scratch/err" &
    children+=("$!")
    until_true 20 has_line || fail "$1 does not listen"
    where=$(sed -n 's/^listening on //p' "$scratch/out")
}

for family in inet inet6; do
    listens "${node[@]}" serve "$family"
    same "$scratch/lines" "$talk" --sctp "$where"
    same "$scratch/lines" "$talk" --sctp --many "$where"
    pass "kith asks Erlang, $family"

    host=127.0.0.1 place=127.0.0.1:0
    [ "$family" = inet ] || host=::1 place='[::1]:0'
    ports=()
    for kind in '' --many; do
        # shellcheck disable=SC2086
        listens "$talk" --serve --sctp $kind "$place"
        ports+=("${where##*:}")
    done
    timeout 60 "${node[@]}" ask "$host" "$scratch/lines" "${ports[@]}" >"$scratch/said" 2>&1 ||
        fail "Erlang asks kith, $family: $(head -n 5 "$scratch/said")"
    [ "$(cat "$scratch/said")" = $'30 ok\n30 ok' ] || fail "Erlang said: $(cat "$scratch/said")"
    pass "Erlang asks kith, $family"
done
