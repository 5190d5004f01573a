/* SPDX-License-Identifier: Apache-2.0
 * tally.h -- what a socket counts. By the claimant.
 *
 * Each call of the system is counted once: it ends an operation (done), or it does not (a miss:
 * nothing there, a part, the end, a look), or it fails. So the calls are the sum of the first two and
 * need no counter on the way that nearly all of them go.
 *
 *   I1  An operation of more bytes than gate[which] is worth a closer look: the gate is the largest
 *       one so far. */
#ifndef KI_TALLY_H
#define KI_TALLY_H

#include "actors/model.h"

/* ki_tally_of: where an operation is counted; -1: nowhere. */
static inline int
ki_tally_of(const struct ki_io *io)
{
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

/* ki_tally_look: n bytes are beyond the gate. */
void ki_tally_look(struct ki_socket *s, int which, size_t n);

/* ki_tally_done: a read or a send of n bytes in all is done. The bytes were counted as they went. */
KI_HOT void
ki_tally_done(struct ki_socket *s, int which, size_t n)
{
    s->tally[which].done++;
    if (ki_slow(n > s->gate[which]))
        ki_tally_look(s, which, n);
}

/* ki_tally_many: one call did n operations, each of which was counted as done. */
static inline void
ki_tally_many(struct ki_socket *s, int which, size_t n)
{
    s->tally[which].misses += 1 - (uint64_t) n;
}

static inline void
ki_tally_miss(struct ki_socket *s, int which)
{
    s->tally[which].misses++;
}

static inline void
ki_tally_fail(struct ki_socket *s, int which)
{
    s->tally[which].misses++;
    s->tally[which].fails++;
}

/* ki_tally_wait: an operation goes into a queue. `which` may be -1. */
KI_HOT void
ki_tally_wait(struct ki_socket *s, int which)
{
    if (which >= 0)
        s->tally[which].waits++;
}

#endif
