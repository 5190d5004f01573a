/* SPDX-License-Identifier: Apache-2.0
 * process_limit_test.cc -- so many processes and not one more. */
#include "tests/support/idle.h"
#include "tests/support/sockets.h"

#include <atomic>
#include <cstring>
#include <vector>

namespace
{

constexpr std::size_t limit = 50;

const kith_reason of_kill = {KITH_KILL, 0, ""};

class ProcessLimit : public kt_sockets {
    kt_env fifty_{"KITH_PROCESSES", "50"};
};

int
no_conn(kith_socket, void *)
{
    return 0;
}

std::vector<kith_pid>
fill()
{
    std::vector<kith_pid> pids;

    while (kt_processes() < limit) {
        kith_pid pid = {0};

        EXPECT_EQ(0, kith_spawn(kt_wait_for_ever, nullptr, 0, &pid));
        if (testing::Test::HasFailure())
            break;
        pids.push_back(pid);
    }
    return pids;
}

TEST_F(ProcessLimit, OneMoreIsRefusedAndNothingIsLost)
{
    const auto body = [] {
        struct kith_process_info before = KITH_PROCESS_INFO_INIT, after = before;
        const kt_pair pair = kt_pair_of();
        std::vector<kith_pid> pids = fill();
        kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
        const kith_server server = {};
        kith_pid pid = {77};
        kith_ref ref = {78};

        ASSERT_EQ(0, kith_process_info(kith_self(), &before));
        o.link = true;
        o.monitor = &ref;
        o.give = pair.far;
        o.name = "one more";
        EXPECT_EQ(KITH_EAGAIN, kith_spawn(kt_wait_for_ever, nullptr, 0, &pid));
        EXPECT_EQ(KITH_EAGAIN, kith_spawn_link(kt_wait_for_ever, nullptr, 0, &pid));
        EXPECT_EQ(KITH_EAGAIN,
                  kith_spawn_monitor(kt_wait_for_ever, nullptr, 0, &pid, &ref));
        EXPECT_EQ(KITH_EAGAIN, kith_spawn_opt(&o, kt_wait_for_ever, nullptr, 0, &pid));
        EXPECT_EQ(KITH_EAGAIN, kith_socket_spawn(pair.far, no_conn, nullptr, 0, &pid));
        EXPECT_EQ(KITH_EAGAIN, kith_server_start(&server, nullptr, nullptr, 0, &pid));

        EXPECT_EQ(limit, kt_processes());
        EXPECT_EQ(77u, pid.id);
        EXPECT_EQ(78u, ref.id);
        EXPECT_EQ(0u, kith_whereis("one more").id);
        EXPECT_EQ(kith_self(), kt_owner(pair.far));
        ASSERT_EQ(0, kith_process_info(kith_self(), &after));
        EXPECT_EQ(0, std::memcmp(&before.n_links, &after.n_links, 3 * sizeof(size_t)));
        const kith_msg *m;
        EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));

        /* One goes, one comes. */
        ASSERT_EQ(0, kith_exit_signal(pids.back(), of_kill));
        ASSERT_TRUE(kt_eventually([] { return kt_processes() < limit; }));
        ASSERT_EQ(0, kith_spawn_opt(&o, kt_wait_for_ever, nullptr, 0, &pid));
        EXPECT_EQ(pid, kith_whereis("one more"));
        EXPECT_EQ(pid, kt_owner(pair.far));
        EXPECT_EQ(KITH_EAGAIN, kith_spawn(kt_wait_for_ever, nullptr, 0, nullptr));
        ASSERT_EQ(0, kith_unlink(pid));
        pids.back() = pid;
        for (const kith_pid p : pids)
            EXPECT_EQ(0, kith_exit_signal(p, of_kill));
        EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
        ASSERT_TRUE(
            kt_eventually([n = pids.size()] { return kt_processes() <= limit - n; }));
        kt_close(pair.near);
    };

    in_process(body);
    ASSERT_TRUE(kt_until([] { return kt_processes() == 0; })) << "also who has just ended";
    kt_in_thread(body);
}

/* All that may be are, however many ask at once: what is refused holds no place. */
TEST_F(ProcessLimit, HoldsHoweverManySpawn)
{
    static std::atomic<std::size_t> alive, most, born, refused;

    alive = most = born = refused = 0;
    kith_pid spawners[8];
    for (kith_pid &p : spawners)
        p = spawn([rounds = kt_scale(5000)] {
            const kith_msg *m;

            ASSERT_EQ(0, kith_receive(&m, KITH_INFINITY));
            for (std::size_t r = 0; r < rounds; r++) {
                const auto body = [](void *) -> int {
                    const std::size_t n = ++alive;
                    std::size_t before = most;
                    while (n > before && !most.compare_exchange_weak(before, n))
                        ;
                    kith_yield();
                    alive--;
                    return 0;
                };
                const int rc = kith_spawn(body, nullptr, 0, nullptr);
                if (rc == 0)
                    born++;
                else
                    refused++;
                ASSERT_TRUE(rc == 0 || rc == KITH_EAGAIN) << rc;
                if (rc < 0)
                    kith_yield();
            }
        });
    for (const kith_pid p : spawners)
        ASSERT_EQ(0, kith_send(p, 1, nullptr, 0));
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }, 20000));
    EXPECT_EQ(0u, alive);
    EXPECT_LE(most, limit);
    EXPECT_EQ(8 * kt_scale(5000), born + refused);
    EXPECT_GT(born, 0u);
}

TEST(Runtime, TakesALimitOfProcesses)
{
    const kt_env none("KITH_PROCESSES", nullptr);
    kith_options o = KITH_OPTIONS_INIT;
    kith_pid pid;

    o.processes = 2;
    ASSERT_EQ(0, kith_start(&o));
    for (int i = 0; i < 2; i++)
        ASSERT_EQ(0, kith_spawn(kt_wait_for_ever, nullptr, 0, &pid));
    EXPECT_EQ(KITH_EAGAIN, kith_spawn(kt_wait_for_ever, nullptr, 0, &pid));
    EXPECT_EQ(0, kith_stop(0, 5000));
}

}    // namespace
