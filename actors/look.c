/* SPDX-License-Identifier: Apache-2.0
 * look.c -- glances and looks. */
#include "actors/look.h"

#include <string.h>

#include "core/seam.h"
#include "core/symbol.h"

enum { MAIL = 256 }; /* messages that a look goes through, so that it is short */

static bool
lives(uint64_t id, uint64_t word)
{
    return id != 0 && !(word & KI_MBOX_DEAD) &&
           (word & KI_MBOX_GENERATION) == ki_mbox_generation(id);
}

/* All relaxed: what belongs to the present use is found out by the two looks around. */
static void
read_fields(struct ki_proc *p, struct ki_glance *g)
{
    uint64_t label[KI_LABEL / sizeof(uint64_t)];

    g->body = (enum ki_body) ki_load_rlx(&p->seen.body);
    g->fn = ki_load_rlx(&p->seen.fn);
    g->site = ki_load_rlx(&p->seen.site);
    g->parent = ki_load_rlx(&p->seen.parent);
    g->stack = ki_load_rlx(&p->seen.stack);
    g->trap_exit = ki_load_rlx(&p->seen.trap_exit);
    g->waits_for = ki_load_rlx(&p->waits_for);
    g->reductions = ki_load_rlx(&p->fiber.spent);
    g->mailbox_len = ki_load_rlx(&p->inbox.len);
    g->links = ki_load_rlx(&p->has.links);
    g->monitors = ki_load_rlx(&p->has.monitors);
    g->watchers = ki_load_rlx(&p->has.watchers);
    g->sockets = ki_load_rlx(&p->has.sockets);
    for (size_t i = 0; i < ki_countof(label); i++)
        label[i] = ki_load_rlx(&p->seen.label[i]);
    memcpy(g->label, label, sizeof g->label);
    g->label[KI_LABEL - 1] = '\0';
}

bool
ki_look_at(struct ki_proc *p, struct ki_glance *g)
{
    /* acquire: with ki_mbox_init's release, at the end of a birth. */
    g->word = ki_load_acq(&p->fiber.task.mbox);
    g->id = ki_proc_id(p);
    if (!lives(g->id, g->word))
        return false;
    read_fields(p, g);
    /* The fields before this: who takes the record next changes the id first (ki_proc_new). */
    atomic_thread_fence(memory_order_acquire);
    return ki_proc_id(p) == g->id && lives(g->id, ki_load_rlx(&p->fiber.task.mbox));
}

bool
ki_look_claim(struct ki_task *t, uint64_t id)
{
    if (!ki_mbox_claim(&t->mbox, id))
        return false;
    if (ki_fast(ki_load_rlx(&t->id) == id))
        return true;
    ki_look_let_go(t); /* the 16 bits have lied (DESIGN M1) */
    return false;
}

void
ki_look_let_go(struct ki_task *t)
{
    if (!ki_mbox_settle(&t->mbox)) /* who sent found it owned: it is ours to make it run */
        ki_sched_ready_fifo(t);
}

void
ki_look_closely(struct ki_proc *p, struct ki_details *d)
{
    const struct ki_stack *s = &p->fiber.stack;

    *d = (struct ki_details){.deadline_ns = p->timer_armed ? ki_look_due(&p->alarm) : 0};
    if (p->inbox.head)
        d->oldest_tag = ki_msg_of_node(p->inbox.head)->pub.tag;
    for (struct ki_node *n = p->inbox.head; n && d->mail_seen < MAIL; n = n->next) {
        d->mail_bytes += sizeof(struct ki_msg) + ki_msg_of_node(n)->pub.len;
        d->mail_seen++;
    }
    if (p->body == KI_BODY_STACK && s->low)
        d->stack_used = (size_t) ((char *) s->low + s->size - (char *) p->fiber.ctx.sp);
}

enum kith_status
ki_look_status(const struct ki_glance *g, uint64_t self)
{
    return (g->word & KI_MBOX_EXITING) ? KITH_STATUS_EXITING
           : g->id == self             ? KITH_STATUS_RUNNING
           : (g->word & KI_MBOX_OWNED) ? KITH_STATUS_RUNNABLE
                                       : KITH_STATUS_WAITING;
}

static const char *
state_of(const struct ki_glance *g)
{
    if (g->waits_for)
        return g->waits_for;
    if (g->word & KI_MBOX_EXITING)
        return "dying";
    return g->word & KI_MBOX_OWNED ? "running in the user's code" : "idle";
}

void
ki_look_add(struct ki_text *t, const struct ki_glance *g)
{
    char fn[64], site[64];

    ki_text_add(t, "process <%u.%u> ", ki_id_index(g->id), ki_id_generation(g->id));
    if (g->body == KI_BODY_THREAD) {
        ki_text_add(t, "a plain thread");
    } else {
        ki_symbol_remembered(g->fn, fn, sizeof fn);
        ki_symbol_remembered(g->site, site, sizeof site);
        ki_text_add(t, "%s, spawned by %s", fn, site);
    }
    if (g->label[0])
        ki_text_add(t, " \"%s\"", g->label);
    ki_text_add(t, ": %s", state_of(g));
}

/* ---- a worker ---- */

/* With what it does now and has not ended. */
static uint64_t
spent(const struct ki_worker_stats *s, enum ki_activity what)
{
    const uint64_t since = ki_load_rlx(&s->since_ns), now = ki_now_ns();
    const bool does = ki_load_rlx(&s->activity) == (uint32_t) what;

    return ki_load_rlx(&s->spent_ns[what]) + (does && now > since ? now - since : 0);
}

void
ki_look_worker(struct ki_worker *w, struct kith_worker_info *v)
{
    v->run_ns = spent(&w->stats, KI_RUNS);
    v->poll_ns = spent(&w->stats, KI_POLLS);
    v->sleep_ns = spent(&w->stats, KI_SLEEPS);
    v->switches = ki_load_rlx(&w->tick); /* relaxed, as all of it: a moment's */
    v->steals = ki_load_rlx(&w->stats.steals);
    v->wakes = ki_load_rlx(&w->stats.wakes);
    v->polls = ki_load_rlx(&w->stats.polls);
    v->events = ki_load_rlx(&w->stats.events);
    v->queued = ki_sched_queued(w);
}
