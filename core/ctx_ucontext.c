/* SPDX-License-Identifier: Apache-2.0
 * ctx_ucontext.c -- save and continue a context by the C library, on processors without ctx_<cpu>.S.
 *
 * A saved context is a ucontext_t on its own stack. The library saves the signal mask too, by a system
 * call at each switch: slow, and right. */
#define _GNU_SOURCE
#define _XOPEN_SOURCE 700
#include "core/ctx.h"

#include <ucontext.h>

#include "core/assert.h"

/* What lies at the top of a stack that has not run. */
struct first_frame {
    void (*fn)(void *);
    void *arg;
    ucontext_t context;
};

/* makecontext hands over ints: an address goes in two halves. */
static void
start(unsigned high, unsigned low)
{
    const uintptr_t at = (uintptr_t) ((uint64_t) high << 32 | low);
    struct first_frame *f = (struct first_frame *) at;

    f->fn(f->arg);
    ki_panic(__FILE__, __LINE__, "the entry function of a context does not return");
}

void *
ki_ctx_push(void *stack_low, size_t size, void (*fn)(void *), void *arg)
{
    const uintptr_t top = ((uintptr_t) stack_low + size) & ~(uintptr_t) 63;
    struct first_frame *f =
        (struct first_frame *) ((top - sizeof *f) &
                                ~(uintptr_t) (_Alignof(max_align_t) - 1));
    const uint64_t at = (uint64_t) (uintptr_t) f;
    int rc;

    KI_CHECK(size >= 4 * sizeof *f);
    f->fn = fn;
    f->arg = arg;
    rc = getcontext(&f->context);
    KI_CHECK(rc == 0);
    f->context.uc_stack.ss_sp = stack_low;
    f->context.uc_stack.ss_size = (size_t) ((uintptr_t) f - (uintptr_t) stack_low);
    f->context.uc_link = NULL;
    makecontext(&f->context, (void (*)(void)) start, 2, (unsigned) (at >> 32),
                (unsigned) at);
    return &f->context;
}

KI_NOINLINE void
ki_ctx_swap(void **save_sp, void *load_sp)
{
    ucontext_t here;
    int rc;

    *save_sp = &here;
    rc = swapcontext(&here, load_sp);
    KI_CHECK(rc == 0);
}
