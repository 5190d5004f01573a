/* SPDX-License-Identifier: Apache-2.0
 * timer.c -- messages at a later time, and sleeping.
 *
 * A timer's record is the wheel's until it expires or is cancelled. Then the same memory becomes
 * the message, so expiry allocates nothing, and goes with that.
 *
 *   I1  Index and generation stay while the record is in use, and so does the word by which
 *       timers.h knows whether it is armed: a cancel with a stale ref looks at these alone.
 *   I2  While the message lies in a process's inbox, and only then, `more` is the process's mark.
 *       It alone writes and takes away that, so one that finds its own owns the record. */
#include <string.h>

#include "actors/msg.h"
#include "actors/name.h"
#include "actors/proc.h"
#include "actors/ref.h"
#include "core/seam.h"

#define MOST_MS \
    (INT64_MAX / 1000000 / 2) /* as in ki_deadline_ns: what is longer is for ever */

/* The bytes of a timer's message, and behind them the name of its receiver, if it goes to one. */
struct body {
    size_t len, name_len;
    KI_ALIGNED(16) char bytes[];
};

/* What a timer is for, until it expires. */
enum { TO, FROM, TAG };

/* Small: a million of them are common, and memory is what they cost. Behind the name it is what the
 * wheel needs, until it expires; then the message, from the alarm on. bound.more: while it is armed
 * the body's address, or 0; when it was received I2. */
struct timer {
    union {
        struct ki_slot slot; /* free_next while it is free */
        struct {
            uint32_t index, generation; /* I1: as in ki_slot */
            union {
                struct ki_bound bound;
                struct {
#if UINTPTR_MAX > UINT32_MAX
                    void *unused; /* for I1 */
#endif
                    struct ki_msg msg;
                };
            };
        };
    };
};

_Static_assert(offsetof(struct timer, bound) == offsetof(struct ki_slot, free_next),
               "what is in use lies behind the name of the slot");
_Static_assert(offsetof(struct timer, bound.alarm.timer.base) ==
                       offsetof(struct timer, msg.node.aux) &&
                   offsetof(struct timer, bound.alarm.timer.deadline) ==
                       offsetof(struct timer, msg.node.aux) + sizeof(uint32_t),
               "I1: what says whether it is armed stays when the timer becomes a message");
_Static_assert(offsetof(struct timer, bound.more) >=
                   offsetof(struct timer, msg) + sizeof(struct ki_msg),
               "I2: it is apart from the message");
_Static_assert(sizeof(struct timer) <= 96, "a million of them are 96 MB");

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
        ki_slab_free(ki_slab_here(), body, sizeof *body + body->len + body->name_len);
    ki_slots_put(&ki_runtime.timers, ki_slots_here(KI_KIND_TIMER), &t->slot);
}

void
ki_timer_free_msg(struct ki_msg *m)
{
    char *data = m->pub.data;

    free_record(ki_container_of(m, struct timer, msg),
                data == no_body ? NULL : ki_container_of(data, struct body, bytes));
}

/* Of one that is not a message yet. relaxed, as is all that is done to `more`: by who owns the
 * record, but for the look of ki_timer_in_inbox. */
static struct body *
body_of(struct timer *t)
{
    return (struct body *) ki_load_rlx(&t->bound.more);
}

/* The timer's record as its message. All but node.aux is written: I1. */
static struct ki_msg *
become_message(struct timer *t)
{
    const uint64_t to = t->bound.word[TO], from = t->bound.word[FROM],
                   tag = t->bound.word[TAG];
    struct body *body = body_of(t);
    struct ki_msg *m = &t->msg;

    m->node.to = to;
    m->node.kind = KI_N_REF;
    m->node.flags = KI_MSG_OF_TIMER;
    m->pub = (kith_msg){.from = {from},
                        .tag = tag,
                        .ref = {ki_slots_id(&ki_runtime.timers, &t->slot)},
                        .data = body ? body->bytes : no_body,
                        .len = body ? body->len : 0};
    return m;
}

/* ---- as a message in an inbox ---- */

/* No body has an odd address. */
static uintptr_t
mark_of(const struct ki_proc *p)
{
    return (uintptr_t) p + 1;
}

bool
ki_timer_received(struct ki_proc *p, struct ki_msg *m)
{
    struct timer *t = ki_container_of(m, struct timer, msg);

    if (ki_slow(m->pub.ref.id != ki_slots_id(&ki_runtime.timers, &t->slot)))
        return false;
    ki_store_rlx(&t->bound.more, mark_of(p));
    return true;
}

void
ki_timer_taken(struct ki_msg *m)
{
    ki_store_rlx(&ki_container_of(m, struct timer, msg)->bound.more, 0);
}

struct ki_msg *
ki_timer_in_inbox(struct ki_proc *p, uint64_t ref)
{
    struct timer *t =
        (struct timer *) (void *) ki_slots_at(&ki_runtime.timers, ki_id_index(ref));

    /* I2: or it is not looked at. */
    return t && ki_load_rlx(&t->bound.more) == mark_of(p) &&
                   t->generation == ki_id_generation(ref)
               ? &t->msg
               : NULL;
}

/* ---- expiry ---- */

/* These two under the wheel's lock. */
static void
expire(struct ki_alarm *a, struct ki_wakes *wakes)
{
    struct timer *t = ki_container_of(a, struct timer, bound.alarm);

    ki_bound_leave(&t->bound);
    struct ki_msg *m = become_message(t);
    struct ki_task *to = ki_proc_task(ki_proc_at((kith_pid){m->node.to}));
    enum ki_push r = ki_mbox_push(&to->mbox, &m->node, KI_MBOX_DEAD | KI_MBOX_EXITING);

    if (r == KI_PUSH_SCHEDULE)
        ki_wakes_add(wakes, to);
    else if (r == KI_PUSH_REFUSED)
        ki_timer_free_msg(m);
}

static void
expire_named(struct ki_alarm *a, struct ki_wakes *wakes)
{
    struct timer *t = ki_container_of(a, struct timer, bound.alarm);
    struct body *body = body_of(t);

    t->bound.word[TO] = ki_name_find(body->bytes + body->len, body->name_len).id;
    if (t->bound.word[TO])
        expire(a, wakes);
    else
        free_record(t, body);
}

void
ki_timer_drop_all(struct ki_proc *p)
{
    struct ki_bound *a = ki_timers_end_owned(&p->timers);

    while (a) {
        struct timer *t = ki_container_of(a, struct timer, bound);

        a = a->next;
        free_record(t, body_of(t));
    }
}

/* A copy of the data and the name, where there are any. NULL: no memory. */
static struct body *
body_new(kith_iov data, const char *name, size_t name_len)
{
    struct body *body;

    if (data.len > PTRDIFF_MAX - sizeof *body - name_len)
        return NULL;
    body = ki_slab_alloc(ki_slab_here(), sizeof *body + data.len + name_len);
    if (!body)
        return NULL;
    body->len = data.len;
    body->name_len = name_len;
    if (data.len)
        memcpy(body->bytes, data.base, data.len);
    if (name_len)
        memcpy(body->bytes + data.len, name, name_len);
    return body;
}

static inline struct timer *
timer_new(uint64_t from, uint64_t tag, kith_iov data, const char *name, size_t name_len)
{
    struct timer *t = (struct timer *) (void *) ki_slots_get(&ki_runtime.timers,
                                                             ki_slots_here(KI_KIND_TIMER));
    struct body *body = NULL;

    if (ki_slow(!t))
        return NULL;
    if (ki_slow(data.len || name_len) && !(body = body_new(data, name, name_len))) {
        free_record(t, NULL);
        return NULL;
    }
    t->bound.word[FROM] = from;
    t->bound.word[TAG] = tag;
    ki_store_rlx(&t->bound.more, (uintptr_t) body);
    return t;
}

/* ---- the calls that make one ---- */

/* Moments; 0: a time that no timer can have, as nothing is so early. */
static inline uint64_t
moment_after(kith_ms after)
{
    if (ki_slow(after == KITH_INFINITY || after == KITH_NOWAIT))
        return 0;
    after = after < 0 ? 0 : after > MOST_MS ? MOST_MS : after;
    return ki_soon_here() + (uint64_t) after * KI_TICK_NS;
}

static uint64_t
moment_at(kith_ms deadline)
{
    if (deadline == KITH_INFINITY || deadline == KITH_NOWAIT)
        return 0;
    deadline = deadline < 1 ? 1 : deadline > MOST_MS ? MOST_MS : deadline;
    return (uint64_t) deadline * KI_TICK_NS;
}

static inline int
send_to(struct ki_proc *self, uint64_t moment, kith_pid to, uint64_t tag, kith_iov data,
        kith_ref *timer)
{
    struct ki_proc *p;
    struct timer *t;
    kith_ref ref;
    int rc;

    if (ki_slow(moment == 0 || (!data.base && data.len)))
        return KITH_EINVAL;
    p = ki_proc_find(to);
    if (!p)
        return KITH_ENOPROC;
    t = timer_new(ki_proc_id(self), tag, data, NULL, 0);
    if (!t)
        return KITH_ENOMEM;
    ref.id = ki_slots_id(&ki_runtime.timers, &t->slot); /* soon it may be gone */
    t->bound.alarm.expire = expire;
    t->bound.word[TO] = to.id;
    rc = ki_timers_arm_bound(&t->bound, moment, &p->timers, ki_proc_task(p), to.id);
    if (ki_slow(rc < 0)) {
        free_record(t, body_of(t));
        return rc;
    }
    if (timer)
        *timer = ref;
    ki_proc_charge(self, 1);
    return 0;
}

static int
send_to_name(struct ki_proc *self, uint64_t moment, const char *name, uint64_t tag,
             kith_iov data, kith_ref *timer)
{
    const size_t name_len = ki_name_len(name);
    struct timer *t;

    if (moment == 0 || name_len == 0 || (!data.base && data.len))
        return KITH_EINVAL;
    t = timer_new(ki_proc_id(self), tag, data, name, name_len);
    if (!t)
        return KITH_ENOMEM;
    if (timer)
        timer->id = ki_slots_id(&ki_runtime.timers, &t->slot);
    t->bound.alarm.expire = expire_named;
    t->bound.word[TO] = 0;
    ki_timers_arm(&t->bound.alarm, moment);
    ki_proc_charge(self, 1);
    return 0;
}

/* Who sends, and may he with this tag? */
KI_HOT int
enter(struct ki_proc **self, uint64_t tag)
{
    int rc = ki_enter(self);

    return ki_fast(rc == 0) && ki_slow(tag & KITH_TAG_SYSTEM) ? KITH_EINVAL : rc;
}

int
kith_send_after(kith_ms after, kith_pid to, uint64_t tag, kith_iov data, kith_ref *timer)
{
    struct ki_proc *self;
    int rc = enter(&self, tag);

    if (ki_slow(rc < 0))
        return rc;
    return send_to(self, moment_after(after), to, tag, data, timer);
}

int
kith_send_at(kith_ms deadline, kith_pid to, uint64_t tag, kith_iov data, kith_ref *timer)
{
    struct ki_proc *self;
    int rc = enter(&self, tag);

    if (rc < 0)
        return rc;
    return send_to(self, moment_at(deadline), to, tag, data, timer);
}

int
kith_send_after_name(kith_ms after, const char *name, uint64_t tag, kith_iov data,
                     kith_ref *timer)
{
    struct ki_proc *self;
    int rc = enter(&self, tag);

    if (rc < 0)
        return rc;
    return send_to_name(self, moment_after(after), name, tag, data, timer);
}

int
kith_send_at_name(kith_ms deadline, const char *name, uint64_t tag, kith_iov data,
                  kith_ref *timer)
{
    struct ki_proc *self;
    int rc = enter(&self, tag);

    if (rc < 0)
        return rc;
    return send_to_name(self, moment_at(deadline), name, tag, data, timer);
}

int
kith_start_timer(kith_ms after, kith_pid to, kith_iov data, kith_ref *timer)
{
    struct ki_proc *self;
    int rc = ki_enter(&self);

    return rc < 0 ? rc
                  : send_to(self, moment_after(after), to, KITH_TAG_TIMEOUT, data, timer);
}

int
kith_start_timer_name(kith_ms after, const char *name, kith_iov data, kith_ref *timer)
{
    struct ki_proc *self;
    int rc = ki_enter(&self);

    return rc < 0 ? rc
                  : send_to_name(self, moment_after(after), name, KITH_TAG_TIMEOUT, data,
                                 timer);
}

/* ---- the calls on one ---- */

/* How long it still is until a tick: rounded down, and from where the tick was counted, which
 * was rounded up. */
static KI_NOINLINE kith_ms
left_until(uint64_t tick)
{
    uint64_t now = ki_soon_here(), then = tick * KI_TICK_NS;

    return then > now ? (kith_ms) ((then - now) / KI_TICK_NS) : 0;
}

/* The record that the name may be of; NULL: none. */
static inline struct timer *
timer_at(kith_ref ref)
{
    if (ki_slow(ki_id_kind(ref.id) != KI_KIND_TIMER))
        return NULL;
    return (struct timer *) (void *) ki_slots_at(&ki_runtime.timers, ki_id_index(ref.id));
}

int
kith_cancel_timer(kith_ref ref, kith_ms *left)
{
    struct ki_proc *self;
    struct timer *t;
    int rc = ki_enter(&self);

    if (ki_slow(rc < 0))
        return rc;
    t = timer_at(ref);
    if (!t || !ki_timers_cancel_named(&t->bound, &t->generation, ki_id_generation(ref.id)))
        return KITH_ENOENT;
    if (ki_slow(left != NULL))
        *left = left_until(t->bound.alarm.timer.deadline);
    free_record(t, body_of(t));
    ki_proc_charge(self, 1);
    return 0;
}

int
kith_read_timer(kith_ref ref, kith_ms *left)
{
    struct ki_proc *self;
    struct timer *t;
    uint64_t tick;
    int rc = ki_enter(&self);

    if (rc < 0)
        return rc;
    t = timer_at(ref);
    if (!t ||
        !ki_timers_read_named(&t->bound, &t->generation, ki_id_generation(ref.id), &tick))
        return KITH_ENOENT;
    if (left)
        *left = left_until(tick);
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
