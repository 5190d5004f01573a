/* SPDX-License-Identifier: Apache-2.0
 * serve.c -- a listener's connections: born, looked at now and then, asked to end, killed.
 *
 * That one is idle is seen without its help: its socket counts bytes, and a sweep compares. So it
 * costs a message nothing, and a connection that is silent is found at most a quarter of the time
 * too late. */
#include <string.h>

#include "actors/listener.h"
#include "actors/server.h"
#include "actors/socket.h"

enum {
    REST_MS = 100, /* after a connection for which no process could be made */
    BREATH = 1024  /* connections that a sweep looks at before others have their turn */
};

void
ki_listener_count(struct ki_listener *l, uint64_t *n, int code)
{
    ++*n;
    for (size_t i = 0; i < KITH_LISTENER_CODES; i++) {
        kith_listener_count *c = &l->info.codes[i];

        if (c->code == 0)
            c->code = code;
        if (c->code == code) {
            c->n++;
            return;
        }
    }
}

/* ---- ends ---- */

/* Asks it to end, or kills it. false: no memory, try again soon. */
static bool
ask(struct ki_listener *l, struct ki_conn *c, kith_reason why, kith_ms now)
{
    const kith_ms shutdown = l->given->opt.shutdown;
    const bool kill = shutdown == KITH_BRUTAL_KILL;

    if (kith_exit_signal(c->pid, kill ? kith_reason_of(KITH_KILL, 0, NULL) : why) ==
        KITH_ENOMEM)
        return false;
    c->state = kill ? KI_CONN_KILLED : KI_CONN_ASKED;
    c->at = now;
    if (!kill && shutdown < l->sweep_at - now)
        l->sweep_at = now + shutdown;
    return true;
}

/* The drain is over. */
void
ki_listener_ask_all(struct ki_listener *l, kith_ms now)
{
    const kith_reason shutdown = kith_reason_of(KITH_SHUTDOWN, 0, NULL);
    struct ki_conn *c = NULL;

    l->asked = true;
    l->end_at = KITH_INFINITY;
    while ((c = ki_conns_next(&l->conns, c)) != NULL) {
        if (c->state != KI_CONN_LIVES)
            continue;
        if (ask(l, c, shutdown, now))
            l->ended++;
        else
            l->end_at = now + KI_LISTENER_SOON_MS;
    }
}

/* ---- looks ---- */

/* Since the last look. One without its socket is not idle: it does something else. */
static bool
has_moved(struct ki_conn *c)
{
    struct ki_socket *s = ki_socket_find(c->socket);
    uint64_t moved;

    /* relaxed: a close that comes late is seen by the next look; a record whose use is over still
     * has the handle until its next. */
    if (!s || (ki_load_rlx(&s->task.mbox) & (KI_MBOX_EXITING | KI_MBOX_DEAD)))
        return true;
    /* relaxed: a count that comes late is seen by the next look. */
    moved = ki_load_rlx(&s->received) + ki_load_rlx(&s->sent);
    if (moved == c->moved)
        return false;
    c->moved = moved;
    return true;
}

/* Answers when to look again. */
static kith_ms
look_at(struct ki_listener *l, struct ki_conn *c, kith_ms now)
{
    const kith_ms idle = l->given->opt.idle_timeout, shutdown = l->given->opt.shutdown;

    switch ((enum ki_conn_state) c->state) {
    case KI_CONN_LIVES:
        if (idle == KITH_INFINITY)
            return KITH_INFINITY;
        if (has_moved(c))
            c->at = now;
        else if (now - c->at >= idle &&
                 ask(l, c, kith_reason_of(KITH_SHUTDOWN, KITH_ETIMEOUT, "idle"), now))
            l->info.idle++;
        return now + (idle >= 4 ? idle / 4 : 1);
    case KI_CONN_ASKED:
        if (now - c->at < shutdown)
            return shutdown == KITH_INFINITY ? KITH_INFINITY : c->at + shutdown;
        if (kith_exit_signal(c->pid, kith_reason_of(KITH_KILL, 0, NULL)) == KITH_ENOMEM)
            return now + KI_LISTENER_SOON_MS;
        c->state = KI_CONN_KILLED;
        return KITH_INFINITY;
    default:
        return KITH_INFINITY;
    }
}

void
ki_listener_sweep(struct ki_listener *l, kith_ms now)
{
    struct ki_conn *c = NULL;
    size_t n = 0;

    l->sweep_at = KITH_INFINITY;
    while ((c = ki_conns_next(&l->conns, c)) != NULL) {
        const kith_ms at = look_at(l, c, now);

        if (at < l->sweep_at)
            l->sweep_at = at;
        if (++n % BREATH == 0)
            kith_yield(); /* mail stays where it is: the table is as it was */
    }
}

/* ---- births ---- */

static int
spawn_server(struct ki_listener *l, const kith_spawn_options *o, kith_pid *pid)
{
    const struct ki_listening *g = l->given;
    const struct ki_birth b = {.accepted = true, .site = g->site};

    l->accepted->socket = o->give;
    if (kith_socket_peername(o->give, &l->accepted->peer) < 0)
        memset(&l->accepted->peer, 0, sizeof l->accepted->peer);
    return ki_server_spawn(g->opt.server, o, l->accepted, KI_ACCEPTED_ROOM + g->opt.len, b,
                           pid);
}

static int
spawn(struct ki_listener *l, kith_socket s, kith_pid *pid)
{
    const struct ki_listening *g = l->given;
    const struct ki_birth b = {.conn = g->opt.conn, .socket = s, .site = g->site};
    kith_spawn_options o = g->spawn;
    kith_ref ref; /* its DOWN says who */
    int rc = ki_conns_reserve(&l->conns);

    if (rc < 0)
        return rc;
    o.give = s;
    o.monitor = &ref;
    return g->opt.server ? spawn_server(l, &o, pid)
                         : ki_spawn(&o, &b, g->arg, g->opt.len, pid);
}

/* There is no process to be had. Those that wait in the backlog wait, instead of being refused one
 * after the other. */
static void
rest(struct ki_listener *l)
{
    l->rest_until = kith_deadline(REST_MS);
    if (l->socket.id)
        kith_socket_cancel(l->socket, KITH_OP_ACCEPT);
}

void
ki_listener_serve(struct ki_listener *l, kith_socket s)
{
    const kith_ms now = kith_deadline(0), idle = l->given->opt.idle_timeout;
    kith_pid pid;
    int rc;

    l->info.accepted++;
    rc = spawn(l, s, &pid);
    if (rc < 0) {
        ki_listener_count(l, &l->info.refused, rc);
        kith_socket_close(s);
        rest(l);
        return;
    }
    ki_conns_add(&l->conns, pid, s)->at = now; /* I2 */
    if (idle != KITH_INFINITY && l->sweep_at == KITH_INFINITY)
        l->sweep_at = now + (idle >= 4 ? idle / 4 : 1);
    if (ki_listener_is_full(l))
        l->paused_at = now;
}
