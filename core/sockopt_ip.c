/* SPDX-License-Identifier: Apache-2.0
 * sockopt_ip.c -- the options of level ip.
 *
 * Groups are joined and left by the calls of RFC 3678, which are the same for ip and ipv6 and name
 * an interface by its number. */
#define _GNU_SOURCE
#include "core/sockopt_rows.h"

#include "core/os_net.h"

#define ROW(NAME, ...) \
    [KI_OPT_AT(IP, NAME)] = KI_OPT_ROW(IP, NAME, "ip", IPPROTO_IP, __VA_ARGS__)

static const struct ki_sockopt ip_rows[] = {
    ROW(TTL, "ttl", IP_TTL, INT, GET_SET),
    ROW(TOS, "tos", IP_TOS, INT, GET_SET),
    ROW(ADD_MEMBERSHIP, "add_membership", MCAST_JOIN_GROUP, MREQ, SET),
    ROW(DROP_MEMBERSHIP, "drop_membership", MCAST_LEAVE_GROUP, MREQ, SET),
    ROW(ADD_SOURCE_MEMBERSHIP, "add_source_membership", MCAST_JOIN_SOURCE_GROUP,
        MREQ_SOURCE, SET),
    ROW(DROP_SOURCE_MEMBERSHIP, "drop_source_membership", MCAST_LEAVE_SOURCE_GROUP,
        MREQ_SOURCE, SET),
    ROW(BLOCK_SOURCE, "block_source", MCAST_BLOCK_SOURCE, MREQ_SOURCE, SET),
    ROW(UNBLOCK_SOURCE, "unblock_source", MCAST_UNBLOCK_SOURCE, MREQ_SOURCE, SET),
    ROW(MSFILTER, "msfilter", MCAST_MSFILTER, MSFILTER, SET),
    ROW(MULTICAST_IF, "multicast_if", IP_MULTICAST_IF, MULTICAST_IF, GET_SET),
    ROW(MULTICAST_TTL, "multicast_ttl", IP_MULTICAST_TTL, INT, GET_SET),
    ROW(MULTICAST_LOOP, "multicast_loop", IP_MULTICAST_LOOP, BOOL, GET_SET),
    ROW(MULTICAST_ALL, "multicast_all", IP_MULTICAST_ALL, BOOL, GET_SET),
    ROW(DONTFRAG, "dontfrag", IP_DONTFRAG, BOOL, GET_SET),
    ROW(FREEBIND, "freebind", IP_FREEBIND, BOOL, GET_SET),
    ROW(HDRINCL, "hdrincl", IP_HDRINCL, BOOL, GET_SET),
    ROW(MINTTL, "minttl", IP_MINTTL, INT, GET_SET),
    ROW(MTU, "mtu", IP_MTU, INT, GET),
    ROW(MTU_DISCOVER, "mtu_discover", IP_MTU_DISCOVER, INT, GET_SET),
    ROW(NODEFRAG, "nodefrag", IP_NODEFRAG, BOOL, GET_SET),
    ROW(OPTIONS, "options", IP_OPTIONS, BYTES, GET_SET),
    ROW(PKTINFO, "pktinfo", IP_PKTINFO, BOOL, GET_SET),
    ROW(RECVERR, "recverr", IP_RECVERR, BOOL, GET_SET),
    ROW(RECVIF, "recvif", IP_RECVIF, BOOL, GET_SET),
    ROW(RECVDSTADDR, "recvdstaddr", IP_RECVDSTADDR, BOOL, GET_SET),
    ROW(RECVOPTS, "recvopts", IP_RECVOPTS, BOOL, GET_SET),
    ROW(RECVORIGDSTADDR, "recvorigdstaddr", IP_RECVORIGDSTADDR, BOOL, GET_SET),
    ROW(RECVTOS, "recvtos", IP_RECVTOS, BOOL, GET_SET),
    ROW(RECVTTL, "recvttl", IP_RECVTTL, BOOL, GET_SET),
    ROW(RETOPTS, "retopts", IP_RECVRETOPTS, BOOL, GET_SET),
    ROW(ROUTER_ALERT, "router_alert", IP_ROUTER_ALERT, INT, SET),
    ROW(SENDSRCADDR, "sendsrcaddr", -1, BOOL, NEITHER),
    ROW(TRANSPARENT, "transparent", IP_TRANSPARENT, BOOL, GET_SET),
    ROW(BIND_ADDRESS_NO_PORT, "bind_address_no_port", IP_BIND_ADDRESS_NO_PORT, BOOL,
        GET_SET),
    ROW(RECVFRAGSIZE, "recvfragsize", IP_RECVFRAGSIZE, BOOL, GET_SET),
    ROW(RECVERR_RFC4884, "recverr_rfc4884", IP_RECVERR_RFC4884, BOOL, GET_SET),
    ROW(LOCAL_PORT_RANGE, "local_port_range", IP_LOCAL_PORT_RANGE, INT, GET_SET),
};

const struct ki_sockopt_level ki_sockopt_ip = {ip_rows, ki_countof(ip_rows)};
