/* SPDX-License-Identifier: Apache-2.0
 * socket_netns_test.cc -- sockets of other network namespaces than the program's own. */
#include "tests/support/netns.h"
#include "tests/support/packets.h"

#include <string>

#include <net/if.h>
#include <netinet/in.h>

namespace
{

class SocketNetns : public kt_sockets, public testing::WithParamInterface<kt_domain> {
  protected:
    static int domain()
    {
        return GetParam() == kt_domain::inet ? KITH_INET : KITH_INET6;
    }

    static bool v4()
    {
        return GetParam() == kt_domain::inet;
    }

    static std::ptrdiff_t sendto(kith_socket s, const kith_sockaddr &to, unsigned flags = 0)
    {
        return kith_socket_sendto(s, "x", 1, &to, flags, kt_long());
    }

    static void bind(kith_socket s, const kith_sockaddr &a)
    {
        EXPECT_EQ(0, kith_socket_bind(s, &a));
    }
};

KT_INETS(SocketNetns);

TEST_P(SocketNetns, LoopbacksOfTwoNamespacesAreTwo)
{
    KT_NEEDS_NETNS();
    const kt_netns a, b;
    const kith_sockaddr lo = kith_sockaddr_loopback(domain(), 4711);

    by_process_and_thread([&] {
        const kith_socket one = a.open(domain(), KITH_DGRAM);
        const kith_socket two = b.open(domain(), KITH_DGRAM);
        const kith_socket client = b.open(domain(), KITH_DGRAM);
        char buf[8];

        bind(one, lo);
        bind(two, lo);
        ASSERT_EQ(2, kith_socket_sendto(client, "hi", 2, &lo, 0, kt_long()));
        EXPECT_EQ(2, kith_socket_recv(two, buf, sizeof buf, 0, kt_long()));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(one, buf, sizeof buf, 0, 0));
        for (kith_socket s : {one, two, client})
            kt_close(s);
    });
}

TEST_P(SocketNetns, AConnectionGoesOverTheCable)
{
    KT_NEEDS_NETNS();
    const kt_netns a, b;

    kt_cable(a, b);
    by_process_and_thread([&] {
        const kith_socket l = b.open(domain(), KITH_STREAM);
        const kith_socket c = a.open(domain(), KITH_STREAM);
        kith_sockaddr to = kt_at_cable(domain(), 2), from = kt_at_cable(domain(), 1);
        kith_socket s;
        char buf[8];

        bind(l, to);
        ASSERT_EQ(0, kith_socket_listen(l, 1));
        to = kt_name_of(l);
        bind(c, from);
        ASSERT_EQ(0, kith_socket_connect(c, &to, kt_long()));
        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &s));
        ASSERT_EQ(0, kith_socket_peername(s, &from));
        EXPECT_EQ(kt_text(kt_name_of(c)), kt_text(from));
        ASSERT_EQ(5, kith_socket_send(c, "hello", 5, 0, kt_long()));
        ASSERT_EQ(5, kith_socket_recv(s, buf, 5, KITH_MSG_WAITALL, kt_long()));
        EXPECT_EQ("hello", std::string(buf, 5));
        for (kith_socket one : {l, c, s})
            kt_close(one);
    });
}

TEST_F(SocketNetns, TheProgramsThreadsStayWhereTheyAre)
{
    KT_NEEDS_NETNS();
    const kt_netns a, b;
    const auto has_cable = [] { return if_nametoindex("cable1") != 0; };

    kt_cable(a, b);
    for (const kt_netns *one : {&a, &b})
        one->in([&] { EXPECT_TRUE(has_cable()); });
    EXPECT_FALSE(has_cable());
    in_process([&] { EXPECT_FALSE(has_cable()); });
}

/* ---- flags and errors that take two hosts ---- */

/* From a over r to b: r is a neighbour of a, b is not. */
TEST_P(SocketNetns, DontrouteReachesNeighboursOnly)
{
    KT_NEEDS_NETNS();
    const kt_netns a, r, b;

    kt_cable(a, r, 1);
    kt_cable(r, b, 2);
    a.ip("route add 10.77.2.0/24 via 10.77.1.2\nroute add fd77:2::/64 via fd77:1::2");
    r.set("ipv4/ip_forward", 1);
    r.set("ipv6/conf/all/forwarding", 1);
    by_process_and_thread([&] {
        const kith_socket s = a.open(domain(), KITH_DGRAM);
        const kith_socket near = r.open(domain(), KITH_DGRAM);
        const kith_socket far = b.open(domain(), KITH_DGRAM);
        char buf[2];

        bind(near, kt_at_cable(domain(), 2, 4711, 1));
        bind(far, kt_at_cable(domain(), 2, 4711, 2));
        ASSERT_EQ(1, sendto(s, kt_name_of(far)));
        EXPECT_EQ(1, kith_socket_recv(far, buf, 2, 0, kt_long()));
        ASSERT_EQ(1, sendto(s, kt_name_of(near), KITH_MSG_DONTROUTE));
        EXPECT_EQ(1, kith_socket_recv(near, buf, 2, 0, kt_long()));
        /* Linux heeds it for IPv4, and routes IPv6 all the same. */
        const std::ptrdiff_t n = sendto(s, kt_name_of(far), KITH_MSG_DONTROUTE);
        EXPECT_EQ(v4() ? KITH_ENETUNREACH : 1, n) << kith_strerror(static_cast<int>(n));
        for (kith_socket one : {s, near, far})
            kt_close(one);
    });
}

/* Two neighbours that do not exist and so never answer for themselves. The kernel has to be told
 * for a second that one is alive, then it believes it. */
TEST_F(SocketNetns, ConfirmMakesANeighbourReachable)
{
    KT_NEEDS_NETNS();
    const kt_netns a, b;
    const int domains[] = {KITH_INET, KITH_INET6};
    const auto state = [&](const char *host) {
        return a.ip_tells("neigh show to " + std::string(host));
    };
    const auto is_reachable = [&](const char *host) {
        return state(host).find("REACHABLE") != std::string::npos;
    };

    kt_cable(a, b);
    /* Seconds, in which two sends and a look between them have to fit. */
    for (const char *family : {"ipv4", "ipv6"})
        a.set(family + std::string("/neigh/cable1/delay_first_probe_time"), 3);
    for (const char *host : {"10.77.1.7", "10.77.1.8", "fd77:1::7", "fd77:1::8"})
        a.ip("neigh replace " + std::string(host) +
             " lladdr 02:00:00:00:00:07 nud stale dev cable1");
    in_process([&] {
        kith_socket s[2];

        for (int i = 0; i < 2; i++)
            s[i] = a.open(domains[i], KITH_DGRAM);
        EXPECT_TRUE(kt_eventually(
            [&] {
                for (int i = 0; i < 2; i++) {
                    EXPECT_EQ(1, sendto(s[i], kt_at_cable(domains[i], 7, 4711),
                                        KITH_MSG_CONFIRM));
                    EXPECT_EQ(1, sendto(s[i], kt_at_cable(domains[i], 8, 4711)));
                }
                return is_reachable("10.77.1.7") && is_reachable("fd77:1::7");
            },
            20'000))
            << state("10.77.1.7") << state("fd77:1::7");
        for (const char *host : {"10.77.1.8", "fd77:1::8"})
            EXPECT_FALSE(is_reachable(host)) << state(host);
        for (kith_socket one : s)
            kt_close(one);
    });
}

/* A cable takes 1500 bytes at once. */
TEST_P(SocketNetns, TheErrorQueueTellsThePathsGreatestSize)
{
    KT_NEEDS_NETNS();
    const kt_netns a, b;

    kt_cable(a, b);
    by_process_and_thread([&] {
        const kith_socket s = a.open(domain(), KITH_DGRAM);
        const kith_sockaddr to = kt_at_cable(domain(), 2, 4711);
        const std::string big(3000, 'x');
        kt_room r;

        kt_set_native(s, v4() ? IPPROTO_IP : IPPROTO_IPV6,
                      v4() ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, IP_PMTUDISC_DO);
        kt_set_native(s, v4() ? IPPROTO_IP : IPPROTO_IPV6, v4() ? IP_RECVERR : IPV6_RECVERR,
                      1);
        EXPECT_EQ(KITH_EMSGSIZE,
                  kith_socket_sendto(s, big.data(), big.size(), &to, 0, kt_long()));
        ASSERT_LE(0, kith_socket_recvmsg(s, &r.p, KITH_MSG_ERRQUEUE, kt_long()));
        auto *e = KITH_CTRL(&r.p, v4() ? KITH_CMSG_IP_RECVERR : KITH_CMSG_IPV6_RECVERR,
                            kith_sock_error);
        ASSERT_NE(nullptr, e);
        EXPECT_EQ(KITH_EMSGSIZE, e->code);
        EXPECT_EQ(KITH_ORIGIN_LOCAL, e->origin);
        EXPECT_EQ(1500u, e->info);
        kt_close(s);
    });
}

}    // namespace
