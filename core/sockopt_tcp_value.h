/* SPDX-License-Identifier: Apache-2.0
 * sockopt_tcp_value.h -- the two values of TCP that Linux keeps in a header of its own, linux/tcp.h,
 * which cannot stand beside netinet/tcp.h. For use by sockopt_value.c alone. */
#ifndef KI_SOCKOPT_TCP_VALUE_H
#define KI_SOCKOPT_TCP_VALUE_H

#include <kith/error.h>
#include <kith/socket_value.h>

#include "core/defs.h"

/* How long the native ones are; 0 where this system has none. */
unsigned ki_tcp_info_len(void);
unsigned ki_md5sig_len(void);

/* ki_tcp_info_decode reads `len` bytes; what they do not reach is 0. */
void ki_tcp_info_decode(const void *native, size_t len, kith_tcp_info *out);

/* ki_md5sig_encode writes the native form of the kith_md5sig at v, which lies anywhere. 0, or
 * KITH_EINVAL for a peer that has no IP address, or a key or prefix that is too long. */
KI_NODISCARD int ki_md5sig_encode(const void *v, void *native);

#endif
