/* SPDX-License-Identifier: Apache-2.0
 * sock_test.cc -- the socket calls behind the seam: codes, flags, and never a call that blocks. */
#include "core/sock.h"

#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <kith/error.h>
#include <kith/socket.h>

#include <arpa/inet.h>
#include <atomic>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace
{

/* A descriptor that closes itself. */
class Fd {
  public:
    explicit Fd(int fd = -1) : fd_(fd)
    {
    }

    ~Fd()
    {
        reset();
    }

    Fd(const Fd &) = delete;
    Fd &operator=(const Fd &) = delete;

    operator int() const
    {
        return fd_;
    }

    void reset(int fd = -1)
    {
        if (fd_ >= 0) {
            EXPECT_EQ(0, ki_sock_close(fd_));
        }
        fd_ = fd;
    }

  private:
    int fd_;
};

struct pair {
    explicit pair(int type = SOCK_STREAM)
    {
        int fd[2];
        EXPECT_EQ(0, socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd));
        a.reset(fd[0]);
        b.reset(fd[1]);
    }

    Fd a, b;
};

sockaddr_in
loopback(uint16_t port = 0)
{
    sockaddr_in a = {};

    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons(port);
    return a;
}

sockaddr_in
name_of(int fd)
{
    sockaddr_in a = {};
    unsigned len = sizeof a;

    EXPECT_EQ(0, ki_sock_sockname(fd, &a, &len));
    EXPECT_EQ(sizeof a, len);
    return a;
}

void
listen_on_loopback(Fd &l)
{
    const sockaddr_in any = loopback();

    l.reset(ki_sock_socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_GE(l, 0);
    ASSERT_EQ(0, ki_sock_bind(l, &any, sizeof any));
    ASSERT_EQ(0, ki_sock_listen(l, 16));
}

bool
is_ours(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

/* An accept that takes what comes within a while. */
int
accept_soon(int l)
{
    int fd = KITH_EAGAIN;

    kt_until([&] { return (fd = ki_sock_accept(l, nullptr, nullptr)) != KITH_EAGAIN; });
    return fd;
}

}    // namespace

TEST(Sock, DescriptorsAreNonBlockingAndCloseOnExec)
{
    Fd l, c(ki_sock_socket(AF_INET, SOCK_STREAM, 0)), s;
    listen_on_loopback(l);
    const sockaddr_in to = name_of(l);

    EXPECT_EQ(KITH_EAGAIN, ki_sock_accept(l, nullptr, nullptr));
    const int rc = ki_sock_connect(c, &to, sizeof to);
    EXPECT_TRUE(rc == 0 || rc == KITH_EINPROGRESS) << rc;
    s.reset(accept_soon(l));
    ASSERT_GE(s, 0);

    EXPECT_TRUE(is_ours(l));
    EXPECT_TRUE(is_ours(c));
    EXPECT_TRUE(is_ours(s));
    const Fd twin(ki_sock_dup(s));
    ASSERT_GE(twin, 0);
    EXPECT_TRUE(is_ours(twin));
}

TEST(Sock, BytesGoThroughAndTheEndIsZero)
{
    pair p;
    char buf[16] = "";

    EXPECT_EQ(KITH_EAGAIN, ki_sock_recv(p.a, buf, sizeof buf, 0));
    EXPECT_EQ(5, ki_sock_send(p.b, "hello", 5, 0));
    EXPECT_EQ(2, ki_sock_recv(p.a, buf, 2, MSG_PEEK));
    int waiting = 0;
    EXPECT_EQ(0, ki_sock_ioctl(p.a, FIONREAD, &waiting));
    EXPECT_EQ(5, waiting);
    EXPECT_EQ(5, ki_sock_recv(p.a, buf, sizeof buf, 0));
    EXPECT_STREQ("hello", buf);
    EXPECT_EQ(0, ki_sock_shutdown(p.b, SHUT_WR));
    EXPECT_EQ(0, ki_sock_recv(p.a, buf, sizeof buf, 0));
}

TEST(Sock, NeverBlocksWhenATwinClearedTheFlagBehindIt)
{
    pair p;
    const Fd twin_a(ki_sock_dup(p.a)), twin_b(ki_sock_dup(p.b));
    std::vector<char> buf(1 << 16);
    ASSERT_EQ(0, ki_sock_set_blocking(twin_a, true));
    ASSERT_EQ(0, ki_sock_set_blocking(twin_b, true));
    ASSERT_EQ(0, fcntl(p.a, F_GETFL) & O_NONBLOCK) << "the flag belongs to both";

    EXPECT_EQ(KITH_EAGAIN, ki_sock_recv(p.a, buf.data(), buf.size(), 0));
    ptrdiff_t n;
    while ((n = ki_sock_send(p.b, buf.data(), buf.size(), 0)) > 0)
        ;
    EXPECT_EQ(KITH_EAGAIN, n);

    EXPECT_EQ(0, ki_sock_set_blocking(twin_a, false));
    EXPECT_NE(0, fcntl(p.a, F_GETFL) & O_NONBLOCK);
}

TEST(Sock, ASendToNobodyIsACodeAndNoSignal)
{
    pair p;
    p.b.reset();

    EXPECT_EQ(KITH_EPIPE, ki_sock_send(p.a, "x", 1, 0)) << "and this program lives";
}

namespace
{

std::atomic<int> interruptions;

}    // namespace

TEST(Sock, AnInterruptedAcceptIsTriedAgain)
{
    Fd l;
    listen_on_loopback(l);
    ASSERT_EQ(0, ki_sock_set_blocking(l, true)); /* so that it can be interrupted at all */
    struct sigaction a = {}, before;
    a.sa_handler = [](int) { interruptions++; }; /* no SA_RESTART */
    ASSERT_EQ(0, sigaction(SIGUSR2, &a, &before));
    interruptions = 0;
    std::atomic<int> got{-1};
    std::thread acceptor([&] { got = ki_sock_accept(l, nullptr, nullptr); });

    EXPECT_TRUE(kt_until([&] {
        pthread_kill(acceptor.native_handle(), SIGUSR2);
        return interruptions >= 5;
    }));
    EXPECT_EQ(-1, got) << "it still waits";
    const Fd c(ki_sock_socket(AF_INET, SOCK_STREAM, 0));
    const sockaddr_in to = name_of(l);
    const int rc = ki_sock_connect(c, &to, sizeof to);
    EXPECT_TRUE(rc == 0 || rc == KITH_EINPROGRESS);
    acceptor.join();
    sigaction(SIGUSR2, &before, nullptr);

    EXPECT_GE(got, 0);
    Fd(got.load()).reset();
}

TEST(Sock, FailuresAreCodes)
{
    Fd l, other(ki_sock_socket(AF_INET, SOCK_STREAM, 0));
    listen_on_loopback(l);
    const sockaddr_in taken = name_of(l);
    char c = 0;
    int v = 0;
    unsigned len = sizeof v;

    EXPECT_EQ(KITH_EADDRINUSE, ki_sock_bind(other, &taken, sizeof taken));
    EXPECT_EQ(KITH_EINVAL, ki_sock_bind(other, &taken, 3));
    EXPECT_EQ(KITH_ENOTCONN, ki_sock_recv(other, &c, 1, 0));
    sockaddr_in peer = {};
    unsigned peer_len = sizeof peer;
    EXPECT_EQ(KITH_ENOTCONN, ki_sock_peername(other, &peer, &peer_len));
    EXPECT_EQ(KITH_EINVAL, ki_sock_accept(other, nullptr, nullptr));
    EXPECT_EQ(KITH_ENOTCONN, ki_sock_shutdown(other, SHUT_RDWR));
    EXPECT_EQ(KITH_ENOPROTOOPT, ki_sock_getopt(other, SOL_SOCKET, 31337, &v, &len));
    EXPECT_EQ(KITH_ENOPROTOOPT, ki_sock_setopt(other, SOL_SOCKET, 31337, &v, sizeof v));
    EXPECT_EQ(KITH_EAFNOSUPPORT, ki_sock_socket(4711, SOCK_STREAM, 0));
    EXPECT_EQ(KITH_EPROTONOSUPPORT, ki_sock_socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));

    EXPECT_EQ(KITH_EBADF, ki_sock_recv(-1, &c, 1, 0));
    EXPECT_EQ(KITH_EBADF, ki_sock_send(-1, &c, 1, 0));
    EXPECT_EQ(KITH_EBADF, ki_sock_accept(-1, nullptr, nullptr));
    EXPECT_EQ(KITH_EBADF, ki_sock_listen(-1, 1));
    EXPECT_EQ(KITH_EBADF, ki_sock_dup(-1));
    EXPECT_EQ(KITH_EBADF, ki_sock_close(-1));
    EXPECT_EQ(KITH_EBADF, ki_sock_set_blocking(-1, true));
    EXPECT_EQ(KITH_EBADF, ki_sock_ioctl(-1, FIONREAD, &v));
    EXPECT_EQ(KITH_EBADF, ki_sock_error(-1));
}

TEST(Sock, HasEndedWhenItsPeerHas)
{
    const pair p;
    Fd fresh(ki_sock_socket(AF_INET, SOCK_STREAM, 0));

    EXPECT_TRUE(ki_sock_has_ended(fresh)) << "there is no connection yet";
    EXPECT_FALSE(ki_sock_has_ended(p.a));
    EXPECT_EQ(1, ki_sock_send(p.b, "x", 1, 0));
    EXPECT_FALSE(ki_sock_has_ended(p.a));
    EXPECT_EQ(0, ki_sock_shutdown(p.b, ki_sock_how(KITH_SHUT_WRITE)));
    EXPECT_TRUE(ki_sock_has_ended(p.a)) << "what it has sent may still be read";
    EXPECT_FALSE(ki_sock_has_ended(p.b));
}

TEST(Sock, APendingErrorIsToldOnceAndThenCleared)
{
    Fd l, c(ki_sock_socket(AF_INET, SOCK_STREAM, 0));
    listen_on_loopback(l);
    const sockaddr_in to = name_of(l);
    l.reset(); /* nobody listens there now */

    const int rc = ki_sock_connect(c, &to, sizeof to);
    if (rc == KITH_EINPROGRESS) {
        int e = 0;
        EXPECT_TRUE(kt_until([&] { return (e = ki_sock_error(c)) != 0; }));
        EXPECT_EQ(KITH_ECONNREFUSED, e);
    } else {
        EXPECT_EQ(KITH_ECONNREFUSED, rc);
    }
    EXPECT_EQ(0, ki_sock_error(c));
}

TEST(Sock, FlagsBecomeTheSystems)
{
    EXPECT_EQ(0, ki_sock_flags(0));
    EXPECT_EQ(MSG_OOB, ki_sock_flags(KITH_MSG_OOB));
    EXPECT_EQ(MSG_PEEK, ki_sock_flags(KITH_MSG_PEEK));
    EXPECT_EQ(MSG_DONTROUTE, ki_sock_flags(KITH_MSG_DONTROUTE));
    EXPECT_EQ(MSG_EOR, ki_sock_flags(KITH_MSG_EOR));
    EXPECT_EQ(MSG_TRUNC, ki_sock_flags(KITH_MSG_TRUNC));
#ifdef MSG_MORE
    EXPECT_EQ(MSG_MORE, ki_sock_flags(KITH_MSG_MORE));
    EXPECT_EQ(MSG_MORE | MSG_OOB, ki_sock_flags(KITH_MSG_MORE | KITH_MSG_OOB));
#endif
#ifdef MSG_ERRQUEUE
    EXPECT_EQ(MSG_ERRQUEUE, ki_sock_flags(KITH_MSG_ERRQUEUE));
#endif
    EXPECT_EQ(0, ki_sock_flags(KITH_MSG_NOSIGNAL)) << "always so";
    EXPECT_EQ(0, ki_sock_flags(KITH_MSG_WAITALL)) << "ours to do";
    EXPECT_EQ(KITH_EOPNOTSUPP, ki_sock_flags(0x40000000));
    EXPECT_EQ(KITH_EOPNOTSUPP, ki_sock_flags(KITH_MSG_PEEK | 0x80000000u))
        << "one that is unknown spoils the rest";
}

TEST(Sock, TheSystemsFlagsBecomeOurs)
{
    EXPECT_EQ(0u, ki_sock_flags_of(0));
    EXPECT_EQ(unsigned{KITH_MSG_EOR}, ki_sock_flags_of(MSG_EOR));
    EXPECT_EQ(unsigned{KITH_MSG_OOB}, ki_sock_flags_of(MSG_OOB));
    EXPECT_EQ(unsigned{KITH_MSG_TRUNC | KITH_MSG_CTRUNC},
              ki_sock_flags_of(MSG_TRUNC | MSG_CTRUNC));
#ifdef MSG_ERRQUEUE
    EXPECT_EQ(unsigned{KITH_MSG_ERRQUEUE}, ki_sock_flags_of(MSG_ERRQUEUE));
#endif
    EXPECT_EQ(0u, ki_sock_flags_of(0x08000000)) << "unknown ones stay native";
}

TEST(Sock, DirectionsBecomeTheSystems)
{
    EXPECT_EQ(SHUT_RD, ki_sock_how(KITH_SHUT_READ));
    EXPECT_EQ(SHUT_WR, ki_sock_how(KITH_SHUT_WRITE));
    EXPECT_EQ(SHUT_RDWR, ki_sock_how(KITH_SHUT_BOTH));
    EXPECT_EQ(KITH_EINVAL, ki_sock_how(-1));
    EXPECT_EQ(KITH_EINVAL, ki_sock_how(99));
}

TEST(Sock, KnowsALingerThatMayBlockTheClose)
{
    Fd s(ki_sock_socket(AF_INET, SOCK_STREAM, 0));
    EXPECT_FALSE(ki_sock_lingers(s));

    struct linger l = {1, 0};
    ASSERT_EQ(0, ki_sock_setopt(s, SOL_SOCKET, SO_LINGER, &l, sizeof l));
    EXPECT_FALSE(ki_sock_lingers(s)) << "with no time it aborts, and does not wait";
    l = {1, 10};
    ASSERT_EQ(0, ki_sock_setopt(s, SOL_SOCKET, SO_LINGER, &l, sizeof l));
    EXPECT_TRUE(ki_sock_lingers(s));
    ki_sock_linger_off(s);
    EXPECT_FALSE(ki_sock_lingers(s));
    EXPECT_FALSE(ki_sock_lingers(-1));
}

TEST(Sock, DescribesWhatADescriptorIs)
{
    int domain = 0, type = 0, protocol = 0;
    bool listening = true;
    const Fd udp(ki_sock_socket(AF_INET, SOCK_DGRAM, 0));
    Fd l;
    listen_on_loopback(l);
    pair p(SOCK_SEQPACKET);

    ASSERT_EQ(0, ki_sock_describe(udp, &domain, &type, &protocol, &listening));
    EXPECT_EQ(KITH_INET, domain);
    EXPECT_EQ(KITH_DGRAM, type);
    EXPECT_FALSE(listening);
    ASSERT_EQ(0, ki_sock_describe(l, &domain, &type, &protocol, &listening));
    EXPECT_EQ(KITH_INET, domain);
    EXPECT_EQ(KITH_STREAM, type);
    EXPECT_TRUE(listening);
    ASSERT_EQ(0, ki_sock_describe(p.a, &domain, &type, &protocol, &listening));
    EXPECT_EQ(KITH_LOCAL, domain);
    EXPECT_EQ(KITH_SEQPACKET, type);

    int fds[2];
    ASSERT_EQ(0, pipe(fds));
    EXPECT_EQ(KITH_ENOTSOCK,
              ki_sock_describe(fds[0], &domain, &type, &protocol, &listening));
    close(fds[0]);
    close(fds[1]);
    EXPECT_EQ(KITH_EBADF, ki_sock_describe(-1, &domain, &type, &protocol, &listening));
}
