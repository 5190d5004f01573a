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
#ifdef AF_PACKET
#include <netpacket/packet.h>
#endif
#if defined(AF_VSOCK) && __has_include(<linux/vm_sockets.h>)
#include <linux/vm_sockets.h>
#define HAVE_VSOCK 1
#elif defined(AF_VSOCK) && __has_include(<sys/vsock.h>)
#include <sys/vsock.h>
#define HAVE_VSOCK 1
#endif
#ifdef AF_LINK
#include <net/if_dl.h>
#endif

#define FAMILY_END (offsetof(struct sockaddr, sa_family) + sizeof(sa_family_t))
#define PATH_START offsetof(struct sockaddr_un, sun_path)
#define PACKET_START offsetof(struct sockaddr_ll, sll_addr)
#define LINK_START offsetof(struct sockaddr_dl, sdl_data)

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

#ifdef AF_PACKET
static int
packet_to_native(const kith_ll *a, struct ki_native_addr *out)
{
    struct sockaddr_ll ll = {.sll_family = AF_PACKET, .sll_protocol = htons(a->protocol)};
    size_t len =
        PACKET_START + a->halen; /* a hardware address may be longer than its array */

    ll.sll_ifindex = (int) a->ifindex;
    ll.sll_hatype = a->hatype;
    ll.sll_pkttype = a->pkttype;
    ll.sll_halen = a->halen;
    put(out, &ll, sizeof ll);
    memcpy(out->bytes + PACKET_START, a->addr, a->halen);
    out->len = (unsigned) (len > sizeof ll ? len : sizeof ll);
    return 0;
}
#else
#define packet_to_native(a, out) KITH_EAFNOSUPPORT
#endif

#ifdef HAVE_VSOCK
static int
vsock_to_native(const kith_vsock *a, struct ki_native_addr *out)
{
    struct sockaddr_vm vm = {.svm_family = AF_VSOCK,
                             .svm_port = a->port,
                             .svm_cid = a->cid};

    put(out, &vm, sizeof vm);
    return 0;
}
#else
#define vsock_to_native(a, out) KITH_EAFNOSUPPORT
#endif

#ifdef AF_LINK
static int
link_to_native(const kith_link_addr *a, struct ki_native_addr *out)
{
    struct sockaddr_dl dl = {.sdl_family = AF_LINK,
                             .sdl_index = a->index,
                             .sdl_type = a->type};
    size_t used = (size_t) a->nlen + a->alen + a->slen, len = LINK_START + used;

    dl.sdl_nlen = a->nlen;
    dl.sdl_alen = a->alen;
    dl.sdl_slen = a->slen;
    if (len < sizeof dl)
        len = sizeof dl;
    dl.sdl_len = (unsigned char) len;
    put(out, &dl, sizeof dl);
    memcpy(out->bytes + LINK_START, a->data, used);
    out->bytes[0] = (unsigned char) len;
    out->len = (unsigned) len;
    return 0;
}
#else
#define link_to_native(a, out) KITH_EAFNOSUPPORT
#endif

static int
bytes_to_native(int family, const kith_native *a, struct ki_native_addr *out)
{
    struct sockaddr head = {.sa_family = (sa_family_t) family};

    put(out, &head, FAMILY_END);
    memcpy(out->bytes + FAMILY_END, a->data, a->len);
    out->len = (unsigned) FAMILY_END + a->len;
#ifdef SIN6_LEN
    out->bytes[0] = (unsigned char) out->len;
#endif
    return 0;
}

int
ki_sockaddr_to_native(const kith_sockaddr *a, struct ki_native_addr *out)
{
    if (!ki_sockaddr_is_sound(a))
        return KITH_EINVAL;
    switch (a->domain) {
    case KITH_INET:
        inet_to_native(&a->inet, out);
        return 0;
    case KITH_INET6:
        inet6_to_native(&a->inet6, out);
        return 0;
    case KITH_LOCAL:
        return local_to_native(&a->local, out);
    case KITH_PACKET:
        return packet_to_native(&a->packet, out);
    case KITH_VSOCK:
        return vsock_to_native(&a->vsock, out);
    case KITH_LINK:
        return link_to_native(&a->link, out);
    case KITH_UNSPEC:
        return bytes_to_native(AF_UNSPEC, &a->native, out);
    default:
        return bytes_to_native(a->domain - KITH_DOMAIN_NATIVE, &a->native, out);
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

#ifdef AF_PACKET
static int
packet_from_native(const struct ki_native_addr *in, size_t len, kith_sockaddr *a)
{
    struct sockaddr_ll ll;
    size_t n;

    if (len < PACKET_START)
        return KITH_EINVAL;
    memcpy(&ll, in->bytes, PACKET_START);
    n = ll.sll_halen;
    if (n > len - PACKET_START)
        n = len - PACKET_START;
    if (n > sizeof a->packet.addr)
        n = sizeof a->packet.addr;
    a->domain = KITH_PACKET;
    a->packet.protocol = ntohs(ll.sll_protocol);
    a->packet.ifindex = (uint32_t) ll.sll_ifindex;
    a->packet.hatype = ll.sll_hatype;
    a->packet.pkttype = ll.sll_pkttype;
    a->packet.halen = (uint8_t) n;
    memcpy(a->packet.addr, in->bytes + PACKET_START, n);
    return 0;
}
#endif

#ifdef HAVE_VSOCK
static int
vsock_from_native(const struct ki_native_addr *in, size_t len, kith_sockaddr *a)
{
    struct sockaddr_vm vm;

    if (len < sizeof vm)
        return KITH_EINVAL;
    memcpy(&vm, in->bytes, sizeof vm);
    a->domain = KITH_VSOCK;
    a->vsock = (kith_vsock){vm.svm_cid, vm.svm_port};
    return 0;
}
#endif

#ifdef AF_LINK
static int
link_from_native(const struct ki_native_addr *in, size_t len, kith_sockaddr *a)
{
    struct sockaddr_dl dl;
    size_t used;

    if (len < LINK_START)
        return KITH_EINVAL;
    memcpy(&dl, in->bytes, LINK_START);
    used = (size_t) dl.sdl_nlen + dl.sdl_alen + dl.sdl_slen;
    if (used > len - LINK_START || used > sizeof a->link.data)
        return KITH_EINVAL;
    a->domain = KITH_LINK;
    a->link.index = dl.sdl_index;
    a->link.type = dl.sdl_type;
    a->link.nlen = dl.sdl_nlen;
    a->link.alen = dl.sdl_alen;
    a->link.slen = dl.sdl_slen;
    memcpy(a->link.data, in->bytes + LINK_START, used);
    return 0;
}
#endif

/* A number that no domain of ours can hold comes from no system. */
static int
bytes_from_native(const struct ki_native_addr *in, size_t len, int family, kith_sockaddr *a)
{
    if (family > KI_DOMAIN_NATIVE_MAX - KITH_DOMAIN_NATIVE)
        return KITH_EAFNOSUPPORT;
    a->domain = family == AF_UNSPEC ? KITH_UNSPEC : KITH_DOMAIN_NATIVE + family;
    a->native.len = (uint8_t) (len - FAMILY_END);
    memcpy(a->native.data, in->bytes + FAMILY_END, a->native.len);
    return 0;
}

static int
from_native(const struct ki_native_addr *in, size_t len, kith_sockaddr *a)
{
    struct sockaddr head;

    memcpy(&head, in->bytes, FAMILY_END);
    switch (head.sa_family) {
    case AF_INET:
        return inet_from_native(in, len, a);
    case AF_INET6:
        return inet6_from_native(in, len, a);
    case AF_UNIX:
        return local_from_native(in, len, a);
#ifdef AF_PACKET
    case AF_PACKET:
        return packet_from_native(in, len, a);
#endif
#ifdef HAVE_VSOCK
    case AF_VSOCK:
        return vsock_from_native(in, len, a);
#endif
#ifdef AF_LINK
    case AF_LINK:
        return link_from_native(in, len, a);
#endif
    default:
        return bytes_from_native(in, len, head.sa_family, a);
    }
}

int
ki_sockaddr_from_native(const struct ki_native_addr *in, kith_sockaddr *a)
{
    kith_sockaddr got;
    size_t len = in->len < sizeof in->bytes ? in->len : sizeof in->bytes;
    int rc = 0;

    memset(&got, 0, sizeof got);
    if (len > 0)
        rc = len < FAMILY_END ? KITH_EINVAL : from_native(in, len, &got);
    if (rc == 0)
        *a = got;
    return rc;
}

int
kith_sockaddr_native(int family, const void *data, size_t len, kith_sockaddr *a)
{
    struct ki_native_addr native;
    kith_native bytes;

    if (!a || (!data && len > 0))
        return KITH_EINVAL;
    if (family < 0 || family > KI_DOMAIN_NATIVE_MAX - KITH_DOMAIN_NATIVE)
        return KITH_EAFNOSUPPORT;
    if (len > sizeof bytes.data || (family == AF_UNIX && len > sizeof a->local.path))
        return KITH_ENAMETOOLONG;
    memset(&bytes, 0, sizeof bytes);
    bytes.len = (uint8_t) len;
    if (len > 0)
        memcpy(bytes.data, data, len);
    (void) bytes_to_native(family, &bytes, &native);
    return ki_sockaddr_from_native(&native, a);
}

ptrdiff_t
kith_sockaddr_bytes(const kith_sockaddr *a, int *family, void *data, size_t cap)
{
    struct ki_native_addr native;
    struct sockaddr head;
    size_t len;
    int rc = a && (data || cap == 0) ? ki_sockaddr_to_native(a, &native) : KITH_EINVAL;

    if (rc < 0)
        return rc;
    memcpy(&head, native.bytes, FAMILY_END);
    if (family)
        *family = head.sa_family;
    len = native.len - FAMILY_END;
    if (cap > 0)
        memcpy(data, native.bytes + FAMILY_END, len < cap ? len : cap);
    return (ptrdiff_t) len;
}

#ifndef AF_PACKET
#define AF_PACKET KITH_EAFNOSUPPORT
#endif
#ifndef AF_VSOCK
#define AF_VSOCK KITH_EAFNOSUPPORT
#endif
#ifndef AF_LINK
#define AF_LINK KITH_EAFNOSUPPORT
#endif

static const int domains[] = {
    [0] = KITH_EINVAL,      [KITH_INET] = AF_INET,     [KITH_INET6] = AF_INET6,
    [KITH_LOCAL] = AF_UNIX, [KITH_PACKET] = AF_PACKET, [KITH_VSOCK] = AF_VSOCK,
    [KITH_LINK] = AF_LINK,  [KITH_UNSPEC] = AF_UNSPEC,
};

static const int types[] = {
    [0] = KITH_EINVAL,     [KITH_STREAM] = SOCK_STREAM, [KITH_DGRAM] = SOCK_DGRAM,
    [KITH_RAW] = SOCK_RAW, [KITH_RDM] = SOCK_RDM,       [KITH_SEQPACKET] = SOCK_SEQPACKET,
};

static int
native_of(const int *table, int n, int number)
{
    return number > 0 && number < n ? table[number] : KITH_EINVAL;
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
    if (domain >= KITH_DOMAIN_NATIVE && domain <= KI_DOMAIN_NATIVE_MAX)
        return domain - KITH_DOMAIN_NATIVE;
    return native_of(domains, ki_countof(domains), domain);
}

int
ki_domain_of_native(int native)
{
    int domain = number_of(domains, ki_countof(domains), native);

    if (domain > 0)
        return domain;
    return native >= 0 && native <= KI_DOMAIN_NATIVE_MAX - KITH_DOMAIN_NATIVE
               ? KITH_DOMAIN_NATIVE + native
               : -1;
}

int
ki_type_to_native(int type)
{
    return native_of(types, ki_countof(types), type);
}

int
ki_type_of_native(int native)
{
    return native >= 0 ? number_of(types, ki_countof(types), native) : -1;
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
