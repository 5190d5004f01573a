/* SPDX-License-Identifier: Apache-2.0
 * stack.c -- which stacks are free, and how warm.
 *
 *             get                      put
 *   fresh ----------> in use ----------------------> cache (per worker)
 *                      ^  ^                            |  half of it, when full
 *                      |  +------ get, half of it --- warm list (bounded)
 *                      |                               |  what is above the bound
 *                      +---------- get -------------- cold list (pages given back)
 *
 *   I1  A slot is in exactly one of: fresh, in use, one cache, warm, cold.
 *   I2  A slot on the cold list holds no page; its guard stands.
 *   I3  `lock` is held for list work only; `grow_lock`, taken before it, while a slab is
 *       reserved, so that one is reserved at a time and by one thread. */
#include "core/stack.h"

#include "core/assert.h"
#include "core/stack_slab.h"

#include <kith/error.h>
#include <pthread.h>

#ifdef KI_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void) (p), (void) (n))
#endif

#define HALF (KI_STACK_CACHE / 2)

/* Free slots, last in first out, by the links that lie beside the slots. */
struct list {
    uint32_t head;
    uint32_t n;
};

struct class_pool {
    struct list warm, cold;      /* [l] */
    struct ki_stack_range fresh; /* [l] never handed out, so without a guard */
};

/* [l] under lock, [i] set at init. */
static struct {
    pthread_mutex_t lock;
    pthread_mutex_t grow_lock;
    bool ready;           /* [i] */
    unsigned default_cls; /* [i] */
    struct class_pool cls[KI_STACK_CLASSES];
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .grow_lock = PTHREAD_MUTEX_INITIALIZER};

static void
list_push(struct list *l, uint32_t slot)
{
    *ki_stack_slab_link(slot) = l->head;
    l->head = slot;
    l->n++;
}

static uint32_t
list_pop(struct list *l)
{
    const uint32_t slot = l->head;

    if (slot != KI_STACK_NO_SLOT) {
        l->head = *ki_stack_slab_link(slot);
        l->n--;
    }
    return slot;
}

/* ---- get ---- */

/* Under the lock. KI_STACK_NO_SLOT: the class has nothing left. */
static uint32_t
take(struct class_pool *c, bool *fresh)
{
    uint32_t slot;

    *fresh = false;
    if ((slot = list_pop(&c->warm)) != KI_STACK_NO_SLOT ||
        (slot = list_pop(&c->cold)) != KI_STACK_NO_SLOT)
        return slot;
    if (c->fresh.first == c->fresh.end)
        return KI_STACK_NO_SLOT;
    *fresh = true;
    return c->fresh.first++;
}

/* Under the lock. The cache is empty. */
static void
refill(struct ki_stack_cache *cache, struct list *warm)
{
    while (cache->n < HALF && warm->n > 0)
        cache->warm[cache->n++] = ki_stack_slab_stack(list_pop(warm));
}

/* Another slab for the class, unless others were faster: the caller looks again after 0. */
static int
grow(struct class_pool *c)
{
    struct ki_stack_range range;
    bool needed;
    int rc = 0;

    pthread_mutex_lock(&pool.grow_lock);
    pthread_mutex_lock(&pool.lock);
    needed = c->fresh.first == c->fresh.end && c->warm.n == 0 && c->cold.n == 0;
    pthread_mutex_unlock(&pool.lock);

    if (needed && (rc = ki_stack_slab_new((unsigned) (c - pool.cls), &range)) == 0) {
        pthread_mutex_lock(&pool.lock);
        c->fresh = range; /* I3: still empty */
        pthread_mutex_unlock(&pool.lock);
    }
    pthread_mutex_unlock(&pool.grow_lock);
    return rc;
}

static int
get_shared(unsigned cls, struct ki_stack *out, struct ki_stack_cache *cache)
{
    struct class_pool *c = &pool.cls[cls];
    uint32_t slot;
    bool fresh;

    for (;;) {
        pthread_mutex_lock(&pool.lock);
        slot = take(c, &fresh);
        if (cache)
            refill(cache, &c->warm);
        pthread_mutex_unlock(&pool.lock);
        if (slot != KI_STACK_NO_SLOT)
            break;
        if (grow(c) < 0)
            return KITH_ENOMEM;
    }
    if (fresh)
        ki_stack_slab_prepare(slot);
    *out = ki_stack_slab_stack(slot);
    return 0;
}

int
ki_stack_get(size_t want, struct ki_stack *out, struct ki_stack_cache *cache)
{
    const unsigned cls = ki_stack_slab_class(want ? want : KI_STACK_DEFAULT);

    KI_ASSERT(pool.ready);
    if (cls >= KI_STACK_CLASSES)
        return KITH_ENOMEM;
    if (cls != pool.default_cls)
        return get_shared(cls, out, NULL);
    if (cache && cache->n > 0) {
        *out = cache->warm[--cache->n];
        return 0;
    }
    return get_shared(cls, out, cache);
}

/* ---- put ---- */

/* n stacks of one class: as many stay warm as the bound allows, the others lose their
 * pages. */
static void
put_shared(const struct ki_stack *s, unsigned n)
{
    struct class_pool *c = &pool.cls[s->cls];
    const uint32_t bound = s->cls == pool.default_cls ? KI_STACK_WARM : KI_STACK_WARM_OTHER;
    unsigned kept = 0;

    pthread_mutex_lock(&pool.lock);
    while (kept < n && c->warm.n < bound)
        list_push(&c->warm, s[kept++].slot);
    pthread_mutex_unlock(&pool.lock);
    if (kept == n)
        return;

    for (unsigned i = kept; i < n; i++)
        ki_os_discard(s[i].low, ki_stack_slab_span(&s[i])); /* I2 */
    pthread_mutex_lock(&pool.lock);
    for (unsigned i = kept; i < n; i++)
        list_push(&c->cold, s[i].slot);
    pthread_mutex_unlock(&pool.lock);
}

void
ki_stack_put(struct ki_stack *s, struct ki_stack_cache *cache)
{
    ki_stack_slab_mend(s);
    /* A process that ended in the middle of its functions leaves their red zones behind. */
    ASAN_UNPOISON_MEMORY_REGION(s->low, ki_stack_slab_span(s));

    if (!cache || s->cls != pool.default_cls) {
        put_shared(s, 1);
        return;
    }
    if (cache->n == KI_STACK_CACHE) {
        put_shared(cache->warm, HALF); /* the lower half was used longest ago */
        for (unsigned i = 0; i < HALF; i++)
            cache->warm[i] = cache->warm[HALF + i];
        cache->n = HALF;
    }
    cache->warm[cache->n++] = *s;
}

void
ki_stack_cache_flush(struct ki_stack_cache *cache)
{
    if (cache->n > 0)
        put_shared(cache->warm, cache->n);
    cache->n = 0;
}

/* ---- begin and end ---- */

int
ki_stack_pool_init(void)
{
    if (pool.ready)
        return 0;
    ki_stack_slab_init();
    pool.default_cls = ki_stack_slab_class(KI_STACK_DEFAULT);
    for (unsigned i = 0; i < KI_STACK_CLASSES; i++)
        pool.cls[i] = (struct class_pool){
            .warm = {KI_STACK_NO_SLOT, 0},
            .cold = {KI_STACK_NO_SLOT, 0},
        };
    pool.ready = true;
    return 0;
}

void
ki_stack_pool_fini(void)
{
    ki_stack_slab_fini();
    pool.ready = false;
}
