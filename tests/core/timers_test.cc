/* SPDX-License-Identifier: Apache-2.0
 * timers_test.cc -- deadlines in nanoseconds, cancels that race, wake-ups after unlock. */
#include "core/timers.h"

#include "core/sched.h"
#include "tests/support/crew.h"
#include "tests/support/fake_poller.h"
#include "tests/support/support.h"
#include "tests/support/virtual_clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace
{

struct alarm_of_test {
    ki_bound bound = {};
    uint64_t deadline_ns = 0;
    uint64_t fired_ns = 0; /* plain: read by who was answered false by cancel */
    int fired = 0;
    ki_task *wakes = nullptr;

    alarm_of_test()
    {
        bound.alarm.expire = expire;
    }

    static void expire(ki_alarm *a, ki_wakes *wakes)
    {
        auto *self = reinterpret_cast<alarm_of_test *>(ki_container_of(a, ki_bound, alarm));

        self->fired++;
        self->fired_ns = ki_now_ns();
        if (self->wakes)
            ki_wakes_add(wakes, self->wakes);
    }
};

/* The wheel of threads that are no workers, and no worker that looks at it: the test does. */
class Timers : public testing::Test {
  protected:
    void SetUp() override
    {
        ki_sched.poller = poller.get();
        ki_timers_init(&ki_sched.outside, false);
    }

    void TearDown() override
    {
        ki_sched.poller = nullptr;
    }

    void arm(alarm_of_test &a, uint64_t deadline_ns)
    {
        a.deadline_ns = deadline_ns;
        ki_timers_arm(&a.bound.alarm, deadline_ns);
    }

    void run_at(uint64_t now_ns)
    {
        clock.advance_to(now_ns);
        ki_timers_run(base, now_ns);
    }

    ki_timer_base *const base = &ki_sched.outside;
    kt_virtual_clock clock{UINT64_C(5'000'300'000)};
    kt_fake_poller poller{&clock};
};

}    // namespace

TEST_F(Timers, NeverFireEarlyAndLessThanATickLate)    // I2
{
    std::mt19937_64 rng = kt_rng();
    const std::size_t n = kt_scale(20'000);
    std::vector<alarm_of_test> alarms(n);
    uint64_t now = clock.now_ns();
    for (alarm_of_test &a : alarms)
        arm(a, now + rng() % UINT64_C(3'000'000'000));

    while (ki_timers_next(base) != UINT64_MAX) {
        now += rng() % 3'000'000;
        run_at(now);
        for (alarm_of_test &a : alarms) {
            if (a.fired == 0) {
                ASSERT_GT(a.deadline_ns + KI_TICK_NS, now) << "late";
            } else {
                ASSERT_EQ(1, a.fired);
                ASSERT_GE(a.fired_ns, a.deadline_ns) << "early";
            }
        }
        now += n > 1000 ? UINT64_C(20'000'000) : 0; /* coarser steps where there are many */
    }
    for (alarm_of_test &a : alarms)
        ASSERT_EQ(1, a.fired);
}

TEST_F(Timers, TellWhenToLookNext)
{
    alarm_of_test a, b;
    EXPECT_EQ(UINT64_MAX, ki_timers_next(base));

    arm(a, clock.now_ns() + 10'000'001);
    EXPECT_EQ(UINT64_C(5'011'000'000), ki_timers_next(base)) << "rounded up to a tick";
    arm(b, clock.now_ns() + 50'000'000);
    EXPECT_EQ(UINT64_C(5'011'000'000), ki_timers_next(base));

    run_at(UINT64_C(5'010'999'999));
    EXPECT_EQ(0, a.fired);
    run_at(UINT64_C(5'011'000'000));
    EXPECT_EQ(1, a.fired);
    EXPECT_LE(ki_timers_next(base), b.deadline_ns + KI_TICK_NS);
    EXPECT_TRUE(ki_timers_cancel(&b.bound.alarm));
    run_at(ki_timers_next(base));
    EXPECT_EQ(UINT64_MAX, ki_timers_next(base));
    EXPECT_EQ(0, b.fired);
}

TEST_F(Timers, FireWhatIsDueAlreadyAtTheNextLook)    // I2
{
    alarm_of_test past, present;

    arm(past, 1);
    arm(present, clock.now_ns());
    EXPECT_LE(ki_timers_next(base), clock.now_ns());

    run_at(clock.now_ns());
    EXPECT_EQ(1, past.fired);
    EXPECT_EQ(0, present.fired)
        << "the present is not a whole tick: it is due at the next one";
    run_at(clock.now_ns() + KI_TICK_NS);
    EXPECT_EQ(1, present.fired);
}

TEST_F(Timers, NeverMeansNever)
{
    alarm_of_test a;

    arm(a, UINT64_MAX);
    for (uint64_t next; (next = ki_timers_next(base)) < UINT64_MAX / 2;)
        run_at(next);

    EXPECT_EQ(0, a.fired);
    EXPECT_TRUE(ki_timers_cancel(&a.bound.alarm));
}

TEST_F(Timers, CancelOnceAndNeverWhatHasFired)    // I1
{
    alarm_of_test a, b, never;
    arm(a, clock.now_ns() + 1'000'000);
    arm(b, clock.now_ns() + 1'000'000);

    EXPECT_TRUE(ki_timers_cancel(&a.bound.alarm));
    EXPECT_FALSE(ki_timers_cancel(&a.bound.alarm));
    EXPECT_FALSE(ki_timers_cancel(&never.bound.alarm)) << "it was never armed";
    run_at(clock.now_ns() + 5'000'000);

    EXPECT_EQ(0, a.fired);
    EXPECT_EQ(1, b.fired);
    EXPECT_FALSE(ki_timers_cancel(&b.bound.alarm));
}

TEST_F(Timers, AStaleNameCancelsNothing)
{
    alarm_of_test a, never;
    uint32_t id = 7;
    arm(a, clock.now_ns() + 1'000'000);

    EXPECT_FALSE(ki_timers_cancel_named(&a.bound, &id, 6));
    EXPECT_FALSE(ki_timers_cancel_named(&never.bound, &id, 7)) << "it was never armed";
    EXPECT_TRUE(ki_timers_cancel_named(&a.bound, &id, 7));
    EXPECT_FALSE(ki_timers_cancel_named(&a.bound, &id, 7));

    id = 8;
    arm(a, clock.now_ns() + 1'000'000);
    EXPECT_FALSE(ki_timers_cancel_named(&a.bound, &id, 7)) << "a later use of the record";
    run_at(clock.now_ns() + 5'000'000);
    EXPECT_EQ(1, a.fired);
    EXPECT_FALSE(ki_timers_cancel_named(&a.bound, &id, 8));
}

namespace
{

bool lock_was_free;

void
look_at_the_lock(ki_task *)
{
    lock_was_free = ki_lock_try(&ki_sched.outside.lock.lock);
    if (lock_was_free)
        ki_lock_give(&ki_sched.outside.lock.lock);
}

}    // namespace

TEST_F(Timers, WakeTasksAfterTheLockIsGivenBack)    // I1
{
    static constexpr ki_task_type type = {"looks", nullptr, look_at_the_lock};
    ki_task task = {};
    task.type = &type;
    alarm_of_test a;
    a.wakes = &task;
    lock_was_free = false;

    arm(a, clock.now_ns());
    run_at(clock.now_ns() + 2'000'000);

    EXPECT_EQ(1, a.fired);
    EXPECT_TRUE(lock_was_free);
}

TEST_F(Timers, RingOnlyForADeadlineSoonerThanAllOthers)
{
    alarm_of_test first, later, sooner, far;

    arm(first, clock.now_ns() + 50'000'000);
    EXPECT_EQ(1u, poller.wakes()) << "nobody looks at this wheel until told";
    arm(later, clock.now_ns() + 60'000'000);
    arm(far, clock.now_ns() + UINT64_C(3'600'000'000'000));
    EXPECT_EQ(1u, poller.wakes());
    arm(sooner, clock.now_ns() + 10'000'000);
    EXPECT_EQ(2u, poller.wakes());
    for (alarm_of_test *a : {&first, &later, &sooner, &far})
        EXPECT_TRUE(ki_timers_cancel(&a->bound.alarm));
    EXPECT_EQ(2u, poller.wakes()) << "a cancel tells nobody";
}

TEST_F(Timers, ACancelAndAnExpiryThatRaceAgreeOnOneEnd)    // I1
{
    const std::size_t n = kt_scale(100'000);
    const uint64_t seed = kt_seed();
    const uint64_t from = clock.now_ns(), span = n * 2000;
    std::vector<alarm_of_test> alarms(n);
    std::vector<uint32_t> ids(n);
    std::vector<char> won_by_cancel(n), won_by_id(n);
    std::atomic<bool> cancelled{false};
    for (std::size_t i = 0; i < n; i++) {
        ids[i] = static_cast<uint32_t>(i + 1);
        arm(alarms[i], from + i * 2000);
    }

    std::thread time([&] {
        std::mt19937_64 rng(seed);

        for (uint64_t now = from; now < from + span + 2 * KI_TICK_NS;
             now += rng() % 400'000) {
            if (!cancelled)
                clock.advance_to(now);
            ki_timers_run(base, now);
        }
        ki_timers_run(base, from + span + 2 * KI_TICK_NS);
    });
    std::thread by_id([&] {
        for (std::size_t i = 0; i < n; i += 2)
            won_by_id[i] = ki_timers_cancel_named(&alarms[i].bound, &ids[i],
                                                  static_cast<uint32_t>(i + 1));
    });
    for (std::size_t i = 1; i < n; i += 2) {
        won_by_cancel[i] = ki_timers_cancel(&alarms[i].bound.alarm);
        if (!won_by_cancel[i]) {
            /* Its expiry is complete: what it wrote may be read without more. */
            EXPECT_EQ(1, alarms[i].fired);
        }
    }
    cancelled = true;
    time.join();
    by_id.join();

    std::size_t fired = 0;
    for (std::size_t i = 0; i < n; i++) {
        ASSERT_EQ(1, alarms[i].fired + won_by_cancel[i] + won_by_id[i]) << i;
        fired += static_cast<std::size_t>(alarms[i].fired);
    }
    RecordProperty("fired", static_cast<int>(fired));
}

namespace
{

/* A task that arms its alarm again and again, on whichever worker it runs. */
struct sleeper {
    explicit sleeper(std::uint32_t number, std::size_t rounds)
        : task([this](kt_task &t) { turn(t); }, number), left(rounds)
    {
        bound.alarm.expire = expire;
    }

    static void expire(ki_alarm *a, ki_wakes *wakes)
    {
        auto *s = reinterpret_cast<sleeper *>(ki_container_of(a, ki_bound, alarm));

        s->id = 0;
        if (ki_mbox_push(&s->task.task.mbox, &s->task.node, KI_MBOX_DEAD) ==
            KI_PUSH_SCHEDULE)
            ki_wakes_add(wakes, &s->task.task);
    }

    void turn(kt_task &t)
    {
        if (!t.mail)
            return;
        if (ki_now_ns() < deadline)
            early++;
        if (left-- == 0) {
            done = true;
            return;
        }
        use++;
        deadline = ki_now_ns() + (use % 4) * 300'000;
        /* Half of them are armed under a name that nobody has heard of yet. */
        id = use % 2 ? static_cast<uint32_t>(use) : 0;
        ki_timers_arm(&bound.alarm, deadline);
    }

    ki_bound bound = {};
    kt_task task;
    std::size_t left;
    uint64_t deadline = 0;
    std::size_t early = 0;
    uint64_t use = 0;
    uint32_t id = 0; /* plain: TSan sees who looks at it unarmed */
    std::atomic<bool> done{false};
};

}    // namespace

TEST(TimersOfWorkers, AreArmedOnWhateverWorkerAndNeverEarlyInRealTime)    // I2 S3
{
    const std::size_t n = 16, rounds = kt_scale(400);
    std::vector<std::unique_ptr<sleeper>> sleepers;
    for (std::uint32_t i = 0; i < n; i++)
        sleepers.push_back(std::make_unique<sleeper>(i + 1, rounds));
    {
        kt_crew workers;
        ASSERT_EQ(0, workers.start(3));
        for (auto &s : sleepers)
            ASSERT_TRUE(s->task.post());
        for (auto &s : sleepers)
            EXPECT_TRUE(kt_until([&] { return s->done.load(); }, 20'000));
    }
    for (auto &s : sleepers)
        EXPECT_EQ(0u, s->early);
}

TEST(TimersOfWorkers, AStaleNameMeetsARecordThatMovesBetweenWheels)
{
    const std::size_t rounds = kt_scale(500);
    sleeper s(1, rounds);
    std::atomic<bool> over{false};
    std::size_t hits = 0;
    {
        kt_crew workers;
        ASSERT_EQ(0, workers.start(2));
        ASSERT_TRUE(s.task.post());
        std::thread canceller([&] {
            /* Always the name of a use that is over: it may look, and must do nothing. */
            for (uint64_t guess = 0; !over.load(); guess++)
                if (ki_timers_cancel_named(&s.bound, &s.id,
                                           static_cast<uint32_t>(UINT32_MAX - guess % 3)))
                    hits++;
        });
        EXPECT_TRUE(kt_until([&] { return s.done.load(); }, 20'000));
        over = true;
        canceller.join();
    }
    EXPECT_EQ(0u, hits);
    EXPECT_EQ(0u, s.early);
}

TEST(TimersOfWorkers, AFarTimerWakesItsWorkerSevenTimesAtMostAndNobodyElse)
{
    kt_virtual_clock clock;
    kt_fake_poller poller(&clock);
    const uint64_t three_years = UINT64_C(3) * 366 * 24 * 3600 * 1'000'000'000;
    std::atomic<unsigned> armed_on{UINT32_MAX};
    std::atomic<uint64_t> fired_at{0};
    struct far {
        ki_alarm alarm;
        std::atomic<uint64_t> *fired_at;
    } far = {{}, &fired_at};
    far.alarm.expire = [](ki_alarm *a, ki_wakes *) {
        *reinterpret_cast<struct far *>(a)->fired_at = ki_now_ns();
    };
    uint64_t deadline = 0;
    kt_task t([&](kt_task &self) {
        deadline = ki_now_ns() + three_years;
        ki_timers_arm(&far.alarm, deadline);
        armed_on = self.worker;
    });
    kt_crew workers(poller.get());
    ASSERT_EQ(0, workers.start(3));
    ASSERT_TRUE(t.post());
    ASSERT_TRUE(kt_until([&] { /* and the wake that came with t has been harvested */
                               return armed_on != UINT32_MAX && !poller.rung() &&
                                      poller.waiting() == 3;
    }));
    const uint64_t before = poller.waits();
    std::vector<uint64_t> waits;
    for (unsigned i = 0; i < 3; i++)
        waits.push_back(ki_load_rlx(&ki_sched.worker[i].stats.waits));

    poller.drives_the_clock(3);
    ASSERT_TRUE(kt_until([&] { return fired_at != 0 && poller.waiting() == 3; }));

    EXPECT_GE(fired_at.load(), deadline);
    EXPECT_LT(fired_at.load(), deadline + KI_TICK_NS);
    EXPECT_LE(poller.waits() - before, 7u);
    for (unsigned i = 0; i < 3; i++) {
        if (i != armed_on) {
            EXPECT_EQ(waits[i], ki_load_rlx(&ki_sched.worker[i].stats.waits)) << i;
        }
    }
}
