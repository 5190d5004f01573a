/* SPDX-License-Identifier: Apache-2.0
 * supervisor_test.cc -- who is restarted, in which order, and how children are ended. */
#include "tests/support/family.h"

#include <array>
#include <thread>

namespace
{

using Supervisor = kt_family_test;

/* ---- start ---- */

TEST_F(Supervisor, AFunctionCountsAsStartedWhenItIsSpawned)
{
    kt_family f;

    f.add("a").add("b").add("c");
    ASSERT_EQ(0, f.start());
    EXPECT_EQ(3u, kt_processes() - 1);
    EXPECT_EQ(KITH_SHUTDOWN, f.stop().kind);
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
}

TEST_F(Supervisor, StartsInOrderEachWhenTheOneBeforeIsReadyAndEndsInTheReverse)
{
    kt_family f;

    f.add("a", KT_ACKS).add("b", KT_ACKS).add("c", KT_ACKS);
    ASSERT_EQ(0, f.start());
    EXPECT_EQ("+a +b +c", kt_parts.take());
    f.stop();
    EXPECT_EQ("-c -b -a", kt_parts.take());
}

TEST_F(Supervisor, AStartThatFailsEndsThoseThatHaveAndAnswersTheCode)
{
    kt_family f;

    f.add("a", KT_ACKS).add("b", KT_ACKS).add("c", KT_REFUSES).add("d", KT_ACKS);
    EXPECT_EQ(KITH_EACCES, f.start());
    EXPECT_EQ("+a +b +c -c -b -a", kt_parts.take());
}

TEST_F(Supervisor, HasHighPriorityAndItsChildrenTheirOwn)
{
    struct kith_process_info info = KITH_PROCESS_INFO_INIT;
    kt_family f;

    f.add("a", KT_ACKS).add("b", KT_ACKS);
    f.last().opt.priority = KITH_PRIORITY_HIGH;
    ASSERT_EQ(0, f.start());
    ASSERT_EQ(0, kith_process_info(f.sup(), &info));
    EXPECT_EQ(KITH_PRIORITY_HIGH, info.priority);
    ASSERT_EQ(0, kith_process_info(f.pid("a"), &info));
    EXPECT_EQ(KITH_PRIORITY_NORMAL, info.priority);
    ASSERT_EQ(0, kith_process_info(f.pid("b"), &info));
    EXPECT_EQ(KITH_PRIORITY_HIGH, info.priority);
    f.stop();
}

TEST_F(Supervisor, AFailedStartDoesNotKillItsStarter)
{
    in_process([] {
        kt_family f;

        f.add("a", KT_REFUSES);
        EXPECT_EQ(KITH_EACCES, f.start());
        kith_yield();
    });
}

TEST_F(Supervisor, AChildThatEndsWithoutAWordHasFailed)
{
    kt_family f;

    f.add("a", KT_MUTE);
    EXPECT_EQ(KITH_EFAILED, f.start());
}

TEST_F(Supervisor, AWordThatNobodyAskedForIsNone)
{
    kt_family f;

    f.add("a", KT_ACKS);
    f.last().init_ack = false;
    ASSERT_EQ(0, f.start());
    kith_init_ack(KITH_EIO);
    in_process([] { kith_init_ack(KITH_EIO); });
    EXPECT_NE(0u, f.pid("a").id);
    f.stop();
}

TEST_F(Supervisor, OneThatHangsInItsStartCanBeKilled)
{
    kt_family f;

    f.add("a", KT_ACKS).add("b", KT_HANGS);
    f.last().opt.name = "hanging";
    std::thread killer([] {
        kt_ignore(
            kith_exit_signal(kt_named("hanging"), kith_reason_of(KITH_KILL, 0, nullptr)));
    });
    EXPECT_EQ(KITH_EKILLED, f.start());
    killer.join();
    EXPECT_EQ("+a +b -b -a", kt_parts.take());
    EXPECT_EQ(0u, kith_whereis("hanging").id);
}

TEST_F(Supervisor, ANameThatIsTakenIsAFailedStart)
{
    kt_family f;

    ASSERT_EQ(0, kith_register("taken", kith_self()));
    f.add("a", KT_ACKS).add("b", KT_ACKS);
    f.last().opt.name = "taken";
    EXPECT_EQ(KITH_EEXIST, f.start());
    EXPECT_EQ("+a -a", kt_parts.take());
    ASSERT_EQ(0, kith_unregister("taken"));
}

enum { IGNORES = 1000000 };

/* A server, with a stack and without, whose init does as its argument says. */
int
server_init(void *, void *arg)
{
    const int how = arg != nullptr ? *static_cast<int *>(arg) : 0;

    if (how == IGNORES)
        return KITH_IGNORE;
    if (how > 0) {
        kt_parts.note("dies");
        kith_exit(kith_reason_of(KITH_USER, how, nullptr));
    }
    kt_parts.note(how < 0 ? "fails" : "ready");
    return how;
}

void
server_terminate(void *, kith_reason why)
{
    kt_parts.note(why.kind == KITH_SHUTDOWN ? "shutdown"
                  : why.kind == KITH_KILLED ? "killed"
                                            : "?");
}

const std::array<kith_server, 2> servers = {{
    {8, false, server_init, nullptr, nullptr, nullptr, server_terminate, nullptr},
    {8, true, server_init, nullptr, nullptr, nullptr, server_terminate, nullptr},
}};

TEST_F(Supervisor, AServerHasStartedWhenItsInitHasAnswered)
{
    for (const kith_server &server : servers) {
        for (const auto &[how, want, text] :
             {std::tuple{0, 0, "+a ready +b"},
              std::tuple{int{KITH_EACCES}, int{KITH_EACCES}, "+a fails -a"},
              std::tuple{5, int{KITH_EFAILED}, "+a dies -a"}}) {
            kt_family f;
            kith_child c = {};

            c.id = "server";
            c.server = &server;
            c.arg = &how;
            c.len = sizeof how;
            f.add("a", KT_ACKS).add(c).add("b", KT_ACKS);
            EXPECT_EQ(want, f.start());
            EXPECT_EQ(text, kt_parts.take());
            if (want == 0) {
                f.stop();
                EXPECT_EQ("-b shutdown -a", kt_parts.take());
            }
        }
    }
}

TEST_F(Supervisor, OfThoseThatIgnoreTheTemporaryAreForgottenAtItsStartToo)
{
    for (const kith_server &server : servers) {
        const int how = IGNORES;
        kith_child_info info[4];
        kt_family f;
        kith_child c = {};

        c.server = &server;
        c.arg = &how;
        c.len = sizeof how;
        for (const auto &[id, restart] :
             {std::pair{"p", KITH_PERMANENT}, std::pair{"t", KITH_TEMPORARY},
              std::pair{"last", KITH_TEMPORARY}}) {
            c.id = id;
            c.restart = restart;
            f.add(c);
        }
        ASSERT_EQ(0, f.start());
        EXPECT_EQ(1, kith_supervisor_which_children(f.sup(), info, 4));
        EXPECT_STREQ("p", info[0].id);
        EXPECT_EQ(KITH_CHILD_STOPPED, info[0].state);
        EXPECT_EQ(0, kith_supervisor_start_child(f.sup(), &c, nullptr))
            << "its id is free again";
        f.stop();
        (void) kt_parts.take();
    }
}

TEST_F(Supervisor, CopiesAllThatItIsGiven)
{
    static std::atomic<int> right;
    kith_pid sup, before;
    kith_child_info info;

    right = 0;
    {
        std::string id = "the child", name = "its name", arg = "an argument of some length";
        std::string inner_id = "the tree";
        std::vector<kith_child> inner(1), children(1);
        kith_supervisor tree = {}, top = {};

        inner[0].id = id.c_str();
        inner[0].fn = [](void *a) {
            const kith_msg *m;

            right += std::strcmp(static_cast<char *>(a), "an argument of some length") == 0;
            return kith_receive(&m, KITH_INFINITY) == 0 ? KITH_EIO : 0;
        };
        inner[0].arg = arg.c_str();
        inner[0].len = arg.size() + 1;
        inner[0].opt.name = name.c_str();
        tree.children = inner.data();
        tree.n = 1;
        tree.intensity = 1;
        children[0].id = inner_id.c_str();
        children[0].supervisor = &tree;
        top.children = children.data();
        top.n = 1;
        top.intensity = 1;
        ASSERT_EQ(0, kith_supervisor_start(&top, &sup));
        for (std::string *s : {&id, &name, &arg, &inner_id})
            s->assign(s->size(), '!');
        std::memset(static_cast<void *>(inner.data()), 0xff, sizeof inner[0]);
        std::memset(static_cast<void *>(children.data()), 0xff, sizeof children[0]);
    }
    const kith_pid tree = kt_child(sup, "the tree");

    EXPECT_EQ(1, kith_supervisor_which_children(tree, &info, 1));
    EXPECT_STREQ("the child", info.id);
    before = kt_named("its name");
    EXPECT_EQ(before, info.pid);
    ASSERT_EQ(0, kith_send(before, 1, nullptr, 0));
    EXPECT_NE(before, kt_next_child(tree, "the child", before));
    EXPECT_TRUE(kt_until([] { return right == 2; })) << "the restarted has it too";
    kill(tree);    // and once more, from the outer's copy
    const kith_pid next = kt_next_child(sup, "the tree", tree);
    EXPECT_NE(0u, kt_next_child(next, "the child").id);
    EXPECT_TRUE(kt_until([] { return right == 3; }));
    kill(sup);
}

/* ---- restarts ---- */

/* Three that die in turn: whom does it concern? */
TEST_F(Supervisor, RestartsWhomItsStrategySays)
{
    const struct {
        int strategy;
        const char *a, *b, *c;
    } rows[] = {
        {KITH_ONE_FOR_ONE, "-a +a", "-b +b", "-c +c"},
        {KITH_ONE_FOR_ALL, "-a -c -b +a +b +c", "-b -c -a +a +b +c", "-c -b -a +a +b +c"},
        {KITH_REST_FOR_ONE, "-a -c -b +a +b +c", "-b -c +b +c", "-c +c"},
    };

    for (const auto &row : rows) {
        kt_family f(row.strategy);

        f.add("a", KT_ACKS).add("b", KT_ACKS).add("c", KT_ACKS);
        ASSERT_EQ(0, f.start());
        (void) kt_parts.take();
        for (const auto &[id, text] :
             {std::pair{"a", row.a}, std::pair{"b", row.b}, std::pair{"c", row.c}}) {
            kt_die(f.pid(id), KT_CRASH);
            EXPECT_TRUE(kt_until([want = text] { return kt_parts.text() == want; }))
                << "strategy " << row.strategy << ", " << id
                << " died: " << kt_parts.text();
            (void) kt_parts.take();
        }
        f.stop();
        EXPECT_EQ("-c -b -a", kt_parts.take());
    }
}

TEST_F(Supervisor, RestartsAfterTheDeathsItsTypeSays)
{
    const struct {
        int restart;
        bool after[5]; /* by kt_death */
    } rows[] = {
        {KITH_PERMANENT, {true, true, true, true, true}},
        {KITH_TRANSIENT, {false, false, true, true, true}},
        {KITH_TEMPORARY, {false, false, false, false, false}},
    };

    for (const auto &row : rows)
        for (const kt_death how : {KT_RETURN, KT_SHUTDOWN, KT_CRASH, KT_KILL, KT_USER}) {
            kt_family f;
            kith_child_counts n = {};

            f.add("a", KT_PLAIN, row.restart);
            ASSERT_EQ(0, f.start());
            const kith_pid before = f.pid("a");
            kt_die(before, how);
            if (row.after[how]) {
                kt_next_child(f.sup(), "a", before);
            } else {
                EXPECT_TRUE(kt_until([&] {
                    EXPECT_EQ(0, kith_supervisor_count_children(f.sup(), &n));
                    return n.active == 0;
                }));
                EXPECT_EQ(row.restart == KITH_TEMPORARY ? 0u : 1u, n.specs)
                    << "a temporary one is forgotten, a transient one is not";
            }
            f.stop();
        }
}

TEST_F(Supervisor, ATemporarySiblingThatARestartEndedIsForgotten)
{
    for (const int strategy : {KITH_ONE_FOR_ALL, KITH_REST_FOR_ONE}) {
        kt_family f(strategy);
        kith_child_counts n;

        f.add("a", KT_ACKS).add("t", KT_ACKS, KITH_TEMPORARY).add("b", KT_ACKS);
        ASSERT_EQ(0, f.start());
        (void) kt_parts.take();
        kt_die(f.pid("a"), KT_CRASH);
        EXPECT_TRUE(kt_until([] { return kt_parts.text() == "-a -b -t +a +b"; }))
            << kt_parts.text();
        EXPECT_EQ(0, kith_supervisor_count_children(f.sup(), &n));
        EXPECT_EQ(2u, n.specs);
        f.stop();
        (void) kt_parts.take();
    }
}

TEST_F(Supervisor, ARestartOfAllStartsThoseTooThatHadEnded)
{
    kt_family f(KITH_ONE_FOR_ALL);

    f.add("a", KT_ACKS).add("t", KT_ACKS, KITH_TRANSIENT).add("s", KT_ACKS);
    ASSERT_EQ(0, f.start());
    kt_die(f.pid("t"), KT_RETURN);
    EXPECT_EQ(0, kith_supervisor_terminate_child(f.sup(), "s"));
    EXPECT_TRUE(kt_until([&] { return f.pid("t").id == 0; }));
    (void) kt_parts.take();
    kt_die(f.pid("a"), KT_CRASH);
    EXPECT_TRUE(kt_until([] { return kt_parts.text() == "-a +a +t +s"; }))
        << kt_parts.text();
    f.stop();
}

TEST_F(Supervisor, WithIntensityZeroTheFirstDeathEndsIt)
{
    for (const int strategy : {KITH_ONE_FOR_ONE, KITH_ONE_FOR_ALL, KITH_REST_FOR_ONE}) {
        kt_family f(strategy, 0);

        f.add("a", KT_ACKS).add("b", KT_ACKS);
        ASSERT_EQ(0, f.start());
        kt_die(f.pid("a"), KT_CRASH);
        EXPECT_EQ(KITH_SHUTDOWN, f.end().kind);
        EXPECT_EQ("+a +b -a -b", kt_parts.take());
        EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    }
}

TEST_F(Supervisor, AFailedRestartIsTriedAgainAndCallsAreServedBetween)
{
    for (const int strategy : {KITH_ONE_FOR_ONE, KITH_ONE_FOR_ALL, KITH_REST_FOR_ONE}) {
        kt_family f(strategy, 1'000'000);
        std::array<kith_child_info, 3> infos;

        f.add("a", KT_ACKS).add("b", KT_FAILS).add("c", KT_ACKS);
        ASSERT_EQ(0, f.start());
        const kith_pid before = f.pid("b");
        kt_part_fails = true;
        kt_die(before, KT_CRASH);
        EXPECT_TRUE(kt_until([&] {
            EXPECT_EQ(3, kith_supervisor_which_children(f.sup(), infos.data(), 3));
            return infos[1].state == KITH_CHILD_RESTARTING;
        }));
        EXPECT_EQ(0u, infos[1].pid.id);
        EXPECT_EQ(KITH_CHILD_RUNNING, infos[0].state);
        EXPECT_EQ(strategy == KITH_ONE_FOR_ONE ? KITH_CHILD_RUNNING : KITH_CHILD_STOPPED,
                  infos[2].state)
            << "those after the one that fails wait for it";
        EXPECT_EQ(KITH_EBUSY, kith_supervisor_delete_child(f.sup(), "b"));
        EXPECT_EQ(KITH_EALREADY, kith_supervisor_restart_child(f.sup(), "b", nullptr));
        kt_part_fails = false;
        kt_next_child(f.sup(), "b", before);
        kt_next_child(f.sup(), "c");
        f.stop();
        (void) kt_parts.take();
    }
}

TEST_F(Supervisor, FailedRestartsCount)
{
    for (const int strategy : {KITH_ONE_FOR_ONE, KITH_ONE_FOR_ALL, KITH_REST_FOR_ONE}) {
        kt_family f(strategy, 3);

        f.as().period = 1'000'000;
        f.add("a", KT_FAILS);
        ASSERT_EQ(0, f.start());
        kt_part_fails = true;
        kt_die(f.pid("a"), KT_CRASH);
        EXPECT_EQ(KITH_SHUTDOWN, f.end().kind);
        EXPECT_EQ("+a -a +a -a +a -a +a -a", kt_parts.take())
            << "the first, and three tries";
        kt_part_fails = false;
    }
}

TEST_F(Supervisor, OneThatIsToBeTriedAgainCanBeEnded)
{
    kt_family f(KITH_ONE_FOR_ONE, 1'000'000);
    kith_child_info info;

    f.add("a", KT_FAILS);
    ASSERT_EQ(0, f.start());
    kt_part_fails = true;
    kt_die(f.pid("a"), KT_CRASH);
    EXPECT_EQ(0, kith_supervisor_terminate_child(f.sup(), "a"));
    kt_part_fails = false;
    EXPECT_EQ(1, kith_supervisor_which_children(f.sup(), &info, 1));
    EXPECT_EQ(KITH_CHILD_STOPPED, info.state) << "and stays so";
    EXPECT_EQ(0, kith_supervisor_restart_child(f.sup(), "a", nullptr));
    EXPECT_EQ(0, kith_supervisor_terminate_child(f.sup(), "a"));
    EXPECT_EQ(0, kith_supervisor_delete_child(f.sup(), "a"));
    f.stop();
}

/* ---- significant children ---- */

TEST_F(Supervisor, EndsWithTheFirstOrTheLastSignificantChild)
{
    for (const int shutdown : {KITH_AUTO_SHUTDOWN_ANY, KITH_AUTO_SHUTDOWN_ALL})
        for (const int type : {KITH_TRANSIENT, KITH_TEMPORARY}) {
            kt_family f;

            f.add("a", KT_ACKS).add("s", KT_ACKS, type);
            f.last().significant = true;
            f.add("z", KT_ACKS, type);
            f.last().significant = true;
            f.as().auto_shutdown = shutdown;
            ASSERT_EQ(0, f.start());
            const kith_pid a = f.pid("a");
            (void) kt_parts.take();
            kt_die(a, KT_CRASH);    // not significant
            kt_next_child(f.sup(), "a", a);
            kt_die(f.pid("s"), type == KITH_TEMPORARY ? KT_CRASH : KT_RETURN);
            if (shutdown == KITH_AUTO_SHUTDOWN_ALL) {
                EXPECT_TRUE(kt_until([&] { return f.pid("s").id == 0; }));
                kt_die(f.pid("z"), KT_RETURN);
            }
            EXPECT_EQ(KITH_SHUTDOWN, f.end().kind);
            EXPECT_EQ("-a +a -s -z -a", kt_parts.take());
        }
}

TEST_F(Supervisor, ASignificantOneThatIsRestartedOrEndedByACallEndsNothing)
{
    kt_family f;

    f.add("s", KT_ACKS, KITH_TRANSIENT);
    f.last().significant = true;
    f.as().auto_shutdown = KITH_AUTO_SHUTDOWN_ANY;
    ASSERT_EQ(0, f.start());
    const kith_pid s = f.pid("s");
    kt_die(s, KT_CRASH);
    kt_next_child(f.sup(), "s", s);
    EXPECT_EQ(0, kith_supervisor_terminate_child(f.sup(), "s"));
    EXPECT_EQ(0, kith_supervisor_restart_child(f.sup(), "s", nullptr));
    kt_die(f.pid("s"), KT_RETURN);
    EXPECT_EQ(KITH_SHUTDOWN, f.end().kind);
}

TEST_F(Supervisor, ASignificantOneThatIsToBeTriedAgainHasNotEnded)
{
    kt_family f(KITH_ONE_FOR_ONE, 1'000'000);
    kith_child_info info[2];

    f.add("s", KT_FAILS, KITH_TRANSIENT);
    f.last().significant = true;
    f.add("z", KT_ACKS, KITH_TRANSIENT);
    f.last().significant = true;
    f.as().auto_shutdown = KITH_AUTO_SHUTDOWN_ALL;
    ASSERT_EQ(0, f.start());
    const kith_pid s = f.pid("s"), z = f.pid("z");
    kt_part_fails = true;
    kt_die(s, KT_CRASH);
    EXPECT_TRUE(kt_until([&] {
        return kith_supervisor_which_children(f.sup(), info, 2) == 2 &&
               info[0].state == KITH_CHILD_RESTARTING;
    }));
    kt_die(z, KT_RETURN);
    EXPECT_TRUE(kt_until([&] { return f.pid("z").id == 0; }));
    kt_part_fails = false;
    kt_die(kt_next_child(f.sup(), "s", s), KT_RETURN);
    EXPECT_EQ(KITH_SHUTDOWN, f.end().kind) << "now the last has";

    kt_family g(KITH_ONE_FOR_ONE, 1'000'000);

    g.add("s", KT_FAILS, KITH_TRANSIENT);
    g.last().significant = true;
    g.add("z", KT_ACKS, KITH_TRANSIENT);
    g.last().significant = true;
    g.as().auto_shutdown = KITH_AUTO_SHUTDOWN_ALL;
    ASSERT_EQ(0, g.start());
    kt_part_fails = true;
    kt_die(g.pid("s"), KT_CRASH);
    EXPECT_EQ(0, kith_supervisor_terminate_child(g.sup(), "s"));
    kt_part_fails = false;
    kt_die(g.pid("z"), KT_RETURN);
    EXPECT_EQ(KITH_SHUTDOWN, g.end().kind) << "one that a call took out of the queue has";
}

/* ---- ends ---- */

TEST_F(Supervisor, GivesAChildItsTimeThenKills)
{
    kt_family f;

    f.add("a", KT_STUBBORN);
    f.last().shutdown = 20;
    f.add("b", KT_TRAPS).add("c", KT_ACKS);
    ASSERT_EQ(0, f.start());
    EXPECT_TRUE(kt_until([] { return kt_parts.text().find("+a") != std::string::npos; }));
    const kith_ms begin = kith_deadline(0);
    f.stop();
    EXPECT_GE(kith_deadline(0), begin + 20);
    const std::string text = kt_parts.take();
    EXPECT_EQ("-c -b -a", text.substr(text.size() - 8));
}

/* Also one that has undone its link: it is heard by what it cannot undo. */
TEST_F(Supervisor, ANaughtyChildIsEndedAndRestartedLikeOthers)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kt_family f;

    o.link = true;
    o.name = "family";
    f.add("a", KT_LOOSE);
    f.last().opt.link = true;
    f.last().shutdown = 1;
    ASSERT_EQ(0, f.start(&o));
    const kith_pid a = f.pid("a");
    kt_die(a, KT_CRASH);
    kt_next_child(f.sup(), "a", a);
    EXPECT_EQ(0, kith_supervisor_terminate_child(f.sup(), "a"));
    EXPECT_TRUE(kt_until([] { return kt_processes() == 1; }));
    EXPECT_EQ(0, kith_supervisor_restart_child(f.sup(), "a", nullptr));
    f.stop();
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
}

TEST_F(Supervisor, KillsAtOnceWhoIsToBeKilled)
{
    for (const kith_server &server : servers) {
        kt_family f;
        kith_child c = {};

        c.id = "server";
        c.server = &server;
        c.shutdown = KITH_BRUTAL_KILL;
        f.add("a", KT_STUBBORN);
        f.last().shutdown = KITH_BRUTAL_KILL;
        f.add(c);
        ASSERT_EQ(0, f.start());
        EXPECT_TRUE(
            kt_until([] { return kt_parts.text().find("+a") != std::string::npos; }));
        f.stop();
        const std::string text = kt_parts.take();
        EXPECT_EQ("killed -a", text.substr(text.size() - 9));
    }
}

TEST_F(Supervisor, WaitsForEverForAChildWithoutALimit)
{
    kt_family f;

    f.add("a", KT_STUBBORN);
    f.last().shutdown = KITH_INFINITY;
    ASSERT_EQ(0, f.start());
    const kith_pid a = f.pid("a");
    EXPECT_EQ(0, kith_exit_signal(f.sup(), kith_reason_of(KITH_SHUTDOWN, 0, nullptr)));
    EXPECT_TRUE(kt_until([&] {    // it has taken its order, and waits for a
        struct kith_process_info info = KITH_PROCESS_INFO_INIT;

        return kith_process_info(a, &info) == 0 && info.mailbox_len == 0 &&
               info.status == KITH_STATUS_WAITING;
    }));
    kt_die(a, KT_RETURN);
    EXPECT_EQ(KITH_SHUTDOWN, f.end().kind);
}

TEST_F(Supervisor, EndsWithItsStartersReasonWhateverThatIs)
{
    for (const int kind : {KITH_NORMAL, KITH_SHUTDOWN, KITH_USER}) {
        kt_family f;

        f.add("a", KT_ACKS);
        ASSERT_EQ(0, f.start());
        EXPECT_EQ(0, kith_exit_signal(f.sup(), kith_reason_of(kind, 0, nullptr)));
        EXPECT_EQ(kind, f.end().kind);
        EXPECT_EQ("+a -a", kt_parts.take());
    }
}

TEST_F(Supervisor, EndsWhenItsStarterHasDied)
{
    std::atomic<bool> started = false;
    kith_pid sup = {0};
    kith_ref ref;

    const kith_pid starter = spawn([&] {
        kt_family f;
        const kith_msg *m;

        f.add("a", KT_ACKS);
        EXPECT_EQ(0, f.start());
        sup = f.sup();
        started = true;
        kt_ignore(kith_receive_tag(7, &m, KITH_INFINITY));
    });
    ASSERT_TRUE(kt_until([&] { return started.load(); }));
    ASSERT_EQ(0, kith_monitor(sup, &ref));
    ASSERT_EQ(0, kith_send(starter, 7, nullptr, 0));
    EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
    EXPECT_EQ("+a -a", kt_parts.take());
}

TEST_F(Supervisor, HeedsNoStrangersExitAndNoMessage)
{
    kt_family f;

    f.add("a", KT_ACKS);
    ASSERT_EQ(0, f.start());
    in_process([&] {
        EXPECT_EQ(0, kith_exit_signal(f.sup(), kith_reason_of(KITH_SHUTDOWN, 0, nullptr)));
        EXPECT_EQ(0, kith_exit_signal(f.sup(), kith_reason_of(KITH_USER, 0, nullptr)));
        EXPECT_EQ(0, kith_send(f.sup(), 1, nullptr, 0));
        EXPECT_EQ(0, kith_cast(f.sup(), 1, nullptr, 0));
        EXPECT_EQ(KITH_EOPNOTSUPP,
                  kith_call(f.sup(), 1, {nullptr, 0}, {nullptr, 0}, kt_long()));
    });
    EXPECT_NE(0u, f.pid("a").id);
    f.stop();
}

}    // namespace
