/* SPDX-License-Identifier: Apache-2.0
 * timer_test.cc -- messages at a later time, and sleeping. */
#include "tests/support/runtime.h"

#include "actors/runtime.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <string>
#include <vector>

namespace
{

using Timer = kt_runtime;

const kith_iov none = {nullptr, 0};

int
wait_for_ever(void *)
{
    const kith_msg *m;

    kt_ignore(kith_receive_tag(99, &m, KITH_INFINITY));
    return 0;
}

TEST_F(Timer, BringsAMessageNotBeforeItsTime)
{
    std::uint64_t n = 6;
    kith_ref timer;
    const kith_ms begin = kith_deadline(0);

    ASSERT_EQ(0, kith_send_after(10, kith_self(), 5, KITH_IOV(n), &timer));
    n = 0;
    const kith_msg *m = kt_receive();

    EXPECT_GE(kith_deadline(0), begin + 10);
    ASSERT_NE(nullptr, m);
    EXPECT_EQ(5u, m->tag);
    EXPECT_EQ(6u, kt_number(m));
    EXPECT_EQ(timer.id, m->ref.id);
    EXPECT_EQ(kith_self().id, m->from.id);
}

TEST_F(Timer, OfZeroOrLessComesSoon)
{
    for (const kith_ms after : {kith_ms{0}, kith_ms{-1}, kith_ms{-100000}}) {
        ASSERT_EQ(0, kith_send_after(after, kith_self(), 5, none, nullptr));
        EXPECT_NE(nullptr, kt_receive());
    }
}

TEST_F(Timer, CarriesBodiesOfEverySize)
{
    for (const std::size_t len : {1u, 31u, 32u, 33u, 1000u, 1000000u}) {
        std::vector<char> bytes(len, 'b');

        ASSERT_EQ(0, kith_send_after(1, kith_self(), 5, kith_iov_of(bytes.data(), len),
                                     nullptr));
        const kith_msg *m = kt_receive();
        ASSERT_NE(nullptr, m);
        ASSERT_EQ(len, m->len);
        EXPECT_EQ(0, std::memcmp(bytes.data(), m->data, len));
    }
}

TEST_F(Timer, CancelledDoesNotCome)
{
    kith_ref timer;
    kith_ms left = 0;
    const kith_msg *m;

    ASSERT_EQ(0, kith_send_after(1000000, kith_self(), 5, none, &timer));
    EXPECT_EQ(0, kith_cancel_timer(timer, &left));
    EXPECT_LE(left, 1000000);
    EXPECT_GT(left, 900000);
    EXPECT_EQ(KITH_ENOENT, kith_cancel_timer(timer, &left)) << "it was cancelled";

    ASSERT_EQ(0, kith_send_after(20, kith_self(), 5, none, &timer));
    EXPECT_EQ(0, kith_cancel_timer(timer, nullptr));
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 40));
}

TEST_F(Timer, AfterItFiredCancelSaysSo)
{
    kith_ref timer;
    kith_ms left = 77;

    ASSERT_EQ(0, kith_send_after(1, kith_self(), 5, none, &timer));
    ASSERT_NE(nullptr, kt_receive());

    EXPECT_EQ(KITH_ENOENT, kith_cancel_timer(timer, &left));
    EXPECT_EQ(77, left);
    EXPECT_EQ(KITH_ENOENT, kith_cancel_timer({0}, nullptr));
    EXPECT_EQ(KITH_ENOENT, kith_cancel_timer({UINT64_MAX}, nullptr));
}

TEST_F(Timer, AMessageThatHasComeStaysAfterACancel)
{
    kith_ref timer;
    const kith_msg *m;

    ASSERT_EQ(0, kith_send_after(0, kith_self(), 5, none, &timer));
    ASSERT_TRUE(kt_until([&] { return kith_cancel_timer(timer, nullptr) == KITH_ENOENT; }));

    /* Either the first cancel won, and nothing comes, or it has come. */
    if (kith_receive(&m, 0) == 0) {
        EXPECT_EQ(timer.id, m->ref.id);
    }
}

TEST_F(Timer, FiresOrIsCancelledNeverBoth)
{
    in_process([] {
        std::size_t fired = 0, cancelled = 0;
        const kith_msg *m;

        for (std::size_t i = kt_scale(2000); i > 0; i--) {
            kith_ref timer;

            ASSERT_EQ(0, kith_send_after(static_cast<kith_ms>(i % 3), kith_self(), 5, none,
                                         &timer));
            if (i % 3 != 0) {
                ASSERT_EQ(0, kith_sleep(i % 3 == 1 ? 1 : 2));
            }
            if (kith_cancel_timer(timer, nullptr) == 0) {
                cancelled++;
                ASSERT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
            } else {
                fired++;
                ASSERT_EQ(0, kith_receive_ref(timer, &m, 0));
            }
        }
        EXPECT_GT(fired + cancelled, 0u);
    });
}

TEST_F(Timer, CanBeCancelledByAnother)
{
    kith_ref timer;
    const kith_msg *m;

    ASSERT_EQ(0, kith_send_after(1000000, kith_self(), 5, none, &timer));
    in_process([timer] {
        kith_ms left = 0;

        EXPECT_EQ(0, kith_cancel_timer(timer, &left));
        EXPECT_GT(left, 900000);
    });

    EXPECT_EQ(KITH_ENOENT, kith_cancel_timer(timer, nullptr));
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
}

TEST_F(Timer, OfManyCancelsOneWins)
{
    static std::atomic<std::size_t> won;
    static std::vector<kith_ref> timers(1000);

    won = 0;
    for (kith_ref &t : timers)
        ASSERT_EQ(0, kith_send_after(1000000, kith_self(), 5, none, &t));
    for (int i = 0; i < 4; i++)
        spawn([] {
            for (const kith_ref t : timers) {
                won += kith_cancel_timer(t, nullptr) == 0;
                kith_yield();
            }
        });

    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    EXPECT_EQ(timers.size(), won);
}

TEST_F(Timer, RefusesWhatMakesNoSense)
{
    EXPECT_EQ(KITH_EINVAL, kith_send_after(KITH_INFINITY, kith_self(), 5, none, nullptr));
    EXPECT_EQ(KITH_EINVAL, kith_send_after(1, kith_self(), KITH_TAG_DOWN, none, nullptr));
    EXPECT_EQ(KITH_EINVAL, kith_send_after(1, kith_self(), 5, {nullptr, 4}, nullptr));
    EXPECT_EQ(KITH_ENOPROC, kith_send_after(1, {0}, 5, none, nullptr));
}

TEST_F(Timer, TheFarFutureIsFar)
{
    kith_ref timer;
    kith_ms left = 0;
    const kith_ms year = INT64_C(365) * 24 * 3600 * 1000;

    ASSERT_EQ(0, kith_send_after(100 * year, kith_self(), 5, none, &timer));
    EXPECT_EQ(0, kith_cancel_timer(timer, &left));
    EXPECT_GT(left, 99 * year);
    ASSERT_EQ(0, kith_send_after(KITH_INFINITY - 1, kith_self(), 5, none, &timer));
    EXPECT_EQ(0, kith_cancel_timer(timer, &left));
    EXPECT_GT(left, year);
}

TEST_F(Timer, DiesWithItsReceiver)
{
    kith_pid pid;
    std::vector<char> big(100000);
    kith_ref timer;

    ASSERT_EQ(0, kith_spawn(wait_for_ever, nullptr, 0, &pid));
    ASSERT_EQ(0, kith_send_after(5, pid, 5, kith_iov_of(big.data(), big.size()), nullptr));
    ASSERT_EQ(0, kith_send_after(5, pid, 5, none, &timer));
    kill(pid);
    /* Nothing is received, nothing leaks, and the next user of the slot gets none of it. */
    ASSERT_EQ(0, kith_spawn(wait_for_ever, nullptr, 0, &pid));
    ASSERT_EQ(0, kith_sleep(15));
    struct kith_process_info info = KITH_PROCESS_INFO_INIT;
    ASSERT_EQ(0, kith_process_info(pid, &info));
    EXPECT_EQ(0u, info.mailbox_len);
    kill(pid);
}

std::size_t
records()
{
    return ki_in_use(&ki_runtime.timers);
}

TEST_F(Timer, IsGoneWhenItsReceiversDeathIsHeard)
{
    static std::vector<kith_ref> timers;
    static std::atomic<int> armed;
    const std::size_t n = kt_scale(2000);
    std::vector<char> big(1000);

    for (int round = 0; round < 5; round++) {
        const std::size_t before = records();
        kith_pid pid;
        kith_ref ref;

        timers.assign(3 * n, kith_ref{0});
        armed = 0;
        /* By itself, by another, and by a plain thread: in as many wheels as there are. */
        pid = spawn([n] {
            for (std::size_t i = 0; i < n; i++)
                ASSERT_EQ(0, kith_send_after(1000000, kith_self(), 5, none, &timers[i]));
            armed++;
            wait_for_ever(nullptr);
        });
        spawn([n, pid] {
            for (std::size_t i = n; i < 2 * n; i++)
                ASSERT_EQ(0, kith_start_timer(2000000, pid, none, &timers[i]));
            armed++;
        });
        for (std::size_t i = 2 * n; i < 3 * n; i++)
            ASSERT_EQ(0, kith_send_after(3000000, pid, 5,
                                         kith_iov_of(big.data(), big.size()), &timers[i]));
        ASSERT_TRUE(kt_until([] { return armed == 2; }));
        EXPECT_EQ(before + 3 * n, records());
        ASSERT_EQ(0, kith_monitor(pid, &ref));
        ASSERT_EQ(0, kith_cancel_timer(timers[0], nullptr));
        ASSERT_EQ(0, kith_exit_signal(pid, kith_reason_of(KITH_KILL, 0, nullptr)));
        EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);

        EXPECT_EQ(before, records()) << "and their memory is free";
        for (std::size_t i = 0; i < timers.size(); i++)
            ASSERT_EQ(KITH_ENOENT, i % 2 ? kith_read_timer(timers[i], nullptr)
                                         : kith_cancel_timer(timers[i], nullptr));
    }
}

/* The timers of one that moves between the workers lie in several wheels. */
TEST_F(Timer, IsGoneWhereverItsReceiverHasBeen)
{
    static std::vector<kith_ref> timers;
    static std::atomic<std::size_t> ready;
    const std::size_t movers = 8, each = kt_scale(500);
    const std::size_t before = records();
    std::vector<kith_pid> pids;

    timers.assign(movers * each, kith_ref{0});
    ready = 0;
    for (std::size_t m = 0; m < movers; m++)
        pids.push_back(spawn([m, each] {
            for (std::size_t i = m * each; i < (m + 1) * each; i++) {
                ASSERT_EQ(0, kith_send_after(1000000, kith_self(), 5, none, &timers[i]));
                if (i % 3 == 0) {
                    ASSERT_EQ(0, kith_cancel_timer(timers[i], nullptr));
                }
                if (i % 8 == 0)
                    kith_yield();
                if (i % 64 == 0) {
                    ASSERT_EQ(0, kith_sleep(1));
                }
            }
            ready++;
            wait_for_ever(nullptr);
        }));
    ASSERT_TRUE(kt_until([] { return ready == movers; }, 20000));
    for (const kith_pid p : pids)
        kill(p);

    EXPECT_EQ(before, records());
    for (const kith_ref t : timers)
        ASSERT_EQ(KITH_ENOENT, kith_read_timer(t, nullptr));
}

/* Whoever arms for the dying has either a timer, which ends with it, or none. */
TEST_F(Timer, ArmedForTheDyingEndsWithIt)
{
    static std::atomic<std::uint64_t> victim;
    static std::atomic<bool> over;
    static std::atomic<std::size_t> armed, refused, left;
    const std::size_t before = records();

    over = false;
    armed = refused = left = 0;
    victim = 0;
    for (int i = 0; i < 3; i++)
        spawn([] {
            std::uint64_t last = 0;
            kith_ref mine[64] = {};
            std::size_t n = 0;

            while (!over) {
                const std::uint64_t now = victim;

                if (now != last) { /* the last one's death has been heard */
                    for (; n > 0; n--)
                        left += kith_read_timer(mine[n - 1], nullptr) != KITH_ENOENT;
                    last = now;
                }
                if (now != 0 && n < 64) {
                    const int rc = kith_send_after(1000000, {now}, 5, none, &mine[n]);

                    armed += rc == 0;
                    refused += rc == KITH_ENOPROC;
                    n += rc == 0;
                }
                kith_yield();
            }
        });
    for (std::size_t i = kt_scale(3000); i > 0; i--) {
        const kith_pid pid = spawn_result([] { return wait_for_ever(nullptr); });

        victim = pid.id;
        for (std::size_t k = i % 16; k > 0; k--)
            ASSERT_EQ(0, kith_send_after(1000000, pid, 6, none, nullptr));
        kill(pid);
    }
    victim = 0;
    over = true;
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));

    EXPECT_EQ(0u, left);
    EXPECT_GT(armed, 0u);
    EXPECT_EQ(before, records());
}

TEST_F(Timer, ACancelOrAnExpiryThatRacesTheDeathAgreesWithIt)
{
    static kith_ref timers[64];
    static std::atomic<std::size_t> go, done;
    const std::size_t rounds = kt_scale(2000), before = records();
    std::size_t cancelled = 0;
    static std::atomic<std::size_t> by_them;

    go = done = by_them = 0;
    for (int i = 0; i < 2; i++)
        spawn([rounds] {
            for (std::size_t seen = 1; seen <= rounds; seen++) {
                while (go < seen)
                    kith_yield();
                for (const kith_ref t : timers)
                    by_them += kith_cancel_timer(t, nullptr) == 0;
                done++;
            }
        });
    for (std::size_t round = 1; round <= rounds; round++) {
        const kith_pid pid = spawn_result([] { return wait_for_ever(nullptr); });
        kith_ms after = 0;

        for (kith_ref &t : timers) /* some are due at once, some soon */
            ASSERT_EQ(0, kith_send_after(after++ % 4 == 0 ? after / 32 : 1000000, pid, 5,
                                         none, &t));
        go = round;
        for (std::size_t k = round % 32; k > 0; k--)
            cancelled += kith_cancel_timer(timers[k], nullptr) == 0;
        kill(pid);
        for (const kith_ref t : timers)
            ASSERT_EQ(KITH_ENOENT, kith_cancel_timer(t, nullptr));
        ASSERT_TRUE(kt_until([&] { return done == 2 * round; }));
    }
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    EXPECT_TRUE(kt_until([&] { return records() == before; }));
    EXPECT_GT(cancelled + by_them, 0u);
}

TEST_F(Timer, OutlivesItsMaker)
{
    static kith_ref early, late;
    static kith_pid maker;
    const kith_pid me = kith_self();

    in_process([me] {
        maker = kith_self();
        ASSERT_EQ(0, kith_send_after(20, me, 5, none, &early));
        ASSERT_EQ(0, kith_send_after(1000000, me, 6, none, &late));
    });
    ASSERT_EQ(KITH_ENOPROC, kith_send(maker, 1, nullptr, 0));
    const kith_msg *m = kt_receive();

    ASSERT_NE(nullptr, m);
    EXPECT_EQ(5u, m->tag);
    EXPECT_EQ(early, m->ref);
    EXPECT_EQ(maker, m->from) << "of the dead, as it was sent";
    EXPECT_EQ(0, kith_cancel_timer(late, nullptr)) << "and it can be cancelled still";
}

TEST_F(Timer, ATimeoutIsKnownByItsTagAndItsRef)
{
    std::uint64_t n = 8;
    kith_ref timer, other;

    ASSERT_EQ(0, kith_start_timer(1, kith_self(), none, &other));
    ASSERT_EQ(0, kith_start_timer(5, kith_self(), KITH_IOV(n), &timer));
    const kith_msg *m;

    ASSERT_EQ(0, kith_receive_ref(timer, &m, kt_long()));
    EXPECT_EQ(KITH_TAG_TIMEOUT, m->tag);
    EXPECT_EQ(timer, m->ref);
    EXPECT_EQ(8u, kt_number(m));
    ASSERT_EQ(0, kith_receive_tag(KITH_TAG_TIMEOUT, &m, 0));
    EXPECT_EQ(other, m->ref);
    EXPECT_EQ(0u, m->len);

    ASSERT_EQ(0, kith_start_timer(1000000, kith_self(), none, &timer));
    EXPECT_EQ(0, kith_cancel_timer(timer, nullptr));
    EXPECT_EQ(KITH_EINVAL, kith_start_timer(KITH_INFINITY, kith_self(), none, nullptr));
    EXPECT_EQ(KITH_ENOPROC, kith_start_timer(1, {0}, none, nullptr));
}

TEST_F(Timer, ToANameGoesToWhoHasItWhenItIsDue)
{
    const kith_msg *m;
    kith_ref timer = {0}, timeout = {0};
    std::uint64_t n = 3;

    /* Again with more time, where it is due before we have the name. */
    for (kith_ms after = 20;; after *= 2) {
        const kith_pid before = spawn_result([] { return wait_for_ever(nullptr); });

        ASSERT_EQ(0, kith_register("clerk", before));
        ASSERT_EQ(0, kith_send_after_name(after, "clerk", 5, KITH_IOV(n), &timer));
        ASSERT_EQ(0, kith_start_timer_name(after, "clerk", none, &timeout));
        kill(before);
        ASSERT_EQ(0, kith_register("clerk", kith_self()));
        if (kith_read_timer(timer, nullptr) == 0)
            break;
        ASSERT_LT(after, kt_long());
        ASSERT_EQ(0, kith_unregister("clerk"));
        kt_ignore(kith_receive_ref(timeout, &m, 0));
    }

    ASSERT_EQ(0, kith_receive_ref(timer, &m, kt_long()));
    EXPECT_EQ(5u, m->tag);
    EXPECT_EQ(3u, kt_number(m));
    EXPECT_EQ(kith_self(), m->from);
    ASSERT_EQ(0, kith_receive_ref(timeout, &m, kt_long()));
    EXPECT_EQ(KITH_TAG_TIMEOUT, m->tag);
    EXPECT_EQ(KITH_ENOENT, kith_cancel_timer(timer, nullptr));
    EXPECT_EQ(0, kith_unregister("clerk"));
}

TEST_F(Timer, ToANameLivesOnWhoeverDies)
{
    static kith_ref timer;
    kith_ms left = 0;

    in_process([] {
        ASSERT_EQ(0, kith_register("clerk", kith_self()));
        ASSERT_EQ(0, kith_send_after_name(1000000, "clerk", 5, none, &timer));
    });
    EXPECT_EQ(0, kith_read_timer(timer, &left));
    EXPECT_GT(left, 900000);
    EXPECT_EQ(0, kith_cancel_timer(timer, nullptr));
}

TEST_F(Timer, ToANameThatNobodyHasThenDoesNothing)
{
    const kith_msg *m;
    kith_ref timer, after;
    std::vector<char> big(100000);

    ASSERT_EQ(0, kith_send_after_name(1, "nobody", 5, kith_iov_of(big.data(), big.size()),
                                      &timer));
    ASSERT_EQ(0, kith_send_after(2, kith_self(), 6, none, &after));
    ASSERT_EQ(0, kith_receive_ref(after, &m, kt_long()));
    ASSERT_TRUE(kt_until([&] { return kith_read_timer(timer, nullptr) == KITH_ENOENT; }));
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
    ASSERT_EQ(0, kith_send_after_name(1000000, "nobody", 5, none, &timer));
    EXPECT_EQ(0, kith_cancel_timer(timer, nullptr));
}

TEST_F(Timer, ToANameRefusesWhatMakesNoSense)
{
    const std::string longest(255, 'n'), longer(256, 'n');
    kith_ref timer;

    for (const char *name : {static_cast<const char *>(nullptr), "", longer.c_str()}) {
        EXPECT_EQ(KITH_EINVAL, kith_send_after_name(1, name, 5, none, nullptr));
        EXPECT_EQ(KITH_EINVAL, kith_send_at_name(1, name, 5, none, nullptr));
        EXPECT_EQ(KITH_EINVAL, kith_start_timer_name(1, name, none, nullptr));
    }
    EXPECT_EQ(KITH_EINVAL, kith_send_after_name(1, "n", KITH_TAG_DOWN, none, nullptr));
    EXPECT_EQ(KITH_EINVAL, kith_send_at_name(1, "n", KITH_TAG_DOWN, none, nullptr));
    EXPECT_EQ(KITH_EINVAL, kith_send_after_name(KITH_INFINITY, "n", 5, none, nullptr));
    EXPECT_EQ(KITH_EINVAL, kith_send_at_name(KITH_NOWAIT, "n", 5, none, nullptr));
    EXPECT_EQ(KITH_EINVAL, kith_send_after_name(1, "n", 5, {nullptr, 4}, nullptr));
    ASSERT_EQ(0, kith_send_after_name(1000000, longest.c_str(), 5, none, &timer));
    EXPECT_EQ(0, kith_cancel_timer(timer, nullptr));
}

TEST_F(Timer, AtAMomentIsNotBeforeIt)
{
    kith_ref first, second;
    const kith_msg *m;

    for (const kith_ms after : {0, 1, 7, 30}) {
        const kith_ms deadline = kith_deadline(after);

        ASSERT_EQ(0, kith_send_at(deadline, kith_self(), 5, none, &first));
        ASSERT_EQ(0, kith_receive_ref(first, &m, kt_long()));
        EXPECT_GE(kith_deadline(0), deadline);
        EXPECT_EQ(0, kith_left(deadline));
    }
    ASSERT_EQ(0, kith_register("main", kith_self()));
    const kith_ms deadline = kith_deadline(20);
    ASSERT_EQ(0, kith_send_at_name(deadline, "main", 6, none, &second));
    ASSERT_EQ(0, kith_receive_ref(second, &m, kt_long()));
    EXPECT_EQ(6u, m->tag);
    EXPECT_GE(kith_deadline(0), deadline);
    EXPECT_EQ(0, kith_unregister("main"));
}

TEST_F(Timer, AtAMomentLongAgoComesSoonAndAtNoneIsRefused)
{
    for (const kith_ms deadline : {kith_ms{0}, kith_ms{-1}, kith_ms{1}}) {
        ASSERT_EQ(0, kith_send_at(deadline, kith_self(), 5, none, nullptr));
        EXPECT_NE(nullptr, kt_receive());
    }
    EXPECT_EQ(KITH_EINVAL, kith_send_at(KITH_INFINITY, kith_self(), 5, none, nullptr));
    EXPECT_EQ(KITH_EINVAL, kith_send_at(KITH_NOWAIT, kith_self(), 5, none, nullptr));
    EXPECT_EQ(KITH_EINVAL, kith_send_at(1, kith_self(), KITH_TAG_TIMEOUT, none, nullptr));
    EXPECT_EQ(KITH_EINVAL, kith_send_at(1, kith_self(), 5, {nullptr, 4}, nullptr));
    EXPECT_EQ(KITH_ENOPROC, kith_send_at(1, {0}, 5, none, nullptr));
    kith_ref far;
    kith_ms left = 0;
    ASSERT_EQ(0, kith_send_at(KITH_INFINITY - 1, kith_self(), 5, none, &far));
    EXPECT_EQ(0, kith_cancel_timer(far, &left));
    EXPECT_GT(left, INT64_C(365) * 24 * 3600 * 1000);
}

TEST_F(Timer, CanBeReadByAnybodyAsLongAsItRuns)
{
    kith_ref timer;
    kith_ms left = 0;
    const kith_ms deadline = kith_deadline(1000000);

    ASSERT_EQ(0, kith_send_at(deadline, kith_self(), 5, none, &timer));
    ASSERT_EQ(0, kith_read_timer(timer, &left));
    EXPECT_LE(left, 1000000);
    EXPECT_GT(left, 900000);
    in_process([timer, deadline] {
        kith_ms there = 0;

        EXPECT_EQ(0, kith_read_timer(timer, &there));
        EXPECT_GE(there + 2, kith_left(deadline)) << "they round to both sides";
        EXPECT_EQ(0, kith_read_timer(timer, nullptr));
    });
    EXPECT_EQ(0, kith_cancel_timer(timer, nullptr));

    left = 77;
    EXPECT_EQ(KITH_ENOENT, kith_read_timer(timer, &left));
    EXPECT_EQ(KITH_ENOENT, kith_read_timer({0}, &left));
    EXPECT_EQ(KITH_ENOENT, kith_read_timer({UINT64_MAX}, &left));
    ASSERT_EQ(0, kith_send_after(0, kith_self(), 5, none, &timer));
    ASSERT_NE(nullptr, kt_receive());
    EXPECT_EQ(KITH_ENOENT, kith_read_timer(timer, &left)) << "it has fired";
    EXPECT_EQ(77, left);
}

TEST_F(Timer, ManyComeInTheOrderOfTheirTimes)
{
    std::mt19937_64 rng = kt_rng();
    const std::size_t n = kt_scale(5000);
    kith_ms last = 0;

    for (std::size_t i = 0; i < n; i++) {
        const std::uint64_t after = rng() % 100;
        const std::uint64_t due = static_cast<std::uint64_t>(kith_deadline(0)) + after;
        ASSERT_EQ(0, kith_send_after(static_cast<kith_ms>(after), kith_self(), 1,
                                     KITH_IOV(due), nullptr));
    }
    for (std::size_t i = 0; i < n; i++) {
        const kith_msg *m = kt_receive();
        const auto due = static_cast<kith_ms>(kt_number(m));

        ASSERT_GE(kith_deadline(0), due) << "early";
        last = std::max(last, due);
    }
}

TEST_F(Timer, SleepIsNeverShort)
{
    const auto check = [] {
        for (const kith_ms ms : {0, 1, 2, 7, 30}) {
            const kith_ms begin = kith_deadline(0);
            EXPECT_EQ(0, kith_sleep(ms));
            EXPECT_GE(kith_deadline(0), begin + ms);
        }
        EXPECT_EQ(0, kith_sleep(-3));
    };

    check();
    in_process(check);
}

TEST_F(Timer, SleepKeepsTheMail)
{
    const auto check = [] {
        ASSERT_EQ(0, kt_send(kith_self(), 1, 1));
        ASSERT_EQ(0, kith_send_after(1, kith_self(), 2, none, nullptr));
        EXPECT_EQ(0, kith_sleep(10));
        EXPECT_EQ(1u, kt_number(kt_receive()));
        EXPECT_NE(nullptr, kt_receive());
    };

    check();
    in_process(check);
}

TEST_F(Timer, ManySleepAtOnce)
{
    static std::atomic<std::size_t> woke;
    const std::size_t n = kt_procs(5000);

    woke = 0;
    for (std::size_t i = 0; i < n; i++)
        ASSERT_EQ(0, kith_spawn(
                         [](void *arg) {
                             const kith_ms ms = *static_cast<kith_ms *>(arg);
                             const kith_ms begin = kith_deadline(0);
                             const int rc = kith_sleep(ms);

                             woke += rc == 0 && kith_deadline(0) >= begin + ms;
                             return rc;
                         },
                         std::array<kith_ms, 1>{static_cast<kith_ms>(i % 50)}.data(),
                         sizeof(kith_ms), nullptr));

    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    EXPECT_EQ(n, woke);
}

TEST(Deadline, KeepsOneLimitOverManyCalls)
{
    const kith_ms end = kith_deadline(50);

    EXPECT_LE(kith_left(end), 50);
    EXPECT_GT(kith_left(kith_deadline(1000000)), 900000);
    EXPECT_EQ(0, kith_left(kith_deadline(0)));
    EXPECT_EQ(0, kith_left(kith_deadline(-1)));
    EXPECT_EQ(0, kith_left(0));
}

TEST(Deadline, InfinityAndNowaitStayWhatTheyAre)
{
    EXPECT_EQ(KITH_INFINITY, kith_deadline(KITH_INFINITY));
    EXPECT_EQ(KITH_INFINITY, kith_left(KITH_INFINITY));
    EXPECT_EQ(KITH_INFINITY, kith_deadline(KITH_INFINITY - 1));
    EXPECT_EQ(KITH_NOWAIT, kith_deadline(KITH_NOWAIT));
    EXPECT_EQ(KITH_NOWAIT, kith_left(KITH_NOWAIT));
}

}    // namespace
