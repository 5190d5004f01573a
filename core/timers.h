/* SPDX-License-Identifier: Apache-2.0
 * timers.h -- a wheel with its lock, in nanoseconds: one per worker, one for threads outside.
 *
 *   I1  Arm, cancel and expiry hold the base's lock. An expiring timer's `expire` is called
 *       under it: it only pushes nodes and answers which task to wake; wakes happen after
 *       unlock. So when cancel has answered false, whatever the expiry did is done.
 *   I2  No expiry before its deadline: deadlines are rounded up to the next tick, the present
 *       is rounded down.
 *   I3  A base's memory is never freed, and its lock holds from run to run: a plain thread may come
 *       so late that the workers have left, or the next ones come. */
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

/* ki_timers_cancel_named is ki_timers_cancel by somebody who holds no more than a name of the
 * record, perhaps a stale one: *name is compared with `expected` while the record is armed and
 * the lock held. So *name needs no more than to stay the same from arm to the end, and of the
 * rest of a record nothing is looked at that is not armed. */
bool ki_timers_cancel_named(struct ki_alarm *a, const uint32_t *name, uint32_t expected);

/* ki_timers_read_named: true, it is armed and due at *tick; else as ki_timers_cancel_named. */
bool ki_timers_read_named(struct ki_alarm *a, const uint32_t *name, uint32_t expected,
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
