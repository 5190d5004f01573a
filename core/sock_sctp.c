/* SPDX-License-Identifier: Apache-2.0
 * sock_sctp.c -- the calls of SCTP's own, which are options to the system. */
#define _GNU_SOURCE
#include "core/sock_sctp.h"

#include <string.h>

#include <kith/error.h>

#include "core/mem.h"
#include "core/os_net.h"
#include "core/seam.h"
#include "core/sockaddr.h"

#if KI_HAVE_SCTP

/* Addresses one behind the other, as the system takes them. */
struct list {
    unsigned char *bytes;
    size_t len, cap;
};

enum { ADDRESSES_MAX = 1024 };

static int
list_new(struct list *l, const kith_sockaddr *a, size_t n)
{
    struct ki_native_addr native;
    int rc = 0;

    if (n == 0 || n > ADDRESSES_MAX)
        return KITH_EINVAL;
    *l = (struct list){.cap = n * sizeof native.bytes};
    l->bytes = ki_mem_alloc(l->cap);
    if (!l->bytes)
        return KITH_ENOMEM;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = ki_sockaddr_to_native(&a[i], &native);
        if (rc == 0) {
            memcpy(l->bytes + l->len, native.bytes, native.len);
            l->len += native.len;
        }
    }
    if (rc < 0)
        ki_mem_free(l->bytes, l->cap);
    return rc;
}

static void
list_free(struct list *l)
{
    ki_mem_free(l->bytes, l->cap);
}

int
ki_sctp_connect(int fd, const kith_sockaddr *peer, size_t n, int32_t *assoc)
{
    struct sctp_getaddrs_old ask;
    unsigned len = sizeof ask;
    struct list l;
    int rc = list_new(&l, peer, n);

    if (rc < 0)
        return rc;
    memset(&ask, 0, sizeof ask);
    ask.addr_num = (int) l.len; /* their bytes, whatever its name */
    ask.addrs = (struct sockaddr *) (void *) l.bytes;
    rc = ki_seam.getopt(fd, IPPROTO_SCTP, SCTP_SOCKOPT_CONNECTX3, &ask, &len);
    list_free(&l);
    *assoc = ask.assoc_id;
    return rc < 0 ? rc : 0;
}

int
ki_sctp_attempt(int fd, int32_t assoc)
{
    struct sctp_status st;
    unsigned len = sizeof st;

    memset(&st, 0, sizeof st);
    st.sstat_assoc_id = assoc;
    if (ki_seam.getopt(fd, IPPROTO_SCTP, SCTP_STATUS, &st, &len) < 0)
        return KITH_ECONNREFUSED;
    return st.sstat_state < SCTP_ESTABLISHED ? KITH_EINPROGRESS : 0;
}

int
ki_sctp_bindx(int fd, const kith_sockaddr *a, size_t n, bool add)
{
    struct list l;
    int rc = list_new(&l, a, n);

    if (rc < 0)
        return rc;
    rc = ki_seam.setopt(fd, IPPROTO_SCTP,
                        add ? SCTP_SOCKOPT_BINDX_ADD : SCTP_SOCKOPT_BINDX_REM, l.bytes,
                        (unsigned) l.len);
    list_free(&l);
    return rc < 0 ? rc : 0;
}

/* One of such a list, whose length its family tells; 0: it ends here. */
static size_t
address_at(const unsigned char *bytes, size_t len, struct ki_native_addr *out)
{
    sa_family_t family;

    if (len < sizeof family)
        return 0;
    memcpy(&family, bytes + offsetof(struct sockaddr, sa_family), sizeof family);
    out->len =
        family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (len < out->len)
        return 0;
    memcpy(out->bytes, bytes, out->len);
    return out->len;
}

ptrdiff_t
ki_sctp_addresses(int fd, int32_t assoc, bool peer, kith_sockaddr *a, size_t cap)
{
    const unsigned room = ADDRESSES_MAX * sizeof(struct sockaddr_in6);
    const size_t head = offsetof(struct sctp_getaddrs, addrs);
    struct sctp_getaddrs ask = {.assoc_id = assoc};
    struct ki_native_addr native;
    unsigned char *bytes = ki_mem_alloc(room);
    size_t at = head, one;
    unsigned len = room;
    ptrdiff_t n = 0;
    int rc;

    if (!bytes)
        return KITH_ENOMEM;
    memcpy(bytes, &ask, head);
    rc = ki_seam.getopt(fd, IPPROTO_SCTP, peer ? SCTP_GET_PEER_ADDRS : SCTP_GET_LOCAL_ADDRS,
                        bytes, &len);
    memcpy(&ask, bytes, head);
    /* The length that the system tells is not the same for both. */
    for (; rc >= 0 && (size_t) n < ask.addr_num; at += one, n++) {
        one = address_at(bytes + at, room - at, &native);
        if (one == 0 || ((size_t) n < cap && ki_sockaddr_from_native(&native, &a[n]) < 0))
            break;
    }
    ki_mem_free(bytes, room);
    return rc < 0 ? rc : n;
}

int
ki_sctp_peeloff(int fd, int32_t assoc)
{
    sctp_peeloff_flags_arg_t ask = {.p_arg = {.associd = assoc},
                                    .flags = SOCK_NONBLOCK | SOCK_CLOEXEC};
    unsigned len = sizeof ask;
    int rc = ki_seam.getopt(fd, IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF_FLAGS, &ask, &len);

    return rc < 0 ? rc : ask.p_arg.sd;
}

#else

int
ki_sctp_bindx(int fd, const kith_sockaddr *a, size_t n, bool add)
{
    (void) fd, (void) a, (void) n, (void) add;
    return KITH_EOPNOTSUPP;
}

ptrdiff_t
ki_sctp_addresses(int fd, int32_t assoc, bool peer, kith_sockaddr *a, size_t cap)
{
    (void) fd, (void) assoc, (void) peer, (void) a, (void) cap;
    return KITH_EOPNOTSUPP;
}

int
ki_sctp_peeloff(int fd, int32_t assoc)
{
    (void) fd, (void) assoc;
    return KITH_EOPNOTSUPP;
}

int
ki_sctp_connect(int fd, const kith_sockaddr *peer, size_t n, int32_t *assoc)
{
    (void) fd, (void) peer, (void) n, (void) assoc;
    return KITH_EOPNOTSUPP;
}

int
ki_sctp_attempt(int fd, int32_t assoc)
{
    (void) fd, (void) assoc;
    return KITH_EOPNOTSUPP;
}

#endif
