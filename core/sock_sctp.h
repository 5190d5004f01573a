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

/* ki_sctp_bindx adds local addresses, or takes them away. */
KI_NODISCARD int ki_sctp_bindx(int fd, const kith_sockaddr *a, size_t n, bool add);

/* ki_sctp_addresses answers how many an association has, the peer's or ours, and writes the first
 * `cap` of them. */
KI_NODISCARD ptrdiff_t ki_sctp_addresses(int fd, int32_t assoc, bool peer, kith_sockaddr *a,
                                         size_t cap);

/* ki_sctp_peeloff answers a new descriptor, of that association alone. */
KI_NODISCARD int ki_sctp_peeloff(int fd, int32_t assoc);

#ifdef __cplusplus
}
#endif

#endif
