/* SPDX-License-Identifier: Apache-2.0
 * sockopt_api.c -- options: named rows of the table, and native ones. */
#include "actors/otp_opt.h"
#include "actors/socket.h"
#include "core/seam.h"
#include "core/sockopt.h"

/* `v` is the caller's, `len` its length or room; the answer's length is left there. */
struct opt_call {
    const struct ki_sockopt *row;
    void *v;
    size_t len;
};

struct native_call {
    int level, number;
    kith_iov bytes;
    unsigned len;
};

/* ---- named ---- */

/* The native value is made and dropped under the claim: its caller may be killed while it waits,
 * and would leave it behind. */
static int
do_set(struct ki_socket *s, void *arg)
{
    struct opt_call *c = arg;
    struct ki_optval val;
    int rc = ki_sockopt_encode(c->row, c->v, c->len, &val);

    if (rc < 0)
        return rc;
    rc = ki_seam.setopt(ki_socket_fd(s), c->row->native_level, c->row->native_number,
                        val.data, val.len);
    ki_optval_drop(&val);
    if (rc >= 0 && c->row->id == KITH_OPT_SOCKET_LINGER)
        s->may_linger = true;
    return rc;
}

int
kith_socket_setopt(kith_socket s, kith_opt o, const void *v, size_t len)
{
    struct opt_call c = {.row = ki_seam.opt_row(o),
                         .v = kith_iov_of(v, len).base,
                         .len = len};
    int rc;

    if (!c.row || !v)
        return KITH_EINVAL;
    if (c.row->kind == KI_OPT_OTP)
        return ki_otp_setopt(s, c.row, v, len);
    rc = ki_sockopt_may_set(c.row, len);
    return rc < 0 ? rc : ki_socket_call_self(s, do_set, &c);
}

static int
do_get(struct ki_socket *s, void *arg)
{
    struct opt_call *c = arg;
    struct ki_optval val;
    ptrdiff_t rc = ki_sockopt_ask(c->row, c->v, &val);

    if (rc < 0)
        return (int) rc;
    rc = ki_seam.getopt(ki_socket_fd(s), c->row->native_level, c->row->native_number,
                        val.data, &val.len);
    if (rc >= 0)
        rc = ki_sockopt_decode(c->row, &val, c->v, c->len);
    ki_optval_drop(&val);
    if (rc < 0)
        return (int) rc;
    c->len = (size_t) rc;
    return 0;
}

ptrdiff_t
kith_socket_getopt(kith_socket s, kith_opt o, void *v, size_t cap)
{
    struct opt_call c = {.row = ki_seam.opt_row(o), .v = v, .len = cap};
    int rc;

    if (!c.row || !v)
        return KITH_EINVAL;
    if (c.row->kind == KI_OPT_OTP)
        return ki_otp_getopt(s, c.row, v, cap);
    rc = ki_sockopt_may_get(c.row, cap);
    if (rc == 0)
        rc = ki_socket_call_self(s, do_get, &c);
    return rc < 0 ? rc : (ptrdiff_t) c.len;
}

int
kith_socket_setopt_int(kith_socket s, kith_opt o, int v)
{
    const struct ki_sockopt *row = ki_sockopt_find(o);

    return row && ki_sockopt_is_int(row) ? kith_socket_setopt(s, o, &v, sizeof v)
                                         : KITH_EINVAL;
}

int
kith_socket_getopt_int(kith_socket s, kith_opt o, int *v)
{
    const struct ki_sockopt *row = ki_sockopt_find(o);
    ptrdiff_t n;

    if (!row || !v || !ki_sockopt_is_int(row))
        return KITH_EINVAL;
    n = kith_socket_getopt(s, o, v, sizeof *v);
    return n < 0 ? (int) n : 0;
}

/* ---- native ---- */

static int
do_set_native(struct ki_socket *s, void *arg)
{
    struct native_call *c = arg;

    s->may_linger = true; /* it may have been that one: close will ask */
    return ki_seam.setopt(ki_socket_fd(s), c->level, c->number, c->bytes.base,
                          (unsigned) c->bytes.len);
}

int
kith_socket_setopt_native(kith_socket s, int level, int number, kith_iov v)
{
    struct native_call c = {.level = level, .number = number, .bytes = v};

    return (v.len && !v.base) || v.len > INT32_MAX
               ? KITH_EINVAL
               : ki_socket_call_self(s, do_set_native, &c);
}

static int
do_get_native(struct ki_socket *s, void *arg)
{
    struct native_call *c = arg;

    return ki_seam.getopt(ki_socket_fd(s), c->level, c->number, c->bytes.base, &c->len);
}

ptrdiff_t
kith_socket_getopt_native(kith_socket s, int level, int number, kith_iov v)
{
    struct native_call c = {.level = level,
                            .number = number,
                            .bytes = v,
                            .len = (unsigned) v.len};
    int rc;

    if ((v.len && !v.base) || v.len > INT32_MAX)
        return KITH_EINVAL;
    rc = ki_socket_call_self(s, do_get_native, &c);
    return rc < 0 ? rc : (ptrdiff_t) c.len;
}
