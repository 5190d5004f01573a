/* SPDX-License-Identifier: Apache-2.0
 * sockaddr_forms_test.cc -- addresses beside inet, inet6 and local: their texts, and the system's
 * structs. */
#include "core/sockaddr.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netpacket/packet.h>
#include <sys/socket.h>

#include "tests/support/support.h"

namespace
{

std::string
print(const kith_sockaddr &a)
{
    char text[KITH_SOCKADDR_TEXT];
    const int n = kith_sockaddr_print(&a, text, sizeof text);

    if (n < 0)
        return kith_err_name(n);
    EXPECT_LT(n, KITH_SOCKADDR_TEXT);
    return text;
}

kith_sockaddr
parse(const std::string &text)
{
    kith_sockaddr a{};

    EXPECT_EQ(0, kith_sockaddr_parse(text.c_str(), &a)) << text;
    return a;
}

std::string
reprint(const std::string &text)
{
    kith_sockaddr a{};
    const int rc = kith_sockaddr_parse(text.c_str(), &a);

    return rc < 0 ? kith_err_name(rc) : print(a);
}

/* The name of the interface with number 1, or "1" where it has none. */
std::string
first_interface()
{
    char name[KI_IFNAME];

    return ki_ifname_of_index(1, name) ? name : "1";
}

/* A value made by kith is zero wherever nothing was written. */
bool
same(const kith_sockaddr &a, const kith_sockaddr &b)
{
    return std::memcmp(&a, &b, sizeof a) == 0;
}

/* ---- texts ---- */

TEST(SockaddrForms, HaveOneTextEach)
{
    const std::string lo = first_interface();
    const std::vector<std::pair<std::string, std::string>> texts = {
        {"[::1]:80;flow=0", "[::1]:80"},
        {"[::1]:80;flow=fffff", "[::1]:80;flow=fffff"},
        {"[::1];flow=0FFFFFFF", "[::1]:0;flow=fffffff"},
        {"[fe80::1%4000000000]:1;flow=1", "[fe80::1%4000000000]:1;flow=1"},
        {"packet:0800%0", "packet:0800%0"},
        {"packet:3%1", "packet:0003%" + lo},
        {"packet:0003%" + lo, "packet:0003%" + lo},
        {"packet:0003%" + lo + "/host/0", "packet:0003%" + lo},
        {"packet:86dd%4000000000/0/1", "packet:86dd%4000000000/host/1"},
        {"packet:0800%0/host/772/00:00:00:00:00:00",
         "packet:0800%0/host/772/00:00:00:00:00:00"},
        {"packet:0800%0/broadcast/1/FF:ff", "packet:0800%0/broadcast/1/ff:ff"},
        {"packet:0800%0/multicast/1", "packet:0800%0/multicast/1"},
        {"packet:0800%0/otherhost/1", "packet:0800%0/otherhost/1"},
        {"packet:0800%0/outgoing/1", "packet:0800%0/outgoing/1"},
        {"packet:0800%0/loopback/1", "packet:0800%0/loopback/1"},
        {"packet:0800%0/user/1", "packet:0800%0/user/1"},
        {"packet:0800%0/7/1", "packet:0800%0/kernel/1"},
        {"packet:0800%0/8/1", "packet:0800%0/8/1"},
        {"packet:0800%0/255/65535", "packet:0800%0/255/65535"},
        {"vsock:any:any", "vsock:any:any"},
        {"vsock:4294967295:4294967295", "vsock:any:any"},
        {"vsock:0:0", "vsock:hypervisor:0"},
        {"vsock:hypervisor:1", "vsock:hypervisor:1"},
        {"vsock:local:1024", "vsock:local:1024"},
        {"vsock:1:1024", "vsock:local:1024"},
        {"vsock:host:4294967294", "vsock:host:4294967294"},
        {"vsock:3:65536", "vsock:3:65536"},
        {"link:0/0///", "link:0/0///"},
        {"link:2/6/em0/02:00:00:00:00:01/", "link:2/6/em0/02:00:00:00:00:01/"},
        {"link:65535/255/a\\x2fb\\\\/aa/00:FF", "link:65535/255/a\\x2fb\\\\/aa/00:ff"},
        {"unspec:", "unspec:"},
        {"unspec:/00", "unspec:/00"},
        {"unspec:/00:01", "unspec:/00:01"},
        {"native:0/", "unspec:"},
        {"native:0/07", "unspec:/07"},
        {"native:16/", "native:16/"},
        {"native:16/00:aB", "native:16/00:ab"},
        {"native:255/00", "native:255/00"},
        {"native:2/00:50:7f:00:00:01:00:00:00:00:00:00:00:00", "127.0.0.1:80"},
    };

    for (const auto &[text, printed] : texts) {
        EXPECT_EQ(printed, reprint(text)) << text;
        EXPECT_EQ(printed, reprint(printed)) << text;
    }
}

TEST(SockaddrForms, AreMadeOfTheirParts)
{
    kith_sockaddr a = parse("packet:88cc%4000000000/otherhost/1/02:42:ac:11:00:02");

    EXPECT_EQ(KITH_PACKET, a.domain);
    EXPECT_EQ(0x88cc, a.packet.protocol);
    EXPECT_EQ(4000000000u, a.packet.ifindex);
    EXPECT_EQ(KITH_PKT_OTHERHOST, a.packet.pkttype);
    EXPECT_EQ(1, a.packet.hatype);
    ASSERT_EQ(6, a.packet.halen);
    EXPECT_EQ(0x42, a.packet.addr[1]);
    EXPECT_EQ(2, a.packet.addr[5]);

    a = parse("vsock:host:any");
    EXPECT_EQ(KITH_VSOCK, a.domain);
    EXPECT_EQ(+KITH_VSOCK_HOST, static_cast<int>(a.vsock.cid));
    EXPECT_EQ(KITH_VSOCK_ANY, a.vsock.port);
    EXPECT_EQ(0, kith_sockaddr_port(&a));

    a = parse("link:3/6/em0/01:02:03/04");
    EXPECT_EQ(KITH_LINK, a.domain);
    EXPECT_EQ(3, a.link.index);
    EXPECT_EQ(6, a.link.type);
    EXPECT_EQ(3, a.link.nlen);
    EXPECT_EQ(3, a.link.alen);
    EXPECT_EQ(1, a.link.slen);
    EXPECT_EQ(0, std::memcmp("em0\1\2\3\4", a.link.data, 7));

    a = parse("native:16/01:02");
    EXPECT_EQ(KITH_DOMAIN_NATIVE + 16, a.domain);
    EXPECT_EQ(2, a.native.len);
    EXPECT_EQ(2, a.native.data[1]);

    EXPECT_EQ(0xabcdeu, parse("[::1]:1;flow=abcde").inet6.flowinfo);
}

std::string
pairs(std::size_t n)
{
    std::string text;

    for (std::size_t i = 0; i < n; i++)
        text += i ? ":00" : "00";
    return text;
}

TEST(SockaddrForms, RefuseEveryOtherText)
{
    const std::vector<std::string> texts = {
        "[::1]:80;",
        "[::1]:80;flow",
        "[::1]:80;flow=",
        "[::1]:80;flow=g",
        "[::1]:80;flow=123456789",
        "::1;flow=1",
        "1.2.3.4:80;flow=1",
        "[::1;flow=1]:80",
        "packet",
        "packet:",
        "packet:80",
        "packet:0800",
        "packet:%0",
        "packet:0800%",
        "packet:0800%/",
        "packet:08000%0",
        "packet:080g%0",
        "packet:0800%0/",
        "packet:0800%0/host",
        "packet:0800%0/host/",
        "packet:0800%0/host/1/",
        "packet:0800%0/hosts/1",
        "packet:0800%0/Host/1",
        "packet:0800%0/256/1",
        "packet:0800%0/host/65536",
        "packet:0800%0/host/1/0",
        "packet:0800%0/host/1/00:",
        "packet:0800%0/host/1/00:0",
        "packet:0800%0/host/1/0000",
        "packet:0800%0/host/1/00/",
        "packet:0800%4294967296",
        "packet:0800%aninterfacewithanamethatislongerthananamecanbeanywhereonthisplanet",
        "vsock:",
        "vsock:3",
        "vsock:3:",
        "vsock::3",
        "vsock:3:4:5",
        "vsock:any",
        "vsock:anything:3",
        "vsock:hosts:3",
        "vsock:3:anything",
        "vsock:-1:3",
        "vsock:4294967296:3",
        "vsock:3:4294967296",
        "link:",
        "link:2",
        "link:2/6",
        "link:2/6/em0",
        "link:2/6/em0/",
        "link:2/6/em0/00",
        "link:2/6/em0/00/00/",
        "link:2/6/em0/x/",
        "link:65536/6///",
        "link:2/256///",
        "link:2/6/\\y//",
        "unspec",
        "unspec:00",
        "unspec:/",
        "unspec:/0",
        "unspec:/00:",
        "native:",
        "native:16",
        "native:16/0",
        "native:16/00:zz",
        "native:256/00",
        "native:-1/00",
        "native:/00",
        "native:2/00", /* too few bytes for an inet address */
    };

    for (const std::string &text : texts) {
        kith_sockaddr a = parse("1.2.3.4:5");

        EXPECT_EQ(KITH_EINVAL, kith_sockaddr_parse(text.c_str(), &a)) << text;
        EXPECT_EQ("1.2.3.4:5", print(a)) << "it is left alone";
    }
    EXPECT_EQ("enodev", reprint("packet:0800%nosuchinterface0"));
}

TEST(SockaddrForms, HaveAnEnd)
{
    EXPECT_EQ(32, parse("packet:0%0/host/1/" + pairs(32)).packet.halen);
    EXPECT_EQ("enametoolong", reprint("packet:0%0/host/1/" + pairs(33)));
    EXPECT_EQ(126, parse("unspec:/" + pairs(126)).native.len);
    EXPECT_EQ("enametoolong", reprint("unspec:/" + pairs(127)));
    EXPECT_EQ(126, parse("native:16/" + pairs(126)).native.len);
    EXPECT_EQ("enametoolong", reprint("native:16/" + pairs(127)));
    EXPECT_EQ(46, parse("link:1/1/" + std::string(46, 'x') + "//").link.nlen);
    EXPECT_EQ("enametoolong", reprint("link:1/1/" + std::string(47, 'x') + "//"));
    EXPECT_EQ("enametoolong", reprint("link:1/1/" + std::string(45, 'x') + "/00:00/"));
    EXPECT_EQ("enametoolong", reprint("link:1/1/" + std::string(45, 'x') + "/00/00"));
}

TEST(SockaddrForms, ThatAreUnsoundAreNoAddress)
{
    ki_native_addr native;
    kith_sockaddr a = parse("packet:0800%0");

    a.packet.halen = 33;
    EXPECT_EQ("einval", print(a));
    EXPECT_EQ(KITH_EINVAL, ki_sockaddr_to_native(&a, &native));
    a = parse("link:1/1/em0//");
    a.link.slen = 44;
    EXPECT_EQ("einval", print(a));
    a = parse("native:16/00");
    a.native.len = 127;
    EXPECT_EQ("einval", print(a));
    EXPECT_EQ(KITH_EINVAL, ki_sockaddr_to_native(&a, &native));
    a = parse("native:16/00");
    for (int domain : {8, KITH_DOMAIN_NATIVE - 1, KITH_DOMAIN_NATIVE + 256, -1}) {
        a.domain = domain;
        EXPECT_EQ("einval", print(a));
        EXPECT_EQ(KITH_EINVAL, ki_sockaddr_to_native(&a, &native));
    }
}

TEST(SockaddrForms, AnyLoopbackAndBroadcast)
{
    EXPECT_EQ("vsock:any:any", print(kith_sockaddr_any(KITH_VSOCK, 0)));
    EXPECT_EQ("vsock:any:7", print(kith_sockaddr_any(KITH_VSOCK, 7)));
    EXPECT_EQ("vsock:local:7", print(kith_sockaddr_loopback(KITH_VSOCK, 7)));
    EXPECT_EQ("unspec:", print(kith_sockaddr_any(KITH_UNSPEC, 7)));
    EXPECT_EQ(0, kith_sockaddr_loopback(KITH_UNSPEC, 7).domain);
    EXPECT_EQ("255.255.255.255:7", print(kith_sockaddr_broadcast(KITH_INET, 7)));
    EXPECT_EQ(0, kith_sockaddr_broadcast(KITH_INET6, 7).domain);
    EXPECT_EQ(0, kith_sockaddr_broadcast(KITH_PACKET, 7).domain);
}

/* ---- the system's structs ---- */

template <typename Native>
Native
native_of(const kith_sockaddr &a)
{
    ki_native_addr native;
    Native n{};

    EXPECT_EQ(0, ki_sockaddr_to_native(&a, &native));
    EXPECT_EQ(sizeof n, native.len);
    std::memcpy(&n, native.bytes, sizeof n);
    return n;
}

TEST(SockaddrForms, PacketIsTheSystemsOwn)
{
    const auto ll =
        native_of<sockaddr_ll>(parse("packet:0800%77/outgoing/772/01:02:03:04:05:06"));

    EXPECT_EQ(AF_PACKET, ll.sll_family);
    EXPECT_EQ(htons(0x0800), ll.sll_protocol);
    EXPECT_EQ(77, ll.sll_ifindex);
    EXPECT_EQ(772, ll.sll_hatype);
    EXPECT_EQ(PACKET_OUTGOING, ll.sll_pkttype);
    EXPECT_EQ(6, ll.sll_halen);
    EXPECT_EQ(6, ll.sll_addr[5]);

    EXPECT_EQ(+PACKET_HOST, +KITH_PKT_HOST);
    EXPECT_EQ(+PACKET_BROADCAST, +KITH_PKT_BROADCAST);
    EXPECT_EQ(+PACKET_MULTICAST, +KITH_PKT_MULTICAST);
    EXPECT_EQ(+PACKET_OTHERHOST, +KITH_PKT_OTHERHOST);
    EXPECT_EQ(+PACKET_LOOPBACK, +KITH_PKT_LOOPBACK);
}

/* getsockname gives as much as the interface's address needs; some are longer than the struct. */
TEST(SockaddrForms, PacketHasTheLengthOfItsHardwareAddress)
{
    ki_native_addr native{};
    kith_sockaddr a, back;
    sockaddr_ll ll{};

    ll.sll_family = AF_PACKET;
    ll.sll_halen = 6;
    std::memcpy(native.bytes, &ll, sizeof ll);
    native.len = offsetof(sockaddr_ll, sll_addr) + 6;
    ASSERT_EQ(0, ki_sockaddr_from_native(&native, &a));
    EXPECT_EQ(6, a.packet.halen);
    native.len = offsetof(sockaddr_ll, sll_addr) + 2;
    ASSERT_EQ(0, ki_sockaddr_from_native(&native, &a));
    EXPECT_EQ(2, a.packet.halen) << "what is there";
    native.len = offsetof(sockaddr_ll, sll_addr) - 1;
    EXPECT_EQ(KITH_EINVAL, ki_sockaddr_from_native(&native, &a));

    a = parse("packet:0800%1/host/32/" + pairs(20));
    ASSERT_EQ(0, ki_sockaddr_to_native(&a, &native));
    EXPECT_EQ(offsetof(sockaddr_ll, sll_addr) + 20, native.len);
    ASSERT_EQ(0, ki_sockaddr_from_native(&native, &back));
    EXPECT_TRUE(same(a, back));
}

TEST(SockaddrForms, VsockIsTheSystemsOwn)
{
    const auto vm = native_of<sockaddr_vm>(parse("vsock:host:1024"));

    EXPECT_EQ(AF_VSOCK, vm.svm_family);
    EXPECT_EQ(+VMADDR_CID_HOST, static_cast<int>(vm.svm_cid));
    EXPECT_EQ(1024u, vm.svm_port);
    EXPECT_EQ(VMADDR_CID_ANY, native_of<sockaddr_vm>(parse("vsock:any:any")).svm_cid);
    EXPECT_EQ(VMADDR_PORT_ANY, KITH_VSOCK_ANY);
    EXPECT_EQ(+VMADDR_CID_LOCAL, +KITH_VSOCK_LOCAL);
    EXPECT_EQ(+VMADDR_CID_HYPERVISOR, +KITH_VSOCK_HYPERVISOR);
}

TEST(SockaddrForms, LinkIsNotLinuxs)
{
    const kith_sockaddr a = parse("link:1/1/em0//");
    ki_native_addr native;

    EXPECT_EQ(KITH_EAFNOSUPPORT, ki_sockaddr_to_native(&a, &native));
    EXPECT_EQ(KITH_EAFNOSUPPORT, kith_sockaddr_bytes(&a, nullptr, nullptr, 0));
}

TEST(SockaddrForms, AnyFamilyGoesByItsBytes)
{
    kith_sockaddr a;
    sockaddr_nl nl{};
    int family = 0;
    unsigned char bytes[64];

    nl.nl_family = AF_NETLINK;
    nl.nl_pid = 0x01020304;
    const auto *data = reinterpret_cast<const char *>(&nl) + sizeof(sa_family_t);
    const std::size_t len = sizeof nl - sizeof(sa_family_t);
    ASSERT_EQ(0, kith_sockaddr_native(AF_NETLINK, data, len, &a));
    EXPECT_EQ(KITH_DOMAIN_NATIVE + AF_NETLINK, a.domain);
    const auto back = native_of<sockaddr_nl>(a);
    EXPECT_EQ(0, std::memcmp(&nl, &back, sizeof nl));

    ASSERT_EQ(static_cast<std::ptrdiff_t>(len),
              kith_sockaddr_bytes(&a, &family, bytes, sizeof bytes));
    EXPECT_EQ(AF_NETLINK, family);
    EXPECT_EQ(0, std::memcmp(data, bytes, len));

    bytes[2] = 99;
    EXPECT_EQ(static_cast<std::ptrdiff_t>(len), kith_sockaddr_bytes(&a, nullptr, bytes, 2))
        << "as many as there are";
    EXPECT_EQ(99, bytes[2]);
    EXPECT_EQ(static_cast<std::ptrdiff_t>(len),
              kith_sockaddr_bytes(&a, nullptr, nullptr, 0));
}

TEST(SockaddrForms, AFamilyWithADomainIsDecoded)
{
    const kith_sockaddr at = parse("1.2.3.4:258");
    kith_sockaddr a;
    int family;
    unsigned char bytes[16];

    ASSERT_EQ(14, kith_sockaddr_bytes(&at, &family, bytes, sizeof bytes));
    EXPECT_EQ(AF_INET, family);
    EXPECT_EQ(1, bytes[0]);
    EXPECT_EQ(2, bytes[1]);
    ASSERT_EQ(0, kith_sockaddr_native(family, bytes, 14, &a));
    EXPECT_EQ("1.2.3.4:258", print(a));
}

TEST(SockaddrForms, NativeRefusesWhatIsNone)
{
    const kith_sockaddr before = parse("1.2.3.4:5");
    kith_sockaddr a = before;
    const char bytes[127] = {};

    EXPECT_EQ(KITH_EINVAL, kith_sockaddr_native(AF_INET, bytes, 13, &a));
    EXPECT_EQ(KITH_EINVAL, kith_sockaddr_native(AF_NETLINK, nullptr, 1, &a));
    EXPECT_EQ(KITH_EINVAL, kith_sockaddr_native(AF_NETLINK, bytes, 1, nullptr));
    EXPECT_EQ(KITH_ENAMETOOLONG, kith_sockaddr_native(AF_NETLINK, bytes, 127, &a));
    EXPECT_EQ(KITH_ENAMETOOLONG, kith_sockaddr_native(AF_UNIX, bytes, 109, &a));
    EXPECT_EQ(KITH_EAFNOSUPPORT, kith_sockaddr_native(256, bytes, 2, &a));
    EXPECT_EQ(KITH_EAFNOSUPPORT, kith_sockaddr_native(-1, bytes, 2, &a));
    EXPECT_TRUE(same(before, a));
    ASSERT_EQ(0, kith_sockaddr_native(AF_NETLINK, nullptr, 0, &a));
    EXPECT_EQ("native:16/", print(a));

    a.domain = 0;
    EXPECT_EQ(KITH_EINVAL, kith_sockaddr_bytes(&a, nullptr, nullptr, 0));
    EXPECT_EQ(KITH_EINVAL, kith_sockaddr_bytes(nullptr, nullptr, nullptr, 0));
    EXPECT_EQ(KITH_EINVAL, kith_sockaddr_bytes(&before, nullptr, nullptr, 1));
}

TEST(SockaddrForms, UnspecIsTheFamilyAlone)
{
    const kith_sockaddr a = kith_sockaddr_any(KITH_UNSPEC, 0);
    ki_native_addr native;
    kith_sockaddr back;
    sa_family_t family = 77;

    ASSERT_EQ(0, ki_sockaddr_to_native(&a, &native));
    ASSERT_EQ(sizeof family, native.len);
    std::memcpy(&family, native.bytes, sizeof family);
    EXPECT_EQ(AF_UNSPEC, family);
    ASSERT_EQ(0, ki_sockaddr_from_native(&native, &back));
    EXPECT_TRUE(same(a, back));
}

/* ---- random ---- */

void
fill(std::mt19937_64 &rng, void *bytes, std::size_t n)
{
    auto *b = static_cast<unsigned char *>(bytes);

    for (std::size_t i = 0; i < n; i++)
        b[i] = static_cast<unsigned char>(rng());
}

kith_sockaddr
random_form(std::mt19937_64 &rng)
{
    kith_sockaddr a{};

    switch (rng() % 5) {
    case 0:
        a.domain = KITH_PACKET;
        a.packet.protocol = static_cast<std::uint16_t>(rng());
        a.packet.hatype = static_cast<std::uint16_t>(rng() % 2 ? 0 : rng());
        a.packet.ifindex = static_cast<std::uint32_t>(rng() % 2 ? rng() % 4 : rng());
        a.packet.pkttype = static_cast<std::uint8_t>(rng() % 2 ? rng() % 9 : rng());
        a.packet.halen = static_cast<std::uint8_t>(rng() % 33);
        fill(rng, a.packet.addr, a.packet.halen);
        break;
    case 1:
        a.domain = KITH_VSOCK;
        a.vsock.cid = static_cast<std::uint32_t>(rng() % 2 ? rng() % 5 - 1 : rng());
        a.vsock.port = static_cast<std::uint32_t>(rng() % 2 ? rng() % 5 - 1 : rng());
        break;
    case 2:
        a.domain = KITH_LINK;
        a.link.index = static_cast<std::uint16_t>(rng());
        a.link.type = static_cast<std::uint8_t>(rng());
        a.link.nlen = static_cast<std::uint8_t>(rng() % 17);
        a.link.alen = static_cast<std::uint8_t>(rng() % 15);
        a.link.slen = static_cast<std::uint8_t>(rng() % 16);
        fill(rng, a.link.data, a.link.nlen + a.link.alen + a.link.slen);
        break;
    case 3:
        a.domain = KITH_UNSPEC;
        a.native.len = static_cast<std::uint8_t>(rng() % 127);
        fill(rng, a.native.data, a.native.len);
        break;
    default:
        a.domain = KITH_DOMAIN_NATIVE + AF_NETLINK;
        a.native.len = static_cast<std::uint8_t>(rng() % 127);
        fill(rng, a.native.data, a.native.len);
    }
    return a;
}

TEST(SockaddrForms, ComeBackFromTheirTextAndFromTheSystemsStruct)
{
    std::mt19937_64 rng = kt_rng();

    for (std::size_t i = 0; i < kt_scale(200000); i++) {
        const kith_sockaddr a = random_form(rng);
        const std::string text = print(a);
        ki_native_addr native;
        kith_sockaddr back;

        ASSERT_TRUE(same(a, parse(text))) << text;
        if (a.domain == KITH_LINK)
            continue;
        ASSERT_EQ(0, ki_sockaddr_to_native(&a, &native)) << text;
        ASSERT_EQ(0, ki_sockaddr_from_native(&native, &back)) << text;
        ASSERT_TRUE(same(a, back)) << text;
    }
}

}    // namespace
