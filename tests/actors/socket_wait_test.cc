/* SPDX-License-Identifier: Apache-2.0
 * socket_wait_test.cc -- how a wait ends: answer, timeout, select message, cancel. */
#include "tests/support/idle.h"
#include "tests/support/sockets.h"

#include <atomic>
#include <chrono>
#include <cstring>
#include <vector>

#include <poll.h>
#include <unistd.h>

namespace
{

using SocketWait = kt_inets<>;
using SocketSelect = kt_inets<>;
using SocketCancel = kt_inets<>;

KT_INETS(SocketWait);
KT_INETS(SocketSelect);
KT_INETS(SocketCancel);

char byte;    // for what is never written to, or by nobody else meanwhile

/* ---- timeouts ---- */

TEST_P(SocketWait, WithZeroItTriesOnce)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        const kith_socket l = kt_listen_here();
        kith_socket c;
        char buf[8];

        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, buf, sizeof buf, 0, 0));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_accept(l, 0, &c));
        ASSERT_EQ(2, kith_socket_send(p.near, "ab", 2, 0, 0));
        ASSERT_TRUE(kt_eventually(
            [&] { return kith_socket_recv(p.far, buf, 1, KITH_MSG_PEEK, 0) == 1; }));
        EXPECT_EQ(2, kith_socket_recv(p.far, buf, sizeof buf, 0, 0));
        kt_close(p);
        kt_close(l);
    });
}

/* Waits as the system does, so that this worker cannot look at its poller meanwhile. */
void
wait_for_the_system(kith_socket s)
{
    pollfd p = {-1, POLLIN, 0};

    EXPECT_EQ(0, kith_socket_getopt_int(s, KITH_OPT_OTP_FD, &p.fd));
    EXPECT_EQ(1, poll(&p, 1, static_cast<int>(kt_patience(5000))));
}

TEST_P(SocketWait, WhoDoesNotWaitAsksTheSystemWhateverThePollerHasTold)
{
    by_process_and_thread([] {
        const kith_socket l = kt_listen_here();
        const kith_sockaddr at = kt_name_of(l);
        kith_socket c = {0};
        char buf[8];

        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_accept(l, 0, &c));
        const int near = kt_connect_fd(at);
        wait_for_the_system(l);
        ASSERT_EQ(0, kith_socket_accept(l, 0, &c));
        for (const kith_ms timeout : {kith_ms{0}, kith_ms{-1}, KITH_NOWAIT}) {
            EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(c, buf, sizeof buf, 0, 0));
            ASSERT_EQ(2, write(near, "ab", 2));
            wait_for_the_system(c);
            EXPECT_EQ(2, kith_socket_recv(c, buf, sizeof buf, 0, timeout));
        }
        close(near);
        kt_close(l);
        kt_close(c);
    });
}

TEST_P(SocketWait, NegativeTimeoutsAreOverdue)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();

        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, &byte, 1, 0, -1));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, &byte, 1, 0, INT64_MIN + 1));
        kt_close(p);
    });
}

TEST_P(SocketWait, ATimeoutIsNeverEarly)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        const kith_socket l = kt_listen_here();
        kith_socket c;

        for (const kith_ms ms : {1, 2, 20}) {
            auto before = std::chrono::steady_clock::now();
            EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, &byte, 1, 0, ms));
            auto after = std::chrono::steady_clock::now();
            EXPECT_GE(after - before, std::chrono::milliseconds(ms));

            before = after;
            EXPECT_EQ(KITH_ETIMEOUT, kith_socket_accept(l, ms, &c));
            EXPECT_GE(std::chrono::steady_clock::now() - before,
                      std::chrono::milliseconds(ms));
        }
        kt_close(p);
        kt_close(l);
    });
}

TEST_P(SocketWait, InfinityWaitsForTheBytes)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();
        const kith_pid me = kith_self();
        const kith_pid sender = spawn([=] {
            EXPECT_TRUE(kt_eventually([=] { return kt_waits(me, "socket_recv"); }));
            EXPECT_EQ(1, kith_socket_send(p.near, "x", 1, 0, KITH_INFINITY));
        });

        EXPECT_EQ(1, kith_socket_recv(p.far, &byte, 1, 0, KITH_INFINITY));
        EXPECT_EQ(0, kith_wait(sender, nullptr, kt_long()));
        kt_close(p);
    });
}

TEST_P(SocketWait, BytesAreKeptForTheNextRecvAfterATimeout)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();

        for (char c = 'a'; c < 'k'; c++) {
            char got = 0;

            EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, &got, 1, 0, 1));
            EXPECT_EQ(1, kith_socket_send(p.near, &c, 1, 0, KITH_INFINITY));
            EXPECT_EQ(1, kith_socket_recv(p.far, &got, 1, 0, KITH_INFINITY));
            EXPECT_EQ(c, got);
        }
        kt_close(p);
    });
}

TEST_P(SocketWait, ATimeoutInsideAWaitallTellsHowFarItCame)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        char buf[8] = {};

        ASSERT_EQ(3, kith_socket_send(p.near, "abc", 3, 0, KITH_INFINITY));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, buf, sizeof buf, KITH_MSG_WAITALL,
                                                  kt_patience(50)));
        EXPECT_EQ(3u, kith_partial());
        EXPECT_STREQ("abc", buf);
        kt_close(p);
    });
}

TEST_F(SocketWait, SendAnswersAllOrHowFarItCame)
{
    for (const kt_domain d : kt_all_domains)
        by_process_and_thread([d] {
            const kt_pair p = kt_narrow_pair(d);
            const std::vector<char> big(32u << 20);
            std::size_t went = 0;

            EXPECT_EQ(KITH_ETIMEOUT,
                      kith_socket_send(p.near, big.data(), big.size(), 0, 0));
            went = kith_partial();
            EXPECT_GT(went, 0u);
            EXPECT_LT(went, big.size());
            went += kt_fill(p.near);
            ASSERT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));

            EXPECT_EQ(went, kt_read_all(p.far));
            kt_close(p);
        });
}

/* Reads so much, and the rest when it is told to; answers by message how much came. */
void
read_slowly(kith_socket s, std::size_t first, kith_pid tell)
{
    constexpr std::size_t cap = 256 * 1024;
    char *buf = static_cast<char *>(kith_alloc(cap));
    std::size_t got = 0;
    std::ptrdiff_t n = 1;

    while (got < first && (n = kith_socket_recv(s, buf, cap, 0, kt_long())) > 0)
        got += static_cast<std::size_t>(n);
    EXPECT_GT(n, 0);
    ASSERT_NE(nullptr, kt_receive());
    EXPECT_EQ(0, kt_send(tell, 2, got + kt_read_all(s)));
}

TEST_F(SocketWait, ASendToASlowReaderThatTimesOutHalfWayTellsExactlyHowFarItCame)
{
    constexpr std::size_t total = 64u << 20;
    const std::vector<char> bytes(total, 'b');

    for (const kt_domain d : {kt_domain::inet, kt_domain::inet6, kt_domain::path})
        by_process_and_thread([&, this] {
            for (int form = 0; form < 3; form++) {
                const kt_pair p = kt_narrow_pair(d);
                const kith_pid me = kith_self();
                const kith_pid reader = spawn([=] { read_slowly(p.far, total / 64, me); });
                std::ptrdiff_t n;
                kith_future f;

                if (form == 0) {
                    n = kith_socket_send(p.near, bytes.data(), total, 0, 200);
                } else if (form == 1) {
                    ASSERT_EQ(0, kith_socket_send_start(p.near, bytes.data(), total, 0,
                                                        KITH_INFINITY, &f));
                    n = kith_await(f, 200);
                } else {
                    ASSERT_EQ(0, kith_socket_send_start(p.near, bytes.data(), total, 0, 200,
                                                        &f));
                    n = kith_await(f, KITH_INFINITY);
                }
                const std::size_t went = kith_partial();

                EXPECT_EQ(KITH_ETIMEOUT, n);
                EXPECT_GT(went, 0u);
                EXPECT_LT(went, total);
                ASSERT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));
                ASSERT_EQ(0, kt_send(reader, 1, 0));
                const kith_msg *m = nullptr;
                ASSERT_EQ(0, kith_receive_tag(2, &m, kt_long()));
                EXPECT_EQ(went, kt_number(m)) << "form " << form;
                EXPECT_EQ(0, kith_wait(reader, nullptr, kt_long()));
                kt_close(p);
            }
        });
}

TEST_F(SocketWait, ConnectGivesUpWhenNobodyAccepts)
{
    for (const kt_domain d : {kt_domain::path, kt_domain::abstract})
        by_process_and_thread([d] {
            const kt_place place(d);
            const kith_socket l = kt_listen(place, 1);
            kith_socket s[16];
            int rc = 0, n = 0;

            while (rc == 0 && n < 16) {
                s[n] = kt_open(place.domain());
                rc = kith_socket_connect(s[n], &place.address(), n == 0 ? kt_long() : 20);
                n++;
            }

            EXPECT_EQ(KITH_ETIMEOUT, rc);
            while (n > 0)
                kt_close(s[--n]);
            kt_close(l);
        });
}

TEST_P(SocketWait, ATcpConnectThatGaveUpMayBeTakenUpAgain)
{
    by_process_and_thread([] {
        const kt_place place;
        const kith_socket l = kt_listen(place, 1);
        const kith_sockaddr at = kt_name_of(l);
        kith_socket s[8], c;
        int rc = 0, n = 0, accepted = 0;

        while (rc == 0 && n < 8) {
            s[n] = kt_open();
            rc = kith_socket_connect(s[n++], &at, 50);
        }
        ASSERT_EQ(KITH_ETIMEOUT, rc) << "the backlog took them all";

        while (kith_socket_accept(l, 0, &c) == 0) {
            kt_close(c);
            accepted++;
        }
        EXPECT_GE(accepted, 1);
        EXPECT_EQ(0, kith_socket_connect(s[n - 1], &at, kt_long()));
        while (n > 0)
            kt_close(s[--n]);
        kt_close(l);
    });
}

TEST_F(SocketWait, OnlyOneConnectsAtATime)
{
    by_process_and_thread([this] {
        const kt_place place(kt_domain::abstract);
        const kith_socket l = kt_listen(place, 0x7fff), s = kt_open(KITH_LOCAL);
        const kith_sockaddr at = place.address();
        const kith_socket full = kt_listen(kt_place(kt_domain::abstract), 1);
        const kith_sockaddr to = kt_name_of(full);
        kith_socket fill[8];
        int n = 0, rc;

        do {
            fill[n] = kt_open(KITH_LOCAL);
            rc = kith_socket_connect(fill[n++], &to, 0);
        } while (rc == 0 && n < 8);
        const kith_pid other = spawn(
            [=] { EXPECT_EQ(KITH_ECLOSED, kith_socket_connect(s, &to, KITH_INFINITY)); });
        ASSERT_TRUE(kt_eventually([=] { return kt_waits(other, "socket_connect"); }));

        EXPECT_EQ(KITH_EALREADY, kith_socket_connect(s, &at, kt_long()));
        kt_close(s);
        EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
        while (n > 0)
            kt_close(fill[--n]);
        kt_close(full);
        kt_close(l);
    });
}

/* ---- select ---- */

TEST_P(SocketSelect, RecvTellsOnceWhenThereIsSomething)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        char buf[8];

        EXPECT_EQ(KITH_ESELECT, kith_socket_recv(p.far, buf, sizeof buf, 0, KITH_NOWAIT));
        kt_expect_no_message();
        ASSERT_EQ(3, kith_socket_send(p.near, "abc", 3, 0, KITH_INFINITY));

        EXPECT_EQ(0, kt_select_code(p.far, KITH_OP_RECV));
        EXPECT_EQ(3, kith_socket_recv(p.far, buf, sizeof buf, 0, KITH_NOWAIT));
        ASSERT_EQ(3, kith_socket_send(p.near, "def", 3, 0, KITH_INFINITY));
        EXPECT_EQ(3, kith_socket_recv(p.far, buf, 3, KITH_MSG_WAITALL, kt_long()));
        kt_expect_no_message();
        kt_close(p);
    });
}

TEST_P(SocketSelect, WhatIsThereIsTakenAtOnce)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();

        ASSERT_EQ(1, kith_socket_send(p.near, "x", 1, 0, KITH_NOWAIT));
        ASSERT_EQ(1, kith_socket_recv(p.far, &byte, 1, KITH_MSG_PEEK, kt_long()));

        EXPECT_EQ(1, kith_socket_recv(p.far, &byte, 1, 0, KITH_NOWAIT));
        kt_expect_no_message();
        kt_close(p);
    });
}

TEST_P(SocketSelect, AWaitallThatStopsHalfWayTellsHowFarAndWhenMoreComes)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        char buf[6];

        ASSERT_EQ(3, kith_socket_send(p.near, "abc", 3, 0, KITH_INFINITY));
        ASSERT_EQ(1, kith_socket_recv(p.far, buf, 1, KITH_MSG_PEEK, kt_long()));

        EXPECT_EQ(KITH_ESELECT,
                  kith_socket_recv(p.far, buf, sizeof buf, KITH_MSG_WAITALL, KITH_NOWAIT));
        ASSERT_EQ(3u, kith_partial());
        ASSERT_EQ(3, kith_socket_send(p.near, "def", 3, 0, KITH_INFINITY));
        EXPECT_EQ(0, kt_select_code(p.far, KITH_OP_RECV));
        EXPECT_EQ(3, kith_socket_recv(p.far, buf + 3, 3, KITH_MSG_WAITALL, KITH_NOWAIT));
        EXPECT_EQ(0, std::memcmp(buf, "abcdef", 6));
        kt_close(p);
    });
}

TEST_F(SocketSelect, SendGivesWhatWentThenTellsWhenThereIsRoom)
{
    for (const kt_domain d : kt_all_domains)
        by_process_and_thread([d] {
            const kt_pair p = kt_pair_of(d);
            const std::vector<char> big(1u << 20);
            std::ptrdiff_t n;
            std::size_t went = 0;

            while ((n = kith_socket_send(p.near, big.data(), big.size(), 0, KITH_NOWAIT)) >
                   0)
                went += static_cast<std::size_t>(n);
            ASSERT_EQ(KITH_ESELECT, n);
            EXPECT_GT(went, 0u);

            std::vector<char> got(went);
            ASSERT_EQ(static_cast<std::ptrdiff_t>(went),
                      kith_socket_recv(p.far, got.data(), went, KITH_MSG_WAITALL,
                                       kt_long()));
            EXPECT_EQ(0, kt_select_code(p.near, KITH_OP_SEND));
            EXPECT_GT(kith_socket_send(p.near, big.data(), 100, 0, KITH_NOWAIT), 0);
            kt_close(p);
        });
}

TEST_P(SocketSelect, AcceptTellsOfAConnection)
{
    by_process_and_thread([] {
        const kith_socket l = kt_listen_here(), s = kt_open();
        const kith_sockaddr at = kt_name_of(l);
        kith_socket c;

        EXPECT_EQ(KITH_ESELECT, kith_socket_accept(l, KITH_NOWAIT, &c));
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));

        EXPECT_EQ(0, kt_select_code(l, KITH_OP_ACCEPT));
        EXPECT_EQ(0, kith_socket_accept(l, KITH_NOWAIT, &c));
        EXPECT_EQ(kith_self(), kt_owner(c));
        kt_close(c);
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SocketSelect, AConnectRepeatedAfterItsMessageAnswersHowItWent)
{
    by_process_and_thread([] {
        const kith_socket l = kt_listen_here();
        const kith_sockaddr at = kt_name_of(l);

        for (int round = 0; round < 2; round++) { /* the second finds nobody */
            const kith_socket s = kt_open();
            int rc = kith_socket_connect(s, &at, KITH_NOWAIT);

            if (rc == KITH_ESELECT) {
                EXPECT_EQ(0, kt_select_code(s, KITH_OP_CONNECT));
                rc = kith_socket_connect(s, &at, KITH_NOWAIT);
            }
            EXPECT_EQ(round == 0 ? 0 : KITH_ECONNREFUSED, rc);
            kt_close(s);
            if (round == 0)
                kt_close(l);
        }
    });
}

TEST_P(SocketSelect, EachOneOwedComesWithEclosedWhenTheSocketCloses)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();

        for (int i = 0; i < 3; i++)
            EXPECT_EQ(KITH_ESELECT, kith_socket_recv(p.far, &byte, 1, 0, KITH_NOWAIT));
        kt_close(p.far);

        for (int i = 0; i < 3; i++)
            EXPECT_EQ(KITH_ECLOSED, kt_select_code(p.far, KITH_OP_RECV));
        kt_expect_no_message();
        kt_close(p.near);
    });
}

TEST_P(SocketSelect, ANewcomerDoesNotOvertakeThoseThatWait)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();
        std::atomic<int> first = 0;
        const kith_pid waits = spawn([p, &first] {
            char c = 0;

            EXPECT_EQ(1, kith_socket_recv(p.far, &c, 1, 0, KITH_INFINITY));
            first = c;
        });

        ASSERT_TRUE(kt_eventually([=] { return kt_waits(waits, "socket_recv"); }));
        ASSERT_EQ(2, kith_socket_send(p.near, "ab", 2, 0, KITH_INFINITY));
        EXPECT_EQ(1, kith_socket_recv(p.far, &byte, 1, 0, KITH_INFINITY));

        EXPECT_EQ('b', byte);
        EXPECT_EQ(0, kith_wait(waits, nullptr, kt_long()));
        EXPECT_EQ('a', first);
        kt_close(p);
    });
}

/* ---- kith_socket_cancel ---- */

TEST_P(SocketCancel, EndsTheWaitsItNamesAndNoOthers)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();
        std::atomic<std::ptrdiff_t> r1 = 1, r2 = 1;
        const auto reader = [p](std::atomic<std::ptrdiff_t> &r) {
            char c;

            r = kith_socket_recv(p.far, &c, 1, 0, kt_long());
        };
        const kith_pid a = spawn([&] { reader(r1); }), b = spawn([&] { reader(r2); });

        ASSERT_TRUE(kt_eventually(
            [=] { return kt_waits(a, "socket_recv") && kt_waits(b, "socket_recv"); }));
        EXPECT_EQ(0, kith_socket_cancel(p.far,
                                        KITH_OP_SEND | KITH_OP_ACCEPT | KITH_OP_CONNECT));
        EXPECT_TRUE(kt_waits(a, "socket_recv"));
        EXPECT_EQ(0, kith_socket_cancel(p.far, KITH_OP_RECV));

        EXPECT_EQ(0, kith_wait(a, nullptr, kt_long()));
        EXPECT_EQ(0, kith_wait(b, nullptr, kt_long()));
        EXPECT_EQ(KITH_ECANCELED, r1);
        EXPECT_EQ(KITH_ECANCELED, r2);
        kt_close(p);
    });
}

TEST_P(SocketCancel, WithNobodyThereIsZero)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();

        EXPECT_EQ(0, kith_socket_cancel(p.far, KITH_OP_RECV));
        EXPECT_EQ(KITH_EINVAL, kith_socket_cancel(p.far, 16));
        EXPECT_EQ(KITH_EINVAL, kith_socket_cancel(p.far, KITH_OP_RECV | 16));
        kt_close(p);
    });
}

TEST_P(SocketCancel, OfAHalfDoneSendTellsHowFarItCame)
{
    by_process_and_thread([this] {
        static constexpr std::size_t len = 32u << 20;
        const kt_pair p = kt_narrow_pair();
        std::atomic<std::ptrdiff_t> rc = 1;
        std::atomic<std::size_t> went = 0;
        const kith_pid sender = spawn([p, &rc, &went] {
            void *big = kith_alloc(len);

            std::memset(big, 0, len);
            rc = kith_socket_send(p.near, big, len, 0, KITH_INFINITY);
            went = kith_partial();
            EXPECT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));
        });

        ASSERT_TRUE(kt_eventually([=] { return kt_waits(sender, "socket_send"); }));
        EXPECT_EQ(0, kith_socket_cancel(p.near, KITH_OP_SEND));
        EXPECT_EQ(0, kith_wait(sender, nullptr, kt_long()));

        EXPECT_EQ(KITH_ECANCELED, rc);
        EXPECT_EQ(went, kt_read_all(p.far));
        kt_close(p);
    });
}

/* ---- receives that look aside ---- */

class SocketAside : public kt_inets<> {
  protected:
    /* A registered pair with five bytes to read at `far`. */
    static kt_pair with_five_bytes()
    {
        const kt_pair p = kt_pair_of();
        char c;

        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, &c, 1, 0, 1));
        EXPECT_EQ(5, kith_socket_send(p.near, "hello", 5, 0, kt_long()));
        EXPECT_EQ(1, kith_socket_recv(p.far, &c, 1, KITH_MSG_PEEK, kt_long()));
        return p;
    }

    static void expect_five_bytes(const kt_pair &p)
    {
        char buf[16];

        EXPECT_EQ(5, kith_socket_recv(p.far, buf, sizeof buf, 0, kt_long()));
        kt_close(p);
    }
};

KT_INETS(SocketAside);

TEST_P(SocketAside, AShortPeekLeavesTheBytesReadable)
{
    by_process_and_thread([] {
        const kt_pair p = with_five_bytes();
        char buf[16];

        EXPECT_EQ(5, kith_socket_recv(p.far, buf, sizeof buf, KITH_MSG_PEEK, kt_long()));
        expect_five_bytes(p);
    });
}

TEST_P(SocketAside, APeekForMoreThatTimesOutDoesToo)
{
    by_process_and_thread([] {
        const kt_pair p = with_five_bytes();
        char buf[16];

        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, buf, sizeof buf,
                                                  KITH_MSG_PEEK | KITH_MSG_WAITALL, 20));
        expect_five_bytes(p);
    });
}

TEST_P(SocketAside, ALookAtTheErrorQueueDoesToo)
{
    by_process_and_thread([] {
        const kt_pair p = with_five_bytes();
        char buf[16];

        EXPECT_EQ(KITH_ETIMEOUT,
                  kith_socket_recv(p.far, buf, sizeof buf, KITH_MSG_ERRQUEUE, 0));
        expect_five_bytes(p);
    });
}

TEST_P(SocketAside, APeekForAllWaitsUntilAllIsThere)
{
    in_process([this] {
        const kt_pair p = with_five_bytes();
        char buf[16] = {};
        const kith_pid more = spawn([p] {
            ASSERT_TRUE(kt_eventually([p] { return kt_owner(p.far).id != 0; }));
            ASSERT_EQ(5, kith_socket_send(p.near, "world", 5, 0, kt_long()));
        });

        EXPECT_EQ(10, kith_socket_recv(p.far, buf, 10, KITH_MSG_PEEK | KITH_MSG_WAITALL,
                                       kt_long()));
        EXPECT_STREQ("helloworld", buf);
        EXPECT_EQ(10, kith_socket_recv(p.far, buf, sizeof buf, 0, kt_long()));
        EXPECT_EQ(0, kith_wait(more, nullptr, kt_long()));
        kt_close(p);
    });
}

TEST_P(SocketAside, UrgentDataIsWaitedForAndOverWithTheConnection)
{
    in_process([this] {
        const kt_pair p = kt_pair_of();
        std::atomic<std::ptrdiff_t> got = -1;
        char c = 0;

        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, &c, 1, KITH_MSG_OOB, 1));
        kith_pid waits = spawn([p, &got] {
            char u = 0;

            got = kith_socket_recv(p.far, &u, 1, KITH_MSG_OOB, KITH_INFINITY);
            EXPECT_EQ('!', u);
        });
        ASSERT_TRUE(kt_eventually([=] { return kt_waits(waits, "socket_recv"); }));
        ASSERT_EQ(1, kith_socket_send(p.near, "!", 1, KITH_MSG_OOB, kt_long()));
        EXPECT_EQ(0, kith_wait(waits, nullptr, kt_long()));
        EXPECT_EQ(1, got);
        waits = spawn([p, &got] {
            char u = 0;

            got = kith_socket_recv(p.far, &u, 1, KITH_MSG_OOB, KITH_INFINITY);
        });
        ASSERT_TRUE(kt_eventually([=] { return kt_waits(waits, "socket_recv"); }));
        kt_close(p.near);
        EXPECT_EQ(0, kith_wait(waits, nullptr, kt_long()));
        EXPECT_EQ(0, got);
        kt_close(p.far);
    });
}

/* ---- errors that come once ---- */

/* Fills the backlog of a listener that nobody accepts from, so that an attempt stays under way. */
TEST_P(SocketWait, AConnectWhoseErrorAnotherCallTookEndsAllTheSame)
{
    in_process([this] {
        const kith_socket l = kt_listen(kt_place(), 1);
        const kith_sockaddr at = kt_name_of(l);
        std::vector<kith_socket> all;
        std::atomic<int> result = 1;
        int rc = 0;

        while (rc == 0 && all.size() < 16) {
            all.push_back(kt_open());
            rc = kith_socket_connect(all.back(), &at, 20);
        }
        ASSERT_EQ(KITH_ETIMEOUT, rc);
        const kith_socket s = all.back();
        const kith_pid connects = spawn(
            [s, at, &result] { result = kith_socket_connect(s, &at, KITH_INFINITY); });
        ASSERT_TRUE(kt_eventually([=] { return kt_waits(connects, "socket_connect"); }));
        const kith_pid receives = spawn([s] {
            char c;

            EXPECT_GE(0, kith_socket_recv(s, &c, 1, 0, KITH_INFINITY));
        });
        ASSERT_TRUE(kt_eventually([=] { return kt_waits(receives, "socket_recv"); }));
        kt_close(l); /* the next attempt of the kernel's, a second later, is refused */
        EXPECT_EQ(0, kith_wait(connects, nullptr, kt_long()));
        EXPECT_EQ(0, kith_wait(receives, nullptr, kt_long()));
        EXPECT_GT(0, result);
        for (const kith_socket &one : all)
            kt_close(one);
    });
}

}    // namespace
