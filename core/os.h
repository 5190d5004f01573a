/* SPDX-License-Identifier: Apache-2.0
 * os.h -- what the library needs of the operating system besides sockets, memory and polling.
 *
 * pre: none of these is called with a lock of ours held, but for ki_os_unpark. */
#ifndef KI_OS_H
#define KI_OS_H

#include "core/atomic.h"
#include "core/defs.h"
#include "core/thread.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ki_os_now_ns: monotonic time. */
uint64_t ki_os_now_ns(void);

/* ki_os_cycles: a counter of the processor's, as in seam.h; 0: there is none to trust. */
uint64_t ki_os_cycles(void);

/* ki_os_cpus: CPUs this process may use: affinity mask and cgroup quota, at least 1. */
unsigned ki_os_cpus(void);

/* ki_os_program answers the path of the program's own file, and where it begins in memory; NULL: the
 * system tells of none. */
const char *ki_os_program(uintptr_t *base);

/* ki_os_random: 64 bits that differ from start to start; not for secrets. */
uint64_t ki_os_random(void);

/* ki_os_park waits while *word == expected, at most until deadline_ns (UINT64_MAX: for ever);
 * may return early for no reason. ki_os_unpark wakes one waiter of word. Any thread. */
void ki_os_park(_Atomic(uint32_t) *word, uint32_t expected, uint64_t deadline_ns);
void ki_os_unpark(_Atomic(uint32_t) *word);

/* ki_os_barrier makes every other thread of the program that runs pass a full barrier before it
 * returns, as it is one itself. Only after ki_os_barrier_ready has answered true: the system has
 * that. ki_os_yield lets others run. */
bool ki_os_barrier_ready(void);
void ki_os_barrier(void);
void ki_os_yield(void);

/* ki_os_thread starts a thread. Callbacks of the user's run in ours, and a C library may give them as
 * little as 128 KiB of stack (musl): it is 1 MiB at least. 0 or a code. */
int ki_os_thread(pthread_t *t, void *(*run)(void *), void *arg);

/* ki_os_thread_name names the calling thread for debuggers; may be cut to 15 characters. */
void ki_os_thread_name(const char *name);

/* ki_os_write writes text to a descriptor, once; signal-safe, and raises no SIGPIPE. 0 or a code. */
int ki_os_write(int fd, const char *text, size_t len);

/* ki_os_signal_set makes `handler` get signo (NULL: the system's default again), and keeps errno as it
 * was. 0 or a code. */
int ki_os_signal_set(int signo, void (*handler)(int signo));

/* ki_os_signal_is_free: it exists, can be caught, and is none that a fault of the program's own makes:
 * those must be handled where they happen. */
bool ki_os_signal_is_free(int signo);

/* ki_os_signal_send sends signo to this program. */
void ki_os_signal_send(int signo);

/* The signals that ask a program to end. */
int ki_os_signo_term(void);
int ki_os_signo_int(void);

/* ki_os_env_int sets *v to the environment's number by that name; there is none: *v stays. 0, or -1
 * when what is there is no number from min to max. */
int ki_os_env_int(const char *name, int min, int max, int *v);

/* ki_os_env_text copies the environment's text by that name, cut to fit, with a NUL; its length, 0
 * when there is none. */
size_t ki_os_env_text(const char *name, char *buf, size_t cap);

/* ki_os_block_signals blocks all signals for the calling thread that a worker need not see. */
void ki_os_block_signals(void);

#ifdef __cplusplus
}
#endif

#endif
