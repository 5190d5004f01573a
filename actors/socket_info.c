/* SPDX-License-Identifier: Apache-2.0
 * socket_info.c -- what programs may ask of a socket, and of all of them. */
#include <string.h>

#include "actors/glance.h"

/* The caller's struct is of the size it was compiled with. */
static bool
fits(const size_t *size, size_t most)
{
    return *size >= sizeof *size && *size <= most;
}

/* ---- one ---- */

static void
count_waiting(struct ki_socket *s, struct kith_socket_info *v)
{
    for (int dir = 0; dir < KI_DIRS; dir++)
        for (const struct ki_op *op = ki_queue_first(s, dir); op; op = op->q_next) {
            const unsigned bit = ki_io_bit(op->io.kind);

            v->n_readers += bit == KITH_OP_RECV;
            v->n_writers += bit == KITH_OP_SEND;
            v->n_acceptors += bit == KITH_OP_ACCEPT;
            v->n_connecters += bit == KITH_OP_CONNECT;
        }
}

static int
do_info(struct ki_socket *s, void *arg)
{
    struct kith_socket_info *v = arg;
    const uint32_t traits = ki_load_rlx(&s->traits);

    v->domain = s->domain;
    v->type = s->type;
    v->protocol = ki_load_rlx(&s->protocol);
    v->state = ki_load_rlx(&s->state);
    v->origin = ki_traits_origin(traits);
    v->owner = (kith_pid){ki_load_rlx(&s->owner_id)};
    v->fd = ki_socket_fd(s);
    count_waiting(s, v);
    ki_tally_read(s, &v->counters);
    return 0;
}

int
kith_socket_info(kith_socket s, struct kith_socket_info *info)
{
    struct kith_socket_info v = KITH_SOCKET_INFO_INIT;
    int rc;

    if (!info || !fits(&info->size, sizeof v))
        return KITH_EINVAL;
    rc = ki_socket_call_self(s, do_info, &v);
    if (rc < 0)
        return rc;
    v.size = info->size;
    memcpy(info, &v, v.size);
    return 0;
}

/* ---- all ---- */

static void
count(struct kith_socket_counts *v, const struct ki_socket_glance *g)
{
    v->sockets++;
    v->inet += g->domain == KITH_INET;
    v->inet6 += g->domain == KITH_INET6;
    v->local += g->domain == KITH_LOCAL;
    v->stream += g->type == KITH_STREAM;
    v->dgram += g->type == KITH_DGRAM;
    v->seqpacket += g->type == KITH_SEQPACKET;
    v->tcp += g->protocol == KITH_TCP;
    v->udp += g->protocol == KITH_UDP;
    v->sctp += g->protocol == KITH_SCTP;
}

int
kith_socket_counts(struct kith_socket_counts *counts)
{
    struct kith_socket_counts v = KITH_SOCKET_COUNTS_INIT;
    struct ki_socket_glance g;
    struct ki_proc *self;
    uint32_t i = 0;
    int rc = ki_enter(&self);

    if (rc < 0)
        return rc;
    if (!counts || !fits(&counts->size, sizeof v))
        return KITH_EINVAL;
    while (ki_socket_next(&i, &g))
        count(&v, &g);
    ki_proc_charge(self, ki_glance_cost(i));
    v.size = counts->size;
    memcpy(counts, &v, v.size);
    return 0;
}
