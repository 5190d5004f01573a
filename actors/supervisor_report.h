/* SPDX-License-Identifier: Apache-2.0
 * supervisor_report.h -- what supervisors have to say. */
#ifndef KI_SUPERVISOR_REPORT_H
#define KI_SUPERVISOR_REPORT_H

#include <kith/kith.h>

enum ki_supervisor_event {
    KI_SUP_CHILD_DIED,   /* `why`; it was not asked to */
    KI_SUP_START_FAILED, /* `why`: error(code) */
    KI_SUP_BAD_END,      /* it was asked to end, and died of `why` */
    KI_SUP_GAVE_UP       /* too many restarts */
};

/* ki_report_supervisor: `id` of the child may be NULL, its pid zero. Any process; never waits. */
void ki_report_supervisor(enum ki_supervisor_event what, uint64_t supervisor,
                          const char *id, kith_pid child, kith_reason why);

#endif
