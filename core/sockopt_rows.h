/* SPDX-License-Identifier: Apache-2.0
 * sockopt_rows.h -- how the files of rows look: one array for each level.
 *
 * A row stands where the lower byte of its option's number says. An option whose number this
 * system has no macro for is -1, and the row stays: it means the same everywhere and may be
 * missing here. For use by sockopt*.c alone. */
#ifndef KI_SOCKOPT_ROWS_H
#define KI_SOCKOPT_ROWS_H

#include "core/sockopt.h"

#define KI_OPT_GET true, false
#define KI_OPT_SET false, true
#define KI_OPT_GET_SET true, true

/* The option KITH_OPT_<LEVEL>_<NAME>; its level's name and number; its own; the value's kind and
 * public type; KI_OPT_GET, _SET or _GET_SET. Its place in the array is KI_OPT_AT. */
#define KI_OPT_ROW(LEVEL, NAME, level, native_level, name, number, kind, type, how) \
    { \
        KITH_OPT_##LEVEL##_##NAME, name, level, native_level, number, KI_OPT_##kind, \
            sizeof(type), KI_OPT_##how \
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
extern const struct ki_sockopt_level ki_sockopt_otp;    /* 0x700 */

#endif
