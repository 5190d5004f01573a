/* SPDX-License-Identifier: Apache-2.0
 * ioctl.c -- requests of the system by way of a socket: of itself at once, of interfaces aside.
 *
 * What a request needs lies on the stack of its caller, who waits until the operation has ended:
 * while that is BUSY nobody takes it away. */
#include "actors/ioctl.h"

#include "actors/io_call.h"
#include "core/offload.h"
#include "core/sockioctl.h"

struct request {
    const struct ki_sockioctl *row;
    const char *ifname;
    void *v;
    size_t len;
    ptrdiff_t result;
    /* aside */
    struct ki_job job;
    struct ki_node back; /* to the socket: KI_N_ASKED */
    struct ki_op *op;
    int fd, domain;
};

static void
do_request(struct request *r, int fd, int domain)
{
    r->result = r->row->set ? ki_sockioctl_set(fd, domain, r->row, r->ifname, r->v)
                            : ki_sockioctl_get(fd, r->row, r->ifname, r->v, r->len);
}

/* ---- at once ---- */

static int
do_own(struct ki_socket *s, void *arg)
{
    do_request(arg, ki_socket_fd(s), s->domain);
    return 0;
}

/* ---- aside ---- */

static void
run(struct ki_job *j)
{
    struct request *r = ki_container_of(j, struct request, job);

    do_request(r, r->fd, r->domain);
    r->back = (struct ki_node){.to = r->op->request.to, .kind = KI_N_ASKED};
    /* Sure: a socket does not die while its descriptor is in use. From here on r may be gone. */
    KI_CHECK(ki_sched_post(&r->op->socket->task, &r->back, KI_MBOX_DEAD));
}

void
ki_ioctl_begin(struct ki_socket *s, struct ki_op *op)
{
    struct request *r = op->io.arg;
    struct ki_rare *rare = ki_rare(s);
    int rc;

    r->op = op;
    r->fd = ki_socket_fd(s);
    r->domain = s->domain;
    r->job.run = run;
    rc = rare ? ki_offload_submit_kernel(&r->job) : KITH_ENOMEM;
    if (rc < 0)
        ki_op_complete(op, rc, KI_OP_EXECUTOR);
    else
        rare->asked++;
}

void
ki_ioctl_end(struct ki_socket *s, struct ki_node *asked)
{
    struct request *r = ki_container_of(asked, struct request, back);

    s->rare->asked--;
    ki_op_complete(r->op, r->result, KI_OP_EXECUTOR);
}

static ptrdiff_t
request_aside(kith_socket h, struct request *r)
{
    struct ki_io io = {.kind = KI_OP_IOCTL, .arg = r};
    struct ki_proc *p;
    struct ki_socket *s;
    struct ki_op *op;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    p->partial = 0;
    s = ki_socket_find(h);
    if (!s)
        return ki_claim_gone(h);
    ki_proc_charge(p, KI_CALL_COST);
    op = ki_io_request(p, s, h, &io, UINT64_MAX);
    return op ? ki_op_await_soon(p, op, "socket_ioctl", NULL) : KITH_ENOMEM;
}

/* ---- the calls ---- */

static ptrdiff_t
request(kith_socket h, struct request *r, bool set)
{
    int rc =
        r->row ? ki_sockioctl_check(r->row, set, r->ifname, r->v, r->len) : KITH_EINVAL;

    if (rc < 0)
        return rc;
    if (ki_sockioctl_waits(r->row))
        return request_aside(h, r);
    rc = ki_socket_call_self(h, do_own, r);
    return rc < 0 ? rc : r->result;
}

ptrdiff_t
kith_socket_ioctl(kith_socket s, kith_ioctl r, const char *ifname, void *v, size_t cap)
{
    struct request q = {.row = ki_sockioctl_find(r), .ifname = ifname, .v = v, .len = cap};

    return request(s, &q, false);
}

int
kith_socket_ioctl_set(kith_socket s, kith_ioctl r, const char *ifname, const void *v,
                      size_t len)
{
    struct request q = {.row = ki_sockioctl_find(r),
                        .ifname = ifname,
                        .v = kith_iov_of(v, len).base,
                        .len = len};

    return (int) request(s, &q, true);
}
