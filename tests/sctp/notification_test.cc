/* SPDX-License-Identifier: Apache-2.0
 * notification_test.cc -- what associations of SCTP tell by themselves. */
#include "tests/sctp/message.h"
#include "tests/sctp/wire.h"

#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>

#include <linux/sctp.h>

namespace
{

class SctpNotification : public kt_sctp {};

KT_SCTP_DOMAINS(SctpNotification);

TEST_P(SctpNotification, TellsOfAssociationsThatComeAndGo)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);
        const kith_sockaddr at = kt_name_of(l);
        kt_sctp_message m;

        kt_sctp_subscribe(l, [](kith_sctp_event_subscribe &e) {
            e.association = e.shutdown = true;
        });
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        const auto up = kt_sctp_await(l, m, KITH_SCTP_ASSOC_CHANGE);
        EXPECT_EQ(KITH_SCTP_COMM_UP, up.assoc_change.state);
        EXPECT_NE(0, up.assoc_change.outbound_streams);
        EXPECT_NE(0, up.assoc_id);

        kt_close(s);
        EXPECT_EQ(up.assoc_id, kt_sctp_await(l, m, KITH_SCTP_SHUTDOWN_EVENT).assoc_id);
        const auto down = kt_sctp_await(l, m, KITH_SCTP_ASSOC_CHANGE);
        EXPECT_EQ(KITH_SCTP_SHUTDOWN_COMP, down.assoc_change.state);
        EXPECT_EQ(up.assoc_id, down.assoc_id);
        kt_close(l);
    });
}

TEST_P(SctpNotification, TellsOfAnAbortAndItsReason)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_SEQPACKET);
        const kith_sockaddr at = kt_name_of(l);
        kith_sctp_sndrcvinfo abort = {};
        kt_sctp_message m;

        kt_sctp_subscribe(l, [](kith_sctp_event_subscribe &e) { e.association = true; });
        ASSERT_EQ(0, kith_sctp_connectx(s, &at, 1, kt_long(), &abort.assoc_id));
        kt_ignore(kt_sctp_await(l, m, KITH_SCTP_ASSOC_CHANGE).type);
        abort.flags = KITH_SCTP_ABORT;
        EXPECT_EQ(0, kt_sctp_send_with(s, "because", KITH_CMSG_SCTP_SNDRCV, abort));
        const auto lost = kt_sctp_await(l, m, KITH_SCTP_ASSOC_CHANGE);
        EXPECT_EQ(KITH_SCTP_COMM_LOST, lost.assoc_change.state);
        EXPECT_NE(
            std::string::npos,
            std::string(static_cast<const char *>(lost.data), lost.len).find("because"));
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SctpNotification, TellsWhenAllHasArrived)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());

        kt_sctp_send(p.near, "x");
        kt_sctp_await_sent(p.near);
        kt_close(p);
    });
}

TEST_P(SctpNotification, TellsOfThePeersAdaptationLayer)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);
        const kith_sockaddr at = kt_name_of(l);
        kt_sctp_message m;

        kt_sctp_subscribe(l,
                          [](kith_sctp_event_subscribe &e) { e.adaptation_layer = true; });
        ASSERT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_SCTP_ADAPTION_LAYER, 0x4b495448));
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        EXPECT_EQ(0x4b495448u,
                  kt_sctp_await(l, m, KITH_SCTP_ADAPTATION_INDICATION).adaptation);
        kt_close(s);
        kt_close(l);
    });
}

/* What is on its way when far ends at once is told of by each kind of event that is wanted. */
void
failed_send(kt_sctp_message &m, void (*to)(kith_sctp_event_subscribe &), int type)
{
    const kt_pair p = kt_sctp_pair(SctpNotification::GetParam());
    const kith_linger at_once = {true, 0};
    const std::string big(1000, 'b');
    kith_sctp_sndinfo info = {};

    info.sid = 2;
    info.ppid = 99;
    kt_opt_set(p.near, KITH_OPT_SCTP_DEFAULT_SNDINFO, info);
    kt_sctp_subscribe(p.near, to);
    while (kith_socket_send(p.near, big.data(), big.size(), 0, 0) > 0)
        ;
    kt_opt_set(p.far, KITH_OPT_SOCKET_LINGER, at_once);
    kt_close(p.far);
    const auto failed = kt_sctp_await(p.near, m, type);
    EXPECT_EQ(big, std::string(static_cast<const char *>(failed.data), failed.len));
    EXPECT_EQ(2, failed.send_failed.info.stream);
    EXPECT_EQ(99u, failed.send_failed.info.ppid);
    kt_close(p.near);
}

TEST_P(SctpNotification, TellsOfMessagesThatDidNotArrive)
{
    in_process([] {
        kt_sctp_message m;

        failed_send(
            m, [](kith_sctp_event_subscribe &e) { e.send_failure = true; },
            KITH_SCTP_SEND_FAILED);
        failed_send(
            m, [](kith_sctp_event_subscribe &e) { e.send_failure_event = true; },
            KITH_SCTP_SEND_FAILED_EVENT);
    });
}

/* Far's system does not know a chunk, which it takes for near's, and tells near. */
TEST_P(SctpNotification, TellsOfAnErrorThatThePeerReports)
{
    KT_NEEDS_WIRE();
    in_process([] {
        enum { UNKNOWN_CHUNK = 0x7e, REPORTS_AN_UNKNOWN_CHUNK = 6 };
        kt_wire wire(GetParam());
        const kt_pair p = kt_sctp_pair(GetParam());
        kt_sctp_message m;

        kt_sctp_subscribe(p.near,
                          [](kith_sctp_event_subscribe &e) { e.peer_error = true; });
        kt_sctp_send(p.near, "x");
        EXPECT_EQ("x", kt_sctp_recv(p.far));
        const auto sent = wire.sent(p.near, KT_SCTP_DATA);
        ASSERT_EQ(1u, sent.size());
        wire.say(sent[0], UNKNOWN_CHUNK, "what is this");
        const auto told = kt_sctp_await(p.near, m, KITH_SCTP_REMOTE_ERROR);
        EXPECT_EQ(REPORTS_AN_UNKNOWN_CHUNK, told.remote_error);
        EXPECT_NE(std::string::npos,
                  std::string(static_cast<const char *>(told.data), told.len)
                      .find("what is this"));
        kt_close(p);
    });
}

/* Both ends allow all changes. */
kt_pair
changing_pair(int domain)
{
    const kith_sctp_assoc_value all = {0, SCTP_ENABLE_STRRESET_MASK};
    const kith_socket l = kt_sctp_listen(domain, KITH_STREAM);
    const kith_socket s = kt_sctp_open(domain, KITH_STREAM);

    for (const kith_socket one : {l, s})
        kt_opt_set(one, KITH_OPT_SCTP_ENABLE_STREAM_RESET, all);
    return kt_sctp_connect(l, s);
}

TEST_P(SctpNotification, TellsOfStreamsThatAreReset)
{
    in_process([] {
        const kt_pair p = changing_pair(GetParam());
        const std::uint16_t second[] = {1};
        const kith_sctp_reset_streams reset = {0, KITH_SCTP_RESET_OUTGOING, 1, second};
        kt_sctp_message m;

        kt_sctp_subscribe(p.far,
                          [](kith_sctp_event_subscribe &e) { e.stream_reset = true; });
        kt_opt_set(p.near, KITH_OPT_SCTP_RESET_STREAMS, reset);
        const auto told = kt_sctp_await(p.far, m, KITH_SCTP_STREAM_RESET);
        ASSERT_EQ(sizeof second, told.len);
        EXPECT_EQ(0, std::memcmp(second, told.data, sizeof second));
        kt_close(p);
    });
}

/* What asks for the next two has no row of kith's; by its number it can be had. */
TEST_P(SctpNotification, TellsOfAnAssociationThatIsReset)
{
    in_process([] {
        const kt_pair p = changing_pair(GetParam());
        kith_sctp_assoc_id id = 0;
        kt_sctp_message m;

        kt_sctp_subscribe(p.far,
                          [](kith_sctp_event_subscribe &e) { e.assoc_reset = true; });
        EXPECT_EQ(0, kith_socket_setopt_native(p.near, KITH_SCTP, SCTP_RESET_ASSOC,
                                               KITH_IOV(id)));
        const auto told = kt_sctp_await(p.far, m, KITH_SCTP_ASSOC_RESET);
        EXPECT_EQ(0, told.flags) << "it was done";
        EXPECT_NE(0u, told.assoc_reset.local_tsn);
        EXPECT_NE(0u, told.assoc_reset.remote_tsn);
        kt_close(p);
    });
}

TEST_P(SctpNotification, TellsOfStreamsThatAreAdded)
{
    in_process([] {
        const kt_pair p = changing_pair(GetParam());
        const auto before = kt_sctp_status_of(p.far);
        sctp_add_streams two_more = {};
        kt_sctp_message m;

        two_more.sas_outstrms = 2;
        kt_sctp_subscribe(p.far,
                          [](kith_sctp_event_subscribe &e) { e.stream_change = true; });
        EXPECT_EQ(0, kith_socket_setopt_native(p.near, KITH_SCTP, SCTP_ADD_STREAMS,
                                               KITH_IOV(two_more)));
        const auto told = kt_sctp_await(p.far, m, KITH_SCTP_STREAM_CHANGE);
        EXPECT_EQ(2, told.stream_change.instrms);
        EXPECT_EQ(0, told.stream_change.outstrms);
        EXPECT_EQ(before.instrms + 2, kt_sctp_status_of(p.far).instrms);
        kt_close(p);
    });
}

}    // namespace
