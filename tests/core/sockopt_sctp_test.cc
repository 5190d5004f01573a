/* SPDX-License-Identifier: Apache-2.0
 * sockopt_sctp_test.cc -- values and notifications of SCTP, against the structs of the system: which
 * needs no SCTP. */
#include "core/sockopt.h"

#include <kith/sctp.h>

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

#include <linux/sctp.h>

namespace
{

kith_sockaddr
address(const char *text)
{
    kith_sockaddr a = {};

    EXPECT_EQ(0, kith_sockaddr_parse(text, &a)) << text;
    return a;
}

std::string
text_of(const kith_sockaddr &a)
{
    char text[128];

    EXPECT_GT(kith_sockaddr_print(&a, text, sizeof text), 0);
    return text;
}

/* What the system is given: to set an option, or to read it. */
class Given {
  public:
    template <typename T> Given(kith_opt o, const T &v, bool set)
    {
        const ki_sockopt *row = ki_sockopt_find(o);

        EXPECT_EQ(sizeof v, row->len);
        rc = set ? ki_sockopt_encode(row, &v, sizeof v, &val_)
                 : ki_sockopt_ask(row, &v, &val_);
    }

    ~Given()
    {
        if (rc == 0)
            ki_optval_drop(&val_);
    }

    Given(const Given &) = delete;

    /* Copied: it needs no alignment. */
    template <typename T> T as() const
    {
        T v = {};

        EXPECT_LE(sizeof v, val_.len);
        std::memcpy(static_cast<void *>(&v), val_.data, sizeof v);
        return v;
    }

    std::string bytes_from(std::size_t at) const
    {
        return std::string(static_cast<const char *>(val_.data) + at, val_.len - at);
    }

    unsigned len() const
    {
        return val_.len;
    }

    int rc;

  private:
    ki_optval val_ = {};
};

template <typename T, typename Native>
T
decoded(kith_opt o, const Native &native)
{
    ki_optval in = {};
    T v = {};

    EXPECT_EQ(0, ki_optval_room(&in, sizeof native));
    std::memcpy(in.data, static_cast<const void *>(&native), sizeof native);
    EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof v),
              ki_sockopt_decode(ki_sockopt_find(o), &in, &v, sizeof v));
    ki_optval_drop(&in);
    return v;
}

sockaddr_storage
inet(const char *ip, std::uint16_t port)
{
    sockaddr_storage s = {};
    sockaddr_in in = {};
    const kith_sockaddr a = address(ip);

    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, a.inet.addr, 4);
    std::memcpy(&s, &in, sizeof in);
    return s;
}

/* ---- options ---- */

TEST(SockoptSctp, AnAddressIsTheSystemsInItsPackedStruct)
{
    const kith_sctp_prim prim = {7, address("127.0.0.1:99")};

    for (const kith_opt o :
         {KITH_OPT_SCTP_PRIMARY_ADDR, KITH_OPT_SCTP_SET_PEER_PRIMARY_ADDR}) {
        const Given g(o, prim, true);
        const auto native = g.as<sctp_prim>();
        const sockaddr_storage addr = native.ssp_addr, want = inet("127.0.0.1", 99);

        EXPECT_EQ(7, native.ssp_assoc_id);
        EXPECT_EQ(0, std::memcmp(&want, &addr, sizeof addr));
    }
    const kith_sctp_prim none = {7, {}};
    EXPECT_EQ(
        0,
        Given(KITH_OPT_SCTP_PRIMARY_ADDR, none, false).as<sctp_prim>().ssp_addr.ss_family)
        << "of no address";
    kith_sctp_prim wrong = prim;
    wrong.addr.domain = 9999;
    EXPECT_EQ(KITH_EINVAL, Given(KITH_OPT_SCTP_PRIMARY_ADDR, wrong, true).rc);

    sctp_prim back = {};
    back.ssp_assoc_id = 8;
    back.ssp_addr = inet("10.1.2.3", 4);
    const auto ours = decoded<kith_sctp_prim>(KITH_OPT_SCTP_PRIMARY_ADDR, back);
    EXPECT_EQ(8, ours.assoc_id);
    EXPECT_EQ("10.1.2.3:4", text_of(ours.addr));
}

TEST(SockoptSctp, ParametersOfAPathGoBothWays)
{
    kith_sctp_paddrparams p = {};

    p.assoc_id = 1;
    p.flags = KITH_SCTP_HB_ENABLE | KITH_SCTP_DSCP;
    p.address = address("[::1]:5");
    p.hbinterval = 2;
    p.pathmaxrxt = 3;
    p.dscp = 4;
    p.pathmtu = 5;
    p.sackdelay = 6;
    p.ipv6_flowlabel = 7;
    const Given g(KITH_OPT_SCTP_PEER_ADDR_PARAMS, p, true);
    const auto native = g.as<sctp_paddrparams>();
    EXPECT_EQ(1, native.spp_assoc_id);
    EXPECT_EQ(SPP_HB_ENABLE | SPP_DSCP, static_cast<int>(native.spp_flags));
    EXPECT_EQ(AF_INET6, native.spp_address.ss_family);
    EXPECT_EQ(2u, native.spp_hbinterval);
    EXPECT_EQ(3, native.spp_pathmaxrxt);
    EXPECT_EQ(4, native.spp_dscp);
    EXPECT_EQ(5u, +native.spp_pathmtu); /* copies: they are not aligned */
    EXPECT_EQ(6u, +native.spp_sackdelay);
    EXPECT_EQ(7u, +native.spp_ipv6_flowlabel);

    const auto back =
        decoded<kith_sctp_paddrparams>(KITH_OPT_SCTP_PEER_ADDR_PARAMS, native);
    EXPECT_EQ("[::1]:5", text_of(back.address));
    EXPECT_EQ(p.flags, back.flags);
    EXPECT_EQ(7u, back.ipv6_flowlabel);
    EXPECT_EQ(4, back.dscp);
}

TEST(SockoptSctp, AStatusAsksForItsAssociationAndTellsOfIt)
{
    kith_sctp_status ask = {};

    ask.assoc_id = 9;
    ask.rwnd = 1234;
    const auto asked = Given(KITH_OPT_SCTP_STATUS, ask, false).as<sctp_status>();
    EXPECT_EQ(9, asked.sstat_assoc_id);
    EXPECT_EQ(0u, asked.sstat_rwnd) << "and for nothing else";

    sctp_status native = {};
    native.sstat_assoc_id = 9;
    native.sstat_state = SCTP_ESTABLISHED;
    native.sstat_instrms = 11;
    native.sstat_outstrms = 12;
    native.sstat_primary.spinfo_address = inet("127.0.0.1", 13);
    native.sstat_primary.spinfo_rto = 14;
    const auto st = decoded<kith_sctp_status>(KITH_OPT_SCTP_STATUS, native);
    EXPECT_EQ(KITH_SCTP_ESTABLISHED, st.state);
    EXPECT_EQ(11, st.instrms);
    EXPECT_EQ(12, st.outstrms);
    EXPECT_EQ("127.0.0.1:13", text_of(st.primary.address));
    EXPECT_EQ(14u, st.primary.rto);
}

TEST(SockoptSctp, ListsStandBehindTheirHead)
{
    const std::uint16_t streams[] = {1, 2, 3};
    const kith_sctp_reset_streams reset = {4, KITH_SCTP_RESET_INCOMING, 3, streams};
    const Given r(KITH_OPT_SCTP_RESET_STREAMS, reset, true);
    EXPECT_EQ(4, r.as<sctp_assoc_t>());
    EXPECT_EQ(std::string(reinterpret_cast<const char *>(streams), sizeof streams),
              r.bytes_from(8));

    const kith_sctp_authkey key = {5, 6, 3, "key"};
    const Given k(KITH_OPT_SCTP_AUTH_KEY, key, true);
    EXPECT_EQ("key", k.bytes_from(8));
    EXPECT_EQ(KITH_EINVAL,
              Given(KITH_OPT_SCTP_AUTH_KEY, kith_sctp_authkey{5, 6, 3, nullptr}, true).rc);

    const kith_sctp_hmacalgo hmac = {2, {3, 1}};
    const Given h(KITH_OPT_SCTP_HMAC_IDENT, hmac, true);
    EXPECT_EQ(8u, h.len()) << "as long as its list";
    EXPECT_EQ(KITH_EINVAL,
              Given(KITH_OPT_SCTP_HMAC_IDENT, kith_sctp_hmacalgo{9, {}}, true).rc);
}

/* The system says how many there are, which may be more than there is room for. */
TEST(SockoptSctp, NoListIsReadPastItsRoom)
{
    const kith_sctp_hmacalgo hmac = {1000, {3, 1}};
    EXPECT_EQ(8u, decoded<kith_sctp_hmacalgo>(KITH_OPT_SCTP_HMAC_IDENT, hmac).n);

    kith_sctp_authchunks chunks = {};
    chunks.n = 100000;
    EXPECT_EQ(256u,
              decoded<kith_sctp_authchunks>(KITH_OPT_SCTP_LOCAL_AUTH_CHUNKS, chunks).n);
}

TEST(SockoptSctp, AByteIsAByte)
{
    EXPECT_EQ(1u, Given(KITH_OPT_SCTP_AUTH_CHUNK, 200, true).len());
    EXPECT_EQ("\xc8", Given(KITH_OPT_SCTP_AUTH_CHUNK, 200, true).bytes_from(0));
    for (const int v : {-1, 256})
        EXPECT_EQ(KITH_EINVAL, Given(KITH_OPT_SCTP_AUTH_CHUNK, v, true).rc) << v;
}

/* ---- notifications ---- */

/* The bytes of one, and of some data behind it. */
template <typename T>
std::string
bytes_of(const T &native, const std::string &data = "")
{
    return std::string(reinterpret_cast<const char *>(&native), sizeof native) + data;
}

kith_sctp_notification
parsed(const std::string &bytes)
{
    kith_sctp_notification n = {};

    EXPECT_EQ(0, kith_sctp_notification_parse(bytes.data(), bytes.size(), &n));
    return n;
}

std::string
data_of(const kith_sctp_notification &n)
{
    return std::string(static_cast<const char *>(n.data), n.len);
}

TEST(SctpNotification, OfAnAssociation)
{
    sctp_assoc_change native = {};
    native.sac_type = SCTP_ASSOC_CHANGE;
    native.sac_length = sizeof native + 3;
    native.sac_state = SCTP_COMM_LOST;
    native.sac_error = 12;
    native.sac_outbound_streams = 5;
    native.sac_inbound_streams = 6;
    native.sac_assoc_id = 77;
    const std::string bytes = bytes_of(native, "why");
    const auto n = parsed(bytes);

    EXPECT_EQ(KITH_SCTP_ASSOC_CHANGE, n.type);
    EXPECT_EQ(77, n.assoc_id);
    EXPECT_EQ(KITH_SCTP_COMM_LOST, n.assoc_change.state);
    EXPECT_EQ(12, n.assoc_change.error);
    EXPECT_EQ(5, n.assoc_change.outbound_streams);
    EXPECT_EQ(6, n.assoc_change.inbound_streams);
    EXPECT_EQ("why", data_of(n));
}

TEST(SctpNotification, OfAnAddress)
{
    sctp_paddr_change native = {};
    native.spc_type = SCTP_PEER_ADDR_CHANGE;
    native.spc_length = sizeof native;
    native.spc_aaddr = inet("127.0.0.1", 3);
    native.spc_state = SCTP_ADDR_UNREACHABLE;
    native.spc_assoc_id = 4;
    const std::string bytes = bytes_of(native);
    const auto n = parsed(bytes);

    EXPECT_EQ(4, n.assoc_id);
    EXPECT_EQ(KITH_SCTP_ADDR_UNREACHABLE, n.paddr_change.state);
    EXPECT_EQ("127.0.0.1:3", text_of(n.paddr_change.addr));
}

TEST(SctpNotification, OfAMessageThatFailed)
{
    sctp_send_failed native = {};
    native.ssf_type = SCTP_SEND_FAILED;
    native.ssf_flags = SCTP_DATA_SENT;
    native.ssf_length = sizeof native + 4;
    native.ssf_info.sinfo_stream = 2;
    native.ssf_info.sinfo_context = 9;
    native.ssf_assoc_id = 4;
    const std::string bytes = bytes_of(native, "text");
    const auto n = parsed(bytes);
    EXPECT_EQ(1, n.flags);
    EXPECT_EQ(4, n.assoc_id);
    EXPECT_EQ(2, n.send_failed.info.stream);
    EXPECT_EQ(9u, n.send_failed.info.context);
    EXPECT_EQ("text", data_of(n));

    sctp_send_failed_event event = {};
    event.ssf_type = SCTP_SEND_FAILED_EVENT;
    event.ssf_length = sizeof event;
    event.ssfe_info.snd_sid = 3;
    const std::string more = bytes_of(event);
    EXPECT_EQ(3, parsed(more).send_failed.info.stream);
}

TEST(SctpNotification, OfAPeersError)
{
    sctp_remote_error native = {};
    native.sre_type = SCTP_REMOTE_ERROR;
    native.sre_length = sizeof native;
    native.sre_error = htons(6);
    const std::string bytes = bytes_of(native);

    EXPECT_EQ(6, parsed(bytes).remote_error) << "in the order of this machine";
}

TEST(SctpNotification, OfANewerSystemIsItsNumber)
{
    struct {
        std::uint16_t type, flags;
        std::uint32_t length;
    } native = {0x8000 + 99, 5, 8};
    const auto n = parsed(bytes_of(native));

    EXPECT_EQ(99, n.type);
    EXPECT_EQ(5, n.flags);
}

TEST(SctpNotification, WhatIsNoneOrNotWholeIsInvalid)
{
    const std::vector<std::uint32_t> lengths = {0, 7, 8, 12, 20, 100, 148, 150, 1u << 31};
    kith_sctp_notification n;

    for (unsigned type = 0x7ff0; type < 0x8010; type++)
        for (const std::uint32_t told : lengths)
            for (std::size_t len = 0; len < 160; len++) {
                std::vector<char> bytes(len);    // a read past it is found by ASan
                const std::uint16_t t = static_cast<std::uint16_t>(type);

                if (len >= 8) {
                    std::memcpy(bytes.data(), &t, sizeof t);
                    std::memcpy(bytes.data() + 4, &told, sizeof told);
                }
                const int rc = kith_sctp_notification_parse(bytes.data(), len, &n);
                if (type < 0x8000 || len < 8 || told > len) {
                    ASSERT_EQ(KITH_EINVAL, rc) << type << ' ' << told << ' ' << len;
                } else if (rc == 0 && n.data != nullptr) {
                    ASSERT_LE(static_cast<const char *>(n.data) + n.len,
                              bytes.data() + len);
                }
            }
    EXPECT_EQ(KITH_EINVAL, kith_sctp_notification_parse(nullptr, 8, &n));
}

}    // namespace
