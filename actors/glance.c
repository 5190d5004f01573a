/* SPDX-License-Identifier: Apache-2.0
 * glance.c -- a glance at a socket, and at all of them. */
#include "actors/glance.h"

/* One that closes is closed, for strangers. */
static bool
lives(uint64_t id, uint64_t word)
{
    return id != 0 && (word & KI_MBOX_GENERATION) == ki_mbox_generation(id) &&
           !(word & (KI_MBOX_DEAD | KI_MBOX_EXITING));
}

bool
ki_socket_glance(struct ki_socket *s, struct ki_socket_glance *g)
{
    /* acquire: with ki_mbox_init's release, at the end of a birth. */
    const uint64_t word = ki_load_acq(&s->task.mbox);

    g->id = ki_socket_id(s);
    if (!lives(g->id, word))
        return false;
    g->traits = ki_load_rlx(&s->traits); /* relaxed, as all: a moment's */
    g->domain = (int) (g->traits & 0xffff);
    g->type = (int) (g->traits >> KI_TRAIT_TYPE & 0xff);
    g->protocol = ki_load_rlx(&s->protocol);
    g->fd = ki_load_rlx(&s->fd);
    g->state = ki_load_rlx(&s->state);
    g->owner = ki_load_rlx(&s->owner_id);
    g->received = ki_load_rlx(&s->received);
    g->sent = ki_load_rlx(&s->sent);
    /* The fields before this: with the fence in ki_socket_new. */
    atomic_thread_fence(memory_order_acquire);
    return ki_socket_id(s) == g->id && lives(g->id, ki_load_rlx(&s->task.mbox));
}

struct ki_socket *
ki_socket_next(uint32_t *i, struct ki_socket_glance *g)
{
    struct ki_socket *s;

    do {
        s = (struct ki_socket *) (void *) ki_slots_at(&ki_runtime.sockets, (*i)++);
    } while (s && !ki_socket_glance(s, g));
    return s;
}
