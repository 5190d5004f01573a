/* SPDX-License-Identifier: Apache-2.0
 * handover.c -- a connection goes from process to process in mid-stream, and no byte is lost.
 *
 * Run:  ./handover --bytes 50000000 --moves 1000
 * See:  "moved 1000 times, 50000000 bytes, 0 wrong".
 *
 * The acceptor gives the connection to the first worker. Each worker reads its share, checks every
 * byte, and gives the socket on to the next one: kith_socket_give moves it with a message, so that
 * the next knows of it when it is its own. The bytes flow all the while. */
#include <kith/kith.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 4, AT_ONCE = 16 * 1024, TURN = 1, RESULT = 2 };

static long bytes = 50000000, moves = 1000;

/* What is sent: every byte can be told from its place. */
static unsigned char
byte_at(long place)
{
    return (unsigned char) ((place * 2654435761UL) >> 13);
}

/* ---- the sender, a client like any other ---- */

static int
sender(void *to)
{
    unsigned char buf[AT_ONCE];
    kith_socket s;
    ptrdiff_t n = 0;
    int rc = kith_tcp_connect(to, KITH_INFINITY, &s);

    for (long at = 0; rc == 0 && n >= 0 && at < bytes; at += n) {
        const long rest = bytes - at;
        const size_t len = rest < AT_ONCE ? (size_t) rest : AT_ONCE;

        for (size_t i = 0; i < len; i++)
            buf[i] = byte_at(at + (long) i);
        n = kith_socket_send(s, buf, len, 0, KITH_INFINITY);
    }
    return rc < 0 ? rc : n < 0 ? (int) n : 0;
}

/* ---- the workers ---- */

/* Shared: only the worker whose turn it is writes. */
static struct {
    kith_pid boss, worker[WORKERS];
    long place, moved, wrong;
} state;

/* Reads this worker's share. 1: the end of all; < 0: a failure. */
static int
take_share(kith_socket s)
{
    unsigned char buf[AT_ONCE];
    const long until =
        state.moved < moves ? bytes / (moves + 1) * (state.moved + 1) : bytes + 1;

    while (state.place < until) {
        const long rest = until - state.place;
        ptrdiff_t n = kith_socket_recv(s, buf, rest < AT_ONCE ? (size_t) rest : AT_ONCE, 0,
                                       KITH_INFINITY);

        if (n <= 0)
            return n < 0 ? (int) n : 1;
        for (ptrdiff_t i = 0; i < n; i++)
            state.wrong += buf[i] != byte_at(state.place + i);
        state.place += n;
    }
    return 0;
}

static int
worker(void *arg)
{
    const int me = *(int *) arg;
    const kith_msg *m;
    int rc = 0;

    while (rc == 0 && (rc = kith_receive_tag(TURN, &m, KITH_INFINITY)) == 0) {
        kith_socket s = *KITH_BODY(m, kith_socket);

        rc = take_share(s);
        if (rc == 0) {
            state.moved++;
            rc = kith_socket_give(s, state.worker[(me + 1) % WORKERS], TURN);
        }
    }
    if (rc == 1)
        kith_send(state.boss, RESULT, NULL, 0);
    return rc < 0 ? rc : 0;
}

/* ---- the boss: acceptor, and who tells of the end ---- */

static int
boss(void *arg)
{
    kith_socket listener, conn;
    kith_sockaddr at;
    char text[KITH_SOCKADDR_TEXT];
    const kith_msg *m;
    int rc = kith_tcp_listen("127.0.0.1:0", &listener);

    (void) arg;
    state.boss = kith_self();
    if (rc == 0)
        rc = kith_socket_sockname(listener, &at);
    if (rc < 0)
        return rc;
    kith_sockaddr_print(&at, text, sizeof text);
    for (int i = 0; rc == 0 && i < WORKERS; i++)
        rc = kith_spawn_link(worker, &i, sizeof i, &state.worker[i]);
    if (rc == 0)
        rc = kith_spawn_link(sender, text, sizeof text, NULL);
    if (rc == 0)
        rc = kith_socket_accept(listener, KITH_INFINITY, &conn);
    if (rc == 0)
        rc = kith_socket_give(conn, state.worker[0], TURN);
    if (rc == 0)
        rc = kith_receive_tag(RESULT, &m, KITH_INFINITY);
    if (rc < 0)
        return rc;
    printf("moved %ld times, %ld bytes, %ld wrong\n", state.moved, state.place,
           state.wrong + labs(bytes - state.place));
    for (int i = 0; i < WORKERS; i++)
        kith_exit_signal(state.worker[i], kith_reason_of(KITH_SHUTDOWN, 0, NULL));
    return state.wrong || state.place != bytes ? KITH_EBADMSG : 0;
}

/* ---- the command line ---- */

static const char usage[] =
    "usage: handover [--bytes N] [--moves M]\n"
    "\n"
    "  --bytes N   bytes sent over one connection; default 50000000\n"
    "  --moves M   how often it goes to another process; default 1000\n";

static long
number(const char *text)
{
    char *end;
    const long n = text && *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : -1;

    return n >= 0 && !*end ? n : -1;
}

int
main(int argc, char **argv)
{
    int rc;

    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--help") == 0)
            return fputs(usage, stdout) < 0;
        if (strcmp(argv[i], "--bytes") == 0)
            bytes = number(argv[i + 1]);
        else if (strcmp(argv[i], "--moves") == 0)
            moves = number(argv[i + 1]);
        else
            bytes = -1;
        if (bytes < 0 || moves < 0) {
            fprintf(stderr, "handover: what is %s?\n\n%s", argv[i], usage);
            return 2;
        }
    }
    if (moves >= bytes) {
        fprintf(stderr, "handover: --bytes must be more than --moves\n");
        return 2;
    }
    rc = kith_main(boss, NULL, 0, NULL);
    if (rc < 0)
        fprintf(stderr, "handover: %s\n", kith_strerror(rc));
    return rc < 0;
}
