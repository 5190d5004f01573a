/* SPDX-License-Identifier: Apache-2.0
 * option_forms.cc -- values of options in the system's structs, each written down by hand. */
#include "tests/support/options.h"

#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <linux/sctp.h>
#include <linux/tcp.h>

namespace
{

template <typename T>
T
value(const std::string &bytes)
{
    T v = {};

    EXPECT_EQ(sizeof v, bytes.size());
    std::memcpy(static_cast<void *>(&v), bytes.data(), std::min(sizeof v, bytes.size()));
    return v;
}

template <typename T>
void
put_address(T &storage, const kith_sockaddr &a)
{
    sockaddr_in in = {};
    sockaddr_in6 in6 = {};

    in.sin_family = AF_INET;
    in.sin_port = htons(a.inet.port);
    std::memcpy(&in.sin_addr, a.inet.addr, sizeof in.sin_addr);
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(a.inet6.port);
    std::memcpy(&in6.sin6_addr, a.inet6.addr, sizeof in6.sin6_addr);
    if (a.domain == KITH_INET)
        std::memcpy(&storage, &in, sizeof in);
    else
        std::memcpy(&storage, &in6, sizeof in6);
}

std::string
mreq_of(const kith_mreq &in)
{
    group_req out = {};

    out.gr_interface = in.ifindex;
    put_address(out.gr_group, in.group);
    return kt_bytes(out);
}

std::string
mreq_source_of(const kith_mreq_source &in)
{
    group_source_req out = {};

    out.gsr_interface = in.ifindex;
    put_address(out.gsr_group, in.group);
    put_address(out.gsr_source, in.source);
    return kt_bytes(out);
}

std::string
msfilter_of(const kith_msfilter &in)
{
    std::string bytes(GROUP_FILTER_SIZE(in.n_sources), '\0');
    group_filter head = {};

    head.gf_interface = in.ifindex;
    put_address(head.gf_group, in.group);
    head.gf_fmode = in.mode == KITH_FILTER_INCLUDE ? MCAST_INCLUDE : MCAST_EXCLUDE;
    head.gf_numsrc = static_cast<std::uint32_t>(in.n_sources);
    std::memcpy(bytes.data(), &head, GROUP_FILTER_SIZE(0));
    for (std::size_t i = 0; i < in.n_sources; i++) {
        sockaddr_storage each = {};

        put_address(each, in.sources[i]);
        std::memcpy(bytes.data() + GROUP_FILTER_SIZE(i), &each, sizeof each);
    }
    return bytes;
}

std::string
md5sig_of(const kith_md5sig &in)
{
    tcp_md5sig out = {};

    put_address(out.tcpm_addr, in.peer);
    out.tcpm_keylen = in.key_len;
    std::memcpy(out.tcpm_key, in.key, in.key_len);
    return kt_bytes(out);
}

std::string
multicast_if_of(const kith_multicast_if &in)
{
    ip_mreqn out = {};

    if (in.local.domain == KITH_INET)
        std::memcpy(&out.imr_address, in.local.inet.addr, sizeof out.imr_address);
    out.imr_ifindex = static_cast<int>(in.ifindex);
    return kt_bytes(out);
}

std::string
prim_of(const kith_sctp_prim &in)
{
    sockaddr_storage address = {};
    sctp_prim out = {};

    if (in.addr.domain != 0)
        put_address(address, in.addr);
    out.ssp_assoc_id = in.assoc_id;
    out.ssp_addr = address;
    return kt_bytes(out);
}

std::string
paddrparams_of(const kith_sctp_paddrparams &in)
{
    sockaddr_storage address = {};
    sctp_paddrparams out = {};

    if (in.address.domain != 0)
        put_address(address, in.address);
    out.spp_assoc_id = in.assoc_id;
    out.spp_address = address;
    out.spp_hbinterval = in.hbinterval;
    out.spp_pathmaxrxt = in.pathmaxrxt;
    out.spp_pathmtu = in.pathmtu;
    out.spp_sackdelay = in.sackdelay;
    out.spp_flags = in.flags;
    out.spp_ipv6_flowlabel = in.ipv6_flowlabel;
    out.spp_dscp = in.dscp;
    return kt_bytes(out);
}

sctp_paddrinfo
paddrinfo_of(const kith_sctp_paddrinfo &in)
{
    sockaddr_storage address = {};
    sctp_paddrinfo out = {};

    if (in.address.domain != 0)
        put_address(address, in.address);
    out.spinfo_assoc_id = in.assoc_id;
    out.spinfo_address = address;
    out.spinfo_state = in.state;
    out.spinfo_cwnd = in.cwnd;
    out.spinfo_srtt = in.srtt;
    out.spinfo_rto = in.rto;
    out.spinfo_mtu = in.mtu;
    return out;
}

std::string
status_of(const kith_sctp_status &in)
{
    sctp_status out = {};

    out.sstat_assoc_id = in.assoc_id;
    out.sstat_state = in.state;
    out.sstat_rwnd = in.rwnd;
    out.sstat_unackdata = in.unackdata;
    out.sstat_penddata = in.penddata;
    out.sstat_instrms = in.instrms;
    out.sstat_outstrms = in.outstrms;
    out.sstat_fragmentation_point = in.fragmentation_point;
    out.sstat_primary = paddrinfo_of(in.primary);
    return kt_bytes(out);
}

std::string
sctp_of(const ki_sockopt &row, const std::string &v)
{
    switch (row.id) {
    case KITH_OPT_SCTP_PRIMARY_ADDR:
        return prim_of(value<kith_sctp_prim>(v));
    case KITH_OPT_SCTP_PEER_ADDR_PARAMS:
        return paddrparams_of(value<kith_sctp_paddrparams>(v));
    case KITH_OPT_SCTP_GET_PEER_ADDR_INFO:
        return kt_bytes(paddrinfo_of(value<kith_sctp_paddrinfo>(v)));
    case KITH_OPT_SCTP_STATUS:
        return status_of(value<kith_sctp_status>(v));
    case KITH_OPT_SCTP_HMAC_IDENT: { /* a number, and so many of two bytes */
        const auto hmac = value<kith_sctp_hmacalgo>(v);

        return v.substr(0, sizeof hmac.n + hmac.n * sizeof *hmac.idents);
    }
    case KITH_OPT_SCTP_LOCAL_AUTH_CHUNKS:
    case KITH_OPT_SCTP_PEER_AUTH_CHUNKS:
        return v.substr(0, offsetof(kith_sctp_authchunks, chunks) +
                               value<kith_sctp_authchunks>(v).n);
    default:
        ADD_FAILURE() << kt_name_of(row) << ": a struct that is not known here";
        return v;
    }
}

int
family_of(int domain)
{
    return domain == KITH_INET ? AF_INET : domain == KITH_INET6 ? AF_INET6 : AF_UNIX;
}

int
type_of(int type)
{
    return type == KITH_STREAM ? SOCK_STREAM : type == KITH_DGRAM ? SOCK_DGRAM : SOCK_RAW;
}

/* What does not change by itself from one moment to the next. */
template <typename... T>
std::string
numbers(T... v)
{
    return ((std::to_string(v) + ' ') + ...);
}

std::string
told_of(const kith_tcp_info &i)
{
    return numbers(i.state, i.snd_mss, i.advmss, i.pmtu, i.snd_cwnd, i.rcv_space,
                   i.total_retrans, i.bytes_sent, i.bytes_received, i.timestamps, i.sack,
                   i.wscale, i.snd_wscale, i.rcv_wscale);
}

std::string
told_of(const tcp_info &i)
{
    const auto has = [&i](int bit) { return (i.tcpi_options & bit) != 0; };

    return numbers(i.tcpi_state, i.tcpi_snd_mss, i.tcpi_advmss, i.tcpi_pmtu,
                   i.tcpi_snd_cwnd, i.tcpi_rcv_space, i.tcpi_total_retrans,
                   i.tcpi_bytes_sent, i.tcpi_bytes_received, has(TCPI_OPT_TIMESTAMPS),
                   has(TCPI_OPT_SACK), has(TCPI_OPT_WSCALE),
                   static_cast<int>(i.tcpi_snd_wscale),
                   static_cast<int>(i.tcpi_rcv_wscale));
}

std::vector<std::string>
numbers_of(const ki_sockopt &row)
{
    std::vector<std::string> all;

    if (row.kind == KI_OPT_BOOL)
        return {kt_bytes(1), kt_bytes(0)};
    for (const int v :
         {1, 0, 2, 3, 9, 77, 255, 512, 1400, 5000, 50000, 40000 | 50000 << 16, -1})
        all.push_back(kt_bytes(v));
    return all;
}

/* Each number another, so that none may stand where another belongs. */
std::vector<std::string>
sctp_values_of(const ki_sockopt &row)
{
    kith_sctp_paddrparams params = {};

    switch (row.id) {
    case KITH_OPT_SCTP_ASSOCINFO:
        return {kt_bytes(kith_sctp_assocparams{0, {7}, {0}, 0, 0, 30000})};
    case KITH_OPT_SCTP_RTOINFO:
        return {kt_bytes(kith_sctp_rtoinfo{0, 2000, 50000, 700}),
                kt_bytes(kith_sctp_rtoinfo{0, 100, 100, 200})}; /* refused */
    case KITH_OPT_SCTP_INITMSG:
        return {kt_bytes(kith_sctp_initmsg{{5}, 6, 7, 8000})};
    case KITH_OPT_SCTP_EVENTS: {
        kith_sctp_event_subscribe e = {};

        e.address = e.shutdown = e.sender_dry = true;
        return {kt_bytes(e), kt_bytes(kith_sctp_event_subscribe{})};
    }
    case KITH_OPT_SCTP_AUTH_ACTIVE_KEY:
        return {kt_bytes(kith_sctp_authkeyid{0, 0}),
                kt_bytes(kith_sctp_authkeyid{0, 9})}; /* refused */
    case KITH_OPT_SCTP_CONTEXT:
    case KITH_OPT_SCTP_MAXSEG:
    case KITH_OPT_SCTP_MAXBURST:
        return {kt_bytes(kith_sctp_assoc_value{0, 777})};
    case KITH_OPT_SCTP_ENABLE_STREAM_RESET:
        return {kt_bytes(kith_sctp_assoc_value{0, 1}),
                kt_bytes(kith_sctp_assoc_value{0, 0xff})}; /* refused */
    case KITH_OPT_SCTP_DELAYED_ACK_TIME:
        return {kt_bytes(kith_sctp_sack_info{0, 300, 4}),
                kt_bytes(kith_sctp_sack_info{0, 1000, 4})}; /* refused */
    case KITH_OPT_SCTP_DEFAULT_SEND_PARAM:
        return {
            kt_bytes(kith_sctp_sndrcvinfo{1, 0, KITH_SCTP_UNORDERED, 2, 3, 4, 0, 0, 0})};
    case KITH_OPT_SCTP_DEFAULT_SNDINFO:
        return {kt_bytes(kith_sctp_sndinfo{1, KITH_SCTP_UNORDERED, 2, 3, 0})};
    case KITH_OPT_SCTP_HMAC_IDENT:
        return {kt_bytes(kith_sctp_hmacalgo{1, {KITH_SCTP_HMAC_SHA1}}),
                kt_bytes(kith_sctp_hmacalgo{1, {9}})}; /* refused */
    case KITH_OPT_SCTP_PEER_ADDR_PARAMS:
        params.flags = KITH_SCTP_HB_ENABLE | KITH_SCTP_SACKDELAY_ENABLE | KITH_SCTP_DSCP;
        params.hbinterval = 20000;
        params.pathmaxrxt = 3;
        params.sackdelay = 400;
        params.dscp = 0x20;
        return {kt_bytes(params)};
    default:
        return {};
    }
}

std::vector<std::string>
bytes_of(const ki_sockopt &row)
{
    if (row.id == KITH_OPT_IP_OPTIONS)
        return {std::string("\7\7\4\0\0\0\0\0", 8), ""};
    if (row.id != KITH_OPT_IPV6_RTHDR)
        return {std::string("\0\0\1\4\0\0\0\0", 8), ""};
    return {std::string("\0\2\4\0\0\0\0\0\xfd", 9) + std::string(14, '\0') + '\1', ""};
}

}    // namespace

std::string
kt_native_of(const ki_sockopt &row, const std::string &v)
{
    switch (row.kind) {
    case KI_OPT_BOOL:
        return kt_bytes(static_cast<int>(value<int>(v) != 0));
    case KI_OPT_ERROR:
        return kt_bytes(-value<int>(v)); /* codes are the system's numbers, but below 0 */
    case KI_OPT_DOMAIN:
        return kt_bytes(family_of(value<int>(v)));
    case KI_OPT_TYPE:
        return kt_bytes(type_of(value<int>(v)));
    case KI_OPT_LINGER:
        return kt_bytes(linger{value<kith_linger>(v).on, value<kith_linger>(v).seconds});
    case KI_OPT_MS: {
        timeval t = {};

        t.tv_sec = static_cast<time_t>(value<kith_ms>(v) / 1000);
        t.tv_usec = static_cast<suseconds_t>(value<kith_ms>(v) % 1000 * 1000);
        return kt_bytes(t);
    }
    case KI_OPT_CREDENTIALS: {
        const auto c = value<kith_credentials>(v);

        return kt_bytes(ucred{c.pid, c.uid, c.gid});
    }
    case KI_OPT_MREQ:
        return mreq_of(value<kith_mreq>(v));
    case KI_OPT_MREQ_SOURCE:
        return mreq_source_of(value<kith_mreq_source>(v));
    case KI_OPT_MSFILTER:
        return msfilter_of(value<kith_msfilter>(v));
    case KI_OPT_MULTICAST_IF:
        return multicast_if_of(value<kith_multicast_if>(v));
    case KI_OPT_MD5SIG:
        return md5sig_of(value<kith_md5sig>(v));
    case KI_OPT_TEXT:
        return v + '\0';
    case KI_OPT_UINT8:
        return std::string(1, static_cast<char>(value<int>(v)));
    case KI_OPT_SCTP:
        return sctp_of(row, v);
    case KI_OPT_INT:
    case KI_OPT_PROTOCOL:
    case KI_OPT_UINT64:
    case KI_OPT_BYTES:
    case KI_OPT_ALIKE:
        return v;
    default:
        ADD_FAILURE() << kt_name_of(row) << ": a kind that is not known here";
        return v;
    }
}

std::string
kt_form_of_read(const ki_sockopt &row, const std::string &ours)
{
    if (row.kind == KI_OPT_MULTICAST_IF) {
        const auto v = value<kith_multicast_if>(ours);
        in_addr out = {};

        if (v.local.domain == KITH_INET)
            std::memcpy(&out, v.local.inet.addr, sizeof out);
        return kt_bytes(out);
    }
    if (row.kind == KI_OPT_CONNECTION)
        return told_of(value<kith_tcp_info>(ours));
    return row.kind == KI_OPT_TEXT ? ours : kt_native_of(row, ours);
}

std::string
kt_form_of_told(const ki_sockopt &row, std::string native)
{
    if (row.kind == KI_OPT_TEXT)
        return native.c_str();
    if (row.kind == KI_OPT_CONNECTION) {
        native.resize(sizeof(tcp_info));
        return told_of(value<tcp_info>(native));
    }
    return native;
}

std::vector<std::string>
kt_values_of(const ki_sockopt &row)
{
    switch (row.kind) {
    case KI_OPT_INT:
    case KI_OPT_BOOL:
        return numbers_of(row);
    case KI_OPT_LINGER:
        return {kt_bytes(kith_linger{true, 7}), kt_bytes(kith_linger{false, 0})};
    case KI_OPT_MS:
        return {kt_bytes(kith_ms{61000}), kt_bytes(kith_ms{0})};
    case KI_OPT_MULTICAST_IF:
        return {kt_bytes(kith_multicast_if{kith_sockaddr_loopback(KITH_INET, 0), 0}),
                kt_bytes(kith_multicast_if{{}, 1}), kt_bytes(kith_multicast_if{})};
    case KI_OPT_TEXT:
        return row.id == KITH_OPT_TCP_CONGESTION
                   ? std::vector<std::string>{"reno", "cubic", "kith-none"}
                   : std::vector<std::string>{"lo", "", "kith-none"};
    case KI_OPT_BYTES:
        return bytes_of(row);
    case KI_OPT_ALIKE:
    case KI_OPT_SCTP:
        return sctp_values_of(row);
    default:
        return {};
    }
}
