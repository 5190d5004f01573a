/* SPDX-License-Identifier: Apache-2.0
 * seam.h -- every system call and allocation passes here, so that a test can stand in its place.
 *
 * ki_seam holds the real functions (seam.c). A test replaces a member before the runtime starts
 * (or links its own seam.c) and puts it back afterwards: to fail the n-th call, to count calls,
 * to drive time by hand. Calls answer a value >= 0 or a negative code, never errno. Levels,
 * numbers and addresses are the system's own, as bytes; core/sock.c knows what they mean. */
#ifndef KI_SEAM_H
#define KI_SEAM_H

#include <kith/base.h>

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What sendmsg and recvmsg take: the pieces, and room for address and control messages; after a
 * recvmsg, how much of it was used, and the system's flags. */
struct ki_sysmsg {
    void *addr;
    unsigned addr_len;
    const kith_iov *iov;
    size_t n_iov;
    void *ctrl;
    size_t ctrl_len;
    int flags;
    ptrdiff_t n; /* sendmmsg, recvmmsg: bytes of this one */
};

struct ki_sockopt;

struct ki_seam {
    /* Monotonic time in nanoseconds; never 0. */
    uint64_t (*now_ns)(void);

    /* A counter that all processors share, which grows by one in 2 ns at most; 0: there is none.
     * It tells how old a reading of the clock is (soon.h). */
    uint64_t (*cycles)(void);

    /* `size` bytes aligned to `align` (a power of two), or NULL. */
    void *(*alloc)(size_t size, size_t align);
    void (*free)(void *p, size_t size, size_t align);

    /* Sockets: all descriptors are made close-on-exec and non-blocking. */
    int (*socket)(int domain, int type, int protocol);
    /* In the network namespace that the path stands for. Blocks: on the side pool only. */
    int (*socket_in)(const char *netns, int domain, int type, int protocol);
    int (*bind)(int fd, const void *addr, unsigned len);
    int (*listen)(int fd, int backlog);
    int (*accept)(int fd, void *addr, unsigned *len);
    int (*connect)(int fd, const void *addr, unsigned len);
    ptrdiff_t (*recv)(int fd, void *buf, size_t len, int flags);
    ptrdiff_t (*send)(int fd, const void *buf, size_t len, int flags);
    ptrdiff_t (*sendto)(int fd, const void *buf, size_t len, int flags, const void *addr,
                        unsigned addr_len);
    ptrdiff_t (*recvfrom)(int fd, void *buf, size_t len, int flags, void *addr,
                          unsigned *addr_len);
    ptrdiff_t (*sendmsg)(int fd, const struct ki_sysmsg *m, int flags);
    ptrdiff_t (*recvmsg)(int fd, struct ki_sysmsg *m, int flags);
    /* How many of n went or came, 1 or more; or the code of the first. */
    ptrdiff_t (*sendmmsg)(int fd, struct ki_sysmsg *m, size_t n, int flags);
    ptrdiff_t (*recvmmsg)(int fd, struct ki_sysmsg *m, size_t n, int flags);
    int (*shutdown)(int fd, int how);
    int (*close)(int fd);
    int (*sockname)(int fd, void *addr, unsigned *len);
    int (*peername)(int fd, void *addr, unsigned *len);
    /* The peer has sent its last, or there is no connection. */
    bool (*has_ended)(int fd);
    /* The row of an option (sockopt.h): what the system calls it, and whether it has it. */
    const struct ki_sockopt *(*opt_row)(int id);
    int (*getopt)(int fd, int level, int number, void *v, unsigned *len);
    int (*setopt)(int fd, int level, int number, const void *v, unsigned len);
    int (*dup)(int fd);
    int (*set_blocking)(int fd, bool on);
    int (*ioctl)(int fd, unsigned long request, void *arg);

    /* Files that go to sockets: these may block. */
    int (*file_check)(int file);
    ptrdiff_t (*sendfile)(int fd, int file, uint64_t offset, size_t len);
    ptrdiff_t (*file_read)(int file, void *buf, size_t len, uint64_t offset);

    /* Takes away a local socket's path; KITH_ENOTSOCK: something else is there. */
    int (*unlink_socket)(const char *path);
};

extern struct ki_seam ki_seam;

static inline uint64_t
ki_now_ns(void)
{
    return ki_seam.now_ns();
}

#ifdef __cplusplus
}
#endif

#endif
