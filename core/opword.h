/* SPDX-License-Identifier: Apache-2.0
 * opword.h -- the state word of an operation that waits: who may finish it, and who holds it.
 *
 *   generation:32 | stop code index:8 | holds LINKED STOP state
 *
 *              busy                  finish
 *   PENDING ----------> BUSY ----------------------> DONE
 *      ^                 |  \__ stop: STOP is set, the holder finishes with the stop's code
 *      +---- wait -------+
 *      \______ stop: whoever stops becomes the holder: BUSY, finish ____/
 *
 *   I1  Only the holder of BUSY touches the user's buffer and writes the result; DONE is set once.
 *   I2  Nobody waits for BUSY: a stop that finds it leaves a mark and the holder obeys.
 *   I3  The record is free again when neither the starter nor the executor holds it; whoever
 *       lets go last frees it.
 *   I4  A stop by a stale handle sees another generation and does nothing. */
#ifndef KI_OPWORD_H
#define KI_OPWORD_H

#include "core/atomic.h"
#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef _Atomic(uint64_t) ki_opword;

#define KI_OP_STATE UINT64_C(3)
#define KI_OP_FREE UINT64_C(0)
#define KI_OP_PENDING UINT64_C(1)
#define KI_OP_BUSY UINT64_C(2)
#define KI_OP_DONE UINT64_C(3)
#define KI_OP_STOP UINT64_C(4)     /* the holder of BUSY shall not go back to PENDING */
#define KI_OP_LINKED UINT64_C(8)   /* it stands in the executor's queue */
#define KI_OP_STARTER UINT64_C(16) /* held by who started it */
#define KI_OP_EXECUTOR \
    UINT64_C(32) /* held by the executor, or by a node on its way there */
#define KI_OP_CODE_SHIFT 8
#define KI_OP_CODE (UINT64_C(255) << KI_OP_CODE_SHIFT)

static inline uint32_t
ki_op_generation(uint64_t w)
{
    return (uint32_t) (w >> 32);
}

/* ki_op_begin_alone: the starter publishes a new operation, held by nobody else.
 * release: its fields, for the acquire of busy and stop. */
static inline void
ki_op_begin_alone(ki_opword *o, uint32_t generation)
{
    ki_store_rel(o, ((uint64_t) generation << 32) | KI_OP_PENDING | KI_OP_STARTER);
}

/* The same, held by the executor too. */
static inline void
ki_op_begin(ki_opword *o, uint32_t generation, bool linked)
{
    ki_store_rel(o, ((uint64_t) generation << 32) | KI_OP_PENDING | KI_OP_STARTER |
                        KI_OP_EXECUTOR | (linked ? KI_OP_LINKED : 0));
}

/* The same, held by the executor alone: nobody stops it. */
static inline void
ki_op_begin_of_executor(ki_opword *o, uint32_t generation)
{
    ki_store_rel(o, ((uint64_t) generation << 32) | KI_OP_PENDING | KI_OP_EXECUTOR);
}

/* ki_op_busy: the executor takes the operation to run it. false: it has ended.
 * acquire: with begin, and with wait of the last holder. */
KI_NODISCARD static inline bool
ki_op_busy(ki_opword *o)
{
    uint64_t w = ki_load_rlx(o);

    while ((w & KI_OP_STATE) == KI_OP_PENDING)
        if (ki_cas_weak_acq_rel(o, &w, w + (KI_OP_BUSY - KI_OP_PENDING)))
            return true;
    return false;
}

/* ki_op_busy_of is ki_op_busy by somebody who knows the operation by its number only, and does
 * not hold it: the starter's hold keeps the record while BUSY. */
KI_NODISCARD static inline bool
ki_op_busy_of(ki_opword *o, uint32_t generation)
{
    uint64_t w = ki_load_rlx(o);

    while ((w & KI_OP_STATE) == KI_OP_PENDING && ki_op_generation(w) == generation)
        if (ki_cas_weak_acq_rel(o, &w, (w & ~KI_OP_STATE) | KI_OP_BUSY))
            return true;
    return false;
}

/* ki_op_wait: the holder gives BUSY back, the operation stands in the executor's queue.
 * 0, or the index of the code with which it has to finish now instead.
 * release: what was done so far, for the next holder. */
KI_NODISCARD static inline unsigned
ki_op_wait(ki_opword *o)
{
    uint64_t w = ki_load_rlx(o);

    while (!(w & KI_OP_STOP))
        if (ki_cas_weak_acq_rel(o, &w, (w & ~KI_OP_STATE) | KI_OP_PENDING | KI_OP_LINKED))
            return 0;
    return (unsigned) ((w & KI_OP_CODE) >> KI_OP_CODE_SHIFT);
}

/* ki_op_finish: the holder has written the result. `let_go`: the holds it gives up with it.
 * release: the result, for whoever is told. Answers the word before. */
static inline uint64_t
ki_op_finish(ki_opword *o, uint64_t let_go)
{
    /* BUSY to DONE, and the bits of let_go, which are set, off: no carry, so one addition. */
    return ki_add_acq_rel(o, (KI_OP_DONE - KI_OP_BUSY) - let_go);
}

enum ki_stop {
    KI_STOP_STALE, /* another generation, or free */
    KI_STOP_LATE,  /* it has ended: its result stands */
    KI_STOP_NOTED, /* it is being executed: it will end soon, with a result or with the code */
    KI_STOP_WON,       /* BUSY is yours: write the result, finish */
    KI_STOP_WON_LINKED /* the same, and the executor must be told to unlink it */
};

/* ki_op_stop ends the operation of that generation with the code of that index (1..255). */
KI_NODISCARD static inline enum ki_stop
ki_op_stop(ki_opword *o, uint32_t generation, unsigned code)
{
    uint64_t w = ki_load_acq(o); /* acquire: with finish, a late stop may read the result */

    for (;;) {
        uint64_t next = w;

        if (ki_op_generation(w) != generation || (w & KI_OP_STATE) == KI_OP_FREE)
            return KI_STOP_STALE;
        if ((w & KI_OP_STATE) == KI_OP_DONE)
            return KI_STOP_LATE;
        if ((w & KI_OP_STATE) == KI_OP_PENDING)
            next = (w & ~KI_OP_STATE) | KI_OP_BUSY;
        else if (w & KI_OP_STOP)
            return KI_STOP_NOTED;
        next = (next & ~KI_OP_CODE) | KI_OP_STOP | ((uint64_t) code << KI_OP_CODE_SHIFT);
        if (ki_cas_weak_acq_rel(o, &w, next))
            break;
    }
    if ((w & KI_OP_STATE) == KI_OP_BUSY)
        return KI_STOP_NOTED;
    return (w & KI_OP_LINKED) ? KI_STOP_WON_LINKED : KI_STOP_WON;
}

/* ki_op_let_go gives up a hold. true: it was the last, the caller frees the record.
 * acq_rel: who frees sees all that the other side did. */
KI_NODISCARD static inline bool
ki_op_let_go(ki_opword *o, uint64_t hold)
{
    uint64_t before = ki_and_acq_rel(o, ~hold);

    return (before & (KI_OP_STARTER | KI_OP_EXECUTOR)) == hold;
}

#ifdef __cplusplus
}
#endif

#endif
