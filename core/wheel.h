/* SPDX-License-Identifier: Apache-2.0
 * wheel.h -- a timing wheel: what is due by this tick, and when to look again.
 *
 * Six levels of 64 slots. A slot of level L spans 64^L ticks, so the wheel reaches over
 * nearly 2^36 of them; what lies farther waits in the top level and is placed again on the
 * way. It is tickless: time may jump by any amount, and only slots in use are visited. A
 * jump costs O(timers returned + timers placed again), and a timer is placed again at most
 * once per level and once per reach of the wheel.
 *
 * The wheel has no lock, no clock and no memory of its own. The caller serialises all calls
 * on one wheel, tells it the time, and owns every timer, which must stay where it is while
 * armed. Nothing here blocks, allocates or calls back. */
#ifndef KI_WHEEL_H
#define KI_WHEEL_H

#include "core/atomic.h"
#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

#define KI_WHEEL_LEVELS 6
#define KI_WHEEL_BITS 6
#define KI_WHEEL_SLOTS (1 << KI_WHEEL_BITS)

/* One timer, embedded in what it wakes. All zero is a timer that is not armed. The wheel
 * does not write `base` and `owned`: they are the caller's. The rest is the wheel's. */
struct ki_timer {
    struct ki_timer *next, *prev; /* list of its slot while armed; the first's prev: any */
    uint16_t level, slot;         /* where it stands while armed */
    _Atomic(uint16_t) base;       /* the caller's: which wheel it was given to last */
    uint8_t armed;
    uint8_t owned;     /* the caller's: it lies in an owner's list too */
    uint64_t deadline; /* tick */
};

/* What stands in one slot, as added; `last` means something while there is a first. */
struct ki_timer_list {
    struct ki_timer *first, *last;
};

struct ki_wheel {
    uint64_t now; /* the last tick told; never goes back */
    size_t len;
    uint64_t map[KI_WHEEL_LEVELS]; /* bit s: slot s holds a timer */
    struct ki_timer_list at[KI_WHEEL_LEVELS][KI_WHEEL_SLOTS];
};

void ki_wheel_init(struct ki_wheel *w, uint64_t now);

/* ki_wheel_add arms `t`, which is not armed, to be returned by the first expire at or after
 * `deadline`. A deadline already past counts as the wheel's present tick. */
void ki_wheel_add(struct ki_wheel *w, struct ki_timer *t, uint64_t deadline);

/* ki_wheel_remove disarms `t`. True: it was armed, and no expire will return it. Who has waited
 * longest in a slot mostly goes first, and the next one, which may be far from the cache, is then
 * not written to: that its prev is stale is why a first one's means nothing. */
static inline bool
ki_wheel_remove(struct ki_wheel *w, struct ki_timer *t)
{
    struct ki_timer_list *l = &w->at[t->level][t->slot];
    struct ki_timer *const next = t->next;

    if (!t->armed)
        return false;
    t->armed = 0;
    w->len--;
    if (ki_fast(l->first == t)) {
        l->first = next;
        if (!next)
            w->map[t->level] &= ~(UINT64_C(1) << t->slot);
        return true;
    }
    t->prev->next = next;
    *(next ? &next->prev : &l->last) = t->prev;
    return true;
}

/* ki_wheel_expire moves the wheel to `now` and returns all timers due by then, disarmed,
 * linked by `next` and ended by NULL: by deadline, and within one tick in the order they
 * were added. A `now` before the wheel's own counts as the wheel's. The list is the
 * caller's; each of its timers may be added again once its `next` has been read. */
KI_NODISCARD struct ki_timer *ki_wheel_expire(struct ki_wheel *w, uint64_t now);

/* ki_wheel_next tells at which tick to call expire again: the earliest deadline itself when
 * that is near (level 0), else the start of the slot it stands in, which is never later.
 * UINT64_MAX when the wheel is empty. */
uint64_t ki_wheel_next(const struct ki_wheel *w);

static inline uint64_t
ki_wheel_now(const struct ki_wheel *w)
{
    return w->now;
}

static inline size_t
ki_wheel_len(const struct ki_wheel *w)
{
    return w->len;
}

/* ki_wheel_check walks everything and says whether the invariants of wheel.c hold. If one
 * does not and `why` is not NULL, *why becomes a sentence that starts with its number. */
bool ki_wheel_check(const struct ki_wheel *w, const char **why);

#ifdef __cplusplus
}
#endif

#endif
