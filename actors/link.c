/* SPDX-License-Identifier: Apache-2.0
 * link.c -- links: two processes that hear of each other's death.
 *
 * A bond is made by who asks; each of its ends belongs to one of the two processes. It carries a
 * node for each thing that is ever sent about it, and is counted: one for each end that is
 * active, one for each node on its way.
 *
 *   I1  A receiver decides by its own end: an exit whose end is not active is dropped, so
 *       nothing arrives after an unlink.
 *   I2  A process's active ends stand in a tree by their peers' ids, so that neither of many links
 *       costs more than one of few; of twins one stands there.
 *   I3  One link a pair, though it has two bonds when both asked at once: the twins go together,
 *       with an unlink as with a death, and count once. Neither side drops one of them alone: the
 *       other may just have unlinked what would be left. */
#include "actors/link.h"

#include "actors/msg.h"

struct ki_end {
    struct ki_bond *bond;
    struct ki_proc *proc;    /* [i] type-stable */
    uint64_t id;             /* [i] */
    struct ki_treap_node in; /* [p] of proc, unless its twin is; key [i]: the peer's id */
    bool active;             /* [p] */
    struct ki_end *twin;     /* [p] both asked: the same process's end of the other bond */
    struct ki_node ask;      /* to this end: LINK */
    struct ki_node unask;    /* to this end: UNLINK */
    struct ki_msg msg;       /* to this end: LINK_EXIT */
    kith_down body;          /* of msg */
};

struct ki_bond {
    _Atomic(uint32_t) refs;
    struct ki_end end[2]; /* [0]: who asked */
};

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

static void
init_end(struct ki_bond *b, int i, struct ki_proc *p, uint64_t id, uint64_t peer)
{
    struct ki_end *e = &b->end[i];

    *e = (struct ki_end){.bond = b, .proc = p, .id = id, .in.key = peer};
    e->ask = (struct ki_node){.to = id, .kind = KI_N_LINK};
    e->unask = (struct ki_node){.to = id, .kind = KI_N_UNLINK};
    e->msg.node =
        (struct ki_node){.to = id, .kind = KI_N_LINK_EXIT, .flags = KI_MSG_OF_BOND};
    e->msg.pub = (kith_msg){.from = {peer},
                            .tag = KITH_TAG_EXIT,
                            .data = &e->body,
                            .len = sizeof e->body};
    e->body.pid.id = peer;
}

static struct ki_bond *
bond_new(struct ki_proc *a, uint64_t a_id, struct ki_proc *b, uint64_t b_id)
{
    struct ki_bond *l = ki_slab_alloc(ki_slab_here(), sizeof *l);

    if (!l)
        return NULL;
    ki_store_rlx(&l->refs, 0);
    init_end(l, 0, a, a_id, b_id);
    init_end(l, 1, b, b_id, a_id);
    return l;
}

static struct ki_end *
find(struct ki_proc *p, uint64_t peer)
{
    struct ki_treap_node *n = ki_treap_find(p->links, peer);

    return n ? ki_container_of(n, struct ki_end, in) : NULL;
}

/* By the end's process, as all that follow. `twin`: its active end to the same peer, or NULL. */
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
    ki_treap_insert(&e->proc->links, &e->in);
    ki_count(&e->proc->has.links, 1);
}

static void
deactivate(struct ki_end *e)
{
    struct ki_proc *p = e->proc;
    struct ki_end *twin = e->twin;
    bool stands = !twin || find(p, e->in.key) == e; /* I2 */

    e->active = false;
    e->twin = NULL;
    if (stands)
        ki_treap_remove(&p->links, &e->in);
    if (ki_fast(!twin)) {
        ki_count(&p->has.links, (uint32_t) -1);
    } else {
        twin->twin = NULL;
        if (stands)
            ki_treap_insert(&p->links, &twin->in);
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

/* ---- what arrives ---- */

static void
tell(struct ki_end *to, kith_reason why)
{
    to->body.why = why;
    ki_add_rlx(&to->bond->refs, 1); /* relaxed: the caller holds one */
    if (!ki_sched_post(ki_proc_task(to->proc), &to->msg.node, KI_MBOX_DEAD))
        drop(to->bond);
}

void
ki_link_asked(struct ki_proc *p, struct ki_node *n)
{
    struct ki_end *e = ki_container_of(n, struct ki_end, ask);

    activate(e, find(p, e->in.key)); /* our own asking: theirs is never there twice */
    drop(e->bond);
}

void
ki_link_unasked(struct ki_proc *p, struct ki_node *n)
{
    struct ki_end *e = ki_container_of(n, struct ki_end, unask);

    (void) p;
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
    deactivate_both(e);
    if (p->trap_exit) {
        n->kind = KI_N_MSG;
        ki_inbox_add(&p->inbox, n);
        return;
    }
    if (e->body.why.kind != KITH_NORMAL && !p->doomed) {
        p->doomed = true;
        p->why = e->body.why;
    }
    drop(e->bond);
}

void
ki_link_tell_all(struct ki_proc *p)
{
    while (p->links) {
        struct ki_end *e = ki_container_of(p->links, struct ki_end, in);

        tell(other(e), p->why);
        deactivate(e);
    }
}

/* ---- birth ---- */

int
ki_link_at_birth(struct ki_proc *p, struct ki_proc *c)
{
    struct ki_bond *b = bond_new(p, ki_proc_id(p), c, ki_proc_id(c));

    if (!b)
        return KITH_ENOMEM;
    activate(&b->end[0], NULL);
    activate(&b->end[1], NULL);
    return 0;
}

void
ki_link_undo_birth(struct ki_proc *p, struct ki_proc *c)
{
    struct ki_end *e = find(c, ki_proc_id(p));

    if (!e)
        return;
    deactivate(other(e));
    deactivate(e);
}

/* ---- the calls ---- */

/* There is no such process: Erlang's answer. */
static int
no_such(struct ki_proc *p, kith_pid pid)
{
    struct ki_msg *m;

    if (!p->trap_exit)
        return KITH_ENOPROC;
    m = ki_msg_new(KITH_TAG_EXIT, sizeof(kith_down));
    if (!m)
        return KITH_ENOMEM;
    m->pub.from = pid;
    *(kith_down *) m->pub.data =
        (kith_down){.pid = pid, .why = kith_reason_of(KITH_NOPROC, 0, NULL)};
    ki_inbox_add(&p->inbox, &m->node);
    return 0;
}

int
kith_link(kith_pid pid)
{
    struct ki_proc *p, *peer;
    struct ki_bond *b;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if (ki_id_kind(pid.id) != KI_KIND_PID)
        return KITH_EINVAL;
    if (pid.id == ki_proc_id(p) || find(p, pid.id))
        return 0;
    peer = ki_proc_find(pid);
    if (!peer)
        return no_such(p, pid);
    b = bond_new(p, ki_proc_id(p), peer, pid.id);
    if (!b)
        return KITH_ENOMEM;
    activate(&b->end[0], NULL);
    ki_add_rlx(&b->refs, 1); /* relaxed: the node's; the list's count keeps it */
    if (!ki_sched_post(ki_proc_task(peer), &b->end[1].ask, KI_MBOX_DEAD)) {
        drop(b);
        deactivate(&b->end[0]);
        return no_such(p, pid);
    }
    ki_proc_charge(p, 1);
    return 0;
}

static void
unask(struct ki_end *e)
{
    struct ki_end *o = other(e);

    ki_add_rlx(&e->bond->refs, 1); /* relaxed: the list's count keeps it */
    if (!ki_sched_post(ki_proc_task(o->proc), &o->unask, KI_MBOX_DEAD))
        drop(e->bond);
    deactivate(e);
}

int
kith_unlink(kith_pid pid)
{
    struct ki_proc *p;
    struct ki_end *e;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    while ((e = find(p, pid.id)) != NULL) /* twins: two */
        unask(e);
    return 0;
}
