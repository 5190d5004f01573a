/* SPDX-License-Identifier: Apache-2.0
 * sockaddr_print.c -- addresses written as texts.
 *
 * The writer counts every byte and stores those that fit. */
#include "core/sockaddr.h"

#include <string.h>

struct writer {
    char *text;
    size_t cap, len; /* len: of the whole text, which may be more than fits */
};

static void
put(struct writer *w, char c)
{
    if (w->len < w->cap)
        w->text[w->len] = c;
    w->len++;
}

static void
put_text(struct writer *w, const char *text)
{
    while (*text != '\0')
        put(w, *text++);
}

static void
put_number(struct writer *w, uint32_t v)
{
    char digits[10];
    int n = 0;

    do
        digits[n++] = (char) ('0' + v % 10);
    while ((v /= 10) > 0);
    while (n > 0)
        put(w, digits[--n]);
}

/* At least `least` hexadecimal digits. */
static void
put_hex(struct writer *w, uint32_t v, int least)
{
    for (int i = 7; i >= 0; i--)
        if (i < least || v >> (4 * i) != 0)
            put(w, "0123456789abcdef"[v >> (4 * i) & 15]);
}

static void
put_quad(struct writer *w, const uint8_t addr[4])
{
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            put(w, '.');
        put_number(w, addr[i]);
    }
}

/* The longest run of zero groups, the first of equals; at least two, else none. */
static int
longest_gap(const uint8_t addr[16], int *len)
{
    int best = -1;

    *len = 1;
    for (int i = 0, run = 0; i < 8; i++) {
        run = addr[2 * i] == 0 && addr[2 * i + 1] == 0 ? run + 1 : 0;
        if (run > *len) {
            *len = run;
            best = i + 1 - run;
        }
    }
    return best;
}

/* The form of RFC 5952. */
static void
put_inet6(struct writer *w, const uint8_t addr[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    int gap_len, gap = longest_gap(addr, &gap_len);

    if (memcmp(addr, mapped, sizeof mapped) == 0) {
        put_text(w, "::ffff:");
        put_quad(w, addr + 12);
        return;
    }
    for (int i = 0; i < 8; i++) {
        if (i == gap) {
            put_text(w, "::");
            i += gap_len - 1;
            continue;
        }
        if (i > 0 && i != gap + gap_len)
            put(w, ':');
        put_hex(w, (unsigned) addr[2 * i] << 8 | addr[2 * i + 1], 1);
    }
}

/* By name where the text can be read back to the same number. */
static void
put_interface(struct writer *w, uint32_t index)
{
    char name[KI_IFNAME];

    put(w, '%');
    if (ki_ifname_of_index(index, name) && strpbrk(name, "]/") == NULL &&
        name[strspn(name, "0123456789")] != '\0')
        put_text(w, name);
    else
        put_number(w, index);
}

static void
put_port(struct writer *w, uint16_t port)
{
    put(w, ':');
    put_number(w, port);
}

static void
put_whole_inet6(struct writer *w, const kith_inet6 *a)
{
    put(w, '[');
    put_inet6(w, a->addr);
    if (a->scope_id != 0)
        put_interface(w, a->scope_id);
    put(w, ']');
    put_port(w, a->port);
    if (a->flowinfo != 0) {
        put_text(w, ";flow=");
        put_hex(w, a->flowinfo, 1);
    }
}

/* Control characters, backslashes and what must not stand here are written so that they read
 * back. */
static void
put_name_byte(struct writer *w, unsigned char c, bool must_not)
{
    if (c == '\\') {
        put_text(w, "\\\\");
    } else if (c < 0x20 || c == 0x7f || must_not) {
        put_text(w, "\\x");
        put_hex(w, c, 2);
    } else {
        put(w, (char) c);
    }
}

/* An @ at the front that does not mean an abstract name must not stand there. */
static void
put_local(struct writer *w, const kith_local *a)
{
    bool abstract = a->len > 0 && a->path[0] == '\0';

    put_text(w, "unix:");
    if (abstract)
        put(w, '@');
    for (size_t i = abstract; i < a->len; i++)
        put_name_byte(w, (unsigned char) a->path[i], a->path[i] == '@' && i == 0);
}

static void
put_bytes(struct writer *w, const void *bytes, size_t n)
{
    const uint8_t *b = bytes;

    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            put(w, ':');
        put_hex(w, b[i], 2);
    }
}

/* Kind, type and address of the hardware only where one of them is known. */
static void
put_packet(struct writer *w, const kith_ll *a)
{
    put_text(w, "packet:");
    put_hex(w, a->protocol, 4);
    put_interface(w, a->ifindex);
    if (a->pkttype == 0 && a->hatype == 0 && a->halen == 0)
        return;
    put(w, '/');
    if (a->pkttype < KI_PKTTYPES)
        put_text(w, ki_pkttypes[a->pkttype]);
    else
        put_number(w, a->pkttype);
    put(w, '/');
    put_number(w, a->hatype);
    if (a->halen > 0) {
        put(w, '/');
        put_bytes(w, a->addr, a->halen);
    }
}

static void
put_vsock(struct writer *w, const kith_vsock *a)
{
    put_text(w, "vsock:");
    if (a->cid == KITH_VSOCK_ANY)
        put_text(w, "any");
    else if (a->cid < KI_CIDS)
        put_text(w, ki_cids[a->cid]);
    else
        put_number(w, a->cid);
    put(w, ':');
    if (a->port == KITH_VSOCK_ANY)
        put_text(w, "any");
    else
        put_number(w, a->port);
}

static void
put_link(struct writer *w, const kith_link_addr *a)
{
    put_text(w, "link:");
    put_number(w, a->index);
    put(w, '/');
    put_number(w, a->type);
    put(w, '/');
    for (int i = 0; i < a->nlen; i++)
        put_name_byte(w, (unsigned char) a->data[i], a->data[i] == '/' || !a->data[i]);
    put(w, '/');
    put_bytes(w, a->data + a->nlen, a->alen);
    put(w, '/');
    put_bytes(w, a->data + a->nlen + a->alen, a->slen);
}

static void
put_unspec(struct writer *w, const kith_native *a)
{
    put_text(w, "unspec:");
    if (a->len > 0)
        put(w, '/');
    put_bytes(w, a->data, a->len);
}

static void
put_native(struct writer *w, int family, const kith_native *a)
{
    put_text(w, "native:");
    put_number(w, (uint32_t) family);
    put(w, '/');
    put_bytes(w, a->data, a->len);
}

static bool
put_sockaddr(struct writer *w, const kith_sockaddr *a)
{
    if (!ki_sockaddr_is_sound(a))
        return false;
    switch (a->domain) {
    case KITH_INET:
        put_quad(w, a->inet.addr);
        put_port(w, a->inet.port);
        break;
    case KITH_INET6:
        put_whole_inet6(w, &a->inet6);
        break;
    case KITH_LOCAL:
        put_local(w, &a->local);
        break;
    case KITH_PACKET:
        put_packet(w, &a->packet);
        break;
    case KITH_VSOCK:
        put_vsock(w, &a->vsock);
        break;
    case KITH_LINK:
        put_link(w, &a->link);
        break;
    case KITH_UNSPEC:
        put_unspec(w, &a->native);
        break;
    default:
        put_native(w, a->domain - KITH_DOMAIN_NATIVE, &a->native);
    }
    return true;
}

int
kith_sockaddr_print(const kith_sockaddr *a, char *text, size_t cap)
{
    struct writer w = {.text = text, .cap = cap};
    bool ok = put_sockaddr(&w, a);

    if (!ok)
        w.len = 0;
    if (cap > 0)
        text[w.len < cap ? w.len : cap - 1] = '\0';
    return ok ? (int) w.len : KITH_EINVAL;
}
