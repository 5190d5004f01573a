/* SPDX-License-Identifier: Apache-2.0
 * thread_test.cc -- plain threads: each counts as a process, and its end is its death. */
#include "tests/support/idle.h"
#include "tests/support/sockets.h"

#include <atomic>
#include <pthread.h>
#include <set>
#include <thread>
#include <vector>

namespace
{

using Thread = kt_runtime;

const kith_reason of_kill = {KITH_KILL, 0, ""};
const kith_reason of_shutdown = {KITH_SHUTDOWN, 0, ""};

int
echo(void *)
{
    const kith_msg *m;
    int rc;

    while ((rc = kith_receive(&m, KITH_INFINITY)) == 0 && m->tag != 0)
        kt_ignore(kith_send(m->from, m->tag, m->data, m->len));
    return rc;
}

TEST_F(Thread, HasAPidThatStays)
{
    const kith_pid me = kith_self();
    kith_pid other = {0};

    EXPECT_NE(0u, me.id);
    EXPECT_EQ(me.id, kith_self().id);
    std::thread([&] {
        other = kith_self();
        EXPECT_EQ(other.id, kith_self().id);
    }).join();
    EXPECT_NE(0u, other.id);
    EXPECT_NE(me.id, other.id);
}

TEST_F(Thread, TalksToProcesses)
{
    kith_pid pid;

    ASSERT_EQ(0, kith_spawn(echo, nullptr, 0, &pid));
    for (std::uint64_t i = 1; i <= kt_scale(2000); i++) {
        ASSERT_EQ(0, kt_send(pid, i, i));
        const kith_msg *m = kt_receive();
        ASSERT_NE(nullptr, m);
        ASSERT_EQ(pid.id, m->from.id);
        ASSERT_EQ(i, kt_number(m));
    }
    ASSERT_EQ(0, kith_send(pid, 0, nullptr, 0));
}

TEST_F(Thread, TalksToThreads)
{
    const kith_pid me = kith_self();
    const std::uint64_t n = kt_scale(5000);

    std::thread other([=] {
        for (std::uint64_t i = 0; i < n; i++) {
            ASSERT_EQ(0, kt_send(me, 1, i));
            const kith_msg *m = kt_receive();
            ASSERT_NE(nullptr, m);
            ASSERT_EQ(i, kt_number(m));
        }
    });
    for (std::uint64_t i = 0; i < n; i++) {
        const kith_msg *m = kt_receive();
        ASSERT_NE(nullptr, m);
        ASSERT_EQ(0, kith_send(m->from, 1, m->data, m->len));
    }
    other.join();
}

TEST_F(Thread, WaitsNoLongerThanItsTimeout)
{
    const kith_msg *m;

    std::thread([&] {
        for (const kith_ms t : {0, 1, 3, 20}) {
            const kith_ms begin = kith_deadline(0);
            EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, t));
            EXPECT_GE(kith_deadline(0), begin + t);
            EXPECT_EQ(0, kith_sleep(t));
            EXPECT_GE(kith_deadline(0), begin + 2 * t);
        }
    }).join();
}

TEST_F(Thread, AMessageRacingATimeoutIsNotLost)
{
    const kith_pid me = kith_self();
    const std::uint64_t n = kt_scale(3000);
    std::uint64_t got = 0;

    const kith_pid sender = spawn([=] {
        for (std::uint64_t i = 0; i < n; i++) {
            ASSERT_EQ(0, kt_send(me, 1, i));
            if (i % 8 == 0) {
                ASSERT_EQ(0, kith_sleep(1));
            }
        }
    });
    (void) sender;
    const std::int64_t end = kt_now_ms() + kt_long();
    while (got < n && kt_now_ms() < end) {
        const kith_msg *m;

        if (kith_receive(&m, 1) == 0) {
            ASSERT_EQ(got, kt_number(m));
            got++;
        }
    }
    EXPECT_EQ(n, got);
}

TEST_F(Thread, ItsEndIsADeathOfReasonNormal)
{
    std::atomic<std::uint64_t> id{0};
    std::atomic<bool> go{false};
    std::thread t([&] {
        id = kith_self().id;
        while (!go)
            kt_pause_ms(1);
    });
    ASSERT_TRUE(kt_until([&] { return id != 0; }));
    const kith_pid pid = {id};
    kith_ref ref;
    ASSERT_EQ(0, kith_monitor(pid, &ref));

    go = true;

    EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
    t.join();
    EXPECT_EQ(KITH_ENOPROC, kith_send(pid, 1, nullptr, 0));
}

TEST_F(Thread, ItsEndFreesNamesAndTellsLinks)
{
    kith_pid linked = {0};
    kith_ref ref;

    std::thread([&] {
        ASSERT_EQ(0, kith_register("thread", kith_self()));
        ASSERT_EQ(0,
                  kith_spawn_link(
                      [](void *) {
                          const kith_msg *m;

                          kith_flag_trap_exit(true);
                          const int rc = kith_receive_tag(KITH_TAG_EXIT, &m, KITH_INFINITY);
                          return rc < 0 ? rc : kt_down(m).why.kind == KITH_NORMAL ? 3 : 4;
                      },
                      nullptr, 0, &linked));
        EXPECT_EQ(kith_self().id, kith_whereis("thread").id);
        /* Until it traps; else the exit of reason normal would pass it by. */
        ASSERT_EQ(0, kith_sleep(kt_patience(20)));
    }).join();

    EXPECT_EQ(0u, kith_whereis("thread").id);
    ASSERT_EQ(0, kith_monitor(linked, &ref));
    const kith_reason why = kt_why(ref);
    EXPECT_TRUE(why.kind == KITH_NOPROC || why.code == 3) << why;
}

TEST_F(Thread, ItsDeferredFunctionsRunAtItsEnd)
{
    static std::atomic<int> ran;

    ran = 0;
    std::thread([] {
        ASSERT_EQ(0, kith_defer(
                         [](void *) {
                             const kith_msg *m;

                             EXPECT_NE(0u, kith_self().id);
                             EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 1));
                             ran++;
                         },
                         nullptr));
        EXPECT_NE(nullptr, kith_alloc(100));
    }).join();

    EXPECT_EQ(1, ran);
}

TEST_F(Thread, ItsUnreadMailIsFreed)
{
    std::vector<char> big(100000);

    std::thread([&] {
        for (int i = 0; i < 20; i++)
            ASSERT_EQ(0, kith_send(kith_self(), 1, big.data(), big.size()));
        const kith_msg *m = kt_receive();
        ASSERT_NE(nullptr, m);
        kith_msg *kept = kith_msg_keep(m);
        ASSERT_NE(nullptr, kept);
        kith_msg_free(kept);
        ASSERT_NE(nullptr, kt_receive());
        ASSERT_EQ(0, kith_send_after(1000000, kith_self(), 1,
                                     kith_iov_of(big.data(), big.size()), nullptr));
    }).join();
}

TEST_F(Thread, MonitorsLikeAnyProcess)
{
    std::thread([] {
        kith_pid pid;
        kith_ref ref;

        ASSERT_EQ(0, kith_spawn_monitor(kt_wait_for_ever, nullptr, 0, &pid, &ref));
        EXPECT_EQ(0, kith_exit_signal(pid, of_shutdown));
        EXPECT_EQ(KITH_SHUTDOWN, kt_why(ref).kind);
    }).join();
}

TEST_F(Thread, AKillEndsItsWait)
{
    std::atomic<std::uint64_t> id{0};
    std::atomic<int> first{0}, second{0}, third{0};
    std::thread t([&] {
        const kith_msg *m;

        ASSERT_EQ(0, kith_register("doomed", kith_self()));
        id = kith_self().id;
        first = kith_receive(&m, KITH_INFINITY);
        second = kith_send({id}, 1, nullptr, 0);
        third = kith_sleep(KITH_INFINITY);
    });
    ASSERT_TRUE(kt_until([&] { return id != 0; }));
    kith_ref ref;
    ASSERT_EQ(0, kith_monitor({id}, &ref));

    EXPECT_EQ(0, kith_exit_signal({id}, of_kill));

    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    EXPECT_EQ(0u, kith_whereis("doomed").id);
    t.join();
    EXPECT_EQ(KITH_EKILLED, first);
    EXPECT_EQ(KITH_EKILLED, second);
    EXPECT_EQ(KITH_EKILLED, third);
}

/* Not only at its next call: it may make none. */
TEST_F(Thread, AKillIsItsDeathInTheCallItWaitsIn)
{
    static std::atomic<bool> ready;
    static const auto recv_start = [](kith_socket s, char *c) {
        kith_future f = {0};

        EXPECT_EQ(0, kith_socket_recv_start(s, c, 1, 0, KITH_INFINITY, &f));
        ready = true;
        return f;
    };
    static std::ptrdiff_t (*const waits[])() = {
        []() -> std::ptrdiff_t {
            const kt_pair p = kt_pair_import();
            char c;

            ready = true;
            return kith_socket_recv(p.far, &c, 1, 0, KITH_INFINITY);
        },
        []() -> std::ptrdiff_t {
            const kt_pair p = kt_pair_import();
            char c;

            return kith_await(recv_start(p.far, &c), KITH_INFINITY);
        },
        []() -> std::ptrdiff_t {
            const kt_pair p = kt_pair_import();
            char c;
            const kith_future f = recv_start(p.far, &c);

            return kith_await_any(&f, 1, KITH_INFINITY);
        },
    };

    for (const auto wait : waits) {
        std::atomic<std::uint64_t> id{0};
        std::atomic<std::ptrdiff_t> code{0};
        std::atomic<bool> go{false};
        kith_ref ref;

        ready = false;
        std::thread t([&] {
            id = kith_self().id;
            code = wait();
            kt_until([&] { return go.load(); });
        });
        ASSERT_TRUE(kt_until([] { return ready.load(); }));
        EXPECT_EQ(0, kith_monitor({id}, &ref));
        EXPECT_EQ(0, kith_exit_signal({id}, of_kill));

        EXPECT_EQ(KITH_KILLED, kt_why(ref).kind) << "the thread itself lives";
        EXPECT_TRUE(kt_until([&] { return code != 0; }));
        EXPECT_EQ(KITH_EKILLED, code);
        go = true;
        t.join();
    }
}

TEST_F(Thread, ExitEndsAlsoOneThatWasKilled)
{
    std::atomic<std::uint64_t> id{0};
    std::atomic<int> code{0};
    std::atomic<bool> after{false};
    std::thread t([&] {
        const kith_msg *m;

        id = kith_self().id;
        code = kith_receive(&m, KITH_INFINITY);
        kith_exit(of_shutdown);
        after = true;
    });
    ASSERT_TRUE(kt_until([&] { return id != 0; }));

    EXPECT_EQ(0, kith_exit_signal({id}, of_kill));

    t.join();
    EXPECT_EQ(KITH_EKILLED, code);
    EXPECT_FALSE(after);
}

TEST_F(Thread, ASignalItTrapsIsAMessage)
{
    std::atomic<std::uint64_t> id{0};
    std::thread t([&] {
        const kith_msg *m;

        kith_flag_trap_exit(true);
        id = kith_self().id;
        ASSERT_EQ(0, kith_receive_tag(KITH_TAG_EXIT, &m, kt_long()));
        EXPECT_EQ(KITH_SHUTDOWN, kt_down(m).why.kind);
        EXPECT_EQ(0, kith_sleep(1)) << "and it lives";
    });
    ASSERT_TRUE(kt_until([&] { return id != 0; }));
    EXPECT_EQ(0, kith_exit_signal({id}, of_shutdown));
    t.join();
}

TEST_F(Thread, ThatNeverCalledMayEnd)
{
    std::thread([] {}).join();
    std::thread([] { EXPECT_FALSE(kith_stopping()); }).join();
    std::thread([] { pthread_exit(nullptr); }).join();
}

TEST_F(Thread, ManyAtOnce)
{
    constexpr int n = 32;
    std::vector<std::thread> threads;
    static std::atomic<std::uint64_t> sum;
    const std::uint64_t each = kt_scale(500);
    kith_pid server;

    sum = 0;
    ASSERT_EQ(0, kith_spawn(echo, nullptr, 0, &server));
    for (int i = 0; i < n; i++)
        threads.emplace_back([=] {
            for (std::uint64_t k = 1; k <= each; k++) {
                ASSERT_EQ(0, kt_send(server, 1, k));
                sum += kt_number(kt_receive());
                kith_pid child;
                kith_ref ref;
                if (k % 16 == 0) {
                    ASSERT_EQ(0, kith_spawn_monitor([](void *) { return 0; }, nullptr, 0,
                                                    &child, &ref));
                    EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
                }
            }
        });
    for (std::thread &t : threads)
        t.join();

    EXPECT_EQ(n * each * (each + 1) / 2, sum);
    ASSERT_EQ(0, kith_send(server, 0, nullptr, 0));
}

TEST_F(Thread, ShortLivedOnesLeaveNothing)
{
    static std::atomic<std::size_t> downs;
    const std::size_t n = kt_scale(500);

    downs = 0;
    for (std::size_t i = 0; i < n; i++) {
        kith_pid pid = {0};
        std::thread([&pid] { pid = kith_self(); }).join();
        ASSERT_EQ(KITH_ENOPROC, kith_send(pid, 1, nullptr, 0));
    }
}

}    // namespace
