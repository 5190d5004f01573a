/* SPDX-License-Identifier: Apache-2.0
 * statem_test.cc -- state machines: how they begin, change their state, and end. */
#include "tests/support/machine.h"

#include <atomic>

namespace
{

using Statem = kt_machine;

const kith_iov none = {nullptr, 0};
const kith_reason of_shutdown = {KITH_SHUTDOWN, 0, ""};

INSTANTIATE_TEST_SUITE_P(, Statem, testing::Bool(),
                         [](const auto &p) { return p.param ? "WithStack" : "Handler"; });

/* ---- start, kinds of event, the end ---- */

TEST_P(Statem, BeginsInTheStateThatInitSays)
{
    on_init = [](void *, int *state) {
        *state = 7;
        return 0;
    };
    const kith_pid pid = start();

    EXPECT_EQ(7, settle(pid));
    kill(pid);
    EXPECT_EQ("C99@7 end3@7", diary());
}

TEST_P(Statem, SeesItsArgumentAndAFailureOfInit)
{
    const int code = KITH_EIO;
    kith_pid pid = {7};

    on_init = [](void *arg, int *) { return *static_cast<int *>(arg); };
    EXPECT_EQ(KITH_EIO, kith_statem_start(&type_, nullptr, &code, sizeof code, &pid));
    on_init = [](void *, int *) { return KITH_IGNORE; };
    EXPECT_EQ(0, kith_statem_start(&type_, nullptr, nullptr, 0, &pid));
    EXPECT_EQ(0u, pid.id);
    EXPECT_EQ("", diary());
}

TEST_P(Statem, TellsCallsCastsAndTheRestApart)
{
    on_event = [](int, const kith_event *e) {
        if (e->kind == KITH_EVENT_CALL)
            kith_reply(e->from, e->msg->data, e->msg->len);
        return KITH_CONTINUE;
    };
    const kith_pid pid = start();
    std::uint64_t n = 42, answer = 0;

    EXPECT_EQ(8, kith_call(pid, 1, KITH_IOV(n), KITH_IOV(answer), kt_long()));
    EXPECT_EQ(42u, answer);
    cast(pid, {2});
    EXPECT_EQ(0, kith_send(pid, 3, nullptr, 0));
    settle(pid);
    EXPECT_EQ("C1@0 c2@0 i3@0 C99@0", diary());
    kill(pid);
}

TEST_P(Statem, WithoutCallbacksAnswersCallsWithACode)
{
    kith_pid pid;

    type_ = {};
    type_.with_stack = GetParam();
    ASSERT_EQ(0, kith_statem_start(&type_, nullptr, nullptr, 0, &pid));
    cast(pid, {1});
    EXPECT_EQ(0, kith_send(pid, 1, nullptr, 0));
    EXPECT_EQ(KITH_EOPNOTSUPP, kith_call(pid, 1, none, none, kt_long()));
    kill(pid);
}

TEST_P(Statem, ItsDataIsZeroedAndItsOwn)
{
    static std::atomic<std::uint64_t> seen;

    type_.event = [](void *data, int, const kith_event *e) {
        auto *n = static_cast<std::uint64_t *>(data);

        *n += e->tag;
        seen = *n;
        return 0;
    };
    seen = 0;
    const kith_pid pid = start();
    cast(pid, {1, 2, 3});
    EXPECT_TRUE(kt_until([] { return seen == 6; }));
    kill(pid);
}

TEST_P(Statem, StopsWithWhatACallbackAnswersOrAsIsAsked)
{
    on_event = [](int, const kith_event *e) {
        return e->tag == 1 ? static_cast<int>(KITH_DONE) : KITH_EPROTO;
    };
    kith_pid pid = start();
    kith_ref ref;

    ASSERT_EQ(0, kith_monitor(pid, &ref));
    cast(pid, {1});
    EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
    pid = start();
    EXPECT_EQ(KITH_ENOPROC, kith_call(pid, 2, none, none, kt_long()));
    kith_reason why;
    ASSERT_EQ(0, kith_call_why(&why));
    EXPECT_EQ(KITH_EPROTO, why.code);
    pid = start();
    EXPECT_EQ(0, kith_server_stop(pid, of_shutdown, kt_long()));
    EXPECT_EQ("c1@0 end0@0 C2@0 end6@0 end1@0", diary());
}

TEST_P(Statem, NothingMayBeAskedOutsideOfACallback)
{
    EXPECT_EQ(KITH_EPERM, kith_statem_next(1));
    EXPECT_EQ(KITH_EPERM, kith_statem_repeat());
    EXPECT_EQ(KITH_EPERM, kith_statem_postpone());
    EXPECT_EQ(KITH_EPERM, kith_statem_internal(1, nullptr, 0));
    EXPECT_EQ(KITH_EPERM, kith_statem_state_timeout(1, 0));
    EXPECT_EQ(KITH_EPERM, kith_statem_event_timeout(1, 0));
    EXPECT_EQ(KITH_EPERM, kith_statem_timeout(1, 1, 0));
}

TEST_P(Statem, InitAndEnterMayAskForSomeThingsOnly)
{
    with_enter();
    on_init = [](void *, int *) {
        EXPECT_EQ(KITH_EPERM, kith_statem_next(1));
        EXPECT_EQ(KITH_EPERM, kith_statem_repeat());
        EXPECT_EQ(KITH_EPERM, kith_statem_postpone());
        return 0;
    };
    on_enter = [](int, int) {
        EXPECT_EQ(KITH_EPERM, kith_statem_next(1));
        EXPECT_EQ(KITH_EPERM, kith_statem_postpone());
        EXPECT_EQ(KITH_EPERM, kith_statem_internal(1, nullptr, 0));
        return 0;
    };
    on_event = [](int, const kith_event *) {
        EXPECT_EQ(KITH_EINVAL, kith_statem_internal(KITH_TAG_TIMEOUT, nullptr, 0));
        EXPECT_EQ(KITH_EINVAL, kith_statem_internal(1, nullptr, 1));
        EXPECT_EQ(KITH_EINVAL, kith_statem_state_timeout(KITH_NOWAIT, 0));
        EXPECT_EQ(KITH_EINVAL, kith_statem_event_timeout(1, KITH_TAG_SYSTEM));
        EXPECT_EQ(KITH_EPERM, kith_server_continue(1)) << "it is no server";
        return 0;
    };
    const kith_pid pid = start();
    cast(pid, {1});
    settle(pid);
    EXPECT_EQ(">00 c1@0 C99@0", diary());
    kill(pid);
}

/* ---- states ---- */

TEST_P(Statem, IsInTheNextStateFromTheNextEventOn)
{
    on_event = [](int state, const kith_event *) {
        EXPECT_EQ(0, kith_statem_next(9));
        return kith_statem_next(state + 1);
    };
    const kith_pid pid = start();

    cast(pid, {1, 2, 3});
    EXPECT_EQ(3, settle(pid));
    EXPECT_EQ("c1@0 c2@1 c3@2 C99@3", diary());
    kill(pid);
}

TEST_P(Statem, EntersItsFirstStateAndEachNewOne)
{
    with_enter();
    on_init = [](void *, int *state) {
        *state = 1;
        return 0;
    };
    on_event = [](int, const kith_event *e) {
        return kith_statem_next(static_cast<int>(e->tag));
    };
    const kith_pid pid = start();

    cast(pid, {2, 2, 1});
    settle(pid);
    EXPECT_EQ(">11 c2@1 >12 c2@2 c1@2 >21 C99@1", diary()) << "not into the same";
    kill(pid);
}

TEST_P(Statem, RepeatsAnEnterWhenAsked)
{
    with_enter();
    std::atomic<int> more = 0;

    on_event = [&](int, const kith_event *) {
        more = 2;
        return kith_statem_repeat();
    };
    on_enter = [&](int, int) { return more > 0 && more-- > 1 ? kith_statem_repeat() : 0; };
    const kith_pid pid = start();

    cast(pid, {1});
    settle(pid);
    EXPECT_EQ(">00 c1@0 >00 >00 C99@0", diary());
    kill(pid);
}

TEST_P(Statem, AnEnterCanStopIt)
{
    with_enter();
    on_event = [](int, const kith_event *) { return kith_statem_next(1); };
    on_enter = [](int old_state, int state) { return old_state != state ? KITH_EIO : 0; };
    const kith_pid pid = start();
    kith_ref ref;

    ASSERT_EQ(0, kith_monitor(pid, &ref));
    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    EXPECT_EQ(KITH_EIO, kt_why(ref).code);
    EXPECT_EQ(">00 c1@0 >01 end6@1", diary());
}

}    // namespace
