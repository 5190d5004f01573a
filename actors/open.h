/* SPDX-License-Identifier: Apache-2.0
 * open.h -- a socket opened by the side pool, for a process that waits or has a future of it. */
#ifndef KI_OPEN_H
#define KI_OPEN_H

#include "actors/op.h"

/* ki_open_traits: the KI_TRAIT_ bits of a socket that came here so. */
static inline uint32_t
ki_open_traits(enum kith_socket_origin origin, const kith_open_options *o)
{
    return KI_TRAIT_OF(origin) | (o->use_registry ? 0 : KI_TRAIT_UNLISTED);
}

/* ki_open_elsewhere makes a socket in the namespace that o->netns stands for (NULL: our own), and
 * waits for it. 0 and `*s`, the caller's; or a code, ki_enter_waiting's too. */
int ki_open_elsewhere(int domain, int type, int protocol, const kith_open_options *o,
                      kith_socket *s);

/* ki_open_options reads what a caller gave; NULL is all by default. 0 or a code. */
int ki_open_options(kith_open_options *ours, const kith_open_options *theirs);

#endif
