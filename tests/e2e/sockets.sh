#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# sockets -- the small programs on sockets, with real peers: the reference page's client and
# server, datagrams, a relay under iperf3, open files that are passed, ping, a hand-over.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"
need nc netcat-openbsd
need socat socat
need iperf3 iperf3

families=(127.0.0.1)
! has_ipv6 || families+=('[::1]')

for host in "${families[@]}"; do
    up server "$host:0"
    [ "$(timeout 10 "$examples/client" "${host//[\[\]]/}" "$where")" = hello ] ||
        fail "the client has not got its hello at $where"
    down
    pass "the reference page's client and server at $host"

    up udp_echo "$host:0"
    for size in 0 1 1400 60000; do
        head -c "$size" /dev/zero | tr '\0' x >"$scratch/datagram"
        timeout 10 socat -b 65000 -t 1 - "UDP:$where" <"$scratch/datagram" >"$scratch/back" ||
            fail "socat to $where"
        cmp "$scratch/datagram" "$scratch/back" || fail "a datagram of $size to $where"
    done
    down INT
    pass "udp_echo at $host"
done

up udp_echo "unix:$scratch/dgram"
[ "$(echo hello | timeout 10 socat -t 1 - \
    "UNIX-SENDTO:$scratch/dgram,bind=$scratch/dgram.mine")" = hello ] ||
    fail "no hello over a local datagram"
down TERM
pass "udp_echo at a path"

# ---- relay ----

# Half close: the answer comes after the question has ended.
up echo_server --port 0
service=$where service_pid=$pid
head -c 3000000 /dev/urandom >"$scratch/file"
up relay 127.0.0.1:0 "$service"
for _ in 1 2 3; do
    timeout 30 nc -N 127.0.0.1 "$port" <"$scratch/file" >"$scratch/back" || fail "nc by relay"
    cmp "$scratch/file" "$scratch/back" || fail "the relay has changed the bytes"
done
down TERM
pid=$service_pid
kill -TERM "$pid"
wait "$pid" || fail "the service behind the relay"
pass "relay passes bytes and ends both ways"

iperf_port=$((20000 + RANDOM % 10000))
iperf3 -s -1 --forceflush -B 127.0.0.1 -p "$iperf_port" >"$scratch/iperf" 2>&1 &
iperf=$!
children+=("$iperf")
listens()
{
    grep -q 'Server listening' "$scratch/iperf"
}
until_true 10 listens || fail "iperf3 does not listen"
up relay 127.0.0.1:0 "127.0.0.1:$iperf_port"
timeout 30 iperf3 -c 127.0.0.1 -p "$port" -n 200M -P 4 --bidir >"$scratch/iperf.client" 2>&1 ||
    fail "iperf3 by relay: $(tail -n 3 "$scratch/iperf.client")"
down TERM
kill "$iperf" 2>/dev/null || true
pass "relay under iperf3, 4 streams each way"

# ---- descriptors, ping, hand-over ----

echo 'never opened there' >"$scratch/secret"
up fd_pass --serve "$scratch/passer" "$scratch/secret"
for _ in 1 2 3; do
    [ "$(timeout 10 "$examples/fd_pass" --get "$scratch/passer" 2>/dev/null)" = \
        'never opened there' ] || fail "the file did not come"
done
down TERM
[ ! -e "$scratch/passer" ] || fail "the socket's file is left behind"
pass "fd_pass"

for host in 127.0.0.1 $(has_ipv6 && echo ::1); do
    timeout 10 "$examples/ping" --count 3 --interval 10 "$host" >"$scratch/out" ||
        fail "ping $host: $(cat "$scratch/out")"
    grep -q '^3 sent, 3 answered$' "$scratch/out" || fail "ping $host: $(cat "$scratch/out")"
done
pass "ping"

for message_only in 0 1; do
    KITH_MESSAGE_ONLY=$message_only KITH_WORKERS=4 timeout 60 "$examples/handover" \
        --bytes 20000000 --moves 2000 >"$scratch/out" || fail "handover"
    grep -q '^moved 2000 times, 20000000 bytes, 0 wrong$' "$scratch/out" ||
        fail "handover: $(cat "$scratch/out")"
done
pass "handover"
has_ipv6 || without_ipv6
