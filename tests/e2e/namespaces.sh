#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# namespaces -- two hosts: network namespaces of this script's own with a cable between, our
# servers in one and our clients in the other, over both families.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"
need ip iproute2
need nsenter util-linux
unshare --net true 2>/dev/null || {
    printf 'skipped: a network namespace needs CAP_SYS_ADMIN, as root has\n'
    exit 77
}

# A namespace is kept by a process that sleeps in it.
is_apart()
{
    [ "$(readlink "/proc/$1/ns/net" 2>/dev/null)" != "$(readlink /proc/self/ns/net)" ]
}

host()
{
    unshare --net sleep 300 &
    host=$!
    children+=("$host")
    until_true 10 is_apart "$host" || fail "no namespace"
}

host
here=$host
host
there=$host
in_here=(nsenter --target "$here" --net)
in_there=(nsenter --target "$there" --net)

# The two ends have not the same index, or the kernel takes a second to tell of the carrier.
"${in_here[@]}" ip link add cable index 1001 type veth peer name cable netns "$there"
for end in 1 2; do
    run=("${in_here[@]}")
    [ "$end" = 1 ] || run=("${in_there[@]}")
    "${run[@]}" ip -batch - <<END || fail "ip"
link set lo up
addr add 10.77.1.$end/24 dev cable
addr add fd77:1::$end/64 nodad dev cable
link set cable up
END
done

carrier()
{
    "${in_here[@]}" ip link show cable | grep -q 'state UP' &&
        "${in_there[@]}" ip link show cable | grep -q 'state UP'
}
until_true 10 carrier || fail "the cable has no carrier"

head -c 3000000 /dev/urandom >"$scratch/stream"
head -c 1400 /dev/urandom >"$scratch/small"
head -c 40000 /dev/urandom >"$scratch/large" # in many fragments

# ask FILE OPTION...: our client in the other namespace gets its bytes back.
ask()
{
    local file=$1
    shift
    same "$scratch/$file" "${in_here[@]}" "$talk" "$@"
}

# both ANY SERVER CLIENT: the addresses, as they stand before a port.
both()
{
    inside=("${in_there[@]}")
    up echo_server --port 0 --address "${1//[\[\]]/}"
    ask stream "$2:$port"
    timeout 60 "${in_here[@]}" "$examples/echo_load" --connect "$2:$port" --connections 50 \
        --seconds 1 --size 3000 >"$scratch/load" 2>&1 || fail "echo_load: $(cat "$scratch/load")"
    kill -TERM "$pid"
    wait "$pid" || fail "echo_server"

    up udp_echo "$1:0"
    ask small --dgram "$2:$port"
    ask large --dgram --own "$3:0" "$2:$port"
    down TERM

    up server "$2:0"
    [ "$(timeout 10 "${in_here[@]}" "$examples/client" "${3//[\[\]]/}" "$where")" = hello ] ||
        fail "the client has not got its hello at $where"
    down
    inside=()

    timeout 20 "${in_here[@]}" "$examples/ping" --count 3 --interval 10 "${2//[\[\]]/}" \
        >"$scratch/out" || fail "ping: $(cat "$scratch/out")"
    grep -q '^3 sent, 3 answered$' "$scratch/out" || fail "ping: $(cat "$scratch/out")"
    pass "from $3 to $2"
}

both 0.0.0.0 10.77.1.2 10.77.1.1
if "${in_here[@]}" grep -q cable /proc/net/if_inet6 2>/dev/null; then
    both '[::]' '[fd77:1::2]' '[fd77:1::1]'
else
    without_ipv6
fi
