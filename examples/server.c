/* SPDX-License-Identifier: Apache-2.0
 * server.c -- the server of the reference page of Erlang's socket module: one client, one message.
 *
 * Run:  ./server 127.0.0.1:7001     then, elsewhere:  ./client 127.0.0.1 127.0.0.1:7001
 * See:  the message goes back as it came, and both end. */
#include <kith/kith.h>
#include <stdio.h>
#include <string.h>

static int
open_and_listen(const kith_sockaddr *at, kith_socket *listener)
{
    kith_sockaddr name;
    char text[KITH_SOCKADDR_TEXT];
    int rc = kith_socket_open(at->domain, KITH_STREAM, KITH_PROTO_DEFAULT, NULL, listener);

    if (rc == 0)
        rc = kith_socket_bind(*listener, at);
    if (rc == 0)
        rc = kith_socket_listen(*listener, 0);
    if (rc == 0)
        rc = kith_socket_sockname(*listener, &name);
    if (rc == 0) {
        kith_sockaddr_print(&name, text, sizeof text);
        printf("listening on %s\n", text);
        fflush(stdout);
    }
    return rc;
}

static int
server(void *arg)
{
    kith_socket listener, s;
    char msg[1024];
    ptrdiff_t n;
    int rc = open_and_listen(arg, &listener);

    if (rc == 0)
        rc = kith_socket_accept(listener, KITH_INFINITY, &s);
    if (rc < 0)
        return rc;
    n = kith_socket_recv(s, msg, sizeof msg, 0, KITH_INFINITY);
    if (n > 0)
        n = kith_socket_send(s, msg, (size_t) n, 0, KITH_INFINITY);
    if (n >= 0)
        n = kith_socket_shutdown(s, KITH_SHUT_WRITE);
    kith_socket_close(s);
    kith_socket_close(listener);
    return (int) n;
}

int
main(int argc, char **argv)
{
    const char *where = argc > 1 ? argv[1] : "127.0.0.1:7001";
    kith_sockaddr at;
    int rc;

    if (argc > 2 || strcmp(where, "--help") == 0) {
        printf(
            "usage: server [ADDRESS:PORT]\n\n"
            "Takes one connection, sends its first message back, and ends. Port 0 picks a\n"
            "free one; the default is 127.0.0.1:7001.\n");
        return argc > 2 ? 2 : 0;
    }
    rc = kith_sockaddr_parse(where, &at);
    if (rc == 0)
        rc = kith_main(server, &at, sizeof at, NULL);
    if (rc < 0)
        fprintf(stderr, "server: %s: %s\n", where, kith_strerror(rc));
    return rc < 0;
}
