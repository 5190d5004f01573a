/* SPDX-License-Identifier: Apache-2.0
 * socket_limit_test.cc -- what sockets cost, and what they do when something has run out: system
 * calls a message, descriptors, a full backlog, peers that do not read. */
#include "tests/support/pass.h"
#include "tests/support/sockets.h"
#include "tests/support/virtual_clock.h"

#include "core/offload.h"
#include "core/sched.h"
#include "core/seam.h"

#include <atomic>
#include <cstring>
#include <mutex>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace
{

/* ---- the counting seam ---- */

std::atomic<std::uint64_t> accepts, connects, recvs, sends, sendtos, registrations;
std::atomic<bool> no_descriptors;
std::atomic<int> adds_that_fail;
std::mutex accept_lock;
std::vector<std::uint64_t> accepted_at;    // [accept_lock] the clock at each
struct ki_seam real;                       // what stood there before

int
count_accept(int fd, void *addr, unsigned *len)
{
    accepts++;
    {
        const std::lock_guard guard(accept_lock);
        accepted_at.push_back(ki_now_ns());
    }
    return no_descriptors ? KITH_EMFILE : real.accept(fd, addr, len);
}

int
count_connect(int fd, const void *addr, unsigned len)
{
    connects++;
    return real.connect(fd, addr, len);
}

std::ptrdiff_t
count_recv(int fd, void *buf, std::size_t len, int flags)
{
    recvs++;
    return real.recv(fd, buf, len, flags);
}

std::ptrdiff_t
count_send(int fd, const void *buf, std::size_t len, int flags)
{
    sends++;
    return real.send(fd, buf, len, flags);
}

std::ptrdiff_t
count_sendto(int fd, const void *buf, std::size_t len, int flags, const void *addr,
             unsigned addr_len)
{
    sendtos++;
    return real.sendto(fd, buf, len, flags, addr, addr_len);
}

/* The poller is not behind the seam. It is there when the workers are: another in its place, which
 * does the same, is no race but to TSan. */
[[maybe_unused]] const ki_poller *
counting_poller()
{
    static ki_poller p = ki_poller_system;

    p.add = [](int fd, std::uint64_t id) -> int {
        registrations++;
        if (adds_that_fail == 0)
            return ki_poller_system.add(fd, id);
        adds_that_fail--;
        return KITH_ENOSPC;
    };
    p.once = [](int fd, std::uint64_t id, bool again) {
        registrations++;
        return ki_poller_system.once(fd, id, again);
    };
    return &p;
}

class SocketCounted : public kt_inets<> {
  protected:
    void SetUp() override
    {
        real = ki_seam;
        no_descriptors = false;
        accepts = connects = recvs = sends = sendtos = registrations = 0;
        accepted_at.clear();
        ki_seam.accept = count_accept;
        ki_seam.connect = count_connect;
        ki_seam.recv = count_recv;
        ki_seam.send = count_send;
        ki_seam.sendto = count_sendto;
        kt_inets::SetUp();
#ifndef KT_TSAN
        ki_sched.poller = counting_poller();
#endif
    }

    void TearDown() override
    {
        kt_inets::TearDown();
        ki_seam.accept = real.accept;
        ki_seam.connect = real.connect;
        ki_seam.recv = real.recv;
        ki_seam.send = real.send;
        ki_seam.sendto = real.sendto;
    }
};

}    // namespace

namespace
{

int
echo(kith_socket s, void *)
{
    char buf[256];
    std::ptrdiff_t n;

    while ((n = kith_socket_recv(s, buf, sizeof buf, 0, KITH_INFINITY)) > 0)
        if ((n = kith_socket_send(s, buf, static_cast<std::size_t>(n), 0, KITH_INFINITY)) <
            0)
            break;
    return static_cast<int>(n);
}

KT_INETS(SocketCounted);

TEST_P(SocketCounted, AnEchoedMessageIsOneRecvAndOneSendAndNothingElse)
{
    const std::size_t messages = kt_scale(5000);

    in_process([=] {
        const kt_pair p = kt_pair_of();
        char buf[256] = {}; /* larger than the message: a full buffer proves nothing */

        for (const kith_socket &s : {p.near, p.far}) /* registered by their first wait */
            ASSERT_EQ(KITH_ETIMEOUT, kith_socket_recv(s, buf, sizeof buf, 0, 1));
        ASSERT_EQ(0, kith_socket_spawn(p.far, echo, nullptr, 0, nullptr));
        const auto ask = [&] {
            ASSERT_EQ(100, kith_socket_send(p.near, buf, 100, 0, kt_long()));
            ASSERT_EQ(100, kith_socket_recv(p.near, buf, sizeof buf, 0, kt_long()));
        };
        for (int i = 0; i < 10; i++)
            ask();
        recvs = sends = registrations = 0;
        for (std::size_t i = 0; i < messages; i++)
            ask();

        /* Both ends are ours: two of each a message. */
        EXPECT_EQ(2 * messages, sends);
        EXPECT_GE(recvs, 2 * messages);
        if (ki_sched.poller->drains) { /* io.c I1 */
            EXPECT_LE(recvs, 2 * messages + messages / 20);
        }
        EXPECT_EQ(0u, registrations);
        kt_close(p.near);
    });
}

TEST_P(SocketCounted, AWaitThatIsOverCostsNoFurtherCall)
{
    in_process([] {
        const kt_pair p = kt_pair_of();
        char c;

        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, &c, 1, 0, 1));
        recvs = 0;
        for (int i = 0; i < 10; i++)
            EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, &c, 1, 0, 1));
        EXPECT_LE(recvs, 1u) << "nothing has come since the first told so";
        kt_close(p);
    });
}

/* ---- no descriptors ---- */

using SocketStarved = SocketCounted;

/* A minute that passes in steps, each over when a timer of this thread has fired. */
class SocketStarvedForAMinute : public kt_passing<SocketCounted> {
  protected:
    static constexpr std::uint64_t second = 1'000'000'000;

    void expect_few_accepts(int acceptors);

  private:
    void accept_stubbornly(kith_socket l)
    {
        kith_socket c;
        int rc;

        while ((rc = kith_socket_accept(l, KITH_INFINITY, &c)) == KITH_EMFILE)
            codes_++;
        ASSERT_EQ(0, rc) << kith_strerror(rc);
        accepted_++;
        kt_close(c);
    }

    std::atomic<int> codes_ = 0, accepted_ = 0;
};

void
SocketStarvedForAMinute::expect_few_accepts(int acceptors)
{
    const kith_socket l = kt_listen(kt_place());
    const kith_sockaddr at = kt_name_of(l);
    std::vector<kith_socket> s;
    std::vector<kith_pid> pids;

    no_descriptors = true;
    for (int i = 0; i < acceptors; i++)
        pids.push_back(spawn([this, l] { accept_stubbornly(l); }));
    for (int i = 0; i < acceptors; i++) {
        s.push_back(kt_open());
        ASSERT_EQ(0, kith_socket_connect(s.back(), &at, KITH_INFINITY));
    }
    ASSERT_TRUE(kt_until([this] { return codes_ > 0; })) << "the first has the code";
    for (std::uint64_t end = clock_.now_ns() + 60 * second; clock_.now_ns() < end;)
        ASSERT_NO_FATAL_FAILURE(pass(5));
    {
        const std::lock_guard guard(accept_lock);

        EXPECT_GE(accepted_at.size(), 60u) << "it has stopped to try";
        for (std::size_t i = 20; i < accepted_at.size(); i++)
            ASSERT_LE(second, accepted_at[i] - accepted_at[i - 20]) << "calls " << i;
        RecordProperty("accepts", static_cast<int>(accepted_at.size()));
    }
    EXPECT_EQ(0, accepted_);

    no_descriptors = false;
    for (int i = 0; i < 1000 && accepted_ == 0; i++)
        ASSERT_NO_FATAL_FAILURE(pass(5));
    for (const kith_pid &pid : pids)
        EXPECT_EQ(0, kith_wait(pid, nullptr, KITH_INFINITY));
    EXPECT_EQ(acceptors, accepted_);
    for (const kith_socket &one : s)
        kt_close(one);
    kt_close(l);
}

KT_INETS(SocketStarvedForAMinute);

TEST_P(SocketStarvedForAMinute, OneAcceptorTriesAtMostTwentyTimesInAnySecond)
{
    expect_few_accepts(1);
}

TEST_P(SocketStarvedForAMinute, ThirtyAcceptorsTogetherTryAtMostTwentyTimesInAnySecond)
{
    expect_few_accepts(30);
}

KT_INETS(SocketStarved);

TEST_P(SocketStarved, AnAcceptLongAfterTheFailureTriesAgain)
{
    by_process_and_thread([] {
        const kith_socket l = kt_listen(kt_place());
        const kith_sockaddr at = kt_name_of(l);
        const kith_socket s = kt_open();
        kith_socket c;

        no_descriptors = true;
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        EXPECT_EQ(KITH_EMFILE, kith_socket_accept(l, kt_long(), &c));
        ASSERT_EQ(0, kith_sleep(200)); /* nobody waits when the cool-down is over */
        no_descriptors = false;

        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &c));
        kt_close(c);
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SocketStarved, AListenerMayBeClosedWhileItCoolsDown)
{
    by_process_and_thread([this] {
        const kith_socket l = kt_listen(kt_place());
        kith_socket c;

        no_descriptors = true;
        EXPECT_EQ(KITH_EMFILE, kith_socket_accept(l, kt_long(), &c));
        const kith_pid waits = spawn([l] {
            kith_socket d;
            int rc;

            do /* each cool-down ends with another try */
                rc = kith_socket_accept(l, KITH_INFINITY, &d);
            while (rc == KITH_EMFILE);
            EXPECT_EQ(KITH_ECLOSED, rc);
        });
        ASSERT_TRUE(kt_eventually([=] { return kt_waits(waits, "socket_accept"); }));
        kt_close(l);
        EXPECT_EQ(0, kith_wait(waits, nullptr, kt_long()));
    });
}

/* Time stands still: no timer can have helped. */
class SocketStarvedForEver : public SocketCounted {
    kt_virtual_clock clock_;
};

KT_INETS(SocketStarvedForEver);

TEST_P(SocketStarvedForEver, TheFirstDescriptorThatIsFreedHereIsUsed)
{
    const kith_socket l = kt_listen(kt_place()), other = kt_open();
    const kith_sockaddr at = kt_name_of(l);
    const kith_socket s = kt_open();
    std::atomic<unsigned> codes = 0, accepted = 0;

    no_descriptors = true;
    ASSERT_EQ(0, kith_socket_connect(s, &at, KITH_INFINITY));
    const kith_pid acceptor = spawn([&, l] {
        kith_socket c;
        int rc;

        while ((rc = kith_socket_accept(l, KITH_INFINITY, &c)) == KITH_EMFILE)
            codes++;
        accepted += rc == 0;
        if (rc == 0)
            kt_close(c);
    });
    ASSERT_TRUE(
        kt_until([&] { return codes == 1 && kt_waits(acceptor, "socket_accept"); }));
    EXPECT_EQ(1u, accepts);
    no_descriptors = false;
    kt_close(other);

    EXPECT_TRUE(kt_until([&] { return accepted == 1; }));
    EXPECT_EQ(2u, accepts);
    kt_close(s);
    kt_close(l);
}

TEST_P(SocketStarved, TheSystemsLimitIsACodeAndOverWithTheFirstClose)
{
    by_process_and_thread([] {
        const kith_socket l = kt_listen(kt_place()), spare = kt_open();
        const kith_sockaddr at = kt_name_of(l);
        const kith_socket s = kt_open();
        kith_socket c, none;
        rlimit before, tight;

        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        const int lowest_free = open("/dev/null", O_RDONLY | O_CLOEXEC);
        ASSERT_EQ(0, close(lowest_free));
        ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
        tight = before;
        tight.rlim_cur = static_cast<rlim_t>(lowest_free);
        ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &tight));

        EXPECT_EQ(KITH_EMFILE, kith_socket_open(kt_inet(), KITH_STREAM, 0, nullptr, &none));
        EXPECT_EQ(KITH_EMFILE, kith_socket_accept(l, kt_long(), &c));
        kt_close(spare);
        EXPECT_EQ(0, kith_socket_accept(l, kt_long(), &c));
        EXPECT_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
        kt_close(c);
        kt_close(s);
        kt_close(l);
    });
}

/* One that polls: each select message must mean that a try is due. */
TEST_P(SocketStarved, NowaitDoesNotSpinEither)
{
    std::atomic<unsigned> selects = 0;

    in_process([&] {
        const kith_socket l = kt_listen(kt_place());
        const kith_sockaddr at = kt_name_of(l);
        const kith_socket s = kt_open();
        const std::int64_t begin = kt_now_ms();
        kith_socket c;
        int rc;

        no_descriptors = true;
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        do {
            rc = kith_socket_accept(l, KITH_NOWAIT, &c);
            if (rc == KITH_ESELECT) {
                selects++;
                ASSERT_EQ(KITH_TAG_SELECT, kt_receive()->tag);
            }
            if (kt_now_ms() - begin >= 500)
                no_descriptors = false;
        } while (rc == KITH_EMFILE || rc == KITH_ESELECT);
        EXPECT_EQ(0, rc);
        kt_close(c);
        kt_close(s);
        kt_close(l);
    });

    EXPECT_LE(accepts, 20u);
    EXPECT_LE(selects, 20u);
}

/* ---- a full backlog ---- */

TEST_F(SocketCounted, ALocalConnectToAFullBacklogWaitsForRoomWithoutSpinning)
{
    for (const kt_domain d : {kt_domain::path, kt_domain::abstract}) {
        const kt_place place(d);
        const kith_socket l = kt_listen(place, 1);
        std::vector<kith_socket> fill;
        std::atomic<int> result = 1;
        kith_socket c;
        int rc;

        do {
            fill.push_back(kt_open(KITH_LOCAL));
            rc = kith_socket_connect(fill.back(), &place.address(), 0);
        } while (rc == 0 && fill.size() < 16);
        ASSERT_EQ(KITH_ETIMEOUT, rc);
        connects = 0;
        const std::int64_t begin = kt_now_ms();
        const kith_pid waits = spawn([&] {
            const kith_socket s = kt_open(KITH_LOCAL);

            result = kith_socket_connect(s, &place.address(), KITH_INFINITY);
            kt_close(s);
        });
        EXPECT_TRUE(kt_until([&] { return kt_now_ms() - begin >= 500; }));
        EXPECT_GE(connects, 2u);
        EXPECT_LE(connects, 2u + 6 + static_cast<std::uint64_t>(kt_now_ms() - begin) / 50);
        EXPECT_EQ(1, result) << "it still waits";

        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &c));
        EXPECT_EQ(0, kith_wait(waits, nullptr, kt_long()));
        EXPECT_EQ(0, result);
        kt_close(c);
        for (const kith_socket &one : fill)
            kt_close(one);
        kt_close(l);
    }
}

#ifndef KT_TSAN
TEST_P(SocketCounted, AfterAFailedRegistrationTheNextCallRegisters)
{
    in_process([this] {
        const kt_pair p = kt_pair_of();
        std::atomic<std::ptrdiff_t> got = 0;
        char c;

        adds_that_fail = 1;
        EXPECT_EQ(KITH_ENOSPC, kith_socket_recv(p.far, &c, 1, 0, kt_long()));
        const kith_pid waits = spawn([p, &got] {
            char d;

            got = kith_socket_recv(p.far, &d, 1, 0, KITH_INFINITY);
        });
        ASSERT_TRUE(kt_eventually([=] { return kt_waits(waits, "socket_recv"); }));
        ASSERT_EQ(1, kith_socket_send(p.near, "x", 1, 0, kt_long()));
        EXPECT_EQ(0, kith_wait(waits, nullptr, kt_long()));
        EXPECT_EQ(1, got);
        kt_close(p);
    });
}
#endif

/* A unix datagram socket bound to `place`, its queue full, and the one that filled it. */
kt_pair
full_datagram_peer(const kt_place &place)
{
    kt_pair p;
    int n = 0;
    std::ptrdiff_t rc = 0;

    EXPECT_EQ(0, kith_socket_open(KITH_LOCAL, KITH_DGRAM, 0, nullptr, &p.far));
    EXPECT_EQ(0, kith_socket_bind(p.far, &place.address()));
    EXPECT_EQ(0, kith_socket_open(KITH_LOCAL, KITH_DGRAM, 0, nullptr, &p.near));
    while (rc >= 0 && n++ < 100000)
        rc = kith_socket_sendto(p.near, "fill", 4, &place.address(), 0, 0);
    EXPECT_EQ(KITH_ETIMEOUT, rc);
    return p;
}

TEST_F(SocketCounted, ASendtoAFullLocalDatagramPeerWaitsForRoomWithoutSpinning)
{
    for (const kt_domain d : {kt_domain::path, kt_domain::abstract}) {
        const kt_place place(d);
        const kt_pair p = full_datagram_peer(place);
        std::atomic<std::ptrdiff_t> result = 1;
        char buf[8] = {};

        sendtos = 0;
        const std::int64_t begin = kt_now_ms();
        const kith_pid waits = spawn([&] {
            result =
                kith_socket_sendto(p.near, "more!", 5, &place.address(), 0, KITH_INFINITY);
        });
        EXPECT_TRUE(kt_until([&] { return kt_now_ms() - begin >= 500; }));
        EXPECT_GE(sendtos, 2u);
        EXPECT_LE(sendtos, 2u + 6 + static_cast<std::uint64_t>(kt_now_ms() - begin) / 50);
        EXPECT_EQ(1, result) << "it still waits";

        std::ptrdiff_t n = kith_socket_recv(p.far, buf, sizeof buf, 0, kt_long());
        EXPECT_EQ(4, n);
        EXPECT_EQ(0, kith_wait(waits, nullptr, kt_long()));
        EXPECT_EQ(5, result);
        for (int i = 0; n == 4 && i < 100000; i++)
            n = kith_socket_recv(p.far, buf, sizeof buf, 0, kt_long());
        EXPECT_EQ(5, n);
        EXPECT_EQ(0, std::memcmp("more!", buf, 5)) << "behind those that filled the queue";
        kt_close(p);
    }
}

TEST_F(SocketCounted, ASendtoThatWaitsForAFullPeerEndsLikeAllOthers)
{
    const kt_place place(kt_domain::path);
    const kt_pair p = full_datagram_peer(place);
    const kith_msg *m;
    kith_future f;

    EXPECT_EQ(KITH_ETIMEOUT,
              kith_socket_sendto(p.near, "more!", 5, &place.address(), 0, 30));
    EXPECT_EQ(0u, kith_partial());
    ASSERT_EQ(0, kith_socket_sendto_start(p.near, "more!", 5, &place.address(), 0,
                                          KITH_INFINITY, &f));
    EXPECT_EQ(0, kith_cancel(f));
    EXPECT_EQ(KITH_ESELECT,
              kith_socket_sendto(p.near, "more!", 5, &place.address(), 0, KITH_NOWAIT));
    kt_close(p.near);
    ASSERT_EQ(0, kith_receive_tag(KITH_TAG_SELECT, &m, kt_long()));
    ASSERT_NE(nullptr, KITH_BODY(m, kith_select));
    /* 0 when its timer, which fires within 50 ms, was quicker than the close. */
    const int code = KITH_BODY(m, kith_select)->code;
    EXPECT_TRUE(code == KITH_ECLOSED || code == 0) << code;
    EXPECT_EQ(static_cast<unsigned>(KITH_OP_SEND), KITH_BODY(m, kith_select)->op);
    kt_close(p.far);
}

/* Time stands still: no back-off ends. */
class SocketBackOff : public SocketCounted {
    kt_virtual_clock clock_;
};

TEST_F(SocketBackOff, ASendtoThatDoesNotWaitTriesAllTheSame)
{
    for (const kt_domain d : {kt_domain::path, kt_domain::abstract}) {
        const kt_place place(d), other_place(d);
        const kt_pair p = full_datagram_peer(place);
        kith_socket other;
        char buf[8];

        ASSERT_EQ(0, kith_socket_open(KITH_LOCAL, KITH_DGRAM, 0, nullptr, &other));
        ASSERT_EQ(0, kith_socket_bind(other, &other_place.address()));
        in_process([&] {
            EXPECT_EQ(KITH_ETIMEOUT,
                      kith_socket_sendto(p.near, "full!", 5, &place.address(), 0, 0));
            EXPECT_EQ(5,
                      kith_socket_sendto(p.near, "other", 5, &other_place.address(), 0, 0))
                << "of one peer, not of all";
            ASSERT_EQ(4, kith_socket_recv(p.far, buf, sizeof buf, 0, KITH_INFINITY));
            EXPECT_EQ(5, kith_socket_sendto(p.near, "room!", 5, &place.address(), 0, 0));
        });
        ASSERT_EQ(4, kith_socket_recv(p.far, buf, sizeof buf, 0, KITH_INFINITY));
        EXPECT_EQ(5, kith_socket_sendto(p.near, "room!", 5, &place.address(), 0, 0))
            << "by message too";
        kt_close(p);
        kt_close(other);
    }
}

TEST_F(SocketCounted, ASendtoRefusesWhatIsNoAddress)
{
    kith_sockaddr other = kith_sockaddr_loopback(KITH_INET6, 9);
    kith_socket s;

    ASSERT_EQ(0, kith_socket_open(KITH_LOCAL, KITH_DGRAM, 0, nullptr, &s));
    EXPECT_EQ(KITH_EINVAL, kith_socket_sendto(s, "x", 1, nullptr, 0, 0));
    EXPECT_GT(0, kith_socket_sendto(s, "x", 1, &other, 0, kt_long()));
    kt_close(s);
}

TEST_F(SocketCounted, ANowaitConnectToAFullBacklogDoesNotSpinEither)
{
    in_process([] {
        const kt_place place(kt_domain::abstract);
        const kith_socket l = kt_listen(place, 1), s = kt_open(KITH_LOCAL);
        std::vector<kith_socket> fill;
        kith_socket c;
        int rc;

        do {
            fill.push_back(kt_open(KITH_LOCAL));
            rc = kith_socket_connect(fill.back(), &place.address(), 0);
        } while (rc == 0 && fill.size() < 16);
        connects = 0;
        const std::int64_t begin = kt_now_ms();
        while ((rc = kith_socket_connect(s, &place.address(), KITH_NOWAIT)) ==
                   KITH_ESELECT &&
               kt_now_ms() - begin < 500)
            ASSERT_EQ(KITH_TAG_SELECT, kt_receive()->tag);
        EXPECT_EQ(KITH_ESELECT, rc);
        EXPECT_GE(connects, 2u);
        EXPECT_LE(connects, 2u + 6 + static_cast<std::uint64_t>(kt_now_ms() - begin) / 50);

        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &c));
        ASSERT_EQ(KITH_TAG_SELECT, kt_receive()->tag);
        EXPECT_EQ(0, kith_socket_connect(s, &place.address(), kt_long()));
        kt_close(c);
        kt_close(s);
        for (const kith_socket &one : fill)
            kt_close(one);
        kt_close(l);
    });
}

/* ---- lingering ---- */

class SocketLinger : public kt_inets<> {
  protected:
    /* Pairs whose near ends have unsent bytes, a linger time, and peers that do not read. */
    static void make(kt_pair *p, int n)
    {
        const kith_linger two = {true, 2};
        const kith_socket l = kt_open();
        const kith_sockaddr any = kt_loopback();

        ASSERT_EQ(0, kith_socket_setopt_int(l, KITH_OPT_SOCKET_RCVBUF, 4096));
        ASSERT_EQ(0, kith_socket_bind(l, &any));
        ASSERT_EQ(0, kith_socket_listen(l, 128));
        for (int i = 0; i < n; i++) {
            p[i] = kt_connect(l);
            ASSERT_EQ(0, kith_socket_setopt_int(p[i].near, KITH_OPT_SOCKET_SNDBUF, 8192));
            ASSERT_EQ(0, kith_socket_setopt(p[i].near, KITH_OPT_SOCKET_LINGER, &two,
                                            sizeof two));
            EXPECT_GT(kt_fill(p[i].near), 0u);
        }
        kt_close(l);
    }

  private:
    kt_env one_{"KITH_WORKERS", "1"};
};

KT_INETS(SocketLinger);

TEST_P(SocketLinger, SixtyFourLingeringClosesHoldUpNobody)
{
    constexpr int n = 64;
    std::atomic<std::uint64_t> ticks = 0;
    std::atomic<bool> over = false;
    kt_pair p[n];
    const kith_pid ticker = spawn([&] {
        while (!over) {
            ticks++;
            kith_yield();
        }
    });

    in_process([&] {
        make(p, n);
        const std::int64_t begin = kt_now_ms();
        for (const kt_pair &one : p)
            kt_close(one.near);
        EXPECT_LT(kt_now_ms() - begin, kt_patience(1000)) << "one alone lingers for 2,000";
        for (const kt_pair &one : p)
            EXPECT_EQ(KITH_ECLOSED, kith_socket_close(one.near));

        const std::uint64_t now = ticks;
        EXPECT_TRUE(kt_eventually([&] { return ticks > now + 1000; }));
        EXPECT_GT(ki_offload_busy(), 0u) << "and all that while they lingered";
        for (const kt_pair &one : p)
            kt_close(one.far);
    });
    over = true;
    EXPECT_EQ(0, kith_wait(ticker, nullptr, kt_long()));
    EXPECT_TRUE(kt_until([] { return ki_offload_busy() == 0; }));
}

TEST_P(SocketLinger, TheOwnersDeathDoesNotLinger)
{
    constexpr int n = 8;
    kt_pair p[n];
    std::atomic<bool> made = false;
    kith_ref ref;
    const kith_pid owner = spawn([&] {
        const kith_msg *m;

        make(p, n);
        made = true;
        kt_ignore(kith_receive(&m, KITH_INFINITY));
    });

    ASSERT_TRUE(kt_until([&] { return made.load(); }));
    ASSERT_EQ(0, kith_monitor(owner, &ref));
    const std::int64_t begin = kt_now_ms();
    kt_ignore(kith_exit_signal(owner, kith_reason_of(KITH_KILL, 0, nullptr)));
    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    EXPECT_LT(kt_now_ms() - begin, kt_patience(1000));
    EXPECT_EQ(0u, ki_offload_busy());
}

TEST_P(SocketLinger, WithNothingToSendItIsOverAtOnce)
{
    by_process_and_thread([] {
        const kith_linger two = {true, 2};
        const kt_pair p = kt_pair_of();

        ASSERT_EQ(0, kith_socket_setopt(p.near, KITH_OPT_SOCKET_LINGER, &two, sizeof two));
        kt_close(p);
    });
    EXPECT_TRUE(kt_until([] { return ki_offload_busy() == 0; }));
}

}    // namespace
