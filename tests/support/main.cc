/* SPDX-License-Identifier: Apache-2.0
 * main.cc -- the test program: Google Test, and a look at the descriptors after each test. */
#include "tests/support/support.h"

#include "core/poll.h"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <sstream>

namespace
{

std::mutex kept_lock;
std::set<int> kept;    // under kept_lock

/* Fails a test that leaves more descriptors open than it found. Some closes end on another
 * thread, so it looks again for a while before it complains. */
class LeakCheck : public testing::EmptyTestEventListener {
    void OnTestStart(const testing::TestInfo &) override
    {
        before_ = kt_descriptors();
    }

    void OnTestEnd(const testing::TestInfo &test) override
    {
        if (test.result()->Skipped() ||
            kt_until([this] { return left_open().empty(); }, 500))
            return;
        ADD_FAILURE() << "descriptors left open:" << left_open();
    }

    std::string left_open() const
    {
        const std::lock_guard guard(kept_lock);
        std::ostringstream out;

        for (const auto &[fd, target] : kt_descriptors()) {
            const auto old = before_.find(fd);
            const bool same = old != before_.end() && old->second == target;
            if (!same && !kept.contains(fd))
                out << ' ' << fd << " (" << target << ')';
        }
        return out.str();
    }

    std::map<int, std::string> before_;
};

}    // namespace

void
kt_keep_descriptor(int fd)
{
    const std::lock_guard guard(kept_lock);

    kept.insert(fd);
}

int
main(int argc, char **argv)
{
    testing::InitGoogleTest(&argc, argv);

    /* A forked child has none of the runtime's threads: death tests start the program anew. */
    GTEST_FLAG_SET(death_test_style, "threadsafe");

    /* What libkqueue opens for good it opens before the first test. */
    if (ki_poller_system.init() == 0)
        ki_poller_system.fini();

    /* The ends of tests are told from the last listener to the first: the complaint comes
     * before the printer says how the test ended. */
    testing::UnitTest::GetInstance()->listeners().Append(new LeakCheck);

    return RUN_ALL_TESTS();
}
