/* SPDX-License-Identifier: Apache-2.0
 * supports_test.cc -- what a program may ask beforehand. */
#include "tests/support/sockets.h"

#include "core/seam.h"

#include <atomic>
#include <set>
#include <string>

#include <sys/socket.h>

namespace
{

class Supports : public kt_sockets {};

TEST_F(Supports, AnswersAtEveryOptionAsTheSystemDoes)
{
    by_process_and_thread([] {
        for (std::size_t i = 0; kith_opt_at(i) >= 0; i++) {
            const int yes = kith_supports(kith_opt_at(i));

            EXPECT_TRUE(yes == 0 || yes == 1) << kith_opt_at(i) << ' ' << yes;
        }
        for (const kith_opt o :
             {KITH_OPT_SOCKET_REUSEADDR, KITH_OPT_SOCKET_PASSCRED, KITH_OPT_SOCKET_PEERCRED,
              KITH_OPT_SOCKET_RCVBUFFORCE, KITH_OPT_IP_TTL, KITH_OPT_IP_ADD_MEMBERSHIP,
              KITH_OPT_IP_MSFILTER, KITH_OPT_IP_MTU, KITH_OPT_IP_OPTIONS,
              KITH_OPT_IPV6_V6ONLY, KITH_OPT_IPV6_JOIN_GROUP, KITH_OPT_IPV6_HOPOPTS,
              KITH_OPT_TCP_NODELAY, KITH_OPT_TCP_INFO, KITH_OPT_TCP_CONGESTION,
              KITH_OPT_UDP_CORK, KITH_OPT_OTP_FD})
            EXPECT_EQ(1, kith_supports(o)) << o;
        for (const kith_opt o :
             {KITH_OPT_SOCKET_SETFIB, KITH_OPT_IP_RECVIF, KITH_OPT_TCP_NOPUSH,
              KITH_OPT_IPV6_FAITH, KITH_OPT_IPV6_AUTHHDR})
            EXPECT_EQ(0, kith_supports(o)) << o;
        for (const kith_opt o : {0, -1, 0x1ff, 0xfff})
            EXPECT_EQ(KITH_EINVAL, kith_supports(o)) << o;
    });
}

/* A seam that counts. */
std::atomic<int> opened;
int (*real_socket)(int, int, int);

int
count_socket(int domain, int type, int protocol)
{
    opened++;
    return real_socket(domain, type, protocol);
}

int
no_socket(int, int, int)
{
    return KITH_EMFILE;
}

class SupportsAsks : public kt_sockets {
  protected:
    void SetUp() override
    {
        real_socket = ki_seam.socket;
        opened = 0;
    }

    void TearDown() override
    {
        kt_sockets::TearDown();
        ki_seam.socket = real_socket;
    }
};

TEST_F(SupportsAsks, OnceForEachStart)
{
    ki_seam.socket = count_socket;
    for (int start = 1; start <= 2; start++) {
        kt_sockets::SetUp();
        in_process([start] {
            EXPECT_EQ(1, kith_supports(KITH_OPT_TCP_CORK));
            EXPECT_EQ(start, opened.load());
            EXPECT_EQ(1, kith_supports(KITH_OPT_TCP_CORK));
            EXPECT_EQ(0, kith_supports(KITH_OPT_TCP_NOPUSH));
            EXPECT_EQ(1, kith_supports(KITH_OPT_OTP_FD));
            EXPECT_EQ(start, opened.load()) << "remembered, or known without a question";
        });
        if (start == 1)
            kt_sockets::TearDown();
    }
}

TEST_F(SupportsAsks, AgainWhenThereWasNoSocketToAsk)
{
    ki_seam.socket = no_socket;
    kt_sockets::SetUp();
    in_process([] {
        EXPECT_EQ(KITH_EMFILE, kith_supports(KITH_OPT_TCP_CORK));
        EXPECT_EQ(KITH_EMFILE, kith_supports_socket(KITH_INET, KITH_STREAM, 0));
        ki_seam.socket = real_socket;
        EXPECT_EQ(1, kith_supports(KITH_OPT_TCP_CORK));
    });
}

/* The usual kinds of socket do not know it, and there is none of the raw kind to ask. */
TEST_F(SupportsAsks, AgainWhenThereWasNoSocketOfTheRightKind)
{
    ki_seam.socket = [](int domain, int type, int protocol) {
        return (type & SOCK_RAW) == SOCK_RAW ? int{KITH_EMFILE}
                                             : real_socket(domain, type, protocol);
    };
    kt_sockets::SetUp();
    in_process([] {
        EXPECT_EQ(KITH_EMFILE, kith_supports(KITH_OPT_IPV6_CHECKSUM));
        ki_seam.socket = real_socket;
        EXPECT_EQ(1, kith_supports(KITH_OPT_IPV6_CHECKSUM));
    });
}

TEST_F(Supports, KnowsWhichSocketsThereAre)
{
    by_process_and_thread([] {
        EXPECT_EQ(1, kith_supports_socket(KITH_INET, KITH_STREAM, KITH_TCP));
        EXPECT_EQ(1, kith_supports_socket(KITH_INET6, KITH_DGRAM, 0));
        EXPECT_EQ(1, kith_supports_socket(KITH_LOCAL, KITH_SEQPACKET, 0));
        EXPECT_EQ(0, kith_supports_socket(KITH_INET, KITH_STREAM, KITH_UDP));
        EXPECT_EQ(0, kith_supports_socket(KITH_LOCAL, KITH_RDM, 0));
        EXPECT_EQ(KITH_EINVAL, kith_supports_socket(99, KITH_STREAM, 0));
        EXPECT_EQ(KITH_EINVAL, kith_supports_socket(KITH_INET, 99, 0));
    });
}

TEST_F(Supports, KnowsWhichFlagsThereAre)
{
    for (const unsigned flag :
         {KITH_MSG_PEEK, KITH_MSG_OOB, KITH_MSG_WAITALL, KITH_MSG_TRUNC, KITH_MSG_ERRQUEUE})
        EXPECT_EQ(1, kith_supports_msg_flag(flag)) << flag;
    EXPECT_EQ(0, kith_supports_msg_flag(0));
    EXPECT_EQ(0, kith_supports_msg_flag(1u << 31));
}

TEST_F(Supports, AnOptionIsDescribedInTheReferencesWords)
{
    std::set<std::string> seen;
    kith_opt last = 0;
    kith_opt_info info;

    for (std::size_t i = 0; kith_opt_at(i) >= 0; i++) {
        const kith_opt o = kith_opt_at(i);

        EXPECT_LT(last, o) << "in the order of their numbers";
        last = o;
        ASSERT_EQ(0, kith_opt_describe(o, &info));
        EXPECT_EQ(o, info.id);
        EXPECT_EQ(o, kith_opt_find(info.level, info.name));
        EXPECT_TRUE(seen.insert(std::string(info.level) + "." + info.name).second);
    }
    ASSERT_EQ(0, kith_opt_describe(KITH_OPT_SOCKET_LINGER, &info));
    EXPECT_STREQ("socket", info.level);
    EXPECT_STREQ("linger", info.name);
    EXPECT_STREQ("kith_linger", info.type);
    EXPECT_EQ(sizeof(kith_linger), info.len);
    EXPECT_TRUE(info.get && info.set);
    ASSERT_EQ(0, kith_opt_describe(KITH_OPT_TCP_INFO, &info));
    EXPECT_TRUE(info.get && !info.set);
    ASSERT_EQ(0, kith_opt_describe(KITH_OPT_IP_ADD_MEMBERSHIP, &info));
    EXPECT_TRUE(!info.get && info.set);
    EXPECT_EQ(KITH_EINVAL, kith_opt_describe(0x1ff, &info));
    EXPECT_EQ(KITH_EINVAL, kith_opt_describe(KITH_OPT_TCP_INFO, nullptr));
    EXPECT_EQ(KITH_ENOENT, kith_opt_at(100000));
}

}    // namespace
