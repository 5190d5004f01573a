/* SPDX-License-Identifier: Apache-2.0
 * sockopt.c -- one row an option.
 *
 * X(LEVEL, NAME, name, native number, kind, public type, get, set). A number that this
 * system has no macro for is -1, and the row stays: an option means the same everywhere and
 * may be missing here. */
#define _GNU_SOURCE
#include "core/sockopt.h"

#include <string.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "core/error.h"
#include "core/sockaddr.h"

#ifndef SO_DOMAIN
#define SO_DOMAIN -1
#endif
#ifndef SO_PROTOCOL
#define SO_PROTOCOL -1
#endif
#ifndef SO_REUSEPORT
#define SO_REUSEPORT -1
#endif
#ifndef SO_ACCEPTCONN
#define SO_ACCEPTCONN -1
#endif
#ifndef TCP_CORK
#define TCP_CORK -1
#endif
#ifndef TCP_KEEPIDLE
#ifdef TCP_KEEPALIVE /* the same by another name */
#define TCP_KEEPIDLE TCP_KEEPALIVE
#else
#define TCP_KEEPIDLE -1
#endif
#endif
#ifndef TCP_KEEPINTVL
#define TCP_KEEPINTVL -1
#endif
#ifndef TCP_KEEPCNT
#define TCP_KEEPCNT -1
#endif
#ifndef TCP_USER_TIMEOUT
#define TCP_USER_TIMEOUT -1
#endif

/* Where SO_LINGER counts ticks, there is another that counts seconds. */
#ifdef SO_LINGER_SEC
#define LINGER_NUMBER SO_LINGER_SEC
#else
#define LINGER_NUMBER SO_LINGER
#endif

/* The level's name and native number. */
#define LEVEL_SOCKET "socket", SOL_SOCKET
#define LEVEL_IP "ip", IPPROTO_IP
#define LEVEL_IPV6 "ipv6", IPPROTO_IPV6
#define LEVEL_TCP "tcp", IPPROTO_TCP
#define LEVEL_OTP "otp", -1

#define GET true, false
#define GET_SET true, true

#define SOCKET_ROWS(X) \
    X(SOCKET, REUSEADDR, "reuseaddr", SO_REUSEADDR, BOOL, int, GET_SET) \
    X(SOCKET, REUSEPORT, "reuseport", SO_REUSEPORT, BOOL, int, GET_SET) \
    X(SOCKET, KEEPALIVE, "keepalive", SO_KEEPALIVE, BOOL, int, GET_SET) \
    X(SOCKET, SNDBUF, "sndbuf", SO_SNDBUF, INT, int, GET_SET) \
    X(SOCKET, RCVBUF, "rcvbuf", SO_RCVBUF, INT, int, GET_SET) \
    X(SOCKET, LINGER, "linger", LINGER_NUMBER, LINGER, kith_linger, GET_SET) \
    X(SOCKET, ERROR, "error", SO_ERROR, ERROR, int, GET) \
    X(SOCKET, TYPE, "type", SO_TYPE, TYPE, int, GET) \
    X(SOCKET, DOMAIN, "domain", SO_DOMAIN, DOMAIN, int, GET) \
    X(SOCKET, PROTOCOL, "protocol", SO_PROTOCOL, PROTOCOL, int, GET) \
    X(SOCKET, ACCEPTCONN, "acceptconn", SO_ACCEPTCONN, BOOL, int, GET) \
    X(SOCKET, BROADCAST, "broadcast", SO_BROADCAST, BOOL, int, GET_SET) \
    X(SOCKET, OOBINLINE, "oobinline", SO_OOBINLINE, BOOL, int, GET_SET) \
    X(SOCKET, DONTROUTE, "dontroute", SO_DONTROUTE, BOOL, int, GET_SET) \
    X(SOCKET, RCVLOWAT, "rcvlowat", SO_RCVLOWAT, INT, int, GET_SET)

#define IP_ROWS(X) \
    X(IP, TTL, "ttl", IP_TTL, INT, int, GET_SET) \
    X(IP, TOS, "tos", IP_TOS, INT, int, GET_SET) \
    X(IPV6, V6ONLY, "v6only", IPV6_V6ONLY, BOOL, int, GET_SET) \
    X(IPV6, UNICAST_HOPS, "unicast_hops", IPV6_UNICAST_HOPS, INT, int, GET_SET)

#define TCP_ROWS(X) \
    X(TCP, NODELAY, "nodelay", TCP_NODELAY, BOOL, int, GET_SET) \
    X(TCP, CORK, "cork", TCP_CORK, BOOL, int, GET_SET) \
    X(TCP, MAXSEG, "maxseg", TCP_MAXSEG, INT, int, GET_SET) \
    X(TCP, KEEPIDLE, "keepidle", TCP_KEEPIDLE, INT, int, GET_SET) \
    X(TCP, KEEPINTVL, "keepintvl", TCP_KEEPINTVL, INT, int, GET_SET) \
    X(TCP, KEEPCNT, "keepcnt", TCP_KEEPCNT, INT, int, GET_SET) \
    X(TCP, USER_TIMEOUT, "user_timeout", TCP_USER_TIMEOUT, INT, int, GET_SET)

#define OTP_ROWS(X) \
    X(OTP, FD, "fd", -1, OTP, int, GET) \
    X(OTP, RCVBUF, "rcvbuf", -1, OTP, int, GET_SET) \
    X(OTP, CONTROLLING_PROCESS, "controlling_process", -1, OTP, kith_pid, GET_SET) \
    X(OTP, DOMAIN, "domain", -1, OTP, int, GET) \
    X(OTP, TYPE, "type", -1, OTP, int, GET) \
    X(OTP, PROTOCOL, "protocol", -1, OTP, int, GET)

#define ROWS(X) SOCKET_ROWS(X) IP_ROWS(X) TCP_ROWS(X) OTP_ROWS(X)

enum {
    NO_ROW,
#define X(L, N, ...) ROW_##L##_##N,
    ROWS(X)
#undef X
        ROWS_END
};

static const struct ki_sockopt rows[ROWS_END] = {
#define ROW(L, N, name, number, kind, type, ...) \
    [ROW_##L##_##N] = {KITH_OPT_##L##_##N, name,         LEVEL_##L,  number, \
                       KI_OPT_##kind,      sizeof(type), __VA_ARGS__},
    ROWS(ROW)
#undef ROW
};

/* From an id to its place in `rows`. */
static const uint8_t row_of[] = {
#define X(L, N, ...) [KITH_OPT_##L##_##N] = ROW_##L##_##N,
    ROWS(X)
#undef X
};

_Static_assert(ROWS_END <= UINT8_MAX, "row_of holds every row");

const struct ki_sockopt *
ki_sockopt_find(kith_opt id)
{
    if (id < 0 || (size_t) id >= sizeof row_of || row_of[id] == NO_ROW)
        return NULL;
    return &rows[row_of[id]];
}

const struct ki_sockopt *
ki_sockopt_rows(size_t *n)
{
    *n = ROWS_END - 1;
    return rows + 1;
}

bool
ki_sockopt_is_int(const struct ki_sockopt *row)
{
    return row->len == sizeof(int);
}

unsigned
ki_sockopt_native_len(const struct ki_sockopt *row)
{
    switch (row->kind) {
    case KI_OPT_OTP:
        return 0;
    case KI_OPT_LINGER:
        return sizeof(struct linger);
    default:
        return sizeof(int);
    }
}

static void
store(struct ki_optval *out, const void *native, unsigned len)
{
    memcpy(out->bytes, native, len);
    out->len = len;
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
    store(out, &native, sizeof native);
    return 0;
}

int
ki_sockopt_encode(const struct ki_sockopt *row, const void *v, size_t len,
                  struct ki_optval *out)
{
    int number;

    if (!row->set || row->native_number < 0)
        return KITH_ENOPROTOOPT;
    if (len != row->len)
        return KITH_EINVAL;
    if (row->kind == KI_OPT_LINGER)
        return encode_linger(v, out);

    memcpy(&number, v, sizeof number);
    if (row->kind == KI_OPT_BOOL)
        number = number != 0;
    store(out, &number, sizeof number);
    return 0;
}

static ptrdiff_t
decode_linger(const struct ki_optval *in, void *v)
{
    struct linger native;
    kith_linger out;

    if (in->len < sizeof native)
        return KITH_EINVAL;
    memcpy(&native, in->bytes, sizeof native);
    memset(&out, 0, sizeof out);
    out.on = native.l_onoff != 0;
    out.seconds = native.l_linger;
    memcpy(v, &out, sizeof out);
    return sizeof out;
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

ptrdiff_t
ki_sockopt_decode(const struct ki_sockopt *row, const struct ki_optval *in, void *v,
                  size_t cap)
{
    int native, number, rc = 0;

    if (!row->get || row->native_number < 0)
        return KITH_ENOPROTOOPT;
    if (cap < row->len)
        return KITH_EINVAL;
    if (row->kind == KI_OPT_LINGER)
        return decode_linger(in, v);

    if (in->len < sizeof native)
        return KITH_EINVAL;
    memcpy(&native, in->bytes, sizeof native);
    number = number_of(row->kind, native, &rc);
    if (rc < 0)
        return rc;
    memcpy(v, &number, sizeof number);
    return sizeof number;
}
