/* SPDX-License-Identifier: Apache-2.0
 * statem.h -- state machines: servers whose answer to an event depends on their state.
 *
 * A machine has a state, which is a number, and data. Whatever comes is an event: a call, a
 * cast, any other message, a timeout, or one that it gave itself. Events that do not fit the
 * state are postponed, and come again when the state has changed. It is called by kith_call
 * and kith_cast, answers by kith_reply, and is stopped by kith_server_stop.
 *
 *     static int event(void *data, int state, const kith_event *e)
 *     {
 *         if (state == LOCKED && e->tag == PUSH)
 *             return kith_statem_postpone();
 *         if (state == LOCKED && e->tag == COIN)
 *             return kith_statem_next(OPEN);
 *         if (state == OPEN && e->kind == KITH_EVENT_STATE_TIMEOUT)
 *             return kith_statem_next(LOCKED);
 *         ...
 *     }
 *
 *     static int enter(void *data, int old_state, int state)
 *     {
 *         return state == OPEN ? kith_statem_state_timeout(10000, 0) : 0;
 *     }
 *
 * What comes first: `enter`; then the events the machine gave itself; then the postponed, if
 * the state has changed, oldest first; then timeouts of no time; then the mailbox.
 */
#ifndef KITH_STATEM_H
#define KITH_STATEM_H

#include <kith/base.h>
#include <kith/error.h>
#include <kith/message.h>
#include <kith/process.h>
#include <kith/server.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What kinds of event there are. */
enum {
    KITH_EVENT_CALL,          /* a kith_call: `from` wants a reply */
    KITH_EVENT_CAST,          /* a kith_cast */
    KITH_EVENT_INFO,          /* any other message */
    KITH_EVENT_INTERNAL,      /* kith_statem_internal */
    KITH_EVENT_STATE_TIMEOUT, /* kith_statem_state_timeout */
    KITH_EVENT_EVENT_TIMEOUT, /* kith_statem_event_timeout */
    KITH_EVENT_TIMEOUT        /* kith_statem_timeout: `name` says which */
};

typedef struct kith_event {
    int kind;            /* KITH_EVENT_... */
    int name;            /* of KITH_EVENT_TIMEOUT; else 0 */
    uint64_t tag;        /* the message's, or what was given with the timeout */
    kith_from from;      /* of KITH_EVENT_CALL */
    const kith_msg *msg; /* good until the callback returns; or kith_msg_keep it */
} kith_event;

/* Lives at least as long as its machines; usually static const. A callback that is NULL is
 * not used: then init succeeds in state 0, calls are answered KITH_EOPNOTSUPP, and all else
 * is dropped. `event` and `enter` answer as a server's callbacks do: 0 or KITH_CONTINUE,
 * KITH_DONE, or a code to die of. */
typedef struct kith_statem {
    size_t data_size; /* of the data: the library's, zeroed, dies with the machine */
    bool with_stack;  /* a stack of its own: callbacks may wait */

    /* Runs first and writes the first state, which is 0 if it does not; 0, KITH_IGNORE, or a
     * code that kith_statem_start answers. `arg` is the machine's copy. */
    int (*init)(void *data, void *arg, int *state);

    /* One event in this state. */
    int (*event)(void *data, int state, const kith_event *e);

    /* Runs when the machine has come into a state, the first too (then `old_state` is the
     * same). It may ask for timeouts only, and for a repetition of itself. */
    int (*enter)(void *data, int old_state, int state);

    /* Runs last, at every death, a kill too, if init had succeeded. */
    void (*terminate)(void *data, int state, kith_reason why);
} kith_statem;

/**
 * Start a state machine, and wait until its `init` has answered.
 *
 * returns  as kith_server_start.
 * context  a process or a plain thread; may suspend it.
 * owns     as kith_server_start.
 * source   OTP gen_statem:start/4; with o->link, start_link/4.
 */
KITH_API KITH_NODISCARD int
kith_statem_start(const kith_statem *t, const kith_spawn_options *o, const void *arg,
                  size_t len, kith_pid *pid);

/**
 * In `event`: have the machine in this state when the callback has returned.
 *
 * If that is another one than now, the state timeout ends, `enter` runs, and the postponed
 * events come again. If not, nothing happens. Of two in one callback the last counts.
 *
 * returns  0; or KITH_EPERM: the caller is not in `event`;  or a common code (error.h).
 * context  `event`; never suspends.
 * source   OTP gen_statem, next_state.
 */
KITH_API int
kith_statem_next(int state);

/**
 * In a callback: have `enter` run, as if the machine had just come into its state.
 *
 * No postponed event comes again, and no timeout ends.
 *
 * returns  0; or KITH_EPERM: the caller is in neither `event` nor `enter`;  or a common code
 *          (error.h).
 * context  `event` and `enter`; never suspends.
 * source   OTP gen_statem, repeat_state.
 */
KITH_API int
kith_statem_repeat(void);

/**
 * In `event`: have this event come again when the state has changed.
 *
 * returns  0, and the message cannot be kept any more; or
 *          KITH_EINVAL  it was kept, or is none of the machine's: the callback has received
 *                       another since;
 *          KITH_EPERM   the caller is not in `event`;  or a common code (error.h).
 * context  `event`; never suspends.
 * owns     the message is the machine's until then; it is not copied.
 * source   OTP gen_statem, postpone.
 */
KITH_API int
kith_statem_postpone(void);

/**
 * In `event` or `init`: give the machine an event of its own, which comes before any other.
 *
 * Of several in one callback the first comes first.
 *
 * returns  0; or
 *          KITH_EPERM   the caller is in neither `event` nor `init`;
 *          KITH_EINVAL  the tag has the system's bit;  or a common code (error.h).
 * context  `event` and `init`; never suspends.
 * owns     `len` bytes of `data` are copied.
 * source   OTP gen_statem, next_event.
 */
KITH_API int
kith_statem_internal(uint64_t tag, const void *data, size_t len);

/**
 * In a callback: have an event come in a while, if the state has not changed by then.
 *
 * There is one state timeout: this one replaces it when the callback has returned. That of a
 * callback which changes the state counts for the new state. A timeout of 0 comes when all
 * events that the machine has by then were handled, and before any message.
 *
 * unit     ms: milliseconds; KITH_INFINITY ends it.
 * returns  0; or
 *          KITH_EPERM   the caller is in no callback of a machine, or in `terminate`;
 *          KITH_EINVAL  `ms` is KITH_NOWAIT, or the tag has the system's bit;
 *          or a common code (error.h), and nothing was changed.
 * context  `init`, `event` and `enter`; never suspends.
 * source   OTP gen_statem, state_timeout. Differs: counted from the call.
 */
KITH_API int
kith_statem_state_timeout(kith_ms ms, uint64_t tag);

/**
 * The same, if no event at all comes by then: each event ends it, one that is handled again
 * or that the machine gave itself, too.
 *
 * unit     ms: milliseconds; KITH_INFINITY ends it.
 * returns  as kith_statem_state_timeout.
 * context  `init`, `event` and `enter`; never suspends.
 * source   OTP gen_statem, timeout. Differs: counted from the call.
 */
KITH_API int
kith_statem_event_timeout(kith_ms ms, uint64_t tag);

/**
 * The same, whatever comes: one for each name, and only by that name it is ended.
 *
 * unit     ms: milliseconds; KITH_INFINITY ends it.
 * returns  as kith_statem_state_timeout.
 * context  `init`, `event` and `enter`; never suspends.
 * source   OTP gen_statem, {timeout, Name}. Differs: counted from the call.
 */
KITH_API int
kith_statem_timeout(int name, kith_ms ms, uint64_t tag);

#ifdef __cplusplus
}
#endif

#endif
