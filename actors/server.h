/* SPDX-License-Identifier: Apache-2.0
 * server.h -- handlers: the second body of a process, a callback for each message. */
#ifndef KI_SERVER_H
#define KI_SERVER_H

#include "actors/proc.h"

extern const struct ki_task_type ki_handler_task_type;

/* ki_handler_terminate runs the terminate callback, if init had succeeded. exit.c, step 2. */
void ki_handler_terminate(struct ki_proc *p);

#endif
