/* SPDX-License-Identifier: Apache-2.0
 * timer.h -- messages at a later time.
 *
 * A timer is a message on its way: it comes once, not before its time, or never if it is
 * cancelled or its receiver dies first. It belongs to its receiver: with that it ends, and the
 * death of its maker changes nothing. One that goes to a name belongs to nobody: who has the
 * name when it is due gets the message.
 *
 *     rc = kith_send_after(1000, kith_self(), TICK, KITH_IOV(round), &timer);
 *
 *     rc = kith_start_timer(1000, kith_self(), kith_iov_of(NULL, 0), &timer);
 *     rc = kith_receive_ref(timer, &m, KITH_INFINITY);
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
 * Send a message at a moment, as kith_send_after does.
 *
 * unit     deadline: a moment as kith_deadline gives it; one that has passed is now.
 * returns  as kith_send_after; KITH_EINVAL when `deadline` is KITH_INFINITY or KITH_NOWAIT.
 * context  any thread; never suspends.
 * owns     as kith_send_after.
 * source   OTP erlang:send_after/4 with {abs, true}.
 */
KITH_API KITH_NODISCARD int
kith_send_at(kith_ms deadline, kith_pid to, uint64_t tag, kith_iov data, kith_ref *timer);

/**
 * Send a message later to whoever has the name by then; to nobody, if nobody has it.
 *
 * unit     after: milliseconds; 0 sends it as soon as can be.
 * returns  0, and `*timer` names the timer, which no death ends; or
 *          KITH_EINVAL   the name is empty or too long, the tag has the system's bit, or
 *                        `after` is KITH_INFINITY;
 *          or a common code (error.h).
 * context  any thread; never suspends.
 * owns     the name and the bytes of `data` are copied; `timer` may be NULL.
 * source   OTP erlang:send_after/3 to a registered name.
 */
KITH_API KITH_NODISCARD int
kith_send_after_name(kith_ms after, const char *name, uint64_t tag, kith_iov data,
                     kith_ref *timer);

/**
 * Send a message at a moment to whoever has the name by then, as kith_send_after_name does.
 *
 * unit     deadline: a moment as kith_deadline gives it; one that has passed is now.
 * returns  as kith_send_after_name.
 * context  any thread; never suspends.
 * owns     as kith_send_after_name.
 * source   OTP erlang:send_after/4 with {abs, true}, to a registered name.
 */
KITH_API KITH_NODISCARD int
kith_send_at_name(kith_ms deadline, const char *name, uint64_t tag, kith_iov data,
                  kith_ref *timer);

/**
 * Start a timer: as kith_send_after, but the message has the tag KITH_TAG_TIMEOUT.
 *
 * No sender can make such a message, so one with the timer's ref is the timer's.
 *
 * unit     after: milliseconds; 0 sends it as soon as can be.
 * returns  as kith_send_after.
 * context  any thread; never suspends.
 * owns     as kith_send_after.
 * source   OTP erlang:start_timer/3. Differs: says when there is nobody.
 */
KITH_API KITH_NODISCARD int
kith_start_timer(kith_ms after, kith_pid to, kith_iov data, kith_ref *timer);

/**
 * Start a timer for whoever has the name when it is due.
 *
 * unit     after: milliseconds; 0 sends it as soon as can be.
 * returns  as kith_send_after_name.
 * context  any thread; never suspends.
 * owns     as kith_send_after_name.
 * source   OTP erlang:start_timer/3 with a registered name.
 */
KITH_API KITH_NODISCARD int
kith_start_timer_name(kith_ms after, const char *name, kith_iov data, kith_ref *timer);

/**
 * Cancel a timer; whatever the answer, no message of it comes after this.
 *
 * A message that has come already stays in the mailbox.
 *
 * unit     left: milliseconds.
 * returns  0, and `*left` says how long it still was; or
 *          KITH_ENOENT  it has fired, was cancelled, has died with its receiver, or never was.
 * context  any thread; never suspends.
 * owns     `left` may be NULL.
 * source   OTP erlang:cancel_timer/1.
 */
KITH_API int
kith_cancel_timer(kith_ref timer, kith_ms *left);

/**
 * Say how long it still is until a timer is due.
 *
 * unit     left: milliseconds.
 * returns  as kith_cancel_timer.
 * context  any thread; never suspends.
 * owns     `left` may be NULL.
 * source   OTP erlang:read_timer/1.
 */
KITH_API KITH_NODISCARD int
kith_read_timer(kith_ref timer, kith_ms *left);

#ifdef __cplusplus
}
#endif

#endif
