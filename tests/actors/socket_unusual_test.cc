/* SPDX-License-Identifier: Apache-2.0
 * socket_unusual_test.cc -- sockets beside the usual: what can be opened here, and bytes moved
 * through each. */
#include "tests/support/netns.h"
#include "tests/support/packets.h"

#include <cstring>
#include <string>
#include <vector>

#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

namespace
{

int
try_open(int domain, int type, int protocol, kith_socket *s, const kt_netns *n = nullptr)
{
    kith_open_options o = KITH_OPEN_OPTIONS_INIT;

    o.netns = n ? n->path().c_str() : nullptr;
    return kith_socket_open(domain, type, protocol, &o, s);
}

kith_socket
must_open(int domain, int type, int protocol, const kt_netns *n = nullptr)
{
    kith_socket s = {0};
    const int rc = try_open(domain, type, protocol, &s, n);

    EXPECT_EQ(0, rc) << kith_strerror(rc);
    return s;
}

/* The code with which it cannot be opened; 0, and it is closed again. */
int
opens(int domain, int type, int protocol)
{
    kith_socket s;
    const int rc = try_open(domain, type, protocol, &s);

    if (rc == 0)
        kt_close(s);
    return rc;
}

kith_sockaddr
parse(const std::string &text)
{
    kith_sockaddr a = {};

    EXPECT_EQ(0, kith_sockaddr_parse(text.c_str(), &a)) << text;
    return a;
}

int
option(kith_socket s, kith_opt o)
{
    int v = -1;

    EXPECT_EQ(0, kith_socket_getopt_int(s, o, &v));
    return v;
}

class Unusual : public kt_sockets, public testing::WithParamInterface<kt_domain> {
  protected:
    static bool six()
    {
        return GetParam() == kt_domain::inet6;
    }

    static int domain()
    {
        return six() ? KITH_INET6 : KITH_INET;
    }
};

class UnusualLocal : public kt_sockets, public testing::WithParamInterface<kt_domain> {};
class UnusualAny : public kt_sockets {};

INSTANTIATE_TEST_SUITE_P(, Unusual, testing::Values(kt_domain::inet, kt_domain::inet6),
                         kt_domain_of_test);
INSTANTIATE_TEST_SUITE_P(, UnusualLocal,
                         testing::Values(kt_domain::path, kt_domain::abstract),
                         kt_domain_of_test);

#define NEEDS(domain, type, protocol, what) \
    do { \
        const int rc = opens(domain, type, protocol); \
        if (rc < 0) \
            GTEST_SKIP() << what << ": " << kith_strerror(rc); \
    } while (0)

/* ---- what cannot be opened ---- */

TEST_F(UnusualAny, WhatKithDoesNotKnowIsRefused)
{
    by_process_and_thread([] {
        for (int domain : {-1, 0, 8, 99, 0xff, 0x200, 1 << 20})
            EXPECT_EQ(KITH_EINVAL, opens(domain, KITH_STREAM, 0)) << domain;
        for (int type : {-1, 0, 6, 99, 1 << 20})
            for (int domain : {KITH_INET, KITH_INET6})
                EXPECT_EQ(KITH_EINVAL, opens(domain, type, 0)) << type;
        EXPECT_EQ(KITH_EINVAL, opens(99, 99, 99));
    });
}

/* What the system says comes through: these are Linux' words. */
TEST_F(UnusualAny, WhatTheSystemDoesNotKnowHasItsCode)
{
    static const struct {
        int domain, type, protocol, code;
    } rows[] = {
        {KITH_UNSPEC, KITH_STREAM, 0, KITH_EAFNOSUPPORT},
        {KITH_LINK, KITH_RAW, 0, KITH_EAFNOSUPPORT},
        {KITH_DOMAIN_NATIVE + 255, KITH_STREAM, 0, KITH_EAFNOSUPPORT},
        {KITH_INET, KITH_STREAM, KITH_UDP, KITH_EPROTONOSUPPORT},
        {KITH_INET6, KITH_STREAM, KITH_UDP, KITH_EPROTONOSUPPORT},
        {KITH_INET, KITH_DGRAM, KITH_TCP, KITH_EPROTONOSUPPORT},
        {KITH_INET6, KITH_DGRAM, KITH_TCP, KITH_EPROTONOSUPPORT},
        {KITH_INET, KITH_RAW, KITH_PROTO_DEFAULT, KITH_EPROTONOSUPPORT},
        {KITH_INET6, KITH_RAW, KITH_PROTO_DEFAULT, KITH_EPROTONOSUPPORT},
        {KITH_INET, KITH_STREAM, 200, KITH_EPROTONOSUPPORT},
        {KITH_INET, KITH_STREAM, 9999, KITH_EINVAL},
        {KITH_INET, KITH_STREAM, -1, KITH_EINVAL},
        {KITH_INET, KITH_RDM, 0, KITH_ESOCKTNOSUPPORT},
        {KITH_INET6, KITH_RDM, 0, KITH_ESOCKTNOSUPPORT},
        {KITH_LOCAL, KITH_RDM, 0, KITH_ESOCKTNOSUPPORT},
        {KITH_LOCAL, KITH_STREAM, KITH_TCP, KITH_EPROTONOSUPPORT},
        {KITH_LOCAL, KITH_DGRAM, KITH_UDP, KITH_EPROTONOSUPPORT},
        {KITH_PACKET, KITH_STREAM, 0, KITH_ESOCKTNOSUPPORT},
    };

    by_process_and_thread([] {
        for (const auto &row : rows)
            EXPECT_EQ(row.code, opens(row.domain, row.type, row.protocol))
                << row.domain << " " << row.type << " " << row.protocol;
    });
}

/* ---- mptcp ---- */

TEST_P(Unusual, MptcpIsAStream)
{
    NEEDS(domain(), KITH_STREAM, KITH_MPTCP, "this kernel has no mptcp");
    by_process_and_thread([] {
        const kith_socket l = must_open(domain(), KITH_STREAM, KITH_MPTCP);
        const kith_socket near = must_open(domain(), KITH_STREAM, KITH_MPTCP);
        const kith_sockaddr at = kith_sockaddr_loopback(domain(), 0);
        const std::string all(300000, 'm');
        std::string got(all.size(), '\0');
        kith_socket far;
        kith_future f;

        EXPECT_EQ(KITH_MPTCP, option(l, KITH_OPT_OTP_PROTOCOL));
        EXPECT_EQ(KITH_MPTCP, option(l, KITH_OPT_SOCKET_PROTOCOL));
        ASSERT_EQ(0, kith_socket_bind(l, &at));
        ASSERT_EQ(0, kith_socket_listen(l, 0));
        const kith_sockaddr name = kt_name_of(l);
        ASSERT_EQ(0, kith_socket_connect(near, &name, kt_long()));
        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &far));
        ASSERT_EQ(0, kith_socket_recv_start(far, got.data(), got.size(), KITH_MSG_WAITALL,
                                            kt_long(), &f));
        EXPECT_EQ(static_cast<std::ptrdiff_t>(all.size()),
                  kith_socket_send(near, all.data(), all.size(), 0, kt_long()));
        EXPECT_EQ(static_cast<std::ptrdiff_t>(all.size()), kith_await(f, kt_long()));
        EXPECT_TRUE(all == got);
        ASSERT_EQ(0, kith_socket_shutdown(near, KITH_SHUT_WRITE));
        EXPECT_EQ(0, kith_socket_recv(far, got.data(), 1, 0, kt_long()));
        for (kith_socket s : {l, near, far})
            kt_close(s);
    });
}

/* ---- udplite ---- */

TEST_P(Unusual, UdpliteCarriesDatagrams)
{
    NEEDS(domain(), KITH_DGRAM, KITH_UDPLITE, "this kernel has no udplite");
    by_process_and_thread([] {
        const kith_socket a = must_open(domain(), KITH_DGRAM, KITH_UDPLITE);
        const kith_socket b = must_open(domain(), KITH_DGRAM, KITH_UDPLITE);
        const kith_sockaddr at = kith_sockaddr_loopback(domain(), 0);
        kith_sockaddr from = {};
        char buf[8];

        ASSERT_EQ(0, kith_socket_bind(a, &at));
        ASSERT_EQ(0, kith_socket_bind(b, &at));
        const kith_sockaddr to = kt_name_of(b);
        ASSERT_EQ(4, kith_socket_sendto(a, "lite", 4, &to, 0, kt_long()));
        ASSERT_EQ(4, kith_socket_recvfrom(b, buf, sizeof buf, &from, 0, kt_long()));
        EXPECT_EQ("lite", std::string(buf, 4));
        EXPECT_EQ(kt_text(kt_name_of(a)), kt_text(from));
        kt_close(a);
        kt_close(b);
    });
}

/* ---- icmp ---- */

/* An echo request with a number of its own. */
std::string
echo_request(bool six, unsigned id)
{
    std::string p = {six ? char(128) : char(8), 0, 0, 0, char(id >> 8), char(id), 0, 1};
    unsigned sum = 0;

    p += "kith asks";
    p += '\0'; /* an even number */
    for (std::size_t i = 0; i < p.size(); i += 2)
        sum += unsigned(static_cast<unsigned char>(p[i])) << 8 |
               static_cast<unsigned char>(p[i + 1]);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    if (!six) { /* the kernel does it for inet6 */
        p[2] = char(~sum >> 8);
        p[3] = char(~sum);
    }
    return p;
}

/* Everything of the machine's comes to a raw socket: at most so many others before ours. */
enum { OTHERS = 1000 };

TEST_P(Unusual, ARawSocketSendsAndSeesIcmp)
{
    const int protocol = six() ? KITH_ICMPV6 : KITH_ICMP;

    NEEDS(domain(), KITH_RAW, protocol, "a raw socket needs CAP_NET_RAW, as root has");
    by_process_and_thread([protocol] {
        const kith_socket s = must_open(domain(), KITH_RAW, protocol);
        const kith_sockaddr to = kith_sockaddr_loopback(domain(), 0);
        const unsigned id = static_cast<unsigned>(kith_self().id + getpid()) & 0xffff;
        const std::string request = echo_request(six(), id);
        bool answered = false;

        EXPECT_EQ(protocol, option(s, KITH_OPT_OTP_PROTOCOL));
        EXPECT_EQ(KITH_RAW, option(s, KITH_OPT_SOCKET_TYPE));
        ASSERT_EQ(static_cast<std::ptrdiff_t>(request.size()),
                  kith_socket_sendto(s, request.data(), request.size(), &to, 0, kt_long()));
        for (int i = 0; i < OTHERS && !answered; i++) {
            kith_sockaddr from = {};
            unsigned char buf[2048];
            std::ptrdiff_t n =
                kith_socket_recvfrom(s, buf, sizeof buf, &from, 0, kt_long());
            ASSERT_GT(n, 0) << kith_err_name(static_cast<int>(n));
            const std::ptrdiff_t head =
                six() ? 0 : 4 * (buf[0] & 15); /* inet's own comes too */

            if (n - head < 8 || buf[head] != (six() ? 129 : 0) ||
                (buf[head + 4] << 8 | buf[head + 5]) != static_cast<int>(id))
                continue;
            EXPECT_EQ(kt_text(to), kt_text(from));
            EXPECT_EQ(request.substr(8),
                      std::string(reinterpret_cast<char *>(buf) + head + 8,
                                  static_cast<std::size_t>(n - head - 8)));
            answered = true;
        }
        EXPECT_TRUE(answered);
        kt_close(s);
    });
}

/* Who may ping without a raw socket is a setting of the namespace's: nobody, at first. */
TEST_P(Unusual, ADatagramSocketPings)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const kt_netns n;
        const int protocol = six() ? KITH_ICMPV6 : KITH_ICMP;
        const kith_sockaddr to = kith_sockaddr_loopback(domain(), 0);
        const std::string request = echo_request(six(), 0);
        kith_socket s;
        char buf[64];

        ASSERT_EQ(KITH_EACCES, try_open(domain(), KITH_DGRAM, protocol, &s, &n));
        n.in([] {
            std::FILE *f = std::fopen("/proc/sys/net/ipv4/ping_group_range", "we");
            ASSERT_NE(nullptr, f);
            std::fputs("0 2147483647", f);
            EXPECT_EQ(0, std::fclose(f));
        });
        s = must_open(domain(), KITH_DGRAM, protocol, &n);
        for (bool connected : {false, true}) {
            kith_sockaddr from = {};

            if (connected) {
                ASSERT_EQ(0, kith_socket_connect(s, &to, kt_long()));
            }
            ASSERT_EQ(static_cast<std::ptrdiff_t>(request.size()),
                      connected ? kith_socket_send(s, request.data(), request.size(), 0,
                                                   kt_long())
                                : kith_socket_sendto(s, request.data(), request.size(), &to,
                                                     0, kt_long()));
            const kith_sockaddr name = kt_name_of(s);
            const std::ptrdiff_t got =
                kith_socket_recvfrom(s, buf, sizeof buf, &from, 0, kt_long());
            ASSERT_EQ(static_cast<std::ptrdiff_t>(request.size()), got);
            EXPECT_EQ(six() ? 129 : 0, static_cast<unsigned char>(buf[0]));
            EXPECT_EQ(kith_sockaddr_port(&name), static_cast<unsigned char>(buf[4]) << 8 |
                                                     static_cast<unsigned char>(buf[5]))
                << "its number is its port";
            EXPECT_EQ(request.substr(8), std::string(buf + 8, request.size() - 8));
            EXPECT_EQ(kt_text(to), kt_text(from));
        }
        kt_close(s);
    });
}

/* ---- packet ---- */

/* The first interface of a namespace is its loopback. */
std::string
on_loopback(unsigned protocol)
{
    char text[32];

    std::snprintf(text, sizeof text, "packet:%04x%%1", protocol);
    return text;
}

kith_socket
sniffer(const kt_netns &n, int type, unsigned protocol)
{
    const kith_socket s = must_open(KITH_PACKET, type, 0, &n);
    const kith_sockaddr at = parse(on_loopback(protocol));

    EXPECT_EQ(0, kith_socket_bind(s, &at));
    return s;
}

/* The next frame that ends with that text; others may pass on the way. */
std::string
frame_with(kith_socket s, const std::string &text, kith_sockaddr *from)
{
    for (int i = 0; i < OTHERS; i++) {
        char buf[2048];
        const std::ptrdiff_t n =
            kith_socket_recvfrom(s, buf, sizeof buf, from, 0, kt_long());
        const std::string frame(buf, n > 0 ? static_cast<std::size_t>(n) : 0);

        if (n <= 0 || frame.ends_with(text)) {
            EXPECT_GT(n, 0) << kith_err_name(static_cast<int>(n));
            return frame;
        }
    }
    ADD_FAILURE() << "no such frame";
    return "";
}

TEST_P(Unusual, APacketSocketSeesTheFramesOfADatagram)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const kt_netns n;
        const unsigned protocol = six() ? 0x86dd : 0x0800;
        const unsigned all = 3; /* which alone shows what leaves, too */
        const kith_socket raw = sniffer(n, KITH_RAW, all);
        const kith_socket dgram = sniffer(n, KITH_DGRAM, all);
        const kith_socket a = must_open(domain(), KITH_DGRAM, 0, &n);
        const kith_socket b = must_open(domain(), KITH_DGRAM, 0, &n);
        const kith_sockaddr at = kith_sockaddr_loopback(domain(), 9);
        const std::string link = on_loopback(protocol);
        const std::string hardware = "/772/00:00:00:00:00:00";
        const std::size_t headers = six() ? 40 + 8 : 20 + 8;
        kith_sockaddr from;

        EXPECT_EQ(kt_text(parse(on_loopback(all) + "/host" + hardware)),
                  kt_text(kt_name_of(raw)));
        ASSERT_EQ(0, kith_socket_bind(b, &at)) << "else there would be an answer";
        ASSERT_EQ(4, kith_socket_sendto(a, "kith", 4, &at, 0, kt_long()));
        for (const char *way : {"/outgoing", "/host"}) { /* it leaves, and it arrives */
            from = {};
            EXPECT_EQ(headers + 4, frame_with(dgram, "kith", &from).size());
            EXPECT_EQ(kt_text(parse(link + way + hardware)), kt_text(from));

            from = {};
            const std::string frame = frame_with(raw, "kith", &from);
            ASSERT_EQ(14 + headers + 4, frame.size()) << "with Ethernet's head";
            EXPECT_EQ(protocol, unsigned(static_cast<unsigned char>(frame[12])) << 8 |
                                    static_cast<unsigned char>(frame[13]));
            EXPECT_EQ(kt_text(parse(link + way + hardware)), kt_text(from));
        }
        for (kith_socket s : {raw, dgram, a, b})
            kt_close(s);
    });
}

TEST_P(Unusual, APacketSocketTellsMoreOfAFrame)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const kt_netns n;
        const kith_socket s = sniffer(n, KITH_DGRAM, six() ? 0x86dd : 0x0800);
        const kith_socket a = must_open(domain(), KITH_DGRAM, 0, &n);
        const kith_socket b = must_open(domain(), KITH_DGRAM, 0, &n);
        const kith_sockaddr at = kith_sockaddr_loopback(domain(), 9);
        const int whole = (six() ? 40 : 20) + 8 + 4;
        kt_room one, of_many;

        ASSERT_EQ(0, kith_socket_bind(b, &at)) << "else there would be an answer";
        kt_set_native(s, SOL_PACKET, PACKET_AUXDATA, 1);
        for (int i = 0; i < 2; i++)
            ASSERT_EQ(4, kith_socket_sendto(a, "kith", 4, &at, 0, kt_long()));
        EXPECT_EQ(whole, kith_socket_recvmsg(s, &one.p, 0, kt_long()));
        EXPECT_EQ(1, kith_socket_recvmmsg(s, &of_many.p, 1, 0, kt_long()));
        EXPECT_EQ(whole, of_many.p.result);
        for (const kt_room *r : {&one, &of_many}) {
            ASSERT_EQ(1u, r->p.n_ctrl);
            EXPECT_EQ(SOL_PACKET, r->ctrl[0].level);
            EXPECT_EQ(PACKET_AUXDATA, r->ctrl[0].type);
            EXPECT_EQ(sizeof(tpacket_auxdata), r->ctrl[0].len);
        }
        for (kith_socket each : {s, a, b})
            kt_close(each);
    });
}

TEST_F(UnusualAny, APacketSocketSendsFrames)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const kt_netns n;
        const unsigned experimental = 0x88b5;
        const kith_socket to = sniffer(n, KITH_DGRAM, experimental);
        const kith_socket from = must_open(KITH_PACKET, KITH_DGRAM, 0, &n);
        const kith_sockaddr at =
            parse(on_loopback(experimental) + "/host/772/02:02:03:04:05:06");
        kith_sockaddr source = {};
        char buf[64];

        ASSERT_EQ(5, kith_socket_sendto(from, "frame", 5, &at, 0, kt_long()));
        do
            ASSERT_EQ(5, kith_socket_recvfrom(to, buf, sizeof buf, &source, 0, kt_long()));
        while (source.packet.pkttype == KITH_PKT_OUTGOING);
        EXPECT_EQ("frame", std::string(buf, 5));
        EXPECT_EQ(KITH_PKT_OTHERHOST, source.packet.pkttype) << "whose address that is not";
        EXPECT_EQ(experimental, source.packet.protocol);
        EXPECT_EQ(1u, source.packet.ifindex);
        kt_close(to);
        kt_close(from);
    });
}

/* ---- local ---- */

TEST_P(UnusualLocal, SeqpacketKeepsItsRecords)
{
    by_process_and_thread([] {
        const kt_place at(GetParam());
        const kith_socket l = must_open(KITH_LOCAL, KITH_SEQPACKET, 0);
        const kith_socket near = must_open(KITH_LOCAL, KITH_SEQPACKET, 0);
        kith_sockaddr a = {};
        kith_socket far;
        char buf[64];

        ASSERT_EQ(0, kith_socket_bind(l, &at.address()));
        ASSERT_EQ(0, kith_socket_listen(l, 0));
        ASSERT_EQ(0, kith_socket_connect(near, &at.address(), kt_long()));
        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &far));
        EXPECT_EQ(KITH_SEQPACKET, option(far, KITH_OPT_SOCKET_TYPE));
        ASSERT_EQ(0, kith_socket_peername(near, &a));
        EXPECT_EQ(kt_text(at.address()), kt_text(a));
        ASSERT_EQ(0, kith_socket_peername(far, &a));
        EXPECT_EQ("unix:", kt_text(a)) << "who connects need not have a name";
        EXPECT_EQ("unix:", kt_text(kt_name_of(near)));

        ASSERT_EQ(3, kith_socket_send(near, "one", 3, 0, kt_long()));
        ASSERT_EQ(5, kith_socket_send(near, "three", 5, KITH_MSG_EOR, kt_long()));
        EXPECT_EQ(3, kith_socket_recv(far, buf, sizeof buf, 0, kt_long()));
        EXPECT_EQ(2, kith_socket_recv(far, buf, 2, 0, kt_long())) << "the rest is lost";
        kt_close(near);
        EXPECT_EQ(0, kith_socket_recv(far, buf, sizeof buf, 0, kt_long()));
        kt_close(far);
        kt_close(l);
    });
}

TEST_P(UnusualLocal, ADatagramOfAnUnnamedSocketTellsNoAddress)
{
    by_process_and_thread([] {
        const kt_place at(GetParam());
        const kith_socket to = must_open(KITH_LOCAL, KITH_DGRAM, 0);
        const kith_socket from = must_open(KITH_LOCAL, KITH_DGRAM, 0);
        kith_sockaddr a = at.address();
        char byte;

        ASSERT_EQ(0, kith_socket_bind(to, &at.address()));
        EXPECT_EQ("unix:", kt_text(kt_name_of(from)));
        ASSERT_EQ(1, kith_socket_sendto(from, "x", 1, &at.address(), 0, kt_long()));
        ASSERT_EQ(1, kith_socket_recvfrom(to, &byte, 1, &a, 0, kt_long()));
        EXPECT_EQ(0, a.domain);

        const kith_sockaddr any = kith_sockaddr_any(KITH_LOCAL, 0);
        ASSERT_EQ(0, kith_socket_bind(from, &any)) << "Linux makes a name up";
        const kith_sockaddr name = kt_name_of(from);
        EXPECT_EQ(0u, kt_text(name).find("unix:@")) << kt_text(name);
        ASSERT_EQ(1, kith_socket_sendto(from, "x", 1, &at.address(), 0, kt_long()));
        ASSERT_EQ(1, kith_socket_recvfrom(to, &byte, 1, &a, 0, kt_long()));
        EXPECT_EQ(kt_text(name), kt_text(a));
        kt_close(to);
        kt_close(from);
    });
}

/* ---- vsock ---- */

TEST_F(UnusualAny, AVsockTakesAPort)
{
    NEEDS(KITH_VSOCK, KITH_STREAM, 0, "this kernel has no vsock");
    by_process_and_thread([] {
        const kith_socket a = must_open(KITH_VSOCK, KITH_STREAM, 0);
        const kith_socket b = must_open(KITH_VSOCK, KITH_STREAM, 0);
        const kith_sockaddr any = kith_sockaddr_any(KITH_VSOCK, 0);

        EXPECT_EQ(KITH_VSOCK, option(a, KITH_OPT_SOCKET_DOMAIN));
        ASSERT_EQ(0, kith_socket_bind(a, &any));
        const kith_sockaddr name = kt_name_of(a);
        EXPECT_EQ(KITH_VSOCK, name.domain);
        EXPECT_EQ(KITH_VSOCK_ANY, name.vsock.cid);
        EXPECT_NE(KITH_VSOCK_ANY, name.vsock.port) << "one was picked";
        EXPECT_EQ(KITH_EADDRINUSE, kith_socket_bind(b, &name));
        kt_close(a);
        kt_close(b);
    });
}

/* ---- a family that kith knows by its number alone ---- */

TEST_F(UnusualAny, ANetlinkSocketTalksToTheKernel)
{
    by_process_and_thread([] {
        const int domain = KITH_DOMAIN_NATIVE + AF_NETLINK;
        const kith_socket s = must_open(domain, KITH_RAW, NETLINK_ROUTE);
        const kith_sockaddr kernel = parse("native:16/00:00:00:00:00:00:00:00:00:00");
        kith_sockaddr from = {};
        alignas(nlmsghdr) char buf[65536];
        struct {
            nlmsghdr head;
            ifinfomsg body;
        } ask = {};

        EXPECT_EQ(domain, option(s, KITH_OPT_OTP_DOMAIN));
        EXPECT_EQ(domain, option(s, KITH_OPT_SOCKET_DOMAIN));
        ASSERT_EQ(0, kith_socket_bind(s, &kernel)) << "all zero: the kernel picks a number";
        EXPECT_NE(kt_text(kernel), kt_text(kt_name_of(s)));
        ask.head.nlmsg_len = sizeof ask;
        ask.head.nlmsg_type = RTM_GETLINK;
        ask.head.nlmsg_flags = NLM_F_REQUEST;
        ask.head.nlmsg_seq = 7;
        ask.body.ifi_index = 1;
        ASSERT_EQ(static_cast<std::ptrdiff_t>(sizeof ask),
                  kith_socket_sendto(s, &ask, sizeof ask, &kernel, 0, kt_long()));
        ASSERT_LT(static_cast<std::ptrdiff_t>(sizeof(nlmsghdr)),
                  kith_socket_recvfrom(s, buf, sizeof buf, &from, 0, kt_long()));
        const auto *reply = reinterpret_cast<const nlmsghdr *>(buf);
        EXPECT_EQ(7u, reply->nlmsg_seq);
        EXPECT_EQ(+RTM_NEWLINK, reply->nlmsg_type);
        EXPECT_EQ(kt_text(kernel), kt_text(from));
        kt_close(s);
    });
}

}    // namespace
