/* SPDX-License-Identifier: Apache-2.0
 * io_call.c -- the calls that may wait: inline when the socket is idle, by message when it is
 * not. */
#include "actors/io_call.h"

#include "core/sock.h"

int
ki_io_flags(unsigned flags)
{
    int rc = flags ? ki_sock_flags(flags) : 0;

    return rc < 0 ? rc : 0;
}

struct ki_op *
ki_io_request(struct ki_proc *p, struct ki_socket *s, kith_socket h, const struct ki_io *io,
              uint64_t deadline_ns)
{
    struct ki_op *op = ki_op_new(p, s, h.id, io);

    if (!op)
        return NULL;
    op->to_mailbox = io->select;
    ki_op_begin(&op->word, op->slot.generation, false);
    if (deadline_ns != UINT64_MAX)
        ki_op_arm(op, deadline_ns);
    ki_op_submit(op);
    return op;
}

/* ---- not to wait ---- */

/* Part of a send is an answer of its own, part of a WAITALL is not. */
static bool
has_sent(const struct ki_io *io)
{
    return ki_io_bit(io->kind) == KITH_OP_SEND && io->done > 0;
}

/* What a call that shall not wait answers when it would have to. */
static ptrdiff_t
would_wait(struct ki_proc *p, struct ki_io *io, bool queued)
{
    if (io->select && has_sent(io))
        return (ptrdiff_t) io->done; /* NOWAIT: what went */
    p->partial = io->done;
    if (io->select)
        return queued ? KITH_ESELECT : KITH_ENOMEM;
    return KITH_ETIMEOUT;
}

KI_NOINLINE ptrdiff_t
ki_io_do_not_wait(struct ki_proc *p, struct ki_socket *s, kith_socket h, struct ki_io *io,
                  kith_ms timeout)
{
    struct ki_op *op = NULL;

    io->select = timeout == KITH_NOWAIT;
    io->once = false;
    if (io->select && !has_sent(io)) {
        op = ki_op_new(p, s, h.id, io);
        if (op) {
            op->to_mailbox = true;
            ki_op_begin(&op->word, op->slot.generation, true);
            ki_tally_wait(s, op, ki_tally_of(io));
            ki_socket_enqueue(s, op, ki_io_direction(io));
        }
    }
    ki_socket_release(s);
    return would_wait(p, io, op != NULL);
}

/* ---- by message ---- */

static ptrdiff_t
call_by_message(struct ki_proc *p, struct ki_socket *s, kith_socket h, struct ki_io *io,
                kith_ms timeout, const char *what)
{
    const kith_sockaddr *addr = io->u.addr;
    const bool may_wait = timeout > 0 && !ki_proc_waits_no_more(p);
    struct ki_op *op;
    ptrdiff_t rc;

    io->once = !may_wait;
    op = ki_io_request(p, s, h, io, UINT64_MAX);
    if (!op) {
        p->partial = 0;
        return KITH_ENOMEM;
    }
    if (may_wait)
        return ki_op_await(p, op, ki_deadline_ns(timeout), what, io);
    rc = ki_op_await_soon(p, op, what, io);
    if (rc != KITH_ETIMEOUT)
        return rc;
    if (timeout > 0)
        return KITH_EKILLED; /* as inline: what needs no wait is done */
    if (timeout != KITH_NOWAIT)
        return rc;
    io->once = false;
    io->select = true;
    io->u.addr = addr; /* the record's copy went with the record */
    op = has_sent(io) ? NULL : ki_io_request(p, s, h, io, UINT64_MAX);
    return would_wait(p, io, op != NULL);
}

KI_NOINLINE ptrdiff_t
ki_io_call_by_message(kith_socket h, struct ki_io *io, kith_ms timeout, const char *what)
{
    struct ki_proc *p;
    struct ki_socket *s;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    s = ki_socket_find(h);
    if (!s) {
        p->partial = 0;
        return ki_claim_gone(h);
    }
    ki_proc_charge(p, KI_CALL_COST);
    return call_by_message(p, s, h, io, timeout, what);
}

/* ---- both ways ---- */

KI_NOINLINE ptrdiff_t
ki_io_call(kith_socket h, struct ki_io *io, kith_ms timeout, const char *what)
{
    const int dir = ki_io_direction(io);
    struct ki_proc *p = ki_running();
    struct ki_socket *s;
    struct ki_op *op;
    ptrdiff_t result;

    if (p && p->fiber.budget < KI_CALL_COST)
        ki_proc_spent(p);
    s = ki_claim_here(h, &p);
    if (!s)
        return ki_io_call_by_message(h, io, timeout, what);
    op = ki_op_own(p);
    if (!op)
        return ki_io_answer(p, s, KITH_ENOMEM, 0);
    if (io->kind == KI_OP_CONNECT && ki_socket_may_connect(s, io) < 0)
        return ki_io_answer(p, s, KITH_EALREADY, 0);
    op->io = *io;
    op->io.once = timeout <= 0 || ki_proc_waits_no_more(p);
    if (ki_io_may_try(s, dir, timeout > 0) && ki_io_try(s, op, &result) == KI_TRY_DONE)
        result = ki_io_answer(p, s, result, op->io.done);
    else
        result = ki_io_wait(p, s, h, op, dir, timeout, what, ki_tally_of(io));
    if (result == 0) /* else the record may have been given up, and be another's by now */
        io->won = op->io.won;
    return result;
}

int
ki_io_start(kith_socket h, struct ki_io *io, kith_ms timeout, kith_future *f)
{
    struct ki_proc *p;
    struct ki_socket *s;
    struct ki_op *op;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if (!f || timeout == KITH_NOWAIT)
        return KITH_EINVAL;
    s = ki_socket_find(h);
    if (!s)
        return ki_claim_gone(h);
    io->once = timeout <= 0;
    op = ki_io_request(p, s, h, io, timeout <= 0 ? UINT64_MAX : ki_deadline_ns(timeout));
    if (!op)
        return KITH_ENOMEM;
    *f = ki_op_future(op);
    ki_proc_charge(p, KI_CALL_COST);
    return 0;
}
