/* SPDX-License-Identifier: Apache-2.0
 * socket_ioctl_test.cc -- what is asked of interfaces by way of a socket, and told by others too.
 *
 * Those of this machine are only looked at; what is changed lies in namespaces of the tests' own. */
#include "tests/support/blockers.h"
#include "tests/support/netns.h"
#include "tests/support/packets.h"

#include "core/seam.h"

#include <atomic>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <ifaddrs.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace
{

using Names = std::vector<std::string>;

template <typename T>
std::ptrdiff_t
get(kith_socket s, kith_ioctl r, const char *ifname, T *v)
{
    return kith_socket_ioctl(s, r, ifname, v, sizeof *v);
}

/* What has to be there. */
template <typename T>
T
of(kith_socket s, kith_ioctl r, const std::string &ifname)
{
    T v = {};

    EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof v), get(s, r, ifname.c_str(), &v))
        << kith_ioctl_name(r) << " of " << ifname;
    return v;
}

template <typename T>
int
set(kith_socket s, kith_ioctl r, const std::string &ifname, const T &v)
{
    return kith_socket_ioctl_set(s, r, ifname.c_str(), &v, sizeof v);
}

kith_sockaddr
address(const std::string &text)
{
    kith_sockaddr a = {};

    EXPECT_EQ(0, kith_sockaddr_parse(text.c_str(), &a)) << text;
    return a;
}

/* An IPv4 address without its port; "none". */
std::string
host(const kith_sockaddr &a)
{
    const std::string text = kt_text(a);

    return text.substr(0, text.rfind(':'));
}

std::string
host(const sockaddr *a)
{
    kith_sockaddr ours = {};

    if (!a || a->sa_family != AF_INET)
        return "none";
    EXPECT_EQ(0, kith_sockaddr_native(AF_INET, a->sa_data, sizeof a->sa_data, &ours));
    return host(ours);
}

/* The whole list; and that it is as long as was said. */
std::vector<kith_ifaddr>
list(kith_socket s)
{
    const std::ptrdiff_t need =
        kith_socket_ioctl(s, KITH_IOCTL_GIFCONF, nullptr, nullptr, 0);
    std::vector<kith_ifaddr> all;

    EXPECT_LE(0, need) << kith_strerror(static_cast<int>(need));
    EXPECT_EQ(0, need % static_cast<std::ptrdiff_t>(sizeof(kith_ifaddr)));
    all.resize(static_cast<std::size_t>(need) / sizeof(kith_ifaddr));
    EXPECT_EQ(need, kith_socket_ioctl(s, KITH_IOCTL_GIFCONF, nullptr, all.data(),
                                      static_cast<std::size_t>(need)));
    return all;
}

/* ---- what others say of this machine's interfaces ---- */

Names
interfaces()
{
    struct if_nameindex *all = if_nameindex();
    Names names;

    for (struct if_nameindex *i = all; i && i->if_index != 0; i++)
        names.emplace_back(i->if_name);
    if_freenameindex(all);
    EXPECT_FALSE(names.empty());
    return names;
}

/* What getifaddrs(3) says of an interface; of its first IPv4 address, if it has one. */
struct told {
    unsigned flags = 0;
    std::string addr, mask, other;
};

std::map<std::string, told>
told_of_all()
{
    std::map<std::string, told> all;
    ifaddrs *first = nullptr;

    EXPECT_EQ(0, getifaddrs(&first));
    for (const ifaddrs *i = first; i; i = i->ifa_next) {
        told &t = all[i->ifa_name];

        t.flags = i->ifa_flags;
        if (!t.addr.empty() || !i->ifa_addr || i->ifa_addr->sa_family != AF_INET)
            continue;
        t.addr = host(i->ifa_addr);
        t.mask = host(i->ifa_netmask);
        t.other = host(i->ifa_dstaddr); /* or its broadcast address */
    }
    freeifaddrs(first);
    return all;
}

/* The first word of /sys/class/net/<ifname>/<what>. */
std::string
sys(const std::string &ifname, const std::string &what)
{
    std::ifstream in("/sys/class/net/" + ifname + "/" + what);
    std::string word;

    in >> word;
    return word;
}

std::string
text_of_hardware(const kith_sockaddr &a)
{
    std::string text;

    for (unsigned i = 0; i < a.packet.halen; i++) {
        char byte[4];

        std::snprintf(byte, sizeof byte, "%s%02x", i ? ":" : "", a.packet.addr[i]);
        text += byte;
    }
    return text;
}

/* ---- Erlang's cases ---- */

class SocketIoctl : public kt_inets<> {
  protected:
    /* By way of a socket of each family, with the name of each interface. */
    void of_each(const std::function<void(kith_socket, const std::string &)> &look)
    {
        for (const int domain : {KITH_INET, KITH_INET6, KITH_LOCAL})
            of_each(domain, look);
    }

    void of_each(int domain,
                 const std::function<void(kith_socket, const std::string &)> &look)
    {
        by_process_and_thread([&] {
            kith_socket s;

            ASSERT_EQ(0, kith_socket_open(domain, KITH_DGRAM, 0, nullptr, &s));
            for (const std::string &name : interfaces())
                look(s, name);
            kt_close(s);
        });
    }

    /* Of each that has an IPv4 address, with what getifaddrs says of it; the others have none. */
    void of_addresses(kith_ioctl r, const std::function<std::string(const told &)> &want)
    {
        const auto all = told_of_all();

        of_each(KITH_INET, [&](kith_socket s, const std::string &name) {
            const told &t = all.at(name);
            kith_sockaddr a;

            if (t.addr.empty())
                EXPECT_EQ(KITH_EADDRNOTAVAIL, get(s, r, name.c_str(), &a)) << name;
            else
                EXPECT_EQ(want(t), host(of<kith_sockaddr>(s, r, name))) << name;
        });
    }
};

KT_INETS(SocketIoctl);

TEST_F(SocketIoctl, TheListOfInterfacesMakesSense)
{
    const auto all = told_of_all();

    for (const int domain : {KITH_INET, KITH_INET6, KITH_LOCAL})
        by_process_and_thread([&] {
            const kith_socket s = kt_open(domain);
            bool loopback = false;

            for (const kith_ifaddr &i : list(s)) {
                EXPECT_EQ(1u, all.count(i.name)) << i.name;
                EXPECT_EQ(KITH_INET, i.addr.domain);
                EXPECT_EQ(0, kith_sockaddr_port(&i.addr));
                loopback = loopback || host(i.addr) == "127.0.0.1";
            }
            EXPECT_TRUE(loopback);
            kt_close(s);
        });
}

/* Addresses are asked of inet alone. */
TEST_F(SocketIoctl, WhatIsAskedOfEachAgreesWithTheList)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open(KITH_INET);
        std::map<std::string, std::string> first;

        for (const kith_ifaddr &i : list(s))
            first.try_emplace(i.name, host(i.addr));
        for (const auto &[name, addr] : first) {
            kith_interface i = {};

            i.index = static_cast<std::uint32_t>(of<int>(s, KITH_IOCTL_GIFINDEX, name));
            EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof i),
                      get(s, KITH_IOCTL_GIFNAME, nullptr, &i));
            EXPECT_EQ(name, i.name);
            EXPECT_EQ(addr, host(of<kith_sockaddr>(s, KITH_IOCTL_GIFADDR, name)));
            EXPECT_LT(0, of<int>(s, KITH_IOCTL_GIFMTU, name));
        }
        kt_close(s);
    });
}

TEST_F(SocketIoctl, AsManyBytesWaitAsWereSent)
{
    for (const kt_domain d : kt_all_domains)
        by_process_and_thread([d] {
            const kt_pair p = kt_pair_of(d);
            const auto waiting = [&] {
                int n = -1;

                EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof n),
                          get(p.far, KITH_IOCTL_NREAD, nullptr, &n));
                return n;
            };
            char buf[8];

            EXPECT_EQ(0, waiting());
            ASSERT_EQ(5, kith_socket_send(p.near, "hello", 5, 0, kt_long()));
            EXPECT_TRUE(kt_eventually([&] { return waiting() == 5; }));
            ASSERT_EQ(2, kith_socket_recv(p.far, buf, 2, 0, kt_long()));
            EXPECT_EQ(3, waiting());
            kt_close(p);
        });
}

TEST_F(SocketIoctl, GifnameIsTheNameOfAnIndex)
{
    of_each([](kith_socket s, const std::string &name) {
        kith_interface i = {if_nametoindex(name.c_str()), "x"};

        EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof i),
                  get(s, KITH_IOCTL_GIFNAME, nullptr, &i));
        EXPECT_EQ(name, i.name);
    });
}

TEST_F(SocketIoctl, GifindexIsTheIndexOfAName)
{
    of_each([](kith_socket s, const std::string &name) {
        EXPECT_EQ(static_cast<int>(if_nametoindex(name.c_str())),
                  of<int>(s, KITH_IOCTL_GIFINDEX, name));
    });
}

TEST_F(SocketIoctl, GifaddrIsTheFirstAddress)
{
    of_addresses(KITH_IOCTL_GIFADDR, [](const told &t) { return t.addr; });
}

TEST_F(SocketIoctl, GifdstaddrIsTheOtherEndOrItself)
{
    of_addresses(KITH_IOCTL_GIFDSTADDR, [](const told &t) {
        return t.flags & IFF_POINTOPOINT ? t.other : t.addr;
    });
}

TEST_F(SocketIoctl, GifbrdaddrIsZeroWhereThereIsNone)
{
    of_addresses(KITH_IOCTL_GIFBRDADDR, [](const told &t) {
        return (t.flags & IFF_BROADCAST) && t.other != t.addr ? t.other : "0.0.0.0";
    });
}

TEST_F(SocketIoctl, GifnetmaskIsThatOfTheFirstAddress)
{
    of_addresses(KITH_IOCTL_GIFNETMASK, [](const told &t) { return t.mask; });
}

TEST_F(SocketIoctl, GifmtuIsTheMtu)
{
    of_each([](kith_socket s, const std::string &name) {
        EXPECT_EQ(sys(name, "mtu"), std::to_string(of<int>(s, KITH_IOCTL_GIFMTU, name)));
    });
}

TEST_F(SocketIoctl, GifhwaddrIsThatOfTheDevice)
{
    of_each([](kith_socket s, const std::string &name) {
        const auto a = of<kith_sockaddr>(s, KITH_IOCTL_GIFHWADDR, name);

        EXPECT_EQ(KITH_PACKET, a.domain);
        EXPECT_EQ(sys(name, "type"), std::to_string(a.packet.hatype));
        EXPECT_EQ(sys(name, "addr_len"), std::to_string(a.packet.halen));
        EXPECT_EQ(sys(name, "address"), text_of_hardware(a));
    });
}

TEST_F(SocketIoctl, GiftxqlenIsTheLengthOfItsQueue)
{
    of_each([](kith_socket s, const std::string &name) {
        EXPECT_EQ(sys(name, "tx_queue_len"),
                  std::to_string(of<int>(s, KITH_IOCTL_GIFTXQLEN, name)));
    });
}

TEST_F(SocketIoctl, GifflagsAreItsFlags)
{
    const auto all = told_of_all();

    of_each([&](kith_socket s, const std::string &name) {
        /* On Linux they have kith's own numbers. */
        EXPECT_EQ(all.at(name).flags & 0xffff,
                  of<std::uint32_t>(s, KITH_IOCTL_GIFFLAGS, name));
    });
    of_each([](kith_socket s, const std::string &) {
        EXPECT_EQ(unsigned{KITH_IFF_UP | KITH_IFF_LOOPBACK | KITH_IFF_RUNNING},
                  of<std::uint32_t>(s, KITH_IOCTL_GIFFLAGS, "lo"));
    });
}

TEST_F(SocketIoctl, GifmapIsWhereTheDeviceLies)
{
    of_each([](kith_socket s, const std::string &name) {
        const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        const auto m = of<kith_ifmap>(s, KITH_IOCTL_GIFMAP, name);
        ifreq r = {};

        name.copy(r.ifr_name, sizeof r.ifr_name - 1);
        EXPECT_EQ(0, ioctl(fd, SIOCGIFMAP, &r));
        EXPECT_EQ(r.ifr_map.mem_start, m.mem_start);
        EXPECT_EQ(r.ifr_map.mem_end, m.mem_end);
        EXPECT_EQ(r.ifr_map.base_addr, m.base_addr);
        EXPECT_EQ(r.ifr_map.irq, m.irq);
        EXPECT_EQ(r.ifr_map.dma, m.dma);
        EXPECT_EQ(r.ifr_map.port, m.port);
        close(fd);
    });
}

/* ---- of a socket itself ---- */

TEST_F(SocketIoctl, NreadIsTheLengthOfTheNextDatagram)
{
    for (const kt_domain d : {kt_domain::inet, kt_domain::inet6, kt_domain::path})
        by_process_and_thread([d] {
            const kt_dgrams g(d);
            int n = -1;

            for (const char *text : {"hello", "you"})
                ASSERT_LT(0, kith_socket_sendto(g.near, text, std::strlen(text),
                                                &g.far_name, 0, kt_long()));
            EXPECT_TRUE(kt_eventually([&] {
                EXPECT_LT(0, get(g.far, KITH_IOCTL_NREAD, nullptr, &n));
                return n >= 5;
            }));
            EXPECT_EQ(5, n);
            g.close();
        });
}

TEST_F(SocketIoctl, NwriteIsWhatHasNotArrived)
{
    for (const kt_domain d : kt_all_domains)
        by_process_and_thread([d] {
            const kt_pair p = kt_pair_of(d);
            const auto under_way = [&] {
                int n = -1;

                EXPECT_LT(0, get(p.near, KITH_IOCTL_NWRITE, nullptr, &n));
                return n;
            };

            EXPECT_EQ(0, under_way());
            const std::size_t went = kt_fill(p.near);
            EXPECT_LT(0, under_way());
            EXPECT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));
            EXPECT_EQ(went, kt_read_all(p.far));
            EXPECT_TRUE(kt_eventually([&] { return under_way() == 0; }));
            kt_close(p);
        });
}

TEST_F(SocketIoctl, AtmarkIsWhereUrgentDataWas)
{
    for (const kt_domain d : {kt_domain::inet, kt_domain::inet6})
        by_process_and_thread([d] {
            const kt_pair p = kt_pair_of(d);
            const auto at_mark = [&] {
                int at = -1;

                EXPECT_LT(0, get(p.far, KITH_IOCTL_ATMARK, nullptr, &at));
                return at;
            };
            char buf[8];

            ASSERT_EQ(2, kith_socket_send(p.near, "ab", 2, 0, kt_long()));
            ASSERT_EQ(1, kith_socket_send(p.near, "!", 1, KITH_MSG_OOB, kt_long()));
            ASSERT_EQ(1, kith_socket_recv(p.far, buf, 1, KITH_MSG_OOB, kt_long()));
            EXPECT_EQ(0, at_mark());
            ASSERT_EQ(2, kith_socket_recv(p.far, buf, 2, KITH_MSG_WAITALL, kt_long()));
            EXPECT_EQ(1, at_mark());
            kt_close(p);
        });
}

/* ---- what is set ---- */

/* A cable's end in a namespace, and sockets made there. */
class SocketIoctlSet : public SocketIoctl {
  protected:
    /* As process and as thread, by way of a socket of each family; `n` has cable1 and nothing else. */
    void by_each(const std::function<void(const kt_netns &n, kith_socket s)> &body)
    {
        for (const int domain : {KITH_INET, KITH_INET6})
            by_process_and_thread([&] {
                const kt_netns n, other;

                kt_cable(n, other);
                const kith_socket s = n.open(domain, KITH_DGRAM);
                body(n, s);
                kt_close(s);
            });
    }

    static bool shows(const kt_netns &n, const std::string &command,
                      const std::string &text)
    {
        const std::string all = n.ip_tells(command + " show dev cable1");

        return all.find(text) != std::string::npos ||
               (ADD_FAILURE() << text << ": " << all, false);
    }
};

KT_INETS(SocketIoctlSet);

TEST_F(SocketIoctlSet, TheMtu)
{
    KT_NEEDS_NETNS();
    by_each([](const kt_netns &n, kith_socket s) {
        EXPECT_EQ(1500, of<int>(s, KITH_IOCTL_GIFMTU, "cable1"));
        EXPECT_EQ(0, set(s, KITH_IOCTL_SIFMTU, "cable1", 1400));
        EXPECT_EQ(1400, of<int>(s, KITH_IOCTL_GIFMTU, "cable1"));
        EXPECT_TRUE(shows(n, "link", "mtu 1400"));
        EXPECT_EQ(KITH_EINVAL, set(s, KITH_IOCTL_SIFMTU, "cable1", -1)) << "the kernel's";
    });
}

TEST_F(SocketIoctlSet, TheLengthOfItsQueue)
{
    KT_NEEDS_NETNS();
    by_each([](const kt_netns &n, kith_socket s) {
        EXPECT_EQ(0, set(s, KITH_IOCTL_SIFTXQLEN, "cable1", 77));
        EXPECT_EQ(77, of<int>(s, KITH_IOCTL_GIFTXQLEN, "cable1"));
        EXPECT_TRUE(shows(n, "link", "qlen 77"));
    });
}

TEST_F(SocketIoctlSet, FlagsOnAndOffAndTheOthersStay)
{
    KT_NEEDS_NETNS();
    by_each([](const kt_netns &n, kith_socket s) {
        const auto now = [&] {
            return of<std::uint32_t>(s, KITH_IOCTL_GIFFLAGS, "cable1");
        };
        const std::uint32_t before = now();
        kith_ifflags f = {KITH_IFF_NOARP, KITH_IFF_UP | KITH_IFF_MULTICAST};

        EXPECT_TRUE(before & KITH_IFF_UP);
        EXPECT_EQ(0, set(s, KITH_IOCTL_SIFFLAGS, "cable1", f));
        EXPECT_EQ((before | KITH_IFF_NOARP) &
                      ~std::uint32_t{KITH_IFF_UP | KITH_IFF_MULTICAST | KITH_IFF_RUNNING},
                  now());
        n.in([] {
            EXPECT_EQ(IFF_BROADCAST | IFF_NOARP, told_of_all()["cable1"].flags & 0xffff);
        });
        f = {KITH_IFF_UP | KITH_IFF_MULTICAST, KITH_IFF_NOARP};
        EXPECT_EQ(0, set(s, KITH_IOCTL_SIFFLAGS, "cable1", f));
        EXPECT_TRUE(kt_eventually([&] { return now() == before; }))
            << "the carrier comes back";
    });
}

TEST_F(SocketIoctlSet, TheHardwareAddress)
{
    KT_NEEDS_NETNS();
    by_each([](const kt_netns &n, kith_socket s) {
        auto a = of<kith_sockaddr>(s, KITH_IOCTL_GIFHWADDR, "cable1");

        EXPECT_EQ(6, a.packet.halen);
        a.packet.addr[0] = 2;
        a.packet.addr[5] ^= 1;
        EXPECT_EQ(0, set(s, KITH_IOCTL_SIFHWADDR, "cable1", a));
        EXPECT_EQ(kt_text(a),
                  kt_text(of<kith_sockaddr>(s, KITH_IOCTL_GIFHWADDR, "cable1")));
        EXPECT_TRUE(shows(n, "link", text_of_hardware(a)));
        a.packet.hatype = 772;
        EXPECT_EQ(KITH_EINVAL, set(s, KITH_IOCTL_SIFHWADDR, "cable1", a)) << "the kernel's";
    });
}

/* Those of inet alone. */
TEST_F(SocketIoctlSet, Addresses)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const kt_netns n, other;
        const struct {
            kith_ioctl set, get;
            const char *addr;
        } rows[] = {
            {KITH_IOCTL_SIFADDR, KITH_IOCTL_GIFADDR, "10.88.0.1"},
            {KITH_IOCTL_SIFNETMASK, KITH_IOCTL_GIFNETMASK, "255.255.255.0"},
            {KITH_IOCTL_SIFBRDADDR, KITH_IOCTL_GIFBRDADDR, "10.88.0.254"},
            {KITH_IOCTL_SIFDSTADDR, KITH_IOCTL_GIFDSTADDR, "10.88.0.2"},
        };

        kt_cable(n, other);
        const kith_socket s = n.open(KITH_INET, KITH_STREAM);
        for (const auto &row : rows) {
            EXPECT_EQ(0, set(s, row.set, "cable1", address(row.addr))) << row.addr;
            EXPECT_EQ(row.addr, host(of<kith_sockaddr>(s, row.get, "cable1")));
        }
        EXPECT_TRUE(
            shows(n, "-4 addr", "inet 10.88.0.1 peer 10.88.0.2/24 brd 10.88.0.254"));
        n.in([] { EXPECT_EQ("10.88.0.1", told_of_all()["cable1"].addr); });

        EXPECT_EQ(0, set(s, KITH_IOCTL_SIFADDR, "cable1", address("0.0.0.0")));
        kith_sockaddr none;
        EXPECT_EQ(KITH_EADDRNOTAVAIL, get(s, KITH_IOCTL_GIFADDR, "cable1", &none));
        kt_close(s);
    });
}

/* ---- the list ---- */

TEST_F(SocketIoctlSet, TheListIsWholeHoweverLongItIs)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        constexpr std::size_t many = 100;
        const kt_netns n;
        std::string commands;

        for (std::size_t i = 1; i <= many; i++)
            commands += "addr add 10.9.0." + std::to_string(i) + "/24 dev lo\n";
        n.ip(commands);
        for (const int domain : {KITH_INET, KITH_INET6}) {
            const kith_socket s = n.open(domain, KITH_DGRAM);
            const auto all = list(s);
            kith_ifaddr two[2];

            ASSERT_EQ(many + 1, all.size()) << "127.0.0.1 is there too";
            EXPECT_EQ("10.9.0.77", host(all[77].addr));
            two[1].name[0] = 'x';
            EXPECT_EQ(static_cast<std::ptrdiff_t>(all.size() * sizeof all[0]),
                      kith_socket_ioctl(s, KITH_IOCTL_GIFCONF, nullptr, two,
                                        sizeof two - 1));
            EXPECT_STREQ("lo", two[0].name);
            EXPECT_EQ('x', two[1].name[0]) << "half of one is none";
            kt_close(s);
        }
    });
}

TEST_P(SocketIoctlSet, TheInterfacesAreThoseOfTheSocketsNamespace)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const kt_netns n, other;

        kt_cable(n, other);
        const kith_socket there = n.open(kt_inet(), KITH_DGRAM), here = kt_open();
        int v;

        EXPECT_EQ(1001, of<int>(there, KITH_IOCTL_GIFINDEX, "cable1"));
        EXPECT_EQ(KITH_ENODEV, get(here, KITH_IOCTL_GIFINDEX, "cable1", &v));
        kt_close(there);
        kt_close(here);
    });
}

/* ---- what is no request ---- */

TEST_F(SocketIoctl, WhatMakesNoSenseIsEinval)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open(KITH_INET);
        kith_ifflags f = {KITH_IFF_UP, KITH_IFF_UP};
        kith_sockaddr a = kith_sockaddr_loopback(KITH_INET6, 0);
        int v = 1;

        for (const kith_ioctl r : {-1, 0, KITH_IOCTL_SIFTXQLEN + 1, 1 << 30}) {
            EXPECT_EQ(KITH_EINVAL, get(s, r, "lo", &v)) << r;
            EXPECT_EQ(KITH_EINVAL, set(s, r, "lo", v)) << r;
        }
        EXPECT_EQ(KITH_EINVAL, get(s, KITH_IOCTL_SIFMTU, "lo", &v)) << "it sets";
        EXPECT_EQ(KITH_EINVAL, set(s, KITH_IOCTL_GIFMTU, "lo", v)) << "it does not";
        EXPECT_EQ(KITH_EINVAL, get(s, KITH_IOCTL_GIFMTU, nullptr, &v));
        EXPECT_EQ(KITH_EINVAL, get(s, KITH_IOCTL_GIFMTU, "", &v));
        EXPECT_EQ(KITH_EINVAL, get(s, KITH_IOCTL_NREAD, "lo", &v)) << "it takes none";
        EXPECT_EQ(KITH_EINVAL, get(s, KITH_IOCTL_GIFCONF, "lo", &v));
        EXPECT_EQ(KITH_EINVAL, kith_socket_ioctl(s, KITH_IOCTL_GIFMTU, "lo", &v, 3));
        EXPECT_EQ(KITH_EINVAL, kith_socket_ioctl(s, KITH_IOCTL_GIFMTU, "lo", nullptr, 4));
        EXPECT_EQ(KITH_EINVAL,
                  kith_socket_ioctl(s, KITH_IOCTL_GIFCONF, nullptr, nullptr, 1));
        for (const std::size_t len : {std::size_t{3}, std::size_t{5}})
            EXPECT_EQ(KITH_EINVAL,
                      kith_socket_ioctl_set(s, KITH_IOCTL_SIFMTU, "lo", &v, len));
        EXPECT_EQ(KITH_EINVAL, set(s, KITH_IOCTL_SIFFLAGS, "lo", f)) << "on and off";
        f = {0, 1u << 31};
        EXPECT_EQ(KITH_EINVAL, set(s, KITH_IOCTL_SIFFLAGS, "lo", f)) << "no such flag";
        EXPECT_EQ(KITH_EINVAL, set(s, KITH_IOCTL_SIFADDR, "lo", a)) << "of another domain";
        EXPECT_EQ(KITH_EINVAL, set(s, KITH_IOCTL_SIFHWADDR, "lo", a));
        kt_close(s);
    });
}

TEST_F(SocketIoctl, AnInterfaceThatIsNotThereIsEnodev)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open(KITH_INET6);
        kith_interface i = {1u << 30, ""};
        int v;

        EXPECT_EQ(KITH_ENODEV, get(s, KITH_IOCTL_GIFMTU, "there is none", &v));
        EXPECT_EQ(KITH_ENODEV, get(s, KITH_IOCTL_GIFMTU, "lo, and more than fits", &v));
        EXPECT_EQ(KITH_ENODEV, set(s, KITH_IOCTL_SIFMTU, "lo, and more than fits", 1500));
        EXPECT_EQ(KITH_ENODEV, get(s, KITH_IOCTL_GIFNAME, nullptr, &i));
        EXPECT_EQ(KITH_ENODEV,
                  set(s, KITH_IOCTL_SIFFLAGS, "there is none", kith_ifflags{}));
        kt_close(s);
    });
}

TEST_F(SocketIoctl, WhatTheSystemOrTheSocketLacksIsEopnotsupp)
{
    by_process_and_thread([] {
        kith_ifflags f = {KITH_IFF_LINK0, 0};
        kith_sockaddr a;
        int v;

        for (const int domain : {KITH_INET, KITH_INET6, KITH_LOCAL}) {
            kith_socket s;

            ASSERT_EQ(0, kith_socket_open(domain, KITH_DGRAM, 0, nullptr, &s));
            EXPECT_EQ(KITH_EOPNOTSUPP, get(s, KITH_IOCTL_NSPACE, nullptr, &v));
            EXPECT_EQ(KITH_EOPNOTSUPP, get(s, KITH_IOCTL_ATMARK, nullptr, &v));
            EXPECT_EQ(KITH_EOPNOTSUPP, set(s, KITH_IOCTL_SIFFLAGS, "lo", f));
            if (domain != KITH_INET) {
                EXPECT_EQ(KITH_EOPNOTSUPP, get(s, KITH_IOCTL_GIFADDR, "lo", &a));
                EXPECT_EQ(KITH_EOPNOTSUPP, set(s, KITH_IOCTL_SIFADDR, "lo",
                                               kith_sockaddr_loopback(KITH_INET, 0)));
            }
            kt_close(s);
        }
    });
}

TEST_P(SocketIoctl, NoSocketIsEbadfAndAClosedOneEclosed)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open();
        const std::uint64_t self = kith_self().id;
        int v;

        kt_close(s);
        for (const kith_socket no : {kith_socket{0}, kith_socket{self}}) {
            EXPECT_EQ(KITH_EBADF, get(no, KITH_IOCTL_NREAD, nullptr, &v));
            EXPECT_EQ(KITH_EBADF, get(no, KITH_IOCTL_GIFMTU, "lo", &v));
            EXPECT_EQ(KITH_EBADF, set(no, KITH_IOCTL_SIFMTU, "lo", 1500));
        }
        EXPECT_EQ(KITH_ECLOSED, get(s, KITH_IOCTL_NREAD, nullptr, &v));
        EXPECT_EQ(KITH_ECLOSED, get(s, KITH_IOCTL_GIFMTU, "lo", &v));
        EXPECT_EQ(KITH_ECLOSED, set(s, KITH_IOCTL_SIFMTU, "lo", 1500));
        const kith_socket next = kt_open();
        EXPECT_EQ(KITH_ECLOSED, get(s, KITH_IOCTL_GIFMTU, "lo", &v))
            << "its record is another's";
        kt_close(next);
    });
}

/* 0: it went as it should. */
int
try_without_the_right(void *)
{
    kith_socket s;
    int mtu = 0, wrong = 0;

    if (kith_socket_open(KITH_INET, KITH_DGRAM, 0, nullptr, &s) < 0)
        return KITH_EIO;
    if (get(s, KITH_IOCTL_GIFMTU, "lo", &mtu) < 0)
        wrong = KITH_EIO;
    if (set(s, KITH_IOCTL_SIFMTU, "lo", mtu) != KITH_EPERM ||
        set(s, KITH_IOCTL_SIFFLAGS, "lo", kith_ifflags{KITH_IFF_UP, 0}) != KITH_EPERM ||
        set(s, KITH_IOCTL_SIFADDR, "lo", kith_sockaddr_loopback(KITH_INET, 0)) !=
            KITH_EPERM)
        wrong = KITH_EACCES;
    return kith_socket_close(s) < 0 ? KITH_EIO : wrong;
}

[[noreturn]] void
run_without_the_right()
{
    __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[2] = {};

    if (syscall(SYS_capset, &head, none) != 0)
        _exit(1);
    _exit(-kith_main(try_without_the_right, nullptr, 0, nullptr));
}

/* A program of its own: what a thread may do is what the one that made it may. */
TEST(SocketIoctlOfAnother, WithoutTheRightNothingIsSet)
{
    EXPECT_EXIT(run_without_the_right(), testing::ExitedWithCode(0), "");
}

/* ---- handlers ---- */

struct {
    std::atomic<std::ptrdiff_t> own, name, mtu, flags;
} handler_saw;

int
ask(void *, const kith_msg *m)
{
    const kith_socket s = *KITH_BODY(m, kith_socket);
    kith_interface i = {1, ""};
    int v;

    handler_saw.own = get(s, KITH_IOCTL_NREAD, nullptr, &v);
    handler_saw.name = get(s, KITH_IOCTL_GIFNAME, nullptr, &i);
    handler_saw.mtu = get(s, KITH_IOCTL_GIFMTU, "lo", &v);
    handler_saw.flags = set(s, KITH_IOCTL_SIFFLAGS, "lo", kith_ifflags{});
    return KITH_DONE;
}

TEST_P(SocketIoctl, AHandlerAsksOfItsSocketOnly)
{
    static kith_server handler;

    handler = {};
    handler.cast = ask;
    in_process([] {
        const kith_socket s = kt_open();
        kith_pid pid;

        ASSERT_EQ(0, kith_server_start(&handler, nullptr, nullptr, 0, &pid));
        ASSERT_EQ(0, kith_cast(pid, 1, &s, sizeof s));
        EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
        EXPECT_EQ(4, handler_saw.own);
        EXPECT_EQ(KITH_EHANDLER, handler_saw.name);
        EXPECT_EQ(KITH_EHANDLER, handler_saw.mtu);
        EXPECT_EQ(KITH_EHANDLER, handler_saw.flags);
        kt_close(s);
    });
}

/* ---- a system that does not answer ---- */

std::atomic<bool> gate;
std::atomic<int> asked;

/* The system's ioctl is another's while such a test runs. */
class SocketIoctlSeam : public kt_inets<> {
  protected:
    void SetUp() override
    {
        real_ = ki_seam.ioctl;
        gate = false;
        asked = 0;
        ki_seam.ioctl = [](int fd, unsigned long request, void *arg) {
            asked++;
            gate.wait(false);
            return real_(fd, request, arg);
        };
        kt_inets::SetUp();
    }

    void TearDown() override
    {
        kt_inets::TearDown();
        ki_seam.ioctl = real_;
    }

    static void open_gate()
    {
        gate = true;
        gate.notify_all();
    }

    /* One that asks for the mtu of lo, and is asking. */
    kith_pid asker(kith_socket s, std::atomic<std::ptrdiff_t> *rc)
    {
        const int before = asked;
        const kith_pid pid = spawn([=] {
            int mtu;

            *rc = get(s, KITH_IOCTL_GIFMTU, "lo", &mtu);
        });

        EXPECT_TRUE(kt_eventually([=] { return asked > before; }));
        return pid;
    }

    static inline decltype(ki_seam.ioctl) real_;
};

KT_INETS(SocketIoctlSeam);

TEST_P(SocketIoctlSeam, TheTrafficOfTheSocketGoesOnMeanwhile)
{
    in_process([this] {
        const kt_pair p = kt_pair_of();
        std::atomic<std::ptrdiff_t> first = 0, second = 0;
        const kith_pid one = asker(p.near, &first), two = asker(p.near, &second);
        char c;

        for (const auto &[from, to] :
             {std::pair{p.near, p.far}, std::pair{p.far, p.near}}) {
            ASSERT_EQ(1, kith_socket_send(from, "x", 1, 0, kt_long()));
            EXPECT_EQ(1, kith_socket_recv(to, &c, 1, 0, kt_long()));
        }
        EXPECT_TRUE(kt_waits(one, "socket_ioctl") && kt_waits(two, "socket_ioctl"));
        open_gate();
        for (const kith_pid pid : {one, two})
            EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
        EXPECT_EQ(4, first);
        EXPECT_EQ(4, second);
        kt_close(p);
    });
}

TEST_P(SocketIoctlSeam, ACloseWaitsUntilTheSystemHasAnswered)
{
    in_process([this] {
        const kt_pair p = kt_pair_of();
        std::atomic<std::ptrdiff_t> rc = 0;
        std::atomic<int> first = 1;
        const kith_pid one = asker(p.near, &rc);
        const kith_pid closer = spawn([p, &first] { first = kith_socket_close(p.near); });
        char c;

        ASSERT_TRUE(kt_eventually([=] { return kt_waits(closer, "socket_close"); }));
        EXPECT_EQ(KITH_ECLOSED, kith_socket_close(p.near)) << "the second";
        EXPECT_EQ(0, kith_socket_recv(p.far, &c, 1, 0, kt_long())) << "the peer knows";
        EXPECT_EQ(1, first);
        open_gate();
        for (const kith_pid pid : {closer, one})
            EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
        EXPECT_EQ(0, first);
        EXPECT_EQ(4, rc) << "what was asked is answered";
        kt_close(p.far);
    });
}

TEST_P(SocketIoctlSeam, WhoDiesWaitsItOut)
{
    in_process([this] {
        const kith_socket s = kt_open();
        std::atomic<std::ptrdiff_t> rc = 0;
        const kith_pid one = asker(s, &rc);
        kith_ref ref;

        ASSERT_EQ(0, kith_monitor(one, &ref));
        EXPECT_EQ(0, kith_exit_signal(one, kith_reason_of(KITH_KILL, 0, "")));
        EXPECT_EQ(KITH_ETIMEOUT, kith_wait(one, nullptr, 5));
        open_gate();
        EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
        EXPECT_EQ(0, rc) << "it did not go on";
        kt_close(s);
    });
}

TEST_P(SocketIoctlSeam, ItsOwnerDiesWhenTheSystemHasAnswered)
{
    in_process([this] {
        std::atomic<std::uint64_t> id = 0;
        std::atomic<std::ptrdiff_t> rc = 0;
        const kith_pid owner = spawn([&id] {
            const kith_msg *m;

            id = kt_open().id;
            kt_ignore(kith_receive(&m, KITH_INFINITY));
        });

        ASSERT_TRUE(kt_eventually([&] { return id != 0; }));
        const kith_pid one = asker({id}, &rc);
        EXPECT_EQ(0, kith_exit_signal(owner, kith_reason_of(KITH_KILL, 0, "")));
        EXPECT_EQ(KITH_ETIMEOUT, kith_wait(owner, nullptr, 5));
        open_gate();
        for (const kith_pid pid : {owner, one})
            EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
        EXPECT_EQ(4, rc);
    });
}

TEST_P(SocketIoctlSeam, UsersThatBlockHoldItUpNotAtAll)
{
    kt_blockers all(KI_OFFLOAD_THREADS + 5);

    open_gate();
    ASSERT_TRUE(all.block());
    in_process([] {
        const kith_socket s = kt_open();

        EXPECT_LT(0, of<int>(s, KITH_IOCTL_GIFMTU, "lo"));
        kt_close(s);
    });
}

/* ---- names ---- */

TEST_F(SocketIoctl, RequestsAndFlagsHaveTheReferencesNames)
{
    const Names requests = {"nread",      "nwrite",     "nspace",     "atmark",
                            "gifconf",    "gifname",    "gifindex",   "gifaddr",
                            "gifdstaddr", "gifbrdaddr", "gifnetmask", "gifmtu",
                            "gifhwaddr",  "giftxqlen",  "gifflags",   "gifmap",
                            "sifflags",   "sifaddr",    "sifdstaddr", "sifbrdaddr",
                            "sifnetmask", "sifmtu",     "sifhwaddr",  "siftxqlen"};
    int flags = 0;

    for (std::size_t i = 0; i < requests.size(); i++) {
        const kith_ioctl r = kith_ioctl_by_name(requests[i].c_str());

        EXPECT_EQ(static_cast<kith_ioctl>(i + 1), r) << requests[i];
        EXPECT_EQ(requests[i], kith_ioctl_name(r));
        EXPECT_EQ(r != KITH_IOCTL_NSPACE, kith_supports_ioctl(r)) << requests[i];
    }
    for (const kith_ioctl r : {-1, 0, static_cast<int>(requests.size()) + 1}) {
        EXPECT_EQ(nullptr, kith_ioctl_name(r));
        EXPECT_EQ(KITH_EINVAL, kith_supports_ioctl(r));
    }
    for (unsigned bit = 0; bit < 32; bit++) {
        const std::uint32_t flag = 1u << bit;
        const char *name = kith_ifflag_name(flag);

        EXPECT_EQ(bit < 16, kith_supports_ifflag(flag)) << bit;
        EXPECT_EQ(name ? static_cast<int>(flag) : int{KITH_EINVAL},
                  kith_ifflag_by_name(name));
        flags += name != nullptr;
    }
    EXPECT_EQ(21, flags);
    EXPECT_STREQ("pointopoint", kith_ifflag_name(KITH_IFF_POINTOPOINT));
    for (const char *none : {"", "Up", static_cast<const char *>(nullptr)}) {
        EXPECT_EQ(KITH_EINVAL, kith_ioctl_by_name(none));
        EXPECT_EQ(KITH_EINVAL, kith_ifflag_by_name(none));
    }
    EXPECT_EQ(nullptr, kith_ifflag_name(KITH_IFF_UP | KITH_IFF_DEBUG));
    EXPECT_EQ(0, kith_supports_ifflag(0));
}

}    // namespace
