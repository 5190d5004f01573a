/* SPDX-License-Identifier: Apache-2.0
 * send_api.c -- sending. */
#include "actors/file.h"
#include "actors/io_call.h"
#include "actors/later.h"

/* ---- send ---- */

/* 0, or why these arguments may not be; *io is what they ask for. */
static int
ask_send(struct ki_io *io, const void *buf, size_t len, unsigned flags)
{
    *io = (struct ki_io){.kind = KI_OP_SEND,
                         .buf = (void *) (uintptr_t) buf, /* only read */
                         .len = len,
                         .flags = flags};
    return (!buf && len) || len > PTRDIFF_MAX ? KITH_EINVAL : ki_io_flags(flags);
}

static KI_NOINLINE ptrdiff_t
send_slowly(kith_socket h, const void *buf, size_t len, unsigned flags, kith_ms timeout)
{
    struct ki_io io;
    int rc = ask_send(&io, buf, len, flags & ~(unsigned) KITH_MSG_QUEUE);

    if (rc < 0)
        return rc;
    return flags & KITH_MSG_QUEUE ? ki_later_send(h, &io, timeout)
                                  : ki_io_call(h, &io, timeout, "socket_send");
}

enum { NOT_TRIED = INT32_MIN }; /* no code of a system call */

/* Under the claim; releases it. `sent` says how much went at once, or why nothing did. */
static KI_NOINLINE ptrdiff_t
send_rest(struct ki_socket *s, kith_socket h, const void *buf, size_t len, ptrdiff_t sent,
          kith_ms timeout)
{
    struct ki_proc *p = ki_running();
    struct ki_op *op = ki_io_fill_own(p, KI_OP_SEND, (char *) (uintptr_t) buf, len);
    ptrdiff_t result;

    if (!op)
        return ki_io_answer(p, s, KITH_ENOMEM, sent > 0 ? (size_t) sent : 0);
    if (sent != NOT_TRIED && ki_io_sent(s, &op->io, sent, 0, &result) == KI_TRY_DONE)
        return ki_io_answer(p, s, result, op->io.done);
    return ki_io_wait(p, s, h, op, KI_DIR_WRITE, timeout, "socket_send", KI_TALLY_WRITE);
}

/* Without flags it tries before it writes down what it wants, as kith_socket_recv does. */
ptrdiff_t
kith_socket_send(kith_socket h, const void *buf, size_t len, unsigned flags,
                 kith_ms timeout)
{
    struct ki_proc *p;
    struct ki_socket *s;
    ptrdiff_t n = NOT_TRIED;

    if (ki_slow(!buf) || ki_slow(len > PTRDIFF_MAX) || ki_slow(flags != 0) ||
        ki_slow(!(s = ki_claim_here(h, &p))))
        return send_slowly(h, buf, len, flags, timeout);
    if (ki_io_may_try(s, KI_DIR_WRITE, true)) {
        n = ki_seam.send(ki_socket_fd(s), buf, len, 0);
        if (ki_fast(n == (ptrdiff_t) len)) {
            ki_count(&s->sent, len);
            ki_tally_done(s, KI_TALLY_WRITE, len);
            ki_socket_release(s);
            return n;
        }
    }
    return send_rest(s, h, buf, len, n, timeout);
}

int
kith_socket_send_start(kith_socket s, const void *buf, size_t len, unsigned flags,
                       kith_ms timeout, kith_future *f)
{
    struct ki_io io;
    int rc = ask_send(&io, buf, len, flags);

    return rc < 0 ? rc : ki_io_start(s, &io, timeout, f);
}

/* ---- to an address ---- */

static int
ask_sendto(struct ki_io *io, const void *buf, size_t len, const kith_sockaddr *to,
           unsigned flags)
{
    int rc = ask_send(io, buf, len, flags);

    io->kind = KI_OP_SENDTO;
    io->u.addr = to;
    return to ? rc : KITH_EINVAL;
}

ptrdiff_t
kith_socket_sendto(kith_socket s, const void *buf, size_t len, const kith_sockaddr *to,
                   unsigned flags, kith_ms timeout)
{
    struct ki_io io;
    int rc = ask_sendto(&io, buf, len, to, flags);

    return rc < 0 ? rc : ki_io_call(s, &io, timeout, "socket_sendto");
}

int
kith_socket_sendto_start(kith_socket s, const void *buf, size_t len,
                         const kith_sockaddr *to, unsigned flags, kith_ms timeout,
                         kith_future *f)
{
    struct ki_io io;
    int rc = ask_sendto(&io, buf, len, to, flags);

    return rc < 0 ? rc : ki_io_start(s, &io, timeout, f);
}

/* ---- a file ---- */

static int
ask_sendfile(struct ki_io *io, const struct ki_file_ask *ask, size_t count)
{
    *io = (struct ki_io){.kind = KI_OP_SENDFILE,
                         .len = count ? count : PTRDIFF_MAX,
                         .u.ask = ask};
    return ask->fd < 0 || ask->offset > INT64_MAX || count > PTRDIFF_MAX ? KITH_EINVAL : 0;
}

ptrdiff_t
kith_socket_sendfile(kith_socket s, int fd, uint64_t offset, size_t count, kith_ms timeout)
{
    struct ki_io io;
    const struct ki_file_ask ask = {fd, offset};
    int rc = ask_sendfile(&io, &ask, count);

    return rc < 0 ? rc : ki_io_call_by_message(s, &io, timeout, "socket_sendfile");
}

int
kith_socket_sendfile_start(kith_socket s, int fd, uint64_t offset, size_t count,
                           kith_ms timeout, kith_future *f)
{
    struct ki_io io;
    const struct ki_file_ask ask = {fd, offset};
    int rc = ask_sendfile(&io, &ask, count);

    return rc < 0 ? rc : ki_io_start(s, &io, timeout, f);
}
