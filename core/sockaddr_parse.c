/* SPDX-License-Identifier: Apache-2.0
 * sockaddr_parse.c -- addresses read from their texts.
 *
 * A cursor over the text: each take_ function takes what it knows from the front, moves the
 * cursor and answers whether it was there. What is left over at the end is an error. */
#include "core/sockaddr.h"

#include <string.h>

/* ---- pieces ---- */

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

/* Up to `most` hexadecimal digits. */
static bool
take_hex(const char **p, int most, uint32_t *out)
{
    uint32_t v = 0;
    int n = 0;

    for (; n < most && hex_value(**p) >= 0; n++, (*p)++)
        v = v << 4 | (uint32_t) hex_value(**p);
    *out = v;
    return n > 0 && hex_value(**p) < 0;
}

/* "00:1f:ff", or nothing: two digits a byte. At most `cap` bytes; else 0, or how many. */
static int
take_bytes(const char **p, void *out, size_t cap)
{
    uint8_t *bytes = out;
    size_t n = 0;

    while (hex_value((*p)[0]) >= 0 || n > 0) {
        if (hex_value((*p)[0]) < 0 || hex_value((*p)[1]) < 0)
            return KITH_EINVAL;
        if (n == cap)
            return KITH_ENAMETOOLONG;
        bytes[n++] = (uint8_t) (hex_value((*p)[0]) << 4 | hex_value((*p)[1]));
        *p += 2;
        if (!take(p, ':'))
            break;
    }
    return (int) n;
}

/* A word of a list, when it stands before the stop or the end; its place there, else -1. */
static int
take_word(const char **p, const char *const *words, int n, char stop)
{
    for (int i = 0; i < n; i++) {
        size_t len = words[i] ? strlen(words[i]) : 0;

        if (len && strncmp(*p, words[i], len) == 0 &&
            ((*p)[len] == stop || (*p)[len] == '\0')) {
            *p += len;
            return i;
        }
    }
    return -1;
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

static bool
take_group(const char **p, uint8_t out[2])
{
    uint32_t v;

    if (!take_hex(p, 4, &v))
        return false;
    out[0] = (uint8_t) (v >> 8);
    out[1] = (uint8_t) v;
    return true;
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

/* "%eth0" or "%2", up to `stop` or the end. An interface that is all digits is a number. */
static int
take_interface(const char **p, char stop, uint32_t *index)
{
    char name[KI_IFNAME];
    size_t n;

    if (!take(p, '%'))
        return KITH_EINVAL;
    for (n = 0; (*p)[n] != stop && (*p)[n] != '\0'; n++)
        if (n + 1 == sizeof name)
            return KITH_EINVAL;
    if (n == 0)
        return KITH_EINVAL;
    memcpy(name, *p, n);
    name[n] = '\0';
    *p += n;

    if (strspn(name, "0123456789") == n) {
        const char *digits = name;

        return take_number(&digits, UINT32_MAX, index) ? 0 : KITH_EINVAL;
    }
    *index = ki_ifindex_of_name(name);
    return *index != 0 ? 0 : KITH_ENODEV;
}

/* ---- inet, inet6 ---- */

static int
parse_inet(const char *p, kith_inet *a)
{
    if (!take_quad(&p, a->addr) || !take_port(&p, &a->port) || *p != '\0')
        return KITH_EINVAL;
    return 0;
}

/* ";flow=12345", or nothing, which is 0. */
static bool
take_flow(const char **p, uint32_t *flow)
{
    static const char name[] = ";flow=";

    if (strncmp(*p, name, sizeof name - 1) != 0)
        return true;
    *p += sizeof name - 1;
    return take_hex(p, 8, flow);
}

static int
parse_inet6(const char *p, kith_inet6 *a)
{
    bool bracket = take(&p, '[');
    int rc;

    if (!take_inet6(&p, a->addr))
        return KITH_EINVAL;
    rc = *p == '%' ? take_interface(&p, ']', &a->scope_id) : 0;
    if (rc < 0)
        return rc;
    if (bracket &&
        (!take(&p, ']') || !take_port(&p, &a->port) || !take_flow(&p, &a->flowinfo)))
        return KITH_EINVAL;
    return *p == '\0' ? 0 : KITH_EINVAL;
}

/* ---- local ---- */

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

/* ---- packet ---- */

/* "host/1/02:00:00:00:00:01", the address or nothing. */
static int
take_hardware(const char **p, kith_ll *a)
{
    uint32_t v = 0;
    int n = take_word(p, ki_pkttypes, KI_PKTTYPES, '/');

    if (n < 0 && !take_number(p, UINT8_MAX, &v))
        return KITH_EINVAL;
    a->pkttype = n >= 0 ? (uint8_t) n : (uint8_t) v;
    if (!take(p, '/') || !take_number(p, UINT16_MAX, &v))
        return KITH_EINVAL;
    a->hatype = (uint16_t) v;
    if (!take(p, '/'))
        return 0;
    n = take_bytes(p, a->addr, sizeof a->addr);
    if (n <= 0)
        return n < 0 ? n : KITH_EINVAL;
    a->halen = (uint8_t) n;
    return 0;
}

/* The interface must be there, if only as %0: "packet:80" is a host and its port. */
static int
parse_packet(const char *p, kith_ll *a)
{
    uint32_t protocol;
    int rc;

    if (!take_hex(&p, 4, &protocol))
        return KITH_EINVAL;
    a->protocol = (uint16_t) protocol;
    rc = take_interface(&p, '/', &a->ifindex);
    if (rc == 0 && take(&p, '/'))
        rc = take_hardware(&p, a);
    return rc < 0 ? rc : *p == '\0' ? 0 : KITH_EINVAL;
}

/* ---- vsock ---- */

static int
parse_vsock(const char *p, kith_vsock *a)
{
    static const char *const any[] = {"any"};
    int n = take_word(&p, ki_cids, KI_CIDS, ':');

    if (n >= 0)
        a->cid = (uint32_t) n;
    else if (take_word(&p, any, 1, ':') == 0)
        a->cid = KITH_VSOCK_ANY;
    else if (!take_number(&p, UINT32_MAX, &a->cid))
        return KITH_EINVAL;
    if (!take(&p, ':'))
        return KITH_EINVAL;
    if (take_word(&p, any, 1, '\0') == 0)
        a->port = KITH_VSOCK_ANY;
    else if (!take_number(&p, UINT32_MAX, &a->port))
        return KITH_EINVAL;
    return *p == '\0' ? 0 : KITH_EINVAL;
}

/* ---- link ---- */

static int
take_link_name(const char **p, kith_link_addr *a)
{
    while (**p != '/' && **p != '\0') {
        char c;

        if (!take_name_byte(p, &c))
            return KITH_EINVAL;
        if (a->nlen == sizeof a->data)
            return KITH_ENAMETOOLONG;
        a->data[a->nlen++] = c;
    }
    return 0;
}

/* All four slashes must be there. */
static int
parse_link(const char *p, kith_link_addr *a)
{
    uint32_t index, type;
    int n;

    if (!take_number(&p, UINT16_MAX, &index) || !take(&p, '/') ||
        !take_number(&p, UINT8_MAX, &type) || !take(&p, '/'))
        return KITH_EINVAL;
    a->index = (uint16_t) index;
    a->type = (uint8_t) type;
    n = take_link_name(&p, a);
    if (n < 0 || !take(&p, '/'))
        return n < 0 ? n : KITH_EINVAL;
    n = take_bytes(&p, a->data + a->nlen, sizeof a->data - a->nlen);
    if (n < 0 || !take(&p, '/'))
        return n < 0 ? n : KITH_EINVAL;
    a->alen = (uint8_t) n;
    n = take_bytes(&p, a->data + a->nlen + a->alen, sizeof a->data - a->nlen - a->alen);
    if (n < 0 || *p != '\0')
        return n < 0 ? n : KITH_EINVAL;
    a->slen = (uint8_t) n;
    return 0;
}

/* ---- bytes ---- */

/* "/00:01", and at least one; or the end. */
static int
take_native(const char **p, kith_native *a)
{
    int n;

    if (**p == '\0')
        return 0;
    if (!take(p, '/'))
        return KITH_EINVAL;
    n = take_bytes(p, a->data, sizeof a->data);
    if (n <= 0 || **p != '\0')
        return n < 0 ? n : KITH_EINVAL;
    a->len = (uint8_t) n;
    return 0;
}

static int
parse_native(const char *p, kith_sockaddr *a)
{
    kith_native bytes;
    uint32_t family;
    int rc;

    memset(&bytes, 0, sizeof bytes);
    if (!take_number(&p, UINT8_MAX, &family))
        return KITH_EINVAL;
    rc = take(&p, '/') ? take_bytes(&p, bytes.data, sizeof bytes.data) : KITH_EINVAL;
    if (rc < 0 || *p != '\0')
        return rc < 0 ? rc : KITH_EINVAL;
    return kith_sockaddr_native((int) family, bytes.data, (size_t) rc, a);
}

/* ---- all ---- */

/* The rest of the text, when it begins so; else NULL. */
static const char *
after(const char *text, const char *prefix)
{
    size_t n = strlen(prefix);

    return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

static int
parse(const char *text, kith_sockaddr *a)
{
    const char *p;

    if ((p = after(text, "unix:")) != NULL) {
        a->domain = KITH_LOCAL;
        return parse_local(p, &a->local);
    }
    if ((p = after(text, "packet:")) != NULL) {
        a->domain = KITH_PACKET;
        return parse_packet(p, &a->packet);
    }
    if ((p = after(text, "vsock:")) != NULL) {
        a->domain = KITH_VSOCK;
        return parse_vsock(p, &a->vsock);
    }
    if ((p = after(text, "link:")) != NULL) {
        a->domain = KITH_LINK;
        return parse_link(p, &a->link);
    }
    if ((p = after(text, "unspec:")) != NULL) {
        a->domain = KITH_UNSPEC;
        return take_native(&p, &a->native);
    }
    if ((p = after(text, "native:")) != NULL)
        return parse_native(p, a);
    if (is_quad_next(text)) {
        a->domain = KITH_INET;
        return parse_inet(text, &a->inet);
    }
    a->domain = KITH_INET6;
    return parse_inet6(text, &a->inet6);
}

int
kith_sockaddr_parse(const char *text, kith_sockaddr *a)
{
    kith_sockaddr got;
    int rc;

    if (!text || !a)
        return KITH_EINVAL;
    memset(&got, 0, sizeof got);
    rc = parse(text, &got);
    if (rc == 0)
        *a = got;
    return rc;
}
