/* SPDX-License-Identifier: Apache-2.0
 * tally.c -- the operations that are worth a closer look. */
#include "actors/tally.h"

KI_NOINLINE void
ki_tally_look(struct ki_socket *s, int which, size_t n)
{
    struct ki_tally *t = &s->tally[which];

    if (n > t->max)
        t->max = n;
    s->gate[which] = t->max; /* I1 */
}
