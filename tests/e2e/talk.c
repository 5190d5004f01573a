/* SPDX-License-Identifier: Apache-2.0
 * talk.c -- asks a server and prints its answer, for the scripts here: kith's side of a talk with
 * programs of others.
 *
 *     talk ADDRESS <FILE                    all bytes, then the end; prints until the peer's end
 *     talk --dgram [--own A] ADDRESS <FILE  one datagram; prints the one that comes back
 *     talk --seqpacket ADDRESS <FILE        a record for each line; prints each that comes back
 *     talk --sctp ADDRESS <FILE             the same by SCTP; with --many from a socket of many
 *     talk --serve ADDRESS                  takes one seqpacket connection, sends records back
 *     talk --serve --sctp ADDRESS           the same by SCTP; with --many to all who send some
 *
 * It gives up after 30 s. Status 1: a call has failed, and was named. */
#include <kith/kith.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 30000, LONGEST = 65536 };

static struct {
    int type, protocol;
    bool serve, has_own, many;
    kith_sockaddr own, to;
    char *bytes;
    size_t len;
} the;

/* Names what has failed, and ends with its code. */
static void
must(ptrdiff_t rc, const char *what)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "talk: %s: %s\n", what, kith_strerror((int) rc));
    kith_exit(kith_reason_of(KITH_ERROR, (int) rc, what));
}

static void
print(const char *bytes, size_t len)
{
    if (fwrite(bytes, 1, len, stdout) != len)
        must(KITH_EIO, "stdout");
}

/* ---- streams ---- */

static int
send_all(void *arg)
{
    const kith_socket s = *(kith_socket *) arg;

    must(kith_socket_send(s, the.bytes, the.len, 0, PATIENCE_MS), "send");
    must(kith_socket_shutdown(s, KITH_SHUT_WRITE), "shutdown");
    return 0;
}

/* Sends and reads at once: what comes back may not wait until all has gone. */
static void
talk_stream(kith_socket s, char *buf)
{
    kith_pid sender;
    ptrdiff_t n;

    must(kith_spawn_link(send_all, &s, sizeof s, &sender), "spawn");
    while ((n = kith_socket_recv(s, buf, LONGEST, 0, PATIENCE_MS)) > 0)
        print(buf, (size_t) n);
    must(n, "recv");
    must(kith_wait(sender, NULL, PATIENCE_MS), "wait");
}

/* ---- packets ---- */

static void
talk_dgram(kith_socket s, char *buf)
{
    ptrdiff_t n = kith_socket_send(s, the.bytes, the.len, 0, PATIENCE_MS);

    must(n, "send");
    n = kith_socket_recv(s, buf, LONGEST, 0, PATIENCE_MS);
    must(n, "recv");
    print(buf, (size_t) n);
}

static void
send_record(kith_socket s, const char *bytes, size_t len, const kith_sockaddr *to)
{
    must(the.many ? kith_socket_sendto(s, bytes, len, to, KITH_MSG_EOR, PATIENCE_MS)
                  : kith_socket_send(s, bytes, len, KITH_MSG_EOR, PATIENCE_MS),
         "send");
}

static void
talk_records(kith_socket s, char *buf)
{
    for (char *line = strtok(the.bytes, "\n"); line; line = strtok(NULL, "\n")) {
        ptrdiff_t n;

        send_record(s, line, strlen(line), &the.to);
        n = kith_socket_recv(s, buf, LONGEST, 0, PATIENCE_MS);
        must(n, "recv");
        print(buf, (size_t) n);
        print("\n", 1);
    }
}

static void
serve_records(kith_socket listener, char *buf)
{
    kith_socket s = listener;
    kith_sockaddr a;
    ptrdiff_t n;

    must(kith_socket_bind(listener, &the.to), "bind");
    must(kith_socket_listen(listener, 1), "listen");
    must(kith_socket_sockname(listener, &a), "sockname");
    must(kith_sockaddr_print(&a, buf, LONGEST), "print");
    printf("listening on %s\n", buf);
    fflush(stdout);
    if (!the.many)
        must(kith_socket_accept(listener, PATIENCE_MS, &s), "accept");
    while ((n = kith_socket_recvfrom(s, buf, LONGEST, &a, 0, PATIENCE_MS)) > 0)
        send_record(s, buf, (size_t) n, &a);
    must(n, "recv");
}

static int
talk(void *arg)
{
    char *buf = kith_alloc(LONGEST);
    kith_socket s;

    (void) arg;
    must(buf ? 0 : KITH_ENOMEM, "kith_alloc");
    must(kith_socket_open(the.to.domain, the.type, the.protocol, NULL, &s), "open");
    if (the.serve) {
        serve_records(s, buf);
        return 0;
    }
    if (the.has_own)
        must(kith_socket_bind(s, &the.own), "bind");
    must(kith_socket_connect(s, &the.to, PATIENCE_MS), "connect");
    if (the.type == KITH_DGRAM)
        talk_dgram(s, buf);
    else if (the.type == KITH_SEQPACKET || the.protocol == KITH_SCTP)
        talk_records(s, buf);
    else
        talk_stream(s, buf);
    kith_free(buf);
    return 0;
}

/* All of stdin, and a zero behind it. */
static bool
read_stdin(void)
{
    size_t cap = 1 << 20, n;

    the.bytes = malloc(cap);
    while (the.bytes && (n = fread(the.bytes + the.len, 1, cap - the.len - 1, stdin)) > 0) {
        the.len += n;
        if (cap - the.len == 1)
            the.bytes = realloc(the.bytes, cap *= 2);
    }
    if (the.bytes)
        the.bytes[the.len] = 0;
    return the.bytes != NULL;
}

int
main(int argc, char **argv)
{
    int i = 1, rc = 0;

    the.type = KITH_STREAM;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0 && rc == 0; i++) {
        if (strcmp(argv[i], "--dgram") == 0)
            the.type = KITH_DGRAM;
        else if (strcmp(argv[i], "--seqpacket") == 0)
            the.type = KITH_SEQPACKET;
        else if (strcmp(argv[i], "--serve") == 0)
            the.serve = true, the.type = KITH_SEQPACKET;
        else if (strcmp(argv[i], "--sctp") == 0)
            the.type = KITH_STREAM, the.protocol = KITH_SCTP;
        else if (strcmp(argv[i], "--many") == 0)
            the.many = true, the.type = KITH_SEQPACKET;
        else if (strcmp(argv[i], "--own") == 0 && i + 1 < argc)
            the.has_own = true, rc = kith_sockaddr_parse(argv[++i], &the.own);
        else
            rc = KITH_EINVAL;
    }
    if (rc == 0)
        rc = i + 1 == argc ? kith_sockaddr_parse(argv[i], &the.to) : KITH_EINVAL;
    if (rc < 0 || (!the.serve && !read_stdin())) {
        fprintf(stderr, "talk: arguments: see tests/e2e/talk.c\n");
        return 2;
    }
    rc = kith_main(talk, NULL, 0, NULL);
    free(the.bytes);
    return rc < 0;
}
