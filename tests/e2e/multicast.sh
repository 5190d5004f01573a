#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# multicast -- many listeners of one group, ours and socat, over both families, on an interface in
# a network namespace of this script's own; and what the list of options says.
set -euo pipefail

if [ -z "${KITH_IN_NAMESPACE:-}" ]; then
    command -v ip >/dev/null || { echo "skipped: needs the package iproute2"; exit 77; }
    unshare -n true 2>/dev/null ||
        { echo "skipped: needs root, to make a network namespace"; exit 77; }
    KITH_IN_NAMESPACE=1 exec unshare -n "$0" "$@"
fi
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"
need socat socat

ip link set lo up
ip link add v0 type veth peer name v1
echo 1 >/proc/sys/net/ipv6/conf/v1/disable_ipv6 # one route for IPv6's groups
ip link set v0 up
ip link set v1 up
ip address add 10.77.0.1/24 dev v0
ip address add fd77::1/64 dev v0 nodad
has_carrier()
{
    [ "$(cat /sys/class/net/v0/carrier 2>/dev/null)" = 1 ]
}
until_true 10 has_carrier || true # /sys may be another namespace's
index=$(ip -o link show v0 | cut -d: -f1)

# listeners COUNT: so many sockets have the port.
port=7077
listeners()
{
    local n
    n=$(cat /proc/net/udp /proc/net/udp6 | grep -ci ":$(printf %04X $port) " || true)
    [ "$n" = "$1" ]
}

# ours NAME OPTION...: a listener of ours, into NAME.
ours()
{
    local name=$1
    shift
    "$examples/multicast" --group "$group" --port $port --listen "$@" \
        >"$scratch/$name" 2>"$scratch/err" &
    children+=("$!")
}

theirs()
{
    socat -u "$1" "CREATE:$scratch/$2" 2>"$scratch/err" &
    children+=("$!")
}

# has NAME LINES: NAME has so many lines.
has()
{
    [ "$(wc -l <"$scratch/$1")" = "$2" ]
}

for family in 4 6; do
    if [ $family = 4 ]; then
        group=239.77.0.1 from=10.77.0.1 seen='10.77.0.1:'
        hear="UDP4-RECV:$port,reuseaddr,ip-add-membership=$group:$from"
        speak="UDP4-DATAGRAM:$group:$port,ip-multicast-if=$from"
    else
        group=ff15::77 from=fd77::1 seen='[fd77::1]:'
        hear="UDP6-RECV:$port,reuseaddr,ipv6-join-group=[$group]:v0"
        speak="UDP6-DATAGRAM:[$group]:$port"
    fi

    ours one --interface v0 --count 3
    one=$!
    ours two --interface "$index" --count 3
    two=$!
    ours three --interface $from
    three=$!
    theirs "$hear" socat
    socat=$!
    until_true 10 listeners 4 || fail "there are not 4 listeners of IPv$family"

    "$examples/multicast" --group $group --port $port --interface v0 --send 'hello you' ||
        fail "cannot send over IPv$family"
    printf 'of socat' | socat -u - "$speak" || fail "socat cannot send over IPv$family"
    "$examples/multicast" --group $group --port $port --interface $from --send last \
        --count 1 || fail "cannot send over IPv$family"
    for name in one two three; do
        until_true 10 has $name 3 || fail "$name has not heard all: $(cat "$scratch/$name")"
        grep -qF "$seen" "$scratch/$name" || fail "$name has not seen $seen"
        [ "$(cut -d' ' -f2- "$scratch/$name" | paste -sd,)" = \
            'hello you,of socat,last' ] || fail "$name heard: $(cat "$scratch/$name")"
    done
    until_true 10 grep -q 'last' "$scratch/socat" || fail "socat has not heard ours"
    for pid in $one $two; do
        status=0
        wait "$pid" || status=$?
        [ $status = 0 ] || fail "a listener ended with status $status after 3"
    done
    kill -INT $three
    status=0
    wait $three || status=$?
    [ $status = 0 ] || fail "a listener ended with status $status after ^C"
    kill $socat
    wait $socat || true
    pass "three listeners of ours and one of socat, over IPv$family"
done

# complains WORDS OPTION...: it ends with a failure and says WORDS.
complains()
{
    local words=$1
    shift
    ! "$examples/multicast" "$@" >"$scratch/out" 2>"$scratch/said" || fail "it took: $*"
    grep -q -- "$words" "$scratch/said" || fail "it said of $*: $(cat "$scratch/said")"
}
complains 'multicast address' --group 10.0.0.1 --port 7000 --listen
complains 'wants a number' --group 239.1.2.3 --port 0 --listen
complains '--interface wants' --group 239.1.2.3 --port 7000 --listen --interface nowhere
complains '--source wants' --group 239.1.2.3 --port 7000 --listen --source ::1
complains '--source wants' --group 239.1.2.3 --port 7000 --send hello --source 10.0.0.1
complains '--listen or --send' --group 239.1.2.3 --port 7000
complains 'not understood' --group 239.1.2.3 --port 7000 --listen --count none
complains '--interface' --group ff15::77 --port 7000 --interface 77777 --listen
"$examples/multicast" --help | grep -q '^usage:' || fail "no help"
pass "mistakes are told"

"$examples/supports" >"$scratch/list"
[ "$(head -n 151 "$scratch/list" | cut -f1 | uniq -c | tr -s ' ' | paste -sd' ')" = \
    ' 7 otp  32 socket  33 ip  33 ipv6  13 tcp  1 udp  32 sctp' ] ||
    fail "the reference's options are not the first: $(cut -f1 "$scratch/list" | uniq -c)"
for line in 'socket reuseaddr yes getset' 'socket error yes get' 'socket setfib no set' \
    'ip add_membership yes set' 'ipv6 hoplimit yes getset' 'tcp info yes get' \
    'udp gro yes getset' 'otp fd yes get'; do
    grep -qxF "${line// /$'\t'}" "$scratch/list" || fail "the list lacks: $line"
done
[ "$(cut -f1,2 "$scratch/list" | sort | uniq -d)" = '' ] || fail "an option stands there twice"
"$examples/supports" --json >"$scratch/json"
[ "$(grep -c '"option"' "$scratch/json")" = "$(wc -l <"$scratch/list")" ] ||
    fail "the two lists differ"
if command -v python3 >/dev/null; then
    python3 -m json.tool "$scratch/json" >/dev/null || fail "it is no JSON"
fi
pass "the list of options"
