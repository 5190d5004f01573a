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
    KITH_DONE = 1,  /* stop, with reason normal */
    KITH_IGNORE = 2 /* by `init` only: there is nothing to do, and no server */
};

/* Lives at least as long as its servers; usually static const. A callback that is NULL is
 * not used: then init succeeds, calls are answered KITH_EOPNOTSUPP, casts and info are
 * dropped. */
typedef struct kith_server {
    size_t state_size; /* of the state: the library's, zeroed, dies with the server */
    bool with_stack;   /* a stack of its own: callbacks may wait */

    /* Runs first; 0, KITH_IGNORE, or a code that kith_server_start answers. `arg` is the
     * server's copy. */
    int (*init)(void *state, void *arg);

    /* One kith_call; `m` is good until this returns. Reply now or later, once. */
    int (*call)(void *state, kith_from from, const kith_msg *m);

    /* One kith_cast. */
    int (*cast)(void *state, const kith_msg *m);

    /* One of any other message. */
    int (*info)(void *state, const kith_msg *m);

    /* Runs last, at every death, a kill too, if init had succeeded. */
    void (*terminate)(void *state, kith_reason why);

    /* What kith_server_continue asked for, with its tag; before any other message. */
    int (*cont)(void *state, uint64_t tag);
} kith_server;

/**
 * Start a server, and wait until it is ready.
 *
 * When `init` answers a code the server dies of it, error(code), and then the start answers:
 * what the server had, its name too, is free. A link that `o` asks for kills a starter that
 * does not trap exits, as any link; one that does gets the answer and no EXIT message. A
 * monitor that `o` asks for brings its DOWN message. With KITH_IGNORE all is the same, but
 * the reason is normal and the answer 0.
 *
 * An EXIT from a starter that is linked by `o` ends the server, also one that traps exits:
 * `terminate` runs, and it dies of that reason. EXIT messages of others go to `info`.
 *
 * returns  0, and `*pid` is the server, or zero if `init` answered KITH_IGNORE; or
 *          what `init` answered, or a code of kith_spawn_opt: no server then;
 *          KITH_EFAILED  it died in `init`;
 *          KITH_EKILLED  it was killed there;  or a waiting code (error.h).
 * context  a process or a plain thread; may suspend it.
 * owns     `len` bytes of `arg` are copied, and what `o` points to; `t` is lent for the
 *          server's life; `o` and `pid` may be NULL.
 * source   OTP gen_server:start/4; with o->link, start_link/4. Differs: one that was killed
 *          without trapping exits runs `terminate` too.
 */
KITH_API KITH_NODISCARD int
kith_server_start(const kith_server *t, const kith_spawn_options *o, const void *arg,
                  size_t len, kith_pid *pid);

/**
 * Stop a server or state machine, and wait until it is dead.
 *
 * It handles what it had been sent before, runs `terminate` and dies of `why`.
 *
 * unit     timeout: milliseconds.
 * returns  0, it has died of `why`; or
 *          KITH_ENOPROC   it was dead already, or unknown;
 *          KITH_EFAILED   it died of something else, which kith_call_why tells;
 *          KITH_ETIMEOUT  it lives, and will stop when it comes to that;
 *          KITH_EDEADLK   it is the caller;  or a waiting code (error.h).
 * context  a process or a plain thread; may suspend it.
 * source   OTP gen_server:stop/3. Differs: codes where Erlang exits the caller.
 */
KITH_API KITH_NODISCARD int
kith_server_stop(kith_pid pid, kith_reason why, kith_ms timeout);

/**
 * In a callback: have `cont` run when it has returned, before any other message.
 *
 * `cont` may ask for that again. Of two in one callback the last counts.
 *
 * returns  0; or
 *          KITH_EPERM  the caller is in no callback of a server;  or a common code (error.h).
 * context  a server's callback, `init` too, not `terminate`; never suspends.
 * source   OTP gen_server, {continue, Tag}.
 */
KITH_API int
kith_server_continue(uint64_t tag);

/**
 * In a callback: have `info` called if no message at all comes for a while.
 *
 * That message has the tag KITH_TAG_TIMEOUT and no ref; it cannot be kept. Any message
 * cancels it, also one that came too late but before it: each callback asks anew.
 *
 * unit     ms: milliseconds, from when the callback has returned; 0: at once, unless there
 *          is a message already. KITH_INFINITY takes back what this callback asked for.
 * returns  0; or
 *          KITH_EPERM   the caller is in no callback of a server;
 *          KITH_EINVAL  `ms` is KITH_NOWAIT;  or a common code (error.h).
 * context  a server's callback, `init` too, not `terminate`; never suspends.
 * source   OTP gen_server, a time-out in the callback's answer.
 */
KITH_API int
kith_server_timeout(kith_ms ms);

/**
 * In a callback: give the server's stack back until the next message comes.
 *
 * For servers with a stack that are silent for long; see kith_hibernate. It takes the place of
 * kith_server_timeout. A server without a stack has none to give.
 *
 * returns  0; or KITH_EPERM: the caller is in no callback of a server; or a common code
 *          (error.h).
 * context  a server's callback, `init` too, not `terminate`; never suspends.
 * source   OTP gen_server, hibernate in the callback's answer.
 */
KITH_API int
kith_server_hibernate(void);

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
 * kith_call to whoever has a name now.
 *
 * returns  as kith_call; KITH_ENOENT when nobody has the name.
 * context  as kith_call.
 * owns     as kith_call.
 * source   OTP gen_server:call/3 to a registered name.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_call_name(const char *name, uint64_t tag, kith_iov request, kith_iov reply,
               kith_ms timeout);

/**
 * Say of what the server died that the caller's last failed call was made to.
 *
 * Of the calls, by future too, and of the kith_server_stop that found it dead or dying;
 * noproc when it was dead before.
 *
 * returns  0, and `*why` is the reason; or
 *          KITH_ENOENT  no call of the caller has failed so, or there was no memory to note
 *                       it;  or a common code (error.h).
 * context  any thread; never suspends. Each process and each plain thread has its own.
 */
KITH_API int
kith_call_why(kith_reason *why);

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
 * kith_cast to whoever has a name now.
 *
 * returns  as kith_cast; KITH_ENOENT when nobody has the name.
 * context  any thread; never suspends.
 * owns     `len` bytes of `data` are copied.
 * source   OTP gen_server:cast/2 to a registered name. Differs: says when there is nobody.
 */
KITH_API int
kith_cast_name(const char *name, uint64_t tag, const void *data, size_t len);

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
