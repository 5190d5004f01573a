/* SPDX-License-Identifier: Apache-2.0
 * children.c -- a list in the order of starts, and a table by pid that grows with it. */
#include "actors/children.h"

#include <string.h>

enum { FIRST_BUCKETS = 16 };

static struct ki_child **
bucket_of(struct ki_children *k, kith_pid pid)
{
    /* Fibonacci's: pids differ in a few bits low in the word. */
    uint64_t h = pid.id * UINT64_C(0x9e3779b97f4a7c15);

    return &k->bucket[(h >> 32) & (k->n_buckets - 1)];
}

int
ki_children_init(struct ki_children *k)
{
    memset(k, 0, sizeof *k);
    k->retry_tail = &k->retry;
    k->n_buckets = FIRST_BUCKETS;
    k->bucket = kith_alloc(FIRST_BUCKETS * sizeof *k->bucket);
    if (!k->bucket)
        return KITH_ENOMEM;
    memset(k->bucket, 0, FIRST_BUCKETS * sizeof *k->bucket);
    return 0;
}

struct ki_child *
ki_children_add(struct ki_children *k, const kith_child *spec, void *own)
{
    struct ki_child *c = kith_alloc(sizeof *c);

    if (!c)
        return NULL;
    *c = (struct ki_child){
        .prev = k->last, .spec = spec, .own = own, .arg = spec->arg, .len = spec->len};
    if (k->last)
        k->last->next = c;
    else
        k->first = c;
    k->last = c;
    k->n++;
    return c;
}

void
ki_children_forget(struct ki_children *k, struct ki_child *c)
{
    ki_children_no_retry(k, c);
    if (c->prev)
        c->prev->next = c->next;
    else
        k->first = c->next;
    if (c->next)
        c->next->prev = c->prev;
    else
        k->last = c->prev;
    k->n--;
    kith_free(c->own);
    kith_free(c);
}

/* Without memory the buckets stay as they are, and get longer. */
static void
grow(struct ki_children *k)
{
    size_t n = k->n_buckets * 2;
    struct ki_child **wide = kith_alloc(n * sizeof *wide);

    if (!wide)
        return;
    memset(wide, 0, n * sizeof *wide);
    kith_free(k->bucket);
    k->bucket = wide;
    k->n_buckets = n;
    for (struct ki_child *c = k->first; c; c = c->next) {
        if (c->pid.id == 0)
            continue;
        struct ki_child **b = bucket_of(k, c->pid);
        c->in_bucket = *b;
        *b = c;
    }
}

void
ki_children_runs(struct ki_children *k, struct ki_child *c, kith_pid pid)
{
    struct ki_child **b;

    if (k->running >= k->n_buckets)
        grow(k);
    c->pid = pid;
    b = bucket_of(k, pid);
    c->in_bucket = *b;
    *b = c;
    k->running++;
    k->significant += c->spec->significant;
}

void
ki_children_ended(struct ki_children *k, struct ki_child *c)
{
    struct ki_child **at = bucket_of(k, c->pid);

    while (*at != c)
        at = &(*at)->in_bucket;
    *at = c->in_bucket;
    c->pid.id = 0;
    k->running--;
    k->significant -= c->spec->significant;
}

void
ki_children_retry(struct ki_children *k, struct ki_child *c)
{
    c->retry = true;
    k->significant += c->spec->significant;
    c->retry_next = NULL;
    *k->retry_tail = c;
    k->retry_tail = &c->retry_next;
}

void
ki_children_no_retry(struct ki_children *k, struct ki_child *c)
{
    struct ki_child **at = &k->retry;

    if (!c->retry)
        return;
    while (*at != c)
        at = &(*at)->retry_next;
    *at = c->retry_next;
    if (!*at)
        k->retry_tail = at;
    c->retry = false;
    k->significant -= c->spec->significant;
}

struct ki_child *
ki_children_next(struct ki_children *k)
{
    struct ki_child *c = k->retry;

    if (c)
        ki_children_no_retry(k, c);
    return c;
}

struct ki_child *
ki_children_by_pid(struct ki_children *k, kith_pid pid)
{
    struct ki_child *c = *bucket_of(k, pid);

    while (c && c->pid.id != pid.id)
        c = c->in_bucket;
    return c;
}

struct ki_child *
ki_children_by_id(struct ki_children *k, const char *id)
{
    struct ki_child *c = k->first;

    while (c && (!c->spec->id || strcmp(c->spec->id, id) != 0))
        c = c->next;
    return c;
}
