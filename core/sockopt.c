/* SPDX-License-Identifier: Apache-2.0
 * sockopt.c -- which options there are. */
#include "core/sockopt.h"

#include <string.h>

#include "core/sockopt_rows.h"

/* By the upper byte of an option's number. */
static const struct ki_sockopt_level *const levels[] = {
    [1] = &ki_sockopt_socket, [2] = &ki_sockopt_ip,  [3] = &ki_sockopt_ipv6,
    [4] = &ki_sockopt_tcp,    [5] = &ki_sockopt_udp, [6] = &ki_sockopt_sctp,
    [7] = &ki_sockopt_otp,
};

/* Second names, and misspelt ones that the reference has. */
static const struct {
    const char *level, *name;
    kith_opt id;
} aliases[] = {
    {"socket", "peekcred", KITH_OPT_SOCKET_PEERCRED},
    {"ip", "sndsrcaddr", KITH_OPT_IP_SENDSRCADDR},
    {"ipv6", "join_group", KITH_OPT_IPV6_ADD_MEMBERSHIP},
    {"ipv6", "leave_group", KITH_OPT_IPV6_DROP_MEMBERSHIP},
    {"ipv6", "hoplimit", KITH_OPT_IPV6_RECVHOPLIMIT},
    {"ipv6", "pktinfo", KITH_OPT_IPV6_RECVPKTINFO},
    {"sctp", "adaptation_layer", KITH_OPT_SCTP_ADAPTION_LAYER},
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

const struct ki_sockopt *
ki_sockopt_named(const char *level, const char *name)
{
    const struct ki_sockopt *row;

    for (size_t i = 0; (row = ki_sockopt_at(i)) != NULL; i++)
        if (strcmp(row->level, level) == 0 && strcmp(row->name, name) == 0)
            return row;
    for (size_t i = 0; i < ki_countof(aliases); i++)
        if (strcmp(aliases[i].level, level) == 0 && strcmp(aliases[i].name, name) == 0)
            return ki_sockopt_find(aliases[i].id);
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
    case KI_OPT_UINT8:
        return true;
    case KI_OPT_OTP:
        return row->len == sizeof(int);
    default:
        return false;
    }
}

/* Any length up to the row's. */
static bool
varies(const struct ki_sockopt *row)
{
    return row->kind == KI_OPT_TEXT || row->kind == KI_OPT_BYTES;
}

int
ki_sockopt_may_set(const struct ki_sockopt *row, size_t len)
{
    if (!row->set || row->native_number < 0)
        return KITH_ENOPROTOOPT;
    return (varies(row) ? len <= row->len : len == row->len) ? 0 : KITH_EINVAL;
}

int
ki_sockopt_may_get(const struct ki_sockopt *row, size_t cap)
{
    if (!row->get || row->native_number < 0)
        return KITH_ENOPROTOOPT;
    return varies(row) || cap >= row->len ? 0 : KITH_EINVAL;
}
