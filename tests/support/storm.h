/* SPDX-License-Identifier: Apache-2.0
 * storm.h -- sockets that are handed on and on while bytes go through them, both ways.
 *
 *   using HandOver = kt_storm;
 *   TEST_F(HandOver, Promise) { storm(kt_scale(3000)); }
 *
 * One end of each connection goes from owner to owner: holders, who read what has come and give it
 * on, and visitors, who may die with it, before they have it, or give it back. Meanwhile a process
 * that never owns it sends through it more than a slow reader takes, and now and then a read or a
 * send of the last holder's is under way: it is given away with bytes that nobody has sent yet.
 * At the end every byte has been read once, both ways; where a visitor has died with it, what came
 * out is the beginning of what went in. */
#ifndef KT_STORM_H
#define KT_STORM_H

#include "tests/support/sockets.h"

#include <atomic>

class kt_storm : public kt_sockets {
  protected:
    /* At least so many gifts, over connections of all domains. */
    void storm(std::uint64_t gifts);
};

#endif
