/* SPDX-License-Identifier: Apache-2.0
 * io_recv.c -- one attempt at a receive that is not the plain one. */
#include "actors/io.h"

#include <kith/socket.h>

#include "core/seam.h"
#include "core/sock.h"

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

/* Nothing was received: the end, nothing there, or an error. */
KI_NOINLINE enum ki_attempt
ki_io_recv_nothing(struct ki_socket *s, ptrdiff_t n, ptrdiff_t *result)
{
    return n == KITH_EAGAIN ? ki_io_wait_for(s, KI_READY_IN, result)
                            : ki_io_done(result, n);
}

/* Urgent data that is not there yet, or was taken already; once the connection has ended none will
 * come. With oobinline it never does. */
static enum ki_attempt
receive_urgent(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    ptrdiff_t n = receive(s, io, ki_sock_flags(io->flags));

    if (n > 0)
        ki_count(&s->received, (size_t) n);
    if (n != KITH_EINVAL && n != KITH_EAGAIN)
        return ki_io_done(result, n);
    if (s->ended)
        return ki_io_done(result, 0);
    if (n == KITH_EINVAL && ki_sock_urgent_inline(ki_socket_fd(s)))
        return ki_io_done(result, n);
    return ki_io_wait_for(s, KI_READY_PRI, result);
}

static enum ki_attempt
receive_error(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    ptrdiff_t n = receive(s, io, ki_sock_flags(io->flags));

    return n == KITH_EAGAIN ? ki_io_wait_for(s, KI_READY_ERR, result)
                            : ki_io_done(result, n);
}

static bool
wants_all(const struct ki_socket *s, const struct ki_io *io)
{
    return (io->flags & KITH_MSG_WAITALL) != 0 && s->type == KITH_STREAM;
}

/* A look: what is seen stays. */
static enum ki_attempt
peek(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    const bool all = wants_all(s, io);
    ptrdiff_t n = receive(s, io, ki_sock_flags(io->flags));

    if (n == KITH_EAGAIN)
        return ki_io_wait_for(s, KI_READY_IN, result);
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

        if (n == 0 && all && io->len > 0)
            return ki_io_done(result, KITH_EOF);
        if (n <= 0)
            return ki_io_recv_nothing(s, n, result);
        ki_io_note_read(s, (size_t) n, want);
        if (!all)
            return ki_io_done(result, n);
        io->done += (size_t) n;
        if (io->done >= io->len)
            return ki_io_done(result, (ptrdiff_t) io->done);
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

/* What is there; with WAITALL all of them. */
enum ki_attempt
ki_io_receive_many(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    const int flags = ki_sock_flags(io->flags);

    for (;;) {
        ptrdiff_t n = ki_io_recvmmsg(s, io, flags);

        if (n == KITH_EAGAIN)
            return ki_io_wait_for(s, ki_io_ready(ki_io_direction(io)), result);
        if (n < 0)
            return ki_io_done(result, n);
        for (ptrdiff_t i = 0; i < n; i++)
            ki_count(&s->received, (size_t) io->u.many[io->done++].result);
        if (io->done == io->len || !(io->flags & KITH_MSG_WAITALL))
            return ki_io_done(result, (ptrdiff_t) io->done);
    }
}
