/* SPDX-License-Identifier: Apache-2.0
 * sockioctl_flags.c -- flags of interfaces: their names, and the system's numbers. */
#define _GNU_SOURCE
#include "core/sockioctl.h"

#include <string.h>

#include "core/os_net.h"

static const struct {
    uint32_t flag;
    unsigned native; /* 0: this system lacks it */
    const char *name;
} flags[] = {
    {KITH_IFF_UP, IFF_UP, "up"},
    {KITH_IFF_BROADCAST, IFF_BROADCAST, "broadcast"},
    {KITH_IFF_DEBUG, IFF_DEBUG, "debug"},
    {KITH_IFF_LOOPBACK, IFF_LOOPBACK, "loopback"},
    {KITH_IFF_POINTOPOINT, IFF_POINTOPOINT, "pointopoint"},
    {KITH_IFF_NOTRAILERS, IFF_NOTRAILERS, "notrailers"},
    {KITH_IFF_RUNNING, IFF_RUNNING, "running"},
    {KITH_IFF_NOARP, IFF_NOARP, "noarp"},
    {KITH_IFF_PROMISC, IFF_PROMISC, "promisc"},
    {KITH_IFF_ALLMULTI, IFF_ALLMULTI, "allmulti"},
    {KITH_IFF_MASTER, IFF_MASTER, "master"},
    {KITH_IFF_SLAVE, IFF_SLAVE, "slave"},
    {KITH_IFF_MULTICAST, IFF_MULTICAST, "multicast"},
    {KITH_IFF_PORTSEL, IFF_PORTSEL, "portsel"},
    {KITH_IFF_AUTOMEDIA, IFF_AUTOMEDIA, "automedia"},
    {KITH_IFF_DYNAMIC, IFF_DYNAMIC, "dynamic"},
    {KITH_IFF_OACTIVE, IFF_OACTIVE, "oactive"},
    {KITH_IFF_SIMPLEX, IFF_SIMPLEX, "simplex"},
    {KITH_IFF_LINK0, IFF_LINK0, "link0"},
    {KITH_IFF_LINK1, IFF_LINK1, "link1"},
    {KITH_IFF_LINK2, IFF_LINK2, "link2"},
};

const char *
kith_ifflag_name(uint32_t flag)
{
    for (size_t i = 0; i < ki_countof(flags); i++)
        if (flags[i].flag == flag)
            return flags[i].name;
    return NULL;
}

int
kith_ifflag_by_name(const char *name)
{
    for (size_t i = 0; name && i < ki_countof(flags); i++)
        if (strcmp(flags[i].name, name) == 0)
            return (int) flags[i].flag;
    return KITH_EINVAL;
}

int
kith_supports_ifflag(uint32_t flag)
{
    for (size_t i = 0; i < ki_countof(flags); i++)
        if (flags[i].flag == flag)
            return flags[i].native != 0;
    return 0;
}

uint32_t
ki_ifflags_of(unsigned native)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < ki_countof(flags); i++)
        if (flags[i].native & native)
            bits |= flags[i].flag;
    return bits;
}

int
ki_ifflags_to(uint32_t bits, unsigned *native)
{
    *native = 0;
    for (size_t i = 0; i < ki_countof(flags); i++) {
        if (!(bits & flags[i].flag))
            continue;
        if (!flags[i].native)
            return KITH_EOPNOTSUPP;
        *native |= flags[i].native;
        bits &= ~flags[i].flag;
    }
    return bits ? KITH_EINVAL : 0;
}
