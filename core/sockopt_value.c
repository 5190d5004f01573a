/* SPDX-License-Identifier: Apache-2.0
 * sockopt_value.c -- the values of options, into the system's form and back. */
#define _GNU_SOURCE
#include <limits.h>
#include <string.h>

#include <kith/socket_msg.h>
#include <sys/time.h>

#include "core/error.h"
#include "core/mem.h"
#include "core/os_net.h"
#include "core/sockaddr.h"
#include "core/sockopt.h"
#include "core/sockopt_sctp_value.h"
#include "core/sockopt_tcp_value.h"

int
ki_optval_room(struct ki_optval *val, unsigned len)
{
    val->more = len > sizeof val->bytes ? len : 0;
    val->data = val->more ? ki_mem_alloc(len) : val->bytes;
    val->len = len;
    if (!val->data)
        return KITH_ENOMEM;
    memset(val->data, 0, len);
    return 0;
}

void
ki_optval_drop(struct ki_optval *val)
{
    if (val->more)
        ki_mem_free(val->data, val->more);
    val->more = 0;
}

unsigned
ki_sockopt_native_len(const struct ki_sockopt *row)
{
    if (!row->get)
        return 0;
    switch (row->kind) {
    case KI_OPT_OTP:
        return 0;
    case KI_OPT_LINGER:
        return sizeof(struct linger);
    case KI_OPT_MULTICAST_IF:
        return sizeof(struct in_addr);
    case KI_OPT_MS:
        return sizeof(struct timeval);
    case KI_OPT_CREDENTIALS:
        return sizeof(kith_credentials); /* as long as struct ucred, where there is one */
    case KI_OPT_UINT64:
        return sizeof(uint64_t);
    case KI_OPT_CONNECTION:
        return ki_tcp_info_len();
    case KI_OPT_TEXT:
    case KI_OPT_BYTES:
    case KI_OPT_ACCEPT_FILTER:
    case KI_OPT_ALIKE:
        return row->len;
    case KI_OPT_SCTP:
        return ki_sctp_opt_len(row);
    default:
        return sizeof(int);
    }
}

/* ---- into the system's ---- */

int
ki_optval_store(struct ki_optval *out, const void *native, unsigned len)
{
    int rc = ki_optval_room(out, len);

    if (rc == 0)
        memcpy(out->data, native, len);
    return rc;
}

static int
encode_linger(const void *v, struct ki_optval *out)
{
    kith_linger in;
    struct linger native;

    memcpy(&in, v, sizeof in);
    if (in.seconds < 0)
        return KITH_EINVAL;
    native.l_onoff = in.on;
    native.l_linger = in.seconds;
    return ki_optval_store(out, &native, sizeof native);
}

static int
encode_int(const struct ki_sockopt *row, const void *v, struct ki_optval *out)
{
    int number;

    memcpy(&number, v, sizeof number);
    if (row->kind == KI_OPT_BOOL)
        number = number != 0;
    return ki_optval_store(out, &number, sizeof number);
}

/* The longest that the system can say: on some 68 years. */
#define SECONDS_MAX (sizeof(time_t) < sizeof(int64_t) ? INT32_MAX : INT64_MAX)

static int
encode_ms(const void *v, struct ki_optval *out)
{
    kith_ms in;
    struct timeval native;

    memcpy(&in, v, sizeof in);
    if (in < 0)
        return KITH_EINVAL;
    memset(&native, 0, sizeof native);
    native.tv_sec = (time_t) ki_min_u64((uint64_t) in / 1000, SECONDS_MAX);
    native.tv_usec = (suseconds_t) (in % 1000 * 1000);
    return ki_optval_store(out, &native, sizeof native);
}

static int
encode_domain(const void *v, struct ki_optval *out)
{
    int domain;

    memcpy(&domain, v, sizeof domain);
    domain = ki_domain_to_native(domain);
    return domain < 0 ? KITH_EINVAL : ki_optval_store(out, &domain, sizeof domain);
}

/* A NUL may stand at its end, none inside. */
static int
encode_text(const struct ki_sockopt *row, const void *v, size_t len, struct ki_optval *out)
{
    const char *end = memchr(v, 0, len);
    size_t n = end ? (size_t) (end - (const char *) v) : len;
    int rc;

    if (n >= row->len || (end && n + 1 != len))
        return KITH_EINVAL;
    rc = ki_optval_room(out, (unsigned) n + 1);
    if (rc == 0)
        memcpy(out->data, v, n);
    return rc;
}

static int
encode_multicast_if(const void *v, struct ki_optval *out)
{
    kith_multicast_if in;
    struct ip_mreqn native;

    memcpy(&in, v, sizeof in);
    memset(&native, 0, sizeof native);
    native.imr_ifindex = (int) in.ifindex;
    if (in.local.domain == KITH_INET)
        memcpy(&native.imr_address, in.local.inet.addr, sizeof native.imr_address);
    else if (in.local.domain != 0)
        return KITH_EINVAL;
    return ki_optval_store(out, &native, sizeof native);
}

#if KI_HAVE_MCAST
/* An address of the row's family, as RFC 3678 has it in its structs. */
static int
put_address(const struct ki_sockopt *row, const kith_sockaddr *a,
            struct sockaddr_storage *out)
{
    struct ki_native_addr native;
    int rc;

    if (a->domain != (row->native_level == IPPROTO_IP ? KITH_INET : KITH_INET6))
        return KITH_EINVAL;
    rc = ki_sockaddr_to_native(a, &native);
    if (rc == 0)
        memcpy(out, native.bytes, native.len);
    return rc;
}

/* The interface of a group. */
static uint32_t
interface_of(const kith_sockaddr *group, uint32_t ifindex)
{
    return ifindex == 0 && group->domain == KITH_INET6 ? group->inet6.scope_id : ifindex;
}

static int
encode_mreq(const struct ki_sockopt *row, const void *v, struct ki_optval *out)
{
    kith_mreq in;
    struct group_req native;
    int rc;

    memcpy(&in, v, sizeof in);
    memset(&native, 0, sizeof native);
    native.gr_interface = interface_of(&in.group, in.ifindex);
    rc = put_address(row, &in.group, &native.gr_group);
    return rc < 0 ? rc : ki_optval_store(out, &native, sizeof native);
}

static int
encode_mreq_source(const struct ki_sockopt *row, const void *v, struct ki_optval *out)
{
    kith_mreq_source in;
    struct group_source_req native;
    int rc;

    memcpy(&in, v, sizeof in);
    memset(&native, 0, sizeof native);
    native.gsr_interface = interface_of(&in.group, in.ifindex);
    rc = put_address(row, &in.group, &native.gsr_group);
    if (rc == 0)
        rc = put_address(row, &in.source, &native.gsr_source);
    return rc < 0 ? rc : ki_optval_store(out, &native, sizeof native);
}

#if KI_HAVE_MSFILTER
/* More than any system allows; its own bound is the one that is met. */
enum { SOURCES_MAX = 4096 };

static int
fill_filter(const struct ki_sockopt *row, const kith_msfilter *in,
            struct group_filter *native)
{
    int rc = put_address(row, &in->group, &native->gf_group);

    native->gf_interface = interface_of(&in->group, in->ifindex);
    native->gf_fmode = in->mode == KITH_FILTER_INCLUDE ? MCAST_INCLUDE : MCAST_EXCLUDE;
    native->gf_numsrc = (uint32_t) in->n_sources;
    for (size_t i = 0; rc == 0 && i < in->n_sources; i++)
        rc = put_address(row, &in->sources[i], native->gf_slist + i);
    return rc;
}

static int
encode_msfilter(const struct ki_sockopt *row, const void *v, struct ki_optval *out)
{
    kith_msfilter in;
    int rc;

    memcpy(&in, v, sizeof in);
    if ((in.mode != KITH_FILTER_INCLUDE && in.mode != KITH_FILTER_EXCLUDE) ||
        (in.n_sources && !in.sources))
        return KITH_EINVAL;
    if (in.n_sources > SOURCES_MAX)
        return KITH_ENOBUFS;
    rc = ki_optval_room(out, (unsigned) GROUP_FILTER_SIZE(in.n_sources));
    if (rc < 0)
        return rc;
    rc = fill_filter(row, &in, out->data);
    if (rc < 0)
        ki_optval_drop(out);
    return rc;
}
#endif
#endif

static int
encode_uint8(const void *v, struct ki_optval *out)
{
    int number;
    unsigned char native;

    memcpy(&number, v, sizeof number);
    native = (unsigned char) number;
    return number != native ? KITH_EINVAL : ki_optval_store(out, &native, sizeof native);
}

int
ki_sockopt_ask(const struct ki_sockopt *row, const void *v, struct ki_optval *out)
{
    switch (row->kind) {
    case KI_OPT_ALIKE:
        return ki_optval_store(out, v, row->len);
    case KI_OPT_SCTP:
        return ki_sctp_opt_ask(row, v, out);
    default:
        return ki_optval_room(out, ki_sockopt_native_len(row));
    }
}

int
ki_sockopt_encode(const struct ki_sockopt *row, const void *v, size_t len,
                  struct ki_optval *out)
{
    int rc = ki_sockopt_may_set(row, len);

    if (rc < 0)
        return rc;
    switch (row->kind) {
    case KI_OPT_LINGER:
        return encode_linger(v, out);
    case KI_OPT_MULTICAST_IF:
        return encode_multicast_if(v, out);
#if KI_HAVE_MCAST
    case KI_OPT_MREQ:
        return encode_mreq(row, v, out);
    case KI_OPT_MREQ_SOURCE:
        return encode_mreq_source(row, v, out);
#if KI_HAVE_MSFILTER
    case KI_OPT_MSFILTER:
        return encode_msfilter(row, v, out);
#endif
#endif
    case KI_OPT_MS:
        return encode_ms(v, out);
    case KI_OPT_DOMAIN:
        return encode_domain(v, out);
    case KI_OPT_TEXT:
        return encode_text(row, v, len, out);
    case KI_OPT_BYTES:
    case KI_OPT_ACCEPT_FILTER:
    case KI_OPT_ALIKE:
        return ki_optval_store(out, v, (unsigned) len);
    case KI_OPT_UINT8:
        return encode_uint8(v, out);
    case KI_OPT_SCTP:
        return ki_sctp_opt_encode(row, v, out);
    case KI_OPT_MD5SIG:
        rc = ki_optval_room(out, ki_md5sig_len());
        return rc < 0 ? rc : ki_md5sig_encode(v, out->data);
    default:
        return encode_int(row, v, out);
    }
}

/* ---- out of the system's ---- */

/* The system may linger for longer than its int can say. */
static ptrdiff_t
decode_linger(const struct ki_optval *in, void *v)
{
    struct linger native;
    kith_linger out;

    memcpy(&native, in->data, sizeof native);
    memset(&out, 0, sizeof out);
    out.on = native.l_onoff != 0;
    out.seconds = native.l_linger < 0 ? INT_MAX : native.l_linger;
    memcpy(v, &out, sizeof out);
    return sizeof out;
}

static ptrdiff_t
decode_multicast_if(const struct ki_optval *in, void *v)
{
    kith_multicast_if out;
    static const unsigned char none[4];

    memset(&out, 0, sizeof out);
    if (memcmp(in->data, none, sizeof none) != 0) {
        out.local.domain = KITH_INET;
        memcpy(out.local.inet.addr, in->data, sizeof out.local.inet.addr);
    }
    memcpy(v, &out, sizeof out);
    return sizeof out;
}

/* The system counts in ticks, and may know times that are too long for ours. */
static ptrdiff_t
decode_ms(const struct ki_optval *in, void *v)
{
    struct timeval native;
    kith_ms out;

    memcpy(&native, in->data, sizeof native);
    out = (kith_ms) ((uint64_t) native.tv_usec % 1000000 + 999) / 1000;
    if ((uint64_t) native.tv_sec > (uint64_t) (INT64_MAX - out) / 1000)
        out = INT64_MAX;
    else
        out += (kith_ms) native.tv_sec * 1000;
    memcpy(v, &out, sizeof out);
    return sizeof out;
}

static ptrdiff_t
decode_credentials(const struct ki_optval *in, void *v)
{
#if KI_HAVE_UCRED
    struct ucred native;
    kith_credentials out;

    _Static_assert(sizeof native == sizeof out, "ki_sockopt_native_len");
    memcpy(&native, in->data, sizeof native);
    out = (kith_credentials){.pid = native.pid, .uid = native.uid, .gid = native.gid};
    memcpy(v, &out, sizeof out);
    return sizeof out;
#else
    (void) in;
    (void) v;
    return KITH_ENOPROTOOPT;
#endif
}

/* What the system gave may end with a NUL, or not; what we give does. */
static ptrdiff_t
decode_text(const struct ki_optval *in, void *v, size_t cap)
{
    const char *end = memchr(in->data, 0, in->len);
    size_t n = end ? (size_t) (end - (const char *) in->data) : in->len;
    static const char nul = 0;

    if (cap <= n)
        return KITH_EINVAL;
    memcpy(v, in->data, n);
    memcpy((char *) v + n, &nul, 1);
    return (ptrdiff_t) n;
}

static ptrdiff_t
decode_bytes(const struct ki_optval *in, void *v, size_t cap)
{
    if (cap < in->len)
        return KITH_EINVAL;
    memcpy(v, in->data, in->len);
    return (ptrdiff_t) in->len;
}

/* What an older system did not write stays as it was asked. */
static ptrdiff_t
decode_alike(const struct ki_sockopt *row, const struct ki_optval *in, void *v)
{
    memcpy(v, in->data, in->len < row->len ? in->len : row->len);
    return row->len;
}

static ptrdiff_t
decode_tcp_info(const struct ki_optval *in, void *v)
{
    kith_tcp_info out;

    ki_tcp_info_decode(in->data, in->len, &out);
    memcpy(v, &out, sizeof out);
    return sizeof out;
}

/* The least that the system must have given. */
static unsigned
least_len(const struct ki_sockopt *row)
{
    switch (row->kind) {
    case KI_OPT_TEXT:
    case KI_OPT_BYTES:
        return 0;
    case KI_OPT_CONNECTION:
    case KI_OPT_ALIKE:
    case KI_OPT_SCTP:
        return 1; /* older systems know less */
    default:
        return ki_sockopt_native_len(row);
    }
}

/* The public number of a native one, or a code in *rc. */
static int
number_of(enum ki_opt_kind kind, int native, int *rc)
{
    int number;

    switch (kind) {
    case KI_OPT_BOOL:
        return native != 0;
    case KI_OPT_ERROR:
        return native == 0 ? 0 : ki_error_of_errno(native);
    case KI_OPT_DOMAIN:
        number = ki_domain_of_native(native);
        if (number < 0)
            *rc = KITH_EAFNOSUPPORT;
        return number;
    case KI_OPT_TYPE:
        number = ki_type_of_native(native);
        if (number < 0)
            *rc = KITH_ESOCKTNOSUPPORT;
        return number;
    default:
        return native;
    }
}

static ptrdiff_t
decode_int(const struct ki_sockopt *row, const struct ki_optval *in, void *v)
{
    int native, number, rc = 0;

    memcpy(&native, in->data, sizeof native);
    number = number_of(row->kind, native, &rc);
    if (rc < 0)
        return rc;
    memcpy(v, &number, sizeof number);
    return sizeof number;
}

ptrdiff_t
ki_sockopt_decode(const struct ki_sockopt *row, const struct ki_optval *in, void *v,
                  size_t cap)
{
    int rc = ki_sockopt_may_get(row, cap);

    if (rc < 0)
        return rc;
    if (in->len < least_len(row))
        return KITH_EINVAL;
    switch (row->kind) {
    case KI_OPT_LINGER:
        return decode_linger(in, v);
    case KI_OPT_MULTICAST_IF:
        return decode_multicast_if(in, v);
    case KI_OPT_MS:
        return decode_ms(in, v);
    case KI_OPT_CREDENTIALS:
        return decode_credentials(in, v);
    case KI_OPT_CONNECTION:
        return decode_tcp_info(in, v);
    case KI_OPT_ALIKE:
        return decode_alike(row, in, v);
    case KI_OPT_SCTP:
        return ki_sctp_opt_decode(row, in, v);
    case KI_OPT_TEXT:
        return decode_text(in, v, cap);
    case KI_OPT_UINT64:
    case KI_OPT_BYTES:
    case KI_OPT_ACCEPT_FILTER:
        return decode_bytes(in, v, cap);
    default:
        return decode_int(row, in, v);
    }
}
