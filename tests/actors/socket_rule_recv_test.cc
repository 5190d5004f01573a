/* SPDX-License-Identifier: Apache-2.0
 * socket_rule_recv_test.cc -- the rules of receives, as docs/otp-differences.md has them. */
#include "tests/support/idle.h"
#include "tests/support/sockets.h"

#include <atomic>
#include <cstring>
#include <string>

#include <sys/socket.h>
#include <unistd.h>

namespace
{

class RuleRecv : public kt_sockets, public testing::WithParamInterface<kt_domain> {};

INSTANTIATE_TEST_SUITE_P(, RuleRecv, testing::ValuesIn(kt_all_domains), kt_domain_of_test);

void
send_text(kith_socket s, const char *text)
{
    const std::size_t len = std::strlen(text);

    ASSERT_EQ(static_cast<std::ptrdiff_t>(len),
              kith_socket_send(s, text, len, 0, kt_long()));
}

std::string
recv_text(kith_socket s, std::size_t cap = 64, unsigned flags = 0)
{
    char buf[64];
    const std::ptrdiff_t n = kith_socket_recv(s, buf, cap, flags, kt_long());

    EXPECT_GE(n, 0) << kith_strerror(static_cast<int>(n));
    return std::string(buf, n > 0 ? static_cast<std::size_t>(n) : 0);
}

/* So many bytes can be read at `s`. */
void
await_bytes(kith_socket s, std::size_t n)
{
    char buf[64];

    ASSERT_EQ(static_cast<std::ptrdiff_t>(n),
              kith_socket_recv(s, buf, n, KITH_MSG_PEEK | KITH_MSG_WAITALL, kt_long()));
}

/* The reader waits, and has taken what was there: the socket has answered a later call. */
void
await_reader(kith_pid reader, kith_socket s)
{
    ASSERT_TRUE(kt_eventually([=] { return kt_waits(reader, "socket_recv"); }));
    (void) kt_name_of(s);
}

/* The next close of `s` resets the connection. */
void
set_reset(kith_socket s)
{
    const kith_linger reset = {true, 0};

    ASSERT_EQ(0, kith_socket_setopt(s, KITH_OPT_SOCKET_LINGER, &reset, sizeof reset));
}

/* ---- part of what was asked for ---- */

TEST_P(RuleRecv, WithATimeoutOfZeroPartOfAWaitallIsTold)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        char buf[8] = {};

        send_text(p.near, "abc");
        await_bytes(p.far, 3);
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, buf, 8, KITH_MSG_WAITALL, 0));
        EXPECT_EQ(3u, kith_partial());
        EXPECT_STREQ("abc", buf);
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, buf, 8, KITH_MSG_WAITALL, 0));
        EXPECT_EQ(0u, kith_partial()) << "they are taken";
        kt_close(p);
    });
}

/* What ends a WAITALL of eight that has three. */
enum class end { close, cancel, peer, reset };

void
end_waitall(const kt_pair &p, end how)
{
    switch (how) {
    case end::close:
        kt_close(p.far);
        break;
    case end::cancel:
        EXPECT_EQ(0, kith_socket_cancel(p.far, KITH_OP_RECV));
        break;
    case end::reset:
        set_reset(p.near);
        [[fallthrough]];
    case end::peer:
        kt_close(p.near);
        break;
    }
}

TEST_P(RuleRecv, HoweverAWaitallEndsItTellsHowFarItCame)
{
    const bool local = GetParam() == kt_domain::path || GetParam() == kt_domain::abstract;

    for (const end how : {end::close, end::cancel, end::peer, end::reset}) {
        if (how == end::reset && local) /* which know none */
            continue;
        by_process_and_thread([this, how] {
            const kt_pair p = kt_pair_of(GetParam());
            std::atomic<std::ptrdiff_t> rc = 0;
            std::atomic<std::size_t> part = 0;
            std::atomic<bool> same = false;
            send_text(p.near, "abc");
            await_bytes(p.far, 3);
            const kith_pid waits = spawn([p, &rc, &part, &same] {
                char buf[8] = {};

                rc = kith_socket_recv(p.far, buf, 8, KITH_MSG_WAITALL, KITH_INFINITY);
                part = kith_partial();
                same = std::strcmp(buf, "abc") == 0;
            });

            await_reader(waits, p.far);
            end_waitall(p, how);
            EXPECT_EQ(0, kith_wait(waits, nullptr, kt_long()));
            EXPECT_EQ(how == end::close    ? KITH_ECLOSED
                      : how == end::cancel ? KITH_ECANCELED
                      : how == end::peer   ? KITH_EOF
                                           : KITH_ECONNRESET,
                      rc);
            EXPECT_EQ(3u, part);
            EXPECT_TRUE(same);
            if (how != end::close)
                kt_close(p.far);
            if (how == end::close || how == end::cancel)
                kt_close(p.near);
        });
    }
}

TEST_P(RuleRecv, NothingStaysBehindAReceiveThatTookPart)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        char buf[8] = {};
        kith_iov iov = {buf, sizeof buf};
        kith_packet packet = {};

        packet.iov = &iov;
        packet.n_iov = 1;
        for (int how = 0; how < 4; how++) {
            send_text(p.near, "part");
            await_bytes(p.far, 4);
            EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, buf, 8, KITH_MSG_WAITALL, 0));
            EXPECT_EQ(4u, kith_partial());
            send_text(p.near, "next");
            await_bytes(p.far, 4);
            EXPECT_EQ("next", recv_text(p.far, 8, KITH_MSG_PEEK));
            std::memset(buf, 0, sizeof buf);
            switch (how) {
            case 0:
                EXPECT_EQ(4, kith_socket_recv(p.far, buf, sizeof buf, 0, kt_long()));
                break;
            case 1:
                EXPECT_EQ(4, kith_socket_recvfrom(p.far, buf, sizeof buf, nullptr, 0,
                                                  kt_long()));
                break;
            case 2:
                EXPECT_EQ(4, kith_socket_recvmsg(p.far, &packet, 0, kt_long()));
                break;
            default:
                EXPECT_EQ(4, kith_socket_recv(p.far, buf, 4, KITH_MSG_WAITALL, kt_long()));
            }
            EXPECT_EQ("next", std::string(buf, 4));
        }
        kt_close(p);
    });
}

TEST_P(RuleRecv, WhatADeadReaderHadTakenIsGoneWithItAndNoMore)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of(GetParam());
        send_text(p.near, "abc");
        await_bytes(p.far, 3);
        const kith_pid waits = spawn([p] {
            char buf[8];

            kt_ignore(kith_socket_recv(p.far, buf, 8, KITH_MSG_WAITALL, KITH_INFINITY));
        });

        await_reader(waits, p.far);
        kill(waits);
        send_text(p.near, "def");
        EXPECT_EQ("def", recv_text(p.far, 3, KITH_MSG_WAITALL));
        kt_close(p);
    });
}

/* ---- those who wait together ---- */

/* Three that wait, each by another call; what they got. */
class Readers {
  public:
    template <typename Spawn> Readers(Spawn spawn, kith_socket s)
    {
        add(spawn, "socket_recv", 0, [s] {
            char c;

            return kith_socket_recv(s, &c, 1, 0, KITH_INFINITY);
        });
        add(spawn, "socket_recvfrom", 1, [s] {
            kith_sockaddr from;
            char c;

            return kith_socket_recvfrom(s, &c, 1, &from, 0, KITH_INFINITY);
        });
        add(spawn, "socket_recvmsg", 2, [s] {
            char c;
            kith_iov iov = {&c, 1};
            kith_packet p = {};

            p.iov = &iov;
            p.n_iov = 1;
            return kith_socket_recvmsg(s, &p, 0, KITH_INFINITY);
        });
    }

    std::ptrdiff_t got(int i)
    {
        EXPECT_EQ(0, kith_wait(pid_[i], nullptr, kt_long()));
        return got_[i];
    }

  private:
    template <typename Spawn, typename Call>
    void add(Spawn spawn, const char *what, int i, Call call)
    {
        pid_[i] = spawn([this, i, call] { got_[i] = call(); });
        EXPECT_TRUE(kt_eventually([=, this] { return kt_waits(pid_[i], what); })) << what;
    }

    std::atomic<std::ptrdiff_t> got_[3] = {1, 1, 1};
    kith_pid pid_[3];
};

TEST_P(RuleRecv, ThePeersEndAnswersAllWhoWait)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of(GetParam());
        Readers readers([this](auto body) { return spawn(body); }, p.far);

        EXPECT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));
        for (int i = 0; i < 3; i++)
            EXPECT_EQ(0, readers.got(i)) << i;
        EXPECT_EQ("", recv_text(p.far)) << "and those who come later";
        kt_close(p);
    });
}

TEST_P(RuleRecv, ACloseHereAnswersAllWhoWait)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of(GetParam());
        Readers readers([this](auto body) { return spawn(body); }, p.far);

        kt_close(p.far);
        for (int i = 0; i < 3; i++)
            EXPECT_EQ(KITH_ECLOSED, readers.got(i)) << i;
        kt_close(p.near);
    });
}

class RuleReset : public RuleRecv {};

KT_INETS(RuleReset);

TEST_P(RuleReset, AnswersAllWhoWait)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of(GetParam());
        Readers readers([this](auto body) { return spawn(body); }, p.far);

        set_reset(p.near);
        kt_close(p.near);
        EXPECT_EQ(KITH_ECONNRESET, readers.got(0)) << "the first";
        for (int i = 1; i < 3; i++) {
            const std::ptrdiff_t n = readers.got(i);

            EXPECT_TRUE(n == 0 || n == KITH_ECONNRESET) << n;
        }
        kt_close(p.far);
    });
}

TEST_P(RuleRecv, ATimeoutOfZeroTakesNothingFromThoseWhoWait)
{
    const std::size_t rounds = kt_scale(200);

    by_process_and_thread([rounds] {
        const kt_pair p = kt_pair_of(GetParam());

        for (std::size_t i = 0; i < rounds; i++) {
            char first = 0, second = 0, other = 0;
            kith_future f, g;
            std::ptrdiff_t n;

            ASSERT_EQ(0, kith_socket_recv_start(p.far, &first, 1, 0, KITH_INFINITY, &f));
            ASSERT_EQ(0, kith_socket_recv_start(p.far, &second, 1, 0, KITH_INFINITY, &g));
            send_text(p.near, "abc");
            do
                n = kith_socket_recv(p.far, &other, 1, 0, 0);
            while (n == KITH_ETIMEOUT);
            ASSERT_EQ(1, n);
            ASSERT_EQ(1, kith_await(g, kt_long()));
            ASSERT_EQ(1, kith_await(f, kt_long()));
            ASSERT_EQ("abc", std::string({first, second, other}));
        }
        kt_close(p);
    });
}

/* ---- kinds of sockets ---- */

TEST_P(RuleRecv, RecvfromOnAStreamTellsNoAddress)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        kith_sockaddr from = kith_sockaddr_loopback(KITH_INET, 1);
        char c;

        send_text(p.near, "a");
        EXPECT_EQ(1, kith_socket_recvfrom(p.far, &c, 1, &from, 0, kt_long()));
        EXPECT_EQ(0, from.domain);
        kt_close(p);
    });
}

TEST_P(RuleRecv, ADatagramIsNotWaitedForToBeLonger)
{
    by_process_and_thread([] {
        const kt_place a(GetParam()), b(GetParam());
        kith_socket s, t;
        char buf[8];

        ASSERT_EQ(0, kith_socket_open(a.domain(), KITH_DGRAM, 0, nullptr, &s));
        ASSERT_EQ(0, kith_socket_open(a.domain(), KITH_DGRAM, 0, nullptr, &t));
        ASSERT_EQ(0, kith_socket_bind(s, &a.address()));
        ASSERT_EQ(0, kith_socket_bind(t, &b.address()));
        const kith_sockaddr at = kt_name_of(t);

        ASSERT_EQ(3, kith_socket_sendto(s, "abc", 3, &at, 0, kt_long()));
        ASSERT_EQ(3, kith_socket_sendto(s, "def", 3, &at, 0, kt_long()));
        EXPECT_EQ(3, kith_socket_recv(t, buf, 8, KITH_MSG_WAITALL, KITH_INFINITY));
        EXPECT_EQ(2, kith_socket_recv(t, buf, 2, KITH_MSG_WAITALL, KITH_INFINITY))
            << "and not kept when there was no room";
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(t, buf, 8, 0, 0));
        kt_close(s);
        kt_close(t);
    });
}

/* A limit of the system's: it tells the two apart by nothing. */
using RuleSeqpacket = kt_sockets;

TEST_F(RuleSeqpacket, TheEndAndAnEmptyRecordAreBothZero)
{
    by_process_and_thread([] {
        kith_open_options o = KITH_OPEN_OPTIONS_INIT;
        kith_socket s[2];
        int fd[2];
        char c;

        ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd));
        for (int i = 0; i < 2; i++) {
            o.fd = fd[i];
            ASSERT_EQ(0, kith_socket_open(0, 0, 0, &o, &s[i]));
            close(fd[i]);
        }
        ASSERT_EQ(0, kith_socket_send(s[0], "", 0, 0, kt_long()));
        ASSERT_EQ(1, kith_socket_send(s[0], "x", 1, 0, kt_long()));
        EXPECT_EQ(0, kith_socket_recv(s[1], &c, 1, 0, kt_long()));
        EXPECT_EQ(1, kith_socket_recv(s[1], &c, 1, 0, kt_long())) << "it was a record";
        kt_close(s[0]);
        EXPECT_EQ(0, kith_socket_recv(s[1], &c, 1, 0, kt_long()));
        EXPECT_EQ(0, kith_socket_recv(s[1], &c, 1, 0, kt_long())) << "it was the end";
        kt_close(s[1]);
    });
}

}    // namespace
