/* SPDX-License-Identifier: Apache-2.0
 * limit.h -- mailbox limits: opt-in, of messages and bytes, for data only.
 *
 * A sender takes its share before it pushes, and whoever takes the message out of the inbox gives
 * it back, so a limit holds however many send. Calls, casts, timers, signals and the library's own
 * messages are not counted. A share that was taken before the record changed hands is given back
 * after that, to the new process: if it has a limit, it has one message more of it.
 *
 * While senders wait for room (send_wait.c), what becomes free is kept for the oldest of them. */
#ifndef KI_LIMIT_H
#define KI_LIMIT_H

#include "actors/model.h"

/* ki_limit_init: a newborn has none. ki_limit_set gives it one, or changes it; 0 = none. */
void ki_limit_init(struct ki_proc *p);
void ki_limit_set(struct ki_proc *p, size_t messages, size_t bytes, int policy);

/* ki_limit_is_on: there is a limit to be asked. acquire: with the release in ki_limit_set, so that
 * whoever sees that there is one measures by it and by none that was before. Any thread. */
static inline bool
ki_limit_is_on(struct ki_proc *p)
{
    return ki_load_acq(&p->limit.on);
}

/* ki_limit_fits: could a message of so many bytes ever be let in? Any thread. */
bool ki_limit_fits(struct ki_proc *p, size_t len);

/* ki_limit_add takes so many shares of p's mailbox, or none. Any thread. */
bool ki_limit_add(struct ki_proc *p, uint64_t messages, uint64_t bytes);

/* ki_limit_try takes m's share of p's mailbox, or answers false. ki_limit_take: 0; KITH_EFULL; or 1: m shall be dropped in
 * silence. Any thread. ki_limit_exceeded, after KITH_EFULL: with the policy KILL p is sent a kill,
 * from which the caller, if that is p, does not come back. */
bool ki_limit_try(struct ki_proc *p, struct ki_msg *m);
int ki_limit_take(struct ki_proc *p, struct ki_msg *m);
void ki_limit_exceeded(struct ki_proc *p, uint64_t id);

/* ki_limit_refund: m was not accepted after all. Any thread. */
void ki_limit_refund(struct ki_proc *p, struct ki_msg *m);

/* ki_limit_give: m has left p's inbox, or p does not let it in. By p. */
void ki_limit_left(struct ki_proc *p, struct ki_msg *m);

static inline void
ki_limit_give(struct ki_proc *p, struct ki_msg *m)
{
    if (ki_slow(m->node.flags & KI_MSG_COUNTED))
        ki_limit_left(p, m);
}

/* ki_limit_drop frees m, which came to p while that dies and takes no messages: its share goes
 * back, for deferred functions may take some yet, and who waits for room is refused now, for no
 * message may be left whose taking would look at them. By p. */
void ki_limit_drop(struct ki_proc *p, struct ki_msg *m);

/* ---- send_wait.c: who waits for room; by the process itself ---- */

/* A KI_N_SENDER, a KI_N_NO_SENDER has come. p is NULL: for one that is dead. */
void ki_sender_came(struct ki_proc *p, struct ki_node *n);
void ki_sender_left(struct ki_proc *p, struct ki_node *n);

/* ki_senders_let_in: there may be room. ki_senders_refuse: there will be none, p dies. */
void ki_senders_let_in(struct ki_proc *p);
void ki_senders_refuse(struct ki_proc *p);

/* ki_sender_stopped: by its starter, the operation was stopped while it stood in the queue. */
void ki_sender_stopped(struct ki_op *op);

#endif
