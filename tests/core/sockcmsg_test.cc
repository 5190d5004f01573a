/* SPDX-License-Identifier: Apache-2.0
 * sockcmsg_test.cc -- control messages: what the system gets, what users get, and what is cut. */
#include "core/sockcmsg.h"

#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <random>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <vector>

#include <linux/errqueue.h>

namespace
{

/* A buffer of native control messages, made as a system would. */
class Native {
  public:
    void add(int level, int type, const void *v, size_t len)
    {
        const size_t at = bytes_.size();
        cmsghdr h{};

        bytes_.resize(at + CMSG_SPACE(len));
        h.cmsg_len = CMSG_LEN(len);
        h.cmsg_level = level;
        h.cmsg_type = type;
        memcpy(bytes_.data() + at, &h, sizeof h);
        if (len > 0)
            memcpy(bytes_.data() + at + CMSG_LEN(0), v, len);
    }

    template <typename T> void add(int level, int type, const T &v)
    {
        add(level, type, &v, sizeof v);
    }

    const void *data() const
    {
        return bytes_.data();
    }

    size_t size() const
    {
        return bytes_.size();
    }

  private:
    std::vector<unsigned char> bytes_;
};

/* A packet with room for what comes. */
struct Room {
    kith_cmsg ctrl[8];
    alignas(16) char space[KITH_CTRL_SPACE];
    int fds[4];
    kith_packet p{};

    explicit Room(size_t cap = 8, size_t bytes = KITH_CTRL_SPACE, size_t n_fds = 4)
    {
        p.ctrl = ctrl;
        p.ctrl_cap = cap;
        p.ctrl_space = {space, bytes};
        p.fds = fds;
        p.fds_cap = n_fds;
    }
};

kith_packet
packet_of(kith_cmsg *c, size_t n)
{
    kith_packet p{};

    p.ctrl = c;
    p.n_ctrl = n;
    return p;
}

/* The one control message of a buffer. */
struct Seen {
    int level, type;
    std::vector<unsigned char> v;
};

Seen
the_one(const unsigned char *buf, size_t len)
{
    cmsghdr h;

    EXPECT_GE(len, sizeof h);
    memcpy(&h, buf, sizeof h);
    EXPECT_EQ(len, CMSG_SPACE(h.cmsg_len - CMSG_LEN(0)));
    return {h.cmsg_level, h.cmsg_type, {buf + CMSG_LEN(0), buf + h.cmsg_len}};
}

template <typename T>
Seen
encoded(int type, const T &v)
{
    alignas(8) unsigned char buf[KI_CTRL_BYTES];
    kith_cmsg c = kith_cmsg_of(type, &v, sizeof v);
    kith_packet p = packet_of(&c, 1);
    ptrdiff_t n = ki_cmsg_encode(&p, buf, sizeof buf);

    EXPECT_GT(n, 0) << kith_err_name((int) n);
    return n > 0 ? the_one(buf, (size_t) n) : Seen{};
}

template <typename T>
T
as(const Seen &s)
{
    T v{};

    EXPECT_EQ(sizeof v, s.v.size());
    if (s.v.size() == sizeof v)
        memcpy(&v, s.v.data(), sizeof v);
    return v;
}

int
code_of(kith_cmsg c)
{
    alignas(8) unsigned char buf[KI_CTRL_BYTES];
    kith_packet p = packet_of(&c, 1);

    return (int) ki_cmsg_encode(&p, buf, sizeof buf);
}

kith_sockaddr
inet(const char *text)
{
    kith_sockaddr a{};

    EXPECT_EQ(0, kith_sockaddr_parse(text, &a));
    return a;
}

template <typename T>
const T *
decoded(Room &r, const Native &n, int type)
{
    EXPECT_TRUE(ki_cmsg_decode(&r.p, n.data(), n.size()));
    return KITH_CTRL(&r.p, type, T);
}

}    // namespace

TEST(Sockcmsg, NumbersReachTheSystemAsItWantsThem)
{
    struct {
        int type, level, native;
    } rows[] = {{KITH_CMSG_IP_TTL, IPPROTO_IP, IP_TTL},
                {KITH_CMSG_IP_TOS, IPPROTO_IP, IP_TOS},
                {KITH_CMSG_IPV6_HOPLIMIT, IPPROTO_IPV6, IPV6_HOPLIMIT},
                {KITH_CMSG_IPV6_TCLASS, IPPROTO_IPV6, IPV6_TCLASS},
                {KITH_CMSG_SOCKET_PRIORITY, SOL_SOCKET, SO_PRIORITY}};

    for (auto &r : rows) {
        Seen s = encoded(r.type, int{7});

        EXPECT_EQ(r.level, s.level);
        EXPECT_EQ(r.native, s.type);
        EXPECT_EQ(7, as<int>(s));
    }
    Seen gso = encoded(KITH_CMSG_UDP_SEGMENT, int{1200});
    EXPECT_EQ(IPPROTO_UDP, gso.level);
    EXPECT_EQ(103, gso.type);
    EXPECT_EQ(1200, as<uint16_t>(gso));
    Seen flow = encoded(KITH_CMSG_IPV6_FLOWINFO, uint32_t{0x12345});
    EXPECT_EQ(htonl(0x12345), as<uint32_t>(flow));
    Seen mark = encoded(KITH_CMSG_SOCKET_MARK, uint32_t{9});
    EXPECT_EQ(9u, as<uint32_t>(mark));
}

TEST(Sockcmsg, PktinfoSendsFromAnAddressByAnInterface)
{
    kith_pktinfo p{};

    p.local = inet("127.0.0.2");
    p.ifindex = 5;
    auto four = as<in_pktinfo>(encoded(KITH_CMSG_IP_PKTINFO, p));
    EXPECT_EQ(5, four.ipi_ifindex);
    EXPECT_EQ(inet_addr("127.0.0.2"), four.ipi_spec_dst.s_addr);
    EXPECT_EQ(KITH_EINVAL, code_of(kith_cmsg_of(KITH_CMSG_IPV6_PKTINFO, &p, sizeof p)));

    p.local = inet("::1");
    auto six = as<in6_pktinfo>(encoded(KITH_CMSG_IPV6_PKTINFO, p));
    EXPECT_EQ(5u, six.ipi6_ifindex);
    EXPECT_TRUE(IN6_IS_ADDR_LOOPBACK(&six.ipi6_addr));
    EXPECT_EQ(KITH_EINVAL, code_of(kith_cmsg_of(KITH_CMSG_IP_PKTINFO, &p, sizeof p)));
}

TEST(Sockcmsg, CredentialsGoBothWays)
{
    kith_credentials c = {17, 18, 19};
    Seen s = encoded(KITH_CMSG_SOCKET_CREDENTIALS, c);
    auto u = as<ucred>(s);
    Native n;
    Room r;

    EXPECT_EQ(SCM_CREDENTIALS, s.type);
    EXPECT_EQ(17, u.pid);
    EXPECT_EQ(18u, u.uid);
    EXPECT_EQ(19u, u.gid);
    n.add(SOL_SOCKET, SCM_CREDENTIALS, u);
    auto *back = decoded<kith_credentials>(r, n, KITH_CMSG_SOCKET_CREDENTIALS);
    ASSERT_NE(nullptr, back);
    EXPECT_EQ(17, back->pid);
    EXPECT_EQ(18u, back->uid);
    EXPECT_EQ(19u, back->gid);
}

TEST(Sockcmsg, TimesComeInThreeKinds)
{
    Native n;
    Room r;
    timeval tv = {12, 345678};
    timespec ts = {13, 123456789};
    timespec three[3] = {{1, 2}, {0, 0}, {3, 4}};

    n.add(SOL_SOCKET, SCM_TIMESTAMP, tv);
    n.add(SOL_SOCKET, SCM_TIMESTAMPNS, ts);
    n.add(SOL_SOCKET, SCM_TIMESTAMPING, three);
    auto *us = decoded<kith_timestamp>(r, n, KITH_CMSG_SOCKET_TIMESTAMP);
    auto *ns = KITH_CTRL(&r.p, KITH_CMSG_SOCKET_TIMESTAMPNS, kith_timestamp);
    auto *all = KITH_CTRL(&r.p, KITH_CMSG_SOCKET_TIMESTAMPING, kith_timestamping);
    ASSERT_TRUE(us && ns && all);
    EXPECT_EQ(12, us->seconds);
    EXPECT_EQ(345678000, us->nanoseconds);
    EXPECT_EQ(13, ns->seconds);
    EXPECT_EQ(123456789, ns->nanoseconds);
    EXPECT_EQ(1, all->software.seconds);
    EXPECT_EQ(2, all->software.nanoseconds);
    EXPECT_EQ(3, all->hardware.seconds);
    EXPECT_EQ(4, all->hardware.nanoseconds);
}

TEST(Sockcmsg, NumbersComeAsBytesOrInts)
{
    Native n;
    Room r;

    n.add(IPPROTO_IP, IP_TOS, uint8_t{16});
    n.add(IPPROTO_IP, IP_TTL, int{64});
    n.add(IPPROTO_UDP, 104, int{1400});
    n.add(SOL_SOCKET, SO_RXQ_OVFL, uint32_t{3});
    EXPECT_EQ(16, *decoded<int>(r, n, KITH_CMSG_IP_TOS));
    EXPECT_EQ(64, *KITH_CTRL(&r.p, KITH_CMSG_IP_TTL, int));
    EXPECT_EQ(1400, *KITH_CTRL(&r.p, KITH_CMSG_UDP_GRO, int));
    EXPECT_EQ(3u, *KITH_CTRL(&r.p, KITH_CMSG_SOCKET_RXQ_OVFL, uint32_t));
    EXPECT_EQ(nullptr, kith_packet_ctrl(&r.p, KITH_CMSG_IP_TTL, 1)) << "another length";
    EXPECT_NE(nullptr, kith_packet_ctrl(&r.p, KITH_CMSG_IP_TTL, 0));
    EXPECT_EQ(nullptr, kith_packet_ctrl(&r.p, KITH_CMSG_IPV6_TCLASS, 0));
}

TEST(Sockcmsg, ErrorsSayWhoTurnedThePacketBack)
{
    struct {
        sock_extended_err e;
        sockaddr_in from;
    } v{};
    Native n;
    Room r;

    v.e.ee_errno = ECONNREFUSED;
    v.e.ee_origin = SO_EE_ORIGIN_ICMP;
    v.e.ee_type = 3;
    v.e.ee_code = 3;
    v.e.ee_info = 1500;
    v.from.sin_family = AF_INET;
    v.from.sin_addr.s_addr = inet_addr("10.1.2.3");
    n.add(IPPROTO_IP, IP_RECVERR, v);
    auto *e = decoded<kith_sock_error>(r, n, KITH_CMSG_IP_RECVERR);
    ASSERT_NE(nullptr, e);
    EXPECT_EQ(KITH_ECONNREFUSED, e->code);
    EXPECT_EQ(KITH_ORIGIN_ICMP, e->origin);
    EXPECT_EQ(3, e->type);
    EXPECT_EQ(3, e->icmp_code);
    EXPECT_EQ(1500u, e->info);
    EXPECT_EQ(KITH_INET, e->offender.domain);
    EXPECT_EQ(10, e->offender.inet.addr[0]);
}

TEST(Sockcmsg, AddressesOfThePacketComeDecoded)
{
    in_pktinfo four{};
    in6_pktinfo six{};
    sockaddr_in6 orig{};
    Native n;
    Room r;

    four.ipi_ifindex = 2;
    four.ipi_addr.s_addr = inet_addr("224.1.1.1");
    four.ipi_spec_dst.s_addr = inet_addr("127.0.0.1");
    six.ipi6_ifindex = 3;
    six.ipi6_addr = in6addr_loopback;
    orig.sin6_family = AF_INET6;
    orig.sin6_port = htons(99);
    n.add(IPPROTO_IP, IP_PKTINFO, four);
    n.add(IPPROTO_IPV6, IPV6_PKTINFO, six);
    n.add(IPPROTO_IPV6, 74, orig);
    auto *p = decoded<kith_pktinfo>(r, n, KITH_CMSG_IP_PKTINFO);
    ASSERT_NE(nullptr, p);
    EXPECT_EQ(2u, p->ifindex);
    EXPECT_EQ(224, p->dst.inet.addr[0]);
    EXPECT_EQ(127, p->local.inet.addr[0]);
    p = KITH_CTRL(&r.p, KITH_CMSG_IPV6_PKTINFO, kith_pktinfo);
    ASSERT_NE(nullptr, p);
    EXPECT_EQ(3u, p->ifindex);
    EXPECT_EQ(KITH_INET6, p->local.domain);
    auto *a = KITH_CTRL(&r.p, KITH_CMSG_IPV6_ORIGDSTADDR, kith_sockaddr);
    ASSERT_NE(nullptr, a);
    EXPECT_EQ(99, kith_sockaddr_port(a));
}

TEST(Sockcmsg, UnknownOnesAreBytesBothWays)
{
    for (const int level : {SOL_SOCKET, int{IPPROTO_IP}, int{IPPROTO_IPV6},
                            int{IPPROTO_UDP}, int{IPPROTO_TCP}, 4711}) {
        const char bytes[] = "abc";
        alignas(8) unsigned char buf[64];
        kith_cmsg c = {level, 1012, (void *) bytes, 3};
        kith_packet p = packet_of(&c, 1);
        ptrdiff_t n = ki_cmsg_encode(&p, buf, sizeof buf);
        Room r;

        ASSERT_GT(n, 0);
        ASSERT_TRUE(ki_cmsg_decode(&r.p, buf, (size_t) n));
        ASSERT_EQ(1u, r.p.n_ctrl);
        EXPECT_EQ(level, r.ctrl[0].level);
        EXPECT_EQ(1012, r.ctrl[0].type);
        ASSERT_EQ(3u, r.ctrl[0].len);
        EXPECT_EQ(0, memcmp("abc", r.ctrl[0].data, 3));
    }
}

TEST(Sockcmsg, AKnownOneOfAStrangeLengthIsBytes)
{
    Native n;
    Room r;

    n.add(IPPROTO_IP, IP_TTL, "xyz", 3);
    ASSERT_TRUE(ki_cmsg_decode(&r.p, n.data(), n.size()));
    ASSERT_EQ(1u, r.p.n_ctrl);
    EXPECT_EQ(IPPROTO_IP, r.ctrl[0].level);
    EXPECT_EQ(IP_TTL, r.ctrl[0].type);
    EXPECT_EQ(3u, r.ctrl[0].len);
}

TEST(Sockcmsg, WhatCannotBeSentSaysWhy)
{
    int v = 1;
    kith_timestamp t{};

    EXPECT_EQ(KITH_EINVAL, code_of(kith_cmsg_of(KITH_CMSG_IP_TTL, &v, 1)));
    EXPECT_EQ(KITH_EINVAL, code_of(kith_cmsg_of(KITH_CMSG_IP_TTL, nullptr, sizeof v)));
    EXPECT_EQ(KITH_EINVAL, code_of(kith_cmsg_of(9999, &v, sizeof v)));
    EXPECT_EQ(KITH_EINVAL, code_of(kith_cmsg_of(KITH_CMSG_SOCKET_RIGHTS, &v, sizeof v)));
    EXPECT_EQ(KITH_ENOPROTOOPT,
              code_of(kith_cmsg_of(KITH_CMSG_SOCKET_TIMESTAMP, &t, sizeof t)));
    v = 70000;
    EXPECT_EQ(KITH_EINVAL, code_of(kith_cmsg_of(KITH_CMSG_UDP_SEGMENT, &v, sizeof v)));
    EXPECT_EQ(KITH_EMSGSIZE, code_of(kith_cmsg{1, 1, &v, KI_CTRL_BYTES}));

    kith_packet p{};
    alignas(8) unsigned char buf[64];
    p.n_ctrl = 1;
    EXPECT_EQ(KITH_EINVAL, ki_cmsg_encode(&p, buf, sizeof buf)) << "no array";
    p.n_ctrl = 0;
    p.n_fds = 1;
    EXPECT_EQ(KITH_EINVAL, ki_cmsg_encode(&p, buf, sizeof buf)) << "no descriptors";
    p.fds = &v;
    p.n_fds = SIZE_MAX;
    EXPECT_EQ(KITH_EMSGSIZE, ki_cmsg_encode(&p, buf, sizeof buf));
}

TEST(Sockcmsg, DescriptorsWithoutRoomAreClosed)
{
    int fds[3] = {dup(0), dup(0), dup(0)};
    Native n;
    Room r(8, KITH_CTRL_SPACE, 2);

    n.add(SOL_SOCKET, SCM_RIGHTS, fds);
    EXPECT_FALSE(ki_cmsg_decode(&r.p, n.data(), n.size()));
    ASSERT_EQ(2u, r.p.n_fds);
    EXPECT_EQ(fds[0], r.fds[0]);
    EXPECT_EQ(fds[1], r.fds[1]);
    EXPECT_EQ(0u, r.p.n_ctrl) << "they stand in fds alone";
    EXPECT_EQ(-1, fcntl(fds[2], F_GETFD));
    close(fds[0]);
    close(fds[1]);
}

TEST(Sockcmsg, WhatFindsNoRoomIsSaidToBeCut)
{
    Native n;

    n.add(IPPROTO_IP, IP_TTL, int{1});
    n.add(IPPROTO_IP, IP_TOS, int{2});
    Room few(1);
    EXPECT_FALSE(ki_cmsg_decode(&few.p, n.data(), n.size()));
    EXPECT_EQ(1u, few.p.n_ctrl);
    Room small(8, 4);
    EXPECT_FALSE(ki_cmsg_decode(&small.p, n.data(), n.size()));
    EXPECT_EQ(1u, small.p.n_ctrl);
    Room none(0, 0, 0);
    EXPECT_FALSE(ki_cmsg_decode(&none.p, n.data(), n.size()));
    EXPECT_EQ(0u, none.p.n_ctrl);
    Room cut;
    EXPECT_FALSE(ki_cmsg_decode(&cut.p, n.data(), CMSG_LEN(2)))
        << "the system's buffer was short";
    EXPECT_EQ(0u, cut.p.n_ctrl);
}

TEST(Sockcmsg, MoreIsAddedBehindWhatStandsThere)
{
    Native one, two;
    Room r;

    one.add(IPPROTO_IP, IP_TTL, int{1});
    two.add(IPPROTO_IP, IP_TOS, int{2});
    ASSERT_TRUE(ki_cmsg_decode(&r.p, one.data(), one.size()));
    ASSERT_TRUE(ki_cmsg_decode(&r.p, two.data(), two.size()));
    ASSERT_EQ(2u, r.p.n_ctrl);
    EXPECT_EQ(1, *KITH_CTRL(&r.p, KITH_CMSG_IP_TTL, int));
    EXPECT_EQ(2, *KITH_CTRL(&r.p, KITH_CMSG_IP_TOS, int));
}

/* Any bytes: what comes out lies inside the room given, aligned, and does not overlap. */
TEST(Sockcmsg, AnyBytesAreSafe)
{
    std::mt19937_64 rng(kt_seed());
    const int levels[] = {SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_UDP, 4711};

    for (size_t round = 0; round < kt_scale(20000); round++) {
        alignas(8) unsigned char buf[256];
        Room r(rng() % 9, rng() % sizeof r.space, 0);
        size_t len = rng() % (sizeof buf + 1), at = 0;

        for (auto &b : buf)
            b = (unsigned char) rng();
        while (at + sizeof(cmsghdr) <= len) { /* mostly well formed */
            cmsghdr h{};
            size_t n = rng() % 80;

            h.cmsg_len = rng() % 8 ? CMSG_LEN(n) : rng();
            h.cmsg_level = levels[rng() % 5];
            h.cmsg_type = rng() % 2 ? (int) (rng() % 80) : (int) rng();
            if (h.cmsg_level == SOL_SOCKET && h.cmsg_type == SCM_RIGHTS)
                h.cmsg_type = 99; /* those numbers would be descriptors of the test's */
            memcpy(buf + at, &h, sizeof h);
            at += CMSG_SPACE(n);
        }
        (void) ki_cmsg_decode(&r.p, buf, len);
        ASSERT_LE(r.p.n_ctrl, r.p.ctrl_cap);
        const char *end = r.space;
        for (size_t i = 0; i < r.p.n_ctrl; i++) {
            auto *v = (const char *) r.ctrl[i].data;

            ASSERT_GE(v, end);
            ASSERT_EQ(0u, (uintptr_t) v % alignof(max_align_t));
            end = v + r.ctrl[i].len;
            ASSERT_LE(end, r.space + r.p.ctrl_space.len);
        }
    }
}
