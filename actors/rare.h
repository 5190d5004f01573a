/* SPDX-License-Identifier: Apache-2.0
 * rare.h -- what few sockets ever need lies apart from the rest, made when it is needed first: an idle
 * connection is small. By the claimant, as all of a socket's.
 *
 *   I1  Who waits for urgent data or for the error queue has been tried, and that has made the part: only
 *       so is the ready bit taken off (ki_io_wait_for). */
#ifndef KI_RARE_H
#define KI_RARE_H

#include "actors/model.h"

/* Options of level otp that accepted sockets inherit. 0: the default. */
struct ki_otp {
    uint32_t rcvbuf, rcvbuf_n; /* {n, size}; no n */
    uint32_t rcvctrl, sndctrl; /* rcvctrlbuf, sndctrlbuf */
    uint32_t sndqueue;
};

struct ki_rare {
    struct ki_socket *socket;
    struct ki_queue queue[KI_DIRS - KI_DIR_RARE];
    struct ki_otp otp;
    uint64_t meta;                     /* option otp meta */
    struct kith_socket_counters *last; /* watch.h I2 */
    uint64_t max[2];                   /* tally.h I1: of reads, of sends */
    struct ki_tally file;              /* of sendfile */
    uint64_t file_max, file_bytes;     /* largest; in all, which are of `sent` too */
    struct ki_op *aside; /* at the head of the writers: the side pool has it, BUSY */
    int aside_code;      /* with which that one shall end; 0: it goes on */
    uint32_t asked;      /* KI_OP_IOCTL that the side pool has, BUSY */
    size_t later;        /* later.c I1 */
    int later_code;      /* later.c I3 */
    bool shut_later;     /* to write, when what was taken has gone */
    int32_t assoc;       /* of SCTP: the association last begun */
    bool in_starved;     /* under the starved list's lock */
    struct ki_rare *starved_next; /* the same */
    struct ki_node retry_node;
    struct ki_alarm retry;
};

/* ki_rare answers s's part, made if it has none. NULL: no memory. */
KI_NODISCARD struct ki_rare *ki_rare(struct ki_socket *s);

/* ki_rare_free: it may be NULL, and is no socket's any more. */
void ki_rare_free(struct ki_rare *r);

/* ki_rare_inherit: c, which s is about to accept, has options of s's and is watched as s is.
 * ki_rare_prepare comes first and gets the part for it, NULL if it needs none; false: no memory. */
KI_NODISCARD bool ki_rare_prepare(const struct ki_socket *s, struct ki_rare **heir);
void ki_rare_inherit(struct ki_socket *c, const struct ki_socket *s, struct ki_rare *heir);

static inline struct ki_otp
ki_rare_otp(const struct ki_socket *s)
{
    static const struct ki_otp none = {0, 0, 0, 0, 0};

    return s->rare ? s->rare->otp : none;
}

static inline struct ki_op *
ki_rare_aside(const struct ki_socket *s)
{
    return s->rare ? s->rare->aside : NULL;
}

/* ki_queue_of: the queue of a direction. Pre: somebody waits there, or has been tried (I1). */
static inline struct ki_queue *
ki_queue_of(struct ki_socket *s, int dir)
{
    return dir < KI_DIR_RARE ? &s->queue[dir] : &s->rare->queue[dir - KI_DIR_RARE];
}

/* ki_queue_first: NULL, nobody waits. */
static inline struct ki_op *
ki_queue_first(const struct ki_socket *s, int dir)
{
    if (dir < KI_DIR_RARE)
        return s->queue[dir].head;
    return s->rare ? s->rare->queue[dir - KI_DIR_RARE].head : NULL;
}

#endif
