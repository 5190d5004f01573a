/* SPDX-License-Identifier: Apache-2.0
 * tally.c -- the operations that are worth a closer look, and all counters in words. */
#include "actors/tally.h"

#include "actors/socket.h"

KI_NOINLINE void
ki_tally_look(struct ki_socket *s, int which, size_t n, int dir)
{
    struct ki_tally *t = &s->tally[which];

    if (n > t->max)
        t->max = n;
    s->gate[which] = s->watch ? 0 : t->max + 1; /* I1 */
    if (s->watch)
        ki_watch_done(s, which, n, dir);
}

void
ki_tally_read(struct ki_socket *s, struct kith_socket_counters *c)
{
    const struct ki_tally *t = &s->tally[KI_TALLY_READ];

    c->read_pkg = t->done;
    c->read_pkg_max = t->max;
    c->read_byte = ki_load_rlx(&s->received);
    c->read_tries = t->done + t->misses;
    c->read_waits = t->waits;
    c->read_fails = t->fails;
    t = &s->tally[KI_TALLY_WRITE];
    c->write_pkg = t->done;
    c->write_pkg_max = t->max;
    c->write_byte = ki_load_rlx(&s->sent) - s->sent_of_files;
    c->write_tries = t->done + t->misses;
    c->write_waits = t->waits;
    c->write_fails = t->fails;
    t = &s->tally[KI_TALLY_ACCEPT];
    c->acc_success = t->done;
    c->acc_fails = t->fails;
    c->acc_tries = t->done + t->misses;
    c->acc_waits = t->waits;
    t = &s->tally[KI_TALLY_FILE];
    c->sendfile_pkg = t->done;
    c->sendfile_pkg_max = t->max;
    c->sendfile_byte = s->sent_of_files;
    c->sendfile_tries = t->done + t->misses;
    c->sendfile_waits = t->waits;
    c->sendfile_fails = t->fails;
}
