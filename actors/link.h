/* SPDX-License-Identifier: Apache-2.0
 * link.h -- links at birth; the signals are in proc.h. */
#ifndef KI_LINK_H
#define KI_LINK_H

#include "actors/proc.h"

/* ki_link_at_birth links p with its child c, which has not run yet. 0 or KITH_ENOMEM. */
int ki_link_at_birth(struct ki_proc *p, struct ki_proc *c);
void ki_link_undo_birth(struct ki_proc *p, struct ki_proc *c);

/* The same for a monitor that p has made of c. monitor.c */
void ki_monitor_at_birth(struct ki_proc *c, struct ki_monitor *m);
void ki_monitor_undo_birth(struct ki_proc *p, struct ki_monitor *m);

#endif
