/* SPDX-License-Identifier: Apache-2.0
 * socket_conform_traffic_test.cc -- Erlang's cases of traffic: chunks and round trips, every byte
 * compared, and counted. docs/conformance.md names them. */
#include "tests/support/kinds.h"

#include <functional>
#include <vector>

namespace
{

class ConformChunks : public kt_kind_test {};
class ConformPingPongStream : public kt_kind_test {};
class ConformPingPongDgram : public kt_kind_test {};
class ConformCounters : public kt_kind_test {};
class ConformCountersStream : public kt_kind_test {};
class ConformCountersDgram : public kt_kind_test {};

KT_KINDS(ConformChunks, kt_streams);
KT_KINDS(ConformPingPongStream, kt_streams);
KT_KINDS(ConformPingPongDgram, kt_dgram_kinds);
KT_KINDS(ConformCounters, kt_all_kinds);
KT_KINDS(ConformCountersStream, kt_streams);
KT_KINDS(ConformCountersDgram, kt_dgram_kinds);

/* ---- chunks ---- */

TEST_P(ConformChunks, OneSendIsReadInManyPieces)
{
    in_process([this] {
        const kt_ends e(GetParam());
        const std::string sent = kt_pattern(200 * 1000);
        std::string got;
        const kith_pid sender = spawn([&] {
            EXPECT_EQ(static_cast<std::ptrdiff_t>(sent.size()),
                      e.send(sent.data(), sent.size()));
        });

        while (got.size() < sent.size()) {
            char piece[1000];
            const auto n =
                kith_socket_recv(e.far, piece, sizeof piece, KITH_MSG_WAITALL, kt_long());

            ASSERT_EQ(1000, n);
            got.append(piece, sizeof piece);
        }
        EXPECT_TRUE(sent == got);
        EXPECT_EQ(0, kith_wait(sender, nullptr, kt_long()));
        e.close();
    });
}

TEST_P(ConformChunks, ManySendsAreReadAtOnce)
{
    in_process([this] {
        const kt_ends e(GetParam());
        const std::string sent = kt_pattern(200 * 1000);
        std::string got(sent.size(), '\0');
        const kith_pid sender = spawn([&] {
            for (std::size_t at = 0; at < sent.size(); at += 1000)
                ASSERT_EQ(1000, e.send(sent.data() + at, 1000));
        });

        EXPECT_EQ(static_cast<std::ptrdiff_t>(sent.size()),
                  kith_socket_recv(e.far, got.data(), got.size(), KITH_MSG_WAITALL,
                                   kt_long()));
        EXPECT_TRUE(sent == got);
        EXPECT_EQ(0, kith_wait(sender, nullptr, kt_long()));
        e.close();
    });
}

/* ---- ping pong ---- */

constexpr std::size_t small = 8, medium = 8 * 1024, large = 1024 * 1024;

/* How a side sends and receives. A receive answers the sender's address where there is one. */
struct manner {
    std::ptrdiff_t (*send)(kith_socket s, std::string &bytes, const kith_sockaddr *to);
    std::ptrdiff_t (*recv)(kith_socket s, std::string &room, kith_sockaddr *from);
};

const manner by_send = {
    [](kith_socket s, std::string &bytes, const kith_sockaddr *) {
        return kith_socket_send(s, bytes.data(), bytes.size(), 0, kt_long());
    },
    [](kith_socket s, std::string &room, kith_sockaddr *) {
        return kith_socket_recv(s, room.data(), room.size(), KITH_MSG_WAITALL, kt_long());
    },
};

const manner by_sendto = {
    [](kith_socket s, std::string &bytes, const kith_sockaddr *to) {
        return kith_socket_sendto(s, bytes.data(), bytes.size(), to, 0, kt_long());
    },
    [](kith_socket s, std::string &room, kith_sockaddr *from) {
        return kith_socket_recvfrom(s, room.data(), room.size(), from, 0, kt_long());
    },
};

const manner by_sendmsg = {
    [](kith_socket s, std::string &bytes, const kith_sockaddr *to) {
        kt_piece r(bytes.data(), bytes.size());

        if (to != nullptr)
            r.p.addr = *to;
        return kith_socket_sendmsg(s, &r.p, 0, kt_long());
    },
    [](kith_socket s, std::string &room, kith_sockaddr *from) {
        kt_piece r(room.data(), room.size());
        const auto n = kith_socket_recvmsg(s, &r.p, KITH_MSG_WAITALL, kt_long());

        *from = r.p.addr;
        return n;
    },
};

/* Receives, and sends the same back to who sent it. */
void
pong(const kt_ends &e, const manner &how, bool dgram, std::size_t size, int rounds)
{
    std::string room(size, '\0');
    kith_sockaddr from;

    for (int i = 0; i < rounds; i++) {
        ASSERT_EQ(static_cast<std::ptrdiff_t>(size), how.recv(e.far, room, &from));
        ASSERT_EQ(static_cast<std::ptrdiff_t>(size),
                  how.send(e.far, room, dgram ? &from : nullptr));
    }
}

class PingPong {
  public:
    PingPong(const kt_kind &k, const manner &how, std::size_t size, int rounds)
        : kind_(k), how_(how), size_(size), rounds_(rounds)
    {
    }

    void operator()()
    {
        const kt_ends e(kind_);
        const bool dgram = kind_.is_dgram();
        kt_bodies bodies;
        const kith_pid ponger = bodies.spawn([&] { pong(e, how_, dgram, size_, rounds_); });

        for (int i = 0; i < rounds_; i++) {
            std::string sent = kt_pattern(size_, static_cast<unsigned>(i));
            std::string got(size_, '\0');
            kith_sockaddr from;

            ASSERT_EQ(static_cast<std::ptrdiff_t>(size_),
                      how_.send(e.near, sent, dgram ? &e.far_name : nullptr));
            ASSERT_EQ(static_cast<std::ptrdiff_t>(size_), how_.recv(e.near, got, &from));
            ASSERT_TRUE(sent == got) << "round " << i;
            if (dgram) {
                ASSERT_EQ(kt_text(e.far_name), kt_text(from));
            }
        }
        EXPECT_EQ(0, kith_wait(ponger, nullptr, kt_long()));
        e.close();
    }

  private:
    kt_kind kind_;
    manner how_;
    std::size_t size_;
    int rounds_;
};

TEST_P(ConformPingPongStream, SmallBySend)
{
    by_process_and_thread(PingPong(GetParam(), by_send, small, 100));
}

TEST_P(ConformPingPongStream, MediumBySend)
{
    by_process_and_thread(PingPong(GetParam(), by_send, medium, 50));
}

TEST_P(ConformPingPongStream, LargeBySend)
{
    by_process_and_thread(PingPong(GetParam(), by_send, large, 3));
}

TEST_P(ConformPingPongStream, SmallBySendmsg)
{
    by_process_and_thread(PingPong(GetParam(), by_sendmsg, small, 100));
}

TEST_P(ConformPingPongStream, MediumBySendmsg)
{
    by_process_and_thread(PingPong(GetParam(), by_sendmsg, medium, 50));
}

TEST_P(ConformPingPongStream, LargeBySendmsg)
{
    by_process_and_thread(PingPong(GetParam(), by_sendmsg, large, 3));
}

TEST_P(ConformPingPongDgram, SmallBySendto)
{
    by_process_and_thread(PingPong(GetParam(), by_sendto, small, 100));
}

TEST_P(ConformPingPongDgram, MediumBySendto)
{
    by_process_and_thread(PingPong(GetParam(), by_sendto, medium, 50));
}

TEST_P(ConformPingPongDgram, SmallBySendmsg)
{
    by_process_and_thread(PingPong(GetParam(), by_sendmsg, small, 100));
}

TEST_P(ConformPingPongDgram, MediumBySendmsg)
{
    by_process_and_thread(PingPong(GetParam(), by_sendmsg, medium, 50));
}

/* ---- counters ---- */

kith_socket_counters
counters(kith_socket s)
{
    struct kith_socket_info info = KITH_SOCKET_INFO_INIT;

    EXPECT_EQ(0, kith_socket_info(s, &info));
    return info.counters;
}

/* Packets of known sizes go one way; each side has counted them, and nothing else. */
void
expect_counted(const manner &how)
{
    const kt_kind &k = kt_kind_test::GetParam();
    const kt_ends e(k);
    const std::size_t sizes[] = {1, 100, 1000, 8000, 7, 100};
    const kith_socket_counters before = counters(e.far);
    std::uint64_t bytes = 0, packets = 0;
    kith_sockaddr from;

    EXPECT_EQ(0u,
              before.read_pkg + before.read_byte + before.write_pkg + before.write_byte);
    for (const std::size_t size : sizes) {
        std::string sent = kt_pattern(size), got(size, '\0');
        const auto n = static_cast<std::ptrdiff_t>(size);

        ASSERT_EQ(n, how.send(e.near, sent, k.is_dgram() ? &e.far_name : nullptr));
        ASSERT_EQ(n, how.recv(e.far, got, &from));
        EXPECT_TRUE(sent == got);
        bytes += size;
        packets++;
        EXPECT_EQ(packets, counters(e.near).write_pkg);
        EXPECT_EQ(bytes, counters(e.near).write_byte);
        EXPECT_EQ(packets, counters(e.far).read_pkg);
        EXPECT_EQ(bytes, counters(e.far).read_byte);
    }
    const kith_socket_counters near = counters(e.near), far = counters(e.far);
    EXPECT_EQ(8000u, near.write_pkg_max);
    EXPECT_EQ(8000u, far.read_pkg_max);
    EXPECT_EQ(0u, near.read_pkg + near.read_byte + near.write_fails);
    EXPECT_EQ(0u, far.write_pkg + far.write_byte + far.read_fails);
    e.close();
}

TEST_P(ConformCountersStream, WhatIsSentAndReceivedIsCounted)
{
    by_process_and_thread([] { expect_counted(by_send); });
}

TEST_P(ConformCounters, WhatIsSentAndReceivedAsMessagesIsCounted)
{
    by_process_and_thread([] { expect_counted(by_sendmsg); });
}

TEST_P(ConformCountersDgram, WhatIsSentToAndReceivedFromIsCounted)
{
    by_process_and_thread([] { expect_counted(by_sendto); });
}

}    // namespace
