/* SPDX-License-Identifier: Apache-2.0
 * report.c -- reports: a line each, whole, to stderr or a descriptor. */
#include "actors/report.h"

#include <stdio.h>
#include <string.h>

#include "actors/log.h"
#include "actors/look.h"
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

static void
names(struct ki_proc *p, char fn[64], char site[64])
{
    ki_symbol_name(ki_load_rlx(&p->seen.fn), fn, 64);
    ki_symbol_name(ki_load_rlx(&p->seen.site), site, 64);
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

void
ki_report_left(const char *what)
{
    bool end = false;
    unsigned n = 0;

    for (uint32_t i = 0; !end; i++) {
        struct ki_proc *p = each(i, &end);
        struct ki_glance g;
        struct ki_text *t;

        if (!p || !ki_look_at(p, &g) || g.body == KI_BODY_THREAD || n++ >= LEFT_LINES ||
            !(t = ki_log_begin(KI_LOG_OWN, KITH_LOG_WARNING)))
            continue;
        ki_text_add(t, "kith: stop: %s: ", what);
        ki_look_add(t, &g);
        ki_log_end(t);
    }
    if (n > LEFT_LINES)
        ki_log(KITH_LOG_WARNING, "stop: %s: and %u more", what, n - LEFT_LINES);
}
