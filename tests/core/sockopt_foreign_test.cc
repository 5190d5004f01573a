/* SPDX-License-Identifier: Apache-2.0
 * sockopt_foreign_test.cc -- the options of other systems: one number for each row, and that of this
 * system as its headers have it. Tests of what then is told to a system are in
 * tests/actors/socket_foreign_test.cc. */
#include "core/sockopt_foreign.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include <sys/socket.h>

namespace
{

const ki_system systems[] = {KI_LINUX, KI_FREEBSD, KI_MACOS, KI_OPENBSD};

std::string
full_name(const ki_sockopt &row)
{
    return std::string(row.level) + "." + row.name;
}

ki_sockopt
row_on(kith_opt id, ki_system system)
{
    ki_sockopt out;

    ki_sockopt_on(ki_sockopt_find(id), system, &out);
    return out;
}

template <typename F>
void
for_each_row(F f)
{
    for (std::size_t i = 0; const ki_sockopt *row = ki_sockopt_at(i); i++)
        f(*row);
}

/* A row is -1 also where this system's headers are older than the number. */
TEST(SockoptForeign, HasOfThisSystemWhatItsHeadersHave)
{
    EXPECT_EQ(KI_LINUX, ki_system_here());
    for_each_row([](const ki_sockopt &row) {
        if (row.native_number >= 0) {
            EXPECT_EQ(row.native_number, ki_sockopt_number_on(row.id, ki_system_here()))
                << full_name(row);
        }
    });
}

TEST(SockoptForeign, KnowsTheOptionsThatThisSystemLacks)
{
    std::set<std::string> lacking;

    for_each_row([&](const ki_sockopt &row) {
        if (ki_sockopt_number_on(row.id, KI_LINUX) < 0 && row.kind != KI_OPT_OTP)
            lacking.insert(full_name(row));
    });
    EXPECT_EQ((std::set<std::string>{"socket.acceptfilter", "socket.setfib", "ip.dontfrag",
                                     "ip.recvif", "ip.recvdstaddr", "ip.sendsrcaddr",
                                     "ipv6.auth_level", "ipv6.esp_trans_level",
                                     "ipv6.esp_network_level", "ipv6.faith",
                                     "ipv6.ipcomp_level", "ipv6.portrange",
                                     "ipv6.use_min_mtu", "tcp.noopt", "tcp.nopush",
                                     "sctp.explicit_eor", "sctp.use_ext_recvinfo"}),
              lacking);
    EXPECT_EQ(10, ki_sockopt_number_on(KITH_OPT_IPV6_AUTHHDR, KI_LINUX));
    EXPECT_EQ(-1, ki_sockopt_find(KITH_OPT_IPV6_AUTHHDR)->native_number) << "given up";
}

TEST(SockoptForeign, HasEveryOptionOfSomebodyOnce)
{
    for (const ki_system system : systems) {
        std::map<std::pair<int, int>, std::string> seen;

        for_each_row([&](const ki_sockopt &row) {
            const int number = ki_sockopt_number_on(row.id, system);

            if (number < 0)
                return;
            const auto [it, is_new] =
                seen.try_emplace({row_on(row.id, system).native_level, number},
                                 full_name(row));
            EXPECT_TRUE(is_new)
                << full_name(row) << " and " << it->second << " on " << system;
        });
    }
    for_each_row([&](const ki_sockopt &row) {
        bool is_somebodys = row.id == KITH_OPT_IP_SENDSRCADDR || row.kind == KI_OPT_OTP;

        for (const ki_system system : systems)
            is_somebodys |= ki_sockopt_number_on(row.id, system) >= 0;
        EXPECT_TRUE(is_somebodys) << full_name(row) << " is missing";
    });
}

TEST(SockoptForeign, LeavesARowOfThisSystemAsItIs)
{
    for_each_row([](const ki_sockopt &row) {
        const ki_sockopt same = row_on(row.id, ki_system_here());

        EXPECT_EQ(row.native_level, same.native_level) << full_name(row);
        EXPECT_EQ(row.native_number, same.native_number) << full_name(row);
    });
}

TEST(SockoptForeign, ChangesLevelAndNumberOnly)
{
    for (const ki_system system : systems)
        for_each_row([=](const ki_sockopt &row) {
            const ki_sockopt there = row_on(row.id, system);

            EXPECT_EQ(row.id, there.id);
            EXPECT_STREQ(row.name, there.name);
            EXPECT_STREQ(row.level, there.level);
            EXPECT_EQ(row.kind, there.kind);
            EXPECT_EQ(row.len, there.len);
            EXPECT_EQ(row.get, there.get);
            EXPECT_EQ(row.id == KITH_OPT_SOCKET_SNDLOWAT ? system != KI_LINUX : row.set,
                      there.set)
                << full_name(row);
            if (row.native_level != SOL_SOCKET) {
                EXPECT_EQ(row.native_level, there.native_level) << full_name(row);
            }
        });
    EXPECT_EQ(0xffff, row_on(KITH_OPT_SOCKET_REUSEADDR, KI_FREEBSD).native_level);
    EXPECT_EQ(0xffff, row_on(KITH_OPT_SOCKET_REUSEADDR, KI_MACOS).native_level);
    EXPECT_EQ(-1, row_on(KITH_OPT_OTP_FD, KI_MACOS).native_level);
}

TEST(SockoptForeign, MakesNoValueThatHasAnotherFormThere)
{
    for (const kith_opt id :
         {KITH_OPT_SOCKET_ERROR, KITH_OPT_SOCKET_DOMAIN, KITH_OPT_IP_ADD_MEMBERSHIP,
          KITH_OPT_IPV6_BLOCK_SOURCE, KITH_OPT_TCP_INFO, KITH_OPT_TCP_MD5SIG,
          KITH_OPT_SCTP_STATUS, KITH_OPT_SCTP_ASSOCINFO}) {
        EXPECT_GE(ki_sockopt_number_on(id, KI_FREEBSD), 0) << id;
        EXPECT_EQ(-1, row_on(id, KI_FREEBSD).native_number) << id;
    }
}

}    // namespace
