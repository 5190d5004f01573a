/* SPDX-License-Identifier: Apache-2.0
 * children.h -- what a supervisor knows of its children: their order, and who has which pid.
 *
 * Its memory is the supervisor's (kith_alloc) and dies with it. By that process only. */
#ifndef KI_CHILDREN_H
#define KI_CHILDREN_H

#include <kith/kith.h>

struct ki_child {
    struct ki_child *next, *prev; /* in the order of their starts */
    struct ki_child *in_bucket;
    struct ki_child *retry_next;
    const kith_child *spec;
    void *own;       /* its memory: of its declaration or its argument; NULL: not its own */
    const void *arg; /* for this start and the next */
    size_t len;
    kith_pid pid; /* 0: it does not run */
    kith_ref ref; /* of the monitor, made at its birth */
    bool retry;   /* its restart has failed: it stands in the queue for the next try */
};

struct ki_children {
    struct ki_child *first, *last;
    size_t n;
    size_t running;
    size_t
        significant; /* that run, or stand in the queue: as in Erlang, those have not ended */
    struct ki_child **bucket;
    size_t n_buckets; /* a power of two */
    struct ki_child *retry, **retry_tail;
};

/* 0 or KITH_ENOMEM. */
int ki_children_init(struct ki_children *k);

/* ki_children_add appends one; `own` is freed with it. NULL: no memory, and `own` stays. */
struct ki_child *ki_children_add(struct ki_children *k, const kith_child *spec, void *own);

/* ki_children_forget removes one that does not run. */
void ki_children_forget(struct ki_children *k, struct ki_child *c);

/* c runs now, or does so no more. */
void ki_children_runs(struct ki_children *k, struct ki_child *c, kith_pid pid);
void ki_children_ended(struct ki_children *k, struct ki_child *c);

/* The queue of those whose restart has failed. ki_children_next takes the first; NULL: none. */
void ki_children_retry(struct ki_children *k, struct ki_child *c);
void ki_children_no_retry(struct ki_children *k, struct ki_child *c);
struct ki_child *ki_children_next(struct ki_children *k);

struct ki_child *ki_children_by_pid(struct ki_children *k, kith_pid pid);
struct ki_child *ki_children_by_id(struct ki_children *k, const char *id);

#endif
