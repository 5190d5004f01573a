/* SPDX-License-Identifier: Apache-2.0
 * sockcmsg_read.c -- control messages from the system's form. */
#define _GNU_SOURCE
#define __APPLE_USE_RFC_3542
#include "core/sockcmsg.h"

#include <string.h>

#include <sys/time.h>
#include <time.h>

#include "core/error.h"
#include "core/os_net.h"
#include "core/os_sock.h"
#include "core/seam.h"
#include "core/sockaddr.h"
#include "core/sockcmsg_rows.h"

struct reader {
    kith_packet *p;
    size_t used; /* of ctrl_space */
    bool all;
};

/* Up to where the values that stand there already reach. */
static size_t
used_space(const kith_packet *p)
{
    const kith_cmsg *last = p->n_ctrl ? &p->ctrl[p->n_ctrl - 1] : NULL;

    return last ? (size_t) ((char *) last->data + last->len - (char *) p->ctrl_space.base)
                : 0;
}

/* Room for a value, aligned; NULL and a note when there is none. */
static void *
room(struct reader *rd, int level, int type, size_t len)
{
    kith_packet *p = rd->p;
    const uintptr_t base = (uintptr_t) p->ctrl_space.base;
    const size_t pad = (size_t) (-(base + rd->used) & (_Alignof(max_align_t) - 1));
    char *at;

    if (p->n_ctrl == p->ctrl_cap || rd->used + pad > p->ctrl_space.len ||
        len > p->ctrl_space.len - rd->used - pad) {
        rd->all = false;
        return NULL;
    }
    at = (char *) p->ctrl_space.base + rd->used + pad;
    rd->used += pad + len;
    p->ctrl[p->n_ctrl++] =
        (kith_cmsg){.level = level, .type = type, .data = at, .len = len};
    return at;
}

static void
give(struct reader *rd, int level, int type, const void *v, size_t len)
{
    void *at = room(rd, level, type, len);

    if (at && len)
        memcpy(at, v, len);
}

static void
take_descriptors(struct reader *rd, const unsigned char *v, size_t len)
{
    kith_packet *p = rd->p;

    for (size_t i = 0; i + sizeof(int) <= len; i += sizeof(int)) {
        int fd;

        memcpy(&fd, v + i, sizeof fd);
        ki_os_received(fd);
        if (p->fds && p->n_fds < p->fds_cap) {
            p->fds[p->n_fds++] = fd;
        } else {
            (void) ki_seam.close(fd);
            rd->all = false;
        }
    }
}

static kith_timestamp
of_timespec(const struct timespec *t)
{
    return (kith_timestamp){.seconds = t->tv_sec, .nanoseconds = (int32_t) t->tv_nsec};
}

static bool
decode_times(const struct ki_cmsg_row *r, const unsigned char *v, size_t len,
             struct reader *rd)
{
    struct timeval tv;
    struct timespec ts[3];
    kith_timestamp t;
    kith_timestamping all;

    switch ((enum ki_cmsg_kind) r->kind) {
    case KI_CMSG_TIMEVAL:
        if (len != sizeof tv)
            return false;
        memcpy(&tv, v, sizeof tv);
        t = (kith_timestamp){.seconds = tv.tv_sec,
                             .nanoseconds = (int32_t) (tv.tv_usec % 1000000 * 1000)};
        give(rd, KITH_CMSG_LEVEL, r->id, &t, sizeof t);
        return true;
    case KI_CMSG_TIMESPEC:
        if (len != sizeof ts[0])
            return false;
        memcpy(&ts[0], v, sizeof ts[0]);
        t = of_timespec(&ts[0]);
        give(rd, KITH_CMSG_LEVEL, r->id, &t, sizeof t);
        return true;
    default: /* three times: by software, none, by hardware */
        if (len != sizeof ts)
            return false;
        memcpy(ts, v, sizeof ts);
        all = (kith_timestamping){of_timespec(&ts[0]), of_timespec(&ts[2])};
        give(rd, KITH_CMSG_LEVEL, r->id, &all, sizeof all);
        return true;
    }
}

static bool
decode_number(const struct ki_cmsg_row *r, const unsigned char *v, size_t len,
              struct reader *rd)
{
    int i;
    uint32_t u;

    if (r->kind == KI_CMSG_INT) {
        if (len == 1)
            i = v[0];
        else if (len == sizeof i)
            memcpy(&i, v, sizeof i);
        else
            return false;
        give(rd, KITH_CMSG_LEVEL, r->id, &i, sizeof i);
        return true;
    }
    if (len != sizeof u)
        return false;
    memcpy(&u, v, sizeof u);
    if (r->kind == KI_CMSG_FLOWINFO)
        u = ntohl(u);
    give(rd, KITH_CMSG_LEVEL, r->id, &u, sizeof u);
    return true;
}

static bool
decode_credentials(const struct ki_cmsg_row *r, const unsigned char *v, size_t len,
                   struct reader *rd)
{
#if KI_HAVE_UCRED
    struct ucred u;
    kith_credentials c;

    if (len != sizeof u)
        return false;
    memcpy(&u, v, sizeof u);
    c = (kith_credentials){.pid = u.pid, .uid = u.uid, .gid = u.gid};
    give(rd, KITH_CMSG_LEVEL, r->id, &c, sizeof c);
    return true;
#else
    (void) r, (void) v, (void) len, (void) rd;
    return false;
#endif
}

static bool
decode_pktinfo(const struct ki_cmsg_row *r, const unsigned char *v, size_t len,
               struct reader *rd)
{
    kith_pktinfo p;

    memset(&p, 0, sizeof p);
    if (r->kind == KI_CMSG_PKTINFO) {
#if KI_HAVE_PKTINFO
        struct in_pktinfo native;

        if (len != sizeof native)
            return false;
        memcpy(&native, v, sizeof native);
        p.ifindex = (uint32_t) native.ipi_ifindex;
        p.dst.domain = p.local.domain = KITH_INET;
        memcpy(p.dst.inet.addr, &native.ipi_addr, sizeof p.dst.inet.addr);
        memcpy(p.local.inet.addr, &native.ipi_spec_dst, sizeof p.local.inet.addr);
#else
        return false;
#endif
    } else {
        struct in6_pktinfo native;

        if (len != sizeof native)
            return false;
        memcpy(&native, v, sizeof native);
        p.ifindex = (uint32_t) native.ipi6_ifindex;
        p.dst.domain = KITH_INET6;
        memcpy(p.dst.inet6.addr, &native.ipi6_addr, sizeof p.dst.inet6.addr);
        if (!IN6_IS_ADDR_MULTICAST(&native.ipi6_addr))
            p.local = p.dst;
    }
    give(rd, KITH_CMSG_LEVEL, r->id, &p, sizeof p);
    return true;
}

/* The address that the first `len` bytes at v are. */
static bool
decode_sockaddr(const unsigned char *v, size_t len, kith_sockaddr *a)
{
    struct ki_native_addr native = {.len = (unsigned) len};

    if (len > sizeof native.bytes)
        return false;
    memcpy(native.bytes, v, len);
    return ki_sockaddr_from_native(&native, a) == 0;
}

static bool
decode_address(const struct ki_cmsg_row *r, const unsigned char *v, size_t len,
               struct reader *rd)
{
    kith_sockaddr a;

    if (!decode_sockaddr(v, len, &a))
        return false;
    give(rd, KITH_CMSG_LEVEL, r->id, &a, sizeof a);
    return true;
}

static bool
decode_error(const struct ki_cmsg_row *r, const unsigned char *v, size_t len,
             struct reader *rd)
{
#if KI_HAVE_ERRQUEUE
    struct sock_extended_err native;
    kith_sock_error e;

    if (len < sizeof native)
        return false;
    memcpy(&native, v, sizeof native);
    memset(&e, 0, sizeof e);
    /* A packet that has left is told of with ENOMSG: that is no error. */
    if (native.ee_errno && native.ee_origin != SO_EE_ORIGIN_TIMESTAMPING)
        e.code = ki_error_of_errno((int) native.ee_errno);
    e.origin = native.ee_origin;
    e.type = native.ee_type;
    e.icmp_code = native.ee_code;
    e.info = native.ee_info;
    e.data = native.ee_data;
    /* Behind it stands who said so: family 0 when nobody did. */
    if (!decode_sockaddr(v + sizeof native, len - sizeof native, &e.offender))
        memset(&e.offender, 0, sizeof e.offender);
    give(rd, KITH_CMSG_LEVEL, r->id, &e, sizeof e);
    return true;
#else
    (void) r, (void) v, (void) len, (void) rd;
    return false;
#endif
}

static bool
decode_known(const struct ki_cmsg_row *r, const unsigned char *v, size_t len,
             struct reader *rd)
{
    switch ((enum ki_cmsg_kind) r->kind) {
    case KI_CMSG_BYTES:
        give(rd, KITH_CMSG_LEVEL, r->id, v, len);
        return true;
    case KI_CMSG_INT:
    case KI_CMSG_UINT32:
    case KI_CMSG_FLOWINFO:
        return decode_number(r, v, len, rd);
    case KI_CMSG_TIMEVAL:
    case KI_CMSG_TIMESPEC:
    case KI_CMSG_TIMESTAMPING:
        return decode_times(r, v, len, rd);
    case KI_CMSG_CREDENTIALS:
        return decode_credentials(r, v, len, rd);
    case KI_CMSG_PKTINFO:
    case KI_CMSG_PKTINFO6:
        return decode_pktinfo(r, v, len, rd);
    case KI_CMSG_ADDRESS:
        return decode_address(r, v, len, rd);
    case KI_CMSG_ERROR:
        return decode_error(r, v, len, rd);
    case KI_CMSG_ALIKE:
        if (len != r->len)
            return false;
        give(rd, KITH_CMSG_LEVEL, r->id, v, len);
        return true;
    case KI_CMSG_INT16:
        break;
    }
    return false;
}

static void
decode_one(struct reader *rd, int level, int type, const unsigned char *v, size_t len)
{
    const struct ki_cmsg_row *r;

    if (level == SOL_SOCKET && type == SCM_RIGHTS) {
        take_descriptors(rd, v, len);
        return;
    }
    r = ki_cmsg_row_of_native(level, type);
    if (!r || !decode_known(r, v, len, rd)) /* of no form that we know: as it is */
        give(rd, level, type, v, len);
}

bool
ki_cmsg_decode(kith_packet *p, const void *buf, size_t len)
{
    struct reader rd = {.p = p, .used = used_space(p), .all = true};
    const unsigned char *bytes = buf;

    while (len >= CMSG_LEN(0)) {
        struct cmsghdr h;
        size_t n;

        memcpy(&h, bytes, sizeof h);
        n = (size_t) h.cmsg_len;
        if (n < CMSG_LEN(0))
            break;
        if (n > len) { /* the last one was cut: what is there of descriptors is ours */
            rd.all = false;
            if (h.cmsg_level != SOL_SOCKET || h.cmsg_type != SCM_RIGHTS)
                break;
            n = len;
        }
        decode_one(&rd, h.cmsg_level, h.cmsg_type, bytes + CMSG_LEN(0), n - CMSG_LEN(0));
        n = CMSG_SPACE(n - CMSG_LEN(0));
        if (n >= len)
            break;
        bytes += n;
        len -= n;
    }
    return rd.all;
}
