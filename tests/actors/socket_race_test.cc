/* SPDX-License-Identifier: Apache-2.0
 * socket_race_test.cc -- the ends of an operation race each other: exactly one wins, no byte is
 * lost, and a handle that is stale hits nobody. */
#include "tests/support/races.h"

#include "core/slots.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace
{

using SocketRace = kt_sockets;

/* Spends a little time, a different one each time. */
void
dawdle(std::mt19937_64 &rng)
{
    volatile unsigned sink = 0;

    switch (rng() % 4) {
    case 0:
        kith_yield();
        break;
    case 1:
        break;
    default:
        for (std::uint64_t n = rng() % 300; n > 0; n--)
            sink = sink + 1;
    }
}

enum { go = 1 };

/* A partner that sends byte after byte to a socket, one at each message. */
void
send_on_demand(kith_socket s, std::uint64_t rounds, std::uint64_t seed)
{
    std::mt19937_64 rng(seed);

    for (std::uint64_t i = 0; i < rounds; i++) {
        const char c = static_cast<char>(i);

        ASSERT_NE(nullptr, kt_receive());
        dawdle(rng);
        ASSERT_EQ(1, kith_socket_send(s, &c, 1, 0, KITH_INFINITY));
    }
}

using SocketRaces = kt_races;

TEST_F(SocketRaces, CancelAgainstCompletionLosesNoByte)
{
    cancel_against_completion(kt_scale(100000));
}

TEST_F(SocketRaces, TimeoutAgainstCompletionLosesNoByte)
{
    timeout_against_completion(kt_scale(100000));
}

TEST_F(SocketRaces, CloseAgainstCompletionGivesOneAnswer)
{
    close_against_completion(kt_scale(100000));
}

TEST_F(SocketRaces, KillAgainstCompletionLeavesTheSocketToTheOthers)
{
    kill_against_completion(kt_scale(100000));
}

TEST_F(SocketRaces, AwaitsTimeoutZeroAgainstCompletionLosesNoByte)
{
    by_several(kt_scale(100000), [this](std::uint64_t rounds, std::uint64_t seed) {
        const kt_pair p = kt_pair_import();
        std::mt19937_64 rng(seed);
        const kith_pid sender = spawn([=] { send_on_demand(p.near, rounds, seed + 1); });

        for (std::uint64_t i = 0; i < rounds; i++) {
            kith_future f;
            char c = 0;

            ASSERT_EQ(0, kith_socket_recv_start(p.far, &c, 1, 0, KITH_INFINITY, &f));
            ASSERT_EQ(0, kt_send(sender, go, i));
            dawdle(rng);
            const std::ptrdiff_t n = kith_await(f, 0);
            if (n != 1) {
                ASSERT_EQ(KITH_ETIMEOUT, n);
                ASSERT_EQ(1, kith_socket_recv(p.far, &c, 1, 0, KITH_INFINITY));
            }
            ASSERT_EQ(static_cast<char>(i), c);
        }
        EXPECT_EQ(0, kith_wait(sender, nullptr, kt_long()));
        kt_close(p);
    });
}

TEST_F(SocketRaces, SocketCancelAgainstCompletionLosesNoByte)
{
    by_several(kt_scale(100000), [this](std::uint64_t rounds, std::uint64_t seed) {
        const kt_pair p = kt_pair_import();
        const kith_pid sender = spawn([=] { send_on_demand(p.near, rounds, seed + 1); });
        const kith_pid canceller = spawn([=] {
            std::mt19937_64 rng(seed);

            for (std::uint64_t i = 0; i < rounds; i++) {
                ASSERT_NE(nullptr, kt_receive());
                dawdle(rng);
                ASSERT_EQ(0, kith_socket_cancel(p.far, KITH_OP_RECV));
            }
        });

        for (std::uint64_t i = 0; i < rounds; i++) {
            char c = 0;

            ASSERT_EQ(0, kt_send(sender, go, i));
            ASSERT_EQ(0, kt_send(canceller, go, i));
            std::ptrdiff_t n;
            while ((n = kith_socket_recv(p.far, &c, 1, 0, KITH_INFINITY)) == KITH_ECANCELED)
                ;
            ASSERT_EQ(1, n);
            ASSERT_EQ(static_cast<char>(i), c);
        }
        EXPECT_EQ(0, kith_wait(sender, nullptr, kt_long()));
        EXPECT_EQ(0, kith_wait(canceller, nullptr, kt_long()));
        kt_close(p);
    });
}

TEST_F(SocketRaces, AcceptsAreCancelledWithoutLosingAConnection)
{
    const std::size_t rounds = kt_scale(20000);

    in_process([=, this] {
        const kt_place place(kt_domain::abstract);
        const kith_socket l = kt_listen(place);
        std::mt19937_64 rng = kt_rng();
        const kith_pid client = spawn([=, &place] {
            for (std::size_t i = 0; i < rounds; i++) {
                ASSERT_NE(nullptr, kt_receive());
                const kith_socket s = kt_open(KITH_LOCAL);
                char c;

                ASSERT_EQ(0, kith_socket_connect(s, &place.address(), kt_long()));
                ASSERT_EQ(0, kith_socket_recv(s, &c, 1, 0, kt_long()))
                    << "till it is closed";
                kt_close(s);
            }
        });

        for (std::size_t i = 0; i < rounds; i++) {
            kith_socket c;
            kith_future f;

            ASSERT_EQ(0, kith_socket_accept_start(l, KITH_INFINITY, &f));
            ASSERT_EQ(0, kt_send(client, go, i));
            dawdle(rng);
            if (kith_cancel(f) == 0)
                ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &c));
            else
                ASSERT_EQ(0, kith_await_socket(f, KITH_INFINITY, &c));
            kt_close(c);
        }
        EXPECT_EQ(0, kith_wait(client, nullptr, kt_long()));
        kt_close(l);
    });
}

/* ---- many on one ---- */

class SocketRaceOfFour : public kt_inets<> {
    kt_env four_{"KITH_WORKERS", "4"};
};

/* Four processes that meet without giving way, and so on four workers; and who came there. */
class Crossing {
  public:
    /* Answers false when the others do not come. */
    bool meet(int group)
    {
        const std::int64_t end = kt_now_ms() + kt_long();

        {
            const std::lock_guard guard(lock_);
            visits_[std::this_thread::get_id()]++;
        }
        here_++;
        while (here_ < 4 * (group + 1))
            if (kt_now_ms() > end)
                return false;
        return true;
    }

    std::map<std::thread::id, int> visits() const
    {
        return visits_;
    }

  private:
    std::atomic<int> here_ = 0;
    std::mutex lock_;
    std::map<std::thread::id, int> visits_; /* how many on each worker's thread */
};

KT_INETS(SocketRaceOfFour);

TEST_P(SocketRaceOfFour, CloseAnswersAThousandWaitersOnceEach)
{
    constexpr int crossing_groups = 25;
    const std::size_t n = kt_procs(1000);

    by_process_and_thread([=, this] {
        const kt_pair p = kt_pair_of();
        Crossing crossing;
        std::atomic<std::size_t> readers = 0, others = 0;
        std::vector<kith_pid> pids;
        const auto begin = [&, p](int group) {
            const bool infinite = pids.size() % 2;

            pids.push_back(spawn([=, &crossing, &readers, &others] {
                char c;

                if (group >= 0) {
                    ASSERT_TRUE(crossing.meet(group)) << "no four workers run";
                }
                const std::ptrdiff_t r =
                    kith_socket_recv(p.far, &c, 1, 0, infinite ? KITH_INFINITY : kt_long());

                (r == KITH_ECLOSED ? readers : others)++;
            }));
        };
        const auto all_wait = [&](std::size_t from) {
            return kt_eventually([&] {
                while (from < pids.size() && kt_waits(pids[from], "socket_recv"))
                    from++;
                return from == pids.size();
            });
        };

        for (int group = 0; group < crossing_groups; group++) {
            for (int i = 0; i < 4; i++)
                begin(group);
            ASSERT_TRUE(all_wait(pids.size() - 4));
        }
        while (pids.size() < n)
            begin(-1);
        ASSERT_TRUE(all_wait(0));
        kt_close(p.far);

        for (const kith_pid &pid : pids)
            EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
        EXPECT_EQ(n, readers);
        EXPECT_EQ(0u, others);
        EXPECT_EQ(4u, crossing.visits().size()) << "workers";
        for (const auto &[worker, waiters] : crossing.visits())
            EXPECT_EQ(crossing_groups, waiters) << "wait from this one";
        kt_close(p.near);
    });
}

TEST_F(SocketRaceOfFour, CloseMayComeWhileTheThousandArrive)
{
    const std::size_t rounds = kt_scale(20), n = kt_procs(1000);
    std::mt19937_64 rng = kt_rng();

    for (std::size_t round = 0; round < rounds; round++) {
        const kt_pair p = kt_pair_import();
        std::atomic<std::size_t> closed = 0, begun = 0;
        std::vector<kith_pid> pids;
        const std::size_t when = rng() % n;
        const kith_pid closer = spawn([&] {
            while (begun < when)
                kith_yield();
            kt_close(p.far);
        });

        for (std::size_t i = 0; i < n; i++)
            pids.push_back(spawn([=, &closed, &begun] {
                char c;

                begun++;
                if (kith_socket_recv(p.far, &c, 1, 0, kt_long()) == KITH_ECLOSED)
                    closed++;
            }));
        EXPECT_EQ(0, kith_wait(closer, nullptr, kt_long()));
        for (const kith_pid &pid : pids)
            EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
        ASSERT_EQ(n, closed);
        kt_close(p.near);
    }
}

TEST_F(SocketRaceOfFour, ManyCloseAtOnceAndOneOfThemDoes)
{
    const std::size_t rounds = kt_scale(2000);

    for (std::size_t round = 0; round < rounds; round++) {
        const kt_pair p = kt_pair_import();
        std::atomic<int> closes = 0, late = 0;
        kith_pid pids[4];

        for (kith_pid &pid : pids)
            pid = spawn([&] {
                const int rc = kith_socket_close(p.far);

                closes += rc == 0;
                late += rc == KITH_ECLOSED;
            });
        for (const kith_pid &pid : pids)
            ASSERT_EQ(0, kith_wait(pid, nullptr, kt_long()));
        ASSERT_EQ(1, closes);
        ASSERT_EQ(3, late);
        kt_close(p.near);
    }
}

TEST_F(SocketRace, AHundredAcceptorsHaveEachConnectionOnce)
{
    constexpr int acceptors = 100;
    const std::size_t n = kt_scale(2000);

    for (const kt_domain d : kt_all_domains)
        in_process([=, this] {
            const kt_place place(d);
            const kith_socket l = kt_listen(place, 4096);
            const kith_sockaddr at = kt_name_of(l);
            std::vector<std::atomic<int>> times(n);
            std::atomic<std::size_t> accepted = 0;
            std::atomic<int> closed = 0;
            kith_pid pids[acceptors];

            for (kith_pid &pid : pids)
                pid = spawn([l, &times, &accepted, &closed, n] {
                    kith_socket c;
                    int rc;

                    while ((rc = kith_socket_accept(l, KITH_INFINITY, &c)) == 0) {
                        std::uint32_t which = 0;

                        EXPECT_EQ(kith_self(), kt_owner(c));
                        ASSERT_EQ(4, kith_socket_recv(c, &which, 4, KITH_MSG_WAITALL,
                                                      kt_long()));
                        ASSERT_LT(which, n);
                        times[which]++;
                        accepted++;
                        kt_close(c);
                    }
                    closed += rc == KITH_ECLOSED;
                });
            for (std::uint32_t i = 0; i < n; i++) {
                const kith_socket s = kt_open(at.domain);

                ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
                ASSERT_EQ(4, kith_socket_send(s, &i, 4, 0, kt_long()));
                kt_close(s);
            }
            EXPECT_TRUE(kt_eventually([&] { return accepted == n; }, 20000));
            kt_close(l);
            for (const kith_pid &pid : pids)
                EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));

            EXPECT_EQ(acceptors, closed);
            EXPECT_TRUE(
                std::all_of(times.begin(), times.end(), [](int t) { return t == 1; }));
        });
}

/* ---- stale handles ---- */

/* With one worker a record that was given back is the next to be taken. */
class SocketRaceOfOne : public kt_sockets {
    kt_env one_{"KITH_WORKERS", "1"};
};

TEST_F(SocketRaceOfOne, AStaleHandleHitsNobodyAfterTheSlotWasUsedAHundredThousandTimes)
{
    /* Above 65,536: the 16 bits of the mailbox's filter come round (mbox.h I4). */
    const std::size_t reuses = std::max<std::size_t>(kt_scale(100000), 66000);

    in_process([=] {
        std::vector<kith_socket> old;
        std::size_t used_again = 0;
        kith_socket s = kt_open(KITH_LOCAL);
        const kith_socket first = s;
        const kith_sockaddr nowhere = kt_name_of(s);

        for (std::size_t i = 0; used_again < reuses && i < 2 * reuses; i++) {
            if (i < 100 || i % 1000 == 0)
                old.push_back(s);
            kt_close(s);
            s = kt_open(KITH_LOCAL);
            used_again += ki_id_index(s.id) == ki_id_index(first.id);
        }
        EXPECT_EQ(reuses, used_again) << "of the first handle's slot";

        for (const kith_socket &stale : old) {
            kith_sockaddr a;
            kith_socket c;
            kith_future f;
            char b = 0;

            ASSERT_FALSE(stale == s);
            ASSERT_EQ(KITH_ECLOSED, kith_socket_recv(stale, &b, 1, 0, KITH_INFINITY));
            ASSERT_EQ(KITH_ECLOSED, kith_socket_send(stale, &b, 1, 0, KITH_INFINITY));
            ASSERT_EQ(KITH_ECLOSED, kith_socket_accept(stale, KITH_INFINITY, &c));
            ASSERT_EQ(KITH_ECLOSED, kith_socket_connect(stale, &nowhere, KITH_INFINITY));
            ASSERT_EQ(KITH_ECLOSED, kith_socket_recv_start(stale, &b, 1, 0, 0, &f));
            ASSERT_EQ(KITH_ECLOSED, kith_socket_sockname(stale, &a));
            ASSERT_EQ(KITH_ECLOSED, kith_socket_cancel(stale, KITH_OP_RECV));
            ASSERT_EQ(KITH_ECLOSED, kith_socket_give(stale, kith_self(), 1));
            ASSERT_EQ(KITH_ECLOSED, kith_socket_shutdown(stale, KITH_SHUT_BOTH));
            ASSERT_EQ(KITH_ECLOSED, kith_socket_close(stale));
        }
        kt_close(s);
    });
}

/* The handle whose 16 bits are those of the socket that lives now. */
TEST_F(SocketRaceOfOne, AStaleHandleHitsNobodyWhenOnlyItsUpperGenerationDiffers)
{
    in_process([] {
        kith_socket s = kt_open(KITH_LOCAL);
        const kith_socket stale = s;
        const std::uint32_t index = ki_id_index(s.id);
        std::uint32_t wanted = ki_id_generation(s.id) + 65536;
        char b = 0;

        for (int i = 0; i < 200000 &&
                        !(ki_id_index(s.id) == index && ki_id_generation(s.id) == wanted);
             i++) {
            kt_close(s);
            s = kt_open(KITH_LOCAL);
            if (ki_id_index(s.id) == index && ki_id_generation(s.id) > wanted)
                wanted += 65536;
        }
        ASSERT_EQ(wanted, ki_id_generation(s.id));

        EXPECT_EQ(KITH_ECLOSED, kith_socket_recv(stale, &b, 1, 0, KITH_INFINITY));
        EXPECT_EQ(KITH_ECLOSED, kith_socket_cancel(stale, KITH_OP_RECV));
        EXPECT_EQ(KITH_ECLOSED, kith_socket_close(stale));
        EXPECT_EQ(kith_self(), kt_owner(s)) << "the one that lives is untouched";
        kt_close(s);
    });
}

TEST_F(SocketRace, StaleHandlesOfManyHitNobodyWhileSlotsAreReused)
{
    const std::size_t rounds = kt_scale(20000);
    std::atomic<std::uint64_t> shared = 0;
    std::atomic<bool> over = false;
    std::vector<kith_pid> pids;

    for (int i = 0; i < 3; i++) /* each uses whatever handle was last seen, stale or not */
        pids.push_back(spawn([&] {
            char c;

            while (!over) {
                const kith_socket s = {shared};
                const std::ptrdiff_t n = kith_socket_recv(s, &c, 1, 0, 0);

                /* closed, none yet, idle, or its peer has just gone */
                EXPECT_TRUE(n == KITH_ECLOSED || n == KITH_EBADF || n == KITH_ETIMEOUT ||
                            n == 0 || n == KITH_ECONNRESET)
                    << n;
                kt_ignore(kith_socket_cancel(s, KITH_OP_RECV));
                kith_yield();
            }
        }));
    in_process([&] {
        for (std::size_t i = 0; i < rounds; i++) {
            const kt_pair p = kt_pair_import();

            shared = p.far.id;
            ASSERT_EQ(1, kith_socket_send(p.far, "x", 1, 0, kt_long()));
            char c = 0;
            ASSERT_EQ(1, kith_socket_recv(p.near, &c, 1, 0, kt_long()));
            kt_close(p);
        }
    });
    over = true;
    for (const kith_pid &pid : pids)
        EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
}

}    // namespace
