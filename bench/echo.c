/* SPDX-License-Identifier: Apache-2.0
 * echo.c -- what an echoed message costs a server: kith, a raw epoll loop, and libuv.
 *
 * Run:  ./echo      or:  ./echo --connections 1000 --seconds 3 --reps 9
 * See:  a table: processor time of the server for each message, messages a second, and the
 *       ratios of both to raw epoll, with their spread.
 *
 * In each repetition every server is started anew on a free loopback port, with one thread,
 * and driven by the same client: N connections, on each of which 64 bytes go and come back
 * before the next 64 go. Server and client have a processor each, where there are two. The
 * servers take turns, so that what disturbs the machine disturbs them alike, and a ratio is
 * always one of the same repetition. */
#define _GNU_SOURCE
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(HAVE_LIBUV)
#include <uv.h>
#endif

enum {
    MESSAGE = 64,   /* bytes */
    BUFFER = 4096,  /* of each server, for a read */
    EVENTS = 512,   /* that epoll answers at once */
    WARM_MS = 300,  /* before the clock starts */
    STUCK_MS = 5000 /* without any answer: the server has failed */
};

/* Says why and ends this process. The parent sees that and ends the others. */
static void
sys(bool ok, const char *what)
{
    if (!ok) {
        perror(what);
        _exit(1);
    }
}

/* ---- what the servers share ---- */

static void
nodelay(int fd)
{
    int one = 1;

    sys(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0, "TCP_NODELAY");
}

static void
tell_port(int ready, uint16_t port)
{
    sys(write(ready, &port, sizeof port) == sizeof port, "pipe");
    close(ready);
}

/* Listens on a free port of the loopback, says which, and answers the descriptor. */
static int
listen_plain(int ready)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    sys(fd >= 0, "socket");
    sys(bind(fd, (struct sockaddr *) &a, len) == 0 && listen(fd, SOMAXCONN) == 0, "listen");
    sys(getsockname(fd, (struct sockaddr *) &a, &len) == 0, "getsockname");
    tell_port(ready, ntohs(a.sin_port));
    return fd;
}

/* ---- kith: a process for each connection ---- */

static int
echo(kith_socket s, void *arg)
{
    char buf[BUFFER];
    ptrdiff_t n;

    (void) arg;
    while ((n = kith_socket_recv(s, buf, sizeof buf, 0, KITH_INFINITY)) > 0)
        if ((n = kith_socket_send(s, buf, (size_t) n, 0, KITH_INFINITY)) < 0)
            break;
    return (int) n;
}

static int
accept_all(void *arg)
{
    kith_socket listener, conn;
    kith_sockaddr a;
    int rc = kith_tcp_listen("127.0.0.1:0", &listener);

    if (rc == 0)
        rc = kith_socket_sockname(listener, &a);
    must(rc, "kith_tcp_listen");
    tell_port(*(int *) arg, kith_sockaddr_port(&a));
    while ((rc = kith_socket_accept(listener, KITH_INFINITY, &conn)) == 0) {
        must(kith_socket_setopt_int(conn, KITH_OPT_TCP_NODELAY, 1), "TCP_NODELAY");
        must(kith_socket_spawn(conn, echo, NULL, 0, NULL), "kith_socket_spawn");
    }
    return rc;
}

static void
serve_kith(int ready)
{
    kith_options o = KITH_OPTIONS_INIT;

    unsetenv("KITH_WORKERS");
    unsetenv("KITH_MESSAGE_ONLY");
    o.workers = 1;
    must(kith_main(accept_all, &ready, sizeof ready, &o), "kith_main");
}

/* ---- raw epoll: a loop, level triggered ---- */

static bool
send_all(int fd, const char *p, size_t len)
{
    while (len) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

        if (n < 0 && errno == EAGAIN) { /* rare: the client has read all it sent for */
            struct pollfd out = {.fd = fd, .events = POLLOUT};

            (void) poll(&out, 1, -1);
        } else if (n < 0) {
            return false;
        } else {
            p += n;
            len -= (size_t) n;
        }
    }
    return true;
}

static void
watch(int ep, int fd, uint64_t data)
{
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = data};

    sys(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) == 0, "epoll_ctl");
}

static void
accept_ready(int ep, int listener)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        nodelay(fd);
        watch(ep, fd, (uint64_t) fd);
    }
}

static void
echo_ready(int fd)
{
    char buf[BUFFER];
    ssize_t n = recv(fd, buf, sizeof buf, 0);

    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0 || !send_all(fd, buf, (size_t) n))
        close(fd);
}

static void
serve_epoll(int ready)
{
    struct epoll_event events[EVENTS];
    int listener = listen_plain(ready), ep = epoll_create1(EPOLL_CLOEXEC);

    sys(ep >= 0, "epoll_create1");
    watch(ep, listener, (uint64_t) listener);
    for (;;) {
        int n = epoll_wait(ep, events, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            int fd = (int) events[i].data.u64;

            if (fd == listener)
                accept_ready(ep, listener);
            else
                echo_ready(fd);
        }
    }
}

/* ---- libuv: callbacks; uv_try_write first, a request only for what is left ---- */

#if defined(HAVE_LIBUV)

struct rest {
    uv_write_t request;
    char bytes[];
};

static char uv_buffer[BUFFER];

static void
uv_ok(int code, const char *what)
{
    if (code < 0) {
        fprintf(stderr, "%s: %s\n", what, uv_strerror(code));
        _exit(1);
    }
}

static void
on_close(uv_handle_t *h)
{
    free(h);
}

static void
end_stream(uv_stream_t *s)
{
    if (!uv_is_closing((uv_handle_t *) s))
        uv_close((uv_handle_t *) s, on_close);
}

static void
on_alloc(uv_handle_t *h, size_t wanted, uv_buf_t *b)
{
    (void) h;
    (void) wanted;
    *b = uv_buf_init(uv_buffer, sizeof uv_buffer);
}

static void
on_written(uv_write_t *request, int code)
{
    uv_stream_t *s = request->handle;

    free(request);
    if (code < 0)
        end_stream(s);
}

static void
write_rest(uv_stream_t *s, const char *bytes, size_t len)
{
    struct rest *r = malloc(sizeof *r + len);
    uv_buf_t b;

    sys(r != NULL, "malloc");
    memcpy(r->bytes, bytes, len);
    b = uv_buf_init(r->bytes, (unsigned) len);
    uv_ok(uv_write(&r->request, s, &b, 1, on_written), "uv_write");
}

static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    uv_buf_t out;
    int done;

    if (n < 0)
        end_stream(s);
    if (n <= 0)
        return;
    out = uv_buf_init(b->base, (unsigned) n);
    done = uv_try_write(s, &out, 1);
    if (done == UV_EAGAIN)
        done = 0;
    if (done < 0)
        end_stream(s);
    else if (done < n)
        write_rest(s, b->base + done, (size_t) (n - done));
}

static void
on_connection(uv_stream_t *listener, int code)
{
    uv_tcp_t *c = malloc(sizeof *c);

    uv_ok(code, "listen");
    sys(c != NULL, "malloc");
    uv_ok(uv_tcp_init(listener->loop, c), "uv_tcp_init");
    uv_ok(uv_accept(listener, (uv_stream_t *) c), "uv_accept");
    uv_ok(uv_tcp_nodelay(c, 1), "uv_tcp_nodelay");
    uv_ok(uv_read_start((uv_stream_t *) c, on_alloc, on_read), "uv_read_start");
}

static void
serve_libuv(int ready)
{
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t listener;

    uv_ok(uv_tcp_init(loop, &listener), "uv_tcp_init");
    uv_ok(uv_tcp_open(&listener, listen_plain(ready)), "uv_tcp_open");
    uv_ok(uv_listen((uv_stream_t *) &listener, SOMAXCONN, on_connection), "uv_listen");
    (void) uv_run(loop, UV_RUN_DEFAULT);
}

#endif

/* ---- the client ---- */

struct connection {
    int fd;
    size_t got;         /* bytes of the answer so far */
    uint64_t n;         /* messages sent */
    char sent[MESSAGE]; /* the last one: no two are the same */
    char answer[MESSAGE];
};

/* Of one server in one repetition. */
struct sample {
    double seconds, server_cpu;
    uint64_t messages;
};

static void
send_next(struct connection *c, uint32_t index)
{
    c->got = 0;
    c->n++;
    memset(c->sent, (int) ('a' + c->n % 26), sizeof c->sent);
    memcpy(c->sent, &index, sizeof index);
    memcpy(c->sent + sizeof index, &c->n, sizeof c->n);
    sys(send(c->fd, c->sent, MESSAGE, MSG_NOSIGNAL) == MESSAGE, "client: send");
}

/* Reads what is there; true when the answer is complete, and right. */
static bool
read_answer(struct connection *c)
{
    ssize_t n = recv(c->fd, c->answer + c->got, MESSAGE - c->got, 0);

    if (n < 0 && errno == EAGAIN)
        return false;
    sys(n >= 0, "client: recv");
    if (n == 0) {
        fprintf(stderr, "client: the server has closed a connection\n");
        _exit(1);
    }
    c->got += (size_t) n;
    if (c->got < MESSAGE)
        return false;
    if (memcmp(c->answer, c->sent, MESSAGE) != 0) {
        fprintf(stderr, "client: other bytes came back than were sent\n");
        _exit(1);
    }
    return true;
}

static struct connection *
connect_all(int ep, uint32_t n, uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons(port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct connection *c = calloc(n, sizeof *c);

    sys(c != NULL, "calloc");
    for (uint32_t i = 0; i < n; i++) {
        c[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sys(c[i].fd >= 0, "client: socket");
        sys(connect(c[i].fd, (struct sockaddr *) &a, sizeof a) == 0, "client: connect");
        sys(fcntl(c[i].fd, F_SETFL, O_NONBLOCK) == 0, "client: fcntl");
        nodelay(c[i].fd);
        watch(ep, c[i].fd, i);
    }
    return c;
}

/* Runs until `end`; answers how many messages came back. */
static uint64_t
drive(int ep, struct connection *c, double end)
{
    struct epoll_event events[EVENTS];
    uint64_t messages = 0;

    while (seconds_of(CLOCK_MONOTONIC) < end) {
        int n = epoll_wait(ep, events, EVENTS, STUCK_MS);

        if (n == 0) {
            fprintf(stderr, "client: no answer for %d ms\n", STUCK_MS);
            _exit(1);
        }
        for (int i = 0; i < n; i++) {
            uint32_t index = (uint32_t) events[i].data.u64;

            if (read_answer(&c[index])) {
                messages++;
                send_next(&c[index], index);
            }
        }
    }
    return messages;
}

static struct sample
measure(pid_t server, uint16_t port, uint32_t n_connections, double seconds)
{
    struct sample s = {.messages = 0};
    int ep = epoll_create1(EPOLL_CLOEXEC);
    struct connection *c;
    clockid_t server_clock;
    double cpu, wall;

    sys(ep >= 0, "epoll_create1");
    errno = clock_getcpuclockid(server, &server_clock);
    sys(errno == 0, "clock_getcpuclockid");
    c = connect_all(ep, n_connections, port);
    for (uint32_t i = 0; i < n_connections; i++)
        send_next(&c[i], i);
    wall = seconds_of(CLOCK_MONOTONIC) + WARM_MS / 1e3;
    (void) drive(ep, c, wall);

    cpu = seconds_of(server_clock);
    wall = seconds_of(CLOCK_MONOTONIC);
    s.messages = drive(ep, c, wall + seconds);
    s.seconds = seconds_of(CLOCK_MONOTONIC) - wall;
    s.server_cpu = seconds_of(server_clock) - cpu;
    return s;
}

/* ---- server and client as children ---- */

struct server {
    const char *name;
    void (*serve)(int ready);
};

static const struct server servers[] = {
    {"epoll", serve_epoll}, /* first: what the others are compared with */
    {"kith", serve_kith},
#if defined(HAVE_LIBUV)
    {"libuv", serve_libuv},
#endif
};

enum { SERVERS = sizeof servers / sizeof *servers, MAX_REPS = 1000 };

/* The processors of server and client; -1: they share what there is. */
static int cpu_of_server = -1, cpu_of_client = -1;

static void
choose_cpus(void)
{
    cpu_set_t set;
    int n = 0, found[2];

    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return;
    for (int i = 0; i < CPU_SETSIZE && n < 2; i++)
        if (CPU_ISSET(i, &set))
            found[n++] = i;
    if (n == 2) {
        cpu_of_server = found[0];
        cpu_of_client = found[1];
    }
}

/* A child that dies with us, whatever we die of; 0 in the child. */
static pid_t
fork_pinned(int cpu)
{
    const pid_t parent = getpid();
    pid_t pid = fork();

    sys(pid >= 0, "fork");
    if (pid != 0)
        return pid;
    (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    if (cpu >= 0) {
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        (void) sched_setaffinity(0, sizeof set, &set);
    }
    return 0;
}

static void
end_child(pid_t pid)
{
    (void) kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* Starts a child that writes to the pipe whose reading end goes to *from. */
static pid_t
fork_with_pipe(int cpu, int *from, int *to)
{
    int ends[2];
    pid_t pid;

    sys(pipe(ends) == 0, "pipe");
    pid = fork_pinned(cpu);
    close(ends[pid == 0 ? 0 : 1]);
    *from = ends[0];
    *to = ends[1];
    return pid;
}

static bool
read_all(int fd, void *p, size_t len)
{
    ssize_t n = read(fd, p, len); /* less than PIPE_BUF: all at once or nothing */

    close(fd);
    return n == (ssize_t) len;
}

static struct sample
run_one(const struct server *server, uint32_t n_connections, double seconds)
{
    int from, to;
    uint16_t port;
    struct sample s;
    pid_t client, pid = fork_with_pipe(cpu_of_server, &from, &to);
    bool ok;

    if (pid == 0) {
        server->serve(to);
        _exit(1);
    }
    if (!read_all(from, &port, sizeof port)) {
        end_child(pid);
        fprintf(stderr, "%s: the server does not start\n", server->name);
        exit(1);
    }
    client = fork_with_pipe(cpu_of_client, &from, &to);
    if (client == 0) {
        s = measure(pid, port, n_connections, seconds);
        _exit(write(to, &s, sizeof s) != sizeof s);
    }
    ok = read_all(from, &s, sizeof s);
    end_child(client);
    end_child(pid);
    if (!ok || s.messages == 0) {
        fprintf(stderr, "%s: the run has failed\n", server->name);
        exit(1);
    }
    return s;
}

/* ---- the table ---- */

static double
cpu_us(const struct sample *s)
{
    return s->server_cpu * 1e6 / (double) s->messages;
}

static double
rate(const struct sample *s)
{
    return (double) s->messages / s->seconds;
}

/* One server's row; `of` and `base` hold a sample for each repetition. */
static void
print_row(const char *name, const struct sample *of, const struct sample *base, int n)
{
    double cpu[MAX_REPS], msgs[MAX_REPS], cpu_ratio[MAX_REPS], msgs_ratio[MAX_REPS];
    double c, m;

    for (int i = 0; i < n; i++) {
        cpu[i] = cpu_us(&of[i]);
        msgs[i] = rate(&of[i]);
        cpu_ratio[i] = cpu[i] / cpu_us(&base[i]);
        msgs_ratio[i] = msgs[i] / rate(&base[i]);
    }
    c = median(cpu_ratio, n);
    m = median(msgs_ratio, n);
    printf("%-6s  %9.2f us  %10.0f   %.2f (%.2f..%.2f)    %.2f (%.2f..%.2f)\n", name,
           median(cpu, n), median(msgs, n), c, cpu_ratio[0], cpu_ratio[n - 1], m,
           msgs_ratio[0], msgs_ratio[n - 1]);
}

static int
usage(FILE *out, int code)
{
    fputs("usage: echo [--connections N] [--seconds S] [--reps R]\n"
          "  --connections N  at once, each with one message under way (50)\n"
          "  --seconds S      of each measurement (2)\n"
          "  --reps R         repetitions, in which the servers take turns (5)\n",
          out);
    return code;
}

/* Room for the descriptors of the connections in this process's children. */
static bool
allow_descriptors(long n)
{
    struct rlimit l;

    if (getrlimit(RLIMIT_NOFILE, &l) != 0)
        return false;
    l.rlim_cur = l.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur >= (rlim_t) n + 64;
}

static bool
read_options(int argc, char **argv, long *connections, long *seconds, long *reps)
{
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        long *to;
        long hi;

        if (strcmp(argv[i], "--connections") == 0)
            to = connections, hi = 20000;
        else if (strcmp(argv[i], "--seconds") == 0)
            to = seconds, hi = 3600;
        else if (strcmp(argv[i], "--reps") == 0)
            to = reps, hi = MAX_REPS;
        else
            return false;
        *to = number_of(value, 1, hi);
        if (*to < 0)
            return false;
    }
    return true;
}

int
main(int argc, char **argv)
{
    static struct sample samples[SERVERS][MAX_REPS];
    long connections = 50, seconds = 2, reps = 5;

    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return usage(stdout, 0);
    if (!read_options(argc, argv, &connections, &seconds, &reps))
        return usage(stderr, 2);
    if (!allow_descriptors(connections)) {
        fprintf(stderr, "%ld connections need more descriptors than this user may have\n",
                connections);
        return 2;
    }
    choose_cpus();
    printf(
        "echo: %ld connections, %d bytes, %ld repetitions of %ld s, one server thread%s\n",
        connections, MESSAGE, reps, seconds,
        cpu_of_client < 0 ? "; one processor for server and client" : "");
    fflush(stdout);
    for (int rep = 0; rep < reps; rep++)
        for (int i = 0; i < SERVERS; i++) {
            int which = (i + rep) % SERVERS; /* nobody is always the first */

            if (isatty(STDERR_FILENO))
                fprintf(stderr, "\r%d of %ld: %-6s", rep + 1, reps, servers[which].name);
            samples[which][rep] =
                run_one(&servers[which], (uint32_t) connections, (double) seconds);
        }
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%20s\r", "");

    printf(
        "\nserver   cpu/message  messages/s   cpu, to epoll        messages/s, to epoll\n");
    for (int i = 0; i < SERVERS; i++)
        print_row(servers[i].name, samples[i], samples[0], (int) reps);
    return 0;
}
