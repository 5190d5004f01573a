/* SPDX-License-Identifier: Apache-2.0
 * fake_poller.h -- the reactor contract (core/poll.h) without a system below it.
 *
 *   kt_virtual_clock clock;
 *   kt_fake_poller poller(&clock);
 *   ki_sched.poller = poller.get();
 *   poller.event(42, KI_READY_IN);       // one wait gets it
 *
 * It keeps no more than the contract says: wakes that nobody has harvested are one, and each
 * event goes to one waiter. With a clock, a wait ends when the clock has passed its time; when
 * all the workers that drives_the_clock() names wait and nothing is ready, the poller moves the
 * clock to the earliest of their times: hours pass in no time, and nothing sleeps. Without one
 * the waits take real time. */
#ifndef KT_FAKE_POLLER_H
#define KT_FAKE_POLLER_H

#include "core/poll.h"
#include "tests/support/virtual_clock.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <vector>

class kt_fake_poller {
  public:
    explicit kt_fake_poller(kt_virtual_clock *clock = nullptr);
    ~kt_fake_poller();
    kt_fake_poller(const kt_fake_poller &) = delete;
    kt_fake_poller &operator=(const kt_fake_poller &) = delete;

    const ki_poller *get() const;

    /* ---- the script ---- */

    /* The next wait, or one that waits now, gets this event. */
    void event(std::uint64_t id, std::uint32_t ready);

    /* The next init, add answers this code instead (0: works again). */
    void fail_init(int code);
    void fail_add(int code);

    /* When `workers` threads wait and nothing is ready, the clock moves. 0: by hand only. */
    void drives_the_clock(unsigned workers);

    /* Wakes go to waits of no time only, as when a busy worker is quicker than the sleepers. */
    void wakes_go_to_the_busy(bool on);

    /* ---- what happened ---- */

    unsigned waiting() const;    /* threads that are in a wait with a time now */
    std::uint64_t waits() const; /* calls of wait, with a time or without */
    std::uint64_t wakes() const; /* calls of wake */
    bool rung() const;           /* a wake was not harvested yet */
    unsigned inits() const;      /* init that worked, minus fini */
    std::map<int, std::uint64_t> added() const; /* fd -> id */

  private:
    static int init();
    static void fini();
    static int add(int fd, std::uint64_t id);
    static int once(int fd, std::uint64_t id, bool again);
    static void forget(int fd);
    static int wait(ki_event *events, int cap, std::uint64_t timeout_ns);
    static void wake();

    int harvest(ki_event *events, int cap, bool busy);
    void let_time_pass();

    ki_poller face_;
    kt_virtual_clock *clock_;
    mutable std::mutex lock_;
    std::condition_variable changed_;
    std::deque<ki_event> events_;
    std::map<int, std::uint64_t> added_;
    std::multiset<std::uint64_t> deadlines_; /* of those that wait */
    std::uint64_t waits_ = 0, wakes_ = 0;
    unsigned waiting_ = 0, inits_ = 0, drivers_ = 0;
    int fail_init_ = 0, fail_add_ = 0;
    bool woken_ = false, busy_only_ = false;
};

#endif
