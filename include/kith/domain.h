/* SPDX-License-Identifier: Apache-2.0
 * domain.h -- what a socket is: its domain, type and protocol.
 *
 * Domains and types have numbers of our own, the same on every system; 0 is none. A domain that
 * has none here is the system's own number of it and KITH_DOMAIN_NATIVE:
 *
 *     rc = kith_socket_open(KITH_DOMAIN_NATIVE + AF_NETLINK, KITH_RAW, 0, NULL, &s);
 *
 * Protocols have the Internet's numbers.
 */
#ifndef KITH_DOMAIN_H
#define KITH_DOMAIN_H

#include <kith/base.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KITH_INET = 1,
    KITH_INET6 = 2,
    KITH_LOCAL = 3,
    KITH_PACKET = 4, /* frames of an interface; Linux */
    KITH_VSOCK = 5,  /* between a virtual machine and its host; Linux */
    KITH_LINK = 6,   /* addresses of interfaces, where the BSDs tell them */
    KITH_UNSPEC = 7, /* no domain: to part a datagram socket from its peer */
    KITH_DOMAIN_NATIVE = 0x100
};

enum { KITH_STREAM = 1, KITH_DGRAM = 2, KITH_RAW = 3, KITH_RDM = 4, KITH_SEQPACKET = 5 };

/* The Internet's numbers; any other of them may be given too. */
enum {
    KITH_PROTO_DEFAULT = 0, /* the one usual for domain and type */
    KITH_IP = 0,
    KITH_ICMP = 1,
    KITH_IGMP = 2,
    KITH_TCP = 6,
    KITH_UDP = 17,
    KITH_ICMPV6 = 58,
    KITH_SCTP = 132,
    KITH_UDPLITE = 136,
    KITH_PROTO_RAW = 255,
    KITH_MPTCP = 262
};

#ifdef __cplusplus
}
#endif

#endif
