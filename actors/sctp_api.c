/* SPDX-License-Identifier: Apache-2.0
 * sctp_api.c -- sockets of SCTP: their addresses, and one association of many. */
#include "actors/io.h"
#include "actors/io_call.h"
#include "core/sock_sctp.h"

/* ---- addresses ---- */

struct list_call {
    kith_sockaddr *a;
    const kith_sockaddr *given;
    size_t n;
    int how;
    int32_t assoc;
    bool peer;
    ptrdiff_t found;
};

static int
do_bindx(struct ki_socket *s, void *arg)
{
    const struct list_call *c = arg;
    const bool add = c->how == KITH_SCTP_BINDX_ADD;
    int rc = ki_sctp_bindx(ki_socket_fd(s), c->given, c->n, add);

    ki_watch_call(s, add ? "bindx" : "bindx, removing", rc);
    if (rc >= 0)
        ki_socket_note(s, KITH_STATE_BOUND, 0);
    return rc;
}

int
kith_sctp_bindx(kith_socket s, const kith_sockaddr *a, size_t n, int how)
{
    struct list_call c = {.given = a, .n = n, .how = how};

    return a && (how == KITH_SCTP_BINDX_ADD || how == KITH_SCTP_BINDX_REMOVE)
               ? ki_socket_call_self(s, do_bindx, &c)
               : KITH_EINVAL;
}

static int
do_addresses(struct ki_socket *s, void *arg)
{
    struct list_call *c = arg;

    c->found = ki_sctp_addresses(ki_socket_fd(s), c->assoc, c->peer, c->a, c->n);
    return c->found < 0 ? (int) c->found : 0;
}

static ptrdiff_t
addresses(kith_socket s, kith_sctp_assoc_id assoc, bool peer, kith_sockaddr *a, size_t cap)
{
    struct list_call c = {.a = a, .n = cap, .assoc = assoc, .peer = peer};
    int rc = a || !cap ? ki_socket_call_self(s, do_addresses, &c) : KITH_EINVAL;

    return rc < 0 ? rc : c.found;
}

ptrdiff_t
kith_sctp_peer_addresses(kith_socket s, kith_sctp_assoc_id assoc, kith_sockaddr *a,
                         size_t cap)
{
    return addresses(s, assoc, true, a, cap);
}

ptrdiff_t
kith_sctp_local_addresses(kith_socket s, kith_sctp_assoc_id assoc, kith_sockaddr *a,
                          size_t cap)
{
    return addresses(s, assoc, false, a, cap);
}

/* ---- connectx ---- */

/* The attempt begins here; a connect waits for it. */
static int
do_connectx(struct ki_socket *s, void *arg)
{
    struct list_call *c = arg;

    return ki_io_begin_connectx(s, c->given, c->n, &c->assoc);
}

static int
begin_connectx(kith_socket s, const kith_sockaddr *peer, size_t n,
               kith_sctp_assoc_id *assoc)
{
    struct list_call c = {.given = peer, .n = n};
    int rc = peer ? ki_socket_call_self(s, do_connectx, &c) : KITH_EINVAL;

    if (rc == 0 && assoc)
        *assoc = c.assoc;
    return rc;
}

int
kith_sctp_connectx(kith_socket s, const kith_sockaddr *peer, size_t n, kith_ms timeout,
                   kith_sctp_assoc_id *assoc)
{
    struct ki_proc *p;
    int rc = ki_enter_waiting(&p);

    if (rc == 0)
        rc = begin_connectx(s, peer, n, assoc);
    return rc < 0 ? rc : kith_socket_connect(s, peer, timeout);
}

int
kith_sctp_connectx_start(kith_socket s, const kith_sockaddr *peer, size_t n,
                         kith_ms timeout, kith_sctp_assoc_id *assoc, kith_future *f)
{
    int rc = f && timeout != KITH_NOWAIT ? begin_connectx(s, peer, n, assoc) : KITH_EINVAL;

    return rc < 0 ? rc : kith_socket_connect_start(s, peer, timeout, f);
}

/* ---- peeloff ---- */

int
kith_sctp_peeloff(kith_socket s, kith_sctp_assoc_id assoc, kith_socket *one)
{
    struct ki_io io = {.kind = KI_OP_PEELOFF, .assoc = assoc};
    struct ki_proc *p;
    int rc;

    if (!one)
        return KITH_EINVAL;
    rc = (int) ki_io_call_by_message(s, &io, KITH_INFINITY, "sctp_peeloff");
    if (rc == 0) {
        *one = io.won;
        if (ki_enter(&p) == 0)
            ki_socket_take(p, io.won);
    }
    return rc;
}
