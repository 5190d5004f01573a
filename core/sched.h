/* SPDX-License-Identifier: Apache-2.0
 * sched.h -- workers: threads that run tasks, poll for readiness and keep the time.
 *
 * A task is anything with a mailbox and a run function. It stands in one run queue while it is
 * OWNED and not running (mbox.h I1), where every worker can take it: a worker's last-in slot,
 * its ring of 256, or the one shared list behind a lock that takes the overflow, what threads outside
 * bring, and what shall run wherever there is least to do. Those of high priority stand in a shared
 * list of their own (S5). */
#ifndef KI_SCHED_H
#define KI_SCHED_H

#include "core/thread.h"

#include "core/ctx.h"
#include "core/mbox.h"
#include "core/os_self.h"
#include "core/poll.h"
#include "core/slab.h"
#include "core/slots.h"
#include "core/soon.h"
#include "core/stack.h"
#include "core/timers.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ki_task;
struct ki_worker;
struct ki_fiber;

struct ki_task_type {
    const char *name;
    /* Runs the task, which the worker owns, until it settles, is queued again or ends. */
    void (*run)(struct ki_task *t, struct ki_worker *w);
    /* Instead of a run queue: how to make a task run that no worker runs. NULL: by workers. */
    void (*wake)(struct ki_task *t);
};

/* Key: [i] constant from birth to death, [o] owner, [a] atomic, [q] the run queue it is in. */
struct ki_task {
    ki_mbox mbox;         /* [a] */
    _Atomic(uint64_t) id; /* [i] the full handle; relaxed reads by strangers are hints */
    _Atomic(const struct ki_task_type *)
        type;                 /* [i]; a look may come too late, see below */
    struct ki_task *run_next; /* [q] */
};

enum { KI_RING = 256, KI_KINDS = 6, KI_EVENTS = 256, KI_WORKERS_MAX = 250 };

enum ki_activity { KI_RUNS, KI_POLLS, KI_SLEEPS, KI_ACTIVITIES };

/* Counters of one worker: written by it alone, read by anybody, never exact while running. */
struct ki_worker_stats {
    _Atomic(uint64_t) polls, waits, events, steals, wakes;
    /* Time, in nanoseconds, of what has ended; and what it does since when (enum ki_activity). */
    _Atomic(uint64_t) spent_ns[KI_ACTIVITIES];
    _Atomic(uint64_t) since_ns;
    _Atomic(uint32_t) activity;
};

/* Key: [w] the worker's own thread, [a] atomic, [i] constant. */
struct ki_worker {
    KI_ALIGNED(KI_CACHE_LINE) _Atomic(uint32_t) head; /* [a] taken by owner and thieves */
    KI_ALIGNED(KI_CACHE_LINE) _Atomic(uint32_t) tail; /* [a:w] */
    _Atomic(struct ki_task *) lifo;                   /* [a] */
    _Atomic(struct ki_task *) ring[KI_RING];          /* [a] */

    KI_ALIGNED(KI_CACHE_LINE) struct ki_ctx ctx; /* [w] the thread's own stack */
    struct ki_fiber *current;                    /* [w] the fiber that runs, or NULL */
    struct ki_fiber *left;             /* [w] the fiber that was switched away from */
    _Atomic(struct ki_task *) running; /* [a:w] the task that runs, fiber or not */
    _Atomic(uint64_t) tick;            /* [a:w] runs since start: others see it move */
    uint64_t poll_tick;                /* [w] tick at which to poll next */
    uint32_t lifo_run;                 /* [w] runs in a row out of the last-in slot */
    uint32_t high_run;                 /* [w] picks in a row of high priority */
    uint32_t random;                   /* [w] */
    unsigned index;                    /* [i] */
    bool searching;                    /* [w] */

    struct ki_slab_cache slab;             /* [w] */
    struct ki_stack_cache stacks;          /* [w] */
    struct ki_slots_cache slots[KI_KINDS]; /* [w] by handle kind */
    struct ki_soon soon;                   /* [w] */

    struct ki_worker_stats stats;
    _Atomic(int64_t) mem_bytes; /* [a:w] mem.h */
    _Atomic(bool) asleep;       /* [a:w] */
    _Atomic(bool) done;         /* [a:w] the thread has left its loop */
    pthread_t thread;           /* [i] */

    struct ki_event events[KI_EVENTS]; /* [w] */

    /* Own lock. Not cleared between runs: a late thread may be in there (timers.h I3). */
    struct ki_timer_base timers;
};

struct ki_sched {
    _Atomic(uint32_t) n;            /* [a] workers; 0 before the start and after the stop */
    _Atomic(uint32_t) n_high;       /* [a] tasks in the list of high priority */
    struct ki_worker *worker;       /* [i] n of KI_WORKERS_MAX, never freed */
    unsigned made;                  /* [i] of these have run before */
    const struct ki_poller *poller; /* [i] */
    /* Called by a worker for each readiness event, on its own stack. */
    void (*on_event)(struct ki_worker *w, uint64_t id, uint32_t ready);
    /* Called by a worker when a POSIX signal asked for attention. */
    void (*on_signal)(void);
    /* Called by the watchdog when a worker has been in one task for that long. */
    void (*on_stall)(uint64_t id, uint64_t ms);

    /* Called by the watchdog at each of its steps: it must not block. */
    void (*on_watch)(void);

    /* Called by a worker's thread at its end: give caches back. */
    void (*on_exit)(struct ki_worker *w);

    pthread_mutex_t inject_lock;
    struct ki_task *inject_head, *inject_tail; /* [l] */
    struct ki_task *high_head, *high_tail;     /* [l] */
    _Atomic(uint32_t) n_inject;                /* [a] */
    _Atomic(uint32_t) n_sleeping;              /* [a] */
    _Atomic(bool) wake_sent;                   /* [a] a wake is on its way to some worker */
    _Atomic(bool) steal_lifo;                  /* [a] last-in slots may be robbed */
    _Atomic(bool) halt;                        /* [a] */
    _Atomic(bool) signalled;                   /* [a] */
    struct ki_timer_base outside;              /* timers of threads that are no workers */
};

extern struct ki_sched ki_sched;

/* How many there are. A plain thread may look beside a start or a stop. */
static inline uint32_t
ki_workers(void)
{
    return ki_load_rlx(&ki_sched.n); /* relaxed: written when no worker runs */
}

/* ki_sched_start makes n workers and their threads; 0 or a code, and then nothing runs.
 * ki_sched_halt makes them leave after their present task; it does not wait.
 * ki_sched_join waits for those that have left by deadline_ns; true: all have, memory is free. */
int ki_sched_start(unsigned n);
void ki_sched_halt(void);
bool ki_sched_join(uint64_t deadline_ns);

/* ki_sched_ready makes an OWNED task run: soon and here when called by a worker (last-in slot).
 * Any thread. ki_sched_ready_fifo puts it behind all others of this worker. ki_sched_ready_shared
 * makes it run on whichever worker is free first: behind all in the shared list. */
void ki_sched_ready(struct ki_task *t);
void ki_sched_ready_shared(struct ki_task *t);

/* ki_sched_ready_high is the `wake` of a task type of high priority. */
void ki_sched_ready_high(struct ki_task *t);

/* The parts of it that are seldom needed. */
void ki_sched_ready_slowly(struct ki_task *t);
void ki_sched_overflow(struct ki_worker *w, struct ki_task *t);
void ki_sched_notify(void);

KI_HOT void
ki_sched_ring_push(struct ki_worker *w, struct ki_task *t)
{
    uint32_t tail = ki_load_rlx(&w->tail); /* ours */

    /* acquire: with a thief's release of head, it is done with the slot we overwrite. */
    if (ki_slow(tail - ki_load_acq(&w->head) >= KI_RING)) {
        ki_sched_overflow(w, t);
        return;
    }
    ki_store_rlx(&w->ring[tail % KI_RING], t);
    /* release: with the acquire of tail in steal_ring, a thief sees the entry. */
    ki_store_rel(&w->tail, tail + 1);
}

KI_HOT void
ki_sched_ready_fifo(struct ki_task *t)
{
    struct ki_worker *w = ki_worker_self();

    if (ki_slow(ki_load_rlx(&t->type)->wake != NULL) || ki_slow(w == NULL)) {
        ki_sched_ready_slowly(t);
        return;
    }
    ki_sched_ring_push(w, t);
    if (ki_slow(ki_workers() > 1))
        ki_sched_notify();
}

/* ki_sched_post pushes a node and makes the receiver run if it was idle.
 * false: refused, the node is still the caller's. */
KI_NODISCARD static inline bool
ki_sched_post(struct ki_task *t, struct ki_node *n, uint64_t refuse)
{
    enum ki_push p = ki_mbox_push(&t->mbox, n, refuse);

    if (p == KI_PUSH_SCHEDULE)
        ki_sched_ready(t);
    return p != KI_PUSH_REFUSED;
}

/* ki_sched_queued: how many wait in w's queues. Any thread; a guess. */
uint32_t ki_sched_queued(struct ki_worker *w);

/* ki_sched_has_queued: does anything wait behind what w runs? Any thread; a guess. */
bool ki_sched_has_queued(struct ki_worker *w);

/* ki_sched_wake_for_signal may be called by a POSIX signal handler. */
void ki_sched_wake_for_signal(void);

/* What a fiber that leaves can switch to without going through the worker's loop: the task in the
 * last-in slot, if there is one, else the oldest of the ring. NULL: the loop has to look, because it
 * is no fiber, or it is time to poll, or one of high priority waits, or there is none. For fiber.c, which gives its run function. */
static inline bool
ki_sched_has_newest(struct ki_worker *w)
{
    return ki_load_rlx(&w->lifo) != NULL; /* relaxed: a look, the take decides */
}

struct ki_task *ki_sched_newest_fiber(struct ki_worker *w);

KI_HOT struct ki_task *
ki_sched_oldest_fiber(struct ki_worker *w,
                      void (*fiber_run)(struct ki_task *t, struct ki_worker *w))
{
    const uint64_t tick = ki_load_rlx(&w->tick);
    uint32_t h = ki_load_rlx(&w->head); /* the swap checks it */
    struct ki_task *t;

    /* relaxed: a look; one that is missed here is found by the next pick. */
    if (ki_slow(ki_load_rlx(&ki_sched.n_high) != 0) || ki_slow(tick >= w->poll_tick) ||
        h == ki_load_rlx(&w->tail))
        return NULL;
    t = ki_load_rlx(&w->ring[h % KI_RING]);
    /* relaxed: a look at what a thief may just have taken; the swap of head checks it. */
    if (ki_slow(ki_load_rlx(&t->type)->run != fiber_run))
        return NULL;
    if (ki_fast(ki_workers() == 1))
        ki_store_rlx(&w->head, h + 1);             /* no thieves */
    else if (!ki_cas_acq_rel(&w->head, &h, h + 1)) /* with steal_ring's */
        return NULL;
    w->lifo_run = 0;
    ki_store_rlx(&w->tick, tick + 1);
    return t;
}

#ifdef __cplusplus
}
#endif

#endif
