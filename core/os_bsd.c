/* SPDX-License-Identifier: Apache-2.0
 * os_bsd.c -- what macOS and the BSDs have in another way than Linux.
 *
 * They have no futex in common: who waits for a word sleeps on a condition variable of its address's
 * share, and reads the word under the share's lock, which who wakes takes too. So a wake that comes
 * between the look and the sleep is not lost. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#if defined(__FreeBSD__) || defined(__OpenBSD__) || defined(__DragonFly__)
#include <pthread_np.h>
#endif

#include "core/netns.h"
#include "core/os.h"
#include "core/os_sock.h"
#include "core/seam.h"

#include <kith/error.h>

/* ---- waiting for a word ---- */

enum { SHARES = 64 }; /* a power of two */

static struct share {
    KI_ALIGNED(KI_CACHE_LINE) pthread_mutex_t lock;
    pthread_cond_t changed;
} shares[SHARES];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
make_shares(void)
{
    for (int i = 0; i < SHARES; i++) {
        pthread_condattr_t attr;

        pthread_condattr_init(&attr);
#if !defined(__APPLE__)
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
#endif
        pthread_mutex_init(&shares[i].lock, NULL);
        pthread_cond_init(&shares[i].changed, &attr);
        pthread_condattr_destroy(&attr);
    }
}

static struct share *
share_of(const void *word)
{
    pthread_once(&once, make_shares);
    return &shares[((uintptr_t) word >> 4) * 2654435761u >> 8 & (SHARES - 1)];
}

static struct timespec
timespec_of(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t) (ns / 1000000000),
                             .tv_nsec = (long) (ns % 1000000000)};
}

/* The deadline is the seam's, which a test may have put in the place of the system's. */
static void
wait_until(struct share *s, uint64_t deadline_ns)
{
    const uint64_t now = ki_now_ns();
    struct timespec t;

    if (deadline_ns <= now)
        return;
#if defined(__APPLE__)
    t = timespec_of(deadline_ns - now);
    (void) pthread_cond_timedwait_relative_np(&s->changed, &s->lock, &t);
#else
    t = timespec_of(ki_os_now_ns() + (deadline_ns - now));
    (void) pthread_cond_timedwait(&s->changed, &s->lock, &t);
#endif
}

void
ki_os_park(_Atomic(uint32_t) *word, uint32_t expected, uint64_t deadline_ns)
{
    struct share *s = share_of((const void *) word);

    pthread_mutex_lock(&s->lock);
    if (ki_load_seq(word) == expected) { /* seq_cst: with the store before ki_os_unpark */
        if (deadline_ns == UINT64_MAX)
            (void) pthread_cond_wait(&s->changed, &s->lock);
        else
            wait_until(s, deadline_ns);
    }
    pthread_mutex_unlock(&s->lock);
}

/* All of the share, for it may be any of them: who was not meant looks and sleeps again. */
void
ki_os_unpark(_Atomic(uint32_t) *word)
{
    struct share *s = share_of((const void *) word);

    pthread_mutex_lock(&s->lock);
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

/* ---- threads and processors ---- */

bool
ki_os_barrier_ready(void)
{
    return false;
}

void
ki_os_barrier(void)
{
    abort(); /* it was never ready */
}

unsigned
ki_os_cpus(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n > 0 ? (unsigned) n : 1;
}

void
ki_os_thread_name(const char *name)
{
#if defined(__APPLE__)
    pthread_setname_np(name);
#elif defined(__NetBSD__)
    pthread_setname_np(pthread_self(), "%s", (void *) (uintptr_t) name);
#else
    pthread_set_name_np(pthread_self(), name);
#endif
}

uint64_t
ki_os_random(void)
{
    uint64_t v;

    arc4random_buf(&v, sizeof v);
    return v;
}

const char *
ki_os_program(uintptr_t *base)
{
    *base = 0;
    return NULL;
}

/* ---- sockets ---- */

/* What MSG_NOSIGNAL does for one call this does for all; some have only the one, some the other. */
void
ki_os_adopted(int fd)
{
#if defined(SO_NOSIGPIPE)
    const int on = 1;

    (void) setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#else
    (void) fd;
#endif
}

#if defined(SOCK_CLOEXEC) && defined(SOCK_NONBLOCK)

int
ki_os_socket(int domain, int type, int protocol)
{
    int fd = socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

    if (fd < 0)
        return -errno;
    ki_os_adopted(fd);
    return fd;
}

int
ki_os_accept(int fd, void *addr, unsigned *len)
{
    int one = accept4(fd, addr, (socklen_t *) len, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (one < 0)
        return -errno;
    ki_os_adopted(one);
    return one;
}

#else

/* A fork and exec of another thread between the two calls takes the descriptor along. */
static int
prepared(int fd)
{
    int flags;

    if (fd < 0)
        return -errno;
    ki_os_received(fd);
    flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        const int code = -errno;

        (void) close(fd);
        return code;
    }
    ki_os_adopted(fd);
    return fd;
}

int
ki_os_socket(int domain, int type, int protocol)
{
    return prepared(socket(domain, type, protocol));
}

int
ki_os_accept(int fd, void *addr, unsigned *len)
{
    return prepared(accept(fd, addr, (socklen_t *) len));
}

#endif

void
ki_os_received(int fd)
{
    const int flags = fcntl(fd, F_GETFD);

    if (flags >= 0)
        (void) fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

/* They tell how much went beside an error too, and a length of 0 means all. */
ptrdiff_t
ki_os_sendfile(int fd, int file, uint64_t offset, size_t len)
{
    off_t n = (off_t) ki_min_u64(len, PTRDIFF_MAX);
    int r;

    if ((off_t) offset < 0)
        return -EOPNOTSUPP;
#if defined(__APPLE__)
    r = sendfile(file, fd, (off_t) offset, &n, NULL, 0);
#elif defined(__FreeBSD__) || defined(__DragonFly__)
    r = sendfile(file, fd, (off_t) offset, (size_t) n, NULL, &n, 0);
#else
    (void) fd, (void) file;
    return -EOPNOTSUPP;
#endif
    if (r == 0 || n > 0)
        return (ptrdiff_t) n;
    return errno == EINVAL || errno == ENOTSUP ? -EOPNOTSUPP : -errno;
}

int
ki_netns_socket(const char *path, int domain, int type, int protocol)
{
    (void) path, (void) domain, (void) type, (void) protocol;
    return KITH_EOPNOTSUPP;
}
