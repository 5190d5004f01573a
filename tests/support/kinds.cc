/* SPDX-License-Identifier: Apache-2.0
 * kinds.cc -- two sockets of a kind. */
#include "tests/support/kinds.h"

#include <algorithm>
#include <cstring>

kith_socket
kt_open(const kt_kind &k)
{
    kith_socket s = {0};
    const int rc = kith_socket_open(k.kith_domain(), k.type, k.protocol, nullptr, &s);

    EXPECT_EQ(0, rc) << kith_strerror(rc);
    if (k.protocol == KITH_SCTP) { /* where no message may be longer than the buffers */
        for (const kith_opt o : {KITH_OPT_SOCKET_SNDBUFFORCE, KITH_OPT_SOCKET_RCVBUFFORCE})
            EXPECT_EQ(0, kith_socket_setopt_int(s, o, 4 << 20));
        EXPECT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_SCTP_NODELAY, 1));
    }
    return s;
}

kith_socket
kt_bound(const kt_kind &k, const kt_place &at)
{
    const kith_socket s = kt_open(k);
    const int rc = kith_socket_bind(s, &at.address());

    EXPECT_EQ(0, rc) << kith_strerror(rc);
    return s;
}

kt_ends::kt_ends(const kt_kind &k)
    : near_at_(k.domain), far_at_(k.domain), dgram_(k.is_dgram())
{
    if (dgram_) {
        near = kt_bound(k, near_at_);
        far = kt_bound(k, far_at_);
    } else {
        const kith_socket l = kt_bound(k, far_at_);
        const kith_sockaddr to = kt_name_of(l);

        EXPECT_EQ(0, kith_socket_listen(l, 1));
        near = kt_open(k);
        EXPECT_EQ(0, kith_socket_connect(near, &to, kt_long()));
        EXPECT_EQ(0, kith_socket_accept(l, kt_long(), &far));
        kt_close(l);
    }
    near_name = kt_name_of(near);
    far_name = kt_name_of(far);
}

std::ptrdiff_t
kt_ends::send(const void *bytes, std::size_t len) const
{
    return dgram_ ? kith_socket_sendto(near, bytes, len, &far_name, 0, kt_long())
                  : kith_socket_send(near, bytes, len, 0, kt_long());
}

std::ptrdiff_t
kt_ends::sendmsg(const void *bytes, std::size_t len) const
{
    kt_piece r(const_cast<void *>(bytes), len);

    if (dgram_)
        r.p.addr = far_name;
    return kith_socket_sendmsg(near, &r.p, 0, kt_long());
}

std::string
kt_pattern(std::size_t n, unsigned seed)
{
    constexpr std::size_t period = 4093; /* no size that a test uses is a multiple of it */
    std::uint32_t x = seed * 2654435761u + 1;
    std::string s(n, '\0');

    for (std::size_t i = 0; i < std::min(n, period); i++) {
        x = x * 1664525u + 1013904223u;
        s[i] = static_cast<char>(x >> 24);
    }
    for (std::size_t i = period; i < n; i += period)
        std::memcpy(s.data() + i, s.data(), std::min(period, n - i));
    return s;
}
