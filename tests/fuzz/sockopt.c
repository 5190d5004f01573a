/* SPDX-License-Identifier: Apache-2.0
 * sockopt.c -- any bytes as the value of any option, both ways.
 *
 * The first byte says which way, two more which option. Nothing is read or written beyond the lengths
 * that were given; the answer is a code that is documented, after which nothing has changed; and
 * what was made for the system and can be read is read back as what it was. */
#define _GNU_SOURCE
#include <string.h>

#include "core/os_net.h"
#include "core/sockopt.h"
#include "tests/fuzz/value.h"

enum { VALUE_MAX = 4096 };

static void
is_documented(ptrdiff_t rc)
{
    switch (rc) {
    case 0:
    case KITH_EINVAL:
    case KITH_ENOPROTOOPT:
    case KITH_EAFNOSUPPORT:
    case KITH_ESOCKTNOSUPPORT:
    case KITH_ENAMETOOLONG:
    case KITH_ENOBUFS:
        return;
    default:
        FUZZ_CHECK(rc > 0);
    }
}

/* ---- there and back ---- */

/* The system takes addresses of its own families alone; what becomes of others does not matter. */
static bool
is_of_inet(const struct ki_sockopt *row, const void *v)
{
    kith_sctp_prim prim;
    kith_sctp_paddrparams params;
    int domain = 0;

    if (row->id == KITH_OPT_SCTP_PRIMARY_ADDR) {
        memcpy(&prim, v, sizeof prim);
        domain = prim.addr.domain;
    } else if (row->id == KITH_OPT_SCTP_PEER_ADDR_PARAMS) {
        memcpy(&params, v, sizeof params);
        domain = params.address.domain;
    }
    return domain == 0 || domain == KITH_INET || domain == KITH_INET6;
}

static void
is_the_same(const struct ki_sockopt *row, const void *v, size_t len,
            const struct ki_optval *native)
{
#if KI_HAVE_MSFILTER
    kith_msfilter filter;
#endif
    int number;

    switch (row->kind) {
#if KI_HAVE_MSFILTER
    case KI_OPT_MSFILTER:
        memcpy(&filter, v, sizeof filter);
        FUZZ_CHECK(native->len == GROUP_FILTER_SIZE(filter.n_sources));
        return;
#endif
    case KI_OPT_INT:
    case KI_OPT_BYTES:
    case KI_OPT_ALIKE:
    case KI_OPT_ACCEPT_FILTER:
        FUZZ_CHECK(native->len == len && memcmp(native->data, v, len) == 0);
        return;
    case KI_OPT_BOOL:
        memcpy(&number, v, sizeof number);
        FUZZ_CHECK(*(const int *) native->data == (number != 0));
        return;
    default:
        return;
    }
}

static void
comes_back(const struct ki_sockopt *row, const void *v, const struct ki_optval *native)
{
    static unsigned char read[VALUE_MAX];
    struct ki_optval again;
    ptrdiff_t n;

    /* Read as another struct than it is set as. */
    if (!row->get || row->kind == KI_OPT_MULTICAST_IF || !is_of_inet(row, v))
        return;
    n = ki_sockopt_decode(row, native, read, row->len);
    FUZZ_CHECK(n >= 0 && n <= row->len);
    FUZZ_CHECK(ki_sockopt_encode(row, read, (size_t) n, &again) == 0);
    FUZZ_CHECK(again.len == native->len);
    FUZZ_CHECK(memcmp(again.data, native->data, again.len) == 0);
    ki_optval_drop(&again);
}

/* ---- out of ours ---- */

static void
encode(const struct ki_sockopt *row, const void *v, size_t len)
{
    struct ki_optval native;
    const int may = ki_sockopt_may_set(row, len),
              rc = ki_sockopt_encode(row, v, len, &native);

    is_documented(rc);
    if (may < 0)
        FUZZ_CHECK(rc == may);
    if (rc < 0)
        return;
    FUZZ_CHECK(rc == 0);
    is_the_same(row, v, len, &native);
    comes_back(row, v, &native);
    ki_optval_drop(&native);
}

/* What a read is given, and what it is when the system has written nothing into it. */
static void
ask(const struct ki_sockopt *row, const void *v)
{
    static unsigned char read[VALUE_MAX];
    struct ki_optval native;
    const int rc = ki_sockopt_ask(row, v, &native);

    is_documented(rc);
    if (rc < 0)
        return;
    FUZZ_CHECK(native.len == ki_sockopt_native_len(row));
    is_documented(ki_sockopt_decode(row, &native, read, row->len));
    ki_optval_drop(&native);
}

static void
give(const struct ki_sockopt *row, const unsigned char *data, size_t len, bool any)
{
    struct fuzz_value value = fuzz_value_of(row, data, len, any);

    encode(row, value.v, value.len);
    if (value.len == row->len && ki_sockopt_may_get(row, value.len) == 0)
        ask(row, value.v);
    fuzz_value_drop(&value);
}

/* ---- into ours ---- */

/* No list is said to be longer than it is. */
static void
is_within(const struct ki_sockopt *row, const void *v)
{
    kith_sctp_hmacalgo hmac;
    kith_sctp_authchunks chunks;

    if (row->id == KITH_OPT_SCTP_HMAC_IDENT) {
        memcpy(&hmac, v, sizeof hmac);
        FUZZ_CHECK(hmac.n <= sizeof hmac.idents / sizeof *hmac.idents);
    } else if (row->id == KITH_OPT_SCTP_LOCAL_AUTH_CHUNKS ||
               row->id == KITH_OPT_SCTP_PEER_AUTH_CHUNKS) {
        memcpy(&chunks, v, sizeof chunks);
        FUZZ_CHECK(chunks.n <= sizeof chunks.chunks);
    }
}

/* The system has written `len` bytes of what it was asked for, and there is room for `cap`. */
static void
take(const struct ki_sockopt *row, const unsigned char *data, size_t len, size_t cap)
{
    static unsigned char none[VALUE_MAX];
    const unsigned room = ki_sockopt_native_len(row);
    unsigned char *block = fuzz_block(none, cap, cap);
    struct ki_optval native = {.len = (unsigned) (len < room ? len : room)};
    ptrdiff_t n;

    native.data = calloc(1, room ? room : 1);
    FUZZ_CHECK(native.data != NULL);
    memcpy(native.data, data, native.len);
    n = ki_sockopt_decode(row, &native, block + 1, cap);
    is_documented(n);
    FUZZ_CHECK(n <= (ptrdiff_t) cap);
    if (n < 0)
        FUZZ_CHECK(memcmp(block + 1, none, cap) == 0);
    else if (!fuzz_varies(row))
        FUZZ_CHECK(n == row->len);
    if (n >= 0)
        is_within(row, block + 1);
    if (n >= 0 && row->set)
        encode(row, block + 1, (size_t) n);
    free(native.data);
    free(block);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    const struct ki_sockopt *row;

    if (len < 4)
        return 0;
    row = ki_sockopt_find((1 + data[1] % 7) << 8 | (data[2] & 0x3f));
    if (!row)
        return 0;
    if (data[0] & 1)
        take(row, data + 4, len - 4, data[0] & 2 ? data[3] * 8u : row->len);
    else
        give(row, data + 4, len - 4, data[0] & 2);
    return 0;
}
