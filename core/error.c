/* SPDX-License-Identifier: Apache-2.0
 * error.c -- codes: their texts, and how the system's errno becomes one. */
#define _GNU_SOURCE
#include "core/error.h"

#include <string.h>

#include "core/os_net.h"

/* errno is small; a number past this is no errno, and could be taken for one of our own
 * codes. */
#define ERRNO_MAX 4095

enum {
#define X(name, value, atom, sentence) +((value) == -(name))
    AGREES = 0 KITH_ERRNO_TABLE(X),
#undef X
#define X(name, value, atom, sentence) +1
    ROWS = 0 KITH_ERRNO_TABLE(X),
#undef X
    /* The system numbers its errors as the table does: a code is the errno, negative. */
    SAME_NUMBERS = AGREES == ROWS
};

const char *
kith_strerror(int code)
{
#define X(name, value, atom, sentence) \
    case value: \
        return sentence;
    switch (code) {
        KITH_ERROR_TABLE(X)
    case 0:
        return "success";
    default:
        return "unknown code";
    }
#undef X
}

const char *
kith_err_name(int code)
{
#define X(name, value, atom, sentence) \
    case value: \
        return atom;
    switch (code) {
        KITH_ERROR_TABLE(X)
    case 0:
        return "ok";
    default:
        return "unknown";
    }
#undef X
}

int
ki_error_of_errno(int e)
{
    static const struct {
        int native, code;
    } rows[] = {
#define X(name, value, atom, sentence) {name, value},
        KITH_ERRNO_TABLE(X)
#undef X
        /* Second names, which are the first's number on some systems. */
        {EWOULDBLOCK, KITH_EAGAIN},
        {ENOTSUP, KITH_EOPNOTSUPP},
    };

    if (e <= 0 || e > ERRNO_MAX)
        return KITH_EIO;
    if (SAME_NUMBERS)
        return -e;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].native == e)
            return rows[i].code;
    return KITH_EIO;
}

kith_reason
kith_reason_of(int kind, int code, const char *text)
{
    kith_reason why = {.kind = kind, .code = code};

    if (text != NULL)
        strncat(why.text, text, sizeof why.text - 1);
    return why;
}
