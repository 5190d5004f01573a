/* SPDX-License-Identifier: Apache-2.0
 * os_map.c -- address space, by mmap and its relatives. */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1
#endif

#include "core/os_map.h"

#include <errno.h>
#include <fcntl.h>
#include <kith/error.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/sysinfo.h>
#endif

/* Linux 6.13, <asm-generic/mman-common.h>; older headers do not have it. */
#if defined(__linux__) && !defined(MADV_GUARD_INSTALL)
#define MADV_GUARD_INSTALL 102
#endif

#if !defined(MAP_ANONYMOUS)
#define MAP_ANONYMOUS MAP_ANON
#endif

/* No promise of memory is wanted for address space that is mostly never touched. Where
 * vm.overcommit_memory is 2 Linux ignores this, and all slots count against the limit. */
#if defined(MAP_NORESERVE)
#define FLAG_NORESERVE MAP_NORESERVE
#else
#define FLAG_NORESERVE 0
#endif

/* Linux: a hint. OpenBSD: the stack pointer must point into such a mapping. FreeBSD means a
 * self-growing stack by it, which is not what we map. */
#if defined(MAP_STACK) && !defined(__FreeBSD__) && !defined(__DragonFly__)
#define FLAG_STACK MAP_STACK
#else
#define FLAG_STACK 0
#endif

size_t
ki_os_page_size(void)
{
    const long n = sysconf(_SC_PAGESIZE);

    return n > 0 ? (size_t) n : 4096;
}

void *
ki_os_map(size_t size, size_t align)
{
    const size_t page = ki_os_page_size();
    const size_t slack = align > page ? align - page : 0;
    char *p, *low;

    if (size > SIZE_MAX - slack)
        return NULL;
    p = mmap(NULL, size + slack, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | FLAG_NORESERVE | FLAG_STACK, -1, 0);
    if (p == MAP_FAILED)
        return NULL;

    low = p + (-(uintptr_t) p & (align - 1));
    if (low > p)
        munmap(p, (size_t) (low - p));
    if (low + size < p + size + slack)
        munmap(low + size, (size_t) (p + slack - low));
#if defined(MADV_NOHUGEPAGE)
    /* One touched byte would otherwise bring in 2 MiB. */
    (void) madvise(low, size, MADV_NOHUGEPAGE);
#endif
    return low;
}

void
ki_os_unmap(void *p, size_t size)
{
    munmap(p, size);
}

static int
guard_code(int rc)
{
    if (rc == 0)
        return 0;
    return errno == ENOMEM ? KITH_ENOMEM : KITH_EINVAL;
}

int
ki_os_guard(void *p, size_t size, enum ki_guard how)
{
    switch (how) {
    case KI_GUARD_MARKER:
#if defined(MADV_GUARD_INSTALL)
        return guard_code(madvise(p, size, MADV_GUARD_INSTALL));
#else
        return KITH_EINVAL;
#endif
    case KI_GUARD_PROTECT:
        return guard_code(mprotect(p, size, PROT_NONE));
    case KI_GUARD_CANARY:
        return 0;
    }
    return KITH_EINVAL;
}

/* Asks the kernel to write there: it answers EFAULT where a touch of ours would be fatal. */
static bool
is_forbidden(void *p)
{
#if defined(__linux__)
    return sysinfo(p) < 0 && errno == EFAULT;
#else
    (void) p;
    return true;
#endif
}

bool
ki_os_guard_works(enum ki_guard how)
{
    const size_t page = ki_os_page_size();
    void *p = ki_os_map(page, page);
    bool works;

    if (!p)
        return false;
    works = ki_os_guard(p, page, how) == 0 && is_forbidden(p);
    ki_os_unmap(p, page);
    return works;
}

void
ki_os_discard(void *p, size_t size)
{
    (void) madvise(p, size, MADV_DONTNEED);
#if !defined(__linux__)
    /* Elsewhere the advice may keep the content, and the contract says zeros. */
    (void) mmap(p, size, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | FLAG_NORESERVE | FLAG_STACK, -1,
                0);
#endif
}

const void *
ki_os_map_file(const char *path, size_t *size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    void *p = MAP_FAILED;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
        (uintmax_t) st.st_size <= SIZE_MAX)
        p = mmap(NULL, (size_t) st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (p == MAP_FAILED)
        return NULL;
    *size = (size_t) st.st_size;
    return p;
}

void
ki_os_prefer_huge(void *p, size_t size)
{
#ifdef MADV_HUGEPAGE
    (void) madvise(p, size, MADV_HUGEPAGE);
#else
    (void) p;
    (void) size;
#endif
}
