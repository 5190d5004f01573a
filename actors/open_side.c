/* SPDX-License-Identifier: Apache-2.0
 * open_side.c -- a socket is opened on the side pool, because a worker may enter no other
 * namespace.
 *
 * As with an accept the operation wins a socket: if nobody takes it, it is closed; and a
 * descriptor that comes when the operation has ended is closed at once. */
#include "actors/open.h"

#include <string.h>

#include "actors/claim.h"
#include "actors/socket.h"
#include "core/offload.h"
#include "core/sock.h"

/* Lives until it is done, which may be when nobody is interested any more. */
struct opening {
    struct ki_job job;
    uint64_t op;
    int domain, type, protocol;
    uint32_t traits; /* KI_TRAIT_ */
    bool elsewhere, debug;
    size_t size; /* of all this */
    char netns[];
};

static void
give_back(int fd)
{
    (void) ki_seam.close(fd);
    ki_starved_wake();
}

/* The descriptor, or the code, becomes the operation's result. */
static int
win(struct ki_op *op, const struct opening *o, int fd)
{
    struct ki_proc *owner = ki_load_rlx(&op->starter); /* constant while in use */
    struct ki_socket *s =
        fd < 0 ? NULL
               : ki_socket_new(fd, o->domain, o->type, o->protocol, o->traits, owner);

    if (!s) {
        if (fd >= 0)
            give_back(fd);
        return fd < 0 ? fd : KITH_ENOMEM;
    }
    op->io.won = (kith_socket){ki_socket_id(s)};
    ki_watch_open(s, o->debug);
    ki_socket_release(s);
    return 0;
}

static void
open_it(struct ki_job *j)
{
    struct opening *o = ki_container_of(j, struct opening, job);
    const int domain = ki_domain_to_native(o->domain), type = ki_type_to_native(o->type);
    int fd = o->elsewhere ? ki_seam.socket_in(o->netns, domain, type, o->protocol)
                          : ki_seam.socket(domain, type, o->protocol);
    struct ki_op *op = ki_op_take_by_id(o->op);

    if (op)
        ki_op_complete(op, win(op, o, fd), 0);
    else if (fd >= 0)
        give_back(fd);
    ki_mem_free(o, o->size);
}

static struct opening *
opening_new(int domain, int type, int protocol, const kith_open_options *from)
{
    const size_t len = from->netns ? strlen(from->netns) : 0;
    struct opening *o = ki_mem_alloc(sizeof *o + len + 1);

    if (!o)
        return NULL;
    *o = (struct opening){.job.run = open_it,
                          .domain = domain,
                          .type = type,
                          .protocol = protocol,
                          .traits = ki_open_traits(KITH_OPENED, from),
                          .elsewhere = from->netns != NULL,
                          .debug = from->debug,
                          .size = sizeof *o + len + 1};
    if (from->netns)
        memcpy(o->netns, from->netns, len);
    o->netns[len] = '\0';
    return o;
}

/* 0 and the operation that will win it; or a code. */
static int
begin(struct ki_proc *p, int domain, int type, int protocol, const kith_open_options *from,
      struct ki_op **op)
{
    struct ki_io io = {.kind = KI_OP_OPEN};
    int native_domain = ki_domain_to_native(domain), native_type = ki_type_to_native(type);
    struct opening *o;

    if (native_domain < 0 || native_type < 0)
        return native_domain < 0 ? native_domain : native_type;
    ki_proc_charge(p, KI_CALL_COST);
    o = opening_new(domain, type, protocol, from);
    *op = o ? ki_op_new(p, NULL, 0, &io) : NULL;
    if (!*op) {
        if (o)
            ki_mem_free(o, o->size);
        return KITH_ENOMEM;
    }
    if (!ki_op_offload(*op, &o->job, &o->op)) /* that is its result, as any other */
        ki_mem_free(o, o->size);
    return 0;
}

int
ki_open_elsewhere(int domain, int type, int protocol, const kith_open_options *o,
                  kith_socket *s)
{
    struct ki_proc *p;
    struct ki_op *op;
    struct ki_io io;
    int rc = ki_enter_waiting(&p);

    if (rc == 0)
        rc = begin(p, domain, type, protocol, o, &op);
    if (rc == 0)
        rc = (int) ki_op_await(p, op, UINT64_MAX, "socket_open", &io);
    if (rc == 0) {
        ki_socket_take(p, io.won);
        *s = io.won;
    }
    return rc;
}

int
kith_socket_open_start(int domain, int type, int protocol, const kith_open_options *extra,
                       kith_future *f)
{
    struct ki_proc *p;
    struct ki_op *op;
    kith_open_options o;
    int rc = ki_enter(&p);

    if (rc == 0)
        rc = f ? ki_open_options(&o, extra) : KITH_EINVAL;
    if (rc == 0 && o.fd >= 0)
        rc = KITH_EINVAL;
    if (rc == 0)
        rc = begin(p, domain, type, protocol, &o, &op);
    if (rc == 0)
        *f = ki_op_future(op);
    return rc;
}
