/* SPDX-License-Identifier: Apache-2.0
 * socket_link_test.cc -- links and monitors of sockets: who hears of a close, and when. */
#include "tests/support/idle.h"
#include "tests/support/sockets.h"

#include <atomic>
#include <vector>

namespace
{

using SocketLink = kt_inets<>;
using SocketMonitor = kt_inets<>;

KT_INETS(SocketLink);
KT_INETS(SocketMonitor);

const kith_reason of_normal = {KITH_NORMAL, 0, ""};
const kith_reason of_kill = {KITH_KILL, 0, ""};
const kith_reason of_user = {KITH_USER, 6, "six"};

/* The next message is `tag`, of this socket and nobody's pid. */
kith_reason
why_of(kith_socket s, std::uint64_t tag)
{
    const kith_msg *m;
    kith_down d = {};

    EXPECT_EQ(0, kith_receive(&m, kt_long()));
    if (testing::Test::HasFailure())
        return {-1, 0, ""};
    EXPECT_EQ(tag, m->tag);
    d = kt_down(m);
    EXPECT_EQ(0u, m->from.id);
    EXPECT_EQ(0u, d.pid.id);
    EXPECT_EQ(s.id, d.socket.id);
    return d.why;
}

/* An owner that opens a socket, tells the caller which, and ends as it is told: a code with tag 1
 * to return, or a signal. */
kith_pid
owner_of_one(kith_socket *s, bool trap = false)
{
    struct given {
        kith_pid to;
        bool trap;
    } g = {kith_self(), trap};
    const auto body = [](void *arg) -> int {
        const given me = *static_cast<given *>(arg);
        const kith_msg *m;
        kith_socket own;
        int rc = kith_socket_open(kt_inet(), KITH_STREAM, 0, nullptr, &own);

        kith_flag_trap_exit(me.trap);
        if (rc < 0 || (rc = kith_send(me.to, 1, &own, sizeof own)) < 0)
            return rc;
        rc = kith_receive_tag(1, &m, KITH_INFINITY);
        return rc < 0 ? rc : *static_cast<const int *>(m->data);
    };
    kith_pid pid = {0};
    const kith_msg *m;

    EXPECT_EQ(0, kith_spawn(body, &g, sizeof g, &pid));
    EXPECT_EQ(0, kith_receive_tag(1, &m, kt_long()));
    *s = *static_cast<const kith_socket *>(m->data);
    return pid;
}

TEST_P(SocketMonitor, ACloseIsNormal)
{
    by_process_and_thread([this] {
        kith_socket s = kt_open();
        kith_ref ref[3];

        for (kith_ref &r : ref)
            ASSERT_EQ(0, kith_socket_monitor(s, &r));
        const kith_pid other = spawn([s, me = kith_self()] {
            kith_ref r;
            ASSERT_EQ(0, kith_socket_monitor(s, &r));
            ASSERT_EQ(0, kith_send(me, 2, nullptr, 0));
            EXPECT_EQ(KITH_NORMAL, why_of(s, KITH_TAG_DOWN).kind);
        });
        const kith_msg *m;
        ASSERT_EQ(0, kith_receive_tag(2, &m, kt_long()));
        EXPECT_EQ(1, kith_demonitor(ref[1], KITH_INFO));
        kt_close(s);
        for (const int i : {0, 2}) {
            ASSERT_EQ(0, kith_receive_ref(ref[i], &m, kt_long()));
            EXPECT_EQ(s.id, kt_down(m).socket.id);
            EXPECT_EQ(0u, m->from.id);
            EXPECT_EQ(KITH_NORMAL, kt_down(m).why.kind);
        }
        EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
        kt_expect_no_message();
    });
}

TEST_P(SocketMonitor, OfAClosedOneComesAtOnceAsNoproc)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open();
        kith_ref ref;

        kt_close(s);
        ASSERT_EQ(0, kith_socket_monitor(s, &ref));
        EXPECT_EQ(KITH_NOPROC, why_of(s, KITH_TAG_DOWN).kind);
        EXPECT_EQ(KITH_EBADF, kith_socket_monitor({0}, &ref));
        EXPECT_EQ(KITH_EBADF, kith_socket_monitor({kith_self().id}, &ref));
        EXPECT_EQ(KITH_EINVAL, kith_socket_monitor(s, nullptr));
        kt_expect_no_message();
    });
}

TEST_P(SocketMonitor, SaysWhatTheOwnerDiedOf)
{
    kith_socket s;
    kith_ref ref;

    for (const kith_reason &why : {of_normal, of_user, of_kill}) {
        const kith_pid pid = owner_of_one(&s);
        const int zero = 0;

        ASSERT_EQ(0, kith_socket_monitor(s, &ref));
        if (why.kind == KITH_NORMAL) {
            ASSERT_EQ(0, kith_send(pid, 1, &zero, sizeof zero));
        } else {
            ASSERT_EQ(0, kith_exit_signal(pid, why));
        }
        const kith_reason got = why_of(s, KITH_TAG_DOWN);
        EXPECT_EQ(why.kind == KITH_KILL ? KITH_KILLED : why.kind, got.kind);
        EXPECT_EQ(why.code, got.code);
        EXPECT_STREQ(why.text, got.text);
    }
    kt_expect_no_message();
}

TEST_P(SocketMonitor, AHandlerMayAskAndIsTold)
{
    struct state {
        kith_pid to;
        kith_socket s;
    };
    kith_server type = {};

    type.state_size = sizeof(state);
    type.init = [](void *st, void *arg) {
        state *mine = static_cast<state *>(st);
        kith_ref ref;

        *mine = *static_cast<state *>(arg);
        const int rc = kith_socket_link(mine->s);
        return rc < 0 ? rc : kith_socket_monitor(mine->s, &ref);
    };
    type.info = [](void *st, const kith_msg *m) {
        kt_ignore(kith_send(static_cast<state *>(st)->to, 5, m->data, m->len));
        return static_cast<int>(KITH_DONE);
    };
    const kith_socket s = kt_open();
    const state arg = {kith_self(), s};
    kith_pid pid;
    const kith_msg *m;

    ASSERT_EQ(0, kith_server_start(&type, nullptr, &arg, sizeof arg, &pid));
    kt_close(s);
    ASSERT_EQ(0, kith_receive_tag(5, &m, kt_long()));
    const kith_down *d = KITH_BODY(m, kith_down);
    ASSERT_NE(nullptr, d);
    EXPECT_EQ(s.id, d->socket.id);
    EXPECT_EQ(KITH_NORMAL, d->why.kind);
    kill(pid); /* before its type goes */
}

TEST_P(SocketLink, ACloseKillsNobodyAndIsAMessageToWhoTraps)
{
    by_process_and_thread([this] {
        const kith_socket s = kt_open();
        struct kith_process_info info = KITH_PROCESS_INFO_INIT;
        const kith_pid other = spawn([s, me = kith_self()] {
            const kith_msg *m;

            ASSERT_EQ(0, kith_socket_link(s));
            ASSERT_EQ(0, kith_send(me, 1, nullptr, 0));
            ASSERT_EQ(0, kith_receive_tag(2, &m, KITH_INFINITY));
        });
        const kith_msg *m;
        ASSERT_EQ(0, kith_receive_tag(1, &m, kt_long()));
        kith_flag_trap_exit(true);
        ASSERT_EQ(0, kith_process_info(kith_self(), &info));
        const std::size_t before = info.n_links;
        ASSERT_EQ(0, kith_socket_link(s));
        ASSERT_EQ(0, kith_socket_link(s)) << "twice is once";
        ASSERT_EQ(0, kith_process_info(kith_self(), &info));
        EXPECT_EQ(before + 1, info.n_links);
        kt_close(s);
        EXPECT_EQ(KITH_NORMAL, why_of(s, KITH_TAG_EXIT).kind);
        kt_expect_no_message();
        EXPECT_EQ(0, kith_send(other, 2, nullptr, 0)) << "it lives";
        EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
        kith_flag_trap_exit(false);
    });
}

TEST_P(SocketLink, AfterUnlinkNothingComes)
{
    by_process_and_thread([] {
        kith_flag_trap_exit(true);
        for (std::size_t i = kt_scale(500); i > 0; i--) {
            const kith_socket s = kt_open();

            ASSERT_EQ(0, kith_socket_link(s));
            ASSERT_EQ(0, kith_socket_unlink(s));
            kt_close(s);
            ASSERT_EQ(0, kith_socket_unlink(s));
        }
        EXPECT_EQ(0, kith_socket_unlink({0}));
        kith_yield();
        kt_expect_no_message();
        kith_flag_trap_exit(false);
    });
}

TEST_P(SocketLink, ToAClosedOneIsAsToTheDead)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open();

        kt_close(s);
        EXPECT_EQ(KITH_ECLOSED, kith_socket_link(s));
        EXPECT_EQ(KITH_EBADF, kith_socket_link({0}));
        kt_expect_no_message();
        kith_flag_trap_exit(true);
        EXPECT_EQ(0, kith_socket_link(s));
        EXPECT_EQ(KITH_NOPROC, why_of(s, KITH_TAG_EXIT).kind);
        kt_expect_no_message();
        kith_flag_trap_exit(false);
    });
}

/* The owner's death is the socket's, and through the link that of who is no owner. */
TEST_P(SocketLink, TheOwnersDeathGoesThroughIt)
{
    kith_socket s;
    kith_ref ref;
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    const kith_pid owner = owner_of_one(&s);
    const kith_msg *m;

    o.monitor = &ref;
    spawn(
        [s, me = kith_self()] {
            const kith_msg *got;

            ASSERT_EQ(0, kith_socket_link(s));
            ASSERT_EQ(0, kith_send(me, 1, nullptr, 0));
            kt_ignore(kith_receive(&got, KITH_INFINITY));
        },
        &o);
    ASSERT_EQ(0, kith_receive_tag(1, &m, kt_long()));
    ASSERT_EQ(0, kith_exit_signal(owner, of_user));
    const kith_reason why = kt_why(ref);
    EXPECT_EQ(KITH_USER, why.kind);
    EXPECT_EQ(6, why.code);
}

/* As an Erlang port: an abnormal death of anybody who is linked closes it, a normal one does not. */
TEST_P(SocketLink, AnAbnormalDeathClosesItWhoeverOwnsIt)
{
    by_process_and_thread([this] {
        const kith_reason kill = kith_reason_of(KITH_KILL, 0, nullptr);

        for (const kith_reason &why : {of_normal, of_user, kill}) {
            const kt_pair p = kt_pair_of();
            kith_ref ref;

            ASSERT_EQ(0, kith_socket_monitor(p.far, &ref));
            const kith_pid other = spawn([s = p.far, why] {
                ASSERT_EQ(0, kith_socket_link(s));
                kith_exit(why);
            });
            EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
            if (why.kind == KITH_NORMAL) {
                EXPECT_EQ(1, kith_socket_send(p.far, "x", 1, 0, kt_long())) << "it is open";
                EXPECT_EQ(1, kith_demonitor(ref, KITH_INFO));
                kt_close(p.far);
            } else {
                char c;
                const kith_reason got = why_of(p.far, KITH_TAG_DOWN);

                EXPECT_EQ(why.kind == KITH_KILL ? KITH_KILLED : why.kind, got.kind)
                    << "a port that is killed dies of killed";
                EXPECT_EQ(0, kith_socket_recv(p.near, &c, 1, 0, kt_long()));
                EXPECT_EQ(KITH_ECLOSED, kith_socket_close(p.far));
            }
            kt_close(p.near);
        }
        kt_expect_no_message();
    });
}

TEST_P(SocketLink, AnUnlinkedDeathLeavesItOpen)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();
        const kith_pid other = spawn([s = p.far] {
            ASSERT_EQ(0, kith_socket_link(s));
            ASSERT_EQ(0, kith_socket_unlink(s));
            kith_exit(of_user);
        });
        EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
        EXPECT_EQ(1, kith_socket_send(p.far, "x", 1, 0, kt_long()));
        kt_close(p);
    });
}

TEST_P(SocketLink, StaysWhenTheSocketIsGivenAway)
{
    kith_ref ref;
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    const kith_socket s = kt_open();

    kith_flag_trap_exit(true);
    ASSERT_EQ(0, kith_socket_link(s));
    o.monitor = &ref;
    const kith_pid heir = spawn(
        [] {
            const kith_msg *m;
            kt_ignore(kith_receive_tag(9, &m, KITH_INFINITY));
        },
        &o);
    ASSERT_EQ(0, kith_socket_give(s, heir, 8));
    ASSERT_EQ(0, kith_exit_signal(heir, of_user));
    EXPECT_EQ(KITH_USER, why_of(s, KITH_TAG_EXIT).kind) << "before its owner's DOWN";
    EXPECT_EQ(KITH_USER, kt_why(ref).kind);
    kith_flag_trap_exit(false);
}

/* Who has heard of it can have the port, however it was closed and whoever hears. */
TEST_P(SocketMonitor, WhoHasHeardCanBindThePort)
{
    for (std::size_t i = kt_scale(5000); i > 0 && !HasFailure(); i--)
        in_process([i] {
            struct given {
                kith_pid to;
                unsigned how;
            };
            const auto listen = [](void *arg) -> int {
                const given g = *static_cast<given *>(arg);
                const kith_msg *m;
                const kith_sockaddr a = kt_own_address();
                kith_socket l;
                int rc = kith_socket_open(kt_inet(), KITH_STREAM, 0, nullptr, &l);

                if (rc < 0 || (rc = kith_socket_bind(l, &a)) < 0 ||
                    (rc = kith_socket_listen(l, 1)) < 0)
                    return rc;
                struct {
                    kith_socket l;
                    kith_sockaddr a;
                } told = {l, a};
                if ((rc = kith_send(g.to, 1, &told, sizeof told)) < 0 ||
                    (rc = kith_receive(&m, KITH_INFINITY)) < 0)
                    return rc;
                return g.how == 0 ? kith_socket_close(l) : 0;
            };
            const given g = {kith_self(), static_cast<unsigned>(i % 3)};
            struct told {
                kith_socket l;
                kith_sockaddr a;
            } t;
            kith_pid pid;
            kith_ref ref;
            const kith_msg *m;
            kith_socket again;

            kith_flag_trap_exit(true);
            ASSERT_EQ(0, kith_spawn(listen, &g, sizeof g, &pid));
            ASSERT_EQ(0, kith_receive_tag(1, &m, KITH_INFINITY));
            t = *static_cast<const told *>(m->data);
            const bool by_socket = i % 4 < 2;
            if (i % 4 == 0) {
                ASSERT_EQ(0, kith_socket_monitor(t.l, &ref));
            } else if (i % 4 == 1) {
                ASSERT_EQ(0, kith_socket_link(t.l));
            } else if (i % 4 == 2) {
                ASSERT_EQ(0, kith_monitor(pid, &ref));
            } else {
                ASSERT_EQ(0, kith_link(pid));
            }
            if (g.how == 2) {
                ASSERT_EQ(0, kith_exit_signal(pid, of_kill));
            } else {
                ASSERT_EQ(0, kith_send(pid, 1, nullptr, 0));
            }
            ASSERT_EQ(0, kith_receive(&m, KITH_INFINITY));
            ASSERT_EQ(by_socket ? t.l.id : 0, kt_down(m).socket.id);
            ASSERT_EQ(by_socket ? 0 : pid.id, kt_down(m).pid.id);
            ASSERT_EQ(0, kith_socket_open(kt_inet(), KITH_STREAM, 0, nullptr, &again));
            ASSERT_EQ(0, kith_socket_bind(again, &t.a));
            ASSERT_EQ(0, kith_socket_listen(again, 1));
            ASSERT_EQ(0, kith_socket_close(again));
        });
}

/* Closes, deaths, links and monitors cross each other: each monitor tells exactly once. */
TEST_P(SocketMonitor, TellsOnceHoweverTheCloseRaces)
{
    static std::atomic<std::uint64_t> now;
    static std::atomic<std::size_t> told;
    static std::atomic<bool> over;
    std::mt19937_64 rng = kt_rng();
    const std::size_t rounds = kt_scale(2000);

    told = 0;
    over = false;
    now = 0;
    for (int w = 0; w < 4; w++)
        spawn([seed = rng(), rounds] {
            std::mt19937_64 dice(seed);
            const kith_msg *m;

            kith_flag_trap_exit(true);
            for (std::size_t r = 0; r < rounds; r++) {
                const kith_socket s = {now};
                kith_ref ref[2];

                if (!s.id) {
                    kith_yield();
                    r--;
                    continue;
                }
                for (kith_ref &x : ref)
                    ASSERT_EQ(0, kith_socket_monitor(s, &x));
                if (dice() % 2) {
                    ASSERT_EQ(0, kith_socket_link(s));
                }
                if (dice() % 3 == 0)
                    kt_ignore(kith_socket_close(s));
                if (dice() % 2) {
                    ASSERT_EQ(0, kith_socket_unlink(s));
                }
                if (dice() % 4 == 0) {
                    ASSERT_EQ(0, kith_demonitor(ref[0], KITH_FLUSH));
                    ASSERT_EQ(KITH_ETIMEOUT, kith_receive_ref(ref[0], &m, 0));
                } else {
                    ASSERT_EQ(0, kith_receive_ref(ref[0], &m, KITH_INFINITY));
                }
                ASSERT_EQ(0, kith_receive_ref(ref[1], &m, KITH_INFINITY));
                told++;
                ASSERT_EQ(KITH_ETIMEOUT, kith_receive_ref(ref[1], &m, 0));
                while (kith_receive(&m, 0) == 0)
                    ASSERT_EQ(KITH_TAG_EXIT, m->tag);
            }
        });
    const kith_pid opener = spawn([] {
        while (!over) {
            const auto open = [](void *) -> int {
                kith_socket s;
                if (kith_socket_open(kt_inet(), KITH_STREAM, 0, nullptr, &s) < 0)
                    return 1;
                now = s.id;
                kith_yield();
                return 0;    // its death closes
            };
            kith_pid pid;
            ASSERT_EQ(0, kith_spawn(open, nullptr, 0, &pid));
            kt_ignore(kith_wait(pid, nullptr, KITH_INFINITY));
        }
    });
    EXPECT_TRUE(kt_until([] { return kt_processes() <= 1; }, 60000));
    over = true;
    EXPECT_EQ(0, kith_wait(opener, nullptr, kt_long()));
    EXPECT_EQ(4 * rounds, told);
}

}    // namespace
