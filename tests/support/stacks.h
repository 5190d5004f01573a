/* SPDX-License-Identifier: Apache-2.0
 * stacks.h -- a pool of stacks for each test, and where a stack lies.
 *
 *   using Stack = kt_stacks;
 *   TEST_F(Stack, Promise) { ki_stack s = get(); kt_touch(kt_top(s) - 1); ki_stack_put(...); } */
#ifndef KT_STACKS_H
#define KT_STACKS_H

#include "core/stack.h"
#include "tests/support/support.h"

#include <gtest/gtest.h>

class kt_stacks : public testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_EQ(0, ki_stack_pool_init());
    }

    void TearDown() override
    {
        ki_stack_pool_fini();
    }

    static ki_stack get(std::size_t want = 0, ki_stack_cache *cache = nullptr)
    {
        ki_stack s = {};
        EXPECT_EQ(0, ki_stack_get(want, &s, cache));
        return s;
    }
};

inline char *
kt_low(const ki_stack &s)
{
    return static_cast<char *>(s.low);
}

inline char *
kt_top(const ki_stack &s)
{
    return kt_low(s) + s.size;
}

inline void
kt_touch(char *p)
{
    *static_cast<volatile char *>(p) = 1;
}

#endif
