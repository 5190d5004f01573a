/* SPDX-License-Identifier: Apache-2.0
 * socket_netns_test.cc -- sockets of other network namespaces than the program's own. */
#include "tests/support/netns.h"
#include "tests/support/sockets.h"

#include <string>

#include <net/if.h>

namespace
{

class SocketNetns : public kt_sockets, public testing::WithParamInterface<kt_domain> {
  protected:
    static int domain()
    {
        return GetParam() == kt_domain::inet ? KITH_INET : KITH_INET6;
    }

    static void bind(kith_socket s, const kith_sockaddr &a)
    {
        EXPECT_EQ(0, kith_socket_bind(s, &a));
    }
};

INSTANTIATE_TEST_SUITE_P(, SocketNetns, testing::Values(kt_domain::inet, kt_domain::inet6),
                         kt_domain_of_test);

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

}    // namespace
