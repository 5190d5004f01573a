# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# lib.bash -- what the scripts here share: a server that is started, asked, stopped, and never
# left behind. Sourced; the build directory is the script's argument or in KITH_BUILD.
set -euo pipefail

build=${1:-${KITH_BUILD:?the build directory is missing}}
examples=$build/examples
talk=$build/tests/talk
unset KITH_WORKERS KITH_MESSAGE_ONLY # a script says itself which

# All the descriptors that we may have.
if [ "$(ulimit -H -n)" = unlimited ]; then
    ulimit -S -n 65536
else
    ulimit -S -n "$(ulimit -H -n)"
fi

scratch=$(mktemp -d)
children=()

cleanup()
{
    local pid
    for pid in "${children[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail()
{
    printf 'FAILED: %s\n' "$*"
    if [ -s "$scratch/err" ]; then
        printf 'the server said:\n'
        tail -n 20 "$scratch/err"
    fi
    exit 1
}

pass()
{
    printf 'ok: %s\n' "$*"
}

# need COMMAND PACKAGE
need()
{
    command -v "$1" >/dev/null || {
        printf 'skipped: needs the package %s\n' "$2"
        exit 77
    }
}

now_ms()
{
    printf '%d' $(($(date +%s%N) / 1000000))
}

# until_true SECONDS COMMAND...: tries it until it succeeds, or the time is over.
until_true()
{
    local end=$(($(now_ms) + $1 * 1000))
    shift
    while ! "$@"; do
        [ "$(now_ms)" -lt "$end" ] || return 1
        sleep 0.05
    done
}

# all_of N: N connections, if the limit of descriptors has room for them; else it fails. With
# KITH_FEWER_CONNECTIONS=1 in the environment it answers as many as there is room for.
all_of()
{
    local limit room
    limit=$(ulimit -S -n)
    room=$((limit - 100))
    if [ "$1" -le "$room" ]; then
        printf '%d' "$1"
    elif [ "${KITH_FEWER_CONNECTIONS:-}" = 1 ]; then
        printf '%d' "$room"
    else
        fail "$1 connections need $(($1 + 100)) descriptors and there are $limit:" \
            "raise ulimit -n, or set KITH_FEWER_CONNECTIONS=1 to try $room" >&2
    fi
}

has_ipv6()
{
    grep -q 00000000000000000000000000000001 /proc/net/if_inet6 2>/dev/null
}

# without_ipv6: ends a script that has seen all the rest.
without_ipv6()
{
    printf 'skipped: there is no ::1 here, so TCP6 was not seen; give lo its IPv6 address\n'
    exit 77
}

has_line()
{
    [ "$(sed -n 's/^listening on //p' "$scratch/out")" ]
}

# start OPTION...: an echo_server; sets server (its pid), where and port.
start()
{
    : >"$scratch/out" >"$scratch/err"
    "$examples/echo_server" "$@" >"$scratch/out" 2>"$scratch/err" &
    server=$!
    children+=("$server")
    until_true 10 has_line || fail "echo_server $* did not come up"
    where=$(sed -n 's/^listening on //p' "$scratch/out")
    port=${where##*:}
}

is_gone()
{
    ! kill -0 "$server" 2>/dev/null
}

# shellcheck disable=SC2120
# stop [SIGNAL [MS]]: sends it; the server must end with status 0 within MS (2000).
stop()
{
    local signal=${1:-TERM} limit=${2:-2000} began status=0
    began=$(now_ms)
    kill -"$signal" "$server" || true # it may have ended already, of an earlier one
    until_true 20 is_gone || fail "the server runs on after SIG$signal"
    took=$(($(now_ms) - began))
    wait "$server" || status=$?
    [ "$status" = 0 ] || fail "the server ended with status $status after SIG$signal"
    [ "$took" -le "$limit" ] || fail "the server needed $took ms to end, more than $limit"
    last=$(tail -n 1 "$scratch/err")
    case $last in
    'connections 0 processes 0 '*) ;;
    *) fail "the last line is: $last" ;;
    esac
}

lines()
{
    grep -c '^connections ' "$scratch/err" || true
}

more_lines_than()
{
    [ "$(lines)" -gt "$1" ]
}

# counts: asks the server; sets connections, processes, descriptors, accepted.
counts()
{
    local before
    before=$(lines)
    kill -USR1 "$server"
    until_true 10 more_lines_than "$before" || fail "SIGUSR1 brought no line"
    read -r _ connections _ processes _ descriptors _ accepted \
        < <(grep '^connections ' "$scratch/err" | tail -n 1)
}

# has_counts CONNECTIONS PROCESSES DESCRIPTORS
has_counts()
{
    counts
    [ "$connections $processes $descriptors" = "$1 $2 $3" ]
}

# ---- programs that say where they listen, and know nothing of counts ----

# A command that runs a program somewhere else: inside=(nsenter --net=...).
inside=()

# up NAME OPTION...: starts a program that says where it listens; sets pid, where and port.
up()
{
    local name=$1
    shift
    : >"$scratch/out" >"$scratch/err"
    "${inside[@]}" "$examples/$name" "$@" >"$scratch/out" 2>"$scratch/err" &
    pid=$!
    children+=("$pid")
    until_true 10 has_line || fail "$name $* did not come up"
    where=$(sed -n 's/^listening on //p' "$scratch/out")
    port=${where##*:}
}

# down [SIGNAL]: the program ends with 0, by itself or by the signal.
down()
{
    local status=0
    [ -z "${1:-}" ] || kill -"$1" "$pid"
    wait "$pid" || status=$?
    [ "$status" = 0 ] || fail "a program ended with status $status"
    [ ! -s "$scratch/err" ] || fail "a program complained"
}

# same FILE COMMAND...: what it prints, given the file, is the file.
same()
{
    local file=$1
    shift
    timeout 40 "$@" <"$file" >"$scratch/back" 2>"$scratch/complaint" ||
        fail "$*: $(cat "$scratch/complaint")"
    cmp "$file" "$scratch/back" || fail "$*: other bytes"
}
