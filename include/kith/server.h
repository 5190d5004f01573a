/* SPDX-License-Identifier: Apache-2.0
 * server.h -- processes made of callbacks, and calls that wait for an answer.
 *
 * A server has a state and a function for each kind of message: calls, which want a reply,
 * casts, which do not, and info, which is all the rest. Without a stack of its own it costs
 * little and its callbacks must not wait; with one they may.
 *
 *     static int add(void *state, kith_from from, const kith_msg *m)
 *     {
 *         int *total = state;
 *
 *         *total += *KITH_BODY(m, int);
 *         kith_reply(from, total, sizeof *total);
 *         return KITH_CONTINUE;
 *     }
 *
 *     static const kith_server counter = {.state_size = sizeof(int), .call = add};
 */
#ifndef KITH_SERVER_H
#define KITH_SERVER_H

#include <kith/base.h>
#include <kith/error.h>
#include <kith/message.h>
#include <kith/process.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Who waits for a reply. May be copied, kept and answered later, from anywhere. */
typedef struct kith_from {
    uint64_t a, b;
} kith_from;

/* What a callback answers; any code < 0 stops the server, with reason error(code). */
enum {
    KITH_CONTINUE = 0,
    KITH_DONE = 1 /* stop, with reason normal */
};

/* Lives at least as long as its servers; usually static const. A callback that is NULL is
 * not used: then init succeeds, calls are answered KITH_EOPNOTSUPP, casts and info are
 * dropped. */
typedef struct kith_server {
    size_t state_size; /* of the state: the library's, zeroed, dies with the server */
    bool with_stack;   /* a stack of its own: callbacks may wait */

    /* Runs first; 0, or a code that kith_server_start answers. `arg` is the server's copy.
     * */
    int (*init)(void *state, void *arg);

    /* One kith_call; `m` is good until this returns. Reply now or later, once. */
    int (*call)(void *state, kith_from from, const kith_msg *m);

    /* One kith_cast. */
    int (*cast)(void *state, const kith_msg *m);

    /* One of any other message. */
    int (*info)(void *state, const kith_msg *m);

    /* Runs last, at every death, a kill too, if init had succeeded. */
    void (*terminate)(void *state, kith_reason why);
} kith_server;

/**
 * Start a server, and wait until it is ready.
 *
 * returns  0; or what `init` answered, or a code of kith_spawn_opt: no server then, and
 *          what it had, its name too, is free;
 *          KITH_EFAILED  it died in `init`;
 *          KITH_EKILLED  it was killed there;  or a waiting code (error.h).
 * context  a process or a plain thread; may suspend it.
 * owns     `len` bytes of `arg` are copied, and what `o` points to; `t` is lent for the
 *          server's life; `o` and `pid` may be NULL.
 * source   OTP gen_server:start/4; with o->link, start_link/4.
 */
KITH_API KITH_NODISCARD int
kith_server_start(const kith_server *t, const kith_spawn_options *o, const void *arg,
                  size_t len, kith_pid *pid);

/**
 * Send a request to a server and wait for its reply.
 *
 * unit     timeout: milliseconds.
 * returns  the reply's length, its bytes in `reply`; or
 *          KITH_ENOPROC    the server is dead, unknown, or died before it replied;
 *          KITH_ETIMEOUT   no reply in time; one that comes later is dropped;
 *          KITH_EMSGSIZE   the reply does not fit; kith_partial() is its length;
 *          KITH_EDEADLK    the server is the caller;
 *          KITH_EINVAL     the tag has the system's bit;
 *          or what the server gave kith_reply_error, or a waiting code (error.h).
 * context  a process or a plain thread; may suspend it.
 * owns     the bytes of `request` are copied; those of `reply` are the caller's again.
 * source   OTP gen_server:call/3. Differs: a code where Erlang exits the caller.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_call(kith_pid to, uint64_t tag, kith_iov request, kith_iov reply, kith_ms timeout);

/**
 * Begin a kith_call; the future's result is what kith_call would answer.
 *
 * unit     timeout: milliseconds.
 * returns  0, and `*f` is the future; or a code of kith_call, and nothing was sent.
 * context  any thread; never suspends.
 * owns     the bytes of `request` are copied; those of `reply` are lent until the future
 *          has ended.
 * source   OTP gen_server:send_request/2.
 */
KITH_API KITH_NODISCARD int
kith_call_start(kith_pid to, uint64_t tag, kith_iov request, kith_iov reply,
                kith_ms timeout, kith_future *f);

/**
 * Send a server a message for its `cast`; never waits.
 *
 * returns  as kith_send, but never KITH_EFULL: as a call it is not counted by a cap.
 * context  any thread; never suspends.
 * owns     `len` bytes of `data` are copied.
 * source   OTP gen_server:cast/2. Differs: says when there is nobody.
 */
KITH_API int
kith_cast(kith_pid to, uint64_t tag, const void *data, size_t len);

/**
 * Answer a call, once; what comes too late or twice is dropped.
 *
 * returns  nothing.
 * context  any thread; never suspends.
 * owns     `len` bytes of `data` are copied.
 * source   OTP gen_server:reply/2.
 */
KITH_API void
kith_reply(kith_from to, const void *data, size_t len);

/**
 * Answer a call with a code, once: kith_call answers it.
 *
 * A `code` that is not below 0 counts as KITH_EFAILED.
 *
 * returns  nothing.
 * context  any thread; never suspends.
 */
KITH_API void
kith_reply_error(kith_from to, int code);

#ifdef __cplusplus
}
#endif

#endif
