/* SPDX-License-Identifier: Apache-2.0
 * os_resolve.c -- getaddrinfo and its codes. */
#define _GNU_SOURCE
#include "core/resolve.h"

#include <errno.h>
#include <string.h>

#include <kith/error.h>

#include "core/error.h"
#include "core/os_net.h"
#include "core/sockaddr.h"

static int
code_of(int eai)
{
    int saved = errno;

    if (eai == EAI_NODATA)
        return KITH_EAI_NONAME;
    switch (eai) {
    case EAI_NONAME:
        return KITH_EAI_NONAME;
    case EAI_AGAIN:
        return KITH_EAI_AGAIN;
    case EAI_MEMORY:
        return KITH_ENOMEM;
    case EAI_SYSTEM:
        return ki_error_of_errno(saved);
    default:
        return KITH_EAI_FAIL;
    }
}

int
ki_resolve(const char *host, uint16_t port, kith_sockaddr *out, size_t cap)
{
    struct addrinfo hints, *list, *a;
    size_t n = 0;
    int eai;

    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    eai = getaddrinfo(host, NULL, &hints, &list);
    if (eai != 0)
        return code_of(eai);
    for (a = list; a && n < cap; a = a->ai_next) {
        struct ki_native_addr native;

        if (a->ai_addrlen > sizeof native.bytes)
            continue;
        memcpy(native.bytes, a->ai_addr, a->ai_addrlen);
        native.len = a->ai_addrlen;
        if (ki_sockaddr_from_native(&native, &out[n]) < 0)
            continue;
        if (out[n].domain == KITH_INET6)
            out[n].inet6.port = port;
        else
            out[n].inet.port = port;
        n++;
    }
    freeaddrinfo(list);
    return n ? (int) n : KITH_EAI_NONAME;
}
