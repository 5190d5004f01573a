/* SPDX-License-Identifier: Apache-2.0
 * statem_test.cc -- state machines: which event comes when. */
#include "tests/support/runtime.h"
#include "tests/support/virtual_clock.h"

#include "core/sched.h"

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace
{

const kith_iov none = {nullptr, 0};
const kith_reason of_shutdown = {KITH_SHUTDOWN, 0, ""};

/* ---- a machine whose callbacks are the test's ---- */

std::mutex lock;
std::string happened;
std::function<int(void *, int *)> on_init;
std::function<int(int, const kith_event *)> on_event;
std::function<int(int, int)> on_enter;

void
note(const std::string &what)
{
    const std::lock_guard guard(lock);

    happened += (happened.empty() ? "" : " ") + what;
}

std::string
diary()
{
    const std::lock_guard guard(lock);

    return happened;
}

int
init(void *, void *arg, int *state)
{
    return on_init ? on_init(arg, state) : 0;
}

/* "c3@0": the cast 3 in state 0. */
int
event(void *, int state, const kith_event *e)
{
    static const char kinds[] = "CciISET";

    EXPECT_NE(nullptr, e->msg);
    note(kinds[e->kind] +
         std::to_string(e->tag >= KITH_TAG_SYSTEM ? e->tag - KITH_TAG_SYSTEM + 1000
                                                  : e->tag) +
         (e->kind == KITH_EVENT_TIMEOUT ? "/" + std::to_string(e->name) : "") + "@" +
         std::to_string(state));
    if (e->kind == KITH_EVENT_CALL && e->tag == 99) {
        kith_reply(e->from, &state, sizeof state);
        return KITH_CONTINUE;
    }
    return on_event ? on_event(state, e) : KITH_CONTINUE;
}

int
enter(void *, int old_state, int state)
{
    note(">" + std::to_string(old_state) + std::to_string(state));
    return on_enter ? on_enter(old_state, state) : 0;
}

void
terminate(void *, int state, kith_reason why)
{
    note("end" + std::to_string(why.kind) + "@" + std::to_string(state));
}

/* With a stack or not, with `enter` or not. */
kith_statem
machine(bool with_stack, bool with_enter)
{
    kith_statem t = {};

    t.data_size = 16;
    t.with_stack = with_stack;
    t.init = init;
    t.event = event;
    t.enter = with_enter ? enter : nullptr;
    t.terminate = terminate;
    return t;
}

class Statem : public kt_runtime, public testing::WithParamInterface<bool> {
  protected:
    void SetUp() override
    {
        happened.clear();
        on_init = nullptr;
        on_event = nullptr;
        on_enter = nullptr;
        type_ = machine(GetParam(), false);
        kt_runtime::SetUp();
    }

    kith_pid start()
    {
        kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
        kith_pid pid = {0};

        o.stack = 256 * 1024;
        EXPECT_EQ(0, kith_statem_start(&type_, &o, nullptr, 0, &pid));
        return pid;
    }

    void with_enter()
    {
        type_ = machine(GetParam(), true);
    }

    /* Casts these, one after the other. */
    static void cast(kith_pid pid, std::initializer_list<std::uint64_t> tags)
    {
        for (const std::uint64_t tag : tags)
            EXPECT_EQ(0, kith_cast(pid, tag, nullptr, 0));
    }

    /* All that was sent before has been handled; answers the state. */
    static int settle(kith_pid pid)
    {
        int state = -1;

        EXPECT_EQ(4, kith_call(pid, 99, none, KITH_IOV(state), kt_long()));
        return state;
    }

    kith_statem type_;
};

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

class StatemTimeout : public Statem {
  protected:
    /* Time goes on, and all that is due by then has fired. */
    void pass(kith_ms ms)
    {
        const kith_msg *m;
        kith_ref timer;

        ASSERT_EQ(0, kith_send_after(ms, kith_self(), 1, none, &timer));
        clock_.advance_ms(static_cast<std::uint64_t>(ms));
        poke();
        ASSERT_EQ(0, kith_receive_ref(timer, &m, KITH_INFINITY));
    }

    static bool comes(const std::string &want)
    {
        return kt_until([&] {
            poke();
            return diary() == want;
        });
    }

    /* As the watchdog does it: whoever wakes looks at all workers' timers. */
    static void poke()
    {
        ki_store_seq(&ki_sched.steal_lifo, true);
        ki_sched.poller->wake();
    }

    kt_virtual_clock clock_;
};

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
    if (ki_sched.n > 1) { /* the only one is in the callback */
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
