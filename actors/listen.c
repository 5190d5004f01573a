/* SPDX-License-Identifier: Apache-2.0
 * listen.c -- the calls of listener.h, and how a listener's socket comes to listen.
 *
 * A start waits for the process's word (start.h), which comes when its socket listens. */
#include <string.h>

#include "actors/listener.h"
#include "actors/server.h"
#include "actors/start.h"
#include "core/seam.h"

enum { ACCEPTORS = 16, ACCEPTORS_MAX = 4096, SHUTDOWN_MS = 5000, LOOK_MS = 5000 };

static const kith_iov nothing = {NULL, 0};

/* ---- the socket ---- */

/* Is there a path at which nobody listens any more? Then it goes. */
static bool
take_over(const kith_sockaddr *where)
{
    char path[sizeof where->local.path + 1] = {0};
    kith_socket probe;
    int rc;

    if (where->domain != KITH_LOCAL || where->local.path[0] == '\0' ||
        kith_socket_open(KITH_LOCAL, KITH_STREAM, 0, NULL, &probe) < 0)
        return false;
    rc = kith_socket_connect(probe, where, 0);
    kith_socket_close(probe);
    memcpy(path, where->local.path, where->local.len);
    return rc == KITH_ECONNREFUSED && ki_seam.unlink_socket(path) == 0;
}

static int
bind_to(kith_socket s, const struct ki_listening *l)
{
    int rc = 0;

    if (l->opt.reuse_addr && l->where.domain != KITH_LOCAL)
        rc = kith_socket_setopt_int(s, KITH_OPT_SOCKET_REUSEADDR, 1);
    if (rc == 0 && l->opt.reuse_port)
        rc = kith_socket_setopt_int(s, KITH_OPT_SOCKET_REUSEPORT, 1);
    if (rc == 0)
        rc = kith_socket_bind(s, &l->where);
    if (rc == KITH_EADDRINUSE && l->opt.reuse_addr && take_over(&l->where))
        rc = kith_socket_bind(s, &l->where);
    return rc;
}

/* One that listens already does so as its maker has said, unless we say more. */
static int
listen_at(kith_socket s, const struct ki_listening *l)
{
    int rc = 0, listens = 0;

    if (l->opt.fd >= 0 && l->opt.backlog == 0)
        rc = kith_socket_getopt_int(s, KITH_OPT_SOCKET_ACCEPTCONN, &listens);
    if (rc < 0 || listens)
        return rc < 0 ? rc : kith_stopping() ? KITH_ESTOPPED : 0;
    return kith_socket_listen(s, l->opt.backlog);
}

int
ki_listener_open(const struct ki_listening *l, kith_socket *s)
{
    kith_open_options o = KITH_OPEN_OPTIONS_INIT;
    int rc;

    o.fd = l->opt.fd; /* -1: a new one */
    rc = kith_socket_open(l->where.domain, KITH_STREAM, 0, &o, s);
    if (rc < 0)
        return rc;
    if (l->opt.fd < 0)
        rc = bind_to(*s, l);
    if (rc == 0)
        rc = listen_at(*s, l);
    if (rc < 0)
        kith_socket_close(*s);
    return rc;
}

/* ---- start ---- */

/* The caller's struct, of the size it was compiled with, over our defaults; the defaults that are
 * said by a 0 are filled in. */
static int
read_options(kith_listener *ours, const kith_listener *theirs)
{
    *ours = (kith_listener) KITH_LISTENER_INIT;
    if (!theirs || theirs->size < sizeof theirs->size || theirs->size > sizeof *ours)
        return KITH_EINVAL;
    memcpy(ours, theirs, theirs->size);
    if (!ours->conn == !ours->server || (ours->len && !ours->arg) || ours->acceptors < 0 ||
        ours->acceptors > ACCEPTORS_MAX || ours->backlog < 0 || ours->fd < -1 ||
        ours->idle_timeout < 0 ||
        (ours->shutdown < 0 && ours->shutdown != KITH_BRUTAL_KILL))
        return KITH_EINVAL;
    if (ours->acceptors == 0)
        ours->acceptors = ACCEPTORS;
    if (ours->idle_timeout == 0)
        ours->idle_timeout = KITH_INFINITY;
    if (ours->shutdown == 0)
        ours->shutdown = SHUTDOWN_MS;
    return 0;
}

/* Those that each connection has for itself make no sense for all of them. */
static int
read_spawn_options(kith_spawn_options *ours, const kith_spawn_options *theirs)
{
    int rc = ki_spawn_options(ours, theirs);

    if (rc == 0 && (ours->link || ours->monitor || ours->give.id || ours->name))
        return KITH_EINVAL;
    return rc;
}

static size_t
size_of(const struct ki_listening *l)
{
    return sizeof *l + l->opt.len;
}

/* All that a listener is to know, in one piece: 0 and *l, to be freed; or a code. */
static int
describe(const char *where, const kith_listener *theirs, const void *site,
         struct ki_listening **l)
{
    struct ki_listening d = {.site = site};
    int rc = read_options(&d.opt, theirs);

    if (rc == 0)
        rc = read_spawn_options(&d.spawn, d.opt.spawn);
    if (rc == 0 && d.opt.fd < 0)
        rc = where ? kith_sockaddr_parse(where, &d.where) : KITH_EINVAL;
    if (rc < 0)
        return rc;
    *l = d.opt.len < PTRDIFF_MAX - sizeof d ? ki_slab_alloc(ki_slab_here(), size_of(&d))
                                            : NULL;
    if (!*l)
        return KITH_ENOMEM;
    **l = d;
    if (d.opt.len)
        memcpy((*l)->arg, d.opt.arg, d.opt.len);
    return 0;
}

static ptrdiff_t
call(kith_pid listener, enum ki_listener_call what, kith_iov request, kith_iov reply,
     kith_ms timeout)
{
    return ki_call(listener, KI_LISTENER_TAG + what, request, reply, timeout);
}

int
ki_listener_spawn(const char *where, const kith_listener *theirs,
                  const kith_spawn_options *o, struct ki_birth b, kith_pid *pid)
{
    struct ki_listening *l = NULL;
    struct ki_proc *self;
    int rc = ki_enter(&self);

    if (rc == 0)
        rc = describe(where, theirs, b.site, &l);
    if (rc < 0)
        return rc;
    b.fn = ki_listener_run;
    b.supervisor = true;
    self->hold_exit++; /* a death in the spawn would leave the piece behind */
    rc = ki_spawn(o, &b, l, size_of(l), pid);
    ki_slab_free(ki_slab_here(), l, size_of(l));
    self->hold_exit--;
    return rc;
}

int
kith_listener_start(const char *where, const kith_listener *theirs, kith_pid *pid)
{
    struct ki_birth b = {.site = __builtin_return_address(0)};
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    struct ki_proc *self;
    struct ki_op *op;
    kith_pid child;
    int rc = ki_enter_waiting(&self);

    if (rc < 0)
        return rc;
    op = ki_start_new(self);
    if (!op)
        return KITH_ENOMEM;
    o.link = true;
    b.start_op = ki_op_future(op).id;
    rc = ki_start_await(self, op, ki_listener_spawn(where, theirs, &o, b, &child),
                        "listener_start");
    if (rc == 0 && pid)
        *pid = child;
    return rc;
}

/* ---- the other calls ---- */

int
kith_listener_stop(kith_pid listener, kith_ms drain)
{
    int n = 0;
    ptrdiff_t rc = drain == KITH_NOWAIT ? KITH_EINVAL
                                        : call(listener, KI_LISTENER_STOP, KITH_IOV(drain),
                                               KITH_IOV(n), KITH_INFINITY);

    if (rc < 0)
        return (int) rc;
    rc = kith_wait(listener, NULL, KITH_INFINITY); /* it has replied: that is near */
    return rc < 0 ? (int) rc : n;
}

int
kith_listener_info(kith_pid listener, struct kith_listener_info *info)
{
    struct kith_listener_info full;
    const size_t size = info ? info->size : 0;
    ptrdiff_t rc;

    if (size < sizeof info->size || size > sizeof full)
        return KITH_EINVAL;
    rc = call(listener, KI_LISTENER_INFO, nothing, KITH_IOV(full), LOOK_MS);
    if (rc < 0)
        return (int) rc;
    full.size = size;
    memcpy(info, &full, size);
    return 0;
}

int
kith_listener_sockname(kith_pid listener, kith_sockaddr *a)
{
    ptrdiff_t rc =
        a ? call(listener, KI_LISTENER_NAME, nothing, KITH_IOV(*a), LOOK_MS) : KITH_EINVAL;

    return rc < 0 ? (int) rc : 0;
}
