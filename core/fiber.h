/* SPDX-License-Identifier: Apache-2.0
 * fiber.h -- a task with a stack of its own.
 *
 * A fiber leaves its thread in one of three ways: it parks (until mail comes), it yields (it is
 * ready, others go first), or it ends. It cannot do the last step itself, because its stack is
 * in use until the switch is over: whoever continues on that thread, the worker's loop or the
 * next fiber, settles the one that left.
 *
 *   I1  A parked fiber becomes idle in its mailbox word only after its registers are saved.
 *   I2  Every return from a switch settles the fiber that left on that thread, once. */
#ifndef KI_FIBER_H
#define KI_FIBER_H

#include "core/sched.h"

#ifdef __cplusplus
extern "C" {
#endif

enum ki_leave { KI_LEAVE_PARK, KI_LEAVE_YIELD, KI_LEAVE_END };

/* Key: [o] who runs it, [i] set before it first runs. */
struct ki_fiber {
    struct ki_task task;
    struct ki_ctx ctx;                /* [o] */
    struct ki_stack stack;            /* [o] */
    void (*body)(struct ki_fiber *f); /* [i] runs on the stack; ends with ki_fiber_end */
    void (*reap)(struct ki_fiber *f); /* [i] called when it has left for good, elsewhere */
    int32_t budget;          /* [o] what it may still do in this slice; < 0: spent */
    uint8_t leave;           /* [o] enum ki_leave */
    _Atomic(uint64_t) spent; /* [a:o] of its budgets, since the owner set it */
};

#define KI_BUDGET 2000

/* ki_fiber_refill gives a new budget, and counts what was spent of the last. */
static inline void
ki_fiber_refill(struct ki_fiber *f)
{
    ki_count(&f->spent, (uint64_t) (KI_BUDGET - f->budget));
    f->budget = KI_BUDGET;
}

/* ki_fiber_init: f has its stack and its body, and will be made ready next. */
void ki_fiber_init(struct ki_fiber *f);

/* ki_fiber_run is the `run` of a task type whose tasks are fibers. */
void ki_fiber_run(struct ki_task *t, struct ki_worker *w);

/* ki_fiber_park gives up the thread until the mailbox has mail; returns at once if it has.
 * ki_fiber_yield lets the others run first. By the running fiber only; either may return on
 * another thread. */
void ki_fiber_park(struct ki_fiber *f);
void ki_fiber_yield(struct ki_fiber *f);

/* ki_fiber_end never returns: the stack is given back and f->reap(f) is called. */
KI_NORETURN void ki_fiber_end(struct ki_fiber *f);

#ifdef __cplusplus
}
#endif

#endif
