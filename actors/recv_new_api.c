/* SPDX-License-Identifier: Apache-2.0
 * recv_new_api.c -- receiving into memory of the library's, as much as option rcvbuf says. */
#include <string.h>

#include "actors/otp_opt.h"
#include "actors/socket.h"

/* What is read lies in the process's memory from the start: nothing is left behind when it is killed
 * while it waits. */
struct room {
    char *at;
    size_t cap, len;
    size_t size; /* of a read */
    uint32_t n;  /* reads at most */
};

static int
do_size(struct ki_socket *s, void *arg)
{
    const struct ki_otp o = ki_rare_otp(s);
    struct room *r = arg;

    r->size = o.rcvbuf ? o.rcvbuf : KI_RCVBUF;
    r->n = o.rcvbuf_n ? o.rcvbuf_n : 1;
    return 0;
}

static bool
make_room(struct room *r)
{
    char *more;

    if (r->cap - r->len >= r->size)
        return true;
    more = kith_alloc(2 * r->cap + r->size);
    if (!more)
        return false;
    if (r->len)
        memcpy(more, r->at, r->len);
    kith_free(r->at);
    r->at = more;
    r->cap = 2 * r->cap + r->size;
    return true;
}

/* The first read may wait. One that fills its room may not be all: without waiting, until one does
 * not. What was read before an error, or before there is no memory, is read. */
static ptrdiff_t
read_all(kith_socket s, struct room *r, unsigned flags, kith_ms timeout)
{
    ptrdiff_t n = KITH_ENOMEM;

    for (uint32_t i = 0; i < r->n && make_room(r); i++) {
        n = kith_socket_recv(s, r->at + r->len, r->size, flags, i == 0 ? timeout : 0);
        if (n > 0)
            r->len += (size_t) n;
        if (n != (ptrdiff_t) r->size || flags != 0)
            break; /* what is looked at, and what comes by the side, is one read */
    }
    if (r->len > 0 && (n >= 0 || n == KITH_ETIMEOUT))
        return (ptrdiff_t) r->len;
    return n;
}

/* Memory of the right size; if there is none, what we have. */
static void *
right_sized(struct room *r)
{
    void *data = r->len ? kith_alloc(r->len) : NULL;

    if (!data && r->len)
        return r->at;
    if (data)
        memcpy(data, r->at, r->len);
    kith_free(r->at);
    return data;
}

ptrdiff_t
kith_socket_recv_new(kith_socket s, void **data, unsigned flags, kith_ms timeout)
{
    struct room r = {0};
    struct ki_proc *p;
    ptrdiff_t n;
    int rc = ki_enter_waiting(&p);

    if (data)
        *data = NULL;
    if (rc < 0)
        return rc;
    if (!data || (flags & (KITH_MSG_WAITALL | KITH_MSG_TRUNC)))
        return KITH_EINVAL;
    rc = ki_socket_call_self(s, do_size, &r);
    if (rc < 0)
        return rc;
    n = read_all(s, &r, flags, timeout);
    *data = right_sized(&r);
    if (n < 0 && ki_enter(&p) == 0)
        p->partial = r.len;
    return n;
}
