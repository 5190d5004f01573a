/* SPDX-License-Identifier: Apache-2.0
 * message_test.cc -- what goes with messages of SCTP, and what it tells by itself. */
#include "tests/sctp/sctp.h"

namespace
{

class SctpMessage : public kt_sctp {};

KT_SCTP_DOMAINS(SctpMessage);

/* Room for one message and all that comes with it. */
struct Message {
    char buf[4096];
    kith_iov iov = {buf, sizeof buf};
    kith_cmsg ctrl[8];
    char space[KITH_CTRL_SPACE];
    kith_packet p = {};
    std::ptrdiff_t n = 0;

    Message()
    {
        p.iov = &iov;
        p.n_iov = 1;
        p.ctrl = ctrl;
        p.ctrl_cap = 8;
        p.ctrl_space = KITH_IOV(space);
    }

    std::ptrdiff_t recv(kith_socket s)
    {
        n = kith_socket_recvmsg(s, &p, 0, kt_long());
        EXPECT_GE(n, 0) << kith_strerror(static_cast<int>(n));
        return n;
    }

    std::string text() const
    {
        return std::string(buf, n > 0 ? static_cast<std::size_t>(n) : 0);
    }

    bool is_notification() const
    {
        return (p.flags & KITH_MSG_NOTIFICATION) != 0;
    }

    kith_sctp_notification notification() const
    {
        kith_sctp_notification note = {};

        EXPECT_TRUE(is_notification()) << text();
        EXPECT_EQ(0, kith_sctp_notification_parse(buf, static_cast<std::size_t>(n), &note));
        return note;
    }

    template <typename T> T info(int type) const
    {
        const T *v = KITH_CTRL(&p, type, T);

        EXPECT_NE(nullptr, v) << type;
        return v != nullptr ? *v : T{};
    }
};

/* The next notification of that type; messages and others before it are read past. */
kith_sctp_notification
await_notification(kith_socket s, Message &m, int type)
{
    for (int i = 0; i < 100 && m.recv(s) >= 0; i++) {
        if (!m.is_notification())
            continue;
        const kith_sctp_notification note = m.notification();
        if (note.type == type)
            return note;
    }
    ADD_FAILURE() << "it did not come: " << type;
    return {};
}

void
subscribe(kith_socket s, void (*to)(kith_sctp_event_subscribe &))
{
    kith_sctp_event_subscribe e = {};

    to(e);
    EXPECT_EQ(0, kith_socket_setopt(s, KITH_OPT_SCTP_EVENTS, &e, sizeof e));
}

template <typename T>
std::ptrdiff_t
send_with(kith_socket s, const std::string &text, int type, const T &v,
          const kith_sockaddr *to = nullptr)
{
    kith_iov iov = kith_iov_of(text.data(), text.size());
    kith_cmsg c = kith_cmsg_of(type, &v, sizeof v);
    kith_packet p = {};

    p.iov = &iov;
    p.n_iov = 1;
    p.ctrl = &c;
    p.n_ctrl = 1;
    if (to != nullptr)
        p.addr = *to;
    return kith_socket_sendmsg(s, &p, 0, kt_long());
}

/* ---- messages ---- */

TEST_P(SctpMessage, BringsItsStreamAndWhatElseItWasSentWith)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        kith_sctp_sndrcvinfo out = {};
        Message m;

        subscribe(p.far, [](kith_sctp_event_subscribe &e) { e.data_io = true; });
        out.stream = 3;
        out.ppid = 0x01020304;
        ASSERT_EQ(3, send_with(p.near, "one", KITH_CMSG_SCTP_SNDRCV, out));
        ASSERT_EQ(3, send_with(p.near, "two", KITH_CMSG_SCTP_SNDRCV, out));

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
        EXPECT_EQ(KITH_EINVAL, send_with(p.near, "x", KITH_CMSG_SCTP_SNDRCV, out));
        EXPECT_EQ(KITH_EINVAL, send_with(p.near, "x", KITH_CMSG_SCTP_SNDRCV, 'c'))
            << "of a wrong length";
        kt_close(p);
    });
}

TEST_P(SctpMessage, TheNewerKindsTellTheSame)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        kith_sctp_sndinfo out = {};
        Message m;

        ASSERT_EQ(0, kith_socket_setopt_int(p.far, KITH_OPT_SCTP_RECVRCVINFO, 1));
        ASSERT_EQ(0, kith_socket_setopt_int(p.far, KITH_OPT_SCTP_RECVNXTINFO, 1));
        out.sid = 2;
        out.ppid = 99;
        out.flags = KITH_SCTP_UNORDERED;
        ASSERT_EQ(3, send_with(p.near, "one", KITH_CMSG_SCTP_SNDINFO, out));
        ASSERT_EQ(5, send_with(p.near, "three", KITH_CMSG_SCTP_SNDINFO, out));

        /* The next one is told if it is there already, so it is waited for first. */
        char peeked[16];
        while (kith_socket_recv(p.far, peeked, sizeof peeked, KITH_MSG_PEEK, kt_long()) < 0)
            ;
        m.recv(p.far);
        const auto in = m.info<kith_sctp_rcvinfo>(KITH_CMSG_SCTP_RCVINFO);
        EXPECT_EQ(2, in.sid);
        EXPECT_EQ(99u, in.ppid);
        EXPECT_TRUE(in.flags & KITH_SCTP_UNORDERED);
        if (const auto *next = KITH_CTRL(&m.p, KITH_CMSG_SCTP_NXTINFO, kith_sctp_nxtinfo)) {
            EXPECT_EQ(2, next->sid);
            EXPECT_EQ(5u, next->length);
        }
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
        Message m;

        subscribe(p.far, [](kith_sctp_event_subscribe &e) { e.data_io = true; });
        out.stream = 1;
        out.ppid = 7;
        ASSERT_EQ(0, kith_socket_setopt(p.near, KITH_OPT_SCTP_DEFAULT_SEND_PARAM, &out,
                                        sizeof out));
        kt_sctp_send(p.near, "plain");
        m.recv(p.far);
        const auto in = m.info<kith_sctp_sndrcvinfo>(KITH_CMSG_SCTP_SNDRCV);
        EXPECT_EQ(1, in.stream);
        EXPECT_EQ(7u, in.ppid);
        kt_close(p);
    });
}

TEST_P(SctpMessage, ContextComesWithWhatIsReceived)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        const kith_sctp_assoc_value context = {0, 4711};
        Message m;

        subscribe(p.far, [](kith_sctp_event_subscribe &e) { e.data_io = true; });
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
        Message m;

        subscribe(l, [](kith_sctp_event_subscribe &e) { e.association = true; });
        init.num_ostreams = 4;
        ASSERT_EQ(1, send_with(s, "x", KITH_CMSG_SCTP_INIT, init, &at));
        const auto up = await_notification(l, m, KITH_SCTP_ASSOC_CHANGE);
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
        Message m;
        char byte;

        subscribe(l,
                  [](kith_sctp_event_subscribe &e) { e.association = e.data_io = true; });
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        end.assoc_id = await_notification(l, m, KITH_SCTP_ASSOC_CHANGE).assoc_id;
        end.flags = KITH_SCTP_EOF;
        EXPECT_EQ(0, send_with(l, "", KITH_CMSG_SCTP_SNDRCV, end));
        EXPECT_EQ(0, kith_socket_recv(s, &byte, 1, 0, kt_long()));
        const auto down = await_notification(l, m, KITH_SCTP_ASSOC_CHANGE);
        EXPECT_EQ(KITH_SCTP_SHUTDOWN_COMP, down.assoc_change.state);
        EXPECT_EQ(end.assoc_id, down.assoc_id);
        kt_close(s);
        kt_close(l);
    });
}

/* ---- notifications ---- */

TEST_P(SctpMessage, TellsOfAssociationsThatComeAndGo)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);
        const kith_sockaddr at = kt_name_of(l);
        Message m;

        subscribe(l,
                  [](kith_sctp_event_subscribe &e) { e.association = e.shutdown = true; });
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        const auto up = await_notification(l, m, KITH_SCTP_ASSOC_CHANGE);
        EXPECT_EQ(KITH_SCTP_COMM_UP, up.assoc_change.state);
        EXPECT_NE(0, up.assoc_change.outbound_streams);
        EXPECT_NE(0, up.assoc_id);

        kt_close(s);
        EXPECT_EQ(up.assoc_id, await_notification(l, m, KITH_SCTP_SHUTDOWN_EVENT).assoc_id);
        const auto down = await_notification(l, m, KITH_SCTP_ASSOC_CHANGE);
        EXPECT_EQ(KITH_SCTP_SHUTDOWN_COMP, down.assoc_change.state);
        EXPECT_EQ(up.assoc_id, down.assoc_id);
        kt_close(l);
    });
}

TEST_P(SctpMessage, TellsOfAnAbortAndItsReason)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_SEQPACKET);
        const kith_sockaddr at = kt_name_of(l);
        kith_sctp_sndrcvinfo abort = {};
        Message m;

        subscribe(l, [](kith_sctp_event_subscribe &e) { e.association = true; });
        ASSERT_EQ(0, kith_sctp_connectx(s, &at, 1, kt_long(), &abort.assoc_id));
        kt_ignore(await_notification(l, m, KITH_SCTP_ASSOC_CHANGE).type);
        abort.flags = KITH_SCTP_ABORT;
        EXPECT_EQ(0, send_with(s, "because", KITH_CMSG_SCTP_SNDRCV, abort));
        const auto lost = await_notification(l, m, KITH_SCTP_ASSOC_CHANGE);
        EXPECT_EQ(KITH_SCTP_COMM_LOST, lost.assoc_change.state);
        EXPECT_NE(
            std::string::npos,
            std::string(static_cast<const char *>(lost.data), lost.len).find("because"));
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SctpMessage, TellsWhenAllHasArrived)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        Message m;

        kt_sctp_send(p.near, "x");
        subscribe(p.near, [](kith_sctp_event_subscribe &e) { e.sender_dry = true; });
        EXPECT_EQ(KITH_SCTP_SENDER_DRY,
                  await_notification(p.near, m, KITH_SCTP_SENDER_DRY).type);
        kt_close(p);
    });
}

TEST_P(SctpMessage, TellsOfThePeersAdaptationLayer)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);
        const kith_sockaddr at = kt_name_of(l);
        Message m;

        subscribe(l, [](kith_sctp_event_subscribe &e) { e.adaptation_layer = true; });
        ASSERT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_SCTP_ADAPTION_LAYER, 0x4b495448));
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        EXPECT_EQ(0x4b495448u,
                  await_notification(l, m, KITH_SCTP_ADAPTATION_INDICATION).adaptation);
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SctpMessage, TellsOfMessagesThatDidNotArrive)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        const kith_linger at_once = {true, 0};
        const std::string big(1000, 'b');
        Message m;

        subscribe(p.near, [](kith_sctp_event_subscribe &e) { e.send_failure = true; });
        while (kith_socket_send(p.near, big.data(), big.size(), 0, 0) > 0)
            ;
        ASSERT_EQ(0, kith_socket_setopt(p.far, KITH_OPT_SOCKET_LINGER, &at_once,
                                        sizeof at_once));
        kt_close(p.far);
        const auto failed = await_notification(p.near, m, KITH_SCTP_SEND_FAILED);
        EXPECT_EQ(1000u, failed.len);
        EXPECT_EQ(big, std::string(static_cast<const char *>(failed.data), failed.len));
        kt_close(p.near);
    });
}

TEST_P(SctpMessage, TellsOfStreamsThatAreReset)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_STREAM);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);
        const kith_sockaddr at = kt_name_of(l);
        const kith_sctp_assoc_value on = {0, 1};
        const std::uint16_t second[] = {1};
        const kith_sctp_reset_streams reset = {0, KITH_SCTP_RESET_OUTGOING, 1, second};
        kith_socket c;
        Message m;

        for (const kith_socket one : {l, s})
            ASSERT_EQ(0, kith_socket_setopt(one, KITH_OPT_SCTP_ENABLE_STREAM_RESET, &on,
                                            sizeof on));
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &c));
        subscribe(c, [](kith_sctp_event_subscribe &e) { e.stream_reset = true; });
        ASSERT_EQ(0,
                  kith_socket_setopt(s, KITH_OPT_SCTP_RESET_STREAMS, &reset, sizeof reset));
        const auto told = await_notification(c, m, KITH_SCTP_STREAM_RESET);
        ASSERT_EQ(sizeof second, told.len);
        EXPECT_EQ(0, memcmp(second, told.data, sizeof second));
        kt_close(s);
        kt_close(c);
        kt_close(l);
    });
}

}    // namespace
