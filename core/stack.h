/* SPDX-License-Identifier: Apache-2.0
 * stack.h -- the pool of stacks for processes: guarded, recycled warm, given back.
 *
 * Address space is reserved in slabs of equal slots. A slot has a power of two of bytes,
 * 16 KiB to 8 MiB; its guard takes a quarter, at least a page and at most 16 KiB:
 *
 *   low addresses                                                                  high
 *   | guard: a touch is a SIGSEGV | usable: ki_stack.low, .size   | colour: 0..960 bytes |
 *
 * The colour shifts the stack's top by a cache line per neighbouring slot: else the hot
 * frames of all processes would share the same few sets of the first-level cache.
 *
 * A stack costs nothing until it is touched; a parked process that used little holds one
 * page. A stack that comes back stays warm (its pages stay) in the worker's cache, then in
 * a global list of bounded length; what exceeds that gives its pages back to the system.
 *
 * Threads: all functions may be called from every thread unless they say otherwise; a cache
 * belongs to one thread at a time. One thread waits for another only while that one handles
 * a list, or reserves a slab. */
#ifndef KI_STACK_H
#define KI_STACK_H

#include "core/defs.h"
#include "core/os_map.h"

#ifdef __cplusplus
extern "C" {
#endif

#define KI_STACK_DEFAULT ((size_t) 64 * 1024)
#define KI_STACK_MIN ((size_t) 16 * 1024)
#define KI_STACK_MAX ((size_t) 8 * 1024 * 1024)

/* What of a slot is not the user's, at most: guard and colour. */
#define KI_STACK_OVERHEAD ((size_t) 17 * 1024)

#define KI_STACK_CACHE 64     /* warm stacks a worker keeps */
#define KI_STACK_WARM 256     /* warm stacks of the default class kept for all workers */
#define KI_STACK_WARM_OTHER 8 /* the same for each other class */
#define KI_STACK_PROTECT_MAX 16384 /* KI_GUARD_PROTECT guards: half of Linux's map limit */

struct ki_stack {
    void *low;      /* the lowest usable byte */
    size_t size;    /* usable bytes */
    uint16_t cls;   /* class: the slot has KI_STACK_MIN << cls bytes */
    uint16_t guard; /* enum ki_guard: what protects this one */
    uint32_t slot;  /* the pool's name for it */
};

/* Warm stacks of the default class, last in first out. Zeroed memory is an empty cache. */
struct ki_stack_cache {
    unsigned n;
    struct ki_stack warm[KI_STACK_CACHE];
};

/* ki_stack_pool_init looks once which guards this system has. Called again it does nothing.
 * Returns 0 or KITH_ENOMEM. One thread. */
KI_NODISCARD int ki_stack_pool_init(void);

/* ki_stack_pool_fini unmaps every stack, also those in caches: none may be in use, and the
 * caches are forgotten by their owners. ki_stack_pool_init may follow. One thread. */
void ki_stack_pool_fini(void);

/* ki_stack_set_guard_mode says how slots handed out for the first time from now on are
 * guarded, in place of the best that the system has. For tests; between pool_init and the
 * first get. */
void ki_stack_set_guard_mode(enum ki_guard mode);
enum ki_guard ki_stack_guard_mode(void);

/* ki_stack_get hands out a stack whose slot, guard included, has `want` bytes rounded up to
 * the next class; want 0 means KI_STACK_DEFAULT. `cache` may be NULL. The content is
 * undefined. Returns 0, or KITH_ENOMEM: no memory, or want > KI_STACK_MAX. */
KI_NODISCARD int ki_stack_get(size_t want, struct ki_stack *out,
                              struct ki_stack_cache *cache);

/* ki_stack_put takes a stack back; nothing runs on it any more. `cache` may be NULL. */
void ki_stack_put(struct ki_stack *s, struct ki_stack_cache *cache);

/* ki_stack_cache_flush hands all stacks of a cache to the pool: its worker ends. */
void ki_stack_cache_flush(struct ki_stack_cache *cache);

/* ki_stack_canary_ok tells whether the guard zone of `s` is untouched. Always true for a
 * stack whose guard stops the program by itself. Reads the whole zone, up to 16 KiB. */
bool ki_stack_canary_ok(const struct ki_stack *s);

enum ki_stack_zone {
    KI_STACK_NOWHERE, /* no stack of ours */
    KI_STACK_GUARD,   /* in the guard of `out` */
    KI_STACK_INSIDE,  /* in the usable part or the colour of `out` */
};

/* ki_stack_find tells where an address lies and, if in a slot of ours, in which (also when
 * the slot is not in use just now). Async-signal-safe: takes no lock. out->guard is not
 * filled. */
enum ki_stack_zone ki_stack_find(const void *addr, struct ki_stack *out);

#ifdef __cplusplus
}
#endif

#endif
