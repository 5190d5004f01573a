/* SPDX-License-Identifier: Apache-2.0
 * sockopt_rows.h -- how the files of rows look: one array for each level.
 *
 * A row stands where the lower byte of its option's number says. An option whose number this
 * system has no macro for is -1, and the row stays: it means the same everywhere and may be
 * missing here. For use by sockopt*.c alone. */
#ifndef KI_SOCKOPT_ROWS_H
#define KI_SOCKOPT_ROWS_H

#include <kith/socket_msg.h>

#include "core/sockopt.h"

#define KI_OPT_GET true, false
#define KI_OPT_SET false, true
#define KI_OPT_GET_SET true, true
#define KI_OPT_NEITHER false, false

/* What a value looks like to its user, by its kind. */
#define KI_OPT_TYPE_INT "int", sizeof(int)
#define KI_OPT_TYPE_BOOL "bool", sizeof(int)
#define KI_OPT_TYPE_DOMAIN "int", sizeof(int)
#define KI_OPT_TYPE_TYPE "int", sizeof(int)
#define KI_OPT_TYPE_PROTOCOL "int", sizeof(int)
#define KI_OPT_TYPE_ERROR "int", sizeof(int)
#define KI_OPT_TYPE_LINGER "kith_linger", sizeof(kith_linger)
#define KI_OPT_TYPE_MREQ "kith_mreq", sizeof(kith_mreq)
#define KI_OPT_TYPE_MREQ_SOURCE "kith_mreq_source", sizeof(kith_mreq_source)
#define KI_OPT_TYPE_MSFILTER "kith_msfilter", sizeof(kith_msfilter)
#define KI_OPT_TYPE_MULTICAST_IF "kith_multicast_if", sizeof(kith_multicast_if)
#define KI_OPT_TYPE_MS "kith_ms", sizeof(kith_ms)
#define KI_OPT_TYPE_CREDENTIALS "kith_credentials", sizeof(kith_credentials)
#define KI_OPT_TYPE_UINT64 "uint64_t", sizeof(uint64_t)
#define KI_OPT_TYPE_TEXT "text", 16
#define KI_OPT_TYPE_BYTES "bytes", 2048
#define KI_OPT_TYPE_CONNECTION "kith_tcp_info", sizeof(kith_tcp_info)
#define KI_OPT_TYPE_MD5SIG "kith_md5sig", sizeof(kith_md5sig)
#define KI_OPT_TYPE_UINT8 "int", sizeof(int)
#define KI_OPT_TYPE_ACCEPT_FILTER "kith_accept_filter", sizeof(kith_accept_filter)

/* The option KITH_OPT_<LEVEL>_<NAME>; its level's name and number; its own; the value's kind;
 * KI_OPT_GET, _SET, _GET_SET or _NEITHER. Its place in the array is KI_OPT_AT. */
#define KI_OPT_ROW(LEVEL, NAME, level, native_level, name, number, kind, how) \
    { \
        KITH_OPT_##LEVEL##_##NAME, name, level, native_level, number, KI_OPT_##kind, \
            KI_OPT_TYPE_##kind, KI_OPT_##how \
    }
#define KI_OPT_AT(LEVEL, NAME) (KITH_OPT_##LEVEL##_##NAME & 0xff)

struct ki_sockopt_level {
    const struct ki_sockopt *rows;
    size_t n;
};

extern const struct ki_sockopt_level ki_sockopt_socket; /* 0x100 and following */
extern const struct ki_sockopt_level ki_sockopt_ip;     /* 0x200 */
extern const struct ki_sockopt_level ki_sockopt_ipv6;   /* 0x300 */
extern const struct ki_sockopt_level ki_sockopt_tcp;    /* 0x400 */
extern const struct ki_sockopt_level ki_sockopt_udp;    /* 0x500 */
extern const struct ki_sockopt_level ki_sockopt_sctp;   /* 0x600 */
extern const struct ki_sockopt_level ki_sockopt_otp;    /* 0x700 */

#endif
