/* SPDX-License-Identifier: Apache-2.0
 * netns.cc -- network namespaces of a test's own. */
#include "tests/support/netns.h"
#include "tests/support/sockets.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>

#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/ipv6_route.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace
{

std::string
why_none()
{
    int error = 0;

    if (std::system("command -v ip >/dev/null 2>&1") != 0)
        return "ip(8) is missing: package iproute2";
    kt_in_thread([&] { error = unshare(CLONE_NEWNET) < 0 ? errno : 0; });
    if (error != 0)
        return "a network namespace needs CAP_SYS_ADMIN, as root has: " +
               std::string(std::strerror(error));
    return "";
}

/* The device has a carrier; true here means that whoever takes the kernel's lock of devices next
 * finds it working. */
bool
runs(const std::string &device)
{
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq r = {};

    device.copy(r.ifr_name, sizeof r.ifr_name - 1);
    const bool does = ioctl(fd, SIOCGIFFLAGS, &r) == 0 && (r.ifr_flags & IFF_RUNNING) != 0;
    close(fd);
    return does;
}

/* Each IPv6 address that is in use has its route, which the kernel makes a moment later: what is sent
 * to it before is lost without a word. */
bool
has_its_routes()
{
    std::ifstream addresses("/proc/thread-self/net/if_inet6");
    std::ifstream routes("/proc/thread-self/net/ipv6_route");
    std::set<std::string> local;
    std::string to, length, skipped, address, flags;

    while (routes >> to >> length) {
        for (int i = 0; i < 6; i++)
            routes >> skipped;
        routes >> flags >> skipped;
        if (length == "80" && (std::stoul(flags, nullptr, 16) & RTF_LOCAL) != 0)
            local.insert(to);
    }
    while (addresses >> address) {
        for (int i = 0; i < 3; i++)
            addresses >> skipped;
        addresses >> flags >> skipped;
        if ((std::stoul(flags, nullptr, 16) & IFA_F_TENTATIVE) == 0 &&
            local.count(address) == 0)
            return false;
    }
    return true;
}

}    // namespace

const std::string &
kt_netns::missing()
{
    static const std::string why = why_none();

    return why;
}

kt_netns::kt_netns()
{
    kt_in_thread([this] {
        if (unshare(CLONE_NEWNET) == 0)
            fd_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    });
    EXPECT_LE(0, fd_) << "no namespace";
    path_ = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd_);
    /* Else what is forwarded waits until the device is sure of its own address. */
    for (const char *of : {"all", "default"})
        set("ipv6/conf/" + std::string(of) + "/accept_dad", 0);
    ip("link set lo up");
}

kt_netns::~kt_netns()
{
    close(fd_);
}

void
kt_netns::in(const std::function<void()> &body) const
{
    kt_in_thread([&] {
        if (setns(fd_, CLONE_NEWNET) == 0)
            body();
        else
            ADD_FAILURE() << "setns: " << std::strerror(errno);
    });
}

void
kt_netns::ip(const std::string &commands) const
{
    in([&] {
        std::FILE *f = popen("ip -batch -", "we");

        ASSERT_NE(nullptr, f);
        std::fputs((commands + "\n").c_str(), f);
        EXPECT_EQ(0, pclose(f)) << "ip(8) says no to:\n" << commands;
        EXPECT_TRUE(kt_until(has_its_routes)) << commands;
    });
}

std::string
kt_netns::ip_tells(const std::string &command) const
{
    std::string text;

    in([&] {
        std::FILE *f = popen(("ip " + command).c_str(), "re");
        char part[512];

        ASSERT_NE(nullptr, f);
        for (std::size_t n; (n = std::fread(part, 1, sizeof part, f)) > 0;)
            text.append(part, n);
        EXPECT_EQ(0, pclose(f)) << "ip(8) says no to: " << command;
    });
    return text;
}

void
kt_netns::set(const std::string &name, int v) const
{
    in([&] {
        std::FILE *f = std::fopen(("/proc/sys/net/" + name).c_str(), "we");

        ASSERT_NE(nullptr, f) << name;
        std::fprintf(f, "%d", v);
        EXPECT_EQ(0, std::fclose(f)) << name;
    });
}

kith_socket
kt_netns::open(int domain, int type, int protocol) const
{
    const int af = domain == KITH_INET ? AF_INET : AF_INET6;
    const int sort = type == KITH_STREAM  ? SOCK_STREAM
                     : type == KITH_DGRAM ? SOCK_DGRAM
                                          : SOCK_RAW;
    kith_open_options o = KITH_OPEN_OPTIONS_INIT;
    kith_socket s = {0};

    in([&] { o.fd = socket(af, sort | SOCK_CLOEXEC, protocol); });
    EXPECT_LE(0, o.fd);
    const int rc = kith_socket_open(0, 0, 0, &o, &s);

    EXPECT_EQ(0, rc) << kith_strerror(rc);
    close(o.fd);
    return s;
}

void
kt_cable(const kt_netns &a, const kt_netns &b, int net)
{
    const std::string n = std::to_string(net), device = "cable" + n;
    const auto address = [&](int end) {
        const std::string e = std::to_string(end);

        return "addr add 10.77." + n + "." + e + "/24 dev " + device + "\n" +
               "addr add fd77:" + n + "::" + e + "/64 nodad dev " + device + "\n" +
               "link set " + device + " up";
    };

    /* The kernel is quick to tell of a new carrier where the two ends have not the same index,
     * else it takes a second. */
    a.ip("link add " + device + " index " + std::to_string(1000 + net) +
         " type veth peer name " + device + " netns " + b.path());
    a.ip(address(1));
    b.ip(address(2));
    for (const kt_netns *end : {&a, &b}) {
        end->in([&] { EXPECT_TRUE(kt_until([&] { return runs(device); })); });
        end->ip("link set " + device + " up");
    }
}

kith_sockaddr
kt_at_cable(int domain, int end, std::uint16_t port, int net)
{
    const std::string n = std::to_string(net), e = std::to_string(end);
    const std::string host =
        domain == KITH_INET ? "10.77." + n + "." + e : "[fd77:" + n + "::" + e + "]";
    kith_sockaddr a = {};

    EXPECT_EQ(0, kith_sockaddr_parse((host + ":" + std::to_string(port)).c_str(), &a));
    return a;
}
