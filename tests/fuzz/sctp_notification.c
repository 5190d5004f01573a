/* SPDX-License-Identifier: Apache-2.0
 * sctp_notification.c -- any bytes as what the system tells of an association.
 *
 * What is read of it lies within its bytes, and none is whole that was cut. */
#include <stdint.h>
#include <string.h>

#include <kith/error.h>
#include <kith/sctp.h>
#include <kith/sockaddr.h>

#include "tests/fuzz/fuzz.h"

/* As the system writes it first: type, flags, the length of all. */
static size_t
told_length(const unsigned char *data)
{
    uint32_t told;

    memcpy(&told, data + 4, sizeof told);
    return told;
}

static void
check(const unsigned char *data, size_t len)
{
    char text[KITH_SOCKADDR_TEXT];
    kith_sctp_notification n, cut;

    if (kith_sctp_notification_parse(data, len, &n) < 0)
        return;
    FUZZ_CHECK(n.type >= 0 && told_length(data) <= len);
    if (n.data) {
        const unsigned char *at = n.data;

        FUZZ_CHECK(at >= data && at + n.len == data + told_length(data));
    } else {
        FUZZ_CHECK(n.len == 0);
    }
    if (n.type == KITH_SCTP_PEER_ADDR_CHANGE && n.paddr_change.addr.domain != 0)
        FUZZ_CHECK(kith_sockaddr_print(&n.paddr_change.addr, text, sizeof text) > 0);
    if (told_length(data) == len)
        FUZZ_CHECK(kith_sctp_notification_parse(data, len - 1, &cut) == KITH_EINVAL);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    check(data, len);
    return 0;
}
