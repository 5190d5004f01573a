/* SPDX-License-Identifier: Apache-2.0
 * overflow.h -- a process that ran past the end of its stack is named before the program
 * ends.
 *
 * A touch of a guard page is a SIGSEGV or SIGBUS. There is no stack left to handle it on,
 * so each worker thread has an alternate one. Faults elsewhere go to whoever handled them
 * before: the default action, the program's own handler, a sanitizer's. */
#ifndef KI_OVERFLOW_H
#define KI_OVERFLOW_H

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ki_overflow_install takes the two signals for the whole program. On a hit in the guard of
 * a pool stack `report` is called with that stack's usable part, in a signal handler: it
 * may only look at memory and write(2). When it returns the program dies of the signal, so
 * that a core file shows the place. Returns 0 or -errno. One thread; a second call only
 * changes `report`. */
KI_NODISCARD int ki_overflow_install(void (*report)(void *stack_low, size_t size));

/* ki_overflow_uninstall puts back the handlers that were there, unless the program has put
 * others over ours meanwhile. One thread; no process runs any more. */
void ki_overflow_uninstall(void);

/* A worker thread's alternate signal stack. */
struct ki_overflow_thread {
    void *low; /* NULL: the thread had one already (a sanitizer's, the program's) */
    size_t size;
};

/* ki_overflow_thread_init gives the calling thread an alternate stack, unless it has one.
 * Returns 0 or -errno; the thread works without, but an overflow on it then ends the
 * program silently. */
KI_NODISCARD int ki_overflow_thread_init(struct ki_overflow_thread *t);

/* ki_overflow_thread_fini takes it away again; same thread, on its own stack. */
void ki_overflow_thread_fini(struct ki_overflow_thread *t);

#ifdef __cplusplus
}
#endif

#endif
