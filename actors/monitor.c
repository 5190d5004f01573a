/* SPDX-License-Identifier: Apache-2.0
 * monitor.c -- hearing of a death, once.
 *
 * A monitor record carries every node it will ever need, so asking, unasking and telling cannot
 * fail for want of memory. It is counted:
 *
 *   watcher's list         1, until demonitored, or until the DOWN was consumed; of an alias
 *                          (alias.c) until that has ended too
 *   the target's share     1, from MONITOR's push on; it travels back with DOWN
 *   DEMONITOR on its way   1
 *
 *   I1  The watcher decides by its own list: a DOWN whose record is not active is dropped.
 *   I2  The target answers each MONITOR with exactly one DOWN, or unlists it for a DEMONITOR.
 *   I3  `id` is the ref as long as the record stands in a list of the watcher's, then 0: a stale
 *       ref finds nobody. Strangers, who send through an alias, read it and then the watcher.
 *
 * The target is a process or a socket: both tell when they are dead, of whatever they died. */
#include "actors/proc.h"

#include "actors/alias.h"
#include "actors/link.h"
#include "actors/msg.h"
#include "actors/op.h"
#include "actors/ref.h"
#include "actors/socket.h"

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

static void
enlist(struct ki_monitor **list, struct ki_monitor *m)
{
    m->w_prev = NULL;
    m->w_next = *list;
    if (m->w_next)
        m->w_next->w_prev = m;
    *list = m;
}

static void
delist(struct ki_monitor **list, struct ki_monitor *m)
{
    if (m->w_prev)
        m->w_prev->w_next = m->w_next;
    else
        *list = m->w_next;
    if (m->w_next)
        m->w_next->w_prev = m->w_prev;
}

/* A record for a monitor, or for an alias (target_id 0), in no list yet. */
static struct ki_monitor *
record_new(struct ki_proc *watcher, struct ki_task *target, uint64_t target_id)
{
    const bool socket = ki_id_kind(target_id) == KI_KIND_SOCKET;
    struct ki_monitor *m =
        (struct ki_monitor *) (void *) ki_slots_get(&ki_runtime.monitors,
                                                    ki_slots_here(KI_KIND_REF));

    if (!m)
        return NULL;
    uint64_t id = ki_slots_id(&ki_runtime.monitors, &m->slot);

    /* release: who reads this owner by the last use's ref sees that its id is gone (alias.c). */
    ki_store_rel(&m->watcher_id, ki_proc_id(watcher));
    ki_store_rlx(&m->watcher, watcher);
    ki_store_rel(&m->id,
                 id); /* with owner_of in alias.c: the owner is this use's or later */
    ki_store_rlx(&m->refs, 1);
    m->target = target;
    m->target_id = target_id;
    m->active = m->silent = m->counted = m->fired = m->listed = m->priority = false;
    m->alias = 0;
    m->op = NULL;
    m->ask = (struct ki_node){.to = target_id, .kind = KI_N_MONITOR};
    m->unask = (struct ki_node){.to = target_id, .kind = KI_N_DEMONITOR};
    m->msg.node = (struct ki_node){.to = ki_proc_id(watcher),
                                   .kind = KI_N_DOWN,
                                   .flags = KI_MSG_OF_MONITOR};
    m->msg.pub = (kith_msg){.from = {socket ? 0 : target_id},
                            .tag = KITH_TAG_DOWN,
                            .ref = {id},
                            .data = &m->body,
                            .len = sizeof m->body};
    m->body = (kith_down){.pid = {socket ? 0 : target_id},
                          .socket = {socket ? target_id : 0},
                          .why = {.kind = KITH_NOPROC}};
    return m;
}

static struct ki_monitor *
monitor_new(struct ki_proc *watcher, struct ki_task *target, uint64_t target_id)
{
    struct ki_monitor *m = record_new(watcher, target, target_id);

    if (!m)
        return NULL;
    m->active = true;
    enlist(&watcher->watching, m);
    return m;
}

struct ki_monitor *
ki_monitor_new(struct ki_proc *watcher, struct ki_proc *target, uint64_t target_id)
{
    return monitor_new(watcher, target ? ki_proc_task(target) : NULL, target_id);
}

struct ki_monitor *
ki_alias_new(struct ki_proc *p)
{
    struct ki_monitor *m = record_new(p, NULL, 0);

    if (m)
        enlist(&p->aliases, m);
    return m;
}

/* One that p asked for itself, and may see. */
static void
count(struct ki_proc *p, struct ki_monitor *m)
{
    m->counted = true;
    ki_count(&p->has.monitors, 1);
}

/* It stands in no list of p's any more. */
static void
leave(struct ki_monitor *m)
{
    ki_store_rlx(&m->id, 0); /* I3 */
    ki_monitor_drop(m);
}

/* p watches it no more: an alias that is bound to the monitor ends with it. */
static void
unwatch(struct ki_proc *p, struct ki_monitor *m)
{
    if (m->counted)
        ki_count(&p->has.monitors, (uint32_t) -1);
    delist(&p->watching, m);
    m->active = false;
    if (m->alias == KITH_ALIAS) {
        enlist(&p->aliases, m);
    } else {
        m->alias = 0;
        leave(m);
    }
}

void
ki_alias_end(struct ki_proc *p, struct ki_monitor *m)
{
    m->alias = 0;
    if (m->active)
        return;
    delist(&p->aliases, m);
    leave(m);
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
            ki_op_callee_died(p, m->op, &m->body.why);
        ki_monitor_drop(m);
        return;
    }
    unwatch(p, m); /* the list's count goes, the message keeps the other */
    ki_ref_received(p, m, &m->msg, m->priority);
}

static void
ask(struct ki_proc *p, struct ki_monitor *m)
{
    ki_add_rlx(&m->refs, 1); /* relaxed: ours alone until the push */
    if (!m->target || !ki_sched_post(m->target, &m->ask, KI_MBOX_DEAD))
        down(p, m);
}

void
ki_monitor_unask(struct ki_proc *p, struct ki_monitor *m)
{
    ki_add_rlx(&m->refs, 1); /* relaxed: the list's count keeps it alive */
    unwatch(p, m);
    /* A node that went as ORPHAN is gone: the DOWN that follows finds nobody who wants it. */
    if (!m->target || m->unask.kind != KI_N_DEMONITOR ||
        !ki_sched_post(m->target, &m->unask, KI_MBOX_DEAD))
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
    if (m->fired)
        unwatch(p, m);
    else
        ki_monitor_unask(p, m);
}

/* Once; by the node that a demonitor would have used. */
static void
kill_target(struct ki_monitor *m)
{
    if (m->unask.kind == KI_N_ORPHAN || !m->target)
        return;
    m->unask.kind = KI_N_ORPHAN;
    ki_add_rlx(&m->refs, 1); /* relaxed: the list's count keeps it alive */
    if (!ki_sched_post(m->target, &m->unask, KI_MBOX_DEAD))
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
        ki_monitor_unask(p, p->watching);
    while (p->aliases)
        ki_alias_end(p, p->aliases);
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

static struct ki_monitor **
list_of(struct ki_monitor *m)
{
    return ki_id_kind(m->target_id) == KI_KIND_SOCKET
               ? &ki_socket_of_task(m->target)->watched_by
               : &ki_proc_of_task(m->target)->watched_by;
}

static void
count_watcher(struct ki_monitor *m, uint32_t n)
{
    if (ki_id_kind(m->target_id) == KI_KIND_PID)
        ki_count(&ki_proc_of_task(m->target)->has.watchers, n);
}

void
ki_monitor_asked(struct ki_node *n, bool late)
{
    struct ki_monitor *m = ki_container_of(n, struct ki_monitor, ask);
    struct ki_monitor **list = list_of(m);

    m->listed = true;
    m->late = late;
    count_watcher(m, 1);
    m->t_prev = NULL;
    m->t_next = *list;
    if (m->t_next)
        m->t_next->t_prev = m;
    *list = m;
}

static void
unlist(struct ki_monitor *m)
{
    m->listed = false;
    count_watcher(m, (uint32_t) -1);
    if (m->t_prev)
        m->t_prev->t_next = m->t_next;
    else
        *list_of(m) = m->t_next;
    if (m->t_next)
        m->t_next->t_prev = m->t_prev;
}

void
ki_monitor_refused(struct ki_node *n)
{
    struct ki_monitor *m = ki_container_of(n, struct ki_monitor, ask);

    tell(m, m->body.why); /* noproc */
}

void
ki_monitor_unasked(struct ki_node *n)
{
    struct ki_monitor *m = ki_container_of(n, struct ki_monitor, unask);

    if (m->listed) {
        unlist(m);
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
ki_monitor_tell_all(struct ki_monitor **list, kith_reason why)
{
    while (*list) {
        struct ki_monitor *m = *list;

        unlist(m);
        tell(m, m->late ? m->body.why : why); /* which is noproc */
    }
}

void
ki_monitor_at_birth(struct ki_monitor *m)
{
    count(ki_load_rlx(&m->watcher), m);
    ki_add_rlx(&m->refs, 1); /* relaxed: c has not run yet */
    ki_monitor_asked(&m->ask, false);
}

void
ki_monitor_undo_birth(struct ki_proc *p, struct ki_monitor *m)
{
    unwatch(p, m);
}

/* ---- the calls ---- */

struct ki_monitor *
ki_monitor_own(struct ki_proc *p, kith_ref ref)
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
    struct ki_monitor *m = ki_monitor_own(p, ref);

    if (m && m->active)
        kill_target(m);
}

static bool
makes_sense(unsigned flags)
{
    const unsigned alias = flags & (KITH_ALIAS | KITH_ALIAS_DEMONITOR | KITH_ALIAS_ONCE);

    return (flags & ~(alias | KITH_PRIORITY)) == 0 && (alias & (alias - 1)) == 0;
}

/* A ref, as in Erlang, and no monitor: of one's own death nobody tells oneself. It may be an alias. */
static int
watch_oneself(struct ki_proc *p, unsigned flags, kith_ref *ref)
{
    struct ki_monitor *m = ki_alias_new(p);

    if (!m)
        return KITH_ENOMEM;
    m->target_id = ki_proc_id(p);
    m->priority = (flags & KITH_PRIORITY) != 0;
    m->alias = (uint8_t) (flags & ~(unsigned) KITH_PRIORITY);
    *ref = (kith_ref){ki_load_rlx(&m->id)};
    if (!m->alias)
        ki_alias_end(p, m);
    return 0;
}

/* target NULL: it is not there. */
static int
watch(struct ki_proc *p, struct ki_task *target, uint64_t target_id, unsigned flags,
      kith_ref *ref)
{
    struct ki_monitor *m = monitor_new(p, target, target_id);

    if (!m)
        return KITH_ENOMEM;
    m->priority = (flags & KITH_PRIORITY) != 0;
    m->alias = (uint8_t) (flags & ~(unsigned) KITH_PRIORITY);
    *ref = (kith_ref){ki_load_rlx(&m->id)};
    count(p, m);
    ask(p, m);
    ki_proc_charge(p, 1);
    return 0;
}

int
kith_monitor_opt(kith_pid pid, unsigned flags, kith_ref *ref)
{
    struct ki_proc *p, *target;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if (!ref || (pid.id && ki_id_kind(pid.id) != KI_KIND_PID) || !makes_sense(flags))
        return KITH_EINVAL;
    target = ki_proc_find(pid);
    if (target == p)
        return watch_oneself(p, flags, ref);
    return watch(p, target ? ki_proc_task(target) : NULL, pid.id, flags, ref);
}

int
kith_monitor(kith_pid pid, kith_ref *ref)
{
    return kith_monitor_opt(pid, 0, ref);
}

int
kith_socket_monitor(kith_socket h, kith_ref *ref)
{
    struct ki_proc *p;
    struct ki_socket *s;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if (!ref)
        return KITH_EINVAL;
    if (ki_id_kind(h.id) != KI_KIND_SOCKET)
        return KITH_EBADF;
    s = ki_socket_find(h);
    return watch(p, s ? &s->task : NULL, h.id, 0, ref);
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
    m = ki_monitor_own(p, ref);
    active = m && m->active && !m->silent;
    if (active)
        ki_monitor_unask(p, m);
    else if (m && m->target_id == ki_proc_id(p) && m->alias && m->alias != KITH_ALIAS)
        ki_alias_end(p, m); /* watch_oneself's */
    else if (flags & KITH_FLUSH)
        flush(p, ref);
    return (flags & KITH_INFO) && active ? 1 : 0;
}
