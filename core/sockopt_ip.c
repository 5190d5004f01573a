/* SPDX-License-Identifier: Apache-2.0
 * sockopt_ip.c -- the options of levels ip and ipv6.
 *
 * Groups are joined and left by the calls of RFC 3678, which are the same for both and name an
 * interface by its number. */
#define _GNU_SOURCE
#define __APPLE_USE_RFC_3542
#include "core/sockopt_rows.h"

#include <netinet/in.h>
#include <sys/socket.h>

#ifndef MCAST_JOIN_GROUP
#define MCAST_JOIN_GROUP -1
#define MCAST_LEAVE_GROUP -1
#define MCAST_JOIN_SOURCE_GROUP -1
#define MCAST_LEAVE_SOURCE_GROUP -1
#define MCAST_BLOCK_SOURCE -1
#define MCAST_UNBLOCK_SOURCE -1
#endif
#ifndef MCAST_MSFILTER
#define MCAST_MSFILTER -1
#endif
#ifndef IP_MULTICAST_ALL
#define IP_MULTICAST_ALL -1
#endif
#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL -1
#endif

#define ROW(NAME, ...) \
    [KI_OPT_AT(IP, NAME)] = KI_OPT_ROW(IP, NAME, "ip", IPPROTO_IP, __VA_ARGS__)

static const struct ki_sockopt ip_rows[] = {
    ROW(TTL, "ttl", IP_TTL, INT, int, GET_SET),
    ROW(TOS, "tos", IP_TOS, INT, int, GET_SET),
    ROW(ADD_MEMBERSHIP, "add_membership", MCAST_JOIN_GROUP, MREQ, kith_mreq, SET),
    ROW(DROP_MEMBERSHIP, "drop_membership", MCAST_LEAVE_GROUP, MREQ, kith_mreq, SET),
    ROW(ADD_SOURCE_MEMBERSHIP, "add_source_membership", MCAST_JOIN_SOURCE_GROUP,
        MREQ_SOURCE, kith_mreq_source, SET),
    ROW(DROP_SOURCE_MEMBERSHIP, "drop_source_membership", MCAST_LEAVE_SOURCE_GROUP,
        MREQ_SOURCE, kith_mreq_source, SET),
    ROW(BLOCK_SOURCE, "block_source", MCAST_BLOCK_SOURCE, MREQ_SOURCE, kith_mreq_source,
        SET),
    ROW(UNBLOCK_SOURCE, "unblock_source", MCAST_UNBLOCK_SOURCE, MREQ_SOURCE,
        kith_mreq_source, SET),
    ROW(MSFILTER, "msfilter", MCAST_MSFILTER, MSFILTER, kith_msfilter, SET),
    ROW(MULTICAST_IF, "multicast_if", IP_MULTICAST_IF, MULTICAST_IF, kith_multicast_if,
        GET_SET),
    ROW(MULTICAST_TTL, "multicast_ttl", IP_MULTICAST_TTL, INT, int, GET_SET),
    ROW(MULTICAST_LOOP, "multicast_loop", IP_MULTICAST_LOOP, BOOL, int, GET_SET),
    ROW(MULTICAST_ALL, "multicast_all", IP_MULTICAST_ALL, BOOL, int, GET_SET),
};

const struct ki_sockopt_level ki_sockopt_ip = {ip_rows, ki_countof(ip_rows)};

#undef ROW
#define ROW(NAME, ...) \
    [KI_OPT_AT(IPV6, NAME)] = KI_OPT_ROW(IPV6, NAME, "ipv6", IPPROTO_IPV6, __VA_ARGS__)

static const struct ki_sockopt ipv6_rows[] = {
    ROW(V6ONLY, "v6only", IPV6_V6ONLY, BOOL, int, GET_SET),
    ROW(UNICAST_HOPS, "unicast_hops", IPV6_UNICAST_HOPS, INT, int, GET_SET),
    ROW(ADD_MEMBERSHIP, "add_membership", MCAST_JOIN_GROUP, MREQ, kith_mreq, SET),
    ROW(DROP_MEMBERSHIP, "drop_membership", MCAST_LEAVE_GROUP, MREQ, kith_mreq, SET),
    ROW(ADD_SOURCE_MEMBERSHIP, "add_source_membership", MCAST_JOIN_SOURCE_GROUP,
        MREQ_SOURCE, kith_mreq_source, SET),
    ROW(DROP_SOURCE_MEMBERSHIP, "drop_source_membership", MCAST_LEAVE_SOURCE_GROUP,
        MREQ_SOURCE, kith_mreq_source, SET),
    ROW(BLOCK_SOURCE, "block_source", MCAST_BLOCK_SOURCE, MREQ_SOURCE, kith_mreq_source,
        SET),
    ROW(UNBLOCK_SOURCE, "unblock_source", MCAST_UNBLOCK_SOURCE, MREQ_SOURCE,
        kith_mreq_source, SET),
    ROW(MSFILTER, "msfilter", MCAST_MSFILTER, MSFILTER, kith_msfilter, SET),
    ROW(MULTICAST_IF, "multicast_if", IPV6_MULTICAST_IF, INT, int, GET_SET),
    ROW(MULTICAST_HOPS, "multicast_hops", IPV6_MULTICAST_HOPS, INT, int, GET_SET),
    ROW(MULTICAST_LOOP, "multicast_loop", IPV6_MULTICAST_LOOP, BOOL, int, GET_SET),
    ROW(MULTICAST_ALL, "multicast_all", IPV6_MULTICAST_ALL, BOOL, int, GET_SET),
};

const struct ki_sockopt_level ki_sockopt_ipv6 = {ipv6_rows, ki_countof(ipv6_rows)};
