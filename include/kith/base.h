/* SPDX-License-Identifier: Apache-2.0
 * base.h -- the words that every other header uses.
 *
 * A handle is a number with a generation inside. It is copied and compared as a number, is
 * never a pointer, and any call on one whose thing is gone answers a code. All zero means
 * none, for all four kinds.
 *
 * A timeout is relative, in milliseconds. To keep one limit over several calls, turn it
 * into a deadline once and ask before each call what is left:
 *
 *     kith_ms end = kith_deadline(5000);
 *     while ((n = kith_socket_recv(s, buf, sizeof buf, 0, kith_left(end))) > 0)
 *         take(buf, n);
 */
#ifndef KITH_BASE_H
#define KITH_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define KITH_API __attribute__((visibility("default")))
#define KITH_NODISCARD __attribute__((warn_unused_result))
#define KITH_NORETURN __attribute__((noreturn))
#define KITH_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define KITH_API
#define KITH_NODISCARD
#define KITH_NORETURN
#define KITH_PRINTF(fmt, args)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Relative milliseconds. A negative value other than the two below means 0: overdue. */
typedef int64_t kith_ms;

#define KITH_INFINITY INT64_MAX /* never gives up */
#define KITH_NOWAIT INT64_MIN   /* KITH_ESELECT now, one KITH_TAG_SELECT message later */

typedef struct kith_pid {
    uint64_t id;
} kith_pid;

typedef struct kith_ref {
    uint64_t id;
} kith_ref;

typedef struct kith_socket {
    uint64_t id;
} kith_socket;

typedef struct kith_future {
    uint64_t id;
} kith_future;

/* A piece of memory: `len` bytes from `base`. */
typedef struct kith_iov {
    void *base;
    size_t len;
} kith_iov;

/* What a process runs. 0: it dies with reason normal; any other code: with error(code). */
typedef int (*kith_fn)(void *arg);

/* The same for a process that owns the connection `s` before it runs. */
typedef int (*kith_conn)(kith_socket s, void *arg);

/**
 * Make a piece of memory from an address and a length.
 *
 * The const goes, so that one type serves for what is read and for what is written; each
 * call says which it does.
 *
 * returns  the piece.
 * context  any thread; never suspends.
 * owns     nothing is copied; the memory stays the caller's.
 */
static inline kith_iov
kith_iov_of(const void *base, size_t len)
{
    kith_iov v;

#ifdef __cplusplus
    v.base = const_cast<void *>(base);
#else
    v.base = (void *) (uintptr_t) base;
#endif
    v.len = len;
    return v;
}

/* The bytes of the object `x`. */
#define KITH_IOV(x) kith_iov_of(&(x), sizeof(x))

/**
 * Turn a timeout into the moment at which it ends.
 *
 * unit     timeout: milliseconds from now; negative counts as 0.
 * returns  milliseconds on the monotonic clock; KITH_INFINITY and KITH_NOWAIT stay what
 *          they are.
 * context  any thread, with or without a runtime; never suspends.
 */
KITH_API kith_ms
kith_deadline(kith_ms timeout);

/**
 * Say how long it still is until a deadline.
 *
 * unit     deadline: what kith_deadline answered.
 * returns  milliseconds, 0 once it has passed; KITH_INFINITY and KITH_NOWAIT stay what they
 *          are.
 * context  any thread, with or without a runtime; never suspends.
 */
KITH_API kith_ms
kith_left(kith_ms deadline);

/**
 * Say how far the caller's last failed socket call, await, cancel or kith_call came.
 *
 * A call that promises all answers all or a code. After a code this is the number of bytes
 * that were done before it; after KITH_EMSGSIZE of kith_call it is the reply's length. Ask
 * right after the code: what a success, or KITH_EINVAL for an argument, leaves here is nothing
 * to build on.
 *
 * returns  bytes; 0 when nothing was done.
 * context  any thread; never suspends. Each process and each plain thread has its own.
 */
KITH_API size_t
kith_partial(void);

#ifdef __cplusplus
}
#endif

#endif
