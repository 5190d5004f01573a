/* SPDX-License-Identifier: Apache-2.0
 * timer.c -- messages at a later time, and sleeping.
 *
 * A timer's record carries its message, so expiry allocates nothing. It is the wheel's until it
 * expires or is cancelled; then it is the message, and goes with that.
 *
 *   I1  `id` is the ref while the timer is armed, and 0 else; it changes under the lock of the
 *       wheel, so that of an expiry and all cancels exactly one wins. */
#include <string.h>

#include "actors/msg.h"
#include "actors/proc.h"
#include "core/seam.h"

#define MOST_MS \
    (INT64_MAX / 1000000 / 2) /* as in ki_deadline_ns: what is longer is for ever */

/* Two cache lines: a million of them are common, and each page of them is a fault. */
struct timer {
    struct ki_slot slot;
    _Atomic(uint64_t) id; /* I1 */
    struct ki_alarm alarm;
    struct ki_msg msg; /* msg.node.to: whose */
};

size_t
ki_timer_record_size(void)
{
    return sizeof(struct timer);
}

void
ki_timer_free_msg(struct ki_msg *m)
{
    struct timer *t = ki_container_of(m, struct timer, msg);

    if (m->pub.len)
        ki_slab_free(ki_slab_here(), m->pub.data, m->pub.len);
    ki_slots_put(&ki_runtime.timers, ki_slots_here(KI_KIND_TIMER), &t->slot);
}

/* Under the wheel's lock. */
static void
expire(struct ki_alarm *a, struct ki_wakes *wakes)
{
    struct timer *t = ki_container_of(a, struct timer, alarm);
    enum ki_push r;

    struct ki_task *to = ki_proc_task(ki_proc_at((kith_pid){t->msg.node.to}));

    ki_store_rlx(&t->id, 0); /* I1 */
    r = ki_mbox_push(&to->mbox, &t->msg.node, KI_MBOX_DEAD | KI_MBOX_EXITING);
    if (r == KI_PUSH_SCHEDULE)
        ki_wakes_add(wakes, to);
    else if (r == KI_PUSH_REFUSED)
        ki_timer_free_msg(&t->msg);
}

static struct timer *
timer_new(uint64_t tag, kith_iov data)
{
    struct timer *t = (struct timer *) (void *) ki_slots_get(&ki_runtime.timers,
                                                             ki_slots_here(KI_KIND_TIMER));
    void *bytes;

    if (!t)
        return NULL;
    bytes = data.len ? ki_slab_alloc(ki_slab_here(), data.len) : t + 1;
    if (!bytes) {
        ki_slots_put(&ki_runtime.timers, ki_slots_here(KI_KIND_TIMER), &t->slot);
        return NULL;
    }
    if (data.len)
        memcpy(bytes, data.base, data.len);
    t->alarm.expire = expire;
    t->msg.node = (struct ki_node){.kind = KI_N_MSG, .flags = KI_MSG_OF_TIMER};
    t->msg.pub = (kith_msg){.tag = tag, .data = bytes, .len = data.len};
    return t;
}

int
kith_send_after(kith_ms after, kith_pid to, uint64_t tag, kith_iov data, kith_ref *timer)
{
    struct ki_proc *self, *p;
    struct timer *t;
    int rc = ki_enter(&self);

    if (ki_slow(rc < 0))
        return rc;
    if ((tag & KITH_TAG_SYSTEM) || (!data.base && data.len) || after == KITH_INFINITY ||
        after == KITH_NOWAIT)
        return KITH_EINVAL;
    after = after < 0 ? 0 : after > MOST_MS ? MOST_MS : after;
    p = ki_proc_find(to);
    /* A look: one that dies after it gets nothing. acquire: with its death, as a refused push. */
    if (!p || (ki_load_acq(&ki_proc_task(p)->mbox) & (KI_MBOX_EXITING | KI_MBOX_DEAD)))
        return KITH_ENOPROC;
    t = timer_new(tag, data);
    if (!t)
        return KITH_ENOMEM;
    uint64_t id = ki_slots_id(&ki_runtime.timers, &t->slot);

    t->msg.node.to = to.id;
    t->msg.pub.from.id = ki_proc_id(self);
    t->msg.pub.ref.id = id;
    ki_store_rlx(&t->id, id); /* relaxed: compared under the lock that arm takes */
    if (timer)
        timer->id = id;
    ki_timers_arm(&t->alarm, ki_soon_here() + (uint64_t) after * KI_TICK_NS);
    ki_proc_charge(self, 1);
    return 0;
}

int
kith_cancel_timer(kith_ref ref, kith_ms *left)
{
    struct ki_proc *self;
    struct timer *t;
    int rc = ki_enter(&self);

    if (ki_slow(rc < 0))
        return rc;
    if (ki_id_kind(ref.id) != KI_KIND_TIMER)
        return KITH_ENOENT;
    t = (struct timer *) (void *) ki_slots_at(&ki_runtime.timers, ki_id_index(ref.id));
    if (!t || !ki_timers_cancel_id(&t->alarm, &t->id, ref.id))
        return KITH_ENOENT;
    if (left) {
        /* Down, and from where the deadline was counted: that was rounded up. */
        uint64_t now = ki_soon_here(), then = t->alarm.timer.deadline * KI_TICK_NS;

        *left = then > now ? (kith_ms) ((then - now) / KI_TICK_NS) : 0;
    }
    ki_timer_free_msg(&t->msg);
    ki_proc_charge(self, 1);
    return 0;
}

int
kith_sleep(kith_ms ms)
{
    struct ki_proc *p;
    uint64_t deadline;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    deadline = ki_deadline_ns(ms);
    while ((rc = ki_proc_wait(p, deadline, "sleep")) == 0)
        ;
    ki_proc_wait_end(p);
    return rc == KITH_ETIMEOUT ? 0 : ki_proc_wait_failed(p, rc);
}

kith_ms
kith_deadline(kith_ms timeout)
{
    uint64_t now;

    if (timeout == KITH_INFINITY || timeout == KITH_NOWAIT)
        return timeout;
    now = ki_now_ns() / 1000000;
    return timeout <= 0                              ? (kith_ms) now
           : timeout > KITH_INFINITY - (kith_ms) now ? KITH_INFINITY
                                                     : (kith_ms) now + timeout;
}

kith_ms
kith_left(kith_ms deadline)
{
    kith_ms now;

    if (deadline == KITH_INFINITY || deadline == KITH_NOWAIT)
        return deadline;
    now = (kith_ms) (ki_now_ns() / 1000000);
    return deadline > now ? deadline - now : 0;
}
