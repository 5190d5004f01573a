/* SPDX-License-Identifier: Apache-2.0
 * conns.c -- a table of connections, by pid.
 *
 *   I1  From a pid's home to its place no place is free: a look ends at the first that is. So a
 *       place that becomes free is filled with the next behind it that may stand there. */
#include "actors/conns.h"

#include <kith/error.h>
#include <kith/process.h>
#include <string.h>

enum { CAP_MIN = 16 };

/* The numbers of living processes differ in their low bits. */
static size_t
home(const struct ki_conns *t, kith_pid pid)
{
    return (size_t) (pid.id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (t->cap - 1);
}

static size_t
next(const struct ki_conns *t, size_t i)
{
    return (i + 1) & (t->cap - 1);
}

/* Where it stands, or the free place at which a look for it ends. */
static size_t
find(const struct ki_conns *t, kith_pid pid)
{
    size_t i = home(t, pid);

    while (t->place[i].pid.id != 0 && t->place[i].pid.id != pid.id)
        i = next(t, i);
    return i;
}

static int
grow(struct ki_conns *t)
{
    struct ki_conns bigger = {.cap = t->cap ? 2 * t->cap : CAP_MIN, .n = t->n};

    bigger.place = kith_alloc(bigger.cap * sizeof *bigger.place);
    if (!bigger.place)
        return KITH_ENOMEM;
    memset(bigger.place, 0, bigger.cap * sizeof *bigger.place);
    for (size_t i = 0; i < t->cap; i++)
        if (t->place[i].pid.id)
            bigger.place[find(&bigger, t->place[i].pid)] = t->place[i];
    kith_free(t->place);
    *t = bigger;
    return 0;
}

int
ki_conns_reserve(struct ki_conns *t)
{
    return t->n < t->cap / 4 * 3 ? 0 : grow(t);
}

struct ki_conn *
ki_conns_add(struct ki_conns *t, kith_pid pid, kith_socket s)
{
    struct ki_conn *c = &t->place[find(t, pid)];

    *c = (struct ki_conn){.pid = pid, .socket = s};
    t->n++;
    return c;
}

struct ki_conn *
ki_conns_find(const struct ki_conns *t, kith_pid pid)
{
    size_t i = t->cap ? find(t, pid) : 0;

    return t->cap && t->place[i].pid.id ? &t->place[i] : NULL;
}

void
ki_conns_remove(struct ki_conns *t, struct ki_conn *c)
{
    const size_t mask = t->cap - 1;
    size_t hole = (size_t) (c - t->place), i = hole;

    while (t->place[i = next(t, i)].pid.id) {
        size_t from_home = (i - home(t, t->place[i].pid)) & mask;

        if (from_home >= ((i - hole) & mask)) { /* I1: its home is not behind the hole */
            t->place[hole] = t->place[i];
            hole = i;
        }
    }
    t->place[hole].pid.id = 0;
    t->n--;
}

struct ki_conn *
ki_conns_next(const struct ki_conns *t, const struct ki_conn *c)
{
    size_t i = c ? (size_t) (c - t->place) + 1 : 0;

    while (i < t->cap && t->place[i].pid.id == 0)
        i++;
    return i < t->cap ? &t->place[i] : NULL;
}
