/* SPDX-License-Identifier: Apache-2.0
 * idle.cc -- processes that do nothing but wait. */
#include "tests/support/idle.h"
#include "tests/support/runtime.h"

int
kt_nothing(void *)
{
    return 0;
}

int
kt_wait_for_ever(void *)
{
    const kith_msg *m;

    return kith_receive(&m, KITH_INFINITY);
}

int
kt_trap_and_wait(void *arg)
{
    const kith_msg *m;

    kith_flag_trap_exit(true);
    if (arg != nullptr)
        kt_ignore(kith_send(*static_cast<kith_pid *>(arg), 1, nullptr, 0));
    while (kith_receive(&m, KITH_INFINITY) == 0)
        ;
    return 0;
}

kith_pid
kt_waiting()
{
    kith_pid pid = {0};

    EXPECT_EQ(0, kith_spawn(kt_wait_for_ever, nullptr, 0, &pid));
    return pid;
}

void
kt_expect_no_message()
{
    const kith_msg *m;

    EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
}
