/* SPDX-License-Identifier: Apache-2.0
 * spawn.c -- birth. */
#include <string.h>

#include "actors/handler.h"
#include "actors/limit.h"
#include "actors/link.h"
#include "actors/name.h"
#include "actors/op.h"
#include "actors/proc.h"
#include "actors/socket.h"

enum { SPAWN_COST = 40 };

static void
body(struct ki_fiber *f)
{
    struct ki_proc *p = ki_proc_of_fiber(f);

    /* A signal may have come before the first step. */
    ki_proc_take(p);
    (void) ki_proc_die_if_doomed(p);
    p->result = p->is_conn ? p->u.conn(p->conn_socket, p->arg) : p->u.fn(p->arg);
    p->why = ki_reason_of_result(p->result);
    ki_exit_here(p);
}

/* The child's copy of the argument lives as long as the child. */
static int
copy_arg(struct ki_proc *p, struct ki_handler *h, const void *arg, size_t len)
{
    size_t before = h ? KI_HANDLER_ROOM : 0;

    if (before + len == 0)
        return 0;
    p->arg = ki_slab_alloc(ki_slab_here(), before + len);
    if (!p->arg)
        return KITH_ENOMEM;
    p->arg_len = before + len;
    if (h)
        memcpy(p->arg, &h, sizeof h);
    if (len)
        memcpy((char *) p->arg + before, arg, len);
    return 0;
}

/* A child that never ran: nobody has heard of it. */
static void
abort_child(struct ki_proc *c)
{
    if (c->arg_len)
        ki_slab_free(ki_slab_here(), c->arg, c->arg_len);
    if (c->fiber.stack.low) {
        struct ki_worker *w = ki_worker_self();

        ki_stack_put(&c->fiber.stack, w ? &w->stacks : NULL);
    }
    c->dying = true;
    while (!ki_mbox_die(&c->fiber.task.mbox)) /* a stop has looked at all records */
        ki_proc_take(c);
    ki_proc_free(c);
}

/* Everything that can fail, in an order that can be undone. */
static int
attach(struct ki_proc *p, struct ki_proc *c, const kith_spawn_options *o, kith_ref *ref)
{
    struct ki_monitor *m = NULL;
    int rc = 0;

    if (ref) {
        m = ki_monitor_new(p, c, ki_proc_id(c));
        if (!m)
            return KITH_ENOMEM;
    }
    if (rc == 0 && o->name)
        rc =
            ki_name_reserve(o->name, c); /* nobody shall know c who might then fail to be */
    if (rc == 0 && o->link)
        rc = ki_link_at_birth(p, c);
    if (rc == 0 && o->give.id)
        rc = ki_socket_give_at_birth(p, c, o->give);
    if (rc < 0) {
        ki_link_undo_birth(p, c);
        ki_name_drop(c);
        if (m)
            ki_monitor_undo_birth(p, m);
        return rc;
    }
    if (o->name)
        ki_name_publish(c);
    if (m) {
        ki_monitor_at_birth(m);
        *ref = (kith_ref){ki_load_rlx(&m->id)};
    }
    return 0;
}

static bool
makes_sense(const kith_spawn_options *o)
{
    return o->stack <= KI_STACK_MAX - KI_STACK_OVERHEAD &&
           o->mailbox_policy >= KITH_MAILBOX_FAIL &&
           o->mailbox_policy <= KITH_MAILBOX_KILL &&
           (o->priority == KITH_PRIORITY_NORMAL || o->priority == KITH_PRIORITY_HIGH);
}

/* Takes a place among the living. relaxed: the count orders nothing; its zero is looked at with
 * acq_rel. One that is refused stands in the count for a moment, so that others may be too. */
static bool
take_place(void)
{
    if (ki_fast(ki_add_rlx(&ki_runtime.n_procs, 1) < ki_runtime.max_procs))
        return true;
    ki_proc_count_down();
    return false;
}

/* What glances call it by. */
static const void *
fn_address(const struct ki_birth *b)
{
    union {
        kith_fn fn;
        kith_conn conn;
        const void *at;
    } u = {.fn = b->fn};

    if (b->conn)
        u.conn = b->conn;
    return u.at;
}

static int
spawn(const kith_spawn_options *o, const struct ki_birth *b, const void *arg, size_t len,
      kith_pid *pid, kith_ref *ref)
{
    struct ki_worker *w;
    struct ki_proc *p, *c;
    int rc = ki_enter(&p);

    if (ki_slow(rc < 0))
        return rc;
    if (ki_slow(len != 0 && !arg) || ki_slow(o && !makes_sense(o)))
        return KITH_EINVAL;
    if (ki_slow(!take_place()))
        return KITH_EAGAIN;
    c = ki_proc_new(b->body);
    if (ki_slow(!c)) {
        ki_proc_count_down();
        return KITH_EAGAIN;
    }
    c->is_main = b->main;
    c->is_conn = b->conn != NULL;
    if (c->is_conn)
        c->u.conn = b->conn;
    else
        c->u.fn = b->fn;
    c->conn_socket = b->socket;
    c->fiber.body = body;
    ki_store_rlx(&c->seen.fn, fn_address(b)); /* relaxed: for glances */
    ki_store_rlx(&c->seen.site, b->site);
    c->parent = ki_proc_id(p);
    ki_store_rlx(&c->seen.parent, c->parent);
    c->start_op = b->start_op;
    ki_store_rlx(&c->ends_kids, b->supervisor); /* relaxed: as the limit's */
    ki_store_rlx(&c->in_tree, ki_load_rlx(&p->ends_kids));
    if (o && (o->mailbox_cap || o->mailbox_bytes))
        ki_limit_set(c, o->mailbox_cap, o->mailbox_bytes, o->mailbox_policy);
    if (o && o->priority == KITH_PRIORITY_HIGH)
        ki_proc_set_high(c, true);
    c->handler = b->handler;
    if (b->handler && ((o && o->link) || ki_load_rlx(&c->in_tree)))
        b->handler->parent = c->parent;
    rc = copy_arg(c, b->body == KI_BODY_STACK ? b->handler : NULL, arg, len);
    w = ki_worker_self();
    if (rc == 0 && b->body == KI_BODY_STACK)
        rc = ki_stack_get(o && o->stack ? o->stack + KI_STACK_OVERHEAD : 0, &c->fiber.stack,
                          w ? &w->stacks : NULL);
    ki_store_rlx(&c->seen.stack, c->fiber.stack.size);
    if (rc == 0 && o && (o->link || o->name || ref || o->give.id))
        rc = attach(p, c, o, ref);
    if (ki_slow(rc < 0)) {
        abort_child(c);
        ki_proc_count_down();
        return rc;
    }
    if (pid)
        *pid = (kith_pid){ki_proc_id(c)};
    if (b->body == KI_BODY_STACK)
        ki_fiber_init(&c->fiber);
    if (ki_slow(o && o->give.id)) /* a connection: the least loaded worker gets it */
        ki_sched_ready_shared(ki_proc_task(c));
    else
        ki_sched_ready_fifo(ki_proc_task(c));
    ki_proc_charge(p, SPAWN_COST);
    return 0;
}

/* The caller's struct, of the size it was compiled with, over our defaults. */
static int
read_options(kith_spawn_options *ours, const kith_spawn_options *theirs)
{
    *ours = (kith_spawn_options) KITH_SPAWN_OPTIONS_INIT;
    if (!theirs)
        return 0;
    if (theirs->size < sizeof theirs->size || theirs->size > sizeof *ours)
        return KITH_EINVAL;
    memcpy(ours, theirs, theirs->size);
    return 0;
}

int
kith_spawn(kith_fn fn, const void *arg, size_t len, kith_pid *pid)
{
    struct ki_birth b = {.fn = fn, .site = __builtin_return_address(0)};

    return ki_slow(!fn) ? KITH_EINVAL : spawn(NULL, &b, arg, len, pid, NULL);
}

int
kith_spawn_link(kith_fn fn, const void *arg, size_t len, kith_pid *pid)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    struct ki_birth b = {.fn = fn, .site = __builtin_return_address(0)};

    o.link = true;
    return !fn ? KITH_EINVAL : spawn(&o, &b, arg, len, pid, NULL);
}

int
kith_spawn_monitor(kith_fn fn, const void *arg, size_t len, kith_pid *pid, kith_ref *ref)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    struct ki_birth b = {.fn = fn, .site = __builtin_return_address(0)};

    return !fn || !ref ? KITH_EINVAL : spawn(&o, &b, arg, len, pid, ref);
}

int
kith_spawn_opt(const kith_spawn_options *theirs, kith_fn fn, const void *arg, size_t len,
               kith_pid *pid)
{
    kith_spawn_options o;
    struct ki_birth b = {.fn = fn, .site = __builtin_return_address(0)};
    int rc = fn ? read_options(&o, theirs) : KITH_EINVAL;

    return rc < 0 ? rc : spawn(&o, &b, arg, len, pid, o.monitor);
}

int
kith_socket_spawn(kith_socket s, kith_conn fn, const void *arg, size_t len, kith_pid *pid)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    struct ki_birth b = {.conn = fn, .socket = s, .site = __builtin_return_address(0)};

    o.give = s;
    if (!fn)
        return KITH_EINVAL;
    return s.id ? spawn(&o, &b, arg, len, pid, NULL) : KITH_EBADF;
}

int
ki_spawn_options(kith_spawn_options *ours, const kith_spawn_options *theirs)
{
    int rc = read_options(ours, theirs);

    return rc == 0 && !makes_sense(ours) ? KITH_EINVAL : rc;
}

int
ki_spawn(const kith_spawn_options *theirs, const struct ki_birth *b, const void *arg,
         size_t len, kith_pid *pid)
{
    kith_spawn_options o;
    int rc = read_options(&o, theirs);

    return rc < 0 ? rc : spawn(&o, b, arg, len, pid, o.monitor);
}
