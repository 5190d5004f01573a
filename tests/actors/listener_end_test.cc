/* SPDX-License-Identifier: Apache-2.0
 * listener_end_test.cc -- how listeners end, and how their connections do: idle ones, drained ones,
 * those of a listener that is killed. */
#include "tests/support/listeners.h"
#include "tests/support/virtual_clock.h"

#include "core/sched.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

namespace
{

const kith_reason of_kill = {KITH_KILL, 0, ""};
const kith_reason of_shutdown = {KITH_SHUTDOWN, 0, ""};

/* How connections have ended; their deferred functions say so. */
std::atomic<int> dead;
std::atomic<int> shut_down;    // trapping ones that heard it
std::atomic<int> shut_down_code;

void
note_death(void *)
{
    dead++;
}

int
echo_noted(kith_socket s, void *)
{
    const int rc = kith_defer(note_death, nullptr);

    return rc < 0 ? rc : kt_echo(s, nullptr);
}

/* Says that it is there, and hears of nothing but its death. */
int
deaf(kith_socket s, void *)
{
    const kith_msg *m;
    const int rc = kith_defer(note_death, nullptr);

    kith_flag_trap_exit(true);
    if (rc < 0 || kith_socket_send(s, "d", 1, 0, KITH_INFINITY) != 1)
        return KITH_EFAILED;
    for (;;)
        if (kith_receive(&m, KITH_INFINITY) == 0 && m->tag == KITH_TAG_EXIT) {
            shut_down_code = KITH_BODY(m, kith_down)->why.code;
            shut_down++;
        }
}

/* The same, but ends when it is asked to: it says goodbye. */
int
polite(kith_socket s, void *)
{
    const kith_msg *m;

    kith_flag_trap_exit(true);
    if (kith_socket_send(s, "p", 1, 0, KITH_INFINITY) != 1)
        return KITH_EFAILED;
    while (kith_receive(&m, KITH_INFINITY) == 0 && m->tag != KITH_TAG_EXIT)
        ;
    return kith_socket_send(s, "bye", 3, 0, KITH_INFINITY) == 3 ? 0 : KITH_EFAILED;
}

bool
reads(kith_socket c, const std::string &what)
{
    char buf[16] = {};
    const std::ptrdiff_t n =
        kith_socket_recv(c, buf, what.size(), KITH_MSG_WAITALL, kt_long());

    return n == static_cast<std::ptrdiff_t>(what.size()) && what == buf;
}

class ListenerEnd : public kt_inets<> {
  protected:
    void SetUp() override
    {
        dead = shut_down = shut_down_code = 0;
        kt_inets::SetUp();
    }
};

/* ---- drain ---- */

KT_INETS(ListenerEnd);

TEST_P(ListenerEnd, AStopLetsConnectionsEndAndRefusesNewOnes)
{
    by_process_and_thread([this] {
        const kith_pid pid = kt_start(kt_listener_of(kt_echo));
        const kith_sockaddr at = kt_name_of(pid);
        const kith_socket c = kt_dial(at);
        std::atomic<int> ended = -1;

        EXPECT_TRUE(kt_echoes(c));
        const kith_pid stopper =
            spawn([&, pid] { ended = kith_listener_stop(pid, 600'000); });
        ASSERT_TRUE(kt_eventually([&] { return kt_look(pid).draining; }));
        const kith_socket late = kt_open();
        EXPECT_EQ(KITH_ECONNREFUSED, kith_socket_connect(late, &at, kt_long()));
        kt_close(late);
        EXPECT_TRUE(kt_echoes(c)) << "it is served as before";
        EXPECT_EQ(1u, kt_look(pid).connections);
        kt_close(c);
        EXPECT_EQ(0, kith_wait(stopper, nullptr, kt_long()));
        EXPECT_EQ(0, ended);
        EXPECT_EQ(KITH_ENOPROC, kith_listener_stop(pid, 0));
    });
}

TEST_P(ListenerEnd, WhoStandsInTheBacklogAtAStopIsClosedAndWhoWasAcceptedIsServed)
{
    in_process([] {
        kith_listener l = kt_listener_of(kt_echo);
        std::vector<kith_socket> c;

        l.max_conns = 2;
        const kith_pid pid = kt_start(l);
        for (int i = 0; i < 5; i++)
            c.push_back(kt_dial(pid));
        EXPECT_TRUE(kt_echoes(c[0]));
        EXPECT_TRUE(kt_echoes(c[1]));
        EXPECT_EQ(2, kith_listener_stop(pid, 0));
        for (const kith_socket &s : c) {
            EXPECT_TRUE(kt_has_ended(s));
            kt_close(s);
        }
    });
}

TEST_P(ListenerEnd, AfterTheDrainConnectionsAreAskedAndThenKilledAndCounted)
{
    in_process([] {
        kith_listener l = kt_listener_of(deaf);
        std::vector<kith_socket> c;

        l.shutdown = 50;
        const kith_pid pid = kt_start(l);
        for (int i = 0; i < 5; i++) {
            c.push_back(kt_dial(pid));
            EXPECT_TRUE(reads(c.back(), "d"));
        }
        kt_close(c.back()); /* does not end it: it is deaf */
        const kith_ms began = kith_deadline(0);
        EXPECT_EQ(5, kith_listener_stop(pid, 100));
        EXPECT_GE(kith_deadline(0) - began, 150) << "the drain, and the time to end";
        EXPECT_EQ(5, shut_down);
        EXPECT_EQ(5, dead) << "when the answer comes they are dead";
        c.pop_back();
        for (const kith_socket &s : c) {
            EXPECT_TRUE(kt_has_ended(s));
            kt_close(s);
        }
    });
}

TEST_P(ListenerEnd, WithBrutalKillNobodyIsAsked)
{
    in_process([] {
        kith_listener l = kt_listener_of(deaf);

        l.shutdown = KITH_BRUTAL_KILL;
        const kith_pid pid = kt_start(l);
        const kith_socket c = kt_dial(pid);
        EXPECT_TRUE(reads(c, "d"));
        EXPECT_EQ(1, kith_listener_stop(pid, 0));
        EXPECT_EQ(0, shut_down);
        EXPECT_EQ(1, dead);
        EXPECT_TRUE(kt_has_ended(c));
        kt_close(c);
    });
}

TEST_P(ListenerEnd, AConnectionThatTrapsExitsMayEndInItsOwnWay)
{
    in_process([] {
        const kith_pid pid = kt_start(kt_listener_of(polite));
        const kith_socket c = kt_dial(pid);

        EXPECT_TRUE(reads(c, "p"));
        EXPECT_EQ(1, kith_listener_stop(pid, 0));
        EXPECT_TRUE(reads(c, "bye"));
        EXPECT_TRUE(kt_has_ended(c));
        kt_close(c);
    });
}

TEST_P(ListenerEnd, AStopGoesOnWhenItsCallerHasDied)
{
    in_process([this] {
        const kith_pid pid = kt_start(kt_listener_of(kt_echo));
        const kith_socket c = kt_dial(pid);
        kith_ref ref;

        EXPECT_TRUE(kt_echoes(c));
        const kith_pid stopper =
            spawn([=] { kt_ignore(kith_listener_stop(pid, 600'000)); });
        ASSERT_TRUE(kt_eventually([&] { return kt_look(pid).draining; }));
        kill(stopper);
        ASSERT_EQ(0, kith_monitor(pid, &ref));
        EXPECT_TRUE(kt_echoes(c));
        kt_close(c);
        EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
    });
}

TEST_P(ListenerEnd, ASecondStopMakesTheTimeShorterAndBothAreAnswered)
{
    in_process([this] {
        const kith_pid pid = kt_start(kt_listener_of(kt_echo));
        const kith_socket c = kt_dial(pid);
        std::atomic<int> first = -1, longer = -1;

        EXPECT_TRUE(kt_echoes(c));
        const kith_pid a = spawn([&, pid] { first = kith_listener_stop(pid, 600'000); });
        const kith_pid b =
            spawn([&, pid] { longer = kith_listener_stop(pid, KITH_INFINITY); });
        ASSERT_TRUE(
            kt_eventually([&] { return kt_waits(a, "await") && kt_waits(b, "await"); }));
        EXPECT_TRUE(kt_echoes(c));
        EXPECT_EQ(1, kith_listener_stop(pid, 0));
        EXPECT_EQ(0, kith_wait(a, nullptr, kt_long()));
        EXPECT_EQ(0, kith_wait(b, nullptr, kt_long()));
        EXPECT_EQ(1, first);
        EXPECT_EQ(1, longer);
        EXPECT_TRUE(kt_has_ended(c));
        kt_close(c);
    });
}

TEST_P(ListenerEnd, AConnectionMayStopItsOwnListener)
{
    static std::atomic<std::uint64_t> listener;

    in_process([] {
        const kith_pid pid = kt_start(kt_listener_of(
            [](kith_socket, void *) { return kith_listener_stop({listener.load()}, 10); }));
        kith_ref ref;

        listener = pid.id;
        ASSERT_EQ(0, kith_monitor(pid, &ref));
        const kith_socket c = kt_dial(pid);
        EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
        EXPECT_TRUE(kt_has_ended(c));
        kt_close(c);
    });
}

TEST_P(ListenerEnd, ADrainOfAThousandBusyConnectionsEndsInItsTimeAndReports)
{
    const std::size_t n = kt_procs(1000);

    in_process([=, this] {
        const kith_pid pid = kt_start(kt_listener_of(echo_noted));
        const kith_sockaddr at = kt_name_of(pid);
        std::vector<kith_pid> clients;

        for (std::size_t i = 0; i < n; i++)
            clients.push_back(spawn([&, at] {
                const kith_socket c = kt_dial(at);
                const kith_msg *m;
                char byte = 'x';

                ASSERT_EQ(0, kith_receive(&m, KITH_INFINITY)) << "all are there";
                while (kith_socket_send(c, &byte, 1, 0, KITH_INFINITY) == 1 &&
                       kith_socket_recv(c, &byte, 1, 0, KITH_INFINITY) == 1)
                    ;
                kt_close(c);
            }));
        ASSERT_TRUE(kt_eventually([&] { return kt_look(pid).connections == n; }, 60'000));
        for (const kith_pid &c : clients)
            EXPECT_EQ(0, kith_send(c, 1, nullptr, 0));
        const kith_ms began = kith_deadline(0);
        EXPECT_EQ(static_cast<int>(n), kith_listener_stop(pid, 200));
        const kith_ms took = kith_deadline(0) - began;
        EXPECT_GE(took, 200);
        EXPECT_LE(took, 200 + kt_patience(2000)) << "they end when they are asked to";
        EXPECT_EQ(static_cast<int>(n), dead);
        for (const kith_pid &c : clients)
            EXPECT_EQ(0, kith_wait(c, nullptr, kt_long()));
    });
}

/* ---- other ends ---- */

TEST_P(ListenerEnd, EndsWithItsStarterAndItsConnectionsWithIt)
{
    for (const kith_reason &why : {kith_reason_of(KITH_NORMAL, 0, nullptr), of_shutdown,
                                   kith_reason_of(KITH_ERROR, KITH_EIO, nullptr), of_kill})
        in_process([=, this] {
            std::atomic<std::uint64_t> listener = 0;
            const kith_pid starter = spawn([&] {
                const kith_msg *m;

                listener = kt_start(kt_listener_of(echo_noted)).id;
                kt_ignore(kith_receive(&m, KITH_INFINITY));
            });
            kith_ref ref;

            ASSERT_TRUE(kt_eventually([&] { return listener != 0; }));
            const kith_pid pid = {listener};
            const kith_sockaddr at = kt_name_of(pid);
            const kith_socket c = kt_dial(at);
            dead = 0;
            EXPECT_TRUE(kt_echoes(c));
            ASSERT_EQ(0, kith_monitor(pid, &ref));
            if (why.kind == KITH_NORMAL)
                EXPECT_EQ(0, kith_send(starter, 1, nullptr, 0));
            else
                EXPECT_EQ(0, kith_exit_signal(starter, why));
            const kith_reason got = kt_why(ref);
            EXPECT_EQ(why.kind == KITH_KILL ? KITH_KILLED : why.kind, got.kind);
            EXPECT_EQ(why.code, got.code);
            EXPECT_EQ(1, dead) << "its connection has ended before";
            EXPECT_TRUE(kt_has_ended(c));
            kt_close(c);
            EXPECT_EQ(0, kith_wait(starter, nullptr, kt_long()));
        });
}

TEST_P(ListenerEnd, DoesNotListenToTheExitSignalsOfOthersNorTakeThemForDeaths)
{
    static std::atomic<std::uint64_t> listener;

    in_process([this] {
        kith_listener l = kt_listener_of([](kith_socket s, void *) {
            char c;

            if (kith_socket_recv(s, &c, 1, 0, kt_long()) == 1)
                kt_ignore(kith_exit_signal({listener.load()}, of_shutdown)); /* by hand */
            return kith_socket_send(s, "h", 1, 0, kt_long()) == 1 ? kt_echo(s, nullptr) : 0;
        });

        l.max_conns = 1;
        const kith_pid pid = kt_start(l);
        listener = pid.id;
        const kith_pid other = spawn([=] {
            EXPECT_EQ(0, kith_exit_signal(pid, of_shutdown));
            EXPECT_EQ(0, kith_link(pid));
        });
        EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
        const kith_socket c = kt_dial(pid);
        EXPECT_EQ(1, kith_socket_send(c, "x", 1, 0, kt_long()));
        EXPECT_TRUE(reads(c, "h"));
        EXPECT_EQ(1u, kt_look(pid).connections);
        EXPECT_TRUE(kt_look(pid).paused);
        EXPECT_FALSE(kt_look(pid).draining);
        EXPECT_TRUE(kt_echoes(c));
        kt_close(c);
        EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));
    });
}

TEST_P(ListenerEnd, AnswersOtherCallsThatItDoesNotKnowThem)
{
    in_process([] {
        const kith_pid pid = kt_start(kt_listener_of(kt_echo));
        const kith_iov none = {nullptr, 0};

        EXPECT_EQ(KITH_EOPNOTSUPP, kith_call(pid, 1, none, none, kt_long()));
        EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
        EXPECT_EQ(0, kith_send(pid, 1, nullptr, 0));
        const kith_socket c = kt_dial(pid);
        EXPECT_TRUE(kt_echoes(c));
        kt_close(c);
        EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));
    });
}

/* Acceptance: the port is bindable by whoever got the DOWN. */
TEST_P(ListenerEnd, ThePortOfAKilledListenerIsFreeForWhoHearsOfIt)
{
    const std::size_t rounds = kt_scale(5'000);

    in_process([=] {
        kith_listener l = kt_listener_of(echo_noted);

        kith_flag_trap_exit(true);
        l.reuse_addr = false;
        const std::string where = kt_text(kt_own_address(1));
        kith_pid pid = kt_start(l, where);
        for (std::size_t i = 0; i < rounds; i++) {
            kith_ref ref;

            ASSERT_EQ(0, kith_monitor(pid, &ref));
            ASSERT_EQ(0, kith_exit_signal(pid, of_kill));
            ASSERT_EQ(KITH_KILLED, kt_why(ref).kind);
            ASSERT_EQ(0, kith_listener_start(where.c_str(), &l, &pid)) << "round " << i;
        }
        EXPECT_EQ(0, kith_listener_stop(pid, 0));
        const kith_msg *m;
        while (kith_receive(&m, 0) == 0)
            ;
    });
}

TEST_P(ListenerEnd, TheConnectionsOfAKilledListenerDieOfIt)
{
    in_process([] {
        std::vector<kith_socket> c;
        kith_ref ref;

        kith_flag_trap_exit(true);
        const kith_pid pid = kt_start(kt_listener_of(echo_noted));
        for (int i = 0; i < 20; i++) {
            c.push_back(kt_dial(pid));
            EXPECT_TRUE(kt_echoes(c.back()));
        }
        ASSERT_EQ(0, kith_monitor(pid, &ref));
        ASSERT_EQ(0, kith_exit_signal(pid, of_kill));
        EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
        for (const kith_socket &s : c) {
            EXPECT_TRUE(kt_has_ended(s));
            kt_close(s);
        }
        EXPECT_TRUE(kt_eventually([] { return dead == 20; }));
    });
}

TEST_P(ListenerEnd, AStopOfTheRuntimeWaitsForConnectionsAndForNothingElse)
{
    for (const bool busy : {false, true}) {
        kith_socket c = {0};
        const kith_pid pid = kt_start(kt_listener_of(echo_noted));

        dead = 0;
        if (busy) {
            c = kt_dial(pid);
            EXPECT_TRUE(kt_echoes(c));
        }
        const kith_ms began = kith_deadline(0);
        EXPECT_EQ(0, kith_stop(busy ? 100 : kt_long(), kt_long()));
        const kith_ms took = kith_deadline(0) - began;
        if (busy)
            EXPECT_GE(took, 100);
        else
            EXPECT_LT(took, kt_long());
        EXPECT_EQ(busy ? 1 : 0, dead);
        ASSERT_EQ(0, kith_start(nullptr));
    }
}

/* ---- under a supervisor ---- */

class ListenerSupervised : public ListenerEnd {
  protected:
    /* A permanent listener, and whatever comes after it; everything given is gone at once. */
    static kith_pid start(const std::string &where, int intensity,
                          const kith_child *more = nullptr)
    {
        std::string text = where;
        std::string word = "for each its own";
        kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
        kith_listener l = KITH_LISTENER_INIT;
        kith_child children[2] = {};
        kith_supervisor s = {};
        kith_pid sup = {0};

        l.conn = [](kith_socket s, void *arg) {
            const int rc = kith_defer(note_death, nullptr);

            EXPECT_STREQ("for each its own", static_cast<const char *>(arg));
            return rc < 0 ? rc : kt_echo(s, nullptr);
        };
        l.arg = word.c_str();
        l.len = word.size() + 1;
        o.stack = 100'000;
        l.spawn = &o;
        children[0].id = "listener";
        children[0].listener = &l;
        children[0].where = text.c_str();
        children[0].opt.name = "the listener";
        if (more != nullptr)
            children[1] = *more;
        s.intensity = intensity;
        s.children = children;
        s.n = more != nullptr ? 2 : 1;
        const int rc = kith_supervisor_start(&s, &sup);
        EXPECT_EQ(0, rc) << kith_strerror(rc);
        std::fill(text.begin(), text.end(), '?');
        std::fill(word.begin(), word.end(), '?');
        o.stack = SIZE_MAX;
        l = {};
        return sup;
    }
};

KT_INETS(ListenerSupervised);

TEST_P(ListenerSupervised, IsRestartedAtItsPlaceAndEndsInOrder)
{
    const kt_place path(kt_domain::path);

    for (const kith_sockaddr &at : {kt_own_address(2), path.address()})
        in_process(
            [=] {
                const kith_pid sup = start(kt_text(at), 1000);

                kith_flag_trap_exit(true);
                for (int i = 0; i < 20; i++) {
                    const kith_pid pid = kith_whereis("the listener");
                    kith_ref ref;

                    ASSERT_NE(0u, pid.id);
                    const kith_socket c = kt_dial(pid);
                    EXPECT_TRUE(kt_echoes(c));
                    ASSERT_EQ(0, kith_monitor(pid, &ref));
                    ASSERT_EQ(0, kith_exit_signal(pid, of_kill));
                    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
                    EXPECT_TRUE(kt_has_ended(c));
                    kt_close(c);
                    ASSERT_TRUE(kt_eventually([&] {
                        const kith_pid now = kith_whereis("the listener");
                        struct kith_listener_info info = KITH_LISTENER_INFO_INIT;

                        return now.id != 0 && now.id != pid.id &&
                               kith_listener_info(now, &info) == 0;
                    }));
                }
                const kith_socket c = kt_dial(kith_whereis("the listener"));
                EXPECT_TRUE(kt_echoes(c));
                dead = 0;
                EXPECT_EQ(0, kith_exit_signal(sup, of_shutdown));
                EXPECT_EQ(0, kith_wait(sup, nullptr, kt_long()));
                EXPECT_EQ(1, dead)
                    << "with the supervisor its listener and connections have ended";
                EXPECT_TRUE(kt_has_ended(c));
                kt_close(c);
            });
}

TEST_P(ListenerSupervised, AStartThatFailsIsTheSupervisors)
{
    in_process([] {
        const kith_pid other = kt_start(kt_listener_of(kt_echo));
        const std::string where = kt_text(kt_name_of(other));
        kith_listener l = kt_listener_of(kt_echo);
        kith_child child = {};
        kith_supervisor s = {};

        child.id = "listener";
        child.listener = &l;
        child.where = where.c_str();
        s.children = &child;
        s.n = 1;
        EXPECT_EQ(0, kith_supervisor_check(&s));
        EXPECT_EQ(KITH_EADDRINUSE, kith_supervisor_start(&s, nullptr));
        EXPECT_EQ(0, kith_listener_stop(other, 0));
    });
}

/* The listener ends at once with a stop of the runtime, as it has nobody to serve. It is not
 * restarted: that would fail, and the failure would end its sibling before the drain is over. */
TEST_P(ListenerSupervised, AStopOfTheRuntimeDoesNotCostItsSiblingsTheDrain)
{
    static std::atomic<kith_ms> ended;
    kith_child sibling = {};

    sibling.id = "sibling";
    sibling.fn = [](void *) {
        const int rc = kith_defer([](void *) { ended = kith_deadline(0); }, nullptr);
        const kith_msg *m;

        return rc < 0 ? rc : kith_receive(&m, KITH_INFINITY);
    };
    (void) start(kt_text(kt_loopback()), 0, &sibling);
    const kith_ms began = kith_deadline(0);
    EXPECT_EQ(0, kith_stop(200, kt_long()));
    EXPECT_GE(ended - began, 200);
    ASSERT_EQ(0, kith_start(nullptr));
}

/* ---- idle ---- */

/* Time passes in steps; each is over when a timer of this thread has fired, and then the listener
 * has been waked too, if it had set a time. */
class ListenerIdle : public ListenerEnd {
  protected:
    void pass(kith_ms ms)
    {
        for (; ms > 0; ms -= 5) {
            const kith_msg *m;
            kith_ref timer;

            ASSERT_EQ(0, kith_send_after(5, kith_self(), 1, {nullptr, 0}, &timer));
            clock_.advance_ms(5);
            ki_store_seq(&ki_sched.steal_lifo, true);
            ki_sched.poller->wake();
            ASSERT_EQ(0, kith_receive_ref(timer, &m, KITH_INFINITY));
        }
    }

    /* It is about time for something; a busy machine lets the listener look late. */
    template <typename Predicate> void pass_until(Predicate has_come)
    {
        for (int i = 0; !has_come() && i < 100; i++)
            ASSERT_NO_FATAL_FAILURE(pass(5));
        ASSERT_TRUE(kt_until(has_come));
    }

  private:
    kt_virtual_clock clock_;
};

KT_INETS(ListenerIdle);

TEST_P(ListenerIdle, EndsASilentConnectionAfterItsTimeAndNotBefore)
{
    kith_listener l = kt_listener_of(echo_noted);

    l.idle_timeout = 400;
    const kith_pid pid = kt_start(l);
    const kith_socket silent = kt_dial(pid), talks = kt_dial(pid);
    ASSERT_TRUE(kt_echoes(silent));
    ASSERT_TRUE(kt_echoes(talks));
    for (int i = 0; i < 3; i++) {
        ASSERT_NO_FATAL_FAILURE(pass(130));
        kt_turn(pid);
        EXPECT_EQ(0, dead) << i;
        ASSERT_TRUE(kt_echoes(talks));
    }
    /* 530 = 400, a quarter more, and each of five looks may be a step late. */
    ASSERT_NO_FATAL_FAILURE(pass(140));
    ASSERT_NO_FATAL_FAILURE(pass_until([] { return dead == 1; })); /* nobody has to ask */
    EXPECT_TRUE(kt_has_ended(silent));
    EXPECT_EQ(1u, kt_look(pid).idle);
    EXPECT_TRUE(kt_until([=] { return kt_look(pid).connections == 1; }))
        << "it hears of the death";
    EXPECT_EQ(0u, kt_look(pid).failed);
    for (int i = 0; i < 20; i++) {
        ASSERT_NO_FATAL_FAILURE(pass(100));
        ASSERT_TRUE(kt_echoes(talks)) << "who talks stays: " << i;
    }
    kt_close(silent);
    kt_close(talks);
    EXPECT_EQ(0, kith_listener_stop(pid, KITH_INFINITY));
}

/* Bytes one way are enough. */
int
send_now_and_then(kith_socket s, void *)
{
    const kith_msg *m;
    int rc = kith_defer(note_death, nullptr);

    if (rc == 0)
        rc = kith_register("sends", kith_self());
    while (rc >= 0 && (rc = kith_receive(&m, KITH_INFINITY)) == 0)
        rc = static_cast<int>(kith_socket_send(s, "s", 1, 0, KITH_INFINITY));
    return rc;
}

TEST_P(ListenerIdle, SendingAloneIsNotIdle)
{
    kith_listener l = kt_listener_of(send_now_and_then);

    l.idle_timeout = 400;
    const kith_pid pid = kt_start(l);
    const kith_socket c = kt_dial(pid);
    ASSERT_TRUE(kt_until([] { return kith_whereis("sends").id != 0; }));
    for (int i = 0; i < 10; i++) {
        ASSERT_NO_FATAL_FAILURE(pass(200));
        EXPECT_EQ(0, kith_send_name("sends", 1, nullptr, 0));
        ASSERT_TRUE(reads(c, "s"));
        /* Its send has returned, and was counted: the byte is here before that. */
        ASSERT_TRUE(kt_until([] { return kt_waits(kith_whereis("sends"), "receive"); }));
    }
    EXPECT_EQ(0, dead);
    ASSERT_NO_FATAL_FAILURE(pass(530));
    ASSERT_NO_FATAL_FAILURE(pass_until([] { return dead == 1; }));
    kt_close(c);
    EXPECT_EQ(0, kith_listener_stop(pid, 0));
}

TEST_P(ListenerIdle, OneThatTrapsExitsHearsWhyAndIsKilledWhenItDoesNotEnd)
{
    kith_listener l = kt_listener_of(deaf);

    l.idle_timeout = 400;
    l.shutdown = 1000;
    const kith_pid pid = kt_start(l);
    const kith_socket c = kt_dial(pid);
    ASSERT_TRUE(reads(c, "d"));
    ASSERT_NO_FATAL_FAILURE(pass(390));
    ASSERT_NO_FATAL_FAILURE(pass_until([] { return shut_down == 1; }));
    EXPECT_EQ(KITH_ETIMEOUT, shut_down_code);
    /* Some of the 1,000 have passed when we hear of it. */
    ASSERT_NO_FATAL_FAILURE(pass(800));
    kt_turn(pid);
    EXPECT_EQ(0, dead);
    ASSERT_NO_FATAL_FAILURE(pass_until([] { return dead == 1; }));
    EXPECT_EQ(1, shut_down) << "asked once";
    EXPECT_EQ(1u, kt_look(pid).idle);
    kt_close(c);
    EXPECT_EQ(0, kith_listener_stop(pid, 0));
}

std::atomic<int> terminated_code;

TEST_P(ListenerIdle, AServersTerminateHearsWhy)
{
    static const kith_server idles = {sizeof(int),
                                      false,
                                      nullptr,
                                      nullptr,
                                      nullptr,
                                      nullptr,
                                      [](void *, kith_reason why) {
                                          terminated_code = why.code;
                                      }};
    kith_listener l = kt_listener_of(idles);

    terminated_code = 0;
    l.idle_timeout = 400;
    const kith_pid pid = kt_start(l);
    const kith_socket c = kt_dial(pid);
    ASSERT_TRUE(kt_until([=] { return kt_look(pid).connections == 1; }));
    ASSERT_NO_FATAL_FAILURE(pass(530));
    ASSERT_TRUE(kt_until([] { return terminated_code != 0; }));
    EXPECT_EQ(KITH_ETIMEOUT, terminated_code);
    EXPECT_TRUE(kt_has_ended(c));
    kt_close(c);
    EXPECT_EQ(0, kith_listener_stop(pid, 0));
}

int
work_on_without_its_socket(kith_socket s, void *)
{
    const kith_msg *m;
    int rc = kith_socket_close(s);

    if (rc == 0)
        rc = kith_defer(note_death, nullptr);
    if (rc == 0)
        rc = kith_register("works", kith_self());
    return rc < 0 ? rc : kith_receive(&m, KITH_INFINITY);
}

TEST_P(ListenerIdle, AProcessThatHasClosedItsSocketIsNotIdle)
{
    kith_listener l = kt_listener_of(work_on_without_its_socket);

    l.idle_timeout = 400;
    const kith_pid pid = kt_start(l);
    const kith_socket c = kt_dial(pid);
    ASSERT_TRUE(kt_until([] { return kith_whereis("works").id != 0; }));
    ASSERT_NO_FATAL_FAILURE(pass(2000));
    kt_turn(pid);
    EXPECT_EQ(0, dead);
    EXPECT_EQ(0, kith_send_name("works", 1, nullptr, 0));
    EXPECT_TRUE(kt_until([] { return dead == 1; }));
    kt_close(c);
    EXPECT_EQ(0, kith_listener_stop(pid, KITH_INFINITY));
}

TEST_P(ListenerIdle, TellsHowLongItRunsAndIsPaused)
{
    kith_listener l = kt_listener_of(kt_echo);

    l.max_conns = 1;
    const kith_pid pid = kt_start(l);
    ASSERT_NO_FATAL_FAILURE(pass(50));
    const kith_socket c = kt_dial(pid);
    ASSERT_TRUE(kt_echoes(c));
    ASSERT_NO_FATAL_FAILURE(pass(30));
    EXPECT_EQ(80, kt_look(pid).up);
    EXPECT_EQ(30, kt_look(pid).paused_for);
    EXPECT_TRUE(kt_look(pid).paused);
    kt_close(c);
    EXPECT_EQ(0, kith_listener_stop(pid, KITH_INFINITY));
}

}    // namespace
