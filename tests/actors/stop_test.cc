/* SPDX-License-Identifier: Apache-2.0
 * stop_test.cc -- a stop: who is waited for, asked, killed, and named. */
#include "tests/support/idle.h"
#include "tests/support/stop.h"

#include <atomic>
#include <csignal>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace
{

const kith_reason of_kill = {KITH_KILL, 0, ""};
const kith_iov none = {nullptr, 0};

int
wait_for_ever(void *)
{
    const kith_msg *m;

    while (kith_receive(&m, KITH_INFINITY) == 0)
        ;
    return 0;
}

void
do_nothing(void *)
{
}

using Stop = kt_stop;

TEST_F(Stop, WithNobodyLeftIsQuick)
{
    const std::int64_t begin = kt_now_ms();

    EXPECT_EQ(0, kith_stop(100000, 100000));

    EXPECT_LE(kt_now_ms() - begin, kt_patience(5000));
}

TEST_F(Stop, WaitsForThoseThatEndByThemselves)
{
    static std::atomic<int> ended;

    ended = 0;
    for (int i = 0; i < 10; i++)
        spawn([] {
            while (!kith_stopping())
                ASSERT_EQ(0, kith_sleep(1));
            ASSERT_EQ(0, kith_sleep(5));
            ended++;
        });
    EXPECT_EQ(0, kith_stop(kt_patience(20000), 0));

    EXPECT_EQ(10, ended);
}

TEST_F(Stop, ThenAsksThoseThatAreLeftToShutDown)
{
    static std::atomic<int> trapping, asked;

    trapping = asked = 0;
    for (int i = 0; i < 10; i++)
        spawn([] {
            const kith_msg *m;

            kith_flag_trap_exit(true);
            trapping++;
            ASSERT_EQ(0, kith_receive_tag(KITH_TAG_EXIT, &m, KITH_INFINITY));
            asked += kt_down(m).why.kind == KITH_SHUTDOWN;
        });
    ASSERT_EQ(0, kith_spawn(wait_for_ever, nullptr, 0, nullptr));
    ASSERT_TRUE(kt_until([] { return trapping == 10; }));

    EXPECT_EQ(0, kith_stop(0, kt_patience(20000)));

    EXPECT_EQ(10, asked);
}

TEST_F(Stop, ThenKillsAndSaysHowMany)
{
    const kith_pid me = kith_self();
    const kith_msg *m;
    static std::atomic<int> deferred;

    deferred = 0;
    for (int i = 0; i < 5; i++)
        ASSERT_EQ(0, kith_spawn(kt_trap_and_wait, &me, sizeof me, nullptr));
    spawn([me] {
        kith_flag_trap_exit(true);
        ASSERT_EQ(0, kith_defer([](void *) { deferred++; }, nullptr));
        kt_ignore(kith_send(me, 1, nullptr, 0));
        const kith_msg *got;
        while (kith_receive(&got, KITH_INFINITY) == 0)
            ;
    });
    for (int i = 0; i < 6; i++)
        ASSERT_EQ(0, kith_receive_tag(1, &m, kt_long()));
    const std::int64_t begin = kt_now_ms();

    testing::internal::CaptureStderr();
    EXPECT_EQ(6, kith_stop(30, 20));
    const std::string said = testing::internal::GetCapturedStderr();

    EXPECT_GE(kt_now_ms() - begin, 50);
    EXPECT_EQ(1, deferred);
    EXPECT_NE(std::string::npos, said.find("trap_and_wait")) << said;
}

TEST_F(Stop, EndsTheWaitsOfPlainThreads)
{
    static std::atomic<int> codes[5], ready;
    kith_pid pid;
    kith_socket s;
    std::vector<std::thread> threads;

    ready = 0;
    ASSERT_EQ(0, kith_spawn(kt_trap_and_wait, nullptr, 0, &pid));
    ASSERT_EQ(0, kith_tcp_listen("127.0.0.1:0", &s));
    threads.emplace_back([] {
        const kith_msg *m;

        ready++;
        codes[0] = kith_receive(&m, KITH_INFINITY);
    });
    threads.emplace_back([] {
        ready++;
        codes[1] = kith_sleep(KITH_INFINITY);
    });
    threads.emplace_back([] {
        kith_socket c;

        int rc = kith_tcp_listen("127.0.0.1:0", &c);
        ready++;
        codes[2] = rc < 0 ? rc : kith_socket_accept(c, KITH_INFINITY, &c);
    });
    threads.emplace_back([] {
        const kith_msg *m;

        ready++;
        codes[3] = kith_receive_tag(5, &m, 1000000);
    });
    threads.emplace_back([pid] {
        ready++;
        kith_reason why = {};
        const int rc = kith_wait(pid, &why, KITH_INFINITY);
        /* It may hear the kill. */
        codes[4] = rc == 0 && (why.kind == KITH_KILLED || why.kind == KITH_NOPROC)
                       ? KITH_ESTOPPED
                       : rc;
    });
    ASSERT_TRUE(kt_until([] { return ready == 5; }));
    ASSERT_EQ(0, kith_sleep(5));

    EXPECT_EQ(1, kith_stop(0, 0));

    for (std::thread &t : threads)
        t.join();
    for (const auto &c : codes)
        EXPECT_EQ(KITH_ESTOPPED, c) << &c - codes;
}

/* In the mailbox of another thread, which nobody empties. */
TEST_F(Stop, EndsAPlainThreadsWaitForRoomWithEstopped)
{
    std::atomic<std::uint64_t> full{0};
    std::atomic<bool> over{false};
    std::atomic<int> code{0};
    std::thread other([&] {
        ASSERT_EQ(0, kith_flag_mailbox(1, 0, KITH_MAILBOX_FAIL));
        ASSERT_EQ(0, kith_send(kith_self(), 1, nullptr, 0));
        full = kith_self().id;
        kt_until([&] { return over.load(); });
    });
    ASSERT_TRUE(kt_until([&] { return full != 0; }));
    std::atomic<std::uint64_t> sender{0};
    std::thread waiter([&] {
        sender = kith_self().id;
        code = kith_send_wait({full}, 1, nullptr, 0, KITH_INFINITY);
    });
    ASSERT_TRUE(kt_until([&] {
        struct kith_process_info i = KITH_PROCESS_INFO_INIT;

        return sender && kith_process_info({sender}, &i) == 0 &&
               std::strcmp(i.waits_for, "send_wait") == 0;
    }));

    EXPECT_EQ(0, kith_stop(0, 0));

    waiter.join();
    EXPECT_EQ(KITH_ESTOPPED, code);
    over = true;
    other.join();
}

/* Of a call to another thread: no socket's close and no death answers it before. */
TEST_F(Stop, EndsTheAwaitOfAPlainThreadWithEstopped)
{
    std::atomic<std::uint64_t> callee{0};
    std::atomic<bool> over{false}, calling{false};
    std::atomic<std::ptrdiff_t> code{0};
    std::thread other([&] {
        callee = kith_self().id;
        kt_until([&] { return over.load(); });
    });
    ASSERT_TRUE(kt_until([&] { return callee != 0; }));
    std::thread caller([&] {
        kith_future f;

        ASSERT_EQ(0, kith_call_start({callee}, 1, none, none, KITH_INFINITY, &f));
        calling = true;
        code = kith_await(f, KITH_INFINITY);
    });
    ASSERT_TRUE(kt_until([&] { return calling.load(); }));

    EXPECT_EQ(0, kith_stop(0, 0));

    caller.join();
    EXPECT_EQ(KITH_ESTOPPED, code);
    over = true;
    other.join();
}

/* However late: the next start kills it before it does anything. */
TEST_F(Stop, WhatIsSpawnedDuringItDoesNotRunInTheNextRun)
{
    static std::atomic<int> ran;
    static std::atomic<bool> spawning;
    const auto spawn_one_by_one = [] {
        const auto body = [](void *) {
            ran++;
            return 0;
        };

        for (int n = ran; kith_spawn(body, nullptr, 0, nullptr) == 0; n = ran) {
            spawning = true;
            while (n == ran && kith_send({1}, 1, nullptr, 0) != KITH_ESTOPPED)
                ;
        }
    };

    for (std::size_t round = kt_scale(300); round > 0; round--) {
        spawning = false;
        std::thread t(spawn_one_by_one);
        ASSERT_TRUE(kt_until([] { return spawning.load(); }));
        /* It ends in a moment without processes. More may come while it ends. */
        kt_ignore(kith_stop(kt_patience(20000), 0));    // KITH_ESTUCK, if it saw one
        t.join();
        const int before = ran;

        ASSERT_TRUE(kt_until([] { return kith_start(nullptr) == 0; }));
        ASSERT_TRUE(kt_until([] { return kt_processes() == 0; }));
        ASSERT_EQ(before, ran);
    }
}

TEST_F(Stop, NobodyBeginsToListenOnceItHasBegun)
{
    static std::atomic<int> rc;

    rc = 0;
    spawn([] {
        kith_socket s;

        while (!kith_stopping())
            ASSERT_EQ(0, kith_sleep(1));
        rc = kith_tcp_listen("127.0.0.1:0", &s);
    });

    EXPECT_EQ(0, kith_stop(kt_patience(20000), 0));

    EXPECT_EQ(KITH_ESTOPPED, rc);
}

TEST_F(Stop, KithExitStillEndsAPlainThread)
{
    static std::atomic<bool> attached, stopped, after;

    attached = stopped = after = false;
    std::thread t([] {
        attached = kith_self().id != 0;
        kt_until([] { return stopped.load(); });
        kith_exit(of_kill);
        after = true;
    });
    ASSERT_TRUE(kt_until([] { return attached.load(); }));

    EXPECT_EQ(0, kith_stop(0, 0));
    stopped = true;

    t.join();
    EXPECT_FALSE(after);
}

TEST_F(Stop, AThreadsPidDoesNotOutliveIt)
{
    std::atomic<int> step{0};
    kith_pid before = {0}, after = {0};
    std::thread t([&] {
        ASSERT_EQ(0, kith_register("t", kith_self()));
        before = kith_self();
        step = 1;
        while (step != 2)
            kt_pause_ms(1);
        after = kith_self();
        step = 3;
        while (step != 4)
            kt_pause_ms(1);
    });
    ASSERT_TRUE(kt_until([&] { return step == 1; }));
    EXPECT_EQ(0, kith_stop(0, 0));
    ASSERT_EQ(0, kith_start(nullptr));

    EXPECT_EQ(0u, kith_whereis("t").id);
    EXPECT_EQ(KITH_ENOPROC, kith_send(before, 1, nullptr, 0));
    step = 2;
    ASSERT_TRUE(kt_until([&] { return step == 3; }));
    EXPECT_NE(before.id, after.id);
    EXPECT_EQ(0, kith_send(after, 1, nullptr, 0));
    EXPECT_EQ(KITH_ENOPROC, kith_send(before, 1, nullptr, 0));
    step = 4;
    t.join();
    EXPECT_EQ(KITH_ENOPROC, kith_send(after, 1, nullptr, 0));
}

TEST_F(Stop, TimersEndWithIt)
{
    kith_ref timers[20];
    std::uint64_t big[100] = {0};
    kith_pid pid;
    kith_future f;
    const kith_msg *m;

    ASSERT_EQ(0, kith_spawn(wait_for_ever, nullptr, 0, &pid));
    for (int i = 0; i < 20; i++)
        ASSERT_EQ(0, kith_send_after(i < 10 ? 1000000 : 2, i % 2 != 0 ? pid : kith_self(),
                                     1, KITH_IOV(big), &timers[i]));
    in_process([&timers, pid] {
        for (int i = 0; i < 10; i++)
            ASSERT_EQ(0, kith_send_after(1000000, pid, 1, none, &timers[i]));
    });
    ASSERT_EQ(0, kith_call_start(pid, 1, none, none, 1000000, &f));
    kt_ignore(kith_exit_signal(pid, of_kill));
    EXPECT_EQ(0, kith_stop(kt_patience(20000), 0));
    {
        const kt_env one("KITH_WORKERS", "1");
        ASSERT_EQ(0, kith_start(nullptr));
    }

    for (const kith_ref t : timers)
        EXPECT_EQ(KITH_ENOENT, kith_cancel_timer(t, nullptr));
    EXPECT_EQ(KITH_ECLOSED, kith_cancel(f));
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 10));
}

TEST_F(Stop, AThreadMayEndAfterIt)
{
    std::atomic<int> step{0};
    std::thread t([&] {
        std::vector<char> big(100000);

        ASSERT_EQ(0, kith_send(kith_self(), 1, big.data(), big.size()));
        ASSERT_EQ(0, kith_defer(do_nothing, nullptr));
        ASSERT_NE(nullptr, kith_alloc(1000));
        step = 1;
        while (step != 2)
            kt_pause_ms(1);
    });
    ASSERT_TRUE(kt_until([&] { return step == 1; }));
    EXPECT_EQ(0, kith_stop(0, 0));
    step = 2;
    t.join();
}

TEST_F(Stop, InAProcessOnlyBegins)
{
    static std::atomic<int> rc;
    static std::atomic<bool> saw;

    rc = 1;
    saw = false;
    spawn([] {
        rc = kith_stop(kt_patience(20000), 0);
        while (!kith_stopping())
            if (kith_sleep(1) != 0)
                return;
        saw = kith_sleep(5) == 0;    // it has the drain to go on
    });

    EXPECT_TRUE(kt_until([] { return kith_send({1}, 1, nullptr, 0) == KITH_ESTOPPED; }));
    EXPECT_EQ(0, rc);
    EXPECT_TRUE(saw);
}

TEST_F(Stop, OfManyAtOnceOneStops)
{
    static std::atomic<int> answered;
    std::vector<std::thread> threads;

    answered = 0;
    ASSERT_EQ(0, kith_spawn(wait_for_ever, nullptr, 0, nullptr));
    for (int i = 0; i < 8; i++)
        threads.emplace_back([] {
            const int rc = kith_stop(10, kt_patience(10000));

            answered += rc == 0 || rc == KITH_ESTOPPED;
        });
    for (std::thread &t : threads)
        t.join();

    EXPECT_EQ(8, answered);
    EXPECT_EQ(KITH_ESTOPPED, kith_send({1}, 1, nullptr, 0));
    EXPECT_EQ(0u, kt_processes());
}

TEST_F(Stop, AThreadThatWasKilledMayStopToo)
{
    std::atomic<int> rc{1}, again{1};
    std::atomic<std::uint64_t> id{0};
    std::thread t([&] {
        const kith_msg *m;

        id = kith_self().id;
        ASSERT_EQ(KITH_EKILLED, kith_receive(&m, KITH_INFINITY));
        rc = kith_stop(0, kt_patience(10000));
        again = kith_stop(0, 0);
    });

    ASSERT_TRUE(kt_until([&] { return id != 0; }));
    ASSERT_EQ(0, kith_exit_signal({id}, kith_reason_of(KITH_KILL, 0, nullptr)));
    t.join();

    EXPECT_EQ(0, rc);
    EXPECT_EQ(KITH_ESTOPPED, again);
    EXPECT_EQ(KITH_ESTOPPED, kith_send({1}, 1, nullptr, 0));
}

TEST_F(Stop, AnInfiniteDrainWaitsForAll)
{
    static std::atomic<bool> ended;

    ended = false;
    spawn([] {
        while (!kith_stopping())
            if (kith_sleep(1) != 0)
                return;
        ended = kith_sleep(20) == 0;
    });
    EXPECT_EQ(0, kith_stop(KITH_INFINITY, 0));
    EXPECT_TRUE(ended);
}

TEST_F(Stop, ThreadsThatComeAndGoMeanwhileAllGetOn)
{
    const std::size_t rounds = kt_scale(100);

    for (std::size_t i = 0; i < rounds; i++) {
        std::atomic<bool> over = false;
        std::vector<std::thread> threads;

        for (int n = 0; n < 4; n++)
            threads.emplace_back([&over, n] {
                while (!over)
                    std::thread([n] {
                        const kith_msg *m;
                        kith_socket s;

                        if (n % 2 == 0)
                            kt_ignore(kith_receive(&m, 20));
                        else if (kith_tcp_listen("127.0.0.1:0", &s) == 0)
                            kt_ignore(kith_socket_accept(s, 20, &s));
                    }).join();
            });
        kith_yield();
        kt_ignore(kith_stop(0, 0));
        over = true;
        for (std::thread &t : threads)
            t.join();
        ASSERT_EQ(0, kith_start(nullptr));
    }
}

#ifndef KT_TSAN /* which keeps signals of a forked child to itself */
TEST_F(Stop, AForkedChildEndsOfASignalThatIsTheParents)
{
    const kith_msg *m;
    int status = 0;

    ASSERT_EQ(0, kith_signal(SIGUSR1, 7));
    const pid_t child = fork();
    if (child == 0) {
        raise(SIGUSR1);
        _exit(0);
    }
    ASSERT_EQ(child, waitpid(child, &status, 0));
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1) << status;
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 10)) << "it is no signal to the parent";
}
#endif

}    // namespace
