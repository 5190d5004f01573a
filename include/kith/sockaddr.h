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
 *     [::1]:80;flow=12345               flow information, in hexadecimal, when it is not 0
 *     unix:/run/x.sock                  a path
 *     unix:@name                        Linux' abstract names
 *     unix:                             the local address that has no name
 *     packet:0800%eth0                  protocol in hexadecimal, interface by name or number
 *     packet:0800%2/host/1/02:00:00:00:00:01   and kind, hardware type, hardware address
 *     vsock:host:1024  vsock:3:any      number of the machine, or its name; port, or any
 *     link:2/6/em0/02:00:00:00:00:01/   number, type, name, address and selector
 *     unspec:  unspec:/00:01            no domain; and bytes
 *     native:38/00:01                   the system's number of a family, and its bytes
 * In a local name and in link's `\\` is a backslash and `\xHH` any byte; print writes control
 * characters so and a leading @ of a path, so that every address has one text. Interfaces are
 * written by name where they have one.
 */
#ifndef KITH_SOCKADDR_H
#define KITH_SOCKADDR_H

#include <kith/base.h>
#include <kith/domain.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Room for the text of every address, its NUL included. */
#define KITH_SOCKADDR_TEXT 448

typedef struct kith_inet {
    uint8_t addr[4];
    uint16_t port; /* in the machine's order, as all numbers here */
} kith_inet;

typedef struct kith_inet6 {
    uint8_t addr[16];
    uint16_t port;
    uint32_t flowinfo;
    uint32_t scope_id; /* an interface's number; 0 = none */
} kith_inet6;

/* len 0: no name. path[0] == 0: an abstract name, all of whose `len` bytes count. Else a
 * path without NUL bytes; none stands at the end either. */
typedef struct kith_local {
    uint8_t len;
    char path[108];
} kith_local;

/* To whom a frame goes: kith_ll.pkttype. */
enum {
    KITH_PKT_HOST = 0,
    KITH_PKT_BROADCAST = 1,
    KITH_PKT_MULTICAST = 2,
    KITH_PKT_OTHERHOST = 3, /* to another, seen in passing */
    KITH_PKT_OUTGOING = 4,  /* from this machine */
    KITH_PKT_LOOPBACK = 5,
    KITH_PKT_USER = 6,
    KITH_PKT_KERNEL = 7
};

typedef struct kith_ll {
    uint16_t protocol; /* of the frame: 0x0800 is inet, 3 all */
    uint16_t hatype;   /* the system's kind of hardware: 1 is Ethernet, 772 the loopback */
    uint32_t ifindex;  /* an interface's number; 0 = any */
    uint8_t pkttype;   /* KITH_PKT_ */
    uint8_t halen;
    uint8_t addr[32]; /* `halen` bytes of it */
} kith_ll;

#define KITH_VSOCK_ANY UINT32_MAX /* of a port: any; of a cid: every address of ours */
enum { KITH_VSOCK_HYPERVISOR = 0, KITH_VSOCK_LOCAL = 1, KITH_VSOCK_HOST = 2 };

typedef struct kith_vsock {
    uint32_t cid; /* the machine's number, or one of the names above */
    uint32_t port;
} kith_vsock;

typedef struct kith_link_addr {
    uint16_t index; /* the interface's number */
    uint8_t type;
    uint8_t nlen, alen,
        slen; /* in `data`: its name, its address, a selector; in this order */
    char data[46];
} kith_link_addr;

/* What follows the family in the system's struct, as it is. */
typedef struct kith_native {
    uint8_t len;
    uint8_t data[126];
} kith_native;

typedef struct kith_sockaddr {
    int domain; /* says which of them it is; 0 = no address */
    union {
        kith_inet inet;
        kith_inet6 inet6;
        kith_local local;
        kith_ll packet;
        kith_vsock vsock;
        kith_link_addr link;
        kith_native native; /* of KITH_UNSPEC, and above KITH_DOMAIN_NATIVE */
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
 * returns  the address; for KITH_LOCAL the one without a name, for KITH_VSOCK with port 0
 *          any port, for KITH_UNSPEC the one that stands for none; for other domains the one
 *          with domain 0.
 * context  any thread, with or without a runtime; never suspends.
 * source   OTP socket addresses with addr => any.
 */
KITH_API kith_sockaddr
kith_sockaddr_any(int domain, uint16_t port);

/**
 * Make the address by which this machine reaches itself.
 *
 * returns  the address; for KITH_LOCAL the one without a name, for KITH_VSOCK the local one;
 *          for other domains the one with domain 0.
 * context  any thread, with or without a runtime; never suspends.
 * source   OTP socket addresses with addr => loopback, and addr => local of a vsock.
 */
KITH_API kith_sockaddr
kith_sockaddr_loopback(int domain, uint16_t port);

/**
 * Make the address that reaches all machines of the local network. The socket that sends to it
 * needs KITH_OPT_SOCKET_BROADCAST.
 *
 * returns  the address; for another domain than KITH_INET the one with domain 0.
 * context  any thread, with or without a runtime; never suspends.
 * source   OTP socket addresses with addr => broadcast.
 */
KITH_API kith_sockaddr
kith_sockaddr_broadcast(int domain, uint16_t port);

/**
 * Make an address of the system's own: of its number of a family, and what follows that in its
 * struct.
 *
 * A family that has a domain here is decoded: AF_INET and fourteen bytes are an inet address.
 *
 * returns  0; or, with `*a` untouched,
 *          KITH_EINVAL        too few bytes for a family that has a domain here;
 *          KITH_ENAMETOOLONG  more than 126 bytes, or 108 of a local name;
 *          KITH_EAFNOSUPPORT  no number of a family: at most 255.
 * context  any thread, with or without a runtime; never suspends.
 * owns     the bytes are copied.
 * source   OTP socket addresses with a number as family and a binary as addr.
 */
KITH_API KITH_NODISCARD int
kith_sockaddr_native(int family, const void *data, size_t len, kith_sockaddr *a);

/**
 * Say what an address is to the system: the number of its family, and the bytes that follow it
 * in its struct.
 *
 * returns  how many bytes there are, also when that is more than `cap`; or
 *          KITH_EINVAL        `a` is no address;
 *          KITH_EAFNOSUPPORT  this system has none of its domain.
 * context  any thread, with or without a runtime; never suspends.
 * owns     `family` and `data`, of which `cap` bytes are written at most, are the caller's;
 *          either may be NULL, with `cap` 0.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_sockaddr_bytes(const kith_sockaddr *a, int *family, void *data, size_t cap);

/**
 * Say an address' port.
 *
 * returns  the port; 0 for an address that has none. That of a vsock has 32 bits: a.vsock.port.
 * context  any thread, with or without a runtime; never suspends.
 */
KITH_API uint16_t
kith_sockaddr_port(const kith_sockaddr *a);

#ifdef __cplusplus
}
#endif

#endif
