/* SPDX-License-Identifier: Apache-2.0
 * defs.h -- the few words every file of ours uses. */
#ifndef KI_DEFS_H
#define KI_DEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ki_countof(a) (sizeof(a) / sizeof((a)[0]))

/* The struct of type T whose member `m` is at `p`. */
#define ki_container_of(p, T, m) ((T *) (void *) (((char *) (p)) - offsetof(T, m)))

/* Branch hints: ki_fast is the path we lay out straight, ki_slow the one out of line. */
#define ki_fast(x) __builtin_expect(!!(x), 1)
#define ki_slow(x) __builtin_expect(!!(x), 0)

/* What the compiler cannot see and may build on. */
#define KI_ASSUME(x) ((x) ? (void) 0 : __builtin_unreachable())

/* For the few functions on the way of every message, where a call costs as much as its work. */
#define KI_HOT static inline __attribute__((always_inline))
#define KI_NOINLINE __attribute__((noinline))
#define KI_NORETURN __attribute__((noreturn))
#define KI_NODISCARD __attribute__((warn_unused_result))
#define KI_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Two lines, because the prefetcher of current x86 fetches them in pairs. */
#define KI_CACHE_LINE 128
#define KI_ALIGNED(n) __attribute__((aligned(n)))

#if defined(__SANITIZE_ADDRESS__)
#define KI_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define KI_TSAN 1
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KI_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define KI_TSAN 1
#endif
#endif

static inline uint64_t
ki_min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t
ki_max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

#endif
