/* SPDX-License-Identifier: Apache-2.0
 * ref.h -- received messages found by their ref, however long the inbox is.
 *
 * A ref names a record. That of a monitor or alias has a queue of the messages with its ref that
 * lie in its watcher's inbox, and stays as long as there are any. That of a timer is its message,
 * and says in whose inbox it lies. Nothing is allocated, and nothing is searched.
 *
 * Users can give any message a ref; such a stray, if its record does not know of it, is found by a
 * scan. By the process itself, all but ki_ref_msg_new. */
#ifndef KI_REF_H
#define KI_REF_H

#include "actors/proc.h"

/* ki_ref_msg_new is ki_msg_new for a message through an alias: it has the ref, and room to be
 * queued by it. Any thread. */
struct ki_msg *ki_ref_msg_new(uint64_t tag, size_t len, uint64_t ref);

/* ki_ref_received puts a received message into p's inbox: m's DOWN, or one made by
 * ki_ref_msg_new for m's ref. m is p's. */
void ki_ref_received(struct ki_proc *p, struct ki_monitor *m, struct ki_msg *msg,
                     bool priority);

/* ki_ref_arrived: a KI_N_REF goes into p's inbox. */
void ki_ref_arrived(struct ki_proc *p, struct ki_node *n);

/* ki_ref_find: the link to the oldest message with that ref in p's inbox; NULL: none, but strays.
 * ki_ref_find_down: to the DOWN of that ref. */
struct ki_node **ki_ref_find(struct ki_proc *p, uint64_t ref);
struct ki_node **ki_ref_find_down(struct ki_proc *p, uint64_t ref);

/* ki_monitor_drop gives back a count. monitor.c */
void ki_monitor_drop(struct ki_monitor *m);

/* A timer's record as a message: it lies in p's inbox, to be found there, unless (false) it has
 * another ref than its own; it lies there no more; which one does. timer.c */
bool ki_timer_received(struct ki_proc *p, struct ki_msg *m);
void ki_timer_taken(struct ki_msg *m);
struct ki_msg *ki_timer_in_inbox(struct ki_proc *p, uint64_t ref);

#endif
