/* SPDX-License-Identifier: Apache-2.0
 * mem.h -- the one header through which memory comes: jemalloc by its own functions, or malloc.
 *
 * Nothing here is on a message's path: slab.h keeps what has been used for the next use. */
#ifndef KI_MEM_H
#define KI_MEM_H

#include "core/seam.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The real allocators behind the seam. */
void *ki_mem_system_alloc(size_t size, size_t align);
void ki_mem_system_free(void *p, size_t size, size_t align);

/* ki_mem_out: bytes that ki_mem_alloc has given and that have not come back; what is aligned, the
 * tables and slabs that never shrink, is not counted. Any thread; exact when nobody allocates. */
void ki_mem_count(int64_t d);
int64_t ki_mem_out(void);

struct ki_worker;
void ki_mem_count_end(struct ki_worker *w); /* its thread ends */

/* ki_mem_alloc answers `size` bytes aligned to 16, or NULL; ki_mem_free takes the same size.
 * Any thread. */
static inline void *
ki_mem_alloc(size_t size)
{
    void *p = ki_seam.alloc(size, 16);

    if (p)
        ki_mem_count((int64_t) size);
    return p;
}

static inline void
ki_mem_free(void *p, size_t size)
{
    ki_seam.free(p, size, 16);
    ki_mem_count(-(int64_t) size);
}

/* ki_mem_alloc_aligned is ki_mem_alloc with the alignment given. */
static inline void *
ki_mem_alloc_aligned(size_t size, size_t align)
{
    return ki_seam.alloc(size, align);
}

static inline void
ki_mem_free_aligned(void *p, size_t size, size_t align)
{
    ki_seam.free(p, size, align);
}

#ifdef __cplusplus
}
#endif

#endif
