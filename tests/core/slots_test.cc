/* SPDX-License-Identifier: Apache-2.0
 * slots_test.cc -- type-stable records: stale handles are told apart, tables grow under threads. */
#include "core/slots.h"

#include "core/seam.h"
#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <thread>
#include <vector>

namespace
{

struct record {
    ki_slot slot;
    std::atomic<uint64_t> id;
    std::size_t user; /* plain: TSan sees two users */
};

/* Records are never unmapped, so a table lives as long as the program. */
ki_slots *
table(uint32_t limit, unsigned kind = KI_KIND_PID, size_t size = sizeof(record))
{
    static auto *kept = new std::vector<ki_slots *>; /* where the leak check finds them */

    kept->push_back(new ki_slots());
    ki_slots_init(kept->back(), "test", kind, size, limit);
    return kept->back();
}

record *
get(ki_slots *t, ki_slots_cache *c = nullptr)
{
    return reinterpret_cast<record *>(ki_slots_get(t, c));
}

}    // namespace

TEST(Slots, AHandleIsKindGenerationAndIndex)
{
    for (const unsigned kind : {1u, 5u, 15u})
        for (const uint32_t generation : {1u, 0x80000000u, 0xffffffffu})
            for (const uint32_t index : {0u, 1u, (1u << KI_SLOT_INDEX_BITS) - 1}) {
                const uint64_t id = ki_id_make(kind, generation, index);
                EXPECT_EQ(kind, ki_id_kind(id));
                EXPECT_EQ(generation, ki_id_generation(id));
                EXPECT_EQ(index, ki_id_index(id));
                EXPECT_NE(0u, id) << "all zero is none";
            }
}

TEST(Slots, ARecordIsZeroAtFirstAndFoundByItsHandle)    // I1
{
    ki_slots *t = table(1000);
    record *r = get(t);
    ASSERT_NE(nullptr, r);

    EXPECT_EQ(0u, r->id.load());
    EXPECT_EQ(0u, r->user);
    const uint64_t id = ki_slots_id(t, &r->slot);
    EXPECT_EQ(static_cast<unsigned>(KI_KIND_PID), ki_id_kind(id));
    EXPECT_EQ(&r->slot, ki_slots_at(t, ki_id_index(id)));
    EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(r) % alignof(record));
    ki_slots_put(t, nullptr, &r->slot);
}

TEST(Slots, ARecordKeepsItsContentAndPlaceButNotItsHandle)    // I1 I2
{
    ki_slots *t = table(1000);
    record *r = get(t);
    const uint64_t before = ki_slots_id(t, &r->slot);
    r->id = before;
    r->user = 77;
    ki_slots_put(t, nullptr, &r->slot);
    EXPECT_EQ(before, r->id.load()) << "the handle stays until the next one takes it";

    record *again = get(t);

    ASSERT_EQ(r, again) << "last in, first out";
    EXPECT_EQ(77u, again->user);
    EXPECT_NE(before, ki_slots_id(t, &again->slot));
    EXPECT_EQ(ki_id_index(before), ki_id_index(ki_slots_id(t, &again->slot)));
    EXPECT_EQ(ki_id_generation(before) + 1, again->slot.generation);
    ki_slots_put(t, nullptr, &again->slot);
}

TEST(Slots, AHundredThousandUsesGiveAsManyHandles)    // I2
{
    ki_slots *t = table(1000);
    ki_slots_cache c = {};
    record *first = get(t, &c);
    uint64_t last = ki_slots_id(t, &first->slot);

    for (int i = 0; i < 100'000; i++) {
        ki_slots_put(t, &c, &first->slot);
        record *r = get(t, &c);
        ASSERT_EQ(first, r);
        const uint64_t id = ki_slots_id(t, &r->slot);
        ASSERT_EQ(last + (UINT64_C(1) << KI_SLOT_INDEX_BITS), id);
        last = id;
    }
    ki_slots_put(t, &c, &first->slot);
    ki_slots_flush(t, &c);
}

TEST(Slots, AGenerationIsNeverZero)    // I2
{
    ki_slots *t = table(1000);
    record *r = get(t);
    EXPECT_EQ(1u, r->slot.generation);

    r->slot.generation = 0xffffffff;
    ki_slots_put(t, nullptr, &r->slot);
    EXPECT_EQ(r, get(t));
    EXPECT_EQ(1u, r->slot.generation) << "it goes round without the 0 of no record";
    ki_slots_put(t, nullptr, &r->slot);
}

TEST(Slots, NothingIsFoundWhereNoRecordIs)
{
    ki_slots *t = table(1 << 20);
    EXPECT_EQ(nullptr, ki_slots_at(t, 0));
    record *r = get(t);

    EXPECT_NE(nullptr, ki_slots_at(t, KI_SLOTS_CHUNK - 1));
    EXPECT_EQ(nullptr, ki_slots_at(t, KI_SLOTS_CHUNK));
    EXPECT_EQ(nullptr, ki_slots_at(t, KI_SLOTS_CHUNK * KI_SLOTS_MAX_CHUNKS - 1));
    EXPECT_EQ(nullptr, ki_slots_at(t, KI_SLOTS_CHUNK * KI_SLOTS_MAX_CHUNKS));
    EXPECT_EQ(nullptr, ki_slots_at(t, KI_SLOT_INDEX_MASK));
    ki_slots_put(t, nullptr, &r->slot);
}

TEST(Slots, AFullTableAnswersNullUntilOneComesBack)
{
    ki_slots *t = table(2 * KI_SLOTS_CHUNK);
    std::vector<record *> all;

    while (record *r = get(t))
        all.push_back(r);
    EXPECT_EQ(2u * KI_SLOTS_CHUNK, all.size());
    EXPECT_EQ(nullptr, get(t));

    ki_slots_put(t, nullptr, &all.back()->slot);
    EXPECT_EQ(all.back(), get(t));
    EXPECT_EQ(nullptr, get(t));
    for (record *r : all)
        ki_slots_put(t, nullptr, &r->slot);
}

TEST(Slots, NoMemoryIsNullAndLaterItGoesOn)
{
    ki_slots *t = table(1000);
    const auto alloc = ki_seam.alloc;

    ki_seam.alloc = [](size_t, size_t) -> void * { return nullptr; };
    EXPECT_EQ(nullptr, get(t));
    EXPECT_EQ(nullptr, get(t));
    ki_seam.alloc = alloc;

    record *r = get(t);
    ASSERT_NE(nullptr, r);
    EXPECT_EQ(0u, r->slot.index);
    ki_slots_put(t, nullptr, &r->slot);
}

TEST(Slots, ACacheIsBoundedAndGivesAllBack)
{
    ki_slots *t = table(4 * KI_SLOTS_CHUNK);
    ki_slots_cache c = {};
    std::vector<record *> all;
    while (record *r = get(t, &c)) {
        EXPECT_LE(c.len, static_cast<uint32_t>(KI_SLOTS_MAGAZINE));
        all.push_back(r);
    }
    EXPECT_EQ(4u * KI_SLOTS_CHUNK, all.size()) << "none is left behind in the cache";
    EXPECT_EQ(0u, c.len);

    for (record *r : all) {
        ki_slots_put(t, &c, &r->slot);
        EXPECT_LE(c.len, 2u * KI_SLOTS_MAGAZINE);
    }
    ki_slots_flush(t, &c);
    EXPECT_EQ(0u, c.len);
    EXPECT_EQ(nullptr, c.head);
    std::set<record *> again;
    while (record *r = get(t))
        again.insert(r);
    EXPECT_EQ(all.size(), again.size());
    for (record *r : again)
        ki_slots_put(t, nullptr, &r->slot);
}

TEST(SlotsThreads, EachRecordHasOneUserWhileTheTableGrows)    // I1 I2
{
    constexpr std::size_t threads = 4;
    const std::size_t steps = kt_scale(400'000);
    const uint64_t seed = kt_seed();
    ki_slots *t = table(1 << 20);
    std::atomic<std::size_t> shared{0}, strange{0};
    std::atomic<uint64_t> published[16] = {};
    std::vector<std::thread> all;

    for (std::size_t n = 1; n <= threads; n++)
        all.emplace_back([&, n] {
            std::mt19937_64 rng(seed + n);
            ki_slots_cache cache = {}, *c = n % 2 ? &cache : nullptr;
            std::vector<record *> mine;

            for (std::size_t i = 0; i < steps; i++) {
                /* Mostly more than fewer, then all of them back. */
                if (mine.empty() || (mine.size() < 3000 && rng() % 5 < 3)) {
                    record *r = get(t, c);
                    if (!r) {
                        strange++;
                        break;
                    }
                    if (r->user != 0)
                        shared++;
                    r->user = n;
                    r->id.store(ki_slots_id(t, &r->slot), std::memory_order_relaxed);
                    published[rng() % 16].store(r->id.load(std::memory_order_relaxed));
                    mine.push_back(r);
                } else {
                    const std::size_t k = rng() % mine.size();
                    std::swap(mine[k], mine.back());
                    if (mine.back()->user != n)
                        shared++;
                    mine.back()->user = 0;
                    ki_slots_put(t, c, &mine.back()->slot);
                    mine.pop_back();
                }
                /* Whoever holds an old handle may look. */
                if (const uint64_t id = published[rng() % 16].load()) {
                    auto *r = reinterpret_cast<record *>(ki_slots_at(t, ki_id_index(id)));
                    if (!r || ki_id_index(r->id.load(std::memory_order_relaxed)) !=
                                  ki_id_index(id))
                        strange++;
                }
            }
            for (record *r : mine) {
                r->user = 0;
                ki_slots_put(t, c, &r->slot);
            }
            ki_slots_flush(t, &cache);
        });
    for (std::thread &th : all)
        th.join();

    EXPECT_EQ(0u, shared.load());
    EXPECT_EQ(0u, strange.load());
    std::size_t free = 0;
    const std::size_t made = t->n_chunks.load() * KI_SLOTS_CHUNK;
    for (ki_slot *s = t->free; s; s = s->free_next)
        free++;
    EXPECT_EQ(made, free) << "all came back, none twice";
}
