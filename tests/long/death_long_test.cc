/* SPDX-License-Identifier: Apache-2.0
 * death_long_test.cc -- deaths by the million. */
#include "tests/support/deaths.h"

#include <algorithm>
#include <cstdio>

namespace
{

using DeathScaleLong = kt_deaths;

/* A process that waits costs its record, some 1 KiB, its link, and what it has touched of its stack.
 * On a machine that cannot hold a million of them in two thirds of its free memory, as many as can. */
TEST_F(DeathScaleLong, AMillionProcessesInChainsFallFromOneEnd)
{
    constexpr std::size_t each = 12 * 1024, length = 1000;
    const std::size_t n =
        std::min(kt_procs(1'000'000), kt_memory() / 3 * 2 / each) / length * length;

    std::printf("%zu processes in chains of %zu\n", n, length);
    ASSERT_GE(n, length);
    chains_fall(n, length);
}

TEST_F(DeathScaleLong, OneChainOfAllFallsFromOneEnd)
{
    const std::size_t n = std::min(kt_procs(200'000), kt_memory() / 2 / 12 / 1024);

    chains_fall(n, n);
}

TEST_F(DeathScaleLong, AHundredLinksAndMonitorsOnEachOfTenThousandAreHeard)
{
    all_are_heard(kt_procs(10'000), 100);
}

}    // namespace
