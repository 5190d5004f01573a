/* SPDX-License-Identifier: Apache-2.0
 * sock_names.c -- names of domains, types and protocols, from tables: no file, no locale. */
#include <kith/domain.h>
#include <kith/error.h>

#include "core/defs.h"

struct name {
    int number;
    const char *name;
};

/* Of several names of a number the first is the one it is told by. */
static const struct name domains[] = {
    {KITH_INET, "inet"},  {KITH_INET6, "inet6"},   {KITH_LOCAL, "local"},
    {KITH_LOCAL, "unix"}, {KITH_PACKET, "packet"}, {KITH_VSOCK, "vsock"},
    {KITH_LINK, "link"},  {KITH_UNSPEC, "unspec"},
};

static const struct name types[] = {
    {KITH_STREAM, "stream"}, {KITH_DGRAM, "dgram"},         {KITH_RAW, "raw"},
    {KITH_RDM, "rdm"},       {KITH_SEQPACKET, "seqpacket"},
};

/* IANA's assigned numbers, in the spelling of the files that getprotobyname reads; and Linux'
 * own above 255. */
static const struct name protocols[] = {
    {KITH_IP, "ip"},
    {KITH_PROTO_DEFAULT, "default"},
    {KITH_IP, "hopopt"},
    {KITH_ICMP, "icmp"},
    {KITH_IGMP, "igmp"},
    {3, "ggp"},
    {4, "ipencap"},
    {4, "ipip"},
    {5, "st"},
    {KITH_TCP, "tcp"},
    {8, "egp"},
    {9, "igp"},
    {12, "pup"},
    {KITH_UDP, "udp"},
    {20, "hmp"},
    {22, "xns-idp"},
    {22, "idp"},
    {27, "rdp"},
    {29, "iso-tp4"},
    {29, "tp"},
    {33, "dccp"},
    {36, "xtp"},
    {37, "ddp"},
    {38, "idpr-cmtp"},
    {41, "ipv6"},
    {43, "ipv6-route"},
    {43, "routing"},
    {44, "ipv6-frag"},
    {44, "fragment"},
    {45, "idrp"},
    {46, "rsvp"},
    {47, "gre"},
    {50, "esp"},
    {50, "ipsec-esp"},
    {51, "ah"},
    {51, "ipsec-ah"},
    {57, "skip"},
    {KITH_ICMPV6, "ipv6-icmp"},
    {KITH_ICMPV6, "icmp6"},
    {KITH_ICMPV6, "icmpv6"},
    {59, "ipv6-nonxt"},
    {60, "ipv6-opts"},
    {60, "dstopts"},
    {73, "rspf"},
    {81, "vmtp"},
    {88, "eigrp"},
    {89, "ospf"},
    {89, "ospfigp"},
    {92, "mtp"},
    {93, "ax.25"},
    {97, "etherip"},
    {98, "encap"},
    {103, "pim"},
    {108, "ipcomp"},
    {108, "comp"},
    {112, "vrrp"},
    {115, "l2tp"},
    {124, "isis"},
    {KITH_SCTP, "sctp"},
    {133, "fc"},
    {135, "mobility-header"},
    {135, "mh"},
    {KITH_UDPLITE, "udplite"},
    {137, "mpls-in-ip"},
    {138, "manet"},
    {139, "hip"},
    {140, "shim6"},
    {141, "wesp"},
    {142, "rohc"},
    {143, "ethernet"},
    {KITH_PROTO_RAW, "raw"},
    {KITH_MPTCP, "mptcp"},
};

static char
plain(char c)
{
    return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static bool
same(const char *a, const char *b)
{
    while (*a && plain(*a) == plain(*b)) {
        a++;
        b++;
    }
    return plain(*a) == plain(*b);
}

static const char *
name_of(const struct name *rows, size_t n, int number)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].number == number)
            return rows[i].name;
    return NULL;
}

static int
number_of(const struct name *rows, size_t n, const char *name)
{
    for (size_t i = 0; name && i < n; i++)
        if (same(rows[i].name, name))
            return rows[i].number;
    return KITH_EINVAL;
}

const char *
kith_domain_name(int domain)
{
    return name_of(domains, ki_countof(domains), domain);
}

int
kith_domain_by_name(const char *name)
{
    return number_of(domains, ki_countof(domains), name);
}

const char *
kith_type_name(int type)
{
    return name_of(types, ki_countof(types), type);
}

int
kith_type_by_name(const char *name)
{
    return number_of(types, ki_countof(types), name);
}

const char *
kith_protocol_name(int protocol)
{
    return name_of(protocols, ki_countof(protocols), protocol);
}

int
kith_protocol_by_name(const char *name)
{
    return number_of(protocols, ki_countof(protocols), name);
}
