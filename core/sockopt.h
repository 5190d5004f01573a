/* SPDX-License-Identifier: Apache-2.0
 * sockopt.h -- the table of socket options, and their values in the system's form.
 *
 * No system call and no state; only a value too long for ki_optval takes memory. Whoever makes
 * the call looks a row up, encodes, calls, or calls and decodes. Rows of kind KI_OPT_OTP have
 * no native form: they are the socket actor's own, and only their level, name and length are
 * of use here. Callable from any thread.
 *
 * The rows stand in a file for each level, values in sockopt_value.c. */
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
    KI_OPT_BOOL,         /* an int, 0 or 1 */
    KI_OPT_LINGER,       /* kith_linger; struct linger */
    KI_OPT_DOMAIN,       /* an int: KITH_INET...; the system's number */
    KI_OPT_TYPE,         /* an int: KITH_STREAM...; the system's number */
    KI_OPT_PROTOCOL,     /* an int, the same on both sides */
    KI_OPT_ERROR,        /* an int: a code or 0; an errno */
    KI_OPT_MREQ,         /* kith_mreq; struct group_req */
    KI_OPT_MREQ_SOURCE,  /* kith_mreq_source; struct group_source_req */
    KI_OPT_MSFILTER,     /* kith_msfilter; struct group_filter, as long as its list */
    KI_OPT_MULTICAST_IF, /* kith_multicast_if; struct ip_mreqn, read as struct in_addr */
    KI_OPT_MS,           /* kith_ms; struct timeval */
    KI_OPT_CREDENTIALS,  /* kith_credentials; struct ucred */
    KI_OPT_UINT64,       /* the same on both sides */
    KI_OPT_TEXT,         /* up to len - 1 characters; an array with a NUL */
    KI_OPT_BYTES,        /* up to len of them, the same on both sides */
    KI_OPT_CONNECTION, /* kith_tcp_info; struct tcp_info, of which older systems give less */
    KI_OPT_MD5SIG,     /* kith_md5sig; struct tcp_md5sig */
    KI_OPT_ACCEPT_FILTER, /* kith_accept_filter, the same on both sides */
    KI_OPT_ALIKE,         /* a struct, the same on both sides; read for what stands in it */
    KI_OPT_UINT8,         /* an int, 0..255; one byte */
    KI_OPT_SCTP,          /* sockopt_sctp_value.h; the same */
    KI_OPT_OTP            /* ours alone */
};

struct ki_sockopt {
    kith_opt id;
    const char *name;  /* in the reference's spelling */
    const char *level; /* the same */
    int native_level;
    int native_number; /* -1: this system lacks it */
    enum ki_opt_kind kind;
    const char *type; /* of the public value */
    uint16_t len;     /* of it; of text and bytes: the most */
    bool get, set;
};

/* A native value: `len` bytes at `data`, which is `bytes` unless more room was asked for. */
struct ki_optval {
    void *data;
    unsigned len;
    unsigned more; /* how much was allocated for it; 0 = nothing */
    KI_ALIGNED(8) unsigned char bytes[320];
};

/* ki_sockopt_find answers the row of an option, NULL when there is none. */
const struct ki_sockopt *ki_sockopt_find(kith_opt id);

/* ki_sockopt_at answers the i-th of all rows, in the order of their ids; NULL behind the last. */
const struct ki_sockopt *ki_sockopt_at(size_t i);

/* ki_sockopt_named answers the row of that level and name, or other name; NULL: there is none. */
const struct ki_sockopt *ki_sockopt_named(const char *level, const char *name);

/* ki_sockopt_is_int answers whether the public value is one int. */
bool ki_sockopt_is_int(const struct ki_sockopt *row);

/* ki_sockopt_native_len answers how many bytes getsockopt needs for a row; 0 for one that
 * cannot be read so. */
unsigned ki_sockopt_native_len(const struct ki_sockopt *row);

/* ki_sockopt_ask makes what getsockopt is given, to be dropped after a 0: as many bytes, zeros, or
 * for whom the value at v asks. Answers 0; KITH_ENOMEM; what ki_sockaddr_to_native says. */
KI_NODISCARD int ki_sockopt_ask(const struct ki_sockopt *row, const void *v,
                                struct ki_optval *out);

/* ki_sockopt_may_set, ki_sockopt_may_get: 0, or the code that a value of this length gets
 * whatever it is. KITH_ENOPROTOOPT for a row that cannot be set (read), that this system lacks,
 * or that is KI_OPT_OTP; KITH_EINVAL for a wrong length, a cap too small. */
KI_NODISCARD int ki_sockopt_may_set(const struct ki_sockopt *row, size_t len);
KI_NODISCARD int ki_sockopt_may_get(const struct ki_sockopt *row, size_t cap);

/* ki_optval_room makes room for a native value of `len` bytes, zeros; ki_optval_store does so and
 * copies them. 0 or KITH_ENOMEM. ki_optval_drop gives back what was taken for it. */
KI_NODISCARD int ki_optval_room(struct ki_optval *val, unsigned len);
KI_NODISCARD int ki_optval_store(struct ki_optval *out, const void *native, unsigned len);
void ki_optval_drop(struct ki_optval *val);

/* ki_sockopt_encode makes the native form of `len` bytes at v (which need no alignment), to be
 * dropped after a 0. Answers 0; a code of ki_sockopt_may_set; KITH_EINVAL for a value that
 * cannot be: a linger time below 0, an address of another family than the level's; KITH_ENOBUFS
 * for a list longer than any system takes; what ki_sockaddr_to_native says; KITH_ENOMEM. */
KI_NODISCARD int ki_sockopt_encode(const struct ki_sockopt *row, const void *v, size_t len,
                                   struct ki_optval *out);

/* ki_sockopt_decode turns what the system gave (in->len bytes) into the public value at v.
 * Answers its length; a code of ki_sockopt_may_get; KITH_EINVAL when the system gave too
 * little; KITH_EAFNOSUPPORT, KITH_ESOCKTNOSUPPORT for a domain or type that kith has no name
 * for. */
KI_NODISCARD ptrdiff_t ki_sockopt_decode(const struct ki_sockopt *row,
                                         const struct ki_optval *in, void *v, size_t cap);

#ifdef __cplusplus
}
#endif

#endif
