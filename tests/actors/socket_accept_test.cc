/* SPDX-License-Identifier: Apache-2.0
 * socket_accept_test.cc -- many processes accept from one socket: each connection goes to one of
 * them, wakes no other, and costs no more calls of the system than with one. */
#include "tests/support/sockets.h"

#include "core/seam.h"

#include <atomic>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
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

/* Runs of processes and sockets, of all workers. */
std::uint64_t
runs()
{
    std::uint64_t n = 0;
    struct kith_worker_info info = KITH_WORKER_INFO_INIT;

    for (unsigned i = 0; kith_worker_info(i, &info) == 0; i++)
        n += info.switches;
    return n;
}

/* How many runs a connection may take: its acceptor's, where messages alone go from process to
 * socket and back, or several workers want the socket at once, the socket's too. A herd would
 * be 64. */
double
runs_allowed()
{
    return kt_workers() == 1 && !kt_message_only() ? 1.1 : 4;
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
        ki_seam = real;
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

    /* By the kernel alone: no worker takes part. */
    void connect_one()
    {
        const kith_sockaddr to = name_;
        union {
            sockaddr_in v4;
            sockaddr_in6 v6;
        } a = {};
        const bool is4 = to.domain == KITH_INET;
        const int fd = socket(is4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (is4)
            a.v4 = {AF_INET, htons(kith_sockaddr_port(&to)), {htonl(INADDR_LOOPBACK)}, {}};
        else
            a.v6 = {AF_INET6, htons(kith_sockaddr_port(&to)), 0, IN6ADDR_LOOPBACK_INIT, 0};
        ASSERT_EQ(0, connect(fd, reinterpret_cast<sockaddr *>(&a),
                             is4 ? sizeof a.v4 : sizeof a.v6));
        clients_.push_back(fd);
    }

    kt_place place_{GetParam()};
    kith_socket listener_ = {0};
    kith_sockaddr name_ = {};
    std::vector<kith_pid> pids_;
    std::vector<int> clients_;
    std::atomic<std::size_t> accepted_ = 0;
    kt_bodies still_bodies_;
};

INSTANTIATE_TEST_SUITE_P(, SocketAccept, testing::Values(kt_domain::inet, kt_domain::inet6),
                         kt_domain_of_test);

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

/* An event may stand for many connections, so that after each the next is asked for: a call that
 * finds none. */
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
    EXPECT_LE(static_cast<double>(calls), 2.1 * static_cast<double>(n));
    EXPECT_LE(static_cast<double>(runs() - ran), runs_allowed() * static_cast<double>(n));
}

}    // namespace
