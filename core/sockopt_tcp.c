/* SPDX-License-Identifier: Apache-2.0
 * sockopt_tcp.c -- the options of levels tcp and udp. */
#define _GNU_SOURCE
#include "core/sockopt_rows.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#ifndef TCP_CORK
#define TCP_CORK -1
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
#ifndef TCP_CONGESTION
#define TCP_CONGESTION -1
#endif
#ifndef TCP_NOOPT
#define TCP_NOOPT -1
#endif
#ifndef TCP_NOPUSH
#define TCP_NOPUSH -1
#endif
#ifndef TCP_SYNCNT
#define TCP_SYNCNT -1
#endif
#ifndef TCP_DEFER_ACCEPT
#define TCP_DEFER_ACCEPT -1
#endif
#ifndef TCP_QUICKACK
#define TCP_QUICKACK -1
#endif
#ifndef TCP_FASTOPEN
#define TCP_FASTOPEN -1
#endif
#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT -1
#endif
#ifndef TCP_NOTSENT_LOWAT
#define TCP_NOTSENT_LOWAT -1
#endif
#ifndef TCP_WINDOW_CLAMP
#define TCP_WINDOW_CLAMP -1
#endif
#ifndef TCP_LINGER2
#define TCP_LINGER2 -1
#endif
#ifndef TCP_THIN_LINEAR_TIMEOUTS
#define TCP_THIN_LINEAR_TIMEOUTS -1
#endif
#ifndef TCP_SAVE_SYN
#define TCP_SAVE_SYN -1
#endif
#ifndef TCP_SAVED_SYN
#define TCP_SAVED_SYN -1
#endif
#ifndef TCP_INQ
#define TCP_INQ -1
#endif
#ifndef TCP_FASTOPEN_NO_COOKIE
#define TCP_FASTOPEN_NO_COOKIE -1
#endif
#ifndef UDP_CORK
#define UDP_CORK -1
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT -1
#endif
#ifndef UDP_GRO
#define UDP_GRO -1
#endif
#ifndef UDP_NO_CHECK6_TX
#define UDP_NO_CHECK6_TX -1
#endif
#ifndef UDP_NO_CHECK6_RX
#define UDP_NO_CHECK6_RX -1
#endif

#ifdef TCP_KEEPIDLE
#define KEEPIDLE_NUMBER TCP_KEEPIDLE
#elif defined TCP_KEEPALIVE /* the same by another name */
#define KEEPIDLE_NUMBER TCP_KEEPALIVE
#else
#define KEEPIDLE_NUMBER -1
#endif

/* Elsewhere they are other structs. The one with flags takes a prefix too. */
#ifdef __linux__
#define INFO_NUMBER TCP_INFO
#define MD5SIG_NUMBER TCP_MD5SIG_EXT
#else
#define INFO_NUMBER -1
#define MD5SIG_NUMBER -1
#endif

#define ROW(NAME, ...) \
    [KI_OPT_AT(TCP, NAME)] = KI_OPT_ROW(TCP, NAME, "tcp", IPPROTO_TCP, __VA_ARGS__)

static const struct ki_sockopt tcp_rows[] = {
    ROW(NODELAY, "nodelay", TCP_NODELAY, BOOL, GET_SET),
    ROW(CORK, "cork", TCP_CORK, BOOL, GET_SET),
    ROW(MAXSEG, "maxseg", TCP_MAXSEG, INT, GET_SET),
    ROW(KEEPIDLE, "keepidle", KEEPIDLE_NUMBER, INT, GET_SET),
    ROW(KEEPINTVL, "keepintvl", TCP_KEEPINTVL, INT, GET_SET),
    ROW(KEEPCNT, "keepcnt", TCP_KEEPCNT, INT, GET_SET),
    ROW(USER_TIMEOUT, "user_timeout", TCP_USER_TIMEOUT, INT, GET_SET),
    ROW(CONGESTION, "congestion", TCP_CONGESTION, TEXT, GET_SET),
    ROW(INFO, "info", INFO_NUMBER, CONNECTION, GET),
    ROW(MD5SIG, "md5sig", MD5SIG_NUMBER, MD5SIG, SET),
    ROW(NOOPT, "noopt", TCP_NOOPT, BOOL, GET_SET),
    ROW(NOPUSH, "nopush", TCP_NOPUSH, BOOL, GET_SET),
    ROW(SYNCNT, "syncnt", TCP_SYNCNT, INT, GET_SET),
    ROW(DEFER_ACCEPT, "defer_accept", TCP_DEFER_ACCEPT, INT, GET_SET),
    ROW(QUICKACK, "quickack", TCP_QUICKACK, BOOL, GET_SET),
    ROW(FASTOPEN, "fastopen", TCP_FASTOPEN, INT, GET_SET),
    ROW(FASTOPEN_CONNECT, "fastopen_connect", TCP_FASTOPEN_CONNECT, BOOL, GET_SET),
    ROW(NOTSENT_LOWAT, "notsent_lowat", TCP_NOTSENT_LOWAT, INT, GET_SET),
    ROW(WINDOW_CLAMP, "window_clamp", TCP_WINDOW_CLAMP, INT, GET_SET),
    ROW(LINGER2, "linger2", TCP_LINGER2, INT, GET_SET),
    ROW(THIN_LINEAR_TIMEOUTS, "thin_linear_timeouts", TCP_THIN_LINEAR_TIMEOUTS, BOOL,
        GET_SET),
    ROW(SAVE_SYN, "save_syn", TCP_SAVE_SYN, BOOL, GET_SET),
    ROW(SAVED_SYN, "saved_syn", TCP_SAVED_SYN, BYTES, GET),
    ROW(INQ, "inq", TCP_INQ, BOOL, GET_SET),
    ROW(FASTOPEN_NO_COOKIE, "fastopen_no_cookie", TCP_FASTOPEN_NO_COOKIE, BOOL, GET_SET),
};

const struct ki_sockopt_level ki_sockopt_tcp = {tcp_rows, ki_countof(tcp_rows)};

#undef ROW
#define ROW(NAME, ...) \
    [KI_OPT_AT(UDP, NAME)] = KI_OPT_ROW(UDP, NAME, "udp", IPPROTO_UDP, __VA_ARGS__)

static const struct ki_sockopt udp_rows[] = {
    ROW(CORK, "cork", UDP_CORK, BOOL, GET_SET),
    ROW(SEGMENT, "segment", UDP_SEGMENT, INT, GET_SET),
    ROW(GRO, "gro", UDP_GRO, BOOL, GET_SET),
    ROW(NO_CHECK6_TX, "no_check6_tx", UDP_NO_CHECK6_TX, BOOL, GET_SET),
    ROW(NO_CHECK6_RX, "no_check6_rx", UDP_NO_CHECK6_RX, BOOL, GET_SET),
};

const struct ki_sockopt_level ki_sockopt_udp = {udp_rows, ki_countof(udp_rows)};
