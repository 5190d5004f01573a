/* SPDX-License-Identifier: Apache-2.0
 * sockioctl_test.cc -- requests before they reach the system, and what it says of odd devices. */
#include "core/seam.h"
#include "core/sockioctl.h"

#include <gtest/gtest.h>

#include <cstring>

#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>

namespace
{

TEST(Sockioctl, OnlyWhatIsOfInterfacesMayWait)
{
    for (kith_ioctl r = 1; ki_sockioctl_find(r); r++)
        EXPECT_EQ(r >= KITH_IOCTL_GIFCONF, ki_sockioctl_waits(ki_sockioctl_find(r))) << r;
}

TEST(Sockioctl, ANameIsWhereARequestTakesOneAndFits)
{
    for (kith_ioctl r = 1; const ki_sockioctl *row = ki_sockioctl_find(r); r++) {
        const bool takes = r >= KITH_IOCTL_GIFINDEX;
        const int rc = row->request ? 0 : KITH_EOPNOTSUPP;
        char v[1024] = "";

        EXPECT_EQ(takes ? int{KITH_EINVAL} : rc,
                  ki_sockioctl_check(row, row->set, nullptr, v, row->len));
        EXPECT_EQ(takes ? rc : int{KITH_EINVAL},
                  ki_sockioctl_check(row, row->set, "a name of 15 by", v, row->len));
        EXPECT_EQ(takes ? KITH_ENODEV : KITH_EINVAL,
                  ki_sockioctl_check(row, row->set, "a name of 16 byt", v, row->len));
    }
}

TEST(Sockioctl, FlagsGoBothWays)
{
    unsigned native;

    EXPECT_EQ(0, ki_ifflags_to(KITH_IFF_UP | KITH_IFF_NOARP, &native));
    EXPECT_EQ(static_cast<unsigned>(IFF_UP | IFF_NOARP), native);
    EXPECT_EQ(std::uint32_t{KITH_IFF_UP | KITH_IFF_NOARP}, ki_ifflags_of(native));
    EXPECT_EQ(0u, ki_ifflags_of(1u << 31)) << "it has no name";
    EXPECT_EQ(KITH_EINVAL, ki_ifflags_to(1u << 31, &native));
    EXPECT_EQ(KITH_EOPNOTSUPP, ki_ifflags_to(KITH_IFF_SIMPLEX, &native));
}

/* A device of a kind, whose address is 1, 2, 3... */
unsigned short hatype;

TEST(Sockioctl, AHardwareAddressIsAsLongAsItsKindSays)
{
    const auto real = ki_seam.ioctl;
    const ki_sockioctl *row = ki_sockioctl_find(KITH_IOCTL_GIFHWADDR);
    const struct {
        unsigned short hatype;
        int len;
    } rows[] = {{ARPHRD_ETHER, 6}, {ARPHRD_LOOPBACK, 6}, {ARPHRD_SIT, 4},
                {ARPHRD_NONE, 0},  {ARPHRD_VOID, 0},     {ARPHRD_INFINIBAND, 14}};

    ki_seam.ioctl = [](int, unsigned long, void *arg) {
        sockaddr *a = &static_cast<ifreq *>(arg)->ifr_hwaddr;

        a->sa_family = hatype;
        for (unsigned i = 0; i < sizeof a->sa_data; i++)
            a->sa_data[i] = static_cast<char>(i + 1);
        return 0;
    };
    for (const auto &r : rows) {
        kith_sockaddr a;

        hatype = r.hatype;
        EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof a),
                  ki_sockioctl_get(0, row, "any", &a, sizeof a));
        EXPECT_EQ(r.len, a.packet.halen) << r.hatype;
        for (int i = 0; i < 32; i++)
            EXPECT_EQ(i < r.len ? i + 1 : 0, a.packet.addr[i]);
    }
    ki_seam.ioctl = real;
}

}    // namespace
