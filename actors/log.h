/* SPDX-License-Identifier: Apache-2.0
 * log.h -- the way of a line or a report to the hook. */
#ifndef KI_LOG_H
#define KI_LOG_H

#include <kith/log.h>

#include "actors/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is limited together. */
enum ki_log_class {
    KI_LOG_OWN,        /* the library's lines */
    KI_LOG_USER,       /* kith_log: limited by the queue only */
    KI_LOG_CRASH,      /* of processes that died abnormally */
    KI_LOG_SUPERVISOR, /* of supervisors */
    KI_LOG_CLASSES
};

/* ki_log_begin opens a report; ki_log_end sends it on its way. NULL: nobody wants to hear it, or it
 * is one too many, which is counted. Allocates nothing, never waits. Any thread. */
struct ki_text *ki_log_begin(enum ki_log_class c, int level);
void ki_log_end(struct ki_text *t);

/* ki_log is both, for one line of the library's own: "kith: ...". */
KI_PRINTF(2, 3) void ki_log(int level, const char *fmt, ...);

/* ki_log_flush waits until the hook has had all that was logged so far; but not for long. true: it has.
 * It calls the hook itself only where the side pool does not. By plain threads, and before an abort. */
bool ki_log_flush(void);

/* ki_log_tick says how many were suppressed, when it is time. Now and then, by any thread. */
void ki_log_tick(void);

/* ki_log_environment reads KITH_LOG. 0, or KITH_EINVAL, which is explained. At each start. */
int ki_log_environment(void);

#ifdef __cplusplus
}
#endif

#endif
