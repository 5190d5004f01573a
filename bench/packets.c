/* SPDX-License-Identifier: Apache-2.0
 * packets.c -- datagrams in bulk: one call for each, many in a call, and many that the kernel cuts
 * from large ones and puts together again (UDP GSO and GRO).
 *
 * Run:  ./packets      or:  ./packets --address ::1 --seconds 2 --reps 9
 * See:  megabytes a second, of datagrams of 1,200 bytes over the loopback, and the ratios to
 *       a call for each, with their spread.
 *
 * One process sends a window of datagrams and receives them all before the next, so that none is
 * lost and nothing else runs; every byte is counted and looked at once. The ways take turns, and
 * a ratio is always one of the same repetition. */
#define _DEFAULT_SOURCE
#include "bench.h"

#include <netinet/in.h>
#include <string.h>

enum {
    SIZE = 1200,
    CUT = 53,             /* datagrams that one large one makes */
    WINDOW = 2 * CUT,     /* under way at once */
    UDP_GRO_OPTION = 104, /* UDP_GRO; older headers have not got it */
    MAX_REPS = 1000
};

static const char *address = "127.0.0.1";
static long seconds = 1, reps = 9;

static char out[WINDOW * SIZE], in[WINDOW * SIZE];

static struct {
    kith_socket near, far;
    kith_iov out_iov[WINDOW], in_iov[WINDOW];
    kith_packet out[WINDOW], in[WINDOW];
    kith_cmsg cut, come[2];
    _Alignas(16) char space[2][KITH_CTRL_SPACE];
    int size;
} the;

static void
expect(ptrdiff_t got, ptrdiff_t want, const char *what)
{
    must((int) (got < 0 ? got : 0), what);
    check(got == want, what);
}

/* ---- the ways: each sends a window and receives it ---- */

static void
one_by_one(void)
{
    for (int i = 0; i < WINDOW; i++)
        expect(kith_socket_send(the.near, out + i * SIZE, SIZE, 0, KITH_INFINITY), SIZE,
               "send");
    for (int i = 0; i < WINDOW; i++)
        expect(kith_socket_recv(the.far, in + i * SIZE, SIZE, 0, KITH_INFINITY), SIZE,
               "recv");
}

/* n packets of `len` bytes each make the window. */
static void
exchange(int n, size_t len)
{
    int come = 0;

    expect(kith_socket_sendmmsg(the.near, the.out, (size_t) n, 0, KITH_INFINITY), n,
           "sendmmsg");
    while (come < n) {
        int r = kith_socket_recvmmsg(the.far, the.in + come, (size_t) (n - come), 0,
                                     KITH_INFINITY);

        must(r, "recvmmsg");
        for (int i = 0; i < r; i++)
            expect(the.in[come + i].result, (ptrdiff_t) len, "recvmmsg");
        come += r;
    }
}

static void
many(void)
{
    exchange(WINDOW, SIZE);
}

static void
many_cut(void)
{
    exchange(WINDOW / CUT, (size_t) SIZE * CUT);
    for (int i = 0; i < WINDOW / CUT; i++) {
        const int *size = KITH_CTRL(&the.in[i], KITH_CMSG_UDP_GRO, int);

        check(size && *size == SIZE, "the receiver got no datagrams of this size");
    }
}

/* ---- their packets ---- */

static void
lay_out(int n, size_t len)
{
    memset(the.out, 0, sizeof the.out);
    memset(the.in, 0, sizeof the.in);
    for (int i = 0; i < n; i++) {
        the.out_iov[i] = kith_iov_of(out + (size_t) i * len, len);
        the.in_iov[i] = kith_iov_of(in + (size_t) i * len, len);
        the.out[i].iov = &the.out_iov[i];
        the.in[i].iov = &the.in_iov[i];
        the.out[i].n_iov = the.in[i].n_iov = 1;
    }
}

static void
for_many(void)
{
    lay_out(WINDOW, SIZE);
}

static void
for_many_cut(void)
{
    const int on = 1;

    lay_out(WINDOW / CUT, (size_t) SIZE * CUT);
    the.size = SIZE;
    the.cut = kith_cmsg_of(KITH_CMSG_UDP_SEGMENT, &the.size, sizeof the.size);
    for (int i = 0; i < WINDOW / CUT; i++) {
        the.out[i].ctrl = &the.cut;
        the.out[i].n_ctrl = 1;
        the.in[i].ctrl = &the.come[i];
        the.in[i].ctrl_cap = 1;
        the.in[i].ctrl_space = kith_iov_of(the.space[i], sizeof the.space[i]);
    }
    must(kith_socket_setopt_native(the.far, IPPROTO_UDP, UDP_GRO_OPTION, KITH_IOV(on)),
         "GRO");
}

static const struct way {
    const char *name;
    void (*prepare)(void), (*exchange)(void);
} ways[] = {
    {"a call each", for_many, one_by_one}, /* first: what the others are compared with */
    {"many in a call", for_many, many},
    {"many, cut and joined", for_many_cut, many_cut},
};

enum { WAYS = sizeof ways / sizeof *ways };

/* ---- the measurement ---- */

static void
open_pair(void)
{
    kith_sockaddr a;
    char text[64];

    snprintf(text, sizeof text, strchr(address, ':') ? "[%s]:0" : "%s:0", address);
    must(kith_sockaddr_parse(text, &a), "address");
    must(kith_socket_open(a.domain, KITH_DGRAM, 0, NULL, &the.near), "open");
    must(kith_socket_open(a.domain, KITH_DGRAM, 0, NULL, &the.far), "open");
    must(kith_socket_setopt_int(the.far, KITH_OPT_SOCKET_RCVBUF, 1 << 20), "rcvbuf");
    must(kith_socket_bind(the.far, &a), "bind");
    must(kith_socket_sockname(the.far, &a), "sockname");
    must(kith_socket_connect(the.near, &a, KITH_INFINITY), "connect");
}

/* Megabytes a second. */
static double
measure(const struct way *w)
{
    const double warm = 0.1;
    double start, now;
    uint64_t windows = 0;

    open_pair();
    w->prepare();
    start = seconds_of(CLOCK_MONOTONIC);
    do
        w->exchange();
    while (seconds_of(CLOCK_MONOTONIC) - start < warm);

    memset(in, 0, sizeof in);
    start = seconds_of(CLOCK_MONOTONIC);
    do {
        w->exchange();
        windows++;
        now = seconds_of(CLOCK_MONOTONIC);
    } while (now - start < (double) seconds);
    check(memcmp(in, out, sizeof in) == 0, "other bytes came than were sent");
    must(kith_socket_close(the.near), "close");
    must(kith_socket_close(the.far), "close");
    return (double) windows * sizeof in / 1e6 / (now - start);
}

static int
compare(void *arg)
{
    static double rate[WAYS][MAX_REPS], ratio[WAYS][MAX_REPS];

    (void) arg;
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (char) (i * 31 + i / SIZE);
    for (long r = 0; r < reps; r++) {
        for (int i = 0; i < WAYS; i++) {
            int way = (int) ((i + r) % WAYS);

            rate[way][r] = measure(&ways[way]);
        }
        for (int i = 0; i < WAYS; i++)
            ratio[i][r] = rate[i][r] / rate[0][r];
    }
    printf("datagrams of %d bytes at %s         MB/s   ratio\n", SIZE, address);
    for (int i = 0; i < WAYS; i++) {
        const double m = median(ratio[i], (int) reps);

        printf("%-36s  %9.0f   %.2f (%.2f..%.2f)\n", ways[i].name,
               median(rate[i], (int) reps), m, ratio[i][0], ratio[i][reps - 1]);
    }
    return 0;
}

static int
usage(FILE *to, int code)
{
    fputs("usage: packets [--address A] [--seconds S] [--reps R]\n"
          "  --address A   of the loopback: 127.0.0.1 (the default) or ::1\n"
          "  --seconds S   of each measurement (1)\n"
          "  --reps R      repetitions, in which the ways take turns (9)\n",
          to);
    return code;
}

int
main(int argc, char **argv)
{
    kith_options o = KITH_OPTIONS_INIT;

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, 0);
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        long *to = strcmp(argv[i], "--seconds") == 0 ? &seconds
                   : strcmp(argv[i], "--reps") == 0  ? &reps
                                                     : NULL;

        if (to)
            *to = number_of(value, 1, to == &reps ? MAX_REPS : 3600);
        else if (strcmp(argv[i], "--address") == 0 && *value)
            address = value;
        else
            return usage(stderr, 2);
        if (to && *to < 0)
            return usage(stderr, 2);
    }
    unsetenv("KITH_WORKERS");
    unsetenv("KITH_MESSAGE_ONLY");
    o.workers = 1;
    must(kith_main(compare, NULL, 0, &o), "kith_main");
    return 0;
}
