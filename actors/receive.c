/* SPDX-License-Identifier: Apache-2.0
 * receive.c -- taking messages: the oldest, by tag, by ref, by predicate.
 *
 * A receive that waits remembers how far it has looked, so each new message is looked at once
 * however long the inbox is; those that do not match keep their order. What had come when it was
 * called is looked at however long that takes, what comes later as long as there is time. */
#include <string.h>

#include "actors/msg.h"
#include "actors/op.h"
#include "actors/proc.h"
#include "actors/ref.h"

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

/* p's budget is spent, or its last look found nothing: is there time to look at more? */
static bool
may_go_on(struct ki_proc *p, struct scan *scan)
{
    ki_proc_take(p); /* what comes goes behind what there is */
    know_due(p, scan);
    ki_proc_spent(p);
    return scan->passed < scan->due || !ki_proc_is_late(p, scan->deadline_ns);
}

static bool
matches(const struct scan *scan, struct ki_node *n)
{
    return !scan->is || scan->is(&ki_msg_of_node(n)->pub, scan->ctx);
}

/* The scan has passed the messages with priority: what comes with it is behind its back. */
static bool
is_past_priority(const struct ki_inbox *in, struct ki_node **at)
{
    return at != &in->head &&
           !(ki_container_of(at, struct ki_node, next)->flags & KI_MSG_PRIORITY);
}

/* Among those with priority that came behind the back of a scan. They are few: no budget. */
static struct ki_node **
look_at_fresh(struct ki_inbox *in, const struct scan *scan)
{
    struct ki_node **at = in->fresh;

    in->fresh = NULL;
    if (!is_past_priority(in, scan->at))
        return NULL; /* it comes to them */
    while (at != in->ordinary && !matches(scan, *at))
        at = &(*at)->next;
    return at != in->ordinary ? at : NULL;
}

/* The link to the oldest match; NULL: none so far, all was looked at or the budget is spent. A
 * scan uses it up like everything else. */
static struct ki_node **
look(struct ki_proc *p, struct scan *scan)
{
    struct ki_node **at, *n;

    if (ki_slow(p->inbox.fresh != NULL) && (at = look_at_fresh(&p->inbox, scan)) != NULL)
        return at;
    for (at = scan->at; (n = *at) != NULL; at = &n->next) {
        if (matches(scan, n))
            return at;
        scan->passed++;
        if (ki_slow(--p->fiber.budget < 0)) {
            at = &n->next;
            break;
        }
    }
    scan->at = at;
    return NULL;
}

/* Unlinks and answers the oldest match from scan->at on; NULL: none so far. */
static struct ki_msg *
find(struct ki_proc *p, struct scan *scan)
{
    struct ki_node **at;

    while ((at = look(p, scan)) == NULL) {
        if (ki_slow(p->fiber.budget < 0)) {
            if (!may_go_on(p, scan))
                return NULL;
        } else if (ki_fast(p->inbox.fresh == NULL)) {
            return NULL;
        }
    }
    return ki_inbox_take(p, at);
}

static void
begin(struct ki_proc *p, struct scan *scan, uint64_t deadline_ns)
{
    ki_receive_drop(p);
    scan->at = &p->inbox.head;
    p->inbox.fresh = NULL;
    scan->deadline_ns = deadline_ns;
    scan->passed = 0;
    scan->due = SIZE_MAX;
}

static int
receive(struct ki_proc *p, struct scan *scan, const kith_msg **out, uint64_t deadline_ns,
        const kith_future *fs, size_t n)
{
    begin(p, scan, deadline_ns);
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

static KI_NOINLINE int
fetch(struct ki_proc *p)
{
    int rc;

    p->unfetched = 0;
    ki_proc_take(p);
    rc = p->dying ? 0 : ki_proc_die_if_doomed(p);
    return rc < 0 ? ki_proc_wait_failed(p, rc) : 0;
}

/* However much lies in the inbox, signals that have come since act now and then. */
static inline int
fetch_sometimes(struct ki_proc *p)
{
    return ki_slow(++p->unfetched >= KI_FETCH_EVERY) ? fetch(p) : 0;
}

static inline int
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

static int
wait_for_any(struct ki_proc *p, uint64_t deadline_ns)
{
    int rc = 0;

    while (!p->inbox.head && rc == 0)
        rc = ki_proc_wait(p, deadline_ns, "receive");
    ki_proc_wait_end(p);
    return ki_proc_wait_failed(p, rc);
}

/* The oldest of all needs no scan. */
int
kith_receive(const kith_msg **m, kith_ms timeout)
{
    struct ki_proc *p;
    int rc = enter(&p, m);

    if (ki_slow(rc < 0))
        return rc;
    ki_receive_drop(p);
    rc = p->inbox.head ? fetch_sometimes(p) : wait_for_any(p, ki_deadline_ns(timeout));
    if (ki_slow(rc < 0))
        return rc;
    p->received = ki_inbox_take(p, &p->inbox.head);
    *m = &p->received->pub;
    return 0;
}

static int
enter_scan(struct ki_proc **p, const kith_msg **m)
{
    int rc = enter(p, m);

    return rc < 0 ? rc : fetch_sometimes(*p);
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
    int rc = enter_scan(&p, m);

    return rc < 0 ? rc : receive(p, &scan, m, ki_deadline_ns(timeout), NULL, 0);
}

static bool
has_ref(const kith_msg *m, void *ctx)
{
    return m->ref.id == *(const uint64_t *) ctx;
}

/* Only with strays in the inbox it scans: one of them may be older than what the record knows. */
static struct ki_msg *
find_by_ref(struct ki_proc *p, struct scan *scan)
{
    struct ki_node **at;

    if (ki_slow(p->inbox.strays != 0))
        return find(p, scan);
    at = ki_ref_find(p, *(const uint64_t *) scan->ctx);
    return at ? ki_inbox_take(p, at) : NULL;
}

static int
receive_ref(struct ki_proc *p, struct scan *scan, const kith_msg **out,
            uint64_t deadline_ns)
{
    int rc;

    begin(p, scan, deadline_ns);
    while ((p->received = find_by_ref(p, scan)) == NULL) {
        rc = ki_proc_wait(p, deadline_ns, "receive");
        if (rc < 0) {
            ki_proc_wait_end(p);
            return ki_proc_wait_failed(p, rc);
        }
        know_due(p, scan);
    }
    ki_proc_wait_end(p);
    *out = &p->received->pub;
    return 0;
}

int
kith_receive_ref(kith_ref ref, const kith_msg **m, kith_ms timeout)
{
    struct scan scan = {.is = has_ref, .ctx = &ref.id};
    struct ki_proc *p;
    int rc = enter_scan(&p, m);

    if (rc < 0)
        return rc;
    if (!ref.id)
        return KITH_EINVAL;
    return receive_ref(p, &scan, m, ki_deadline_ns(timeout));
}

int
kith_receive_match(bool (*is)(const kith_msg *, void *), void *ctx, const kith_msg **m,
                   kith_ms timeout)
{
    struct scan scan = {.is = is, .ctx = ctx};
    struct ki_proc *p;
    int rc = enter_scan(&p, m);

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
    int rc = enter_scan(&p, m);

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
