/* SPDX-License-Identifier: Apache-2.0
 * overflow_test.cc -- an overflow is reported, and other faults are left to their
 * owners. */
#include "core/ctx.h"
#include "core/overflow.h"
#include "core/stack.h"
#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <unistd.h>

namespace
{

ki_stack victim;

void
say(const char *text)
{
    if (write(2, text, std::strlen(text)) < 0)
        _exit(99);
}

void
report_and_return(void *stack_low, size_t size)
{
    if (stack_low == victim.low && size == victim.size)
        say("overflow of the victim's stack\n");
    else
        say("overflow of another stack\n");
}

void
report_and_exit(void *, size_t)
{
    say("overflow\n");
    _exit(3);
}

__attribute__((noinline)) int
recurse_for_ever(int n)
{
    volatile char frame[1000];

    frame[0] = static_cast<char>(n);
    return n < 0 ? 0 : recurse_for_ever(n + 1) + frame[0];
}

/* Calls f on a stack of the pool, on a thread that has a signal stack. */
void
on_victim(void (*f)(void *))
{
    ki_overflow_thread t;
    ki_ctx home, ctx;

    if (ki_overflow_thread_init(&t) < 0 || ki_stack_get(0, &victim, nullptr) < 0)
        _exit(98);
    ki_ctx_init_thread(&home);
    ki_ctx_init(&ctx, victim.low, victim.size, f, nullptr);
    ki_ctx_switch(&home, &ctx);
}

void
overflow()
{
    on_victim([](void *) { _exit(recurse_for_ever(0)); });
}

void
fault_elsewhere()
{
    volatile int *volatile nowhere = reinterpret_cast<int *>(64);

    *nowhere = 1;
}

class OverflowDeathTest : public testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_EQ(0, ki_stack_pool_init());
    }

    void TearDown() override
    {
        ki_stack_pool_fini();
    }
};

#if defined(KT_ASAN) || defined(KT_TSAN)
/* They print what they found and end in their own way. */
#define EXPECT_ORDINARY_CRASH(statement) EXPECT_DEATH(statement, "Sanitizer")
#else
#define EXPECT_ORDINARY_CRASH(statement) \
    EXPECT_EXIT(statement, testing::KilledBySignal(SIGSEGV), "")
#endif

TEST_F(OverflowDeathTest, ReportsWhichStackThenDiesOfTheSignal)
{
    EXPECT_EXIT(
        {
            if (ki_overflow_install(report_and_return) == 0)
                overflow();
        },
        testing::KilledBySignal(SIGSEGV), "overflow of the victim's stack");
}

TEST_F(OverflowDeathTest, TheReportMayEndTheProgramItself)
{
    EXPECT_EXIT(
        {
            if (ki_overflow_install(report_and_exit) == 0)
                overflow();
        },
        testing::ExitedWithCode(3), "overflow");
}

TEST_F(OverflowDeathTest, ReportsFromEveryThread)
{
    EXPECT_EXIT(
        {
            if (ki_overflow_install(report_and_exit) == 0)
                std::thread(overflow).join();
        },
        testing::ExitedWithCode(3), "overflow");
}

TEST_F(OverflowDeathTest, ReportsWithEachKindOfGuard)
{
    for (const ki_guard mode : {KI_GUARD_MARKER, KI_GUARD_PROTECT}) {
        if (mode == KI_GUARD_MARKER && ki_stack_guard_mode() != mode)
            continue; /* not on this kernel */
        EXPECT_EXIT(
            {
                ki_stack_set_guard_mode(mode);
                if (ki_overflow_install(report_and_exit) == 0)
                    overflow();
            },
            testing::ExitedWithCode(3), "overflow");
    }
}

TEST_F(OverflowDeathTest, AnotherFaultIsAnOrdinaryCrash)
{
    EXPECT_ORDINARY_CRASH({
        if (ki_overflow_install(report_and_exit) == 0)
            fault_elsewhere();
    });
}

TEST_F(OverflowDeathTest, AnotherFaultOnAProcessStackIsAnOrdinaryCrash)
{
    EXPECT_ORDINARY_CRASH({
        if (ki_overflow_install(report_and_exit) == 0)
            on_victim([](void *) { fault_elsewhere(); });
    });
}

void
exit_with_7(int)
{
    _exit(7);
}

void
exit_with_8(int, siginfo_t *info, void *)
{
    _exit(info->si_addr == reinterpret_cast<void *>(64) ? 8 : 9);
}

TEST_F(OverflowDeathTest, TheProgramsOwnHandlerGetsOtherFaults)
{
    EXPECT_EXIT(
        {
            std::signal(SIGSEGV, exit_with_7);
            if (ki_overflow_install(report_and_exit) == 0)
                fault_elsewhere();
        },
        testing::ExitedWithCode(7), "");
    EXPECT_EXIT(
        {
            struct sigaction sa = {};
            sa.sa_sigaction = exit_with_8;
            sa.sa_flags = SA_SIGINFO;
            sigaction(SIGSEGV, &sa, nullptr);
            if (ki_overflow_install(report_and_exit) == 0)
                fault_elsewhere();
        },
        testing::ExitedWithCode(8), "");
}

TEST_F(OverflowDeathTest, ASignalThatWasSentIsNoOverflow)
{
    EXPECT_ORDINARY_CRASH({
        if (ki_overflow_install(report_and_exit) == 0)
            std::raise(SIGSEGV);
        _exit(0);
    });
    EXPECT_EXIT(
        {
            std::signal(SIGSEGV, SIG_IGN);
            if (ki_overflow_install(report_and_exit) == 0)
                std::raise(SIGSEGV);
            _exit(5);
        },
        testing::ExitedWithCode(5), "");
}

TEST_F(OverflowDeathTest, InstallingTwiceChangesTheReportOnly)
{
    EXPECT_EXIT(
        {
            if (ki_overflow_install(report_and_return) == 0 &&
                ki_overflow_install(report_and_exit) == 0)
                overflow();
        },
        testing::ExitedWithCode(3), "overflow");
}

TEST(Overflow, UninstallPutsTheOldHandlersBack)
{
    struct sigaction before = {}, during = {}, after = {};
    struct sigaction mine = {}, kept = {};

    sigaction(SIGSEGV, nullptr, &before);
    ASSERT_EQ(0, ki_overflow_install(report_and_exit));
    sigaction(SIGSEGV, nullptr, &during);
    ki_overflow_uninstall();
    sigaction(SIGSEGV, nullptr, &after);

    EXPECT_NE(before.sa_sigaction, during.sa_sigaction);
    EXPECT_EQ(before.sa_sigaction, after.sa_sigaction);

    ASSERT_EQ(0, ki_overflow_install(report_and_exit));
    mine.sa_handler = exit_with_7;
    sigaction(SIGSEGV, &mine, nullptr);
    ki_overflow_uninstall();
    sigaction(SIGSEGV, nullptr, &kept);
    EXPECT_EQ(exit_with_7, kept.sa_handler) << "it came after ours, so it stays";
    sigaction(SIGSEGV, &before, nullptr);
}

TEST(Overflow, AThreadsSignalStackIsItsOwnToTheEnd)
{
    std::thread([] {
        ki_overflow_thread t;
        stack_t before = {}, during = {}, after = {};

        sigaltstack(nullptr, &before);
        ASSERT_EQ(0, ki_overflow_thread_init(&t));
        sigaltstack(nullptr, &during);
        EXPECT_FALSE(during.ss_flags & SS_DISABLE);
        if (!(before.ss_flags & SS_DISABLE)) {
            EXPECT_EQ(before.ss_sp, during.ss_sp) << "a sanitizer's is left alone";
        }
        ki_overflow_thread_fini(&t);
        sigaltstack(nullptr, &after);
        EXPECT_EQ(before.ss_flags, after.ss_flags);
        EXPECT_EQ(before.ss_sp, after.ss_sp);
    }).join();
}

}    // namespace
