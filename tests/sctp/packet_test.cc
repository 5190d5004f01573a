/* SPDX-License-Identifier: Apache-2.0
 * packet_test.cc -- when packets of SCTP go, and what is in them. */
#include "tests/sctp/message.h"
#include "tests/sctp/wire.h"

#include <algorithm>
#include <set>

namespace
{

class SctpPacket : public kt_sctp {};

KT_SCTP_DOMAINS(SctpPacket);

/* It answers each `every` packets, or `ms` after one. */
void
answer_each(kith_socket s, std::uint32_t every, std::uint32_t ms)
{
    kt_opt_set(s, KITH_OPT_SCTP_DELAYED_ACK_TIME, kith_sctp_sack_info{0, ms, every});
}

/* A pair whose far end lets near wait for its answers: but for the first, which goes at once. */
kt_pair
slow_pair(int domain, std::uint32_t ms)
{
    const kt_pair p = kt_sctp_pair(domain);

    answer_each(p.far, 100, ms);
    kt_sctp_send(p.near, "first");
    EXPECT_EQ("first", kt_sctp_recv(p.far));
    kt_sctp_await_sent(p.near);
    return p;
}

void
send_and_read(const kt_pair &p, int n)
{
    for (int i = 0; i < n; i++)
        kt_sctp_send(p.near, "message");
    for (int i = 0; i < n; i++)
        EXPECT_EQ("message", kt_sctp_recv(p.far));
}

/* Else small ones are put together while an answer is waited for. */
TEST_P(SctpPacket, NodelaySendsEachMessageAtOnce)
{
    KT_NEEDS_WIRE();
    in_process([] {
        for (const bool nodelay : {false, true}) {
            const kt_pair p = slow_pair(GetParam(), 200);
            kt_wire wire(GetParam());
            std::set<unsigned> packets;

            ASSERT_EQ(0, kith_socket_setopt_int(p.near, KITH_OPT_SCTP_NODELAY, nodelay));
            send_and_read(p, 10);
            const auto chunks = wire.sent(p.near, KT_SCTP_DATA);
            for (const kt_chunk &c : chunks)
                packets.insert(c.packet);
            EXPECT_EQ(10u, chunks.size());
            EXPECT_EQ(nodelay, packets.size() == 10) << packets.size();
            kt_close(p);
        }
    });
}

TEST_P(SctpPacket, DelayedAckTimeSaysHowOftenItIsAnswered)
{
    KT_NEEDS_WIRE();
    in_process([] {
        for (const std::uint32_t every : {1u, 10u}) {
            const kt_pair p = slow_pair(GetParam(), 200);
            kt_wire wire(GetParam());

            ASSERT_EQ(0, kith_socket_setopt_int(p.near, KITH_OPT_SCTP_NODELAY, 1));
            answer_each(p.far, every, 200);
            send_and_read(p, 20);
            kt_sctp_await_sent(p.near);
            const std::size_t answers = wire.sent(p.far, KT_SCTP_SACK).size();
            if (every == 1)
                EXPECT_EQ(20u, answers);
            else
                EXPECT_GT(10u, answers);
            kt_close(p);
        }
    });
}

/* The most packets that go without an answer between them. */
long
longest_burst(kt_wire &wire, const kt_pair &p)
{
    const kith_sockaddr near = kt_name_of(p.near);
    long now = 0, longest = 0;

    for (const kt_chunk &c : wire.heard())
        if (c.type == KT_SCTP_SACK)
            now = 0;
        else if (c.type == KT_SCTP_DATA && c.from == kith_sockaddr_port(&near))
            longest = std::max(longest, ++now);
    return longest;
}

/* As long as not all of it has gone, one packet more does. */
TEST_P(SctpPacket, MaxburstBoundsWhatGoesAtOnce)
{
    KT_NEEDS_WIRE();
    in_process([] {
        for (const std::uint32_t most : {1u, 20u}) {
            const kt_pair p = slow_pair(GetParam(), 50);
            kt_wire wire(GetParam());
            const std::string long_one(9000, 'm');

            kt_sctp_narrow(p.near, 1000);
            kt_opt_set(p.near, KITH_OPT_SCTP_MAXBURST, kith_sctp_assoc_value{0, most});
            kt_sctp_send(p.near, long_one);
            EXPECT_EQ(long_one, kt_sctp_recv(p.far, long_one.size()));
            if (most == 1)
                EXPECT_GE(2, longest_burst(wire, p));
            else
                EXPECT_LE(9, longest_burst(wire, p));
            kt_close(p);
        }
    });
}

TEST_P(SctpPacket, AHeartbeatGoesWhenItIsDemanded)
{
    KT_NEEDS_WIRE();
    in_process([] {
        kt_wire wire(GetParam());
        const kt_pair p = kt_sctp_pair(GetParam());
        kith_sctp_paddrparams demand = {};

        kt_sctp_send(p.near, "x");
        EXPECT_EQ("x", kt_sctp_recv(p.far));
        EXPECT_TRUE(wire.sent(p.near, KT_SCTP_HEARTBEAT).empty());
        demand.flags = KITH_SCTP_HB_DEMAND;
        ASSERT_EQ(0, kith_socket_peername(p.near, &demand.address));
        kt_opt_set(p.near, KITH_OPT_SCTP_PEER_ADDR_PARAMS, demand);
        EXPECT_TRUE(
            kt_eventually([&] { return !wire.sent(p.near, KT_SCTP_HEARTBEAT).empty(); }));
        kt_close(p);
    });
}

}    // namespace
