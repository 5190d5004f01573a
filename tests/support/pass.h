/* SPDX-License-Identifier: Apache-2.0
 * pass.h -- a runtime whose time passes when the test says so, and is waited for.
 *
 *   class ServerTimeout : public kt_passing<kt_script> {};
 *   TEST_P(ServerTimeout, Promise) { pass(10); EXPECT_TRUE(comes("info timeout")); } */
#ifndef KT_PASS_H
#define KT_PASS_H

#include "tests/support/runtime.h"
#include "tests/support/virtual_clock.h"

#include "core/sched.h"

/* As the watchdog does it: whoever wakes looks at all workers' timers. */
inline void
kt_poke()
{
    ki_store_seq(&ki_sched.steal_lifo, true);
    ki_sched.poller->wake();
}

/* `fixture` is one with a diary(). */
template <typename fixture> class kt_passing : public fixture {
  protected:
    /* Time goes on, and all that is due by then has fired. */
    void pass(kith_ms ms)
    {
        const kith_msg *m;
        kith_ref timer;

        ASSERT_EQ(0, kith_send_after(ms, kith_self(), 1, {nullptr, 0}, &timer));
        clock_.advance_ms(static_cast<std::uint64_t>(ms));
        kt_poke();
        ASSERT_EQ(0, kith_receive_ref(timer, &m, KITH_INFINITY));
    }

    static bool comes(const std::string &want)
    {
        return kt_until([&] {
            kt_poke();
            return fixture::diary() == want;
        });
    }

    kt_virtual_clock clock_;
};

#endif
