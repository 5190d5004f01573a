/* SPDX-License-Identifier: Apache-2.0
 * os_linux.c -- what Linux has in a way of its own: futexes, affinity, cgroups, sockets. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/assert.h"
#include "core/error.h"
#include "core/os.h"
#include "core/os_sock.h"
#include "core/seam.h"

/* Codes are Linux' numbers. */
#define X(name, value, atom, sentence) \
    _Static_assert((value) == -(name), "Linux numbers " #name " differently here");
KITH_ERRNO_TABLE(X)
#undef X

void
ki_os_park(_Atomic(uint32_t) *word, uint32_t expected, uint64_t deadline_ns)
{
    long t[2]; /* what this call knows as a timespec, whatever the C library does */
    const long *limit = NULL;

    if (deadline_ns != UINT64_MAX) {
        uint64_t now = ki_now_ns();
        uint64_t left = deadline_ns > now ? deadline_ns - now : 0;

        if (left == 0)
            return;
        t[0] = (long) ki_min_u64(left / 1000000000, LONG_MAX);
        t[1] = (long) (left % 1000000000);
        limit = t;
    }
    (void) syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, limit, NULL, 0);
}

void
ki_os_unpark(_Atomic(uint32_t) *word)
{
    (void) syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

bool
ki_os_barrier_ready(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

void
ki_os_barrier(void)
{
    long rc = syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);

    KI_CHECK(rc == 0); /* it was ready, and no error is possible then */
}

/* "quota period" or "max period" of cgroup v2; 0 when there is no limit. */
static unsigned
cgroup_cpus(void)
{
    char text[64] = "", *end;
    int fd = open("/sys/fs/cgroup/cpu.max", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0 || strncmp(text, "max", 3) == 0)
        return 0;
    unsigned long quota = strtoul(text, &end, 10), period = strtoul(end, NULL, 10);
    return period ? (unsigned) ((quota + period - 1) / period) : 0;
}

unsigned
ki_os_cpus(void)
{
    cpu_set_t set;
    unsigned n = 1, quota = cgroup_cpus();

    if (sched_getaffinity(0, sizeof set, &set) == 0)
        n = (unsigned) CPU_COUNT(&set);
    else {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        n = online > 0 ? (unsigned) online : 1;
    }
    if (quota && quota < n)
        n = quota;
    return n ? n : 1;
}

uint64_t
ki_os_random(void)
{
    uint64_t v;

    if (getrandom(&v, sizeof v, 0) == (ssize_t) sizeof v)
        return v;
    return ki_os_now_ns() * UINT64_C(0x9e3779b97f4a7c15);
}

void
ki_os_thread_name(const char *name)
{
    pthread_setname_np(pthread_self(), name);
}

/* The file is found under its link whatever it was called as, also after it was replaced; its
 * program headers lie behind the ELF header. */
const char *
ki_os_program(uintptr_t *base)
{
    const uintptr_t headers = (uintptr_t) getauxval(AT_PHDR);

    *base = headers ? headers - sizeof(ElfW(Ehdr)) : 0;
    return "/proc/self/exe";
}

/* ---- sockets ---- */

int
ki_os_socket(int domain, int type, int protocol)
{
    int fd = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);

    return fd < 0 ? -errno : fd;
}

int
ki_os_accept(int fd, void *addr, unsigned *len)
{
    int one = accept4(fd, addr, (socklen_t *) len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    return one < 0 ? -errno : one;
}

void
ki_os_adopted(int fd)
{
    (void) fd; /* MSG_NOSIGNAL */
}

void
ki_os_received(int fd)
{
    (void) fd; /* MSG_CMSG_CLOEXEC */
}

ptrdiff_t
ki_os_sendfile(int fd, int file, uint64_t offset, size_t len)
{
    off_t at = (off_t) offset;
    ptrdiff_t r = sendfile(fd, file, &at, len);

    if (r >= 0)
        return r;
    /* The words for "not from this file", or from there, and not for "wrong": a read says what it is. */
    return errno == EINVAL || errno == ENOSYS || errno == EOVERFLOW ? -EOPNOTSUPP : -errno;
}
