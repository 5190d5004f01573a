/* SPDX-License-Identifier: Apache-2.0
 * slots.c -- growth of a table and its shared free list. */
#include "core/slots.h"

#include <string.h>

#include "core/assert.h"
#include "core/mem.h"
#include "core/os_map.h"

enum {
    HUGE_PAGE = 2 * 1024 * 1024,
    HUGE_REGION = 4 * HUGE_PAGE,
    HUGE_AFTER = 4 * 1024 * 1024 /* bytes in small pages first */
};

void
ki_slots_init(struct ki_slots *t, const char *name, unsigned kind, size_t size,
              uint32_t limit)
{
    KI_CHECK(size >= sizeof(struct ki_slot) && size % 8 == 0);
    t->name = name;
    t->kind = kind;
    t->size = size;
    t->limit = limit;
    pthread_mutex_init(&t->lock, NULL);
}

/* Under the lock: zeroed memory for a chunk. A table that has grown large gets it in huge pages: a
 * million records are then some dozen page faults, not tens of thousands of 2 us each. */
static char *
chunk_memory(struct ki_slots *t, size_t bytes, size_t so_far)
{
    char *chunk;

    if (so_far < HUGE_AFTER) {
        chunk = ki_mem_alloc_aligned(bytes, KI_CACHE_LINE);
        if (chunk)
            memset(chunk, 0, bytes);
        return chunk;
    }
    if (t->region_left < bytes) {
        t->region = ki_os_map(HUGE_REGION, HUGE_PAGE);
        t->region_left = t->region ? HUGE_REGION : 0;
        if (!t->region)
            return NULL;
        ki_os_prefer_huge(t->region, HUGE_REGION);
    }
    chunk = t->region;
    t->region += bytes;
    t->region_left -= bytes;
    return chunk;
}

/* Under the lock: one more chunk of free records. */
static bool
grow(struct ki_slots *t)
{
    uint32_t n = ki_load_rlx(&t->n_chunks); /* relaxed: written under this lock only */
    size_t bytes = t->size * KI_SLOTS_CHUNK;

    if (n >= KI_SLOTS_MAX_CHUNKS || n * KI_SLOTS_CHUNK >= t->limit)
        return false;
    char *base = chunk_memory(t, bytes, n * bytes);
    if (!base)
        return false;
    for (uint32_t i = KI_SLOTS_CHUNK; i-- > 0;) {
        struct ki_slot *s = (struct ki_slot *) (void *) (base + i * t->size);

        s->index = n * KI_SLOTS_CHUNK + i;
        s->free_next = t->free;
        t->free = s;
    }
    /* release: with ki_slots_at's acquire, whoever sees the chunk sees its indices. */
    ki_store_rel(&t->chunk[n], base);
    ki_store_rel(&t->n_chunks, n + 1);
    return true;
}

struct ki_slot *
ki_slots_get_slow(struct ki_slots *t, struct ki_slots_cache *c)
{
    struct ki_slot *s = NULL;
    uint32_t n = 1;

    pthread_mutex_lock(&t->lock);
    if (t->free || grow(t)) {
        s = t->free;
        t->free = s->free_next;
        for (unsigned i = 0; c && i < KI_SLOTS_MAGAZINE && t->free; i++) {
            struct ki_slot *more = t->free;

            t->free = more->free_next;
            more->free_next = c->head;
            c->head = more;
            ki_count(&c->len, 1);
            n++;
        }
        ki_count(&t->n_out, n);
    }
    pthread_mutex_unlock(&t->lock);
    return s ? ki_slots_advance(s) : NULL;
}

static void
give(struct ki_slots *t, struct ki_slots_cache *c, uint32_t n)
{
    for (; n > 0 && c->head; n--) {
        struct ki_slot *s = c->head;

        c->head = s->free_next;
        ki_count(&c->len, (uint32_t) -1);
        s->free_next = t->free;
        t->free = s;
        ki_count(&t->n_out, (uint32_t) -1);
    }
}

void
ki_slots_put_slow(struct ki_slots *t, struct ki_slots_cache *c, struct ki_slot *s)
{
    pthread_mutex_lock(&t->lock);
    s->free_next = t->free;
    t->free = s;
    ki_count(&t->n_out, (uint32_t) -1);
    if (c)
        give(t, c, KI_SLOTS_MAGAZINE);
    pthread_mutex_unlock(&t->lock);
}

void
ki_slots_flush(struct ki_slots *t, struct ki_slots_cache *c)
{
    pthread_mutex_lock(&t->lock);
    give(t, c, ki_load_rlx(&c->len));
    pthread_mutex_unlock(&t->lock);
}
