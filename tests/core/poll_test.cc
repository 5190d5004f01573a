/* SPDX-License-Identifier: Apache-2.0
 * poll_test.cc -- the reactor contract: the system's backend keeps it, and so does the double. */
#include "core/poll.h"

#include "core/os.h"
#include "tests/support/fake_poller.h"
#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <kith/error.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <fcntl.h>
#include <map>
#include <memory>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace
{

constexpr uint64_t ms = 1'000'000;

struct pair {
    pair()
    {
        EXPECT_EQ(0,
                  socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd));
    }

    ~pair()
    {
        close_end(0);
        close_end(1);
    }

    void close_end(int i)
    {
        if (fd[i] >= 0)
            close(fd[i]);
        fd[i] = -1;
    }

    void write_to(int i, std::size_t n = 1)
    {
        const std::string text(n, 'x');
        EXPECT_EQ(static_cast<ssize_t>(n), write(fd[1 - i], text.data(), n));
    }

    void fill_from(int i)
    {
        char text[4096] = {};
        while (write(fd[i], text, sizeof text) > 0)
            ;
    }

    /* Was there anything? */
    bool drain(int i)
    {
        char text[4096];
        bool any = false;
        while (read(fd[i], text, sizeof text) > 0)
            any = true;
        return any;
    }

    int fd[2];
};

class Poll : public testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_EQ(0, p->init());
    }

    void TearDown() override
    {
        p->fini();
    }

    /* What is ready within a moment, by id; all of `until` comes, or `enough` of it, or nothing more
     * does. */
    uint32_t ready(uint64_t id, uint32_t until, uint32_t enough = 0)
    {
        uint32_t bits = 0;

        for (int tries = 0; tries < 50 && (bits & until) != until && (bits & enough) == 0;
             tries++) {
            std::array<ki_event, 16> e;
            const int n = p->wait(e.data(), 16, 100 * ms);
            for (int i = 0; i < n; i++)
                if (e[i].id == id)
                    bits |= e[i].ready;
        }
        return bits;
    }

    int now(std::array<ki_event, 64> &e)
    {
        return p->wait(e.data(), 64, 0);
    }

    /* What is done after an EAGAIN. */
    void arm(int fd, uint32_t bits)
    {
        if (p->arm != nullptr)
            p->arm(fd, bits);
    }

    const ki_poller *const p = &ki_poller_system;
    std::array<ki_event, 64> events;
};

}    // namespace

TEST_F(Poll, AddReportsWhatIsReadyAlready)
{
    pair a;
    a.write_to(0);

    ASSERT_EQ(0, p->add(a.fd[0], 0xfedcba9876543210));

    const int n = now(events); /* one event, or one a direction */
    uint32_t bits = 0;
    for (int i = 0; i < n; i++) {
        EXPECT_EQ(0xfedcba9876543210u, uint64_t{events[i].id}) << "as it was given";
        bits |= events[i].ready;
    }
    EXPECT_EQ(uint32_t{KI_READY_IN | KI_READY_OUT}, bits);
}

TEST_F(Poll, TellsAnEdgeOnceAndEachNewOneAgain)
{
    pair a;
    ASSERT_EQ(0, p->add(a.fd[0], 7));
    EXPECT_EQ(1, now(events)) << "writable";
    EXPECT_EQ(0, now(events)) << "that has not changed";

    for (int i = 0; i < 5; i++) {
        a.write_to(0);
        EXPECT_TRUE(ready(7, KI_READY_IN) & KI_READY_IN)
            << "new data, though old lies there, if there are edges";
        EXPECT_EQ(0, now(events));
        if (p->arm != nullptr)
            a.drain(0);
        arm(a.fd[0], KI_READY_IN);
        EXPECT_EQ(0, now(events));
    }
}

TEST_F(Poll, TellsWhatCameBetweenAnEagainAndTheArming)
{
    pair a;
    ASSERT_EQ(0, p->add(a.fd[0], 7));
    (void) now(events);

    for (int i = 0; i < 5; i++) {
        a.drain(0);
        a.write_to(0);
        arm(a.fd[0], KI_READY_IN);
        EXPECT_TRUE(ready(7, KI_READY_IN) & KI_READY_IN);
    }
}

TEST_F(Poll, TellsAWaiterWhatIsAddedOrArmedMeanwhile)
{
    pair a;
    std::atomic<int> told{0};
    std::thread waiter([&] {
        std::array<ki_event, 4> e;
        while (told < 2)
            for (int i = 0, n = p->wait(e.data(), 4, UINT64_MAX); i < n; i++)
                if (e[i].id == 7 && (e[i].ready & KI_READY_IN) && a.drain(0))
                    told++; /* and a report too many does no harm */
    });

    a.write_to(0);
    EXPECT_EQ(0, p->add(a.fd[0], 7));
    EXPECT_TRUE(kt_until([&] { return told == 1; }));
    arm(a.fd[0], KI_READY_IN);
    a.write_to(0);
    EXPECT_TRUE(kt_until([&] { return told == 2; }));

    waiter.join();
}

TEST_F(Poll, WhatIsForgottenAndClosedIsClosedThoughOthersWait)
{
    constexpr int n = 3;
    pair a;
    std::atomic<bool> over{false};
    std::vector<std::thread> waiters;
    ASSERT_EQ(0, p->add(a.fd[0], 7));
    for (int i = 0; i < n; i++)
        waiters.emplace_back([&] {
            std::array<ki_event, 4> e;
            while (!over)
                (void) p->wait(e.data(), 4, UINT64_MAX);
            p->wake(); /* the next */
        });

    for (std::size_t i = 0; i < kt_scale(200); i++) {
        char text[4];
        pair b;
        ASSERT_EQ(0, p->add(b.fd[0], 8));
        p->forget(b.fd[0]);
        b.close_end(0);
        ASSERT_EQ(0, read(b.fd[1], text, sizeof text)) << "the peer hears of it at once";
    }

    over = true;
    p->wake();
    for (std::thread &t : waiters)
        t.join();
}

TEST_F(Poll, AnErrorThatNobodyTakesKeepsNobodyBusy)
{
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in nobody{};
    nobody.sin_family = AF_INET;
    nobody.sin_port = htons(1);
    nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(0, setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on));
    ASSERT_EQ(0, p->add(fd, 7));
    (void) now(events);
    ASSERT_EQ(1,
              sendto(fd, "x", 1, 0, reinterpret_cast<sockaddr *>(&nobody), sizeof nobody));
    EXPECT_TRUE(ready(7, KI_READY_ERR) & KI_READY_ERR);

    int told = 0;
    for (int i = 0; i < 100; i++) {
        char text[4];
        (void) recv(fd, text, sizeof text,
                    0); /* takes the error, but not what tells of it */
        arm(fd, KI_READY_IN);
        told += now(events);
    }

    EXPECT_LT(told, 50);
    p->forget(fd);
    close(fd);
}

TEST_F(Poll, TellsOnceForEachTimeItIsAsked)
{
    pair a;
    ASSERT_EQ(0, p->once(a.fd[0], 7, false));
    EXPECT_EQ(0, now(events)) << "writable does not count";

    for (int i = 0; i < 5; i++) {
        a.write_to(0);
        ASSERT_EQ(1, now(events));
        EXPECT_EQ(7u, uint64_t{events[0].id});
        EXPECT_EQ(uint32_t{KI_READY_IN}, uint32_t{events[0].ready});
        a.write_to(0);
        EXPECT_EQ(0, now(events)) << "an edge, but it was not asked";
        EXPECT_EQ(0, p->once(a.fd[0], 7, true));
        EXPECT_EQ(1, now(events)) << "no edge, but it was asked";
        a.drain(0);
        EXPECT_EQ(0, p->once(a.fd[0], 7, true));
        EXPECT_EQ(0, now(events)) << "there is nothing";
    }
    a.close_end(1);
    EXPECT_TRUE(ready(7, KI_READY_IN) & (KI_READY_HUP | KI_READY_RDHUP));
}

TEST_F(Poll, ForgetsOneThatWasToTellOnceAndAddsIt)
{
    pair a;
    ASSERT_EQ(0, p->once(a.fd[0], 7, false));

    p->forget(a.fd[0]);
    ASSERT_EQ(0, p->add(a.fd[0], 8));

    ASSERT_EQ(1, now(events));
    EXPECT_EQ(8u, uint64_t{events[0].id});
    EXPECT_EQ(uint32_t{KI_READY_OUT}, uint32_t{events[0].ready});
}

TEST_F(Poll, TellsWhenThereIsRoomAgain)
{
    pair a;
    a.fill_from(0);
    ASSERT_EQ(0, p->add(a.fd[0], 7));
    EXPECT_EQ(0, now(events));

    a.drain(1);

    EXPECT_TRUE(ready(7, KI_READY_OUT) & KI_READY_OUT);
}

TEST_F(Poll, TellsThePeersEndAndItsDeath)
{
    pair a;
    ASSERT_EQ(0, p->add(a.fd[0], 7));
    (void) now(events);

    ASSERT_EQ(0, shutdown(a.fd[1], SHUT_WR));
    const uint32_t half = ready(7, KI_READY_IN | KI_READY_RDHUP);
    EXPECT_EQ(static_cast<uint32_t>(KI_READY_IN | KI_READY_RDHUP),
              half & (KI_READY_IN | KI_READY_RDHUP | KI_READY_HUP));
    a.close_end(1);
    EXPECT_TRUE(ready(7, KI_READY_OUT, KI_READY_HUP) & (KI_READY_OUT | KI_READY_HUP));
}

TEST_F(Poll, ForgetsWhatItIsToldTo)
{
    pair a;
    const int twin = dup(a.fd[0]); /* keeps the description alive behind the close */
    ASSERT_EQ(0, p->add(a.fd[0], 7));
    (void) now(events);

    p->forget(a.fd[0]);
    a.close_end(0);
    EXPECT_EQ(1, write(a.fd[1], "x", 1));

    EXPECT_EQ(0, now(events));
    close(twin);
    p->forget(-1); /* nothing to forget */
}

TEST_F(Poll, TellsWhyItCannotAdd)
{
    EXPECT_EQ(KITH_EBADF, p->add(-1, 8));
    EXPECT_EQ(KITH_EBADF, p->once(-1, 8, false));
}

TEST_F(Poll, KeepsWhatDoesNotFit)
{
    constexpr std::size_t n = 40;
    std::vector<std::unique_ptr<pair>> all;
    std::map<uint64_t, int> seen;
    for (std::size_t i = 0; i < n; i++) {
        all.push_back(std::make_unique<pair>());
        ASSERT_EQ(0, p->add(all.back()->fd[0], i + 1));
    }

    for (int got = 1; got > 0;) {
        got = p->wait(events.data(), 7, 0);
        ASSERT_LE(got, 7);
        for (int i = 0; i < got; i++)
            seen[uint64_t{events[i].id}]++;
    }

    EXPECT_EQ(n, seen.size());
    for (const auto &[id, times] : seen)
        EXPECT_EQ(1, times) << id;
}

/* Numbers higher than all before: who has to make room does not wait until something happens. */
TEST_F(Poll, TakesManyMoreWhileAnotherWaits)
{
    constexpr int n = 500;
    pair quiet;
    std::vector<int> fds;
    std::atomic<bool> over{false};
    std::atomic<bool> waited_in_vain{false};

    quiet.fill_from(0);
    std::thread waiter([&] {
        std::array<ki_event, 8> e;
        const std::int64_t end = kt_now_ms() + kt_patience(20000);

        while (!over && !waited_in_vain) {
            p->wait(e.data(), 8, 20000 * ms);
            waited_in_vain = kt_now_ms() >= end;
        }
    });
    for (int i = 0; i < n; i++) {
        fds.push_back(fcntl(quiet.fd[0], F_DUPFD_CLOEXEC, 0));
        EXPECT_LE(0, fds.back());
        EXPECT_EQ(0, p->add(fds.back(), 1));
    }
    EXPECT_FALSE(waited_in_vain);
    over = true;
    p->wake();
    waiter.join();
    quiet.drain(1);
    EXPECT_TRUE(ready(1, KI_READY_OUT) & KI_READY_OUT);
    for (const int fd : fds) {
        p->forget(fd);
        close(fd);
    }
}

/* poll(2) refuses to look at more than a program may have open now. */
TEST_F(Poll, GoesOnWhenTheLimitOfDescriptorsIsLoweredBelowWhatIsOpen)
{
    constexpr std::size_t n = 40;
    std::vector<pair> pairs(n);
    std::vector<bool> told(n);
    rlimit was, few;

    for (std::size_t i = 0; i < n; i++)
        ASSERT_EQ(0, p->add(pairs[i].fd[0], i + 1));
    ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &was));
    few = {8, was.rlim_max};
    ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));

    for (int tries = 0; tries < 200 && std::ranges::count(told, true) < std::ssize(told);
         tries++) {
        const int got = p->wait(events.data(), 64, 100 * ms);
        for (int i = 0; i < got; i++)
            told[events[i].id - 1] = true;
    }
    EXPECT_EQ(std::ssize(told), std::ranges::count(told, true)) << "writable";
    const uint64_t begun = ki_os_now_ns();
    EXPECT_EQ(0, p->wait(events.data(), 64, 50 * ms));
    EXPECT_LE(begun + 50 * ms, ki_os_now_ns());
    for (const std::size_t i : {std::size_t{0}, n / 2, n - 1}) {
        pairs[i].write_to(0);
        EXPECT_TRUE(ready(i + 1, KI_READY_IN) & KI_READY_IN) << i;
    }
    EXPECT_EQ(0, setrlimit(RLIMIT_NOFILE, &was));
}

TEST_F(Poll, GivesEachEventToOneOfManyWaiters)
{
    constexpr std::size_t n = 64;
    const std::size_t rounds = kt_scale(200);
    std::vector<std::unique_ptr<pair>> all;
    std::vector<std::atomic<std::size_t>> seen(n);
    std::atomic<bool> over{false};
    for (std::size_t i = 0; i < n; i++) {
        all.push_back(std::make_unique<pair>());
        all.back()->fill_from(0);
        ASSERT_EQ(0, p->add(all.back()->fd[0], i + 1));
    }
    std::vector<std::thread> waiters;
    for (int w = 0; w < 3; w++)
        waiters.emplace_back([&] {
            std::array<ki_event, 8> e;
            while (!over)
                for (int i = 0, got = p->wait(e.data(), 8, UINT64_MAX); i < got; i++) {
                    if (e[i].id == 0) {
                        if (over)
                            p->wake(); /* the next */
                    } else if (e[i].ready & KI_READY_IN) {
                        const uint64_t at = e[i].id - 1;
                        all[at]->drain(0);
                        arm(all[at]->fd[0], KI_READY_IN);
                        seen[at]++;
                    }
                }
        });

    for (std::size_t r = 1; r <= rounds; r++) {
        for (auto &a : all)
            a->write_to(0);
        EXPECT_TRUE(kt_until([&] {
            for (auto &s : seen)
                if (s != r)
                    return false;
            return true;
        })) << r;
    }
    over = true;
    p->wake();
    for (std::thread &t : waiters)
        t.join();
    for (auto &s : seen)
        EXPECT_EQ(rounds, s) << "once for each edge";
}

/* ---- the part of the contract that both backends keep ---- */

namespace
{

class PollContract : public testing::TestWithParam<bool> {
  protected:
    void SetUp() override
    {
        if (GetParam())
            fake = std::make_unique<kt_fake_poller>();
        p = fake ? fake->get() : &ki_poller_system;
        ASSERT_EQ(0, p->init());
    }

    void TearDown() override
    {
        p->fini();
    }

    std::unique_ptr<kt_fake_poller> fake;
    const ki_poller *p;
    std::array<ki_event, 4> events;
};

INSTANTIATE_TEST_SUITE_P(Backends, PollContract, testing::Bool(),
                         [](const auto &info) { return info.param ? "fake" : "system"; });

}    // namespace

TEST_P(PollContract, AWakeBeforeTheWaitIsNotLost)
{
    p->wake();

    ASSERT_EQ(1, p->wait(events.data(), 4, UINT64_MAX));
    EXPECT_EQ(0u, uint64_t{events[0].id});
    EXPECT_EQ(0, p->wait(events.data(), 4, 0)) << "and it is harvested once";
}

TEST_P(PollContract, EachWakeAfterAHarvestIsANewOne)
{
    for (int i = 0; i < 100; i++) {
        p->wake();
        ASSERT_EQ(1, p->wait(events.data(), 4, UINT64_MAX)) << i;
    }
}

TEST_P(PollContract, AWakeEndsOneOfTheWaits)
{
    constexpr std::size_t n = 3;
    std::atomic<std::size_t> ended{0};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < n; i++)
        threads.emplace_back([&] {
            std::array<ki_event, 4> e;
            while (p->wait(e.data(), 4, UINT64_MAX) == 0)
                ;
            ended++;
        });

    for (std::size_t i = 1; i <= n; i++) {
        p->wake();
        EXPECT_TRUE(kt_until([&] { return ended == i; })) << i;
    }
    for (std::thread &t : threads)
        t.join();
}

TEST_P(PollContract, AWaitIsNeverTooShort)
{
    for (const uint64_t ns : {UINT64_C(1), UINT64_C(100'000), UINT64_C(999'999), 3 * ms}) {
        const uint64_t start = ki_os_now_ns();
        while (p->wait(events.data(), 4, ns) != 0)
            ;
        EXPECT_GE(ki_os_now_ns() - start, ns);
    }
    const uint64_t start = ki_os_now_ns();
    EXPECT_EQ(0, p->wait(events.data(), 4, 0));
    EXPECT_LT(ki_os_now_ns() - start, static_cast<uint64_t>(kt_patience(1000)) * ms);
}

TEST_P(PollContract, IsMadeAndUnmadeAgain)
{
    for (int i = 0; i < 20; i++) {
        p->fini();
        ASSERT_EQ(0, p->init());
        EXPECT_EQ(0, p->wait(events.data(), 4, 0)) << "an old wake";
        p->wake();
    }
}
