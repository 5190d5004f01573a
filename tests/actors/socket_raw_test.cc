/* SPDX-License-Identifier: Apache-2.0
 * socket_raw_test.cc -- raw sockets: IGMP, and protocols that have no name. All in network
 * namespaces of the test's own, where no other program's packets come. */
#include "tests/support/netns.h"
#include "tests/support/sockets.h"

#include <cstring>
#include <memory>
#include <string>

#include <net/if.h>

namespace
{

/* Two numbers that are set aside for experiments. */
enum { ONE_NUMBER = 253, OTHER_NUMBER = 254 };

kith_sockaddr
parse(const std::string &text)
{
    kith_sockaddr a = {};

    EXPECT_EQ(0, kith_sockaddr_parse(text.c_str(), &a)) << text;
    return a;
}

kith_socket
raw(const kt_netns &n, int domain, int protocol, const kith_sockaddr *at = nullptr)
{
    kith_open_options o = KITH_OPEN_OPTIONS_INIT;
    kith_socket s = {0};

    o.netns = n.path().c_str();
    EXPECT_EQ(0, kith_socket_open(domain, KITH_RAW, protocol, &o, &s));
    if (at) {
        EXPECT_EQ(0, kith_socket_bind(s, at));
    }
    return s;
}

void
send_to(kith_socket s, const std::string &bytes, const kith_sockaddr &to)
{
    EXPECT_EQ(static_cast<std::ptrdiff_t>(bytes.size()),
              kith_socket_sendto(s, bytes.data(), bytes.size(), &to, 0, kt_long()));
}

/* What has come: IPv4's header comes too. */
struct Came {
    std::string header, body;
    kith_sockaddr from = {};

    explicit Came(kith_socket s)
    {
        char buf[2048];
        const std::ptrdiff_t n =
            kith_socket_recvfrom(s, buf, sizeof buf, &from, 0, kt_long());

        EXPECT_LT(0, n) << kith_strerror(static_cast<int>(n));
        if (n <= 0)
            return;
        const std::size_t head =
            from.domain == KITH_INET ? 4 * static_cast<std::size_t>(buf[0] & 15) : 0;
        header.assign(buf, head);
        body.assign(buf + head, static_cast<std::size_t>(n) - head);
    }
};

bool
is_inet()
{
    return kt_inet() == KITH_INET;
}

class SocketRaw : public kt_inets<> {
  protected:
    void SetUp() override
    {
        kt_sockets::SetUp();
        KT_NEEDS_NETNS();
        n = std::make_unique<kt_netns>();
        n->ip("addr add 10.77.0.1/32 dev lo\naddr add 10.77.0.2/32 dev lo\n"
              "addr add fd77::1/128 dev lo nodad\naddr add fd77::2/128 dev lo nodad");
    }

    /* 1 or 2: an address of the namespace. */
    static kith_sockaddr host(int i)
    {
        return parse((is_inet() ? "10.77.0." : "fd77::") + std::to_string(i));
    }

    std::unique_ptr<kt_netns> n;
};

using SocketRawGroup = kt_inets<>;
using SocketRawAny = kt_sockets;

KT_INETS(SocketRaw);
KT_INETS(SocketRawGroup);

/* ---- protocols by number ---- */

TEST_P(SocketRaw, APacketComesToWhoHasOpenedItsNumber)
{
    by_process_and_thread([this] {
        const kith_sockaddr one = host(1), two = host(2);
        const kith_socket from = raw(*n, kt_inet(), ONE_NUMBER, &one);
        const kith_socket to = raw(*n, kt_inet(), ONE_NUMBER, &two);
        const kith_socket from_other = raw(*n, kt_inet(), OTHER_NUMBER, &one);
        const kith_socket other = raw(*n, kt_inet(), OTHER_NUMBER, &two);
        int protocol = 0;

        EXPECT_EQ(0, kith_socket_getopt_int(to, KITH_OPT_OTP_PROTOCOL, &protocol));
        EXPECT_EQ(ONE_NUMBER, protocol);
        send_to(from, "of one number", two);
        send_to(from_other, "of the other", two);

        const Came came(to), came_other(other);
        EXPECT_EQ("of one number", came.body);
        EXPECT_EQ(kt_text(one), kt_text(came.from)) << "there is no port";
        EXPECT_EQ("of the other", came_other.body) << "and not the first";
        if (is_inet()) {
            EXPECT_EQ(ONE_NUMBER, static_cast<unsigned char>(came.header[9]));
        }
        for (const kith_socket s : {from, to, from_other, other})
            kt_close(s);
    });
}

TEST_P(SocketRaw, ConnectedItHearsItsPeerAlone)
{
    by_process_and_thread([this] {
        const kith_sockaddr one = host(1), two = host(2);
        const kith_socket s = raw(*n, kt_inet(), ONE_NUMBER, &one);
        const kith_socket self = raw(*n, kt_inet(), ONE_NUMBER, &one);
        const kith_socket peer = raw(*n, kt_inet(), ONE_NUMBER, &two);

        ASSERT_EQ(0, kith_socket_connect(s, &two, kt_long()));
        send_to(self, "from elsewhere", one);
        send_to(peer, "from its peer", one);
        EXPECT_EQ("from its peer", Came(s).body);
        EXPECT_EQ(6, kith_socket_send(s, "answer", 6, 0, kt_long()));
        EXPECT_EQ("answer", Came(peer).body);
        for (const kith_socket each : {s, self, peer})
            kt_close(each);
    });
}

/* The system's answer by ICMP reaches the socket only if it quotes eight bytes. */
TEST_P(SocketRaw, ANumberThatNobodyHasOpenedIsRefused)
{
    by_process_and_thread([this] {
        const kith_sockaddr one = host(1), two = host(2);
        const kith_socket s = raw(*n, kt_inet(), ONE_NUMBER, &one);
        const int refused = is_inet() ? KITH_ENOPROTOOPT : KITH_EPROTO;
        kith_future f;
        char byte;

        ASSERT_EQ(0, kith_socket_connect(s, &two, kt_long()));
        ASSERT_EQ(0, kith_socket_recv_start(s, &byte, 1, 0, kt_long(), &f));
        EXPECT_EQ(8, kith_socket_send(s, "anybody?", 8, 0, kt_long()));
        EXPECT_EQ(refused, kith_await(f, kt_long()));
        EXPECT_EQ(8, kith_socket_send(s, "anybody?", 8, 0, kt_long())) << "it is told once";
        EXPECT_EQ(refused, kith_socket_recv(s, &byte, 1, 0, kt_long()));
        kt_close(s);
    });
}

/* Headers are written by sockets of inet alone. */
TEST_F(SocketRawAny, OneThatWritesItsHeadersIsOfEveryNumber)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const kt_netns n;
        const kith_sockaddr at = kith_sockaddr_loopback(KITH_INET, 0);
        const kith_socket to = raw(n, KITH_INET, ONE_NUMBER);
        const kith_socket from = raw(n, KITH_INET, KITH_PROTO_RAW);
        /* Length, identification and checksum are the system's to fill in. */
        const std::string header = {0x45, 0x28, 0,   0, 0, 0, 0,   0, 77, char(ONE_NUMBER),
                                    0,    0,    127, 0, 0, 1, 127, 0, 0,  1};
        int on = 0;

        EXPECT_EQ(0, kith_socket_getopt_int(from, KITH_OPT_IP_HDRINCL, &on));
        EXPECT_EQ(1, on);
        send_to(from, header + "body", at);
        const Came came(to);
        EXPECT_EQ("body", came.body);
        ASSERT_EQ(header.size(), came.header.size());
        EXPECT_EQ(0x28, came.header[1]) << "its class";
        EXPECT_EQ(77, came.header[8]) << "its hops";
        kt_close(to);
        kt_close(from);
    });
}

TEST_F(SocketRawAny, OverIpv6TheSystemMakesAndChecksTheSum)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const kt_netns n;
        const kith_sockaddr at = kith_sockaddr_loopback(KITH_INET6, 0);
        const kith_socket to = raw(n, KITH_INET6, ONE_NUMBER);
        const kith_socket from = raw(n, KITH_INET6, ONE_NUMBER);
        const std::string zeros(8, '\0');

        ASSERT_EQ(0, kith_socket_setopt_int(from, KITH_OPT_IPV6_CHECKSUM, 2));
        send_to(from, zeros, at);
        const std::string summed = Came(to).body;
        EXPECT_NE(zeros.substr(2, 2), summed.substr(2, 2));
        EXPECT_EQ(zeros.substr(4), summed.substr(4));

        ASSERT_EQ(0, kith_socket_setopt_int(to, KITH_OPT_IPV6_CHECKSUM, 2));
        ASSERT_EQ(0, kith_socket_setopt_int(from, KITH_OPT_IPV6_CHECKSUM, -1));
        send_to(from, zeros, at);
        send_to(from, summed, at);
        EXPECT_EQ(summed, Came(to).body) << "the one with a wrong sum is dropped";
        kt_close(to);
        kt_close(from);
    });
}

/* ---- who is in which group ---- */

/* Two hosts, and one of them listens to what the other's system tells of its groups. */
struct Routed {
    kt_netns router, host;
    std::uint32_t router_if = 0, host_if = 0;

    Routed()
    {
        kt_cable(router, host);
        router.in([this] { router_if = if_nametoindex("cable1"); });
        host.in([this] { host_if = if_nametoindex("cable1"); });
    }

    kith_socket listen(int domain) const
    {
        const bool inet = domain == KITH_INET;
        const kith_socket s = raw(router, domain, inet ? KITH_IGMP : KITH_ICMPV6);
        const kith_mreq reports = {parse(inet ? "224.0.0.22" : "ff02::16"), router_if};

        EXPECT_EQ(0, kith_socket_setopt(s,
                                        inet ? KITH_OPT_IP_ADD_MEMBERSHIP
                                             : KITH_OPT_IPV6_JOIN_GROUP,
                                        &reports, sizeof reports));
        return s;
    }

    kith_socket member(const kith_sockaddr &group) const
    {
        const kith_socket s = host.open(group.domain, KITH_DGRAM);
        const kith_mreq m = {group, host_if};

        EXPECT_EQ(0,
                  kith_socket_setopt(s,
                                     group.domain == KITH_INET ? KITH_OPT_IP_ADD_MEMBERSHIP
                                                               : KITH_OPT_IPV6_JOIN_GROUP,
                                     &m, sizeof m));
        return s;
    }
};

/* The bytes of an address of either family. */
std::string
bytes_of(const kith_sockaddr &a)
{
    return a.domain == KITH_INET
               ? std::string(reinterpret_cast<const char *>(a.inet.addr), 4)
               : std::string(reinterpret_cast<const char *>(a.inet6.addr), 16);
}

/* Waits for a report, which others may precede, that has such a record of the group in it: it
 * begins with its type, and the group follows. */
Came
report_of(kith_socket s, unsigned char report, char record, const kith_sockaddr &group)
{
    const std::string what = std::string{record, 0, 0, 0} + bytes_of(group);

    for (int i = 0;; i++) {
        Came c(s);
        const bool is = !c.body.empty() &&
                        static_cast<unsigned char>(c.body[0]) == report &&
                        c.body.find(what) != std::string::npos;

        EXPECT_LT(i, 100) << "no such report";
        if (is || c.body.empty() || i >= 100)
            return c;
    }
}

enum { IGMP_QUERY = 0x11, IGMP_REPORT = 0x22, MLD_REPORT = 143 };
enum { IS_EXCLUDE = 2, TO_EXCLUDE = 4 }; /* of no source: it is joined, or was just now */

TEST_P(SocketRawGroup, HearsWhoJoins)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const Routed r;
        const kith_sockaddr group = parse(is_inet() ? "239.77.0.1" : "ff15::77");
        const kith_socket s = r.listen(kt_inet());
        const kith_socket member = r.member(group);

        const Came came =
            report_of(s, is_inet() ? IGMP_REPORT : MLD_REPORT, TO_EXCLUDE, group);
        if (is_inet()) {
            EXPECT_EQ(kt_text(kt_at_cable(KITH_INET, 2)), kt_text(came.from));
            EXPECT_EQ(KITH_IGMP, came.header[9]);
        }
        kt_close(member);
        kt_close(s);
    });
}

/* IGMP is of inet alone. */
TEST_F(SocketRawAny, AQueryByIgmpIsAnsweredByTheMember)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const Routed r;
        const kith_sockaddr group = parse("239.77.0.1"), all = parse("224.0.0.1");
        const kith_multicast_if via = {{}, r.router_if};
        /* All groups; answer within a tenth of a second. */
        const std::string query = {IGMP_QUERY, 1, char(0xee), char(0xfe), 0, 0,
                                   0,          0, 0,          0,          0, 0};
        const kith_socket s = r.listen(KITH_INET);
        const kith_socket member = r.member(group);

        ASSERT_EQ(0, kith_socket_setopt(s, KITH_OPT_IP_MULTICAST_IF, &via, sizeof via));
        send_to(s, query, all);
        report_of(s, IGMP_REPORT, IS_EXCLUDE, group);
        kt_close(member);
        kt_close(s);
    });
}

}    // namespace
