/* SPDX-License-Identifier: Apache-2.0
 * listeners.cc -- listeners and their clients. */
#include "tests/support/listeners.h"

#include "actors/socket.h"

int
kt_echo(kith_socket s, void *)
{
    char buf[512];
    std::ptrdiff_t n;

    while ((n = kith_socket_recv(s, buf, sizeof buf, 0, KITH_INFINITY)) > 0)
        if ((n = kith_socket_send(s, buf, static_cast<std::size_t>(n), 0, KITH_INFINITY)) <
            0)
            break;
    return 0;
}

kith_listener
kt_listener_of(kith_conn conn)
{
    kith_listener l = KITH_LISTENER_INIT;

    l.conn = conn;
    return l;
}

kith_listener
kt_listener_of(const kith_server &server)
{
    kith_listener l = KITH_LISTENER_INIT;

    l.server = &server;
    return l;
}

kith_pid
kt_start(const kith_listener &l, const std::string &where)
{
    kith_pid pid = {0};
    const int rc = kith_listener_start(where.c_str(), &l, &pid);

    EXPECT_EQ(0, rc) << where << ": " << kith_strerror(rc);
    return pid;
}

kith_sockaddr
kt_name_of(kith_pid listener)
{
    kith_sockaddr a = {};
    const int rc = kith_listener_sockname(listener, &a);

    EXPECT_EQ(0, rc) << kith_strerror(rc);
    return a;
}

kith_socket
kt_dial(const kith_sockaddr &to)
{
    const kith_socket c = kt_open(to.domain);
    const int rc = kith_socket_connect(c, &to, kt_long());

    EXPECT_EQ(0, rc) << kith_strerror(rc);
    return c;
}

kith_socket
kt_dial(kith_pid listener)
{
    return kt_dial(kt_name_of(listener));
}

bool
kt_echoes(kith_socket c)
{
    char byte = 'e';
    std::ptrdiff_t n = kith_socket_send(c, &byte, 1, 0, kt_long());

    byte = 0;
    if (n == 1)
        n = kith_socket_recv(c, &byte, 1, 0, kt_long());
    return n == 1 && byte == 'e';
}

bool
kt_has_ended(kith_socket c)
{
    char byte;
    const std::ptrdiff_t n = kith_socket_recv(c, &byte, 1, 0, kt_long());

    return n == 0 || n == KITH_ECONNRESET;
}

struct kith_listener_info
kt_look(kith_pid listener)
{
    struct kith_listener_info info = KITH_LISTENER_INFO_INIT;
    const int rc = kith_listener_info(listener, &info);

    EXPECT_EQ(0, rc) << kith_strerror(rc);
    return info;
}

void
kt_turn(kith_pid listener)
{
    (void) kt_look(listener);
    (void) kt_look(listener);
}

namespace
{

/* Under the claim. */
int
count_readers(struct ki_socket *s, void *n)
{
    for (const struct ki_op *op = s->queue[KI_DIR_READ].head; op != nullptr;
         op = op->q_next)
        ++*static_cast<std::size_t *>(n);
    return 0;
}

}    // namespace

std::size_t
kt_accepts_under_way(const kith_sockaddr &at)
{
    struct ki_proc *self = ki_proc_at(kith_self());
    std::size_t n = 0;

    for (std::uint32_t i = 0;; i++) {
        void *record = ki_slots_at(&ki_runtime.sockets, i);
        auto *s = static_cast<struct ki_socket *>(record);
        kith_sockaddr name;

        if (s == nullptr)
            return n;
        if (!ki_socket_is(s, KITH_STATE_LISTENING))
            continue;
        const kith_socket h = {ki_socket_id(s)};
        if (kith_socket_sockname(h, &name) == 0 && kt_text(name) == kt_text(at))
            kt_ignore(ki_socket_call(self, h, count_readers, &n));
    }
}
