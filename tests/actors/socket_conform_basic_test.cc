/* SPDX-License-Identifier: Apache-2.0
 * socket_conform_basic_test.cc -- Erlang's cases of the calls themselves: open, close, request and
 * reply by every pair of calls, pieces. docs/conformance.md names them. */
#include "tests/support/idle.h"
#include "tests/support/kinds.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include <unistd.h>

namespace
{

class ConformBasic : public kt_kind_test {};
class ConformBasicConnected : public kt_kind_test {};
class ConformBasicStream : public kt_kind_test {};
class ConformBasicDgram : public kt_kind_test {};
class ConformOpen : public kt_sockets {};

KT_KINDS(ConformBasic, kt_all_kinds);
KT_KINDS(ConformBasicConnected, kt_connected);
KT_KINDS(ConformBasicStream, kt_streams);
KT_KINDS(ConformBasicDgram, kt_dgram_kinds);

/* ---- open and close ---- */

TEST_P(ConformBasic, OpensAndCloses)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open(GetParam());

        EXPECT_EQ(0, kith_socket_close(s));
        EXPECT_EQ(KITH_ECLOSED, kith_socket_close(s)) << "it was closed before";
    });
}

int
option(kith_socket s, kith_opt o)
{
    int v = -1;

    EXPECT_EQ(0, kith_socket_getopt_int(s, o, &v));
    return v;
}

TEST_P(ConformBasic, ItsOptionsTellWhatItIs)
{
    by_process_and_thread([] {
        const kt_kind &k = GetParam();
        const int domain = k.kith_domain();
        const int protocol = k.kith_protocol();
        const kith_socket s = kt_open(k);

        EXPECT_EQ(domain, option(s, KITH_OPT_SOCKET_DOMAIN));
        EXPECT_EQ(domain, option(s, KITH_OPT_OTP_DOMAIN));
        EXPECT_EQ(k.type, option(s, KITH_OPT_SOCKET_TYPE));
        EXPECT_EQ(k.type, option(s, KITH_OPT_OTP_TYPE));
        EXPECT_EQ(protocol, option(s, KITH_OPT_SOCKET_PROTOCOL));
        EXPECT_EQ(protocol, option(s, KITH_OPT_OTP_PROTOCOL));
        EXPECT_EQ(kith_self(), kt_owner(s));
        kt_close(s);
        EXPECT_EQ(KITH_ECLOSED, kith_socket_close(s));
    });
}

TEST_P(ConformBasic, AFreshOneTellsThatNothingWasDoneWithIt)
{
    by_process_and_thread([] {
        const kt_kind &k = GetParam();
        const kith_socket s = kt_open(k);
        struct kith_socket_info info = KITH_SOCKET_INFO_INIT;
        const kith_socket_counters none = {};

        ASSERT_EQ(0, kith_socket_info(s, &info));
        EXPECT_EQ(k.kith_domain(), info.domain);
        EXPECT_EQ(k.type, info.type);
        EXPECT_EQ(k.kith_protocol(), info.protocol);
        EXPECT_EQ(kith_self(), info.owner);
        EXPECT_EQ(KITH_OPENED, info.origin);
        EXPECT_EQ(0u, info.state);
        EXPECT_EQ(0u, info.n_readers + info.n_writers + info.n_acceptors);
        EXPECT_EQ(0, std::memcmp(&none, &info.counters, sizeof none));
        kt_close(s);
        EXPECT_EQ(KITH_ECLOSED, kith_socket_info(s, &info));
    });
}

TEST_F(ConformOpen, ARawSocketOpensOrSaysWhyNot)
{
    by_process_and_thread([] {
        const struct {
            int domain, protocol;
        } rows[] = {{KITH_INET, KITH_ICMP}, {KITH_INET6, KITH_ICMPV6}};

        for (const auto &row : rows) {
            kith_socket s = {0};
            const int rc =
                kith_socket_open(row.domain, KITH_RAW, row.protocol, nullptr, &s);

            if (rc != 0) {
                EXPECT_TRUE(rc == KITH_EPERM || rc == KITH_EACCES) << kith_strerror(rc);
                EXPECT_NE(0u, geteuid()) << "but for the superuser";
                continue;
            }
            EXPECT_EQ(KITH_RAW, option(s, KITH_OPT_SOCKET_TYPE));
            EXPECT_EQ(row.protocol, option(s, KITH_OPT_SOCKET_PROTOCOL));
            kt_close(s);
        }
    });
}

TEST_F(ConformOpen, WhatIsUnknownIsRefused)
{
    by_process_and_thread([] {
        kith_socket s = {7};

        EXPECT_EQ(KITH_EINVAL, kith_socket_open(9999, KITH_STREAM, 0, nullptr, &s));
        EXPECT_EQ(KITH_EINVAL, kith_socket_open(0, KITH_STREAM, 0, nullptr, &s));
        EXPECT_EQ(KITH_EINVAL, kith_socket_open(KITH_INET, 9999, 0, nullptr, &s));
        EXPECT_EQ(KITH_EINVAL, kith_socket_open(KITH_INET, 0, 0, nullptr, &s));
        for (const int domain : {KITH_INET, KITH_INET6}) {
            const int rc = kith_socket_open(domain, KITH_STREAM, 254, nullptr, &s);

            EXPECT_TRUE(rc == KITH_EPROTONOSUPPORT || rc == KITH_EINVAL)
                << kith_strerror(rc);
        }
        EXPECT_EQ(7u, s.id) << "nothing was written";
    });
}

TEST_P(ConformBasic, WhatIsNoAddressIsNotBoundTo)
{
    by_process_and_thread([] {
        const kt_kind &k = GetParam();
        const kt_place at(k.domain),
            stranger(k.is_local() ? kt_domain::inet : kt_domain::abstract);
        const kith_socket s = kt_open(k);
        kith_sockaddr empty = {}, unknown = at.address();

        unknown.domain = 9999;
        EXPECT_EQ(KITH_EINVAL, kith_socket_bind(s, nullptr));
        EXPECT_EQ(KITH_EINVAL, kith_socket_bind(s, &empty));
        EXPECT_EQ(KITH_EINVAL, kith_socket_bind(s, &unknown));
        EXPECT_GT(0, kith_socket_bind(s, &stranger.address()));
        EXPECT_EQ(KITH_EBADF, kith_socket_bind(kith_socket{0}, &at.address()));
        EXPECT_EQ(0, kith_socket_bind(s, &at.address())) << "nothing has changed";
        kt_close(s);
    });
}

/* ---- request and reply ---- */

TEST_P(ConformBasicDgram, ARequestAndItsReplyTellWhoSentThem)
{
    by_process_and_thread([] {
        const kt_ends e(GetParam());
        char buf[64];
        kith_sockaddr from = {};

        EXPECT_EQ(7, kith_socket_sendto(e.near, "request", 7, &e.far_name, 0, kt_long()));
        EXPECT_EQ(7, kith_socket_recvfrom(e.far, buf, sizeof buf, &from, 0, kt_long()));
        EXPECT_EQ("request", std::string(buf, 7));
        EXPECT_EQ(kt_text(e.near_name), kt_text(from));

        EXPECT_EQ(5, kith_socket_sendto(e.far, "reply", 5, &from, 0, kt_long()));
        EXPECT_EQ(5, kith_socket_recvfrom(e.near, buf, sizeof buf, &from, 0, kt_long()));
        EXPECT_EQ("reply", std::string(buf, 5));
        EXPECT_EQ(kt_text(e.far_name), kt_text(from));
        e.close();
    });
}

TEST_P(ConformBasic, ARequestAndItsReplyByMessages)
{
    by_process_and_thread([] {
        const kt_ends e(GetParam());
        const bool dgram = GetParam().is_dgram();
        char request[] = "request", reply[] = "reply", buf[64];
        kt_piece out(request, 7), back(reply, 5), in(buf, sizeof buf);

        if (dgram)
            out.p.addr = e.far_name;
        EXPECT_EQ(7, kith_socket_sendmsg(e.near, &out.p, 0, kt_long()));
        EXPECT_EQ(7, kith_socket_recvmsg(e.far, &in.p, 0, kt_long()));
        EXPECT_EQ("request", std::string(buf, 7));
        EXPECT_EQ(0u, in.p.flags & (KITH_MSG_TRUNC | KITH_MSG_CTRUNC));
        if (dgram) {
            EXPECT_EQ(kt_text(e.near_name), kt_text(in.p.addr));
            back.p.addr = in.p.addr;
        } else if (GetParam().protocol != KITH_SCTP) {
            EXPECT_TRUE(in.p.addr.domain == 0 ||
                        (in.p.addr.domain == KITH_LOCAL && in.p.addr.local.len == 0))
                << "what is connected tells no address";
        }
        EXPECT_EQ(5, kith_socket_sendmsg(e.far, &back.p, 0, kt_long()));
        EXPECT_EQ(5, kith_socket_recvmsg(e.near, &in.p, 0, kt_long()));
        EXPECT_EQ("reply", std::string(buf, 5));
        e.close();
    });
}

TEST_P(ConformBasicConnected, ARequestAndItsReply)
{
    by_process_and_thread([] {
        const kt_ends e(GetParam());
        char buf[64];

        EXPECT_EQ(7, kith_socket_send(e.near, "request", 7, 0, kt_long()));
        EXPECT_EQ(7, kith_socket_recv(e.far, buf, sizeof buf, 0, kt_long()));
        EXPECT_EQ("request", std::string(buf, 7));
        EXPECT_EQ(5, kith_socket_send(e.far, "reply", 5, 0, kt_long()));
        EXPECT_EQ(5, kith_socket_recv(e.near, buf, sizeof buf, 0, kt_long()));
        EXPECT_EQ("reply", std::string(buf, 5));
        e.close();
    });
}

TEST_P(ConformBasicConnected, ARequestAndItsReplyInPieces)
{
    by_process_and_thread([] {
        const kt_ends e(GetParam());
        const kith_iov out[] = {kith_iov_of("re", 2), kith_iov_of("", 0),
                                kith_iov_of("quest", 5)};
        const kith_iov back[] = {kith_iov_of("rep", 3), kith_iov_of("ly", 2)};
        char buf[64];

        EXPECT_EQ(7, kith_socket_sendv(e.near, out, 3, 0, kt_long()));
        EXPECT_EQ(7, kith_socket_recv(e.far, buf, sizeof buf, 0, kt_long()));
        EXPECT_EQ("request", std::string(buf, 7));
        EXPECT_EQ(5, kith_socket_sendv(e.far, back, 2, 0, kt_long()));
        EXPECT_EQ(5, kith_socket_recv(e.near, buf, sizeof buf, 0, kt_long()));
        EXPECT_EQ("reply", std::string(buf, 5));
        e.close();
    });
}

/* ---- as many pieces as the system takes, and more ---- */

std::vector<kith_iov>
cut(std::string &bytes, std::size_t n, std::size_t each)
{
    std::vector<kith_iov> iov;

    bytes = kt_pattern(n * each);
    for (std::size_t i = 0; i < n; i++)
        iov.push_back({bytes.data() + i * each, each});
    return iov;
}

const std::size_t piece_counts[] = {1, 1023, 1024, 1025, 2000};

/* Erlang refuses a datagram of more; here it is gathered, and still one. */
TEST_P(ConformBasicDgram, ADatagramOfAnyNumberOfPiecesIsOne)
{
    by_process_and_thread([] {
        for (const std::size_t n : piece_counts) {
            const kt_ends e(GetParam());
            std::string bytes, got(n + 1, '\0');
            std::vector<kith_iov> iov = cut(bytes, n, 1);
            kith_packet p = {};

            p.addr = e.far_name;
            p.iov = iov.data();
            p.n_iov = n;
            EXPECT_EQ(static_cast<std::ptrdiff_t>(n),
                      kith_socket_sendmsg(e.near, &p, 0, kt_long()));
            EXPECT_EQ(static_cast<std::ptrdiff_t>(n),
                      kith_socket_recv(e.far, got.data(), n + 1, 0, kt_long()));
            got.resize(n);
            EXPECT_TRUE(bytes == got) << n;
            e.close();
        }
    });
}

TEST_P(ConformBasicStream, AStreamTakesAnyNumberOfPieces)
{
    by_process_and_thread([] {
        for (const std::size_t n : piece_counts) {
            const kt_ends e(GetParam());
            std::string bytes, got(n * 8, '\0');
            std::vector<kith_iov> iov = cut(bytes, n, 8);
            kith_packet p = {};

            p.iov = iov.data();
            p.n_iov = n;
            EXPECT_EQ(static_cast<std::ptrdiff_t>(n * 8),
                      kith_socket_sendmsg(e.near, &p, 0, kt_long()));
            EXPECT_EQ(static_cast<std::ptrdiff_t>(n * 8),
                      kith_socket_recv(e.far, got.data(), n * 8, KITH_MSG_WAITALL,
                                       kt_long()));
            EXPECT_TRUE(bytes == got) << n;
            e.close();
        }
    });
}

/* Sends all pieces without waiting: what is left again, after each select message. */
void
send_without_waiting(kith_socket s, std::vector<kith_iov> iov)
{
    std::size_t first = 0;

    while (first < iov.size()) {
        std::ptrdiff_t n =
            kith_socket_sendv(s, &iov[first], iov.size() - first, 0, KITH_NOWAIT);

        if (n == KITH_ESELECT) {
            const kith_msg *m = kt_receive();

            ASSERT_TRUE(m != nullptr && m->tag == KITH_TAG_SELECT);
            continue;
        }
        ASSERT_GT(n, 0);
        while (first < iov.size() && static_cast<std::size_t>(n) >= iov[first].len)
            n -= static_cast<std::ptrdiff_t>(iov[first++].len);
        if (first < iov.size())
            iov[first] = {static_cast<char *>(iov[first].base) + n,
                          iov[first].len - static_cast<std::size_t>(n)};
    }
}

TEST_P(ConformBasicStream, MoreAndMorePiecesArriveCompleteWaitingAndNot)
{
    in_process([this] {
        const kt_ends e(GetParam());

        for (const std::size_t n : {1u, 40u, 1024u, 2048u})
            for (const bool wait : {true, false}) {
                std::string bytes, got(n * 200, '\0');
                std::vector<kith_iov> iov = cut(bytes, n, 200);
                const kith_pid reader = spawn([&] {
                    EXPECT_EQ(static_cast<std::ptrdiff_t>(got.size()),
                              kith_socket_recv(e.far, got.data(), got.size(),
                                               KITH_MSG_WAITALL, kt_long()));
                });

                if (wait)
                    EXPECT_EQ(static_cast<std::ptrdiff_t>(bytes.size()),
                              kith_socket_sendv(e.near, iov.data(), n, 0, kt_long()));
                else
                    send_without_waiting(e.near, iov);
                ASSERT_EQ(0, kith_wait(reader, nullptr, kt_long()));
                EXPECT_TRUE(bytes == got) << n << " pieces";
            }
        kt_expect_no_message();
        e.close();
    });
}

/* ---- datagrams that are connected ---- */

TEST_P(ConformBasicDgram, ConnectsToOnePeerThenToAnother)
{
    by_process_and_thread([] {
        const kt_kind &k = GetParam();
        const kt_ends e(k);
        const kt_place at(k.domain);
        const kith_socket other = kt_bound(k, at);
        const kith_sockaddr other_name = kt_name_of(other);
        const struct {
            kith_socket s;
            const kith_sockaddr *name;
        } peers[] = {{e.far, &e.far_name}, {other, &other_name}, {e.far, &e.far_name}};

        for (const auto &peer : peers) {
            char buf[8];
            kith_sockaddr name = {};

            ASSERT_EQ(0, kith_socket_connect(e.near, peer.name, kt_long()));
            ASSERT_EQ(0, kith_socket_peername(e.near, &name));
            EXPECT_EQ(kt_text(*peer.name), kt_text(name));
            EXPECT_EQ(4, kith_socket_send(e.near, "ping", 4, 0, kt_long()));
            EXPECT_EQ(4,
                      kith_socket_recvfrom(peer.s, buf, sizeof buf, &name, 0, kt_long()));
            EXPECT_EQ(kt_text(e.near_name), kt_text(name));
            EXPECT_EQ(4, kith_socket_sendto(peer.s, "pong", 4, &name, 0, kt_long()));
            EXPECT_EQ(4, kith_socket_recv(e.near, buf, sizeof buf, 0, kt_long()));
            EXPECT_EQ("pong", std::string(buf, 4));
        }
        char c;
        kt_ignore(kith_socket_sendto(other, "lost", 4, &e.near_name, 0, 0));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(e.near, &c, 1, 0, 0))
            << "a stranger is not heard";
        kt_close(other);
        e.close();
    });
}

}    // namespace
