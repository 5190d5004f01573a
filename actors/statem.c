/* SPDX-License-Identifier: Apache-2.0
 * statem.c -- state machines: which event is next, and what a state change does.
 *
 * An event is a message. It lies in the mailbox; or in `queue`, before all mail: what the machine
 * gave itself, then what was postponed and comes again; or in `due`, a timeout of no time, after
 * those; or in `postponed`, until the state changes. What a callback asks for is noted, and done
 * when it has returned (settle). */
#include "actors/statem.h"

#include <string.h>

#include "actors/msg.h"
#include "actors/server.h"

/* Where the machine is, which says what it may ask for. */
enum where { IN_INIT, IN_EVENT, IN_ENTER, NOWHERE };

struct machine {
    struct ki_handler h;
    const kith_statem *type;
    int state, came_from;
    enum where where;
    bool enters;            /* `enter` is to be called */
    struct ki_msg *handles; /* the event of the running callback */
    /* what the running callback has asked for */
    int next;
    bool repeats;
    struct ki_msg *postpones; /* the event, taken from the process; NULL: it does not */
    struct ki_events given;
    /* events it has */
    struct ki_events queue, due, postponed;
    struct ki_timeout of_state, of_event;
    struct ki_timeout *named; /* as many as names were used */
};

static inline struct machine *
machine_of(struct ki_handler *h)
{
    return ki_container_of(h, struct machine, h);
}

static inline struct ki_proc *
self(void)
{
    struct ki_proc *p;

    return ki_enter(&p) < 0 ? NULL : p;
}

/* ---- after a callback ---- */

static bool
has_events(const struct machine *m)
{
    return m->enters || m->queue.head || m->due.head;
}

static void
settle_timeouts(struct machine *m, bool changed)
{
    struct ki_proc *p = self();

    ki_timeout_settle(p, &m->of_state, &m->due, changed);
    ki_timeout_settle(p, &m->of_event, &m->due, false);
    for (struct ki_timeout *t = m->named; t; t = t->next)
        ki_timeout_settle(p, t, &m->due, false);
}

/* Does what the callback has asked for. */
static void
settle(struct machine *m)
{
    bool changed = m->next != m->state;

    m->where = NOWHERE;
    if (m->postpones)
        ki_events_add(&m->postponed, m->postpones);
    m->postpones = NULL;
    settle_timeouts(m, changed);
    if (changed)
        ki_events_before(&m->queue, &m->postponed);
    ki_events_before(&m->queue, &m->given);
    m->enters = (changed || m->repeats) && m->type->enter;
    m->repeats = false;
    m->came_from = m->state;
    m->state = m->next;
    m->h.has_own = has_events(m);
}

/* ---- callbacks ---- */

static int
init(struct ki_handler *h, void *arg)
{
    struct machine *m = machine_of(h);
    int rc = m->type->init ? m->type->init(ki_handler_state(h), arg, &m->next) : 0;

    m->state = m->next; /* no change: nothing is postponed, no timeout is over */
    settle(m);
    m->enters = m->type->enter != NULL;
    h->has_own = has_events(m);
    return rc;
}

static int
enter(struct machine *m)
{
    int rc;

    m->where = IN_ENTER;
    rc = m->type->enter(ki_handler_state(&m->h), m->came_from, m->state);
    settle(m);
    return rc;
}

static int
without_callback(struct ki_msg *msg)
{
    if (ki_event_kind(msg) == KITH_EVENT_CALL)
        kith_reply_error(ki_call_from(&msg->pub), KITH_EOPNOTSUPP);
    return KITH_CONTINUE;
}

/* msg is the process's last received. */
static int
event(struct machine *m, struct ki_msg *msg)
{
    kith_event e = {.kind = ki_event_kind(msg), .tag = msg->pub.tag, .msg = &msg->pub};
    int rc;

    if (ki_slow(m->of_event.runs.timer || m->of_event.runs.event))
        ki_timeout_end(self(), &m->of_event, &m->due);
    if (e.kind == KITH_EVENT_CALL)
        e.from = ki_call_from(&msg->pub);
    e.name = ki_event_name(msg);
    m->where = IN_EVENT;
    m->handles = msg;
    rc = m->type->event ? m->type->event(ki_handler_state(&m->h), m->state, &e)
                        : without_callback(msg);
    settle(m);
    return rc;
}

/* ---- the next event ---- */

static struct ki_timeout *
named(struct machine *m, int name)
{
    struct ki_timeout *t = m->named;

    while (t && t->name != name)
        t = t->next;
    return t;
}

/* A timeout of no time has its turn: it runs no more. */
static void
has_come(struct machine *m, const struct ki_msg *msg)
{
    int kind = ki_event_kind(msg);
    struct ki_timeout *t = kind == KITH_EVENT_STATE_TIMEOUT ? &m->of_state
                           : kind == KITH_EVENT_EVENT_TIMEOUT
                               ? &m->of_event
                               : named(m, ki_event_name(msg));

    t->runs = (struct ki_due){0};
}

static int
own(struct ki_handler *h)
{
    struct machine *m = machine_of(h);
    struct ki_msg *msg;

    if (m->enters)
        return enter(m);
    msg = ki_events_take(&m->queue);
    if (!msg) {
        msg = ki_events_take(&m->due);
        has_come(m, msg);
    }
    self()->received = msg; /* from here on as if it had just come: it may be kept */
    return event(m, msg);
}

/* A timer's message is the event of the timeout that runs by it; if none does, the user's. */
static bool
is_timeout(struct machine *m, struct ki_msg *msg)
{
    if (ki_timeout_fired(&m->of_state, msg) || ki_timeout_fired(&m->of_event, msg))
        return true;
    for (struct ki_timeout *t = m->named; t; t = t->next)
        if (ki_timeout_fired(t, msg))
            return true;
    return false;
}

static int
message(struct ki_handler *h, struct ki_msg *msg)
{
    struct machine *m = machine_of(h);

    if (msg->pub.tag != KITH_TAG_TIMEOUT || !is_timeout(m, msg))
        ki_event_mark(msg,
                      ki_is_call(&msg->pub)           ? KITH_EVENT_CALL
                      : msg->node.flags & KI_MSG_CAST ? KITH_EVENT_CAST
                                                      : KITH_EVENT_INFO,
                      0);
    return event(m, msg);
}

/* ---- the end ---- */

static void
terminate(struct ki_handler *h, kith_reason why)
{
    struct machine *m = machine_of(h);

    m->where = NOWHERE;
    if (m->type->terminate)
        m->type->terminate(ki_handler_state(h), m->state, why);
}

/* Timers, too: their messages would find nobody, but until then they are memory. */
static void
end_timeout(struct machine *m, struct ki_timeout *t)
{
    struct ki_proc *p = self();

    ki_timeout_settle(p, t, &m->due, true);
    ki_timeout_end(p, t, &m->due);
}

static void
fini(struct ki_handler *h)
{
    struct machine *m = machine_of(h);
    struct ki_timeout *t;

    end_timeout(m, &m->of_state);
    end_timeout(m, &m->of_event);
    while ((t = m->named) != NULL) {
        m->named = t->next;
        end_timeout(m, t);
        ki_slab_free(ki_slab_here(), t, sizeof *t);
    }
    if (m->postpones)
        ki_msg_free(m->postpones);
    ki_events_drop(&m->given);
    ki_events_drop(&m->queue);
    ki_events_drop(&m->postponed);
}

static int
idle(struct ki_handler *h)
{
    (void) h;
    return KITH_CONTINUE; /* it never asks for that */
}

static const struct ki_behaviour behaviour = {
    .size = sizeof(struct machine),
    .init = init,
    .own = own,
    .message = message,
    .idle = idle,
    .terminate = terminate,
    .fini = fini,
};

/* ---- what a callback asks for ---- */

/* The machine whose callback is one of `places`. */
static int
asking(unsigned places, struct machine **m)
{
    struct ki_handler *h;
    int rc = ki_handler_current(&behaviour, &h);

    if (rc < 0)
        return rc;
    *m = machine_of(h);
    return places >> (*m)->where & 1 ? 0 : KITH_EPERM;
}

int
kith_statem_next(int state)
{
    struct machine *m;
    int rc = asking(1u << IN_EVENT, &m);

    if (rc == 0)
        m->next = state;
    return rc;
}

int
kith_statem_repeat(void)
{
    struct machine *m;
    int rc = asking(1u << IN_EVENT | 1u << IN_ENTER, &m);

    if (rc == 0)
        m->repeats = true;
    return rc;
}

int
kith_statem_postpone(void)
{
    struct machine *m;
    struct ki_proc *p;
    int rc = asking(1u << IN_EVENT, &m);

    if (rc < 0 || m->postpones)
        return rc;
    p = self();
    if (p->received != m->handles)
        return KITH_EINVAL;
    m->postpones = p->received;
    p->received = NULL;
    return 0;
}

int
kith_statem_internal(uint64_t tag, const void *data, size_t len)
{
    struct machine *m;
    struct ki_msg *msg;
    int rc = asking(1u << IN_INIT | 1u << IN_EVENT, &m);

    if (rc < 0)
        return rc;
    if ((tag & KITH_TAG_SYSTEM) || (!data && len))
        return KITH_EINVAL;
    msg = ki_msg_new(tag, len);
    if (!msg)
        return KITH_ENOMEM;
    if (len)
        memcpy(msg->pub.data, data, len);
    msg->pub.from = kith_self();
    ki_event_mark(msg, KITH_EVENT_INTERNAL, 0);
    ki_events_add(&m->given, msg);
    return 0;
}

static int
check_timeout(kith_ms ms, uint64_t tag, struct machine **m)
{
    int rc = asking(1u << IN_INIT | 1u << IN_EVENT | 1u << IN_ENTER, m);

    if (rc < 0)
        return rc;
    return ms == KITH_NOWAIT || (tag & KITH_TAG_SYSTEM) ? KITH_EINVAL : 0;
}

int
kith_statem_state_timeout(kith_ms ms, uint64_t tag)
{
    struct machine *m;
    int rc = check_timeout(ms, tag, &m);

    return rc < 0 ? rc : ki_timeout_ask(self(), &m->of_state, &m->due, ms, tag);
}

int
kith_statem_event_timeout(kith_ms ms, uint64_t tag)
{
    struct machine *m;
    int rc = check_timeout(ms, tag, &m);

    return rc < 0 ? rc : ki_timeout_ask(self(), &m->of_event, &m->due, ms, tag);
}

int
kith_statem_timeout(int name, kith_ms ms, uint64_t tag)
{
    struct machine *m;
    struct ki_timeout *t;
    int rc = check_timeout(ms, tag, &m);

    if (rc < 0)
        return rc;
    t = named(m, name);
    if (!t) {
        t = ki_slab_alloc(ki_slab_here(), sizeof *t);
        if (!t)
            return KITH_ENOMEM;
        *t =
            (struct ki_timeout){.next = m->named, .kind = KITH_EVENT_TIMEOUT, .name = name};
        m->named = t;
    }
    return ki_timeout_ask(self(), t, &m->due, ms, tag);
}

/* ---- start ---- */

/* What reports call it by: the address of its first callback, never called by this type. */
static kith_fn
fn_for_reports(const kith_statem *t)
{
    union {
        int (*init)(void *data, void *arg, int *state);
        int (*event)(void *data, int state, const kith_event *e);
        kith_fn fn;
    } u = {.init = t->init};

    if (!t->init)
        u.event = t->event;
    return u.fn;
}

static struct ki_handler *
machine_new(const kith_statem *t)
{
    struct ki_handler *h = ki_handler_new(&behaviour, t->data_size);
    struct machine *m;

    if (!h)
        return NULL;
    m = machine_of(h);
    m->type = t;
    m->where = IN_INIT;
    m->of_state.kind = KITH_EVENT_STATE_TIMEOUT;
    m->of_event.kind = KITH_EVENT_EVENT_TIMEOUT;
    ki_events_init(&m->given);
    ki_events_init(&m->queue);
    ki_events_init(&m->due);
    ki_events_init(&m->postponed);
    return h;
}

int
kith_statem_start(const kith_statem *t, const kith_spawn_options *o, const void *arg,
                  size_t len, kith_pid *pid)
{
    struct ki_handler_start s = {.o = o, .arg = arg, .len = len};
    struct ki_proc *p;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    if (!t || (len && !arg))
        return KITH_EINVAL;
    s.h = machine_new(t);
    s.with_stack = t->with_stack;
    s.name = fn_for_reports(t);
    return ki_handler_start(p, &s, __builtin_return_address(0), "statem_start", pid);
}
