/* SPDX-License-Identifier: Apache-2.0
 * send_wait.c -- sending to a mailbox that has a limit, and waiting for room.
 *
 * The message and the operation that waits for it go to the receiver, which is the executor: it
 * holds them in a queue and lets them in, oldest first, when what it takes leaves room.
 *
 *   I1  What becomes free while the queue is not empty is kept for its head (kept_messages,
 *       kept_bytes): nobody who came later has it, however many try.
 *   I2  While somebody waits there is at least one counted message on its way, in the inbox or
 *       with a sender who is about to push it: with none the head fits, or never would and is told
 *       so. So there will be a take that looks at the queue.
 *   I3  The executor's hold of an operation and the message go together: who gives up the one frees
 *       the other, unless it was let in. An operation that was stopped keeps both until its
 *       KI_N_NO_SENDER has come, or until that is refused by the receiver's death. */
#include <string.h>

#include "actors/limit.h"
#include "actors/msg.h"
#include "actors/op.h"

static struct ki_msg *
msg_of(struct ki_op *op)
{
    return op->io.arg;
}

static void
drop_both(struct ki_op *op)
{
    ki_msg_free(msg_of(op));
    ki_op_executor_drops(op);
}

/* ---- the receiver's side ---- */

static void
enqueue(struct ki_queue *q, struct ki_op *op)
{
    op->queued = true;
    op->q_next = NULL;
    op->q_prev = q->tail;
    if (q->tail)
        q->tail->q_next = op;
    else
        q->head = op;
    q->tail = op;
}

/* BUSY is ours. */
static void
refuse(struct ki_op *op, int code)
{
    ki_msg_free(msg_of(op));
    ki_op_complete(op, code, KI_OP_EXECUTOR);
}

/* The kept shares, and what is missing to one of so many bytes, are enough; then they are kept. */
static bool
keep_enough(struct ki_proc *p, size_t bytes)
{
    uint64_t m = p->kept_messages ? 0 : 1;
    uint64_t b = bytes > p->kept_bytes ? bytes - p->kept_bytes : 0;

    if (ki_limit_is_on(p) && !ki_limit_add(p, m, b))
        return false;
    if (!ki_limit_is_on(p)) { /* without a limit all fit */
        ki_add_rlx(&p->limit.messages, m);
        ki_add_rlx(&p->limit.bytes, b);
    }
    p->kept_messages += m;
    p->kept_bytes += b;
    return true;
}

/* Kept is no more than the head needs. true: there was more. */
static bool
give_rest_back(struct ki_proc *p, size_t bytes)
{
    uint64_t m = p->kept_messages > 1 ? p->kept_messages - 1 : 0;
    uint64_t b = p->kept_bytes > bytes ? p->kept_bytes - bytes : 0;

    p->kept_messages -= m;
    p->kept_bytes -= b;
    ki_sub_rlx(&p->limit.bytes, b); /* in that order: limit.c */
    ki_sub_acq_rel(&p->limit.messages, m);
    return m || b;
}

static void
let_in(struct ki_proc *p, struct ki_op *op)
{
    struct ki_msg *m = msg_of(op);

    p->kept_messages--;
    p->kept_bytes -= m->pub.len;
    m->node.flags |= KI_MSG_COUNTED;
    m->node.to = ki_proc_id(p);
    ki_inbox_add(&p->inbox, &m->node);
    ki_op_complete(op, 0, KI_OP_EXECUTOR);
}

/* I2: too large for the limit, which may have been changed. */
static bool
never_fits(struct ki_proc *p, struct ki_op *op)
{
    return ki_limit_is_on(p) && !ki_limit_fits(p, msg_of(op)->pub.len);
}

static void
give_kept_back(struct ki_proc *p)
{
    ki_sub_rlx(&p->limit.bytes, p->kept_bytes);
    ki_sub_acq_rel(&p->limit.messages, p->kept_messages);
    p->kept_messages = p->kept_bytes = 0;
}

void
ki_senders_let_in(struct ki_proc *p)
{
    struct ki_op *op;

    while ((op = p->senders.head) != NULL) {
        const bool never = never_fits(p, op);

        if (!never && !keep_enough(p, msg_of(op)->pub.len)) {
            if (!give_rest_back(p, msg_of(op)->pub.len))
                return;
            continue;
        }
        ki_queue_remove(&p->senders, op);
        if (!ki_op_busy(&op->word)) /* stopped: I3 */
            continue;
        if (never)
            refuse(op, KITH_EMSGSIZE);
        else
            let_in(p, op);
    }
    give_kept_back(p);
}

void
ki_senders_refuse(struct ki_proc *p)
{
    struct ki_op *op;

    while ((op = p->senders.head) != NULL) {
        ki_queue_remove(&p->senders, op);
        if (ki_op_busy(&op->word))
            refuse(op, KITH_ENOPROC);
    }
    give_kept_back(p);
}

void
ki_sender_came(struct ki_proc *p, struct ki_node *n)
{
    struct ki_op *op = ki_container_of(n, struct ki_op, request);
    unsigned stopped;

    if (!ki_op_busy(&op->word)) { /* on its way */
        drop_both(op);
        return;
    }
    if (!p || (p->dying && !p->in_defers)) {
        refuse(op, KITH_ENOPROC);
        return;
    }
    ki_count(&p->limit.waited, 1);
    enqueue(&p->senders, op);
    stopped = ki_op_wait(&op->word);
    if (stopped) {
        ki_queue_remove(&p->senders, op);
        refuse(op, ki_op_stop_code(stopped));
    }
    ki_senders_let_in(p);
}

void
ki_sender_left(struct ki_proc *p, struct ki_node *n)
{
    struct ki_op *op = ki_container_of(n, struct ki_op, request);

    if (op->queued) {
        ki_queue_remove(&p->senders, op);
        ki_senders_let_in(p); /* what was kept for it */
    }
    drop_both(op);
}

/* ---- the sender's side ---- */

void
ki_sender_stopped(struct ki_op *op)
{
    struct ki_proc *to = ki_proc_at((kith_pid){op->request.to});

    op->request.kind = KI_N_NO_SENDER;
    if (!ki_sched_post(ki_proc_task(to), &op->request, KI_MBOX_DEAD))
        drop_both(op);
}

/* m is the operation's from here on. */
static int
wait_for_room(struct ki_proc *p, struct ki_proc *to, kith_pid pid, struct ki_msg *m,
              kith_ms timeout)
{
    struct ki_op *op = ki_op_own(p);

    if (!op) {
        ki_msg_free(m);
        return KITH_ENOMEM;
    }
    memset(&op->io, 0, sizeof op->io);
    op->io.kind = KI_OP_SEND_WAIT;
    op->io.arg = m;
    op->socket = NULL;
    op->request = (struct ki_node){.to = pid.id, .kind = KI_N_SENDER};
    op->arrived = false;
    ki_op_begin(&op->word, op->slot.generation, false);
    if (!ki_sched_post(ki_proc_task(to), &op->request, KI_MBOX_DEAD | KI_MBOX_EXITING)) {
        ki_msg_free(m); /* the record is ours alone, as before it began */
        return KITH_ENOPROC;
    }
    p->own_waits = true;
    return (int) ki_op_own_await_slowly(p, op, timeout, "send_wait");
}

static int
send_or_wait(struct ki_proc *p, kith_pid pid, struct ki_msg *m, kith_ms timeout)
{
    struct ki_proc *to = ki_proc_find(pid);
    int rc = 0;

    m->pub.from.id = ki_proc_id(p);
    if (!to)
        rc = KITH_ENOPROC;
    else if (!ki_limit_is_on(to) || ki_limit_try(to, m))
        return ki_msg_push(p, to, pid, m);
    else if (!ki_limit_fits(to, m->pub.len))
        rc = KITH_EMSGSIZE;
    else if (timeout <= 0)
        rc = KITH_ETIMEOUT;
    else if (to == p)
        rc = KITH_EDEADLK;
    else
        return wait_for_room(p, to, pid, m, timeout);
    ki_msg_free(m);
    return rc;
}

int
kith_send_wait(kith_pid to, uint64_t tag, const void *data, size_t len, kith_ms timeout)
{
    struct ki_proc *p;
    struct ki_msg *m;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    if ((tag & KITH_TAG_SYSTEM) || (len && !data) || timeout == KITH_NOWAIT)
        return KITH_EINVAL;
    m = ki_msg_new(tag, len);
    if (!m)
        return KITH_ENOMEM;
    if (len)
        memcpy(m->pub.data, data, len);
    return send_or_wait(p, to, m, timeout);
}
