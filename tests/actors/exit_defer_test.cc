/* SPDX-License-Identifier: Apache-2.0
 * exit_defer_test.cc -- what a process has put off until its death: when it runs, and what it may
 * do then. */
#include "tests/support/idle.h"
#include "tests/support/runtime.h"

#include <atomic>

namespace
{

using Exit = kt_runtime;

const kith_reason of_shutdown = {KITH_SHUTDOWN, 0, ""};
const kith_reason of_kill = {KITH_KILL, 0, ""};

std::atomic<int> order[8];
std::atomic<int> n_order;

void
note(void *arg)
{
    order[n_order++] = static_cast<int>(reinterpret_cast<std::intptr_t>(arg));
}

void *
number(int n)
{
    return reinterpret_cast<void *>(static_cast<std::intptr_t>(n));
}

TEST_F(Exit, DeferredFunctionsRunLastFirst)
{
    n_order = 0;
    in_process([] {
        for (int i = 1; i <= 3; i++)
            ASSERT_EQ(0, kith_defer(note, number(i)));
        EXPECT_EQ(KITH_EINVAL, kith_defer(nullptr, nullptr));
    });

    ASSERT_EQ(3, n_order);
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(3 - i, order[i]);
}

TEST_F(Exit, DeferredFunctionsRunWhateverItDiesOf)
{
    static const kith_fn deaths[] = {
        [](void *) { return 0; },
        [](void *) { return static_cast<int>(KITH_EIO); },
        [](void *) -> int { kith_exit(of_shutdown); },
        [](void *) { return kith_exit_signal(kith_self(), of_kill); },
        kt_wait_for_ever,    // killed from outside
    };
    int n = 0;

    n_order = 0;
    for (const kith_fn fn : deaths) {
        kith_pid pid;
        kith_ref ref;
        const kith_pid me = kith_self();
        struct {
            kith_fn fn;
            kith_pid to;
        } g = {fn, me};

        ASSERT_EQ(0, kith_spawn_monitor(
                         [](void *arg) {
                             auto *a = static_cast<decltype(g) *>(arg);

                             if (const int rc = kith_defer(note, number(1)); rc < 0)
                                 return rc;
                             kt_ignore(kith_send(a->to, 1, nullptr, 0));
                             return a->fn(nullptr);
                         },
                         &g, sizeof g, &pid, &ref));
        const kith_msg *m;
        ASSERT_EQ(0, kith_receive_tag(1, &m, kt_long()));
        kt_ignore(kith_exit_signal(pid, of_kill));
        (void) kt_why(ref);
        EXPECT_EQ(++n, n_order);
    }
}

TEST_F(Exit, ADeferredFunctionMaySendSpawnAndDefer)
{
    static kith_pid me;

    me = kith_self();
    n_order = 0;
    in_process([] {
        const auto fn = [](void *) {
            EXPECT_EQ(0, kt_send(me, 1, 11));
            EXPECT_EQ(0, kith_spawn([](void *) { return 0; }, nullptr, 0, nullptr));
            EXPECT_EQ(0, kith_defer(note, number(5)));
        };
        ASSERT_EQ(0, kith_defer(fn, nullptr));
    });

    EXPECT_EQ(11u, kt_number(kt_receive()));
    EXPECT_EQ(1, n_order) << "one deferred while they run runs too";
}

TEST_F(Exit, ADeferredFunctionMayWaitAfterANormalDeath)
{
    static std::atomic<int> rc;

    rc = 1;
    in_process(
        [] { ASSERT_EQ(0, kith_defer([](void *) { rc = kith_sleep(2); }, nullptr)); });

    EXPECT_EQ(0, rc);
}

/* After a kill, waits in deferred functions answer at once. */
TEST_F(Exit, WaitsInDeferredFunctionsAnswerKilledAfterAKill)
{
    static std::atomic<int> slept, received, waited, called, timed;
    static std::atomic<bool> there;
    static kith_pid other;
    kith_ref ref;
    kith_pid pid;

    slept = received = waited = called = timed = 0;
    there = false;
    ASSERT_EQ(0, kith_spawn(kt_wait_for_ever, nullptr, 0, &other));
    ASSERT_EQ(0, kith_spawn_monitor(
                     [](void *) {
                         const auto fn = [](void *) {
                             const kith_msg *m;

                             slept = kith_sleep(KITH_INFINITY);
                             received = kith_receive(&m, KITH_INFINITY);
                             waited = kith_wait(other, nullptr, KITH_INFINITY);
                             called =
                                 static_cast<int>(kith_call(other, 1, {nullptr, 0},
                                                            {nullptr, 0}, KITH_INFINITY));
                             timed = kith_sleep(1000000);
                         };
                         if (const int rc = kith_defer(fn, nullptr); rc < 0)
                             return rc;
                         there = true;
                         return kith_sleep(KITH_INFINITY);
                     },
                     nullptr, 0, &pid, &ref));
    ASSERT_TRUE(kt_until([] { return there.load(); }));

    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));

    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    EXPECT_EQ(KITH_EKILLED, slept);
    EXPECT_EQ(KITH_EKILLED, received);
    EXPECT_EQ(KITH_EKILLED, waited);
    EXPECT_EQ(KITH_EKILLED, called);
    EXPECT_EQ(KITH_EKILLED, timed);
    kill(other);
}

TEST_F(Exit, AKillDuringDeferredFunctionsEndsTheirWaits)
{
    static std::atomic<int> slept;
    static std::atomic<bool> there;
    kith_ref ref;
    kith_pid pid;

    slept = 0;
    there = false;
    ASSERT_EQ(0, kith_spawn_monitor(
                     [](void *) {
                         const auto fn = [](void *) {
                             there = true;
                             slept = kith_sleep(KITH_INFINITY);
                         };
                         return kith_defer(fn, nullptr);
                     },
                     nullptr, 0, &pid, &ref));
    ASSERT_TRUE(kt_until([] { return there.load(); }));

    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));

    EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind) << "it had died before";
    EXPECT_EQ(KITH_EKILLED, slept);
}

/* A budget bounds them, but only a kill or a stop ends them at once. */
TEST_F(Exit, WaitsInDeferredFunctionsGoOnAfterAnyOtherSignal)
{
    static std::atomic<int> slept;
    static std::atomic<bool> there;
    static const auto body = [](void *) {
        const kith_msg *m;

        if (const int rc = kith_defer([](void *) { slept = kith_sleep(1); }, nullptr);
            rc < 0)
            return rc;
        there = true;
        return kith_receive(&m, KITH_INFINITY);
    };

    for (const int kind : {KITH_SHUTDOWN, KITH_KILLED, KITH_ERROR}) {
        kith_ref ref;
        kith_pid pid;

        slept = 1;
        there = false;
        ASSERT_EQ(0, kith_spawn_monitor(body, nullptr, 0, &pid, &ref));
        ASSERT_TRUE(kt_until([] { return there.load(); }));
        EXPECT_EQ(0, kith_exit_signal(pid, kith_reason_of(kind, 3, nullptr)));
        EXPECT_EQ(kind, kt_why(ref).kind);
        EXPECT_EQ(0, slept) << "a signal of kind " << kind;
    }
    for (const int kind : {KITH_KILLED, KITH_ERROR}) {
        slept = 1;
        there = false;
        EXPECT_EQ(kind, run([kind]() -> int {
                            if (const int rc = kith_spawn_link(body, nullptr, 0, nullptr);
                                rc < 0)
                                return rc;
                            while (!there)
                                kith_yield();
                            kith_exit(kith_reason_of(kind, 3, nullptr));
                        }).kind);
        EXPECT_TRUE(kt_until([] { return slept != 1; }));
        EXPECT_EQ(0, slept) << "a link's exit of kind " << kind;
    }
}

TEST_F(Exit, OfTwoSignalsTheFirstIsTheReasonAlsoBeforeAKill)
{
    static std::atomic<int> slept;
    static std::atomic<bool> there, go;
    kith_ref ref;
    kith_pid pid;

    slept = 1;
    there = go = false;
    ASSERT_EQ(0, kith_spawn_monitor(
                     [](void *) {
                         const kith_msg *m;
                         const auto fn = [](void *) { slept = kith_sleep(KITH_INFINITY); };

                         if (const int rc = kith_defer(fn, nullptr); rc < 0)
                             return rc;
                         there = true;
                         while (!go)    // takes no mail: both are taken at once
                             ;
                         return kith_receive(&m, KITH_INFINITY);
                     },
                     nullptr, 0, &pid, &ref));
    ASSERT_TRUE(kt_until([] { return there.load(); }));
    EXPECT_EQ(0, kith_exit_signal(pid, of_shutdown));
    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));
    go = true;

    EXPECT_EQ(KITH_SHUTDOWN, kt_why(ref).kind);
    EXPECT_EQ(KITH_EKILLED, slept) << "the kill is no reason, but ends the waits";
}

TEST_F(Exit, MailOfTheDeadIsStillReadableInDeferredFunctions)
{
    static std::atomic<std::uint64_t> got;

    got = 0;
    in_process([] {
        ASSERT_EQ(0, kt_send(kith_self(), 1, 33));
        ASSERT_EQ(0, kith_defer(
                         [](void *) {
                             const kith_msg *m;

                             if (kith_receive(&m, 0) == 0)
                                 got = kt_number(m);
                         },
                         nullptr));
    });

    EXPECT_EQ(33u, got);
}

}    // namespace
