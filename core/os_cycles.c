/* SPDX-License-Identifier: Apache-2.0
 * os_cycles.c -- the processor's counter of cycles, where it is one clock for all processors. */
#include "core/os.h"

#if defined(__x86_64__)

#include <cpuid.h>

/* "Invariant TSC": it runs at one rate in all states of power. That rate is 0.8 GHz or more on
 * all that have it; Linux sets the counters of all processors alike. */
static bool
is_invariant(void)
{
    unsigned a, b, c, d = 0;

    return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & 1u << 8) != 0;
}

uint64_t
ki_os_cycles(void)
{
    static _Atomic(int) state; /* relaxed: all who ask find the same */
    int s = ki_load_rlx(&state);

    if (ki_slow(s == 0)) {
        s = is_invariant() ? 1 : -1;
        ki_store_rlx(&state, s);
    }
    return s > 0 ? __builtin_ia32_rdtsc() : 0;
}

#else

uint64_t
ki_os_cycles(void)
{
    return 0;
}

#endif
