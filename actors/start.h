/* SPDX-License-Identifier: Apache-2.0
 * start.h -- starts that wait: the starter hears when its child is ready, or has died before. */
#ifndef KI_START_H
#define KI_START_H

#include "actors/op.h"

/* ki_start_new makes p's operation for one start; ki_op_future(op).id goes into the birth. NULL: no
 * memory. */
struct ki_op *ki_start_new(struct ki_proc *p);

/* ki_start_await answers 0 when the child is ready, or why it is not: then it has died, and its
 * links and monitors have heard of that. `spawned`: what ki_spawn answered; < 0: there is no
 * child. */
int ki_start_await(struct ki_proc *p, struct ki_op *op, int spawned, const char *what);

/* ki_start_ack says, by the child p itself, that it is ready or, by a code < 0 or KITH_IGNORE, that
 * it will not be: the starter is told that when p has died. Only the first counts. */
void ki_start_ack(struct ki_proc *p, int code);

/* ki_start_forget_exit: the start of this child has failed, which p knows now: the exit message
 * that the link to it may have brought is taken out of p's inbox. */
void ki_start_forget_exit(struct ki_proc *p, kith_pid child);

/* ki_start_died: p is dead, and if it has not said it was ready its starter hears. exit.c, 7 */
void ki_start_died(struct ki_proc *p);

#endif
