/* SPDX-License-Identifier: Apache-2.0
 * sock_sctp.c -- the calls of SCTP's own, which are options to the system. */
#define _GNU_SOURCE
#include "core/sock_sctp.h"

#include <string.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <kith/error.h>

#include "core/mem.h"
#include "core/seam.h"
#include "core/sockaddr.h"

#ifdef __linux__

#include <linux/sctp.h>

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

#else

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
