/* SPDX-License-Identifier: Apache-2.0
 * process.h -- light processes: start one, look at one, end one.
 *
 * A process is a function with its own small stack, its own mailbox and nothing shared. It
 * may wait in any call; others run meanwhile. It ends by returning, by kith_exit, or by a
 * signal; then its sockets are closed, its names freed and its links and monitors told.
 *
 *     static int child(void *arg) { return work(*(struct job *) arg); }
 *
 *     rc = kith_spawn(child, &job, sizeof job, NULL);
 *
 * What is given as (arg, len) is copied; the child's copy lives as long as the child. A
 * plain thread counts as a process too, from its first call of the library to its end.
 */
#ifndef KITH_PROCESS_H
#define KITH_PROCESS_H

#include <kith/base.h>
#include <kith/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What happens to a message for a mailbox that has reached its cap. Messages of kith_send
 * and its kin count; calls, casts, timers, signals and the library's own do not, and are never
 * dropped. kith_send_wait waits for room instead, whatever the policy. */
enum {
    KITH_MAILBOX_FAIL, /* kith_send answers KITH_EFULL */
    KITH_MAILBOX_DROP, /* the message goes, kith_send answers 0 */
    KITH_MAILBOX_KILL  /* and the owner of the mailbox is killed */
};

/* Those of high priority run before the others, as long as there are any; of 64 that are started
 * one is of the others. For what has little to do and must not wait: supervisors. */
enum { KITH_PRIORITY_NORMAL, KITH_PRIORITY_HIGH };

/* Below each stack lies a guard of 16 KiB, less for a small one but at least a page. A touch
 * of it ends the program with a report. A frame that is larger steps over it unseen, unless
 * it is compiled with -fstack-clash-protection (gcc, clang), which pkg-config and the CMake
 * targets pass on: then a large frame touches page after page. */
typedef struct kith_spawn_options {
    size_t size;          /* sizeof(kith_spawn_options): an older caller's still works */
    bool link;            /* as kith_spawn_link; atomic with the spawn */
    kith_ref *monitor;    /* as kith_spawn_monitor, unless NULL */
    kith_socket give;     /* owned by the child before it runs; kept on failure */
    const char *name;     /* registered before it runs; taken = KITH_EEXIST, no child */
    size_t stack;         /* bytes it may use, at most 8 MiB less 17 KiB; 0 = 47 KiB */
    size_t mailbox_cap;   /* messages; 0 = no limit */
    size_t mailbox_bytes; /* bytes of message bodies; 0 = no limit */
    int mailbox_policy;   /* KITH_MAILBOX_... */
    int priority;         /* KITH_PRIORITY_NORMAL or _HIGH */
} kith_spawn_options;

#define KITH_SPAWN_OPTIONS_INIT \
    { \
        sizeof(kith_spawn_options), false, NULL, {0}, NULL, 0, 0, 0, KITH_MAILBOX_FAIL, \
            KITH_PRIORITY_NORMAL \
    }

enum kith_status {
    KITH_STATUS_RUNNING,  /* on a thread now */
    KITH_STATUS_RUNNABLE, /* wants to run */
    KITH_STATUS_WAITING,  /* in a call, or has nothing to do */
    KITH_STATUS_EXITING   /* dying */
};

/* A moment's picture. Texts are cut to fit and always end with a NUL. */
struct kith_process_info {
    size_t size; /* sizeof(struct kith_process_info) */
    kith_pid pid;
    enum kith_status status;
    size_t mailbox_len;                    /* messages */
    size_t n_links, n_monitors, n_sockets; /* of another a glance, as the rest */
    size_t stack;        /* bytes it may use; 0: none of its own (a handler, a thread) */
    char fn[64];         /* name of the function it runs, where symbols are known */
    char spawned_by[64]; /* name of the function that spawned it, the same */
    char waits_for[32];  /* "receive", "socket_recv"...; empty when it does not wait */
    uint64_t mailbox_refused, mailbox_dropped; /* messages, since birth, by its limit */
    uint64_t mailbox_waited;                   /* kith_send_wait that found it full */
    int priority;                              /* KITH_PRIORITY_NORMAL or _HIGH */
    size_t n_monitored_by;
    kith_pid parent;     /* who spawned it */
    char name[64];       /* by which it is registered, or empty */
    char label[24];      /* by kith_set_label, or empty */
    bool trap_exit;      /* exit signals become messages */
    uint64_t reductions; /* what it has used of its budgets, finished slices only */
    /* Of the caller, and of one that waits; of one that runs just now all 0. */
    size_t mailbox_bytes; /* of the first 256 messages */
    size_t stack_used;    /* bytes, where it waits */
    kith_ms left;         /* until its wait's time is up; 0: it has none */
};

#define KITH_PROCESS_INFO_INIT \
    { \
        sizeof(struct kith_process_info), {0}, KITH_STATUS_RUNNING, 0, 0, 0, 0, 0, "", "", \
            "", 0, 0, 0, KITH_PRIORITY_NORMAL, 0, {0}, "", "", false, 0, 0, 0, 0 \
    }

/**
 * Start a process that runs `fn`.
 *
 * returns  0; or a common code (error.h), KITH_EAGAIN when there are too many processes,
 *          KITH_EINVAL when `fn` is NULL; then there is no child.
 * context  any thread; never suspends.
 * owns     `len` bytes of `arg` are copied; `pid` may be NULL.
 * source   OTP erlang:spawn/1. Differs: it can fail.
 */
KITH_API KITH_NODISCARD int
kith_spawn(kith_fn fn, const void *arg, size_t len, kith_pid *pid);

/**
 * Start a process that is linked to the caller from its first moment.
 *
 * returns  as kith_spawn.
 * context  any thread; never suspends.
 * owns     `len` bytes of `arg` are copied; `pid` may be NULL.
 * source   OTP erlang:spawn_link/1. Differs: it can fail.
 */
KITH_API KITH_NODISCARD int
kith_spawn_link(kith_fn fn, const void *arg, size_t len, kith_pid *pid);

/**
 * Start a process that the caller monitors from its first moment.
 *
 * returns  as kith_spawn; on success `*ref` is the monitor.
 * context  any thread; never suspends.
 * owns     `len` bytes of `arg` are copied; `pid` may be NULL.
 * source   OTP erlang:spawn_monitor/1. Differs: it can fail.
 */
KITH_API KITH_NODISCARD int
kith_spawn_monitor(kith_fn fn, const void *arg, size_t len, kith_pid *pid, kith_ref *ref);

/**
 * Start a process with options: all of them hold before it runs, or there is no child.
 *
 * returns  as kith_spawn, and
 *          KITH_EEXIST  the name is taken;
 *          KITH_EPERM   the socket to give is not the caller's;
 *          KITH_EBADF, KITH_ECLOSED  it is none, or closed;
 *          KITH_EINVAL  an option makes no sense. After any of them the socket stays where
 *          it was.
 * context  any thread; never suspends, unless the socket to give is busy (socket.h).
 * owns     `arg` and `o->name` are copied; `o` and `pid` may be NULL.
 * source   OTP erlang:spawn_opt/2. Differs: `give` and `name` are ours.
 */
KITH_API KITH_NODISCARD int
kith_spawn_opt(const kith_spawn_options *o, kith_fn fn, const void *arg, size_t len,
               kith_pid *pid);

/**
 * Wait until a process has died.
 *
 * unit     timeout: milliseconds; 0 only asks.
 * returns  0, and `*why` says of what (noproc for one that was dead before the call); or
 *          KITH_ETIMEOUT  it lives;
 *          KITH_EDEADLK   it is the caller;
 *          KITH_EINVAL    it is no pid;  or a waiting code (error.h).
 * context  a process or a plain thread; may suspend it.
 * owns     `why` may be NULL.
 */
KITH_API KITH_NODISCARD int
kith_wait(kith_pid pid, kith_reason *why, kith_ms timeout);

/**
 * Say who calls.
 *
 * returns  the caller's pid; a plain thread has one too. Zero without a runtime.
 * context  any thread; never suspends.
 * source   OTP erlang:self/0.
 */
KITH_API kith_pid
kith_self(void);

/**
 * Let others run; long computations should call this now and then.
 *
 * returns  nothing. A killed process does not come back from it.
 * context  a process; elsewhere it does nothing.
 * source   OTP erlang:yield/0.
 */
KITH_API void
kith_yield(void);

/**
 * Wait for a while.
 *
 * unit     ms: milliseconds; never less than that.
 * returns  0; or a waiting code (error.h).
 * context  a process or a plain thread; suspends it.
 * source   OTP timer:sleep/1.
 */
KITH_API KITH_NODISCARD int
kith_sleep(kith_ms ms);

/**
 * Wait for a message without a stack, and go on in `fn`.
 *
 * The caller's stack is given back, with all that is on it: keep no pointer to it, nor defer one.
 * When a message is there, or is already, `fn` begins on an empty stack, with that message and all
 * others still to be received; when `fn` returns the process ends, as if it had been spawned with
 * `fn`. What the last receive gave is gone; all else the process has, it keeps. A signal that kills
 * it wakes it to die, with its deferred functions run. If there is no memory for the stack or the
 * copy, it is tried again and again.
 *
 * A plain thread waits on the stack it has, and ends with `fn`. In a handler, in a deferred
 * function, or without `fn` it is a mistake: as kith_exit, with KITH_ERROR and a code.
 *
 * returns  never.
 * context  a process or a plain thread; suspends it.
 * owns     `len` bytes of `arg` are copied; the copy lives as long as the process, or until its
 *          next kith_hibernate. The copy of what it was spawned with, or went on with, is gone.
 * source   OTP erlang:hibernate/3.
 */
KITH_API KITH_NORETURN void
kith_hibernate(kith_fn fn, const void *arg, size_t len);

/**
 * End the caller with a reason.
 *
 * Deferred functions run. In C no local variable is cleaned up: what the process holds
 * should be deferred, or come from kith_alloc. In a handler's callback it ends the handler,
 * in a plain thread the thread, also one that was killed, or after a stop.
 *
 * returns  never. In a deferred function or `terminate`, where the caller dies already, and
 *          where no runtime was ever started, it aborts the program.
 * context  a process, a handler or a plain thread.
 * source   OTP erlang:exit/1. Differs: cannot be caught.
 */
KITH_API KITH_NORETURN void
kith_exit(kith_reason why);

/**
 * Send an exit signal, with the meaning it has in Erlang.
 *
 * KITH_KILL always kills. A receiver that traps exits gets a KITH_TAG_EXIT message of any
 * other. Without trapping KITH_NORMAL is ignored (but from the caller itself), and the rest
 * kills.
 *
 * returns  0; or KITH_ENOPROC, a hint: it is dead or unknown.
 * context  any thread; never suspends.
 * source   OTP erlang:exit/2. Differs: says when there is nobody.
 */
KITH_API int
kith_exit_signal(kith_pid pid, kith_reason why);

/**
 * Send an exit signal with options.
 *
 * flags: KITH_PRIORITY (link.h) asks for priority of the EXIT message, if the receiver traps
 * exits; it has it if the receiver is linked to the caller by kith_link_opt with KITH_PRIORITY.
 *
 * returns  as kith_exit_signal; KITH_EINVAL for other flags.
 * context  any thread; never suspends.
 * source   OTP erlang:exit/3. Differs: a link that wants priority admits it, not an alias alone.
 */
KITH_API int
kith_exit_signal_opt(kith_pid pid, kith_reason why, unsigned flags);

/**
 * Choose whether exit signals to the caller become messages.
 *
 * returns  nothing.
 * context  any thread; never suspends.
 * source   OTP erlang:process_flag(trap_exit, on).
 */
KITH_API void
kith_flag_trap_exit(bool on);

/**
 * Choose the caller's priority; it holds from the next time it waits or yields.
 *
 * returns  the priority until now; or KITH_EINVAL for one that is none, KITH_EOPNOTSUPP for a
 *          high one of a plain thread, or a common code (error.h).
 * context  any thread; never suspends.
 * source   OTP process_flag(priority). Differs: two of them, and high does not starve normal.
 */
KITH_API int
kith_flag_priority(int priority);

/**
 * Limit the caller's own mailbox, or change its limit, as the spawn options do.
 *
 * What lies there already counts, be it too much; what is on its way without a share may come
 * on top.
 *
 * returns  0; KITH_EINVAL for a policy that is none; or a common code (error.h).
 * context  any thread; never suspends.
 * source   OTP process_flag(max_heap_size), for what it is used for most.
 */
KITH_API int
kith_flag_mailbox(size_t cap, size_t bytes, int policy);

/**
 * Have a function called at the caller's death, whatever it dies of; the last first.
 *
 * After a kill or a stop, waiting calls in it answer KITH_EKILLED at once.
 *
 * returns  0; or a common code (error.h), and `fn` is not called.
 * context  any thread; never suspends.
 * owns     `arg` is lent until `fn` has run.
 */
KITH_API KITH_NODISCARD int
kith_defer(void (*fn)(void *), void *arg);

/**
 * Allocate memory that dies with the calling process.
 *
 * returns  `n` bytes aligned for anything, not zeroed; NULL when there is no memory.
 * context  any thread; never suspends.
 * owns     the caller's, until kith_free or its death.
 */
KITH_API void *
kith_alloc(size_t n);

/**
 * Give back what kith_alloc gave; NULL is allowed.
 *
 * returns  nothing.
 * context  the process that allocated it; never suspends.
 * owns     `p` is gone.
 */
KITH_API void
kith_free(void *p);

/**
 * Look at a process, without stopping it.
 *
 * returns  0; or
 *          KITH_ENOPROC  dead or unknown;
 *          KITH_EINVAL   `info->size` was not set.
 * context  any thread; never suspends.
 * owns     `info` is filled up to the size its caller knows.
 * source   OTP erlang:process_info/1. Differs: a fixed struct.
 */
KITH_API KITH_NODISCARD int
kith_process_info(kith_pid pid, struct kith_process_info *info);

/**
 * Give the caller a label, for reports only; nobody is found by it.
 *
 * returns  nothing. What is longer than 23 bytes is cut.
 * context  any thread; never suspends.
 * owns     `label` is copied; NULL takes it away.
 * source   OTP proc_lib:set_label/1.
 */
KITH_API void
kith_set_label(const char *label);

#ifdef __cplusplus
}
#endif

#endif
