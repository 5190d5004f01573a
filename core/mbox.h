/* SPDX-License-Identifier: Apache-2.0
 * mbox.h -- the one-word mailbox: who may run a task, and what waits for it, in 64 bits.
 *
 *   generation:16 | newest node:45 (8-byte aligned) | DEAD EXITING OWNED
 *
 *              push                    take                 settle
 *   IDLE ---------------> OWNED+mail --------> OWNED, empty --------> IDLE
 *     |    (the pusher                            |   ^ fails while mail is there
 *     |     makes it run)                         |   +-- push
 *     +-------------------- claim ----------------+
 *
 *   I1  OWNED: exactly one thread may run the task, or it stands in a run queue. Whoever turns
 *       OWNED on has to see to it that the task runs.
 *   I2  A push that succeeds is seen by a later take of the owner (nothing is lost: park and
 *       push are read-modify-writes of the same word).
 *   I3  Nodes come out in the order in which their pushes succeeded.
 *   I4  EXITING refuses data, DEAD refuses all; a generation that differs refuses all. The 16
 *       bits are a filter: the node's `to` is the whole truth and the receiver compares it.
 *   I5  A claim succeeds only on a task that is idle, alive and has no mail. */
#ifndef KI_MBOX_H
#define KI_MBOX_H

#include "core/assert.h"
#include "core/atomic.h"
#include "core/defs.h"
#include "core/slots.h"

#ifdef __cplusplus
extern "C" {
#endif

#define KI_MBOX_OWNED UINT64_C(1)
#define KI_MBOX_EXITING UINT64_C(2)
#define KI_MBOX_DEAD UINT64_C(4)
#define KI_MBOX_FLAGS UINT64_C(7)
#define KI_MBOX_NODE UINT64_C(0x0000fffffffffff8)
#define KI_MBOX_GENERATION UINT64_C(0xffff000000000000)

/* What lies in a mailbox. The kind belongs to the layer above. */
struct ki_node {
    struct ki_node *next;
    uint64_t to; /* the full handle this is for */
    uint16_t kind;
    uint16_t flags;
    uint32_t aux; /* not the node's: it may be in use by what the node lies in */
};

typedef _Atomic(uint64_t) ki_mbox;

enum ki_push {
    KI_PUSH_REFUSED, /* no such receiver, or it takes no more: the node is still yours */
    KI_PUSH_QUEUED,  /* its owner will see it */
    KI_PUSH_SCHEDULE /* it was idle and is now OWNED by you: make it run */
};

static inline uint64_t
ki_mbox_generation(uint64_t id)
{
    return (uint64_t) ki_id_generation(id) << 48;
}

/* ki_mbox_init makes the mailbox of `id` alive, OWNED by the caller.
 * release: the record was filled in; pairs with the acquire of push and claim. */
static inline void
ki_mbox_init(ki_mbox *m, uint64_t id)
{
    ki_store_rel(m, ki_mbox_generation(id) | KI_MBOX_OWNED);
}

/* ki_mbox_push_to appends n (n->kind set) for the receiver `to`; n->to is not read. `refuse`: flags
 * under which it is turned away (KI_MBOX_DEAD, and KI_MBOX_EXITING too for data). */
KI_NODISCARD static inline enum ki_push
ki_mbox_push_to(ki_mbox *m, struct ki_node *n, uint64_t to, uint64_t refuse)
{
    const uint64_t gen = ki_mbox_generation(to);
    uint64_t w = ki_load_rlx(m); /* a guess: the swap below checks it */

    do {
        if (ki_slow((w & KI_MBOX_GENERATION) != gen || (w & refuse) != 0)) {
            /* acquire: with ki_mbox_die, or the init of the record's next use: who learns of a
             * death sees all that the dead did before it. */
            (void) ki_load_acq(m);
            return KI_PUSH_REFUSED;
        }
        n->next = (struct ki_node *) (uintptr_t) (w & KI_MBOX_NODE);
        /* release: the node's contents, for ki_mbox_take. acquire: with settle's release, when
         * we become the owner we continue what the last owner did. */
    } while (!ki_cas_weak_acq_rel(m, &w,
                                  gen | (uint64_t) (uintptr_t) n | (w & KI_MBOX_FLAGS) |
                                      KI_MBOX_OWNED));
    return (w & KI_MBOX_OWNED) ? KI_PUSH_QUEUED : KI_PUSH_SCHEDULE;
}

/* ki_mbox_push is the same for n->to. */
KI_NODISCARD static inline enum ki_push
ki_mbox_push(ki_mbox *m, struct ki_node *n, uint64_t refuse)
{
    return ki_mbox_push_to(m, n, n->to, refuse);
}

/* ki_mbox_push_sure is the same for a receiver that does not die before this node has come. */
static inline enum ki_push
ki_mbox_push_sure(ki_mbox *m, struct ki_node *n)
{
    uint64_t w = ki_load_rlx(m); /* as in ki_mbox_push_to, and so are the orders below */

    KI_ASSERT((w & KI_MBOX_GENERATION) == ki_mbox_generation(n->to) && !(w & KI_MBOX_DEAD));
    do
        n->next = (struct ki_node *) (uintptr_t) (w & KI_MBOX_NODE);
    while (!ki_cas_weak_acq_rel(m, &w,
                                (w & ~KI_MBOX_NODE) | (uint64_t) (uintptr_t) n |
                                    KI_MBOX_OWNED));
    return (w & KI_MBOX_OWNED) ? KI_PUSH_QUEUED : KI_PUSH_SCHEDULE;
}

/* ki_mbox_has_mail: the owner asks whether a take would find anything.
 * relaxed: a push that is missed here is found by settle. */
static inline bool
ki_mbox_has_mail(ki_mbox *m)
{
    return (ki_load_rlx(m) & KI_MBOX_NODE) != 0;
}

/* ki_mbox_take_newest: the owner takes all mail, newest first. NULL: none.
 * acquire: the contents of every node, with the release of its push: the word is one release
 * sequence, as every change of it is a read-modify-write. */
static inline struct ki_node *
ki_mbox_take_newest(ki_mbox *m)
{
    uint64_t own =
        ki_load_rlx(m) & ~KI_MBOX_NODE; /* only the owner changes what is not mail */

    return (struct ki_node *) (uintptr_t) (ki_xchg_acq(m, own) & KI_MBOX_NODE);
}

/* ki_mbox_in_order turns what was taken newest first round: oldest first. */
static inline struct ki_node *
ki_mbox_in_order(struct ki_node *n)
{
    struct ki_node *first = NULL;

    while (n) {
        struct ki_node *older = n->next;

        n->next = first;
        first = n;
        n = older;
    }
    return first;
}

/* ki_mbox_take: the owner takes all mail, oldest first. NULL: none. */
static inline struct ki_node *
ki_mbox_take(ki_mbox *m)
{
    return ki_mbox_has_mail(m) ? ki_mbox_in_order(ki_mbox_take_newest(m)) : NULL;
}

/* ki_mbox_settle: the owner stops owning. false: mail came meanwhile, it still owns.
 * release: what this owner did, for the next one's acquire (push, claim). */
KI_NODISCARD static inline bool
ki_mbox_settle(ki_mbox *m)
{
    uint64_t w = ki_load_rlx(m); /* only the owner changes flags, so only mail can differ */

    while ((w & KI_MBOX_NODE) == 0)
        if (ki_cas_weak_rel(m, &w, w & ~KI_MBOX_OWNED))
            return true;
    return false;
}

/* ki_mbox_claim: own the task of `id` if it is idle, alive, without mail. The caller compares
 * the record's full id afterwards: 16 bits may lie.
 * acquire: with the last owner's settle. */
KI_NODISCARD static inline bool
ki_mbox_claim(ki_mbox *m, uint64_t id)
{
    uint64_t idle = ki_mbox_generation(id);

    return ki_cas_acq(m, &idle, idle | KI_MBOX_OWNED);
}

/* ki_mbox_begin_exit: the owner refuses data from now on. */
static inline void
ki_mbox_begin_exit(ki_mbox *m)
{
    ki_or_acq_rel(m, KI_MBOX_EXITING);
}

/* ki_mbox_die: the owner refuses everything from now on. false: there is mail to answer first. */
KI_NODISCARD static inline bool
ki_mbox_die(ki_mbox *m)
{
    uint64_t w = ki_load_rlx(m);

    while ((w & KI_MBOX_NODE) == 0)
        if (ki_cas_weak_acq_rel(m, &w, w | KI_MBOX_EXITING | KI_MBOX_DEAD))
            return true;
    return false;
}

#ifdef __cplusplus
}
#endif

#endif
