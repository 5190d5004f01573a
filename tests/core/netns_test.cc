/* SPDX-License-Identifier: Apache-2.0
 * netns_test.cc -- a socket made in another network namespace, and nobody left there. */
#include "core/netns.h"

#include <kith/error.h>

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/sock.h"
#include "tests/support/netns.h"

namespace
{

ino_t
inode(int fd)
{
    struct stat is = {};

    EXPECT_EQ(0, fstat(fd, &is));
    return is.st_ino;
}

/* The namespace a socket is in. */
ino_t
namespace_of(int s)
{
    const int fd = ioctl(s, SIOCGSKNS);
    const ino_t i = fd < 0 ? 0 : inode(fd);

    EXPECT_LE(0, fd);
    close(fd);
    return i;
}

ino_t
own_namespace()
{
    const int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    const ino_t i = inode(fd);

    close(fd);
    return i;
}

int
make(const std::string &path)
{
    return ki_netns_socket(path.c_str(), AF_INET, SOCK_DGRAM, 0);
}

TEST(Netns, ASocketIsMadeThereByAThreadThatStaysHere)
{
    KT_NEEDS_NETNS();
    const kt_netns there;
    const ino_t home = own_namespace();
    struct stat is = {};

    ASSERT_EQ(0, stat(there.path().c_str(), &is));
    ASSERT_NE(home, is.st_ino);
    const int s = make(there.path());

    ASSERT_LE(0, s);
    EXPECT_EQ(is.st_ino, namespace_of(s));
    EXPECT_EQ(home, own_namespace());
    EXPECT_NE(0, fcntl(s, F_GETFD) & FD_CLOEXEC);
    EXPECT_NE(0, fcntl(s, F_GETFL) & O_NONBLOCK);
    close(s);
}

TEST(Netns, WhatIsNoNamespaceHasACodeOfItsOwn)
{
    KT_NEEDS_NETNS();
    char dir[] = "/tmp/kith-netns-XXXXXX";
    ASSERT_NE(nullptr, mkdtemp(dir));
    const std::string fifo = std::string(dir) + "/fifo";

    ASSERT_EQ(0, mkfifo(fifo.c_str(), 0600));
    EXPECT_EQ(KITH_EINVAL, make(fifo)) << "and does not wait for a writer";
    EXPECT_EQ(KITH_ENOENT, make(std::string(dir) + "/none"));
    EXPECT_EQ(KITH_ENOTDIR, make(fifo + "/none"));
    EXPECT_EQ(KITH_ENOENT, make(""));
    EXPECT_EQ(KITH_EINVAL, make(dir));
    EXPECT_EQ(KITH_EINVAL, make("/dev/null"));
    EXPECT_EQ(KITH_EINVAL, make("/proc/self/ns/uts"))
        << "a namespace, but none of networks";
    EXPECT_EQ(0, unlink(fifo.c_str()));
    EXPECT_EQ(0, rmdir(dir));
}

TEST(Netns, TheSocketsOwnCodesComeThrough)
{
    KT_NEEDS_NETNS();
    const kt_netns there;

    EXPECT_EQ(KITH_EPROTONOSUPPORT,
              ki_netns_socket(there.path().c_str(), AF_INET, SOCK_STREAM, IPPROTO_UDP));
    EXPECT_EQ(KITH_EAFNOSUPPORT, ki_netns_socket(there.path().c_str(), 99, SOCK_STREAM, 0));
}

/* Capabilities are a thread's, and go on to those that it makes. */
TEST(Netns, WhoMayNotEnterIsTold)
{
    KT_NEEDS_NETNS();
    int rc = 0;

    std::thread([&rc] {
        __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
        __user_cap_data_struct data[2] = {};

        ASSERT_EQ(0, syscall(SYS_capget, &head, data));
        data[0].effective &= ~(1u << CAP_SYS_ADMIN);
        ASSERT_EQ(0, syscall(SYS_capset, &head, data));
        rc = make("/proc/self/ns/net");
    }).join();
    EXPECT_EQ(KITH_EPERM, rc);
}

}    // namespace
