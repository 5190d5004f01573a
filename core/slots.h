/* SPDX-License-Identifier: Apache-2.0
 * slots.h -- type-stable records behind every handle: index + generation, never a pointer.
 *
 * A record is never unmapped and is reused only as the same kind of record, so that a thread
 * which holds a stale handle may always look: the generation tells it that it came too late.
 *
 *   handle (64 bit)   kind:4 | generation:32 | index:28        all zero = none
 *
 *   I1  A record's `id` is its handle while it is in use. It is written by whoever takes the
 *       record from the free list and stays until the next one takes it.
 *   I2  A generation is never 0, and grows by one with each use of the record. */
#ifndef KI_SLOTS_H
#define KI_SLOTS_H

#include "core/thread.h"

#include "core/atomic.h"
#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

enum ki_kind {
    KI_KIND_PID = 1,
    KI_KIND_SOCKET,
    KI_KIND_FUTURE,
    KI_KIND_REF,
    KI_KIND_TIMER
};

#define KI_SLOT_INDEX_BITS 28
#define KI_SLOT_INDEX_MASK ((UINT64_C(1) << KI_SLOT_INDEX_BITS) - 1)

static inline uint32_t
ki_id_index(uint64_t id)
{
    return (uint32_t) (id & KI_SLOT_INDEX_MASK);
}

static inline uint32_t
ki_id_generation(uint64_t id)
{
    return (uint32_t) (id >> KI_SLOT_INDEX_BITS);
}

static inline unsigned
ki_id_kind(uint64_t id)
{
    return (unsigned) (id >> 60);
}

static inline uint64_t
ki_id_make(unsigned kind, uint32_t generation, uint32_t index)
{
    return ((uint64_t) kind << 60) | ((uint64_t) generation << KI_SLOT_INDEX_BITS) | index;
}

/* The head of every record. */
struct ki_slot {
    uint32_t index;            /* [i] */
    uint32_t generation;       /* [o] whoever holds the record off the free list */
    struct ki_slot *free_next; /* [o] or [l] while free */
};

/* Chunks for every index a handle can hold: the array of their addresses is address space, of
 * which a page is there for each 512 chunks in use. */
enum { KI_SLOTS_CHUNK = 256, KI_SLOTS_MAX_CHUNKS = 1 << 20, KI_SLOTS_MAGAZINE = 64 };

struct ki_slots {
    const char *name;                           /* [i] */
    size_t size;                                /* [i] bytes a record */
    unsigned kind;                              /* [i] */
    _Atomic(uint32_t) n_chunks;                 /* [l] writes; any thread reads */
    _Atomic(char *) chunk[KI_SLOTS_MAX_CHUNKS]; /* [l] set once, then constant */
    pthread_mutex_t lock;
    struct ki_slot *free;    /* [l] */
    _Atomic(uint32_t) n_out; /* [l] writes: not in that list: in use, or in a cache */
    char *region;            /* [l] memory for further chunks */
    size_t region_left;      /* [l] */
    uint32_t limit;          /* [i] records at most */
};

/* One per worker and table; zeroed is empty. Its worker writes, others may look at `len`. */
struct ki_slots_cache {
    struct ki_slot *head;
    _Atomic(uint32_t) len;
};

/* ki_slots_init: a table of up to `limit` records of `size` bytes, a multiple of 8, one behind the
 * other. ki_slots_apart makes it one of whole cache lines: for records that several threads use.
 */
static inline size_t
ki_slots_apart(size_t size)
{
    return (size + 63) / 64 * 64;
}

void ki_slots_init(struct ki_slots *t, const char *name, unsigned kind, size_t size,
                   uint32_t limit);

/* ki_slots_get takes a record off the free list, its generation advanced; the rest of it is as
 * the last user left it (zero at first). NULL: the table is full or memory is out. `c` is the
 * calling worker's cache or NULL. */
struct ki_slot *ki_slots_get_slow(struct ki_slots *t, struct ki_slots_cache *c);
void ki_slots_put_slow(struct ki_slots *t, struct ki_slots_cache *c, struct ki_slot *s);
void ki_slots_flush(struct ki_slots *t, struct ki_slots_cache *c);

static inline struct ki_slot *
ki_slots_advance(struct ki_slot *s)
{
    if (++s->generation == 0)
        s->generation = 1;
    return s;
}

static inline struct ki_slot *
ki_slots_get(struct ki_slots *t, struct ki_slots_cache *c)
{
    if (ki_fast(c != NULL && c->head != NULL)) {
        struct ki_slot *s = c->head;

        c->head = s->free_next;
        ki_count(&c->len, (uint32_t) -1);
        return ki_slots_advance(s);
    }
    return ki_slots_get_slow(t, c);
}

static inline void
ki_slots_put(struct ki_slots *t, struct ki_slots_cache *c, struct ki_slot *s)
{
    if (ki_fast(c != NULL && ki_load_rlx(&c->len) < 2 * KI_SLOTS_MAGAZINE)) {
        s->free_next = c->head;
        c->head = s;
        ki_count(&c->len, 1);
        return;
    }
    ki_slots_put_slow(t, c, s);
}

static inline uint64_t
ki_slots_id(const struct ki_slots *t, const struct ki_slot *s)
{
    return ki_id_make(t->kind, s->generation, s->index);
}

/* ki_slots_at answers the record at an index, whatever its generation; NULL beyond the table.
 * Any thread. */
static inline struct ki_slot *
ki_slots_at(struct ki_slots *t, uint32_t index)
{
    uint32_t c = index / KI_SLOTS_CHUNK; /* every index of a handle has its place */

    /* acquire: the chunk was zeroed and indexed before grow() published it. */
    char *base = ki_load_acq(&t->chunk[c]);
    if (ki_slow(base == NULL))
        return NULL;
    return (struct ki_slot *) (void *) (base + (size_t) (index % KI_SLOTS_CHUNK) * t->size);
}

#ifdef __cplusplus
}
#endif

#endif
