/* SPDX-License-Identifier: Apache-2.0
 * os_self.h -- the calling thread's worker.
 *
 * A process may wake on another thread than the one it went to sleep on, so the answer is good
 * until the next switch and no longer, and the compiler must not remember the thread's base over
 * two questions: the load is an asm of its own, or a call that is not inlined. */
#ifndef KI_OS_SELF_H
#define KI_OS_SELF_H

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ki_worker;

/* ki_worker_self: the calling thread's worker, or NULL. Any thread.
 * ki_worker_self_set: by a worker's thread as it begins and ends, and in a forked child. */
struct ki_worker *ki_worker_self_call(void);
void ki_worker_self_set(struct ki_worker *w);

static inline struct ki_worker *
ki_worker_self(void)
{
#if defined(__x86_64__) && defined(__ELF__) && !defined(KI_ASAN) && !defined(KI_TSAN)
    struct ki_worker *w;

    __asm__ volatile("movq ki_worker_tls@gottpoff(%%rip), %0\n\tmovq %%fs:(%0), %0"
                     : "=r"(w)
                     :
                     : "memory");
    return w;
#else
    return ki_worker_self_call();
#endif
}

#ifdef __cplusplus
}
#endif

#endif
