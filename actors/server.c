/* SPDX-License-Identifier: Apache-2.0
 * server.c -- servers: a table of callbacks, run without a stack, or on one when asked.
 *
 * Without a stack the worker calls back for each message and nothing may wait. With one the
 * server is a process whose function is the loop below. A call is an operation (op.h) whose
 * executor is whoever replies: a reply that comes too late finds another generation. */
#include "actors/server.h"

#include <string.h>

#include "actors/msg.h"
#include "actors/op.h"
#include "actors/start.h"
#include "core/escape.h"

enum { TURN = 64 }; /* messages a handler handles before others have their turn */

struct ki_handler {
    const kith_server *type;
    void *state;
    bool ready;    /* init has succeeded */
    bool accepted; /* init's argument is a kith_accepted, whose bytes are behind it */
};

/* ---- the callbacks ---- */

static int
handle(struct ki_handler *h, struct ki_msg *m)
{
    const kith_server *t = h->type;

    if (ki_is_call(&m->pub)) {
        kith_from from = ki_call_from(&m->pub);

        if (t->call)
            return t->call(h->state, from, &m->pub);
        kith_reply_error(from, KITH_EOPNOTSUPP);
        return KITH_CONTINUE;
    }
    if (m->node.flags & KI_MSG_CAST)
        return t->cast ? t->cast(h->state, &m->pub) : KITH_CONTINUE;
    return t->info ? t->info(h->state, &m->pub) : KITH_CONTINUE;
}

static int
init(struct ki_proc *p, struct ki_handler *h, void *arg)
{
    int rc;

    if (h->accepted && ((kith_accepted *) arg)->arg) /* of this copy */
        ((kith_accepted *) arg)->arg = (char *) arg + KI_ACCEPTED_ROOM;
    rc = h->type->init ? h->type->init(h->state, arg) : 0;
    h->ready = rc >= 0;
    ki_start_ack(p, rc);
    return rc < 0 ? rc : KITH_CONTINUE;
}

static void
handler_free(struct ki_handler *h)
{
    if (h->type->state_size)
        ki_slab_free(ki_slab_here(), h->state, h->type->state_size);
    ki_slab_free(ki_slab_here(), h, sizeof *h);
}

void
ki_handler_terminate(struct ki_proc *p)
{
    struct ki_handler *h = p->handler;

    if (!h)
        return;
    if (h->ready && h->type->terminate)
        h->type->terminate(h->state, p->why);
    p->handler = NULL;
    handler_free(h);
}

/* ---- without a stack ---- */

/* KITH_CONTINUE, or how it ends. */
static int
turn(struct ki_proc *p)
{
    int rc = KITH_CONTINUE;

    if (!p->handler->ready)
        rc = init(p, p->handler, p->arg);
    for (int i = 0; i < TURN && rc == KITH_CONTINUE && p->inbox.head && !p->doomed; i++) {
        if (i == KI_FETCH_EVERY) {
            ki_proc_take(p);
            if (p->doomed)
                break;
        }
        p->received = ki_inbox_take(p, &p->inbox.head);
        rc = handle(p->handler, p->received);
        ki_receive_drop(p);
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

static void
handler_run(struct ki_task *t, struct ki_worker *w)
{
    struct ki_proc *p = ki_proc_of_task(t);

    (void) w;
    ki_proc_take(p);
    if (!p->dying && !p->doomed)
        call_back(p);
    if (p->doomed && !p->dying)
        ki_exit_begin(p, p->why);
    if (p->dying && ki_exit_step(p)) {
        ki_proc_free(p);
        ki_proc_count_down();
        return;
    }
    if ((p->inbox.head && !p->dying) || !ki_mbox_settle(&t->mbox))
        ki_sched_ready_fifo(t);
}

const struct ki_task_type ki_handler_task_type = {.name = "handler", .run = handler_run};

/* ---- with a stack ---- */

static int
loop(void *arg)
{
    struct ki_handler *h = *(struct ki_handler **) arg;
    const kith_msg *m;
    struct ki_proc *p;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    p->handler = h;
    rc = init(p, h, p->arg_len > sizeof h ? (char *) p->arg + sizeof h : NULL);
    while (rc == KITH_CONTINUE && (rc = kith_receive(&m, KITH_INFINITY)) == 0)
        rc = handle(h, ki_msg_of(m));
    return rc < 0 ? rc : 0;
}

/* ---- start ---- */

/* What reports call it by: the address of its first callback, never called by this type. */
static kith_fn
fn_for_reports(const kith_server *t)
{
    union {
        int (*init)(void *state, void *arg);
        int (*call)(void *state, kith_from from, const kith_msg *m);
        int (*message)(void *state, const kith_msg *m);
        kith_fn fn;
    } u = {.init = t->init};

    if (!t->init && t->call)
        u.call = t->call;
    else if (!t->init)
        u.message = t->cast ? t->cast : t->info;
    return u.fn;
}

static struct ki_handler *
handler_new(const kith_server *t)
{
    struct ki_handler *h = ki_slab_alloc(ki_slab_here(), sizeof *h);

    if (!h)
        return NULL;
    *h = (struct ki_handler){.type = t};
    if (t->state_size) {
        h->state = ki_slab_alloc(ki_slab_here(), t->state_size);
        if (!h->state) {
            ki_slab_free(ki_slab_here(), h, sizeof *h);
            return NULL;
        }
        memset(h->state, 0, t->state_size);
    }
    return h;
}

int
ki_server_spawn(const kith_server *t, const kith_spawn_options *o, const void *arg,
                size_t len, struct ki_birth b, kith_pid *pid)
{
    struct ki_handler *h = handler_new(t);
    int rc;

    if (!h)
        return KITH_ENOMEM;
    h->accepted = b.accepted;
    b.handler = h;
    b.body = t->with_stack ? KI_BODY_STACK : KI_BODY_HANDLER;
    b.fn = t->with_stack ? loop : fn_for_reports(t);
    rc = ki_spawn(o, &b, arg, len, pid);
    if (rc < 0)
        handler_free(h);
    return rc;
}

int
kith_server_start(const kith_server *t, const kith_spawn_options *o, const void *arg,
                  size_t len, kith_pid *pid)
{
    struct ki_birth b = {.site = __builtin_return_address(0)};
    struct ki_proc *p;
    struct ki_op *op;
    kith_pid child = {0};
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    if (!t || (len && !arg))
        return KITH_EINVAL;
    op = ki_start_new(p);
    if (!op)
        return KITH_ENOMEM;
    b.start_op = ki_op_future(op).id;
    rc = ki_start_await(p, op, ki_server_spawn(t, o, arg, len, b, &child), "server_start");
    if (rc == 0 && pid)
        *pid = child;
    return rc;
}

/* ---- calls ---- */

int
ki_call_start(kith_pid to, uint64_t tag, kith_iov request, kith_iov reply, kith_ms timeout,
              kith_future *f)
{
    struct ki_io io = {.kind = KI_OP_CALL_SERVER, .buf = reply.base, .len = reply.len};
    struct ki_proc *p, *callee;
    struct ki_msg *m;
    struct ki_op *op;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if (!f || timeout == KITH_NOWAIT || (!request.base && request.len) ||
        (!reply.base && reply.len))
        return KITH_EINVAL;
    callee = ki_proc_find(to);
    if (!callee)
        return KITH_ENOPROC;
    if (callee == p)
        return KITH_EDEADLK;
    m = ki_msg_new(tag, request.len);
    op = m ? ki_op_new(p, NULL, 0, &io) : NULL;
    if (op)
        op->monitor = ki_monitor_new(p, callee, to.id);
    if (!m || !op || !op->monitor) {
        if (m)
            ki_msg_free(m);
        if (op)
            ki_op_abandon(p, op);
        return KITH_ENOMEM;
    }
    ki_op_begin_alone(&op->word, op->slot.generation);
    *f = ki_op_future(op);
    if (request.len)
        memcpy(m->pub.data, request.base, request.len);
    m->node.flags = KI_MSG_CALL;
    m->pub.from.id = ki_proc_id(p);
    m->pub.ref.id = f->id;
    if (timeout != KITH_INFINITY)
        ki_op_arm(op, ki_deadline_ns(timeout));
    ki_monitor_call(p, op->monitor, op);
    if (!ki_msg_post(callee, to.id, m)) {
        ki_msg_free(m);
        ki_op_callee_died(p, op);
    }
    ki_proc_charge(p, 1);
    return 0;
}

ptrdiff_t
ki_call(kith_pid to, uint64_t tag, kith_iov request, kith_iov reply, kith_ms timeout)
{
    struct ki_proc *p;
    kith_future f;
    int rc = ki_enter_waiting(&p);

    if (rc == 0)
        rc = ki_call_start(to, tag, request, reply, KITH_INFINITY, &f);
    return rc < 0 ? rc : kith_await(f, timeout);
}

/* A tag of the system's, from a user. */
static KI_NOINLINE int
bad_tag(bool waits)
{
    struct ki_proc *p;
    int rc = waits ? ki_enter_waiting(&p) : ki_enter(&p);

    return rc < 0 ? rc : KITH_EINVAL;
}

int
kith_call_start(kith_pid to, uint64_t tag, kith_iov request, kith_iov reply,
                kith_ms timeout, kith_future *f)
{
    return ki_slow(tag & KITH_TAG_SYSTEM)
               ? bad_tag(false)
               : ki_call_start(to, tag, request, reply, timeout, f);
}

ptrdiff_t
kith_call(kith_pid to, uint64_t tag, kith_iov request, kith_iov reply, kith_ms timeout)
{
    return ki_slow(tag & KITH_TAG_SYSTEM) ? bad_tag(true)
                                          : ki_call(to, tag, request, reply, timeout);
}

int
kith_cast(kith_pid to, uint64_t tag, const void *data, size_t len)
{
    struct ki_proc *p, *callee;
    struct ki_msg *m;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if ((tag & KITH_TAG_SYSTEM) || (!data && len))
        return KITH_EINVAL;
    callee = ki_proc_find(to);
    m = callee ? ki_msg_new(tag, len) : NULL;
    if (!m)
        return callee ? KITH_ENOMEM : KITH_ENOPROC;
    if (len)
        memcpy(m->pub.data, data, len);
    m->node.flags = KI_MSG_CAST;
    m->pub.from.id = ki_proc_id(p);
    if (!ki_msg_post(callee, to.id, m)) {
        ki_msg_free(m);
        return KITH_ENOPROC;
    }
    ki_proc_charge(p, 1);
    return 0;
}

void
kith_reply(kith_from to, const void *data, size_t len)
{
    struct ki_op *op;

    if (ki_load_rlx(&ki_runtime.state) != KI_STATE_RUNNING)
        return;
    op = ki_op_take_by_id(to.a);
    if (!op)
        return;
    op->io.done = len;
    if (len > op->io.len) {
        ki_op_complete(op, KITH_EMSGSIZE, 0);
        return;
    }
    if (len)
        memcpy(op->io.buf, data, len);
    ki_op_complete(op, (ptrdiff_t) len, 0);
}

void
kith_reply_error(kith_from to, int code)
{
    struct ki_op *op;

    if (ki_load_rlx(&ki_runtime.state) != KI_STATE_RUNNING)
        return;
    op = ki_op_take_by_id(to.a);
    if (op)
        ki_op_complete(op, code < 0 ? code : KITH_EFAILED, 0);
}
