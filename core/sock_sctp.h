/* SPDX-License-Identifier: Apache-2.0
 * sock_sctp.h -- what SCTP does beside the calls that all sockets have: by way of options of the
 * system's, so through the seam as those.
 *
 * pre: `fd` is a socket of SCTP. None of them blocks. Where the system has no SCTP they answer
 * KITH_EOPNOTSUPP. */
#ifndef KI_SOCK_SCTP_H
#define KI_SOCK_SCTP_H

#include <kith/sockaddr.h>

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ki_sctp_connect begins an association with the peer that has these `n` addresses. 0: it is made;
 * KITH_EINPROGRESS: it is under way; after both *assoc is its number. Or another code. */
KI_NODISCARD int ki_sctp_connect(int fd, const kith_sockaddr *peer, size_t n,
                                 int32_t *assoc);

/* ki_sctp_attempt: how an association that was begun stands. 0: it is made; KITH_EINPROGRESS;
 * KITH_ECONNREFUSED: it has failed, and the system keeps no reason. */
KI_NODISCARD int ki_sctp_attempt(int fd, int32_t assoc);

#ifdef __cplusplus
}
#endif

#endif
