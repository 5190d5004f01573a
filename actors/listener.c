/* SPDX-License-Identifier: Apache-2.0
 * listener.c -- the process that accepts, and is the supervisor of what it has accepted.
 *
 * It has a stack, because a close has to be over before a stop is answered. It waits in one place,
 * for its mail: accepts that ended, deaths of its connections, calls, the death of its starter; and
 * at most until the next of its own times. Those are kept by that wait alone, so no timer has to be
 * allocated and none can be lost.
 *
 *   I1  Connections and accepts under way together are at most max_conns: none is ever accepted for
 *       which there is no place.
 *   I2  A connection is monitored from its birth and in the table before the next mail is looked at:
 *       its DOWN finds it, and nothing but its DOWN takes it out. By the monitor it is also ended
 *       when the listener dies: no connection outlives it (exit.c, step 0).
 *   I3  When anybody hears that the listener ends, in order or not, its socket is closed: a stop is
 *       answered after the close, and links hear of a death after it (exit.c). */
#include "actors/listener.h"

#include <string.h>

#include "actors/server.h"
#include "actors/start.h"

/* ---- the end ---- */

static bool
is_over(const struct ki_listener *l)
{
    return (l->ending || l->stopped) && l->conns.n == 0 && l->under_way == 0;
}

/* No connections any more, and those there are have `drain` left, or less if that was said. */
static void
end_in(struct ki_listener *l, kith_ms drain, kith_reason why)
{
    const kith_ms at = kith_deadline(drain);

    if (l->socket.id)
        kith_socket_close(l->socket); /* accepts under way are answered, and come as mail */
    l->socket.id = 0;
    if (!l->ending || why.kind != KITH_NORMAL)
        l->why = why;
    l->ending = true;
    if (at < l->end_at)
        l->end_at = at;
}

/* ---- accepting ---- */

/* An accept has failed. What passes by itself costs nothing while it lasts: the socket cools down
 * when descriptors have run out (starve.c). */
static void
failed(struct ki_listener *l, int code)
{
    switch (code) {
    case KITH_ECANCELED: /* by rest */
    case KITH_ECLOSED:   /* by end_in */
        return;
    case KITH_ESTOPPED:
        l->stopped = true;
        return;
    case KITH_EMFILE:
    case KITH_ENFILE:
    case KITH_ENOBUFS:
    case KITH_ENOMEM:
    case KITH_ECONNABORTED:
    case KITH_EPERM: /* a firewall's word on one connection */
        ki_listener_count(l, &l->info.errors, code);
        return;
    default:
        ki_listener_count(l, &l->info.errors, code);
        end_in(l, 0, kith_reason_of(KITH_ERROR, code, NULL));
    }
}

static void
accept_more(struct ki_listener *l)
{
    const size_t max = l->given->opt.max_conns;
    size_t want = (size_t) l->given->opt.acceptors;

    if (!l->socket.id || l->stopped || l->rest_until != KITH_INFINITY ||
        ki_listener_is_full(l))
        return;
    if (max != 0 && want > max - l->conns.n)
        want = max - l->conns.n; /* I1 */
    while (l->under_way < want) {
        kith_future f;
        int rc = kith_socket_accept_start(l->socket, KITH_INFINITY, &f);

        if (rc == KITH_ENOMEM)
            l->rest_until = kith_deadline(KI_LISTENER_SOON_MS);
        if (rc < 0) {
            failed(l, rc);
            return;
        }
        kith_future_to_mailbox(f);
        l->under_way++;
    }
}

static void
answered(struct ki_listener *l, const kith_done *d)
{
    l->under_way--;
    if (d->result == 0) {
        ki_listener_serve(l, d->socket);
        if (l->asked) /* one more, who has to be asked too */
            l->end_at = kith_deadline(0);
    } else
        failed(l, (int) d->result);
}

/* ---- deaths ---- */

static void
lost(struct ki_listener *l, const kith_down *d)
{
    struct ki_conn *c = ki_conns_find(&l->conns, d->pid);
    const bool by_itself = c->state == KI_CONN_LIVES;

    if (by_itself && d->why.kind != KITH_NORMAL && d->why.kind != KITH_SHUTDOWN)
        l->info.failed++;
    ki_conns_remove(&l->conns, c);
}

static void
exited(struct ki_listener *l, const kith_down *d)
{
    if (d->pid.id == l->starter.id || (d->why.kind == KITH_SHUTDOWN && kith_stopping()))
        end_in(l, 0, d->why);
}

/* ---- calls ---- */

static void
wait_for_end(struct ki_listener *l, kith_from from, kith_ms drain)
{
    struct ki_listener_waiter *w = kith_alloc(sizeof *w);

    if (!w) {
        kith_reply_error(from, KITH_ENOMEM);
        return;
    }
    *w = (struct ki_listener_waiter){.next = l->waiters, .from = from};
    l->waiters = w;
    end_in(l, drain, kith_reason_of(KITH_NORMAL, 0, NULL));
}

static void
tell(struct ki_listener *l, kith_from from)
{
    const kith_ms now = kith_deadline(0);

    l->info.connections = l->conns.n;
    l->info.paused = ki_listener_is_full(l);
    l->info.draining = l->ending;
    l->info.up = now - l->born;
    l->info.paused_for = l->info.paused ? now - l->paused_at : 0;
    kith_reply(from, &l->info, sizeof l->info);
}

static void
called(struct ki_listener *l, const kith_msg *m)
{
    const kith_from from = ki_call_from(m);
    const kith_ms *drain;

    switch (m->tag - KI_LISTENER_TAG) {
    case KI_LISTENER_STOP:
        drain = KITH_BODY(m, kith_ms);
        if (drain)
            wait_for_end(l, from, *drain);
        else
            kith_reply_error(from, KITH_EINVAL);
        return;
    case KI_LISTENER_INFO:
        tell(l, from);
        return;
    case KI_LISTENER_NAME:
        kith_reply(from, &l->info.address, sizeof l->info.address);
        return;
    default:
        kith_reply_error(from, KITH_EOPNOTSUPP);
    }
}

/* ---- the process ---- */

static void
heard(struct ki_listener *l, const kith_msg *m)
{
    if (ki_is_call(m))
        called(l, m);
    else if (m->tag == KITH_TAG_FUTURE)
        answered(l, KITH_BODY(m, kith_done));
    else if (m->tag == KITH_TAG_DOWN)
        lost(l, KITH_BODY(m, kith_down));
    else if (m->tag == KITH_TAG_EXIT)
        exited(l, KITH_BODY(m, kith_down));
}

static kith_ms
next_time(const struct ki_listener *l)
{
    kith_ms t = l->rest_until < l->sweep_at ? l->rest_until : l->sweep_at;

    return t < l->end_at ? t : l->end_at;
}

static void
keep_time(struct ki_listener *l)
{
    kith_ms now;

    if (next_time(l) == KITH_INFINITY)
        return;
    now = kith_deadline(0);
    if (now >= l->rest_until)
        l->rest_until = KITH_INFINITY;
    if (now >= l->end_at)
        ki_listener_ask_all(l, now);
    if (now >= l->sweep_at)
        ki_listener_sweep(l, now);
}

static int
open_up(struct ki_listener *l)
{
    const struct ki_listening *g = l->given;
    int rc;

    if (g->opt.server) {
        l->accepted = kith_alloc(KI_ACCEPTED_ROOM + g->opt.len);
        if (!l->accepted)
            return KITH_ENOMEM;
        memset(l->accepted, 0, KI_ACCEPTED_ROOM);
        if (g->opt.len) {
            l->accepted->arg = g->arg; /* not NULL: the copy's own, in the copy */
            memcpy((char *) l->accepted + KI_ACCEPTED_ROOM, g->arg, g->opt.len);
        }
    }
    rc = ki_listener_open(g, &l->socket);
    return rc < 0 ? rc : kith_socket_sockname(l->socket, &l->info.address);
}

int
ki_listener_run(void *listening)
{
    const kith_ms now = kith_deadline(0);
    struct ki_listener l = {.given = listening,
                            .born = now,
                            .rest_until = KITH_INFINITY,
                            .sweep_at = KITH_INFINITY,
                            .end_at = KITH_INFINITY};
    const kith_msg *m;
    struct ki_proc *self;
    int rc = ki_enter(&self);

    if (rc < 0)
        return rc;
    kith_flag_trap_exit(true);
    l.starter.id = self->parent;
    rc = open_up(&l);
    if (rc < 0) /* who waits for it has the code, and shall not die of it besides */
        kith_unlink(l.starter);
    ki_start_ack(self, rc);
    if (rc < 0)
        return 0;
    for (;;) {
        accept_more(&l);
        if (is_over(&l))
            break;
        if (kith_receive(&m, kith_left(next_time(&l))) == 0)
            heard(&l, m);
        keep_time(&l);
    }
    for (struct ki_listener_waiter *w = l.waiters; w; w = w->next)
        kith_reply(w->from, &l.ended, sizeof l.ended);
    if (l.why.kind != KITH_NORMAL)
        kith_exit(l.why);
    return 0;
}
