/* SPDX-License-Identifier: Apache-2.0
 * socket_conform_option_test.cc -- Erlang's cases of options that are set and read, and do what
 * can be seen from outside. docs/conformance.md names them. */
#include "tests/support/kinds.h"

#include <string>
#include <vector>

#include <unistd.h>

namespace
{

int
get(kith_socket s, kith_opt o)
{
    int v = -1;

    EXPECT_EQ(0, kith_socket_getopt_int(s, o, &v));
    return v;
}

/* ---- numbers that are set and read back ---- */

enum reading { SAME, AT_LEAST, ANY };

struct row {
    std::string name;
    kt_kind kind;
    kith_opt option;
    std::vector<int> values;
    reading back = SAME;
    bool privileged = false;
};

const row rows[] = {
    {"sock_broadcast_udp4", kt_udp4, KITH_OPT_SOCKET_BROADCAST, {1, 0}},
    {"sock_debug_tcp4", kt_tcp4, KITH_OPT_SOCKET_DEBUG, {1, 0}, SAME, true},
    {"sock_dontroute_udp4", kt_udp4, KITH_OPT_SOCKET_DONTROUTE, {1, 0}},
    {"sock_keepalive_tcp4", kt_tcp4, KITH_OPT_SOCKET_KEEPALIVE, {1, 0}},
    {"sock_oobinline_tcp4", kt_tcp4, KITH_OPT_SOCKET_OOBINLINE, {1, 0}},
    {"sock_reuseaddr_tcp4", kt_tcp4, KITH_OPT_SOCKET_REUSEADDR, {1, 0}},
    {"sock_mark_udp4", kt_udp4, KITH_OPT_SOCKET_MARK, {7, 0}, SAME, true},
    {"sock_priority_udp4", kt_udp4, KITH_OPT_SOCKET_PRIORITY, {6, 1, 0}},
    {"sock_priority_tcp4", kt_tcp4, KITH_OPT_SOCKET_PRIORITY, {6, 1, 0}},
    {"sock_passcred_tcpL", kt_tcpL, KITH_OPT_SOCKET_PASSCRED, {1, 0}},
    {"sock_rcvbuf_udp4", kt_udp4, KITH_OPT_SOCKET_RCVBUF, {10000, 30000}, AT_LEAST},
    {"sock_sndbuf_udp4", kt_udp4, KITH_OPT_SOCKET_SNDBUF, {10000, 30000}, AT_LEAST},
    {"sock_rcvlowat_udp4", kt_udp4, KITH_OPT_SOCKET_RCVLOWAT, {10, 1}},
    {"ip_tos_udp4", kt_udp4, KITH_OPT_IP_TOS, {0x10, 0x08, 0x04, 0x00}},
    {"tcp_cork_tcp4", kt_tcp4, KITH_OPT_TCP_CORK, {1, 0}},
    {"tcp_maxseg_tcp4", kt_tcp4, KITH_OPT_TCP_MAXSEG, {1000}, ANY},
    {"tcp_nodelay_tcp4", kt_tcp4, KITH_OPT_TCP_NODELAY, {1, 0}},
    {"tcp_keepcnt_tcp4", kt_tcp4, KITH_OPT_TCP_KEEPCNT, {3, 9}},
    {"tcp_keepidle_tcp4", kt_tcp4, KITH_OPT_TCP_KEEPIDLE, {10, 100}},
    {"tcp_keepintvl_tcp4", kt_tcp4, KITH_OPT_TCP_KEEPINTVL, {10, 100}},
    {"udp_cork_udp4", kt_udp4, KITH_OPT_UDP_CORK, {1, 0}},
};

/* All of them, and those that are not of inet alone by their level over inet6 too. */
std::vector<row>
with_twins()
{
    std::vector<row> all;

    for (row r : rows) {
        all.push_back(r);
        if (r.kind.domain != kt_domain::inet || r.option == KITH_OPT_IP_TOS)
            continue;
        r.kind = r.kind.is_dgram() ? kt_udp6 : kt_tcp6;
        r.name.replace(r.name.size() - 1, 1, "6");
        all.push_back(r);
    }
    return all;
}

void
PrintTo(const row &r, std::ostream *out)
{
    *out << r.name;
}

class ConformOption : public kt_sockets, public testing::WithParamInterface<row> {};

INSTANTIATE_TEST_SUITE_P(, ConformOption, testing::ValuesIn(with_twins()),
                         [](const testing::TestParamInfo<row> &info) {
                             return info.param.name;
                         });

TEST_P(ConformOption, IsSetAndReadBack)
{
    by_process_and_thread([] {
        const row &r = GetParam();
        const kith_socket s = kt_open(r.kind);

        for (const int v : r.values) {
            const int rc = kith_socket_setopt_int(s, r.option, v);

            if (r.privileged && rc != 0) {
                EXPECT_TRUE(rc == KITH_EPERM || rc == KITH_EACCES) << kith_strerror(rc);
                continue;
            }
            ASSERT_EQ(0, rc) << kith_strerror(rc);
            const int got = get(s, r.option);
            EXPECT_TRUE(r.back == SAME       ? got == v
                        : r.back == AT_LEAST ? got >= v
                                             : got > 0)
                << v << " was set, " << got << " is read";
        }
        kt_close(s);
    });
}

/* ---- the others ---- */

class ConformOptions : public kt_sockets {};

/* They are the system's, and mean nothing to calls that never block in it. */
TEST_F(ConformOptions, TheSystemsTimeoutsAreSetAndReadAndEndNoCall)
{
    by_process_and_thread([] {
        for (const kt_kind &k : {kt_udp4, kt_udp6}) {
            const kt_ends e(k);

            for (const kith_opt o : {KITH_OPT_SOCKET_RCVTIMEO, KITH_OPT_SOCKET_SNDTIMEO}) {
                kith_ms v = 3000, got = 0;

                EXPECT_EQ(0, kith_socket_setopt(e.far, o, &v, sizeof v));
                EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof got),
                          kith_socket_getopt(e.far, o, &got, sizeof got));
                EXPECT_EQ(3000, got);
                v = 1;
                EXPECT_EQ(0, kith_socket_setopt(e.far, o, &v, sizeof v));
            }
            char c;
            const std::int64_t before = kt_now_ms();
            EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(e.far, &c, 1, 0, 20));
            EXPECT_LE(before + 20, kt_now_ms());
            e.close();
        }
    });
}

/* Urgent data is read with the rest. */
TEST_F(ConformOptions, OobinlineLeavesUrgentDataInItsPlace)
{
    by_process_and_thread([] {
        for (const kt_kind &k : {kt_tcp4, kt_tcp6}) {
            const kt_ends e(k);
            char buf[8] = {};

            ASSERT_EQ(0, kith_socket_setopt_int(e.far, KITH_OPT_SOCKET_OOBINLINE, 1));
            EXPECT_EQ(2, kith_socket_send(e.near, "ab", 2, 0, kt_long()));
            EXPECT_EQ(1, kith_socket_send(e.near, "!", 1, KITH_MSG_OOB, kt_long()));
            EXPECT_EQ(2, kith_socket_send(e.near, "cd", 2, 0, kt_long()));
            EXPECT_EQ(5, kith_socket_recv(e.far, buf, 5, KITH_MSG_WAITALL, kt_long()));
            EXPECT_STREQ("ab!cd", buf);
            e.close();
        }
    });
}

/* Two datagram sockets at one address, if both say so. */
TEST_F(ConformOptions, ReuseaddrSharesAnAddress)
{
    by_process_and_thread([] {
        for (const kt_kind &k : {kt_udp4, kt_udp6}) {
            const kt_place at(k.domain);
            const kith_socket a = kt_open(k), b = kt_open(k);

            ASSERT_EQ(0, kith_socket_setopt_int(a, KITH_OPT_SOCKET_REUSEADDR, 1));
            ASSERT_EQ(0, kith_socket_bind(a, &at.address()));
            const kith_sockaddr taken = kt_name_of(a);
            EXPECT_EQ(KITH_EADDRINUSE, kith_socket_bind(b, &taken));
            ASSERT_EQ(0, kith_socket_setopt_int(b, KITH_OPT_SOCKET_REUSEADDR, 1));
            EXPECT_EQ(0, kith_socket_bind(b, &taken));
            kt_close(a);
            kt_close(b);
        }
    });
}

/* ---- who owns it ---- */

class ConformOwner : public kt_kind_test {};

KT_KINDS(ConformOwner, kt_all_kinds);

TEST_P(ConformOwner, OnlyTheOwnerGivesItAway)
{
    by_process_and_thread([this] {
        const kith_socket s = kt_open(GetParam());
        const kith_pid me = kith_self();
        const auto give = [s](kith_pid to) {
            return kith_socket_setopt(s, KITH_OPT_OTP_CONTROLLING_PROCESS, &to, sizeof to);
        };
        const kith_pid stranger = spawn([=] {
            EXPECT_EQ(KITH_EPERM, give(kith_self()));
            EXPECT_EQ(0, kt_send(me, 1, 0));
            EXPECT_NE(nullptr, kt_receive());
            EXPECT_EQ(kith_self(), kt_owner(s));
            EXPECT_EQ(0, give(me));
            EXPECT_EQ(KITH_EPERM, give(kith_self())) << "it was";
        });

        EXPECT_NE(nullptr, kt_receive());
        EXPECT_EQ(me, kt_owner(s));
        EXPECT_EQ(0, give(stranger));
        EXPECT_EQ(KITH_EPERM, give(me));
        EXPECT_EQ(0, kt_send(stranger, 1, 0));
        EXPECT_EQ(0, kith_wait(stranger, nullptr, kt_long()));
        EXPECT_EQ(me, kt_owner(s)) << "it has survived him";
        kt_close(s);
    });
}

}    // namespace
