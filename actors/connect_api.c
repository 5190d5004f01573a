/* SPDX-License-Identifier: Apache-2.0
 * connect_api.c -- how a socket comes by its names and its peer, and parts from it. */
#include "actors/io_call.h"
#include "actors/later.h"
#include "core/sock.h"

/* ---- names ---- */

static int
do_bind(struct ki_socket *s, void *arg)
{
    const struct ki_native_addr *a = arg;
    int rc = ki_seam.bind(ki_socket_fd(s), a->bytes, a->len);

    ki_watch_call(s, "bind", rc);
    if (rc >= 0)
        ki_socket_note(s, KITH_STATE_BOUND, 0);
    return rc;
}

int
kith_socket_bind(kith_socket s, const kith_sockaddr *a)
{
    struct ki_native_addr native;
    int rc = a ? ki_sockaddr_to_native(a, &native) : KITH_EINVAL;

    return rc < 0 ? rc : ki_socket_call_self(s, do_bind, &native);
}

struct name_call {
    int (**get)(int fd, void *addr, unsigned *len);
    kith_sockaddr *out;
};

static int
do_name(struct ki_socket *s, void *arg)
{
    struct name_call *c = arg;
    struct ki_native_addr native = {.len = sizeof native.bytes};
    int rc = (*c->get)(ki_socket_fd(s), native.bytes, &native.len);

    return rc < 0 ? rc : ki_sockaddr_from_native(&native, c->out);
}

int
kith_socket_sockname(kith_socket s, kith_sockaddr *a)
{
    struct name_call c = {&ki_seam.sockname, a};

    return a ? ki_socket_call_self(s, do_name, &c) : KITH_EINVAL;
}

int
kith_socket_peername(kith_socket s, kith_sockaddr *a)
{
    struct name_call c = {&ki_seam.peername, a};

    return a ? ki_socket_call_self(s, do_name, &c) : KITH_EINVAL;
}

/* ---- connect ---- */

static int
ask_connect(struct ki_io *io, const kith_sockaddr *a)
{
    *io = (struct ki_io){.kind = KI_OP_CONNECT, .u.addr = a};
    return a ? 0 : KITH_EINVAL;
}

int
kith_socket_connect(kith_socket s, const kith_sockaddr *a, kith_ms timeout)
{
    struct ki_io io;
    int rc = ask_connect(&io, a);

    return rc < 0 ? rc : (int) ki_io_call(s, &io, timeout, "socket_connect");
}

int
kith_socket_connect_start(kith_socket s, const kith_sockaddr *a, kith_ms timeout,
                          kith_future *f)
{
    struct ki_io io;
    int rc = ask_connect(&io, a);

    return rc < 0 ? rc : ki_io_start(s, &io, timeout, f);
}

/* ---- listen, accept ---- */

static int
do_listen(struct ki_socket *s, void *arg)
{
    int backlog = *(int *) arg;
    int rc = ki_seam.listen(ki_socket_fd(s),
                            backlog ? backlog : INT32_MAX); /* the system cuts it */

    ki_watch_call(s, "listen", rc);
    if (rc < 0)
        return rc;
    s->ready |= KI_READY_IN; /* whatever was seen before it listened */
    /* seq_cst: a stop sees that it listens (stop_listening in runtime.c), or we see the stop. */
    ki_store_seq(&s->state, ki_load_rlx(&s->state) | KITH_STATE_LISTENING);
    if (!ki_load_seq(&ki_runtime.stopping))
        return 0;
    (void) ki_socket_stop_listening(s, NULL);
    return KITH_ESTOPPED;
}

int
kith_socket_listen(kith_socket s, int backlog)
{
    return ki_socket_call_self(s, do_listen, &backlog);
}

int
kith_socket_accept(kith_socket s, kith_ms timeout, kith_socket *c)
{
    struct ki_io io = {.kind = KI_OP_ACCEPT};
    struct ki_proc *p;
    int rc;

    if (!c)
        return KITH_EINVAL;
    rc = (int) ki_io_call(s, &io, timeout, "socket_accept");
    if (rc == 0) {
        *c = io.won;
        if (ki_enter(&p) == 0)
            ki_socket_take(p, io.won);
    }
    return rc;
}

int
kith_socket_accept_start(kith_socket s, kith_ms timeout, kith_future *f)
{
    struct ki_io io = {.kind = KI_OP_ACCEPT};

    return ki_io_start(s, &io, timeout, f);
}

/* ---- the end ---- */

static int
do_shutdown(struct ki_socket *s, void *arg)
{
    const int how = ki_later_shutdown(s, *(int *) arg);
    int rc;

    if (!how)
        return 0;
    rc = ki_seam.shutdown(ki_socket_fd(s), ki_sock_how(how));
    ki_watch_call(s, "shutdown", rc);
    if (rc >= 0)
        ki_socket_note(s,
                       (how & KITH_SHUT_READ ? KITH_STATE_READ_SHUT : 0u) |
                           (how & KITH_SHUT_WRITE ? KITH_STATE_WRITE_SHUT : 0u),
                       0);
    return rc;
}

int
kith_socket_shutdown(kith_socket s, int how)
{
    int rc = ki_sock_how(how);

    return rc < 0 ? rc : ki_socket_call_self(s, do_shutdown, &how);
}
