#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gdb -- scripts/kith-gdb.py lists the processes of a core and shows the functions of the user's on
# the stacks of the parked ones.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"

need gdb gdb
script=$PWD/scripts/kith-gdb.py

# core: the server dies and leaves $scratch/core behind; by gcore if it may look, else by a signal.
core()
{
    if gcore -o "$scratch/core" "$server" >"$scratch/gcore" 2>&1; then
        mv "$scratch/core.$server" "$scratch/core"
        return
    fi
    kill -ABRT "$server"
    until_true 20 is_gone || fail "the server runs on after SIGABRT"
    mv "$scratch"/core* "$scratch/core" 2>/dev/null || {
        printf 'skipped: no core can be made here: allow ptrace, or set core_pattern to core\n'
        exit 77
    }
}

# asked COMMAND...: what gdb answers, in $scratch/said
asked()
{
    gdb -batch -nx -iex 'set auto-load no' -x "$script" -ex "$*" "$examples/echo_server" \
        "$scratch/core" >"$scratch/said" 2>&1 || true
}

says()
{
    grep -q -- "$1" "$scratch/said" || {
        cat "$scratch/said"
        fail "gdb does not say $1"
    }
}

has_two()
{
    has_counts 1 3 "$descriptors"
}

ulimit -c unlimited
cd "$scratch"
start --port 0 --workers 2
exec 10<>"/dev/tcp/127.0.0.1/$port"
printf 'ping\n' >&10
read -r -t 5 line <&10 && [ "$line" = ping ] || fail "no echo"
counts
until_true 10 has_two || fail "the connection's process is not there"
core

asked kith ps
says 'boss: receive'
says 'acceptor: socket_accept'
says 'echo: socket_recv'
pass "kith ps on a core"

asked kith bt all
says 'kith_socket_recv'
says 'echo_on_stack\|echo_with'
says 'in acceptor '
says 'wait_for_stop'
says 'in boss '
pass "kith bt all: the user's functions on parked stacks"

# One by its number, as kith ps names it.
asked kith ps
number=$(sed -n 's/^<\([0-9.]*\)> echo: .*/\1/p' "$scratch/said" | head -n 1)
asked kith bt "$number"
says 'in echo '
! grep -q 'in acceptor ' "$scratch/said" || fail "kith bt $number shows others"
asked kith bt 9999.1
says 'there is no process'
pass "kith bt of one"
