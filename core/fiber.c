/* SPDX-License-Identifier: Apache-2.0
 * fiber.c -- leaving a thread and arriving on one. */
#include "core/fiber.h"

#include "core/assert.h"

static struct ki_fiber *
fiber_of(struct ki_task *t)
{
    return ki_container_of(t, struct ki_fiber, task);
}

static KI_NOINLINE void
settle_other(struct ki_worker *w, struct ki_fiber *f)
{
    if (f->leave == KI_LEAVE_YIELD) {
        ki_sched_ready_fifo(&f->task);
        return;
    }
    ki_ctx_fini(&f->ctx);
    ki_stack_put(&f->stack, &w->stacks);
    f->reap(f);
}

/* I2: called first thing after every switch, by whoever continued. */
KI_HOT void
settle_left(void)
{
    struct ki_worker *w = ki_worker_self();
    struct ki_fiber *f = w->left;

    if (!f)
        return;
    w->left = NULL;
    if (ki_slow(f->leave != KI_LEAVE_PARK))
        settle_other(w, f);
    else if (ki_slow(!ki_mbox_settle(&f->task.mbox)))
        ki_sched_ready_fifo(&f->task);
}

static void
entry(void *arg)
{
    struct ki_fiber *f = arg;

    settle_left();
    f->body(f);
    KI_CHECK(!"a fiber's body returned");
}

/* Makes f the one that runs on w; the caller switches to f->ctx next. */
KI_HOT struct ki_ctx *
arrive(struct ki_worker *w, struct ki_fiber *f)
{
    if (ki_slow(!f->started)) {
        f->started = true;
        ki_ctx_init(&f->ctx, f->stack.low, f->stack.size, entry, f);
    }
    w->current = f;
    ki_store_rlx(&w->running, &f->task); /* relaxed: others only report it */
    ki_count(&w->stats.switches, 1);
    return &f->ctx;
}

void
ki_fiber_run(struct ki_task *t, struct ki_worker *w)
{
    struct ki_fiber *f = fiber_of(t);

    f->budget = KI_BUDGET;
    ki_ctx_switch(&w->ctx, arrive(w, f));
    settle_left();
}

/* The switch away from f: to the fiber in the last-in slot if it may go first, else to the
 * worker's loop. */
KI_HOT struct ki_ctx *
successor(struct ki_worker *w, struct ki_fiber *f, enum ki_leave how)
{
    struct ki_task *t = ki_sched_next_direct(w, ki_fiber_run);

    f->leave = (uint8_t) how;
    w->left = f;
    if (!t) {
        w->current = NULL;
        return &w->ctx;
    }
    struct ki_fiber *next = fiber_of(t);
    next->budget = KI_BUDGET;
    return arrive(w, next);
}

void
ki_fiber_park(struct ki_fiber *f)
{
    struct ki_worker *w = ki_worker_self();

    if (ki_mbox_has_mail(&f->task.mbox))
        return;
    ki_ctx_switch(&f->ctx, successor(w, f, KI_LEAVE_PARK));
    settle_left();
}

void
ki_fiber_yield(struct ki_fiber *f)
{
    struct ki_worker *w = ki_worker_self();

    f->leave = KI_LEAVE_YIELD;
    w->left = f;
    w->current = NULL;
    ki_ctx_switch(&f->ctx, &w->ctx);
    settle_left();
}

void
ki_fiber_end(struct ki_fiber *f)
{
    struct ki_worker *w = ki_worker_self();

    ki_ctx_switch_last(&f->ctx, successor(w, f, KI_LEAVE_END));
}
