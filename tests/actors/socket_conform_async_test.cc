/* SPDX-License-Identifier: Apache-2.0
 * socket_conform_async_test.cc -- Erlang's cases of calls that do not wait, and of their cancels.
 * docs/conformance.md names them. */
#include "tests/support/callers.h"
#include "tests/support/idle.h"
#include "tests/support/kinds.h"

namespace
{

class ConformAsync : public kt_kind_test {};
class ConformAsyncStream : public kt_kind_test {};
class ConformAsyncDgram : public kt_kind_test {};

KT_KINDS(ConformAsync, kt_all_kinds);
KT_KINDS(ConformAsyncStream, kt_streams);
KT_KINDS(ConformAsyncDgram, kt_dgram_kinds);

/* ---- one way to wait for what comes, as a call and as a future ---- */

struct place {
    char buf[8] = {};
    kith_sockaddr from = {};
    kt_piece room{buf, sizeof buf};
};

struct way {
    unsigned op;
    std::ptrdiff_t (*call)(kith_socket s, place &p, kith_ms timeout);
    int (*start)(kith_socket s, place &p, kith_future *f);
};

const way by_recv = {
    KITH_OP_RECV,
    [](kith_socket s, place &p, kith_ms timeout) {
        return kith_socket_recv(s, p.buf, sizeof p.buf, 0, timeout);
    },
    [](kith_socket s, place &p, kith_future *f) {
        return kith_socket_recv_start(s, p.buf, sizeof p.buf, 0, KITH_INFINITY, f);
    },
};

const way by_recvfrom = {
    KITH_OP_RECV,
    [](kith_socket s, place &p, kith_ms timeout) {
        return kith_socket_recvfrom(s, p.buf, sizeof p.buf, &p.from, 0, timeout);
    },
    [](kith_socket s, place &p, kith_future *f) {
        return kith_socket_recvfrom_start(s, p.buf, sizeof p.buf, &p.from, 0, KITH_INFINITY,
                                          f);
    },
};

const way by_recvmsg = {
    KITH_OP_RECV,
    [](kith_socket s, place &p, kith_ms timeout) {
        return kith_socket_recvmsg(s, &p.room.p, 0, timeout);
    },
    [](kith_socket s, place &p, kith_future *f) {
        return kith_socket_recvmsg_start(s, &p.room.p, 0, KITH_INFINITY, f);
    },
};

const way by_accept = {
    KITH_OP_ACCEPT,
    [](kith_socket s, place &, kith_ms timeout) -> std::ptrdiff_t {
        kith_socket c;
        const int rc = kith_socket_accept(s, timeout, &c);

        if (rc == 0)
            kt_close(c);
        return rc;
    },
    [](kith_socket s, place &, kith_future *f) {
        return kith_socket_accept_start(s, KITH_INFINITY, f);
    },
};

kith_socket
listening(const kt_place &at)
{
    const kith_socket l = kt_bound(kt_kind_test::GetParam(), at);

    EXPECT_EQ(0, kith_socket_listen(l, 128));
    return l;
}

/* ---- told of ---- */

TEST_P(ConformAsyncStream, AConnectIsToldOfAndRepeated)
{
    by_process_and_thread([] {
        const kt_place at(GetParam().domain);
        const kith_socket l = listening(at), s = kt_open(GetParam());
        const kith_sockaddr to = kt_name_of(l);
        kith_socket c;
        char x = 0;

        int rc = kith_socket_connect(s, &to, KITH_NOWAIT);
        if (rc == KITH_ESELECT) {
            EXPECT_EQ(0, kt_select_code(s, KITH_OP_CONNECT));
            rc = kith_socket_connect(s, &to, KITH_NOWAIT);
        }
        EXPECT_EQ(0, rc);
        kt_expect_no_message();
        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &c));
        EXPECT_EQ(1, kith_socket_send(s, "x", 1, 0, kt_long()));
        EXPECT_EQ(1, kith_socket_recv(c, &x, 1, 0, kt_long()));
        kt_close(c);
        kt_close(s);
        kt_close(l);
    });
}

/* Nothing is there, something comes, which is told of once and taken by a repeated call. */
void
expect_told(const way &w)
{
    const kt_ends e(kt_kind_test::GetParam());
    place p;

    EXPECT_EQ(KITH_ESELECT, w.call(e.far, p, KITH_NOWAIT));
    kt_expect_no_message();
    EXPECT_EQ(4, e.send("ping", 4));
    EXPECT_EQ(0, kt_select_code(e.far, w.op));
    EXPECT_EQ(4, w.call(e.far, p, KITH_NOWAIT));
    EXPECT_EQ("ping", std::string(p.buf, 4));
    EXPECT_EQ(KITH_ETIMEOUT, w.call(e.far, p, 0)) << "that was all";
    kt_expect_no_message();
    e.close();
}

TEST_P(ConformAsyncDgram, ARecvfromIsToldOf)
{
    by_process_and_thread([] { expect_told(by_recvfrom); });
}

TEST_P(ConformAsync, ARecvmsgIsToldOf)
{
    by_process_and_thread([] { expect_told(by_recvmsg); });
}

TEST_P(ConformAsyncStream, ARecvIsToldOf)
{
    by_process_and_thread([] { expect_told(by_recv); });
}

/* ---- cancelled: no message comes ---- */

void
expect_cancelled(kith_socket s, const way &w, const std::function<void()> &arrive)
{
    place p;

    EXPECT_EQ(KITH_ESELECT, w.call(s, p, KITH_NOWAIT));
    EXPECT_EQ(0, kith_socket_cancel(s, w.op));
    kt_expect_no_message();
    arrive();
    EXPECT_LE(0, w.call(s, p, kt_long())) << "what came is not lost";
    kt_expect_no_message();
}

void
expect_read_cancelled(const way &w)
{
    const kt_ends e(kt_kind_test::GetParam());

    expect_cancelled(e.far, w, [&] { EXPECT_EQ(4, e.send("ping", 4)); });
    e.close();
}

TEST_P(ConformAsyncDgram, ACancelledRecvfromIsNotToldOf)
{
    by_process_and_thread([] { expect_read_cancelled(by_recvfrom); });
}

TEST_P(ConformAsync, ACancelledRecvmsgIsNotToldOf)
{
    by_process_and_thread([] { expect_read_cancelled(by_recvmsg); });
}

TEST_P(ConformAsyncStream, ACancelledRecvIsNotToldOf)
{
    by_process_and_thread([] { expect_read_cancelled(by_recv); });
}

TEST_P(ConformAsyncStream, ACancelledAcceptIsNotToldOf)
{
    by_process_and_thread([] {
        const kt_place at(GetParam().domain);
        const kith_socket l = listening(at), s = kt_open(GetParam());
        const kith_sockaddr to = kt_name_of(l);

        expect_cancelled(l, by_accept,
                         [&] { EXPECT_EQ(0, kith_socket_connect(s, &to, kt_long())); });
        kt_close(s);
        kt_close(l);
    });
}

/* ---- several wait, one cancels its own, the socket closes ---- */

void
expect_others_closed(kith_socket s, const way &w)
{
    constexpr std::size_t n = 3;
    kt_callers others(n, "receive", [&]() -> std::ptrdiff_t {
        place p;
        const auto rc = w.call(s, p, KITH_NOWAIT);

        return rc == KITH_ESELECT ? kt_select_code(s, w.op) : rc;
    });
    place own;
    kith_future f;

    ASSERT_EQ(0, w.start(s, own, &f));
    EXPECT_EQ(0, kith_cancel(f));
    EXPECT_TRUE(others.wait_still("receive"));
    kt_close(s);
    EXPECT_EQ(kt_answers(n, KITH_ECLOSED), others.answers());
    kt_expect_no_message();
}

void
expect_other_reads_closed(const way &w)
{
    const kt_ends e(kt_kind_test::GetParam());

    expect_others_closed(e.far, w);
    kt_close(e.near);
}

TEST_P(ConformAsyncDgram, OfSeveralRecvfromsOneIsCancelledTheOthersClosed)
{
    by_process_and_thread([] { expect_other_reads_closed(by_recvfrom); });
}

TEST_P(ConformAsync, OfSeveralRecvmsgsOneIsCancelledTheOthersClosed)
{
    by_process_and_thread([] { expect_other_reads_closed(by_recvmsg); });
}

TEST_P(ConformAsyncStream, OfSeveralRecvsOneIsCancelledTheOthersClosed)
{
    by_process_and_thread([] { expect_other_reads_closed(by_recv); });
}

TEST_P(ConformAsyncStream, OfSeveralAcceptsOneIsCancelledTheOthersClosed)
{
    by_process_and_thread([] {
        const kt_place at(GetParam().domain);

        expect_others_closed(listening(at), by_accept);
    });
}

}    // namespace
