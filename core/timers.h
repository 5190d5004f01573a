/* SPDX-License-Identifier: Apache-2.0
 * timers.h -- a wheel with its lock, in nanoseconds: one per worker, one for threads outside.
 *
 *   I1  Arm, cancel and expiry hold the base's lock. An expiring timer's `expire` is called
 *       under it: it only pushes nodes and answers which task to wake; wakes happen after
 *       unlock. So when cancel has answered false, whatever the expiry did is done.
 *   I2  No expiry before its deadline: deadlines are rounded up to the next tick, the present
 *       is rounded down.
 *   I3  A base's memory is never freed, and its lock holds from run to run: a plain thread may come
 *       so late that the workers have left, or the next ones come.
 *   I4  An owner's alarms lie in a list per base, under that base's lock: who arms and cancels takes
 *       that one anyway, and an end finds them all. An owner that has refused data by its mailbox,
 *       looked at under the lock, gets no more of them. */
#ifndef KI_TIMERS_H
#define KI_TIMERS_H

#include "core/atomic.h"
#include "core/bias.h"
#include "core/wheel.h"

#ifdef __cplusplus
extern "C" {
#endif

#define KI_TICK_NS UINT64_C(1000000)

/* Numbers of bases: 0 = never armed, i + 1 = worker i's, the last = the outside one. With
 * KI_BASE_ARMED for as long as it is armed there, so that under that one's lock the one word says
 * that the record belongs to the wheel (ki_timers_cancel_id). */
enum { KI_BASE_NONE = 0, KI_BASE_OUTSIDE = 255, KI_BASE_NUMBER = 255, KI_BASE_ARMED = 256 };

struct ki_task;

/* Tasks that expiries made OWNED, chained by run_next: to be made ready after unlock. */
struct ki_wakes {
    struct ki_task *head;
    struct ki_task **tail;
};

void ki_wakes_add(struct ki_wakes *wakes, struct ki_task *t);

struct ki_alarm {
    struct ki_timer timer; /* its `base`: KI_BASE_ number, written under that one's lock */
    void (*expire)(struct ki_alarm *a, struct ki_wakes *wakes);
};

/* An alarm that ends with its owner, if it has one. The owner's list stands under the lock of the
 * base, as the rest does, if timer.owned; *at == this. Records often lie one behind the other in the
 * order in which they were armed, newer ones higher: then what is written to in both neighbours is
 * near. */
struct ki_bound {
    struct ki_bound *next; /* an older one */
    struct ki_alarm alarm;
    uint64_t word[3];        /* the maker's: what it is for */
    _Atomic(uintptr_t) more; /* the same */
    struct ki_bound **at;
};

/* The alarms of one owner in one base. */
struct ki_bound_list {
    _Atomic(uint32_t) base;     /* [a] KI_BASE_ number */
    struct ki_bound *first;     /* [l] that base's */
    struct ki_bound_list *next; /* under the owner's lock */
};

/* All of them. The first list is nobody's until the first alarm comes; most owners need no more,
 * and no lock beside the base's. It may be of a base whatever lives in the record: zeroed once. */
struct ki_owner {
    struct ki_bound_list home; /* its `next`: those in further bases */
    struct ki_lock lock;       /* taken under a base's */
};

struct ki_timer_base {
    struct ki_bias lock;       /* a worker's own wheel is mostly touched by that worker */
    struct ki_wheel wheel;     /* [l] */
    _Atomic(uint64_t) next_ns; /* [a:l] when to run next; UINT64_MAX = never */
};

/* ki_timers_init: `b` is zeroed, or of an earlier run; then what is armed fires. `owned`: it is a
 * worker's own, whose thread does not run yet. */
void ki_timers_init(struct ki_timer_base *b, bool owned);

/* ki_timers_arm: `a` is not armed, a->expire is set; it fires at deadline_ns or a little later.
 * On the calling worker's wheel, or the outside one. Any thread. */
void ki_timers_arm(struct ki_alarm *a, uint64_t deadline_ns);

/* ki_timers_cancel: true, it will not fire; false, it is not armed: its expiry, if there was
 * one, is complete. Any thread. */
bool ki_timers_cancel(struct ki_alarm *a);

/* ki_timers_arm_bound is ki_timers_arm for an owner, whose mailbox is `t`'s: 0; KITH_ENOPROC, `id`
 * ends or has ended; KITH_ENOMEM. Under the lock a->alarm.expire starts with ki_bound_leave. */
KI_NODISCARD int ki_timers_arm_bound(struct ki_bound *a, uint64_t deadline_ns,
                                     struct ki_owner *o, struct ki_task *t, uint64_t id);

/* ki_timers_end_owned, by an owner that refuses data: it has no alarms any more. Answers those that
 * it had, linked by `next`. */
struct ki_bound *ki_timers_end_owned(struct ki_owner *o);

static inline void
ki_bound_leave(struct ki_bound *a)
{
    if (!a->alarm.timer.owned)
        return;
    *a->at = a->next;
    if (a->next)
        a->next->at = a->at;
}

/* ki_timers_cancel_named is ki_timers_cancel by somebody who holds no more than a name of the
 * record, perhaps a stale one: *name is compared with `expected` while the record is armed and
 * the lock held. So *name needs no more than to stay the same from arm to the end, and of the
 * rest of a record nothing is looked at that is not armed. */
bool ki_timers_cancel_named(struct ki_bound *a, const uint32_t *name, uint32_t expected);

/* ki_timers_read_named: true, it is armed and due at *tick; else as ki_timers_cancel_named. */
bool ki_timers_read_named(struct ki_bound *a, const uint32_t *name, uint32_t expected,
                          uint64_t *tick);

/* ki_timers_run fires what is due on `b`. Any worker. */
void ki_timers_run(struct ki_timer_base *b, uint64_t now_ns);

/* ki_timers_next: when ki_timers_run is to be called next. relaxed: arms by another thread
 * come with a wake. */
static inline uint64_t
ki_timers_next(const struct ki_timer_base *b)
{
    return ki_load_rlx(&b->next_ns);
}

#ifdef __cplusplus
}
#endif

#endif
