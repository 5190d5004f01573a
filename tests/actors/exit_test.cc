/* SPDX-License-Identifier: Apache-2.0
 * exit_test.cc -- death: of what, in which order, and what is left. */
#include "tests/support/idle.h"
#include "tests/support/sockets.h"

#include "core/seam.h"

#include <atomic>
#include <vector>

namespace
{

using Exit = kt_runtime;

const kith_reason of_normal = {KITH_NORMAL, 0, ""};
const kith_reason of_shutdown = {KITH_SHUTDOWN, 0, ""};
const kith_reason of_kill = {KITH_KILL, 0, ""};

/* A process that waits, and the monitor that sees it die. */
kith_pid
waiting(kith_ref *ref, bool trap = false)
{
    kith_pid pid = {0};
    const kith_pid me = kith_self();
    const auto body = [](void *arg) {
        const kith_msg *m;
        struct given {
            kith_pid to;
            bool trap;
        } g = *static_cast<given *>(arg);

        kith_flag_trap_exit(g.trap);
        kt_ignore(kith_send(g.to, 1, nullptr, 0));
        while (kith_receive(&m, KITH_INFINITY) == 0)
            if (m->tag == KITH_TAG_EXIT)
                kt_ignore(kith_send(g.to, 2, m->data, m->len));
            else
                break;
        return 0;
    };
    struct {
        kith_pid to;
        bool trap;
    } g = {me, trap};

    EXPECT_EQ(0, kith_spawn_monitor(body, &g, sizeof g, &pid, ref));
    const kith_msg *m;
    EXPECT_EQ(0, kith_receive_tag(1, &m, kt_long()));
    return pid;
}

TEST_F(Exit, TheResultIsTheReason)
{
    EXPECT_EQ(KITH_NORMAL, run([] { return 0; }).kind);

    kith_reason why = run([] { return static_cast<int>(KITH_ECONNRESET); });
    EXPECT_EQ(KITH_ERROR, why.kind);
    EXPECT_EQ(KITH_ECONNRESET, why.code);

    why = run([] { return 7; });
    EXPECT_EQ(KITH_ERROR, why.kind) << "anything but 0";
    EXPECT_EQ(7, why.code);
}

TEST_F(Exit, AReasonArrivesWhole)
{
    const kith_reason why = run([]() -> int {
        kith_exit(kith_reason_of(KITH_USER, -123456, "no more, no less than 23 bytes"));
    });

    EXPECT_EQ(KITH_USER, why.kind);
    EXPECT_EQ(-123456, why.code);
    EXPECT_STREQ("no more, no less than 2", why.text);
}

TEST_F(Exit, ExitEndsTheProcessWhereItStands)
{
    static std::atomic<bool> after;

    after = false;
    const kith_reason why = run([]() -> int {
        kith_exit(of_shutdown);
        after = true;
        return 0;
    });

    EXPECT_EQ(KITH_SHUTDOWN, why.kind);
    EXPECT_FALSE(after);
}

TEST_F(Exit, ExitWithKillIsSeenAsTheReasonItself)
{
    /* OTP exit/1: kill is special as a signal only. */
    EXPECT_EQ(KITH_KILL, run([]() -> int { kith_exit(of_kill); }).kind);
}

TEST_F(Exit, KillIsSeenAsKilled)
{
    kith_ref ref;
    const kith_pid pid = waiting(&ref);

    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));

    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    EXPECT_EQ(KITH_ENOPROC, kith_exit_signal(pid, of_kill));
}

TEST_F(Exit, KillCannotBeTrapped)
{
    kith_ref ref;
    const kith_pid pid = waiting(&ref, true);

    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));

    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    const kith_msg *m;
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0)) << "it saw no message";
}

TEST_F(Exit, ASignalKillsWithItsReason)
{
    for (const int kind :
         {KITH_SHUTDOWN, KITH_KILLED, KITH_NOPROC, KITH_ERROR, KITH_USER}) {
        kith_ref ref;
        const kith_pid pid = waiting(&ref);

        EXPECT_EQ(0, kith_exit_signal(pid, kith_reason_of(kind, 3, "x")));

        const kith_reason why = kt_why(ref);
        EXPECT_EQ(kind, why.kind);
        EXPECT_EQ(3, why.code);
    }
}

TEST_F(Exit, ASignalNormalIsIgnored)
{
    kith_ref ref;
    const kith_pid pid = waiting(&ref);

    EXPECT_EQ(0, kith_exit_signal(pid, of_normal));
    EXPECT_EQ(0, kith_exit_signal(pid, of_shutdown));

    EXPECT_EQ(KITH_SHUTDOWN, kt_why(ref).kind) << "the second one killed it";
}

TEST_F(Exit, ASignalNormalToOneselfKills)
{
    static std::atomic<bool> after;

    after = false;
    const kith_reason why = run([] {
        const int rc = kith_exit_signal(kith_self(), of_normal);
        after = true;
        return rc;
    });

    EXPECT_EQ(KITH_NORMAL, why.kind);
    EXPECT_FALSE(after);
}

TEST_F(Exit, WhoTrapsGetsAMessage)
{
    kith_ref ref;
    const kith_pid pid = waiting(&ref, true);

    for (const kith_reason why :
         {of_normal, of_shutdown, kith_reason_of(KITH_USER, 5, "five")}) {
        EXPECT_EQ(0, kith_exit_signal(pid, why));

        const kith_msg *m;
        ASSERT_EQ(0, kith_receive_tag(2, &m, kt_long()));
        const kith_down *d = KITH_BODY(m, kith_down);
        ASSERT_NE(nullptr, d);
        EXPECT_EQ(kith_self().id, d->pid.id);
        EXPECT_EQ(why.kind, d->why.kind);
        EXPECT_EQ(why.code, d->why.code);
        EXPECT_STREQ(why.text, d->why.text);
    }
    EXPECT_EQ(0, kith_send(pid, 3, nullptr, 0));
    EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
}

TEST_F(Exit, TrappingCanBeTurnedOff)
{
    EXPECT_EQ(KITH_SHUTDOWN, run([] {
                                 const kith_msg *m;

                                 kith_flag_trap_exit(true);
                                 EXPECT_EQ(0, kith_exit_signal(kith_self(), of_shutdown));
                                 EXPECT_EQ(0, kith_receive_tag(KITH_TAG_EXIT, &m, 0));
                                 kith_flag_trap_exit(false);
                                 return kith_exit_signal(kith_self(), of_shutdown);
                             }).kind);
}

TEST_F(Exit, AKillBeforeTheFirstStepKillsToo)
{
    static std::atomic<int> ran;

    ran = 0;
    for (int i = 0; i < 100; i++) {
        kith_pid pid;
        kith_ref ref;
        const auto body = [](void *) {
            ran++;
            return kith_sleep(KITH_INFINITY);
        };

        ASSERT_EQ(0, kith_spawn_monitor(body, nullptr, 0, &pid, &ref));
        EXPECT_EQ(0, kith_exit_signal(pid, of_kill));
        EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    }
    EXPECT_LE(ran, 100);
}

TEST_F(Exit, KillEndsEveryWait)
{
    static const kith_fn waits[] = {
        [](void *) { return kith_sleep(KITH_INFINITY); },
        [](void *) { return kith_sleep(1000000); },
        kt_wait_for_ever,
        [](void *) {
            const kith_msg *m;
            return kith_receive_tag(1, &m, 1000000);
        },
        [](void *other) {
            return kith_wait(*static_cast<kith_pid *>(other), nullptr, KITH_INFINITY);
        },
        [](void *other) {
            return static_cast<int>(kith_call(*static_cast<kith_pid *>(other), 1,
                                              {nullptr, 0}, {nullptr, 0}, KITH_INFINITY));
        },
        [](void *) {
            for (;;)
                kith_yield();
            return 0;
        },
        [](void *) {
            for (;;)
                kt_ignore(kith_send(kith_self(), 1, nullptr, 0));
            return 0;
        },
    };
    kith_pid other;
    kith_ref ref;

    ASSERT_EQ(0, kith_spawn(waits[0], nullptr, 0, &other));    // it receives nothing
    for (const kith_fn fn : waits) {
        kith_pid pid;

        ASSERT_EQ(0, kith_spawn_monitor(fn, &other, sizeof other, &pid, &ref));
        ASSERT_EQ(0, kith_sleep(2));
        EXPECT_EQ(0, kith_exit_signal(pid, of_kill));
        EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    }
    kill(other);
}

TEST_F(Exit, AProcessIsKilledWhileItSpawnsWithoutEnd)
{
    kith_pid pid;
    kith_ref ref;
    const auto body = [](void *) {
        for (;;)
            if (kith_spawn([](void *) { return 0; }, nullptr, 0, nullptr) < 0)
                return 1;
        return 0;
    };

    ASSERT_EQ(0, kith_spawn_monitor(body, nullptr, 0, &pid, &ref));
    ASSERT_EQ(0, kith_sleep(2));
    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));
    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
}

/* ---- deferred functions ---- */

std::atomic<int> order[8];
std::atomic<int> n_order;

void
note(void *arg)
{
    order[n_order++] = static_cast<int>(reinterpret_cast<std::intptr_t>(arg));
}

void *
number(int n)
{
    return reinterpret_cast<void *>(static_cast<std::intptr_t>(n));
}

TEST_F(Exit, DeferredFunctionsRunLastFirst)
{
    n_order = 0;
    in_process([] {
        for (int i = 1; i <= 3; i++)
            ASSERT_EQ(0, kith_defer(note, number(i)));
        EXPECT_EQ(KITH_EINVAL, kith_defer(nullptr, nullptr));
    });

    ASSERT_EQ(3, n_order);
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(3 - i, order[i]);
}

TEST_F(Exit, DeferredFunctionsRunWhateverItDiesOf)
{
    static const kith_fn deaths[] = {
        [](void *) { return 0; },
        [](void *) { return static_cast<int>(KITH_EIO); },
        [](void *) -> int { kith_exit(of_shutdown); },
        [](void *) { return kith_exit_signal(kith_self(), of_kill); },
        kt_wait_for_ever,    // killed from outside
    };
    int n = 0;

    n_order = 0;
    for (const kith_fn fn : deaths) {
        kith_pid pid;
        kith_ref ref;
        const kith_pid me = kith_self();
        struct {
            kith_fn fn;
            kith_pid to;
        } g = {fn, me};

        ASSERT_EQ(0, kith_spawn_monitor(
                         [](void *arg) {
                             auto *a = static_cast<decltype(g) *>(arg);

                             if (const int rc = kith_defer(note, number(1)); rc < 0)
                                 return rc;
                             kt_ignore(kith_send(a->to, 1, nullptr, 0));
                             return a->fn(nullptr);
                         },
                         &g, sizeof g, &pid, &ref));
        const kith_msg *m;
        ASSERT_EQ(0, kith_receive_tag(1, &m, kt_long()));
        kt_ignore(kith_exit_signal(pid, of_kill));
        (void) kt_why(ref);
        EXPECT_EQ(++n, n_order);
    }
}

TEST_F(Exit, ADeferredFunctionMaySendSpawnAndDefer)
{
    static kith_pid me;

    me = kith_self();
    n_order = 0;
    in_process([] {
        const auto fn = [](void *) {
            EXPECT_EQ(0, kt_send(me, 1, 11));
            EXPECT_EQ(0, kith_spawn([](void *) { return 0; }, nullptr, 0, nullptr));
            EXPECT_EQ(0, kith_defer(note, number(5)));
        };
        ASSERT_EQ(0, kith_defer(fn, nullptr));
    });

    EXPECT_EQ(11u, kt_number(kt_receive()));
    EXPECT_EQ(1, n_order) << "one deferred while they run runs too";
}

TEST_F(Exit, ADeferredFunctionMayWaitAfterANormalDeath)
{
    static std::atomic<int> rc;

    rc = 1;
    in_process(
        [] { ASSERT_EQ(0, kith_defer([](void *) { rc = kith_sleep(2); }, nullptr)); });

    EXPECT_EQ(0, rc);
}

/* After a kill, waits in deferred functions answer at once. */
TEST_F(Exit, WaitsInDeferredFunctionsAnswerKilledAfterAKill)
{
    static std::atomic<int> slept, received, waited, called, timed;
    static std::atomic<bool> there;
    static kith_pid other;
    kith_ref ref;
    kith_pid pid;

    slept = received = waited = called = timed = 0;
    there = false;
    ASSERT_EQ(0, kith_spawn(kt_wait_for_ever, nullptr, 0, &other));
    ASSERT_EQ(0, kith_spawn_monitor(
                     [](void *) {
                         const auto fn = [](void *) {
                             const kith_msg *m;

                             slept = kith_sleep(KITH_INFINITY);
                             received = kith_receive(&m, KITH_INFINITY);
                             waited = kith_wait(other, nullptr, KITH_INFINITY);
                             called =
                                 static_cast<int>(kith_call(other, 1, {nullptr, 0},
                                                            {nullptr, 0}, KITH_INFINITY));
                             timed = kith_sleep(1000000);
                         };
                         if (const int rc = kith_defer(fn, nullptr); rc < 0)
                             return rc;
                         there = true;
                         return kith_sleep(KITH_INFINITY);
                     },
                     nullptr, 0, &pid, &ref));
    ASSERT_TRUE(kt_until([] { return there.load(); }));

    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));

    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    EXPECT_EQ(KITH_EKILLED, slept);
    EXPECT_EQ(KITH_EKILLED, received);
    EXPECT_EQ(KITH_EKILLED, waited);
    EXPECT_EQ(KITH_EKILLED, called);
    EXPECT_EQ(KITH_EKILLED, timed);
    kill(other);
}

TEST_F(Exit, AKillDuringDeferredFunctionsEndsTheirWaits)
{
    static std::atomic<int> slept;
    static std::atomic<bool> there;
    kith_ref ref;
    kith_pid pid;

    slept = 0;
    there = false;
    ASSERT_EQ(0, kith_spawn_monitor(
                     [](void *) {
                         const auto fn = [](void *) {
                             there = true;
                             slept = kith_sleep(KITH_INFINITY);
                         };
                         return kith_defer(fn, nullptr);
                     },
                     nullptr, 0, &pid, &ref));
    ASSERT_TRUE(kt_until([] { return there.load(); }));

    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));

    EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind) << "it had died before";
    EXPECT_EQ(KITH_EKILLED, slept);
}

/* A budget bounds them, but only a kill or a stop ends them at once. */
TEST_F(Exit, WaitsInDeferredFunctionsGoOnAfterAnyOtherSignal)
{
    static std::atomic<int> slept;
    static std::atomic<bool> there;
    static const auto body = [](void *) {
        const kith_msg *m;

        if (const int rc = kith_defer([](void *) { slept = kith_sleep(1); }, nullptr);
            rc < 0)
            return rc;
        there = true;
        return kith_receive(&m, KITH_INFINITY);
    };

    for (const int kind : {KITH_SHUTDOWN, KITH_KILLED, KITH_ERROR}) {
        kith_ref ref;
        kith_pid pid;

        slept = 1;
        there = false;
        ASSERT_EQ(0, kith_spawn_monitor(body, nullptr, 0, &pid, &ref));
        ASSERT_TRUE(kt_until([] { return there.load(); }));
        EXPECT_EQ(0, kith_exit_signal(pid, kith_reason_of(kind, 3, nullptr)));
        EXPECT_EQ(kind, kt_why(ref).kind);
        EXPECT_EQ(0, slept) << "a signal of kind " << kind;
    }
    for (const int kind : {KITH_KILLED, KITH_ERROR}) {
        slept = 1;
        there = false;
        EXPECT_EQ(kind, run([kind]() -> int {
                            if (const int rc = kith_spawn_link(body, nullptr, 0, nullptr);
                                rc < 0)
                                return rc;
                            while (!there)
                                kith_yield();
                            kith_exit(kith_reason_of(kind, 3, nullptr));
                        }).kind);
        EXPECT_TRUE(kt_until([] { return slept != 1; }));
        EXPECT_EQ(0, slept) << "a link's exit of kind " << kind;
    }
}

TEST_F(Exit, OfTwoSignalsTheFirstIsTheReasonAlsoBeforeAKill)
{
    static std::atomic<int> slept;
    static std::atomic<bool> there, go;
    kith_ref ref;
    kith_pid pid;

    slept = 1;
    there = go = false;
    ASSERT_EQ(0, kith_spawn_monitor(
                     [](void *) {
                         const kith_msg *m;
                         const auto fn = [](void *) { slept = kith_sleep(KITH_INFINITY); };

                         if (const int rc = kith_defer(fn, nullptr); rc < 0)
                             return rc;
                         there = true;
                         while (!go)    // takes no mail: both are taken at once
                             ;
                         return kith_receive(&m, KITH_INFINITY);
                     },
                     nullptr, 0, &pid, &ref));
    ASSERT_TRUE(kt_until([] { return there.load(); }));
    EXPECT_EQ(0, kith_exit_signal(pid, of_shutdown));
    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));
    go = true;

    EXPECT_EQ(KITH_SHUTDOWN, kt_why(ref).kind);
    EXPECT_EQ(KITH_EKILLED, slept) << "the kill is no reason, but ends the waits";
}

TEST_F(Exit, MailOfTheDeadIsStillReadableInDeferredFunctions)
{
    static std::atomic<std::uint64_t> got;

    got = 0;
    in_process([] {
        ASSERT_EQ(0, kt_send(kith_self(), 1, 33));
        ASSERT_EQ(0, kith_defer(
                         [](void *) {
                             const kith_msg *m;

                             if (kith_receive(&m, 0) == 0)
                                 got = kt_number(m);
                         },
                         nullptr));
    });

    EXPECT_EQ(33u, got);
}

/* ---- memory ---- */

TEST_F(Exit, MemoryOfAProcessGoesWithIt)
{
    kith_ref ref;

    /* The leak sanitizer is the judge. */
    in_process([] {
        void *kept = nullptr;

        for (int i = 0; i < 100; i++) {
            void *p = kith_alloc(static_cast<std::size_t>(i) * 10 + 1);
            ASSERT_NE(nullptr, p);
            EXPECT_EQ(0u, reinterpret_cast<std::uintptr_t>(p) % alignof(std::max_align_t));
            std::memset(p, 1, static_cast<std::size_t>(i) * 10 + 1);
            if (i % 3 == 0)
                kith_free(p);
            else
                kept = p;
        }
        kith_free(nullptr);
        EXPECT_NE(nullptr, kept);
        EXPECT_EQ(nullptr, kith_alloc(SIZE_MAX));
    });
    const kith_pid pid = waiting(&ref);
    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));
    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
}

TEST_F(Exit, MemoryIsThereInDeferredFunctions)
{
    static std::atomic<int> got;

    got = 0;
    in_process([] {
        auto *p = static_cast<int *>(kith_alloc(sizeof(int)));
        ASSERT_NE(nullptr, p);
        *p = 17;
        ASSERT_EQ(0, kith_defer([](void *arg) { got = *static_cast<int *>(arg); }, p));
    });

    EXPECT_EQ(17, got);
}

TEST_F(Exit, MessagesOfTheDeadAreFreed)
{
    kith_ref ref;
    kith_pid pid;
    std::vector<char> big(100000);

    ASSERT_EQ(0, kith_spawn_monitor([](void *) { return kith_sleep(KITH_INFINITY); },
                                    nullptr, 0, &pid, &ref));
    for (int i = 0; i < 50; i++)
        ASSERT_EQ(0, kith_send(pid, 1, big.data(), big.size()));
    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));

    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    EXPECT_EQ(KITH_ENOPROC, kith_send(pid, 1, nullptr, 0));
}

/* ---- what is free before others hear ---- */

/* When a death is heard of, its names are free and its sockets closed. */
TEST_F(Exit, TheNameIsFreeWhenOthersHearOfTheDeath)
{
    for (std::size_t i = kt_scale(3000); i > 0; i--) {
        kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
        kith_ref ref;
        kith_pid pid;

        o.name = "only one";
        o.monitor = &ref;
        ASSERT_EQ(0, kith_spawn_opt(&o, kt_wait_for_ever, nullptr, 0, &pid))
            << "the last is gone";
        ASSERT_EQ(0, kith_exit_signal(pid, of_kill));
        ASSERT_EQ(KITH_KILLED, kt_why(ref).kind);
        ASSERT_EQ(0u, kith_whereis("only one").id);
    }
}

TEST_F(Exit, ThePortIsFreeWhenOthersHearOfTheDeath)
{
    std::string where = "127.0.0.1:0";

    for (int i = 0; i < 50; i++) {
        kith_ref ref;
        const kith_pid me = kith_self();
        static char address[64];
        kith_pid pid;

        std::snprintf(address, sizeof address, "%s", where.c_str());
        ASSERT_EQ(0, kith_spawn_monitor(
                         [](void *arg) {
                             kith_socket s;
                             kith_sockaddr a;
                             int rc = kith_tcp_listen(address, &s);

                             if (rc == 0)
                                 rc = kith_socket_sockname(s, &a);
                             kt_ignore(kt_send(*static_cast<kith_pid *>(arg), 1,
                                               rc == 0 ? kith_sockaddr_port(&a) : 0));
                             return rc < 0 ? rc : kith_sleep(KITH_INFINITY);
                         },
                         &me, sizeof me, &pid, &ref));
        const kith_msg *m;
        ASSERT_EQ(0, kith_receive_tag(1, &m, kt_long()));
        const std::uint64_t port = kt_number(m);
        ASSERT_NE(0u, port) << "cannot listen at " << where;
        where = "127.0.0.1:" + std::to_string(port);
        ASSERT_EQ(0, kith_exit_signal(pid, of_kill));
        ASSERT_EQ(KITH_KILLED, kt_why(ref).kind);
    }
}

/* ---- without memory ---- */

std::atomic<bool> no_memory;
std::atomic<std::size_t> asked_for_memory;
struct ki_seam real;    // what stood there before

void *
alloc_or_not(std::size_t size, std::size_t align)
{
    if (!no_memory)
        return real.alloc(size, align);
    asked_for_memory++;
    return nullptr;
}

class ExitWithoutMemory : public kt_runtime {
  protected:
    void SetUp() override
    {
        real = ki_seam;
        no_memory = false;
        asked_for_memory = 0;
        ki_seam.alloc = alloc_or_not;
        kt_runtime::SetUp();
    }

    void TearDown() override
    {
        kt_runtime::TearDown();
        ki_seam = real;
    }
};

TEST_F(ExitWithoutMemory, DyingAllocatesNothing)
{
    struct world {
        kt_pair pair;
        kith_pid reader, peer, doomed;
        std::atomic<int> exits{0}, ready{0}, read{0}, deferred{0};
    };
    static world *w;
    world here;
    kith_ref ref, timer;
    const kith_msg *m;

    w = &here;
    w->pair = kt_pair_import();
    w->peer = spawn([] {
        const kith_msg *got;

        kith_flag_trap_exit(true);
        w->ready++;
        if (kith_receive_tag(KITH_TAG_EXIT, &got, KITH_INFINITY) == 0)
            w->exits++;
    });
    ASSERT_TRUE(kt_until([] { return w->ready == 1; }));
    w->doomed = spawn_result([] {
        const kith_msg *got;
        kith_ref of_peer;
        int rc = kith_link(w->peer);

        rc = rc < 0 ? rc : kith_monitor(w->peer, &of_peer);
        rc = rc < 0 ? rc : kith_register("doomed", kith_self());
        rc = rc < 0 ? rc : kith_defer([](void *) { w->deferred++; }, nullptr);
        if (rc < 0 || kith_alloc(100) == nullptr)
            return 1;
        w->ready++;
        rc = kith_receive_tag(3, &got, KITH_INFINITY); /* others stay in the mailbox */
        no_memory = true;
        return rc < 0 ? rc : KITH_ECANCELED;
    });
    ASSERT_TRUE(kt_until([] { return w->ready == 2; }));
    ASSERT_EQ(0, kith_socket_give(w->pair.far, w->doomed, 1));
    w->reader = spawn([] {
        char c;

        w->read = static_cast<int>(kith_socket_recv(w->pair.far, &c, 1, 0, KITH_INFINITY));
    });
    ASSERT_TRUE(kt_until([] { return kt_waits(w->reader, "socket_recv"); }));
    ASSERT_EQ(0, kith_send_after(1000000, w->doomed, 1, KITH_IOV(*w), &timer));
    ASSERT_EQ(0, kith_monitor(w->doomed, &ref));
    ASSERT_EQ(0, kt_send(w->doomed, 2, 0));
    ASSERT_EQ(0, kt_send(w->doomed, 3, 0));

    ASSERT_EQ(0, kith_receive_ref(ref, &m, kt_long()));
    EXPECT_TRUE(kt_until([] { return w->exits == 1 && w->read != 0; }));
    no_memory = false;

    EXPECT_EQ(KITH_ECANCELED, kt_down(m).why.code);
    EXPECT_EQ(0u, asked_for_memory);
    EXPECT_EQ(1, w->deferred);
    EXPECT_EQ(KITH_ECLOSED, w->read);
    EXPECT_EQ(0u, kith_whereis("doomed").id);
    kt_close(w->pair.near);
}

TEST_F(Exit, NobodyIsTherePastTheDown)
{
    for (std::size_t i = kt_scale(2000); i > 0; i--) {
        kith_ref ref;
        kith_pid pid;

        ASSERT_EQ(0, kith_spawn_monitor([](void *) { return 0; }, nullptr, 0, &pid, &ref));
        ASSERT_EQ(KITH_NORMAL, kt_why(ref).kind);
        ASSERT_EQ(KITH_ENOPROC, kith_send(pid, 1, nullptr, 0));
        ASSERT_EQ(KITH_ENOPROC, kith_register("dead", pid));
        ASSERT_EQ(KITH_ENOPROC, kith_exit_signal(pid, of_kill));
        ASSERT_EQ(KITH_ENOPROC, kith_link(pid));
        ASSERT_EQ(0, kith_monitor(pid, &ref));
        const kith_msg *m;
        ASSERT_EQ(0, kith_receive_ref(ref, &m, 0)) << "at once";
        ASSERT_EQ(KITH_NOPROC, kt_down(m).why.kind);
    }
}

}    // namespace
