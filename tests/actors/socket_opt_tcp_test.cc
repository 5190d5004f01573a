/* SPDX-License-Identifier: Apache-2.0
 * socket_opt_tcp_test.cc -- what options of levels tcp and udp do. That they are set and read shows
 * socket_option_rows_test.cc. */
#include "tests/support/cut.h"
#include "tests/support/netns.h"
#include "tests/support/packets.h"

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>

namespace
{

using OptTransport = kt_inets<>;

KT_INETS(OptTransport);

using OptTransportOnly = kt_sockets;

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
        kt_set(s, KITH_OPT_TCP_CORK, 1);
    EXPECT_EQ(3, send(s, "abc"));
    EXPECT_EQ(3, send(s, "def"));
    if (corked)
        kt_set(s, KITH_OPT_TCP_CORK, 0);
    EXPECT_EQ("abcdef", next(far, 6, KITH_MSG_WAITALL));
    return info_of(s).data_segs_out - before;
}

/* The system takes a cork out by itself after 200 ms, which a busy machine may need for two sends:
 * then that round shows nothing. */
TEST_P(OptTransport, ACorkJoinsSendsAndNodelayDoesNot)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();

        kt_set(p.near, KITH_OPT_TCP_NODELAY, 1);
        EXPECT_EQ(2u, segments_of_two_sends(p.near, p.far, false));
        EXPECT_TRUE(
            kt_eventually([&] { return segments_of_two_sends(p.near, p.far, true) == 1; }));
        EXPECT_EQ(2u, segments_of_two_sends(p.near, p.far, false));
        kt_close(p);
    });
}

/* How many segments three small sends make, to a peer that puts off its answer. */
unsigned
segments_of_three_sends(bool nodelay)
{
    const kt_pair p = kt_pair_of();

    kt_set(p.near, KITH_OPT_TCP_NODELAY, nodelay);
    kt_set(p.far, KITH_OPT_TCP_QUICKACK, 0);
    for (const char *text : {"a", "b", "c"})
        EXPECT_EQ(1, send(p.near, text));
    EXPECT_EQ("abc", next(p.far, 3, KITH_MSG_WAITALL));
    const unsigned n = info_of(p.near).data_segs_out;
    kt_close(p);
    return n;
}

/* The answer comes after 40 ms, which a busy machine may need for three sends: then that round
 * shows nothing. So it is with the next. */
TEST_P(OptTransport, WithoutNodelayWhatIsSmallWaitsForTheAnswerToWhatWentBefore)
{
    by_process_and_thread([] {
        EXPECT_EQ(3u, segments_of_three_sends(true));
        EXPECT_TRUE(kt_eventually([] { return segments_of_three_sends(false) == 2; }));
    });
}

/* How many answers eight segments get. */
unsigned
answers_to_eight(bool quick)
{
    const kt_pair p = kt_pair_of();

    kt_set(p.near, KITH_OPT_TCP_NODELAY, 1);
    kt_set(p.far, KITH_OPT_TCP_QUICKACK, quick);
    const unsigned before = info_of(p.far).segs_out;
    for (int i = 0; i < 8; i++)
        EXPECT_EQ(1, send(p.near, "x"));
    EXPECT_TRUE(kt_eventually([&] { return info_of(p.near).unacked == 0; }));
    const unsigned n = info_of(p.far).segs_out - before;
    kt_close(p);
    return n;
}

TEST_P(OptTransport, QuickackAnswersEachSegment)
{
    by_process_and_thread([] {
        EXPECT_EQ(8u, answers_to_eight(true));
        EXPECT_TRUE(kt_eventually([] { return answers_to_eight(false) < 8; }));
    });
}

TEST_P(OptTransport, InqTellsHowMuchIsLeftWhileItIsOn)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        const auto left_after = [&](std::size_t n) {
            kt_room r;
            int v = -1;

            r.iov.len = n;
            EXPECT_EQ(static_cast<std::ptrdiff_t>(n),
                      kith_socket_recvmsg(p.far, &r.p, 0, kt_long()));
            if (r.p.n_ctrl == 1 && r.ctrl[0].level == IPPROTO_TCP &&
                r.ctrl[0].type == TCP_CM_INQ && r.ctrl[0].len == sizeof v)
                std::memcpy(&v, r.ctrl[0].data, sizeof v);
            return v;
        };

        EXPECT_EQ(10, send(p.near, "abcdefghij"));
        EXPECT_EQ(-1, left_after(2));
        kt_set(p.far, KITH_OPT_TCP_INQ, 1);
        EXPECT_EQ(5, left_after(3));
        EXPECT_EQ(1, left_after(4));
        EXPECT_EQ(0, left_after(1));
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

        kt_set(s, KITH_OPT_TCP_MAXSEG, 700);
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

        kt_set(l, KITH_OPT_TCP_DEFER_ACCEPT, 60);
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

/* Of the segment that opened the connection: it had data in it, and the peer took them. */
bool
opened_with_data(kith_socket s)
{
    const unsigned syn_data = 32; /* Linux's TCPI_OPT_SYN_DATA, a name that musl lacks */
    tcp_info native = {};

    EXPECT_LT(0, kith_socket_getopt_native(s, IPPROTO_TCP, TCP_INFO, KITH_IOV(native)));
    return (native.tcpi_options & syn_data) != 0;
}

TEST_P(OptTransport, AFastOpenCarriesTheFirstBytes)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const kt_netns n;
        const kith_socket l = n.open(kt_inet(), KITH_STREAM);
        const kith_sockaddr at = kith_sockaddr_loopback(kt_inet(), 7000);

        n.set("ipv4/tcp_fastopen", 0x207); /* of both ends, and no cookie is asked for */
        kt_set(l, KITH_OPT_TCP_FASTOPEN, 5);
        ASSERT_EQ(0, kith_socket_bind(l, &at));
        ASSERT_EQ(0, kith_socket_listen(l, 5));
        for (const int fast : {0, 1}) {
            const kith_socket s = n.open(kt_inet(), KITH_STREAM);
            kith_socket far = {0};

            kt_set(s, KITH_OPT_TCP_FASTOPEN_CONNECT, fast);
            ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
            EXPECT_EQ(fast == 0, info_of(s).segs_out > 0) << "the first send connects";
            EXPECT_EQ(5, send(s, "hello"));
            ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &far));
            EXPECT_EQ("hello", next(far));
            EXPECT_EQ(fast == 1, opened_with_data(s));
            EXPECT_EQ(2, send(far, "me"));
            EXPECT_EQ("me", next(s));
            kt_close(s);
            kt_close(far);
        }
        kt_close(l);
    });
}

/* The first ever between two, whose cookie the client cannot have: it may only ask for one. */
TEST_P(OptTransport, WithoutCookiesTheFirstFastOpenCarriesBytesToo)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        for (const int without : {0, 1}) {
            const kt_netns n;
            const kith_socket l = n.open(kt_inet(), KITH_STREAM),
                              s = n.open(kt_inet(), KITH_STREAM);
            const kith_sockaddr at = kith_sockaddr_loopback(kt_inet(), 7000);
            kith_socket far = {0};

            n.set("ipv4/tcp_fastopen", 3); /* of both ends */
            kt_set(l, KITH_OPT_TCP_FASTOPEN, 5);
            kt_set(l, KITH_OPT_TCP_FASTOPEN_NO_COOKIE, without);
            ASSERT_EQ(0, kith_socket_bind(l, &at));
            ASSERT_EQ(0, kith_socket_listen(l, 5));
            kt_set(s, KITH_OPT_TCP_FASTOPEN_CONNECT, 1);
            kt_set(s, KITH_OPT_TCP_FASTOPEN_NO_COOKIE, without);
            ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
            EXPECT_EQ(5, send(s, "hello"));
            ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &far));
            EXPECT_EQ("hello", next(far));
            EXPECT_EQ(without == 1, opened_with_data(s));
            for (const kith_socket each : {l, s, far})
                kt_close(each);
        }
    });
}

/* More than that does not wait unsent in the system, and it is told of when half has gone. */
TEST_P(OptTransport, NotsentLowatKeepsTheSystemsQueueShort)
{
    by_process_and_thread([] {
        constexpr std::uint64_t lowat = 8192, segment = 64 * 1024;
        const kt_pair plain = kt_pair_of(), p = kt_pair_of();
        const kith_msg *m;

        kt_set(p.near, KITH_OPT_TCP_NOTSENT_LOWAT, lowat);
        const std::size_t all = kt_fill(plain.near), went = kt_fill(p.near);
        EXPECT_GT(all, went);
        EXPECT_GT(info_of(plain.near).notsent_bytes, lowat + segment);
        EXPECT_LE(info_of(p.near).notsent_bytes, lowat + segment);

        EXPECT_EQ(KITH_ESELECT, kith_socket_send(p.near, "x", 1, 0, KITH_NOWAIT));
        for (std::size_t got = 0; got < went;) {
            char buf[4096];
            const std::ptrdiff_t n = kith_socket_recv(p.far, buf, sizeof buf, 0, kt_long());

            ASSERT_LT(0, n);
            got += static_cast<std::size_t>(n);
        }
        ASSERT_EQ(0, kith_receive_tag(KITH_TAG_SELECT, &m, kt_long()));
        EXPECT_LT(2 * info_of(p.near).notsent_bytes, lowat);
        EXPECT_EQ(1, kith_socket_send(p.near, "x", 1, 0, KITH_NOWAIT));
        kt_close(plain);
        kt_close(p);
    });
}

/* Linux forgets it when longer segments come than it has seen. */
TEST_P(OptTransport, TheWindowClampBoundsTheWindowThatAConnectionBeginsWith)
{
    by_process_and_thread([] {
        const kt_place place;
        const kith_socket l = kt_listen(place);
        const kt_pair plain = kt_connect(l);

        kt_set(l, KITH_OPT_TCP_WINDOW_CLAMP, 4096);
        const kt_pair p = kt_connect(l);
        EXPECT_GT(info_of(plain.near).snd_wnd, 4096u);
        EXPECT_LE(info_of(p.near).snd_wnd, 4096u);
        for (const kt_pair &each : {plain, p})
            kt_close(each);
        kt_close(l);
    });
}

/* A connection of which we have closed our end, and the peer has not. */
struct HalfClosed {
    kt_pair p;

    explicit HalfClosed(int linger2) : p(kt_pair_of())
    {
        kt_set(p.near, KITH_OPT_TCP_LINGER2, linger2);
        EXPECT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));
        EXPECT_EQ("", next(p.far));
        EXPECT_TRUE(
            kt_eventually([&] { return info_of(p.near).state == KITH_TCP_FIN_WAIT2; }));
        kt_close(p.near);
    }
};

TEST_P(OptTransport, WithoutLinger2TheSystemForgetsAHalfClosedConnectionAtOnce)
{
    by_process_and_thread([] {
        const HalfClosed plain(60), h(-1);

        EXPECT_TRUE(
            kt_eventually([&] { return info_of(h.p.far).state == KITH_TCP_CLOSE; }));
        EXPECT_EQ(KITH_EPIPE, send(h.p.far, "x"));
        EXPECT_EQ(KITH_TCP_CLOSE_WAIT, info_of(plain.p.far).state);
        EXPECT_EQ(1, send(plain.p.far, "x"));
        kt_close(plain.p.far);
        kt_close(h.p.far);
    });
}

/* Both families at once, as the system takes its three seconds. */
TEST_F(OptTransportOnly, SyncntBoundsHowOftenAConnectAsks)
{
    KT_NEEDS_NETNS();
    const kt_netns here, there;
    const std::string linear = "ipv4/tcp_syn_linear_timeouts";
    kith_socket s[2];
    kith_future f[2];

    kt_cable(here, there);
    here.ip("neigh add 10.77.1.77 lladdr 02:00:00:00:00:77 dev cable1\n"
            "neigh add fd77:1::77 lladdr 02:00:00:00:00:77 dev cable1");
    if (std::filesystem::exists("/proc/sys/net/" + linear))
        here.set(linear, 0);
    for (int i : {0, 1}) {
        const int domain = i == 0 ? KITH_INET : KITH_INET6;
        const kith_sockaddr silent = kt_at_cable(domain, 77, 1);

        s[i] = here.open(domain, KITH_STREAM);
        kt_set(s[i], KITH_OPT_TCP_SYNCNT, 1);
        ASSERT_EQ(0, kith_socket_connect_start(s[i], &silent, kt_long(), &f[i]));
    }
    for (int i : {0, 1}) {
        EXPECT_EQ(KITH_ETIMEDOUT, kith_await(f[i], kt_long())) << "the system's";
        EXPECT_EQ(1u, info_of(s[i]).total_retrans);
        kt_close(s[i]);
    }
}

/* ---- when nobody answers any more ---- */

/* All of both families at once, as the system takes its three seconds. */
TEST_F(OptTransportOnly, KeepaliveAsksAsSoonAndAsOftenAsItIsTold)
{
    KT_NEEDS_NETNS();
    struct Row {
        int idle, interval, count; /* seconds, seconds */
        kt_pair p;
        unsigned before;
    };
    const kt_cut c;
    std::vector<Row> once, twice, slow, late;

    for (const int domain : {KITH_INET, KITH_INET6}) {
        once.push_back({1, 1, 1, c.connect(domain), 0});
        twice.push_back({1, 1, 2, c.connect(domain), 0});
        slow.push_back({1, 100, 1, c.connect(domain), 0});
        late.push_back({100, 1, 1, c.connect(domain), 0});
    }
    for (auto *all : {&once, &twice, &slow, &late})
        for (Row &r : *all) {
            kt_set(r.p.near, KITH_OPT_TCP_KEEPIDLE, r.idle);
            kt_set(r.p.near, KITH_OPT_TCP_KEEPINTVL, r.interval);
            kt_set(r.p.near, KITH_OPT_TCP_KEEPCNT, r.count);
            kt_set(r.p.near, KITH_OPT_SOCKET_KEEPALIVE, 1);
            r.before = info_of(r.p.near).segs_out;
        }
    c.cut();
    for (const auto *all : {&once, &twice})
        for (const Row &r : *all) {
            EXPECT_EQ("etimedout", next(r.p.near));
            EXPECT_EQ(static_cast<unsigned>(r.count) + 1,
                      info_of(r.p.near).segs_out - r.before)
                << "it asked, and sent a reset at the end";
        }
    for (const Row &r : slow) {
        EXPECT_EQ(1u, info_of(r.p.near).probes) << "it waits for the answer";
        EXPECT_EQ(KITH_TCP_ESTABLISHED, info_of(r.p.near).state);
    }
    for (const Row &r : late)
        EXPECT_EQ(r.before, info_of(r.p.near).segs_out) << "it has not asked";
    for (const auto *all : {&once, &twice, &slow, &late})
        for (const Row &r : *all)
            kt_close(r.p);
}

/* Both families at once, as the system takes a second and a half. It is heeded when segments were
 * lost before, of which one algorithm knows nothing. */
TEST_F(OptTransportOnly, WithLinearTimeoutsAThinStreamAsksAtOneRate)
{
    KT_NEEDS_NETNS();
    const kt_cut c;
    std::vector<kt_pair> plain, thin;

    for (const int domain : {KITH_INET, KITH_INET6}) {
        plain.push_back(c.connect(domain));
        thin.push_back(c.connect(domain));
        kt_set(thin.back().near, KITH_OPT_TCP_THIN_LINEAR_TIMEOUTS, 1);
        for (const kith_socket s : {plain.back().near, thin.back().near})
            EXPECT_EQ(0, kith_socket_setopt(s, KITH_OPT_TCP_CONGESTION, "reno", 4));
    }
    c.cut();
    for (const auto *all : {&plain, &thin})
        for (const kt_pair &p : *all)
            EXPECT_EQ(1, send(p.near, "x"));
    for (std::size_t i = 0; i < plain.size(); i++) {
        kith_tcp_info doubling;

        EXPECT_TRUE(kt_eventually([&] {
            doubling = info_of(plain[i].near);
            return doubling.backoff >= 3;
        }));
        EXPECT_GE(info_of(thin[i].near).total_retrans, doubling.total_retrans + 2);
    }
    for (const auto *all : {&plain, &thin})
        for (const kt_pair &p : *all)
            kt_close(p);
}

/* After a loss one halves its window, the other gives up three tenths. */
TEST_P(OptTransport, TheAlgorithmSaysWhatALossCosts)
{
    KT_NEEDS_NETNS();
    constexpr std::uint32_t none = 0x7fffffff;
    const kt_cut c;
    const kt_pair reno = c.connect(kt_inet()), cubic = c.connect(kt_inet());

    EXPECT_EQ(0, kith_socket_setopt(reno.near, KITH_OPT_TCP_CONGESTION, "reno", 4));
    EXPECT_EQ(0, kith_socket_setopt(cubic.near, KITH_OPT_TCP_CONGESTION, "cubic", 5));
    c.cut();
    for (const kt_pair &p : {reno, cubic}) {
        EXPECT_EQ(10u, info_of(p.near).snd_cwnd);
        EXPECT_EQ(none, info_of(p.near).snd_ssthresh);
        EXPECT_EQ(1, send(p.near, "x"));
    }
    for (const kt_pair &p : {reno, cubic})
        EXPECT_TRUE(kt_eventually([&] { return info_of(p.near).snd_ssthresh < none; }));
    EXPECT_EQ(5u, info_of(reno.near).snd_ssthresh);
    EXPECT_EQ(7u, info_of(cubic.near).snd_ssthresh);
    kt_close(reno);
    kt_close(cubic);
}

/* ---- udp ---- */

TEST_P(OptTransport, ACorkMakesOneDatagramOfMany)
{
    by_process_and_thread([] {
        const kt_dgrams d;

        d.connect();
        kt_set(d.near, KITH_OPT_UDP_CORK, 1);
        EXPECT_EQ(2, send(d.near, "ab"));
        EXPECT_EQ(2, send(d.near, "cd"));
        kt_set(d.near, KITH_OPT_UDP_CORK, 0);
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
        kt_set(d.near, KITH_OPT_UDP_SEGMENT, 3);
        EXPECT_EQ(8, send(d.near, "abcdefgh"));
        EXPECT_EQ("abc", next(d.far));
        EXPECT_EQ("def", next(d.far));
        EXPECT_EQ("gh", next(d.far));
        kt_set(d.near, KITH_OPT_UDP_SEGMENT, 0);
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
        kt_set(d.far, KITH_OPT_UDP_GRO, 1);
        kt_set(d.near, KITH_OPT_UDP_SEGMENT, 3);
        EXPECT_EQ(8, send(d.near, "abcdefgh"));
        EXPECT_EQ(8, kith_socket_recvmsg(d.far, &p, 0, kt_long()));
        const int *size = KITH_CTRL(&p, KITH_CMSG_UDP_GRO, int);
        ASSERT_NE(nullptr, size);
        EXPECT_EQ(3, *size);
        d.close();
    });
}

/* Over inet6 a datagram without a sum is none, unless its hearer says otherwise. */
TEST_F(OptTransportOnly, ADatagramWithoutASumIsHeardByThoseWhoTakeIt)
{
    by_process_and_thread([] {
        const kt_dgrams d(kt_domain::inet6);

        d.connect();
        kt_set(d.near, KITH_OPT_UDP_NO_CHECK6_TX, 1);
        EXPECT_EQ(6, send(d.near, "no sum"));
        kt_set(d.near, KITH_OPT_UDP_NO_CHECK6_TX, 0);
        EXPECT_EQ(5, send(d.near, "a sum"));
        EXPECT_EQ("a sum", next(d.far));
        kt_set(d.far, KITH_OPT_UDP_NO_CHECK6_RX, 1);
        kt_set(d.near, KITH_OPT_UDP_NO_CHECK6_TX, 1);
        EXPECT_EQ(6, send(d.near, "no sum"));
        EXPECT_EQ("no sum", next(d.far));
        d.close();
    });
}

}    // namespace
