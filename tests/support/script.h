/* SPDX-License-Identifier: Apache-2.0
 * script.h -- a server whose callbacks are the test's, with a stack or without one.
 *
 *   using ServerMore = kt_script;
 *   TEST_P(ServerMore, Promise)
 *   {
 *       does.cast = [](const kith_msg *) { return kith_server_continue(7); };
 *       const kith_pid pid = start();
 *       EXPECT_EQ(0, kith_cast(pid, 3, nullptr, 0));
 *       settle(pid);
 *       EXPECT_EQ("init, cast 3, cont 7, call 99", diary());
 *       kill(pid);
 *   } */
#ifndef KT_SCRIPT_H
#define KT_SCRIPT_H

#include "tests/support/runtime.h"

#include <functional>
#include <mutex>
#include <string>

class kt_script : public kt_runtime, public testing::WithParamInterface<bool> {
  protected:
    void SetUp() override
    {
        does = {};
        happened_.clear();
        kt_runtime::SetUp();
    }

    static const kith_server *type()
    {
        return &types_[GetParam()];
    }

    /* Room for what a test's callbacks do. */
    static kith_spawn_options roomy();

    static kith_pid start();

    /* It hibernates. */
    static bool sleeps(kith_pid pid);

    /* All that was sent before has been handled. */
    static void settle(kith_pid pid);

    /* What has happened, in its order: "cast 3, cont 1". One server at a time writes. */
    static std::string diary();
    static void forget();
    static void note(const std::string &what);

    struct callbacks {
        std::function<int(void *)> init;
        std::function<int(kith_from, const kith_msg *)> call;
        std::function<int(const kith_msg *)> cast, info;
        std::function<int(std::uint64_t)> cont;
        std::function<void(kith_reason)> terminate;
    };
    static inline callbacks does;

  private:
    static void note(const char *what, std::uint64_t tag);
    static int init(void *state, void *arg);
    static int call(void *state, kith_from from, const kith_msg *m);
    static int cast(void *state, const kith_msg *m);
    static int info(void *state, const kith_msg *m);
    static int cont(void *state, std::uint64_t tag);
    static void terminate(void *state, kith_reason why);

    static const kith_server types_[2];
    static inline std::mutex lock_;
    static inline std::string happened_;
};

#endif
