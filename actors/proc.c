/* SPDX-License-Identifier: Apache-2.0
 * proc.c -- running, waiting, and what a process does with its mail.
 *
 * Mail is taken by the process itself, at its fetch points: a receive, any call that waits, a
 * yield, a spent budget. Messages go to the inbox, everything else acts at once, from the one
 * table in dispatch(). */
#include "actors/proc.h"

#include <string.h>

#include "actors/alias.h"
#include "actors/handler.h"
#include "actors/limit.h"
#include "actors/msg.h"
#include "actors/op.h"
#include "actors/ref.h"
#include "core/seam.h"

struct ki_runtime ki_runtime;

const struct ki_task_type ki_proc_task_type = {.name = "process", .run = ki_fiber_run};
const struct ki_task_type ki_proc_high_task_type = {.name = "process of high priority",
                                                    .run = ki_fiber_run,
                                                    .wake = ki_sched_ready_high};
static const struct ki_task_type thread_task_type = {.name = "thread",
                                                     .wake = ki_thread_wake};

struct ki_proc *
ki_proc_new(enum ki_body body)
{
    struct ki_proc *p =
        (struct ki_proc *) (void *) ki_slots_get(&ki_runtime.procs,
                                                 ki_slots_here(KI_KIND_PID));

    if (!p)
        return NULL;
    uint64_t id = ki_slots_id(&ki_runtime.procs, &p->slot);
    struct ki_fiber *f = &p->fiber;

    /* release: with the fence in ki_look_at. Who sees a field of the new use sees the old one's
     * death. */
    atomic_thread_fence(memory_order_release);
    /* All but what strangers with stale handles may look at. */
    memset((char *) p + offsetof(struct ki_proc, body), 0,
           sizeof *p - offsetof(struct ki_proc, body));
    ki_store_rlx(&f->task.type, body == KI_BODY_STACK     ? &ki_proc_task_type
                                : body == KI_BODY_HANDLER ? &ki_handler_task_type
                                                          : &thread_task_type);
    f->budget = KI_BUDGET;
    f->stack.low = NULL;
    f->stack.size = 0;
    p->body = (uint8_t) body;
    p->alarm.expire = ki_proc_wait_expired;
    p->last_id = 1; /* no socket's */
    ki_limit_init(p);
    ki_store_rlx(&p->in_tree, false);
    ki_store_rlx(&p->has.links, 0);
    ki_store_rlx(&p->has.monitors, 0);
    ki_store_rlx(&p->has.watchers, 0);
    ki_store_rlx(&p->has.sockets, 0);
    ki_store_rlx(&p->ends_kids, false);
    ki_store_rlx(&p->seen.body, (uint8_t) body);
    ki_store_rlx(&p->seen.fn, NULL);
    ki_store_rlx(&p->seen.site, NULL);
    ki_store_rlx(&p->seen.parent, 0);
    ki_store_rlx(&p->seen.stack, 0);
    ki_store_rlx(&p->seen.trap_exit, false);
    for (size_t i = 0; i < ki_countof(p->seen.label); i++)
        ki_store_rlx(&p->seen.label[i], 0);
    ki_store_rlx(&p->waits_for, NULL);
    ki_store_rlx(&f->spent, 0);
    ki_inbox_init(&p->inbox);
    ki_store_rlx(&f->task.id, id);
    ki_mbox_init(&f->task.mbox, id);
    return p;
}

void
ki_proc_free(struct ki_proc *p)
{
    ki_slots_put(&ki_runtime.procs, ki_slots_here(KI_KIND_PID), &p->slot);
}

/* ---- who runs ---- */

/* A handler: a process with a stack is `current` and was found by ki_enter itself. */
static struct ki_proc *
running_here(struct ki_worker *w)
{
    struct ki_task *t = ki_load_rlx(&w->running); /* relaxed: ours */

    return t && ki_load_rlx(&t->type)->run == ki_handler_task_type.run ? ki_proc_of_task(t)
                                                                       : NULL;
}

static KI_NOINLINE int
enter_from_outside(struct ki_proc **self)
{
    struct ki_proc *p = ki_thread_self();

    if (!p)
        return ki_thread_attach(self);
    if (ki_slow(p->doomed && !p->dying)) {
        ki_thread_killed(p);
        return KITH_EKILLED;
    }
    *self = p;
    return 0;
}

int
ki_enter_slow(struct ki_proc **self)
{
    struct ki_worker *w = ki_worker_self();
    int state =
        ki_load_rlx(&ki_runtime.state); /* relaxed: a stop is no barrier for callers */

    if (w) {
        *self = running_here(w);
        return *self ? 0 : KITH_ENOTRUNNING;
    }
    switch (state) {
    case KI_STATE_RUNNING:
        return enter_from_outside(self);
    case KI_STATE_FORKED:
        return KITH_EFORKED;
    case KI_STATE_STOPPED:
        return KITH_ESTOPPED;
    default:
        return KITH_ENOTRUNNING;
    }
}

int
ki_enter_waiting_slow(struct ki_proc **self)
{
    int rc = ki_enter_slow(self);

    return rc == 0 && (*self)->body == KI_BODY_HANDLER ? KITH_EHANDLER : rc;
}

kith_pid
kith_self(void)
{
    struct ki_proc *p;

    return (kith_pid){ki_enter(&p) == 0 ? ki_proc_id(p) : 0};
}

/* ---- mail ---- */

static void
given(struct ki_proc *p, struct ki_node *n)
{
    struct ki_msg *m = ki_msg_of_node(n);
    const kith_socket *s = m->pub.data;

    ki_proc_own(p, (struct ki_socket *) (void *) ki_slots_at(&ki_runtime.sockets,
                                                             ki_id_index(s->id)));
    if (n->kind == KI_N_OWN) {
        ki_msg_free(m);
        return;
    }
    n->kind = KI_N_MSG;
    ki_inbox_add(&p->inbox, n);
}

/* A node for somebody who had this record before: its sender is answered as by the dead. */
static void
stranger(struct ki_proc *p, struct ki_node *n)
{
    switch (n->kind) {
    case KI_N_MSG:
    case KI_N_REF:
    case KI_N_ALIAS:
        ki_limit_give(p, ki_msg_of_node(n)); /* limit.h: whosever share it took */
        ki_msg_free(ki_msg_of_node(n));
        break;
    case KI_N_EXIT:
    case KI_N_DOWN: /* the dead had asked for it, and would have dropped it */
    case KI_N_LINK_EXIT:
        ki_msg_free(ki_msg_of_node(n));
        break;
    case KI_N_LINK:
        ki_link_refused(n);
        break;
    case KI_N_MONITOR:
        ki_monitor_refused(n);
        break;
    case KI_N_SENDER:
        ki_sender_came(NULL, n);
        break;
    case KI_N_NO_SENDER:
        ki_sender_left(NULL, n);
        break;
    /* The dead has told; who unlinks or demonitors had not taken that yet. Its end is inactive and
     * in no list of p's: only the count goes. */
    case KI_N_UNLINK:
        ki_link_unasked(n);
        break;
    case KI_N_DEMONITOR:
        ki_monitor_unasked(n);
        break;
    case KI_N_ORPHAN:
        ki_monitor_orphaned(NULL, n);
        break;
    default:
        /* Everything else is sent by those who hold the receiver's record in use. */
        KI_CHECK(!"a node for a stranger");
    }
}

static void
dispatch(struct ki_proc *p, struct ki_node *n)
{
    if (ki_slow(n->to != ki_proc_id(p))) {
        stranger(p, n);
        return;
    }
    switch ((enum ki_node_kind) n->kind) {
    case KI_N_MSG:
        /* Dying, or ki_proc_dispatch would have had it: exit.c says who gets it. */
        if (!p->in_defers)
            ki_limit_drop(p, ki_msg_of_node(n));
        else
            ki_inbox_add(&p->inbox, n);
        break;
    case KI_N_REF:
        if (p->dying && !p->in_defers)
            ki_limit_drop(p, ki_msg_of_node(n));
        else
            ki_ref_arrived(p, n);
        break;
    case KI_N_ALIAS:
        ki_alias_received(p, n);
        break;
    case KI_N_SENDER:
        ki_sender_came(p, n);
        break;
    case KI_N_NO_SENDER:
        ki_sender_left(p, n);
        break;
    case KI_N_GIVE:
    case KI_N_OWN:
        given(p, n);
        break;
    case KI_N_DONE:
        ki_op_arrived(p, n);
        break;
    case KI_N_TIMER:
        p->timed_out = true;
        p->timer_armed = false;
        break;
    case KI_N_EXIT:
        ki_exit_signal_received(p, n);
        break;
    case KI_N_LINK:
        ki_link_asked(n, p->signalled);
        break;
    case KI_N_UNLINK:
        ki_link_unasked(n);
        break;
    case KI_N_LINK_EXIT:
        ki_link_exit_received(p, n);
        break;
    case KI_N_MONITOR:
        ki_monitor_asked(n, p->signalled);
        break;
    case KI_N_DEMONITOR:
        ki_monitor_unasked(n);
        break;
    case KI_N_DOWN:
        ki_monitor_down(p, n);
        break;
    case KI_N_ORPHAN:
        ki_monitor_orphaned(p, n);
        break;
    case KI_N_GONE:
        ki_socket_gone(p, n);
        break;
    case KI_N_JOB:
        n->flags = 1;
        break;
    case KI_N_STOPPED:
        p->doomed = true;
        break;
    default:
        KI_CHECK(!"a process got a node of unknown kind");
    }
}

void
ki_proc_dispatch(struct ki_proc *p, struct ki_node *n)
{
    while (n) {
        struct ki_node *next = n->next;

        if (ki_fast(n->kind == KI_N_MSG) && ki_fast(n->to == ki_proc_id(p)) &&
            ki_fast(!p->dying))
            ki_inbox_add(&p->inbox, n);
        else
            dispatch(p, n);
        n = next;
    }
}

bool
ki_proc_take(struct ki_proc *p)
{
    struct ki_node *n = ki_mbox_take(&p->fiber.task.mbox);

    if (!n)
        return false;
    ki_proc_dispatch(p, n);
    return true;
}

/* ---- waiting ---- */

void
ki_proc_wait_expired(struct ki_alarm *a, struct ki_wakes *wakes)
{
    struct ki_proc *p = ki_container_of(a, struct ki_proc, alarm);
    enum ki_push r;

    p->timer_node.kind = KI_N_TIMER;
    p->timer_node.to = ki_proc_id(p);
    r = ki_mbox_push(&p->fiber.task.mbox, &p->timer_node, 0);
    KI_CHECK(r != KI_PUSH_REFUSED); /* a process cancels its alarm before it dies */
    if (r == KI_PUSH_SCHEDULE)
        ki_wakes_add(wakes, ki_proc_task(p));
}

int
ki_proc_die_if_doomed(struct ki_proc *p)
{
    if (ki_fast(!p->doomed) || p->hold_exit)
        return 0;
    if (p->dying)
        return KITH_EKILLED;
    if (p->body == KI_BODY_STACK)
        ki_exit_here(p);
    if (p->body != KI_BODY_THREAD)
        return 0;
    return ki_load_rlx(&ki_runtime.state) == KI_STATE_RUNNING ? KITH_EKILLED
                                                              : KITH_ESTOPPED;
}

static void
park(struct ki_proc *p, uint64_t deadline_ns)
{
    if (p->body == KI_BODY_THREAD) {
        ki_thread_park(p, deadline_ns);
        return;
    }
    KI_ASSERT(p->body == KI_BODY_STACK);
    if (deadline_ns != UINT64_MAX && !p->timer_armed) {
        p->timer_armed = true;
        ki_timers_arm(&p->alarm, deadline_ns);
    }
    ki_fiber_park(&p->fiber);
}

void
ki_proc_park_for_sure(struct ki_proc *p)
{
    if (p->body == KI_BODY_THREAD)
        ki_thread_park(p, UINT64_MAX);
    else
        ki_fiber_park(&p->fiber);
}

/* Mail was taken. A thread that shall wait no more looks first at what came before that word. */
static int
taken(struct ki_proc *p)
{
    return p->body == KI_BODY_THREAD ? 0 : ki_proc_die_if_doomed(p);
}

static uint64_t
within_budget(const struct ki_proc *p, uint64_t deadline_ns)
{
    return p->in_defers && deadline_ns > p->defer_deadline_ns ? p->defer_deadline_ns
                                                              : deadline_ns;
}

bool
ki_proc_is_late(const struct ki_proc *p, uint64_t deadline_ns)
{
    deadline_ns = within_budget(p, deadline_ns);
    return deadline_ns == 0 || (deadline_ns != UINT64_MAX && ki_now_ns() >= deadline_ns);
}

/* 0, or why p waits no longer. */
static int
wait_is_over(struct ki_proc *p, uint64_t deadline_ns)
{
    int rc = ki_proc_die_if_doomed(p);

    return rc == 0 && ki_proc_is_late(p, deadline_ns) ? KITH_ETIMEOUT : rc;
}

int
ki_proc_wait(struct ki_proc *p, uint64_t deadline_ns, const char *what)
{
    int rc;

    /* All that was taken was looked at, in vain. Under a flood of other mail there is always more
     * to take: the time counts too. */
    if (p->has_taken && (rc = wait_is_over(p, deadline_ns)) < 0)
        return rc;
    if (ki_proc_take(p)) {
        p->has_taken = true;
        return taken(p);
    }
    if (ki_slow(p->doomed) && (rc = ki_proc_die_if_doomed(p)) < 0)
        return rc;
    deadline_ns = within_budget(p, deadline_ns);
    if (p->timed_out || deadline_ns == 0)
        return KITH_ETIMEOUT;
    /* For the others the timer looks. */
    if (p->body == KI_BODY_THREAD && ki_proc_is_late(p, deadline_ns))
        return KITH_ETIMEOUT;
    ki_store_rlx(&p->waits_for, what); /* relaxed: others only report it */
    park(p, deadline_ns);
    ki_store_rlx(&p->waits_for, NULL);
    p->has_taken = true;
    return ki_proc_take(p) ? taken(p) : ki_proc_die_if_doomed(p);
}

void
ki_proc_wait_end(struct ki_proc *p)
{
    /* false from cancel: the TIMER node is in the mailbox (timers.h I1). */
    if (p->timer_armed && !ki_timers_cancel(&p->alarm))
        while (p->timer_armed)
            if (!ki_proc_take(p))
                KI_CHECK(!"an expired timer left no node");
    p->timer_armed = false;
    p->timed_out = false;
    p->has_taken = false;
}

void
ki_proc_spent(struct ki_proc *p)
{
    ki_fiber_refill(&p->fiber);
    if (p->body != KI_BODY_STACK || p->hold_exit)
        return;
    ki_proc_take(p);
    (void) ki_proc_die_if_doomed(p);
    ki_fiber_yield(&p->fiber);
}

void
kith_yield(void)
{
    struct ki_proc *p;

    if (ki_enter(&p) < 0)
        return;
    if (p->body == KI_BODY_STACK)
        ki_proc_spent(p);
}

/* ---- priority ---- */

void
ki_proc_set_high(struct ki_proc *p, bool high)
{
    const struct ki_task_type *type;

    if (p->body == KI_BODY_STACK)
        type = high ? &ki_proc_high_task_type : &ki_proc_task_type;
    else
        type = high ? &ki_handler_high_task_type : &ki_handler_task_type;
    /* relaxed: whoever makes it ready has got it by a push after we settled. */
    ki_store_rlx(&p->fiber.task.type, type);
}

bool
ki_proc_is_high(struct ki_proc *p)
{
    return ki_load_rlx(&p->fiber.task.type)->wake == ki_sched_ready_high;
}

int
kith_flag_priority(int priority)
{
    struct ki_proc *p;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if (priority != KITH_PRIORITY_NORMAL && priority != KITH_PRIORITY_HIGH)
        return KITH_EINVAL;
    if (p->body == KI_BODY_THREAD) /* the system's to schedule */
        return priority == KITH_PRIORITY_NORMAL ? KITH_PRIORITY_NORMAL : KITH_EOPNOTSUPP;
    rc = ki_proc_is_high(p) ? KITH_PRIORITY_HIGH : KITH_PRIORITY_NORMAL;
    ki_proc_set_high(p, priority == KITH_PRIORITY_HIGH);
    return rc;
}

/* ---- sockets of one's own ---- */

void
ki_proc_own(struct ki_proc *p, struct ki_socket *s)
{
    s->down_sent = false;
    ki_store_rlx(&s->in_list_of, p); /* relaxed: compared with oneself only */
    s->own_prev = NULL;
    s->own_next = p->sockets;
    if (p->sockets)
        p->sockets->own_prev = s;
    p->sockets = s;
    ki_count(&p->has.sockets, 1);
}

void
ki_proc_disown(struct ki_proc *p, struct ki_socket *s)
{
    if (s->own_prev)
        s->own_prev->own_next = s->own_next;
    else
        p->sockets = s->own_next;
    if (s->own_next)
        s->own_next->own_prev = s->own_prev;
    s->own_next = s->own_prev = NULL;
    ki_count(&p->has.sockets, (uint32_t) -1);
    ki_store_rlx(&s->in_list_of, NULL);
}

bool
ki_proc_owns(struct ki_proc *p, struct ki_socket *s)
{
    return ki_load_rlx(&s->in_list_of) == p;
}
