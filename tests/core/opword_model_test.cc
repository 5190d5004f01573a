/* SPDX-License-Identifier: Apache-2.0
 * opword_model_test.cc -- an operation's word under every order of a few threads' steps.
 *
 * The threads do what the layer above does: an executor that tries, queues and tries again, a
 * starter that cancels and lets go when it has been told, a timeout that knows the generation. */
#include "tests/support/interleave.h"

#include "core/opword.h"

#include <gtest/gtest.h>

namespace
{

enum { RESULT = 77, TIMEOUT = 3, CANCEL = 4 };

class OpwordModel : public testing::Test {
  protected:
    void set()
    {
        world = {};
        ki_op_begin(&word, generation, false);
    }

    /* ---- the record: plain things under the word's protection ---- */

    void hold()
    {
        EXPECT_FALSE(world.held) << "two hold BUSY";
        world.held = true;
    }

    /* The holder writes the result and ends it. */
    void complete(int result, uint64_t let_go)
    {
        EXPECT_TRUE(world.held);
        EXPECT_EQ(0, world.ends) << "it ended twice";
        world.held = false;
        world.result = result;
        world.ends++;
        const uint64_t before = ki_op_finish(&word, let_go);
        EXPECT_EQ(KI_OP_BUSY, before & KI_OP_STATE);
        world.done = true;
    }

    void drop(uint64_t hold)
    {
        if (!ki_op_let_go(&word, hold))
            return;
        EXPECT_EQ(0, world.frees) << "it was freed twice";
        EXPECT_TRUE(world.done);
        world.frees++;
        if (reuse)
            ki_op_begin_alone(&word, generation + 1);
        else
            ki_store_rel(&word, KI_OP_FREE);
    }

    /* ---- the executor ---- */

    void attempt(bool ready)
    {
        hold();
        if (ready) {
            world.queued = false;
            complete(RESULT, KI_OP_EXECUTOR);
            return;
        }
        world.queued = true;
        world.held = false;
        const unsigned stopped = ki_op_wait(&word);
        if (stopped) {
            hold();
            world.queued = false;
            complete(static_cast<int>(stopped), KI_OP_EXECUTOR);
        }
    }

    void request_arrives(bool ready)
    {
        if (ki_op_busy(&word))
            attempt(ready);
        else
            drop(KI_OP_EXECUTOR);
    }

    void becomes_ready()
    {
        if (!world.queued)
            return;
        if (ki_op_busy(&word))
            attempt(true);
        else
            world.queued = false; /* its STOP node is on the way, and lets go */
    }

    /* ---- those who stop it ---- */

    bool stop(unsigned code)
    {
        switch (ki_op_stop(&word, generation, code)) {
        case KI_STOP_WON_LINKED:
            world.told_executor++;
            [[fallthrough]];
        case KI_STOP_WON:
            hold();
            complete(static_cast<int>(code), 0);
            return true;
        case KI_STOP_NOTED:
        case KI_STOP_LATE:
            return false;
        case KI_STOP_STALE:
            EXPECT_GT(world.frees, 0) << "it is in use";
            return false;
        }
        return false;
    }

    void mail_is_served()
    {
        if (world.told_executor) {
            EXPECT_EQ(1, world.told_executor);
            drop(KI_OP_EXECUTOR);
        }
    }

    void starter_takes_the_result()
    {
        drop(KI_OP_STARTER);
    }

    void expect_one_end()
    {
        EXPECT_EQ(1, world.ends);
        EXPECT_EQ(1, world.frees);
        EXPECT_FALSE(world.held);
        const uint64_t left = ki_load_rlx(&word);
        if (reuse) {
            EXPECT_EQ(generation + 1, ki_op_generation(left));
            EXPECT_EQ(KI_OP_PENDING | KI_OP_STARTER, left & ~(UINT64_MAX << 32))
                << "the next operation was touched";
        } else {
            EXPECT_EQ(KI_OP_FREE, left);
        }
    }

    static constexpr uint32_t generation = 41;
    ki_opword word;
    struct {
        bool held, queued, done;
        int result, ends, frees, told_executor;
    } world;
    bool reuse = false;
    kt_interleave model;
};

}    // namespace

TEST_F(OpwordModel, StopsAndTheExecutorAgreeOnOneEnd)    // I1 I2 I3
{
    for (const bool ready : {false, true})
        model.explore([&] { set(); },
                      {[&] {
                           request_arrives(ready);
                           becomes_ready();
                       },
                       [&] { stop(TIMEOUT); }, [&] { stop(CANCEL); }},
                      [&] {
                          ASSERT_TRUE(world.done) << "there were two stops";
                          mail_is_served();
                          starter_takes_the_result();
                          expect_one_end();
                      });
}

TEST_F(OpwordModel, AStopEndsWhatWouldWaitForEver)    // I2
{
    model.explore([&] { set(); },
                  {[&] { request_arrives(false); }, [&] { stop(TIMEOUT); },
                   [&] { stop(CANCEL); }},
                  [&] {
                      ASSERT_TRUE(world.done) << "the mark was not obeyed";
                      EXPECT_TRUE(world.result == TIMEOUT || world.result == CANCEL);
                      mail_is_served();
                      starter_takes_the_result();
                      expect_one_end();
                  });
}

TEST_F(OpwordModel, WhoLetsGoLastFreesIt)    // I3
{
    model.explore([&] { set(); },
                  {[&] {
                       request_arrives(false);
                       becomes_ready();
                       mail_is_served();
                       if (world.told_executor)
                           world.told_executor = -1;
                   },
                   [&] {
                       const bool mine = stop(CANCEL);

                       if (mine || world.done) {
                           starter_takes_the_result();
                           world.result = -1;
                       }
                   }},
                  [&] {
                      ASSERT_TRUE(world.done);
                      if (world.told_executor == 1)
                          mail_is_served();
                      if (world.result != -1)
                          starter_takes_the_result();
                      expect_one_end();
                  });
}

TEST_F(OpwordModel, AStopByAStaleHandleNeverTouchesTheNextUse)    // I4
{
    reuse = true;
    model.explore([&] { set(); },
                  {[&] {
                       request_arrives(true);
                       if (world.done) {
                           starter_takes_the_result();
                           world.result = -1;
                       }
                   },
                   [&] { stop(TIMEOUT); },
                   [&] {
                       EXPECT_EQ(KI_STOP_STALE, ki_op_stop(&word, generation - 1, CANCEL));
                   }},
                  [&] {
                      ASSERT_TRUE(world.done);
                      mail_is_served();
                      if (world.result != -1)
                          starter_takes_the_result();
                      expect_one_end();
                  });
}

TEST_F(OpwordModel, AnAnswerByNumberEndsItOnceOrNotAtAll)    // I1 I4
{
    const auto answer = [&] {
        if (!ki_op_busy_of(&word, generation))
            return;
        hold();
        complete(RESULT, 0);
    };

    reuse = true;
    model.explore(
        [&] {
            world = {};
            ki_op_begin_alone(&word, generation);
        },
        {[&] {
             stop(CANCEL);
             if (world.done)
                 starter_takes_the_result();
         },
         [&] { stop(TIMEOUT); }, answer, answer},
        [&] {
            ASSERT_TRUE(world.done);
            if (world.frees == 0)
                starter_takes_the_result();
            expect_one_end();
        });
}
