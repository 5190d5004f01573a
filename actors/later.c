/* SPDX-License-Identifier: Apache-2.0
 * later.c -- sends that the library queues.
 *
 *   I1  `later` is the bytes of all such operations, those too of which a part has gone. Below the
 *       mark a send is taken whole, else not at all; so there is at most the mark, and one send.
 *   I2  Only the claimant has such an operation, so that it may lengthen the last one.
 *   I3  `later_code` is why the first of them failed that nobody was told of. */
#include "actors/later.h"

#include <string.h>

#include "actors/io.h"
#include "actors/io_call.h"
#include "actors/rare.h"
#include "core/sock.h"

enum { LEAST_ROOM = 4096 }; /* of one operation, for the sends that come after it */

/* ---- taking ---- */

/* At the end of the last operation, if that has room for it. */
static bool
append(struct ki_op *last, const struct ki_io *io)
{
    const size_t rest = io->len - io->done;

    if (!last || last->io.kind != KI_OP_SEND_LATER || last->io.flags || io->flags ||
        last->io.n - last->io.len < rest)
        return false;
    memcpy(last->io.buf + last->io.len, io->buf + io->done, rest);
    last->io.len += rest;
    return true;
}

static int
enqueue(struct ki_socket *s, struct ki_proc *p, const struct ki_io *io)
{
    const size_t rest = io->len - io->done;
    struct ki_io later = {.kind = KI_OP_SEND_LATER,
                          .flags = io->flags,
                          .len = rest,
                          .n = rest < LEAST_ROOM ? LEAST_ROOM : rest};
    struct ki_op *op;

    later.buf = ki_rare(s) ? ki_mem_alloc(later.n) : NULL;
    op = later.buf ? ki_op_new_of_socket(p, s, &later) : NULL;
    if (!op) {
        if (later.buf)
            ki_mem_free(later.buf, later.n);
        return KITH_ENOMEM;
    }
    memcpy(later.buf, io->buf + io->done, rest);
    ki_tally_wait(s, op, ki_tally_of(&later));
    ki_socket_enqueue(s, op, KI_DIR_WRITE);
    return 0;
}

static bool
is_full(const struct ki_rare *r)
{
    return r->later >= (r->otp.sndqueue ? r->otp.sndqueue : KI_LATER_MARK);
}

/* 0, or why nothing can be taken. */
static int
may_take(struct ki_socket *s)
{
    struct ki_rare *r = s->rare;
    const int code = r ? r->later_code : 0;

    if (s->type != KITH_STREAM || ki_load_rlx(&s->protocol) == KITH_SCTP) /* no bytes */
        return KITH_EOPNOTSUPP;
    if (!r)
        return 0;
    r->later_code = 0;
    if (code < 0 || r->shut_later)
        return code < 0 ? code : KITH_EPIPE;
    return is_full(r) ? KITH_EFULL : 0;
}

struct taking {
    struct ki_io io;
    struct ki_proc *p;
};

/* 0; KITH_ESELECT: the queue is full with it; or why it was not taken. */
static int
do_take(struct ki_socket *s, void *arg)
{
    struct taking *t = arg;
    ptrdiff_t result;
    int rc = may_take(s);

    if (rc < 0)
        return rc;
    if (ki_io_may_try(s, KI_DIR_WRITE, true) &&
        ki_io_transmit(s, &t->io, &result) == KI_TRY_DONE)
        return result < 0 ? (int) result : 0;
    if (!append(s->queue[KI_DIR_WRITE].tail, &t->io))
        rc = enqueue(s, t->p, &t->io);
    if (rc < 0)
        return rc;
    s->rare->later += t->io.len - t->io.done;
    return is_full(s->rare) ? KITH_ESELECT : 0;
}

/* Whether a message will come when what was taken has gone. */
static bool
will_be_told(kith_socket h)
{
    const struct ki_io io = {.kind = KI_OP_SEND, .select = true};
    struct ki_socket *s = ki_socket_find(h);
    struct ki_proc *p; /* a thread may have been killed since */

    return s && ki_enter(&p) == 0 && ki_io_request(p, s, h, &io, UINT64_MAX) != NULL;
}

ptrdiff_t
ki_later_send(kith_socket h, const struct ki_io *io, kith_ms timeout)
{
    struct taking t = {.io = *io};
    int rc = timeout == KITH_NOWAIT ? ki_enter(&t.p) : KITH_EINVAL;

    if (rc < 0)
        return rc;
    t.p->partial = 0;
    rc = ki_socket_call(t.p, h, do_take, &t);
    if (rc == KITH_ESELECT && !will_be_told(h))
        rc = 0;
    else if (rc < 0 && rc != KITH_ESELECT && t.io.done > 0)
        t.p->partial = t.io.done;
    return rc < 0 ? rc : (ptrdiff_t) io->len;
}

/* ---- what becomes of it ---- */

static void
shut_down(struct ki_socket *s)
{
    int rc = ki_seam.shutdown(ki_socket_fd(s), ki_sock_how(KITH_SHUT_WRITE));

    s->rare->shut_later = false;
    ki_watch_call(s, "shutdown", rc);
    if (rc >= 0)
        ki_socket_note(s, KITH_STATE_WRITE_SHUT, 0);
}

void
ki_later_ended(struct ki_socket *s, struct ki_op *op, ptrdiff_t result)
{
    struct ki_rare *r = s->rare;

    r->later -= op->io.len;
    if (result < 0 && !r->later_code)
        r->later_code = (int) result;
    ki_mem_free(op->io.buf, op->io.n);
    ki_op_free_of_socket(op);
    if (r->later == 0 && r->shut_later && !s->closing)
        shut_down(s);
}

int
ki_later_shutdown(struct ki_socket *s, int how)
{
    if (!s->rare || s->rare->later == 0 || !(how & KITH_SHUT_WRITE))
        return how;
    s->rare->shut_later = true;
    return how & ~KITH_SHUT_WRITE;
}

static bool
is_later(const struct ki_op *op)
{
    return op && op->io.kind == KI_OP_SEND_LATER;
}

char *
ki_later_rest(struct ki_socket *s, size_t *len)
{
    char *rest;
    size_t n = 0;

    for (const struct ki_op *op = s->queue[KI_DIR_WRITE].head; is_later(op);
         op = op->q_next)
        n += op->io.len - op->io.done;
    *len = n;
    rest = n ? ki_mem_alloc(n) : NULL;
    if (!rest)
        return NULL;
    n = 0;
    for (const struct ki_op *op = s->queue[KI_DIR_WRITE].head; is_later(op);
         op = op->q_next) {
        memcpy(rest + n, op->io.buf + op->io.done, op->io.len - op->io.done);
        n += op->io.len - op->io.done;
    }
    return rest;
}
