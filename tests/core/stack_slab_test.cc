/* SPDX-License-Identifier: Apache-2.0
 * stack_slab_test.cc -- stacks have their size and place, and a guard that works. */
#include "core/ctx.h"
#include "core/stack.h"
#include "tests/support/stacks.h"
#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <kith/error.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <sys/resource.h>
#include <vector>

namespace
{

using StackSlab = kt_stacks;

__attribute__((noinline)) int
recurse_for_ever(int n)
{
    volatile char frame[1000];

    kt_touch(const_cast<char *>(frame));
    return n < 0 ? 0 : recurse_for_ever(n + 1) + frame[0];
}

/* Runs out of a stack of the pool. */
void
overflow()
{
    ki_stack s;
    ki_ctx home, ctx;

    if (ki_stack_get(0, &s, nullptr) < 0)
        std::exit(1);
    ki_ctx_init_thread(&home);
    ki_ctx_init(
        &ctx, s.low, s.size, [](void *) { std::exit(recurse_for_ever(0)); }, nullptr);
    ki_ctx_switch(&home, &ctx);
}

TEST_F(StackSlab, AnswersTheClassThatHoldsWhatIsWanted)
{
    for (std::size_t slot = KI_STACK_MIN; slot <= KI_STACK_MAX; slot *= 2) {
        for (const std::size_t want : {slot / 2 + 1, slot - 1, slot}) {
            ki_stack s = get(want);
            const std::size_t guard = std::min<std::size_t>(slot / 4, 16 * 1024);

            EXPECT_EQ(slot, KI_STACK_MIN << s.cls) << want;
            EXPECT_LE(s.size, slot - guard);
            EXPECT_GE(s.size, slot - guard - 960);
            EXPECT_EQ(0u, s.size % 64);
            kt_touch(kt_low(s));
            kt_touch(kt_top(s) - 1);
            ki_stack_put(&s, nullptr);
        }
    }
    ki_stack s = get(1);
    EXPECT_EQ(0, s.cls);
    ki_stack d = get(0);
    EXPECT_EQ(KI_STACK_DEFAULT, KI_STACK_MIN << d.cls);
}

TEST_F(StackSlab, HasNoneLargerThanTheLargest)
{
    ki_stack s;

    EXPECT_EQ(KITH_ENOMEM, ki_stack_get(KI_STACK_MAX + 1, &s, nullptr));
    EXPECT_EQ(KITH_ENOMEM, ki_stack_get(SIZE_MAX, &s, nullptr));
}

TEST_F(StackSlab, IsPageAlignedBelowAndColouredAbove)
{
    std::set<uintptr_t> tops;

    for (int i = 0; i < 16; i++) {
        const ki_stack s = get();
        EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(s.low) % ki_os_page_size());
        tops.insert(reinterpret_cast<uintptr_t>(kt_top(s)) % 4096);
    }
    EXPECT_EQ(16u, tops.size()) << "neighbours start at different cache lines";
}

TEST_F(StackSlab, TakesTheBestGuardThereIs)
{
    const ki_stack s = get();

    EXPECT_EQ(ki_stack_guard_mode(), s.guard);
#if defined(__linux__)
    EXPECT_NE(KI_GUARD_CANARY, s.guard);
#endif
}

/* The death tests die of the signal, or of a sanitizer's report about it. */
class StackSlabDeathTest : public StackSlab {};

TEST_F(StackSlabDeathTest, ATouchOfTheGuardEndsTheProgram)
{
    for (const ki_guard mode : {KI_GUARD_MARKER, KI_GUARD_PROTECT}) {
        ki_stack_pool_fini();
        ASSERT_EQ(0, ki_stack_pool_init());
        if (mode == KI_GUARD_MARKER && ki_stack_guard_mode() != mode)
            continue; /* not on this kernel */
        ki_stack_set_guard_mode(mode);

        for (const std::size_t want : {KI_STACK_MIN, KI_STACK_DEFAULT, KI_STACK_MAX}) {
            const ki_stack s = get(want);
            const std::size_t guard =
                std::min<std::size_t>((KI_STACK_MIN << s.cls) / 4, 16 * 1024);

            ASSERT_EQ(mode, s.guard);
            EXPECT_DEATH(kt_touch(kt_low(s) - 1), "");
            EXPECT_DEATH(kt_touch(kt_low(s) - guard), "");
            kt_touch(kt_low(s));
        }
        EXPECT_DEATH(overflow(), "");
    }
}

TEST_F(StackSlabDeathTest, AGuardStandsAfterReuse)
{
    std::vector<ki_stack> all;

    for (int i = 0; i < KI_STACK_WARM + 50; i++)
        all.push_back(get());
    for (ki_stack &s : all)
        ki_stack_put(&s, nullptr); /* some of them lose their pages */
    for (int i = 0; i < KI_STACK_WARM + 50; i++) {
        all[i] = get();
        kt_touch(kt_low(all[i]));
    }
    EXPECT_DEATH(kt_touch(kt_low(all.front()) - 1), "");
    EXPECT_DEATH(kt_touch(kt_low(all.back()) - 1), "");
}

TEST_F(StackSlab, ACanaryTellsAfterwards)
{
    ki_stack_set_guard_mode(KI_GUARD_CANARY);
    ki_stack s = get();

    ASSERT_EQ(KI_GUARD_CANARY, s.guard);
    EXPECT_TRUE(ki_stack_canary_ok(&s));
    kt_touch(kt_low(s));
    EXPECT_TRUE(ki_stack_canary_ok(&s));
    kt_touch(kt_low(s) - 5000);
    EXPECT_FALSE(ki_stack_canary_ok(&s));

    const uint32_t slot = s.slot;
    ki_stack_put(&s, nullptr);
    s = get();
    ASSERT_EQ(slot, s.slot);
    EXPECT_TRUE(ki_stack_canary_ok(&s)) << "the next user starts with a clean one";
}

TEST_F(StackSlab, LeavesMapEntriesToTheProgram)
{
    const std::size_t n = KI_STACK_PROTECT_MAX + 100;
    std::size_t guards[3] = {};

    ki_stack_set_guard_mode(KI_GUARD_PROTECT);
    for (std::size_t i = 0; i < n; i++)
        guards[get(KI_STACK_MIN).guard]++;

    EXPECT_EQ(KI_STACK_PROTECT_MAX, guards[KI_GUARD_PROTECT]);
    EXPECT_EQ(100u, guards[KI_GUARD_CANARY]);
}

TEST_F(StackSlab, KnowsWhereAnAddressLies)
{
    const ki_stack s = get();
    ki_stack found = {};
    int local = 0;
    const auto heap = std::make_unique<int>();

    const struct {
        const char *at;
        ki_stack_zone zone;
    } cases[] = {
        {kt_low(s), KI_STACK_INSIDE},
        {kt_low(s) + s.size / 2, KI_STACK_INSIDE},
        {kt_top(s) - 1, KI_STACK_INSIDE},
        {kt_low(s) - 1, KI_STACK_GUARD},
        {kt_low(s) - 16 * 1024, KI_STACK_GUARD},
    };
    for (const auto &c : cases) {
        EXPECT_EQ(c.zone, ki_stack_find(c.at, &found)) << c.at - kt_low(s);
        EXPECT_EQ(s.slot, found.slot);
        EXPECT_EQ(s.low, found.low);
        EXPECT_EQ(s.size, found.size);
    }
    EXPECT_EQ(KI_STACK_NOWHERE, ki_stack_find(&local, &found));
    EXPECT_EQ(KI_STACK_NOWHERE, ki_stack_find(heap.get(), &found));
    EXPECT_EQ(KI_STACK_NOWHERE, ki_stack_find(nullptr, &found));
    ki_stack_pool_fini();
    EXPECT_EQ(KI_STACK_NOWHERE, ki_stack_find(s.low, &found));
    ASSERT_EQ(0, ki_stack_pool_init());
}

/* Bytes of address space in use: of a sanitizer's build, terabytes. */
rlim_t
address_space()
{
    unsigned long pages = 0;
    std::FILE *f = std::fopen("/proc/self/statm", "r");

    if (f == nullptr || std::fscanf(f, "%lu", &pages) != 1)
        pages = 0;
    if (f != nullptr)
        std::fclose(f);
    return static_cast<rlim_t>(pages) * ki_os_page_size();
}

/* Exits with 0 when the end is a code, and comes when little is left. */
void
exhaust()
{
    const rlim_t most = address_space() + (256 << 20);
    const rlimit limit = {most, most};
    ki_stack s;
    int rc = 0, n = 0;

    if (setrlimit(RLIMIT_AS, &limit) == 0)
        while ((rc = ki_stack_get(KI_STACK_MAX, &s, nullptr)) == 0)
            n++;
    std::exit(rc == KITH_ENOMEM && n >= 28 ? 0 : 1);
}

TEST_F(StackSlabDeathTest, RunningOutOfAddressSpaceIsACode)
{
    EXPECT_EXIT(exhaust(), testing::ExitedWithCode(0), "");
}

}    // namespace
