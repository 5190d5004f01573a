/* SPDX-License-Identifier: Apache-2.0
 * idle.h -- processes that do nothing but wait, and the end of all messages.
 *
 *   const kith_pid pid = kt_waiting();       // the caller's to kill
 *   kith_spawn_monitor(kt_wait_for_ever, nullptr, 0, &pid, &ref);
 *   kt_expect_no_message(); */
#ifndef KT_IDLE_H
#define KT_IDLE_H

#include <kith/kith.h>

/* Processes. kt_nothing ends at once; kt_wait_for_ever at its first message; kt_trap_and_wait only
 * by a kill: it traps exits, and sends 1 to the pid that its argument is, if it has one. */
int kt_nothing(void *);
int kt_wait_for_ever(void *);
int kt_trap_and_wait(void *);

/* kt_waiting spawns a kt_wait_for_ever. */
kith_pid kt_waiting();

/* kt_expect_no_message: the caller's mailbox is empty now. */
void kt_expect_no_message();

#endif
