/* SPDX-License-Identifier: Apache-2.0
 * spawn_test.cc -- birth: what a child has before it runs, and what is left when there is none. */
#include "tests/support/idle.h"
#include "tests/support/runtime.h"

#include <atomic>
#include <set>
#include <vector>

namespace
{

using Spawn = kt_runtime;

std::atomic<std::uint64_t> seen;

int
note_number(void *arg)
{
    seen = *static_cast<std::uint64_t *>(arg);
    return 0;
}

int
note_no_arg(void *arg)
{
    seen = arg == nullptr ? 1 : 2;
    return 0;
}

int
receive_one(void *)
{
    const kith_msg *m;
    const int rc = kith_receive(&m, KITH_INFINITY);

    return rc < 0 ? rc : static_cast<int>(m->tag);
}

TEST_F(Spawn, RunsTheFunctionWithItsOwnCopyOfTheArgument)
{
    kith_pid pid;
    kith_ref ref;
    std::uint64_t number = 42;

    seen = 0;
    ASSERT_EQ(0, kith_spawn_monitor(note_number, &number, sizeof number, &pid, &ref));
    number = 0;

    EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
    EXPECT_EQ(42u, seen);
}

TEST_F(Spawn, AnArgumentOfNoBytesIsNull)
{
    kith_ref ref;

    seen = 0;
    ASSERT_EQ(0, kith_spawn_monitor(note_no_arg, nullptr, 0, nullptr, &ref));

    EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
    EXPECT_EQ(1u, seen);
}

TEST_F(Spawn, ALargeArgumentArrivesWhole)
{
    static std::atomic<bool> right;
    const std::vector<std::uint64_t> big(1 << 16, 0x0123456789abcdef);
    const auto check = [](void *arg) {
        const auto *v = static_cast<const std::uint64_t *>(arg);

        right = true;
        for (int i = 0; i < 1 << 16; i++)
            if (v[i] != 0x0123456789abcdef)
                right = false;
        return 0;
    };
    kith_ref ref;

    right = false;
    ASSERT_EQ(0, kith_spawn_monitor(check, big.data(), big.size() * sizeof big[0], nullptr,
                                    &ref));

    EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
    EXPECT_TRUE(right);
}

TEST_F(Spawn, WithoutAFunctionThereIsNoChild)
{
    kith_pid pid;
    kith_ref ref;

    EXPECT_EQ(KITH_EINVAL, kith_spawn(nullptr, nullptr, 0, &pid));
    EXPECT_EQ(KITH_EINVAL, kith_spawn_link(nullptr, nullptr, 0, &pid));
    EXPECT_EQ(KITH_EINVAL, kith_spawn_monitor(nullptr, nullptr, 0, &pid, &ref));
    EXPECT_EQ(KITH_EINVAL, kith_spawn_opt(nullptr, nullptr, nullptr, 0, &pid));
    EXPECT_EQ(KITH_EINVAL, kith_spawn(kt_nothing, nullptr, 8, &pid))
        << "bytes from nowhere";
    EXPECT_EQ(0u, kt_processes());
}

TEST_F(Spawn, NullOptionsAreTheDefaults)
{
    kith_pid pid;

    ASSERT_EQ(0, kith_spawn_opt(nullptr, kt_wait_for_ever, nullptr, 0, &pid));

    struct kith_process_info info = KITH_PROCESS_INFO_INIT;
    EXPECT_EQ(0, kith_process_info(pid, &info));
    EXPECT_GE(info.stack, 32u * 1024);
    kill(pid);
}

TEST_F(Spawn, OptionsOfAnOlderCallerStillWork)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_pid pid;

    o.name = "younger";
    o.size = offsetof(kith_spawn_options, name);
    ASSERT_EQ(0, kith_spawn_opt(&o, kt_wait_for_ever, nullptr, 0, &pid));

    EXPECT_EQ(0u, kith_whereis("younger").id) << "beyond what this caller knows";
    kill(pid);
}

TEST_F(Spawn, OptionsOfAnImpossibleSizeAreRefused)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_pid pid;

    o.size = 0;
    EXPECT_EQ(KITH_EINVAL, kith_spawn_opt(&o, kt_nothing, nullptr, 0, &pid));
    o.size = sizeof o + 1;
    EXPECT_EQ(KITH_EINVAL, kith_spawn_opt(&o, kt_nothing, nullptr, 0, &pid));
}

TEST_F(Spawn, EachChildHasAPidOfItsOwn)
{
    std::set<std::uint64_t> ids{kith_self().id};
    std::vector<kith_pid> children(100);

    for (kith_pid &c : children) {
        ASSERT_EQ(0, kith_spawn(kt_wait_for_ever, nullptr, 0, &c));
        EXPECT_NE(0u, c.id);
        EXPECT_TRUE(ids.insert(c.id).second);
    }
    EXPECT_EQ(100u, kt_processes());
    for (const kith_pid c : children)
        kill(c);
}

TEST_F(Spawn, SelfIsThePidThatSpawnAnswered)
{
    static std::atomic<std::uint64_t> said;
    const kith_pid child = spawn([] { said = kith_self().id; });

    ASSERT_TRUE(kt_until([] { return said != 0; }));
    EXPECT_EQ(child.id, said);
}

TEST_F(Spawn, TheNameIsThereBeforeTheChildRuns)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_pid pid;

    o.name = "early";
    ASSERT_EQ(0, kith_spawn_opt(&o, kt_wait_for_ever, nullptr, 0, &pid));

    EXPECT_EQ(pid.id, kith_whereis("early").id);
    kill(pid);
    EXPECT_EQ(0u, kith_whereis("early").id);
}

TEST_F(Spawn, ATakenNameMeansNoChild)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_pid first, second = {7};
    kith_ref ref = {7};

    o.name = "one";
    ASSERT_EQ(0, kith_spawn_opt(&o, kt_wait_for_ever, nullptr, 0, &first));

    o.monitor = &ref;
    o.link = true;
    EXPECT_EQ(KITH_EEXIST, kith_spawn_opt(&o, kt_nothing, nullptr, 0, &second));
    EXPECT_EQ(1u, kt_processes());
    EXPECT_EQ(first.id, kith_whereis("one").id);
    kill(first);

    const kith_msg *m;
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0)) << "and no message of it";
}

TEST_F(Spawn, AMonitorMadeWithTheChildHearsOfADeathAtOnce)
{
    for (std::size_t i = kt_scale(2000); i > 0; i--) {
        kith_pid pid;
        kith_ref ref;

        ASSERT_EQ(0, kith_spawn_monitor(kt_nothing, nullptr, 0, &pid, &ref));
        const kith_msg *m;
        ASSERT_EQ(0, kith_receive_ref(ref, &m, kt_long()));
        const kith_down d = kt_down(m);
        ASSERT_EQ(pid.id, d.pid.id);
        ASSERT_EQ(pid.id, m->from.id);
        ASSERT_EQ(KITH_NORMAL, d.why.kind) << "noproc would mean a window";
    }
}

TEST_F(Spawn, ALinkMadeWithTheChildTellsAtOnce)
{
    in_process([] {
        kith_flag_trap_exit(true);
        for (std::size_t i = kt_scale(2000); i > 0; i--) {
            kith_pid pid;

            ASSERT_EQ(0, kith_spawn_link(kt_nothing, nullptr, 0, &pid));
            const kith_msg *m = kt_receive();
            ASSERT_NE(nullptr, m);
            ASSERT_EQ(KITH_TAG_EXIT, m->tag);
            ASSERT_EQ(pid.id, kt_down(m).pid.id);
            ASSERT_EQ(KITH_NORMAL, kt_down(m).why.kind);
        }
    });
}

TEST_F(Spawn, AStackOfTheSizeAskedForCanBeUsed)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;

    o.stack = (4 << 20) + 16384; /* the body's own frames need some, too */
    const kith_reason why = run(
        [] {
            volatile char room[4 << 20];

            for (std::size_t i = sizeof room; i > 0;
                 i -= 1024) /* down, as the guard wants it */
                room[i - 1] = 1;
            return room[1023] == 1 ? 0 : KITH_EFAILED;
        },
        &o);

    EXPECT_EQ(KITH_NORMAL, why.kind) << why;
}

TEST_F(Spawn, AStackIsNeverSmallerThanAskedFor)
{
    for (const std::size_t want :
         {1u, 8192u, 16384u, 65536u, 100000u, 1u << 20, 4u << 20}) {
        kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
        struct kith_process_info info = KITH_PROCESS_INFO_INIT;

        o.stack = want;
        const kith_pid pid = spawn([] { ASSERT_EQ(0, kith_sleep(KITH_INFINITY)); }, &o);
        ASSERT_EQ(0, kith_process_info(pid, &info));
        EXPECT_GE(info.stack, want);
        kill(pid);
    }
}

TEST_F(Spawn, OptionsThatMakeNoSenseAreInvalid)
{
    kith_spawn_options huge = KITH_SPAWN_OPTIONS_INIT, policy = KITH_SPAWN_OPTIONS_INIT;

    huge.stack = std::size_t{8} << 20;
    policy.mailbox_policy = KITH_MAILBOX_KILL + 1;
    EXPECT_EQ(KITH_EINVAL, kith_spawn_opt(&huge, kt_nothing, nullptr, 0, nullptr));
    EXPECT_EQ(KITH_EINVAL, kith_spawn_opt(&policy, kt_nothing, nullptr, 0, nullptr));
}

TEST_F(Spawn, AMessageSentBeforeTheFirstStepIsThere)
{
    kith_pid pid;
    kith_ref ref;

    ASSERT_EQ(0, kith_spawn_monitor(receive_one, nullptr, 0, &pid, &ref));
    ASSERT_EQ(0, kt_send(pid, 5, 0));

    const kith_reason why = kt_why(ref);
    EXPECT_EQ(KITH_ERROR, why.kind);
    EXPECT_EQ(5, why.code);
}

TEST_F(Spawn, AProcessSpawnsProcessesThatSpawn)
{
    static std::atomic<std::size_t> born;
    struct Node {
        static int grow(void *arg)
        {
            const int depth = *static_cast<int *>(arg);

            born++;
            if (depth == 0)
                return 0;
            for (int i = 0; i < 2; i++) {
                const int below = depth - 1;
                const int rc = kith_spawn(grow, &below, sizeof below, nullptr);
                if (rc < 0)
                    return rc;
            }
            return 0;
        }
    };
    const int depth = kt_tsan ? 8 : 12;

    born = 0;
    ASSERT_EQ(0, kith_spawn(Node::grow, &depth, sizeof depth, nullptr));

    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }, 20000));
    EXPECT_EQ((std::size_t{2} << depth) - 1, born);
}

TEST_F(Spawn, ManyLiveAtOnce)
{
    const std::size_t n = kt_procs(20000);
    std::vector<kith_pid> children(n);

    for (kith_pid &c : children)
        ASSERT_EQ(0, kith_spawn(receive_one, nullptr, 0, &c));
    EXPECT_EQ(n, kt_processes());
    for (const kith_pid c : children)
        ASSERT_EQ(0, kt_send(c, 0, 0));

    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }, 20000));
}

TEST_F(Spawn, AStalePidIsNobodyAfterItsSlotWasUsedOften)
{
    kith_pid old, now = {0};
    kith_ref ref;
    const kith_reason why = kith_reason_of(KITH_KILL, 0, nullptr);
    std::size_t reused = 0;

    in_process([&] {
        ASSERT_EQ(0, kith_spawn_monitor(kt_nothing, nullptr, 0, &old, &ref));
        (void) kt_why(ref);
        /* More than the 65,536 generations that fit into a mailbox's word. */
        for (std::size_t i = kt_scale(100000); i > 0; i--) {
            ASSERT_EQ(0, kith_spawn_monitor(kt_nothing, nullptr, 0, &now, &ref));
            (void) kt_why(ref);
            reused += (now.id ^ old.id) << 36 == 0;
            if (reused == 0 && i % 64 == 0)
                old =
                    now;    // that slot lies with a worker that spawns nothing: take another
        }
        /* The last one, alive, in a slot that was used again and again. */
        ASSERT_EQ(0, kith_spawn(kt_wait_for_ever, nullptr, 0, &now));
    });

    EXPECT_EQ(KITH_ENOPROC, kith_send(old, 1, nullptr, 0));
    EXPECT_EQ(KITH_ENOPROC, kith_send_msg(old, kith_msg_new(1, 8)));
    EXPECT_EQ(KITH_ENOPROC, kith_exit_signal(old, why));
    EXPECT_EQ(KITH_ENOPROC, kith_link(old));
    EXPECT_EQ(KITH_ENOPROC, kith_register("old", old));
    EXPECT_EQ(KITH_ENOPROC, kith_cast(old, 1, nullptr, 0));
    EXPECT_EQ(KITH_ENOPROC, kith_call(old, 1, {nullptr, 0}, {nullptr, 0}, KITH_INFINITY));
    EXPECT_EQ(KITH_ENOPROC, kith_send_after(0, old, 1, {nullptr, 0}, nullptr));
    struct kith_process_info info = KITH_PROCESS_INFO_INIT;
    EXPECT_EQ(KITH_ENOPROC, kith_process_info(old, &info));
    kith_reason of = {};
    EXPECT_EQ(0, kith_wait(old, &of, KITH_INFINITY));
    EXPECT_EQ(KITH_NOPROC, of.kind);
    ASSERT_EQ(0, kith_monitor(old, &ref));
    EXPECT_EQ(KITH_NOPROC, kt_why(ref).kind);
    EXPECT_GT(reused, 0u) << "the slot was never used again: nothing was tried";
    EXPECT_EQ(0, kith_send(now, 1, nullptr, 0)) << "and the living one heard nothing of it";
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
}

TEST_F(Spawn, ANameIsNotFoundBeforeTheChildIsSure)
{
    static std::atomic<bool> over;
    const std::size_t rounds = kt_scale(20000);
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;

    over = false;
    o.name = "unsure";
    o.give = {0x2000000010000001}; /* nobody's: the last step fails */
    const kith_pid caller = spawn([] {
        while (!over) {
            EXPECT_EQ(KITH_ENOENT, kith_send_name("unsure", 1, nullptr, 0));
            kith_yield();
        }
    });
    in_process([&] {
        for (std::size_t i = 0; i < rounds; i++)
            ASSERT_GT(0, kith_spawn_opt(&o, kt_nothing, nullptr, 0, nullptr));
    });
    over = true;
    EXPECT_EQ(0, kith_wait(caller, nullptr, kt_long()));
}

}    // namespace
