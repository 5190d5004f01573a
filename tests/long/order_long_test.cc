/* SPDX-License-Identifier: Apache-2.0
 * order_long_test.cc -- ten million signals between a thousand processes on four workers. */
#include "tests/support/order.h"

#include "tests/support/runtime.h"

#include <cstdio>

namespace
{

TEST(OrderLong, OfTenMillionSignalsNoneBreaksIt)
{
    const kt_env four("KITH_WORKERS", "4");
    const std::uint64_t signals = kt_scale(10'000'000);

    ASSERT_EQ(0, kith_start(nullptr));
    const kt_order_result r =
        kt_order_run({.seed = kt_seed(), .members = 1000, .signals = signals});
    std::printf("%llu signals: %s\n", static_cast<unsigned long long>(r.done),
                r.summary.c_str());
    EXPECT_EQ("", r.faults);
    EXPECT_GE(r.done, signals);
    EXPECT_TRUE(r.all_kinds) << r.summary;
    EXPECT_EQ(0, kith_stop(0, kt_patience(1000)));
}

}    // namespace
