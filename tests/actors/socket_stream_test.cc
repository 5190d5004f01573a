/* SPDX-License-Identifier: Apache-2.0
 * socket_stream_test.cc -- what each domain of stream sockets does for every caller. */
#include "tests/support/sockets.h"

#include "actors/socket.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <vector>

namespace
{

class SocketStream : public kt_sockets, public testing::WithParamInterface<kt_domain> {};

INSTANTIATE_TEST_SUITE_P(, SocketStream, testing::ValuesIn(kt_all_domains),
                         kt_domain_of_test);

std::ptrdiff_t
send_text(kith_socket s, const char *text)
{
    return kith_socket_send(s, text, std::strlen(text), 0, kt_long());
}

std::string
recv_text(kith_socket s, std::size_t cap = 64, unsigned flags = 0)
{
    char buf[64];
    const std::ptrdiff_t n =
        kith_socket_recv(s, buf, std::min(cap, sizeof buf), flags, kt_long());

    EXPECT_GE(n, 0) << kith_strerror(static_cast<int>(n));
    return std::string(buf, n > 0 ? static_cast<std::size_t>(n) : 0);
}

TEST_P(SocketStream, BytesArriveBothWays)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());

        EXPECT_EQ(4, send_text(p.near, "ping"));
        EXPECT_EQ("ping", recv_text(p.far));
        EXPECT_EQ(4, send_text(p.far, "pong"));
        EXPECT_EQ("pong", recv_text(p.near));
        kt_close(p);
    });
}

TEST_P(SocketStream, BothEndsAgreeOnTheirNames)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        kith_sockaddr near_peer = {}, far_peer = {};

        ASSERT_EQ(0, kith_socket_peername(p.near, &near_peer));
        ASSERT_EQ(0, kith_socket_peername(p.far, &far_peer));

        EXPECT_EQ(kt_text(kt_name_of(p.far)), kt_text(near_peer));
        EXPECT_EQ(kt_text(kt_name_of(p.near)), kt_text(far_peer));
        kt_close(p);
    });
}

TEST_P(SocketStream, ListensAtTheAddressItWasBoundTo)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place);
        const kith_sockaddr at = kt_name_of(l);

        if (place.domain() == KITH_LOCAL)
            EXPECT_EQ(kt_text(place.address()), kt_text(at));
        else
            EXPECT_NE(0, kith_sockaddr_port(&at)) << "port 0 picks one";
        kt_close(l);
    });
}

TEST_P(SocketStream, ATakenAddressIsInUse)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place), other = kt_open(place.domain());
        const kith_sockaddr at = kt_name_of(l);

        EXPECT_EQ(KITH_EADDRINUSE, kith_socket_bind(other, &at));
        kt_close(l);
        kt_close(other);
    });
}

TEST_P(SocketStream, ASecondBindIsInvalid)
{
    by_process_and_thread([] {
        const kt_place place(GetParam()), other(GetParam());
        const kith_socket l = kt_listen(place);

        EXPECT_EQ(KITH_EINVAL, kith_socket_bind(l, &other.address()));
        kt_close(l);
    });
}

TEST_P(SocketStream, WhereNobodyListensIsRefused)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place), s = kt_open(place.domain());
        const kith_sockaddr at = kt_name_of(l);

        kt_close(l);

        EXPECT_EQ(KITH_ECONNREFUSED, kith_socket_connect(s, &at, kt_long()));
        kt_close(s);
    });
}

TEST_P(SocketStream, AfterCloseTheAddressIsFreeAtOnce)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());

        if (GetParam() == kt_domain::path)
            return;    // a path stays until it is unlinked
        const kith_socket first = kt_listen(place);
        const kith_sockaddr at = kt_name_of(first);
        kt_close(first);

        const kith_socket second = kt_open(place.domain());
        EXPECT_EQ(0, kith_socket_bind(second, &at));
        EXPECT_EQ(0, kith_socket_listen(second, 1));
        kt_close(second);
    });
}

TEST_P(SocketStream, ABacklogOfZeroIsAsManyAsTheSystemAllows)
{
    by_process_and_thread([] {
        constexpr int n = 50;
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place, 0);
        const kith_sockaddr at = kt_name_of(l);
        kith_socket s[n];

        for (kith_socket &c : s) {
            c = kt_open(place.domain());
            ASSERT_EQ(0, kith_socket_connect(c, &at, kt_patience(500)));
        }

        for (const kith_socket &c : s)
            kt_close(c);
        kt_close(l);
    });
}

TEST_P(SocketStream, RecvWithoutWaitallTakesWhateverIsThere)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());

        EXPECT_EQ(5, send_text(p.near, "hello"));
        EXPECT_EQ("he", recv_text(p.far, 2));
        EXPECT_EQ("llo", recv_text(p.far, 64));
        kt_close(p);
    });
}

TEST_P(SocketStream, WaitallTakesAllHoweverItComes)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of(GetParam());
        const kith_pid sender = spawn([p] {
            for (const char *part : {"one ", "two ", "three"}) {
                EXPECT_EQ(std::strlen(part), send_text(p.near, part));
                kith_yield();
            }
        });

        EXPECT_EQ("one two three", recv_text(p.far, 13, KITH_MSG_WAITALL));
        EXPECT_EQ(0, kith_wait(sender, nullptr, kt_long()));
        kt_close(p);
    });
}

TEST_P(SocketStream, AnEndInsideAWaitallIsEofAndTellsHowFarItCame)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        char buf[8];

        ASSERT_EQ(3, send_text(p.near, "abc"));
        ASSERT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));

        EXPECT_EQ(KITH_EOF,
                  kith_socket_recv(p.far, buf, sizeof buf, KITH_MSG_WAITALL, kt_long()));
        EXPECT_EQ(3u, kith_partial());
        EXPECT_EQ(0, std::memcmp(buf, "abc", 3));
        EXPECT_EQ(KITH_EOF,
                  kith_socket_recv(p.far, buf, sizeof buf, KITH_MSG_WAITALL, kt_long()))
            << "the end before any byte";
        EXPECT_EQ(0u, kith_partial());
        kt_close(p);
    });
}

TEST_P(SocketStream, ThePeersEndIsZeroAndEndsOneDirectionOnly)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());

        ASSERT_EQ(4, send_text(p.near, "last"));
        ASSERT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));

        EXPECT_EQ("last", recv_text(p.far));
        EXPECT_EQ("", recv_text(p.far));
        EXPECT_EQ("", recv_text(p.far)) << "and again";
        EXPECT_EQ(5, send_text(p.far, "reply"));
        EXPECT_EQ("reply", recv_text(p.near));
        kt_close(p);
    });
}

TEST_P(SocketStream, ShuttingBothSidesEndsBothDirections)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        char c;

        ASSERT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_BOTH));
        EXPECT_EQ("", recv_text(p.far));
        EXPECT_EQ("", recv_text(p.near));
        EXPECT_EQ(KITH_EPIPE, kith_socket_send(p.near, "x", 1, 0, kt_long()));
        EXPECT_EQ(0, kith_socket_recv(p.near, &c, 1, KITH_MSG_PEEK, 0)) << "it stays open";
        kt_close(p);
    });
}

TEST_P(SocketStream, ThePeersCloseEndsAWaitingRecv)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of(GetParam());
        std::atomic<std::ptrdiff_t> n = -1;
        const kith_pid reader = spawn([p, &n] {
            char c;

            n = kith_socket_recv(p.far, &c, 1, 0, kt_long());
        });

        ASSERT_TRUE(kt_eventually([=] { return kt_waits(reader, "socket_recv"); }));
        kt_close(p.near);

        EXPECT_EQ(0, kith_wait(reader, nullptr, kt_long()));
        EXPECT_EQ(0, n);
        kt_close(p.far);
    });
}

TEST_P(SocketStream, ShuttingTheReadingSideEndsAWaitingRecv)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of(GetParam());
        std::atomic<std::ptrdiff_t> n = -1;
        const kith_pid reader = spawn([p, &n] {
            char c;

            n = kith_socket_recv(p.far, &c, 1, 0, kt_long());
        });

        ASSERT_TRUE(kt_eventually([=] { return kt_waits(reader, "socket_recv"); }));
        EXPECT_EQ(0, kith_socket_shutdown(p.far, KITH_SHUT_READ));

        EXPECT_EQ(0, kith_wait(reader, nullptr, kt_long()));
        EXPECT_EQ(0, n);
        kt_close(p);
    });
}

TEST_P(SocketStream, SendAfterShutdownIsEpipeAndNoSignal)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());

        ASSERT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));

        EXPECT_EQ(KITH_EPIPE, send_text(p.near, "late"));
        EXPECT_EQ(0u, kith_partial());
        kt_close(p);
    });
}

TEST_P(SocketStream, AnAbortedConnectionIsAResetThenNoMoreThanAnEnd)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        char c;

        ASSERT_EQ(6, send_text(p.near, "unread"));
        ASSERT_TRUE(kt_eventually(
            [&] { return kith_socket_recv(p.far, &c, 1, KITH_MSG_PEEK, kt_long()) == 1; }));
        kt_close(p.far);

        EXPECT_EQ(KITH_ECONNRESET, kith_socket_recv(p.near, &c, 1, 0, kt_long()));
        const std::ptrdiff_t n = kith_socket_recv(p.near, &c, 1, 0, kt_long());
        EXPECT_TRUE(n == 0 || n == KITH_ECONNRESET) << n;
        EXPECT_EQ(KITH_EPIPE, send_text(p.near, "to nobody"));
        kt_close(p.near);
    });
}

TEST_P(SocketStream, PeekLeavesTheBytes)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());

        ASSERT_EQ(3, send_text(p.near, "abc"));

        EXPECT_EQ("ab", recv_text(p.far, 2, KITH_MSG_PEEK));
        EXPECT_EQ("abc", recv_text(p.far, 3, KITH_MSG_PEEK | KITH_MSG_WAITALL));
        EXPECT_EQ("abc", recv_text(p.far));
        kt_close(p);
    });
}

TEST_P(SocketStream, RecvWithoutRoomIsInvalid)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        kith_future f;
        char c;

        EXPECT_EQ(KITH_EINVAL, kith_socket_recv(p.near, &c, 0, 0, 0));
        EXPECT_EQ(KITH_EINVAL, kith_socket_recv(p.near, nullptr, 1, 0, 0));
        EXPECT_EQ(KITH_EINVAL, kith_socket_recv_start(p.near, &c, 0, 0, 0, &f));
        EXPECT_EQ(KITH_EINVAL, kith_socket_recv_start(p.near, &c, 1, 0, 0, nullptr));
        EXPECT_EQ(KITH_EINVAL, kith_socket_send(p.near, nullptr, 1, 0, 0));
        kt_close(p);
    });
}

TEST_P(SocketStream, SendOfNothingIsZero)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());

        EXPECT_EQ(0, kith_socket_send(p.near, "", 0, 0, KITH_INFINITY));
        EXPECT_EQ(0, kith_socket_send(p.near, nullptr, 0, 0, KITH_NOWAIT));
        kt_close(p);
    });
}

TEST_P(SocketStream, UnknownFlagsAreNotSupported)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        char c = 0;

        EXPECT_EQ(KITH_EOPNOTSUPP, kith_socket_recv(p.near, &c, 1, 0x80000000u, 0));
        EXPECT_EQ(KITH_EOPNOTSUPP, kith_socket_send(p.near, &c, 1, 0x80000000u, 0));
        kt_close(p);
    });
}

TEST_P(SocketStream, WhatIsNotConnectedSaysSo)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open(kt_place(GetParam()).domain());
        kith_sockaddr a;
        kith_socket c;

        EXPECT_EQ(KITH_ENOTCONN, kith_socket_peername(s, &a));
        const int rc = kith_socket_shutdown(s, KITH_SHUT_BOTH);
        EXPECT_TRUE(rc == KITH_ENOTCONN || kt_name_of(s).domain == KITH_LOCAL)
            << "Linux lets it pass on local ones: " << rc;
        EXPECT_EQ(KITH_EINVAL, kith_socket_shutdown(s, 0));
        EXPECT_EQ(KITH_EINVAL, kith_socket_shutdown(s, 4));
        EXPECT_EQ(KITH_EINVAL, kith_socket_accept(s, kt_long(), &c))
            << "it does not listen";
        EXPECT_EQ(KITH_EINVAL, kith_socket_accept(s, kt_long(), nullptr));
        EXPECT_EQ(KITH_EINVAL, kith_socket_connect(s, nullptr, 0));
        EXPECT_EQ(KITH_EINVAL, kith_socket_bind(s, nullptr));
        kt_close(s);
    });
}

TEST_P(SocketStream, AConnectedSocketDoesNotConnectAgain)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place);
        const kith_sockaddr at = kt_name_of(l);
        const kt_pair p = kt_connect(l);

        EXPECT_EQ(KITH_EISCONN, kith_socket_connect(p.near, &at, kt_long()));
        kt_close(p);
        kt_close(l);
    });
}

/* Every call but open, on a handle that is one of those. */
void
expect_from_all(int code, kith_socket s)
{
    const kith_sockaddr a = kith_sockaddr_loopback(KITH_INET, 1);
    kith_linger linger = {};
    kith_sockaddr name;
    kith_socket c;
    kith_future f;
    char b[4] = {};
    int v;

    EXPECT_EQ(code, kith_socket_bind(s, &a));
    EXPECT_EQ(code, kith_socket_listen(s, 1));
    EXPECT_EQ(code, kith_socket_connect(s, &a, KITH_INFINITY));
    EXPECT_EQ(code, kith_socket_accept(s, KITH_INFINITY, &c));
    EXPECT_EQ(code, kith_socket_recv(s, b, sizeof b, 0, KITH_INFINITY));
    EXPECT_EQ(code, kith_socket_recv(s, b, sizeof b, 0, KITH_NOWAIT));
    EXPECT_EQ(code, kith_socket_send(s, b, sizeof b, 0, KITH_INFINITY));
    EXPECT_EQ(code, kith_socket_send(s, b, sizeof b, 0, 0));
    EXPECT_EQ(code, kith_socket_shutdown(s, KITH_SHUT_BOTH));
    EXPECT_EQ(code, kith_socket_sockname(s, &name));
    EXPECT_EQ(code, kith_socket_peername(s, &name));
    EXPECT_EQ(code, kith_socket_cancel(s, KITH_OP_RECV));
    EXPECT_EQ(code, kith_socket_give(s, kith_self(), 1));
    EXPECT_EQ(code, kith_socket_spawn(
                        s, [](kith_socket, void *) { return 0; }, nullptr, 0, nullptr));
    EXPECT_EQ(code, kith_socket_setopt(s, KITH_OPT_SOCKET_LINGER, &linger, sizeof linger));
    EXPECT_EQ(code, kith_socket_getopt(s, KITH_OPT_SOCKET_LINGER, &linger, sizeof linger));
    EXPECT_EQ(code, kith_socket_setopt_int(s, KITH_OPT_SOCKET_REUSEADDR, 1));
    EXPECT_EQ(code, kith_socket_getopt_int(s, KITH_OPT_SOCKET_REUSEADDR, &v));
    EXPECT_EQ(code, kith_socket_getopt_int(s, KITH_OPT_OTP_DOMAIN, &v));
    EXPECT_EQ(code, kith_socket_setopt_native(s, 1, 1, KITH_IOV(v)));
    EXPECT_EQ(code, kith_socket_getopt_native(s, 1, 1, KITH_IOV(v)));
    EXPECT_EQ(code, kith_socket_close(s));

    /* A start may answer at once, or give a future that does. */
    int rc = kith_socket_recv_start(s, b, sizeof b, 0, KITH_INFINITY, &f);
    EXPECT_EQ(code, rc == 0 ? kith_await(f, kt_long()) : rc);
    rc = kith_socket_send_start(s, b, sizeof b, 0, KITH_INFINITY, &f);
    EXPECT_EQ(code, rc == 0 ? kith_await(f, kt_long()) : rc);
    rc = kith_socket_connect_start(s, &a, KITH_INFINITY, &f);
    EXPECT_EQ(code, rc == 0 ? kith_await(f, kt_long()) : rc);
    rc = kith_socket_accept_start(s, KITH_INFINITY, &f);
    EXPECT_EQ(code, rc == 0 ? kith_await_socket(f, kt_long(), &c) : rc);
}

TEST_P(SocketStream, WhatIsClosedAnswersEclosedToEveryCall)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());

        kt_close(p);

        expect_from_all(KITH_ECLOSED, p.near);
        expect_from_all(KITH_ECLOSED, p.far);
    });
}

TEST_P(SocketStream, WhatAnotherHasClosedAnswersEclosedToItsOwner)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of(GetParam());
        const kith_pid other = spawn([p] { kt_close(p); });

        ASSERT_EQ(0, kith_wait(other, nullptr, kt_long()));

        expect_from_all(KITH_ECLOSED, p.near);
    });
}

TEST_P(SocketStream, MegabytesArriveUnchangedWhileBothSidesWait)
{
    static constexpr std::size_t total = 8u << 20;
    std::vector<char> sent(total);
    std::mt19937_64 rng = kt_rng();

    for (char &c : sent)
        c = static_cast<char>(rng());
    by_process_and_thread([this, &sent] {
        std::vector<char> got(total);
        const kt_pair p = kt_pair_of(GetParam());
        const kith_pid sender = spawn([p, &sent] {
            EXPECT_EQ(total, kith_socket_send(p.near, sent.data(), total, 0, kt_long()));
            EXPECT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));
        });
        std::size_t n = 0;
        std::ptrdiff_t r;

        while (n < total && (r = kith_socket_recv(p.far, &got[n],
                                                  std::min<std::size_t>(total - n, 100000),
                                                  0, kt_long())) > 0)
            n += static_cast<std::size_t>(r);

        EXPECT_EQ(total, n);
        EXPECT_TRUE(sent == got);
        EXPECT_EQ("", recv_text(p.far));
        EXPECT_EQ(0, kith_wait(sender, nullptr, kt_long()));
        kt_close(p);
    });
}

TEST_P(SocketStream, ManyReadersAndWritersOfOneSocketLoseNothing)
{
    constexpr int readers = 8, writers = 8;
    const std::size_t each = kt_scale(2000);

    by_process_and_thread([=, this] {
        const kt_pair p = kt_pair_of(GetParam());
        std::atomic<std::size_t> got = 0;
        kith_pid w[writers], r[readers];

        for (kith_pid &pid : r)
            pid = spawn([p, &got] {
                char buf[100];
                std::ptrdiff_t n;

                while ((n = kith_socket_recv(p.far, buf, sizeof buf, 0, kt_long())) > 0)
                    got += static_cast<std::size_t>(n);
                EXPECT_EQ(0, n);
            });
        for (kith_pid &pid : w)
            pid = spawn([p, each] {
                for (std::size_t i = 0; i < each; i++)
                    ASSERT_EQ(3, send_text(p.near, "abc"));
            });
        for (const kith_pid &pid : w)
            EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
        EXPECT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));
        for (const kith_pid &pid : r)
            EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));

        EXPECT_EQ(writers * each * 3, got);
        kt_close(p);
    });
}

using Socket = kt_inets<>;

KT_INETS(Socket);

/* Sends one urgent byte past the library: the far side of what users do. */
void
send_urgent(kith_socket s, char c)
{
    int fd = -1;

    ASSERT_EQ(0, kith_socket_getopt_int(s, KITH_OPT_OTP_FD, &fd));
    ASSERT_EQ(1, send(fd, &c, 1, MSG_OOB));
}

TEST_P(Socket, AReadCutShortByAnUrgentMarkLeavesNothingBehind)    // io.c I1
{
    const std::size_t rounds = kt_scale(500);

    in_process([=] {
        const kt_pair p = kt_pair_of();
        char buf[64];

        for (std::size_t i = 0; i < rounds; i++) {
            std::string got;

            ASSERT_EQ(3, kith_socket_send(p.near, "abc", 3, 0, kt_long()));
            send_urgent(p.near, '!');
            ASSERT_EQ(3, kith_socket_send(p.near, "def", 3, 0, kt_long()));
            while (got.size() < 6) {
                const std::ptrdiff_t n =
                    kith_socket_recv(p.far, buf, sizeof buf, 0, kt_long());

                ASSERT_GT(n, 0) << got;
                got.append(buf, static_cast<std::size_t>(n));
            }
            ASSERT_EQ("abcdef", got);
        }
        kt_close(p);
    });
}

TEST_P(Socket, AnEventWhileItIsBusyIsOneNodeAndIsNotLost)    // socket.c I2
{
    const kt_pair p = kt_pair_of();
    ki_socket *const s = reinterpret_cast<ki_socket *>(
        ki_slots_at(&ki_runtime.sockets, ki_id_index(p.far.id)));
    kith_future f;
    char c = 0;

    ASSERT_EQ(0, kith_socket_recv_start(p.far, &c, 1, 0, KITH_INFINITY, &f));
    /* We are the claimant; the poller's looks come meanwhile. */
    ASSERT_TRUE(kt_until([&] { return ki_mbox_claim(&s->task.mbox, p.far.id); }));
    ASSERT_EQ(1, kith_socket_send(p.near, "x", 1, 0, kt_long()));
    ki_socket_event(nullptr, p.far.id, KI_READY_IN);
    ki_socket_event(nullptr, p.far.id, KI_READY_OUT);
    EXPECT_TRUE(kt_until([&] { /* whoever was first pushes it */
                               return (ki_load_acq(&s->task.mbox) & KI_MBOX_NODE) ==
                                      reinterpret_cast<std::uintptr_t>(&s->event_node);
    }));
    EXPECT_EQ(KI_READY_IN | KI_READY_OUT,
              ki_load_acq(&s->pending) & (KI_READY_IN | KI_READY_OUT));
    EXPECT_EQ(nullptr, s->event_node.next) << "pushed once";
    ki_sched_ready_slowly(&s->task); /* the claim goes on to a worker */

    EXPECT_EQ(1, kith_await(f, kt_long()));
    EXPECT_EQ('x', c);
    EXPECT_EQ(0u, ki_load_acq(&s->pending));
    kt_close(p);
}

TEST_P(Socket, ADatagramGoesToTheAddressItIsSentTo)
{
    const kith_sockaddr any = kt_loopback();
    kith_socket a, b;
    char buf[8] = {};

    ASSERT_EQ(0, kith_socket_open(kt_inet(), KITH_DGRAM, KITH_UDP, nullptr, &a));
    ASSERT_EQ(0, kith_socket_open(kt_inet(), KITH_DGRAM, KITH_UDP, nullptr, &b));
    ASSERT_EQ(0, kith_socket_bind(b, &any));
    const kith_sockaddr to = kt_name_of(b);
    EXPECT_EQ(5, kith_socket_sendto(a, "hello", 5, &to, 0, kt_long()));
    EXPECT_EQ(0, kith_socket_sendto(a, "", 0, &to, 0, kt_long()));
    EXPECT_EQ(5, kith_socket_recv(b, buf, sizeof buf, 0, kt_long()));
    EXPECT_STREQ("hello", buf);
    EXPECT_EQ(0, kith_socket_recv(b, buf, sizeof buf, 0, kt_long()));
    kt_close(a);
    kt_close(b);
}

TEST_F(Socket, TheZeroHandleIsNoSocket)
{
    by_process_and_thread([] { expect_from_all(KITH_EBADF, kith_socket{0}); });
}

TEST_F(Socket, AHandleOfAnotherKindIsNoSocket)
{
    by_process_and_thread([] { expect_from_all(KITH_EBADF, kith_socket{kith_self().id}); });
}

TEST_P(Socket, OpenRefusesWhatItDoesNotKnow)
{
    by_process_and_thread([] {
        kith_open_options o = KITH_OPEN_OPTIONS_INIT;
        kith_socket s;

        EXPECT_EQ(KITH_EINVAL, kith_socket_open(99, KITH_STREAM, 0, nullptr, &s));
        EXPECT_EQ(KITH_EINVAL, kith_socket_open(kt_inet(), 99, 0, nullptr, &s));
        EXPECT_EQ(KITH_EPROTONOSUPPORT,
                  kith_socket_open(kt_inet(), KITH_STREAM, KITH_UDP, nullptr, &s));
        EXPECT_EQ(KITH_EINVAL,
                  kith_socket_open(kt_inet(), KITH_STREAM, 0, nullptr, nullptr));
        o.size = 1;
        EXPECT_EQ(KITH_EINVAL, kith_socket_open(kt_inet(), KITH_STREAM, 0, &o, &s));
        o.size = sizeof o + 1;
        EXPECT_EQ(KITH_EINVAL, kith_socket_open(kt_inet(), KITH_STREAM, 0, &o, &s));
    });
}

TEST_P(Socket, OpenOptionsOfAnOlderCallerStillWork)
{
    by_process_and_thread([] {
        kith_open_options o = KITH_OPEN_OPTIONS_INIT;
        kith_socket s;

        o.fd = 12345;    // beyond what this caller knows
        o.size = offsetof(kith_open_options, fd);
        ASSERT_EQ(0, kith_socket_open(kt_inet(), KITH_STREAM, KITH_TCP, &o, &s));
        kt_close(s);
    });
}

TEST_P(Socket, BindRefusesAnAddressOfAnotherDomain)
{
    by_process_and_thread([] {
        const bool inet = kt_inet() == KITH_INET;
        const kith_socket s = kt_open();
        const kith_sockaddr none = {},
                            other = kith_sockaddr_any(inet ? KITH_INET6 : KITH_INET, 0);

        /* One of inet is too short for inet6 before it is of another domain. */
        EXPECT_EQ(inet ? KITH_EAFNOSUPPORT : KITH_EINVAL, kith_socket_bind(s, &other));
        EXPECT_EQ(KITH_EINVAL, kith_socket_bind(s, &none));
        kt_close(s);
    });
}

TEST_F(Socket, APathThatIsNotThereIsEnoent)
{
    by_process_and_thread([] {
        const kt_place place(kt_domain::path);
        const kith_socket s = kt_open(KITH_LOCAL);

        EXPECT_EQ(KITH_ENOENT, kith_socket_connect(s, &place.address(), kt_long()));
        kt_close(s);
    });
}

TEST_P(Socket, ASocketMayBeUsedByAllThreadsAndProcessesAtOnce)
{
    const std::size_t rounds = kt_scale(1000);
    const kt_pair p = kt_pair_of();
    std::atomic<std::size_t> got = 0;
    std::vector<std::thread> threads;
    const auto use = [=, &got] {
        char c = 'x';

        for (std::size_t i = 0; i < rounds; i++) {
            ASSERT_EQ(1, kith_socket_send(p.near, &c, 1, 0, kt_long()));
            ASSERT_EQ(1, kith_socket_recv(p.far, &c, 1, 0, kt_long()));
            got++;
        }
    };
    kith_pid pids[4];

    for (kith_pid &pid : pids)
        pid = spawn(use);
    for (int i = 0; i < 4; i++)
        threads.emplace_back(use);
    for (std::thread &t : threads)
        t.join();
    for (const kith_pid &pid : pids)
        EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));

    EXPECT_EQ(8 * rounds, got);
    kt_close(p);
}

}    // namespace
