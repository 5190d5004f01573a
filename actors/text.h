/* SPDX-License-Identifier: Apache-2.0
 * text.h -- a text that grows in a buffer of fixed size, for reports: it allocates nothing. */
#ifndef KI_TEXT_H
#define KI_TEXT_H

#include <stdarg.h>

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ki_text {
    char *at;        /* always ends with a NUL */
    size_t cap, len; /* cap > 1; len without the NUL */
};

static inline struct ki_text
ki_text_in(char *buf, size_t cap)
{
    buf[0] = '\0';
    return (struct ki_text){buf, cap, 0};
}

/* ki_text_add appends as printf does; what has no room is cut. */
KI_PRINTF(2, 3) void ki_text_add(struct ki_text *t, const char *fmt, ...);
void ki_text_vadd(struct ki_text *t, const char *fmt, va_list ap);

/* ki_text_end makes the last byte a newline, in place of a cut text's last. */
void ki_text_end(struct ki_text *t);

#ifdef __cplusplus
}
#endif

#endif
