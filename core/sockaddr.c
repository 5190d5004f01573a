/* SPDX-License-Identifier: Apache-2.0
 * sockaddr.c -- addresses made and asked, without their texts and the system's structs. */
#include "core/sockaddr.h"

#include <string.h>

const char *const ki_pkttypes[KI_PKTTYPES] = {"host",      "broadcast", "multicast",
                                              "otherhost", "outgoing",  "loopback",
                                              "user",      "kernel"};

const char *const ki_cids[KI_CIDS] = {"hypervisor", "local", "host"};

bool
ki_sockaddr_is_sound(const kith_sockaddr *a)
{
    switch (a->domain) {
    case KITH_INET:
    case KITH_INET6:
    case KITH_VSOCK:
        return true;
    case KITH_LOCAL:
        return a->local.len <= sizeof a->local.path;
    case KITH_PACKET:
        return a->packet.halen <= sizeof a->packet.addr;
    case KITH_LINK:
        return a->link.nlen + a->link.alen + a->link.slen <= (int) sizeof a->link.data;
    default:
        return (a->domain == KITH_UNSPEC ||
                (a->domain >= KITH_DOMAIN_NATIVE && a->domain <= KI_DOMAIN_NATIVE_MAX)) &&
               a->native.len <= sizeof a->native.data;
    }
}

kith_sockaddr
kith_sockaddr_any(int domain, uint16_t port)
{
    kith_sockaddr a;

    memset(&a, 0, sizeof a);
    a.domain = domain;
    switch (domain) {
    case KITH_INET:
        a.inet.port = port;
        break;
    case KITH_INET6:
        a.inet6.port = port;
        break;
    case KITH_VSOCK:
        a.vsock.cid = KITH_VSOCK_ANY;
        a.vsock.port = port ? port : KITH_VSOCK_ANY;
        break;
    case KITH_LOCAL:
    case KITH_UNSPEC:
        break;
    default:
        a.domain = 0;
    }
    return a;
}

kith_sockaddr
kith_sockaddr_loopback(int domain, uint16_t port)
{
    kith_sockaddr a = kith_sockaddr_any(domain, port);

    if (domain == KITH_INET) {
        a.inet.addr[0] = 127;
        a.inet.addr[3] = 1;
    } else if (domain == KITH_INET6) {
        a.inet6.addr[15] = 1;
    } else if (domain == KITH_VSOCK) {
        a.vsock.cid = KITH_VSOCK_LOCAL;
    } else if (domain == KITH_UNSPEC) {
        a.domain = 0;
    }
    return a;
}

kith_sockaddr
kith_sockaddr_broadcast(int domain, uint16_t port)
{
    kith_sockaddr a = kith_sockaddr_any(domain == KITH_INET ? domain : 0, port);

    if (domain == KITH_INET)
        memset(a.inet.addr, 255, sizeof a.inet.addr);
    return a;
}

uint16_t
kith_sockaddr_port(const kith_sockaddr *a)
{
    switch (a->domain) {
    case KITH_INET:
        return a->inet.port;
    case KITH_INET6:
        return a->inet6.port;
    default:
        return 0;
    }
}
