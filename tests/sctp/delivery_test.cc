/* SPDX-License-Identifier: Apache-2.0
 * delivery_test.cc -- long messages of SCTP that come in parts, before all of them is there. */
#include "tests/sctp/message.h"

namespace
{

class SctpDelivery : public kt_sctp {};

KT_SCTP_DOMAINS(SctpDelivery);

/* More than fits into a receiver's window. */
const std::string endless(190'000, 'a');

TEST_P(SctpDelivery, ALongMessageComesInPartsIfItReachesThePoint)
{
    in_process([] {
        for (const int point : {0, 2000}) {
            const kt_pair p = kt_sctp_pair(GetParam());
            const std::string whole(20'000, 'm');

            ASSERT_EQ(0, kith_socket_setopt_int(p.far, KITH_OPT_SCTP_PARTIAL_DELIVERY_POINT,
                                                point));
            kt_sctp_narrow(p.near, 1000);
            kt_sctp_send(p.near, whole);
            std::size_t got = kt_sctp_recv(p.far, whole.size()).size();
            EXPECT_LE(2000u, got);
            EXPECT_EQ(point == 0, got == whole.size());
            while (got < whole.size() && !HasFailure())
                got += kt_sctp_recv(p.far, whole.size()).size();
            EXPECT_EQ(whole.size(), got);
            kt_close(p);
        }
    });
}

/* a's message is there in part when b's comes. */
TEST_P(SctpDelivery, OthersMessagesComeBetweenThePartsIfTheyMay)
{
    in_process([] {
        for (const int interleave : {0, 1}) {
            const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
            const kith_socket a = kt_sctp_open(GetParam(), KITH_STREAM);
            const kith_socket b = kt_sctp_open(GetParam(), KITH_STREAM);
            const kith_sockaddr at = kt_name_of(l);
            std::size_t before_b = 0, got = 0;

            ASSERT_EQ(0, kith_socket_setopt_int(l, KITH_OPT_SCTP_PARTIAL_DELIVERY_POINT,
                                                1000));
            ASSERT_EQ(0, kith_socket_setopt_int(l, KITH_OPT_SCTP_FRAGMENT_INTERLEAVE,
                                                interleave));
            for (const kith_socket one : {a, b})
                ASSERT_EQ(0, kith_socket_connect(one, &at, kt_long()));
            kt_sctp_narrow(a, 1000);
            kt_sctp_send(a, endless);
            kt_sctp_send(b, "b");
            kt_sctp_await_sent(b);
            while (got <= endless.size() && !HasFailure()) {
                const std::string part = kt_sctp_recv(l);

                got += part.size();
                if (part == "b")
                    before_b = got - 1;
            }
            EXPECT_EQ(interleave == 0, before_b == endless.size()) << before_b;
            for (const kith_socket one : {a, b, l})
                kt_close(one);
        }
    });
}

TEST_P(SctpDelivery, TellsThatTheRestWillNotCome)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        const kith_linger at_once = {true, 0};
        kt_sctp_message m;

        kt_sctp_subscribe(p.far,
                          [](kith_sctp_event_subscribe &e) { e.partial_delivery = true; });
        ASSERT_EQ(0, kith_socket_setopt_int(p.far, KITH_OPT_SCTP_PARTIAL_DELIVERY_POINT,
                                            1000));
        kt_sctp_narrow(p.near, 4000);
        kt_sctp_send(p.near, endless);
        kt_opt_set(p.near, KITH_OPT_SOCKET_LINGER, at_once);
        kt_close(p.near);
        const auto told = kt_sctp_await(p.far, m, KITH_SCTP_PARTIAL_DELIVERY);
        EXPECT_EQ(0u, told.partial_delivery.indication);
        kt_close(p.far);
    });
}

}    // namespace
