/* SPDX-License-Identifier: Apache-2.0
 * backtrace.c -- from frame to frame. */
#include "core/backtrace.h"

/* Where every frame that has a frame pointer begins, on all processors that have KI_CTX_FRAMES. */
struct frame {
    const struct frame *caller;
    const void *back; /* the return address */
};

/* Reads words of frames that sanitizers know nothing of. */
#if defined(KI_ASAN)
#define RAW __attribute__((no_sanitize("address")))
#else
#define RAW
#endif

RAW static void
walk(const struct frame *f, uintptr_t low, size_t size, struct ki_backtrace *b)
{
    const uintptr_t high = low + size - sizeof *f;

    while (b->n < KI_BACKTRACE_MAX) {
        const uintptr_t at = (uintptr_t) f;

        if (at < low || at > high || at % sizeof(void *) != 0 || !f->back)
            return;
        b->at[b->n++] = (const char *) f->back - 1; /* the call, not what follows it */
        if ((uintptr_t) f->caller <= at)
            return;
        f = f->caller;
    }
}

/* Where frames form no chain only the innermost address is known. */
RAW void
ki_backtrace_of(const struct ki_ctx *c, const void *low, size_t size,
                struct ki_backtrace *b)
{
    const void *const *resume = ki_ctx_resume(c);

    b->n = 0;
    if ((uintptr_t) resume <= (uintptr_t) low ||
        (uintptr_t) resume > (uintptr_t) low + size - sizeof *resume)
        return;
    b->at[b->n++] = (const char *) *resume - 1;
    if (KI_CTX_FRAMES)
        walk(resume[-1], (uintptr_t) low, size, b);
}

KI_NOINLINE void
ki_backtrace_here(const void *low, size_t size, struct ki_backtrace *b)
{
    b->n = 0;
    if (KI_CTX_FRAMES)
        walk(__builtin_frame_address(0), (uintptr_t) low, size, b);
    else
        b->at[b->n++] = (const char *) __builtin_return_address(0) - 1;
}
