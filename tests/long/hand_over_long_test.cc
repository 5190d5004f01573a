/* SPDX-License-Identifier: Apache-2.0
 * hand_over_long_test.cc -- sockets that change hands a hundred thousand times under traffic. */
#include "tests/support/storm.h"

namespace
{

using SocketHandOverLong = kt_storm;

TEST_F(SocketHandOverLong, AStormOfGiftsLosesNoByte)
{
    storm(kt_scale(100'000));
}

}    // namespace
