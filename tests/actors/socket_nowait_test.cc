/* SPDX-License-Identifier: Apache-2.0
 * socket_nowait_test.cc -- every call that can wait: by select message, and by future.
 *
 * A table says of each call how it is made, what it waits for, and how that comes about; each
 * promise is held against all rows on all domains. */
#include "tests/support/idle.h"
#include "tests/support/sockets.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace
{

/* What a call waits for. */
enum class need { bytes, datagram, room, room_at_a_stranger, connection, acceptor };

/* The sockets and memory of one call. */
struct Scene {
    kith_socket s = {}; /* the call is on this one */
    kith_socket peer = {};
    std::vector<kith_socket> others;
    kith_sockaddr at = {}; /* of the peer */
    std::unique_ptr<kt_place> here, there;
    std::size_t filled = 0;
    char buf[64] = "x";
    kith_iov iov = {buf, 1};
    kith_packet p = {};
    kith_socket won = {};
    int file = -1;

    Scene()
    {
        p.iov = &iov;
        p.n_iov = 1;
    }

    ~Scene()
    {
        if (file >= 0)
            close(file);
    }

    Scene(const Scene &) = delete;
    Scene &operator=(const Scene &) = delete;
};

struct Row {
    const char *name;
    need waits_for;
    unsigned op;
    std::ptrdiff_t (*call)(Scene &c, kith_ms timeout);
    int (*start)(Scene &c, kith_ms timeout, kith_future *f);
    std::ptrdiff_t answer; /* when it goes well */
};

const Row rows[] = {
    {"Recv", need::bytes, KITH_OP_RECV,
     [](Scene &c, kith_ms t) { return kith_socket_recv(c.s, c.buf, 1, 0, t); },
     [](Scene &c, kith_ms t, kith_future *f) {
         return kith_socket_recv_start(c.s, c.buf, 1, 0, t, f);
     },
     1},
    {"Recvfrom", need::datagram, KITH_OP_RECV,
     [](Scene &c, kith_ms t) { return kith_socket_recvfrom(c.s, c.buf, 1, &c.at, 0, t); },
     [](Scene &c, kith_ms t, kith_future *f) {
         return kith_socket_recvfrom_start(c.s, c.buf, 1, &c.at, 0, t, f);
     },
     1},
    {"Recvmsg", need::bytes, KITH_OP_RECV,
     [](Scene &c, kith_ms t) { return kith_socket_recvmsg(c.s, &c.p, 0, t); },
     [](Scene &c, kith_ms t, kith_future *f) {
         return kith_socket_recvmsg_start(c.s, &c.p, 0, t, f);
     },
     1},
    {"RecvmsgOfADatagram", need::datagram, KITH_OP_RECV,
     [](Scene &c, kith_ms t) { return kith_socket_recvmsg(c.s, &c.p, 0, t); },
     [](Scene &c, kith_ms t, kith_future *f) {
         return kith_socket_recvmsg_start(c.s, &c.p, 0, t, f);
     },
     1},
    {"Recvmmsg", need::datagram, KITH_OP_RECV,
     [](Scene &c, kith_ms t) {
         return std::ptrdiff_t{kith_socket_recvmmsg(c.s, &c.p, 1, 0, t)};
     },
     [](Scene &c, kith_ms t, kith_future *f) {
         return kith_socket_recvmmsg_start(c.s, &c.p, 1, 0, t, f);
     },
     1},
    {"Send", need::room, KITH_OP_SEND,
     [](Scene &c, kith_ms t) { return kith_socket_send(c.s, c.buf, 1, 0, t); },
     [](Scene &c, kith_ms t, kith_future *f) {
         return kith_socket_send_start(c.s, c.buf, 1, 0, t, f);
     },
     1},
    {"Sendv", need::room, KITH_OP_SEND,
     [](Scene &c, kith_ms t) { return kith_socket_sendv(c.s, &c.iov, 1, 0, t); },
     [](Scene &c, kith_ms t, kith_future *f) {
         return kith_socket_sendv_start(c.s, &c.iov, 1, 0, t, f);
     },
     1},
    {"Sendmsg", need::room, KITH_OP_SEND,
     [](Scene &c, kith_ms t) { return kith_socket_sendmsg(c.s, &c.p, 0, t); },
     [](Scene &c, kith_ms t, kith_future *f) {
         return kith_socket_sendmsg_start(c.s, &c.p, 0, t, f);
     },
     1},
    {"Sendmmsg", need::room, KITH_OP_SEND,
     [](Scene &c, kith_ms t) {
         return std::ptrdiff_t{kith_socket_sendmmsg(c.s, &c.p, 1, 0, t)};
     },
     [](Scene &c, kith_ms t, kith_future *f) {
         return kith_socket_sendmmsg_start(c.s, &c.p, 1, 0, t, f);
     },
     1},
    {"Sendfile", need::room, KITH_OP_SEND,
     [](Scene &c, kith_ms t) { return kith_socket_sendfile(c.s, c.file, 0, 1, t); },
     [](Scene &c, kith_ms t, kith_future *f) {
         return kith_socket_sendfile_start(c.s, c.file, 0, 1, t, f);
     },
     1},
    {"Sendto", need::room_at_a_stranger, KITH_OP_SEND,
     [](Scene &c, kith_ms t) { return kith_socket_sendto(c.s, c.buf, 1, &c.at, 0, t); },
     [](Scene &c, kith_ms t, kith_future *f) {
         return kith_socket_sendto_start(c.s, c.buf, 1, &c.at, 0, t, f);
     },
     1},
    {"SendmsgToAnAddress", need::room_at_a_stranger, KITH_OP_SEND,
     [](Scene &c, kith_ms t) { return kith_socket_sendmsg(c.s, &c.p, 0, t); },
     [](Scene &c, kith_ms t, kith_future *f) {
         return kith_socket_sendmsg_start(c.s, &c.p, 0, t, f);
     },
     1},
    {"Accept", need::connection, KITH_OP_ACCEPT,
     [](Scene &c, kith_ms t) { return std::ptrdiff_t{kith_socket_accept(c.s, t, &c.won)}; },
     [](Scene &c, kith_ms t, kith_future *f) {
         return kith_socket_accept_start(c.s, t, f);
     },
     0},
    {"Connect", need::acceptor, KITH_OP_CONNECT,
     [](Scene &c, kith_ms t) { return std::ptrdiff_t{kith_socket_connect(c.s, &c.at, t)}; },
     [](Scene &c, kith_ms t, kith_future *f) {
         return kith_socket_connect_start(c.s, &c.at, t, f);
     },
     0},
};

/* ---- scenes ---- */

kith_socket
bound_dgram(const kt_place &at)
{
    kith_socket s = {};

    EXPECT_EQ(0, kith_socket_open(at.domain(), KITH_DGRAM, 0, nullptr, &s));
    EXPECT_EQ(0, kith_socket_bind(s, &at.address()));
    return s;
}

/* Fills until it stays full: what a peer of TCP acknowledges late makes room once more. */
std::size_t
fill_for_good(kith_socket s, kt_domain d)
{
    const bool tcp = d == kt_domain::inet || d == kt_domain::inet6;
    std::size_t total = kt_fill(s);

    while (tcp && kith_socket_send(s, "x", 1, 0, 100) == 1)
        total += 1 + kt_fill(s);
    return total;
}

/* A scene in which the call has to wait. */
void
set(Scene &c, const Row &r, kt_domain d)
{
    c.here = std::make_unique<kt_place>(d);
    c.there = std::make_unique<kt_place>(d);
    switch (r.waits_for) {
    case need::bytes:
    case need::room: {
        const kt_pair p = kt_pair_of(d);

        c.s = p.near;
        c.peer = p.far;
        c.filled = r.waits_for == need::room ? fill_for_good(p.near, d) : 0;
        break;
    }
    case need::datagram:
        c.s = bound_dgram(*c.here);
        c.peer = bound_dgram(*c.there);
        c.at = kt_name_of(c.s);
        break;
    case need::room_at_a_stranger:
        c.s = bound_dgram(*c.here);
        c.peer = bound_dgram(*c.there);
        c.at = c.p.addr = kt_name_of(c.peer);
        while (kith_socket_sendto(c.s, c.buf, 1, &c.at, 0, 0) == 1)
            c.filled++;
        break;
    case need::connection:
        c.s = kt_listen(*c.here);
        c.peer = kt_open(c.here->domain());
        c.at = kt_name_of(c.s);
        break;
    case need::acceptor:
        c.peer = kt_listen(*c.here, 1);
        c.at = kt_name_of(c.peer);
        c.others = kt_fill_backlog(c.at);
        c.s = kt_open(c.at.domain);
        break;
    }
    if (std::strcmp(r.name, "Sendfile") == 0) {
        c.file = memfd_create("file", MFD_CLOEXEC);
        EXPECT_EQ(1, write(c.file, "x", 1));
    }
}

void
read_what_fills(Scene &c)
{
    std::vector<char> buf(64 * 1024);

    while (c.filled > 0) {
        const std::ptrdiff_t n =
            kith_socket_recv(c.peer, buf.data(), std::min(buf.size(), c.filled), 0,
                             kt_long());

        ASSERT_GT(n, 0);
        c.filled -= static_cast<std::size_t>(n);
    }
}

/* What it waits for comes about. */
void
fulfil(Scene &c, const Row &r)
{
    kith_socket a = {};

    switch (r.waits_for) {
    case need::bytes:
        EXPECT_EQ(1, kith_socket_send(c.peer, "y", 1, 0, kt_long()));
        break;
    case need::datagram: {
        const kith_sockaddr to = kt_name_of(c.s);
        EXPECT_EQ(1, kith_socket_sendto(c.peer, "y", 1, &to, 0, kt_long()));
        break;
    }
    case need::room:
    case need::room_at_a_stranger:
        read_what_fills(c);
        break;
    case need::connection:
        EXPECT_EQ(0, kith_socket_connect(c.peer, &c.at, kt_long()));
        break;
    case need::acceptor: /* one at a time: who comes next is not ours to say */
        for (std::size_t i = 0; i < c.others.size(); i++)
            if (kith_socket_accept(c.peer, i == 0 ? kt_long() : 0, &a) == 0)
                kt_close(a);
        break;
    }
}

void
strike(Scene &c, bool closed = false)
{
    if (!closed)
        kt_close(c.s);
    kt_close(c.peer);
    for (const kith_socket s : c.others)
        kt_close(s);
    if (c.won.id != 0)
        kt_close(c.won);
}

std::ptrdiff_t
await(const Row &r, kith_future f, kith_ms timeout, kith_socket *won)
{
    return r.op == KITH_OP_ACCEPT ? kith_await_socket(f, timeout, won)
                                  : kith_await(f, timeout);
}

using Case = std::tuple<std::size_t, kt_domain>;

std::string
case_name(const testing::TestParamInfo<Case> &info)
{
    return std::string(rows[std::get<0>(info.param)].name) +
           kt_domain_name(std::get<1>(info.param));
}

/* The rows that can be made to wait on a domain. */
std::vector<Case>
cases()
{
    std::vector<Case> all;

    for (std::size_t i = 0; i < std::size(rows); i++)
        for (const kt_domain d : kt_all_domains) {
            const bool local = d == kt_domain::path || d == kt_domain::abstract;

            if (rows[i].waits_for != need::room_at_a_stranger || local)
                all.emplace_back(i, d);
        }
    return all;
}

class SocketNowait : public kt_sockets, public testing::WithParamInterface<Case> {
  protected:
    const Row &row() const
    {
        return rows[std::get<0>(GetParam())];
    }

    kt_domain domain() const
    {
        return std::get<1>(GetParam());
    }

    /* No edge tells of room there: a timer says "try" after a while, room or not. */
    bool told_by_timer() const
    {
        const bool local = domain() == kt_domain::path || domain() == kt_domain::abstract;

        return local && (row().waits_for == need::acceptor ||
                         row().waits_for == need::room_at_a_stranger);
    }

    /* The next message tells that the wait was ended with `code`. */
    void expect_ended(const Scene &c, int code) const
    {
        const int told = kt_select_code(c.s, row().op);

        EXPECT_TRUE(told == code || (told_by_timer() && told == 0)) << told;
    }
};

class SocketStart : public SocketNowait {};

INSTANTIATE_TEST_SUITE_P(, SocketNowait, testing::ValuesIn(cases()), case_name);
INSTANTIATE_TEST_SUITE_P(, SocketStart, testing::ValuesIn(cases()), case_name);

/* ---- NOWAIT ---- */

TEST_P(SocketNowait, TellsOnceAndThenGoes)
{
    by_process_and_thread([this] {
        const Row &r = row();
        Scene c;
        std::ptrdiff_t n;

        set(c, r, domain());
        ASSERT_EQ(KITH_ESELECT, r.call(c, KITH_NOWAIT));
        EXPECT_EQ(0u, kith_partial());
        if (!told_by_timer()) {
            kt_expect_no_message();
        }
        fulfil(c, r);
        EXPECT_EQ(0, kt_select_code(c.s, r.op));
        /* A connect's or a full peer's message says: try; so does it after that. */
        for (int i = 0; i < 100 && (n = r.call(c, KITH_NOWAIT)) == KITH_ESELECT; i++)
            EXPECT_EQ(0, kt_select_code(c.s, r.op));
        EXPECT_EQ(r.answer, n);
        kt_expect_no_message();
        strike(c);
    });
}

TEST_P(SocketNowait, ACancelLeavesNoMessage)
{
    by_process_and_thread([this] {
        const Row &r = row();
        Scene c;

        set(c, r, domain());
        for (int i = 0; i < 3; i++)
            ASSERT_EQ(KITH_ESELECT, r.call(c, KITH_NOWAIT));
        EXPECT_EQ(0, kith_socket_cancel(c.s, r.op));
        kt_expect_no_message();
        fulfil(c, r);
        EXPECT_EQ(r.answer, r.call(c, kt_long()));
        kt_expect_no_message();
        strike(c);
    });
}

TEST_P(SocketNowait, ACancelTakesTheMessageThatHasCome)
{
    by_process_and_thread([this] {
        const Row &r = row();
        Scene c;

        set(c, r, domain());
        ASSERT_EQ(KITH_ESELECT, r.call(c, KITH_NOWAIT));
        ASSERT_EQ(0, kt_send(kith_self(), 1, 5));
        fulfil(c, r);
        /* Behind the select in the queue: what it waits for has come for both. */
        const std::ptrdiff_t n = r.call(c, kt_long());
        EXPECT_EQ(r.answer, n);
        EXPECT_EQ(0, kith_socket_cancel(c.s, r.op));
        EXPECT_EQ(5u, kt_number(kt_receive())) << "others' messages stay";
        kt_expect_no_message();
        strike(c);
    });
}

TEST_P(SocketNowait, EachThatIsOwedComesWhenTheSocketCloses)
{
    by_process_and_thread([this] {
        const Row &r = row();
        Scene c;

        set(c, r, domain());
        for (int i = 0; i < 3; i++)
            ASSERT_EQ(KITH_ESELECT, r.call(c, KITH_NOWAIT));
        kt_close(c.s);
        for (int i = 0; i < 3; i++)
            expect_ended(c, KITH_ECLOSED);
        kt_expect_no_message();
        EXPECT_EQ(KITH_ECLOSED, r.call(c, KITH_NOWAIT));
        kt_expect_no_message();
        strike(c, true);
    });
}

TEST_P(SocketNowait, AnotherThatCancelsIsToldOf)
{
    by_process_and_thread([this] {
        const Row &r = row();
        Scene c;

        set(c, r, domain());
        ASSERT_EQ(KITH_ESELECT, r.call(c, KITH_NOWAIT));
        const kith_pid other = spawn([&] { EXPECT_EQ(0, kith_socket_cancel(c.s, r.op)); });
        expect_ended(c, KITH_ECANCELED);
        EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
        kt_expect_no_message();
        strike(c);
    });
}

TEST_P(SocketNowait, WhoDiesLeavesThePlaceToTheNext)
{
    in_process([this] {
        const Row &r = row();
        Scene c;

        set(c, r, domain());
        const kith_pid dies = spawn([&] {
            for (int i = 0; i < 3; i++)
                EXPECT_EQ(KITH_ESELECT, r.call(c, KITH_NOWAIT));
        });
        ASSERT_EQ(0, kith_wait(dies, nullptr, kt_long()));
        fulfil(c, r);
        EXPECT_EQ(r.answer, r.call(c, kt_long()));
        strike(c);
    });
}

/* ---- futures ---- */

TEST_P(SocketStart, AnAwaitAnswersAsTheCall)
{
    by_process_and_thread([this] {
        const Row &r = row();
        Scene c;
        kith_future f;

        set(c, r, domain());
        EXPECT_EQ(KITH_EINVAL, r.start(c, KITH_NOWAIT, &f));
        EXPECT_EQ(KITH_EINVAL, r.start(c, KITH_INFINITY, nullptr));
        ASSERT_EQ(0, r.start(c, KITH_INFINITY, &f));
        EXPECT_EQ(KITH_ETIMEOUT, kith_await_any(&f, 1, 1));
        fulfil(c, r);
        EXPECT_EQ(r.answer, await(r, f, kt_long(), &c.won));
        EXPECT_EQ(KITH_ECLOSED, await(r, f, 0, &c.won));
        strike(c);
    });
}

TEST_P(SocketStart, ATimeoutOfItsOwnOrOfTheAwaitEndsIt)
{
    by_process_and_thread([this] {
        const Row &r = row();
        Scene c;
        kith_future f;

        set(c, r, domain());
        for (const kith_ms ms : {0, 1, 10}) {
            ASSERT_EQ(0, r.start(c, ms, &f));
            EXPECT_EQ(KITH_ETIMEOUT, await(r, f, KITH_INFINITY, &c.won));
            EXPECT_EQ(0u, kith_partial());
            ASSERT_EQ(0, r.start(c, KITH_INFINITY, &f));
            EXPECT_EQ(KITH_ETIMEOUT, await(r, f, ms, &c.won));
        }
        fulfil(c, r);
        EXPECT_EQ(r.answer, r.call(c, kt_long()));
        strike(c);
    });
}

TEST_P(SocketStart, ACancelledOneTakesNothing)
{
    by_process_and_thread([this] {
        const Row &r = row();
        Scene c;
        kith_future f, g;

        set(c, r, domain());
        ASSERT_EQ(0, r.start(c, KITH_INFINITY, &f));
        EXPECT_EQ(0, kith_cancel(f));
        EXPECT_EQ(KITH_ECLOSED, kith_cancel(f));
        ASSERT_EQ(0, r.start(c, KITH_INFINITY, &g));
        EXPECT_EQ(0, kith_socket_cancel(c.s, r.op));
        EXPECT_EQ(KITH_ECANCELED, await(r, g, kt_long(), &c.won));
        fulfil(c, r);
        EXPECT_EQ(r.answer, r.call(c, kt_long()));
        strike(c);
    });
}

TEST_P(SocketStart, AsAMessage)
{
    by_process_and_thread([this] {
        const Row &r = row();
        Scene c;
        kith_future f;

        set(c, r, domain());
        ASSERT_EQ(0, r.start(c, KITH_INFINITY, &f));
        kith_future_to_mailbox(f);
        kt_expect_no_message();
        fulfil(c, r);
        const kith_msg *m = kt_receive();
        const kith_done *done =
            m != nullptr && m->tag == KITH_TAG_FUTURE ? KITH_BODY(m, kith_done) : nullptr;
        ASSERT_NE(nullptr, done);
        EXPECT_EQ(f.id, done->future.id);
        EXPECT_EQ(r.answer, done->result);
        c.won = done->socket;
        EXPECT_EQ(r.op == KITH_OP_ACCEPT, c.won.id != 0);
        kt_expect_no_message();
        strike(c);
    });
}

TEST_P(SocketStart, SeveralWaitOneIsCancelledTheOthersEndWithTheSocket)
{
    in_process([this] {
        const Row &r = row();
        Scene c;
        std::atomic<int> waiting = 0, closed = 0, cancelled = 0;
        std::vector<kith_pid> all;

        if (r.op == KITH_OP_CONNECT) /* one connects at a time */
            return;
        set(c, r, domain());
        for (int i = 0; i < 5; i++)
            all.push_back(spawn([&, i] {
                Scene mine;
                kith_future f;

                mine.s = c.s;
                mine.at = mine.p.addr = c.at;
                mine.file = c.file < 0 ? -1 : dup(c.file);
                if (r.waits_for == need::room || r.op == KITH_OP_RECV)
                    mine.p.addr = {};
                ASSERT_EQ(0, r.start(mine, KITH_INFINITY, &f));
                if (i == 2)
                    cancelled += kith_cancel(f) == 0;
                waiting++;
                if (i != 2)
                    closed += await(r, f, KITH_INFINITY, &mine.won) == KITH_ECLOSED;
            }));
        ASSERT_TRUE(kt_eventually([&] { return waiting == 5; }));
        kt_close(c.s);
        for (const kith_pid p : all)
            EXPECT_EQ(0, kith_wait(p, nullptr, kt_long()));
        EXPECT_EQ(4, closed);
        EXPECT_EQ(1, cancelled);
        strike(c, true);
    });
}

}    // namespace
