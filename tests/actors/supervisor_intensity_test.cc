/* SPDX-License-Identifier: Apache-2.0
 * supervisor_intensity_test.cc -- restarts go exactly to the limit and stop one beyond, under a
 * clock that moves when the test says so. */
#include "tests/support/family.h"
#include "tests/support/virtual_clock.h"

#include <optional>

namespace
{

enum { INTENSITY = 5, PERIOD_MS = 1000 };

/* Its time stands still unless it is moved. */
class SupervisorIntensity : public kt_family_test, public testing::WithParamInterface<int> {
  protected:
    void SetUp() override
    {
        clock_.emplace();
        kt_family_test::SetUp();
    }

    void TearDown() override
    {
        kt_family_test::TearDown();
        clock_.reset();
    }

    /* A supervisor whose second child is the one that dies. */
    void start(int intensity = INTENSITY)
    {
        const bool simple = GetParam() == KITH_SIMPLE_ONE_FOR_ONE;

        f_.emplace(GetParam(), intensity);
        f_->as().period = PERIOD_MS;
        if (simple) {
            f_->add("pattern", KT_FAILS);
        } else {
            f_->add("a", KT_ACKS).add("b", KT_FAILS).add("c", KT_ACKS);
        }
        ASSERT_EQ(0, f_->start());
        if (simple) {
            ASSERT_EQ(0, kith_supervisor_start_dynamic(f_->sup(), nullptr, 0, &victim_));
        } else {
            victim_ = f_->pid("b");
        }
    }

    kith_pid present()
    {
        kith_child_info info;

        if (GetParam() != KITH_SIMPLE_ONE_FOR_ONE)
            return f_->pid("b");
        return kith_supervisor_which_children(f_->sup(), &info, 1) == 1 ? info.pid
                                                                        : kith_pid{0};
    }

    /* It dies; true: it was restarted, and all the others are there. */
    bool dies_and_comes_back()
    {
        const std::size_t all = GetParam() == KITH_SIMPLE_ONE_FOR_ONE ? 1 : 3;
        const kith_pid before = victim_;
        kith_child_counts n;

        kt_die(before, KT_CRASH);
        EXPECT_TRUE(kt_until([&] {
            victim_ = present();
            return victim_.id != 0 && victim_.id != before.id;
        }));
        EXPECT_EQ(0, kith_supervisor_count_children(f_->sup(), &n));
        return n.active == all;
    }

    void dies_once_too_often()
    {
        kt_die(victim_, KT_CRASH);
        EXPECT_EQ(KITH_SHUTDOWN, f_->end().kind);
        EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    }

    std::optional<kt_virtual_clock> clock_;
    std::optional<kt_family> f_;
    kith_pid victim_ = {0};
};

std::string
strategy_name(const testing::TestParamInfo<int> &p)
{
    static const char *const names[] = {"OneForOne", "OneForAll", "RestForOne",
                                        "SimpleOneForOne"};

    return names[p.param];
}

INSTANTIATE_TEST_SUITE_P(, SupervisorIntensity,
                         testing::Values(KITH_ONE_FOR_ONE, KITH_ONE_FOR_ALL,
                                         KITH_REST_FOR_ONE, KITH_SIMPLE_ONE_FOR_ONE),
                         strategy_name);

TEST_P(SupervisorIntensity, AsManyAsAllowedAtOnceAndNotOneMore)
{
    for (const int intensity : {0, 1, 2, 10}) {
        start(intensity);
        for (int i = 0; i < intensity; i++)
            ASSERT_TRUE(dies_and_comes_back()) << "death " << i + 1 << " of " << intensity;
        dies_once_too_often();
    }
}

TEST_P(SupervisorIntensity, AtJustLessThanTheLimitItGoesOnForEver)
{
    const int n = static_cast<int>(kt_scale(100));

    start();
    /* 6 restarts each 201 ms lie within 1005: 5 in any period. */
    for (int i = 0; i < n; i++) {
        ASSERT_TRUE(dies_and_comes_back()) << "death " << i + 1;
        clock_->advance_ms(PERIOD_MS / INTENSITY + 1);
    }
    f_->stop();
}

TEST_P(SupervisorIntensity, AtTheLimitTheNextInThePeriodEndsIt)
{
    start();
    /* Each 200 ms: the first and the sixth lie within 1000. */
    for (int i = 0; i < INTENSITY; i++) {
        ASSERT_TRUE(dies_and_comes_back()) << "death " << i + 1;
        clock_->advance_ms(PERIOD_MS / INTENSITY);
    }
    dies_once_too_often();
}

TEST_P(SupervisorIntensity, WhatIsOlderThanThePeriodIsForgotten)
{
    start();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < INTENSITY; i++)
            ASSERT_TRUE(dies_and_comes_back()) << "round " << round << " death " << i + 1;
        clock_->advance_ms(PERIOD_MS + 1);
    }
    for (int i = 0; i < INTENSITY; i++)
        ASSERT_TRUE(dies_and_comes_back());
    clock_->advance_ms(PERIOD_MS);
    dies_once_too_often();
}

TEST_P(SupervisorIntensity, FailedRestartsCountLikeOthers)
{
    start();
    ASSERT_TRUE(dies_and_comes_back());
    (void) kt_parts.take();
    kt_part_fails = true;
    dies_once_too_often();    // one death, and then it does not start any more
    kt_part_fails = false;

    const std::string text = kt_parts.take(),
                      mark = GetParam() == KITH_SIMPLE_ONE_FOR_ONE ? "+pattern" : "+b";
    int tries = 0;
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1))
        tries++;
    EXPECT_EQ(INTENSITY - 1, tries) << text;
}

}    // namespace
