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

/**
 * Give the name of a domain: "inet", "inet6", "local", "packet", "vsock", "link", "unspec".
 *
 * returns  its name; NULL for a number that is none, or the system's own.
 * context  any thread, with or without a runtime; never suspends.
 * owns     a constant; nobody frees it.
 * source   OTP socket domain(). Differs: link and unspec are families there only.
 */
KITH_API const char *
kith_domain_name(int domain);

/**
 * Give the domain with a name. "unix" is KITH_LOCAL too.
 *
 * returns  its number; or KITH_EINVAL when there is none of this name.
 * context  any thread, with or without a runtime; never suspends.
 * source   OTP socket domain().
 */
KITH_API KITH_NODISCARD int
kith_domain_by_name(const char *name);

/**
 * Give the name of a type: "stream", "dgram", "raw", "rdm", "seqpacket".
 *
 * returns  its name; NULL for a number that is none.
 * context  any thread, with or without a runtime; never suspends.
 * owns     a constant; nobody frees it.
 * source   OTP socket type().
 */
KITH_API const char *
kith_type_name(int type);

/**
 * Give the type with a name.
 *
 * returns  its number; or KITH_EINVAL when there is none of this name.
 * context  any thread, with or without a runtime; never suspends.
 * source   OTP socket type().
 */
KITH_API KITH_NODISCARD int
kith_type_by_name(const char *name);

/**
 * Give the name of a protocol as getprotobynumber(3) does, but from a table of kith's own: it
 * reads no file, and says the same on every system.
 *
 * returns  its name, as "tcp" or "ipv6-icmp"; NULL for one that has none in the table.
 * context  any thread, with or without a runtime; never suspends.
 * owns     a constant; nobody frees it.
 * source   OTP socket protocol().
 */
KITH_API const char *
kith_protocol_name(int protocol);

/**
 * Give the protocol with a name, as getprotobyname(3) does, but from the same table.
 *
 * Capitals and small letters are the same, and so are - and _: "TCP", "ipv6_icmp". Some have
 * names beside the first: "default" is 0, "icmp6" and "icmpv6" are 58, "ospf" is 89.
 *
 * returns  its number; or KITH_EINVAL when the table has none of this name.
 * context  any thread, with or without a runtime; never suspends.
 * source   OTP socket protocol(), whose names are those of getprotoent(3).
 */
KITH_API KITH_NODISCARD int
kith_protocol_by_name(const char *name);

#ifdef __cplusplus
}
#endif

#endif
