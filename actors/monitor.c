/* SPDX-License-Identifier: Apache-2.0
 * monitor.c -- hearing of a death, once.
 *
 * A monitor record carries every node it will ever need, so asking, unasking and telling cannot
 * fail for want of memory. It is counted:
 *
 *   watcher's list         1, until demonitored, or until the DOWN was consumed
 *   the target's share     1, from MONITOR's push on; it travels back with DOWN
 *   DEMONITOR on its way   1
 *
 *   I1  The watcher decides by its own list: a DOWN whose record is not active is dropped.
 *   I2  The target answers each MONITOR with exactly one DOWN, or unlists it for a DEMONITOR. */
#include "actors/proc.h"

#include "actors/link.h"
#include "actors/msg.h"
#include "actors/op.h"
#include "actors/ref.h"

static struct ki_monitor *
monitor_of_msg(struct ki_msg *m)
{
    return ki_container_of(m, struct ki_monitor, msg);
}

void
ki_monitor_drop(struct ki_monitor *m)
{
    if (ki_sub_acq_rel(&m->refs, 1) == 1)
        ki_slots_put(&ki_runtime.monitors, ki_slots_here(KI_KIND_REF), &m->slot);
}

void
ki_monitor_free_msg(struct ki_msg *m)
{
    ki_monitor_drop(monitor_of_msg(m));
}

/* ---- the watcher's side ---- */

struct ki_monitor *
ki_monitor_new(struct ki_proc *watcher, struct ki_proc *target, uint64_t target_id)
{
    struct ki_monitor *m =
        (struct ki_monitor *) (void *) ki_slots_get(&ki_runtime.monitors,
                                                    ki_slots_here(KI_KIND_REF));

    if (!m)
        return NULL;
    uint64_t id = ki_slots_id(&ki_runtime.monitors, &m->slot);

    ki_store_rlx(&m->id, id);
    ki_store_rlx(&m->refs, 1);
    ki_store_rlx(&m->watcher, watcher);
    m->target = target;
    m->watcher_id = ki_proc_id(watcher);
    m->target_id = target_id;
    m->active = true;
    m->silent = m->counted = m->fired = m->listed = false;
    m->op = NULL;
    m->ask = (struct ki_node){.to = target_id, .kind = KI_N_MONITOR};
    m->unask = (struct ki_node){.to = target_id, .kind = KI_N_DEMONITOR};
    m->msg.node = (struct ki_node){.to = m->watcher_id,
                                   .kind = KI_N_DOWN,
                                   .flags = KI_MSG_OF_MONITOR};
    m->msg.pub = (kith_msg){.from = {target_id},
                            .tag = KITH_TAG_DOWN,
                            .ref = {id},
                            .data = &m->body,
                            .len = sizeof m->body};
    m->body = (kith_down){.pid = {target_id}, .why = {.kind = KITH_NOPROC}};
    m->w_prev = NULL;
    m->w_next = watcher->watching;
    if (m->w_next)
        m->w_next->w_prev = m;
    watcher->watching = m;
    return m;
}

/* One that p asked for itself, and may see. */
static void
count(struct ki_proc *p, struct ki_monitor *m)
{
    m->counted = true;
    ki_count(&p->has.monitors, 1);
}

static void
unwatch(struct ki_proc *p, struct ki_monitor *m)
{
    if (m->counted)
        ki_count(&p->has.monitors, (uint32_t) -1);
    ki_store_rlx(&m->id,
                 0); /* a stale ref of p's finds nobody, whoever has the record next */
    m->active = false;
    if (m->w_prev)
        m->w_prev->w_next = m->w_next;
    else
        p->watching = m->w_next;
    if (m->w_next)
        m->w_next->w_prev = m->w_prev;
}

/* A DOWN for p: from the target, or by ourselves for one that was not there. It takes over one
 * count. */
static void
down(struct ki_proc *p, struct ki_monitor *m)
{
    if (!m->active) {
        ki_monitor_drop(m);
        return;
    }
    if (m->silent) {
        m->fired = true;
        if (m->op)
            ki_op_callee_died(p, m->op);
        ki_monitor_drop(m);
        return;
    }
    unwatch(p, m);
    ki_monitor_drop(m); /* the list's; the message keeps the other */
    ki_ref_received(p, m, &m->msg, false);
}

static void
ask(struct ki_proc *p, struct ki_monitor *m)
{
    ki_add_rlx(&m->refs, 1); /* relaxed: ours alone until the push */
    if (!m->target || !ki_sched_post(ki_proc_task(m->target), &m->ask, KI_MBOX_DEAD))
        down(p, m);
}

static void
unask(struct ki_proc *p, struct ki_monitor *m)
{
    unwatch(p, m);
    ki_add_rlx(&m->refs, 1); /* relaxed: the list's count keeps it alive */
    if (!m->target || !ki_sched_post(ki_proc_task(m->target), &m->unask, KI_MBOX_DEAD))
        ki_monitor_drop(m);
    ki_monitor_drop(m);
}

void
ki_monitor_call(struct ki_proc *p, struct ki_monitor *m, struct ki_op *op)
{
    m->silent = true;
    m->op = op;
    ask(p, m);
}

void
ki_monitor_end(struct ki_proc *p, struct ki_monitor *m)
{
    if (m->fired) {
        unwatch(p, m);
        ki_monitor_drop(m);
    } else {
        unask(p, m);
    }
}

/* Once; by the node that a demonitor would have used. */
static void
kill_target(struct ki_monitor *m)
{
    if (m->unask.kind == KI_N_ORPHAN || !m->target)
        return;
    m->unask.kind = KI_N_ORPHAN;
    ki_add_rlx(&m->refs, 1); /* relaxed: the list's count keeps it alive */
    if (!ki_sched_post(ki_proc_task(m->target), &m->unask, KI_MBOX_DEAD))
        ki_monitor_drop(m); /* its DOWN is on the way */
}

void
ki_monitor_kill_all(struct ki_proc *p)
{
    for (struct ki_monitor *m = p->watching; m; m = m->w_next)
        kill_target(m);
}

void
ki_monitor_down(struct ki_proc *p, struct ki_node *n)
{
    down(p, monitor_of_msg(ki_msg_of_node(n)));
}

void
ki_monitor_drop_all(struct ki_proc *p)
{
    while (p->watching)
        unask(p, p->watching);
}

/* ---- the target's side ---- */

static void
tell(struct ki_monitor *m, kith_reason why)
{
    m->body.why = why;
    /* Refused: the watcher is dead, and has unasked. */
    if (!ki_sched_post(ki_proc_task(ki_load_rlx(&m->watcher)), &m->msg.node, KI_MBOX_DEAD))
        ki_monitor_drop(m);
}

void
ki_monitor_asked(struct ki_proc *p, struct ki_node *n)
{
    struct ki_monitor *m = ki_container_of(n, struct ki_monitor, ask);

    m->listed = true;
    ki_count(&p->has.watchers, 1);
    m->t_prev = NULL;
    m->t_next = p->watched_by;
    if (m->t_next)
        m->t_next->t_prev = m;
    p->watched_by = m;
}

static void
unlist(struct ki_proc *p, struct ki_monitor *m)
{
    m->listed = false;
    ki_count(&p->has.watchers, (uint32_t) -1);
    if (m->t_prev)
        m->t_prev->t_next = m->t_next;
    else
        p->watched_by = m->t_next;
    if (m->t_next)
        m->t_next->t_prev = m->t_prev;
}

void
ki_monitor_unasked(struct ki_proc *p, struct ki_node *n)
{
    struct ki_monitor *m = ki_container_of(n, struct ki_monitor, unask);

    if (m->listed) {
        unlist(p, m);
        ki_monitor_drop(m);
    }
    ki_monitor_drop(m);
}

void
ki_monitor_orphaned(struct ki_proc *p, struct ki_node *n)
{
    if (p)
        ki_exit_killed(p);
    ki_monitor_drop(ki_container_of(n, struct ki_monitor, unask));
}

void
ki_monitor_tell_all(struct ki_proc *p)
{
    while (p->watched_by) {
        struct ki_monitor *m = p->watched_by;

        unlist(p, m);
        tell(m, p->why);
    }
}

void
ki_monitor_at_birth(struct ki_proc *c, struct ki_monitor *m)
{
    count(ki_load_rlx(&m->watcher), m);
    ki_add_rlx(&m->refs, 1); /* relaxed: c has not run yet */
    ki_monitor_asked(c, &m->ask);
}

void
ki_monitor_undo_birth(struct ki_proc *p, struct ki_monitor *m)
{
    unwatch(p, m);
    ki_monitor_drop(m);
}

/* ---- the calls ---- */

static struct ki_monitor *
own_monitor(struct ki_proc *p, kith_ref ref)
{
    struct ki_monitor *m;

    if (ki_id_kind(ref.id) != KI_KIND_REF)
        return NULL;
    m = (struct ki_monitor *) (void *) ki_slots_at(&ki_runtime.monitors,
                                                   ki_id_index(ref.id));
    /* relaxed: if it is p's own and this one, neither changes under us. */
    return m && ki_load_rlx(&m->id) == ref.id && ki_load_rlx(&m->watcher) == p ? m : NULL;
}

void
ki_monitor_kill(struct ki_proc *p, kith_ref ref)
{
    struct ki_monitor *m = own_monitor(p, ref);

    if (m && m->active)
        kill_target(m);
}

int
kith_monitor(kith_pid pid, kith_ref *ref)
{
    struct ki_proc *p;
    struct ki_monitor *m;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if (!ref || (pid.id && ki_id_kind(pid.id) != KI_KIND_PID))
        return KITH_EINVAL;
    m = ki_monitor_new(p, ki_proc_find(pid), pid.id);
    if (!m)
        return KITH_ENOMEM;
    *ref = (kith_ref){ki_load_rlx(&m->id)};
    count(p, m);
    ask(p, m);
    ki_proc_charge(p, 1);
    return 0;
}

/* Removes the DOWN of ref from the inbox, if it is there. */
static void
flush(struct ki_proc *p, kith_ref ref)
{
    struct ki_node **at = ki_ref_find_down(p, ref.id);

    if (at)
        ki_msg_free(ki_inbox_take(p, at));
}

int
kith_demonitor(kith_ref ref, unsigned flags)
{
    struct ki_proc *p;
    struct ki_monitor *m;
    bool active;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if (flags & ~(unsigned) (KITH_FLUSH | KITH_INFO))
        return KITH_EINVAL;
    ki_proc_take(p); /* what has arrived has arrived */
    m = own_monitor(p, ref);
    active = m && m->active && !m->silent;
    if (active)
        unask(p, m);
    else if (flags & KITH_FLUSH)
        flush(p, ref);
    return (flags & KITH_INFO) && active ? 1 : 0;
}

int
kith_wait(kith_pid pid, kith_reason *why, kith_ms timeout)
{
    struct ki_proc *p;
    struct ki_monitor *m;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    if (ki_id_kind(pid.id) != KI_KIND_PID)
        return KITH_EINVAL;
    if (pid.id == ki_proc_id(p))
        return KITH_EDEADLK;
    m = ki_monitor_new(p, ki_proc_find(pid), pid.id);
    if (!m)
        return KITH_ENOMEM;
    m->silent = true;
    ask(p, m);
    uint64_t deadline = ki_deadline_ns(timeout);
    while (!m->fired && rc == 0)
        rc = ki_proc_wait(p, deadline, "wait");
    ki_proc_wait_end(p);
    if (m->fired) {
        rc = 0;
        if (why)
            *why = m->body.why;
    }
    ki_monitor_end(p, m);
    return ki_proc_wait_failed(p, rc);
}
