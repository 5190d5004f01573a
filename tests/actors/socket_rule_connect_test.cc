/* SPDX-License-Identifier: Apache-2.0
 * socket_rule_connect_test.cc -- the rules of connect and accept, as docs/otp-differences.md has
 * them. */
#include "tests/support/idle.h"
#include "tests/support/sockets.h"

#include "core/poll.h"
#include "core/sched.h"
#include "core/seam.h"

#include <atomic>
#include <vector>

namespace
{

class RuleConnect : public kt_sockets, public testing::WithParamInterface<kt_domain> {};
class RuleAccept : public kt_sockets, public testing::WithParamInterface<kt_domain> {};

INSTANTIATE_TEST_SUITE_P(, RuleConnect, testing::ValuesIn(kt_all_domains),
                         kt_domain_of_test);
INSTANTIATE_TEST_SUITE_P(, RuleAccept, testing::ValuesIn(kt_all_domains),
                         kt_domain_of_test);

/* A listener that has no room for one more: the next connect to `at` waits. */
struct Full {
    const kt_place place;
    const kith_socket l;
    const kith_sockaddr at;
    const std::vector<kith_socket> fill;

    explicit Full(kt_domain d)
        : place(d), l(kt_listen(place, 1)), at(kt_name_of(l)), fill(kt_fill_backlog(at))
    {
    }

    void make_room() const
    {
        kith_socket c;

        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &c));
        kt_close(c);
        while (kith_socket_accept(l, 0, &c) == 0)
            kt_close(c);
    }

    void close()
    {
        for (const kith_socket &s : fill)
            kt_close(s);
        kt_close(l);
    }
};

/* So many select messages of this socket are there, and no other message: of a wake, or the close. */
void
expect_selects(kith_socket s, int n)
{
    for (int i = 0; i < n; i++) {
        const kith_msg *m = kt_receive();

        ASSERT_NE(nullptr, m);
        ASSERT_EQ(KITH_TAG_SELECT, m->tag);
        EXPECT_EQ(s, KITH_BODY(m, kith_select)->socket);
        const int code = KITH_BODY(m, kith_select)->code;
        EXPECT_TRUE(code == KITH_ECLOSED || code == 0) << code;
    }
    kt_expect_no_message();
}

/* A wake that means nothing does not make it true either: a look at once, and one that waits. */
void
expect_no_success(kith_socket s, const kith_sockaddr &at)
{
    for (int i = 0; i < 3; i++) {
        ki_sched.on_event(nullptr, s.id, KI_READY_OUT);
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_connect(s, &at, 0));
        ki_sched.on_event(nullptr, s.id, KI_READY_OUT);
    }
    EXPECT_EQ(KITH_ESELECT, kith_socket_connect(s, &at, KITH_NOWAIT));
}

/* ---- connect ---- */

TEST_P(RuleConnect, ATimeoutOfZeroBeginsIt)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place), s = kt_open(place.domain());
        const kith_sockaddr at = kt_name_of(l);
        kith_sockaddr peer;
        const int rc = kith_socket_connect(s, &at, 0);

        EXPECT_TRUE(rc == 0 || rc == KITH_ETIMEOUT) << rc;
        EXPECT_TRUE(kt_eventually([&] { return kith_socket_peername(s, &peer) == 0; }));
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(RuleConnect, RepeatedBeforeItIsReadyItDoesNotPretendToBe)
{
    by_process_and_thread([] {
        Full full(GetParam());
        const kith_socket s = kt_open(full.at.domain);
        kith_sockaddr peer;

        for (int i = 0; i < 3; i++)
            EXPECT_EQ(KITH_ESELECT, kith_socket_connect(s, &full.at, KITH_NOWAIT));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_connect(s, &full.at, 0));
        EXPECT_EQ(KITH_ENOTCONN, kith_socket_peername(s, &peer));
        expect_no_success(s, full.at);
        kt_close(s);
        expect_selects(s, 4);
        full.close();
    });
}

TEST_P(RuleConnect, WhileOneWaitsAllOthersAreToldSo)
{
    by_process_and_thread([this] {
        Full full(GetParam());
        const kith_socket s = kt_open(full.at.domain);
        const kith_pid waits = spawn([s, at = full.at] {
            EXPECT_EQ(KITH_ECANCELED, kith_socket_connect(s, &at, KITH_INFINITY));
        });

        ASSERT_TRUE(kt_eventually([=] { return kt_waits(waits, "socket_connect"); }));
        for (const kith_ms timeout : {kt_long(), kith_ms{0}, kith_ms{KITH_NOWAIT}})
            EXPECT_EQ(KITH_EALREADY, kith_socket_connect(s, &full.at, timeout));
        EXPECT_EQ(0, kith_socket_cancel(s, KITH_OP_CONNECT));
        EXPECT_EQ(0, kith_wait(waits, nullptr, kt_long()));
        kt_close(s);
        full.close();
    });
}

TEST_P(RuleConnect, AfterTheDeathOfWhoConnectedAnotherTakesItUp)
{
    in_process([this] {
        Full full(GetParam());
        const kith_socket s = kt_open(full.at.domain);
        const kith_pid waits = spawn(
            [s, at = full.at] { kt_ignore(kith_socket_connect(s, &at, KITH_INFINITY)); });

        ASSERT_TRUE(kt_eventually([=] { return kt_waits(waits, "socket_connect"); }));
        kill(waits);
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_connect(s, &full.at, 0))
            << "it is nobody's any more";
        full.make_room();
        EXPECT_EQ(0, kith_socket_connect(s, &full.at, kt_long()));
        EXPECT_EQ(1, kith_socket_send(s, "x", 1, 0, kt_long()));
        kt_close(s);
        full.close();
    });
}

/* One of the write direction: it waits for its turn, and does not fail. */
using RuleConnectLocal = kt_sockets;

TEST_F(RuleConnectLocal, WaitsBehindASendThatWaits)
{
    for (const kt_domain d : {kt_domain::path, kt_domain::abstract})
        by_process_and_thread([d, this] {
            const kt_place place(d), other_place(d);
            const kith_sockaddr at = place.address(), other_at = other_place.address();
            kith_socket s, peer, other;
            std::ptrdiff_t rc = 0;

            ASSERT_EQ(0, kith_socket_open(KITH_LOCAL, KITH_DGRAM, 0, nullptr, &peer));
            ASSERT_EQ(0, kith_socket_open(KITH_LOCAL, KITH_DGRAM, 0, nullptr, &other));
            ASSERT_EQ(0, kith_socket_open(KITH_LOCAL, KITH_DGRAM, 0, nullptr, &s));
            ASSERT_EQ(0, kith_socket_bind(peer, &at));
            ASSERT_EQ(0, kith_socket_bind(other, &other_at));
            for (int i = 0; rc >= 0 && i < 100000; i++)
                rc = kith_socket_sendto(s, "fill", 4, &at, 0, 0);
            ASSERT_EQ(KITH_ETIMEOUT, rc);

            const kith_pid waits = spawn([s, at] {
                EXPECT_EQ(KITH_ECANCELED,
                          kith_socket_sendto(s, "more", 4, &at, 0, KITH_INFINITY));
            });
            ASSERT_TRUE(kt_eventually([=] { return kt_waits(waits, "socket_sendto"); }));
            EXPECT_EQ(KITH_ETIMEOUT, kith_socket_connect(s, &other_at, 0));
            EXPECT_EQ(0, kith_socket_cancel(s, KITH_OP_SEND));
            EXPECT_EQ(0, kith_wait(waits, nullptr, kt_long()));
            EXPECT_EQ(0, kith_socket_connect(s, &other_at, kt_long()));
            kt_close(s);
            kt_close(peer);
            kt_close(other);
        });
}

TEST_P(RuleConnect, ADatagramSocketHearsItsPeerOnlyAndMayChangeIt)
{
    by_process_and_thread([] {
        const kt_place at[3] = {kt_place(GetParam()), kt_place(GetParam()),
                                kt_place(GetParam())};
        kith_socket s[3];
        kith_sockaddr name[3];
        char buf[8];

        for (int i = 0; i < 3; i++) {
            ASSERT_EQ(0, kith_socket_open(at[i].domain(), KITH_DGRAM, 0, nullptr, &s[i]));
            ASSERT_EQ(0, kith_socket_bind(s[i], &at[i].address()));
            name[i] = kt_name_of(s[i]);
        }
        for (int peer = 1; peer <= 2; peer++) {
            const int other = 3 - peer;
            kith_sockaddr told;

            ASSERT_EQ(0, kith_socket_connect(s[0], &name[peer], kt_long()));
            ASSERT_EQ(0, kith_socket_peername(s[0], &told));
            EXPECT_EQ(kt_text(name[peer]), kt_text(told));
            kt_ignore(kith_socket_sendto(s[other], "other", 5, &name[0], 0, kt_long()));
            ASSERT_EQ(4, kith_socket_sendto(s[peer], "peer", 4, &name[0], 0, kt_long()));
            EXPECT_EQ(4, kith_socket_recv(s[0], buf, sizeof buf, 0, kt_long()));
            EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(s[0], buf, sizeof buf, 0, 0));
            ASSERT_EQ(2, kith_socket_send(s[0], "to", 2, 0, kt_long()));
            EXPECT_EQ(2, kith_socket_recv(s[peer], buf, sizeof buf, 0, kt_long()));
        }
        const kith_sockaddr nobody = kith_sockaddr_any(KITH_UNSPEC, 0);
        ASSERT_EQ(0, kith_socket_connect(s[0], &nobody, kt_long()));
        for (int i = 1; i <= 2; i++) {
            kith_sockaddr from; /* Linux takes a port back that it had chosen */

            ASSERT_EQ(2, kith_socket_sendto(s[0], "to", 2, &name[i], 0, kt_long()));
            ASSERT_EQ(2, kith_socket_recvfrom(s[i], buf, sizeof buf, &from, 0, kt_long()));
            ASSERT_EQ(3, kith_socket_sendto(s[i], "any", 3, &from, 0, kt_long()));
            EXPECT_EQ(3, kith_socket_recv(s[0], buf, sizeof buf, 0, kt_long()))
                << "without a peer it hears all";
        }
        for (const kith_socket &one : s)
            kt_close(one);
    });
}

/* ---- accept ---- */

/* A client that has sent one byte. */
kith_socket
client(const kith_sockaddr &at, char c)
{
    const kith_socket s = kt_open(at.domain);

    EXPECT_EQ(0, kith_socket_connect(s, &at, kt_long()));
    EXPECT_EQ(1, kith_socket_send(s, &c, 1, 0, kt_long()));
    return s;
}

char
first_byte(kith_socket s)
{
    char c = 0;

    EXPECT_EQ(1, kith_socket_recv(s, &c, 1, 0, kt_long()));
    return c;
}

TEST_P(RuleAccept, ThoseWhoWaitAreServedInTheirOrder)
{
    by_process_and_thread([this] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place);
        const kith_sockaddr at = kt_name_of(l);
        std::atomic<char> got[4] = {};
        kith_socket s[4];
        kith_pid pid[4];

        for (int i = 0; i < 4; i++) {
            pid[i] = spawn([l, i, &got] {
                kith_socket c;

                ASSERT_EQ(0, kith_socket_accept(l, KITH_INFINITY, &c));
                EXPECT_EQ(kith_self(), kt_owner(c));
                got[i] = first_byte(c);
                kt_close(c);
            });
            ASSERT_TRUE(kt_eventually([&] { return kt_waits(pid[i], "socket_accept"); }));
        }
        for (int i = 0; i < 4; i++)
            s[i] = client(at, static_cast<char>('a' + i));
        for (int i = 0; i < 4; i++) {
            EXPECT_EQ(0, kith_wait(pid[i], nullptr, kt_long()));
            EXPECT_EQ('a' + i, got[i]);
            kt_close(s[i]);
        }
        kt_close(l);
    });
}

TEST_P(RuleAccept, WhoDiesWaitingLosesNoConnection)
{
    by_process_and_thread([this] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place);
        const kith_sockaddr at = kt_name_of(l);
        const auto accepts = [l] {
            kith_socket c;

            ASSERT_EQ(0, kith_socket_accept(l, KITH_INFINITY, &c));
            EXPECT_EQ('x', first_byte(c));
            kt_close(c);
        };
        const kith_pid first = spawn(accepts), second = spawn(accepts);

        for (const kith_pid pid : {first, second})
            ASSERT_TRUE(kt_eventually([=] { return kt_waits(pid, "socket_accept"); }));
        kill(first);
        const kith_socket s = client(at, 'x');
        EXPECT_EQ(0, kith_wait(second, nullptr, kt_long()));
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(RuleAccept, OneThatWasResetBeforeItWasTakenHarmsNobody)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place);
        const kith_sockaddr at = kt_name_of(l);
        const kith_linger reset = {true, 0};
        const bool inet = place.domain() != KITH_LOCAL; /* others have no reset */
        std::ptrdiff_t n;
        kith_socket c;
        char b = 0;

        const kith_socket gone = client(at, 'r');
        ASSERT_EQ(0,
                  kith_socket_setopt(gone, KITH_OPT_SOCKET_LINGER, &reset, sizeof reset));
        kt_close(gone);
        const kith_socket s = client(at, 'x');
        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &c));
        do {
            n = kith_socket_recv(c, &b, 1, 0, kt_long());
            EXPECT_TRUE(n <= 0 || b == 'r') << b;
        } while (n > 0);
        EXPECT_EQ(inet ? KITH_ECONNRESET : 0, n) << "it tells so";
        kt_close(c);
        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &c));
        EXPECT_EQ(1, kith_socket_recv(c, &b, 1, 0, kt_long()));
        EXPECT_EQ('x', b);
        kt_close(c);
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(RuleAccept, WhatDoesNotListenDoesNotAccept)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        kith_socket dgram, stream, c = {0};

        ASSERT_EQ(0, kith_socket_open(place.domain(), KITH_DGRAM, 0, nullptr, &dgram));
        ASSERT_EQ(0, kith_socket_open(place.domain(), KITH_STREAM, 0, nullptr, &stream));
        EXPECT_EQ(KITH_EOPNOTSUPP, kith_socket_accept(dgram, kt_long(), &c));
        EXPECT_EQ(KITH_EINVAL, kith_socket_accept(stream, kt_long(), &c));
        EXPECT_EQ(0u, c.id);
        kt_close(dgram);
        kt_close(stream);
    });
}

TEST_P(RuleAccept, AReceiveOnAListenerWaitsItsTurnAndIsRefused)
{
    by_process_and_thread([this] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place);
        const kith_sockaddr at = kt_name_of(l);
        char b;
        const std::ptrdiff_t refused = kith_socket_recv(l, &b, 1, 0, kt_long());

        EXPECT_TRUE(refused == KITH_ENOTCONN || refused == KITH_EINVAL) << refused;
        const kith_pid waits = spawn([l] {
            kith_socket c;

            EXPECT_EQ(0, kith_socket_accept(l, KITH_INFINITY, &c));
            kt_close(c);
        });
        ASSERT_TRUE(kt_eventually([=] { return kt_waits(waits, "socket_accept"); }));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(l, &b, 1, 0, 0));
        kith_future f;
        ASSERT_EQ(0, kith_socket_recv_start(l, &b, 1, 0, KITH_INFINITY, &f));
        const kith_socket s = kt_open(at.domain);
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        EXPECT_EQ(0, kith_wait(waits, nullptr, kt_long()));
        EXPECT_EQ(refused, kith_await(f, kt_long()));
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(RuleAccept, TheConnectionIsOfTheListenersKind)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place);
        const kt_pair p = kt_connect(l);

        for (const kith_opt o : {KITH_OPT_OTP_DOMAIN, KITH_OPT_OTP_TYPE,
                                 KITH_OPT_OTP_PROTOCOL, KITH_OPT_SOCKET_PROTOCOL}) {
            int of_l = -1, of_c = -2;

            EXPECT_EQ(0, kith_socket_getopt_int(l, o, &of_l));
            EXPECT_EQ(0, kith_socket_getopt_int(p.far, o, &of_c));
            EXPECT_EQ(of_l, of_c) << o;
        }
        kt_close(p);
        kt_close(l);
    });
}

/* ---- what the system says instead of a connection ---- */

struct ki_seam real;
std::atomic<int>
    instead; /* once: after the connection has gone, this is what accept says */
std::atomic<int> refusals; /* so often it finds no descriptor */

int
accept_or_not(int fd, void *addr, unsigned *len)
{
    if (refusals > 0 && refusals-- > 0)
        return KITH_EMFILE;
    int rc = real.accept(fd, addr, len);

    if (rc >= 0 && instead != 0) {
        EXPECT_EQ(0, real.close(rc));
        rc = instead.exchange(0);
    }
    return rc;
}

class RuleAcceptOfASeam : public RuleAccept {
  protected:
    void SetUp() override
    {
        real = ki_seam;
        instead = 0;
        refusals = 0;
        ki_seam.accept = accept_or_not;
        RuleAccept::SetUp();
    }

    void TearDown() override
    {
        RuleAccept::TearDown();
        ki_seam.accept = real.accept;
    }
};

INSTANTIATE_TEST_SUITE_P(, RuleAcceptOfASeam, testing::ValuesIn(kt_all_domains),
                         kt_domain_of_test);

TEST_P(RuleAcceptOfASeam, AWakeForNothingIsNoAnswer)
{
    by_process_and_thread([this] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place);
        const kith_sockaddr at = kt_name_of(l);
        const kith_pid waits = spawn([l] {
            kith_socket c;

            ASSERT_EQ(0, kith_socket_accept(l, KITH_INFINITY, &c));
            EXPECT_EQ('x', first_byte(c));
            kt_close(c);
        });

        for (const int code : {KITH_EAGAIN, KITH_ECONNABORTED, KITH_EPROTO}) {
            ASSERT_TRUE(kt_eventually([=] { return kt_waits(waits, "socket_accept"); }));
            const kith_socket gone = kt_open(at.domain);

            instead = code;
            ASSERT_EQ(0, kith_socket_connect(gone, &at, kt_long()));
            ASSERT_TRUE(kt_eventually([] { return instead == 0; }));
            kt_close(gone);
        }
        const kith_socket s = client(at, 'x');
        EXPECT_EQ(0, kith_wait(waits, nullptr, kt_long()));
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(RuleAcceptOfASeam, OutOfDescriptorsOneIsToldAndTheOthersWaitOn)
{
    by_process_and_thread([this] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place);
        const kith_sockaddr at = kt_name_of(l);
        std::atomic<int> told = 0, accepted = 0;
        kith_socket s[2];
        kith_pid pid[3];

        for (kith_pid &one : pid) {
            one = spawn([&, l] {
                kith_socket c;
                const int rc = kith_socket_accept(l, KITH_INFINITY, &c);

                told += rc == KITH_EMFILE;
                accepted += rc == 0;
                if (rc == 0)
                    kt_close(c);
            });
            ASSERT_TRUE(kt_eventually([&] { return kt_waits(one, "socket_accept"); }));
        }
        refusals = 1;
        for (kith_socket &one : s) {
            one = kt_open(at.domain);
            ASSERT_EQ(0, kith_socket_connect(one, &at, kt_long()));
        }
        for (const kith_pid &one : pid)
            EXPECT_EQ(0, kith_wait(one, nullptr, kt_long()));
        EXPECT_EQ(1, told);
        EXPECT_EQ(2, accepted);
        for (const kith_socket &one : s)
            kt_close(one);
        kt_close(l);
    });
}

}    // namespace
