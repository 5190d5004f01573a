/* SPDX-License-Identifier: Apache-2.0
 * socket_rule_close_test.cc -- the rules of open, close and shutdown, and of descriptors that are
 * used again, as docs/otp-differences.md has them. */
#include "tests/support/idle.h"
#include "tests/support/sockets.h"

#include "core/offload.h"
#include "core/poll.h"
#include "core/sched.h"
#include "core/sockaddr.h"

#include <atomic>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace
{

class RuleOpen : public kt_sockets, public testing::WithParamInterface<kt_domain> {};
class RuleClose : public kt_sockets, public testing::WithParamInterface<kt_domain> {};

INSTANTIATE_TEST_SUITE_P(, RuleOpen, testing::ValuesIn(kt_all_domains), kt_domain_of_test);
INSTANTIATE_TEST_SUITE_P(, RuleClose, testing::ValuesIn(kt_all_domains), kt_domain_of_test);

int
option(kith_socket s, kith_opt o)
{
    int v = -1;

    EXPECT_EQ(0, kith_socket_getopt_int(s, o, &v));
    return v;
}

/* ---- open ---- */

TEST_P(RuleOpen, AProtocolThatWasNotNamedIsToldAsTheSystemKnowsIt)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());

        for (const int type : {KITH_STREAM, KITH_DGRAM}) {
            kith_socket s;

            ASSERT_EQ(0, kith_socket_open(place.domain(), type, 0, nullptr, &s));
            EXPECT_EQ(option(s, KITH_OPT_SOCKET_PROTOCOL), option(s, KITH_OPT_OTP_PROTOCOL))
                << type;
            kt_close(s);
        }
    });
}

TEST_P(RuleOpen, WhatTheSystemRefusesIsItsCodeAndNoSocket)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const bool local = place.domain() == KITH_LOCAL;
        kith_socket s = {0};

        EXPECT_EQ(KITH_EPROTONOSUPPORT,
                  kith_socket_open(place.domain(), KITH_STREAM, KITH_UDP, nullptr, &s));
        EXPECT_EQ(KITH_EPROTONOSUPPORT,
                  kith_socket_open(place.domain(), KITH_DGRAM, KITH_TCP, nullptr, &s));
        if (!local) {
            EXPECT_GT(0, kith_socket_open(place.domain(), KITH_SEQPACKET, KITH_UDP, nullptr,
                                          &s));
        }
        EXPECT_EQ(0u, s.id);
    });
}

TEST_P(RuleOpen, ACopyOfAnAdoptedDescriptorClosesOnExec)
{
    by_process_and_thread([] {
        const int family = ki_domain_to_native(kt_place(GetParam()).domain());
        kith_open_options o = KITH_OPEN_OPTIONS_INIT;
        kith_socket s;

        o.fd = socket(family, SOCK_STREAM, 0);
        ASSERT_EQ(0, fcntl(o.fd, F_GETFD) & FD_CLOEXEC);
        ASSERT_EQ(0, kith_socket_open(0, 0, 0, &o, &s));
        EXPECT_NE(o.fd, option(s, KITH_OPT_OTP_FD));
        EXPECT_NE(0, fcntl(option(s, KITH_OPT_OTP_FD), F_GETFD) & FD_CLOEXEC);
        EXPECT_EQ(0, fcntl(o.fd, F_GETFD) & FD_CLOEXEC) << "the original is as it was";
        close(o.fd);
        kt_close(s);
    });
}

/* ---- close ---- */

TEST_P(RuleClose, TenThousandThatWaitAreAnsweredOnceEach)
{
    const std::size_t n = kt_procs(10'000);
    const kt_pair p = kt_pair_of(GetParam());
    std::atomic<std::size_t> begun = 0, closed = 0, others = 0;
    std::vector<kith_pid> pids;

    for (std::size_t i = 0; i < n; i++)
        pids.push_back(spawn([&, p] {
            char c;

            begun++;
            (kith_socket_recv(p.far, &c, 1, 0, KITH_INFINITY) == KITH_ECLOSED ? closed
                                                                              : others)++;
        }));
    ASSERT_TRUE(kt_until([&] {
        return begun == n && kt_waits(pids[0], "socket_recv") &&
               kt_waits(pids[n - 1], "socket_recv");
    }));
    in_process([p] { kt_close(p.far); });
    for (const kith_pid &pid : pids)
        EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
    EXPECT_EQ(n, closed);
    EXPECT_EQ(0u, others);
    kt_close(p.near);
}

/* Killed at any moment of it, also before it has begun: then the test does it. */
TEST_P(RuleClose, WhoDiesClosingClosesAllTheSame)
{
    const std::size_t rounds = kt_scale(300);
    std::mt19937_64 rng = kt_rng();

    in_process([&, this] {
        for (std::size_t i = 0; i < rounds; i++) {
            const kt_pair p = kt_pair_of(GetParam());
            std::atomic<bool> begins = false;
            std::atomic<std::ptrdiff_t> got = 1;
            char c;
            const kith_pid waits = spawn([p, &got] {
                char c;

                got = kith_socket_recv(p.far, &c, 1, 0, KITH_INFINITY);
            });
            const kith_pid closer = spawn([p, &begins] {
                begins = true;
                kt_ignore(kith_socket_close(p.far));
            });

            while (!begins)
                kith_yield();
            for (std::uint64_t k = rng() % 8; k > 0; k--)
                kith_yield();
            kill(closer);
            const int rc = kith_socket_close(p.far);
            ASSERT_TRUE(rc == 0 || rc == KITH_ECLOSED) << rc;
            ASSERT_EQ(0, kith_wait(waits, nullptr, kt_long()));
            ASSERT_EQ(KITH_ECLOSED, got);
            const std::ptrdiff_t n = kith_socket_recv(p.near, &c, 1, 0, kt_long());
            ASSERT_EQ(0, n) << "the descriptor is closed";
            kt_close(p.near);
        }
    });
}

/* Those of the inet domains alone linger. */
class RuleLinger : public RuleClose {};

KT_INETS(RuleLinger);

TEST_P(RuleLinger, ACloseByAnotherThanTheOwnerLingersTheSame)
{
    by_process_and_thread([this] {
        const kith_linger on = {true, 2};
        const kt_pair p = kt_pair_of(GetParam());
        std::atomic<int> rc = 1;

        ASSERT_EQ(0, kith_socket_setopt(p.near, KITH_OPT_SOCKET_LINGER, &on, sizeof on));
        const std::size_t sent = kt_fill(p.near);
        const kith_pid other = spawn([p, &rc] { rc = kith_socket_close(p.near); });
        EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
        EXPECT_EQ(0, rc);
        EXPECT_LT(0u, ki_offload_busy()) << "it is the side pool that lingers";
        EXPECT_EQ(KITH_ECLOSED, kith_socket_close(p.near));
        EXPECT_EQ(sent, kt_read_all(p.far)) << "all that was sent arrives, then the end";
        kt_close(p.far);
    });
    EXPECT_TRUE(kt_until([] { return ki_offload_busy() == 0; }));
}

/* ---- a descriptor is used again ---- */

/* With one worker a record that was given back is the next to be taken. */
class RuleCloseOfOne : public RuleClose {
    kt_env one_{"KITH_WORKERS", "1"};
};

INSTANTIATE_TEST_SUITE_P(, RuleCloseOfOne, testing::ValuesIn(kt_all_domains),
                         kt_domain_of_test);

TEST_P(RuleCloseOfOne, AnEventOfAnEarlierUseTouchesNobody)
{
    in_process([] {
        const kt_place place(GetParam());
        const kt_pair p = kt_pair_of(GetParam());
        kith_socket s;
        char c = 0;

        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, &c, 1, 0, 1)); /* registered */
        kt_close(p.far);
        ASSERT_EQ(0, kith_socket_open(place.domain(), KITH_DGRAM, 0, nullptr, &s));
        ASSERT_EQ(0, kith_socket_bind(s, &place.address()));
        EXPECT_EQ(ki_id_index(p.far.id), ki_id_index(s.id)) << "the record is used again";

        ASSERT_EQ(KITH_ESELECT, kith_socket_recv(s, &c, 1, 0, KITH_NOWAIT));
        for (int i = 0; i < 100; i++) /* a poller that is very late */
            ki_sched.on_event(nullptr, p.far.id,
                              KI_READY_IN | KI_READY_OUT | KI_READY_HUP | KI_READY_ERR);
        (void) kt_name_of(s); /* all that came before this has acted */
        kt_expect_no_message();
        EXPECT_EQ(0, kith_socket_cancel(s, KITH_OP_RECV));
        kt_expect_no_message();
        kt_close(p.near);
        kt_close(s);
    });
}

/* The peer sends while its reader closes and opens anew: the bytes of the old connection come to
 * nobody. */
TEST_P(RuleClose, ANewSocketHasNothingOfTheOneBefore)
{
    const std::size_t rounds = kt_scale(300);

    in_process([rounds, this] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place);

        for (std::size_t i = 0; i < rounds; i++) {
            const kt_pair old = kt_connect(l);
            std::atomic<bool> sending = false, over = false;
            char c = 0;

            EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(old.far, &c, 1, 0, 0));
            const kith_pid sender = spawn([old, &sending, &over] {
                while (!over && kith_socket_send(old.near, "o", 1, 0, KITH_INFINITY) == 1)
                    sending = true;
            });
            while (!sending)
                kith_yield();
            kt_close(old.far);
            const kt_pair fresh = kt_connect(l);
            EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(fresh.far, &c, 1, 0, 0));
            ASSERT_EQ(1, kith_socket_send(fresh.near, "n", 1, 0, kt_long()));
            ASSERT_EQ(1, kith_socket_recv(fresh.far, &c, 1, 0, kt_long()));
            ASSERT_EQ('n', c);
            over = true;
            EXPECT_EQ(0, kith_wait(sender, nullptr, kt_long()));
            kt_close(old.near);
            kt_close(fresh);
        }
        kt_close(l);
    });
}

/* ---- shutdown ---- */

TEST_P(RuleClose, AnybodyMayShutASocketDownAndItStaysOpen)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of(GetParam());
        char buf[8];

        ASSERT_EQ(3, kith_socket_send(p.near, "abc", 3, 0, kt_long()));
        const kith_pid other =
            spawn([p] { EXPECT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE)); });
        EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
        EXPECT_EQ(3, kith_socket_recv(p.far, buf, sizeof buf, 0, kt_long()))
            << "what was sent comes";
        EXPECT_EQ(0, kith_socket_recv(p.far, buf, sizeof buf, 0, kt_long()))
            << "then the end";
        EXPECT_EQ(KITH_EPIPE, kith_socket_send(p.near, "x", 1, 0, kt_long()));
        ASSERT_EQ(2, kith_socket_send(p.far, "de", 2, 0, kt_long()));
        EXPECT_EQ(2, kith_socket_recv(p.near, buf, sizeof buf, 0, kt_long()))
            << "the other direction is open";
        EXPECT_EQ(kith_self(), kt_owner(p.near));
        kt_close(p);
    });
}

}    // namespace
