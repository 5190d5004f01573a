/* SPDX-License-Identifier: Apache-2.0
 * msg_flag_test.cc -- the names of message flags, both ways. */
#include <kith/kith.h>

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace
{

TEST(MsgFlag, EachHasANameOfItsOwnAndIsFoundByIt)
{
    std::set<std::string> names;
    unsigned n = 0;

    for (unsigned bit = 1; bit != 0; bit <<= 1) {
        const char *name = kith_msg_flag_name(bit);

        if (name == nullptr)
            continue;
        n++;
        EXPECT_TRUE(names.insert(name).second) << name;
        EXPECT_EQ(static_cast<int>(bit), kith_msg_flag_by_name(name)) << name;
    }
    EXPECT_EQ(14u, n);
}

TEST(MsgFlag, TheNamesAreErlangs)
{
    for (const char *name : {"cmsg_cloexec", "confirm", "ctrunc", "dontroute", "eor",
                             "errqueue", "more", "nosignal", "oob", "peek", "trunc"})
        EXPECT_GT(kith_msg_flag_by_name(name), 0) << name;
    EXPECT_EQ(int{KITH_MSG_OOB}, kith_msg_flag_by_name("oob"));
    EXPECT_EQ(int{KITH_MSG_ERRQUEUE}, kith_msg_flag_by_name("errqueue"));
    EXPECT_STREQ("cmsg_cloexec", kith_msg_flag_name(KITH_MSG_CMSG_CLOEXEC));
}

TEST(MsgFlag, WhatIsNoneHasNone)
{
    EXPECT_EQ(nullptr, kith_msg_flag_name(0));
    EXPECT_EQ(nullptr, kith_msg_flag_name(KITH_MSG_OOB | KITH_MSG_PEEK));
    EXPECT_EQ(nullptr, kith_msg_flag_name(1u << 31));
    EXPECT_EQ(KITH_EINVAL, kith_msg_flag_by_name("oo"));
    EXPECT_EQ(KITH_EINVAL, kith_msg_flag_by_name(""));
    EXPECT_EQ(KITH_EINVAL, kith_msg_flag_by_name(nullptr));
}

}    // namespace
