/* SPDX-License-Identifier: Apache-2.0
 * wheel_test.cc -- the timing wheel beside a sorted map, under a clock of the test's. */
#include "tests/support/wheel_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

using namespace kt_wheel;

namespace
{

size_t
scaled(double count)
{
    const char *s = std::getenv("KITH_TEST_SCALE");
    return std::max<size_t>(1000, static_cast<size_t>(count * (s ? std::atof(s) : 1.0)));
}

std::vector<ki_timer *>
expire(ki_wheel &w, uint64_t now)
{
    std::vector<ki_timer *> all;
    for (ki_timer *t = ki_wheel_expire(&w, now); t; t = t->next)
        all.push_back(t);
    return all;
}

}    // namespace

TEST(Wheel, ExpiresWhatASortedMapDoesInTheSameOrder)    // I1..I7
{
    take_steps(scaled(1e6));
}

TEST(Wheel, FollowingItsOwnWakeUpsExpiresEachTimerAtItsDeadline)    // I6
{
    const uint64_t s = seed();
    SCOPED_TRACE("KITH_SEED=" + std::to_string(s));
    Dice dice(s);

    for (const uint64_t from : starts()) {
        SCOPED_TRACE("from " + std::to_string(from));
        Pair p(scaled(1e5) / 30, from);
        for (size_t i = 0; i < p.size(); i++)
            p.add(i, some_deadline(dice, p));

        for (uint64_t next; (next = ki_wheel_next(&p.wheel())) != UINT64_MAX;) {
            for (ki_timer *t = ki_wheel_expire(&p.wheel(), next); t; t = t->next)
                ASSERT_EQ(next, t->deadline);
        }
        EXPECT_EQ(0u, ki_wheel_len(&p.wheel()));
    }
}

TEST(Wheel, IsNeitherEarlyNorLateAtTheEdgesOfAnyLevel)    // I4, I5
{
    for (const uint64_t from : starts()) {
        for (uint64_t level = 0; level <= kLevels; level++) {
            for (const uint64_t slots : {1, 2, 62, 63, 64, 65, 127, 128}) {
                const uint64_t edge = (from / span(level) + slots) * span(level);
                for (const uint64_t deadline : {edge - 1, edge, edge + 1}) {
                    if (deadline <= from)
                        continue;
                    SCOPED_TRACE(std::to_string(from) + " to " + std::to_string(deadline));
                    ki_wheel w;
                    ki_timer t{};
                    ki_wheel_init(&w, from);
                    ki_wheel_add(&w, &t, deadline);

                    ASSERT_TRUE(sound(w));
                    ASSERT_LE(ki_wheel_next(&w), deadline);
                    ASSERT_EQ(nullptr, ki_wheel_expire(&w, deadline - 1)) << "early";
                    ASSERT_TRUE(sound(w));
                    ASSERT_EQ(deadline, ki_wheel_next(&w)) << "one tick ahead is near";
                    ASSERT_EQ(&t, ki_wheel_expire(&w, deadline)) << "late";
                    ASSERT_EQ(nullptr, t.next);
                }
            }
        }
    }
}

TEST(Wheel, WakesAtMostSevenTimesForATimerThreeYearsAhead)
{
    for (const uint64_t from : starts()) {
        SCOPED_TRACE("from " + std::to_string(from));
        ki_wheel w;
        ki_timer t{};
        ki_wheel_init(&w, from);
        ki_wheel_add(&w, &t, from + kThreeYears);

        unsigned wakes = 0;
        for (bool got = false; !got; wakes++) {
            ASSERT_LT(wakes, 7u);
            const uint64_t next = ki_wheel_next(&w);
            got = ki_wheel_expire(&w, next) == &t;
            ASSERT_EQ(got, next == from + kThreeYears);
        }
    }
}

TEST(Wheel, KeepsTheOrderOfAddingWithinATickFromAnyDistance)    // I2, I5
{
    for (const uint64_t from : starts()) {
        SCOPED_TRACE("from " + std::to_string(from));
        const uint64_t deadline = from + 3 * kThreeYears + 4321;
        std::vector<ki_timer> timers(400);
        size_t n = 0;
        ki_wheel w;
        ki_wheel_init(&w, from);

        /* Two for the same tick at each step of an approach that takes every level. */
        for (uint64_t away = deadline - from; n < timers.size(); away -= away / 10 + 1) {
            ASSERT_TRUE(expire(w, deadline - away).empty());
            ki_wheel_add(&w, &timers[n++], deadline);
            ki_wheel_add(&w, &timers[n++], deadline);
            ASSERT_TRUE(sound(w));
            if (away == 0)
                break;
        }

        const std::vector<ki_timer *> got = expire(w, deadline + 1);
        ASSERT_EQ(n, got.size());
        for (size_t i = 0; i < n; i++)
            ASSERT_EQ(&timers[i], got[i]) << "place " << i;
    }
}

TEST(Wheel, JumpsAnyDistanceWithoutWalkingWhatIsEmpty)
{
    ki_wheel w;
    ki_wheel_init(&w, 0);

    for (uint64_t i = 0; i < 100'000; i++) {
        ki_timer t[2]{};
        const uint64_t from = ki_wheel_now(&w);
        ki_wheel_add(&w, &t[0], from + kThreeYears);
        ki_wheel_add(&w, &t[1], from + 1);

        const std::vector<ki_timer *> got = expire(w, from + kThreeYears + i);
        ASSERT_EQ((std::vector<ki_timer *>{&t[1], &t[0]}), got);
    }
}

TEST(Wheel, CountsAPastDeadlineAsNow)    // I4
{
    ki_wheel w;
    ki_timer t[4]{};
    ki_wheel_init(&w, 1000);

    ki_wheel_add(&w, &t[0], 1001);
    ki_wheel_add(&w, &t[1], 1000);
    ki_wheel_add(&w, &t[2], 5);
    ki_wheel_add(&w, &t[3], 0);

    EXPECT_TRUE(sound(w));
    EXPECT_EQ(1000u, ki_wheel_next(&w));
    EXPECT_EQ((std::vector<ki_timer *>{&t[1], &t[2], &t[3]}), expire(w, 1000));
    EXPECT_EQ(1000u, t[3].deadline);
    EXPECT_EQ((std::vector<ki_timer *>{&t[0]}), expire(w, 1001));
}

TEST(Wheel, RemovesOnceAndNeverWhatExpired)    // I3, I7
{
    ki_wheel w;
    ki_timer a{}, b{};
    ki_wheel_init(&w, 7);
    EXPECT_FALSE(ki_wheel_remove(&w, &a)) << "zeroed is not armed";

    ki_wheel_add(&w, &a, 90);
    ki_wheel_add(&w, &b, 90);
    EXPECT_EQ(2u, ki_wheel_len(&w));
    EXPECT_TRUE(ki_wheel_remove(&w, &a));
    EXPECT_FALSE(ki_wheel_remove(&w, &a));
    EXPECT_EQ(1u, ki_wheel_len(&w));

    EXPECT_EQ((std::vector<ki_timer *>{&b}), expire(w, 90));
    EXPECT_FALSE(ki_wheel_remove(&w, &b));
    EXPECT_EQ(0u, ki_wheel_len(&w));
    EXPECT_EQ(UINT64_MAX, ki_wheel_next(&w));
}

TEST(Wheel, TakesAnExpiredTimerAgainWhileItsListIsWalked)
{
    ki_wheel w;
    std::vector<ki_timer> timers(100);
    ki_wheel_init(&w, 0);
    for (size_t i = 0; i < timers.size(); i++)
        ki_wheel_add(&w, &timers[i], i % 3);

    size_t n = 0;
    for (ki_timer *t = ki_wheel_expire(&w, 10), *next; t; t = next, n++) {
        next = t->next;
        ki_wheel_add(&w, t, 10 + n % 2);
    }

    EXPECT_EQ(timers.size(), n);
    EXPECT_TRUE(sound(w));
    EXPECT_EQ(50u, expire(w, 10).size());
    EXPECT_EQ(50u, expire(w, 11).size());
}

TEST(Wheel, StandsStillWhenTheClockGoesBack)    // I4
{
    ki_wheel w;
    ki_timer due{}, later{};
    ki_wheel_init(&w, 5000);
    ki_wheel_add(&w, &due, 5000);
    ki_wheel_add(&w, &later, 5001);

    EXPECT_EQ((std::vector<ki_timer *>{&due}), expire(w, 10));
    EXPECT_EQ(5000u, ki_wheel_now(&w));
    EXPECT_EQ(5001u, ki_wheel_next(&w));
    EXPECT_TRUE(sound(w));
}

TEST(Wheel, LeavesTheCallersFieldsAlone)
{
    ki_wheel w;
    ki_timer t{};
    t.base = 201;
    ki_wheel_init(&w, 0);

    ki_wheel_add(&w, &t, 100'000);
    ASSERT_TRUE(expire(w, 99'999).empty());
    ASSERT_TRUE(ki_wheel_remove(&w, &t));
    ki_wheel_add(&w, &t, 100'001);
    ASSERT_EQ(1u, expire(w, 200'000).size());

    EXPECT_EQ(201, t.base);
}

TEST(Wheel, HoldsAMillionTimersOfOneSecond)
{
    const uint64_t s = seed();
    SCOPED_TRACE("KITH_SEED=" + std::to_string(s));
    Dice dice(s);
    Pair p(scaled(1e6), 123'456'789);
    for (size_t i = 0; i < p.size(); i++)
        p.add(i, p.now() + 1 + dice.below(1000));
    ASSERT_TRUE(sound(p.wheel()));

    const uint64_t end = p.now() + 1000;
    while (p.now() < end)
        ASSERT_NO_FATAL_FAILURE(p.expire_to(std::min(end, p.now() + dice.below(80))));

    EXPECT_EQ(p.size(), p.expired());
}

/* Whoever trusts ki_wheel_check must know that it can say no. */
class WheelCheck : public ::testing::Test {
  protected:
    void SetUp() override
    {
        ki_wheel_init(&w, 100);
        for (size_t i = 0; i < 3; i++)
            ki_wheel_add(&w, &t[i], 5000);
        ki_wheel_add(&w, &t[3], 101);
        ASSERT_TRUE(sound(w));
    }

    std::string fault()
    {
        const char *why = "none";
        ki_wheel_check(&w, &why);
        return std::string(why).substr(0, 2);
    }

    ki_wheel w;
    ki_timer t[4]{};
};

TEST_F(WheelCheck, SeesABitWithoutTimers)    // I1
{
    w.map[3] |= 4;
    EXPECT_EQ("I1", fault());
}

TEST_F(WheelCheck, SeesTimersWithoutABit)    // I1
{
    w.map[t[0].level] = 0;
    EXPECT_EQ("I1", fault());
}

TEST_F(WheelCheck, SeesALooseLink)    // I2
{
    t[1].next = &t[0];
    EXPECT_EQ("I2", fault());
}

TEST_F(WheelCheck, SeesATimerThatDeniesItsPlace)    // I3
{
    t[1].armed = 0;
    EXPECT_EQ("I3", fault());
    t[1].armed = 1;
    t[1].slot++;
    EXPECT_EQ("I3", fault());
}

TEST_F(WheelCheck, SeesADeadlinePassedOver)    // I4
{
    w.now = 102;
    EXPECT_EQ("I4", fault());
}

TEST_F(WheelCheck, SeesATimerInTheWrongSlot)    // I5
{
    t[2].deadline += span(t[2].level);
    EXPECT_EQ("I5", fault());
}

TEST_F(WheelCheck, SeesAWrongCount)    // I7
{
    w.len++;
    EXPECT_EQ("I7", fault());
    w.len -= 2;
    EXPECT_EQ("I7", fault());
}
