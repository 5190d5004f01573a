/* SPDX-License-Identifier: Apache-2.0
 * stack_slab.c -- slabs of stack slots: reserved, guarded, found again by address.
 *
 *   I1  A slab's low, size and cls do not change while an address in it can fault:
 *       ki_stack_find reads them in signal handlers, without a lock. The records are static
 *       for that, and are never those of other slabs until ki_stack_slab_fini.
 *   I2  Nothing about a slot is kept in the slot: a free one needs no page for us. */
#include "core/stack_slab.h"

#include "core/assert.h"
#include "core/atomic.h"

#include <kith/error.h>

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#if !defined(VALGRIND_STACK_REGISTER)
#define VALGRIND_STACK_REGISTER(low, high) 0
#define VALGRIND_STACK_DEREGISTER(id) ((void) (id))
#endif

enum {
    SLABS = 4096,
    INDEX_BITS = 12, /* a slot's name: number of the slab, then index in it */
    COLOURS = 16,
    COLOUR_STEP = 64,
};

#define SLAB_MIN ((size_t) 4 << 20)
#define SLAB_MAX ((size_t) 64 << 20)
#define GUARD_MAX ((size_t) 16 << 10)

_Static_assert(KI_STACK_MIN << (KI_STACK_CLASSES - 1) == KI_STACK_MAX, "classes");
_Static_assert(GUARD_MAX + (COLOURS - 1) * COLOUR_STEP <= KI_STACK_OVERHEAD,
               "what a slot loses");
_Static_assert(SLAB_MAX / KI_STACK_MIN <= (size_t) 1 << INDEX_BITS,
               "an index fits its bits");

/* [o] whoever holds the slot, [l] the lock of the list it is on. */
struct slot {
    uint32_t link;     /* [l] */
    uint32_t guard;    /* [o] enum ki_guard */
    uint32_t valgrind; /* [o] one more than its number there; 0: never handed out */
};

/* [a] atomic, [i] constant once `size` is published. */
struct slab {
    _Atomic(size_t) size;   /* [a] 0: no memory now */
    _Atomic(uintptr_t) low; /* [i] */
    unsigned cls;           /* [i] */
    uint32_t n_slots;       /* [i] */
    struct slot *slots;     /* [i] */
};

static struct {
    size_t page;                    /* [i] */
    unsigned first_cls;             /* [i] the smallest class that four pages fit in */
    enum ki_guard mode;             /* [i] */
    _Atomic(uint32_t) n_protect;    /* [a] guards that cost map entries */
    _Atomic(uint32_t) n_slabs;      /* [a] the records below it are filled */
    size_t bytes[KI_STACK_CLASSES]; /* by the caller of slab_new */
    struct slab slab[SLABS];
} all;

/* ---- geometry ---- */

static size_t
slot_bytes(unsigned cls)
{
    return KI_STACK_MIN << cls;
}

static size_t
guard_bytes(unsigned cls)
{
    const uint64_t n = ki_min_u64(slot_bytes(cls) / 4, GUARD_MAX);

    return (size_t) ki_max_u64(n, all.page);
}

static char *
guard_low(const struct ki_stack *s)
{
    return (char *) s->low - guard_bytes(s->cls);
}

size_t
ki_stack_slab_span(const struct ki_stack *s)
{
    return slot_bytes(s->cls) - guard_bytes(s->cls);
}

unsigned
ki_stack_slab_class(size_t want)
{
    unsigned cls = all.first_cls;

    while (cls < KI_STACK_CLASSES && slot_bytes(cls) < want)
        cls++;
    return cls;
}

static struct slab *
slab_of(uint32_t slot)
{
    return &all.slab[slot >> INDEX_BITS];
}

static uint32_t
index_of(uint32_t slot)
{
    return slot & ((1u << INDEX_BITS) - 1);
}

static struct slot *
record_of(uint32_t slot)
{
    return &slab_of(slot)->slots[index_of(slot)];
}

uint32_t *
ki_stack_slab_link(uint32_t slot)
{
    return &record_of(slot)->link;
}

/* All but the kind of guard, which lies where a signal handler does not look. */
static struct ki_stack
describe(uint32_t slot)
{
    const struct slab *b = slab_of(slot);
    const uint32_t i = index_of(slot);
    const size_t guard = guard_bytes(b->cls);
    /* relaxed: whoever has a slot's name got it after the slab was published. */
    const uintptr_t low = ki_load_rlx(&b->low) + i * slot_bytes(b->cls);

    return (struct ki_stack){
        .low = (void *) (low + guard),
        .size = slot_bytes(b->cls) - guard - i % COLOURS * COLOUR_STEP,
        .cls = (uint16_t) b->cls,
        .slot = slot,
    };
}

struct ki_stack
ki_stack_slab_stack(uint32_t slot)
{
    struct ki_stack s = describe(slot);

    s.guard = (uint16_t) record_of(slot)->guard;
    return s;
}

/* ---- slabs ---- */

/* As much again as the class has, between 4 and 64 MiB, and four slots at least: a small
 * program reserves little, and a large one does not fill the table of slabs. */
static size_t
slab_bytes(unsigned cls)
{
    size_t n = SLAB_MIN;

    while (n < SLAB_MAX && (n < all.bytes[cls] || n < 4 * slot_bytes(cls)))
        n *= 2;
    return n;
}

/* *size bytes; or fewer, where address space has no hole of so many left. */
static void *
reserve(unsigned cls, size_t *size)
{
    void *low;

    while (!(low = ki_os_map(*size, SLAB_MIN)) && *size > SLAB_MIN &&
           *size > slot_bytes(cls))
        *size /= 2;
    return low;
}

static size_t
records_bytes(size_t n_slots)
{
    return (n_slots * sizeof(struct slot) + all.page - 1) & ~(all.page - 1);
}

int
ki_stack_slab_new(unsigned cls, struct ki_stack_range *out)
{
    /* relaxed: changed by the one caller only. */
    const uint32_t number = ki_load_rlx(&all.n_slabs);
    size_t size = slab_bytes(cls);
    struct slab *b = &all.slab[number];
    uint32_t n_slots;
    void *low;

    if (number == SLABS || !(low = reserve(cls, &size)))
        return KITH_ENOMEM;
    n_slots = (uint32_t) (size / slot_bytes(cls));
    b->slots = ki_os_map(records_bytes(n_slots), all.page);
    if (!b->slots) {
        ki_os_unmap(low, size);
        return KITH_ENOMEM;
    }
    b->cls = cls;
    b->n_slots = n_slots;
    ki_store_rlx(&b->low, (uintptr_t) low);
    /* release, both: ki_stack_find reads the fields above after its acquires of these. */
    ki_store_rel(&b->size, size);
    ki_store_rel(&all.n_slabs, number + 1);
    all.bytes[cls] += size;
    out->first = number << INDEX_BITS;
    out->end = out->first + n_slots;
    return 0;
}

enum ki_stack_zone
ki_stack_find(const void *addr, struct ki_stack *out)
{
    const uintptr_t a = (uintptr_t) addr;
    /* acquire, both: pair with the releases in ki_stack_slab_new. */
    const uint32_t n = ki_load_acq(&all.n_slabs);

    for (uint32_t i = 0; i < n; i++) {
        const struct slab *b = &all.slab[i];
        const size_t size = ki_load_acq(&b->size);
        const uintptr_t offset = a - ki_load_rlx(&b->low); /* relaxed: after the acquire */

        if (offset < size) {
            *out = describe(i << INDEX_BITS | (uint32_t) (offset / slot_bytes(b->cls)));
            return a < (uintptr_t) out->low ? KI_STACK_GUARD : KI_STACK_INSIDE;
        }
    }
    return KI_STACK_NOWHERE;
}

/* ---- guards ---- */

/* A mapping is split in three by each: what is beyond our share of the system's limit is
 * left to the rest of the program. */
static int
protect(void *low, size_t size)
{
    /* relaxed: a bound, not a protocol. */
    if (ki_add_rlx(&all.n_protect, 1) < KI_STACK_PROTECT_MAX &&
        ki_os_guard(low, size, KI_GUARD_PROTECT) == 0)
        return 0;
    ki_sub_rlx(&all.n_protect, 1);
    return KITH_ENOMEM;
}

void
ki_stack_slab_prepare(uint32_t slot)
{
    const struct ki_stack s = describe(slot);
    const size_t size = guard_bytes(s.cls);
    enum ki_guard how = all.mode;

    if (how == KI_GUARD_MARKER && ki_os_guard(guard_low(&s), size, how) < 0)
        how = KI_GUARD_PROTECT;
    if (how == KI_GUARD_PROTECT && protect(guard_low(&s), size) < 0)
        how = KI_GUARD_CANARY;
    record_of(slot)->guard = (uint32_t) how;
    record_of(slot)->valgrind =
        1 + (uint32_t) VALGRIND_STACK_REGISTER(s.low,
                                               (char *) s.low + ki_stack_slab_span(&s) - 1);
}

/* The canary is emptiness: an untouched zone reads as zeros and holds no memory, and a
 * program that ran into it leaves return addresses there. */
bool
ki_stack_canary_ok(const struct ki_stack *s)
{
    const uintptr_t *p = (const uintptr_t *) guard_low(s);
    const uintptr_t *const end = (const uintptr_t *) s->low;
    uintptr_t any = 0;

    if (s->guard != KI_GUARD_CANARY)
        return true;
    while (p < end)
        any |= *p++;
    return any == 0;
}

void
ki_stack_slab_mend(const struct ki_stack *s)
{
    if (ki_slow(s->guard == KI_GUARD_CANARY) && !ki_stack_canary_ok(s))
        ki_os_discard(guard_low(s), guard_bytes(s->cls));
}

void
ki_stack_set_guard_mode(enum ki_guard mode)
{
    all.mode = mode;
}

enum ki_guard
ki_stack_guard_mode(void)
{
    return all.mode;
}

/* ---- begin and end ---- */

void
ki_stack_slab_init(void)
{
    all.page = ki_os_page_size();
    while (slot_bytes(all.first_cls) < 4 * all.page)
        all.first_cls++;
    KI_CHECK(all.first_cls < KI_STACK_CLASSES);
    all.mode = ki_os_guard_works(KI_GUARD_MARKER) ? KI_GUARD_MARKER : KI_GUARD_PROTECT;
}

void
ki_stack_slab_fini(void)
{
    /* relaxed, all: one thread. A handler that runs meanwhile sees whole slabs or none. */
    const uint32_t n = ki_load_rlx(&all.n_slabs);

    ki_store_rlx(&all.n_slabs, 0);
    for (uint32_t i = 0; i < n; i++) {
        struct slab *b = &all.slab[i];
        const size_t size = ki_load_rlx(&b->size);

        ki_store_rlx(&b->size, 0);
        for (uint32_t k = 0; k < b->n_slots; k++)
            if (b->slots[k].valgrind)
                VALGRIND_STACK_DEREGISTER(b->slots[k].valgrind - 1);
        ki_os_unmap((void *) ki_load_rlx(&b->low), size);
        ki_os_unmap(b->slots, records_bytes(b->n_slots));
        all.bytes[b->cls] = 0;
    }
    ki_store_rlx(&all.n_protect, 0);
}
