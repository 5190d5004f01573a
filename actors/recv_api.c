/* SPDX-License-Identifier: Apache-2.0
 * recv_api.c -- receiving. */
#include "actors/io_call.h"

/* ---- recv ---- */

/* 0, or why these arguments may not be; *io is what they ask for. */
static int
ask_recv(struct ki_io *io, void *buf, size_t cap, unsigned flags)
{
    *io = (struct ki_io){.kind = KI_OP_RECV, .buf = buf, .len = cap, .flags = flags};
    return !buf || cap - 1 >= PTRDIFF_MAX ? KITH_EINVAL : ki_io_flags(flags);
}

static KI_NOINLINE ptrdiff_t
recv_slowly(kith_socket h, void *buf, size_t cap, unsigned flags, kith_ms timeout)
{
    struct ki_io io;
    int rc = ask_recv(&io, buf, cap, flags);

    return rc < 0 ? rc : ki_io_call(h, &io, timeout, "socket_recv");
}

/* Under the claim; releases it. There was nothing, or others wait already. */
KI_HOT ptrdiff_t
recv_later(struct ki_proc *p, struct ki_socket *s, kith_socket h, void *buf, size_t cap,
           kith_ms timeout)
{
    struct ki_op *op = ki_io_fill_own(p, KI_OP_RECV, buf, cap);

    return ki_fast(op != NULL)
               ? ki_io_wait(p, s, h, op, KI_DIR_READ, timeout, "socket_recv", KI_TALLY_READ)
               : ki_io_answer(p, s, KITH_ENOMEM, 0);
}

/* Under the claim; releases it. There may be something. */
static KI_NOINLINE ptrdiff_t
recv_now(struct ki_proc *p, struct ki_socket *s, kith_socket h, void *buf, size_t cap,
         kith_ms timeout)
{
    ptrdiff_t result;

    if (ki_io_recv(s, buf, cap, &result) == KI_TRY_DONE)
        return ki_io_answer(p, s, result, 0);
    return recv_later(p, s, h, buf, cap, timeout);
}

/* Without flags it is the call that is made most, and tries before it writes down what it wants. */
ptrdiff_t
kith_socket_recv(kith_socket h, void *buf, size_t cap, unsigned flags, kith_ms timeout)
{
    struct ki_proc *p;
    struct ki_socket *s;

    if (ki_slow(!buf) || ki_slow(cap - 1 >= PTRDIFF_MAX) || ki_slow(flags != 0) ||
        ki_slow(!(s = ki_claim_here(h, &p))))
        return recv_slowly(h, buf, cap, flags, timeout);
    return ki_io_may_try(s, KI_DIR_READ, timeout > 0)
               ? recv_now(p, s, h, buf, cap, timeout)
               : recv_later(p, s, h, buf, cap, timeout);
}

int
kith_socket_recv_start(kith_socket s, void *buf, size_t cap, unsigned flags,
                       kith_ms timeout, kith_future *f)
{
    struct ki_io io;
    int rc = ask_recv(&io, buf, cap, flags);

    return rc < 0 ? rc : ki_io_start(s, &io, timeout, f);
}

/* ---- with the sender's address ---- */

static int
ask_recvfrom(struct ki_io *io, void *buf, size_t cap, kith_sockaddr *from, unsigned flags)
{
    int rc = ask_recv(io, buf, cap, flags);

    io->kind = KI_OP_RECVFROM;
    io->u.from = from;
    return rc;
}

ptrdiff_t
kith_socket_recvfrom(kith_socket s, void *buf, size_t cap, kith_sockaddr *from,
                     unsigned flags, kith_ms timeout)
{
    struct ki_io io;
    int rc = ask_recvfrom(&io, buf, cap, from, flags);

    return rc < 0 ? rc : ki_io_call(s, &io, timeout, "socket_recvfrom");
}

int
kith_socket_recvfrom_start(kith_socket s, void *buf, size_t cap, kith_sockaddr *from,
                           unsigned flags, kith_ms timeout, kith_future *f)
{
    struct ki_io io;
    int rc = ask_recvfrom(&io, buf, cap, from, flags);

    return rc < 0 ? rc : ki_io_start(s, &io, timeout, f);
}
