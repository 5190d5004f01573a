/* SPDX-License-Identifier: Apache-2.0
 * headers_test.cc -- all public headers together are C++, in the standard of the tests. */
#include "all_headers.h"

#include <gtest/gtest.h>

#include <type_traits>

extern "C" int kith_headers_compile_as_c(void);

TEST(Headers, WorkTogetherInC)
{
    EXPECT_TRUE(kith_headers_compile_as_c());
}

TEST(Headers, WorkTogetherInCxx)
{
    const int word = 7;
    const kith_iov iov = KITH_IOV(word);
    kith_msg msg{};

    msg.data = iov.base;
    msg.len = iov.len;
    EXPECT_EQ(&word, iov.base);
    EXPECT_EQ(sizeof(word), iov.len);
    EXPECT_EQ(&word, KITH_BODY(&msg, int));
    EXPECT_EQ(nullptr, KITH_BODY(&msg, char));
}

TEST(Headers, InitialisersWorkInCxx)
{
    const kith_options options = KITH_OPTIONS_INIT;
    const kith_spawn_options spawn = KITH_SPAWN_OPTIONS_INIT;
    const kith_open_options open = KITH_OPEN_OPTIONS_INIT;
    const struct kith_process_info info = KITH_PROCESS_INFO_INIT;

    EXPECT_EQ(sizeof options, options.size);
    EXPECT_EQ(sizeof spawn, spawn.size);
    EXPECT_EQ(sizeof open, open.size);
    EXPECT_EQ(sizeof info, info.size);
    EXPECT_EQ(-1, open.fd);
}

TEST(Headers, ConstantsWorkInCxx)
{
    const unsigned flags = KITH_MSG_OOB | KITH_MSG_QUEUE;
    const kith_opt option = KITH_OPT_TCP_NODELAY;

    EXPECT_EQ(0x1001u, flags);
    EXPECT_EQ(0x400, option);
    EXPECT_EQ(KITH_TAG_SYSTEM + 2, KITH_TAG_DOWN);
    EXPECT_EQ(0, KITH_CONTINUE);
    EXPECT_EQ(1, KITH_DONE);
}

TEST(Headers, HandlesAreNumbersOfDifferentTypes)
{
    static_assert(!std::is_convertible_v<kith_pid, kith_ref>);
    static_assert(!std::is_convertible_v<kith_socket, kith_future>);

    EXPECT_EQ(sizeof(uint64_t), sizeof(kith_pid));
    EXPECT_EQ(sizeof(uint64_t), sizeof(kith_ref));
    EXPECT_EQ(sizeof(uint64_t), sizeof(kith_socket));
    EXPECT_EQ(sizeof(uint64_t), sizeof(kith_future));
    EXPECT_EQ(32u, sizeof(kith_reason));
}
