/* SPDX-License-Identifier: Apache-2.0
 * io_connect.c -- one attempt at a connect. */
#include "actors/io.h"

#include "core/seam.h"
#include "core/sock.h"
#include "core/sock_sctp.h"

static int
ask_kernel(struct ki_socket *s, struct ki_io *io)
{
    struct ki_native_addr to;
    int rc = ki_sockaddr_to_native(io->u.addr, &to);

    return rc < 0 ? rc : ki_seam.connect(ki_socket_fd(s), to.bytes, to.len);
}

/* The kernel's attempt has begun, or is done. What the poller has said, and may yet have to say, of
 * an end is of an earlier one. */
static void
note_begun(struct ki_socket *s, uint32_t state)
{
    s->ended = false;
    s->anew = s->registered;
    ki_socket_note(s, state, KITH_STATE_ENDED);
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
        if (rc == KITH_ENOTCONN) /* under way, or failed, and another call has the error */
            rc = ask_kernel(s, io);
        if (rc == KITH_EALREADY || rc == KITH_EINPROGRESS)
            return ki_io_wait_for(s, KI_READY_OUT, result);
        if (rc == KITH_EISCONN)
            rc = 0;
    }
    s->connected = rc >= 0;
    ki_watch_call(s, "connect", rc);
    ki_socket_note(s, rc >= 0 ? KITH_STATE_CONNECTED : 0, KITH_STATE_CONNECTING);
    return ki_io_done(result, rc < 0 ? rc : 0);
}

/* To no domain: the kernel parts the socket from its peer, or gives an attempt up. It is as
 * unconnected then, and what was known of the old connection is not true any more. */
static enum ki_attempt
dissolve(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    const uint32_t shut = KITH_STATE_READ_SHUT | KITH_STATE_WRITE_SHUT;
    int rc = ask_kernel(s, io);

    if (rc >= 0) {
        s->connected = s->ended = false;
        ki_socket_note(s, 0,
                       KITH_STATE_CONNECTED | KITH_STATE_CONNECTING | KITH_STATE_ENDED |
                           (s->type == KITH_STREAM ? shut : 0));
        s->ready |= KI_READY_IN | KI_READY_OUT | KI_READY_PRI | KI_READY_ERR;
    }
    return ki_io_done(result, rc < 0 ? rc : 0);
}

/* One more of the associations that a socket of SCTP's may have. No edge tells that it is made, or
 * has failed; nor is the socket itself connected then. */
static enum ki_attempt
associate(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    struct ki_rare *r = ki_rare(s);
    int rc;

    if (!r)
        return ki_io_done(result, KITH_ENOMEM);
    rc = ki_socket_is(s, KITH_STATE_CONNECTING)
             ? ki_sctp_attempt(ki_socket_fd(s), r->assoc)
             : ki_sctp_connect(ki_socket_fd(s), io->u.addr, 1, &r->assoc);
    if (rc == KITH_EINPROGRESS) {
        ki_socket_note(s, KITH_STATE_CONNECTING, 0);
        return ki_io_back_off(s, result);
    }
    ki_socket_note(s, 0, KITH_STATE_CONNECTING);
    s->cooldown_ms = 0;
    ki_watch_call(s, "connect", rc);
    return ki_io_done(result, rc);
}

enum ki_attempt
ki_io_connect(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    int rc;

    if (ki_socket_is_one_to_many(s))
        return associate(s, io, result);
    if (io->u.addr->domain == KITH_UNSPEC)
        return dissolve(s, io, result);
    if (ki_socket_is(s, KITH_STATE_CONNECTING))
        return connect_ended(s, io, result);
    if (s->connected) /* asked once more, Linux would tell of the first attempt's success */
        return ki_io_done(result, KITH_EISCONN);
    rc = ask_kernel(s, io);
    if (rc == KITH_ECONNABORTED) /* Linux' last word on an attempt that has failed */
        rc = ask_kernel(s, io);
    switch (rc) {
    case KITH_EINPROGRESS:
    case KITH_EINTR:
    case KITH_EALREADY:
        note_begun(s, KITH_STATE_CONNECTING);
        return ki_io_wait_for(s, KI_READY_OUT, result);
    case KITH_EAGAIN:
        return ki_io_back_off(s, result);
    default:
        s->cooldown_ms = 0;
        ki_watch_call(s, "connect", rc);
        if (rc >= 0)
            note_begun(s, KITH_STATE_CONNECTED);
        return ki_io_done(result, rc < 0 ? rc : 0);
    }
}

/* To a peer of several addresses: 0, it is under way, for a connect to end. */
int
ki_io_begin_connectx(struct ki_socket *s, const kith_sockaddr *peer, size_t n,
                     int32_t *assoc)
{
    struct ki_rare *r = ki_rare(s);
    int rc;

    if (!r)
        return KITH_ENOMEM;
    rc = ki_socket_is(s, KITH_STATE_CONNECTING)
             ? KITH_EALREADY
             : ki_sctp_connect(ki_socket_fd(s), peer, n, &r->assoc);
    if (rc != KITH_EINPROGRESS)
        return rc;
    *assoc = r->assoc;
    if (ki_socket_is_one_to_many(s))
        ki_socket_note(s, KITH_STATE_CONNECTING, 0);
    else
        note_begun(s, KITH_STATE_CONNECTING);
    return 0;
}
