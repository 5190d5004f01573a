/* SPDX-License-Identifier: Apache-2.0
 * give_api.c -- a socket changes its owner. */
#include <string.h>

#include "actors/claim.h"
#include "actors/msg.h"

struct give_call {
    struct ki_proc *from, *to;
    uint64_t to_id;
    struct ki_msg *msg; /* NULL: the new owner has not run yet and is told by its list */
};

static int
do_give(struct ki_socket *s, void *arg)
{
    struct give_call *g = arg;
    struct ki_proc *old = s->owner;
    uint64_t old_id = ki_load_rlx(&s->owner_id);

    if (old != g->from || old_id != ki_proc_id(g->from))
        return KITH_EPERM;
    s->owner = g->to;
    ki_store_rlx(&s->owner_id, g->to_id);
    if (!g->msg || ki_msg_post(g->to, g->to_id, g->msg))
        return 0;
    s->owner = old;
    ki_store_rlx(&s->owner_id, old_id);
    return KITH_ENOPROC;
}

/* Owner and message, or nothing. While it is under way the socket is in nobody's list, so the
 * giver does not die meanwhile. */
static int
give(struct ki_proc *p, kith_socket h, struct give_call *g)
{
    struct ki_socket *s = ki_socket_find(h);
    int rc;

    if (!s)
        return ki_claim_gone(h);
    if (!ki_proc_owns(p, s)) /* of a dead one the record may not be free yet */
        return (ki_load_rlx(&s->task.mbox) & KI_MBOX_DEAD) ? ki_claim_gone(h) : KITH_EPERM;
    p->hold_exit++;
    ki_proc_disown(p, s);
    rc = ki_socket_call(p, h, do_give, g);
    p->hold_exit--;
    if (rc < 0)
        ki_socket_keep(p, s);
    return rc;
}

int
ki_socket_give_at_birth(struct ki_proc *p, struct ki_proc *c, kith_socket h)
{
    struct give_call g = {.from = p, .to = c, .to_id = ki_proc_id(c)};
    int rc = give(p, h, &g);

    if (rc == 0)
        ki_proc_own(c, ki_socket_find(h));
    return rc;
}

static int
give_with(kith_socket h, kith_pid to, uint64_t tag, bool silent)
{
    struct ki_proc *p;
    struct give_call g;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    p->partial = 0;
    g = (struct give_call){.from = p, .to = ki_proc_find(to), .to_id = to.id};
    if (!g.to)
        return KITH_ENOPROC;
    g.msg = ki_msg_new(tag, sizeof h);
    if (!g.msg)
        return KITH_ENOMEM;
    g.msg->node.kind = silent ? KI_N_OWN : KI_N_GIVE;
    g.msg->pub.from.id = ki_proc_id(p);
    memcpy(g.msg->pub.data, &h, sizeof h);
    rc = give(p, h, &g);
    if (rc < 0)
        ki_msg_free(g.msg);
    return rc;
}

int
kith_socket_give(kith_socket h, kith_pid to, uint64_t tag)
{
    return (tag & KITH_TAG_SYSTEM) ? KITH_EINVAL : give_with(h, to, tag, false);
}

int
ki_socket_set_owner(kith_socket h, kith_pid to)
{
    return give_with(h, to, 0, true);
}
