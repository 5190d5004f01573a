/* SPDX-License-Identifier: Apache-2.0
 * server_timeout_test.cc -- servers: the time in which nothing comes. */
#include "tests/support/pass.h"
#include "tests/support/script.h"

#include <atomic>
#include <string>

namespace
{

class ServerTimeout : public kt_passing<kt_script> {
  protected:
    /* It waits for nothing but its next message. */
    static bool waits(kith_pid pid)
    {
        return kt_until([=] {
            struct kith_process_info i = KITH_PROCESS_INFO_INIT;

            return kith_process_info(pid, &i) == 0 && i.status == KITH_STATUS_WAITING;
        });
    }
};

INSTANTIATE_TEST_SUITE_P(, ServerTimeout, testing::Bool(),
                         [](const auto &p) { return p.param ? "WithStack" : "Handler"; });

TEST_P(ServerTimeout, ComesWhenNothingElseDoes)
{
    does.cast = [](const kith_msg *) { return kith_server_timeout(10); };
    does.info = [](const kith_msg *m) {
        EXPECT_EQ(0u, m->len);
        EXPECT_NE(nullptr, m->data);
        EXPECT_EQ(0u, m->ref.id);
        EXPECT_TRUE(m->from == kith_self());
        EXPECT_EQ(nullptr, kith_msg_keep(m));
        return KITH_CONTINUE;
    };
    const kith_pid pid = start();

    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    ASSERT_TRUE(comes("init, cast 1"));
    ASSERT_TRUE(waits(pid));
    ASSERT_NO_FATAL_FAILURE(pass(9));
    EXPECT_EQ("init, cast 1", diary()) << "not before its time";
    ASSERT_NO_FATAL_FAILURE(pass(2));
    EXPECT_TRUE(comes("init, cast 1, info timeout"));
    ASSERT_NO_FATAL_FAILURE(pass(100));
    settle(pid);
    EXPECT_EQ("init, cast 1, info timeout, call 99", diary()) << "once";
    kill(pid);
}

TEST_P(ServerTimeout, AnyMessageCancelsIt)
{
    does.init = [](void *) { return kith_server_timeout(10); };
    const kith_pid pid = start();

    ASSERT_TRUE(waits(pid));
    ASSERT_NO_FATAL_FAILURE(pass(9));
    settle(pid);
    ASSERT_NO_FATAL_FAILURE(pass(100));
    settle(pid);
    EXPECT_EQ("init, call 99, call 99", diary());
    kill(pid);
}

TEST_P(ServerTimeout, ASignalThatIsNoMessageDoesNot)
{
    does.init = [](void *) { return kith_server_timeout(10); };
    const kith_pid pid = start();
    kith_ref ref;

    ASSERT_TRUE(waits(pid));
    ASSERT_NO_FATAL_FAILURE(pass(6));
    ASSERT_EQ(0, kith_monitor(pid, &ref));
    EXPECT_EQ(0, kith_demonitor(ref, 0));
    ASSERT_TRUE(waits(pid));
    ASSERT_NO_FATAL_FAILURE(pass(6));
    EXPECT_TRUE(comes("init, info timeout")) << "counted on from where it was";
    kill(pid);
}

TEST_P(ServerTimeout, CanAskForTheNextAgainAndAgain)
{
    does.init = [](void *) { return kith_server_timeout(10); };
    does.info = [](const kith_msg *) { return kith_server_timeout(10); };
    const kith_pid pid = start();
    std::string want = "init";

    for (int i = 0; i < 5; i++) {
        ASSERT_TRUE(waits(pid));
        ASSERT_NO_FATAL_FAILURE(pass(11));
        want += ", info timeout";
        ASSERT_TRUE(comes(want)) << diary();
    }
    kill(pid);
}

TEST_P(ServerTimeout, OfZeroComesAtOnceUnlessAMessageIsThere)
{
    does.cast = [](const kith_msg *m) {
        if (m->tag == 1) {
            EXPECT_EQ(0, kith_cast(kith_self(), 2, nullptr, 0));
        }
        return kith_server_timeout(0);
    };
    const kith_pid pid = start();

    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    EXPECT_TRUE(comes("init, cast 1, cast 2, info timeout")) << diary();
    kill(pid);
}

TEST_P(ServerTimeout, OfZeroForEverLetsOthersRunAndDiesWhenTold)
{
    std::atomic<std::uint64_t> rounds = 0;

    does.init = [](void *) { return kith_server_timeout(0); };
    does.info = [&](const kith_msg *) {
        forget();
        rounds++;
        return kith_server_timeout(0);
    };
    const kith_pid pid = start();

    EXPECT_TRUE(kt_until([&] { return rounds > 1000; }));
    in_process([] { kith_yield(); });
    kill(pid);
}

TEST_P(ServerTimeout, IsTakenBackByTheSameCallback)
{
    does.cast = [](const kith_msg *) {
        EXPECT_EQ(0, kith_server_timeout(10));
        return kith_server_timeout(KITH_INFINITY);
    };
    const kith_pid pid = start();

    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    ASSERT_TRUE(comes("init, cast 1"));
    ASSERT_TRUE(waits(pid));
    ASSERT_NO_FATAL_FAILURE(pass(100));
    settle(pid);
    EXPECT_EQ("init, cast 1, call 99", diary());
    kill(pid);
}

TEST_P(ServerTimeout, AContinuationComesBeforeItAndAsksAnew)
{
    does.cast = [](const kith_msg *) {
        EXPECT_EQ(0, kith_server_timeout(10));
        return kith_server_continue(1);
    };
    const kith_pid pid = start();

    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    ASSERT_TRUE(comes("init, cast 1, cont 1"));
    ASSERT_TRUE(waits(pid));
    ASSERT_NO_FATAL_FAILURE(pass(100));
    settle(pid);
    EXPECT_EQ("init, cast 1, cont 1, call 99", diary());
    kill(pid);
}

TEST_P(ServerTimeout, OneThatDiesWithItsTimeRunningLeavesNothing)
{
    does.init = [](void *) { return kith_server_timeout(10); };
    for (int i = 0; i < 20; i++) {
        const kith_pid pid = start();

        if (i % 2 == 0) {
            ASSERT_TRUE(waits(pid));
        }
        kill(pid);
    }
    ASSERT_NO_FATAL_FAILURE(pass(100));
}

}    // namespace
