/* SPDX-License-Identifier: Apache-2.0
 * socket_rule_wait_test.cc -- the rules of waits: select messages, cancels, the error queue,
 * timeouts, monitors; as docs/otp-differences.md has them. */
#include "tests/support/idle.h"
#include "tests/support/sockets.h"

#include "core/seam.h"

#include <atomic>
#include <chrono>
#include <vector>

#include <netinet/in.h>

namespace
{

class RuleSelect : public kt_sockets, public testing::WithParamInterface<kt_domain> {};
class RuleTimeout : public kt_sockets, public testing::WithParamInterface<kt_domain> {};
class RuleMonitor : public kt_sockets, public testing::WithParamInterface<kt_domain> {};

INSTANTIATE_TEST_SUITE_P(, RuleSelect, testing::ValuesIn(kt_all_domains),
                         kt_domain_of_test);
INSTANTIATE_TEST_SUITE_P(, RuleTimeout, testing::ValuesIn(kt_all_domains),
                         kt_domain_of_test);
INSTANTIATE_TEST_SUITE_P(, RuleMonitor, testing::ValuesIn(kt_all_domains),
                         kt_domain_of_test);

/* ---- select messages ---- */

TEST_P(RuleSelect, WhoIsToldAndDoesNotComeHoldsUpNobody)
{
    by_process_and_thread([this] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place);
        const kt_pair p = kt_connect(l);
        const kith_sockaddr at = kt_name_of(l);
        const kith_socket s = kt_open(at.domain);
        kith_socket c;
        char b;

        EXPECT_EQ(KITH_ESELECT, kith_socket_recv(p.far, &b, 1, 0, KITH_NOWAIT));
        EXPECT_EQ(KITH_ESELECT, kith_socket_accept(l, KITH_NOWAIT, &c));
        const kith_pid reads = spawn([p] {
            char d;

            EXPECT_EQ(1, kith_socket_recv(p.far, &d, 1, 0, KITH_INFINITY));
        });
        const kith_pid accepts = spawn([l] {
            kith_socket d;

            ASSERT_EQ(0, kith_socket_accept(l, KITH_INFINITY, &d));
            kt_close(d);
        });
        ASSERT_TRUE(kt_eventually([=] {
            return kt_waits(reads, "socket_recv") && kt_waits(accepts, "socket_accept");
        }));

        ASSERT_EQ(1, kith_socket_send(p.near, "x", 1, 0, kt_long()));
        EXPECT_EQ(0, kt_select_code(p.far, KITH_OP_RECV));
        EXPECT_EQ(0, kith_wait(reads, nullptr, kt_long()));
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        EXPECT_EQ(0, kt_select_code(l, KITH_OP_ACCEPT));
        EXPECT_EQ(0, kith_wait(accepts, nullptr, kt_long()));
        kt_expect_no_message();
        kt_close(s);
        kt_close(p);
        kt_close(l);
    });
}

TEST_P(RuleSelect, ThatOfTheDeadTakesNoTurn)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of(GetParam());
        std::atomic<bool> asked = false;
        char c;
        const kith_pid dead = spawn([p, &asked] {
            const kith_msg *m;
            char d;

            EXPECT_EQ(KITH_ESELECT, kith_socket_recv(p.far, &d, 1, 0, KITH_NOWAIT));
            asked = true;
            kt_ignore(kith_receive_tag(1, &m, KITH_INFINITY));
        });

        ASSERT_TRUE(kt_eventually([&] { return asked.load(); }));
        kill(dead);
        ASSERT_EQ(1, kith_socket_send(p.near, "x", 1, 0, kt_long()));
        EXPECT_EQ(1, kith_socket_recv(p.far, &c, 1, 0, kt_long()));
        kt_close(p);
    });
}

/* Readiness and a cancel by another, at once: one message, whichever won; and no byte is lost. */
TEST_P(RuleSelect, ACancelAgainstReadinessIsOneMessage)
{
    enum { go = 1 };
    const std::size_t rounds = kt_scale(25'000); /* of each domain: 10^5 in all */
    std::atomic<std::size_t> ready = 0, cancelled = 0;

    in_process([&, rounds, this] {
        const kt_pair p = kt_pair_of(GetParam());
        const auto on_demand = [rounds](auto act) {
            return [rounds, act] {
                for (std::size_t i = 0; i < rounds; i++) {
                    ASSERT_NE(nullptr, kt_receive());
                    act();
                }
            };
        };
        const kith_pid sender = spawn(on_demand(
            [p] { ASSERT_EQ(1, kith_socket_send(p.near, "x", 1, 0, KITH_INFINITY)); }));
        const kith_pid canceller = spawn(
            on_demand([p] { ASSERT_EQ(0, kith_socket_cancel(p.far, KITH_OP_RECV)); }));

        for (std::size_t i = 0; i < rounds; i++) {
            const bool first = i % 2;
            char c;

            ASSERT_EQ(KITH_ESELECT, kith_socket_recv(p.far, &c, 1, 0, KITH_NOWAIT));
            ASSERT_EQ(0, kt_send(first ? sender : canceller, go, i));
            ASSERT_EQ(0, kt_send(first ? canceller : sender, go, i));
            const int code = kt_select_code(p.far, KITH_OP_RECV);
            ASSERT_TRUE(code == 0 || code == KITH_ECANCELED) << code;
            (code == 0 ? ready : cancelled)++;
            std::ptrdiff_t n;
            while ((n = kith_socket_recv(p.far, &c, 1, 0, KITH_INFINITY)) == KITH_ECANCELED)
                ;
            ASSERT_EQ(1, n);
            kt_expect_no_message();
        }
        EXPECT_EQ(0, kith_wait(sender, nullptr, kt_long()));
        EXPECT_EQ(0, kith_wait(canceller, nullptr, kt_long()));
        kt_close(p);
    });
    RecordProperty("ready", static_cast<int>(ready));
    RecordProperty("cancelled", static_cast<int>(cancelled));
}

/* ---- the error queue ---- */

struct ki_seam real;
std::atomic<std::uint64_t> recvs;

std::ptrdiff_t
count_recv(int fd, void *buf, std::size_t len, int flags)
{
    recvs++;
    return real.recv(fd, buf, len, flags);
}

class RuleErrorQueue : public kt_sockets, public testing::WithParamInterface<kt_domain> {
  protected:
    void SetUp() override
    {
        real = ki_seam;
        ki_seam.recv = count_recv;
        kt_sockets::SetUp();
    }

    void TearDown() override
    {
        kt_sockets::TearDown();
        ki_seam.recv = real.recv;
    }
};

KT_INETS(RuleErrorQueue);

TEST_P(RuleErrorQueue, LeftUnreadItMakesNoReaderSpin)
{
    by_process_and_thread([] {
        const bool six = GetParam() == kt_domain::inet6;
        const kt_place here(GetParam()), there(GetParam());
        kith_socket s, gone;
        int on = 1;
        char buf[8];

        ASSERT_EQ(0, kith_socket_open(here.domain(), KITH_DGRAM, 0, nullptr, &s));
        ASSERT_EQ(0, kith_socket_open(here.domain(), KITH_DGRAM, 0, nullptr, &gone));
        ASSERT_EQ(0, kith_socket_bind(s, &here.address()));
        ASSERT_EQ(0, kith_socket_bind(gone, &there.address()));
        const kith_sockaddr at = kt_name_of(gone);
        ASSERT_EQ(0,
                  kith_socket_setopt_native(s, six ? IPPROTO_IPV6 : IPPROTO_IP,
                                            six ? IPV6_RECVERR : IP_RECVERR, KITH_IOV(on)));
        kt_close(gone);

        ASSERT_EQ(4, kith_socket_sendto(s, "ping", 4, &at, 0, kt_long()));
        EXPECT_EQ(KITH_ECONNREFUSED, kith_socket_recv(s, buf, sizeof buf, 0, kt_long()))
            << "told once";
        recvs = 0;
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(s, buf, sizeof buf, 0, 30));
        EXPECT_LE(recvs, 4u);
        EXPECT_EQ(4, kith_socket_recv(s, buf, sizeof buf, KITH_MSG_ERRQUEUE, 0))
            << "and it is there still";
        kt_close(s);
    });
}

/* ---- timeouts ---- */

TEST_P(RuleTimeout, IsNeverEarlyUnderLoad)
{
    const std::size_t n = kt_procs(500), each = 4;
    std::atomic<std::size_t> late = 0, ended = 0;
    std::atomic<bool> over = false;
    std::vector<kith_pid> pids;
    std::mt19937_64 rng = kt_rng();
    const kt_pair p = kt_pair_of(GetParam());

    for (int i = 0; i < 4; i++) /* all workers have something to do, always */
        pids.push_back(spawn([&over] {
            while (!over)
                kith_yield();
        }));
    for (std::size_t i = 0; i < n; i++)
        pids.push_back(spawn([&, p, ms = static_cast<kith_ms>(rng() % 30)] {
            char c;

            for (std::size_t k = 0; k < each; k++) {
                const auto before = std::chrono::steady_clock::now();
                EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, &c, 1, 0, ms));
                const auto took = std::chrono::steady_clock::now() - before;

                EXPECT_GE(took, std::chrono::milliseconds(ms));
                late += took > std::chrono::milliseconds(ms + 10);
                ended++;
            }
        }));
    EXPECT_TRUE(kt_until([&] { return ended == n * each; })) << "and they all end";
    over = true;
    for (const kith_pid &pid : pids)
        EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
    RecordProperty("later_than_10_ms", static_cast<int>(late));
    kt_close(p);
}

/* ---- monitors ---- */

TEST_P(RuleMonitor, EachOfManyTellsOnceAndEndsByItself)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        kith_ref ref[3];

        for (kith_ref &r : ref)
            ASSERT_EQ(0, kith_socket_monitor(p.far, &r));
        EXPECT_EQ(1, kith_demonitor(ref[1], KITH_INFO));
        EXPECT_EQ(0, kith_demonitor(ref[1], KITH_INFO)) << "it has ended";
        kt_close(p.far);
        for (const int i : {0, 2}) {
            const kith_msg *m;

            ASSERT_EQ(0, kith_receive_ref(ref[i], &m, kt_long()));
            const kith_down down = kt_down(m);
            EXPECT_EQ(p.far, down.socket);
            EXPECT_EQ(KITH_NORMAL, down.why.kind);
        }
        kt_expect_no_message();
        kt_close(p.near);
    });
}

TEST_P(RuleMonitor, OfOneThatDiesLeavesTheSocketAndTheOthers)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of(GetParam());
        std::atomic<bool> watches = false;
        const kith_msg *m;
        kith_ref ref;
        const kith_pid dead = spawn([p, &watches] {
            const kith_msg *never;
            kith_ref r;

            ASSERT_EQ(0, kith_socket_monitor(p.far, &r));
            watches = true;
            kt_ignore(kith_receive(&never, KITH_INFINITY));
        });

        ASSERT_EQ(0, kith_socket_monitor(p.far, &ref));
        ASSERT_TRUE(kt_eventually([&] { return watches.load(); }));
        kill(dead);
        kt_close(p.far);
        EXPECT_EQ(0, kith_receive_ref(ref, &m, kt_long()));
        kt_expect_no_message();
        kt_close(p.near);
    });
}

}    // namespace
