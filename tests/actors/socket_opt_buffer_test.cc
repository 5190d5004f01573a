/* SPDX-License-Identifier: Apache-2.0
 * socket_opt_buffer_test.cc -- how much the system keeps for a socket, and how long it lets those wait
 * who block in it, which kith never does. */
#include "tests/support/packets.h"

#include <atomic>
#include <cerrno>
#include <fstream>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace
{

using OptBuffer = kt_inets<>;
using OptBlocking = kt_inets<>;

KT_INETS(OptBuffer);
KT_INETS(OptBlocking);

constexpr int little = 10'000, more = 200'000;

/* ---- how much ---- */

/* How many of `n` datagrams stay for a reader who does not come. */
int
kept(kith_opt o, int v, int n, std::size_t size)
{
    const std::string text(size, 'x');
    const kt_dgrams d;
    std::string buf(size, 0);
    int there = 0;

    kt_set(d.far, o, v);
    d.connect();
    for (int i = 0; i < n; i++)
        EXPECT_EQ(static_cast<std::ptrdiff_t>(size),
                  kith_socket_send(d.near, text.data(), size, 0, kt_long()));
    while (kith_socket_recv(d.far, buf.data(), size, 0, 0) > 0)
        there++;
    d.close();
    return there;
}

/* What is set is doubled, for the system's own needs. */
TEST_P(OptBuffer, AReceiveBufferOfMoreKeepsMoreDatagrams)
{
    by_process_and_thread([] {
        const int of_little = kept(KITH_OPT_SOCKET_RCVBUF, little, 250, 1000),
                  of_more = kept(KITH_OPT_SOCKET_RCVBUF, more, 250, 1000);

        EXPECT_GT(of_little, 0);
        EXPECT_LE(of_little, 2 * little / 1000);
        EXPECT_GT(of_more, of_little);
        EXPECT_LE(of_more, 2 * more / 1000);
    });
}

/* What a sender gets rid of while nobody reads. */
std::size_t
taken(kith_opt o, int v)
{
    const kt_pair p = kt_pair_of();

    kt_set(p.far, KITH_OPT_SOCKET_RCVBUF, little);
    kt_set(p.near, o, v);
    const std::size_t n = kt_fill(p.near);
    kt_close(p);
    return n;
}

TEST_P(OptBuffer, ASendBufferOfMoreTakesMoreBytes)
{
    by_process_and_thread([] {
        const std::size_t of_little = taken(KITH_OPT_SOCKET_SNDBUF, little),
                          of_more = taken(KITH_OPT_SOCKET_SNDBUF, more);

        EXPECT_GT(of_more, of_little + (more - little) / 2);
    });
}

/* The most that a buffer becomes by itself, doubled. */
int
bound_of(kith_opt o)
{
    const kith_socket s = kt_open();
    int v = 0;

    kt_set(s, o, INT32_MAX);
    EXPECT_EQ(0, kith_socket_getopt_int(s, o, &v));
    kt_close(s);
    return v;
}

TEST_P(OptBuffer, AForcedOneHoldsMoreThanTheSystemsBoundAllows)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "needs root: CAP_NET_ADMIN to pass the bound";
    by_process_and_thread([] {
        const int rcv = bound_of(KITH_OPT_SOCKET_RCVBUF),
                  snd = bound_of(KITH_OPT_SOCKET_SNDBUF);
        constexpr int size = 60'000;
        const int n = rcv / size * 3 / 2;

        EXPECT_GT(kept(KITH_OPT_SOCKET_RCVBUFFORCE, rcv, n, size),
                  kept(KITH_OPT_SOCKET_RCVBUF, rcv, n, size));
        EXPECT_GT(taken(KITH_OPT_SOCKET_SNDBUFFORCE, snd),
                  taken(KITH_OPT_SOCKET_SNDBUF, snd));
    });
}

/* ---- how long ---- */

/* The descriptor of a socket, which blocks from now on. */
int
blocking(kith_socket s)
{
    int fd = -1;

    EXPECT_EQ(0, kith_socket_getopt_int(s, KITH_OPT_OTP_FD, &fd));
    EXPECT_EQ(0, fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK));
    return fd;
}

/* Calls the system by a thread and, when it blocks, `release`. The call's answer, or -errno. */
template <typename Call, typename Release>
ssize_t
blocked(int number, const Call &call, const Release &release)
{
    std::atomic<int> tid = 0;
    std::atomic<bool> done = false;
    ssize_t answer = 0;
    std::thread caller([&] {
        tid = static_cast<int>(syscall(SYS_gettid));
        answer = call();
        answer = answer < 0 ? -errno : answer;
        done = true;
    });
    const auto blocks = [&] {
        std::ifstream file("/proc/self/task/" + std::to_string(tid) + "/syscall");
        int in = -1;

        return done || (file >> in && in == number);
    };

    EXPECT_TRUE(kt_until(blocks));
    if (!done)
        release();
    caller.join();
    return answer;
}

void
set_ms(kith_socket s, kith_opt o, kith_ms v)
{
    EXPECT_EQ(0, kith_socket_setopt(s, o, &v, sizeof v));
}

TEST_P(OptBlocking, AReadThatBlocksEndsAtItsTimeAndElseWaits)
{
    kt_in_thread([] {
        const kt_pair p = kt_pair_of();
        const int fd = blocking(p.far);
        char c = 0;
        const auto read = [&] { return ::recv(fd, &c, 1, 0); };

        set_ms(p.far, KITH_OPT_SOCKET_RCVTIMEO, 10);
        EXPECT_EQ(-EAGAIN, blocked(SYS_recvfrom, read, [] {}));
        set_ms(p.far, KITH_OPT_SOCKET_RCVTIMEO, 0);
        EXPECT_EQ(1, blocked(SYS_recvfrom, read, [&] {
                      EXPECT_EQ(1, kith_socket_send(p.near, "x", 1, 0, kt_long()));
                  }));
        kt_close(p);
    });
}

TEST_P(OptBlocking, AWriteThatBlocksEndsAtItsTimeAndElseWaits)
{
    kt_in_thread([] {
        const kt_pair p = kt_narrow_pair();

        kt_fill(p.near);
        const int fd = blocking(p.near);
        const auto write = [&] { return ::send(fd, "x", 1, MSG_NOSIGNAL); };

        set_ms(p.near, KITH_OPT_SOCKET_SNDTIMEO, 10);
        EXPECT_EQ(-EAGAIN, blocked(SYS_sendto, write, [] {}));
        set_ms(p.near, KITH_OPT_SOCKET_SNDTIMEO, 0);
        EXPECT_EQ(1, blocked(SYS_sendto, write, [&] {
                      char buf[4096];

                      while (kith_socket_recv(p.far, buf, sizeof buf, 0, 0) > 0)
                          ;
                  }));
        kt_close(p);
    });
}

}    // namespace
