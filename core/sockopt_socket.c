/* SPDX-License-Identifier: Apache-2.0
 * sockopt_socket.c -- the options of level socket, and of level otp, which no system has. */
#define _GNU_SOURCE
#include "core/sockopt_rows.h"

#include "core/os_net.h"

#if KI_HAVE_SNDLOWAT
#define SNDLOWAT_HOW GET_SET
#else
#define SNDLOWAT_HOW GET
#endif

#define ROW(NAME, ...) \
    [KI_OPT_AT(SOCKET, NAME)] = KI_OPT_ROW(SOCKET, NAME, "socket", SOL_SOCKET, __VA_ARGS__)

static const struct ki_sockopt socket_rows[] = {
    ROW(REUSEADDR, "reuseaddr", SO_REUSEADDR, BOOL, GET_SET),
    ROW(REUSEPORT, "reuseport", SO_REUSEPORT, BOOL, GET_SET),
    ROW(KEEPALIVE, "keepalive", SO_KEEPALIVE, BOOL, GET_SET),
    ROW(SNDBUF, "sndbuf", SO_SNDBUF, INT, GET_SET),
    ROW(RCVBUF, "rcvbuf", SO_RCVBUF, INT, GET_SET),
    ROW(LINGER, "linger", SO_LINGER_SEC, LINGER, GET_SET),
    ROW(ERROR, "error", SO_ERROR, ERROR, GET),
    ROW(TYPE, "type", SO_TYPE, TYPE, GET),
    ROW(DOMAIN, "domain", SO_DOMAIN, DOMAIN, GET),
    ROW(PROTOCOL, "protocol", SO_PROTOCOL, PROTOCOL, GET),
    ROW(ACCEPTCONN, "acceptconn", SO_ACCEPTCONN, BOOL, GET),
    ROW(BROADCAST, "broadcast", SO_BROADCAST, BOOL, GET_SET),
    ROW(OOBINLINE, "oobinline", SO_OOBINLINE, BOOL, GET_SET),
    ROW(DONTROUTE, "dontroute", SO_DONTROUTE, BOOL, GET_SET),
    ROW(RCVLOWAT, "rcvlowat", SO_RCVLOWAT, INT, GET_SET),
    ROW(ACCEPTFILTER, "acceptfilter", SO_ACCEPTFILTER, ACCEPT_FILTER, GET_SET),
    ROW(BINDTODEVICE, "bindtodevice", SO_BINDTODEVICE, TEXT, GET_SET),
    ROW(BUSY_POLL, "busy_poll", SO_BUSY_POLL, INT, GET_SET),
    ROW(DEBUG, "debug", SO_DEBUG, INT, GET_SET),
    ROW(MARK, "mark", SO_MARK, INT, GET_SET),
    ROW(PASSCRED, "passcred", SO_PASSCRED, BOOL, GET_SET),
    ROW(PEEK_OFF, "peek_off", SO_PEEK_OFF, INT, GET_SET),
    ROW(PEERCRED, "peercred", SO_PEERCRED, CREDENTIALS, GET),
    ROW(PRIORITY, "priority", SO_PRIORITY, INT, GET_SET),
    ROW(RCVBUFFORCE, "rcvbufforce", SO_RCVBUFFORCE, INT, SET),
    ROW(RCVTIMEO, "rcvtimeo", SO_RCVTIMEO, MS, GET_SET),
    ROW(RXQ_OVFL, "rxq_ovfl", SO_RXQ_OVFL, BOOL, GET_SET),
    ROW(SETFIB, "setfib", SO_SETFIB, INT, SET),
    ROW(SNDBUFFORCE, "sndbufforce", SO_SNDBUFFORCE, INT, SET),
    ROW(SNDLOWAT, "sndlowat", SO_SNDLOWAT, INT, SNDLOWAT_HOW),
    ROW(SNDTIMEO, "sndtimeo", SO_SNDTIMEO, MS, GET_SET),
    ROW(TIMESTAMP, "timestamp", SO_TIMESTAMP, BOOL, GET_SET),
    ROW(TIMESTAMPNS, "timestampns", SO_TIMESTAMPNS, BOOL, GET_SET),
    ROW(TIMESTAMPING, "timestamping", SO_TIMESTAMPING, INT, GET_SET),
    ROW(INCOMING_CPU, "incoming_cpu", SO_INCOMING_CPU, INT, GET_SET),
    ROW(ZEROCOPY, "zerocopy", SO_ZEROCOPY, BOOL, GET_SET),
    ROW(MAX_PACING_RATE, "max_pacing_rate", SO_MAX_PACING_RATE, INT, GET_SET),
    ROW(COOKIE, "cookie", SO_COOKIE, UINT64, GET),
    ROW(BINDTOIFINDEX, "bindtoifindex", SO_BINDTOIFINDEX, INT, GET_SET),
    ROW(PREFER_BUSY_POLL, "prefer_busy_poll", SO_PREFER_BUSY_POLL, BOOL, GET_SET),
    ROW(RCVMARK, "rcvmark", SO_RCVMARK, BOOL, GET_SET),
};

const struct ki_sockopt_level ki_sockopt_socket = {socket_rows, ki_countof(socket_rows)};

#undef ROW
#define ROW(NAME, name, type, how) \
    [KI_OPT_AT(OTP, NAME)] = {KITH_OPT_OTP_##NAME, name,  "otp",        -1,          -1, \
                              KI_OPT_OTP,          #type, sizeof(type), KI_OPT_##how}
#define ROW_BOOL(NAME, name, how) \
    [KI_OPT_AT(OTP, NAME)] = {KITH_OPT_OTP_##NAME, name,   "otp",       -1,          -1, \
                              KI_OPT_OTP,          "bool", sizeof(int), KI_OPT_##how}

static const struct ki_sockopt otp_rows[] = {
    ROW(FD, "fd", int, GET),
    ROW(RCVBUF, "rcvbuf", int, GET_SET),
    ROW(CONTROLLING_PROCESS, "controlling_process", kith_pid, GET_SET),
    ROW(DOMAIN, "domain", int, GET),
    ROW(TYPE, "type", int, GET),
    ROW(PROTOCOL, "protocol", int, GET),
    ROW_BOOL(DEBUG, "debug", GET_SET),
    ROW_BOOL(IOW, "iow", GET_SET),
    ROW(RCVCTRLBUF, "rcvctrlbuf", int, GET_SET),
    ROW(SNDCTRLBUF, "sndctrlbuf", int, GET_SET),
    ROW(META, "meta", uint64_t, GET_SET),
    ROW_BOOL(USE_REGISTRY, "use_registry", GET),
    ROW(SNDQUEUE, "sndqueue", int, GET_SET),
};

const struct ki_sockopt_level ki_sockopt_otp = {otp_rows, ki_countof(otp_rows)};
