/* SPDX-License-Identifier: Apache-2.0
 * supervisor_report.c -- a line for each child that did what it should not. */
#include "actors/supervisor_report.h"

#include "actors/log.h"
#include "actors/report.h"
#include "core/slots.h"

void
ki_report_supervisor(enum ki_supervisor_event what, uint64_t supervisor, const char *id,
                     kith_pid child, kith_reason why)
{
    static const char *const words[] = {
        [KI_SUP_CHILD_DIED] = "has died of",
        [KI_SUP_START_FAILED] = "could not be started:",
        [KI_SUP_BAD_END] = "was asked to end, and died of",
        [KI_SUP_GAVE_UP] = "was restarted too often; the supervisor ends with reason"};
    struct ki_text *t = ki_log_begin(KI_LOG_SUPERVISOR, KITH_LOG_ERROR);

    if (!t)
        return;
    ki_text_add(t, "kith: supervisor <%u.%u>: child %s <%u.%u> %s ",
                ki_id_index(supervisor), ki_id_generation(supervisor), id ? id : "",
                ki_id_index(child.id), ki_id_generation(child.id), words[what]);
    ki_report_reason(t, why);
    ki_log_end(t);
}
