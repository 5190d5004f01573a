/* SPDX-License-Identifier: Apache-2.0
 * sockcmsg_rows.h -- the table of control messages, for those who write and read them. */
#ifndef KI_SOCKCMSG_ROWS_H
#define KI_SOCKCMSG_ROWS_H

#include "core/sockcmsg.h"

enum ki_cmsg_kind {
    KI_CMSG_BYTES,
    KI_CMSG_INT,   /* an int; received as a byte too */
    KI_CMSG_INT16, /* an int; a uint16_t to the system */
    KI_CMSG_UINT32,
    KI_CMSG_FLOWINFO, /* a uint32_t; the other byte order to the system */
    KI_CMSG_TIMEVAL,
    KI_CMSG_TIMESPEC,
    KI_CMSG_TIMESTAMPING,
    KI_CMSG_CREDENTIALS,
    KI_CMSG_PKTINFO,
    KI_CMSG_PKTINFO6,
    KI_CMSG_ADDRESS,
    KI_CMSG_ERROR,
    KI_CMSG_ALIKE /* a struct of `len` bytes, the same to the system */
};

/* How a row may be used. */
enum { KI_CMSG_RECV = 1, KI_CMSG_SEND = 2 };

struct ki_cmsg_row {
    int id, level;
    int type; /* the system's; -1: it lacks this one */
    uint8_t kind, how;
    uint8_t len; /* of KI_CMSG_ALIKE */
};

/* The row by which a public type is sent, and the one under which the system's is received; NULL:
 * there is none. */
const struct ki_cmsg_row *ki_cmsg_row_of_id(int id);
const struct ki_cmsg_row *ki_cmsg_row_of_native(int level, int type);

#endif
