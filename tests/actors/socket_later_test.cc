/* SPDX-License-Identifier: Apache-2.0
 * socket_later_test.cc -- sends that the library takes and does later: KITH_MSG_QUEUE.
 *
 * A megabyte is more than a narrow pair holds, so that what of it has not gone stays with the library
 * until the peer reads. */
#include "tests/support/sockets.h"

#include "core/mem.h"
#include "core/offload.h"

#include <atomic>
#include <cstring>
#include <string>
#include <vector>

namespace
{

constexpr std::size_t MiB = 1024 * 1024;

std::ptrdiff_t
queue(kith_socket s, const std::string &bytes, unsigned flags = 0)
{
    return kith_socket_send(s, bytes.data(), bytes.size(), KITH_MSG_QUEUE | flags,
                            KITH_NOWAIT);
}

/* A megabyte, no part of which looks like another. */
std::string
much(char seed)
{
    std::string bytes(MiB, '\0');

    for (std::size_t i = 0; i < MiB; i++)
        bytes[i] = static_cast<char>((i * 0x9e3779b97f4a7c15u >> 56) +
                                     static_cast<unsigned char>(seed));
    return bytes;
}

std::string
read(kith_socket s, std::size_t len = SIZE_MAX)
{
    static constexpr std::size_t cap = 64 * 1024;
    char *buf = static_cast<char *>(kith_alloc(cap));
    std::string all;
    std::ptrdiff_t n = 1;

    while (all.size() < len && n > 0) {
        n = kith_socket_recv(s, buf, std::min(cap, len - all.size()), 0, kt_long());
        all.append(buf, n > 0 ? static_cast<std::size_t>(n) : 0);
    }
    EXPECT_GE(n, 0) << kith_strerror(static_cast<int>(n));
    kith_free(buf);
    return all;
}

/* With a mark that nobody reaches. */
kt_pair
boundless_pair(kt_domain d)
{
    const kt_pair p = kt_narrow_pair(d);

    EXPECT_EQ(0, kith_socket_setopt_int(p.near, KITH_OPT_OTP_SNDQUEUE, INT32_MAX));
    return p;
}

constexpr std::ptrdiff_t all_of_it = MiB;

class SocketLater : public kt_sockets, public testing::WithParamInterface<kt_domain> {};

INSTANTIATE_TEST_SUITE_P(, SocketLater, testing::ValuesIn(kt_all_domains),
                         kt_domain_of_test);

TEST_P(SocketLater, WhatGoesAtOnceIsThere)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());

        EXPECT_EQ(5, queue(p.near, "hello"));
        EXPECT_EQ(0, queue(p.near, ""));
        EXPECT_EQ(4, queue(p.near, " you", KITH_MSG_MORE));
        EXPECT_EQ(1, queue(p.near, "!"));
        EXPECT_EQ("hello you!", read(p.far, 10));
        kt_close(p);
    });
}

TEST_P(SocketLater, AllArrivesInTheOrderOfAllSends)
{
    by_process_and_thread([] {
        const kt_pair p = boundless_pair(GetParam());
        const std::string a = much('a'), c = much('c'), e = much('e');
        std::string want = a + "b" + "bb" + c + "d" + e;
        kith_future f;

        EXPECT_EQ(all_of_it, queue(p.near, a));
        EXPECT_EQ(1, queue(p.near, "b"));
        EXPECT_EQ(2, queue(p.near, "bb", KITH_MSG_MORE));
        ASSERT_EQ(0,
                  kith_socket_send_start(p.near, c.data(), c.size(), 0, KITH_INFINITY, &f));
        EXPECT_EQ(1, queue(p.near, "d"));
        EXPECT_EQ(all_of_it, queue(p.near, e));
        for (int i = 0; i < 1000; i++) {
            EXPECT_EQ(10, queue(p.near, "0123456789"));
            want += "0123456789";
        }
        EXPECT_EQ(KITH_ETIMEOUT, kith_await_any(&f, 1, 1));
        EXPECT_TRUE(want == read(p.far, want.size()));
        EXPECT_EQ(all_of_it, kith_await(f, kt_long()));
        kt_close(p);
    });
}

TEST_P(SocketLater, AtTheMarkItSaysSoAndThenTakesNoMore)
{
    by_process_and_thread([] {
        const kt_pair p = kt_narrow_pair(GetParam());
        const std::string bytes = much('x');

        EXPECT_EQ(KITH_ESELECT, queue(p.near, bytes)) << "taken";
        EXPECT_EQ(0u, kith_partial());
        EXPECT_EQ(KITH_EFULL, queue(p.near, "x"));
        EXPECT_EQ(KITH_EFULL, queue(p.near, "")) << "nothing is a send too";
        EXPECT_TRUE(bytes == read(p.far, MiB));
        EXPECT_EQ(0, kt_select_code(p.near, KITH_OP_SEND));
        EXPECT_EQ(1, queue(p.near, "y"));
        EXPECT_EQ("y", read(p.far, 1));
        kt_close(p);
    });
}

TEST_P(SocketLater, TheMarkIsAnOption)
{
    by_process_and_thread([] {
        const kt_pair p = kt_narrow_pair(GetParam());
        const std::string bytes = much('x');

        ASSERT_EQ(0, kith_socket_setopt_int(p.near, KITH_OPT_OTP_SNDQUEUE, 2 * MiB));
        EXPECT_EQ(all_of_it, queue(p.near, bytes));
        EXPECT_EQ(all_of_it, queue(p.near, bytes)) << "what has gone does not count";
        EXPECT_EQ(KITH_ESELECT, queue(p.near, bytes));
        EXPECT_EQ(KITH_EFULL, queue(p.near, bytes));
        EXPECT_EQ(3 * MiB, read(p.far, 3 * MiB).size());
        EXPECT_EQ(0, kt_select_code(p.near, KITH_OP_SEND));
        kt_close(p);
    });
}

TEST_P(SocketLater, ASendOfNothingWaitsUntilAllHasGone)
{
    by_process_and_thread([] {
        const kt_pair p = boundless_pair(GetParam());
        const std::string bytes = much('x');
        kith_future f;

        EXPECT_EQ(all_of_it, queue(p.near, bytes));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_send(p.near, nullptr, 0, 0, 0));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_send(p.near, nullptr, 0, 0, 1));
        ASSERT_EQ(0, kith_socket_send_start(p.near, nullptr, 0, 0, KITH_INFINITY, &f));
        EXPECT_TRUE(bytes == read(p.far, MiB));
        EXPECT_EQ(0, kith_await(f, kt_long()));
        kt_close(p);
    });
}

TEST_P(SocketLater, ThePiecesOfManySendersStayWhole)
{
    constexpr int senders = 8, pieces = 500;
    constexpr std::size_t size = 100;

    in_process([this] {
        const kt_pair p = kt_narrow_pair(GetParam());
        int next[senders] = {};
        kith_pid all[senders];

        ASSERT_EQ(0, kith_socket_setopt_int(p.near, KITH_OPT_OTP_SNDQUEUE, 5000));
        for (int i = 0; i < senders; i++)
            all[i] = spawn([p, i] {
                char piece[size] = {};

                for (int n = 0; n < pieces;) {
                    std::snprintf(piece, size, "%d %d", i, n);
                    const std::ptrdiff_t rc =
                        kith_socket_send(p.near, piece, size, KITH_MSG_QUEUE, KITH_NOWAIT);

                    if (rc == KITH_ESELECT) {
                        EXPECT_EQ(0, kt_select_code(p.near, KITH_OP_SEND));
                    } else if (rc == KITH_EFULL) { /* another has the message */
                        EXPECT_EQ(0, kith_socket_send(p.near, nullptr, 0, 0, kt_long()));
                    } else {
                        EXPECT_EQ(static_cast<std::ptrdiff_t>(size), rc);
                    }
                    n += rc != KITH_EFULL;
                }
            });
        for (int i = 0; i < senders * pieces; i++) {
            const std::string piece = read(p.far, size);
            int who = -1, n = -1;

            ASSERT_EQ(2, std::sscanf(piece.c_str(), "%d %d", &who, &n)) << piece;
            ASSERT_EQ(next[who]++, n) << who;
        }
        for (const kith_pid pid : all)
            EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
        kt_close(p);
    });
}

/* ---- whoever sent it, whoever owns it ---- */

TEST_P(SocketLater, TheDeathOfWhoSentItLeavesIt)
{
    in_process([this] {
        const kt_pair p = boundless_pair(GetParam());
        const std::string bytes = much('x');
        const std::string *of = &bytes;

        for (const bool killed : {false, true}) {
            std::atomic<std::ptrdiff_t> rc = 0;
            const kith_pid sender = spawn([=, &rc] {
                const kith_msg *m;

                rc = kith_socket_send(p.near, of->data(), MiB, KITH_MSG_QUEUE, KITH_NOWAIT);
                if (killed)
                    kt_ignore(kith_receive(&m, KITH_INFINITY));
            });

            ASSERT_TRUE(kt_eventually([&] { return rc != 0; }));
            EXPECT_EQ(all_of_it, rc);
            if (killed) {
                EXPECT_EQ(0, kith_exit_signal(sender, kith_reason_of(KITH_KILL, 0, "")));
            }
            EXPECT_EQ(0, kith_wait(sender, nullptr, kt_long()));
            EXPECT_TRUE(bytes == read(p.far, MiB));
        }
        kt_close(p);
    });
}

TEST_P(SocketLater, ItGoesAlongWhenTheSocketIsGiven)
{
    in_process([this] {
        const kt_pair p = boundless_pair(GetParam());
        const std::string bytes = much('x');
        const kith_pid to = spawn([] {
            const kith_msg *m = kt_receive();
            const kith_socket s = *KITH_BODY(m, kith_socket);

            EXPECT_EQ(3, queue(s, "end"));
            EXPECT_EQ(0, kith_socket_send(s, nullptr, 0, 0, kt_long()));
        });

        EXPECT_EQ(all_of_it, queue(p.near, bytes));
        ASSERT_EQ(0, kith_socket_give(p.near, to, 1));
        EXPECT_TRUE(bytes == read(p.far, MiB));
        EXPECT_EQ("end", read(p.far));
        EXPECT_EQ(0, kith_wait(to, nullptr, kt_long()));
        kt_close(p.far);
    });
}

TEST_P(SocketLater, ACancelEndsTheWaitForTheMessageAndNothingElse)
{
    by_process_and_thread([] {
        const kt_pair p = kt_narrow_pair(GetParam());
        const std::string bytes = much('x');
        const kith_msg *m;

        EXPECT_EQ(KITH_ESELECT, queue(p.near, bytes));
        EXPECT_EQ(0, kith_socket_cancel(p.near, KITH_OP_SEND));
        EXPECT_TRUE(bytes == read(p.far, MiB));
        EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 1));
        kt_close(p);
    });
}

std::atomic<std::ptrdiff_t> handler_saw[2];

int
send_from_handler(void *, const kith_msg *m)
{
    const kith_socket s = *KITH_BODY(m, kith_socket);

    handler_saw[0] = queue(s, "from a handler");
    handler_saw[1] = kith_socket_send(s, "x", 1, 0, KITH_NOWAIT);
    if (handler_saw[0] != KITH_EHANDLER)
        return KITH_DONE;
    if (kith_cast(kith_self(), 1, &s, sizeof s) < 0) /* it is busy */
        return KITH_EIO;
    return KITH_CONTINUE;
}

TEST_P(SocketLater, AHandlerSendsSo)
{
    static kith_server handler;

    handler = {};
    handler.cast = send_from_handler;
    in_process([] {
        const kt_pair p = kt_pair_of(GetParam());
        kith_pid pid;

        ASSERT_EQ(0, kith_server_start(&handler, nullptr, nullptr, 0, &pid));
        ASSERT_EQ(0, kith_cast(pid, 1, &p.near, sizeof p.near));
        EXPECT_EQ("from a handler", read(p.far, 14));
        EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
        EXPECT_EQ(14, handler_saw[0]);
        EXPECT_EQ(KITH_EHANDLER, handler_saw[1]);
        kt_close(p);
    });
}

/* ---- ends ---- */

TEST_P(SocketLater, ACloseDropsWhatHasNotGone)
{
    by_process_and_thread([] {
        const kt_pair p = kt_narrow_pair(GetParam());
        const std::string bytes = much('x');

        EXPECT_EQ(KITH_ESELECT, queue(p.near, bytes));
        kt_close(p.near);
        EXPECT_EQ(KITH_ECLOSED, kt_select_code(p.near, KITH_OP_SEND));
        EXPECT_GT(MiB, read(p.far).size());
        EXPECT_EQ(KITH_ECLOSED, queue(p.near, "x"));
        kt_close(p.far);
    });
}

TEST_P(SocketLater, ItsMemoryComesBackHoweverItEnds)
{
    in_process([] {
        const std::string bytes = much('x');
        const std::int64_t before = ki_mem_out();

        for (const bool sent : {true, false}) {
            const kt_pair p = boundless_pair(GetParam());

            EXPECT_EQ(all_of_it, queue(p.near, bytes));
            EXPECT_LE(before + 500000, ki_mem_out());
            if (sent) {
                EXPECT_TRUE(bytes == read(p.far, MiB));
            }
            kt_close(p);
            EXPECT_TRUE(kt_eventually([=] { return ki_mem_out() < before + 100000; }));
        }
    });
}

TEST_P(SocketLater, ACloseThatLingersSendsIt)
{
    by_process_and_thread([] {
        const kt_pair p = boundless_pair(GetParam());
        const std::string bytes = much('x');
        const kith_linger on = {true, 60};

        ASSERT_EQ(0, kith_socket_setopt(p.near, KITH_OPT_SOCKET_LINGER, &on, sizeof on));
        EXPECT_EQ(all_of_it, queue(p.near, bytes));
        EXPECT_EQ(all_of_it, queue(p.near, bytes, KITH_MSG_MORE));
        kt_close(p.near);
        EXPECT_TRUE(bytes + bytes == read(p.far)) << "then the end";
        kt_close(p.far);
    });
    EXPECT_TRUE(kt_until([] { return ki_offload_busy() == 0; }));
}

/* It would leave a hole. */
TEST_P(SocketLater, ACloseThatLingersSendsNothingBehindASendThatWaits)
{
    by_process_and_thread([] {
        const kt_pair p = boundless_pair(GetParam());
        const std::string a = much('a'), b = much('b');
        const kith_linger on = {true, 60};
        kith_future f;

        ASSERT_EQ(0, kith_socket_setopt(p.near, KITH_OPT_SOCKET_LINGER, &on, sizeof on));
        EXPECT_EQ(all_of_it, queue(p.near, a));
        ASSERT_EQ(0,
                  kith_socket_send_start(p.near, b.data(), b.size(), 0, KITH_INFINITY, &f));
        EXPECT_EQ(1, queue(p.near, "c"));
        kt_close(p.near);
        EXPECT_EQ(KITH_ECLOSED, kith_await(f, kt_long()));
        EXPECT_TRUE(a == read(p.far));
        kt_close(p.far);
    });
    EXPECT_TRUE(kt_until([] { return ki_offload_busy() == 0; }));
}

TEST_P(SocketLater, ACloseLingersNoLongerThanItsTime)
{
    in_process([] {
        const kt_pair p = boundless_pair(GetParam());
        const std::string bytes = much('x');
        const kith_linger on = {true, 1};

        ASSERT_EQ(0, kith_socket_setopt(p.near, KITH_OPT_SOCKET_LINGER, &on, sizeof on));
        EXPECT_EQ(all_of_it, queue(p.near, bytes));
        kt_close(p.near);
        EXPECT_TRUE(kt_eventually([] { return ki_offload_busy() == 0; }, 20000));
        EXPECT_GT(MiB, read(p.far).size());
        kt_close(p.far);
    });
}

TEST_P(SocketLater, TheOwnersDeathDropsIt)
{
    in_process([this] {
        const kt_pair p = boundless_pair(GetParam());
        const std::string bytes = much('x');
        const kith_linger on = {true, 60};
        const kith_pid owner = spawn([] { EXPECT_NE(nullptr, kt_receive()); });

        ASSERT_EQ(0, kith_socket_setopt(p.near, KITH_OPT_SOCKET_LINGER, &on, sizeof on));
        EXPECT_EQ(all_of_it, queue(p.near, bytes));
        ASSERT_EQ(0, kith_socket_give(p.near, owner, 1));
        EXPECT_EQ(0, kith_wait(owner, nullptr, kt_long()));
        EXPECT_EQ(KITH_ECLOSED, queue(p.near, "x"));
        EXPECT_GT(MiB, read(p.far).size());
        kt_close(p.far);
    });
}

TEST_P(SocketLater, AShutdownToWriteComesAfterIt)
{
    by_process_and_thread([] {
        for (const int how : {KITH_SHUT_WRITE, KITH_SHUT_BOTH}) {
            const kt_pair p = boundless_pair(GetParam());
            const std::string bytes = much('x');
            char c;

            EXPECT_EQ(all_of_it, queue(p.near, bytes));
            EXPECT_EQ(0, kith_socket_shutdown(p.near, how));
            EXPECT_EQ(KITH_EPIPE, queue(p.near, "x"));
            if (how == KITH_SHUT_BOTH) {
                EXPECT_EQ(0, kith_socket_recv(p.near, &c, 1, 0, kt_long())) << "at once";
            }
            EXPECT_TRUE(bytes == read(p.far)) << "then the end";
            EXPECT_EQ(KITH_EPIPE, kith_socket_send(p.near, "x", 1, 0, kt_long()));
            kt_close(p);
        }
    });
}

TEST_P(SocketLater, WhyItCouldNotGoIsToldToTheNext)
{
    by_process_and_thread([] {
        const kt_pair p = kt_narrow_pair(GetParam());
        const std::string bytes = much('x');

        EXPECT_EQ(KITH_ESELECT, queue(p.near, bytes));
        kt_close(p.far);
        EXPECT_EQ(0, kt_select_code(p.near, KITH_OP_SEND)) << "it has its turn again";
        const std::ptrdiff_t why = queue(p.near, "x");
        EXPECT_TRUE(why == KITH_ECONNRESET || why == KITH_EPIPE) << why;
        EXPECT_EQ(KITH_EPIPE, queue(p.near, "x"));
        kt_close(p.near);
    });
}

/* ---- what is no such send ---- */

TEST_P(SocketLater, ItTakesAStreamAndNoTime)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        const kt_place place(GetParam());
        kith_socket d, closed;
        kith_future f;

        for (const kith_ms timeout : {kith_ms{0}, kith_ms{1}, KITH_INFINITY})
            EXPECT_EQ(KITH_EINVAL,
                      kith_socket_send(p.near, "x", 1, KITH_MSG_QUEUE, timeout));
        EXPECT_EQ(KITH_EINVAL,
                  kith_socket_send(p.near, nullptr, 1, KITH_MSG_QUEUE, KITH_NOWAIT));
        EXPECT_EQ(KITH_EOPNOTSUPP, queue(p.near, "x", 1u << 30));
        EXPECT_EQ(KITH_EOPNOTSUPP, kith_socket_send_start(p.near, "x", 1, KITH_MSG_QUEUE,
                                                          KITH_INFINITY, &f));
        ASSERT_EQ(0, kith_socket_open(place.domain(), KITH_DGRAM, 0, nullptr, &d));
        EXPECT_EQ(KITH_EOPNOTSUPP, queue(d, "x"));
        EXPECT_EQ(KITH_EBADF, queue({0}, "x"));
        ASSERT_EQ(0, kith_socket_open(place.domain(), KITH_STREAM, 0, nullptr, &closed));
        EXPECT_EQ(place.domain() == KITH_LOCAL ? KITH_ENOTCONN : KITH_EPIPE,
                  queue(closed, "x"));
        kt_close(closed);
        EXPECT_EQ(KITH_ECLOSED, queue(closed, "x"));
        EXPECT_EQ(1, kith_supports_msg_flag(KITH_MSG_QUEUE));
        kt_close(d);
        kt_close(p);
    });
}

}    // namespace
