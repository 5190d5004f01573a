/* SPDX-License-Identifier: Apache-2.0
 * netns.h -- network namespaces of a test's own, and cables between them.
 *
 *   KT_NEEDS_NETNS();                             // skips where there can be none
 *   kt_netns a, b;                                // `lo` is up in each, nothing else is there
 *   kt_cable(a, b);                               // 10.77.1.1 and fd77:1::1 here, ...2 there
 *   kith_socket s = a.open(KITH_INET, KITH_DGRAM);
 *   kith_sockaddr to = kt_at_cable(KITH_INET6, 2, port);    // b's end
 *
 * A socket belongs for ever to the namespace in which it was made, whoever uses it, and so only
 * a thread that ends at once ever enters one: the threads of the library and of the test stay
 * where they are. A namespace goes when this and its last socket are closed. */
#ifndef KT_NETNS_H
#define KT_NETNS_H

#include <kith/kith.h>

#include <gtest/gtest.h>

#include <functional>
#include <string>

class kt_netns {
  public:
    kt_netns();
    ~kt_netns();
    kt_netns(const kt_netns &) = delete;
    kt_netns &operator=(const kt_netns &) = delete;

    /* Why there can be none here; empty when there can. */
    static const std::string &missing();

    /* A path that setns(2) takes, in this and in other OS processes, while this lives. */
    const std::string &path() const
    {
        return path_;
    }

    /* Runs `body` on a thread inside and waits for its end. A runtime that is not there yet must
     * not be started by it: its threads would stay inside. */
    void in(const std::function<void()> &body) const;

    /* Runs what ip(8) is to do inside, a command a line: "link set lo up". */
    void ip(const std::string &commands) const;

    /* What one command of ip(8) prints: "neigh show". */
    std::string ip_tells(const std::string &command) const;

    /* Sets a number under /proc/sys/net. */
    void set(const std::string &name, int v) const;

    /* A socket made inside, the caller's. */
    kith_socket open(int domain, int type, int protocol = 0) const;

  private:
    int fd_ = -1;
    std::string path_;
};

/* Connects two namespaces by a device "cable<net>" in each. */
void kt_cable(const kt_netns &a, const kt_netns &b, int net = 1);

/* The address of an end (1 or 2) of the cable: 10.77.<net>.<end>, fd77:<net>::<end>. */
kith_sockaddr kt_at_cable(int domain, int end, std::uint16_t port = 0, int net = 1);

#define KT_NEEDS_NETNS() \
    if (!kt_netns::missing().empty()) \
    GTEST_SKIP() << kt_netns::missing()

#endif
