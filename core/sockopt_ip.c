/* SPDX-License-Identifier: Apache-2.0
 * sockopt_ip.c -- the options of level ip.
 *
 * Groups are joined and left by the calls of RFC 3678, which are the same for ip and ipv6 and name
 * an interface by its number. */
#define _GNU_SOURCE
#include "core/sockopt_rows.h"

#include <netinet/in.h>

#if !defined(IP_LOCAL_PORT_RANGE) && defined(__linux__)
#define IP_LOCAL_PORT_RANGE 51 /* of Linux 6.3, which C libraries do not know everywhere */
#endif
#ifndef MCAST_JOIN_GROUP
#define MCAST_JOIN_GROUP -1
#endif
#ifndef MCAST_LEAVE_GROUP
#define MCAST_LEAVE_GROUP -1
#endif
#ifndef MCAST_JOIN_SOURCE_GROUP
#define MCAST_JOIN_SOURCE_GROUP -1
#endif
#ifndef MCAST_LEAVE_SOURCE_GROUP
#define MCAST_LEAVE_SOURCE_GROUP -1
#endif
#ifndef MCAST_BLOCK_SOURCE
#define MCAST_BLOCK_SOURCE -1
#endif
#ifndef MCAST_UNBLOCK_SOURCE
#define MCAST_UNBLOCK_SOURCE -1
#endif
#ifndef MCAST_MSFILTER
#define MCAST_MSFILTER -1
#endif
#ifndef IP_MULTICAST_ALL
#define IP_MULTICAST_ALL -1
#endif
#ifndef IP_DONTFRAG
#define IP_DONTFRAG -1
#endif
#ifndef IP_FREEBIND
#define IP_FREEBIND -1
#endif
#ifndef IP_MINTTL
#define IP_MINTTL -1
#endif
#ifndef IP_MTU
#define IP_MTU -1
#endif
#ifndef IP_MTU_DISCOVER
#define IP_MTU_DISCOVER -1
#endif
#ifndef IP_NODEFRAG
#define IP_NODEFRAG -1
#endif
#ifndef IP_PKTINFO
#define IP_PKTINFO -1
#endif
#ifndef IP_RECVERR
#define IP_RECVERR -1
#endif
#ifndef IP_RECVIF
#define IP_RECVIF -1
#endif
#ifndef IP_RECVDSTADDR
#define IP_RECVDSTADDR -1
#endif
#ifndef IP_RECVOPTS
#define IP_RECVOPTS -1
#endif
#ifndef IP_RECVORIGDSTADDR
#define IP_RECVORIGDSTADDR -1
#endif
#ifndef IP_RECVTOS
#define IP_RECVTOS -1
#endif
#ifndef IP_RECVTTL
#define IP_RECVTTL -1
#endif
#ifndef IP_RECVRETOPTS /* which BSD tells from the options to be sent, IP_RETOPTS */
#ifdef IP_RETOPTS
#define IP_RECVRETOPTS IP_RETOPTS
#else
#define IP_RECVRETOPTS -1
#endif
#endif
#ifndef IP_ROUTER_ALERT
#define IP_ROUTER_ALERT -1
#endif
#ifndef IP_TRANSPARENT
#define IP_TRANSPARENT -1
#endif
#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT -1
#endif
#ifndef IP_RECVFRAGSIZE
#define IP_RECVFRAGSIZE -1
#endif
#ifndef IP_RECVERR_RFC4884
#define IP_RECVERR_RFC4884 -1
#endif
#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE -1
#endif

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
