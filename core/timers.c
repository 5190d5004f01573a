/* SPDX-License-Identifier: Apache-2.0
 * timers.c -- deadlines in, wake-ups out. */
#include "core/timers.h"

#include <kith/error.h>

#include "core/sched.h"
#include "core/seam.h"

enum { END_BATCH = 64 };

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

static inline uint64_t
tick_of(uint64_t deadline_ns)
{
    return deadline_ns / KI_TICK_NS + (deadline_ns % KI_TICK_NS != 0);
}

/* The base of the calling thread, and its number. */
static inline struct ki_timer_base *
base_here(unsigned *number)
{
    struct ki_worker *w = ki_worker_self();

    *number = ki_fast(w) ? w->index + 1 : KI_BASE_OUTSIDE;
    return ki_fast(w) ? &w->timers : &ki_sched.outside;
}

/* Under the lock. True: the base has to be looked at sooner than was known. */
static inline bool
arm(struct ki_timer_base *b, unsigned number, struct ki_timer *t, uint64_t tick)
{
    bool sooner;

    /* relaxed: read under a base's lock, or by who armed it */
    ki_store_rlx(&t->base, (uint16_t) (KI_BASE_ARMED | number));
    ki_wheel_add(&b->wheel, t, tick);
    sooner = tick * KI_TICK_NS < ki_load_rlx(&b->next_ns);
    if (ki_slow(sooner))
        publish_next(b);
    return sooner;
}

/* A worker looks at its own wheel before it sleeps. Nobody looks at the outside one until told: the
 * wake makes some worker look, and it sleeps no longer than that wheel allows. */
static inline void
tell(unsigned number, bool sooner)
{
    if (ki_slow(number == KI_BASE_OUTSIDE) && sooner)
        ki_sched.poller->wake();
}

void
ki_timers_arm(struct ki_alarm *a, uint64_t deadline_ns)
{
    unsigned number;
    struct ki_timer_base *b = base_here(&number);
    const bool mine = number != KI_BASE_OUTSIDE;
    bool sooner;

    a->timer.owned = 0;
    ki_bias_take(&b->lock, mine);
    sooner = arm(b, number, &a->timer, tick_of(deadline_ns));
    ki_bias_give(&b->lock, mine);
    tell(number, sooner);
}

/* ---- alarms with an owner ---- */

/* seq_cst: with claim_home; the end of an owner begins by a change of this word. */
static inline bool
lives(struct ki_task *t, uint64_t id)
{
    uint64_t w = ki_load_seq(&t->mbox);

    return (w & (KI_MBOX_GENERATION | KI_MBOX_EXITING | KI_MBOX_DEAD)) ==
               ki_mbox_generation(id) &&
           ki_load_rlx(&t->id) == id; /* relaxed: set before that word's generation */
}

/* The list of that base among the further ones, made if there is none. Under o->lock. */
static struct ki_bound_list *
further_list(struct ki_owner *o, unsigned number)
{
    struct ki_worker *w = ki_worker_self();
    struct ki_bound_list *l;

    for (l = o->home.next; l; l = l->next)
        if (ki_load_rlx(&l->base) == number) /* relaxed: constant */
            return l;
    l = ki_slab_alloc(w ? &w->slab : NULL, sizeof *l);
    if (!l)
        return NULL;
    *l = (struct ki_bound_list){.base = number, .next = o->home.next};
    return o->home.next = l;
}

/* Under the lock of the base of that number, which is not home, or not known to be. */
static KI_NOINLINE int
find_list(struct ki_owner *o, unsigned number, struct ki_task *t, uint64_t id,
          struct ki_bound_list **l)
{
    uint32_t home = KI_BASE_NONE;
    int rc;

    /* seq_cst, with ki_timers_end_owned: either that sees that there is a home, or we see here
     * and in any later look that the owner ends. Then the base stays home to whoever is next. */
    if (ki_cas_seq(&o->home.base, &home, number)) {
        *l = &o->home;
        return lives(t, id) ? 0 : KITH_ENOPROC;
    }
    ki_lock_take(&o->lock);
    /* Again: an owner that ends takes the further lists away under this lock. */
    rc = !lives(t, id) ? KITH_ENOPROC : (*l = further_list(o, number)) ? 0 : KITH_ENOMEM;
    ki_lock_give(&o->lock);
    return rc;
}

/* I4. Under the lock of the base of that number. */
static inline int
join(struct ki_bound *a, struct ki_owner *o, unsigned number, struct ki_task *t,
     uint64_t id)
{
    struct ki_bound_list *l = &o->home;
    int rc;

    if (ki_slow(!lives(t, id)))
        return KITH_ENOPROC;
    /* relaxed: home is this base until its owner has ended, for which it needs our lock */
    if (ki_slow(ki_load_rlx(&l->base) != number) &&
        (rc = find_list(o, number, t, id, &l)) < 0)
        return rc;
    a->alarm.timer.owned = 1;
    a->next = l->first;
    a->at = &l->first;
    if (a->next)
        a->next->at = &a->next;
    l->first = a;
    return 0;
}

int
ki_timers_arm_bound(struct ki_bound *a, uint64_t deadline_ns, struct ki_owner *o,
                    struct ki_task *t, uint64_t id)
{
    unsigned number;
    struct ki_timer_base *b = base_here(&number);
    const bool mine = number != KI_BASE_OUTSIDE;
    bool sooner = false;
    int rc;

    ki_bias_take(&b->lock, mine);
    rc = join(a, o, number, t, id);
    if (ki_fast(rc == 0))
        sooner = arm(b, number, &a->alarm.timer, tick_of(deadline_ns));
    ki_bias_give(&b->lock, mine);
    tell(number, sooner);
    return rc;
}

/* Disarms all of a list, some at a time, and puts them before `ended`. */
static struct ki_bound *
end_list(struct ki_bound_list *l, struct ki_bound *ended)
{
    bool mine, more = true;
    struct ki_timer_base *b = base_of(ki_load_rlx(&l->base), &mine);

    while (more) {
        ki_bias_take(&b->lock, mine);
        for (int i = 0; i < END_BATCH && l->first; i++) {
            struct ki_bound *a = l->first;

            ki_bound_leave(a);
            (void) ki_wheel_remove(&b->wheel, &a->alarm.timer);
            disarmed(&a->alarm.timer);
            a->next = ended;
            ended = a;
        }
        more = l->first != NULL;
        ki_bias_give(&b->lock, mine);
    }
    return ended;
}

struct ki_bound *
ki_timers_end_owned(struct ki_owner *o)
{
    struct ki_worker *w = ki_worker_self();
    struct ki_bound_list *further;
    struct ki_bound *ended;

    if (ki_load_seq(&o->home.base) == KI_BASE_NONE) /* with find_list */
        return NULL;
    ki_lock_take(&o->lock);
    further = o->home.next;
    o->home.next = NULL;
    ki_lock_give(&o->lock);
    ended = end_list(&o->home, NULL);
    /* relaxed: who finds another owner in the record has acquired its birth */
    ki_store_rlx(&o->home.base, KI_BASE_NONE);
    while (further) {
        struct ki_bound_list *next = further->next;

        ended = end_list(further, ended);
        ki_slab_free(w ? &w->slab : NULL, further, sizeof *further);
        further = next;
    }
    return ended;
}

/* ---- cancel ---- */

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
is_armed_here(unsigned number, struct ki_bound *a, const uint32_t *name, uint32_t expected)
{
    return ki_load_rlx(&a->alarm.timer.base) == (KI_BASE_ARMED | number) &&
           *name == expected;
}

/* The same: if it is, then no more. */
static inline bool
cancel_here(struct ki_timer_base *b, unsigned number, struct ki_bound *a,
            const uint32_t *name, uint32_t expected)
{
    if (!is_armed_here(number, a, name, expected))
        return false;
    ki_bound_leave(a);
    (void) ki_wheel_remove(&b->wheel, &a->alarm.timer);
    ki_store_rlx(&a->alarm.timer.base, (uint16_t) number);
    return true;
}

static KI_NOINLINE bool
cancel_anywhere(struct ki_bound *a, const uint32_t *name, uint32_t expected)
{
    struct ki_timer_base *b;
    unsigned number, after;
    bool mine, armed;

    do {
        number = ki_load_rlx(&a->alarm.timer.base) & KI_BASE_NUMBER;
        b = base_of(number, &mine);
        if (!b)
            return false;
        ki_bias_take(&b->lock, mine);
        armed = cancel_here(b, number, a, name, expected);
        after = ki_load_rlx(&a->alarm.timer.base) & KI_BASE_NUMBER;
        ki_bias_give(&b->lock, mine);
    } while (after != number); /* armed elsewhere meanwhile */
    return armed;
}

bool
ki_timers_cancel_named(struct ki_bound *a, const uint32_t *name, uint32_t expected)
{
    struct ki_worker *w = ki_worker_self();
    bool armed;

    if (ki_slow(!w ||
                ki_load_rlx(&a->alarm.timer.base) != (KI_BASE_ARMED | (w->index + 1))) ||
        ki_slow(!ki_bias_enter(&w->timers.lock)))
        return cancel_anywhere(a, name, expected);
    armed = cancel_here(&w->timers, w->index + 1, a, name, expected);
    ki_bias_leave(&w->timers.lock);
    return armed;
}

bool
ki_timers_read_named(struct ki_bound *a, const uint32_t *name, uint32_t expected,
                     uint64_t *tick)
{
    struct ki_timer_base *b;
    unsigned number, after;
    bool mine, armed;

    do {
        number = ki_load_rlx(&a->alarm.timer.base) & KI_BASE_NUMBER;
        b = base_of(number, &mine);
        if (!b)
            return false;
        ki_bias_take(&b->lock, mine);
        armed = is_armed_here(number, a, name, expected);
        if (armed)
            *tick = a->alarm.timer.deadline;
        after = ki_load_rlx(&a->alarm.timer.base) & KI_BASE_NUMBER;
        ki_bias_give(&b->lock, mine);
    } while (after != number); /* armed elsewhere meanwhile */
    return armed;
}

/* An alarm that fires leaves its owner's list by writing to its neighbours, which may be far from the
 * cache: they are fetched while the one before it fires. */
static inline void
fetch_neighbours(struct ki_timer *t)
{
    const struct ki_bound *a = ki_container_of(t, struct ki_bound, alarm.timer);

    if (!t->owned)
        return;
    __builtin_prefetch(a->at, 1);
    __builtin_prefetch(a->next, 1);
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
        if (t)
            fetch_neighbours(t);
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
