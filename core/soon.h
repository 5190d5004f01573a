/* SPDX-License-Identifier: Apache-2.0
 * soon.h -- the present for a deadline, mostly without asking the clock.
 *
 * A deadline must not be early, so what is needed is a moment that is not before the present;
 * some microseconds after it are lost in the rounding up to a tick. A reading of the clock gives
 * one for as long as the processor's counter shows it to be young: the reading, and on top of it
 * the most that can have passed since. The answer depends on the counter by a branch alone, so
 * nothing waits for that to be read.
 *
 *   I1  What is told is never before ki_now_ns, and never after it by more than KI_SOON_NS.
 *   I2  It never goes back: of two equal timeouts the later call's deadline is not the sooner. */
#ifndef KI_SOON_H
#define KI_SOON_H

#include "core/defs.h"
#include "core/seam.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KI_SOON_CYCLES = 4096, /* an older reading is made anew */
    /* seam.h: a cycle is 2 ns at most. And a processor may look at its counter some instructions
     * early: a microsecond is more than enough for those. */
    KI_SOON_NS = 2 * KI_SOON_CYCLES + 1000
};

/* One for each worker; zeroed is none read yet. */
struct ki_soon {
    uint64_t cycles; /* the counter, just before the clock was read */
    uint64_t ns;     /* that reading, and KI_SOON_NS */
};

static inline uint64_t
ki_soon_ns(struct ki_soon *s)
{
    const uint64_t cycles = ki_seam.cycles();

    if (ki_slow(cycles == 0)) /* no counter: the present itself */
        return ki_now_ns();
    if (ki_slow(cycles - s->cycles >= KI_SOON_CYCLES)) {
        s->cycles = cycles;
        s->ns = ki_now_ns() + KI_SOON_NS;
    }
    return s->ns;
}

#ifdef __cplusplus
}
#endif

#endif
