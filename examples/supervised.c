/* SPDX-License-Identifier: Apache-2.0
 * supervised.c -- a service that goes on while its parts are killed at random.
 *
 * Run:  ./supervised [--seconds N] [--seed S] [--rate N] [--clients N] [--where ADDRESS]
 * See:  a line a second; at the end how many were killed, how many were started again, how
 *       many requests were answered, that none was lost, and that nothing is left behind.
 *
 *     root                  one for one
 *      |-- store            a server: hands out tickets
 *      |-- work             one for one
 *      |    `-- worker0..7  servers: add, and ask the store for a ticket
 *      `-- front            rest for one
 *           `-- listener    a process for each connection: asks a worker
 *
 * The chaos process kills members of the tree, all but the root. Clients connect as anybody
 * would; when their connection breaks they connect again and ask again. */
#include <kith/kith.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TICKET = 1, /* tags of calls */
    SUM,
    END,  /* to clients and chaos: come to an end */
    DONE, /* from them */
    WORKERS = 8,
    MEMBERS_MAX = WORKERS + 8,
    LINE = 64,
    PATIENCE_MS = 10000, /* for one request, whatever happens meanwhile */
    CALL_MS = 1000,
    DEPTH_MAX = 4
};

static struct {
    long seconds, seed, rate, clients;
    const char *where;
} plan = {10, 1, 100, 20, "127.0.0.1:7300"}; /* set before the start */

static atomic_long kills, restarts, requests, lost, reconnects;

/* ---- the store ---- */

static int
store_call(void *state, kith_from from, const kith_msg *m)
{
    long *ticket = state;

    (void) m;
    ++*ticket;
    kith_reply(from, ticket, sizeof *ticket);
    return KITH_CONTINUE;
}

static const kith_server store = {.state_size = sizeof(long), .call = store_call};

/* ---- workers ---- */

struct sum {
    long a, b;
};

struct answer {
    long sum, ticket;
};

/* It asks the store, which may just be dead: then the worker's caller asks again. */
static int
worker_call(void *state, kith_from from, const kith_msg *m)
{
    const struct sum *s = KITH_BODY(m, struct sum);
    struct answer answer = {s->a + s->b, 0};
    ptrdiff_t n = kith_call_name("store", TICKET, kith_iov_of(NULL, 0),
                                 KITH_IOV(answer.ticket), CALL_MS);

    (void) state;
    if (n < 0)
        kith_reply_error(from, (int) n);
    else
        kith_reply(from, &answer, sizeof answer);
    return KITH_CONTINUE;
}

static const kith_server worker = {.with_stack = true, .call = worker_call};

static const char *const names[WORKERS] = {"worker0", "worker1", "worker2", "worker3",
                                           "worker4", "worker5", "worker6", "worker7"};

/* ---- connections ---- */

/* Some worker answers in the end, unless all is lost. */
static ptrdiff_t
ask_workers(const struct sum *s, struct answer *answer)
{
    kith_ms end = kith_deadline(PATIENCE_MS);
    ptrdiff_t n = KITH_ETIMEOUT;

    for (size_t i = (size_t) s->a; kith_left(end) > 0; i++) {
        n = kith_call_name(names[i % WORKERS], SUM, KITH_IOV(*s), KITH_IOV(*answer),
                           CALL_MS);
        if (n >= 0 || n == KITH_ESTOPPED || n == KITH_EKILLED)
            break;
        if (i % WORKERS == WORKERS - 1 && kith_sleep(1) < 0) /* they are being restarted */
            break;
    }
    return n;
}

/* Reads up to the end of a line; 0: the peer has ended. */
static ptrdiff_t
read_line(kith_socket s, char line[LINE], kith_ms timeout)
{
    kith_ms end = kith_deadline(timeout);
    size_t have = 0;

    while (have < LINE - 1) {
        ptrdiff_t n = kith_socket_recv(s, line + have, LINE - 1 - have, 0, kith_left(end));

        if (n <= 0)
            return n;
        have += (size_t) n;
        line[have] = '\0';
        if (line[have - 1] == '\n')
            return (ptrdiff_t) have;
    }
    return KITH_EMSGSIZE;
}

static int
connection(kith_socket s, void *arg)
{
    char line[LINE];
    ptrdiff_t n;

    (void) arg;
    while ((n = read_line(s, line, KITH_INFINITY)) > 0) {
        struct answer answer;
        struct sum sum;

        if (sscanf(line, "sum %ld %ld", &sum.a, &sum.b) != 2 || sum.a < 0)
            break;
        n = ask_workers(&sum, &answer);
        if (n < 0)
            break;
        int len =
            snprintf(line, sizeof line, "%ld ticket %ld\n", answer.sum, answer.ticket);
        n = kith_socket_send(s, line, (size_t) len, 0, PATIENCE_MS);
        if (n < 0)
            break;
    }
    return 0; /* a client that breaks off is no fault of ours */
}

/* ---- the tree ---- */

static int
start_tree(kith_pid *root)
{
    /* Far above the rate of kills: what is to be seen is that the service goes on. */
    const int often = (int) (plan.rate * 20 + 1000);
    kith_listener listener = KITH_LISTENER_INIT;
    kith_child workers[WORKERS] = {0};

    listener.conn = connection;
    for (size_t i = 0; i < WORKERS; i++)
        workers[i] = (kith_child){.id = names[i], .server = &worker, .opt.name = names[i]};

    kith_child gates[] = {{.id = "listener", .listener = &listener, .where = plan.where}};
    kith_supervisor work = {.intensity = often, .children = workers, .n = WORKERS};
    kith_supervisor front = {.strategy = KITH_REST_FOR_ONE,
                             .intensity = often,
                             .children = gates,
                             .n = 1};
    kith_child top[] = {
        {.id = "store", .server = &store, .opt.name = "store"},
        {.id = "work", .supervisor = &work},
        {.id = "front", .supervisor = &front},
    };
    kith_supervisor tree = {.intensity = often, .children = top, .n = 3};

    return kith_supervisor_start(&tree, root);
}

/* ---- chaos ---- */

struct members {
    size_t n;
    struct member {
        char id[KITH_CHILD_ID];
        kith_pid pid;
    } member[MEMBERS_MAX];
};

/* One more than before under its id is a restart. */
static void
see(struct members *all, const kith_child_info *c)
{
    struct member *m = all->member;

    while (m < all->member + all->n && strcmp(m->id, c->id) != 0)
        m++;
    if (m == all->member + all->n) {
        if (all->n == MEMBERS_MAX)
            return;
        all->n++;
        memcpy(m->id, c->id, sizeof m->id);
    } else if (m->pid.id != c->pid.id) {
        atomic_fetch_add(&restarts, 1);
    }
    m->pid = c->pid;
}

/* A supervisor that has just been killed does not answer: its part is seen the next time. */
static void
walk(kith_pid supervisor, struct members *all, int depth)
{
    kith_child_info child[MEMBERS_MAX];
    ptrdiff_t n = kith_supervisor_which_children(supervisor, child, MEMBERS_MAX);

    for (ptrdiff_t i = 0; i < n && i < MEMBERS_MAX; i++) {
        if (!child[i].pid.id)
            continue;
        see(all, &child[i]);
        if (child[i].supervisor && depth < DEPTH_MAX)
            walk(child[i].pid, all, depth + 1);
    }
}

static uint64_t
next_random(uint64_t *x)
{
    *x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *x >> 33;
}

struct chaos {
    kith_pid boss, root;
};

static int
chaos(void *arg)
{
    const struct chaos *c = arg;
    struct members *all = kith_alloc(sizeof *all);
    uint64_t random = (uint64_t) plan.seed;
    kith_ms began = kith_deadline(0);
    const kith_msg *m;

    if (!all)
        return KITH_ENOMEM;
    memset(all, 0, sizeof *all);
    walk(c->root, all, 0);
    for (long i = 1; kith_receive_tag(END, &m, kith_left(began + i * 1000 / plan.rate)) ==
                     KITH_ETIMEOUT;
         i++) {
        const struct member *victim = &all->member[next_random(&random) % all->n];

        if (kith_exit_signal(victim->pid, kith_reason_of(KITH_KILL, 0, NULL)) == 0)
            atomic_fetch_add(&kills, 1);
        walk(c->root, all, 0);
    }
    kith_send(c->boss, DONE, NULL, 0);
    return 0;
}

/* ---- clients ---- */

/* Asks once on a connection, which is made if there is none. */
static int
ask(kith_socket *s, const struct sum *sum, kith_ms timeout)
{
    char line[LINE];
    long answer;
    int len = snprintf(line, sizeof line, "sum %ld %ld\n", sum->a, sum->b);
    ptrdiff_t n = s->id ? 0 : kith_tcp_connect(plan.where, timeout, s);

    if (n == 0)
        n = kith_socket_send(*s, line, (size_t) len, 0, timeout);
    if (n >= 0)
        n = read_line(*s, line, timeout);
    if (n > 0 && sscanf(line, "%ld ticket", &answer) == 1 && answer == sum->a + sum->b)
        return 0;
    if (s->id)
        kith_socket_close(*s);
    s->id = 0;
    return n < 0 ? (int) n : KITH_EOF;
}

/* Until it is answered: with new connections, as often as that takes. */
static void
ask_until_answered(kith_socket *s, const struct sum *sum)
{
    kith_ms end = kith_deadline(PATIENCE_MS);

    while (ask(s, sum, kith_left(end)) < 0) {
        if (kith_left(end) == 0 || kith_sleep(1) < 0) {
            atomic_fetch_add(&lost, 1);
            return;
        }
        atomic_fetch_add(&reconnects, 1);
    }
    atomic_fetch_add(&requests, 1);
}

static int
client(void *arg)
{
    kith_pid boss = *(kith_pid *) arg;
    uint64_t random = (uint64_t) kith_self().id;
    kith_socket s = {0};
    const kith_msg *m;

    while (kith_receive_tag(END, &m, 1) == KITH_ETIMEOUT) {
        struct sum sum = {(long) (next_random(&random) % 1000000),
                          (long) (next_random(&random) % 1000000)};

        ask_until_answered(&s, &sum);
    }
    kith_send(boss, DONE, NULL, 0);
    return 0;
}

/* ---- what is left ---- */

/* Counts of what lives; the caller is the only process. */
static long
living(void)
{
    struct kith_runtime_info i = KITH_RUNTIME_INFO_INIT;

    if (kith_runtime_info(&i) < 0)
        return -1;
    return (long) (i.processes + i.names + i.timers + i.monitors + i.links + i.sockets +
                   i.operations + i.bytes);
}

/* What lives now and did not then. One whose death was heard of may be counted a moment more. */
static long
left_behind(long before)
{
    kith_ms end = kith_deadline(PATIENCE_MS);
    long n;

    do
        n = living() - before;
    while (n != 0 && kith_left(end) > 0 && kith_sleep(1) == 0);
    return n;
}

/* ---- the boss ---- */

static void
show(FILE *to, const char *end)
{
    fprintf(to, "kills %ld restarts %ld requests %ld lost %ld%s", atomic_load(&kills),
            atomic_load(&restarts), atomic_load(&requests), atomic_load(&lost), end);
}

/* Waits for the end of the time, for a signal, or for what must not happen. */
static int
look_on(kith_pid root)
{
    const kith_msg *m;
    kith_ms end = kith_deadline(plan.seconds * 1000);
    int rc = KITH_ETIMEOUT;

    while (rc == KITH_ETIMEOUT && kith_left(end) > 0) {
        kith_ms step = kith_left(end) < 1000 ? kith_left(end) : 1000;

        rc = kith_receive(&m, step);
        show(stderr, "\n");
    }
    if (rc == 0 && m->tag == KITH_TAG_EXIT && m->from.id == root.id) {
        fprintf(stderr, "supervised: the root has given up\n");
        return KITH_EFAILED;
    }
    return rc == KITH_ETIMEOUT ? 0 : rc;
}

/* Clients and chaos end first, so that each request has its answer. */
static int
end_of(const kith_pid *who, size_t n)
{
    const kith_msg *m;
    int rc = 0;

    for (size_t i = 0; i < n; i++)
        kith_send(who[i], END, NULL, 0);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = kith_receive_tag(DONE, &m, 4 * PATIENCE_MS);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = kith_wait(who[i], NULL, PATIENCE_MS);
    return rc;
}

/* The chaos process is others[0]. */
static int
start_others(kith_pid root, kith_pid *others)
{
    struct chaos c = {kith_self(), root};
    int rc = kith_spawn(chaos, &c, sizeof c, &others[0]);

    for (long i = 1; i <= plan.clients && rc == 0; i++)
        rc = kith_spawn(client, &c.boss, sizeof c.boss, &others[i]);
    return rc;
}

static int
serve(kith_pid *others)
{
    kith_pid root;
    int rc = start_tree(&root), end;

    if (rc < 0) {
        fprintf(stderr, "supervised: cannot start at %s: %s: another --where may help\n",
                plan.where, kith_strerror(rc));
        return rc;
    }
    rc = start_others(root, others);
    if (rc == 0)
        rc = look_on(root);
    end = end_of(others, 1); /* no more kills: what is asked now is answered */
    if (end == 0)
        end = end_of(others + 1, (size_t) plan.clients);
    kith_unlink(root);
    kith_exit_signal(root, kith_reason_of(KITH_SHUTDOWN, 0, NULL));
    if (end == 0)
        end = kith_wait(root, NULL, PATIENCE_MS);
    return rc < 0 ? rc : end;
}

static int
boss(void *arg)
{
    kith_pid *others = kith_alloc((size_t) (plan.clients + 1) * sizeof *others);
    int rc = others ? 0 : KITH_ENOMEM;

    (void) arg;
    kith_log_to(NULL, NULL, KITH_LOG_ERROR); /* deaths are what is expected here */
    kith_flag_trap_exit(true);
    if (rc == 0)
        rc = kith_signal(SIGINT, END);
    if (rc == 0)
        rc = kith_signal(SIGTERM, END);
    long before = living();
    if (rc == 0)
        rc = serve(others);
    const kith_msg *m;
    if (kith_receive(&m, 0) == 0) /* gives back the one that was received last */
        fprintf(stderr, "a message nobody waited for: tag %llx\n",
                (unsigned long long) m->tag);
    long leaked = left_behind(before);
    fprintf(stderr, "reconnects %ld\n", atomic_load(&reconnects));
    show(stdout, "");
    printf(" leaked %ld\n", leaked);
    return rc < 0 ? rc : atomic_load(&lost) || leaked ? KITH_EFAILED : 0;
}

/* ---- arguments ---- */

static void
usage(FILE *to)
{
    fprintf(to, "usage: supervised [--seconds N] [--seed N] [--rate N] [--clients N]\n"
                "                  [--where ADDRESS]\n\n"
                "  --seconds N    how long; 10\n"
                "  --seed N       which members are killed; 1\n"
                "  --rate N       kills a second, 1 to 1,000; 100\n"
                "  --clients N    1 to 1,000; 20\n"
                "  --where A      where the listener listens; 127.0.0.1:7300\n");
}

static bool
set(const char *option, const char *text)
{
    static const struct {
        const char *name;
        long *value, least, most;
    } options[] = {
        {"--seconds", &plan.seconds, 1, 1000000},
        {"--seed", &plan.seed, 0, 1000000000},
        {"--rate", &plan.rate, 1, 1000},
        {"--clients", &plan.clients, 1, 1000},
    };
    char *end;

    if (strcmp(option, "--where") == 0) {
        plan.where = text;
        return true;
    }
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(option, options[i].name) != 0)
            continue;
        *options[i].value = strtol(text, &end, 10);
        return end != text && !*end && *options[i].value >= options[i].least &&
               *options[i].value <= options[i].most;
    }
    return false;
}

int
main(int argc, char **argv)
{
    int rc;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        usage(stdout);
        return 0;
    }
    for (int i = 1; i < argc; i += 2)
        if (i + 1 == argc || !set(argv[i], argv[i + 1])) {
            fprintf(stderr, "supervised: no such option, or not that value: %s %s\n",
                    argv[i], i + 1 < argc ? argv[i + 1] : "");
            usage(stderr);
            return 2;
        }
    rc = kith_main(boss, NULL, 0, NULL);
    if (rc < 0)
        fprintf(stderr, "supervised: %s\n", kith_strerror(rc));
    return rc < 0;
}
