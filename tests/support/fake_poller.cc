/* SPDX-License-Identifier: Apache-2.0
 * fake_poller.cc -- a reactor that is scripted. */
#include "tests/support/fake_poller.h"

#include <chrono>
#include <cstdlib>

namespace
{

/* The contract is plain functions: there is one fake poller at a time. */
kt_fake_poller *here;

}    // namespace

kt_fake_poller::kt_fake_poller(kt_virtual_clock *clock)
    : face_{"fake", false, true, true, init, fini, add, once, nullptr, forget, wait, wake},
      clock_(clock)
{
    if (here != nullptr)
        std::abort();
    here = this;
    if (clock_ != nullptr)
        clock_->on_move([this] {
            const std::lock_guard guard(lock_);
            changed_.notify_all();
        });
}

kt_fake_poller::~kt_fake_poller()
{
    if (clock_ != nullptr)
        clock_->on_move(nullptr);
    here = nullptr;
}

const ki_poller *
kt_fake_poller::get() const
{
    return &face_;
}

void
kt_fake_poller::event(std::uint64_t id, std::uint32_t ready)
{
    const std::lock_guard guard(lock_);

    events_.push_back({.ready = ready, .id = id});
    changed_.notify_all();
}

void
kt_fake_poller::fail_init(int code)
{
    const std::lock_guard guard(lock_);

    fail_init_ = code;
}

void
kt_fake_poller::fail_add(int code)
{
    const std::lock_guard guard(lock_);

    fail_add_ = code;
}

void
kt_fake_poller::drives_the_clock(unsigned workers)
{
    const std::lock_guard guard(lock_);

    drivers_ = workers;
    changed_.notify_all();
}

void
kt_fake_poller::wakes_go_to_the_busy(bool on)
{
    const std::lock_guard guard(lock_);

    busy_only_ = on;
    changed_.notify_all();
}

unsigned
kt_fake_poller::waiting() const
{
    const std::lock_guard guard(lock_);

    return waiting_;
}

std::uint64_t
kt_fake_poller::waits() const
{
    const std::lock_guard guard(lock_);

    return waits_;
}

std::uint64_t
kt_fake_poller::wakes() const
{
    const std::lock_guard guard(lock_);

    return wakes_;
}

bool
kt_fake_poller::rung() const
{
    const std::lock_guard guard(lock_);

    return woken_;
}

unsigned
kt_fake_poller::inits() const
{
    const std::lock_guard guard(lock_);

    return inits_;
}

std::map<int, std::uint64_t>
kt_fake_poller::added() const
{
    const std::lock_guard guard(lock_);

    return added_;
}

/* ---- the contract ---- */

int
kt_fake_poller::init()
{
    const std::lock_guard guard(here->lock_);

    if (here->fail_init_ != 0)
        return here->fail_init_;
    here->inits_++;
    here->woken_ = false;
    return 0;
}

void
kt_fake_poller::fini()
{
    const std::lock_guard guard(here->lock_);

    here->inits_--;
    here->added_.clear();
}

int
kt_fake_poller::add(int fd, std::uint64_t id)
{
    const std::lock_guard guard(here->lock_);

    if (here->fail_add_ != 0)
        return here->fail_add_;
    here->added_[fd] = id;
    return 0;
}

int
kt_fake_poller::once(int fd, std::uint64_t id, bool)
{
    return add(fd, id);
}

void
kt_fake_poller::forget(int fd)
{
    const std::lock_guard guard(here->lock_);

    here->added_.erase(fd);
}

void
kt_fake_poller::wake()
{
    const std::lock_guard guard(here->lock_);

    here->wakes_++;
    here->woken_ = true;
    here->changed_.notify_all();
}

/* Under the lock. */
int
kt_fake_poller::harvest(ki_event *events, int cap, bool busy)
{
    int n = 0;

    if (woken_ && cap > 0 && (busy || !busy_only_)) {
        woken_ = false;
        events[n++] = {.ready = KI_READY_IN, .id = 0};
    }
    while (n < cap && !events_.empty()) {
        events[n++] = events_.front();
        events_.pop_front();
    }
    return n;
}

/* Under the lock: all drivers wait, nothing is ready. */
void
kt_fake_poller::let_time_pass()
{
    const std::uint64_t next = deadlines_.empty() ? UINT64_MAX : *deadlines_.begin();

    if (clock_ == nullptr || drivers_ == 0 || waiting_ < drivers_ || next == UINT64_MAX ||
        next <= clock_->now_ns() || woken_ || !events_.empty())
        return;
    /* on_move takes the lock, so the clock is moved without it: those that wait look again. */
    lock_.unlock();
    clock_->advance_to(next);
    lock_.lock();
}

int
kt_fake_poller::wait(ki_event *events, int cap, std::uint64_t timeout_ns)
{
    kt_fake_poller *p = here;
    std::unique_lock guard(p->lock_);

    p->waits_++;
    if (timeout_ns == 0)
        return p->harvest(events, cap, true);

    const auto start = std::chrono::steady_clock::now();
    const std::uint64_t from = p->clock_ != nullptr ? p->clock_->now_ns() : 0;
    const std::uint64_t deadline =
        timeout_ns >= UINT64_MAX - from ? UINT64_MAX : from + timeout_ns;
    const auto mine = p->deadlines_.insert(deadline);
    int n;

    p->waiting_++;
    while ((n = p->harvest(events, cap, false)) == 0) {
        p->let_time_pass();
        if (p->clock_ != nullptr && p->clock_->now_ns() >= deadline)
            break;
        if (!p->events_.empty() || (p->woken_ && !p->busy_only_))
            continue;
        if (p->clock_ != nullptr || deadline == UINT64_MAX)
            p->changed_.wait(guard);
        else if (p->changed_.wait_until(guard,
                                        start + std::chrono::nanoseconds(timeout_ns)) ==
                 std::cv_status::timeout) {
            n = p->harvest(events, cap, false);
            break;
        }
    }
    p->waiting_--;
    p->deadlines_.erase(mine);
    return n;
}
