/* SPDX-License-Identifier: Apache-2.0
 * runtime_test.cc -- start and stop, kith_main, a fork, and starting again. */
#include "tests/support/ear.h"
#include "tests/support/idle.h"
#include "tests/support/runtime.h"

#include <cstdlib>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace
{

const kith_reason of_kill = {KITH_KILL, 0, ""};

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
    EXPECT_EQ(KITH_EALREADY, kith_main(kt_nothing, nullptr, 0, nullptr));
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
    const std::pair<const char *, const char *> bad_ones[] = {
        {"KITH_WORKERS", "abc"},        {"KITH_WORKERS", "1x"},
        {"KITH_WORKERS", "-1"},         {"KITH_WORKERS", "251"},
        {"KITH_PROCESSES", "many"},     {"KITH_PROCESSES", "-1"},
        {"KITH_PROCESSES", "134217728"}};
    for (const auto &[name, bad] : bad_ones) {
        const kt_env env(name, bad);

        testing::internal::CaptureStderr();
        EXPECT_EQ(KITH_EINVAL, kith_start(nullptr));
        EXPECT_NE(std::string::npos, testing::internal::GetCapturedStderr().find(name))
            << "the error says which variable";
    }
    o = KITH_OPTIONS_INIT;
    o.processes = 134217728;
    EXPECT_EQ(KITH_EINVAL, kith_start(&o));
    EXPECT_EQ(KITH_EINVAL, kith_main(kt_nothing, nullptr, 0, &o));
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

/* A program that ends with a code would else have it said twice: by the log and by its main. */
TEST(Main, ThatEndsWithACodeIsNoCrash)
{
    kt_ear ear;

    EXPECT_EQ(KITH_EIO,
              kith_main([](void *) -> int { return KITH_EIO; }, nullptr, 0, nullptr));
    EXPECT_EQ(KITH_EIO,
              kith_main(
                  [](void *) -> int {
                      kith_ref ref;
                      const kith_msg *m;
                      int rc = kith_spawn_monitor([](void *) -> int { return KITH_EPIPE; },
                                                  nullptr, 0, nullptr, &ref);

                      if (rc == 0)
                          rc = kith_receive_ref(ref, &m, KITH_INFINITY);
                      return rc < 0 ? rc : KITH_EIO;
                  },
                  nullptr, 0, nullptr));
    for (const kt_heard &h : ear.all())
        if (h.text.find("crash") != std::string::npos) {
            EXPECT_EQ(h.text.find("epipe") != std::string::npos ? KITH_LOG_ERROR
                                                                : KITH_LOG_INFO,
                      h.level)
                << h.text;
        }
    EXPECT_EQ(2u, ear.count("error(eio)"));
    EXPECT_EQ(1u, ear.count("error(epipe)"));
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
                         const int rc =
                             kith_spawn(kt_trap_and_wait, &me, sizeof me, nullptr);

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
        ASSERT_EQ(
            0, kith_spawn_monitor([](void *) { return kith_blocking(kt_nothing, nullptr); },
                                  nullptr, 0, nullptr, &ref));
        ASSERT_EQ(KITH_NORMAL, kt_why(ref).kind);
        ASSERT_EQ(0, kith_tcp_listen("127.0.0.1:0", &s));    // the stop closes it
        ASSERT_EQ(0, kith_stop(0, 0));
    }

    EXPECT_TRUE(kt_until([=] { return kt_threads() <= threads; })) << kt_threads();
    EXPECT_TRUE(kt_until([=] { return kt_descriptors().size() <= fds; }));
}

}    // namespace
