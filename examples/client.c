/* SPDX-License-Identifier: Apache-2.0
 * client.c -- the client of the reference page of Erlang's socket module.
 *
 * Run:  ./server 127.0.0.1:7001     then, elsewhere:  ./client 127.0.0.1 127.0.0.1:7001
 * See:  "hello" goes there and comes back. */
#include <kith/kith.h>
#include <stdio.h>
#include <string.h>

struct ends {
    kith_sockaddr from, to;
};

static int
talk(kith_socket s)
{
    static const char msg[] = "hello";
    char back[sizeof msg - 1];
    ptrdiff_t n = kith_socket_send(s, msg, sizeof back, 0, KITH_INFINITY);

    if (n >= 0)
        n = kith_socket_shutdown(s, KITH_SHUT_WRITE);
    if (n >= 0)
        n = kith_socket_recv(s, back, sizeof back, KITH_MSG_WAITALL, KITH_INFINITY);
    if (n >= 0 && memcmp(back, msg, sizeof back) != 0)
        n = KITH_EBADMSG;
    if (n >= 0)
        printf("%.*s\n", (int) n, back);
    return n < 0 ? (int) n : 0;
}

static int
client(void *arg)
{
    const struct ends *e = arg;
    kith_socket s;
    int rc = kith_socket_open(e->to.domain, KITH_STREAM, KITH_PROTO_DEFAULT, NULL, &s);

    if (rc == 0)
        rc = kith_socket_bind(s, &e->from);
    if (rc == 0)
        rc = kith_socket_connect(s, &e->to, KITH_INFINITY);
    if (rc == 0)
        rc = talk(s);
    if (rc == 0)
        rc = kith_socket_close(s);
    return rc;
}

int
main(int argc, char **argv)
{
    struct ends e;
    int rc;

    if (argc != 3) {
        fprintf(
            argc == 2 ? stdout : stderr,
            "usage: client OWN-ADDRESS ADDRESS:PORT\n\n"
            "Connects from the first to the second, sends \"hello\", prints what comes\n"
            "back, and ends with 0 if that is the same.\n");
        return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
    }
    rc = kith_sockaddr_parse(argv[1], &e.from);
    if (rc == 0)
        rc = kith_sockaddr_parse(argv[2], &e.to);
    if (rc == 0)
        rc = kith_main(client, &e, sizeof e, NULL);
    if (rc < 0)
        fprintf(stderr, "client: from %s to %s: %s\n", argv[1], argv[2], kith_strerror(rc));
    return rc < 0;
}
