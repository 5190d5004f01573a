/* SPDX-License-Identifier: Apache-2.0
 * deaths.h -- very many deaths at once, small for the matrix and at full size for the long tests.
 *
 *   using DeathScale = kt_deaths;
 *   TEST_F(DeathScale, Promise) { chains_fall(kt_procs(20000), 1000); } */
#ifndef KT_DEATHS_H
#define KT_DEATHS_H

#include "tests/support/runtime.h"

/* kt_memory answers how many bytes this machine can still give, by its own word. */
std::size_t kt_memory();

class kt_deaths : public kt_runtime {
  protected:
    /* Spawns `n` processes in chains of `length`, each linked to the next, and kills each chain from
     * its first. All die, and each chain's last one is heard to die of what the first died of. */
    void chains_fall(std::size_t n, std::size_t length);

    /* `n` processes, each linked to and monitored by `watchers` others, die at once. Each of the
     * watchers hears of each of them by EXIT once and by DOWN once, and nothing else. */
    void all_are_heard(std::size_t n, std::size_t watchers);
};

#endif
