#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# listener -- a limit of 5,000 and 9,000 clients: 5,000 are served at a time, the others wait in the
# backlog, and in the end all were served. A drain with 1,000 busy connections ends in its time and
# says how many it had to end.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"

need python3 python3

LIMIT=5000

# The clients: each connects and sends its number. When LIMIT of them were answered it says so and
# waits for a word; then whoever was answered leaves, until all were.
cat >"$scratch/clients.py" <<'END'
import select, socket, sys

port, n, limit = (int(a) for a in sys.argv[1:])
poll, clients, answered = select.epoll(), {}, 0

def number(i):
    return b"%08d" % i

def answers(most):
    """Those that come, until `most` were answered or a minute was silent."""
    global answered
    while answered < most:
        events = poll.poll(60)
        if not events:
            sys.exit("only %d were answered" % answered)
        for fd, _ in events:
            i, s = clients[fd]
            got = s.recv(8, socket.MSG_WAITALL)
            if got != number(i):
                sys.exit("client %d got %r" % (i, got))
            poll.unregister(fd)
            answered += 1
            yield fd

for i in range(n):
    s = socket.create_connection(("127.0.0.1", port), timeout=60)
    s.sendall(number(i))
    clients[s.fileno()] = i, s
    poll.register(s, select.EPOLLIN)
served = list(answers(limit))
print("answered %d" % answered, flush=True)
sys.stdin.readline()
if poll.poll(0):
    sys.exit("more than %d were answered" % limit)
for fd in served:
    clients.pop(fd)[1].close()
for fd in answers(n):
    clients.pop(fd)[1].close()
print("answered %d" % answered, flush=True)
END

# serve MAX DRAIN: a listen_echo; sets server and port.
serve()
{
    : >"$scratch/out" >"$scratch/err"
    KITH_WORKERS=$workers "$examples/listen_echo" 127.0.0.1:0 "$1" "$2" \
        >"$scratch/out" 2>"$scratch/err" &
    server=$!
    children+=("$server")
    until_true 10 has_line || fail "listen_echo did not come up"
    where=$(sed -n 's/^listening on //p' "$scratch/out")
    port=${where##*:}
}

# ends MS: SIGTERM; it must end with status 0 within that time. Sets took and ended.
ends()
{
    local began status=0
    began=$(now_ms)
    kill -TERM "$server"
    until_true 30 is_gone || fail "it runs on after SIGTERM"
    took=$(($(now_ms) - began))
    wait "$server" || status=$?
    [ "$status" = 0 ] || fail "it ended with status $status"
    [ "$took" -le "$1" ] || fail "it needed $took ms to end, more than $1"
    ended=$(sed -n 's/ connections had to be ended$//p' "$scratch/err")
}

# shows LINE: what it answers to SIGUSR1 in the end.
shows()
{
    kill -USR1 "$server"
    until_true 1 grep -qx "$1" "$scratch/err"
}

says()
{
    grep -qx "$1" "$scratch/clients" || ! kill -0 "$clients" 2>/dev/null
}

# Here all handshakes are over at once: what limits the backlog is somaxconn, and
# tcp_max_syn_backlog, for those that are not, is only told.
waiting=$(($(all_of 9000) - LIMIT))
room=$(cat /proc/sys/net/core/somaxconn)
if [ "$waiting" -gt "$room" ]; then
    printf 'the backlog has room for %d (somaxconn; tcp_max_syn_backlog is %d): ' \
        "$room" "$(cat /proc/sys/net/ipv4/tcp_max_syn_backlog)"
    printf '%d clients instead of %d\n' $((LIMIT + room)) $((LIMIT + waiting))
    waiting=$room
fi
n=$((LIMIT + waiting))

for workers in 1 4; do
    serve "$LIMIT" 1000
    mkfifo "$scratch/word"
    python3 "$scratch/clients.py" "$port" "$n" "$LIMIT" \
        <"$scratch/word" >"$scratch/clients" 2>&1 &
    clients=$!
    children+=("$clients")
    exec 9>"$scratch/word"
    until_true 120 says "answered $LIMIT" || fail "clients: $(cat "$scratch/clients")"
    until_true 20 shows "connections $LIMIT accepted $LIMIT refused 0 paused 1" ||
        fail "not $LIMIT at a time"
    printf 'go\n' >&9
    exec 9>&-
    until_true 120 says "answered $n" || fail "clients: $(cat "$scratch/clients")"
    wait "$clients" || fail "clients: $(cat "$scratch/clients")"
    until_true 20 shows "connections 0 accepted $n refused 0 paused 0" || fail "some are left"
    ends 1000
    [ "$ended" = 0 ] || fail "$ended connections had to be ended, and there was none"
    rm "$scratch/word"
    pass "$LIMIT at a time, $waiting waited, all $n were served, workers $workers"

    serve 0 1000
    : >"$scratch/progress" # that of the last round says what this one waits for
    "$examples/echo_load" --connect "$where" --connections 1000 --seconds 60 \
        >"$scratch/table" 2>"$scratch/progress" &
    load=$!
    children+=("$load")
    until_true 30 grep -q '^ *[0-9.]* s *1000 connections' "$scratch/progress" || fail "no load"
    ends 3000
    [ "$took" -ge 1000 ] || fail "the drain of 1000 ms took $took ms"
    [ "$ended" = 1000 ] || fail "it says that $ended of 1000 connections had to be ended"
    ! wait "$load" || fail "the load has not seen that its connections were closed"
    grep -q '^ *wrong *0$' "$scratch/table" || fail "$(cat "$scratch/table")"
    pass "a drain of 1000 ms with 1000 busy connections: $took ms, workers $workers"
done
