/* SPDX-License-Identifier: Apache-2.0
 * server_more_test.cc -- servers: what a callback asks for, and how they end. */
#include "tests/support/script.h"

#include <atomic>
#include <string>
#include <thread>

namespace
{

using ServerMore = kt_script;

const kith_iov none = {nullptr, 0};
const kith_reason of_kill = {KITH_KILL, 0, ""};
const kith_reason of_shutdown = {KITH_SHUTDOWN, 0, ""};

INSTANTIATE_TEST_SUITE_P(, ServerMore, testing::Bool(),
                         [](const auto &p) { return p.param ? "WithStack" : "Handler"; });

/* ---- hibernate ---- */

TEST_P(ServerMore, HibernatesUntilTheNextMessageAndKeepsStateAndArgument)
{
    const int number = 42;
    std::atomic<const int *> arg = nullptr;
    const kith_spawn_options o = roomy();
    kith_pid pid;

    does.init = [&](void *a) {
        arg = static_cast<const int *>(a);
        EXPECT_EQ(0u, reinterpret_cast<std::uintptr_t>(a) % 16) << "aligned for anything";
        return kith_server_hibernate();
    };
    does.cast = [&](const kith_msg *) {
        EXPECT_EQ(42, *arg.load());
        return kith_server_hibernate();
    };
    ASSERT_EQ(0, kith_server_start(type(), &o, &number, sizeof number, &pid));
    for (std::uint64_t i = 1; i <= 3; i++) {
        if (GetParam()) {
            EXPECT_TRUE(kt_until([&] { return sleeps(pid); }));
        }
        EXPECT_EQ(0, kith_cast(pid, i, nullptr, 0));
    }
    settle(pid);
    EXPECT_FALSE(sleeps(pid)) << "a call did not ask for it";
    EXPECT_EQ("init, cast 1, cast 2, cast 3, call 99", diary());
    kill(pid);
}

TEST_P(ServerMore, HibernatesAfterItsContinuationAndTerminatesWhenKilledAsleep)
{
    does.init = [](void *) {
        EXPECT_EQ(0, kith_server_hibernate());
        return kith_server_continue(1);
    };
    const kith_pid pid = start();
    kith_ref ref;

    if (GetParam()) {
        EXPECT_TRUE(kt_until([&] { return sleeps(pid); }));
    }
    ASSERT_EQ(0, kith_monitor(pid, &ref));
    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));
    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    EXPECT_EQ("init, cont 1, terminate " + std::to_string(KITH_KILLED), diary());
}

/* ---- a caller that dies with its callee ---- */

/* The callee's death dooms the thread by its link and ends its call by the monitor, often in one
 * look at its mail. */
TEST_P(ServerMore, ALinkedThreadInACallGetsOverTheDeathOfItsCallee)
{
    does.call = [](kith_from, const kith_msg *) { return KITH_EPROTO; };
    for (std::size_t i = 0; i < kt_scale(200); i++) {
        const kith_pid pid = start();
        ptrdiff_t rc = 0;

        std::thread([&] {
            if (kith_link(pid) == 0)
                rc = kith_call(pid, 1, none, none, KITH_INFINITY);
        }).join();
        EXPECT_TRUE(rc == KITH_EKILLED || rc == KITH_ENOPROC) << rc;
    }
}

/* ---- continue ---- */

TEST_P(ServerMore, ContinuesBeforeAnyOtherMessage)
{
    kith_spawn_options o = roomy();

    o.name = "early";
    does.init = [&](void *) {
        EXPECT_EQ(0, kith_server_continue(1));
        /* What is sent while it starts must wait for the continuation. */
        EXPECT_EQ(0, kith_cast_name("early", 7, nullptr, 0));
        return 0;
    };
    does.cont = [](std::uint64_t tag) {
        return tag < 3 ? kith_server_continue(tag + 1) : 0;
    };
    kith_pid pid;
    ASSERT_EQ(0, kith_server_start(type(), &o, nullptr, 0, &pid));
    settle(pid);
    EXPECT_EQ("init, cont 1, cont 2, cont 3, cast 7, call 99", diary());
    kill(pid);
}

TEST_P(ServerMore, EveryKindOfCallbackCanContinue)
{
    const auto again = [](const kith_msg *m) {
        EXPECT_EQ(0, kith_server_continue(m->tag + 10));
        return KITH_CONTINUE;
    };
    does.cast = again;
    does.info = again;
    does.call = [&](kith_from from, const kith_msg *m) {
        kith_reply(from, nullptr, 0);
        return m->tag == 99 ? KITH_CONTINUE : again(m);
    };
    const kith_pid pid = start();

    EXPECT_EQ(0, kith_call(pid, 1, none, none, kt_long()));
    EXPECT_EQ(0, kith_cast(pid, 2, nullptr, 0));
    EXPECT_EQ(0, kith_send(pid, 3, nullptr, 0));
    settle(pid);
    EXPECT_EQ("init, call 1, cont 11, cast 2, cont 12, info 3, cont 13, call 99", diary());
    kill(pid);
}

TEST_P(ServerMore, OfTwoContinuationsTheLastCounts)
{
    does.cast = [](const kith_msg *) {
        EXPECT_EQ(0, kith_server_continue(1));
        EXPECT_EQ(0, kith_server_continue(2));
        return KITH_CONTINUE;
    };
    const kith_pid pid = start();

    EXPECT_EQ(0, kith_cast(pid, 5, nullptr, 0));
    settle(pid);
    EXPECT_EQ("init, cast 5, cont 2, call 99", diary());
    kill(pid);
}

TEST_P(ServerMore, AContinuationCanStop)
{
    does.cast = [](const kith_msg *) { return kith_server_continue(1); };
    does.cont = [](std::uint64_t) { return KITH_EPROTO; };
    const kith_pid pid = start();
    kith_ref ref;

    ASSERT_EQ(0, kith_monitor(pid, &ref));
    EXPECT_EQ(0, kith_cast(pid, 5, nullptr, 0));
    kt_ignore(kith_cast(pid, 6, nullptr, 0));
    const kith_reason why = kt_why(ref);
    EXPECT_EQ(KITH_ERROR, why.kind);
    EXPECT_EQ(KITH_EPROTO, why.code);
    EXPECT_EQ("init, cast 5, cont 1, terminate 6", diary());
}

TEST_P(ServerMore, OneThatContinuesForEverLetsOthersRunAndDiesWhenTold)
{
    std::atomic<std::uint64_t> rounds = 0;

    does.cast = [](const kith_msg *) { return kith_server_continue(1); };
    does.cont = [&](std::uint64_t) {
        forget();
        rounds++;
        return kith_server_continue(1);
    };
    const kith_pid pid = start();

    EXPECT_EQ(0, kith_cast(pid, 5, nullptr, 0));
    EXPECT_TRUE(kt_until([&] { return rounds > 1000; }));
    in_process([] { EXPECT_EQ(0, kith_sleep(1)); });
    kill(pid);
}

TEST_P(ServerMore, OnlyACallbackMayAsk)
{
    const auto check = [] {
        EXPECT_EQ(KITH_EPERM, kith_server_continue(1));
        EXPECT_EQ(KITH_EPERM, kith_server_timeout(1));
    };
    does.terminate = [&](kith_reason) { check(); };
    does.cast = [](const kith_msg *) {
        EXPECT_EQ(KITH_EINVAL, kith_server_timeout(KITH_NOWAIT));
        return KITH_CONTINUE;
    };
    const kith_pid pid = start();

    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    settle(pid);
    check();
    in_process(check);
    kill(pid);
}

/* ---- stop ---- */

TEST_P(ServerMore, StopHandlesWhatWasSentBefore)
{
    const kith_pid pid = start();
    kith_ref ref;

    ASSERT_EQ(0, kith_monitor(pid, &ref));
    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    EXPECT_EQ(0, kith_server_stop(pid, of_shutdown, kt_long()));
    EXPECT_EQ("init, cast 1, terminate 1", diary());
    EXPECT_EQ(KITH_SHUTDOWN, kt_why(ref).kind);
    EXPECT_EQ(KITH_ENOPROC, kith_server_stop(pid, of_shutdown, kt_long()));
}

TEST_P(ServerMore, StopTellsOneThatDiedOfSomethingElse)
{
    does.cast = [](const kith_msg *) { return KITH_EIO; };
    const kith_reason wanted = kith_reason_of(KITH_USER, 7, "enough");
    kith_reason why;
    kith_pid pid = start();

    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    const int rc = kith_server_stop(pid, wanted, kt_long());
    EXPECT_TRUE(rc == KITH_EFAILED || rc == KITH_ENOPROC) << rc; /* dead before the stop */
    ASSERT_EQ(0, kith_call_why(&why));
    EXPECT_TRUE(why.kind == (rc == KITH_EFAILED ? KITH_ERROR : KITH_NOPROC)) << why;

    pid = start();
    EXPECT_EQ(0, kith_server_stop(pid, wanted, kt_long()));
    ASSERT_EQ(0, kith_call_why(&why));
    EXPECT_EQ(KITH_USER, why.kind);
    EXPECT_EQ(7, why.code);
    EXPECT_STREQ("enough", why.text);
}

TEST_P(ServerMore, AStopThatTimesOutStillStops)
{
    std::atomic<bool> busy = false, go = false;

    does.cast = [&](const kith_msg *) {
        busy = true;
        while (!go)
            ;
        return KITH_CONTINUE;
    };
    const kith_pid pid = start();
    kith_ref ref;

    ASSERT_EQ(0, kith_monitor(pid, &ref));
    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    ASSERT_TRUE(kt_until([&] { return busy.load(); }));
    EXPECT_EQ(KITH_ETIMEOUT, kith_server_stop(pid, of_shutdown, 0));
    go = true;
    EXPECT_EQ(KITH_SHUTDOWN, kt_why(ref).kind);
}

TEST_P(ServerMore, NobodyStopsOneselfSo)
{
    EXPECT_EQ(KITH_EDEADLK, kith_server_stop(kith_self(), of_shutdown, kt_long()));
    EXPECT_EQ(KITH_ENOPROC, kith_server_stop({0}, of_shutdown, kt_long()));
    in_process([] {
        EXPECT_EQ(KITH_EDEADLK, kith_server_stop(kith_self(), of_shutdown, kt_long()));
    });
}

TEST_P(ServerMore, ExitInACallbackIsItsReason)
{
    for (const std::uint64_t where : {1, 2, 3}) {
        forget();
        does = {};
        const auto leave = [](const kith_msg *) -> int {
            kith_exit(kith_reason_of(KITH_USER, 5, "out"));
        };
        does.cast = leave;
        does.info = leave;
        does.cont = [](std::uint64_t) -> int {
            kith_exit(kith_reason_of(KITH_USER, 5, "out"));
        };
        does.call = [](kith_from, const kith_msg *) { return kith_server_continue(1); };
        const kith_pid pid = start();
        kith_ref ref;

        ASSERT_EQ(0, kith_monitor(pid, &ref));
        if (where == 1)
            EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
        else if (where == 2)
            EXPECT_EQ(0, kith_send(pid, 1, nullptr, 0));
        else
            EXPECT_EQ(KITH_ENOPROC, kith_call(pid, 1, none, none, kt_long()));
        EXPECT_EQ(5, kt_why(ref).code);
        EXPECT_NE(std::string::npos, diary().find("terminate 7")) << diary();
    }
}

}    // namespace
