/* SPDX-License-Identifier: Apache-2.0
 * socket_multicast_test.cc -- groups: who hears what, on an interface of the test's own.
 *
 * All listeners share one port, so that membership alone decides. That one has not heard is shown
 * by the next thing that it hears, a mark which goes to a group that all have joined. */
#include "tests/support/netns.h"
#include "tests/support/sockets.h"

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include <net/if.h>
#include <netinet/in.h>

namespace
{

kith_sockaddr
parse(const char *text)
{
    kith_sockaddr a = {};

    EXPECT_EQ(0, kith_sockaddr_parse(text, &a)) << text;
    return a;
}

/* One of two options by the family. */
struct Names {
    kith_opt add, drop, add_source, drop_source, block, unblock, filter, hops, loop, all;
};

const Names inet_names = {KITH_OPT_IP_ADD_MEMBERSHIP,
                          KITH_OPT_IP_DROP_MEMBERSHIP,
                          KITH_OPT_IP_ADD_SOURCE_MEMBERSHIP,
                          KITH_OPT_IP_DROP_SOURCE_MEMBERSHIP,
                          KITH_OPT_IP_BLOCK_SOURCE,
                          KITH_OPT_IP_UNBLOCK_SOURCE,
                          KITH_OPT_IP_MSFILTER,
                          KITH_OPT_IP_MULTICAST_TTL,
                          KITH_OPT_IP_MULTICAST_LOOP,
                          KITH_OPT_IP_MULTICAST_ALL};
const Names inet6_names = {KITH_OPT_IPV6_JOIN_GROUP,
                           KITH_OPT_IPV6_LEAVE_GROUP,
                           KITH_OPT_IPV6_ADD_SOURCE_MEMBERSHIP,
                           KITH_OPT_IPV6_DROP_SOURCE_MEMBERSHIP,
                           KITH_OPT_IPV6_BLOCK_SOURCE,
                           KITH_OPT_IPV6_UNBLOCK_SOURCE,
                           KITH_OPT_IPV6_MSFILTER,
                           KITH_OPT_IPV6_MULTICAST_HOPS,
                           KITH_OPT_IPV6_MULTICAST_LOOP,
                           KITH_OPT_IPV6_MULTICAST_ALL};

class SocketMulticast : public kt_sockets, public testing::WithParamInterface<kt_domain> {
  protected:
    void SetUp() override
    {
        kt_sockets::SetUp();
        KT_NEEDS_NETNS();
        island = std::make_unique<kt_netns>();
        island->ip("link add v0 type veth peer name v1\nlink set v0 up\nlink set v1 up\n"
                   "link add w0 type veth peer name w1\nlink set w0 up\nlink set w1 up\n"
                   "addr add 10.77.0.1/24 dev v0\naddr add 10.77.0.2/24 dev v0\n"
                   "addr add fd77::1/64 dev v0 nodad\naddr add fd77::2/64 dev v0 nodad\n"
                   "addr add 10.78.0.1/24 dev w0\naddr add fd78::1/64 dev w0 nodad");
        island->in([this] {
            v0 = if_nametoindex("v0");
            w0 = if_nametoindex("w0");
        });
    }

    static bool is_inet()
    {
        return GetParam() == kt_domain::inet;
    }

    static int domain()
    {
        return is_inet() ? KITH_INET : KITH_INET6;
    }

    static const Names &names()
    {
        return is_inet() ? inet_names : inet6_names;
    }

    static kith_sockaddr group()
    {
        return parse(is_inet() ? "239.77.0.1" : "ff15::77");
    }

    static kith_sockaddr mark_group()
    {
        return parse(is_inet() ? "239.77.0.9" : "ff15::99");
    }

    /* 1 or 2: an address of v0. */
    static kith_sockaddr source(int i)
    {
        return parse(is_inet() ? (i == 1 ? "10.77.0.1" : "10.77.0.2")
                               : (i == 1 ? "fd77::1" : "fd77::2"));
    }

    kith_socket listener(std::uint16_t port = 0) const
    {
        const kith_socket s = island->open(domain(), KITH_DGRAM);
        const kith_sockaddr any = kith_sockaddr_any(domain(), port);
        const kith_mreq mark = {mark_group(), v0};

        EXPECT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_SOCKET_REUSEADDR, 1));
        EXPECT_EQ(0, kith_socket_setopt_int(s, names().all, 0));
        EXPECT_EQ(0, kith_socket_bind(s, &any));
        EXPECT_EQ(0, kith_socket_setopt(s, names().add, &mark, sizeof mark));
        return s;
    }

    void leave_by(kith_socket s, std::uint32_t ifindex) const
    {
        const kith_multicast_if via = {{}, ifindex};

        if (is_inet())
            EXPECT_EQ(0, kith_socket_setopt(s, KITH_OPT_IP_MULTICAST_IF, &via, sizeof via));
        else
            EXPECT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_IPV6_MULTICAST_IF,
                                                static_cast<int>(ifindex)));
    }

    kith_socket sender(int from) const
    {
        const kith_socket s = island->open(domain(), KITH_DGRAM);
        const kith_sockaddr at = source(from);

        EXPECT_EQ(0, kith_socket_bind(s, &at));
        leave_by(s, v0);
        return s;
    }

    int join(kith_socket s) const
    {
        const kith_mreq m = {group(), v0};

        return kith_socket_setopt(s, names().add, &m, sizeof m);
    }

    int drop(kith_socket s) const
    {
        const kith_mreq m = {group(), v0};

        return kith_socket_setopt(s, names().drop, &m, sizeof m);
    }

    int with_source(kith_socket s, kith_opt o, int from) const
    {
        const kith_mreq_source m = {group(), source(from), v0};

        return kith_socket_setopt(s, o, &m, sizeof m);
    }

    int filter(kith_socket s, int mode, const std::vector<kith_sockaddr> &sources) const
    {
        const kith_msfilter f = {group(), v0, mode, sources.data(), sources.size()};

        return kith_socket_setopt(s, names().filter, &f, sizeof f);
    }

    static void send(kith_socket s, kith_sockaddr to, std::uint16_t port, const char *text)
    {
        const auto len = static_cast<std::ptrdiff_t>(std::strlen(text));

        (to.domain == KITH_INET ? to.inet.port : to.inet6.port) = port;
        EXPECT_EQ(len, kith_socket_sendto(s, text, static_cast<std::size_t>(len), &to, 0,
                                          kt_long()))
            << text;
    }

    static std::string next(kith_socket s)
    {
        char buf[64];
        const std::ptrdiff_t n = kith_socket_recv(s, buf, sizeof buf, 0, kt_long());

        return n < 0 ? kith_strerror(static_cast<int>(n))
                     : std::string(buf, static_cast<std::size_t>(n));
    }

    struct Ear {
        kith_socket s;
        bool hears;
    };

    /* Sent to the group by `from`, it is heard by those and not by the others. */
    void heard(kith_socket from, std::initializer_list<Ear> ears) const
    {
        const kith_sockaddr name = kt_name_of(ears.begin()->s);
        const std::uint16_t port = kith_sockaddr_port(&name);
        const kith_socket marker = sender(1);

        send(from, group(), port, "news");
        for (const Ear &e : ears)
            if (e.hears) {
                EXPECT_EQ("news", next(e.s));
            }
        send(marker, mark_group(), port, "mark");
        for (const Ear &e : ears)
            EXPECT_EQ("mark", next(e.s))
                << (e.hears ? "a hearer" : "one that must not hear");
        kt_close(marker);
    }

    static std::uint16_t port_of(kith_socket s)
    {
        const kith_sockaddr name = kt_name_of(s);

        return kith_sockaddr_port(&name);
    }

    std::unique_ptr<kt_netns> island;
    std::uint32_t v0 = 0, w0 = 0;
};

KT_INETS(SocketMulticast);

TEST_P(SocketMulticast, MembershipDecidesWhoHears)
{
    by_process_and_thread([this] {
        const kith_socket a = listener(), b = listener(port_of(a)),
                          c = listener(port_of(a)), from = sender(1);

        heard(from, {{a, false}, {b, false}, {c, false}});
        EXPECT_EQ(0, join(a));
        EXPECT_EQ(0, join(c));
        heard(from, {{a, true}, {b, false}, {c, true}});
        EXPECT_EQ(0, drop(a));
        heard(from, {{a, false}, {b, false}, {c, true}});
        EXPECT_EQ(0, join(a));
        heard(from, {{a, true}, {b, false}, {c, true}});
        for (const kith_socket s : {a, b, c, from})
            kt_close(s);
    });
}

TEST_P(SocketMulticast, ASourceMembershipHearsThatSourceAlone)
{
    by_process_and_thread([this] {
        const kith_socket a = listener(), b = listener(port_of(a)), one = sender(1),
                          two = sender(2);

        EXPECT_EQ(0, with_source(a, names().add_source, 1));
        EXPECT_EQ(0, join(b));
        heard(one, {{a, true}, {b, true}});
        heard(two, {{a, false}, {b, true}});
        EXPECT_EQ(0, with_source(a, names().add_source, 2));
        EXPECT_EQ(0, with_source(a, names().drop_source, 1));
        heard(one, {{a, false}, {b, true}});
        heard(two, {{a, true}, {b, true}});
        EXPECT_EQ(0, with_source(a, names().drop_source, 2));
        heard(two, {{a, false}, {b, true}});
        for (const kith_socket s : {a, b, one, two})
            kt_close(s);
    });
}

TEST_P(SocketMulticast, ABlockedSourceIsNotHeardUntilItIsUnblocked)
{
    by_process_and_thread([this] {
        const kith_socket a = listener(), one = sender(1), two = sender(2);

        EXPECT_EQ(0, join(a));
        EXPECT_EQ(0, with_source(a, names().block, 2));
        heard(one, {{a, true}});
        heard(two, {{a, false}});
        EXPECT_EQ(0, with_source(a, names().unblock, 2));
        heard(two, {{a, true}});
        EXPECT_EQ(KITH_EADDRNOTAVAIL, with_source(a, names().unblock, 2))
            << "it is not blocked";
        for (const kith_socket s : {a, one, two})
            kt_close(s);
    });
}

TEST_P(SocketMulticast, AFilterSaysAllAtOnce)
{
    by_process_and_thread([this] {
        const kith_socket a = listener(), one = sender(1), two = sender(2);

        EXPECT_EQ(0, join(a));
        EXPECT_EQ(0, filter(a, KITH_FILTER_INCLUDE, {source(1)}));
        heard(one, {{a, true}});
        heard(two, {{a, false}});
        EXPECT_EQ(0, filter(a, KITH_FILTER_EXCLUDE, {source(1)}));
        heard(one, {{a, false}});
        heard(two, {{a, true}});
        EXPECT_EQ(0, filter(a, KITH_FILTER_EXCLUDE, {source(1), source(2)}));
        heard(one, {{a, false}});
        heard(two, {{a, false}});
        EXPECT_EQ(0, filter(a, KITH_FILTER_EXCLUDE, {}));
        heard(one, {{a, true}});
        EXPECT_EQ(0, filter(a, KITH_FILTER_INCLUDE, {})) << "that is to leave";
        heard(one, {{a, false}});
        for (const kith_socket s : {a, one, two})
            kt_close(s);
    });
}

TEST_P(SocketMulticast, AFilterLongerThanTheSystemAllowsIsRefused)
{
    by_process_and_thread([this] {
        const kith_socket a = listener();

        EXPECT_EQ(0, join(a));
        EXPECT_EQ(KITH_ENOBUFS, filter(a, KITH_FILTER_INCLUDE,
                                       std::vector<kith_sockaddr>(1000, source(1))));
        EXPECT_EQ(KITH_ENOBUFS, filter(a, KITH_FILTER_INCLUDE,
                                       std::vector<kith_sockaddr>(100000, source(1))));
        kt_close(a);
    });
}

TEST_P(SocketMulticast, LoopSaysWhetherThisMachineHears)
{
    by_process_and_thread([this] {
        const kith_socket a = listener(), from = sender(1);
        int v = -1;

        EXPECT_EQ(0, join(a));
        EXPECT_EQ(0, kith_socket_getopt_int(from, names().loop, &v));
        EXPECT_EQ(1, v);
        EXPECT_EQ(0, kith_socket_setopt_int(from, names().loop, 0));
        heard(from, {{a, false}});
        EXPECT_EQ(0, kith_socket_getopt_int(from, names().loop, &v));
        EXPECT_EQ(0, v);
        EXPECT_EQ(0, kith_socket_setopt_int(from, names().loop, 1));
        heard(from, {{a, true}});
        kt_close(a);
        kt_close(from);
    });
}

TEST_P(SocketMulticast, HopsArriveAsTheSenderSetThem)
{
    by_process_and_thread([this] {
        const kith_socket a = listener(), from = sender(1);
        const int on = 1, type = is_inet() ? KITH_CMSG_IP_TTL : KITH_CMSG_IPV6_HOPLIMIT;

        EXPECT_EQ(0, join(a));
        EXPECT_EQ(0, kith_socket_setopt_native(a, is_inet() ? IPPROTO_IP : IPPROTO_IPV6,
                                               is_inet() ? IP_RECVTTL : IPV6_RECVHOPLIMIT,
                                               KITH_IOV(on)));
        for (const int hops : {0, 7, 255}) { /* 0 stands for: not set */
            char buf[16], space[KITH_CTRL_SPACE];
            kith_iov iov = KITH_IOV(buf);
            kith_cmsg ctrl[4];
            kith_packet p = {};
            int v = -1;

            p.iov = &iov, p.n_iov = 1, p.ctrl = ctrl, p.ctrl_cap = 4;
            p.ctrl_space = KITH_IOV(space);
            if (hops > 0) {
                EXPECT_EQ(0, kith_socket_setopt_int(from, names().hops, hops));
            }
            EXPECT_EQ(0, kith_socket_getopt_int(from, names().hops, &v));
            EXPECT_EQ(hops > 0 ? hops : 1, v);
            send(from, group(), port_of(a), "news");
            ASSERT_EQ(4, kith_socket_recvmsg(a, &p, 0, kt_long()));
            const int *seen = KITH_CTRL(&p, type, int);
            ASSERT_NE(nullptr, seen);
            EXPECT_EQ(hops > 0 ? hops : 1, *seen);
        }
        kt_close(a);
        kt_close(from);
    });
}

TEST_P(SocketMulticast, TheInterfaceSaysWhereItLeaves)
{
    by_process_and_thread([this] {
        const kith_socket a = listener(), from = sender(1);

        EXPECT_EQ(0, join(a)) << "on v0";
        heard(from, {{a, true}});
        leave_by(from, w0);
        heard(from, {{a, false}});
        leave_by(from, v0);
        heard(from, {{a, true}});
        kt_close(a);
        kt_close(from);
    });
}

TEST_P(SocketMulticast, AMembershipIsOfOneInterface)
{
    by_process_and_thread([this] {
        const kith_socket a = listener(), from = sender(1);
        const kith_mreq m = {group(), w0};

        EXPECT_EQ(0, kith_socket_setopt(a, names().add, &m, sizeof m));
        heard(from, {{a, false}});
        leave_by(from, w0);
        heard(from, {{a, true}});
        kt_close(a);
        kt_close(from);
    });
}

TEST_P(SocketMulticast, AllHearsWhatOthersHaveJoined)
{
    by_process_and_thread([this] {
        const kith_socket a = listener(), b = listener(port_of(a)), from = sender(1);

        EXPECT_EQ(0, join(a));
        EXPECT_EQ(0, kith_socket_setopt_int(b, names().all, 1));
        heard(from, {{a, true}, {b, true}});
        EXPECT_EQ(0, kith_socket_setopt_int(b, names().all, 0));
        heard(from, {{a, true}, {b, false}});
        for (const kith_socket s : {a, b, from})
            kt_close(s);
    });
}

TEST_P(SocketMulticast, WhatCannotBeJoinedOrLeftIsRefused)
{
    by_process_and_thread([this] {
        const kith_socket a = listener();
        const kith_mreq no_group = {source(1), v0}, nowhere = {group(), 77777};
        kith_mreq other = {parse(is_inet() ? "ff15::77" : "239.77.0.1"), v0};
        char room[sizeof other];

        EXPECT_EQ(KITH_EADDRNOTAVAIL, drop(a)) << "not joined yet";
        EXPECT_EQ(0, join(a));
        EXPECT_EQ(KITH_EADDRINUSE, join(a));
        EXPECT_EQ(KITH_EINVAL,
                  kith_socket_setopt(a, names().add, &no_group, sizeof no_group));
        EXPECT_EQ(KITH_ENODEV,
                  kith_socket_setopt(a, names().add, &nowhere, sizeof nowhere));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(a, names().add, &other, sizeof other))
            << "of the other family";
        other.group = {};
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(a, names().add, &other, sizeof other));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(a, names().add, &no_group, 4));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt_int(a, names().add, 1));
        EXPECT_EQ(KITH_ENOPROTOOPT, kith_socket_getopt(a, names().add, room, sizeof room));
        EXPECT_EQ(0, drop(a));
        EXPECT_EQ(KITH_EADDRNOTAVAIL, drop(a));
        kt_close(a);
    });
}

TEST_P(SocketMulticast, TheInterfaceIsReadBack)
{
    if (!is_inet()) {
        by_process_and_thread([this] {
            const kith_socket s = sender(1);
            int v = -1;

            EXPECT_EQ(0, kith_socket_getopt_int(s, KITH_OPT_IPV6_MULTICAST_IF, &v));
            EXPECT_EQ(static_cast<int>(v0), v);
            EXPECT_EQ(KITH_ENODEV,
                      kith_socket_setopt_int(s, KITH_OPT_IPV6_MULTICAST_IF, 77777));
            kt_close(s);
        });
        return;
    }
    by_process_and_thread([this] {
        const kith_socket s = sender(1), a = listener();
        kith_multicast_if v = {parse("10.78.0.1"), 0};

        EXPECT_EQ(0, join(a));
        EXPECT_EQ(0, kith_socket_setopt(s, KITH_OPT_IP_MULTICAST_IF, &v, sizeof v));
        heard(s, {{a, false}}); /* it leaves by w0, which has that address */
        v = {};
        EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof v),
                  kith_socket_getopt(s, KITH_OPT_IP_MULTICAST_IF, &v, sizeof v));
        EXPECT_EQ("10.78.0.1:0", kt_text(v.local));
        v = {parse("10.99.0.1"), 0};
        EXPECT_EQ(KITH_EADDRNOTAVAIL,
                  kith_socket_setopt(s, KITH_OPT_IP_MULTICAST_IF, &v, sizeof v));
        v = {};
        EXPECT_EQ(0, kith_socket_setopt(s, KITH_OPT_IP_MULTICAST_IF, &v, sizeof v));
        EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof v),
                  kith_socket_getopt(s, KITH_OPT_IP_MULTICAST_IF, &v, sizeof v));
        EXPECT_EQ(0, v.local.domain);
        kt_close(s);
        kt_close(a);
    });
}

}    // namespace
