/* SPDX-License-Identifier: Apache-2.0
 * sockaddr.c -- addresses and their texts.
 *
 * The reader is a cursor over the text: each take_ function takes what it knows from the
 * front, moves the cursor and answers whether it was there. What is left over at the end is
 * an error. The writer counts every byte and stores those that fit. */
#include "core/sockaddr.h"

#include <string.h>

/* --- reading -------------------------------------------------------------------------- */

static bool
take(const char **p, char c)
{
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int
hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* A decimal number up to `max`; no sign, no leading zero. */
static bool
take_number(const char **p, uint32_t max, uint32_t *out)
{
    const char *start = *p;
    uint64_t v = 0;

    for (; is_digit(**p); (*p)++) {
        v = v * 10 + (uint64_t) (**p - '0');
        if (v > max)
            return false;
    }
    if (*p == start || (*start == '0' && *p - start > 1))
        return false;
    *out = (uint32_t) v;
    return true;
}

/* ":80", or nothing, which is port 0. */
static bool
take_port(const char **p, uint16_t *port)
{
    uint32_t v = 0;

    if (take(p, ':') && !take_number(p, UINT16_MAX, &v))
        return false;
    *port = (uint16_t) v;
    return true;
}

static bool
take_quad(const char **p, uint8_t addr[4])
{
    for (int i = 0; i < 4; i++) {
        uint32_t v;

        if ((i > 0 && !take(p, '.')) || !take_number(p, 255, &v))
            return false;
        addr[i] = (uint8_t) v;
    }
    return true;
}

/* One to four hexadecimal digits. */
static bool
take_group(const char **p, uint8_t out[2])
{
    unsigned v = 0;
    int n = 0;

    for (; n < 4 && hex_value(**p) >= 0; n++, (*p)++)
        v = v << 4 | (unsigned) hex_value(**p);
    out[0] = (uint8_t) (v >> 8);
    out[1] = (uint8_t) v;
    return n > 0 && hex_value(**p) < 0;
}

/* Whether what comes next is the inet form that may end an inet6 address. */
static bool
is_quad_next(const char *p)
{
    while (is_digit(*p))
        p++;
    return *p == '.';
}

/* Up to eight groups. "::" stands once, for one group of zeros or more. */
static bool
take_inet6(const char **p, uint8_t addr[16])
{
    uint8_t got[16];
    int n = 0, gap = -1;

    if ((*p)[0] == ':' && (*p)[1] == ':') {
        *p += 2;
        gap = 0;
    }
    while (n < 16 && (hex_value(**p) >= 0)) {
        if (n <= 12 && is_quad_next(*p)) {
            if (!take_quad(p, got + n))
                return false;
            n += 4;
            break;
        }
        if (!take_group(p, got + n))
            return false;
        n += 2;
        if ((*p)[0] == ':' && (*p)[1] == ':') {
            if (gap >= 0)
                return false;
            *p += 2;
            gap = n;
        } else if (n < 16 && **p == ':') {
            (*p)++;
            if (hex_value(**p) < 0)
                return false;
        } else {
            break;
        }
    }
    if (gap < 0 ? n != 16 : n > 14)
        return false;

    int head = gap < 0 ? n : gap;

    memset(addr, 0, 16);
    memcpy(addr, got, (size_t) head);
    memcpy(addr + 16 - (n - head), got + head, (size_t) (n - head));
    return true;
}

/* "%eth0" or "%2", or nothing, which is 0. A scope that is all digits is a number. */
static int
take_scope(const char **p, uint32_t *scope)
{
    char name[KI_IFNAME];
    size_t n;

    *scope = 0;
    if (!take(p, '%'))
        return 0;
    n = strcspn(*p, "]");
    if (n == 0 || n >= sizeof name)
        return KITH_EINVAL;
    memcpy(name, *p, n);
    name[n] = '\0';
    *p += n;

    if (strspn(name, "0123456789") == n) {
        const char *digits = name;

        return take_number(&digits, UINT32_MAX, scope) ? 0 : KITH_EINVAL;
    }
    *scope = ki_ifindex_of_name(name);
    return *scope != 0 ? 0 : KITH_ENODEV;
}

static int
parse_inet6(const char *p, kith_inet6 *a)
{
    bool bracket = take(&p, '[');
    int rc;

    if (!take_inet6(&p, a->addr))
        return KITH_EINVAL;
    rc = take_scope(&p, &a->scope_id);
    if (rc < 0)
        return rc;
    if (bracket && (!take(&p, ']') || !take_port(&p, &a->port)))
        return KITH_EINVAL;
    return *p == '\0' ? 0 : KITH_EINVAL;
}

static int
parse_inet(const char *p, kith_inet *a)
{
    if (!take_quad(&p, a->addr) || !take_port(&p, &a->port) || *p != '\0')
        return KITH_EINVAL;
    return 0;
}

/* One byte of a local name: itself, or after a backslash a backslash or \xHH. */
static bool
take_name_byte(const char **p, char *out)
{
    if (!take(p, '\\')) {
        *out = *(*p)++;
        return true;
    }
    if (take(p, '\\')) {
        *out = '\\';
        return true;
    }
    if (!take(p, 'x') || hex_value((*p)[0]) < 0 || hex_value((*p)[1]) < 0)
        return false;
    *out = (char) (hex_value((*p)[0]) << 4 | hex_value((*p)[1]));
    *p += 2;
    return true;
}

static int
parse_local(const char *p, kith_local *a)
{
    bool abstract = take(&p, '@');
    size_t n = 0;

    if (abstract)
        a->path[n++] = '\0';
    while (*p != '\0') {
        char c;

        if (!take_name_byte(&p, &c) || (c == '\0' && !abstract))
            return KITH_EINVAL;
        if (n == sizeof a->path)
            return KITH_ENAMETOOLONG;
        a->path[n++] = c;
    }
    a->len = (uint8_t) n;
    return 0;
}

int
kith_sockaddr_parse(const char *text, kith_sockaddr *a)
{
    static const char local[] = "unix:";
    kith_sockaddr got;
    int rc;

    if (!text || !a)
        return KITH_EINVAL;
    memset(&got, 0, sizeof got);
    if (strncmp(text, local, sizeof local - 1) == 0) {
        got.domain = KITH_LOCAL;
        rc = parse_local(text + sizeof local - 1, &got.local);
    } else if (is_quad_next(text)) {
        got.domain = KITH_INET;
        rc = parse_inet(text, &got.inet);
    } else {
        got.domain = KITH_INET6;
        rc = parse_inet6(text, &got.inet6);
    }
    if (rc == 0)
        *a = got;
    return rc;
}

/* --- printing ------------------------------------------------------------------------- */

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

/* At least `least` hexadecimal digits of a number below 65536. */
static void
put_hex(struct writer *w, unsigned v, int least)
{
    for (int i = 3; i >= 0; i--)
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
put_scope(struct writer *w, uint32_t scope)
{
    char name[KI_IFNAME];

    put(w, '%');
    if (ki_ifname_of_index(scope, name) && strchr(name, ']') == NULL &&
        name[strspn(name, "0123456789")] != '\0')
        put_text(w, name);
    else
        put_number(w, scope);
}

static void
put_port(struct writer *w, uint16_t port)
{
    put(w, ':');
    put_number(w, port);
}

/* Control characters, backslashes and an @ that does not mean an abstract name are written
 * so that they read back. */
static void
put_local(struct writer *w, const kith_local *a)
{
    bool abstract = a->len > 0 && a->path[0] == '\0';

    put_text(w, "unix:");
    if (abstract)
        put(w, '@');
    for (size_t i = abstract; i < a->len; i++) {
        unsigned char c = (unsigned char) a->path[i];

        if (c == '\\') {
            put_text(w, "\\\\");
        } else if (c < 0x20 || c == 0x7f || (c == '@' && i == 0)) {
            put_text(w, "\\x");
            put_hex(w, c, 2);
        } else {
            put(w, (char) c);
        }
    }
}

static bool
put_sockaddr(struct writer *w, const kith_sockaddr *a)
{
    switch (a->domain) {
    case KITH_INET:
        put_quad(w, a->inet.addr);
        put_port(w, a->inet.port);
        return true;
    case KITH_INET6:
        put(w, '[');
        put_inet6(w, a->inet6.addr);
        if (a->inet6.scope_id != 0)
            put_scope(w, a->inet6.scope_id);
        put(w, ']');
        put_port(w, a->inet6.port);
        return true;
    case KITH_LOCAL:
        if (a->local.len > sizeof a->local.path)
            return false;
        put_local(w, &a->local);
        return true;
    default:
        return false;
    }
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

/* --- making and asking ---------------------------------------------------------------- */

kith_sockaddr
kith_sockaddr_any(int domain, uint16_t port)
{
    kith_sockaddr a;

    memset(&a, 0, sizeof a);
    a.domain = domain;
    switch (domain) {
    case KITH_INET:
        a.inet.port = port;
        break;
    case KITH_INET6:
        a.inet6.port = port;
        break;
    case KITH_LOCAL:
        break;
    default:
        a.domain = 0;
    }
    return a;
}

kith_sockaddr
kith_sockaddr_loopback(int domain, uint16_t port)
{
    kith_sockaddr a = kith_sockaddr_any(domain, port);

    if (domain == KITH_INET) {
        a.inet.addr[0] = 127;
        a.inet.addr[3] = 1;
    } else if (domain == KITH_INET6) {
        a.inet6.addr[15] = 1;
    }
    return a;
}

uint16_t
kith_sockaddr_port(const kith_sockaddr *a)
{
    switch (a->domain) {
    case KITH_INET:
        return a->inet.port;
    case KITH_INET6:
        return a->inet6.port;
    default:
        return 0;
    }
}
