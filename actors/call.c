/* SPDX-License-Identifier: Apache-2.0
 * call.c -- requests and replies.
 *
 * A call is an operation (op.h) whose executor is whoever replies: a reply that comes too late
 * finds another generation. The monitor that ends it when the callee dies carries the reason. */
#include "actors/server.h"

#include <string.h>

#include "actors/msg.h"
#include "actors/op.h"

/* ---- why a call had nobody to answer it ---- */

/* Where p notes it; made at the first use, gone with p. NULL: no memory. */
static kith_reason *
room_for_why(struct ki_proc *p)
{
    if (!p->call_why)
        p->call_why = ki_chunk_alloc(p, sizeof *p->call_why);
    return p->call_why;
}

void
ki_call_failed(struct ki_proc *p, const kith_reason *why)
{
    kith_reason *room = p->dying && !p->in_defers ? NULL : room_for_why(p);

    if (room)
        *room = *why;
}

static const kith_reason noproc = {.kind = KITH_NOPROC};

/* The callee was dead before the call. */
static KI_NOINLINE int
no_callee(struct ki_proc *p)
{
    ki_call_failed(p, &noproc);
    return KITH_ENOPROC;
}

int
kith_call_why(kith_reason *why)
{
    struct ki_proc *p;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if (!why)
        return KITH_EINVAL;
    if (!p->call_why)
        return KITH_ENOENT;
    *why = *p->call_why;
    return 0;
}

/* ---- calls ---- */

/* The message and the operation with its monitor of the callee, or nothing. */
static struct ki_op *
prepare(struct ki_proc *p, struct ki_proc *callee, kith_pid to, kith_iov reply,
        struct ki_msg *m)
{
    struct ki_io io = {.kind = KI_OP_CALL_SERVER, .buf = reply.base, .len = reply.len};
    struct ki_op *op = m ? ki_op_new(p, NULL, 0, &io) : NULL;

    if (op)
        op->monitor = ki_monitor_new(p, callee, to.id);
    if (ki_fast(op && op->monitor)) {
        ki_op_begin_alone(&op->word, op->slot.generation);
        return op;
    }
    if (m)
        ki_msg_free(m);
    if (op)
        ki_op_abandon(p, op);
    return NULL;
}

int
ki_call_start(kith_pid to, uint64_t tag, kith_iov request, kith_iov reply, kith_ms timeout,
              kith_future *f)
{
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
    if (ki_slow(!callee))
        return no_callee(p);
    if (callee == p)
        return KITH_EDEADLK;
    m = ki_msg_new(tag, request.len);
    op = prepare(p, callee, to, reply, m);
    if (!op)
        return KITH_ENOMEM;
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
        /* It dies, and may write its reason into the monitor just now: not ours to read. */
        ki_op_callee_died(p, op, &noproc);
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
    return ki_slow((tag & KITH_TAG_SYSTEM) != 0)
               ? bad_tag(false)
               : ki_call_start(to, tag, request, reply, timeout, f);
}

ptrdiff_t
kith_call(kith_pid to, uint64_t tag, kith_iov request, kith_iov reply, kith_ms timeout)
{
    return ki_slow((tag & KITH_TAG_SYSTEM) != 0)
               ? bad_tag(true)
               : ki_call(to, tag, request, reply, timeout);
}

ptrdiff_t
kith_call_name(const char *name, uint64_t tag, kith_iov request, kith_iov reply,
               kith_ms timeout)
{
    struct ki_proc *p;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    kith_pid pid = kith_whereis(name);
    return pid.id ? kith_call(pid, tag, request, reply, timeout) : KITH_ENOENT;
}

static bool
is_same(const kith_reason *a, const kith_reason *b)
{
    return a->kind == b->kind && a->code == b->code &&
           strncmp(a->text, b->text, sizeof a->text) == 0;
}

/* A request that is never answered: the callee's death ends it. */
int
kith_server_stop(kith_pid pid, kith_reason why, kith_ms timeout)
{
    struct ki_proc *p;
    ptrdiff_t rc = ki_enter_waiting(&p);

    if (rc < 0)
        return (int) rc;
    if (!room_for_why(p))
        return KITH_ENOMEM;
    rc = ki_call(pid, KI_TAG_STOP, KITH_IOV(why), (kith_iov){0}, timeout);
    if (rc != KITH_ENOPROC)
        return rc < 0 ? (int) rc : KITH_EFAILED; /* no server, and it plays one */
    if (p->call_why->kind == KITH_NOPROC)
        return KITH_ENOPROC;
    return is_same(p->call_why, &why) ? 0 : KITH_EFAILED;
}

/* ---- casts ---- */

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

int
kith_cast_name(const char *name, uint64_t tag, const void *data, size_t len)
{
    struct ki_proc *p;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    kith_pid pid = kith_whereis(name);
    return pid.id ? kith_cast(pid, tag, data, len) : KITH_ENOENT;
}

/* ---- replies ---- */

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
