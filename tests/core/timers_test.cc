/* SPDX-License-Identifier: Apache-2.0
 * timers_test.cc -- deadlines in nanoseconds, cancels that race, wake-ups after unlock. */
#include "core/timers.h"

#include <kith/error.h>

#include "core/sched.h"
#include "tests/support/crew.h"
#include "tests/support/fake_poller.h"
#include "tests/support/support.h"
#include "tests/support/virtual_clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
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

/* ---- alarms with an owner ---- */

namespace
{

struct owned_alarm : alarm_of_test {
    owned_alarm()
    {
        bound.alarm.expire = [](ki_alarm *a, ki_wakes *wakes) {
            ki_bound_leave(ki_container_of(a, ki_bound, alarm));
            expire(a, wakes);
        };
    }
};

/* Whose alarms end with it: a mailbox is all that is asked of it. */
struct owner_of_test {
    ki_owner owner = {};
    ki_task task = {};
    uint64_t id = 0;

    explicit owner_of_test(uint32_t generation = 1)
    {
        be_born(generation);
    }

    void be_born(uint32_t generation)
    {
        id = ki_id_make(KI_KIND_PID, generation, 1);
        ki_store_rlx(&task.id, id);
        ki_mbox_init(&task.mbox, id);
    }

    int arm(owned_alarm &a, uint64_t deadline_ns)
    {
        return ki_timers_arm_bound(&a.bound, deadline_ns, &owner, &task, id);
    }

    /* How often each of them is among those that were still armed at its end. */
    std::map<const ki_bound *, int> end()
    {
        std::map<const ki_bound *, int> ended;

        ki_mbox_begin_exit(&task.mbox);
        for (const ki_bound *a = ki_timers_end_owned(&owner); a; a = a->next)
            ended[a]++;
        return ended;
    }
};

}    // namespace

TEST_F(Timers, ThoseOfAnOwnerEndWithItUnlessTheyHaveEndedBefore)    // I4
{
    constexpr std::size_t n = 200; /* more than are disarmed at a time */
    const uint32_t name = 1;
    std::vector<owned_alarm> alarms(n);
    owner_of_test owner;
    alarm_of_test nobodys;
    std::size_t left = 0;

    arm(nobodys, clock.now_ns() + 50'000'000);
    for (std::size_t i = 0; i < n; i++)
        ASSERT_EQ(0, owner.arm(alarms[i],
                               clock.now_ns() + (i % 4 == 1 ? 5'000'000 : 50'000'000)));
    for (std::size_t i = 0; i < n; i += 4) /* the oldest, and some between */
        EXPECT_TRUE(ki_timers_cancel_named(&alarms[i].bound, &name, 1));
    EXPECT_TRUE(ki_timers_cancel_named(&alarms[n - 1].bound, &name, 1)) << "the newest";
    run_at(clock.now_ns() + 10'000'000);

    const auto ended = owner.end();
    for (std::size_t i = 0; i < n; i++) {
        const bool is_left = i % 4 >= 2 && i != n - 1;

        EXPECT_EQ(i % 4 == 1, alarms[i].fired) << i;
        EXPECT_EQ(is_left ? 1u : 0u, ended.count(&alarms[i].bound)) << i;
        EXPECT_FALSE(ki_timers_cancel_named(&alarms[i].bound, &name, 1)) << i;
        left += is_left;
    }
    EXPECT_EQ(left, ended.size());
    for (const auto &[alarm, times] : ended)
        EXPECT_EQ(1, times);
    run_at(clock.now_ns() + 100'000'000);
    for (std::size_t i = 0; i < n; i++)
        EXPECT_EQ(i % 4 == 1, alarms[i].fired) << i;
    EXPECT_EQ(1, nobodys.fired);
}

TEST_F(Timers, OneThatEndsOrHasEndedIsGivenNoAlarm)    // I4
{
    owner_of_test owner, without;
    owned_alarm a, b;

    EXPECT_TRUE(without.end().empty()) << "it never had one";
    EXPECT_EQ(KITH_ENOPROC, without.arm(a, clock.now_ns()));
    EXPECT_FALSE(ki_timers_cancel(&a.bound.alarm));

    ASSERT_EQ(0, owner.arm(a, clock.now_ns() + 1'000'000));
    EXPECT_EQ(1u, owner.end().count(&a.bound));
    EXPECT_EQ(KITH_ENOPROC, owner.arm(a, clock.now_ns()));
    EXPECT_TRUE(owner.end().empty());

    const uint64_t stale = owner.id;
    owner.be_born(2);
    EXPECT_EQ(KITH_ENOPROC, ki_timers_arm_bound(&b.bound, clock.now_ns(), &owner.owner,
                                                &owner.task, stale))
        << "a later use of the record";
    ASSERT_EQ(0, owner.arm(b, clock.now_ns() + 1'000'000));
    const auto ended = owner.end();
    EXPECT_EQ(1u, ended.size());
    EXPECT_EQ(1u, ended.count(&b.bound));
    run_at(clock.now_ns() + 5'000'000);
    EXPECT_EQ(0, a.fired + b.fired);
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

/* Armed on all wheels, while the owner ends: what was let in ends with it, all else was refused. */
TEST(TimersOfWorkers, AnOwnersEndFindsItsAlarmsInWhateverWheelAndNoneComesAfter)    // I4
{
    constexpr unsigned n_workers = 3;
    const std::size_t each = kt_scale(20'000);
    const uint64_t far = ki_now_ns() + UINT64_C(3'600'000'000'000);

    for (int round = 0; round < 5; round++) {
        struct armer {
            std::vector<owned_alarm> alarms;
            std::size_t armed = 0;
            std::unique_ptr<kt_task> task;
            std::atomic<bool> done{false};
        };
        std::vector<std::unique_ptr<armer>> armers;
        owner_of_test owner;
        std::vector<owned_alarm> outside(100);
        std::atomic<std::size_t> armed{0};
        std::size_t expected = 0;
        std::map<const ki_bound *, int> ended;

        for (unsigned i = 0; i < n_workers; i++) {
            auto a = std::make_unique<armer>();

            a->alarms = std::vector<owned_alarm>(each);
            a->task = std::make_unique<kt_task>(
                [&, self = a.get()](kt_task &t) {
                    const bool full = self->armed == each;

                    if (full || owner.arm(self->alarms[self->armed], far) < 0) {
                        self->done = true;
                        return;
                    }
                    self->armed++;
                    armed++;
                    t.again = true;
                },
                i + 1);
            armers.push_back(std::move(a));
        }
        {
            kt_crew workers;

            ASSERT_EQ(0, workers.start(n_workers));
            for (std::size_t i = 0; i < outside.size() / 2; i++)
                ASSERT_EQ(0, owner.arm(outside[i], far));
            for (auto &a : armers)
                ASSERT_TRUE(a->task->post());
            ASSERT_TRUE(kt_until([&] { return armed >= each / 2; }, 20'000));
            for (std::size_t i = outside.size() / 2; i < outside.size(); i++)
                ASSERT_EQ(0, owner.arm(outside[i], far));
            ended = owner.end();
            for (auto &a : armers)
                ASSERT_TRUE(kt_until([&] { return a->done.load(); }, 20'000));
        }
        for (const owned_alarm &a : outside)
            EXPECT_EQ(1, ended[&a.bound]);
        expected = outside.size();
        for (const auto &a : armers) {
            expected += a->armed;
            for (std::size_t i = 0; i < a->armed; i++)
                ASSERT_EQ(1, ended[&a->alarms[i].bound]);
        }
        EXPECT_EQ(expected, ended.size()) << "and nobody else's";
    }
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
