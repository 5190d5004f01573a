/* SPDX-License-Identifier: Apache-2.0
 * udp_echo.c -- sends every datagram back to where it came from.
 *
 * Run:  ./udp_echo 127.0.0.1:7000     then, elsewhere:  nc -u 127.0.0.1 7000
 * See:  what you type comes back. ^C ends it. Local addresses (unix:/path) work too. */
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

static int
server(void *arg)
{
    const kith_sockaddr *at = arg;
    kith_sockaddr name;
    char text[KITH_SOCKADDR_TEXT];
    kith_socket s;
    int rc = kith_socket_open(at->domain, KITH_DGRAM, KITH_PROTO_DEFAULT, NULL, &s);

    if (rc == 0)
        rc = kith_socket_bind(s, at);
    if (rc == 0)
        rc = kith_socket_sockname(s, &name);
    if (rc < 0)
        return rc;
    kith_sockaddr_print(&name, text, sizeof text);
    printf("listening on %s\n", text);
    fflush(stdout);
    return echo(s);
}

int
main(int argc, char **argv)
{
    const char *where = argc > 1 ? argv[1] : "127.0.0.1:7000";
    kith_options o = KITH_OPTIONS_INIT;
    kith_sockaddr at;
    int rc;

    if (argc > 2 || strcmp(where, "--help") == 0) {
        printf("usage: udp_echo [ADDRESS:PORT | unix:/path]\n\n"
               "Sends every datagram back. Port 0 picks a free one; the default is\n"
               "127.0.0.1:7000.\n");
        return argc > 2 ? 2 : 0;
    }
    o.stop_on_sigterm = true;
    o.drain = 1; /* there is nothing to finish */
    rc = kith_sockaddr_parse(where, &at);
    if (rc == 0)
        rc = kith_main(server, &at, sizeof at, &o);
    if (rc < 0 && rc != KITH_ESTOPPED && rc != KITH_EKILLED)
        fprintf(stderr, "udp_echo: %s: %s\n", where, kith_strerror(rc));
    return rc < 0 && rc != KITH_ESTOPPED && rc != KITH_EKILLED;
}
