/* SPDX-License-Identifier: Apache-2.0
 * tally.h -- what a socket counts. By the claimant.
 *
 * Each call of the system is counted once: it ends an operation (done), or it does not (a miss:
 * nothing there, a part, the end, a look), or it fails. So the calls are the sum of the first two and
 * need no counter on the way that nearly all of them go.
 *
 *   I1  An operation of gate[which] bytes or more is worth a closer look. The gate is one more than
 *       the largest so far, 0 before the first; or 0 while the socket is watched (watch.h): then all of
 *       them are, and rare->max[which] is the largest. So the way that nearly all of them go has one
 *       comparison. */
#ifndef KI_TALLY_H
#define KI_TALLY_H

#include "actors/watch.h"

/* ki_tally_of: where an operation is counted; -1: nowhere. */
static inline int
ki_tally_of(const struct ki_io *io)
{
    if (io->kind == KI_OP_SENDFILE) /* file.c counts those */
        return -1;
    if (io->kind == KI_OP_SEND_LATER)
        return KI_TALLY_WRITE;
    switch (ki_io_bit(io->kind)) {
    case KITH_OP_RECV:
        return KI_TALLY_READ;
    case KITH_OP_SEND:
        return KI_TALLY_WRITE;
    case KITH_OP_ACCEPT:
        return KI_TALLY_ACCEPT;
    default:
        return -1;
    }
}

/* ki_tally_read is all of it in words. */
void ki_tally_read(struct ki_socket *s, struct kith_socket_counters *c);

/* ki_tally_open opens the gates, of a socket that will be watched and has its rare part;
 * ki_tally_shut closes them, when it no longer is. */
void ki_tally_open(struct ki_socket *s);
void ki_tally_shut(struct ki_socket *s);

/* ki_tally_look: n bytes are beyond the gate, and came in the queue of `dir`. */
void ki_tally_look(struct ki_socket *s, int which, size_t n, int dir);

/* ki_tally_done_in: a read or a send of n bytes in all is done, in the queue of `dir`. The bytes were
 * counted as they went. ki_tally_done: the same, in the usual queue. */
KI_HOT void
ki_tally_done_in(struct ki_socket *s, int which, size_t n, int dir)
{
    s->tally[which].done++;
    if (ki_slow(n >= s->gate[which]))
        ki_tally_look(s, which, n, dir);
}

KI_HOT void
ki_tally_done(struct ki_socket *s, int which, size_t n)
{
    ki_tally_done_in(s, which, n, which == KI_TALLY_WRITE ? KI_DIR_WRITE : KI_DIR_READ);
}

/* ki_tally_packet: the i-th packet of one call, of n bytes. The call counts with the first; for the
 * others a miss less, so that the sum stays and never goes back (watch.h I2). */
static inline void
ki_tally_packet(struct ki_socket *s, int which, size_t i, size_t n)
{
    if (i > 0)
        s->tally[which].misses--;
    ki_tally_done(s, which, n);
}

static inline void
ki_tally_miss(struct ki_socket *s, int which)
{
    s->tally[which].misses++;
}

/* ki_tally_fail: a call of the system answered that code. */
static inline void
ki_tally_fail(struct ki_socket *s, int which, ptrdiff_t code)
{
    s->tally[which].misses++;
    s->tally[which].fails++;
    if (ki_slow(s->watch != 0))
        ki_watch_failed(s, which, (int) code);
}

/* ki_tally_accepted: it has won the connection `c`. */
static inline void
ki_tally_accepted(struct ki_socket *s, uint64_t c)
{
    s->tally[KI_TALLY_ACCEPT].done++;
    if (ki_slow(s->watch != 0))
        ki_watch_accepted(s, c);
}

/* ki_tally_wait: an operation goes into a queue. `which` may be -1. */
KI_HOT void
ki_tally_wait(struct ki_socket *s, struct ki_op *op, int which)
{
    if (which >= 0)
        s->tally[which].waits++;
    if (ki_slow(s->watch != 0))
        ki_watch_waits(s, op);
}

#endif
