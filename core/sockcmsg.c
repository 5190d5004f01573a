/* SPDX-License-Identifier: Apache-2.0
 * sockcmsg.c -- control messages into the system's form. */
#define _GNU_SOURCE
#define __APPLE_USE_RFC_3542
#include "core/sockcmsg.h"

#include <string.h>

#include "core/os_net.h"
#include "core/sockcmsg_rows.h"

/* The longest value that is not just bytes. */
#define VALUE_MAX 64

static ptrdiff_t
put(void *out, const void *v, size_t len)
{
    memcpy(out, v, len);
    return (ptrdiff_t) len;
}

static ptrdiff_t
encode_credentials(const kith_credentials *c, void *out)
{
#if KI_HAVE_UCRED
    struct ucred u = {.pid = c->pid, .uid = c->uid, .gid = c->gid};

    return put(out, &u, sizeof u);
#else
    (void) c;
    (void) out;
    return KITH_ENOPROTOOPT;
#endif
}

static ptrdiff_t
encode_pktinfo(const kith_pktinfo *p, void *out)
{
#if KI_HAVE_PKTINFO
    struct in_pktinfo native;

    memset(&native, 0, sizeof native);
    native.ipi_ifindex = (int) p->ifindex;
    if (p->local.domain == KITH_INET)
        memcpy(&native.ipi_spec_dst, p->local.inet.addr, sizeof native.ipi_spec_dst);
    else if (p->local.domain != 0)
        return KITH_EINVAL;
    return put(out, &native, sizeof native);
#else
    (void) p;
    (void) out;
    return KITH_ENOPROTOOPT;
#endif
}

static ptrdiff_t
encode_pktinfo6(const kith_pktinfo *p, void *out)
{
    struct in6_pktinfo native;

    memset(&native, 0, sizeof native);
    native.ipi6_ifindex = p->ifindex;
    if (p->local.domain == KITH_INET6)
        memcpy(&native.ipi6_addr, p->local.inet6.addr, sizeof native.ipi6_addr);
    else if (p->local.domain != 0)
        return KITH_EINVAL;
    return put(out, &native, sizeof native);
}

static size_t
public_len(const struct ki_cmsg_row *r)
{
    switch ((enum ki_cmsg_kind) r->kind) {
    case KI_CMSG_INT:
    case KI_CMSG_INT16:
        return sizeof(int);
    case KI_CMSG_UINT32:
    case KI_CMSG_FLOWINFO:
        return sizeof(uint32_t);
    case KI_CMSG_TIMEVAL:
    case KI_CMSG_TIMESPEC:
        return sizeof(kith_timestamp);
    case KI_CMSG_TIMESTAMPING:
        return sizeof(kith_timestamping);
    case KI_CMSG_CREDENTIALS:
        return sizeof(kith_credentials);
    case KI_CMSG_PKTINFO:
    case KI_CMSG_PKTINFO6:
        return sizeof(kith_pktinfo);
    case KI_CMSG_ADDRESS:
        return sizeof(kith_sockaddr);
    case KI_CMSG_ERROR:
        return sizeof(kith_sock_error);
    case KI_CMSG_ALIKE:
        return r->len;
    case KI_CMSG_BYTES:
        break;
    }
    return 0;
}

/* A value that can be sent, of the right length, at `v`, which may lie anywhere. */
static ptrdiff_t
encode_value(const struct ki_cmsg_row *r, const void *v, void *out)
{
    union {
        int i;
        uint32_t u;
        kith_credentials cred;
        kith_pktinfo pkt;
        kith_sctp_sndrcvinfo longest; /* of those that are alike */
    } x;
    uint16_t u16;

    memcpy(&x, v, public_len(r));
    switch ((enum ki_cmsg_kind) r->kind) {
    case KI_CMSG_INT:
        return put(out, &x.i, sizeof x.i);
    case KI_CMSG_INT16:
        u16 = (uint16_t) x.i;
        return x.i < 0 || x.i > UINT16_MAX ? KITH_EINVAL : put(out, &u16, sizeof u16);
    case KI_CMSG_UINT32:
        return put(out, &x.u, sizeof x.u);
    case KI_CMSG_FLOWINFO:
        x.u = htonl(x.u);
        return put(out, &x.u, sizeof x.u);
    case KI_CMSG_CREDENTIALS:
        return encode_credentials(&x.cred, out);
    case KI_CMSG_PKTINFO:
        return encode_pktinfo(&x.pkt, out);
    case KI_CMSG_PKTINFO6:
        return encode_pktinfo6(&x.pkt, out);
    case KI_CMSG_ALIKE:
        return put(out, &x, r->len);
    default:
        return KITH_ENOPROTOOPT;
    }
}

struct writer {
    unsigned char *buf;
    size_t cap, len;
};

static ptrdiff_t
write_native(struct writer *w, int level, int type, const void *v, size_t len)
{
    struct cmsghdr h;

    if (len > w->cap || CMSG_SPACE(len) > w->cap - w->len)
        return KITH_EMSGSIZE;
    memset(&h, 0, sizeof h);
    h.cmsg_len = (__typeof__(h.cmsg_len)) CMSG_LEN(len);
    h.cmsg_level = level;
    h.cmsg_type = type;
    memset(w->buf + w->len, 0, CMSG_SPACE(len));
    memcpy(w->buf + w->len, &h, sizeof h);
    if (len)
        memcpy(w->buf + w->len + CMSG_LEN(0), v, len);
    w->len += CMSG_SPACE(len);
    return 0;
}

static ptrdiff_t
write_one(struct writer *w, const kith_cmsg *c)
{
    KI_ALIGNED(8) unsigned char value[VALUE_MAX];
    const struct ki_cmsg_row *r;
    ptrdiff_t n;

    if (!c->data && c->len)
        return KITH_EINVAL;
    if (c->level != KITH_CMSG_LEVEL)
        return write_native(w, c->level, c->type, c->data, c->len);
    r = ki_cmsg_row_of_id(c->type);
    if (!r)
        return KITH_EINVAL;
    if (r->type < 0 || !(r->how & KI_CMSG_SEND))
        return KITH_ENOPROTOOPT;
    if (r->kind == KI_CMSG_BYTES)
        return write_native(w, r->level, r->type, c->data, c->len);
    if (c->len != public_len(r))
        return KITH_EINVAL;
    n = encode_value(r, c->data, value);
    return n < 0 ? n : write_native(w, r->level, r->type, value, (size_t) n);
}

ptrdiff_t
ki_cmsg_encode(const kith_packet *p, void *buf, size_t cap)
{
    struct writer w = {.buf = buf, .cap = cap};

    if ((p->n_ctrl && !p->ctrl) || (p->n_fds && !p->fds))
        return KITH_EINVAL;
    for (size_t i = 0; i < p->n_ctrl; i++) {
        ptrdiff_t rc = write_one(&w, &p->ctrl[i]);

        if (rc < 0)
            return rc;
    }
    if (p->n_fds) {
        ptrdiff_t rc =
            p->n_fds > cap / sizeof(int)
                ? KITH_EMSGSIZE
                : write_native(&w, SOL_SOCKET, SCM_RIGHTS, p->fds, p->n_fds * sizeof(int));

        if (rc < 0)
            return rc;
    }
    return (ptrdiff_t) w.len;
}

const void *
kith_packet_ctrl(const kith_packet *p, int type, size_t len)
{
    for (size_t i = 0; p && i < p->n_ctrl; i++)
        if (p->ctrl[i].level == KITH_CMSG_LEVEL && p->ctrl[i].type == type)
            return len == 0 || p->ctrl[i].len == len ? p->ctrl[i].data : NULL;
    return NULL;
}
