/* SPDX-License-Identifier: Apache-2.0
 * socket.c -- the actor: its mail, its queues, its end.
 *
 *   I1  The descriptor is used by the claimant only, so it cannot be closed under a call.
 *   I2  `pending` gets the poller's bits; 0 -> nonzero pushes the event node, and taking the
 *       node empties it. `ready` is the claimant's own.
 *   I3  An operation in a queue is PENDING and LINKED, or was stopped, and then its STOP node
 *       is on the way (`owed` counts those that left the queue before it came).
 *   I4  A newcomer goes behind those that wait in its direction.
 *   I5  While the side pool has an operation (`aside`, `asked`) it uses the descriptor too, which is
 *       closed when all have come back. They are BUSY, and the pool's alone; `aside` stands first
 *       among the writers, the others stand nowhere.
 *   I6  The actor is dead only when every operation was answered, every STOP has come, and the
 *       mailbox is empty; then who is linked or monitors it hears, and its owner gets GONE, and with
 *       that the record. */
#include "actors/socket.h"

#include <string.h>

#include "actors/file.h"
#include "actors/ioctl.h"
#include "actors/later.h"
#include "actors/linger.h"
#include "actors/link.h"
#include "actors/msg.h"
#include "actors/op.h"
#include "core/offload.h"
#include "core/seam.h"
#include "core/sock.h"

static void socket_run(struct ki_task *t, struct ki_worker *w);

static const struct ki_task_type socket_task_type = {.name = "socket", .run = socket_run};

/* What the kernel takes for 0. */
static int
usual_protocol(int domain, int type)
{
    if (domain != KITH_INET && domain != KITH_INET6)
        return 0;
    return type == KITH_STREAM      ? KITH_TCP
           : type == KITH_DGRAM     ? KITH_UDP
           : type == KITH_SEQPACKET ? KITH_SCTP
                                    : 0;
}

struct ki_socket *
ki_socket_new(int fd, int domain, int type, int protocol, uint32_t traits,
              struct ki_proc *owner)
{
    struct ki_socket *s =
        (struct ki_socket *) (void *) ki_slots_get(&ki_runtime.sockets,
                                                   ki_slots_here(KI_KIND_SOCKET));

    if (!s)
        return NULL;
    uint64_t id = ki_slots_id(&ki_runtime.sockets, &s->slot);

    /* release: as in ki_proc_new. Who sees a field of the new use sees the old one's death. */
    atomic_thread_fence(memory_order_release);
    ki_store_rlx(&s->task.type, &socket_task_type);
    ki_store_rlx(&s->fd, fd);
    ki_store_rlx(&s->traits, (uint32_t) domain | (uint32_t) type << KI_TRAIT_TYPE | traits);
    ki_store_rlx(&s->protocol, protocol ? protocol : usual_protocol(domain, type));
    ki_store_rlx(&s->state, 0);
    ki_store_rlx(&s->n_links, 0);
    ki_store_rlx(&s->owner_id, ki_proc_id(owner));
    ki_store_rlx(&s->received, 0);
    ki_store_rlx(&s->sent, 0);
    ki_store_rlx(&s->in_list_of, NULL);
    memset((char *) s + offsetof(struct ki_socket, domain), 0,
           sizeof *s - offsetof(struct ki_socket, domain));
    s->domain = (uint16_t) domain;
    s->type = (uint8_t) type;
    /* Nothing disproves it yet. */
    s->ready = KI_READY_IN | KI_READY_OUT | KI_READY_PRI | KI_READY_ERR;
    s->owner = owner;
    /* Its other fields are a late poller's, if there is one. */
    s->event_node.kind = KI_N_EVENT;
    ki_store_rlx(&s->task.id, id); /* relaxed: who learns of it learns by the poller */
    ki_mbox_init(&s->task.mbox, id);
    return s;
}

/* The claim goes on: mail came. */
KI_NOINLINE void
ki_socket_release_later(struct ki_socket *s)
{
    ki_sched_ready_fifo(&s->task);
}

/* ---- queues ---- */

/* Answers who is next. */
KI_HOT struct ki_op *
unlink_head(struct ki_queue *q, struct ki_op *op)
{
    struct ki_op *next = op->q_next;

    op->queued = false;
    q->head = next;
    if (ki_slow(next != NULL))
        next->q_prev = NULL;
    else
        q->tail = NULL;
    return next;
}

static void
dequeue(struct ki_socket *s, struct ki_op *op)
{
    ki_queue_remove(ki_queue_of(s, ki_io_direction(&op->io)), op);
}

int
ki_socket_may_connect(struct ki_socket *s, const struct ki_io *io)
{
    for (struct ki_op *op = s->queue[KI_DIR_WRITE].head; op; op = op->q_next)
        if (op->io.kind == KI_OP_CONNECT && !op->io.select)
            return KITH_EALREADY;
    if (io->u.addr->domain == KITH_UNSPEC)
        s->ready |= KI_READY_OUT;
    return 0;
}

/* BUSY is ours, it stands in no queue any more, and that is its result. */
KI_HOT void
finish(struct ki_socket *s, struct ki_op *op, ptrdiff_t result)
{
    if (ki_slow(op->io.kind == KI_OP_SEND_LATER))
        ki_later_ended(s, op, result);
    else
        ki_op_complete(op, result, KI_OP_EXECUTOR);
}

/* Takes a queued operation out and answers it; one that was stopped is answered already, and one
 * that the side pool has is when that is done with it. */
static void
answer(struct ki_socket *s, struct ki_op *op, int code)
{
    if (op == ki_rare_aside(s)) {
        s->rare->aside_code = code;
        return;
    }
    dequeue(s, op);
    if (!ki_op_busy(&op->word)) {
        s->owed++;
        return;
    }
    if (ki_slow(s->watch != 0))
        ki_watch_stopped(s, op, code);
    finish(s, op, code);
}

static void
answer_all(struct ki_socket *s, int dir, int code)
{
    for (struct ki_op *op = ki_queue_first(s, dir), *next; op; op = next) {
        next = op->q_next;
        answer(s, op, code);
    }
}

/* It stands in its queue, and BUSY is ours no more; or the code with which it was stopped meanwhile. */
static int
begin_wait(struct ki_socket *s, struct ki_op *op)
{
    const unsigned stopped = ki_op_wait(&op->word);
    const int code = stopped ? ki_op_stop_code(stopped) : 0;

    if (ki_slow(s->watch != 0) && code)
        ki_watch_stopped(s, op, code);
    return code;
}

/* BUSY is ours, and the attempt has not ended it: it waits, in the queue, unless it has gone aside
 * and takes BUSY along. 0, or the code with which it has to end after all. */
static int
wait_on(struct ki_socket *s, struct ki_op *op, enum ki_attempt how)
{
    if (op->io.once && how == KI_TRY_AGAIN)
        return KITH_ETIMEOUT;
    if (!op->queued) {
        if (how == KI_TRY_AGAIN)
            ki_tally_wait(s, op, ki_tally_of(&op->io));
        ki_socket_enqueue(s, op, ki_io_direction(&op->io));
    }
    if (how == KI_TRY_ASIDE)
        return 0;
    return begin_wait(s, op);
}

/* BUSY is ours: one attempt. true: *result is the answer, false: it waits. */
KI_HOT bool
attempt(struct ki_socket *s, struct ki_op *op, ptrdiff_t *result)
{
    const enum ki_attempt how = ki_io_try(s, op, result);

    if (ki_fast(how == KI_TRY_DONE))
        return true;
    *result = wait_on(s, op, how);
    return *result != 0;
}

/* One that came by message and finds nobody before it. */
static void
execute(struct ki_socket *s, struct ki_op *op)
{
    ptrdiff_t result;

    if (!attempt(s, op, &result))
        return;
    if (op->queued)
        dequeue(s, op);
    ki_op_complete(op, result, KI_OP_EXECUTOR);
}

KI_HOT void
serve_direction(struct ki_socket *s, struct ki_queue *q, uint32_t bit)
{
    struct ki_op *op = q->head;

    while (op && (s->ready & bit)) {
        struct ki_op *next;
        ptrdiff_t result;

        if (ki_slow(!ki_op_busy(&op->word))) {
            if (op == ki_rare_aside(s)) /* those behind it wait for it */
                return;
            next = unlink_head(q, op);
            s->owed++;
        } else if (ki_fast(attempt(s, op, &result))) {
            next = unlink_head(q, op);
            finish(s, op, result);
        } else {
            return;
        }
        op = next;
    }
}

KI_HOT void
serve(struct ki_socket *s)
{
    serve_direction(s, &s->queue[KI_DIR_READ], KI_READY_IN);
    if (ki_slow(s->queue[KI_DIR_WRITE].head != NULL))
        serve_direction(s, &s->queue[KI_DIR_WRITE], KI_READY_OUT);
}

/* Those that wait for urgent data or for the error queue. */
static void
serve_rare(struct ki_socket *s)
{
    serve_direction(s, ki_queue_of(s, KI_DIR_URGENT), KI_READY_PRI);
    serve_direction(s, ki_queue_of(s, KI_DIR_ERROR), KI_READY_ERR);
}

/* ---- what the side pool does ---- */

static void close_descriptor(struct ki_socket *s, char *rest, size_t len);

/* It has done its part, and BUSY is ours again. */
static void
came_back(struct ki_socket *s)
{
    struct ki_rare *rare = s->rare;
    struct ki_op *op = rare->aside;
    const int code = rare->aside_code;
    ptrdiff_t result;
    bool ends = ki_file_sent(s, &op->io, &result) == KI_TRY_DONE;

    rare->aside = NULL;
    rare->aside_code = 0;
    if (!ends) {
        result = code ? code : wait_on(s, op, KI_TRY_AGAIN);
        ends = result != 0;
        if (ki_slow(s->watch != 0) && code)
            ki_watch_stopped(s, op, code);
    } else if (s->closing && result < 0) { /* which the close may have made */
        result = code;
    }
    if (ends) {
        dequeue(s, op);
        ki_op_complete(op, result, KI_OP_EXECUTOR);
    }
    if (s->closing && !ki_socket_is_in_use(s))
        close_descriptor(s, NULL, 0);
}

/* One of its requests has been answered. */
static void
was_asked(struct ki_socket *s, struct ki_node *n)
{
    ki_ioctl_end(s, n);
    if (s->closing && !ki_socket_is_in_use(s))
        close_descriptor(s, NULL, 0);
}

/* ---- mail ---- */

static void
answer_close(struct ki_socket *s)
{
    struct ki_op *op = s->close_op;

    s->close_op = NULL;
    if (op)
        ki_op_complete(op, 0, KI_OP_EXECUTOR);
}

/* May it be tried at once? One that only wants to be told waits for the end of a back-off. */
static bool
is_next(const struct ki_socket *s, const struct ki_op *op, int dir)
{
    if (op->io.select || s->stopped)
        return !ki_queue_first(s, dir) &&
               (s->stopped || (s->ready & ki_io_ready(dir)) != 0);
    return ki_io_may_try(s, dir, !op->io.once);
}

static void
requested(struct ki_socket *s, struct ki_op *op)
{
    int dir, code;

    if (!ki_op_busy(&op->word)) { /* stopped on its way */
        ki_op_executor_drops(op);
        return;
    }
    if (s->closing) {
        ki_op_complete(op, KITH_ECLOSED, KI_OP_EXECUTOR);
        return;
    }
    switch ((enum ki_op_kind) op->io.kind) {
    case KI_OP_CALL:
        ki_op_complete(op, op->io.u.call(s, op->io.arg), KI_OP_EXECUTOR);
        return;
    case KI_OP_CLOSE:
        ki_socket_begin_close(s);
        s->close_op = op;
        /* The record may take a moment more: that is nobody's wait. */
        if (s->owed && !ki_socket_is_in_use(s))
            answer_close(s);
        return;
    case KI_OP_IOCTL:
        ki_ioctl_begin(s, op);
        return;
    case KI_OP_PEELOFF: /* it waits for nobody */
        execute(s, op);
        return;
    case KI_OP_CONNECT:
        if (ki_socket_may_connect(s, &op->io) == 0)
            break;
        ki_op_complete(op, KITH_EALREADY, KI_OP_EXECUTOR);
        return;
    default:
        break;
    }
    dir = ki_io_direction(&op->io);
    if (is_next(s, op, dir)) {
        execute(s, op);
        return;
    }
    if (op->io.once) {
        ki_op_complete(op, KITH_ETIMEOUT, KI_OP_EXECUTOR);
        return;
    }
    ki_tally_wait(s, op, ki_tally_of(&op->io));
    ki_socket_enqueue(s, op, dir); /* I4 */
    code = begin_wait(s, op);
    if (code) {
        dequeue(s, op);
        ki_op_complete(op, code, KI_OP_EXECUTOR);
    }
}

static void
stopped(struct ki_socket *s, struct ki_op *op)
{
    if (ki_slow(s->watch != 0))
        ki_watch_stopped(s, op, op->result);
    if (op->queued)
        dequeue(s, op);
    else
        s->owed--;
    ki_op_executor_drops(op);
}

/* What was not ready may be: also for those that come when `retry_now` is over. */
static void
retry(struct ki_socket *s)
{
    s->retry_now = true;
    s->ready |= KI_READY_IN | KI_READY_OUT | KI_READY_PRI;
}

static bool
has_ended(struct ki_socket *s, uint32_t bits)
{
    return (bits & (KI_READY_RDHUP | KI_READY_HUP)) != 0 &&
           (!s->anew || ki_seam.has_ended(ki_socket_fd(s)));
}

KI_HOT void
note_ready(struct ki_socket *s, uint32_t bits)
{
    /* After an error or a hang-up no call answers EAGAIN; after the peer's end no receive. */
    const uint32_t usual = KI_READY_IN | KI_READY_OUT;

    if (ki_slow(bits & ~usual)) {
        if (bits & (KI_READY_ERR | KI_READY_HUP))
            bits |= KI_READY_IN | KI_READY_OUT | KI_READY_ERR;
        if (has_ended(s, bits)) { /* no more urgent data either */
            s->ended = true;
            if (ki_socket_is(s, KITH_STATE_CONNECTED)) /* a fresh one hangs up too */
                ki_socket_note(s, KITH_STATE_ENDED, 0);
            bits |= KI_READY_IN | KI_READY_PRI;
        }
        if (bits & KI_READY_RETRY)
            retry(s);
        if (bits & ~(usual | KI_READY_RETRY | KI_READY_MORE))
            s->drains = false;
        bits &= usual | KI_READY_PRI | KI_READY_ERR;
        s->ready |= bits;
        /* First: a receive would take its error. */
        if (ki_socket_is(s, KITH_STATE_CONNECTING))
            serve_direction(s, &s->queue[KI_DIR_WRITE], KI_READY_OUT);
        if (s->rare)
            serve_rare(s);
    }
    s->ready |= bits;
}

/* It dies of somebody else's death. */
static void
lose(struct ki_socket *s, kith_reason why)
{
    if (s->closing)
        return;
    s->lost = true;
    s->why = why;
    ki_socket_begin_close(s);
}

/* A link, a monitor, or the end of one; also of one who had this record before: he is answered as
 * by the dead, and what he ends was not active any more. */
static void
signalled(struct ki_socket *s, struct ki_node *n)
{
    const bool ours = n->to == ki_socket_id(s);
    kith_reason why;

    switch ((enum ki_node_kind) n->kind) {
    case KI_N_LINK:
        if (ours)
            ki_link_asked(n, s->closing);
        else
            ki_link_refused(n);
        break;
    case KI_N_UNLINK:
        ki_link_unasked(n);
        break;
    case KI_N_LINK_EXIT:
        if (ki_link_broken(n, &why))
            lose(s, why);
        break;
    case KI_N_MONITOR:
        if (ours)
            ki_monitor_asked(n, s->closing);
        else
            ki_monitor_refused(n);
        break;
    case KI_N_DEMONITOR:
        ki_monitor_unasked(n);
        break;
    default:
        KI_CHECK(!"a socket got a node of unknown kind");
    }
}

static void
handle(struct ki_socket *s, struct ki_node *n)
{
    switch ((enum ki_node_kind) n->kind) {
    case KI_N_REQUEST:
        requested(s, ki_container_of(n, struct ki_op, request));
        break;
    case KI_N_STOP:
        stopped(s, ki_container_of(n, struct ki_op, request));
        break;
    case KI_N_EVENT:
        /* acquire: with the poller's or; from here on a new bit pushes the node again. */
        note_ready(s, ki_xchg_acq_rel(&s->pending, 0));
        break;
    case KI_N_RETRY:
        s->retry_out = false;
        retry(s);
        serve_rare(s); /* the timer lies in the rare part */
        break;
    case KI_N_ASIDE:
        came_back(s);
        break;
    case KI_N_ASKED:
        was_asked(s, n);
        break;
    case KI_N_OWNER_DOWN:
        lose(s, s->owner->why); /* which stays: it waits for our end */
        break;
    default:
        signalled(s, n);
        break;
    }
}

static void
handle_all(struct ki_socket *s, struct ki_node *n)
{
    while (n) {
        struct ki_node *next = n->next;

        handle(s, n);
        n = next;
    }
}

static void
socket_run(struct ki_task *t, struct ki_worker *w)
{
    struct ki_socket *s = ki_socket_of_task(t);

    (void) w;
    handle_all(s, ki_mbox_take(&t->mbox));
    if (!s->closing)
        serve(s);
    s->retry_now = false;
    if (s->closing && ki_socket_end_close(s, NULL))
        return;
    ki_socket_release(s);
}

/* ---- readiness ---- */

/* Whoever turned pending on owns the node until it is in the mailbox or pending is 0 again: also
 * a poller so late that the record is in its next use, whose hint then goes to that one. So the
 * node belongs to the record and to none of its uses: its `to` is not set, ki_socket_new leaves
 * it alone. */
void
ki_socket_push_event(struct ki_socket *s)
{
    uint64_t id;
    uint32_t bits;

    do {
        id = ki_socket_id(s);
        enum ki_push r = ki_mbox_push_to(&s->task.mbox, &s->event_node, id, KI_MBOX_DEAD);
        if (r == KI_PUSH_SCHEDULE)
            ki_sched_ready(&s->task);
        if (r != KI_PUSH_REFUSED)
            return;
        bits =
            ki_xchg_acq_rel(&s->pending, 0); /* dead; but if it lives again, for its sake */
    } while (ki_socket_id(s) != id && ki_or_acq_rel(&s->pending, bits) == 0);
}

void
ki_socket_go_on_later(struct ki_socket *s)
{
    if (ki_or_acq_rel(&s->pending, KI_READY_MORE) == 0) /* I2 */
        ki_socket_push_event(s);
}

void
ki_socket_event(struct ki_worker *w, uint64_t id, uint32_t ready)
{
    struct ki_socket *s = ki_socket_at(id);

    (void) w;
    if (ki_slow(!s))
        return;
    if (ki_mbox_claim(&s->task.mbox, id)) {
        if (ki_fast(ki_socket_id(s) == id)) {
            note_ready(s, ready);
            serve(s);
        }
        ki_socket_release(s);
        return;
    }
    if (ki_socket_id(s) != id)
        return;
    /* I2. release: nothing but the bits; acq_rel pairs with handle's exchange. */
    if (ki_or_acq_rel(&s->pending, ready) == 0)
        ki_socket_push_event(s);
}

static void
retry_expired(struct ki_alarm *a, struct ki_wakes *wakes)
{
    struct ki_rare *rare = ki_container_of(a, struct ki_rare, retry);
    struct ki_socket *s = rare->socket;

    rare->retry_node = (struct ki_node){.to = ki_socket_id(s), .kind = KI_N_RETRY};
    enum ki_push r = ki_mbox_push(&s->task.mbox, &rare->retry_node, KI_MBOX_DEAD);
    KI_CHECK(r != KI_PUSH_REFUSED); /* a socket cancels its timer before it dies */
    if (r == KI_PUSH_SCHEDULE)
        ki_wakes_add(wakes, &s->task);
}

void
ki_socket_retry_at(struct ki_socket *s, uint64_t when_ns)
{
    if (s->retry_out)
        return;
    s->retry_out = true;
    s->rare->retry.expire = retry_expired;
    ki_timers_arm(&s->rare->retry, when_ns);
}

/* ---- the end ---- */

static bool
is_borrowed(const struct ki_socket *s)
{
    return ki_traits_origin(ki_load_rlx(&s->traits)) == KITH_BORROWED;
}

/* Of what was taken to be sent `rest` may still go, if it lingers. */
static void
close_descriptor(struct ki_socket *s, char *rest, size_t len)
{
    int fd = ki_socket_fd(s);

    ki_store_rlx(&s->fd, -1);
    if (s->registered && (ki_sched.poller->by_number || ki_socket_may_live_on(s)))
        ki_sched.poller->forget(fd);
    if (is_borrowed(s))
        return;
    if (s->may_linger && ki_sock_lingers(fd)) {
        if (!s->lost && ki_linger_close(fd, rest, len))
            return;
        ki_sock_linger_off(fd);
    }
    if (rest)
        ki_mem_free(rest, len);
    (void) ki_seam.close(fd);
    ki_starved_wake();
}

void
ki_socket_begin_close(struct ki_socket *s)
{
    char *rest = NULL;
    size_t len = 0;

    s->closing = true;
    ki_mbox_begin_exit(&s->task.mbox); /* from here on nobody claims it */
    if (s->may_linger && !s->lost && !is_borrowed(s) && !ki_socket_is_in_use(s))
        rest = ki_later_rest(s, &len);
    for (int dir = 0; dir < KI_DIRS; dir++)
        answer_all(s, dir, KITH_ECLOSED);
    if (ki_slow(s->watch != 0))
        ki_watch_end(s);
    ki_starved_end(s);
    /* Not cancelled: then its node is in the mailbox and comes before the end. */
    if (s->retry_out && ki_timers_cancel(&s->rare->retry))
        s->retry_out = false;
    if (!ki_socket_is_in_use(s))
        close_descriptor(s, rest, len);
    else if (!ki_socket_may_live_on(s)) /* the pool does not wait for a peer then */
        (void) ki_seam.shutdown(ki_socket_fd(s), ki_sock_how(KITH_SHUT_BOTH));
}

static void
record_free(struct ki_socket *s)
{
    ki_slots_put(&ki_runtime.sockets, ki_slots_here(KI_KIND_SOCKET), &s->slot);
}

bool
ki_socket_end_close(struct ki_socket *s, struct ki_proc *self)
{
    struct ki_proc *owner = s->owner;
    struct ki_op *op;

    for (;;) {
        if (s->owed || ki_socket_is_in_use(s)) /* I6: those STOPs are near; I5 */
            return false;
        op = s->close_op;
        if (ki_mbox_die(&s->task.mbox))
            break;
        handle_all(s, ki_mbox_take(&s->task.mbox));
    }
    /* Descriptor and port are free. */
    ki_link_tell_all(&s->links, s->why);
    ki_monitor_tell_all(&s->watched_by, s->why);
    ki_rare_free(s->rare);
    /* From GONE's push on the record is the owner's. */
    s->gone_node.kind = KI_N_GONE;
    s->gone_node.to = ki_load_rlx(&s->owner_id);
    if (self && self == owner && ki_proc_owns(self, s)) {
        ki_proc_disown(self, s);
        record_free(s);
    } else if (!ki_sched_post(ki_proc_task(owner), &s->gone_node, KI_MBOX_DEAD)) {
        record_free(s);
    }
    if (op)
        ki_op_complete(op, 0, KI_OP_EXECUTOR);
    return true;
}

void
ki_socket_gone(struct ki_proc *p, struct ki_node *n)
{
    struct ki_socket *s = ki_container_of(n, struct ki_socket, gone_node);

    if (!ki_proc_owns(p, s)) { /* it is being given away: give() will see */
        s->gone_early = true;
        return;
    }
    ki_proc_disown(p, s);
    record_free(s);
}

void
ki_socket_keep(struct ki_proc *p, struct ki_socket *s)
{
    if (s->gone_early)
        record_free(s);
    else
        ki_proc_own(p, s);
}

/* Its GONE may have come before: who stops the runtime closes what nobody has taken yet. */
void
ki_socket_take(struct ki_proc *p, kith_socket h)
{
    ki_socket_keep(p, (struct ki_socket *) (void *) ki_slots_at(&ki_runtime.sockets,
                                                                ki_id_index(h.id)));
}

void
ki_socket_cancel_kinds(struct ki_socket *s, unsigned ops)
{
    for (int dir = 0; dir < KI_DIRS; dir++)
        for (struct ki_op *op = ki_queue_first(s, dir), *next; op; op = next) {
            next = op->q_next;
            if (ops & ki_io_bit(op->io.kind))
                answer(s, op, KITH_ECANCELED);
        }
}

int
ki_socket_stop_listening(struct ki_socket *s, void *arg)
{
    (void) arg;
    if (!ki_socket_is(s, KITH_STATE_LISTENING))
        return 0;
    s->stopped = true;
    s->ready |= KI_READY_IN; /* for those that come later */
    answer_all(s, KI_DIR_READ, KITH_ESTOPPED);
    if (!s->shared) /* else it is not ours alone: who takes it over next goes on */
        (void) ki_seam.shutdown(ki_socket_fd(s), ki_sock_how(KITH_SHUT_BOTH));
    return 0;
}
