/* SPDX-License-Identifier: Apache-2.0
 * sockopt_test.cc -- the option table: its rows, and values there and back. */
#include "core/sockaddr.h"
#include "core/sockopt.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <kith/sockaddr.h>
#include <kith/socket_msg.h>

namespace
{

std::vector<ki_sockopt>
rows()
{
    std::vector<ki_sockopt> all;

    for (std::size_t i = 0; const ki_sockopt *row = ki_sockopt_at(i); i++)
        all.push_back(*row);
    return all;
}

std::string
full_name(const ki_sockopt &row)
{
    return std::string(row.level) + "." + row.name;
}

/* A native value of our own. */
struct Native : ki_optval {
    explicit Native(unsigned n)
    {
        EXPECT_EQ(0, ki_optval_room(this, n));
    }

    ~Native()
    {
        ki_optval_drop(this);
    }

    Native(const Native &) = delete;
};

/* What the system gets of a value. */
struct Encoded : ki_optval {
    int rc;

    Encoded(const ki_sockopt &row, const void *v, std::size_t size)
        : ki_optval{}, rc(ki_sockopt_encode(&row, v, size, this))
    {
    }

    Encoded(kith_opt id, const void *v, std::size_t size)
        : Encoded(*ki_sockopt_find(id), v, size)
    {
    }

    ~Encoded()
    {
        if (rc == 0)
            ki_optval_drop(this);
    }

    Encoded(const Encoded &) = delete;

    template <typename T> T as() const
    {
        T out{};

        EXPECT_EQ(0, rc);
        EXPECT_EQ(sizeof out, len);
        if (rc == 0 && len == sizeof out)
            std::memcpy(&out, data, sizeof out);
        return out;
    }
};

/* What a native int is for the user. */
int
decoded(kith_opt id, int native)
{
    Native in(sizeof native);
    int out = -12345;

    std::memcpy(in.data, &native, sizeof native);
    const std::ptrdiff_t n = ki_sockopt_decode(ki_sockopt_find(id), &in, &out, sizeof out);

    return n < 0 ? static_cast<int>(n) : out;
}

TEST(SockoptTable, EveryRowIsFoundByItsId)
{
    EXPECT_GE(rows().size(), 164u);
    for (std::size_t i = 0; const ki_sockopt *row = ki_sockopt_at(i); i++)
        EXPECT_EQ(row, ki_sockopt_find(row->id)) << full_name(*row);
}

TEST(SockoptTable, RowsAreInOrderAndOfOneNameEach)
{
    std::set<std::string> names;
    kith_opt last = 0;

    for (const ki_sockopt &row : rows()) {
        EXPECT_LT(last, row.id) << full_name(row);
        EXPECT_TRUE(names.insert(full_name(row)).second) << full_name(row);
        last = row.id;
    }
}

TEST(SockoptTable, NoTwoRowsMeanTheSameToTheSystem)
{
    std::set<std::pair<int, int>> numbers;

    for (const ki_sockopt &row : rows()) {
        if (row.kind == KI_OPT_OTP) {
            EXPECT_EQ(-1, row.native_number) << full_name(row);
        } else if (row.native_number >= 0) {
            EXPECT_TRUE(numbers.emplace(row.native_level, row.native_number).second)
                << full_name(row);
        }
    }
}

TEST(SockoptTable, EveryRowIsReadOrSetAndHasALength)
{
    for (const ki_sockopt &row : rows()) {
        EXPECT_TRUE(row.get || row.set || row.native_number < 0) << full_name(row);
        EXPECT_GT(row.len, 0u) << full_name(row);
        EXPECT_NE(nullptr, row.type) << full_name(row);
        EXPECT_EQ(row.kind == KI_OPT_OTP || !row.get, ki_sockopt_native_len(&row) == 0)
            << full_name(row);
    }
    EXPECT_TRUE(ki_sockopt_is_int(ki_sockopt_find(KITH_OPT_TCP_NODELAY)));
    EXPECT_TRUE(ki_sockopt_is_int(ki_sockopt_find(KITH_OPT_OTP_RCVBUF)));
    EXPECT_FALSE(ki_sockopt_is_int(ki_sockopt_find(KITH_OPT_SOCKET_LINGER)));
    EXPECT_FALSE(ki_sockopt_is_int(ki_sockopt_find(KITH_OPT_OTP_CONTROLLING_PROCESS)));
    EXPECT_FALSE(ki_sockopt_is_int(ki_sockopt_find(KITH_OPT_IP_ADD_MEMBERSHIP)));
}

TEST(SockoptTable, EveryRowIsFoundByItsNamesAndNoOther)
{
    const auto named = [](const char *level, const char *name) {
        const ki_sockopt *row = ki_sockopt_named(level, name);

        return row ? row->id : 0;
    };

    for (const ki_sockopt &row : rows())
        EXPECT_EQ(row.id, named(row.level, row.name)) << full_name(row);
    EXPECT_EQ(KITH_OPT_SOCKET_PEERCRED, named("socket", "peekcred"));
    EXPECT_EQ(KITH_OPT_IP_SENDSRCADDR, named("ip", "sndsrcaddr"));
    EXPECT_EQ(KITH_OPT_IPV6_ADD_MEMBERSHIP, named("ipv6", "join_group"));
    EXPECT_EQ(KITH_OPT_IPV6_DROP_MEMBERSHIP, named("ipv6", "leave_group"));
    EXPECT_EQ(KITH_OPT_IPV6_RECVHOPLIMIT, named("ipv6", "hoplimit"));
    EXPECT_EQ(KITH_OPT_IPV6_RECVPKTINFO, named("ipv6", "pktinfo"));
    EXPECT_EQ(0, named("ip", "join_group"));
    EXPECT_EQ(0, named("ip", "nodelay"));
    EXPECT_EQ(0, named("tcp", ""));
    EXPECT_EQ(0, named("", "nodelay"));
}

TEST(SockoptTable, UnknownIdsHaveNoRow)
{
    std::set<kith_opt> known;

    for (const ki_sockopt &row : rows())
        known.insert(row.id);
    for (kith_opt id = -300; id < 5000; id++)
        if (!known.contains(id)) {
            EXPECT_EQ(nullptr, ki_sockopt_find(id)) << id;
        }
    EXPECT_EQ(nullptr, ki_sockopt_find(INT_MAX));
    EXPECT_EQ(nullptr, ki_sockopt_find(INT_MIN));
}

TEST(SockoptTable, HasTheSystemsNumbers)
{
    const auto is = [](kith_opt id, const char *name, int level, int number,
                       ki_opt_kind kind, bool set) {
        const ki_sockopt *row = ki_sockopt_find(id);

        ASSERT_NE(nullptr, row) << name;
        EXPECT_EQ(name, full_name(*row));
        EXPECT_EQ(level, row->native_level) << name;
        EXPECT_EQ(number, row->native_number) << name;
        EXPECT_EQ(kind, row->kind) << name;
        EXPECT_EQ(set, row->set) << name;
    };

    is(KITH_OPT_SOCKET_REUSEADDR, "socket.reuseaddr", SOL_SOCKET, SO_REUSEADDR, KI_OPT_BOOL,
       true);
    is(KITH_OPT_SOCKET_RCVBUF, "socket.rcvbuf", SOL_SOCKET, SO_RCVBUF, KI_OPT_INT, true);
    is(KITH_OPT_SOCKET_ERROR, "socket.error", SOL_SOCKET, SO_ERROR, KI_OPT_ERROR, false);
    is(KITH_OPT_SOCKET_TYPE, "socket.type", SOL_SOCKET, SO_TYPE, KI_OPT_TYPE, false);
    is(KITH_OPT_IP_TTL, "ip.ttl", IPPROTO_IP, IP_TTL, KI_OPT_INT, true);
    is(KITH_OPT_IPV6_V6ONLY, "ipv6.v6only", IPPROTO_IPV6, IPV6_V6ONLY, KI_OPT_BOOL, true);
    is(KITH_OPT_TCP_NODELAY, "tcp.nodelay", IPPROTO_TCP, TCP_NODELAY, KI_OPT_BOOL, true);
    is(KITH_OPT_OTP_FD, "otp.fd", -1, -1, KI_OPT_OTP, false);
    is(KITH_OPT_OTP_CONTROLLING_PROCESS, "otp.controlling_process", -1, -1, KI_OPT_OTP,
       true);
}

TEST(Sockopt, IntAndBoolGoBothWays)
{
    for (const ki_sockopt &row : rows()) {
        if (!row.set || row.native_number < 0 ||
            (row.kind != KI_OPT_INT && row.kind != KI_OPT_BOOL))
            continue;
        for (int v : {0, 1, 2, -1, INT_MAX, INT_MIN}) {
            const int seen = row.kind == KI_OPT_BOOL ? v != 0 : v;

            EXPECT_EQ(seen, Encoded(row, &v, sizeof v).as<int>()) << full_name(row);
            if (row.get) {
                EXPECT_EQ(seen, decoded(row.id, v)) << full_name(row);
            }
        }
    }
}

TEST(Sockopt, LingerGoesBothWays)
{
    const ki_sockopt *row = ki_sockopt_find(KITH_OPT_SOCKET_LINGER);
    kith_linger out{};

    for (const kith_linger in : {kith_linger{true, 7}, {false, 0}, {true, 0}}) {
        const Encoded native(*row, &in, sizeof in);
        const auto l = native.as<struct linger>();

        EXPECT_EQ(in.on, l.l_onoff != 0);
        EXPECT_EQ(in.seconds, l.l_linger);
        ASSERT_EQ(static_cast<std::ptrdiff_t>(sizeof out),
                  ki_sockopt_decode(row, &native, &out, sizeof out));
        EXPECT_EQ(in.on, out.on);
        EXPECT_EQ(in.seconds, out.seconds);
    }
    const kith_linger bad = {true, -1};
    EXPECT_EQ(KITH_EINVAL, Encoded(*row, &bad, sizeof bad).rc);
}

kith_sockaddr
address(const char *text)
{
    kith_sockaddr a{};

    EXPECT_EQ(0, kith_sockaddr_parse(text, &a)) << text;
    return a;
}

std::string
text_of(const void *native, std::size_t len)
{
    ki_native_addr in{};
    kith_sockaddr a{};
    char text[KITH_SOCKADDR_TEXT];

    std::memcpy(in.bytes, native, len);
    in.len = static_cast<unsigned>(len);
    EXPECT_EQ(0, ki_sockaddr_from_native(&in, &a));
    kith_sockaddr_print(&a, text, sizeof text);
    return text;
}

TEST(Sockopt, AGroupHasItsInterfaceAndItsFamily)
{
    const kith_mreq four = {address("239.1.2.3"), 7}, six = {address("ff15::9"), 8};
    kith_mreq scoped = {address("[ff02::9%5]"), 0};
    const auto native =
        Encoded(KITH_OPT_IP_ADD_MEMBERSHIP, &four, sizeof four).as<group_req>();
    const auto native6 =
        Encoded(KITH_OPT_IPV6_DROP_MEMBERSHIP, &six, sizeof six).as<group_req>();

    EXPECT_EQ(7u, native.gr_interface);
    EXPECT_EQ("239.1.2.3:0", text_of(&native.gr_group, sizeof(sockaddr_in)));
    EXPECT_EQ(8u, native6.gr_interface);
    EXPECT_EQ("[ff15::9]:0", text_of(&native6.gr_group, sizeof(sockaddr_in6)));

    EXPECT_EQ(5u, Encoded(KITH_OPT_IPV6_ADD_MEMBERSHIP, &scoped, sizeof scoped)
                      .as<group_req>()
                      .gr_interface)
        << "its scope says which";
    scoped.ifindex = 6;
    EXPECT_EQ(6u, Encoded(KITH_OPT_IPV6_ADD_MEMBERSHIP, &scoped, sizeof scoped)
                      .as<group_req>()
                      .gr_interface);

    EXPECT_EQ(KITH_EINVAL, Encoded(KITH_OPT_IP_ADD_MEMBERSHIP, &six, sizeof six).rc);
    EXPECT_EQ(KITH_EINVAL, Encoded(KITH_OPT_IPV6_ADD_MEMBERSHIP, &four, sizeof four).rc);
}

TEST(Sockopt, ASourceStandsBesideItsGroup)
{
    const kith_mreq_source four = {address("239.1.2.3"), address("10.0.0.1"), 7};
    kith_mreq_source six = {address("ff15::9"), address("fd00::1"), 8};
    const auto native = Encoded(KITH_OPT_IP_ADD_SOURCE_MEMBERSHIP, &four, sizeof four)
                            .as<group_source_req>();
    const auto native6 =
        Encoded(KITH_OPT_IPV6_BLOCK_SOURCE, &six, sizeof six).as<group_source_req>();

    EXPECT_EQ(7u, native.gsr_interface);
    EXPECT_EQ("239.1.2.3:0", text_of(&native.gsr_group, sizeof(sockaddr_in)));
    EXPECT_EQ("10.0.0.1:0", text_of(&native.gsr_source, sizeof(sockaddr_in)));
    EXPECT_EQ(8u, native6.gsr_interface);
    EXPECT_EQ("[ff15::9]:0", text_of(&native6.gsr_group, sizeof(sockaddr_in6)));
    EXPECT_EQ("[fd00::1]:0", text_of(&native6.gsr_source, sizeof(sockaddr_in6)));

    six.source = four.source;
    EXPECT_EQ(KITH_EINVAL, Encoded(KITH_OPT_IPV6_BLOCK_SOURCE, &six, sizeof six).rc);
}

TEST(Sockopt, AFilterIsAsLongAsItsList)
{
    std::vector<kith_sockaddr> sources(70, address("10.0.0.1"));
    kith_msfilter in = {address("239.1.2.3"), 7, KITH_FILTER_INCLUDE, sources.data(), 0};

    for (const std::size_t n : {0u, 1u, 2u, 70u}) {
        in.n_sources = n;
        const Encoded native(KITH_OPT_IP_MSFILTER, &in, sizeof in);

        ASSERT_EQ(0, native.rc);
        ASSERT_EQ(GROUP_FILTER_SIZE(n), native.len);
        const auto *f = static_cast<const group_filter *>(native.data);
        EXPECT_EQ(7u, f->gf_interface);
        EXPECT_EQ("239.1.2.3:0", text_of(&f->gf_group, sizeof(sockaddr_in)));
        EXPECT_EQ(static_cast<unsigned>(MCAST_INCLUDE), f->gf_fmode);
        ASSERT_EQ(n, f->gf_numsrc);
        if (n > 0) {
            EXPECT_EQ("10.0.0.1:0", text_of(f->gf_slist + n - 1, sizeof(sockaddr_in)));
        }
    }
    in.mode = KITH_FILTER_EXCLUDE;
    const Encoded without(KITH_OPT_IP_MSFILTER, &in, sizeof in);
    EXPECT_EQ(static_cast<unsigned>(MCAST_EXCLUDE),
              static_cast<const group_filter *>(without.data)->gf_fmode);
}

TEST(Sockopt, AFilterThatCannotBeIsRefused)
{
    kith_sockaddr sources[] = {address("10.0.0.1"), address("::1")};
    const kith_msfilter good = {address("239.1.2.3"), 7, KITH_FILTER_INCLUDE, sources, 1};
    const auto rc = [](const kith_msfilter &f) {
        return Encoded(KITH_OPT_IP_MSFILTER, &f, sizeof f).rc;
    };
    kith_msfilter bad;

    EXPECT_EQ(0, rc(good));
    bad = good, bad.mode = 0;
    EXPECT_EQ(KITH_EINVAL, rc(bad));
    bad = good, bad.sources = nullptr;
    EXPECT_EQ(KITH_EINVAL, rc(bad));
    bad = good, bad.n_sources = 2;
    EXPECT_EQ(KITH_EINVAL, rc(bad)) << "one of them has another family";
    bad = good, bad.group = sources[1];
    EXPECT_EQ(KITH_EINVAL, rc(bad));
    bad = good, bad.n_sources = 1000000;
    EXPECT_EQ(KITH_ENOBUFS, rc(bad));
}

TEST(Sockopt, TheInterfaceOfMulticastGoesByNumberOrByAddress)
{
    const ki_sockopt *row = ki_sockopt_find(KITH_OPT_IP_MULTICAST_IF);
    kith_multicast_if v = {address("10.0.0.1"), 0}, out;
    Native in(sizeof(in_addr));

    const auto by_address = Encoded(*row, &v, sizeof v).as<ip_mreqn>();
    EXPECT_EQ(htonl(0x0a000001), by_address.imr_address.s_addr);
    EXPECT_EQ(0, by_address.imr_ifindex);

    v = {{}, 9};
    const auto by_number = Encoded(*row, &v, sizeof v).as<ip_mreqn>();
    EXPECT_EQ(0u, by_number.imr_address.s_addr);
    EXPECT_EQ(9, by_number.imr_ifindex);

    v = {address("::1"), 0};
    EXPECT_EQ(KITH_EINVAL, Encoded(*row, &v, sizeof v).rc);

    EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof out),
              ki_sockopt_decode(row, &in, &out, sizeof out));
    EXPECT_EQ(0, out.local.domain) << "the system chooses";
    std::memcpy(in.data, &by_address.imr_address, sizeof(in_addr));
    EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof out),
              ki_sockopt_decode(row, &in, &out, sizeof out));
    EXPECT_EQ(KITH_INET, out.local.domain);
    EXPECT_EQ(0, std::memcmp(out.local.inet.addr, in.data, 4));
}

TEST(Sockopt, WhatTheSystemNumbersDecodesIntoOurs)
{
    EXPECT_EQ(KITH_INET, decoded(KITH_OPT_SOCKET_DOMAIN, AF_INET));
    EXPECT_EQ(KITH_INET6, decoded(KITH_OPT_SOCKET_DOMAIN, AF_INET6));
    EXPECT_EQ(KITH_LOCAL, decoded(KITH_OPT_SOCKET_DOMAIN, AF_UNIX));
    EXPECT_EQ(KITH_DOMAIN_NATIVE + AF_NETLINK, decoded(KITH_OPT_SOCKET_DOMAIN, AF_NETLINK));
    EXPECT_EQ(KITH_EAFNOSUPPORT, decoded(KITH_OPT_SOCKET_DOMAIN, 1000));

    EXPECT_EQ(KITH_STREAM, decoded(KITH_OPT_SOCKET_TYPE, SOCK_STREAM));
    EXPECT_EQ(KITH_DGRAM, decoded(KITH_OPT_SOCKET_TYPE, SOCK_DGRAM));
    EXPECT_EQ(KITH_SEQPACKET, decoded(KITH_OPT_SOCKET_TYPE, SOCK_SEQPACKET));
    EXPECT_EQ(KITH_ESOCKTNOSUPPORT, decoded(KITH_OPT_SOCKET_TYPE, 77));

    EXPECT_EQ(KITH_TCP, decoded(KITH_OPT_SOCKET_PROTOCOL, IPPROTO_TCP));
    EXPECT_EQ(KITH_UDP, decoded(KITH_OPT_SOCKET_PROTOCOL, IPPROTO_UDP));

    EXPECT_EQ(0, decoded(KITH_OPT_SOCKET_ERROR, 0));
    EXPECT_EQ(KITH_ECONNREFUSED, decoded(KITH_OPT_SOCKET_ERROR, ECONNREFUSED));
}

TEST(Sockopt, ProtocolsAreTheInternetsNumbers)
{
    EXPECT_EQ(IPPROTO_IP, KITH_PROTO_DEFAULT);
    EXPECT_EQ(IPPROTO_IP, KITH_IP);
    EXPECT_EQ(IPPROTO_ICMP, KITH_ICMP);
    EXPECT_EQ(IPPROTO_IGMP, KITH_IGMP);
    EXPECT_EQ(IPPROTO_TCP, KITH_TCP);
    EXPECT_EQ(IPPROTO_UDP, KITH_UDP);
    EXPECT_EQ(IPPROTO_ICMPV6, KITH_ICMPV6);
    EXPECT_EQ(IPPROTO_SCTP, KITH_SCTP);
}

TEST(Sockopt, ATimeGoesBothWaysAndIsNotCutToNothing)
{
    const ki_sockopt *row = ki_sockopt_find(KITH_OPT_SOCKET_RCVTIMEO);
    Native in(sizeof(timeval));
    timeval t = {2, 1};
    kith_ms v = 61234;

    const auto native = Encoded(*row, &v, sizeof v).as<timeval>();
    EXPECT_EQ(61, native.tv_sec);
    EXPECT_EQ(234000, native.tv_usec);
    std::memcpy(in.data, &t, sizeof t);
    EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof v),
              ki_sockopt_decode(row, &in, &v, sizeof v));
    EXPECT_EQ(2001, v);
    v = -1;
    EXPECT_EQ(KITH_EINVAL, Encoded(*row, &v, sizeof v).rc);
}

TEST(Sockopt, ALingerTooLongForAnIntIsTheLongest)
{
    const linger native = {1, -1752346657};    // what Linux tells of one without an end
    Native in(sizeof native);
    kith_linger out{};

    std::memcpy(in.data, &native, sizeof native);
    EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof out),
              ki_sockopt_decode(ki_sockopt_find(KITH_OPT_SOCKET_LINGER), &in, &out,
                                sizeof out));
    EXPECT_TRUE(out.on);
    EXPECT_EQ(INT_MAX, out.seconds);
}

TEST(Sockopt, ATimeTooLongForOursIsTheLongest)
{
    if (sizeof(timeval{}.tv_sec) < sizeof(kith_ms))
        return;    // then none is too long

    const ki_sockopt *row = ki_sockopt_find(KITH_OPT_SOCKET_SNDTIMEO);
    Native in(sizeof(timeval));

    for (const timeval t : {timeval{LONG_MAX / 100, 0}, {LONG_MAX, 999999}}) {
        kith_ms v = 0;

        std::memcpy(in.data, &t, sizeof t);
        EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof v),
                  ki_sockopt_decode(row, &in, &v, sizeof v));
        EXPECT_EQ(INT64_MAX, v);
    }
}

TEST(Sockopt, ATextIsSetWithItsNulOrWithout)
{
    const kith_opt o = KITH_OPT_TCP_CONGESTION;
    const auto text = [&](const char *v, std::size_t len) {
        const Encoded e(o, v, len);

        return e.rc < 0 ? std::string(kith_err_name(e.rc))
                        : std::string(static_cast<const char *>(e.data), e.len);
    };

    EXPECT_EQ(std::string("reno\0", 5), text("reno", 4));
    EXPECT_EQ(std::string("reno\0", 5), text("reno", 5));
    EXPECT_EQ(std::string("\0", 1), text("", 0));
    EXPECT_EQ(std::string("\0", 1), text("", 1));
    EXPECT_EQ("einval", text("re\0o", 4)) << "a NUL inside";
    EXPECT_EQ("einval", text("reno\0", 6));
    EXPECT_EQ(16u, text("abcdefghijklmno", 15).size());
    EXPECT_EQ(16u, text("abcdefghijklmno", 16).size());
    EXPECT_EQ("einval", text("abcdefghijklmnop", 16)) << "no room for its NUL";
    EXPECT_EQ("einval", text("abcdefghijklmnop", 17));
}

TEST(Sockopt, ATextIsReadWithItsNul)
{
    const ki_sockopt *row = ki_sockopt_find(KITH_OPT_TCP_CONGESTION);
    Native in(16);
    char out[17];

    std::memcpy(in.data, "reno", 4);
    for (const unsigned len : {4u, 5u, 16u}) { /* without a NUL, with one, with many */
        in.len = len;
        std::memset(out, 'x', sizeof out);
        EXPECT_EQ(4, ki_sockopt_decode(row, &in, out, 5)) << len;
        EXPECT_STREQ("reno", out);
        EXPECT_EQ(KITH_EINVAL, ki_sockopt_decode(row, &in, out, 4))
            << "no room for the NUL";
    }
    in.len = 0;
    EXPECT_EQ(0, ki_sockopt_decode(row, &in, out, 1));
    EXPECT_STREQ("", out);
    EXPECT_EQ(KITH_EINVAL, ki_sockopt_decode(row, &in, out, 0));
}

TEST(Sockopt, BytesStayAsTheyAre)
{
    const ki_sockopt *row = ki_sockopt_find(KITH_OPT_IP_OPTIONS);
    const std::vector<unsigned char> bytes(400, 7);
    unsigned char out[400];
    Native in(400);

    for (const std::size_t n :
         {0u, 1u, 40u, 400u}) { /* the last are too many for the system */
        const Encoded e(*row, bytes.data(), n);

        ASSERT_EQ(0, e.rc);
        ASSERT_EQ(n, e.len);
        EXPECT_EQ(0, std::memcmp(bytes.data(), e.data, n));
    }
    std::memset(in.data, 9, 400);
    in.len = 3;
    EXPECT_EQ(3, ki_sockopt_decode(row, &in, out, sizeof out));
    EXPECT_EQ(9, out[2]);
    EXPECT_EQ(3, ki_sockopt_decode(row, &in, out, 3));
    EXPECT_EQ(KITH_EINVAL, ki_sockopt_decode(row, &in, out, 2));
}

TEST(Sockopt, CredentialsAreReadByName)
{
    const ki_sockopt *row = ki_sockopt_find(KITH_OPT_SOCKET_PEERCRED);
    const ucred native = {11, 22, 33};
    kith_credentials out{};
    Native in(sizeof native);

    std::memcpy(in.data, &native, sizeof native);
    EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof out),
              ki_sockopt_decode(row, &in, &out, sizeof out));
    EXPECT_EQ(11, out.pid);
    EXPECT_EQ(22u, out.uid);
    EXPECT_EQ(33u, out.gid);
}

TEST(Sockopt, WhatAnOlderSystemDoesNotTellOfAConnectionIsZero)
{
    const ki_sockopt *row = ki_sockopt_find(KITH_OPT_TCP_INFO);
    Native in(ki_sockopt_native_len(row));
    kith_tcp_info out;

    std::memset(in.data, 1, in.len);
    EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof out),
              ki_sockopt_decode(row, &in, &out, sizeof out));
    EXPECT_EQ(1, out.state);
    EXPECT_EQ(0x01010101u, out.rtt_us);
    EXPECT_EQ(UINT64_C(0x0101010101010101), out.bytes_sent);
    in.len = 104; /* as far as Linux 3 went */
    EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof out),
              ki_sockopt_decode(row, &in, &out, sizeof out));
    EXPECT_EQ(0x01010101u, out.total_retrans);
    EXPECT_EQ(0u, out.bytes_sent);
}

TEST(Sockopt, AKeyForAPeerThatCannotBeIsRefused)
{
    kith_md5sig v = {address("10.0.0.1"), 0, 0, 3, "key"};
    const auto rc = [&] { return Encoded(KITH_OPT_TCP_MD5SIG, &v, sizeof v).rc; };

    EXPECT_EQ(0, rc());
    v.prefix_len = 32;
    EXPECT_EQ(0, rc());
    v.prefix_len = 33;
    EXPECT_EQ(KITH_EINVAL, rc());
    v.peer = address("fd00::1");
    EXPECT_EQ(0, rc());
    v.prefix_len = 129;
    EXPECT_EQ(KITH_EINVAL, rc());
    v.prefix_len = 0;
    v.key_len = 81;
    EXPECT_EQ(KITH_EINVAL, rc());
    v.key_len = 80;
    EXPECT_EQ(0, rc());
    v.peer = {};
    EXPECT_EQ(KITH_EINVAL, rc());
    v.peer = address("unix:@x");
    EXPECT_EQ(KITH_EINVAL, rc());
}

TEST(Sockopt, ADomainIsSetByItsNumberOfOurs)
{
    const int inet = KITH_INET, none = 77;

    EXPECT_EQ(AF_INET, Encoded(KITH_OPT_IPV6_ADDRFORM, &inet, sizeof inet).as<int>());
    EXPECT_EQ(KITH_EINVAL, Encoded(KITH_OPT_IPV6_ADDRFORM, &none, sizeof none).rc);
}

/* Zeros that are a value of the kind. */
bool
takes_zeros(const ki_sockopt &row)
{
    switch (row.kind) {
    case KI_OPT_DOMAIN:
    case KI_OPT_TYPE:
    case KI_OPT_MREQ:
    case KI_OPT_MREQ_SOURCE:
    case KI_OPT_MSFILTER:
    case KI_OPT_MD5SIG:
        return false;
    default:
        return true;
    }
}

bool
has_any_length(const ki_sockopt &row)
{
    return row.kind == KI_OPT_TEXT || row.kind == KI_OPT_BYTES;
}

TEST(Sockopt, AWrongLengthIsRefused)
{
    std::vector<unsigned char> bytes(3000);

    for (const ki_sockopt &row : rows()) {
        if (row.native_number < 0)
            continue;
        const Native native(ki_sockopt_native_len(&row));
        for (std::size_t len = 0; len < bytes.size(); len += len < 600 ? 1 : 97) {
            const bool set = has_any_length(row) ? len <= row.len : len == row.len,
                       get = has_any_length(row) || len >= row.len;

            EXPECT_EQ(!row.set ? KITH_ENOPROTOOPT
                      : set    ? 0
                               : KITH_EINVAL,
                      ki_sockopt_may_set(&row, len))
                << full_name(row) << ' ' << len;
            EXPECT_EQ(!row.get ? KITH_ENOPROTOOPT
                      : get    ? 0
                               : KITH_EINVAL,
                      ki_sockopt_may_get(&row, len))
                << full_name(row) << ' ' << len;
            if (row.set && (!set || takes_zeros(row)) && row.kind != KI_OPT_TEXT) {
                EXPECT_EQ(ki_sockopt_may_set(&row, len), Encoded(row, bytes.data(), len).rc)
                    << full_name(row) << ' ' << len;
            }
            if (row.get && takes_zeros(row) && !has_any_length(row)) {
                EXPECT_EQ(get ? row.len : std::ptrdiff_t{KITH_EINVAL},
                          ki_sockopt_decode(&row, &native, bytes.data(), len))
                    << full_name(row) << ' ' << len;
            }
        }
    }
}

TEST(Sockopt, AnAnswerTooShortIsRefused)
{
    unsigned char bytes[2048];

    for (const ki_sockopt &row : rows()) {
        const bool may_be_short = row.kind == KI_OPT_CONNECTION ||
                                  row.kind == KI_OPT_ALIKE || row.kind == KI_OPT_SCTP;
        const unsigned full = may_be_short ? 1 : ki_sockopt_native_len(&row);

        if (row.native_number < 0 || !row.get || has_any_length(row))
            continue;
        Native in(full);
        for (unsigned len = 0; len < full; len++) {
            in.len = len;
            EXPECT_EQ(KITH_EINVAL, ki_sockopt_decode(&row, &in, bytes, sizeof bytes))
                << full_name(row) << ' ' << len;
        }
    }
}

TEST(Sockopt, WhatCannotBeReadOrSetHasNoNativeForm)
{
    unsigned char bytes[2048] = {};
    const Native native(sizeof bytes);

    for (const ki_sockopt &row : rows()) {
        if (!row.set || row.native_number < 0) {
            EXPECT_EQ(KITH_ENOPROTOOPT, Encoded(row, bytes, row.len).rc) << full_name(row);
        }
        if (!row.get || row.native_number < 0) {
            EXPECT_EQ(KITH_ENOPROTOOPT,
                      ki_sockopt_decode(&row, &native, bytes, sizeof bytes))
                << full_name(row);
        }
    }
}

TEST(Sockopt, ValuesNeedNoAlignment)
{
    alignas(8) unsigned char bytes[2 * sizeof(int)] = {};
    const ki_sockopt *row = ki_sockopt_find(KITH_OPT_SOCKET_SNDBUF);
    const int v = 123456;
    int back = 0;

    std::memcpy(bytes + 1, &v, sizeof v);
    const Encoded native(*row, bytes + 1, sizeof v);
    EXPECT_EQ(v, native.as<int>());
    std::memset(bytes, 0, sizeof bytes);
    ASSERT_EQ(static_cast<std::ptrdiff_t>(sizeof v),
              ki_sockopt_decode(row, &native, bytes + 1, sizeof v));
    std::memcpy(&back, bytes + 1, sizeof back);
    EXPECT_EQ(v, back);
}

}    // namespace
