/* SPDX-License-Identifier: Apache-2.0
 * io_send.c -- one attempt at a send that is not the plain one, or did not go at once. */
#include "actors/io.h"

#include "core/seam.h"
#include "core/sock.h"

enum { TURN_BYTES = 1024 * 1024 }; /* sent in one turn, then others have theirs */

static ptrdiff_t
send_to(struct ki_socket *s, struct ki_io *io, int flags)
{
    struct ki_native_addr to;
    int rc = ki_sockaddr_to_native(io->u.addr, &to);

    return rc < 0 ? rc
                  : ki_seam.sendto(ki_socket_fd(s), io->buf + io->done, io->len - io->done,
                                   flags, to.bytes, to.len);
}

/* One call of the system, from byte io->done on. */
static ptrdiff_t
transmit(struct ki_socket *s, struct ki_io *io, int flags)
{
    switch ((enum ki_op_kind) io->kind) {
    case KI_OP_SENDTO:
        return send_to(s, io, flags);
    case KI_OP_SENDV:
        return ki_io_sendv(s, io, flags);
    case KI_OP_SENDMSG:
        return ki_io_sendmsg(s, io, flags);
    default:
        return ki_seam.send(ki_socket_fd(s), io->buf + io->done, io->len - io->done, flags);
    }
}

/* To a peer that this socket is not connected to. A full queue of a unix datagram socket tells
 * its own peer alone when it has room again. */
static bool
is_to_a_stranger(const struct ki_socket *s, const struct ki_io *io)
{
    if (s->domain != KITH_LOCAL || s->type != KITH_DGRAM)
        return false;
    switch ((enum ki_op_kind) io->kind) {
    case KI_OP_SENDTO:
        return true;
    case KI_OP_SENDMSG:
        return io->u.out->addr.domain != 0;
    case KI_OP_SENDMMSG:
        return io->u.many[io->done].addr.domain != 0;
    default:
        return false;
    }
}

/* Nothing more went just now. */
static enum ki_attempt
sent_nothing(struct ki_socket *s, struct ki_io *io, ptrdiff_t n, ptrdiff_t *result)
{
    if (n != KITH_EAGAIN) {
        ki_tally_fail(s, KI_TALLY_WRITE, n);
        s->cooldown_ms = 0;
        return ki_io_done(result, n);
    }
    ki_tally_miss(s, KI_TALLY_WRITE);
    if (!is_to_a_stranger(s, io))
        return ki_io_wait_for(s, KI_READY_OUT, result);
    return ki_io_back_off(s, result);
}

/* n of the rest went, or n says why nothing did. */
KI_NOINLINE enum ki_attempt
ki_io_sent(struct ki_socket *s, struct ki_io *io, ptrdiff_t n, int flags, ptrdiff_t *result)
{
    size_t turn = 0;

    while (n >= 0) {
        s->cooldown_ms = 0;
        ki_count(&s->sent, (size_t) n);
        io->done += (size_t) n;
        turn += (size_t) n;
        if (io->done >= io->len || s->type != KITH_STREAM) {
            ki_tally_done(s, KI_TALLY_WRITE, io->done);
            return ki_io_done(result, (ptrdiff_t) io->done);
        }
        ki_tally_miss(s, KI_TALLY_WRITE);
        if (turn >= TURN_BYTES) {
            ki_socket_go_on_later(s);
            return KI_TRY_AGAIN;
        }
        n = transmit(s, io, flags);
    }
    return sent_nothing(s, io, n, result);
}

enum ki_attempt
ki_io_transmit(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    int flags = ki_sock_flags(io->flags);

    return ki_io_sent(s, io, transmit(s, io, flags), flags, result);
}

/* All of them. */
enum ki_attempt
ki_io_transmit_many(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    const int flags = ki_sock_flags(io->flags);
    size_t turn = 0;

    for (;;) {
        ptrdiff_t n = ki_io_sendmmsg(s, io, flags);

        if (n < 0)
            return sent_nothing(s, io, n, result);
        s->cooldown_ms = 0;
        for (ptrdiff_t i = 0; i < n; i++) {
            const size_t went = (size_t) io->u.many[io->done++].result;

            ki_count(&s->sent, went);
            ki_tally_packet(s, KI_TALLY_WRITE, (size_t) i, went);
            turn += went;
        }
        if (io->done == io->len)
            return ki_io_done(result, (ptrdiff_t) io->len);
        if (turn >= TURN_BYTES) {
            ki_socket_go_on_later(s);
            return KI_TRY_AGAIN;
        }
    }
}
