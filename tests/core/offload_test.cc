/* SPDX-License-Identifier: Apache-2.0
 * offload_test.cc -- the side pool: every job runs, as many at once as allowed, none after stop. */
#include "core/offload.h"

#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <kith/error.h>

#include <atomic>
#include <thread>
#include <vector>

namespace
{

struct job {
    ki_job base = {};
    std::atomic<std::size_t> *runs = nullptr;
    std::atomic<std::size_t> *inside = nullptr;
    std::atomic<std::size_t> *most = nullptr;
    std::atomic<bool> *gate = nullptr; /* waits for it, if there is one */
};

void
run(ki_job *base)
{
    auto *j = reinterpret_cast<job *>(base);

    if (j->inside) {
        const std::size_t n = ++*j->inside;
        std::size_t old = j->most->load();
        while (old < n && !j->most->compare_exchange_weak(old, n))
            ;
    }
    while (j->gate && !*j->gate)
        std::this_thread::yield();
    if (j->inside)
        --*j->inside;
    ++*j->runs;
}

class Offload : public testing::Test {
  protected:
    void SetUp() override
    {
        ki_offload_start();
    }

    void TearDown() override
    {
        ki_offload_stop();
        EXPECT_TRUE(kt_until([] { return ki_offload_busy() == 0; }));
    }

    std::atomic<std::size_t> runs{0}, inside{0}, most{0};
    std::atomic<bool> gate{false};
};

}    // namespace

TEST_F(Offload, RunsEveryJobOnceFromManyThreads)
{
    constexpr std::size_t threads = 4;
    const std::size_t each = kt_scale(5000);
    std::vector<std::vector<job>> jobs(threads, std::vector<job>(each));
    std::vector<std::atomic<std::size_t>> counts(threads * each);
    std::vector<std::thread> all;

    for (std::size_t t = 0; t < threads; t++)
        all.emplace_back([&, t] {
            for (std::size_t i = 0; i < each; i++) {
                jobs[t][i].base.run = run;
                jobs[t][i].runs = &counts[t * each + i];
                EXPECT_EQ(0, ki_offload_submit(&jobs[t][i].base));
            }
        });
    for (std::thread &t : all)
        t.join();

    EXPECT_TRUE(kt_until([] { return ki_offload_busy() == 0; }));
    for (auto &c : counts)
        ASSERT_EQ(1u, c);
}

TEST_F(Offload, GrowsToItsLimitAndQueuesTheRest)
{
    constexpr std::size_t n = KI_OFFLOAD_THREADS + 40;
    std::vector<job> jobs(n);

    for (job &j : jobs) {
        j.base.run = run;
        j.runs = &runs;
        j.inside = &inside;
        j.most = &most;
        j.gate = &gate;
        ASSERT_EQ(0, ki_offload_submit(&j.base));
    }
    EXPECT_TRUE(kt_until([&] { return inside == KI_OFFLOAD_THREADS; })) << inside;
    EXPECT_EQ(n, ki_offload_busy());
    EXPECT_EQ(0u, runs) << "they all wait, and a thread for each was made";
    gate = true;

    EXPECT_TRUE(kt_until([&] { return runs == n; }));
    EXPECT_EQ(static_cast<std::size_t>(KI_OFFLOAD_THREADS), most);
    EXPECT_TRUE(kt_until([] { return ki_offload_busy() == 0; }));
}

TEST_F(Offload, TheLibrarysJobsRunThoughAllOfTheUsersBlock)
{
    constexpr std::size_t n = KI_OFFLOAD_THREADS + 10;
    std::vector<job> jobs(n);
    std::atomic<std::size_t> own_runs{0}, held_runs{0};
    std::atomic<bool> own_gate{false};
    job held, own;

    for (job &j : jobs) {
        j.base.run = run;
        j.runs = &runs;
        j.inside = &inside;
        j.most = &most;
        j.gate = &gate;
        ASSERT_EQ(0, ki_offload_submit(&j.base));
    }
    ASSERT_TRUE(kt_until([&] { return inside == KI_OFFLOAD_THREADS; })) << inside;
    held.base.run = own.base.run = run;
    held.runs = &held_runs;
    held.gate = &own_gate;
    own.runs = &own_runs;
    ASSERT_EQ(0, ki_offload_submit_own(&held.base)); /* a hook that blocks, say */
    for (std::size_t i = 1; i <= 100; i++) { /* and each leaves its thread to the next */
        ASSERT_EQ(0, ki_offload_submit_own(&own.base));
        ASSERT_TRUE(kt_until([&] { return own_runs == i && ki_offload_busy() == n + 1; }))
            << i;
    }
    EXPECT_EQ(0u, runs);
    own_gate = true;
    EXPECT_TRUE(kt_until([&] { return held_runs == 1; }));
    gate = true;

    EXPECT_TRUE(kt_until([&] { return runs == n; }));
    EXPECT_EQ(static_cast<std::size_t>(KI_OFFLOAD_THREADS), most) << "no more than before";
}

TEST_F(Offload, OneThatGoesFirstDoesNotWaitForThoseThatBlock)
{
    constexpr std::size_t n = KI_OFFLOAD_THREADS + 10;
    std::vector<job> jobs(n);
    std::atomic<std::size_t> first_runs{0}, held_runs{0};
    std::atomic<bool> one_gate{false};
    job first, held, next;

    for (std::size_t i = 0; i < n; i++) {
        jobs[i].base.run = run;
        jobs[i].runs = &runs;
        jobs[i].inside = &inside;
        jobs[i].most = &most;
        jobs[i].gate = i == 0 ? &one_gate : &gate;
        ASSERT_EQ(0, ki_offload_submit(&jobs[i].base));
    }
    ASSERT_TRUE(kt_until([&] { return inside == KI_OFFLOAD_THREADS; })) << inside;
    first.base.run = held.base.run = next.base.run = run;
    first.runs = &first_runs;
    for (std::size_t i = 1; i <= 100; i++) { /* each leaves its thread to the next */
        ASSERT_EQ(0, ki_offload_submit_first(&first.base));
        ASSERT_TRUE(kt_until([&] { return first_runs == i && ki_offload_busy() == n; }))
            << i;
    }

    held.runs = &held_runs;
    held.gate = &gate;
    next.runs = &first_runs;
    ASSERT_EQ(0, ki_offload_submit_first(&held.base));
    ASSERT_EQ(0, ki_offload_submit_first(&next.base));
    EXPECT_EQ(100u, first_runs) << "the thread is busy, and so are the others";
    one_gate = true;
    EXPECT_TRUE(kt_until([&] { return first_runs == 101; })) << "before the ten that wait";
    gate = true;

    EXPECT_TRUE(kt_until([&] { return runs == n && held_runs == 1; }));
    EXPECT_EQ(static_cast<std::size_t>(KI_OFFLOAD_THREADS), most) << "no more than before";
    EXPECT_TRUE(kt_until([] { return ki_offload_busy() == 0; }));
}

TEST_F(Offload, AUsersJobDoesNotWaitForTheLibrarys)
{
    std::vector<job> jobs(KI_OFFLOAD_THREADS);
    std::atomic<bool> own_gate{false};
    std::atomic<std::size_t> own_runs{0};
    std::vector<job> own(KI_OFFLOAD_OWN);

    for (job &j : own) {
        j.base.run = run;
        j.runs = &own_runs;
        j.gate = &own_gate;
        ASSERT_EQ(0, ki_offload_submit_own(&j.base));
    }
    for (job &j : jobs) {
        j.base.run = run;
        j.runs = &runs;
        j.inside = &inside;
        j.most = &most;
        j.gate = &gate;
        ASSERT_EQ(0, ki_offload_submit(&j.base));
    }
    EXPECT_TRUE(kt_until([&] { return inside == KI_OFFLOAD_THREADS; })) << inside;
    gate = own_gate = true;
    EXPECT_TRUE(kt_until([] { return ki_offload_busy() == 0; }));
}

TEST_F(Offload, AJobBehindABlockedOneDoesNotWaitForIt)
{
    job blocked, next;
    std::atomic<std::size_t> next_runs{0};
    blocked.base.run = next.base.run = run;
    blocked.runs = &runs;
    blocked.gate = &gate;
    next.runs = &next_runs;

    ASSERT_EQ(0, ki_offload_submit(&blocked.base));
    ASSERT_EQ(0, ki_offload_submit(&next.base));
    EXPECT_TRUE(kt_until([&] { return next_runs == 1; }));
    EXPECT_EQ(0u, runs);
    gate = true;

    EXPECT_TRUE(kt_until([&] { return runs == 1; }));
}

TEST_F(Offload, StopRefusesNewJobsAndLetsOldOnesEnd)
{
    job running, late;
    running.base.run = late.base.run = run;
    running.runs = &runs;
    running.inside = &inside;
    running.most = &most;
    running.gate = &gate;
    late.runs = &runs;
    ASSERT_EQ(0, ki_offload_submit(&running.base));
    ASSERT_TRUE(kt_until([&] { return inside == 1; }));

    ki_offload_stop(); /* and does not wait */
    EXPECT_EQ(KITH_ESTOPPED, ki_offload_submit(&late.base));
    EXPECT_EQ(1u, ki_offload_busy());
    gate = true;
    EXPECT_TRUE(kt_until([] { return ki_offload_busy() == 0; }));
    EXPECT_EQ(1u, runs);

    ki_offload_start();
    EXPECT_EQ(0, ki_offload_submit(&late.base));
    EXPECT_TRUE(kt_until([&] { return runs == 2; })) << "started again, it works again";
}

TEST_F(Offload, AJobMayFreeItself)
{
    struct own {
        ki_job base;
        std::atomic<std::size_t> *runs;
    };

    for (int i = 0; i < 100; i++) {
        auto *o = new own{{}, &runs};
        o->base.run = [](ki_job *base) {
            auto *self = reinterpret_cast<own *>(base);
            std::atomic<std::size_t> *n = self->runs;
            delete self;
            ++*n;
        };
        ASSERT_EQ(0, ki_offload_submit(&o->base));
    }
    EXPECT_TRUE(kt_until([&] { return runs == 100; }));
}
