/* SPDX-License-Identifier: Apache-2.0
 * server.h -- servers and calls, for the library itself. */
#ifndef KI_SERVER_H
#define KI_SERVER_H

#include "actors/handler.h"

/* ki_server_spawn starts a server of type t without waiting for its init; `b` says by whose leave
 * (site, start_op). 0, or a code of kith_spawn_opt. */
int ki_server_spawn(const kith_server *t, const kith_spawn_options *o, const void *arg,
                    size_t len, struct ki_birth b, kith_pid *pid);

/* ki_is_call: m is a kith_call; ki_call_from: who waits for its reply. */
static inline bool
ki_is_call(const kith_msg *m)
{
    return (ki_msg_of(m)->node.flags & KI_MSG_CALL) != 0;
}

static inline kith_from
ki_call_from(const kith_msg *m)
{
    return (kith_from){m->ref.id, m->from.id};
}

/* The argument of a server whose birth is `accepted`: a kith_accepted, and at this distance, aligned
 * for anything, the bytes that its `arg` shall point to in the server's copy, unless it is NULL. */
#define KI_ACCEPTED_ROOM ((sizeof(kith_accepted) + 15) / 16 * 16)

/* The calls, with any tag: for requests of the library's own. */
KI_NODISCARD int ki_call_start(kith_pid to, uint64_t tag, kith_iov request, kith_iov reply,
                               kith_ms timeout, kith_future *f);
KI_NODISCARD ptrdiff_t ki_call(kith_pid to, uint64_t tag, kith_iov request, kith_iov reply,
                               kith_ms timeout);

/* ki_call_failed: a call of p's ends because its callee has died; or had, before. */
void ki_call_failed(struct ki_proc *p, const kith_reason *why);

/* The calls, with any tag: for requests of the library's own. */
KI_NODISCARD int ki_call_start(kith_pid to, uint64_t tag, kith_iov request, kith_iov reply,
                               kith_ms timeout, kith_future *f);
KI_NODISCARD ptrdiff_t ki_call(kith_pid to, uint64_t tag, kith_iov request, kith_iov reply,
                               kith_ms timeout);

#endif
