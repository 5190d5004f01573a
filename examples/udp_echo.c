/* SPDX-License-Identifier: Apache-2.0
 * udp_echo.c -- sends every datagram back to where it came from.
 *
 * Run:  ./udp_echo 127.0.0.1:7000     then, elsewhere:  nc -u 127.0.0.1 7000
 * See:  what you type comes back. ^C ends it. Local addresses (unix:/path) work too, and, for root,
 *       the addresses of another network namespace: ./udp_echo --netns /run/netns/NAME ... */
#include <kith/kith.h>
#include <stdio.h>
#include <string.h>

/* A datagram that cannot be answered is nobody's failure: its sender may be gone, or a full peer
 * may not read. */
static int
echo(kith_socket s)
{
    enum { LONGEST = 65536 };
    char *buf = kith_alloc(LONGEST);
    ptrdiff_t n;

    if (!buf)
        return KITH_ENOMEM;
    for (;;) {
        kith_sockaddr from;

        n = kith_socket_recvfrom(s, buf, LONGEST, &from, 0, KITH_INFINITY);
        if (n == KITH_ECONNREFUSED)
            continue;
        if (n < 0)
            return (int) n;
        if (from.domain != 0)
            (void) !kith_socket_sendto(s, buf, (size_t) n, &from, 0, 100);
    }
}

struct place {
    kith_sockaddr at;
    const char *netns; /* NULL: the one we are in */
};

static int
server(void *arg)
{
    const struct place *place = arg;
    kith_open_options o = KITH_OPEN_OPTIONS_INIT;
    kith_sockaddr name;
    char text[KITH_SOCKADDR_TEXT];
    kith_socket s;
    int rc;

    o.netns = place->netns;
    rc = kith_socket_open(place->at.domain, KITH_DGRAM, KITH_PROTO_DEFAULT, &o, &s);
    if (rc == 0)
        rc = kith_socket_bind(s, &place->at);
    if (rc == 0)
        rc = kith_socket_sockname(s, &name);
    if (rc < 0)
        return rc;
    kith_sockaddr_print(&name, text, sizeof text);
    printf("listening on %s\n", text);
    fflush(stdout);
    return echo(s);
}

static const char usage[] =
    "usage: udp_echo [--netns PATH] [ADDRESS:PORT | unix:/path]\n"
    "\n"
    "Sends every datagram back. Port 0 picks a free one; the default is 127.0.0.1:7000.\n"
    "\n"
    "  --netns PATH   in this network namespace: /run/netns/NAME, /proc/PID/ns/net\n";

int
main(int argc, char **argv)
{
    kith_options o = KITH_OPTIONS_INIT;
    struct place place = {.netns = NULL};
    const char *where = "127.0.0.1:7000";
    int i = 1, rc;

    if (i < argc && strcmp(argv[i], "--help") == 0)
        return fputs(usage, stdout) < 0;
    if (i + 1 < argc && strcmp(argv[i], "--netns") == 0) {
        place.netns = argv[i + 1];
        i += 2;
    }
    if (i < argc)
        where = argv[i++];
    if (i < argc) {
        fputs(usage, stderr);
        return 2;
    }
    o.stop_on_sigterm = true;
    o.drain = 1; /* there is nothing to finish */
    rc = kith_sockaddr_parse(where, &place.at);
    if (rc == 0)
        rc = kith_main(server, &place, sizeof place, &o);
    if (rc < 0 && rc != KITH_ESTOPPED && rc != KITH_EKILLED)
        fprintf(stderr, "udp_echo: %s: %s\n", where, kith_strerror(rc));
    return rc < 0 && rc != KITH_ESTOPPED && rc != KITH_EKILLED;
}
