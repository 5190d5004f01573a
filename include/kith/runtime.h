/* SPDX-License-Identifier: Apache-2.0
 * runtime.h -- start and stop the one runtime of this program.
 *
 * Most programs have all of it in one line: kith_main starts the runtime, runs your first
 * process, waits for its end and stops the rest.
 *
 *     int main(void)
 *     {
 *         return kith_main(first, NULL, 0, NULL) == 0 ? 0 : 1;
 *     }
 *
 * A program with a main loop of its own calls kith_start and kith_stop, and talks to
 * processes from its threads as if each thread were a process.
 */
#ifndef KITH_RUNTIME_H
#define KITH_RUNTIME_H

#include <kith/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The environment overrides: KITH_WORKERS (0..250), KITH_MESSAGE_ONLY (0, 1) and KITH_PROCESSES
 * (0..134,217,727). */
typedef struct kith_options {
    size_t size; /* sizeof(kith_options): an older caller's struct still works */
    int workers; /* threads that run processes, 250 at most; 0 = one a usable CPU */
    bool stop_on_sigterm; /* SIGTERM, SIGINT begin a stop; a second one skips the drain */
    kith_ms drain;        /* of kith_main and these signals: 0 = 5,000 */
    kith_ms kill;         /* the same: 0 = 1,000 */
    bool message_only;    /* no call runs inline on the caller's thread: for tests */
    size_t
        processes;   /* that live at a time, 134,217,727 at most; 0 = 1,048,576. One more is
                         refused with KITH_EAGAIN; plain threads are not counted */
    int dump_signal; /* this POSIX signal has kith_dump write to stderr; 0 = none. One that
                         kith_signal can have, and none that begins a stop */
} kith_options;

#define KITH_OPTIONS_INIT \
    { \
        sizeof(kith_options), 0, false, 0, 0, false, 0, 0 \
    }

/**
 * Start the runtime, run `fn` as its first process, and stop when that has ended.
 *
 * The rest of the processes are stopped with the options' drain and kill.
 *
 * How it ended is the answer, and so no error in the log: say it to your user.
 *
 * returns  what `fn` answered; or, with nothing started,
 *          KITH_EALREADY  the runtime runs;
 *          KITH_ESTUCK    a thread of the last run is still in the user's code;
 *          KITH_EINVAL    the options make no sense;  any other code is the kernel's.
 * context  a plain thread, which waits for the end.
 * owns     `len` bytes of `arg` are copied; `o` may be NULL, for the defaults.
 */
KITH_API KITH_NODISCARD int
kith_main(kith_fn fn, const void *arg, size_t len, const kith_options *o);

/**
 * Start the runtime.
 *
 * returns  0; or, with nothing started,
 *          KITH_EALREADY  it runs;
 *          KITH_ESTUCK    a thread of the last run is still in the user's code;
 *          KITH_EINVAL    the options make no sense;  any other code is the kernel's.
 * context  a plain thread; waits for the workers to be there.
 * owns     `o` is copied; it may be NULL, for the defaults.
 */
KITH_API KITH_NODISCARD int
kith_start(const kith_options *o);

/**
 * Stop the runtime, within drain + kill + 400 ms of grace.
 *
 * First listening sockets refuse (waiting accepts answer KITH_ESTOPPED), kith_stopping
 * turns true and all else runs on. When `drain` has passed, every process that is left gets
 * an exit signal shutdown; when `kill` has passed after that, a kill. Half of the grace is
 * for the deferred functions of the killed, half for the workers to leave. Who calls while
 * another stops waits for the end of that, and answers the same.
 *
 * unit     drain, kill: milliseconds; here 0 is 0.
 * returns  how many processes had to be killed; in a process or a handler, where it only
 *          begins the stop, 0 at once, or KITH_ENOMEM, KITH_EAGAIN and nothing has begun; or
 *          KITH_ESTUCK       a thread is in the user's code and does not come back; it is
 *                            named on stderr, and kith_start is refused until it does;
 *          KITH_ENOTRUNNING  there is nothing to stop;
 *          KITH_ESTOPPED     it is stopped already.
 * context  any thread; a plain thread waits for the end.
 */
KITH_API KITH_NODISCARD int
kith_stop(kith_ms drain, kith_ms kill);

/**
 * Ask whether a stop has begun.
 *
 * returns  true from the beginning of a stop to the next start.
 * context  any thread, with or without a runtime; never suspends.
 */
KITH_API bool
kith_stopping(void);

/**
 * Turn a POSIX signal into a message to the caller.
 *
 * From now on each `signo` is a message with this tag and no body. A later call moves the
 * signal to its own caller; when the receiver dies, the signal's default comes back.
 *
 * returns  0; or
 *          KITH_EINVAL  no such signal, one that cannot be caught, one that a fault of the
 *                       program makes (SIGSEGV, SIGFPE...), or a system tag;
 *          KITH_EEXIST  by kith_options it begins a stop or writes a dump.
 * context  any thread; never suspends.
 */
KITH_API KITH_NODISCARD int
kith_signal(int signo, uint64_t tag);

/**
 * Run a function that blocks, away from the threads that run processes.
 *
 * `fn` runs on a thread of the side pool, where it may block as long as it likes; called by
 * a plain thread it runs there. It cannot be stopped: if the caller is killed, its death
 * waits for the end of `fn`.
 *
 * returns  what `fn` answered; or
 *          KITH_EKILLED  in a process that was killed and dies `fn` ran; in a plain thread
 *                        that was killed it did not;
 *          another waiting code (error.h), and `fn` did not run.
 * context  a process or a plain thread; suspends it.
 * owns     `arg` is lent until the call returns.
 */
KITH_API KITH_NODISCARD int
kith_blocking(kith_fn fn, void *arg);

/**
 * Write every worker, process and socket to a descriptor, while all runs on.
 *
 * First the counts of the workers, as in kith_worker_info. Of each process and socket: who it is, what
 * it runs, what it waits for and until when, its queues and counts, a socket's bytes too; of a process
 * that waits, the names of the functions on its stack. One that runs just then is named with its
 * counts. Nobody is stopped for it; what comes first may be older than what comes last.
 *
 * returns  0; or a code of the kernel's, and the listing is cut short: KITH_EPIPE of a pipe that
 *          nobody reads, without a SIGPIPE; or a waiting code
 *          (error.h), KITH_ENOMEM among them.
 * context  a process, which it suspends while a thread of the side pool writes; or a plain thread,
 *          which blocks as long as the writes do.
 * owns     `fd` stays the caller's.
 */
KITH_API KITH_NODISCARD int
kith_dump(int fd);

/* How much there is of everything: exact when nothing runs. */
struct kith_runtime_info {
    size_t size; /* sizeof(struct kith_runtime_info) */
    kith_ms uptime;
    unsigned workers;
    size_t
        processes; /* that live, and for a moment those whose death is known already; plain
                               threads are not counted */
    size_t processes_max;   /* the limit of the options */
    size_t sockets;         /* open, or not yet closed to the end */
    size_t operations;      /* started and not given back, and one a process keeps */
    size_t monitors, links; /* a link counts once */
    size_t timers;          /* armed, or their message not yet freed */
    size_t names;
    size_t
        bytes; /* that the library has allocated for you and for itself and will give back:
                     messages, states, copies; not its tables, stacks and caches */
};

#define KITH_RUNTIME_INFO_INIT \
    { \
        sizeof(struct kith_runtime_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
    }

/**
 * Count what there is.
 *
 * It looks at every process there ever was at a time: a million take some 50 ms.
 *
 * returns  0; or
 *          KITH_EINVAL  `info->size` was not set;  or a common code (error.h).
 * context  any thread; never suspends.
 * owns     `info` is filled up to the size its caller knows.
 */
KITH_API KITH_NODISCARD int
kith_runtime_info(struct kith_runtime_info *info);

/* One worker since the start. */
struct kith_worker_info {
    size_t size;                        /* sizeof(struct kith_worker_info) */
    uint64_t run_ns, poll_ns, sleep_ns; /* its time, together that since the start */
    uint64_t switches;                  /* runs of a process, a handler or a socket */
    uint64_t steals, wakes;             /* work taken from others; others woken for work */
    uint64_t polls, events;             /* looks at the poller; what they brought */
    size_t queued;                      /* wait for this worker now */
};

#define KITH_WORKER_INFO_INIT \
    { \
        sizeof(struct kith_worker_info), 0, 0, 0, 0, 0, 0, 0, 0, 0 \
    }

/**
 * Look at what a worker did.
 *
 * returns  0; or
 *          KITH_ENOENT  there is no worker of this number (they count from 0);
 *          KITH_EINVAL  `info->size` was not set;  or a common code (error.h).
 * context  any thread; never suspends.
 * owns     `info` is filled up to the size its caller knows.
 */
KITH_API KITH_NODISCARD int
kith_worker_info(unsigned worker, struct kith_worker_info *info);

#ifdef __cplusplus
}
#endif

#endif
