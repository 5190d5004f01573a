/* SPDX-License-Identifier: Apache-2.0
 * stop.h -- a runtime that the test stops itself.
 *
 *   using Stop = kt_stop;
 *   TEST_F(Stop, Promise) { EXPECT_EQ(0, kith_stop(0, 0)); } */
#ifndef KT_STOP_H
#define KT_STOP_H

#include "tests/support/runtime.h"

/* TearDown starts it again to look at what is left. */
class kt_stop : public kt_runtime {
  protected:
    void TearDown() override
    {
        EXPECT_TRUE(kt_until([] {
            const int rc = kith_start(nullptr);
            return rc == 0 || (rc == KITH_EALREADY && !kith_stopping());
        }));
        kt_runtime::TearDown();
    }
};

#endif
