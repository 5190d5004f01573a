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

/* A whole message. */
void kt_sctp_send(kith_socket s, const std::string &text);
std::string kt_sctp_recv(kith_socket s, std::size_t cap = 4096);

/* Tests with a domain as their parameter. */
class kt_sctp : public kt_sockets, public testing::WithParamInterface<int> {};

std::string kt_sctp_domain_of_test(const testing::TestParamInfo<int> &info);

#define KT_SCTP_DOMAINS(suite) \
    INSTANTIATE_TEST_SUITE_P(, suite, testing::Values(KITH_INET, KITH_INET6), \
                             kt_sctp_domain_of_test)

#endif
