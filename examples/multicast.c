/* SPDX-License-Identifier: Apache-2.0
 * multicast.c -- hears a multicast group, or speaks to it, over IPv4 or IPv6.
 *
 * Run:  ./multicast --group 239.1.2.3 --port 7000 --listen     (as often as you like)
 *       ./multicast --group 239.1.2.3 --port 7000 --send hello
 * See:  each listener prints who has sent, and what. ^C ends it. With --source ADDRESS it hears that
 *       one alone. */
#define _DEFAULT_SOURCE

#include <ifaddrs.h>
#include <kith/kith.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    const char *group_text, *source_text, *interface, *text;
    kith_sockaddr group;  /* with its port */
    kith_sockaddr source; /* if its text is there */
    uint32_t ifindex;
    long port, count;
    bool listens;
} opt = {.count = -1};

static bool
is_inet(void)
{
    return opt.group.domain == KITH_INET;
}

static int
complain(const char *what, int rc)
{
    fprintf(stderr, "multicast: %s: %s\n", what, kith_strerror(rc));
    return rc;
}

/* ---- hear ---- */

/* Any source's, or that of one. */
static int
join_group(kith_socket s)
{
    const kith_mreq any = {.group = opt.group, .ifindex = opt.ifindex};
    const kith_mreq_source one = {.group = opt.group,
                                  .source = opt.source,
                                  .ifindex = opt.ifindex};

    if (opt.source_text)
        return kith_socket_setopt(s,
                                  is_inet() ? KITH_OPT_IP_ADD_SOURCE_MEMBERSHIP
                                            : KITH_OPT_IPV6_ADD_SOURCE_MEMBERSHIP,
                                  &one, sizeof one);
    return kith_socket_setopt(s,
                              is_inet() ? KITH_OPT_IP_ADD_MEMBERSHIP
                                        : KITH_OPT_IPV6_JOIN_GROUP,
                              &any, sizeof any);
}

/* All who listen share the port. It is joined before it is bound: whoever sees the port taken can
 * send. Bound to the group, it hears nothing else that comes to the port. */
static int
join(kith_socket s)
{
    int rc = kith_socket_setopt_int(s, KITH_OPT_SOCKET_REUSEADDR, 1);

    if (rc == 0)
        rc = join_group(s);
    if (rc == KITH_ENODEV)
        return complain(
            "no interface has multicast, or not this one: --interface names another", rc);
    if (rc < 0)
        return complain("cannot join the group", rc);
    rc = kith_socket_bind(s, &opt.group);
    return rc < 0 ? complain("cannot listen: another program may own the port", rc) : 0;
}

static int
hear(kith_socket s)
{
    enum { LONGEST = 65536 };
    char who[KITH_SOCKADDR_TEXT], *buf = kith_alloc(LONGEST);
    ptrdiff_t n = join(s);

    if (!buf)
        return KITH_ENOMEM;
    for (long i = 0; n >= 0 && i != opt.count; i++) {
        kith_sockaddr from;

        n = kith_socket_recvfrom(s, buf, LONGEST, &from, 0, KITH_INFINITY);
        if (n < 0)
            break;
        kith_sockaddr_print(&from, who, sizeof who);
        printf("%s %.*s\n", who, (int) n, buf);
        if (fflush(stdout) != 0)
            n = KITH_EIO;
    }
    kith_free(buf);
    return n < 0 ? (int) n : 0;
}

/* ---- speak ---- */

/* It goes no further than this network, and this machine hears it too. */
static int
prepare(kith_socket s)
{
    const kith_multicast_if via = {.ifindex = opt.ifindex};
    int rc;

    if (is_inet()) {
        rc = kith_socket_setopt(s, KITH_OPT_IP_MULTICAST_IF, &via, sizeof via);
        if (rc == 0)
            rc = kith_socket_setopt_int(s, KITH_OPT_IP_MULTICAST_TTL, 1);
        return rc < 0 ? rc : kith_socket_setopt_int(s, KITH_OPT_IP_MULTICAST_LOOP, 1);
    }
    rc = kith_socket_setopt_int(s, KITH_OPT_IPV6_MULTICAST_IF, (int) opt.ifindex);
    if (rc == 0)
        rc = kith_socket_setopt_int(s, KITH_OPT_IPV6_MULTICAST_HOPS, 1);
    return rc < 0 ? rc : kith_socket_setopt_int(s, KITH_OPT_IPV6_MULTICAST_LOOP, 1);
}

static int
speak(kith_socket s)
{
    const long times = opt.count < 0 ? 1 : opt.count;
    ptrdiff_t n = prepare(s);

    if (n < 0)
        return complain("cannot send there", (int) n);
    for (long i = 0; i < times; i++) {
        n = kith_socket_sendto(s, opt.text, strlen(opt.text), &opt.group, 0, KITH_INFINITY);
        if (n == KITH_ENETUNREACH)
            return complain("no route for multicast: --interface says where it leaves",
                            (int) n);
        if (n < 0)
            return complain("cannot send", (int) n);
    }
    return 0;
}

/* ---- what to do ---- */

static int
run(void *arg)
{
    kith_socket s;
    int rc = kith_socket_open(opt.group.domain, KITH_DGRAM, KITH_PROTO_DEFAULT, NULL, &s);

    (void) arg;
    if (rc < 0)
        return complain("no socket", rc);
    return opt.listens ? hear(s) : speak(s);
}

/* The number of the interface that has this address; 0: none. */
static uint32_t
interface_with(const kith_sockaddr *a)
{
    struct ifaddrs *all;
    uint32_t found = 0;

    if (getifaddrs(&all) != 0)
        return 0;
    for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
        const void *at;

        if (!i->ifa_addr)
            continue;
        if (a->domain == KITH_INET && i->ifa_addr->sa_family == AF_INET) {
            at = &((const struct sockaddr_in *) (const void *) i->ifa_addr)->sin_addr;
            found = memcmp(at, a->inet.addr, 4) == 0 ? if_nametoindex(i->ifa_name) : 0;
        } else if (a->domain == KITH_INET6 && i->ifa_addr->sa_family == AF_INET6) {
            at = &((const struct sockaddr_in6 *) (const void *) i->ifa_addr)->sin6_addr;
            found = memcmp(at, a->inet6.addr, 16) == 0 ? if_nametoindex(i->ifa_name) : 0;
        }
    }
    freeifaddrs(all);
    return found;
}

/* A name, a number, or an address. 0: there is none. */
static uint32_t
find_interface(const char *text)
{
    kith_sockaddr a;
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    if (*end == '\0' && end != text)
        return number <= UINT32_MAX ? (uint32_t) number : 0;
    if (kith_sockaddr_parse(text, &a) == 0)
        return interface_with(&a);
    return if_nametoindex(text);
}

static bool
is_multicast(const kith_sockaddr *a)
{
    return a->domain == KITH_INET    ? a->inet.addr[0] >> 4 == 0xe
           : a->domain == KITH_INET6 ? a->inet6.addr[0] == 0xff
                                     : false;
}

static bool
is_source(void)
{
    return kith_sockaddr_parse(opt.source_text, &opt.source) == 0 &&
           opt.source.domain == opt.group.domain && !is_multicast(&opt.source);
}

/* NULL, or what is wrong. */
static const char *
settle(void)
{
    if (!opt.group_text || kith_sockaddr_parse(opt.group_text, &opt.group) < 0 ||
        !is_multicast(&opt.group))
        return "--group wants a multicast address, as 239.1.2.3 or ff15::77";
    if (opt.port < 1 || opt.port > 65535)
        return "--port wants a number, 1 to 65535";
    if (opt.listens == (opt.text != NULL))
        return "say --listen or --send TEXT";
    if (opt.source_text && (!opt.listens || !is_source()))
        return "--source wants an address of the group's family, and --listen";
    if (is_inet()) {
        opt.group.inet.port = (uint16_t) opt.port;
    } else {
        opt.group.inet6.port = (uint16_t) opt.port;
        opt.ifindex = opt.group.inet6.scope_id;
    }
    if (opt.interface && (opt.ifindex = find_interface(opt.interface)) == 0)
        return "--interface wants a name, a number or an address of this machine: see ip address";
    if (!is_inet())
        opt.group.inet6.scope_id = opt.ifindex;
    return NULL;
}

static bool
read_number(const char *text, long *out)
{
    char *end;

    *out = text ? strtol(text, &end, 10) : 0;
    return text && *text && *end == '\0' && *out > 0;
}

static const char usage[] =
    "usage: multicast --group G --port P [--interface I] --listen [--source S] [--count N]\n"
    "       multicast --group G --port P [--interface I] --send TEXT [--count N]\n"
    "\n"
    "  --group G      a multicast address of IPv4 or IPv6: 239.1.2.3, ff15::77, ff02::77%eth0\n"
    "  --port P       its port\n"
    "  --interface I  by name, number or address; the system chooses if it is not said\n"
    "  --listen       prints ADDRESS:PORT TEXT for each datagram; many may listen at once\n"
    "  --source S     an address: hears what that one sends, and nothing else\n"
    "  --send TEXT    sends it, for this network only\n"
    "  --count N      ends after N datagrams; --listen never ends, --send sends 1 without it\n";

/* NULL, or what is wrong. */
static const char *
read_arguments(char **argv)
{
    for (; *argv; argv++) {
        if (strcmp(*argv, "--listen") == 0) {
            opt.listens = true;
            continue;
        }
        if (!argv[1])
            return *argv;
        if (strcmp(*argv, "--group") == 0)
            opt.group_text = argv[1];
        else if (strcmp(*argv, "--source") == 0)
            opt.source_text = argv[1];
        else if (strcmp(*argv, "--interface") == 0)
            opt.interface = argv[1];
        else if (strcmp(*argv, "--send") == 0)
            opt.text = argv[1];
        else if (strcmp(*argv, "--port") == 0)
            opt.port = strtol(argv[1], NULL, 10);
        else if (strcmp(*argv, "--count") != 0 || !read_number(argv[1], &opt.count))
            return *argv;
        argv++;
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    kith_options o = KITH_OPTIONS_INIT;
    const char *wrong;
    int rc;

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return fputs(usage, stdout) < 0;
    wrong = read_arguments(argv + 1);
    if (wrong)
        fprintf(stderr, "multicast: %s is not understood\n%s", wrong, usage);
    else if ((wrong = settle()) != NULL)
        fprintf(stderr, "multicast: %s\n\n%s", wrong, usage);
    if (wrong)
        return 2;
    o.stop_on_sigterm = true;
    o.drain = 1; /* there is nothing to finish */
    rc = kith_main(run, NULL, 0, &o);
    return rc < 0 && rc != KITH_ESTOPPED && rc != KITH_EKILLED;
}
