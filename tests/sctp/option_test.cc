/* SPDX-License-Identifier: Apache-2.0
 * option_test.cc -- each option of SCTP: what is set is read back, and what it does is seen. */
#include "tests/sctp/sctp.h"

#include "core/sockopt.h"

#include <set>

namespace
{

class SctpOption : public kt_sctp {};

KT_SCTP_DOMAINS(SctpOption);

template <typename T>
int
code_of_set(kith_socket s, kith_opt o, const T &v)
{
    return kith_socket_setopt(s, o, &v, sizeof v);
}

/* A socket of each style. */
template <typename F>
void
for_both(int domain, F f)
{
    for (const int type : {KITH_STREAM, KITH_SEQPACKET}) {
        const kith_socket s = kt_sctp_open(domain, type);

        f(s);
        kt_close(s);
    }
}

/* ---- all of them ---- */

TEST_P(SctpOption, TheSystemHasAllButFreebsds)
{
    in_process([] {
        const std::set<std::string> lacking = {"explicit_eor", "use_ext_recvinfo"};
        kith_opt_info info;
        int n = 0;

        for (kith_opt o = KITH_OPT_SCTP_ADAPTION_LAYER; kith_opt_describe(o, &info) == 0;
             o++, n++)
            EXPECT_EQ(!lacking.contains(info.name), kith_supports(o)) << info.name;
        EXPECT_EQ(36, n);
    });
}

TEST_P(SctpOption, NumbersAreSetAndReadBack)
{
    static constexpr struct {
        kith_opt o;
        int v;
    } numbers[] = {
        {KITH_OPT_SCTP_ADAPTION_LAYER, 0x12345678},
        {KITH_OPT_SCTP_AUTH_ASCONF, 1},
        {KITH_OPT_SCTP_DISABLE_FRAGMENTS, 1},
        {KITH_OPT_SCTP_FRAGMENT_INTERLEAVE, 1},
        {KITH_OPT_SCTP_NODELAY, 1},
        {KITH_OPT_SCTP_PARTIAL_DELIVERY_POINT, 5000},
        {KITH_OPT_SCTP_RECVRCVINFO, 1},
        {KITH_OPT_SCTP_RECVNXTINFO, 1},
        {KITH_OPT_SCTP_I_WANT_MAPPED_V4_ADDR, 0},
    };

    in_process([] {
        for_both(GetParam(), [](kith_socket s) {
            const kith_sockaddr any = kith_sockaddr_any(GetParam(), 0);
            int v;

            ASSERT_EQ(0, kith_socket_bind(s, &any)) << "auth_asconf is of all addresses";
            for (const auto &n : numbers) {
                EXPECT_EQ(0, kith_socket_setopt_int(s, n.o, n.v)) << n.o;
                EXPECT_EQ(0, kith_socket_getopt_int(s, n.o, &v)) << n.o;
                EXPECT_EQ(n.v, v) << n.o;
            }
        });
    });
}

TEST_P(SctpOption, RtoinfoIsSetAndReadBack)
{
    in_process([] {
        for_both(GetParam(), [](kith_socket s) {
            const kith_sctp_rtoinfo rto = {0, 2000, 50000, 700};

            kt_opt_set(s, KITH_OPT_SCTP_RTOINFO, rto);
            const auto now = kt_opt_get<kith_sctp_rtoinfo>(s, KITH_OPT_SCTP_RTOINFO);
            EXPECT_EQ(2000u, now.initial);
            EXPECT_EQ(50000u, now.max);
            EXPECT_EQ(700u, now.min);
            EXPECT_EQ(KITH_EINVAL, code_of_set(s, KITH_OPT_SCTP_RTOINFO,
                                               kith_sctp_rtoinfo{0, 100, 100, 200}))
                << "the least is the most, at most";
        });
    });
}

TEST_P(SctpOption, AssocinfoIsSetAndReadBack)
{
    in_process([] {
        for_both(GetParam(), [](kith_socket s) {
            kith_sctp_assocparams a = {};

            a.asocmaxrxt = 7;
            a.cookie_life = 30000;
            kt_opt_set(s, KITH_OPT_SCTP_ASSOCINFO, a);
            a = kt_opt_get<kith_sctp_assocparams>(s, KITH_OPT_SCTP_ASSOCINFO);
            EXPECT_EQ(7, a.max_rxt) << "by its other name";
            EXPECT_EQ(30000u, a.cookie_life);
        });
    });
}

TEST_P(SctpOption, ContextMaxsegAndMaxburstAreSetAndReadBack)
{
    in_process([] {
        for_both(GetParam(), [](kith_socket s) {
            for (const kith_opt o :
                 {KITH_OPT_SCTP_CONTEXT, KITH_OPT_SCTP_MAXSEG, KITH_OPT_SCTP_MAXBURST}) {
                kt_opt_set(s, o, kith_sctp_assoc_value{0, 777});
                EXPECT_EQ(777u, kt_opt_get<kith_sctp_assoc_value>(s, o).value) << o;
            }
        });
    });
}

TEST_P(SctpOption, DelayedAckTimeIsSetAndReadBack)
{
    in_process([] {
        for_both(GetParam(), [](kith_socket s) {
            kt_opt_set(s, KITH_OPT_SCTP_DELAYED_ACK_TIME, kith_sctp_sack_info{0, 300, 4});
            const auto now =
                kt_opt_get<kith_sctp_sack_info>(s, KITH_OPT_SCTP_DELAYED_ACK_TIME);
            EXPECT_EQ(300u, now.delay);
            EXPECT_EQ(4u, now.freq);
        });
    });
}

TEST_P(SctpOption, DefaultSendParamsAreSetAndReadBack)
{
    in_process([] {
        for_both(GetParam(), [](kith_socket s) {
            kith_sctp_sndrcvinfo p = {};

            p.stream = 1;
            p.flags = KITH_SCTP_UNORDERED;
            p.ppid = 0xdeadbeef;
            p.context = 5;
            kt_opt_set(s, KITH_OPT_SCTP_DEFAULT_SEND_PARAM, p);
            p = kt_opt_get<kith_sctp_sndrcvinfo>(s, KITH_OPT_SCTP_DEFAULT_SEND_PARAM);
            EXPECT_EQ(1, p.stream);
            EXPECT_EQ(KITH_SCTP_UNORDERED, p.flags);
            EXPECT_EQ(0xdeadbeefu, p.ppid);
            EXPECT_EQ(5u, p.context);

            const auto same =
                kt_opt_get<kith_sctp_sndinfo>(s, KITH_OPT_SCTP_DEFAULT_SNDINFO);
            EXPECT_EQ(1, same.sid) << "two views of one thing";
            EXPECT_EQ(0xdeadbeefu, same.ppid);
        });
    });
}

TEST_P(SctpOption, EventsAreSetAndReadBack)
{
    in_process([] {
        for_both(GetParam(), [](kith_socket s) {
            kith_sctp_event_subscribe e = {};

            e.data_io = e.shutdown = e.sender_dry = true;
            kt_opt_set(s, KITH_OPT_SCTP_EVENTS, e);
            e = kt_opt_get<kith_sctp_event_subscribe>(s, KITH_OPT_SCTP_EVENTS);
            EXPECT_TRUE(e.data_in) << "by its other name";
            EXPECT_TRUE(e.shutdown);
            EXPECT_TRUE(e.sender_dry);
            EXPECT_FALSE(e.association);
            EXPECT_FALSE(e.stream_change);
        });
    });
}

TEST_P(SctpOption, InitmsgIsSetAndReadBack)
{
    in_process([] {
        for_both(GetParam(), [](kith_socket s) {
            kith_sctp_initmsg m = {};

            m.num_ostreams = 20;
            m.max_instreams = 30;
            m.max_attempts = 3;
            m.max_init_timeo = 4000;
            kt_opt_set(s, KITH_OPT_SCTP_INITMSG, m);
            m = kt_opt_get<kith_sctp_initmsg>(s, KITH_OPT_SCTP_INITMSG);
            EXPECT_EQ(20, m.num_outstreams) << "by its other name";
            EXPECT_EQ(30, m.max_instreams);
            EXPECT_EQ(3, m.max_attempts);
            EXPECT_EQ(4000, m.max_init_timeo);
        });
    });
}

TEST_P(SctpOption, AutocloseIsOfManyPeersOnly)
{
    in_process([] {
        const kith_socket one = kt_sctp_open(GetParam(), KITH_STREAM);
        const kith_socket many = kt_sctp_open(GetParam(), KITH_SEQPACKET);
        int v = 0;

        EXPECT_EQ(KITH_EOPNOTSUPP, kith_socket_setopt_int(one, KITH_OPT_SCTP_AUTOCLOSE, 5));
        EXPECT_EQ(0, kith_socket_setopt_int(many, KITH_OPT_SCTP_AUTOCLOSE, 5));
        EXPECT_EQ(0, kith_socket_getopt_int(many, KITH_OPT_SCTP_AUTOCLOSE, &v));
        EXPECT_EQ(5, v);
        kt_close(one);
        kt_close(many);
    });
}

TEST_P(SctpOption, KeysAndAlgorithmsAreSetAndReadBack)
{
    in_process([] {
        for_both(GetParam(), [](kith_socket s) {
            const char secret[] = "a secret";
            kith_sctp_hmacalgo h = {2, {KITH_SCTP_HMAC_SHA1, KITH_SCTP_HMAC_SHA256}};

            kt_opt_set(s, KITH_OPT_SCTP_HMAC_IDENT, h);
            h = kt_opt_get<kith_sctp_hmacalgo>(s, KITH_OPT_SCTP_HMAC_IDENT);
            EXPECT_EQ(2u, h.n);
            EXPECT_EQ(KITH_SCTP_HMAC_SHA1, h.idents[0]);
            EXPECT_EQ(KITH_SCTP_HMAC_SHA256, h.idents[1]);
            h.n = 9;
            EXPECT_EQ(KITH_EINVAL, code_of_set(s, KITH_OPT_SCTP_HMAC_IDENT, h));

            kt_opt_set(s, KITH_OPT_SCTP_AUTH_KEY, kith_sctp_authkey{0, 5, 8, secret});
            kt_opt_set(s, KITH_OPT_SCTP_AUTH_ACTIVE_KEY, kith_sctp_authkeyid{0, 5});
            EXPECT_EQ(5, kt_opt_get<kith_sctp_authkeyid>(s, KITH_OPT_SCTP_AUTH_ACTIVE_KEY)
                             .keynumber);
            EXPECT_EQ(KITH_EINVAL, code_of_set(s, KITH_OPT_SCTP_AUTH_DELETE_KEY,
                                               kith_sctp_authkeyid{0, 5}))
                << "it is in use";
            kt_opt_set(s, KITH_OPT_SCTP_AUTH_ACTIVE_KEY, kith_sctp_authkeyid{0, 0});
            kt_opt_set(s, KITH_OPT_SCTP_AUTH_DELETE_KEY, kith_sctp_authkeyid{0, 5});
            EXPECT_EQ(KITH_EINVAL, code_of_set(s, KITH_OPT_SCTP_AUTH_ACTIVE_KEY,
                                               kith_sctp_authkeyid{0, 5}))
                << "it is gone";
        });
    });
}

/* ---- what they do ---- */

TEST_P(SctpOption, StatusTellsOfTheAssociation)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_STREAM);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);
        const kith_sockaddr at = kt_name_of(l);
        kith_sctp_initmsg m = {};
        kith_socket c;

        m.num_ostreams = 3;
        m.max_instreams = 5;
        kt_opt_set(s, KITH_OPT_SCTP_INITMSG, m);
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &c));
        const auto near = kt_sctp_status_of(s);
        const auto far = kt_opt_get<kith_sctp_status>(c, KITH_OPT_SCTP_STATUS);

        EXPECT_EQ(KITH_SCTP_ESTABLISHED, near.state);
        EXPECT_EQ(3, near.outstrms) << "as initmsg asked";
        EXPECT_EQ(3, far.instrms);
        EXPECT_LE(near.instrms, 5);
        EXPECT_EQ(near.instrms, far.outstrms);
        EXPECT_NE(0u, near.rwnd);
        EXPECT_EQ(kt_text(at), kt_text(near.primary.address));
        EXPECT_EQ(KITH_SCTP_ACTIVE, near.primary.state);
        kt_close(s);
        kt_close(c);
        kt_close(l);
    });
}

TEST_P(SctpOption, RtoinfoBoundsTheTimeToTheNextTry)
{
    in_process([] {
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);

        kt_opt_set(s, KITH_OPT_SCTP_RTOINFO, kith_sctp_rtoinfo{0, 7000, 9000, 7000});
        const kt_pair p = kt_sctp_connect(kt_sctp_listen(GetParam(), KITH_STREAM), s);
        EXPECT_EQ(7000u, kt_sctp_status_of(p.near).primary.rto);
        EXPECT_GT(7000u, kt_sctp_status_of(p.far).primary.rto)
            << "it has bounds of its own";
        kt_close(p);
    });
}

TEST_P(SctpOption, AnAddressOfThePeerIsAskedForByItself)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_SEQPACKET);
        const kith_sockaddr at = kt_name_of(l);
        kith_sctp_paddrinfo info = {};

        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        info.address = at;
        info = kt_opt_get(s, KITH_OPT_SCTP_GET_PEER_ADDR_INFO, info);
        EXPECT_EQ(KITH_SCTP_ACTIVE, info.state);
        EXPECT_EQ(kt_text(at), kt_text(info.address));
        EXPECT_NE(0u, info.cwnd);
        EXPECT_NE(0u, info.mtu);
        EXPECT_NE(0, info.assoc_id);

        kith_sctp_status st = {};
        st.assoc_id = info.assoc_id;
        EXPECT_EQ(KITH_SCTP_ESTABLISHED, kt_opt_get(s, KITH_OPT_SCTP_STATUS, st).state);
        st.assoc_id = info.assoc_id + 1000;
        EXPECT_EQ(KITH_EINVAL, kith_socket_getopt(s, KITH_OPT_SCTP_STATUS, &st, sizeof st))
            << "no such association";
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SctpOption, PeerAddrParamsAreOfAnAddressOrOfAll)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_STREAM);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);
        const kith_sockaddr at = kt_name_of(l);
        kith_sctp_paddrparams p = {};

        p.flags = KITH_SCTP_HB_ENABLE;
        p.hbinterval = 12000;
        p.pathmaxrxt = 4;
        kt_opt_set(s, KITH_OPT_SCTP_PEER_ADDR_PARAMS, p);
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        p = {};
        p.address = at;
        p = kt_opt_get(s, KITH_OPT_SCTP_PEER_ADDR_PARAMS, p);
        EXPECT_EQ(12000u, p.hbinterval) << "handed down to the association";
        EXPECT_EQ(4, p.pathmaxrxt);
        EXPECT_TRUE(p.flags & KITH_SCTP_HB_ENABLE);

        p = {};
        p.address = at;
        p.flags = KITH_SCTP_HB_DISABLE;
        kt_opt_set(s, KITH_OPT_SCTP_PEER_ADDR_PARAMS, p);
        p = kt_opt_get(s, KITH_OPT_SCTP_PEER_ADDR_PARAMS, p);
        EXPECT_TRUE(p.flags & KITH_SCTP_HB_DISABLE);
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SctpOption, MaxsegIsWhereMessagesAreCut)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        const std::string small(600, 's'), big(2000, 'b');

        ASSERT_EQ(0, kith_socket_setopt_int(p.near, KITH_OPT_SCTP_DISABLE_FRAGMENTS, 1));
        kt_sctp_send(p.near, big);
        kt_opt_set(p.near, KITH_OPT_SCTP_MAXSEG, kith_sctp_assoc_value{0, 600});
        EXPECT_EQ(600u, kt_sctp_status_of(p.near).fragmentation_point);
        EXPECT_EQ(KITH_EMSGSIZE,
                  kith_socket_send(p.near, big.data(), big.size(), 0, kt_long()));
        kt_sctp_send(p.near, small);
        ASSERT_EQ(0, kith_socket_setopt_int(p.near, KITH_OPT_SCTP_DISABLE_FRAGMENTS, 0));
        kt_sctp_send(p.near, big);
        EXPECT_EQ(big, kt_sctp_recv(p.far));
        EXPECT_EQ(small, kt_sctp_recv(p.far));
        EXPECT_EQ(big, kt_sctp_recv(p.far)) << "and is made whole again";
        kt_close(p);
    });
}

TEST_P(SctpOption, APathsMtuIsWhereMessagesAreCut)
{
    in_process([] {
        const kt_pair p = kt_sctp_pair(GetParam());

        kt_sctp_narrow(p.near, 1000);
        const auto st = kt_sctp_status_of(p.near);
        EXPECT_LT(st.fragmentation_point, 1000u);
        EXPECT_GT(st.fragmentation_point, 900u);
        EXPECT_EQ(1000u, st.primary.mtu);
        kt_close(p);
    });
}

/* A peer of IPv4's is told of as one, or as an address of IPv6 that stands for it. */
TEST_P(SctpOption, MappedAddressesAreToldAsWanted)
{
    in_process([] {
        for (const int wanted : {0, 1}) {
            const kith_socket l = kt_sctp_open(KITH_INET6, KITH_SEQPACKET);
            const kith_socket s = kt_sctp_open(KITH_INET, KITH_STREAM);
            const kith_sockaddr any = kith_sockaddr_any(KITH_INET6, 0);
            kith_sockaddr from = {};
            char byte;

            ASSERT_EQ(0, kith_socket_setopt_int(l, KITH_OPT_SCTP_I_WANT_MAPPED_V4_ADDR,
                                                wanted));
            ASSERT_EQ(0, kith_socket_bind(l, &any));
            ASSERT_EQ(0, kith_socket_listen(l, 1));
            const kith_sockaddr at = kt_name_of(l);
            const kith_sockaddr to =
                kith_sockaddr_loopback(KITH_INET, kith_sockaddr_port(&at));
            ASSERT_EQ(0, kith_socket_connect(s, &to, kt_long()));
            kt_sctp_send(s, "x");
            ASSERT_EQ(1, kith_socket_recvfrom(l, &byte, 1, &from, 0, kt_long()));
            EXPECT_EQ(wanted ? KITH_INET6 : KITH_INET, from.domain);
            kt_close(s);
            kt_close(l);
        }
    });
}

TEST_P(SctpOption, AutocloseEndsAnIdleAssociation)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);
        const kith_sockaddr at = kt_name_of(l);
        char byte;

        ASSERT_EQ(0, kith_socket_setopt_int(l, KITH_OPT_SCTP_AUTOCLOSE, 1));
        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        kt_sctp_send(s, "x");
        EXPECT_EQ("x", kt_sctp_recv(l));
        EXPECT_EQ(0, kith_socket_recv(s, &byte, 1, 0, kt_long())) << "it was shut down";
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SctpOption, OneToManyKeepsValuesForEachAssociation)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_SEQPACKET);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_SEQPACKET);
        const kith_sockaddr at = kt_name_of(l);
        kith_sctp_assoc_id id = 0;

        ASSERT_EQ(0, kith_sctp_connectx(s, &at, 1, kt_long(), &id));
        kt_opt_set(s, KITH_OPT_SCTP_CONTEXT, kith_sctp_assoc_value{id, 42});
        EXPECT_EQ(42u,
                  kt_opt_get(s, KITH_OPT_SCTP_CONTEXT, kith_sctp_assoc_value{id, 0}).value);
        EXPECT_EQ(0u,
                  kt_opt_get(s, KITH_OPT_SCTP_CONTEXT, kith_sctp_assoc_value{0, 0}).value)
            << "those to come have their own";
        kt_opt_set(s, KITH_OPT_SCTP_RTOINFO, kith_sctp_rtoinfo{id, 0, 0, 500});
        EXPECT_EQ(500u,
                  kt_opt_get(s, KITH_OPT_SCTP_RTOINFO, kith_sctp_rtoinfo{id, 0, 0, 0}).min);
        EXPECT_EQ(KITH_EINVAL, code_of_set(s, KITH_OPT_SCTP_RTOINFO,
                                           kith_sctp_rtoinfo{id + 1000, 0, 0, 500}));
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SctpOption, ThePrimaryAddressIsWhereItIsSentTo)
{
    in_process([] {
        const kith_socket l = kt_sctp_listen(GetParam(), KITH_STREAM);
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);
        const kith_sockaddr at = kt_name_of(l);
        kith_sctp_prim prim = {};

        ASSERT_EQ(0, kith_socket_connect(s, &at, kt_long()));
        prim = kt_opt_get(s, KITH_OPT_SCTP_PRIMARY_ADDR, prim);
        EXPECT_EQ(kt_text(at), kt_text(prim.addr));
        kt_opt_set(s, KITH_OPT_SCTP_PRIMARY_ADDR, prim);
        prim.addr = kith_sockaddr_loopback(GetParam(), 1);
        EXPECT_EQ(KITH_EINVAL, code_of_set(s, KITH_OPT_SCTP_PRIMARY_ADDR, prim))
            << "none of the peer's";
        kt_close(s);
        kt_close(l);
    });
}

TEST_P(SctpOption, StreamsAreResetWhenItIsAllowed)
{
    in_process([] {
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);
        const std::uint16_t first[] = {0};
        kith_sctp_reset_streams reset = {0, KITH_SCTP_RESET_OUTGOING, 1, first};

        kt_opt_set(s, KITH_OPT_SCTP_ENABLE_STREAM_RESET, kith_sctp_assoc_value{0, 1});
        const kt_pair p = kt_sctp_connect(kt_sctp_listen(GetParam(), KITH_STREAM), s);
        EXPECT_EQ(KITH_ENOPROTOOPT, code_of_set(p.far, KITH_OPT_SCTP_RESET_STREAMS, reset));
        kt_opt_set(p.near, KITH_OPT_SCTP_RESET_STREAMS, reset);
        reset.streams = nullptr;
        EXPECT_EQ(KITH_EINVAL, code_of_set(p.near, KITH_OPT_SCTP_RESET_STREAMS, reset));
        kt_close(p);
    });
}

TEST_P(SctpOption, WrongLengthsAndWaysAreRefused)
{
    in_process([] {
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);
        std::vector<char> bytes(600);
        kith_opt_info info;

        for (kith_opt o = KITH_OPT_SCTP_ADAPTION_LAYER; kith_opt_describe(o, &info) == 0;
             o++) {
            const bool here = kith_supports(o) == 1;

            EXPECT_EQ(here && info.set ? KITH_EINVAL : KITH_ENOPROTOOPT,
                      kith_socket_setopt(s, o, bytes.data(), info.len + 1))
                << info.name;
            EXPECT_EQ(here && info.get ? KITH_EINVAL : KITH_ENOPROTOOPT,
                      kith_socket_getopt(s, o, bytes.data(), info.len - 1))
                << info.name;
        }
        kt_close(s);
    });
}

TEST_P(SctpOption, OthersSocketsHaveNone)
{
    in_process([] {
        const kith_socket s = kt_open(GetParam());
        int v;

        const int rc = kith_socket_getopt_int(s, KITH_OPT_SCTP_NODELAY, &v);
        EXPECT_TRUE(rc == KITH_ENOPROTOOPT || rc == KITH_EOPNOTSUPP) << kith_strerror(rc);
        kt_close(s);
    });
}

}    // namespace
