/* SPDX-License-Identifier: Apache-2.0
 * hibernate.c -- a process that waits without a stack.
 *
 * It leaves its stack as if it ended; what is left is its record, whose task has another type
 * meanwhile. Run, that takes the mail on the worker's stack, as a handler does, and only for a
 * message or a death gets a stack again, on which the process begins anew. If there is none to be
 * had it stays OWNED, and a timer makes it try again: what came is in its inbox. */
#include <string.h>

#include "actors/msg.h"
#include "actors/op.h"
#include "actors/proc.h"
#include "actors/server.h"
#include "core/seam.h"

enum { RETRY_MS = 10 };

static void wake_up(struct ki_task *t, struct ki_worker *w);

static const struct ki_task_type asleep = {.name = "hibernated process", .run = wake_up};
static const struct ki_task_type asleep_high = {.name =
                                                    "hibernated process of high priority",
                                                .run = wake_up,
                                                .wake = ki_sched_ready_high};

static bool
has_reason_to_wake(const struct ki_proc *p)
{
    return p->inbox.head || p->doomed;
}

/* Nothing runs on its stack any more, and it is no longer its own. By whoever came after. */
static void
has_left(struct ki_fiber *f)
{
    struct ki_proc *p = ki_container_of(f, struct ki_proc, fiber);

    f->stack.low = NULL;
    ki_store_rlx(&p->sleeper_class, f->stack.cls); /* relaxed: p's own */
    /* relaxed: whoever makes it ready has got it by a push after we settled. */
    ki_store_rlx(&f->task.type, ki_proc_is_high(p) ? &asleep_high : &asleep);
    if (has_reason_to_wake(p) || !ki_mbox_settle(&f->task.mbox))
        ki_sched_ready_fifo(&f->task);
}

/* Under the wheel's lock. */
static void
try_again(struct ki_alarm *a, struct ki_wakes *wakes)
{
    ki_wakes_add(wakes, ki_proc_task(ki_container_of(a, struct ki_proc, alarm)));
}

static bool
get_stack(struct ki_proc *p, struct ki_worker *w)
{
    struct ki_stack s;

    if (ki_stack_get(KI_STACK_MIN << ki_load_rlx(&p->sleeper_class), &s, &w->stacks) < 0)
        return false;
    p->fiber.stack.low =
        s.low; /* of the same class: the size, which others may read, stays */
    p->fiber.stack.guard = s.guard;
    p->fiber.stack.slot = s.slot;
    return true;
}

/* On the new stack. */
static void
body(struct ki_fiber *f)
{
    struct ki_proc *p = ki_container_of(f, struct ki_proc, fiber);

    (void) ki_proc_die_if_doomed(p);
    p->result = p->awake(p->arg);
    p->why = ki_reason_of_result(p->result);
    ki_exit_here(p);
}

static void
wake_up(struct ki_task *t, struct ki_worker *w)
{
    struct ki_proc *p = ki_proc_of_task(t);

    ki_proc_take(p);
    if (!has_reason_to_wake(p)) {
        if (!ki_mbox_settle(&t->mbox))
            ki_sched_ready_fifo(t);
        return;
    }
    if (!get_stack(p, w)) {
        ki_add_rlx(&ki_runtime.n_no_stack, 1); /* relaxed: a count */
        p->alarm.expire = try_again;
        ki_timers_arm(&p->alarm, ki_now_ns() + RETRY_MS * UINT64_C(1000000));
        return;
    }
    p->alarm.expire = ki_proc_wait_expired;
    ki_store_rlx(&p->waits_for, NULL);
    ki_proc_set_high(p, ki_proc_is_high(p));
    p->fiber.body = body;
    ki_fiber_init(&p->fiber);
    ki_fiber_run(t, w);
}

/* The new argument in place of the old one, which may be what it is copied from. */
static void
take_arg(struct ki_proc *p, kith_fn fn, void *copy, size_t len)
{
    if (p->arg_len)
        ki_slab_free(ki_slab_here(), p->arg, p->arg_len);
    p->arg = copy;
    p->arg_len = len;
    p->awake = fn; /* reports go on to call it by what it was spawned with */
}

/* A signal ends the wait for memory too: a process by itself, a thread, which is none any more when
 * its sleep says so, here. */
static void *
copy_of(const void *arg, size_t len)
{
    void *copy;
    int rc;

    while ((copy = ki_slab_alloc(ki_slab_here(), len)) == NULL) {
        ki_add_rlx(&ki_runtime.n_no_stack, 1);
        rc = kith_sleep(RETRY_MS);
        if (rc < 0)
            kith_exit(ki_reason_of_result(rc));
    }
    memcpy(copy, arg, len);
    return copy;
}

/* A thread keeps its stack, and ends with fn. */
static KI_NORETURN void
thread_waits(struct ki_proc *p, kith_fn fn, void *copy, size_t len)
{
    int rc = 0;

    while (!p->inbox.head && rc == 0)
        rc = ki_proc_wait(p, UINT64_MAX, "hibernate");
    ki_proc_wait_end(p);
    if (ki_proc_wait_failed(p, rc) == 0) {
        take_arg(p, fn, copy, len);
        rc = fn(copy);
    } else if (copy) {
        ki_slab_free(ki_slab_here(), copy, len);
    }
    kith_exit(ki_reason_of_result(rc));
}

static KI_NORETURN void
leave(struct ki_proc *p)
{
    ki_store_rlx(&p->waits_for, "hibernate"); /* relaxed: others only report it */
    p->fiber.reap = has_left;
    ki_fiber_end(&p->fiber);
}

void
kith_hibernate(kith_fn fn, const void *arg, size_t len)
{
    struct ki_proc *p;
    int rc = ki_enter_waiting(&p);

    if (rc == 0 && (!fn || (len && !arg)))
        rc = KITH_EINVAL;
    if (rc < 0 || p->dying)
        kith_exit(kith_reason_of(KITH_ERROR, rc, NULL));
    void *copy = len ? copy_of(arg, len) : NULL;
    ki_receive_drop(p); /* not before: arg may lie in that message */
    if (p->body == KI_BODY_THREAD)
        thread_waits(p, fn, copy, len);
    take_arg(p, fn, copy, len);
    ki_proc_take(p);
    (void) ki_proc_die_if_doomed(p);
    leave(p);
}

void
ki_hibernate(struct ki_proc *p, kith_fn fn)
{
    ki_receive_drop(p);
    ki_proc_take(p);
    (void) ki_proc_die_if_doomed(p);
    p->awake = fn;
    leave(p);
}
