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

/* ---- while it dies ---- */

std::atomic<bool> hold_closes;
std::atomic<int> held_closes;
int (*real_close)(int fd);

class ExitHeldUp : public kt_runtime {
  protected:
    void SetUp() override
    {
        hold_closes = false;
        held_closes = 0;
        real_close = ki_seam.close;
        ki_seam.close = [](int fd) {
            if (hold_closes) {
                held_closes++;
                kt_until([] { return !hold_closes; });
            }
            return real_close(fd);
        };
        kt_runtime::SetUp();
    }

    void TearDown() override
    {
        kt_runtime::TearDown();
        ki_seam.close = real_close;
    }
};

/* It refuses the call already, and has not said yet of what it dies. */
TEST_F(ExitHeldUp, ACallToOneThatDiesFailsAsThatToTheDead)
{
    kith_ref ref;
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_reason why = {};
    static std::atomic<bool> go;

    go = false;
    o.monitor = &ref;
    const kith_pid pid = spawn(
        [] {
            kt_ignore(kt_pair_import().near.id != 0);
            while (!go)
                ASSERT_EQ(0, kith_sleep(1));
            kith_exit(kith_reason_of(KITH_USER, 7, "of this"));
        },
        &o);
    hold_closes = true;
    go = true;
    ASSERT_TRUE(kt_until([] { return held_closes > 0; }));
    EXPECT_EQ(KITH_ENOPROC, kith_call(pid, 1, {nullptr, 0}, {nullptr, 0}, kt_long()));
    hold_closes = false;
    EXPECT_EQ(0, kith_call_why(&why));
    EXPECT_EQ(KITH_NOPROC, why.kind);
    EXPECT_EQ(KITH_USER, kt_why(ref).kind);
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
        ki_seam.alloc = real.alloc;
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
