/* SPDX-License-Identifier: Apache-2.0
 * socket_value.h -- what options of sockets hold, when it is more than a number. */
#ifndef KITH_SOCKET_VALUE_H
#define KITH_SOCKET_VALUE_H

#include <kith/base.h>
#include <kith/sockaddr.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of KITH_OPT_SOCKET_LINGER: how long the system tries to send the rest after a close. */
typedef struct kith_linger {
    bool on;
    int seconds; /* with `on`: 0 resets the connection */
} kith_linger;

/* ---- multicast, IPv4 and IPv6 alike ---- */

/* A group, on one interface. ifindex 0: an IPv6 group's scope_id says which; else the system
 * chooses. */
typedef struct kith_mreq {
    kith_sockaddr group; /* its port does not matter, nor do those of sources */
    uint32_t ifindex;
} kith_mreq;

/* What one source sends to a group. */
typedef struct kith_mreq_source {
    kith_sockaddr group, source;
    uint32_t ifindex;
} kith_mreq_source;

enum {
    KITH_FILTER_INCLUDE =
        1, /* hear the sources of the list; an empty list leaves the group */
    KITH_FILTER_EXCLUDE = 2 /* hear all but those */
};

/* All at once: whom to hear of a group that was joined. The system bounds the list (Linux: 10
 * for IPv4, 64 for IPv6, unless it was told otherwise); a longer one is KITH_ENOBUFS. */
typedef struct kith_msfilter {
    kith_sockaddr group;
    uint32_t ifindex;
    int mode; /* KITH_FILTER_... */
    const kith_sockaddr *sources;
    size_t n_sources;
} kith_msfilter;

/* Of KITH_OPT_IP_MULTICAST_IF: where multicast leaves, by number, or by an address that the
 * interface has; all zero: the system chooses. Reading answers the address alone (Linux). */
typedef struct kith_multicast_if {
    kith_sockaddr local; /* KITH_INET; domain 0: none */
    uint32_t ifindex;
} kith_multicast_if;

#ifdef __cplusplus
}
#endif

#endif
