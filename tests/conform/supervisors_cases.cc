/* SPDX-License-Identifier: Apache-2.0
 * supervisors_cases.cc -- supervisors: who is started, ended and restarted, and in which order. */
#include "conform.h"

#include <initializer_list>

enum : std::uint64_t { STARTED = 50, FAIL, FINISH };

/* How a child behaves. */
enum : unsigned {
    USUAL,
    STUBBORN = 1, /* does not end when it is asked to */
    CANNOT = 2,   /* does not start */
    PLAIN = 4,    /* does not trap exits */
    IGNORES = 8   /* has nothing to do */
};

struct kid_arg {
    const char *name;
    kith_pid main;
    unsigned how;
};

/* A child: says when it starts and when it is ended. */
static int
kid(void *arg)
{
    const kid_arg a = *static_cast<kid_arg *>(arg);
    const kith_msg *m;

    trap(!(a.how & PLAIN));
    if (a.how & CANNOT) {
        say("cannot start %s", a.name);
        kith_init_ack(KITH_EINVAL);
        return KITH_EINVAL;
    }
    if (a.how & IGNORES) {
        say("ignore %s", a.name);
        must(send(a.main, STARTED));
        kith_init_ack(KITH_IGNORE);
        return 0;
    }
    label(kith_self(), a.name);
    say("start %s", a.name);
    kith_init_ack(0);
    must(send(a.main, STARTED));
    for (;;) {
        must(kith_receive(&m, KITH_INFINITY));
        if (m->tag == FAIL)
            kith_exit(user(1));
        if (m->tag == FINISH)
            return 0;
        if (m->tag == KITH_TAG_EXIT && !(a.how & STUBBORN)) {
            const kith_reason why = KITH_BODY(m, kith_down)->why;

            say("stop %s: %s", a.name, reason(why).s);
            kith_exit(why);
        }
    }
}

/* A supervisor that is being declared. */
struct tree {
    kid_arg args[8] = {};
    kith_child kids[8] = {};
    kith_supervisor s = {};

    explicit tree(int strategy, int intensity = 10)
    {
        trap();
        s.strategy = strategy;
        s.intensity = intensity;
        s.period = 100000;
        s.children = kids;
    }

    kith_child &add(const char *name, int restart = KITH_PERMANENT, unsigned how = USUAL)
    {
        kith_child &c = kids[s.n];

        args[s.n] = {name, kith_self(), how};
        c.id = name;
        c.fn = kid;
        c.arg = &args[s.n];
        c.len = sizeof args[0];
        c.opt = options();
        c.restart = restart;
        c.init_ack = true;
        s.n++;
        return c;
    }

    kith_pid start() const
    {
        kith_pid pid;

        must(kith_supervisor_start(&s, &pid));
        label(pid, "sup");
        for (std::size_t i = 0; i < s.n; i++)
            take_tag(STARTED);
        say("started");
        return pid;
    }
};

/* Sends it to the child that has this name now. */
static void
to(const char *name, std::uint64_t tag)
{
    must(send(pid_of(name), tag));
}

static void
wait_for(int n)
{
    while (n-- > 0)
        take_tag(STARTED);
}

/* The supervisor's end. */
static void
ended()
{
    show(take_tag(KITH_TAG_EXIT));
}

static void
children(kith_pid sup)
{
    kith_child_info i[8];
    std::ptrdiff_t n = kith_supervisor_which_children(sup, i, 8);

    must(n);
    for (std::ptrdiff_t k = 0; k < n; k++)
        say("child %s %s", i[k].id[0] ? i[k].id : "undefined",
            i[k].state == KITH_CHILD_RUNNING   ? who(i[k].pid)
            : i[k].state == KITH_CHILD_STOPPED ? "undefined"
                                               : "restarting");
}

static void
counts(kith_pid sup)
{
    kith_child_counts c;

    must(kith_supervisor_count_children(sup, &c));
    say("specs %zu active %zu supervisors %zu workers %zu", c.specs, c.active,
        c.supervisors, c.workers);
}

CASE(
    sup_order,
    "Children are started in order, each when the one before is ready, and ended in "
    "the reverse order.",
    "supervisor, Start and Shutdown Order", ON_NODE,
    "start a\nstart b\nstart c\nstarted\nstop c: shutdown\nstop b: shutdown\nstop a: shutdown\n"
    "exit(sup, shutdown)\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a");
    t.add("b");
    t.add("c");
    must(kith_exit_signal(t.start(), plain(KITH_SHUTDOWN)));
    ended();
}

CASE(sup_one_for_one, "one_for_one: only the child that died is restarted.",
     "supervisor, one_for_one", ON_NODE, "start a\nstart b\nstart c\nstarted\nstart b\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a");
    t.add("b");
    t.add("c");
    t.start();
    to("b", FAIL);
    wait_for(1);
}

CASE(
    sup_one_for_all, "one_for_all: the others are ended, last first, and all are started.",
    "supervisor, one_for_all", ON_NODE,
    "start a\nstart b\nstart c\nstarted\nstop c: shutdown\nstop a: shutdown\nstart a\nstart b\n"
    "start c\n")
{
    tree t(KITH_ONE_FOR_ALL);

    t.add("a");
    t.add("b");
    t.add("c");
    t.start();
    to("b", FAIL);
    wait_for(3);
}

CASE(sup_rest_for_one, "rest_for_one: it and those started after it.",
     "supervisor, rest_for_one", ON_NODE,
     "start a\nstart b\nstart c\nstarted\nstop c: shutdown\nstart b\nstart c\n")
{
    tree t(KITH_REST_FOR_ONE);

    t.add("a");
    t.add("b");
    t.add("c");
    t.start();
    to("b", FAIL);
    wait_for(2);
}

CASE(sup_permanent, "A permanent child is restarted after a normal end too.",
     "supervisor, restart", ON_NODE, "start a\nstarted\nstart a\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a");
    t.start();
    to("a", FINISH);
    wait_for(1);
}

/* Has `a` end as the tag says; b, which is permanent, is restarted after it: by then the
 * supervisor has dealt with the death of a. */
static void
ends_as(int restart, std::uint64_t tag)
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a", restart);
    t.add("b");
    const kith_pid sup = t.start();
    const kith_ref m = monitor(pid_of("a"), "m");

    to("a", tag);
    take_ref(m);
    to("b", FAIL);
    wait_for(1);
    children(sup);
}

CASE(sup_transient_normal,
     "A transient child is not restarted after a normal end, but kept.",
     "supervisor, restart", ON_NODE,
     "start a\nstart b\nstarted\nstart b\nchild a undefined\nchild b b\n")
{
    ends_as(KITH_TRANSIENT, FINISH);
}

CASE(sup_transient_failed, "A transient child is restarted after a failure.",
     "supervisor, restart", ON_NODE, "start a\nstarted\nstart a\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a", KITH_TRANSIENT);
    t.start();
    to("a", FAIL);
    wait_for(1);
}

CASE(sup_temporary, "A temporary child is never restarted, and forgotten.",
     "supervisor, restart", ON_NODE, "start a\nstart b\nstarted\nstart b\nchild b b\n")
{
    ends_as(KITH_TEMPORARY, FAIL);
}

CASE(
    sup_temporary_sibling, "Nor when a sibling's restart has ended it.",
    "supervisor, restart", ON_NODE,
    "start a\nstart b\nstart c\nstarted\nstop c: shutdown\nstop b: shutdown\nstart a\nstart c\n"
    "child a a\nchild c c\n")
{
    tree t(KITH_ONE_FOR_ALL);

    t.add("a");
    t.add("b", KITH_TEMPORARY);
    t.add("c");
    const kith_pid sup = t.start();
    to("a", FAIL);
    wait_for(2);
    children(sup);
}

CASE(sup_intensity,
     "As many restarts as the intensity; one more, and it ends itself: shutdown.",
     "supervisor, intensity", ON_NODE,
     "start a\nstart b\nstarted\nstart a\nstart a\nstop b: shutdown\nexit(sup, shutdown)\n")
{
    tree t(KITH_ONE_FOR_ONE, 2);

    t.add("a");
    t.add("b");
    t.start();
    to("a", FAIL);
    wait_for(1);
    to("a", FAIL);
    wait_for(1);
    to("a", FAIL);
    ended();
}

CASE(sup_intensity_zero, "With intensity 0 the first death ends it.",
     "supervisor, intensity", ON_NODE,
     "start a\nstart b\nstarted\nstop a: shutdown\nexit(sup, shutdown)\n")
{
    tree t(KITH_ONE_FOR_ONE, 0);

    t.add("a");
    t.add("b");
    t.start();
    to("b", FAIL);
    ended();
}

CASE(sup_intensity_all, "A restart of all children counts once.", "supervisor, intensity",
     ON_NODE,
     "start a\nstart b\nstarted\nstop b: shutdown\nstart a\nstart b\nstop b: shutdown\n"
     "exit(sup, shutdown)\n")
{
    tree t(KITH_ONE_FOR_ALL, 1);

    t.add("a");
    t.add("b");
    t.start();
    to("a", FAIL);
    wait_for(2);
    to("a", FAIL);
    ended();
}

CASE(sup_intensity_siblings, "The deaths of all children count together.",
     "supervisor, intensity", ON_NODE,
     "start a\nstart b\nstarted\nstart a\nstop a: shutdown\nexit(sup, shutdown)\n")
{
    tree t(KITH_ONE_FOR_ONE, 1);

    t.add("a");
    t.add("b");
    t.start();
    to("a", FAIL);
    wait_for(1);
    to("b", FAIL);
    ended();
}

CASE(
    sup_start_fails,
    "If a child does not start those before it are ended, and there is no "
    "supervisor.",
    "supervisor:start_link/2", ON_NODE,
    "start a\nstart b\ncannot start c\nstop b: shutdown\nstop a: shutdown\nstart: einval\n")
{
    tree t(KITH_ONE_FOR_ONE);
    kith_pid pid;

    t.add("a");
    t.add("b");
    t.add("c", KITH_PERMANENT, CANNOT);
    t.add("d");
    say("start: %s", word("start", kith_supervisor_start(&t.s, &pid)));
}

CASE(sup_ignore,
     "A child that has nothing to do is kept without a process, but for a temporary one.",
     "supervisor, start", ON_NODE,
     "ignore a\nignore b\nstart c\nstarted\nchild a undefined\nchild c c\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a", KITH_PERMANENT, IGNORES);
    t.add("b", KITH_TEMPORARY, IGNORES);
    t.add("c");
    children(t.start());
}

CASE(sup_brutal_kill, "brutal_kill: the child is killed at once.", "supervisor, shutdown",
     ON_NODE, "start a\nstarted\ndown(m, killed)\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a").shutdown = KITH_BRUTAL_KILL;
    const kith_pid sup = t.start();
    const kith_ref m = monitor(pid_of("a"), "m");

    must(kith_supervisor_terminate_child(sup, "a"));
    show(take_ref(m));
}

CASE(sup_shutdown_timeout, "A child that does not end in its time is killed.",
     "supervisor, shutdown", ON_NODE, "start a\nstarted\ndown(m, killed)\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a", KITH_PERMANENT, STUBBORN).shutdown = 20;
    const kith_pid sup = t.start();
    const kith_ref m = monitor(pid_of("a"), "m");

    must(kith_supervisor_terminate_child(sup, "a"));
    show(take_ref(m));
}

CASE(sup_shutdown_plain, "A child that does not trap exits dies of the shutdown.",
     "supervisor, shutdown", ON_NODE, "start a\nstarted\ndown(m, shutdown)\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a", KITH_PERMANENT, PLAIN);
    const kith_pid sup = t.start();
    const kith_ref m = monitor(pid_of("a"), "m");

    must(kith_supervisor_terminate_child(sup, "a"));
    show(take_ref(m));
}

/* ---- calls ---- */

CASE(
    sup_terminate_child, "A child that was ended by a call is not restarted, but kept.",
    "supervisor:terminate_child/2", ON_NODE,
    "start a\nstart b\nstarted\nstop a: shutdown\nterminate: ok\nchild a undefined\nchild b b\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a");
    t.add("b");
    const kith_pid sup = t.start();

    say("terminate: %s",
        word("terminate_child", kith_supervisor_terminate_child(sup, "a")));
    children(sup);
}

CASE(sup_terminate_temporary, "A temporary one is forgotten.",
     "supervisor:terminate_child/2", ON_NODE,
     "start a\nstarted\nstop a: shutdown\nterminate: ok\nterminate: not_found\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a", KITH_TEMPORARY);
    const kith_pid sup = t.start();

    say("terminate: %s",
        word("terminate_child", kith_supervisor_terminate_child(sup, "a")));
    say("terminate: %s",
        word("terminate_child", kith_supervisor_terminate_child(sup, "a")));
}

CASE(sup_terminate_twice, "To end a child that has ended is no error.",
     "supervisor:terminate_child/2", ON_NODE,
     "start a\nstarted\nstop a: shutdown\nterminate: ok\nterminate: ok\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a");
    const kith_pid sup = t.start();

    say("terminate: %s",
        word("terminate_child", kith_supervisor_terminate_child(sup, "a")));
    say("terminate: %s",
        word("terminate_child", kith_supervisor_terminate_child(sup, "a")));
}

CASE(sup_restart_child,
     "A child that was ended can be started again; one that runs cannot.",
     "supervisor:restart_child/2", ON_NODE,
     "start a\nstarted\nrestart: running\nstop a: shutdown\nstart a\nrestart: ok\n"
     "restart: not_found\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a");
    const kith_pid sup = t.start();
    kith_pid pid;
    const auto restart = [&](const char *id) {
        say("restart: %s",
            word("restart_child", kith_supervisor_restart_child(sup, id, &pid)));
    };

    restart("a");
    must(kith_supervisor_terminate_child(sup, "a"));
    restart("a");
    restart("z");
}

CASE(sup_delete_child, "A child that was ended can be forgotten; one that runs cannot.",
     "supervisor:delete_child/2", ON_NODE,
     "start a\nstart b\nstarted\ndelete: running\nstop a: shutdown\ndelete: ok\n"
     "delete: not_found\nchild b b\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a");
    t.add("b");
    const kith_pid sup = t.start();
    const auto forget = [&](const char *id) {
        say("delete: %s", word("delete_child", kith_supervisor_delete_child(sup, id)));
    };

    forget("a");
    must(kith_supervisor_terminate_child(sup, "a"));
    forget("a");
    forget("a");
    children(sup);
}

CASE(sup_start_child, "A child that is added is the last: it is the first to be ended.",
     "supervisor:start_child/2", ON_NODE,
     "start a\nstarted\nstart b\nstart_child: ok\nstop b: shutdown\nstop a: shutdown\n"
     "exit(sup, shutdown)\n")
{
    tree t(KITH_ONE_FOR_ONE), more(KITH_ONE_FOR_ONE);

    t.add("a");
    const kith_pid sup = t.start();
    const kith_child &c = more.add("b");

    say("start_child: %s",
        word("start_child", kith_supervisor_start_child(sup, &c, nullptr)));
    wait_for(1);
    must(kith_exit_signal(sup, plain(KITH_SHUTDOWN)));
    ended();
}

CASE(sup_start_child_twice,
     "Two children cannot have one id, whether the first runs or not.",
     "supervisor:start_child/2", ON_NODE,
     "start a\nstarted\nstart_child: already_started\nstop a: shutdown\n"
     "start_child: already_present\n")
{
    tree t(KITH_ONE_FOR_ONE);
    const kith_child &c = t.add("a");
    const kith_pid sup = t.start();
    const auto start = [&] {
        say("start_child: %s",
            word("start_child", kith_supervisor_start_child(sup, &c, nullptr)));
    };

    start();
    must(kith_supervisor_terminate_child(sup, "a"));
    start();
}

CASE(sup_start_child_fails, "A child that is added and does not start is forgotten.",
     "supervisor:start_child/2", ON_NODE,
     "start a\nstarted\ncannot start b\nstart_child: einval\nchild a a\n")
{
    tree t(KITH_ONE_FOR_ONE), more(KITH_ONE_FOR_ONE);

    t.add("a");
    const kith_pid sup = t.start();
    const kith_child &c = more.add("b", KITH_PERMANENT, CANNOT);

    say("start_child: %s",
        word("start_child", kith_supervisor_start_child(sup, &c, nullptr)));
    children(sup);
}

CASE(sup_which_children, "which_children says who runs.", "supervisor:which_children/1",
     ON_NODE,
     "start a\nstart b\nstart c\nstarted\nstop b: shutdown\nchild a a\nchild b undefined\n"
     "child c c\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a");
    t.add("b");
    t.add("c");
    const kith_pid sup = t.start();

    must(kith_supervisor_terminate_child(sup, "b"));
    children(sup);
}

CASE(
    sup_count_children,
    "count_children counts what is declared, what runs, and of which kind.",
    "supervisor:count_children/1", ON_NODE,
    "start a\nstart b\nstarted\nspecs 2 active 2 supervisors 0 workers 2\nstop a: shutdown\n"
    "specs 2 active 1 supervisors 0 workers 2\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a");
    t.add("b");
    const kith_pid sup = t.start();

    counts(sup);
    must(kith_supervisor_terminate_child(sup, "a"));
    counts(sup);
}

/* ---- simple_one_for_one ---- */

CASE(sup_simple, "simple_one_for_one: it begins with no child, and starts them on demand.",
     "supervisor, simple_one_for_one", ON_NODE,
     "specs 1 active 0 supervisors 0 workers 0\nstart a\nstart b\n"
     "specs 1 active 2 supervisors 0 workers 2\nstop\nstop\nexit(sup, shutdown)\n")
{
    tree t(KITH_SIMPLE_ONE_FOR_ONE);
    kith_pid sup, x;

    t.add("x");
    must(kith_supervisor_start(&t.s, &sup));
    label(sup, "sup");
    counts(sup);
    for (const char *name : {"a", "b"}) {
        const kid_arg a = {name, kith_self(), PLAIN};

        must(kith_supervisor_start_dynamic(sup, &a, sizeof a, &x));
        wait_for(1);
        monitor(x, name);
    }
    counts(sup);
    must(kith_exit_signal(sup, plain(KITH_SHUTDOWN)));
    for (int i = 0; i < 2; i++)
        say("%s", KITH_BODY(take_tag(KITH_TAG_DOWN), kith_down)->why.kind == KITH_SHUTDOWN
                      ? "stop"
                      : "other");
    ended();
}

CASE(sup_simple_restart, "Its children are restarted with the arguments they had.",
     "supervisor, simple_one_for_one", ON_NODE, "start a\nstart b\nstart a\n")
{
    tree t(KITH_SIMPLE_ONE_FOR_ONE);
    kith_pid sup;

    t.add("x");
    must(kith_supervisor_start(&t.s, &sup));
    label(sup, "sup");
    for (const char *name : {"a", "b"}) {
        const kid_arg a = {name, kith_self(), PLAIN};

        must(kith_supervisor_start_dynamic(sup, &a, sizeof a, nullptr));
        wait_for(1);
    }
    to("a", FAIL);
    wait_for(1);
}

CASE(sup_simple_terminate,
     "They are ended by their pids, and forgotten; a dead one is as good as ended.",
     "supervisor:terminate_child/2", ON_NODE,
     "start a\nstop a: shutdown\nterminate: ok\nterminate: ok\n"
     "specs 1 active 0 supervisors 0 workers 0\n")
{
    tree t(KITH_SIMPLE_ONE_FOR_ONE);
    kith_pid sup, x;

    t.add("x");
    must(kith_supervisor_start(&t.s, &sup));
    label(sup, "sup");
    const kid_arg a = {"a", kith_self(), USUAL};

    must(kith_supervisor_start_dynamic(sup, &a, sizeof a, &x));
    wait_for(1);
    say("terminate: %s", word("terminate_child", kith_supervisor_terminate_pid(sup, x)));
    say("terminate: %s", word("terminate_child", kith_supervisor_terminate_pid(sup, x)));
    counts(sup);
}

/* ---- significant children ---- */

CASE(sup_significant_any, "any_significant: the end of one significant child ends all.",
     "supervisor, auto_shutdown", ON_NODE,
     "start a\nstart b\nstart c\nstarted\nstop c: shutdown\nstop a: shutdown\n"
     "exit(sup, shutdown)\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.s.auto_shutdown = KITH_AUTO_SHUTDOWN_ANY;
    t.add("a");
    t.add("b", KITH_TRANSIENT).significant = true;
    t.add("c", KITH_TRANSIENT).significant = true;
    t.start();
    to("b", FINISH);
    ended();
}

CASE(sup_significant_all, "all_significant: the end of the last of them does.",
     "supervisor, auto_shutdown", ON_NODE,
     "start a\nstart b\nstart c\nstarted\nstart a\nstop a: shutdown\nexit(sup, shutdown)\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.s.auto_shutdown = KITH_AUTO_SHUTDOWN_ALL;
    t.add("a");
    t.add("b", KITH_TEMPORARY).significant = true;
    t.add("c", KITH_TRANSIENT).significant = true;
    t.start();
    const kith_ref m = monitor(pid_of("b"), "m");

    to("b", FAIL);
    take_ref(m);
    to("a", FAIL);
    wait_for(1);
    to("c", FINISH);
    ended();
}

CASE(sup_significant_restarted, "A transient one that fails is restarted: that is no end.",
     "supervisor, auto_shutdown", ON_NODE,
     "start a\nstarted\nstart a\nexit(sup, shutdown)\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.s.auto_shutdown = KITH_AUTO_SHUTDOWN_ANY;
    t.add("a", KITH_TRANSIENT).significant = true;
    t.start();
    to("a", FAIL);
    wait_for(1);
    to("a", FINISH);
    ended();
}

CASE(sup_significant_terminated, "One that is ended by a call ends nothing else.",
     "supervisor, auto_shutdown", ON_NODE,
     "start a\nstart b\nstarted\nstop a: shutdown\nchild a undefined\nchild b b\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.s.auto_shutdown = KITH_AUTO_SHUTDOWN_ANY;
    t.add("a", KITH_TRANSIENT).significant = true;
    t.add("b");
    const kith_pid sup = t.start();

    must(kith_supervisor_terminate_child(sup, "a"));
    children(sup);
}

CASE(sup_significant_permanent, "A permanent child cannot be significant.",
     "supervisor:check_childspecs/2", ON_NODE, "check: error\ncheck: ok\n")
{
    tree t(KITH_ONE_FOR_ONE);
    kith_child &a = t.add("a");

    t.s.auto_shutdown = KITH_AUTO_SHUTDOWN_ANY;
    a.significant = true;
    say("check: %s", word("check_childspecs", kith_supervisor_check(&t.s)));
    a.restart = KITH_TRANSIENT;
    say("check: %s", word("check_childspecs", kith_supervisor_check(&t.s)));
}

CASE(sup_significant_never, "Nor can any where auto_shutdown is never.",
     "supervisor:check_childspecs/2", ON_NODE, "check: error\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a", KITH_TRANSIENT).significant = true;
    say("check: %s", word("check_childspecs", kith_supervisor_check(&t.s)));
}

CASE(sup_two_ids, "Two children cannot be declared with one id.",
     "supervisor:check_childspecs/2", ON_NODE, "check: duplicate_child_name\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a");
    t.add("a");
    say("check: %s", word("check_childspecs", kith_supervisor_check(&t.s)));
}

/* ---- the supervisor as a process ---- */

CASE(sup_parent_dies, "When its parent dies it ends its children and dies of the same.",
     "supervisor; gen_server: parent", ON_NODE,
     "start a\np died: user(1)\nstop a: shutdown\ndown(m, user(1))\n")
{
    static tree *declared;
    tree t(KITH_ONE_FOR_ONE);
    const puppet p = make("p");

    t.add("a");
    declared = &t;
    in(p, [] {
        kith_pid sup;

        must(kith_supervisor_start(&declared->s, &sup));
        label(sup, "sup");
    });
    wait_for(1);
    const kith_ref m = monitor(pid_of("sup"), "m");

    tell(p, [] {
        say("p died: user(1)");
        kith_exit(user(1));
    });
    show(take_ref(m));
}

CASE(sup_stranger, "An exit signal of a stranger does nothing to it.", "supervisor",
     ON_NODE, "start a\nstarted\nchild a a\n")
{
    tree t(KITH_ONE_FOR_ONE);
    const puppet p = make("p");

    t.add("a");
    const kith_pid sup = t.start();

    in(p, [sup] { must(kith_exit_signal(sup, user(1))); });
    children(sup);
}

CASE(sup_killed, "When it is killed its children die too.", "supervisor", ON_NODE,
     "start a\nstarted\nexit(sup, killed)\ndown(m, killed)\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a", KITH_PERMANENT, PLAIN);
    const kith_pid sup = t.start();
    const kith_ref m = monitor(pid_of("a"), "m");

    must(kith_exit_signal(sup, plain(KITH_KILL)));
    ended();
    show(take_ref(m));
}

CASE(sup_child_killed, "A child that is killed from outside is restarted.", "supervisor",
     ON_NODE, "start a\nstarted\nstart a\n")
{
    tree t(KITH_ONE_FOR_ONE);

    t.add("a");
    t.start();
    must(kith_exit_signal(pid_of("a"), plain(KITH_KILL)));
    wait_for(1);
}

CASE(sup_of_sups,
     "A supervisor that gives up is a child that died: it is restarted with all "
     "of its own.",
     "supervisor, type supervisor", ON_NODE, "start a\nstart b\nstart b\nstart b\n")
{
    tree inner(KITH_ONE_FOR_ONE, 1), outer(KITH_ONE_FOR_ONE, 1);

    outer.add("a");
    inner.add("b");
    kith_child &c = outer.kids[outer.s.n++];

    c.id = "inner";
    c.supervisor = &inner.s;
    kith_pid sup;
    must(kith_supervisor_start(&outer.s, &sup));
    label(sup, "sup");
    wait_for(2);
    to("b", FAIL);
    wait_for(1);
    to("b", FAIL);
    wait_for(1);
}
