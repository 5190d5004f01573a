/* SPDX-License-Identifier: Apache-2.0
 * registry.c -- which sockets there are: no list, but a look at each record. */
#include "actors/registry.h"

#include <string.h>

enum {
    STATES = KITH_STATE_BOUND | KITH_STATE_LISTENING | KITH_STATE_CONNECTING |
             KITH_STATE_CONNECTED | KITH_STATE_READ_SHUT | KITH_STATE_WRITE_SHUT |
             KITH_STATE_ENDED
};

int
ki_registry_filter(kith_socket_filter *ours, const kith_socket_filter *theirs)
{
    *ours = (kith_socket_filter) KITH_SOCKET_FILTER_INIT;
    if (!theirs)
        return 0;
    if (theirs->size < sizeof theirs->size || theirs->size > sizeof *ours)
        return KITH_EINVAL;
    memcpy(ours, theirs, theirs->size);
    return ours->state & ~(unsigned) STATES ? KITH_EINVAL : 0;
}

static bool
matches(const struct ki_socket_glance *g, const kith_socket_filter *f)
{
    return !(g->traits & KI_TRAIT_UNLISTED) && (!f->owner.id || f->owner.id == g->owner) &&
           (!f->domain || f->domain == g->domain) && (!f->type || f->type == g->type) &&
           (!f->protocol || f->protocol == g->protocol) &&
           (g->state & f->state) == f->state;
}

struct ki_socket *
ki_registry_next(uint32_t *i, const kith_socket_filter *f, struct ki_socket_glance *g)
{
    struct ki_socket *s;

    do
        s = ki_socket_next(i, g);
    while (s && !matches(g, f));
    return s;
}

ptrdiff_t
kith_socket_which(const kith_socket_filter *f, kith_socket *out, size_t cap)
{
    kith_socket_filter ours;
    struct ki_socket_glance g;
    struct ki_proc *self;
    uint32_t i = 0;
    size_t n = 0;
    int rc = ki_enter(&self);

    if (rc == 0)
        rc = out || !cap ? ki_registry_filter(&ours, f) : KITH_EINVAL;
    if (rc < 0)
        return rc;
    for (; ki_registry_next(&i, &ours, &g); n++)
        if (n < cap)
            out[n] = (kith_socket){g.id};
    ki_proc_charge(self, ki_glance_cost(i));
    return (ptrdiff_t) n;
}

ptrdiff_t
kith_socket_number_of(const kith_socket_filter *f)
{
    return kith_socket_which(f, NULL, 0);
}

void
kith_socket_use_registry(bool on)
{
    ki_store_rlx(&ki_runtime.unlisted, !on); /* relaxed: of the openings that come later */
}
