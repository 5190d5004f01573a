/* SPDX-License-Identifier: Apache-2.0
 * inbox.h -- what a process has received and not yet taken.
 *
 * One chain: the messages with priority, then the ordinary ones. A receive that waits stands
 * somewhere in it; a message with priority that comes then may go in behind its back, so the inbox
 * remembers the first of those (`fresh`). By the process itself. */
#ifndef KI_INBOX_H
#define KI_INBOX_H

#include "actors/model.h"

static inline void
ki_inbox_init(struct ki_inbox *in)
{
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
    if (!in->fresh)
        in->fresh = at;
    ki_inbox_count(in, 1);
}

/* ki_inbox_take unlinks the message that *at leads to. */
static inline struct ki_msg *
ki_inbox_take(struct ki_inbox *in, struct ki_node **at)
{
    struct ki_node *n = *at;

    *at = n->next;
    if (in->tail == &n->next)
        in->tail = at;
    if (ki_slow(n->flags & KI_MSG_PRIORITY)) {
        n->flags &= (uint16_t) ~KI_MSG_PRIORITY;
        if (in->ordinary == &n->next)
            in->ordinary = at;
    }
    ki_inbox_count(in, (size_t) -1);
    return ki_msg_of_node(n);
}

#endif
