/* SPDX-License-Identifier: Apache-2.0
 * sctp.cc -- SCTP sockets for tests. */
#include "tests/sctp/sctp.h"

kith_socket
kt_sctp_open(int domain, int type)
{
    kith_socket s = {0};
    const int rc = kith_socket_open(domain, type, KITH_SCTP, nullptr, &s);

    EXPECT_EQ(0, rc) << kith_strerror(rc);
    return s;
}

kith_socket
kt_sctp_listen(int domain, int type)
{
    const kith_socket s = kt_sctp_open(domain, type);
    const kith_sockaddr any_port = kith_sockaddr_loopback(domain, 0);
    int rc = kith_socket_bind(s, &any_port);

    if (rc == 0)
        rc = kith_socket_listen(s, 0);
    EXPECT_EQ(0, rc) << kith_strerror(rc);
    return s;
}

kt_pair
kt_sctp_connect(kith_socket listener, kith_socket s)
{
    const kith_sockaddr to = kt_name_of(listener);
    kt_pair p = {s, {0}};
    int rc = kith_socket_connect(p.near, &to, kt_long());

    EXPECT_EQ(0, rc) << "connect: " << kith_strerror(rc);
    rc = kith_socket_accept(listener, kt_long(), &p.far);
    EXPECT_EQ(0, rc) << "accept: " << kith_strerror(rc);
    kt_close(listener);
    return p;
}

kt_pair
kt_sctp_pair(int domain)
{
    return kt_sctp_connect(kt_sctp_listen(domain, KITH_STREAM),
                           kt_sctp_open(domain, KITH_STREAM));
}

void
kt_sctp_send(kith_socket s, const std::string &text)
{
    EXPECT_EQ(static_cast<std::ptrdiff_t>(text.size()),
              kith_socket_send(s, text.data(), text.size(), 0, kt_long()));
}

std::string
kt_sctp_recv(kith_socket s, std::size_t cap)
{
    std::string text(cap, '\0');
    const std::ptrdiff_t n = kith_socket_recv(s, text.data(), cap, 0, kt_long());

    EXPECT_GE(n, 0) << kith_strerror(static_cast<int>(n));
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
}

std::string
kt_sctp_domain_of_test(const testing::TestParamInfo<int> &info)
{
    return info.param == KITH_INET ? "Inet" : "Inet6";
}
