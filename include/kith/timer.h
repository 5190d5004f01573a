/* SPDX-License-Identifier: Apache-2.0
 * timer.h -- messages at a later time.
 *
 * A timer is a message on its way: it comes once, not before its time, or never if it is
 * cancelled or its receiver dies first. It belongs to its receiver: the death of its maker
 * changes nothing.
 *
 *     rc = kith_send_after(1000, kith_self(), TICK, KITH_IOV(round), &timer);
 */
#ifndef KITH_TIMER_H
#define KITH_TIMER_H

#include <kith/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Send a message later; its ref is the timer's.
 *
 * unit     after: milliseconds; 0 sends it as soon as can be.
 * When it is due and the receiver is dead, nothing happens.
 *
 * returns  0, and `*timer` names the timer; or
 *          KITH_ENOPROC  the receiver is dead or unknown already;
 *          KITH_EINVAL   the tag has the system's bit, or `after` is KITH_INFINITY;
 *          or a common code (error.h).
 * context  any thread; never suspends.
 * owns     the bytes of `data` are copied; `timer` may be NULL.
 * source   OTP erlang:send_after/3. Differs: says when there is nobody.
 */
KITH_API KITH_NODISCARD int
kith_send_after(kith_ms after, kith_pid to, uint64_t tag, kith_iov data, kith_ref *timer);

/**
 * Cancel a timer; whatever the answer, no message of it comes after this.
 *
 * A message that has come already stays in the mailbox.
 *
 * unit     left: milliseconds.
 * returns  0, and `*left` says how long it still was; or
 *          KITH_ENOENT  it has fired, was cancelled, or never was.
 * context  any thread; never suspends.
 * owns     `left` may be NULL.
 * source   OTP erlang:cancel_timer/1.
 */
KITH_API int
kith_cancel_timer(kith_ref timer, kith_ms *left);

#ifdef __cplusplus
}
#endif

#endif
