/* SPDX-License-Identifier: Apache-2.0
 * server_test.cc -- processes made of callbacks, with a stack and without. */
#include "tests/support/runtime.h"

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

namespace
{

const kith_reason of_kill = {KITH_KILL, 0, ""};
const kith_reason of_shutdown = {KITH_SHUTDOWN, 0, ""};
const kith_iov none = {nullptr, 0};

/* Tags of the server under test. */
enum : std::uint64_t {
    ADD = 1,    // answers the total
    LATER,      // answered by another process
    NEVER,
    TWICE,        // answers twice
    FAIL,         // answers KITH_EIO as an error
    LONG,         // answers 100 bytes
    STOP,         // stops with KITH_DONE
    CRASH,        // stops with KITH_EPROTO
    EXIT_HERE,    // dies before it answers
    WAIT,         // calls everything that can wait
    CAST_ADD,
    CAST_STOP,
    TRAP
};

struct counter {
    std::uint64_t total;
    std::uint64_t infos, exits;
    kith_from waiting;
};

std::atomic<int> terminated;
std::atomic<int> terminated_kind;
std::atomic<int> waits_that_waited;

int
reply_later(void *arg)
{
    const auto *from = static_cast<kith_from *>(arg);
    const std::uint64_t answer = 1234;

    if (const int rc = kith_sleep(1); rc < 0)
        return rc;
    kith_reply(*from, &answer, sizeof answer);
    return 0;
}

int
init(void *state, void *arg)
{
    auto *c = static_cast<counter *>(state);
    const auto *first = static_cast<std::int64_t *>(arg);

    EXPECT_EQ(0u, c->total) << "the state is zeroed";
    if (first != nullptr && *first < 0)
        return static_cast<int>(*first);
    c->total = first != nullptr ? static_cast<std::uint64_t>(*first) : 0;
    return 0;
}

/* Each call that can wait, with a timeout of 0, on things that are there. */
void
call_what_waits(kith_pid other)
{
    const kith_msg *m;
    kith_sockaddr a = kith_sockaddr_loopback(KITH_INET, 1);
    kith_socket s = {0}, c;
    char buf[1];
    const auto bad = [](std::int64_t rc, const char *what) {
        if (rc != KITH_EHANDLER) {
            waits_that_waited++;
            ADD_FAILURE() << what << " answers " << rc;
        }
    };

    EXPECT_EQ(0, kith_socket_open(KITH_INET, KITH_STREAM, KITH_TCP, nullptr, &s));
    bad(kith_receive(&m, 0), "receive");
    bad(kith_receive_tag(1, &m, 0), "receive_tag");
    bad(kith_receive_ref({1}, &m, 0), "receive_ref");
    bad(kith_receive_match([](const kith_msg *, void *) { return true; }, nullptr, &m, 0),
        "receive_match");
    bad(kith_receive_any(&m, nullptr, 0, 0), "receive_any");
    bad(kith_sleep(0), "sleep");
    bad(kith_wait(other, nullptr, 0), "wait");
    bad(kith_call(other, 1, none, none, 0), "call");
    bad(kith_await({0}, 0), "await");
    bad(kith_await_any(nullptr, 0, 0), "await_any");
    bad(kith_await_socket({0}, 0, &c), "await_socket");
    bad(kith_blocking([](void *) { return 0; }, nullptr), "blocking");
    kith_server t = {};
    bad(kith_server_start(&t, nullptr, nullptr, 0, nullptr), "server_start");
    bad(kith_socket_accept(s, 0, &c), "socket_accept");
    bad(kith_socket_connect(s, &a, 0), "socket_connect");
    bad(kith_socket_recv(s, buf, 1, 0, 0), "socket_recv");
    bad(kith_socket_send(s, buf, 1, 0, 0), "socket_send");
    bad(kith_tcp_connect("127.0.0.1:1", 0, &c), "tcp_connect");
    bad(kith_resolve("127.0.0.1", 1, &a, 1, 0), "resolve");
    EXPECT_EQ(0, kith_socket_close(s));
}

int
call(void *state, kith_from from, const kith_msg *m)
{
    auto *c = static_cast<counter *>(state);
    char hundred[100];

    switch (m->tag) {
    case ADD:
        c->total += kt_number(m);
        kith_reply(from, &c->total, sizeof c->total);
        return KITH_CONTINUE;
    case LATER:
        return kith_spawn(reply_later, &from, sizeof from, nullptr);
    case NEVER:
        c->waiting = from;
        return KITH_CONTINUE;
    case TWICE:
        kith_reply(from, &c->total, sizeof c->total);
        kith_reply(from, "too late", 8);
        kith_reply_error(from, KITH_EIO);
        return KITH_CONTINUE;
    case FAIL:
        kith_reply_error(from, m->len == 0 ? KITH_EIO : 1);
        return KITH_CONTINUE;
    case LONG:
        std::memset(hundred, 'h', sizeof hundred);
        kith_reply(from, hundred, sizeof hundred);
        return KITH_CONTINUE;
    case STOP:
        kith_reply(from, nullptr, 0);
        return KITH_DONE;
    case CRASH:
        return KITH_EPROTO;
    case EXIT_HERE:
        kt_ignore(kith_exit_signal(kith_self(), of_kill));
        return KITH_CONTINUE;
    case WAIT:
        call_what_waits(m->from);
        kith_reply(from, nullptr, 0);
        return KITH_CONTINUE;
    case TRAP:
        kith_flag_trap_exit(true);
        kith_reply(from, nullptr, 0);
        return KITH_CONTINUE;
    default:
        kith_reply(from, &c->exits, sizeof c->exits);
        return KITH_CONTINUE;
    }
}

int
cast(void *state, const kith_msg *m)
{
    auto *c = static_cast<counter *>(state);

    if (m->tag == CAST_STOP)
        return KITH_DONE;
    c->total += kt_number(m);
    return KITH_CONTINUE;
}

int
info(void *state, const kith_msg *m)
{
    auto *c = static_cast<counter *>(state);

    c->total += 1000;
    c->exits += m->tag == KITH_TAG_EXIT;
    return KITH_CONTINUE;
}

void
terminate(void *state, kith_reason why)
{
    (void) static_cast<counter *>(state)->total;
    terminated++;
    terminated_kind = why.kind;
}

const kith_server types[2] = {
    {sizeof(counter), false, init, call, cast, info, terminate, nullptr},
    {sizeof(counter), true, init, call, cast, info, terminate, nullptr},
};

/* Both bodies keep the same promises. */
class Server : public kt_runtime, public testing::WithParamInterface<bool> {
  protected:
    const kith_server *type() const
    {
        return &types[GetParam()];
    }

    kith_pid start(const kith_spawn_options *o = nullptr) const
    {
        kith_pid pid = {0};
        /* Assertions in callbacks want room. */
        kith_spawn_options roomy = KITH_SPAWN_OPTIONS_INIT;

        terminated = 0;
        terminated_kind = -1;
        if (o != nullptr)
            roomy = *o;
        roomy.stack = 256 * 1024;
        EXPECT_EQ(0, kith_server_start(type(), &roomy, nullptr, 0, &pid));
        return pid;
    }

    static std::int64_t ask(kith_pid to, std::uint64_t tag, std::uint64_t n = 0)
    {
        std::uint64_t answer = 0;
        const std::int64_t rc =
            kith_call(to, tag, KITH_IOV(n), KITH_IOV(answer), kt_long());

        return rc == sizeof answer ? static_cast<std::int64_t>(answer) : rc;
    }
};

INSTANTIATE_TEST_SUITE_P(, Server, testing::Bool(),
                         [](const auto &p) { return p.param ? "WithStack" : "Handler"; });

TEST_P(Server, StartWaitsForInit)
{
    const auto check = [this] {
        kith_pid pid;
        const std::int64_t first = 40;
        std::uint64_t n = 2, answer = 0;

        ASSERT_EQ(0, kith_server_start(type(), nullptr, &first, sizeof first, &pid));
        ASSERT_EQ(8, kith_call(pid, ADD, KITH_IOV(n), KITH_IOV(answer), kt_long()));
        EXPECT_EQ(42u, answer);
        EXPECT_EQ(0, kith_exit_signal(pid, of_kill));
    };

    check();
    in_process(check);
}

TEST_P(Server, AnInitThatFailsMeansNoServer)
{
    const std::int64_t first = KITH_EADDRINUSE;
    kith_pid pid = {7};

    terminated = 0;
    EXPECT_EQ(KITH_EADDRINUSE,
              kith_server_start(type(), nullptr, &first, sizeof first, &pid));
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    EXPECT_EQ(0, terminated) << "what was not begun is not ended";
}

TEST_P(Server, AFailedStartIsAnsweredWhenTheNameIsFree)
{
    const std::int64_t first = KITH_EADDRINUSE;
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;

    o.name = "failing";
    for (int i = 0; i < 200; i++)
        ASSERT_EQ(KITH_EADDRINUSE,
                  kith_server_start(type(), &o, &first, sizeof first, nullptr))
            << "and not EEXIST";
}

TEST_P(Server, OneThatDiesInInitIsAFailure)
{
    kith_server t = *type();
    kith_pid pid;

    t.init = [](void *, void *) {
        kt_ignore(kith_exit_signal(kith_self(), of_shutdown));
        kith_yield();
        return 0;
    };
    if (!GetParam())
        return;    // a handler's callback runs to its end: init has succeeded then
    EXPECT_EQ(KITH_EFAILED, kith_server_start(&t, nullptr, nullptr, 0, &pid));
    t.init = [](void *, void *) {
        kt_ignore(kith_exit_signal(kith_self(), of_kill));
        return 0;
    };
    EXPECT_EQ(KITH_EKILLED, kith_server_start(&t, nullptr, nullptr, 0, &pid));
}

TEST_P(Server, AnswersCallsInTheirOrder)
{
    const kith_pid pid = start();

    for (std::int64_t i = 1; i <= 100; i++)
        EXPECT_EQ(i, ask(pid, ADD, 1));
    kill(pid);
}

TEST_P(Server, SeesCallsCastsAndTheRestApart)
{
    const kith_pid pid = start();
    const std::uint64_t n = 10;

    EXPECT_EQ(0, kith_cast(pid, CAST_ADD, &n, sizeof n));
    EXPECT_EQ(0, kith_send(pid, ADD, &n, sizeof n));
    ASSERT_EQ(0, kith_send_after(0, pid, ADD, none, nullptr));

    EXPECT_TRUE(kt_until([&] { return ask(pid, ADD, 0) == 2010; }));
    kill(pid);
}

TEST_P(Server, MayReplyLaterFromElsewhere)
{
    const kith_pid pid = start();

    EXPECT_EQ(1234, ask(pid, LATER));
    EXPECT_EQ(1, ask(pid, ADD, 1)) << "and went on meanwhile";
    kill(pid);
}

TEST_P(Server, TheSecondReplyIsDropped)
{
    const kith_pid pid = start();
    const kith_msg *m;

    EXPECT_EQ(5, ask(pid, ADD, 5));
    EXPECT_EQ(5, ask(pid, TWICE));
    EXPECT_EQ(6, ask(pid, ADD, 1));
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
    kill(pid);
}

TEST_P(Server, AnErrorIsWhatTheCallAnswers)
{
    const kith_pid pid = start();

    EXPECT_EQ(KITH_EIO, kith_call(pid, FAIL, none, none, kt_long()));
    EXPECT_EQ(KITH_EFAILED, ask(pid, FAIL)) << "a code that is none";
    kill(pid);
}

TEST_P(Server, AReplyThatDoesNotFitSaysItsLength)
{
    const auto check = [this] {
        const kith_pid pid = start();
        char small[10] = {0}, right[100] = {0};

        EXPECT_EQ(KITH_EMSGSIZE, kith_call(pid, LONG, none, KITH_IOV(small), kt_long()));
        EXPECT_EQ(100u, kith_partial());
        EXPECT_EQ(0, small[0]) << "nothing was written";
        EXPECT_EQ(100, kith_call(pid, LONG, none, KITH_IOV(right), kt_long()));
        EXPECT_EQ('h', right[99]);
        EXPECT_EQ(0, kith_exit_signal(pid, of_kill));
    };

    check();
    in_process(check);
}

TEST_P(Server, ACallThatTimesOutDropsTheLateReply)
{
    const auto check = [this] {
        const kith_pid pid = start();
        std::uint64_t n = 1, answer = 77;
        std::ptrdiff_t rc = 8;
        const kith_msg *m;

        while (rc == 8) { /* on a busy machine a reply may come in no time */
            answer = 77;
            rc = kith_call(pid, LATER, none, KITH_IOV(answer), 0);
        }
        EXPECT_EQ(KITH_ETIMEOUT, rc);
        EXPECT_EQ(KITH_ETIMEOUT, kith_call(pid, NEVER, none, KITH_IOV(answer), 2));
        EXPECT_EQ(77u, answer);
        EXPECT_EQ(8, kith_call(pid, ADD, KITH_IOV(n), KITH_IOV(answer), kt_long()));
        EXPECT_EQ(1u, answer);
        EXPECT_EQ(0, kith_sleep(5));
        EXPECT_EQ(1u, answer) << "the late one wrote nowhere";
        EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
        EXPECT_EQ(0, kith_exit_signal(pid, of_kill));
    };

    check();
    in_process(check);
}

TEST_P(Server, ACallOfTheDeadAnswersNoproc)
{
    const kith_pid pid = start();
    kill(pid);

    EXPECT_EQ(KITH_ENOPROC, kith_call(pid, ADD, none, none, KITH_INFINITY));
    EXPECT_EQ(KITH_ENOPROC, kith_call({0}, ADD, none, none, KITH_INFINITY));
    EXPECT_EQ(KITH_ENOPROC, kith_cast(pid, ADD, nullptr, 0));
}

TEST_P(Server, ACallThatKillsTheServerAnswersNoproc)
{
    for (const std::uint64_t tag : {CRASH, EXIT_HERE}) {
        const kith_pid pid = start();

        EXPECT_EQ(KITH_ENOPROC, ask(pid, tag));
        EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
        EXPECT_EQ(1, terminated);
    }
}

TEST_P(Server, ADeathAnswersAllWhoWait)
{
    const kith_pid pid = start();
    static std::atomic<int> answered;
    kith_future f;
    std::uint64_t answer;

    answered = 0;
    for (int i = 0; i < 50; i++)
        spawn([pid] {
            answered += kith_call(pid, NEVER, none, none, KITH_INFINITY) == KITH_ENOPROC;
        });
    ASSERT_EQ(0, kith_call_start(pid, NEVER, none, KITH_IOV(answer), KITH_INFINITY, &f));
    EXPECT_EQ(0, ask(pid, ADD, 0)) << "the others were before";
    ASSERT_EQ(0, kith_sleep(2));
    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));

    EXPECT_EQ(KITH_ENOPROC, kith_await(f, kt_long()));
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    EXPECT_EQ(50, answered);
}

TEST_P(Server, TerminateRunsAtEveryDeath)
{
    kith_pid pid = start();
    EXPECT_EQ(0, kith_call(pid, STOP, none, none, kt_long()));
    EXPECT_TRUE(kt_until([] { return terminated == 1; }));
    EXPECT_EQ(KITH_NORMAL, terminated_kind);

    pid = start();
    EXPECT_EQ(0, kith_cast(pid, CAST_STOP, nullptr, 0));
    EXPECT_TRUE(kt_until([] { return terminated == 1; }));
    EXPECT_EQ(KITH_NORMAL, terminated_kind);

    pid = start();
    EXPECT_EQ(KITH_ENOPROC, kith_call(pid, CRASH, none, none, kt_long()));
    EXPECT_TRUE(kt_until([] { return terminated == 1; }));
    EXPECT_EQ(KITH_ERROR, terminated_kind);

    pid = start();
    kill(pid);
    EXPECT_EQ(1, terminated);
    EXPECT_EQ(KITH_KILLED, terminated_kind);

    pid = start();
    EXPECT_EQ(0, kith_exit_signal(pid, of_shutdown));
    EXPECT_TRUE(kt_until([] { return terminated == 1; }));
    EXPECT_EQ(KITH_SHUTDOWN, terminated_kind);
}

TEST_P(Server, WhatItTrapsIsInfo)
{
    const kith_pid pid = start();

    EXPECT_EQ(0, kith_call(pid, TRAP, none, none, kt_long()));
    EXPECT_EQ(0, kith_exit_signal(pid, of_shutdown));
    EXPECT_EQ(1, ask(pid, 1000));
    kill(pid);
}

TEST_P(Server, TakesSpawnOptions)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_ref ref;
    kith_pid other;

    o.name = "server";
    o.monitor = &ref;
    const kith_pid pid = start(&o);
    EXPECT_EQ(pid.id, kith_whereis("server").id);
    o.monitor = nullptr;
    EXPECT_EQ(KITH_EEXIST, kith_server_start(type(), &o, nullptr, 0, &other));

    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));
    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
}

TEST_P(Server, CallsToNoCallbackAreAnswered)
{
    kith_server t = {};
    kith_pid pid;

    t.with_stack = GetParam();
    ASSERT_EQ(0, kith_server_start(&t, nullptr, nullptr, 0, &pid));
    EXPECT_EQ(KITH_EOPNOTSUPP, kith_call(pid, 1, none, none, kt_long()));
    EXPECT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    EXPECT_EQ(0, kith_send(pid, 1, nullptr, 0));
    EXPECT_EQ(KITH_EOPNOTSUPP, kith_call(pid, 1, none, none, kt_long()));
    kill(pid);
}

TEST_P(Server, ManyCallersAllGetTheirOwnAnswer)
{
    const kith_pid pid = start();
    static std::atomic<std::uint64_t> sum;
    const std::size_t callers = 50;
    const std::uint64_t each = kt_scale(1000);
    std::vector<std::thread> threads;

    sum = 0;
    const auto body = [=] {
        for (std::uint64_t i = 0; i < each; i++)
            sum += static_cast<std::uint64_t>(ask(pid, ADD, 1));
    };
    for (std::size_t i = 0; i < callers; i++)
        spawn(body);
    for (int i = 0; i < 3; i++)
        threads.emplace_back(body);
    for (std::thread &t : threads)
        t.join();

    EXPECT_TRUE(kt_until([] { return kt_processes() == 1; }, 20000));
    const std::uint64_t n = (callers + 3) * each;
    EXPECT_EQ(n * (n + 1) / 2, sum) << "each total was seen once";
    kill(pid);
}

TEST_P(Server, CallersThatDieLeaveItAlone)
{
    const kith_pid pid = start();

    for (int i = 0; i < 50; i++) {
        const kith_pid caller =
            spawn([pid] { kt_ignore(kith_call(pid, NEVER, none, none, KITH_INFINITY)); });
        if (i % 2 == 0)
            kith_yield();
        kill(caller);
    }
    EXPECT_EQ(1, ask(pid, ADD, 1));
    kill(pid);
}

TEST_P(Server, ItsFuturesEndLikeOthers)
{
    const kith_pid pid = start();
    std::uint64_t n = 3, answer = 0;
    kith_future f;
    const kith_msg *m;

    ASSERT_EQ(0,
              kith_call_start(pid, ADD, KITH_IOV(n), KITH_IOV(answer), KITH_INFINITY, &f));
    EXPECT_EQ(8, kith_await(f, kt_long()));
    EXPECT_EQ(3u, answer);
    EXPECT_EQ(KITH_ECLOSED, kith_await(f, 0));

    ASSERT_EQ(0, kith_call_start(pid, NEVER, none, none, KITH_INFINITY, &f));
    EXPECT_EQ(0, kith_cancel(f));
    EXPECT_EQ(KITH_ECLOSED, kith_cancel(f));

    ASSERT_EQ(0, kith_call_start(pid, NEVER, none, none, 3, &f));
    EXPECT_EQ(KITH_ETIMEOUT, kith_await(f, KITH_INFINITY)) << "its own timeout";

    ASSERT_EQ(0,
              kith_call_start(pid, ADD, KITH_IOV(n), KITH_IOV(answer), KITH_INFINITY, &f));
    kith_future_to_mailbox(f);
    ASSERT_EQ(0, kith_receive_tag(KITH_TAG_FUTURE, &m, kt_long()));
    const kith_done *d = KITH_BODY(m, kith_done);
    ASSERT_NE(nullptr, d);
    EXPECT_EQ(f.id, d->future.id);
    EXPECT_EQ(8, d->result);
    EXPECT_EQ(6u, answer);
    kill(pid);
}

/* ---- one body only ---- */

using Handler = kt_runtime;

TEST_F(Handler, EachCallThatCanWaitIsRefused)
{
    kith_pid pid;

    waits_that_waited = 0;
    ASSERT_EQ(0, kith_server_start(&types[0], nullptr, nullptr, 0, &pid));
    EXPECT_EQ(0, kith_call(pid, WAIT, none, none, kt_long()));
    EXPECT_EQ(0, waits_that_waited);
    kill(pid);
}

TEST_F(Handler, HasNoStack)
{
    kith_pid pid;

    ASSERT_EQ(0, kith_server_start(&types[0], nullptr, nullptr, 0, &pid));
    struct kith_process_info i = KITH_PROCESS_INFO_INIT;
    EXPECT_EQ(0, kith_process_info(pid, &i));
    EXPECT_EQ(0u, i.stack);
    kill(pid);
}

TEST_F(Handler, CallsItself)
{
    /* Only _start may be called there; the answer is the same for both bodies. */
    static std::atomic<int> rc;
    kith_server t = {};
    kith_pid pid;

    rc = 0;
    t.info = [](void *, const kith_msg *) {
        kith_future f;
        rc = kith_call_start(kith_self(), 1, none, none, KITH_INFINITY, &f);
        return 0;
    };
    ASSERT_EQ(0, kith_server_start(&t, nullptr, nullptr, 0, &pid));
    EXPECT_EQ(0, kith_send(pid, 1, nullptr, 0));
    EXPECT_TRUE(kt_until([] { return rc == KITH_EDEADLK; }));
    kill(pid);
    EXPECT_EQ(KITH_EDEADLK, kith_call(kith_self(), 1, none, none, KITH_INFINITY));
    in_process([] {
        EXPECT_EQ(KITH_EDEADLK, kith_call(kith_self(), 1, none, none, KITH_INFINITY));
    });
}

TEST_F(Handler, CanExitFromACallback)
{
    kith_server t = {};
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_pid pid;
    kith_ref ref;

    t.info = [](void *, const kith_msg *) -> int {
        kith_exit(kith_reason_of(KITH_USER, 3, "out"));
    };
    o.monitor = &ref;
    ASSERT_EQ(0, kith_server_start(&t, &o, nullptr, 0, &pid));
    EXPECT_EQ(0, kith_send(pid, 1, nullptr, 0));
    const kith_reason why = kt_why(ref);
    EXPECT_EQ(KITH_USER, why.kind);
    EXPECT_EQ(3, why.code);
}

TEST_F(Handler, ManyLiveAndAnswer)
{
    std::vector<kith_pid> pids(kt_procs(5000));

    for (kith_pid &p : pids)
        ASSERT_EQ(0, kith_server_start(&types[0], nullptr, nullptr, 0, &p));
    for (const kith_pid p : pids) {
        std::uint64_t n = 1, answer = 0;
        ASSERT_EQ(8, kith_call(p, ADD, KITH_IOV(n), KITH_IOV(answer), kt_long()));
        ASSERT_EQ(1u, answer);
    }
    for (const kith_pid p : pids)
        ASSERT_EQ(0, kith_cast(p, CAST_STOP, nullptr, 0));
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
}

TEST_F(Handler, OneThatNeverEndsItsMailLetsOthersRun)
{
    kith_server t = {};
    kith_pid pid;

    t.info = [](void *, const kith_msg *m) {
        kt_ignore(kith_send(kith_self(), m->tag, nullptr, 0));
        return 0;
    };
    ASSERT_EQ(0, kith_server_start(&t, nullptr, nullptr, 0, &pid));
    EXPECT_EQ(0, kith_send(pid, 1, nullptr, 0));
    in_process([] { EXPECT_EQ(0, kith_sleep(2)); });
    kill(pid);
}

TEST_F(Handler, OneKilledBeforeItsFirstStepTellsItsStarter)
{
    static std::atomic<int> answered;
    static kith_server t[2];

    for (const int stack : {0, 1}) {
        answered = 1;
        t[stack].with_stack = stack != 0;
        const kith_pid starter = spawn([stack] {
            kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
            kith_pid pid;

            o.name = "early";
            answered = kith_server_start(&t[stack], &o, nullptr, 0, &pid);
        });
        EXPECT_TRUE(kt_until([] {
            const kith_pid early = kith_whereis("early");

            if (early.id)
                kt_ignore(kith_exit_signal(early, of_kill));
            return answered != 1;
        }));
        EXPECT_EQ(0, kith_wait(starter, nullptr, kt_long()));
        EXPECT_TRUE(answered == 0 || answered == KITH_EKILLED) << answered;
        EXPECT_TRUE(kt_until([] {
            const kith_pid early = kith_whereis("early");

            if (early.id)
                kt_ignore(kith_exit_signal(early, of_kill));
            return kt_processes() == 0;
        }));
    }
}

}    // namespace
