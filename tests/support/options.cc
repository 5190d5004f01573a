/* SPDX-License-Identifier: Apache-2.0
 * options.cc -- sockets to try options on, and what they say. */
#include "tests/support/options.h"

#include <cerrno>

#include <netinet/in.h>
#include <sys/socket.h>

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

constexpr char code_is[] = "code ";

std::string
code(int rc)
{
    return std::string(code_is) + kith_err_name(rc);
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
kt_system_rows(bool of_sctp)
{
    std::vector<ki_sockopt> all;

    for (std::size_t i = 0; kith_opt_at(i) >= 0; i++) {
        const ki_sockopt *row = ki_sockopt_find(kith_opt_at(i));

        if (row->native_number >= 0 && (row->native_level == IPPROTO_SCTP) == of_sctp &&
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
kt_read(kith_socket s, const ki_sockopt &row)
{
    std::string bytes(row.len, '\0');
    const std::ptrdiff_t n = kith_socket_getopt(s, row.id, bytes.data(), row.len);

    if (n < 0)
        return code(static_cast<int>(n));
    bytes.resize(static_cast<std::size_t>(n));
    return kt_form_of_read(row, bytes);
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
    return kt_form_of_told(row, bytes);
}

std::string
kt_read_system(int fd, const ki_sockopt &row)
{
    std::string bytes(ki_sockopt_native_len(&row), '\0');
    socklen_t n = static_cast<socklen_t>(bytes.size());

    if (getsockopt(fd, row.native_level, row.native_number, bytes.data(), &n) < 0)
        return code(-errno);
    bytes.resize(n);
    return kt_form_of_told(row, bytes);
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
