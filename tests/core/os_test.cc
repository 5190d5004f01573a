/* SPDX-License-Identifier: Apache-2.0
 * os_test.cc -- time, parking, signals: what the rest leans on. */
#include "core/os.h"

#include "tests/support/support.h"
#include "tests/support/virtual_clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <pthread.h>
#include <set>
#include <thread>
#include <unistd.h>
#include <vector>

TEST(Os, TimeNeverGoesBack)
{
    uint64_t last = ki_os_now_ns();

    for (int i = 0; i < 100'000; i++) {
        const uint64_t now = ki_os_now_ns();
        ASSERT_GE(now, last);
        last = now;
    }
    EXPECT_NE(0u, last);
}

TEST(Os, ThereIsACpuAndChance)
{
    std::set<uint64_t> drawn;

    EXPECT_GE(ki_os_cpus(), 1u);
    for (int i = 0; i < 100; i++)
        drawn.insert(ki_os_random());
    EXPECT_EQ(100u, drawn.size());
}

TEST(Os, ParkReturnsAtOnceWhenTheWordHasChanged)
{
    std::atomic<uint32_t> word{1};

    ki_os_park(&word, 0, UINT64_MAX);
    SUCCEED() << "and not never";
}

TEST(Os, ParkReturnsAtOnceWhenItsTimeIsOver)
{
    std::atomic<uint32_t> word{0};

    ki_os_park(&word, 0, ki_os_now_ns());
    ki_os_park(&word, 0, 1);
}

TEST(Os, ParkLastsUntilItsDeadline)
{
    std::atomic<uint32_t> word{0};
    const uint64_t deadline = ki_os_now_ns() + 20'000'000;

    for (uint64_t now; (now = ki_os_now_ns()) < deadline;)
        ki_os_park(&word, 0, deadline); /* may return early for no reason */

    EXPECT_LT(ki_os_now_ns(),
              deadline + static_cast<uint64_t>(kt_patience(5000)) * 1'000'000);
}

TEST(Os, ParkKeepsTheClockOfTheSeam)
{
    kt_virtual_clock clock;
    std::atomic<uint32_t> word{0};

    ki_os_park(&word, 0, clock.now_ns()) /* over, though far behind the system's time */;
    ki_os_park(&word, 0, clock.now_ns() + 1'000'000) /* a millisecond of real time */;
}

TEST(Os, UnparkWakesOneThatParks)
{
    constexpr std::size_t n = 3;
    std::atomic<uint32_t> word{0};
    std::atomic<std::size_t> awake{0};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < n; i++)
        threads.emplace_back([&] {
            for (uint32_t seen; (seen = word.load()) <= n;) {
                uint32_t token = seen;
                if (token > 0 && word.compare_exchange_strong(token, token - 1)) {
                    awake++;
                    return;
                }
                if (token == 0)
                    ki_os_park(&word, 0, UINT64_MAX);
            }
        });

    for (std::size_t i = 1; i <= n; i++) {
        word++;
        ki_os_unpark(&word);
        EXPECT_TRUE(kt_until([&] { return awake == i; })) << i;
    }
    for (std::thread &t : threads)
        t.join();
}

TEST(Os, APingPongOfParksLosesNoWake)
{
    const uint32_t rounds = static_cast<uint32_t>(kt_scale(20'000));
    std::atomic<uint32_t> ping{0}, pong{0};

    std::thread other([&] {
        for (uint32_t i = 1; i <= rounds; i++) {
            while (ping.load() != i)
                ki_os_park(&ping, i - 1, UINT64_MAX);
            pong = i;
            ki_os_unpark(&pong);
        }
    });
    for (uint32_t i = 1; i <= rounds; i++) {
        ping = i;
        ki_os_unpark(&ping);
        while (pong.load() != i)
            ki_os_park(&pong, i - 1, UINT64_MAX);
    }
    other.join();
}

void *
use_900_kib(void *)
{
    volatile char room[900 << 10];

    for (std::size_t i = sizeof room; i > 0; i -= 1024)
        room[i - 1] = 0;
    return nullptr;
}

/* The C library's own choice may be less: as after `ulimit -s 256`. */
TEST(Os, AThreadHasRoomForCallbacks)
{
    pthread_t t;

    ASSERT_EQ(0, ki_os_thread(&t, use_900_kib, nullptr));
    EXPECT_EQ(0, pthread_join(t, nullptr));
}

TEST(Os, AThreadGetsItsName)
{
    char name[64] = "";

    std::thread([&] {
        ki_os_thread_name("kith-w07");
        pthread_getname_np(pthread_self(), name, sizeof name);
    }).join();
    EXPECT_STREQ("kith-w07", name);
}

TEST(Os, WriteBringsTheWholeText)
{
    int fds[2];
    ASSERT_EQ(0, pipe(fds));
    const std::string text(5000, 'k');
    std::string got(text.size() + 1, '\0');

    ki_os_write(fds[1], text.data(), text.size());

    EXPECT_EQ(static_cast<ssize_t>(text.size()), read(fds[0], got.data(), got.size()));
    got.resize(text.size());
    EXPECT_EQ(text, got);
    close(fds[0]);
    close(fds[1]);
    ki_os_write(-1, "x", 1); /* nobody to tell */
}

namespace
{

std::atomic<int> last_signal;

}    // namespace

TEST(Os, ASignalGoesToItsHandlerUntilItIsGivenBack)
{
    last_signal = 0;
    ASSERT_EQ(0, ki_os_signal_set(SIGUSR1, [](int signo) {
                  last_signal = signo;
                  errno = EAGAIN;
              }));
    errno = ENOENT;
    const int rc = raise(SIGUSR1);
    const int code = errno;

    EXPECT_EQ(0, rc);
    EXPECT_EQ(ENOENT, code) << "whoever was interrupted may be about to read it";
    EXPECT_EQ(SIGUSR1, last_signal);

    ASSERT_EQ(0, ki_os_signal_set(SIGUSR1, nullptr));
    struct sigaction a;
    ASSERT_EQ(0, sigaction(SIGUSR1, nullptr, &a));
    EXPECT_EQ(SIG_DFL, a.sa_handler);
    EXPECT_LT(ki_os_signal_set(SIGKILL, nullptr), 0) << "a code, not a crash";
    EXPECT_LT(ki_os_signal_set(12345, nullptr), 0);
}

TEST(Os, AWorkerBlocksSignalsButNotItsOwnFaults)
{
    sigset_t set;

    std::thread([&] {
        ki_os_block_signals();
        pthread_sigmask(SIG_BLOCK, nullptr, &set);
    }).join();
    for (const int blocked : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCHLD, SIGPIPE})
        EXPECT_EQ(1, sigismember(&set, blocked)) << blocked;
    for (const int open : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGPROF})
        EXPECT_EQ(0, sigismember(&set, open)) << open;
}
