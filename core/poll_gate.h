/* SPDX-License-Identifier: Apache-2.0
 * poll_gate.h -- who is inside a backend while it is unmade.
 *
 * Threads that are no workers call too, and may still be in a call when the last worker has left:
 * the gate is shut before anything is given back, so that nobody uses a descriptor number that is
 * another's by then. Signal-safe. */
#ifndef KI_POLL_GATE_H
#define KI_POLL_GATE_H

#include "core/atomic.h"
#include "core/os.h"

struct ki_gate {
    _Atomic(bool) is_open;
    _Atomic(uint32_t) users;
};

static inline void
ki_gate_leave(struct ki_gate *g)
{
    ki_sub_seq(&g->users, 1);
}

/* false: it is shut, and there is nothing to leave. */
KI_NODISCARD static inline bool
ki_gate_enter(struct ki_gate *g)
{
    ki_add_seq(&g->users,
               1); /* counted, then looked: shut closes, then looks at the count */
    if (ki_fast(ki_load_seq(&g->is_open)))
        return true;
    ki_gate_leave(g);
    return false;
}

static inline void
ki_gate_open(struct ki_gate *g)
{
    ki_store_seq(&g->is_open, true);
}

/* From when it returns on nobody is inside. */
static inline void
ki_gate_shut(struct ki_gate *g)
{
    ki_store_seq(&g->is_open, false);
    while (ki_load_seq(&g->users) != 0)
        ki_os_yield();
}

#endif
