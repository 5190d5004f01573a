/* SPDX-License-Identifier: Apache-2.0
 * fd_pass.c -- passes open files from one program to another.
 *
 * Run:  ./fd_pass --serve /tmp/passer /etc/hostname     then, elsewhere:  ./fd_pass --get /tmp/passer
 * See:  the second prints the file, which it has never opened. ^C ends the first. */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <kith/kith.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *path, *file;

/* ---- the one that has the file ---- */

/* Each client gets a descriptor of its own, with the file's name as the message. */
static int
pass(kith_socket s, void *arg)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    kith_iov name = kith_iov_of(file, strlen(file));
    kith_packet p = {.iov = &name, .n_iov = 1, .fds = &fd, .n_fds = 1};
    ptrdiff_t n;

    (void) arg;
    if (fd < 0) {
        perror(file);
        return 0;
    }
    n = kith_socket_sendmsg(s, &p, 0, KITH_INFINITY);
    (void) close(fd); /* the client's lives on */
    return n < 0 ? (int) n : 0;
}

static int
serve(void *where)
{
    kith_socket listener, conn;
    int rc = kith_tcp_listen(where, &listener);

    if (rc == 0) {
        printf("listening on %s\n", (const char *) where);
        fflush(stdout);
    }
    while (rc == 0 && (rc = kith_socket_accept(listener, KITH_INFINITY, &conn)) == 0)
        rc = kith_socket_spawn(conn, pass, NULL, 0, NULL);
    if (rc != KITH_EADDRINUSE)
        (void) unlink(path);
    return rc == KITH_ESTOPPED ? 0 : rc;
}

/* ---- the one that gets it ---- */

/* Reads a file, which may block: for kith_blocking. */
static int
print(void *fd)
{
    char buf[4096];
    ssize_t n;

    while ((n = read(*(int *) fd, buf, sizeof buf)) > 0)
        if (fwrite(buf, 1, (size_t) n, stdout) != (size_t) n)
            return KITH_EIO;
    return n == 0 && fflush(stdout) == 0 ? 0 : KITH_EIO;
}

static int
get(void *where)
{
    kith_socket s;
    char name[4096];
    kith_iov iov = KITH_IOV(name);
    int fd, rc = kith_tcp_connect(where, KITH_INFINITY, &s);
    kith_packet p = {.iov = &iov, .n_iov = 1, .fds = &fd, .fds_cap = 1};
    ptrdiff_t n;

    if (rc < 0)
        return rc;
    n = kith_socket_recvmsg(s, &p, 0, KITH_INFINITY);
    if (n < 0)
        return (int) n;
    if (p.n_fds == 0)
        return KITH_ENODATA; /* it could not open the file */
    fprintf(stderr, "got %.*s\n", (int) n, name);
    rc = kith_blocking(print, &fd);
    (void) close(fd);
    return rc;
}

static const char usage[] =
    "usage: fd_pass --serve PATH FILE\n"
    "       fd_pass --get PATH\n"
    "\n"
    "  --serve   opens FILE for each client of the unix socket PATH, until ^C\n"
    "  --get     gets the open file from there and prints it\n";

int
main(int argc, char **argv)
{
    const bool serves = argc == 4 && strcmp(argv[1], "--serve") == 0;
    kith_options o = KITH_OPTIONS_INIT;
    char where[KITH_SOCKADDR_TEXT];
    int rc;

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return fputs(usage, stdout) < 0;
    if (!serves && (argc != 3 || strcmp(argv[1], "--get") != 0)) {
        fputs(usage, stderr);
        return 2;
    }
    path = argv[2];
    file = argv[argc - 1];
    (void) snprintf(where, sizeof where, "unix:%s", path); /* a long one is refused there */
    o.stop_on_sigterm = true;
    rc = kith_main(serves ? serve : get, where, strlen(where) + 1, &o);
    if (rc < 0)
        fprintf(stderr, "fd_pass: %s: %s\n", path, kith_strerror(rc));
    return rc < 0;
}
