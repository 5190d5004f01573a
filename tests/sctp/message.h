/* SPDX-License-Identifier: Apache-2.0
 * message.h -- messages of SCTP with all that goes with them, and notifications.
 *
 *   kt_sctp_message m;
 *   m.recv(s);
 *   m.info<kith_sctp_rcvinfo>(KITH_CMSG_SCTP_RCVINFO).sid      // fails the test if it did not come
 *
 *   kt_sctp_subscribe(s, [](kith_sctp_event_subscribe &e) { e.shutdown = true; });
 *   kt_sctp_await(s, m, KITH_SCTP_SHUTDOWN_EVENT).assoc_id */
#ifndef KT_SCTP_MESSAGE_H
#define KT_SCTP_MESSAGE_H

#include "tests/sctp/sctp.h"

#include <string>

/* Room for one message and all that comes with it. */
struct kt_sctp_message {
    char buf[4096];
    kith_iov iov = {buf, sizeof buf};
    kith_cmsg ctrl[8];
    alignas(16) char space[KITH_CTRL_SPACE];
    kith_packet p = {};
    std::ptrdiff_t n = 0;

    kt_sctp_message()
    {
        p.iov = &iov;
        p.n_iov = 1;
        p.ctrl = ctrl;
        p.ctrl_cap = 8;
        p.ctrl_space = KITH_IOV(space);
    }

    std::ptrdiff_t recv(kith_socket s)
    {
        n = kith_socket_recvmsg(s, &p, 0, kt_long());
        EXPECT_GE(n, 0) << kith_strerror(static_cast<int>(n));
        return n;
    }

    std::string text() const
    {
        return std::string(buf, n > 0 ? static_cast<std::size_t>(n) : 0);
    }

    bool is_notification() const
    {
        return (p.flags & KITH_MSG_NOTIFICATION) != 0;
    }

    kith_sctp_notification notification() const
    {
        kith_sctp_notification note = {};

        EXPECT_TRUE(is_notification()) << text();
        EXPECT_EQ(0, kith_sctp_notification_parse(buf, static_cast<std::size_t>(n), &note));
        return note;
    }

    template <typename T> T info(int type) const
    {
        const T *v = KITH_CTRL(&p, type, T);

        EXPECT_NE(nullptr, v) << type;
        return v != nullptr ? *v : T{};
    }
};

/* The next notification of that type; messages and others before it are read past. */
inline kith_sctp_notification
kt_sctp_await(kith_socket s, kt_sctp_message &m, int type)
{
    for (int i = 0; i < 100 && m.recv(s) >= 0; i++) {
        if (!m.is_notification())
            continue;
        const kith_sctp_notification note = m.notification();
        if (note.type == type)
            return note;
    }
    ADD_FAILURE() << "it did not come: " << type;
    return {};
}

inline void
kt_sctp_subscribe(kith_socket s, void (*to)(kith_sctp_event_subscribe &))
{
    kith_sctp_event_subscribe e = {};

    to(e);
    EXPECT_EQ(0, kith_socket_setopt(s, KITH_OPT_SCTP_EVENTS, &e, sizeof e));
}

/* Waits until the peer's system has all that was sent. No other events are subscribed to, then. */
inline void
kt_sctp_await_sent(kith_socket s)
{
    kt_sctp_message m;

    kt_sctp_subscribe(s, [](kith_sctp_event_subscribe &e) { e.sender_dry = true; });
    EXPECT_EQ(KITH_SCTP_SENDER_DRY, kt_sctp_await(s, m, KITH_SCTP_SENDER_DRY).type);
    kt_sctp_subscribe(s, [](kith_sctp_event_subscribe &) {});
}

template <typename T>
std::ptrdiff_t
kt_sctp_send_with(kith_socket s, const std::string &text, int type, const T &v,
                  const kith_sockaddr *to = nullptr)
{
    kith_iov iov = kith_iov_of(text.data(), text.size());
    kith_cmsg c = kith_cmsg_of(type, &v, sizeof v);
    kith_packet p = {};

    p.iov = &iov;
    p.n_iov = 1;
    p.ctrl = &c;
    p.n_ctrl = 1;
    if (to != nullptr)
        p.addr = *to;
    return kith_socket_sendmsg(s, &p, 0, kt_long());
}

#endif
