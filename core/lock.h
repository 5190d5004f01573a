/* SPDX-License-Identifier: Apache-2.0
 * lock.h -- a lock of four bytes for short sections on hot paths.
 *
 *   0 free    1 held    2 held, and somebody may sleep for it
 *
 * Zeroed memory is a free lock. Not recursive, not fair; held for some dozen instructions, so a
 * waiter tries a little before it sleeps. Where nothing is hot, pthread_mutex_t is the lock. */
#ifndef KI_LOCK_H
#define KI_LOCK_H

#include "core/atomic.h"
#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ki_lock {
    _Atomic(uint32_t) word;
};

void ki_lock_wait(struct ki_lock *l);
void ki_lock_wake(struct ki_lock *l);

static inline void
ki_lock_take(struct ki_lock *l)
{
    uint32_t free = 0;

    /* acquire: with ki_lock_give's release, what the last holder did. */
    if (ki_slow(!ki_cas_acq(&l->word, &free, 1)))
        ki_lock_wait(l);
}

/* ki_lock_try takes it if it is free. */
KI_NODISCARD static inline bool
ki_lock_try(struct ki_lock *l)
{
    uint32_t free = 0;

    return ki_cas_acq(&l->word, &free, 1); /* as in take */
}

static inline void
ki_lock_give(struct ki_lock *l)
{
    /* release: with the acquire of the next take; acq_rel, as there is no release exchange here. */
    if (ki_slow(ki_xchg_acq_rel(&l->word, 0) == 2))
        ki_lock_wake(l);
}

#ifdef __cplusplus
}
#endif

#endif
