/* SPDX-License-Identifier: Apache-2.0
 * supervisor_report.c -- a line for each child that did what it should not.
 *
 * A tree that restarts itself a thousand times a second shall not spend its time on that: of the
 * lines of a second the first few are written, and how many were not. */
#include "actors/supervisor_report.h"

#include <stdio.h>

#include "actors/runtime.h"
#include "core/seam.h"

enum { LINES_PER_SECOND = 10 };

static struct {
    _Atomic(uint64_t) second;
    _Atomic(uint64_t) n; /* lines wanted in it */
} pace;

/* Two that turn the second at once may write a line more, or lose a count: nothing hangs on it. */
static bool
may_write(void)
{
    uint64_t now = ki_now_ns() / UINT64_C(1000000000), n;

    if (ki_load_rlx(&pace.second) != now) {
        ki_store_rlx(&pace.second, now);
        n = ki_load_rlx(&pace.n);
        ki_store_rlx(&pace.n, 0);
        if (n > LINES_PER_SECOND)
            ki_log("supervisors: %llu more reports not written",
                   (unsigned long long) (n - LINES_PER_SECOND));
    }
    return ki_add_rlx(&pace.n, 1) < LINES_PER_SECOND;
}

static void
reason_text(kith_reason why, char *text, size_t cap)
{
    static const char *const names[] = {
        [KITH_NORMAL] = "normal", [KITH_SHUTDOWN] = "shutdown",
        [KITH_KILL] = "kill",     [KITH_KILLED] = "killed",
        [KITH_NOPROC] = "noproc", [KITH_NOCONNECTION] = "noconnection",
        [KITH_ERROR] = "error",   [KITH_USER] = "user"};
    bool known = why.kind >= 0 && (size_t) why.kind < sizeof names / sizeof names[0];
    const char *name = known ? names[why.kind] : "?";

    if (why.kind == KITH_ERROR && why.code < 0)
        snprintf(text, cap, "error(%s)", kith_err_name(why.code));
    else if (why.kind == KITH_ERROR || why.kind == KITH_USER)
        snprintf(text, cap, "%s(%d) %.23s", name, why.code, why.text);
    else
        snprintf(text, cap, "%s", name);
}

void
ki_report_supervisor(enum ki_supervisor_event what, uint64_t supervisor, const char *id,
                     kith_pid child, kith_reason why)
{
    static const char *const words[] = {
        [KI_SUP_CHILD_DIED] = "has died of",
        [KI_SUP_START_FAILED] = "could not be started:",
        [KI_SUP_BAD_END] = "was asked to end, and died of",
        [KI_SUP_GAVE_UP] = "was restarted too often; the supervisor ends with reason"};
    char reason[64];

    if (!may_write())
        return;
    reason_text(why, reason, sizeof reason);
    ki_log("supervisor <%u.%u>: child %s <%u.%u> %s %s", ki_id_index(supervisor),
           ki_id_generation(supervisor), id ? id : "", ki_id_index(child.id),
           ki_id_generation(child.id), words[what], reason);
}
