/* SPDX-License-Identifier: Apache-2.0
 * timeout.c -- a state machine's timeouts, and the queues its events lie in.
 *
 * A timeout is a timer to the machine itself, whose message stands in the mailbox in its order. One
 * that is ended when its message has come already is taken out of the mailbox, so what arrives is
 * what runs. One of no time is an event at once. */
#include "actors/statem.h"

#include "actors/inbox.h"
#include "actors/msg.h"
#include "actors/ref.h"

/* ---- queues ---- */

void
ki_events_before(struct ki_events *q, struct ki_events *first)
{
    if (!first->head)
        return;
    *first->tail = q->head;
    if (!q->head)
        q->tail = first->tail;
    q->head = first->head;
    ki_events_init(first);
}

struct ki_msg *
ki_events_take(struct ki_events *q)
{
    struct ki_node *n = q->head;

    if (!n)
        return NULL;
    q->head = n->next;
    if (!q->head)
        q->tail = &q->head;
    return ki_msg_of_node(n);
}

void
ki_events_remove(struct ki_events *q, struct ki_msg *m)
{
    struct ki_node **at = &q->head;

    while (*at != &m->node)
        at = &(*at)->next;
    *at = m->node.next;
    if (q->tail == &m->node.next)
        q->tail = at;
}

void
ki_events_drop(struct ki_events *q)
{
    struct ki_msg *m;

    while ((m = ki_events_take(q)) != NULL)
        ki_msg_free(m);
}

/* ---- timeouts ---- */

/* No message of it is there after this. */
static void
end(struct ki_proc *p, struct ki_due *d, struct ki_events *due)
{
    struct ki_node **at;

    if (d->event) {
        ki_events_remove(due, d->event);
        ki_msg_free(d->event);
    } else if (d->timer && kith_cancel_timer((kith_ref){d->timer}, NULL) < 0) {
        ki_proc_take(p); /* it has fired: its message is here (core/timers.h I1) */
        at = ki_ref_find(p, d->timer);
        if (at)
            ki_msg_free(ki_inbox_take(p, at));
    }
    *d = (struct ki_due){0};
}

static int
begin(struct ki_proc *p, const struct ki_timeout *t, kith_ms ms, struct ki_events *due,
      struct ki_due *d)
{
    kith_ref timer;
    int rc;

    if (ms == KITH_INFINITY)
        return 0;
    if (ms > 0) {
        rc = kith_start_timer(ms, (kith_pid){ki_proc_id(p)}, (kith_iov){0}, &timer);
        d->timer = rc < 0 ? 0 : timer.id;
        return rc;
    }
    d->event = ki_msg_new(d->tag, 0);
    if (!d->event)
        return KITH_ENOMEM;
    d->event->pub.from.id = ki_proc_id(p);
    ki_event_mark(d->event, t->kind, t->name);
    ki_events_add(due, d->event);
    return 0;
}

int
ki_timeout_ask(struct ki_proc *p, struct ki_timeout *t, struct ki_events *due, kith_ms ms,
               uint64_t tag)
{
    struct ki_due d = {.tag = tag};
    int rc = begin(p, t, ms, due, &d);

    if (rc < 0)
        return rc;
    end(p, &t->asked, due);
    t->asked = d;
    t->is_asked = true;
    return 0;
}

void
ki_timeout_settle(struct ki_proc *p, struct ki_timeout *t, struct ki_events *due, bool over)
{
    if (t->is_asked || over)
        end(p, &t->runs, due);
    if (!t->is_asked)
        return;
    t->runs = t->asked;
    t->asked = (struct ki_due){0};
    t->is_asked = false;
}

void
ki_timeout_end(struct ki_proc *p, struct ki_timeout *t, struct ki_events *due)
{
    end(p, &t->runs, due);
}

bool
ki_timeout_fired(struct ki_timeout *t, struct ki_msg *m)
{
    if (!t->runs.timer || t->runs.timer != m->pub.ref.id)
        return false;
    m->pub.tag = t->runs.tag;
    ki_event_mark(m, t->kind, t->name);
    t->runs = (struct ki_due){0};
    return true;
}
