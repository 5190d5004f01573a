/* SPDX-License-Identifier: Apache-2.0
 * hello.c -- an echo server in plain blocking C: a process for each connection.
 *
 * Run:  ./hello 127.0.0.1:7000     then, elsewhere:  nc 127.0.0.1 7000
 * See:  what you type comes back. ^C ends it in order. */
#include <kith/kith.h>
#include <stdio.h>
#include <string.h>

static int
echo(kith_socket s, void *arg)
{
    char buf[4096];
    ptrdiff_t n;

    (void) arg;
    while ((n = kith_socket_recv(s, buf, sizeof buf, 0, KITH_INFINITY)) > 0)
        if ((n = kith_socket_send(s, buf, (size_t) n, 0, KITH_INFINITY)) < 0)
            break;
    return (int) n; /* 0: the peer ended; < 0: why we stop */
}

static int
server(void *where)
{
    kith_socket listener, conn;
    int rc = kith_tcp_listen(where, &listener);

    while (rc == 0 && (rc = kith_socket_accept(listener, KITH_INFINITY, &conn)) == 0)
        rc = kith_socket_spawn(conn, echo, NULL, 0, NULL);
    return rc == KITH_ESTOPPED ? 0 : rc;
}

int
main(int argc, char **argv)
{
    kith_options o = KITH_OPTIONS_INIT;
    const char *where = argc > 1 ? argv[1] : "127.0.0.1:7000";
    int rc;

    o.stop_on_sigterm = true;
    o.drain = 500; /* that long a client may stay after ^C */
    rc = kith_main(server, where, strlen(where) + 1, &o);
    if (rc < 0)
        fprintf(stderr,
                "hello: cannot serve %s: %s: give a free address, as 127.0.0.1:7001 or "
                "unix:/tmp/hello\n",
                where, kith_strerror(rc));
    return rc < 0;
}
