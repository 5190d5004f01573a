/* SPDX-License-Identifier: Apache-2.0
 * timers.c -- deadlines in, wake-ups out. */
#include "core/timers.h"

#include "core/sched.h"
#include "core/seam.h"

void
ki_wakes_add(struct ki_wakes *wakes, struct ki_task *t)
{
    t->run_next = NULL;
    *wakes->tail = t;
    wakes->tail = &t->run_next;
}

/* Under the lock. */
static void
publish_next(struct ki_timer_base *b)
{
    uint64_t tick = ki_wheel_next(&b->wheel);

    ki_store_rlx(&b->next_ns,
                 tick >= UINT64_MAX / KI_TICK_NS ? UINT64_MAX : tick * KI_TICK_NS);
}

static KI_NOINLINE struct ki_timer_base *
anothers_base(unsigned number)
{
    if (number == KI_BASE_OUTSIDE)
        return &ki_sched.outside;
    /* Of an earlier run too, which may have had more workers: nothing is armed there. */
    return number == KI_BASE_NONE ? NULL : &ki_sched.worker[number - 1].timers;
}

/* The base of that number; *mine, it is the calling worker's own. */
static inline struct ki_timer_base *
base_of(unsigned number, bool *mine)
{
    struct ki_worker *w = ki_worker_self();

    *mine = w && number == w->index + 1;
    return ki_fast(*mine) ? &w->timers : anothers_base(number);
}

/* Under the lock: it is armed no more. relaxed: as in ki_timers_arm. */
static inline void
disarmed(struct ki_timer *t)
{
    ki_store_rlx(&t->base, ki_load_rlx(&t->base) & KI_BASE_NUMBER);
}

/* True: the base has to be looked at sooner than was known. */
static inline bool
arm(struct ki_timer_base *b, bool mine, unsigned number, struct ki_timer *t, uint64_t tick)
{
    bool sooner;

    ki_bias_take(&b->lock, mine);
    /* relaxed: read under a base's lock, or by who armed it */
    ki_store_rlx(&t->base, (uint16_t) (KI_BASE_ARMED | number));
    ki_wheel_add(&b->wheel, t, tick);
    sooner = tick * KI_TICK_NS < ki_load_rlx(&b->next_ns);
    if (ki_slow(sooner))
        publish_next(b);
    ki_bias_give(&b->lock, mine);
    return sooner;
}

void
ki_timers_arm(struct ki_alarm *a, uint64_t deadline_ns)
{
    struct ki_worker *w = ki_worker_self();
    uint64_t tick = deadline_ns / KI_TICK_NS + (deadline_ns % KI_TICK_NS != 0);

    /* A worker looks at its own wheel before it sleeps. Nobody looks at the outside one until
     * told: the wake makes some worker look, and it sleeps no longer than that wheel allows. */
    if (ki_fast(w))
        (void) arm(&w->timers, true, w->index + 1, &a->timer, tick);
    else if (arm(&ki_sched.outside, false, KI_BASE_OUTSIDE, &a->timer, tick))
        ki_sched.poller->wake();
}

bool
ki_timers_cancel(struct ki_alarm *a)
{
    bool mine, armed;
    struct ki_timer_base *b = base_of(ki_load_rlx(&a->timer.base) & KI_BASE_NUMBER, &mine);

    if (!b)
        return false;
    ki_bias_take(&b->lock, mine);
    armed = ki_wheel_remove(&b->wheel, &a->timer);
    if (armed)
        disarmed(&a->timer);
    ki_bias_give(&b->lock, mine);
    /* next_ns stays: it may now be too early, which costs one look and no more. */
    return armed;
}

/* Under the lock of the base of that number: is it armed there, by that name? `Armed here` is
 * changed to another word by who holds this lock and nobody else. */
static inline bool
is_armed_here(unsigned number, struct ki_alarm *a, const uint32_t *name, uint32_t expected)
{
    return ki_load_rlx(&a->timer.base) == (KI_BASE_ARMED | number) && *name == expected;
}

/* The same: if it is, then no more. */
static inline bool
cancel_here(struct ki_timer_base *b, unsigned number, struct ki_alarm *a,
            const uint32_t *name, uint32_t expected)
{
    if (!is_armed_here(number, a, name, expected))
        return false;
    (void) ki_wheel_remove(&b->wheel, &a->timer);
    ki_store_rlx(&a->timer.base, (uint16_t) number);
    return true;
}

static KI_NOINLINE bool
cancel_anywhere(struct ki_alarm *a, const uint32_t *name, uint32_t expected)
{
    struct ki_timer_base *b;
    unsigned number, after;
    bool mine, armed;

    do {
        number = ki_load_rlx(&a->timer.base) & KI_BASE_NUMBER;
        b = base_of(number, &mine);
        if (!b)
            return false;
        ki_bias_take(&b->lock, mine);
        armed = cancel_here(b, number, a, name, expected);
        after = ki_load_rlx(&a->timer.base) & KI_BASE_NUMBER;
        ki_bias_give(&b->lock, mine);
    } while (after != number); /* armed elsewhere meanwhile */
    return armed;
}

bool
ki_timers_cancel_named(struct ki_alarm *a, const uint32_t *name, uint32_t expected)
{
    struct ki_worker *w = ki_worker_self();
    bool armed;

    if (ki_slow(!w || ki_load_rlx(&a->timer.base) != (KI_BASE_ARMED | (w->index + 1))) ||
        ki_slow(!ki_bias_enter(&w->timers.lock)))
        return cancel_anywhere(a, name, expected);
    armed = cancel_here(&w->timers, w->index + 1, a, name, expected);
    ki_bias_leave(&w->timers.lock);
    return armed;
}

bool
ki_timers_read_named(struct ki_alarm *a, const uint32_t *name, uint32_t expected,
                     uint64_t *tick)
{
    struct ki_timer_base *b;
    unsigned number, after;
    bool mine, armed;

    do {
        number = ki_load_rlx(&a->timer.base) & KI_BASE_NUMBER;
        b = base_of(number, &mine);
        if (!b)
            return false;
        ki_bias_take(&b->lock, mine);
        armed = is_armed_here(number, a, name, expected);
        if (armed)
            *tick = a->timer.deadline;
        after = ki_load_rlx(&a->timer.base) & KI_BASE_NUMBER;
        ki_bias_give(&b->lock, mine);
    } while (after != number); /* armed elsewhere meanwhile */
    return armed;
}

/* Under the lock: fires what is due by that tick. */
static void
fire(struct ki_timer_base *b, uint64_t tick, struct ki_wakes *wakes)
{
    struct ki_timer *t = ki_wheel_expire(&b->wheel, tick);

    while (t) {
        struct ki_alarm *a = ki_container_of(t, struct ki_alarm, timer);

        disarmed(t);
        t = t->next; /* before expire: it may arm the same timer again elsewhere */
        a->expire(a, wakes);
    }
}

static void
wake_all(const struct ki_wakes *wakes)
{
    for (struct ki_task *task = wakes->head; task;) {
        struct ki_task *next = task->run_next;

        ki_sched_ready_fifo(task);
        task = next;
    }
}

void
ki_timers_init(struct ki_timer_base *b, bool owned)
{
    struct ki_wakes wakes = {.head = NULL, .tail = &wakes.head};

    ki_lock_take(&b->lock.lock); /* I3: nobody owns it now */
    fire(b, UINT64_MAX, &wakes);
    ki_bias_init(&b->lock, owned);
    ki_wheel_init(&b->wheel, ki_now_ns() / KI_TICK_NS);
    ki_store_rlx(&b->next_ns, UINT64_MAX);
    ki_lock_give(&b->lock.lock);
    wake_all(&wakes);
}

void
ki_timers_run(struct ki_timer_base *b, uint64_t now_ns)
{
    struct ki_wakes wakes = {.head = NULL, .tail = &wakes.head};
    struct ki_worker *w = ki_worker_self();
    const bool mine = w && b == &w->timers;

    ki_bias_take(&b->lock, mine);
    fire(b, now_ns / KI_TICK_NS, &wakes);
    publish_next(b);
    ki_bias_give(&b->lock, mine);
    wake_all(&wakes);
}
