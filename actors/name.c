/* SPDX-License-Identifier: Apache-2.0
 * name.c -- the table of names.
 *
 *   I1  A process has at most one name, a name at most one process.
 *   I2  A process's name is free before anyone hears of its death (exit.c, step 4): whoever
 *       registers from outside does it under this lock, which also looks whether it is dying. */
#include "actors/name.h"

#include "core/thread.h"
#include <string.h>

#include "actors/msg.h"

enum { BUCKETS = 1024, NAME_MAX_LEN = 255 };

struct ki_name {
    struct ki_name *next;
    struct ki_proc *proc;
    uint64_t id;
    bool reserved; /* [l] taken, but nobody finds it yet */
    size_t len;
    char text[];
};

static struct {
    pthread_mutex_t lock;
    struct ki_name *bucket[BUCKETS]; /* [l] */
} names = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct ki_name **
find(const char *text, size_t len)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char) text[i]) * 16777619u;
    struct ki_name **at = &names.bucket[h % BUCKETS];
    while (*at && ((*at)->len != len || memcmp((*at)->text, text, len) != 0))
        at = &(*at)->next;
    return at;
}

size_t
ki_name_len(const char *name)
{
    const char *end = name ? memchr(name, '\0', NAME_MAX_LEN + 1) : NULL;

    return end ? (size_t) (end - name) : 0;
}

static void
name_free(struct ki_name *n)
{
    ki_slab_free(ki_slab_here(), n, sizeof *n + n->len);
}

static void
unlink_name(struct ki_name *n)
{
    struct ki_name **at = find(n->text, n->len);

    *at = n->next;
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

    pthread_mutex_lock(&names.lock);
    struct ki_name **at = find(text, len);
    if (*at)
        rc = KITH_EEXIST;
    else if (ki_load_rlx(&p->name))
        rc = KITH_EALREADY;
    else {
        *at = n;
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
    ki_load_rlx(&p->name)->reserved = false;
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
    n = *find(name, len);
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

    pthread_mutex_lock(&names.lock);
    struct ki_name *n = *find(text, len);
    if (n && !n->reserved)
        pid.id = n->id;
    pthread_mutex_unlock(&names.lock);
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
