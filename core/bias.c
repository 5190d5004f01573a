/* SPDX-License-Identifier: Apache-2.0
 * bias.c -- how a lock becomes everybody's. */
#include "core/bias.h"

#include "core/os.h"

void
ki_bias_init(struct ki_bias *b, bool owned)
{
    ki_store_rlx(&b->in, false);
    ki_store_rlx(&b->shared, !owned || !ki_os_barrier_ready());
}

void
ki_bias_take_shared(struct ki_bias *b)
{
    ki_lock_take(&b->lock);
    if (ki_fast(ki_load_rlx(&b->shared))) /* relaxed: set under the lock */
        return;
    ki_store_rlx(&b->shared, true);
    ki_os_barrier(); /* I1 */
    /* acquire: with the owner's release, what it did inside. */
    while (ki_load_acq(&b->in))
        ki_os_yield();
}
