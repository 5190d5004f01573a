/* SPDX-License-Identifier: Apache-2.0
 * socket_rule_send_test.cc -- the rules of sends, as docs/otp-differences.md has them. */
#include "tests/support/sockets.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

namespace
{

class RuleSend : public kt_sockets, public testing::WithParamInterface<kt_domain> {};

INSTANTIATE_TEST_SUITE_P(, RuleSend, testing::ValuesIn(kt_all_domains), kt_domain_of_test);

bool
is_local(kt_domain d)
{
    return d == kt_domain::path || d == kt_domain::abstract;
}

kith_socket
dgram(const kt_place &at, bool bound = true)
{
    kith_socket s = {0};

    EXPECT_EQ(0, kith_socket_open(at.domain(), KITH_DGRAM, 0, nullptr, &s));
    if (bound) {
        EXPECT_EQ(0, kith_socket_bind(s, &at.address()));
    }
    return s;
}

/* Four that send at once, each many long messages of one letter; `far` reads slowly. */
TEST_P(RuleSend, MessagesOfManySendersDoNotMix)
{
    static constexpr std::size_t len = 300'000; /* more than goes at once */
    static constexpr int senders = 4;
    const std::size_t each = kt_scale(10);

    in_process([each, this] {
        const kt_pair p = kt_pair_of(GetParam());
        std::vector<char> message(len);
        std::size_t got[senders] = {};
        kith_pid pid[senders];

        for (int i = 0; i < senders; i++)
            pid[i] = spawn([p, i, each] {
                const std::vector<char> mine(len, static_cast<char>('a' + i));

                for (std::size_t n = 0; n < each; n++)
                    ASSERT_EQ(static_cast<std::ptrdiff_t>(len),
                              kith_socket_send(p.near, mine.data(), len, 0, KITH_INFINITY));
            });
        for (std::size_t n = 0; n < senders * each; n++) {
            ASSERT_EQ(static_cast<std::ptrdiff_t>(len),
                      kith_socket_recv(p.far, message.data(), len, KITH_MSG_WAITALL,
                                       kt_long()));
            const int who = message[0] - 'a';
            ASSERT_TRUE(who >= 0 && who < senders);
            got[who]++;
            ASSERT_EQ(len, static_cast<std::size_t>(
                               std::count(message.begin(), message.end(), message[0])))
                << "message " << n;
        }
        for (int i = 0; i < senders; i++) {
            EXPECT_EQ(0, kith_wait(pid[i], nullptr, kt_long()));
            EXPECT_EQ(each, got[i]);
        }
        kt_close(p);
    });
}

/* Of one that has not begun nothing is sent; what one has sent that had begun stays sent. */
TEST_P(RuleSend, WhoDiesInTheQueueTakesNothingOfTheOthersAlong)
{
    static constexpr std::size_t len = 4'000'000; /* more than goes at once */
    static const std::string letters[] = {std::string(len, 'a'), std::string(len, 'b'),
                                          std::string(len, 'c')};

    in_process([this] {
        const kt_pair p = kt_pair_of(GetParam());
        std::string got, part(64 * 1024, 0);
        kith_pid pid[3];
        char byte = 0;

        for (int i = 0; i < 3; i++) {
            pid[i] = spawn([p, i] {
                EXPECT_EQ(static_cast<std::ptrdiff_t>(len),
                          kith_socket_send(p.near, letters[i].data(), len, 0,
                                           KITH_INFINITY));
            });
            ASSERT_TRUE(kt_eventually([&] { return kt_waits(pid[i], "socket_send"); }));
        }
        kill(pid[1]);
        kill(pid[0]);
        while (got.size() < len || got[got.size() - len] != 'c') {
            const std::ptrdiff_t n =
                kith_socket_recv(p.far, part.data(), part.size(), 0, kt_long());

            ASSERT_LT(0, n);
            got.append(part, 0, static_cast<std::size_t>(n));
        }
        const std::size_t of_first = got.size() - len;
        EXPECT_LT(of_first, len);
        EXPECT_TRUE(letters[0].substr(0, of_first) + letters[2] == got);
        EXPECT_EQ(0, kith_wait(pid[2], nullptr, kt_long()));
        EXPECT_EQ(1, kith_socket_send(p.near, "z", 1, 0, kt_long()));
        EXPECT_EQ(1, kith_socket_recv(p.far, &byte, 1, 0, kt_long()));
        EXPECT_EQ('z', byte);
        kt_close(p);
    });
}

TEST_P(RuleSend, TheEndOfTheConnectionAnswersAllWhoWait)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of(GetParam());
        std::atomic<std::ptrdiff_t> rc[3] = {1, 1, 1};
        kith_pid pid[3];

        EXPECT_GT(kt_fill(p.near), 0u);
        for (int i = 0; i < 3; i++) {
            pid[i] = spawn([p, i, &rc] {
                rc[i] = kith_socket_send(p.near, "waits", 5, 0, KITH_INFINITY);
                EXPECT_EQ(0u, kith_partial());
            });
            ASSERT_TRUE(kt_eventually([&] { return kt_waits(pid[i], "socket_send"); }));
        }
        kt_close(p.far); /* which has not read what it got: a reset */
        for (int i = 0; i < 3; i++) {
            EXPECT_EQ(0, kith_wait(pid[i], nullptr, kt_long()));
            EXPECT_TRUE(rc[i] == KITH_EPIPE || rc[i] == KITH_ECONNRESET) << rc[i];
        }
        kt_close(p.near);
    });
}

TEST_P(RuleSend, OnAConnectedStreamAnAddressIsTheSystemsBusiness)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place);
        const kith_sockaddr at = kt_name_of(l);
        const kt_pair p = kt_connect(l);
        char c = 0;
        const std::ptrdiff_t n = kith_socket_sendto(p.near, "x", 1, &at, 0, kt_long());

        if (is_local(GetParam())) {
            EXPECT_EQ(KITH_EISCONN, n);
        } else {
            EXPECT_EQ(1, n) << "and the address is not looked at";
            EXPECT_EQ(1, kith_socket_recv(p.far, &c, 1, 0, kt_long()));
        }
        kt_close(p);
        kt_close(l);
    });
}

TEST_P(RuleSend, WithoutAPeerItSaysSo)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const kith_socket stream = kt_open(place.domain()), s = dgram(place, false);
        const std::ptrdiff_t rc = kith_socket_send(stream, "x", 1, 0, kt_long());
        const std::ptrdiff_t to_none = kith_socket_send(s, "x", 1, 0, kt_long());

        EXPECT_TRUE(rc == KITH_EPIPE || rc == KITH_ENOTCONN) << rc;
        EXPECT_EQ(is_local(GetParam()) ? KITH_ENOTCONN : KITH_EDESTADDRREQ, to_none);
        kt_close(stream);
        kt_close(s);
    });
}

TEST_P(RuleSend, ADatagramGoesWholeOrNotAtAll)
{
    by_process_and_thread([] {
        const kt_place a(GetParam()), b(GetParam());
        const kith_socket s = dgram(a), t = dgram(b);
        const kith_sockaddr at = kt_name_of(t);
        const std::vector<char> big(16u << 20), fits(10'000);
        std::vector<char> got(fits.size() + 1);

        EXPECT_EQ(KITH_EMSGSIZE,
                  kith_socket_sendto(s, big.data(), big.size(), &at, 0, kt_long()));
        EXPECT_EQ(0u, kith_partial());
        ASSERT_EQ(static_cast<std::ptrdiff_t>(fits.size()),
                  kith_socket_sendto(s, fits.data(), fits.size(), &at, 0, kt_long()));
        EXPECT_EQ(static_cast<std::ptrdiff_t>(fits.size()),
                  kith_socket_recv(t, got.data(), got.size(), 0, kt_long()))
            << "nothing of the other came";
        kt_close(s);
        kt_close(t);
    });
}

/* Only local datagrams wait for their receiver: the others are dropped by the system. */
class RuleSendLocal : public RuleSend {};

INSTANTIATE_TEST_SUITE_P(, RuleSendLocal,
                         testing::Values(kt_domain::path, kt_domain::abstract),
                         kt_domain_of_test);

TEST_P(RuleSendLocal, ManyPacketsThatStopHalfWayTellHowMany)
{
    by_process_and_thread([] {
        constexpr int n = 4000; /* more than a queue holds */
        const kt_place a(GetParam()), b(GetParam());
        const kith_socket s = dgram(a), t = dgram(b);
        std::vector<int> number(n);
        std::vector<kith_iov> iov(n);
        std::vector<kith_packet> many(n);
        int got = -1, came = 0;

        for (int i = 0; i < n; i++) {
            number[i] = i;
            iov[i] = {&number[i], sizeof number[i]};
            many[i].iov = &iov[i];
            many[i].n_iov = 1;
        }
        ASSERT_EQ(0, kith_socket_connect(s, &b.address(), kt_long()));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_sendmmsg(s, many.data(), n, 0, 0));
        const int went = static_cast<int>(kith_partial());

        EXPECT_GT(went, 0);
        EXPECT_LT(went, n);
        for (int i = 0; i < went; i++)
            EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof got), many[i].result);
        while (kith_socket_recv(t, &got, sizeof got, 0, 0) == sizeof got)
            ASSERT_EQ(came++, got);
        EXPECT_EQ(went, came) << "those that it told of, and no others";
        kt_close(s);
        kt_close(t);
    });
}

}    // namespace
