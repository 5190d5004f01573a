/* SPDX-License-Identifier: Apache-2.0
 * socket_opt_ipv4_test.cc -- what options do that level ip alone has: who writes the header, what its
 * options do on the way, fragments. Those that ipv6 has too are in socket_opt_ip_test.cc. */
#include "tests/support/netns.h"
#include "tests/support/packets.h"

#include <cstring>
#include <string>

#include <linux/bpf.h>
#include <netinet/in.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace
{

using OptIpv4 = kt_sockets;

enum { A_NUMBER = 253 }; /* set aside for experiments */

void
send_to(kith_socket s, const std::string &bytes, const kith_sockaddr &to)
{
    EXPECT_EQ(static_cast<std::ptrdiff_t>(bytes.size()),
              kith_socket_sendto(s, bytes.data(), bytes.size(), &to, 0, kt_long()));
}

kith_socket
raw(const kt_netns &n, int protocol = A_NUMBER)
{
    return n.open(KITH_INET, KITH_RAW, protocol);
}

kith_socket
dgram(const kt_netns &n)
{
    return n.open(KITH_INET, KITH_DGRAM);
}

kith_sockaddr
loopback(std::uint16_t port = 0)
{
    return kith_sockaddr_loopback(KITH_INET, port);
}

kith_sockaddr
far_end(int cable, std::uint16_t port = 0)
{
    return kt_at_cable(KITH_INET, 2, port, cable);
}

std::string
behind_header(const std::string &packet)
{
    return packet.empty() ? "" : packet.substr(4 * (packet[0] & 15u));
}

/* ---- the header ---- */

/* A header from the loopback to itself. Its length and its sum are the system's to fill in; the place
 * of a fragment counts eights of bytes, and its highest three bits are flags. */
std::string
header(std::uint16_t number = 0, std::uint16_t place = 0)
{
    const auto high = [](std::uint16_t v) { return static_cast<char>(v >> 8); };
    const auto low = [](std::uint16_t v) { return static_cast<char>(v); };

    return {0x45,        0x28,        0,          0,  high(number),
            low(number), high(place), low(place), 77, char(A_NUMBER),
            0,           0,           127,        0,  0,
            1,           127,         0,          0,  1};
}

TEST_F(OptIpv4, HdrinclSaysWhoWritesTheHeader)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const kt_netns n;
        const kith_socket to = raw(n), from = raw(n);
        const std::string whole = header() + "body";

        for (const bool ours : {false, true, false}) {
            kt_set(from, KITH_OPT_IP_HDRINCL, ours);
            send_to(from, whole, loopback());
            const kt_came c(to);
            EXPECT_EQ(ours ? "body" : whole, behind_header(c.text));
            EXPECT_EQ(ours ? 0x28 : 0, c.text[1]) << "its class";
            EXPECT_EQ(ours ? 77 : 64, c.text[8]) << "its hops";
        }
        kt_close(to);
        kt_close(from);
    });
}

/* ---- its options ---- */

/* What an answer is to have, of inet alone: here the record of the route goes on. */
TEST_F(OptIpv4, TheOptionsOfAnAnswerComeWhileRetoptsIsOn)
{
    by_process_and_thread([] {
        const kt_dgrams d(kt_domain::inet);
        const std::string record = {7, 7, 4, 0, 0, 0, 0, 0};

        EXPECT_EQ(0, kith_socket_setopt(d.near, KITH_OPT_IP_OPTIONS, record.data(),
                                        record.size()));
        for (const int on : {0, 1, 0}) {
            kt_set(d.far, KITH_OPT_IP_RETOPTS, on);
            send_to(d.near, "x", d.far_name);
            const std::string v = kt_came(d.far).bytes(KITH_CMSG_IP_RETOPTS);
            EXPECT_EQ(on ? record.substr(0, 2) : "no", v.substr(0, 2));
        }
        d.close();
    });
}

/* Two hosts, and a router between them that passes everything on. */
struct Routed {
    kt_netns left, router, right;

    Routed()
    {
        kt_cable(left, router, 1);
        kt_cable(router, right, 2);
        router.set("ipv4/ip_forward", 1);
        left.ip("route add 10.77.2.0/24 via 10.77.1.2");
        right.ip("route add 10.77.1.0/24 via 10.77.2.1");
    }
};

TEST_F(OptIpv4, ARouterAlertGivesTheRouterWhatItWouldPassOn)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const Routed r;
        const kith_socket from = raw(r.left), router = raw(r.router), to = raw(r.right);
        const kith_sockaddr at = far_end(2);
        const char alert[] = {char(148), 4, 0, 0};

        kt_set(router, KITH_OPT_IP_ROUTER_ALERT, 1);
        send_to(from, "without the option", at);
        EXPECT_EQ("without the option", behind_header(kt_came(to).text));
        EXPECT_EQ(0, kith_socket_setopt(from, KITH_OPT_IP_OPTIONS, alert, sizeof alert));
        send_to(from, "with the option", at);
        EXPECT_EQ("with the option", behind_header(kt_came(router).text));
        kt_set(router, KITH_OPT_IP_ROUTER_ALERT, 0);
        send_to(from, "no alert is asked for", at);
        EXPECT_EQ("no alert is asked for", behind_header(kt_came(to).text))
            << "and not the one before";
        for (const kith_socket s : {from, router, to})
            kt_close(s);
    });
}

/* ---- fragments ---- */

TEST_F(OptIpv4, TheSizeOfFragmentsComesWhileItIsOn)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const kt_netns a, b;
        kt_cable(a, b); /* it takes 1500 bytes at once */
        const kith_socket near = dgram(a), far = dgram(b);
        const kith_sockaddr at = far_end(1, 4711);
        const auto size_of_fragments = [&](std::size_t len) {
            send_to(near, std::string(len, 'x'), at);
            const std::string v = kt_came(far).bytes(IP_RECVFRAGSIZE, IPPROTO_IP);
            int size = -1;

            if (v != "none")
                std::memcpy(&size, v.data(), sizeof size);
            return size;
        };

        ASSERT_EQ(0, kith_socket_bind(far, &at));
        EXPECT_EQ(-1, size_of_fragments(2000)) << "nobody has asked";
        kt_set(far, KITH_OPT_IP_RECVFRAGSIZE, 1);
        EXPECT_EQ(1500, size_of_fragments(2000));
        EXPECT_EQ(-1, size_of_fragments(1000)) << "of what came in one piece";
        kt_close(near);
        kt_close(far);
    });
}

/* A filter of packets that leave a namespace, to which fragments are put together before. It lets all
 * of them pass. */
class Defragments {
  public:
    explicit Defragments(const kt_netns &n)
    {
        n.in([this] { link_ = make(); });
    }

    ~Defragments()
    {
        close(link_);
    }

    Defragments(const Defragments &) = delete;

    bool are() const
    {
        return link_ >= 0;
    }

  private:
    static int make()
    {
        /* Linux 6.4 and 6.6; not in every header. */
        enum { NETFILTER_PROGRAM = 32, TO_NETFILTER = 45, DEFRAGMENT = 1 };
        enum { IPV4 = 2, LEAVING = 3 };
        const bpf_insn accept[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1},
                                   {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
        bpf_attr program = {};
        struct {
            std::uint32_t program, target, to, flags, family, where;
            std::int32_t priority;
            std::uint32_t more_flags;
        } link = {0, 0, TO_NETFILTER, 0, IPV4, LEAVING, 0, DEFRAGMENT};

        program.prog_type = NETFILTER_PROGRAM;
        program.expected_attach_type = TO_NETFILTER;
        program.insns = reinterpret_cast<std::uintptr_t>(accept);
        program.insn_cnt = 2;
        program.license = reinterpret_cast<std::uintptr_t>("GPL");
        const long fd = syscall(SYS_bpf, BPF_PROG_LOAD, &program, sizeof program);
        if (fd < 0)
            return -1;
        link.program = static_cast<std::uint32_t>(fd);
        const long made = syscall(SYS_bpf, BPF_LINK_CREATE, &link, sizeof link);
        close(static_cast<int>(fd));
        return static_cast<int>(made);
    }

    int link_ = -1;
};

/* What passes the loopback of a namespace. */
class Wire {
  public:
    explicit Wire(const kt_netns &n)
    {
        kith_open_options o = KITH_OPEN_OPTIONS_INIT;
        kith_sockaddr at = {};

        o.netns = n.path().c_str();
        EXPECT_EQ(0, kith_socket_open(KITH_PACKET, KITH_DGRAM, 0, &o, &s_));
        EXPECT_EQ(0, kith_sockaddr_parse("packet:0800%1", &at));
        EXPECT_EQ(0, kith_socket_bind(s_, &at));
    }

    ~Wire()
    {
        kt_close(s_);
    }

    Wire(const Wire &) = delete;

    std::string next_body() const
    {
        char buf[256];
        const std::ptrdiff_t n = kith_socket_recv(s_, buf, sizeof buf, 0, kt_long());

        EXPECT_LT(0, n) << kith_strerror(static_cast<int>(n));
        return behind_header(std::string(buf, n > 0 ? static_cast<std::size_t>(n) : 0));
    }

  private:
    kith_socket s_ = {0};
};

TEST_F(OptIpv4, NodefragLetsAFragmentLeaveWithoutTheOthers)
{
    KT_NEEDS_NETNS();
    const kt_netns n;
    const Defragments all(n);
    if (!all.are())
        GTEST_SKIP() << "needs Linux 6.6 with CONFIG_NETFILTER_BPF_LINK";
    by_process_and_thread([&n] {
        const std::uint16_t more = 0x2000; /* to follow */
        const kith_socket from = raw(n, IPPROTO_RAW),
                          to = raw(n); /* else there would be an answer */
        const Wire wire(n);

        send_to(from, header(1, more) + "1st part", loopback());
        send_to(from, header(2) + "whole", loopback());
        EXPECT_EQ("whole", wire.next_body()) << "the other waits for what follows";
        kt_set(from, KITH_OPT_IP_NODEFRAG, 1);
        send_to(from, header(3, more) + "1st part", loopback());
        EXPECT_EQ("1st part", wire.next_body());
        kt_close(from);
        kt_close(to);
    });
}

/* ---- errors ---- */

/* An error that tells of a datagram from one port of the loopback to another: its first 128 bytes,
 * of which those behind the headers are zeros, and an extension of one empty object (RFC 4884). */
std::string
port_unreachable(std::uint16_t from, std::uint16_t to)
{
    enum { INNER = 8, UDP = INNER + 20, EXTENSION = INNER + 128 };
    std::string m(EXTENSION + 8, '\0');
    const auto put = [&](std::size_t at, unsigned v) {
        m[at] = static_cast<char>(v >> 8);
        m[at + 1] = static_cast<char>(v);
    };

    m[0] = 3, m[1] = 3, m[5] = 128 / 4;
    m.replace(INNER, 20, header());
    put(INNER + 2, 128);
    m[INNER + 9] = KITH_UDP;
    put(UDP, from);
    put(UDP + 2, to);
    put(UDP + 4, 108);
    m[EXTENSION] = 0x20;
    put(EXTENSION + 4, 4);

    unsigned sum = 0;
    for (std::size_t i = 0; i < m.size(); i += 2)
        sum +=
            static_cast<unsigned char>(m[i]) * 256u + static_cast<unsigned char>(m[i + 1]);
    put(2, ~(sum + (sum >> 16)));
    return m;
}

TEST_F(OptIpv4, AnErrorsExtensionIsFoundIfAsked)
{
    KT_NEEDS_NETNS();
    if (kith_supports(KITH_OPT_IP_RECVERR_RFC4884) == 0)
        GTEST_SKIP() << "needs Linux 5.9";
    by_process_and_thread([] {
        const kt_netns n;
        const kith_socket s = dgram(n), icmp = raw(n, KITH_ICMP);
        const kith_sockaddr at = loopback(4711), nobody = loopback(4712);

        ASSERT_EQ(0, kith_socket_bind(s, &at));
        ASSERT_EQ(0, kith_socket_connect(s, &nobody, kt_long()));
        kt_set(s, KITH_OPT_IP_RECVERR, 1);
        for (const int on : {0, 1}) {
            std::uint16_t extension_at = 0;
            char c;

            kt_set(s, KITH_OPT_IP_RECVERR_RFC4884, on);
            send_to(icmp, port_unreachable(4711, 4712), loopback());
            EXPECT_EQ(KITH_ECONNREFUSED, kith_socket_recv(s, &c, 1, 0, kt_long()));
            const kt_came came(s, KITH_MSG_ERRQUEUE);
            const auto *e = KITH_CTRL(&came.p, KITH_CMSG_IP_RECVERR, kith_sock_error);
            ASSERT_NE(nullptr, e);
            std::memcpy(&extension_at, &e->data, sizeof extension_at);
            EXPECT_EQ(on ? 128 - 28 : 0, extension_at) << "behind both headers";
        }
        kt_close(s);
        kt_close(icmp);
    });
}

}    // namespace
