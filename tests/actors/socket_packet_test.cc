/* SPDX-License-Identifier: Apache-2.0
 * socket_packet_test.cc -- packets: pieces, addresses, control messages, descriptors, many at
 * once. */
#include "tests/support/idle.h"
#include "tests/support/packets.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace
{

using Dgrams = kt_dgrams;
using Room = kt_room;
using Text = kt_packet_text;
constexpr auto set_native = kt_set_native;

bool
is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

class SocketDgram : public kt_sockets, public testing::WithParamInterface<kt_domain> {};
class SocketPacket : public kt_sockets, public testing::WithParamInterface<kt_domain> {};
using SocketControl = kt_inets<>;

INSTANTIATE_TEST_SUITE_P(, SocketDgram, testing::ValuesIn(kt_all_domains),
                         kt_domain_of_test);
INSTANTIATE_TEST_SUITE_P(, SocketPacket, testing::ValuesIn(kt_all_domains),
                         kt_domain_of_test);

KT_INETS(SocketControl);

/* ---- addresses ---- */

TEST_P(SocketDgram, RecvfromTellsWhoHasSent)
{
    by_process_and_thread([] {
        const Dgrams d(GetParam());
        char buf[16];
        kith_sockaddr from = {};

        ASSERT_EQ(4, kith_socket_sendto(d.near, "ping", 4, &d.far_name, 0, kt_long()));
        ASSERT_EQ(4, kith_socket_recvfrom(d.far, buf, sizeof buf, &from, 0, kt_long()));
        EXPECT_EQ("ping", std::string(buf, 4));
        EXPECT_EQ(kt_text(d.near_name), kt_text(from));

        ASSERT_EQ(4, kith_socket_sendto(d.far, "pong", 4, &from, 0, kt_long()));
        ASSERT_EQ(4, kith_socket_recvfrom(d.near, buf, sizeof buf, nullptr, 0, kt_long()))
            << "who need not be asked for";
        d.close();
    });
}

TEST_P(SocketDgram, RecvfromWaitsForTheDatagram)
{
    in_process([this] {
        const Dgrams d(GetParam());
        std::atomic<std::ptrdiff_t> got{-1};
        kith_sockaddr from = {};
        const kith_pid reader = spawn([&] {
            char buf[16];

            got = kith_socket_recvfrom(d.far, buf, sizeof buf, &from, 0, KITH_INFINITY);
        });

        ASSERT_TRUE(kt_eventually([&] { return kt_waits(reader, "socket_recvfrom"); }));
        ASSERT_EQ(4, kith_socket_sendto(d.near, "ping", 4, &d.far_name, 0, kt_long()));
        ASSERT_EQ(0, kith_wait(reader, nullptr, kt_long()));
        EXPECT_EQ(4, got.load());
        EXPECT_EQ(kt_text(d.near_name), kt_text(from));
        d.close();
    });
}

TEST_P(SocketDgram, AFutureOfRecvfromHoldsTheAddress)
{
    by_process_and_thread([] {
        const Dgrams d(GetParam());
        char buf[16];
        kith_sockaddr from = {};
        kith_future f;

        ASSERT_EQ(0, kith_socket_recvfrom_start(d.far, buf, sizeof buf, &from, 0,
                                                KITH_INFINITY, &f));
        ASSERT_EQ(4, kith_socket_sendto(d.near, "ping", 4, &d.far_name, 0, kt_long()));
        EXPECT_EQ(4, kith_await(f, kt_long()));
        EXPECT_EQ(kt_text(d.near_name), kt_text(from));
        d.close();
    });
}

TEST_P(SocketDgram, APacketGoesWhereItsAddressSays)
{
    by_process_and_thread([] {
        const Dgrams d(GetParam());
        Text t("hello");
        Room r;

        t.p.addr = d.far_name;
        ASSERT_EQ(5, kith_socket_sendmsg(d.near, &t.p, 0, kt_long()));
        const std::ptrdiff_t n = kith_socket_recvmsg(d.far, &r.p, 0, kt_long());
        EXPECT_EQ("hello", r.text(n));
        EXPECT_EQ(kt_text(d.near_name), kt_text(r.p.addr));
        EXPECT_EQ(0u, r.p.flags & KITH_MSG_TRUNC);
        EXPECT_EQ(0u, r.p.n_ctrl);
        d.close();
    });
}

TEST_P(SocketDgram, ACutDatagramIsReportedWithItsTrueLength)
{
    by_process_and_thread([] {
        const Dgrams d(GetParam());
        char buf[3];
        Room r;

        for (int i = 0; i < 4; i++)
            ASSERT_EQ(6,
                      kith_socket_sendto(d.near, "abcdef", 6, &d.far_name, 0, kt_long()));
        EXPECT_EQ(3, kith_socket_recv(d.far, buf, 3, 0, kt_long())) << "the rest is lost";
        EXPECT_EQ(6, kith_socket_recv(d.far, buf, 3, KITH_MSG_TRUNC, kt_long()));
        r.iov.len = 3;
        EXPECT_EQ(3, kith_socket_recvmsg(d.far, &r.p, 0, kt_long()));
        EXPECT_NE(0u, r.p.flags & KITH_MSG_TRUNC);
        EXPECT_EQ(6, kith_socket_recvmsg(d.far, &r.p, KITH_MSG_TRUNC, kt_long()));
        EXPECT_NE(0u, r.p.flags & KITH_MSG_TRUNC);
        d.close();
    });
}

TEST_P(SocketDgram, APeekLeavesTheDatagram)
{
    by_process_and_thread([] {
        const Dgrams d(GetParam());
        Room r;

        ASSERT_EQ(4, kith_socket_sendto(d.near, "ping", 4, &d.far_name, 0, kt_long()));
        for (unsigned flags : {unsigned{KITH_MSG_PEEK}, unsigned{KITH_MSG_PEEK}, 0u}) {
            EXPECT_EQ("ping", r.text(kith_socket_recvmsg(d.far, &r.p, flags, kt_long())));
            EXPECT_EQ(kt_text(d.near_name), kt_text(r.p.addr));
        }
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recvmsg(d.far, &r.p, 0, 0));
        d.close();
    });
}

TEST_P(SocketDgram, AnEmptyDatagramIsADatagram)
{
    by_process_and_thread([] {
        const Dgrams d(GetParam());
        kith_packet empty = {};
        Room r;

        empty.addr = d.far_name;
        ASSERT_EQ(0, kith_socket_sendmsg(d.near, &empty, 0, kt_long()));
        ASSERT_EQ(1, kith_socket_sendto(d.near, "x", 1, &d.far_name, 0, kt_long()));
        EXPECT_EQ(0, kith_socket_recvmsg(d.far, &r.p, 0, kt_long()));
        EXPECT_EQ(kt_text(d.near_name), kt_text(r.p.addr));
        EXPECT_EQ(1, kith_socket_recvmsg(d.far, &r.p, 0, kt_long()));
        d.close();
    });
}

/* ---- pieces ---- */

TEST_P(SocketPacket, PiecesAreSentAndFilledInTheirOrder)
{
    by_process_and_thread([] {
        const kt_pair c = kt_pair_of(GetParam());
        char a[2], b[3], z[8];
        kith_iov out[] = {kith_iov_of("ab", 2), kith_iov_of("", 0), kith_iov_of("cde", 3)};
        kith_iov in[] = {{a, 2}, {nullptr, 0}, {b, 3}, {z, sizeof z}};
        kith_packet p = {};

        ASSERT_EQ(5, kith_socket_sendv(c.near, out, 3, 0, kt_long()));
        p.iov = in;
        p.n_iov = 4;
        ASSERT_EQ(5, kith_socket_recvmsg(c.far, &p, 0, kt_long()));
        EXPECT_EQ("ab", std::string(a, 2));
        EXPECT_EQ("cde", std::string(b, 3));
        EXPECT_EQ(0, p.addr.domain == KITH_LOCAL ? p.addr.local.len : p.addr.domain)
            << "a stream tells no address";
        kt_close(c);
    });
}

/* More pieces than the system takes at once, and more bytes than fit: cut anywhere. */
TEST_P(SocketPacket, ThousandsOfPiecesArriveOverAFullConnection)
{
    in_process([this] {
        const kt_pair c = kt_pair_of(GetParam());
        const std::size_t n = 3000;
        std::string all;
        std::vector<kith_iov> iov;

        for (std::size_t i = 0; i < n; i++)
            all += std::string(1 + i % 1500, static_cast<char>('a' + i % 26));
        for (std::size_t i = 0, at = 0; i < n; at += 1 + i % 1500, i++)
            iov.push_back({all.data() + at, 1 + i % 1500});
        std::string got(all.size(), '\0');
        const kith_pid reader = spawn([&] {
            std::size_t read = 0;
            std::ptrdiff_t r = 1;

            while (read < got.size() && r > 0) {
                r = kith_socket_recv(c.far, got.data() + read,
                                     std::min<std::size_t>(70000, got.size() - read), 0,
                                     KITH_INFINITY);
                read += r > 0 ? static_cast<std::size_t>(r) : 0;
            }
        });

        EXPECT_EQ(static_cast<std::ptrdiff_t>(all.size()),
                  kith_socket_sendv(c.near, iov.data(), n, 0, kt_long()));
        ASSERT_EQ(0, kith_wait(reader, nullptr, kt_long()));
        EXPECT_TRUE(got == all);
        kt_close(c);
    });
}

TEST_P(SocketPacket, WaitallFillsAllPieces)
{
    in_process([this] {
        const kt_pair c = kt_pair_of(GetParam());
        std::string got(3000, '\0');
        std::vector<kith_iov> iov;
        std::atomic<std::ptrdiff_t> result{0};

        for (std::size_t i = 0; i < 30; i++)
            iov.push_back({got.data() + i * 100, 100});
        const kith_pid reader = spawn([&] {
            kith_packet p = {};

            p.iov = iov.data();
            p.n_iov = iov.size();
            result = kith_socket_recvmsg(c.far, &p, KITH_MSG_WAITALL, KITH_INFINITY);
        });
        const std::string part(750, 'x');

        for (int i = 0; i < 4; i++) {
            ASSERT_EQ(750, kith_socket_send(c.near, part.data(), 750, 0, kt_long()));
            kith_yield();
        }
        ASSERT_EQ(0, kith_wait(reader, nullptr, kt_long()));
        EXPECT_EQ(3000, result.load());
        EXPECT_EQ(std::string(3000, 'x'), got);
        kt_close(c);
    });
}

TEST_P(SocketDgram, MorePiecesThanTheSystemTakesAreStillOneDatagram)
{
    by_process_and_thread([] {
        const Dgrams d(GetParam());
        std::string all, got(2500, '\0');
        std::vector<kith_iov> out, in;
        kith_packet p = {}, q = {};

        for (std::size_t i = 0; i < 2500; i++)
            all += static_cast<char>('a' + i % 26);
        for (std::size_t i = 0; i < 2500; i++) {
            out.push_back({all.data() + i, 1});
            in.push_back({got.data() + i, 1});
        }
        p.addr = d.far_name;
        p.iov = out.data();
        p.n_iov = out.size();
        q.iov = in.data();
        q.n_iov = in.size();
        ASSERT_EQ(2500, kith_socket_sendmsg(d.near, &p, 0, kt_long()));
        ASSERT_EQ(2500, kith_socket_recvmsg(d.far, &q, 0, kt_long()));
        EXPECT_TRUE(got == all);
        d.close();
    });
}

TEST_F(SocketControl, WhatMakesNoSenseIsRefused)
{
    by_process_and_thread([] {
        const kt_pair c = kt_pair_import();
        kith_iov bad[] = {{nullptr, 3}};
        kith_iov two[] = {{bad, PTRDIFF_MAX}, {bad, PTRDIFF_MAX}};
        kith_packet p = {};
        Room r;

        EXPECT_EQ(KITH_EINVAL, kith_socket_sendv(c.near, bad, 1, 0, 0));
        EXPECT_EQ(KITH_EINVAL, kith_socket_sendv(c.near, nullptr, 1, 0, 0));
        EXPECT_EQ(KITH_EINVAL, kith_socket_sendv(c.near, two, 2, 0, 0));
        EXPECT_EQ(KITH_EINVAL, kith_socket_sendmsg(c.near, nullptr, 0, 0));
        EXPECT_EQ(KITH_EINVAL, kith_socket_recvmsg(c.near, nullptr, 0, 0));
        r.p.ctrl = nullptr;
        EXPECT_EQ(KITH_EINVAL, kith_socket_recvmsg(c.near, &r.p, 0, 0));
        r.p.ctrl_cap = 0;
        r.p.fds = nullptr;
        EXPECT_EQ(KITH_EINVAL, kith_socket_recvmsg(c.near, &r.p, 0, 0));
        EXPECT_EQ(KITH_EINVAL, kith_socket_sendmmsg(c.near, &p, 0, 0, 0));
        EXPECT_EQ(KITH_EINVAL, kith_socket_recvmmsg(c.near, nullptr, 1, 0, 0));
        p.n_ctrl = 1;
        EXPECT_EQ(KITH_EINVAL, kith_socket_sendmsg(c.near, &p, 0, 0));
        kt_close(c);
    });
}

/* ---- control messages ---- */

/* What is the same in both, by other names. */
struct family {
    int level, recv_hops, recv_class, recv_info, recv_err; /* the system's */
    int hops, tclass, info, err, origin;
};

const family of_inet = {IPPROTO_IP,       IP_RECVTTL,           IP_RECVTOS,
                        IP_PKTINFO,       IP_RECVERR,           KITH_CMSG_IP_TTL,
                        KITH_CMSG_IP_TOS, KITH_CMSG_IP_PKTINFO, KITH_CMSG_IP_RECVERR,
                        KITH_ORIGIN_ICMP};
const family of_inet6 = {IPPROTO_IPV6,           IPV6_RECVHOPLIMIT,
                         IPV6_RECVTCLASS,        IPV6_RECVPKTINFO,
                         IPV6_RECVERR,           KITH_CMSG_IPV6_HOPLIMIT,
                         KITH_CMSG_IPV6_TCLASS,  KITH_CMSG_IPV6_PKTINFO,
                         KITH_CMSG_IPV6_RECVERR, KITH_ORIGIN_ICMP6};

const family &
names()
{
    return kt_inet() == KITH_INET ? of_inet : of_inet6;
}

TEST_P(SocketControl, HopsClassAndWayTravelWithADatagram)
{
    by_process_and_thread([] {
        const family &f = names();
        const Dgrams d;
        int hops = 5, tclass = 0x10;
        kith_cmsg c[] = {kith_cmsg_of(f.hops, &hops, sizeof hops),
                         kith_cmsg_of(f.tclass, &tclass, sizeof tclass)};
        Text t("hello");
        Room r;

        set_native(d.far, f.level, f.recv_hops, 1);
        set_native(d.far, f.level, f.recv_class, 1);
        set_native(d.far, f.level, f.recv_info, 1);
        t.p.addr = d.far_name;
        t.p.ctrl = c;
        t.p.n_ctrl = 2;
        ASSERT_EQ(5, kith_socket_sendmsg(d.near, &t.p, 0, kt_long()));
        ASSERT_EQ(5, kith_socket_recvmsg(d.far, &r.p, 0, kt_long()));
        EXPECT_EQ(3u, r.p.n_ctrl);
        auto *got_hops = KITH_CTRL(&r.p, f.hops, int);
        auto *got_class = KITH_CTRL(&r.p, f.tclass, int);
        auto *got_info = KITH_CTRL(&r.p, f.info, kith_pktinfo);
        ASSERT_TRUE(got_hops && got_class && got_info);
        EXPECT_EQ(5, *got_hops);
        EXPECT_EQ(0x10, *got_class);
        kith_sockaddr dst = d.far_name;
        if (dst.domain == KITH_INET)
            dst.inet.port = 0;
        else
            dst.inet6.port = 0;
        EXPECT_EQ(kt_text(dst), kt_text(got_info->dst));
        EXPECT_NE(0u, got_info->ifindex);
        d.close();
    });
}

TEST_P(SocketControl, ControlMessagesWithoutRoomAreReported)
{
    by_process_and_thread([] {
        const family &f = names();
        const Dgrams d;
        Text t("x");
        Room r;

        set_native(d.far, f.level, f.recv_hops, 1);
        set_native(d.far, f.level, f.recv_class, 1);
        t.p.addr = d.far_name;
        for (std::size_t room : {2u, 1u, 0u}) {
            ASSERT_EQ(1, kith_socket_sendmsg(d.near, &t.p, 0, kt_long()));
            r.p.ctrl_cap = room;
            r.p.fds_cap = 0;
            ASSERT_EQ(1, kith_socket_recvmsg(d.far, &r.p, 0, kt_long()));
            EXPECT_EQ(room, r.p.n_ctrl);
            EXPECT_EQ(room < 2, (r.p.flags & KITH_MSG_CTRUNC) != 0);
        }
        d.close();
    });
}

TEST_F(SocketControl, DescriptorsPassAndCloseOnExec)
{
    by_process_and_thread([] {
        const kt_pair c = kt_pair_import();
        int ends[2];
        Text t("take");
        Room r;

        ASSERT_EQ(0, pipe(ends));
        t.p.fds = ends;
        t.p.n_fds = 2;
        ASSERT_EQ(4, kith_socket_sendmsg(c.near, &t.p, 0, kt_long()));
        close(ends[0]);
        close(ends[1]);
        EXPECT_EQ("take", r.text(kith_socket_recvmsg(c.far, &r.p, 0, kt_long())));
        EXPECT_EQ(0u, r.p.flags & KITH_MSG_CTRUNC);
        ASSERT_EQ(2u, r.p.n_fds);
        EXPECT_EQ(0u, r.p.n_ctrl);
        EXPECT_NE(0, fcntl(r.fds[0], F_GETFD) & FD_CLOEXEC);
        char x = 'x';
        EXPECT_EQ(1, write(r.fds[1], &x, 1));
        EXPECT_EQ(1, read(r.fds[0], &x, 1));
        close(r.fds[0]);
        close(r.fds[1]);
        kt_close(c);
    });
}

/* main.cc fails a test that leaves one open. */
TEST_F(SocketControl, DescriptorsThatNobodyClaimsAreClosed)
{
    by_process_and_thread([] {
        const kt_pair c = kt_pair_import();
        int ends[2];
        Text t("x");
        Room r;
        char buf[4];

        ASSERT_EQ(0, pipe(ends));
        t.p.fds = ends;
        t.p.n_fds = 2;
        for (std::size_t room : {1u, 0u}) {
            ASSERT_EQ(1, kith_socket_sendmsg(c.near, &t.p, 0, kt_long()));
            r.p.fds_cap = room;
            ASSERT_EQ(1, kith_socket_recvmsg(c.far, &r.p, 0, kt_long()));
            EXPECT_EQ(room, r.p.n_fds);
            EXPECT_NE(0u, r.p.flags & KITH_MSG_CTRUNC);
            for (std::size_t i = 0; i < r.p.n_fds; i++)
                close(r.fds[i]);
        }
        ASSERT_EQ(1, kith_socket_sendmsg(c.near, &t.p, 0, kt_long()));
        EXPECT_EQ(1, kith_socket_recv(c.far, buf, sizeof buf, 0, kt_long()))
            << "who takes bytes only gets no descriptors";
        close(ends[0]);
        close(ends[1]);
        kt_close(c);
    });
}

TEST_F(SocketControl, DescriptorsOfAResultThatNobodyTakesAreClosed)
{
    in_process([this] {
        const kt_pair c = kt_pair_import();
        int ends[2], far_fd = -1;
        Text t("x");
        Room r; /* outlives the process that lends it */
        std::atomic<bool> started{false};
        const kith_pid reader = spawn([&] {
            kith_future f;

            ASSERT_EQ(0, kith_socket_recvmsg_start(c.far, &r.p, 0, KITH_INFINITY, &f));
            started = true;
            kt_ignore(kith_sleep(KITH_INFINITY));
        });

        ASSERT_TRUE(kt_eventually([&] { return started.load(); }));
        ASSERT_EQ(0, kith_socket_getopt_int(c.far, KITH_OPT_OTP_FD, &far_fd));
        ASSERT_EQ(0, pipe(ends));
        t.p.fds = ends;
        t.p.n_fds = 2;
        ASSERT_EQ(1, kith_socket_sendmsg(c.near, &t.p, 0, kt_long()));
        ASSERT_TRUE(kt_eventually([&] {
            int left = 1;

            return ioctl(far_fd, FIONREAD, &left) == 0 && left == 0;
        })) << "it was read";
        kt_ignore(kith_exit_signal(reader, kith_reason_of(KITH_KILL, 0, nullptr)));
        ASSERT_EQ(0, kith_wait(reader, nullptr, kt_long()));
        EXPECT_EQ(0u, r.p.n_fds);
        EXPECT_NE(r.fds[0], r.fds[1]);
        EXPECT_FALSE(is_open(r.fds[0]) || is_open(r.fds[1]));
        close(ends[0]);
        close(ends[1]);
        kt_close(c);
    });
}

TEST_F(SocketControl, CredentialsSayWhoHasSent)
{
    by_process_and_thread([] {
        const kt_pair c = kt_pair_import();

        for (const int on : {0, 1, 0}) {
            Text t("x");
            Room r;

            ASSERT_EQ(0, kith_socket_setopt_int(c.far, KITH_OPT_SOCKET_PASSCRED, on));
            ASSERT_EQ(1, kith_socket_sendmsg(c.near, &t.p, 0, kt_long()));
            ASSERT_EQ(1, kith_socket_recvmsg(c.far, &r.p, 0, kt_long()));
            auto *who = KITH_CTRL(&r.p, KITH_CMSG_SOCKET_CREDENTIALS, kith_credentials);
            ASSERT_EQ(on == 1, who != nullptr);
            if (on == 0)
                continue;
            EXPECT_EQ(getpid(), who->pid);
            EXPECT_EQ(getuid(), who->uid);
            EXPECT_EQ(getgid(), who->gid);
        }
        kt_close(c);
    });
}

/* The time of the next packet, in the first place of three if there are three. */
bool
comes_with_its_time(const Dgrams &d, int type)
{
    const std::int64_t now = time(nullptr);
    Text t("x");
    Room r;

    t.p.addr = d.far_name;
    EXPECT_EQ(1, kith_socket_sendmsg(d.near, &t.p, 0, kt_long()));
    EXPECT_EQ(1, kith_socket_recvmsg(d.far, &r.p, 0, kt_long()));
    auto *at = static_cast<const kith_timestamp *>(kith_packet_ctrl(&r.p, type, 0));
    if (at != nullptr) {
        EXPECT_LE(now - 1, at->seconds);
        EXPECT_GE(now + 60, at->seconds);
    }
    return at != nullptr;
}

TEST_P(SocketControl, TimestampsComeInAllThreeKinds)
{
    by_process_and_thread([] {
        const struct {
            kith_opt option;
            int v, type;
        } kinds[] = {{KITH_OPT_SOCKET_TIMESTAMP, 1, KITH_CMSG_SOCKET_TIMESTAMP},
                     {KITH_OPT_SOCKET_TIMESTAMPNS, 1, KITH_CMSG_SOCKET_TIMESTAMPNS},
                     {KITH_OPT_SOCKET_TIMESTAMPING,
                      KITH_TIMESTAMPING_RX_SOFTWARE | KITH_TIMESTAMPING_SOFTWARE,
                      KITH_CMSG_SOCKET_TIMESTAMPING}};

        for (const auto &k : kinds) {
            const Dgrams d;

            EXPECT_FALSE(comes_with_its_time(d, k.type)) << k.type;
            ASSERT_EQ(0, kith_socket_setopt_int(d.far, k.option, k.v));
            /* The system begins to take the time of packets a moment after it was asked to. */
            EXPECT_TRUE(kt_eventually([&] { return comes_with_its_time(d, k.type); }))
                << k.type;
            ASSERT_EQ(0, kith_socket_setopt_int(d.far, k.option, 0));
            EXPECT_FALSE(comes_with_its_time(d, k.type)) << k.type;
            d.close();
        }
    });
}

/* Linux takes MSG_EOR on a local socket and does not tell of it: each record ends there anyway. */
TEST_F(SocketControl, RecordsStayApartOnSeqpackets)
{
    by_process_and_thread([] {
        int fds[2];
        kith_open_options o = KITH_OPEN_OPTIONS_INIT;
        kith_socket near, far;
        Text t("record");
        Room r;

        ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds));
        o.fd = fds[0];
        ASSERT_EQ(0, kith_socket_open(0, 0, 0, &o, &near));
        o.fd = fds[1];
        ASSERT_EQ(0, kith_socket_open(0, 0, 0, &o, &far));
        close(fds[0]);
        close(fds[1]);
        for (int i = 0; i < 2; i++)
            ASSERT_EQ(6, kith_socket_sendmsg(near, &t.p, KITH_MSG_EOR, kt_long()));
        for (int i = 0; i < 2; i++)
            EXPECT_EQ("record", r.text(kith_socket_recvmsg(far, &r.p, 0, kt_long())));
        kt_close(near);
        EXPECT_EQ(0, kith_socket_recvmsg(far, &r.p, 0, kt_long())) << "the end";
        kt_close(far);
    });
}

/* ---- queues of their own ---- */

TEST_P(SocketControl, TheErrorQueueTellsWhoRefused)
{
    by_process_and_thread([] {
        const family &f = names();
        const Dgrams d;
        char buf[8];
        Room r;

        set_native(d.near, f.level, f.recv_err, 1);
        kt_close(d.far);
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recvmsg(d.near, &r.p, KITH_MSG_ERRQUEUE, 0));
        ASSERT_EQ(4, kith_socket_sendto(d.near, "ping", 4, &d.far_name, 0, kt_long()));
        EXPECT_EQ(KITH_ECONNREFUSED,
                  kith_socket_recv(d.near, buf, sizeof buf, 0, kt_long()));
        ASSERT_EQ(4, kith_socket_recvmsg(d.near, &r.p, KITH_MSG_ERRQUEUE, kt_long()));
        EXPECT_EQ("ping", r.text(4)) << "the packet comes back";
        EXPECT_NE(0u, r.p.flags & KITH_MSG_ERRQUEUE);
        EXPECT_EQ(kt_text(d.far_name), kt_text(r.p.addr)) << "where it was sent to";
        auto *e = KITH_CTRL(&r.p, f.err, kith_sock_error);
        ASSERT_NE(nullptr, e);
        EXPECT_EQ(KITH_ECONNREFUSED, e->code);
        EXPECT_EQ(f.origin, e->origin);
        kt_close(d.near);
    });
}

TEST_P(SocketControl, WhoWaitsForErrorsHoldsUpNoReader)
{
    in_process([this] {
        const Dgrams d, gone;
        std::atomic<std::ptrdiff_t> told{0};
        char buf[8];

        set_native(d.near, names().level, names().recv_err, 1);
        gone.close();
        const kith_pid watcher = spawn([&] {
            Room r;

            told = kith_socket_recvmsg(d.near, &r.p, KITH_MSG_ERRQUEUE, KITH_INFINITY);
        });
        ASSERT_TRUE(kt_eventually([&] { return kt_waits(watcher, "socket_recvmsg"); }));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(d.near, buf, sizeof buf, 0, 0));
        ASSERT_EQ(2, kith_socket_sendto(d.far, "hi", 2, &d.near_name, 0, kt_long()));
        EXPECT_EQ(2, kith_socket_recv(d.near, buf, sizeof buf, 0, kt_long()));
        EXPECT_TRUE(kt_waits(watcher, "socket_recvmsg"));

        ASSERT_EQ(3, kith_socket_sendto(d.near, "abc", 3, &gone.far_name, 0, kt_long()));
        ASSERT_EQ(0, kith_wait(watcher, nullptr, kt_long()));
        EXPECT_EQ(3, told.load());
        d.close();
    });
}

TEST_P(SocketControl, WhoWaitsForUrgentDataHoldsUpNoReader)
{
    in_process([this] {
        const kt_pair c = kt_pair_of();
        std::atomic<std::ptrdiff_t> got{0};
        char u = 0, buf[8];
        const kith_pid urgent = spawn(
            [&] { got = kith_socket_recv(c.far, &u, 1, KITH_MSG_OOB, KITH_INFINITY); });

        ASSERT_TRUE(kt_eventually([&] { return kt_waits(urgent, "socket_recv"); }));
        ASSERT_EQ(2, kith_socket_send(c.near, "hi", 2, 0, kt_long()));
        EXPECT_EQ(2, kith_socket_recv(c.far, buf, sizeof buf, 0, kt_long()));
        EXPECT_TRUE(kt_waits(urgent, "socket_recv"));
        ASSERT_EQ(1, kith_socket_send(c.near, "!", 1, KITH_MSG_OOB, kt_long()));
        ASSERT_EQ(0, kith_wait(urgent, nullptr, kt_long()));
        EXPECT_EQ(1, got.load());
        EXPECT_EQ('!', u);
        kt_close(c);
    });
}

TEST_P(SocketControl, UrgentDataInlineIsNotWaitedFor)
{
    by_process_and_thread([] {
        const kt_pair c = kt_pair_of();
        char u;

        ASSERT_EQ(0, kith_socket_setopt_int(c.far, KITH_OPT_SOCKET_OOBINLINE, 1));
        EXPECT_EQ(KITH_EINVAL, kith_socket_recv(c.far, &u, 1, KITH_MSG_OOB, kt_long()));
        kt_close(c);
    });
}

TEST_P(SocketControl, ACancelOrACloseEndsEveryQueue)
{
    in_process([] {
        for (bool close : {false, true}) {
            const kt_pair c = kt_pair_of();
            const int code = close ? KITH_ECLOSED : KITH_ECANCELED;
            kith_future f[3];
            char buf[3];

            ASSERT_EQ(0, kith_socket_recv_start(c.far, buf, 1, 0, KITH_INFINITY, &f[0]));
            ASSERT_EQ(0, kith_socket_recv_start(c.far, buf + 1, 1, KITH_MSG_OOB,
                                                KITH_INFINITY, &f[1]));
            ASSERT_EQ(0, kith_socket_recv_start(c.far, buf + 2, 1, KITH_MSG_ERRQUEUE,
                                                KITH_INFINITY, &f[2]));
            if (close)
                kt_close(c.far);
            else
                EXPECT_EQ(0, kith_socket_cancel(c.far, KITH_OP_RECV));
            for (kith_future one : f)
                EXPECT_EQ(code, kith_await(one, kt_long()));
            if (!close)
                kt_close(c.far);
            kt_close(c.near);
        }
    });
}

/* ---- many ---- */

TEST_P(SocketDgram, ManyPacketsGoAndComeWithAResultEach)
{
    in_process([this] {
        const Dgrams d(GetParam());
        const std::size_t n = 200; /* a local queue holds but ten */
        std::vector<kith_packet> out(n), in(n);
        std::vector<kith_iov> out_iov(n), in_iov(n);
        std::vector<char> bytes(n * 8);
        static const char text[] = "abcdefgh";
        std::atomic<int> sent{0};
        std::size_t come = 0;

        for (std::size_t i = 0; i < n; i++) {
            out_iov[i] = kith_iov_of(text, i % 9);
            out[i].iov = &out_iov[i];
            out[i].n_iov = 1;
            out[i].addr = d.far_name;
            in_iov[i] = {&bytes[i * 8], 8};
            in[i].iov = &in_iov[i];
            in[i].n_iov = 1;
        }
        const kith_pid sender = spawn(
            [&] { sent = kith_socket_sendmmsg(d.near, out.data(), n, 0, KITH_INFINITY); });

        while (come < n) {
            int r = kith_socket_recvmmsg(d.far, &in[come], n - come, 0, kt_long());

            ASSERT_GT(r, 0) << kith_err_name(r);
            come += static_cast<std::size_t>(r);
        }
        ASSERT_EQ(0, kith_wait(sender, nullptr, kt_long()));
        EXPECT_EQ(static_cast<int>(n), sent.load());
        for (std::size_t i = 0; i < n; i++) {
            EXPECT_EQ(static_cast<std::ptrdiff_t>(i % 9), out[i].result);
            EXPECT_EQ(static_cast<std::ptrdiff_t>(i % 9), in[i].result);
            EXPECT_EQ(kt_text(d.near_name), kt_text(in[i].addr));
        }
        d.close();
    });
}

TEST_P(SocketControl, APacketThatMakesNoSenseEndsTheManyThere)
{
    by_process_and_thread([] {
        const Dgrams d;
        std::vector<kith_packet> p(5);
        kith_iov iov = kith_iov_of("x", 1);
        kith_cmsg bad = {KITH_CMSG_LEVEL, 9999, nullptr, 0};
        Room r;

        for (kith_packet &one : p) {
            one.iov = &iov;
            one.n_iov = 1;
            one.addr = d.far_name;
        }
        p[3].ctrl = &bad;
        p[3].n_ctrl = 1;
        EXPECT_EQ(KITH_EINVAL, kith_socket_sendmmsg(d.near, p.data(), 5, 0, kt_long()));
        EXPECT_EQ(3u, kith_partial());
        for (int i = 0; i < 3; i++)
            EXPECT_EQ(1, kith_socket_recvmsg(d.far, &r.p, 0, kt_long()));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recvmsg(d.far, &r.p, 0, 0));
        d.close();
    });
}

TEST_P(SocketControl, WaitallOfManyWaitsForAll)
{
    in_process([this] {
        const Dgrams d;
        std::atomic<int> got{0};
        const kith_pid reader = spawn([&] {
            char bytes[3][8];
            kith_iov iov[3];
            kith_packet p[3] = {};

            for (int i = 0; i < 3; i++) {
                iov[i] = {bytes[i], 8};
                p[i].iov = &iov[i];
                p[i].n_iov = 1;
            }
            got = kith_socket_recvmmsg(d.far, p, 3, KITH_MSG_WAITALL, KITH_INFINITY);
        });

        for (int i = 0; i < 3; i++) {
            ASSERT_TRUE(kt_eventually([&] { return kt_waits(reader, "socket_recvmmsg"); }));
            ASSERT_EQ(1, kith_socket_sendto(d.near, "x", 1, &d.far_name, 0, kt_long()));
        }
        ASSERT_EQ(0, kith_wait(reader, nullptr, kt_long()));
        EXPECT_EQ(3, got.load());
        d.close();
    });
}

TEST_P(SocketControl, OneSendIsCutIntoManyDatagrams)
{
    by_process_and_thread([] {
        const Dgrams d;
        const std::string all(4500, 'x');
        int size = 1000;
        kith_cmsg c = kith_cmsg_of(KITH_CMSG_UDP_SEGMENT, &size, sizeof size);
        kith_iov iov = kith_iov_of(all.data(), all.size());
        kith_packet p = {};
        Room r;

        p.addr = d.far_name;
        p.iov = &iov;
        p.n_iov = 1;
        p.ctrl = &c;
        p.n_ctrl = 1;
        ASSERT_EQ(4500, kith_socket_sendmsg(d.near, &p, 0, kt_long()));
        for (int n : {1000, 1000, 1000, 1000, 500})
            EXPECT_EQ(n, kith_socket_recvmsg(d.far, &r.p, 0, kt_long()));

        /* And put together again where the receiver asks for it. */
        std::string big(8000, '\0');
        set_native(d.far, IPPROTO_UDP, 104, 1);
        ASSERT_EQ(4500, kith_socket_sendmsg(d.near, &p, 0, kt_long()));
        r.iov = {big.data(), big.size()};
        EXPECT_EQ(4500, kith_socket_recvmsg(d.far, &r.p, 0, kt_long()));
        auto *gro = KITH_CTRL(&r.p, KITH_CMSG_UDP_GRO, int);
        ASSERT_NE(nullptr, gro);
        EXPECT_EQ(1000, *gro);
        d.close();
    });
}

/* ---- no waiting ---- */

TEST_P(SocketControl, NowaitSaysWhenToAskAgain)
{
    by_process_and_thread([] {
        const Dgrams d;
        Room r;
        char buf[8];

        EXPECT_EQ(KITH_ESELECT, kith_socket_recvmsg(d.far, &r.p, 0, KITH_NOWAIT));
        ASSERT_EQ(1, kith_socket_sendto(d.near, "x", 1, &d.far_name, 0, kt_long()));
        EXPECT_EQ(0, kt_select_code(d.far, KITH_OP_RECV));
        EXPECT_EQ(1, kith_socket_recvmsg(d.far, &r.p, 0, KITH_NOWAIT));

        EXPECT_EQ(KITH_ESELECT,
                  kith_socket_recvfrom(d.far, buf, sizeof buf, nullptr, 0, KITH_NOWAIT));
        EXPECT_EQ(KITH_ESELECT, kith_socket_recvmmsg(d.far, &r.p, 1, 0, KITH_NOWAIT));
        EXPECT_EQ(0, kith_socket_cancel(d.far, KITH_OP_RECV));
        kt_expect_no_message();
        d.close();
    });
}

}    // namespace
