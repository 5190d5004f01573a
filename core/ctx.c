/* SPDX-License-Identifier: Apache-2.0
 * ctx.c -- the first frame of a context, and what sanitizers must be told at a switch.
 *
 * The registers themselves are saved by ctx_<cpu>.S, or by ctx_ucontext.c. */
#include "core/ctx.h"

#include "core/assert.h"

#include <string.h>

#ifdef KI_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef KI_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#if !defined(KI_CTX_UCONTEXT)

/* In ctx_<cpu>.S. Not called from C: ki_ctx_swap jumps to it. */
void ki_ctx_start(void);

/* The words that ki_ctx_swap finds on a new stack, lowest address first. ctx_<cpu>.S draws
 * the same; `end` keeps the stack aligned to 16 and reads as "no caller" to a frame
 * walker. */
#if defined(__x86_64__)

struct first_frame {
    uintptr_t r15, r14, r13;
    uintptr_t fn;  /* r12 */
    uintptr_t arg; /* rbx */
    uintptr_t rbp;
    uintptr_t resume;
    uintptr_t end[2];
};

_Static_assert(offsetof(struct first_frame, end) == 7 * 8, "what ki_ctx_swap pops");

#elif defined(__aarch64__)

struct first_frame {
    uintptr_t x29;
    uintptr_t resume; /* x30 */
    uintptr_t fn;     /* x19 */
    uintptr_t arg;    /* x20 */
    uintptr_t x21_x28[8];
    uintptr_t d8_d15[8];
    uintptr_t end[2];
};

_Static_assert(offsetof(struct first_frame, end) == 160, "what ki_ctx_swap pops");

#elif defined(__arm__)

struct first_frame {
#if defined(__ARM_FP)
    uint64_t d8_d15[8];
#endif
    uintptr_t fn;  /* r4 */
    uintptr_t arg; /* r5 */
    uintptr_t r6_r11[6];
    uintptr_t fill;
    uintptr_t resume; /* lr */
    uintptr_t end[2];
};

_Static_assert(offsetof(struct first_frame, resume) == 4 * KI_CTX_RESUME,
               "what ki_ctx_swap pops");

#else
#error "no context switch for this CPU: write ctx_<cpu>.S and its first_frame"
#endif

void *
ki_ctx_push(void *stack_low, size_t size, void (*fn)(void *), void *arg)
{
    const uintptr_t top = ((uintptr_t) stack_low + size) & ~(uintptr_t) 15;
    struct first_frame *f = (struct first_frame *) (top - sizeof *f);

    KI_CHECK(size >= 2 * sizeof *f);
    memset(f, 0, sizeof *f);
    f->fn = (uintptr_t) fn;
    f->arg = (uintptr_t) arg;
    f->resume = (uintptr_t) ki_ctx_start;
    return f;
}

#endif

#if defined(KI_ASAN)

/* ASan keeps the bounds of the stack it believes to be on, and a fake stack for locals. It
 * is told of a switch before (start, with the bounds of the other stack) and after (finish,
 * back on some stack, maybe in another thread). Finish reports the bounds of the stack just
 * left: that is how a thread's own stack gets its bounds, at the first switch away from it.
 * These functions are not instrumented, for between the two calls ASan's picture is
 * wrong. */

#define UNSEEN __attribute__((no_sanitize("address")))

UNSEEN static void
arrived(struct ki_ctx *self)
{
    struct ki_ctx *left = self->resumer;
    const void *bottom;
    size_t size;

    __sanitizer_finish_switch_fiber(self->fake_stack, &bottom, &size);
    if (!left->bottom) {
        left->bottom = bottom;
        left->size = size;
    }
}

UNSEEN static void
first_arrival(void *ctx)
{
    struct ki_ctx *self = ctx;

    arrived(self);
    self->entry(self->arg);
    ki_panic(__FILE__, __LINE__, "the entry function of a context does not return");
}

void
ki_ctx_init_thread(struct ki_ctx *c)
{
    *c = (struct ki_ctx){0};
}

void
ki_ctx_init(struct ki_ctx *c, void *stack_low, size_t size, void (*entry)(void *),
            void *arg)
{
    *c = (struct ki_ctx){
        .sp = ki_ctx_push(stack_low, size, first_arrival, c),
        .bottom = stack_low,
        .size = size,
        .entry = entry,
        .arg = arg,
    };
}

void
ki_ctx_fini(struct ki_ctx *c)
{
    (void) c;
}

UNSEEN void
ki_ctx_switch(struct ki_ctx *from, struct ki_ctx *to)
{
    to->resumer = from;
    __sanitizer_start_switch_fiber(&from->fake_stack, to->bottom, to->size);
    ki_ctx_swap(&from->sp, to->sp);
    arrived(from);
}

UNSEEN KI_NORETURN void
ki_ctx_switch_last(struct ki_ctx *from, struct ki_ctx *to)
{
    to->resumer = from;
    /* NULL: the fake stack is freed, its locals are gone for good. */
    __sanitizer_start_switch_fiber(NULL, to->bottom, to->size);
    ki_ctx_swap(&from->sp, to->sp);
    __builtin_trap();
}

#elif defined(KI_TSAN)

/* TSan keeps a vector clock and a shadow call stack per context. Flag 0 makes each switch
 * an edge "before it -> after it", as a mutex handed over would be: what two processes do
 * one after the other on the same worker counts as ordered. So races are found between
 * workers only; without the edge the scheduler's own hand-over would be reported at every
 * switch.
 *
 * __tsan_switch_to_fiber exchanges the shadow call stack at once. A function that calls it
 * and returns before the real switch would take its exit from the wrong one; these contain
 * both, and are not instrumented themselves. */
#if defined(__has_attribute)
#if __has_attribute(disable_sanitizer_instrumentation)
#define UNSEEN __attribute__((disable_sanitizer_instrumentation, noinline))
#endif
#endif
#ifndef UNSEEN
#define UNSEEN __attribute__((no_sanitize("thread"), noinline))
#endif

void
ki_ctx_init_thread(struct ki_ctx *c)
{
    *c = (struct ki_ctx){.fiber = __tsan_get_current_fiber()};
}

void
ki_ctx_init(struct ki_ctx *c, void *stack_low, size_t size, void (*entry)(void *),
            void *arg)
{
    *c = (struct ki_ctx){
        .sp = ki_ctx_push(stack_low, size, entry, arg),
        .fiber = __tsan_create_fiber(0),
        .owned = true,
    };
}

void
ki_ctx_fini(struct ki_ctx *c)
{
    if (c->owned)
        __tsan_destroy_fiber(c->fiber);
    c->owned = false;
}

UNSEEN void
ki_ctx_switch(struct ki_ctx *from, struct ki_ctx *to)
{
    __tsan_switch_to_fiber(to->fiber, 0);
    ki_ctx_swap(&from->sp, to->sp);
}

UNSEEN KI_NORETURN void
ki_ctx_switch_last(struct ki_ctx *from, struct ki_ctx *to)
{
    __tsan_switch_to_fiber(to->fiber, 0);
    ki_ctx_swap(&from->sp, to->sp);
    __builtin_trap();
}

#else

void
ki_ctx_init_thread(struct ki_ctx *c)
{
    *c = (struct ki_ctx){0};
}

void
ki_ctx_init(struct ki_ctx *c, void *stack_low, size_t size, void (*entry)(void *),
            void *arg)
{
    c->sp = ki_ctx_push(stack_low, size, entry, arg);
}

void
ki_ctx_fini(struct ki_ctx *c)
{
    (void) c;
}

#endif
