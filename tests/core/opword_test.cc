/* SPDX-License-Identifier: Apache-2.0
 * opword_test.cc -- the state word of an operation: exact answers, then stops that race. */
#include "core/opword.h"

#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace
{

constexpr uint32_t generation = 0xfedcba98;

class Opword : public testing::Test {
  protected:
    void SetUp() override
    {
        ki_op_begin(&word, generation, false);
    }

    uint64_t state() const
    {
        return word.load() & KI_OP_STATE;
    }

    /* The executor has tried, found nothing, and put it into its queue. */
    void queue()
    {
        ASSERT_TRUE(ki_op_busy(&word));
        ASSERT_EQ(0u, ki_op_wait(&word));
    }

    ki_opword word;
};

}    // namespace

TEST_F(Opword, HasOneHolderAtATime)    // I1
{
    EXPECT_TRUE(ki_op_busy(&word));
    EXPECT_FALSE(ki_op_busy(&word));
    EXPECT_FALSE(ki_op_busy_of(&word, generation));

    EXPECT_EQ(0u, ki_op_wait(&word));
    EXPECT_TRUE(ki_op_busy_of(&word, generation));
}

TEST_F(Opword, IsTakenByNumberOnlyUnderItsOwn)    // I4
{
    EXPECT_FALSE(ki_op_busy_of(&word, generation - 1));
    EXPECT_FALSE(ki_op_busy_of(&word, generation + 1));
    EXPECT_EQ(KI_OP_PENDING, state());
    EXPECT_TRUE(ki_op_busy_of(&word, generation));
}

TEST_F(Opword, IsDoneOnceAndNobodyTakesItAgain)    // I1
{
    ASSERT_TRUE(ki_op_busy(&word));
    (void) ki_op_finish(&word, KI_OP_EXECUTOR);

    EXPECT_EQ(KI_OP_DONE, state());
    EXPECT_FALSE(ki_op_busy(&word));
    EXPECT_EQ(KI_STOP_LATE, ki_op_stop(&word, generation, 1));
    EXPECT_EQ(KI_OP_DONE, state());
}

TEST_F(Opword, AStopOfWhatWaitsMakesTheStopperTheHolder)    // I1
{
    EXPECT_EQ(KI_STOP_WON, ki_op_stop(&word, generation, 9));

    EXPECT_FALSE(ki_op_busy(&word)) << "the executor finds that it came too late";
    EXPECT_EQ(KI_STOP_NOTED, ki_op_stop(&word, generation, 10))
        << "and so does the next stop";
    (void) ki_op_finish(&word, 0);
    EXPECT_EQ(KI_STOP_LATE, ki_op_stop(&word, generation, 11));
}

TEST_F(Opword, AStopOfWhatIsQueuedTellsToUnlinkIt)
{
    queue();

    EXPECT_EQ(KI_STOP_WON_LINKED, ki_op_stop(&word, generation, 9));
}

TEST_F(Opword, BegunInAQueueItIsLinked)
{
    ki_op_begin(&word, generation, true);

    EXPECT_EQ(KI_STOP_WON_LINKED, ki_op_stop(&word, generation, 9));
}

TEST_F(Opword, AStopOfWhatIsExecutedLeavesAMarkThatTheHolderObeys)    // I2
{
    ASSERT_TRUE(ki_op_busy(&word));

    EXPECT_EQ(KI_STOP_NOTED, ki_op_stop(&word, generation, 200));
    EXPECT_EQ(KI_OP_BUSY, state()) << "nobody takes it from its holder";
    EXPECT_EQ(KI_STOP_NOTED, ki_op_stop(&word, generation, 100));
    EXPECT_EQ(200u, ki_op_wait(&word)) << "the first stop's code stands";
    EXPECT_EQ(KI_OP_BUSY, state()) << "the holder finishes with it";
}

TEST_F(Opword, AResultThatWonIsGivenInSpiteOfAMark)    // I2
{
    ASSERT_TRUE(ki_op_busy(&word));
    ASSERT_EQ(KI_STOP_NOTED, ki_op_stop(&word, generation, 1));

    const uint64_t before = ki_op_finish(&word, KI_OP_EXECUTOR);

    EXPECT_NE(0u, before & KI_OP_STOP);
    EXPECT_EQ(KI_STOP_LATE, ki_op_stop(&word, generation, 2));
}

TEST_F(Opword, CarriesEveryCodeIndex)
{
    for (unsigned code = 1; code <= 255; code++) {
        ki_op_begin(&word, generation, false);
        ASSERT_TRUE(ki_op_busy(&word));
        ASSERT_EQ(KI_STOP_NOTED, ki_op_stop(&word, generation, code));
        ASSERT_EQ(code, ki_op_wait(&word));
        ASSERT_EQ(generation, ki_op_generation(word.load()));
    }
}

TEST_F(Opword, IsFreeWhenBothHoldsAreGoneInAnyOrder)    // I3
{
    ASSERT_TRUE(ki_op_busy(&word));
    (void) ki_op_finish(&word, KI_OP_EXECUTOR);
    EXPECT_TRUE(ki_op_let_go(&word, KI_OP_STARTER));

    ki_op_begin(&word, generation, false);
    ASSERT_EQ(KI_STOP_WON, ki_op_stop(&word, generation, 1));
    (void) ki_op_finish(&word, 0);
    EXPECT_FALSE(ki_op_let_go(&word, KI_OP_STARTER));
    EXPECT_TRUE(ki_op_let_go(&word, KI_OP_EXECUTOR));

    ki_op_begin_alone(&word, generation);
    ASSERT_TRUE(ki_op_busy(&word));
    (void) ki_op_finish(&word, 0);
    EXPECT_TRUE(ki_op_let_go(&word, KI_OP_STARTER)) << "nobody else held it";
}

TEST_F(Opword, AStaleOrFreeOneIsLeftAlone)    // I4
{
    const uint64_t before = word.load();

    EXPECT_EQ(KI_STOP_STALE, ki_op_stop(&word, generation - 1, 1));
    EXPECT_EQ(KI_STOP_STALE, ki_op_stop(&word, generation + 1, 1));
    EXPECT_EQ(before, word.load());

    ki_store_rel(&word, KI_OP_FREE);
    EXPECT_EQ(KI_STOP_STALE, ki_op_stop(&word, generation, 1));
    EXPECT_EQ(KI_STOP_STALE, ki_op_stop(&word, 0, 1));
    EXPECT_EQ(KI_OP_FREE, word.load());
}

namespace
{

/* What a word protects, in plain memory: TSan sees who is not the holder. */
struct op {
    ki_opword word;
    int result;
    int tries;
    std::atomic<int> ends, frees;
    std::atomic<bool> told;
    bool queued; /* the executor's */
};

void
complete(op &o, int result, uint64_t let_go)
{
    o.result = result;
    o.ends++;
    (void) ki_op_finish(&o.word, let_go);
}

void
drop(op &o, uint64_t hold)
{
    if (!ki_op_let_go(&o.word, hold))
        return;
    o.frees++;
    o.result = 0; /* whoever frees sees it as its own */
    o.tries = 0;
}

/* true: the operation has ended by this stop. */
bool
stop(op &o, unsigned code)
{
    const ki_stop r = ki_op_stop(&o.word, generation, code);

    if (r != KI_STOP_WON && r != KI_STOP_WON_LINKED)
        return false;
    const bool linked = r == KI_STOP_WON_LINKED;
    complete(o, static_cast<int>(code), 0);
    if (linked)
        o.told.store(true, std::memory_order_release);
    return true;
}

/* One try of the executor, of which one in `luck` succeeds. */
void
attempt(op &o, bool lucky)
{
    o.tries++;
    if (lucky) {
        o.queued = false;
        complete(o, 1000, KI_OP_EXECUTOR);
        return;
    }
    o.queued = true;
    if (const unsigned code = ki_op_wait(&o.word)) {
        o.queued = false;
        complete(o, static_cast<int>(code), KI_OP_EXECUTOR);
    }
}

}    // namespace

TEST(OpwordThreads, RacingStopsAndTriesEndEachOperationOnceAndFreeItOnce)    // I1 I2 I3
{
    const std::size_t n = kt_scale(100'000);
    const uint64_t seed = kt_seed();
    std::vector<op> ops(n);
    std::atomic<std::size_t> at[3] = {};
    for (op &o : ops)
        ki_op_begin(&o.word, generation, false);
    /* All three walk the same row, close together. */
    constexpr std::size_t lead = 1024;
    const auto keep_pace = [&](int who, std::size_t i) {
        at[who].store(i, std::memory_order_relaxed);
        for (int other = 0; other < 3; other++)
            while (at[other].load(std::memory_order_relaxed) + lead < i)
                std::this_thread::yield();
    };
    const auto gone = [&](int who) { at[who].store(SIZE_MAX - lead); };

    std::thread executor([&] {
        std::mt19937_64 rng(seed);

        for (std::size_t i = 0; i < n; i++) {
            op &o = ops[i];
            keep_pace(0, i);
            if (!ki_op_busy(&o.word)) {
                drop(o, KI_OP_EXECUTOR);
                continue;
            }
            attempt(o, rng() % 4 == 0);
            while (o.queued && rng() % 4 != 0) {
                if (o.told.load(std::memory_order_acquire)) {
                    o.queued = false;
                    drop(o, KI_OP_EXECUTOR);
                } else if (ki_op_busy(&o.word)) {
                    attempt(o, rng() % 4 == 0);
                }
            }
        }
        gone(0);
    });
    std::thread timeout([&] {
        for (std::size_t i = 0; i < n; i++) {
            keep_pace(1, i);
            (void) stop(ops[i], 1);
        }
        gone(1);
    });
    std::thread starter([&] {
        for (std::size_t i = 0; i < n; i++) {
            op &o = ops[i];
            keep_pace(2, i);
            (void) stop(o, 2);
        }
        gone(2);
    });
    executor.join();
    timeout.join();
    starter.join();

    std::size_t results[3] = {};
    for (op &o : ops) {
        ASSERT_EQ(KI_OP_DONE, o.word.load() & KI_OP_STATE);
        ASSERT_EQ(1, o.ends.load());
        ASSERT_EQ(0, o.frees.load());
        results[o.result == 1000 ? 0 : o.result]++;
        if (o.queued) /* its STOP node is served now */
            drop(o, KI_OP_EXECUTOR);
        drop(o, KI_OP_STARTER);
        ASSERT_EQ(1, o.frees.load());
    }
    for (int i = 0; i < 3; i++)
        RecordProperty("results_" + std::to_string(i), static_cast<int>(results[i]));
}

TEST(OpwordThreads, TheLastOfTwoToLetGoFreesIt)    // I3
{
    const std::size_t n = kt_scale(400'000);
    std::vector<op> ops(n);
    for (op &o : ops) {
        ki_op_begin(&o.word, generation, false);
        ASSERT_TRUE(ki_op_busy(&o.word));
        (void) ki_op_finish(&o.word, 0);
    }
    const auto walk = [&](uint64_t hold) {
        for (op &o : ops)
            drop(o, hold);
    };

    std::thread executor([&] { walk(KI_OP_EXECUTOR); });
    walk(KI_OP_STARTER);
    executor.join();

    for (op &o : ops)
        ASSERT_EQ(1, o.frees.load());
}
