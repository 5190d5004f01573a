/* SPDX-License-Identifier: Apache-2.0
 * message_test.cc -- what goes with messages of SCTP. */
#include "tests/sctp/message.h"

namespace
{

class SctpMessage : public kt_sctp {};

KT_SCTP_DOMAINS(SctpMessage);

TEST_P(SctpMessage, BringsItsStreamAndWhatElseItWasSentWith)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        kith_sctp_sndrcvinfo out = {};
        kt_sctp_message m;

        kt_sctp_subscribe(p.far, [](kith_sctp_event_subscribe &e) { e.data_io = true; });
        out.stream = 3;
        out.ppid = 0x01020304;
        ASSERT_EQ(3, kt_sctp_send_with(p.near, "one", KITH_CMSG_SCTP_SNDRCV, out));
        ASSERT_EQ(3, kt_sctp_send_with(p.near, "two", KITH_CMSG_SCTP_SNDRCV, out));

        m.recv(p.far);
        const auto one = m.info<kith_sctp_sndrcvinfo>(KITH_CMSG_SCTP_SNDRCV);
        EXPECT_EQ("one", m.text());
        EXPECT_EQ(3, one.stream);
        EXPECT_EQ(0, one.ssn);
        EXPECT_EQ(0x01020304u, one.ppid);
        EXPECT_EQ(0, one.flags);
        EXPECT_EQ(unsigned{KITH_MSG_EOR}, m.p.flags);
        m.recv(p.far);
        const auto two = m.info<kith_sctp_sndrcvinfo>(KITH_CMSG_SCTP_SNDRCV);
        EXPECT_EQ(1, two.ssn) << "the second of its stream";
        EXPECT_EQ(one.tsn + 1, two.tsn);
        EXPECT_EQ(one.assoc_id, two.assoc_id);
        kt_close(p);
    });
}

TEST_P(SctpMessage, AStreamThatIsNotThereIsInvalid)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        kith_sctp_sndrcvinfo out = {};

        out.stream = 60000;
        EXPECT_EQ(KITH_EINVAL, kt_sctp_send_with(p.near, "x", KITH_CMSG_SCTP_SNDRCV, out));
        EXPECT_EQ(KITH_EINVAL, kt_sctp_send_with(p.near, "x", KITH_CMSG_SCTP_SNDRCV, 'c'))
            << "of a wrong length";
        kt_close(p);
    });
}

TEST_P(SctpMessage, TheNewerKindsTellTheSame)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        kith_sctp_sndinfo out = {};
        kt_sctp_message m;

        out.sid = 2;
        out.ppid = 99;
        out.flags = KITH_SCTP_UNORDERED;
        for (const char *text : {"zero", "one", "three"})
            EXPECT_LT(0, kt_sctp_send_with(p.near, text, KITH_CMSG_SCTP_SNDINFO, out));

        /* Of the next one is told if it is there. */
        kt_sctp_await_sent(p.near);
        m.recv(p.far);
        EXPECT_EQ("zero", m.text());
        EXPECT_EQ(0u, m.p.n_ctrl) << "nothing comes unasked";

        ASSERT_EQ(0, kith_socket_setopt_int(p.far, KITH_OPT_SCTP_RECVRCVINFO, 1));
        ASSERT_EQ(0, kith_socket_setopt_int(p.far, KITH_OPT_SCTP_RECVNXTINFO, 1));
        m.recv(p.far);
        EXPECT_EQ("one", m.text());
        const auto in = m.info<kith_sctp_rcvinfo>(KITH_CMSG_SCTP_RCVINFO);
        EXPECT_EQ(2, in.sid);
        EXPECT_EQ(99u, in.ppid);
        EXPECT_TRUE(in.flags & KITH_SCTP_UNORDERED);
        const auto next = m.info<kith_sctp_nxtinfo>(KITH_CMSG_SCTP_NXTINFO);
        EXPECT_EQ(2, next.sid);
        EXPECT_EQ(5u, next.length);
        m.recv(p.far);
        EXPECT_EQ("three", m.text());
        kt_close(p);
    });
}

TEST_P(SctpMessage, DefaultsGoWithEveryMessage)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        kith_sctp_sndrcvinfo out = {};
        kith_sctp_sndinfo newer = {};
        kt_sctp_message m;
        const auto next = [&] {
            kt_sctp_send(p.near, "plain");
            m.recv(p.far);
            return m.info<kith_sctp_sndrcvinfo>(KITH_CMSG_SCTP_SNDRCV);
        };

        kt_sctp_subscribe(p.far, [](kith_sctp_event_subscribe &e) { e.data_io = true; });
        EXPECT_EQ(0, next().stream);

        out.stream = 1;
        out.ppid = 7;
        kt_opt_set(p.near, KITH_OPT_SCTP_DEFAULT_SEND_PARAM, out);
        auto in = next();
        EXPECT_EQ(1, in.stream);
        EXPECT_EQ(7u, in.ppid);

        newer.sid = 2;
        newer.ppid = 8;
        kt_opt_set(p.near, KITH_OPT_SCTP_DEFAULT_SNDINFO, newer);
        in = next();
        EXPECT_EQ(2, in.stream);
        EXPECT_EQ(8u, in.ppid);
        kt_close(p);
    });
}

TEST_P(SctpMessage, ContextComesWithWhatIsReceived)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        const kith_sctp_assoc_value context = {0, 4711};
        kt_sctp_message m;

        kt_sctp_subscribe(p.far, [](kith_sctp_event_subscribe &e) { e.data_io = true; });
        ASSERT_EQ(0, kith_socket_setopt(p.far, KITH_OPT_SCTP_CONTEXT, &context,
                                        sizeof context));
        kt_sctp_send(p.near, "x");
        m.recv(p.far);
        EXPECT_EQ(4711u, m.info<kith_sctp_sndrcvinfo>(KITH_CMSG_SCTP_SNDRCV).context);
        kt_close(p);
    });
}

TEST_P(SctpMessage, TheFirstMaySayHowTheAssociationIsMade)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_SEQPACKET);
        const kith_sockaddr at = kt_name_of(l);
        kith_sctp_initmsg init = {};
        kt_sctp_message m;

        kt_sctp_subscribe(l, [](kith_sctp_event_subscribe &e) { e.association = true; });
        init.num_ostreams = 4;
        ASSERT_EQ(1, kt_sctp_send_with(s, "x", KITH_CMSG_SCTP_INIT, init, &at));
        const auto up = kt_sctp_await(l, m, KITH_SCTP_ASSOC_CHANGE);
        EXPECT_EQ(KITH_SCTP_COMM_UP, up.assoc_change.state);
        EXPECT_EQ(4, up.assoc_change.inbound_streams);
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SctpMessage, AnAssociationIsShutDownByAMessageWithoutBytes)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);
        const kith_sockaddr at = kt_name_of(l);
        kith_sctp_sndrcvinfo end = {};
        kt_sctp_message m;
        char byte;

        kt_sctp_subscribe(l, [](kith_sctp_event_subscribe &e) {
            e.association = e.data_io = true;
        });
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        end.assoc_id = kt_sctp_await(l, m, KITH_SCTP_ASSOC_CHANGE).assoc_id;
        end.flags = KITH_SCTP_EOF;
        EXPECT_EQ(0, kt_sctp_send_with(l, "", KITH_CMSG_SCTP_SNDRCV, end));
        EXPECT_EQ(0, kith_socket_recv(s, &byte, 1, 0, kt_long()));
        const auto down = kt_sctp_await(l, m, KITH_SCTP_ASSOC_CHANGE);
        EXPECT_EQ(KITH_SCTP_SHUTDOWN_COMP, down.assoc_change.state);
        EXPECT_EQ(end.assoc_id, down.assoc_id);
        kt_close(s);
        kt_close(l);
    });
}

}    // namespace
