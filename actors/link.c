/* SPDX-License-Identifier: Apache-2.0
 * link.c -- links: two that hear of each other's death.
 *
 * A bond is made by who asks; each of its ends belongs to one of the two, a process or a socket.
 * It carries a node for each thing that is ever sent about it, and is counted: one for each end
 * that is active, one for each node on its way.
 *
 *   I1  A receiver decides by its own end: an exit whose end is not active is dropped, so
 *       nothing arrives after an unlink.
 *   I2  Active ends stand in a tree by their peers' ids, so that neither of many links costs more
 *       than one of few; of twins one stands there.
 *   I3  One link a pair, though it has two bonds when both asked at once: the twins go together,
 *       with an unlink as with a death, and count once. Neither side drops one of them alone: the
 *       other may just have unlinked what would be left. */
#include "actors/link.h"

#include "actors/msg.h"
#include "actors/socket.h"

struct ki_end {
    struct ki_bond *bond;
    struct ki_task *task;    /* [i] the process's or socket's, type-stable */
    uint64_t id;             /* [i] its handle */
    struct ki_treap_node in; /* [p] unless its twin is; key [i]: the peer's handle */
    bool active;             /* [p] */
    bool priority;           /* [p] what comes by it goes first */
    bool late;               /* [p] asked when it had died, though it had not told yet */
    struct ki_end *twin;     /* [p] both asked: the same one's end of the other bond */
    struct ki_node ask;      /* to this end: LINK */
    struct ki_node unask;    /* to this end: UNLINK */
    struct ki_msg msg;       /* to this end: LINK_EXIT */
    kith_down body;          /* of msg */
};

struct ki_bond {
    _Atomic(uint32_t) refs;
    struct ki_end end[2]; /* [0]: who asked */
};

static bool
is_socket(uint64_t id)
{
    return ki_id_kind(id) == KI_KIND_SOCKET;
}

static void
drop(struct ki_bond *b)
{
    if (ki_sub_acq_rel(&b->refs, 1) == 1)
        ki_slab_free(ki_slab_here(), b, sizeof *b);
}

static struct ki_end *
other(struct ki_end *e)
{
    return e == &e->bond->end[0] ? &e->bond->end[1] : &e->bond->end[0];
}

void
ki_link_free_msg(struct ki_msg *m)
{
    drop(ki_container_of(m, struct ki_end, msg)->bond);
}

static inline void
init_end(struct ki_bond *b, int i, struct ki_task *t, uint64_t id, uint64_t peer)
{
    struct ki_end *e = &b->end[i];

    *e = (struct ki_end){.bond = b, .task = t, .id = id, .in.key = peer};
    e->ask = (struct ki_node){.to = id, .kind = KI_N_LINK};
    e->unask = (struct ki_node){.to = id, .kind = KI_N_UNLINK};
    e->msg.node =
        (struct ki_node){.to = id, .kind = KI_N_LINK_EXIT, .flags = KI_MSG_OF_BOND};
    if (is_socket(peer))
        e->body.socket.id = peer;
    else
        e->body.pid.id = e->msg.pub.from.id = peer;
    e->msg.pub.tag = KITH_TAG_EXIT;
    e->msg.pub.data = &e->body;
    e->msg.pub.len = sizeof e->body;
}

static struct ki_bond *
bond_new(struct ki_proc *a, struct ki_task *b, uint64_t b_id)
{
    struct ki_bond *l = ki_slab_alloc(ki_slab_here(), sizeof *l);

    if (!l)
        return NULL;
    ki_store_rlx(&l->refs, 0);
    init_end(l, 0, ki_proc_task(a), ki_proc_id(a), b_id);
    init_end(l, 1, b, b_id, ki_proc_id(a));
    return l;
}

/* ---- the trees ---- */

static struct ki_treap_node **
links_of(struct ki_end *e)
{
    return is_socket(e->id) ? &ki_socket_of_task(e->task)->links
                            : &ki_proc_of_task(e->task)->links;
}

static void
count(struct ki_end *e, uint32_t n)
{
    ki_count(is_socket(e->id) ? &ki_socket_of_task(e->task)->n_links
                              : &ki_proc_of_task(e->task)->has.links,
             n);
}

static struct ki_end *
find(struct ki_treap_node *links, uint64_t peer)
{
    struct ki_treap_node *n = ki_treap_find(links, peer);

    return n ? ki_container_of(n, struct ki_end, in) : NULL;
}

/* By the end's process or claimant, as all that follow. `twin`: its active end to the same peer, or
 * NULL. */
static void
activate(struct ki_end *e, struct ki_end *twin)
{
    ki_add_rlx(&e->bond->refs, 1); /* relaxed: whoever calls holds another or is alone */
    e->active = true;
    e->twin = twin;
    if (ki_slow(twin != NULL)) {
        twin->twin = e;
        return;
    }
    ki_treap_insert(links_of(e), &e->in);
    count(e, 1);
}

static void
deactivate(struct ki_end *e)
{
    struct ki_treap_node **links = links_of(e);
    struct ki_end *twin = e->twin;
    bool stands = !twin || find(*links, e->in.key) == e; /* I2 */

    e->active = false;
    e->twin = NULL;
    if (stands)
        ki_treap_remove(links, &e->in);
    if (ki_fast(!twin)) {
        count(e, (uint32_t) -1);
    } else {
        twin->twin = NULL;
        if (stands)
            ki_treap_insert(links, &twin->in);
    }
    drop(e->bond);
}

static void
deactivate_both(struct ki_end *e)
{
    if (e->twin)
        deactivate(e->twin);
    deactivate(e);
}

static bool
has_priority(const struct ki_end *e)
{
    return e->priority || (e->twin && e->twin->priority);
}

bool
ki_link_has_priority(struct ki_proc *p, kith_pid pid)
{
    const struct ki_end *e = find(p->links, pid.id);

    return e && has_priority(e);
}

/* ---- what arrives ---- */

static void
tell(struct ki_end *to, kith_reason why)
{
    to->body.why = why;
    ki_add_rlx(&to->bond->refs, 1); /* relaxed: the caller holds one */
    if (!ki_sched_post(to->task, &to->msg.node, KI_MBOX_DEAD))
        drop(to->bond);
}

void
ki_link_asked(struct ki_node *n, bool late)
{
    struct ki_end *e = ki_container_of(n, struct ki_end, ask);

    e->late = late;
    /* Our own asking, if there is one: theirs is never there twice. */
    activate(e, find(*links_of(e), e->in.key));
    drop(e->bond);
}

void
ki_link_refused(struct ki_node *n)
{
    struct ki_end *e = ki_container_of(n, struct ki_end, ask);

    tell(other(e), kith_reason_of(KITH_NOPROC, 0, NULL));
    drop(e->bond);
}

void
ki_link_unasked(struct ki_node *n)
{
    struct ki_end *e = ki_container_of(n, struct ki_end, unask);

    if (e->active)
        deactivate(e);
    drop(e->bond);
}

/* As in Erlang a link's exit can always be trapped, and normal kills nobody. */
void
ki_link_exit_received(struct ki_proc *p, struct ki_node *n)
{
    struct ki_msg *m = ki_msg_of_node(n);
    struct ki_end *e = ki_container_of(m, struct ki_end, msg);

    if (!e->active || p->dying) {
        if (e->active)
            deactivate(e);
        drop(e->bond);
        return;
    }
    const bool first = has_priority(e);
    deactivate_both(e);
    if (p->trap_exit) {
        n->kind = KI_N_MSG;
        if (ki_slow(first))
            ki_inbox_add_priority(p, n);
        else
            ki_inbox_add(&p->inbox, n);
        return;
    }
    if (e->body.why.kind != KITH_NORMAL && !p->doomed) {
        p->doomed = p->signalled = true;
        p->why = e->body.why;
    }
    drop(e->bond);
}

/* As an Erlang port: normal leaves it open, and a kill it dies of is seen as killed. */
bool
ki_link_broken(struct ki_node *n, kith_reason *why)
{
    struct ki_end *e = ki_container_of(ki_msg_of_node(n), struct ki_end, msg);
    const bool active = e->active;

    *why = e->body.why;
    if (why->kind == KITH_KILL)
        *why = kith_reason_of(KITH_KILLED, 0, NULL);
    if (active)
        deactivate_both(e);
    drop(e->bond);
    return active && why->kind != KITH_NORMAL;
}

void
ki_link_tell_all(struct ki_treap_node **links, kith_reason why)
{
    while (*links) {
        struct ki_end *e = ki_container_of(*links, struct ki_end, in);

        tell(other(e), e->late ? kith_reason_of(KITH_NOPROC, 0, NULL) : why);
        deactivate(e);
    }
}

/* ---- birth ---- */

int
ki_link_at_birth(struct ki_proc *p, struct ki_proc *c)
{
    struct ki_bond *b = bond_new(p, ki_proc_task(c), ki_proc_id(c));

    if (!b)
        return KITH_ENOMEM;
    activate(&b->end[0], NULL);
    activate(&b->end[1], NULL);
    return 0;
}

void
ki_link_undo_birth(struct ki_proc *p, struct ki_proc *c)
{
    struct ki_end *e = find(c->links, ki_proc_id(p));

    if (!e)
        return;
    deactivate(other(e));
    deactivate(e);
}

/* ---- the calls ---- */

/* There is no such process or socket: Erlang's answer. `code`: for who does not trap. */
static int
no_such(struct ki_proc *p, uint64_t peer, unsigned flags, int code)
{
    kith_down d = {.why = kith_reason_of(KITH_NOPROC, 0, NULL)};
    struct ki_msg *m;

    if (!p->trap_exit)
        return code;
    m = ki_msg_new(KITH_TAG_EXIT, sizeof d);
    if (!m)
        return KITH_ENOMEM;
    if (is_socket(peer))
        d.socket.id = peer;
    else
        d.pid.id = m->pub.from.id = peer;
    *(kith_down *) m->pub.data = d;
    if (flags & KITH_PRIORITY)
        ki_inbox_add_priority(p, &m->node);
    else
        ki_inbox_add(&p->inbox, &m->node);
    return 0;
}

/* The last call decides whether the link has priority. */
static void
set_priority(struct ki_end *e, bool on)
{
    e->priority = on;
    if (e->twin)
        e->twin->priority = on;
}

static int
link_to(struct ki_proc *p, struct ki_task *peer, uint64_t id, unsigned flags, int none)
{
    struct ki_end *had = find(p->links, id);
    struct ki_bond *b;

    if (had) {
        set_priority(had, (flags & KITH_PRIORITY) != 0);
        return 0;
    }
    if (!peer)
        return no_such(p, id, flags, none);
    b = bond_new(p, peer, id);
    if (!b)
        return KITH_ENOMEM;
    activate(&b->end[0], NULL);
    b->end[0].priority = (flags & KITH_PRIORITY) != 0;
    ki_add_rlx(&b->refs, 1); /* relaxed: the node's; the tree's count keeps it */
    if (!ki_sched_post(peer, &b->end[1].ask, KI_MBOX_DEAD)) {
        drop(b);
        deactivate(&b->end[0]);
        return no_such(p, id, flags, none);
    }
    ki_proc_charge(p, 1);
    return 0;
}

int
kith_link_opt(kith_pid pid, unsigned flags)
{
    struct ki_proc *p, *peer;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if (ki_id_kind(pid.id) != KI_KIND_PID || (flags & ~(unsigned) KITH_PRIORITY))
        return KITH_EINVAL;
    if (pid.id == ki_proc_id(p))
        return 0;
    peer = ki_proc_find(pid);
    return link_to(p, peer ? ki_proc_task(peer) : NULL, pid.id, flags, KITH_ENOPROC);
}

int
kith_link(kith_pid pid)
{
    return kith_link_opt(pid, 0);
}

int
kith_socket_link(kith_socket h)
{
    struct ki_proc *p;
    struct ki_socket *s;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if (!is_socket(h.id))
        return KITH_EBADF;
    s = ki_socket_find(h);
    return link_to(p, s ? &s->task : NULL, h.id, 0, KITH_ECLOSED);
}

static void
unask(struct ki_end *e)
{
    struct ki_end *o = other(e);

    ki_add_rlx(&e->bond->refs, 1); /* relaxed: the tree's count keeps it */
    if (!ki_sched_post(o->task, &o->unask, KI_MBOX_DEAD))
        drop(e->bond);
    deactivate(e);
}

static int
unlink_from(uint64_t peer)
{
    struct ki_proc *p;
    struct ki_end *e;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    while ((e = find(p->links, peer)) != NULL) /* twins: two */
        unask(e);
    return 0;
}

int
kith_unlink(kith_pid pid)
{
    return unlink_from(pid.id);
}

int
kith_socket_unlink(kith_socket s)
{
    return unlink_from(s.id);
}

size_t
ki_link_peers(struct ki_proc *p, uint64_t *out, size_t cap)
{
    uint64_t at = 0;
    size_t n = 0;
    struct ki_treap_node *e;

    while (n < cap && (e = ki_treap_after(p->links, at)) != NULL)
        at = out[n++] = e->key;
    return n;
}
