/* SPDX-License-Identifier: Apache-2.0
 * socket_opt_ip_test.cc -- what options of levels ip and ipv6 do: what comes with a packet while
 * they are on, what is sent, where one may bind. That they are set and read shows
 * socket_option_rows_test.cc, and socket_multicast_test.cc has those of groups. */
#include "tests/support/netns.h"
#include "tests/support/packets.h"

#include <cstring>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include <unistd.h>

namespace
{

using OptIp = kt_inets<>;
using OptIpOnly = kt_sockets;

KT_INETS(OptIp);

bool
is_inet()
{
    return kt_inet() == KITH_INET;
}

kith_sockaddr
parse(const char *text)
{
    kith_sockaddr a = {};

    EXPECT_EQ(0, kith_sockaddr_parse(text, &a)) << text;
    return a;
}

std::ptrdiff_t
send_to(kith_socket s, const std::string &text, const kith_sockaddr &to)
{
    return kith_socket_sendto(s, text.data(), text.size(), &to, 0, kt_long());
}

/* While `o` is on each packet satisfies `is`, and there is no such message else. */
void
comes_while_on(kt_domain family, kith_opt o, int type,
               const std::function<bool(const kt_came &, const kt_dgrams &)> &is,
               const std::function<void(const kt_dgrams &)> &prepare = {})
{
    const kt_dgrams d(family);

    if (prepare)
        prepare(d);
    for (const int on : {0, 1, 0}) {
        kt_set(d.far, o, on);
        EXPECT_EQ(1, send_to(d.near, "x", d.far_name));
        const kt_came c(d.far);

        EXPECT_EQ(on == 1, c.has(type)) << o << " is " << on;
        if (on == 1) {
            EXPECT_TRUE(is(c, d)) << o;
        }
    }
    d.close();
}

TEST_P(OptIp, WhereItArrivedComesWhileItIsOn)
{
    by_process_and_thread([] {
        const int type = is_inet() ? KITH_CMSG_IP_PKTINFO : KITH_CMSG_IPV6_PKTINFO;

        comes_while_on(GetParam(),
                       is_inet() ? KITH_OPT_IP_PKTINFO : KITH_OPT_IPV6_RECVPKTINFO, type,
                       [=](const kt_came &c, const kt_dgrams &) {
                           const kith_pktinfo *i = KITH_CTRL(&c.p, type, kith_pktinfo);

                           return i && i->ifindex == 1 &&
                                  kt_text(i->dst) == kt_text(kt_loopback());
                       });
    });
}

TEST_P(OptIp, HopsComeWhileItIsOnAndAsTheyWereSet)
{
    by_process_and_thread([] {
        const int type = is_inet() ? KITH_CMSG_IP_TTL : KITH_CMSG_IPV6_HOPLIMIT;

        comes_while_on(
            GetParam(), is_inet() ? KITH_OPT_IP_RECVTTL : KITH_OPT_IPV6_RECVHOPLIMIT, type,
            [=](const kt_came &c, const kt_dgrams &) { return c.number(type) == 17; },
            [](const kt_dgrams &d) {
                kt_set(d.near, is_inet() ? KITH_OPT_IP_TTL : KITH_OPT_IPV6_UNICAST_HOPS,
                       17);
            });
    });
}

TEST_P(OptIp, TheClassComesWhileItIsOnAndAsItWasSet)
{
    by_process_and_thread([] {
        const int type = is_inet() ? KITH_CMSG_IP_TOS : KITH_CMSG_IPV6_TCLASS;

        comes_while_on(
            GetParam(), is_inet() ? KITH_OPT_IP_RECVTOS : KITH_OPT_IPV6_RECVTCLASS, type,
            [=](const kt_came &c, const kt_dgrams &) {
                return c.number(type) == KITH_TOS_THROUGHPUT;
            },
            [](const kt_dgrams &d) {
                kt_set(d.near, is_inet() ? KITH_OPT_IP_TOS : KITH_OPT_IPV6_TCLASS,
                       KITH_TOS_THROUGHPUT);
            });
    });
}

TEST_P(OptIp, TheFirstDestinationComesWhileItIsOn)
{
    by_process_and_thread([] {
        const int type = is_inet() ? KITH_CMSG_IP_ORIGDSTADDR : KITH_CMSG_IPV6_ORIGDSTADDR;

        comes_while_on(GetParam(),
                       is_inet() ? KITH_OPT_IP_RECVORIGDSTADDR
                                 : KITH_OPT_IPV6_RECVORIGDSTADDR,
                       type, [=](const kt_came &c, const kt_dgrams &d) {
                           return c.address(type) == kt_text(d.far_name);
                       });
    });
}

/* The header's options are of inet alone; the next has the headers of inet6. */
TEST_F(OptIpOnly, TheHeadersOptionsComeWhileItIsOn)
{
    by_process_and_thread([] {
        comes_while_on(
            kt_domain::inet, KITH_OPT_IP_RECVOPTS, KITH_CMSG_IP_RECVOPTS,
            [](const kt_came &c, const kt_dgrams &) {
                const std::string v = c.bytes(KITH_CMSG_IP_RECVOPTS);

                return v.size() == 8 && v[0] == 7 && v[1] == 7; /* a record of the route */
            },
            [](const kt_dgrams &d) {
                const char record[] = {7, 7, 4, 0, 0, 0, 0, 0};

                EXPECT_EQ(0, kith_socket_setopt(d.near, KITH_OPT_IP_OPTIONS, record,
                                                sizeof record));
            });
    });
}

TEST_F(OptIpOnly, Ipv6sHeadersComeWhileTheyAreOn)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "needs root: CAP_NET_RAW for headers of IPv6";
    const struct {
        kith_opt send, receive;
        int type;
    } rows[] = {
        {KITH_OPT_IPV6_HOPOPTS, KITH_OPT_IPV6_RECVHOPOPTS, KITH_CMSG_IPV6_HOPOPTS},
        {KITH_OPT_IPV6_DSTOPTS, KITH_OPT_IPV6_RECVDSTOPTS, KITH_CMSG_IPV6_DSTOPTS},
    };

    for (const auto &row : rows)
        by_process_and_thread([row] {
            const char padding[] = {0, 0, 1, 4, 0, 0, 0, 0};

            comes_while_on(
                kt_domain::inet6, row.receive, row.type,
                [&](const kt_came &c, const kt_dgrams &) {
                    const std::string v = c.bytes(row.type);

                    return v.size() == 8 && std::memcmp(v.data() + 1, padding + 1, 7) == 0;
                },
                [&](const kt_dgrams &d) {
                    EXPECT_EQ(0, kith_socket_setopt(d.near, row.send, padding,
                                                    sizeof padding));
                });
        });
}

TEST_F(OptIpOnly, TheFlowComesWhileItIsOn)
{
    by_process_and_thread([] {
        comes_while_on(
            kt_domain::inet6, KITH_OPT_IPV6_FLOWINFO, KITH_CMSG_IPV6_FLOWINFO,
            [](const kt_came &c, const kt_dgrams &) {
                const std::uint32_t *v =
                    KITH_CTRL(&c.p, KITH_CMSG_IPV6_FLOWINFO, std::uint32_t);

                return v && (*v >> 20 & 0xff) == 0x28;
            },
            [](const kt_dgrams &d) { kt_set(d.near, KITH_OPT_IPV6_TCLASS, 0x28); });
    });
}

TEST_P(OptIp, ManyComeAtOnce)
{
    by_process_and_thread([] {
        const kt_dgrams d;
        const bool inet = is_inet();

        for (const kith_opt o : std::initializer_list<kith_opt>{
                 inet ? KITH_OPT_IP_PKTINFO : KITH_OPT_IPV6_RECVPKTINFO,
                 inet ? KITH_OPT_IP_RECVTTL : KITH_OPT_IPV6_RECVHOPLIMIT,
                 inet ? KITH_OPT_IP_RECVTOS : KITH_OPT_IPV6_RECVTCLASS,
                 inet ? KITH_OPT_IP_RECVORIGDSTADDR : KITH_OPT_IPV6_RECVORIGDSTADDR,
                 KITH_OPT_SOCKET_TIMESTAMP})
            kt_set(d.far, o, 1);
        EXPECT_EQ(1, send_to(d.near, "x", d.far_name));
        const kt_came c(d.far);
        EXPECT_EQ(5u, c.p.n_ctrl);
        for (const int type : std::initializer_list<int>{
                 inet ? KITH_CMSG_IP_PKTINFO : KITH_CMSG_IPV6_PKTINFO,
                 inet ? KITH_CMSG_IP_TTL : KITH_CMSG_IPV6_HOPLIMIT,
                 inet ? KITH_CMSG_IP_TOS : KITH_CMSG_IPV6_TCLASS,
                 inet ? KITH_CMSG_IP_ORIGDSTADDR : KITH_CMSG_IPV6_ORIGDSTADDR,
                 KITH_CMSG_SOCKET_TIMESTAMP})
            EXPECT_TRUE(c.has(type)) << type;
        d.close();
    });
}

TEST_P(OptIp, RecverrQueuesWhoRefused)
{
    by_process_and_thread([] {
        const kith_socket s = kt_dgram();
        const kt_dgrams d;
        const kith_sockaddr nobody = d.far_name, other = kt_loopback(9);
        char buf[8];

        /* The port is taken, by one that hears another alone. */
        ASSERT_EQ(0, kith_socket_connect(d.far, &other, kt_long()));
        kt_set(s, is_inet() ? KITH_OPT_IP_RECVERR : KITH_OPT_IPV6_RECVERR, 1);
        EXPECT_EQ(1, send_to(s, "x", nobody));
        EXPECT_EQ(KITH_ECONNREFUSED, kith_socket_recv(s, buf, sizeof buf, 0, kt_long()));
        const kt_came c(s, KITH_MSG_ERRQUEUE);
        const kith_sock_error *e =
            KITH_CTRL(&c.p, is_inet() ? KITH_CMSG_IP_RECVERR : KITH_CMSG_IPV6_RECVERR,
                      kith_sock_error);
        ASSERT_NE(nullptr, e);
        EXPECT_EQ(KITH_ECONNREFUSED, e->code);
        EXPECT_EQ(is_inet() ? KITH_ORIGIN_ICMP : KITH_ORIGIN_ICMP6, e->origin);
        EXPECT_EQ(kt_text(nobody), kt_text(c.p.addr));
        kt_close(s);
        d.close();
    });
}

TEST_P(OptIp, AnAddressThatIsNotHereIsBoundWhenThatIsAllowed)
{
    const kith_sockaddr elsewhere = parse(is_inet() ? "192.0.2.1" : "2001:db8::1");
    const struct {
        kith_opt o;
        bool root;
    } rows[] = {{is_inet() ? KITH_OPT_IP_FREEBIND : KITH_OPT_IPV6_FREEBIND, false},
                {is_inet() ? KITH_OPT_IP_TRANSPARENT : KITH_OPT_IPV6_TRANSPARENT, true}};

    for (const auto &row : rows)
        by_process_and_thread([&] {
            const kith_socket s = kt_dgram();

            if (!row.root || geteuid() == 0) {
                EXPECT_EQ(KITH_EADDRNOTAVAIL, kith_socket_bind(s, &elsewhere));
                kt_set(s, row.o, 1);
                EXPECT_EQ(0, kith_socket_bind(s, &elsewhere)) << row.o;
            }
            kt_close(s);
        });
}

TEST_P(OptIp, ThePortRangeIsKept)
{
    if (kith_supports(KITH_OPT_IP_LOCAL_PORT_RANGE) == 0)
        GTEST_SKIP() << "needs Linux 6.3";
    by_process_and_thread([] {
        const kith_sockaddr at = kt_loopback();

        for (int i = 0; i < 8; i++) {
            const kith_socket s = kt_open();

            kt_set(s, KITH_OPT_IP_LOCAL_PORT_RANGE,
                   static_cast<int>(40001u | 40100u << 16));
            EXPECT_EQ(0, kith_socket_bind(s, &at));
            const kith_sockaddr name = kt_name_of(s);
            EXPECT_GE(kith_sockaddr_port(&name), 40001);
            EXPECT_LE(kith_sockaddr_port(&name), 40100);
            kt_close(s);
        }
    });
}

TEST_P(OptIp, ABindTakesNoPortIfAskedAndConnectDoes)
{
    by_process_and_thread([] {
        const kt_place place;
        const kith_socket l = kt_listen(place), s = kt_open();
        const kith_sockaddr at = kt_loopback(), to = kt_name_of(l);

        kt_set(s, KITH_OPT_IP_BIND_ADDRESS_NO_PORT, 1);
        EXPECT_EQ(0, kith_socket_bind(s, &at));
        kith_sockaddr name = kt_name_of(s);
        EXPECT_EQ(0, kith_sockaddr_port(&name));
        EXPECT_EQ(0, kith_socket_connect(s, &to, kt_long()));
        name = kt_name_of(s);
        EXPECT_NE(0, kith_sockaddr_port(&name));
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(OptIp, SegmentsFromTooFarAreDropped)
{
    by_process_and_thread([] {
        const kt_place place;
        const kith_socket l = kt_listen(place);
        const kith_sockaddr to = kt_name_of(l);
        const kith_opt hops = is_inet() ? KITH_OPT_IP_TTL : KITH_OPT_IPV6_UNICAST_HOPS;

        kt_set(l, is_inet() ? KITH_OPT_IP_MINTTL : KITH_OPT_IPV6_MINHOPCOUNT, 200);
        const kith_socket far = kt_open(), near = kt_open();
        kt_set(far, hops, 100);
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_connect(far, &to, 50));
        kt_set(near, hops, 255);
        EXPECT_EQ(0, kith_socket_connect(near, &to, kt_long()));
        for (const kith_socket s : {l, far, near})
            kt_close(s);
    });
}

TEST_P(OptIp, MtuDiscoverySaysWhetherALongDatagramIsCut)
{
    KT_NEEDS_NETNS();
    const kt_netns a, b;
    kt_cable(a, b);
    by_process_and_thread([&] {
        const kith_socket s = a.open(kt_inet(), KITH_DGRAM),
                          l = b.open(kt_inet(), KITH_DGRAM);
        const kith_sockaddr any = kith_sockaddr_any(kt_inet(), 0);
        const kith_opt discover =
            is_inet() ? KITH_OPT_IP_MTU_DISCOVER : KITH_OPT_IPV6_MTU_DISCOVER;
        const std::string longer(3000, 'x');
        char buf[4000];
        int mtu = 0;

        EXPECT_EQ(0, kith_socket_bind(l, &any));
        const kith_sockaddr name = kt_name_of(l),
                            to = kt_at_cable(kt_inet(), 2, kith_sockaddr_port(&name));
        ASSERT_EQ(0, kith_socket_connect(s, &to, kt_long()));
        EXPECT_EQ(0,
                  kith_socket_getopt_int(s, is_inet() ? KITH_OPT_IP_MTU : KITH_OPT_IPV6_MTU,
                                         &mtu));
        EXPECT_EQ(1500, mtu);
        kt_set(s, discover, KITH_PMTUD_DO);
        EXPECT_EQ(KITH_EMSGSIZE,
                  kith_socket_send(s, longer.data(), longer.size(), 0, kt_long()));
        EXPECT_EQ(1400, kith_socket_send(s, longer.data(), 1400, 0, kt_long()));
        EXPECT_EQ(1400, kith_socket_recv(l, buf, sizeof buf, 0, kt_long()));
        kt_set(s, discover, KITH_PMTUD_DONT);
        EXPECT_EQ(3000, kith_socket_send(s, longer.data(), longer.size(), 0, kt_long()));
        EXPECT_EQ(3000, kith_socket_recv(l, buf, sizeof buf, 0, kt_long()));
        kt_close(s);
        kt_close(l);
    });
}

}    // namespace
