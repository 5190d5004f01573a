/* SPDX-License-Identifier: Apache-2.0
 * wheel_model.h -- the timing wheel beside a sorted map, for its tests: the short and the long.
 *
 *   using namespace kt_wheel;
 *   TEST(Wheel, Promise) { take_steps(1'000'000); } */
#ifndef KT_WHEEL_MODEL_H
#define KT_WHEEL_MODEL_H

#include "core/wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace kt_wheel
{

inline constexpr uint64_t kLevels = KI_WHEEL_LEVELS;
inline constexpr uint64_t kReach = UINT64_C(1) << (KI_WHEEL_BITS * KI_WHEEL_LEVELS);
inline constexpr uint64_t kThreeYears =
    UINT64_C(3) * 366 * 24 * 3600 * 1000; /* 9.5e10 > kReach */
static_assert(kThreeYears > kReach);

inline uint64_t
span(uint64_t level)
{
    return UINT64_C(1) << (KI_WHEEL_BITS * level);
}

inline uint64_t
seed()
{
    if (const char *s = std::getenv("KITH_SEED"))
        return std::strtoull(s, nullptr, 0);
    return std::random_device{}();
}

/* Draws that a seed replays on every standard library. */
class Dice {
  public:
    explicit Dice(uint64_t seed) : engine_(seed)
    {
    }

    uint64_t below(uint64_t n)
    {
        return engine_() % n;
    }

    bool one_in(uint64_t n)
    {
        return below(n) == 0;
    }

    /* 1..max, each order of magnitude as likely as any other. */
    uint64_t of_any_size(uint64_t max)
    {
        const uint64_t bits = 1 + below(static_cast<uint64_t>(64 - __builtin_clzll(max)));
        return std::min(max, 1 + (engine_() >> (64 - bits)));
    }

  private:
    std::mt19937_64 engine_;
};

/* A tick worth starting at: 0, the edges of each level, the middle of nowhere. */
inline std::vector<uint64_t>
starts()
{
    std::vector<uint64_t> all{0, 1, 1'700'000'000'000, kReach * 5 + 12345};
    all.push_back(UINT64_C(1) << 62);
    for (uint64_t level = 1; level <= kLevels; level++)
        for (uint64_t at : {span(level), 63 * span(level), kReach * 3 + 7 * span(level)})
            all.insert(all.end(), {at - 1, at, at + 1});
    return all;
}

inline ::testing::AssertionResult
sound(const ki_wheel &w)
{
    const char *why = "";
    if (ki_wheel_check(&w, &why))
        return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << why;
}

/* The wheel and, beside it, the plainest thing that does the same: a map from deadline to
 * timer, which keeps equal keys in the order they came. Every step compares the two. */
class Pair {
  public:
    Pair(size_t n, uint64_t now) : timers_(n)
    {
        ki_wheel_init(&w_, now);
    }

    ki_wheel &wheel()
    {
        return w_;
    }

    size_t size() const
    {
        return timers_.size();
    }

    uint64_t now() const
    {
        return ki_wheel_now(&w_);
    }

    uint64_t earliest() const
    {
        return sorted_.empty() ? UINT64_MAX : sorted_.begin()->first;
    }

    bool armed(size_t i) const
    {
        return timers_[i].t.armed;
    }

    void add(size_t i, uint64_t deadline)
    {
        Entry &e = timers_[i];
        ki_wheel_add(&w_, &e.t, deadline);
        e.at = sorted_.emplace(std::max(deadline, now()), &e);
    }

    void remove(size_t i)
    {
        Entry &e = timers_[i];
        const bool was = e.t.armed;
        ASSERT_EQ(was, ki_wheel_remove(&w_, &e.t));
        ASSERT_FALSE(e.t.armed);
        if (was)
            sorted_.erase(e.at);
    }

    /* Moves the clock: exactly what is due, neither early nor late, in the map's order. */
    void expire_to(uint64_t to)
    {
        const uint64_t at = std::max(to, now());

        for (ki_timer *t = ki_wheel_expire(&w_, to), *next; t; t = next) {
            next = t->next;
            ASSERT_FALSE(sorted_.empty());
            auto first = sorted_.begin();
            ASSERT_LE(t->deadline, at) << "early";
            ASSERT_EQ(first->first, t->deadline) << "out of order";
            ASSERT_EQ(&first->second->t, t) << "equal deadlines, but not as added";
            ASSERT_FALSE(t->armed);
            sorted_.erase(first);
            expired_++;
        }
        ASSERT_GT(earliest(), at) << "late";
        ASSERT_EQ(at, now());
    }

    void compare() const
    {
        const uint64_t next = ki_wheel_next(&w_);
        ASSERT_EQ(sorted_.size(), ki_wheel_len(&w_));
        ASSERT_LE(next, earliest());
        ASSERT_EQ(sorted_.empty(), next == UINT64_MAX);
        if (earliest() / span(1) == now() / span(1)) {
            ASSERT_EQ(earliest(), next) << "what is near is known exactly";
        }
    }

    size_t expired() const
    {
        return expired_;
    }

  private:
    struct Entry;
    using Sorted = std::multimap<uint64_t, Entry *>;
    struct Entry {
        ki_timer t{};
        Sorted::iterator at{};
    };

    ki_wheel w_;
    std::vector<Entry> timers_;
    Sorted sorted_;
    size_t expired_ = 0;
};

/* A deadline from 1 tick to 3 years ahead, half of them at the edge of a slot or a tick
 * beside it, some where another timer is already. */
inline uint64_t
some_deadline(Dice &dice, const Pair &p)
{
    const uint64_t away = dice.of_any_size(kThreeYears);

    switch (dice.below(8)) {
    case 0:
    case 1:
    case 2: { /* an edge of some level, absolute */
        const uint64_t width = span(dice.below(kLevels + 1));
        return std::max(width, (p.now() + away) / width * width) - 1 + dice.below(3);
    }
    case 3: /* the span of a level away */
        return p.now() + span(dice.below(kLevels + 1)) - 1 + dice.below(3);
    case 4:
        return p.earliest() == UINT64_MAX ? p.now() : p.earliest();
    default:
        return p.now() + away;
    }
}

/* Where to move the clock: mostly by little, and to the ticks where something happens. */
inline uint64_t
some_time(Dice &dice, Pair &p)
{
    switch (dice.below(8)) {
    case 0:
        return std::min(ki_wheel_next(&p.wheel()), p.now() + kThreeYears);
    case 1:
        return std::min(p.earliest(), p.now() + kThreeYears) - dice.below(2);
    case 2:
        return p.now() - std::min(p.now(), dice.below(3));
    case 3:
        return p.now() + span(dice.below(kLevels)) - 1 + dice.below(3);
    case 4:
        return p.now() + dice.of_any_size(2 * kThreeYears);
    default:
        return p.now() + dice.of_any_size(100'000);
    }
}

/* Random steps of a wheel beside a map. */
inline void
take_steps(size_t steps)
{
    const uint64_t s = seed();
    SCOPED_TRACE("KITH_SEED=" + std::to_string(s));
    Dice dice(s);
    const std::vector<uint64_t> from = starts();
    Pair p(3000, from[dice.below(from.size())]);

    for (size_t op = 0; op < steps; op++) {
        const size_t i = dice.below(p.size());

        if (dice.one_in(16)) {
            ASSERT_NO_FATAL_FAILURE(p.expire_to(some_time(dice, p)));
        } else if (!p.armed(i)) {
            p.add(i, some_deadline(dice, p));
        } else {
            ASSERT_NO_FATAL_FAILURE(p.remove(i));
            if (dice.one_in(2)) /* moved, not cancelled */
                p.add(i, some_deadline(dice, p));
        }
        ASSERT_NO_FATAL_FAILURE(p.compare()) << "op " << op;
        if (op % 500 == 0) {
            ASSERT_TRUE(sound(p.wheel())) << "op " << op;
        }
    }

    ASSERT_NO_FATAL_FAILURE(p.expire_to(p.now() + 2 * kThreeYears));
    ASSERT_NO_FATAL_FAILURE(p.compare());
    EXPECT_EQ(0u, ki_wheel_len(&p.wheel()));
    EXPECT_GT(p.expired(), 1000u / 16) << "the mix of operations should let timers expire";
}

}    // namespace kt_wheel

#endif
