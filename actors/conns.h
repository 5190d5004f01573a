/* SPDX-License-Identifier: Apache-2.0
 * conns.h -- the connections of a listener: found by pid, walked as a list.
 *
 * A table with open addresses, so that a death is counted off in a look and a sweep reads memory
 * from one end to the other. It belongs to one process and lies in that one's memory (kith_alloc),
 * with which it goes. */
#ifndef KI_CONNS_H
#define KI_CONNS_H

#include <kith/base.h>

enum ki_conn_state {
    KI_CONN_LIVES,
    KI_CONN_ASKED, /* to end */
    KI_CONN_KILLED
};

struct ki_conn {
    kith_pid pid; /* zero: a free place */
    kith_socket socket;
    uint64_t moved; /* bytes over its socket, when it was last looked at */
    kith_ms at;     /* when it was first seen with that many; or was asked to end */
    int state;      /* enum ki_conn_state */
};

struct ki_conns {
    struct ki_conn *place;
    size_t cap; /* a power of two, or 0 */
    size_t n;
};

/* ki_conns_reserve makes room for one more. 0 or KITH_ENOMEM. */
int ki_conns_reserve(struct ki_conns *t);

/* ki_conns_add puts one in that is not there; answers its place. Pre: there is room. */
struct ki_conn *ki_conns_add(struct ki_conns *t, kith_pid pid, kith_socket s);

/* ki_conns_find: NULL, it is not there. ki_conns_remove takes out what find has answered. */
struct ki_conn *ki_conns_find(const struct ki_conns *t, kith_pid pid);
void ki_conns_remove(struct ki_conns *t, struct ki_conn *c);

/* ki_conns_next walks: NULL, then what it answered; NULL at the end. Pre: nothing is added or
 * removed meanwhile. */
struct ki_conn *ki_conns_next(const struct ki_conns *t, const struct ki_conn *c);

#endif
