/* SPDX-License-Identifier: Apache-2.0
 * runtime.h -- a runtime for each test, and processes made of lambdas.
 *
 *   using SpawnTest = kt_runtime;
 *
 *   TEST_F(SpawnTest, Promise)
 *   {
 *       in_process([&] { ... });              // a process, waited for: must end normal
 *       EXPECT_EQ(KITH_KILLED, run([] { ... }).kind);     // the same, of what it died
 *       kith_pid child = spawn([] { ... });
 *   }
 *
 * The test's own thread is a plain thread of the runtime. A process that is killed unwinds
 * nothing: it must not hold C++ objects that own memory while it waits. */
#ifndef KT_RUNTIME_H
#define KT_RUNTIME_H

#include "tests/support/support.h"

#include <kith/kith.h>

#include <gtest/gtest.h>

#include <functional>
#include <list>
#include <mutex>

/* How many processes live, by the library's own count; plain threads are not counted. */
std::size_t kt_processes();

/* How many threads this OS process has. */
std::size_t kt_threads();

/* kt_long is a timeout for what is sure to happen. */
kith_ms kt_long();

/* For answers that are hints, and for those a test has no use for. */
inline void
kt_ignore(std::int64_t)
{
}

/* kt_receive answers the oldest message; a failure of the test and NULL when none comes. */
const kith_msg *kt_receive();

/* kt_number is the number in a message's body; a failure of the test unless it has just that. */
std::uint64_t kt_number(const kith_msg *m);

/* kt_down is the body of a DOWN or EXIT message; a failure of the test unless it is one. */
kith_down kt_down(const kith_msg *m);

inline int
kt_send(kith_pid to, std::uint64_t tag, std::uint64_t number)
{
    return kith_send(to, tag, &number, sizeof number);
}

inline bool
operator==(kith_pid a, kith_pid b)
{
    return a.id == b.id;
}

inline bool
operator==(kith_ref a, kith_ref b)
{
    return a.id == b.id;
}

std::ostream &operator<<(std::ostream &out, const kith_reason &why);

/* Runs lambdas as processes and keeps them alive as long as the processes may run. */
class kt_bodies {
  public:
    /* Both fail the test when there is no child. */
    kith_pid spawn(std::function<void()> body, const kith_spawn_options *options = nullptr);
    kith_pid spawn_result(std::function<int()> body,
                          const kith_spawn_options *options = nullptr);

  private:
    std::mutex lock_;
    std::list<std::function<int()>> bodies_;
};

/* The reason in the DOWN message of a monitor; a failure of the test if none comes. */
kith_reason kt_why(kith_ref ref);

/* Starts the runtime with what the environment asks for, stops it after the test, and fails
 * tests that leave a process behind (main.cc does the same for descriptors). */
class kt_runtime : public testing::Test {
  protected:
    void SetUp() override;
    void TearDown() override;

    kith_pid spawn(std::function<void()> body, const kith_spawn_options *options = nullptr)
    {
        return bodies_.spawn(std::move(body), options);
    }

    kith_pid spawn_result(std::function<int()> body,
                          const kith_spawn_options *options = nullptr)
    {
        return bodies_.spawn_result(std::move(body), options);
    }

    /* Runs `body` as a process, waits for its end and answers what it died of. */
    kith_reason run(std::function<int()> body, const kith_spawn_options *options = nullptr);

    /* The same, of a body that must end normal. */
    void in_process(std::function<void()> body);

    /* Kills and waits until it is dead. */
    void kill(kith_pid pid);

  private:
    kt_bodies bodies_;
};

#endif
