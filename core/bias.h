/* SPDX-License-Identifier: Apache-2.0
 * bias.h -- a lock that costs its owner two plain stores, for as long as nobody else comes.
 *
 *   own:     in = 1, look at `shared`                  the owner alone is inside
 *   shared:  everybody takes `lock`, for ever after
 *
 * Who comes first from outside makes it shared: it sets `shared`, has every processor that runs
 * a thread of ours pass a barrier (a system call of a microsecond, once), and waits until the
 * owner is out. So the owner needs no barrier between its store and its look: the stranger brings
 * one for both. Where the system has no such call, the lock is shared from the beginning.
 *
 *   I1  After the barrier, an owner that is inside without `lock` is seen to be (`in`); one that
 *       comes later sees `shared`.
 *   I2  `shared` is never taken back, so there is no way from shared to own to get wrong. */
#ifndef KI_BIAS_H
#define KI_BIAS_H

#include "core/atomic.h"
#include "core/defs.h"
#include "core/lock.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ki_bias {
    _Atomic(bool) in;     /* [a] the owner's: it is inside, without the lock */
    _Atomic(bool) shared; /* [a] I2 */
    struct ki_lock lock;
};

/* ki_bias_init: `owned`, some thread is the owner; else it is shared at once. `lock` is free, or
 * held by the caller; zeroed memory is free. */
void ki_bias_init(struct ki_bias *b, bool owned);

void ki_bias_take_shared(struct ki_bias *b);

/* ki_bias_enter, by the owner: true, it is inside without `lock`, until ki_bias_leave; false, it
 * has to ki_bias_take like everybody. For where the straight path shall be short. */
KI_NODISCARD static inline bool
ki_bias_enter(struct ki_bias *b)
{
    ki_store_rlx(&b->in, true);
    ki_fence_compiler(); /* I1: the processor's barrier is ki_bias_take_shared's */
    if (ki_fast(!ki_load_rlx(&b->shared)))
        return true;
    ki_store_rel(&b->in, false); /* as in leave */
    return false;
}

static inline void
ki_bias_leave(struct ki_bias *b)
{
    /* release: with the acquire in ki_bias_take_shared, what the owner did. */
    ki_store_rel(&b->in, false);
}

/* ki_bias_take and ki_bias_give: `mine`, the calling thread is the owner; the same at both. Not
 * recursive. */
static inline void
ki_bias_take(struct ki_bias *b, bool mine)
{
    if (ki_slow(!mine || !ki_bias_enter(b)))
        ki_bias_take_shared(b);
}

static inline void
ki_bias_give(struct ki_bias *b, bool mine)
{
    if (ki_fast(mine && ki_load_rlx(&b->in)))
        ki_bias_leave(b);
    else
        ki_lock_give(&b->lock);
}

#ifdef __cplusplus
}
#endif

#endif
