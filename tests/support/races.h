/* SPDX-License-Identifier: Apache-2.0
 * races.h -- the four races of an operation's completion: with a cancel, its timeout, a close,
 * and the caller's death.
 *
 *   using SocketRaces = kt_races;
 *   TEST_F(SocketRaces, Promise) { cancel_against_completion(kt_scale(100000)); }
 *
 * Each fails the test when a byte is lost or an answer comes twice, and when it was no race: at
 * least 5 % of the rounds have to end on each side, one under a sanitizer. */
#ifndef KT_RACES_H
#define KT_RACES_H

#include "tests/support/sockets.h"

#include <algorithm>
#include <atomic>
#include <functional>

/* How long the ender acts after the sender, in nanoseconds (less than 0: before it). After each
 * round it moves a random step to where the other would have won, so that both do about equally
 * often, however long messages and wakes take here. */
class kt_aim {
  public:
    explicit kt_aim(std::uint64_t seed, std::int64_t step_ns = 2000)
        : rng_(seed), step_ns_(step_ns)
    {
    }

    std::int64_t ns() const
    {
        return ns_;
    }

    /* When each acts, from `begin` on. */
    std::int64_t sender_at(std::int64_t begin) const
    {
        return begin + std::max<std::int64_t>(0, -ns_);
    }

    std::int64_t ender_at(std::int64_t begin) const
    {
        return begin + std::max<std::int64_t>(0, ns_);
    }

    void moves(bool completed)
    {
        const auto step =
            static_cast<std::int64_t>(rng_() % static_cast<std::uint64_t>(step_ns_));

        ns_ = std::clamp(ns_ + (completed ? -step : step), -most_ns, most_ns);
    }

  private:
    static constexpr std::int64_t most_ns = 2'000'000;

    std::mt19937_64 rng_;
    std::int64_t step_ns_, ns_ = 0;
};

class kt_races : public kt_sockets {
  protected:
    using body = std::function<void(std::uint64_t rounds, std::uint64_t seed)>;

    /* `race(rounds, seed)` by several processes at once, `total` rounds in all. */
    void by_several(std::size_t total, const body &race, std::size_t several = 4);

    void cancel_against_completion(std::size_t total);
    void timeout_against_completion(std::size_t total);
    void close_against_completion(std::size_t total);
    void kill_against_completion(std::size_t total);

  private:
    void cancel_rounds(std::uint64_t rounds, std::uint64_t seed);
    void timeout_rounds(std::uint64_t rounds, std::uint64_t seed);
    void close_rounds(std::uint64_t rounds, std::uint64_t seed);
    void kill_rounds(std::uint64_t rounds, std::uint64_t seed);

    void count(bool completed)
    {
        (completed ? completed_ : ended_)++;
    }

    void expect_both(const char *ended);

    std::atomic<std::size_t> ended_ = 0, completed_ = 0;
};

#endif
