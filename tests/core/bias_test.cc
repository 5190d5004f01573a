/* SPDX-License-Identifier: Apache-2.0
 * bias_test.cc -- one at a time inside, whoever owns the lock and whenever the others come. */
#include "core/bias.h"

#include "core/os.h"
#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

TEST(Bias, IsItsOwnersWithoutTheLockUntilAStrangerComes)
{
    ki_bias b = {};
    ki_bias_init(&b, true);
    const bool own = ki_os_barrier_ready();

    ki_bias_take(&b, true);
    EXPECT_EQ(own, ki_lock_try(&b.lock))
        << "the lock itself is not taken, where that can be";
    if (own)
        ki_lock_give(&b.lock);
    ki_bias_give(&b, true);
    std::thread([&b] {
        ki_bias_take(&b, false);
        ki_bias_give(&b, false);
    }).join();

    for (const bool mine : {true, false, true}) {
        ki_bias_take(&b, mine);
        EXPECT_FALSE(ki_lock_try(&b.lock)) << "it is everybody's for good";
        ki_bias_give(&b, mine);
        EXPECT_TRUE(ki_lock_try(&b.lock));
        ki_lock_give(&b.lock);
    }
}

TEST(Bias, IsSharedFromTheBeginningWithoutAnOwner)
{
    ki_bias b = {};
    ki_bias_init(&b, false);

    ki_bias_take(&b, false);
    EXPECT_FALSE(ki_lock_try(&b.lock));
    ki_bias_give(&b, false);
    EXPECT_TRUE(ki_lock_try(&b.lock));
}

/* Each round is a new lock, as the step from own to shared is taken once in a life. */
TEST(BiasThreads, LetsOneInWhileStrangersMakeItShared)    // I1
{
    struct guarded {
        ki_bias lock;
        std::size_t n = 0; /* plain: TSan sees two inside */
        std::atomic<int> inside{0};
    };
    constexpr std::size_t strangers = 2, steps = 200;
    const std::size_t rounds = kt_scale(2000);
    std::vector<std::unique_ptr<guarded>> all;
    std::atomic<std::size_t> round{0}, done{0}, two{0};

    for (std::size_t i = 0; i < rounds; i++) {
        all.push_back(std::make_unique<guarded>());
        ki_bias_init(&all.back()->lock, true);
    }
    auto step = [&two](guarded &g, bool mine) {
        ki_bias_take(&g.lock, mine);
        if (g.inside.fetch_add(1, std::memory_order_relaxed) != 0)
            two++;
        g.n++;
        g.inside.fetch_sub(1, std::memory_order_relaxed);
        ki_bias_give(&g.lock, mine);
    };
    std::vector<std::thread> others;
    for (std::size_t s = 0; s < strangers; s++)
        others.emplace_back([&] {
            for (std::size_t r = 0; r < rounds; r++) {
                while (round.load() <= r)
                    std::this_thread::yield();
                for (std::size_t i = 0; i < steps / 10; i++)
                    step(*all[r], false);
                done++;
            }
        });
    for (std::size_t r = 0; r < rounds; r++) {
        round = r + 1;
        for (std::size_t i = 0; i < steps || done < (r + 1) * strangers; i++)
            step(*all[r], true);
    }
    for (std::thread &t : others)
        t.join();

    EXPECT_EQ(0u, two.load());
    for (auto &g : all)
        EXPECT_GE(g->n, steps + strangers * (steps / 10));
}
