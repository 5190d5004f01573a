/* SPDX-License-Identifier: Apache-2.0
 * stack_test.cc -- free stacks are reused warm, shared, and given back after a burst. */
#include "core/stack.h"
#include "tests/support/stacks.h"
#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <set>
#include <sys/mman.h>
#include <thread>
#include <vector>

namespace
{

using Stack = kt_stacks;

/* The pages of these stacks that are in memory. */
std::size_t
resident(const std::vector<ki_stack> &all)
{
    const std::size_t page = ki_os_page_size();
    std::size_t n = 0;

    for (const ki_stack &s : all) {
        std::vector<unsigned char> in((s.size + page - 1) / page); /* tops are staggered */

        EXPECT_EQ(0, mincore(s.low, s.size, in.data()));
        n += static_cast<std::size_t>(
            std::ranges::count_if(in, [](unsigned char c) { return (c & 1) != 0; }));
    }
    return n;
}

TEST_F(Stack, TheLastOnePutIsTheNextOneGot)
{
    ki_stack_cache cache = {};
    ki_stack a = get(0, &cache), b = get(0, &cache);

    kt_low(a)[100] = 'a';
    kt_low(b)[100] = 'b';
    ki_stack_put(&a, &cache);
    ki_stack_put(&b, &cache);

    const ki_stack first = get(0, &cache), second = get(0, &cache);
    EXPECT_EQ(b.slot, first.slot);
    EXPECT_EQ(a.slot, second.slot);
    EXPECT_EQ('b', kt_low(first)[100]) << "warm: its pages stayed";
}

TEST_F(Stack, ACacheHoldsTheDefaultClassOnly)
{
    ki_stack_cache cache = {};
    ki_stack small = get(KI_STACK_MIN, &cache), usual = get(KI_STACK_DEFAULT, &cache);

    ki_stack_put(&small, &cache);
    EXPECT_EQ(0u, cache.n);
    ki_stack_put(&usual, &cache);
    EXPECT_EQ(1u, cache.n);
}

TEST_F(Stack, AFullCacheHandsHalfOver)
{
    ki_stack_cache a = {}, b = {};
    std::vector<ki_stack> all;
    std::set<uint32_t> slots;

    for (int i = 0; i <= KI_STACK_CACHE; i++)
        all.push_back(get(0, &a));
    for (ki_stack &s : all)
        ki_stack_put(&s, &a);
    EXPECT_EQ(KI_STACK_CACHE / 2 + 1u, a.n);

    ki_stack s = get(0, &b);
    EXPECT_EQ(KI_STACK_CACHE / 2 - 1u, b.n) << "another worker gets that half at once";
    ki_stack_put(&s, &b);
    ki_stack_cache_flush(&a);
    ki_stack_cache_flush(&b);
    EXPECT_EQ(0u, a.n + b.n);
    for (int i = 0; i <= KI_STACK_CACHE; i++)
        slots.insert(get().slot);
    EXPECT_EQ(KI_STACK_CACHE + 1u, slots.size()) << "none lost, none twice";
    for (const ki_stack &old : all)
        EXPECT_TRUE(slots.contains(old.slot));
}

TEST_F(Stack, AHundredThousandDoNotOverlap)
{
    const std::size_t n = kt_procs(100000);
    ki_stack_cache cache = {};
    std::vector<ki_stack> all;

    for (std::size_t i = 0; i < n; i++)
        all.push_back(get(0, &cache));
    std::sort(all.begin(), all.end(), [](auto &a, auto &b) { return a.low < b.low; });

    for (std::size_t i = 0; i < n; i++) {
        ki_stack found = {};
        if (i > 0) {
            ASSERT_TRUE(kt_low(all[i]) >= kt_top(all[i - 1]) + 16 * 1024)
                << "a guard lies between";
        }
        if (i % 97 == 0) {
            ASSERT_EQ(KI_STACK_INSIDE, ki_stack_find(kt_low(all[i]) + 1000, &found));
            ASSERT_EQ(all[i].slot, found.slot);
        }
    }
    for (ki_stack &s : all)
        ki_stack_put(&s, &cache);
}

TEST_F(Stack, AParkedProcessHoldsOnePage)
{
    const std::size_t n = 10000;

    std::vector<ki_stack> all(n);
    for (ki_stack &s : all) {
        s = get();
        kt_touch(kt_top(s) - 1000);
    }
    EXPECT_EQ(n, resident(all));
}

TEST_F(Stack, ABurstGivesItsMemoryBack)
{
    const std::size_t n = 10000;
    const std::size_t page = ki_os_page_size();

    ki_stack_cache cache = {};
    std::vector<ki_stack> all(n);
    for (ki_stack &s : all) {
        s = get(0, &cache);
        for (std::size_t i = 1; i <= 3; i++)
            kt_touch(kt_top(s) - i * page);
    }
    EXPECT_EQ(3 * n, resident(all));
    const std::vector<ki_stack> were = all;
    for (ki_stack &s : all)
        ki_stack_put(&s, &cache);

    EXPECT_LE(resident(were), std::size_t{3} * (KI_STACK_WARM + KI_STACK_CACHE));
    for (ki_stack &s : all) /* and they are good for the next burst */
        kt_touch(kt_top(s = get(0, &cache)) - 1);
}

TEST_F(Stack, ThreadsNeverShareOne)
{
    const std::size_t rounds = kt_scale(20000);
    std::atomic<bool> broken = false;
    std::vector<std::thread> threads;

    for (int id = 1; id <= 4; id++)
        threads.emplace_back([&, id] {
            ki_stack_cache cache = {};
            std::vector<ki_stack> held;
            uint64_t x = static_cast<uint64_t>(id) * 7919;

            for (std::size_t i = 0; i < rounds; i++) {
                x = x * 6364136223846793005u + 1442695040888963407u;
                if (held.size() < 150 && (x >> 33) % 100 < 52) {
                    ki_stack s;
                    if (ki_stack_get(x >> 63 ? KI_STACK_MIN : 0, &s, &cache) < 0)
                        broken = true;
                    std::memset(kt_top(s) - 64, id, 64);
                    held.push_back(s);
                } else if (!held.empty()) {
                    ki_stack s = held.back();
                    held.pop_back();
                    for (char *p = kt_top(s) - 64; p < kt_top(s); p++)
                        broken = broken || *p != id;
                    ki_stack_put(&s, &cache);
                }
            }
            for (ki_stack &s : held)
                ki_stack_put(&s, &cache);
            ki_stack_cache_flush(&cache);
        });
    for (auto &t : threads)
        t.join();
    EXPECT_FALSE(broken);
}

}    // namespace
