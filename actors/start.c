/* SPDX-License-Identifier: Apache-2.0
 * start.c -- starts that wait for the child's word.
 *
 * A start is an operation whose executor is the child. A start that has failed is answered at the
 * very end of the child's death, so what the child had, its name and its ports, is free then. */
#include "actors/start.h"

#include "actors/msg.h"

struct ki_op *
ki_start_new(struct ki_proc *p)
{
    struct ki_io io = {.kind = KI_OP_JOB};
    struct ki_op *op = ki_op_new(p, NULL, 0, &io);

    if (op)
        ki_op_begin_alone(&op->word, op->slot.generation);
    return op;
}

int
ki_start_await(struct ki_proc *p, struct ki_op *op, int spawned, const char *what)
{
    if (spawned < 0) {
        KI_CHECK(ki_op_busy(&op->word)); /* nobody else knows of it */
        ki_op_complete(op, spawned, 0);
    }
    return (int) ki_op_await(p, op, UINT64_MAX, what, NULL);
}

static void
tell(struct ki_proc *p, int code)
{
    struct ki_op *op = p->start_op ? ki_op_take_by_id(p->start_op) : NULL;

    p->start_op = 0;
    if (op)
        ki_op_complete(op, code, 0);
}

void
ki_start_ack(struct ki_proc *p, int code)
{
    if (code >= 0 && code != KITH_IGNORE)
        tell(p, 0);
    else if (p->start_code == 0)
        p->start_code = code;
}

void
ki_start_died(struct ki_proc *p)
{
    tell(p, p->start_code != 0           ? p->start_code
            : p->why.kind == KITH_KILLED ? KITH_EKILLED
                                         : KITH_EFAILED);
}

void
ki_start_forget_exit(struct ki_proc *p, kith_pid child)
{
    for (struct ki_node **at = &p->inbox.head; *at; at = &(*at)->next) {
        struct ki_msg *m = ki_msg_of_node(*at);

        if (!(m->node.flags & KI_MSG_OF_BOND) || m->pub.from.id != child.id)
            continue;
        ki_msg_free(ki_inbox_take(p, at));
        return;
    }
}
