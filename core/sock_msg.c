/* SPDX-License-Identifier: Apache-2.0
 * sock_msg.c -- the socket calls that take more than bytes: addresses, pieces, control messages,
 * many packets at once. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <sys/uio.h>

#include "core/error.h"
#include "core/os_net.h"
#include "core/sock.h"

#define CODE(r) ((r) < 0 ? ki_error_of_errno(errno) : (r))

_Static_assert(sizeof(kith_iov) == sizeof(struct iovec) &&
                   offsetof(kith_iov, base) == offsetof(struct iovec, iov_base) &&
                   offsetof(kith_iov, len) == offsetof(struct iovec, iov_len),
               "pieces are the system's");

ptrdiff_t
ki_sock_recvfrom(int fd, void *buf, size_t len, int flags, void *addr, unsigned *addr_len)
{
    ptrdiff_t r;

    do
        r = recvfrom(fd, buf, len, flags | MSG_DONTWAIT, addr, (socklen_t *) addr_len);
    while (r < 0 && errno == EINTR);
    return CODE(r);
}

static struct msghdr
to_native(const struct ki_sysmsg *m)
{
    struct msghdr h = {0};

    h.msg_name = m->addr_len ? m->addr : NULL;
    h.msg_namelen = (socklen_t) m->addr_len;
    h.msg_iov = (struct iovec *) (uintptr_t) m->iov; /* only read */
    h.msg_iovlen = (__typeof__(h.msg_iovlen)) m->n_iov;
    h.msg_control = m->ctrl_len ? m->ctrl : NULL;
    h.msg_controllen = (__typeof__(h.msg_controllen)) m->ctrl_len;
    return h;
}

static void
of_native(const struct msghdr *h, struct ki_sysmsg *m)
{
    m->addr_len = (unsigned) h->msg_namelen;
    m->ctrl_len = (size_t) h->msg_controllen;
    m->flags = h->msg_flags;
}

ptrdiff_t
ki_sock_sendmsg(int fd, const struct ki_sysmsg *m, int flags)
{
    const struct msghdr h = to_native(m);
    ptrdiff_t r;

    do
        r = sendmsg(fd, &h, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
    while (r < 0 && errno == EINTR);
    return CODE(r);
}

int
ki_sock_cloexec(int domain)
{
    return domain == KITH_PACKET ? 0 : MSG_CMSG_CLOEXEC;
}

ptrdiff_t
ki_sock_recvmsg(int fd, struct ki_sysmsg *m, int flags)
{
    struct msghdr h;
    ptrdiff_t r;

    do {
        h = to_native(m);
        r = recvmsg(fd, &h, flags | MSG_DONTWAIT);
    } while (r < 0 && errno == EINTR);
    if (r < 0)
        return CODE(r);
    of_native(&h, m);
    return r;
}

#if KI_HAVE_MMSG

ptrdiff_t
ki_sock_sendmmsg(int fd, struct ki_sysmsg *m, size_t n, int flags)
{
    struct mmsghdr h[KI_MMSG_MAX];
    int r;

    if (n > KI_MMSG_MAX)
        n = KI_MMSG_MAX;
    for (size_t i = 0; i < n; i++)
        h[i] = (struct mmsghdr){.msg_hdr = to_native(&m[i])};
    do
        r = sendmmsg(fd, h, (unsigned) n, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
    while (r < 0 && errno == EINTR);
    for (int i = 0; i < r; i++)
        m[i].n = h[i].msg_len;
    return CODE(r);
}

ptrdiff_t
ki_sock_recvmmsg(int fd, struct ki_sysmsg *m, size_t n, int flags)
{
    struct mmsghdr h[KI_MMSG_MAX];
    int r;

    if (n > KI_MMSG_MAX)
        n = KI_MMSG_MAX;
    do {
        for (size_t i = 0; i < n; i++)
            h[i] = (struct mmsghdr){.msg_hdr = to_native(&m[i])};
        r = recvmmsg(fd, h, (unsigned) n, flags | MSG_DONTWAIT, NULL);
    } while (r < 0 && errno == EINTR);
    for (int i = 0; i < r; i++) {
        of_native(&h[i].msg_hdr, &m[i]);
        m[i].n = h[i].msg_len;
    }
    return CODE(r);
}

#else /* one by one */

ptrdiff_t
ki_sock_sendmmsg(int fd, struct ki_sysmsg *m, size_t n, int flags)
{
    for (size_t i = 0; i < n; i++) {
        m[i].n = ki_sock_sendmsg(fd, &m[i], flags);
        if (m[i].n < 0)
            return i > 0 ? (ptrdiff_t) i : m[i].n;
    }
    return (ptrdiff_t) n;
}

ptrdiff_t
ki_sock_recvmmsg(int fd, struct ki_sysmsg *m, size_t n, int flags)
{
    for (size_t i = 0; i < n; i++) {
        m[i].n = ki_sock_recvmsg(fd, &m[i], flags);
        if (m[i].n < 0)
            return i > 0 ? (ptrdiff_t) i : m[i].n;
    }
    return (ptrdiff_t) n;
}

#endif
