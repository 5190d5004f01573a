/* SPDX-License-Identifier: Apache-2.0
 * bank.c -- accounts as servers, transfers as calls with timeouts, an auditor who adds up.
 *
 * Run:  ./bank [--accounts N] [--tellers N] [--transfers N] [--seed N]
 * See:  some transfers are refused, some time out at the slow account and are looked up and
 *       settled later, and at the end not a cent is missing.
 *
 * Who is who: each account is a server without a stack. A teller is a process that makes
 * transfers; a call that timed out may have been done or not, so it asks again under the
 * transfer's number, and the account does each number once. Account 0 is slow: it answers
 * some calls late, from a timer. The auditor receives selectively: first all tellers' DONE,
 * though their REPORTs come in between. */
#include <kith/kith.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ADD = 1, /* tags of calls: a struct move; answers the balance or refuses */
    BALANCE,
    LATE,   /* of the slow account to itself */
    REPORT, /* tags of the auditor's messages */
    DONE,
    START_WITH = 1000,
    CALL_MS = 20, /* a teller's patience */
    SLOW_MS = 30, /* longer than that */
    TRIES = 100   /* of one half of a transfer */
};

struct plan {
    long accounts, tellers, transfers, seed;
};

static struct plan plan = {50, 8, 500, 1}; /* set before the start */

/* ---- an account ---- */

/* One half of a transfer. Its number rises by one for each half that a teller makes. */
struct move {
    long teller, number, amount;
};

struct late {
    kith_from from;
    long balance;
};

struct account {
    long balance;
    bool slow;
    unsigned calls;
    long *done; /* by teller: the last number that was done here, 0 = none */
};

static int
account_init(void *state, void *arg)
{
    struct account *a = state;

    a->balance = START_WITH;
    a->slow = *(bool *) arg;
    a->done = kith_alloc((size_t) plan.tellers * sizeof *a->done);
    if (!a->done)
        return KITH_ENOMEM;
    memset(a->done, 0, (size_t) plan.tellers * sizeof *a->done);
    return 0;
}

/* The answer comes later, by a message to itself; meanwhile it serves others. */
static int
answer_late(kith_from from, long balance)
{
    struct late l = {from, balance};

    return kith_send_after(SLOW_MS, kith_self(), LATE, KITH_IOV(l), NULL);
}

static int
account_call(void *state, kith_from from, const kith_msg *m)
{
    struct account *a = state;
    const struct move *move = KITH_BODY(m, struct move);

    if (m->tag == ADD && move && move->number > a->done[move->teller]) {
        if (a->balance + move->amount < 0) {
            kith_reply_error(from, KITH_ENOBUFS); /* not enough */
            return KITH_CONTINUE;
        }
        a->balance += move->amount;
        a->done[move->teller] = move->number;
    }
    if (m->tag == ADD && a->slow && a->calls++ % 4 == 0)
        return answer_late(from, a->balance);
    kith_reply(from, &a->balance, sizeof a->balance);
    return KITH_CONTINUE;
}

static int
account_info(void *state, const kith_msg *m)
{
    const struct late *l = m->tag == LATE ? KITH_BODY(m, struct late) : NULL;

    (void) state;
    if (l) /* whoever waited has given up by now: this is dropped */
        kith_reply(l->from, &l->balance, sizeof l->balance);
    return KITH_CONTINUE;
}

static const kith_server account = {
    .state_size = sizeof(struct account),
    .init = account_init,
    .call = account_call,
    .info = account_info,
};

/* ---- a teller ---- */

struct report {
    long teller, done, refused, timeouts;
};

struct teller {
    long index;
    kith_pid auditor;
    const kith_pid *accounts; /* of the auditor, who outlives all tellers */
};

/* One half, for sure: done or refused. A timeout says neither, so it is asked again. */
static int
half(kith_pid to, struct move *move, struct report *r)
{
    long balance;
    ptrdiff_t n = KITH_ETIMEOUT;

    for (int i = 0; i < TRIES && n == KITH_ETIMEOUT; i++) {
        n = kith_call(to, ADD, KITH_IOV(*move), KITH_IOV(balance), CALL_MS);
        r->timeouts += n == KITH_ETIMEOUT;
    }
    return n < 0 ? (int) n : 0;
}

static int
transfer(const struct teller *t, long from, long to, long amount, long *number,
         struct report *r)
{
    struct move out = {t->index, ++*number, -amount}, in = {t->index, ++*number, amount};
    int rc = half(t->accounts[from], &out, r);

    if (rc == KITH_ENOBUFS) {
        r->refused++;
        return 0;
    }
    if (rc == 0)
        rc = half(t->accounts[to], &in, r);
    r->done += rc == 0;
    return rc;
}

static uint64_t
next_random(uint64_t *x)
{
    *x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *x >> 33;
}

static int
teller(void *arg)
{
    const struct teller *t = arg;
    struct report r = {.teller = t->index};
    uint64_t random = (uint64_t) (plan.seed * 1000 + t->index);
    long number = 0;
    int rc = 0;

    for (long i = 0; i < plan.transfers && rc == 0; i++) {
        long from = (long) (next_random(&random) % (uint64_t) plan.accounts);
        long to = (long) (next_random(&random) % (uint64_t) plan.accounts);

        rc = transfer(t, from, to, (long) (next_random(&random) % 300), &number, &r);
    }
    kith_send(t->auditor, REPORT, &r, sizeof r);
    kith_send(t->auditor, DONE, NULL, 0);
    return rc;
}

/* ---- the auditor ---- */

static int
open_accounts(kith_pid *accounts)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    int rc = 0;

    o.link = true;
    for (long i = 0; i < plan.accounts && rc == 0; i++) {
        bool slow = i == 0;

        rc = kith_server_start(&account, &o, &slow, sizeof slow, &accounts[i]);
    }
    return rc;
}

/* All are asked at once. */
static int
add_up(const kith_pid *accounts, long *total)
{
    kith_future *f = kith_alloc((size_t) plan.accounts * sizeof *f);
    long *balance = kith_alloc((size_t) plan.accounts * sizeof *balance);
    int rc = f && balance ? 0 : KITH_ENOMEM;
    long asked = 0;

    for (*total = 0; asked < plan.accounts && rc == 0; asked += rc == 0)
        rc = kith_call_start(accounts[asked], BALANCE, kith_iov_of(NULL, 0),
                             KITH_IOV(balance[asked]), KITH_INFINITY, &f[asked]);
    for (long i = 0; i < asked; i++) {
        ptrdiff_t n = kith_await(f[i], KITH_INFINITY);

        *total += n > 0 ? balance[i] : 0;
        rc = n < 0 ? (int) n : rc;
    }
    kith_free(balance);
    kith_free(f);
    return rc;
}

static int
collect(struct report *sum)
{
    const kith_msg *m;
    int rc = 0;

    for (long i = 0; i < plan.tellers && rc == 0; i++)
        rc = kith_receive_tag(DONE, &m, KITH_INFINITY);
    for (long i = 0; i < plan.tellers && rc == 0; i++) {
        rc = kith_receive_tag(REPORT, &m, 0); /* sent before DONE: it is there */
        if (rc < 0)
            break;
        const struct report *r = KITH_BODY(m, struct report);
        sum->done += r->done;
        sum->refused += r->refused;
        sum->timeouts += r->timeouts;
    }
    return rc;
}

static int
auditor(void *arg)
{
    kith_pid *accounts = kith_alloc((size_t) plan.accounts * sizeof *accounts);
    struct report sum = {0};
    long total = 0;
    int rc = accounts ? open_accounts(accounts) : KITH_ENOMEM;

    (void) arg;
    for (long i = 0; i < plan.tellers && rc == 0; i++) {
        struct teller t = {i, kith_self(), accounts};

        rc = kith_spawn_link(teller, &t, sizeof t, NULL);
    }
    if (rc == 0)
        rc = collect(&sum);
    if (rc == 0)
        rc = add_up(accounts, &total);
    if (rc < 0)
        return rc;
    printf("transfers %ld refused %ld timeouts %ld total %ld of %ld\n", sum.done,
           sum.refused, sum.timeouts, total, plan.accounts * START_WITH);
    if (total != plan.accounts * START_WITH)
        return KITH_EFAILED;
    kith_exit(kith_reason_of(KITH_SHUTDOWN, 0, NULL)); /* the accounts, linked, go too */
}

/* ---- arguments ---- */

static void
usage(FILE *to)
{
    fprintf(to, "usage: bank [--accounts N] [--tellers N] [--transfers N] [--seed N]\n\n"
                "  --accounts N    1 to 100,000; 50\n"
                "  --tellers N     1 to 1,000; 8\n"
                "  --transfers N   of each teller, 1 to 1,000,000; 500\n"
                "  --seed N        which transfers; 1\n");
}

static bool
set(const char *option, const char *text)
{
    static const struct {
        const char *name;
        long *value, least, most;
    } options[] = {
        {"--accounts", &plan.accounts, 1, 100000},
        {"--tellers", &plan.tellers, 1, 1000},
        {"--transfers", &plan.transfers, 1, 1000000},
        {"--seed", &plan.seed, 0, 1000000000},
    };
    char *end;

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
    kith_options o = KITH_OPTIONS_INIT;
    int rc;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        usage(stdout);
        return 0;
    }
    for (int i = 1; i < argc; i += 2)
        if (i + 1 == argc || !set(argv[i], argv[i + 1])) {
            fprintf(stderr, "bank: no such option, or not that value: %s %s\n", argv[i],
                    i + 1 < argc ? argv[i + 1] : "");
            usage(stderr);
            return 2;
        }
    o.stop_on_sigterm = true;
    rc = kith_main(auditor, NULL, 0, &o);
    if (rc < 0)
        fprintf(stderr, "bank: %s\n", kith_strerror(rc));
    return rc < 0;
}
