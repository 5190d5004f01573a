/* SPDX-License-Identifier: Apache-2.0
 * ref.c -- which message has this ref. */
#include "actors/ref.h"

#include "actors/limit.h"
#include "actors/msg.h"

static struct ki_monitor *
monitor_at(uint64_t ref)
{
    return (struct ki_monitor *) (void *) ki_slots_at(&ki_runtime.monitors,
                                                      ki_id_index(ref));
}

/* Where a message in a queue keeps the next one: a DOWN in its monitor, others behind their
 * bytes. */
static struct ki_msg **
next_of(struct ki_msg *m)
{
    if (m->node.flags & KI_MSG_OF_MONITOR)
        return &ki_container_of(m, struct ki_monitor, msg)->next_received;
    return (struct ki_msg **) (void *) ((char *) m + m->node.aux) - 1;
}

struct ki_msg *
ki_ref_msg_new(uint64_t tag, size_t len, uint64_t ref)
{
    const size_t room = sizeof(struct ki_msg *);
    struct ki_msg *m;

    if (len > UINT32_MAX - sizeof *m - 2 * room)
        return NULL;
    m = ki_msg_new(tag, (len + room - 1) / room * room + room);
    if (!m)
        return NULL;
    m->pub.len = len;
    m->pub.ref.id = ref;
    return m;
}

/* ---- into the inbox ---- */

static void
add_found(struct ki_proc *p, struct ki_node *n, bool priority)
{
    n->flags |= KI_MSG_FOUND;
    if (priority) {
        ki_inbox_add_priority(p, n);
    } else {
        n->to = (uint64_t) (uintptr_t) p->inbox.tail;
        ki_inbox_add(&p->inbox, n);
    }
}

void
ki_ref_received(struct ki_proc *p, struct ki_monitor *m, struct ki_msg *msg, bool priority)
{
    struct ki_ref_queue *q = &m->received;
    const int i = priority ? 0 : 1;

    if (!q->head[0] && !q->head[1]) {
        ki_add_rlx(&m->refs, 1); /* relaxed: the message, or m's list, holds another */
        ki_store_rlx(&q->ref, msg->pub.ref.id);
    }
    if (q->head[i])
        *next_of(q->tail[i]) = msg;
    else
        q->head[i] = msg;
    q->tail[i] = msg;
    *next_of(msg) = NULL;
    msg->node.kind = KI_N_MSG;
    add_found(p, &msg->node, priority);
}

void
ki_ref_arrived(struct ki_proc *p, struct ki_node *n)
{
    n->kind = KI_N_MSG;
    /* Who kept a timer's message and sent it on may have given it another's ref. */
    if (ki_fast(n->flags & KI_MSG_OF_TIMER) &&
        ki_fast(ki_timer_received(p, ki_msg_of_node(n)))) {
        add_found(p, n, false);
        return;
    }
    n->flags |= KI_MSG_STRAY;
    p->inbox.strays++;
    ki_inbox_add(&p->inbox, n);
}

/* ---- out of it ---- */

/* What is taken is nearly always the oldest. If not, a scan has passed those before it. */
static void
unqueue(struct ki_monitor *m, struct ki_msg *msg, int i)
{
    struct ki_ref_queue *q = &m->received;
    struct ki_msg **at = &q->head[i], *before = NULL;

    for (; *at != msg; at = next_of(before))
        before = *at;
    *at = *next_of(msg);
    if (q->tail[i] == msg)
        q->tail[i] = before;
    if (!q->head[0] && !q->head[1]) {
        ki_store_rlx(&q->ref, 0);
        ki_monitor_drop(m);
    }
}

void
ki_inbox_took(struct ki_proc *p, struct ki_node *n, struct ki_node **at)
{
    struct ki_msg *m = ki_msg_of_node(n);
    const unsigned flags = n->flags;

    n->flags &= (uint16_t) ~(KI_MSG_PRIORITY | KI_MSG_FOUND | KI_MSG_STRAY);
    if ((flags & KI_MSG_PRIORITY) && p->inbox.ordinary == &n->next)
        p->inbox.ordinary = at;
    if (flags & KI_MSG_STRAY)
        p->inbox.strays--;
    if (flags & KI_MSG_FOUND) {
        if (flags & KI_MSG_OF_TIMER)
            ki_timer_taken(m);
        else
            unqueue(monitor_at(m->pub.ref.id), m, flags & KI_MSG_PRIORITY ? 0 : 1);
    }
    ki_limit_give(p, m);
}

/* ---- look ---- */

static struct ki_node **
link_to(const struct ki_msg *m)
{
    return m ? (struct ki_node **) (uintptr_t) m->node.to : NULL;
}

/* p's own record of that ref, if messages with it lie in p's inbox.
 * relaxed: p alone makes a record of its own say that, so if it does, nothing changes under us. */
static struct ki_monitor *
queue_of(struct ki_proc *p, uint64_t ref)
{
    struct ki_monitor *m = ki_id_kind(ref) == KI_KIND_REF ? monitor_at(ref) : NULL;

    return m && ki_load_rlx(&m->received.ref) == ref && ki_load_rlx(&m->watcher) == p
               ? m
               : NULL;
}

struct ki_node **
ki_ref_find(struct ki_proc *p, uint64_t ref)
{
    struct ki_monitor *m;

    if (ki_id_kind(ref) == KI_KIND_TIMER)
        return link_to(ki_timer_in_inbox(p, ref));
    m = queue_of(p, ref);
    if (!m)
        return NULL;
    return link_to(m->received.head[0] ? m->received.head[0] : m->received.head[1]);
}

struct ki_node **
ki_ref_find_down(struct ki_proc *p, uint64_t ref)
{
    struct ki_monitor *m = queue_of(p, ref);

    return m && (m->msg.node.flags & KI_MSG_FOUND) ? link_to(&m->msg) : NULL;
}
