#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# socat -- socat's UDP, local datagrams and local records, and kith's, each asking the other.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"
need socat socat

for size in 0 1 1400 60000; do
    head -c "$size" /dev/urandom >"$scratch/$size"
done
seq 1 200 >"$scratch/records"

socat_listens()
{
    grep -q ' listening on ' "$scratch/socat"
}

# echoes ADDRESS: socat sends back what its first peer sends.
echoes()
{
    : >"$scratch/socat"
    timeout 30 socat -d -d -b 65000 "$1" PIPE >"$scratch/socat" 2>&1 &
    socat=$!
    children+=("$socat")
}

# ---- UDP ----

udp()
{
    local size host=$2
    for size in 0 1 1400 60000; do
        up udp_echo "$host:0"
        same "$scratch/$size" socat -b 65000 -t 1 - "UDP$1:$where"
        down TERM

        [ "$size" != 0 ] || continue # an empty one is the end for socat's pipe
        echoes "UDP$1-LISTEN:0,bind=$host"
        until_true 10 socat_listens || fail "socat does not listen: $(cat "$scratch/socat")"
        port=$(sed -n 's/.* listening on .*:\([0-9]*\)$/\1/p' "$scratch/socat")
        same "$scratch/$size" "$talk" --dgram "$host:$port"
        kill "$socat" 2>/dev/null || true
    done
    pass "UDP$1 with socat, both ways"
}

udp 4 127.0.0.1
! has_ipv6 || udp 6 '[::1]'

# ---- local datagrams ----

for size in 1 1400 60000; do
    up udp_echo "unix:$scratch/ours"
    same "$scratch/$size" socat -b 65000 -t 1 - "UNIX-SENDTO:$scratch/ours,bind=$scratch/mine"
    down TERM

    echoes "UNIX-RECVFROM:$scratch/theirs"
    until_true 10 test -S "$scratch/theirs" || fail "socat is not there"
    same "$scratch/$size" "$talk" --dgram --own "unix:$scratch/own" "unix:$scratch/theirs"
    rm -f "$scratch/ours" "$scratch/theirs" "$scratch/own" "$scratch/mine"
    wait "$socat" || fail "socat: $(tail -n 3 "$scratch/socat")"
done
pass "local datagrams with socat, both ways"

# ---- local records: socktype 5 is SOCK_SEQPACKET ----

echoes "UNIX-LISTEN:$scratch/theirs,socktype=5"
until_true 10 socat_listens || fail "socat does not listen: $(cat "$scratch/socat")"
same "$scratch/records" "$talk" --seqpacket "unix:$scratch/theirs"
wait "$socat" || fail "socat: $(tail -n 3 "$scratch/socat")"

"$talk" --serve "unix:$scratch/ours" >"$scratch/out" 2>"$scratch/err" &
children+=("$!")
until_true 10 has_line || fail "talk does not serve"
same "$scratch/60000" socat -b 65000 -t 1 - "UNIX-CONNECT:$scratch/ours,socktype=5"
wait "${children[-1]}" || fail "talk: $(cat "$scratch/err")"
pass "local records with socat, both ways"
has_ipv6 || without_ipv6
