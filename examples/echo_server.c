/* SPDX-License-Identifier: Apache-2.0
 * echo_server.c -- an echo server for many connections, with an end in good order.
 *
 * Run:  ./echo_server --port 7000     then, elsewhere:  nc 127.0.0.1 7000
 * See:  what you type comes back. kill -USR1 shows the counts, kill -USR2 every process and
 *       socket; ^C or kill -TERM ends it.
 *
 * Who is who: `boss` is the first process and hears the signals; `acceptor` owns the socket
 * that listens; each connection has a process of its own, which runs `echo`. */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <kith/kith.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STOP = 1, /* tags of the boss' messages */
    SHOW,
    ON_STACK = 8192, /* a larger buffer does not lie on the stack */
    BUFFER_MAX = 64 << 20,
    QUIET_MS = 10,   /* a connection silent for so long has been answered */
    ROUND_MS = 30,   /* between two looks of the boss while it stops; longer than that */
    BREATH_MS = 100, /* after a failed accept that waiting may mend */
};

/* Set before the start. */
static struct {
    char where[KITH_SOCKADDR_TEXT];
    size_t buffer;
    kith_ms drain;
    bool tcp;
} config = {.buffer = 2048, .drain = 2000};

static atomic_bool stopping;
static _Atomic(kith_ms) accept_until = KITH_INFINITY;
static atomic_long accepted, connections, processes;

/* The boss' way to all sockets, by descriptor. An entry may be out of date: a handle whose
 * socket is gone does no harm. */
static struct {
    _Atomic(uint64_t) *id;
    size_t n;
} sockets;

/* ---- counts ---- */

static long
count_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    long n = -3; /* ".", ".." and the one that reads */

    if (!d)
        d = opendir("/dev/fd");
    if (!d)
        return -1;
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* Reads a directory and writes to stderr, which may block: for kith_blocking. */
static int
show(void *arg)
{
    (void) arg;
    fprintf(stderr, "connections %ld processes %ld descriptors %ld accepted %ld\n",
            atomic_load(&connections), atomic_load(&processes), count_descriptors(),
            atomic_load(&accepted));
    return 0;
}

static void
uncount(void *counter)
{
    atomic_fetch_sub((atomic_long *) counter, 1);
}

/* Counted now, and no more once the calling process is dead, whatever it dies of. */
static int
count_me(atomic_long *counter)
{
    int rc = kith_defer(uncount, counter);

    if (rc == 0)
        atomic_fetch_add(counter, 1);
    return rc;
}

/* ---- a connection ---- */

/* For ever; once the server stops, until the connection has been silent for a moment. */
static kith_ms
patience(void)
{
    const bool stops = atomic_load_explicit(&stopping, memory_order_relaxed);

    return stops ? QUIET_MS : KITH_INFINITY;
}

/* However the connection ended, it is no failure of the server's. */
static int
echo_with(kith_socket s, char *buf)
{
    ptrdiff_t n;

    do {
        n = kith_socket_recv(s, buf, config.buffer, 0, patience());
        if (n > 0)
            n = kith_socket_send(s, buf, (size_t) n, 0, KITH_INFINITY);
    } while (n > 0 || n == KITH_ECANCELED); /* cancelled by the boss: look at `stopping` */
    return 0;
}

/* The buffer lies on the stack, so that a connection which is silent after a small message
 * holds one page for everything. */
static int
echo_on_stack(kith_socket s)
{
    char buf[config.buffer];

    return echo_with(s, buf);
}

static int
echo(kith_socket s, void *arg)
{
    char *buf;
    int rc = count_me(&processes);

    (void) arg;
    if (rc == 0)
        rc = count_me(&connections);
    if (rc < 0)
        return rc;
    if (config.buffer <= ON_STACK)
        return echo_on_stack(s);
    buf = kith_alloc(config.buffer);
    return buf ? echo_with(s, buf) : KITH_ENOMEM;
}

/* ---- the acceptor ---- */

static int
remember(kith_socket s)
{
    int fd, rc = kith_socket_getopt_int(s, KITH_OPT_OTP_FD, &fd);

    if (rc == 0 && fd >= 0 && (size_t) fd < sockets.n)
        atomic_store(&sockets.id[fd], s.id);
    return rc;
}

/* Its process owns the connection; after a failure, which is the connection's alone, nobody
 * does. */
static void
serve(kith_socket conn)
{
    int rc = config.tcp ? kith_socket_setopt_int(conn, KITH_OPT_TCP_NODELAY, 1) : 0;

    if (rc == 0)
        rc = remember(conn);
    if (rc == 0)
        rc = kith_socket_spawn(conn, echo, NULL, 0, NULL);
    if (rc < 0) {
        fprintf(stderr, "echo_server: a connection is dropped: %s\n", kith_strerror(rc));
        kith_socket_close(conn);
    }
}

/* What waiting may mend is said, and goes on. After KITH_EMFILE kith itself waits for a
 * descriptor that is free, without spinning; that is said once until an accept succeeds. */
static bool
goes_on(int rc, bool *full)
{
    switch (rc) {
    case KITH_ECANCELED:
        return true;
    case KITH_EMFILE:
    case KITH_ENFILE:
        if (!*full)
            fprintf(stderr, "echo_server: %s: new connections wait (see ulimit -n)\n",
                    kith_strerror(rc));
        return *full = true;
    case KITH_ENOMEM:
    case KITH_ENOBUFS:
        fprintf(stderr, "echo_server: accept: %s\n", kith_strerror(rc));
        return kith_sleep(BREATH_MS) == 0;
    default:
        return rc == KITH_ECONNABORTED;
    }
}

/* When the server stops, those who stand in the queue already still come in; then it ends,
 * and so closes the listener. */
static int
acceptor(kith_socket listener, void *arg)
{
    kith_socket conn;
    bool full = false;
    int rc = count_me(&processes);

    (void) arg;
    if (rc == 0)
        rc = remember(listener);
    while (rc == 0) {
        rc = kith_socket_accept(listener, kith_left(accept_until), &conn);
        if (rc == 0) {
            full = false;
            atomic_fetch_add(&accepted, 1);
            serve(conn);
        } else if (goes_on(rc, &full)) {
            rc = 0;
        }
    }
    return rc == KITH_ETIMEOUT || rc == KITH_ESTOPPED ? 0 : rc;
}

/* ---- the boss ---- */

static const char *
advice(int rc)
{
    switch (rc) {
    case KITH_EADDRINUSE:
        return config.tcp ? "give another --port, or 0 for a free one"
                          : "give another path, or remove the file if no server uses it";
    case KITH_EADDRNOTAVAIL:
        return "give an --address of this machine, as 127.0.0.1, 0.0.0.0 or ::1";
    case KITH_EINVAL:
        return "give an --address as 127.0.0.1, ::1 or unix:/path; a name will not do";
    case KITH_EACCES:
        return config.tcp ? "a --port below 1024 is for root" : "may you write there?";
    case KITH_ENOENT:
        return "the directory must be there already: make it, or give another path";
    case KITH_EMFILE:
        return "raise the limit of descriptors: ulimit -n 1024";
    default:
        return "see echo_server --help";
    }
}

/* 1: it cannot, and has said so. */
static int
listen_there(kith_socket *listener, kith_sockaddr *at)
{
    char text[KITH_SOCKADDR_TEXT];
    int rc = kith_tcp_listen(config.where, listener);

    if (rc == 0)
        rc = kith_socket_sockname(*listener, at);
    if (rc < 0) {
        fprintf(stderr, "echo_server: cannot listen on %s: %s: %s\n", config.where,
                kith_strerror(rc), advice(rc));
        return 1;
    }
    kith_sockaddr_print(at, text, sizeof text);
    printf("listening on %s\n", text);
    return fflush(stdout) == 0 ? 0 : KITH_EIO;
}

static int
listen_to_signals(void)
{
    int rc = kith_signal(SIGTERM, STOP);

    if (rc == 0)
        rc = kith_signal(SIGINT, STOP);
    return rc == 0 ? kith_signal(SIGUSR1, SHOW) : rc;
}

/* KITH_ETIMEOUT: no STOP has come in this time. */
static int
wait_for_stop(kith_ms timeout)
{
    const kith_ms end = kith_deadline(timeout);
    const kith_msg *m;
    int rc;

    while ((rc = kith_receive(&m, kith_left(end))) == 0 && m->tag != STOP)
        if (m->tag == SHOW && (rc = kith_blocking(show, NULL)) < 0)
            break;
    return rc;
}

/* Whoever waits for a connection or for bytes looks at `stopping`, once more answers what
 * is there, and ends. Who went to wait in that very moment is found in the next round. */
static void
cancel_waits(kith_ms end)
{
    for (size_t i = 0; i < sockets.n; i++) {
        const kith_socket s = {atomic_load(&sockets.id[i])};

        if (!s.id)
            continue;
        if (kith_left(end) == 0)
            break;
        kith_socket_cancel(s, KITH_OP_ACCEPT | KITH_OP_RECV);
    }
}

/* Half the time is for answering; what is left then is ended by kith_main. A second STOP
 * ends it sooner. */
static int
drain(void)
{
    const kith_ms end = kith_deadline(config.drain / 2);
    int rc = KITH_ETIMEOUT;

    atomic_store(&accept_until, kith_deadline(QUIET_MS));
    atomic_store(&stopping, true);
    while (rc == KITH_ETIMEOUT && atomic_load(&processes) > 1 && kith_left(end) > 0) {
        cancel_waits(end);
        rc = wait_for_stop(ROUND_MS);
    }
    return rc == KITH_ETIMEOUT ? 0 : rc;
}

static int
boss(void *arg)
{
    kith_socket listener;
    kith_sockaddr at;
    int rc = count_me(&processes);

    (void) arg;
    if (rc == 0)
        rc = listen_to_signals();
    if (rc < 0 || (rc = listen_there(&listener, &at)) != 0)
        return rc;
    rc = kith_socket_spawn(listener, acceptor, NULL, 0, NULL);
    if (rc == 0)
        rc = wait_for_stop(KITH_INFINITY);
    if (rc == 0)
        rc = drain();
    if (at.domain == KITH_LOCAL && at.local.len > 0 && at.local.path[0])
        (void) unlink(at.local.path); /* somebody may have been faster */
    return rc;
}

/* ---- the command line ---- */

static const char usage[] =
    "usage: echo_server --port P [--address A] [--workers N] [--drain MS] [--buffer B]\n"
    "\n"
    "  --port P      port to listen on; 0 picks a free one\n"
    "  --address A   127.0.0.1 (the default), 0.0.0.0, ::1, ... or, without a port,\n"
    "                unix:/path or unix:@name\n"
    "  --workers N   threads; default 0: one for each usable CPU\n"
    "  --drain MS    time for an end in good order, in milliseconds; default 2000\n"
    "  --buffer B    bytes read at once for a connection; default 2048\n"
    "\n"
    "SIGUSR1 shows the counts on stderr, SIGUSR2 all processes and sockets. SIGTERM or\n"
    "SIGINT ends: what has arrived is answered, then all connections are closed; a second\n"
    "one does not wait for that.\n";

static int
refuse(const char *what, const char *value)
{
    fprintf(stderr, "echo_server: %s%s%s\n\n%s", what, value ? " " : "", value ? value : "",
            usage);
    return 2;
}

/* The number in an option's value; -1 if it is none, or not within 0 and max. */
static long
number(const char *text, long max)
{
    char *end;
    const long n = text && *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : -1;

    return n >= 0 && !*end && n <= max ? n : -1;
}

/* config.where from address and port. A bare IPv6 address gets its brackets. */
static bool
compose(const char *address, long port)
{
    const bool bare6 = strchr(address, ':') && *address != '[';
    int n;

    config.tcp = strncmp(address, "unix:", 5) != 0;
    if (!config.tcp)
        n = snprintf(config.where, sizeof config.where, "%s", address);
    else
        n = snprintf(config.where, sizeof config.where, bare6 ? "[%s]:%ld" : "%s:%ld",
                     address, port);
    return n > 0 && (size_t) n < sizeof config.where;
}

static bool
make_room(void)
{
    const long max = sysconf(_SC_OPEN_MAX);

    sockets.n = max > 0 && max < 1 << 20 ? (size_t) max : 1 << 20;
    sockets.id = calloc(sockets.n, sizeof *sockets.id);
    return sockets.id != NULL;
}

int
main(int argc, char **argv)
{
    kith_options o = KITH_OPTIONS_INIT;
    const char *address = "127.0.0.1";
    long port = -1, v = 0;

    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];

        if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
            return fputs(usage, stdout) < 0;
        if (strcmp(name, "--port") == 0)
            v = port = number(value, 65535);
        else if (strcmp(name, "--workers") == 0)
            o.workers = (int) (v = number(value, 250));
        else if (strcmp(name, "--drain") == 0)
            config.drain = v = number(value, 86400000);
        else if (strcmp(name, "--buffer") == 0)
            v = number(value, BUFFER_MAX), config.buffer = (size_t) v;
        else if (strcmp(name, "--address") == 0)
            address = value, v = value ? 0 : -1;
        else
            return refuse("there is no option", name);
        if (v < 0 || config.buffer == 0)
            return refuse("this option needs a value within its limits:", name);
    }
    if (!compose(address, port))
        return refuse("this address is too long:", address);
    if (config.tcp && port < 0)
        return refuse("--port is missing", NULL);
    if (!make_room())
        return refuse("out of memory", NULL);

    o.dump_signal = SIGUSR2;
    o.drain = 1; /* the boss has seen to that */
    o.kill = config.drain / 4 + 1;
    v = kith_main(boss, NULL, 0, &o);
    if (v == 0)
        show(NULL);
    else if (v < 0)
        fprintf(stderr, "echo_server: %s\n", kith_strerror((int) v));
    return v != 0;
}
