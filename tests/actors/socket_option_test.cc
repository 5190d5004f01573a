/* SPDX-License-Identifier: Apache-2.0
 * socket_option_test.cc -- options by name, by the system's numbers, and those of kith itself. */
#include "tests/support/sockets.h"

#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace
{

using SocketOption = kt_inets<>;

KT_INETS(SocketOption);

int
get(kith_socket s, kith_opt o)
{
    int v = -1;

    EXPECT_EQ(0, kith_socket_getopt_int(s, o, &v)) << o;
    return v;
}

TEST_P(SocketOption, BoolsAreSetAndReadAsZeroAndOne)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open();

        for (const kith_opt o : {KITH_OPT_SOCKET_REUSEADDR, KITH_OPT_SOCKET_REUSEPORT,
                                 KITH_OPT_SOCKET_KEEPALIVE, KITH_OPT_SOCKET_OOBINLINE,
                                 KITH_OPT_TCP_NODELAY, KITH_OPT_TCP_CORK}) {
            EXPECT_EQ(0, get(s, o)) << o;
            EXPECT_EQ(0, kith_socket_setopt_int(s, o, 1)) << o;
            EXPECT_EQ(1, get(s, o)) << o;
            EXPECT_EQ(0, kith_socket_setopt_int(s, o, 0)) << o;
            EXPECT_EQ(0, get(s, o)) << o;
        }
        kt_close(s);
    });
}

TEST_P(SocketOption, IntsKeepTheirValue)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open();
        const kith_opt hops =
            kt_inet() == KITH_INET ? KITH_OPT_IP_TTL : KITH_OPT_IPV6_UNICAST_HOPS;
        const struct {
            kith_opt o;
            int v;
        } rows[] = {{KITH_OPT_TCP_KEEPIDLE, 77},
                    {KITH_OPT_TCP_KEEPINTVL, 7},
                    {KITH_OPT_TCP_KEEPCNT, 3},
                    {KITH_OPT_TCP_USER_TIMEOUT, 1234},
                    {hops, 9},
                    {KITH_OPT_SOCKET_RCVLOWAT, 5}};

        for (const auto &row : rows) {
            EXPECT_EQ(0, kith_socket_setopt_int(s, row.o, row.v)) << row.o;
            EXPECT_EQ(row.v, get(s, row.o)) << row.o;
        }
        kt_close(s);
    });
}

TEST_F(SocketOption, BuffersAreAtLeastAsLargeAsAsked)
{
    for (const int domain : {KITH_INET, KITH_INET6, KITH_LOCAL})
        by_process_and_thread([domain] {
            const kith_socket s = kt_open(domain);

            EXPECT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_SOCKET_SNDBUF, 30000));
            EXPECT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_SOCKET_RCVBUF, 40000));
            EXPECT_GE(get(s, KITH_OPT_SOCKET_SNDBUF), 30000);
            EXPECT_GE(get(s, KITH_OPT_SOCKET_RCVBUF), 40000);
            kt_close(s);
        });
}

TEST_P(SocketOption, LingerTravelsAsAStruct)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open();
        kith_linger in = {true, 3}, out = {};
        int v;

        EXPECT_EQ(0, kith_socket_setopt(s, KITH_OPT_SOCKET_LINGER, &in, sizeof in));
        EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof out),
                  kith_socket_getopt(s, KITH_OPT_SOCKET_LINGER, &out, sizeof out));
        EXPECT_TRUE(out.on);
        EXPECT_EQ(3, out.seconds);
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt_int(s, KITH_OPT_SOCKET_LINGER, 1));
        EXPECT_EQ(KITH_EINVAL, kith_socket_getopt_int(s, KITH_OPT_SOCKET_LINGER, &v));
        in.on = false;
        EXPECT_EQ(0, kith_socket_setopt(s, KITH_OPT_SOCKET_LINGER, &in, sizeof in));
        kt_close(s);
    });
}

TEST_P(SocketOption, LingerOfZeroResetsTheConnection)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        const kith_linger zero = {true, 0};
        char c;

        ASSERT_EQ(0,
                  kith_socket_setopt(p.near, KITH_OPT_SOCKET_LINGER, &zero, sizeof zero));
        kt_close(p.near);

        EXPECT_EQ(KITH_ECONNRESET, kith_socket_recv(p.far, &c, 1, 0, kt_long()));
        kt_close(p.far);
    });
}

TEST_P(SocketOption, ErrorIsACodeAndReadingClearsIt)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        const kith_linger zero = {true, 0};

        EXPECT_EQ(0, get(p.far, KITH_OPT_SOCKET_ERROR));
        ASSERT_EQ(0,
                  kith_socket_setopt(p.near, KITH_OPT_SOCKET_LINGER, &zero, sizeof zero));
        kt_close(p.near);

        int v = 0;
        EXPECT_TRUE(
            kt_eventually([&] { return (v = get(p.far, KITH_OPT_SOCKET_ERROR)) != 0; }));
        EXPECT_EQ(KITH_ECONNRESET, v);
        EXPECT_EQ(0, get(p.far, KITH_OPT_SOCKET_ERROR));
        kt_close(p.far);
    });
}

TEST_F(SocketOption, ASocketTellsWhatItIs)
{
    const struct {
        int domain, protocol;
    } rows[] = {{KITH_INET, KITH_TCP}, {KITH_INET6, KITH_TCP}, {KITH_LOCAL, 0}};

    for (const auto &row : rows)
        by_process_and_thread([row] {
            const kith_socket s = kt_open(row.domain);

            EXPECT_EQ(row.domain, get(s, KITH_OPT_SOCKET_DOMAIN));
            EXPECT_EQ(KITH_STREAM, get(s, KITH_OPT_SOCKET_TYPE));
            EXPECT_EQ(row.protocol, get(s, KITH_OPT_SOCKET_PROTOCOL));
            EXPECT_EQ(row.domain, get(s, KITH_OPT_OTP_DOMAIN));
            EXPECT_EQ(KITH_STREAM, get(s, KITH_OPT_OTP_TYPE));
            EXPECT_EQ(row.protocol, get(s, KITH_OPT_OTP_PROTOCOL));
            EXPECT_GE(get(s, KITH_OPT_OTP_FD), 0);
            EXPECT_EQ(0, get(s, KITH_OPT_SOCKET_ACCEPTCONN));
            kt_close(s);
        });
}

TEST_P(SocketOption, AListenerSaysThatItListens)
{
    by_process_and_thread([] {
        const kith_socket l = kt_listen(kt_place());

        EXPECT_EQ(1, get(l, KITH_OPT_SOCKET_ACCEPTCONN));
        kt_close(l);
    });
}

TEST_P(SocketOption, WhatIsReadOnlyIsNotSet)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open();

        EXPECT_EQ(KITH_ENOPROTOOPT, kith_socket_setopt_int(s, KITH_OPT_SOCKET_ERROR, 0));
        EXPECT_EQ(KITH_ENOPROTOOPT, kith_socket_setopt_int(s, KITH_OPT_SOCKET_TYPE, 1));
        EXPECT_EQ(KITH_ENOPROTOOPT, kith_socket_setopt_int(s, KITH_OPT_OTP_DOMAIN, 1));
        EXPECT_EQ(KITH_ENOPROTOOPT, kith_socket_setopt_int(s, KITH_OPT_OTP_FD, 1));
        kt_close(s);
    });
}

TEST_P(SocketOption, WrongLengthsAndNumbersAreInvalid)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open();
        kith_linger linger = {};
        char small[2];
        int v = 1;

        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s, KITH_OPT_TCP_NODELAY, &v, 1));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s, KITH_OPT_TCP_NODELAY, &v, 8));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s, KITH_OPT_TCP_NODELAY, nullptr, 4));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s, KITH_OPT_SOCKET_LINGER, &linger, 4));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s, 0x0fff, &v, sizeof v));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt_int(s, -1, 1));
        EXPECT_EQ(KITH_EINVAL, kith_socket_getopt(s, KITH_OPT_TCP_NODELAY, small, 2));
        EXPECT_EQ(KITH_EINVAL, kith_socket_getopt(s, KITH_OPT_SOCKET_LINGER, &linger, 1));
        EXPECT_EQ(KITH_EINVAL, kith_socket_getopt(s, KITH_OPT_OTP_DOMAIN, small, 2));
        EXPECT_EQ(KITH_EINVAL, kith_socket_getopt(s, KITH_OPT_TCP_NODELAY, nullptr, 4));
        EXPECT_EQ(KITH_EINVAL, kith_socket_getopt(s, 0x0fff, &v, sizeof v));
        EXPECT_EQ(KITH_EINVAL, kith_socket_getopt_int(s, 0x0fff, &v));
        EXPECT_EQ(KITH_EINVAL, kith_socket_getopt_int(s, KITH_OPT_TCP_NODELAY, nullptr));
        EXPECT_EQ(0, get(s, KITH_OPT_TCP_NODELAY)) << "none of them did a thing";
        kt_close(s);
    });
}

TEST_F(SocketOption, ALocalSocketLacksThoseOfTcp)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open(KITH_LOCAL);
        int v;

        EXPECT_LT(kith_socket_setopt_int(s, KITH_OPT_TCP_NODELAY, 1), 0);
        EXPECT_LT(kith_socket_getopt_int(s, KITH_OPT_TCP_NODELAY, &v), 0);
        kt_close(s);
    });
}

TEST_P(SocketOption, NativeOnesTakeTheSystemsNumbersAndBytes)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open();
        int on = 1, v = 0;
        char small[1];

        EXPECT_EQ(0, kith_socket_setopt_native(s, IPPROTO_TCP, TCP_NODELAY, KITH_IOV(on)));
        EXPECT_EQ(1, get(s, KITH_OPT_TCP_NODELAY));
        EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof v),
                  kith_socket_getopt_native(s, IPPROTO_TCP, TCP_NODELAY, KITH_IOV(v)));
        EXPECT_EQ(1, v);
        EXPECT_EQ(KITH_ENOPROTOOPT,
                  kith_socket_setopt_native(s, SOL_SOCKET, 99999, KITH_IOV(on)));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt_native(s, SOL_SOCKET, SO_KEEPALIVE,
                                                         kith_iov_of(&on, 1)));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt_native(s, SOL_SOCKET, SO_KEEPALIVE,
                                                         kith_iov_of(nullptr, 4)));
        EXPECT_EQ(1,
                  kith_socket_getopt_native(s, SOL_SOCKET, SO_TYPE, kith_iov_of(small, 1)))
            << "the system cuts, and says so";
        kt_close(s);
    });
}

TEST_F(SocketOption, AnInet6ListenerTakesBothUnlessV6only)
{
    /* Nobody else listens at this address of the one family, whatever has the port in the other. */
    kith_sockaddr to = kt_own_address(0, KITH_INET);
    const kith_sockaddr six = kt_own_address(6, KITH_INET6);
    const kith_sockaddr any = kith_sockaddr_any(KITH_INET6, kith_sockaddr_port(&six));

    to.inet.port = kith_sockaddr_port(&any);
    by_process_and_thread([&any, &to] {
        for (const int only : {0, 1}) {
            const kith_socket l = kt_open(KITH_INET6), s = kt_open(KITH_INET);

            ASSERT_EQ(0, kith_socket_setopt_int(l, KITH_OPT_SOCKET_REUSEADDR, 1));
            ASSERT_EQ(0, kith_socket_setopt_int(l, KITH_OPT_IPV6_V6ONLY, only));
            ASSERT_EQ(0, kith_socket_bind(l, &any));
            ASSERT_EQ(0, kith_socket_listen(l, 5));
            EXPECT_EQ(only ? KITH_ECONNREFUSED : 0, kith_socket_connect(s, &to, kt_long()));
            kt_close(s);
            kt_close(l);
        }
    });
}

TEST_P(SocketOption, ReuseaddrTakesAPortOverFromConnectionsThatLinger)
{
    by_process_and_thread([] {
        const kith_socket l = kt_open();
        const kith_sockaddr at = kt_own_address(3);

        ASSERT_EQ(0, kith_socket_setopt_int(l, KITH_OPT_SOCKET_REUSEADDR, 1));
        ASSERT_EQ(0, kith_socket_bind(l, &at));
        ASSERT_EQ(0, kith_socket_listen(l, 5));
        const kt_pair p = kt_connect(l);
        char c;

        kt_close(p.far); /* this end goes to TIME_WAIT */
        EXPECT_EQ(0, kith_socket_recv(p.near, &c, 1, 0, kt_long()));
        kt_close(p.near);
        kt_close(l);

        const kith_socket again = kt_open();
        EXPECT_EQ(0, kith_socket_setopt_int(again, KITH_OPT_SOCKET_REUSEADDR, 1));
        EXPECT_EQ(0, kith_socket_bind(again, &at));
        EXPECT_EQ(0, kith_socket_listen(again, 5));
        kt_close(again);
    });
}

TEST_P(SocketOption, AreReachedWhileOthersWaitOnTheSocket)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();
        const kith_pid reader = spawn([p] {
            char c;

            kt_ignore(kith_socket_recv(p.far, &c, 1, 0, KITH_INFINITY));
        });

        ASSERT_TRUE(kt_eventually([=] { return kt_waits(reader, "socket_recv"); }));
        EXPECT_EQ(0, kith_socket_setopt_int(p.far, KITH_OPT_TCP_NODELAY, 1));
        EXPECT_EQ(1, get(p.far, KITH_OPT_TCP_NODELAY));
        kill(reader);
        kt_close(p);
    });
}

}    // namespace
