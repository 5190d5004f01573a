/* SPDX-License-Identifier: Apache-2.0
 * net.c -- the common openings in one call. */
#include <string.h>

#include "actors/op.h"
#include "actors/proc.h"
#include "core/offload.h"
#include "core/resolve.h"

enum { BACKLOG = 4096, MAX_ADDRESSES = 16, MAX_HOST = 256 };

/* ---- names ---- */

/* Lives until the resolver is done with it, which may be long after everybody lost interest. */
struct lookup {
    struct ki_job job;
    uint64_t op;
    uint16_t port;
    char host[MAX_HOST];
};

static void
look_up(struct ki_job *j)
{
    struct lookup *l = ki_container_of(j, struct lookup, job);
    kith_sockaddr found[MAX_ADDRESSES];
    int n = ki_resolve(l->host, l->port, found, MAX_ADDRESSES);
    struct ki_op *op = ki_op_take_by_id(l->op);

    if (op) { /* BUSY: the caller's buffer is there, and ours */
        size_t cap = op->io.len;

        if (n > 0 && (size_t) n > cap)
            n = (int) cap;
        if (n > 0)
            memcpy(op->io.buf, found, (size_t) n * sizeof *found);
        ki_op_complete(op, n, 0);
    }
    ki_mem_free(l, sizeof *l);
}

static int
resolve(struct ki_proc *p, const char *host, uint16_t port, kith_sockaddr *out, size_t cap,
        uint64_t deadline_ns)
{
    struct ki_io io = {.kind = KI_OP_JOB, .buf = (char *) out, .len = cap};
    struct lookup *l = ki_mem_alloc(sizeof *l);
    struct ki_op *op = l ? ki_op_new(p, NULL, 0, &io) : NULL;

    if (!op) {
        if (l)
            ki_mem_free(l, sizeof *l);
        return KITH_ENOMEM;
    }
    *l = (struct lookup){.job.run = look_up, .port = port};
    strncpy(l->host, host, sizeof l->host - 1);
    if (!ki_op_offload(op, &l->job, &l->op))
        ki_mem_free(l, sizeof *l);
    return (int) ki_op_await(p, op, deadline_ns, "resolve", NULL);
}

/* An Internet address without a port. */
static bool
read_literal(const char *host, uint16_t port, kith_sockaddr *out)
{
    kith_sockaddr a;

    if (kith_sockaddr_parse(host, &a) < 0 || kith_sockaddr_port(&a) != 0)
        return false;
    if (a.domain == KITH_INET)
        a.inet.port = port;
    else if (a.domain == KITH_INET6)
        a.inet6.port = port;
    else
        return false;
    *out = a;
    return true;
}

int
kith_resolve(const char *host, uint16_t port, kith_sockaddr *out, size_t cap,
             kith_ms timeout)
{
    struct ki_proc *p;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    if (!host || !*host || !out || cap == 0 || strlen(host) >= MAX_HOST)
        return KITH_EINVAL;
    if (read_literal(host, port, out)) /* which never leaves the caller */
        return 1;
    return resolve(p, host, port, out, cap, ki_deadline_ns(timeout));
}

/* ---- listen ---- */

static int
listen_at(kith_socket s, const kith_sockaddr *a)
{
    int rc = 0;

    if (a->domain != KITH_LOCAL)
        rc = kith_socket_setopt_int(s, KITH_OPT_SOCKET_REUSEADDR, 1);
    if (rc == 0)
        rc = kith_socket_bind(s, a);
    if (rc == 0)
        rc = kith_socket_listen(s, BACKLOG);
    return rc;
}

int
kith_tcp_listen(const char *where, kith_socket *s)
{
    kith_sockaddr a;
    kith_socket made;
    int rc = where && s ? kith_sockaddr_parse(where, &a) : KITH_EINVAL;

    if (rc == 0)
        rc = kith_socket_open(a.domain, KITH_STREAM, 0, NULL, &made);
    if (rc < 0)
        return rc;
    rc = listen_at(made, &a);
    if (rc == 0)
        *s = made;
    else
        kith_socket_close(made);
    return rc;
}

/* ---- connect ---- */

static int
connect_to(const kith_sockaddr *a, kith_ms left, kith_socket *s)
{
    kith_socket made;
    int rc = kith_socket_open(a->domain, KITH_STREAM, 0, NULL, &made);

    if (rc < 0)
        return rc;
    rc = kith_socket_connect(made, a, left);
    if (rc == 0)
        *s = made;
    else
        kith_socket_close(made);
    return rc;
}

/* "host:port": the last colon divides; 0 and the parts, or KITH_EINVAL. */
static int
split(const char *where, char host[MAX_HOST], uint16_t *port)
{
    const char *colon = strrchr(where, ':'), *c;
    unsigned long v = 0;

    if (!colon || colon == where || (size_t) (colon - where) >= MAX_HOST || !colon[1])
        return KITH_EINVAL;
    for (c = colon + 1; *c >= '0' && *c <= '9' && v <= 65535; c++)
        v = v * 10 + (unsigned long) (*c - '0');
    if (*c || v > 65535)
        return KITH_EINVAL;
    memcpy(host, where, (size_t) (colon - where));
    host[colon - where] = '\0';
    *port = (uint16_t) v;
    return 0;
}

int
kith_tcp_connect(const char *where, kith_ms timeout, kith_socket *s)
{
    kith_sockaddr found[MAX_ADDRESSES];
    struct ki_proc *self;
    kith_ms deadline;
    char host[MAX_HOST];
    uint16_t port;
    int n = 1, rc = ki_enter_waiting(&self);

    if (rc < 0)
        return rc;
    if (timeout == KITH_NOWAIT) /* there would be no socket to be told of */
        return KITH_EINVAL;
    deadline = kith_deadline(timeout);
    rc = where && s ? kith_sockaddr_parse(where, &found[0]) : KITH_EINVAL;
    if (where && s && rc < 0) {
        rc = split(where, host, &port);
        if (rc == 0)
            rc = n = kith_resolve(host, port, found, MAX_ADDRESSES, timeout);
    }
    if (rc < 0)
        return rc;
    for (int i = 0; i < n; i++) {
        rc = connect_to(&found[i], kith_left(deadline), s);
        if (rc == 0 || rc == KITH_ETIMEOUT || rc == KITH_EKILLED)
            break;
    }
    return rc;
}
