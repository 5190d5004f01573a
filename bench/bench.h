/* SPDX-License-Identifier: Apache-2.0
 * bench.h -- clocks, arguments, and calls that end the program when they fail. */
#ifndef BENCH_H
#define BENCH_H

#include <kith/kith.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A moment: on the wall, and in processor time of the whole program. */
struct moment {
    double wall, cpu;
};

static inline double
seconds_of(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static inline struct moment
moment_now(void)
{
    struct moment m = {seconds_of(CLOCK_MONOTONIC), seconds_of(CLOCK_PROCESS_CPUTIME_ID)};

    return m;
}

/* A whole number from lo to hi, or -1. */
static inline long
number_of(const char *text, long lo, long hi)
{
    char *end;
    long n = strtol(text, &end, 10);

    return *text != '\0' && *end == '\0' && n >= lo && n <= hi ? n : -1;
}

static inline int
compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *) a, y = *(const double *) b;

    return (x > y) - (x < y);
}

/* Sorts v; answers its median. */
static inline double
median(double *v, int n)
{
    qsort(v, (size_t) n, sizeof *v, compare_doubles);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Ends the program; also from inside a process. */
static inline void
fail(const char *what, int code)
{
    fprintf(stderr, "%s: %s\n", what, code < 0 ? kith_strerror(code) : "wrong answer");
    _Exit(1);
}

static inline void
check(bool ok, const char *what)
{
    if (!ok)
        fail(what, 0);
}

static inline void
must(int code, const char *what)
{
    if (code < 0)
        fail(what, code);
}

/* Sends one number. */
static inline void
post(kith_pid to, uint64_t tag, uint64_t value)
{
    must(kith_send(to, tag, &value, sizeof value), "send");
}

/* Receives whatever comes first. */
static inline const kith_msg *
take(void)
{
    const kith_msg *m = NULL;

    must(kith_receive(&m, KITH_INFINITY), "receive");
    return m;
}

/* The number in a message. */
static inline uint64_t
value_of(const kith_msg *m)
{
    const uint64_t *v = KITH_BODY(m, uint64_t);

    check(v != NULL, "a message without a number");
    return *v;
}

#endif
