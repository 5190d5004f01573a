/* SPDX-License-Identifier: Apache-2.0
 * record.h -- the caller's own record, for tests that look into it. */
#ifndef KT_RECORD_H
#define KT_RECORD_H

#include "core/atomic.h" /* has templates in C++ */

extern "C" {
#include "actors/proc.h"
}

#include <gtest/gtest.h>

inline ki_proc *
kt_own_record()
{
    ki_proc *p = nullptr;

    EXPECT_EQ(0, ki_enter(&p));
    return p;
}

#endif
