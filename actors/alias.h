/* SPDX-License-Identifier: Apache-2.0
 * alias.h -- refs as addresses: what a process's alias shares with its monitors. */
#ifndef KI_ALIAS_H
#define KI_ALIAS_H

#include "actors/proc.h"

/* ki_monitor_own answers p's monitor or alias of that ref; NULL: p has none. monitor.c */
struct ki_monitor *ki_monitor_own(struct ki_proc *p, kith_ref ref);

/* ki_alias_new answers a record that is no monitor, in p's list of aliases; `alias` is still to be
 * set. ki_alias_end takes the alias from a record that has one, and that away if it is no active
 * monitor. ki_monitor_unask ends an active monitor, and an alias that is bound to it. monitor.c */
struct ki_monitor *ki_alias_new(struct ki_proc *p);
void ki_alias_end(struct ki_proc *p, struct ki_monitor *m);
void ki_monitor_unask(struct ki_proc *p, struct ki_monitor *m);

/* ki_alias_received: a message through an alias of p's has come. */
void ki_alias_received(struct ki_proc *p, struct ki_node *n);

/* ki_alias_takes: p has that alias, and it is active; *priority: it takes priority. */
bool ki_alias_takes(struct ki_proc *p, kith_ref alias, bool *priority);

#endif
