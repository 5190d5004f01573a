/* SPDX-License-Identifier: Apache-2.0
 * socket_future_test.cc -- operations that go on while their starter does something else. */
#include "tests/support/idle.h"
#include "tests/support/sockets.h"

#include <cstring>
#include <vector>

namespace
{

using SocketFuture = kt_inets<>;

KT_INETS(SocketFuture);

char byte;    // for what is never written to, or by nobody else meanwhile

TEST_P(SocketFuture, EachCallHasAStartWhoseAwaitAnswersTheSame)
{
    by_process_and_thread([] {
        const kith_socket l = kt_listen_here(), s = kt_open();
        const kith_sockaddr at = kt_name_of(l);
        kith_future accept, connect, recv, send;
        kith_socket c = {0};
        char buf[4];

        ASSERT_EQ(0, kith_socket_accept_start(l, KITH_INFINITY, &accept));
        ASSERT_EQ(0, kith_socket_connect_start(s, &at, KITH_INFINITY, &connect));
        EXPECT_EQ(0, kith_await(connect, kt_long()));
        EXPECT_EQ(0, kith_await_socket(accept, kt_long(), &c));
        EXPECT_EQ(kith_self(), kt_owner(c));
        ASSERT_EQ(0, kith_socket_recv_start(c, buf, 4, KITH_MSG_WAITALL, kt_long(), &recv));
        ASSERT_EQ(0, kith_socket_send_start(s, "abcd", 4, 0, kt_long(), &send));
        EXPECT_EQ(4, kith_await(send, KITH_INFINITY));
        EXPECT_EQ(4, kith_await(recv, KITH_INFINITY));
        EXPECT_EQ(0, std::memcmp(buf, "abcd", 4));
        kt_close(c);
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SocketFuture, ItsOwnTimeoutEndsIt)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        char buf[4];
        kith_future f;

        for (const kith_ms ms : {0, 1, 10}) {
            ASSERT_EQ(0, kith_socket_recv_start(p.far, buf, 4, 0, ms, &f));
            EXPECT_EQ(KITH_ETIMEOUT, kith_await(f, KITH_INFINITY));
        }
        ASSERT_EQ(2, kith_socket_send(p.near, "ab", 2, 0, KITH_INFINITY));
        std::size_t went = 0;
        for (int i = 0; i < 50 && went == 0;
             i++) { /* a busy machine comes to it too late */
            ASSERT_EQ(0, kith_socket_recv_start(p.far, buf, 4, KITH_MSG_WAITALL,
                                                kt_patience(20), &f));
            EXPECT_EQ(KITH_ETIMEOUT, kith_await(f, KITH_INFINITY));
            went = kith_partial();
        }
        EXPECT_EQ(2u, went);
        kt_close(p);
    });
}

TEST_P(SocketFuture, TheAwaitsTimeoutCancels)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        kith_future f;

        for (const kith_ms ms : {0, 1, 10}) {
            char c = 'o';

            ASSERT_EQ(0, kith_socket_recv_start(p.far, &c, 1, 0, KITH_INFINITY, &f));
            EXPECT_EQ(KITH_ETIMEOUT, kith_await(f, ms));
            EXPECT_EQ(KITH_ECLOSED, kith_await(f, ms)) << "it has ended";
            ASSERT_EQ(1, kith_socket_send(p.near, "n", 1, 0, KITH_INFINITY));
            EXPECT_EQ(1, kith_socket_recv(p.far, &byte, 1, 0, KITH_INFINITY));
            EXPECT_EQ('o', c) << "the buffer was not the operation's any more";
        }
        kt_close(p);
    });
}

TEST_P(SocketFuture, ACancelledOneHasEndedAndLosesNoByte)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        kith_future f;
        char buf[8];

        ASSERT_EQ(2, kith_socket_send(p.near, "ab", 2, 0, KITH_INFINITY));
        ASSERT_EQ(0, kith_socket_recv_start(p.far, buf, 8, KITH_MSG_WAITALL, KITH_INFINITY,
                                            &f));
        ASSERT_TRUE(kt_eventually(
            [&] { return kith_socket_recv(p.near, buf, 1, 0, 0) == KITH_ETIMEOUT; }));
        ASSERT_EQ(KITH_ETIMEOUT, kith_await_any(&f, 1, kt_patience(20)));
        EXPECT_EQ(0, kith_cancel(f));
        EXPECT_EQ(2u, kith_partial());
        EXPECT_EQ(KITH_ECLOSED, kith_cancel(f));
        EXPECT_EQ(KITH_ECLOSED, kith_await(f, 0));
        EXPECT_EQ(0, kith_await_any(&f, 1, 0)) << "what has ended counts as done";
        kith_future_to_mailbox(f);
        kt_expect_no_message();
        kt_close(p);
    });
}

TEST_P(SocketFuture, ACancelThatComesTooLateLeavesTheResultToTheAwait)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        kith_future f;
        char c = 0;

        ASSERT_EQ(1, kith_socket_send(p.near, "x", 1, 0, KITH_INFINITY));
        ASSERT_EQ(0, kith_socket_recv_start(p.far, &c, 1, 0, KITH_INFINITY, &f));
        ASSERT_EQ(0, kith_await_any(&f, 1, kt_long()));

        EXPECT_EQ(KITH_EALREADY, kith_cancel(f));
        EXPECT_EQ('x', c);
        EXPECT_EQ(1, kith_await(f, 0));
        EXPECT_EQ(KITH_ECLOSED, kith_cancel(f));
        kt_close(p);
    });
}

TEST_P(SocketFuture, OfZeroIsNoneAndAnothersIsNotOurs)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();
        kith_future f;
        kith_socket s;

        EXPECT_EQ(KITH_EBADF, kith_await(kith_future{0}, 0));
        EXPECT_EQ(KITH_EBADF, kith_await_socket(kith_future{0}, 0, &s));
        EXPECT_EQ(KITH_EBADF, kith_cancel(kith_future{0}));
        const kith_future none = {0};
        const kith_msg *m;
        EXPECT_EQ(KITH_EBADF, kith_await_any(&none, 1, 0));
        EXPECT_EQ(KITH_EINVAL, kith_await_any(nullptr, 1, 0));
        EXPECT_EQ(KITH_EBADF, kith_receive_any(&m, &none, 1, 0));
        ASSERT_EQ(0, kith_socket_recv_start(p.far, &byte, 1, 0, KITH_INFINITY, &f));
        const kith_pid other = spawn([f] {
            kith_socket c;

            EXPECT_EQ(KITH_EPERM, kith_await(f, 0));
            EXPECT_EQ(KITH_EPERM, kith_await_socket(f, 0, &c));
            EXPECT_EQ(KITH_EPERM, kith_cancel(f));
            EXPECT_EQ(KITH_EPERM, kith_await_any(&f, 1, 0));
            kith_future_to_mailbox(f);
        });
        EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
        EXPECT_EQ(0, kith_cancel(f)) << "it was left alone";
        kt_close(p);
    });
}

TEST_P(SocketFuture, AnAcceptIsAwaitedBySocketAndNothingElseIs)
{
    by_process_and_thread([] {
        const kith_socket l = kt_listen_here();
        const kt_pair p = kt_pair_of();
        kith_future accept, recv;
        kith_socket c;

        ASSERT_EQ(0, kith_socket_accept_start(l, KITH_INFINITY, &accept));
        ASSERT_EQ(0, kith_socket_recv_start(p.far, &byte, 1, 0, KITH_INFINITY, &recv));

        EXPECT_EQ(KITH_EINVAL, kith_await(accept, 0));
        EXPECT_EQ(KITH_EINVAL, kith_await_socket(recv, 0, &c));
        EXPECT_EQ(KITH_ETIMEOUT, kith_await_socket(accept, 0, &c));
        EXPECT_EQ(KITH_ETIMEOUT, kith_await(recv, 0));
        kt_close(p);
        kt_close(l);
    });
}

TEST_P(SocketFuture, AwaitAnyNamesTheLowestThatIsDoneAndEndsNone)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(), q = kt_pair_of(), r = kt_pair_of();
        kith_future f[3];
        char c[3];

        ASSERT_EQ(0, kith_socket_recv_start(p.far, &c[0], 1, 0, KITH_INFINITY, &f[0]));
        ASSERT_EQ(0, kith_socket_recv_start(q.far, &c[1], 1, 0, KITH_INFINITY, &f[1]));
        ASSERT_EQ(0, kith_socket_recv_start(r.far, &c[2], 1, 0, KITH_INFINITY, &f[2]));
        EXPECT_EQ(KITH_ETIMEOUT, kith_await_any(f, 3, 0));
        EXPECT_EQ(KITH_ETIMEOUT, kith_await_any(f, 3, 1));
        EXPECT_EQ(KITH_EINVAL, kith_await_any(f, 0, 0));
        ASSERT_EQ(1, kith_socket_send(r.near, "r", 1, 0, KITH_INFINITY));
        EXPECT_EQ(2, kith_await_any(f, 3, kt_long()));
        EXPECT_EQ(2, kith_await_any(f, 3, kt_long()));
        ASSERT_EQ(1, kith_socket_send(q.near, "q", 1, 0, KITH_INFINITY));
        EXPECT_EQ(0, kith_await_any(&f[1], 1, kt_long()));
        EXPECT_EQ(1, kith_await_any(f, 3, kt_long()));

        EXPECT_EQ(1, kith_await(f[2], 0));
        EXPECT_EQ(1, kith_await(f[1], 0));
        EXPECT_EQ(0, kith_cancel(f[0]));
        kt_close(p);
        kt_close(q);
        kt_close(r);
    });
}

TEST_P(SocketFuture, ReceiveAnyWaitsForMessagesAndFutures)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        const kith_msg *m;
        kith_future f;

        ASSERT_EQ(0, kith_socket_recv_start(p.far, &byte, 1, 0, KITH_INFINITY, &f));
        EXPECT_EQ(KITH_ETIMEOUT, kith_receive_any(&m, &f, 1, 1));
        ASSERT_EQ(0, kt_send(kith_self(), 7, 42));
        EXPECT_EQ(1, kith_receive_any(&m, &f, 1, kt_long()));
        EXPECT_EQ(7u, m->tag);
        ASSERT_EQ(1, kith_socket_send(p.near, "x", 1, 0, KITH_INFINITY));
        EXPECT_EQ(0, kith_receive_any(&m, &f, 1, kt_long()));
        EXPECT_EQ(1, kith_await(f, 0));
        kt_close(p);
    });
}

TEST_P(SocketFuture, ToTheMailboxItComesAsOneMessageBeforeOrAfter)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        const kith_socket l = kt_listen_here(), s = kt_open();
        const kith_sockaddr at = kt_name_of(l);
        kith_future before, after, accept;
        char c[2];

        ASSERT_EQ(0, kith_socket_recv_start(p.far, &c[0], 1, 0, KITH_INFINITY, &before));
        kith_future_to_mailbox(before);
        EXPECT_EQ(KITH_ECLOSED, kith_await(before, 0)) << "the message will end it";
        ASSERT_EQ(1, kith_socket_send(p.near, "x", 1, 0, KITH_INFINITY));
        const kith_msg *m = kt_receive();
        ASSERT_NE(nullptr, m);
        EXPECT_EQ(KITH_TAG_FUTURE, m->tag);
        const kith_done *d = KITH_BODY(m, kith_done);
        ASSERT_NE(nullptr, d);
        EXPECT_EQ(before.id, d->future.id);
        EXPECT_EQ(1, d->result);

        ASSERT_EQ(0, kith_socket_recv_start(p.far, &c[1], 1, 0, KITH_INFINITY, &after));
        ASSERT_EQ(1, kith_socket_send(p.near, "y", 1, 0, KITH_INFINITY));
        ASSERT_EQ(0, kith_await_any(&after, 1, kt_long()));
        kith_future_to_mailbox(after);
        ASSERT_NE(nullptr, m = kt_receive());
        ASSERT_NE(nullptr, d = KITH_BODY(m, kith_done));
        EXPECT_EQ(after.id, d->future.id);

        ASSERT_EQ(0, kith_socket_accept_start(l, KITH_INFINITY, &accept));
        kith_future_to_mailbox(accept);
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        ASSERT_NE(nullptr, m = kt_receive());
        ASSERT_NE(nullptr, d = KITH_BODY(m, kith_done));
        EXPECT_EQ(0, d->result);
        EXPECT_EQ(kith_self(), kt_owner(d->socket));
        kt_close(d->socket);
        kt_expect_no_message();
        kt_close(s);
        kt_close(l);
        kt_close(p);
    });
}

TEST_P(SocketFuture, AClosedSocketEndsItWithEclosed)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        kith_future f[10], to_mailbox;
        char c[11];

        for (int i = 0; i < 10; i++)
            ASSERT_EQ(0, kith_socket_recv_start(p.far, &c[i], 1, 0, KITH_INFINITY, &f[i]));
        ASSERT_EQ(0,
                  kith_socket_recv_start(p.far, &c[10], 1, 0, KITH_INFINITY, &to_mailbox));
        kith_future_to_mailbox(to_mailbox);
        kt_close(p.far);

        for (const kith_future &one : f)
            EXPECT_EQ(KITH_ECLOSED, kith_await(one, kt_long()));
        const kith_msg *m = kt_receive();
        ASSERT_NE(nullptr, m);
        ASSERT_EQ(KITH_TAG_FUTURE, m->tag);
        EXPECT_EQ(KITH_ECLOSED, KITH_BODY(m, kith_done)->result);
        kt_close(p.near);
    });
}

TEST_P(SocketFuture, ACancelledAcceptLeavesTheConnectionToTheNext)
{
    by_process_and_thread([] {
        const kith_socket l = kt_listen_here(), s = kt_open();
        const kith_sockaddr at = kt_name_of(l);
        kith_future f;
        kith_socket c;

        ASSERT_EQ(0, kith_socket_accept_start(l, KITH_INFINITY, &f));
        EXPECT_EQ(0, kith_cancel(f));
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        EXPECT_EQ(0, kith_socket_accept(l, kt_long(), &c));
        kt_close(c);
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SocketFuture, AConnectionThatNobodyTookIsClosedWithItsStarter)
{
    const kith_socket l = kt_listen_here(), s = kt_open();
    const kith_sockaddr at = kt_name_of(l);

    in_process([=] {
        kith_future f;

        ASSERT_EQ(0, kith_socket_accept_start(l, KITH_INFINITY, &f));
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        ASSERT_EQ(0, kith_await_any(&f, 1, kt_long()));
    });

    const std::ptrdiff_t n = kith_socket_recv(s, &byte, 1, 0, kt_long());
    EXPECT_EQ(0, n);
    kt_close(s);
    kt_close(l);
}

TEST_P(SocketFuture, ManyStartedAtOnceEndInTheirOrder)
{
    by_process_and_thread([] {
        constexpr int n = 1000;
        const kt_pair p = kt_pair_of();
        std::vector<kith_future> recv(n), send(n);
        std::vector<unsigned char> in(n), out(n);

        for (int i = 0; i < n; i++)
            ASSERT_EQ(0,
                      kith_socket_recv_start(p.far, &in[i], 1, 0, KITH_INFINITY, &recv[i]));
        for (int i = 0; i < n; i++) {
            out[i] = static_cast<unsigned char>(i * 7);
            ASSERT_EQ(0, kith_socket_send_start(p.near, &out[i], 1, 0, KITH_INFINITY,
                                                &send[i]));
        }
        for (int i = n; i-- > 0;) {
            ASSERT_EQ(1, kith_await(recv[i], kt_long()));
            ASSERT_EQ(1, kith_await(send[i], kt_long()));
        }

        EXPECT_TRUE(in == out);
        kt_close(p);
    });
}

TEST_P(SocketFuture, MessagesOfOperationsComeInDeferredFunctionsToo)
{
    by_process_and_thread([] {
        static kt_pair p;

        p = kt_pair_of();
        const auto fn = [](void *) {
            const kith_msg *m;
            kith_future f;

            EXPECT_EQ(KITH_ESELECT, kith_socket_recv(p.far, &byte, 1, 0, KITH_NOWAIT));
            EXPECT_EQ(1, kith_socket_send(p.near, "x", 1, 0, KITH_INFINITY));
            EXPECT_EQ(0, kith_receive_tag(KITH_TAG_SELECT, &m, kt_long()));
            EXPECT_EQ(1, kith_socket_recv(p.far, &byte, 1, 0, 0));

            EXPECT_EQ(0, kith_socket_recv_start(p.far, &byte, 1, 0, KITH_INFINITY, &f));
            kith_future_to_mailbox(f);
            EXPECT_EQ(1, kith_socket_send(p.near, "y", 1, 0, KITH_INFINITY));
            ASSERT_EQ(0, kith_receive_tag(KITH_TAG_FUTURE, &m, kt_long()));
            EXPECT_EQ(1, KITH_BODY(m, kith_done)->result);
            kt_close(p);
        };
        ASSERT_EQ(0, kith_defer(fn, nullptr));
    });
}

}    // namespace
