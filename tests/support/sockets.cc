/* SPDX-License-Identifier: Apache-2.0
 * sockets.cc -- places and pairs. */
#include "tests/support/sockets.h"

#include "core/sockaddr.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace
{

std::atomic<unsigned> place_number;
std::atomic<kt_domain> domain_of_the_test = kt_domain::inet;

kith_sockaddr
parse(const std::string &text)
{
    kith_sockaddr a = {};

    EXPECT_EQ(0, kith_sockaddr_parse(text.c_str(), &a)) << text;
    return a;
}

kith_socket
open_of(int domain, int type)
{
    kith_socket s = {0};
    const int rc = kith_socket_open(domain, type, 0, nullptr, &s);

    EXPECT_EQ(0, rc) << kith_strerror(rc);
    return s;
}

}    // namespace

const char *
kt_domain_name(kt_domain d)
{
    switch (d) {
    case kt_domain::inet:
        return "Inet";
    case kt_domain::inet6:
        return "Inet6";
    case kt_domain::path:
        return "LocalPath";
    default:
        return "LocalAbstract";
    }
}

kt_sockets::kt_sockets()
{
    const std::string_view test =
        testing::UnitTest::GetInstance()->current_test_info()->name();

    if (test.ends_with("/Inet6"))
        domain_of_the_test = kt_domain::inet6;
}

kt_sockets::~kt_sockets()
{
    domain_of_the_test = kt_domain::inet;
}

/* Orders nothing: tests would be less of a race. */
kt_domain
kt_inet_place()
{
    return domain_of_the_test.load(std::memory_order_relaxed);
}

int
kt_inet()
{
    return kt_inet_place() == kt_domain::inet6 ? KITH_INET6 : KITH_INET;
}

kt_place::kt_place(kt_domain d)
{
    switch (d) {
    case kt_domain::inet:
        address_ = kith_sockaddr_loopback(KITH_INET, 0);
        break;
    case kt_domain::inet6:
        address_ = kith_sockaddr_loopback(KITH_INET6, 0);
        break;
    case kt_domain::path: {
        std::string dir = testing::TempDir() + "kith-XXXXXX";

        EXPECT_NE(nullptr, mkdtemp(dir.data()));
        dir_ = dir;
        file_ = dir + "/socket";
        address_ = parse("unix:" + file_);
        break;
    }
    case kt_domain::abstract:
        address_ = parse("unix:@kith-test-" + std::to_string(getpid()) + "-" +
                         std::to_string(place_number++));
        break;
    }
}

kt_place::~kt_place()
{
    if (!dir_.empty()) {
        (void) unlink(file_.c_str());
        (void) rmdir(dir_.c_str());
    }
}

kith_socket
kt_open(int domain)
{
    return open_of(domain, KITH_STREAM);
}

kith_socket
kt_dgram(int domain)
{
    return open_of(domain, KITH_DGRAM);
}

int
kt_open_fd(int type)
{
    const int domain = ki_domain_to_native(kt_inet());
    const int fd = socket(domain, ki_type_to_native(type) | SOCK_CLOEXEC, 0);

    EXPECT_GE(fd, 0);
    return fd;
}

int
kt_connect_fd(const kith_sockaddr &to)
{
    const int fd = kt_open_fd();
    ki_native_addr a;

    EXPECT_EQ(0, ki_sockaddr_to_native(&to, &a));
    EXPECT_EQ(0, connect(fd, reinterpret_cast<const sockaddr *>(a.bytes), a.len));
    return fd;
}

kith_socket
kt_listen(const kt_place &place, int backlog)
{
    const kith_socket s = kt_open(place.domain());
    int rc = kith_socket_bind(s, &place.address());

    if (rc == 0)
        rc = kith_socket_listen(s, backlog);
    EXPECT_EQ(0, rc) << kith_strerror(rc);
    return s;
}

kith_socket
kt_listen_here()
{
    const kt_place place;

    return kt_listen(place);
}

kith_sockaddr
kt_name_of(kith_socket s)
{
    kith_sockaddr a = {};

    EXPECT_EQ(0, kith_socket_sockname(s, &a));
    return a;
}

kith_sockaddr
kt_loopback(std::uint16_t port)
{
    return kith_sockaddr_loopback(kt_inet(), port);
}

kith_sockaddr
kt_own_address(std::uint16_t n, int domain)
{
    const unsigned pid = static_cast<unsigned>(getpid());

    /* There is one loopback address then, and many ports that the system gives to nobody. */
    if (domain == KITH_INET6)
        return kith_sockaddr_loopback(KITH_INET6, static_cast<std::uint16_t>(
                                                      10000 + pid % 1250 * 16 + n));

    const std::string text = "127." + std::to_string(1 + pid / 65536 % 250) + "." +
                             std::to_string(pid / 256 % 256) + "." +
                             std::to_string(pid % 256) + ":" + std::to_string(20000 + n);
    kith_sockaddr a = {};

    EXPECT_EQ(0, kith_sockaddr_parse(text.c_str(), &a)) << text;
    return a;
}

kt_pair
kt_connect(kith_socket listener)
{
    const kith_sockaddr to = kt_name_of(listener);
    kt_pair p = {kt_open(to.domain), {0}};
    int rc = kith_socket_connect(p.near, &to, kt_long());

    EXPECT_EQ(0, rc) << "connect: " << kith_strerror(rc);
    rc = kith_socket_accept(listener, kt_long(), &p.far);
    EXPECT_EQ(0, rc) << "accept: " << kith_strerror(rc);
    return p;
}

kt_pair
kt_pair_of(kt_domain d)
{
    const kt_place place(d);
    const kith_socket l = kt_listen(place);
    const kt_pair p = kt_connect(l);

    kt_close(l);
    return p;
}

kt_pair
kt_narrow_pair(kt_domain d)
{
    const kt_pair p = kt_pair_of(d);

    EXPECT_EQ(0, kith_socket_setopt_int(p.near, KITH_OPT_SOCKET_SNDBUF, 64 * 1024));
    EXPECT_EQ(0, kith_socket_setopt_int(p.far, KITH_OPT_SOCKET_RCVBUF, 64 * 1024));
    return p;
}

void
kt_close(kith_socket s)
{
    EXPECT_EQ(0, kith_socket_close(s));
}

void
kt_close(const kt_pair &p)
{
    kt_close(p.near);
    kt_close(p.far);
}

kt_pair
kt_pair_import()
{
    kith_open_options o = KITH_OPEN_OPTIONS_INIT;
    kt_pair p = {};
    int fd[2] = {-1, -1};

    EXPECT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd));
    o.fd = fd[0];
    EXPECT_EQ(0, kith_socket_open(0, 0, 0, &o, &p.near));
    o.fd = fd[1];
    EXPECT_EQ(0, kith_socket_open(0, 0, 0, &o, &p.far));
    close(fd[0]);
    close(fd[1]);
    return p;
}

std::vector<kith_socket>
kt_fill_backlog(const kith_sockaddr &at)
{
    std::vector<kith_socket> all;
    kith_sockaddr peer;

    /* A timeout of 0 tries it, and here the system lets in at once or not at all. */
    do {
        all.push_back(kt_open(at.domain));
        kt_ignore(kith_socket_connect(all.back(), &at, 0));
    } while (kith_socket_peername(all.back(), &peer) == 0 && all.size() < 16);
    EXPECT_LT(all.size(), 16u) << "the backlog took them all";
    return all;
}

std::size_t
kt_fill(kith_socket s)
{
    static const char bytes[64 * 1024] = {};
    std::size_t total = 0;
    std::ptrdiff_t n;

    while ((n = kith_socket_send(s, bytes, sizeof bytes, 0, 0)) > 0)
        total += static_cast<std::size_t>(n);
    EXPECT_EQ(KITH_ETIMEOUT, n);
    return total + kith_partial();
}

int
kt_select_code(kith_socket s, unsigned op)
{
    const kith_msg *m = kt_receive();
    const kith_select *sel =
        m != nullptr && m->tag == KITH_TAG_SELECT ? KITH_BODY(m, kith_select) : nullptr;

    EXPECT_NE(nullptr, sel) << "no select message";
    if (sel == nullptr)
        return 1;
    EXPECT_EQ(s, sel->socket);
    EXPECT_EQ(op, sel->op);
    return sel->code;
}

std::size_t
kt_read_all(kith_socket s)
{
    constexpr std::size_t cap = 64 * 1024;
    char *buf = static_cast<char *>(kith_alloc(cap));
    std::size_t total = 0;
    std::ptrdiff_t n;

    while ((n = kith_socket_recv(s, buf, cap, 0, kt_long())) > 0)
        total += static_cast<std::size_t>(n);
    EXPECT_EQ(0, n) << kith_strerror(static_cast<int>(n));
    kith_free(buf);
    return total;
}

kith_pid
kt_owner(kith_socket s)
{
    kith_pid owner = {0};
    const std::ptrdiff_t n =
        kith_socket_getopt(s, KITH_OPT_OTP_CONTROLLING_PROCESS, &owner, sizeof owner);

    return n == sizeof owner ? owner : kith_pid{0};
}

bool
kt_waits(kith_pid pid, const char *what)
{
    struct kith_process_info info = KITH_PROCESS_INFO_INIT;

    return kith_process_info(pid, &info) == 0 && info.status == KITH_STATUS_WAITING &&
           std::strcmp(info.waits_for, what) == 0;
}

void
kt_in_thread(const std::function<void()> &body)
{
    std::thread thread(body);

    thread.join();
}

std::string
kt_text(const kith_sockaddr &a)
{
    char text[KITH_SOCKADDR_TEXT];

    return kith_sockaddr_print(&a, text, sizeof text) < 0 ? "?" : text;
}
