/* SPDX-License-Identifier: Apache-2.0
 * server_more_test.cc -- servers: what a callback asks for, how they end, who their parent is. */
#include "tests/support/runtime.h"
#include "tests/support/virtual_clock.h"

#include "core/sched.h"

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace
{

const kith_iov none = {nullptr, 0};
const kith_reason of_kill = {KITH_KILL, 0, ""};
const kith_reason of_shutdown = {KITH_SHUTDOWN, 0, ""};

/* ---- a server whose callbacks are the test's ---- */

struct script {
    std::function<int(void *)> init;
    std::function<int(kith_from, const kith_msg *)> call;
    std::function<int(const kith_msg *)> cast, info;
    std::function<int(std::uint64_t)> cont;
    std::function<void(kith_reason)> terminate;
};

/* What happened, in its order: "cast 3", "cont 1"... One server at a time writes. */
std::mutex lock;
std::vector<std::string> happened;
script does;

void
note(const std::string &what)
{
    const std::lock_guard guard(lock);

    happened.push_back(what);
}

void
note(const char *what, std::uint64_t tag)
{
    note(std::string(what) + " " +
         (tag == KITH_TAG_TIMEOUT ? "timeout"
          : tag == KITH_TAG_EXIT  ? "exit"
                                  : std::to_string(tag)));
}

std::string
diary()
{
    const std::lock_guard guard(lock);
    std::string all;

    for (const std::string &s : happened)
        all += (all.empty() ? "" : ", ") + s;
    return all;
}

int
init(void *, void *arg)
{
    note("init");
    return does.init ? does.init(arg) : 0;
}

int
call(void *, kith_from from, const kith_msg *m)
{
    note("call", m->tag);
    if (does.call)
        return does.call(from, m);
    kith_reply(from, nullptr, 0);
    return KITH_CONTINUE;
}

int
cast(void *, const kith_msg *m)
{
    note("cast", m->tag);
    return does.cast ? does.cast(m) : KITH_CONTINUE;
}

int
info(void *, const kith_msg *m)
{
    note("info", m->tag);
    return does.info ? does.info(m) : KITH_CONTINUE;
}

int
cont(void *, std::uint64_t tag)
{
    note("cont", tag);
    return does.cont ? does.cont(tag) : KITH_CONTINUE;
}

void
terminate(void *, kith_reason why)
{
    note("terminate", static_cast<std::uint64_t>(why.kind));
    if (does.terminate)
        does.terminate(why);
}

const kith_server types[2] = {
    {16, false, init, call, cast, info, terminate, cont},
    {16, true, init, call, cast, info, terminate, cont},
};

class ServerMore : public kt_runtime, public testing::WithParamInterface<bool> {
  protected:
    void SetUp() override
    {
        does = {};
        happened.clear();
        kt_runtime::SetUp();
    }

    const kith_server *type() const
    {
        return &types[GetParam()];
    }

    /* Room for what a test's callbacks do. */
    static kith_spawn_options roomy()
    {
        kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;

        o.stack = 256 * 1024;
        return o;
    }

    kith_pid start() const
    {
        const kith_spawn_options o = roomy();
        kith_pid pid = {0};

        EXPECT_EQ(0, kith_server_start(type(), &o, nullptr, 0, &pid));
        return pid;
    }

    static bool sleeps(kith_pid pid)
    {
        struct kith_process_info i = KITH_PROCESS_INFO_INIT;

        return kith_process_info(pid, &i) == 0 && std::string("hibernate") == i.waits_for;
    }

    /* All that was sent before has been handled. */
    static void settle(kith_pid pid)
    {
        EXPECT_EQ(0, kith_call(pid, 99, none, none, kt_long()));
    }
};

INSTANTIATE_TEST_SUITE_P(, ServerMore, testing::Bool(),
                         [](const auto &p) { return p.param ? "WithStack" : "Handler"; });

/* ---- hibernate ---- */

TEST_P(ServerMore, HibernatesUntilTheNextMessageAndKeepsStateAndArgument)
{
    const int number = 42;
    std::atomic<const int *> arg = nullptr;
    const kith_spawn_options o = roomy();
    kith_pid pid;

    does.init = [&](void *a) {
        arg = static_cast<const int *>(a);
        EXPECT_EQ(0u, reinterpret_cast<std::uintptr_t>(a) % 16) << "aligned for anything";
        return kith_server_hibernate();
    };
    does.cast = [&](const kith_msg *) {
        EXPECT_EQ(42, *arg.load());
        return kith_server_hibernate();
    };
    ASSERT_EQ(0, kith_server_start(type(), &o, &number, sizeof number, &pid));
    for (std::uint64_t i = 1; i <= 3; i++) {
        if (GetParam()) {
            EXPECT_TRUE(kt_until([&] { return sleeps(pid); }));
        }
        EXPECT_EQ(0, kith_cast(pid, i, nullptr, 0));
    }
    settle(pid);
    EXPECT_FALSE(sleeps(pid)) << "a call did not ask for it";
    EXPECT_EQ("init, cast 1, cast 2, cast 3, call 99", diary());
    kill(pid);
}

TEST_P(ServerMore, HibernatesAfterItsContinuationAndTerminatesWhenKilledAsleep)
{
    does.init = [](void *) {
        EXPECT_EQ(0, kith_server_hibernate());
        return kith_server_continue(1);
    };
    const kith_pid pid = start();
    kith_ref ref;

    if (GetParam()) {
        EXPECT_TRUE(kt_until([&] { return sleeps(pid); }));
    }
    ASSERT_EQ(0, kith_monitor(pid, &ref));
    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));
    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    EXPECT_EQ("init, cont 1, terminate " + std::to_string(KITH_KILLED), diary());
}

/* ---- a caller that dies with its callee ---- */

/* The callee's death dooms the thread by its link and ends its call by the monitor, often in one
 * look at its mail. */
TEST_P(ServerMore, ALinkedThreadInACallGetsOverTheDeathOfItsCallee)
{
    does.call = [](kith_from, const kith_msg *) { return KITH_EPROTO; };
    for (std::size_t i = 0; i < kt_scale(200); i++) {
        const kith_pid pid = start();
        ptrdiff_t rc = 0;

        std::thread([&] {
            if (kith_link(pid) == 0)
                rc = kith_call(pid, 1, none, none, KITH_INFINITY);
        }).join();
        EXPECT_TRUE(rc == KITH_EKILLED || rc == KITH_ENOPROC) << rc;
    }
}

/* ---- continue ---- */

TEST_P(ServerMore, ContinuesBeforeAnyOtherMessage)
{
    kith_spawn_options o = roomy();

    o.name = "early";
    does.init = [&](void *) {
        EXPECT_EQ(0, kith_server_continue(1));
        /* What is sent while it starts must wait for the continuation. */
        EXPECT_EQ(0, kith_cast_name("early", 7, nullptr, 0));
        return 0;
    };
    does.cont = [](std::uint64_t tag) {
        return tag < 3 ? kith_server_continue(tag + 1) : 0;
    };
    kith_pid pid;
    ASSERT_EQ(0, kith_server_start(type(), &o, nullptr, 0, &pid));
    settle(pid);
    EXPECT_EQ("init, cont 1, cont 2, cont 3, cast 7, call 99", diary());
    kill(pid);
}

TEST_P(ServerMore, EveryKindOfCallbackCanContinue)
{
    const auto again = [](const kith_msg *m) {
        EXPECT_EQ(0, kith_server_continue(m->tag + 10));
        return KITH_CONTINUE;
    };
    does.cast = again;
    does.info = again;
    does.call = [&](kith_from from, const kith_msg *m) {
        kith_reply(from, nullptr, 0);
        return m->tag == 99 ? KITH_CONTINUE : again(m);
    };
    const kith_pid pid = start();

    EXPECT_EQ(0, kith_call(pid, 1, none, none, kt_long()));
    EXPECT_EQ(0, kith_cast(pid, 2, nullptr, 0));
    EXPECT_EQ(0, kith_send(pid, 3, nullptr, 0));
    settle(pid);
    EXPECT_EQ("init, call 1, cont 11, cast 2, cont 12, info 3, cont 13, call 99", diary());
    kill(pid);
}

TEST_P(ServerMore, OfTwoContinuationsTheLastCounts)
{
    does.cast = [](const kith_msg *) {
        EXPECT_EQ(0, kith_server_continue(1));
        EXPECT_EQ(0, kith_server_continue(2));
        return KITH_CONTINUE;
    };
    const kith_pid pid = start();

    EXPECT_EQ(0, kith_cast(pid, 5, nullptr, 0));
    settle(pid);
    EXPECT_EQ("init, cast 5, cont 2, call 99", diary());
    kill(pid);
}

TEST_P(ServerMore, AContinuationCanStop)
{
    does.cast = [](const kith_msg *) { return kith_server_continue(1); };
    does.cont = [](std::uint64_t) { return KITH_EPROTO; };
    const kith_pid pid = start();
    kith_ref ref;

    ASSERT_EQ(0, kith_monitor(pid, &ref));
    EXPECT_EQ(0, kith_cast(pid, 5, nullptr, 0));
    kt_ignore(kith_cast(pid, 6, nullptr, 0));
    const kith_reason why = kt_why(ref);
    EXPECT_EQ(KITH_ERROR, why.kind);
    EXPECT_EQ(KITH_EPROTO, why.code);
    EXPECT_EQ("init, cast 5, cont 1, terminate 6", diary());
}

TEST_P(ServerMore, OneThatContinuesForEverLetsOthersRunAndDiesWhenTold)
{
    std::atomic<std::uint64_t> rounds = 0;

    does.cast = [](const kith_msg *) { return kith_server_continue(1); };
    does.cont = [&](std::uint64_t) {
        happened.clear();
        rounds++;
        return kith_server_continue(1);
    };
    const kith_pid pid = start();

    EXPECT_EQ(0, kith_cast(pid, 5, nullptr, 0));
    EXPECT_TRUE(kt_until([&] { return rounds > 1000; }));
    in_process([] { EXPECT_EQ(0, kith_sleep(1)); });
    kill(pid);
}

TEST_P(ServerMore, OnlyACallbackMayAsk)
{
    const auto check = [] {
        EXPECT_EQ(KITH_EPERM, kith_server_continue(1));
        EXPECT_EQ(KITH_EPERM, kith_server_timeout(1));
    };
    does.terminate = [&](kith_reason) { check(); };
    does.cast = [](const kith_msg *) {
        EXPECT_EQ(KITH_EINVAL, kith_server_timeout(KITH_NOWAIT));
        return KITH_CONTINUE;
    };
    const kith_pid pid = start();

    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    settle(pid);
    check();
    in_process(check);
    kill(pid);
}

/* ---- stop ---- */

TEST_P(ServerMore, StopHandlesWhatWasSentBefore)
{
    const kith_pid pid = start();
    kith_ref ref;

    ASSERT_EQ(0, kith_monitor(pid, &ref));
    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    EXPECT_EQ(0, kith_server_stop(pid, of_shutdown, kt_long()));
    EXPECT_EQ("init, cast 1, terminate 1", diary());
    EXPECT_EQ(KITH_SHUTDOWN, kt_why(ref).kind);
    EXPECT_EQ(KITH_ENOPROC, kith_server_stop(pid, of_shutdown, kt_long()));
}

TEST_P(ServerMore, StopTellsOneThatDiedOfSomethingElse)
{
    does.cast = [](const kith_msg *) { return KITH_EIO; };
    const kith_reason wanted = kith_reason_of(KITH_USER, 7, "enough");
    kith_reason why;
    kith_pid pid = start();

    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    const int rc = kith_server_stop(pid, wanted, kt_long());
    EXPECT_TRUE(rc == KITH_EFAILED || rc == KITH_ENOPROC) << rc; /* dead before the stop */
    ASSERT_EQ(0, kith_call_why(&why));
    EXPECT_TRUE(why.kind == (rc == KITH_EFAILED ? KITH_ERROR : KITH_NOPROC)) << why;

    pid = start();
    EXPECT_EQ(0, kith_server_stop(pid, wanted, kt_long()));
    ASSERT_EQ(0, kith_call_why(&why));
    EXPECT_EQ(KITH_USER, why.kind);
    EXPECT_EQ(7, why.code);
    EXPECT_STREQ("enough", why.text);
}

TEST_P(ServerMore, AStopThatTimesOutStillStops)
{
    std::atomic<bool> busy = false, go = false;

    does.cast = [&](const kith_msg *) {
        busy = true;
        while (!go)
            ;
        return KITH_CONTINUE;
    };
    const kith_pid pid = start();
    kith_ref ref;

    ASSERT_EQ(0, kith_monitor(pid, &ref));
    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    ASSERT_TRUE(kt_until([&] { return busy.load(); }));
    EXPECT_EQ(KITH_ETIMEOUT, kith_server_stop(pid, of_shutdown, 0));
    go = true;
    EXPECT_EQ(KITH_SHUTDOWN, kt_why(ref).kind);
}

TEST_P(ServerMore, NobodyStopsOneselfSo)
{
    EXPECT_EQ(KITH_EDEADLK, kith_server_stop(kith_self(), of_shutdown, kt_long()));
    EXPECT_EQ(KITH_ENOPROC, kith_server_stop({0}, of_shutdown, kt_long()));
    in_process([] {
        EXPECT_EQ(KITH_EDEADLK, kith_server_stop(kith_self(), of_shutdown, kt_long()));
    });
}

TEST_P(ServerMore, ExitInACallbackIsItsReason)
{
    for (const std::uint64_t where : {1, 2, 3}) {
        happened.clear();
        does = {};
        const auto leave = [](const kith_msg *) -> int {
            kith_exit(kith_reason_of(KITH_USER, 5, "out"));
        };
        does.cast = leave;
        does.info = leave;
        does.cont = [](std::uint64_t) -> int {
            kith_exit(kith_reason_of(KITH_USER, 5, "out"));
        };
        does.call = [](kith_from, const kith_msg *) { return kith_server_continue(1); };
        const kith_pid pid = start();
        kith_ref ref;

        ASSERT_EQ(0, kith_monitor(pid, &ref));
        if (where == 1)
            EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
        else if (where == 2)
            EXPECT_EQ(0, kith_send(pid, 1, nullptr, 0));
        else
            EXPECT_EQ(KITH_ENOPROC, kith_call(pid, 1, none, none, kt_long()));
        EXPECT_EQ(5, kt_why(ref).code);
        EXPECT_NE(std::string::npos, diary().find("terminate 7")) << diary();
    }
}

/* ---- ignore ---- */

TEST_P(ServerMore, OneThatIgnoresIsNoServer)
{
    kith_spawn_options o = roomy();
    kith_ref ref;
    kith_pid pid = {7};

    does.init = [](void *) { return KITH_IGNORE; };
    o.name = "ignored";
    o.monitor = &ref;
    EXPECT_EQ(0, kith_server_start(type(), &o, nullptr, 0, &pid));
    EXPECT_EQ(0u, pid.id);
    EXPECT_EQ(0u, kith_whereis("ignored").id) << "it is dead by now";
    EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
    EXPECT_EQ("init", diary()) << "what was not begun is not ended";
}

/* ---- the parent ---- */

TEST_P(ServerMore, ATrappingStarterGetsACodeAndNoExitMessage)
{
    for (const int code : {static_cast<int>(KITH_EIO), static_cast<int>(KITH_IGNORE)}) {
        does.init = [=](void *) { return code; };
        in_process([=, this] {
            kith_spawn_options o = roomy();
            kith_pid pid = {7};
            const kith_msg *m;

            kith_flag_trap_exit(true);
            o.link = true;
            EXPECT_EQ(code == KITH_IGNORE ? 0 : code,
                      kith_server_start(type(), &o, nullptr, 0, &pid));
            EXPECT_EQ(code == KITH_IGNORE ? 0u : 7u, pid.id);
            EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
        });
    }
}

TEST_P(ServerMore, OneThatIsKilledInInitSendsNoExitMessageEither)
{
    does.init = [](void *) {
        kt_ignore(kith_exit_signal(kith_self(), of_kill));
        kith_yield();
        kith_exit(of_shutdown); /* a callback runs to its end */
        return 0;
    };
    in_process([this] {
        kith_spawn_options o = roomy();
        const kith_msg *m;

        kith_flag_trap_exit(true);
        o.link = true;
        const int rc = kith_server_start(type(), &o, nullptr, 0, nullptr);
        EXPECT_EQ(GetParam() ? KITH_EKILLED : KITH_EFAILED, rc);
        EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
    });
}

/* Its record may be another's by then, who has an inbox of his own. */
TEST_P(ServerMore, AThreadThatIsKilledInAStartIsNobodyWhenThatEnds)
{
    static std::atomic<bool> inside, go;
    std::atomic<std::uint64_t> id{0};
    std::atomic<int> code{0};
    kith_pid pid = {7};
    kith_ref ref;

    inside = go = false;
    does.init = [](void *) {
        inside = true;
        return kt_until([] { return go.load(); }) ? 0 : KITH_EFAILED;
    };
    std::thread t([&] {
        kith_spawn_options o = roomy();

        o.link = true;
        id = kith_self().id;
        code = kith_server_start(type(), &o, nullptr, 0, &pid);
    });
    ASSERT_TRUE(kt_until([] { return inside.load(); }));
    ASSERT_EQ(0, kith_monitor({id}, &ref));
    ASSERT_EQ(0, kith_exit_signal({id}, of_kill));
    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    for (int i = 0; i < 100; i++)
        spawn([] {});
    t.join();
    EXPECT_EQ(KITH_EKILLED, code);
    EXPECT_EQ(7u, pid.id);
    go = true;
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; })) << "by its link";
}

TEST_P(ServerMore, AFailedStartKillsALinkedStarterThatDoesNotTrap)
{
    does.init = [](void *) { return KITH_EIO; };
    const kith_reason why = run([this] {
        kith_spawn_options o = roomy();

        o.link = true;
        kt_ignore(kith_server_start(type(), &o, nullptr, 0, nullptr));
        return 0;
    });
    EXPECT_EQ(KITH_ERROR, why.kind);
    EXPECT_EQ(KITH_EIO, why.code);

    does.init = [](void *) { return KITH_IGNORE; };
    in_process([this] {
        kith_spawn_options o = roomy();

        o.link = true;
        EXPECT_EQ(0, kith_server_start(type(), &o, nullptr, 0, nullptr));
    });
}

TEST_P(ServerMore, TheParentsExitEndsOneThatTraps)
{
    does.init = [](void *) {
        kith_flag_trap_exit(true);
        return 0;
    };
    for (const kith_reason &of : {of_shutdown, kith_reason_of(KITH_NORMAL, 0, nullptr),
                                  kith_reason_of(KITH_USER, 3, "x")}) {
        kith_ref ref;
        std::atomic<std::uint64_t> child = 0;
        std::atomic<bool> go = false;

        happened.clear();
        spawn_result([&, this] {
            kith_spawn_options o = roomy();
            kith_pid pid;
            const kith_msg *m;

            o.link = true;
            EXPECT_EQ(0, kith_server_start(type(), &o, nullptr, 0, &pid));
            child = pid.id;
            while (!go)
                kt_ignore(kith_receive(&m, 1));
            kith_exit(of);
            return 0;
        });
        ASSERT_TRUE(kt_until([&] { return child != 0; }));
        ASSERT_EQ(0, kith_monitor({child}, &ref));
        go = true;
        const kith_reason why = kt_why(ref);
        EXPECT_EQ(of.kind, why.kind);
        EXPECT_EQ(of.code, why.code);
        EXPECT_EQ("init, terminate " + std::to_string(of.kind), diary());
    }
}

TEST_P(ServerMore, AnExitSignalOfTheParentEndsItToo)
{
    does.init = [](void *) {
        kith_flag_trap_exit(true);
        return 0;
    };
    in_process([this] {
        kith_spawn_options o = roomy();
        kith_pid pid;

        kith_flag_trap_exit(true);
        o.link = true;
        ASSERT_EQ(0, kith_server_start(type(), &o, nullptr, 0, &pid));
        EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
        EXPECT_EQ(0, kith_exit_signal(pid, of_shutdown));
        EXPECT_EQ(KITH_SHUTDOWN, kt_down(kt_receive()).why.kind);
        EXPECT_EQ("init, cast 1, terminate 1", diary());
    });
}

TEST_P(ServerMore, ExitsOfOthersAreInfo)
{
    does.init = [](void *) {
        kith_flag_trap_exit(true);
        return 0;
    };
    const kith_pid pid = start(); /* not linked: the starter is no parent either */

    EXPECT_EQ(0, kith_exit_signal(pid, of_shutdown));
    settle(pid);
    in_process([=] { EXPECT_EQ(0, kith_exit_signal(pid, of_shutdown)); });
    settle(pid);
    EXPECT_EQ("init, info exit, call 99, info exit, call 99", diary());
    kill(pid);
}

/* A supervisor with the one child. */
kith_pid
supervise(const kith_server *t, int restart)
{
    kith_child c = {};
    kith_supervisor s = {};
    kith_pid sup = {0};

    c.id = "child";
    c.server = t;
    c.restart = restart;
    c.opt = KITH_SPAWN_OPTIONS_INIT;
    c.opt.stack = 256 * 1024;
    c.opt.name = "child";
    s.children = &c;
    s.n = 1;
    EXPECT_EQ(0, kith_supervisor_start(&s, &sup));
    return sup;
}

TEST_P(ServerMore, OneThatTrapsIsEndedByItsSupervisorThroughTerminate)
{
    does.init = [](void *) {
        kith_flag_trap_exit(true);
        return 0;
    };
    const kith_pid sup = supervise(type(), KITH_PERMANENT);

    settle(kith_whereis("child"));
    kt_ignore(kith_unlink(sup));
    EXPECT_EQ(0, kith_exit_signal(sup, of_shutdown));
    EXPECT_EQ(0, kith_wait(sup, nullptr, kt_long()));
    EXPECT_EQ("init, call 99, terminate 1", diary());
}

TEST_P(ServerMore, OneThatIgnoresIsAChildWithoutAProcess)
{
    does.init = [](void *) { return KITH_IGNORE; };
    const kith_pid sup = supervise(type(), KITH_PERMANENT);
    kith_child_info child;
    kith_pid pid;

    ASSERT_EQ(1, kith_supervisor_which_children(sup, &child, 1));
    EXPECT_EQ(KITH_CHILD_STOPPED, child.state);
    EXPECT_EQ(0u, child.pid.id);
    does.init = nullptr;
    ASSERT_EQ(0, kith_supervisor_restart_child(sup, "child", &pid));
    EXPECT_EQ(pid.id, kith_whereis("child").id);
    kt_ignore(kith_unlink(sup));
    kill(sup);
}

/* ---- the time in which nothing comes ---- */

class ServerTimeout : public ServerMore {
  protected:
    /* Time goes on, and all that is due by then has fired. */
    void pass(kith_ms ms)
    {
        const kith_msg *m;
        kith_ref timer;

        ASSERT_EQ(0, kith_send_after(ms, kith_self(), 1, none, &timer));
        clock_.advance_ms(static_cast<std::uint64_t>(ms));
        poke();
        ASSERT_EQ(0, kith_receive_ref(timer, &m, KITH_INFINITY));
    }

    static bool comes(const std::string &want)
    {
        return kt_until([&] {
            poke();
            return diary() == want;
        });
    }

    /* It waits for nothing but its next message. */
    static bool waits(kith_pid pid)
    {
        return kt_until([=] {
            struct kith_process_info i = KITH_PROCESS_INFO_INIT;

            return kith_process_info(pid, &i) == 0 && i.status == KITH_STATUS_WAITING;
        });
    }

  private:
    /* As the watchdog does it: whoever wakes looks at all workers' timers. */
    static void poke()
    {
        ki_store_seq(&ki_sched.steal_lifo, true);
        ki_sched.poller->wake();
    }

    kt_virtual_clock clock_;
};

INSTANTIATE_TEST_SUITE_P(, ServerTimeout, testing::Bool(),
                         [](const auto &p) { return p.param ? "WithStack" : "Handler"; });

TEST_P(ServerTimeout, ComesWhenNothingElseDoes)
{
    does.cast = [](const kith_msg *) { return kith_server_timeout(10); };
    does.info = [](const kith_msg *m) {
        EXPECT_EQ(0u, m->len);
        EXPECT_NE(nullptr, m->data);
        EXPECT_EQ(0u, m->ref.id);
        EXPECT_TRUE(m->from == kith_self());
        EXPECT_EQ(nullptr, kith_msg_keep(m));
        return KITH_CONTINUE;
    };
    const kith_pid pid = start();

    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    ASSERT_TRUE(comes("init, cast 1"));
    ASSERT_TRUE(waits(pid));
    ASSERT_NO_FATAL_FAILURE(pass(9));
    EXPECT_EQ("init, cast 1", diary()) << "not before its time";
    ASSERT_NO_FATAL_FAILURE(pass(2));
    EXPECT_TRUE(comes("init, cast 1, info timeout"));
    ASSERT_NO_FATAL_FAILURE(pass(100));
    settle(pid);
    EXPECT_EQ("init, cast 1, info timeout, call 99", diary()) << "once";
    kill(pid);
}

TEST_P(ServerTimeout, AnyMessageCancelsIt)
{
    does.init = [](void *) { return kith_server_timeout(10); };
    const kith_pid pid = start();

    ASSERT_TRUE(waits(pid));
    ASSERT_NO_FATAL_FAILURE(pass(9));
    settle(pid);
    ASSERT_NO_FATAL_FAILURE(pass(100));
    settle(pid);
    EXPECT_EQ("init, call 99, call 99", diary());
    kill(pid);
}

TEST_P(ServerTimeout, ASignalThatIsNoMessageDoesNot)
{
    does.init = [](void *) { return kith_server_timeout(10); };
    const kith_pid pid = start();
    kith_ref ref;

    ASSERT_TRUE(waits(pid));
    ASSERT_NO_FATAL_FAILURE(pass(6));
    ASSERT_EQ(0, kith_monitor(pid, &ref));
    EXPECT_EQ(0, kith_demonitor(ref, 0));
    ASSERT_TRUE(waits(pid));
    ASSERT_NO_FATAL_FAILURE(pass(6));
    EXPECT_TRUE(comes("init, info timeout")) << "counted on from where it was";
    kill(pid);
}

TEST_P(ServerTimeout, CanAskForTheNextAgainAndAgain)
{
    does.init = [](void *) { return kith_server_timeout(10); };
    does.info = [](const kith_msg *) { return kith_server_timeout(10); };
    const kith_pid pid = start();
    std::string want = "init";

    for (int i = 0; i < 5; i++) {
        ASSERT_TRUE(waits(pid));
        ASSERT_NO_FATAL_FAILURE(pass(11));
        want += ", info timeout";
        ASSERT_TRUE(comes(want)) << diary();
    }
    kill(pid);
}

TEST_P(ServerTimeout, OfZeroComesAtOnceUnlessAMessageIsThere)
{
    does.cast = [](const kith_msg *m) {
        if (m->tag == 1) {
            EXPECT_EQ(0, kith_cast(kith_self(), 2, nullptr, 0));
        }
        return kith_server_timeout(0);
    };
    const kith_pid pid = start();

    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    EXPECT_TRUE(comes("init, cast 1, cast 2, info timeout")) << diary();
    kill(pid);
}

TEST_P(ServerTimeout, OfZeroForEverLetsOthersRunAndDiesWhenTold)
{
    std::atomic<std::uint64_t> rounds = 0;

    does.init = [](void *) { return kith_server_timeout(0); };
    does.info = [&](const kith_msg *) {
        happened.clear();
        rounds++;
        return kith_server_timeout(0);
    };
    const kith_pid pid = start();

    EXPECT_TRUE(kt_until([&] { return rounds > 1000; }));
    in_process([] { kith_yield(); });
    kill(pid);
}

TEST_P(ServerTimeout, IsTakenBackByTheSameCallback)
{
    does.cast = [](const kith_msg *) {
        EXPECT_EQ(0, kith_server_timeout(10));
        return kith_server_timeout(KITH_INFINITY);
    };
    const kith_pid pid = start();

    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    ASSERT_TRUE(comes("init, cast 1"));
    ASSERT_TRUE(waits(pid));
    ASSERT_NO_FATAL_FAILURE(pass(100));
    settle(pid);
    EXPECT_EQ("init, cast 1, call 99", diary());
    kill(pid);
}

TEST_P(ServerTimeout, AContinuationComesBeforeItAndAsksAnew)
{
    does.cast = [](const kith_msg *) {
        EXPECT_EQ(0, kith_server_timeout(10));
        return kith_server_continue(1);
    };
    const kith_pid pid = start();

    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    ASSERT_TRUE(comes("init, cast 1, cont 1"));
    ASSERT_TRUE(waits(pid));
    ASSERT_NO_FATAL_FAILURE(pass(100));
    settle(pid);
    EXPECT_EQ("init, cast 1, cont 1, call 99", diary());
    kill(pid);
}

TEST_P(ServerTimeout, OneThatDiesWithItsTimeRunningLeavesNothing)
{
    does.init = [](void *) { return kith_server_timeout(10); };
    for (int i = 0; i < 20; i++) {
        const kith_pid pid = start();

        if (i % 2 == 0) {
            ASSERT_TRUE(waits(pid));
        }
        kill(pid);
    }
    ASSERT_NO_FATAL_FAILURE(pass(100));
}

}    // namespace
