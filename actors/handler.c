/* SPDX-License-Identifier: Apache-2.0
 * handler.c -- a process that is driven by its messages, run without a stack, or on one.
 *
 *   init, then again and again: what it has to do itself, else the oldest message, else the idle
 *   callback if the time for that has come; else it waits.
 *
 * The idle time is that of a receive with a timeout: a message that is there wins, however late it
 * is. Without a stack the process's own alarm counts it, which is armed only when the handler has
 * nothing left to do. */
#include "actors/handler.h"

#include <string.h>

#include "actors/msg.h"
#include "actors/start.h"
#include "core/escape.h"

enum { TURN = 64 }; /* steps of a handler before others have their turn */

/* ---- one step ---- */

static int
init(struct ki_proc *p, struct ki_handler *h, void *arg)
{
    int rc = h->does->init(h, arg);

    h->ready = rc >= 0 && rc != KITH_IGNORE;
    ki_start_ack(p, rc);
    return rc < 0 ? rc : rc == KITH_IGNORE ? KITH_DONE : KITH_CONTINUE;
}

/* Dies of `why`; without a stack at the end of the turn. */
static int
die(struct ki_proc *p, kith_reason why)
{
    if (p->doomed)
        return KITH_CONTINUE; /* of something else, before */
    p->why = why;
    if (p->body == KI_BODY_STACK)
        ki_exit_here(p);
    p->doomed = true;
    return KITH_CONTINUE;
}

/* A message of the system's that every handler obeys. */
static KI_NOINLINE const kith_reason *
order_to_die(const struct ki_handler *h, const struct ki_msg *m)
{
    if (m->pub.tag == KITH_TAG_EXIT && h->parent && m->pub.from.id == h->parent)
        return &((const kith_down *) m->pub.data)->why;
    if (m->pub.tag == KI_TAG_STOP)
        return m->pub.data;
    return NULL;
}

static inline int
message(struct ki_proc *p, struct ki_handler *h, struct ki_msg *m)
{
    const kith_reason *why;

    h->idle_ms = KITH_INFINITY;
    if (ki_slow(m->pub.tag & KITH_TAG_SYSTEM) && (why = order_to_die(h, m)) != NULL)
        return die(p, *why);
    return h->does->message(h, m);
}

static int
own(struct ki_proc *p, struct ki_handler *h)
{
    int rc;

    h->idle_ms = KITH_INFINITY;
    ki_receive_drop(p);
    rc = h->does->own(h);
    ki_receive_drop(p);
    return rc;
}

static int
idle(struct ki_proc *p, struct ki_handler *h)
{
    h->idle_ms = KITH_INFINITY;
    ki_receive_drop(p);
    return h->does->idle(h);
}

void
ki_handler_terminate(struct ki_proc *p)
{
    struct ki_handler *h = p->handler;

    if (!h)
        return;
    if (h->ready)
        h->does->terminate(h, p->why);
    p->handler = NULL;
    if (h->does->fini)
        h->does->fini(h);
    ki_slab_free(ki_slab_here(), h, h->size);
}

int
ki_handler_current(const struct ki_behaviour *does, struct ki_handler **h)
{
    struct ki_proc *p;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    *h = p->dying ? NULL : p->handler;
    return *h && (*h)->does == does ? 0 : KITH_EPERM;
}

/* ---- without a stack ---- */

/* false: there is nothing to do but wait. */
static inline bool
step(struct ki_proc *p, struct ki_handler *h, int *rc)
{
    if (ki_slow(h->has_own)) {
        *rc = own(p, h);
        return true;
    }
    if (ki_slow(h->idle_ms <= 0) && !p->inbox.head)
        ki_proc_take(p);
    if (p->inbox.head) {
        if (ki_slow(p->timer_armed || p->timed_out))
            ki_proc_wait_end(p);
        p->received = ki_inbox_take(p, &p->inbox.head);
        *rc = message(p, h, p->received);
        ki_receive_drop(p);
        return true;
    }
    if (p->timed_out || h->idle_ms <= 0) {
        ki_proc_wait_end(p);
        *rc = idle(p, h);
        return true;
    }
    return false;
}

/* KITH_CONTINUE, or how it ends. */
static int
turn(struct ki_proc *p)
{
    struct ki_handler *h = p->handler;
    int rc = KITH_CONTINUE;

    if (ki_slow(!h->ready))
        rc = init(p, h, p->arg);
    for (int i = 0; i < TURN && rc == KITH_CONTINUE && !p->doomed; i++) {
        if (i == KI_FETCH_EVERY) {
            ki_proc_take(p);
            if (p->doomed)
                break;
        }
        if (!step(p, h, &rc))
            break;
    }
    return rc;
}

/* A turn, and what it says about going on. kith_exit in a callback comes back here. */
static void
call_back(struct ki_proc *p)
{
    struct ki_escape escape;

    p->escape = &escape;
    if (!ki_escape_here(&escape)) {
        int rc = turn(p);

        if (rc != KITH_CONTINUE && !p->doomed) {
            p->doomed = true;
            p->why = ki_reason_of_result(rc < 0 ? rc : 0);
        }
    }
    p->escape = NULL;
}

/* It has more to do than its turn allowed; if not, the alarm of its idle time is armed. */
static bool
wants_more(struct ki_proc *p)
{
    struct ki_handler *h = p->handler;

    if (p->inbox.head || h->has_own || p->timed_out || h->idle_ms <= 0)
        return true;
    if (ki_slow(h->idle_ms != KITH_INFINITY) && !p->timer_armed) {
        p->timer_armed = true;
        ki_timers_arm(&p->alarm, ki_deadline_ns(h->idle_ms));
    }
    return false;
}

static void
handler_run(struct ki_task *t, struct ki_worker *w)
{
    struct ki_proc *p = ki_proc_of_task(t);

    (void) w;
    ki_proc_take(p);
    if (!p->dying && !p->doomed)
        call_back(p);
    if (p->doomed && !p->dying) {
        ki_proc_wait_end(p);
        ki_exit_begin(p, p->why);
    }
    if (p->dying && ki_exit_step(p)) {
        ki_proc_free(p);
        ki_proc_count_down();
        return;
    }
    if ((!p->dying && wants_more(p)) || !ki_mbox_settle(&t->mbox))
        ki_sched_ready_fifo(t);
}

const struct ki_task_type ki_handler_task_type = {.name = "handler", .run = handler_run};
const struct ki_task_type ki_handler_high_task_type = {.name = "handler of high priority",
                                                       .run = handler_run,
                                                       .wake = ki_sched_ready_high};

/* ---- with a stack ---- */

static int serve(struct ki_proc *p, struct ki_handler *h, int rc);

/* After it has hibernated. */
static int
loop_again(void *arg)
{
    struct ki_proc *p;
    int rc = ki_enter(&p);

    return rc < 0 ? rc : serve(p, *(struct ki_handler **) arg, KITH_CONTINUE);
}

static int
serve(struct ki_proc *p, struct ki_handler *h, int rc)
{
    const kith_msg *m;

    while (rc == KITH_CONTINUE) {
        if (ki_slow(h->has_own)) {
            rc = own(p, h);
            ki_proc_charge(p, 1);
        } else if (ki_slow(h->sleeps)) {
            h->sleeps = false;
            ki_hibernate(p, loop_again);
        } else if ((rc = kith_receive(&m, h->idle_ms)) == 0) {
            rc = message(p, h, ki_msg_of(m));
        } else if (rc == KITH_ETIMEOUT) {
            rc = idle(p, h);
        }
    }
    return rc < 0 ? rc : 0;
}

static int
loop(void *arg)
{
    struct ki_handler *h = *(struct ki_handler **) arg;
    struct ki_proc *p;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    return serve(p, h,
                 init(p, h,
                      p->arg_len > KI_HANDLER_ROOM ? (char *) p->arg + KI_HANDLER_ROOM
                                                   : NULL));
}

/* ---- start ---- */

struct ki_handler *
ki_handler_new(const struct ki_behaviour *does, size_t state_size)
{
    struct ki_handler head = {.does = does, .idle_ms = KITH_INFINITY}, *h;
    size_t size = (does->size + 15) / 16 * 16 + state_size;

    if (size < state_size)
        return NULL;
    head.size = size;
    h = ki_slab_alloc(ki_slab_here(), size);
    if (!h)
        return NULL;
    memset(h, 0, size);
    *h = head;
    return h;
}

int
ki_handler_spawn(const struct ki_handler_start *s, struct ki_birth b, kith_pid *pid)
{
    int rc;

    if (!s->h)
        return KITH_ENOMEM;
    b.handler = s->h;
    b.body = s->with_stack ? KI_BODY_STACK : KI_BODY_HANDLER;
    b.fn = s->with_stack ? loop : s->name;
    rc = ki_spawn(s->o, &b, s->arg, s->len, pid);
    if (rc < 0)
        ki_slab_free(ki_slab_here(), s->h, s->h->size);
    return rc;
}

int
ki_handler_start(struct ki_proc *p, const struct ki_handler_start *s, const void *site,
                 const char *what, kith_pid *pid)
{
    struct ki_birth b = {.site = site};
    struct ki_op *op = s->h ? ki_start_new(p) : NULL;
    kith_pid child = {0};
    const bool is_thread = p->body == KI_BODY_THREAD;
    int rc;

    if (!op) {
        if (s->h)
            ki_slab_free(ki_slab_here(), s->h, s->h->size);
        return KITH_ENOMEM;
    }
    b.start_op = ki_op_future(op).id;
    rc = ki_start_await(p, op, ki_handler_spawn(s, b, &child), what);
    /* A thread that was killed in it is p no more. */
    if (rc != 0 && child.id && (!is_thread || ki_thread_self() == p))
        ki_start_forget_exit(p, child);
    if (rc == KITH_IGNORE) {
        child.id = 0;
        rc = 0;
    }
    if (rc == 0 && pid)
        *pid = child;
    return rc;
}
