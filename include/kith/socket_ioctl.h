/* SPDX-License-Identifier: Apache-2.0
 * socket_ioctl.h -- what is asked of the system by way of a socket: of itself and of interfaces.
 *
 *     int mtu;
 *     kith_interface it = {1, ""};
 *
 *     n = kith_socket_ioctl(s, KITH_IOCTL_GIFMTU, "eth0", &mtu, sizeof mtu);
 *     n = kith_socket_ioctl(s, KITH_IOCTL_GIFNAME, NULL, &it, sizeof it);    (it.name: "lo")
 *
 * A request is one name, so that number and kind of value cannot disagree. The interfaces are
 * those of the network namespace that the socket was made in.
 *
 * Of the socket itself the system tells at once. Whoever asks of interfaces may have to wait for
 * those who change them, in the system, and does so beside the workers: KITH_EHANDLER in a
 * handler.
 */
#ifndef KITH_SOCKET_IOCTL_H
#define KITH_SOCKET_IOCTL_H

#include <kith/base.h>
#include <kith/sockaddr.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One of KITH_IOCTL_... */
typedef int kith_ioctl;

/* The reference's names; their numbers have no gap and never change. What is above the line takes
 * no interface, what is below takes its name. Addresses are those of IPv4, by way of a socket of
 * KITH_INET (Linux: or KITH_PACKET). L: of Linux alone, B: of BSD alone. */
enum {
    KITH_IOCTL_NREAD = 1,   /* int, bytes that wait to be read; of datagrams: of the next */
    KITH_IOCTL_NWRITE = 2,  /* int, bytes that were sent and have not arrived */
    KITH_IOCTL_NSPACE = 3,  /* int, bytes for which there is room; B */
    KITH_IOCTL_ATMARK = 4,  /* bool: the next read begins where urgent data was */
    KITH_IOCTL_GIFCONF = 5, /* kith_ifaddr, one for each IPv4 address there is */
    KITH_IOCTL_GIFNAME = 6, /* kith_interface: its index is read, its name written; L */
    /* ---- */
    KITH_IOCTL_GIFINDEX = 7,    /* int, its number */
    KITH_IOCTL_GIFADDR = 8,     /* kith_sockaddr, its first */
    KITH_IOCTL_GIFDSTADDR = 9,  /* kith_sockaddr, of the other end */
    KITH_IOCTL_GIFBRDADDR = 10, /* kith_sockaddr; 0.0.0.0: none */
    KITH_IOCTL_GIFNETMASK = 11, /* kith_sockaddr */
    KITH_IOCTL_GIFMTU = 12,     /* int, bytes */
    KITH_IOCTL_GIFHWADDR = 13,  /* kith_sockaddr, KITH_PACKET: hatype, halen, addr; L */
    KITH_IOCTL_GIFTXQLEN = 14,  /* int, packets; L */
    KITH_IOCTL_GIFFLAGS = 15,   /* uint32_t, KITH_IFF_ bits */
    KITH_IOCTL_GIFMAP = 16,     /* kith_ifmap; L */
    /* Set, by those who may. */
    KITH_IOCTL_SIFFLAGS = 17,   /* kith_ifflags */
    KITH_IOCTL_SIFADDR = 18,    /* kith_sockaddr; 0.0.0.0 takes it away */
    KITH_IOCTL_SIFDSTADDR = 19, /* kith_sockaddr */
    KITH_IOCTL_SIFBRDADDR = 20, /* kith_sockaddr */
    KITH_IOCTL_SIFNETMASK = 21, /* kith_sockaddr */
    KITH_IOCTL_SIFMTU = 22,     /* int, bytes */
    KITH_IOCTL_SIFHWADDR = 23,  /* kith_sockaddr, KITH_PACKET, of the hatype it has; L */
    KITH_IOCTL_SIFTXQLEN = 24   /* int, packets; L */
};

/* Room for an interface's name and its NUL. */
#define KITH_IFNAME 16

/* Of KITH_IOCTL_GIFNAME. */
typedef struct kith_interface {
    uint32_t index;
    char name[KITH_IFNAME];
} kith_interface;

/* Of KITH_IOCTL_GIFCONF. An interface of several addresses is there several times. */
typedef struct kith_ifaddr {
    char name[KITH_IFNAME];
    kith_sockaddr addr;
} kith_ifaddr;

/* What an interface is and does, as bits: L and B as above. */
enum {
    KITH_IFF_UP = 0x01, /* it was switched on */
    KITH_IFF_BROADCAST = 0x02,
    KITH_IFF_DEBUG = 0x04,
    KITH_IFF_LOOPBACK = 0x08,
    KITH_IFF_POINTOPOINT = 0x10,
    KITH_IFF_NOTRAILERS = 0x20, /* L */
    KITH_IFF_RUNNING = 0x40,    /* and works */
    KITH_IFF_NOARP = 0x80,
    KITH_IFF_PROMISC = 0x100, /* it takes frames for others too */
    KITH_IFF_ALLMULTI = 0x200,
    KITH_IFF_MASTER = 0x400, /* L */
    KITH_IFF_SLAVE = 0x800,  /* L */
    KITH_IFF_MULTICAST = 0x1000,
    KITH_IFF_PORTSEL = 0x2000,   /* L */
    KITH_IFF_AUTOMEDIA = 0x4000, /* L */
    KITH_IFF_DYNAMIC = 0x8000,   /* L */
    KITH_IFF_OACTIVE = 0x10000,  /* B */
    KITH_IFF_SIMPLEX = 0x20000,  /* B */
    KITH_IFF_LINK0 = 0x40000,    /* B */
    KITH_IFF_LINK1 = 0x80000,    /* B */
    KITH_IFF_LINK2 = 0x100000    /* B */
};

/* Of KITH_IOCTL_SIFFLAGS: KITH_IFF_ bits that shall be and those that shall not; the others stay as
 * they are. */
typedef struct kith_ifflags {
    uint32_t on, off;
} kith_ifflags;

/* Of KITH_IOCTL_GIFMAP: where the device lies. */
typedef struct kith_ifmap {
    uint64_t mem_start, mem_end;
    uint16_t base_addr;
    uint8_t irq, dma, port;
} kith_ifmap;

/**
 * Ask the system.
 *
 * `ifname` is the interface's; NULL with a request that takes none.
 *
 * returns  the value's length; of KITH_IOCTL_GIFCONF that of the whole list, also when it is more
 *          than `cap`: then those that fit are there; or
 *          KITH_EINVAL      no such request, or one that sets; `cap` is too small; no interface
 *                           where one is needed, or one where none is;
 *          KITH_EOPNOTSUPP  this system or kind of socket lacks it;
 *          KITH_ENODEV      there is no such interface;
 *          KITH_EADDRNOTAVAIL  it has no address;
 *          KITH_EBADF, KITH_ECLOSED;  any other code is the kernel's, or a waiting code (error.h).
 * context  any thread: what takes no interface, but for GIFCONF and GIFNAME. Else a process or a
 *          plain thread; suspends it until the system has answered.
 * owns     `v` is the caller's. It needs no alignment.
 * source   OTP socket:ioctl/2,3. Differs: an index is part of a value; NWRITE is known on Linux too.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_socket_ioctl(kith_socket s, kith_ioctl r, const char *ifname, void *v, size_t cap);

/**
 * Change an interface.
 *
 * Flags are read and written again: what others change in between is lost.
 *
 * returns  0; or
 *          KITH_EINVAL      no such request, or one that does not set; `len` is not that of its
 *                           kind, no such value, no interface;
 *          KITH_EPERM       the system does not let this user do it;
 *          KITH_EOPNOTSUPP  this system, kind of socket or interface lacks it;
 *          KITH_ENODEV      there is no such interface;
 *          KITH_EBADF, KITH_ECLOSED;  any other code is the kernel's, or a waiting code (error.h).
 * context  a process or a plain thread; suspends it until the system has done it.
 * owns     `v` is the caller's. It needs no alignment.
 * source   OTP socket:ioctl/4.
 */
KITH_API KITH_NODISCARD int
kith_socket_ioctl_set(kith_socket s, kith_ioctl r, const char *ifname, const void *v,
                      size_t len);

/**
 * Tell whether this system has a request.
 *
 * That it has it does not say that everybody may use it, or with every socket.
 *
 * returns  1 or 0; or KITH_EINVAL: no such request.
 * context  any thread, with or without a runtime; never suspends.
 * source   OTP socket:is_supported(ioctl_requests, Request).
 */
KITH_API KITH_NODISCARD int
kith_supports_ioctl(kith_ioctl r);

/**
 * Tell whether this system has a flag of interfaces.
 *
 * returns  1 or 0: 0 too for what is not one of KITH_IFF_...
 * context  any thread, with or without a runtime; never suspends.
 * source   OTP socket:is_supported(ioctl_flags, Flag).
 */
KITH_API KITH_NODISCARD int
kith_supports_ifflag(uint32_t flag);

/**
 * Give the name of a request: "gifconf", "nread"...
 *
 * returns  its name; NULL when there is no such. So requests are told one after the other, from 1.
 * context  any thread, with or without a runtime; never suspends.
 * owns     a constant; nobody frees it.
 * source   OTP socket ioctl requests.
 */
KITH_API const char *
kith_ioctl_name(kith_ioctl r);

/**
 * Give the request with a name.
 *
 * returns  one of KITH_IOCTL_...; or KITH_EINVAL when there is none of this name.
 * context  any thread, with or without a runtime; never suspends.
 * source   OTP socket ioctl requests.
 */
KITH_API KITH_NODISCARD kith_ioctl
kith_ioctl_by_name(const char *name);

/**
 * Give the name of a flag of interfaces: "up", "loopback"...
 *
 * returns  its name; NULL for what is not one of KITH_IFF_..., or several.
 * context  any thread, with or without a runtime; never suspends.
 * owns     a constant; nobody frees it.
 * source   OTP socket ioctl_device_flag().
 */
KITH_API const char *
kith_ifflag_name(uint32_t flag);

/**
 * Give the flag of interfaces with a name.
 *
 * returns  one of KITH_IFF_...; or KITH_EINVAL when there is none of this name.
 * context  any thread, with or without a runtime; never suspends.
 * source   OTP socket ioctl_device_flag().
 */
KITH_API KITH_NODISCARD int
kith_ifflag_by_name(const char *name);

#ifdef __cplusplus
}
#endif

#endif
