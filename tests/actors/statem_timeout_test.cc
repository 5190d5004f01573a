/* SPDX-License-Identifier: Apache-2.0
 * statem_timeout_test.cc -- state machines: their three kinds of timeout, and what ends them. */
#include "tests/support/machine.h"
#include "tests/support/pass.h"

#include <atomic>

namespace
{

using Statem = kt_machine;

const kith_iov none = {nullptr, 0};
const kith_reason of_shutdown = {KITH_SHUTDOWN, 0, ""};

/* ---- timeouts of no time ---- */

TEST_P(Statem, ATimeoutOfZeroComesAfterItsEventsAndBeforeTheMail)
{
    on_event = [](int, const kith_event *e) {
        if (e->tag == 1) {
            EXPECT_EQ(0, kith_statem_timeout(4, 0, 21));
            EXPECT_EQ(0, kith_statem_state_timeout(0, 22));
            EXPECT_EQ(0, kith_statem_internal(11, nullptr, 0));
        }
        return 0;
    };
    const kith_pid pid = start();

    cast(pid, {1, 2});
    settle(pid);
    EXPECT_EQ("c1@0 I11@0 T21/4@0 S22@0 c2@0 C99@0", diary());
    kill(pid);
}

TEST_P(Statem, AnEventTimeoutOfZeroIsEndedByAnEventThatItHas)
{
    on_event = [](int, const kith_event *e) {
        if (e->tag <= 2) {
            EXPECT_EQ(0, kith_statem_event_timeout(0, 21));
        }
        if (e->tag == 1) {
            EXPECT_EQ(0, kith_statem_internal(11, nullptr, 0));
        }
        return 0;
    };
    const kith_pid pid = start();

    cast(pid, {1, 2, 3});
    settle(pid);
    EXPECT_EQ("c1@0 I11@0 c2@0 E21@0 c3@0 C99@0", diary());
    kill(pid);
}

TEST_P(Statem, AStateTimeoutOfZeroIsEndedByAStateChange)
{
    on_event = [](int state, const kith_event *e) {
        if (e->tag == 1) {
            EXPECT_EQ(0, kith_statem_state_timeout(0, 21));
            return kith_statem_internal(2, nullptr, 0);
        }
        return e->tag == 2 ? kith_statem_next(state + 1) : 0;
    };
    const kith_pid pid = start();

    cast(pid, {1});
    settle(pid);
    EXPECT_EQ("c1@0 I2@0 C99@1", diary());
    kill(pid);
}

TEST_P(Statem, ATimeoutsEventCanBePostponed)
{
    on_event = [](int state, const kith_event *e) {
        if (e->tag == 1)
            return kith_statem_timeout(3, 0, 5);
        if (e->tag == 2)
            return kith_statem_next(1);
        return e->tag == 5 && state == 0 ? kith_statem_postpone() : 0;
    };
    const kith_pid pid = start();

    cast(pid, {1, 2, 3});
    settle(pid);
    EXPECT_EQ("c1@0 T5/3@0 c2@0 T5/3@1 c3@1 C99@1", diary());
    kill(pid);
}

TEST_P(Statem, AskedTwiceTheLastCounts)
{
    on_event = [](int, const kith_event *e) {
        if (e->tag == 1) {
            EXPECT_EQ(0, kith_statem_timeout(1, 0, 21));
            EXPECT_EQ(0, kith_statem_timeout(2, 0, 22));
            EXPECT_EQ(0, kith_statem_timeout(1, 0, 23));
            EXPECT_EQ(0, kith_statem_state_timeout(0, 24));
            EXPECT_EQ(0, kith_statem_state_timeout(KITH_INFINITY, 0));
        }
        return 0;
    };
    const kith_pid pid = start();

    cast(pid, {1});
    settle(pid);
    EXPECT_EQ("c1@0 T22/2@0 T23/1@0 C99@0", diary());
    kill(pid);
}

/* ---- timeouts ---- */

using StatemTimeout = kt_passing<kt_machine>;

INSTANTIATE_TEST_SUITE_P(, StatemTimeout, testing::Bool(),
                         [](const auto &p) { return p.param ? "WithStack" : "Handler"; });

TEST_P(StatemTimeout, AStateTimeoutComesOnceAndOutlivesEventsThatKeepTheState)
{
    on_event = [](int, const kith_event *e) {
        return e->tag == 1   ? kith_statem_state_timeout(10, 21)
               : e->tag == 2 ? kith_statem_next(0)
                             : 0;
    };
    const kith_pid pid = start();

    cast(pid, {1, 2, 3});
    settle(pid);
    ASSERT_NO_FATAL_FAILURE(pass(9));
    settle(pid);
    ASSERT_NO_FATAL_FAILURE(pass(2));
    EXPECT_TRUE(comes("c1@0 c2@0 c3@0 C99@0 C99@0 S21@0")) << diary();
    ASSERT_NO_FATAL_FAILURE(pass(100));
    settle(pid);
    EXPECT_EQ("c1@0 c2@0 c3@0 C99@0 C99@0 S21@0 C99@0", diary());
    kill(pid);
}

TEST_P(StatemTimeout, AStateChangeEndsTheStateTimeoutButNotTheOneAskedForWithIt)
{
    on_event = [](int state, const kith_event *e) {
        if (e->tag == 1)
            return kith_statem_state_timeout(10, 21);
        if (e->tag == 2) {
            EXPECT_EQ(0, kith_statem_state_timeout(20, 22));
            return kith_statem_next(state + 1);
        }
        return e->tag == 3 ? kith_statem_next(state + 1) : 0;
    };
    const kith_pid pid = start();

    cast(pid, {1, 2});
    settle(pid);
    ASSERT_NO_FATAL_FAILURE(pass(50));
    EXPECT_TRUE(comes("c1@0 c2@0 C99@1 S22@1")) << diary();
    cast(pid, {1, 3});
    settle(pid);
    ASSERT_NO_FATAL_FAILURE(pass(50));
    settle(pid);
    EXPECT_EQ("c1@0 c2@0 C99@1 S22@1 c1@1 c3@1 C99@2 C99@2", diary());
    kill(pid);
}

TEST_P(StatemTimeout, AnyEventEndsTheEventTimeout)
{
    on_event = [](int, const kith_event *e) {
        return e->tag == 1 ? kith_statem_event_timeout(10, 21) : 0;
    };
    const kith_pid pid = start();

    cast(pid, {1});
    ASSERT_TRUE(comes("c1@0"));
    ASSERT_NO_FATAL_FAILURE(pass(9));
    settle(pid);
    ASSERT_NO_FATAL_FAILURE(pass(50));
    settle(pid);
    cast(pid, {1});
    ASSERT_TRUE(comes("c1@0 C99@0 C99@0 c1@0"));
    ASSERT_NO_FATAL_FAILURE(pass(11));
    EXPECT_TRUE(comes("c1@0 C99@0 C99@0 c1@0 E21@0")) << diary();
    kill(pid);
}

TEST_P(StatemTimeout, NamedOnesOutliveAllButTheirNameAndAreApart)
{
    on_event = [](int state, const kith_event *e) {
        switch (e->tag) {
        case 1:
            EXPECT_EQ(0, kith_statem_timeout(1, 10, 21));
            EXPECT_EQ(0, kith_statem_timeout(-2, 20, 22));
            return kith_statem_timeout(3, 30, 23);
        case 2:
            EXPECT_EQ(0, kith_statem_timeout(3, KITH_INFINITY, 0));
            return kith_statem_timeout(1, 40, 24);
        case 3:
            return kith_statem_next(state + 1);
        default:
            return 0;
        }
    };
    const kith_pid pid = start();

    cast(pid, {1, 2, 3});
    settle(pid);
    ASSERT_NO_FATAL_FAILURE(pass(35));
    EXPECT_TRUE(comes("c1@0 c2@0 c3@0 C99@1 T22/-2@1")) << diary();
    ASSERT_NO_FATAL_FAILURE(pass(10));
    EXPECT_TRUE(comes("c1@0 c2@0 c3@0 C99@1 T22/-2@1 T24/1@1")) << diary();
    kill(pid);
}

TEST_P(StatemTimeout, OneThatIsEndedWhenItHasFiredDoesNotCome)
{
    static std::atomic<bool> in, out;

    in = out = false;
    on_event = [](int state, const kith_event *e) {
        if (e->tag == 1)
            return kith_statem_state_timeout(10, 21);
        if (e->tag == 2) {
            in = true;
            while (!out)
                ;
            return kith_statem_next(state + 1);
        }
        return 0;
    };
    const kith_pid pid = start();

    cast(pid, {1});
    settle(pid);
    cast(pid, {2});
    ASSERT_TRUE(kt_until([] { return in.load(); }));
    clock_.advance_ms(11);
    if (ki_workers() > 1) { /* the only one is in the callback */
        ASSERT_NO_FATAL_FAILURE(pass(1));
    }
    out = true;
    settle(pid);
    ASSERT_NO_FATAL_FAILURE(pass(50));
    settle(pid);
    EXPECT_EQ("c1@0 C99@0 c2@0 C99@1 C99@1", diary());
    kill(pid);
}

TEST_P(StatemTimeout, TheUsersOwnTimersAreInfo)
{
    on_event = [](int, const kith_event *e) {
        return e->tag == 1 ? kith_start_timer(10, kith_self(), none, nullptr) : 0;
    };
    const kith_pid pid = start();

    cast(pid, {1});
    settle(pid);
    ASSERT_NO_FATAL_FAILURE(pass(11));
    EXPECT_TRUE(comes("c1@0 C99@0 i1005@0")) << diary();
    kill(pid);
}

TEST_P(StatemTimeout, OneThatDiesWithTimeoutsLeavesNothing)
{
    on_event = [](int, const kith_event *) {
        EXPECT_EQ(0, kith_statem_state_timeout(10, 1));
        EXPECT_EQ(0, kith_statem_event_timeout(20, 1));
        EXPECT_EQ(0, kith_statem_timeout(1, 30, 1));
        EXPECT_EQ(0, kith_statem_timeout(2, 0, 1));
        kith_exit(of_shutdown);
        return 0;
    };
    for (int i = 0; i < 20; i++) {
        const kith_pid pid = start();
        kith_ref ref;

        ASSERT_EQ(0, kith_monitor(pid, &ref));
        cast(pid, {1});
        EXPECT_EQ(KITH_SHUTDOWN, kt_why(ref).kind);
    }
    ASSERT_NO_FATAL_FAILURE(pass(100));
}

}    // namespace
