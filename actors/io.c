/* SPDX-License-Identifier: Apache-2.0
 * io.c -- one attempt at a receive, send, accept or connect, by the socket's claimant.
 *
 * An attempt ends with an answer or with KI_TRY_AGAIN, and then the descriptor is registered
 * with the poller, its ready bit is clear, and an edge will come; or the retry timer is armed,
 * where the kernel gives no edge.
 *
 *   I1  A ready bit is cleared by EAGAIN alone, but for one case that proves as much: a short
 *       read of a TCP stream, registered, on which neither an end, an error nor urgent data was
 *       ever seen. Data that comes after the read is a new edge; so is the end. It saves the
 *       second receive of each message. */
#include "actors/socket.h"

#include <kith/socket.h>

#include "core/seam.h"
#include "core/sock.h"

enum {
    TURN_BYTES = 1024 * 1024, /* sent in one turn, then others have theirs */
    RETRY_MIN_MS = 1,
    RETRY_MAX_MS = 50
};

/* EAGAIN in a direction: from here on an edge is needed. 0 or the poller's code. */
static int
need_edge(struct ki_socket *s, uint32_t bit)
{
    if (s->registered) {
        ki_sched.poller->again(ki_socket_fd(s), ki_socket_id(s), bit);
    } else {
        int rc = ki_sched.poller->add(ki_socket_fd(s), ki_socket_id(s));

        if (rc < 0) /* the bit stays: no edge would bring it back */
            return rc;
        s->registered = true;
        s->drains = s->protocol == KITH_TCP && s->type == KITH_STREAM; /* I1 */
    }
    s->ready &= ~bit;
    return 0;
}

static enum ki_attempt
wait_for(struct ki_socket *s, uint32_t bit, ptrdiff_t *result)
{
    int rc = need_edge(s, bit);

    if (rc == 0)
        return KI_TRY_AGAIN;
    *result = rc;
    return KI_TRY_DONE;
}

/* The same for a look that leaves what it sees, or looks for something else than bytes: its EAGAIN
 * says nothing of those. It is tried again at the next edge, whatever that is. */
static enum ki_attempt
wait_for_change(struct ki_socket *s, ptrdiff_t *result)
{
    const uint32_t ready = s->ready;
    const enum ki_attempt a = wait_for(s, KI_READY_IN, result);

    s->ready = ready;
    return a;
}

static enum ki_attempt
done(ptrdiff_t *result, ptrdiff_t r)
{
    *result = r;
    return KI_TRY_DONE;
}

/* ---- receive ---- */

/* Nothing was received: the end, nothing there, or an error. */
KI_NOINLINE enum ki_attempt
ki_io_recv_nothing(struct ki_socket *s, ptrdiff_t n, ptrdiff_t *result)
{
    return n == KITH_EAGAIN ? wait_for(s, KI_READY_IN, result) : done(result, n);
}

/* Urgent data that is not there yet, or was taken already; once the connection has ended none will
 * come. */
static enum ki_attempt
recv_urgent(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    ptrdiff_t n = ki_seam.recv(ki_socket_fd(s), io->buf, io->len, ki_sock_flags(io->flags));

    if (n > 0)
        ki_count(&s->received, (size_t) n);
    if (n != KITH_EINVAL && n != KITH_EAGAIN)
        return done(result, n);
    return s->ended ? done(result, 0) : wait_for_change(s, result);
}

/* Not the bytes that come next, or not for good. */
static enum ki_attempt
recv_aside(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    const bool all = (io->flags & KITH_MSG_WAITALL) != 0 && s->type == KITH_STREAM;
    ptrdiff_t n = ki_seam.recv(ki_socket_fd(s), io->buf, io->len, ki_sock_flags(io->flags));

    /* Nothing to look at is nothing to read, but for the error queue. */
    if (n == KITH_EAGAIN)
        return (io->flags & KITH_MSG_ERRQUEUE) ? wait_for_change(s, result)
                                               : wait_for(s, KI_READY_IN, result);
    if (n > 0 && all && (size_t) n < io->len)
        return s->ended ? done(result, KITH_EOF) : wait_for_change(s, result);
    return done(result, n == 0 && all ? KITH_EOF : n);
}

/* With flags. WAITALL is ours to do, and of streams only. */
static enum ki_attempt
recv_with_flags(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    const bool all = (io->flags & KITH_MSG_WAITALL) != 0 && s->type == KITH_STREAM;
    const int flags = ki_sock_flags(io->flags);

    if (io->flags & KITH_MSG_OOB)
        return recv_urgent(s, io, result);
    if (io->flags & (KITH_MSG_PEEK | KITH_MSG_ERRQUEUE))
        return recv_aside(s, io, result);
    for (;;) {
        size_t want = io->len - io->done;
        ptrdiff_t n = ki_seam.recv(ki_socket_fd(s), io->buf + io->done, want, flags);

        if (n <= 0)
            return n == 0 && all ? done(result, KITH_EOF)
                                 : ki_io_recv_nothing(s, n, result);
        ki_io_note_read(s, (size_t) n, want);
        if (!all)
            return done(result, n);
        io->done += (size_t) n;
        if (io->done == io->len)
            return done(result, (ptrdiff_t) io->len);
        if ((s->ready & KI_READY_IN) == 0)
            return KI_TRY_AGAIN;
    }
}

/* ---- send ---- */

/* n of the rest went, or n says why nothing did. */
KI_NOINLINE enum ki_attempt
ki_io_sent(struct ki_socket *s, struct ki_io *io, ptrdiff_t n, int flags, ptrdiff_t *result)
{
    size_t turn = 0;

    while (n >= 0) {
        ki_count(&s->sent, (size_t) n);
        io->done += (size_t) n;
        turn += (size_t) n;
        if (io->done >= io->len || s->type != KITH_STREAM)
            return done(result, (ptrdiff_t) io->done);
        if (turn >= TURN_BYTES) {
            s->more = true;
            return KI_TRY_AGAIN;
        }
        n = ki_seam.send(ki_socket_fd(s), io->buf + io->done, io->len - io->done, flags);
    }
    return n == KITH_EAGAIN ? wait_for(s, KI_READY_OUT, result) : done(result, n);
}

static enum ki_attempt
send_with_flags(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    int flags = ki_sock_flags(io->flags);
    ptrdiff_t n =
        ki_seam.send(ki_socket_fd(s), io->buf + io->done, io->len - io->done, flags);

    return ki_io_sent(s, io, n, flags, result);
}

/* ---- where the kernel tells of no room ---- */

/* A peer's queue is full and no edge will tell of room: the timer makes it ready. */
static void
back_off(struct ki_socket *s)
{
    s->cooldown_ms = s->cooldown_ms == 0                 ? RETRY_MIN_MS
                     : s->cooldown_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS
                                                         : (uint16_t) (s->cooldown_ms * 2);
    s->ready &= ~(uint32_t) KI_READY_OUT;
    s->retry_now = false;
    ki_socket_retry_at(s, ki_now_ns() + s->cooldown_ms * UINT64_C(1000000));
}

/* To a peer that this socket is not connected to. A full queue of a unix datagram socket tells
 * its own peer alone when it has room again. */
static enum ki_attempt
try_sendto(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    const int flags = ki_sock_flags(io->flags);
    struct ki_native_addr to;
    ptrdiff_t n = ki_sockaddr_to_native(io->u.addr, &to);

    if (n == 0)
        n = ki_seam.sendto(ki_socket_fd(s), io->buf + io->done, io->len - io->done, flags,
                           to.bytes, to.len);
    if (n == KITH_EAGAIN && s->domain == KITH_LOCAL && s->type == KITH_DGRAM) {
        back_off(s);
        return KI_TRY_AGAIN;
    }
    s->cooldown_ms = 0;
    return ki_io_sent(s, io, n, flags, result);
}

/* ---- connect ---- */

/* Neither error nor peer: under way, or it has failed and another call has taken the error. The
 * kernel knows. */
static int
ask_again(struct ki_socket *s, struct ki_io *io)
{
    struct ki_native_addr to;
    int rc = ki_sockaddr_to_native(io->u.addr, &to);

    return rc < 0 ? rc : ki_seam.connect(ki_socket_fd(s), to.bytes, to.len);
}

/* The kernel's attempt is under way: has it ended? A fresh TCP socket reports out and hang-up
 * at once, so only a peer's name is proof of success. */
static enum ki_attempt
connect_ended(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    struct ki_native_addr peer = {.len = sizeof peer.bytes};
    int rc = ki_sock_error(ki_socket_fd(s));

    if (rc == 0) {
        rc = ki_seam.peername(ki_socket_fd(s), peer.bytes, &peer.len);
        if (rc == KITH_ENOTCONN)
            rc = ask_again(s, io);
        if (rc == KITH_EALREADY || rc == KITH_EINPROGRESS)
            return wait_for(s, KI_READY_OUT, result);
        if (rc == KITH_EISCONN)
            rc = 0;
    }
    s->connecting = false;
    s->connected = rc >= 0;
    return done(result, rc < 0 ? rc : 0);
}

static enum ki_attempt
try_connect(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    struct ki_native_addr to;
    int rc;

    if (s->connecting)
        return connect_ended(s, io, result);
    if (s->connected) /* asked once more, Linux would tell of the first attempt's success */
        return done(result, KITH_EISCONN);
    rc = ki_sockaddr_to_native(io->u.addr, &to);
    if (rc == 0)
        rc = ki_seam.connect(ki_socket_fd(s), to.bytes, to.len);
    switch (rc) {
    case KITH_EINPROGRESS:
    case KITH_EINTR:
    case KITH_EALREADY:
        s->connecting = true;
        return wait_for(s, KI_READY_OUT, result);
    case KITH_EAGAIN:
        back_off(s);
        return KI_TRY_AGAIN;
    default:
        s->cooldown_ms = 0;
        return done(result, rc < 0 ? rc : 0);
    }
}

/* ---- accept ---- */

/* The connection was gone before we took it, or its network failed: the next one. */
static bool
is_passing(int rc)
{
    switch (rc) {
    case KITH_ECONNABORTED:
    case KITH_EPROTO:
    case KITH_ENETDOWN:
    case KITH_ENETUNREACH:
    case KITH_EHOSTDOWN:
    case KITH_EHOSTUNREACH:
    case KITH_ENOPROTOOPT:
        return true;
    default:
        return false;
    }
}

static bool
is_exhaustion(int rc)
{
    return rc == KITH_EMFILE || rc == KITH_ENFILE || rc == KITH_ENOBUFS ||
           rc == KITH_ENOMEM;
}

static enum ki_attempt
accepted(struct ki_socket *s, struct ki_proc *owner, int fd, struct ki_io *io,
         ptrdiff_t *result)
{
    struct ki_socket *c = ki_socket_new(fd, s->domain, s->type, s->protocol, owner);

    if (!c) {
        (void) ki_seam.close(fd);
        return done(result, KITH_ENOMEM);
    }
    c->may_linger = s->may_linger; /* the kernel hands SO_LINGER down */
    io->won = (kith_socket){ki_socket_id(c)};
    ki_socket_release(c);
    return done(result, 0);
}

static enum ki_attempt
try_accept(struct ki_socket *s, struct ki_proc *owner, struct ki_io *io, ptrdiff_t *result)
{
    if (s->stopped)
        return done(result, KITH_ESTOPPED);
    if (s->starved && s->retry_out && !s->retry_now) { /* cooling down */
        s->ready &= ~(uint32_t) KI_READY_IN;
        return KI_TRY_AGAIN;
    }
    for (int i = 0; i < 64; i++) {
        int fd = ki_seam.accept(ki_socket_fd(s), NULL, NULL);

        if (is_passing(fd))
            continue;
        if (is_exhaustion(fd)) {
            s->ready &=
                ~(uint32_t) KI_READY_IN; /* the others wait for the timer, or a close */
            s->retry_now = false;
            ki_socket_retry_at(s, ki_starved_begin(s));
            return done(result, fd);
        }
        ki_starved_end(s);
        if (fd >= 0)
            return accepted(s, owner, fd, io, result);
        if (fd == KITH_EAGAIN)
            return wait_for(s, KI_READY_IN, result);
        return done(result, fd);
    }
    s->more = true;
    return KI_TRY_AGAIN;
}

enum ki_attempt
ki_io_try_rare(struct ki_socket *s, struct ki_proc *starter, struct ki_io *io,
               ptrdiff_t *result)
{
    if (io->select) /* not to be done, only told of */
        return done(result, 0);
    switch ((enum ki_op_kind) io->kind) {
    case KI_OP_RECV:
        return recv_with_flags(s, io, result);
    case KI_OP_SEND:
        return send_with_flags(s, io, result);
    case KI_OP_ACCEPT:
        return try_accept(s, starter, io, result);
    case KI_OP_SENDTO:
        return try_sendto(s, io, result);
    case KI_OP_CONNECT:
        return try_connect(s, io, result);
    default:
        KI_CHECK(!"an operation that does not wait");
        return KI_TRY_DONE;
    }
}
