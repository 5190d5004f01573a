/* SPDX-License-Identifier: Apache-2.0
 * assert.c -- the last words of a broken invariant. */
#include "core/assert.h"

#include <stdio.h>
#include <stdlib.h>

void
ki_abort(void)
{
    abort();
}

void
ki_panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "kith: %s:%d: broken invariant: %s\n", file, line, what);
    abort();
}
