/* SPDX-License-Identifier: Apache-2.0
 * assert.h -- three levels of checking.
 *
 * KI_CHECK always (a broken invariant of ours ends the program with a line that names it),
 * KI_ASSERT in debug builds, KI_INVARIANT where a whole structure is walked
 * (-DKITH_INVARIANTS=ON). None of them judges what a user passed in: that is a code. */
#ifndef KI_ASSERT_H
#define KI_ASSERT_H

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ki_abort ends the program, and leaves a core where that is wanted. */
KI_NORETURN void ki_abort(void);

/* ki_panic prints "kith: <file>:<line>: <what>" to stderr and aborts. Callable anywhere. */
KI_NORETURN void ki_panic(const char *file, int line, const char *what);

#ifdef __cplusplus
}
#endif

#define KI_CHECK(x) (ki_fast(x) ? (void) 0 : ki_panic(__FILE__, __LINE__, #x))

#ifdef NDEBUG
#define KI_ASSERT(x) ((void) sizeof((x) ? 1 : 0))
#else
#define KI_ASSERT(x) KI_CHECK(x)
#endif

#ifdef KITH_INVARIANTS
#define KI_INVARIANT(x) KI_CHECK(x)
#else
#define KI_INVARIANT(x) ((void) sizeof((x) ? 1 : 0))
#endif

#endif
