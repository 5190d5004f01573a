/* SPDX-License-Identifier: Apache-2.0
 * sockopt_tcp.c -- the options of level tcp. */
#define _GNU_SOURCE
#include "core/sockopt_rows.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

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

#define ROW(NAME, ...) \
    [KI_OPT_AT(TCP, NAME)] = KI_OPT_ROW(TCP, NAME, "tcp", IPPROTO_TCP, __VA_ARGS__)

static const struct ki_sockopt tcp_rows[] = {
    ROW(NODELAY, "nodelay", TCP_NODELAY, BOOL, int, GET_SET),
    ROW(CORK, "cork", TCP_CORK, BOOL, int, GET_SET),
    ROW(MAXSEG, "maxseg", TCP_MAXSEG, INT, int, GET_SET),
    ROW(KEEPIDLE, "keepidle", TCP_KEEPIDLE, INT, int, GET_SET),
    ROW(KEEPINTVL, "keepintvl", TCP_KEEPINTVL, INT, int, GET_SET),
    ROW(KEEPCNT, "keepcnt", TCP_KEEPCNT, INT, int, GET_SET),
    ROW(USER_TIMEOUT, "user_timeout", TCP_USER_TIMEOUT, INT, int, GET_SET),
};

const struct ki_sockopt_level ki_sockopt_tcp = {tcp_rows, ki_countof(tcp_rows)};
