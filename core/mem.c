/* SPDX-License-Identifier: Apache-2.0
 * mem.c -- the real allocators. */
#include "core/mem.h"

#include "core/sched.h"

#include <stdlib.h>

#ifdef KI_JEMALLOC
#include <jemalloc/jemalloc.h>

void *
ki_mem_system_alloc(size_t size, size_t align)
{
    return mallocx(size ? size : 1, MALLOCX_ALIGN(align));
}

void
ki_mem_system_free(void *p, size_t size, size_t align)
{
    if (p)
        sdallocx(p, size ? size : 1, MALLOCX_ALIGN(align));
}

#else

void *
ki_mem_system_alloc(size_t size, size_t align)
{
    if (align <= _Alignof(max_align_t))
        return malloc(size ? size : 1);
    return aligned_alloc(align, (size + align - 1) / align * align);
}

void
ki_mem_system_free(void *p, size_t size, size_t align)
{
    (void) size;
    (void) align;
    free(p);
}

#endif

/* Of threads that are no workers, and of workers that have ended. */
static _Atomic(int64_t) outside;

void
ki_mem_count(int64_t d)
{
    struct ki_worker *w = ki_worker_self();

    if (w)
        ki_count(&w->mem_bytes, d);
    else
        ki_add_rlx(&outside, d); /* relaxed: a count that orders nothing */
}

int64_t
ki_mem_out(void)
{
    int64_t n = ki_load_rlx(&outside);

    for (unsigned i = 0; i < ki_workers(); i++)
        n += ki_load_rlx(&ki_sched.worker[i].mem_bytes);
    return n;
}

void
ki_mem_count_end(struct ki_worker *w)
{
    ki_add_rlx(&outside, ki_xchg_rlx(&w->mem_bytes, 0));
}
