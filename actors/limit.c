/* SPDX-License-Identifier: Apache-2.0
 * limit.c -- the shares of a limited mailbox. */
#include "actors/limit.h"

#include "actors/proc.h"

static uint64_t
or_none(size_t max)
{
    return max && max < INT64_MAX ? max : INT64_MAX;
}

void
ki_limit_set(struct ki_proc *p, size_t messages, size_t bytes, int policy)
{
    struct ki_limit *l = &p->limit;

    ki_store_rlx(&l->max_messages, or_none(messages));
    ki_store_rlx(&l->max_bytes, or_none(bytes));
    ki_store_rlx(&l->policy, policy);
    ki_store_rlx(&l->messages, 0);
    ki_store_rlx(&l->bytes, 0);
    ki_store_rlx(&l->on, messages || bytes); /* relaxed: the pid is published after this */
}

/* Adds n unless that exceeds max. Signed: a stranger's share may have been given back (limit.h).
 * relaxed: a count, it orders nothing. */
static bool
add_below(_Atomic(uint64_t) *count, uint64_t n, uint64_t max)
{
    if ((int64_t) (ki_add_rlx(count, n) + n) <= (int64_t) max)
        return true;
    ki_sub_rlx(count, n);
    return false;
}

int
ki_limit_take(struct ki_proc *p, struct ki_msg *m)
{
    struct ki_limit *l = &p->limit;

    if (add_below(&l->messages, 1, ki_load_rlx(&l->max_messages))) {
        if (add_below(&l->bytes, m->pub.len, ki_load_rlx(&l->max_bytes))) {
            m->node.flags |= KI_MSG_COUNTED;
            return 0;
        }
        ki_sub_rlx(&l->messages, 1);
    }
    return ki_load_rlx(&l->policy) == KITH_MAILBOX_DROP ? 1 : KITH_EFULL;
}

void
ki_limit_exceeded(struct ki_proc *p, uint64_t id)
{
    if (ki_load_rlx(&p->limit.policy) == KITH_MAILBOX_KILL)
        kith_exit_signal((kith_pid){id}, kith_reason_of(KITH_KILL, 0, NULL));
}

void
ki_limit_give_back(struct ki_proc *p, struct ki_msg *m)
{
    m->node.flags &= (uint16_t) ~KI_MSG_COUNTED;
    ki_sub_rlx(&p->limit.messages, 1); /* relaxed: as in add_below */
    ki_sub_rlx(&p->limit.bytes, m->pub.len);
}
