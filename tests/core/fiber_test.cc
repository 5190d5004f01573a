/* SPDX-License-Identifier: Apache-2.0
 * fiber_test.cc -- tasks with stacks: parked, woken on any worker, ended for good. */
#include "core/fiber.h"

#include "core/overflow.h"
#include "tests/support/crew.h"
#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace
{

using count = std::atomic<std::size_t>;

/* A fiber with a body of the test's. */
struct strand {
    using body_fn = std::function<void(strand &)>;

    strand(std::uint32_t number, body_fn b) : body(std::move(b))
    {
        const uint64_t id = ki_id_make(KI_KIND_PID, 1, number);

        fiber.task.type = &type;
        ki_store_rlx(&fiber.task.id, id);
        EXPECT_EQ(0, ki_stack_get(0, &fiber.stack, nullptr));
        fiber.body = [](ki_fiber *f) {
            strand *self = reinterpret_cast<strand *>(f);
            self->body(*self);
            EXPECT_TRUE(ki_mbox_die(&f->task.mbox));
            ki_fiber_end(f);
        };
        fiber.reap = [](ki_fiber *f) { reinterpret_cast<strand *>(f)->reaped++; };
        ki_mbox_init(&fiber.task.mbox, id);
        node.to = id;
    }

    void start()
    {
        ki_fiber_init(&fiber);
        ki_sched_ready(&fiber.task);
    }

    bool post(ki_node *n)
    {
        n->to = ki_load_rlx(&fiber.task.id);
        return ki_sched_post(&fiber.task, n, KI_MBOX_DEAD);
    }

    /* By the fiber itself: the next mail, waited for. */
    ki_node *receive()
    {
        while (inbox == nullptr) {
            inbox = ki_mbox_take(&fiber.task.mbox);
            if (inbox == nullptr)
                ki_fiber_park(&fiber);
        }
        ki_node *n = inbox;
        inbox = n->next;
        return n;
    }

    static constexpr ki_task_type type = {"strand", ki_fiber_run, nullptr};

    ki_fiber fiber = {};
    body_fn body;
    ki_node node = {};
    ki_node *inbox = nullptr;
    count reaped{0};
};

class Fiber : public testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_EQ(0, ki_stack_pool_init());
    }

    void TearDown() override
    {
        ki_stack_pool_fini();
    }
};

}    // namespace

TEST_F(Fiber, RunsToItsEndAndIsReapedOnce)
{
    count ran{0};
    strand s(1, [&](strand &) { ran++; });
    kt_crew crew;
    ASSERT_EQ(0, crew.start(1));

    s.start();

    EXPECT_TRUE(kt_until([&] { return s.reaped == 1; }));
    EXPECT_EQ(1u, ran);
    EXPECT_TRUE(crew.stop());
    EXPECT_EQ(1u, s.reaped);
}

TEST_F(Fiber, ParksUntilMailComesAndKeepsItsLocals)    // I1
{
    count got{0};
    strand s(1, [&](strand &self) {
        std::size_t sum = 0;
        char text[100] = "what stands on a stack stays there";
        for (int i = 0; i < 100; i++)
            sum += self.receive()->aux;
        EXPECT_STREQ("what stands on a stack stays there", text);
        got = sum;
    });
    kt_crew crew;
    ASSERT_EQ(0, crew.start(2));
    s.start();

    std::vector<ki_node> nodes(100);
    for (std::uint32_t i = 0; i < 100; i++) {
        nodes[i] = {nullptr, 0, 0, 0, i};
        ASSERT_TRUE(s.post(&nodes[i]));
        if (i % 10 == 0) {
            ASSERT_TRUE(kt_until([] { return kt_crew::all_asleep(); }));
        }
    }

    EXPECT_TRUE(kt_until([&] { return s.reaped == 1; }));
    EXPECT_EQ(4950u, got);
}

TEST_F(Fiber, ParkReturnsAtOnceWhereThereIsMail)
{
    count turns{0};
    strand s(1, [&](strand &self) {
        EXPECT_TRUE(self.post(&self.node));
        ki_fiber_park(&self.fiber);
        EXPECT_EQ(&self.node, ki_mbox_take(&self.fiber.task.mbox));
        turns++;
    });
    kt_crew crew;
    ASSERT_EQ(0, crew.start(1));
    s.start();

    EXPECT_TRUE(kt_until([&] { return s.reaped == 1; }));
    EXPECT_EQ(1u, turns);
}

TEST_F(Fiber, YieldLetsTheOthersGoFirst)
{
    std::vector<int> order; /* one worker: nobody else writes */
    std::atomic<int> there{0};
    std::vector<std::unique_ptr<strand>> all;
    for (int i = 0; i < 3; i++)
        all.push_back(std::make_unique<strand>(i + 1, [&, i](strand &self) {
            there++;
            while (there < 3)
                ki_fiber_yield(&self.fiber);
            for (int k = 0; k < 3; k++) {
                order.push_back(i);
                ki_fiber_yield(&self.fiber);
            }
        }));
    kt_crew crew;
    ASSERT_EQ(0, crew.start(1));
    for (auto &s : all)
        s->start();
    for (auto &s : all)
        ASSERT_TRUE(kt_until([&] { return s->reaped == 1; }));
    ASSERT_TRUE(crew.stop());

    ASSERT_EQ(9u, order.size());
    for (std::size_t i = 0; i + 1 < order.size(); i++)
        EXPECT_NE(order[i], order[i + 1]) << "it went twice in a row at " << i;
}

TEST_F(Fiber, EveryLeaverIsSettledOnceWhoeverContinues)    // I1 I2
{
    constexpr std::size_t n = 32;
    const std::size_t hops = kt_scale(20'000);
    const uint64_t seed = kt_seed();
    for (const unsigned workers : {1u, 2u, 4u}) {
        SCOPED_TRACE(workers);
        std::vector<ki_node> balls(8), stops(n);
        std::vector<std::unique_ptr<strand>> all(n);
        count fallen{0};
        for (std::uint32_t i = 0; i < n; i++)
            all[i] = std::make_unique<strand>(i + 1, [&, i](strand &self) {
                std::mt19937_64 rng(seed + i);
                for (;;) {
                    ki_node *ball = self.receive();
                    if (ball->kind == 1)
                        return;
                    if (ball->aux-- == 0)
                        fallen++;
                    else
                        EXPECT_TRUE(all[rng() % n]->post(ball));
                    if (rng() % 16 == 0)
                        ki_fiber_yield(&self.fiber);
                }
            });
        kt_crew crew;
        ASSERT_EQ(0, crew.start(workers));
        for (auto &s : all)
            s->start();
        for (std::size_t b = 0; b < balls.size(); b++) {
            balls[b] = {nullptr, 0, 0, 0, static_cast<uint32_t>(hops / balls.size())};
            ASSERT_TRUE(all[b]->post(&balls[b]));
        }
        EXPECT_TRUE(kt_until([&] { return fallen == balls.size(); }, 20'000)) << fallen;

        for (std::size_t i = 0; i < n; i++) {
            stops[i].kind = 1;
            ASSERT_TRUE(all[i]->post(&stops[i]));
        }
        for (auto &s : all)
            EXPECT_TRUE(kt_until([&] { return s->reaped == 1; }));
        EXPECT_TRUE(crew.stop());
        for (auto &s : all)
            EXPECT_EQ(1u, s->reaped);
    }
}

TEST_F(Fiber, StacksGoRoundAsFibersComeAndGo)    // I2
{
    constexpr std::size_t at_once = 16;
    const std::size_t rounds = kt_scale(500);
    kt_crew crew;
    ASSERT_EQ(0, crew.start(2));

    for (std::size_t r = 0; r < rounds; r++) {
        std::vector<std::unique_ptr<strand>> all;
        for (std::uint32_t i = 0; i < at_once; i++)
            all.push_back(std::make_unique<strand>(i + 1, [](strand &self) {
                volatile char deep[2000];
                deep[0] = 1;
                deep[1999] = 1;
                ki_fiber_yield(&self.fiber);
                EXPECT_EQ(2, deep[0] + deep[1999]);
            }));
        for (auto &s : all)
            s->start();
        for (auto &s : all)
            while (s->reaped != 1)
                std::this_thread::yield();
        /* The watchdog may look at a task's number as long as a worker names it. */
        ASSERT_TRUE(kt_until([] { return kt_crew::all_asleep(); }));
    }
}
