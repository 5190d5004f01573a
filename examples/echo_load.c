/* SPDX-License-Identifier: Apache-2.0
 * echo_load.c -- many connections to an echo server, each held by a process of its own.
 *
 * Run:  ./echo_server --port 7000 &   then:  ./echo_load --connect 127.0.0.1:7000
 * See:  a line of progress, then a table. The status is 1 if a byte came back wrong or a
 *       connection failed.
 *
 * The first process, `boss`, starts one process for each connection. Each connects, echoes
 * one message, tells the boss CONNECTED and waits for GO; then it sends messages, one at a
 * time, and compares every byte that comes back, until the time is over; then DONE. */
#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <kith/kith.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTED = 1, /* tags of messages; the body of these two is a struct report */
    DONE,
    GO,
    STOP,
    ANSWER_MS = 20000, /* a server that is silent for so long has failed */
    AT_ONCE = 256,     /* connections in the making */
    SMALL = 8192,      /* a message that fits into any socket's buffers */
};

struct report {
    int code;   /* 0, or why the connection failed */
    bool wrong; /* bytes came back that were not sent */
};

/* Set before the start. */
static struct {
    const char *where;
    long connections, seconds, size, server;
    bool terminal;
} config = {.connections = 100, .seconds = 5, .size = 64};

static kith_pid boss_pid;
static _Atomic(kith_ms) end; /* of the load */
static atomic_bool interrupted;

/* ---- latencies: a count for each sixteenth of a power of two, in nanoseconds ---- */

enum { STEPS = 16, BUCKETS = 64 * STEPS };

static atomic_ulong latency[BUCKETS], messages;

static unsigned
bucket_of(uint64_t ns)
{
    unsigned log = 0;

    while (ns >> log >= 2 * STEPS)
        log++;
    return log * STEPS + (unsigned) (ns >> log);
}

static double
ms_of(unsigned bucket)
{
    const unsigned log = bucket < 2 * STEPS ? 0 : bucket / STEPS - 1;

    return (double) ((uint64_t) (bucket - log * STEPS) << log) / 1e6;
}

/* The latency that a share of all messages stays below. */
static double
percentile(double share)
{
    const double want = share * (double) atomic_load(&messages);
    double seen = 0;
    unsigned i = 0;

    while (i < BUCKETS - 1 && (seen += (double) atomic_load(&latency[i])) < want)
        i++;
    return ms_of(i);
}

static uint64_t
now_ns(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
        abort(); /* every system has this clock */
    return (uint64_t) t.tv_sec * 1000000000 + (uint64_t) t.tv_nsec;
}

/* ---- what the boss knows; `pids` is read by all after GO ---- */

static struct {
    kith_pid *pids; /* of connections that stand */
    long n_pids;
    long connected, failed, wrong, done;
    int code;  /* why the first failed */
    bool told; /* what went wrong has been said */
    long kib_before, kib_after;
    uint64_t began, ended;
} all;

/* ---- a connection ---- */

/* No two messages are alike, so that one answered to the wrong sender is seen. */
static void
fill(unsigned char *to, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i += 8) {
        seed = (seed ^ seed >> 29) * UINT64_C(0xbf58476d1ce4e5b9) + i + 1;
        memcpy(to + i, &seed, n - i < 8 ? n - i : 8);
    }
}

/* A message that the sockets' buffers may not hold is read while it is sent. */
static ptrdiff_t
exchange(kith_socket s, const unsigned char *out, unsigned char *in, size_t n)
{
    kith_future f;
    ptrdiff_t rc;

    if (n <= SMALL) {
        rc = kith_socket_send(s, out, n, 0, ANSWER_MS);
        return rc < 0 ? rc : kith_socket_recv(s, in, n, KITH_MSG_WAITALL, ANSWER_MS);
    }
    rc = kith_socket_recv_start(s, in, n, KITH_MSG_WAITALL, KITH_INFINITY, &f);
    if (rc < 0)
        return rc;
    rc = kith_socket_send(s, out, n, 0, ANSWER_MS);
    if (rc < 0) {
        kith_cancel(f);
        return rc;
    }
    return kith_await(f, ANSWER_MS);
}

static void
echo_once(kith_socket s, unsigned char *buf, uint64_t seed, struct report *r)
{
    const size_t n = (size_t) config.size;
    ptrdiff_t rc;

    fill(buf, n, seed);
    rc = exchange(s, buf, buf + n, n);
    r->code = rc < 0 ? (int) rc : 0;
    r->wrong = rc >= 0 && memcmp(buf, buf + n, n) != 0;
}

static void
load(kith_socket s, unsigned char *buf, uint64_t seed, struct report *r)
{
    while (r->code == 0 && !r->wrong && kith_left(atomic_load(&end)) > 0) {
        const uint64_t began = now_ns();

        echo_once(s, buf, ++seed, r);
        if (r->code == 0) {
            atomic_fetch_add_explicit(&latency[bucket_of(now_ns() - began)], 1,
                                      memory_order_relaxed);
            atomic_fetch_add_explicit(&messages, 1, memory_order_relaxed);
        }
    }
}

static int
tell(uint64_t tag, const struct report *r)
{
    return kith_send(boss_pid, tag, r, sizeof *r);
}

/* GO goes down a tree, each to two more: were it for the boss to tell all, those who have
 * begun would hold it up. */
static int
pass_on(long i)
{
    int rc = 0;

    for (long next = 2 * i + 1; rc == 0 && next <= 2 * i + 2 && next < all.n_pids; next++)
        rc = kith_send(all.pids[next], GO, &next, sizeof next);
    return rc;
}

/* After DONE the connection stays open until the boss ends the program: it measures. */
static int
connection(void *arg)
{
    const uint64_t seed = *(const uint64_t *) arg << 32;
    unsigned char *buf = kith_alloc(2 * (size_t) config.size);
    struct report r = {KITH_ENOMEM, false};
    const kith_msg *m;
    kith_socket s;
    int rc;

    if (buf)
        r.code = kith_tcp_connect(config.where, ANSWER_MS, &s);
    if (r.code == 0)
        echo_once(s, buf, seed, &r);
    rc = tell(CONNECTED, &r);
    if (rc == 0 && r.code == 0)
        rc = kith_receive_tag(GO, &m, KITH_INFINITY);
    if (rc == 0 && r.code == 0)
        rc = pass_on(*KITH_BODY(m, long));
    if (rc < 0 || r.code < 0)
        return rc;
    load(s, buf, seed, &r);
    rc = tell(DONE, &r);
    return rc < 0 ? rc : kith_receive(&m, KITH_INFINITY);
}

/* ---- what the boss shows ---- */

/* Resident memory and page tables of the server, in KiB; 0 if that cannot be known. */
static long
server_kib(void)
{
    char name[64], line[128];
    long kib = 0, v;
    FILE *f;

    if (config.server == 0)
        return 0;
    snprintf(name, sizeof name, "/proc/%ld/status", config.server);
    f = fopen(name, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %ld", &v) == 1 || sscanf(line, "VmPTE: %ld", &v) == 1)
            kib += v;
    if (f)
        fclose(f);
    return kib;
}

/* Milliseconds between two lines of progress: a terminal has but one, written anew. */
static kith_ms
line_every(void)
{
    return config.terminal ? 250 : 1000;
}

static void
progress(bool last)
{
    const double seconds = (double) (now_ns() - all.began) / 1e9;
    const char *const begin = config.terminal ? "\r" : "";
    const char *const finish = config.terminal && !last ? "   " : "\n";

    if (all.began == 0)
        fprintf(stderr, "%sconnected %ld of %ld%s", begin, all.connected,
                config.connections, finish);
    else
        fprintf(stderr, "%s%4.1f s  %ld connections  %lu messages  %.0f/s%s", begin,
                seconds, last ? all.connected : all.connected - all.done,
                atomic_load(&messages), (double) atomic_load(&messages) / seconds, finish);
}

static void
table(void)
{
    const double seconds = (double) (all.ended - all.began) / 1e9;
    char memory[32] = "-";

    if (all.kib_before && all.kib_after)
        snprintf(memory, sizeof memory, "%.1f KiB",
                 (double) (all.kib_after - all.kib_before) / (double) all.connected);
    printf("\n  connections          %ld\n"
           "  messages/s           %.0f   (%ld bytes each)\n"
           "  latency p50          %.2f ms\n"
           "  latency p99          %.2f ms\n"
           "  memory/connection    %s\n"
           "  failed               %ld\n"
           "  wrong                %ld\n\n",
           all.connected, (double) atomic_load(&messages) / seconds, config.size,
           percentile(0.50), percentile(0.99), memory, all.failed, all.wrong);
}

/* ---- the boss ---- */

static void
note(const struct report *r, kith_pid from, bool connected)
{
    if (r->wrong)
        all.wrong++;
    if (r->code < 0) {
        all.failed++;
        if (all.code == 0)
            all.code = r->code;
    } else if (connected) {
        all.pids[all.n_pids++] = from;
    }
    if (connected && r->code == 0)
        all.connected++;
    if (!connected)
        all.done++;
}

/* One message, or a line of progress when it is time for one. */
static int
step(kith_ms *line)
{
    const kith_msg *m;
    int rc = kith_receive(&m, kith_left(*line));

    if (rc == KITH_ETIMEOUT) {
        progress(false);
        *line = kith_deadline(line_every());
        return 0;
    }
    if (rc < 0)
        return rc;
    if (m->tag == STOP) {
        atomic_store(&interrupted, true);
        atomic_store(&end, kith_deadline(0));
    } else if (KITH_BODY(m, struct report)) {
        note(KITH_BODY(m, struct report), m->from, m->tag == CONNECTED);
    }
    return 0;
}

static int
connect_all(void)
{
    kith_ms line = kith_deadline(line_every());
    long started = 0;
    int rc = 0;

    while (rc == 0 && !atomic_load(&interrupted) &&
           all.connected + all.failed < config.connections) {
        const bool more = started < config.connections && all.failed == 0 &&
                          started - all.connected - all.failed < AT_ONCE;

        if (all.failed && all.connected + all.failed == started)
            break; /* one has failed: no more were begun, and these have ended */
        if (more) {
            const uint64_t seed = (uint64_t) started++;

            rc = kith_spawn(connection, &seed, sizeof seed, NULL);
        } else {
            rc = step(&line);
        }
    }
    progress(true);
    return rc;
}

static int
load_all(void)
{
    kith_ms line = kith_deadline(line_every());
    const long root = 0;
    int rc;

    all.began = now_ns();
    atomic_store(&end, kith_deadline(config.seconds * 1000));
    rc = kith_send(all.pids[root], GO, &root, sizeof root);
    while (rc == 0 && all.done < all.n_pids)
        rc = step(&line);
    all.ended = now_ns();
    progress(true);
    return rc;
}

/* A connection that comes before all others: it says soon whether anybody is there, and
 * warms the server up, so that what is measured is what connections cost. */
static int
try_one(void)
{
    unsigned char *buf = kith_alloc(2 * (size_t) config.size);
    struct report r = {KITH_ENOMEM, false};
    kith_socket s;

    if (buf)
        r.code = kith_tcp_connect(config.where, ANSWER_MS, &s);
    if (r.code == 0) {
        echo_once(s, buf, UINT64_MAX, &r);
        kith_socket_close(s);
    }
    if (r.code < 0)
        fprintf(stderr, "echo_load: no echo from %s: %s: does the server run?\n",
                config.where, kith_strerror(r.code));
    if (r.wrong)
        fprintf(stderr, "echo_load: %s is no echo server\n", config.where);
    kith_free(buf);
    all.told = r.wrong || r.code < 0;
    return r.wrong ? KITH_EBADMSG : r.code;
}

static int
boss(void *arg)
{
    int rc = kith_signal(SIGINT, STOP);

    (void) arg;
    boss_pid = kith_self();
    if (rc == 0)
        rc = kith_signal(SIGTERM, STOP);
    if (rc == 0)
        rc = try_one();
    all.pids = kith_alloc((size_t) config.connections * sizeof *all.pids);
    if (rc < 0 || !all.pids)
        return rc < 0 ? rc : KITH_ENOMEM;
    all.kib_before = server_kib();
    rc = connect_all();
    if (rc == 0 && all.n_pids > 0 && !atomic_load(&interrupted))
        rc = load_all();
    all.kib_after = server_kib();
    if (all.ended > all.began)
        table();
    if (all.code < 0)
        fprintf(stderr, "echo_load: %ld connections failed, the first one with: %s%s\n",
                all.failed, kith_strerror(all.code),
                all.code == KITH_EMFILE ? ": raise ulimit -n, or give fewer --connections"
                                        : "");
    return rc;
}

/* ---- the command line ---- */

static const char usage[] =
    "usage: echo_load --connect A:P [--connections N] [--seconds S] [--size B]\n"
    "                 [--server-pid PID]\n"
    "\n"
    "  --connect A:P      127.0.0.1:7000, [::1]:7000, localhost:7000, unix:/path\n"
    "  --connections N    at once; default 100\n"
    "  --seconds S        how long messages are sent; default 5\n"
    "  --size B           bytes in a message; default 64\n"
    "  --server-pid PID   a server on this machine, to see its memory for a connection\n"
    "\n"
    "Status 1: a byte came back wrong, or a connection failed.\n";

static int
refuse(const char *what, const char *value)
{
    fprintf(stderr, "echo_load: %s%s%s\n\n%s", what, value ? " " : "", value ? value : "",
            usage);
    return 2;
}

/* Reads the number in an option's value, from 1 to max. */
static bool
number(const char *text, long max, long *n)
{
    char *rest;

    if (!text || *text < '0' || *text > '9')
        return false;
    *n = strtol(text, &rest, 10);
    return !*rest && *n >= 1 && *n <= max;
}

int
main(int argc, char **argv)
{
    kith_options o = KITH_OPTIONS_INIT;
    int rc;

    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        bool ok;

        if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
            return fputs(usage, stdout) < 0;
        if (strcmp(name, "--connect") == 0)
            ok = (config.where = value) != NULL;
        else if (strcmp(name, "--connections") == 0)
            ok = number(value, 10000000, &config.connections);
        else if (strcmp(name, "--seconds") == 0)
            ok = number(value, 86400, &config.seconds);
        else if (strcmp(name, "--size") == 0)
            ok = number(value, 1 << 30, &config.size);
        else if (strcmp(name, "--server-pid") == 0)
            ok = number(value, INT32_MAX, &config.server);
        else
            return refuse("there is no option", name);
        if (!ok)
            return refuse("this option needs a value within its limits:", name);
    }
    if (!config.where)
        return refuse("--connect is missing", NULL);
    config.terminal = isatty(STDERR_FILENO);

    o.drain = 1; /* the connections wait for the end: the stop is it */
    o.kill = 2000;
    rc = kith_main(boss, NULL, 0, &o);
    if (rc < 0 && !all.told)
        fprintf(stderr, "echo_load: %s\n", kith_strerror(rc));
    return rc < 0 || all.failed || all.wrong;
}
