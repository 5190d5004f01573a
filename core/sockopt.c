/* SPDX-License-Identifier: Apache-2.0
 * sockopt.c -- which options there are. */
#include "core/sockopt.h"

#include "core/sockopt_rows.h"

/* By the upper byte of an option's number. */
static const struct ki_sockopt_level *const levels[] = {
    [1] = &ki_sockopt_socket, [2] = &ki_sockopt_ip,  [3] = &ki_sockopt_ipv6,
    [4] = &ki_sockopt_tcp,    [7] = &ki_sockopt_otp,
};

const struct ki_sockopt *
ki_sockopt_find(kith_opt id)
{
    size_t level = (size_t) id >> 8, at = (size_t) id & 0xff;

    if (id < 0 || level >= ki_countof(levels) || !levels[level] || at >= levels[level]->n)
        return NULL;
    return &levels[level]->rows[at];
}

const struct ki_sockopt *
ki_sockopt_at(size_t i)
{
    for (size_t level = 0; level < ki_countof(levels); level++) {
        if (!levels[level])
            continue;
        if (i < levels[level]->n)
            return &levels[level]->rows[i];
        i -= levels[level]->n;
    }
    return NULL;
}

bool
ki_sockopt_is_int(const struct ki_sockopt *row)
{
    switch (row->kind) {
    case KI_OPT_INT:
    case KI_OPT_BOOL:
    case KI_OPT_DOMAIN:
    case KI_OPT_TYPE:
    case KI_OPT_PROTOCOL:
    case KI_OPT_ERROR:
        return true;
    case KI_OPT_OTP:
        return row->len == sizeof(int);
    default:
        return false;
    }
}

int
ki_sockopt_may_set(const struct ki_sockopt *row, size_t len)
{
    if (!row->set || row->native_number < 0)
        return KITH_ENOPROTOOPT;
    return len == row->len ? 0 : KITH_EINVAL;
}

int
ki_sockopt_may_get(const struct ki_sockopt *row, size_t cap)
{
    if (!row->get || row->native_number < 0)
        return KITH_ENOPROTOOPT;
    return cap >= row->len ? 0 : KITH_EINVAL;
}
