/* SPDX-License-Identifier: Apache-2.0
 * open_api.c -- a socket is opened, or made of a descriptor, and closed. */
#include <string.h>

#include "actors/io_call.h"
#include "actors/open.h"
#include "core/sock.h"

/* ---- open ---- */

/* The claimed socket is p's, and alive. */
static void
hand_out(struct ki_proc *p, struct ki_socket *s, const kith_open_options *o,
         kith_socket *out)
{
    ki_watch_open(s, o->debug);
    ki_proc_own(p, s);
    *out = (kith_socket){ki_socket_id(s)};
    ki_socket_release(s);
}

static int
adopt(struct ki_proc *p, int fd, int domain, int type, int protocol,
      const kith_open_options *o, kith_socket *out)
{
    struct ki_socket *s =
        ki_socket_new(fd, domain, type, protocol, ki_open_traits(KITH_OPENED, o), p);

    if (!s) {
        (void) ki_seam.close(fd);
        return KITH_ENOMEM;
    }
    hand_out(p, s, o, out);
    return 0;
}

/* Is the descriptor one of a socket of ours? A look, for a mistake that is worth naming. */
static bool
is_held(int fd)
{
    for (uint32_t i = 0;; i++) {
        struct ki_socket *s =
            (struct ki_socket *) (void *) ki_slots_at(&ki_runtime.sockets, i);

        if (!s)
            return false;
        uint64_t w = ki_load_acq(&s->task.mbox); /* 0: never used */
        if (w != 0 && !(w & KI_MBOX_DEAD) && ki_load_rlx(&s->fd) == fd)
            return true;
    }
}

/* What the descriptor has been through before it came here. */
static uint32_t
state_of(int fd, bool listening)
{
    struct ki_native_addr a = {.len = sizeof a.bytes};
    kith_sockaddr local;
    uint32_t state = listening ? KITH_STATE_LISTENING : 0;

    if (ki_seam.sockname(fd, a.bytes, &a.len) >= 0 &&
        ki_sockaddr_from_native(&a, &local) == 0 &&
        (local.domain == KITH_LOCAL ? local.local.len : kith_sockaddr_port(&local)) != 0)
        state |= KITH_STATE_BOUND;
    a.len = sizeof a.bytes;
    if (ki_seam.peername(fd, a.bytes, &a.len) >= 0)
        state |= KITH_STATE_CONNECTED;
    return state;
}

static int
import(struct ki_proc *p, const kith_open_options *o, kith_socket *out)
{
    int domain, type, protocol, rc, fd = o->fd;
    bool listening;

    if (is_held(o->fd))
        return KITH_EBUSY;
    rc = ki_sock_describe(o->fd, &domain, &type, &protocol, &listening);
    if (rc == 0 && o->dup)
        rc = fd = ki_seam.dup(o->fd);
    if (rc < 0)
        return rc;
    rc = ki_seam.set_blocking(fd, false);
    if (rc >= 0) {
        struct ki_socket *s =
            ki_socket_new(fd, domain, type, protocol,
                          ki_open_traits(o->dup ? KITH_IMPORTED : KITH_BORROWED, o), p);

        rc = s ? 0 : KITH_ENOMEM;
        if (s) {
            s->shared = s->may_linger = true; /* as far as we know */
            ki_socket_note(s, state_of(fd, listening), 0);
            hand_out(p, s, o, out);
        }
    }
    if (rc < 0 && o->dup)
        (void) ki_seam.close(fd);
    return rc < 0 ? rc : 0;
}

int
ki_open_options(kith_open_options *ours, const kith_open_options *theirs)
{
    *ours = (kith_open_options) KITH_OPEN_OPTIONS_INIT;
    if (!theirs) {
        ours->use_registry = !ki_load_rlx(&ki_runtime.unlisted);
        return 0;
    }
    if (theirs->size < sizeof theirs->size || theirs->size > sizeof *ours)
        return KITH_EINVAL;
    memcpy(ours, theirs, theirs->size);
    return ours->netns && ours->fd >= 0 ? KITH_EINVAL : 0;
}

int
kith_socket_open(int domain, int type, int protocol, const kith_open_options *extra,
                 kith_socket *s)
{
    struct ki_proc *p;
    kith_open_options o;
    int fd, native_domain, native_type, rc = ki_enter(&p);

    if (rc == 0)
        rc = s ? ki_open_options(&o, extra) : KITH_EINVAL;
    if (rc < 0)
        return rc;
    if (o.fd >= 0)
        return import(p, &o, s);
    if (o.netns)
        return ki_open_elsewhere(domain, type, protocol, &o, s);
    native_domain = ki_domain_to_native(domain);
    native_type = ki_type_to_native(type);
    if (native_domain < 0 || native_type < 0)
        return native_domain < 0 ? native_domain : native_type;
    /* Before the descriptor is there: it may die in the charge. */
    ki_proc_charge(p, KI_CALL_COST);
    fd = ki_seam.socket(native_domain, native_type, protocol);
    return fd < 0 ? fd : adopt(p, fd, domain, type, protocol, &o, s);
}

/* ---- close ---- */

static int
close_by_message(struct ki_proc *p, struct ki_socket *s, kith_socket h)
{
    struct ki_io io = {.kind = KI_OP_CLOSE};
    struct ki_op *op = ki_io_request(p, s, h, &io, UINT64_MAX);

    if (!op)
        return KITH_ENOMEM;
    if (p->body == KI_BODY_HANDLER) { /* which cannot wait: it goes on by itself */
        op->forgotten = true;
        return 0;
    }
    return (int) ki_op_await_soon(p, op, "socket_close", NULL);
}

int
kith_socket_close(kith_socket h)
{
    struct ki_proc *p;
    struct ki_socket *s;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    p->partial = 0;
    s = ki_socket_find(h);
    if (!s)
        return ki_claim_gone(h);
    ki_proc_charge(p, KI_CALL_COST);
    if (!ki_claim_allowed(p) || !ki_claim_take(s, h))
        return close_by_message(p, s, h);
    if (ki_socket_is_in_use(s)) { /* which takes a moment */
        ki_socket_release(s);
        return close_by_message(p, s, h);
    }
    ki_socket_begin_close(s);
    if (!ki_socket_end_close(s, p)) /* stopped operations are still to be unlinked */
        ki_socket_release(s);
    return 0;
}
