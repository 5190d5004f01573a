/* SPDX-License-Identifier: Apache-2.0
 * sockcmsg.c -- any bytes as control messages, both ways.
 *
 * Read: what comes out lies in the room that was given, aligned, one behind the other; descriptors
 * are either given or closed. Written: the system's bytes stay within their room, and what was
 * written is read back. */
#include <string.h>

#include "core/seam.h"
#include "core/sockcmsg.h"
#include "tests/fuzz/fuzz.h"

enum { CTRL_MAX = 9, FDS_MAX = 5, SPACE = 700 };

static size_t closed;

/* The numbers are the input's, and no descriptors. */
static int
close_nothing(int fd)
{
    (void) fd;
    closed++;
    return 0;
}

static struct {
    kith_cmsg ctrl[CTRL_MAX];
    _Alignas(16) char space[SPACE + 1];
    int fds[FDS_MAX];
} room;

static kith_packet
packet(size_t ctrl, size_t space, size_t fds)
{
    kith_packet p;

    memset(&p, 0, sizeof p);
    memset(&room, 'x', sizeof room);
    p.ctrl = room.ctrl;
    p.ctrl_cap = ctrl % (CTRL_MAX + 1);
    p.ctrl_space.base = room.space;
    p.ctrl_space.len = space % (SPACE + 1);
    p.fds = room.fds;
    p.fds_cap = fds % (FDS_MAX + 1);
    return p;
}

static void
check(const kith_packet *p)
{
    const char *end = room.space;

    FUZZ_CHECK(p->n_ctrl <= p->ctrl_cap && p->n_fds <= p->fds_cap);
    for (size_t i = 0; i < p->n_ctrl; i++) {
        const char *v = p->ctrl[i].data;

        FUZZ_CHECK(v >= end && (size_t) (v - room.space) % _Alignof(max_align_t) == 0);
        end = v + p->ctrl[i].len;
        FUZZ_CHECK(end <= room.space + p->ctrl_space.len);
    }
    FUZZ_CHECK(room.space[p->ctrl_space.len] == 'x');
}

static void
read_any(const unsigned char *data, size_t len)
{
    kith_packet p = packet(data[0], (size_t) data[1] * 3, data[2]);

    (void) ki_cmsg_decode(&p, data + 3, len - 3);
    check(&p);
    (void) ki_cmsg_decode(&p, data + 3, len - 3); /* more behind it */
    check(&p);
    (void) kith_packet_ctrl(&p, KITH_CMSG_IP_TTL, 0);
}

/* Control messages made of the input: known types and others, of any length. */
static size_t
invent(const unsigned char *data, size_t len, kith_cmsg c[CTRL_MAX])
{
    static const int bases[] = {0x100, 0x200, 0x300, 0x500, 0x600};
    size_t n = 0;

    while (len >= 3 && n < CTRL_MAX) {
        size_t take = data[2] < len - 3 ? data[2] : len - 3;

        c[n].level = data[0] & 1 ? KITH_CMSG_LEVEL : data[1] * 3;
        c[n].type = data[0] & 1 ? bases[(data[0] >> 1) % 5] + data[1] % 10 : data[1];
        c[n].data = (void *) (uintptr_t) (data + 3);
        c[n].len = take;
        data += 3 + take;
        len -= 3 + take;
        n++;
    }
    return n;
}

/* Those that are received under the name by which they are sent, and mean the same both ways. */
static bool
is_of_both_ways(const kith_cmsg *c)
{
    switch (c->type) {
    case KITH_CMSG_SOCKET_CREDENTIALS:
    case KITH_CMSG_SOCKET_MARK:
    case KITH_CMSG_IP_TOS:
    case KITH_CMSG_IP_TTL:
    case KITH_CMSG_IPV6_TCLASS:
    case KITH_CMSG_IPV6_HOPLIMIT:
    case KITH_CMSG_IPV6_FLOWINFO:
    case KITH_CMSG_IPV6_RTHDR:
    case KITH_CMSG_SCTP_SNDRCV:
        return c->level == KITH_CMSG_LEVEL;
    default:
        return false;
    }
}

/* The only one of a packet comes back as it was. */
static void
comes_back(const kith_packet *out, const kith_packet *in)
{
    const kith_cmsg *c = out->ctrl;
    const void *v;

    if (out->n_ctrl != 1 || !is_of_both_ways(c))
        return;
    v = kith_packet_ctrl(in, c->type, c->len);
    FUZZ_CHECK(v != NULL && memcmp(v, c->data, c->len) == 0);
}

static void
write_any(const unsigned char *data, size_t len)
{
    _Alignas(8) unsigned char buf[520];
    kith_cmsg c[CTRL_MAX];
    kith_packet out, in = packet(CTRL_MAX, SPACE, FDS_MAX);
    const size_t cap = (size_t) data[0] * 2;
    int fds[3] = {0, 1, 2};
    ptrdiff_t n;

    memset(buf, 'x', sizeof buf);
    memset(&out, 0, sizeof out);
    out.ctrl = c;
    out.n_ctrl = invent(data + 3, len - 3, c);
    out.fds = fds;
    out.n_fds = data[1] % 4;
    n = ki_cmsg_encode(&out, buf, cap);
    FUZZ_CHECK(buf[cap] == 'x');
    if (n < 0)
        return;
    FUZZ_CHECK((size_t) n <= cap);
    closed = 0;
    if (ki_cmsg_decode(&in, buf, (size_t) n))
        comes_back(&out, &in);
    check(&in);
    if (out.n_fds)
        FUZZ_CHECK(in.n_fds + closed >= out.n_fds);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    ki_seam.close = close_nothing;
    if (len < 5)
        return 0;
    if (data[0] == 'w')
        write_any(data + 1, len - 1);
    else
        read_any(data + 1, len - 1);
    return 0;
}
