/* SPDX-License-Identifier: Apache-2.0
 * inbox.h -- what a process has received and not yet taken.
 *
 * One chain: the messages with priority, then the ordinary ones. A receive that waits stands
 * somewhere in it; a message with priority that comes then may go in behind its back, so the inbox
 * remembers the first of those (`fresh`).
 *
 * Most messages with a ref are found by it without a scan (ref.h). Such a one knows the link that
 * leads to it, and whoever changes that link tells it. By the process itself. */
#ifndef KI_INBOX_H
#define KI_INBOX_H

#include "actors/model.h"

/* ki_inbox_took: one with flags of its own leaves, and *at leads to the next. ref.c */
void ki_inbox_took(struct ki_proc *p, struct ki_node *n, struct ki_node **at);

static inline void
ki_inbox_init(struct ki_inbox *in)
{
    in->strays = 0;
    in->head = NULL;
    in->tail = in->ordinary = &in->head;
    in->fresh = NULL;
    ki_store_rlx(&in->len, 0);
}

/* ki_inbox_count: relaxed, one writer; a report may look. */
static inline void
ki_inbox_count(struct ki_inbox *in, size_t d)
{
    ki_store_rlx(&in->len, ki_load_rlx(&in->len) + d);
}

/* A link has changed: who is found by it shall know. */
static inline void
ki_inbox_linked(struct ki_node **at)
{
    if (*at && ki_slow((*at)->flags & KI_MSG_FOUND))
        (*at)->to = (uint64_t) (uintptr_t) at;
}

/* ki_inbox_add appends a received message. */
static inline void
ki_inbox_add(struct ki_inbox *in, struct ki_node *n)
{
    n->next = NULL;
    *in->tail = n;
    in->tail = &n->next;
    ki_inbox_count(in, 1);
}

/* ki_inbox_add_priority puts a received message behind those with priority and before all others;
 * also while a receive waits in the middle of the inbox. */
static inline void
ki_inbox_add_priority(struct ki_proc *p, struct ki_node *n)
{
    struct ki_inbox *in = &p->inbox;
    struct ki_node **at = in->ordinary;

    n->flags |= KI_MSG_PRIORITY;
    n->next = *at;
    *at = n;
    if (in->tail == at)
        in->tail = &n->next;
    in->ordinary = &n->next;
    ki_inbox_linked(at);
    ki_inbox_linked(in->ordinary);
    if (!in->fresh)
        in->fresh = at;
    ki_inbox_count(in, 1);
}

/* ki_inbox_take unlinks the message that *at leads to. Its share of a limit is given back. */
static inline struct ki_msg *
ki_inbox_take(struct ki_proc *p, struct ki_node **at)
{
    struct ki_inbox *in = &p->inbox;
    struct ki_node *n = *at;

    *at = n->next;
    if (in->tail == &n->next)
        in->tail = at;
    else
        ki_inbox_linked(at);
    ki_inbox_count(in, (size_t) -1);
    if (ki_slow(n->flags &
                (KI_MSG_COUNTED | KI_MSG_PRIORITY | KI_MSG_FOUND | KI_MSG_STRAY)))
        ki_inbox_took(p, n, at);
    return ki_msg_of_node(n);
}

#endif
