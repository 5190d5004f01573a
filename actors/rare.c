/* SPDX-License-Identifier: Apache-2.0
 * rare.c -- the part of a socket that few have. */
#include "actors/rare.h"

#include "actors/tally.h"
#include "core/mem.h"

struct ki_rare *
ki_rare(struct ki_socket *s)
{
    if (!s->rare && (s->rare = ki_mem_alloc(sizeof *s->rare)))
        *s->rare = (struct ki_rare){.socket = s};
    return s->rare;
}

void
ki_rare_free(struct ki_rare *r)
{
    if (!r)
        return;
    if (r->last)
        ki_mem_free(r->last, sizeof *r->last);
    ki_mem_free(r, sizeof *r);
}

/* ---- what is handed down ---- */

static bool
has_heirs(const struct ki_socket *s)
{
    const struct ki_otp o = ki_rare_otp(s);

    return s->watch != 0 || o.rcvbuf != 0 || o.rcvctrl != 0 || o.sndctrl != 0 ||
           o.sndqueue != 0;
}

bool
ki_rare_prepare(const struct ki_socket *s, struct ki_rare **heir)
{
    struct ki_rare *r = NULL;

    *heir = NULL;
    if (!has_heirs(s))
        return true;
    r = ki_mem_alloc(sizeof *r);
    if (!r)
        return false;
    *r = (struct ki_rare){.otp = ki_rare_otp(s)};
    if ((s->watch & KI_WATCH_WRAPS) && !(r->last = ki_mem_alloc(sizeof *r->last))) {
        ki_rare_free(r);
        return false;
    }
    *heir = r;
    return true;
}

void
ki_rare_inherit(struct ki_socket *c, const struct ki_socket *s, struct ki_rare *heir)
{
    c->watch = s->watch;
    c->rare = heir;
    if (!heir)
        return;
    heir->socket = c;
    if (heir->last)
        ki_tally_read(c, heir->last); /* watch.h I2 */
}
