/* SPDX-License-Identifier: Apache-2.0
 * race_long_test.cc -- the four races of a completion, ten times as often. */
#include "tests/support/races.h"

namespace
{

using SocketRacesLong = kt_races;

TEST_F(SocketRacesLong, CancelAgainstCompletionLosesNoByte)
{
    cancel_against_completion(kt_scale(1'000'000));
}

TEST_F(SocketRacesLong, TimeoutAgainstCompletionLosesNoByte)
{
    timeout_against_completion(kt_scale(1'000'000));
}

TEST_F(SocketRacesLong, CloseAgainstCompletionGivesOneAnswer)
{
    close_against_completion(kt_scale(1'000'000));
}

TEST_F(SocketRacesLong, KillAgainstCompletionLeavesTheSocketToTheOthers)
{
    kill_against_completion(kt_scale(1'000'000));
}

}    // namespace
