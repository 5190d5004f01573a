/* SPDX-License-Identifier: Apache-2.0
 * spec.c -- declarations of supervisors: are they in order, and their copy in one piece. */
#include "actors/spec.h"

#include <string.h>

#include "actors/runtime.h"

enum { DEPTH_MAX = 16, INTENSITY_MAX = 1000000, PERIOD_MS = 5000, SHUTDOWN_MS = 5000 };

/* ---- the caller's structs, of the size it was compiled with, over our defaults ---- */

static kith_spawn_options
full_options(const kith_spawn_options *theirs)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;

    memcpy(&o, theirs, theirs->size ? theirs->size : sizeof o);
    o.size = sizeof o;
    return o;
}

static kith_listener
full_listener(const kith_listener *theirs)
{
    kith_listener l = KITH_LISTENER_INIT;

    memcpy(&l, theirs, theirs->size);
    l.size = sizeof l;
    return l;
}

/* ---- check ---- */

static int check(const kith_supervisor *s, int depth);

static bool
in_range(int v, int max)
{
    return v >= 0 && v <= max;
}

static bool
id_makes_sense(const char *id, bool needed)
{
    return id ? id[0] && memchr(id, '\0', KITH_CHILD_ID) != NULL : !needed;
}

static bool
has_a_size(size_t size, size_t ours)
{
    return size >= sizeof size && size <= ours;
}

static bool
options_make_sense(const kith_spawn_options *theirs)
{
    kith_spawn_options o;

    if (theirs->size != 0 && !has_a_size(theirs->size, sizeof o))
        return false;
    o = full_options(theirs);
    return !o.monitor && o.give.id == 0;
}

/* What cannot be copied; what makes no sense otherwise, its start will say. */
static bool
listener_makes_sense(const kith_listener *theirs)
{
    kith_listener l;

    if (!has_a_size(theirs->size, sizeof l))
        return false;
    l = full_listener(theirs);
    return (!l.len || l.arg) && (!l.spawn || has_a_size(l.spawn->size, sizeof *l.spawn));
}

static int
check_child(const kith_supervisor *s, const kith_child *c, int depth)
{
    bool has_arg = c->arg || c->len;
    int kinds = (c->server != NULL) + (c->fn != NULL) + (c->supervisor != NULL) +
                (c->listener != NULL);

    if (!id_makes_sense(c->id, s->strategy != KITH_SIMPLE_ONE_FOR_ONE) || kinds != 1 ||
        !options_make_sense(&c->opt) || !in_range(c->restart, KITH_TEMPORARY) ||
        (c->shutdown < 0 && c->shutdown != KITH_BRUTAL_KILL) || (c->len && !c->arg) ||
        (c->init_ack && !c->fn) || (!c->server && !c->fn && has_arg) ||
        (c->where && !c->listener) || (c->listener && !listener_makes_sense(c->listener)))
        return KITH_EINVAL;
    if (c->significant &&
        (c->restart == KITH_PERMANENT || s->auto_shutdown == KITH_AUTO_SHUTDOWN_NEVER))
        return KITH_EINVAL;
    return c->supervisor ? check(c->supervisor, depth + 1) : 0;
}

static int
check(const kith_supervisor *s, int depth)
{
    bool simple = s->strategy == KITH_SIMPLE_ONE_FOR_ONE;

    if (depth > DEPTH_MAX || !in_range(s->strategy, KITH_SIMPLE_ONE_FOR_ONE) ||
        !in_range(s->intensity, INTENSITY_MAX) || s->period < 0 ||
        !in_range(s->auto_shutdown, KITH_AUTO_SHUTDOWN_ALL) || (s->n && !s->children) ||
        (simple && s->n != 1))
        return KITH_EINVAL;
    for (size_t i = 0; i < s->n; i++) {
        int rc = check_child(s, &s->children[i], depth);

        if (rc < 0)
            return rc;
        for (size_t j = 0; j < i && !simple; j++)
            if (strcmp(s->children[i].id, s->children[j].id) == 0)
                return KITH_EEXIST;
    }
    return 0;
}

int
kith_supervisor_check(const kith_supervisor *s)
{
    return s ? check(s, 1) : KITH_EINVAL;
}

/* ---- copy ---- */

/* Walked twice: without memory to learn the length, then to fill it. */
struct packer {
    char *base; /* NULL: count only */
    size_t used;
};

static void *
room(struct packer *k, size_t n)
{
    char *to = k->base ? k->base + k->used : NULL;

    k->used += (n + 15) & ~(size_t) 15;
    return to;
}

static void *
put(struct packer *k, const void *from, size_t n)
{
    void *to = room(k, n);

    if (to && n)
        memcpy(to, from, n);
    return to;
}

static char *
put_text(struct packer *k, const char *text)
{
    return text ? put(k, text, strlen(text) + 1) : NULL;
}

static kith_listener *
put_listener(struct packer *k, const kith_listener *theirs)
{
    kith_listener l = full_listener(theirs), *to = room(k, sizeof l);

    l.arg = l.len ? put(k, l.arg, l.len) : NULL;
    l.spawn = l.spawn ? put(k, l.spawn, l.spawn->size) : NULL;
    if (to)
        *to = l;
    return to;
}

static void put_supervisor(struct packer *k, kith_supervisor *to, const kith_supervisor *s);

/* `to`: the copy; NULL: only count. */
static void
put_child(struct packer *k, kith_child *to, const kith_child *c)
{
    kith_child v = *c;
    kith_supervisor *inner;

    v.opt = full_options(&c->opt);
    v.id = put_text(k, c->id);
    v.opt.name = put_text(k, c->opt.name);
    v.arg = c->len ? put(k, c->arg, c->len) : NULL;
    if (v.shutdown == 0)
        v.shutdown = c->supervisor || c->listener ? KITH_INFINITY : SHUTDOWN_MS;
    v.where = put_text(k, c->where);
    v.listener = c->listener ? put_listener(k, c->listener) : NULL;
    if (c->supervisor) {
        inner = room(k, sizeof *inner);
        put_supervisor(k, inner, c->supervisor);
        v.supervisor = inner;
    }
    if (to)
        *to = v;
}

static void
put_supervisor(struct packer *k, kith_supervisor *to, const kith_supervisor *s)
{
    kith_child *children = room(k, s->n * sizeof *children);

    for (size_t i = 0; i < s->n; i++)
        put_child(k, children ? &children[i] : NULL, &s->children[i]);
    if (!to)
        return;
    *to = *s;
    to->children = children;
    if (to->period == 0)
        to->period = PERIOD_MS;
}

struct ki_spec *
ki_spec_new(const kith_supervisor *s)
{
    struct packer k = {NULL, 0};
    struct ki_spec *spec;
    size_t len;

    (void) room(&k, sizeof *spec);
    put_supervisor(&k, NULL, s);
    len = k.used;
    spec = kith_alloc(len);
    if (!spec)
        return NULL;
    memset(spec, 0, len);
    k = (struct packer){(char *) spec, 0};
    (void) room(&k, sizeof *spec);
    *spec = (struct ki_spec){.base = k.base, .len = len};
    put_supervisor(&k, &spec->as, s);
    KI_CHECK(k.used == len);
    return spec;
}

/* ---- a copy of the copy ---- */

static void *
moved(const void *p, ptrdiff_t by)
{
    return p ? (void *) (uintptr_t) ((intptr_t) p + by) : NULL;
}

static void
move_supervisor(kith_supervisor *s, ptrdiff_t by)
{
    kith_child *children = moved(s->children, by);

    s->children = children;
    for (size_t i = 0; i < s->n; i++) {
        kith_child *c = &children[i];
        kith_supervisor *inner = moved(c->supervisor, by);
        kith_listener *listener = moved(c->listener, by);

        c->id = moved(c->id, by);
        c->opt.name = moved(c->opt.name, by);
        c->arg = moved(c->arg, by);
        c->where = moved(c->where, by);
        c->listener = listener;
        if (listener) {
            listener->arg = moved(listener->arg, by);
            listener->spawn = moved(listener->spawn, by);
        }
        c->supervisor = inner;
        if (inner)
            move_supervisor(inner, by);
    }
}

void
ki_spec_moved(struct ki_spec *spec)
{
    ptrdiff_t by = (intptr_t) spec - (intptr_t) spec->base;

    move_supervisor(&spec->as, by);
    spec->base = (char *) spec;
}
