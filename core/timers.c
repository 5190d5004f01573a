/* SPDX-License-Identifier: Apache-2.0
 * timers.c -- deadlines in, wake-ups out. */
#include "core/timers.h"

#include "core/sched.h"
#include "core/seam.h"

void
ki_timers_init(struct ki_timer_base *b, bool owned)
{
    ki_bias_init(&b->lock, owned);
    ki_wheel_init(&b->wheel, ki_now_ns() / KI_TICK_NS);
    ki_store_rlx(&b->next_ns, UINT64_MAX);
}

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

static struct ki_timer_base *
base_of(uint8_t number)
{
    if (number == KI_BASE_OUTSIDE)
        return &ki_sched.outside;
    /* An earlier run may have had more workers. */
    return number == KI_BASE_NONE || number > ki_sched.n
               ? NULL
               : &ki_sched.worker[number - 1].timers;
}

/* The base of the calling thread's own worker? */
static inline bool
is_mine(const struct ki_timer_base *b)
{
    struct ki_worker *w = ki_worker_self();

    return w && b == &w->timers;
}

void
ki_timers_arm(struct ki_alarm *a, uint64_t deadline_ns)
{
    struct ki_worker *w = ki_worker_self();
    struct ki_timer_base *b = w ? &w->timers : &ki_sched.outside;
    uint64_t tick = deadline_ns / KI_TICK_NS + (deadline_ns % KI_TICK_NS != 0);
    bool sooner;

    ki_bias_take(&b->lock, w != NULL);
    /* relaxed: read under a base's lock, or by who armed it */
    ki_store_rlx(&a->timer.base, w ? (uint8_t) (w->index + 1) : (uint8_t) KI_BASE_OUTSIDE);
    ki_wheel_add(&b->wheel, &a->timer, tick);
    sooner = tick * KI_TICK_NS < ki_load_rlx(&b->next_ns);
    if (sooner)
        publish_next(b);
    ki_bias_give(&b->lock, w != NULL);
    /* A worker looks at its own wheel before it sleeps. Nobody looks at the outside one until
     * told: the wake makes some worker look, and it sleeps no longer than that wheel allows. */
    if (sooner && !w)
        ki_sched.poller->wake();
}

bool
ki_timers_cancel(struct ki_alarm *a)
{
    struct ki_timer_base *b = base_of(ki_load_rlx(&a->timer.base));
    bool armed, mine;

    if (!b)
        return false;
    mine = is_mine(b);
    ki_bias_take(&b->lock, mine);
    armed = ki_wheel_remove(&b->wheel, &a->timer);
    ki_bias_give(&b->lock, mine);
    /* next_ns stays: it may now be too early, which costs one look and no more. */
    return armed;
}

bool
ki_timers_cancel_id(struct ki_alarm *a, _Atomic(uint64_t) *id, uint64_t expected)
{
    struct ki_timer_base *b;
    bool armed = false, mine;
    uint8_t number;

    while ((b = base_of(number = ki_load_rlx(&a->timer.base))) != NULL) {
        mine = is_mine(b);
        ki_bias_take(&b->lock, mine);
        if (ki_load_rlx(&a->timer.base) != number) { /* armed elsewhere meanwhile */
            ki_bias_give(&b->lock, mine);
            continue;
        }
        if (ki_load_rlx(id) == expected && ki_wheel_remove(&b->wheel, &a->timer)) {
            ki_store_rlx(id, 0);
            armed = true;
        }
        ki_bias_give(&b->lock, mine);
        break;
    }
    return armed;
}

void
ki_timers_run(struct ki_timer_base *b, uint64_t now_ns)
{
    struct ki_wakes wakes = {.head = NULL, .tail = &wakes.head};
    const bool mine = is_mine(b);

    ki_bias_take(&b->lock, mine);
    struct ki_timer *t = ki_wheel_expire(&b->wheel, now_ns / KI_TICK_NS);
    while (t) {
        struct ki_alarm *a = ki_container_of(t, struct ki_alarm, timer);

        t = t->next; /* before expire: it may arm the same timer again elsewhere */
        a->expire(a, &wakes);
    }
    publish_next(b);
    ki_bias_give(&b->lock, mine);

    for (struct ki_task *task = wakes.head; task;) {
        struct ki_task *next = task->run_next;

        ki_sched_ready_fifo(task);
        task = next;
    }
}
