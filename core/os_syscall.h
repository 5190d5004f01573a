/* SPDX-License-Identifier: Apache-2.0
 * os_syscall.h -- a system call without libc's wrapper, where it is made for every message.
 *
 * KI_SYSCALL6(number, six arguments) answers what the kernel answers: a value or -errno. It is
 * not defined where we do not know the processor, or under a tool that wants to see libc's call:
 * then the wrapper is used. */
#ifndef KI_OS_SYSCALL_H
#define KI_OS_SYSCALL_H

#include "core/defs.h"

#if defined(__linux__)
#include <sys/syscall.h>
#endif

#if defined(__linux__) && defined(__x86_64__) && !defined(KI_ASAN) && !defined(KI_TSAN)

static inline long
ki_syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
    long r;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;

    __asm__ volatile("syscall"
                     : "=a"(r)
                     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return r;
}

#define KI_SYSCALL6(nr, a, b, c, d, e, f) \
    ki_syscall6((nr), (long) (a), (long) (b), (long) (c), (long) (d), (long) (e), \
                (long) (f))

#elif defined(__linux__) && defined(__aarch64__) && !defined(KI_ASAN) && !defined(KI_TSAN)

static inline long
ki_syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = nr;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;

    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}

#define KI_SYSCALL6(nr, a, b, c, d, e, f) \
    ki_syscall6((nr), (long) (a), (long) (b), (long) (c), (long) (d), (long) (e), \
                (long) (f))

#endif

#endif
