/* SPDX-License-Identifier: Apache-2.0
 * timer.c -- messages at a later time, and sleeping.
 *
 * A timer's record is the wheel's until it expires or is cancelled. Then the same memory becomes
 * the message, so expiry allocates nothing, and goes with that.
 *
 *   I1  Index and generation stay while the record is in use, and so does the word by which
 *       timers.h knows whether it is armed: a cancel with a stale ref looks at these alone. */
#include <string.h>

#include "actors/msg.h"
#include "actors/proc.h"
#include "core/seam.h"

#define MOST_MS \
    (INT64_MAX / 1000000 / 2) /* as in ki_deadline_ns: what is longer is for ever */

/* The bytes of a timer's message. */
struct body {
    size_t len;
    KI_ALIGNED(16) char bytes[];
};

/* What a timer is until it expires: what the wheel needs, and what the message does not know
 * without it. */
struct armed {
    struct ki_alarm alarm;
    uint64_t to, from;
    uint64_t tag;
    struct body *body; /* NULL: none */
};

/* Small: a million of them are common, and memory is what they cost. */
struct timer {
    union {
        struct ki_slot slot; /* free_next while it is free */
        struct {
            uint32_t index, generation; /* I1: as in ki_slot */
            union {
                struct armed armed;
                struct ki_msg msg;
            } u;
        };
    };
};

_Static_assert(offsetof(struct timer, u) == offsetof(struct ki_slot, free_next),
               "what is in use lies behind the name of the slot");
_Static_assert(offsetof(struct armed, alarm.timer.base) ==
                       offsetof(struct ki_msg, node.aux) &&
                   offsetof(struct armed, alarm.timer.deadline) ==
                       offsetof(struct ki_msg, node.aux) + sizeof(uint32_t),
               "I1: what says whether it is armed stays when the timer becomes a message");
_Static_assert(sizeof(struct timer) == 80, "a million of them are 80 MB");

static char no_body[1] KI_ALIGNED(16);

size_t
ki_timer_record_size(void)
{
    return sizeof(struct timer);
}

KI_HOT void
free_record(struct timer *t, struct body *body)
{
    if (ki_slow(body))
        ki_slab_free(ki_slab_here(), body, sizeof *body + body->len);
    ki_slots_put(&ki_runtime.timers, ki_slots_here(KI_KIND_TIMER), &t->slot);
}

void
ki_timer_free_msg(struct ki_msg *m)
{
    char *data = m->pub.data;

    free_record(ki_container_of(m, struct timer, u.msg),
                data == no_body ? NULL : ki_container_of(data, struct body, bytes));
}

/* The timer's record as its message. All but node.aux is written: I1. */
static struct ki_msg *
become_message(struct timer *t)
{
    const struct armed was = t->u.armed;
    struct ki_msg *m = &t->u.msg;

    m->node.to = was.to;
    m->node.kind = KI_N_MSG;
    m->node.flags = KI_MSG_OF_TIMER;
    m->pub = (kith_msg){.from = {was.from},
                        .tag = was.tag,
                        .ref = {ki_slots_id(&ki_runtime.timers, &t->slot)},
                        .data = was.body ? was.body->bytes : no_body,
                        .len = was.body ? was.body->len : 0};
    return m;
}

/* Under the wheel's lock. */
static void
expire(struct ki_alarm *a, struct ki_wakes *wakes)
{
    struct ki_msg *m = become_message(ki_container_of(a, struct timer, u.armed.alarm));
    struct ki_task *to = ki_proc_task(ki_proc_at((kith_pid){m->node.to}));
    enum ki_push r = ki_mbox_push(&to->mbox, &m->node, KI_MBOX_DEAD | KI_MBOX_EXITING);

    if (r == KI_PUSH_SCHEDULE)
        ki_wakes_add(wakes, to);
    else if (r == KI_PUSH_REFUSED)
        ki_timer_free_msg(m);
}

/* A copy of the data. false: no memory. */
static bool
body_new(kith_iov data, struct body **body)
{
    *body = NULL;
    if (ki_fast(data.len == 0))
        return true;
    if (data.len > PTRDIFF_MAX - sizeof **body)
        return false;
    *body = ki_slab_alloc(ki_slab_here(), sizeof **body + data.len);
    if (!*body)
        return false;
    (*body)->len = data.len;
    memcpy((*body)->bytes, data.base, data.len);
    return true;
}

static struct timer *
timer_new(kith_iov data)
{
    struct timer *t = (struct timer *) (void *) ki_slots_get(&ki_runtime.timers,
                                                             ki_slots_here(KI_KIND_TIMER));

    if (ki_fast(t) && ki_slow(!body_new(data, &t->u.armed.body))) {
        free_record(t, NULL);
        return NULL;
    }
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
    t = timer_new(data);
    if (!t)
        return KITH_ENOMEM;
    t->u.armed.alarm.expire = expire;
    t->u.armed.to = to.id;
    t->u.armed.from = ki_proc_id(self);
    t->u.armed.tag = tag;
    if (timer)
        timer->id = ki_slots_id(&ki_runtime.timers, &t->slot);
    ki_timers_arm(&t->u.armed.alarm, ki_soon_here() + (uint64_t) after * KI_TICK_NS);
    ki_proc_charge(self, 1);
    return 0;
}

static KI_NOINLINE kith_ms
left_of(const struct timer *t)
{
    /* Down, and from where the deadline was counted: that was rounded up. */
    uint64_t now = ki_soon_here(), then = t->u.armed.alarm.timer.deadline * KI_TICK_NS;

    return then > now ? (kith_ms) ((then - now) / KI_TICK_NS) : 0;
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
    if (!t || !ki_timers_cancel_named(&t->u.armed.alarm, &t->generation,
                                      ki_id_generation(ref.id)))
        return KITH_ENOENT;
    if (ki_slow(left != NULL))
        *left = left_of(t);
    free_record(t, t->u.armed.body);
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
