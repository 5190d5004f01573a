/* SPDX-License-Identifier: Apache-2.0
 * otp_opt.c -- options of level otp. */
#include "actors/otp_opt.h"

#include <kith/socket_info.h>
#include <string.h>

#include "actors/later.h"
#include "actors/socket.h"
#include "core/sockcmsg.h"

/* In or out, in the form that the caller sees. */
union otp_value {
    int number;
    uint64_t meta;
    kith_pid pid;
    kith_rcvbuf rcvbuf;
};

struct otp_call {
    kith_opt id;
    uint64_t self; /* who calls */
    union otp_value v;
    size_t len;
};

/* ---- set ---- */

/* 0: the default. */
static int
set_size(uint32_t *size, int number)
{
    if (number < 0)
        return KITH_EINVAL;
    *size = (uint32_t) number;
    return 0;
}

static int
set_rcvbuf(struct ki_socket *s, struct ki_otp *o, const struct otp_call *c)
{
    if (c->len == sizeof c->v.number) {
        int rc = set_size(&o->rcvbuf, c->v.number);

        if (rc == 0)
            o->rcvbuf_n = 0;
        return rc;
    }
    if (s->type != KITH_STREAM || c->v.rcvbuf.n == 0 || c->v.rcvbuf.n > INT32_MAX ||
        c->v.rcvbuf.size > INT32_MAX)
        return KITH_EINVAL;
    o->rcvbuf_n = (uint32_t) c->v.rcvbuf.n;
    o->rcvbuf = (uint32_t) c->v.rcvbuf.size;
    return 0;
}

static int
set_meta(struct ki_socket *s, const struct otp_call *c)
{
    if (c->self != ki_load_rlx(&s->owner_id))
        return KITH_EPERM;
    s->rare->meta = c->v.meta;
    return 0;
}

static int
do_set(struct ki_socket *s, void *arg)
{
    const struct otp_call *c = arg;
    struct ki_rare *r = ki_rare(s);

    if (!r)
        return KITH_ENOMEM;
    switch (c->id) {
    case KITH_OPT_OTP_DEBUG:
        return ki_watch_set(s, KI_WATCH_TRACE, c->v.number != 0);
    case KITH_OPT_OTP_IOW:
        return ki_watch_set(s, KI_WATCH_WRAPS, c->v.number != 0);
    case KITH_OPT_OTP_RCVBUF:
        return set_rcvbuf(s, &r->otp, c);
    case KITH_OPT_OTP_RCVCTRLBUF:
        return set_size(&r->otp.rcvctrl, c->v.number);
    case KITH_OPT_OTP_SNDCTRLBUF:
        return set_size(&r->otp.sndctrl, c->v.number);
    case KITH_OPT_OTP_SNDQUEUE:
        return set_size(&r->otp.sndqueue, c->v.number);
    case KITH_OPT_OTP_META:
        return set_meta(s, c);
    default:
        return KITH_ENOPROTOOPT;
    }
}

int
ki_otp_setopt(kith_socket s, const struct ki_sockopt *row, const void *v, size_t len)
{
    struct otp_call c = {.id = row->id, .self = kith_self().id, .len = len};
    const bool pieces = row->id == KITH_OPT_OTP_RCVBUF && len == sizeof(kith_rcvbuf);

    if (!row->set)
        return KITH_ENOPROTOOPT;
    if (len != row->len && !pieces)
        return KITH_EINVAL;
    memcpy(&c.v, v, len);
    return row->id == KITH_OPT_OTP_CONTROLLING_PROCESS ? ki_socket_set_owner(s, c.v.pid)
                                                       : ki_socket_call_self(s, do_set, &c);
}

/* ---- get ---- */

static int
give_number(struct otp_call *c, int number)
{
    c->v.number = number;
    c->len = sizeof c->v.number;
    return 0;
}

/* In the form in which it was set. */
static int
get_rcvbuf(const struct ki_otp *o, struct otp_call *c)
{
    const uint32_t size = o->rcvbuf ? o->rcvbuf : KI_RCVBUF;

    if (o->rcvbuf_n == 0)
        return give_number(c, (int) size);
    c->v.rcvbuf = (kith_rcvbuf){.n = o->rcvbuf_n, .size = size};
    c->len = sizeof c->v.rcvbuf;
    return 0;
}

static int
do_get(struct ki_socket *s, void *arg)
{
    const struct ki_otp o = ki_rare_otp(s);
    struct otp_call *c = arg;

    switch (c->id) {
    case KITH_OPT_OTP_FD:
        return give_number(c, ki_socket_fd(s));
    case KITH_OPT_OTP_DOMAIN:
        return give_number(c, s->domain);
    case KITH_OPT_OTP_TYPE:
        return give_number(c, s->type);
    case KITH_OPT_OTP_PROTOCOL:
        return give_number(c, ki_load_rlx(&s->protocol));
    case KITH_OPT_OTP_DEBUG:
        return give_number(c, (s->watch & KI_WATCH_TRACE) != 0);
    case KITH_OPT_OTP_IOW:
        return give_number(c, (s->watch & KI_WATCH_WRAPS) != 0);
    case KITH_OPT_OTP_USE_REGISTRY:
        return give_number(c, (ki_load_rlx(&s->traits) & KI_TRAIT_UNLISTED) == 0);
    case KITH_OPT_OTP_RCVBUF:
        return get_rcvbuf(&o, c);
    case KITH_OPT_OTP_RCVCTRLBUF:
        return give_number(c, o.rcvctrl ? (int) o.rcvctrl : KI_CTRL_BYTES);
    case KITH_OPT_OTP_SNDCTRLBUF:
        return give_number(c, o.sndctrl ? (int) o.sndctrl : KI_CTRL_BYTES);
    case KITH_OPT_OTP_SNDQUEUE:
        return give_number(c, o.sndqueue ? (int) o.sndqueue : KI_LATER_MARK);
    case KITH_OPT_OTP_CONTROLLING_PROCESS:
        c->v.pid = (kith_pid){ki_load_rlx(&s->owner_id)};
        c->len = sizeof c->v.pid;
        return 0;
    case KITH_OPT_OTP_META:
        c->v.meta = s->rare ? s->rare->meta : 0;
        c->len = sizeof c->v.meta;
        return 0;
    default:
        return KITH_ENOPROTOOPT;
    }
}

ptrdiff_t
ki_otp_getopt(kith_socket s, const struct ki_sockopt *row, void *v, size_t cap)
{
    struct otp_call c = {.id = row->id};
    int rc = ki_socket_call_self(s, do_get, &c);

    if (rc < 0)
        return rc;
    if (cap < c.len)
        return KITH_EINVAL;
    memcpy(v, &c.v, c.len);
    return (ptrdiff_t) c.len;
}
