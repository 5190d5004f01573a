/* SPDX-License-Identifier: Apache-2.0
 * blocking_test.cc -- functions that block, away from the workers. */
#include "tests/support/runtime.h"

#include <atomic>
#include <pthread.h>

namespace
{

using Blocking = kt_runtime;

const kith_reason of_kill = {KITH_KILL, 0, ""};

std::atomic<bool> inside, let_go;

int
block(void *)
{
    inside = true;
    while (!let_go)
        kt_pause_ms(1);
    inside = false;
    return 5;
}

TEST_F(Blocking, AnswersWhatTheFunctionAnswered)
{
    const auto check = [] {
        int arg = 7;
        const auto fn = [](void *p) { return -*static_cast<int *>(p); };

        EXPECT_EQ(-7, kith_blocking(fn, &arg));
        EXPECT_EQ(3, kith_blocking([](void *) { return 3; }, nullptr));
        EXPECT_EQ(KITH_EINVAL, kith_blocking(nullptr, nullptr));
    };

    check();
    in_process(check);
}

TEST_F(Blocking, RunsOnAThreadThatIsNoWorkers)
{
    in_process([] {
        pthread_t worker = pthread_self(), other = worker;

        EXPECT_EQ(0, kith_blocking(
                         [](void *t) {
                             *static_cast<pthread_t *>(t) = pthread_self();
                             return 0;
                         },
                         &other));
        EXPECT_FALSE(pthread_equal(worker, other));
    });
}

TEST_F(Blocking, OthersRunMeanwhile)
{
    static std::atomic<int> result;

    let_go = false;
    result = 0;
    for (int i = 0; i < 8; i++)    // more than there are workers
        spawn([] { result += kith_blocking(block, nullptr); });
    ASSERT_TRUE(kt_until([] { return inside.load(); }));

    in_process([] { EXPECT_EQ(0, kith_sleep(2)); });
    EXPECT_EQ(0, result);

    let_go = true;
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    EXPECT_EQ(40, result);
}

TEST_F(Blocking, KeepsTheMailOfItsCaller)
{
    in_process([] {
        ASSERT_EQ(0, kt_send(kith_self(), 1, 1));
        ASSERT_EQ(0, kith_send_after(1, kith_self(), 2, {nullptr, 0}, nullptr));
        EXPECT_EQ(0, kith_blocking(
                         [](void *) {
                             kt_pause_ms(10);
                             return 0;
                         },
                         nullptr));
        EXPECT_EQ(1u, kt_number(kt_receive()));
        EXPECT_NE(nullptr, kt_receive());
    });
}

TEST_F(Blocking, TheDeathOfItsCallerWaitsForIt)
{
    kith_pid pid;
    kith_ref ref;
    const kith_msg *m;

    inside = let_go = false;
    ASSERT_EQ(0, kith_spawn_monitor([](void *) { return kith_blocking(block, nullptr); },
                                    nullptr, 0, &pid, &ref));
    ASSERT_TRUE(kt_until([] { return inside.load(); }));

    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive_ref(ref, &m, 20));
    let_go = true;

    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    EXPECT_FALSE(inside);
}

TEST_F(Blocking, TheFunctionMayCallTheLibrary)
{
    static kith_pid me;

    me = kith_self();
    in_process([] {
        EXPECT_EQ(0, kith_blocking(
                         [](void *) {
                             EXPECT_NE(0u, kith_self().id);
                             EXPECT_EQ(0, kith_sleep(1));
                             return kt_send(me, 1, 9);
                         },
                         nullptr));
    });

    EXPECT_EQ(9u, kt_number(kt_receive()));
}

TEST_F(Blocking, ManyAtOnceAllEnd)
{
    static std::atomic<std::size_t> done;
    const std::size_t n = kt_scale(2000);

    done = 0;
    for (std::size_t i = 0; i < n; i++)
        ASSERT_EQ(0, kith_spawn(
                         [](void *) {
                             const auto fn = [](void *) {
                                 done++;
                                 return 0;
                             };
                             return kith_blocking(fn, nullptr);
                         },
                         nullptr, 0, nullptr));

    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }, 20000));
    EXPECT_EQ(n, done);
}

TEST_F(Blocking, InDeferredFunctionsAfterAKillItAnswersKilled)
{
    static std::atomic<int> rc;
    static std::atomic<bool> there;
    kith_pid pid;
    kith_ref ref;

    rc = 0;
    there = false;
    ASSERT_EQ(0, kith_spawn_monitor(
                     [](void *) {
                         const auto fn = [](void *) {
                             rc = kith_blocking([](void *) { return 1; }, nullptr);
                         };
                         const int code = kith_defer(fn, nullptr);
                         there = true;
                         return code < 0 ? code : kith_sleep(KITH_INFINITY);
                     },
                     nullptr, 0, &pid, &ref));
    ASSERT_TRUE(kt_until([] { return there.load(); }));
    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));
    (void) kt_why(ref);

    EXPECT_EQ(KITH_EKILLED, rc);
}

}    // namespace
