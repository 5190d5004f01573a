/* SPDX-License-Identifier: Apache-2.0
 * stop_stuck_test.cc -- a stop ends in bounded time and names what it leaves behind, and where. */
#include "tests/support/idle.h"
#include "tests/support/stop.h"

#include <atomic>
#include <string>
#include <thread>

namespace
{

using Stop = kt_stop;

std::atomic<bool> spinning, spin_on, blocking, block_on, handler_there;

int
the_spinner(void *)
{
    spinning = true;
    while (spin_on)
        ;
    spinning = false;
    return 0;
}

int
block(void *)
{
    blocking = true;
    while (block_on)
        kt_pause_ms(1);
    blocking = false;
    return 0;
}

int
the_blocker(void *)
{
    return kith_blocking(block, nullptr);
}

int
the_waiter(void *arg)
{
    return kt_trap_and_wait(arg);
}

int
the_handlers_init(void *, void *)
{
    kith_flag_trap_exit(true);
    handler_there = true;
    return 0;
}

const kith_server the_handler = {0,       false,   the_handlers_init, nullptr,
                                 nullptr, nullptr, nullptr,           nullptr};

__attribute__((noinline)) int
start_the_four(kith_pid me)
{
    int rc = kith_server_start(&the_handler, nullptr, nullptr, 0, nullptr);

    if (rc == 0)
        rc = kith_spawn(the_blocker, nullptr, 0, nullptr);
    if (rc == 0)
        rc = kith_spawn(the_waiter, &me, sizeof me, nullptr);
    if (rc == 0)
        rc = kith_spawn(the_spinner, nullptr, 0, nullptr);
    asm volatile("" ::: "memory");    // no tail call: this function's name is looked for
    return rc;
}

TEST_F(Stop, EndsInTimeAndNamesEachThatIsStuck)
{
    constexpr kith_ms drain = 50, kill = 50, grace = 400; /* as runtime.h promises */
    constexpr kith_ms late = 100; /* a busy machine's, when a wait is over */
    const kith_msg *m;

    spin_on = block_on = true;
    spinning = blocking = handler_there = false;
    ASSERT_EQ(0, start_the_four(kith_self()));
    ASSERT_EQ(0, kith_receive_tag(1, &m, kt_long()));
    ASSERT_TRUE(kt_until([] { return spinning && blocking && handler_there; }));

    testing::internal::CaptureStderr();
    const std::int64_t begin = kt_now_ms();
    const int rc = kith_stop(drain, kill);
    const std::int64_t took = kt_now_ms() - begin;
    const std::string said = testing::internal::GetCapturedStderr();

    EXPECT_EQ(KITH_ESTUCK, rc);
    EXPECT_GE(took, drain + kill);
    EXPECT_LE(took, drain + kill + kt_patience(grace + late)) << "its time and its grace";
    for (const char *who :
         {"the_spinner", "the_blocker", "the_waiter", "the_handlers_init"})
        EXPECT_TRUE(kt_line_with(said, who, "start_the_four"))
            << who << " is not in: " << said;

    EXPECT_EQ(KITH_ESTUCK, kith_start(nullptr));
    EXPECT_EQ(KITH_ESTOPPED, kith_send({1}, 1, nullptr, 0));
    spin_on = false;
    ASSERT_TRUE(kt_until([] { return !spinning; }));
    EXPECT_EQ(KITH_ESTUCK, kith_start(nullptr)) << "one is still in the side pool";
    block_on = false;
    EXPECT_TRUE(kt_until([] { return kith_start(nullptr) == 0; })) << "all have left";
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }))
        << "those that were left are dead";
}

TEST_F(Stop, OneStuckThatCallsAgainEndsThere)
{
    static std::atomic<bool> on, in, after;

    on = true;
    in = after = false;
    ASSERT_EQ(0, kith_spawn(
                     [](void *) {
                         in = true;
                         while (on)
                             ;
                         kt_ignore(kith_sleep(1));
                         after = true;
                         return 0;
                     },
                     nullptr, 0, nullptr));
    ASSERT_TRUE(kt_until([] { return in.load(); }));
    testing::internal::CaptureStderr();
    EXPECT_EQ(KITH_ESTUCK, kith_stop(0, 0));
    (void) testing::internal::GetCapturedStderr();

    on = false;

    EXPECT_TRUE(kt_until([] { return kith_start(nullptr) == 0; }));
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    EXPECT_FALSE(after);
}

/* A worker that is stuck answers no call, so a stop must not wait for one. */
TEST_F(Stop, IsNotHeldUpByWorkersThatAreStuck)
{
    static std::atomic<bool> go;
    const kt_env one("KITH_WORKERS", "1");
    kith_socket l;
    std::atomic<int> rc = 1;

    kt_runtime::TearDown();
    kt_runtime::SetUp();
    go = false;
    ASSERT_EQ(0, kith_tcp_listen("127.0.0.1:0", &l));
    ASSERT_EQ(0, kith_spawn(
                     [](void *) {
                         while (!go)
                             ;
                         return 0;
                     },
                     nullptr, 0, nullptr));
    testing::internal::CaptureStderr();
    std::thread stops([&] { rc = kith_stop(20, 20); });
    EXPECT_TRUE(kt_until([&] { return rc != 1; })) << "it waits for the stuck worker";
    go = true;
    stops.join();
    testing::internal::GetCapturedStderr();
    EXPECT_EQ(KITH_ESTUCK, rc);
}

}    // namespace
