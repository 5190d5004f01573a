/* SPDX-License-Identifier: Apache-2.0
 * soon_test.cc -- a moment for deadlines: never before the present, little after, never back. */
#include "core/soon.h"

#include "tests/support/support.h"
#include "tests/support/virtual_clock.h"

#include <gtest/gtest.h>

namespace
{

uint64_t cycles, reads;
uint64_t (*clock_below)();

/* A clock that counts how often it is read, and a counter, both moved by hand. */
class Soon : public testing::Test {
  protected:
    void SetUp() override
    {
        cycles = 1'000'000;
        reads = 0;
        clock_below = ki_seam.now_ns;
        ki_seam.now_ns = [] { return reads++, clock_below(); };
        ki_seam.cycles = [] { return cycles; };
    }

    void TearDown() override
    {
        ki_seam.now_ns = clock_below;
    }

    kt_virtual_clock clock{UINT64_C(5'000'300'000)};
    ki_soon soon = {};
};

}    // namespace

TEST_F(Soon, IsNeverBeforeThePresentNorFarAfterItNorGoesBack)    // I1 I2
{
    std::mt19937_64 rng = kt_rng();
    uint64_t last = 0;

    for (std::size_t i = 0; i < kt_scale(1'000'000); i++) {
        /* Counters of 0.5 to 5 GHz. */
        const uint64_t ns = rng() % (rng() % 8 ? 500 : 50'000);
        clock.advance_ns(ns);
        cycles += ns / 2 + 1 + rng() % (ns * 5 + 1);

        const uint64_t told = ki_soon_ns(&soon);
        ASSERT_GE(told, clock.now_ns());
        ASSERT_LE(told, clock.now_ns() + KI_SOON_NS);
        ASSERT_GE(told, last);
        last = told;
    }
}

TEST_F(Soon, AsksTheClockOncePerStretchOfCycles)
{
    for (int i = 0; i < 4 * KI_SOON_CYCLES / 64; i++, cycles += 64)
        (void) ki_soon_ns(&soon);

    EXPECT_EQ(4u, reads);
}

TEST_F(Soon, AsksAnewWhenTheCounterGoesBack)
{
    (void) ki_soon_ns(&soon);
    cycles -= 1;
    (void) ki_soon_ns(&soon);
    EXPECT_EQ(2u, reads);
}

TEST_F(Soon, IsThePresentWithoutACounter)
{
    cycles = 0;
    for (uint64_t i = 1; i <= 10; i++) {
        clock.advance_ns(1);
        EXPECT_EQ(clock.now_ns(), ki_soon_ns(&soon));
        EXPECT_EQ(i, reads);
    }
}

TEST(SoonReal, HoldsBesideTheSystemsClock)    // I1
{
    ki_soon soon = {};

    for (std::size_t i = 0; i < kt_scale(300'000); i++) {
        const uint64_t before = ki_now_ns();
        const uint64_t told = ki_soon_ns(&soon);
        ASSERT_GE(told, before);
        ASSERT_LE(told, ki_now_ns() + KI_SOON_NS);
    }
}
