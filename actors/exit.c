/* SPDX-License-Identifier: Apache-2.0
 * exit.c -- death: in which order, and why it cannot fail.
 *
 *   0 CHILDREN   a supervisor's children are killed and waited for
 *   1 STOP_OPS   own operations are stopped; those being executed are waited out
 *   2 (the same) deferred functions run, last first (a handler's terminate); they may call
 *   3 STOP_AGAIN what those started and left is stopped too
 *   4 DRAIN      the mailbox refuses data from here on; messages are freed; names, timers to it
 *                and monitors of ours go
 *   5 CLOSE      owned sockets are told; each answers GONE when it is closed
 *   6 END        mail is taken until the mailbox is empty and DEAD: from here on every call finds
 *                nobody
 *   7 TELL       links and monitors hear of it: now a supervisor can bind the port again
 *
 * What if mail arrives during step k? Messages: step 2 can receive what was received before the
 * death, what it takes itself, and what lies untaken in the mailbox; what steps 1 and 3 take
 * while they wait is freed (dispatch in proc.c), all else in 4 (drop_messages). Sockets given:
 * refused from 4 on; one that came before is closed in 5. A monitor or link whose asking was let
 * in before the end of 6 is told in 7; after it the asker is refused and knows. Nothing here
 * allocates.
 *
 * A process with a stack walks the steps on it and parks where it has to wait; a handler's steps
 * are tried again by each run. */
#include <string.h>

#include "actors/alias.h"
#include "actors/handler.h"
#include "actors/limit.h"
#include "actors/link.h"
#include "actors/log.h"
#include "actors/msg.h"
#include "actors/name.h"
#include "actors/op.h"
#include "actors/proc.h"
#include "actors/report.h"
#include "actors/start.h"
#include "core/escape.h"
#include "core/os.h"
#include "core/seam.h"

enum { CHILDREN, CHILDREN_GO, STOP_OPS, STOP_AGAIN, DRAIN, CLOSE, END, TELL, OVER };

enum { DEFER_BUDGET_MS = 5000 };

kith_reason
ki_reason_of_result(int result)
{
    return result == 0 ? kith_reason_of(KITH_NORMAL, 0, NULL)
                       : kith_reason_of(KITH_ERROR, result, NULL);
}

void
ki_exit_begin(struct ki_proc *p, kith_reason why)
{
    p->dying = true;
    /* From here on `doomed` is for the deferred functions: only a kill, or the signal of a stop,
     * ends their waits. A link's exit or a shutdown by another leaves them their budget. */
    p->doomed = p->killed || (p->doomed && ki_load_rlx(&ki_runtime.stopping));
    p->why = why;
    p->exit_stage = CHILDREN;
    ki_report_crash(p);
}

static void
drop_messages(struct ki_proc *p)
{
    while (p->inbox.head)
        ki_msg_free(ki_inbox_take(p, &p->inbox.head));
    ki_receive_drop(p);
}

/* Each owned socket hears of the death once; the list is empty when all have answered. */
static bool
close_sockets(struct ki_proc *p)
{
    for (struct ki_socket *s = p->sockets, *next; s; s = next) {
        next = s->own_next;
        if (s->down_sent)
            continue;
        s->down_sent = true;
        s->down_node.kind = KI_N_OWNER_DOWN;
        s->down_node.to = ki_load_rlx(&s->task.id);
        /* Refused: it is dead already, and its GONE is on the way. */
        if (!ki_sched_post(&s->task, &s->down_node, KI_MBOX_DEAD))
            continue;
    }
    return p->sockets == NULL;
}

static void
free_chunks(struct ki_proc *p)
{
    while (p->chunks) {
        struct ki_chunk *c = p->chunks;

        p->chunks = c->next;
        ki_slab_free(ki_slab_here(), c, sizeof *c + c->size);
    }
    if (p->arg_len)
        ki_slab_free(ki_slab_here(), p->arg, p->arg_len);
    p->arg_len = 0;
}

bool
ki_exit_step(struct ki_proc *p)
{
    for (;;) {
        switch (p->exit_stage) {
        case CHILDREN:
            /* By the monitors that their births made: whatever the supervisor has noted of them
             * by now, none is forgotten. */
            if (ki_load_rlx(&p->ends_kids))
                ki_monitor_kill_all(p);
            p->exit_stage = CHILDREN_GO;
            break;
        case CHILDREN_GO:
            if (ki_load_rlx(&p->ends_kids) && p->watching)
                return false;
            p->exit_stage = STOP_OPS;
            break;
        case STOP_OPS:
            if (!ki_op_stop_all(p))
                return false;
            ki_exit_run_defers(p);
            p->exit_stage = STOP_AGAIN;
            break;
        case STOP_AGAIN:
            if (!ki_op_stop_all(p))
                return false;
            p->exit_stage = DRAIN;
            break;
        case DRAIN:
            ki_mbox_begin_exit(&p->fiber.task.mbox);
            ki_proc_take(p);
            ki_senders_refuse(p);
            drop_messages(p);
            ki_name_drop(p);
            ki_timer_drop_all(p);
            ki_monitor_drop_all(p);
            p->exit_stage = CLOSE;
            break;
        case CLOSE:
            if (!close_sockets(p))
                return false;
            p->exit_stage = END;
            break;
        case END:
            ki_op_own_free(p);
            free_chunks(p);
            while (!ki_mbox_die(&p->fiber.task.mbox))
                ki_proc_take(p);
            p->exit_stage = TELL;
            break;
        case TELL:
            ki_link_tell_all(&p->links, p->why);
            ki_monitor_tell_all(&p->watched_by, p->why);
            ki_start_died(p);
            p->exit_stage = OVER;
            return true;
        default:
            return true;
        }
    }
}

void
ki_exit_run_defers(struct ki_proc *p)
{
    if (!p->defers && !p->handler)
        return;
    p->in_defers = true;
    p->defer_deadline_ns = ki_now_ns() + DEFER_BUDGET_MS * UINT64_C(1000000);
    ki_handler_terminate(p);
    while (p->defers) {
        struct ki_defer *d = p->defers;
        void (*fn)(void *) = d->fn;
        void *arg = d->arg;

        p->defers = d->next;
        ki_slab_free(ki_slab_here(), d, sizeof *d);
        fn(arg);
    }
    p->in_defers = false;
}

/* The record goes when nobody runs on its stack any more; a stop may be waiting for the last. */
static void
reap(struct ki_fiber *f)
{
    ki_proc_free(ki_proc_of_fiber(f));
    ki_proc_count_down();
}

void
ki_proc_count_down(void)
{
    if (ki_sub_acq_rel(&ki_runtime.n_procs, 1) == 1 && ki_load_seq(&ki_runtime.stopping)) {
        ki_add_seq(&ki_runtime.quiet, 1);
        ki_os_unpark(&ki_runtime.quiet);
    }
}

void
ki_exit_here(struct ki_proc *p)
{
    ki_proc_wait_end(p);
    ki_exit_begin(p, p->why);
    while (!ki_exit_step(p))
        if (!ki_proc_take(p))
            ki_fiber_park(&p->fiber);
    p->fiber.reap = reap;
    ki_fiber_end(&p->fiber);
}

void
kith_exit(kith_reason why)
{
    struct ki_proc *p;
    int rc = ki_enter(&p);

    if (rc == 0 && p->body == KI_BODY_STACK && !p->dying) {
        p->why = why;
        ki_exit_here(p);
    }
    if (rc == 0 && p->body == KI_BODY_THREAD && !p->dying)
        ki_thread_exit(p, why);
    if (rc == KITH_EKILLED ||
        rc == KITH_ESTOPPED) /* a plain thread that is no process now */
        ki_thread_exit(NULL, why);
    if (rc == 0 && p->escape) {
        p->doomed = true;
        p->why = why;
        ki_escape_to(p->escape);
    }
    ki_report_bad_exit(rc == 0 ? p : NULL);
    (void) ki_log_flush();
    ki_abort();
}

/* ---- exit signals ---- */

/* The first that kills is the reason. */
static void
doom(struct ki_proc *p, kith_reason why)
{
    if (!p->doomed && !p->dying)
        p->why = why;
    p->signalled |= !p->dying;
    p->doomed = true;
}

void
ki_exit_killed(struct ki_proc *p)
{
    doom(p, kith_reason_of(KITH_KILLED, 0, NULL));
    p->killed = true; /* however late: it ends the waits of deferred functions */
}

/* One through an alias, or that asks for priority: p decides. false: the alias has ended. */
static bool
admit(struct ki_proc *p, struct ki_msg *m, bool *first)
{
    const bool asked = (m->node.flags & KI_MSG_PRIORITY) != 0;

    if (m->pub.ref.id) {
        if (!ki_alias_takes(p, m->pub.ref, first))
            return false;
    } else {
        *first = ki_link_has_priority(p, m->pub.from);
    }
    *first = *first && asked;
    m->pub.ref.id = 0;
    m->node.flags &= (uint16_t) ~KI_MSG_PRIORITY;
    return true;
}

/* Erlang's table for exit/2: normal from another is dropped, kill cannot be trapped,
 * all else kills or, when trapping, becomes a message. The node is the message. */
void
ki_exit_signal_received(struct ki_proc *p, struct ki_node *n)
{
    struct ki_msg *m = ki_msg_of_node(n);
    const kith_down *d = m->pub.data;
    bool self = d->pid.id == ki_proc_id(p);
    bool first = false;

    if (ki_slow(m->pub.ref.id || (n->flags & KI_MSG_PRIORITY)) && !admit(p, m, &first)) {
        ki_msg_free(m);
        return;
    }
    if (d->why.kind == KITH_KILL) {
        ki_exit_killed(p);
    } else if (p->dying) {
        ;
    } else if (p->trap_exit) {
        n->kind = KI_N_MSG;
        if (ki_slow(first))
            ki_inbox_add_priority(p, n);
        else
            ki_inbox_add(&p->inbox, n);
        return;
    } else if (d->why.kind != KITH_NORMAL || self) {
        doom(p, d->why);
    }
    ki_msg_free(m);
}

static int
post(struct ki_proc *to, kith_pid pid, kith_pid from, kith_ref alias, kith_reason why,
     unsigned flags)
{
    struct ki_msg *m = ki_msg_new(KITH_TAG_EXIT, sizeof(kith_down));

    if (!m)
        return KITH_ENOMEM;
    m->node.kind = KI_N_EXIT;
    m->node.to = pid.id;
    m->node.flags = flags & KITH_PRIORITY ? KI_MSG_PRIORITY : 0;
    m->pub.from = from;
    m->pub.ref = alias;
    *(kith_down *) m->pub.data = (kith_down){.pid = from, .why = why};
    if (!ki_sched_post(ki_proc_task(to), &m->node, KI_MBOX_DEAD)) {
        ki_msg_free(m);
        return KITH_ENOPROC;
    }
    return 0;
}

int
ki_exit_post(struct ki_proc *to, kith_pid pid, kith_pid from, kith_reason why)
{
    return post(to, pid, from, (kith_ref){0}, why, 0);
}

int
ki_exit_signal(struct ki_proc *self, kith_pid pid, kith_ref alias, kith_reason why,
               unsigned flags)
{
    struct ki_proc *to = ki_proc_find(pid);
    int rc =
        to ? post(to, pid, (kith_pid){ki_proc_id(self)}, alias, why, flags) : KITH_ENOPROC;

    if (rc < 0)
        return rc;
    if (to == self && self->body != KI_BODY_HANDLER) {
        ki_proc_take(self);
        return ki_proc_die_if_doomed(self);
    }
    ki_proc_charge(self, 1);
    return 0;
}

int
kith_exit_signal_opt(kith_pid pid, kith_reason why, unsigned flags)
{
    struct ki_proc *self;
    int rc = ki_enter(&self);

    if (rc < 0)
        return rc;
    if (flags & ~(unsigned) KITH_PRIORITY)
        return KITH_EINVAL;
    return ki_exit_signal(self, pid, (kith_ref){0}, why, flags);
}

int
kith_exit_signal(kith_pid pid, kith_reason why)
{
    return kith_exit_signal_opt(pid, why, 0);
}

void
kith_flag_trap_exit(bool on)
{
    struct ki_proc *p;

    if (ki_enter(&p) < 0)
        return;
    ki_proc_take(p); /* signals received so far act by the old flag */
    if (ki_proc_die_if_doomed(p) == 0) {
        p->trap_exit = on;
        ki_store_rlx(&p->seen.trap_exit, on); /* relaxed: for glances */
    }
}

/* ---- what dies with a process ---- */

int
kith_defer(void (*fn)(void *), void *arg)
{
    struct ki_proc *p;
    struct ki_defer *d;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if (!fn)
        return KITH_EINVAL;
    d = ki_slab_alloc(ki_slab_here(), sizeof *d);
    if (!d)
        return KITH_ENOMEM;
    *d = (struct ki_defer){.next = p->defers, .fn = fn, .arg = arg};
    p->defers = d;
    return 0;
}

void *
ki_chunk_alloc(struct ki_proc *p, size_t n)
{
    struct ki_chunk *c;

    if (n > PTRDIFF_MAX - sizeof *c)
        return NULL;
    c = ki_slab_alloc(ki_slab_here(), sizeof *c + n);
    if (!c)
        return NULL;
    c->size = n;
    c->prev = NULL;
    c->next = p->chunks;
    if (p->chunks)
        p->chunks->prev = c;
    p->chunks = c;
    return c + 1;
}

void *
kith_alloc(size_t n)
{
    struct ki_proc *p;

    return ki_enter(&p) < 0 ? NULL : ki_chunk_alloc(p, n);
}

void
kith_free(void *mem)
{
    struct ki_proc *p;

    if (!mem || ki_enter(&p) < 0)
        return;
    struct ki_chunk *c = (struct ki_chunk *) mem - 1;
    if (c->prev)
        c->prev->next = c->next;
    else
        p->chunks = c->next;
    if (c->next)
        c->next->prev = c->prev;
    ki_slab_free(ki_slab_here(), c, sizeof *c + c->size);
}
