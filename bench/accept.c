/* SPDX-License-Identifier: Apache-2.0
 * accept.c -- what many acceptors cost: one listening socket, and 64 processes that accept from it
 * against one.
 *
 * Run:  ./accept      or:  ./accept --acceptors 1000 --connections 4000 --reps 9
 * See:  connections a second with 1 and with many acceptors and the ratio, with its spread; and
 *       how often accept was called for each connection, and something ran: a process, a handler
 *       or a socket. A herd would show there.
 *
 * "full": the backlog is filled while the server stands still, then it takes them all; nothing
 * but the server runs then. "flow": a client keeps 64 connections under way, each of which ends
 * when it was accepted and closed. The server has one worker. In each repetition both take their
 * turn in a server of their own, and a ratio is always one of the same repetition. */
#define _GNU_SOURCE
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 10, MAX_REPS = 1000, MAX_CONNECTIONS = 4000, UNDER_WAY = 64, DONE = 1 };

/* What one server did. */
struct sample {
    double seconds, cpu;
    uint64_t connections, calls, runs;
};

static long acceptors = 64, connections = 2000, reps = 9;

static void
sys(bool ok, const char *what)
{
    if (!ok) {
        perror(what);
        _exit(1);
    }
}

/* ---- the server: what it is told it reads from a pipe, which stops its only worker ---- */

struct server {
    int orders, answers;
    long acceptors;
};

static struct {
    kith_socket listener;
    kith_pid boss;
    uint64_t accepted, wanted;
} the; /* of one worker: no two touch it at once */

static int
acceptor(void *arg)
{
    (void) arg;
    for (;;) {
        kith_socket c;

        must(kith_socket_accept(the.listener, KITH_INFINITY, &c), "accept");
        must(kith_socket_close(c), "close");
        if (++the.accepted == the.wanted)
            post(the.boss, DONE, 0);
    }
    return 0;
}

static uint64_t
runs(void)
{
    struct kith_worker_info w = KITH_WORKER_INFO_INIT;

    must(kith_worker_info(0, &w), "kith_worker_info");
    return w.switches;
}

/* Of accept, by the counters of the listening socket. */
static uint64_t
calls(void)
{
    struct kith_socket_info i = KITH_SOCKET_INFO_INIT;

    must(kith_socket_info(the.listener, &i), "kith_socket_info");
    return i.counters.acc_tries;
}

/* Serves as many connections as the order says and answers what that took. */
static int
boss(void *arg)
{
    const struct server *s = arg;
    kith_sockaddr a;
    uint16_t port;

    must(kith_tcp_listen("127.0.0.1:0", &the.listener), "listen");
    must(kith_socket_sockname(the.listener, &a), "sockname");
    the.boss = kith_self();
    for (long i = 0; i < s->acceptors; i++)
        must(kith_spawn(acceptor, NULL, 0, NULL), "spawn");
    must(kith_sleep(50), "sleep"); /* all of them wait */
    port = kith_sockaddr_port(&a);
    sys(write(s->answers, &port, sizeof port) == sizeof port, "pipe");

    for (;;) {
        struct sample of = {.connections = 0};
        uint64_t ran, called;
        struct moment start, end;

        if (read(s->orders, &the.wanted, sizeof the.wanted) != sizeof the.wanted)
            _exit(0);
        the.accepted = 0;
        ran = runs();
        called = calls();
        start = moment_now();
        (void) take();
        end = moment_now();
        of.connections = the.wanted;
        of.seconds = end.wall - start.wall;
        of.cpu = end.cpu - start.cpu;
        of.runs = runs() - ran;
        of.calls = calls() - called;
        sys(write(s->answers, &of, sizeof of) == sizeof of, "pipe");
    }
    return 0;
}

/* ---- the client ---- */

static int
connect_to(uint16_t port)
{
    const struct linger no_trace = {.l_onoff = 1};
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons(port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    sys(fd >= 0, "client: socket");
    sys(setsockopt(fd, SOL_SOCKET, SO_LINGER, &no_trace, sizeof no_trace) == 0,
        "SO_LINGER");
    sys(connect(fd, (struct sockaddr *) &a, sizeof a) == 0, "client: connect");
    return fd;
}

static void
order(int to, uint64_t wanted)
{
    sys(write(to, &wanted, sizeof wanted) == sizeof wanted, "pipe");
}

static struct sample
answer(int from)
{
    struct sample s;

    sys(read(from, &s, sizeof s) == sizeof s, "the server has failed");
    return s;
}

static struct sample
full(int to, int from, uint16_t port)
{
    static int fds[MAX_CONNECTIONS];
    struct sample s;

    for (long i = 0; i < connections; i++)
        fds[i] = connect_to(port);
    order(to, (uint64_t) connections);
    s = answer(from);
    for (long i = 0; i < connections; i++)
        close(fds[i]);
    return s;
}

/* One that has ended is followed by the next, as long as there is one. */
static struct sample
flow(int to, int from, uint16_t port)
{
    int ep = epoll_create1(EPOLL_CLOEXEC);
    long begun = 0, ended = 0;

    sys(ep >= 0, "epoll_create1");
    order(to, (uint64_t) connections);
    while (ended < connections) {
        struct epoll_event events[UNDER_WAY];
        int n;

        for (; begun < connections && begun - ended < UNDER_WAY; begun++) {
            int fd = connect_to(port);
            struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

            sys(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) == 0, "epoll_ctl");
        }
        n = epoll_wait(ep, events, UNDER_WAY, 5000);
        sys(n > 0, "client: the server does not answer");
        for (int i = 0; i < n; i++)
            close(events[i].data.fd);
        ended += n;
    }
    close(ep);
    return answer(from);
}

/* ---- both ---- */

static void
pin(int nth)
{
    cpu_set_t all, one;

    if (sched_getaffinity(0, sizeof all, &all) != 0 || CPU_COUNT(&all) < 2)
        return;
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &all) && nth-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(i, &one);
            (void) sched_setaffinity(0, sizeof one, &one);
        }
}

static void
serve(long n_acceptors, int orders, int answers)
{
    struct server s = {orders, answers, n_acceptors};
    kith_options o = KITH_OPTIONS_INIT;

    (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin(0);
    unsetenv("KITH_WORKERS");
    unsetenv("KITH_MESSAGE_ONLY");
    o.workers = 1;
    must(kith_main(boss, &s, sizeof s, &o), "kith_main");
    _exit(1);
}

static struct sample
run(long n_acceptors, struct sample (*mode)(int to, int from, uint16_t port))
{
    struct sample sum = {.connections = 0};
    int orders[2], answers[2];
    uint16_t port;
    pid_t pid;

    sys(pipe(orders) == 0 && pipe(answers) == 0, "pipe");
    pid = fork();
    sys(pid >= 0, "fork");
    if (pid == 0) {
        close(orders[1]);
        close(answers[0]);
        serve(n_acceptors, orders[0], answers[1]);
    }
    close(orders[0]);
    close(answers[1]);
    sys(read(answers[0], &port, sizeof port) == sizeof port, "the server does not start");
    (void) mode(orders[1], answers[0], port); /* to get warm */
    for (int i = 0; i < ROUNDS; i++) {
        struct sample s = mode(orders[1], answers[0], port);

        sum.seconds += s.seconds;
        sum.cpu += s.cpu;
        sum.connections += s.connections;
        sum.calls += s.calls;
        sum.runs += s.runs;
    }
    close(orders[1]); /* ends it */
    close(answers[0]);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return sum;
}

static double
rate(const struct sample *s)
{
    return (double) s->connections / s->seconds;
}

static void
compare_modes(const char *name, struct sample (*mode)(int to, int from, uint16_t port))
{
    static double one[MAX_REPS], many[MAX_REPS], ratio[MAX_REPS], cpu[MAX_REPS],
        called[MAX_REPS], ran[MAX_REPS];
    double r;

    for (long i = 0; i < reps; i++) {
        struct sample a, b;

        if (i % 2 == 0) {
            a = run(1, mode);
            b = run(acceptors, mode);
        } else {
            b = run(acceptors, mode);
            a = run(1, mode);
        }
        one[i] = rate(&a);
        many[i] = rate(&b);
        ratio[i] = many[i] / one[i];
        cpu[i] = b.cpu / a.cpu;
        called[i] = (double) b.calls / (double) b.connections;
        ran[i] = (double) b.runs / (double) b.connections;
    }
    r = median(ratio, (int) reps);
    printf("%-5s  %10.0f  %10.0f   %.2f (%.2f..%.2f)   %.2f   %.2f   %.2f\n", name,
           median(one, (int) reps), median(many, (int) reps), r, ratio[0], ratio[reps - 1],
           median(cpu, (int) reps), median(called, (int) reps), median(ran, (int) reps));
    fflush(stdout);
}

static int
usage(FILE *out, int code)
{
    fputs("usage: accept [--acceptors N] [--connections N] [--reps R]\n"
          "  --acceptors N    processes that accept, against one (64)\n"
          "  --connections N  in the backlog at once, 10 times a measurement (2000)\n"
          "  --reps R         repetitions, in which both take turns (9)\n",
          out);
    return code;
}

static bool
read_options(int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        long *to = strcmp(argv[i], "--acceptors") == 0     ? &acceptors
                   : strcmp(argv[i], "--connections") == 0 ? &connections
                   : strcmp(argv[i], "--reps") == 0        ? &reps
                                                           : NULL;

        if (!to)
            return false;
        *to = number_of(value, 1,
                        to == &acceptors     ? 100000
                        : to == &connections ? MAX_CONNECTIONS
                                             : MAX_REPS);
        if (*to < 0)
            return false;
    }
    return true;
}

int
main(int argc, char **argv)
{
    struct rlimit l;

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, 0);
    if (!read_options(argc, argv))
        return usage(stderr, 2);
    sys(getrlimit(RLIMIT_NOFILE, &l) == 0, "getrlimit");
    l.rlim_cur = l.rlim_max;
    sys(setrlimit(RLIMIT_NOFILE, &l) == 0, "setrlimit");
    printf(
        "connections accepted a second, with 1 and with %ld acceptors; ratios of one\n"
        "repetition, the last of processor time; and with many, for each connection, calls of\n"
        "accept and runs\n\n"
        "            1 acceptor        many   ratio              time   calls  runs\n",
        acceptors);
    pin(1);
    compare_modes("full", full);
    compare_modes("flow", flow);
    return 0;
}
