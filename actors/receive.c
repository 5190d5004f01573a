/* SPDX-License-Identifier: Apache-2.0
 * receive.c -- taking messages: the oldest, by tag, by ref, by predicate.
 *
 * A receive that waits remembers how far it has looked, so each new message is looked at once
 * however long the inbox is; those that do not match keep their order. What had come when it was
 * called is looked at however long that takes, what comes later as long as there is time. */
#include <string.h>

#include "actors/limit.h"
#include "actors/msg.h"
#include "actors/op.h"
#include "actors/proc.h"

typedef bool (*match_fn)(const kith_msg *m, void *ctx);

/* Where a scan stands: the link that leads to the first message not yet looked at. */
struct scan {
    match_fn is; /* NULL: any */
    void *ctx;
    struct ki_node **at;
    uint64_t deadline_ns;
    size_t passed, due; /* looked at; to be, however late it is (SIZE_MAX: not known yet) */
};

void
ki_receive_drop(struct ki_proc *p)
{
    struct ki_msg *m = p->received;

    if (m) {
        p->received = NULL;
        ki_msg_free(m);
    }
}

/* All the mail that had come when the receive was called has been taken. */
static void
know_due(struct ki_proc *p, struct scan *scan)
{
    if (scan->due == SIZE_MAX)
        scan->due = ki_load_rlx(&p->inbox.len);
}

/* One did not match: a scan uses up p's budget like everything else. false: it is late. */
static bool
may_go_on(struct ki_proc *p, struct scan *scan)
{
    scan->passed++;
    if (ki_fast(--p->fiber.budget > 0))
        return true;
    ki_proc_take(p); /* what comes goes behind what there is */
    know_due(p, scan);
    ki_proc_spent(p);
    return scan->passed < scan->due || !ki_proc_is_late(p, scan->deadline_ns);
}

/* Unlinks and answers the oldest match from scan->at on; NULL: none so far. */
static struct ki_msg *
find(struct ki_proc *p, struct scan *scan)
{
    struct ki_inbox *in = &p->inbox;
    struct ki_node *n;

    while ((n = *scan->at) != NULL) {
        struct ki_msg *m = ki_msg_of_node(n);

        if (!scan->is || scan->is(&m->pub, scan->ctx)) {
            *scan->at = n->next;
            if (in->tail == &n->next)
                in->tail = scan->at;
            ki_inbox_count(in, (size_t) -1);
            ki_limit_give(p, m);
            return m;
        }
        scan->at = &n->next;
        if (ki_slow(!may_go_on(p, scan)))
            break;
    }
    return NULL;
}

static int
receive(struct ki_proc *p, struct scan *scan, const kith_msg **out, uint64_t deadline_ns,
        const kith_future *fs, size_t n)
{
    ki_receive_drop(p);
    scan->at = &p->inbox.head;
    scan->deadline_ns = deadline_ns;
    scan->passed = 0;
    scan->due = SIZE_MAX;
    for (;;) {
        struct ki_msg *m = find(p, scan);
        int rc;

        if (m) {
            p->received = m;
            *out = &m->pub;
            rc = (int) n; /* 0, or for receive_any the index past the futures */
        } else if (n && (rc = ki_op_first_done(p, fs, n)) != KITH_EAGAIN) {
            ;
        } else if ((rc = ki_proc_wait(p, deadline_ns, "receive")) == 0) {
            know_due(p, scan);
            continue;
        }
        ki_proc_wait_end(p);
        return ki_proc_wait_failed(p, rc);
    }
}

static int
enter(struct ki_proc **p, const kith_msg **m)
{
    int rc = ki_enter_waiting(p);

    if (ki_slow(rc < 0))
        return rc;
    if (ki_slow(!m))
        return KITH_EINVAL;
    ki_proc_charge(*p, 1);
    return 0;
}

int
kith_receive(const kith_msg **m, kith_ms timeout)
{
    struct scan any = {.is = NULL};
    struct ki_proc *p;
    int rc = enter(&p, m);

    if (ki_slow(rc < 0))
        return rc;
    return receive(p, &any, m, ki_deadline_ns(timeout), NULL, 0);
}

static bool
has_tag(const kith_msg *m, void *ctx)
{
    return m->tag == *(const uint64_t *) ctx;
}

int
kith_receive_tag(uint64_t tag, const kith_msg **m, kith_ms timeout)
{
    struct scan scan = {.is = has_tag, .ctx = &tag};
    struct ki_proc *p;
    int rc = enter(&p, m);

    return rc < 0 ? rc : receive(p, &scan, m, ki_deadline_ns(timeout), NULL, 0);
}

static bool
has_ref(const kith_msg *m, void *ctx)
{
    return m->ref.id == *(const uint64_t *) ctx;
}

int
kith_receive_ref(kith_ref ref, const kith_msg **m, kith_ms timeout)
{
    struct scan scan = {.is = has_ref, .ctx = &ref.id};
    struct ki_proc *p;
    int rc = enter(&p, m);

    if (rc < 0)
        return rc;
    if (!ref.id)
        return KITH_EINVAL;
    return receive(p, &scan, m, ki_deadline_ns(timeout), NULL, 0);
}

int
kith_receive_match(bool (*is)(const kith_msg *, void *), void *ctx, const kith_msg **m,
                   kith_ms timeout)
{
    struct scan scan = {.is = is, .ctx = ctx};
    struct ki_proc *p;
    int rc = enter(&p, m);

    if (rc < 0)
        return rc;
    if (!is)
        return KITH_EINVAL;
    return receive(p, &scan, m, ki_deadline_ns(timeout), NULL, 0);
}

int
kith_receive_any(const kith_msg **m, const kith_future *fs, size_t n, kith_ms timeout)
{
    struct scan any = {.is = NULL};
    struct ki_proc *p;
    int rc = enter(&p, m);

    if (rc < 0)
        return rc;
    if ((n && !fs) || n > INT32_MAX)
        return KITH_EINVAL;
    return receive(p, &any, m, ki_deadline_ns(timeout), fs, n);
}

kith_msg *
kith_msg_keep(const kith_msg *m)
{
    struct ki_proc *p;

    if (!m || ki_enter(&p) < 0 || p->received != ki_msg_of(m))
        return NULL;
    p->received = NULL;
    return &ki_msg_of(m)->pub;
}
