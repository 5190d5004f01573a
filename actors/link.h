/* SPDX-License-Identifier: Apache-2.0
 * link.h -- links at birth; the signals are in proc.h. */
#ifndef KI_LINK_H
#define KI_LINK_H

#include "actors/proc.h"

/* ki_link_at_birth links p with its child c, which has not run yet. 0 or KITH_ENOMEM. */
int ki_link_at_birth(struct ki_proc *p, struct ki_proc *c);
void ki_link_undo_birth(struct ki_proc *p, struct ki_proc *c);

/* ki_link_peers lists up to `cap` of those p is linked to; answers how many. By p. */
size_t ki_link_peers(struct ki_proc *p, uint64_t *out, size_t cap);

/* ki_link_has_priority: p has said that it wants to hear first of this one. */
bool ki_link_has_priority(struct ki_proc *p, kith_pid pid);

/* ki_link_broken: one that the socket is linked to has died. true: the socket dies of *why. By the
 * claimant. */
bool ki_link_broken(struct ki_node *n, kith_reason *why);

/* The same for a monitor that p has made of its child. monitor.c */
void ki_monitor_at_birth(struct ki_monitor *m);
void ki_monitor_undo_birth(struct ki_proc *p, struct ki_monitor *m);

#endif
