/* SPDX-License-Identifier: Apache-2.0
 * socket_opt_tcp_test.cc -- what options of levels tcp and udp do. That they are set and read shows
 * socket_option_rows_test.cc. */
#include "tests/support/packets.h"

#include <cstring>
#include <string>

namespace
{

using OptTransport = kt_inets<>;

KT_INETS(OptTransport);

void
set(kith_socket s, kith_opt o, int v)
{
    const int rc = kith_socket_setopt_int(s, o, v);

    EXPECT_EQ(0, rc) << o << ": " << kith_strerror(rc);
}

kith_tcp_info
info_of(kith_socket s)
{
    kith_tcp_info info = {};

    EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof info),
              kith_socket_getopt(s, KITH_OPT_TCP_INFO, &info, sizeof info));
    return info;
}

std::ptrdiff_t
send(kith_socket s, const std::string &text)
{
    return kith_socket_send(s, text.data(), text.size(), 0, kt_long());
}

std::string
next(kith_socket s, std::size_t len = 64, unsigned flags = 0)
{
    char buf[64];
    const std::ptrdiff_t n = kith_socket_recv(s, buf, len, flags, kt_long());

    return n < 0 ? kith_err_name(static_cast<int>(n))
                 : std::string(buf, static_cast<std::size_t>(n));
}

/* How many segments two small sends make. */
unsigned
segments_of_two_sends(kith_socket s, kith_socket far, bool corked)
{
    const unsigned before = info_of(s).data_segs_out;

    if (corked)
        set(s, KITH_OPT_TCP_CORK, 1);
    EXPECT_EQ(3, send(s, "abc"));
    EXPECT_EQ(3, send(s, "def"));
    if (corked)
        set(s, KITH_OPT_TCP_CORK, 0);
    EXPECT_EQ("abcdef", next(far, 6, KITH_MSG_WAITALL));
    return info_of(s).data_segs_out - before;
}

/* The system takes a cork out by itself after 200 ms, which a busy machine may need for two sends:
 * then that round shows nothing. */
TEST_P(OptTransport, ACorkJoinsSendsAndNodelayDoesNot)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();

        set(p.near, KITH_OPT_TCP_NODELAY, 1);
        EXPECT_EQ(2u, segments_of_two_sends(p.near, p.far, false));
        EXPECT_TRUE(
            kt_eventually([&] { return segments_of_two_sends(p.near, p.far, true) == 1; }));
        EXPECT_EQ(2u, segments_of_two_sends(p.near, p.far, false));
        kt_close(p);
    });
}

TEST_P(OptTransport, MaxsegBoundsWhatTheOtherSends)
{
    by_process_and_thread([] {
        const kt_place place;
        const kith_socket l = kt_listen(place), s = kt_open();
        const kith_sockaddr to = kt_name_of(l);
        kith_socket far = {0};

        set(s, KITH_OPT_TCP_MAXSEG, 700);
        ASSERT_EQ(0, kith_socket_connect(s, &to, kt_long()));
        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &far));
        EXPECT_LE(info_of(far).snd_mss, 700u);
        EXPECT_GE(info_of(far).snd_mss, 600u) << "less its options";
        const kt_pair plain = kt_connect(l);
        EXPECT_GT(info_of(plain.far).snd_mss, 1000u);
        kt_close(plain);
        for (const kith_socket each : {l, s, far})
            kt_close(each);
    });
}

TEST_P(OptTransport, ADeferredAcceptComesWithItsBytes)
{
    by_process_and_thread([] {
        const kt_place place;
        const kith_socket l = kt_listen(place), s = kt_open();
        const kith_sockaddr to = kt_name_of(l);
        kith_socket far = {0};
        char buf[8];

        set(l, KITH_OPT_TCP_DEFER_ACCEPT, 60);
        ASSERT_EQ(0, kith_socket_connect(s, &to, kt_long()));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_accept(l, 0, &far))
            << "it has not said a word";
        ASSERT_EQ(5, send(s, "hello"));
        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &far));
        EXPECT_EQ(5, kith_socket_recv(far, buf, sizeof buf, 0, 0)) << "without waiting";
        for (const kith_socket each : {l, s, far})
            kt_close(each);
    });
}

TEST_P(OptTransport, SignedSegmentsNeedTheSameKey)
{
    if (kith_supports(KITH_OPT_TCP_MD5SIG) == 0)
        GTEST_SKIP() << "this kernel has no CONFIG_TCP_MD5SIG";
    by_process_and_thread([] {
        const kt_place place;
        const kith_socket l = kt_listen(place);
        const kith_sockaddr to = kt_name_of(l);
        kith_md5sig key = {kt_loopback(), 0, 0, 5, "right"};
        const auto connect = [&](const char *with, std::size_t len, kith_ms timeout) {
            const kith_socket s = kt_open();
            kith_md5sig k = key;

            k.key_len = static_cast<std::uint8_t>(len);
            std::memcpy(k.key, with, len);
            if (len > 0) {
                EXPECT_EQ(0, kith_socket_setopt(s, KITH_OPT_TCP_MD5SIG, &k, sizeof k));
            }
            const int rc = kith_socket_connect(s, &to, timeout);
            kt_close(s);
            return rc;
        };

        ASSERT_EQ(0, kith_socket_setopt(l, KITH_OPT_TCP_MD5SIG, &key, sizeof key));
        EXPECT_EQ(0, connect("right", 5, kt_long()));
        EXPECT_EQ(KITH_ETIMEOUT, connect("wrong", 5, 50)) << "nobody answers";
        EXPECT_EQ(KITH_ETIMEOUT, connect("", 0, 50)) << "without a key";

        key.key_len = 0;
        ASSERT_EQ(0, kith_socket_setopt(l, KITH_OPT_TCP_MD5SIG, &key, sizeof key));
        EXPECT_EQ(0, connect("", 0, kt_long())) << "the key is gone";
        EXPECT_EQ(KITH_ENOENT, kith_socket_setopt(l, KITH_OPT_TCP_MD5SIG, &key, sizeof key))
            << "there is none to take away";
        key.key_len = 5;
        key.prefix_len = 8;
        ASSERT_EQ(0, kith_socket_setopt(l, KITH_OPT_TCP_MD5SIG, &key, sizeof key));
        if (kt_inet() == KITH_INET) {
            EXPECT_EQ(0, connect("right", 5, kt_long())) << "for all of 127.0.0.0/8";
            EXPECT_EQ(KITH_ETIMEOUT, connect("wrong", 5, 50));
        }
        kt_close(l);
    });
}

/* ---- udp ---- */

TEST_P(OptTransport, ACorkMakesOneDatagramOfMany)
{
    by_process_and_thread([] {
        const kt_dgrams d;

        d.connect();
        set(d.near, KITH_OPT_UDP_CORK, 1);
        EXPECT_EQ(2, send(d.near, "ab"));
        EXPECT_EQ(2, send(d.near, "cd"));
        set(d.near, KITH_OPT_UDP_CORK, 0);
        EXPECT_EQ("abcd", next(d.far));
        EXPECT_EQ(2, send(d.near, "ef"));
        EXPECT_EQ("ef", next(d.far));
        d.close();
    });
}

TEST_P(OptTransport, ASegmentSizeCutsWhatIsSent)
{
    by_process_and_thread([] {
        const kt_dgrams d;

        d.connect();
        set(d.near, KITH_OPT_UDP_SEGMENT, 3);
        EXPECT_EQ(8, send(d.near, "abcdefgh"));
        EXPECT_EQ("abc", next(d.far));
        EXPECT_EQ("def", next(d.far));
        EXPECT_EQ("gh", next(d.far));
        set(d.near, KITH_OPT_UDP_SEGMENT, 0);
        EXPECT_EQ(8, send(d.near, "abcdefgh"));
        EXPECT_EQ("abcdefgh", next(d.far));
        d.close();
    });
}

TEST_P(OptTransport, GroGivesWhatWasCutInOnePiece)
{
    by_process_and_thread([] {
        const kt_dgrams d;
        char buf[64] = {};
        alignas(16) char space[KITH_CTRL_SPACE] = {};
        kith_iov iov = KITH_IOV(buf);
        kith_cmsg ctrl[4];
        kith_packet p = {};

        p.iov = &iov, p.n_iov = 1, p.ctrl = ctrl, p.ctrl_cap = 4;
        p.ctrl_space = KITH_IOV(space);
        d.connect();
        set(d.far, KITH_OPT_UDP_GRO, 1);
        set(d.near, KITH_OPT_UDP_SEGMENT, 3);
        EXPECT_EQ(8, send(d.near, "abcdefgh"));
        EXPECT_EQ(8, kith_socket_recvmsg(d.far, &p, 0, kt_long()));
        const int *size = KITH_CTRL(&p, KITH_CMSG_UDP_GRO, int);
        ASSERT_NE(nullptr, size);
        EXPECT_EQ(3, *size);
        d.close();
    });
}

}    // namespace
