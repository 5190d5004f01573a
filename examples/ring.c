/* SPDX-License-Identifier: Apache-2.0
 * ring.c -- processes in a ring hand a token round; then one is killed, and all fall.
 *
 * Run:  ./ring [PROCESSES [ROUNDS]]     1,000 of each if it is not said
 * See:  what a hop costs, and that the death of one reaches all, from link to link. */
#include <kith/kith.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN = 1, HOME, LAST }; /* tags */

/* What a member must know; each spawns the one behind it. */
struct member {
    kith_pid boss, first; /* first: none yet, for the first itself */
    long behind;          /* how many are still to be spawned */
};

struct plan {
    long processes, rounds;
};

static int
pass_on(kith_pid next)
{
    const kith_msg *m;
    int rc;

    while ((rc = kith_receive_tag(TOKEN, &m, KITH_INFINITY)) == 0)
        kith_send(next, TOKEN, m->data, m->len);
    return rc;
}

/* The first counts the rounds: a token with 0 left has come home. */
static int
count_rounds(kith_pid next, kith_pid boss)
{
    const kith_msg *m;
    int rc;

    while ((rc = kith_receive_tag(TOKEN, &m, KITH_INFINITY)) == 0) {
        long left = *KITH_BODY(m, long);

        if (left == 0) {
            kith_send(boss, HOME, NULL, 0);
        } else {
            left--;
            kith_send(next, TOKEN, &left, sizeof left);
        }
    }
    return rc;
}

static int
member(void *arg)
{
    struct member me = *(struct member *) arg, child = me;
    bool is_first = me.first.id == 0;
    kith_pid next = me.first;
    int rc = 0;

    if (is_first)
        child.first = kith_self();
    if (me.behind-- > 0) {
        child.behind = me.behind;
        rc = kith_spawn_link(member, &child, sizeof child, &next);
    } else {
        next = child.first;
        kith_pid self = kith_self();
        kith_send(me.boss, LAST, &self, sizeof self); /* the ring is closed */
    }
    if (rc < 0)
        return rc;
    return is_first ? count_rounds(next, me.boss) : pass_on(next);
}

static void
report(const struct plan *plan, kith_ms took)
{
    double hops = (double) plan->processes * (double) plan->rounds;

    printf("%ld processes, %ld rounds, %.0f hops in %lld ms: %.0f ns a hop\n",
           plan->processes, plan->rounds, hops, (long long) took,
           (double) took * 1e6 / hops);
}

/* The last of the ring is killed; the first hears of it from all those between. */
static int
fell(kith_pid first, kith_pid last)
{
    kith_reason why;
    kith_ref ref;
    const kith_msg *m;
    int rc = kith_monitor(first, &ref);

    if (rc < 0)
        return rc;
    kith_exit_signal(last, kith_reason_of(KITH_KILL, 0, NULL));
    rc = kith_receive_ref(ref, &m, KITH_INFINITY);
    if (rc < 0)
        return rc;
    why = KITH_BODY(m, kith_down)->why;
    printf("one was killed; the ring fell, the first of reason %s\n",
           why.kind == KITH_KILLED ? "killed" : "unknown");
    return why.kind == KITH_KILLED ? 0 : KITH_EFAILED;
}

static int
boss(void *arg)
{
    const struct plan *plan = arg;
    struct member start = {.boss = kith_self(), .behind = plan->processes - 1};
    kith_pid first, last;
    const kith_msg *m;
    kith_ms began;
    int rc = kith_spawn(member, &start, sizeof start, &first);

    if (rc == 0)
        rc = kith_receive_tag(LAST, &m, KITH_INFINITY);
    if (rc < 0)
        return rc;
    last = *KITH_BODY(m, kith_pid);
    began = kith_deadline(0);
    kith_send(first, TOKEN, &plan->rounds, sizeof plan->rounds);
    rc = kith_receive_tag(HOME, &m, KITH_INFINITY);
    if (rc < 0)
        return rc;
    report(plan, kith_deadline(0) - began);
    return fell(first, last);
}

static long
number(const char *text, long most)
{
    char *end;

    long n = strtol(text, &end, 10);
    return *end || end == text || n < 1 || n > most ? -1 : n;
}

int
main(int argc, char **argv)
{
    kith_options o = KITH_OPTIONS_INIT;
    struct plan plan = {1000, 1000};
    int rc;

    bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
    if (argc > 1 && !help)
        plan.processes = number(argv[1], 1000000);
    if (argc > 2)
        plan.rounds = number(argv[2], 1000000000);
    if (help || argc > 3 || plan.processes < 0 || plan.rounds < 0) {
        fprintf(help ? stdout : stderr, "usage: ring [PROCESSES [ROUNDS]]\n\n"
                                        "  PROCESSES   1 to 1,000,000; 1,000\n"
                                        "  ROUNDS      1 to 1,000,000,000; 1,000\n");
        return help ? 0 : 2;
    }
    o.stop_on_sigterm = true;
    rc = kith_main(boss, &plan, sizeof plan, &o);
    if (rc < 0)
        fprintf(stderr, "ring: %s\n", kith_strerror(rc));
    return rc < 0;
}
