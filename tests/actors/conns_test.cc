/* SPDX-License-Identifier: Apache-2.0
 * conns_test.cc -- the table of a listener's connections, against a map. */
#include "tests/support/runtime.h"

extern "C" {
#include "actors/conns.h"
}

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace
{

/* All of it by a process, as its memory is one's. */
using Conns = kt_runtime;

struct table {
    ki_conns conns = {};
    std::map<std::uint64_t, std::uint64_t> model; /* pid, socket */

    void add(std::uint64_t pid)
    {
        ASSERT_EQ(0, ki_conns_reserve(&conns));
        const ki_conn *c = ki_conns_add(&conns, {pid}, {pid + 1});
        EXPECT_EQ(pid, c->pid.id);
        EXPECT_EQ(KI_CONN_LIVES, c->state);
        model[pid] = pid + 1;
    }

    void remove(std::uint64_t pid)
    {
        ki_conn *c = ki_conns_find(&conns, {pid});

        ASSERT_NE(nullptr, c) << pid;
        ki_conns_remove(&conns, c);
        model.erase(pid);
    }

    /* Each is found by its pid, and met once by who walks. */
    void check()
    {
        std::set<std::uint64_t> met;

        EXPECT_EQ(model.size(), conns.n);
        for (const auto &[pid, socket] : model) {
            const ki_conn *c = ki_conns_find(&conns, {pid});

            ASSERT_NE(nullptr, c) << pid;
            EXPECT_EQ(pid, c->pid.id);
            EXPECT_EQ(socket, c->socket.id);
        }
        for (const ki_conn *c = nullptr; (c = ki_conns_next(&conns, c)) != nullptr;)
            EXPECT_TRUE(met.insert(c->pid.id).second && model.count(c->pid.id));
        EXPECT_EQ(model.size(), met.size());
    }
};

TEST_F(Conns, OneWithoutAnyFindsNone)
{
    in_process([] {
        table t;

        EXPECT_EQ(nullptr, ki_conns_find(&t.conns, {1}));
        EXPECT_EQ(nullptr, ki_conns_next(&t.conns, nullptr));
        t.add(7);
        EXPECT_EQ(nullptr, ki_conns_find(&t.conns, {1}));
        t.remove(7);
        EXPECT_EQ(nullptr, ki_conns_find(&t.conns, {7}));
        t.check();
    });
}

/* Of few places each is the home of many, and a chain runs over the end to the beginning. */
TEST_F(Conns, ARemovalLeavesAllOthersToBeFound)
{
    in_process([] {
        std::mt19937_64 rng = kt_rng();

        for (std::size_t round = 0; round < kt_scale(2000); round++) {
            std::vector<std::uint64_t> pids;
            table t;

            for (int i = 0; i < 12; i++) { /* as many as 16 places take */
                const std::uint64_t pid = rng() | 1;

                pids.push_back(pid);
                t.add(pid);
            }
            ASSERT_EQ(16u, t.conns.cap);
            std::shuffle(pids.begin(), pids.end(), rng);
            for (const std::uint64_t pid : pids) {
                t.remove(pid);
                t.check();
            }
            kith_free(t.conns.place);
            if (HasFailure())
                return;
        }
    });
}

TEST_F(Conns, GrowsWithWhatItHoldsAndKeepsItAll)
{
    in_process([] {
        std::mt19937_64 rng = kt_rng();
        table t;

        for (std::size_t i = 0; i < kt_scale(20'000); i++) {
            if (t.model.empty() || rng() % 3 != 0)
                t.add(i + 1); /* as pids are: they differ in their low bits */
            else
                t.remove(std::next(t.model.begin(),
                                   static_cast<long>(
                                       rng() % std::min<std::size_t>(t.model.size(), 50)))
                             ->first);
            ASSERT_LE(t.conns.n, t.conns.cap / 4 * 3);
        }
        t.check();
    });
}

}    // namespace
