/* SPDX-License-Identifier: Apache-2.0
 * io_packet.c -- packets of users in the system's form, one call of the system each.
 *
 * Pieces, control messages and descriptors are read from the user's memory when the call is made,
 * and written to it right after: by the holder of the operation, so that they are lent for just as
 * long as the bytes are. */
#include <string.h>

#include "actors/io.h"
#include "core/mem.h"
#include "core/seam.h"
#include "core/sock.h"
#include "core/sockcmsg.h"

enum {
    SLICE = 32,    /* pieces of a call that begins within one */
    MANY_MAX = 64, /* packets of a call */
};

/* ---- pieces ---- */

/* Pieces for one call of the system. */
struct pieces {
    const kith_iov *iov;
    size_t n;
    kith_iov slice[SLICE];
};

/* From byte `done` on: the user's own array, or a copy when that byte is in the middle of one. */
static void
cut(struct pieces *c, const kith_iov *iov, size_t n, size_t done)
{
    while (n > 0 && done >= iov->len) {
        done -= iov->len;
        iov++;
        n--;
    }
    c->iov = iov;
    c->n = n < KI_IOV_MAX ? n : KI_IOV_MAX;
    if (done == 0)
        return;
    if (c->n > SLICE)
        c->n = SLICE;
    memcpy(c->slice, iov, c->n * sizeof *iov);
    c->slice[0].base = (char *) iov->base + done;
    c->slice[0].len = iov->len - done;
    c->iov = c->slice;
}

/* A datagram of more pieces than the system takes goes by way of one. */
struct bounce {
    kith_iov all; /* base NULL: it is not needed */
};

static bool
bounce_new(struct bounce *b, const struct ki_socket *s, size_t n_iov, size_t len)
{
    *b = (struct bounce){.all = {NULL, len}};
    if (n_iov <= KI_IOV_MAX || s->type == KITH_STREAM)
        return true;
    b->all.base = ki_mem_alloc(len ? len : 1);
    return b->all.base != NULL;
}

static void
bounce_free(struct bounce *b)
{
    if (b->all.base)
        ki_mem_free(b->all.base, b->all.len ? b->all.len : 1);
}

static void
gather(struct bounce *b, const kith_iov *iov, size_t n)
{
    char *to = b->all.base;

    for (size_t i = 0; i < n; i++)
        if (iov[i].len) {
            memcpy(to, iov[i].base, iov[i].len);
            to += iov[i].len;
        }
}

static void
scatter(const struct bounce *b, size_t len, const kith_iov *iov, size_t n)
{
    const char *from = b->all.base;

    for (size_t i = 0; i < n && len; i++) {
        const size_t part = iov[i].len < len ? iov[i].len : len;

        if (part)
            memcpy(iov[i].base, from, part);
        from += part;
        len -= part;
    }
}

/* ---- room for control messages ---- */

/* In place, or from the heap when an option asks for more. */
struct control {
    KI_ALIGNED(8) unsigned char here[KI_CTRL_BYTES];
    unsigned char *at;
    size_t cap;
};

static bool
control_new(struct control *c, size_t cap)
{
    c->at = c->here;
    c->cap = cap ? cap : sizeof c->here;
    if (c->cap > sizeof c->here)
        c->at = ki_mem_alloc(c->cap);
    return c->at != NULL;
}

static void
control_free(struct control *c)
{
    if (c->at != c->here)
        ki_mem_free(c->at, c->cap);
}

/* ---- receive ---- */

ptrdiff_t
ki_io_recvfrom(struct ki_socket *s, struct ki_io *io, int flags)
{
    struct ki_native_addr from = {.len = sizeof from.bytes};
    ptrdiff_t n = ki_seam.recvfrom(ki_socket_fd(s), io->buf + io->done, io->len - io->done,
                                   flags, from.bytes, &from.len);

    if (n >= 0 && io->u.from && ki_sockaddr_from_native(&from, io->u.from) < 0)
        *io->u.from = (kith_sockaddr){0};
    return n;
}

/* What came besides the bytes; with WAITALL behind what came before. */
static void
note_received(kith_packet *p, struct ki_native_addr *from, const struct ki_sysmsg *m)
{
    from->len = m->addr_len;
    if (ki_sockaddr_from_native(from, &p->addr) < 0)
        p->addr = (kith_sockaddr){0};
    if (!ki_cmsg_decode(p, m->ctrl, m->ctrl_len))
        p->flags |= KITH_MSG_CTRUNC;
    p->flags |= ki_sock_flags_of(m->flags) & ~(unsigned) KITH_MSG_CMSG_CLOEXEC;
    p->native_flags |= (unsigned) m->flags;
}

static void
forget_received(kith_packet *p)
{
    p->flags = p->native_flags = 0;
    p->n_ctrl = p->n_fds = 0;
}

ptrdiff_t
ki_io_recvmsg(struct ki_socket *s, struct ki_io *io, int flags)
{
    kith_packet *p = io->u.in;
    struct ki_native_addr from;
    struct ki_sysmsg m = {.addr = from.bytes, .addr_len = sizeof from.bytes};
    struct control ctrl;
    struct pieces c;
    struct bounce b;
    ptrdiff_t n;

    if (io->done == 0)
        forget_received(p);
    if (!control_new(&ctrl, ki_rare_otp(s).rcvctrl))
        return KITH_ENOMEM;
    if (!bounce_new(&b, s, p->n_iov, io->len)) {
        control_free(&ctrl);
        return KITH_ENOMEM;
    }
    cut(&c, p->iov, p->n_iov, io->done);
    m.iov = b.all.base ? &b.all : c.iov;
    m.n_iov = b.all.base ? 1 : c.n;
    m.ctrl = ctrl.at;
    m.ctrl_len = p->ctrl_cap || p->fds_cap ? ctrl.cap : 0;
    n = ki_seam.recvmsg(ki_socket_fd(s), &m, flags | ki_sock_cloexec(s->domain));
    if (n >= 0) {
        note_received(p, &from, &m);
        if (b.all.base)
            scatter(&b, (size_t) n, p->iov, p->n_iov);
    }
    bounce_free(&b);
    control_free(&ctrl);
    return n;
}

void
ki_io_close_descriptors(kith_packet *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        while (p[i].n_fds)
            (void) ki_seam.close(p[i].fds[--p[i].n_fds]);
}

/* ---- send ---- */

ptrdiff_t
ki_io_sendv(struct ki_socket *s, struct ki_io *io, int flags)
{
    const kith_packet p = {.iov = (kith_iov *) (uintptr_t) io->u.iov, .n_iov = io->n};
    struct ki_io as = {.len = io->len, .done = io->done, .u.out = &p};

    return ki_io_sendmsg(s, &as, flags);
}

/* Address and control messages go with the first byte. */
static ptrdiff_t
note_sent(const kith_packet *p, struct ki_native_addr *to, void *ctrl, size_t ctrl_cap,
          struct ki_sysmsg *m)
{
    ptrdiff_t n;

    if (p->addr.domain != 0) {
        int rc = ki_sockaddr_to_native(&p->addr, to);

        if (rc < 0)
            return rc;
        m->addr = to->bytes;
        m->addr_len = to->len;
    }
    if (!p->n_ctrl && !p->n_fds)
        return 0;
    if (p->n_fds) /* relaxed: a descriptor lives on elsewhere once the call below was made */
        ki_store_rlx(&ki_runtime.passed, true);
    n = ki_cmsg_encode(p, ctrl, ctrl_cap);
    m->ctrl = ctrl;
    m->ctrl_len = n > 0 ? (size_t) n : 0;
    return n;
}

ptrdiff_t
ki_io_sendmsg(struct ki_socket *s, struct ki_io *io, int flags)
{
    const kith_packet *p = io->u.out;
    struct ki_sysmsg m = {0};
    struct ki_native_addr to;
    struct control ctrl;
    struct pieces c;
    struct bounce b;
    ptrdiff_t n = 0;

    if (!control_new(&ctrl, ki_rare_otp(s).sndctrl))
        return KITH_ENOMEM;
    if (!bounce_new(&b, s, p->n_iov, io->len)) {
        control_free(&ctrl);
        return KITH_ENOMEM;
    }
    if (io->done == 0)
        n = note_sent(p, &to, ctrl.at, ctrl.cap, &m);
    if (n >= 0) {
        if (b.all.base)
            gather(&b, p->iov, p->n_iov);
        cut(&c, p->iov, p->n_iov, io->done);
        m.iov = b.all.base ? &b.all : c.iov;
        m.n_iov = b.all.base ? 1 : c.n;
        n = ki_seam.sendmsg(ki_socket_fd(s), &m, flags);
    }
    bounce_free(&b);
    control_free(&ctrl);
    return n;
}

/* ---- many ---- */

/* What the packets of one call need beside the user's memory. */
struct batch {
    size_t n, ctrl_cap;
    struct ki_sysmsg *m;
    struct ki_native_addr *addr;
    unsigned char *ctrl;
    size_t bytes;
};

static bool
has_control(const kith_packet *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i].ctrl_cap || p[i].fds_cap || p[i].n_ctrl || p[i].n_fds)
            return true;
    return false;
}

static bool
batch_new(struct batch *b, const kith_packet *p, size_t n, size_t ctrl_cap)
{
    b->n = n < MANY_MAX ? n : MANY_MAX;
    b->ctrl_cap = !has_control(p, b->n) ? 0
                  : ctrl_cap            ? (ctrl_cap + 7) & ~(size_t) 7
                                        : KI_CTRL_BYTES;
    b->bytes = b->n * (sizeof *b->m + sizeof *b->addr + b->ctrl_cap);
    b->m = ki_mem_alloc(b->bytes);
    if (!b->m)
        return false;
    memset(b->m, 0, b->n * sizeof *b->m);
    b->addr = (struct ki_native_addr *) (void *) (b->m + b->n);
    b->ctrl = (unsigned char *) (b->addr + b->n);
    return true;
}

ptrdiff_t
ki_io_recvmmsg(struct ki_socket *s, struct ki_io *io, int flags)
{
    kith_packet *p = io->u.many + io->done;
    struct batch b;
    ptrdiff_t n;

    if (!batch_new(&b, p, io->len - io->done, ki_rare_otp(s).rcvctrl))
        return KITH_ENOMEM;
    for (size_t i = 0; i < b.n; i++)
        b.m[i] = (struct ki_sysmsg){
            .addr = b.addr[i].bytes,
            .addr_len = sizeof b.addr[i].bytes,
            .iov = p[i].iov,
            .n_iov = p[i].n_iov,
            .ctrl = b.ctrl + i * b.ctrl_cap,
            .ctrl_len = p[i].ctrl_cap || p[i].fds_cap ? b.ctrl_cap : 0,
        };
    n = ki_seam.recvmmsg(ki_socket_fd(s), b.m, b.n, flags | ki_sock_cloexec(s->domain));
    for (ptrdiff_t i = 0; i < n; i++) {
        forget_received(&p[i]);
        note_received(&p[i], &b.addr[i], &b.m[i]);
        p[i].result = b.m[i].n;
    }
    ki_mem_free(b.m, b.bytes);
    return n;
}

/* The packets before the first that makes no sense; its code when it is the first. */
static ptrdiff_t
batch_fill(struct batch *b, const kith_packet *p)
{
    for (size_t i = 0; i < b->n; i++) {
        ptrdiff_t rc;

        b->m[i].iov = p[i].iov;
        b->m[i].n_iov = p[i].n_iov;
        rc =
            note_sent(&p[i], &b->addr[i], b->ctrl + i * b->ctrl_cap, b->ctrl_cap, &b->m[i]);
        if (rc < 0)
            return i > 0 ? (ptrdiff_t) i : rc;
    }
    return (ptrdiff_t) b->n;
}

ptrdiff_t
ki_io_sendmmsg(struct ki_socket *s, struct ki_io *io, int flags)
{
    kith_packet *p = io->u.many + io->done;
    struct batch b;
    ptrdiff_t n;

    if (!batch_new(&b, p, io->len - io->done, ki_rare_otp(s).sndctrl))
        return KITH_ENOMEM;
    n = batch_fill(&b, p);
    if (n > 0)
        n = ki_seam.sendmmsg(ki_socket_fd(s), b.m, (size_t) n, flags);
    for (ptrdiff_t i = 0; i < n; i++)
        p[i].result = b.m[i].n;
    ki_mem_free(b.m, b.bytes);
    return n;
}
