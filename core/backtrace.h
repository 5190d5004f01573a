/* SPDX-License-Identifier: Apache-2.0
 * backtrace.h -- who called whom on a stack, by frame pointers.
 *
 * kith's own code keeps them. A caller that was compiled without (-fomit-frame-pointer) is named as
 * long as kith's frames lead to it; what lies above it may be missing. No address is followed that
 * does not lie on the stack, and higher than the one before. */
#ifndef KI_BACKTRACE_H
#define KI_BACKTRACE_H

#include "core/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { KI_BACKTRACE_MAX = 24 };

struct ki_backtrace {
    unsigned n;
    const void *at[KI_BACKTRACE_MAX]; /* innermost first; an address inside the function */
};

/* ki_backtrace_of walks a context that does not run, on the stack [low, low + size). By who may
 * touch it (ctx.h). */
void ki_backtrace_of(const struct ki_ctx *c, const void *low, size_t size,
                     struct ki_backtrace *b);

/* ki_backtrace_here walks the caller's own stack. */
void ki_backtrace_here(const void *low, size_t size, struct ki_backtrace *b);

#ifdef __cplusplus
}
#endif

#endif
