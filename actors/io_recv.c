/* SPDX-License-Identifier: Apache-2.0
 * io_recv.c -- one attempt at a receive that is not the plain one. */
#include "actors/io.h"

#include <kith/socket.h>

#include "core/seam.h"
#include "core/sock.h"
#include "core/sock_sctp.h"

/* One call of the system, from byte io->done on. */
static ptrdiff_t
receive(struct ki_socket *s, struct ki_io *io, int flags)
{
    switch ((enum ki_op_kind) io->kind) {
    case KI_OP_RECVFROM:
        return ki_io_recvfrom(s, io, flags);
    case KI_OP_RECVMSG:
        return ki_io_recvmsg(s, io, flags);
    default:
        return ki_seam.recv(ki_socket_fd(s), io->buf + io->done, io->len - io->done, flags);
    }
}

/* What a call answered that ends the operation, or has found nothing yet, in the counters: an
 * empty packet is a packet, the end of a stream is nothing. */
static void
note_other(struct ki_socket *s, ptrdiff_t n)
{
    if (n < 0 && n != KITH_EAGAIN)
        ki_tally_fail(s, KI_TALLY_READ, n);
    else if (n == 0 && s->type != KITH_STREAM && s->type != KITH_SEQPACKET)
        ki_tally_done(s, KI_TALLY_READ, 0);
    else
        ki_tally_miss(s, KI_TALLY_READ);
    if (n == 0 && s->type == KITH_STREAM) {
        ki_socket_note(s, KITH_STATE_ENDED, 0);
        if (ki_slow(s->watch != 0))
            ki_watch_line(s, "recv: the peer has ended");
    }
}

/* n bytes were read, of `want`: of a longer packet whose length was asked for, those that fit. */
static void
note_read(struct ki_socket *s, ptrdiff_t n, size_t want)
{
    ki_io_note_read(s, (size_t) n < want ? (size_t) n : want, want);
}

/* A connection of SCTP's that was shut down from here ends without the system telling: there is
 * nothing, for ever, and no association any more. */
static bool
has_ended_in_silence(struct ki_socket *s)
{
    return ki_load_rlx(&s->protocol) == KITH_SCTP && s->type == KITH_STREAM &&
           (ki_load_rlx(&s->state) & KITH_STATE_WRITE_SHUT) &&
           ki_sctp_attempt(ki_socket_fd(s), 0) == KITH_ECONNREFUSED;
}

/* EAGAIN: more may come. The look comes when an edge would, so that nothing is missed. */
static enum ki_attempt
wait_for_more(struct ki_socket *s, ptrdiff_t *result)
{
    const enum ki_attempt a = ki_io_wait_for(s, KI_READY_IN, result);

    return a == KI_TRY_AGAIN && ki_slow(has_ended_in_silence(s)) ? ki_io_done(result, 0)
                                                                 : a;
}

/* Nothing was received: the end, nothing there, or an error. */
KI_NOINLINE enum ki_attempt
ki_io_recv_nothing(struct ki_socket *s, ptrdiff_t n, ptrdiff_t *result)
{
    note_other(s, n);
    return n == KITH_EAGAIN ? wait_for_more(s, result) : ki_io_done(result, n);
}

/* Bytes that come by the side, urgent or of the error queue, say nothing of those that wait. */
static void
note_done(struct ki_socket *s, const struct ki_io *io, ptrdiff_t n)
{
    const size_t got = (size_t) n < io->len ? (size_t) n : io->len;

    ki_count(&s->received, got);
    ki_tally_done_in(s, KI_TALLY_READ, got, ki_io_direction(io));
}

/* Urgent data that is not there yet, or was taken already; once the connection has ended none will
 * come. With oobinline it never does. */
static enum ki_attempt
receive_urgent(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    ptrdiff_t n = receive(s, io, ki_sock_flags(io->flags));

    if (n > 0)
        note_done(s, io, n);
    else
        note_other(s, n == KITH_EINVAL ? KITH_EAGAIN : n);
    if (n != KITH_EINVAL && n != KITH_EAGAIN)
        return ki_io_done(result, n);
    if (s->ended)
        return ki_io_done(result, 0);
    if (n == KITH_EINVAL && ki_sock_urgent_inline(ki_socket_fd(s)))
        return ki_io_done(result, n);
    return ki_io_wait_for_urgent(s, result);
}

static enum ki_attempt
receive_error(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    ptrdiff_t n = receive(s, io, ki_sock_flags(io->flags));

    if (n >= 0)
        note_done(s, io, n);
    else
        note_other(s, n);
    return n == KITH_EAGAIN ? ki_io_wait_for(s, KI_READY_ERR, result)
                            : ki_io_done(result, n);
}

static bool
wants_all(const struct ki_socket *s, const struct ki_io *io)
{
    return (io->flags & KITH_MSG_WAITALL) != 0 && s->type == KITH_STREAM;
}

/* Readiness is not of what is behind the offset of SO_PEEK_OFF. */
static enum ki_attempt
wait_to_see_more(struct ki_socket *s, ptrdiff_t *result)
{
    return ki_sched.poller->arm && ki_sock_peeks_on(ki_socket_fd(s))
               ? ki_io_wait_for_change(s, result)
               : wait_for_more(s, result);
}

/* A look: what is seen stays, and is counted when it is read. */
static enum ki_attempt
peek(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    const bool all = wants_all(s, io);
    ptrdiff_t n = receive(s, io, ki_sock_flags(io->flags));

    if (n < 0)
        note_other(s, n);
    else
        ki_tally_miss(s, KI_TALLY_READ);
    if (n == KITH_EAGAIN)
        return wait_to_see_more(s, result);
    if (n > 0 && all && (size_t) n < io->len)
        return s->ended ? ki_io_done(result, KITH_EOF) : ki_io_wait_for_change(s, result);
    return ki_io_done(result, n == 0 && all ? KITH_EOF : n);
}

/* WAITALL is ours to do, and of streams only. */
static enum ki_attempt
receive_next(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    const bool all = wants_all(s, io);
    const int flags = ki_sock_flags(io->flags);

    for (;;) {
        size_t want = io->len - io->done;
        ptrdiff_t n = receive(s, io, flags);

        if (n == 0 && io->len == 0 && s->type == KITH_STREAM) { /* no room: no end */
            ki_tally_miss(s, KI_TALLY_READ);
            return ki_io_done(result, 0);
        }
        if (n <= 0) {
            enum ki_attempt a = ki_io_recv_nothing(s, n, result);

            return a == KI_TRY_DONE && *result == 0 && all ? ki_io_done(result, KITH_EOF)
                                                           : a;
        }
        note_read(s, n, want);
        if (!all) {
            ki_tally_done(s, KI_TALLY_READ, (size_t) n < want ? (size_t) n : want);
            return ki_io_done(result, n);
        }
        io->done += (size_t) n;
        if (io->done >= io->len) {
            ki_tally_done(s, KI_TALLY_READ, io->done);
            return ki_io_done(result, (ptrdiff_t) io->done);
        }
        ki_tally_miss(s, KI_TALLY_READ);
        if ((s->ready & KI_READY_IN) == 0)
            return KI_TRY_AGAIN;
    }
}

enum ki_attempt
ki_io_receive(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    if (io->flags & KITH_MSG_ERRQUEUE)
        return receive_error(s, io, result);
    if (io->flags & KITH_MSG_OOB)
        return receive_urgent(s, io, result);
    return io->flags & KITH_MSG_PEEK ? peek(s, io, result) : receive_next(s, io, result);
}

static size_t
room_of(const kith_packet *p)
{
    size_t room = 0;

    for (size_t i = 0; i < p->n_iov; i++)
        room += p->iov[i].len;
    return room;
}

/* n packets came by one call; of those longer than their room, what fits. */
static void
note_packets(struct ki_socket *s, struct ki_io *io, size_t n)
{
    const kith_packet *many = &io->u.many[io->done];

    io->done += n;
    if (io->flags & KITH_MSG_PEEK) {
        ki_tally_miss(s, KI_TALLY_READ);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const size_t room = room_of(&many[i]);
        const size_t told = (size_t) many[i].result, got = told < room ? told : room;

        ki_count(&s->received, got);
        ki_tally_packet(s, KI_TALLY_READ, i, got);
    }
}

/* What is there; with WAITALL all of them. */
enum ki_attempt
ki_io_receive_many(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    const int flags = ki_sock_flags(io->flags);

    for (;;) {
        ptrdiff_t n = ki_io_recvmmsg(s, io, flags);

        if (n < 0)
            note_other(s, n);
        if (n == KITH_EAGAIN)
            return ki_io_wait_for(s, ki_io_ready(ki_io_direction(io)), result);
        if (n < 0)
            return ki_io_done(result, n);
        note_packets(s, io, (size_t) n);
        if (io->done == io->len || !(io->flags & KITH_MSG_WAITALL))
            return ki_io_done(result, (ptrdiff_t) io->done);
    }
}
