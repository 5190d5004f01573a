/* SPDX-License-Identifier: Apache-2.0
 * timers.c -- what a timer costs: one process, a million of kith_send_after.
 *
 * Run:  ./timers cancel     or:  ./timers expire
 * See:  one line of JSON; times a timer in nanoseconds. */
#define _POSIX_C_SOURCE 200809L
#include "bench.h"

#include <string.h>

enum { N = 1000000 };
enum { TICK = 1 };

/* What a run measured. */
struct times {
    struct moment start, added, end;
};

static kith_ms delays[N];
static kith_ref timers[N];

/* Pseudo-random milliseconds, the same in every run. */
static void
draw_delays(unsigned lo, unsigned span)
{
    uint64_t x = 12345;

    for (int i = 0; i < N; i++) {
        x = (x * 1103515245u + 12345u) & 0x7fffffff;
        delays[i] = (kith_ms) (lo + (x >> 8) % span);
    }
}

static void
add_all(void)
{
    const kith_pid self = kith_self();
    const kith_iov nothing = {NULL, 0};

    for (int i = 0; i < N; i++)
        must(kith_send_after(delays[i], self, TICK, nothing, &timers[i]), "send_after");
}

static int
cancel(void *arg)
{
    struct times *t = *(struct times **) arg;

    t->start = moment_now();
    add_all();
    t->added = moment_now();
    for (int i = 0; i < N; i++)
        must(kith_cancel_timer(timers[i], NULL), "cancel_timer");
    t->end = moment_now();
    return 0;
}

static int
expire(void *arg)
{
    struct times *t = *(struct times **) arg;

    t->start = moment_now();
    add_all();
    t->added = moment_now();
    for (int i = 0; i < N; i++)
        check(take()->tag == TICK, "a message of no timer");
    t->end = moment_now();
    return 0;
}

static void
print(const char *bench, const struct times *t, bool cancelled)
{
    const double add = (t->added.wall - t->start.wall) * 1e9 / N;
    const double rest = (t->end.wall - t->added.wall) * 1e9 / N;
    const double cpu = t->end.cpu - t->start.cpu;
    const double late =
        (t->end.wall - t->start.wall) * 1e3 - 1000; /* after the last delay */
    const double op = cancelled ? add + rest : cpu * 1e9 / N;

    printf("{\"bench\":\"%s\",\"impl\":\"kith\",\"body\":\"process\",\"n\":%d,"
           "\"add_ns\":%.1f,\"cancel_ns\":%.1f,\"ns_op\":%.1f,\"cpu_s\":%.3f,"
           "\"cpu_ns_op\":%.1f,\"late_ms_max\":%.1f,\"rate\":%.1f}\n",
           bench, N, add, cancelled ? rest : 0, op, cpu, cpu * 1e9 / N,
           cancelled ? 0 : late, 1e9 / op);
}

static int
usage(FILE *out, int code)
{
    fputs("usage: timers BENCH\n"
          "  cancel  add 1,000,000 timers of 10..60 s, then cancel them in that order\n"
          "  expire  add 1,000,000 timers of 1..1,000 ms, then receive their messages\n",
          out);
    return code;
}

int
main(int argc, char **argv)
{
    kith_options o = KITH_OPTIONS_INIT;
    struct times times, *t = &times;
    bool cancelled;

    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return usage(stdout, 0);
    if (argc != 2 || (strcmp(argv[1], "cancel") != 0 && strcmp(argv[1], "expire") != 0))
        return usage(stderr, 2);
    cancelled = strcmp(argv[1], "cancel") == 0;
    unsetenv("KITH_WORKERS");
    o.workers = 1;
    draw_delays(cancelled ? 10000 : 1, cancelled ? 50000 : 1000);
    must(kith_main(cancelled ? cancel : expire, &t, sizeof t, &o), "timers");
    print(argv[1], t, cancelled);
    return 0;
}
