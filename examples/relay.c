/* SPDX-License-Identifier: Apache-2.0
 * relay.c -- takes connections and passes their bytes on to another server, both ways.
 *
 * Run:  ./relay 127.0.0.1:7000 example.org:80     then, elsewhere:  nc 127.0.0.1 7000
 * See:  the server there answers. When one end has sent its last, the other hears of just that,
 *       and may go on sending: "half close". ^C ends it.
 *
 * Each connection has two processes, one a direction; whichever fails takes the other with it,
 * because they are linked. */
#include <kith/kith.h>
#include <stdio.h>
#include <string.h>

enum { AT_ONCE = 128 * 1024, CONNECT_MS = 10000 };

static const char *target;

struct way {
    kith_socket from, to;
};

/* The bytes of one direction, and then its end, for which the connection may be gone already. A
 * failure ends both directions, and is not worth a crash report. */
static int
pump(void *arg)
{
    const struct way *w = arg;
    char *buf = kith_alloc(AT_ONCE);
    ptrdiff_t n;

    if (!buf)
        return KITH_ENOMEM;
    while ((n = kith_socket_recv(w->from, buf, AT_ONCE, 0, KITH_INFINITY)) > 0)
        if ((n = kith_socket_send(w->to, buf, (size_t) n, 0, KITH_INFINITY)) < 0)
            break;
    if (n < 0)
        kith_exit(kith_reason_of(KITH_SHUTDOWN, 0, NULL));
    (void) !kith_socket_shutdown(w->to, KITH_SHUT_WRITE);
    return 0;
}

/* Owns both ends, so that they live until both directions have ended. */
static int
relay(kith_socket client, void *arg)
{
    kith_socket server;
    kith_pid back;
    int rc = kith_tcp_connect(target, CONNECT_MS, &server);

    (void) arg;
    if (rc < 0) {
        fprintf(stderr, "relay: %s: %s\n", target, kith_strerror(rc));
        return 0;
    }
    rc = kith_spawn_link(pump, &(struct way){server, client}, sizeof(struct way), &back);
    if (rc == 0)
        rc = pump(&(struct way){client, server});
    if (rc == 0)
        rc = kith_wait(back, NULL, KITH_INFINITY);
    return rc;
}

static int
server(void *where)
{
    kith_socket listener, conn;
    kith_sockaddr at;
    char text[KITH_SOCKADDR_TEXT];
    int rc = kith_tcp_listen(where, &listener);

    if (rc == 0)
        rc = kith_socket_sockname(listener, &at);
    if (rc == 0) {
        kith_sockaddr_print(&at, text, sizeof text);
        printf("listening on %s\n", text);
        fflush(stdout);
    }
    while (rc == 0 && (rc = kith_socket_accept(listener, KITH_INFINITY, &conn)) == 0)
        rc = kith_socket_spawn(conn, relay, NULL, 0, NULL);
    return rc == KITH_ESTOPPED ? 0 : rc;
}

int
main(int argc, char **argv)
{
    kith_options o = KITH_OPTIONS_INIT;
    int rc;

    if (argc != 3) {
        fprintf(
            argc == 2 ? stdout : stderr,
            "usage: relay ADDRESS:PORT HOST:PORT\n\n"
            "Listens at the first (port 0 picks a free one) and passes each connection on\n"
            "to the second, until SIGTERM or ^C. Both may be unix:/path too.\n");
        return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
    }
    target = argv[2];
    o.stop_on_sigterm = true;
    rc = kith_main(server, argv[1], strlen(argv[1]) + 1, &o);
    if (rc < 0)
        fprintf(stderr, "relay: cannot listen on %s: %s\n", argv[1], kith_strerror(rc));
    return rc < 0;
}
