/* SPDX-License-Identifier: Apache-2.0
 * sockaddr.h -- addresses by value: made, read and printed without a system header.
 *
 *     kith_sockaddr a;
 *     char text[KITH_SOCKADDR_TEXT];
 *
 *     rc = kith_sockaddr_parse("[::1]:7777", &a);
 *     kith_sockaddr_print(&a, text, sizeof text);
 *
 * The texts:
 *     127.0.0.1:80  127.0.0.1           port 0 when there is none
 *     [::1]:80  [::1]  ::1              the port only after brackets
 *     [fe80::1%eth0]:80  [fe80::1%2]    scope by the interface's name or number
 *     unix:/run/x.sock                  a path
 *     unix:@name                        Linux' abstract names
 *     unix:                             the local address that has no name
 * In a local name `\\` is a backslash and `\xHH` any byte; print writes control characters
 * so and a leading @ of a path, so that every address has one text.
 */
#ifndef KITH_SOCKADDR_H
#define KITH_SOCKADDR_H

#include <kith/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a socket is: its domain, type and protocol. Domains and types have numbers of our
 * own, the same on every system; 0 is none. */
enum { KITH_INET = 1, KITH_INET6 = 2, KITH_LOCAL = 3 };

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
    KITH_MPTCP = 262
};

/* Room for the text of every address, its NUL included. */
#define KITH_SOCKADDR_TEXT 448

typedef struct kith_inet {
    uint8_t addr[4];
    uint16_t port; /* in the machine's order, as all numbers here */
} kith_inet;

typedef struct kith_inet6 {
    uint8_t addr[16];
    uint16_t port;
    uint32_t flowinfo; /* not part of the text */
    uint32_t scope_id; /* an interface's number; 0 = none */
} kith_inet6;

/* len 0: no name. path[0] == 0: an abstract name, all of whose `len` bytes count. Else a
 * path without NUL bytes; none stands at the end either. */
typedef struct kith_local {
    uint8_t len;
    char path[108];
} kith_local;

typedef struct kith_sockaddr {
    int domain; /* says which of the three it is; 0 = no address */
    union {
        kith_inet inet;
        kith_inet6 inet6;
        kith_local local;
    };
} kith_sockaddr;

/**
 * Read an address from its text. Never asks a name server; kith_resolve does.
 *
 * returns  0; or, with `*a` untouched,
 *          KITH_EINVAL        the text has none of the forms above;
 *          KITH_ENAMETOOLONG  a local name of more than 108 bytes;
 *          KITH_ENODEV        there is no interface of this name.
 * context  any thread, with or without a runtime; never suspends.
 * owns     nothing of the text is kept.
 */
KITH_API KITH_NODISCARD int
kith_sockaddr_parse(const char *text, kith_sockaddr *a);

/**
 * Write an address as a text that kith_sockaddr_parse reads.
 *
 * With `cap` above 0 there is always a NUL at the end; a text that does not fit is cut. The
 * port is written even when it is 0.
 *
 * returns  the length the whole text needs, without its NUL, as snprintf does; or
 *          KITH_EINVAL  `a` is no address; the text is empty.
 * context  any thread, with or without a runtime; never suspends.
 * owns     `text` is the caller's; it may be NULL when `cap` is 0.
 */
KITH_API int
kith_sockaddr_print(const kith_sockaddr *a, char *text, size_t cap);

/**
 * Make the address that stands for every address of this machine.
 *
 * returns  the address; for KITH_LOCAL the one without a name; for an unknown domain
 *          the one with domain 0.
 * context  any thread, with or without a runtime; never suspends.
 * source   OTP socket addresses with addr => any.
 */
KITH_API kith_sockaddr
kith_sockaddr_any(int domain, uint16_t port);

/**
 * Make the address by which this machine reaches itself.
 *
 * returns  the address; for KITH_LOCAL the one without a name; for an unknown domain
 *          the one with domain 0.
 * context  any thread, with or without a runtime; never suspends.
 * source   OTP socket addresses with addr => loopback.
 */
KITH_API kith_sockaddr
kith_sockaddr_loopback(int domain, uint16_t port);

/**
 * Say an address' port.
 *
 * returns  the port; 0 for an address that has none.
 * context  any thread, with or without a runtime; never suspends.
 */
KITH_API uint16_t
kith_sockaddr_port(const kith_sockaddr *a);

#ifdef __cplusplus
}
#endif

#endif
