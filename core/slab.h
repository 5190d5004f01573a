/* SPDX-License-Identifier: Apache-2.0
 * slab.h -- small blocks in size classes, with a cache per worker and one depot.
 *
 * A block is taken from and given back to the cache of the worker at hand, without a lock or an
 * atomic; a whole magazine (KI_SLAB_MAGAZINE blocks) at a time moves between a cache and the
 * depot, so a one-way flow from producer to consumer costs a lock a magazine. The worker that
 * frees keeps the block: it is warm there.
 *
 * Blocks are 16-byte aligned. Blocks over KI_SLAB_MAX come from mem.h. In sanitizer builds each
 * block is an allocation of its own, so that use after free is seen. */
#ifndef KI_SLAB_H
#define KI_SLAB_H

#include "core/atomic.h"
#include "core/mem.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { KI_SLAB_CLASSES = 8, KI_SLAB_MAX = 1024, KI_SLAB_MAGAZINE = 64 };

struct ki_slab_block {
    struct ki_slab_block *next;
};

struct ki_slab_list {
    struct ki_slab_block *head;
    _Atomic(uint32_t) len; /* relaxed: for who counts */
};

/* One per worker; zeroed is empty. [o] the worker's thread only. */
struct ki_slab_cache {
    struct ki_slab_list list[KI_SLAB_CLASSES];
};

/* ki_slab_alloc answers `size` bytes or NULL. `c` is the calling worker's cache, or NULL for
 * a thread that has none (then the depot's lock is taken). Never blocks for long. */
void *ki_slab_alloc_slow(struct ki_slab_cache *c, unsigned cls, size_t size);
void ki_slab_free_slow(struct ki_slab_cache *c, unsigned cls, void *p, size_t size);

/* ki_slab_flush gives all of a cache's blocks to the depot: at a worker's end. */
void ki_slab_flush(struct ki_slab_cache *c);

/* ki_slab_bytes tells how many bytes the slabs hold from the allocator in all. */
size_t ki_slab_bytes(void);

/* ki_slab_out: bytes of blocks that are not in the depot: in use, or in a cache, of which
 * ki_slab_cached tells the bytes. Any thread. */
size_t ki_slab_out(void);
size_t ki_slab_cached(const struct ki_slab_cache *c);

static inline unsigned
ki_slab_class(size_t size)
{
    /* 64 96 128 192 256 384 512 1024 */
    if (size <= 64)
        return 0;
    if (size <= 96)
        return 1;
    if (size <= 128)
        return 2;
    if (size <= 192)
        return 3;
    if (size <= 256)
        return 4;
    if (size <= 384)
        return 5;
    if (size <= 512)
        return 6;
    return 7;
}

#if defined(KI_ASAN) || defined(KI_TSAN)
#define KI_SLAB_DIRECT 1
#endif

static inline void *
ki_slab_alloc(struct ki_slab_cache *c, size_t size)
{
#ifdef KI_SLAB_DIRECT
    (void) c;
    return ki_mem_alloc(size);
#else
    if (ki_slow(size > KI_SLAB_MAX))
        return ki_mem_alloc(size);
    unsigned cls = ki_slab_class(size);
    if (ki_fast(c != NULL && c->list[cls].head != NULL)) {
        struct ki_slab_block *b = c->list[cls].head;

        c->list[cls].head = b->next;
        ki_count(&c->list[cls].len, (uint32_t) -1);
        return b;
    }
    return ki_slab_alloc_slow(c, cls, size);
#endif
}

static inline void
ki_slab_free(struct ki_slab_cache *c, void *p, size_t size)
{
#ifdef KI_SLAB_DIRECT
    (void) c;
    ki_mem_free(p, size);
#else
    if (ki_slow(size > KI_SLAB_MAX)) {
        ki_mem_free(p, size);
        return;
    }
    unsigned cls = ki_slab_class(size);
    if (ki_fast(c != NULL && ki_load_rlx(&c->list[cls].len) < 2 * KI_SLAB_MAGAZINE)) {
        struct ki_slab_block *b = (struct ki_slab_block *) p;

        b->next = c->list[cls].head;
        c->list[cls].head = b;
        ki_count(&c->list[cls].len, 1);
        return;
    }
    ki_slab_free_slow(c, cls, p, size);
#endif
}

#ifdef __cplusplus
}
#endif

#endif
