/* SPDX-License-Identifier: Apache-2.0
 * socket_flag_test.cc -- what each message flag does, as the peer or the system sees it.
 *
 * KITH_MSG_WAITALL is in socket_stream_test.cc and socket_wait_test.cc; a flag DONTWAIT there is
 * not: timeout 0 and KITH_NOWAIT do that, see there. Flags that show beyond one host only are in
 * socket_netns_test.cc. */
#include "tests/support/packets.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <linux/net_tstamp.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace
{

int
fd_of(kith_socket s)
{
    int fd = -1;

    EXPECT_EQ(0, kith_socket_getopt_int(s, KITH_OPT_OTP_FD, &fd));
    return fd;
}

/* Of a local domain: connected, and each send a record. */
kt_pair
seqpackets(kt_domain d)
{
    const kt_place place(d);
    kith_socket l = {0};
    kt_pair p = {};

    EXPECT_EQ(0, kith_socket_open(KITH_LOCAL, KITH_SEQPACKET, 0, nullptr, &l));
    EXPECT_EQ(0, kith_socket_open(KITH_LOCAL, KITH_SEQPACKET, 0, nullptr, &p.near));
    EXPECT_EQ(0, kith_socket_bind(l, &place.address()));
    EXPECT_EQ(0, kith_socket_listen(l, 1));
    EXPECT_EQ(0, kith_socket_connect(p.near, &place.address(), kt_long()));
    EXPECT_EQ(0, kith_socket_accept(l, kt_long(), &p.far));
    kt_close(l);
    return p;
}

bool
is_local(kt_domain d)
{
    return d == kt_domain::path || d == kt_domain::abstract;
}

class SocketFlag : public kt_sockets, public testing::WithParamInterface<kt_domain> {};
class SocketFlagInet : public kt_sockets, public testing::WithParamInterface<kt_domain> {};
class SocketFlagLocal : public kt_sockets, public testing::WithParamInterface<kt_domain> {};

INSTANTIATE_TEST_SUITE_P(, SocketFlag, testing::ValuesIn(kt_all_domains),
                         kt_domain_of_test);
KT_INETS(SocketFlagInet);
INSTANTIATE_TEST_SUITE_P(, SocketFlagLocal,
                         testing::Values(kt_domain::path, kt_domain::abstract),
                         kt_domain_of_test);

/* ---- oob ---- */

/* "ab", an urgent '!', "cd"; false where local sockets have no urgent data. */
bool
send_around_urgent(kith_socket s)
{
    const std::ptrdiff_t n = kith_socket_send(s, "ab", 2, 0, kt_long()) == 2
                                 ? kith_socket_send(s, "!", 1, KITH_MSG_OOB, kt_long())
                                 : 0;

    if (n == KITH_EOPNOTSUPP)
        return false;
    EXPECT_EQ(1, n);
    EXPECT_EQ(2, kith_socket_send(s, "cd", 2, 0, kt_long()));
    return true;
}

bool
at_mark(kith_socket s)
{
    int at = -1;

    EXPECT_EQ(0, ioctl(fd_of(s), SIOCATMARK, &at));
    return at == 1;
}

TEST_P(SocketFlag, OobTakesTheUrgentByteAndLeavesTheRest)
{
    by_process_and_thread([] {
        const kt_pair c = kt_pair_of(GetParam());
        kt_room r;
        char buf[8];

        if (!send_around_urgent(c.near)) {
            ASSERT_TRUE(is_local(GetParam()));
            kt_close(c);
            return;
        }
        for (unsigned more : {unsigned{KITH_MSG_PEEK}, 0u}) {
            ASSERT_EQ(1, kith_socket_recvmsg(c.far, &r.p, KITH_MSG_OOB | more, kt_long()));
            EXPECT_EQ('!', r.buf[0]);
            EXPECT_NE(0u, r.p.flags & KITH_MSG_OOB);
        }
        EXPECT_FALSE(at_mark(c.far));
        ASSERT_EQ(2, kith_socket_recvmsg(c.far, &r.p, 0, kt_long()))
            << "it ends at the mark";
        EXPECT_EQ("ab", r.text(2));
        EXPECT_EQ(0u, r.p.flags & KITH_MSG_OOB);
        EXPECT_TRUE(at_mark(c.far));
        ASSERT_EQ(2, kith_socket_recv(c.far, buf, 2, KITH_MSG_WAITALL, kt_long()));
        EXPECT_EQ("cd", std::string(buf, 2));
        EXPECT_FALSE(at_mark(c.far));
        kt_close(c);
    });
}

TEST_P(SocketFlag, UrgentDataInlineStandsInItsPlace)
{
    by_process_and_thread([] {
        const kt_pair c = kt_pair_of(GetParam());
        char buf[8];

        ASSERT_EQ(0, kith_socket_setopt_int(c.far, KITH_OPT_SOCKET_OOBINLINE, 1));
        if (send_around_urgent(c.near)) {
            ASSERT_EQ(5, kith_socket_recv(c.far, buf, 5, KITH_MSG_WAITALL, kt_long()));
            EXPECT_EQ("ab!cd", std::string(buf, 5));
        }
        kt_close(c);
    });
}

/* Linux refuses the flag, but for UDP over IPv6, where it overlooks it. */
TEST_P(SocketFlag, ADatagramIsNeverUrgent)
{
    by_process_and_thread([] {
        const kt_dgrams d(GetParam());
        const std::ptrdiff_t n =
            kith_socket_sendto(d.near, "x", 1, &d.far_name, KITH_MSG_OOB, kt_long());
        char buf[1];

        EXPECT_EQ(GetParam() == kt_domain::inet6 ? 1 : KITH_EOPNOTSUPP, n);
        if (n == 1) {
            EXPECT_EQ(1, kith_socket_recv(d.far, buf, 1, 0, kt_long()));
        }
        d.close();
    });
}

/* ---- peek and trunc ---- */

/* One packet by each of the calls that receive: their answers, and what they wrote. */
void
receive_by_all(kith_socket s, std::size_t cap, unsigned flags, std::ptrdiff_t want,
               const std::string &bytes)
{
    char buf[16];
    kt_room r;
    const std::size_t there = std::min(cap, bytes.size());

    EXPECT_EQ(want, kith_socket_recv(s, buf, cap, flags, kt_long()));
    EXPECT_EQ(bytes.substr(0, there), std::string(buf, there));
    std::memset(buf, 0, sizeof buf);
    EXPECT_EQ(want, kith_socket_recvfrom(s, buf, cap, nullptr, flags, kt_long()));
    EXPECT_EQ(bytes.substr(0, there), std::string(buf, there));
    r.iov.len = cap;
    EXPECT_EQ(want, kith_socket_recvmsg(s, &r.p, flags, kt_long()));
    EXPECT_EQ(bytes.substr(0, there), r.text(static_cast<std::ptrdiff_t>(there)));
    EXPECT_EQ(cap < bytes.size(), (r.p.flags & KITH_MSG_TRUNC) != 0);
    std::memset(r.buf, 0, sizeof r.buf);
    EXPECT_EQ(1, kith_socket_recvmmsg(s, &r.p, 1, flags, kt_long()));
    EXPECT_EQ(want, r.p.result);
    EXPECT_EQ(bytes.substr(0, there), r.text(static_cast<std::ptrdiff_t>(there)));
    EXPECT_EQ(cap < bytes.size(), (r.p.flags & KITH_MSG_TRUNC) != 0);
}

void
peek_and_truncate(kith_socket near, kith_socket far)
{
    const auto send_four = [&] {
        for (int i = 0; i < 4; i++)
            ASSERT_EQ(6, kith_socket_send(near, "abcdef", 6, 0, kt_long()));
    };
    kt_room r;

    ASSERT_EQ(6, kith_socket_send(near, "abcdef", 6, 0, kt_long()));
    receive_by_all(far, 16, KITH_MSG_PEEK, 6, "abcdef");
    receive_by_all(far, 2, KITH_MSG_PEEK | KITH_MSG_TRUNC, 6, "abcdef");
    EXPECT_EQ("abcdef", r.text(kith_socket_recvmsg(far, &r.p, 0, kt_long())));
    EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recvmsg(far, &r.p, 0, 0)) << "it was but one";

    send_four();
    receive_by_all(far, 3, 0, 3, "abcdef");
    send_four();
    receive_by_all(far, 3, KITH_MSG_TRUNC, 6, "abcdef");
    send_four();
    receive_by_all(far, 6, KITH_MSG_TRUNC, 6, "abcdef");
    EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recvmsg(far, &r.p, 0, 0)) << "the rest is lost";
}

TEST_P(SocketFlag, PeekLeavesADatagramAndTruncTellsItsLength)
{
    by_process_and_thread([] {
        const kt_dgrams d(GetParam());

        ASSERT_EQ(0, kith_socket_connect(d.near, &d.far_name, kt_long()));
        peek_and_truncate(d.near, d.far);
        d.close();
    });
}

TEST_P(SocketFlagLocal, PeekLeavesARecordAndTruncTellsItsLength)
{
    by_process_and_thread([] {
        const kt_pair c = seqpackets(GetParam());

        peek_and_truncate(c.near, c.far);
        kt_close(c);
    });
}

/* ---- eor ---- */

/* Linux takes MSG_EOR there and does not tell of it: a record ends with each send anyway. */
TEST_P(SocketFlagLocal, EorEndsARecord)
{
    by_process_and_thread([] {
        const kt_pair c = seqpackets(GetParam());
        kt_packet_text t("record");
        kt_room r;

        ASSERT_EQ(6, kith_socket_sendmsg(c.near, &t.p, KITH_MSG_EOR, kt_long()));
        ASSERT_EQ(3, kith_socket_send(c.near, "two", 3, KITH_MSG_EOR, kt_long()));
        ASSERT_EQ(6, kith_socket_sendv(c.near, &t.iov, 1, KITH_MSG_EOR, kt_long()));
        for (const char *want : {"record", "two", "record"})
            EXPECT_EQ(want, r.text(kith_socket_recvmsg(c.far, &r.p, 0, kt_long())));
        kt_close(c);
    });
}

/* ---- more ---- */

TEST_P(SocketFlagInet, MoreJoinsSendsIntoOneDatagram)
{
    by_process_and_thread([] {
        const kt_dgrams d(GetParam());
        kt_packet_text t("cd");
        kt_room r;

        ASSERT_EQ(0, kith_socket_connect(d.near, &d.far_name, kt_long()));
        ASSERT_EQ(2, kith_socket_send(d.near, "ab", 2, KITH_MSG_MORE, kt_long()));
        ASSERT_EQ(2, kith_socket_sendmsg(d.near, &t.p, KITH_MSG_MORE, kt_long()));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recvmsg(d.far, &r.p, 0, 0)) << "it waits";
        ASSERT_EQ(2, kith_socket_send(d.near, "ef", 2, 0, kt_long()));
        EXPECT_EQ("abcdef", r.text(kith_socket_recvmsg(d.far, &r.p, 0, kt_long())));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recvmsg(d.far, &r.p, 0, 0));
        d.close();
    });
}

/* How many segments of data four sends make. */
unsigned
segments_of_four(kt_domain d, unsigned flags)
{
    const kt_pair c = kt_pair_of(d);
    tcp_info info = {};
    socklen_t len = sizeof info;
    char buf[4];

    EXPECT_EQ(0, kith_socket_setopt_int(c.near, KITH_OPT_TCP_NODELAY, 1));
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(1, kith_socket_send(c.near, "x", 1, i < 3 ? flags : 0, kt_long()));
    EXPECT_EQ(4, kith_socket_recv(c.far, buf, 4, KITH_MSG_WAITALL, kt_long()));
    EXPECT_EQ(0, getsockopt(fd_of(c.near), IPPROTO_TCP, TCP_INFO, &info, &len));
    kt_close(c);
    return info.tcpi_data_segs_out;
}

TEST_P(SocketFlagInet, MoreJoinsSendsIntoOneSegment)
{
    by_process_and_thread([] {
        unsigned joined = 0;

        /* What waits for more goes without it after 200 ms: a machine that stops us for so long
         * between two sends gives us another go. */
        for (int tries = 0; tries < 20 && joined != 1; tries++)
            joined = segments_of_four(GetParam(), KITH_MSG_MORE);
        EXPECT_EQ(1u, joined);
        EXPECT_LE(4u, segments_of_four(GetParam(), 0));
    });
}

/* ---- errqueue ---- */

TEST_P(SocketFlagInet, TheErrorQueueHasTheWholeIcmpMessage)
{
    by_process_and_thread([] {
        const bool v4 = GetParam() == kt_domain::inet;
        const kt_dgrams d(GetParam());
        kith_sockaddr lo = kith_sockaddr_loopback(d.near_at.domain(), 0);
        kt_room r;

        kt_set_native(d.near, v4 ? IPPROTO_IP : IPPROTO_IPV6,
                      v4 ? IP_RECVERR : IPV6_RECVERR, 1);
        kt_close(d.far);
        ASSERT_EQ(4, kith_socket_sendto(d.near, "ping", 4, &d.far_name, 0, kt_long()));
        ASSERT_EQ(4, kith_socket_recvmsg(d.near, &r.p, KITH_MSG_ERRQUEUE, kt_long()));
        auto *e = KITH_CTRL(&r.p, v4 ? KITH_CMSG_IP_RECVERR : KITH_CMSG_IPV6_RECVERR,
                            kith_sock_error);
        ASSERT_NE(nullptr, e);
        EXPECT_EQ(KITH_ECONNREFUSED, e->code);
        EXPECT_EQ(v4 ? 3 : 1, e->type) << "destination unreachable";
        EXPECT_EQ(v4 ? 3 : 4, e->icmp_code) << "port unreachable";
        EXPECT_EQ(kt_text(lo), kt_text(e->offender));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recvmsg(d.near, &r.p, KITH_MSG_ERRQUEUE, 0));
        kt_close(d.near);
    });
}

/* A socket that has asked to know when each of its packets has left, and its packet's number. */
void
ask_for_departures(kith_socket s)
{
    kt_set_native(s, SOL_SOCKET, SO_TIMESTAMPING,
                  SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
                      SOF_TIMESTAMPING_OPT_ID);
}

void
expect_departure(kith_socket s, kt_domain domain, std::uint32_t number)
{
    const int type =
        domain == kt_domain::inet ? KITH_CMSG_IP_RECVERR : KITH_CMSG_IPV6_RECVERR;
    const std::int64_t now = time(nullptr);
    kt_room r;

    ASSERT_LE(0, kith_socket_recvmsg(s, &r.p, KITH_MSG_ERRQUEUE, kt_long()));
    EXPECT_NE(0u, r.p.flags & KITH_MSG_ERRQUEUE);
    auto *at = KITH_CTRL(&r.p, KITH_CMSG_SOCKET_TIMESTAMPING, kith_timestamping);
    auto *e = KITH_CTRL(&r.p, type, kith_sock_error);
    ASSERT_TRUE(at && e);
    EXPECT_LE(now - 60, at->software.seconds);
    EXPECT_GE(now + 60, at->software.seconds);
    EXPECT_EQ(0, e->code) << "no error";
    EXPECT_EQ(KITH_ORIGIN_TIMESTAMPING, e->origin);
    EXPECT_EQ(number, e->data);
}

TEST_P(SocketFlagInet, TheErrorQueueTellsWhenADatagramLeft)
{
    by_process_and_thread([] {
        const kt_dgrams d(GetParam());

        ask_for_departures(d.near);
        for (std::uint32_t i = 0; i < 3; i++) {
            ASSERT_EQ(4, kith_socket_sendto(d.near, "ping", 4, &d.far_name, 0, kt_long()));
            expect_departure(d.near, GetParam(), i);
        }
        d.close();
    });
}

/* Its number is that of the last byte. */
TEST_P(SocketFlagInet, TheErrorQueueTellsWhenBytesLeft)
{
    by_process_and_thread([] {
        const kt_pair c = kt_pair_of(GetParam());
        char buf[4];

        ask_for_departures(c.near);
        for (std::uint32_t i = 0; i < 3; i++) {
            ASSERT_EQ(4, kith_socket_send(c.near, "ping", 4, 0, kt_long()));
            expect_departure(c.near, GetParam(), 4 * i + 3);
            ASSERT_EQ(4, kith_socket_recv(c.far, buf, 4, KITH_MSG_WAITALL, kt_long()));
        }
        kt_close(c);
    });
}

/* ---- cmsg_cloexec, ctrunc ---- */

TEST_P(SocketFlagLocal, CmsgCloexecIsAlwaysSo)
{
    by_process_and_thread([] {
        for (unsigned flags : {unsigned{KITH_MSG_CMSG_CLOEXEC}, 0u}) {
            const kt_pair c = kt_pair_of(GetParam());
            const kt_dgrams d(GetParam());
            int fd = fd_of(c.near);
            kt_packet_text t("take");
            kt_room r;

            t.p.fds = &fd;
            t.p.n_fds = 1;
            ASSERT_EQ(4, kith_socket_sendmsg(c.near, &t.p, 0, kt_long()));
            t.p.addr = d.far_name;
            ASSERT_EQ(4, kith_socket_sendmsg(d.near, &t.p, 0, kt_long()));
            for (kith_socket s : {c.far, d.far}) {
                ASSERT_EQ(4, kith_socket_recvmsg(s, &r.p, flags, kt_long()));
                ASSERT_EQ(1u, r.p.n_fds);
                EXPECT_NE(0, fcntl(r.fds[0], F_GETFD) & FD_CLOEXEC);
                EXPECT_EQ(0u, r.p.flags & KITH_MSG_CTRUNC);
                close(r.fds[0]);
            }
            d.close();
            kt_close(c);
        }
    });
}

TEST_P(SocketFlagInet, CtruncTellsOfValuesThatFoundNoRoom)
{
    by_process_and_thread([] {
        const bool v4 = GetParam() == kt_domain::inet;
        const kt_dgrams d(GetParam());
        kt_room r;

        kt_set_native(d.far, v4 ? IPPROTO_IP : IPPROTO_IPV6,
                      v4 ? IP_PKTINFO : IPV6_RECVPKTINFO, 1);
        for (std::size_t room : {8u, unsigned{KITH_CTRL_SPACE}}) {
            r.p.ctrl_space.len = room;
            ASSERT_EQ(1, kith_socket_sendto(d.near, "x", 1, &d.far_name, 0, kt_long()));
            ASSERT_EQ(1, kith_socket_recvmsg(d.far, &r.p, 0, kt_long()));
            EXPECT_EQ(room == 8, (r.p.flags & KITH_MSG_CTRUNC) != 0);
            EXPECT_EQ(room == 8 ? 0u : 1u, r.p.n_ctrl);
        }
        d.close();
    });
}

/* ---- nosignal ---- */

std::atomic<int> sigpipes;

/* Threads to which the signal was sent while they block it: the library's own. */
int
pending_sigpipes()
{
    int n = 0;

    for (const auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream status(task.path() / "status");
        std::string word;

        while (status >> word && word != "SigPnd:")
            ;
        if (status >> word && (std::stoull(word, nullptr, 16) >> (SIGPIPE - 1) & 1) != 0)
            n++;
    }
    return n;
}

/* Counts the signal, and puts back what was there. */
class Sigpipes {
  public:
    Sigpipes()
    {
        struct sigaction a = {};

        sigpipes = 0;
        a.sa_handler = [](int) { sigpipes++; };
        EXPECT_EQ(0, sigaction(SIGPIPE, &a, &before_));
    }

    ~Sigpipes()
    {
        EXPECT_EQ(0, sigaction(SIGPIPE, &before_, nullptr));
        EXPECT_EQ(0, sigpipes);
    }

  private:
    struct sigaction before_ = {};
};

TEST_P(SocketFlag, NosignalIsAlwaysSo)
{
    const Sigpipes none;

    by_process_and_thread([] {
        for (unsigned flags : {unsigned{KITH_MSG_NOSIGNAL}, 0u}) {
            const kt_pair c = kt_pair_of(GetParam());
            kt_packet_text t("late");

            ASSERT_EQ(0, kith_socket_shutdown(c.near, KITH_SHUT_WRITE));
            EXPECT_EQ(KITH_EPIPE, kith_socket_send(c.near, "late", 4, flags, kt_long()));
            EXPECT_EQ(KITH_EPIPE, kith_socket_sendv(c.near, &t.iov, 1, flags, kt_long()));
            EXPECT_EQ(KITH_EPIPE, kith_socket_sendmsg(c.near, &t.p, flags, kt_long()));
            EXPECT_EQ(KITH_EPIPE, kith_socket_sendmmsg(c.near, &t.p, 1, flags, kt_long()));
            kt_close(c);
        }
        EXPECT_EQ(0, pending_sigpipes());
    });
}

/* ---- flags that there are not ---- */

TEST_P(SocketFlag, AFlagThatIsNoneIsNotSupportedByAnyCall)
{
    by_process_and_thread([] {
        const kt_pair c = kt_pair_of(GetParam());
        const kith_sockaddr to = kt_name_of(c.far);
        kt_packet_text t("x");
        kt_room r;
        kith_future f;
        kith_sockaddr from;

        /* The last is told by kith_packet, and never asked for. */
        for (unsigned flags : {0x80000000u, 0x2000u, unsigned{KITH_MSG_CTRUNC}}) {
            const int no = KITH_EOPNOTSUPP;
            char *b = r.buf;

            EXPECT_EQ(no, kith_socket_recv(c.far, b, 1, flags, 0));
            EXPECT_EQ(no, kith_socket_recv_start(c.far, b, 1, flags, 0, &f));
            EXPECT_EQ(no, kith_socket_recvfrom(c.far, b, 1, &from, flags, 0));
            EXPECT_EQ(no, kith_socket_recvfrom_start(c.far, b, 1, &from, flags, 0, &f));
            EXPECT_EQ(no, kith_socket_recvmsg(c.far, &r.p, flags, 0));
            EXPECT_EQ(no, kith_socket_recvmsg_start(c.far, &r.p, flags, 0, &f));
            EXPECT_EQ(no, kith_socket_recvmmsg(c.far, &r.p, 1, flags, 0));
            EXPECT_EQ(no, kith_socket_recvmmsg_start(c.far, &r.p, 1, flags, 0, &f));
            EXPECT_EQ(no, kith_socket_send(c.near, "x", 1, flags, 0));
            EXPECT_EQ(no, kith_socket_send_start(c.near, "x", 1, flags, 0, &f));
            EXPECT_EQ(no, kith_socket_sendto(c.near, "x", 1, &to, flags, 0));
            EXPECT_EQ(no, kith_socket_sendto_start(c.near, "x", 1, &to, flags, 0, &f));
            EXPECT_EQ(no, kith_socket_sendv(c.near, &t.iov, 1, flags, 0));
            EXPECT_EQ(no, kith_socket_sendv_start(c.near, &t.iov, 1, flags, 0, &f));
            EXPECT_EQ(no, kith_socket_sendmsg(c.near, &t.p, flags, 0));
            EXPECT_EQ(no, kith_socket_sendmsg_start(c.near, &t.p, flags, 0, &f));
            EXPECT_EQ(no, kith_socket_sendmmsg(c.near, &t.p, 1, flags, 0));
            EXPECT_EQ(no, kith_socket_sendmmsg_start(c.near, &t.p, 1, flags, 0, &f));
        }
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(c.far, r.buf, 1, 0, 0))
            << "nothing was sent";
        kt_close(c);
    });
}

}    // namespace
