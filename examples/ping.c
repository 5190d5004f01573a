/* SPDX-License-Identifier: Apache-2.0
 * ping.c -- asks a host whether it is there, over ICMP or ICMPv6.
 *
 * Run:  ./ping --count 3 127.0.0.1
 * See:  a line for each answer, with its time. Without root the system must allow it: see
 *       sysctl net.ipv4.ping_group_range. */
#include <kith/kith.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LEN = 64, ASK4 = 8, ANSWER4 = 0, ASK6 = 128, ANSWER6 = 129 };

static struct {
    const char *host;
    long count, interval, timeout;
} config = {.count = 4, .interval = 1000, .timeout = 1000};

struct peer {
    kith_socket s;
    kith_sockaddr at;
    bool six, raw; /* raw: we see the answers to others too, and over IPv4 the header */
    uint16_t id;
    long sent, got;
};

static double
now_ms(void)
{
    struct timespec t;

    (void) timespec_get(&t, TIME_UTC);
    return (double) t.tv_sec * 1e3 + (double) t.tv_nsec / 1e6;
}

/* ---- packets ---- */

static uint16_t
checksum(const unsigned char *p, size_t n)
{
    uint32_t sum = 0;

    for (size_t i = 0; i + 1 < n; i += 2)
        sum += (uint32_t) (p[i] << 8 | p[i + 1]);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~sum;
}

/* Over ICMPv6 the system makes the checksum, which has the addresses in it. */
static void
fill(const struct peer *p, unsigned char m[LEN])
{
    uint16_t sum;

    memset(m, 0, LEN);
    m[0] = p->six ? ASK6 : ASK4;
    m[4] = (unsigned char) (p->id >> 8);
    m[5] = (unsigned char) p->id;
    m[6] = (unsigned char) (p->sent >> 8);
    m[7] = (unsigned char) p->sent;
    for (int i = 8; i < LEN; i++)
        m[i] = (unsigned char) i;
    sum = p->six ? 0 : checksum(m, LEN);
    m[2] = (unsigned char) (sum >> 8);
    m[3] = (unsigned char) sum;
}

/* Is it the answer to our last question? Where the socket is not raw, the system has seen to the
 * id. */
static bool
is_answer(const struct peer *p, const unsigned char *m, ptrdiff_t n)
{
    if (p->raw && !p->six) {
        const int header = n > 0 ? (m[0] & 15) * 4 : 0;

        m += header;
        n -= header;
    }
    return n >= 8 && m[0] == (p->six ? ANSWER6 : ANSWER4) &&
           (!p->raw || (m[4] << 8 | m[5]) == p->id) &&
           (m[6] << 8 | m[7]) == (p->sent & 0xffff);
}

/* ---- one question ---- */

static int
hops_of(const struct peer *p, const kith_packet *packet)
{
    const int *v =
        KITH_CTRL(packet, p->six ? KITH_CMSG_IPV6_HOPLIMIT : KITH_CMSG_IP_TTL, int);

    return v ? *v : 0;
}

/* 0, KITH_ETIMEOUT, or a failure. */
static int
wait_for_answer(struct peer *p, double asked)
{
    const kith_ms end = kith_deadline(config.timeout);
    unsigned char m[256];
    char space[KITH_CTRL_SPACE], text[KITH_SOCKADDR_TEXT];
    kith_cmsg ctrl[2];
    kith_iov iov = KITH_IOV(m);
    kith_packet packet = {.iov = &iov,
                          .n_iov = 1,
                          .ctrl = ctrl,
                          .ctrl_cap = 2,
                          .ctrl_space = KITH_IOV(space)};
    ptrdiff_t n;

    do
        n = kith_socket_recvmsg(p->s, &packet, 0, kith_left(end));
    while (n >= 0 && !is_answer(p, m, n));
    if (n < 0)
        return (int) n;
    p->got++;
    kith_sockaddr_print(&packet.addr, text, sizeof text);
    *strrchr(text, ':') = '\0'; /* ICMP has no ports */
    printf("%d bytes from %s: seq=%ld ttl=%d time=%.3f ms\n", LEN, text, p->sent,
           hops_of(p, &packet), now_ms() - asked);
    fflush(stdout);
    return 0;
}

static int
ask(struct peer *p)
{
    unsigned char m[LEN];
    const double asked = now_ms();
    ptrdiff_t n;
    int rc;

    p->sent++;
    fill(p, m);
    n = kith_socket_sendto(p->s, m, sizeof m, &p->at, 0, KITH_INFINITY);
    rc = n < 0 ? (int) n : wait_for_answer(p, asked);
    if (rc == KITH_ETIMEOUT)
        printf("no answer to seq=%ld within %ld ms\n", p->sent, config.timeout);
    else if (rc < 0)
        printf("seq=%ld: %s\n", p->sent, kith_strerror(rc));
    fflush(stdout);
    return rc == KITH_EKILLED || rc == KITH_ESTOPPED ? rc : 0;
}

/* ---- the whole ---- */

/* A ping socket where the system allows it, else a raw one, which is for root. */
static int
open_socket(struct peer *p)
{
    const int protocol = p->six ? KITH_ICMPV6 : KITH_ICMP;
    int rc = kith_socket_open(p->at.domain, KITH_DGRAM, protocol, NULL, &p->s);

    if (rc == KITH_EACCES || rc == KITH_EPROTONOSUPPORT || rc == KITH_EPERM) {
        p->raw = true;
        rc = kith_socket_open(p->at.domain, KITH_RAW, protocol, NULL, &p->s);
    }
    if (rc < 0)
        return rc;
    return kith_socket_setopt_int(p->s,
                                  p->six ? KITH_OPT_IPV6_RECVHOPLIMIT : KITH_OPT_IP_RECVTTL,
                                  1);
}

static int
ping(void *arg)
{
    struct peer p = {.id = (uint16_t) (kith_self().id ^ (uint64_t) time(NULL))};
    int rc = kith_resolve(config.host, 0, &p.at, 1, KITH_INFINITY);

    (void) arg;
    p.six = p.at.domain == KITH_INET6;
    if (rc >= 0)
        rc = open_socket(&p);
    for (long i = 0; rc == 0 && i < config.count; i++) {
        if (i > 0)
            rc = kith_sleep(config.interval);
        if (rc == 0)
            rc = ask(&p);
    }
    if (rc < 0 && rc != KITH_EKILLED && rc != KITH_ESTOPPED)
        return rc;
    printf("%ld sent, %ld answered\n", p.sent, p.got);
    return p.got > 0 ? 0 : KITH_EHOSTUNREACH;
}

static const char usage[] =
    "usage: ping [--count N] [--interval MS] [--timeout MS] HOST\n"
    "\n"
    "  --count N       questions; default 4\n"
    "  --interval MS   from one to the next; default 1000\n"
    "  --timeout MS    how long to wait for an answer; default 1000\n"
    "\n"
    "HOST is a name or an address of either family. Ends with 0 if anything was answered.\n";

static long
number(const char *text)
{
    char *end;
    const long n = text && *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : -1;

    return n >= 0 && !*end ? n : -1;
}

int
main(int argc, char **argv)
{
    kith_options o = KITH_OPTIONS_INIT;
    long *option;
    int i, rc;

    for (i = 1; i < argc && argv[i][0] == '-'; i += 2) {
        if (strcmp(argv[i], "--help") == 0)
            return fputs(usage, stdout) < 0;
        option = strcmp(argv[i], "--count") == 0      ? &config.count
                 : strcmp(argv[i], "--interval") == 0 ? &config.interval
                 : strcmp(argv[i], "--timeout") == 0  ? &config.timeout
                                                      : NULL;
        if (!option || (*option = number(argv[i + 1])) < 0)
            break;
    }
    if (i != argc - 1) {
        fputs(usage, stderr);
        return 2;
    }
    config.host = argv[i];
    o.stop_on_sigterm = true;
    o.drain = 1;
    rc = kith_main(ping, NULL, 0, &o);
    if (rc == KITH_EACCES || rc == KITH_EPERM)
        fprintf(stderr, "ping: %s: be root, or see net.ipv4.ping_group_range\n",
                kith_strerror(rc));
    else if (rc < 0 && rc != KITH_EHOSTUNREACH)
        fprintf(stderr, "ping: %s: %s\n", config.host, kith_strerror(rc));
    return rc < 0;
}
