/* SPDX-License-Identifier: Apache-2.0
 * ear.h -- a hook of the log that remembers, and can be held up.
 *
 *   kt_ear ear;                      // from here on it hears all, to the end of the scope
 *   ...
 *   kt_flush_log();
 *   EXPECT_EQ(1u, ear.count("crash"));
 */
#ifndef KT_EAR_H
#define KT_EAR_H

#include "tests/support/runtime.h"

#include "actors/log.h"

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

/* Waits until all that was logged so far has been heard, if nothing holds the hook up. */
inline void
kt_flush_log()
{
    EXPECT_TRUE(kt_until([] { return ki_log_flush(); }));
}

struct kt_heard {
    int level;
    std::string text;
};

/* A hook that remembers, and can be held up. */
class kt_ear {
  public:
    explicit kt_ear(int least = KITH_LOG_DEBUG)
    {
        kith_log_to(hook, this, least);
    }

    ~kt_ear()
    {
        open();
        kith_log_to(nullptr, nullptr, KITH_LOG_NOTICE);
    }

    std::vector<kt_heard> all()
    {
        const std::lock_guard hold(lock_);
        return heard_;
    }

    std::size_t count(const std::string &part)
    {
        const std::lock_guard hold(lock_);
        std::size_t n = 0;

        for (const kt_heard &h : heard_)
            n += h.text.find(part) != std::string::npos;
        return n;
    }

    void shut()
    {
        const std::lock_guard hold(lock_);
        shut_ = true;
    }

    void open()
    {
        const std::lock_guard hold(lock_);
        shut_ = false;
        opened_.notify_all();
    }

    bool inside()
    {
        const std::lock_guard hold(lock_);
        return inside_;
    }

  private:
    static void hook(void *ctx, int level, const char *text, std::size_t len)
    {
        kt_ear *e = static_cast<kt_ear *>(ctx);
        std::unique_lock hold(e->lock_);

        EXPECT_FALSE(e->inside_) << "one call at a time";
        EXPECT_EQ(len, std::strlen(text));
        EXPECT_EQ('\n', len ? text[len - 1] : 0);
        e->inside_ = true;
        e->opened_.wait(hold, [e] { return !e->shut_; });
        e->inside_ = false;
        e->heard_.push_back({level, text});
    }

    std::mutex lock_;
    std::condition_variable opened_;
    std::vector<kt_heard> heard_;
    bool shut_ = false, inside_ = false;
};

#endif
