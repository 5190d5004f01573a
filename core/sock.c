/* SPDX-License-Identifier: Apache-2.0
 * sock.c -- the one file that makes socket system calls. */
#define _GNU_SOURCE
#include "core/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <kith/error.h>
#include <kith/socket.h>

#include "core/error.h"
#include "core/os_net.h"
#include "core/os_sock.h"
#include "core/os_syscall.h"

/* On the line after the call: nothing comes between it and errno. */
#define CODE(r) ((r) < 0 ? ki_error_of_errno(errno) : (r))

int
ki_sock_socket(int domain, int type, int protocol)
{
    int fd = ki_os_socket(domain, type, protocol);

    return fd < 0 ? ki_error_of_errno(-fd) : fd;
}

int
ki_sock_bind(int fd, const void *addr, unsigned len)
{
    int r = bind(fd, addr, (socklen_t) len);

    return CODE(r);
}

int
ki_sock_listen(int fd, int backlog)
{
    int r = listen(fd, backlog);

    return CODE(r);
}

int
ki_sock_accept(int fd, void *addr, unsigned *len)
{
    int r;

    do
        r = ki_os_accept(fd, addr, len);
    while (r == -EINTR);
    return r < 0 ? ki_error_of_errno(-r) : r;
}

int
ki_sock_connect(int fd, const void *addr, unsigned len)
{
    int r = connect(fd, addr, (socklen_t) len);

    return CODE(r); /* EINTR: it goes on, as EINPROGRESS */
}

/* libc's recv and send are cancellation points, which costs some fifty instructions a call; ours
 * are never cancelled, because they never wait. */
static inline ptrdiff_t
raw_recv(int fd, void *buf, size_t len, int flags)
{
#ifdef KI_SYSCALL6
    return KI_SYSCALL6(SYS_recvfrom, fd, buf, len, flags, 0, 0);
#else
    ptrdiff_t r = recv(fd, buf, len, flags);

    return r < 0 ? -errno : r;
#endif
}

static inline ptrdiff_t
raw_send(int fd, const void *buf, size_t len, int flags)
{
#ifdef KI_SYSCALL6
    return KI_SYSCALL6(SYS_sendto, fd, buf, len, flags, 0, 0);
#else
    ptrdiff_t r = send(fd, buf, len, flags);

    return r < 0 ? -errno : r;
#endif
}

/* It failed with -errno: again after a signal, else the code. */
static KI_NOINLINE ptrdiff_t
recv_failed(ptrdiff_t r, int fd, void *buf, size_t len, int flags)
{
    while (r == -EINTR)
        r = raw_recv(fd, buf, len, flags);
    return r < 0 ? ki_error_of_errno((int) -r) : r;
}

static KI_NOINLINE ptrdiff_t
send_failed(ptrdiff_t r, int fd, const void *buf, size_t len, int flags)
{
    while (r == -EINTR)
        r = raw_send(fd, buf, len, flags);
    return r < 0 ? ki_error_of_errno((int) -r) : r;
}

ptrdiff_t
ki_sock_recv(int fd, void *buf, size_t len, int flags)
{
    ptrdiff_t r = raw_recv(fd, buf, len, flags | MSG_DONTWAIT);

    return ki_fast(r >= 0) ? r : recv_failed(r, fd, buf, len, flags | MSG_DONTWAIT);
}

ptrdiff_t
ki_sock_send(int fd, const void *buf, size_t len, int flags)
{
    ptrdiff_t r = raw_send(fd, buf, len, flags | MSG_DONTWAIT | MSG_NOSIGNAL);

    return ki_fast(r >= 0)
               ? r
               : send_failed(r, fd, buf, len, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
}

ptrdiff_t
ki_sock_sendto(int fd, const void *buf, size_t len, int flags, const void *addr,
               unsigned addr_len)
{
    ptrdiff_t r;

    do
        r = sendto(fd, buf, len, flags | MSG_DONTWAIT | MSG_NOSIGNAL, addr,
                   (socklen_t) addr_len);
    while (r < 0 && errno == EINTR);
    return CODE(r);
}

int
ki_sock_shutdown(int fd, int how)
{
    int r = shutdown(fd, how);

    return CODE(r);
}

int
ki_sock_close(int fd)
{
    int r = close(fd); /* never again, whatever it answers: the number may be another's */

    return CODE(r);
}

int
ki_sock_sockname(int fd, void *addr, unsigned *len)
{
    int r = getsockname(fd, addr, (socklen_t *) len);

    return CODE(r);
}

int
ki_sock_peername(int fd, void *addr, unsigned *len)
{
    int r = getpeername(fd, addr, (socklen_t *) len);

    return CODE(r);
}

bool
ki_sock_has_ended(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLRDHUP};

    return poll(&p, 1, 0) == 1 && (p.revents & (POLLRDHUP | POLLHUP)) != 0;
}

int
ki_sock_getopt(int fd, int level, int number, void *v, unsigned *len)
{
    int r = getsockopt(fd, level, number, v, (socklen_t *) len);

    return CODE(r);
}

int
ki_sock_setopt(int fd, int level, int number, const void *v, unsigned len)
{
    int r = setsockopt(fd, level, number, v, (socklen_t) len);

    return CODE(r);
}

int
ki_sock_dup(int fd)
{
    int r = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    return CODE(r);
}

int
ki_sock_set_blocking(int fd, bool on)
{
    int flags = fcntl(fd, F_GETFL), r;

    if (flags < 0)
        return CODE(flags);
    r = fcntl(fd, F_SETFL, on ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
    return CODE(r);
}

int
ki_sock_ioctl(int fd, unsigned long request, void *arg)
{
    /* To some C libraries a request is an int. */
    int r = ioctl(fd,
                  _Generic(&ioctl, int (*)(int, int, ...)
                           : (int) request, default
                           : request),
                  arg);

    return CODE(r);
}

int
ki_sock_unlink(const char *path)
{
    struct stat is;
    int r = lstat(path, &is);

    if (r == 0 && !S_ISSOCK(is.st_mode))
        return KITH_ENOTSOCK;
    if (r == 0)
        r = unlink(path);
    return CODE(r);
}

static const struct {
    unsigned ours;
    int native; /* -1: this system lacks it */
} flag_rows[] = {
    {KITH_MSG_OOB, MSG_OOB},
    {KITH_MSG_PEEK, MSG_PEEK},
    {KITH_MSG_DONTROUTE, MSG_DONTROUTE},
    {KITH_MSG_EOR, MSG_EOR},
    {KITH_MSG_TRUNC, MSG_TRUNC},
    {KITH_MSG_MORE, MSG_MORE},
    {KITH_MSG_CONFIRM, MSG_CONFIRM},
    {KITH_MSG_ERRQUEUE, MSG_ERRQUEUE},
    {KITH_MSG_CMSG_CLOEXEC, MSG_CMSG_CLOEXEC},
    {KITH_MSG_NOSIGNAL, 0}, /* always so */
    {KITH_MSG_WAITALL, 0},  /* ours to do: the system's gives up at a signal */
};

int
ki_sock_flags(unsigned flags)
{
    int native = 0;

    for (size_t i = 0; flags && i < ki_countof(flag_rows); i++)
        if (flags & flag_rows[i].ours && flag_rows[i].native >= 0) {
            native |= flag_rows[i].native;
            flags &= ~flag_rows[i].ours;
        }
    return flags ? KITH_EOPNOTSUPP : native;
}

unsigned
ki_sock_flags_of(int native)
{
    /* These are told, never asked for. */
    unsigned flags = (native & MSG_CTRUNC ? KITH_MSG_CTRUNC : 0u) |
                     (native & MSG_NOTIFICATION ? KITH_MSG_NOTIFICATION : 0u);

    for (size_t i = 0; i < ki_countof(flag_rows); i++)
        if (flag_rows[i].native > 0 && native & flag_rows[i].native)
            flags |= flag_rows[i].ours;
    return flags;
}

int
ki_sock_how(int how)
{
    switch (how) {
    case KITH_SHUT_READ:
        return SHUT_RD;
    case KITH_SHUT_WRITE:
        return SHUT_WR;
    case KITH_SHUT_BOTH:
        return SHUT_RDWR;
    default:
        return KITH_EINVAL;
    }
}

int
ki_sock_error(int fd)
{
    int e = 0;
    unsigned len = sizeof e;
    int rc = ki_seam.getopt(fd, SOL_SOCKET, SO_ERROR, &e, &len);

    if (rc < 0)
        return rc;
    return e ? ki_error_of_errno(e) : 0;
}

int
ki_sock_lingers(int fd)
{
    struct linger l = {0, 0};
    unsigned len = sizeof l;

    if (ki_seam.getopt(fd, SOL_SOCKET, SO_LINGER_SEC, &l, &len) < 0 || !l.l_onoff)
        return 0;
    return l.l_linger < 0 ? INT_MAX : l.l_linger; /* below 0: longer than an int can say */
}

void
ki_sock_send_lingering(int fd, const char *buf, size_t len)
{
    const uint64_t end_ns = ki_now_ns() + (uint64_t) ki_sock_lingers(fd) * 1000000000;
    uint64_t now_ns;
    ptrdiff_t n;

    while ((n = ki_seam.send(fd, buf, len, 0)) >= 0 || n == KITH_EAGAIN) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};

        if (n > 0) {
            buf += n;
            len -= (size_t) n;
        }
        if (len == 0)
            return;
        now_ns = ki_now_ns();
        if (now_ns >= end_ns)
            break;
        if (n == KITH_EAGAIN)
            (void) poll(&p, 1, (int) ki_min_u64((end_ns - now_ns) / 1000000 + 1, INT_MAX));
    }
    ki_sock_linger_off(fd);
}

void
ki_sock_linger_off(int fd)
{
    struct linger l = {0, 0};

    (void) ki_seam.setopt(fd, SOL_SOCKET, SO_LINGER_SEC, &l, sizeof l);
}

static int
get_int(int fd, int number, int *v)
{
    unsigned len = sizeof *v;

    return ki_seam.getopt(fd, SOL_SOCKET, number, v, &len);
}

bool
ki_sock_urgent_inline(int fd)
{
    int on = 0;

    return get_int(fd, SO_OOBINLINE, &on) >= 0 && on;
}

bool
ki_sock_peeks_on(int fd)
{
    int at = -1;

    return SO_PEEK_OFF >= 0 && get_int(fd, SO_PEEK_OFF, &at) >= 0 && at >= 0;
}

static int
get_family(int fd, int *family)
{
    struct ki_native_addr a = {.len = sizeof a.bytes};
    struct sockaddr head;
    int rc;

    if (SO_DOMAIN >= 0)
        return get_int(fd, SO_DOMAIN, family);
    rc = ki_seam.sockname(fd, a.bytes, &a.len);
    memcpy(&head, a.bytes, sizeof head);
    *family = head.sa_family;
    return rc;
}

int
ki_sock_describe(int fd, int *domain, int *type, int *protocol, bool *listening)
{
    int native, rc, on = 0;

    ki_os_adopted(fd);
    rc = get_int(fd, SO_TYPE, &native);
    if (rc < 0)
        return rc;
    *type = ki_type_of_native(native);
    rc = get_family(fd, &native);
    if (rc < 0)
        return rc;
    *domain = ki_domain_of_native(native);
    *protocol = 0;
    if (SO_PROTOCOL >= 0)
        (void) get_int(fd, SO_PROTOCOL, protocol);
    (void) get_int(fd, SO_ACCEPTCONN, &on);
    *listening = on != 0;
    return *domain < 0 ? KITH_EAFNOSUPPORT : *type < 0 ? KITH_ESOCKTNOSUPPORT : 0;
}
