/* SPDX-License-Identifier: Apache-2.0
 * io_accept.c -- one attempt at an accept, or at a peeloff, which makes a connection too.
 *
 *   I1  Of the calls that may wait at most one for each PRICE connections finds none. Such a call
 *       is dear: the kernel makes a socket before it looks. So it is not guessed that behind a
 *       connection there is another; the poller is asked, for one report. Where many come
 *       together a look at the poller for each of them would be dearer: there, guesses spend what
 *       connections have earned. */
#include "actors/io.h"

#include "core/seam.h"
#include "core/sock_sctp.h"

enum { PRICE = 16, EARNED_MAX = 15 * PRICE };

/* The connection was gone before we took it, or its network failed: the next one. */
static bool
is_passing(int rc)
{
    switch (rc) {
    case KITH_ECONNABORTED:
    case KITH_EPROTO:
    case KITH_ENETDOWN:
    case KITH_ENETUNREACH:
    case KITH_EHOSTDOWN:
    case KITH_EHOSTUNREACH:
    case KITH_ENOPROTOOPT:
        return true;
    default:
        return false;
    }
}

static bool
is_exhaustion(int rc)
{
    return rc == KITH_EMFILE || rc == KITH_ENFILE || rc == KITH_ENOBUFS ||
           rc == KITH_ENOMEM;
}

static enum ki_attempt
accepted(struct ki_socket *s, struct ki_proc *owner, int fd, struct ki_io *io,
         ptrdiff_t *result)
{
    const uint32_t traits =
        (ki_load_rlx(&s->traits) & KI_TRAIT_UNLISTED) | KI_TRAIT_OF(KITH_ACCEPTED);
    struct ki_rare *heir;
    struct ki_socket *c = NULL;

    if (ki_rare_prepare(s, &heir)) {
        c = ki_socket_new(fd, s->domain, s->type, ki_load_rlx(&s->protocol), traits, owner);
        if (!c)
            ki_rare_free(heir);
    }
    if (!c) {
        (void) ki_seam.close(fd);
        ki_tally_fail(s, KI_TALLY_ACCEPT, KITH_ENOMEM);
        return ki_io_done(result, KITH_ENOMEM);
    }
    ki_socket_note(c, KITH_STATE_CONNECTED, 0);
    c->may_linger = s->may_linger; /* which the kernel hands down */
    ki_rare_inherit(c, s, heir);
    io->won = (kith_socket){ki_socket_id(c)};
    ki_socket_release(c);
    ki_tally_accepted(s, io->won.id);
    return ki_io_done(result, 0);
}

/* The poller will tell of the next one, also if it is there already. */
static enum ki_attempt
wait_for_one(struct ki_socket *s, ptrdiff_t *result)
{
    int rc;

    if (s->registered == KI_REGISTERED_EDGES) { /* it has not always listened */
        ki_sched.poller->forget(ki_socket_fd(s));
        s->registered = KI_REGISTERED_NOT;
    }
    rc = ki_sched.poller->once(ki_socket_fd(s), ki_socket_id(s),
                               s->registered == KI_REGISTERED_ONCE);
    if (rc < 0)
        return ki_io_done(result, rc);
    s->registered = KI_REGISTERED_ONCE;
    s->ready &= ~(uint32_t) KI_READY_IN;
    s->untold = false;
    return KI_TRY_AGAIN;
}

/* I1. */
static bool
is_a_bad_guess(const struct ki_socket *s, const struct ki_io *io)
{
    return s->untold && s->registered && s->earned < PRICE && !io->once;
}

static void
note_call(struct ki_socket *s, bool found)
{
    s->untold = found;
    if (!found)
        s->earned = s->earned < PRICE ? 0 : s->earned - PRICE;
    else if (s->earned < EARNED_MAX)
        s->earned++;
}

enum ki_attempt
ki_io_accept(struct ki_socket *s, struct ki_proc *owner, struct ki_io *io,
             ptrdiff_t *result)
{
    if (s->stopped)
        return ki_io_done(result, KITH_ESTOPPED);
    if (s->starved && s->retry_out && !s->retry_now) { /* cooling down */
        s->ready &= ~(uint32_t) KI_READY_IN;
        return KI_TRY_AGAIN;
    }
    if (is_a_bad_guess(s, io))
        return wait_for_one(s, result);
    for (int i = 0; i < 64; i++) {
        int fd = ki_seam.accept(ki_socket_fd(s), NULL, NULL);

        if (fd == KITH_EAGAIN)
            ki_tally_miss(s, KI_TALLY_ACCEPT);
        else if (fd < 0)
            ki_tally_fail(s, KI_TALLY_ACCEPT, fd);
        if (is_passing(fd))
            continue;
        if (is_exhaustion(fd) && ki_rare(s)) { /* else the next comes as this one did */
            s->ready &=
                ~(uint32_t) KI_READY_IN; /* the others wait for the timer, or a close */
            s->retry_now = false;
            ki_socket_retry_at(s, ki_starved_begin(s));
            return ki_io_done(result, fd);
        }
        ki_starved_end(s);
        if (fd >= 0 || fd == KITH_EAGAIN)
            note_call(s, fd >= 0);
        if (fd >= 0)
            return accepted(s, owner, fd, io, result);
        if (fd == KITH_EAGAIN)
            return wait_for_one(s, result);
        return ki_io_done(result, fd);
    }
    ki_socket_go_on_later(s);
    return KI_TRY_AGAIN;
}

enum ki_attempt
ki_io_peeloff(struct ki_socket *s, struct ki_proc *owner, struct ki_io *io,
              ptrdiff_t *result)
{
    const int fd = ki_sctp_peeloff(ki_socket_fd(s), io->assoc);

    return fd < 0 ? ki_io_done(result, fd) : accepted(s, owner, fd, io, result);
}
