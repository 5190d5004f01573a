/* SPDX-License-Identifier: Apache-2.0
 * limit.c -- the shares of a limited mailbox. */
#include "actors/limit.h"

#include "actors/msg.h"
#include "actors/proc.h"

static uint64_t
or_none(size_t max)
{
    return max ? ki_min_u64(max, INT64_MAX) : INT64_MAX;
}

void
ki_limit_init(struct ki_proc *p)
{
    struct ki_limit *l = &p->limit;

    ki_store_rlx(&l->on, false); /* relaxed, as all here: the pid is published after this */
    ki_store_rlx(&l->messages, 0);
    ki_store_rlx(&l->bytes, 0);
    ki_store_rlx(&l->refused, 0);
    ki_store_rlx(&l->dropped, 0);
    ki_store_rlx(&l->waited, 0);
}

void
ki_limit_set(struct ki_proc *p, size_t messages, size_t bytes, int policy)
{
    struct ki_limit *l = &p->limit;

    ki_store_rlx(&l->max_messages, or_none(messages));
    ki_store_rlx(&l->max_bytes, or_none(bytes));
    ki_store_rlx(&l->policy, policy);
    /* release: the limit, for the acquire of ki_limit_is_on. Who sees a change of one that is on
     * may see its values one by one, each an old or a new one. */
    ki_store_rel(&l->on, messages || bytes);
}

/* Adds n unless that exceeds max; never more than it keeps, not even for a moment. Signed: a
 * stranger's share may have been given back (limit.h). acquire: with the release of a place, whose
 * bytes are free already. */
static bool
add_below(_Atomic(uint64_t) *count, uint64_t n, uint64_t max)
{
    uint64_t now = ki_load_rlx(count);

    do
        if ((int64_t) (now + n) > (int64_t) max)
            return false;
    while (!ki_cas_acq_rel(count, &now, now + n));
    return true;
}

bool
ki_limit_fits(struct ki_proc *p, size_t len)
{
    return len <= ki_load_rlx(&p->limit.max_bytes);
}

bool
ki_limit_add(struct ki_proc *p, uint64_t messages, uint64_t bytes)
{
    struct ki_limit *l = &p->limit;

    if (!ki_limit_fits(p, (size_t) bytes) ||
        !add_below(&l->messages, messages, ki_load_rlx(&l->max_messages)))
        return false;
    if (add_below(&l->bytes, bytes, ki_load_rlx(&l->max_bytes)))
        return true;
    ki_sub_rlx(&l->messages, messages);
    return false;
}

bool
ki_limit_try(struct ki_proc *p, struct ki_msg *m)
{
    if (!ki_limit_add(p, 1, m->pub.len))
        return false;
    m->node.flags |= KI_MSG_COUNTED;
    return true;
}

int
ki_limit_take(struct ki_proc *p, struct ki_msg *m)
{
    struct ki_limit *l = &p->limit;

    if (ki_limit_try(p, m))
        return 0;
    if (ki_load_rlx(&l->policy) == KITH_MAILBOX_DROP) {
        ki_add_rlx(&l->dropped, 1);
        return 1;
    }
    ki_add_rlx(&l->refused, 1);
    return KITH_EFULL;
}

void
ki_limit_exceeded(struct ki_proc *p, uint64_t id)
{
    if (ki_load_rlx(&p->limit.policy) == KITH_MAILBOX_KILL)
        kith_exit_signal((kith_pid){id}, kith_reason_of(KITH_KILL, 0, NULL));
}

void
ki_limit_refund(struct ki_proc *p, struct ki_msg *m)
{
    if (ki_fast(!(m->node.flags & KI_MSG_COUNTED)))
        return;
    m->node.flags &= (uint16_t) ~KI_MSG_COUNTED;
    /* The bytes first: whoever gets the message's place finds room for some bytes too, unless others
     * have taken it, who will give it back. Else a sender could be refused by a mailbox that is
     * empty. With the acquire in add_below. No test sees the order: both counts lie in one line of
     * the cache, which a looker gets before these two or after them. */
    ki_sub_rlx(&p->limit.bytes, m->pub.len);
    ki_sub_acq_rel(&p->limit.messages, 1);
}

void
ki_limit_left(struct ki_proc *p, struct ki_msg *m)
{
    if (ki_fast(p->senders.head == NULL)) {
        ki_limit_refund(p, m);
        return;
    }
    m->node.flags &= (uint16_t) ~KI_MSG_COUNTED;
    p->kept_messages++;
    p->kept_bytes += m->pub.len;
    ki_senders_let_in(p);
}

void
ki_limit_drop(struct ki_proc *p, struct ki_msg *m)
{
    ki_senders_refuse(p);
    ki_limit_refund(p, m);
    ki_msg_free(m);
}

/* Those of kith_send and its kin. Signals are no messages yet, and what is the library's own has a
 * record or a tag of its own. */
static bool
is_counted(const struct ki_msg *m)
{
    return !(m->node.flags & (KI_MSG_EMBEDDED | KI_MSG_CALL | KI_MSG_CAST)) &&
           !(m->pub.tag & KITH_TAG_SYSTEM);
}

/* What is in the inbox gets its share, be it too much. */
static void
count_inbox(struct ki_proc *p)
{
    for (struct ki_node *n = p->inbox.head; n; n = n->next) {
        struct ki_msg *m = ki_msg_of_node(n);

        if (!is_counted(m) || (n->flags & KI_MSG_COUNTED))
            continue;
        n->flags |= KI_MSG_COUNTED;
        ki_add_rlx(&p->limit.messages, 1);
        ki_add_rlx(&p->limit.bytes, m->pub.len);
    }
}

int
kith_flag_mailbox(size_t cap, size_t bytes, int policy)
{
    struct ki_proc *p;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if (policy < KITH_MAILBOX_FAIL || policy > KITH_MAILBOX_KILL)
        return KITH_EINVAL;
    ki_proc_take(p);
    ki_limit_set(p, cap, bytes, policy);
    count_inbox(p);
    ki_senders_let_in(p);
    return 0;
}
