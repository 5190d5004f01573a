/* SPDX-License-Identifier: Apache-2.0
 * monitor_test.cc -- hearing of a death, once. */
#include "tests/support/idle.h"
#include "tests/support/runtime.h"

#include <algorithm>
#include <atomic>
#include <vector>

namespace
{

using Monitor = kt_runtime;

const kith_reason of_kill = {KITH_KILL, 0, ""};
const kith_reason of_user = {KITH_USER, 12, "twelve"};

TEST_F(Monitor, SaysWhoDiedOfWhat)
{
    const kith_pid pid = kt_waiting();
    kith_ref ref;
    ASSERT_EQ(0, kith_monitor(pid, &ref));

    EXPECT_EQ(0, kith_exit_signal(pid, of_user));

    const kith_msg *m;
    ASSERT_EQ(0, kith_receive_ref(ref, &m, kt_long()));
    EXPECT_EQ(KITH_TAG_DOWN, m->tag);
    EXPECT_EQ(pid.id, m->from.id);
    const kith_down d = kt_down(m);
    EXPECT_EQ(pid.id, d.pid.id);
    EXPECT_EQ(0u, d.socket.id);
    EXPECT_EQ(KITH_USER, d.why.kind);
    EXPECT_EQ(12, d.why.code);
    EXPECT_STREQ("twelve", d.why.text);
    kt_expect_no_message();
}

TEST_F(Monitor, OfTheDeadOrUnknownComesAtOnceAsNoproc)
{
    const kith_pid dead = kt_waiting();
    kill(dead);

    for (const kith_pid pid : {dead, kith_pid{0}}) {
        kith_ref ref;
        ASSERT_EQ(0, kith_monitor(pid, &ref));
        const kith_msg *m;
        ASSERT_EQ(0, kith_receive_ref(ref, &m, 0));
        EXPECT_EQ(pid.id, m->from.id);
        EXPECT_EQ(KITH_NOPROC, kt_down(m).why.kind);
    }
    kt_expect_no_message();
}

TEST_F(Monitor, EachOneTellsByItself)
{
    const kith_pid pid = kt_waiting();
    std::vector<kith_ref> refs(10);
    for (kith_ref &r : refs)
        ASSERT_EQ(0, kith_monitor(pid, &r));

    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));

    for (const kith_ref r : refs)
        EXPECT_EQ(KITH_KILLED, kt_why(r).kind);
    kt_expect_no_message();
}

TEST_F(Monitor, NeverKills)
{
    in_process([] {
        kith_ref ref;
        const kith_pid pid = kt_waiting();

        ASSERT_EQ(0, kith_monitor(pid, &ref));
        EXPECT_EQ(0, kith_exit_signal(pid, of_kill));
        EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    });
}

TEST_F(Monitor, TheWatchedOneHearsNothingOfTheWatchersDeath)
{
    const kith_pid pid = kt_waiting();

    in_process([pid] {
        kith_ref ref;
        ASSERT_EQ(0, kith_monitor(pid, &ref));
    });

    struct kith_process_info info = KITH_PROCESS_INFO_INIT;
    EXPECT_EQ(0, kith_process_info(pid, &info));
    kill(pid);
}

TEST_F(Monitor, AfterDemonitorNoDownComes)
{
    for (std::size_t i = kt_scale(2000); i > 0; i--) {
        const kith_pid pid = kt_waiting();
        kith_ref ref;
        ASSERT_EQ(0, kith_monitor(pid, &ref));
        ASSERT_EQ(0, kith_exit_signal(pid, of_kill));

        ASSERT_EQ(0, kith_demonitor(ref, KITH_FLUSH));

        const kith_msg *m;
        ASSERT_EQ(KITH_ETIMEOUT, kith_receive_ref(ref, &m, 0));
    }
    ASSERT_TRUE(kt_until([] { return kt_processes() == 0; }));
    kt_expect_no_message();
}

TEST_F(Monitor, DemonitorSaysWhetherItWasActive)
{
    const kith_pid pid = kt_waiting();
    kith_ref ref;

    ASSERT_EQ(0, kith_monitor(pid, &ref));
    EXPECT_EQ(1, kith_demonitor(ref, KITH_INFO));
    EXPECT_EQ(0, kith_demonitor(ref, KITH_INFO)) << "it is gone";
    EXPECT_EQ(0, kith_demonitor(ref, 0)) << "which is no failure";

    ASSERT_EQ(0, kith_monitor(pid, &ref));
    EXPECT_EQ(0, kith_demonitor(ref, 0)) << "nobody asked";
    kill(pid);

    ASSERT_EQ(0, kith_monitor(pid, &ref));
    EXPECT_EQ(0, kith_demonitor(ref, KITH_INFO)) << "its DOWN is in the mailbox";
    EXPECT_EQ(KITH_NOPROC, kt_why(ref).kind) << "and stays there without FLUSH";
    ASSERT_EQ(0, kith_monitor(pid, &ref));
    EXPECT_EQ(0, kith_demonitor(ref, KITH_INFO | KITH_FLUSH));
    kt_expect_no_message();
}

TEST_F(Monitor, DemonitorOfNoneOrAnothersIsNothing)
{
    const kith_pid pid = kt_waiting();
    kith_ref ref;
    ASSERT_EQ(0, kith_monitor(pid, &ref));

    EXPECT_EQ(0, kith_demonitor({0}, KITH_INFO));
    EXPECT_EQ(0, kith_demonitor({UINT64_MAX}, KITH_INFO));
    EXPECT_EQ(KITH_EINVAL, kith_demonitor(ref, 4));
    in_process([ref] { EXPECT_EQ(0, kith_demonitor(ref, KITH_INFO | KITH_FLUSH)); });

    EXPECT_EQ(0, kith_exit_signal(pid, of_kill));
    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind) << "it is still ours";
}

TEST_F(Monitor, FlushTakesOnlyItsOwnMessage)
{
    const kith_pid pid = kt_waiting();
    kith_ref a, b;
    ASSERT_EQ(0, kith_monitor(pid, &a));
    ASSERT_EQ(0, kt_send(kith_self(), 1, 1));
    kill(pid);
    ASSERT_TRUE(kt_until([] { return kt_processes() == 0; })) << "all of it was told";
    ASSERT_EQ(0, kith_monitor(pid, &b));
    ASSERT_EQ(0, kt_send(kith_self(), 2, 2));

    EXPECT_EQ(0, kith_demonitor(b, KITH_FLUSH));

    EXPECT_EQ(1u, kt_number(kt_receive()));
    EXPECT_EQ(KITH_KILLED, kt_down(kt_receive()).why.kind);
    EXPECT_EQ(2u, kt_number(kt_receive()));
}

TEST_F(Monitor, ByNameFollowsWhoHasItNow)
{
    const kith_pid pid = kt_waiting();
    kith_ref ref;
    const kith_msg *m;
    ASSERT_EQ(0, kith_register("watched", pid));

    ASSERT_EQ(0, kith_monitor_name("watched", &ref));
    EXPECT_EQ(0, kith_exit_signal(pid, of_user));
    ASSERT_EQ(0, kith_receive_ref(ref, &m, kt_long()));
    EXPECT_EQ(pid.id, m->from.id);
    EXPECT_EQ(KITH_USER, kt_down(m).why.kind);

    ASSERT_EQ(0, kith_monitor_name("watched", &ref));
    ASSERT_EQ(0, kith_receive_ref(ref, &m, 0));
    EXPECT_EQ(0u, m->from.id) << "nobody has it any more";
    EXPECT_EQ(KITH_NOPROC, kt_down(m).why.kind);
}

/* OTP: a ref, and that is all. */
TEST_F(Monitor, OfOneselfIsNone)
{
    in_process([] {
        struct kith_process_info info = KITH_PROCESS_INFO_INIT;
        kith_ref ref;

        ASSERT_EQ(0, kith_monitor(kith_self(), &ref));
        EXPECT_NE(0u, ref.id);
        ASSERT_EQ(0, kith_process_info(kith_self(), &info));
        EXPECT_EQ(0u, info.n_monitors);
        EXPECT_EQ(0, kith_demonitor(ref, KITH_INFO));
        ASSERT_EQ(0, kith_monitor(kith_self(), &ref));
        kt_expect_no_message();

        for (const unsigned flag : {KITH_ALIAS, KITH_ALIAS_ONCE, KITH_ALIAS_DEMONITOR}) {
            ASSERT_EQ(0, kith_monitor_opt(kith_self(), flag, &ref));
            ASSERT_EQ(0, kith_send_alias(ref, 1, nullptr, 0, 0));
            EXPECT_EQ(1u, kt_receive()->tag);
            EXPECT_EQ(0, kith_demonitor(ref, KITH_INFO));
            EXPECT_EQ(flag == KITH_ALIAS ? 0 : KITH_ENOENT, kith_unalias(ref));
        }
    });
}

/* OTP: who is asked when it has been killed is dead, though it has not told yet. */
TEST_F(Monitor, AfterAKillByTheSameSenderFindsNobody)
{
    for (std::size_t i = kt_scale(500); i > 0; i--) {
        const kith_pid pid = kt_waiting();
        const kith_msg *m;
        kith_ref before, after;

        kith_flag_trap_exit(true);
        ASSERT_EQ(0, kith_monitor(pid, &before));
        ASSERT_EQ(0, kith_exit_signal(pid, of_kill));
        ASSERT_EQ(0, kith_monitor(pid, &after));
        ASSERT_EQ(0, kith_link(pid));
        ASSERT_EQ(0, kith_receive_ref(before, &m, kt_long()));
        ASSERT_EQ(KITH_KILLED, kt_down(m).why.kind);
        ASSERT_EQ(0, kith_receive_ref(after, &m, kt_long()));
        ASSERT_EQ(KITH_NOPROC, kt_down(m).why.kind);
        ASSERT_EQ(0, kith_receive_tag(KITH_TAG_EXIT, &m, kt_long()));
        ASSERT_EQ(KITH_NOPROC, kt_down(m).why.kind);
        kith_flag_trap_exit(false);
    }
    kt_expect_no_message();
}

/* Who ends by itself lives until its deferred functions are done. */
TEST_F(Monitor, DuringDeferredFunctionsHearsTheReason)
{
    static kith_pid me;
    kith_ref ref;
    const kith_msg *m;

    me = kith_self();
    const kith_pid pid = spawn_result([] {
        const auto wait = [](void *) {
            const kith_msg *got;
            kt_ignore(kith_send(me, 1, nullptr, 0));
            kt_ignore(kith_receive_tag(2, &got, KITH_INFINITY));
        };
        kt_ignore(kith_defer(wait, nullptr));
        return static_cast<int>(KITH_EIO);
    });
    ASSERT_EQ(0, kith_receive_tag(1, &m, kt_long()));
    ASSERT_EQ(0, kith_monitor(pid, &ref));
    ASSERT_EQ(0, kith_send(pid, 2, nullptr, 0));
    EXPECT_EQ(KITH_EIO, kt_why(ref).code);
}

TEST_F(Monitor, AnAnswerIsWanted)
{
    EXPECT_EQ(KITH_EINVAL, kith_monitor(kith_self(), nullptr));
}

/* Deaths that race the monitor's making: exactly one DOWN, of the one true reason or noproc. */
TEST_F(Monitor, EachTellsExactlyOnceHoweverTheDeathRaces)
{
    static std::atomic<std::size_t> told;
    const std::size_t rounds = kt_scale(500);

    told = 0;
    for (std::size_t r = 0; r < rounds; r++) {
        const kith_pid pid = kt_waiting();
        for (int w = 0; w < 4; w++)
            spawn([pid, w] {
                kith_ref refs[3];
                const kith_msg *m;

                for (kith_ref &ref : refs) {
                    ASSERT_EQ(0, kith_monitor(pid, &ref));
                    if (w == 2)
                        kt_ignore(kith_exit_signal(pid, of_kill));
                }
                for (const kith_ref ref : refs) {
                    const kith_reason why = kt_why(ref);
                    EXPECT_TRUE(why.kind == KITH_KILLED || why.kind == KITH_NOPROC);
                    told++;
                }
                EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
            });
    }

    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }, 20000));
    EXPECT_EQ(rounds * 12, told);
}

/* Watchers that die while the watched one does. */
TEST_F(Monitor, WatchersAndWatchedMayDieTogether)
{
    std::vector<kith_pid> watched(50), watchers(50);
    std::mt19937_64 rng = kt_rng();

    for (std::size_t round = kt_scale(40); round > 0; round--) {
        for (kith_pid &p : watched)
            p = kt_waiting();
        for (kith_pid &p : watchers)
            p = spawn([&watched] {
                const kith_msg *m;
                kith_ref ref;

                for (const kith_pid t : watched)
                    ASSERT_EQ(0, kith_monitor(t, &ref));
                kt_ignore(kith_receive_tag(1, &m, KITH_INFINITY));
            });
        std::vector<kith_pid> all(watched);
        all.insert(all.end(), watchers.begin(), watchers.end());
        std::shuffle(all.begin(), all.end(), rng);
        for (const kith_pid p : all)
            ASSERT_EQ(0, kith_exit_signal(p, of_kill));
        ASSERT_TRUE(kt_until([] { return kt_processes() == 0; }, 20000));
    }
}

}    // namespace
