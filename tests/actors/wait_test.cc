/* SPDX-License-Identifier: Apache-2.0
 * wait_test.cc -- waiting for a process to die. */
#include "tests/support/runtime.h"

#include <atomic>
#include <thread>
#include <vector>

namespace
{

using Wait = kt_runtime;

const kith_reason of_kill = {KITH_KILL, 0, ""};

int
receive_code(void *)
{
    const kith_msg *m;
    const int rc = kith_receive(&m, KITH_INFINITY);

    return rc < 0 ? rc : static_cast<int>(m->tag);
}

kith_pid
waiting()
{
    kith_pid pid = {0};

    EXPECT_EQ(0, kith_spawn(receive_code, nullptr, 0, &pid));
    return pid;
}

TEST_F(Wait, AnswersTheReason)
{
    const auto check = [] {
        kith_reason why = {};
        const kith_pid pid = waiting();

        ASSERT_EQ(0, kith_send_after(2, pid, 9, {nullptr, 0}, nullptr));
        ASSERT_EQ(0, kith_wait(pid, &why, KITH_INFINITY));
        EXPECT_EQ(KITH_ERROR, why.kind);
        EXPECT_EQ(9, why.code);
    };

    check();
    in_process(check);
}

TEST_F(Wait, WantsNoReason)
{
    const kith_pid pid = waiting();

    ASSERT_EQ(0, kith_send(pid, 9, nullptr, 0));
    EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
}

TEST_F(Wait, OnTheDeadAnswersNoprocAtOnce)
{
    const auto check = [] {
        kith_reason why = {};
        const kith_pid pid = waiting();

        EXPECT_EQ(0, kith_send(pid, 0, nullptr, 0));
        ASSERT_EQ(0, kith_wait(pid, nullptr, kt_long()));
        ASSERT_EQ(0, kith_wait(pid, &why, 0));
        EXPECT_EQ(KITH_NOPROC, why.kind);
        ASSERT_EQ(0, kith_wait(pid, &why, KITH_INFINITY));
        EXPECT_EQ(KITH_NOPROC, why.kind);
    };

    check();
    in_process(check);
}

TEST_F(Wait, TimesOutWhileItLives)
{
    const auto check = [] {
        const kith_pid pid = waiting();
        kith_reason why = {};

        EXPECT_EQ(KITH_ETIMEOUT, kith_wait(pid, &why, 0));
        EXPECT_EQ(KITH_ETIMEOUT, kith_wait(pid, &why, -5));
        const kith_ms begin = kith_deadline(0);
        EXPECT_EQ(KITH_ETIMEOUT, kith_wait(pid, &why, 5));
        EXPECT_GE(kith_deadline(0), begin + 5);

        EXPECT_EQ(0, kith_exit_signal(pid, of_kill));
        EXPECT_EQ(0, kith_wait(pid, &why, kt_long()));
        const kith_msg *m;
        EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0)) << "a wait leaves no message";
    };

    check();
    in_process(check);
}

TEST_F(Wait, ForOneselfIsADeadlock)
{
    EXPECT_EQ(KITH_EDEADLK, kith_wait(kith_self(), nullptr, KITH_INFINITY));
    in_process(
        [] { EXPECT_EQ(KITH_EDEADLK, kith_wait(kith_self(), nullptr, KITH_INFINITY)); });
}

TEST_F(Wait, ForNoPidIsRefused)
{
    EXPECT_EQ(KITH_EINVAL, kith_wait({0}, nullptr, 0));
}

TEST_F(Wait, KeepsTheMailOfItsCaller)
{
    const kith_pid pid = waiting();

    for (std::uint64_t i = 0; i < 10; i++)
        ASSERT_EQ(0, kt_send(kith_self(), i, i));
    ASSERT_EQ(0, kith_exit_signal(pid, of_kill));
    ASSERT_EQ(0, kith_wait(pid, nullptr, kt_long()));

    for (std::uint64_t i = 0; i < 10; i++)
        EXPECT_EQ(i, kt_number(kt_receive()));
}

TEST_F(Wait, ManyMayWaitForOne)
{
    static std::atomic<std::size_t> heard;
    const std::size_t n = 100;
    const kith_pid pid = waiting();
    std::vector<std::thread> threads;

    heard = 0;
    const auto body = [pid] {
        kith_reason why = {};

        ASSERT_EQ(0, kith_wait(pid, &why, KITH_INFINITY));
        EXPECT_TRUE(why.kind == KITH_KILLED || why.kind == KITH_NOPROC);
        heard++;
    };
    for (std::size_t i = 0; i < n; i++)
        spawn(body);
    for (int i = 0; i < 4; i++)
        threads.emplace_back(body);
    ASSERT_EQ(0, kith_sleep(5));
    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));

    for (std::thread &t : threads)
        t.join();
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    EXPECT_EQ(n + 4, heard);
}

TEST_F(Wait, OneKilledWhileItWaitsDies)
{
    const kith_pid other = waiting();
    kith_ref ref;
    kith_pid pid;

    ASSERT_EQ(0, kith_spawn_monitor(
                     [](void *arg) {
                         return kith_wait(*static_cast<kith_pid *>(arg), nullptr,
                                          KITH_INFINITY);
                     },
                     &other, sizeof other, &pid, &ref));
    ASSERT_EQ(0, kith_sleep(2));
    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));

    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    kill(other);
}

}    // namespace
