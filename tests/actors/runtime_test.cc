/* SPDX-License-Identifier: Apache-2.0
 * runtime_test.cc -- start, stop, what is left when it does not go, and where there is none. */
#include "tests/support/runtime.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <linux/seccomp.h>
#include <string>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace
{

const kith_reason of_kill = {KITH_KILL, 0, ""};
const kith_iov none = {nullptr, 0};

int
nothing(void *)
{
    return 0;
}

int
wait_for_ever(void *)
{
    const kith_msg *m;

    kt_ignore(kith_receive(&m, KITH_INFINITY));
    return 0;
}

int
trap_and_wait(void *arg)
{
    const kith_msg *m;

    kith_flag_trap_exit(true);
    if (arg != nullptr)
        kt_ignore(kith_send(*static_cast<kith_pid *>(arg), 1, nullptr, 0));
    while (kith_receive(&m, KITH_INFINITY) == 0)
        ;
    return 0;
}

/* ---- every call, where there is no runtime ---- */

int n_wrong;

/* Makes no system call unless something is wrong: a forked child is watched for that. */
void
expect(const char *what, std::int64_t got, std::int64_t want)
{
    char line[200];

    if (got == want)
        return;
    n_wrong++;
    const int n = std::snprintf(line, sizeof line, "%s answers %lld\n", what,
                                static_cast<long long>(got));
    if (write(2, line, static_cast<std::size_t>(n)) < 0)
        n_wrong++;
}

bool
yes(const kith_msg *, void *)
{
    return true;
}

void
do_nothing(void *)
{
}

int
no_conn(kith_socket, void *)
{
    return 0;
}

int
call_everything(int want)
{
    kith_pid pid = {UINT64_C(1) << 60 | 1};
    kith_ref ref = {1};
    kith_socket s = {UINT64_C(2) << 60 | UINT64_C(1) << 28}, c;
    kith_future f = {UINT64_C(3) << 60 | UINT64_C(1) << 28};
    kith_sockaddr a = kith_sockaddr_loopback(KITH_INET, 1);
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    struct kith_process_info info = KITH_PROCESS_INFO_INIT;
    kith_server server = {};
    kith_reason why;
    const kith_msg *m;
    char b[8] = {0};
    int v = 1;

    n_wrong = 0;
#define WANT(call) expect(#call, static_cast<std::int64_t>(call), want)
    WANT(kith_signal(SIGUSR1, 1));
    WANT(kith_blocking(nothing, nullptr));
    WANT(kith_dump(2));
    WANT(kith_spawn(nothing, nullptr, 0, &pid));
    WANT(kith_spawn_link(nothing, nullptr, 0, &pid));
    WANT(kith_spawn_monitor(nothing, nullptr, 0, &pid, &ref));
    WANT(kith_spawn_opt(&o, nothing, nullptr, 0, &pid));
    WANT(kith_wait(pid, &why, KITH_INFINITY));
    WANT(kith_sleep(KITH_INFINITY));
    WANT(kith_exit_signal(pid, of_kill));
    WANT(kith_defer(do_nothing, nullptr));
    WANT(kith_process_info(pid, &info));
    WANT(kith_send(pid, 1, b, sizeof b));
    WANT(kith_send_msg(pid, kith_msg_new(1, 8)));
    WANT(kith_receive(&m, KITH_INFINITY));
    WANT(kith_receive_tag(1, &m, KITH_INFINITY));
    WANT(kith_receive_ref(ref, &m, KITH_INFINITY));
    WANT(kith_receive_match(yes, nullptr, &m, KITH_INFINITY));
    WANT(kith_receive_any(&m, &f, 1, KITH_INFINITY));
    WANT(kith_link(pid));
    WANT(kith_unlink(pid));
    WANT(kith_monitor(pid, &ref));
    WANT(kith_monitor_name("name", &ref));
    WANT(kith_demonitor(ref, 0));
    WANT(kith_register("name", pid));
    WANT(kith_unregister("name"));
    WANT(kith_send_name("name", 1, b, sizeof b));
    WANT(kith_send_after(1, pid, 1, none, &ref));
    WANT(kith_cancel_timer(ref, nullptr));
    WANT(kith_await(f, KITH_INFINITY));
    WANT(kith_await_socket(f, KITH_INFINITY, &c));
    WANT(kith_await_any(&f, 1, KITH_INFINITY));
    WANT(kith_cancel(f));
    WANT(kith_server_start(&server, nullptr, nullptr, 0, &pid));
    WANT(kith_call(pid, 1, none, none, KITH_INFINITY));
    WANT(kith_call_start(pid, 1, none, none, KITH_INFINITY, &f));
    WANT(kith_cast(pid, 1, nullptr, 0));
    WANT(kith_socket_open(KITH_INET, KITH_STREAM, KITH_TCP, nullptr, &c));
    WANT(kith_socket_bind(s, &a));
    WANT(kith_socket_listen(s, 1));
    WANT(kith_socket_connect(s, &a, KITH_INFINITY));
    WANT(kith_socket_connect_start(s, &a, KITH_INFINITY, &f));
    WANT(kith_socket_accept(s, KITH_INFINITY, &c));
    WANT(kith_socket_accept_start(s, KITH_INFINITY, &f));
    WANT(kith_socket_spawn(s, no_conn, nullptr, 0, &pid));
    WANT(kith_socket_give(s, pid, 1));
    WANT(kith_socket_recv(s, b, sizeof b, 0, KITH_INFINITY));
    WANT(kith_socket_recv_start(s, b, sizeof b, 0, KITH_INFINITY, &f));
    WANT(kith_socket_send(s, b, sizeof b, 0, KITH_INFINITY));
    WANT(kith_socket_send_start(s, b, sizeof b, 0, KITH_INFINITY, &f));
    WANT(kith_socket_cancel(s, KITH_OP_RECV));
    WANT(kith_socket_shutdown(s, KITH_SHUT_BOTH));
    WANT(kith_socket_sockname(s, &a));
    WANT(kith_socket_peername(s, &a));
    WANT(kith_socket_close(s));
    WANT(kith_socket_setopt_int(s, KITH_OPT_TCP_NODELAY, 1));
    WANT(kith_socket_getopt_int(s, KITH_OPT_TCP_NODELAY, &v));
    WANT(kith_socket_setopt(s, KITH_OPT_TCP_NODELAY, &v, sizeof v));
    WANT(kith_socket_getopt(s, KITH_OPT_TCP_NODELAY, &v, sizeof v));
    WANT(kith_socket_setopt_native(s, 6, 1, KITH_IOV(v)));
    WANT(kith_socket_getopt_native(s, 6, 1, KITH_IOV(v)));
    WANT(kith_tcp_listen("127.0.0.1:0", &c));
    WANT(kith_tcp_connect("127.0.0.1:1", KITH_INFINITY, &c));
    WANT(kith_resolve("127.0.0.1", 1, &a, 1, KITH_INFINITY));
    WANT(kith_stop(0, 0));
#undef WANT
    /* Those that answer no code do nothing. */
    kith_yield();
    kith_flag_trap_exit(true);
    kith_free(nullptr);
    kith_future_to_mailbox(f);
    kith_reply({f.id, 1}, nullptr, 0);
    kith_reply_error({f.id, 1}, KITH_EIO);
    expect("kith_self", static_cast<std::int64_t>(kith_self().id), 0);
    expect("kith_whereis", static_cast<std::int64_t>(kith_whereis("name").id), 0);
    expect("kith_alloc", kith_alloc(1) != nullptr, 0);
    expect("kith_partial", static_cast<std::int64_t>(kith_partial()), 0);
    expect("kith_msg_keep", kith_msg_keep(nullptr) != nullptr, 0);
    return n_wrong;
}

TEST(RuntimeDeathTest, BeforeTheFirstStartEveryCallAnswersNotRunning)
{
    EXPECT_EXIT(
        {
            const bool stopping = kith_stopping();
            _exit(call_everything(KITH_ENOTRUNNING) + stopping);
        },
        testing::ExitedWithCode(0), "");
}

TEST(Runtime, AfterAStopEveryCallAnswersStopped)
{
    ASSERT_EQ(0, kith_start(nullptr));
    EXPECT_FALSE(kith_stopping());
    ASSERT_EQ(0, kith_stop(0, 0));

    EXPECT_TRUE(kith_stopping());
    EXPECT_EQ(0, call_everything(KITH_ESTOPPED));
    std::thread([] { EXPECT_EQ(0, call_everything(KITH_ESTOPPED)); }).join();
}

/* Forks; the child runs under a filter that kills it at any system call but write and exit. */
int
status_of_child(bool filtered)
{
    const pid_t child = fork();
    int status = -1;

    if (child == 0) {
        const bool on = filtered && !kt_asan && !kt_tsan;
        if (on && prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
            syscall(SYS_exit, 98);
        int wrong = call_everything(KITH_EFORKED);
        if (!on) {
            expect("kith_start", kith_start(nullptr), KITH_EFORKED);
            expect("kith_main", kith_main(nothing, nullptr, 0, nullptr), KITH_EFORKED);
            wrong = n_wrong;
        }
        if (!on)
            _exit(wrong);
        syscall(SYS_exit, wrong);    // the filter lets this one through
    }
    EXPECT_EQ(child, waitpid(child, &status, 0));
    return status;
}

TEST(Runtime, InAForkedChildEveryCallAnswersForkedAndMakesNoSystemCall)
{
    ASSERT_EQ(0, kith_start(nullptr));
    const kith_pid me = kith_self();
    kith_pid pid;
    ASSERT_EQ(0, kith_spawn(wait_for_ever, nullptr, 0, &pid));

    for (const bool filtered : {true, false}) {
        const int status = status_of_child(filtered);
        EXPECT_TRUE(WIFEXITED(status)) << "by signal " << WTERMSIG(status);
        EXPECT_EQ(0, WEXITSTATUS(status));
    }

    EXPECT_EQ(me.id, kith_self().id) << "the parent goes on";
    EXPECT_EQ(0, kith_send(pid, 1, nullptr, 0));
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    EXPECT_EQ(0, kith_stop(0, 0));

    const int status = status_of_child(true);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "and after a stop";
}

TEST(Runtime, AProcessMayForkAndExec)
{
    ASSERT_EQ(0, kith_start(nullptr));
    kith_pid pid;
    kith_ref ref;

    ASSERT_EQ(0, kith_spawn_monitor(
                     [](void *) {
                         const pid_t child = fork();
                         int status = -1;

                         if (child == 0)
                             _exit(kith_send({1}, 1, nullptr, 0) == KITH_EFORKED ? 0 : 1);
                         return waitpid(child, &status, 0) == child ? status : -1;
                     },
                     nullptr, 0, &pid, &ref));
    const kith_reason why = kt_why(ref);
    EXPECT_EQ(KITH_NORMAL, why.kind) << why;
    EXPECT_EQ(0, kith_stop(0, 0));
}

/* ---- start and main ---- */

TEST(Runtime, StartsOnce)
{
    ASSERT_EQ(0, kith_start(nullptr));
    EXPECT_EQ(KITH_EALREADY, kith_start(nullptr));
    EXPECT_EQ(KITH_EALREADY, kith_main(nothing, nullptr, 0, nullptr));
    EXPECT_EQ(0, kith_stop(0, 0));
    EXPECT_EQ(KITH_ESTOPPED, kith_stop(0, 0));
}

TEST(Runtime, RefusesOptionsThatMakeNoSense)
{
    const kt_env no_workers("KITH_WORKERS", nullptr);
    kith_options o = KITH_OPTIONS_INIT;

    o.size = 0;
    EXPECT_EQ(KITH_EINVAL, kith_start(&o));
    o.size = sizeof o + 8;
    EXPECT_EQ(KITH_EINVAL, kith_start(&o));
    o = KITH_OPTIONS_INIT;
    o.workers = -1;
    EXPECT_EQ(KITH_EINVAL, kith_start(&o));
    o.workers = 1000000;
    EXPECT_EQ(KITH_EINVAL, kith_start(&o));
    for (const char *bad : {"abc", "1x", "-1", "251"}) {
        const kt_env env("KITH_WORKERS", bad);

        testing::internal::CaptureStderr();
        EXPECT_EQ(KITH_EINVAL, kith_start(nullptr));
        EXPECT_NE(std::string::npos,
                  testing::internal::GetCapturedStderr().find("KITH_WORKERS"))
            << "the error says which variable";
    }
    EXPECT_EQ(KITH_EINVAL, kith_main(nothing, nullptr, 0, &o));
    o = KITH_OPTIONS_INIT;
    o.workers = 3;
    ASSERT_EQ(0, kith_start(&o));
    EXPECT_EQ(0, kith_stop(0, 0));
}

TEST(Main, AnswersWhatTheFirstProcessAnswered)
{
    const int codes[] = {0, KITH_EADDRINUSE, 7};

    for (const int code : codes)
        EXPECT_EQ(code, kith_main([](void *arg) { return *static_cast<int *>(arg); }, &code,
                                  sizeof code, nullptr));
    EXPECT_EQ(KITH_ESTOPPED, kith_send({1}, 1, nullptr, 0));
}

TEST(Main, AnswersHowTheFirstProcessDied)
{
    EXPECT_EQ(KITH_EKILLED,
              kith_main([](void *) -> int { kith_exit(of_kill); }, nullptr, 0, nullptr));
    EXPECT_EQ(0, kith_main(
                     [](void *) -> int {
                         kith_exit({KITH_SHUTDOWN, 0, ""});
                     },
                     nullptr, 0, nullptr));
    EXPECT_EQ(KITH_EIO, kith_main(
                            [](void *) -> int {
                                kith_exit({KITH_ERROR, KITH_EIO, ""});
                            },
                            nullptr, 0, nullptr));
}

TEST(Main, StopsTheRestWithTheOptionsTimes)
{
    kith_options o = KITH_OPTIONS_INIT;
    const std::int64_t begin = kt_now_ms();

    o.drain = 20;
    o.kill = 20;
    EXPECT_EQ(0, kith_main(
                     [](void *) {
                         kith_pid me = kith_self();
                         const kith_msg *m;
                         const int rc = kith_spawn(trap_and_wait, &me, sizeof me, nullptr);

                         return rc < 0 ? rc : kith_receive(&m, KITH_INFINITY);
                     },
                     nullptr, 0, &o));

    EXPECT_GE(kt_now_ms() - begin, 40);
    EXPECT_LE(kt_now_ms() - begin, kt_patience(2000));
    EXPECT_EQ(0u, kt_processes());
}

TEST(Runtime, RestartsWithoutLosingThreadsOrDescriptors)
{
    ASSERT_EQ(0, kith_start(nullptr));
    ASSERT_EQ(0, kith_stop(0, 0));
    const std::size_t threads = kt_threads(), fds = kt_descriptors().size();

    for (int i = 0; i < 100; i++) {
        kith_ref ref;
        kith_socket s;

        ASSERT_EQ(0, kith_start(nullptr)) << "the " << i << "th time";
        ASSERT_EQ(0,
                  kith_spawn_monitor([](void *) { return kith_blocking(nothing, nullptr); },
                                     nullptr, 0, nullptr, &ref));
        ASSERT_EQ(KITH_NORMAL, kt_why(ref).kind);
        ASSERT_EQ(0, kith_tcp_listen("127.0.0.1:0", &s));    // the stop closes it
        ASSERT_EQ(0, kith_stop(0, 0));
    }

    EXPECT_TRUE(kt_until([=] { return kt_threads() <= threads; })) << kt_threads();
    EXPECT_TRUE(kt_until([=] { return kt_descriptors().size() <= fds; }));
}

}    // namespace
