/* SPDX-License-Identifier: Apache-2.0
 * socket_owner_test.cc -- whose a socket is: birth, giving away, death. */
#include "tests/support/sockets.h"

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace
{

class SocketOwner : public kt_inets<> {
  protected:
    /* A server there is killed, and the next one takes its place, fifty times. */
    void kill_and_replace(const kith_sockaddr &at)
    {
        for (int i = 0; i < 50; i++) {
            std::atomic<bool> there = false;
            kith_ref ref;
            const kith_pid server = spawn([&] {
                const kith_socket l = kt_open(at.domain);
                kith_socket c;

                EXPECT_EQ(0, kith_socket_bind(l, &at)) << i;
                EXPECT_EQ(0, kith_socket_listen(l, 5));
                there = true;
                kt_ignore(kith_socket_accept(l, KITH_INFINITY, &c));
            });

            ASSERT_TRUE(kt_eventually([&] { return there.load(); }));
            ASSERT_EQ(0, kith_monitor(server, &ref));
            kt_ignore(kith_exit_signal(server, kith_reason_of(KITH_KILL, 0, nullptr)));
            EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
        }
    }
};
using SocketGive = kt_inets<>;

KT_INETS(SocketOwner);
KT_INETS(SocketGive);

constexpr std::uint64_t given = 77;

/* For kith_conn functions, which take no lambda with captures. */
std::atomic<std::uint64_t> seen_socket, seen_owner;
std::atomic<int> seen_arg;

int
note_conn(kith_socket s, void *arg)
{
    seen_socket = s.id;
    seen_owner = kt_owner(s).id;
    seen_arg = arg != nullptr ? *static_cast<int *>(arg) : 0;
    return kith_self().id == kt_owner(s).id ? 0 : KITH_EPERM;
}

int
echo_conn(kith_socket s, void *)
{
    char buf[64];
    std::ptrdiff_t n;

    while ((n = kith_socket_recv(s, buf, sizeof buf, 0, KITH_INFINITY)) > 0)
        if ((n = kith_socket_send(s, buf, static_cast<std::size_t>(n), 0, KITH_INFINITY)) <
            0)
            break;
    return static_cast<int>(n);
}

int
return_at_once(kith_socket, void *)
{
    return 0;
}

/* Something to wait for: the peer's end, or a reset. */
void
expect_closed_peer(kith_socket s)
{
    char c;
    const std::ptrdiff_t n = kith_socket_recv(s, &c, 1, 0, kt_long());

    EXPECT_TRUE(n == 0 || n == KITH_ECONNRESET) << n;
}

void
wait_for_message()
{
    const kith_msg *m;

    kt_ignore(kith_receive(&m, KITH_INFINITY));
}

/* ---- birth ---- */

TEST_P(SocketOwner, IsWhoOpensOrAccepts)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();

        EXPECT_EQ(kith_self(), kt_owner(p.near));
        EXPECT_EQ(kith_self(), kt_owner(p.far));
        const kith_pid other =
            spawn([p] { EXPECT_FALSE(kt_owner(p.near) == kith_self()); });
        EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
        kt_close(p);
    });
}

TEST_P(SocketOwner, AChildOwnsItsSocketBeforeItRuns)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        const int arg = 5;
        kith_pid child;

        seen_arg = 0;
        ASSERT_EQ(0, kith_socket_spawn(p.far, note_conn, &arg, sizeof arg, &child));
        EXPECT_EQ(0, kith_wait(child, nullptr, kt_long()));

        EXPECT_EQ(p.far.id, seen_socket);
        EXPECT_EQ(child.id, seen_owner);
        EXPECT_EQ(5, seen_arg);
        expect_closed_peer(p.near);
        EXPECT_EQ(KITH_ECLOSED, kith_socket_close(p.far)) << "it died with its owner";
        kt_close(p.near);
    });
}

TEST_P(SocketOwner, SpawnOptGivesTheSameWay)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();
        kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
        kith_pid child;

        o.give = p.far;
        child = spawn(
            [p] {
                EXPECT_EQ(kith_self(), kt_owner(p.far));
                EXPECT_EQ(1, kith_socket_send(p.far, "x", 1, 0, kt_long()));
            },
            &o);
        EXPECT_EQ(0, kith_wait(child, nullptr, kt_long()));
        kt_close(p.near);
    });
}

TEST_P(SocketOwner, OnlyTheOwnerGivesAtBirth)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();
        const kith_pid other = spawn([p] {
            kith_pid child = {0};

            EXPECT_EQ(KITH_EPERM,
                      kith_socket_spawn(p.far, return_at_once, nullptr, 0, &child));
            EXPECT_EQ(0u, child.id);
        });

        EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
        EXPECT_EQ(kith_self(), kt_owner(p.far));
        kt_close(p);
    });
}

TEST_P(SocketOwner, AChildThatCannotBeLeavesTheSocketWhereItWas)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();
        kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
        const kith_pid holder = spawn(wait_for_message);
        kith_pid child;

        ASSERT_EQ(0, kith_register("taken", holder));
        o.give = p.far;
        o.name = "taken";
        EXPECT_EQ(KITH_EEXIST, kith_spawn_opt(
                                   &o, [](void *) { return 0; }, nullptr, 0, &child));
        EXPECT_EQ(KITH_EINVAL, kith_socket_spawn(p.far, nullptr, nullptr, 0, &child));
        EXPECT_EQ(KITH_EINVAL,
                  kith_socket_spawn(p.far, return_at_once, nullptr, 1, &child));

        EXPECT_EQ(kith_self(), kt_owner(p.far));
        EXPECT_EQ(1, kith_socket_send(p.far, "x", 1, 0, kt_long()));
        kill(holder);
        kt_close(p);
    });
}

TEST_P(SocketOwner, AProcessForEachConnection)
{
    constexpr int n = 100;

    by_process_and_thread([] {
        const kt_place place;
        const kith_socket l = kt_listen(place);
        kith_socket c[n];
        kith_pid pid[n];

        for (int i = 0; i < n; i++) {
            const kt_pair p = kt_connect(l);

            c[i] = p.near;
            ASSERT_EQ(0, kith_socket_spawn(p.far, echo_conn, nullptr, 0, &pid[i]));
        }
        for (int i = 0; i < n; i++) {
            char text[32], back[32] = {};
            const int len = std::snprintf(text, sizeof text, "connection %d", i);

            ASSERT_EQ(len, kith_socket_send(c[i], text, len, 0, kt_long()));
            ASSERT_EQ(len, kith_socket_recv(c[i], back, len, KITH_MSG_WAITALL, kt_long()));
            EXPECT_STREQ(text, back);
            kt_close(c[i]);
        }
        for (const kith_pid &one : pid) {
            kith_reason why;

            EXPECT_EQ(0, kith_wait(one, &why, kt_long()));
            EXPECT_TRUE(why.kind == KITH_NORMAL || why.kind == KITH_NOPROC) << why;
        }
        kt_close(l);
    });
}

/* ---- giving away ---- */

TEST_P(SocketGive, OwnerAndMessageMoveTogether)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();
        const kith_pid me = kith_self();
        const kith_pid other = spawn([=] {
            const kith_msg *m = kt_receive();

            ASSERT_NE(nullptr, m);
            EXPECT_EQ(given, m->tag);
            EXPECT_EQ(me, m->from);
            const kith_socket *s = KITH_BODY(m, kith_socket);
            ASSERT_NE(nullptr, s);
            EXPECT_EQ(p.far, *s);
            EXPECT_EQ(kith_self(), kt_owner(*s));
            EXPECT_EQ(2, kith_socket_send(*s, "hi", 2, 0, kt_long()));
        });
        char buf[4];

        ASSERT_EQ(0, kith_socket_give(p.far, other, given));
        EXPECT_FALSE(kt_owner(p.far) == me);
        EXPECT_EQ(2, kith_socket_recv(p.near, buf, 2, KITH_MSG_WAITALL, kt_long()));
        EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
        expect_closed_peer(p.near);
        kt_close(p.near);
    });
}

TEST_P(SocketGive, ByTheOptionItMovesWithoutAMessage)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();
        const kith_pid other = spawn(wait_for_message);

        ASSERT_EQ(0, kith_socket_setopt(p.far, KITH_OPT_OTP_CONTROLLING_PROCESS, &other,
                                        sizeof other));
        EXPECT_EQ(other, kt_owner(p.far));
        EXPECT_EQ(KITH_EPERM, kith_socket_setopt(p.far, KITH_OPT_OTP_CONTROLLING_PROCESS,
                                                 &other, sizeof other));
        EXPECT_EQ(KITH_EINVAL,
                  kith_socket_setopt(p.far, KITH_OPT_OTP_CONTROLLING_PROCESS, &other, 4));
        EXPECT_FALSE(kt_waits(other, "nothing")) << "it still waits for its message";
        kill(other);
        expect_closed_peer(p.near);
        kt_close(p.near);
    });
}

TEST_P(SocketGive, OnlyTheOwnerGives)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();
        const kith_pid other = spawn([p] {
            const kith_msg *m;

            EXPECT_EQ(KITH_EPERM, kith_socket_give(p.far, kith_self(), given));
            EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0)) << "and nothing was sent";
        });

        EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
        EXPECT_EQ(kith_self(), kt_owner(p.far));
        kt_close(p);
    });
}

TEST_P(SocketGive, TheSystemsTagsAreRefused)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();

        EXPECT_EQ(KITH_EINVAL, kith_socket_give(p.far, kith_self(), KITH_TAG_SELECT));
        EXPECT_EQ(kith_self(), kt_owner(p.far));
        kt_close(p);
    });
}

TEST_P(SocketGive, ToTheDeadChangesNothing)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();
        const kith_pid dead = spawn([] {});
        char c;

        ASSERT_EQ(0, kith_wait(dead, nullptr, kt_long()));

        EXPECT_EQ(KITH_ENOPROC, kith_socket_give(p.far, dead, given));
        EXPECT_EQ(KITH_ENOPROC, kith_socket_give(p.far, kith_pid{0}, given));
        EXPECT_EQ(KITH_ENOPROC, kith_socket_setopt(p.far, KITH_OPT_OTP_CONTROLLING_PROCESS,
                                                   &dead, sizeof dead));
        EXPECT_EQ(kith_self(), kt_owner(p.far));
        EXPECT_EQ(1, kith_socket_send(p.far, "x", 1, 0, kt_long()));
        EXPECT_EQ(1, kith_socket_recv(p.near, &c, 1, 0, kt_long()));
        kt_close(p);
    });
}

TEST_P(SocketGive, ToOneselfIsAMessage)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();

        ASSERT_EQ(0, kith_socket_give(p.far, kith_self(), given));
        const kith_msg *m = kt_receive();
        ASSERT_NE(nullptr, m);
        EXPECT_EQ(given, m->tag);
        EXPECT_EQ(kith_self(), kt_owner(p.far));
        kt_close(p);
    });
}

TEST_P(SocketGive, ANewOwnerMayCloseBeforeItHasReceivedTheMessage)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();
        const kith_pid me = kith_self();
        const kith_pid other = spawn([=] {
            const kith_msg *m = nullptr;

            EXPECT_EQ(0, kith_receive_tag(1, &m, kt_long()));
            kt_close(p.far);
            EXPECT_EQ(0, kith_receive_tag(given, &m, kt_long()));
            EXPECT_EQ(0, kt_send(me, 2, 0));
        });

        ASSERT_EQ(0, kith_socket_give(p.far, other, given));
        ASSERT_EQ(0, kt_send(other, 1, 0));
        const kith_msg *m = nullptr;
        EXPECT_EQ(0, kith_receive_tag(2, &m, kt_long()));
        EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
        kt_close(p.near);
    });
}

TEST_P(SocketGive, OneGivenToAProcessThatDiesWithoutLookingIsClosed)
{
    by_process_and_thread([this] {
        for (int i = 0; i < 20; i++) {
            const kt_pair p = kt_pair_of();
            const kith_pid other = spawn([] {
                const kith_msg *m = nullptr;

                EXPECT_EQ(0, kith_receive_tag(1, &m, kt_long()));
            });

            ASSERT_EQ(0, kith_socket_give(p.far, other, given));
            ASSERT_EQ(0, kt_send(other, 1, 0));
            expect_closed_peer(p.near);
            EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
            kt_close(p.near);
        }
    });
}

TEST_P(SocketGive, OperationsThatWaitStayTheirCallers)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();
        std::atomic<std::ptrdiff_t> n = 0;
        char c = 0;
        kith_future f;
        const kith_pid reader = spawn([p, &n] {
            char b;

            n = kith_socket_recv(p.far, &b, 1, 0, kt_long());
        });
        const kith_pid other = spawn([] {
            const kith_msg *m = nullptr;

            EXPECT_EQ(0, kith_receive_tag(1, &m, kt_long()));
        });

        ASSERT_TRUE(kt_eventually([=] { return kt_waits(reader, "socket_recv"); }));
        ASSERT_EQ(0, kith_socket_recv_start(p.far, &c, 1, 0, KITH_INFINITY, &f));
        ASSERT_EQ(0, kith_socket_give(p.far, other, given));

        ASSERT_EQ(2, kith_socket_send(p.near, "ab", 2, 0, kt_long()));
        EXPECT_EQ(0, kith_wait(reader, nullptr, kt_long()));
        EXPECT_EQ(1, n);
        EXPECT_EQ(1, kith_await(f, kt_long()));
        EXPECT_EQ('b', c);
        ASSERT_EQ(0, kt_send(other, 1, 0));
        EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
        kt_close(p.near);
    });
}

TEST_P(SocketGive, ThereAndBackThousandsOfTimesLosesNothing)
{
    const std::uint64_t rounds = kt_scale(10000);

    by_process_and_thread([=, this] {
        const kt_pair p = kt_pair_of();
        const kith_pid me = kith_self();
        const kith_pid other = spawn([=] {
            for (std::uint64_t i = 0; i < rounds; i++) {
                const kith_msg *m = kt_receive();

                ASSERT_NE(nullptr, m);
                ASSERT_EQ(0, kith_socket_give(*KITH_BODY(m, kith_socket), me, given));
            }
        });

        for (std::uint64_t i = 0; i < rounds; i++) {
            ASSERT_EQ(0, kith_socket_give(p.far, other, given));
            ASSERT_NE(nullptr, kt_receive());
        }
        EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
        EXPECT_EQ(me, kt_owner(p.far));
        kt_close(p);
    });
}

TEST_F(SocketGive, RacingTheReceiversDeathItIsEitherGivenAndClosedOrStillOurs)
{
    const std::size_t rounds = kt_scale(5000);

    by_process_and_thread([=] {
        std::size_t ours = 0;

        for (std::size_t i = 0; i < rounds; i++) {
            const kt_pair p = kt_pair_import();
            const std::size_t yields = i % 3;
            kith_pid other;

            ASSERT_EQ(0, kith_spawn(
                             [](void *arg) {
                                 for (std::size_t n = *static_cast<std::size_t *>(arg); n;
                                      n--)
                                     kith_yield();
                                 return 0;
                             },
                             &yields, sizeof yields, &other));
            if (i % 2)
                kith_yield();
            const int rc = kith_socket_give(p.far, other, given);
            if (rc == 0) {
                expect_closed_peer(p.near);
            } else {
                ASSERT_EQ(KITH_ENOPROC, rc);
                ASSERT_EQ(kith_self(), kt_owner(p.far));
                kt_close(p.far);
                ours++;
            }
            kt_close(p.near);
        }
        RecordProperty("still_ours", static_cast<int>(ours));
    });
}

/* ---- death ---- */

TEST_P(SocketOwner, WhenItsDeathIsHeardThePortIsFree)
{
    by_process_and_thread([this] { kill_and_replace(kt_own_address(5)); });
}

TEST_F(SocketOwner, WhenItsDeathIsHeardTheNameIsFree)
{
    const kt_place place(kt_domain::abstract);

    by_process_and_thread([&] { kill_and_replace(place.address()); });
}

TEST_P(SocketOwner, KilledWhileReadingItClosesAndTellsWhy)
{
    by_process_and_thread([] {
        for (int i = 0; i < 20; i++) {
            const kt_pair p = kt_pair_of();
            kith_pid reader;
            kith_ref ref;

            ASSERT_EQ(0, kith_socket_spawn(p.far, echo_conn, nullptr, 0, &reader));
            ASSERT_EQ(0, kith_monitor(reader, &ref));
            ASSERT_TRUE(kt_eventually([=] { return kt_waits(reader, "socket_recv"); }));
            kt_ignore(kith_exit_signal(reader, kith_reason_of(KITH_KILL, 0, nullptr)));

            EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
            EXPECT_EQ(KITH_ECLOSED, kith_socket_close(p.far));
            expect_closed_peer(p.near);
            kt_close(p.near);
        }
    });
}

TEST_P(SocketOwner, ItsDeathAnswersAllOthersThatWait)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();
        std::atomic<int> closed = 0;
        kith_pid owner, waits[10];
        const auto wait = [](kith_socket, void *) {
            wait_for_message();
            return 0;
        };

        ASSERT_EQ(0, kith_socket_spawn(p.far, wait, nullptr, 0, &owner));
        for (kith_pid &pid : waits)
            pid = spawn([p, &closed] {
                char c;

                if (kith_socket_recv(p.far, &c, 1, 0, KITH_INFINITY) == KITH_ECLOSED)
                    closed++;
            });
        for (const kith_pid &pid : waits)
            ASSERT_TRUE(kt_eventually([=] { return kt_waits(pid, "socket_recv"); }));
        kill(owner);

        for (const kith_pid &pid : waits)
            EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
        EXPECT_EQ(10, closed);
        kt_close(p.near);
    });
}

TEST_P(SocketOwner, OthersThatDieLeaveItAlone)
{
    by_process_and_thread([this] {
        const kt_pair p = kt_pair_of();
        char c = 0;
        const kith_pid reader = spawn([p] {
            char b;

            kt_ignore(kith_socket_recv(p.far, &b, 1, 0, KITH_INFINITY));
        });

        ASSERT_TRUE(kt_eventually([=] { return kt_waits(reader, "socket_recv"); }));
        kill(reader);

        ASSERT_EQ(1, kith_socket_send(p.near, "x", 1, 0, kt_long()));
        EXPECT_EQ(1, kith_socket_recv(p.far, &c, 1, 0, kt_long()))
            << "the dead one's operation is gone from the queue";
        EXPECT_EQ('x', c);
        kt_close(p);
    });
}

TEST_P(SocketOwner, AThreadsEndClosesItsSockets)
{
    kt_pair p = {};
    kith_pid thread = {0};

    kt_in_thread([&] {
        p = kt_pair_of();
        thread = kith_self();
        ASSERT_EQ(0, kith_socket_give(p.near, spawn([] {
                                          const kith_msg *m = kt_receive();

                                          ASSERT_NE(nullptr, m);
                                          expect_closed_peer(*KITH_BODY(m, kith_socket));
                                      }),
                                      given));
    });

    EXPECT_EQ(0, kith_wait(thread, nullptr, kt_long()));
    EXPECT_EQ(KITH_ECLOSED, kith_socket_close(p.far));
}

TEST_P(SocketOwner, ManySocketsCloseWithOneOwner)
{
    const std::size_t n = kt_procs(500), before = kt_descriptors().size();
    std::atomic<std::size_t> live = 0;
    const kith_pid owner = spawn([n, &live] {
        for (std::size_t i = 0; i < n; i++, live++)
            (void) kt_open();
        wait_for_message();
    });

    ASSERT_TRUE(kt_eventually([&] { return live == n; }));
    kill(owner);

    EXPECT_LE(kt_descriptors().size(), before);
}

/* ---- what a dying process frees is used by nobody any more ---- */

void
free_lent(void *arg)
{
    char *buf = static_cast<char *>(arg);

    std::memset(buf, 0xdd, 4096);
    std::free(buf);
}

int
read_into_lent(void *arg)
{
    const kith_socket s = *static_cast<kith_socket *>(arg);
    char *buf = static_cast<char *>(std::malloc(4096));
    kith_future f;
    int rc = kith_defer(free_lent, buf);

    if (rc == 0)
        rc = kith_socket_recv_start(s, buf, 4096, KITH_MSG_WAITALL, KITH_INFINITY, &f);
    if (rc == 0)
        rc = static_cast<int>(
            kith_socket_recv(s, buf, 4096, KITH_MSG_WAITALL, KITH_INFINITY));
    return rc < 0 ? rc : 0;
}

/* What the deferred functions of a killed process answered. */
struct last_calls {
    kith_socket full, empty, other;
    std::atomic<std::ptrdiff_t> got{1}, waited{1}, sent{1}, cancelled{1}, closed{1},
        again{1};
};

int
die_with_calls(void *arg)
{
    last_calls *last = *static_cast<last_calls **>(arg);
    const kith_msg *m;

    if (kith_defer(
            [](void *p) {
                last_calls *l = static_cast<last_calls *>(p);
                char buf[8];

                l->got = kith_socket_recv(l->full, buf, sizeof buf, 0, 100);
                l->waited = kith_socket_recv(l->empty, buf, sizeof buf, 0, 100);
                l->sent = kith_socket_send(l->empty, "last", 4, 0, 100);
                l->cancelled = kith_socket_cancel(l->empty, KITH_OP_RECV);
                l->closed = kith_socket_close(l->other);
                l->again = kith_socket_close(l->other);
            },
            last) < 0)
        return KITH_ENOMEM;
    return kith_receive(&m, KITH_INFINITY);
}

TEST_F(SocketOwner, TheDeferredFunctionsOfTheKilledCloseAndCallWhatNeedsNoWait)
{
    const kt_pair a = kt_pair_import(), b = kt_pair_import(), c = kt_pair_import();
    last_calls last{.full = a.far, .empty = b.far, .other = c.far}, *arg = &last;
    char buf[8] = {};
    kith_pid pid;
    kith_ref ref;

    ASSERT_EQ(3, kith_socket_send(a.near, "abc", 3, 0, kt_long()));
    ASSERT_EQ(0, kith_spawn_monitor(die_with_calls, &arg, sizeof arg, &pid, &ref));
    ASSERT_TRUE(kt_until([&] { return kt_waits(pid, "receive"); }));
    kt_ignore(kith_exit_signal(pid, kith_reason_of(KITH_KILL, 0, nullptr)));

    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    EXPECT_EQ(3, last.got);
    EXPECT_EQ(KITH_EKILLED, last.waited);
    EXPECT_EQ(4, last.sent);
    EXPECT_EQ(0, last.cancelled);
    EXPECT_EQ(0, last.closed);
    EXPECT_EQ(KITH_ECLOSED, last.again);
    EXPECT_EQ(KITH_ECLOSED, kith_socket_close(c.far));
    EXPECT_EQ(0, kith_socket_recv(c.near, buf, sizeof buf, 0, kt_long()));
    EXPECT_EQ(4, kith_socket_recv(b.near, buf, sizeof buf, 0, kt_long()));
    kt_close(a);
    kt_close(b);
    kt_close(c.near);
}

TEST_F(SocketOwner, DeferredFreeOfABufferInUseIsSafe)
{
    const std::size_t rounds = kt_scale(2000);
    static const char bytes[1000] = {};
    std::mt19937_64 rng = kt_rng();

    in_process([&] {
        for (std::size_t i = 0; i < rounds; i++) {
            const kt_pair p = kt_pair_import();
            kith_pid reader;
            kith_ref ref;

            ASSERT_EQ(0, kith_spawn_monitor(read_into_lent, &p.far, sizeof p.far, &reader,
                                            &ref));
            for (std::uint64_t n = rng() % 4; n > 0; n--)
                kith_yield();
            for (std::uint64_t n = rng() % 4; n > 0; n--)
                ASSERT_EQ(1000, kith_socket_send(p.near, bytes, 1000, 0, kt_long()));
            kt_ignore(kith_exit_signal(reader, kith_reason_of(KITH_KILL, 0, nullptr)));
            ASSERT_EQ(1000, kith_socket_send(p.near, bytes, 1000, 0, kt_long()));
            ASSERT_EQ(KITH_KILLED, kt_why(ref).kind);
            kt_close(p);
        }
    });
}

TEST_F(SocketGive, OneThatIsClosedBeforeItsMessageIsReceivedLeavesTheOthers)
{
    in_process([] {
        const kt_pair p = kt_pair_import(), q = kt_pair_import();
        const kith_msg *m;

        for (const kith_socket &s : {p.near, q.near, p.far}) {
            ASSERT_EQ(0, kith_socket_give(s, kith_self(), 1));
            ASSERT_EQ(0, kith_socket_close(s));
            ASSERT_EQ(0, kith_receive_tag(1, &m, kt_long()));
        }
        EXPECT_EQ(kith_self(), kt_owner(q.far)) << "it closes with us";
    });
}

TEST_P(SocketOwner, KilledWhileItOpensNothingIsLost)    // main.cc counts the descriptors
{
    const std::size_t rounds = kt_scale(150);
    std::mt19937_64 rng = kt_rng();

    in_process([&] {
        for (std::size_t i = 0; i < rounds; i++) {
            kith_pid pid;
            kith_ref ref;

            ASSERT_EQ(0, kith_spawn_monitor(
                             [](void *) -> int {
                                 for (;;) {
                                     kith_socket s;

                                     if (kith_socket_open(kt_inet(), KITH_STREAM, 0,
                                                          nullptr, &s) == 0)
                                         kith_socket_close(s);
                                 }
                             },
                             nullptr, 0, &pid, &ref));
            for (std::uint64_t n = rng() % 8; n > 0; n--)
                kith_yield();
            kt_ignore(kith_exit_signal(pid, kith_reason_of(KITH_KILL, 0, nullptr)));
            ASSERT_EQ(KITH_KILLED, kt_why(ref).kind);
        }
    });
}

}    // namespace
