/* SPDX-License-Identifier: Apache-2.0
 * slab.c -- the depot behind the workers' caches, and where its blocks come from.
 *
 *   worker's cache  <-- a magazine -->  depot  <-- a slab of 64 KiB --  mem.h
 *
 *   I1  A block is in exactly one place: a user's hands, one cache, or the depot.
 *   I2  A cache holds at most two magazines a class, so what one worker hoards is bounded.
 *
 * Slabs are not given back while the program lives: what a peak needed stays for the next. */
#include "core/slab.h"

#include "core/thread.h"

enum { SLAB_BYTES = 64 * 1024 };

static const uint16_t class_size[KI_SLAB_CLASSES] = {64, 96, 128, 192, 256, 384, 512, 1024};

static struct {
    pthread_mutex_t lock;
    struct ki_slab_block *head[KI_SLAB_CLASSES]; /* [l] */
    char *bump[KI_SLAB_CLASSES];                 /* [l] rest of the newest slab */
    size_t bump_left[KI_SLAB_CLASSES];           /* [l] */
    size_t bytes;                                /* [l] */
    size_t out; /* [l] bytes of blocks that are elsewhere */
} depot = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Under the lock. */
static struct ki_slab_block *
depot_take(unsigned cls)
{
    struct ki_slab_block *b = depot.head[cls];

    if (b) {
        depot.head[cls] = b->next;
        depot.out += class_size[cls];
        return b;
    }
    if (depot.bump_left[cls] < class_size[cls]) {
        char *slab = ki_mem_alloc_aligned(SLAB_BYTES, 4096);

        if (!slab)
            return NULL;
        depot.bytes += SLAB_BYTES;
        depot.bump[cls] = slab;
        depot.bump_left[cls] = SLAB_BYTES;
    }
    b = (struct ki_slab_block *) (void *) depot.bump[cls];
    depot.bump[cls] += class_size[cls];
    depot.bump_left[cls] -= class_size[cls];
    depot.out += class_size[cls];
    return b;
}

void *
ki_slab_alloc_slow(struct ki_slab_cache *c, unsigned cls, size_t size)
{
    struct ki_slab_block *b;

    (void) size;
    pthread_mutex_lock(&depot.lock);
    b = depot_take(cls);
    for (unsigned i = 0; b && c && i < KI_SLAB_MAGAZINE; i++) {
        struct ki_slab_block *more = depot_take(cls);

        if (!more)
            break;
        more->next = c->list[cls].head;
        c->list[cls].head = more;
        ki_count(&c->list[cls].len, 1);
    }
    pthread_mutex_unlock(&depot.lock);
    return b;
}

static void
give(struct ki_slab_list *l, unsigned cls, uint32_t n)
{
    for (; n > 0 && l->head; n--) {
        struct ki_slab_block *b = l->head;

        l->head = b->next;
        ki_count(&l->len, (uint32_t) -1);
        depot.out -= class_size[cls];
        b->next = depot.head[cls];
        depot.head[cls] = b;
    }
}

void
ki_slab_free_slow(struct ki_slab_cache *c, unsigned cls, void *p, size_t size)
{
    struct ki_slab_block *b = p;

    (void) size;
    pthread_mutex_lock(&depot.lock);
    b->next = depot.head[cls];
    depot.head[cls] = b;
    depot.out -= class_size[cls];
    if (c)
        give(&c->list[cls], cls, KI_SLAB_MAGAZINE);
    pthread_mutex_unlock(&depot.lock);
}

void
ki_slab_flush(struct ki_slab_cache *c)
{
    pthread_mutex_lock(&depot.lock);
    for (unsigned cls = 0; cls < KI_SLAB_CLASSES; cls++)
        give(&c->list[cls], cls, ki_load_rlx(&c->list[cls].len));
    pthread_mutex_unlock(&depot.lock);
}

size_t
ki_slab_bytes(void)
{
    pthread_mutex_lock(&depot.lock);
    size_t n = depot.bytes;
    pthread_mutex_unlock(&depot.lock);
    return n;
}

size_t
ki_slab_out(void)
{
    pthread_mutex_lock(&depot.lock);
    size_t n = depot.out;
    pthread_mutex_unlock(&depot.lock);
    return n;
}

size_t
ki_slab_cached(const struct ki_slab_cache *c)
{
    size_t n = 0;

    for (unsigned cls = 0; cls < KI_SLAB_CLASSES; cls++)
        n += (size_t) ki_load_rlx(&c->list[cls].len) *
             class_size[cls]; /* relaxed: a guess */
    return n;
}
