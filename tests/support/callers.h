/* SPDX-License-Identifier: Apache-2.0
 * callers.h -- processes that make one call each and wait in it.
 *
 *   kt_callers readers(3, "socket_recv", [&] { return kith_socket_recv(...); });
 *   kt_close(s);                                     // all of them wait by now
 *   EXPECT_EQ(kt_answers(3, KITH_ECLOSED), readers.answers());
 */
#ifndef KT_CALLERS_H
#define KT_CALLERS_H

#include "tests/support/sockets.h"

#include <atomic>
#include <deque>
#include <functional>
#include <vector>

using kt_answer_list = std::vector<std::ptrdiff_t>;

inline kt_answer_list
kt_answers(std::size_t n, std::ptrdiff_t each)
{
    return kt_answer_list(n, each);
}

class kt_callers {
  public:
    /* Starts `n` and returns when all of them wait in the call of that name. */
    kt_callers(std::size_t n, const char *where, std::function<std::ptrdiff_t()> call);
    ~kt_callers(); /* kills those whose answer nobody took */
    kt_callers(const kt_callers &) = delete;
    kt_callers &operator=(const kt_callers &) = delete;

    /* Waits for the end of all; what each was answered, in the order in which they called. */
    kt_answer_list answers();

    kith_pid pid(std::size_t i) const
    {
        return pids_[i];
    }

    bool wait_still(const char *where) const;

  private:
    std::function<std::ptrdiff_t()> call_;
    std::deque<std::atomic<std::ptrdiff_t>> answers_;
    std::vector<kith_pid> pids_;
    kt_bodies bodies_;
};

#endif
