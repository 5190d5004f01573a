/* SPDX-License-Identifier: Apache-2.0
 * stream_test.cc -- SCTP one to one: a connection as TCP's, but what is sent stays one message. */
#include "tests/sctp/sctp.h"

#include "tests/support/callers.h"

namespace
{

class SctpStream : public kt_sctp {};

KT_SCTP_DOMAINS(SctpStream);

TEST_P(SctpStream, MessagesArriveBothWays)
{
    by_process_and_thread([] {
        const kt_pair p = kt_sctp_pair(GetParam());

        kt_sctp_send(p.near, "ping");
        kt_sctp_send(p.near, "again");
        EXPECT_EQ("ping", kt_sctp_recv(p.far)) << "two messages stay two";
        EXPECT_EQ("again", kt_sctp_recv(p.far));
        kt_sctp_send(p.far, "pong");
        EXPECT_EQ("pong", kt_sctp_recv(p.near));
        kt_close(p);
    });
}

TEST_P(SctpStream, BothEndsAgreeOnTheirNames)
{
    by_process_and_thread([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        kith_sockaddr near_peer = {}, far_peer = {};

        ASSERT_EQ(0, kith_socket_peername(p.near, &near_peer));
        ASSERT_EQ(0, kith_socket_peername(p.far, &far_peer));

        EXPECT_EQ(kt_text(kt_name_of(p.far)), kt_text(near_peer));
        EXPECT_EQ(kith_sockaddr_port(&far_peer), [&] {
            const kith_sockaddr near = kt_name_of(p.near);
            return kith_sockaddr_port(&near);
        }());
        kt_close(p);
    });
}

TEST_P(SctpStream, ListensAtTheAddressItWasBoundTo)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_STREAM);
        const kith_sockaddr at = kt_name_of(l);
        const kith_socket other = kt_sctp_open(GetParam(), KITH_STREAM);

        EXPECT_NE(0, kith_sockaddr_port(&at)) << "port 0 picks one";
        EXPECT_EQ(KITH_EADDRINUSE, kith_socket_bind(other, &at));
        kt_close(l);
        kt_close(other);
    });
}

TEST_P(SctpStream, WhereNobodyListensIsRefused)
{
    by_process_and_thread([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_STREAM);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);
        const kith_sockaddr at = kt_name_of(l);

        kt_close(l);

        EXPECT_EQ(KITH_ECONNREFUSED, kith_socket_connect(s, &at, kt_long()));
        kt_close(s);
    });
}

TEST_P(SctpStream, ASecondConnectIsRefused)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_STREAM);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);
        const kith_sockaddr at = kt_name_of(l);

        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        EXPECT_EQ(KITH_EISCONN, kith_socket_connect(s, &at, kt_long()));
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SctpStream, ThePeersEndIsZeroWhenAllWasRead)
{
    by_process_and_thread([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        char byte;

        kt_sctp_send(p.near, "last");
        ASSERT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));

        EXPECT_EQ("last", kt_sctp_recv(p.far));
        EXPECT_EQ(0, kith_socket_recv(p.far, &byte, 1, 0, kt_long()));
        EXPECT_EQ(0, kith_socket_recv(p.far, &byte, 1, 0, kt_long())) << "for ever";
        kt_close(p);
    });
}

/* There is no half of a connection: one side's end is both sides'. */
TEST_P(SctpStream, OneSidesEndEndsBothDirections)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        char byte;

        ASSERT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));
        ASSERT_EQ(0, kith_socket_recv(p.far, &byte, 1, 0, kt_long()));

        EXPECT_EQ(0, kith_socket_recv(p.near, &byte, 1, 0, kt_long()));
        EXPECT_EQ(KITH_EPIPE, kith_socket_send(p.far, "x", 1, 0, kt_long()));
        kt_close(p);
    });
}

TEST_P(SctpStream, CloseAnswersThoseWhoWaitAndEndsThePeer)
{
    const kt_pair p = kt_sctp_pair(GetParam());
    char buf[3];
    int next = 0;
    kt_callers readers(3, "socket_recv", [&] {
        return kith_socket_recv(p.near, &buf[next++], 1, 0, KITH_INFINITY);
    });
    char byte;

    kt_close(p.near);

    EXPECT_EQ(kt_answers(3, KITH_ECLOSED), readers.answers());
    EXPECT_EQ(0, kith_socket_recv(p.far, &byte, 1, 0, kt_long()));
    kt_close(p.far);
}

TEST_P(SctpStream, AMessageLongerThanTheBufferComesInParts)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        char buf[4];
        kith_iov iov = {buf, sizeof buf};
        kith_packet part = {};

        part.iov = &iov;
        part.n_iov = 1;
        kt_sctp_send(p.near, "abcdefg");

        EXPECT_EQ(4, kith_socket_recvmsg(p.far, &part, 0, kt_long()));
        EXPECT_EQ(0u, part.flags & KITH_MSG_EOR) << "there is more of it";
        EXPECT_EQ(3, kith_socket_recvmsg(p.far, &part, 0, kt_long()));
        EXPECT_EQ(unsigned{KITH_MSG_EOR}, part.flags & KITH_MSG_EOR);
        kt_close(p);
    });
}

TEST_P(SctpStream, WaitallJoinsMessages)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        char buf[8];

        for (int i = 0; i < 3; i++)
            kt_sctp_send(p.near, "abc");
        ASSERT_EQ(8, kith_socket_recv(p.far, buf, 8, KITH_MSG_WAITALL, kt_long()));
        EXPECT_EQ("abcabcab", std::string(buf, 8));

        ASSERT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));
        EXPECT_EQ(KITH_EOF, kith_socket_recv(p.far, buf, 8, KITH_MSG_WAITALL, kt_long()));
        EXPECT_EQ(1u, kith_partial());
        kt_close(p);
    });
}

TEST_P(SctpStream, WaitsEndAtTheirTimeout)
{
    by_process_and_thread([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        char byte;

        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.near, &byte, 1, 0, 20));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.near, &byte, 1, 0, 0));
        kt_sctp_send(p.far, "x");
        EXPECT_EQ("x", kt_sctp_recv(p.near));
        kt_close(p);
    });
}

/* What has gone comes, in its order, and who could not send goes on when there is room. */
TEST_P(SctpStream, AFullPeerHoldsTheSenderUp)
{
    const kt_pair p = kt_sctp_pair(GetParam());
    const std::string message(1000, 'm');
    std::size_t sent = 0, got = 0;

    for (;; sent++) {
        const std::ptrdiff_t n =
            kith_socket_send(p.near, message.data(), message.size(), 0, 0);
        if (n == KITH_ETIMEOUT)
            break;
        ASSERT_EQ(1000, n);
    }
    kt_callers sender(1, "socket_send",
                      [&] { return kith_socket_send(p.near, "end", 3, 0, KITH_INFINITY); });
    std::string last;
    for (; (last = kt_sctp_recv(p.far)) == message; got++)
        ;

    EXPECT_EQ("end", last);
    EXPECT_EQ(sent, got);
    EXPECT_EQ(kt_answers(1, 3), sender.answers());
    kt_close(p);
}

TEST_P(SctpStream, AHundredAcceptorsHaveEachConnectionOnce)
{
    constexpr std::size_t n = 100;
    const kith_socket l = kt_sctp_listen(GetParam(), KITH_STREAM);
    const kith_sockaddr at = kt_name_of(l);
    kt_callers acceptors(n, "socket_accept", [&] {
        kith_socket c;
        const int rc = kith_socket_accept(l, KITH_INFINITY, &c);

        return rc == 0 ? kith_socket_send(c, "hello", 5, 0, kt_long()) : rc;
    });

    for (std::size_t i = 0; i < n; i++) {
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);

        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        EXPECT_EQ("hello", kt_sctp_recv(s));
        kt_close(s);
    }

    EXPECT_EQ(kt_answers(n, 5), acceptors.answers());
    kt_close(l);
}

TEST_P(SctpStream, IsWhatItWasOpenedAs)
{
    in_process([] {
        kith_socket s = {0};
        int v = 0;

        EXPECT_EQ(1, kith_supports_socket(GetParam(), KITH_STREAM, KITH_SCTP));
        EXPECT_EQ(1, kith_supports_socket(GetParam(), KITH_SEQPACKET, KITH_SCTP));
        for (const int type : {KITH_STREAM, KITH_SEQPACKET}) {
            const int given =
                type == KITH_STREAM ? int{KITH_SCTP} : int{KITH_PROTO_DEFAULT};

            ASSERT_EQ(0, kith_socket_open(GetParam(), type, given, nullptr, &s));
            EXPECT_EQ(0, kith_socket_getopt_int(s, KITH_OPT_OTP_PROTOCOL, &v));
            EXPECT_EQ(KITH_SCTP, v);
            EXPECT_EQ(0, kith_socket_getopt_int(s, KITH_OPT_SOCKET_PROTOCOL, &v));
            EXPECT_EQ(KITH_SCTP, v);
            EXPECT_EQ(0, kith_socket_getopt_int(s, KITH_OPT_OTP_TYPE, &v));
            EXPECT_EQ(type, v);
            kt_close(s);
        }
    });
}

}    // namespace
