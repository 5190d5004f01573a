/* SPDX-License-Identifier: Apache-2.0
 * mbox_model_test.cc -- the mailbox's word under every order of a few threads' steps. */
#include "tests/support/interleave.h"

#include "core/mbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace
{

/* One task, and threads that are its scheduler too: whoever must make it run runs it. */
class MboxModel : public testing::Test {
  protected:
    const uint64_t id = ki_id_make(KI_KIND_PID, 7, 5);
    const uint64_t other = ki_id_make(KI_KIND_PID, 8, 5);

    void set(uint64_t of, bool owned)
    {
        ki_mbox_init(&mbox, of);
        if (!owned) {
            ASSERT_TRUE(ki_mbox_settle(&mbox));
        }
        for (ki_node &n : nodes)
            n = {};
        pushed.clear();
        got.clear();
        running = exiting = dead = false;
        owned_by_turns = owned ? 1 : 0;
        settled = 0;
    }

    /* Pushes node i and runs the task if it has to. */
    bool push(std::size_t i, uint64_t to, uint64_t refuse = KI_MBOX_DEAD)
    {
        ki_node &n = nodes[i];

        n.to = to;
        switch (ki_mbox_push(&mbox, &n, refuse)) {
        case KI_PUSH_REFUSED:
            return false;
        case KI_PUSH_QUEUED:
            pushed.push_back(&n);
            return true;
        case KI_PUSH_SCHEDULE:
            pushed.push_back(&n);
            owned_by_turns++;
            run();
            return true;
        }
        return false;
    }

    void take()
    {
        EXPECT_FALSE(running) << "two run it";
        running = true;
        for (ki_node *n = ki_mbox_take(&mbox); n; n = n->next)
            got.push_back(n);
        running = false;
    }

    void run()
    {
        do
            take();
        while (!ki_mbox_settle(&mbox));
        settled++;
    }

    void expect_idle_and_all_seen()
    {
        EXPECT_EQ(pushed, got) << "lost, doubled, or out of the order of the pushes";
        EXPECT_EQ(ki_mbox_generation(id), ki_load_rlx(&mbox));
        EXPECT_EQ(owned_by_turns, settled);
    }

    ki_mbox mbox;
    std::array<ki_node, 8> nodes;
    std::vector<ki_node *> pushed, got; /* in the order in which it happened */
    bool running, exiting, dead;
    int owned_by_turns, settled;
    kt_interleave model;
};

}    // namespace

TEST_F(MboxModel, PushesAreAllSeenInTheirOrder)    // I1 I2 I3
{
    const std::size_t n =
        model.explore([&] { set(id, false); },
                      {[&] {
                           push(0, id);
                           push(1, id);
                       },
                       [&] { push(2, id); }},
                      [&] {
                          expect_idle_and_all_seen();
                          EXPECT_LT(std::find(got.begin(), got.end(), &nodes[0]),
                                    std::find(got.begin(), got.end(), &nodes[1]));
                      });
    EXPECT_GT(n, 1000u) << "that is not every order";
}

TEST_F(MboxModel, ThreePushersMakeItRunOnceForEachTimeItWasIdle)    // I1 I2
{
    model.explore([&] { set(id, false); },
                  {[&] { push(0, id); }, [&] { push(1, id); }, [&] { push(2, id); }},
                  [&] { expect_idle_and_all_seen(); });
}

TEST_F(MboxModel, ParkingNeverMissesAPush)    // I2
{
    model.explore([&] { set(id, true); },
                  {[&] { run(); }, [&] { push(0, id); }, [&] { push(1, id); }},
                  [&] { expect_idle_and_all_seen(); });
}

TEST_F(MboxModel, AClaimTakesOnlyWhatIsIdleAndEmpty)    // I5 I1
{
    const auto claim = [&] {
        if (!ki_mbox_claim(&mbox, id))
            return;
        EXPECT_EQ(pushed.size(), got.size()) << "there was mail to be served first";
        EXPECT_FALSE(running);
        owned_by_turns++;
        run();
    };

    model.explore([&] { set(id, false); }, {[&] { push(0, id); }, claim, claim},
                  [&] { expect_idle_and_all_seen(); });
    model.explore([&] { set(id, true); }, {[&] { run(); }, [&] { push(0, id); }, claim},
                  [&] { expect_idle_and_all_seen(); });
}

TEST_F(MboxModel, DyingAnswersAllThatWasLetIn)    // I4
{
    const auto owner = [&] {
        ki_mbox_begin_exit(&mbox);
        exiting = true;
        do
            take();
        while (!ki_mbox_die(&mbox));
        dead = true;
    };
    const auto data = [&](std::size_t i) {
        return [this, i] {
            const std::size_t before = pushed.size();
            const bool in = push(i, id, KI_MBOX_DEAD | KI_MBOX_EXITING);

            EXPECT_TRUE(!in || !exiting || pushed.size() == before) << "data into an exit";
        };
    };
    const auto signal = [&](std::size_t i) {
        return [this, i] {
            const bool in = push(i, id, KI_MBOX_DEAD);

            EXPECT_NE(in, dead) << "a signal is let in as long as it lives, and no longer";
        };
    };

    model.explore([&] { set(id, true); }, {owner, data(0), signal(1)},
                  [&] {
                      EXPECT_EQ(pushed, got) << "let in and never answered";
                      EXPECT_EQ(ki_mbox_generation(id) | KI_MBOX_FLAGS, ki_load_rlx(&mbox));
                  });
    model.explore([&] { set(id, true); }, {owner, signal(0), signal(1)},
                  [&] { EXPECT_EQ(pushed, got); });
}

TEST_F(MboxModel, AReusedRecordGetsNothingForItsForerunner)    // I4 I5
{
    model.explore([&] { set(id, true); },
                  {[&] {
                       ki_mbox_begin_exit(&mbox);
                       do
                           take();
                       while (!ki_mbox_die(&mbox));
                       dead = true;
                       ki_mbox_init(&mbox, other);
                       run();
                   },
                   [&] {
                       const bool in = push(0, id);

                       EXPECT_FALSE(in && dead);
                   },
                   [&] {
                       const bool in = push(1, other);

                       EXPECT_FALSE(in && !dead);
                   },
                   [&] { EXPECT_FALSE(ki_mbox_claim(&mbox, id)) << "it was never idle"; }},
                  [&] {
                      EXPECT_EQ(pushed, got);
                      EXPECT_EQ(ki_mbox_generation(other), ki_load_rlx(&mbox));
                  });
}
