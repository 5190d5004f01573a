/* SPDX-License-Identifier: Apache-2.0
 * limit.h -- mailbox limits: opt-in, of messages and bytes, for data only.
 *
 * A sender takes its share before it pushes, and whoever takes the message out of the inbox gives
 * it back, so a limit holds however many send. Calls, casts, timers, signals and the library's own
 * messages are not counted. A share that was taken before the record changed hands is given back
 * after that, to the new process: if it has a limit, it has one message more of it. */
#ifndef KI_LIMIT_H
#define KI_LIMIT_H

#include "actors/model.h"

/* ki_limit_set gives a newborn its limits; 0 = none. */
void ki_limit_set(struct ki_proc *p, size_t messages, size_t bytes, int policy);

/* ki_limit_take takes m's share of p's mailbox. 0; KITH_EFULL; or 1: m shall be dropped in
 * silence. Any thread. ki_limit_exceeded, after KITH_EFULL: with the policy KILL p is sent a kill,
 * from which the caller, if that is p, does not come back. */
int ki_limit_take(struct ki_proc *p, struct ki_msg *m);
void ki_limit_exceeded(struct ki_proc *p, uint64_t id);

/* ki_limit_give: m has left p's inbox, or was not accepted after all. */
void ki_limit_give_back(struct ki_proc *p, struct ki_msg *m);

static inline void
ki_limit_give(struct ki_proc *p, struct ki_msg *m)
{
    if (ki_slow(m->node.flags & KI_MSG_COUNTED))
        ki_limit_give_back(p, m);
}

#endif
