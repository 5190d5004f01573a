/* SPDX-License-Identifier: Apache-2.0
 * socket_conform_control_test.cc -- Erlang's cases of options that bring a control message with
 * what is received: none while they are off, the right one while they are on.
 * docs/conformance.md names them. */
#include "tests/support/kinds.h"

#include <ctime>
#include <vector>

namespace
{

/* What is sent along, and received. */
struct Packets {
    explicit Packets(const kt_ends &e) : ends(e)
    {
        out.p.addr = e.far_name;
        in.p.ctrl = ctrl;
        in.p.ctrl_cap = 8;
        in.p.ctrl_space = KITH_IOV(space);
    }

    /* One datagram with those control messages goes, and comes. */
    void pass(std::vector<kith_cmsg> with = {})
    {
        out.p.ctrl = with.data();
        out.p.n_ctrl = with.size();
        ASSERT_EQ(1, kith_socket_sendmsg(ends.near, &out.p, 0, kt_long()));
        out.p.ctrl = nullptr;
        out.p.n_ctrl = 0;
        ASSERT_EQ(1, kith_socket_recvmsg(ends.far, &in.p, 0, kt_long()));
        EXPECT_EQ(0u, in.p.flags & KITH_MSG_CTRUNC);
    }

    template <typename T> const T *came(int type) const
    {
        return KITH_CTRL(&in.p, type, T);
    }

    const kt_ends &ends;
    char x[1] = {'x'}, buf[8] = {};
    kt_piece out{x, 1}, in{buf, sizeof buf};
    kith_cmsg ctrl[8];
    alignas(16) char space[KITH_CTRL_SPACE];
};

/* Sets an option of the receiver's. */
void
set(const kt_ends &e, kith_opt o, int v)
{
    ASSERT_EQ(0, kith_socket_setopt_int(e.far, o, v));
}

/* ---- the checks: with an option that is on ---- */

std::string
host(kith_sockaddr a)
{
    if (a.domain == KITH_INET)
        a.inet.port = 0;
    else
        a.inet6.port = 0;
    return kt_text(a);
}

template <int type>
void
expect_pktinfo(Packets &p)
{
    p.pass();
    const auto *info = p.came<kith_pktinfo>(type);
    ASSERT_NE(nullptr, info);
    EXPECT_EQ(host(p.ends.far_name), kt_text(info->dst));
    EXPECT_NE(0u, info->ifindex);
}

/* Sent along, it is what comes; else it is the sender's own. */
template <int type, int sent, int own>
void
expect_int(Packets &p)
{
    int v = sent;

    p.pass({kith_cmsg_of(type, &v, sizeof v)});
    const int *got = p.came<int>(type);
    ASSERT_NE(nullptr, got);
    EXPECT_EQ(sent, *got);
    p.pass();
    got = p.came<int>(type);
    ASSERT_NE(nullptr, got);
    EXPECT_EQ(own, *got);
}

void
expect_origdstaddr(Packets &p)
{
    p.pass();
    const auto *to = p.came<kith_sockaddr>(KITH_CMSG_IP_ORIGDSTADDR);
    ASSERT_NE(nullptr, to);
    EXPECT_EQ(kt_text(p.ends.far_name), kt_text(*to));
}

/* The sender's header has options: a timestamp, filled in on the way. */
void
expect_opts(Packets &p)
{
    const unsigned char stamp[] = {68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0};

    p.pass();
    EXPECT_EQ(nullptr, kith_packet_ctrl(&p.in.p, KITH_CMSG_IP_RECVOPTS, 0))
        << "a header without options";
    ASSERT_EQ(0, kith_socket_setopt(p.ends.near, KITH_OPT_IP_OPTIONS, stamp, sizeof stamp));
    p.pass();
    const auto *opts = static_cast<const unsigned char *>(
        kith_packet_ctrl(&p.in.p, KITH_CMSG_IP_RECVOPTS, 0));
    ASSERT_NE(nullptr, opts);
    EXPECT_EQ(68, opts[0]);
    EXPECT_EQ(12, opts[1]);
    EXPECT_EQ(0, kith_socket_setopt(p.ends.near, KITH_OPT_IP_OPTIONS, stamp, 0));
}

/* The class of the traffic is the upper part of it. */
void
expect_flowinfo(Packets &p)
{
    int tclass = 0x10;

    p.pass({kith_cmsg_of(KITH_CMSG_IPV6_TCLASS, &tclass, sizeof tclass)});
    const auto *flow = p.came<std::uint32_t>(KITH_CMSG_IPV6_FLOWINFO);
    ASSERT_NE(nullptr, flow);
    EXPECT_EQ(0x10u, *flow >> 20);
}

void
expect_timestamp(Packets &p)
{
    const std::int64_t now = std::time(nullptr), end = kt_now_ms() + kt_long();
    const kith_timestamp *at = nullptr;

    /* The system begins to take the time of packets a moment after it was asked to. */
    while (at == nullptr && kt_now_ms() < end) {
        p.pass();
        at = p.came<kith_timestamp>(KITH_CMSG_SOCKET_TIMESTAMP);
    }
    ASSERT_NE(nullptr, at);
    EXPECT_LE(now - 1, at->seconds);
    EXPECT_GE(now + 60, at->seconds);
}

struct row {
    const char *name;
    kt_kind kind;
    kith_opt option;
    void (*expect)(Packets &p);
};

const row rows[] = {
    {"ip_pktinfo_udp4", kt_udp4, KITH_OPT_IP_PKTINFO, expect_pktinfo<KITH_CMSG_IP_PKTINFO>},
    {"ip_recvopts_udp4", kt_udp4, KITH_OPT_IP_RECVOPTS, expect_opts},
    {"ip_recvorigdstaddr_udp4", kt_udp4, KITH_OPT_IP_RECVORIGDSTADDR, expect_origdstaddr},
    {"ip_recvtos_udp4", kt_udp4, KITH_OPT_IP_RECVTOS,
     expect_int<KITH_CMSG_IP_TOS, 0x10, 0>},
    {"ip_recvttl_udp4", kt_udp4, KITH_OPT_IP_RECVTTL, expect_int<KITH_CMSG_IP_TTL, 7, 64>},
    {"ipv6_recvpktinfo_udp6", kt_udp6, KITH_OPT_IPV6_RECVPKTINFO,
     expect_pktinfo<KITH_CMSG_IPV6_PKTINFO>},
    {"ipv6_flowinfo_udp6", kt_udp6, KITH_OPT_IPV6_FLOWINFO, expect_flowinfo},
    {"ipv6_hoplimit_udp6", kt_udp6, KITH_OPT_IPV6_RECVHOPLIMIT,
     expect_int<KITH_CMSG_IPV6_HOPLIMIT, 7, 64>},
    {"ipv6_tclass_udp6", kt_udp6, KITH_OPT_IPV6_RECVTCLASS,
     expect_int<KITH_CMSG_IPV6_TCLASS, 0x10, 0>},
    {"sock_timestamp_udp4", kt_udp4, KITH_OPT_SOCKET_TIMESTAMP, expect_timestamp},
    {"sock_timestamp_tcp4", kt_tcp4, KITH_OPT_SOCKET_TIMESTAMP, expect_timestamp},
    {"sock_timestamp_udp6", kt_udp6, KITH_OPT_SOCKET_TIMESTAMP, expect_timestamp},
    {"sock_timestamp_tcp6", kt_tcp6, KITH_OPT_SOCKET_TIMESTAMP, expect_timestamp},
};

void
PrintTo(const row &r, std::ostream *out)
{
    *out << r.name;
}

class ConformControl : public kt_sockets, public testing::WithParamInterface<row> {};

INSTANTIATE_TEST_SUITE_P(, ConformControl, testing::ValuesIn(rows),
                         [](const testing::TestParamInfo<row> &info) {
                             return info.param.name;
                         });

/* Of a connection there is no address to send to. */
void
expect_none(Packets &p)
{
    p.pass();
    EXPECT_EQ(0u, p.in.p.n_ctrl);
}

TEST_P(ConformControl, ComesWhileTheOptionIsOn)
{
    by_process_and_thread([] {
        const row &r = GetParam();
        const kt_ends e(r.kind);
        Packets p(e);

        if (!r.kind.is_dgram())
            p.out.p.addr = {};
        expect_none(p);
        set(e, r.option, 1);
        r.expect(p);
        set(e, r.option, 0);
        expect_none(p);
        e.close();
    });
}

/* ---- several at once ---- */

class ConformControls : public kt_sockets {};

TEST_F(ConformControls, SeveralComeTogetherOverInet)
{
    by_process_and_thread([] {
        const kt_ends e(kt_udp4);
        Packets p(e);

        for (const kith_opt o : {KITH_OPT_IP_PKTINFO, KITH_OPT_IP_RECVORIGDSTADDR,
                                 KITH_OPT_IP_RECVTOS, KITH_OPT_IP_RECVTTL})
            set(e, o, 1);
        p.pass();
        EXPECT_EQ(4u, p.in.p.n_ctrl);
        for (void (*expect)(Packets &) :
             {expect_pktinfo<KITH_CMSG_IP_PKTINFO>, expect_origdstaddr,
              expect_int<KITH_CMSG_IP_TOS, 0x10, 0>, expect_int<KITH_CMSG_IP_TTL, 7, 64>})
            expect(p);
        e.close();
    });
}

TEST_F(ConformControls, SeveralComeTogetherOverInet6)
{
    by_process_and_thread([] {
        const kt_ends e(kt_udp6);
        Packets p(e);

        for (const kith_opt o : {KITH_OPT_IPV6_RECVPKTINFO, KITH_OPT_IPV6_RECVHOPLIMIT,
                                 KITH_OPT_IPV6_RECVTCLASS})
            set(e, o, 1);
        p.pass();
        EXPECT_EQ(3u, p.in.p.n_ctrl);
        for (void (*expect)(Packets &) : {expect_pktinfo<KITH_CMSG_IPV6_PKTINFO>,
                                          expect_int<KITH_CMSG_IPV6_HOPLIMIT, 7, 64>,
                                          expect_int<KITH_CMSG_IPV6_TCLASS, 0x10, 0>})
            expect(p);
        e.close();
    });
}

}    // namespace
