/* SPDX-License-Identifier: Apache-2.0
 * socket_call.c -- a function run under a socket's claim, by whoever may have it. */
#include "actors/inbox.h"
#include "actors/io_call.h"
#include "actors/msg.h"

int
ki_socket_call(struct ki_proc *p, kith_socket h, int (*fn)(struct ki_socket *s, void *arg),
               void *arg)
{
    struct ki_socket *s = ki_socket_find(h);
    struct ki_io io = {.kind = KI_OP_CALL, .u.call = fn, .arg = arg};
    struct ki_op *op;
    int rc;

    if (!s)
        return ki_claim_gone(h);
    ki_proc_charge(p, KI_CALL_COST);
    if (ki_claim_allowed(p) && ki_claim_take(s, h)) {
        rc = fn(s, arg);
        ki_socket_release(s);
        return rc;
    }
    if (p->body == KI_BODY_HANDLER)
        return KITH_EHANDLER;
    op = ki_io_request(p, s, h, &io, UINT64_MAX);
    return op ? (int) ki_op_await_soon(p, op, "socket", NULL) : KITH_ENOMEM;
}

int
ki_socket_call_self(kith_socket h, int (*fn)(struct ki_socket *s, void *arg), void *arg)
{
    struct ki_proc *p;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    p->partial = 0;
    return ki_socket_call(p, h, fn, arg);
}

void
ki_socket_call_later(struct ki_proc *p, struct ki_socket *s, uint8_t kind,
                     int (*fn)(struct ki_socket *s, void *arg))
{
    struct ki_io io = {.kind = kind, .u.call = fn};
    struct ki_op *op = ki_op_new(p, s, ki_socket_id(s), &io);

    if (!op)
        return;
    op->forgotten = true;
    ki_op_begin(&op->word, op->slot.generation, false);
    ki_op_submit(op);
}

static int
do_cancel(struct ki_socket *s, void *arg)
{
    ki_socket_cancel_kinds(s, *(unsigned *) arg);
    return 0;
}

static bool
is_select_of(const kith_msg *m, kith_socket s, unsigned ops)
{
    const kith_select *sel = m->tag == KITH_TAG_SELECT ? KITH_BODY(m, kith_select) : NULL;

    return sel && sel->socket.id == s.id && (sel->op & ops);
}

/* p's own waits of that kind have ended: no message of theirs stays in its mailbox, or comes. */
static void
forget_selects(struct ki_proc *p, kith_socket s, unsigned ops)
{
    struct ki_node **at = &p->inbox.head;

    for (struct ki_op *op = p->ops; op; op = op->own_next)
        if (op->io.select && op->request.to == s.id && (ops & ki_io_bit(op->io.kind)))
            op->forgotten = true;
    while (*at)
        if (is_select_of(&ki_msg_of_node(*at)->pub, s, ops))
            ki_msg_free(ki_inbox_take(p, at));
        else
            at = &(*at)->next;
}

int
kith_socket_cancel(kith_socket s, unsigned ops)
{
    struct ki_proc *p;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if (ops == 0 || (ops & ~(unsigned) (KITH_OP_RECV | KITH_OP_SEND | KITH_OP_ACCEPT |
                                        KITH_OP_CONNECT)))
        return KITH_EINVAL;
    p->partial = 0;
    rc = ki_socket_call(p, s, do_cancel, &ops);
    if (rc == 0 || rc == KITH_ECLOSED)
        forget_selects(p, s, ops);
    return rc;
}
