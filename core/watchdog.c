/* SPDX-License-Identifier: Apache-2.0
 * watchdog.c -- who has run the same task since the last look? */
#include "core/watchdog.h"

#include "core/os.h"
#include "core/sched.h"
#include "core/seam.h"

enum {
    WATCH_MS = 10,        /* a step while anything runs */
    WATCH_IDLE_STEPS = 10 /* steps without any run before it sleeps for good */
};

static struct {
    pthread_t thread;
    bool started;
    _Atomic(uint32_t) bell; /* grows when the watchdog must look */
    _Atomic(bool) deep;     /* it sleeps without a time limit */
} watchdog;

/* A step's time, or until a worker wakes when all sleep. */
static void
wait_for_step(bool for_good)
{
    uint32_t bell = ki_load_seq(&watchdog.bell);

    if (!for_good) {
        ki_os_park(&watchdog.bell, bell, ki_now_ns() + WATCH_MS * UINT64_C(1000000));
        return;
    }
    ki_store_seq(&watchdog.deep, true);
    /* seq_cst: either we see that one is awake, or it sees `deep` (ki_watchdog_wake). */
    if (ki_load_seq(&ki_sched.n_sleeping) == ki_workers() && !ki_load_seq(&ki_sched.halt))
        ki_os_park(&watchdog.bell, bell, UINT64_MAX);
    ki_store_seq(&watchdog.deep, false);
}

/* A wheel that is overdue: whoever was to run it next is stuck. By the timers' own clock. */
static bool
is_late(const struct ki_timer_base *b)
{
    uint64_t next = ki_timers_next(b), now = ki_now_ns();

    return next < now && now - next > WATCH_MS * UINT64_C(1000000);
}

/* One step. Answers whether anything has run since the last. */
static bool
watch(uint64_t *seen, uint64_t *since, uint64_t now)
{
    bool active = false, wake = false;

    for (unsigned i = 0; i < ki_workers(); i++) {
        struct ki_worker *w = &ki_sched.worker[i];
        uint64_t p = ki_load_rlx(&w->tick);
        struct ki_task *t = ki_load_rlx(&w->running); /* type-stable: its id is a hint */

        if (ki_load_rlx(&w->asleep))
            continue;
        active = true;
        if (p != seen[i] || !t) {
            seen[i] = p;
            since[i] = now;
            continue;
        }
        /* The same task since the last step: others take what is queued behind it. */
        if (ki_sched_has_queued(w) || is_late(&w->timers) || is_late(&ki_sched.outside))
            wake = true;
        if (ki_sched.on_stall)
            ki_sched.on_stall(ki_load_rlx(&t->id), (now - since[i]) / 1000000);
    }
    if (wake && ki_load_rlx(&ki_sched.n_sleeping) != 0) {
        ki_store_seq(&ki_sched.steal_lifo, true);
        ki_sched.poller->wake();
    }
    return active;
}

static void *
watchdog_main(void *arg)
{
    uint64_t seen[256] = {0};
    uint64_t since[256] = {0};
    unsigned idle = 0;

    (void) arg;
    ki_os_thread_name("kith-watch");
    ki_os_block_signals();
    while (!ki_load_seq(&ki_sched.halt)) {
        idle = idle < WATCH_IDLE_STEPS ? idle : 0;
        wait_for_step(idle + 1 == WATCH_IDLE_STEPS);
        idle = watch(seen, since, ki_os_now_ns()) ? 0 : idle + 1;
        if (ki_sched.on_watch)
            ki_sched.on_watch();
    }
    return NULL;
}

void
ki_watchdog_wake(void)
{
    if (ki_load_seq(&watchdog.deep)) /* with wait_for_step: n_sleeping fell before */
        ki_watchdog_ring();
}

void
ki_watchdog_ring(void)
{
    ki_add_seq(&watchdog.bell, 1);
    ki_os_unpark(&watchdog.bell);
}

void
ki_watchdog_start(void)
{
    watchdog.started = ki_os_thread(&watchdog.thread, watchdog_main, NULL) == 0;
}

void
ki_watchdog_join(void)
{
    if (watchdog.started)
        pthread_join(watchdog.thread, NULL);
    watchdog.started = false;
}
