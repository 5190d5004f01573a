/* SPDX-License-Identifier: Apache-2.0
 * inbox_test.cc -- the order of what was received: messages with priority first. */
#include "tests/support/record.h"
#include "tests/support/runtime.h"

#include "core/fiber.h"
#include "core/opword.h"
#include "core/timers.h"

extern "C" {
#include "actors/msg.h"
#include "actors/proc.h"
}

#include <algorithm>
#include <vector>

namespace
{

using Inbox = kt_runtime;

/* As if it had come with priority. */
void
receive_priority(std::uint64_t number)
{
    ki_msg *m = ki_msg_new(number, sizeof number);

    ASSERT_NE(nullptr, m);
    *static_cast<std::uint64_t *>(m->pub.data) = number;
    ki_inbox_add_priority(kt_own_record(), &m->node);
}

void
receive_ordinary(std::uint64_t number)
{
    ASSERT_EQ(0, kt_send(kith_self(), number, number));
    EXPECT_TRUE(ki_proc_take(kt_own_record()));
}

void
expect_in_order(const std::vector<std::uint64_t> &numbers)
{
    const kith_msg *m;

    for (const std::uint64_t i : numbers)
        EXPECT_EQ(i, kt_number(kt_receive()));
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
}

TEST_F(Inbox, PriorityGoesBeforeTheOrdinaryAndBehindEarlierPriority)
{
    const auto check = [] {
        receive_ordinary(1);
        receive_priority(101);
        receive_ordinary(2);
        receive_priority(102);
        receive_priority(103);
        receive_ordinary(3);
        expect_in_order({101, 102, 103, 1, 2, 3});

        receive_priority(101);
        receive_ordinary(1);
        expect_in_order({101, 1});
    };

    check();
    in_process(check);
}

TEST_F(Inbox, TheLastWithPriorityMayGoFirst)
{
    const kith_msg *m;

    receive_priority(101);
    receive_priority(102);
    receive_ordinary(1);

    ASSERT_EQ(0, kith_receive_tag(102, &m, 0));
    receive_priority(103);
    ASSERT_EQ(0, kith_receive_tag(1, &m, 0));
    receive_priority(104);
    receive_ordinary(2);
    expect_in_order({101, 103, 104, 2});
}

TEST_F(Inbox, WhatWasKeptAndSentAgainIsOrdinary)
{
    receive_priority(101);
    kith_msg *kept = kith_msg_keep(kt_receive());

    ASSERT_NE(nullptr, kept);
    receive_ordinary(1);
    ASSERT_EQ(0, kith_send_msg(kith_self(), kept));
    receive_priority(102);
    expect_in_order({102, 1, 101});
}

/* Refuses all but what it makes come itself, in the middle of the scan. */
struct in_the_middle {
    std::uint64_t at, wanted;
    std::vector<std::uint64_t> seen;
};

bool
comes_at(const kith_msg *m, void *ctx)
{
    auto *c = static_cast<in_the_middle *>(ctx);

    c->seen.push_back(m->tag);
    if (m->tag == c->at) {
        receive_priority(200);
        receive_priority(c->wanted);
        receive_priority(202);
    }
    return m->tag == c->wanted;
}

TEST_F(Inbox, AScanSeesPriorityThatComesBehindItsBack)
{
    const kith_msg *m;

    for (const std::uint64_t at : {101, 102, 1, 2, 3}) {
        in_the_middle c = {.at = at, .wanted = 201, .seen = {}};

        receive_priority(101);
        receive_priority(102);
        for (const std::uint64_t i : {1, 2, 3})
            receive_ordinary(i);
        ASSERT_EQ(0, kith_receive_match(comes_at, &c, &m, 0)) << "at " << at;
        EXPECT_EQ(201u, kt_number(m));
        EXPECT_EQ(1, std::count(c.seen.begin(), c.seen.end(), 200)) << "seen once";
        expect_in_order({101, 102, 200, 202, 1, 2, 3});
    }
}

TEST_F(Inbox, AWaitingReceiveSeesPriorityThatComesBehindItsBack)
{
    in_process([] {
        in_the_middle c = {.at = 9, .wanted = 201, .seen = {}};
        const kith_msg *m;

        receive_ordinary(1);
        receive_ordinary(2);
        ASSERT_EQ(0, kith_send_after(1, kith_self(), 9, {nullptr, 0}, nullptr));
        ASSERT_EQ(0, kith_receive_match(comes_at, &c, &m, kt_long()));
        EXPECT_EQ(201u, kt_number(m));
        EXPECT_EQ((std::vector<std::uint64_t>{1, 2, 9, 200, 201}), c.seen);
    });
}

TEST_F(Inbox, PriorityOfALaterReceiveStartsAnew)
{
    in_the_middle none = {.at = 0, .wanted = 0, .seen = {}};
    const kith_msg *m;

    receive_priority(101);
    receive_ordinary(1);
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive_match(comes_at, &none, &m, 0));
    ASSERT_EQ(0, kith_receive_tag(101, &m, 0));
    receive_priority(102); /* behind a message that is gone */
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive_match(comes_at, &none, &m, 0));
    EXPECT_EQ((std::vector<std::uint64_t>{101, 1, 102, 1}), none.seen);
    expect_in_order({102, 1});
}

/* ---- a handler ---- */

std::vector<std::uint64_t> handled; /* by a handler, while the test waits for it */

int
note(void *, const kith_msg *m)
{
    handled.push_back(m->tag);
    if (m->tag == 1) {
        receive_priority(101);
        receive_priority(102);
    }
    return m->tag == 4 ? KITH_DONE : KITH_CONTINUE;
}

int
fill(void *, void *)
{
    for (const std::uint64_t i : {1, 2, 3, 4})
        receive_ordinary(i);
    return 0;
}

TEST_F(Inbox, AHandlerGetsPriorityBeforeTheRestOfItsTurn)
{
    constexpr kith_server type = {.state_size = 0,
                                  .with_stack = false,
                                  .init = fill,
                                  .call = nullptr,
                                  .cast = nullptr,
                                  .info = note,
                                  .terminate = nullptr,
                                  .cont = nullptr};
    kith_pid pid;
    kith_ref ref;

    handled.clear();
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    o.monitor = &ref;
    ASSERT_EQ(0, kith_server_start(&type, &o, nullptr, 0, &pid));
    EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
    EXPECT_EQ((std::vector<std::uint64_t>{1, 101, 102, 2, 3, 4}), handled);
}

}    // namespace
