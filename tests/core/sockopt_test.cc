/* SPDX-License-Identifier: Apache-2.0
 * sockopt_test.cc -- the option table: its rows, and values there and back. */
#include "core/sockopt.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <set>
#include <span>
#include <string>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <kith/sockaddr.h>

namespace
{

std::span<const ki_sockopt>
rows()
{
    std::size_t n;
    const ki_sockopt *first = ki_sockopt_rows(&n);

    return {first, n};
}

std::string
full_name(const ki_sockopt &row)
{
    return std::string(row.level) + "." + row.name;
}

ki_optval
native_int(int v)
{
    ki_optval out{};

    std::memcpy(out.bytes, &v, sizeof v);
    out.len = sizeof v;
    return out;
}

int
int_of(const ki_optval &v)
{
    int out = 0;

    EXPECT_EQ(sizeof out, v.len);
    std::memcpy(&out, v.bytes, sizeof out);
    return out;
}

/* What a native int is for the user. */
int
decoded(kith_opt id, int native)
{
    const ki_optval in = native_int(native);
    int out = -12345;
    const std::ptrdiff_t n = ki_sockopt_decode(ki_sockopt_find(id), &in, &out, sizeof out);

    return n < 0 ? static_cast<int>(n) : out;
}

TEST(SockoptTable, EveryRowIsFoundByItsId)
{
    EXPECT_EQ(32u, rows().size());
    for (const ki_sockopt &row : rows())
        EXPECT_EQ(&row, ki_sockopt_find(row.id)) << full_name(row);
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

TEST(SockoptTable, EveryRowCanBeReadAndHasALength)
{
    for (const ki_sockopt &row : rows()) {
        EXPECT_TRUE(row.get) << full_name(row);
        EXPECT_GT(row.len, 0u) << full_name(row);
        EXPECT_LE(ki_sockopt_native_len(&row), sizeof(ki_optval::bytes)) << full_name(row);
        EXPECT_EQ(row.kind == KI_OPT_OTP, ki_sockopt_native_len(&row) == 0);
    }
    EXPECT_TRUE(ki_sockopt_is_int(ki_sockopt_find(KITH_OPT_TCP_NODELAY)));
    EXPECT_TRUE(ki_sockopt_is_int(ki_sockopt_find(KITH_OPT_OTP_RCVBUF)));
    EXPECT_FALSE(ki_sockopt_is_int(ki_sockopt_find(KITH_OPT_SOCKET_LINGER)));
    EXPECT_FALSE(ki_sockopt_is_int(ki_sockopt_find(KITH_OPT_OTP_CONTROLLING_PROCESS)));
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
            ki_optval native{};

            ASSERT_EQ(0, ki_sockopt_encode(&row, &v, sizeof v, &native)) << full_name(row);
            EXPECT_EQ(seen, int_of(native)) << full_name(row);
            EXPECT_EQ(ki_sockopt_native_len(&row), native.len);
            EXPECT_EQ(seen, decoded(row.id, v)) << full_name(row);
        }
    }
}

TEST(Sockopt, LingerGoesBothWays)
{
    const ki_sockopt *row = ki_sockopt_find(KITH_OPT_SOCKET_LINGER);
    kith_linger out{};
    ki_optval native{};

    for (const kith_linger in : {kith_linger{true, 7}, {false, 0}, {true, 0}}) {
        struct linger l {};

        ASSERT_EQ(0, ki_sockopt_encode(row, &in, sizeof in, &native));
        ASSERT_EQ(sizeof l, native.len);
        std::memcpy(&l, native.bytes, sizeof l);
        EXPECT_EQ(in.on, l.l_onoff != 0);
        EXPECT_EQ(in.seconds, l.l_linger);

        ASSERT_EQ(static_cast<std::ptrdiff_t>(sizeof out),
                  ki_sockopt_decode(row, &native, &out, sizeof out));
        EXPECT_EQ(in.on, out.on);
        EXPECT_EQ(in.seconds, out.seconds);
    }
    const kith_linger bad = {true, -1};
    EXPECT_EQ(KITH_EINVAL, ki_sockopt_encode(row, &bad, sizeof bad, &native));
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

TEST(Sockopt, AWrongLengthIsRefused)
{
    unsigned char bytes[64] = {};
    ki_optval native{};

    for (const ki_sockopt &row : rows()) {
        if (row.native_number < 0)
            continue;
        native.len = ki_sockopt_native_len(&row);
        for (std::size_t len = 0; len < sizeof bytes; len++) {
            if (row.set) {
                EXPECT_EQ(len == row.len, ki_sockopt_encode(&row, bytes, len, &native) == 0)
                    << full_name(row) << ' ' << len;
            }
            if (row.kind == KI_OPT_DOMAIN || row.kind == KI_OPT_TYPE)
                continue;    // zeros are no domain and no type
            const std::ptrdiff_t n = ki_sockopt_decode(&row, &native, bytes, len);
            EXPECT_EQ(len < row.len ? std::ptrdiff_t{KITH_EINVAL} : row.len, n)
                << full_name(row) << ' ' << len;
        }
    }
}

TEST(Sockopt, AnAnswerTooShortIsRefused)
{
    unsigned char bytes[64];

    for (const ki_sockopt &row : rows()) {
        if (row.native_number < 0)
            continue;
        for (unsigned len = 0; len < ki_sockopt_native_len(&row); len++) {
            ki_optval in{};
            in.len = len;
            EXPECT_EQ(KITH_EINVAL, ki_sockopt_decode(&row, &in, bytes, sizeof bytes))
                << full_name(row) << ' ' << len;
        }
    }
}

TEST(Sockopt, ReadOnlyMissingAndOwnRowsHaveNoNativeForm)
{
    unsigned char bytes[64] = {};
    ki_optval native{};

    for (const ki_sockopt &row : rows()) {
        if (!row.set || row.native_number < 0) {
            EXPECT_EQ(KITH_ENOPROTOOPT, ki_sockopt_encode(&row, bytes, row.len, &native))
                << full_name(row);
        }
        if (row.native_number < 0) {
            EXPECT_EQ(KITH_ENOPROTOOPT, ki_sockopt_decode(&row, &native, bytes, 64))
                << full_name(row);
        }
    }
}

TEST(Sockopt, ValuesNeedNoAlignment)
{
    alignas(8) unsigned char bytes[2 * sizeof(int)] = {};
    const ki_sockopt *row = ki_sockopt_find(KITH_OPT_SOCKET_SNDBUF);
    const int v = 123456;
    ki_optval native{};
    int back = 0;

    std::memcpy(bytes + 1, &v, sizeof v);
    ASSERT_EQ(0, ki_sockopt_encode(row, bytes + 1, sizeof v, &native));
    ASSERT_EQ(static_cast<std::ptrdiff_t>(sizeof v),
              ki_sockopt_decode(row, &native, bytes + 1, sizeof v));
    std::memcpy(&back, bytes + 1, sizeof back);
    EXPECT_EQ(v, back);
}

}    // namespace
