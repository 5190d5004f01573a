/* SPDX-License-Identifier: Apache-2.0
 * many_test.cc -- SCTP one to many: one socket, many peers, each a message's address away. */
#include "tests/sctp/sctp.h"

#include "tests/support/callers.h"

namespace
{

class SctpMany : public kt_sctp {};

KT_SCTP_DOMAINS(SctpMany);

std::ptrdiff_t
send_to(kith_socket s, const std::string &text, const kith_sockaddr &to)
{
    return kith_socket_sendto(s, text.data(), text.size(), &to, 0, kt_long());
}

std::string
recv_from(kith_socket s, kith_sockaddr *from)
{
    char buf[64];
    const std::ptrdiff_t n = kith_socket_recvfrom(s, buf, sizeof buf, from, 0, kt_long());

    EXPECT_GE(n, 0) << kith_strerror(static_cast<int>(n));
    return std::string(buf, n > 0 ? static_cast<std::size_t>(n) : 0);
}

TEST_P(SctpMany, TheFirstMessageMakesTheAssociation)
{
    by_process_and_thread([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket a = kt_sctp_open(GetParam(), KITH_SEQPACKET);
        const kith_socket b = kt_sctp_open(GetParam(), KITH_SEQPACKET);
        const kith_sockaddr at = kt_name_of(l);
        kith_sockaddr from = {};

        ASSERT_EQ(3, send_to(a, "one", at));
        ASSERT_EQ("one", recv_from(l, &from));
        ASSERT_EQ(5, send_to(l, "first", from));
        EXPECT_EQ("first", recv_from(a, &from));
        EXPECT_EQ(kt_text(at), kt_text(from));

        ASSERT_EQ(3, send_to(b, "two", at));
        ASSERT_EQ("two", recv_from(l, &from));
        ASSERT_EQ(6, send_to(l, "second", from));
        EXPECT_EQ("second", recv_from(b, &from));
        kt_close(a);
        kt_close(b);
        kt_close(l);
    });
}

TEST_P(SctpMany, ConnectWaitsForTheAssociation)
{
    by_process_and_thread([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket other = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_SEQPACKET);
        const kith_sockaddr at = kt_name_of(l), at_other = kt_name_of(other);

        EXPECT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        EXPECT_EQ(KITH_EISCONN, kith_socket_connect(s, &at, kt_long()));
        EXPECT_EQ(0, kith_socket_connect(s, &at_other, kt_long())) << "a second peer";

        ASSERT_EQ(3, send_to(s, "one", at));
        ASSERT_EQ(3, send_to(s, "two", at_other));
        kith_sockaddr from;
        EXPECT_EQ("one", recv_from(l, &from));
        EXPECT_EQ("two", recv_from(other, &from));
        kt_close(s);
        kt_close(l);
        kt_close(other);
    });
}

TEST_P(SctpMany, WhereNobodyListensIsRefused)
{
    by_process_and_thread([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_SEQPACKET);
        const kith_sockaddr at = kt_name_of(l);

        kt_close(l);

        EXPECT_EQ(KITH_ECONNREFUSED, kith_socket_connect(s, &at, kt_long()));
        EXPECT_EQ(KITH_ECONNREFUSED, kith_socket_connect(s, &at, kt_long())) << "again";
        kt_close(s);
    });
}

TEST_P(SctpMany, OnePeersEndIsNoEndForTheOthers)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket a = kt_sctp_open(GetParam(), KITH_SEQPACKET);
        const kith_socket b = kt_sctp_open(GetParam(), KITH_SEQPACKET);
        const kith_sockaddr at = kt_name_of(l);
        kith_sockaddr from = {};
        char byte;

        ASSERT_EQ(1, send_to(a, "a", at));
        EXPECT_EQ("a", recv_from(l, &from));
        ASSERT_EQ(1, send_to(b, "b", at));
        EXPECT_EQ("b", recv_from(l, &from));
        kt_close(a);

        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(l, &byte, 1, 0, 50))
            << "a's end is silent";
        ASSERT_EQ(1, send_to(b, "c", at));
        EXPECT_EQ("c", recv_from(l, &from));
        kt_close(b);
        kt_close(l);
    });
}

TEST_P(SctpMany, ConnectsFromOneToOneAreTakenToo)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);
        const kith_sockaddr at = kt_name_of(l);
        kith_sockaddr from = {};

        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        kt_sctp_send(s, "hi");
        ASSERT_EQ("hi", recv_from(l, &from));
        ASSERT_EQ(2, send_to(l, "ho", from));
        EXPECT_EQ("ho", kt_sctp_recv(s));
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SctpMany, CloseAnswersThoseWhoWait)
{
    const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
    char buf[3];
    int next = 0;
    kt_callers readers(3, "socket_recv", [&] {
        return kith_socket_recv(l, &buf[next++], 1, 0, KITH_INFINITY);
    });

    kt_close(l);

    EXPECT_EQ(kt_answers(3, KITH_ECLOSED), readers.answers());
}

TEST_P(SctpMany, IsNotAccepted)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        kith_socket c;

        EXPECT_EQ(KITH_EOPNOTSUPP, kith_socket_accept(l, kt_long(), &c));
        kt_close(l);
    });
}

}    // namespace
