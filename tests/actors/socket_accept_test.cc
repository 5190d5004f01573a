/* SPDX-License-Identifier: Apache-2.0
 * socket_accept_test.cc -- many processes accept from one socket: each connection goes to one of
 * them, wakes no other, and costs no more calls of the system than with one. */
#include "tests/support/sockets.h"

#include "core/seam.h"

#include <atomic>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace
{

constexpr std::size_t acceptors = 64;

std::atomic<std::uint64_t> calls;
struct ki_seam real;

int
count_accept(int fd, void *addr, unsigned *len)
{
    calls++;
    return real.accept(fd, addr, len);
}

/* What all workers have counted. */
std::uint64_t
sum_of(std::uint64_t kith_worker_info::*counter)
{
    std::uint64_t n = 0;
    struct kith_worker_info info = KITH_WORKER_INFO_INIT;

    for (unsigned i = 0; kith_worker_info(i, &info) == 0; i++)
        n += info.*counter;
    return n;
}

/* Of processes and sockets. */
std::uint64_t
runs()
{
    return sum_of(&kith_worker_info::switches);
}

/* How many runs a connection may take: its acceptor's; where messages alone go from process to
 * socket and back four, and a few more where several workers want the socket at once. A herd would
 * be 64. */
double
runs_allowed()
{
    return kt_workers() == 1 && !kt_message_only() ? 1.1 : 5;
}

/* No worker does anything else as long as this lives. */
class Standstill {
  public:
    explicit Standstill(kt_bodies &bodies)
    {
        struct kith_worker_info info = KITH_WORKER_INFO_INIT;
        unsigned workers = 0;

        while (kith_worker_info(workers, &info) == 0)
            workers++;
        for (unsigned i = 0; i < workers; i++)
            bodies.spawn([this] {
                still_++;
                while (!over_)
                    std::this_thread::yield();
                still_--;
            });
        EXPECT_TRUE(kt_until([&] { return still_ == workers; }));
    }

    ~Standstill()
    {
        over_ = true;
        EXPECT_TRUE(kt_until([&] { return still_ == 0; }));
    }

  private:
    std::atomic<unsigned> still_ = 0;
    std::atomic<bool> over_ = false;
};

class SocketAccept : public kt_sockets, public testing::WithParamInterface<kt_domain> {
  protected:
    void SetUp() override
    {
        real = ki_seam;
        ki_seam.accept = count_accept;
        kt_sockets::SetUp();
        listener_ = kt_listen(place_, 4096);
        for (std::size_t i = 0; i < acceptors; i++)
            pids_.push_back(spawn([this] { accept_all(); }));
        for (const kith_pid pid : pids_)
            ASSERT_TRUE(kt_until([=] { return kt_waits(pid, "socket_accept"); }));
    }

    void TearDown() override
    {
        for (const int fd : clients_)
            close(fd);
        kt_close(listener_);
        for (const kith_pid pid : pids_)
            EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
        kt_sockets::TearDown();
        ki_seam.accept = real.accept;
    }

    void accept_all()
    {
        kith_socket c;
        int rc;

        while ((rc = kith_socket_accept(listener_, KITH_INFINITY, &c)) == 0) {
            kt_close(c);
            accepted_++;
        }
        EXPECT_EQ(KITH_ECLOSED, rc);
    }

    void connect_one()
    {
        clients_.push_back(kt_connect_fd(name_));
    }

    kt_place place_{GetParam()};
    kith_socket listener_ = {0};
    kith_sockaddr name_ = {};
    std::vector<kith_pid> pids_;
    std::vector<int> clients_;
    std::atomic<std::size_t> accepted_ = 0;
    kt_bodies still_bodies_;
};

KT_INETS(SocketAccept);

TEST_P(SocketAccept, AFullBacklogIsTakenWithACallAConnection)
{
    const std::size_t n = 640;
    std::uint64_t ran;

    name_ = kt_name_of(listener_);
    {
        const Standstill still(still_bodies_);

        for (std::size_t i = 0; i < n; i++)
            connect_one();
        calls = 0;
        ran = runs();
    }
    ASSERT_TRUE(kt_until([&] { return accepted_ == n; }));
    EXPECT_LE(static_cast<double>(calls), 1.1 * static_cast<double>(n));
    EXPECT_LE(static_cast<double>(runs() - ran), runs_allowed() * static_cast<double>(n));
}

TEST_P(SocketAccept, AConnectionThatComesAloneWakesOne)
{
    const std::size_t n = 200;

    name_ = kt_name_of(listener_);
    connect_one();
    ASSERT_TRUE(kt_until([&] { return accepted_ == 1; }));
    calls = 0;

    const std::uint64_t ran = runs();

    for (std::size_t i = 1; i <= n; i++) {
        connect_one();
        ASSERT_TRUE(kt_until([&] { return accepted_ == i + 1; }));
    }
    EXPECT_LE(static_cast<double>(calls), 1.1 * static_cast<double>(n));
    EXPECT_LE(static_cast<double>(runs() - ran), runs_allowed() * static_cast<double>(n));
}

/* ---- how the poller is asked for connections ---- */

class SocketAcceptAsks : public kt_inets<> {
  protected:
    /* Is anything lost? More than the calls' guesses are good for. */
    static void takes_many(kith_socket listener)
    {
        for (int i = 0; i < 50; i++)
            kt_close(kt_connect(listener));
    }

    /* It has asked the poller for the next. */
    static kith_socket asking_listener()
    {
        const kith_socket l = kt_listen_here();
        kith_socket c;

        kt_close(kt_connect(l));
        while (kith_socket_accept(l, 0, &c) == 0)
            ADD_FAILURE() << "a second connection";
        return l;
    }

    static int look_for_errors(kith_socket s)
    {
        char byte = 0;
        kith_iov room = kith_iov_of(&byte, 1);
        kith_packet p = {};

        p.iov = &room;
        p.n_iov = 1;
        return static_cast<int>(kith_socket_recvmsg(s, &p, KITH_MSG_ERRQUEUE, 0));
    }
};

KT_INETS(SocketAcceptAsks);

TEST_P(SocketAcceptAsks, NoEventComesWhileNobodyAccepts)
{
    constexpr int n = 100;
    std::vector<int> clients;
    std::uint64_t events = 0;

    in_process([&] {
        const kith_socket l = asking_listener();
        const kith_sockaddr name = kt_name_of(l);
        kith_socket c;

        events = sum_of(&kith_worker_info::events);
        kt_in_thread([&] {
            for (int i = 0; i < n; i++)
                clients.push_back(kt_connect_fd(name));
        });
        events = sum_of(&kith_worker_info::events) - events;
        for (int i = 0; i < n; i++) {
            ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &c));
            kt_close(c);
        }
        kt_close(l);
    });
    EXPECT_LE(events, n / 4u) << "the one that was asked for, and wakes";
    for (const int fd : clients)
        close(fd);
}

TEST_F(SocketAcceptAsks, ATimeoutOfZeroTakesAllThatAreThere)
{
    by_process_and_thread([] {
        constexpr int n = 40;
        const kt_place place(kt_domain::path);
        const kith_socket l = kt_listen(place);
        std::vector<kith_socket> near;
        kith_socket c;
        int rc, got = 0;

        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_accept(l, 0, &c));
        for (int i = 0; i < n; i++) {
            near.push_back(kt_open(place.domain()));
            ASSERT_EQ(0, kith_socket_connect(near.back(), &place.address(), kt_long()));
        }
        while ((rc = kith_socket_accept(l, got % 2 == 0 ? kt_long() : 0, &c)) == 0) {
            kt_close(c);
            if (++got == n)
                break;
        }
        EXPECT_EQ(0, rc) << got;
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_accept(l, 0, &c));
        for (const kith_socket s : near)
            kt_close(s);
        kt_close(l);
    });
}

TEST_P(SocketAcceptAsks, OneThatWasRegisteredBeforeItListened)
{
    by_process_and_thread([] {
        const kt_place place;
        const kith_socket l = kt_open(place.domain());

        EXPECT_EQ(KITH_ETIMEOUT, look_for_errors(l));
        ASSERT_EQ(0, kith_socket_bind(l, &place.address()));
        ASSERT_EQ(0, kith_socket_listen(l, 0));
        takes_many(l);
        kt_close(l);
    });
}

TEST_P(SocketAcceptAsks, OneThatWaitsForErrorsToo)
{
    by_process_and_thread([] {
        const kith_socket l = asking_listener();

        EXPECT_EQ(KITH_ETIMEOUT, look_for_errors(l));
        takes_many(l);
        kt_close(l);
    });
}

TEST_P(SocketAcceptAsks, OneThatListensNoMoreConnectsAndReceives)
{
    by_process_and_thread([] {
        const kith_sockaddr nobody = kith_sockaddr_any(KITH_UNSPEC, 0);
        const kith_socket was = asking_listener(), l = kt_listen_here();
        const kith_sockaddr name = kt_name_of(l);
        kith_socket far;
        char byte = 0;

        ASSERT_EQ(0, kith_socket_connect(was, &nobody, kt_long()));
        EXPECT_EQ(KITH_EINVAL, kith_socket_accept(was, kt_long(), &far));
        ASSERT_EQ(0, kith_socket_connect(was, &name, kt_long()));
        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &far));
        for (int i = 0; i < 20; i++) {
            EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(was, &byte, 1, 0, 0));
            ASSERT_EQ(1, kith_socket_send(far, "x", 1, 0, kt_long()));
            ASSERT_EQ(1, kith_socket_recv(was, &byte, 1, 0, kt_long()));
        }
        for (const kith_socket s : {was, far, l})
            kt_close(s);
    });
}

}    // namespace
