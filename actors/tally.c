/* SPDX-License-Identifier: Apache-2.0
 * tally.c -- the operations that are worth a closer look, and all counters in words. */
#include "actors/tally.h"

#include <string.h>

#include "actors/socket.h"

void
ki_tally_open(struct ki_socket *s)
{
    for (int which = KI_TALLY_READ; which <= KI_TALLY_WRITE; which++) {
        s->rare->max[which] = s->gate[which] ? s->gate[which] - 1 : 0;
        s->gate[which] = 0;
    }
}

void
ki_tally_shut(struct ki_socket *s)
{
    for (int which = KI_TALLY_READ; which <= KI_TALLY_WRITE; which++)
        s->gate[which] = s->rare->max[which] + 1;
}

KI_NOINLINE void
ki_tally_look(struct ki_socket *s, int which, size_t n, int dir)
{
    if (!s->watch) {
        s->gate[which] = n + 1;
        return;
    }
    if (n > s->rare->max[which])
        s->rare->max[which] = n;
    ki_watch_done(s, which, n, dir);
}

static uint64_t
largest(const struct ki_socket *s, int which)
{
    if (s->watch)
        return s->rare->max[which];
    return s->gate[which] ? s->gate[which] - 1 : 0;
}

static void
read_files(const struct ki_rare *r, struct kith_socket_counters *c)
{
    c->write_byte -= r->file_bytes;
    c->sendfile_pkg = r->file.done;
    c->sendfile_pkg_max = r->file_max;
    c->sendfile_byte = r->file_bytes;
    c->sendfile_tries = r->file.done + r->file.misses;
    c->sendfile_waits = r->file.waits;
    c->sendfile_fails = r->file.fails;
}

void
ki_tally_read(struct ki_socket *s, struct kith_socket_counters *c)
{
    const struct ki_tally *t = &s->tally[KI_TALLY_READ];

    memset(c, 0, sizeof *c);
    c->read_pkg = t->done;
    c->read_pkg_max = largest(s, KI_TALLY_READ);
    c->read_byte = ki_load_rlx(&s->received);
    c->read_tries = t->done + t->misses;
    c->read_waits = t->waits;
    c->read_fails = t->fails;
    t = &s->tally[KI_TALLY_WRITE];
    c->write_pkg = t->done;
    c->write_pkg_max = largest(s, KI_TALLY_WRITE);
    c->write_byte = ki_load_rlx(&s->sent);
    c->write_tries = t->done + t->misses;
    c->write_waits = t->waits;
    c->write_fails = t->fails;
    t = &s->tally[KI_TALLY_ACCEPT];
    c->acc_success = t->done;
    c->acc_fails = t->fails;
    c->acc_tries = t->done + t->misses;
    c->acc_waits = t->waits;
    if (s->rare)
        read_files(s->rare, c);
}
