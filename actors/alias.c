/* SPDX-License-Identifier: Apache-2.0
 * alias.c -- refs as addresses that end: what comes late is dropped at the door.
 *
 * An alias is a monitor's record, with or without the monitor. A sender finds the owner by the
 * record, without a lock, and may come upon any of the record's uses; so it is the receiver who
 * decides, by its own table, at the moment of reception: a message whose ref is no active alias
 * of its own is dropped. What was received before the alias ended stays. */
#include "actors/alias.h"

#include <string.h>

#include "actors/limit.h"
#include "actors/msg.h"
#include "actors/ref.h"

/* Who has the alias; 0: it has ended. A look, the receiver decides. */
static uint64_t
owner_of(kith_ref alias)
{
    struct ki_monitor *m;
    uint64_t owner;

    if (ki_id_kind(alias.id) != KI_KIND_REF)
        return 0;
    m = (struct ki_monitor *) (void *) ki_slots_at(&ki_runtime.monitors,
                                                   ki_id_index(alias.id));
    if (!m || ki_load_acq(&m->id) != alias.id) /* acquire: with record_new, its owner */
        return 0;
    /* acquire: with record_new; if it is a later use's, the id has gone before. */
    owner = ki_load_acq(&m->watcher_id);
    return ki_load_rlx(&m->id) == alias.id ? owner : 0;
}

/* ---- the owner's side ---- */

bool
ki_alias_takes(struct ki_proc *p, kith_ref alias, bool *priority)
{
    struct ki_monitor *m = ki_monitor_own(p, alias);

    if (!m || !m->alias)
        return false;
    *priority = m->priority;
    return true;
}

/* Of an alias for one message that was the one: alias and monitor end. */
static void
use_up(struct ki_proc *p, struct ki_monitor *m)
{
    if (m->alias != KITH_ALIAS_ONCE)
        return;
    if (m->active)
        ki_monitor_unask(p, m);
    else
        ki_alias_end(p, m);
}

void
ki_alias_received(struct ki_proc *p, struct ki_node *n)
{
    struct ki_msg *msg = ki_msg_of_node(n);
    struct ki_monitor *m = ki_monitor_own(p, msg->pub.ref);
    const bool first = (n->flags & KI_MSG_PRIORITY) != 0 && m && m->priority;

    n->flags &= (uint16_t) ~KI_MSG_PRIORITY;
    if (p->dying && !p->in_defers) { /* as a message that was sent by pid */
        ki_limit_drop(p, msg);
        return;
    }
    if (!m || !m->alias) {
        ki_limit_give(p, msg);
        ki_msg_free(msg);
        return;
    }
    ki_ref_received(p, m, msg, first);
    use_up(p, m);
}

/* ---- the calls ---- */

int
kith_alias(unsigned flags, kith_ref *alias)
{
    const unsigned kind = flags & ~(unsigned) KITH_PRIORITY;
    struct ki_proc *p;
    struct ki_monitor *m;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if (!alias || (kind && kind != KITH_ALIAS && kind != KITH_ALIAS_ONCE))
        return KITH_EINVAL;
    m = ki_alias_new(p);
    if (!m)
        return KITH_ENOMEM;
    m->alias = kind ? (uint8_t) kind : KITH_ALIAS;
    m->priority = (flags & KITH_PRIORITY) != 0;
    *alias = (kith_ref){ki_load_rlx(&m->id)};
    ki_proc_charge(p, 1);
    return 0;
}

int
kith_unalias(kith_ref alias)
{
    struct ki_proc *p;
    struct ki_monitor *m;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    m = ki_monitor_own(p, alias);
    if (!m || !m->alias)
        return KITH_ENOENT;
    ki_alias_end(p, m);
    return 0;
}

int
kith_send_alias(kith_ref alias, uint64_t tag, const void *data, size_t len, unsigned flags)
{
    struct ki_proc *self;
    struct ki_msg *m;
    int rc = ki_enter(&self);

    if (rc < 0)
        return rc;
    if ((tag & KITH_TAG_SYSTEM) || (len && !data) || (flags & ~(unsigned) KITH_PRIORITY))
        return KITH_EINVAL;
    m = ki_ref_msg_new(tag, len, alias.id);
    if (!m)
        return KITH_ENOMEM;
    m->node.kind = KI_N_ALIAS;
    m->node.flags = flags ? KI_MSG_PRIORITY : 0;
    if (len)
        memcpy(m->pub.data, data, len);
    return ki_msg_send(self, (kith_pid){owner_of(alias)}, m);
}

int
kith_exit_signal_alias(kith_ref alias, kith_reason why, unsigned flags)
{
    struct ki_proc *self;
    int rc = ki_enter(&self);

    if (rc < 0)
        return rc;
    if (flags & ~(unsigned) KITH_PRIORITY)
        return KITH_EINVAL;
    return ki_exit_signal(self, (kith_pid){owner_of(alias)}, alias, why, flags);
}
