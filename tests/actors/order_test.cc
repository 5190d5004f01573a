/* SPDX-License-Identifier: Apache-2.0
 * order_test.cc -- whatever a crowd does, signals come in order, once, and not too late. */
#include "tests/support/order.h"

#include "tests/support/runtime.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <unistd.h>

namespace
{

using Order = kt_runtime;

TEST_F(Order, OfAllThatACrowdSignalsHolds)
{
    const kt_order_result r =
        kt_order_run({.seed = kt_seed(), .members = 40, .signals = kt_scale(200'000)});

    std::printf("%s\n", r.summary.c_str());
    EXPECT_EQ("", r.faults);
    EXPECT_GE(r.done, kt_scale(200'000));
    EXPECT_TRUE(r.all_kinds) << r.summary;
}

/* A run by one worker under a clock that only the crowd moves, in a program of its own: pids are
 * the same then. It leaves its trace in a file. */
void
replay(const char *file)
{
    const kt_env one("KITH_WORKERS", "1");
    kt_virtual_clock clock;

    if (kith_start(nullptr) != 0)
        std::exit(1);
    const kt_order_result r = kt_order_run(
        {.seed = kt_seed(), .members = 40, .signals = kt_scale(100'000), .clock = &clock});
    std::ofstream(file) << r.trace << " " << r.done << " " << r.faults << "\n";
    std::exit(r.faults.empty() && kith_stop(0, kt_patience(1000)) == 0 ? 0 : 1);
}

std::string
trace_of_a_run(const char *file)
{
    std::string line;

    EXPECT_EXIT(replay(file), testing::ExitedWithCode(0), "");
    std::ifstream in(file);
    std::getline(in, line);
    unlink(file);
    return line;
}

TEST(OrderDeathTest, OneSeedOnOneWorkerReplaysStepByStep)
{
    /* The programs that are started run this test up to the call in question: they find both. */
    if (std::getenv("KITH_TEST_TRACE") == nullptr) {
        const std::string file =
            testing::TempDir() + "kith-trace-" + std::to_string(getpid());
        setenv("KITH_TEST_TRACE", file.c_str(), 1);
    }
    const std::string file = std::getenv("KITH_TEST_TRACE");
    const std::string seed = std::to_string(kt_seed());
    std::string first, again, other;
    {
        const kt_env same("KITH_SEED", seed.c_str());
        first = trace_of_a_run(file.c_str());
        again = trace_of_a_run(file.c_str());
    }
    {
        const kt_env another("KITH_SEED", "1");
        other = trace_of_a_run(file.c_str());
    }
    EXPECT_NE("", first);
    EXPECT_EQ(first, again);
    EXPECT_NE(first, other);
    unsetenv("KITH_TEST_TRACE");
}

}    // namespace
