/* SPDX-License-Identifier: Apache-2.0
 * socket_opt_socket_test.cc -- what options of level socket do: in the peer, on the way, in the
 * system's tables. That they are set and read shows socket_option_rows_test.cc. */
#include "tests/support/cut.h"
#include "tests/support/netns.h"
#include "tests/support/packets.h"

#include <cstring>
#include <string>

#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

namespace
{

using OptSocket = kt_inets<>;
using OptSocketOnly = kt_sockets;

KT_INETS(OptSocket);

int
get(kith_socket s, kith_opt o)
{
    int v = -12345;

    EXPECT_EQ(0, kith_socket_getopt_int(s, o, &v)) << o;
    return v;
}

void
bind_to(kith_socket s, const kith_sockaddr &a)
{
    const int rc = kith_socket_bind(s, &a);

    EXPECT_EQ(0, rc) << kt_text(a) << ": " << kith_strerror(rc);
}

std::string
next(kith_socket s, unsigned flags = 0, std::size_t len = 64)
{
    char buf[64];
    const std::ptrdiff_t n = kith_socket_recv(s, buf, len, flags, kt_long());

    return n < 0 ? kith_err_name(static_cast<int>(n))
                 : std::string(buf, static_cast<std::size_t>(n));
}

std::ptrdiff_t
send(kith_socket s, const std::string &text)
{
    return kith_socket_send(s, text.data(), text.size(), 0, kt_long());
}

std::ptrdiff_t
send_to(kith_socket s, const std::string &text, const kith_sockaddr &to)
{
    return kith_socket_sendto(s, text.data(), text.size(), &to, 0, kt_long());
}

TEST_P(OptSocket, AcceptconnIsTrueOfListenersAlone)
{
    by_process_and_thread([] {
        const kt_place place;
        const kith_socket s = kt_open(), u = kt_dgram();

        EXPECT_EQ(0, get(s, KITH_OPT_SOCKET_ACCEPTCONN));
        EXPECT_EQ(0, get(u, KITH_OPT_SOCKET_ACCEPTCONN));
        bind_to(s, place.address());
        EXPECT_EQ(0, kith_socket_listen(s, 5));
        const kt_pair p = kt_connect(s);
        EXPECT_EQ(1, get(s, KITH_OPT_SOCKET_ACCEPTCONN));
        EXPECT_EQ(0, get(p.near, KITH_OPT_SOCKET_ACCEPTCONN));
        EXPECT_EQ(0, get(p.far, KITH_OPT_SOCKET_ACCEPTCONN));
        kt_close(p);
        kt_close(s);
        kt_close(u);
    });
}

/* Broadcasts are of inet alone. */
TEST_F(OptSocketOnly, BroadcastAllowsToSendToAll)
{
    by_process_and_thread([] {
        const kith_socket s = kt_dgram(KITH_INET), hearer = kt_dgram(KITH_INET);
        const kith_sockaddr any = kith_sockaddr_any(KITH_INET, 0);
        kith_sockaddr all = {};

        bind_to(hearer, any);
        const kith_sockaddr name = kt_name_of(hearer);
        ASSERT_EQ(0, kith_sockaddr_parse("127.255.255.255", &all));
        all.inet.port = kith_sockaddr_port(&name);
        EXPECT_EQ(KITH_EACCES, send_to(s, "all", all));
        kt_set(s, KITH_OPT_SOCKET_BROADCAST, 1);
        EXPECT_EQ(3, send_to(s, "all", all));
        EXPECT_EQ("all", next(hearer));
        kt_close(s);
        kt_close(hearer);
    });
}

void
bind_to_device(kith_socket s, const kt_netns &ns, const char *name, bool by_number)
{
    if (!by_number) {
        EXPECT_EQ(0, kith_socket_setopt(s, KITH_OPT_SOCKET_BINDTODEVICE, name,
                                        std::strlen(name)));
        return;
    }
    int number = 0;

    ns.in([&] { number = static_cast<int>(if_nametoindex(name)); });
    kt_set(s, KITH_OPT_SOCKET_BINDTOIFINDEX, number);
}

TEST_P(OptSocket, BoundToADeviceItHearsThatOneAlone)
{
    KT_NEEDS_NETNS();
    const kt_netns ns;
    ns.ip("link add v0 type veth peer name v1\nlink set v0 up\nlink set v1 up");
    by_process_and_thread([&ns] {
        const kith_socket l = ns.open(kt_inet(), KITH_DGRAM),
                          s = ns.open(kt_inet(), KITH_DGRAM);
        const kith_sockaddr any = kith_sockaddr_any(kt_inet(), 0);
        kith_sockaddr to = kt_loopback();

        bind_to(l, any);
        const kith_sockaddr name = kt_name_of(l);
        (kt_inet() == KITH_INET ? to.inet.port : to.inet6.port) = kith_sockaddr_port(&name);
        ASSERT_EQ(0, kith_socket_connect(s, &to, kt_long()));

        for (const bool by_number : {false, true}) {
            bind_to_device(l, ns, "v0", by_number);
            EXPECT_EQ(2, send(s, "no"));
            EXPECT_EQ("econnrefused", next(s)) << "nobody listens on lo";
            bind_to_device(l, ns, "lo", by_number);
            EXPECT_EQ(3, send(s, "yes"));
            EXPECT_EQ("yes", next(l));
            bind_to_device(l, ns, "v0", by_number);
            kt_set(l, KITH_OPT_SOCKET_BINDTOIFINDEX, 0);
            EXPECT_EQ(4, send(s, "both"));
            EXPECT_EQ("both", next(l));
        }
        kt_close(l);
        kt_close(s);
    });
}

/* Linux heeds it on sockets of inet alone. */
TEST_F(OptSocketOnly, DontrouteUsesNoGateway)
{
    KT_NEEDS_NETNS();
    const kt_netns ns;
    ns.ip("link add v0 type veth peer name v1\nlink set v0 up\nlink set v1 up\n"
          "addr add 10.77.0.1/24 dev v0\nroute add default via 10.77.0.9 dev v0");
    by_process_and_thread([&ns] {
        const kith_socket s = ns.open(KITH_INET, KITH_DGRAM);
        kith_sockaddr far = {};

        ASSERT_EQ(0, kith_sockaddr_parse("10.99.0.1:9", &far));
        EXPECT_EQ(1, send_to(s, "x", far));
        kt_set(s, KITH_OPT_SOCKET_DONTROUTE, 1);
        EXPECT_EQ(KITH_ENETUNREACH, send_to(s, "x", far));
        kt_close(s);
    });
}

TEST_F(OptSocketOnly, PeekOffMovesOnWithEachPeek)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(kt_domain::path);

        ASSERT_EQ(8, send(p.near, "abcdefgh"));
        EXPECT_EQ("ab", next(p.far, KITH_MSG_PEEK, 2));
        EXPECT_EQ("ab", next(p.far, KITH_MSG_PEEK, 2)) << "it is off";
        kt_set(p.far, KITH_OPT_SOCKET_PEEK_OFF, 0);
        EXPECT_EQ("ab", next(p.far, KITH_MSG_PEEK, 2));
        EXPECT_EQ("cd", next(p.far, KITH_MSG_PEEK, 2));
        EXPECT_EQ(4, get(p.far, KITH_OPT_SOCKET_PEEK_OFF));
        EXPECT_EQ("ab", next(p.far, 0, 2))
            << "taken from the front, the peek stays where it is";
        EXPECT_EQ("ef", next(p.far, KITH_MSG_PEEK, 2));
        kt_set(p.far, KITH_OPT_SOCKET_PEEK_OFF, -1);
        EXPECT_EQ("cd", next(p.far, KITH_MSG_PEEK, 2));
        kt_close(p);
    });
}

/* By the system's word. */
bool
is_readable(kith_socket s)
{
    pollfd f = {get(s, KITH_OPT_OTP_FD), POLLIN, 0};

    return ::poll(&f, 1, 0) == 1;
}

TEST_P(OptSocket, RcvlowatHoldsAReaderBack)
{
    in_process([this] {
        const kt_pair p = kt_pair_of();
        std::string got;
        kith_tcp_info info;

        kt_set(p.far, KITH_OPT_SOCKET_RCVLOWAT, 5);
        const kith_pid reader = spawn([&] { got = next(p.far); });
        ASSERT_TRUE(kt_eventually([=] { return kt_waits(reader, "socket_recv"); }));
        ASSERT_EQ(3, send(p.near, "abc"));
        ASSERT_TRUE(kt_eventually([&] {
            return kith_socket_getopt(p.far, KITH_OPT_TCP_INFO, &info, sizeof info) > 0 &&
                   info.bytes_received == 3;
        }));
        EXPECT_FALSE(is_readable(p.far));
        ASSERT_EQ(2, send(p.near, "de"));
        ASSERT_EQ(0, kith_wait(reader, nullptr, kt_long()));
        EXPECT_EQ("abcde", got);
        kt_close(p);
    });
}

/* Reads one datagram and a control message of it: -1 when there is none. */
template <typename T>
std::int64_t
control_of(kith_socket s, int type)
{
    const kt_came c(s);
    const T *v = KITH_CTRL(&c.p, type, T);
    return v ? static_cast<std::int64_t>(*v) : -1;
}

TEST_P(OptSocket, RxqOvflCountsWhatWasDropped)
{
    by_process_and_thread([] {
        const kith_socket l = kt_dgram(), s = kt_dgram();
        const std::string much(1000, 'x');

        bind_to(l, kt_loopback());
        const kith_sockaddr to = kt_name_of(l);
        kt_set(l, KITH_OPT_SOCKET_RCVBUF, 4000);
        kt_set(l, KITH_OPT_SOCKET_RXQ_OVFL, 1);
        for (int i = 0; i < 100; i++)
            EXPECT_EQ(1000, send_to(s, much, to));
        EXPECT_EQ(-1, control_of<std::uint32_t>(l, KITH_CMSG_SOCKET_RXQ_OVFL))
            << "of the first, before any was dropped";
        char buf[1000];
        while (kith_socket_recv(l, buf, sizeof buf, 0, 0) > 0)
            ;
        EXPECT_EQ(4, send_to(s, "last", to));
        EXPECT_GT(control_of<std::uint32_t>(l, KITH_CMSG_SOCKET_RXQ_OVFL), 0);
        kt_close(l);
        kt_close(s);
    });
}

TEST_P(OptSocket, AMarkStaysWithThePacketOnThisMachine)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "needs root: CAP_NET_ADMIN to mark";
    by_process_and_thread([] {
        const kith_socket l = kt_dgram(), s = kt_dgram();

        bind_to(l, kt_loopback());
        const kith_sockaddr to = kt_name_of(l);
        kt_set(l, KITH_OPT_SOCKET_RCVMARK, 1);
        kt_set(s, KITH_OPT_SOCKET_MARK, 0x77);
        EXPECT_EQ(4, send_to(s, "with", to));
        EXPECT_EQ(0x77, control_of<std::uint32_t>(l, KITH_CMSG_SOCKET_MARK));
        kt_set(l, KITH_OPT_SOCKET_RCVMARK, 0);
        EXPECT_EQ(4, send_to(s, "with", to));
        EXPECT_EQ(-1, control_of<std::uint32_t>(l, KITH_CMSG_SOCKET_MARK));
        kt_close(l);
        kt_close(s);
    });
}

TEST_P(OptSocket, APriorityStaysWithThePacketOnThisMachine)
{
    constexpr int rcvpriority = 82; /* Linux 6.14; not in every header */
    const int on = 1;
    const kith_socket l = kt_dgram(), s = kt_dgram();
    const int rc = kith_socket_setopt_native(l, SOL_SOCKET, rcvpriority, KITH_IOV(on));

    if (rc == 0) {
        bind_to(l, kith_sockaddr_loopback(kt_inet(), 0));
        const kith_sockaddr to = kt_name_of(l);
        for (const int priority : {0, 5, 6}) {
            kt_set(s, KITH_OPT_SOCKET_PRIORITY, priority);
            EXPECT_EQ(4, send_to(s, "with", to));
            EXPECT_EQ(priority, control_of<int>(l, KITH_CMSG_SOCKET_PRIORITY));
        }
    }
    kt_close(l);
    kt_close(s);
    if (rc != 0)
        GTEST_SKIP() << "needs Linux 6.14 to see it: " << kith_strerror(rc);
}

/* All but the first ten segments, which are of 64 KiB here. Who is late may catch up at twice the
 * rate. */
TEST_P(OptSocket, APacingRateHoldsASenderBack)
{
    by_process_and_thread([] {
        constexpr int rate = 4'000'000;
        const kt_pair p = kt_pair_of();
        const auto paced_at = [&] {
            kith_tcp_info info = {};

            EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof info),
                      kith_socket_getopt(p.near, KITH_OPT_TCP_INFO, &info, sizeof info));
            return info.pacing_rate;
        };

        EXPECT_GT(paced_at(), std::uint64_t{rate});
        kt_set(p.near, KITH_OPT_SOCKET_MAX_PACING_RATE, rate);
        const std::int64_t began = kt_now_ms();
        const std::string all(1'300'000, 'p');
        kith_future f;
        std::string got(all.size(), 0);

        ASSERT_EQ(0, kith_socket_recv_start(p.far, got.data(), got.size(), KITH_MSG_WAITALL,
                                            kt_long(), &f));
        EXPECT_EQ(static_cast<std::ptrdiff_t>(all.size()), send(p.near, all));
        EXPECT_EQ(static_cast<std::ptrdiff_t>(all.size()), kith_await(f, kt_long()));
        EXPECT_GE(kt_now_ms() - began, 70);
        EXPECT_EQ(std::uint64_t{rate}, paced_at());
        EXPECT_TRUE(all == got);
        kt_close(p);
    });
}

/* Where the error queue's next entry comes from; KITH_ETIMEOUT: there is none. */
int
origin_of_error(kith_socket s, int type, kith_ms timeout)
{
    char buf[64] = {};
    alignas(16) char space[KITH_CTRL_SPACE] = {};
    kith_iov iov = KITH_IOV(buf);
    kith_cmsg ctrl[8];
    kith_packet p = {};

    p.iov = &iov, p.n_iov = 1, p.ctrl = ctrl, p.ctrl_cap = 8,
    p.ctrl_space = KITH_IOV(space);
    const std::ptrdiff_t rc = kith_socket_recvmsg(s, &p, KITH_MSG_ERRQUEUE, timeout);
    const kith_sock_error *e = rc < 0 ? nullptr : KITH_CTRL(&p, type, kith_sock_error);
    return e ? e->origin : static_cast<int>(rc);
}

/* The flag that asks for it is not one of kith's. */
TEST_P(OptSocket, ZerocopyTellsWhenTheMemoryIsFree)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        const int fd = get(p.near, KITH_OPT_OTP_FD);
        const int type =
            kt_inet() == KITH_INET ? KITH_CMSG_IP_RECVERR : KITH_CMSG_IPV6_RECVERR;

        for (const int on : {0, 1}) {
            kt_set(p.near, KITH_OPT_SOCKET_ZEROCOPY, on);
            ASSERT_EQ(5, ::send(fd, "hello", 5, MSG_ZEROCOPY | MSG_NOSIGNAL));
            EXPECT_EQ("hello", next(p.far));
            EXPECT_EQ(on ? +KITH_ORIGIN_ZEROCOPY : +KITH_ETIMEOUT,
                      origin_of_error(p.near, type, on ? kt_long() : 0));
        }
        kt_close(p);
    });
}

bool
has_timestamp(kith_socket s)
{
    const kt_came c(s);
    const kith_timestamp *t = KITH_CTRL(&c.p, KITH_CMSG_SOCKET_TIMESTAMP, kith_timestamp);
    return t && t->seconds > 0;
}

TEST_P(OptSocket, ATimestampComesWhileItIsOn)
{
    by_process_and_thread([] {
        const kith_socket l = kt_dgram(), s = kt_dgram();
        const kt_pair p = kt_pair_of();

        bind_to(l, kt_loopback());
        const kith_sockaddr to = kt_name_of(l);
        for (const int on : {0, 1, 0}) {
            kt_set(l, KITH_OPT_SOCKET_TIMESTAMP, on);
            kt_set(p.far, KITH_OPT_SOCKET_TIMESTAMP, on);
            EXPECT_EQ(1, send_to(s, "x", to));
            EXPECT_EQ(on == 1, has_timestamp(l)) << on;
            /* Of a stream the system begins a little later. */
            const auto of_stream = [&] {
                EXPECT_EQ(1, send(p.near, "x"));
                return has_timestamp(p.far);
            };
            EXPECT_EQ(on == 1, on == 1 ? kt_eventually(of_stream) : of_stream())
                << on << ", of a stream";
        }
        kt_close(p);
        kt_close(l);
        kt_close(s);
    });
}

TEST_P(OptSocket, ReuseportSpreadsSendersOverAllWhoShare)
{
    by_process_and_thread([] {
        const kith_socket a = kt_dgram(), b = kt_dgram(), c = kt_dgram();
        int of_a = 0, of_b = 0;
        char buf[8];

        kt_set(a, KITH_OPT_SOCKET_REUSEPORT, 1);
        kt_set(b, KITH_OPT_SOCKET_REUSEPORT, 1);
        bind_to(a, kt_loopback());
        const kith_sockaddr to = kt_name_of(a);
        bind_to(b, to);
        EXPECT_EQ(KITH_EADDRINUSE, kith_socket_bind(c, &to)) << "one that does not share";
        for (int i = 0; i < 64; i++) { /* each from a port of its own */
            const kith_socket s = kt_dgram();

            EXPECT_EQ(1, send_to(s, "x", to));
            kt_close(s);
        }
        EXPECT_TRUE(kt_eventually([&] {
            of_a += kith_socket_recv(a, buf, sizeof buf, 0, 0) == 1;
            of_b += kith_socket_recv(b, buf, sizeof buf, 0, 0) == 1;
            return of_a + of_b == 64;
        }));
        EXPECT_GT(of_a, 0);
        EXPECT_GT(of_b, 0);
        for (const kith_socket s : {a, b, c})
            kt_close(s);
    });
}

/* Sends "here" from that processor, where the loopback delivers it too. */
void
send_from(int cpu, kith_socket s)
{
    const int fd = get(s, KITH_OPT_OTP_FD);

    kt_in_thread([=] {
        cpu_set_t one;

        CPU_ZERO(&one);
        CPU_SET(static_cast<unsigned>(cpu), &one);
        EXPECT_EQ(0, sched_setaffinity(0, sizeof one, &one));
        EXPECT_EQ(4, ::send(fd, "here", 4, MSG_NOSIGNAL));
    });
}

TEST_P(OptSocket, TheIncomingCpuIsWhereItsPacketsCome)
{
    by_process_and_thread([] {
        const kt_dgrams d;
        const int cpu = sched_getcpu();

        d.connect();
        ASSERT_EQ(0, kith_socket_connect(d.far, &d.near_name, kt_long()));
        EXPECT_NE(cpu, get(d.far, KITH_OPT_SOCKET_INCOMING_CPU)) << "none has come";
        send_from(cpu, d.near);
        EXPECT_EQ("here", next(d.far));
        EXPECT_EQ(cpu, get(d.far, KITH_OPT_SOCKET_INCOMING_CPU));
        d.close();
    });
}

TEST_P(OptSocket, OfTwoAtAnAddressTheOneOfTheIncomingCpuHears)
{
    by_process_and_thread([] {
        const kith_socket a = kt_dgram(), b = kt_dgram(), s = kt_dgram();
        const int cpu = sched_getcpu();

        for (const kith_socket each : {a, b})
            kt_set(each, KITH_OPT_SOCKET_REUSEADDR, 1);
        bind_to(a, kt_loopback());
        const kith_sockaddr to = kt_name_of(a);
        bind_to(b, to);
        ASSERT_EQ(0, kith_socket_connect(s, &to, kt_long()));
        for (const bool a_hears : {true, false, true}) {
            kt_set(a, KITH_OPT_SOCKET_INCOMING_CPU, a_hears ? cpu : cpu + 1);
            kt_set(b, KITH_OPT_SOCKET_INCOMING_CPU, a_hears ? cpu + 1 : cpu);
            send_from(cpu, s);
            EXPECT_EQ("here", next(a_hears ? a : b));
        }
        for (const kith_socket each : {a, b, s})
            kt_close(each);
    });
}

TEST_P(OptSocket, KeepaliveEndsAConnectionThatNobodyAnswers)
{
    KT_NEEDS_NETNS();
    const kt_cut c;
    const kt_pair p = c.connect(kt_inet());

    kt_set(p.near, KITH_OPT_SOCKET_KEEPALIVE, 1);
    kt_set(p.near, KITH_OPT_TCP_KEEPIDLE, 1);
    kt_set(p.near, KITH_OPT_TCP_KEEPINTVL, 1);
    kt_set(p.near, KITH_OPT_TCP_KEEPCNT, 1);
    c.cut();
    EXPECT_EQ("etimedout", next(p.near));
    kt_close(p);
}

TEST_P(OptSocket, TheUserTimeoutEndsAConnectionThatTakesNothing)
{
    KT_NEEDS_NETNS();
    const kt_cut c;
    const kt_pair p = c.connect(kt_inet());

    kt_set(p.near, KITH_OPT_TCP_USER_TIMEOUT, 300);
    c.cut();
    EXPECT_EQ(5, send(p.near, "hello"));
    EXPECT_EQ("etimedout", next(p.near));
    kt_close(p);
}

}    // namespace
