/* SPDX-License-Identifier: Apache-2.0
 * supervisor_chaos_test.cc -- a tree of servers and listeners whose members are killed at random:
 * it comes back whole each time, and leaves nothing behind. */
#include "tests/support/bytes.h"
#include "tests/support/family.h"
#include "tests/support/sockets.h"

#include "actors/runtime.h"

#include <algorithm>
#include <array>
#include <thread>
#include <unistd.h>

namespace
{

/* A service has a name, listens at a port, and answers calls by its number. */
struct service {
    kith_sockaddr address;
    std::uint64_t number;
};

/* What could not be had though whoever had it was dead. */
std::atomic<int> not_free;

struct state {
    std::uint64_t number;
};

int
service_init(void *s, void *arg)
{
    const auto *it = static_cast<const service *>(arg);
    kith_socket socket;
    int rc = kith_socket_open(it->address.domain, KITH_STREAM, 0, nullptr, &socket);

    static_cast<state *>(s)->number = it->number;
    kith_flag_trap_exit(it->number % 2 != 0);
    if (rc == 0)
        rc = kith_socket_bind(socket, &it->address);
    if (rc == 0)
        rc = kith_socket_listen(socket, 1000);
    not_free += rc < 0;
    return rc;
}

int
service_call(void *s, kith_from from, const kith_msg *)
{
    kith_reply(from, &static_cast<state *>(s)->number, sizeof(std::uint64_t));
    return KITH_CONTINUE;
}

int
service_info(void *, const kith_msg *m)
{
    return m->tag == KITH_TAG_EXIT ? KITH_DONE : KITH_CONTINUE;
}

const std::array<kith_server, 2> types = {{
    {sizeof(state), false, service_init, service_call, nullptr, service_info, nullptr},
    {sizeof(state), true, service_init, service_call, nullptr, service_info, nullptr},
}};

constexpr std::size_t branches = 3, leaves = 3, total = branches * leaves;
const char *const branch_names[branches] = {"branch0", "branch1", "branch2"};
const char *const leaf_names[total] = {"leaf0", "leaf1", "leaf2", "leaf3", "leaf4",
                                       "leaf5", "leaf6", "leaf7", "leaf8"};

/* root: three branches, one of each strategy; each: two services and a supervisor with one. */
class SupervisorChaos : public kt_family_test {
  protected:
    SupervisorChaos()
    {
        static const int strategies[branches] = {KITH_ONE_FOR_ONE, KITH_ONE_FOR_ALL,
                                                 KITH_REST_FOR_ONE};

        for (std::size_t i = 0; i < total; i++)
            services_[i].number = i;
        for (std::size_t b = 0; b < branches; b++) {
            kt_family &twig = families_.emplace_back(KITH_ONE_FOR_ONE, 1'000'000);
            kt_family &branch = families_.emplace_back(strategies[b], 1'000'000);

            branch.add(leaf(b * leaves)).add(leaf(b * leaves + 1));
            twig.add(leaf(b * leaves + 2));
            branch.add("twig", twig);
            root_.add(branch_names[b], branch);
            root_.last().opt.name = branch_names[b];
        }
    }

    void SetUp() override
    {
        kt_family_test::SetUp();
        not_free = 0;
        for (std::size_t i = 0; i < total; i++)
            services_[i].address = kt_own_address(static_cast<std::uint16_t>(100 + i));
    }

    kith_child leaf(std::size_t i)
    {
        kith_child c = {};

        c.id = c.opt.name = leaf_names[i];
        c.server = &types[i % 2];
        c.arg = &services_[i];
        c.len = sizeof services_[i];
        return c;
    }

    static bool answers(std::size_t i)
    {
        std::uint64_t number = total;

        return kith_call(kith_whereis(leaf_names[i]), 1, {nullptr, 0}, KITH_IOV(number),
                         kt_long()) == sizeof number &&
               number == i;
    }

    /* Each name and port is served. The services accept nobody: whoever connects stays in the
     * backlog, so that is tried only when all answer. */
    bool is_whole()
    {
        for (std::size_t i = 0; i < total; i++)
            if (!answers(i))
                return false;
        for (std::size_t i = 0; i < total; i++) {
            kith_socket c;
            int rc =
                kith_socket_open(services_[i].address.domain, KITH_STREAM, 0, nullptr, &c);

            if (rc == 0) {
                rc = kith_socket_connect(c, &services_[i].address, kt_long());
                kt_close(c);
            }
            if (rc < 0)
                return false;
        }
        return true;
    }

    /* One drawn from all but the root; zero when it is just not there. */
    kith_pid drawn(std::mt19937_64 &rng)
    {
        const std::size_t i = rng() % (total + 2 * branches);

        if (i < total)
            return kith_whereis(leaf_names[i]);
        if (i < total + branches)
            return kith_whereis(branch_names[i - total]);
        return kt_child(kith_whereis(branch_names[i - total - branches]), "twig");
    }

    /* Kills or crashes n of them, without a pause. */
    void torment(std::mt19937_64 &rng, std::size_t n)
    {
        static const kith_reason reasons[] = {{KITH_KILL, 0, ""},
                                              {KITH_KILL, 0, ""},
                                              {KITH_USER, 1, "chaos"}};

        for (std::size_t done = 0; done < n;) {
            const kith_pid pid = drawn(rng);

            if (pid.id != 0 && kith_exit_signal(pid, reasons[rng() % 3]) == 0)
                done++;
        }
    }

    kt_bytes bytes_;
    service services_[total] = {};
    kt_family root_{KITH_ONE_FOR_ONE, 1'000'000};
    std::deque<kt_family> families_;
};

TEST_F(SupervisorChaos, TheServiceGoesOnAndNothingIsLeftBehind)
{
    const std::size_t kills = kt_scale(3000);
    std::mt19937_64 rng = kt_rng();
    const auto descriptors = kt_descriptors().size();

    ASSERT_EQ(0, root_.start());
    ASSERT_TRUE(is_whole());
    const std::size_t processes = kt_processes();
    std::int64_t bytes = 0;

    for (int round = 0; round < 6; round++) {
        torment(rng, kills / 6);
        EXPECT_TRUE(kt_until([this] { return is_whole(); }, 20000));
        EXPECT_TRUE(kt_until([&] { return kt_processes() == processes; }))
            << kt_processes() << " processes, not " << processes;
        if (round == 2)    // what slabs keep for the next has grown to what is needed
            bytes = bytes_.in_use();
    }
    EXPECT_EQ(0, not_free) << "names and ports were free whenever one was restarted";
    EXPECT_LE(bytes_.in_use(), bytes + 256 * 1024);
    root_.stop();
    for (const char *name : leaf_names)
        EXPECT_EQ(0u, kith_whereis(name).id);
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    EXPECT_EQ(descriptors, kt_descriptors().size());
}

/* From several threads, and the root dies of a kill in the end. */
TEST_F(SupervisorChaos, FromManySidesTillTheRootIsKilled)
{
    const std::size_t kills = kt_scale(1000);
    const std::uint64_t seed = kt_rng()();
    std::vector<std::thread> threads;

    ASSERT_EQ(0, root_.start());
    for (std::uint64_t i = 0; i < 3; i++)
        threads.emplace_back([this, kills, seed, i] {
            std::mt19937_64 rng(seed + i);

            torment(rng, kills);
        });
    for (std::thread &t : threads)
        t.join();
    std::mt19937_64 rng(seed);
    torment(rng, 5);
    root_.kill();
    for (const char *name : leaf_names)
        EXPECT_EQ(0u, kith_whereis(name).id) << name;
    for (const char *name : branch_names)
        EXPECT_EQ(0u, kith_whereis(name).id) << name;
    EXPECT_EQ(0, not_free);
}

}    // namespace
