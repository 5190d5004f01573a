/* SPDX-License-Identifier: Apache-2.0
 * sockioctl.h -- the table of requests, and how each is asked by way of a descriptor.
 *
 * No state. What takes an interface, GIFCONF and GIFNAME may wait in the system for those who
 * change interfaces (ki_sockioctl_waits): on the side pool only. Callable from any thread. */
#ifndef KI_SOCKIOCTL_H
#define KI_SOCKIOCTL_H

#include <kith/error.h>
#include <kith/socket_ioctl.h>

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

enum ki_ioctl_kind {
    KI_IOCTL_OWN,      /* an int, of the socket itself */
    KI_IOCTL_OWN_BOOL, /* an int, 0 or 1, of the socket itself */
    KI_IOCTL_LIST,     /* kith_ifaddr, many; struct ifconf */
    KI_IOCTL_NAME,     /* kith_interface */
    KI_IOCTL_INT,      /* from here on of an interface, struct ifreq: an int */
    KI_IOCTL_ADDRESS,  /* kith_sockaddr of KITH_INET; struct sockaddr_in */
    KI_IOCTL_HARDWARE, /* kith_sockaddr of KITH_PACKET; a family and bytes */
    KI_IOCTL_FLAGS,    /* uint32_t, to be set kith_ifflags; short */
    KI_IOCTL_MAP       /* kith_ifmap; struct ifmap */
};

struct ki_sockioctl {
    const char *name;      /* in the reference's spelling */
    unsigned long request; /* 0: this system lacks it */
    enum ki_ioctl_kind kind;
    bool set;
    uint16_t len; /* of the public value; of a list: of one */
};

/* ki_sockioctl_find answers the row of a request, NULL when there is none. */
const struct ki_sockioctl *ki_sockioctl_find(kith_ioctl r);

/* ki_sockioctl_check answers 0, or the code that such a call gets whatever the socket is: for the
 * direction, the interface's name, and `len` bytes of value or room. */
KI_NODISCARD int ki_sockioctl_check(const struct ki_sockioctl *row, bool set,
                                    const char *ifname, const void *v, size_t len);

/* ki_sockioctl_waits: it may wait in the system. */
bool ki_sockioctl_waits(const struct ki_sockioctl *row);

/* ki_sockioctl_get asks, by way of `fd`; the value's length or a code. ki_sockioctl_set changes, by
 * way of a socket of that domain. All has passed ki_sockioctl_check; `v` needs no alignment. */
KI_NODISCARD ptrdiff_t ki_sockioctl_get(int fd, const struct ki_sockioctl *row,
                                        const char *ifname, void *v, size_t cap);
KI_NODISCARD int ki_sockioctl_set(int fd, int domain, const struct ki_sockioctl *row,
                                  const char *ifname, const void *v);

/* ki_ifflags_of: KITH_IFF_ bits of the system's; what has no name is left out. ki_ifflags_to: the
 * system's of those; 0, KITH_EOPNOTSUPP for one that it lacks, KITH_EINVAL for no such. */
uint32_t ki_ifflags_of(unsigned native);
KI_NODISCARD int ki_ifflags_to(uint32_t bits, unsigned *native);

#ifdef __cplusplus
}
#endif

#endif
