#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# namespaces -- two hosts: network namespaces of this script's own with a cable between, our
# servers in one and our clients in the other, groups, ping, and a program outside that opens its
# socket inside, over both families.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"
need ip iproute2
need nsenter util-linux
need ping iputils-ping
need socat socat
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

# A second address of the first, for who binds it: unasked nothing is sent from there.
"${in_here[@]}" ip -batch - <<END || fail "ip"
addr add 10.77.1.3/24 dev cable
addr add fd77:1::3/64 nodad preferred_lft 0 dev cable
END

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

# inside_outside SERVER CLIENT: a server that we run out here, and its socket is in there.
inside_outside()
{
    up udp_echo --netns "/proc/$there/ns/net" "$1:0"
    ask small --dgram --own "$2:0" "$where"
    for task in "/proc/$pid/task/"*; do
        [ "$(readlink "$task/ns/net")" = "$(readlink /proc/self/ns/net)" ] ||
            fail "a thread of udp_echo has stayed in the other namespace"
    done
    down TERM
}

# answers FILE: the number and the hops of each answer that ping tells of, ours and iputils'.
answers()
{
    sed -nE 's/.*[ _]seq=([0-9]+) (ttl|hlim)=([0-9]+) .*/\1 \3/p' "$1"
}

# pings HOST NOBODY: ours and iputils' have the same answers, and none from nobody.
pings()
{
    timeout 20 "${in_here[@]}" "$examples/ping" --count 3 --interval 10 "$1" >"$scratch/out" ||
        fail "ping: $(cat "$scratch/out")"
    timeout 20 "${in_here[@]}" ping -n -c 3 -i 0.2 "$1" >"$scratch/theirs" ||
        fail "iputils' ping: $(cat "$scratch/theirs")"
    [ "$(answers "$scratch/out")" = "$(answers "$scratch/theirs")" ] ||
        fail "ping: $(cat "$scratch/out" "$scratch/theirs")"
    grep -q '^3 sent, 3 answered$' "$scratch/out" || fail "ping: $(cat "$scratch/out")"

    ! timeout 20 "${in_here[@]}" "$examples/ping" --count 1 --timeout 100 "$2" >"$scratch/out" ||
        fail "nobody has answered: $(cat "$scratch/out")"
    ! timeout 20 "${in_here[@]}" ping -n -c 1 -W 0.1 "$2" >"$scratch/theirs" ||
        fail "nobody has answered iputils': $(cat "$scratch/theirs")"
    grep -q '^1 sent, 0 answered$' "$scratch/out" || fail "ping: $(cat "$scratch/out")"
}

# both ANY SERVER CLIENT NOBODY: the addresses, as they stand before a port.
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

    inside_outside "$2" "$3"
    pings "${2//[\[\]]/}" "${4//[\[\]]/}"
    pass "from $3 to $2"
}

# ---- groups ----

# hears NAME OPTION...: a listener in there, into NAME.
hears()
{
    local name=$1
    shift
    "${in_there[@]}" "$examples/multicast" --group "$group" --port 7077 --interface cable \
        --listen "$@" >"$scratch/$name" 2>"$scratch/err" &
    children+=("$!")
    heard[$name]=$!
}

# listeners COUNT: so many sockets in there have the port.
listeners()
{
    local n
    n=$("${in_there[@]}" cat /proc/net/udp /proc/net/udp6 | grep -ci ':1BA5 ' || true)
    [ "$n" = "$1" ]
}

# all_heard NAME TEXTS: the listener has ended, and that is what it has heard.
all_heard()
{
    wait "${heard[$1]}" || fail "the listener $1 of $group: $(cat "$scratch/err")"
    [ "$(cut -d' ' -f2- "$scratch/$1" | paste -sd,)" = "$2" ] ||
        fail "the listener $1 of $group heard: $(cat "$scratch/$1")"
}

# groups GROUP OURS THEIRS SPEAK: we send from the first address, socat from the second.
groups()
{
    local group=$1
    declare -A heard
    hears any --count 4
    hears ours --source "$2" --count 2
    hears theirs --source "$3" --count 2
    until_true 10 listeners 3 || fail "there are not 3 listeners of $group"
    for i in 1 2; do
        "${in_here[@]}" "$examples/multicast" --group "$group" --port 7077 --interface cable \
            --send "ours $i" || fail "cannot send to $group"
        printf 'theirs %d' "$i" | "${in_here[@]}" socat -u - "$4" || fail "socat: $4"
    done
    all_heard any 'ours 1,theirs 1,ours 2,theirs 2'
    all_heard ours 'ours 1,ours 2'
    all_heard theirs 'theirs 1,theirs 2'
    pass "any source of $group, and one of them"
}

both 0.0.0.0 10.77.1.2 10.77.1.1 10.77.1.9
groups 239.77.1.1 10.77.1.1 10.77.1.3 \
    UDP4-DATAGRAM:239.77.1.1:7077,bind=10.77.1.3,ip-multicast-if=10.77.1.3
if "${in_here[@]}" grep -q cable /proc/net/if_inet6 2>/dev/null; then
    both '[::]' '[fd77:1::2]' '[fd77:1::1]' '[fd77:1::9]'
    groups ff15::77 fd77:1::1 fd77:1::3 'UDP6-DATAGRAM:[ff15::77]:7077,bind=[fd77:1::3]'
else
    without_ipv6
fi
