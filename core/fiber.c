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

void
ki_fiber_init(struct ki_fiber *f)
{
    ki_ctx_init(&f->ctx, f->stack.low, f->stack.size, entry, f);
}

/* Makes f the one that runs on w; the caller switches to f->ctx next. */
KI_HOT struct ki_ctx *
arrive(struct ki_worker *w, struct ki_fiber *f)
{
    ki_fiber_refill(f);
    w->current = f;
    ki_store_rlx(&w->running, &f->task); /* relaxed: others only report it */
    return &f->ctx;
}

void
ki_fiber_run(struct ki_task *t, struct ki_worker *w)
{
    ki_ctx_switch(&w->ctx, arrive(w, fiber_of(t)));
    settle_left();
}

/* f leaves, for the fiber that comes next or, if that is NULL, for the worker's loop; the caller
 * switches there next. */
KI_HOT struct ki_ctx *
leave(struct ki_worker *w, struct ki_fiber *f, enum ki_leave how, struct ki_task *next)
{
    f->leave = (uint8_t) how;
    w->left = f;
    if (next)
        return arrive(w, fiber_of(next));
    w->current = NULL;
    return &w->ctx;
}

static KI_NOINLINE void
park_for_newest(struct ki_worker *w, struct ki_fiber *f)
{
    ki_ctx_switch(&f->ctx, leave(w, f, KI_LEAVE_PARK, ki_sched_newest_fiber(w)));
    settle_left();
}

/* Laid out so that nothing has to be kept across the switch. */
void
ki_fiber_park(struct ki_fiber *f)
{
    struct ki_worker *w = ki_worker_self();

    if (ki_slow(ki_mbox_has_mail(&f->task.mbox)))
        return;
    if (ki_sched_has_newest(w)) {
        park_for_newest(w, f);
        return;
    }
    ki_ctx_switch(&f->ctx,
                  leave(w, f, KI_LEAVE_PARK, ki_sched_oldest_fiber(w, ki_fiber_run)));
    settle_left();
}

void
ki_fiber_yield(struct ki_fiber *f)
{
    ki_ctx_switch(&f->ctx, leave(ki_worker_self(), f, KI_LEAVE_YIELD, NULL));
    settle_left();
}

void
ki_fiber_end(struct ki_fiber *f)
{
    struct ki_worker *w = ki_worker_self();
    struct ki_task *next = ki_sched_has_newest(w) ? ki_sched_newest_fiber(w)
                                                  : ki_sched_oldest_fiber(w, ki_fiber_run);

    ki_ctx_switch_last(&f->ctx, leave(w, f, KI_LEAVE_END, next));
}
