/* SPDX-License-Identifier: Apache-2.0
 * sctp.h -- SCTP sockets for tests, of both styles: one to one, as a connection of TCP's, and one to
 * many, as a datagram socket.
 *
 *   kith_socket l = kt_sctp_listen(KITH_INET, KITH_STREAM);
 *   kt_pair c = kt_sctp_pair(KITH_INET6);     // near has connected, far was accepted
 *
 * All sockets are the caller's. They fail the test when they cannot do what they say. */
#ifndef KT_SCTP_H
#define KT_SCTP_H

#include "tests/support/sockets.h"

#include <string>

kith_socket kt_sctp_open(int domain, int type);

/* At a port of the loopback's. */
kith_socket kt_sctp_listen(int domain, int type);

kt_pair kt_sctp_pair(int domain);

/* The same of a listener and a socket that were made ready for it; the listener is closed. */
kt_pair kt_sctp_connect(kith_socket listener, kith_socket s);

/* A whole message. */
void kt_sctp_send(kith_socket s, const std::string &text);
std::string kt_sctp_recv(kith_socket s, std::size_t cap = 4096);

/* An option by its struct. */
template <typename T>
T
kt_opt_get(kith_socket s, kith_opt o, T v = {})
{
    const std::ptrdiff_t n = kith_socket_getopt(s, o, &v, sizeof v);

    EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof v), n)
        << o << ' ' << kith_strerror(static_cast<int>(n));
    return v;
}

template <typename T>
void
kt_opt_set(kith_socket s, kith_opt o, const T &v)
{
    const int rc = kith_socket_setopt(s, o, &v, sizeof v);

    EXPECT_EQ(0, rc) << o << ' ' << kith_strerror(rc);
}

/* How it stands with the only association of a socket's. */
inline kith_sctp_status
kt_sctp_status_of(kith_socket s)
{
    return kt_opt_get<kith_sctp_status>(s, KITH_OPT_SCTP_STATUS);
}

/* Paths of so many bytes: what is longer goes in several packets. */
inline void
kt_sctp_narrow(kith_socket s, std::uint32_t mtu)
{
    kith_sctp_paddrparams path = {};

    path.flags = KITH_SCTP_PMTUD_DISABLE;
    path.pathmtu = mtu;
    kt_opt_set(s, KITH_OPT_SCTP_PEER_ADDR_PARAMS, path);
}

/* Tests with a domain as their parameter. */
class kt_sctp : public kt_sockets, public testing::WithParamInterface<int> {};

std::string kt_sctp_domain_of_test(const testing::TestParamInfo<int> &info);

#define KT_SCTP_DOMAINS(suite) \
    INSTANTIATE_TEST_SUITE_P(, suite, testing::Values(KITH_INET, KITH_INET6), \
                             kt_sctp_domain_of_test)

#endif
