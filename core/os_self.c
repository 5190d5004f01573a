/* SPDX-License-Identifier: Apache-2.0
 * os_self.c -- the one thread-local. */
#include "core/os_self.h"

/* Not static: os_self.h names it in assembly. */
extern _Thread_local struct ki_worker *ki_worker_tls;
_Thread_local struct ki_worker *ki_worker_tls;

KI_NOINLINE struct ki_worker *
ki_worker_self_call(void)
{
    /* The barrier keeps the compiler from folding two calls around a switch into one. */
    __asm__ volatile("" ::: "memory");
    return ki_worker_tls;
}

KI_NOINLINE void
ki_worker_self_set(struct ki_worker *w)
{
    ki_worker_tls = w;
}
