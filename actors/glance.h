/* SPDX-License-Identifier: Apache-2.0
 * glance.h -- a glance at a socket that somebody else may have: its atomic fields, and its id before
 * and after. docs/design/seen.md */
#ifndef KI_GLANCE_H
#define KI_GLANCE_H

#include "actors/socket.h"

/* What a glance has found. */
struct ki_socket_glance {
    uint64_t id, owner, received, sent;
    int fd, protocol, domain, type;
    uint32_t traits, state; /* KI_TRAIT_, KITH_STATE_ */
};

/* ki_socket_glance looks at s's present use. false: it is closed, or was closed meanwhile. */
bool ki_socket_glance(struct ki_socket *s, struct ki_socket_glance *g);

/* ki_socket_next is a walk through all records from index *i on, which is then the next one's; NULL:
 * there is none. */
struct ki_socket *ki_socket_next(uint32_t *i, struct ki_socket_glance *g);

/* ki_glance_cost: a walk through i records, in a process's budget. */
static inline int32_t
ki_glance_cost(uint32_t i)
{
    return 1 + (int32_t) (i / 16);
}

#endif
