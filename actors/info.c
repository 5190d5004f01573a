/* SPDX-License-Identifier: Apache-2.0
 * info.c -- what programs may ask of processes, workers and the whole. */
#include <stdio.h>
#include <string.h>

#include "actors/look.h"
#include "actors/name.h"
#include "actors/socket.h"
#include "core/seam.h"
#include "core/symbol.h"

enum { MS = 1000000 };

/* The caller's struct is of the size it was compiled with. */
static bool
fits(const size_t *size, size_t most)
{
    return size && *size >= sizeof *size && *size <= most;
}

/* ---- a process ---- */

static void
fill(struct kith_process_info *v, const struct ki_glance *g, uint64_t self)
{
    v->pid = (kith_pid){g->id};
    v->status = ki_look_status(g, self);
    v->mailbox_len = g->mailbox_len;
    v->n_links = g->links;
    v->n_monitors = g->monitors;
    v->n_monitored_by = g->watchers;
    v->n_sockets = g->sockets;
    v->stack = g->stack;
    v->parent = (kith_pid){g->parent};
    v->trap_exit = g->trap_exit;
    v->reductions = g->reductions;
    memcpy(v->label, g->label, sizeof v->label);
    if (g->body != KI_BODY_THREAD) {
        ki_symbol_remembered(g->fn, v->fn, sizeof v->fn);
        ki_symbol_remembered(g->site, v->spawned_by, sizeof v->spawned_by);
    }
    if (g->waits_for)
        snprintf(v->waits_for, sizeof v->waits_for, "%s", g->waits_for);
}

static void
fill_details(struct kith_process_info *v, const struct ki_details *d)
{
    const uint64_t now = d->deadline_ns ? ki_now_ns() : 0;

    v->mailbox_bytes = d->mail_bytes;
    v->stack_used = d->stack_used;
    v->left = d->deadline_ns > now ? (kith_ms) ((d->deadline_ns - now) / MS) : 0;
}

/* Of the caller, or if it can be claimed. */
static void
look_closely(struct kith_process_info *v, struct ki_proc *p, const struct ki_glance *g,
             struct ki_proc *self)
{
    struct ki_details d = {0};

    if (p == self) {
        ki_look_closely(p, &d);
        d.stack_used = 0; /* where it stopped last */
    } else if (g->body != KI_BODY_THREAD && ki_look_claim(ki_proc_task(p), g->id)) {
        ki_look_closely(p, &d);
        ki_look_let_go(ki_proc_task(p));
    }
    fill_details(v, &d);
}

int
kith_process_info(kith_pid pid, struct kith_process_info *info)
{
    struct kith_process_info v = KITH_PROCESS_INFO_INIT;
    struct ki_proc *self, *p;
    struct ki_glance g;
    int rc = ki_enter(&self);

    if (rc < 0)
        return rc;
    if (!info || !fits(&info->size, sizeof v))
        return KITH_EINVAL;
    p = ki_proc_find(pid);
    if (!p || !ki_look_at(p, &g) || g.id != pid.id)
        return KITH_ENOPROC;
    fill(&v, &g, ki_proc_id(self));
    look_closely(&v, p, &g, self);
    (void) ki_name_of(p, g.id, v.name, sizeof v.name);
    v.mailbox_refused = ki_load_rlx(&p->limit.refused);
    v.mailbox_dropped = ki_load_rlx(&p->limit.dropped);
    v.priority = ki_proc_is_high(p) ? KITH_PRIORITY_HIGH : KITH_PRIORITY_NORMAL;
    v.mailbox_waited = ki_load_rlx(&p->limit.waited);
    v.size = info->size;
    memcpy(info, &v, v.size);
    return 0;
}

void
kith_set_label(const char *label)
{
    uint64_t words[KI_LABEL / sizeof(uint64_t)] = {0};
    struct ki_proc *p;

    if (ki_enter(&p) < 0)
        return;
    if (label) {
        const char *end = memchr(label, 0, KI_LABEL - 1);

        memcpy(words, label, end ? (size_t) (end - label) : KI_LABEL - 1);
    }
    for (size_t i = 0; i < ki_countof(words); i++)
        ki_store_rlx(&p->seen.label[i],
                     words[i]); /* relaxed: a glance may see half of it */
}

/* ---- the whole ---- */

static size_t
bytes(void)
{
    int64_t n = (int64_t) ki_slab_out() + ki_mem_out();

    for (unsigned i = 0; i < ki_workers(); i++)
        n -= (int64_t) ki_slab_cached(&ki_sched.worker[i].slab);
    return n > 0 ? (size_t) n : 0;
}

/* A link has two ends, of processes or of a process and a socket. One that is being made or undone
 * may have but one, and counts. */
static size_t
links(void)
{
    size_t ends = 0;

    for (uint32_t i = 0;; i++) {
        struct ki_proc *p = (struct ki_proc *) (void *) ki_slots_at(&ki_runtime.procs, i);
        struct ki_glance g;

        if (!p)
            break;
        if (ki_look_at(p, &g))
            ends += g.links;
    }
    for (uint32_t i = 0;; i++) {
        struct ki_socket *s =
            (struct ki_socket *) (void *) ki_slots_at(&ki_runtime.sockets, i);

        if (!s)
            return (ends + 1) / 2;
        ends += ki_load_rlx(&s->n_links); /* relaxed: a moment's; the dead have none */
    }
}

int
kith_runtime_info(struct kith_runtime_info *info)
{
    struct kith_runtime_info v = KITH_RUNTIME_INFO_INIT;
    struct ki_proc *self;
    int rc = ki_enter(&self);

    if (rc < 0)
        return rc;
    if (!info || !fits(&info->size, sizeof v))
        return KITH_EINVAL;
    v.uptime = (kith_ms) ((ki_now_ns() - ki_load_rlx(&ki_runtime.began_ns)) / MS);
    v.workers = ki_workers();
    v.processes =
        (size_t) ki_load_rlx(&ki_runtime.n_procs); /* relaxed, as all of it: a moment's */
    v.processes_max = (size_t) ki_runtime.max_procs;
    v.sockets = ki_in_use(&ki_runtime.sockets);
    v.operations = ki_in_use(&ki_runtime.ops);
    v.monitors = ki_in_use(&ki_runtime.monitors);
    v.timers = ki_in_use(&ki_runtime.timers);
    v.links = links();
    v.names = ki_name_count();
    v.bytes = bytes();
    v.size = info->size;
    memcpy(info, &v, v.size);
    return 0;
}

/* ---- a worker ---- */

int
kith_worker_info(unsigned worker, struct kith_worker_info *info)
{
    struct kith_worker_info v = KITH_WORKER_INFO_INIT;
    struct ki_proc *self;
    int rc = ki_enter(&self);

    if (rc < 0)
        return rc;
    if (!info || !fits(&info->size, sizeof v))
        return KITH_EINVAL;
    if (worker >= ki_workers())
        return KITH_ENOENT;
    ki_look_worker(&ki_sched.worker[worker], &v);
    v.size = info->size;
    memcpy(info, &v, v.size);
    return 0;
}
