/* SPDX-License-Identifier: Apache-2.0
 * file.c -- one turn of a sendfile on the side pool, and what comes of it.
 *
 *   I1  From the submit to KI_N_ASIDE the record is the pool's, and so is the operation's BUSY.
 *   I2  OUT is taken off `ready` under the claim that submits: what the poller says after that is
 *       news, it goes to `pending`, and an EAGAIN of the pool's does not take it away. */
#include "actors/file.h"

#include "actors/io.h"
#include "actors/linger.h"
#include "actors/tally.h"
#include "core/offload.h"
#include "core/sock.h"

enum {
    TURN_BYTES = 1024 * 1024, /* sent in one turn; then a stop is looked for */
    COPY_BYTES = 32 * 1024
};

struct ki_file {
    struct ki_job job;
    struct ki_node back; /* to the socket: KI_N_ASIDE */
    struct ki_op *op;
    uint64_t offset; /* where the next byte is */
    size_t room;     /* of this turn */
    size_t sent;     /* in this turn */
    int file;        /* < 0: there is no copy, and why; or it was the end */
    int socket;
    int code;     /* why the turn ended: KITH_EAGAIN, an error, 0 */
    bool copies;  /* by reading and sending: the system would not, or could wait */
    bool checked; /* it is a regular file */
    bool ended;   /* nothing more is to be sent */
    bool waited;  /* was counted among those that wait */
};

struct ki_file *
ki_file_new(struct ki_op *op, const struct ki_file_ask *ask)
{
    struct ki_file *f = ki_slab_alloc(ki_slab_here(), sizeof *f);

    if (f)
        *f =
            (struct ki_file){.op = op, .offset = ask->offset, .file = ki_seam.dup(ask->fd)};
    return f;
}

void
ki_file_free(struct ki_file *f)
{
    /* The last close of a file may wait for its disk. */
    if (f->file >= 0 && !ki_linger_close(f->file, NULL, 0))
        (void) ki_seam.close(f->file);
    ki_slab_free(ki_slab_here(), f, sizeof *f);
}

/* ---- on the side pool ---- */

static ptrdiff_t
copy(struct ki_file *f, size_t len)
{
    char buf[COPY_BYTES];
    ptrdiff_t n =
        ki_seam.file_read(f->file, buf, len < sizeof buf ? len : sizeof buf, f->offset);

    return n > 0 ? ki_seam.send(f->socket, buf, (size_t) n, 0) : n;
}

/* Bytes that went, 0 at the file's end, or a code. */
static ptrdiff_t
send_some(struct ki_file *f, size_t len)
{
    if (!f->copies) {
        ptrdiff_t n = ki_seam.sendfile(f->socket, f->file, f->offset, len);

        if (n != KITH_EOPNOTSUPP)
            return n;
        f->copies = true;
    }
    return copy(f, len);
}

static int
check(struct ki_file *f)
{
    int rc = f->checked ? 0 : ki_seam.file_check(f->file);

    f->checked = true;
    return rc;
}

static void
send_turn(struct ki_file *f)
{
    f->sent = 0;
    f->code = check(f);
    while (f->code == 0 && f->sent < f->room) {
        ptrdiff_t n = send_some(f, f->room - f->sent);

        if (n == 0) {
            f->ended = true;
            return;
        }
        if (n < 0) {
            f->code = (int) n;
        } else {
            f->sent += (size_t) n;
            f->offset += (size_t) n;
        }
    }
}

static void
run(struct ki_job *j)
{
    struct ki_file *f = ki_container_of(j, struct ki_file, job);
    struct ki_io *io = &f->op->io;

    send_turn(f);
    f->ended = f->ended || io->len - io->done == f->sent ||
               (f->code < 0 && f->code != KITH_EAGAIN);
    if (f->ended) {
        (void) ki_seam.close(f->file);
        f->file = -1;
        ki_starved_wake();
    }
    f->back = (struct ki_node){.to = f->op->request.to, .kind = KI_N_ASIDE};
    /* Sure: a socket does not die while something of it is aside. From here on f is gone. */
    KI_CHECK(ki_sched_post(&f->op->socket->task, &f->back, KI_MBOX_DEAD));
}

/* ---- by the claimant ---- */

enum ki_attempt
ki_file_send(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    struct ki_file *f = io->u.file;
    const size_t rest = io->len - io->done;
    struct ki_rare *rare;
    int rc;

    if (s->type != KITH_STREAM)
        return ki_io_done(result, KITH_EOPNOTSUPP);
    if (f->file < 0) /* KITH_EBADF says something else to users */
        return ki_io_done(result, f->file == KITH_EBADF ? KITH_EINVAL : f->file);
    rare = ki_rare(s);
    if (!rare)
        return ki_io_done(result, KITH_ENOMEM);
    f->job.run = run;
    f->socket = ki_socket_fd(s);
    f->room = rest < TURN_BYTES ? rest : TURN_BYTES;
    f->copies = f->copies || ki_socket_may_live_on(s); /* ki_sock_sendfile's condition */
    rc = ki_offload_submit_kernel(&f->job);
    if (rc < 0)
        return ki_io_done(result, rc);
    if (!f->op->queued)
        f->op->since_ns = 0; /* a trace's: it has not waited yet */
    rare->aside = f->op;
    s->ready &= ~(uint32_t) KI_READY_OUT; /* I2 */
    return KI_TRY_ASIDE;
}

/* KITH_EAGAIN, of a moment ago. */
static enum ki_attempt
wait_for_room(struct ki_socket *s, ptrdiff_t *result)
{
    const uint32_t ready = s->ready;
    const enum ki_attempt a = ki_io_wait_for(s, KI_READY_OUT, result);

    /* I2; or no edge would ever bring it. */
    s->ready = a == KI_TRY_AGAIN ? ready : ready | KI_READY_OUT;
    return a;
}

/* The turn in the counters. */
static void
count(struct ki_socket *s, struct ki_file *f, size_t done)
{
    struct ki_rare *rare = s->rare; /* which the attempt has made */
    struct ki_tally *tally = &rare->file;

    ki_count(&s->sent, f->sent);
    rare->file_bytes += f->sent;
    if (!f->ended || f->code < 0)
        tally->misses++;
    else
        tally->done++;
    if (f->ended && f->code < 0)
        tally->fails++;
    else if (f->ended && done > rare->file_max)
        rare->file_max = done;
    else if (f->code == KITH_EAGAIN && !f->waited)
        tally->waits++;
    f->waited = f->waited || f->code == KITH_EAGAIN;
    if (ki_slow(s->watch != 0) && f->ended) {
        if (f->code < 0)
            ki_watch_failed(s, KI_TALLY_FILE, f->code);
        else
            ki_watch_done(s, KI_TALLY_FILE, done, KI_DIR_WRITE);
    }
}

enum ki_attempt
ki_file_sent(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result)
{
    struct ki_file *f = io->u.file;

    io->done += f->sent;
    count(s, f, io->done);
    if (f->code == KITH_EAGAIN && !f->ended)
        return s->closing ? KI_TRY_AGAIN : wait_for_room(s, result);
    s->ready |= KI_READY_OUT; /* nothing has disproved it */
    if (f->ended)
        return ki_io_done(result, f->code < 0 ? f->code : (ptrdiff_t) io->done);
    return KI_TRY_AGAIN;
}
