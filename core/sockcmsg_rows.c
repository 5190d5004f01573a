/* SPDX-License-Identifier: Apache-2.0
 * sockcmsg_rows.c -- one row a control message.
 *
 * ROW(name, native level, native type, kind, how). A type that this system has no macro for is -1,
 * and the row stays. Where a system receives under another type than it sends, two rows have one
 * id: the first is the one to send. */
#define _GNU_SOURCE
#define __APPLE_USE_RFC_3542
#include "core/sockcmsg_rows.h"

#include "core/os_net.h"

/* Elsewhere the structs are laid out in other ways. */
#if KI_HAVE_SCTP
#define SCTP_LINUX(name) SCTP_##name
_Static_assert(sizeof(kith_sctp_rcvinfo) == sizeof(struct sctp_rcvinfo), "alike");
_Static_assert(sizeof(kith_sctp_nxtinfo) == sizeof(struct sctp_nxtinfo), "alike");
_Static_assert(sizeof(kith_sctp_prinfo) == sizeof(struct sctp_prinfo), "alike");
#else
#define SCTP_LINUX(name) -1
#endif

#define RECV KI_CMSG_RECV
#define BOTH (KI_CMSG_RECV | KI_CMSG_SEND)
#define SEND KI_CMSG_SEND

#define ROW(NAME, level, type, kind, how) \
    { \
        KITH_CMSG_##NAME, level, type, KI_CMSG_##kind, how, 0 \
    }
#define ROW_OF(NAME, level, type, struct_type, how) \
    { \
        KITH_CMSG_##NAME, level, type, KI_CMSG_ALIKE, how, sizeof(struct_type) \
    }

static const struct ki_cmsg_row rows[] = {
    ROW(SOCKET_TIMESTAMP, SOL_SOCKET, SCM_TIMESTAMP, TIMEVAL, RECV),
    ROW(SOCKET_TIMESTAMPNS, SOL_SOCKET, SCM_TIMESTAMPNS, TIMESPEC, RECV),
    ROW(SOCKET_TIMESTAMPING, SOL_SOCKET, SCM_TIMESTAMPING, TIMESTAMPING, RECV),
    ROW(SOCKET_CREDENTIALS, SOL_SOCKET, SCM_CREDENTIALS, CREDENTIALS, BOTH),
    ROW(SOCKET_RXQ_OVFL, SOL_SOCKET, SO_RXQ_OVFL, UINT32, RECV),
    ROW(SOCKET_MARK, SOL_SOCKET, SO_MARK, UINT32, BOTH),
    ROW(SOCKET_PRIORITY, SOL_SOCKET, SO_PRIORITY, INT, BOTH),
    ROW(IP_TOS, IPPROTO_IP, IP_TOS, INT, BOTH),
    ROW(IP_TTL, IPPROTO_IP, IP_TTL, INT, BOTH),
    ROW(IP_TOS, IPPROTO_IP, KI_TOLD_AS(IP_RECVTOS), INT, RECV),
    ROW(IP_TTL, IPPROTO_IP, KI_TOLD_AS(IP_RECVTTL), INT, RECV),
    ROW(IP_PKTINFO, IPPROTO_IP, IP_PKTINFO, PKTINFO, BOTH),
    ROW(IP_ORIGDSTADDR, IPPROTO_IP, IP_ORIGDSTADDR, ADDRESS, RECV),
    ROW(IP_RECVERR, IPPROTO_IP, IP_RECVERR, ERROR, RECV),
    ROW(IP_RECVOPTS, IPPROTO_IP, IP_RECVOPTS, BYTES, RECV),
    ROW(IP_RETOPTS, IPPROTO_IP, IP_RETOPTS, BYTES, BOTH),
    ROW(IPV6_TCLASS, IPPROTO_IPV6, IPV6_TCLASS, INT, BOTH),
    ROW(IPV6_HOPLIMIT, IPPROTO_IPV6, IPV6_HOPLIMIT, INT, BOTH),
    ROW(IPV6_PKTINFO, IPPROTO_IPV6, IPV6_PKTINFO, PKTINFO6, BOTH),
    ROW(IPV6_ORIGDSTADDR, IPPROTO_IPV6, IPV6_ORIGDSTADDR, ADDRESS, RECV),
    ROW(IPV6_RECVERR, IPPROTO_IPV6, IPV6_RECVERR, ERROR, RECV),
    ROW(IPV6_FLOWINFO, IPPROTO_IPV6, IPV6_FLOWINFO, FLOWINFO, BOTH),
    ROW(IPV6_RTHDR, IPPROTO_IPV6, IPV6_RTHDR, BYTES, BOTH),
    ROW(IPV6_HOPOPTS, IPPROTO_IPV6, IPV6_HOPOPTS, BYTES, BOTH),
    ROW(IPV6_DSTOPTS, IPPROTO_IPV6, IPV6_DSTOPTS, BYTES, BOTH),
    ROW(UDP_SEGMENT, IPPROTO_UDP, UDP_SEGMENT, INT16, SEND),
    ROW(UDP_GRO, IPPROTO_UDP, UDP_GRO, INT, RECV),
    ROW_OF(SCTP_INIT, IPPROTO_SCTP, SCTP_LINUX(INIT), kith_sctp_initmsg, SEND),
    ROW_OF(SCTP_SNDRCV, IPPROTO_SCTP, SCTP_LINUX(SNDRCV), kith_sctp_sndrcvinfo, BOTH),
    ROW_OF(SCTP_SNDINFO, IPPROTO_SCTP, SCTP_LINUX(SNDINFO), kith_sctp_sndinfo, SEND),
    ROW_OF(SCTP_RCVINFO, IPPROTO_SCTP, SCTP_LINUX(RCVINFO), kith_sctp_rcvinfo, RECV),
    ROW_OF(SCTP_NXTINFO, IPPROTO_SCTP, SCTP_LINUX(NXTINFO), kith_sctp_nxtinfo, RECV),
    ROW_OF(SCTP_PRINFO, IPPROTO_SCTP, SCTP_LINUX(PRINFO), kith_sctp_prinfo, SEND),
    ROW(SCTP_AUTHINFO, IPPROTO_SCTP, SCTP_LINUX(AUTHINFO), INT16, SEND),
};

const struct ki_cmsg_row *
ki_cmsg_row_of_id(int id)
{
    for (size_t i = 0; i < ki_countof(rows); i++)
        if (rows[i].id == id)
            return &rows[i];
    return NULL;
}

const struct ki_cmsg_row *
ki_cmsg_row_of_native(int level, int type)
{
    for (size_t i = 0; i < ki_countof(rows); i++)
        if (rows[i].level == level && rows[i].type == type && (rows[i].how & KI_CMSG_RECV))
            return &rows[i];
    return NULL;
}
