/* SPDX-License-Identifier: Apache-2.0
 * sockopt_tcp.c -- the options of levels tcp and udp. */
#define _GNU_SOURCE
#include "core/sockopt_rows.h"

#include "core/os_net.h"

/* Elsewhere they are other structs. The one with flags takes a prefix too. */
#if KI_HAVE_TCP_INFO
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
    ROW(KEEPIDLE, "keepidle", TCP_KEEPIDLE, INT, GET_SET),
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
