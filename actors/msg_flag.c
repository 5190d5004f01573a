/* SPDX-License-Identifier: Apache-2.0
 * msg_flag.c -- message flags by name. */
#include <kith/kith.h>
#include <string.h>

#include "core/defs.h"

static const struct {
    unsigned flag;
    const char *name;
} flags[] = {
    {KITH_MSG_OOB, "oob"},
    {KITH_MSG_PEEK, "peek"},
    {KITH_MSG_WAITALL, "waitall"},
    {KITH_MSG_MORE, "more"},
    {KITH_MSG_DONTROUTE, "dontroute"},
    {KITH_MSG_NOSIGNAL, "nosignal"},
    {KITH_MSG_EOR, "eor"},
    {KITH_MSG_TRUNC, "trunc"},
    {KITH_MSG_CTRUNC, "ctrunc"},
    {KITH_MSG_ERRQUEUE, "errqueue"},
    {KITH_MSG_CONFIRM, "confirm"},
    {KITH_MSG_CMSG_CLOEXEC, "cmsg_cloexec"},
    {KITH_MSG_QUEUE, "queue"},
    {KITH_MSG_NOTIFICATION, "notification"},
};

const char *
kith_msg_flag_name(unsigned flag)
{
    for (size_t i = 0; i < ki_countof(flags); i++)
        if (flags[i].flag == flag)
            return flags[i].name;
    return NULL;
}

int
kith_msg_flag_by_name(const char *name)
{
    for (size_t i = 0; name && i < ki_countof(flags); i++)
        if (strcmp(flags[i].name, name) == 0)
            return (int) flags[i].flag;
    return KITH_EINVAL;
}
