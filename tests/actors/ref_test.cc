/* SPDX-License-Identifier: Apache-2.0
 * ref_test.cc -- a message is found by its ref without a look at the others. */
#include "tests/support/record.h"
#include "tests/support/runtime.h"

#include "core/fiber.h"
#include "core/opword.h"
#include "core/timers.h"

extern "C" {
#include "actors/msg.h"
#include "actors/proc.h"
#include "actors/ref.h"
}

#include <algorithm>
#include <vector>

namespace
{

using Ref = kt_runtime;

void
send_plain(std::uint64_t n)
{
    for (std::uint64_t i = 0; i < n; i++)
        ASSERT_EQ(0, kt_send(kith_self(), 1, i));
}

kith_ref
dead_monitor()
{
    kith_ref ref = {0};

    EXPECT_EQ(0, kith_monitor({0}, &ref)); /* its DOWN is there at once */
    return ref;
}

/* Its message has been received when this returns. */
kith_ref
past_timer(std::uint64_t number)
{
    kith_ref ref = {0};

    EXPECT_EQ(0, kith_send_after(0, kith_self(), 2, KITH_IOV(number), &ref));
    while (!ki_ref_find(kt_own_record(), ref.id))
        EXPECT_EQ(0, kith_sleep(1));
    return ref;
}

void
drop_all()
{
    const kith_msg *m;

    while (kith_receive(&m, 0) == 0)
        ;
}

/* A scan charges each message that it passes: what a receive costs, in messages. */
std::int32_t
steps_to(kith_ref ref, std::uint64_t tag)
{
    const kith_msg *m;

    kith_yield(); /* a full budget */
    const std::int32_t before = kt_own_record()->fiber.budget;
    EXPECT_EQ(0, kith_receive_ref(ref, &m, 0));
    EXPECT_EQ(tag, m->tag);
    EXPECT_EQ(ref, m->ref);
    return before - kt_own_record()->fiber.budget;
}

TEST_F(Ref, CostsTheSameHoweverMuchIsQueued)
{
    in_process([] {
        for (const std::uint64_t n : {0, 100, 1000}) { /* less than a budget */
            send_plain(n);
            const kith_ref timer = past_timer(7);
            const kith_ref down = dead_monitor();
            send_plain(n);
            EXPECT_EQ(1, steps_to(down, KITH_TAG_DOWN)) << n;
            EXPECT_EQ(1, steps_to(timer, 2)) << n;
            drop_all();
        }
    });
}

TEST_F(Ref, CostsTheSameAmongManyOfItsKind)
{
    in_process([] {
        constexpr int n = 1000;
        std::vector<kith_ref> down;

        for (int i = 0; i < n; i++)
            down.push_back(dead_monitor());
        for (int i = n; i-- > 0;) /* the newest first */
            EXPECT_EQ(1, steps_to(down[static_cast<std::size_t>(i)], KITH_TAG_DOWN));
    });
}

TEST_F(Ref, OneThatIsWaitedForIsFoundBehindManyOthers)
{
    in_process([] {
        const kith_msg *m;
        kith_ref ref;

        send_plain(1000);
        ASSERT_EQ(0, kith_send_after(1, kith_self(), 2, {nullptr, 0}, &ref));
        const std::int32_t before = kt_own_record()->fiber.budget;
        ASSERT_EQ(0, kith_receive_ref(ref, &m, kt_long()));
        EXPECT_EQ(2u, m->tag);
        EXPECT_LE(before - kt_own_record()->fiber.budget, 2)
            << "or a fresh budget after the wait";
        drop_all();
    });
}

TEST_F(Ref, FlushIsNoScan)
{
    in_process([] {
        for (const std::uint64_t n : {0, 1000}) {
            kith_ref ref = {0};

            send_plain(n);
            ref = dead_monitor();
            kith_yield();
            const std::int32_t before = kt_own_record()->fiber.budget;
            EXPECT_EQ(0, kith_demonitor(ref, KITH_FLUSH));
            EXPECT_LE(before - kt_own_record()->fiber.budget, 1);
            const kith_msg *m;
            EXPECT_EQ(KITH_ETIMEOUT, kith_receive_ref(ref, &m, 0));
            EXPECT_EQ(KITH_ETIMEOUT, kith_receive_tag(KITH_TAG_DOWN, &m, 0));
            drop_all();
        }
    });
}

TEST_F(Ref, WhatWasTakenOtherwiseIsGone)
{
    const auto check = [] {
        const kith_ref down = dead_monitor(), timer = past_timer(7);
        const kith_msg *m;

        EXPECT_EQ(down, kt_receive()->ref);
        EXPECT_EQ(KITH_ETIMEOUT, kith_receive_ref(down, &m, 0));
        ASSERT_EQ(0, kith_receive_tag(2, &m, 0));
        EXPECT_EQ(7u, kt_number(m));
        EXPECT_EQ(KITH_ETIMEOUT, kith_receive_ref(timer, &m, 0));
    };

    check();
    in_process(check);
}

TEST_F(Ref, AnothersRefFindsNothing)
{
    const kith_pid me = kith_self();
    const kith_ref down = dead_monitor(), timer = past_timer(7);

    in_process([=] {
        const kith_msg *m;

        send_plain(3);
        EXPECT_EQ(KITH_ETIMEOUT, kith_receive_ref(down, &m, 0));
        EXPECT_EQ(KITH_ETIMEOUT, kith_receive_ref(timer, &m, 0));
        EXPECT_EQ(0, kt_send(me, 3, 3));
    });
    const kith_msg *m;
    EXPECT_EQ(0, kith_receive_ref(timer, &m, 0));
    EXPECT_EQ(0, kith_receive_ref(down, &m, 0));
    drop_all();
}

TEST_F(Ref, ATimersMessageThatWasSentOnIsFoundThere)
{
    const kith_ref timer = past_timer(7);
    const kith_msg *m;

    kith_msg *kept = kith_msg_keep(kt_receive());
    ASSERT_NE(nullptr, kept);
    const kith_pid other = spawn([timer] {
        const kith_msg *got;

        ASSERT_EQ(0, kith_receive_ref(timer, &got, kt_long()));
        EXPECT_EQ(7u, kt_number(got));
    });
    ASSERT_EQ(0, kith_send_msg(other, kept));
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive_ref(timer, &m, 0));
    EXPECT_EQ(0, kith_wait(other, nullptr, kt_long()));
}

void
send_with(kith_ref ref, std::uint64_t tag)
{
    kith_msg *m = kith_msg_new(tag, 0);

    ASSERT_NE(nullptr, m);
    m->ref = ref;
    ASSERT_EQ(0, kith_send_msg(kith_self(), m));
}

TEST_F(Ref, OneThatUsersGaveToAMessageIsFoundToo)
{
    const kith_pid me = kith_self();
    const kith_msg *m;

    send_plain(2);
    const kith_ref down = dead_monitor();
    send_with(down, 10);
    send_with({KITH_TAG_SYSTEM - 1}, 11); /* no ref of ours */

    ASSERT_EQ(0, kith_receive_ref(down, &m, 0));
    EXPECT_EQ(KITH_TAG_DOWN, m->tag) << "the oldest first";
    ASSERT_EQ(0, kith_receive_ref(down, &m, 0));
    EXPECT_EQ(10u, m->tag);
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive_ref(down, &m, 0));

    spawn([=] {
        EXPECT_EQ(0, kith_sleep(1));
        kith_msg *late = kith_msg_new(12, 0);
        late->ref = down;
        EXPECT_EQ(0, kith_send_msg(me, late));
    });
    ASSERT_EQ(0, kith_receive_ref(down, &m, kt_long())) << "while it waits";
    EXPECT_EQ(12u, m->tag);
    drop_all();
}

TEST_F(Ref, ATimersMessageThatWasSentOnWithAnothersRefIsFoundByThat)
{
    const auto check = [] {
        const kith_ref other[] = {dead_monitor(), past_timer(8)};
        const kith_msg *m;

        for (const kith_ref ref : other) {
            const kith_ref timer = past_timer(7);

            ASSERT_EQ(0, kith_receive_ref(ref, &m, 0)) << "the other's own is gone";
            ASSERT_EQ(0, kith_receive_ref(timer, &m, 0));
            kith_msg *kept = kith_msg_keep(m);
            ASSERT_NE(nullptr, kept);
            kept->ref = ref;
            ASSERT_EQ(0, kith_send_msg(kith_self(), kept));
            EXPECT_EQ(KITH_ETIMEOUT, kith_receive_ref(timer, &m, 0));
            ASSERT_EQ(0, kith_receive_ref(ref, &m, 0));
            EXPECT_EQ(7u, kt_number(m));
        }
    };

    check();
    in_process(check);
}

/* ---- through an alias: several with one ref ---- */

ki_monitor *
record_of(kith_ref ref)
{
    return reinterpret_cast<ki_monitor *>(
        ki_slots_at(&ki_runtime.monitors, ki_id_index(ref.id)));
}

/* As if it had come through an alias. */
void
receive_through(kith_ref ref, std::uint64_t number, bool priority)
{
    ki_msg *m = ki_ref_msg_new(3, sizeof number, ref.id);

    ASSERT_NE(nullptr, m);
    EXPECT_EQ(sizeof number, m->pub.len);
    *static_cast<std::uint64_t *>(m->pub.data) = number;
    ki_ref_received(kt_own_record(), record_of(ref), m, priority);
}

TEST_F(Ref, SeveralOfOneRefComeInTheirOrder)
{
    in_process([this] {
        const kith_pid other = spawn([] { kt_ignore(kt_receive() != nullptr); });
        kith_ref ref;

        ASSERT_EQ(0, kith_monitor(other, &ref));
        send_plain(500);
        receive_through(ref, 1, false);
        send_plain(500);
        receive_through(ref, 2, false);
        receive_through(ref, 3, true);
        ASSERT_EQ(0, kt_send(other, 1, 1));
        ASSERT_EQ(0, kith_wait(other, nullptr, kt_long()));
        while (ki_proc_take(kt_own_record())) /* and the DOWN is there */
            ;
        for (const std::uint64_t i : {3, 1, 2}) {
            const kith_msg *m;

            ASSERT_EQ(0, kith_receive_ref(ref, &m, 0));
            EXPECT_EQ(i, kt_number(m));
        }
        EXPECT_EQ(1, steps_to(ref, KITH_TAG_DOWN));
        drop_all();
    });
}

TEST_F(Ref, WhatLiesInTheInboxAtDeathIsFreed)
{
    in_process([this] {
        const kith_pid other = spawn([] { kt_ignore(kt_receive() != nullptr); });
        kith_ref ref;

        ASSERT_EQ(0, kith_monitor(other, &ref));
        receive_through(ref, 1, false);
        receive_through(ref, 2, true);
        (void) past_timer(3);
        (void) dead_monitor();
        send_with(ref, 4);
        ASSERT_EQ(0, kt_send(other, 1, 1));
    });
}

/* ---- against a model ---- */

/* What lies in the inbox, in order. */
struct item {
    std::uint64_t number; /* of the item, ever growing */
    std::uint64_t tag;
    kith_ref ref;
    bool priority;
};

class model {
  public:
    explicit model(kith_pid other) : other_(other)
    {
    }

    void add(std::mt19937_64 &rng)
    {
        const std::uint64_t number = next_++;

        switch (rng() % 6) {
        case 0:
            insert({number, 2, past_timer(number), false});
            break;
        case 1:
            insert({number, KITH_TAG_DOWN, dead_monitor(), false});
            break;
        case 2:
        case 3: {
            const bool priority = rng() % 2;

            if (refs_.size() < 4 || rng() % 8 == 0) {
                kith_ref ref;

                ASSERT_EQ(0, kith_monitor(other_, &ref));
                refs_.push_back(ref);
            }
            const kith_ref ref = refs_[rng() % refs_.size()];
            receive_through(ref, number, priority);
            insert({number, 3, ref, priority});
            break;
        }
        default:
            ASSERT_EQ(0, kt_send(kith_self(), 1, number));
            EXPECT_TRUE(ki_proc_take(kt_own_record()));
            insert({number, 1, {0}, false});
        }
    }

    void take(std::mt19937_64 &rng)
    {
        const std::uint64_t tags[] = {1, 2, 3, KITH_TAG_DOWN}, tag = tags[rng() % 4];
        kith_ref ref = {0};
        const kith_msg *m = nullptr;
        int rc = 0;

        if (!items_.empty())
            ref = items_[rng() % items_.size()].ref;
        auto at = items_.begin();
        switch (rng() % 3) {
        case 0:
            rc = kith_receive(&m, 0);
            break;
        case 1:
            rc = kith_receive_tag(tag, &m, 0);
            at =
                std::find_if(at, items_.end(), [=](const item &i) { return i.tag == tag; });
            break;
        default:
            if (!ref.id)
                return;
            rc = kith_receive_ref(ref, &m, 0);
            at =
                std::find_if(at, items_.end(), [=](const item &i) { return i.ref == ref; });
        }
        if (at == items_.end()) {
            EXPECT_EQ(KITH_ETIMEOUT, rc);
            return;
        }
        ASSERT_EQ(0, rc);
        EXPECT_EQ(at->tag, m->tag);
        EXPECT_EQ(at->ref, m->ref);
        if (m->tag != KITH_TAG_DOWN) {
            EXPECT_EQ(at->number, kt_number(m));
        }
        items_.erase(at);
    }

    /* A late DOWN comes for none of them: the aliases' messages stay. */
    void end_a_monitor(std::mt19937_64 &rng)
    {
        if (refs_.empty())
            return;
        const auto at = refs_.begin() + static_cast<long>(rng() % refs_.size());

        EXPECT_EQ(0, kith_demonitor(*at, 0));
        refs_.erase(at);
    }

    std::size_t size() const
    {
        return items_.size();
    }

  private:
    void insert(item i)
    {
        const auto ordinary = std::find_if(items_.begin(), items_.end(),
                                           [](const item &j) { return !j.priority; });

        items_.insert(i.priority ? ordinary : items_.end(), i);
    }

    kith_pid other_;
    std::vector<item> items_;
    std::vector<kith_ref> refs_; /* live monitors, in the place of aliases */
    std::uint64_t next_ = 1;
};

TEST_F(Ref, AnyMixOfMessagesAndReceivesIsAsTheModelSays)
{
    const kith_pid other = spawn([] { kt_ignore(kt_receive() != nullptr); });
    std::mt19937_64 rng = kt_rng();

    in_process([&] {
        model inbox(other);

        for (std::size_t i = kt_scale(4000); i > 0 && !HasFailure(); i--) {
            if (rng() % (inbox.size() < 30 ? 4 : 2) == 0)
                inbox.take(rng);
            else
                inbox.add(rng);
            if (rng() % 32 == 0)
                inbox.end_a_monitor(rng);
        }
    });
    kill(other);
}

}    // namespace
