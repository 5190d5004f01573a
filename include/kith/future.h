/* SPDX-License-Identifier: Apache-2.0
 * future.h -- operations that go on while their starter does something else.
 *
 * Each call that waits has a twin, call_start, which answers at once and gives a future.
 * Only the starter may await or cancel it. An await always ends the operation: its own
 * timeout cancels it. Until then the buffers belong to the operation.
 *
 *     rc = kith_socket_recv_start(s, buf, sizeof buf, 0, 5000, &f);
 *     prepare();
 *     n = kith_await(f, KITH_INFINITY);
 *
 * A future has ended when it was awaited, cancelled, or its message was sent; after that
 * every call on it answers KITH_ECLOSED.
 */
#ifndef KITH_FUTURE_H
#define KITH_FUTURE_H

#include <kith/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Wait for the result; sets kith_partial too.
 *
 * When `timeout` passes first, the operation is cancelled, unless its result comes in that
 * very moment; then the result is given.
 *
 * unit     timeout: milliseconds; 0 takes the result if it is there, else cancels.
 * returns  what the call itself would have answered; or
 *          KITH_ETIMEOUT   this timeout passed, or the operation's own;
 *          KITH_ECANCELED  somebody cancelled the operation;
 *          KITH_ECLOSED    the future has ended;
 *          KITH_EBADF      it is all zero;
 *          KITH_EPERM      it is another's;
 *          KITH_EINVAL     it is an accept or an open: use kith_await_socket;
 *          or a waiting code (error.h).
 * context  a process or a plain thread; may suspend it.
 * owns     the operation's buffers are the caller's again, whatever it answers.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_await(kith_future f, kith_ms timeout);

/**
 * Wait for the result of an accept or an open.
 *
 * unit     timeout: milliseconds; 0 takes the result if it is there, else cancels.
 * returns  0, and `*s` is the socket; or a code, as kith_await; KITH_EINVAL when it is
 *          neither.
 * context  a process or a plain thread; may suspend it.
 * owns     the socket is the caller's.
 */
KITH_API KITH_NODISCARD int
kith_await_socket(kith_future f, kith_ms timeout, kith_socket *s);

/**
 * Wait until one of some futures has its result; ends none of them.
 *
 * A future that has ended counts as done.
 *
 * unit     timeout: milliseconds; 0 only looks.
 * returns  the lowest index of one that is done; or
 *          KITH_ETIMEOUT  none is;
 *          KITH_EPERM     one is another's;
 *          KITH_EBADF     one is no future: all zero, say;
 *          KITH_EINVAL    n is 0 or does not fit an int, or `fs` is NULL;  or a waiting code (error.h).
 * context  a process or a plain thread; may suspend it.
 * owns     the buffers stay the operations'.
 */
KITH_API KITH_NODISCARD int
kith_await_any(const kith_future *fs, size_t n, kith_ms timeout);

/**
 * Cancel an operation; sets kith_partial.
 *
 * Waits out a system call that runs at this moment. A cancelled future needs no await.
 *
 * returns  0: it is cancelled and has ended; or
 *          KITH_EALREADY  it has its result, which waits for the await;
 *          KITH_ECLOSED   the future has ended;
 *          KITH_EBADF     it is all zero;
 *          KITH_EPERM     it is another's.
 * context  any thread; never suspends for longer than that system call.
 * owns     after 0 and after KITH_EALREADY the operation's buffers are the caller's again.
 */
KITH_API int
kith_cancel(kith_future f);

/**
 * Have the result come as a KITH_TAG_FUTURE message, instead of awaiting it.
 *
 * The message was allocated with the operation, so this cannot fail; of a future that has
 * ended or is another's no message comes.
 *
 * returns  nothing.
 * context  any thread; never suspends.
 * owns     the operation's buffers are the caller's again when the message has come.
 */
KITH_API void
kith_future_to_mailbox(kith_future f);

#ifdef __cplusplus
}
#endif

#endif
