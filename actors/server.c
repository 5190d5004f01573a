/* SPDX-License-Identifier: Apache-2.0
 * server.c -- servers: which callback has what, and what a callback may ask for. */
#include "actors/server.h"

#include "actors/msg.h"

struct server {
    struct ki_handler h;
    const kith_server *type;
    uint64_t cont; /* the tag of the next `cont`; h.has_own: there is one */
    bool accepted; /* init's argument is a kith_accepted, whose bytes are behind it */
};

static inline struct server *
server_of(struct ki_handler *h)
{
    return ki_container_of(h, struct server, h);
}

/* ---- the callbacks ---- */

static int
init(struct ki_handler *h, void *arg)
{
    const kith_server *t = server_of(h)->type;

    if (server_of(h)->accepted && ((kith_accepted *) arg)->arg) /* of this copy */
        ((kith_accepted *) arg)->arg = (char *) arg + KI_ACCEPTED_ROOM;
    return t->init ? t->init(ki_handler_state(h), arg) : 0;
}

static int
message(struct ki_handler *h, struct ki_msg *m)
{
    const kith_server *t = server_of(h)->type;
    void *state = ki_handler_state(h);

    if (ki_is_call(&m->pub)) {
        kith_from from = ki_call_from(&m->pub);

        if (t->call)
            return t->call(state, from, &m->pub);
        kith_reply_error(from, KITH_EOPNOTSUPP);
        return KITH_CONTINUE;
    }
    if (m->node.flags & KI_MSG_CAST)
        return t->cast ? t->cast(state, &m->pub) : KITH_CONTINUE;
    return t->info ? t->info(state, &m->pub) : KITH_CONTINUE;
}

static int
own(struct ki_handler *h)
{
    struct server *s = server_of(h);

    h->has_own = false;
    return s->type->cont ? s->type->cont(ki_handler_state(h), s->cont) : KITH_CONTINUE;
}

/* Not a message that anybody sent: it lies here and cannot be kept. */
static int
idle(struct ki_handler *h)
{
    const kith_server *t = server_of(h)->type;
    struct ki_msg m = {.pub = {.from = kith_self(), .tag = KITH_TAG_TIMEOUT}};

    m.pub.data = &m + 1; /* of length 0, but some address */
    return t->info ? t->info(ki_handler_state(h), &m.pub) : KITH_CONTINUE;
}

static void
terminate(struct ki_handler *h, kith_reason why)
{
    const kith_server *t = server_of(h)->type;

    if (t->terminate)
        t->terminate(ki_handler_state(h), why);
}

static const struct ki_behaviour behaviour = {
    .size = sizeof(struct server),
    .init = init,
    .own = own,
    .message = message,
    .idle = idle,
    .terminate = terminate,
};

/* ---- what a callback asks for ---- */

int
kith_server_continue(uint64_t tag)
{
    struct ki_handler *h;
    int rc = ki_handler_current(&behaviour, &h);

    if (rc < 0)
        return rc;
    server_of(h)->cont = tag;
    h->has_own = true;
    return 0;
}

int
kith_server_timeout(kith_ms ms)
{
    struct ki_handler *h;
    int rc = ki_handler_current(&behaviour, &h);

    if (rc < 0)
        return rc;
    if (ms == KITH_NOWAIT)
        return KITH_EINVAL;
    h->idle_ms = ms < 0 ? 0 : ms;
    h->sleeps = false; /* the last word counts */
    return 0;
}

int
kith_server_hibernate(void)
{
    struct ki_handler *h;
    int rc = ki_handler_current(&behaviour, &h);

    if (rc < 0)
        return rc;
    h->sleeps = server_of(h)->type->with_stack;
    h->idle_ms = KITH_INFINITY;
    return 0;
}

/* ---- start ---- */

/* What reports call it by: the address of its first callback, never called by this type. */
static kith_fn
fn_for_reports(const kith_server *t)
{
    union {
        int (*init)(void *state, void *arg);
        int (*call)(void *state, kith_from from, const kith_msg *m);
        int (*message)(void *state, const kith_msg *m);
        kith_fn fn;
    } u = {.init = t->init};

    if (!t->init && t->call)
        u.call = t->call;
    else if (!t->init)
        u.message = t->cast ? t->cast : t->info;
    return u.fn;
}

static struct ki_handler_start
start_of(const kith_server *t, const kith_spawn_options *o, const void *arg, size_t len)
{
    struct ki_handler *h = ki_handler_new(&behaviour, t->state_size);

    if (h)
        server_of(h)->type = t;
    return (struct ki_handler_start){.h = h,
                                     .with_stack = t->with_stack,
                                     .name = fn_for_reports(t),
                                     .o = o,
                                     .arg = arg,
                                     .len = len};
}

int
ki_server_spawn(const kith_server *t, const kith_spawn_options *o, const void *arg,
                size_t len, struct ki_birth b, kith_pid *pid)
{
    const struct ki_handler_start s = start_of(t, o, arg, len);

    if (s.h)
        server_of(s.h)->accepted = b.accepted;
    return ki_handler_spawn(&s, b, pid);
}

int
kith_server_start(const kith_server *t, const kith_spawn_options *o, const void *arg,
                  size_t len, kith_pid *pid)
{
    struct ki_handler_start s;
    struct ki_proc *p;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    if (!t || (len && !arg))
        return KITH_EINVAL;
    s = start_of(t, o, arg, len);
    return ki_handler_start(p, &s, __builtin_return_address(0), "server_start", pid);
}
