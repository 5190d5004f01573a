/* SPDX-License-Identifier: Apache-2.0
 * sockaddr_native.c -- addresses in the system's structs: the one file that knows them. */
#define _GNU_SOURCE
#include "core/sockaddr.h"

#include <string.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#define FAMILY_END (offsetof(struct sockaddr, sa_family) + sizeof(sa_family_t))
#define PATH_START offsetof(struct sockaddr_un, sun_path)

_Static_assert(sizeof(struct sockaddr_storage) <= 128, "ki_native_addr holds any address");
_Static_assert(IF_NAMESIZE <= KI_IFNAME, "room for an interface's name");

static void
put(struct ki_native_addr *out, const void *native, size_t len)
{
    memset(out->bytes, 0, sizeof out->bytes);
    memcpy(out->bytes, native, len);
    out->len = (unsigned) len;
#ifdef SIN6_LEN /* systems whose addresses begin with their length */
    out->bytes[0] = (unsigned char) len;
#endif
}

static void
inet_to_native(const kith_inet *a, struct ki_native_addr *out)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(a->port)};

    memcpy(&sin.sin_addr, a->addr, sizeof a->addr);
    put(out, &sin, sizeof sin);
}

static void
inet6_to_native(const kith_inet6 *a, struct ki_native_addr *out)
{
    struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = htons(a->port)};

    sin6.sin6_flowinfo = htonl(a->flowinfo);
    sin6.sin6_scope_id = a->scope_id;
    memcpy(&sin6.sin6_addr, a->addr, sizeof a->addr);
    put(out, &sin6, sizeof sin6);
}

/* A path ends with a NUL where there is room for one. An abstract name and no name have
 * none: there every byte counts. */
static int
local_to_native(const kith_local *a, struct ki_native_addr *out)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t len = a->len;

    if (len > sizeof un.sun_path || len > sizeof a->path)
        return KITH_ENAMETOOLONG;
    memcpy(un.sun_path, a->path, len);
    if (len > 0 && a->path[0] != '\0') {
        if (memchr(a->path, '\0', len) != NULL)
            return KITH_EINVAL;
        if (len < sizeof un.sun_path)
            len++;
    }
    put(out, &un, PATH_START + len);
    return 0;
}

int
ki_sockaddr_to_native(const kith_sockaddr *a, struct ki_native_addr *out)
{
    switch (a->domain) {
    case KITH_INET:
        inet_to_native(&a->inet, out);
        return 0;
    case KITH_INET6:
        inet6_to_native(&a->inet6, out);
        return 0;
    case KITH_LOCAL:
        return local_to_native(&a->local, out);
    default:
        return KITH_EINVAL;
    }
}

static int
inet_from_native(const struct ki_native_addr *in, size_t len, kith_sockaddr *a)
{
    struct sockaddr_in sin;

    if (len < sizeof sin)
        return KITH_EINVAL;
    memcpy(&sin, in->bytes, sizeof sin);
    a->domain = KITH_INET;
    a->inet.port = ntohs(sin.sin_port);
    memcpy(a->inet.addr, &sin.sin_addr, sizeof a->inet.addr);
    return 0;
}

static int
inet6_from_native(const struct ki_native_addr *in, size_t len, kith_sockaddr *a)
{
    struct sockaddr_in6 sin6;

    if (len < sizeof sin6)
        return KITH_EINVAL;
    memcpy(&sin6, in->bytes, sizeof sin6);
    a->domain = KITH_INET6;
    a->inet6.port = ntohs(sin6.sin6_port);
    a->inet6.flowinfo = ntohl(sin6.sin6_flowinfo);
    a->inet6.scope_id = sin6.sin6_scope_id;
    memcpy(a->inet6.addr, &sin6.sin6_addr, sizeof a->inet6.addr);
    return 0;
}

static int
local_from_native(const struct ki_native_addr *in, size_t len, kith_sockaddr *a)
{
    const char *path = (const char *) in->bytes + PATH_START;
    size_t n = len > PATH_START ? len - PATH_START : 0;

    /* Linux tells a path of the full length with a NUL behind the array's end. */
    if (n > sizeof a->local.path)
        n = sizeof a->local.path;
    if (n > 0 && path[0] != '\0')
        n = strnlen(path, n);
#ifndef __linux__
    else
        n = 0; /* zeros, however many, where there are no abstract names */
#endif
    a->domain = KITH_LOCAL;
    a->local.len = (uint8_t) n;
    memcpy(a->local.path, path, n);
    return 0;
}

int
ki_sockaddr_from_native(const struct ki_native_addr *in, kith_sockaddr *a)
{
    kith_sockaddr got;
    size_t len = in->len < sizeof in->bytes ? in->len : sizeof in->bytes;
    struct sockaddr head;
    int rc;

    memset(&got, 0, sizeof got);
    if (len == 0) {
        *a = got;
        return 0;
    }
    if (len < FAMILY_END)
        return KITH_EINVAL;
    memcpy(&head, in->bytes, FAMILY_END);
    switch (head.sa_family) {
    case AF_INET:
        rc = inet_from_native(in, len, &got);
        break;
    case AF_INET6:
        rc = inet6_from_native(in, len, &got);
        break;
    case AF_UNIX:
        rc = local_from_native(in, len, &got);
        break;
    default:
        return KITH_EAFNOSUPPORT;
    }
    if (rc == 0)
        *a = got;
    return rc;
}

static const int domains[] = {
    [0] = -1,
    [KITH_INET] = AF_INET,
    [KITH_INET6] = AF_INET6,
    [KITH_LOCAL] = AF_UNIX,
};

static const int types[] = {
    [0] = -1,
    [KITH_STREAM] = SOCK_STREAM,
    [KITH_DGRAM] = SOCK_DGRAM,
    [KITH_RAW] = SOCK_RAW,
    [KITH_RDM] = SOCK_RDM,
    [KITH_SEQPACKET] = SOCK_SEQPACKET,
};

static int
native_of(const int *table, int n, int number)
{
    return number > 0 && number < n ? table[number] : -1;
}

static int
number_of(const int *table, int n, int native)
{
    for (int i = 1; i < n; i++)
        if (table[i] == native)
            return i;
    return -1;
}

int
ki_domain_to_native(int domain)
{
    return native_of(domains, ki_countof(domains), domain);
}

int
ki_domain_of_native(int native)
{
    return number_of(domains, ki_countof(domains), native);
}

int
ki_type_to_native(int type)
{
    return native_of(types, ki_countof(types), type);
}

int
ki_type_of_native(int native)
{
    return number_of(types, ki_countof(types), native);
}

uint32_t
ki_ifindex_of_name(const char *name)
{
    return if_nametoindex(name);
}

bool
ki_ifname_of_index(uint32_t index, char name[KI_IFNAME])
{
    return if_indextoname(index, name) != NULL;
}
