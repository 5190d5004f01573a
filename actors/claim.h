/* SPDX-License-Identifier: Apache-2.0
 * claim.h -- a call claims an idle socket, to run its code on the caller's own thread.
 *
 * It equals a message that is scheduled at once: nobody else runs the socket, it lives, and no
 * mail waits. Who cannot have the claim sends a message. */
#ifndef KI_CLAIM_H
#define KI_CLAIM_H

#include "actors/proc.h"
#include "actors/socket.h"

enum { KI_CALL_COST = 20 };

/* ki_claim_allowed: may this process run a socket's code on its own thread? Plain threads never
 * do; a handler must, as it cannot wait for an answer. */
static inline bool
ki_claim_allowed(struct ki_proc *p)
{
    return p->body == KI_BODY_HANDLER ||
           (p->body == KI_BODY_STACK && !ki_runtime.message_only);
}

/* ki_claim_take: the claim, with the full handle compared under it. NULL: busy, closing or
 * gone. */
KI_HOT struct ki_socket *
ki_claim_take(struct ki_socket *s, kith_socket h)
{
    if (!ki_mbox_claim(&s->task.mbox, h.id))
        return NULL;
    if (ki_fast(ki_socket_id(s) == h.id))
        return s;
    ki_socket_release_later(s); /* another's: 16 bits lied */
    return NULL;
}

/* ki_claim_look_up answers the socket's record; the one that p called last is remembered, as it
 * mostly comes again. NULL: there is none, or whoever calls shall send messages. */
KI_HOT struct ki_socket *
ki_claim_look_up(struct ki_proc *p, kith_socket h)
{
    struct ki_socket *s = p->last_socket;

    if (ki_fast(p->last_id == h.id)) {
        KI_ASSUME(s != NULL);
        return s; /* whether it is so still is for the claim to say */
    }
    s = ki_slow(ki_runtime.message_only) ? NULL : ki_socket_find(h);
    if (ki_fast(s != NULL)) {
        p->last_id = h.id;
        p->last_socket = s;
    }
    return s;
}

/* ki_claim_here answers the socket, claimed. NULL: another way has to be found, for any of many
 * reasons. No call is made on the way, so that a caller's own first steps need no frame. */
KI_HOT struct ki_socket *
ki_claim_here(kith_socket h, struct ki_proc **self)
{
    struct ki_proc *p = ki_running();
    struct ki_socket *s;

    if (ki_slow(!p) || ki_slow(!(s = ki_claim_look_up(p, h))) ||
        ki_slow((p->fiber.budget -= KI_CALL_COST) < 0))
        return NULL;
    *self = p;
    return ki_claim_take(s, h);
}

/* ki_claim_gone: the code for a handle that ki_socket_find does not know. */
static inline int
ki_claim_gone(kith_socket h)
{
    return h.id == 0 || ki_id_kind(h.id) != KI_KIND_SOCKET ? KITH_EBADF : KITH_ECLOSED;
}

#endif
