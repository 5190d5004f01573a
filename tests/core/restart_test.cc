/* SPDX-License-Identifier: Apache-2.0
 * restart_test.cc -- what a supervisor decides: the whole table, and time against a naive model. */
#include "actors/restart.h"

#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace
{

kith_reason
reason(int kind)
{
    return {kind, 0, ""};
}

/* A window with its memory. */
class Window {
  public:
    Window(std::size_t intensity, kith_ms period) : at_(intensity)
    {
        w_.at = at_.data();
        w_.cap = intensity;
        w_.period = period;
    }

    operator ki_restart_window *()
    {
        return &w_;
    }

  private:
    std::vector<kith_ms> at_;
    ki_restart_window w_ = {};
};

const std::vector<int> strategies = {KITH_ONE_FOR_ONE, KITH_ONE_FOR_ALL, KITH_REST_FOR_ONE,
                                     KITH_SIMPLE_ONE_FOR_ONE};
const std::vector<int> types = {KITH_PERMANENT, KITH_TRANSIENT, KITH_TEMPORARY};
const std::vector<int> reasons = {KITH_NORMAL, KITH_SHUTDOWN,     KITH_KILL,  KITH_KILLED,
                                  KITH_NOPROC, KITH_NOCONNECTION, KITH_ERROR, KITH_USER};
const std::vector<int> shutdowns = {KITH_AUTO_SHUTDOWN_NEVER, KITH_AUTO_SHUTDOWN_ANY,
                                    KITH_AUTO_SHUTDOWN_ALL};

/* The table once more, in Erlang's words (supervisor:do_restart, restart, do_auto_shutdown). */
ki_restart
expected(const ki_restart_case &c)
{
    const bool quiet = c.why.kind == KITH_NORMAL || c.why.kind == KITH_SHUTDOWN;

    if (c.restart == KITH_PERMANENT || (c.restart == KITH_TRANSIENT && !quiet)) {
        static const ki_restart by_strategy[] = {KI_RESTART_ONE, KI_RESTART_ALL,
                                                 KI_RESTART_REST, KI_RESTART_ONE};
        return by_strategy[c.strategy];
    }
    if (c.significant && c.auto_shutdown == KITH_AUTO_SHUTDOWN_ANY)
        return KI_RESTART_SHUT_DOWN;
    if (c.significant && c.auto_shutdown == KITH_AUTO_SHUTDOWN_ALL && !c.others_significant)
        return KI_RESTART_SHUT_DOWN;
    if (c.strategy == KITH_SIMPLE_ONE_FOR_ONE || c.restart == KITH_TEMPORARY)
        return KI_RESTART_DELETE;
    return KI_RESTART_KEEP;
}

template <typename F>
void
each_case(F f)
{
    for (const int strategy : strategies)
        for (const int type : types)
            for (const int why : reasons)
                for (const int shutdown : shutdowns)
                    for (int bits = 0; bits < 4; bits++)
                        f(ki_restart_case{strategy, type, shutdown, (bits & 1) != 0,
                                          (bits & 2) != 0, reason(why)});
}

std::string
text_of(const ki_restart_case &c)
{
    return "strategy " + std::to_string(c.strategy) + " type " + std::to_string(c.restart) +
           " reason " + std::to_string(c.why.kind) + " auto_shutdown " +
           std::to_string(c.auto_shutdown) + (c.significant ? " significant" : "") +
           (c.others_significant ? " with others" : "");
}

TEST(Restart, DecidesByStrategyTypeReasonAndSignificance)
{
    int n = 0;

    each_case([&](const ki_restart_case &c) {
        Window w(1, 1000);

        EXPECT_EQ(expected(c), ki_restart_decide(&c, w, 5)) << text_of(c);
        n++;
    });
    EXPECT_EQ(4 * 3 * 8 * 3 * 4, n);
}

TEST(Restart, OfIntensityZeroTheFirstIsTooMany)
{
    each_case([&](const ki_restart_case &c) {
        Window w(0, 1000);
        const ki_restart e = expected(c);
        const bool restarts =
            e == KI_RESTART_ONE || e == KI_RESTART_ALL || e == KI_RESTART_REST;

        EXPECT_EQ(restarts ? KI_RESTART_GIVE_UP : e, ki_restart_decide(&c, w, 5))
            << text_of(c);
    });
}

TEST(Restart, OnlyRestartsCount)
{
    Window w(1, 1000);

    each_case([&](const ki_restart_case &c) {
        const ki_restart e = expected(c);

        if (e != KI_RESTART_ONE && e != KI_RESTART_ALL && e != KI_RESTART_REST) {
            EXPECT_EQ(e, ki_restart_decide(&c, w, 5)) << text_of(c);
        }
    });
    EXPECT_TRUE(ki_restart_count(w, 5)) << "none of these has";
    EXPECT_FALSE(ki_restart_count(w, 5));
}

TEST(Restart, AFailedOneCountsAndConcernsTheSame)
{
    static const ki_restart by_strategy[] = {KI_RESTART_ONE, KI_RESTART_ALL,
                                             KI_RESTART_REST, KI_RESTART_ONE};

    for (const int strategy : strategies) {
        Window w(3, 1000);

        for (int i = 0; i < 3; i++)
            EXPECT_EQ(by_strategy[strategy], ki_restart_again(strategy, w, i));
        EXPECT_EQ(KI_RESTART_GIVE_UP, ki_restart_again(strategy, w, 3));
    }
}

TEST(Restart, ThePeriodIncludesItsLastMoment)
{
    Window w(2, 1000);

    EXPECT_TRUE(ki_restart_count(w, 0));
    EXPECT_TRUE(ki_restart_count(w, 10));
    EXPECT_FALSE(ki_restart_count(w, 1000)) << "0, 10 and 1000 lie within 1000";
    EXPECT_TRUE(ki_restart_count(w, 1001)) << "10 and 1001 do, and are two";
    EXPECT_FALSE(ki_restart_count(w, 1010));
    EXPECT_TRUE(ki_restart_count(w, 1011));
}

TEST(Restart, AsManyAsInAPeriodAgainstAModelThatRemembersAll)
{
    std::mt19937_64 rng = kt_rng();
    const std::size_t rounds = kt_scale(2000);

    for (std::size_t round = 0; round < rounds; round++) {
        const std::size_t intensity = rng() % 8;
        const kith_ms period = 1 + static_cast<kith_ms>(rng() % 50);
        std::vector<kith_ms> all;
        Window w(intensity, period);
        kith_ms now = static_cast<kith_ms>(rng() % 100);

        for (int i = 0; i < 100; i++) {
            now += static_cast<kith_ms>(rng() % 12);
            const auto recent = std::count_if(all.begin(), all.end(),
                                              [&](kith_ms t) { return t >= now - period; });
            const bool may = static_cast<std::size_t>(recent) + 1 <= intensity;

            ASSERT_EQ(may, ki_restart_count(w, now))
                << "intensity " << intensity << " period " << period << " at " << now;
            if (may)
                all.push_back(now);
        }
    }
}

TEST(Restart, WhatIsExpectedOfOneThatIsEnded)
{
    for (const int type : types)
        for (const int kind : reasons)
            for (const bool brutal : {false, true}) {
                const bool quiet = kind == KITH_NORMAL || kind == KITH_SHUTDOWN;
                const bool well = kind == (brutal ? KITH_KILLED : KITH_SHUTDOWN) ||
                                  (type != KITH_PERMANENT && quiet);

                EXPECT_EQ(well, ki_restart_ended_well(type, brutal, reason(kind)))
                    << "type " << type << " kind " << kind << " brutal " << brutal;
            }
}

}    // namespace
