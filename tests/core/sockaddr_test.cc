/* SPDX-License-Identifier: Apache-2.0
 * sockaddr_test.cc -- addresses: texts, the system's structs, there and back. */
#include "core/sockaddr.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/support/support.h"

namespace
{

using namespace std::string_literals;

std::string
print(const kith_sockaddr &a)
{
    char text[KITH_SOCKADDR_TEXT];
    const int n = kith_sockaddr_print(&a, text, sizeof text);

    if (n < 0)
        return kith_err_name(n);
    EXPECT_LT(n, KITH_SOCKADDR_TEXT);
    EXPECT_EQ(static_cast<std::size_t>(n), std::strlen(text));
    return text;
}

/* What a text prints as after it was read; the code's name when it cannot be. */
std::string
reprint(const std::string &text)
{
    kith_sockaddr a;
    const int rc = kith_sockaddr_parse(text.c_str(), &a);

    return rc < 0 ? kith_err_name(rc) : print(a);
}

kith_sockaddr
parse(const std::string &text)
{
    kith_sockaddr a{};

    EXPECT_EQ(0, kith_sockaddr_parse(text.c_str(), &a)) << text;
    return a;
}

kith_sockaddr
local(const std::string &name)
{
    kith_sockaddr a{};

    a.domain = KITH_LOCAL;
    a.local.len = static_cast<std::uint8_t>(name.size());
    std::memcpy(a.local.path, name.data(), std::min(name.size(), sizeof a.local.path));
    return a;
}

std::string
local_name(const kith_sockaddr &a)
{
    EXPECT_EQ(KITH_LOCAL, a.domain);
    return {a.local.path, a.local.len};
}

bool
same(const kith_sockaddr &a, const kith_sockaddr &b)
{
    if (a.domain != b.domain)
        return false;
    switch (a.domain) {
    case KITH_INET:
        return std::ranges::equal(a.inet.addr, b.inet.addr) && a.inet.port == b.inet.port;
    case KITH_INET6:
        return std::ranges::equal(a.inet6.addr, b.inet6.addr) &&
               a.inet6.port == b.inet6.port && a.inet6.scope_id == b.inet6.scope_id &&
               a.inet6.flowinfo == b.inet6.flowinfo;
    case KITH_LOCAL:
        return local_name(a) == local_name(b);
    default:
        return true;
    }
}

std::string
loopback_interface()
{
    char name[IF_NAMESIZE];

    return if_indextoname(1, name) ? name : "";
}

/* --- texts ---------------------------------------------------------------------------- */

TEST(Sockaddr, ReadsInet)
{
    const kith_sockaddr a = parse("192.168.0.255:65535");

    EXPECT_EQ(KITH_INET, a.domain);
    EXPECT_EQ(192, a.inet.addr[0]);
    EXPECT_EQ(255, a.inet.addr[3]);
    EXPECT_EQ(65535, a.inet.port);
    EXPECT_EQ(65535, kith_sockaddr_port(&a));
    EXPECT_EQ(0, parse("1.2.3.4").inet.port);
}

TEST(Sockaddr, ReadsInet6)
{
    const kith_sockaddr a = parse("[2001:DB8::1:0:2]:80");
    const std::vector<std::uint8_t> bytes = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0,
                                             0,    0,    0,    1,    0, 0, 0, 2};

    EXPECT_EQ(KITH_INET6, a.domain);
    EXPECT_TRUE(std::ranges::equal(bytes, a.inet6.addr));
    EXPECT_EQ(80, a.inet6.port);
    EXPECT_EQ(80, kith_sockaddr_port(&a));
    EXPECT_EQ(0u, a.inet6.scope_id);
    EXPECT_EQ(0u, a.inet6.flowinfo);
}

TEST(Sockaddr, ReadsScopesByNumberAndByName)
{
    EXPECT_EQ(4294967295u, parse("[fe80::1%4294967295]:1").inet6.scope_id);
    EXPECT_EQ(7u, parse("fe80::1%7").inet6.scope_id);
    EXPECT_EQ("enodev", reprint("[::1%nosuchinterface0]:80"));

    const std::string lo = loopback_interface();
    if (lo.empty())
        GTEST_SKIP() << "no interface has number 1 here";
    EXPECT_EQ(1u, parse("[fe80::1%" + lo + "]:80").inet6.scope_id);
    EXPECT_EQ("[fe80::1%" + lo + "]:80", reprint("[fe80::1%1]:80"));
}

TEST(Sockaddr, ReadsLocalNames)
{
    EXPECT_EQ("/run/x.sock", local_name(parse("unix:/run/x.sock")));
    EXPECT_EQ("relative", local_name(parse("unix:relative")));
    EXPECT_EQ("", local_name(parse("unix:")));
    EXPECT_EQ("\0name"s, local_name(parse("unix:@name")));
    EXPECT_EQ("\0"s, local_name(parse("unix:@")));
    EXPECT_EQ("\0a\0b"s, local_name(parse("unix:@a\\x00b")));
    EXPECT_EQ("@path", local_name(parse("unix:\\x40path")));
    EXPECT_EQ("a\\b\xff", local_name(parse("unix:a\\\\b\\xfF")));
}

TEST(Sockaddr, LocalNamesHaveAnEnd)
{
    EXPECT_EQ(108u, local_name(parse("unix:" + std::string(108, 'a'))).size());
    EXPECT_EQ(108u, local_name(parse("unix:@" + std::string(107, 'a'))).size());
    EXPECT_EQ("enametoolong", reprint("unix:" + std::string(109, 'a')));
    EXPECT_EQ("enametoolong", reprint("unix:@" + std::string(108, 'a')));
}

TEST(Sockaddr, PrintsOneTextForEachAddress)
{
    const std::vector<std::pair<std::string, std::string>> texts = {
        {"127.0.0.1", "127.0.0.1:0"},
        {"0.0.0.0:1", "0.0.0.0:1"},
        {"::", "[::]:0"},
        {"[::]", "[::]:0"},
        {"::1", "[::1]:0"},
        {"1::", "[1::]:0"},
        {"[::1]:80", "[::1]:80"},
        {"[0:0:0:0:0:0:0:1]:80", "[::1]:80"},
        {"1:2:3:4:5:6:7:8", "[1:2:3:4:5:6:7:8]:0"},
        {"1:2:3:4:5:6:7::", "[1:2:3:4:5:6:7:0]:0"},
        {"::2:3:4:5:6:7:8", "[0:2:3:4:5:6:7:8]:0"},
        {"1:0:0:2:0:0:0:3", "[1:0:0:2::3]:0"},
        {"1:0:0:2:3:0:0:4", "[1::2:3:0:0:4]:0"},
        {"2001:0DB8::00AB", "[2001:db8::ab]:0"},
        {"::ffff:1.2.3.4", "[::ffff:1.2.3.4]:0"},
        {"[::ffff:102:304]:5", "[::ffff:1.2.3.4]:5"},
        {"::1.2.3.4", "[::102:304]:0"},
        {"1:2:3:4:5:6:1.2.3.4", "[1:2:3:4:5:6:102:304]:0"},
        {"[::1%4000000000]:80", "[::1%4000000000]:80"},
        {"unix:", "unix:"},
        {"unix:/p", "unix:/p"},
        {"unix:@a", "unix:@a"},
        {"unix:@@a", "unix:@@a"},
        {"unix:\\x40a", "unix:\\x40a"},
        {"unix:a@", "unix:a@"},
        {"unix:\\x0a\\x7f\\x41", "unix:\\x0a\\x7fA"},
    };

    for (const auto &[text, printed] : texts) {
        EXPECT_EQ(printed, reprint(text)) << text;
        EXPECT_EQ(printed, reprint(printed)) << text;
    }
}

TEST(Sockaddr, RefusesEveryOtherText)
{
    const std::vector<std::string> texts = {
        "",
        ":",
        ":80",
        "80",
        "localhost",
        "localhost:80",
        "1.2.3",
        "1.2.3:80",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.3.-1",
        "01.2.3.4",
        "1.2.3.4:",
        "1.2.3.4:65536",
        "1.2.3.4:99999999999999999999",
        "1.2.3.4:080",
        "1.2.3.4:+80",
        "1.2.3.4:80 ",
        " 1.2.3.4:80",
        "1.2.3.4:80x",
        "1..3.4",
        ".1.2.3.4",
        "[1.2.3.4]:80",
        "[]:80",
        "[::1",
        "[::1]80",
        "[::1]:",
        "[::1]:x",
        "[::1]]",
        "::1]",
        ":::",
        ":::1",
        "1::2::3",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:",
        ":1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3",
        "::1.2.3.4.5",
        "::1.2.3.4:5",
        "12345::",
        "g::",
        "::%",
        "[::%]:80",
        "[::1%1",
        "[::1%99999999999]:80",
        "[::1%007]:80",
        "[::1%aninterfacewithanamethatislongerthananamecanbeanywhereonthisplanet]:80",
        "unix",
        "UNIX:/p",
        "unix:\\",
        "unix:\\n",
        "unix:\\x",
        "unix:\\x4",
        "unix:\\xg0",
        "unix:a\\x00b",
        "unix:\\x00",
    };

    for (const std::string &text : texts)
        EXPECT_EQ("einval", reprint(text)) << text;
}

TEST(Sockaddr, AFailedReadLeavesTheAddressAlone)
{
    kith_sockaddr a = parse("1.2.3.4:5");

    EXPECT_EQ(KITH_EINVAL, kith_sockaddr_parse("9.9.9.9:x", &a));
    EXPECT_EQ("1.2.3.4:5", print(a));
}

TEST(Sockaddr, PrintCountsWhatItCannotStore)
{
    for (const char *text : {"127.0.0.1:80", "[::1]:8080", "unix:@name"}) {
        const kith_sockaddr a = parse(text);
        const std::string whole = text;

        EXPECT_EQ(static_cast<int>(whole.size()), kith_sockaddr_print(&a, nullptr, 0));
        for (std::size_t cap = 1; cap <= whole.size() + 2; cap++) {
            std::string room(cap + 1, '#');

            EXPECT_EQ(static_cast<int>(whole.size()),
                      kith_sockaddr_print(&a, room.data(), cap));
            EXPECT_EQ(whole.substr(0, cap - 1), room.c_str());
            EXPECT_EQ('#', room[cap]);
        }
    }
}

TEST(Sockaddr, PrintRefusesWhatIsNoAddress)
{
    char text[8] = "before";
    kith_sockaddr a{};

    EXPECT_EQ(KITH_EINVAL, kith_sockaddr_print(&a, text, sizeof text));
    EXPECT_STREQ("", text);
    a.domain = 99;
    EXPECT_EQ(KITH_EINVAL, kith_sockaddr_print(&a, nullptr, 0));
    a.domain = KITH_LOCAL;
    a.local.len = 109;
    EXPECT_EQ(KITH_EINVAL, kith_sockaddr_print(&a, text, sizeof text));
}

TEST(Sockaddr, TheLongestTextFitsItsConstant)
{
    const kith_sockaddr a = local(std::string(108, 1));

    EXPECT_EQ(5 + 4 * 108, kith_sockaddr_print(&a, nullptr, 0));
    EXPECT_LT(5 + 4 * 108, KITH_SOCKADDR_TEXT);
}

TEST(Sockaddr, AnyAndLoopback)
{
    EXPECT_EQ("0.0.0.0:7", print(kith_sockaddr_any(KITH_INET, 7)));
    EXPECT_EQ("[::]:7", print(kith_sockaddr_any(KITH_INET6, 7)));
    EXPECT_EQ("unix:", print(kith_sockaddr_any(KITH_LOCAL, 7)));
    EXPECT_EQ("127.0.0.1:7", print(kith_sockaddr_loopback(KITH_INET, 7)));
    EXPECT_EQ("[::1]:7", print(kith_sockaddr_loopback(KITH_INET6, 7)));
    EXPECT_EQ("unix:", print(kith_sockaddr_loopback(KITH_LOCAL, 7)));

    for (int domain : {-1, 0, 1000, +KITH_PACKET, +KITH_LINK}) {
        const kith_sockaddr a = kith_sockaddr_any(domain, 7);
        const kith_sockaddr b = kith_sockaddr_loopback(domain, 7);
        EXPECT_EQ(0, a.domain);
        EXPECT_EQ(0, b.domain);
        EXPECT_EQ(0, kith_sockaddr_port(&a));
    }
}

TEST(Sockaddr, ALocalAddressHasNoPort)
{
    const kith_sockaddr a = parse("unix:/p:80");

    EXPECT_EQ(0, kith_sockaddr_port(&a));
    EXPECT_EQ("/p:80", local_name(a));
}

/* --- random --------------------------------------------------------------------------- */

kith_sockaddr
random_address(std::mt19937_64 &rng)
{
    kith_sockaddr a{};
    const auto below = [&](unsigned n) { return static_cast<unsigned>(rng() % n); };

    switch (below(3)) {
    case 0:
        a.domain = KITH_INET;
        for (auto &byte : a.inet.addr)
            byte = static_cast<std::uint8_t>(rng());
        a.inet.port = static_cast<std::uint16_t>(rng());
        return a;
    case 1:
        a.domain = KITH_INET6;
        for (auto &byte : a.inet6.addr)    // many zeros: the gaps are what is hard
            byte = static_cast<std::uint8_t>(below(4) ? 0 : rng());
        a.inet6.port = static_cast<std::uint16_t>(rng());
        a.inet6.scope_id = below(2) ? 0 : static_cast<std::uint32_t>(rng());
        a.inet6.flowinfo = below(2) ? 0 : static_cast<std::uint32_t>(rng());
        return a;
    default: {
        std::string name(below(109), 0);
        for (char &c : name)
            c = static_cast<char>(1 + below(255));
        if (!name.empty() && below(2)) {
            name[0] = '\0';
            for (char &c : name)
                c = below(8) ? c : '\0';
        }
        return local(name);
    }
    }
}

TEST(Sockaddr, EveryAddressComesBackFromItsText)
{
    std::mt19937_64 rng = kt_rng();

    for (std::size_t i = 0; i < kt_scale(200000); i++) {
        const kith_sockaddr a = random_address(rng);
        const std::string text = print(a);
        ASSERT_TRUE(same(a, parse(text))) << text;
    }
}

TEST(Sockaddr, EveryAddressComesBackFromTheSystemsStruct)
{
    std::mt19937_64 rng = kt_rng();

    for (std::size_t i = 0; i < kt_scale(200000); i++) {
        const kith_sockaddr a = random_address(rng);
        ki_native_addr native;
        kith_sockaddr back;

        ASSERT_EQ(0, ki_sockaddr_to_native(&a, &native)) << print(a);
        ASSERT_EQ(0, ki_sockaddr_from_native(&native, &back)) << print(a);
        ASSERT_TRUE(same(a, back)) << print(a);
    }
}

/* Where kith reads an address the system's reader must agree, and the other way round. */
TEST(Sockaddr, AgreesWithTheSystemOnWhatAnAddressIs)
{
    static const char alphabet[] = "0011229af::::....5";
    std::mt19937_64 rng = kt_rng();

    for (std::size_t i = 0; i < kt_scale(1000000); i++) {
        std::string text(1 + rng() % 18, ' ');
        for (char &c : text)
            c = alphabet[rng() % (sizeof alphabet - 1)];

        std::uint8_t system6[16], system4[4];
        kith_sockaddr a{};
        const bool bare = text.find('.') == std::string::npos ||
                          text.find(':') == std::string::npos ||
                          text.find(':') < text.find('.');
        if (!bare)
            continue;    // an inet address with a port, which inet_pton does not know

        const bool read = kith_sockaddr_parse(text.c_str(), &a) == 0;
        const bool is6 = inet_pton(AF_INET6, text.c_str(), system6) == 1;
        const bool is4 = inet_pton(AF_INET, text.c_str(), system4) == 1;

        ASSERT_EQ(is6 || is4, read) << text;
        if (is6) {
            ASSERT_EQ(KITH_INET6, a.domain) << text;
            ASSERT_TRUE(std::ranges::equal(system6, a.inet6.addr)) << text;
        }
        if (is4) {
            ASSERT_EQ(KITH_INET, a.domain) << text;
            ASSERT_TRUE(std::ranges::equal(system4, a.inet.addr)) << text;
        }
    }
}

TEST(Sockaddr, ReadsOrRefusesWhateverComes)
{
    static const char alphabet[] = "01259afgx:.[]%@\\/unix \xff";
    std::mt19937_64 rng = kt_rng();

    for (std::size_t i = 0; i < kt_scale(1000000); i++) {
        std::string text = rng() % 4 ? "" : "unix:";
        const std::size_t n = rng() % (rng() % 64 ? 24 : 130);
        for (std::size_t k = 0; k < n; k++)
            text += alphabet[rng() % (sizeof alphabet - 1)];

        kith_sockaddr a;
        if (kith_sockaddr_parse(text.c_str(), &a) == 0) {
            ASSERT_TRUE(same(a, parse(print(a)))) << text;
        }
    }
}

/* --- the system's structs ------------------------------------------------------------- */

TEST(SockaddrNative, InetIsTheSystemsOwn)
{
    const kith_sockaddr a = parse("1.2.3.4:258");
    ki_native_addr native;
    sockaddr_in sin;

    ASSERT_EQ(0, ki_sockaddr_to_native(&a, &native));
    ASSERT_EQ(sizeof sin, native.len);
    std::memcpy(&sin, native.bytes, sizeof sin);
    EXPECT_EQ(AF_INET, sin.sin_family);
    EXPECT_EQ(htons(258), sin.sin_port);
    EXPECT_EQ(htonl(0x01020304), sin.sin_addr.s_addr);
}

TEST(SockaddrNative, Inet6KeepsFlowAndScope)
{
    kith_sockaddr a = parse("[fe80::9%77]:258"), back;
    ki_native_addr native;
    sockaddr_in6 sin6;

    a.inet6.flowinfo = 0x12345;
    ASSERT_EQ(0, ki_sockaddr_to_native(&a, &native));
    ASSERT_EQ(sizeof sin6, native.len);
    std::memcpy(&sin6, native.bytes, sizeof sin6);
    EXPECT_EQ(AF_INET6, sin6.sin6_family);
    EXPECT_EQ(htons(258), sin6.sin6_port);
    EXPECT_EQ(htonl(0x12345), sin6.sin6_flowinfo);
    EXPECT_EQ(77u, sin6.sin6_scope_id);
    EXPECT_EQ(9, sin6.sin6_addr.s6_addr[15]);

    ASSERT_EQ(0, ki_sockaddr_from_native(&native, &back));
    EXPECT_EQ(0x12345u, back.inet6.flowinfo);
    EXPECT_EQ(77u, back.inet6.scope_id);
}

TEST(SockaddrNative, LocalNamesHaveTheLengthTheyMean)
{
    const std::size_t start = offsetof(sockaddr_un, sun_path);
    const auto native_len = [](const std::string &name) {
        const kith_sockaddr a = local(name);
        ki_native_addr native;
        EXPECT_EQ(0, ki_sockaddr_to_native(&a, &native));
        return native.len;
    };

    EXPECT_EQ(start, native_len(""));
    EXPECT_EQ(start + 3, native_len("/p")) << "a path takes its NUL with it";
    EXPECT_EQ(start + 2, native_len("\0p"s)) << "an abstract name has none";
    EXPECT_EQ(start + 4, native_len("\0p\0\0"s)) << "and all its bytes count";
    EXPECT_EQ(start + 108, native_len(std::string(107, 'p')));
    EXPECT_EQ(start + 108, native_len(std::string(108, 'p')));
}

TEST(SockaddrNative, RefusesWhatIsNoAddress)
{
    ki_native_addr native;
    kith_sockaddr a{};

    EXPECT_EQ(KITH_EINVAL, ki_sockaddr_to_native(&a, &native));
    a.domain = 77;
    EXPECT_EQ(KITH_EINVAL, ki_sockaddr_to_native(&a, &native));
    a = local("a\0b"s);
    EXPECT_EQ(KITH_EINVAL, ki_sockaddr_to_native(&a, &native));
    a.local.len = 200;
    EXPECT_EQ(KITH_EINVAL, ki_sockaddr_to_native(&a, &native));
}

TEST(SockaddrNative, ReadsWhatTheSystemGives)
{
    ki_native_addr native{};
    kith_sockaddr a = parse("1.2.3.4");

    native.len = 0;
    ASSERT_EQ(0, ki_sockaddr_from_native(&native, &a)) << "no address at all";
    EXPECT_EQ(0, a.domain);

    sockaddr_un un{};
    un.sun_family = AF_UNIX;
    std::memcpy(native.bytes, &un, sizeof un);
    native.len = offsetof(sockaddr_un, sun_path);
    ASSERT_EQ(0, ki_sockaddr_from_native(&native, &a));
    EXPECT_EQ("unix:", print(a));

    std::memset(un.sun_path, 'p', sizeof un.sun_path);
    std::memcpy(native.bytes, &un, sizeof un);
    native.len = sizeof un + 1;
    ASSERT_EQ(0, ki_sockaddr_from_native(&native, &a));
    EXPECT_EQ(std::string(108, 'p'), local_name(a)) << "a NUL behind the array";

    native.len = 100000;
    ASSERT_EQ(0, ki_sockaddr_from_native(&native, &a)) << "longer than what fitted";
}

TEST(SockaddrNative, RefusesWhatItDoesNotKnow)
{
    const kith_sockaddr before = parse("1.2.3.4:5");
    kith_sockaddr a = before;
    ki_native_addr native{};
    sockaddr sa{};

    sa.sa_family = 1000;
    std::memcpy(native.bytes, &sa, sizeof sa);
    native.len = sizeof sa;
    EXPECT_EQ(KITH_EAFNOSUPPORT, ki_sockaddr_from_native(&native, &a));

    sa.sa_family = AF_INET;
    std::memcpy(native.bytes, &sa, sizeof sa);
    native.len = sizeof(sockaddr_in) - 1;
    EXPECT_EQ(KITH_EINVAL, ki_sockaddr_from_native(&native, &a));
    native.len = 1;
    EXPECT_EQ(KITH_EINVAL, ki_sockaddr_from_native(&native, &a));

    sa.sa_family = AF_INET6;
    std::memcpy(native.bytes, &sa, sizeof sa);
    native.len = sizeof(sockaddr_in6) - 1;
    EXPECT_EQ(KITH_EINVAL, ki_sockaddr_from_native(&native, &a));
    EXPECT_TRUE(same(before, a));
}

TEST(SockaddrNative, DomainsAndTypesGoBothWays)
{
    EXPECT_EQ(AF_INET, ki_domain_to_native(KITH_INET));
    EXPECT_EQ(AF_INET6, ki_domain_to_native(KITH_INET6));
    EXPECT_EQ(AF_UNIX, ki_domain_to_native(KITH_LOCAL));
    EXPECT_EQ(SOCK_STREAM, ki_type_to_native(KITH_STREAM));
    EXPECT_EQ(SOCK_DGRAM, ki_type_to_native(KITH_DGRAM));
    EXPECT_EQ(SOCK_RAW, ki_type_to_native(KITH_RAW));
    EXPECT_EQ(SOCK_RDM, ki_type_to_native(KITH_RDM));
    EXPECT_EQ(SOCK_SEQPACKET, ki_type_to_native(KITH_SEQPACKET));

    for (int domain : {KITH_INET, KITH_INET6, KITH_LOCAL})
        EXPECT_EQ(domain, ki_domain_of_native(ki_domain_to_native(domain)));
    for (int type : {KITH_STREAM, KITH_DGRAM, KITH_RAW, KITH_RDM, KITH_SEQPACKET})
        EXPECT_EQ(type, ki_type_of_native(ki_type_to_native(type)));
    for (int bad : {-1, 0, 8, 0xff, 0x200, 1000}) {
        EXPECT_EQ(KITH_EINVAL, ki_domain_to_native(bad));
        EXPECT_EQ(KITH_EINVAL, ki_type_to_native(bad));
    }
    EXPECT_EQ(AF_NETLINK, ki_domain_to_native(KITH_DOMAIN_NATIVE + AF_NETLINK));
    EXPECT_EQ(KITH_DOMAIN_NATIVE + AF_NETLINK, ki_domain_of_native(AF_NETLINK));
    EXPECT_EQ(AF_PACKET, ki_domain_to_native(KITH_PACKET));
    EXPECT_EQ(KITH_PACKET, ki_domain_of_native(AF_PACKET));
    EXPECT_EQ(KITH_VSOCK, ki_domain_of_native(AF_VSOCK));
    EXPECT_EQ(AF_UNSPEC, ki_domain_to_native(KITH_UNSPEC));
    EXPECT_EQ(KITH_UNSPEC, ki_domain_of_native(AF_UNSPEC));
    EXPECT_EQ(KITH_EAFNOSUPPORT, ki_domain_to_native(KITH_LINK)) << "a BSD has it";
    EXPECT_EQ(-1, ki_domain_of_native(-1));
    EXPECT_EQ(-1, ki_domain_of_native(256));
    EXPECT_EQ(-1, ki_type_of_native(-1));
}

TEST(SockaddrNative, InterfacesHaveNamesAndNumbers)
{
    char name[KI_IFNAME];

    EXPECT_EQ(0u, ki_ifindex_of_name("nosuchinterface0"));
    EXPECT_FALSE(ki_ifname_of_index(4000000000u, name));
    if (ki_ifname_of_index(1, name)) {
        EXPECT_EQ(1u, ki_ifindex_of_name(name));
    }
}

}    // namespace
