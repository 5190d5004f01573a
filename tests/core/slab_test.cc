/* SPDX-License-Identifier: Apache-2.0
 * slab_test.cc -- blocks: one owner each, aligned, bounded in caches, gone without a crash. */
#include "core/slab.h"

#include "core/seam.h"
#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <dlfcn.h>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace
{

constexpr std::size_t classes[KI_SLAB_CLASSES] = {64, 96, 128, 192, 256, 384, 512, 1024};

#ifdef KI_SLAB_DIRECT
constexpr bool direct =
    true; /* each block is an allocation of its own, caches are unused */
#else
constexpr bool direct = false;
#endif

/* The slabs themselves, whatever the build: the inline front may pass them by. */
void *
take(ki_slab_cache *c, unsigned cls)
{
    if (c && c->list[cls].head) {
        ki_slab_block *b = c->list[cls].head;
        c->list[cls].head = b->next;
        c->list[cls].len--;
        return b;
    }
    return ki_slab_alloc_slow(c, cls, classes[cls]);
}

void
give(ki_slab_cache *c, unsigned cls, void *p)
{
    if (c && c->list[cls].len < 2 * KI_SLAB_MAGAZINE) {
        auto *b = static_cast<ki_slab_block *>(p);
        b->next = c->list[cls].head;
        c->list[cls].head = b;
        c->list[cls].len++;
        return;
    }
    ki_slab_free_slow(c, cls, p, classes[cls]);
}

/* Every allocation fails while one of these lives. */
struct no_memory {
    no_memory() : before(ki_seam.alloc)
    {
        ki_seam.alloc = [](size_t, size_t) -> void * { return nullptr; };
    }

    ~no_memory()
    {
        ki_seam.alloc = before;
    }

    void *(*before)(size_t, size_t);
};

}    // namespace

TEST(Slab, AClassIsTheSmallestThatHoldsTheSize)
{
    for (std::size_t size = 0; size <= KI_SLAB_MAX; size++) {
        const unsigned cls = ki_slab_class(size);
        ASSERT_LT(cls, static_cast<unsigned>(KI_SLAB_CLASSES));
        ASSERT_LE(size, classes[cls]);
        ASSERT_TRUE(cls == 0 || size > classes[cls - 1]) << size;
    }
}

TEST(Slab, BlocksOfAnySizeAreWholeAlignedAndApart)    // I1
{
    ki_slab_cache c = {};
    std::mt19937_64 rng = kt_rng();
    struct block {
        unsigned char *p;
        std::size_t size;
        unsigned char fill;
    };
    std::vector<block> live;

    for (std::size_t i = 0, n = kt_scale(100'000); i < n; i++) {
        if (live.size() < 2000 && rng() % 5 < 3) {
            const std::size_t size = 1 + rng() % (rng() % 8 ? KI_SLAB_MAX : 5000);
            auto *p =
                static_cast<unsigned char *>(ki_slab_alloc(rng() % 4 ? &c : nullptr, size));
            ASSERT_NE(nullptr, p);
            ASSERT_EQ(0u, reinterpret_cast<uintptr_t>(p) % 16);
            const auto fill = static_cast<unsigned char>(i);
            std::memset(p, fill, size);
            live.push_back({p, size, fill});
        } else if (!live.empty()) {
            std::swap(live[rng() % live.size()], live.back());
            const block b = live.back();
            for (std::size_t k = 0; k < b.size; k += 1 + b.size / 16)
                ASSERT_EQ(b.fill, b.p[k]) << "somebody else writes into this block";
            ki_slab_free(rng() % 4 ? &c : nullptr, b.p, b.size);
            live.pop_back();
        }
    }
    for (const block &b : live)
        ki_slab_free(&c, b.p, b.size);
    ki_slab_flush(&c);
}

TEST(Slab, ABlockIsInOnePlaceOnly)    // I1
{
    for (unsigned cls = 0; cls < KI_SLAB_CLASSES; cls++) {
        ki_slab_cache a = {}, b = {};
        std::set<void *> seen;
        std::vector<void *> held;
        for (int i = 0; i < 1000; i++) {
            void *p = take(i % 3 == 0 ? &a : i % 3 == 1 ? &b : nullptr, cls);
            ASSERT_NE(nullptr, p);
            ASSERT_EQ(0u, reinterpret_cast<uintptr_t>(p) % 16);
            ASSERT_TRUE(seen.insert(p).second) << "handed out twice";
            held.push_back(p);
        }
        for (auto it = seen.begin(), next = std::next(it); next != seen.end(); it = next++)
            ASSERT_GE(static_cast<char *>(*next) - static_cast<char *>(*it),
                      static_cast<std::ptrdiff_t>(classes[cls]));
        for (void *p : held)
            give(&a, cls, p);
        ki_slab_flush(&a);
        ki_slab_flush(&b);
    }
}

TEST(Slab, ACacheHoldsTwoMagazinesAtMost)    // I2
{
    for (unsigned cls = 0; cls < KI_SLAB_CLASSES; cls++) {
        ki_slab_cache c = {};
        std::vector<void *> held;
        for (int i = 0; i < 10 * KI_SLAB_MAGAZINE; i++) {
            held.push_back(take(&c, cls));
            ASSERT_LE(c.list[cls].len, 2u * KI_SLAB_MAGAZINE);
        }
        for (void *p : held) {
            give(&c, cls, p);
            ASSERT_LE(c.list[cls].len, 2u * KI_SLAB_MAGAZINE);
            uint32_t len = 0;
            for (ki_slab_block *b = c.list[cls].head; b; b = b->next)
                len++;
            ASSERT_EQ(len, c.list[cls].len);
        }
        ki_slab_flush(&c);
        EXPECT_EQ(0u, c.list[cls].len);
        EXPECT_EQ(nullptr, c.list[cls].head);
    }
}

TEST(Slab, WhatAPeakNeededServesTheNext)
{
    ki_slab_cache c = {};
    const unsigned cls = 3;
    std::size_t after_first = 0;

    for (int round = 0; round < 5; round++) {
        std::vector<void *> held;
        for (int i = 0; i < 3000; i++)
            held.push_back(take(&c, cls));
        for (void *p : held)
            give(&c, cls, p);
        if (round == 0)
            after_first = ki_slab_bytes();
    }
    ki_slab_flush(&c);

    EXPECT_EQ(after_first, ki_slab_bytes());
}

TEST(Slab, NoMemoryIsNullAndWhatIsThereStays)    // I1
{
    ki_slab_cache c = {};
    const unsigned cls = 5;
    std::vector<void *> held;
    const std::size_t bytes = ki_slab_bytes();
    {
        no_memory now;

        if (direct) {
            EXPECT_EQ(nullptr, ki_slab_alloc(&c, 100));
        }
        EXPECT_EQ(nullptr, ki_slab_alloc(&c, KI_SLAB_MAX + 1));
        while (void *p = take(&c, cls)) /* what slabs there are, to the last block */
            held.push_back(p);
        EXPECT_EQ(nullptr, take(nullptr, cls));
        EXPECT_EQ(nullptr, take(&c, cls));
        EXPECT_EQ(bytes, ki_slab_bytes());
        EXPECT_EQ(0u, c.list[cls].len);
    }

    void *p = take(&c, cls);
    EXPECT_NE(nullptr, p) << "memory has come back";
    held.push_back(p);
    EXPECT_EQ(held.size(), std::set<void *>(held.begin(), held.end()).size());
    for (void *q : held)
        give(&c, cls, q);
    ki_slab_flush(&c);
    void *again = take(nullptr, cls);
    EXPECT_NE(nullptr, again);
    give(nullptr, cls, again);
}

TEST(SlabThreads, BlocksFlowFromProducersToConsumersAndAreNotMixedUp)    // I1
{
    constexpr int pairs = 2;
    const std::size_t n = kt_scale(200'000);
    std::atomic<std::size_t> bad{0};
    std::vector<std::thread> threads;
    struct pipe {
        std::mutex lock;
        std::vector<uint64_t *> blocks;
        bool over = false;
    } pipes[pairs];
    const std::size_t before = ki_slab_bytes();

    for (int k = 0; k < pairs; k++) {
        threads.emplace_back([&, k] {
            ki_slab_cache c = {};
            for (std::size_t i = 0; i < n; i++) {
                auto *p = static_cast<uint64_t *>(take(&c, 1));
                if (!p) {
                    bad++;
                    break;
                }
                p[0] = p[11] = i * 2 + static_cast<std::size_t>(k);
                for (bool in = false; !in; std::this_thread::yield()) {
                    const std::lock_guard guard(pipes[k].lock);
                    if ((in = pipes[k].blocks.size() < 1000))
                        pipes[k].blocks.push_back(p);
                    if (in)
                        break;
                }
            }
            const std::lock_guard guard(pipes[k].lock);
            pipes[k].over = true;
            ki_slab_flush(&c);
        });
        threads.emplace_back([&, k] {
            ki_slab_cache c = {};
            std::size_t next = static_cast<std::size_t>(k);
            for (bool over = false; !over; std::this_thread::yield()) {
                std::vector<uint64_t *> got;
                {
                    const std::lock_guard guard(pipes[k].lock);
                    got.swap(pipes[k].blocks);
                    over = got.empty() && pipes[k].over;
                }
                for (uint64_t *p : got) {
                    if (p[0] != next || p[11] != next)
                        bad++;
                    next += 2;
                    give(&c, 1, p);
                }
            }
            ki_slab_flush(&c);
        });
    }
    for (std::thread &t : threads)
        t.join();

    EXPECT_EQ(0u, bad.load());
    EXPECT_LE(ki_slab_bytes() - before, 16u * 65536) << "what flows through comes back";
}

#ifdef KT_JEMALLOC /* a build with malloc has no statistics to look at */

TEST(Slab, IsSeenInTheAllocatorsStatistics)
{
    using mallctl_fn = int (*)(const char *, void *, size_t *, void *, size_t);
    const auto mallctl = reinterpret_cast<mallctl_fn>(dlsym(RTLD_DEFAULT, "mallctl"));
    ASSERT_NE(nullptr, mallctl);
    const auto allocated = [&] {
        uint64_t epoch = 1;
        size_t len = sizeof epoch, bytes = 0;
        EXPECT_EQ(0, mallctl("epoch", &epoch, &len, &epoch, len));
        len = sizeof bytes;
        EXPECT_EQ(0, mallctl("stats.allocated", &bytes, &len, nullptr, 0));
        return bytes;
    };
    ki_slab_cache c = {};
    std::vector<void *> held;
    held.reserve(100'000);
    const size_t theirs = allocated(), ours = ki_slab_bytes();

    while (ki_slab_bytes() < ours + (8u << 20))
        held.push_back(take(&c, 7));

    const size_t grown = ki_slab_bytes() - ours;
    const size_t seen = allocated() - theirs; /* others give some back meanwhile */
    EXPECT_GE(seen, grown - grown / 8);
    EXPECT_LE(seen, grown + grown / 4);
    for (void *p : held)
        give(&c, 7, p);
    ki_slab_flush(&c);
}

#endif
