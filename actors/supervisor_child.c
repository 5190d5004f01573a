/* SPDX-License-Identifier: Apache-2.0
 * supervisor_child.c -- how a supervisor starts a child, and how it ends one. */
#include "actors/supervisor.h"

#include "actors/listener.h"
#include "actors/server.h"
#include "actors/start.h"

void
ki_sup_report(struct ki_sup *s, enum ki_supervisor_event what, const struct ki_child *c,
              kith_pid pid, kith_reason why)
{
    ki_report_supervisor(what, ki_proc_id(s->self), c->spec->id, pid, why);
}

/* ---- one child starts ---- */

/* The one place that knows the kinds of children. */
static int
spawn(struct ki_sup *s, struct ki_child *c, struct ki_birth b)
{
    const kith_child *k = c->spec;
    kith_spawn_options o = k->opt;
    kith_pid pid;
    int rc;

    o.monitor = &c->ref;
    if (k->server) {
        rc = ki_server_spawn(k->server, &o, c->arg, c->len, b, &pid);
    } else if (k->supervisor) {
        rc = ki_supervisor_spawn(k->supervisor, &o, b, &pid);
    } else if (k->listener) {
        rc = ki_listener_spawn(k->where, k->listener, &o, b, &pid);
    } else {
        b.fn = k->fn;
        rc = ki_spawn(&o, &b, c->arg, c->len, &pid);
    }
    if (rc == 0)
        ki_children_runs(&s->kids, c, pid);
    return rc;
}

/* Takes the DOWN of one that must die, for as long as it takes. */
static kith_reason
await_end(struct ki_sup *s, struct ki_child *c, kith_ms timeout)
{
    const kith_msg *m;

    if (kith_receive_ref(c->ref, &m, timeout) < 0) {
        ki_monitor_kill(s->self, c->ref);
        if (kith_receive_ref(c->ref, &m, KITH_INFINITY) < 0)
            KI_CHECK(!"a supervisor's wait without a limit has ended");
    }
    ki_children_ended(&s->kids, c);
    return ((const kith_down *) m->data)->why;
}

int
ki_sup_start(struct ki_sup *s, struct ki_child *c)
{
    bool waits = !c->spec->fn || c->spec->init_ack;
    struct ki_birth b = {.site = __builtin_return_address(0)};
    struct ki_op *op;
    int rc;

    if (!waits)
        return spawn(s, c, b);
    op = ki_start_new(s->self);
    if (!op)
        return KITH_ENOMEM;
    b.start_op = ki_op_future(op).id;
    rc = ki_start_await(s->self, op, spawn(s, c, b), "start of a child");
    if (rc < 0 && c->pid.id)
        await_end(s, c, KITH_INFINITY); /* it has died: start.h */
    return rc;
}

/* ---- children end ---- */

/* Asks it to end, or kills it. An exit signal wants memory; without any it is a kill. */
static void
ask_to_end(struct ki_sup *s, struct ki_child *c)
{
    kith_reason why = kith_reason_of(KITH_SHUTDOWN, 0, NULL);

    if (c->spec->shutdown == KITH_BRUTAL_KILL ||
        kith_exit_signal(c->pid, why) == KITH_ENOMEM)
        ki_monitor_kill(s->self, c->ref);
}

static kith_ms
patience(const struct ki_child *c)
{
    return c->spec->shutdown == KITH_BRUTAL_KILL ? KITH_INFINITY : c->spec->shutdown;
}

static bool
ended_well(const struct ki_child *c, kith_reason why)
{
    return ki_restart_ended_well(c->spec->restart, c->spec->shutdown == KITH_BRUTAL_KILL,
                                 why);
}

void
ki_sup_end(struct ki_sup *s, struct ki_child *c)
{
    kith_pid pid = c->pid;
    kith_reason why;

    ki_children_no_retry(&s->kids, c);
    if (pid.id == 0)
        return;
    ask_to_end(s, c);
    why = await_end(s, c, patience(c));
    if (!ended_well(c, why))
        ki_sup_report(s, KI_SUP_BAD_END, c, pid, why);
}

void
ki_sup_end_from(struct ki_sup *s, struct ki_child *first)
{
    struct ki_child *c = s->kids.last, *before;

    for (bool more = first != NULL; more; c = before) {
        before = c->prev;
        more = c != first;
        ki_sup_end(s, c);
        if (c->spec->restart == KITH_TEMPORARY)
            ki_children_forget(&s->kids, c);
    }
}

static bool
is_end(const kith_msg *m, void *ctx)
{
    (void) ctx;
    return m->tag == KITH_TAG_DOWN || m->tag == KITH_TAG_EXIT;
}

static void
collect(struct ki_sup *s, const kith_msg *m)
{
    const kith_down *d = m->data;
    struct ki_child *c =
        m->tag == KITH_TAG_DOWN ? ki_children_by_pid(&s->kids, d->pid) : NULL;

    if (!c)
        return;
    ki_children_ended(&s->kids, c);
    if (!ended_well(c, d->why))
        ki_sup_report(s, KI_SUP_BAD_END, c, d->pid, d->why);
}

/* Children after one pattern: all are asked, then one time for all. */
static void
end_at_once(struct ki_sup *s)
{
    kith_ms deadline = KITH_INFINITY;
    const kith_msg *m;

    for (struct ki_child *c = s->kids.first; c; c = c->next) {
        if (c->pid.id)
            ask_to_end(s, c);
        deadline = kith_deadline(patience(c));
    }
    while (s->kids.running) {
        if (kith_receive_match(is_end, NULL, &m, kith_left(deadline)) == 0) {
            collect(s, m);
            continue;
        }
        deadline = KITH_INFINITY;
        for (struct ki_child *c = s->kids.first; c; c = c->next)
            if (c->pid.id)
                ki_monitor_kill(s->self, c->ref);
    }
}

void
ki_sup_end_all(struct ki_sup *s)
{
    if (ki_sup_is_simple(s))
        end_at_once(s);
    else
        ki_sup_end_from(s, s->kids.first);
}
