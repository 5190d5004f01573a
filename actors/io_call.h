/* SPDX-License-Identifier: Apache-2.0
 * io_call.h -- the calls that may wait: one path for all of them.
 *
 * A call says what it wants in a ki_io and hands it over:
 *
 *   prepare   its own: check the arguments, fill the ki_io
 *   try       under the claim, if the socket is idle and nobody waits before it
 *   wait      in the socket's queue, with the process's own record; or, if there was no claim, as
 *             a request by message; not at all with a timeout of 0 or KITH_NOWAIT
 *   answer    the result; kith_partial after a failure
 *
 * A new kind of call is its preparation, its attempt in io.c, and its rows in ki_io_direction and
 * ki_io_bit. What it brings beside a number is written where its ki_io points, by whoever
 * executes it. Receive and send without flags walk the same path by the inline steps below, and
 * write down what they want only once they have to wait. */
#ifndef KI_IO_CALL_H
#define KI_IO_CALL_H

#include "actors/claim.h"
#include "actors/op.h"

/* ki_io_call does it: waits at most `timeout`, and is called `what` in reports meanwhile. After
 * 0 io->won is the accepted socket, in nobody's list yet. */
ptrdiff_t ki_io_call(kith_socket h, struct ki_io *io, kith_ms timeout, const char *what);

/* ki_io_call_by_message is the same without a try under the claim, for what cannot be done there. */
ptrdiff_t ki_io_call_by_message(kith_socket h, struct ki_io *io, kith_ms timeout,
                                const char *what);

/* ki_io_start begins it and makes a future of it. */
int ki_io_start(kith_socket h, struct ki_io *io, kith_ms timeout, kith_future *f);

/* ki_io_request sends it to its socket as a message, with a deadline unless that is UINT64_MAX.
 * NULL: no memory. */
struct ki_op *ki_io_request(struct ki_proc *p, struct ki_socket *s, kith_socket h,
                            const struct ki_io *io, uint64_t deadline_ns);

/* Under the claim; releases it. KITH_NOWAIT leaves an operation behind that ends in a message. */
ptrdiff_t ki_io_do_not_wait(struct ki_proc *p, struct ki_socket *s, kith_socket h,
                            struct ki_io *io, kith_ms timeout);

/* ki_io_flags: 0, or why a call cannot have these KITH_MSG_ bits. */
int ki_io_flags(unsigned flags);

/* Under the claim; releases it: it was tried, and what is left to do waits in the queue of `dir`,
 * counted where `tally` says. */
KI_HOT ptrdiff_t
ki_io_wait(struct ki_proc *p, struct ki_socket *s, kith_socket h, struct ki_op *op, int dir,
           kith_ms timeout, const char *what, int tally)
{
    if (ki_slow(timeout <= 0))
        return ki_io_do_not_wait(p, s, h, &op->io, timeout);
    ki_op_own_begin(p, op, s, h.id);
    ki_tally_wait(s, op, tally);
    ki_socket_enqueue(s, op, dir);
    ki_socket_release(s);
    return ki_op_own_await(p, op, timeout, what);
}

/* The same, answered. */
KI_HOT ptrdiff_t
ki_io_answer(struct ki_proc *p, struct ki_socket *s, ptrdiff_t result, size_t partial)
{
    if (ki_slow(result < 0))
        p->partial = partial;
    ki_socket_release(s);
    return result;
}

/* ki_io_fill_own writes a plain receive or send straight into the process's own record. */
KI_HOT struct ki_op *
ki_io_fill_own(struct ki_proc *p, uint8_t kind, char *buf, size_t len)
{
    struct ki_op *op = ki_op_own(p);

    if (ki_slow(!op))
        return NULL;
    op->io.what = KI_IO_PLAIN(kind);
    op->io.buf = buf;
    op->io.len = len;
    op->io.done = 0;
    return op;
}

#endif
