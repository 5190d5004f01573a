/* SPDX-License-Identifier: Apache-2.0
 * virtual_clock.h -- time that passes when the test says so.
 *
 *   kt_virtual_clock clock;              // ki_now_ns() stands still
 *   clock.advance_ms(250);               // and now it is 250 ms later
 *
 * Made before the scheduler starts and gone after it has been joined. A fake poller
 * (fake_poller.h) that knows the clock wakes its waiters when it moves, or moves it itself. */
#ifndef KT_VIRTUAL_CLOCK_H
#define KT_VIRTUAL_CLOCK_H

#include <cstdint>
#include <functional>

class kt_virtual_clock {
  public:
    explicit kt_virtual_clock(std::uint64_t start_ns = UINT64_C(1'000'000'000));
    ~kt_virtual_clock();
    kt_virtual_clock(const kt_virtual_clock &) = delete;
    kt_virtual_clock &operator=(const kt_virtual_clock &) = delete;

    std::uint64_t now_ns() const;
    void advance_ns(std::uint64_t ns);
    void advance_ms(std::uint64_t ms);

    /* advance_to never goes back. */
    void advance_to(std::uint64_t ns);

    /* Called, on the thread that moved the clock, after each move. Set before it is shared. */
    void on_move(std::function<void()> call);

  private:
    std::uint64_t (*before_)(), (*cycles_before_)();
    std::function<void()> on_move_;
};

#endif
