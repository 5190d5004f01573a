/* SPDX-License-Identifier: Apache-2.0
 * actors.c -- what a message, a request, a process and a waiting process cost.
 *
 * Run:  ./actors pingpong 1     (--help lists the benches)
 * See:  one line of JSON: operations a second, processor time; idlemem: bytes an actor.
 *
 * An actor is a process with a stack of its own, which waits in kith_receive; in the
 * benches whose names end with -handler it is a server without a stack, of callbacks. */
#define _POSIX_C_SOURCE 200809L
#include "bench.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum {
    ROUNDS = 1000000, /* of pingpong and call */
    NODES = 503,      /* of ring */
    HOPS = 5000000,   /* in ring, all together */
    FANIN = 4000000,  /* messages, from all senders together */
    BATCH = 100,      /* that a handler sends before others have their turn */
    SPAWNS = 1000000,
    QUEUED = 1000000, /* in the way of selective-queued */
    LEAVES = 1000000, /* of skynet */
    CHILDREN = 10,    /* of a node there */
    IDLE = 100000,
    SETTLE_MS = 300 /* until memory is looked at */
};

enum { DATA = 1, GO, NEXT, SUM, STOP, DONE };

/* What a bench measured. */
struct result {
    struct moment start, end;
    uint64_t n;
    double bytes,
        table_bytes; /* idlemem: an actor's memory, and its share of page tables */
};

static const char *const process = "process", *const handler = "handler";

/* ---- little helpers ---- */

static kith_pid
start(kith_fn fn, const void *arg, size_t len)
{
    kith_pid pid;

    must(kith_spawn(fn, arg, len, &pid), "spawn");
    return pid;
}

static kith_pid
serve(const kith_server *type, const void *arg, size_t len)
{
    kith_pid pid;

    must(kith_server_start(type, NULL, arg, len, &pid), "server_start");
    return pid;
}

static void
wait_for(uint64_t tag)
{
    check(take()->tag == tag, "another message than the one waited for");
}

static void
begin(struct result *r)
{
    r->start = moment_now();
}

static void
end(struct result *r, uint64_t n)
{
    r->end = moment_now();
    r->n = n;
}

/* ---- pingpong: two actors, a round trip each time ---- */

static int
pong(void *arg)
{
    const kith_msg *m;

    (void) arg;
    while ((m = take())->tag == DATA)
        post(m->from, DATA, value_of(m));
    return 0;
}

static void
pingpong(struct result *r, unsigned k)
{
    kith_pid other = start(pong, NULL, 0);

    (void) k;
    begin(r);
    for (uint64_t i = 0; i < ROUNDS; i++) {
        post(other, DATA, i);
        check(value_of(take()) == i, "pingpong");
    }
    end(r, ROUNDS);
    post(other, STOP, 0);
}

struct player {
    kith_pid other, home;
    uint64_t next;
};

static int
ping_init(void *state, void *arg)
{
    memcpy(state, arg, sizeof(struct player));
    return 0;
}

static int
ping_info(void *state, const kith_msg *m)
{
    struct player *p = state;

    if (m->tag != GO)
        check(value_of(m) == p->next++, "pingpong");
    if (p->next == ROUNDS) {
        post(p->home, DONE, 0);
        return KITH_DONE;
    }
    post(p->other, DATA, p->next);
    return KITH_CONTINUE;
}

static int
pong_info(void *state, const kith_msg *m)
{
    (void) state;
    post(m->from, DATA, value_of(m));
    return KITH_CONTINUE;
}

static void
pingpong_handler(struct result *r, unsigned k)
{
    static const kith_server pong_type = {.info = pong_info};
    static const kith_server ping_type = {.state_size = sizeof(struct player),
                                          .init = ping_init,
                                          .info = ping_info};
    struct player p = {.other = serve(&pong_type, NULL, 0), .home = kith_self()};
    kith_pid ping = serve(&ping_type, &p, sizeof p);

    (void) k;
    begin(r);
    post(ping, GO, 0);
    wait_for(DONE);
    end(r, ROUNDS);
}

/* ---- ring: one counter goes round ---- */

/* Closes the ring and sends the counter off. */
static void
run_ring(struct result *r, const kith_pid *node)
{
    for (int i = 0; i < NODES; i++)
        must(kith_send(node[i], NEXT, &node[(i + 1) % NODES], sizeof *node), "send");
    begin(r);
    post(node[0], DATA, HOPS);
    wait_for(DONE);
    end(r, HOPS);
}

static int
ring_node(void *arg)
{
    const kith_pid home = *(kith_pid *) arg;
    const kith_pid *first = KITH_BODY(take(), kith_pid);
    uint64_t left;

    check(first != NULL, "ring");
    const kith_pid next = *first;
    while ((left = value_of(take())) != 0)
        post(next, DATA, left - 1);
    post(home, DONE, 0);
    return 0;
}

static void
ring(struct result *r, unsigned k)
{
    const kith_pid self = kith_self();
    kith_pid node[NODES];

    (void) k;
    for (int i = 0; i < NODES; i++)
        node[i] = start(ring_node, &self, sizeof self);
    run_ring(r, node);
}

struct link {
    kith_pid home, next;
};

static int
link_init(void *state, void *arg)
{
    struct link *l = state;

    l->home = *(kith_pid *) arg;
    return 0;
}

static int
link_info(void *state, const kith_msg *m)
{
    struct link *l = state;
    uint64_t left;

    if (m->tag == NEXT) {
        const kith_pid *next = KITH_BODY(m, kith_pid);

        check(next != NULL, "ring");
        l->next = *next;
        return KITH_CONTINUE;
    }
    left = value_of(m);
    if (left == 0)
        post(l->home, DONE, 0);
    else
        post(l->next, DATA, left - 1);
    return KITH_CONTINUE;
}

static void
ring_handler(struct result *r, unsigned k)
{
    static const kith_server type = {.state_size = sizeof(struct link),
                                     .init = link_init,
                                     .info = link_info};
    const kith_pid self = kith_self();
    kith_pid node[NODES];

    (void) k;
    for (int i = 0; i < NODES; i++)
        node[i] = serve(&type, &self, sizeof self);
    run_ring(r, node);
}

/* ---- fanin: k senders, one receiver ---- */

struct load {
    kith_pid to;
    uint64_t left;
};

static int
sender(void *arg)
{
    const struct load *l = arg;

    for (uint64_t i = 0; i < l->left; i++)
        post(l->to, DATA, i);
    return 0;
}

static void
fanin(struct result *r, unsigned k)
{
    struct load l = {kith_self(), FANIN / k};
    const uint64_t n = l.left * k;

    begin(r);
    for (unsigned i = 0; i < k; i++)
        (void) start(sender, &l, sizeof l);
    for (uint64_t i = 0; i < n; i++)
        wait_for(DATA);
    end(r, n);
}

static int
load_init(void *state, void *arg)
{
    memcpy(state, arg, sizeof(struct load));
    return 0;
}

/* A callback is not interrupted: a batch, and a message to itself for the next. */
static int
sender_info(void *state, const kith_msg *m)
{
    struct load *l = state;

    (void) m;
    for (int i = 0; i < BATCH && l->left; i++)
        post(l->to, DATA, l->left--);
    if (l->left == 0)
        return KITH_DONE;
    post(kith_self(), GO, 0);
    return KITH_CONTINUE;
}

static int
receiver_info(void *state, const kith_msg *m)
{
    struct load *l = state;

    check(m->tag == DATA, "fanin");
    if (--l->left == 0)
        post(l->to, DONE, 0);
    return KITH_CONTINUE;
}

static void
fanin_handler(struct result *r, unsigned k)
{
    static const kith_server receiver_type = {.state_size = sizeof(struct load),
                                              .init = load_init,
                                              .info = receiver_info};
    static const kith_server sender_type = {.state_size = sizeof(struct load),
                                            .init = load_init,
                                            .info = sender_info};
    struct load all = {kith_self(), FANIN / k * k};
    struct load l = {serve(&receiver_type, &all, sizeof all), FANIN / k};

    begin(r);
    for (unsigned i = 0; i < k; i++)
        post(serve(&sender_type, &l, sizeof l), GO, 0);
    wait_for(DONE);
    end(r, all.left);
}

/* ---- call: request and reply, with a server that keeps a sum ---- */

static int
adder(void *arg)
{
    const kith_msg *m;
    uint64_t sum = 0;

    (void) arg;
    while ((m = take())->tag == DATA) {
        sum += value_of(m);
        post(m->from, SUM, sum);
    }
    return 0;
}

/* By two messages, as processes do it among themselves; one monitor for all calls tells of
 * a server that dies. */
static void
call(struct result *r, unsigned k)
{
    kith_pid server = start(adder, NULL, 0);
    kith_ref monitor;

    (void) k;
    must(kith_monitor(server, &monitor), "monitor");
    begin(r);
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        const kith_msg *m;

        post(server, DATA, 1);
        m = take();
        check(m->tag == SUM && value_of(m) == i, "call");
    }
    end(r, ROUNDS);
    post(server, STOP, 0);
}

static int
sum_call(void *state, kith_from from, const kith_msg *m)
{
    uint64_t *sum = state;

    *sum += value_of(m);
    kith_reply(from, sum, sizeof *sum);
    return KITH_CONTINUE;
}

static void
run_calls(struct result *r, kith_pid server)
{
    const uint64_t one = 1;

    begin(r);
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        uint64_t sum = 0;
        ptrdiff_t n = kith_call(server, DATA, KITH_IOV(one), KITH_IOV(sum), KITH_INFINITY);

        must((int) n, "call");
        check(n == sizeof sum && sum == i, "call");
    }
    end(r, ROUNDS);
}

static void
call_server(struct result *r, unsigned k)
{
    static const kith_server type = {.state_size = sizeof(uint64_t),
                                     .with_stack = true,
                                     .call = sum_call};

    (void) k;
    run_calls(r, serve(&type, NULL, 0));
}

static void
call_handler(struct result *r, unsigned k)
{
    static const kith_server type = {.state_size = sizeof(uint64_t), .call = sum_call};

    (void) k;
    run_calls(r, serve(&type, NULL, 0));
}

/* ---- selective: what has a ref is received by it, whatever lies before it ---- */

static void
selective(struct result *r, unsigned k)
{
    const kith_pid nobody = {0};
    const kith_msg *m;
    kith_ref ref;

    (void) k;
    begin(r);
    for (int i = 0; i < ROUNDS; i++) {
        must(kith_monitor(nobody, &ref), "monitor"); /* its DOWN comes at once */
        must(kith_receive_ref(ref, &m, KITH_INFINITY), "receive_ref");
    }
    end(r, ROUNDS);
}

static void
selective_queued(struct result *r, unsigned k)
{
    for (uint64_t i = 0; i < QUEUED; i++)
        post(kith_self(), DATA, i);
    selective(r, k);
}

/* ---- spawn: actors that end at once; over when all have ended ---- */

static _Atomic(uint64_t) living;
static kith_pid undertaker; /* constant while any lives */

static void
one_less(void)
{
    if (atomic_fetch_sub_explicit(&living, 1, memory_order_acq_rel) == 1)
        post(undertaker, DONE, 0);
}

static int
mayfly(void *arg)
{
    (void) arg;
    one_less();
    return 0;
}

static void
spawn(struct result *r, unsigned k)
{
    (void) k;
    living = SPAWNS;
    undertaker = kith_self();
    begin(r);
    for (int i = 0; i < SPAWNS; i++)
        must(kith_spawn(mayfly, NULL, 0, NULL), "spawn");
    wait_for(DONE);
    end(r, SPAWNS);
}

static int
mayfly_info(void *state, const kith_msg *m)
{
    (void) state;
    (void) m;
    return KITH_DONE;
}

static void
mayfly_terminate(void *state, kith_reason why)
{
    (void) state;
    (void) why;
    one_less();
}

/* The start waits until the server is ready; then one message ends it. */
static void
spawn_handler(struct result *r, unsigned k)
{
    static const kith_server type = {.info = mayfly_info, .terminate = mayfly_terminate};

    (void) k;
    living = SPAWNS;
    undertaker = kith_self();
    begin(r);
    for (int i = 0; i < SPAWNS; i++)
        post(serve(&type, NULL, 0), STOP, 0);
    wait_for(DONE);
    end(r, SPAWNS);
}

/* ---- skynet: a tree of actors, the sum of its leaves comes back ---- */

struct branch {
    kith_pid parent;
    uint64_t first, size; /* of the leaves below it */
};

static int
skynet_node(void *arg)
{
    const struct branch *b = arg;
    uint64_t sum = 0;

    if (b->size == 1) {
        post(b->parent, SUM, b->first);
        return 0;
    }
    struct branch child = {kith_self(), b->first, b->size / CHILDREN};
    for (int i = 0; i < CHILDREN; i++, child.first += child.size)
        (void) start(skynet_node, &child, sizeof child);
    for (int i = 0; i < CHILDREN; i++)
        sum += value_of(take());
    post(b->parent, SUM, sum);
    return 0;
}

static void
skynet(struct result *r, unsigned k)
{
    struct branch root = {kith_self(), 0, LEAVES};

    (void) k;
    begin(r);
    (void) start(skynet_node, &root, sizeof root);
    check(value_of(take()) == (uint64_t) LEAVES * (LEAVES - 1) / 2, "skynet");
    end(r, LEAVES);
}

/* ---- idlemem: what an actor costs that waits for a message ---- */

static double
resident(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    double pages = 0;

    if (!f || fscanf(f, "%*s %lf", &pages) != 1)
        check(false, "/proc/self/statm");
    fclose(f);
    return pages * (double) sysconf(_SC_PAGESIZE);
}

static double
page_tables(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    double kib = 0;

    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmPTE: %lf", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib * 1024;
}

static int
idler(void *arg)
{
    (void) arg;
    one_less();
    (void) take();
    return 0;
}

static int
woken(void *arg)
{
    (void) arg;
    (void) take();
    return 0;
}

static int
hibernator(void *arg)
{
    (void) arg;
    one_less();
    kith_hibernate(woken, NULL, 0);
}

static int
idler_init(void *state, void *arg)
{
    (void) state;
    (void) arg;
    one_less();
    return 0;
}

static void
measure_idle(struct result *r, const kith_server *type, kith_fn fn)
{
    const double rss = resident(), tables = page_tables();

    living = IDLE;
    undertaker = kith_self();
    begin(r);
    for (int i = 0; i < IDLE; i++)
        (void) (type ? serve(type, NULL, 0) : start(fn, NULL, 0));
    wait_for(DONE);
    must(kith_sleep(SETTLE_MS), "sleep");
    end(r, IDLE);
    r->bytes = (resident() - rss) / IDLE;
    r->table_bytes = (page_tables() - tables) / IDLE;
}

static void
idlemem(struct result *r, unsigned k)
{
    (void) k;
    measure_idle(r, NULL, idler);
}

static void
idlemem_hibernated(struct result *r, unsigned k)
{
    (void) k;
    measure_idle(r, NULL, hibernator);
}

static void
idlemem_handler(struct result *r, unsigned k)
{
    static const kith_server type = {.init = idler_init};

    (void) k;
    measure_idle(r, &type, NULL);
}

/* ---- which, and how it came out ---- */

struct bench {
    const char *name;
    const char *const *body;
    void (*run)(struct result *r, unsigned k);
    const char *what;
};

static const struct bench benches[] = {
    {"pingpong", &process, pingpong, "1,000,000 round trips between two actors"},
    {"pingpong-handler", &handler, pingpong_handler, NULL},
    {"ring", &process, ring, "5,000,000 hops round a ring of 503 actors"},
    {"ring-handler", &handler, ring_handler, NULL},
    {"faninN", &process, fanin, "4,000,000 messages from N actors to one"},
    {"faninN-handler", &handler, fanin_handler, NULL},
    {"call", &process, call, "1,000,000 requests with replies, by send and receive"},
    {"call-server", &process, call_server, "the same by kith_call; the server has a stack"},
    {"call-handler", &handler, call_handler, "the same by kith_call; the server has none"},
    {"selective", &process, selective, "1,000,000 messages taken by their ref"},
    {"selective-queued", &process, selective_queued, "the same behind 1,000,000 others"},
    {"spawn", &process, spawn, "1,000,000 actors that end at once"},
    {"spawn-handler", &handler, spawn_handler, "the same, each ended by a message"},
    {"skynet", &process, skynet, "a tree of 1,111,111 actors sums its 1,000,000 leaves"},
    {"idlemem", &process, idlemem, "memory of 100,000 actors that wait"},
    {"idlemem-hibernated", &process, idlemem_hibernated, "the same, hibernated"},
    {"idlemem-handler", &handler, idlemem_handler, NULL},
};

enum { BENCHES = sizeof benches / sizeof *benches };

static int
usage(FILE *out, int code)
{
    fputs("usage: actors BENCH THREADS\n", out);
    for (int i = 0; i < BENCHES; i++)
        fprintf(out, "  %-17s %s\n", benches[i].name,
                benches[i].what ? benches[i].what : "the same with handlers");
    return code;
}

/* The bench of that name; the N of faninN goes to *k. */
static const struct bench *
find(const char *name, unsigned *k)
{
    const char *n = strncmp(name, "fanin", 5) == 0 ? name + 5 : NULL;
    char digits[8] = "";

    *k = 0;
    if (n) {
        size_t len = strspn(n, "0123456789");

        if (len == 0 || len >= sizeof digits)
            return NULL;
        memcpy(digits, n, len);
        *k = (unsigned) strtoul(digits, NULL, 10);
        if (*k == 0 || *k > FANIN)
            return NULL;
        name = strcmp(n + len, "") == 0           ? "faninN"
               : strcmp(n + len, "-handler") == 0 ? "faninN-handler"
                                                  : "";
    }
    for (int i = 0; i < BENCHES; i++)
        if (strcmp(benches[i].name, name) == 0 && (n || strncmp(name, "fanin", 5) != 0))
            return &benches[i];
    return NULL;
}

struct job {
    const struct bench *bench;
    unsigned k;
    struct result *result;
};

static int
run(void *arg)
{
    const struct job *j = arg;

    j->bench->run(j->result, j->k);
    return 0;
}

static void
print(const char *name, const struct bench *b, const struct result *r)
{
    const double secs = r->end.wall - r->start.wall;

    printf("{\"bench\":\"%s\",\"impl\":\"kith\",\"body\":\"%s\",\"n\":%llu,\"secs\":%.6f,"
           "\"rate\":%.1f,\"cpu_s\":%.3f",
           name, *b->body, (unsigned long long) r->n, secs, (double) r->n / secs,
           r->end.cpu - r->start.cpu);
    if (r->bytes != 0)
        printf(",\"bytes_actor\":%.1f,\"page_table_bytes_actor\":%.1f", r->bytes,
               r->table_bytes);
    puts("}");
}

int
main(int argc, char **argv)
{
    kith_options o = KITH_OPTIONS_INIT;
    struct result result = {.n = 0};
    struct job job = {.result = &result};

    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return usage(stdout, 0);
    if (argc != 3)
        return usage(stderr, 2);
    job.bench = find(argv[1], &job.k);
    o.workers = (int) number_of(argv[2], 1, 250);
    if (!job.bench || o.workers < 0)
        return usage(stderr, 2);
    unsetenv("KITH_WORKERS");
    o.drain = 1; /* the actors that still wait have nothing to finish */
    must(kith_main(run, &job, sizeof job, &o), argv[1]);
    print(argv[1], job.bench, &result);
    return 0;
}
