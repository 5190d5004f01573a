/* SPDX-License-Identifier: Apache-2.0
 * mem.c -- the real allocators. */
#include "core/mem.h"

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
    if (align <= 16)
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
