/* SPDX-License-Identifier: Apache-2.0
 * statem.h -- a state machine's record, its queues and its timeouts. */
#ifndef KI_STATEM_H
#define KI_STATEM_H

#include "actors/handler.h"

/* ---- queues of events ---- */

/* Events that the machine has: messages, each marked with its kind. */
struct ki_events {
    struct ki_node *head;
    struct ki_node **tail; /* &head when empty */
};

static inline void
ki_events_init(struct ki_events *q)
{
    q->head = NULL;
    q->tail = &q->head;
}

static inline void
ki_events_add(struct ki_events *q, struct ki_msg *m)
{
    m->node.next = NULL;
    *q->tail = &m->node;
    q->tail = &m->node.next;
}

/* ki_events_before puts all of `first`, which is empty then, before those of q. */
void ki_events_before(struct ki_events *q, struct ki_events *first);

/* ki_events_take answers the oldest; NULL: none. ki_events_remove takes this one out of q. */
struct ki_msg *ki_events_take(struct ki_events *q);
void ki_events_remove(struct ki_events *q, struct ki_msg *m);
void ki_events_drop(struct ki_events *q);

/* What kind of event a message is: when it has been received node.to is of no more use. */
static inline void
ki_event_mark(struct ki_msg *m, int kind, int name)
{
    m->node.to = (uint64_t) (uint32_t) name << 8 | (uint64_t) kind;
}

static inline int
ki_event_kind(const struct ki_msg *m)
{
    return (int) (m->node.to & 255);
}

static inline int
ki_event_name(const struct ki_msg *m)
{
    return (int) (uint32_t) (m->node.to >> 8);
}

/* ---- timeouts ---- */

/* One that runs: a timer, or, of no time, an event in the queue `due`. Both zero: none does. */
struct ki_due {
    uint64_t timer;
    struct ki_msg *event;
    uint64_t tag;
};

struct ki_timeout {
    struct ki_timeout *next; /* of the named ones */
    int kind, name;          /* as in the event */
    bool is_asked;           /* the callback wants `asked` in the place of `runs` */
    struct ki_due runs, asked;
};

/* ki_timeout_ask notes what a callback wants; it is running, but t->runs still counts. 0,
 * KITH_ENOMEM: nothing is changed. By the machine p. */
int ki_timeout_ask(struct ki_proc *p, struct ki_timeout *t, struct ki_events *due,
                   kith_ms ms, uint64_t tag);

/* ki_timeout_settle: the callback has returned: what it has asked for is what runs. `over`: what
 * ran has ended in any case. */
void ki_timeout_settle(struct ki_proc *p, struct ki_timeout *t, struct ki_events *due,
                       bool over);

/* ki_timeout_end ends what runs. */
void ki_timeout_end(struct ki_proc *p, struct ki_timeout *t, struct ki_events *due);

/* ki_timeout_fired: if m is the timer's message of t, it becomes its event. */
bool ki_timeout_fired(struct ki_timeout *t, struct ki_msg *m);

#endif
