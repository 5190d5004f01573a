/* SPDX-License-Identifier: Apache-2.0
 * op.h -- operations that wait: started by a process, executed by a socket, awaited or stopped.
 *
 * The state word is core/opword.h. What a process started and has not ended stands in its list
 * `ops`; each ends exactly once: awaited, cancelled, sent to its mailbox, or stopped by the
 * process's death. */
#ifndef KI_OP_H
#define KI_OP_H

#include "actors/proc.h"
#include "core/offload.h"

/* ki_op_new makes a record for `io` on socket `s` (handle `sid`) in p's list, not yet begun.
 * NULL: no memory. An address is copied. */
struct ki_op *ki_op_new(struct ki_proc *p, struct ki_socket *s, uint64_t sid,
                        const struct ki_io *io);

/* ki_op_new_of_socket makes one that nobody has started: it is the executor's alone, who queues it,
 * ends it, and gives it back when it is BUSY. NULL: no memory. */
struct ki_op *ki_op_new_of_socket(struct ki_proc *p, struct ki_socket *s,
                                  const struct ki_io *io);
void ki_op_free_of_socket(struct ki_op *op);

/* ki_op_own answers p's own record, made at the first use and kept: for the one operation that p
 * itself waits for. It is in no list and no future stands for it. NULL: no memory. */
struct ki_op *ki_op_own_new(struct ki_proc *p);

static inline struct ki_op *
ki_op_own(struct ki_proc *p)
{
    return ki_fast(p->own_op != NULL) ? p->own_op : ki_op_own_new(p);
}

/* ki_op_own_begin publishes it as waiting in s's queue (op->io is filled in); the claimant then
 * queues it. ki_op_own_await waits for its end and answers its result. */
static inline void
ki_op_own_begin(struct ki_proc *p, struct ki_op *op, struct ki_socket *s, uint64_t sid)
{
    op->socket = s;
    op->request.to = sid;
    op->arrived = false;
    p->own_waits = true;
    ki_op_begin(&op->word, op->slot.generation, true);
}

ptrdiff_t ki_op_own_await_slowly(struct ki_proc *p, struct ki_op *op, kith_ms timeout,
                                 const char *what);
ptrdiff_t ki_op_own_mail(struct ki_proc *p, struct ki_op *op, struct ki_node *n,
                         const char *what);

static inline ptrdiff_t
ki_op_own_result(struct ki_proc *p, struct ki_op *op)
{
    ptrdiff_t result = op->result;

    p->own_waits = false;
    if (ki_slow(result < 0))
        p->partial = op->io.done;
    return result;
}

KI_HOT ptrdiff_t
ki_op_own_await(struct ki_proc *p, struct ki_op *op, kith_ms timeout, const char *what)
{
    struct ki_node *n;

    if (ki_slow(timeout != KITH_INFINITY) || ki_slow(p->dying | p->doomed))
        return ki_op_own_await_slowly(p, op, timeout, what);
    ki_store_rlx(&p->waits_for, what); /* relaxed: others only report it */
    ki_fiber_park(&p->fiber);
    n = ki_mbox_take_newest(&p->fiber.task.mbox);
    if (ki_slow(n != &op->msg.node) || ki_slow(n->next != NULL))
        return ki_op_own_mail(p, op, ki_mbox_in_order(n), what);
    ki_store_rlx(&p->waits_for, NULL); /* it was the completion and nothing else */
    return ki_op_own_result(p, op);
}

/* ki_queue_remove unlinks an operation from where it stands. By the queue's owner. */
static inline void
ki_queue_remove(struct ki_queue *q, struct ki_op *op)
{
    op->queued = false;
    if (op->q_prev)
        op->q_prev->q_next = op->q_next;
    else
        q->head = op->q_next;
    if (op->q_next)
        op->q_next->q_prev = op->q_prev;
    else
        q->tail = op->q_prev;
}

/* ki_op_own_free: p dies. */
void ki_op_own_free(struct ki_proc *p);

/* ki_op_submit sends the begun operation to its socket: as a message. A refusal completes it
 * with KITH_ECLOSED. */
void ki_op_submit(struct ki_op *op);

/* ki_op_complete: the holder of BUSY ends it with `result`; `let_go` is 0 when the executor has
 * yet to unlink it, else KI_OP_EXECUTOR. The starter is told. */
static inline void
ki_op_complete(struct ki_op *op, ptrdiff_t result, uint64_t let_go)
{
    struct ki_task *t = ki_proc_task(ki_load_rlx(&op->starter)); /* constant while in use */

    op->result = result;
    (void) ki_op_finish(&op->word, let_go);
    /* Sure: a process does not die before its operations ended. */
    if (ki_mbox_push_sure(&t->mbox, &op->msg.node) == KI_PUSH_SCHEDULE)
        ki_sched_ready_fifo(t);
}

/* ki_op_executor_drops: the executor is done with a record that ended without it. */
void ki_op_executor_drops(struct ki_op *op);

/* ki_op_arrived: the starter received the completion. */
void ki_op_arrived(struct ki_proc *p, struct ki_node *n);

/* ki_op_await waits for the end, at most until deadline_ns, and then stops it; the record is
 * given back; answers its result (partial and won as asked). A plain thread that was killed in it
 * is dead then, unless the result is a success: p is nobody's any more. */
ptrdiff_t ki_op_await(struct ki_proc *p, struct ki_op *op, uint64_t deadline_ns,
                      const char *what, struct ki_io *io);

/* ki_op_await_soon waits for the end of one that every claimant ends at once, and never stops it:
 * also in a process that shall wait no more. */
ptrdiff_t ki_op_await_soon(struct ki_proc *p, struct ki_op *op, const char *what,
                           struct ki_io *io);

/* ki_op_first_done: the index of the first of fs that is done or has ended; KITH_EAGAIN: none
 * yet; KITH_EBADF, KITH_EPERM: one before it is no future, or another's. */
int ki_op_first_done(struct ki_proc *p, const kith_future *fs, size_t n);

/* ki_op_stop_all stops p's operations without waiting; true when none is left. Called again
 * after mail until it answers true. */
bool ki_op_stop_all(struct ki_proc *p);

/* ki_op_abandon gives back a record that was never begun. */
void ki_op_abandon(struct ki_proc *p, struct ki_op *op);

/* ki_op_take_by_id makes the caller the executor of a call or job by its future's number: BUSY is
 * its, ki_op_complete ends it with let_go 0. NULL: it has ended. Any thread. */
struct ki_op *ki_op_take_by_id(uint64_t id);

/* ki_op_offload begins a record that `job` ends on the side pool; `*id` is by what the job takes
 * it. False: the job does not run, and the record has ended with why not. */
bool ki_op_offload(struct ki_op *op, struct ki_job *job, uint64_t *id);

/* ki_op_callee_died ends a call whose callee is no more, for that reason. By its starter. */
void ki_op_callee_died(struct ki_proc *p, struct ki_op *op, const kith_reason *why);

void ki_op_free_msg(struct ki_msg *m);

/* ki_op_arm gives a begun operation a deadline of its own. By its starter. */
void ki_op_arm(struct ki_op *op, uint64_t deadline_ns);

/* ki_op_stop_code: the code behind the index that ki_op_wait answered. */
int ki_op_stop_code(unsigned index);

static inline kith_future
ki_op_future(struct ki_op *op)
{
    return (kith_future){ki_slots_id(&ki_runtime.ops, &op->slot)};
}

/* A socket's record is p's to free: it is closed. socket.c */
void ki_socket_gone(struct ki_proc *p, struct ki_node *n);

/* ki_socket_take puts an accepted socket into the list of p, its owner from the start: p has it
 * now, and if it dies the socket is closed. socket.c */
void ki_socket_take(struct ki_proc *p, kith_socket s);

#endif
