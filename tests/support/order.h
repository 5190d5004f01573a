/* SPDX-License-Identifier: Apache-2.0
 * order.h -- a crowd that signals at random, and looks whether all comes as it must.
 *
 *   kt_order_options o = {.seed = kt_seed(), .members = 50, .signals = kt_scale(200000)};
 *   const kt_order_result r = kt_order_run(o);
 *   EXPECT_EQ("", r.faults);
 *
 * Each member is a process that sends, links, monitors, makes timers, aliases and names and ends
 * all of them, by a sequence of random numbers of its own, until it dies or is killed; then another
 * one takes its seat. All that goes from one to another carries the sender's running number, up to
 * the code of its death. What a member looks for is listed at the enum `fault` in order.cc.
 *
 * With a clock, which the crowd then moves itself, and one worker all of it can be replayed:
 * `trace` is made of what was done and received, in that order. */
#ifndef KT_ORDER_H
#define KT_ORDER_H

#include "tests/support/virtual_clock.h"

#include <cstddef>
#include <cstdint>
#include <string>

struct kt_order_options {
    std::uint64_t seed;
    std::size_t members;
    std::uint64_t signals; /* about so many, then it ends */
    kt_virtual_clock *clock = nullptr;
};

struct kt_order_result {
    std::string faults;      /* empty: none */
    std::string summary;     /* how much there was of each */
    std::uint64_t done = 0;  /* signals */
    std::uint64_t trace = 0; /* with a clock */
    bool all_kinds = false;  /* each kind of signal and of answer has been there */
};

/* kt_order_run needs a runtime that runs; by a plain thread, one at a time. */
kt_order_result kt_order_run(const kt_order_options &o);

#endif
