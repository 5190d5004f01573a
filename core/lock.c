/* SPDX-License-Identifier: Apache-2.0
 * lock.c -- waiting for a lock, and waking who waits. */
#include "core/lock.h"

#include "core/os.h"

enum { TRIES = 64 };

void
ki_lock_wait(struct ki_lock *l)
{
    for (int i = 0; i < TRIES; i++) {
        uint32_t free = 0;

        if (ki_load_rlx(&l->word) == 0 && ki_cas_acq(&l->word, &free, 1))
            return;
    }
    /* From here on it is 2 while we hold it: perhaps others sleep too. acquire: as in take. */
    while (ki_xchg_acq(&l->word, 2) != 0)
        ki_os_park(&l->word, 2, UINT64_MAX);
}

void
ki_lock_wake(struct ki_lock *l)
{
    ki_os_unpark(&l->word);
}
