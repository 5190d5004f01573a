/* SPDX-License-Identifier: Apache-2.0
 * machine.h -- a state machine whose callbacks are the test's, with a stack or without one.
 *
 *   using Statem = kt_machine;
 *   TEST_P(Statem, Promise)
 *   {
 *       on_event = [](int state, const kith_event *e) { return kith_statem_next(1); };
 *       const kith_pid pid = start();
 *       cast(pid, {3});
 *       EXPECT_EQ(1, settle(pid));
 *       EXPECT_EQ("c3@0 C99@1", diary());    // the cast 3 in state 0, then settle's call
 *       kill(pid);
 *   } */
#ifndef KT_MACHINE_H
#define KT_MACHINE_H

#include "tests/support/runtime.h"

#include <functional>
#include <initializer_list>
#include <mutex>
#include <string>

class kt_machine : public kt_runtime, public testing::WithParamInterface<bool> {
  protected:
    void SetUp() override
    {
        happened_.clear();
        on_init = nullptr;
        on_event = nullptr;
        on_enter = nullptr;
        type_ = type(GetParam(), false);
        kt_runtime::SetUp();
    }

    kith_pid start();

    void with_enter()
    {
        type_ = type(GetParam(), true);
    }

    /* Casts these, one after the other. */
    static void cast(kith_pid pid, std::initializer_list<std::uint64_t> tags);

    /* All that was sent before has been handled; answers the state. */
    static int settle(kith_pid pid);

    /* What has happened, in its order: kind and tag of an event "@" the state, ">" and both
     * states of an enter, "end" with the reason's kind. */
    static std::string diary();

    static inline std::function<int(void *, int *)> on_init;
    static inline std::function<int(int, const kith_event *)> on_event;
    static inline std::function<int(int, int)> on_enter;

    kith_statem type_;

  private:
    static kith_statem type(bool with_stack, bool with_enter);
    static void note(const std::string &what);
    static int init(void *data, void *arg, int *state);
    static int event(void *data, int state, const kith_event *e);
    static int enter(void *data, int old_state, int state);
    static void terminate(void *data, int state, kith_reason why);

    static inline std::mutex lock_;
    static inline std::string happened_;
};

#endif
