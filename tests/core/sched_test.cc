/* SPDX-License-Identifier: Apache-2.0
 * sched_test.cc -- workers: all that is queued runs, nothing that is stuck holds up others, and
 * who has nothing to do does nothing. */
#include "core/sched.h"

#include "tests/support/crew.h"
#include "tests/support/fake_poller.h"
#include "tests/support/support.h"
#include "tests/support/virtual_clock.h"

#include <gtest/gtest.h>

#include <kith/error.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>

namespace
{

using count = std::atomic<std::size_t>;

bool
all_wait(const kt_fake_poller &poller)
{
    return kt_until(
        [&] { return poller.waiting() == ki_workers() && kt_crew::all_asleep(); });
}

/* kt_until for what comes soon: it gives way, but does not sleep. */
template <typename Predicate>
bool
yield_until(Predicate is, std::int64_t ms = 5000)
{
    const std::int64_t end = kt_now_ms() + kt_patience(ms);

    while (!is()) {
        std::this_thread::yield();
        if (kt_now_ms() > end)
            return is();
    }
    return true;
}

/* Spins like user code that never calls us, but not for ever. */
bool
hog_until(const std::atomic<bool> &flag, std::int64_t ms = 5000)
{
    const std::int64_t end = kt_now_ms() + kt_patience(ms);

    while (!flag.load())
        if (kt_now_ms() > end)
            return false;
    return true;
}

struct alarm_of_test {
    alarm_of_test()
    {
        alarm.expire = [](ki_alarm *a, ki_wakes *) {
            reinterpret_cast<alarm_of_test *>(a)->fired = true;
        };
    }

    ki_alarm alarm = {};
    std::atomic<bool> fired{false};
};

}    // namespace

TEST(Sched, StartsHaltsAndJoinsAgainAndAgain)
{
    const std::size_t rounds = kt_scale(200);

    for (std::size_t i = 0; i < rounds; i++) {
        count runs{0};
        kt_task t([&](kt_task &) { runs++; });
        kt_crew crew;
        ASSERT_EQ(0, crew.start(1 + i % 4));
        if (i % 3 != 0) {
            ASSERT_TRUE(t.post());
            ASSERT_TRUE(kt_until([&] { return runs == 1; }));
        }
        ASSERT_TRUE(crew.stop());
        ASSERT_EQ(0u, ki_workers());
        ASSERT_TRUE(ki_sched_join(0)) << "nothing runs: nothing to wait for";
    }
}

TEST(Sched, TellsWhyItCannotStartAndLeavesNothingBehind)
{
    kt_fake_poller poller;
    kt_crew crew(poller.get());

    poller.fail_init(KITH_EMFILE);
    EXPECT_EQ(KITH_EMFILE, crew.start(2));
    EXPECT_EQ(0u, ki_workers());
    poller.fail_init(0);

    const auto alloc = ki_seam.alloc;
    ki_worker *const kept = std::exchange(ki_sched.worker, nullptr); /* an earlier test's */
    ki_seam.alloc = [](size_t, size_t) -> void * { return nullptr; };
    EXPECT_EQ(KITH_ENOMEM, crew.start(2));
    ki_seam.alloc = alloc;
    ki_sched.worker = kept;
    EXPECT_EQ(0u, ki_workers());
    EXPECT_EQ(0u, poller.inits()) << "the poller was given back";

    EXPECT_EQ(0, crew.start(2));
    EXPECT_TRUE(crew.stop());
    EXPECT_EQ(0u, poller.inits());
}

TEST(Sched, RunsAllThatThreadsOutsideBring)    // S1
{
    constexpr std::size_t senders = 3, tasks = 32;
    const std::size_t each = kt_scale(100'000);
    for (const unsigned workers : {1u, 2u, 4u}) {
        SCOPED_TRACE(workers);
        struct letter {
            ki_node node;
            std::size_t number;
        };
        std::vector<std::vector<letter>> letters(senders, std::vector<letter>(each));
        std::vector<std::unique_ptr<kt_task>> all;
        count got{0}, disordered{0};
        std::vector<std::vector<std::size_t>> next(tasks,
                                                   std::vector<std::size_t>(senders));
        for (std::uint32_t i = 0; i < tasks; i++)
            all.push_back(std::make_unique<kt_task>(
                [&, i](kt_task &t) {
                    std::size_t n = 0;
                    for (ki_node *node = t.mail; node; node = node->next, n++) {
                        const auto *l = reinterpret_cast<letter *>(node);
                        if (l->number < next[i][node->aux])
                            disordered++;
                        next[i][node->aux] = l->number;
                    }
                    got += n;
                },
                i + 1));
        kt_crew crew;
        ASSERT_EQ(0, crew.start(workers));

        std::vector<std::thread> threads;
        for (std::uint32_t s = 0; s < senders; s++)
            threads.emplace_back([&, s] {
                std::mt19937_64 rng(s);
                for (std::size_t i = 0; i < each; i++) {
                    letters[s][i] = {{nullptr, 0, 0, 0, s}, i};
                    EXPECT_TRUE(all[rng() % tasks]->post(&letters[s][i].node));
                }
            });
        for (std::thread &t : threads)
            t.join();

        EXPECT_TRUE(kt_until([&] { return got == senders * each; }, 20'000))
            << got << " of " << senders * each;
        EXPECT_EQ(0u, disordered);
        EXPECT_TRUE(crew.stop());
    }
}

TEST(Sched, AWorkerAboutToSleepSeesWhatIsQueuedAtThatMoment)    // S1 S2
{
    const std::size_t rounds = kt_scale(10'000);
    for (const unsigned workers : {1u, 2u, 3u}) {
        SCOPED_TRACE(workers);
        count runs{0};
        kt_task t([&](kt_task &self) { runs += self.mail != nullptr; });
        kt_crew crew;
        ASSERT_EQ(0, crew.start(workers));

        for (std::size_t i = 1; i <= rounds; i++) {
            ASSERT_TRUE(t.post());
            ASSERT_TRUE(yield_until([&] { return runs.load() >= i; }))
                << "left behind in round " << i;
        }
        ASSERT_TRUE(crew.stop());
    }
}

TEST(Sched, KeepsAllWhenARingOverflows)
{
    const std::size_t n = 4 * KI_RING + 17;
    for (const unsigned workers : {1u, 3u}) {
        SCOPED_TRACE(workers);
        count runs{0};
        std::vector<std::unique_ptr<kt_task>> all;
        for (std::uint32_t i = 0; i < n; i++)
            all.push_back(std::make_unique<kt_task>([&](kt_task &) { runs++; }, i + 10));
        kt_task producer([&](kt_task &self) {
            if (self.mail) {
                for (auto &t : all)
                    EXPECT_TRUE(t->post());
            }
        });
        kt_crew crew;
        ASSERT_EQ(0, crew.start(workers));
        for (std::size_t round = 1; round <= 20; round++) {
            ASSERT_TRUE(producer.post());
            ASSERT_TRUE(kt_until([&] { return runs == round * n; })) << runs;
        }
        ASSERT_TRUE(crew.stop());
        for (auto &t : all)
            EXPECT_EQ(20u, t->turns);
    }
}

TEST(Sched, YieldersDoNotStarveEachOtherNorWhatComesFromOutside)
{
    constexpr std::size_t n = 2 * KI_RING;
    std::atomic<bool> over{false}, ran{false};
    count turns{0};
    std::vector<std::unique_ptr<kt_task>> busy;
    for (std::uint32_t i = 0; i < n; i++)
        busy.push_back(std::make_unique<kt_task>(
            [&](kt_task &self) {
                turns++;
                self.again = !over;
            },
            i + 10));
    kt_task visitor([&](kt_task &) { ran = true; });
    kt_crew crew;
    ASSERT_EQ(0, crew.start(1));
    for (auto &t : busy)
        ASSERT_TRUE(t->post());
    const std::size_t all_there =
        turns;    // the first have gone round while the last were posted
    ASSERT_TRUE(kt_until([&] { return turns > all_there + 4 * n; }));

    ASSERT_TRUE(visitor.post());
    EXPECT_TRUE(kt_until([&] { return ran.load(); }));
    EXPECT_TRUE(kt_until([&] { return turns > all_there + 20 * n; }));
    over = true;
    ASSERT_TRUE(kt_until([] { return kt_crew::all_asleep(); }));
    ASSERT_TRUE(crew.stop());
    for (auto &t : busy)
        EXPECT_GT(t->turns, 1u);
}

TEST(Sched, IdleWorkersStealWhatABusyOneQueued)    // S2
{
    std::atomic<bool> stolen{false};
    std::atomic<unsigned> owner{UINT32_MAX};
    std::vector<std::unique_ptr<kt_task>> all;
    for (std::uint32_t i = 0; i < 100; i++)
        all.push_back(std::make_unique<kt_task>(
            [&](kt_task &self) {
                if (self.worker != owner)
                    stolen = true;
            },
            i + 10));
    kt_task hog([&](kt_task &self) {
        owner = self.worker;
        for (auto &t : all)
            EXPECT_TRUE(t->post());
        EXPECT_TRUE(hog_until(stolen)) << "nobody came for the tasks behind this one";
    });
    kt_crew crew;
    ASSERT_EQ(0, crew.start(2));

    ASSERT_TRUE(hog.post());
    ASSERT_TRUE(kt_until([&] { return stolen.load() && kt_crew::all_asleep(); }));

    EXPECT_GT(kt_crew::total(&ki_worker_stats::steals), 0u);
}

TEST(Sched, AStuckTaskHoldsUpNobody)    // S4
{
    std::atomic<bool> ran{false};
    std::atomic<uint64_t> stalled{0};
    static std::atomic<uint64_t> *stalled_id;
    stalled_id = &stalled;
    kt_task behind([&](kt_task &) { ran = true; }, 2);
    kt_task hog(
        [&](kt_task &) {
            EXPECT_TRUE(
                behind.post()); /* into the last-in slot, where only force gets it */
            EXPECT_TRUE(hog_until(ran)) << "the one in the last-in slot was not taken";
            EXPECT_TRUE(kt_until([&] { return stalled != 0; })) << "and nobody was told";
        },
        1);
    kt_crew crew;
    ki_sched.on_stall = [](uint64_t id, uint64_t) { *stalled_id = id; };
    ASSERT_EQ(0, crew.start(2));

    ASSERT_TRUE(hog.post());

    EXPECT_TRUE(kt_until([&] { return ran.load() && kt_crew::all_asleep(); }));
    EXPECT_EQ(hog.id(), stalled.load());
}

TEST(Sched, APeerRunsTheTimersOfAStuckWorker)    // S4
{
    alarm_of_test alarm;
    kt_task hog([&](kt_task &) {
        ki_timers_arm(&alarm.alarm, ki_now_ns() + 5'000'000);
        EXPECT_TRUE(hog_until(alarm.fired));
    });
    kt_crew crew;
    ASSERT_EQ(0, crew.start(2));

    ASSERT_TRUE(hog.post());

    EXPECT_TRUE(kt_until([&] { return alarm.fired.load() && kt_crew::all_asleep(); }));
}

TEST(Sched, ALongTaskAloneWakesNobody)    // S4
{
    kt_fake_poller poller;
    std::atomic<bool> over{false};
    static count stalls;
    stalls = 0;
    kt_task hog([&](kt_task &) { hog_until(over); });
    kt_crew crew(poller.get());
    ki_sched.on_stall = [](uint64_t, uint64_t) { stalls++; };
    ASSERT_EQ(0, crew.start(2));
    ASSERT_TRUE(hog.post());
    ASSERT_TRUE(kt_until([&] { return stalls >= 1 && poller.waiting() == 1; }));
    const uint64_t waits = poller.waits(), wakes = poller.wakes();

    const std::size_t so_far = stalls;
    EXPECT_TRUE(kt_until([&] { return stalls >= so_far + 3; }));

    EXPECT_EQ(wakes, poller.wakes()) << "nothing is queued behind it, no timer is late";
    EXPECT_EQ(waits, poller.waits());
    over = true;
    EXPECT_TRUE(all_wait(poller));
}

TEST(Sched, ATimerFromOutsideFiresThoughTheWorkerThatWasToldIsStuck)    // S3 S4
{
    kt_fake_poller poller;
    alarm_of_test alarm;
    std::atomic<bool> armed{false}, busy{false};
    std::atomic<uint64_t> rings{0};
    kt_task hog([&](kt_task &self) {
        busy = true;
        /* Comes back until its worker has harvested the ring of the arm below, then hangs. */
        if (!armed || poller.wakes() == rings || poller.rung()) {
            self.again = true;
            return;
        }
        EXPECT_TRUE(hog_until(alarm.fired)) << "all others sleep, and nobody told them";
    });
    kt_crew crew(poller.get());
    ASSERT_EQ(0, crew.start(2));
    ASSERT_TRUE(all_wait(poller));
    ASSERT_TRUE(hog.post());
    ASSERT_TRUE(kt_until([&] { return busy && poller.waiting() == 1 && !poller.rung(); }));
    poller.wakes_go_to_the_busy(true);

    rings = poller.wakes();
    ki_timers_arm(&alarm.alarm, ki_now_ns() + 20'000'000);
    armed = true;
    ASSERT_TRUE(kt_until([&] { return !poller.rung(); })) << "the busy worker polls";
    poller.wakes_go_to_the_busy(false);

    EXPECT_TRUE(kt_until([&] { return alarm.fired.load(); }));
    EXPECT_TRUE(kt_until([] { return kt_crew::all_asleep(); }));
}

TEST(Sched, SleepsUntilTheNextDeadlineAndNoLonger)    // S3
{
    kt_virtual_clock clock;
    kt_fake_poller poller(&clock);
    alarm_of_test of_worker, of_outside;
    std::atomic<bool> armed{false};
    kt_task t([&](kt_task &) {
        ki_timers_arm(&of_worker.alarm, ki_now_ns() + 40'000'000);
        armed = true;
    });
    kt_crew crew(poller.get());
    ASSERT_EQ(0, crew.start(2));
    ASSERT_TRUE(t.post());
    ASSERT_TRUE(kt_until([&] { return armed.load(); }));
    ki_timers_arm(&of_outside.alarm, clock.now_ns() + 20'000'000);
    ASSERT_TRUE(all_wait(poller));

    clock.advance_ms(19);
    ASSERT_TRUE(all_wait(poller));
    EXPECT_FALSE(of_outside.fired);
    clock.advance_ms(2);
    EXPECT_TRUE(kt_until([&] { return of_outside.fired.load(); }));
    EXPECT_FALSE(of_worker.fired);
    clock.advance_ms(20);
    EXPECT_TRUE(kt_until([&] { return of_worker.fired.load(); }));
}

TEST(Sched, IdleWorkersNeitherPollNorWakeWhileTimePasses)
{
    kt_virtual_clock clock;
    kt_fake_poller poller(&clock);
    count runs{0};
    kt_task t([&](kt_task &) { runs++; });
    kt_crew crew(poller.get());
    ASSERT_EQ(0, crew.start(3));
    ASSERT_TRUE(t.post());
    ASSERT_TRUE(kt_until([&] { return runs == 1; }));
    ASSERT_TRUE(all_wait(poller));
    const uint64_t waits = poller.waits(), wakes = poller.wakes();

    for (int hour = 0; hour < 100; hour++)
        clock.advance_ms(3'600'000);

    EXPECT_TRUE(all_wait(poller));
    EXPECT_EQ(waits, poller.waits());
    EXPECT_EQ(wakes, poller.wakes());
}

TEST(Sched, OneWakeAtMostIsOnItsWay)    // S2
{
    kt_fake_poller poller;
    constexpr std::size_t n = 100;
    count runs{0};
    std::vector<std::unique_ptr<kt_task>> all;
    for (std::uint32_t i = 0; i < n; i++)
        all.push_back(std::make_unique<kt_task>([&](kt_task &) { runs++; }, i + 1));
    kt_crew crew(poller.get());
    ASSERT_EQ(0, crew.start(2));
    ASSERT_TRUE(all_wait(poller));
    poller.wakes_go_to_the_busy(true); /* none is, so none gets it for now */
    const uint64_t before = poller.wakes();

    for (auto &t : all)
        ASSERT_TRUE(t->post());
    EXPECT_EQ(before + 1, poller.wakes());

    poller.wakes_go_to_the_busy(false);
    EXPECT_TRUE(kt_until([&] { return runs == n; }));
}

TEST(Sched, EachEventIsHandedOnOnce)
{
    constexpr std::size_t n = 1000;
    static std::vector<count> *seen;
    static count strange;
    std::vector<count> counts(n);
    kt_fake_poller poller;
    kt_crew crew(poller.get());
    seen = &counts;
    strange = 0;
    ki_sched.on_event = [](ki_worker *w, uint64_t id, uint32_t ready) {
        (*seen)[id - 1]++;
        if (ready != id % 64 || w != ki_worker_self())
            strange++;
    };
    ASSERT_EQ(0, crew.start(2));

    for (uint64_t id = 1; id <= n; id++)
        poller.event(id, static_cast<uint32_t>(id % 64));
    EXPECT_TRUE(kt_until([&] {
        std::size_t sum = 0;
        for (count &c : counts)
            sum += c;
        return sum == n;
    }));

    for (count &c : counts)
        EXPECT_EQ(1u, c);
    EXPECT_EQ(0u, strange);
}

TEST(Sched, RunsOnAfterItsWorkersHaveLeft)
{
    std::atomic<bool> first_runs{false}, go{false};
    count runs{0};
    kt_task blocks([&](kt_task &) {
        first_runs = true;
        hog_until(go);
    });
    std::vector<std::unique_ptr<kt_task>> queued;
    for (std::uint32_t i = 0; i < 300; i++)
        queued.push_back(std::make_unique<kt_task>([&](kt_task &) { runs++; }, i + 2));
    kt_crew crew;
    ASSERT_EQ(0, crew.start(1));
    ASSERT_TRUE(blocks.post());
    ASSERT_TRUE(kt_until([&] { return first_runs.load(); }));
    for (auto &t : queued)
        ASSERT_TRUE(t->post());

    ki_sched_halt();
    EXPECT_FALSE(ki_sched_join(ki_os_now_ns())) << "a worker is in user code";
    EXPECT_EQ(1u, ki_workers()) << "and is not forgotten";
    go = true;
    ASSERT_TRUE(crew.stop());
    EXPECT_EQ(0u, runs) << "halt means after the present task";

    ASSERT_EQ(0, crew.start(2));
    EXPECT_TRUE(kt_until([&] { return runs == queued.size(); }))
        << "queued is not forgotten";
}

TEST(Sched, AJoinWaitsInRealTimeUnderAVirtualClock)
{
    std::atomic<bool> runs{false}, go{false};
    kt_task hog([&](kt_task &) {
        runs = true;
        hog_until(go);
    });
    kt_virtual_clock clock; /* far behind the system's, and it stands still */
    kt_fake_poller poller(&clock);
    kt_crew crew(poller.get());
    ASSERT_EQ(0, crew.start(2));
    ASSERT_TRUE(hog.post());
    ASSERT_TRUE(kt_until([&] { return runs.load(); }));

    ki_sched_halt();
    EXPECT_FALSE(ki_sched_join(ki_os_now_ns() + 5'000'000)) << "one is in user code";
    std::thread ender([&] {
        const uint64_t wakes = poller.wakes();

        /* Not before the join has rung for those that sleep. */
        EXPECT_TRUE(kt_until([&] { return poller.wakes() > wakes; }));
        go = true;
    });
    EXPECT_TRUE(crew.stop());
    ender.join();
}

TEST(Sched, APosixSignalGetsAWorkersAttention)
{
    static count signals;
    signals = 0;
    kt_crew crew;
    ki_sched.on_signal = [] { signals++; };
    ASSERT_EQ(0, crew.start(2));
    ASSERT_EQ(0, ki_os_signal_set(SIGUSR1, [](int) { ki_sched_wake_for_signal(); }));
    ASSERT_TRUE(kt_until([] { return kt_crew::all_asleep(); }));

    for (std::size_t i = 1; i <= 10; i++) {
        ASSERT_EQ(0, raise(SIGUSR1));
        ASSERT_TRUE(kt_until([&] { return signals == i; })) << i;
    }

    EXPECT_EQ(0, ki_os_signal_set(SIGUSR1, nullptr));
}

TEST(Sched, ATaskOfItsOwnThreadIsWokenByItsOwnMeans)
{
    static count woken;
    static constexpr ki_task_type type = {"thread", nullptr, [](ki_task *) { woken++; }};
    kt_task t;
    t.task.type = &type;
    woken = 0;

    ASSERT_TRUE(t.post());
    EXPECT_EQ(1u, woken) << "no worker is needed, none runs";
    EXPECT_EQ(&t.node, ki_mbox_take(&t.task.mbox));
    ki_sched_ready_fifo(&t.task);
    EXPECT_EQ(2u, woken);
}

TEST(Sched, ARefusedNodeStaysTheCallers)
{
    kt_task t;
    ASSERT_TRUE(ki_mbox_claim(&t.task.mbox, t.id()));
    ASSERT_TRUE(ki_mbox_die(&t.task.mbox));

    EXPECT_FALSE(t.post());
}

TEST(Sched, ThreadsThatAreNoWorkersHaveNone)
{
    std::atomic<ki_worker *> inside{nullptr};
    std::atomic<bool> ran{false};
    kt_task t([&](kt_task &self) {
        inside = ki_worker_self();
        EXPECT_EQ(&ki_sched.worker[self.worker], inside.load());
        EXPECT_EQ(&self.task, ki_load_rlx(&inside.load()->running));
        ran = true;
    });
    kt_crew crew;
    ASSERT_EQ(0, crew.start(1));
    ASSERT_TRUE(t.post());
    ASSERT_TRUE(kt_until([&] { return ran.load(); }));

    EXPECT_EQ(nullptr, ki_worker_self());
}

TEST(Sched, ManyTasksThatWakeEachOtherAllGetOn)    // S1 S2 S4
{
    constexpr std::size_t n = 64;
    const std::size_t hops = kt_scale(4000);
    const uint64_t seed = kt_seed();
    for (const unsigned workers : {1u, 2u, 4u}) {
        SCOPED_TRACE(workers);
        /* A ball is a node with a count of hops; who gets it throws it to somebody. */
        std::vector<ki_node> balls(32);
        std::vector<std::unique_ptr<kt_task>> all(n);
        count fallen{0};
        for (std::uint32_t i = 0; i < n; i++)
            all[i] = std::make_unique<kt_task>(
                [&, rng = std::mt19937_64(seed + i)](kt_task &self) mutable {
                    for (ki_node *ball = self.mail, *next; ball; ball = next) {
                        next = ball->next;
                        if (ball->aux-- == 0)
                            fallen++;
                        else
                            EXPECT_TRUE(all[rng() % n]->post(ball));
                    }
                    self.again = rng() % 64 == 0;
                },
                i + 1);
        kt_crew crew;
        ASSERT_EQ(0, crew.start(workers));
        for (std::size_t b = 0; b < balls.size(); b++) {
            balls[b] = {nullptr, 0, 0, 0, static_cast<uint32_t>(hops)};
            ASSERT_TRUE(all[b]->post(&balls[b]));
        }
        EXPECT_TRUE(kt_until([&] { return fallen == balls.size(); }, 20'000)) << fallen;
        EXPECT_TRUE(crew.stop());
    }
}
