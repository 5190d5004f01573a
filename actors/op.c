/* SPDX-License-Identifier: Apache-2.0
 * op.c -- the life of an operation record, and the futures that stand for it. */
#include "actors/op.h"

#include <string.h>

#include "actors/file.h"
#include "actors/io.h"
#include "actors/limit.h"
#include "actors/msg.h"
#include "actors/server.h"
#include "core/seam.h"

/* The codes an operation can be stopped with, by their index in the state word. */
enum { STOP_CANCEL = 1, STOP_TIMEOUT, STOP_KILL, STOP_NOPROC, STOP_STOPPED };

static const int stop_code[] = {
    [STOP_CANCEL] = KITH_ECANCELED, [STOP_TIMEOUT] = KITH_ETIMEOUT,
    [STOP_KILL] = KITH_EKILLED,     [STOP_NOPROC] = KITH_ENOPROC,
    [STOP_STOPPED] = KITH_ESTOPPED,
};

int
ki_op_stop_code(unsigned index)
{
    return stop_code[index];
}

static void op_expired(struct ki_alarm *a, struct ki_wakes *wakes);

/* ---- records ---- */

/* A record with what stays the same for all its uses by p. */
static struct ki_op *
record_new(struct ki_proc *p)
{
    struct ki_op *op =
        (struct ki_op *) (void *) ki_slots_get(&ki_runtime.ops,
                                               ki_slots_here(KI_KIND_FUTURE));

    if (!op)
        return NULL;
    op->addr = NULL;
    op->monitor = NULL;
    ki_store_rlx(&op->starter, p); /* relaxed: begin publishes it */
    op->msg.node =
        (struct ki_node){.to = ki_proc_id(p), .kind = KI_N_DONE, .flags = KI_MSG_OF_OP};
    op->request = (struct ki_node){.kind = KI_N_REQUEST};
    op->queued = op->arrived = op->to_mailbox = op->has_alarm = op->forgotten = false;
    ki_store_rlx(&op->alarm.timer.base, KI_BASE_NONE); /* relaxed: ours alone until begun */
    return op;
}

/* The caller of a _start has gone on when it is done. false: no memory. */
static bool
own_what_it_needs(struct ki_op *op, const struct ki_io *io)
{
    switch ((enum ki_op_kind) io->kind) {
    case KI_OP_CONNECT:
    case KI_OP_SENDTO:
        op->addr = ki_slab_alloc(ki_slab_here(), sizeof *op->addr);
        if (!op->addr)
            return false;
        *op->addr = *io->u.addr;
        op->io.u.addr = op->addr;
        return true;
    case KI_OP_SENDFILE:
        op->io.u.file = io->select ? NULL : ki_file_new(op, io->u.ask);
        return io->select || op->io.u.file;
    default:
        return true;
    }
}

struct ki_op *
ki_op_new(struct ki_proc *p, struct ki_socket *s, uint64_t sid, const struct ki_io *io)
{
    struct ki_op *op = record_new(p);

    if (!op)
        return NULL;
    op->io = *io;
    if (!own_what_it_needs(op, io)) {
        ki_slots_put(&ki_runtime.ops, ki_slots_here(KI_KIND_FUTURE), &op->slot);
        return NULL;
    }
    op->socket = s;
    op->request.to = sid;
    op->own_prev = NULL;
    op->own_next = p->ops;
    if (p->ops)
        p->ops->own_prev = op;
    p->ops = op;
    return op;
}

static void
unlist(struct ki_proc *p, struct ki_op *op)
{
    if (op->own_prev)
        op->own_prev->own_next = op->own_next;
    else
        p->ops = op->own_next;
    if (op->own_next)
        op->own_next->own_prev = op->own_prev;
}

static void
record_free(struct ki_op *op)
{
    if (op->addr)
        ki_slab_free(ki_slab_here(), op->addr, sizeof *op->addr);
    op->addr = NULL;
    if (op->io.kind == KI_OP_SENDFILE && op->io.u.file)
        ki_file_free(op->io.u.file);
    ki_store_rel(&op->word, KI_OP_FREE); /* with the acquire of a stale stop */
    ki_slots_put(&ki_runtime.ops, ki_slots_here(KI_KIND_FUTURE), &op->slot);
}

struct ki_op *
ki_op_new_of_socket(struct ki_proc *p, struct ki_socket *s, const struct ki_io *io)
{
    struct ki_op *op = record_new(p);

    if (!op)
        return NULL;
    op->io = *io;
    op->socket = s;
    op->request.to = 0;
    ki_op_begin_of_executor(&op->word, op->slot.generation);
    return op;
}

void
ki_op_free_of_socket(struct ki_op *op)
{
    record_free(op);
}

void
ki_op_executor_drops(struct ki_op *op)
{
    if (ki_op_let_go(&op->word, KI_OP_EXECUTOR))
        record_free(op);
}

/* The starter is done with it: the result was taken, or is wanted by nobody. */
static void
starter_drops(struct ki_proc *p, struct ki_op *op)
{
    unlist(p, op);
    if (op->monitor)
        ki_monitor_end(p, op->monitor);
    op->monitor = NULL;
    if (op->has_alarm)
        (void) ki_timers_cancel(&op->alarm);
    if (ki_op_let_go(&op->word, KI_OP_STARTER))
        record_free(op);
}

void
ki_op_abandon(struct ki_proc *p, struct ki_op *op)
{
    unlist(p, op);
    record_free(op);
}

/* ---- ends ---- */

static void
tell_starter(struct ki_op *op, struct ki_wakes *wakes)
{
    struct ki_task *t = ki_proc_task(ki_load_rlx(&op->starter)); /* constant while in use */

    /* Sure: a process does not die before its operations ended. */
    if (ki_mbox_push_sure(&t->mbox, &op->msg.node) != KI_PUSH_SCHEDULE)
        return;
    if (wakes)
        ki_wakes_add(wakes, t);
    else
        ki_sched_ready_fifo(t);
}

void
ki_op_submit(struct ki_op *op)
{
    if (ki_sched_post(&op->socket->task, &op->request, KI_MBOX_DEAD))
        return;
    if (ki_op_busy(&op->word))
        ki_op_complete(op, KITH_ECLOSED, KI_OP_EXECUTOR);
    else
        ki_op_executor_drops(op);
}

/* The executor has it in a queue: it shall let go. The request node has arrived long ago. */
static void
tell_executor(struct ki_op *op, struct ki_wakes *wakes)
{
    struct ki_task *t;

    if (op->io.kind == KI_OP_SEND_WAIT) { /* awaited by its starter, who alone stops it */
        KI_ASSERT(!wakes);
        ki_sender_stopped(op);
        return;
    }
    t = &op->socket->task;
    op->request.kind = KI_N_STOP;
    /* Sure: a socket does not die before every STOP has come. */
    if (ki_mbox_push_sure(&t->mbox, &op->request) != KI_PUSH_SCHEDULE)
        return;
    if (wakes)
        ki_wakes_add(wakes, t);
    else
        ki_sched_ready(t);
}

/* Stops with a code by the starter. true: it has ended and the completion will not come;
 * false: the completion has come or will. */
static bool
stop(struct ki_op *op, unsigned code)
{
    enum ki_stop r = ki_op_stop(&op->word, op->slot.generation, code);

    if (r != KI_STOP_WON && r != KI_STOP_WON_LINKED)
        return false;
    op->result = stop_code[code];
    (void) ki_op_finish(&op->word, 0);
    if (r == KI_STOP_WON_LINKED)
        tell_executor(op, NULL);
    return true;
}

/* The code for what a wait answered. */
static unsigned
stop_for(int rc)
{
    return rc == KITH_ETIMEOUT   ? STOP_TIMEOUT
           : rc == KITH_ESTOPPED ? STOP_STOPPED
                                 : STOP_KILL;
}

/* Under the wheel's lock. */
static void
op_expired(struct ki_alarm *a, struct ki_wakes *wakes)
{
    struct ki_op *op = ki_container_of(a, struct ki_op, alarm);
    enum ki_stop r = ki_op_stop(&op->word, op->slot.generation, STOP_TIMEOUT);

    if (r != KI_STOP_WON && r != KI_STOP_WON_LINKED)
        return;
    op->result = KITH_ETIMEOUT;
    /* tell_executor first: once the starter is told, only the executor's hold keeps the record,
     * and with the node on its way that hold stays. */
    if (r == KI_STOP_WON_LINKED)
        tell_executor(op, wakes);
    (void) ki_op_finish(&op->word, 0);
    tell_starter(op, wakes);
}

void
ki_op_arm(struct ki_op *op, uint64_t deadline_ns)
{
    op->has_alarm = true;
    op->alarm.expire = op_expired;
    ki_timers_arm(&op->alarm, deadline_ns);
}

/* Its result is a handle. */
static bool
wins_socket(const struct ki_op *op)
{
    return op->io.kind == KI_OP_ACCEPT || op->io.kind == KI_OP_OPEN;
}

/* The completion as a message: KITH_TAG_FUTURE, or KITH_TAG_SELECT for a NOWAIT. */
static void
make_message(struct ki_proc *p, struct ki_op *op)
{
    op->msg.pub = (kith_msg){.from = {ki_proc_id(p)}, .data = &op->body};
    if (op->io.select) {
        op->msg.pub.tag = KITH_TAG_SELECT;
        op->msg.pub.len = sizeof op->body.select;
        op->body.select = (kith_select){.socket = {op->request.to},
                                        .op = ki_io_bit(op->io.kind),
                                        .code = op->result < 0 ? (int) op->result : 0};
    } else {
        op->msg.pub.tag = KITH_TAG_FUTURE;
        op->msg.pub.len = sizeof op->body.done;
        op->body.done = (kith_done){.future = ki_op_future(op),
                                    .result = op->result,
                                    .bytes = op->io.done};
        if (op->result == 0 && wins_socket(op)) {
            op->body.done.socket = op->io.won;
            ki_socket_take(p, op->io.won);
        }
    }
    unlist(p, op);
    if (op->monitor)
        ki_monitor_end(p, op->monitor);
    op->monitor = NULL;
    op->own_next = op->own_prev = NULL;
    op->msg.node.kind = KI_N_MSG;
    ki_inbox_add(&p->inbox, &op->msg.node);
}

/* Deferred functions may wait for messages; else the dying get none. */
static bool
takes_messages(const struct ki_proc *p)
{
    return !p->dying || p->in_defers;
}

void
ki_op_arrived(struct ki_proc *p, struct ki_node *n)
{
    struct ki_op *op = ki_container_of(n, struct ki_op, msg.node);

    op->arrived = true;
    if (op->forgotten)
        starter_drops(p, op);
    else if (op->to_mailbox && takes_messages(p))
        make_message(p, op);
}

/* The callee's DOWN: no reply will come, unless it came first. */
void
ki_op_callee_died(struct ki_proc *p, struct ki_op *op, const kith_reason *why)
{
    if (op->arrived || !stop(op, STOP_NOPROC))
        return;
    op->arrived = true;
    ki_call_failed(p, why);
    if (op->to_mailbox && takes_messages(p))
        make_message(p, op);
}

struct ki_op *
ki_op_take_by_id(uint64_t id)
{
    struct ki_op *op;

    if (ki_id_kind(id) != KI_KIND_FUTURE)
        return NULL;
    op = (struct ki_op *) (void *) ki_slots_at(&ki_runtime.ops, ki_id_index(id));
    return op && ki_op_busy_of(&op->word, ki_id_generation(id)) ? op : NULL;
}

bool
ki_op_offload(struct ki_op *op, struct ki_job *job, uint64_t *id)
{
    int rc;

    ki_op_begin_alone(&op->word, op->slot.generation);
    *id = ki_op_future(op).id;
    rc = ki_offload_submit(job);
    if (rc == 0)
        return true;
    KI_CHECK(ki_op_busy(&op->word));
    ki_op_complete(op, rc, 0);
    return false;
}

void
ki_op_free_msg(struct ki_msg *m)
{
    struct ki_op *op = ki_container_of(m, struct ki_op, msg);

    if (op->has_alarm)
        (void) ki_timers_cancel(&op->alarm);
    if (ki_op_let_go(&op->word, KI_OP_STARTER))
        record_free(op);
}

/* Takes the result of one that has ended, and gives the record back. */
static ptrdiff_t
take_result(struct ki_proc *p, struct ki_op *op, struct ki_io *io)
{
    ptrdiff_t result = op->result;

    if (result < 0)
        p->partial = op->io.done;
    if (io)
        *io = op->io;
    starter_drops(p, op);
    return result;
}

ptrdiff_t
ki_op_await(struct ki_proc *p, struct ki_op *op, uint64_t deadline_ns, const char *what,
            struct ki_io *io)
{
    ptrdiff_t result;
    int rc = 0;

    while (!op->arrived && rc == 0)
        rc = ki_proc_wait(p, deadline_ns, what);
    ki_proc_wait_end(p);
    if (!op->arrived && !stop(op, stop_for(rc))) {
        /* It is being executed, or has just ended: the completion is near. */
        while (!op->arrived)
            if (!ki_proc_take(p) && !op->arrived)
                ki_proc_park_for_sure(p);
    }
    result = take_result(p, op, io);
    if (result < 0) /* a result that won is given: the thread dies at its next call */
        (void) ki_proc_wait_failed(p, rc);
    return result;
}

ptrdiff_t
ki_op_await_soon(struct ki_proc *p, struct ki_op *op, const char *what, struct ki_io *io)
{
    while (!op->arrived) {
        if (ki_proc_take(p))
            continue;
        /* No worker is left to end it. A thread that waits already is told (KI_N_STOPPED). */
        if (p->body == KI_BODY_THREAD && ki_load_seq(&ki_runtime.state) != KI_STATE_RUNNING)
            return ki_op_await(p, op, UINT64_MAX, what, io);
        ki_store_rlx(&p->waits_for, what); /* relaxed: others only report it */
        ki_proc_park_for_sure(p);
        ki_store_rlx(&p->waits_for, NULL);
    }
    (void) ki_proc_die_if_doomed(p); /* and then what was won is closed with it */
    return take_result(p, op, io);
}

/* ---- the own record ---- */

struct ki_op *
ki_op_own_new(struct ki_proc *p)
{
    p->own_op = record_new(p);
    if (p->own_op)
        memset(&p->own_op->io, 0, sizeof p->own_op->io);
    return p->own_op;
}

/* Stopped, and the executor still has it in its queue: the record is given up, the next call
 * takes a new one. */
static void
own_give_up(struct ki_proc *p)
{
    struct ki_op *op = p->own_op;

    p->own_op = NULL;
    if (ki_op_let_go(&op->word, KI_OP_STARTER))
        record_free(op);
}

/* With a deadline, or not to be waited for: the long way. */
ptrdiff_t
ki_op_own_await_slowly(struct ki_proc *p, struct ki_op *op, kith_ms timeout,
                       const char *what)
{
    uint64_t deadline_ns = ki_deadline_ns(timeout);
    ptrdiff_t result;
    int rc = 0;

    while (!op->arrived && rc == 0)
        rc = ki_proc_wait(p, deadline_ns, what);
    ki_proc_wait_end(p);
    if (op->arrived)
        return ki_op_own_result(p, op);
    if (stop(op, stop_for(rc))) {
        result = ki_op_own_result(p, op);
        own_give_up(p);
        return result;
    }
    while (
        !op->arrived) /* it is being executed, or has just ended: the completion is near */
        if (!ki_proc_take(p) && !op->arrived)
            ki_proc_park_for_sure(p);
    return ki_op_own_result(p, op);
}

/* Other mail than the completion, or that among others. */
ptrdiff_t
ki_op_own_mail(struct ki_proc *p, struct ki_op *op, struct ki_node *n, const char *what)
{
    ki_proc_dispatch(p, n);
    ki_store_rlx(&p->waits_for, NULL);
    (void) ki_proc_die_if_doomed(p);
    if (op->arrived)
        return ki_op_own_result(p, op);
    return ki_op_own_await_slowly(p, op, KITH_INFINITY, what);
}

void
ki_op_own_free(struct ki_proc *p)
{
    if (!p->own_op)
        return;
    record_free(p->own_op);
    p->own_op = NULL;
}

/* What it has won and nobody takes any more goes the way of its starter. */
static void
drop_result(struct ki_proc *p, struct ki_op *op)
{
    if (!op->arrived || op->io.select || op->result < 0)
        return;
    switch ((enum ki_op_kind) op->io.kind) {
    case KI_OP_ACCEPT:
    case KI_OP_OPEN:
    case KI_OP_PEELOFF:
        ki_socket_take(p, op->io.won);
        return;
    case KI_OP_RECVMSG:
        ki_io_close_descriptors(op->io.u.in, 1);
        return;
    case KI_OP_RECVMMSG:
        ki_io_close_descriptors(op->io.u.many, (size_t) op->result);
        return;
    default:
        return;
    }
}

/* The own record is under way when its process is killed in the wait. */
static bool
own_stopped(struct ki_proc *p)
{
    struct ki_op *op = p->own_op;

    if (!p->own_waits)
        return true;
    if (op->arrived) {
        p->own_waits = false;
    } else if (stop(op, STOP_KILL)) {
        p->own_waits = false;
        own_give_up(p);
        return true;
    } else {
        return false;
    }
    drop_result(p, op);
    return true;
}

bool
ki_op_stop_all(struct ki_proc *p)
{
    bool own = own_stopped(p);

    for (struct ki_op *op = p->ops, *next; op; op = next) {
        next = op->own_next;
        if (!op->arrived && !stop(op, STOP_KILL))
            continue;
        drop_result(p, op);
        starter_drops(p, op);
    }
    return own && p->ops == NULL;
}

/* ---- futures ---- */

/* p's own future. NULL: `*code` says why not: KITH_EBADF no future, KITH_ECLOSED it has ended,
 * KITH_EPERM another's. */
static struct ki_op *
op_of(struct ki_proc *p, kith_future f, int *code)
{
    struct ki_op *op = NULL;

    p->partial = 0;
    if (ki_id_kind(f.id) == KI_KIND_FUTURE)
        op = (struct ki_op *) (void *) ki_slots_at(&ki_runtime.ops, ki_id_index(f.id));
    *code = KITH_EBADF;
    if (!op)
        return NULL;
    uint64_t w = ki_load_acq(&op->word); /* with begin: the fields are those of this use */
    *code = KITH_ECLOSED;
    if (ki_op_generation(w) != ki_id_generation(f.id) || !(w & KI_OP_STARTER))
        return NULL;
    /* relaxed: if it is p it does not change under us; else it does not matter whose it is. */
    if (ki_load_rlx(&op->starter) == p)
        return op->to_mailbox ? NULL : op;
    *code = KITH_EPERM;
    return NULL;
}

ptrdiff_t
kith_await(kith_future f, kith_ms timeout)
{
    struct ki_proc *p;
    struct ki_op *op;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    op = op_of(p, f, &rc);
    if (!op)
        return rc;
    if (wins_socket(op)) /* kith_await_socket takes it */
        return KITH_EINVAL;
    return ki_op_await(p, op, ki_deadline_ns(timeout), "await", NULL);
}

int
kith_await_socket(kith_future f, kith_ms timeout, kith_socket *s)
{
    struct ki_proc *p;
    struct ki_op *op;
    struct ki_io io;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    op = op_of(p, f, &rc);
    if (!op)
        return rc;
    if (!s || !wins_socket(op))
        return KITH_EINVAL;
    rc = (int) ki_op_await(p, op, ki_deadline_ns(timeout), "await", &io);
    if (rc == 0) {
        ki_socket_take(p, io.won);
        *s = io.won;
    }
    return rc;
}

int
ki_op_first_done(struct ki_proc *p, const kith_future *fs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int code;
        struct ki_op *op = op_of(p, fs[i], &code);

        if (!op && code != KITH_ECLOSED)
            return code;
        if (!op || op->arrived)
            return (int) i;
    }
    return KITH_EAGAIN;
}

int
kith_await_any(const kith_future *fs, size_t n, kith_ms timeout)
{
    struct ki_proc *p;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    if (!fs || n == 0 || n > INT32_MAX)
        return KITH_EINVAL;
    uint64_t deadline = ki_deadline_ns(timeout);
    while ((rc = ki_op_first_done(p, fs, n)) == KITH_EAGAIN)
        if ((rc = ki_proc_wait(p, deadline, "await_any")) < 0)
            break;
    ki_proc_wait_end(p);
    return ki_proc_wait_failed(p, rc);
}

int
kith_cancel(kith_future f)
{
    struct ki_proc *p;
    struct ki_op *op;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    op = op_of(p, f, &rc);
    if (!op)
        return rc;
    if (!op->arrived && stop(op, STOP_CANCEL)) {
        (void) take_result(p, op, NULL);
        return 0;
    }
    /* A handler cannot wait out a running system call; its completion comes as usual. */
    if (p->body == KI_BODY_HANDLER)
        return KITH_EALREADY;
    while (!op->arrived)
        if (!ki_proc_take(p) && !op->arrived)
            ki_proc_park_for_sure(p);
    if (op->result != KITH_ECANCELED)
        return KITH_EALREADY;
    (void) take_result(p, op, NULL);
    return 0;
}

void
kith_future_to_mailbox(kith_future f)
{
    struct ki_proc *p;
    struct ki_op *op;
    int code;

    if (ki_enter(&p) < 0 || !(op = op_of(p, f, &code)))
        return;
    op->to_mailbox = true;
    if (op->arrived)
        make_message(p, op);
}

size_t
kith_partial(void)
{
    struct ki_proc *p;

    return ki_enter(&p) == 0 ? p->partial : 0;
}
