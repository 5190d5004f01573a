/* SPDX-License-Identifier: Apache-2.0
 * socket_api.c -- the calls: inline when the socket is idle, by message when it is not.
 *
 * Both ways in one place, do_io: claim and try; or make an operation of it and wait. */
#include <string.h>

#include "actors/msg.h"
#include "actors/op.h"
#include "actors/proc.h"
#include "actors/socket.h"
#include "core/seam.h"
#include "core/sock.h"

enum { CALL_COST = 20 };

/* May this process run a socket's code on its own thread? Plain threads never do; a handler
 * must, as it cannot wait for an answer. */
static inline bool
may_claim(struct ki_proc *p)
{
    return p->body == KI_BODY_HANDLER ||
           (p->body == KI_BODY_STACK && !ki_runtime.message_only);
}

/* The claim, with the full handle compared under it. NULL: busy, closing or gone. */
KI_HOT struct ki_socket *
claim(struct ki_socket *s, kith_socket h)
{
    if (!ki_mbox_claim(&s->task.mbox, h.id))
        return NULL;
    if (ki_fast(ki_socket_id(s) == h.id))
        return s;
    ki_socket_release_later(s); /* another's: 16 bits lied */
    return NULL;
}

static int
gone(kith_socket h)
{
    return h.id == 0 || ki_id_kind(h.id) != KI_KIND_SOCKET ? KITH_EBADF : KITH_ECLOSED;
}

/* ---- input and output ---- */

static struct ki_op *
send_request(struct ki_proc *p, struct ki_socket *s, kith_socket h, const struct ki_io *io,
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

/* Under the claim; releases it. NOWAIT leaves an operation behind that ends in a message. */
static KI_NOINLINE ptrdiff_t
do_not_wait(struct ki_proc *p, struct ki_socket *s, kith_socket h, struct ki_io *io,
            kith_ms timeout)
{
    struct ki_op *op = NULL;

    io->select = timeout == KITH_NOWAIT;
    if (io->select && !has_sent(io)) {
        op = ki_op_new(p, s, h.id, io);
        if (op) {
            op->to_mailbox = true;
            ki_op_begin(&op->word, op->slot.generation, true);
            ki_socket_enqueue(s, op, ki_io_direction(io->kind));
        }
    }
    ki_socket_release(s);
    return would_wait(p, io, op != NULL);
}

/* May a call try at once? I4: not before those that wait. */
KI_HOT bool
may_try(const struct ki_socket *s, int dir)
{
    return ki_fast(!s->queue[dir].head) &&
           (s->ready & (dir == KI_DIR_READ ? KI_READY_IN : KI_READY_OUT)) != 0;
}

/* Under the claim; releases it: it was tried, and what is left to do waits in the queue of `dir`. */
KI_HOT ptrdiff_t
wait_claimed(struct ki_proc *p, struct ki_socket *s, kith_socket h, struct ki_op *op,
             int dir, kith_ms timeout, const char *what)
{
    if (ki_slow(timeout <= 0))
        return do_not_wait(p, s, h, &op->io, timeout);
    ki_op_own_begin(p, op, s, h.id);
    ki_socket_enqueue(s, op, dir);
    ki_socket_release(s);
    return ki_op_own_await(p, op, timeout, what);
}

/* The same, answered. */
KI_HOT ptrdiff_t
answer_claimed(struct ki_proc *p, struct ki_socket *s, ptrdiff_t result, size_t partial)
{
    if (ki_slow(result < 0))
        p->partial = partial;
    ki_socket_release(s);
    return result;
}

static ptrdiff_t
do_by_message(struct ki_proc *p, struct ki_socket *s, kith_socket h, struct ki_io *io,
              kith_ms timeout, const char *what)
{
    const kith_sockaddr *addr = io->u.addr;
    const bool may_wait = timeout > 0 && !ki_proc_waits_no_more(p);
    struct ki_op *op;
    ptrdiff_t rc;

    io->once = !may_wait;
    op = send_request(p, s, h, io, UINT64_MAX);
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
    op = has_sent(io) ? NULL : send_request(p, s, h, io, UINT64_MAX);
    return would_wait(p, io, op != NULL);
}

static KI_NOINLINE ptrdiff_t
do_slowly(kith_socket h, struct ki_io *io, kith_ms timeout, const char *what)
{
    struct ki_proc *p;
    struct ki_socket *s;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    s = ki_socket_find(h);
    if (!s) {
        p->partial = 0;
        return gone(h);
    }
    ki_proc_charge(p, CALL_COST);
    return do_by_message(p, s, h, io, timeout, what);
}

/* The socket's record; the one that p called last is remembered, as it mostly comes again. */
KI_HOT struct ki_socket *
look_up(struct ki_proc *p, kith_socket h)
{
    struct ki_socket *s = p->last_socket;

    if (ki_fast(p->last_id == h.id)) {
        KI_ASSUME(s != NULL);
        return s; /* whether it is so still is for the claim to say */
    }
    s = ki_socket_find(h);
    if (ki_fast(s != NULL)) {
        p->last_id = h.id;
        p->last_socket = s;
    }
    return s;
}

/* The socket, claimed. NULL: another way has to be found (do_slowly), for any of many reasons. No
 * call is made on the way, so that a caller's own first steps need no frame. */
KI_HOT struct ki_socket *
claim_here(kith_socket h, struct ki_proc **self)
{
    struct ki_proc *p = ki_running();
    struct ki_socket *s;

    if (ki_slow(!p) || ki_slow(ki_runtime.message_only) ||
        ki_slow((p->fiber.budget -= CALL_COST) <= 0))
        return NULL;
    *self = p;
    s = look_up(p, h);
    return ki_fast(s != NULL) ? claim(s, h) : NULL;
}

static KI_NOINLINE ptrdiff_t
do_io(kith_socket h, struct ki_io *io, kith_ms timeout, const char *what)
{
    const int dir = ki_io_direction(io->kind);
    struct ki_proc *p = ki_running();
    struct ki_socket *s;
    struct ki_op *op;
    ptrdiff_t result;

    if (p && p->fiber.budget <= CALL_COST)
        ki_proc_spent(p);
    s = claim_here(h, &p);
    if (!s)
        return do_slowly(h, io, timeout, what);
    op = ki_op_own(p);
    if (!op)
        return answer_claimed(p, s, KITH_ENOMEM, 0);
    if (io->kind == KI_OP_CONNECT && ki_socket_connects(s))
        return answer_claimed(p, s, KITH_EALREADY, 0);
    op->io = *io;
    if (may_try(s, dir) && ki_io_try(s, p, &op->io, &result) == KI_TRY_DONE)
        result = answer_claimed(p, s, result, op->io.done);
    else
        result = wait_claimed(p, s, h, op, dir, timeout, what);
    if (result == 0) /* else the record may have been given up, and be another's by now */
        io->won = op->io.won;
    return result;
}

static int
start_io(kith_socket h, struct ki_io *io, kith_ms timeout, kith_future *f)
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
        return gone(h);
    io->once = timeout <= 0;
    op = send_request(p, s, h, io, timeout <= 0 ? UINT64_MAX : ki_deadline_ns(timeout));
    if (!op)
        return KITH_ENOMEM;
    *f = ki_op_future(op);
    ki_proc_charge(p, CALL_COST);
    return 0;
}

/* Receive and send without flags are the calls that are made most: they try before they write down
 * what they want, and then write it straight into the record. */
KI_HOT struct ki_op *
fill_own(struct ki_proc *p, uint8_t kind, void *buf, size_t len)
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

KI_HOT bool
is_bad_recv(const void *buf, size_t cap, unsigned flags, int *rc)
{
    *rc = !buf || cap - 1 >= PTRDIFF_MAX ? KITH_EINVAL : flags ? ki_sock_flags(flags) : 0;
    return *rc < 0;
}

static KI_NOINLINE ptrdiff_t
recv_slowly(kith_socket h, void *buf, size_t cap, unsigned flags, kith_ms timeout)
{
    struct ki_io io = {.kind = KI_OP_RECV, .buf = buf, .len = cap, .flags = flags};
    int rc;

    return is_bad_recv(buf, cap, flags, &rc) ? rc : do_io(h, &io, timeout, "socket_recv");
}

/* Under the claim; releases it. There was nothing, or others wait already. */
KI_HOT ptrdiff_t
recv_later(struct ki_proc *p, struct ki_socket *s, kith_socket h, void *buf, size_t cap,
           kith_ms timeout)
{
    struct ki_op *op = fill_own(p, KI_OP_RECV, buf, cap);

    return ki_fast(op != NULL)
               ? wait_claimed(p, s, h, op, KI_DIR_READ, timeout, "socket_recv")
               : answer_claimed(p, s, KITH_ENOMEM, 0);
}

/* Under the claim; releases it. There may be something. */
static KI_NOINLINE ptrdiff_t
recv_now(struct ki_proc *p, struct ki_socket *s, kith_socket h, void *buf, size_t cap,
         kith_ms timeout)
{
    ptrdiff_t result;

    if (ki_io_recv(s, buf, cap, &result) == KI_TRY_DONE)
        return answer_claimed(p, s, result, 0);
    return recv_later(p, s, h, buf, cap, timeout);
}

ptrdiff_t
kith_socket_recv(kith_socket h, void *buf, size_t cap, unsigned flags, kith_ms timeout)
{
    struct ki_proc *p;
    struct ki_socket *s;

    if (ki_slow(!buf) || ki_slow(cap - 1 >= PTRDIFF_MAX) || ki_slow(flags != 0) ||
        ki_slow(!(s = claim_here(h, &p))))
        return recv_slowly(h, buf, cap, flags, timeout);
    return may_try(s, KI_DIR_READ) ? recv_now(p, s, h, buf, cap, timeout)
                                   : recv_later(p, s, h, buf, cap, timeout);
}

int
kith_socket_recv_start(kith_socket s, void *buf, size_t cap, unsigned flags,
                       kith_ms timeout, kith_future *f)
{
    struct ki_io io = {.kind = KI_OP_RECV, .buf = buf, .len = cap, .flags = flags};
    int rc;

    return is_bad_recv(buf, cap, flags, &rc) ? rc : start_io(s, &io, timeout, f);
}

KI_HOT bool
is_bad_send(const void *buf, size_t len, unsigned flags, int *rc)
{
    *rc = (!buf && len) || len > PTRDIFF_MAX ? KITH_EINVAL
          : flags                            ? ki_sock_flags(flags)
                                             : 0;
    return *rc < 0;
}

static struct ki_io
io_of_send(uint8_t kind, const void *buf, size_t len, unsigned flags,
           const kith_sockaddr *to)
{
    return (struct ki_io){.kind = kind,
                          .buf = (void *) (uintptr_t) buf, /* only read */
                          .len = len,
                          .flags = flags,
                          .u.addr = to};
}

static KI_NOINLINE ptrdiff_t
send_slowly(kith_socket h, const void *buf, size_t len, unsigned flags, kith_ms timeout)
{
    struct ki_io io = io_of_send(KI_OP_SEND, buf, len, flags, NULL);
    int rc;

    return is_bad_send(buf, len, flags, &rc) ? rc : do_io(h, &io, timeout, "socket_send");
}

enum { NOT_TRIED = INT32_MIN }; /* no code of a system call */

/* Under the claim; releases it. `sent` says how much went at once, or why nothing did. */
static KI_NOINLINE ptrdiff_t
send_rest(struct ki_socket *s, kith_socket h, const void *buf, size_t len, ptrdiff_t sent,
          kith_ms timeout)
{
    struct ki_proc *p = ki_running();
    struct ki_op *op = fill_own(p, KI_OP_SEND, (void *) (uintptr_t) buf, len);
    ptrdiff_t result;

    if (!op)
        return answer_claimed(p, s, KITH_ENOMEM, sent > 0 ? (size_t) sent : 0);
    if (sent != NOT_TRIED && ki_io_sent(s, &op->io, sent, 0, &result) == KI_TRY_DONE)
        return answer_claimed(p, s, result, op->io.done);
    return wait_claimed(p, s, h, op, KI_DIR_WRITE, timeout, "socket_send");
}

ptrdiff_t
kith_socket_send(kith_socket h, const void *buf, size_t len, unsigned flags,
                 kith_ms timeout)
{
    struct ki_proc *p;
    struct ki_socket *s;
    ptrdiff_t n = NOT_TRIED;

    if (ki_slow(!buf) || ki_slow(len > PTRDIFF_MAX) || ki_slow(flags != 0) ||
        ki_slow(!(s = claim_here(h, &p))))
        return send_slowly(h, buf, len, flags, timeout);
    if (may_try(s, KI_DIR_WRITE)) {
        n = ki_seam.send(ki_load_rlx(&s->fd), buf, len, 0);
        if (ki_fast(n == (ptrdiff_t) len)) {
            ki_count(&s->sent, len);
            ki_socket_release(s);
            return n;
        }
    }
    return send_rest(s, h, buf, len, n, timeout);
}

int
kith_socket_send_start(kith_socket s, const void *buf, size_t len, unsigned flags,
                       kith_ms timeout, kith_future *f)
{
    struct ki_io io = io_of_send(KI_OP_SEND, buf, len, flags, NULL);
    int rc;

    return is_bad_send(buf, len, flags, &rc) ? rc : start_io(s, &io, timeout, f);
}

static bool
is_bad_sendto(const void *buf, size_t len, const kith_sockaddr *to, unsigned flags, int *rc)
{
    *rc = KITH_EINVAL;
    return !to || is_bad_send(buf, len, flags, rc);
}

ptrdiff_t
kith_socket_sendto(kith_socket s, const void *buf, size_t len, const kith_sockaddr *to,
                   unsigned flags, kith_ms timeout)
{
    struct ki_io io = io_of_send(KI_OP_SENDTO, buf, len, flags, to);
    int rc;

    return is_bad_sendto(buf, len, to, flags, &rc)
               ? rc
               : do_io(s, &io, timeout, "socket_sendto");
}

int
kith_socket_sendto_start(kith_socket s, const void *buf, size_t len,
                         const kith_sockaddr *to, unsigned flags, kith_ms timeout,
                         kith_future *f)
{
    struct ki_io io = io_of_send(KI_OP_SENDTO, buf, len, flags, to);
    int rc;

    return is_bad_sendto(buf, len, to, flags, &rc) ? rc : start_io(s, &io, timeout, f);
}

int
kith_socket_connect(kith_socket s, const kith_sockaddr *a, kith_ms timeout)
{
    struct ki_io io = {.kind = KI_OP_CONNECT, .u.addr = a};

    return a ? (int) do_io(s, &io, timeout, "socket_connect") : KITH_EINVAL;
}

int
kith_socket_connect_start(kith_socket s, const kith_sockaddr *a, kith_ms timeout,
                          kith_future *f)
{
    struct ki_io io = {.kind = KI_OP_CONNECT, .u.addr = a};

    return a ? start_io(s, &io, timeout, f) : KITH_EINVAL;
}

int
kith_socket_accept(kith_socket s, kith_ms timeout, kith_socket *c)
{
    struct ki_io io = {.kind = KI_OP_ACCEPT};
    struct ki_proc *p;
    int rc;

    if (!c)
        return KITH_EINVAL;
    rc = (int) do_io(s, &io, timeout, "socket_accept");
    if (rc == 0) {
        *c = io.won;
        if (ki_enter(&p) == 0)
            ki_socket_take(p, io.won);
    }
    return rc;
}

int
kith_socket_accept_start(kith_socket s, kith_ms timeout, kith_future *f)
{
    struct ki_io io = {.kind = KI_OP_ACCEPT};

    return start_io(s, &io, timeout, f);
}

/* ---- calls under the claim ---- */

int
ki_socket_call(struct ki_proc *p, kith_socket h, int (*fn)(struct ki_socket *s, void *arg),
               void *arg)
{
    struct ki_socket *s = ki_socket_find(h);
    struct ki_io io = {.kind = KI_OP_CALL, .u.call = fn, .arg = arg};
    struct ki_op *op;
    int rc;

    if (!s)
        return gone(h);
    ki_proc_charge(p, CALL_COST);
    if (may_claim(p) && claim(s, h)) {
        rc = fn(s, arg);
        ki_socket_release(s);
        return rc;
    }
    if (p->body == KI_BODY_HANDLER)
        return KITH_EHANDLER;
    op = send_request(p, s, h, &io, UINT64_MAX);
    return op ? (int) ki_op_await_soon(p, op, "socket", NULL) : KITH_ENOMEM;
}

void
ki_socket_call_later(struct ki_proc *p, struct ki_socket *s, uint8_t kind,
                     int (*fn)(struct ki_socket *s, void *arg))
{
    struct ki_io io = {.kind = kind, .u.call = fn};
    struct ki_op *op = ki_op_new(p, s, ki_socket_id(s), &io);

    if (!op)
        return;
    op->forgotten = true;
    ki_op_begin(&op->word, op->slot.generation, false);
    ki_op_submit(op);
}

static int
call(kith_socket h, int (*fn)(struct ki_socket *s, void *arg), void *arg)
{
    struct ki_proc *p;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    p->partial = 0;
    return ki_socket_call(p, h, fn, arg);
}

static int
fd_of(struct ki_socket *s)
{
    return ki_load_rlx(&s->fd); /* relaxed: under the claim */
}

static int
do_bind(struct ki_socket *s, void *arg)
{
    const struct ki_native_addr *a = arg;

    return ki_seam.bind(fd_of(s), a->bytes, a->len);
}

int
kith_socket_bind(kith_socket s, const kith_sockaddr *a)
{
    struct ki_native_addr native;
    int rc = a ? ki_sockaddr_to_native(a, &native) : KITH_EINVAL;

    return rc < 0 ? rc : call(s, do_bind, &native);
}

static int
do_listen(struct ki_socket *s, void *arg)
{
    int backlog = *(int *) arg;
    int rc =
        ki_seam.listen(fd_of(s), backlog ? backlog : INT32_MAX); /* the system cuts it */

    if (rc < 0)
        return rc;
    s->ready |= KI_READY_IN; /* whatever was seen before it listened */
    /* seq_cst: a stop sees that it listens (stop_listening in runtime.c), or we see the stop. */
    ki_store_seq(&s->listening, true);
    if (!ki_load_seq(&ki_runtime.stopping))
        return 0;
    (void) ki_socket_stop_listening(s, NULL);
    return KITH_ESTOPPED;
}

int
kith_socket_listen(kith_socket s, int backlog)
{
    return call(s, do_listen, &backlog);
}

static int
do_shutdown(struct ki_socket *s, void *arg)
{
    return ki_seam.shutdown(fd_of(s), *(int *) arg);
}

int
kith_socket_shutdown(kith_socket s, int how)
{
    int native = ki_sock_how(how);

    return native < 0 ? native : call(s, do_shutdown, &native);
}

struct name_call {
    int (**get)(int fd, void *addr, unsigned *len);
    kith_sockaddr *out;
};

static int
do_name(struct ki_socket *s, void *arg)
{
    struct name_call *c = arg;
    struct ki_native_addr native = {.len = sizeof native.bytes};
    int rc = (*c->get)(fd_of(s), native.bytes, &native.len);

    return rc < 0 ? rc : ki_sockaddr_from_native(&native, c->out);
}

int
kith_socket_sockname(kith_socket s, kith_sockaddr *a)
{
    struct name_call c = {&ki_seam.sockname, a};

    return a ? call(s, do_name, &c) : KITH_EINVAL;
}

int
kith_socket_peername(kith_socket s, kith_sockaddr *a)
{
    struct name_call c = {&ki_seam.peername, a};

    return a ? call(s, do_name, &c) : KITH_EINVAL;
}

static int
do_cancel(struct ki_socket *s, void *arg)
{
    ki_socket_cancel_kinds(s, *(unsigned *) arg);
    return 0;
}

int
kith_socket_cancel(kith_socket s, unsigned ops)
{
    if (ops == 0 || (ops & ~(unsigned) (KITH_OP_RECV | KITH_OP_SEND | KITH_OP_ACCEPT |
                                        KITH_OP_CONNECT)))
        return KITH_EINVAL;
    return call(s, do_cancel, &ops);
}

/* ---- open ---- */

static int
adopt(struct ki_proc *p, int fd, int domain, int type, int protocol, kith_socket *out)
{
    struct ki_socket *s = ki_socket_new(fd, domain, type, protocol, p);

    if (!s) {
        (void) ki_seam.close(fd);
        return KITH_ENOMEM;
    }
    ki_proc_own(p, s);
    *out = (kith_socket){ki_socket_id(s)};
    ki_socket_release(s);
    return 0;
}

/* Is the descriptor one of a socket of ours? A look, for a mistake that is worth naming. */
static bool
is_held(int fd)
{
    for (uint32_t i = 0;; i++) {
        struct ki_socket *s =
            (struct ki_socket *) (void *) ki_slots_at(&ki_runtime.sockets, i);

        if (!s)
            return false;
        uint64_t w = ki_load_acq(&s->task.mbox); /* 0: never used */
        if (w != 0 && !(w & KI_MBOX_DEAD) && ki_load_rlx(&s->fd) == fd)
            return true;
    }
}

static int
import(struct ki_proc *p, const kith_open_options *o, kith_socket *out)
{
    int domain, type, protocol, rc, fd = o->fd;
    bool listening;

    if (is_held(o->fd))
        return KITH_EBUSY;
    rc = ki_sock_describe(o->fd, &domain, &type, &protocol, &listening);
    if (rc == 0 && o->dup)
        rc = fd = ki_seam.dup(o->fd);
    if (rc < 0)
        return rc;
    rc = ki_seam.set_blocking(fd, false);
    if (rc >= 0) {
        struct ki_socket *s = ki_socket_new(fd, domain, type, protocol, p);

        rc = s ? 0 : KITH_ENOMEM;
        if (s) {
            s->shared = s->may_linger = true; /* as far as we know */
            s->borrowed = !o->dup;
            ki_store_rlx(&s->listening, listening);
            ki_proc_own(p, s);
            *out = (kith_socket){ki_socket_id(s)};
            ki_socket_release(s);
        }
    }
    if (rc < 0 && o->dup)
        (void) ki_seam.close(fd);
    return rc < 0 ? rc : 0;
}

static int
read_options(kith_open_options *ours, const kith_open_options *theirs)
{
    *ours = (kith_open_options) KITH_OPEN_OPTIONS_INIT;
    if (!theirs)
        return 0;
    if (theirs->size < sizeof theirs->size || theirs->size > sizeof *ours)
        return KITH_EINVAL;
    memcpy(ours, theirs, theirs->size);
    return ours->debug || ours->netns ? KITH_EOPNOTSUPP : 0;
}

int
kith_socket_open(int domain, int type, int protocol, const kith_open_options *extra,
                 kith_socket *s)
{
    struct ki_proc *p;
    kith_open_options o;
    int fd, native_domain, native_type, rc = ki_enter(&p);

    if (rc == 0)
        rc = s ? read_options(&o, extra) : KITH_EINVAL;
    if (rc < 0)
        return rc;
    if (o.fd >= 0)
        return import(p, &o, s);
    native_domain = ki_domain_to_native(domain);
    native_type = ki_type_to_native(type);
    if (native_domain < 0 || native_type < 0)
        return KITH_EINVAL;
    /* Before the descriptor is there: it may die in the charge. */
    ki_proc_charge(p, CALL_COST);
    fd = ki_seam.socket(native_domain, native_type, protocol);
    return fd < 0 ? fd : adopt(p, fd, domain, type, protocol, s);
}

/* ---- close ---- */

static int
close_by_message(struct ki_proc *p, struct ki_socket *s, kith_socket h)
{
    struct ki_io io = {.kind = KI_OP_CLOSE};
    struct ki_op *op = send_request(p, s, h, &io, UINT64_MAX);

    if (!op)
        return KITH_ENOMEM;
    if (p->body == KI_BODY_HANDLER) { /* which cannot wait: it goes on by itself */
        op->forgotten = true;
        return 0;
    }
    return (int) ki_op_await_soon(p, op, "socket_close", NULL);
}

int
kith_socket_close(kith_socket h)
{
    struct ki_proc *p;
    struct ki_socket *s;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    p->partial = 0;
    s = ki_socket_find(h);
    if (!s)
        return gone(h);
    ki_proc_charge(p, CALL_COST);
    if (!may_claim(p) || !claim(s, h))
        return close_by_message(p, s, h);
    ki_socket_begin_close(s);
    if (!ki_socket_end_close(s, p)) /* stopped operations are still to be unlinked */
        ki_socket_release(s);
    return 0;
}

/* ---- ownership ---- */

struct give_call {
    struct ki_proc *from, *to;
    uint64_t to_id;
    struct ki_msg *msg; /* NULL: the new owner has not run yet and is told by its list */
};

static int
do_give(struct ki_socket *s, void *arg)
{
    struct give_call *g = arg;
    struct ki_proc *old = s->owner;
    uint64_t old_id = s->owner_id;

    if (old != g->from || old_id != ki_proc_id(g->from))
        return KITH_EPERM;
    s->owner = g->to;
    s->owner_id = g->to_id;
    if (!g->msg || ki_msg_post(g->to, g->to_id, g->msg))
        return 0;
    s->owner = old;
    s->owner_id = old_id;
    return KITH_ENOPROC;
}

/* Owner and message, or nothing. While it is under way the socket is in nobody's list, so the
 * giver does not die meanwhile. */
static int
give(struct ki_proc *p, kith_socket h, struct give_call *g)
{
    struct ki_socket *s = ki_socket_find(h);
    int rc;

    if (!s)
        return gone(h);
    if (!ki_proc_owns(p, s)) /* of a dead one the record may not be free yet */
        return (ki_load_rlx(&s->task.mbox) & KI_MBOX_DEAD) ? gone(h) : KITH_EPERM;
    p->hold_exit++;
    ki_proc_disown(p, s);
    rc = ki_socket_call(p, h, do_give, g);
    p->hold_exit--;
    if (rc < 0)
        ki_socket_keep(p, s);
    return rc;
}

int
ki_socket_give_at_birth(struct ki_proc *p, struct ki_proc *c, kith_socket h)
{
    struct give_call g = {.from = p, .to = c, .to_id = ki_proc_id(c)};
    int rc = give(p, h, &g);

    if (rc == 0)
        ki_proc_own(c, ki_socket_find(h));
    return rc;
}

static int
give_with(kith_socket h, kith_pid to, uint64_t tag, bool silent)
{
    struct ki_proc *p;
    struct give_call g;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    p->partial = 0;
    g = (struct give_call){.from = p, .to = ki_proc_find(to), .to_id = to.id};
    if (!g.to)
        return KITH_ENOPROC;
    g.msg = ki_msg_new(tag, sizeof h);
    if (!g.msg)
        return KITH_ENOMEM;
    g.msg->node.kind = silent ? KI_N_OWN : KI_N_GIVE;
    g.msg->pub.from.id = ki_proc_id(p);
    memcpy(g.msg->pub.data, &h, sizeof h);
    rc = give(p, h, &g);
    if (rc < 0)
        ki_msg_free(g.msg);
    return rc;
}

int
kith_socket_give(kith_socket h, kith_pid to, uint64_t tag)
{
    return (tag & KITH_TAG_SYSTEM) ? KITH_EINVAL : give_with(h, to, tag, false);
}

int
ki_socket_set_owner(kith_socket h, kith_pid to)
{
    return give_with(h, to, 0, true);
}
