/* SPDX-License-Identifier: Apache-2.0
 * limit_test.cc -- full mailboxes: who is refused, who waits, and what comes through all the same.
 */
#include "tests/support/bytes.h"
#include "tests/support/sockets.h"

#include "core/fiber.h"
#include "core/opword.h"
#include "core/timers.h"

extern "C" {
#include "actors/proc.h"
}

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace
{

using Limit = kt_runtime;

kith_spawn_options
limited(std::size_t cap, std::size_t bytes = 0, int policy = KITH_MAILBOX_FAIL)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;

    o.mailbox_cap = cap;
    o.mailbox_bytes = bytes;
    o.mailbox_policy = policy;
    return o;
}

struct kith_process_info
info_of(kith_pid pid)
{
    struct kith_process_info i = KITH_PROCESS_INFO_INIT;

    EXPECT_EQ(0, kith_process_info(pid, &i));
    return i;
}

void
await_waiters(kith_pid pid, std::uint64_t n)
{
    ASSERT_TRUE(kt_until([=] { return info_of(pid).mailbox_waited == n; }));
}

enum { GO = 100 };

/* Waits for GO, which is not among what it is asked to note, and then takes all up to a 0. */
std::vector<std::uint64_t> noted;

void
note_after_go()
{
    const kith_msg *m;

    noted.clear();
    ASSERT_EQ(0, kith_receive_tag(GO, &m, KITH_INFINITY));
    while (kith_receive(&m, KITH_INFINITY) == 0 && m->tag != 0)
        noted.push_back(m->tag);
}

void
go(kith_pid pid)
{
    ASSERT_EQ(0,
              kith_send_after(0, pid, GO, {nullptr, 0}, nullptr)); /* timers do not count */
}

TEST_F(Limit, WithRoomAWaitingSendIsASend)
{
    const kith_pid free_one = spawn([] { note_after_go(); });

    for (const std::uint64_t i : {1, 2, 3, 0})
        EXPECT_EQ(0, kith_send_wait(free_one, i, nullptr, 0, 0));
    go(free_one);
    ASSERT_EQ(0, kith_wait(free_one, nullptr, kt_long()));
    EXPECT_EQ((std::vector<std::uint64_t>{1, 2, 3}), noted);
}

TEST_F(Limit, ThoseThatWaitAreLetInOldestFirst)
{
    const kith_spawn_options o = limited(2);
    const kith_pid to = spawn([] { note_after_go(); }, &o);
    std::atomic<int> done = 0;

    for (const std::uint64_t i : {1, 2})
        ASSERT_EQ(0, kith_send(to, i, nullptr, 0));
    for (std::uint64_t i = 3; i <= 20; i++) {
        spawn([&done, to, i] {
            EXPECT_EQ(0, kith_send_wait(to, i, nullptr, 0, KITH_INFINITY));
            done++;
        });
        await_waiters(to, i - 2);
    }
    EXPECT_EQ(0, done);
    EXPECT_EQ(KITH_EFULL, kith_send(to, 99, nullptr, 0));
    go(to);
    ASSERT_EQ(0, kith_send_wait(to, 0, nullptr, 0, kt_long()));
    ASSERT_EQ(0, kith_wait(to, nullptr, kt_long()));
    ASSERT_EQ(18u, noted.size() - 2);
    for (std::uint64_t i = 1; i <= 20; i++)
        EXPECT_EQ(i, noted[i - 1]);
    EXPECT_TRUE(kt_until([&] { return done == 18; }));
}

TEST_F(Limit, AThreadMayWaitForRoomToo)
{
    const kith_spawn_options o = limited(1);
    const kith_pid to = spawn([] { note_after_go(); }, &o);

    ASSERT_EQ(0, kith_send(to, 1, nullptr, 0));
    std::thread other([to] { EXPECT_EQ(0, kith_send_wait(to, 0, nullptr, 0, kt_long())); });
    await_waiters(to, 1);
    go(to);
    other.join();
    EXPECT_EQ(0, kith_wait(to, nullptr, kt_long()));
}

TEST_F(Limit, AWaitForRoomEndsInTime)
{
    const kith_spawn_options o = limited(1);
    const kith_pid to = spawn([] { note_after_go(); }, &o);
    constexpr kith_ms a_while = 50; /* in which even a slow machine comes to wait */
    const auto check = [to] {
        EXPECT_EQ(KITH_ETIMEOUT, kith_send_wait(to, 7, nullptr, 0, 0));
        EXPECT_EQ(KITH_ETIMEOUT, kith_send_wait(to, 7, nullptr, 0, -1));
        const kith_ms begin = kith_deadline(0);
        EXPECT_EQ(KITH_ETIMEOUT, kith_send_wait(to, 7, nullptr, 0, a_while));
        EXPECT_GE(kith_deadline(0), begin + a_while);
    };

    ASSERT_EQ(0, kith_send(to, 1, nullptr, 0));
    in_process(check);
    check();
    EXPECT_EQ(2u, info_of(to).mailbox_waited) << "a timeout of 0 waits not";
    go(to);
    ASSERT_EQ(0, kith_send_wait(to, 0, nullptr, 0, kt_long()));
    ASSERT_EQ(0, kith_wait(to, nullptr, kt_long()));
    EXPECT_EQ((std::vector<std::uint64_t>{1}), noted) << "what timed out is gone";
}

TEST_F(Limit, ARequestThatMakesNoSenseIsRefused)
{
    const kith_spawn_options o = limited(0, 100);
    const char big[101] = {0};
    const kith_pid to = spawn([] { note_after_go(); }, &o);

    EXPECT_EQ(KITH_EMSGSIZE, kith_send_wait(to, 1, big, 101, KITH_INFINITY));
    EXPECT_EQ(0, kith_send_wait(to, 1, big, 100, 0));
    EXPECT_EQ(KITH_EINVAL, kith_send_wait(to, KITH_TAG_DOWN, nullptr, 0, 0));
    EXPECT_EQ(KITH_EINVAL, kith_send_wait(to, 1, nullptr, 1, 0));
    EXPECT_EQ(KITH_EINVAL, kith_send_wait(to, 1, nullptr, 0, KITH_NOWAIT));
    kill(to);
    EXPECT_EQ(KITH_ENOPROC, kith_send_wait(to, 1, nullptr, 0, KITH_INFINITY));
    in_process([] {
        ASSERT_EQ(0, kith_flag_mailbox(1, 0, KITH_MAILBOX_FAIL));
        EXPECT_EQ(0, kith_send_wait(kith_self(), 1, nullptr, 0, KITH_INFINITY));
        EXPECT_EQ(KITH_EDEADLK, kith_send_wait(kith_self(), 1, nullptr, 0, KITH_INFINITY));
    });
}

TEST_F(Limit, AWaitForRoomEndsWithTheReceiver)
{
    const kith_spawn_options o = limited(1);
    const kith_pid to = spawn([] { note_after_go(); }, &o);
    std::atomic<int> done = 0;

    ASSERT_EQ(0, kith_send(to, 1, nullptr, 0));
    for (std::uint64_t i = 1; i <= 5; i++) {
        spawn([&done, to] {
            EXPECT_EQ(KITH_ENOPROC, kith_send_wait(to, 2, nullptr, 0, KITH_INFINITY));
            done++;
        });
        await_waiters(to, i);
    }
    kill(to);
    EXPECT_TRUE(kt_until([&] { return done == 5; }));
}

/* Has a completion in its mailbox when it answers, so that a death from then on has to take mail
 * before the deferred functions run: what comes behind that is freed. */
void
hold_untaken_completion(kith_socket from)
{
    static char byte;
    kith_future f;

    ASSERT_EQ(0, kith_socket_recv_start(from, &byte, 1, 0, KITH_INFINITY, &f));
    while (!ki_mbox_has_mail(&ki_proc_at(kith_self())->fiber.task.mbox))
        ki_fiber_yield(&ki_proc_at(kith_self())->fiber); /* and takes nothing */
}

int
send_with_a_ref(kith_pid to, std::uint64_t tag, const void *, std::size_t len)
{
    kith_msg *m = kith_msg_new(tag, len);

    EXPECT_EQ(0, kith_alias(KITH_ALIAS, &m->ref));
    return kith_send_msg(to, m);
}

int
send_to_alias(kith_pid, std::uint64_t tag, const void *data, std::size_t len)
{
    kith_ref alias;

    EXPECT_EQ(0, kith_alias(KITH_ALIAS, &alias));
    return kith_send_alias(alias, tag, data, len, 0);
}

TEST_F(Limit, WhatTheDyingFreeUnseenMakesRoomForTheirDeferredFunctions)
{
    static int before, after;
    kith_spawn_options o = limited(1, 8);
    const kt_pair pair = kt_pair_import();
    kith_ref ref;

    o.monitor = &ref; /* a kith_wait is mail, too */

    for (auto *send : {kith_send, send_with_a_ref, send_to_alias}) {
        before = after = -1;
        spawn(
            [&] {
                ASSERT_EQ(0, kith_defer(
                                 [](void *) {
                                     after = kith_send(kith_self(), 2, "12345678", 8);
                                 },
                                 nullptr));
                hold_untaken_completion(pair.far);
                before = send(kith_self(), 1, "12345678", 8);
                EXPECT_EQ(KITH_EFULL, kith_send(kith_self(), 2, nullptr, 0));
                kith_exit(kith_reason_of(KITH_NORMAL, 0, nullptr));
            },
            &o);
        ASSERT_EQ(1, kith_socket_send(pair.near, "x", 1, 0, kt_long()));
        EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
        EXPECT_EQ(0, before);
        EXPECT_EQ(0, after);
    }
    kt_close(pair);
}

TEST_F(Limit, WhoWaitsForAMessageThatTheDyingFreeUnseenIsRefusedAtOnce)
{
    static int heard;
    const kith_spawn_options o = limited(0, 100);
    const char bytes[100] = {0};
    const kt_pair pair = kt_pair_import();
    std::atomic<bool> ready = false, filled = false;
    const kith_pid to = spawn(
        [&] {
            const kith_msg *m;

            heard = -1;
            ASSERT_EQ(0, kith_defer(
                             [](void *) {
                                 const kith_msg *told;

                                 heard = kith_receive_tag(GO, &told, KITH_INFINITY);
                             },
                             nullptr));
            ASSERT_EQ(0, kith_receive_tag(GO, &m, KITH_INFINITY));
            hold_untaken_completion(pair.far);
            ready = true;
            while (!filled)
                ki_fiber_yield(&ki_proc_at(kith_self())->fiber);
            ASSERT_EQ(0, kith_receive(&m, 0));
            EXPECT_EQ(1u, m->tag) << "what waits for room waits for 2 from here on";
            kith_exit(kith_reason_of(KITH_NORMAL, 0, nullptr));
        },
        &o);

    ASSERT_EQ(0, kith_send(to, 1, bytes, 60));
    const kith_pid waiter = spawn([=] {
        EXPECT_EQ(KITH_ENOPROC, kith_send_wait(to, 3, bytes, 100, KITH_INFINITY));
        go(to);
    });
    await_waiters(to, 1);
    go(to);
    ASSERT_EQ(1, kith_socket_send(pair.near, "x", 1, 0, kt_long()));
    ASSERT_TRUE(kt_until([&] { return ready.load(); }));
    ASSERT_EQ(0, kith_send(to, 2, bytes, 40));
    filled = true;
    ASSERT_EQ(0, kith_wait(to, nullptr, kt_long()));
    ASSERT_EQ(0, kith_wait(waiter, nullptr, kt_long()));
    EXPECT_EQ(0, heard) << "and not when the deferred functions have used up their time";
    kt_close(pair);
}

TEST_F(Limit, AWaiterThatDiesMakesRoomForTheNext)
{
    const kith_spawn_options o = limited(1);
    const kith_pid to = spawn([] { note_after_go(); }, &o);
    std::array<kith_pid, 6> waiter;

    ASSERT_EQ(0, kith_send(to, 1, nullptr, 0));
    for (std::uint64_t i = 0; i < waiter.size(); i++) {
        waiter[i] = spawn([to, i] {
            EXPECT_EQ(0, kith_send_wait(to, 10 + i, nullptr, 0, KITH_INFINITY));
        });
        await_waiters(to, i + 1);
    }
    for (const std::size_t i : {0, 2, 5}) /* the first, one between, the last */
        kill(waiter[i]);
    go(to);
    ASSERT_EQ(0, kith_send_wait(to, 0, nullptr, 0, kt_long()));
    ASSERT_EQ(0, kith_wait(to, nullptr, kt_long()));
    EXPECT_EQ((std::vector<std::uint64_t>{1, 11, 13, 14}), noted);
}

TEST_F(Limit, WhoeverWaitsIsNeitherDroppedNorKills)
{
    for (const int policy : {KITH_MAILBOX_DROP, KITH_MAILBOX_KILL}) {
        const kith_spawn_options o = limited(1, 0, policy);
        const kith_pid to = spawn([] { note_after_go(); }, &o);

        ASSERT_EQ(0, kith_send(to, 1, nullptr, 0));
        const kith_pid waiter =
            spawn([to] { EXPECT_EQ(0, kith_send_wait(to, 2, nullptr, 0, KITH_INFINITY)); });
        await_waiters(to, 1);
        go(to);
        ASSERT_EQ(0, kith_send_wait(to, 0, nullptr, 0, kt_long()));
        ASSERT_EQ(0, kith_wait(to, nullptr, kt_long()));
        EXPECT_EQ(0, kith_wait(waiter, nullptr, kt_long()));
        EXPECT_EQ((std::vector<std::uint64_t>{1, 2}), noted);
    }
}

TEST_F(Limit, ALargeOneIsNotOvertaken)
{
    const kith_spawn_options o = limited(0, 100);
    const char bytes[100] = {0};
    const kith_pid to = spawn([] { note_after_go(); }, &o);

    for (std::uint64_t i = 1; i <= 10; i++)
        ASSERT_EQ(0, kith_send(to, i, bytes, 10));
    const kith_pid large =
        spawn([=] { EXPECT_EQ(0, kith_send_wait(to, 11, bytes, 100, KITH_INFINITY)); });
    await_waiters(to, 1);
    const kith_pid small =
        spawn([=] { EXPECT_EQ(0, kith_send_wait(to, 12, bytes, 1, KITH_INFINITY)); });
    await_waiters(to, 2);
    go(to);
    ASSERT_EQ(0, kith_wait(large, nullptr, kt_long()));
    ASSERT_EQ(0, kith_wait(small, nullptr, kt_long()));
    ASSERT_EQ(0, kith_send_wait(to, 0, nullptr, 0, kt_long()));
    ASSERT_EQ(0, kith_wait(to, nullptr, kt_long()));
    ASSERT_EQ(12u, noted.size());
    EXPECT_EQ(11u, noted[10]);
    EXPECT_EQ(12u, noted[11]);
}

TEST_F(Limit, OneMayChangeTheLimitOfOnesOwnMailbox)
{
    std::atomic<kith_pid> waiters[4] = {};

    EXPECT_EQ(KITH_EINVAL, kith_flag_mailbox(1, 0, 3));
    EXPECT_EQ(KITH_EINVAL, kith_flag_mailbox(1, 0, -1));
    in_process([&] {
        const kith_pid me = kith_self();

        for (std::uint64_t i = 1; i <= 3; i++)
            ASSERT_EQ(0, kith_send(me, i, nullptr, 0));
        ASSERT_EQ(0, kith_flag_mailbox(3, 0, KITH_MAILBOX_FAIL)) << "what is there counts";
        EXPECT_EQ(KITH_EFULL, kith_send(me, 9, nullptr, 0));
        ASSERT_EQ(0, kith_flag_mailbox(3, 0, KITH_MAILBOX_DROP));
        EXPECT_EQ(0, kith_send(me, 9, nullptr, 0));
        EXPECT_EQ(1u, info_of(me).mailbox_refused);
        EXPECT_EQ(1u, info_of(me).mailbox_dropped);

        ASSERT_EQ(0, kith_flag_mailbox(1, 0, KITH_MAILBOX_FAIL)) << "less than is there";
        for (std::uint64_t i = 4; i <= 6; i++)
            waiters[i - 4] = spawn([me, i] {
                EXPECT_EQ(0, kith_send_wait(me, i, nullptr, 0, KITH_INFINITY));
            });
        while (info_of(me).mailbox_waited < 3)
            ASSERT_EQ(0, kith_sleep(1));
        for (std::uint64_t i = 1; i <= 3; i++)
            EXPECT_EQ(i, kt_receive()->tag);
        EXPECT_EQ(1u, info_of(me).mailbox_len) << "one was let in";
        ASSERT_EQ(0, kith_flag_mailbox(2, 0, KITH_MAILBOX_FAIL));
        EXPECT_EQ(2u, info_of(me).mailbox_len) << "and one more";
        ASSERT_EQ(0, kith_flag_mailbox(0, 0, KITH_MAILBOX_FAIL));
        EXPECT_EQ(3u, info_of(me).mailbox_len) << "and all";
        for (int i = 0; i < 10; i++)
            EXPECT_EQ(0, kith_send(me, 7, nullptr, 0));
    });
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(0, kith_wait(waiters[i], nullptr, kt_long()));
}

TEST_F(Limit, ALimitThatShrinksTellsWhoNeverFits)
{
    const kith_spawn_options o = limited(0, 100);
    const kith_pid to = spawn(
        [] {
            const kith_msg *m;

            ASSERT_EQ(0, kith_receive_tag(GO, &m, KITH_INFINITY));
            EXPECT_EQ(0, kith_flag_mailbox(0, 50, KITH_MAILBOX_FAIL));
            ASSERT_EQ(0, kith_receive_tag(GO, &m, KITH_INFINITY));
        },
        &o);
    const char bytes[100] = {0};

    ASSERT_EQ(0, kith_send(to, 1, bytes, 100));
    const kith_pid waiter = spawn(
        [=] { EXPECT_EQ(KITH_EMSGSIZE, kith_send_wait(to, 2, bytes, 80, KITH_INFINITY)); });
    await_waiters(to, 1);
    go(to);
    EXPECT_EQ(0, kith_wait(waiter, nullptr, kt_long()));
    go(to);
    EXPECT_EQ(0, kith_wait(to, nullptr, kt_long()));
}

/* ---- floods ---- */

/* 64 senders, until told to stop; `accepted` are the sends that answered 0. */
struct flood {
    std::atomic<bool> over{false};
    std::atomic<std::uint64_t> accepted{0}, refused{0}, running{0};
    std::atomic<std::uint64_t> handled{0};
};

enum { SENDERS = 64, CAP = 100 };

void
send_until_over(flood &f, kith_pid to, unsigned how)
{
    std::uint64_t n = how;

    f.running++;
    while (!f.over) {
        const int rc = how % 3 == 0 ? kith_send_wait(to, 1, &n, sizeof n, how % 2 ? 1 : 100)
                                    : kith_send(to, 1, &n, sizeof n);

        if (rc == 0)
            f.accepted++;
        else if (rc == KITH_ENOPROC)
            break;
        else
            f.refused++;
        n++;
        kith_yield();
    }
    f.running--;
}

ki_proc *
record_of(kith_pid pid)
{
    return ki_proc_at(pid);
}

/* The shares that are taken are all messages that are on their way or there. */
std::uint64_t
taken(kith_pid pid)
{
    return ki_load_rlx(&record_of(pid)->limit.messages);
}

class LimitFlood : public kt_runtime {
  protected:
    flood f_;
    kith_ref ref_;

    void start_senders(kith_pid to)
    {
        for (unsigned i = 0; i < SENDERS; i++)
            spawn([this, to, i] { send_until_over(f_, to, i); });
        ASSERT_TRUE(kt_until([this] { return f_.running == SENDERS; }));
    }

    void end_senders()
    {
        f_.over = true;
        EXPECT_TRUE(kt_until([this] { return f_.running == 0; }));
    }
};

TEST_F(LimitFlood, AMailboxStaysWithinItsLimit)
{
    for (const int policy : {KITH_MAILBOX_FAIL, KITH_MAILBOX_DROP}) {
        kith_spawn_options o = limited(CAP, 0, policy);
        std::atomic<std::uint64_t> most = 0;
        const std::size_t enough = kt_scale(200000);

        f_.over = false;
        f_.handled = 0;
        const kith_pid to = spawn(
            [&] {
                const kith_msg *m;

                while (f_.handled < enough && kith_receive(&m, KITH_INFINITY) == 0) {
                    const std::uint64_t now =
                        std::max<std::uint64_t>(taken(kith_self()),
                                                ki_load_rlx(
                                                    &record_of(kith_self())->inbox.len));

                    most = std::max<std::uint64_t>(most, now);
                    f_.handled++;
                }
            },
            &o);
        start_senders(to);
        EXPECT_EQ(0, kith_wait(to, nullptr, kt_long()));
        end_senders();
        EXPECT_LE(most, CAP);
        EXPECT_GE(f_.handled, enough);
    }
}

TEST_F(LimitFlood, AKillingLimitKillsAndNothingElseIsLeft)
{
    kith_spawn_options o = limited(CAP, 0, KITH_MAILBOX_KILL);

    o.monitor = &ref_;
    const kith_pid to = spawn([] { kt_ignore(kith_sleep(KITH_INFINITY)); }, &o);
    for (unsigned i = 0; i < SENDERS; i++)
        spawn([this, to, i] { send_until_over(f_, to, i); });
    EXPECT_EQ(KITH_KILLED, kt_why(ref_).kind);
    end_senders();
    EXPECT_LE(f_.accepted, CAP) << "it never took one";
    EXPECT_GE(f_.refused, 1u);
}

/* Sends an exit signal into the flood and answers how many messages were handled after it. */
std::uint64_t
handled_after_exit(flood &f, kith_pid to, kith_ref ref)
{
    EXPECT_TRUE(kt_until([&] { return f.handled > 1000 || f.accepted > 1000; }));
    EXPECT_EQ(0, kith_exit_signal(to, kith_reason_of(KITH_SHUTDOWN, 0, nullptr)));
    const std::uint64_t before = f.handled;
    const kith_msg *m;

    EXPECT_EQ(0, kith_receive_ref(ref, &m, kt_long()));
    return f.handled - before;
}

int
count_it(void *state, const kith_msg *)
{
    (*static_cast<flood **>(state))->handled++;
    return KITH_CONTINUE;
}

int
remember(void *state, void *arg)
{
    *static_cast<flood **>(state) = *static_cast<flood **>(arg);
    return 0;
}

/* The flood is wide enough that much more than 64 would be there to be handled. */
TEST_F(LimitFlood, AnExitIsActedOnBeforeTheNext64Messages)
{
    constexpr kith_server type = {.state_size = sizeof(flood *),
                                  .with_stack = false,
                                  .init = remember,
                                  .call = nullptr,
                                  .cast = nullptr,
                                  .info = count_it,
                                  .terminate = nullptr};

    for (const int policy : {KITH_MAILBOX_FAIL, KITH_MAILBOX_DROP, KITH_MAILBOX_KILL}) {
        for (const bool handler : {false, true}) {
            SCOPED_TRACE("policy " + std::to_string(policy) +
                         (handler ? ", a handler" : ", with a stack"));
            /* Where a full mailbox kills, it must not be full before the signal. */
            kith_spawn_options o =
                limited(policy == KITH_MAILBOX_KILL ? 1 << 30 : 1000, 0, policy);
            flood *f = &f_;
            kith_pid to;

            f_.over = false;
            f_.handled = f_.accepted = 0;
            o.monitor = &ref_;
            if (handler) {
                ASSERT_EQ(0, kith_server_start(&type, &o, &f, sizeof f, &to));
            } else {
                to = spawn(
                    [f] {
                        const kith_msg *m;

                        while (kith_receive(&m, KITH_INFINITY) == 0)
                            f->handled++;
                    },
                    &o);
            }
            start_senders(to);
            EXPECT_LE(handled_after_exit(f_, to, ref_), 64u);
            end_senders();
        }
    }
}

/* The same without chance: more messages than 64 are in the inbox already when it comes. */
TEST_F(Limit, AnExitIsActedOnThoughMuchIsInTheInboxAlready)
{
    std::atomic<std::uint64_t> handled = 0;
    kith_spawn_options o = limited(10000);
    kith_ref ref;

    o.monitor = &ref;
    spawn(
        [&] {
            const kith_pid me = kith_self();
            const kith_msg *m;

            for (int i = 0; i < 1000; i++)
                ASSERT_EQ(0, kith_send(me, 1, nullptr, 0));
            ASSERT_EQ(KITH_ETIMEOUT, kith_receive_tag(2, &m, 0)); /* all in the inbox */
            ASSERT_EQ(0, kith_spawn(
                             [](void *to) {
                                 return kith_exit_signal(*static_cast<kith_pid *>(to),
                                                         kith_reason_of(KITH_SHUTDOWN, 0,
                                                                        nullptr));
                             },
                             &me, sizeof me, nullptr));
            while (!ki_mbox_has_mail(&record_of(me)->fiber.task.mbox))
                ki_fiber_yield(&record_of(me)->fiber); /* and takes nothing */
            while (kith_receive(&m, KITH_INFINITY) == 0)
                handled++;
        },
        &o);
    EXPECT_EQ(KITH_SHUTDOWN, kt_why(ref).kind);
    EXPECT_LE(handled, 64u);
}

/* ---- all at once ---- */

class LimitBytes : public kt_runtime {
  protected:
    kt_bytes bytes_;
};

/* Senders time out, are killed, and come again; the receiver takes in fits. What answered 0 was
 * received, once; nothing is left. */
TEST_F(LimitBytes, NothingIsLostOrLeftHoweverWaitsEnd)
{
    std::mt19937_64 rng = kt_rng();
    const std::size_t rounds = kt_scale(3000);
    std::atomic<std::uint64_t> accepted = 0, received = 0;
    std::atomic<bool> over = false;
    kith_spawn_options o = limited(3, 64);
    kith_pid to = spawn(
        [&] {
            const kith_msg *m;

            for (;;) {
                const int rc = kith_receive_tag(1 + received % 2, &m, 1);

                if (rc == 0)
                    received++;
                else if (kith_receive(&m, 0) == 0)
                    received++;
                else if (over)
                    return;
            }
        },
        &o);

    for (std::size_t i = 0; i < rounds; i++) {
        const std::uint64_t r = rng();
        const kith_pid sender = spawn([&accepted, to, r] {
            char body[64] = {0};

            for (int n = 0; n < 4; n++)
                if (kith_send_wait(to, 1 + n % 2, body, (r + static_cast<unsigned>(n)) % 64,
                                   static_cast<kith_ms>(r % 3)) == 0)
                    accepted++;
        });
        if (r % 5 == 0)
            kt_ignore(kith_exit_signal(sender, kith_reason_of(KITH_KILL, 0, nullptr)));
        if (r % 16 == 0)
            kt_ignore(kith_wait(sender, nullptr, kt_long()));
    }
    EXPECT_TRUE(kt_until([] { return kt_processes() == 1; }));
    over = true;
    EXPECT_EQ(0, kith_wait(to, nullptr, kt_long()));
    EXPECT_GE(received, accepted) << "one that is killed may not live to count";
    EXPECT_LE(received, accepted + rounds);
    EXPECT_EQ(0u, taken(to)) << "every share was given back";
}

}    // namespace
