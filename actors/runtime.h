/* SPDX-License-Identifier: Apache-2.0
 * runtime.h -- the one struct everything hangs off, and the way into it. */
#ifndef KI_RUNTIME_H
#define KI_RUNTIME_H

#include "actors/model.h"

#ifdef __cplusplus
extern "C" {
#endif

enum ki_state { KI_STATE_NEW, KI_STATE_RUNNING, KI_STATE_STOPPED, KI_STATE_FORKED };

struct ki_runtime {
    _Atomic(int) state;         /* [a] enum ki_state */
    _Atomic(uint32_t) epoch;    /* [a] grows with each start */
    _Atomic(uint64_t) began_ns; /* [a] when it started */
    _Atomic(bool) stopping;     /* [a] kith_stop has begun */
    _Atomic(bool) forked;       /* [a] some fork has happened: descriptors may live on */
    _Atomic(bool) passed;       /* [a] some descriptor was passed on: the same */
    _Atomic(bool) unlisted;     /* [a] what kith_socket_use_registry says, turned round */
    bool message_only;          /* [i] */
    _Atomic(uint64_t) n_procs;  /* [a] living processes, threads not counted */
    uint64_t max_procs;         /* [i] more than that are refused */
    _Atomic(uint64_t)
        n_no_stack;          /* [a] hibernated ones that found no stack to wake up on */
    _Atomic(uint32_t) quiet; /* [a] futex: changes when n_procs reaches 0 */
    struct ki_slots procs, sockets, ops, monitors, timers;
};

extern struct ki_runtime ki_runtime;

/* ki_running: the process with a stack that calls, or NULL: a handler, a thread, nobody. */
static inline struct ki_proc *
ki_running(void)
{
    struct ki_worker *w = ki_worker_self();

    /* On a worker the runtime runs: a forked child has no workers (runtime.c, in_child). */
    return ki_slow(!w) || ki_slow(!w->current)
               ? NULL
               : ki_container_of(w->current, struct ki_proc, fiber);
}

KI_NODISCARD int ki_enter_slow(struct ki_proc **self);

/* ki_enter is the first line of every call that needs the runtime: who calls? A plain thread
 * gets its pseudo-process here. 0, or KITH_ENOTRUNNING, KITH_ESTOPPED, KITH_EFORKED,
 * KITH_EKILLED (a plain thread's pseudo-process is dead), KITH_ENOMEM. */
KI_NODISCARD static inline int
ki_enter(struct ki_proc **self)
{
    *self = ki_running();
    return ki_fast(*self != NULL) ? 0 : ki_enter_slow(self);
}

/* ki_enter_waiting is ki_enter for calls that can wait: KITH_EHANDLER in a handler. */
KI_NODISCARD int ki_enter_waiting_slow(struct ki_proc **self);

KI_NODISCARD static inline int
ki_enter_waiting(struct ki_proc **self)
{
    *self = ki_running();
    return ki_fast(*self != NULL) ? 0 : ki_enter_waiting_slow(self);
}

/* The caches of the calling thread; NULL when it is no worker. */
static inline struct ki_slab_cache *
ki_slab_here(void)
{
    struct ki_worker *w = ki_worker_self();

    return w ? &w->slab : NULL;
}

static inline struct ki_slots_cache *
ki_slots_here(unsigned kind)
{
    struct ki_worker *w = ki_worker_self();

    return w ? &w->slots[kind] : NULL;
}

/* ki_in_use tells how many records of a table are in use. Any thread; while others take and give
 * some it may be off by theirs. */
size_t ki_in_use(struct ki_slots *t);

/* ki_soon_here: the present for a deadline: now or some microseconds later. Any thread. */
static inline uint64_t
ki_soon_here(void)
{
    struct ki_worker *w = ki_worker_self();

    return w ? ki_soon_ns(&w->soon) : ki_now_ns();
}

/* ki_deadline_ns: a timeout of the API as an absolute time; 0 is the past, UINT64_MAX never. */
uint64_t ki_deadline_ns(kith_ms timeout);

#ifdef __cplusplus
}
#endif

#endif
