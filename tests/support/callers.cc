/* SPDX-License-Identifier: Apache-2.0
 * callers.cc -- processes that wait in a call. */
#include "tests/support/callers.h"

#include <algorithm>

kt_callers::kt_callers(std::size_t n, const char *where,
                       std::function<std::ptrdiff_t()> call)
    : call_(std::move(call))
{
    for (std::size_t i = 0; i < n; i++) {
        std::atomic<std::ptrdiff_t> &answer = answers_.emplace_back(PTRDIFF_MIN);

        pids_.push_back(bodies_.spawn([this, &answer] { answer = call_(); }));
        EXPECT_TRUE(kt_eventually([&] { return kt_waits(pids_.back(), where); }))
            << "caller " << i << " does not wait in " << where;
    }
}

kt_callers::~kt_callers()
{
    for (const kith_pid pid : pids_) {
        kt_ignore(kith_exit_signal(pid, kith_reason_of(KITH_KILL, 0, nullptr)));
        EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
    }
}

kt_answer_list
kt_callers::answers()
{
    kt_answer_list all;

    for (const kith_pid pid : pids_)
        EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
    for (const std::atomic<std::ptrdiff_t> &answer : answers_)
        all.push_back(answer);
    return all;
}

bool
kt_callers::wait_still(const char *where) const
{
    return std::all_of(pids_.begin(), pids_.end(),
                       [&](kith_pid pid) { return kt_waits(pid, where); });
}
