/* SPDX-License-Identifier: Apache-2.0
 * blockers.h -- processes that have the threads for kith_blocking, to the end of the scope.
 *
 *   kt_blockers all(KI_OFFLOAD_THREADS + 5);
 *   ASSERT_TRUE(all.block());
 */
#ifndef KT_BLOCKERS_H
#define KT_BLOCKERS_H

#include "tests/support/runtime.h"

#include "core/offload.h"

#include <algorithm>
#include <atomic>

class kt_blockers {
  public:
    explicit kt_blockers(std::size_t n) : n_(n)
    {
    }

    kt_blockers(const kt_blockers &) = delete;
    kt_blockers &operator=(const kt_blockers &) = delete;

    /* All that can be are in their functions, and the others wait for those. */
    bool block()
    {
        for (std::size_t i = 0; i < n_; i++)
            bodies_.spawn([this] { EXPECT_EQ(0, kith_blocking(hold, this)); });
        return kt_until([this] {
            return inside_ >= std::min<std::size_t>(n_, KI_OFFLOAD_THREADS) &&
                   ki_offload_busy() >= n_;
        });
    }

    ~kt_blockers()
    {
        open_ = true;
        EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    }

  private:
    static int hold(void *arg)
    {
        kt_blockers *b = static_cast<kt_blockers *>(arg);

        b->inside_++;
        while (!b->open_)
            kt_pause_ms(1);
        return 0;
    }

    const std::size_t n_;
    std::atomic<std::size_t> inside_ = 0;
    std::atomic<bool> open_ = false;
    kt_bodies bodies_;
};

#endif
