/* SPDX-License-Identifier: Apache-2.0
 * server_parent_test.cc -- servers: who started them, and what he hears of their start and end. */
#include "tests/support/script.h"

#include <atomic>
#include <string>
#include <thread>

namespace
{

using ServerMore = kt_script;

const kith_reason of_kill = {KITH_KILL, 0, ""};
const kith_reason of_shutdown = {KITH_SHUTDOWN, 0, ""};

/* ---- ignore ---- */

TEST_P(ServerMore, OneThatIgnoresIsNoServer)
{
    kith_spawn_options o = roomy();
    kith_ref ref;
    kith_pid pid = {7};

    does.init = [](void *) { return KITH_IGNORE; };
    o.name = "ignored";
    o.monitor = &ref;
    EXPECT_EQ(0, kith_server_start(type(), &o, nullptr, 0, &pid));
    EXPECT_EQ(0u, pid.id);
    EXPECT_EQ(0u, kith_whereis("ignored").id) << "it is dead by now";
    EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
    EXPECT_EQ("init", diary()) << "what was not begun is not ended";
}

/* ---- the parent ---- */

TEST_P(ServerMore, ATrappingStarterGetsACodeAndNoExitMessage)
{
    for (const int code : {static_cast<int>(KITH_EIO), static_cast<int>(KITH_IGNORE)}) {
        does.init = [=](void *) { return code; };
        in_process([=] {
            kith_spawn_options o = roomy();
            kith_pid pid = {7};
            const kith_msg *m;

            kith_flag_trap_exit(true);
            o.link = true;
            EXPECT_EQ(code == KITH_IGNORE ? 0 : code,
                      kith_server_start(type(), &o, nullptr, 0, &pid));
            EXPECT_EQ(code == KITH_IGNORE ? 0u : 7u, pid.id);
            EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
        });
    }
}

TEST_P(ServerMore, OneThatIsKilledInInitSendsNoExitMessageEither)
{
    does.init = [](void *) {
        kt_ignore(kith_exit_signal(kith_self(), of_kill));
        kith_yield();
        kith_exit(of_shutdown); /* a callback runs to its end */
        return 0;
    };
    in_process([] {
        kith_spawn_options o = roomy();
        const kith_msg *m;

        kith_flag_trap_exit(true);
        o.link = true;
        const int rc = kith_server_start(type(), &o, nullptr, 0, nullptr);
        EXPECT_EQ(GetParam() ? KITH_EKILLED : KITH_EFAILED, rc);
        EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
    });
}

/* Its record may be another's by then, who has an inbox of his own. */
TEST_P(ServerMore, AThreadThatIsKilledInAStartIsNobodyWhenThatEnds)
{
    static std::atomic<bool> inside, go;
    std::atomic<std::uint64_t> id{0};
    std::atomic<int> code{0};
    kith_pid pid = {7};
    kith_ref ref;

    inside = go = false;
    does.init = [](void *) {
        inside = true;
        return kt_until([] { return go.load(); }) ? 0 : KITH_EFAILED;
    };
    std::thread t([&] {
        kith_spawn_options o = roomy();

        o.link = true;
        id = kith_self().id;
        code = kith_server_start(type(), &o, nullptr, 0, &pid);
    });
    ASSERT_TRUE(kt_until([] { return inside.load(); }));
    ASSERT_EQ(0, kith_monitor({id}, &ref));
    ASSERT_EQ(0, kith_exit_signal({id}, of_kill));
    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    for (int i = 0; i < 100; i++)
        spawn([] {});
    t.join();
    EXPECT_EQ(KITH_EKILLED, code);
    EXPECT_EQ(7u, pid.id);
    go = true;
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; })) << "by its link";
}

TEST_P(ServerMore, AFailedStartKillsALinkedStarterThatDoesNotTrap)
{
    does.init = [](void *) { return KITH_EIO; };
    const kith_reason why = run([] {
        kith_spawn_options o = roomy();

        o.link = true;
        kt_ignore(kith_server_start(type(), &o, nullptr, 0, nullptr));
        return 0;
    });
    EXPECT_EQ(KITH_ERROR, why.kind);
    EXPECT_EQ(KITH_EIO, why.code);

    does.init = [](void *) { return KITH_IGNORE; };
    in_process([] {
        kith_spawn_options o = roomy();

        o.link = true;
        EXPECT_EQ(0, kith_server_start(type(), &o, nullptr, 0, nullptr));
    });
}

TEST_P(ServerMore, TheParentsExitEndsOneThatTraps)
{
    does.init = [](void *) {
        kith_flag_trap_exit(true);
        return 0;
    };
    for (const kith_reason &of : {of_shutdown, kith_reason_of(KITH_NORMAL, 0, nullptr),
                                  kith_reason_of(KITH_USER, 3, "x")}) {
        kith_ref ref;
        std::atomic<std::uint64_t> child = 0;
        std::atomic<bool> go = false;

        forget();
        spawn_result([&] {
            kith_spawn_options o = roomy();
            kith_pid pid;
            const kith_msg *m;

            o.link = true;
            EXPECT_EQ(0, kith_server_start(type(), &o, nullptr, 0, &pid));
            child = pid.id;
            while (!go)
                kt_ignore(kith_receive(&m, 1));
            kith_exit(of);
            return 0;
        });
        ASSERT_TRUE(kt_until([&] { return child != 0; }));
        ASSERT_EQ(0, kith_monitor({child}, &ref));
        go = true;
        const kith_reason why = kt_why(ref);
        EXPECT_EQ(of.kind, why.kind);
        EXPECT_EQ(of.code, why.code);
        EXPECT_EQ("init, terminate " + std::to_string(of.kind), diary());
    }
}

TEST_P(ServerMore, AnExitSignalOfTheParentEndsItToo)
{
    does.init = [](void *) {
        kith_flag_trap_exit(true);
        return 0;
    };
    in_process([] {
        kith_spawn_options o = roomy();
        kith_pid pid;

        kith_flag_trap_exit(true);
        o.link = true;
        ASSERT_EQ(0, kith_server_start(type(), &o, nullptr, 0, &pid));
        EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
        EXPECT_EQ(0, kith_exit_signal(pid, of_shutdown));
        EXPECT_EQ(KITH_SHUTDOWN, kt_down(kt_receive()).why.kind);
        EXPECT_EQ("init, cast 1, terminate 1", diary());
    });
}

TEST_P(ServerMore, ExitsOfOthersAreInfo)
{
    does.init = [](void *) {
        kith_flag_trap_exit(true);
        return 0;
    };
    const kith_pid pid = start(); /* not linked: the starter is no parent either */

    EXPECT_EQ(0, kith_exit_signal(pid, of_shutdown));
    settle(pid);
    in_process([=] { EXPECT_EQ(0, kith_exit_signal(pid, of_shutdown)); });
    settle(pid);
    EXPECT_EQ("init, info exit, call 99, info exit, call 99", diary());
    kill(pid);
}

/* A supervisor with the one child. */
kith_pid
supervise(const kith_server *t, int restart)
{
    kith_child c = {};
    kith_supervisor s = {};
    kith_pid sup = {0};

    c.id = "child";
    c.server = t;
    c.restart = restart;
    c.opt = KITH_SPAWN_OPTIONS_INIT;
    c.opt.stack = 256 * 1024;
    c.opt.name = "child";
    s.children = &c;
    s.n = 1;
    EXPECT_EQ(0, kith_supervisor_start(&s, &sup));
    return sup;
}

TEST_P(ServerMore, OneThatTrapsIsEndedByItsSupervisorThroughTerminate)
{
    does.init = [](void *) {
        kith_flag_trap_exit(true);
        return 0;
    };
    const kith_pid sup = supervise(type(), KITH_PERMANENT);

    settle(kith_whereis("child"));
    kt_ignore(kith_unlink(sup));
    EXPECT_EQ(0, kith_exit_signal(sup, of_shutdown));
    EXPECT_EQ(0, kith_wait(sup, nullptr, kt_long()));
    EXPECT_EQ("init, call 99, terminate 1", diary());
}

TEST_P(ServerMore, OneThatIgnoresIsAChildWithoutAProcess)
{
    does.init = [](void *) { return KITH_IGNORE; };
    const kith_pid sup = supervise(type(), KITH_PERMANENT);
    kith_child_info child;
    kith_pid pid;

    ASSERT_EQ(1, kith_supervisor_which_children(sup, &child, 1));
    EXPECT_EQ(KITH_CHILD_STOPPED, child.state);
    EXPECT_EQ(0u, child.pid.id);
    does.init = nullptr;
    ASSERT_EQ(0, kith_supervisor_restart_child(sup, "child", &pid));
    EXPECT_EQ(pid.id, kith_whereis("child").id);
    kt_ignore(kith_unlink(sup));
    kill(sup);
}

}    // namespace
