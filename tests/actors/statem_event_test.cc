/* SPDX-License-Identifier: Apache-2.0
 * statem_event_test.cc -- state machines: which event comes when; postponed ones, and their own. */
#include "tests/support/machine.h"

#include <atomic>

namespace
{

using Statem = kt_machine;

const kith_iov none = {nullptr, 0};

/* ---- postponed events ---- */

/* In state 0 all but 1, which changes the state, are postponed. */
int
postpone_in_0(int state, const kith_event *e)
{
    if (e->tag == 1)
        return kith_statem_next(state + 1);
    return state == 0 ? kith_statem_postpone() : KITH_CONTINUE;
}

TEST_P(Statem, PostponedEventsComeAgainInOrderBeforeNewerOnes)
{
    on_event = postpone_in_0;
    const kith_pid pid = start();

    cast(pid, {2, 3, 4, 1, 5});
    settle(pid);
    EXPECT_EQ("c2@0 c3@0 c4@0 c1@0 c2@1 c3@1 c4@1 c5@1 C99@1", diary());
    kill(pid);
}

TEST_P(Statem, ThoseStayPostponedWhileTheStateDoesNotChange)
{
    on_event = [](int state, const kith_event *e) {
        if (e->tag == 1)
            return kith_statem_next(0);
        if (e->tag == 6)
            return kith_statem_repeat();
        return postpone_in_0(state, e);
    };
    const kith_pid pid = start();

    cast(pid, {2, 1, 6, 1});
    settle(pid);
    EXPECT_EQ("c2@0 c1@0 c6@0 c1@0 C99@0", diary());
    kill(pid);
}

TEST_P(Statem, OneCanBePostponedAgainAndKeepsItsPlace)
{
    on_event = [](int state, const kith_event *e) {
        if (e->tag == 1)
            return kith_statem_next(state + 1);
        return state < 2 ? kith_statem_postpone() : KITH_CONTINUE;
    };
    const kith_pid pid = start();

    cast(pid, {2, 3, 1, 4, 1});
    settle(pid);
    EXPECT_EQ("c2@0 c3@0 c1@0 c2@1 c3@1 c4@1 c1@1 c2@2 c3@2 c4@2 C99@2", diary());
    kill(pid);
}

TEST_P(Statem, ACallbackCanPostponeAndChangeTheStateAtOnce)
{
    on_event = [](int state, const kith_event *e) {
        if (state == 0 && e->tag == 2) {
            EXPECT_EQ(0, kith_statem_postpone());
            return kith_statem_next(1);
        }
        return postpone_in_0(state, e);
    };
    const kith_pid pid = start();

    cast(pid, {3, 2, 4});
    settle(pid);
    EXPECT_EQ("c3@0 c2@0 c3@1 c2@1 c4@1 C99@1", diary());
    kill(pid);
}

TEST_P(Statem, AStateChangeAmongThoseThatComeAgainLeavesTheRestInOrder)
{
    on_event = [](int state, const kith_event *e) {
        if (state == 0)
            return e->tag == 1 ? kith_statem_next(1) : kith_statem_postpone();
        if (state == 1 && e->tag == 3)
            return kith_statem_next(2);
        return state == 1 ? kith_statem_postpone() : KITH_CONTINUE;
    };
    const kith_pid pid = start();

    cast(pid, {2, 3, 4, 1, 5});
    settle(pid);
    EXPECT_EQ("c2@0 c3@0 c4@0 c1@0 c2@1 c3@1 c2@2 c4@2 c5@2 C99@2", diary());
    kill(pid);
}

TEST_P(Statem, APostponedCallIsAnsweredLater)
{
    on_event = [](int state, const kith_event *e) {
        if (e->tag == 1)
            return kith_statem_next(1);
        if (state == 0)
            return kith_statem_postpone();
        kith_reply(e->from, e->msg->data, e->msg->len);
        return 0;
    };
    const kith_pid pid = start();
    std::uint64_t n = 17, answer = 0;
    kith_future f;

    ASSERT_EQ(0, kith_call_start(pid, 2, KITH_IOV(n), KITH_IOV(answer), KITH_INFINITY, &f));
    cast(pid, {1});
    EXPECT_EQ(8, kith_await(f, kt_long()));
    EXPECT_EQ(17u, answer);
    EXPECT_EQ("C2@0 c1@0 C2@1", diary());
    kill(pid);
}

TEST_P(Statem, PostponeKeepsTheMessageItself)
{
    static std::atomic<const void *> first, again;

    first = again = nullptr;
    on_event = [](int state, const kith_event *e) {
        if (e->tag == 1)
            return kith_statem_next(1);
        (state == 0 ? first : again) = e->msg->data;
        if (state == 0) {
            EXPECT_EQ(0, kith_statem_postpone());
            EXPECT_EQ(0, kith_statem_postpone()) << "twice is once";
            EXPECT_EQ(nullptr, kith_msg_keep(e->msg)) << "it is the machine's";
        } else {
            kith_msg *kept = kith_msg_keep(e->msg);
            EXPECT_NE(nullptr, kept) << "now it is the callback's again";
            EXPECT_EQ(KITH_EINVAL, kith_statem_postpone());
            kith_msg_free(kept);
        }
        return 0;
    };
    const kith_pid pid = start();
    const char text[] = "a body of some length";

    EXPECT_EQ(0, kith_cast(pid, 2, text, sizeof text));
    cast(pid, {1});
    settle(pid);
    EXPECT_EQ(first.load(), again.load()) << "no copy";
    EXPECT_EQ("c2@0 c1@0 c2@1 C99@1", diary());
    kill(pid);
}

TEST_P(Statem, OneThatDiesAnswersThoseItHadPostponed)
{
    on_event = postpone_in_0;
    const kith_pid pid = start();
    kith_future f;

    ASSERT_EQ(0, kith_call_start(pid, 2, none, none, KITH_INFINITY, &f));
    cast(pid, {3, 4});
    settle(pid);
    kill(pid);
    EXPECT_EQ(KITH_ENOPROC, kith_await(f, kt_long()));
}

/* ---- events of its own ---- */

TEST_P(Statem, InternalEventsComeInOrderBeforeThePostponedAndTheMail)
{
    on_event = [](int state, const kith_event *e) {
        if (e->tag == 1) {
            EXPECT_EQ(0, kith_statem_internal(11, nullptr, 0));
            EXPECT_EQ(0, kith_statem_internal(12, nullptr, 0));
            return kith_statem_next(1);
        }
        return e->kind == KITH_EVENT_INTERNAL ? 0 : postpone_in_0(state, e);
    };
    const kith_pid pid = start();

    cast(pid, {2, 1, 3});
    settle(pid);
    EXPECT_EQ("c2@0 c1@0 I11@1 I12@1 c2@1 c3@1 C99@1", diary());
    kill(pid);
}

TEST_P(Statem, AnInternalEventsOwnComesBeforeItsSiblings)
{
    on_event = [](int, const kith_event *e) {
        if (e->tag == 1) {
            EXPECT_EQ(0, kith_statem_internal(11, nullptr, 0));
            return kith_statem_internal(12, nullptr, 0);
        }
        return e->tag == 11 ? kith_statem_internal(13, nullptr, 0) : 0;
    };
    const kith_pid pid = start();

    cast(pid, {1, 2});
    settle(pid);
    EXPECT_EQ("c1@0 I11@0 I13@0 I12@0 c2@0 C99@0", diary());
    kill(pid);
}

TEST_P(Statem, InternalEventsCarryACopyAndCanBePostponed)
{
    on_event = [](int state, const kith_event *e) {
        std::uint64_t n = 5;

        if (e->tag == 1) {
            EXPECT_EQ(0, kith_statem_internal(2, &n, sizeof n));
        }
        if (e->tag == 2) {
            EXPECT_EQ(5u, kt_number(e->msg));
            EXPECT_TRUE(e->msg->from == kith_self());
        }
        if (e->tag == 3)
            return kith_statem_next(1);
        return e->tag == 2 && state == 0 ? kith_statem_postpone() : 0;
    };
    const kith_pid pid = start();

    cast(pid, {1, 3});
    settle(pid);
    EXPECT_EQ("c1@0 I2@0 c3@0 I2@1 C99@1", diary());
    kill(pid);
}

TEST_P(Statem, EntersBeforeAnythingElse)
{
    with_enter();
    on_init = [](void *, int *) { return kith_statem_internal(10, nullptr, 0); };
    on_event = [](int state, const kith_event *e) {
        if (e->tag == 1) {
            EXPECT_EQ(0, kith_statem_internal(11, nullptr, 0));
        }
        return e->kind == KITH_EVENT_INTERNAL ? 0 : postpone_in_0(state, e);
    };
    const kith_pid pid = start();

    cast(pid, {2, 1, 3});
    settle(pid);
    EXPECT_EQ(">00 I10@0 c2@0 c1@0 >01 I11@1 c2@1 c3@1 C99@1", diary());
    kill(pid);
}

TEST_P(Statem, OneThatNeverEndsItsOwnEventsLetsOthersRunAndDiesWhenTold)
{
    static std::atomic<std::uint64_t> rounds;

    rounds = 0;
    type_.event = [](void *, int, const kith_event *) {
        rounds++;
        return kith_statem_internal(1, nullptr, 0);
    };
    const kith_pid pid = start();

    cast(pid, {1});
    EXPECT_TRUE(kt_until([] { return rounds > 1000; }));
    in_process([] { EXPECT_EQ(0, kith_sleep(1)); });
    kill(pid);
}

}    // namespace
