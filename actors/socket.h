/* SPDX-License-Identifier: Apache-2.0
 * socket.h -- the socket actor: one owner of the descriptor at a time, two queues of waiters.
 *
 * Whoever owns the socket's mailbox word is its claimant and may touch the [s] fields and the
 * descriptor. A process's call on an idle socket claims it and runs at once on the caller's
 * thread; else the call becomes a message. Both ways end in the same functions. */
#ifndef KI_SOCKET_H
#define KI_SOCKET_H

#include "actors/proc.h"
#include "actors/tally.h"
#include "core/seam.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline struct ki_socket *
ki_socket_of_task(struct ki_task *t)
{
    return ki_container_of(t, struct ki_socket, task);
}

static inline uint64_t
ki_socket_id(struct ki_socket *s)
{
    return ki_load_rlx(&s->task.id); /* relaxed: constant while in use */
}

/* ki_socket_at answers the record that is or was that one's; NULL: none can be. */
static inline struct ki_socket *
ki_socket_at(uint64_t id)
{
    return (struct ki_socket *) (void *) ki_slots_at(&ki_runtime.sockets, ki_id_index(id));
}

/* ki_socket_find answers the record if the handle is its present one; NULL else. A look. */
static inline struct ki_socket *
ki_socket_find(kith_socket h)
{
    struct ki_socket *s = ki_socket_at(h.id);

    /* The id holds the kind too. Zero is nobody's, but a record's that was never used. */
    return ki_fast(s != NULL) && ki_fast(ki_socket_id(s) == h.id) && ki_fast(h.id != 0)
               ? s
               : NULL;
}

/* By the claimant. */
static inline int
ki_socket_fd(struct ki_socket *s)
{
    return ki_load_rlx(&s->fd); /* relaxed: written by claimants only */
}

/* ki_socket_is_one_to_many: of SCTP, with any number of peers and no connection or end of its own. */
static inline bool
ki_socket_is_one_to_many(struct ki_socket *s)
{
    return s->type == KITH_SEQPACKET && ki_load_rlx(&s->protocol) == KITH_SCTP;
}

/* ki_socket_new makes the actor of a descriptor, claimed by the caller, in nobody's list yet;
 * `owner` is who will have it, `traits` are the KI_TRAIT_ bits. NULL: no memory, the descriptor is
 * still the caller's. */
struct ki_socket *ki_socket_new(int fd, int domain, int type, int protocol, uint32_t traits,
                                struct ki_proc *owner);

/* ki_socket_note sets and clears KITH_STATE_ bits. By the claimant. */
static inline void
ki_socket_note(struct ki_socket *s, uint32_t set, uint32_t clear)
{
    ki_store_rlx(&s->state, (ki_load_rlx(&s->state) & ~clear) | set);
}

static inline bool
ki_socket_is(struct ki_socket *s, uint32_t state)
{
    return (ki_load_rlx(&s->state) & state) != 0;
}

/* ki_socket_release ends a claim: idle, or queued to run if mail came. */
void ki_socket_release_later(struct ki_socket *s);

KI_HOT void
ki_socket_release(struct ki_socket *s)
{
    if (ki_slow(!ki_mbox_settle(&s->task.mbox)))
        ki_socket_release_later(s);
}

/* ki_socket_begin_close answers all waiters KITH_ECLOSED and closes the descriptor. By the
 * claimant. ki_socket_end_close makes the actor dead if all is answered: false, it has to wait
 * for mail; true, the record is gone or on its way to its owner (`self`: the caller is the
 * owner and takes it out of its list at once). */
void ki_socket_begin_close(struct ki_socket *s);
bool ki_socket_end_close(struct ki_socket *s, struct ki_proc *self);

/* ki_socket_may_connect: 0; KITH_EALREADY: a connect of somebody's waits. One that parts from the
 * peer is to be tried whatever is ready: what it ends may never be. By the claimant. */
int ki_socket_may_connect(struct ki_socket *s, const struct ki_io *io);

/* ki_socket_may_live_on: another process or program may have the descriptor too; what is done to it
 * is done to theirs. Relaxed: set before the descriptor gets there. */
static inline bool
ki_socket_may_live_on(const struct ki_socket *s)
{
    return s->shared || ki_load_rlx(&ki_runtime.forked) || ki_load_rlx(&ki_runtime.passed);
}

/* ki_socket_is_in_use: the side pool uses the descriptor, too: it is closed when that has come back.
 * By the claimant. */
static inline bool
ki_socket_is_in_use(const struct ki_socket *s)
{
    return s->rare && (s->rare->aside || s->rare->asked > 0);
}

/* ki_socket_event is the scheduler's on_event. */
void ki_socket_event(struct ki_worker *w, uint64_t id, uint32_t ready);

/* ki_socket_call runs fn(s, arg) under the claim: inline, or as an operation that it waits for.
 * 0, a code of fn's, or KITH_ECLOSED, KITH_EBADF. Not cancellable while it runs. */
int ki_socket_call(struct ki_proc *p, kith_socket h,
                   int (*fn)(struct ki_socket *s, void *arg), void *arg);

/* ki_socket_call_self: the same by the caller, whoever that is. Also a code of ki_enter's. */
int ki_socket_call_self(kith_socket h, int (*fn)(struct ki_socket *s, void *arg),
                        void *arg);

/* ki_socket_call_later has an operation of that kind, KI_OP_CALL or KI_OP_CLOSE, done without waiting
 * for it: by a stop, which no worker may hold up. p->ops is empty when all are. */
void ki_socket_call_later(struct ki_proc *p, struct ki_socket *s, uint8_t kind,
                          int (*fn)(struct ki_socket *s, void *arg));

/* ki_socket_give_at_birth makes c, a child of p's that has not run, the owner. */
int ki_socket_give_at_birth(struct ki_proc *p, struct ki_proc *c, kith_socket h);

/* ki_socket_keep: a socket that p took out of its list to give it away stays p's after all; if
 * its GONE came meanwhile the record is freed. */
void ki_socket_keep(struct ki_proc *p, struct ki_socket *s);

/* ki_socket_cancel_kinds answers KITH_ECANCELED to all that wait in KITH_OP_ bits. By the
 * claimant. */
void ki_socket_cancel_kinds(struct ki_socket *s, unsigned ops);

/* ki_socket_set_owner is kith_socket_give without a message. */
int ki_socket_set_owner(kith_socket h, kith_pid to);

/* ki_socket_stop_listening: for kith_stop; waiting accepts answer KITH_ESTOPPED. */
int ki_socket_stop_listening(struct ki_socket *s, void *arg);

/* io.c: one attempt. */
enum ki_attempt {
    KI_TRY_DONE,  /* *result is the answer */
    KI_TRY_AGAIN, /* it waits for readiness, or for the retry timer */
    KI_TRY_ASIDE /* the side pool does it, and keeps BUSY: only of an operation in a record */
};

enum ki_attempt ki_io_recv_nothing(struct ki_socket *s, ptrdiff_t n, ptrdiff_t *result);
enum ki_attempt ki_io_sent(struct ki_socket *s, struct ki_io *io, ptrdiff_t n, int flags,
                           ptrdiff_t *result);

/* n bytes came, of `want`. io.c I1; socket.c takes `drains` away when one of the exceptions is
 * seen. */
KI_HOT void
ki_io_note_read(struct ki_socket *s, size_t n, size_t want)
{
    ki_count(&s->received, n);
    if (n < want && s->drains)
        s->ready &= ~(uint32_t) KI_READY_IN;
}

/* The plain receive and send, without flags: all in one call of the system, or the rest in
 * io.c. */
KI_HOT enum ki_attempt
ki_io_recv(struct ki_socket *s, void *buf, size_t cap, ptrdiff_t *result)
{
    ptrdiff_t n = ki_seam.recv(ki_socket_fd(s), buf, cap, 0);

    if (ki_slow(n <= 0))
        return ki_io_recv_nothing(s, n, result);
    ki_io_note_read(s, (size_t) n, cap);
    ki_tally_done(s, KI_TALLY_READ, (size_t) n);
    *result = n;
    return KI_TRY_DONE;
}

KI_HOT enum ki_attempt
ki_io_send(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    size_t rest = io->len - io->done;
    ptrdiff_t n = ki_seam.send(ki_socket_fd(s), io->buf + io->done, rest, 0);

    if (ki_slow(n != (ptrdiff_t) rest))
        return ki_io_sent(s, io, n, 0, result);
    ki_count(&s->sent, rest);
    io->done = io->len;
    ki_tally_done(s, KI_TALLY_WRITE, io->len);
    *result = (ptrdiff_t) io->len; /* with what went in earlier turns */
    return KI_TRY_DONE;
}

enum ki_attempt ki_io_try_rare(struct ki_socket *s, struct ki_op *op, ptrdiff_t *result);

KI_HOT enum ki_attempt
ki_io_try(struct ki_socket *s, struct ki_op *op, ptrdiff_t *result)
{
    struct ki_io *io = &op->io;

    if (ki_fast(io->what == KI_IO_PLAIN(KI_OP_RECV)))
        return ki_io_recv(s, io->buf, io->len, result);
    if (ki_fast(io->what == KI_IO_PLAIN(KI_OP_SEND)))
        return ki_io_send(s, io, result);
    return ki_io_try_rare(s, op, result);
}

/* ki_io_direction: which queue it waits in. */
static inline int
ki_io_direction(const struct ki_io *io)
{
    if (io->kind == KI_OP_ACCEPT)
        return KI_DIR_READ;
    if (ki_io_bit(io->kind) != KITH_OP_RECV)
        return KI_DIR_WRITE;
    return ki_fast((io->flags & (KITH_MSG_OOB | KITH_MSG_ERRQUEUE)) == 0) ? KI_DIR_READ
           : (io->flags & KITH_MSG_ERRQUEUE)                              ? KI_DIR_ERROR
                                                                          : KI_DIR_URGENT;
}

/* ki_io_ready: the bit of `ready` without which an attempt in that queue is vain. */
static inline uint32_t
ki_io_ready(int dir)
{
    static const uint32_t bit[KI_DIRS] = {KI_READY_IN, KI_READY_OUT, KI_READY_PRI,
                                          KI_READY_ERR};

    return bit[dir];
}

/* ki_io_may_try: may a newcomer try at once? Not before those that wait (socket.c I4), nor in vain.
 * One that `waits` not asks the system for what the poller has yet to tell of; but for room only when
 * the poller told, as below its mark the system takes bites. While a back-off lasts, what is full is
 * the queue of one peer, and maybe not any more, or not of this one's. */
KI_HOT bool
ki_io_may_try(const struct ki_socket *s, int dir, bool waits)
{
    return ki_fast(!ki_queue_first(s, dir)) &&
           (ki_fast((s->ready & ki_io_ready(dir)) != 0) ||
            (dir == KI_DIR_WRITE ? s->retry_out : !waits));
}

/* ki_socket_enqueue puts an operation at the end of its direction's queue, `dir`. By the claimant. */
KI_HOT void
ki_socket_enqueue(struct ki_socket *s, struct ki_op *op, int dir)
{
    struct ki_queue *q = ki_queue_of(s, dir);

    op->queued = true;
    op->q_next = NULL;
    op->q_prev = q->tail;
    if (ki_slow(q->tail != NULL))
        q->tail->q_next = op;
    else
        q->head = op;
    q->tail = op;
}

/* starve.c: accepting without descriptors. */
uint64_t ki_starved_begin(struct ki_socket *s); /* when to try again */
void ki_starved_end(struct ki_socket *s);
void ki_starved_wake(void); /* a descriptor is free */

/* Bits of `pending` beside the poller's: try without readiness; go on where a turn was cut short. */
#define KI_READY_RETRY UINT32_C(0x100)
#define KI_READY_MORE UINT32_C(0x200)

/* ki_socket_push_event: pending went from 0 to nonzero, so the event node is the caller's. */
void ki_socket_push_event(struct ki_socket *s);

/* ki_socket_go_on_later: its turn is long enough; it has another one after others have had theirs. By
 * the claimant. */
void ki_socket_go_on_later(struct ki_socket *s);

/* ki_socket_retry_at arms the retry timer, which lies in the rare part. By the claimant. */
void ki_socket_retry_at(struct ki_socket *s, uint64_t when_ns);

#ifdef __cplusplus
}
#endif

#endif
