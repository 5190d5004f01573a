/* SPDX-License-Identifier: Apache-2.0
 * hibernate_test.cc -- waiting without a stack: what wakes, what is kept, and dying of it. */
#include "tests/support/runtime.h"

#include "core/fiber.h"
#include "core/opword.h"
#include "core/seam.h"
#include "core/stack_slab.h"
#include "core/timers.h"

extern "C" {
#include "actors/proc.h"
}

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

namespace
{

using Hibernate = kt_runtime;

struct state {
    kith_pid home;
    std::uint64_t rounds, sum;
};

bool
is_hibernated(kith_pid pid)
{
    struct kith_process_info i = KITH_PROCESS_INFO_INIT;

    return kith_process_info(pid, &i) == 0 && std::strcmp(i.waits_for, "hibernate") == 0 &&
           i.status == KITH_STATUS_WAITING;
}

void
await_hibernation(kith_pid pid)
{
    ASSERT_TRUE(kt_until([=] { return is_hibernated(pid); }));
}

/* Adds what it receives, answers the sum, and hibernates again; 0 ends it. */
int
add(void *arg)
{
    state s = *static_cast<state *>(arg);
    const std::uint64_t n = kt_number(kt_receive());

    if (n == 0)
        return 0;
    s.sum += n;
    s.rounds++;
    EXPECT_EQ(0, kt_send(s.home, s.rounds, s.sum));
    kith_hibernate(add, &s, sizeof s);
}

kith_pid
start_adder(const kith_spawn_options *o = nullptr)
{
    const state s = {kith_self(), 0, 0};
    kith_pid pid = {0};

    EXPECT_EQ(0, kith_spawn_opt(
                     o, [](void *arg) -> int { kith_hibernate(add, arg, sizeof(state)); },
                     &s, sizeof s, &pid));
    return pid;
}

void
end_adder(kith_pid pid)
{
    kith_ref ref;

    ASSERT_EQ(0, kith_monitor(pid, &ref));
    ASSERT_EQ(0, kt_send(pid, 1, 0));
    EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
}

TEST_F(Hibernate, GoesOnInItsFunctionWithTheCopyAndTheMessage)
{
    kith_spawn_options small = KITH_SPAWN_OPTIONS_INIT, high = KITH_SPAWN_OPTIONS_INIT;

    small.stack = 8000;
    high.priority = KITH_PRIORITY_HIGH;
    for (kith_spawn_options *o :
         {static_cast<kith_spawn_options *>(nullptr), &small, &high}) {
        const kith_pid pid = start_adder(o);
        std::uint64_t sum = 0;

        for (std::uint64_t i = 1; i <= kt_scale(1000); i++) {
            sum += i;
            ASSERT_EQ(0, kt_send(pid, 1, i));
            ASSERT_EQ(sum, kt_number(kt_receive()));
        }
        end_adder(pid);
    }
}

TEST_F(Hibernate, WhatIsThereAlreadyWakesItAtOnce)
{
    const kith_pid pid = start_adder();

    for (int i = 0; i < 100; i++)
        ASSERT_EQ(0, kt_send(pid, 1, 1));
    for (std::uint64_t i = 1; i <= 100; i++)
        EXPECT_EQ(i, kt_number(kt_receive()));
    end_adder(pid);
}

TEST_F(Hibernate, ItsArgumentMayLieInTheMessageReceivedLast)
{
    kith_pid pid;

    ASSERT_EQ(0,
              kith_spawn(
                  [](void *) -> int {
                      const kith_msg *m;
                      const int rc = kith_receive(&m, KITH_INFINITY);

                      if (rc < 0)
                          return rc;
                      kith_hibernate(
                          [](void *number) {
                              const kith_msg *wake;
                              const int got = kith_receive(&wake, KITH_INFINITY);

                              return got < 0
                                         ? got
                                         : kt_send(wake->from, 1,
                                                   *static_cast<std::uint64_t *>(number));
                          },
                          m->data, m->len);
                  },
                  nullptr, 0, &pid));
    ASSERT_EQ(0, kt_send(pid, 1, 77));
    await_hibernation(pid);
    ASSERT_EQ(0, kt_send(pid, 1, 0));
    EXPECT_EQ(77u, kt_number(kt_receive()));
}

TEST_F(Hibernate, HoldsNoStack)
{
    const kith_pid pid = start_adder();

    await_hibernation(pid);
    EXPECT_EQ(nullptr, ki_proc_at(pid)->fiber.stack.low);
    end_adder(pid);
}

TEST_F(Hibernate, OtherMailDoesNotWakeIt)
{
    const kith_pid pid = start_adder();
    kith_ref ref;

    await_hibernation(pid);
    for (int i = 0; i < 10; i++) {
        ASSERT_EQ(0, kith_monitor(pid, &ref));
        ASSERT_EQ(0, kith_demonitor(ref, 0));
        ASSERT_EQ(0, kith_link(pid));
        ASSERT_EQ(0, kith_unlink(pid));
        await_hibernation(pid);
    }
    ASSERT_EQ(0, kith_monitor(pid, &ref));
    await_hibernation(pid);
    EXPECT_EQ(nullptr, ki_proc_at(pid)->fiber.stack.low);
    end_adder(pid);
    EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
}

std::atomic<int> deferred;

TEST_F(Hibernate, ASignalThatKillsRunsWhatWasDeferred)
{
    const auto body = [] {
        EXPECT_EQ(0, kith_defer(
                         [](void *) {
                             kt_ignore(kith_sleep(1)); /* it may even wait */
                             deferred++;
                         },
                         nullptr));
        kith_hibernate([](void *) { return 7; }, nullptr, 0);
    };

    deferred = 0;
    for (const int kind : {KITH_SHUTDOWN, KITH_KILL}) {
        kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
        kith_ref ref;

        o.monitor = &ref;
        const kith_pid pid = spawn(body, &o);
        await_hibernation(pid);
        ASSERT_EQ(0, kith_exit_signal(pid, kith_reason_of(kind, 0, nullptr)));
        EXPECT_EQ(kind == KITH_KILL ? KITH_KILLED : KITH_SHUTDOWN, kt_why(ref).kind);
    }
    EXPECT_EQ(2, deferred);
}

TEST_F(Hibernate, AnExitThatIsTrappedIsAMessage)
{
    const kith_pid home = kith_self();
    const kith_pid pid = spawn([home] {
        kith_flag_trap_exit(true);
        kith_hibernate(
            [](void *arg) {
                const kith_msg *m = kt_receive();

                return kt_send(*static_cast<kith_pid *>(arg), 1, m ? m->tag : 0);
            },
            &home, sizeof home);
    });

    await_hibernation(pid);
    ASSERT_EQ(0, kith_exit_signal(pid, kith_reason_of(KITH_SHUTDOWN, 0, nullptr)));
    EXPECT_EQ(KITH_TAG_EXIT, kt_number(kt_receive()));
    EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
}

TEST_F(Hibernate, WithoutAStackItIsTriedAgainAndNothingIsLost)
{
    const kith_pid pid = start_adder();

    await_hibernation(pid);
    ki_proc *p = ki_proc_at(pid);
    const std::uint16_t cls = ki_load_rlx(&p->sleeper_class);
    const std::uint64_t before = ki_load_rlx(&ki_runtime.n_no_stack);

    ki_store_rlx(&p->sleeper_class, std::uint16_t{KI_STACK_CLASSES}); /* larger than any */
    for (int i = 0; i < 3; i++)
        ASSERT_EQ(0, kt_send(pid, 1, 5));
    ASSERT_TRUE(
        kt_until([&] { return ki_load_rlx(&ki_runtime.n_no_stack) >= before + 2; }));
    ki_store_rlx(&p->sleeper_class, cls);
    for (const std::uint64_t sum : {5, 10, 15})
        EXPECT_EQ(sum, kt_number(kt_receive()));
    end_adder(pid);
}

TEST_F(Hibernate, AThreadWaitsAndEndsInTheFunction)
{
    const kith_pid home = kith_self();
    std::atomic<std::uint64_t> pid{0};
    std::thread t([&] {
        const state s = {home, 0, 0};

        pid = kith_self().id;
        kith_hibernate(
            [](void *arg) {
                EXPECT_EQ(3u, kt_number(kt_receive()));
                return kt_send(static_cast<state *>(arg)->home, 1, 4);
            },
            &s, sizeof s);
    });

    ASSERT_TRUE(kt_until([&] { return pid != 0; }));
    ASSERT_EQ(0, kt_send({pid}, 1, 3));
    EXPECT_EQ(4u, kt_number(kt_receive()));
    t.join();
}

std::atomic<std::size_t> scarce;    // blocks of that size are not to be had
struct ki_seam real;                // what stood there before

class HibernateWithoutMemory : public kt_runtime {
  protected:
    void SetUp() override
    {
        real = ki_seam;
        scarce = 0;
        ki_seam.alloc = [](std::size_t size, std::size_t align) {
            return size == scarce ? nullptr : real.alloc(size, align);
        };
        kt_runtime::SetUp();
    }

    void TearDown() override
    {
        kt_runtime::TearDown();
        ki_seam.alloc = real.alloc;
    }
};

/* Tells that its thread has ended. An object on the stack would not: musl's pthread_exit unwinds
 * none. */
struct last_words {
    std::atomic<bool> *ended = nullptr;

    ~last_words()
    {
        if (ended != nullptr)
            *ended = true;
    }
};

thread_local last_words last;

TEST_F(HibernateWithoutMemory, AKilledOneWaitsNoLonger)
{
    static char arg[54321];

    scarce = sizeof arg;
    for (const bool is_thread : {false, true}) {
        const std::uint64_t before = ki_load_rlx(&ki_runtime.n_no_stack);
        std::atomic<std::uint64_t> pid{0};
        std::atomic<bool> ended = false;
        const auto body = [&] {
            if (is_thread)
                last.ended = &ended;
            pid = kith_self().id;
            kith_hibernate([](void *) { return 0; }, arg, sizeof arg);
        };
        std::thread t;
        kith_ref ref;

        if (is_thread)
            t = std::thread(body);
        else
            spawn(body);
        ASSERT_TRUE(kt_until(
            [&] { return pid != 0 && ki_load_rlx(&ki_runtime.n_no_stack) > before; }));
        ASSERT_EQ(0, kith_monitor({pid}, &ref));
        ASSERT_EQ(0, kith_exit_signal({pid}, kith_reason_of(KITH_KILL, 0, nullptr)));
        EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
        if (is_thread) {
            if (!kt_until([&] { return ended.load(); })) {
                t.detach();
                FAIL() << "the thread goes on without its process";
            }
            t.join();
        }
    }
    scarce = 0;
}

int
hibernate_in_handler(void *, const kith_msg *)
{
    kith_hibernate([](void *) { return 0; }, nullptr, 0);
}

TEST_F(Hibernate, InAHandlerItIsAMistake)
{
    constexpr kith_server type = {.state_size = 0,
                                  .with_stack = false,
                                  .init = nullptr,
                                  .call = nullptr,
                                  .cast = nullptr,
                                  .info = hibernate_in_handler,
                                  .terminate = nullptr};
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_pid pid;
    kith_ref ref;

    o.monitor = &ref;
    ASSERT_EQ(0, kith_server_start(&type, &o, nullptr, 0, &pid));
    ASSERT_EQ(0, kith_send(pid, 1, nullptr, 0));
    const kith_reason why = kt_why(ref);
    EXPECT_EQ(KITH_ERROR, why.kind);
    EXPECT_EQ(KITH_EHANDLER, why.code);
    EXPECT_EQ(KITH_ERROR, run([]() -> int { kith_hibernate(nullptr, nullptr, 0); }).kind);
}

TEST_F(Hibernate, ManyAtOnceWakeAndSleep)
{
    const std::size_t n = kt_procs(2000);
    std::vector<kith_pid> all;

    for (std::size_t i = 0; i < n; i++)
        all.push_back(start_adder());
    for (int round = 0; round < 5; round++) {
        for (const kith_pid pid : all)
            ASSERT_EQ(0, kt_send(pid, 1, 1));
        for (std::size_t i = 0; i < n; i++)
            EXPECT_EQ(round + 1, static_cast<int>(kt_number(kt_receive())));
    }
    for (const kith_pid pid : all)
        kill(pid);
}

}    // namespace
