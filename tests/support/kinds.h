/* SPDX-License-Identifier: Apache-2.0
 * kinds.h -- kinds of sockets by which a test is multiplied, and two of a kind that talk.
 *
 *   class Echo : public kt_kind_test {};
 *   KT_KINDS(Echo, kt_streams);                // Echo.Promise/tcp4, /tcp6, /tcpL
 *
 *   TEST_P(Echo, Promise)
 *   {
 *       const kt_ends e(GetParam());
 *       ASSERT_EQ(4, e.send("ping", 4));       // near to far, by the call that suits the kind
 *       e.close();
 *   }
 */
#ifndef KT_KINDS_H
#define KT_KINDS_H

#include "tests/support/sockets.h"

#include <array>
#include <ostream>
#include <string>

struct kt_kind {
    const char *name;
    kt_domain domain;
    int type;
    int protocol = KITH_PROTO_DEFAULT; /* to open it with */

    bool is_dgram() const
    {
        return type == KITH_DGRAM;
    }

    bool is_local() const
    {
        return domain == kt_domain::path;
    }

    int kith_domain() const
    {
        return is_local() ? KITH_LOCAL : domain == kt_domain::inet ? KITH_INET : KITH_INET6;
    }

    /* What it then has. */
    int kith_protocol() const
    {
        return protocol != 0 || is_local() ? protocol : is_dgram() ? KITH_UDP : KITH_TCP;
    }
};

inline constexpr kt_kind kt_tcp4 = {"tcp4", kt_domain::inet, KITH_STREAM};
inline constexpr kt_kind kt_tcp6 = {"tcp6", kt_domain::inet6, KITH_STREAM};
inline constexpr kt_kind kt_tcpL = {"tcpL", kt_domain::path, KITH_STREAM};
inline constexpr kt_kind kt_udp4 = {"udp4", kt_domain::inet, KITH_DGRAM};
inline constexpr kt_kind kt_udp6 = {"udp6", kt_domain::inet6, KITH_DGRAM};
inline constexpr kt_kind kt_udpL = {"udpL", kt_domain::path, KITH_DGRAM};
inline constexpr kt_kind kt_seqpL = {"seqpL", kt_domain::path, KITH_SEQPACKET};

inline constexpr kt_kind kt_sctp4 = {"sctp4", kt_domain::inet, KITH_STREAM, KITH_SCTP};
inline constexpr kt_kind kt_sctp6 = {"sctp6", kt_domain::inet6, KITH_STREAM, KITH_SCTP};

#ifdef KT_SCTP /* the same tests, in the program that runs where there is SCTP */
inline constexpr kt_kind kt_streams[] = {kt_sctp4, kt_sctp6};
inline constexpr std::array<kt_kind, 0> kt_dgram_kinds = {};
inline constexpr kt_kind kt_connected[] = {kt_sctp4, kt_sctp6};
inline constexpr kt_kind kt_all_kinds[] = {kt_sctp4, kt_sctp6};
#else
inline constexpr kt_kind kt_streams[] = {kt_tcp4, kt_tcp6, kt_tcpL};
inline constexpr kt_kind kt_dgram_kinds[] = {kt_udp4, kt_udp6, kt_udpL};
inline constexpr kt_kind kt_connected[] = {kt_tcp4, kt_tcp6, kt_tcpL, kt_seqpL};
inline constexpr kt_kind kt_both[] = {kt_tcp4, kt_tcp6, kt_tcpL, kt_udp4, kt_udp6, kt_udpL};
inline constexpr kt_kind kt_all_kinds[] = {kt_tcp4, kt_tcp6, kt_tcpL, kt_udp4,
                                           kt_udp6, kt_udpL, kt_seqpL};
#endif

inline std::ostream &
operator<<(std::ostream &out, const kt_kind &k)
{
    return out << k.name;
}

class kt_kind_test : public kt_sockets, public testing::WithParamInterface<kt_kind> {};

/* The names of the tests end in the kind's. A program may have none of those kinds. */
#define KT_KINDS(suite, kinds) \
    GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(suite); \
    INSTANTIATE_TEST_SUITE_P(, suite, testing::ValuesIn(kinds), \
                             [](const testing::TestParamInfo<kt_kind> &info) { \
                                 return info.param.name; \
                             })

/* One that is open, and bound to that place. */
kith_socket kt_open(const kt_kind &k);
kith_socket kt_bound(const kt_kind &k, const kt_place &at);

/* Room for one message of some bytes, as sendmsg and recvmsg take it. */
struct kt_piece {
    kith_iov iov;
    kith_packet p = {};

    kt_piece(void *base, std::size_t len) : iov{base, len}
    {
        p.iov = &iov;
        p.n_iov = 1;
    }

    kt_piece(const kt_piece &) = delete;
};

/* Datagram sockets have each a name and are not connected; of the others `near` has connected
 * and `far` was accepted. They are the caller's. */
class kt_ends {
  public:
    explicit kt_ends(const kt_kind &k);

    void close() const
    {
        kt_close(near);
        kt_close(far);
    }

    /* All of some bytes from near to far: send, or sendto; sendmsg. */
    std::ptrdiff_t send(const void *bytes, std::size_t len) const;
    std::ptrdiff_t sendmsg(const void *bytes, std::size_t len) const;

  private:
    kt_place near_at_, far_at_;
    bool dgram_;

  public:
    kith_socket near = {0}, far = {0};
    kith_sockaddr near_name = {}, far_name = {};
};

/* Bytes that differ from place to place, so that none may stand where another belongs. */
std::string kt_pattern(std::size_t n, unsigned seed = 0);

#endif
