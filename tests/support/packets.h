/* SPDX-License-Identifier: Apache-2.0
 * packets.h -- datagram sockets, and packets to send and to receive.
 *
 *   const kt_dgrams d(kt_domain::inet6);          // two with names, not connected
 *   kt_packet_text t("hello");
 *   kt_room r;                                    // for bytes, control messages, descriptors
 *   t.p.addr = d.far_name;
 *   EXPECT_EQ(5, kith_socket_sendmsg(d.near, &t.p, 0, kt_long()));
 *   EXPECT_EQ("hello", r.text(kith_socket_recvmsg(d.far, &r.p, 0, kt_long())));
 *   const kt_came c(d.far);                       // waits for the next; all that came with it
 *   EXPECT_EQ(7, c.number(KITH_CMSG_IP_TTL));
 *   d.close(); */
#ifndef KT_PACKETS_H
#define KT_PACKETS_H

#include "tests/support/sockets.h"

#include <cstring>
#include <string>

/* Two datagram sockets with names of their own, not connected. */
struct kt_dgrams {
    kt_place near_at, far_at;
    kith_socket near, far;
    kith_sockaddr near_name, far_name;

    explicit kt_dgrams(kt_domain d = kt_inet_place()) : near_at(d), far_at(d)
    {
        open(near_at, near, near_name);
        open(far_at, far, far_name);
    }

    static void open(const kt_place &at, kith_socket &s, kith_sockaddr &name)
    {
        s = kt_dgram(at.domain());
        EXPECT_EQ(0, kith_socket_bind(s, &at.address()));
        name = kt_name_of(s);
    }

    /* From then on near sends to far without an address. */
    void connect() const
    {
        EXPECT_EQ(0, kith_socket_connect(near, &far_name, kt_long()));
    }

    void close() const
    {
        kt_close(near);
        kt_close(far);
    }
};

/* Room for a packet that comes. */
struct kt_room {
    char buf[2048];
    kith_iov iov = {buf, sizeof buf};
    kith_cmsg ctrl[8];
    alignas(16) char space[KITH_CTRL_SPACE];
    int fds[4] = {0, 0, 0, 0}; /* which is open */
    kith_packet p = {};

    kt_room(const kt_room &) = delete;

    kt_room()
    {
        p.iov = &iov;
        p.n_iov = 1;
        p.ctrl = ctrl;
        p.ctrl_cap = 8;
        p.ctrl_space = KITH_IOV(space);
        p.fds = fds;
        p.fds_cap = 4;
    }

    std::string text(std::ptrdiff_t n) const
    {
        return std::string(buf, n > 0 ? static_cast<std::size_t>(n) : 0);
    }
};

/* The packet that comes next, and all that came with it. */
struct kt_came : kt_room {
    std::string text;

    explicit kt_came(kith_socket s, unsigned flags = 0)
    {
        const std::ptrdiff_t n = kith_socket_recvmsg(s, &p, flags, kt_long());

        EXPECT_LE(0, n) << kith_strerror(static_cast<int>(n));
        text = kt_room::text(n);
    }

    bool has(int type) const
    {
        return kith_packet_ctrl(&p, type, 0) != nullptr;
    }

    /* A control message, by kith's number or the system's. */
    std::string bytes(int type, int level = KITH_CMSG_LEVEL) const
    {
        for (std::size_t i = 0; i < p.n_ctrl; i++)
            if (p.ctrl[i].level == level && p.ctrl[i].type == type)
                return std::string(static_cast<const char *>(p.ctrl[i].data),
                                   p.ctrl[i].len);
        return "none";
    }

    /* One that is an int; -1: there is none. */
    int number(int type, int level = KITH_CMSG_LEVEL) const
    {
        const std::string v = bytes(type, level);
        int n = -1;

        if (v != "none")
            std::memcpy(&n, v.data(), sizeof n);
        return n;
    }

    std::string address(int type) const
    {
        const kith_sockaddr *a = KITH_CTRL(&p, type, kith_sockaddr);

        return a ? kt_text(*a) : "none";
    }
};

/* A packet of some text. */
struct kt_packet_text {
    kith_iov iov;
    kith_packet p = {};

    explicit kt_packet_text(const char *text)
        : iov{const_cast<char *>(text), std::strlen(text)}
    {
        p.iov = &iov;
        p.n_iov = 1;
    }
};

/* kt_set sets an option that is an int. */
inline void
kt_set(kith_socket s, kith_opt o, int v)
{
    const int rc = kith_socket_setopt_int(s, o, v);

    EXPECT_EQ(0, rc) << o << ": " << kith_strerror(rc);
}

inline void
kt_set_native(kith_socket s, int level, int number, int v)
{
    EXPECT_EQ(0, kith_socket_setopt_native(s, level, number, KITH_IOV(v)));
}

#endif
