/* SPDX-License-Identifier: Apache-2.0
 * report_test.cc -- what the library says of the living and of the dying. */
#include "tests/support/idle.h"
#include "tests/support/runtime.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
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

/* ---- reports ---- */

using Report = kt_runtime;

TEST_F(Report, ADumpHasALineForEachProcess)
{
    const kith_pid me = kith_self();
    const kith_msg *m;
    kith_pid pid;
    int fd[2];

    ASSERT_EQ(0, kith_spawn(kt_trap_and_wait, &me, sizeof me, &pid));
    ASSERT_EQ(0, kith_receive_tag(1, &m, kt_long()));
    ASSERT_TRUE(kt_until([pid] {
        struct kith_process_info info = KITH_PROCESS_INFO_INIT;
        return kith_process_info(pid, &info) == 0 && info.status == KITH_STATUS_WAITING;
    }));
    ASSERT_EQ(0, pipe(fd));
    EXPECT_EQ(0, kith_dump(fd[1]));
    close(fd[1]);
    std::string text(65536, '\0');
    const ssize_t n = read(fd[0], text.data(), text.size());
    close(fd[0]);
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);

    EXPECT_TRUE(kt_line_with(text, "trap_and_wait", "receive")) << text;
    kill(pid);
    EXPECT_EQ(KITH_EBADF, kith_dump(-1)) << "the kernel's code";
}

TEST_F(Report, InfoTellsWhatAProcessIsAndDoes)
{
    const kith_pid me = kith_self();
    const kith_msg *m;
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    struct kith_process_info info = KITH_PROCESS_INFO_INIT;
    kith_pid pid;
    kith_ref ref;

    o.stack = 200 * 1024;
    o.monitor = &ref;
    ASSERT_EQ(0, kith_spawn_opt(&o, kt_trap_and_wait, &me, sizeof me, &pid));
    ASSERT_EQ(0, kith_receive_tag(1, &m, kt_long()));
    ASSERT_TRUE(kt_until([&] {
        return kith_process_info(pid, &info) == 0 && info.status == KITH_STATUS_WAITING;
    }));

    EXPECT_EQ(pid.id, info.pid.id);
    EXPECT_GE(info.stack, 180u * 1024);
    EXPECT_NE(nullptr, std::strstr(info.fn, "trap_and_wait")) << info.fn;
    EXPECT_NE(nullptr, std::strstr(info.spawned_by, "InfoTellsWhat")) << info.spawned_by;
    EXPECT_STREQ("receive", info.waits_for);
    ASSERT_EQ(0, kith_process_info(me, &info));
    EXPECT_EQ(KITH_STATUS_RUNNING, info.status);
    EXPECT_EQ(0u, info.stack);

    EXPECT_EQ(KITH_EINVAL, kith_process_info(pid, nullptr));
    info.size = 0;
    EXPECT_EQ(KITH_EINVAL, kith_process_info(pid, &info));
    info.size = offsetof(struct kith_process_info, fn);
    std::strcpy(info.fn, "untouched");
    EXPECT_EQ(0, kith_process_info(pid, &info));
    EXPECT_STREQ("untouched", info.fn);
    kill(pid);
    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    EXPECT_EQ(KITH_ENOPROC, kith_process_info(pid, &info));
}

TEST_F(Report, InfoCountsWhatTheCallerHas)
{
    const auto check = [] {
        const kith_pid me = kith_self();
        struct kith_process_info before = KITH_PROCESS_INFO_INIT, now = before, of = before;
        kith_socket s[2];
        kith_ref ref[3];
        kith_pid pid;

        ASSERT_EQ(0, kith_process_info(me, &before));
        ASSERT_EQ(0, kith_spawn_link(kt_trap_and_wait, &me, sizeof me, &pid));
        ASSERT_NE(nullptr, kt_receive());
        for (kith_ref &r : ref)
            ASSERT_EQ(0, kith_monitor(pid, &r));
        for (kith_socket &x : s)
            ASSERT_EQ(0, kith_socket_open(KITH_INET, KITH_STREAM, 0, nullptr, &x));
        ASSERT_EQ(0, kith_process_info(me, &now));
        EXPECT_EQ(before.n_links + 1, now.n_links);
        EXPECT_EQ(before.n_monitors + 3, now.n_monitors);
        EXPECT_EQ(before.n_sockets + 2, now.n_sockets);
        ASSERT_EQ(0, kith_process_info(pid, &of));
        EXPECT_EQ(1u, of.n_links) << "of another too";

        for (kith_socket x : s)
            EXPECT_EQ(0, kith_socket_close(x));
        for (kith_ref r : ref)
            EXPECT_EQ(0, kith_demonitor(r, 0));
        ASSERT_EQ(0, kith_unlink(pid));
        kith_reason why;
        ASSERT_EQ(0, kith_exit_signal(pid, kith_reason_of(KITH_KILL, 0, nullptr)));
        kt_ignore(kith_wait(pid, &why, kt_long()));
        ASSERT_EQ(0, kith_process_info(me, &now));
        EXPECT_EQ(before.n_links, now.n_links);
        EXPECT_EQ(before.n_monitors, now.n_monitors);
        EXPECT_EQ(before.n_sockets, now.n_sockets);
    };

    check();
    in_process(check);
}

/* ---- stack overflow ---- */

__attribute__((noinline)) int
too_deep(int n)
{
    volatile char frame[1000];

    frame[0] = static_cast<char>(n);
    return n < 0 ? 0 : too_deep(n + 1) + frame[0];
}

int
dig(void *)
{
    return too_deep(0);
}

__attribute__((noinline)) int
send_someone_digging()
{
    kith_ref ref;
    const kith_msg *m;
    int rc = kith_spawn_monitor(dig, nullptr, 0, nullptr, &ref);

    if (rc == 0)
        rc = kith_receive_ref(ref, &m, KITH_INFINITY);
    return rc;
}

using OverflowDeathTest = kt_runtime;

TEST_F(OverflowDeathTest, NamesTheProcessItsFunctionItsStackAndItsSpawner)
{
    EXPECT_DEATH(_exit(send_someone_digging()),
                 "process <[0-9]+\\.[0-9]+> running [^ ]*dig.*, spawned by "
                 "[^ ]*send_someone_digging[^ ]*, overflowed its [0-9]+ KiB stack");
}

}    // namespace
