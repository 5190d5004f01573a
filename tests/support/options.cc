/* SPDX-License-Identifier: Apache-2.0
 * options.cc -- sockets to try options on, and values in the system's structs. */
#include "tests/support/options.h"

#include <cerrno>
#include <cstring>

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace
{

/* ---- sockets ---- */

std::vector<kith_socket>
opened(int domain, int type, int protocol = 0)
{
    kith_socket s = {};
    const int rc = kith_socket_open(domain, type, protocol, nullptr, &s);

    EXPECT_EQ(0, rc) << kith_strerror(rc);
    return {s};
}

std::vector<kith_socket>
pair(kt_domain d)
{
    const kt_pair p = kt_pair_of(d);

    return {p.near, p.far};
}

std::vector<kith_socket>
connected_dgram(int domain)
{
    const std::vector<kith_socket> all = opened(domain, KITH_DGRAM);
    const kith_sockaddr to = kith_sockaddr_loopback(domain, 9);

    EXPECT_EQ(0, kith_socket_connect(all[0], &to, kt_long()));
    return all;
}

constexpr int no_protocol = 255; /* of raw sockets that hear nothing */

const kt_subject_kind kinds[] = {
    {"tcp4", [] { return opened(KITH_INET, KITH_STREAM); }},
    {"tcp6", [] { return opened(KITH_INET6, KITH_STREAM); }},
    {"udp4", [] { return opened(KITH_INET, KITH_DGRAM); }},
    {"udp6", [] { return opened(KITH_INET6, KITH_DGRAM); }},
    {"stream", [] { return opened(KITH_LOCAL, KITH_STREAM); }},
    {"dgram", [] { return opened(KITH_LOCAL, KITH_DGRAM); }},
    {"connected tcp4", [] { return pair(kt_domain::inet); }},
    {"connected tcp6", [] { return pair(kt_domain::inet6); }},
    {"connected stream", [] { return pair(kt_domain::path); }},
    {"connected udp4", [] { return connected_dgram(KITH_INET); }},
    {"connected udp6", [] { return connected_dgram(KITH_INET6); }},
    {"listener", [] { return std::vector<kith_socket>{kt_listen_here()}; }},
    {"raw4", [] { return opened(KITH_INET, KITH_RAW, no_protocol); }},
    {"raw6", [] { return opened(KITH_INET6, KITH_RAW, no_protocol); }},
};

bool
may_open_raw()
{
    kith_socket s = {};

    if (kith_socket_open(KITH_INET, KITH_RAW, no_protocol, nullptr, &s) < 0)
        return false;
    kt_close(s);
    return true;
}

/* ---- values ---- */

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
    std::memcpy(&in.sin_addr, a.inet.addr, sizeof in.sin_addr);
    in6.sin6_family = AF_INET6;
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

/* As it is read, which may be another struct than it is set by. */
std::string
read_form(const ki_sockopt &row, const std::string &ours)
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
told_form(const ki_sockopt &row, std::string native)
{
    if (row.kind == KI_OPT_TEXT)
        return native.c_str();
    if (row.kind == KI_OPT_CONNECTION) {
        native.resize(sizeof(tcp_info));
        return told_of(value<tcp_info>(native));
    }
    return native;
}

constexpr char code_is[] = "code ";

std::string
code(int rc)
{
    return std::string(code_is) + kith_err_name(rc);
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

std::vector<kt_subject_kind>
kt_subjects()
{
    std::vector<kt_subject_kind> all(std::begin(kinds), std::end(kinds));

    if (!may_open_raw())
        all.resize(all.size() - 2);
    return all;
}

kt_subject::kt_subject(const kt_subject_kind &kind) : all_(kind.open())
{
    s = all_.front();
}

kt_subject::~kt_subject()
{
    for (const kith_socket each : all_)
        kt_close(each);
}

int
kt_subject::fd() const
{
    int v = -1;

    EXPECT_EQ(0, kith_socket_getopt_int(s, KITH_OPT_OTP_FD, &v));
    return v;
}

std::vector<ki_sockopt>
kt_system_rows()
{
    std::vector<ki_sockopt> all;

    for (std::size_t i = 0; kith_opt_at(i) >= 0; i++) {
        const ki_sockopt *row = ki_sockopt_find(kith_opt_at(i));

        if (row->native_number >= 0 && row->native_level != IPPROTO_SCTP &&
            kith_supports(row->id) == 1)
            all.push_back(*row);
    }
    return all;
}

std::string
kt_name_of(const ki_sockopt &row)
{
    return std::string(row.level) + '.' + row.name;
}

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
    case KI_OPT_MS:
        return kt_bytes(timeval{value<kith_ms>(v) / 1000, value<kith_ms>(v) % 1000 * 1000});
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
    case KI_OPT_INT:
    case KI_OPT_PROTOCOL:
    case KI_OPT_UINT64:
    case KI_OPT_BYTES:
        return v;
    default:
        ADD_FAILURE() << kt_name_of(row) << ": a kind that is not known here";
        return v;
    }
}

std::string
kt_read(kith_socket s, const ki_sockopt &row)
{
    std::string bytes(row.len, '\0');
    const std::ptrdiff_t n = kith_socket_getopt(s, row.id, bytes.data(), row.len);

    if (n < 0)
        return code(static_cast<int>(n));
    bytes.resize(static_cast<std::size_t>(n));
    return read_form(row, bytes);
}

std::string
kt_read_native(kith_socket s, const ki_sockopt &row)
{
    std::string bytes(ki_sockopt_native_len(&row), '\0');
    const std::ptrdiff_t n =
        kith_socket_getopt_native(s, row.native_level, row.native_number,
                                  kith_iov_of(bytes.data(), bytes.size()));

    if (n < 0)
        return code(static_cast<int>(n));
    bytes.resize(static_cast<std::size_t>(n));
    return told_form(row, bytes);
}

std::string
kt_read_system(int fd, const ki_sockopt &row)
{
    std::string bytes(ki_sockopt_native_len(&row), '\0');
    socklen_t n = static_cast<socklen_t>(bytes.size());

    if (getsockopt(fd, row.native_level, row.native_number, bytes.data(), &n) < 0)
        return code(-errno);
    bytes.resize(n);
    return told_form(row, bytes);
}

bool
kt_is_code(const std::string &read)
{
    return read.starts_with(code_is);
}

int
kt_set_system(int fd, int level, int number, const void *v, std::size_t len)
{
    return setsockopt(fd, level, number, v, static_cast<socklen_t>(len)) < 0 ? -errno : 0;
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
    default:
        return {};
    }
}
