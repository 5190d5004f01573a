/* SPDX-License-Identifier: Apache-2.0
 * supervisor.c -- the process that starts others, and starts them again when they die.
 *
 * It runs no code of the user's, traps exits, and waits in one receive. What to do about a death
 * is decided in restart.c; who the children are is kept in children.c, how they start and end
 * stands in supervisor_child.c, who calls in supervisor_api.c.
 *
 * A child's death is heard by the monitor that its birth made: a child can undo a link, but not
 * that.
 *
 *   I1  A child is in this process's list of monitors from its birth to its death. So exit.c,
 *       step 0, ends all there are, whatever this process is in the midst of.
 *   I2  c->pid is set: its DOWN has not been looked at. One ended by us is waited for by its
 *       monitor's ref, so that its DOWN never comes to died(). */
#include "actors/supervisor.h"

#include <string.h>

#include "actors/msg.h"
#include "actors/start.h"

static void
end_of(struct ki_sup *s, kith_reason why)
{
    s->over = true;
    s->why = why;
}

/* One that ignores is kept without a process if it can be started again. */
static bool
has_no_future(const struct ki_sup *s, const struct ki_child *c)
{
    return !c->pid.id && (ki_sup_is_simple(s) || c->spec->restart == KITH_TEMPORARY);
}

/* ---- a child has died ---- */

/* From c on in their order, or c alone. At the first that fails it ends, to be tried again. */
static void
start_from(struct ki_sup *s, struct ki_child *c, bool alone)
{
    for (; c; c = alone ? NULL : c->next) {
        int rc = ki_sup_start(s, c);

        if (rc == 0)
            continue;
        ki_sup_report(s, KI_SUP_START_FAILED, c, c->pid,
                      kith_reason_of(KITH_ERROR, rc, NULL));
        ki_children_retry(&s->kids, c);
        return;
    }
}

/* While the runtime stops what has ended has ended: a listener would not get its port, and its
 * siblings would lose the time that they have to end. */
static bool
comes_too_late(enum ki_restart what)
{
    return kith_stopping() && (what == KI_RESTART_ONE || what == KI_RESTART_REST ||
                               what == KI_RESTART_ALL || what == KI_RESTART_GIVE_UP);
}

static void
act(struct ki_sup *s, struct ki_child *c, enum ki_restart what)
{
    switch (comes_too_late(what) ? KI_RESTART_KEEP : what) {
    case KI_RESTART_KEEP:
        break;
    case KI_RESTART_DELETE:
        ki_children_forget(&s->kids, c);
        break;
    case KI_RESTART_ONE:
        start_from(s, c, true);
        break;
    case KI_RESTART_REST:
        ki_sup_end_from(s, c);
        start_from(s, c, false);
        break;
    case KI_RESTART_ALL:
        ki_sup_end_from(s, s->kids.first);
        start_from(s, s->kids.first, false);
        break;
    case KI_RESTART_GIVE_UP:
        ki_sup_report(s, KI_SUP_GAVE_UP, c, (kith_pid){0},
                      kith_reason_of(KITH_SHUTDOWN, 0, NULL));
        end_of(s, kith_reason_of(KITH_SHUTDOWN, 0, NULL));
        break;
    case KI_RESTART_SHUT_DOWN:
        end_of(s, kith_reason_of(KITH_SHUTDOWN, 0, NULL));
        break;
    }
}

static void
died(struct ki_sup *s, kith_down d)
{
    struct ki_child *c = ki_children_by_pid(&s->kids, d.pid);
    struct ki_restart_case it;

    if (!c)
        return;
    ki_children_ended(&s->kids, c);
    it = (struct ki_restart_case){.strategy = s->as->strategy,
                                  .restart = c->spec->restart,
                                  .auto_shutdown = s->as->auto_shutdown,
                                  .significant = c->spec->significant,
                                  .others_significant = s->kids.significant > 0,
                                  .why = d.why};
    if (c->spec->restart == KITH_PERMANENT || !ki_restart_is_quiet(d.why))
        ki_sup_report(s, KI_SUP_CHILD_DIED, c, d.pid, d.why);
    act(s, c, ki_restart_decide(&it, &s->window, kith_deadline(0)));
}

/* The next of those whose restart has failed; between two tries a message is looked at. */
static void
try_again(struct ki_sup *s)
{
    struct ki_child *c = ki_children_next(&s->kids);

    act(s, c, ki_restart_again(s->as->strategy, &s->window, kith_deadline(0)));
}

/* ---- calls ---- */

static void
answer(kith_ref ref, const void *data, size_t len, ptrdiff_t result)
{
    struct ki_op *op = ki_op_take_by_id(ref.id);

    if (!op)
        return;
    if (len > op->io.len)
        len = op->io.len;
    if (len)
        memcpy(op->io.buf, data, len);
    ki_op_complete(op, result, 0);
}

/* Starts one that is new; it is forgotten if it does not start. */
static int
start_new(struct ki_sup *s, struct ki_child *c, kith_pid *pid)
{
    int rc = ki_sup_start(s, c);

    *pid = c->pid;
    if (rc < 0 || has_no_future(s, c))
        ki_children_forget(&s->kids, c);
    return rc;
}

/* A copy of the body that lives as long as the child. */
static void *
copy_of(const kith_msg *m)
{
    void *copy = kith_alloc(m->len);

    if (copy)
        memcpy(copy, m->data, m->len);
    return copy;
}

static int
on_start(struct ki_sup *s, const kith_msg *m, kith_pid *pid)
{
    struct ki_spec *spec = copy_of(m);
    const kith_child *k;
    struct ki_child *c;
    int rc = 0;

    if (!spec)
        return KITH_ENOMEM;
    ki_spec_moved(spec);
    k = &spec->as.children[0];
    c = ki_sup_is_simple(s) ? NULL : ki_children_by_id(&s->kids, k->id);
    if (ki_sup_is_simple(s)) {
        rc = KITH_EOPNOTSUPP;
    } else if (k->significant && s->as->auto_shutdown == KITH_AUTO_SHUTDOWN_NEVER) {
        rc = KITH_EINVAL;
    } else if (c) {
        *pid = c->pid;
        rc = c->pid.id || c->retry ? KITH_EALREADY : KITH_EEXIST;
    } else {
        c = ki_children_add(&s->kids, k, spec);
        if (c)
            return start_new(s, c, pid);
        rc = KITH_ENOMEM;
    }
    kith_free(spec);
    return rc;
}

/* The pattern's child with an argument of its own. */
static int
on_dynamic(struct ki_sup *s, const kith_msg *m, kith_pid *pid)
{
    void *arg;
    struct ki_child *c;

    if (!ki_sup_is_simple(s))
        return KITH_EOPNOTSUPP;
    arg = m->len ? copy_of(m) : NULL;
    if (m->len && !arg)
        return KITH_ENOMEM;
    c = ki_children_add(&s->kids, s->as->children, arg);
    if (!c) {
        kith_free(arg);
        return KITH_ENOMEM;
    }
    if (arg) {
        c->arg = arg;
        c->len = m->len;
    }
    return start_new(s, c, pid);
}

/* The child that the body names. */
static int
named(struct ki_sup *s, const kith_msg *m, struct ki_child **c)
{
    if (ki_sup_is_simple(s))
        return KITH_EOPNOTSUPP;
    *c = ki_children_by_id(&s->kids, m->data);
    return *c ? 0 : KITH_ENOENT;
}

static int
terminate(struct ki_sup *s, struct ki_child *c)
{
    ki_sup_end(s, c);
    if (c->spec->restart == KITH_TEMPORARY || ki_sup_is_simple(s))
        ki_children_forget(&s->kids, c);
    return 0;
}

static int
on_terminate(struct ki_sup *s, const kith_msg *m, kith_pid *pid)
{
    struct ki_child *c;
    int rc = named(s, m, &c);

    (void) pid;
    return rc < 0 ? rc : terminate(s, c);
}

static bool
is_dead(kith_pid pid)
{
    struct ki_proc *p = ki_proc_find(pid);

    /* acquire: with its death, as a refused push. */
    return !p || (ki_load_acq(&ki_proc_task(p)->mbox) & KI_MBOX_DEAD);
}

/* As in Erlang: of children by a pattern one that is dead is as good as ended. */
static int
on_terminate_pid(struct ki_sup *s, const kith_msg *m, kith_pid *pid)
{
    kith_pid child = *(const kith_pid *) m->data;
    struct ki_child *c = ki_children_by_pid(&s->kids, child);

    (void) pid;
    if (c)
        return terminate(s, c);
    return ki_sup_is_simple(s) && is_dead(child) ? 0 : KITH_ENOENT;
}

static int
on_restart(struct ki_sup *s, const kith_msg *m, kith_pid *pid)
{
    struct ki_child *c;
    int rc = named(s, m, &c);

    if (rc == 0 && (c->pid.id || c->retry))
        rc = KITH_EALREADY;
    else if (rc == 0)
        rc = ki_sup_start(s, c);
    if (rc == 0 || rc == KITH_EALREADY)
        *pid = c->pid;
    return rc;
}

static int
on_delete(struct ki_sup *s, const kith_msg *m, kith_pid *pid)
{
    struct ki_child *c;
    int rc = named(s, m, &c);

    (void) pid;
    if (rc == 0 && (c->pid.id || c->retry))
        return KITH_EBUSY;
    if (rc == 0)
        ki_children_forget(&s->kids, c);
    return rc;
}

static kith_child_info
info_of(const struct ki_child *c)
{
    kith_child_info v = {.pid = c->pid,
                         .state = c->pid.id  ? KITH_CHILD_RUNNING
                                  : c->retry ? KITH_CHILD_RESTARTING
                                             : KITH_CHILD_STOPPED,
                         .restart = c->spec->restart,
                         .shutdown = c->spec->shutdown,
                         .supervisor = c->spec->supervisor != NULL,
                         .significant = c->spec->significant};

    if (c->spec->id)
        memcpy(v.id, c->spec->id, strlen(c->spec->id));
    return v;
}

static void
on_which(struct ki_sup *s, const kith_msg *m)
{
    struct ki_op *op = ki_op_take_by_id(m->ref.id);
    size_t at = 0;

    if (!op)
        return;
    for (struct ki_child *c = s->kids.first; c; c = c->next) {
        kith_child_info v = info_of(c);

        if (op->io.len - at < sizeof v)
            break;
        memcpy(op->io.buf + at, &v, sizeof v);
        at += sizeof v;
    }
    ki_op_complete(op, (ptrdiff_t) s->kids.n, 0);
}

static void
on_count(struct ki_sup *s, const kith_msg *m)
{
    kith_child_counts v = {.specs = ki_sup_is_simple(s) ? 1 : s->kids.n,
                           .active = s->kids.running};

    for (struct ki_child *c = s->kids.first; c; c = c->next)
        v.supervisors += c->spec->supervisor != NULL;
    v.workers = s->kids.n - v.supervisors;
    answer(m->ref, &v, sizeof v, 0);
}

/* What waits for children takes other messages, and then m is no more. */
static void
called(struct ki_sup *s, const kith_msg *m)
{
    static int (*const on[])(struct ki_sup * s, const kith_msg *m, kith_pid *pid) = {
        [KI_SUP_START] = on_start,         [KI_SUP_DYNAMIC] = on_dynamic,
        [KI_SUP_TERMINATE] = on_terminate, [KI_SUP_TERMINATE_PID] = on_terminate_pid,
        [KI_SUP_RESTART] = on_restart,     [KI_SUP_DELETE] = on_delete};
    const uint64_t what = m->tag - KI_SUP_TAG;
    const kith_ref ref = m->ref;
    kith_pid pid = {0};
    int rc = KITH_EOPNOTSUPP; /* a kith_call of a user's */

    if (what == KI_SUP_WHICH) {
        on_which(s, m);
    } else if (what == KI_SUP_COUNT) {
        on_count(s, m);
    } else {
        if (what < sizeof on / sizeof on[0])
            rc = on[what](s, m, &pid);
        answer(ref, &pid, sizeof pid, rc);
    }
}

/* ---- its life ---- */

/* A stop of the runtime tells whoever has no supervisor; it counts as the starter's word. */
static void
exit_received(struct ki_sup *s, const kith_down *d)
{
    bool stop =
        ki_load_rlx(&ki_runtime.stopping) && d->why.kind == KITH_SHUTDOWN; /* a hint */

    if (d->pid.id == s->parent.id || stop)
        end_of(s, d->why);
}

static void
handle(struct ki_sup *s, const kith_msg *m)
{
    if (ki_msg_of(m)->node.flags & KI_MSG_CALL)
        called(s, m);
    else if (m->tag == KITH_TAG_DOWN)
        died(s, *(const kith_down *) m->data);
    else if (m->tag == KITH_TAG_EXIT)
        exit_received(s, m->data);
}

/* Everything that a restart needs is there from the start on. */
static int
prepare(struct ki_sup *s)
{
    int rc = ki_children_init(&s->kids);

    s->window.cap = (size_t) s->as->intensity;
    s->window.period = s->as->period;
    if (rc == 0 && s->window.cap) {
        s->window.at = kith_alloc(s->window.cap * sizeof *s->window.at);
        rc = s->window.at ? 0 : KITH_ENOMEM;
    }
    for (size_t i = 0; i < s->as->n && rc == 0 && !ki_sup_is_simple(s); i++)
        if (!ki_children_add(&s->kids, &s->as->children[i], NULL))
            rc = KITH_ENOMEM;
    return rc;
}

static int
start_all(struct ki_sup *s)
{
    int rc = prepare(s);

    for (struct ki_child *c = s->kids.first, *next; c && rc == 0; c = next) {
        next = c->next;
        rc = ki_sup_start(s, c);
        if (rc < 0)
            ki_sup_report(s, KI_SUP_START_FAILED, c, c->pid,
                          kith_reason_of(KITH_ERROR, rc, NULL));
        else if (has_no_future(s, c))
            ki_children_forget(&s->kids, c);
    }
    return rc;
}

int
ki_supervisor_run(void *arg)
{
    struct ki_sup s = {.why = {.kind = KITH_NORMAL}};
    struct ki_spec *spec = arg;
    const kith_msg *m;
    int rc = ki_enter(&s.self);

    if (rc < 0)
        return rc;
    kith_flag_trap_exit(true);
    (void) kith_flag_priority(
        KITH_PRIORITY_HIGH); /* what it has to do is what others wait for */
    ki_spec_moved(spec);
    s.as = &spec->as;
    s.parent.id = s.self->parent;
    rc = start_all(&s);
    if (rc < 0) {
        ki_sup_end_all(&s);
        ki_start_ack(s.self, rc);
        kith_unlink(s.parent); /* who hears the code needs no exit signal */
        return rc;
    }
    ki_start_ack(s.self, 0);
    while (!s.over) {
        if (kith_receive(&m, s.kids.retry ? 0 : KITH_INFINITY) == 0)
            handle(&s, m);
        if (s.kids.retry && !s.over)
            try_again(&s);
    }
    ki_sup_end_all(&s);
    kith_exit(s.why);
}
