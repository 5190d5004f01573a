/* SPDX-License-Identifier: Apache-2.0
 * resolve.h -- names to addresses by the system's resolver. */
#ifndef KI_RESOLVE_H
#define KI_RESOLVE_H

#include <kith/sockaddr.h>

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ki_resolve writes up to cap addresses of host with the port; answers how many there are in
 * `out`, or a code. May block for long: on the side pool only. */
int ki_resolve(const char *host, uint16_t port, kith_sockaddr *out, size_t cap);

#ifdef __cplusplus
}
#endif

#endif
