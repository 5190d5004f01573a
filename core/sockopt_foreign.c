/* SPDX-License-Identifier: Apache-2.0
 * sockopt_foreign.c -- one row an option: its number on each system.
 *
 * Read in the headers of
 *   Linux      include/uapi/{asm-generic/socket.h,linux/{in,in6,tcp,udp,sctp}.h}
 *   FreeBSD    15, tcp.h of 14: sys/sys/socket.h, sys/netinet/{in,tcp,udp,sctp}.h,
 *              sys/netinet6/in6.h (as ziglang/zig keeps them: lib/libc/include/generic-freebsd)
 *   macOS      15 (xnu-11417): bsd/sys/socket.h, bsd/netinet/{in,tcp,udp}.h, bsd/netinet6/in6.h
 *   OpenBSD    sys/netinet6/in6.h
 * What a system has given up stands with the last number it had there: ipv6 authhdr of Linux, faith
 * of FreeBSD (until 10) and of macOS. */
#define _GNU_SOURCE
#include "core/sockopt_foreign.h"

#include <string.h>

#include "core/os_net.h"

enum { NONE = -1 };

struct numbers {
    kith_opt id;
    int on[KI_SYSTEMS];
};

#define ROW(NAME, number_linux, number_freebsd, number_macos) \
    { \
        KITH_OPT_##NAME, \
        { \
            [KI_LINUX] = number_linux, [KI_FREEBSD] = number_freebsd, \
            [KI_MACOS] = number_macos, [KI_OPENBSD] = NONE, \
        } \
    }
#define OF_OPENBSD(NAME, number) \
    { \
        KITH_OPT_##NAME, \
        { \
            NONE, NONE, NONE, number, \
        } \
    }

static const struct numbers numbers[] = {
    ROW(SOCKET_REUSEADDR, 2, 0x0004, 0x0004),
    ROW(SOCKET_REUSEPORT, 15, 0x0200, 0x0200),
    ROW(SOCKET_KEEPALIVE, 9, 0x0008, 0x0008),
    ROW(SOCKET_SNDBUF, 7, 0x1001, 0x1001),
    ROW(SOCKET_RCVBUF, 8, 0x1002, 0x1002),
    ROW(SOCKET_LINGER, 13, 0x0080, 0x1080),
    ROW(SOCKET_ERROR, 4, 0x1007, 0x1007),
    ROW(SOCKET_TYPE, 3, 0x1008, 0x1008),
    ROW(SOCKET_DOMAIN, 39, 0x1019, NONE),
    ROW(SOCKET_PROTOCOL, 38, 0x1016, NONE),
    ROW(SOCKET_ACCEPTCONN, 30, 0x0002, 0x0002),
    ROW(SOCKET_BROADCAST, 6, 0x0020, 0x0020),
    ROW(SOCKET_OOBINLINE, 10, 0x0100, 0x0100),
    ROW(SOCKET_DONTROUTE, 5, 0x0010, 0x0010),
    ROW(SOCKET_RCVLOWAT, 18, 0x1004, 0x1004),
    ROW(SOCKET_ACCEPTFILTER, NONE, 0x1000, NONE),
    ROW(SOCKET_BINDTODEVICE, 25, NONE, 0x1134),
    ROW(SOCKET_BUSY_POLL, 46, NONE, NONE),
    ROW(SOCKET_DEBUG, 1, 0x0001, 0x0001),
    ROW(SOCKET_MARK, 36, NONE, NONE),
    ROW(SOCKET_PASSCRED, 16, NONE, NONE),
    ROW(SOCKET_PEEK_OFF, 42, NONE, NONE),
    ROW(SOCKET_PEERCRED, 17, NONE, NONE),
    ROW(SOCKET_PRIORITY, 12, NONE, NONE),
    ROW(SOCKET_RCVBUFFORCE, 33, NONE, NONE),
    ROW(SOCKET_RCVTIMEO, 20, 0x1006, 0x1006),
    ROW(SOCKET_RXQ_OVFL, 40, NONE, NONE),
    ROW(SOCKET_SETFIB, NONE, 0x1014, NONE),
    ROW(SOCKET_SNDBUFFORCE, 32, NONE, NONE),
    ROW(SOCKET_SNDLOWAT, 19, 0x1003, 0x1003),
    ROW(SOCKET_SNDTIMEO, 21, 0x1005, 0x1005),
    ROW(SOCKET_TIMESTAMP, 29, 0x0400, 0x0400),
    ROW(SOCKET_TIMESTAMPNS, 35, NONE, NONE),
    ROW(SOCKET_TIMESTAMPING, 37, NONE, NONE),
    ROW(SOCKET_INCOMING_CPU, 49, NONE, NONE),
    ROW(SOCKET_ZEROCOPY, 60, NONE, NONE),
    ROW(SOCKET_MAX_PACING_RATE, 47, 0x1018, NONE),
    ROW(SOCKET_COOKIE, 57, NONE, NONE),
    ROW(SOCKET_BINDTOIFINDEX, 62, NONE, NONE),
    ROW(SOCKET_PREFER_BUSY_POLL, 69, NONE, NONE),
    ROW(SOCKET_RCVMARK, 75, NONE, NONE),

    ROW(IP_TTL, 2, 4, 4),
    ROW(IP_TOS, 1, 3, 3),
    ROW(IP_ADD_MEMBERSHIP, 42, 80, 80),
    ROW(IP_DROP_MEMBERSHIP, 45, 81, 81),
    ROW(IP_ADD_SOURCE_MEMBERSHIP, 46, 82, 82),
    ROW(IP_DROP_SOURCE_MEMBERSHIP, 47, 83, 83),
    ROW(IP_BLOCK_SOURCE, 43, 84, 84),
    ROW(IP_UNBLOCK_SOURCE, 44, 85, 85),
    ROW(IP_MSFILTER, 48, NONE, NONE),
    ROW(IP_MULTICAST_IF, 32, 9, 9),
    ROW(IP_MULTICAST_TTL, 33, 10, 10),
    ROW(IP_MULTICAST_LOOP, 34, 11, 11),
    ROW(IP_MULTICAST_ALL, 49, NONE, NONE),
    ROW(IP_DONTFRAG, NONE, 67, 28),
    ROW(IP_FREEBIND, 15, NONE, NONE),
    ROW(IP_HDRINCL, 3, 2, 2),
    ROW(IP_MINTTL, 21, 66, NONE),
    ROW(IP_MTU, 14, NONE, NONE),
    ROW(IP_MTU_DISCOVER, 10, NONE, NONE),
    ROW(IP_NODEFRAG, 22, NONE, NONE),
    ROW(IP_OPTIONS, 4, 1, 1),
    ROW(IP_PKTINFO, 8, NONE, 26),
    ROW(IP_RECVERR, 11, NONE, NONE),
    ROW(IP_RECVIF, NONE, 20, 20),
    ROW(IP_RECVDSTADDR, NONE, 7, 7),
    ROW(IP_RECVOPTS, 6, 5, 5),
    ROW(IP_RECVORIGDSTADDR, 20, 27, NONE),
    ROW(IP_RECVTOS, 13, 68, 27),
    ROW(IP_RECVTTL, 12, 65, 24),
    ROW(IP_RETOPTS, 7, 6, 6),
    ROW(IP_ROUTER_ALERT, 5, NONE, NONE),
    ROW(IP_SENDSRCADDR, NONE, NONE, NONE), /* a control message */
    ROW(IP_TRANSPARENT, 19, NONE, NONE),
    ROW(IP_BIND_ADDRESS_NO_PORT, 24, NONE, NONE),
    ROW(IP_RECVFRAGSIZE, 25, NONE, NONE),
    ROW(IP_RECVERR_RFC4884, 26, NONE, NONE),
    ROW(IP_LOCAL_PORT_RANGE, 51, NONE, NONE),

    ROW(IPV6_V6ONLY, 26, 27, 27),
    ROW(IPV6_UNICAST_HOPS, 16, 4, 4),
    ROW(IPV6_ADD_MEMBERSHIP, 42, 80, 80),
    ROW(IPV6_DROP_MEMBERSHIP, 45, 81, 81),
    ROW(IPV6_ADD_SOURCE_MEMBERSHIP, 46, 82, 82),
    ROW(IPV6_DROP_SOURCE_MEMBERSHIP, 47, 83, 83),
    ROW(IPV6_BLOCK_SOURCE, 43, 84, 84),
    ROW(IPV6_UNBLOCK_SOURCE, 44, 85, 85),
    ROW(IPV6_MSFILTER, 48, NONE, NONE),
    ROW(IPV6_MULTICAST_IF, 17, 9, 9),
    ROW(IPV6_MULTICAST_HOPS, 18, 10, 10),
    ROW(IPV6_MULTICAST_LOOP, 19, 11, 11),
    ROW(IPV6_MULTICAST_ALL, 29, NONE, NONE),
    ROW(IPV6_ADDRFORM, 1, NONE, NONE),
    ROW(IPV6_AUTHHDR, 10, NONE, NONE),
    OF_OPENBSD(IPV6_AUTH_LEVEL, 53),
    ROW(IPV6_CHECKSUM, 7, 26, 26),
    ROW(IPV6_DSTOPTS, 59, 50, 50),
    OF_OPENBSD(IPV6_ESP_TRANS_LEVEL, 54),
    OF_OPENBSD(IPV6_ESP_NETWORK_LEVEL, 55),
    ROW(IPV6_FAITH, NONE, 29, 29),
    ROW(IPV6_FLOWINFO, 11, NONE, NONE),
    ROW(IPV6_RECVHOPLIMIT, 51, 37, 37),
    ROW(IPV6_HOPOPTS, 54, 49, 49),
    OF_OPENBSD(IPV6_IPCOMP_LEVEL, 60),
    ROW(IPV6_MTU, 24, NONE, NONE),
    ROW(IPV6_MTU_DISCOVER, 23, NONE, NONE),
    ROW(IPV6_PORTRANGE, NONE, 14, 14),
    ROW(IPV6_PKTOPTIONS, 6, NONE, 25),
    ROW(IPV6_RECVERR, 25, NONE, NONE),
    ROW(IPV6_RECVPKTINFO, 49, 36, 61),
    ROW(IPV6_RECVTCLASS, 66, 57, 35),
    ROW(IPV6_ROUTER_ALERT, 22, NONE, NONE),
    ROW(IPV6_RTHDR, 57, 51, 51),
    ROW(IPV6_TCLASS, 67, 61, 36),
    ROW(IPV6_USE_MIN_MTU, NONE, 42, 42),
    ROW(IPV6_FREEBIND, 78, NONE, NONE),
    ROW(IPV6_TRANSPARENT, 75, NONE, NONE),
    ROW(IPV6_AUTOFLOWLABEL, 70, 59, 59),
    ROW(IPV6_DONTFRAG, 62, 62, 62),
    ROW(IPV6_RECVPATHMTU, 60, 43, 43),
    ROW(IPV6_RECVORIGDSTADDR, 74, 72, NONE),
    ROW(IPV6_MINHOPCOUNT, 73, NONE, NONE),
    ROW(IPV6_RECVFRAGSIZE, 77, NONE, NONE),
    ROW(IPV6_RECVHOPOPTS, 53, 39, 39),
    ROW(IPV6_RECVDSTOPTS, 58, 40, 40),
    ROW(IPV6_RECVRTHDR, 56, 38, 38),
    ROW(IPV6_RTHDRDSTOPTS, 55, 35, 57),
    ROW(IPV6_ADDR_PREFERENCES, 72, NONE, NONE),
    ROW(IPV6_RECVERR_RFC4884, 31, NONE, NONE),
    ROW(IPV6_FLOWINFO_SEND, 33, NONE, NONE),

    ROW(TCP_NODELAY, 1, 1, 0x01),
    ROW(TCP_CORK, 3, NONE, NONE),
    ROW(TCP_MAXSEG, 2, 2, 0x02),
    ROW(TCP_KEEPIDLE, 4, 256, 0x10),
    ROW(TCP_KEEPINTVL, 5, 512, 0x101),
    ROW(TCP_KEEPCNT, 6, 1024, 0x102),
    ROW(TCP_USER_TIMEOUT, 18, NONE, NONE),
    ROW(TCP_CONGESTION, 13, 64, NONE),
    ROW(TCP_INFO, 11, 32, NONE),
    ROW(TCP_MD5SIG, 32, 16, NONE),
    ROW(TCP_NOOPT, NONE, 8, 0x08),
    ROW(TCP_NOPUSH, NONE, 4, 0x04),
    ROW(TCP_SYNCNT, 7, NONE, NONE),
    ROW(TCP_DEFER_ACCEPT, 9, NONE, NONE),
    ROW(TCP_QUICKACK, 12, NONE, NONE),
    ROW(TCP_FASTOPEN, 23, 1025, 0x105),
    ROW(TCP_FASTOPEN_CONNECT, 30, NONE, NONE),
    ROW(TCP_NOTSENT_LOWAT, 25, NONE, 0x201),
    ROW(TCP_WINDOW_CLAMP, 10, NONE, NONE),
    ROW(TCP_LINGER2, 8, NONE, NONE),
    ROW(TCP_THIN_LINEAR_TIMEOUTS, 16, NONE, NONE),
    ROW(TCP_SAVE_SYN, 27, NONE, NONE),
    ROW(TCP_SAVED_SYN, 28, NONE, NONE),
    ROW(TCP_INQ, 36, NONE, NONE),
    ROW(TCP_FASTOPEN_NO_COOKIE, 34, NONE, NONE),

    ROW(UDP_CORK, 1, NONE, NONE),
    ROW(UDP_SEGMENT, 103, NONE, NONE),
    ROW(UDP_GRO, 104, NONE, NONE),
    ROW(UDP_NO_CHECK6_TX, 101, NONE, NONE),
    ROW(UDP_NO_CHECK6_RX, 102, NONE, NONE),

    ROW(SCTP_ADAPTION_LAYER, 7, 0x08, NONE),
    ROW(SCTP_ASSOCINFO, 1, 0x02, NONE),
    ROW(SCTP_AUTH_ACTIVE_KEY, 24, 0x15, NONE),
    ROW(SCTP_AUTH_ASCONF, 30, 0x18, NONE),
    ROW(SCTP_AUTH_CHUNK, 21, 0x12, NONE),
    ROW(SCTP_AUTH_KEY, 23, 0x13, NONE),
    ROW(SCTP_AUTH_DELETE_KEY, 25, 0x16, NONE),
    ROW(SCTP_AUTOCLOSE, 4, 0x05, NONE),
    ROW(SCTP_CONTEXT, 17, 0x1a, NONE),
    ROW(SCTP_DEFAULT_SEND_PARAM, 10, 0x0b, NONE),
    ROW(SCTP_DELAYED_ACK_TIME, 16, 0x0f, NONE),
    ROW(SCTP_DISABLE_FRAGMENTS, 8, 0x09, NONE),
    ROW(SCTP_HMAC_IDENT, 22, 0x14, NONE),
    ROW(SCTP_EVENTS, 11, 0x0c, NONE),
    ROW(SCTP_EXPLICIT_EOR, NONE, 0x1b, NONE),
    ROW(SCTP_FRAGMENT_INTERLEAVE, 18, 0x10, NONE),
    ROW(SCTP_GET_PEER_ADDR_INFO, 15, 0x101, NONE),
    ROW(SCTP_INITMSG, 2, 0x03, NONE),
    ROW(SCTP_I_WANT_MAPPED_V4_ADDR, 12, 0x0d, NONE),
    ROW(SCTP_LOCAL_AUTH_CHUNKS, 27, 0x103, NONE),
    ROW(SCTP_MAXSEG, 13, 0x0e, NONE),
    ROW(SCTP_MAXBURST, 20, 0x19, NONE),
    ROW(SCTP_NODELAY, 3, 0x04, NONE),
    ROW(SCTP_PARTIAL_DELIVERY_POINT, 19, 0x11, NONE),
    ROW(SCTP_PEER_ADDR_PARAMS, 9, 0x0a, NONE),
    ROW(SCTP_PEER_AUTH_CHUNKS, 26, 0x102, NONE),
    ROW(SCTP_PRIMARY_ADDR, 6, 0x07, NONE),
    ROW(SCTP_RESET_STREAMS, 119, 0x901, NONE),
    ROW(SCTP_RTOINFO, 0, 0x01, NONE),
    ROW(SCTP_SET_PEER_PRIMARY_ADDR, 5, 0x06, NONE),
    ROW(SCTP_STATUS, 14, 0x100, NONE),
    ROW(SCTP_USE_EXT_RECVINFO, NONE, 0x17, NONE),
    ROW(SCTP_RECVRCVINFO, 32, 0x1f, NONE),
    ROW(SCTP_RECVNXTINFO, 33, 0x20, NONE),
    ROW(SCTP_DEFAULT_SNDINFO, 34, 0x21, NONE),
    ROW(SCTP_ENABLE_STREAM_RESET, 118, 0x900, NONE),
};

enum ki_system
ki_system_here(void)
{
    return KI_SYSTEM_HERE;
}

int
ki_sockopt_number_on(kith_opt id, enum ki_system system)
{
    for (size_t i = 0; i < ki_countof(numbers); i++)
        if (numbers[i].id == id)
            return numbers[i].on[system];
    return NONE;
}

/* The value looks the same to all systems. Elsewhere an address has its length before its family;
 * domains and errors are other numbers; who a peer is and what TCP and SCTP have structs for are
 * laid out in other ways. */
static bool
is_form_of_all(enum ki_opt_kind kind)
{
    switch (kind) {
    case KI_OPT_INT:
    case KI_OPT_BOOL:
    case KI_OPT_UINT8:
    case KI_OPT_UINT64:
    case KI_OPT_TYPE:
    case KI_OPT_PROTOCOL:
    case KI_OPT_TEXT:
    case KI_OPT_BYTES:
    case KI_OPT_LINGER:
    case KI_OPT_MS:
    case KI_OPT_MULTICAST_IF:
    case KI_OPT_ACCEPT_FILTER:
        return true;
    default:
        return false;
    }
}

void
ki_sockopt_on(const struct ki_sockopt *row, enum ki_system system, struct ki_sockopt *out)
{
    *out = *row;
    if (system == ki_system_here() || row->kind == KI_OPT_OTP)
        return;
    /* The one whose access is not the same everywhere. */
    if (row->id == KITH_OPT_SOCKET_SNDLOWAT)
        out->set = system != KI_LINUX;
    if (strcmp(row->level, "socket") == 0) /* the others are numbers of protocols */
        out->native_level = system == KI_LINUX ? 1 : 0xffff;
    out->native_number =
        is_form_of_all(row->kind) ? ki_sockopt_number_on(row->id, system) : NONE;
}
