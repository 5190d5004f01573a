/* SPDX-License-Identifier: Apache-2.0
 * receive_test.cc -- which message a receive takes, and how long it waits. */
#include "tests/support/runtime.h"

#include <atomic>
#include <thread>
#include <vector>

namespace
{

using Receive = kt_runtime;

void
send_numbers(kith_pid to, std::uint64_t n)
{
    for (std::uint64_t i = 0; i < n; i++)
        ASSERT_EQ(0, kt_send(to, i, i));
}

bool
is_even(const kith_msg *m, void *)
{
    return m->tag % 2 == 0;
}

bool
count_and_refuse(const kith_msg *, void *ctx)
{
    ++*static_cast<std::size_t *>(ctx);
    return false;
}

TEST_F(Receive, TakesTheOldest)
{
    send_numbers(kith_self(), 10);

    for (std::uint64_t i = 0; i < 10; i++)
        EXPECT_EQ(i, kt_number(kt_receive()));
}

TEST_F(Receive, ByTagLeavesTheOthersInOrder)
{
    const kith_msg *m;

    send_numbers(kith_self(), 6);

    ASSERT_EQ(0, kith_receive_tag(3, &m, 0));
    EXPECT_EQ(3u, kt_number(m));
    ASSERT_EQ(0, kith_receive_tag(5, &m, 0)) << "the newest";
    ASSERT_EQ(0, kith_receive_tag(0, &m, 0)) << "the oldest";
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive_tag(3, &m, 0));
    ASSERT_EQ(0, kt_send(kith_self(), 9, 9));
    for (const std::uint64_t i : {1u, 2u, 4u, 9u})
        EXPECT_EQ(i, kt_number(kt_receive()));
}

TEST_F(Receive, ByTagTakesTheOldestOfThem)
{
    const kith_msg *m;

    for (std::uint64_t i = 0; i < 10; i++)
        ASSERT_EQ(0, kt_send(kith_self(), i % 2, i));

    for (const std::uint64_t i : {1u, 3u, 5u, 7u, 9u}) {
        ASSERT_EQ(0, kith_receive_tag(1, &m, 0));
        EXPECT_EQ(i, kt_number(m));
    }
    for (const std::uint64_t i : {0u, 2u, 4u, 6u, 8u})
        EXPECT_EQ(i, kt_number(kt_receive()));
}

TEST_F(Receive, ByTagTakesSystemTagsToo)
{
    kith_ref ref;
    const kith_msg *m;

    ASSERT_EQ(0, kt_send(kith_self(), 1, 1));
    ASSERT_EQ(0, kith_monitor({0}, &ref));

    ASSERT_EQ(0, kith_receive_tag(KITH_TAG_DOWN, &m, kt_long()));
    EXPECT_EQ(ref.id, m->ref.id);
    EXPECT_EQ(1u, kt_number(kt_receive()));
}

TEST_F(Receive, ByRefTakesTheDownAndTheTimersMessage)
{
    kith_ref down, timer;
    const kith_msg *m;

    ASSERT_EQ(0, kt_send(kith_self(), 1, 1));
    ASSERT_EQ(0, kith_send_after(1, kith_self(), 2, {nullptr, 0}, &timer));
    ASSERT_EQ(0, kith_monitor({0}, &down));

    ASSERT_EQ(0, kith_receive_ref(timer, &m, kt_long()));
    EXPECT_EQ(2u, m->tag);
    ASSERT_EQ(0, kith_receive_ref(down, &m, kt_long()));
    EXPECT_EQ(KITH_TAG_DOWN, m->tag);
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive_ref(down, &m, 0));
    EXPECT_EQ(1u, kt_number(kt_receive()));
}

TEST_F(Receive, ARefOfNothingIsRefused)
{
    const kith_msg *m;

    ASSERT_EQ(0, kith_send(kith_self(), 1, nullptr, 0));
    EXPECT_EQ(KITH_EINVAL, kith_receive_ref({0}, &m, 0))
        << "plain messages have a zero ref";
}

TEST_F(Receive, WithNowhereToPutItIsRefused)
{
    EXPECT_EQ(KITH_EINVAL, kith_receive(nullptr, 0));
    EXPECT_EQ(KITH_EINVAL, kith_receive_tag(1, nullptr, 0));
    const kith_msg *m;
    EXPECT_EQ(KITH_EINVAL, kith_receive_match(nullptr, nullptr, &m, 0));
}

TEST_F(Receive, ByPredicateLeavesTheOthersInOrder)
{
    const kith_msg *m;

    send_numbers(kith_self(), 7);

    for (const std::uint64_t i : {0u, 2u, 4u, 6u}) {
        ASSERT_EQ(0, kith_receive_match(is_even, nullptr, &m, 0));
        EXPECT_EQ(i, kt_number(m));
    }
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive_match(is_even, nullptr, &m, 0));
    for (const std::uint64_t i : {1u, 3u, 5u})
        EXPECT_EQ(i, kt_number(kt_receive()));
}

TEST_F(Receive, APredicateSeesEachMessageOnce)
{
    in_process([] {
        const kith_pid me = kith_self();
        std::size_t calls = 0;
        const kith_msg *m;

        send_numbers(me, 100);
        kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
        kith_pid sender;
        ASSERT_EQ(0, kith_spawn_opt(
                         &o,
                         [](void *to) {
                             for (std::uint64_t i = 0; i < 100; i++) {
                                 kt_ignore(kt_send(*static_cast<kith_pid *>(to), i, i));
                                 kith_yield();
                             }
                             return 0;
                         },
                         &me, sizeof me, &sender));

        EXPECT_EQ(KITH_ETIMEOUT, kith_receive_match(count_and_refuse, &calls, &m, 50));
        const std::size_t first = calls;
        EXPECT_GE(first, 100u);
        EXPECT_LE(first, 200u);
        kith_reason why;
        ASSERT_EQ(0, kith_wait(sender, &why, kt_long()));

        calls = 0;
        EXPECT_EQ(KITH_ETIMEOUT, kith_receive_match(count_and_refuse, &calls, &m, 0));
        EXPECT_EQ(200u, calls);
        for (std::uint64_t i = 0; i < 200; i++)
            ASSERT_EQ(i % 100, kt_number(kt_receive())) << "and all keep their order";
    });
}

TEST_F(Receive, OutOfALongInboxInAnyOrder)
{
    const std::uint64_t n = kt_scale(10000);
    const kith_msg *m;

    send_numbers(kith_self(), n);

    for (std::uint64_t i = n; i-- > n - 50;) {
        ASSERT_EQ(0, kith_receive_tag(i, &m, 0));
        ASSERT_EQ(i, kt_number(m));
    }
    for (std::uint64_t i = 0; i < n - 50; i++)
        ASSERT_EQ(i, kt_number(kt_receive()));
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
}

TEST_F(Receive, ATimeoutOfZeroTakesOnlyWhatIsThere)
{
    const auto check = [] {
        const kith_msg *m;

        for (const kith_ms t : {kith_ms{0}, kith_ms{-1}, kith_ms{-1000000}})
            EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, t));
        ASSERT_EQ(0, kt_send(kith_self(), 1, 1));
        EXPECT_EQ(0, kith_receive(&m, 0));
    };

    check();
    in_process(check);
}

TEST_F(Receive, ATimeoutIsNeverEarly)
{
    const auto check = [] {
        const kith_msg *m;

        for (const kith_ms t : {1, 2, 5, 20}) {
            const kith_ms begin = kith_deadline(0);
            EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, t));
            EXPECT_GE(kith_deadline(0), begin + t);
        }
    };

    check();
    in_process(check);
}

TEST_F(Receive, AMessageEndsAWaitWithoutLimit)
{
    const kith_pid me = kith_self();
    const kith_msg *m;

    spawn([me] {
        EXPECT_EQ(0, kith_sleep(5));
        EXPECT_EQ(0, kt_send(me, 1, 42));
    });

    ASSERT_EQ(0, kith_receive(&m, KITH_INFINITY));
    EXPECT_EQ(42u, kt_number(m));
}

TEST_F(Receive, OthersDoNotProlongATimeout)
{
    in_process([this] {
        const kith_pid me = kith_self();
        const kith_msg *m;

        const kith_pid noise = spawn([me] {
            while (kith_send(me, 1, nullptr, 0) == 0)
                if (kith_sleep(2) != 0)
                    break;
        });

        EXPECT_EQ(KITH_ETIMEOUT, kith_receive_tag(99, &m, 60));
        kt_ignore(kith_exit_signal(noise, kith_reason_of(KITH_KILL, 0, nullptr)));
    });
}

TEST_F(Receive, ATimeoutThatPassesLeavesNothingBehind)
{
    in_process([] {
        const kith_msg *m;

        /* A timer that is cancelled by a message and one that fires, again and again. */
        for (std::size_t i = kt_scale(2000); i > 0; i--) {
            ASSERT_EQ(0, kith_send_after(1, kith_self(), 7, {nullptr, 0}, nullptr));
            const int rc = kith_receive(&m, 1);
            if (rc == KITH_ETIMEOUT) {
                ASSERT_EQ(0, kith_receive(&m, kt_long()));
            } else {
                ASSERT_EQ(0, rc);
            }
            ASSERT_EQ(7u, m->tag);
            ASSERT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
        }
    });
}

TEST_F(Receive, AFailedOneTakesAwayTheLastMessage)
{
    const kith_msg *m;

    ASSERT_EQ(0, kt_send(kith_self(), 1, 1));
    const kith_msg *first = kt_receive();
    ASSERT_NE(nullptr, first);

    EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
    EXPECT_EQ(nullptr, kith_msg_keep(first)) << "it is gone, even though this one failed";
}

/* ---- any: messages and futures ---- */

int
echo_call(void *, kith_from from, const kith_msg *m)
{
    if (m->tag == 1)    // later: never
        return KITH_CONTINUE;
    kith_reply(from, m->data, m->len);
    return KITH_CONTINUE;
}

constexpr kith_server echo = {
    .state_size = 0,
    .with_stack = false,
    .init = nullptr,
    .call = echo_call,
    .cast = nullptr,
    .info = nullptr,
    .terminate = nullptr,
    .cont = nullptr,
};

TEST_F(Receive, AnyAnswersTheFutureThatIsDone)
{
    kith_pid server;
    std::uint64_t question = 5, answer[2] = {0, 0};
    kith_future f[2];
    const kith_msg *m;

    ASSERT_EQ(0, kith_server_start(&echo, nullptr, nullptr, 0, &server));
    ASSERT_EQ(0, kith_call_start(server, 1, KITH_IOV(question), KITH_IOV(answer[0]),
                                 KITH_INFINITY, &f[0]));
    ASSERT_EQ(0, kith_call_start(server, 2, KITH_IOV(question), KITH_IOV(answer[1]),
                                 KITH_INFINITY, &f[1]));

    EXPECT_EQ(1, kith_receive_any(&m, f, 2, kt_long()));
    EXPECT_EQ(1, kith_receive_any(&m, f, 2, 0)) << "it ends no operation";
    EXPECT_EQ(8, kith_await(f[1], 0));
    EXPECT_EQ(5u, answer[1]);

    EXPECT_EQ(KITH_ETIMEOUT, kith_receive_any(&m, f, 1, 1));
    EXPECT_EQ(0, kith_cancel(f[0]));
    kill(server);
}

TEST_F(Receive, AnyAnswersNForAMessage)
{
    kith_pid server;
    std::uint64_t question = 5, answer = 0;
    kith_future f;
    const kith_msg *m;

    ASSERT_EQ(0, kith_server_start(&echo, nullptr, nullptr, 0, &server));
    ASSERT_EQ(0, kith_call_start(server, 1, KITH_IOV(question), KITH_IOV(answer),
                                 KITH_INFINITY, &f));
    ASSERT_EQ(0, kt_send(kith_self(), 3, 3));

    EXPECT_EQ(1, kith_receive_any(&m, &f, 1, kt_long()));
    EXPECT_EQ(3u, kt_number(m));
    EXPECT_EQ(KITH_ETIMEOUT, kith_await(f, 0));
    EXPECT_EQ(KITH_EINVAL, kith_receive_any(&m, nullptr, 1, 0));
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive_any(&m, nullptr, 0, 0))
        << "no futures: a receive";
    kill(server);
}

struct flood {
    std::atomic<std::uint64_t> to{0};
    std::atomic<bool> on{true};
    std::vector<std::thread> senders;

    flood()
    {
        for (int i = 0; i < 2; i++)
            senders.emplace_back([this] {
                while (on) {
                    /* Bounded: what a slow receiver has not looked at yet is memory. */
                    struct kith_process_info info = KITH_PROCESS_INFO_INIT;
                    const kith_pid pid = {to};

                    if (pid.id != 0 && kith_process_info(pid, &info) == 0 &&
                        info.mailbox_len < 200000)
                        for (int k = 0; k < 100; k++)
                            kt_ignore(kith_send(pid, 7, nullptr, 0));
                }
            });
    }

    ~flood()
    {
        on = false;
        for (std::thread &t : senders)
            t.join();
    }
};

TEST_F(Receive, UnderAFloodOfOthersTimeoutsHold)
{
    static const auto slow = [](const kith_msg *, void *) {
        std::atomic<int> n{0};

        while (n < 200)
            n++;
        return false;
    };
    static const auto receive_slowly = [] {
        const kith_msg *m;

        EXPECT_EQ(KITH_ETIMEOUT, kith_receive_match(slow, nullptr, &m, 50));
    };
    static const auto receive_or_sleep = [] {
        const kith_msg *m;

        EXPECT_EQ(KITH_ETIMEOUT, kith_receive_tag(8, &m, 0));
        EXPECT_EQ(KITH_ETIMEOUT, kith_receive_tag(8, &m, 20));
        EXPECT_EQ(0, kith_sleep(20));
    };

    for (void (*const wait)() : {+receive_slowly, +receive_or_sleep}) {
        flood f;

        in_process([&f, wait] {
            f.to = kith_self().id;
            const std::int64_t begin = kt_now_ms();
            wait();
            EXPECT_LE(kt_now_ms() - begin, kt_patience(2000));
            f.to = 0;
        });
    }
}

TEST_F(Receive, AScanLetsOthersRun)
{
    static std::atomic<bool> ran;
    static std::atomic<int> looked;

    ran = false;
    looked = 0;
    in_process([] {
        const kith_msg *m;
        const auto is = [](const kith_msg *, void *) {
            looked++;
            return ran.load();
        };

        for (int i = 0; i < 10000; i++)
            ASSERT_EQ(0, kith_send(kith_self(), 7, nullptr, 0));
        ASSERT_EQ(0, kith_spawn(
                         [](void *) {
                             ran = true;
                             return 0;
                         },
                         nullptr, 0, nullptr));
        EXPECT_EQ(0, kith_receive_match(is, nullptr, &m, KITH_INFINITY));
        EXPECT_LE(looked, 10000);
    });
}

TEST_F(Receive, APollLooksAtAllThatHasComeHoweverMuch)
{
    in_process([] {
        const kith_msg *m;

        for (int i = 0; i < 20000; i++)
            ASSERT_EQ(0, kith_send(kith_self(), 7, nullptr, 0));
        ASSERT_EQ(0, kith_send(kith_self(), 8, nullptr, 0));
        EXPECT_EQ(0, kith_receive_tag(8, &m, 0));
        EXPECT_EQ(KITH_ETIMEOUT, kith_receive_tag(8, &m, 0));
    });
    const kith_msg *m;

    for (int i = 0; i < 20000; i++)
        ASSERT_EQ(0, kith_send(kith_self(), 7, nullptr, 0));
    ASSERT_EQ(0, kith_send(kith_self(), 8, nullptr, 0));
    EXPECT_EQ(0, kith_receive_tag(8, &m, 0)) << "untaken, in a thread's mailbox";
    while (kith_receive(&m, 0) == 0)
        ;
}

}    // namespace
