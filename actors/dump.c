/* SPDX-License-Identifier: Apache-2.0
 * dump.c -- every worker, process and socket in words, while all runs on.
 *
 * Each record by itself: a glance at it, a look if it is idle (look.h), its text into a buffer, and
 * only then, with nothing held, a write when the buffer is full. Written by the calling thread, or by
 * one of the side pool when a process or a POSIX signal asks: no worker waits for the descriptor. */
#include "actors/blocking.h"
#include "actors/look.h"
#include "actors/name.h"
#include "actors/op.h"
#include "actors/report.h"
#include "actors/socket.h"
#include "core/backtrace.h"
#include "core/offload.h"
#include "core/os.h"
#include "core/os_map.h"
#include "core/sockaddr.h"

enum { BUFFER = 16384, RECORD = 4096, OPS = 4, MAIL = 256, MS = 1000000 };

/* What one dump needs, allocated before anything is looked at. */
struct dump {
    int fd;
    unsigned workers;
    int rc;
    struct ki_text text; /* in buf */
    char buf[BUFFER];
};

static void
flush(struct dump *d)
{
    if (d->rc == 0)
        d->rc = ki_os_write(d->fd, d->text.at, d->text.len);
    d->text = ki_text_in(d->buf, sizeof d->buf);
}

/* There is room for one more record. */
static struct ki_text *
room(struct dump *d)
{
    if (d->text.cap - d->text.len < RECORD)
        flush(d);
    return &d->text;
}

static void
add_id(struct ki_text *t, const char *before, uint64_t id)
{
    ki_text_add(t, "%s<%u.%u>", before, ki_id_index(id), ki_id_generation(id));
}

/* ---- what a look at a process finds ---- */

struct op_seen {
    uint8_t kind;
    uint64_t id; /* of the socket, or of who is called */
    uint64_t deadline_ns;
};

struct seen {
    struct ki_details is;
    struct op_seen own, ops[OPS];
    unsigned n_ops, n_more;
    struct ki_backtrace back;
};

static struct op_seen
see_op(const struct ki_op *op)
{
    struct op_seen o = {.kind = op->io.kind, .id = op->request.to};

    if (op->monitor)
        o.id = op->monitor->target_id;
    if (op->has_alarm)
        o.deadline_ns = ki_look_due(&op->alarm);
    return o;
}

/* By the claimant. */
static void
see(struct ki_proc *p, struct seen *v)
{
    const struct ki_stack *s = &p->fiber.stack;

    ki_look_closely(p, &v->is);
    if (p->own_waits)
        v->own = see_op(p->own_op);
    for (const struct ki_op *op = p->ops; op; op = op->own_next) {
        if (v->n_ops < OPS)
            v->ops[v->n_ops++] = see_op(op);
        else if (++v->n_more >= MAIL)
            break;
    }
    if (p->body == KI_BODY_STACK && s->low)
        ki_backtrace_of(&p->fiber.ctx, s->low, s->size, &v->back);
}

/* ---- sockets ---- */

struct socket_seen {
    int fd;
    uint8_t type;
    bool listening, connecting, closing;
    uint64_t owner, received, sent;
    unsigned waiting[KI_DIRS];
    kith_sockaddr local, peer;
};

static void
address(int (*get)(int fd, void *addr, unsigned *len), int fd, kith_sockaddr *a)
{
    struct ki_native_addr native = {.len = sizeof native.bytes};

    a->domain = 0;
    if (get(fd, native.bytes, &native.len) >= 0)
        (void) !ki_sockaddr_from_native(&native, a);
}

static unsigned
length(const struct ki_op *op)
{
    unsigned n = 0;

    for (; op && n < MAIL; op = op->q_next)
        n++;
    return n;
}

/* false: somebody has it just now. */
static bool
see_socket(struct ki_socket *s, uint64_t id, struct socket_seen *v)
{
    if (!ki_look_claim(&s->task, id))
        return false;
    *v = (struct socket_seen){.fd = ki_load_rlx(&s->fd),
                              .type = s->type,
                              .listening = ki_socket_is(s, KITH_STATE_LISTENING),
                              .connecting = ki_socket_is(s, KITH_STATE_CONNECTING),
                              .closing = s->closing,
                              .owner = ki_load_rlx(&s->owner_id),
                              .received = ki_load_rlx(&s->received),
                              .sent = ki_load_rlx(&s->sent)};
    for (int i = 0; i < KI_DIRS; i++)
        v->waiting[i] = length(ki_queue_first(s, i));
    if (v->fd >= 0) { /* neither waits, and the descriptor cannot be closed under them */
        address(ki_seam.sockname, v->fd, &v->local);
        address(ki_seam.peername, v->fd, &v->peer);
    }
    ki_look_let_go(&s->task);
    return true;
}

static void
add_address(struct ki_text *t, const char *before, const kith_sockaddr *a)
{
    char text[KITH_SOCKADDR_TEXT];

    if (a->domain == 0)
        return;
    kith_sockaddr_print(a, text, sizeof text);
    ki_text_add(t, "%s%s", before, text);
}

/* The socket that somebody waits for. */
static void
add_socket(struct ki_text *t, uint64_t id)
{
    struct ki_socket *s = ki_socket_find((kith_socket){id});
    struct socket_seen v;

    add_id(t, " socket ", id);
    if (!s)
        return;
    if (!see_socket(s, id, &v)) {
        ki_text_add(t, " fd %d, busy", ki_load_rlx(&s->fd));
        return;
    }
    ki_text_add(t, " fd %d", v.fd);
    add_address(t, " peer ", &v.peer);
}

/* ---- a process ---- */

static void
add_deadline(struct ki_text *t, uint64_t deadline_ns)
{
    const uint64_t now = ki_now_ns();

    if (deadline_ns)
        ki_text_add(t, ", %llu ms left",
                    (unsigned long long) (deadline_ns > now ? (deadline_ns - now) / 1000000
                                                            : 0));
}

static void
add_op(struct ki_text *t, const struct op_seen *o)
{
    static const char *const kinds[] = {
        [KI_OP_RECV] = "recv",           [KI_OP_RECVFROM] = "recvfrom",
        [KI_OP_RECVMSG] = "recvmsg",     [KI_OP_RECVMMSG] = "recvmmsg",
        [KI_OP_SEND] = "send",           [KI_OP_SENDTO] = "sendto",
        [KI_OP_SENDV] = "sendv",         [KI_OP_SENDMSG] = "sendmsg",
        [KI_OP_SENDMMSG] = "sendmmsg",   [KI_OP_SENDFILE] = "sendfile",
        [KI_OP_ACCEPT] = "accept",       [KI_OP_CONNECT] = "connect",
        [KI_OP_CALL] = "call",           [KI_OP_CLOSE] = "close",
        [KI_OP_CALL_SERVER] = "call of", [KI_OP_JOB] = "start or job",
        [KI_OP_OPEN] = "open",           [KI_OP_SEND_WAIT] = "room in",
        [KI_OP_IOCTL] = "ioctl",         [KI_OP_PEELOFF] = "peeloff",
    };

    ki_text_add(t, "%s", o->kind < ki_countof(kinds) ? kinds[o->kind] : "?");
    if (ki_id_kind(o->id) == KI_KIND_SOCKET)
        add_socket(t, o->id);
    else if (o->id)
        add_id(t, " ", o->id);
    add_deadline(t, o->deadline_ns);
}

/* What it waits for, and until when. */
static void
add_wait(struct ki_text *t, const struct seen *v)
{
    if (v->own.id || v->is.deadline_ns) {
        ki_text_add(t, "\n  waits for");
        if (v->own.id) {
            ki_text_add(t, " ");
            add_op(t, &v->own);
        }
        add_deadline(t, v->is.deadline_ns);
    }
    for (unsigned i = 0; i < v->n_ops; i++) {
        ki_text_add(t, "\n  operation: ");
        add_op(t, &v->ops[i]);
    }
    if (v->n_more)
        ki_text_add(t, "\n  and %u more operations", v->n_more);
}

static void
add_counts(struct ki_text *t, const struct ki_glance *g, const struct seen *v)
{
    ki_text_add(t, "\n  mailbox %zu", g->mailbox_len);
    if (v && v->is.mail_seen)
        ki_text_add(t, " (%s%zu bytes, oldest has tag %#llx)",
                    v->is.mail_seen < g->mailbox_len ? "over " : "", v->is.mail_bytes,
                    (unsigned long long) v->is.oldest_tag);
    ki_text_add(t, ", links %u, monitors %u, watched by %u, sockets %u, reductions %llu",
                g->links, g->monitors, g->watchers, g->sockets,
                (unsigned long long) g->reductions);
    if (v && v->is.stack_used)
        ki_text_add(t, ", stack %zu of %zu bytes", v->is.stack_used, g->stack);
    else if (g->stack)
        ki_text_add(t, ", stack of %zu bytes", g->stack);
}

static void
dump_process(struct dump *d, struct ki_proc *p)
{
    struct ki_glance g;
    struct seen v = {.n_ops = 0};
    bool looked = false;
    char name[64];

    if (!ki_look_at(p, &g))
        return;
    if (g.body != KI_BODY_THREAD && ki_look_claim(ki_proc_task(p), g.id)) {
        looked = true;
        see(p, &v);
        ki_look_let_go(ki_proc_task(p));
    }
    struct ki_text *t = room(d);
    ki_look_add(t, &g);
    if (ki_name_of(p, g.id, name, sizeof name) > 0)
        ki_text_add(t, ", registered as %s", name);
    if (g.body != KI_BODY_THREAD)
        add_id(t, ", parent ", g.parent);
    if (looked)
        add_wait(t, &v);
    add_counts(t, &g, looked ? &v : NULL);
    if (v.back.n) {
        ki_text_add(t, "\n  at ");
        ki_report_frames(t, &v.back);
    }
    ki_text_end(t);
}

static void
dump_socket(struct dump *d, struct ki_socket *s)
{
    const uint64_t word = ki_load_acq(&s->task.mbox), id = ki_socket_id(s);
    struct socket_seen v;

    if (id == 0 || (word & KI_MBOX_DEAD))
        return;
    struct ki_text *t = room(d);
    add_id(t, "socket ", id);
    if (!see_socket(s, id, &v)) {
        ki_text_add(t, " fd %d: busy\n", ki_load_rlx(&s->fd));
        return;
    }
    ki_text_add(t, " fd %d %s: %s", v.fd,
                kith_type_name(v.type) ? kith_type_name(v.type) : "other",
                v.closing       ? "closing"
                : v.listening   ? "listening"
                : v.connecting  ? "connecting"
                : v.peer.domain ? "connected"
                                : "open");
    add_address(t, ", local ", &v.local);
    add_address(t, ", peer ", &v.peer);
    add_id(t, ", owner ", v.owner);
    ki_text_add(t, ", read %llu bytes, written %llu, waiting to read %u, to write %u\n",
                (unsigned long long) v.received, (unsigned long long) v.sent,
                v.waiting[KI_DIR_READ], v.waiting[KI_DIR_WRITE]);
}

/* ---- all of them ---- */

static void
dump_header(struct dump *d)
{
    struct ki_text *t = room(d);

    ki_text_add(t, "kith %s: %u workers, %llu processes%s%s\n", KI_VERSION, d->workers,
                (unsigned long long) ki_load_rlx(&ki_runtime.n_procs),
                ki_runtime.message_only ? ", message only" : "",
                ki_load_rlx(&ki_runtime.stopping) ? ", stopping" : "");
}

static void
dump_worker(struct dump *d, unsigned i)
{
    struct kith_worker_info v = KITH_WORKER_INFO_INIT;
    struct ki_text *t = room(d);

    ki_look_worker(&ki_sched.worker[i], &v);
    ki_text_add(t, "worker %u: ran %llu ms, polled %llu, slept %llu", i,
                (unsigned long long) v.run_ns / MS, (unsigned long long) v.poll_ns / MS,
                (unsigned long long) v.sleep_ns / MS);
    ki_text_add(t,
                "; switches %llu, steals %llu, wake-ups %llu, polls %llu, events %llu, "
                "queued %zu\n",
                (unsigned long long) v.switches, (unsigned long long) v.steals,
                (unsigned long long) v.wakes, (unsigned long long) v.polls,
                (unsigned long long) v.events, v.queued);
}

static int
dump_all(struct dump *d)
{
    dump_header(d);
    for (unsigned i = 0; i < d->workers && d->rc == 0; i++)
        dump_worker(d, i);
    for (uint32_t i = 0; d->rc == 0; i++) {
        struct ki_proc *p = (struct ki_proc *) (void *) ki_slots_at(&ki_runtime.procs, i);

        if (!p)
            break;
        dump_process(d, p);
    }
    for (uint32_t i = 0; d->rc == 0; i++) {
        struct ki_socket *s =
            (struct ki_socket *) (void *) ki_slots_at(&ki_runtime.sockets, i);

        if (!s)
            break;
        dump_socket(d, s);
    }
    flush(d);
    return d->rc;
}

/* What is asked for. It may be written when a stop is over: the number is of when it was asked. */
struct request {
    int fd;
    unsigned workers;
};

static int
dump_to(void *arg)
{
    const struct request *r = arg;
    struct dump *d = ki_mem_alloc(sizeof *d);
    int rc;

    if (!d)
        return KITH_ENOMEM;
    d->fd = r->fd;
    d->workers = r->workers;
    d->rc = 0;
    d->text = ki_text_in(d->buf, sizeof d->buf);
    rc = dump_all(d);
    ki_mem_free(d, sizeof *d);
    return rc;
}

int
kith_dump(int fd)
{
    struct request r = {.fd = fd, .workers = ki_workers()};

    /* First: it is asked for when something is wrong, and that may be who blocks. */
    return ki_blocking(dump_to, &r, ki_offload_submit_first);
}

/* ---- on a signal ---- */

static _Atomic(bool) under_way;  /* one at a time: who asks meanwhile is served by that */
static struct request on_signal; /* of who has turned it on */

static void
run(struct ki_job *j)
{
    (void) j;
    (void) dump_to(&on_signal);
    ki_store_seq(&under_way, false);
}

void
ki_dump_on_signal(void)
{
    static struct ki_job job = {.run = run};

    if (ki_xchg_seq(&under_way, true))
        return;
    on_signal = (struct request){.fd = 2, .workers = ki_workers()};
    if (ki_offload_submit_own(&job) < 0)
        ki_store_seq(&under_way, false);
}
