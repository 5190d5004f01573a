/* SPDX-License-Identifier: Apache-2.0
 * signal_test.cc -- signals of the system: as messages, and as the order to stop. */
#include "tests/support/idle.h"
#include "tests/support/runtime.h"

#include <atomic>
#include <csignal>
#include <unistd.h>

namespace
{

using Signal = kt_runtime;

TEST_F(Signal, BecomesAMessageToWhoAsked)
{
    ASSERT_EQ(0, kith_signal(SIGUSR1, 12));
    for (int i = 0; i < 3; i++) {
        ASSERT_EQ(0, raise(SIGUSR1));
        const kith_msg *m;
        ASSERT_EQ(0, kith_receive_tag(12, &m, kt_long()));
        EXPECT_EQ(0u, m->len);
    }
}

TEST_F(Signal, MovesToTheLastWhoAsked)
{
    const kith_msg *m;

    ASSERT_EQ(0, kith_signal(SIGUSR1, 12));
    const kith_pid me = kith_self();
    const kith_pid other = spawn([me] {
        const kith_msg *got;

        ASSERT_EQ(0, kith_signal(SIGUSR1, 13));
        kt_ignore(kith_send(me, 1, nullptr, 0));
        ASSERT_EQ(0, kith_receive_tag(13, &got, KITH_INFINITY));
    });
    ASSERT_EQ(0, kith_receive_tag(1, &m, kt_long()));
    kith_ref ref;
    ASSERT_EQ(0, kith_monitor(other, &ref));

    ASSERT_EQ(0, raise(SIGUSR1));

    EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
}

TEST_F(Signal, RefusesWhatCannotBe)
{
    EXPECT_EQ(KITH_EINVAL, kith_signal(0, 1));
    EXPECT_EQ(KITH_EINVAL, kith_signal(-1, 1));
    EXPECT_EQ(KITH_EINVAL, kith_signal(1000, 1));
    EXPECT_EQ(KITH_EINVAL, kith_signal(SIGKILL, 1));
    EXPECT_EQ(KITH_EINVAL, kith_signal(SIGSTOP, 1));
    EXPECT_EQ(KITH_EINVAL, kith_signal(SIGUSR1, KITH_TAG_DOWN));
    for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS})
        EXPECT_EQ(KITH_EINVAL, kith_signal(fault, 1)) << fault;
}

TEST(Runtime, KeepsTheSignalsOfItsOptions)
{
    kith_options o = KITH_OPTIONS_INIT;

    o.stop_on_sigterm = true;
    o.dump_signal = SIGUSR1;
    ASSERT_EQ(0, kith_start(&o));
    for (int taken : {SIGTERM, SIGINT, SIGUSR1})
        EXPECT_EQ(KITH_EEXIST, kith_signal(taken, 1)) << taken;
    EXPECT_EQ(0, kith_signal(SIGUSR2, 1));
    EXPECT_EQ(0, kith_stop(0, 0));
    ASSERT_EQ(0, kith_start(nullptr));
    EXPECT_EQ(0, kith_signal(SIGUSR1, 1)) << "of those options only";
    EXPECT_EQ(0, kith_stop(0, 0));
}

TEST(Runtime, RefusesADumpSignalThatCannotBe)
{
    kith_options o = KITH_OPTIONS_INIT;

    for (int bad : {-1, 64, 1000, 32, SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL,
                    SIGTRAP, SIGSYS}) {
        o.dump_signal = bad;
        EXPECT_EQ(KITH_EINVAL, kith_start(&o)) << bad;
    }
    o.stop_on_sigterm = true;
    for (int stops : {SIGTERM, SIGINT}) {
        o.dump_signal = stops;
        EXPECT_EQ(KITH_EINVAL, kith_start(&o)) << stops;
    }
    o.stop_on_sigterm = false;
    EXPECT_EQ(0, kith_start(&o));
    EXPECT_EQ(0, kith_stop(0, 0));
}

using SignalDeathTest = kt_runtime;

TEST_F(SignalDeathTest, ItsDefaultComesBackWithTheReceiversDeath)
{
    EXPECT_EXIT(
        {
            in_process([] { ASSERT_EQ(0, kith_signal(SIGUSR1, 12)); });
            raise(SIGUSR1);
            kt_until([] { return false; });
            _exit(1);
        },
        testing::KilledBySignal(SIGUSR1), "");
}

TEST(Runtime, GivesSignalsBackAtAStop)
{
    struct sigaction now;

    ASSERT_EQ(0, kith_start(nullptr));
    ASSERT_EQ(0, kith_signal(SIGUSR2, 12));
    ASSERT_EQ(0, kith_stop(0, 0));

    ASSERT_EQ(0, sigaction(SIGUSR2, nullptr, &now));
    EXPECT_EQ(SIG_DFL, now.sa_handler);
}

TEST(Runtime, StopsOnSigtermIfAsked)
{
    kith_options o = KITH_OPTIONS_INIT;
    static std::atomic<bool> saw;

    saw = false;
    o.stop_on_sigterm = true;
    o.drain = kt_patience(10000);
    ASSERT_EQ(0, kith_start(&o));
    ASSERT_EQ(0, kith_spawn(
                     [](void *) {
                         while (!kith_stopping())
                             if (kith_sleep(1) != 0)
                                 return 1;
                         saw = true;
                         return 0;
                     },
                     nullptr, 0, nullptr));
    ASSERT_EQ(0, raise(SIGTERM));

    EXPECT_TRUE(kt_until([] { return kith_send({1}, 1, nullptr, 0) == KITH_ESTOPPED; }));
    EXPECT_TRUE(saw);
    EXPECT_TRUE(kt_until([] { return kith_start(nullptr) == 0; }));
    EXPECT_EQ(0, kith_stop(0, 0));
}

TEST(Runtime, ASecondSigtermDoesNotWaitForTheDrain)
{
    kith_options o = KITH_OPTIONS_INIT;

    o.stop_on_sigterm = true;
    o.drain = 600000;
    o.kill = kt_patience(10000);
    ASSERT_EQ(0, kith_start(&o));
    ASSERT_EQ(0, kith_spawn(kt_wait_for_ever, nullptr, 0, nullptr));
    ASSERT_EQ(0, raise(SIGTERM));
    ASSERT_TRUE(kt_until([] { return kith_stopping(); }));
    ASSERT_EQ(0, raise(SIGTERM));

    EXPECT_TRUE(kt_until([] { return kith_send({1}, 1, nullptr, 0) == KITH_ESTOPPED; }));
    EXPECT_TRUE(kt_until([] { return kith_start(nullptr) == 0; }));
    EXPECT_EQ(0, kith_stop(0, 0));
}

}    // namespace
