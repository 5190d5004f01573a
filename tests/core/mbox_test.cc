/* SPDX-License-Identifier: Apache-2.0
 * mbox_test.cc -- the mailbox's word: exact answers, then many pushers at once. */
#include "core/mbox.h"

#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace
{

constexpr uint64_t data = KI_MBOX_DEAD | KI_MBOX_EXITING;
constexpr uint64_t signal_ = KI_MBOX_DEAD;

uint64_t
id_of(uint32_t generation)
{
    return ki_id_make(KI_KIND_PID, generation, 12345);
}

class Mbox : public testing::Test {
  protected:
    void SetUp() override
    {
        ki_mbox_init(&mbox, id);
    }

    void idle()
    {
        ASSERT_TRUE(ki_mbox_settle(&mbox));
    }

    ki_node &node(std::size_t i, uint64_t to)
    {
        nodes[i] = {nullptr, to, 0, 0, static_cast<uint32_t>(i)};
        return nodes[i];
    }

    ki_push push(std::size_t i, uint64_t refuse = data)
    {
        return ki_mbox_push(&mbox, &node(i, id), refuse);
    }

    std::vector<uint32_t> take()
    {
        std::vector<uint32_t> all;

        for (ki_node *n = ki_mbox_take(&mbox); n; n = n->next)
            all.push_back(n->aux);
        return all;
    }

    const uint64_t id = id_of(7);
    ki_mbox mbox;
    ki_node nodes[16];
};

using numbers = std::vector<uint32_t>;

}    // namespace

TEST_F(Mbox, IsBornOwnedAndEmpty)    // I1
{
    EXPECT_FALSE(ki_mbox_has_mail(&mbox));
    EXPECT_EQ(numbers{}, take());
    EXPECT_FALSE(ki_mbox_claim(&mbox, id)) << "it is owned already";
    EXPECT_EQ(KI_PUSH_QUEUED, push(0)) << "its owner will see it";
}

TEST_F(Mbox, SchedulesOnceForEachTimeItWasIdle)    // I1
{
    idle();

    EXPECT_EQ(KI_PUSH_SCHEDULE, push(0));
    EXPECT_EQ(KI_PUSH_QUEUED, push(1));
    EXPECT_EQ(KI_PUSH_QUEUED, push(2));

    EXPECT_EQ((numbers{0, 1, 2}), take());
    EXPECT_EQ(KI_PUSH_QUEUED, push(3)) << "taking is not parking";
    EXPECT_EQ((numbers{3}), take());
    idle();
    EXPECT_EQ(KI_PUSH_SCHEDULE, push(4));
}

TEST_F(Mbox, DoesNotParkOverMail)    // I2
{
    ASSERT_EQ(KI_PUSH_QUEUED, push(0));

    EXPECT_FALSE(ki_mbox_settle(&mbox));
    EXPECT_TRUE(ki_mbox_has_mail(&mbox));
    EXPECT_FALSE(ki_mbox_claim(&mbox, id)) << "the failed settle still owns";
    EXPECT_EQ((numbers{0}), take());
    EXPECT_TRUE(ki_mbox_settle(&mbox));
}

TEST_F(Mbox, GivesOutInTheOrderOfThePushes)    // I3
{
    for (std::size_t i = 0; i < 10; i++)
        ASSERT_EQ(KI_PUSH_QUEUED, push(i));

    EXPECT_EQ((numbers{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}), take());
    EXPECT_FALSE(ki_mbox_has_mail(&mbox));
}

TEST_F(Mbox, RefusesDataButTakesSignalsWhileExiting)    // I4
{
    ki_mbox_begin_exit(&mbox);

    EXPECT_EQ(KI_PUSH_REFUSED, push(0, data));
    EXPECT_EQ(KI_PUSH_QUEUED, push(1, signal_));
    EXPECT_EQ((numbers{1}), take());
}

TEST_F(Mbox, DiesOnlyWithoutMailAndThenRefusesAll)    // I4
{
    ki_mbox_begin_exit(&mbox);
    ASSERT_EQ(KI_PUSH_QUEUED, push(0, signal_));

    EXPECT_FALSE(ki_mbox_die(&mbox)) << "somebody waits for the answer";
    EXPECT_EQ(KI_PUSH_QUEUED, push(1, signal_)) << "a failed die changes nothing";
    EXPECT_EQ((numbers{0, 1}), take());
    EXPECT_TRUE(ki_mbox_die(&mbox));

    EXPECT_EQ(KI_PUSH_REFUSED, push(2, signal_));
    EXPECT_EQ(KI_PUSH_REFUSED, push(3, data));
    EXPECT_FALSE(ki_mbox_claim(&mbox, id));
}

TEST_F(Mbox, StaysDeadWhenItsOwnerSettles)    // I4
{
    ASSERT_TRUE(ki_mbox_die(&mbox));
    idle();

    EXPECT_EQ(KI_PUSH_REFUSED, push(0, signal_));
    EXPECT_FALSE(ki_mbox_claim(&mbox, id));
}

TEST_F(Mbox, RefusesAnotherGenerationAndKeepsTheNodeUntouched)    // I4
{
    ki_node &n = node(0, id_of(8));
    n.next = &nodes[5];
    idle();

    EXPECT_EQ(KI_PUSH_REFUSED, ki_mbox_push(&mbox, &n, signal_));
    EXPECT_EQ(&nodes[5], n.next) << "a refused node is the caller's, as it was";
    EXPECT_FALSE(ki_mbox_claim(&mbox, id_of(8)));
    EXPECT_TRUE(ki_mbox_claim(&mbox, id)) << "and the task was not touched";
}

TEST_F(Mbox, LetsA16BitAliasInForTheReceiverToCompare)    // I4
{
    const uint64_t alias = id_of(7 + 0x10000);
    ki_node &n = node(0, alias);

    EXPECT_EQ(KI_PUSH_QUEUED, ki_mbox_push(&mbox, &n, data))
        << "the bits are a filter only";

    ki_node *got = ki_mbox_take(&mbox);
    ASSERT_EQ(&n, got);
    EXPECT_NE(id, got->to) << "and this is the truth";
}

TEST_F(Mbox, IsClaimedOnlyWhenIdleAliveAndEmpty)    // I5
{
    EXPECT_FALSE(ki_mbox_claim(&mbox, id)) << "owned";
    idle();
    EXPECT_TRUE(ki_mbox_claim(&mbox, id));
    EXPECT_EQ(KI_PUSH_QUEUED, push(0)) << "the claimer owns it";
    EXPECT_FALSE(ki_mbox_settle(&mbox)) << "and has to serve what came";
    EXPECT_EQ((numbers{0}), take());
    ki_mbox_begin_exit(&mbox);
    idle();
    EXPECT_FALSE(ki_mbox_claim(&mbox, id)) << "on its way out";
}

TEST_F(Mbox, CarriesAnyAddressAndEveryGenerationBit)
{
    for (const uint32_t generation : {1u, 0xffffu, 0x8000u, 0xdeadbeefu, 0xffffffffu}) {
        const uint64_t to = id_of(generation);
        ki_node n = {nullptr, to, 0, 0, 0};
        ki_mbox_init(&mbox, to);

        EXPECT_EQ(KI_PUSH_QUEUED, ki_mbox_push(&mbox, &n, data));
        EXPECT_EQ(&n, ki_mbox_take(&mbox)) << generation;
        EXPECT_TRUE(ki_mbox_settle(&mbox));
        EXPECT_TRUE(ki_mbox_claim(&mbox, to));
    }
}

namespace
{

/* What a node carries in the tests with threads. */
struct mail {
    ki_node node;
    uint32_t from;
    uint32_t number;
};

/* A task and the plain things that only its owner may touch: TSan sees a second owner. */
struct Crowd {
    explicit Crowd(std::size_t pushers) : next(pushers, 0)
    {
        ki_mbox_init(&mbox, id);
    }

    /* The owner's turn, until it parks. */
    void run()
    {
        do {
            for (ki_node *n = ki_mbox_take(&mbox), *later; n; n = later) {
                const mail *m = reinterpret_cast<mail *>(n);
                later = n->next;
                if (m->number != next[m->from])
                    out_of_order++;
                next[m->from] = m->number + 1;
                taken++;
            }
        } while (!ki_mbox_settle(&mbox));
        settles.fetch_add(1, std::memory_order_relaxed);
    }

    const uint64_t id = id_of(99);
    ki_mbox mbox;
    std::vector<uint32_t> next; /* the owner's */
    std::size_t taken = 0, out_of_order = 0;
    std::atomic<std::size_t> schedules{0}, claims{0}, settles{0};

    /* The run queue: this task stands in it or does not. */
    std::atomic<bool> queued{false};
    std::atomic<std::size_t> double_queued{0};

    void schedule()
    {
        schedules.fetch_add(1, std::memory_order_relaxed);
        if (queued.exchange(true, std::memory_order_acq_rel))
            double_queued++;
    }

    bool take_turn()
    {
        return queued.load(std::memory_order_relaxed) &&
               queued.exchange(false, std::memory_order_acq_rel);
    }
};

}    // namespace

TEST(MboxThreads, LoseNothingKeepEachSendersOrderAndOwnItOneAtATime)    // I1 I2 I3 I5
{
    constexpr std::size_t pushers = 3;
    const std::size_t each = kt_scale(200'000);
    const uint64_t seed = kt_seed();
    Crowd c(pushers);
    std::atomic<std::size_t> pushing{pushers};
    std::vector<std::vector<mail>> mails(pushers, std::vector<mail>(each));
    std::vector<std::thread> threads;
    ASSERT_TRUE(ki_mbox_settle(&c.mbox));

    for (uint32_t p = 0; p < pushers; p++)
        threads.emplace_back([&, p] {
            std::mt19937_64 rng(seed + p);

            for (uint32_t i = 0; i < each; i++) {
                mail &m = mails[p][i];
                m = {{nullptr, c.id, 0, 0, 0}, p, i};
                const ki_push r = ki_mbox_push(&c.mbox, &m.node, data);
                if (r == KI_PUSH_SCHEDULE)
                    c.schedule();
                ASSERT_NE(KI_PUSH_REFUSED, r);
                switch (rng() % 16) {
                case 0:
                    if (c.take_turn()) /* a pusher is a worker, too */
                        c.run();
                    break;
                case 1:
                    if (ki_mbox_claim(&c.mbox, c.id)) {
                        c.claims++;
                        c.run();
                    }
                    break;
                case 2:
                    if (i % 1024 == 0)
                        std::this_thread::yield();
                }
            }
            pushing--;
        });
    threads.emplace_back([&] {
        while (pushing.load() != 0 || c.queued.load())
            if (c.take_turn())
                c.run();
            else
                std::this_thread::yield();
    });
    for (std::thread &t : threads)
        t.join();
    if (c.take_turn())
        c.run();

    ASSERT_TRUE(ki_mbox_claim(&c.mbox, c.id)) << "idle and empty in the end";
    EXPECT_EQ(pushers * each, c.taken);
    EXPECT_EQ(0u, c.out_of_order);
    EXPECT_EQ(0u, c.double_queued.load());
    EXPECT_EQ(c.schedules.load() + c.claims.load(), c.settles.load());
    EXPECT_GT(c.schedules.load(), 0u);
}

TEST(MboxThreads, ADyingOwnerAnswersAllItLetInAndNoMore)    // I4
{
    constexpr std::size_t pushers = 3, of_each = 64;
    const std::size_t rounds = kt_scale(3000);
    std::vector<mail> mails(pushers * of_each);
    std::atomic<std::size_t> go{0}, ready{0};
    std::atomic<std::size_t> in_data{0}, in_signals{0};
    ki_mbox mbox;
    std::vector<std::thread> threads;
    std::atomic<bool> over{false};

    for (std::size_t p = 0; p < pushers; p++)
        threads.emplace_back([&, p] {
            for (std::size_t round = 1; round <= rounds; round++) {
                while (go.load(std::memory_order_acquire) < round) {
                    if (over.load())
                        return;
                    std::this_thread::yield();
                }
                const uint64_t id = id_of(static_cast<uint32_t>(round));
                for (std::size_t i = 0; i < of_each; i++) {
                    mail &m = mails[p * of_each + i];
                    const bool signal = i % 2 != 0;
                    m = {{nullptr, id, static_cast<uint16_t>(signal), 0, 0}, 0, 0};
                    if (ki_mbox_push(&mbox, &m.node, signal ? signal_ : data) !=
                        KI_PUSH_REFUSED)
                        (signal ? in_signals : in_data)++;
                }
                ready.fetch_add(1, std::memory_order_release);
            }
        });
    std::mt19937_64 rng = kt_rng();
    std::size_t signals_while_exiting = 0;
    for (std::size_t round = 1; round <= rounds && !testing::Test::HasFailure(); round++) {
        const uint64_t id = id_of(static_cast<uint32_t>(round));
        std::size_t got_data = 0, got_signals = 0, got_late_data = 0;
        const auto take = [&](std::size_t &d) {
            for (ki_node *n = ki_mbox_take(&mbox); n; n = n->next)
                (n->kind ? got_signals : d)++;
        };
        in_data = in_signals = 0;
        ki_mbox_init(&mbox, id);
        go.store(round, std::memory_order_release);
        for (std::size_t turns = rng() % 64; turns > 0; turns--) {
            take(got_data);
            if (turns % 16 == 0)
                std::this_thread::yield();
        }
        ki_mbox_begin_exit(&mbox);
        take(got_data);
        const std::size_t before = got_signals;
        for (std::size_t turns = rng() % 16; turns > 0; turns--)
            take(got_late_data);
        do
            take(got_late_data);
        while (!ki_mbox_die(&mbox));
        signals_while_exiting += got_signals - before;
        while (ready.load(std::memory_order_acquire) != round * pushers)
            std::this_thread::yield();

        EXPECT_EQ(0u, got_late_data) << "data came in after the exit had begun";
        EXPECT_EQ(in_data.load(), got_data);
        EXPECT_EQ(in_signals.load(), got_signals);
        EXPECT_FALSE(ki_mbox_has_mail(&mbox));
    }
    over = true;
    for (std::thread &t : threads)
        t.join();
    RecordProperty("signals_while_exiting", static_cast<int>(signals_while_exiting));
}

TEST(MboxThreads, OneOfManyClaimersWins)    // I5
{
    constexpr std::size_t claimers = 4;
    const std::size_t rounds = kt_scale(200'000);
    const uint64_t id = id_of(3);
    ki_mbox mbox;
    std::size_t inside = 0; /* the owner's: TSan sees a second one */
    std::atomic<std::size_t> won{0}, crowded{0};
    std::vector<std::thread> threads;
    ki_mbox_init(&mbox, id);
    ASSERT_TRUE(ki_mbox_settle(&mbox));

    for (std::size_t t = 0; t < claimers; t++)
        threads.emplace_back([&] {
            for (std::size_t i = 0; i < rounds; i++) {
                if (!ki_mbox_claim(&mbox, id))
                    continue;
                if (++inside != 1)
                    crowded++;
                --inside;
                won++;
                if (!ki_mbox_settle(&mbox))
                    crowded++;
            }
        });
    for (std::thread &t : threads)
        t.join();

    EXPECT_EQ(0u, crowded.load());
    EXPECT_GT(won.load(), 0u);
    EXPECT_EQ(ki_mbox_generation(id), mbox.load());
}
