/* SPDX-License-Identifier: Apache-2.0
 * name.c -- the table of names.
 *
 * Who only looks takes the lock of one bucket; who enters or removes takes the table's, and the
 * bucket's for the moment of it.
 *
 *   I1  A process has at most one name, a name at most one process.
 *   I2  A process's name is free before anyone hears of its death (exit.c, step 4): whoever
 *       registers from outside does it under this lock, which also looks whether it is dying. */
#include "actors/name.h"

#include "core/thread.h"
#include <string.h>

#include "actors/msg.h"

enum { BUCKETS = 1024 };

/* Key: [l] the table's lock to write, that or its bucket's to read. */
struct ki_name {
    struct ki_name *next; /* [l] */
    struct ki_proc *proc;
    uint64_t id;
    bool reserved; /* [l] taken, but nobody finds it yet */
    size_t len;
    char text[];
};

struct bucket {
    struct ki_lock lock;
    struct ki_name *first; /* [l] */
};

static struct {
    pthread_mutex_t lock;
    struct bucket bucket[BUCKETS];
    _Atomic(size_t) n; /* [l] writes: without those reserved */
} names = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct bucket *
bucket_of(const char *text, size_t len)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char) text[i]) * 16777619u;
    return &names.bucket[h % BUCKETS];
}

/* Under one of the locks: the link to the name, or to where it would be. */
static struct ki_name **
find(struct bucket *b, const char *text, size_t len)
{
    struct ki_name **at = &b->first;

    while (*at && ((*at)->len != len || memcmp((*at)->text, text, len) != 0))
        at = &(*at)->next;
    return at;
}

size_t
ki_name_len(const char *name)
{
    const char *end = name ? memchr(name, '\0', KITH_NAME_MAX + 1) : NULL;

    return end ? (size_t) (end - name) : 0;
}

static void
name_free(struct ki_name *n)
{
    ki_slab_free(ki_slab_here(), n, sizeof *n + n->len);
}

/* These three under the table's lock. */
static void
link_name(struct bucket *b, struct ki_name *n)
{
    ki_lock_take(&b->lock);
    n->next = b->first;
    b->first = n;
    ki_lock_give(&b->lock);
    ki_count(&names.n, n->reserved ? 0 : 1);
}

static void
publish_name(struct ki_name *n)
{
    struct bucket *b = bucket_of(n->text, n->len);

    ki_lock_take(&b->lock);
    n->reserved = false;
    ki_lock_give(&b->lock);
    ki_count(&names.n, 1);
}

static void
unlink_name(struct ki_name *n)
{
    struct bucket *b = bucket_of(n->text, n->len);

    ki_lock_take(&b->lock);
    *find(b, n->text, n->len) = n->next;
    ki_lock_give(&b->lock);
    ki_count(&names.n, n->reserved ? 0 : (size_t) -1);
    ki_store_rlx(&n->proc->name, NULL); /* relaxed: under the lock */
}

/* `id` is who the caller means; by now the record may be another's. */
static int
enter_name(const char *text, struct ki_proc *p, uint64_t id, bool reserved)
{
    size_t len = ki_name_len(text);
    struct ki_name *n;
    int rc = 0;

    if (len == 0)
        return KITH_EINVAL;
    n = ki_slab_alloc(ki_slab_here(), sizeof *n + len);
    if (!n)
        return KITH_ENOMEM;
    *n = (struct ki_name){.proc = p, .id = id, .reserved = reserved, .len = len};
    memcpy(n->text, text, len);

    struct bucket *b = bucket_of(text, len);
    pthread_mutex_lock(&names.lock);
    if (*find(b, text, len))
        rc = KITH_EEXIST;
    else if (ki_load_rlx(&p->name))
        rc = KITH_EALREADY;
    else {
        link_name(b, n);
        ki_store_seq(&p->name, n);
        /* seq_cst: either we see that it is dying, or ki_name_drop sees the name. */
        uint64_t word = ki_load_seq(&p->fiber.task.mbox);
        if (ki_proc_id(p) != id || (word & (KI_MBOX_EXITING | KI_MBOX_DEAD))) {
            rc = KITH_ENOPROC;
            unlink_name(n);
        }
    }
    pthread_mutex_unlock(&names.lock);
    if (rc < 0)
        name_free(n);
    return rc;
}

int
ki_name_reserve(const char *name, struct ki_proc *p)
{
    return enter_name(name, p, ki_proc_id(p), true);
}

void
ki_name_publish(struct ki_proc *p)
{
    pthread_mutex_lock(&names.lock);
    publish_name(ki_load_rlx(&p->name));
    pthread_mutex_unlock(&names.lock);
}

void
ki_name_drop(struct ki_proc *p)
{
    struct ki_name *n;

    if (!ki_load_seq(&p->name)) /* with enter_name: EXITING was set before this look */
        return;
    pthread_mutex_lock(&names.lock);
    n = ki_load_rlx(&p->name);
    if (n)
        unlink_name(n);
    pthread_mutex_unlock(&names.lock);
    if (n)
        name_free(n);
}

int
kith_register(const char *name, kith_pid pid)
{
    struct ki_proc *self, *p;
    int rc = ki_enter(&self);

    if (rc < 0)
        return rc;
    if (ki_name_len(name) == 0)
        return KITH_EINVAL;
    p = ki_proc_find(pid);
    return p ? enter_name(name, p, pid.id, false) : KITH_ENOPROC;
}

int
kith_unregister(const char *name)
{
    struct ki_proc *self;
    struct ki_name *n;
    size_t len = ki_name_len(name);
    int rc = ki_enter(&self);

    if (rc < 0)
        return rc;
    if (len == 0)
        return KITH_EINVAL;
    pthread_mutex_lock(&names.lock);
    n = *find(bucket_of(name, len), name, len);
    if (n && n->reserved)
        n = NULL;
    if (n)
        unlink_name(n);
    pthread_mutex_unlock(&names.lock);
    if (!n)
        return KITH_ENOENT;
    name_free(n);
    return 0;
}

kith_pid
ki_name_find(const char *text, size_t len)
{
    kith_pid pid = {0};

    struct bucket *b = bucket_of(text, len);

    ki_lock_take(&b->lock);
    struct ki_name *n = *find(b, text, len);
    if (n && !n->reserved)
        pid.id = n->id;
    ki_lock_give(&b->lock);
    return pid;
}

kith_pid
kith_whereis(const char *name)
{
    struct ki_proc *self;
    kith_pid pid = {0};
    size_t len = ki_name_len(name);

    if (ki_enter(&self) < 0 || len == 0)
        return pid;
    return ki_name_find(name, len);
}

/* Under the table's lock. */
static void
fill(kith_name *to, const struct ki_name *n)
{
    to->pid.id = n->id;
    memcpy(to->text, n->text, n->len);
    to->text[n->len] = '\0';
}

int
kith_registered(kith_name *list, size_t cap)
{
    struct ki_proc *self;
    size_t n = 0;
    int rc = ki_enter(&self);

    if (rc < 0)
        return rc;
    if (!list && cap)
        return KITH_EINVAL;
    pthread_mutex_lock(&names.lock);
    for (size_t i = 0; i < BUCKETS; i++)
        for (const struct ki_name *at = names.bucket[i].first; at; at = at->next) {
            if (at->reserved)
                continue;
            if (n < cap)
                fill(&list[n], at);
            n++;
        }
    pthread_mutex_unlock(&names.lock);
    return (int) n;
}

size_t
ki_name_count(void)
{
    return ki_load_rlx(&names.n); /* relaxed: a count that orders nothing */
}

int
kith_send_name(const char *name, uint64_t tag, const void *data, size_t len)
{
    struct ki_proc *self;
    int rc = ki_enter(&self);

    if (rc < 0)
        return rc;
    kith_pid pid = kith_whereis(name);
    return pid.id ? kith_send(pid, tag, data, len) : KITH_ENOENT;
}

int
kith_monitor_name(const char *name, kith_ref *ref)
{
    return kith_monitor(kith_whereis(name), ref);
}

size_t
ki_name_of(struct ki_proc *p, uint64_t id, char *buf, size_t cap)
{
    size_t len = 0;

    if (!ki_load_rlx(&p->name)) /* relaxed: a look, asked again */
        return 0;
    pthread_mutex_lock(&names.lock);
    struct ki_name *n = ki_load_rlx(&p->name);
    if (n && n->id == id && !n->reserved) {
        len = n->len < cap ? n->len : cap - 1;
        memcpy(buf, n->text, len);
        buf[len] = '\0';
    }
    pthread_mutex_unlock(&names.lock);
    return len;
}
