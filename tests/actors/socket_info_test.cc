/* SPDX-License-Identifier: Apache-2.0
 * socket_info_test.cc -- what is seen of a socket: what it is, what it has been through, who waits,
 * and what it has counted. */
#include "tests/support/packets.h"

#include <atomic>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace
{

struct kith_socket_info
info_of(kith_socket s)
{
    struct kith_socket_info info = KITH_SOCKET_INFO_INIT;

    EXPECT_EQ(0, kith_socket_info(s, &info));
    return info;
}

struct kith_socket_counters
counters(kith_socket s)
{
    return info_of(s).counters;
}

struct kith_socket_counts
counts()
{
    struct kith_socket_counts c = KITH_SOCKET_COUNTS_INIT;

    EXPECT_EQ(0, kith_socket_counts(&c));
    return c;
}

void
send_all(kith_socket s, const std::string &text)
{
    EXPECT_EQ(static_cast<std::ptrdiff_t>(text.size()),
              kith_socket_send(s, text.data(), text.size(), 0, kt_long()));
}

std::ptrdiff_t
recv_all(kith_socket s, std::size_t n)
{
    std::vector<char> buf(n);

    return kith_socket_recv(s, buf.data(), n, KITH_MSG_WAITALL, kt_long());
}

class SocketInfo : public kt_inets<> {};
class SocketInfoOf : public kt_sockets, public testing::WithParamInterface<kt_domain> {
  protected:
    /* Bytes that have arrived: what was sent before can be read now. */
    static void arrive(kith_socket far, std::size_t n)
    {
        ASSERT_TRUE(kt_eventually([&] {
            std::vector<char> buf(n);

            return kith_socket_recv(far, buf.data(), n, KITH_MSG_PEEK, kt_long()) ==
                   static_cast<std::ptrdiff_t>(n);
        }));
    }
};

INSTANTIATE_TEST_SUITE_P(, SocketInfoOf, testing::ValuesIn(kt_all_domains),
                         kt_domain_of_test);

/* ---- what it is ---- */

TEST_P(SocketInfoOf, ItGoesFromOpenToListening)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const kith_socket s = kt_open(place.domain());
        struct kith_socket_info info = info_of(s);
        int fd = -1;

        EXPECT_EQ(place.domain(), info.domain);
        EXPECT_EQ(KITH_STREAM, info.type);
        EXPECT_EQ(place.domain() == KITH_LOCAL ? 0 : KITH_TCP, info.protocol);
        EXPECT_EQ(KITH_OPENED, info.origin);
        EXPECT_EQ(kith_self(), info.owner);
        EXPECT_EQ(0, kith_socket_getopt_int(s, KITH_OPT_OTP_FD, &fd));
        EXPECT_EQ(fd, info.fd);
        EXPECT_EQ(0u, info.state);

        ASSERT_EQ(0, kith_socket_bind(s, &place.address()));
        EXPECT_EQ(unsigned{KITH_STATE_BOUND}, info_of(s).state);
        ASSERT_EQ(0, kith_socket_listen(s, 1));
        EXPECT_EQ(unsigned{KITH_STATE_BOUND | KITH_STATE_LISTENING}, info_of(s).state);
        EXPECT_LT(kith_socket_bind(s, &place.address()), 0);
        EXPECT_EQ(unsigned{KITH_STATE_BOUND | KITH_STATE_LISTENING}, info_of(s).state);
        kt_close(s);
    });
}

TEST_P(SocketInfoOf, AConnectionIsConnectedAtBothEndsUntilTheyPart)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        char c;

        EXPECT_EQ(KITH_OPENED, info_of(p.near).origin);
        EXPECT_EQ(KITH_ACCEPTED, info_of(p.far).origin);
        EXPECT_EQ(info_of(p.near).protocol, info_of(p.far).protocol);
        EXPECT_EQ(unsigned{KITH_STATE_CONNECTED}, info_of(p.near).state);
        EXPECT_EQ(unsigned{KITH_STATE_CONNECTED}, info_of(p.far).state);

        ASSERT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));
        ASSERT_EQ(0, kith_socket_recv(p.far, &c, 1, 0, kt_long()));
        EXPECT_EQ(unsigned{KITH_STATE_CONNECTED | KITH_STATE_WRITE_SHUT},
                  info_of(p.near).state);
        EXPECT_EQ(unsigned{KITH_STATE_CONNECTED | KITH_STATE_ENDED}, info_of(p.far).state);
        ASSERT_EQ(0, kith_socket_shutdown(p.far, KITH_SHUT_READ));
        EXPECT_EQ(unsigned{KITH_STATE_CONNECTED | KITH_STATE_ENDED | KITH_STATE_READ_SHUT},
                  info_of(p.far).state);
        kt_close(p);
    });
}

TEST_P(SocketInfoOf, AConnectThatFailsLeavesItUnconnected)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const kith_socket s = kt_open(place.domain());
        /* Nobody listens there: the place of one that has gone. */
        const kith_socket gone = kt_listen(place);
        const kith_sockaddr name = kt_name_of(gone);

        kt_close(gone);
        EXPECT_LT(kith_socket_connect(s, &name, kt_long()), 0);
        EXPECT_EQ(0u, info_of(s).state);
        kt_close(s);
    });
}

KT_INETS(SocketInfo);

TEST_P(SocketInfo, ADatagramSocketHasAPeerUntilItPartsFromIt)
{
    by_process_and_thread([] {
        const kith_sockaddr any = kt_loopback();
        kith_socket a, b;

        ASSERT_EQ(0, kith_socket_open(kt_inet(), KITH_DGRAM, 0, nullptr, &a));
        ASSERT_EQ(0, kith_socket_open(kt_inet(), KITH_DGRAM, 0, nullptr, &b));
        EXPECT_EQ(KITH_UDP, info_of(a).protocol);
        ASSERT_EQ(0, kith_socket_bind(a, &any));
        const kith_sockaddr name = kt_name_of(a);
        ASSERT_EQ(0, kith_socket_connect(b, &name, kt_long()));
        EXPECT_EQ(unsigned{KITH_STATE_CONNECTED}, info_of(b).state);
        const kith_sockaddr nobody = kith_sockaddr_any(KITH_UNSPEC, 0);
        ASSERT_EQ(0, kith_socket_connect(b, &nobody, kt_long()));
        EXPECT_EQ(0u, info_of(b).state);
        kt_close(a);
        kt_close(b);
    });
}

TEST_F(SocketInfo, AnAdoptedOneSaysHowAndWhatItWas)
{
    by_process_and_thread([] {
        for (const bool dup : {true, false}) {
            kith_open_options o = KITH_OPEN_OPTIONS_INIT;
            kith_socket s;
            int fds[2];

            ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
            o.fd = fds[0];
            o.dup = dup;
            ASSERT_EQ(0, kith_socket_open(0, 0, 0, &o, &s));
            const struct kith_socket_info info = info_of(s);
            EXPECT_EQ(dup ? KITH_IMPORTED : KITH_BORROWED, info.origin);
            EXPECT_EQ(unsigned{KITH_STATE_CONNECTED}, info.state);
            EXPECT_EQ(!dup, info.fd == fds[0]);
            kt_close(s);
            close(fds[0]);
            close(fds[1]);
        }
    });
}

TEST_P(SocketInfoOf, AnAdoptedListenerListens)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place);
        kith_open_options o = KITH_OPEN_OPTIONS_INIT;
        kith_socket s;

        o.fd = dup(info_of(l).fd);
        ASSERT_GE(o.fd, 0);
        ASSERT_EQ(0, kith_socket_open(0, 0, 0, &o, &s));
        EXPECT_EQ(unsigned{KITH_STATE_BOUND | KITH_STATE_LISTENING}, info_of(s).state);
        kt_close(s);
        kt_close(l);
        close(o.fd);
    });
}

TEST_F(SocketInfo, TheOwnerIsWhoeverHasItNow)
{
    in_process([this] {
        const kt_pair p = kt_pair_import();
        std::atomic<bool> go{false};
        const kith_pid other = spawn([&] {
            const kith_msg *m = kt_receive();

            EXPECT_NE(nullptr, m);
            kt_eventually([&] { return go.load(); });
        });

        EXPECT_EQ(kith_self(), info_of(p.near).owner);
        ASSERT_EQ(0, kith_socket_give(p.near, other, 1));
        EXPECT_EQ(other, info_of(p.near).owner);
        go = true;
        ASSERT_EQ(0, kith_wait(other, nullptr, kt_long()));
        struct kith_socket_info info = KITH_SOCKET_INFO_INIT;
        EXPECT_EQ(KITH_ECLOSED, kith_socket_info(p.near, &info))
            << "it died with its owner";
        kt_close(p.far);
    });
}

TEST_P(SocketInfo, OfNothingThereIsNothingToSee)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open();
        struct kith_socket_info info = KITH_SOCKET_INFO_INIT;

        EXPECT_EQ(KITH_EINVAL, kith_socket_info(s, nullptr));
        info.size = 0;
        EXPECT_EQ(KITH_EINVAL, kith_socket_info(s, &info));
        info.size = sizeof info + 8;
        EXPECT_EQ(KITH_EINVAL, kith_socket_info(s, &info));
        info.size = sizeof info;
        kt_close(s);
        info.domain = 77;
        EXPECT_EQ(KITH_ECLOSED, kith_socket_info(s, &info));
        EXPECT_EQ(KITH_EBADF, kith_socket_info(kith_socket{0}, &info));
        EXPECT_EQ(77, info.domain) << "untouched";
    });
}

TEST_P(SocketInfo, AnOlderCallersStructIsFilledAsFarAsItGoes)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open();
        struct kith_socket_info info = KITH_SOCKET_INFO_INIT;

        info.size = offsetof(struct kith_socket_info, state);
        info.state = 77;
        ASSERT_EQ(0, kith_socket_info(s, &info));
        EXPECT_EQ(kt_inet(), info.domain);
        EXPECT_EQ(77u, info.state);
        EXPECT_EQ(offsetof(struct kith_socket_info, state), info.size);
        kt_close(s);
    });
}

/* ---- who waits ---- */

TEST_P(SocketInfoOf, WaitersAreCountedByDirection)
{
    in_process([this] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place);
        const kt_pair p = kt_connect(l);
        std::vector<kith_pid> all;
        const auto reader = [&] {
            char c;

            kt_ignore(kith_socket_recv(p.near, &c, 1, 0, KITH_INFINITY));
        };

        kt_fill(p.near);
        all.push_back(spawn(reader));
        all.push_back(spawn(reader));
        all.push_back(spawn([&] {
            const std::string text(4 << 20, 'x');

            kt_ignore(kith_socket_send(p.near, text.data(), text.size(), 0, KITH_INFINITY));
        }));
        for (int i = 0; i < 3; i++)
            all.push_back(spawn([&] {
                kith_socket c;

                kt_ignore(kith_socket_accept(l, KITH_INFINITY, &c));
            }));
        EXPECT_TRUE(kt_eventually([&] {
            const struct kith_socket_info n = info_of(p.near), a = info_of(l);

            return n.n_readers == 2 && n.n_writers == 1 && n.n_acceptors == 0 &&
                   n.n_connecters == 0 && a.n_acceptors == 3 && a.n_readers == 0;
        }));
        EXPECT_EQ(2u, counters(p.near).read_waits);
        EXPECT_EQ(3u, counters(l).acc_waits);
        kt_close(p);
        kt_close(l);
        for (const kith_pid pid : all)
            ASSERT_EQ(0, kith_wait(pid, nullptr, kt_long()));
    });
}

TEST_F(SocketInfo, AConnectThatWaitsIsCountedAsOne)
{
    in_process([this] {
        const kt_place place(kt_domain::abstract);
        const kith_socket l = kt_listen(place, 1);
        const kith_sockaddr name = kt_name_of(l);
        std::vector<kith_socket> full;

        for (int i = 0; i < 16; i++) { /* until its queue is full */
            full.push_back(kt_open(KITH_LOCAL));
            const int rc = kith_socket_connect(full.back(), &name, 0);
            if (rc == KITH_ETIMEOUT)
                break;
            ASSERT_EQ(0, rc);
        }
        const kith_socket s = full.back();
        const kith_pid one = spawn([&] {
            EXPECT_EQ(KITH_ECANCELED, kith_socket_connect(s, &name, KITH_INFINITY));
        });
        EXPECT_TRUE(kt_eventually([&] { return info_of(s).n_connecters == 1; }));
        EXPECT_EQ(0u, info_of(s).n_writers);
        EXPECT_EQ(0u, counters(s).write_waits);
        EXPECT_EQ(0, kith_socket_cancel(s, KITH_OP_CONNECT));
        ASSERT_EQ(0, kith_wait(one, nullptr, kt_long()));
        EXPECT_EQ(0u, info_of(s).n_connecters);
        for (const kith_socket f : full)
            kt_close(f);
        kt_close(l);
    });
}

/* ---- what it has counted ---- */

TEST_P(SocketInfoOf, SendsAndReadsAreCountedOnceEach)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());

        for (const std::size_t n : {10, 20, 5})
            send_all(p.near, std::string(n, 'x'));
        ASSERT_EQ(35, recv_all(p.far, 35));

        const struct kith_socket_counters w = counters(p.near), r = counters(p.far);
        EXPECT_EQ(3u, w.write_pkg);
        EXPECT_EQ(20u, w.write_pkg_max);
        EXPECT_EQ(35u, w.write_byte);
        EXPECT_EQ(3u, w.write_tries);
        EXPECT_EQ(0u, w.write_waits);
        EXPECT_EQ(0u, w.write_fails);
        EXPECT_EQ(0u, w.read_pkg + w.read_byte + w.read_tries + w.read_fails);
        EXPECT_EQ(1u, r.read_pkg);
        EXPECT_EQ(35u, r.read_pkg_max);
        EXPECT_EQ(35u, r.read_byte);
        EXPECT_GE(r.read_tries, 1u);
        EXPECT_EQ(0u, r.read_fails);
        EXPECT_EQ(0u, r.write_pkg + r.write_byte + r.write_tries + r.write_fails);
        kt_close(p);
    });
}

TEST_P(SocketInfoOf, AReadInPiecesCountsItsBytesOnce)
{
    in_process([this] {
        const kt_pair p = kt_pair_of(GetParam());
        const kith_pid reader = spawn([&] { EXPECT_EQ(100, recv_all(p.far, 100)); });

        ASSERT_TRUE(kt_eventually([&] { return info_of(p.far).n_readers == 1; }));
        for (int i = 1; i <= 4; i++) {
            send_all(p.near, std::string(25, 'x'));
            ASSERT_TRUE(kt_eventually([&] {
                return counters(p.far).read_byte == 25u * static_cast<unsigned>(i);
            }));
        }
        ASSERT_EQ(0, kith_wait(reader, nullptr, kt_long()));
        const struct kith_socket_counters c = counters(p.far);
        EXPECT_EQ(1u, c.read_pkg);
        EXPECT_EQ(100u, c.read_pkg_max);
        EXPECT_EQ(1u, c.read_waits);
        EXPECT_GE(c.read_tries, 4u);
        EXPECT_EQ(0u, c.read_fails);
        kt_close(p);
    });
}

TEST_P(SocketInfoOf, AReadThatEndsTooEarlyCountsItsBytesOnly)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());

        send_all(p.near, "four");
        ASSERT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));
        EXPECT_EQ(KITH_EOF, recv_all(p.far, 10));
        const struct kith_socket_counters c = counters(p.far);
        EXPECT_EQ(0u, c.read_pkg);
        EXPECT_EQ(4u, c.read_byte);
        EXPECT_EQ(0u, c.read_fails);
        EXPECT_GE(c.read_tries, 2u);
        kt_close(p);
    });
}

TEST_P(SocketInfoOf, WaitsAreCounted)
{
    in_process([this] {
        const kt_pair p = kt_pair_of(GetParam());
        char c;

        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, &c, 1, 0, 0));
        EXPECT_EQ(0u, counters(p.far).read_waits) << "it did not want to";
        EXPECT_EQ(1u, counters(p.far).read_tries);
        for (unsigned i = 1; i <= 3; i++) {
            const kith_pid reader = spawn([&] {
                char d;

                EXPECT_EQ(1, kith_socket_recv(p.far, &d, 1, 0, KITH_INFINITY));
            });

            ASSERT_TRUE(kt_eventually([&] { return info_of(p.far).n_readers == 1; }));
            send_all(p.near, "x");
            ASSERT_EQ(0, kith_wait(reader, nullptr, kt_long()));
            EXPECT_EQ(i, counters(p.far).read_waits);
            EXPECT_EQ(i, counters(p.far).read_pkg);
        }
        EXPECT_EQ(KITH_ESELECT, kith_socket_recv(p.far, &c, 1, 0, KITH_NOWAIT));
        EXPECT_EQ(4u, counters(p.far).read_waits);
        kt_close(p);
        EXPECT_NE(nullptr, kt_receive()); /* of the select */
    });
}

TEST_P(SocketInfoOf, ASendThatWaitsIsOneSend)
{
    in_process([this] {
        const kt_pair p = kt_pair_of(GetParam());
        const std::size_t n = 8 << 20;
        const kith_pid writer = spawn([&] {
            const std::string text(n, 'x');

            send_all(p.near, text);
        });

        ASSERT_TRUE(kt_eventually([&] { return info_of(p.near).n_writers == 1; }));
        ASSERT_EQ(static_cast<std::ptrdiff_t>(n), recv_all(p.far, n));
        ASSERT_EQ(0, kith_wait(writer, nullptr, kt_long()));
        const struct kith_socket_counters c = counters(p.near);
        EXPECT_EQ(1u, c.write_pkg);
        EXPECT_EQ(n, c.write_pkg_max);
        EXPECT_EQ(n, c.write_byte);
        EXPECT_EQ(1u, c.write_waits);
        EXPECT_GT(c.write_tries, 1u);
        EXPECT_EQ(0u, c.write_fails);
        kt_close(p);
    });
}

TEST_P(SocketInfoOf, FailuresAreCounted)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const kith_socket s = kt_open(place.domain());
        char c = 'x';
        kith_socket won;

        EXPECT_LT(kith_socket_recv(s, &c, 1, 0, kt_long()), 0);
        EXPECT_LT(kith_socket_send(s, &c, 1, 0, kt_long()), 0);
        EXPECT_LT(kith_socket_send(s, &c, 1, 0, kt_long()), 0);
        EXPECT_LT(kith_socket_accept(s, kt_long(), &won), 0);
        const struct kith_socket_counters n = counters(s);
        EXPECT_EQ(1u, n.read_fails);
        EXPECT_EQ(1u, n.read_tries);
        EXPECT_EQ(2u, n.write_fails);
        EXPECT_EQ(2u, n.write_tries);
        EXPECT_EQ(1u, n.acc_fails);
        EXPECT_EQ(1u, n.acc_tries);
        EXPECT_EQ(0u, n.read_pkg + n.write_pkg + n.acc_success);
        kt_close(s);
    });
}

TEST_P(SocketInfoOf, WhatIsLookedAtIsCountedWhenItIsRead)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());

        send_all(p.near, "seven b");
        arrive(p.far, 7);
        EXPECT_EQ(0u, counters(p.far).read_byte);
        EXPECT_EQ(0u, counters(p.far).read_pkg);
        EXPECT_GE(counters(p.far).read_tries, 1u);
        ASSERT_EQ(7, recv_all(p.far, 7));
        EXPECT_EQ(7u, counters(p.far).read_byte);
        EXPECT_EQ(1u, counters(p.far).read_pkg);
        kt_close(p);
    });
}

TEST_P(SocketInfoOf, AcceptsAreCounted)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place);
        kith_socket c;

        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_accept(l, 0, &c));
        EXPECT_EQ(1u, counters(l).acc_tries);
        kt_close(kt_connect(l));
        kt_close(kt_connect(l));
        const struct kith_socket_counters n = counters(l);
        EXPECT_EQ(2u, n.acc_success);
        EXPECT_EQ(0u, n.acc_fails);
        EXPECT_GE(n.acc_tries, 3u);
        EXPECT_EQ(0u, n.read_pkg + n.read_tries + n.read_waits);
        kt_close(l);
    });
}

/* ---- packets ---- */

TEST_P(SocketInfoOf, AnEmptyPacketIsAPacket)
{
    by_process_and_thread([] {
        const kt_dgrams d(GetParam());
        char buf[16];

        d.connect();
        ASSERT_EQ(0, kith_socket_send(d.near, "", 0, 0, kt_long()));
        ASSERT_EQ(4, kith_socket_send(d.near, "four", 4, 0, kt_long()));
        ASSERT_EQ(0, kith_socket_recv(d.far, buf, sizeof buf, 0, kt_long()));
        ASSERT_EQ(4, kith_socket_recv(d.far, buf, sizeof buf, 0, kt_long()));
        EXPECT_EQ(2u, counters(d.near).write_pkg);
        EXPECT_EQ(4u, counters(d.near).write_byte);
        EXPECT_EQ(2u, counters(d.far).read_pkg);
        EXPECT_EQ(4u, counters(d.far).read_byte);
        EXPECT_EQ(4u, counters(d.far).read_pkg_max);
        EXPECT_EQ(0u, info_of(d.far).state & KITH_STATE_ENDED);
        d.close();
    });
}

TEST_P(SocketInfoOf, OfAPacketTooLongTheBytesThatFitAreCounted)
{
    by_process_and_thread([] {
        const kt_dgrams d(GetParam());
        char buf[3];

        d.connect();
        ASSERT_EQ(4, kith_socket_send(d.near, "four", 4, 0, kt_long()));
        ASSERT_EQ(4, kith_socket_recv(d.far, buf, sizeof buf, KITH_MSG_TRUNC, kt_long()));
        EXPECT_EQ(3u, counters(d.far).read_byte);
        EXPECT_EQ(3u, counters(d.far).read_pkg_max);
        EXPECT_EQ(1u, counters(d.far).read_pkg);
        d.close();
    });
}

TEST_P(SocketInfoOf, ManyPacketsOfOneCallAreManyOperations)
{
    by_process_and_thread([] {
        const kt_dgrams d(GetParam());
        char text[] = "packets", room[4][16];
        kith_iov out[4], in[4];
        kith_packet send[4] = {}, recv[4] = {};

        d.connect();
        for (std::size_t i = 0; i < 4; i++) {
            out[i] = {text, i + 1};
            send[i].iov = &out[i];
            send[i].n_iov = 1;
            in[i] = {room[i], sizeof room[i]};
            recv[i].iov = &in[i];
            recv[i].n_iov = 1;
        }
        ASSERT_EQ(4, kith_socket_sendmmsg(d.near, send, 4, 0, kt_long()));
        ASSERT_EQ(4, kith_socket_recvmmsg(d.far, recv, 4, KITH_MSG_WAITALL, kt_long()));
        const struct kith_socket_counters w = counters(d.near), r = counters(d.far);
        EXPECT_EQ(4u, w.write_pkg);
        EXPECT_EQ(10u, w.write_byte);
        EXPECT_EQ(4u, w.write_pkg_max);
        EXPECT_EQ(1u, w.write_tries);
        EXPECT_EQ(4u, r.read_pkg);
        EXPECT_EQ(10u, r.read_byte);
        EXPECT_EQ(4u, r.read_pkg_max);
        EXPECT_LE(r.read_tries, 4u);
        EXPECT_GE(r.read_tries, 1u);
        d.close();
    });
}

TEST_P(SocketInfoOf, MessagesAreCountedLikeSendsAndReads)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        const kt_dgrams d(GetParam());
        char text[] = "twelve bytes", room[16];
        kith_iov from[] = {{text, 7}, {text + 7, 5}}, to[] = {{room, 3}, {room + 3, 9}};
        const struct {
            kith_socket near, far;
        } both[] = {{p.near, p.far}, {d.near, d.far}};

        d.connect();
        for (const auto &s : both) {
            kith_packet out = {}, in = {};

            out.iov = from;
            in.iov = to;
            out.n_iov = in.n_iov = 2;
            ASSERT_EQ(12, kith_socket_sendmsg(s.near, &out, 0, kt_long()));
            ASSERT_EQ(12, kith_socket_sendv(s.near, from, 2, 0, kt_long()));
            ASSERT_EQ(12, kith_socket_recvmsg(s.far, &in, KITH_MSG_WAITALL, kt_long()));
            ASSERT_EQ(12, kith_socket_recvfrom(s.far, room, 12, nullptr, KITH_MSG_WAITALL,
                                               kt_long()));
            const struct kith_socket_counters w = counters(s.near), r = counters(s.far);
            EXPECT_EQ(2u, w.write_pkg);
            EXPECT_EQ(12u, w.write_pkg_max);
            EXPECT_EQ(24u, w.write_byte);
            EXPECT_EQ(2u, w.write_tries);
            EXPECT_EQ(2u, r.read_pkg);
            EXPECT_EQ(12u, r.read_pkg_max);
            EXPECT_EQ(24u, r.read_byte);
            EXPECT_EQ(0u, r.read_fails + w.write_fails);
        }
        kt_close(p);
        d.close();
    });
}

TEST_P(SocketInfo, UrgentBytesAreReadBytes)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        char c;

        ASSERT_EQ(1, kith_socket_send(p.near, "!", 1, KITH_MSG_OOB, kt_long()));
        ASSERT_EQ(1, kith_socket_recv(p.far, &c, 1, KITH_MSG_OOB, kt_long()));
        EXPECT_EQ(1u, counters(p.near).write_pkg);
        EXPECT_EQ(1u, counters(p.far).read_pkg);
        EXPECT_EQ(1u, counters(p.far).read_byte);
        EXPECT_EQ(0u, counters(p.far).read_fails);
        kt_close(p);
    });
}

/* ---- all of them ---- */

TEST_P(SocketInfo, AllSocketsAreCountedByKind)
{
    by_process_and_thread([] {
        const struct kith_socket_counts before = counts();
        std::vector<kith_socket> all;
        const struct {
            int domain, type;
        } kinds[] = {{KITH_INET, KITH_STREAM},  {KITH_INET, KITH_DGRAM},
                     {KITH_INET6, KITH_STREAM}, {KITH_LOCAL, KITH_STREAM},
                     {KITH_LOCAL, KITH_DGRAM},  {KITH_LOCAL, KITH_SEQPACKET}};

        for (const auto &k : kinds) {
            kith_socket s;

            ASSERT_EQ(0, kith_socket_open(k.domain, k.type, 0, nullptr, &s));
            all.push_back(s);
        }
        const struct kith_socket_counts now = counts();
        EXPECT_EQ(before.sockets + 6, now.sockets);
        EXPECT_EQ(before.inet + 2, now.inet);
        EXPECT_EQ(before.inet6 + 1, now.inet6);
        EXPECT_EQ(before.local + 3, now.local);
        EXPECT_EQ(before.stream + 3, now.stream);
        EXPECT_EQ(before.dgram + 2, now.dgram);
        EXPECT_EQ(before.seqpacket + 1, now.seqpacket);
        EXPECT_EQ(before.tcp + 2, now.tcp);
        EXPECT_EQ(before.udp + 1, now.udp);
        EXPECT_EQ(before.sctp, now.sctp);
        for (const kith_socket s : all)
            kt_close(s);
        EXPECT_EQ(before.sockets, counts().sockets);
    });
}

TEST_P(SocketInfo, TheCountStandsWhileOthersComeAndGo)
{
    in_process([this] {
        const kt_pair p = kt_pair_import();
        std::vector<kith_pid> all;
        std::atomic<int> left{4};

        for (int i = 0; i < 4; i++)
            all.push_back(spawn([&] {
                for (int k = 0; k < 200; k++)
                    kt_close(kt_open(k % 2 ? KITH_INET : KITH_LOCAL));
                left--;
            }));
        do {
            const struct kith_socket_counts c = counts();

            ASSERT_GE(c.sockets, 2u);
            ASSERT_LE(c.sockets, 6u);
            ASSERT_EQ(c.sockets, c.inet + c.local);
            ASSERT_EQ(c.sockets, c.stream);
            kith_yield();
        } while (left > 0);
        for (const kith_pid pid : all)
            ASSERT_EQ(0, kith_wait(pid, nullptr, kt_long()));
        EXPECT_EQ(2u, counts().sockets);
        kt_close(p);
    });
}

}    // namespace
