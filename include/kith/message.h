/* SPDX-License-Identifier: Apache-2.0
 * message.h -- send, receive, and who owns the bytes.
 *
 * A message is a tag of the program's choice and some bytes. The sender's bytes are copied;
 * the receiver sees them in place, until its next receive, unless it keeps the message.
 * Calls, awaits and socket operations in between do not disturb it.
 *
 *     const kith_msg *m;
 *
 *     while (kith_receive(&m, KITH_INFINITY) == 0)
 *         switch (m->tag) {
 *         case ADD: total += KITH_BODY(m, struct add)->n; break;
 *         ...
 *
 * Messages from one sender to one receiver arrive in the order in which they were sent.
 * Tags with the top bit are the system's: kith_send refuses them, so what carries one is
 * true.
 */
#ifndef KITH_MESSAGE_H
#define KITH_MESSAGE_H

#include <kith/base.h>
#include <kith/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kith_msg {
    kith_pid from; /* the sender; of EXIT and DOWN the dead one */
    uint64_t tag;
    kith_ref ref; /* of DOWN, timer messages and replies: whose; else zero */
    void *data;   /* aligned for anything */
    size_t len;
} kith_msg;

#define KITH_TAG_SYSTEM (UINT64_C(1) << 63)
#define KITH_TAG_EXIT (KITH_TAG_SYSTEM + 1)   /* body kith_down; when trapping exits */
#define KITH_TAG_DOWN (KITH_TAG_SYSTEM + 2)   /* body kith_down; msg.ref is the monitor's */
#define KITH_TAG_SELECT (KITH_TAG_SYSTEM + 3) /* body kith_select: repeat the call */
#define KITH_TAG_FUTURE (KITH_TAG_SYSTEM + 4) /* body kith_done */
#define KITH_TAG_TIMEOUT (KITH_TAG_SYSTEM + 5)      /* a timer's: kith_start_timer */
#define KITH_TAG_COUNTER_WRAP (KITH_TAG_SYSTEM + 6) /* body kith_counter_wrap; option iow */

/* Somebody died: a process, or a socket (then `pid` is zero). */
typedef struct kith_down {
    kith_pid pid;
    kith_socket socket;
    kith_reason why;
} kith_down;

/* What a KITH_NOWAIT call was waiting for is there. */
typedef struct kith_select {
    kith_socket socket;
    unsigned op; /* one of KITH_OP_... */
    int code;    /* 0: repeat the call; else why that is no use */
} kith_select;

/* A future that went to the mailbox has its result. */
typedef struct kith_done {
    kith_future future;
    ptrdiff_t result;   /* what kith_await would answer */
    size_t bytes;       /* done, when the result is a code */
    kith_socket socket; /* of an accept: yours now */
} kith_done;

/**
 * Send a message; never waits.
 *
 * returns  0, which promises no more than that it was on its way; or, as a hint,
 *          KITH_ENOPROC  the receiver is dead or unknown;
 *          KITH_EFULL    its mailbox has a cap, which is reached;
 *          KITH_EINVAL   the tag has the system's bit;  or a common code (error.h).
 * context  any thread; never suspends.
 * owns     `len` bytes of `data` are copied.
 * source   OTP erlang:send/2. Differs: says when there is nobody, where Erlang is silent.
 */
KITH_API int
kith_send(kith_pid to, uint64_t tag, const void *data, size_t len);

/**
 * Send a message to a mailbox that may be full, and wait until there is room.
 *
 * A mailbox without a limit has room always. With one, whatever its policy, the message waits
 * outside; when the receiver takes others, those that wait are let in, oldest first, before what
 * is sent by others later.
 *
 * unit     timeout: milliseconds; 0 does not wait. KITH_NOWAIT is refused.
 * returns  0, it is in the mailbox; or
 *          KITH_ENOPROC   the receiver is dead, or died before there was room;
 *          KITH_ETIMEOUT  there was no room, and the message is gone;
 *          KITH_EMSGSIZE  it has more bytes than the mailbox may ever hold;
 *          KITH_EDEADLK   the caller's own mailbox is full;
 *          KITH_EINVAL    as kith_send;  or a waiting code (error.h).
 * context  a process or a plain thread; may suspend it.
 * owns     `len` bytes of `data` are copied.
 * source   OTP erlang:send/2 with the suspension of a sender to a busy port. Ours.
 */
KITH_API KITH_NODISCARD int
kith_send_wait(kith_pid to, uint64_t tag, const void *data, size_t len, kith_ms timeout);

/**
 * Make a message to be filled in place and sent without a copy.
 *
 * returns  the message, its `data` room for `len` bytes, aligned for anything, not zeroed;
 *          NULL when there is no memory, `len` is 4 GiB or more, or the tag has the system's
 *          bit. Its `len` may be made smaller before it is sent.
 * context  any thread; never suspends.
 * owns     the caller's, until kith_send_msg or kith_msg_free.
 */
KITH_API KITH_NODISCARD kith_msg *
kith_msg_new(uint64_t tag, size_t len);

/**
 * Send a message that was made or kept.
 *
 * `len` may have been made smaller; `tag` is looked at anew.
 *
 * returns  as kith_send.
 * context  any thread; never suspends.
 * owns     moved: `m` is gone, whatever the answer.
 */
KITH_API int
kith_send_msg(kith_pid to, kith_msg *m);

/**
 * Free a message that was made or kept; NULL is allowed.
 *
 * returns  nothing.
 * context  any thread; never suspends.
 * owns     `m` is gone.
 */
KITH_API void
kith_msg_free(kith_msg *m);

/**
 * Keep a received message past the next receive.
 *
 * returns  the message, now to be written to as well; NULL, and nothing is changed, when
 *          `m` is not the last that the caller received, or is kept already.
 * context  the process that received `m`; never suspends.
 * owns     the caller's, until kith_send_msg or kith_msg_free; use the answer, no more `m`.
 */
KITH_API KITH_NODISCARD kith_msg *
kith_msg_keep(const kith_msg *m);

/**
 * Look at the body of a message if it has the expected length.
 *
 * returns  the body; NULL unless it has exactly `len` bytes.
 * context  any thread; never suspends.
 * owns     the message's.
 */
KITH_API const void *
kith_msg_body(const kith_msg *m, size_t len);

/* The body as a `const T *`; NULL unless it has the size of a T. */
#define KITH_BODY(m, T) ((const T *) kith_msg_body((m), sizeof(T)))

/**
 * Receive the oldest message.
 *
 * unit     timeout: milliseconds; 0 takes what is there.
 * returns  0, and `*m` is the message; or
 *          KITH_ETIMEOUT  there is none;
 *          KITH_EINVAL    `m` is NULL;  or a waiting code (error.h).
 * context  a process or a plain thread; may suspend it.
 * owns     `*m` is the library's, and good until the caller's next receive; what the last
 *          receive gave is gone, even when this one fails.
 * source   OTP receive.
 */
KITH_API KITH_NODISCARD int
kith_receive(const kith_msg **m, kith_ms timeout);

/**
 * Receive the oldest message with this tag, a system tag too; the others keep their order.
 *
 * unit     timeout: milliseconds; 0 takes what is there.
 * returns  as kith_receive.
 * context  a process or a plain thread; may suspend it.
 * owns     as kith_receive.
 * source   OTP receive with a pattern.
 */
KITH_API KITH_NODISCARD int
kith_receive_tag(uint64_t tag, const kith_msg **m, kith_ms timeout);

/**
 * Receive the oldest message with this ref: a DOWN, a timer's message or one through an alias.
 *
 * It is found at once, however many others are there; so is one that is still to come. Only while
 * the mailbox holds a message of kith_send_msg to which the sender gave such a ref, they are
 * looked at one by one.
 *
 * unit     timeout: milliseconds; 0 takes what is there.
 * returns  as kith_receive; KITH_EINVAL also when `ref` is zero.
 * context  a process or a plain thread; may suspend it.
 * owns     as kith_receive.
 * source   OTP receive with a reference in the pattern.
 */
KITH_API KITH_NODISCARD int
kith_receive_ref(kith_ref ref, const kith_msg **m, kith_ms timeout);

/**
 * Receive the oldest message for which `is` is true; the others keep their order.
 *
 * `is` sees each message once. It must not call what can wait, receive or keep.
 *
 * unit     timeout: milliseconds; 0 takes what is there.
 * returns  as kith_receive; KITH_EINVAL also when `is` is NULL.
 * context  a process or a plain thread; may suspend it.
 * owns     as kith_receive; `ctx` is lent until the call returns.
 * source   OTP receive with a guard.
 */
KITH_API KITH_NODISCARD int
kith_receive_match(bool (*is)(const kith_msg *, void *), void *ctx, const kith_msg **m,
                   kith_ms timeout);

/**
 * Wait for a message or for one of some futures, whichever comes first; ends no operation.
 *
 * unit     timeout: milliseconds; 0 only looks.
 * returns  i < n: fs[i] is done, await it; n: `*m` is a message; or
 *          KITH_ETIMEOUT  none of them;
 *          KITH_EPERM     a future is another's;
 *          KITH_EBADF     one is no future: all zero, say;
 *          KITH_EINVAL    n does not fit an int; `m` is NULL, or `fs` though n is not 0;
 *          or a waiting code (error.h).
 * context  a process or a plain thread; may suspend it.
 * owns     as kith_receive.
 */
KITH_API KITH_NODISCARD int
kith_receive_any(const kith_msg **m, const kith_future *fs, size_t n, kith_ms timeout);

#ifdef __cplusplus
}
#endif

#endif
