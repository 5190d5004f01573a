/* SPDX-License-Identifier: Apache-2.0
 * socket_net_test.cc -- net.h: the common openings in one call. */
#include "tests/support/sockets.h"

#include <cstring>
#include <string>

namespace
{

using Net = kt_inets<>;

KT_INETS(Net);

void
expect_bytes_pass(const std::string &where)
{
    kith_socket l, near, far;
    char c = 0;

    ASSERT_EQ(0, kith_tcp_listen(where.c_str(), &l)) << where;
    EXPECT_EQ(kith_self(), kt_owner(l));
    const std::string at = kt_text(kt_name_of(l));
    ASSERT_EQ(0, kith_tcp_connect(at.c_str(), kt_long(), &near)) << at;
    EXPECT_EQ(kith_self(), kt_owner(near));
    ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &far));
    EXPECT_EQ(1, kith_socket_send(near, "x", 1, 0, kt_long()));
    EXPECT_EQ(1, kith_socket_recv(far, &c, 1, 0, kt_long()));
    EXPECT_EQ('x', c);
    kt_close(near);
    kt_close(far);
    kt_close(l);
}

TEST_F(Net, ListensAndConnectsByText)
{
    by_process_and_thread([] {
        const kt_place path(kt_domain::path), abstract(kt_domain::abstract);

        expect_bytes_pass("127.0.0.1:0");
        expect_bytes_pass("[::1]:0");
        expect_bytes_pass(kt_text(path.address()));
        expect_bytes_pass(kt_text(abstract.address()));
    });
}

/* The name is of inet alone on many machines. */
TEST_F(Net, ConnectsByName)
{
    by_process_and_thread([] {
        kith_socket l, near;

        ASSERT_EQ(0, kith_tcp_listen("127.0.0.1:0", &l));
        const kith_sockaddr a = kt_name_of(l);
        const std::string port = std::to_string(kith_sockaddr_port(&a));
        ASSERT_EQ(0, kith_tcp_connect(("localhost:" + port).c_str(), kt_long(), &near));
        kt_close(near);
        kt_close(l);
    });
}

TEST_P(Net, ListensAgainAtOnceAfterAConnectionWasClosedThere)
{
    by_process_and_thread([] {
        const std::string at = kt_text(kt_own_address(4));
        kith_socket l;

        ASSERT_EQ(0, kith_tcp_listen(at.c_str(), &l)) << at;
        for (int i = 0; i < 3; i++) {
            const kt_pair p = kt_connect(l);

            kt_close(p.far);
            kt_close(p.near);
            kt_close(l);
            ASSERT_EQ(0, kith_tcp_listen(at.c_str(), &l)) << at;
        }
        kt_close(l);
    });
}

TEST_P(Net, WhatFailsLeavesNoSocket)
{
    by_process_and_thread([] {
        const kith_socket l = kt_listen(kt_place());
        const std::string taken = kt_text(kt_name_of(l)), nobody = kt_text(kt_loopback(1));
        const std::size_t before = kt_descriptors().size();
        kith_socket s = {0};

        EXPECT_EQ(KITH_EADDRINUSE, kith_tcp_listen(taken.c_str(), &s));
        EXPECT_EQ(KITH_EINVAL, kith_tcp_listen("no address", &s));
        EXPECT_EQ(KITH_EINVAL, kith_tcp_listen(nullptr, &s));
        EXPECT_EQ(KITH_EINVAL, kith_tcp_listen(taken.c_str(), nullptr));
        EXPECT_EQ(KITH_EINVAL, kith_tcp_connect("", kt_long(), &s));
        EXPECT_EQ(KITH_EINVAL, kith_tcp_connect(nullptr, kt_long(), &s));
        EXPECT_EQ(KITH_EINVAL, kith_tcp_connect("host:", kt_long(), &s));
        EXPECT_EQ(KITH_EINVAL, kith_tcp_connect("host:70000", kt_long(), &s));
        EXPECT_EQ(KITH_EINVAL, kith_tcp_connect(":80", kt_long(), &s));
        EXPECT_EQ(KITH_EINVAL, kith_tcp_connect(taken.c_str(), KITH_NOWAIT, &s));
        EXPECT_EQ(KITH_ECONNREFUSED, kith_tcp_connect(nobody.c_str(), kt_long(), &s));
        EXPECT_EQ(0u, s.id);
        EXPECT_EQ(before, kt_descriptors().size());
        kt_close(l);
    });
}

TEST_F(Net, ResolvesLiteralsAndNamesWithTheirPort)
{
    by_process_and_thread([] {
        kith_sockaddr out[8];

        ASSERT_EQ(1, kith_resolve("127.0.0.1", 80, out, 8, kt_long()));
        EXPECT_EQ("127.0.0.1:80", kt_text(out[0]));
        ASSERT_EQ(1, kith_resolve("::1", 81, out, 8, kt_long()));
        EXPECT_EQ("[::1]:81", kt_text(out[0]));
        const int n = kith_resolve("localhost", 82, out, 8, kt_long());
        ASSERT_GE(n, 1);
        for (int i = 0; i < n && i < 8; i++)
            EXPECT_EQ(82, kith_sockaddr_port(&out[i]));
        const int one = kith_resolve("localhost", 83, out, 1, kt_long());
        EXPECT_EQ(1, one) << "those that were written";
        EXPECT_EQ(KITH_EINVAL, kith_resolve("localhost", 83, out, 0, kt_long()));
        EXPECT_EQ(KITH_EINVAL, kith_resolve("", 1, out, 8, kt_long()));
        EXPECT_EQ(KITH_EINVAL, kith_resolve(nullptr, 1, out, 8, kt_long()));
        EXPECT_LT(kith_resolve("no such host", 1, out, 8, kt_long()), 0);
    });
}

}    // namespace
