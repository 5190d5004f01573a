/* SPDX-License-Identifier: Apache-2.0
 * listen_echo.c -- an echo server on a listener: ten lines, and a limit, a drain and counts.
 *
 * Run:  ./listen_echo 127.0.0.1:7000 5000 2000     then, elsewhere:  nc 127.0.0.1 7000
 * See:  what you type comes back. Of more than 5,000 clients the rest wait their turn. kill -USR1
 *       shows the counts; ^C or kill -TERM leaves those that are served 2,000 ms to end. */
#include <kith/kith.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { STOP = 1, SHOW };

static const char *where = "127.0.0.1:7000";
static size_t max_conns = 5000;
static kith_ms drain = 2000;

static int
echo(kith_socket s, void *arg)
{
    char buf[2048];
    ptrdiff_t n;

    (void) arg;
    while ((n = kith_socket_recv(s, buf, sizeof buf, 0, KITH_INFINITY)) > 0)
        if ((n = kith_socket_send(s, buf, (size_t) n, 0, KITH_INFINITY)) < 0)
            break;
    return (int) n; /* 0: the peer ended; < 0: why we stop */
}

static int
listen_and_echo(kith_pid *pid)
{
    kith_listener l = KITH_LISTENER_INIT;

    l.conn = echo;
    l.max_conns = max_conns;
    return kith_listener_start(where, &l, pid);
}

static int
show(kith_pid pid)
{
    struct kith_listener_info i = KITH_LISTENER_INFO_INIT;
    int rc = kith_listener_info(pid, &i);

    if (rc == 0)
        fprintf(stderr, "connections %zu accepted %llu refused %llu paused %d\n",
                i.connections, (unsigned long long) i.accepted,
                (unsigned long long) i.refused, i.paused);
    return rc;
}

static int
announce(kith_pid pid)
{
    char text[KITH_SOCKADDR_TEXT];
    kith_sockaddr at;
    int rc = kith_listener_sockname(pid, &at);

    if (rc == 0) {
        kith_sockaddr_print(&at, text, sizeof text);
        printf("listening on %s\n", text);
        fflush(stdout);
    }
    return rc;
}

static int
boss(void *arg)
{
    const kith_msg *m = NULL;
    kith_pid pid;
    int rc = kith_signal(SIGTERM, STOP);

    (void) arg;
    if (rc == 0)
        rc = kith_signal(SIGINT, STOP);
    if (rc == 0)
        rc = kith_signal(SIGUSR1, SHOW);
    if (rc == 0)
        rc = listen_and_echo(&pid);
    if (rc == 0)
        rc = announce(pid);
    while (rc == 0 && (rc = kith_receive(&m, KITH_INFINITY)) == 0 && m->tag == SHOW)
        rc = show(pid);
    if (rc == 0 && (rc = kith_listener_stop(pid, drain)) >= 0) {
        fprintf(stderr, "%d connections had to be ended\n", rc);
        rc = 0;
    }
    return rc;
}

int
main(int argc, char **argv)
{
    int rc;

    if (argc > 1)
        where = argv[1];
    if (argc > 2)
        max_conns = strtoul(argv[2], NULL, 10);
    if (argc > 3)
        drain = strtol(argv[3], NULL, 10);
    rc = kith_main(boss, NULL, 0, NULL);
    if (rc < 0)
        fprintf(
            stderr,
            "listen_echo: cannot serve %s: %s: give a free address, as 127.0.0.1:7001 or "
            "unix:/tmp/echo\n",
            where, kith_strerror(rc));
    return rc < 0;
}
