/* SPDX-License-Identifier: Apache-2.0
 * msg.h -- message memory: made by the sender, freed by whoever holds it last. */
#ifndef KI_MSG_H
#define KI_MSG_H

#include "actors/model.h"

/* ki_msg_new answers a message with `len` bytes behind it, `from` and `ref` zero; NULL: no
 * memory. Any thread. */
struct ki_msg *ki_msg_new(uint64_t tag, size_t len);

/* ki_msg_free frees it, or what it lies in. Any thread. */
void ki_msg_free(struct ki_msg *m);

/* ki_msg_post moves m to a process's mailbox. false: refused, m is still the caller's. */
KI_NODISCARD bool ki_msg_post(struct ki_proc *to, uint64_t to_id, struct ki_msg *m);

/* ki_msg_send sends m, of any kind of message node, to a pid: as kith_send_msg, and m is gone. */
int ki_msg_send(struct ki_proc *self, kith_pid to, struct ki_msg *m);

/* ki_msg_push is the end of a send: it posts m, which may have a share of the mailbox, or frees it.
 * 0, KITH_ENOPROC. */
int ki_msg_push(struct ki_proc *self, struct ki_proc *p, kith_pid to, struct ki_msg *m);

/* ki_receive_drop ends the life of what the last receive answered. */
void ki_receive_drop(struct ki_proc *p);

#endif
