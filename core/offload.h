/* SPDX-License-Identifier: Apache-2.0
 * offload.h -- the side pool: threads for calls that block. */
#ifndef KI_OFFLOAD_H
#define KI_OFFLOAD_H

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KI_OFFLOAD_THREADS = 64, /* for jobs that may block as long as a user likes */
    KI_OFFLOAD_FIRST = 1,    /* more, that only those of ki_offload_submit_first have */
    KI_OFFLOAD_KERNEL = 8,   /* more, for those of ki_offload_submit_kernel */
    KI_OFFLOAD_OWN = 2 /* more, that only the library's own have: a hook's, a dump's */
};

/* A job: the submitter's memory until `run` returns; run may free it. */
struct ki_job {
    struct ki_job *next;
    void (*run)(struct ki_job *job);
};

/* ki_offload_start allows jobs; ki_offload_stop ends the idle threads and refuses new jobs. It
 * does not wait for those that run: they end with their jobs. */
void ki_offload_start(void);
void ki_offload_stop(void);

/* ki_offload_submit has a thread of the pool run the job. 0, or KITH_ENOMEM when no thread could
 * be made and none is there, KITH_ESTOPPED. Any thread; never waits. */
KI_NODISCARD int ki_offload_submit(struct ki_job *job);

/* ki_offload_submit_first: the same, for a job that shall not wait because others block: one at a time
 * has a thread of its own, and those that find it busy go before all of ki_offload_submit. */
KI_NODISCARD int ki_offload_submit_first(struct ki_job *job);

/* ki_offload_submit_kernel: the same, for a job that waits in the system and for nobody else, for a
 * disk or a lock of its own: it does not wait for jobs of the other kinds. */
KI_NODISCARD int ki_offload_submit_kernel(struct ki_job *job);

/* ki_offload_submit_own: the same, but the job does not wait for those of ki_offload_submit. There
 * are at most KI_OFFLOAD_OWN such jobs at a time: each is of another kind, and is one. */
KI_NODISCARD int ki_offload_submit_own(struct ki_job *job);

/* ki_offload_busy: jobs that run or wait. */
unsigned ki_offload_busy(void);

#ifdef __cplusplus
}
#endif

#endif
