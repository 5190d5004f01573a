/* SPDX-License-Identifier: Apache-2.0
 * priority_test.cc -- who of high priority runs before the others, and that these run too. */
#include "tests/support/runtime.h"

#include <algorithm>
#include <atomic>
#include <vector>

namespace
{

using Priority = kt_runtime;

kith_spawn_options
high()
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;

    o.priority = KITH_PRIORITY_HIGH;
    return o;
}

int
priority_of(kith_pid pid)
{
    struct kith_process_info i = KITH_PROCESS_INFO_INIT;

    EXPECT_EQ(0, kith_process_info(pid, &i));
    return i.priority;
}

/* Who started as the how manieth; and how many have noted it. */
std::atomic<unsigned> started, noted;
constexpr unsigned normals = 1000, highs = 100;
std::vector<unsigned> *high_starts;

int
start_normal(void *)
{
    started++;
    noted++;
    return 0;
}

int
start_high(void *arg)
{
    (*high_starts)[*static_cast<unsigned *>(arg)] = started++;
    noted++;
    return 0;
}

/* From the last spawn on every pick is of a high one, but for one in 64 and for what each worker
 * had picked before. */
TEST_F(Priority, HighRunBeforeNormalOnesThatWaitLonger)
{
    std::vector<unsigned> starts(highs);
    unsigned before = 0;

    started = noted = 0;
    high_starts = &starts;
    in_process([&] {
        const kith_spawn_options o = high();

        for (unsigned i = 0; i < normals; i++)
            ASSERT_EQ(0, kith_spawn(start_normal, nullptr, 0, nullptr));
        for (unsigned i = 0; i < highs; i++)
            ASSERT_EQ(0, kith_spawn_opt(&o, start_high, &i, sizeof i, nullptr));
        before = started;
        while (noted < normals + highs)
            kith_yield();
    });
    unsigned last = 0, later = 0;
    for (const unsigned s : starts) {
        last = std::max(last, s);
        later += s >= before;
    }
    if (later == 0) /* other workers had run them all by then */
        return;
    const unsigned workers = static_cast<unsigned>(kt_workers().value_or(4));
    EXPECT_LE(last + 1 - before - later, 2 * workers + highs / 63 + 1)
        << "normal ones between the last spawn and the last high one";
}

/* By one worker, and no budget ends in between: all of them. */
TEST_F(Priority, HighOnesKeepTheirOrder)
{
    std::vector<unsigned> starts(20);

    started = noted = 0;
    high_starts = &starts;
    in_process([&] {
        const kith_spawn_options o = high();

        for (unsigned i = 0; i < starts.size(); i++)
            ASSERT_EQ(0, kith_spawn_opt(&o, start_high, &i, sizeof i, nullptr));
        while (noted < starts.size())
            kith_yield();
    });
    if (kt_workers().value_or(0) != 1)
        return;
    for (unsigned i = 0; i < starts.size(); i++)
        EXPECT_EQ(i, starts[i]);
}

/* More busy high ones than workers: without the floor a normal one would never run. */
TEST_F(Priority, NormalOnesAreNotStarved)
{
    std::atomic<bool> over{false};
    std::atomic<std::uint64_t> high_runs{0}, normal_runs{0};
    const kith_spawn_options o = high();
    const std::uint64_t enough = kt_scale(200);

    for (int i = 0; i < 16; i++)
        spawn(
            [&] {
                while (!over) {
                    high_runs++;
                    kith_yield();
                }
            },
            &o);
    ASSERT_TRUE(kt_until([&] { return high_runs > 100; }));
    const kith_pid normal = spawn([&] {
        while (normal_runs < enough) {
            normal_runs++;
            kith_yield();
        }
    });
    EXPECT_EQ(0, kith_wait(normal, nullptr, kt_long()));
    over = true;
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    EXPECT_EQ(enough, normal_runs);
}

/* And with it they get no more than that while high ones want to run. */
TEST_F(Priority, HighOnesHaveMostOfTheRuns)
{
    const unsigned workers = static_cast<unsigned>(kt_workers().value_or(4));
    std::atomic<bool> over{false};
    std::atomic<std::uint64_t> runs[2] = {};
    const kith_spawn_options o = high();
    const std::uint64_t enough = kt_scale(20000);

    for (unsigned i = 0; i < 16; i++) {
        const auto body = [&runs, &over](unsigned which) {
            while (!over) {
                runs[which]++;
                kith_yield();
            }
        };
        spawn([body] { body(0); });
        spawn([body] { body(1); }, &o);
    }
    ASSERT_TRUE(kt_until([&] { return runs[1] >= enough; }));
    const std::uint64_t begin[2] = {runs[0], runs[1]};
    ASSERT_TRUE(kt_until([&] { return runs[1] >= begin[1] + enough; }));
    const std::uint64_t low = runs[0] - begin[0], most = runs[1] - begin[1];
    over = true;
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    EXPECT_LE(low, most / 32 + 4 * workers) << "of " << most;
}

TEST_F(Priority, OneMayChangeOnesOwn)
{
    EXPECT_EQ(KITH_EINVAL, kith_flag_priority(2));
    EXPECT_EQ(KITH_EINVAL, kith_flag_priority(-1));
    EXPECT_EQ(KITH_EOPNOTSUPP, kith_flag_priority(KITH_PRIORITY_HIGH)) << "a thread";
    EXPECT_EQ(KITH_PRIORITY_NORMAL, kith_flag_priority(KITH_PRIORITY_NORMAL));
    in_process([] {
        EXPECT_EQ(KITH_PRIORITY_NORMAL, kith_flag_priority(KITH_PRIORITY_HIGH));
        EXPECT_EQ(KITH_PRIORITY_HIGH, priority_of(kith_self()));
        for (int i = 0; i < 10; i++) {
            EXPECT_EQ(0, kith_sleep(1));
            kith_yield();
            EXPECT_EQ(KITH_PRIORITY_HIGH, kith_flag_priority(KITH_PRIORITY_HIGH));
        }
        EXPECT_EQ(KITH_PRIORITY_HIGH, kith_flag_priority(KITH_PRIORITY_NORMAL));
        EXPECT_EQ(0, kith_sleep(1));
        EXPECT_EQ(KITH_PRIORITY_NORMAL, priority_of(kith_self()));
    });

    kith_spawn_options o = high();
    o.priority = 2;
    EXPECT_EQ(KITH_EINVAL, kith_spawn_opt(&o, start_normal, nullptr, 0, nullptr));
}

/* ---- a handler of high priority is a handler ---- */

int
answer(void *, kith_from from, const kith_msg *m)
{
    const kith_msg *none;
    const std::uint64_t said[2] = {kith_self().id,
                                   static_cast<std::uint64_t>(kith_receive(&none, 0))};

    (void) m;
    kith_reply(from, said, sizeof said);
    return KITH_CONTINUE;
}

TEST_F(Priority, AHandlerMayHaveItToo)
{
    constexpr kith_server type = {.state_size = 0,
                                  .with_stack = false,
                                  .init = nullptr,
                                  .call = answer,
                                  .cast = nullptr,
                                  .info = nullptr,
                                  .terminate = nullptr};
    const kith_spawn_options o = high();
    kith_pid pid;
    std::uint64_t said[2];

    ASSERT_EQ(0, kith_server_start(&type, &o, nullptr, 0, &pid));
    EXPECT_EQ(KITH_PRIORITY_HIGH, priority_of(pid));
    const auto check = [&] {
        for (std::size_t i = kt_scale(1000); i > 0; i--) {
            ASSERT_EQ(16, kith_call(pid, 1, {nullptr, 0}, {said, sizeof said}, kt_long()));
            EXPECT_EQ(pid.id, said[0]);
            EXPECT_EQ(KITH_EHANDLER, static_cast<std::int64_t>(said[1]));
        }
    };
    check();
    in_process(check);
    kill(pid);
}

/* ---- messages between the two kinds, with all workers asleep now and then ---- */

TEST_F(Priority, NothingIsLeftBehindAsleep)
{
    const kith_spawn_options o = high();
    const kith_pid home = kith_self();

    const kith_pid echo = spawn(
        [] {
            const kith_msg *m;

            while (kith_receive(&m, KITH_INFINITY) == 0 && m->tag != 0)
                kt_ignore(kt_send(m->from, 1, m->tag));
        },
        &o);
    for (std::uint64_t i = 1; i <= kt_scale(300); i++) {
        ASSERT_EQ(0, kt_send(echo, i, i));
        EXPECT_EQ(i, kt_number(kt_receive()));
    }
    spawn([echo, home] {
        for (std::uint64_t i = 1; i <= kt_scale(3000); i++) {
            ASSERT_EQ(0, kt_send(echo, i, i));
            EXPECT_EQ(i, kt_number(kt_receive()));
        }
        EXPECT_EQ(0, kt_send(home, 2, 2));
    });
    EXPECT_EQ(2u, kt_number(kt_receive()));
    ASSERT_EQ(0, kith_send(echo, 0, nullptr, 0));
    EXPECT_EQ(0, kith_wait(echo, nullptr, kt_long()));
}

}    // namespace
