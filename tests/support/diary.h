/* SPDX-License-Identifier: Apache-2.0
 * diary.h -- who started and ended, in which order; written by processes, read by a test.
 *
 *   kt_diary diary;
 *   diary.note("+a");
 *   EXPECT_EQ("+a -a", diary.text()); */
#ifndef KT_DIARY_H
#define KT_DIARY_H

#include <mutex>
#include <string>
#include <utility>

class kt_diary {
  public:
    void note(const std::string &what)
    {
        const std::lock_guard guard(lock_);

        text_ += text_.empty() ? what : " " + what;
    }

    std::string text() const
    {
        const std::lock_guard guard(lock_);

        return text_;
    }

    /* take answers the text and begins a new page. */
    std::string take()
    {
        const std::lock_guard guard(lock_);

        return std::exchange(text_, "");
    }

  private:
    mutable std::mutex lock_;
    std::string text_;
};

#endif
