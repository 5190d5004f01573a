/* SPDX-License-Identifier: Apache-2.0
 * sockaddr.c -- any text and any native bytes as an address.
 *
 * The first byte says which. What is accepted must print, and what is printed must be read back as
 * the same; a native address goes to kith's form and back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/sockaddr.h"
#include "tests/fuzz/fuzz.h"

/* In room for every address, in just enough, and in less: never beyond, and always ended. */
static void
print_safely(const kith_sockaddr *a, char text[KITH_SOCKADDR_TEXT])
{
    char small[9];
    const int n = kith_sockaddr_print(a, text, KITH_SOCKADDR_TEXT);

    FUZZ_CHECK(n > 0 && n < KITH_SOCKADDR_TEXT);
    FUZZ_CHECK(strlen(text) == (size_t) n);
    memset(small, 'x', sizeof small);
    FUZZ_CHECK(kith_sockaddr_print(a, small, sizeof small - 1) == n);
    FUZZ_CHECK(memchr(small, '\0', sizeof small - 1) != NULL);
    FUZZ_CHECK(small[sizeof small - 1] == 'x');
    FUZZ_CHECK(kith_sockaddr_print(a, NULL, 0) == n);
}

/* To the system's form and back it is the same, where this system has its domain and takes it. */
static void
survives_the_system(const kith_sockaddr *a, const char *printed)
{
    struct ki_native_addr out, again;
    kith_sockaddr b;
    char text[KITH_SOCKADDR_TEXT];

    if (ki_sockaddr_to_native(a, &out) < 0)
        return;
    FUZZ_CHECK(out.len <= sizeof out.bytes);
    FUZZ_CHECK(ki_sockaddr_from_native(&out, &b) == 0);
    print_safely(&b, text);
    FUZZ_CHECK(strcmp(printed, text) == 0);
    FUZZ_CHECK(ki_sockaddr_to_native(&b, &again) == 0);
    FUZZ_CHECK(out.len == again.len && memcmp(out.bytes, again.bytes, out.len) == 0);
}

/* By its bytes alone, and with room for fewer than there are. */
static void
goes_by_bytes(const kith_sockaddr *a, const char *printed)
{
    unsigned char bytes[128], few[5];
    int family;
    kith_sockaddr b;
    char text[KITH_SOCKADDR_TEXT];
    const ptrdiff_t n = kith_sockaddr_bytes(a, &family, bytes, sizeof bytes);

    if (n < 0)
        return;
    memset(few, 'x', sizeof few);
    FUZZ_CHECK(kith_sockaddr_bytes(a, NULL, few, sizeof few - 1) == n);
    FUZZ_CHECK(few[sizeof few - 1] == 'x');
    FUZZ_CHECK(kith_sockaddr_native(family, bytes, (size_t) n, &b) == 0);
    print_safely(&b, text);
    FUZZ_CHECK(strcmp(printed, text) == 0);
}

/* A native text of a family with a domain is printed as that domain's; else the same comes back. */
static void
text_of(const char *bytes, size_t len)
{
    char *text = malloc(len + 1), printed[KITH_SOCKADDR_TEXT], again[KITH_SOCKADDR_TEXT];
    kith_sockaddr a, b;

    FUZZ_CHECK(text != NULL);
    memcpy(text, bytes, len);
    text[len] = '\0';
    memset(&a, 0x5a, sizeof a);
    b = a;
    if (kith_sockaddr_parse(text, &a) == 0) {
        print_safely(&a, printed);
        FUZZ_CHECK(kith_sockaddr_parse(printed, &b) == 0);
        print_safely(&b, again);
        FUZZ_CHECK(a.domain == b.domain && strcmp(printed, again) == 0);
        FUZZ_CHECK(kith_sockaddr_port(&a) == kith_sockaddr_port(&b));
        survives_the_system(&a, printed);
        goes_by_bytes(&a, printed);
    } else {
        FUZZ_CHECK(memcmp(&a, &b, sizeof a) == 0);
    }
    free(text);
}

static void
native_of(const unsigned char *bytes, size_t len)
{
    struct ki_native_addr in;
    kith_sockaddr a, b;
    char printed[KITH_SOCKADDR_TEXT], again[KITH_SOCKADDR_TEXT];

    memset(&in, 0, sizeof in);
    in.len = (unsigned) len;
    memcpy(in.bytes, bytes, len < sizeof in.bytes ? len : sizeof in.bytes);
    if (ki_sockaddr_from_native(&in, &a) < 0 || a.domain == 0)
        return;
    print_safely(&a, printed);
    FUZZ_CHECK(kith_sockaddr_parse(printed, &b) == 0);
    print_safely(&b, again);
    FUZZ_CHECK(a.domain == b.domain && strcmp(printed, again) == 0);
    survives_the_system(&a, printed);
    goes_by_bytes(&a, printed);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    if (len == 0)
        return 0;
    if (data[0] == 'n')
        native_of(data + 1, len - 1);
    else
        text_of((const char *) data + 1, len - 1);
    return 0;
}
