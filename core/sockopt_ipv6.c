/* SPDX-License-Identifier: Apache-2.0
 * sockopt_ipv6.c -- the options of level ipv6, which are those of ip but for some. */
#define _GNU_SOURCE
#define __APPLE_USE_RFC_3542
#include "core/sockopt_rows.h"

#include "core/os_net.h"

/* Some headers still have its number, systems no more. */
#define GIVEN_UP -1

#define ROW(NAME, ...) \
    [KI_OPT_AT(IPV6, NAME)] = KI_OPT_ROW(IPV6, NAME, "ipv6", IPPROTO_IPV6, __VA_ARGS__)

static const struct ki_sockopt ipv6_rows[] = {
    ROW(V6ONLY, "v6only", IPV6_V6ONLY, BOOL, GET_SET),
    ROW(UNICAST_HOPS, "unicast_hops", IPV6_UNICAST_HOPS, INT, GET_SET),
    ROW(ADD_MEMBERSHIP, "add_membership", MCAST_JOIN_GROUP, MREQ, SET),
    ROW(DROP_MEMBERSHIP, "drop_membership", MCAST_LEAVE_GROUP, MREQ, SET),
    ROW(ADD_SOURCE_MEMBERSHIP, "add_source_membership", MCAST_JOIN_SOURCE_GROUP,
        MREQ_SOURCE, SET),
    ROW(DROP_SOURCE_MEMBERSHIP, "drop_source_membership", MCAST_LEAVE_SOURCE_GROUP,
        MREQ_SOURCE, SET),
    ROW(BLOCK_SOURCE, "block_source", MCAST_BLOCK_SOURCE, MREQ_SOURCE, SET),
    ROW(UNBLOCK_SOURCE, "unblock_source", MCAST_UNBLOCK_SOURCE, MREQ_SOURCE, SET),
    ROW(MSFILTER, "msfilter", MCAST_MSFILTER, MSFILTER, SET),
    ROW(MULTICAST_IF, "multicast_if", IPV6_MULTICAST_IF, INT, GET_SET),
    ROW(MULTICAST_HOPS, "multicast_hops", IPV6_MULTICAST_HOPS, INT, GET_SET),
    ROW(MULTICAST_LOOP, "multicast_loop", IPV6_MULTICAST_LOOP, BOOL, GET_SET),
    ROW(MULTICAST_ALL, "multicast_all", IPV6_MULTICAST_ALL, BOOL, GET_SET),
    ROW(ADDRFORM, "addrform", IPV6_ADDRFORM, DOMAIN, SET),
    ROW(AUTHHDR, "authhdr", GIVEN_UP, BOOL, GET_SET),
    ROW(AUTH_LEVEL, "auth_level", IPV6_AUTH_LEVEL, INT, GET_SET),
    ROW(CHECKSUM, "checksum", IPV6_CHECKSUM, INT, GET_SET),
    ROW(DSTOPTS, "dstopts", IPV6_DSTOPTS, BYTES, GET_SET),
    ROW(ESP_TRANS_LEVEL, "esp_trans_level", IPV6_ESP_TRANS_LEVEL, INT, GET_SET),
    ROW(ESP_NETWORK_LEVEL, "esp_network_level", IPV6_ESP_NETWORK_LEVEL, INT, GET_SET),
    ROW(FAITH, "faith", GIVEN_UP, BOOL, GET_SET),
    ROW(FLOWINFO, "flowinfo", IPV6_FLOWINFO, BOOL, GET_SET),
    ROW(RECVHOPLIMIT, "recvhoplimit", IPV6_RECVHOPLIMIT, BOOL, GET_SET),
    ROW(HOPOPTS, "hopopts", IPV6_HOPOPTS, BYTES, GET_SET),
    ROW(IPCOMP_LEVEL, "ipcomp_level", IPV6_IPCOMP_LEVEL, INT, GET_SET),
    ROW(MTU, "mtu", IPV6_MTU, INT, GET_SET),
    ROW(MTU_DISCOVER, "mtu_discover", IPV6_MTU_DISCOVER, INT, GET_SET),
    ROW(PORTRANGE, "portrange", IPV6_PORTRANGE, INT, GET_SET),
    ROW(PKTOPTIONS, "pktoptions", IPV6_2292PKTOPTIONS, BYTES, GET),
    ROW(RECVERR, "recverr", IPV6_RECVERR, BOOL, GET_SET),
    ROW(RECVPKTINFO, "recvpktinfo", IPV6_RECVPKTINFO, BOOL, GET_SET),
    ROW(RECVTCLASS, "recvtclass", IPV6_RECVTCLASS, BOOL, GET_SET),
    ROW(ROUTER_ALERT, "router_alert", IPV6_ROUTER_ALERT, INT, SET),
    ROW(RTHDR, "rthdr", IPV6_RTHDR, BYTES, GET_SET),
    ROW(TCLASS, "tclass", IPV6_TCLASS, INT, GET_SET),
    ROW(USE_MIN_MTU, "use_min_mtu", IPV6_USE_MIN_MTU, INT, GET_SET),
    ROW(FREEBIND, "freebind", IPV6_FREEBIND, BOOL, GET_SET),
    ROW(TRANSPARENT, "transparent", IPV6_TRANSPARENT, BOOL, GET_SET),
    ROW(AUTOFLOWLABEL, "autoflowlabel", IPV6_AUTOFLOWLABEL, BOOL, GET_SET),
    ROW(DONTFRAG, "dontfrag", IPV6_DONTFRAG, BOOL, GET_SET),
    ROW(RECVPATHMTU, "recvpathmtu", IPV6_RECVPATHMTU, BOOL, GET_SET),
    ROW(RECVORIGDSTADDR, "recvorigdstaddr", IPV6_RECVORIGDSTADDR, BOOL, GET_SET),
    ROW(MINHOPCOUNT, "minhopcount", IPV6_MINHOPCOUNT, INT, GET_SET),
    ROW(RECVFRAGSIZE, "recvfragsize", IPV6_RECVFRAGSIZE, BOOL, GET_SET),
    ROW(RECVHOPOPTS, "recvhopopts", IPV6_RECVHOPOPTS, BOOL, GET_SET),
    ROW(RECVDSTOPTS, "recvdstopts", IPV6_RECVDSTOPTS, BOOL, GET_SET),
    ROW(RECVRTHDR, "recvrthdr", IPV6_RECVRTHDR, BOOL, GET_SET),
    ROW(RTHDRDSTOPTS, "rthdrdstopts", IPV6_RTHDRDSTOPTS, BYTES, GET_SET),
    ROW(ADDR_PREFERENCES, "addr_preferences", IPV6_ADDR_PREFERENCES, INT, GET_SET),
    ROW(RECVERR_RFC4884, "recverr_rfc4884", IPV6_RECVERR_RFC4884, BOOL, GET_SET),
    ROW(FLOWINFO_SEND, "flowinfo_send", IPV6_FLOWINFO_SEND, BOOL, GET_SET),
};

const struct ki_sockopt_level ki_sockopt_ipv6 = {ipv6_rows, ki_countof(ipv6_rows)};
