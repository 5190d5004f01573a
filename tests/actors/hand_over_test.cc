/* SPDX-License-Identifier: Apache-2.0
 * hand_over_test.cc -- sockets that change hands under traffic. */
#include "tests/support/storm.h"

namespace
{

using SocketHandOver = kt_storm;

TEST_F(SocketHandOver, AStormOfGiftsLosesNoByte)
{
    storm(kt_scale(2000));
}

}    // namespace
