/* SPDX-License-Identifier: Apache-2.0
 * log_test.cc -- the way of a line to its hook, and what a flood of them costs. */
#include "core/offload.h"
#include "core/os.h"

#include "tests/support/blockers.h"
#include "tests/support/ear.h"
#include "tests/support/virtual_clock.h"

#include <atomic>
#include <cstdio>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace
{

using Log = kt_runtime;

TEST_F(Log, HookGetsWholeLinesInTheirOrder)
{
    kt_ear ear;

    kith_log(KITH_LOG_INFO, "one %d", 1);
    in_process([] { kith_log(KITH_LOG_ERROR, "two %s", "of a process"); });
    kith_log(KITH_LOG_DEBUG, "%s", std::string(5000, 'x').c_str());
    kt_flush_log();

    const std::vector<kt_heard> all = ear.all();
    ASSERT_EQ(3u, all.size());
    EXPECT_EQ("one 1\n", all[0].text);
    EXPECT_EQ(KITH_LOG_INFO, all[0].level);
    EXPECT_EQ("two of a process\n", all[1].text);
    EXPECT_GE(all[2].text.size(), 2000u) << "cut";
    EXPECT_LT(all[2].text.size(), 2100u);
}

TEST_F(Log, LevelsBelowTheLeastAreNotHeard)
{
    kt_ear ear(KITH_LOG_WARNING);

    kith_log(KITH_LOG_NOTICE, "no");
    kith_log(KITH_LOG_WARNING, "yes");
    kt_flush_log();
    EXPECT_EQ(1u, ear.all().size());
    EXPECT_EQ(1u, ear.count("yes"));
}

TEST_F(Log, WhatHasNoLevelIsNotHeard)
{
    {
        kt_ear ear(KITH_LOG_DEBUG);

        for (const int level : {-1, static_cast<int>(KITH_LOG_NONE), KITH_LOG_NONE + 1})
            kith_log(level, "level %d", level);
        kith_log(KITH_LOG_DEBUG, "yes");
        kt_flush_log();
        EXPECT_EQ(1u, ear.all().size());
        EXPECT_EQ(1u, ear.count("yes"));
    }
    kt_ear deaf(KITH_LOG_NONE);

    for (const int level : {static_cast<int>(KITH_LOG_ERROR),
                            static_cast<int>(KITH_LOG_NONE), KITH_LOG_NONE + 1})
        kith_log(level, "level %d", level);
    kt_flush_log();
    EXPECT_EQ(0u, deaf.all().size());
}

TEST_F(Log, AHookThatBlocksHoldsUpNobodyAndWhatHasNoRoomIsCounted)
{
    kt_ear ear;

    ear.shut();
    kith_log(KITH_LOG_INFO, "first");
    ASSERT_TRUE(kt_until([&] { return ear.inside(); }));
    in_process([] {
        for (int i = 0; i < 1000; i++)
            kith_log(KITH_LOG_INFO, "line %d", i);
    });
    ear.open();
    ASSERT_TRUE(kt_until([&] { return ear.count("lines of kith_log suppressed") == 1; }))
        << "by the watchdog, or by the next";
    EXPECT_GE(ear.count("line "), 100u);
    EXPECT_EQ(1u, ear.count("line 99\n"));
    EXPECT_EQ(0u, ear.count("line 999\n"));
}

TEST_F(Log, WhoSetsAHookHasTheOldOneCalledNoMore)
{
    std::atomic<bool> set = false;
    kt_ear ear;

    ear.shut();
    kith_log(KITH_LOG_INFO, "old");
    ASSERT_TRUE(kt_until([&] { return ear.inside(); }));
    std::thread t([&] {
        kith_log_to(nullptr, nullptr, KITH_LOG_NONE);
        set = true;
    });
    EXPECT_FALSE(kt_until([&] { return set.load(); }, 20)) << "it is in a call";
    ear.open();
    t.join();
    kith_log(KITH_LOG_ERROR, "nobody's");
    kt_flush_log();
    EXPECT_EQ(1u, ear.all().size());
}

TEST_F(Log, GoesOnWhileEveryThreadForUsersBlocks)
{
    kt_ear ear;
    kt_blockers all(KI_OFFLOAD_THREADS + 5);

    ASSERT_TRUE(all.block());
    for (int i = 0; i < 3; i++) {
        in_process([] { kith_log(KITH_LOG_INFO, "a line"); });
        EXPECT_TRUE(kt_until([&] { return ear.count("a line") == i + 1u; })) << i;
    }
}

/* Without the side pool nobody is there for the hook. */
TEST_F(Log, WhatFoundNoThreadComesAsSoonAsOneIsThere)
{
    kt_ear ear;

    ki_offload_stop();
    in_process([] { kith_log(KITH_LOG_INFO, "left"); });
    EXPECT_EQ(0u, ear.all().size()) << "no worker calls the hook";
    ki_offload_start();
    EXPECT_TRUE(kt_until([&] {
        in_process([] {}); /* something runs: the watchdog looks */
        return ear.count("left") == 1;
    }));
}

TEST_F(Log, AFlushThatCallsTheHookItselfLooksAtTheClockBetweenTexts)
{
    std::atomic<int> calls = 0;
    const auto slow = [](void *ctx, int, const char *, std::size_t) {
        const std::uint64_t end = ki_os_now_ns() + 60'000'000;

        ++*static_cast<std::atomic<int> *>(ctx);
        while (ki_os_now_ns() < end)
            ki_os_yield();
    };

    kith_log_to(slow, &calls, KITH_LOG_INFO);
    ki_offload_stop();
    in_process([] {
        for (int i = 0; i < 20; i++)
            kith_log(KITH_LOG_INFO, "line %d", i);
    });
    EXPECT_FALSE(ki_log_flush()) << "that is not all of it";
    EXPECT_GE(calls, 1);
    EXPECT_LE(calls, 2) << "100 ms";
    ki_offload_start();
    kith_log_to(nullptr, nullptr, KITH_LOG_NOTICE); /* waits for the rest */
    EXPECT_EQ(20, calls);
}

TEST(LogStart, AStopEndsInTimeThoughTheHookDoesNot)
{
    kt_bodies bodies;
    ASSERT_EQ(0, kith_start(nullptr));
    kt_ear ear;
    std::atomic<bool> stopped = false;

    ear.shut();
    ki_offload_stop();
    ASSERT_EQ(0, kith_wait(bodies.spawn([] { kith_log(KITH_LOG_INFO, "left"); }), nullptr,
                           kt_long()));
    ki_offload_start();
    std::thread t([&] {
        EXPECT_EQ(0, kith_stop(0, 0));
        stopped = true;
    });
    EXPECT_TRUE(kt_until([&] { return stopped.load(); })) << "it calls the hook itself";
    EXPECT_EQ(0u, ear.all().size());
    ear.open();
    t.join();
    kt_flush_log();
    EXPECT_TRUE(kt_until([&] { return ear.count("left") == 1; }));
}

void
say_nothing(void *, int, const char *, std::size_t)
{
}

/* Forks while another thread logs, before anything was started. */
[[noreturn]] void
fork_before_start()
{
    std::atomic<bool> stop = false;
    int bad = 0;

    kith_log_to(say_nothing, nullptr, KITH_LOG_DEBUG);
    std::thread logger([&] {
        while (!stop)
            kith_log(KITH_LOG_INFO, "a line");
    });
    for (int i = 0; i < 300 && bad == 0; i++) {
        const pid_t child = fork();
        int status = 0;

        if (child == 0) {
            alarm(10); /* a lock that nobody gives back ends it */
            for (int j = 0; j < 300; j++)
                kith_log(KITH_LOG_INFO, "a line of the child's");
            kith_log_to(nullptr, nullptr, KITH_LOG_NOTICE); /* waits for all that */
            _exit(0);
        }
        bad += child < 0 || waitpid(child, &status, 0) != child || status != 0;
    }
    stop = true;
    logger.join();
    _exit(bad ? 1 : 0);
}

/* A death test: nothing has been started in its program. */
TEST(LogDeathTest, AForkBeforeTheStartLeavesTheChildItsLog)
{
    EXPECT_EXIT(fork_before_start(), testing::ExitedWithCode(0), "");
}

TEST(LogStart, OfAFloodTheFirstComeAndThenACount)
{
    kt_virtual_clock clock;
    ASSERT_EQ(0, kith_start(nullptr));
    kt_ear ear;
    std::size_t let = 0;

    for (int i = 0; i < 10000; i++)
        if (struct ki_text *t = ki_log_begin(KI_LOG_SUPERVISOR, KITH_LOG_ERROR)) {
            ki_text_add(t, "report");
            ki_log_end(t);
            let++;
        }
    EXPECT_EQ(50u, let);
    kt_flush_log();
    EXPECT_EQ(let, ear.count("report\n"));
    EXPECT_EQ(1u, ear.count("kith: 9950 reports of supervisors suppressed\n"));

    clock.advance_ms(1000);
    let = 0;
    while (struct ki_text *t = ki_log_begin(KI_LOG_SUPERVISOR, KITH_LOG_ERROR)) {
        ki_log_end(t);
        let++;
    }
    EXPECT_EQ(20u, let) << "so many a second";
    EXPECT_EQ(0, kith_stop(0, 0));
}

TEST(LogStart, AStopSaysWhatWasSuppressed)
{
    ASSERT_EQ(0, kith_start(nullptr));
    kt_ear ear;

    for (int i = 0; i < 200; i++)
        if (struct ki_text *t = ki_log_begin(KI_LOG_SUPERVISOR, KITH_LOG_ERROR))
            ki_log_end(t);
    EXPECT_EQ(0, kith_stop(0, 0));
    EXPECT_GE(ear.count("reports of supervisors suppressed\n"), 1u);
    kith_log(KITH_LOG_INFO, "after it");
    kt_flush_log();
    EXPECT_EQ(1u, ear.count("after it")) << "where nothing runs, by the caller";
}

TEST(LogStart, TheEnvironmentSaysWhatIsHeard)
{
    {
        kt_env env("KITH_LOG", "error");
        ASSERT_EQ(0, kith_start(nullptr));
        kt_ear ear(KITH_LOG_DEBUG);
        kith_log(KITH_LOG_WARNING, "no");
        kith_log(KITH_LOG_ERROR, "yes");
        kt_flush_log();
        EXPECT_EQ(1u, ear.all().size());
        EXPECT_EQ(0, kith_stop(0, 0));
    }
    kt_env env("KITH_LOG", "loud");
    kt_ear ear;
    EXPECT_EQ(KITH_EINVAL, kith_start(nullptr));
    EXPECT_EQ(1u, ear.count("KITH_LOG"));
}

}    // namespace
