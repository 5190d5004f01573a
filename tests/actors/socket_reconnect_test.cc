/* SPDX-License-Identifier: Apache-2.0
 * socket_reconnect_test.cc -- a socket whose attempt to connect has failed is as good as new. */
#include "tests/support/netns.h"
#include "tests/support/sockets.h"

#include "core/poll.h"
#include "core/sched.h"

namespace
{

using SocketReconnect = kt_inets<>;

KT_INETS(SocketReconnect);

/* What the poller says of an attempt that has failed, and it may say so when another has begun. */
enum { LATE = KI_READY_OUT | KI_READY_IN | KI_READY_ERR | KI_READY_HUP | KI_READY_RDHUP };

/* A host of the test's own, where a port is free until we listen at it. */
struct Host {
    const kt_netns n;
    const kith_sockaddr at;
    const kith_socket s;
    kith_socket l = {0}, far = {0};

    Host() : at(kith_sockaddr_loopback(kt_inet(), 7000)), s(n.open(kt_inet(), KITH_STREAM))
    {
    }

    void listen()
    {
        l = n.open(at.domain, KITH_STREAM);
        ASSERT_EQ(0, kith_socket_bind(l, &at));
        ASSERT_EQ(0, kith_socket_listen(l, 0));
    }

    unsigned state() const
    {
        struct kith_socket_info info = KITH_SOCKET_INFO_INIT;

        EXPECT_EQ(0, kith_socket_info(s, &info));
        return info.state;
    }

    /* Connected, and nothing of what was before is to be seen. */
    void works()
    {
        char byte = 0;

        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &far));
        ki_sched.on_event(nullptr, s.id, LATE);
        EXPECT_EQ(unsigned{KITH_STATE_CONNECTED}, state());
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(s, &byte, 1, KITH_MSG_OOB, 0))
            << "urgent data may still come";
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(s, &byte, 1, 0, 0));
        for (int i = 0; i < 3; i++) {
            ASSERT_EQ(1, kith_socket_send(far, "x", 1, 0, kt_long()));
            ASSERT_EQ(1, kith_socket_recv(s, &byte, 1, 0, kt_long()));
            ASSERT_EQ(1, kith_socket_send(s, "y", 1, 0, kt_long()));
            ASSERT_EQ(1, kith_socket_recv(far, &byte, 1, 0, kt_long()));
        }
        kt_close(far);
        EXPECT_EQ(0, kith_socket_recv(s, &byte, 1, 0, kt_long()));
        EXPECT_TRUE(state() & KITH_STATE_ENDED);
    }

    void close()
    {
        kt_close(s);
        kt_close(l);
    }
};

TEST_P(SocketReconnect, ARefusedOneTriesAgain)
{
    by_process_and_thread([] {
        Host h;

        for (int i = 0; i < 3; i++)
            EXPECT_EQ(KITH_ECONNREFUSED, kith_socket_connect(h.s, &h.at, kt_long())) << i;
        EXPECT_EQ(0u, h.state());
        h.listen();
        EXPECT_EQ(0, kith_socket_connect(h.s, &h.at, kt_long()));
        h.works();
        h.close();
    });
}

TEST_P(SocketReconnect, ARefusedOneTriesAgainByFutures)
{
    by_process_and_thread([] {
        Host h;
        kith_future f;

        for (int i = 0; i < 3; i++) {
            ASSERT_EQ(0, kith_socket_connect_start(h.s, &h.at, kt_long(), &f));
            EXPECT_EQ(KITH_ECONNREFUSED, kith_await(f, kt_long())) << i;
        }
        h.listen();
        ASSERT_EQ(0, kith_socket_connect_start(h.s, &h.at, kt_long(), &f));
        EXPECT_EQ(0, kith_await(f, kt_long()));
        h.works();
        h.close();
    });
}

/* Whoever reads the option takes the error; the attempt has failed all the same. */
TEST_P(SocketReconnect, OneWhoseErrorAnotherHasTakenTriesAgain)
{
    by_process_and_thread([] {
        Host h;
        int error = 0;

        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_connect(h.s, &h.at, 0));
        EXPECT_TRUE(kt_eventually([&] {
            EXPECT_EQ(0, kith_socket_getopt_int(h.s, KITH_OPT_SOCKET_ERROR, &error));
            return error != 0;
        }));
        EXPECT_EQ(KITH_ECONNREFUSED, error);
        EXPECT_EQ(KITH_ECONNABORTED, kith_socket_connect(h.s, &h.at, kt_long()));
        h.listen();
        EXPECT_EQ(0, kith_socket_connect(h.s, &h.at, kt_long()));
        h.works();
        h.close();
    });
}

TEST_P(SocketReconnect, ByNowaitToo)
{
    by_process_and_thread([] {
        Host h;
        const kith_msg *m;
        int rc = kith_socket_connect(h.s, &h.at, KITH_NOWAIT);

        EXPECT_EQ(KITH_ESELECT, rc);
        ASSERT_EQ(0, kith_receive(&m, kt_long()));
        EXPECT_EQ(KITH_ECONNREFUSED, kith_socket_connect(h.s, &h.at, KITH_NOWAIT));
        h.listen();
        rc = kith_socket_connect(h.s, &h.at, KITH_NOWAIT);
        EXPECT_EQ(KITH_ESELECT, rc);
        ASSERT_EQ(0, kith_receive(&m, kt_long()));
        EXPECT_EQ(0, kith_socket_connect(h.s, &h.at, KITH_NOWAIT));
        h.works();
        h.close();
    });
}

/* A fresh one has hung up, the system says. */
TEST_P(SocketReconnect, OneThatWasReadBeforeItConnects)
{
    by_process_and_thread([] {
        Host h;
        char byte;

        kt_ignore(kith_socket_recv(h.s, &byte, 1, KITH_MSG_OOB, 0));
        kt_ignore(kith_socket_recv(h.s, &byte, 1, KITH_MSG_ERRQUEUE, 0));
        h.listen();
        EXPECT_EQ(0, kith_socket_connect(h.s, &h.at, kt_long()));
        h.works();
        h.close();
    });
}

TEST_P(SocketReconnect, OneThatWasPartedTriesAgainAndAgain)
{
    by_process_and_thread([] {
        const kith_sockaddr nobody = kith_sockaddr_any(KITH_UNSPEC, 0);
        Host h;
        kith_socket far;
        char byte;

        h.listen();
        for (std::size_t i = 0; i < kt_scale(1000); i++) {
            ASSERT_EQ(0, kith_socket_connect(h.s, &h.at, kt_long()));
            ASSERT_EQ(0, kith_socket_accept(h.l, kt_long(), &far));
            ASSERT_EQ(unsigned{KITH_STATE_CONNECTED}, h.state());
            ASSERT_EQ(KITH_ETIMEOUT, kith_socket_recv(h.s, &byte, 1, KITH_MSG_OOB, 0));
            ASSERT_EQ(0, kith_socket_connect(h.s, &nobody, kt_long()));
            kt_close(far);
        }
        ASSERT_EQ(0, kith_socket_connect(h.s, &h.at, kt_long()));
        h.works();
        h.close();
    });
}

}    // namespace
