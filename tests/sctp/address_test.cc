/* SPDX-License-Identifier: Apache-2.0
 * address_test.cc -- ends with several addresses, and one association out of many. */
#include "tests/sctp/wire.h"

#include <cstring>

namespace
{

class SctpAddress : public kt_sockets {};

kith_sockaddr
address(const char *text, std::uint16_t port = 0)
{
    kith_sockaddr a = {};

    EXPECT_EQ(0, kith_sockaddr_parse(text, &a)) << text;
    if (a.domain == KITH_INET)
        a.inet.port = port;
    return a;
}

/* A socket at two of the loopback's addresses. */
kith_socket
listen_at_two(int type, kith_sockaddr at[2])
{
    const kith_socket s = kt_sctp_open(KITH_INET, type);

    at[0] = address("127.0.0.1");
    EXPECT_EQ(0, kith_sctp_bindx(s, at, 1, KITH_SCTP_BINDX_ADD));
    at[0] = kt_name_of(s);
    at[1] = address("127.0.0.2", kith_sockaddr_port(&at[0]));
    EXPECT_EQ(0, kith_sctp_bindx(s, &at[1], 1, KITH_SCTP_BINDX_ADD));
    EXPECT_EQ(0, kith_socket_listen(s, 0));
    return s;
}

TEST_F(SctpAddress, BothEndsTellAllOfThem)
{
    by_process_and_thread([] {
        kith_sockaddr at[2], seen[4] = {};
        const kith_socket l = listen_at_two(KITH_STREAM, at);
        const kith_socket s = kt_sctp_open(KITH_INET, KITH_STREAM);

        ASSERT_EQ(2, kith_sctp_local_addresses(l, 0, seen, 4));
        EXPECT_EQ(kt_text(at[0]), kt_text(seen[0]));
        EXPECT_EQ(kt_text(at[1]), kt_text(seen[1]));
        ASSERT_EQ(0, kith_socket_connect(s, &at[0], kt_long()));
        ASSERT_EQ(2, kith_sctp_peer_addresses(s, 0, seen, 4));
        EXPECT_EQ(kt_text(at[0]), kt_text(seen[0]));
        EXPECT_EQ(kt_text(at[1]), kt_text(seen[1]));
        seen[0] = {};
        EXPECT_EQ(2, kith_sctp_peer_addresses(s, 0, nullptr, 0)) << "how many there are";
        kt_close(s);
        kt_close(l);
    });
}

TEST_F(SctpAddress, AreTakenAwayButForTheLast)
{
    in_process([] {
        kith_sockaddr at[2];
        const kith_socket l = listen_at_two(KITH_STREAM, at);

        EXPECT_EQ(0, kith_sctp_bindx(l, &at[1], 1, KITH_SCTP_BINDX_REMOVE));
        EXPECT_EQ(1, kith_sctp_local_addresses(l, 0, nullptr, 0));
        EXPECT_GT(0, kith_sctp_bindx(l, &at[0], 1, KITH_SCTP_BINDX_REMOVE));
        EXPECT_EQ(KITH_EINVAL, kith_sctp_bindx(l, at, 0, KITH_SCTP_BINDX_ADD));
        EXPECT_EQ(KITH_EINVAL, kith_sctp_bindx(l, at, 1, 3));
        EXPECT_EQ(KITH_EINVAL, kith_sctp_bindx(l, nullptr, 1, KITH_SCTP_BINDX_ADD));
        kt_close(l);
    });
}

TEST_F(SctpAddress, APeerWithSeveralIsReachedByAnyOfThem)
{
    by_process_and_thread([] {
        for (const int type : {KITH_STREAM, KITH_SEQPACKET}) {
            kith_sockaddr at[2];
            const kith_socket l = listen_at_two(type, at);
            const kith_socket s = kt_sctp_open(KITH_INET, type);
            kith_sctp_assoc_id id = 0;

            ASSERT_EQ(0, kith_sctp_connectx(s, at, 2, kt_long(), &id));
            EXPECT_NE(0, id);
            EXPECT_EQ(2, kith_sctp_peer_addresses(s, id, nullptr, 0));
            EXPECT_EQ(KITH_EINVAL, kith_sctp_connectx(s, nullptr, 1, kt_long(), &id));
            EXPECT_EQ(KITH_EINVAL, kith_sctp_connectx(s, at, 0, kt_long(), &id));
            kt_close(s);
            kt_close(l);
        }
    });
}

TEST_F(SctpAddress, ConnectxCanBeBegunAndAwaited)
{
    in_process([] {
        kith_sockaddr at[2];
        const kith_socket l = listen_at_two(KITH_SEQPACKET, at);
        const kith_socket s = kt_sctp_open(KITH_INET, KITH_SEQPACKET);
        kith_sctp_assoc_id id = 0;
        kith_future f;

        ASSERT_EQ(0, kith_sctp_connectx_start(s, at, 2, kt_long(), &id, &f));
        EXPECT_NE(0, id);
        EXPECT_EQ(0, kith_await(f, kt_long()));
        kt_close(s);
        kt_close(l);
    });
}

TEST_F(SctpAddress, ConnectxIsRefusedWhereNobodyListens)
{
    in_process([] {
        for (const int type : {KITH_STREAM, KITH_SEQPACKET}) {
            kith_sockaddr at[2];
            const kith_socket l = listen_at_two(type, at);
            const kith_socket s = kt_sctp_open(KITH_INET, type);

            kt_close(l);
            EXPECT_EQ(KITH_ECONNREFUSED, kith_sctp_connectx(s, at, 2, kt_long(), nullptr));
            kt_close(s);
        }
    });
}

TEST_F(SctpAddress, ThePrimaryIsAnyOfThePeers)
{
    in_process([] {
        kith_sockaddr at[2];
        const kith_socket l = listen_at_two(KITH_STREAM, at);
        const kith_socket s = kt_sctp_open(KITH_INET, KITH_STREAM);
        kith_sctp_prim prim = {};

        ASSERT_EQ(0, kith_socket_connect(s, &at[0], kt_long()));
        prim.addr = at[1];
        ASSERT_EQ(0, kith_socket_setopt(s, KITH_OPT_SCTP_PRIMARY_ADDR, &prim, sizeof prim));
        kith_sctp_status st = {};
        ASSERT_LT(0, kith_socket_getopt(s, KITH_OPT_SCTP_STATUS, &st, sizeof st));
        EXPECT_EQ(kt_text(at[1]), kt_text(st.primary.address));
        kt_close(s);
        kt_close(l);
    });
}

/* An address is used when the peer has answered there. IPv4's header ends with where a packet
 * goes. */
TEST_F(SctpAddress, MessagesGoToThePrimary)
{
    KT_NEEDS_WIRE();
    in_process([] {
        kith_sockaddr at[2];
        kt_wire wire(KITH_INET);
        const kith_socket l = listen_at_two(KITH_STREAM, at);
        const kt_pair p = kt_sctp_connect(l, kt_sctp_open(KITH_INET, KITH_STREAM));

        for (const kith_sockaddr &to : at) {
            kith_sctp_paddrinfo path = {};
            kith_sctp_paddrparams ask = {};

            ask.flags = KITH_SCTP_HB_DEMAND;
            path.address = ask.address = to;
            kt_opt_set(p.near, KITH_OPT_SCTP_PEER_ADDR_PARAMS, ask);
            EXPECT_TRUE(kt_eventually([&] {
                return kt_opt_get(p.near, KITH_OPT_SCTP_GET_PEER_ADDR_INFO, path).state ==
                       KITH_SCTP_ACTIVE;
            }));
            kt_opt_set(p.near, KITH_OPT_SCTP_PRIMARY_ADDR, kith_sctp_prim{0, to});
            kt_sctp_send(p.near, "x");
            EXPECT_EQ("x", kt_sctp_recv(p.far));
            const std::string ip = wire.sent(p.near, KT_SCTP_DATA).back().ip;
            EXPECT_EQ(0, std::memcmp(to.inet.addr, ip.data() + 16, 4)) << kt_text(to);
        }
        kt_close(p);
    });
}

TEST_F(SctpAddress, ThePeerIsAskedToSendToAnotherOfOurs)
{
    in_process([] {
        kith_sockaddr at[2];
        const kith_socket l = listen_at_two(KITH_STREAM, at);
        const kith_socket s = kt_sctp_open(KITH_INET, KITH_STREAM);
        kith_sctp_prim ours = {};
        kith_socket c;

        ASSERT_EQ(0, kith_socket_connect(s, &at[0], kt_long()));
        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &c));
        ours.addr = at[1];
        ASSERT_EQ(0, kith_socket_setopt(c, KITH_OPT_SCTP_SET_PEER_PRIMARY_ADDR, &ours,
                                        sizeof ours));
        EXPECT_TRUE(kt_eventually([&] {
            kith_sctp_status st = {};
            return kith_socket_getopt(s, KITH_OPT_SCTP_STATUS, &st, sizeof st) > 0 &&
                   kt_text(st.primary.address) == kt_text(at[1]);
        })) << "it sends there now";
        kt_close(s);
        kt_close(c);
        kt_close(l);
    });
}

TEST_F(SctpAddress, TellsOfTheOnesThatAreConfirmed)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(KITH_INET, KITH_SEQPACKET);
        const kith_sockaddr to = kt_name_of(l);
        kith_sctp_event_subscribe events = {};
        kith_sctp_notification note = {};
        kith_sockaddr at[2];
        const kith_socket s = listen_at_two(KITH_SEQPACKET, at);
        char buf[1024];

        events.address = true;
        ASSERT_EQ(0, kith_socket_setopt(l, KITH_OPT_SCTP_EVENTS, &events, sizeof events));
        ASSERT_EQ(0, kith_socket_connect(s, &to, kt_long()));
        const auto n = kith_socket_recv(l, buf, sizeof buf, 0, kt_long());
        ASSERT_LT(0, n);
        ASSERT_EQ(0, kith_sctp_notification_parse(buf, static_cast<std::size_t>(n), &note));
        EXPECT_EQ(KITH_SCTP_PEER_ADDR_CHANGE, note.type);
        EXPECT_EQ(KITH_SCTP_ADDR_CONFIRMED, note.paddr_change.state);
        EXPECT_TRUE(kt_text(note.paddr_change.addr) == kt_text(at[0]) ||
                    kt_text(note.paddr_change.addr) == kt_text(at[1]))
            << kt_text(note.paddr_change.addr);
        kt_close(s);
        kt_close(l);
    });
}

/* ---- peeloff ---- */

class SctpPeeloff : public kt_sctp {};

KT_SCTP_DOMAINS(SctpPeeloff);

TEST_P(SctpPeeloff, MakesASocketOfOneAssociation)
{
    by_process_and_thread([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_SEQPACKET);
        const kith_sockaddr at = kt_name_of(l);
        kith_sctp_assoc_id id = 0;
        kith_socket one = {};
        int v;

        ASSERT_EQ(0, kith_sctp_connectx(s, &at, 1, kt_long(), &id));
        ASSERT_EQ(0, kith_sctp_peeloff(s, id, &one));
        EXPECT_EQ(0, kith_socket_getopt_int(one, KITH_OPT_OTP_TYPE, &v));
        EXPECT_EQ(KITH_SEQPACKET, v);
        EXPECT_TRUE(kt_owner(one) == kith_self());
        EXPECT_EQ(KITH_EINVAL, kith_sctp_peeloff(s, id, &one)) << "it is there no more";

        kt_sctp_send(one, "hello");
        char buf[16];
        kith_sockaddr from;
        ASSERT_EQ(5, kith_socket_recvfrom(l, buf, sizeof buf, &from, 0, kt_long()));
        ASSERT_EQ(5, kith_socket_sendto(l, "olleh", 5, &from, 0, kt_long()));
        EXPECT_EQ("olleh", kt_sctp_recv(one));
        kt_close(one);
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SctpPeeloff, BringsWhatWasNotReadYet)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);
        const kith_sockaddr at = kt_name_of(l);
        kith_sctp_paddrinfo info = {};
        kith_socket one = {};
        char byte;

        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        kt_sctp_send(s, "unread");
        ASSERT_EQ(1, kith_socket_recvfrom(l, &byte, 1, &info.address, KITH_MSG_PEEK,
                                          kt_long()));
        ASSERT_LT(0, kith_socket_getopt(l, KITH_OPT_SCTP_GET_PEER_ADDR_INFO, &info,
                                        sizeof info));
        ASSERT_EQ(0, kith_sctp_peeloff(l, info.assoc_id, &one));
        EXPECT_EQ("unread", kt_sctp_recv(one));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(l, &byte, 1, 0, 0));
        kt_close(one);
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SctpPeeloff, GoesToAProcessOfItsOwn)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);
        const kith_sockaddr at = kt_name_of(l);
        kith_sctp_paddrinfo info = {};
        kith_socket one = {};
        char byte;

        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        kt_sctp_send(s, "x");
        ASSERT_EQ(1, kith_socket_recvfrom(l, &byte, 1, &info.address, 0, kt_long()));
        ASSERT_LT(0, kith_socket_getopt(l, KITH_OPT_SCTP_GET_PEER_ADDR_INFO, &info,
                                        sizeof info));
        ASSERT_EQ(0, kith_sctp_peeloff(l, info.assoc_id, &one));
        ASSERT_EQ(0, kith_socket_spawn(
                         one,
                         [](kith_socket c, void *) -> int {
                             EXPECT_EQ(14, kith_socket_send(c, "from a process", 14, 0,
                                                            kt_long()));
                             return 0;
                         },
                         nullptr, 0, nullptr));
        EXPECT_EQ("from a process", kt_sctp_recv(s));
        EXPECT_EQ(0, kith_socket_recv(s, &byte, 1, 0, kt_long()))
            << "it died, and that is all";
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SctpPeeloff, NeedsAnAssociationOfMany)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket tcp = kt_open(GetParam());
        kith_socket one = {};

        EXPECT_EQ(KITH_EINVAL, kith_sctp_peeloff(l, 12345, &one));
        EXPECT_EQ(KITH_EINVAL, kith_sctp_peeloff(p.near, 0, &one));
        EXPECT_EQ(KITH_EINVAL, kith_sctp_peeloff(l, 0, nullptr));
        EXPECT_GT(0, kith_sctp_peeloff(tcp, 0, &one));
        kt_close(p);
        kt_close(l);
        kt_close(tcp);
    });
}

/* Whoever waits for something else does not hold it up. */
TEST_P(SctpPeeloff, IsDoneWhileOthersWait)
{
    const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
    const kith_socket s = kt_sctp_open(GetParam(), KITH_SEQPACKET);
    const kith_sockaddr at = kt_name_of(l);
    kith_sctp_assoc_id id = 0;
    kith_socket one = {};
    char byte;

    ASSERT_EQ(0, kith_sctp_connectx(s, &at, 1, kt_long(), &id));
    const kith_pid reader = spawn(
        [&] { EXPECT_EQ(KITH_ECLOSED, kith_socket_recv(s, &byte, 1, 0, KITH_INFINITY)); });
    ASSERT_TRUE(kt_until([&] { return kt_waits(reader, "socket_recv"); }));
    EXPECT_EQ(0, kith_sctp_peeloff(s, id, &one));
    EXPECT_TRUE(kt_waits(reader, "socket_recv"));
    kt_close(s);
    kt_close(one);
    kt_close(l);
    EXPECT_EQ(0, kith_wait(reader, nullptr, kt_long()));
}

}    // namespace
