/* SPDX-License-Identifier: Apache-2.0
 * registry.h -- a walk through the sockets that a filter lets pass. Any thread. */
#ifndef KI_REGISTRY_H
#define KI_REGISTRY_H

#include "actors/glance.h"

/* ki_registry_filter: the caller's filter, which may be NULL or of an older size. 0 or a code. */
KI_NODISCARD int ki_registry_filter(kith_socket_filter *ours,
                                    const kith_socket_filter *theirs);

/* ki_registry_next is ki_socket_next for those that are listed and match. */
struct ki_socket *ki_registry_next(uint32_t *i, const kith_socket_filter *f,
                                   struct ki_socket_glance *g);

#endif
