/* SPDX-License-Identifier: Apache-2.0
 * ioctl.h -- a request of interfaces, which may wait in the system: on the side pool.
 *
 * The operation comes by message and stands in no queue; the claimant hands it to the pool, BUSY, and
 * that posts KI_N_ASKED. Meanwhile the socket's descriptor is in use (`asked`). */
#ifndef KI_IOCTL_H
#define KI_IOCTL_H

#include "actors/socket.h"

#ifdef __cplusplus
extern "C" {
#endif

/* By the claimant, who holds BUSY. ki_ioctl_begin hands it over, or ends it at once;
 * ki_ioctl_end ends it with what the pool was told. */
void ki_ioctl_begin(struct ki_socket *s, struct ki_op *op);
void ki_ioctl_end(struct ki_socket *s, struct ki_node *asked);

#ifdef __cplusplus
}
#endif

#endif
