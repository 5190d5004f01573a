/* SPDX-License-Identifier: Apache-2.0
 * stress_test.cc -- seeded crowds that send, monitor, link and kill at random.
 *
 * What must hold whatever happens: messages of one sender come in order and none twice; each
 * monitor that was not removed tells exactly once; nobody is left. */
#include "tests/support/runtime.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

namespace
{

constexpr std::size_t crowd = 40;
constexpr std::size_t watch_max = 64;

enum : std::uint64_t { GO = 1, DATA, END };

struct slot {
    std::atomic<std::uint64_t> pid;
};

slot slots[crowd];
std::atomic<std::size_t> n_out_of_order, n_double_down, n_failed, n_ended;

struct data {
    std::uint64_t incarnation, seq;
};

struct given {
    std::uint64_t seed, who, steps;
    kith_pid judge;
};

/* Small and quick, and its state may be lost with the process. */
std::uint64_t
next(std::uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

struct state {
    std::uint64_t sent[crowd];
    /* By sender: who it was, and the last number of it. */
    std::uint64_t from[crowd], last[crowd];
    kith_ref watch[watch_max];
    std::size_t n_watch;
};

void
take(state *s, const kith_msg *m)
{
    if (m->tag == KITH_TAG_DOWN) {
        for (std::size_t i = 0; i < s->n_watch; i++)
            if (s->watch[i].id == m->ref.id) {
                s->watch[i] = s->watch[--s->n_watch];
                return;
            }
        n_double_down++;
        return;
    }
    if (m->tag < DATA + 1000)
        return;
    const std::size_t sender = m->tag - DATA - 1000;
    const data *d = KITH_BODY(m, data);
    if (sender >= crowd || d == nullptr) {
        n_failed++;
        return;
    }
    if (s->from[sender] != m->from.id) {
        s->from[sender] = m->from.id;
        s->last[sender] = 0;
    }
    if (d->incarnation != m->from.id || d->seq <= s->last[sender])
        n_out_of_order++;
    s->last[sender] = d->seq;
}

int
member(void *arg)
{
    const given *g = static_cast<given *>(arg);
    auto *s = static_cast<state *>(kith_alloc(sizeof(state)));
    std::uint64_t x = g->seed | 1;
    const kith_msg *m;

    if (s == nullptr)
        return KITH_ENOMEM;
    std::memset(s, 0, sizeof *s);
    slots[g->who].pid = kith_self().id;
    for (std::uint64_t i = 0; i < g->steps; i++) {
        const std::size_t to = next(&x) % crowd;
        const kith_pid peer = {slots[to].pid};

        switch (next(&x) % 16) {
        case 0:
            if (s->n_watch < watch_max) {
                if (kith_monitor(peer, &s->watch[s->n_watch]) != 0)
                    n_failed++;
                else
                    s->n_watch++;
            }
            break;
        case 1:
            if (s->n_watch > 0) {
                kt_ignore(kith_demonitor(s->watch[--s->n_watch], KITH_FLUSH));
            }
            break;
        case 2:
            if (next(&x) % 8 == 0)
                kt_ignore(kith_exit_signal(peer, kith_reason_of(KITH_KILL, 0, nullptr)));
            break;
        case 3:
            kith_yield();
            break;
        case 4:
            if (next(&x) % 16 == 0)
                kt_ignore(kith_sleep(1));
            break;
        case 5:
            kt_ignore(kith_unlink(peer));
            break;
        case 6:
            if (next(&x) % 8 == 0)
                kt_ignore(kith_link(peer));
            break;
        case 7:
        case 8:
        case 9:
            if (kith_receive(&m, next(&x) % 64 == 0 ? 1 : 0) == 0)
                take(s, m);
            break;
        default: {
            const data d = {kith_self().id, ++s->sent[to]};
            kt_ignore(kith_send(peer, DATA + 1000 + g->who, &d, sizeof d));
        }
        }
    }
    /* Those that are watched may live: remove what is left, then nothing of it may come. */
    while (kith_receive(&m, 0) == 0)
        take(s, m);
    for (std::size_t i = 0; i < s->n_watch; i++)
        kt_ignore(kith_demonitor(s->watch[i], KITH_FLUSH));
    s->n_watch = 0;
    while (kith_receive(&m, 0) == 0)
        take(s, m);
    n_ended++;
    return 0;
}

using Stress = kt_runtime;

TEST_F(Stress, ACrowdThatSendsMonitorsLinksAndKillsKeepsItsPromises)
{
    std::mt19937_64 rng = kt_rng();
    const std::size_t births = kt_scale(4000);
    std::vector<kith_ref> refs;
    const kith_msg *m;
    std::size_t alive = 0, downs = 0;

    n_out_of_order = n_double_down = n_failed = n_ended = 0;
    for (slot &s : slots)
        s.pid = 0;
    refs.reserve(births);
    const auto bury = [&](kith_ms timeout) {
        const int rc = kith_receive_tag(KITH_TAG_DOWN, &m, timeout);
        if (rc == 0) {
            downs++;
            alive--;
        }
        return rc;
    };
    for (std::size_t i = 0; i < births; i++) {
        const given g = {rng(), i % crowd, rng() % 400, kith_self()};
        kith_ref ref;

        while (alive >= crowd)
            ASSERT_EQ(0, bury(kt_long()));
        ASSERT_EQ(0, kith_spawn_monitor(member, &g, sizeof g, nullptr, &ref));
        alive++;
        while (bury(0) == 0)
            ;
    }
    while (alive > 0)
        ASSERT_EQ(0, bury(kt_long()));

    EXPECT_EQ(births, downs) << "each death is told once";
    EXPECT_EQ(KITH_ETIMEOUT, bury(0));
    EXPECT_EQ(0u, n_out_of_order);
    EXPECT_EQ(0u, n_double_down) << "a DOWN of no monitor of ours, or a second one";
    EXPECT_EQ(0u, n_failed);
    EXPECT_GT(n_ended, 0u);
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
}

/* Each of a fixed set is monitored by all others; half of them are killed in a random order, and
 * each survivor hears of each of the dead, once. */
TEST_F(Stress, EverySurvivorHearsOfEachDeathOnce)
{
    constexpr std::size_t n = 64;
    static std::vector<kith_pid> all;
    static std::atomic<std::size_t> ready, heard;
    std::mt19937_64 rng = kt_rng();

    for (std::size_t round = kt_scale(30); round > 0; round--) {
        all.assign(n, kith_pid{0});
        ready = heard = n_failed = 0;
        for (kith_pid &p : all)
            p = spawn([] {
                const kith_msg *m;
                kith_ref ref;

                if (kith_receive_tag(GO, &m, KITH_INFINITY) < 0)
                    return;
                for (const kith_pid t : all)
                    if (t.id != kith_self().id && kith_monitor(t, &ref) != 0)
                        n_failed++;
                ready++;
                if (kith_receive_tag(END, &m, KITH_INFINITY) < 0)
                    return;
                while (kith_receive_tag(KITH_TAG_DOWN, &m, 0) == 0)
                    heard++;
                if (kith_receive_tag(GO, &m, KITH_INFINITY) < 0)
                    return;
            });
        for (const kith_pid p : all)
            ASSERT_EQ(0, kith_send(p, GO, nullptr, 0));
        ASSERT_TRUE(kt_until([] { return ready == n; }, 20000));
        std::vector<kith_pid> victims(all);
        std::shuffle(victims.begin(), victims.end(), rng);
        for (std::size_t i = 0; i < n / 2; i++)
            ASSERT_EQ(0,
                      kith_exit_signal(victims[i], kith_reason_of(KITH_KILL, 0, nullptr)));
        /* A process's record is given back after its last DOWN was pushed. */
        ASSERT_TRUE(kt_until([] { return kt_processes() == n / 2; }, 20000));
        for (std::size_t i = n / 2; i < n; i++)
            ASSERT_EQ(0, kith_send(victims[i], END, nullptr, 0));
        ASSERT_TRUE(kt_until([] { return heard >= n / 2 * (n / 2); }, 20000)) << heard;
        for (std::size_t i = n / 2; i < n; i++)
            ASSERT_EQ(0, kith_send(victims[i], GO, nullptr, 0));
        ASSERT_TRUE(kt_until([] { return kt_processes() == 0; }, 20000));
        EXPECT_EQ(n / 2 * (n / 2), heard);
        EXPECT_EQ(0u, n_failed);
    }
}

TEST_F(Stress, KillsThatRaceEveryStepOfALife)
{
    std::mt19937_64 rng = kt_rng();

    for (std::size_t i = kt_scale(5000); i > 0; i--) {
        kith_pid pid;
        kith_ref ref;
        const std::uint64_t seed = rng();

        ASSERT_EQ(0,
                  kith_spawn_monitor(
                      [](void *arg) {
                          const std::uint64_t x = *static_cast<std::uint64_t *>(arg);
                          const kith_msg *m;

                          if (x & 1 && kith_alloc(100) == nullptr)
                              return 1;
                          if (x & 2)
                              kt_ignore(kith_defer([](void *) { kith_yield(); }, nullptr));
                          if (x & 4)
                              kt_ignore(kith_receive(&m, 1));
                          if (x & 8)
                              kt_ignore(kith_sleep(1));
                          if (x & 16)
                              kt_ignore(kith_blocking([](void *) { return 0; }, nullptr));
                          if (x & 32)
                              kt_ignore(kith_register("racer", kith_self()));
                          return 0;
                      },
                      &seed, sizeof seed, &pid, &ref));
        for (std::uint64_t k = seed >> 60; k > 0; k--)
            kith_yield();
        if (seed >> 59 & 1) {
            ASSERT_EQ(0, kith_sleep(1));
        }
        kt_ignore(kith_exit_signal(pid, kith_reason_of(KITH_KILL, 0, nullptr)));
        const kith_reason why = kt_why(ref);
        ASSERT_TRUE(why.kind == KITH_NORMAL || why.kind == KITH_KILLED) << why;
    }
}

}    // namespace
