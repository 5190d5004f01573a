/* SPDX-License-Identifier: Apache-2.0
 * log.h -- what the library and its users have to say, and who hears it.
 *
 * Everything goes to one function, the hook; as long as nobody sets one, to stderr. Lines of
 * the library's own begin with "kith: ". A report, as of a process that crashed, has several
 * lines and comes in one call.
 *
 *     kith_log_to(my_log, &my_file, KITH_LOG_NOTICE);
 *     kith_log(KITH_LOG_WARNING, "no answer from %s", peer);
 *
 * Who logs never waits: the text goes into a queue, and a thread that runs no processes calls the
 * hook. Both the queue and what the library says are bounded: of a flood of reports the first ones
 * come, and later a line that says how many did not.
 */
#ifndef KITH_LOG_H
#define KITH_LOG_H

#include <kith/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* KITH_LOG in the environment, one of debug info notice warning error none, says what is the least
 * that is heard; it overrides kith_log_to. */
enum {
    KITH_LOG_DEBUG,
    KITH_LOG_INFO,    /* deaths that others have ordered */
    KITH_LOG_NOTICE,  /* the least that is heard unless you say otherwise */
    KITH_LOG_WARNING, /* what a stop had to kill */
    KITH_LOG_ERROR,   /* a crash */
    KITH_LOG_NONE     /* as `least`: nothing is heard */
};

/* Gets each text once, whole, in the order in which they were logged: `len` bytes that end with
 * a newline, and a NUL behind them; its own until it returns. It may block, and may call what a
 * plain thread may.
 *
 * Called by one thread at a time: while the runtime runs by one that is kept for this, which runs no
 * processes and waits for no kith_blocking; without a runtime by the thread that logs. Never by one
 * that runs processes. A text for which no thread can be had comes with the next, or at the stop,
 * which waits 100 ms for a hook; one that takes longer goes on after it. */
typedef void (*kith_log_fn)(void *ctx, int level, const char *text, size_t len);

/**
 * Write a line to the log, as printf writes it; up to 2,000 bytes.
 *
 * returns  nothing. When the queue is full the line is counted instead, and the count said later.
 * context  any thread, with or without a runtime; never suspends. In a forked child it does
 *          nothing.
 */
KITH_API void
kith_log(int level, const char *fmt, ...) KITH_PRINTF(2, 3);

/**
 * Choose who hears the log, and from which level on.
 *
 * When it returns, the hook before it is called no more. Called by a process or a handler, which
 * must not be held up, or by the hook, that one's present call may still be under way.
 *
 * returns  nothing.
 * context  any thread, with or without a runtime; never suspends a process. In a forked child it
 *          does nothing.
 * owns     `ctx` is lent for as long as the hook is set; `fn` NULL is stderr again.
 */
KITH_API void
kith_log_to(kith_log_fn fn, void *ctx, int least);

#ifdef __cplusplus
}
#endif

#endif
