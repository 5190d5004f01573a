/* SPDX-License-Identifier: Apache-2.0
 * wheel_long_test.cc -- the wheel's random steps, ten times as many. */
#include "tests/support/support.h"
#include "tests/support/wheel_model.h"

namespace
{

TEST(WheelLong, ExpiresWhatASortedMapDoesInTheSameOrder)
{
    kt_wheel::take_steps(kt_scale(10'000'000));
}

}    // namespace
