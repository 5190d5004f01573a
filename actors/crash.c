/* SPDX-License-Identifier: Apache-2.0
 * crash.c -- the report of a process that died abnormally.
 *
 * As Erlang's proc_lib does: reported is who ends itself, by its result or by kith_exit, for another
 * reason than normal and shutdown. Whom an exit signal or a kill has ended, another has ended, who
 * knows: that is said at level info, which nobody hears by default.
 *
 * Written at the very beginning of a death, so all is as it was, and the stack still holds who
 * called. Nothing is allocated, nobody waits (log.c L1). */
#include "actors/link.h"
#include "actors/log.h"
#include "actors/look.h"
#include "actors/name.h"
#include "actors/report.h"
#include "core/backtrace.h"
#include "core/symbol.h"

enum { PIDS = 4, TAGS = 8 };

static void
add_pid(struct ki_text *t, const char *before, uint64_t id)
{
    ki_text_add(t, "%s<%u.%u>", before, ki_id_index(id), ki_id_generation(id));
}

static void
add_who(struct ki_text *t, struct ki_proc *p, const struct ki_glance *g)
{
    char name[64];

    ki_text_add(t, "kith: crash: ");
    ki_look_add(t, g);
    if (ki_name_of(p, g->id, name, sizeof name) > 0)
        ki_text_add(t, "\n  name: %s", name);
    add_pid(t, "\n  parent: ", g->parent);
    ki_text_add(t, "\n  reason: ");
    ki_report_reason(t, p->why);
}

static void
add_ties(struct ki_text *t, struct ki_proc *p, const struct ki_glance *g)
{
    uint64_t peers[PIDS];
    const size_t n = ki_link_peers(p, peers, PIDS);

    ki_text_add(t, "\n  links: %u", g->links);
    for (size_t i = 0; i < n; i++)
        add_pid(t, " ", peers[i]);
    ki_text_add(t, "%s\n  monitors: %u, watched by %u, sockets: %u",
                g->links > n ? " and others" : "", g->monitors, g->watchers, g->sockets);
}

/* The last it has taken, and the first that it has not. */
static void
add_mail(struct ki_text *t, struct ki_proc *p, const struct ki_glance *g)
{
    int i = 0;

    ki_text_add(t, "\n  mailbox: %zu messages", g->mailbox_len);
    for (struct ki_node *n = p->inbox.head; n && i < TAGS; n = n->next, i++)
        ki_text_add(t, "%s%#llx", i ? " " : ", tags ",
                    (unsigned long long) ki_msg_of_node(n)->pub.tag);
    if (p->received)
        ki_text_add(t, "; received last: tag %#llx, %zu bytes",
                    (unsigned long long) p->received->pub.tag, p->received->pub.len);
}

void
ki_report_frames(struct ki_text *t, const struct ki_backtrace *b)
{
    char fn[64];

    for (unsigned i = 0; i < b->n; i++) {
        ki_symbol_remembered(b->at[i], fn, sizeof fn);
        ki_text_add(t, "%s%s", i ? " < " : "", fn);
    }
}

static void
add_stack(struct ki_text *t, struct ki_proc *p)
{
    struct ki_backtrace b;

    if (!p->fiber.stack.low || &p->fiber != ki_worker_self()->current)
        return;
    ki_backtrace_here(p->fiber.stack.low, p->fiber.stack.size, &b);
    ki_text_add(t, "\n  at: ");
    ki_report_frames(t, &b);
}

static bool
is_normal(kith_reason why)
{
    return why.kind == KITH_NORMAL || why.kind == KITH_SHUTDOWN;
}

void
ki_report_crash(struct ki_proc *p)
{
    /* What kith_main answers need not be said twice. */
    const int level = p->signalled || p->is_main ? KITH_LOG_INFO : KITH_LOG_ERROR;
    struct ki_glance g;
    struct ki_text *t;

    if (is_normal(p->why) || p->body == KI_BODY_THREAD || !ki_look_at(p, &g))
        return;
    t = ki_log_begin(KI_LOG_CRASH, level);
    if (!t)
        return;
    add_who(t, p, &g);
    add_ties(t, p, &g);
    add_mail(t, p, &g);
    add_stack(t, p);
    ki_log_end(t);
}
