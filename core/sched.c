/* SPDX-License-Identifier: Apache-2.0
 * sched.c -- the worker's loop: run, steal, poll, sleep, wake.
 *
 *   S1  A worker that goes to sleep first counts itself in n_sleeping, then looks at every
 *       queue once more; whoever queues a task first queues it, then looks at n_sleeping. Both
 *       sides are sequentially consistent, so one of them sees the other: no task is left
 *       behind while all sleep.
 *   S2  At most one wake is on its way (wake_sent). Who harvests it becomes a searcher, and
 *       when it finds work and there is more, it wakes the next.
 *   S3  A worker never sleeps past the next deadline of its own wheel or of the outside one.
 *   S4  A worker stuck in user code holds up nobody: its tasks can be stolen, events go to the
 *       others, and the watchdog has its overdue timers run by a peer.
 *   S5  Whoever looks for a task takes one of high priority first, but of 64 in a row one is for
 *       the others. It costs those a look at one count. */
#define _GNU_SOURCE
#include "core/sched.h"

#include <string.h>

#include "core/assert.h"
#include "core/fiber.h"
#include "core/os.h"
#include "core/overflow.h"
#include "core/seam.h"
#include "core/watchdog.h"

enum {
    POLL_EVERY = 61,   /* runs between two looks at poller, wheel and shared list */
    POLL_MIN = 16,     /* events a look takes even when the ring is full */
    INJECT_BATCH = 32, /* tasks a look takes from the shared list at most */
    LIFO_RUN_MAX = 3,  /* runs in a row out of the last-in slot while others wait */
    HIGH_RUN_MAX = 63  /* S5 */
};

_Static_assert(_Alignof(struct ki_node) % (KI_MBOX_FLAGS + 1) == 0,
               "a mailbox's flags lie below the bits of a node's address");

struct ki_sched ki_sched = {
    .inject_lock = PTHREAD_MUTEX_INITIALIZER,
};

/* ---- queues ---- */

static void
inject(struct ki_task *first, struct ki_task *last, uint32_t n)
{
    last->run_next = NULL;
    pthread_mutex_lock(&ki_sched.inject_lock);
    if (ki_sched.inject_tail)
        ki_sched.inject_tail->run_next = first;
    else
        ki_sched.inject_head = first;
    ki_sched.inject_tail = last;
    ki_add_seq(&ki_sched.n_inject, n); /* S1 */
    pthread_mutex_unlock(&ki_sched.inject_lock);
}

/* ---- the list of high priority ---- */

void
ki_sched_ready_high(struct ki_task *t)
{
    t->run_next = NULL;
    pthread_mutex_lock(&ki_sched.inject_lock);
    if (ki_sched.high_tail)
        ki_sched.high_tail->run_next = t;
    else
        ki_sched.high_head = t;
    ki_sched.high_tail = t;
    ki_add_seq(&ki_sched.n_high, 1); /* S1 */
    pthread_mutex_unlock(&ki_sched.inject_lock);
    ki_sched_notify();
}

static KI_NOINLINE struct ki_task *
take_high(struct ki_worker *w)
{
    struct ki_task *t;

    if (w->high_run >= HIGH_RUN_MAX)
        return NULL;
    pthread_mutex_lock(&ki_sched.inject_lock);
    t = ki_sched.high_head;
    if (t) {
        ki_sched.high_head = t->run_next;
        if (!ki_sched.high_head)
            ki_sched.high_tail = NULL;
        ki_sub_rlx(&ki_sched.n_high, 1); /* relaxed: fewer is found out under the lock */
    }
    pthread_mutex_unlock(&ki_sched.inject_lock);
    w->high_run += t != NULL;
    return t;
}

static bool
has_high(void)
{
    return ki_slow(ki_load_rlx(&ki_sched.n_high) != 0); /* relaxed: as n_inject */
}

/* ---- the others ---- */

static uint32_t
ring_len(struct ki_worker *v)
{
    /* relaxed: a guess, or under S1's fence */
    return ki_load_rlx(&v->tail) - ki_load_rlx(&v->head);
}

uint32_t
ki_sched_queued(struct ki_worker *w)
{
    return ring_len(w) + (ki_load_rlx(&w->lifo) != NULL); /* relaxed: a guess */
}

bool
ki_sched_has_queued(struct ki_worker *w)
{
    return ring_len(w) != 0 || ki_load_rlx(&w->lifo) != NULL; /* relaxed: asked again */
}

/* The ring is full: half of it and t go to the shared list. */
void
ki_sched_overflow(struct ki_worker *w, struct ki_task *t)
{
    struct ki_task *first = NULL, *last = NULL;
    uint32_t h = ki_load_acq(&w->head), n = KI_RING / 2; /* with a thief's release */

    if (ki_load_rlx(&w->tail) - h < n) { /* thieves were faster: there is room again */
        inject(t, t, 1);
        return;
    }
    struct ki_task *batch[KI_RING / 2];
    for (uint32_t i = 0; i < n; i++)
        batch[i] = ki_load_rlx(&w->ring[(h + i) % KI_RING]);
    if (!ki_cas_acq_rel(&w->head, &h, h + n)) { /* thieves took some of them */
        inject(t, t, 1);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (last)
            last->run_next = batch[i];
        else
            first = batch[i];
        last = batch[i];
    }
    last->run_next = t;
    inject(first, t, n + 1);
}

static struct ki_task *
ring_pop(struct ki_worker *w)
{
    uint32_t h = ki_load_rlx(&w->head); /* the swap checks it */

    while (h != ki_load_rlx(&w->tail)) {
        struct ki_task *t = ki_load_rlx(&w->ring[h % KI_RING]);

        if (ki_workers() == 1) {
            ki_store_rlx(&w->head, h + 1); /* no thieves */
            return t;
        }
        if (ki_cas_acq_rel(&w->head, &h, h + 1)) /* with steal_ring's */
            return t;
    }
    return NULL;
}

/* The oldest of the shared list, and into w's ring, as far as there is room, a share of those
 * behind it: one at a time would leave them waiting for as long as the ring has work. */
static struct ki_task *
take_injected(struct ki_worker *w)
{
    struct ki_task *batch[INJECT_BATCH];
    uint32_t n, room = KI_RING - ring_len(w); /* thieves only make it more */

    if (ki_load_rlx(&ki_sched.n_inject) == 0) /* relaxed: S1 looks again before sleeping */
        return NULL;
    pthread_mutex_lock(&ki_sched.inject_lock);
    n = ki_load_rlx(&ki_sched.n_inject); /* relaxed: changed under the lock */
    n = (n + ki_workers() - 1) / ki_workers();
    n = (uint32_t) ki_min_u64(ki_min_u64(n, room + 1), INJECT_BATCH);
    for (uint32_t i = 0; i < n; i++) {
        batch[i] = ki_sched.inject_head;
        ki_sched.inject_head = batch[i]->run_next;
    }
    if (!ki_sched.inject_head)
        ki_sched.inject_tail = NULL;
    ki_sub_rlx(&ki_sched.n_inject, n);
    pthread_mutex_unlock(&ki_sched.inject_lock);
    for (uint32_t i = 1; i < n; i++)
        ki_sched_ring_push(w, batch[i]);
    return n ? batch[0] : NULL;
}

static struct ki_task *
lifo_take(struct ki_worker *w)
{
    if (ki_load_rlx(&w->lifo) == NULL) /* ours to fill: none is none */
        return NULL;
    if (ki_workers() == 1) {
        struct ki_task *t = ki_load_rlx(&w->lifo);

        ki_store_rlx(&w->lifo, NULL);
        return t;
    }
    return ki_xchg_acq_rel(&w->lifo, NULL); /* with a thief's exchange: one of us has it */
}

static struct ki_task *
lifo_replace(struct ki_worker *w, struct ki_task *t)
{
    if (ki_workers() == 1) {
        struct ki_task *old = ki_load_rlx(&w->lifo);

        ki_store_rlx(&w->lifo, t);
        return old;
    }
    return ki_xchg_acq_rel(&w->lifo, t); /* release: the task, for a thief */
}

/* Takes half of the victim's ring; one of them is answered, the others go to w's ring. */
static struct ki_task *
steal_ring(struct ki_worker *w, struct ki_worker *v)
{
    struct ki_task *batch[KI_RING / 2 + 1];
    uint32_t h = ki_load_acq(&v->head); /* before tail, so that n is not too large */

    for (;;) {
        uint32_t n = ki_load_acq(&v->tail) - h; /* with ring_push's release */

        if (n == 0 || n > KI_RING)
            return NULL;
        n -= n / 2;
        for (uint32_t i = 0; i < n; i++)
            batch[i] = ki_load_rlx(&v->ring[(h + i) % KI_RING]);
        /* release: we have read the slots; with ring_push's acquire of head. */
        if (ki_cas_acq_rel(&v->head, &h, h + n)) {
            for (uint32_t i = 1; i < n; i++)
                ki_sched_ring_push(w, batch[i]);
            return batch[0];
        }
    }
}

static struct ki_task *
steal(struct ki_worker *w)
{
    bool lifo = ki_load_rlx(&ki_sched.steal_lifo);

    w->random = w->random * 1664525u + 1013904223u;
    for (unsigned i = 0; i < ki_workers(); i++) {
        struct ki_worker *v = &ki_sched.worker[(w->random / 65536 + i) % ki_workers()];
        struct ki_task *t;

        if (v == w)
            continue;
        t = steal_ring(w, v);
        if (!t && lifo)
            t = ki_xchg_acq_rel(&v->lifo, NULL); /* with lifo_replace */
        if (t) {
            ki_count(&w->stats.steals, 1);
            ki_store_rlx(&ki_sched.steal_lifo, false);
            return t;
        }
    }
    return NULL;
}

static bool
any_work(struct ki_worker *w)
{
    bool lifo = ki_load_rlx(&ki_sched.steal_lifo);

    if (ki_load_seq(&ki_sched.n_inject) != 0 || ki_load_seq(&ki_sched.n_high) != 0)
        return true;
    for (unsigned i = 0; i < ki_workers(); i++) {
        struct ki_worker *v = &ki_sched.worker[i];

        if (v != w && (ring_len(v) != 0 || (lifo && ki_load_rlx(&v->lifo) != NULL)))
            return true;
    }
    return false;
}

/* ---- waking ---- */

/* S1, S2: a task was queued that another worker could take. */
void
ki_sched_notify(void)
{
    ki_fence_seq(); /* with the count in sleep() */
    if (ki_load_rlx(&ki_sched.n_sleeping) == 0)
        return;
    if (!ki_load_rlx(&ki_sched.wake_sent) && !ki_xchg_seq(&ki_sched.wake_sent, true)) {
        struct ki_worker *w = ki_worker_self();

        if (w)
            ki_count(&w->stats.wakes, 1);
        ki_sched.poller->wake();
    }
}

void
ki_sched_ready(struct ki_task *t)
{
    struct ki_worker *w = ki_worker_self();
    struct ki_task *older;

    if (ki_slow(ki_load_rlx(&t->type)->wake != NULL) || ki_slow(w == NULL)) {
        ki_sched_ready_slowly(t);
        return;
    }
    older = lifo_replace(w, t);
    if (!older)
        return;
    ki_sched_ring_push(w, older);
    if (ki_workers() > 1)
        ki_sched_notify();
}

/* By a thread that is no worker, or a task that no worker runs. */
KI_NOINLINE void
ki_sched_ready_slowly(struct ki_task *t)
{
    ki_sched_ready_shared(t);
}

void
ki_sched_ready_shared(struct ki_task *t)
{
    if (ki_load_rlx(&t->type)->wake != NULL) {
        ki_load_rlx(&t->type)->wake(t);
        return;
    }
    inject(t, t, 1);
    ki_sched_notify();
}

struct ki_task *
ki_sched_newest_fiber(struct ki_worker *w)
{
    struct ki_task *t = ki_load_rlx(&w->lifo); /* a look: the take decides */

    if (!t || has_high() || ki_load_rlx(&t->type)->run != ki_fiber_run ||
        ki_load_rlx(&w->tick) >= w->poll_tick ||
        (w->lifo_run >= LIFO_RUN_MAX && ring_len(w) != 0))
        return NULL;
    t = lifo_take(w);
    if (!t)
        return NULL;
    if (ki_slow(ki_load_rlx(&t->type)->run !=
                ki_fiber_run)) { /* a thief and a waker came in between */
        ki_sched_ready_fifo(t);
        return NULL;
    }
    w->lifo_run++;
    ki_count(&w->tick, 1);
    return t;
}

void
ki_sched_wake_for_signal(void)
{
    ki_store_seq(&ki_sched.signalled, true);
    if (ki_sched.poller)
        ki_sched.poller->wake();
}

/* ---- the loop ---- */

/* What w did until now has ended. */
static void
begin(struct ki_worker *w, enum ki_activity what, uint64_t now)
{
    struct ki_worker_stats *s = &w->stats;
    const uint64_t since =
        ki_load_rlx(&s->since_ns); /* all relaxed: others only report it */

    ki_count(&s->spent_ns[ki_load_rlx(&s->activity)], now > since ? now - since : 0);
    ki_store_rlx(&s->since_ns, now);
    ki_store_rlx(&s->activity, (uint32_t) what);
}

/* After a poll: the time is new. */
static void
run_timers(struct ki_worker *w)
{
    uint64_t now = ki_now_ns();

    begin(w, KI_RUNS, now);

    if (ki_timers_next(&w->timers) <= now)
        ki_timers_run(&w->timers, now);
    if (ki_timers_next(&ki_sched.outside) <= now)
        ki_timers_run(&ki_sched.outside, now);
}

static void
run_late_timers(void)
{
    uint64_t now = ki_now_ns();

    for (unsigned i = 0; i < ki_workers(); i++)
        if (ki_timers_next(&ki_sched.worker[i].timers) <= now)
            ki_timers_run(&ki_sched.worker[i].timers, now);
}

/* Takes as many events as the ring has room for. More would push its oldest tasks out to the
 * shared list, behind those of the next looks; the poller keeps the rest in their order. */
static void
poll(struct ki_worker *w, uint64_t timeout_ns)
{
    uint64_t room = ki_max_u64(KI_RING - ring_len(w), POLL_MIN);
    int n = ki_sched.poller->wait(w->events, (int) ki_min_u64(room, KI_EVENTS), timeout_ns);

    ki_count(&w->stats.polls, 1);
    if (n > 0)
        ki_count(&w->stats.events, (uint64_t) n);
    for (int i = 0; i < n; i++) {
        if (w->events[i].id != 0) {
            ki_sched.on_event(w, w->events[i].id, w->events[i].ready);
            continue;
        }
        w->searching = true; /* S2: the wake is ours */
        ki_store_seq(&ki_sched.wake_sent, false);
        if (ki_load_rlx(&ki_sched.steal_lifo))
            run_late_timers();
    }
    if (ki_slow(ki_load_rlx(&ki_sched.signalled)) &&
        ki_xchg_seq(&ki_sched.signalled, false))
        ki_sched.on_signal();
}

static void
sleep_until_work(struct ki_worker *w)
{
    uint64_t next, now, wait = 0;

    w->searching = false;
    ki_store_rlx(&w->asleep, true);
    ki_add_seq(&ki_sched.n_sleeping, 1); /* S1: count, then look */
    ki_fence_seq();
    now = ki_now_ns();
    if (!any_work(w) && !ki_load_seq(&ki_sched.halt)) {
        next = ki_min_u64(ki_timers_next(&w->timers), ki_timers_next(&ki_sched.outside));
        wait = next == UINT64_MAX ? UINT64_MAX : next > now ? next - now : 0;
        if (wait)
            ki_count(&w->stats.waits, 1);
    }
    begin(w, wait ? KI_SLEEPS : KI_POLLS, now);
    poll(w, wait);
    ki_sub_seq(&ki_sched.n_sleeping, 1);
    ki_store_rlx(&w->asleep, false);
    run_timers(w);
    w->poll_tick = ki_load_rlx(&w->tick) + POLL_EVERY;
    ki_watchdog_wake();
}

/* One of no priority. */
static struct ki_task *
next_normal(struct ki_worker *w)
{
    struct ki_task *t;

    if (w->lifo_run < LIFO_RUN_MAX || ring_len(w) == 0) {
        t = lifo_take(w);
        if (t) {
            w->lifo_run++;
            return t;
        }
    }
    w->lifo_run = 0;
    t = ring_pop(w);
    if (t)
        return t;
    t = lifo_take(w);
    if (t)
        return t;
    t = take_injected(w);
    if (t)
        return t;
    return ki_workers() > 1 ? steal(w) : NULL;
}

static struct ki_task *
next_task(struct ki_worker *w)
{
    struct ki_task *t = NULL, *high;

    if (ki_slow(ki_load_rlx(&w->tick) >= w->poll_tick)) {
        w->poll_tick = ki_load_rlx(&w->tick) + POLL_EVERY;
        t = take_injected(w); /* first, because the poller fills what room there is */
        begin(w, KI_POLLS, ki_now_ns());
        poll(w, 0);
        run_timers(w);
    }
    if (has_high() && (high = take_high(w)) != NULL) {
        if (t)
            ki_sched_ring_push(w, t);
        return high;
    }
    w->high_run = 0;
    if (!t)
        t = next_normal(w);
    return !t && has_high() ? take_high(w) : t; /* no others: the 64th is of these too */
}

static void
run_one(struct ki_worker *w, struct ki_task *t)
{
    if (w->searching) { /* S2: found some; is there more for the next? */
        w->searching = false;
        if (ki_workers() > 1 &&
            (ring_len(w) != 0 || ki_load_rlx(&ki_sched.n_inject) != 0 || has_high()))
            ki_sched_notify();
    }
    ki_count(&w->tick, 1);
    ki_store_rlx(&w->running, t); /* relaxed: others only report it */
    ki_load_rlx(&t->type)->run(t, w);
    ki_store_rlx(&w->running, NULL);
    w->current = NULL;
}

/* What is queued here at the end waits for the next start. */
static void
hand_over(struct ki_worker *w)
{
    struct ki_task *t;

    if (ki_sched.on_exit)
        ki_sched.on_exit(w); /* it may wake some */
    ki_mem_count_end(w);
    while ((t = lifo_take(w)) != NULL || (t = ring_pop(w)) != NULL)
        inject(t, t, 1);
}

static void *
worker_main(void *arg)
{
    struct ki_worker *w = arg;
    struct ki_overflow_thread alt;
    char name[16] = "kith-w";

    name[6] = (char) ('0' + w->index / 10 % 10);
    name[7] = (char) ('0' + w->index % 10);
    ki_os_thread_name(name);
    ki_os_block_signals();
    int alt_code = ki_overflow_thread_init(&alt);
    ki_ctx_init_thread(&w->ctx);
    ki_worker_self_set(w);

    while (
        !ki_load_rlx(&ki_sched.halt)) { /* relaxed: sleep_until_work looks with seq_cst */
        struct ki_task *t = next_task(w);

        if (t)
            run_one(w, t);
        else
            sleep_until_work(w);
    }

    ki_sched.poller->wake(); /* the next worker that sleeps */
    hand_over(w);
    ki_slab_flush(&w->slab);
    ki_stack_cache_flush(&w->stacks);
    ki_worker_self_set(NULL);
    if (alt_code == 0)
        ki_overflow_thread_fini(&alt);
    ki_store_rel(&w->done, true); /* with ki_sched_join: what this thread did is over */
    return NULL;
}

/* ---- start and stop ---- */

/* A worker's first run needs all of it zeroed; in the next ones its timers go on. */
static void
clear(unsigned i)
{
    struct ki_worker *w = &ki_sched.worker[i];
    const size_t size = i < ki_sched.made ? offsetof(struct ki_worker, timers) : sizeof *w;

    memset((void *) w, 0, size);
    if (i >= ki_sched.made)
        ki_sched.made = i + 1;
}

int
ki_sched_start(unsigned n)
{
    int code;

    if (n < 1)
        n = 1;
    if (n > KI_WORKERS_MAX)
        n = KI_WORKERS_MAX;
    code = ki_sched.poller->init();
    if (code < 0)
        return code;
    if (!ki_sched.worker) /* pages of those that never run are never touched */
        ki_sched.worker =
            ki_mem_alloc_aligned(KI_WORKERS_MAX * sizeof *ki_sched.worker, KI_CACHE_LINE);
    if (!ki_sched.worker) {
        ki_sched.poller->fini();
        return -12; /* KITH_ENOMEM */
    }
    ki_store_rlx(&ki_sched.n, n);
    ki_store_seq(&ki_sched.halt, false);
    ki_store_seq(&ki_sched.wake_sent, false);
    ki_store_seq(&ki_sched.steal_lifo, false);
    ki_timers_init(&ki_sched.outside, false);
    for (unsigned i = 0; i < n; i++) {
        struct ki_worker *w = &ki_sched.worker[i];

        clear(i);
        w->index = i;
        w->random = (uint32_t) ki_os_random();
        ki_store_rlx(&w->stats.since_ns, ki_now_ns());
        ki_timers_init(&w->timers, true);
    }
    for (unsigned i = 0; i < n; i++) {
        code = ki_os_thread(&ki_sched.worker[i].thread, worker_main, &ki_sched.worker[i]);
        if (code < 0) { /* those that run leave again */
            ki_sched_halt();
            for (unsigned j = 0; j < i; j++)
                pthread_join(ki_sched.worker[j].thread, NULL);
            ki_store_rlx(&ki_sched.n, 0);
            ki_sched.poller->fini();
            return code;
        }
    }
    ki_watchdog_start();
    return 0;
}

void
ki_sched_halt(void)
{
    ki_store_seq(&ki_sched.halt, true);
    ki_sched.poller->wake();
    ki_watchdog_ring();
}

bool
ki_sched_join(uint64_t deadline_ns)
{
    static _Atomic(uint32_t) never;
    bool all;

    if (ki_workers() == 0)
        return true;
    for (;;) {
        uint64_t now = ki_os_now_ns();

        all = true;
        for (unsigned i = 0; i < ki_workers(); i++)
            all = all && ki_load_acq(&ki_sched.worker[i].done);
        if (all || now >= deadline_ns)
            break;
        ki_sched.poller->wake();
        /* By the seam's clock, as ki_os_park wants it; the end is one of real time. */
        ki_os_park(&never, 0, ki_now_ns() + ki_min_u64(deadline_ns - now, 1000000));
    }
    if (!all)
        return false;
    ki_watchdog_join();
    for (unsigned i = 0; i < ki_workers(); i++)
        pthread_join(ki_sched.worker[i].thread, NULL);
    ki_store_rlx(&ki_sched.n, 0);
    ki_sched.poller->fini();
    return true;
}
