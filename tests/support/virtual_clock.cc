/* SPDX-License-Identifier: Apache-2.0
 * virtual_clock.cc -- the clock of the seam, moved by hand. */
#include "tests/support/virtual_clock.h"

#include "core/seam.h"

#include <atomic>
#include <cstdlib>

namespace
{

/* The seam takes a plain function: there is one virtual clock at a time. */
std::atomic<std::uint64_t> present{0};
std::atomic<bool> in_use{false};

std::uint64_t
read_present()
{
    return present.load();
}

/* No reading of this clock is young: it may be moved between any two. */
std::uint64_t
no_cycles()
{
    return 0;
}

}    // namespace

kt_virtual_clock::kt_virtual_clock(std::uint64_t start_ns)
    : before_(ki_seam.now_ns), cycles_before_(ki_seam.cycles)
{
    if (in_use.exchange(true))
        std::abort();
    present = start_ns;
    ki_seam.now_ns = read_present;
    ki_seam.cycles = no_cycles;
}

kt_virtual_clock::~kt_virtual_clock()
{
    ki_seam.cycles = cycles_before_;
    ki_seam.now_ns = before_;
    in_use = false;
}

std::uint64_t
kt_virtual_clock::now_ns() const
{
    return present.load();
}

void
kt_virtual_clock::advance_ns(std::uint64_t ns)
{
    present.fetch_add(ns);
    if (on_move_)
        on_move_();
}

void
kt_virtual_clock::advance_ms(std::uint64_t ms)
{
    advance_ns(ms * 1'000'000);
}

void
kt_virtual_clock::advance_to(std::uint64_t ns)
{
    std::uint64_t old = present.load();

    while (old < ns && !present.compare_exchange_weak(old, ns))
        ;
    if (old < ns && on_move_)
        on_move_();
}

void
kt_virtual_clock::on_move(std::function<void()> call)
{
    on_move_ = std::move(call);
}
