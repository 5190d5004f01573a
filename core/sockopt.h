/* SPDX-License-Identifier: Apache-2.0
 * sockopt.h -- the table of socket options, and their values in the system's form.
 *
 * Pure: no system call, no state. Whoever makes the call looks a row up, encodes, calls, or
 * calls and decodes. Rows of kind KI_OPT_OTP have no native form: they are the socket
 * actor's own, and only their level, name and length are of use here. Callable from any
 * thread. */
#ifndef KI_SOCKOPT_H
#define KI_SOCKOPT_H

#include <kith/error.h>
#include <kith/socket_opt.h>

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

enum ki_opt_kind {
    KI_OPT_INT,
    KI_OPT_BOOL,     /* an int, 0 or 1 */
    KI_OPT_LINGER,   /* kith_linger; struct linger */
    KI_OPT_DOMAIN,   /* an int: KITH_INET...; the system's number */
    KI_OPT_TYPE,     /* an int: KITH_STREAM...; the system's number */
    KI_OPT_PROTOCOL, /* an int, the same on both sides */
    KI_OPT_ERROR,    /* an int: a code or 0; an errno */
    KI_OPT_OTP       /* ours alone */
};

struct ki_sockopt {
    kith_opt id;
    const char *name;  /* in the reference's spelling */
    const char *level; /* the same */
    int native_level;
    int native_number; /* -1: this system lacks it */
    enum ki_opt_kind kind;
    uint16_t len; /* of the public value */
    bool get, set;
};

/* A native value and its length. */
struct ki_optval {
    KI_ALIGNED(8) unsigned char bytes[64];
    unsigned len;
};

/* ki_sockopt_find answers the row of an option, NULL when there is none. */
const struct ki_sockopt *ki_sockopt_find(kith_opt id);

/* ki_sockopt_rows answers all rows, `*n` of them, in the order of their ids. */
const struct ki_sockopt *ki_sockopt_rows(size_t *n);

/* ki_sockopt_is_int answers whether the public value is one int. */
bool ki_sockopt_is_int(const struct ki_sockopt *row);

/* ki_sockopt_native_len answers how many bytes getsockopt needs for a row; KI_OPT_OTP: 0.
 * */
unsigned ki_sockopt_native_len(const struct ki_sockopt *row);

/* ki_sockopt_encode makes the native form of `len` bytes at v (which need no alignment).
 * Answers 0; KITH_EINVAL for a wrong length or a linger time below 0; KITH_ENOPROTOOPT for
 * a row that cannot be set, this system lacks, or is KI_OPT_OTP. */
KI_NODISCARD int ki_sockopt_encode(const struct ki_sockopt *row, const void *v, size_t len,
                                   struct ki_optval *out);

/* ki_sockopt_decode turns what the system gave (in->len bytes) into the public value at v.
 * Answers its length; KITH_EINVAL when cap is smaller or the system gave too little;
 * KITH_ENOPROTOOPT for a row that cannot be read, this system lacks, or is KI_OPT_OTP;
 * KITH_EAFNOSUPPORT, KITH_ESOCKTNOSUPPORT for a domain or type that kith has no name for.
 * */
KI_NODISCARD ptrdiff_t ki_sockopt_decode(const struct ki_sockopt *row,
                                         const struct ki_optval *in, void *v, size_t cap);

#ifdef __cplusplus
}
#endif

#endif
