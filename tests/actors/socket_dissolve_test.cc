/* SPDX-License-Identifier: Apache-2.0
 * socket_dissolve_test.cc -- a connect to no domain parts a socket from its peer. */
#include "tests/support/netns.h"
#include "tests/support/sockets.h"

#include <cstring>
#include <string>

namespace
{

const kith_sockaddr nobody = kith_sockaddr_any(KITH_UNSPEC, 0);

kith_socket
bound_to(const kith_sockaddr &a)
{
    kith_socket s = {0};

    EXPECT_EQ(0, kith_socket_open(a.domain, KITH_DGRAM, 0, nullptr, &s));
    if (a.domain != KITH_LOCAL) {
        EXPECT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_SOCKET_REUSEADDR, 1));
    }
    EXPECT_EQ(0, kith_socket_bind(s, &a));
    return s;
}

/* To a port that was asked for: one that the system picked goes with the peer. */
kith_socket
bound(const kt_place &at)
{
    const kith_socket first = bound_to(at.address());

    if (at.domain() == KITH_LOCAL)
        return first;
    const kith_socket s = bound_to(kt_name_of(first));
    kt_close(first);
    return s;
}

void
connect(kith_socket s, const kith_sockaddr &a)
{
    EXPECT_EQ(0, kith_socket_connect(s, &a, kt_long()));
}

int
peer_of(kith_socket s)
{
    kith_sockaddr a;

    return kith_socket_peername(s, &a);
}

bool
says_connected(kith_socket s)
{
    struct kith_socket_info info = KITH_SOCKET_INFO_INIT;

    EXPECT_EQ(0, kith_socket_info(s, &info));
    return (info.state & KITH_STATE_CONNECTED) != 0;
}

/* Sends a byte without an address; it comes to `to`, from `from`. */
void
goes(kith_socket s, kith_socket to, const kith_sockaddr &from)
{
    kith_sockaddr a = {};
    char byte = 0;

    EXPECT_EQ(1, kith_socket_send(s, "x", 1, 0, kt_long()));
    EXPECT_EQ(1, kith_socket_recvfrom(to, &byte, 1, &a, 0, kt_long()));
    EXPECT_EQ(kt_text(from), kt_text(a));
}

class SocketDissolve : public kt_sockets, public testing::WithParamInterface<kt_domain> {};
using SocketDissolveStream = kt_inets<>;
using SocketDissolveAny = kt_inets<>;

INSTANTIATE_TEST_SUITE_P(, SocketDissolve, testing::ValuesIn(kt_all_domains),
                         kt_domain_of_test);
KT_INETS(SocketDissolveStream);
KT_INETS(SocketDissolveAny);

TEST_P(SocketDissolve, ADatagramSocketHasNoPeerThen)
{
    by_process_and_thread([] {
        const kt_place near_at(GetParam()), far_at(GetParam()), other_at(GetParam());
        const kith_socket near = bound(near_at), far = bound(far_at),
                          other = bound(other_at);
        const kith_sockaddr name = kt_name_of(near);
        char byte;

        connect(near, kt_name_of(far));
        EXPECT_EQ(0, peer_of(near));
        EXPECT_TRUE(says_connected(near));
        goes(near, far, name);

        connect(near, nobody);
        EXPECT_EQ(KITH_ENOTCONN, peer_of(near));
        EXPECT_FALSE(says_connected(near));
        EXPECT_EQ(kt_text(name), kt_text(kt_name_of(near))) << "what it was bound to stays";
        const std::ptrdiff_t n = kith_socket_send(near, "x", 1, 0, kt_long());
        EXPECT_TRUE(n == KITH_EDESTADDRREQ || n == KITH_ENOTCONN) << n;
        ASSERT_EQ(1, kith_socket_sendto(other, "x", 1, &name, 0, kt_long()));
        EXPECT_EQ(1, kith_socket_recv(near, &byte, 1, 0, kt_long())) << "from everybody";

        connect(near, kt_name_of(other));
        goes(near, other, name);
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(far, &byte, 1, 0, 0));
        connect(near, nobody);
        connect(near, nobody); /* which changes nothing */
        EXPECT_EQ(KITH_ENOTCONN, peer_of(near));
        for (kith_socket s : {near, far, other})
            kt_close(s);
    });
}

TEST_P(SocketDissolve, AFutureDoesItToo)
{
    by_process_and_thread([] {
        const kt_place near_at(GetParam()), far_at(GetParam());
        const kith_socket near = bound(near_at), far = bound(far_at);
        kith_future f;

        connect(near, kt_name_of(far));
        ASSERT_EQ(0, kith_socket_connect_start(near, &nobody, kt_long(), &f));
        EXPECT_EQ(0, kith_await(f, kt_long()));
        EXPECT_EQ(KITH_ENOTCONN, peer_of(near));
        kt_close(near);
        kt_close(far);
    });
}

TEST_P(SocketDissolveAny, APortThatWasPickedIsGivenUp)
{
    by_process_and_thread([] {
        const kt_place far_at;
        const kith_socket far = bound(far_at), near = bound_to(far_at.address());

        connect(near, kt_name_of(far));
        connect(near, nobody);
        EXPECT_EQ(kt_text(kt_loopback()), kt_text(kt_name_of(near)));
        kt_close(near);
        kt_close(far);
    });
}

/* Without it Linux keeps the address that the first route had: here the loopback's, from which
 * no way leads out. */
TEST_P(SocketDissolveAny, ANewPeerIsSpokenToFromItsOwnSide)
{
    KT_NEEDS_NETNS();
    const kt_netns here, there;

    kt_cable(here, there);
    by_process_and_thread([&] {
        const kith_socket near = here.open(kt_inet(), KITH_DGRAM);
        const kith_socket home = here.open(kt_inet(), KITH_DGRAM);
        const kith_socket far = there.open(kt_inet(), KITH_DGRAM);
        const kith_sockaddr loopback = kt_loopback();
        const kith_sockaddr at = kt_at_cable(kt_inet(), 2);
        kith_sockaddr from = {};
        char byte = 0;

        ASSERT_EQ(0, kith_socket_bind(home, &loopback));
        ASSERT_EQ(0, kith_socket_bind(far, &at));
        connect(near, kt_name_of(home));
        const kith_sockaddr first = kt_name_of(near);
        EXPECT_EQ(kt_text(kt_loopback(kith_sockaddr_port(&first))), kt_text(first));
        goes(near, home, first);

        connect(near, nobody);
        connect(near, kt_name_of(far));
        const kith_sockaddr second = kt_name_of(near);
        EXPECT_EQ(kt_text(kt_at_cable(kt_inet(), 1, kith_sockaddr_port(&second))),
                  kt_text(second));
        ASSERT_EQ(1, kith_socket_send(near, "x", 1, 0, kt_long()));
        ASSERT_EQ(1, kith_socket_recvfrom(far, &byte, 1, &from, 0, kt_long()));
        EXPECT_EQ(kt_text(second), kt_text(from));
        for (kith_socket s : {near, home, far})
            kt_close(s);
    });
}

TEST_P(SocketDissolveStream, AConnectionIsResetAndTheSocketIsAsNew)
{
    by_process_and_thread([] {
        const kt_place at(GetParam());
        const kith_socket l = kt_listen(at);
        const kith_sockaddr name = kt_name_of(l);
        const kt_pair c = kt_connect(l);
        kith_socket again;
        kith_future f;
        char byte = 0, mine = 0;

        EXPECT_EQ(KITH_EISCONN, kith_socket_connect(c.near, &name, kt_long()));
        ASSERT_EQ(0, kith_socket_recv_start(c.near, &mine, 1, 0, KITH_INFINITY, &f));
        connect(c.near, nobody);
        EXPECT_EQ(KITH_ENOTCONN, peer_of(c.near));
        EXPECT_FALSE(says_connected(c.near));
        EXPECT_EQ(KITH_ECONNRESET, kith_socket_recv(c.far, &byte, 1, 0, kt_long()));
        EXPECT_GT(0, kith_await(f, kt_long())) << "who waits for bytes is told";

        connect(c.near, name);
        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &again));
        for (int i = 0; i < 3; i++) {
            ASSERT_EQ(1, kith_socket_send(again, "x", 1, 0, kt_long()));
            ASSERT_EQ(1, kith_socket_recv(c.near, &byte, 1, 0, kt_long()));
            ASSERT_EQ(1, kith_socket_send(c.near, "y", 1, 0, kt_long()));
            ASSERT_EQ(1, kith_socket_recv(again, &byte, 1, 0, kt_long()));
        }
        kt_close(again);
        EXPECT_EQ(0, kith_socket_recv(c.near, &byte, 1, 0, kt_long()));
        kt_close(c);
        kt_close(l);
    });
}

/* An attempt that has timed out goes on in the kernel, until it is told to stop. */
TEST_P(SocketDissolveAny, AnAttemptIsGivenUp)
{
    KT_NEEDS_NETNS();
    const kt_netns here, there;

    kt_cable(here, there);
    by_process_and_thread([&] {
        const kith_socket s = here.open(kt_inet(), KITH_STREAM);
        const kith_socket l = here.open(kt_inet(), KITH_STREAM);
        const kith_sockaddr loopback = kt_loopback();
        /* Nobody has this address, so that nobody says no. */
        const kith_sockaddr silent = kt_at_cable(kt_inet(), 77, 1);
        kith_socket far;

        ASSERT_EQ(0, kith_socket_bind(l, &loopback));
        ASSERT_EQ(0, kith_socket_listen(l, 0));
        ASSERT_EQ(KITH_ETIMEOUT, kith_socket_connect(s, &silent, 1));
        EXPECT_EQ(0, kith_socket_connect(s, &nobody, 0)) << "it waits for nothing";
        connect(s, kt_name_of(l));
        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &far));
        ASSERT_EQ(1, kith_socket_send(far, "x", 1, 0, kt_long()));
        char byte = 0;
        EXPECT_EQ(1, kith_socket_recv(s, &byte, 1, 0, kt_long()));
        for (kith_socket each : {s, l, far})
            kt_close(each);
    });
}

TEST_P(SocketDissolveAny, WhoseConnectWaitsIsLeftAlone)
{
    KT_NEEDS_NETNS();
    const kt_netns here, there;

    kt_cable(here, there);
    by_process_and_thread([&] {
        const kith_socket s = here.open(kt_inet(), KITH_STREAM);
        const kith_sockaddr silent = kt_at_cable(kt_inet(), 77, 1);
        kith_future f;

        ASSERT_EQ(0, kith_socket_connect_start(s, &silent, KITH_INFINITY, &f));
        EXPECT_EQ(KITH_ETIMEOUT, kith_await_any(&f, 1, 0));
        EXPECT_EQ(KITH_EALREADY, kith_socket_connect(s, &nobody, kt_long()));
        EXPECT_EQ(0, kith_cancel(f));
        EXPECT_EQ(0, kith_socket_connect(s, &nobody, 0));
        kt_close(s);
    });
}

/* A send has found no room, and what would make room may never come. */
TEST_F(SocketDissolveAny, AFullLocalOneIsPartedAtOnce)
{
    by_process_and_thread([] {
        for (const kt_domain d : {kt_domain::path, kt_domain::abstract}) {
            const kt_place near_at(d), far_at(d);
            const kith_socket near = bound(near_at), far = bound(far_at);

            connect(near, kt_name_of(far));
            EXPECT_LT(0u, kt_fill(near));
            EXPECT_EQ(0, kith_socket_connect(near, &nobody, 0));
            EXPECT_EQ(KITH_ENOTCONN, peer_of(near));
            kt_close(near);
            kt_close(far);
        }
    });
}

TEST_P(SocketDissolveStream, AFullOneIsPartedAtOnce)
{
    by_process_and_thread([] {
        const kt_pair c = kt_pair_of(GetParam());

        EXPECT_LT(0u, kt_fill(c.near));
        EXPECT_EQ(0, kith_socket_connect(c.near, &nobody, 0));
        EXPECT_EQ(KITH_ENOTCONN, peer_of(c.near));
        kt_close(c);
    });
}

TEST_F(SocketDissolveAny, LocalStreamsKeepTheirPeer)
{
    by_process_and_thread([] {
        const kt_pair c = kt_pair_of(kt_domain::path);

        EXPECT_EQ(KITH_EINVAL, kith_socket_connect(c.near, &nobody, kt_long()));
        EXPECT_EQ(0, peer_of(c.near));
        kt_close(c);
    });
}

}    // namespace
