/* SPDX-License-Identifier: Apache-2.0
 * socket_opt_ipv6_test.cc -- what options do that level ipv6 alone has: headers that lead a packet,
 * fragments, flows, the choice of an address. Those that ip has too are in socket_opt_ip_test.cc. */
#include "tests/support/netns.h"
#include "tests/support/packets.h"

#include <cstring>
#include <string>
#include <vector>

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace
{

using OptIpv6 = kt_sockets;

void
set_header(kith_socket s, kith_opt o, const std::string &bytes)
{
    const int rc = kith_socket_setopt(s, o, bytes.data(), bytes.size());

    EXPECT_EQ(0, rc) << o << ": " << kith_strerror(rc);
}

std::ptrdiff_t
send_to(kith_socket s, const std::string &text, const kith_sockaddr &to)
{
    return kith_socket_sendto(s, text.data(), text.size(), &to, 0, kt_long());
}

std::string
next(kith_socket s)
{
    char buf[256];
    const std::ptrdiff_t n = kith_socket_recv(s, buf, sizeof buf, 0, kt_long());

    return n < 0 ? kith_err_name(static_cast<int>(n))
                 : std::string(buf, static_cast<std::size_t>(n));
}

/* A header of eight bytes in which one option stands, `type` with two bytes, and padding. */
std::string
header_with(char type, char value)
{
    return std::string{0, 0, type, 2, 0, value, 1, 0};
}

/* ---- fragments: a cable takes 1500 bytes at once ---- */

struct Cabled {
    kt_netns a, b;
    kith_socket near = {0}, far = {0};
    const kith_sockaddr to = kt_at_cable(KITH_INET6, 2, 4711);

    Cabled()
    {
        kt_cable(a, b);
        near = a.open(KITH_INET6, KITH_DGRAM);
        far = b.open(KITH_INET6, KITH_DGRAM);
        EXPECT_EQ(0, kith_socket_bind(far, &to));
    }

    ~Cabled()
    {
        kt_close(near);
        kt_close(far);
    }
};

TEST_F(OptIpv6, TheMtuBoundsFragmentsAndTheirSizeComesWhileItIsOn)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const Cabled c;
        const std::string longer(2000, 'x');
        const auto size_of_fragments = [&](int mtu) {
            kt_set(c.near, KITH_OPT_IPV6_MTU, mtu);
            EXPECT_EQ(2000, send_to(c.near, longer, c.to));
            return kt_came(c.far).number(IPV6_RECVFRAGSIZE, IPPROTO_IPV6);
        };

        EXPECT_EQ(-1, size_of_fragments(0)) << "nobody has asked";
        kt_set(c.far, KITH_OPT_IPV6_RECVFRAGSIZE, 1);
        EXPECT_GT(size_of_fragments(0), 1400);
        EXPECT_GT(size_of_fragments(1400), 1300);
        EXPECT_LE(size_of_fragments(1400), 1400);
        EXPECT_LE(size_of_fragments(1280), 1280);
        EXPECT_EQ(1, send_to(c.near, "x", c.to));
        EXPECT_EQ(-1, kt_came(c.far).number(IPV6_RECVFRAGSIZE, IPPROTO_IPV6))
            << "of what came in one piece";
    });
}

TEST_F(OptIpv6, DontfragRefusesWhatIsTooLongAndRecvpathmtuTellsWhatIsNot)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const Cabled c;
        const std::string longer(2000, 'x');
        kt_room r;
        ip6_mtuinfo info = {};

        EXPECT_EQ(2000, send_to(c.near, longer, c.to));
        EXPECT_EQ(2000, kith_socket_recvmsg(c.far, &r.p, 0, kt_long())) << "in fragments";
        kt_set(c.near, KITH_OPT_IPV6_DONTFRAG, 1);
        kt_set(c.near, KITH_OPT_IPV6_RECVPATHMTU, 1);
        EXPECT_EQ(KITH_EMSGSIZE, send_to(c.near, longer, c.to));
        const std::string told = kt_came(c.near).bytes(IPV6_PATHMTU, IPPROTO_IPV6);
        ASSERT_EQ(sizeof info, told.size());
        std::memcpy(&info, told.data(), sizeof info);
        EXPECT_EQ(1500u, info.ip6m_mtu);

        kt_set(c.near, KITH_OPT_IPV6_RECVPATHMTU, 0);
        EXPECT_EQ(KITH_EMSGSIZE, send_to(c.near, longer, c.to));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recvmsg(c.near, &r.p, 0, 0));
    });
}

/* ---- headers that lead a packet ---- */

/* From a to b over r, by cables 1 and 2, or at once, by cable 3. */
struct Triangle {
    kt_netns a, r, b;
    kith_socket near = {0}, far = {0};
    std::uint32_t from_r = 0, from_a = 0; /* the cables' numbers in b */

    Triangle()
    {
        r.set("ipv6/conf/all/forwarding", 1);
        kt_cable(a, r, 1);
        kt_cable(r, b, 2);
        kt_cable(a, b, 3);
        a.ip("route add fd77:2::/64 via fd77:1::2");
        r.ip("route add fd77:3::/64 via fd77:2::2");
        for (const char *at : {"all", "cable1", "cable2"})
            r.set("ipv6/conf/" + std::string(at) + "/seg6_enabled", 1);
        for (const char *at : {"all", "cable2", "cable3"})
            b.set("ipv6/conf/" + std::string(at) + "/seg6_enabled", 1);
        b.in([this] {
            from_r = if_nametoindex("cable2");
            from_a = if_nametoindex("cable3");
        });
        near = a.open(KITH_INET6, KITH_DGRAM);
        far = b.open(KITH_INET6, KITH_DGRAM);
        const kith_sockaddr any = kith_sockaddr_any(KITH_INET6, 4711);
        EXPECT_EQ(0, kith_socket_bind(far, &any));
    }

    ~Triangle()
    {
        kt_close(near);
        kt_close(far);
    }
};

/* A routing header (RFC 8754), which names the last host first. */
std::string
route(const std::vector<kith_sockaddr> &back)
{
    const char n = static_cast<char>(back.size()), left = static_cast<char>(n - 1);
    std::string h{0, char(2 * n), 4, left, left, 0, 0, 0};

    for (const kith_sockaddr &a : back)
        h.append(reinterpret_cast<const char *>(a.inet6.addr), 16);
    return h;
}

TEST_F(OptIpv6, ARoutingHeaderLeadsAnotherWayAndComesWhileItIsOn)
{
    KT_NEEDS_NETNS();
    const Triangle t;
    by_process_and_thread([&] {
        const kith_sockaddr to = kt_at_cable(KITH_INET6, 2, 4711, 3);
        const auto came_by = [](const kt_came &c) {
            const auto *i = KITH_CTRL(&c.p, KITH_CMSG_IPV6_PKTINFO, kith_pktinfo);

            return i ? i->ifindex : 0;
        };

        kt_set(t.far, KITH_OPT_IPV6_RECVPKTINFO, 1);
        for (const int on : {0, 1, 0}) {
            kt_set(t.far, KITH_OPT_IPV6_RECVRTHDR, on);
            set_header(t.near, KITH_OPT_IPV6_RTHDR, "");
            EXPECT_EQ(1, send_to(t.near, "x", to));
            const kt_came straight(t.far);
            EXPECT_EQ(t.from_a, came_by(straight));
            EXPECT_EQ("none", straight.bytes(KITH_CMSG_IPV6_RTHDR));

            set_header(t.near, KITH_OPT_IPV6_RTHDR,
                       route({to, kt_at_cable(KITH_INET6, 2)}));
            EXPECT_EQ(1, send_to(t.near, "x", to));
            const kt_came led(t.far);
            EXPECT_EQ(t.from_r, came_by(led));
            const std::string header = led.bytes(KITH_CMSG_IPV6_RTHDR);
            EXPECT_EQ(on ? 40u : 4u, header.size());
            EXPECT_EQ(on ? std::string({4, 4, 0}) : "one", header.substr(1, 3))
                << "nothing is left of the way";
        }
    });
}

TEST_F(OptIpv6, OptionsForTheHostsOnTheWayGoWithARoutingHeaderAlone)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const kt_netns n;
        const kith_socket near = n.open(KITH_INET6, KITH_DGRAM),
                          far = n.open(KITH_INET6, KITH_DGRAM);
        const kith_sockaddr to = kith_sockaddr_loopback(KITH_INET6, 4711);
        const std::string options = header_with(0x1e, 7);
        const auto came = [&] {
            EXPECT_EQ(1, send_to(near, "x", to));
            return kt_came(far).bytes(KITH_CMSG_IPV6_DSTOPTS).substr(1);
        };

        for (const char *at : {"all", "lo"})
            n.set("ipv6/conf/" + std::string(at) + "/seg6_enabled", 1);
        ASSERT_EQ(0, kith_socket_bind(far, &to));
        kt_set(far, KITH_OPT_IPV6_RECVDSTOPTS, 1);
        set_header(near, KITH_OPT_IPV6_RTHDRDSTOPTS, options);
        EXPECT_EQ("one", came());
        set_header(near, KITH_OPT_IPV6_RTHDR, route({to}));
        EXPECT_EQ(options.substr(1), came());
        set_header(near, KITH_OPT_IPV6_RTHDRDSTOPTS, "");
        EXPECT_EQ("one", came());
        kt_close(near);
        kt_close(far);
    });
}

TEST_F(OptIpv6, ARouterAlertStopsThePacketsThatCarryIt)
{
    KT_NEEDS_NETNS();
    const Triangle t;
    by_process_and_thread([&] {
        const kith_sockaddr to = kt_at_cable(KITH_INET6, 2, 4711, 2);
        const kith_socket router = t.r.open(KITH_INET6, KITH_RAW, IPPROTO_RAW);
        const auto pass = [&](const char *text) {
            EXPECT_EQ(static_cast<std::ptrdiff_t>(std::strlen(text)),
                      send_to(t.near, text, to));
        };

        set_header(t.near, KITH_OPT_IPV6_HOPOPTS, header_with(5, 7)); /* RFC 2711 */
        pass("over the router");
        EXPECT_EQ("over the router", next(t.far));
        kt_set(router, KITH_OPT_IPV6_ROUTER_ALERT, 7);
        pass("for the router");
        EXPECT_NE(std::string::npos, next(router).find("for the router"));
        set_header(t.near, KITH_OPT_IPV6_HOPOPTS, header_with(5, 8));
        pass("another number");
        EXPECT_EQ("another number", next(t.far)) << "and not the one before";
        kt_set(router, KITH_OPT_IPV6_ROUTER_ALERT, -1);
        set_header(t.near, KITH_OPT_IPV6_HOPOPTS, header_with(5, 7));
        pass("again");
        EXPECT_EQ("again", next(t.far));
        set_header(t.near, KITH_OPT_IPV6_HOPOPTS, "");
        kt_close(router);
    });
}

/* ---- flows ---- */

TEST_F(OptIpv6, AFlowHasALabelByItselfOrAsItsAddressSays)
{
    by_process_and_thread([] {
        const kt_dgrams d(kt_domain::inet6);
        kith_sockaddr to = d.far_name;
        const auto flow_of = [&] {
            EXPECT_EQ(1, send_to(d.near, "x", to));
            const kt_came c(d.far);
            const auto *v = KITH_CTRL(&c.p, KITH_CMSG_IPV6_FLOWINFO, std::uint32_t);

            return v ? *v : 0; /* there is no message of a flow of 0 */
        };

        kt_set(d.far, KITH_OPT_IPV6_FLOWINFO, 1);
        kt_set(d.near, KITH_OPT_IPV6_AUTOFLOWLABEL, 1);
        EXPECT_NE(0u, flow_of());
        kt_set(d.near, KITH_OPT_IPV6_AUTOFLOWLABEL, 0);
        EXPECT_EQ(0u, flow_of());

        to.inet6.flowinfo = 0x12345;
        EXPECT_EQ(0u, flow_of());
        kt_set(d.near, KITH_OPT_IPV6_FLOWINFO_SEND, 1);
        EXPECT_EQ(0x12345u, flow_of());
        d.close();
    });
}

/* ---- the choice of an address ---- */

TEST_F(OptIpv6, PreferencesChooseBetweenPublicAndTemporaryAddresses)
{
    KT_NEEDS_NETNS();
    enum { PREFER_TEMPORARY = 1, PREFER_PUBLIC = 2 }; /* RFC 5014 */
    const kt_netns n;

    n.ip("link add v0 type veth peer name v1\nlink set v0 up\nlink set v1 up");
    n.set("ipv6/conf/v0/use_tempaddr", 1); /* there are some, which nothing prefers */
    n.ip("addr add fd77::1/64 dev v0 mngtmpaddr nodad");
    const auto source = [&](int preferences) {
        const kith_socket s = n.open(KITH_INET6, KITH_DGRAM);
        kith_sockaddr to = {};

        EXPECT_EQ(0, kith_sockaddr_parse("[fd77::2]:9", &to));
        kt_set(s, KITH_OPT_IPV6_ADDR_PREFERENCES, preferences);
        EXPECT_EQ(0, kith_socket_connect(s, &to, kt_long()));
        kith_sockaddr name = kt_name_of(s);
        name.inet6.port = 0;
        kt_close(s);
        return kt_text(name);
    };

    by_process_and_thread([&] {
        EXPECT_TRUE(kt_eventually([&] { /* the system makes it in its own time */
                                        return source(PREFER_TEMPORARY) != "[fd77::1]:0";
        }));
        EXPECT_EQ("[fd77::1]:0", source(PREFER_PUBLIC));
    });
}

/* ---- errors and streams ---- */

/* An error that tells of a datagram from one port of the loopback to another: its first 128 bytes,
 * of which those behind the headers are zeros, and an extension of one empty object (RFC 4884). */
std::string
port_unreachable(std::uint16_t from, std::uint16_t to)
{
    enum { INNER = 8, UDP = INNER + 40, EXTENSION = INNER + 128 };
    std::string m(EXTENSION + 8, '\0');
    const auto put = [&](std::size_t at, std::uint16_t v) {
        m[at] = static_cast<char>(v >> 8);
        m[at + 1] = static_cast<char>(v);
    };

    m[0] = 1, m[1] = 4, m[4] = 128 / 8;
    m[INNER] = 0x60, m[INNER + 6] = KITH_UDP, m[INNER + 23] = m[INNER + 39] = 1;
    put(INNER + 4, 88);
    put(UDP, from);
    put(UDP + 2, to);
    put(UDP + 4, 88);
    m[EXTENSION] = 0x20;
    put(EXTENSION + 4, 4);
    return m;
}

TEST_F(OptIpv6, AnErrorsExtensionIsFoundIfAsked)
{
    KT_NEEDS_NETNS();
    if (kith_supports(KITH_OPT_IPV6_RECVERR_RFC4884) == 0)
        GTEST_SKIP() << "needs Linux 5.9";
    by_process_and_thread([] {
        const kt_netns n;
        const kith_socket s = n.open(KITH_INET6, KITH_DGRAM),
                          raw = n.open(KITH_INET6, KITH_RAW, IPPROTO_ICMPV6);
        const kith_sockaddr at = kith_sockaddr_loopback(KITH_INET6, 4711),
                            nobody = kith_sockaddr_loopback(KITH_INET6, 4712),
                            host = kith_sockaddr_loopback(KITH_INET6, 0);

        ASSERT_EQ(0, kith_socket_bind(s, &at));
        ASSERT_EQ(0, kith_socket_connect(s, &nobody, kt_long()));
        kt_set(s, KITH_OPT_IPV6_RECVERR, 1);
        for (const int on : {0, 1}) {
            const std::string error = port_unreachable(4711, 4712);
            std::uint16_t extension_at = 0;

            kt_set(s, KITH_OPT_IPV6_RECVERR_RFC4884, on);
            EXPECT_EQ(static_cast<std::ptrdiff_t>(error.size()), send_to(raw, error, host));
            EXPECT_EQ("econnrefused", next(s));
            const kt_came c(s, KITH_MSG_ERRQUEUE);
            const auto *e = KITH_CTRL(&c.p, KITH_CMSG_IPV6_RECVERR, kith_sock_error);
            ASSERT_NE(nullptr, e);
            std::memcpy(&extension_at, &e->data, sizeof extension_at);
            EXPECT_EQ(on ? 128 - 48 : 0, extension_at) << "behind both headers";
        }
        kt_close(s);
        kt_close(raw);
    });
}

TEST_F(OptIpv6, PktoptionsTellOfAStreamsLastSegment)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(kt_domain::inet6);
        const auto number_of = [&](int type) {
            alignas(cmsghdr) char block[256] = {};
            int v = -1;
            const std::ptrdiff_t n =
                kith_socket_getopt(p.far, KITH_OPT_IPV6_PKTOPTIONS, block, sizeof block);

            EXPECT_LE(0, n);
            for (std::ptrdiff_t at = 0; at < n;) {
                const auto *c = reinterpret_cast<const cmsghdr *>(block + at);

                if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == type)
                    std::memcpy(&v, CMSG_DATA(c), sizeof v);
                at += static_cast<std::ptrdiff_t>(CMSG_SPACE(c->cmsg_len - CMSG_LEN(0)));
            }
            return v;
        };

        EXPECT_EQ(-1, number_of(IPV6_HOPLIMIT)) << "nothing was asked for";
        kt_set(p.far, KITH_OPT_IPV6_RECVHOPLIMIT, 1);
        kt_set(p.far, KITH_OPT_IPV6_RECVTCLASS, 1);
        for (const int v : {0x28, 0x44}) {
            kt_set(p.near, KITH_OPT_IPV6_UNICAST_HOPS, v);
            kt_set(p.near, KITH_OPT_IPV6_TCLASS, v);
            EXPECT_EQ(1, kith_socket_send(p.near, "x", 1, 0, kt_long()));
            EXPECT_EQ("x", next(p.far));
            EXPECT_EQ(v, number_of(IPV6_HOPLIMIT));
            EXPECT_EQ(v, number_of(IPV6_TCLASS));
        }
        kt_close(p);
    });
}

}    // namespace
