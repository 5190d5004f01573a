/* SPDX-License-Identifier: Apache-2.0
 * sockopt_socket.c -- the options of level socket, and of level otp, which no system has. */
#define _GNU_SOURCE
#include "core/sockopt_rows.h"

#include <sys/socket.h>

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

/* Where SO_LINGER counts ticks, there is another that counts seconds. */
#ifdef SO_LINGER_SEC
#define LINGER_NUMBER SO_LINGER_SEC
#else
#define LINGER_NUMBER SO_LINGER
#endif

#define ROW(NAME, ...) \
    [KI_OPT_AT(SOCKET, NAME)] = KI_OPT_ROW(SOCKET, NAME, "socket", SOL_SOCKET, __VA_ARGS__)

static const struct ki_sockopt socket_rows[] = {
    ROW(REUSEADDR, "reuseaddr", SO_REUSEADDR, BOOL, int, GET_SET),
    ROW(REUSEPORT, "reuseport", SO_REUSEPORT, BOOL, int, GET_SET),
    ROW(KEEPALIVE, "keepalive", SO_KEEPALIVE, BOOL, int, GET_SET),
    ROW(SNDBUF, "sndbuf", SO_SNDBUF, INT, int, GET_SET),
    ROW(RCVBUF, "rcvbuf", SO_RCVBUF, INT, int, GET_SET),
    ROW(LINGER, "linger", LINGER_NUMBER, LINGER, kith_linger, GET_SET),
    ROW(ERROR, "error", SO_ERROR, ERROR, int, GET),
    ROW(TYPE, "type", SO_TYPE, TYPE, int, GET),
    ROW(DOMAIN, "domain", SO_DOMAIN, DOMAIN, int, GET),
    ROW(PROTOCOL, "protocol", SO_PROTOCOL, PROTOCOL, int, GET),
    ROW(ACCEPTCONN, "acceptconn", SO_ACCEPTCONN, BOOL, int, GET),
    ROW(BROADCAST, "broadcast", SO_BROADCAST, BOOL, int, GET_SET),
    ROW(OOBINLINE, "oobinline", SO_OOBINLINE, BOOL, int, GET_SET),
    ROW(DONTROUTE, "dontroute", SO_DONTROUTE, BOOL, int, GET_SET),
    ROW(RCVLOWAT, "rcvlowat", SO_RCVLOWAT, INT, int, GET_SET),
};

const struct ki_sockopt_level ki_sockopt_socket = {socket_rows, ki_countof(socket_rows)};

#undef ROW
#define ROW(NAME, name, type, how) \
    [KI_OPT_AT(OTP, NAME)] = KI_OPT_ROW(OTP, NAME, "otp", -1, name, -1, OTP, type, how)

static const struct ki_sockopt otp_rows[] = {
    ROW(FD, "fd", int, GET),
    ROW(RCVBUF, "rcvbuf", int, GET_SET),
    ROW(CONTROLLING_PROCESS, "controlling_process", kith_pid, GET_SET),
    ROW(DOMAIN, "domain", int, GET),
    ROW(TYPE, "type", int, GET),
    ROW(PROTOCOL, "protocol", int, GET),
};

const struct ki_sockopt_level ki_sockopt_otp = {otp_rows, ki_countof(otp_rows)};
