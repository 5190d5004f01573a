/* SPDX-License-Identifier: Apache-2.0
 * sockioctl.c -- requests, and their values in the system's form. */
#define _GNU_SOURCE
#include "core/sockioctl.h"

#include <string.h>

#include "core/mem.h"
#include "core/os_net.h"
#include "core/seam.h"
#include "core/sockaddr.h"

_Static_assert(IFNAMSIZ == KITH_IFNAME, "room for an interface's name");

/* ---- the table ---- */

#define GET(NAME, name, request, kind, type) \
    [KITH_IOCTL_##NAME] = {name, request, KI_IOCTL_##kind, false, sizeof(type)}
#define SET(NAME, name, request, kind, type) \
    [KITH_IOCTL_##NAME] = {name, request, KI_IOCTL_##kind, true, sizeof(type)}

static const struct ki_sockioctl rows[] = {
    GET(NREAD, "nread", FIONREAD, OWN, int),
    GET(NWRITE, "nwrite", SIOCOUTQ, OWN, int),
    GET(NSPACE, "nspace", FIONSPACE, OWN, int),
    GET(ATMARK, "atmark", SIOCATMARK, OWN_BOOL, int),
    GET(GIFCONF, "gifconf", SIOCGIFCONF, LIST, kith_ifaddr),
    GET(GIFNAME, "gifname", SIOCGIFNAME, NAME, kith_interface),
    GET(GIFINDEX, "gifindex", SIOCGIFINDEX, INT, int),
    GET(GIFADDR, "gifaddr", SIOCGIFADDR, ADDRESS, kith_sockaddr),
    GET(GIFDSTADDR, "gifdstaddr", SIOCGIFDSTADDR, ADDRESS, kith_sockaddr),
    GET(GIFBRDADDR, "gifbrdaddr", SIOCGIFBRDADDR, ADDRESS, kith_sockaddr),
    GET(GIFNETMASK, "gifnetmask", SIOCGIFNETMASK, ADDRESS, kith_sockaddr),
    GET(GIFMTU, "gifmtu", SIOCGIFMTU, INT, int),
    GET(GIFHWADDR, "gifhwaddr", SIOCGIFHWADDR, HARDWARE, kith_sockaddr),
    GET(GIFTXQLEN, "giftxqlen", SIOCGIFTXQLEN, INT, int),
    GET(GIFFLAGS, "gifflags", SIOCGIFFLAGS, FLAGS, uint32_t),
    GET(GIFMAP, "gifmap", SIOCGIFMAP, MAP, kith_ifmap),
    SET(SIFFLAGS, "sifflags", SIOCSIFFLAGS, FLAGS, kith_ifflags),
    SET(SIFADDR, "sifaddr", SIOCSIFADDR, ADDRESS, kith_sockaddr),
    SET(SIFDSTADDR, "sifdstaddr", SIOCSIFDSTADDR, ADDRESS, kith_sockaddr),
    SET(SIFBRDADDR, "sifbrdaddr", SIOCSIFBRDADDR, ADDRESS, kith_sockaddr),
    SET(SIFNETMASK, "sifnetmask", SIOCSIFNETMASK, ADDRESS, kith_sockaddr),
    SET(SIFMTU, "sifmtu", SIOCSIFMTU, INT, int),
    SET(SIFHWADDR, "sifhwaddr", SIOCSIFHWADDR, HARDWARE, kith_sockaddr),
    SET(SIFTXQLEN, "siftxqlen", SIOCSIFTXQLEN, INT, int),
};

const struct ki_sockioctl *
ki_sockioctl_find(kith_ioctl r)
{
    return r > 0 && (size_t) r < ki_countof(rows) ? &rows[r] : NULL;
}

const char *
kith_ioctl_name(kith_ioctl r)
{
    const struct ki_sockioctl *row = ki_sockioctl_find(r);

    return row ? row->name : NULL;
}

kith_ioctl
kith_ioctl_by_name(const char *name)
{
    for (kith_ioctl r = 1; name && ki_sockioctl_find(r); r++)
        if (strcmp(rows[r].name, name) == 0)
            return r;
    return KITH_EINVAL;
}

int
kith_supports_ioctl(kith_ioctl r)
{
    const struct ki_sockioctl *row = ki_sockioctl_find(r);

    return row ? row->request != 0 : KITH_EINVAL;
}

bool
ki_sockioctl_waits(const struct ki_sockioctl *row)
{
    return row->kind >= KI_IOCTL_LIST;
}

int
ki_sockioctl_check(const struct ki_sockioctl *row, bool set, const char *ifname,
                   const void *v, size_t len)
{
    const bool takes_name = row->kind >= KI_IOCTL_INT;

    if (row->set != set || takes_name != (ifname && ifname[0]))
        return KITH_EINVAL;
    if (row->kind == KI_IOCTL_LIST ? !v && len > 0
                                   : !v || (set ? len != row->len : len < row->len))
        return KITH_EINVAL;
    if (!row->request)
        return KITH_EOPNOTSUPP;
    return takes_name && strlen(ifname) >= KITH_IFNAME ? KITH_ENODEV : 0;
}

/* ---- values ---- */

static int
ask(int fd, unsigned long request, void *arg)
{
    int rc = ki_seam.ioctl(fd, request, arg);

    return rc == KITH_ENOTTY ? KITH_EOPNOTSUPP : rc;
}

static void
put_name(char to[KITH_IFNAME], const char *from)
{
    size_t len = strnlen(from, KITH_IFNAME - 1);

    memset(to, 0, KITH_IFNAME);
    memcpy(to, from, len);
}

/* How many bytes a hardware address has: the system does not say. */
static uint8_t
hardware_len(uint16_t hatype, size_t most)
{
#if KI_HAVE_ARPHRD
    switch (hatype) {
    case ARPHRD_ETHER:
    case ARPHRD_LOOPBACK:
    case ARPHRD_IEEE80211:
        return 6;
    case ARPHRD_TUNNEL:
    case ARPHRD_SIT:
    case ARPHRD_IPGRE:
        return 4;
    case ARPHRD_NONE:
    case ARPHRD_VOID:
        return 0;
    default:
        break;
    }
#else
    (void) hatype;
#endif
    return (uint8_t) most;
}

static void
hardware_of(const struct sockaddr *native, kith_sockaddr *a)
{
    *a = (kith_sockaddr){.domain = KITH_PACKET};
    a->packet.hatype = native->sa_family;
    a->packet.halen = hardware_len(a->packet.hatype, sizeof native->sa_data);
    memcpy(a->packet.addr, native->sa_data, a->packet.halen);
}

static int
hardware_to(const kith_sockaddr *a, struct sockaddr *native)
{
    if (a->domain != KITH_PACKET || a->packet.halen > sizeof native->sa_data)
        return KITH_EINVAL;
    native->sa_family = (sa_family_t) a->packet.hatype;
    memcpy(native->sa_data, a->packet.addr, a->packet.halen);
    return 0;
}

static int
address_of(const struct sockaddr *native, kith_sockaddr *a)
{
    struct ki_native_addr n = {.len = sizeof *native};

    memcpy(n.bytes, native, sizeof *native);
    return ki_sockaddr_from_native(&n, a);
}

static int
address_to(const kith_sockaddr *a, struct sockaddr *native)
{
    struct ki_native_addr n;
    int rc = a->domain == KITH_INET ? ki_sockaddr_to_native(a, &n) : KITH_EINVAL;

    if (rc == 0)
        memcpy(native, n.bytes, sizeof *native);
    return rc;
}

static void
map_of(const struct ifreq *r, kith_ifmap *m)
{
    *m = (kith_ifmap){0};
#if KI_HAVE_IFMAP
    m->mem_start = r->ifr_map.mem_start;
    m->mem_end = r->ifr_map.mem_end;
    m->base_addr = r->ifr_map.base_addr;
    m->irq = r->ifr_map.irq;
    m->dma = r->ifr_map.dma;
    m->port = r->ifr_map.port;
#else
    (void) r;
#endif
}

/* What the system said of an interface, as `row` wants it. */
static int
decode(const struct ki_sockioctl *row, const struct ifreq *r, void *v)
{
    union {
        int number;
        uint32_t bits;
        kith_sockaddr addr;
        kith_ifmap map;
    } to;
    int rc = 0;

    memset(&to, 0, sizeof to);
    switch (row->kind) {
    case KI_IOCTL_ADDRESS:
        rc = address_of(&r->ifr_addr, &to.addr);
        break;
    case KI_IOCTL_HARDWARE:
        hardware_of(&r->ifr_addr, &to.addr);
        break;
    case KI_IOCTL_FLAGS:
        to.bits = ki_ifflags_of((unsigned short) r->ifr_flags);
        break;
    case KI_IOCTL_MAP:
        map_of(r, &to.map);
        break;
    default:
        to.number = r->ifr_mtu; /* every number stands there */
        break;
    }
    if (rc == 0)
        memcpy(v, &to, row->len);
    return rc;
}

/* The flags that the interface shall have, from those it has. */
static int
change_flags(int fd, struct ifreq *r, const kith_ifflags *f)
{
    unsigned on, off;
    int rc = f->on & f->off ? KITH_EINVAL : ki_ifflags_to(f->on, &on);

    if (rc == 0)
        rc = ki_ifflags_to(f->off, &off);
    if (rc == 0)
        rc = ask(fd, SIOCGIFFLAGS, r);
    if (rc >= 0)
        r->ifr_flags = (short) (((unsigned short) r->ifr_flags & ~off) | on);
    return rc;
}

static int
encode(int fd, const struct ki_sockioctl *row, const void *v, struct ifreq *r)
{
    union {
        int number;
        kith_ifflags flags;
        kith_sockaddr addr;
    } from;

    memcpy(&from, v, row->len);
    switch (row->kind) {
    case KI_IOCTL_ADDRESS:
        return address_to(&from.addr, &r->ifr_addr);
    case KI_IOCTL_HARDWARE:
        return hardware_to(&from.addr, &r->ifr_addr);
    case KI_IOCTL_FLAGS:
        return change_flags(fd, r, &from.flags);
    default:
        r->ifr_mtu = from.number;
        return 0;
    }
}

/* ---- asking ---- */

static ptrdiff_t
get_own(int fd, const struct ki_sockioctl *row, void *v)
{
    int n = 0, rc = ask(fd, row->request, &n);

    if (rc < 0)
        return rc;
    if (row->kind == KI_IOCTL_OWN_BOOL)
        n = n != 0;
    memcpy(v, &n, sizeof n);
    return sizeof n;
}

static ptrdiff_t
get_name(int fd, const struct ki_sockioctl *row, void *v)
{
    struct ifreq r;
    kith_interface i;
    int rc;

    memset(&r, 0, sizeof r);
    memcpy(&i, v, sizeof i);
#if KI_HAVE_IFMAP
    r.ifr_ifindex = (int) i.index;
#endif
    rc = ask(fd, row->request, &r);
    if (rc < 0)
        return rc;
    put_name(i.name, r.ifr_name);
    memcpy(v, &i, sizeof i);
    return sizeof i;
}

/* All that the system has, in c->ifc_buf, for which `*room` bytes were taken: it fills what room it
 * gets, and so has told all when some is left. */
static int
get_list(int fd, struct ifconf *c, size_t *room)
{
    for (*room = 16 * sizeof(struct ifreq);; *room *= 2) {
        int rc;

        c->ifc_buf = ki_mem_alloc(*room);
        if (!c->ifc_buf)
            return KITH_ENOMEM;
        c->ifc_len = (int) *room;
        rc = ask(fd, SIOCGIFCONF, c);
        if (rc >= 0 && (size_t) c->ifc_len + sizeof(struct ifreq) <= *room)
            return 0;
        ki_mem_free(c->ifc_buf, *room);
        if (rc < 0)
            return rc;
    }
}

static ptrdiff_t
get_addresses(int fd, void *v, size_t cap)
{
    struct ifconf c;
    size_t room, n = 0;
    int rc = get_list(fd, &c, &room);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < (size_t) c.ifc_len / sizeof(struct ifreq); i++) {
        const struct ifreq *r = &c.ifc_req[i];
        kith_ifaddr one;

        memset(&one, 0, sizeof one);
        if (address_of(&r->ifr_addr, &one.addr) < 0)
            continue;
        put_name(one.name, r->ifr_name);
        if (n + sizeof one <= cap)
            memcpy((char *) v + n, &one, sizeof one);
        n += sizeof one;
    }
    ki_mem_free(c.ifc_buf, room);
    return (ptrdiff_t) n;
}

static void
begin(struct ifreq *r, const char *ifname)
{
    memset(r, 0, sizeof *r);
    put_name(r->ifr_name, ifname);
}

ptrdiff_t
ki_sockioctl_get(int fd, const struct ki_sockioctl *row, const char *ifname, void *v,
                 size_t cap)
{
    struct ifreq r;
    int rc;

    if (!ki_sockioctl_waits(row))
        return get_own(fd, row, v);
    if (row->kind == KI_IOCTL_LIST)
        return get_addresses(fd, v, cap);
    if (row->kind == KI_IOCTL_NAME)
        return get_name(fd, row, v);
    begin(&r, ifname);
    rc = ask(fd, row->request, &r);
    if (rc >= 0)
        rc = decode(row, &r, v);
    return rc < 0 ? rc : row->len;
}

int
ki_sockioctl_set(int fd, int domain, const struct ki_sockioctl *row, const char *ifname,
                 const void *v)
{
    struct ifreq r;
    int rc;

    /* Others take requests of the same number in another form. */
    if (row->kind == KI_IOCTL_ADDRESS && domain != KITH_INET && domain != KITH_PACKET)
        return KITH_EOPNOTSUPP;
    begin(&r, ifname);
    rc = encode(fd, row, v, &r);
    if (rc >= 0)
        rc = ask(fd, row->request, &r);
    return rc < 0 ? rc : 0;
}
