/* SPDX-License-Identifier: Apache-2.0
 * watchdog.h -- a thread that notices workers stuck in one task (sched.c S4).
 *
 * It looks every 10 ms while anything runs, and sleeps for good when nothing does: an idle
 * program is never woken by it. */
#ifndef KI_WATCHDOG_H
#define KI_WATCHDOG_H

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ki_watchdog_start makes the thread, if it can be made; ki_watchdog_join waits for its end,
 * which ki_sched.halt and ki_watchdog_ring bring about. By who starts and halts the workers. */
void ki_watchdog_start(void);
void ki_watchdog_ring(void);
void ki_watchdog_join(void);

/* ki_watchdog_wake: a worker has left its sleep. Costs one load unless the watchdog sleeps. */
void ki_watchdog_wake(void);

#ifdef __cplusplus
}
#endif

#endif
