#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gdb -- scripts/kith-gdb.py lists the processes of a core and shows the functions of the user's on
# the stacks of the parked ones.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"

need gdb gdb
script=$PWD/scripts/kith-gdb.py

# core: the server dies of a signal and leaves $scratch/core behind. Not by gcore: a stack's guard
# page, which cannot be read, makes it leave out the stacks around.
core()
{
    kill -ABRT "$server"
    until_true 20 is_gone || fail "the server runs on after SIGABRT"
    set -- "$scratch"/core*
    [ -s "$1" ] || {
        printf 'skipped: no core here: sysctl kernel.core_pattern=core\n'
        exit 77
    }
    [ "$1" = "$scratch/core" ] || mv "$1" "$scratch/core"
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

if timeout 60 gdb -batch -nx -iex 'set auto-load no' -p "$server" -x "$script" -ex 'kith bt all' \
    >"$scratch/said" 2>&1 && ! grep -q 'ptrace: Operation not permitted' "$scratch/said"; then
    says 'echo_on_stack\|echo_with'
    says 'wait_for_stop'
    pass "kith bt all on the program alive"
fi
core

asked kith ps
says 'boss: receive'
says 'acceptor: socket_accept'
says 'echo: socket_recv'
pass "kith ps on a core"

asked kith bt all
says 'kith_socket_recv'
says 'echo_on_stack\|echo_with'
says ' acceptor ('
says 'wait_for_stop'
says ' boss ('
pass "kith bt all: the user's functions on parked stacks"

# One by its number, as kith ps names it.
asked kith ps
number=$(sed -n 's/^<\([0-9.]*\)> echo: .*/\1/p' "$scratch/said" | head -n 1)
asked kith bt "$number"
says ' echo ('
! grep -q ' acceptor (' "$scratch/said" || fail "kith bt $number shows others"
asked kith bt 9999.1
says 'there is no process'
pass "kith bt of one"
