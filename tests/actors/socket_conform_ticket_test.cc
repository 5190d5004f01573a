/* SPDX-License-Identifier: Apache-2.0
 * socket_conform_ticket_test.cc -- Erlang's cases that stand for a reported fault each.
 * docs/conformance.md names them. */
#include "tests/support/callers.h"
#include "tests/support/idle.h"
#include "tests/support/kinds.h"

#include <chrono>
#include <cstring>
#include <vector>

namespace
{

class ConformTicket : public kt_kind_test {};
class ConformTicketStream : public kt_kind_test {};
class ConformTicketDgram : public kt_kind_test {};

KT_KINDS(ConformTicket, kt_both);
KT_KINDS(ConformTicketStream, kt_streams);
KT_KINDS(ConformTicketDgram, kt_dgram_kinds);

constexpr kith_ms soon = 20;

/* ---- OTP-18635: in Erlang the second accept ends the first; here each is for itself ---- */

TEST_P(ConformTicketStream, AnAcceptTimesOutBesideOneThatOnlyAsked)
{
    by_process_and_thread([] {
        const kt_place at(GetParam().domain);
        const kith_socket l = kt_listen(at);
        kith_socket c;

        ASSERT_EQ(KITH_ESELECT, kith_socket_accept(l, KITH_NOWAIT, &c));
        const auto before = std::chrono::steady_clock::now();
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_accept(l, soon, &c));
        EXPECT_GE(std::chrono::steady_clock::now() - before,
                  std::chrono::milliseconds(soon));
        kt_expect_no_message();

        EXPECT_EQ(0, kith_socket_cancel(l, KITH_OP_ACCEPT));
        kt_expect_no_message();
        kt_close(l);
        kt_expect_no_message();
    });
}

/* ---- OTP-19063 ---- */

TEST_P(ConformTicketDgram, WithTimeoutZeroADatagramThatIsThereIsTaken)
{
    by_process_and_thread([] {
        const kt_ends e(GetParam());
        char buf[8];
        kith_sockaddr from = {};
        kt_piece r(buf, sizeof buf);

        EXPECT_EQ(4, e.send("ping", 4));
        EXPECT_EQ(4, kith_socket_recv(e.far, buf, sizeof buf, 0, 0));
        EXPECT_EQ(4, e.send("pong", 4));
        EXPECT_EQ(4, kith_socket_recvfrom(e.far, buf, sizeof buf, &from, 0, 0));
        EXPECT_EQ(kt_text(e.near_name), kt_text(from));
        EXPECT_EQ(4, e.send("pang", 4));
        EXPECT_EQ(4, kith_socket_recvmsg(e.far, &r.p, 0, 0));
        EXPECT_EQ(0, std::memcmp(buf, "pang", 4));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(e.far, buf, sizeof buf, 0, 0));
        e.close();
    });
}

/* ---- OTP-19251 ---- */

/* One that is refused may be tried again: Linux answers each second attempt over TCP otherwise. */
int
try_to_connect(kith_socket s, const kith_sockaddr &to)
{
    const int rc = kith_socket_connect(s, &to, kt_long());

    return rc == KITH_ECONNABORTED ? kith_socket_connect(s, &to, kt_long()) : rc;
}

TEST_P(ConformTicket, ASocketIsUsableAfterItFailedAgainAndAgain)
{
    by_process_and_thread([] {
        const kt_kind &k = GetParam();
        const kt_place here(k.domain), there(k.domain);
        const kith_socket s = kt_bound(k, here), peer = kt_bound(k, there);
        const kith_sockaddr to = kt_name_of(peer);
        kith_socket c = {0};
        char x;

        for (int i = 0; i < 5; i++) {
            EXPECT_EQ(KITH_EINVAL, kith_socket_recv(s, &x, 0, 0, 0));
            if (k.is_dgram()) {
                EXPECT_EQ(KITH_EINVAL, kith_socket_sendto(s, "x", 1, nullptr, 0, 0));
                EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(s, &x, 1, 0, 0));
            } else {
                EXPECT_EQ(KITH_EINVAL, kith_socket_accept(s, 0, &c));
                EXPECT_GT(0, kith_socket_send(s, "x", 1, 0, 0));
                EXPECT_EQ(KITH_ECONNREFUSED, try_to_connect(s, to));
            }
        }
        if (k.is_dgram()) {
            EXPECT_EQ(0, kith_socket_connect(s, &to, kt_long()));
            EXPECT_EQ(1, kith_socket_send(s, "x", 1, 0, kt_long()));
            EXPECT_EQ(1, kith_socket_recv(peer, &x, 1, 0, kt_long()));
        } else {
            ASSERT_EQ(0, kith_socket_listen(peer, 1));
            EXPECT_EQ(0, try_to_connect(s, to));
            ASSERT_EQ(0, kith_socket_accept(peer, kt_long(), &c));
            EXPECT_EQ(1, kith_socket_send(s, "x", 1, 0, kt_long()));
            EXPECT_EQ(1, kith_socket_recv(c, &x, 1, 0, kt_long()));
            kt_close(c);
        }
        EXPECT_EQ('x', x);
        kt_close(s);
        kt_close(peer);
    });
}

/* ---- OTP-16359 ---- */

TEST_P(ConformTicketStream, EachOfSeveralAcceptorsHasAConnection)
{
    by_process_and_thread([] {
        constexpr std::size_t n = 3;
        const kt_place at(GetParam().domain);
        const kith_socket l = kt_listen(at);
        const kith_sockaddr to = kt_name_of(l);
        kith_socket clients[n];
        char none;

        kt_callers acceptors(n, "socket_accept", [&]() -> std::ptrdiff_t {
            kith_socket c;
            int rc = kith_socket_accept(l, KITH_INFINITY, &c);

            return rc < 0 ? rc : kith_socket_send(c, "!", 1, 0, kt_long());
        });
        for (kith_socket &c : clients) {
            c = kt_open(GetParam());
            EXPECT_EQ(0, kith_socket_connect(c, &to, kt_long()));
        }
        EXPECT_EQ(kt_answers(n, 1), acceptors.answers());
        for (const kith_socket c : clients) {
            EXPECT_EQ(1, kith_socket_recv(c, &none, 1, 0, kt_long())) << "was accepted";
            kt_close(c);
        }
        kt_close(l);
    });
}

/* ---- OTP-18240 ---- */

struct kith_runtime_info
counts()
{
    struct kith_runtime_info info = KITH_RUNTIME_INFO_INIT;

    EXPECT_EQ(0, kith_runtime_info(&info));
    return info;
}

TEST_P(ConformTicketStream, AcceptsLeaveNothingBehindOnTheListener)
{
    in_process([] {
        const kt_place at(GetParam().domain);
        const kith_socket l = kt_listen(at);
        const kith_sockaddr to = kt_name_of(l);
        struct kith_runtime_info before = {};

        for (int i = 0; i < 100; i++) {
            const kith_socket s = kt_open(GetParam());
            kith_socket c = {0};
            kith_future f;

            if (i % 2 == 0) {
                EXPECT_EQ(0, kith_socket_connect(s, &to, kt_long()));
                EXPECT_EQ(0, kith_socket_accept(l, kt_long(), &c));
            } else {
                EXPECT_EQ(0, kith_socket_accept_start(l, kt_long(), &f));
                EXPECT_EQ(0, kith_socket_connect(s, &to, kt_long()));
                EXPECT_EQ(0, kith_await_socket(f, kt_long(), &c));
            }
            kt_close(s);
            kt_close(c);
            if (i == 9)
                before = counts();
        }
        EXPECT_TRUE(kt_eventually([&] {
            const struct kith_runtime_info now = counts();

            return now.monitors <= before.monitors && now.operations <= before.operations &&
                   now.timers <= before.timers && now.sockets <= before.sockets &&
                   now.links <= before.links;
        }));
        kt_close(l);
    });
}

/* ---- OTP-19469 ---- */

TEST_P(ConformTicketStream, AReceiveOfAllCollectsChunksThatComeLater)
{
    by_process_and_thread([] {
        const kt_ends e(GetParam());
        const std::string sent = kt_pattern(100);
        std::string got(100, '\0');
        kt_callers reader(1, "socket_recv", [&] {
            return kith_socket_recv(e.far, got.data(), 100, KITH_MSG_WAITALL,
                                    KITH_INFINITY);
        });

        for (std::size_t i = 0; i < 100; i += 10) {
            EXPECT_EQ(10, e.send(sent.data() + i, 10));
            EXPECT_TRUE(i == 90 ||
                        kt_eventually([&] { return reader.wait_still("socket_recv"); }))
                << "it waits for the next";
        }
        EXPECT_EQ(kt_answers(1, 100), reader.answers());
        EXPECT_TRUE(sent == got);
        e.close();
    });
}

TEST_P(ConformTicket, AReceiveOfAllThatTimesOutLosesNoByteAndADatagramEndsIt)
{
    by_process_and_thread([] {
        const kt_ends e(GetParam());
        const std::string sent = kt_pattern(100);
        std::string got(200, '\0');

        EXPECT_EQ(100, e.send(sent.data(), 100));
        if (GetParam().is_dgram()) {
            EXPECT_EQ(100, kith_socket_recv(e.far, got.data(), 200, KITH_MSG_WAITALL,
                                            kt_long()));
        } else {
            EXPECT_EQ(KITH_ETIMEOUT,
                      kith_socket_recv(e.far, got.data(), 200, KITH_MSG_WAITALL, soon));
            /* What came is the caller's, and stays nowhere else; the time may run out before the
             * first try, though. */
            const std::size_t n = kith_partial();
            if (n < 100) {
                EXPECT_EQ(static_cast<std::ptrdiff_t>(100 - n),
                          kith_socket_recv(e.far, got.data() + n, 100 - n, KITH_MSG_WAITALL,
                                           kt_long()));
            }
            EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(e.far, got.data() + 100, 100, 0, 0));
        }
        got.resize(100);
        EXPECT_TRUE(sent == got);
        e.close();
    });
}

/* ---- OTP-19482: more pieces than the system takes in one call, 1,024 here ---- */

struct pieces {
    const char *name;
    std::vector<std::size_t> sizes; /* again and again */
    std::size_t n, sends;
};

const pieces piece_lists[] = {
    {"SingleSmall", {8}, 1500, 1},
    {"SingleMedium", {500}, 1500, 1},
    {"SingleMixed", {1, 300, 0, 7, 1460}, 1500, 1},
    {"SingleMixedLong", {1, 300, 0, 7, 1460}, 5000, 1},
    {"MultiSmall", {8}, 1100, 5},
    {"MultiMedium", {500}, 1100, 5},
};

class ConformPieces : public kt_sockets, public testing::WithParamInterface<pieces> {};

void
PrintTo(const pieces &p, std::ostream *out)
{
    *out << p.name;
}

INSTANTIATE_TEST_SUITE_P(, ConformPieces, testing::ValuesIn(piece_lists),
                         [](const testing::TestParamInfo<pieces> &info) {
                             return info.param.name;
                         });

std::vector<kith_iov>
cut(std::string &all, const pieces &how)
{
    std::vector<kith_iov> iov;
    std::size_t total = 0;

    for (std::size_t i = 0; i < how.n; i++)
        total += how.sizes[i % how.sizes.size()];
    all = kt_pattern(total);
    for (std::size_t i = 0, at = 0; i < how.n; at += iov.back().len, i++)
        iov.push_back({all.data() + at, how.sizes[i % how.sizes.size()]});
    return iov;
}

TEST_P(ConformPieces, ManyArriveWholeAndInTheirOrder)
{
    in_process([] {
        for (const kt_kind &k : kt_streams) {
            const kt_ends e(k);
            std::string all;
            std::vector<kith_iov> iov = cut(all, GetParam());
            const std::size_t total = all.size() * GetParam().sends;
            std::string got(total, '\0');
            kt_callers reader(1, "socket_recv", [&] {
                return kith_socket_recv(e.far, got.data(), total, KITH_MSG_WAITALL,
                                        KITH_INFINITY);
            });

            for (std::size_t i = 0; i < GetParam().sends; i++)
                EXPECT_EQ(static_cast<std::ptrdiff_t>(all.size()),
                          kith_socket_sendv(e.near, iov.data(), iov.size(), 0, kt_long()));
            EXPECT_EQ(kt_answers(1, static_cast<std::ptrdiff_t>(total)), reader.answers());
            for (std::size_t i = 0; i < GetParam().sends; i++)
                EXPECT_TRUE(got.compare(i * all.size(), all.size(), all) == 0) << i;
            e.close();
        }
    });
}

}    // namespace
