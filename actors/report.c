/* SPDX-License-Identifier: Apache-2.0
 * report.c -- reports: a line each, whole, to stderr or a descriptor. */
#include "actors/report.h"

#include <stdio.h>
#include <string.h>

#include "actors/log.h"
#include "actors/proc.h"
#include "core/os.h"
#include "core/symbol.h"

enum { LEFT_LINES = 50 }; /* of a stop's report */

void
ki_report_reason(struct ki_text *t, kith_reason why)
{
    static const char *const names[] = {
        [KITH_NORMAL] = "normal", [KITH_SHUTDOWN] = "shutdown",
        [KITH_KILL] = "kill",     [KITH_KILLED] = "killed",
        [KITH_NOPROC] = "noproc", [KITH_NOCONNECTION] = "noconnection",
        [KITH_ERROR] = "error",   [KITH_USER] = "user"};
    const bool known = why.kind >= 0 && (size_t) why.kind < ki_countof(names);

    ki_text_add(t, "%s", known ? names[why.kind] : "?");
    if (why.kind == KITH_ERROR && why.code < 0)
        ki_text_add(t, "(%s)", kith_err_name(why.code));
    else if (why.kind == KITH_ERROR || why.kind == KITH_USER || !known)
        ki_text_add(t, "(%d)", why.code);
    if (why.text[0])
        ki_text_add(t, " %.*s", (int) sizeof why.text, why.text);
}

static struct ki_proc *
each(uint32_t i, bool *end)
{
    struct ki_proc *p = (struct ki_proc *) (void *) ki_slots_at(&ki_runtime.procs, i);

    *end = p == NULL;
    if (!p)
        return NULL;
    uint64_t w = ki_load_acq(&p->fiber.task.mbox);
    return w != 0 && !(w & KI_MBOX_DEAD) ? p : NULL;
}

static const void *
fn_of(struct ki_proc *p)
{
    union {
        kith_fn fn;
        const void *addr;
    } u = {.fn = p->u.fn};

    return u.addr;
}

static void
names(struct ki_proc *p, char fn[64], char site[64])
{
    ki_symbol_name(fn_of(p), fn, 64);
    ki_symbol_name(p->spawn_site, site, 64);
}

void
ki_report_overflow(void *stack_low, size_t size)
{
    bool end = false;

    for (uint32_t i = 0; !end; i++) {
        struct ki_proc *p = each(i, &end);
        char fn[64], site[64], line[300];

        if (!p || p->fiber.stack.low != stack_low)
            continue;
        names(p, fn, site);
        int n = snprintf(line, sizeof line,
                         "kith: process <%u.%u> running %s, spawned by %s, overflowed its "
                         "%zu KiB stack: give it more by kith_spawn_options.stack\n",
                         ki_id_index(ki_proc_id(p)), ki_id_generation(ki_proc_id(p)), fn,
                         site, size / 1024);
        ki_os_write(2, line, (size_t) n < sizeof line ? (size_t) n : sizeof line - 1);
        return;
    }
}

void
ki_report_bad_exit(struct ki_proc *p)
{
    char fn[64], site[64];

    if (!p) {
        ki_log(KITH_LOG_ERROR, "kith_exit was called where no process runs");
        return;
    }
    names(p, fn, site);
    ki_log(
        KITH_LOG_ERROR,
        "kith_exit was called by process <%u.%u> running %s, which dies already (in a deferred "
        "function or terminate): return instead",
        ki_id_index(ki_proc_id(p)), ki_id_generation(ki_proc_id(p)), fn);
}

static const char *
state_of(struct ki_proc *p, uint64_t word)
{
    const char *what = ki_load_rlx(&p->waits_for); /* relaxed: a glance */

    if (what)
        return what;
    if (word & KI_MBOX_EXITING)
        return "dying";
    return word & KI_MBOX_OWNED ? "running in the user's code" : "idle";
}

static void
describe(struct ki_proc *p, struct ki_text *t)
{
    char fn[64] = "", site[64] = "";
    uint64_t id = ki_proc_id(p);

    if (p->body == KI_BODY_THREAD)
        snprintf(fn, sizeof fn, "a plain thread");
    else
        names(p, fn, site);
    ki_text_add(t, "process <%u.%u> %s%s%s: %s\n", ki_id_index(id), ki_id_generation(id),
                fn, *site ? ", spawned by " : "", site,
                state_of(p, ki_load_rlx(&p->fiber.task.mbox)));
}

void
ki_report_left(const char *what)
{
    bool end = false;
    unsigned n = 0;

    for (uint32_t i = 0; !end; i++) {
        struct ki_proc *p = each(i, &end);
        struct ki_text *t;

        if (!p || p->body == KI_BODY_THREAD || n++ >= LEFT_LINES ||
            !(t = ki_log_begin(KI_LOG_OWN, KITH_LOG_WARNING)))
            continue;
        ki_text_add(t, "kith: stop: %s: ", what);
        describe(p, t);
        ki_log_end(t);
    }
    if (n > LEFT_LINES)
        ki_log(KITH_LOG_WARNING, "stop: %s: and %u more", what, n - LEFT_LINES);
}

int
kith_dump(int fd)
{
    struct ki_proc *self;
    bool end = false;
    int rc = ki_enter(&self);

    if (rc < 0)
        return rc;
    for (uint32_t i = 0; !end && rc == 0; i++) {
        struct ki_proc *p = each(i, &end);
        char line[400];
        struct ki_text t = ki_text_in(line, sizeof line);

        if (!p)
            continue;
        describe(p, &t);
        rc = ki_os_write(fd, t.at, t.len);
    }
    return rc;
}

int
kith_process_info(kith_pid pid, struct kith_process_info *info)
{
    struct ki_proc *self, *p;
    struct kith_process_info v = KITH_PROCESS_INFO_INIT;
    int rc = ki_enter(&self);

    if (rc < 0)
        return rc;
    if (!info || info->size < sizeof info->size || info->size > sizeof v)
        return KITH_EINVAL;
    p = ki_proc_find(pid);
    uint64_t word = p ? ki_load_acq(&p->fiber.task.mbox) : KI_MBOX_DEAD;
    if (word & KI_MBOX_DEAD)
        return KITH_ENOPROC;
    v.size = info->size;
    v.pid = pid;
    v.status = (word & KI_MBOX_EXITING) ? KITH_STATUS_EXITING
               : p == self              ? KITH_STATUS_RUNNING
               : (word & KI_MBOX_OWNED) ? KITH_STATUS_RUNNABLE
                                        : KITH_STATUS_WAITING;
    v.mailbox_len = ki_load_rlx(&p->inbox.len);
    v.n_links = ki_load_rlx(&p->has.links);
    v.n_monitors = ki_load_rlx(&p->has.monitors);
    v.n_sockets = ki_load_rlx(&p->has.sockets);
    v.stack = p->fiber.stack.size;
    if (p->body != KI_BODY_THREAD)
        names(p, v.fn, v.spawned_by);
    const char *what = ki_load_rlx(&p->waits_for);
    if (what)
        snprintf(v.waits_for, sizeof v.waits_for, "%s", what);
    v.mailbox_refused = ki_load_rlx(&p->limit.refused);
    v.mailbox_dropped = ki_load_rlx(&p->limit.dropped);
    v.priority = ki_proc_is_high(p) ? KITH_PRIORITY_HIGH : KITH_PRIORITY_NORMAL;
    v.mailbox_waited = ki_load_rlx(&p->limit.waited);
    memcpy(info, &v, v.size);
    return 0;
}
