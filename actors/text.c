/* SPDX-License-Identifier: Apache-2.0
 * text.c -- appending, and never too much. */
#include "actors/text.h"

#include <stdio.h>

void
ki_text_vadd(struct ki_text *t, const char *fmt, va_list ap)
{
    const size_t room = t->cap - t->len;
    const int n = vsnprintf(t->at + t->len, room, fmt, ap);

    if (n > 0)
        t->len += (size_t) n < room ? (size_t) n : room - 1;
}

void
ki_text_add(struct ki_text *t, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    ki_text_vadd(t, fmt, ap);
    va_end(ap);
}

void
ki_text_end(struct ki_text *t)
{
    if (t->len > 0 && t->at[t->len - 1] == '\n')
        return;
    if (t->len + 1 >= t->cap)
        t->len = t->cap - 2;
    t->at[t->len++] = '\n';
    t->at[t->len] = '\0';
}
