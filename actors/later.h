/* SPDX-License-Identifier: Apache-2.0
 * later.h -- bytes that the library has taken, and sends when the socket takes them: KITH_MSG_QUEUE.
 *
 * They stand among the writers as any other send, in operations that are the socket's own: nobody
 * waits for them, so the death of who sent them, a cancel and a change of owners leave them alone. By
 * the claimant, but for the call. */
#ifndef KI_LATER_H
#define KI_LATER_H

#include "actors/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* With so much, or more, the socket takes no more: the default of option otp sndqueue. */
enum { KI_LATER_MARK = 64 * 1024 };

/* ki_later_send is the call. */
ptrdiff_t ki_later_send(kith_socket h, const struct ki_io *io, kith_ms timeout);

/* ki_later_ended: such an operation has left the queue, BUSY; `result` is < 0 if its bytes have not
 * gone. The record is given back. */
void ki_later_ended(struct ki_socket *s, struct ki_op *op, ptrdiff_t result);

/* ki_later_shutdown: what is to be shut down now; to write is shut down when what was taken has
 * gone. */
int ki_later_shutdown(struct ki_socket *s, int how);

/* ki_later_rest copies what nobody waits before, for a close that lingers. NULL: nothing, or no
 * memory. The caller frees `*len` bytes. */
char *ki_later_rest(struct ki_socket *s, size_t *len);

#ifdef __cplusplus
}
#endif

#endif
