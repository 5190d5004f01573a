/* SPDX-License-Identifier: Apache-2.0
 * io.c -- one attempt at a receive, send, accept or connect, by the socket's claimant.
 *
 * An attempt ends with an answer or with KI_TRY_AGAIN, and then the descriptor is registered
 * with the poller, its ready bit is clear, and an edge will come, to a listener the report that
 * it asked for; or the retry timer is armed, where the kernel gives no edge.
 *
 *   I1  A ready bit is cleared by EAGAIN alone, but for two cases. A listener asks the poller
 *       for a report (io_accept.c). And a short read of a TCP stream proves as much, if it is
 *       registered and neither an end, an error nor urgent data was ever seen: data that comes
 *       after the read is a new edge; so is the end, where the poller says so (drains). It saves the
 *       second receive of each message. */
#include "actors/io.h"

#include "actors/file.h"

#include "core/seam.h"

enum { RETRY_MIN_MS = 1, RETRY_MAX_MS = 50 };

static int
register_for_edges(struct ki_socket *s)
{
    int rc;

    if (s->registered) /* it listened, or still does */
        ki_sched.poller->forget(ki_socket_fd(s));
    s->registered = KI_REGISTERED_NOT;
    rc = ki_sched.poller->add(ki_socket_fd(s), ki_socket_id(s));
    if (rc < 0)
        return rc;
    s->registered = KI_REGISTERED_EDGES;
    s->drains = ki_sched.poller->drains && ki_load_rlx(&s->protocol) == KITH_TCP &&
                s->type == KITH_STREAM; /* I1 */
    return 0;
}

/* EAGAIN in a direction: from here on an edge is needed. 0 or the poller's code. */
static int
need_edge(struct ki_socket *s, uint32_t bit)
{
    int rc = 0;

    if (s->registered != KI_REGISTERED_EDGES)
        rc = register_for_edges(s);
    else if (ki_slow(ki_sched.poller->arm != NULL))
        ki_sched.poller->arm(ki_socket_fd(s), bit);

    if (rc == 0) /* else the bit stays: no edge would bring it back */
        s->ready &= ~bit;
    return rc;
}

enum ki_attempt
ki_io_wait_for(struct ki_socket *s, uint32_t bit, ptrdiff_t *result)
{
    const bool apart = (bit & (KI_READY_PRI | KI_READY_ERR)) != 0;
    int rc = apart && !ki_rare(s) ? KITH_ENOMEM : need_edge(s, bit); /* rare.h I1 */

    if (rc == 0)
        return KI_TRY_AGAIN;
    *result = rc;
    return KI_TRY_DONE;
}

/* By the retry timer. */
static enum ki_attempt
try_later(struct ki_socket *s, ptrdiff_t *result)
{
    if (!ki_rare(s))
        return ki_io_done(result, KITH_ENOMEM);
    s->retry_now = false;
    if (s->retry_out) /* a newcomer, meanwhile */
        return KI_TRY_AGAIN;
    s->cooldown_ms = s->cooldown_ms == 0                 ? RETRY_MIN_MS
                     : s->cooldown_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS
                                                         : (uint16_t) (s->cooldown_ms * 2);
    ki_socket_retry_at(s, ki_now_ns() + s->cooldown_ms * UINT64_C(1000000));
    return KI_TRY_AGAIN;
}

enum ki_attempt
ki_io_wait_for_change(struct ki_socket *s, ptrdiff_t *result)
{
    const uint32_t ready = s->ready;
    enum ki_attempt a;

    if (ki_sched.poller->arm) /* it would tell of what is there, at once and for ever */
        return try_later(s, result);
    a = ki_io_wait_for(s, KI_READY_IN, result);
    s->ready = ready;
    return a;
}

enum ki_attempt
ki_io_wait_for_urgent(struct ki_socket *s, ptrdiff_t *result)
{
    const enum ki_attempt a = ki_io_wait_for(s, KI_READY_PRI, result);

    return a == KI_TRY_AGAIN && !ki_sched.poller->urgent ? try_later(s, result) : a;
}

enum ki_attempt
ki_io_back_off(struct ki_socket *s, ptrdiff_t *result)
{
    const enum ki_attempt a = try_later(s, result);

    if (a == KI_TRY_AGAIN)
        s->ready &= ~(uint32_t) KI_READY_OUT;
    return a;
}

enum ki_attempt
ki_io_try_rare(struct ki_socket *s, struct ki_op *op, ptrdiff_t *result)
{
    struct ki_proc *starter = ki_load_rlx(&op->starter); /* constant while in use */
    struct ki_io *io = &op->io;

    if (io->select) /* not to be done, only told of */
        return ki_io_done(result, 0);
    switch ((enum ki_op_kind) io->kind) {
    case KI_OP_RECV:
    case KI_OP_RECVFROM:
    case KI_OP_RECVMSG:
        return ki_io_receive(s, io, result);
    case KI_OP_RECVMMSG:
        return ki_io_receive_many(s, io, result);
    case KI_OP_SEND:
    case KI_OP_SENDTO:
    case KI_OP_SENDV:
    case KI_OP_SENDMSG:
    case KI_OP_SEND_LATER:
        return ki_io_transmit(s, io, result);
    case KI_OP_SENDMMSG:
        return ki_io_transmit_many(s, io, result);
    case KI_OP_SENDFILE:
        return ki_file_send(s, io, result);
    case KI_OP_ACCEPT:
        return ki_io_accept(s, starter, io, result);
    case KI_OP_PEELOFF:
        return ki_io_peeloff(s, starter, io, result);
    case KI_OP_CONNECT:
        return ki_io_connect(s, io, result);
    default:
        KI_CHECK(!"an operation that does not wait");
        return KI_TRY_DONE;
    }
}
