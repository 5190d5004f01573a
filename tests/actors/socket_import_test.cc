/* SPDX-License-Identifier: Apache-2.0
 * socket_import_test.cc -- descriptors that were made elsewhere, and live on there. */
#include "tests/support/sockets.h"

#include <atomic>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace
{

/* One worker: if a call blocks it, nobody else runs and the test does not end. */
class SocketImport : public kt_inets<> {
    kt_env one_{"KITH_WORKERS", "1"};
};

/* A socketpair of the system's own, closed at the end. */
struct raw_pair {
    raw_pair()
    {
        EXPECT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd));
    }

    ~raw_pair()
    {
        close(fd[0]);
        close(fd[1]);
    }

    raw_pair(const raw_pair &) = delete;
    raw_pair &operator=(const raw_pair &) = delete;

    int fd[2] = {-1, -1};
};

kith_socket
adopt(int fd, bool dup)
{
    kith_open_options o = KITH_OPEN_OPTIONS_INIT;
    kith_socket s = {0};

    o.fd = fd;
    o.dup = dup;
    EXPECT_EQ(0, kith_socket_open(0, 0, 0, &o, &s));
    return s;
}

int
try_adopt(int fd, bool dup)
{
    kith_open_options o = KITH_OPEN_OPTIONS_INIT;
    kith_socket s = {0};

    o.fd = fd;
    o.dup = dup;
    const int rc = kith_socket_open(0, 0, 0, &o, &s);
    if (rc == 0)
        kt_close(s);
    return rc;
}

bool
is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

void
clear_nonblock(int fd)
{
    ASSERT_EQ(0, fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK));
}

KT_INETS(SocketImport);

TEST_F(SocketImport, TellsWhatItIs)
{
    by_process_and_thread([] {
        for (const bool dup : {true, false}) {
            const raw_pair raw;
            const kith_socket s = adopt(raw.fd[0], dup);
            int v = -1;

            EXPECT_EQ(0, kith_socket_getopt_int(s, KITH_OPT_OTP_DOMAIN, &v));
            EXPECT_EQ(KITH_LOCAL, v);
            EXPECT_EQ(0, kith_socket_getopt_int(s, KITH_OPT_OTP_TYPE, &v));
            EXPECT_EQ(KITH_STREAM, v);
            EXPECT_EQ(0, kith_socket_getopt_int(s, KITH_OPT_OTP_FD, &v));
            EXPECT_EQ(!dup, v == raw.fd[0]);
            EXPECT_EQ(kith_self(), kt_owner(s));
            kt_close(s);
        }
    });
}

TEST_F(SocketImport, WithoutDupCloseForgetsTheDescriptorAndNoMore)
{
    by_process_and_thread([] {
        const raw_pair raw;
        const kith_socket s = adopt(raw.fd[0], false);
        char c = 0;

        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(s, &c, 1, 0, 1));
        kt_close(s);

        EXPECT_TRUE(is_open(raw.fd[0]));
        EXPECT_EQ(1, send(raw.fd[0], "x", 1, 0));
        EXPECT_EQ(1, recv(raw.fd[1], &c, 1, 0));
        EXPECT_EQ('x', c);
    });
}

TEST_F(SocketImport, WithDupTheOriginalIsTheCallers)
{
    by_process_and_thread([] {
        const raw_pair raw;
        const kith_socket s = adopt(raw.fd[0], true);
        char c = 0;

        kt_close(s);
        EXPECT_EQ(1, send(raw.fd[0], "x", 1, 0)) << "neither closed nor shut down";
        EXPECT_EQ(1, recv(raw.fd[1], &c, 1, 0));

        const kith_socket again = adopt(raw.fd[0], true);
        const int original = dup(raw.fd[0]);
        close(original);
        EXPECT_EQ(1, kith_socket_send(again, "y", 1, 0, kt_long()));
        EXPECT_EQ(1, recv(raw.fd[1], &c, 1, 0));
        EXPECT_EQ('y', c);
        kt_close(again);
    });
}

TEST_P(SocketImport, ADescriptorOfOursIsBusyUntilItIsClosed)
{
    by_process_and_thread([] {
        const raw_pair raw;
        const kith_socket s = adopt(raw.fd[0], false), own = kt_open();
        int fd = -1;

        EXPECT_EQ(KITH_EBUSY, try_adopt(raw.fd[0], false));
        EXPECT_EQ(KITH_EBUSY, try_adopt(raw.fd[0], true));
        ASSERT_EQ(0, kith_socket_getopt_int(own, KITH_OPT_OTP_FD, &fd));
        EXPECT_EQ(KITH_EBUSY, try_adopt(fd, true));
        kt_close(s);
        EXPECT_EQ(0, try_adopt(raw.fd[0], false));
        kt_close(own);
    });
}

TEST_F(SocketImport, WhatIsNoSocketIsRefusedAndLeftAlone)
{
    by_process_and_thread([] {
        int pipe_fd[2];

        ASSERT_EQ(0, pipe2(pipe_fd, O_CLOEXEC));
        EXPECT_EQ(KITH_ENOTSOCK, try_adopt(pipe_fd[0], true));
        EXPECT_EQ(KITH_ENOTSOCK, try_adopt(pipe_fd[0], false));
        EXPECT_TRUE(is_open(pipe_fd[0]));
        close(pipe_fd[0]);
        close(pipe_fd[1]);
        EXPECT_EQ(KITH_EBADF, try_adopt(pipe_fd[1], true)) << "nothing at all";
    });
}

/* The poller must forget it, or the next that is adopted under this number is refused. */
TEST_F(SocketImport, MayBeAdoptedAgainAndAgain)
{
    by_process_and_thread([] {
        const raw_pair raw;

        for (int i = 0; i < 50; i++)
            for (const bool dup : {true, false}) {
                const kith_socket s = adopt(raw.fd[0], dup);
                kith_future f;
                char c = 0, sent = static_cast<char>(i);

                ASSERT_EQ(0, kith_socket_recv_start(s, &c, 1, 0, KITH_INFINITY, &f));
                ASSERT_EQ(KITH_ETIMEOUT, kith_await_any(&f, 1, 0));
                ASSERT_EQ(1, send(raw.fd[1], &sent, 1, 0));
                ASSERT_EQ(1, kith_await(f, kt_long()));
                ASSERT_EQ(sent, c);
                kt_close(s);
                ASSERT_EQ(1, send(raw.fd[1], "e", 1, 0)) << "an event for nobody";
                ASSERT_EQ(1, recv(raw.fd[0], &c, 1, 0));
            }
    });
}

TEST_F(SocketImport, ADupThatClearsNonblockDoesNotBlockTheWorker)
{
    by_process_and_thread([this] {
        const raw_pair raw;
        const kith_socket s = adopt(raw.fd[0], true), peer = adopt(raw.fd[1], true);
        std::atomic<std::uint64_t> ticks = 0;
        std::atomic<bool> over = false;
        const kith_pid ticker = spawn([&] {
            while (!over) {
                ticks++;
                kith_yield();
            }
        });
        char c = 0;

        clear_nonblock(raw.fd[0]);
        clear_nonblock(raw.fd[1]);
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(s, &c, 1, 0, 0));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(s, &c, 1, 0, 20));
        const std::size_t went = kt_fill(s);
        EXPECT_GT(went, 0u);
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_send(s, "x", 1, 0, 20));
        const std::uint64_t now = ticks;
        EXPECT_TRUE(kt_eventually([&] { return ticks > now + 10; }));
        ASSERT_EQ(0, kith_socket_shutdown(s, KITH_SHUT_WRITE));
        EXPECT_EQ(went, kt_read_all(peer));
        over = true;
        EXPECT_EQ(0, kith_wait(ticker, nullptr, kt_long()));
        kt_close(s);
        kt_close(peer);
    });
}

TEST_P(SocketImport, AListenerAccepts)
{
    by_process_and_thread([] {
        const int fd = kt_open_fd();

        ASSERT_EQ(0, listen(fd, 5));
        const kith_socket l = adopt(fd, true);
        const kt_pair p = kt_connect(l);
        kith_socket c;

        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_accept(l, 5, &c));
        kt_close(p);
        kt_close(l);
        close(fd);
    });
}

TEST_F(SocketImport, TheEndOfTheOwnerForgetsABorrowedDescriptor)
{
    const raw_pair raw;

    in_process([&] { (void) adopt(raw.fd[0], false); });

    EXPECT_TRUE(is_open(raw.fd[0]));
    EXPECT_EQ(0, try_adopt(raw.fd[0], false)) << "it is not ours any more";
}

}    // namespace
