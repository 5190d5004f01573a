/* SPDX-License-Identifier: Apache-2.0
 * sock_names_test.cc -- names of domains, types and protocols. */
#include <kith/domain.h>
#include <kith/error.h>

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include <netdb.h>
#include <netinet/in.h>

namespace
{

std::string
text(const char *name)
{
    return name ? name : "(none)";
}

TEST(SockNames, OfDomainsGoBothWays)
{
    const char *const names[] = {"inet",  "inet6", "local", "packet",
                                 "vsock", "link",  "unspec"};

    for (int domain = KITH_INET; domain <= KITH_UNSPEC; domain++) {
        EXPECT_EQ(names[domain - 1], text(kith_domain_name(domain)));
        EXPECT_EQ(domain, kith_domain_by_name(names[domain - 1]));
    }
    EXPECT_EQ(KITH_LOCAL, kith_domain_by_name("unix"));
    for (int none : {-1, 0, 8, +KITH_DOMAIN_NATIVE, KITH_DOMAIN_NATIVE + 2})
        EXPECT_EQ(nullptr, kith_domain_name(none));
}

TEST(SockNames, OfTypesGoBothWays)
{
    const char *const names[] = {"stream", "dgram", "raw", "rdm", "seqpacket"};

    for (int type = KITH_STREAM; type <= KITH_SEQPACKET; type++) {
        EXPECT_EQ(names[type - 1], text(kith_type_name(type)));
        EXPECT_EQ(type, kith_type_by_name(names[type - 1]));
    }
    for (int none : {-1, 0, 6, 1000})
        EXPECT_EQ(nullptr, kith_type_name(none));
}

TEST(SockNames, OfProtocolsAreTheInternets)
{
    const struct {
        int number;
        const char *name;
    } rows[] = {
        {IPPROTO_IP, "ip"},           {IPPROTO_ICMP, "icmp"},        {IPPROTO_IGMP, "igmp"},
        {IPPROTO_TCP, "tcp"},         {IPPROTO_UDP, "udp"},          {IPPROTO_IPV6, "ipv6"},
        {IPPROTO_GRE, "gre"},         {IPPROTO_ICMPV6, "ipv6-icmp"}, {IPPROTO_SCTP, "sctp"},
        {IPPROTO_UDPLITE, "udplite"}, {IPPROTO_RAW, "raw"},          {KITH_MPTCP, "mptcp"},
    };

    for (const auto &row : rows) {
        EXPECT_STREQ(row.name, kith_protocol_name(row.number));
        EXPECT_EQ(row.number, kith_protocol_by_name(row.name));
    }
    for (int none : {-1, 2 + 255, 254, 261, 1000})
        EXPECT_EQ(nullptr, kith_protocol_name(none));
}

TEST(SockNames, OfProtocolsHaveOtherSpellings)
{
    EXPECT_EQ(KITH_TCP, kith_protocol_by_name("TCP"));
    EXPECT_EQ(KITH_UDPLITE, kith_protocol_by_name("UDPLite"));
    EXPECT_EQ(KITH_ICMPV6, kith_protocol_by_name("ipv6_icmp"));
    EXPECT_EQ(KITH_ICMPV6, kith_protocol_by_name("IPv6-ICMP"));
    EXPECT_EQ(KITH_ICMPV6, kith_protocol_by_name("icmp6"));
    EXPECT_EQ(KITH_ICMPV6, kith_protocol_by_name("icmpv6"));
    EXPECT_EQ(KITH_PROTO_DEFAULT, kith_protocol_by_name("default"));
}

TEST(SockNames, OfNothingAreRefused)
{
    for (const char *name : {"", "tc", "tcpp", "6", " tcp", "inet", "stream"})
        EXPECT_EQ(KITH_EINVAL, kith_protocol_by_name(name)) << name;
    for (const char *name : {"", "ine", "inet66", "tcp", "4"})
        EXPECT_EQ(KITH_EINVAL, kith_domain_by_name(name)) << name;
    for (const char *name : {"", "streams", "tcp", "4"})
        EXPECT_EQ(KITH_EINVAL, kith_type_by_name(name)) << name;
    EXPECT_EQ(KITH_EINVAL, kith_domain_by_name(nullptr));
    EXPECT_EQ(KITH_EINVAL, kith_type_by_name(nullptr));
    EXPECT_EQ(KITH_EINVAL, kith_protocol_by_name(nullptr));
}

/* Where the system has a file of them, what both know is the same. */
TEST(SockNames, OfProtocolsAreWhatTheSystemSays)
{
    int known = 0;

    for (int number = 1; number < 256; number++) {
        const char *name = kith_protocol_name(number);
        const protoent *theirs = name ? getprotobyname(name) : nullptr;

        if (theirs) {
            EXPECT_EQ(number, theirs->p_proto) << name;
            known++;
        }
    }
    if (known == 0)
        GTEST_SKIP() << "there is no file of protocols here (Debian: netbase)";
}

}    // namespace
