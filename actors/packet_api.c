/* SPDX-License-Identifier: Apache-2.0
 * packet_api.c -- sending and receiving in pieces, with addresses and control messages. */
#include "actors/io_call.h"

/* The bytes of all pieces, or KITH_EINVAL. */
static ptrdiff_t
length_of(const kith_iov *iov, size_t n)
{
    size_t len = 0;

    if (!iov && n)
        return KITH_EINVAL;
    for (size_t i = 0; i < n; i++) {
        if ((!iov[i].base && iov[i].len) || iov[i].len > PTRDIFF_MAX - len)
            return KITH_EINVAL;
        len += iov[i].len;
    }
    return (ptrdiff_t) len;
}

/* ---- one packet ---- */

static int
ask_sendv(struct ki_io *io, const kith_iov *iov, size_t n, unsigned flags)
{
    ptrdiff_t len = length_of(iov, n);

    *io = (struct ki_io){
        .kind = KI_OP_SENDV, .len = (size_t) len, .flags = flags, .u.iov = iov, .n = n};
    return len < 0 ? (int) len : ki_io_flags(flags);
}

ptrdiff_t
kith_socket_sendv(kith_socket s, const kith_iov *iov, size_t n, unsigned flags,
                  kith_ms timeout)
{
    struct ki_io io;
    int rc = ask_sendv(&io, iov, n, flags);

    return rc < 0 ? rc : ki_io_call(s, &io, timeout, "socket_sendv");
}

int
kith_socket_sendv_start(kith_socket s, const kith_iov *iov, size_t n, unsigned flags,
                        kith_ms timeout, kith_future *f)
{
    struct ki_io io;
    int rc = ask_sendv(&io, iov, n, flags);

    return rc < 0 ? rc : ki_io_start(s, &io, timeout, f);
}

static int
ask_sendmsg(struct ki_io *io, const kith_packet *p, unsigned flags)
{
    ptrdiff_t len = p ? length_of(p->iov, p->n_iov) : KITH_EINVAL;

    *io = (struct ki_io){.kind = KI_OP_SENDMSG,
                         .len = (size_t) len,
                         .flags = flags,
                         .u.out = p};
    return len < 0 ? (int) len : ki_io_flags(flags);
}

ptrdiff_t
kith_socket_sendmsg(kith_socket s, const kith_packet *p, unsigned flags, kith_ms timeout)
{
    struct ki_io io;
    int rc = ask_sendmsg(&io, p, flags);

    return rc < 0 ? rc : ki_io_call(s, &io, timeout, "socket_sendmsg");
}

int
kith_socket_sendmsg_start(kith_socket s, const kith_packet *p, unsigned flags,
                          kith_ms timeout, kith_future *f)
{
    struct ki_io io;
    int rc = ask_sendmsg(&io, p, flags);

    return rc < 0 ? rc : ki_io_start(s, &io, timeout, f);
}

static bool
has_room(const kith_packet *p)
{
    return (p->ctrl || !p->ctrl_cap) && (p->fds || !p->fds_cap) &&
           (p->ctrl_space.base || !p->ctrl_space.len);
}

static int
ask_recvmsg(struct ki_io *io, kith_packet *p, unsigned flags)
{
    ptrdiff_t len = p && has_room(p) ? length_of(p->iov, p->n_iov) : KITH_EINVAL;

    *io = (struct ki_io){.kind = KI_OP_RECVMSG,
                         .len = (size_t) len,
                         .flags = flags,
                         .u.in = p};
    return len < 0 ? (int) len : ki_io_flags(flags);
}

ptrdiff_t
kith_socket_recvmsg(kith_socket s, kith_packet *p, unsigned flags, kith_ms timeout)
{
    struct ki_io io;
    int rc = ask_recvmsg(&io, p, flags);

    return rc < 0 ? rc : ki_io_call(s, &io, timeout, "socket_recvmsg");
}

int
kith_socket_recvmsg_start(kith_socket s, kith_packet *p, unsigned flags, kith_ms timeout,
                          kith_future *f)
{
    struct ki_io io;
    int rc = ask_recvmsg(&io, p, flags);

    return rc < 0 ? rc : ki_io_start(s, &io, timeout, f);
}

/* ---- many packets ---- */

static int
ask_many(struct ki_io *io, uint8_t kind, kith_packet *p, size_t n, unsigned flags)
{
    int rc = p && n && n <= PTRDIFF_MAX ? ki_io_flags(flags) : KITH_EINVAL;

    *io = (struct ki_io){.kind = kind, .len = n, .flags = flags, .u.many = p};
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (length_of(p[i].iov, p[i].n_iov) < 0 ||
            (kind == KI_OP_RECVMMSG && !has_room(&p[i])))
            rc = KITH_EINVAL;
    return rc;
}

int
kith_socket_sendmmsg(kith_socket s, kith_packet *p, size_t n, unsigned flags,
                     kith_ms timeout)
{
    struct ki_io io;
    int rc = ask_many(&io, KI_OP_SENDMMSG, p, n, flags);

    return rc < 0 ? rc : (int) ki_io_call(s, &io, timeout, "socket_sendmmsg");
}

int
kith_socket_sendmmsg_start(kith_socket s, kith_packet *p, size_t n, unsigned flags,
                           kith_ms timeout, kith_future *f)
{
    struct ki_io io;
    int rc = ask_many(&io, KI_OP_SENDMMSG, p, n, flags);

    return rc < 0 ? rc : ki_io_start(s, &io, timeout, f);
}

int
kith_socket_recvmmsg(kith_socket s, kith_packet *p, size_t n, unsigned flags,
                     kith_ms timeout)
{
    struct ki_io io;
    int rc = ask_many(&io, KI_OP_RECVMMSG, p, n, flags);

    return rc < 0 ? rc : (int) ki_io_call(s, &io, timeout, "socket_recvmmsg");
}

int
kith_socket_recvmmsg_start(kith_socket s, kith_packet *p, size_t n, unsigned flags,
                           kith_ms timeout, kith_future *f)
{
    struct ki_io io;
    int rc = ask_many(&io, KI_OP_RECVMMSG, p, n, flags);

    return rc < 0 ? rc : ki_io_start(s, &io, timeout, f);
}
