/* SPDX-License-Identifier: Apache-2.0
 * socket_conform_close_test.cc -- Erlang's cases of closing: by the owner's end, here, and by the
 * peer. docs/conformance.md names them. */
#include "tests/support/callers.h"
#include "tests/support/kinds.h"

#include <atomic>
#include <cstring>

namespace
{

class ConformClose : public kt_kind_test {};
class ConformCloseStream : public kt_kind_test {};
class ConformCloseDgram : public kt_kind_test {};

KT_KINDS(ConformClose, kt_all_kinds);
KT_KINDS(ConformCloseStream, kt_streams);
KT_KINDS(ConformCloseDgram, kt_dgram_kinds);

constexpr std::size_t callers = 3;
constexpr kith_ms soon = 20;

/* A call that reads into memory of its own. */
std::ptrdiff_t
recv_one(kith_socket s)
{
    char c;

    return kith_socket_recv(s, &c, 1, 0, KITH_INFINITY);
}

std::ptrdiff_t
recvfrom_one(kith_socket s)
{
    kith_sockaddr from;
    char c;

    return kith_socket_recvfrom(s, &c, 1, &from, 0, KITH_INFINITY);
}

std::ptrdiff_t
recvmsg_one(kith_socket s)
{
    char c;
    kt_piece r(&c, 1);

    return kith_socket_recvmsg(s, &r.p, 0, KITH_INFINITY);
}

int
accept_one(kith_socket l)
{
    kith_socket c;

    return kith_socket_accept(l, KITH_INFINITY, &c);
}

/* ---- the owner ends ---- */

TEST_P(ConformClose, ASocketIsGoneWithItsOwner)
{
    by_process_and_thread([this] {
        std::atomic<std::uint64_t> id = 0;
        const kith_pid owner = spawn([&] {
            id = kt_open(GetParam()).id;
            EXPECT_NE(nullptr, kt_receive());
        });

        ASSERT_TRUE(kt_eventually([&] { return id != 0; }));
        const kith_socket s = {id};
        int type = 0;
        ASSERT_EQ(0, kith_socket_getopt_int(s, KITH_OPT_OTP_TYPE, &type)) << "it lives";
        ASSERT_EQ(0, kt_send(owner, 1, 0));
        ASSERT_EQ(0, kith_wait(owner, nullptr, kt_long()));

        EXPECT_EQ(KITH_ECLOSED, kith_socket_getopt_int(s, KITH_OPT_OTP_TYPE, &type));
        EXPECT_EQ(KITH_ECLOSED, recvmsg_one(s));
        EXPECT_EQ(KITH_ECLOSED, kith_socket_close(s));
    });
}

/* ---- closed here: the owner waits in one call, three strangers in others ---- */

TEST_P(ConformCloseStream, EveryRecvIsEclosed)
{
    by_process_and_thread([] {
        const kt_ends e(GetParam());
        kt_callers others(callers, "socket_recv", [&] { return recv_one(e.far); });
        kith_future own;
        char c;

        ASSERT_EQ(0, kith_socket_recv_start(e.far, &c, 1, 0, KITH_INFINITY, &own));
        kt_close(e.far);
        EXPECT_EQ(KITH_ECLOSED, kith_await(own, kt_long()));
        EXPECT_EQ(kt_answers(callers, KITH_ECLOSED), others.answers());
        EXPECT_EQ(KITH_ECLOSED, recv_one(e.far)) << "and the next";
        kt_close(e.near);
    });
}

TEST_P(ConformCloseDgram, EveryRecvfromIsEclosed)
{
    by_process_and_thread([] {
        const kt_ends e(GetParam());
        kt_callers others(callers, "socket_recvfrom", [&] { return recvfrom_one(e.far); });
        kith_sockaddr from;
        kith_future own;
        char c;

        ASSERT_EQ(0,
                  kith_socket_recvfrom_start(e.far, &c, 1, &from, 0, KITH_INFINITY, &own));
        kt_close(e.far);
        EXPECT_EQ(KITH_ECLOSED, kith_await(own, kt_long()));
        EXPECT_EQ(kt_answers(callers, KITH_ECLOSED), others.answers());
        EXPECT_EQ(KITH_ECLOSED, recvfrom_one(e.far)) << "and the next";
        kt_close(e.near);
    });
}

TEST_P(ConformClose, EveryRecvmsgIsEclosed)
{
    by_process_and_thread([] {
        const kt_ends e(GetParam());
        kt_callers others(callers, "socket_recvmsg", [&] { return recvmsg_one(e.far); });
        char c;
        kt_piece r(&c, 1);
        kith_future own;

        ASSERT_EQ(0, kith_socket_recvmsg_start(e.far, &r.p, 0, KITH_INFINITY, &own));
        kt_close(e.far);
        EXPECT_EQ(KITH_ECLOSED, kith_await(own, kt_long()));
        EXPECT_EQ(kt_answers(callers, KITH_ECLOSED), others.answers());
        EXPECT_EQ(KITH_ECLOSED, recvmsg_one(e.far)) << "and the next";
        kt_close(e.near);
    });
}

TEST_P(ConformCloseStream, EveryAcceptIsEclosed)
{
    by_process_and_thread([] {
        const kt_place at(GetParam().domain);
        const kith_socket l = kt_listen(at);
        kt_callers others(callers, "socket_accept", [&] { return accept_one(l); });
        kith_socket c;

        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_accept(l, soon, &c));
        EXPECT_TRUE(others.wait_still("socket_accept"));
        kt_close(l);
        EXPECT_EQ(kt_answers(callers, KITH_ECLOSED), others.answers());
    });
}

/* ---- closed by the peer: what Erlang calls closed is the end, 0 ---- */

TEST_P(ConformCloseStream, ThePeersCloseEndsEveryRecv)
{
    by_process_and_thread([] {
        const kt_ends e(GetParam());
        kt_callers others(callers, "socket_recv", [&] { return recv_one(e.far); });

        kt_close(e.near);
        EXPECT_EQ(kt_answers(callers, 0), others.answers());
        EXPECT_EQ(0, recv_one(e.far)) << "and the next";
        kt_close(e.far);
    });
}

TEST_P(ConformCloseStream, ThePeersCloseEndsEveryRecvmsg)
{
    by_process_and_thread([] {
        const kt_ends e(GetParam());
        kt_callers others(callers, "socket_recvmsg", [&] { return recvmsg_one(e.far); });

        kt_close(e.near);
        EXPECT_EQ(kt_answers(callers, 0), others.answers());
        EXPECT_EQ(0, recvmsg_one(e.far)) << "and the next";
        kt_close(e.far);
    });
}

TEST_P(ConformCloseStream, WhatWasSentBeforeAShutdownIsReceivedThenTheEnd)
{
    by_process_and_thread([] {
        const kt_ends e(GetParam());
        char buf[5];

        ASSERT_EQ(5, e.send("hello", 5));
        ASSERT_EQ(0, kith_socket_shutdown(e.near, KITH_SHUT_WRITE));
        EXPECT_EQ(5, kith_socket_recv(e.far, buf, 5, KITH_MSG_WAITALL, kt_long()));
        EXPECT_EQ(0, std::memcmp(buf, "hello", 5));
        EXPECT_EQ(0, kith_socket_recv(e.far, buf, 5, 0, kt_long()));
        EXPECT_EQ(KITH_EOF, kith_socket_recv(e.far, buf, 5, KITH_MSG_WAITALL, kt_long()));
        EXPECT_EQ(1, kith_socket_send(e.far, "x", 1, 0, kt_long())) << "one direction only";
        e.close();
    });
}

TEST_P(ConformCloseStream, WhatWasSentBeforeAShutdownComesByRecvmsgThenTheEnd)
{
    by_process_and_thread([] {
        const kt_ends e(GetParam());
        char buf[5];
        kt_piece r(buf, 5);

        ASSERT_EQ(5, e.sendmsg("hello", 5));
        ASSERT_EQ(0, kith_socket_shutdown(e.near, KITH_SHUT_WRITE));
        EXPECT_EQ(5, kith_socket_recvmsg(e.far, &r.p, KITH_MSG_WAITALL, kt_long()));
        EXPECT_EQ(0, std::memcmp(buf, "hello", 5));
        EXPECT_EQ(0, kith_socket_recvmsg(e.far, &r.p, 0, kt_long()));
        EXPECT_EQ(0, recvmsg_one(e.far)) << "and again";
        e.close();
    });
}

}    // namespace
