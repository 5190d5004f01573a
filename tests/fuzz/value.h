/* SPDX-License-Identifier: Apache-2.0
 * value.h -- any bytes as the value of a socket option.
 *
 * It stands in a block of its own, as long as it is and without alignment, so that a sanitizer sees
 * who goes beyond. What no user can give is not tried: lists that are not there, a bool that is
 * none. */
#ifndef FUZZ_VALUE_H
#define FUZZ_VALUE_H

#include <string.h>

#include "core/sockopt.h"
#include "tests/fuzz/fuzz.h"

struct fuzz_value {
    unsigned char *block;
    void *v, *list;
    size_t len;
};

static inline unsigned char *
fuzz_block(const unsigned char *bytes, size_t n, size_t len)
{
    unsigned char *block = calloc(1, len + 1);

    FUZZ_CHECK(block != NULL);
    memcpy(block + 1, bytes, n < len ? n : len);
    return block;
}

static inline bool
fuzz_varies(const struct ki_sockopt *row)
{
    return row->kind == KI_OPT_TEXT || row->kind == KI_OPT_BYTES;
}

/* A list of `count` at most stands behind the value; more than any system takes are not read. */
static inline size_t
fuzz_count(size_t told, size_t count)
{
    return told <= count || told > 4096 ? told : count;
}

static inline void
fuzz_make_sound(const struct ki_sockopt *row, unsigned char *v, const void *list,
                size_t len)
{
    kith_msfilter filter;
    kith_sctp_authkey key;
    kith_sctp_reset_streams reset;

    if (row->kind == KI_OPT_LINGER) {
        v[offsetof(kith_linger, on)] &= 1;
    } else if (row->kind == KI_OPT_MSFILTER) {
        memcpy(&filter, v, sizeof filter);
        filter.sources = filter.sources ? list : NULL;
        filter.n_sources = fuzz_count(filter.n_sources, len / sizeof *filter.sources);
        memcpy(v, &filter, sizeof filter);
    } else if (row->id == KITH_OPT_SCTP_AUTH_KEY) {
        memcpy(&key, v, sizeof key);
        key.key = key.key ? list : NULL;
        key.key_len = (uint16_t) (key.key_len < len ? key.key_len : len);
        memcpy(v, &key, sizeof key);
    } else if (row->id == KITH_OPT_SCTP_RESET_STREAMS) {
        memcpy(&reset, v, sizeof reset);
        reset.streams = reset.streams ? list : NULL;
        reset.n = (uint16_t) (reset.n < len / 2 ? reset.n : len / 2);
        memcpy(v, &reset, sizeof reset);
    }
}

/* Of the length that the option has, and what is left is its list; or of any. */
static inline struct fuzz_value
fuzz_value_of(const struct ki_sockopt *row, const unsigned char *data, size_t len, bool any)
{
    const size_t n = any || (fuzz_varies(row) && len <= row->len) ? len : row->len,
                 rest = len > n ? len - n : 0;
    struct fuzz_value value = {.block = fuzz_block(data, len, n),
                               .list = malloc(rest ? rest : 1),
                               .len = n};

    FUZZ_CHECK(value.list != NULL);
    memcpy(value.list, data + len - rest, rest);
    value.v = value.block + 1;
    if (n == row->len)
        fuzz_make_sound(row, value.v, value.list, rest);
    return value;
}

static inline void
fuzz_value_drop(struct fuzz_value *value)
{
    free(value->list);
    free(value->block);
}

#endif
