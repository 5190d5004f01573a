/* SPDX-License-Identifier: Apache-2.0
 * signals.h -- POSIX signals as messages. */
#ifndef KI_SIGNALS_H
#define KI_SIGNALS_H

#include <stdbool.h>

/* ki_signals_deliver is the scheduler's on_signal: what has come goes to who asked. */
void ki_signals_deliver(void);

/* ki_signals_may_dump: that signal can be had for ki_signals_dump_on; `stops`: with
 * ki_signals_stop_on_term. */
bool ki_signals_may_dump(int signo, bool stops);

/* ki_signals_stop_on_term: SIGTERM and SIGINT begin a stop. */
void ki_signals_stop_on_term(void);

/* ki_signals_forget puts the system's defaults back. */
void ki_signals_forget(void);

/* runtime.c: a stop with the options' drain and kill, or with those given, by another thread. */
void ki_stop_on_signal(void);

enum { KI_SIGNALS = 64 };

/* ki_signals_dump_on has that signal write everything to stderr, until ki_signals_forget. */
void ki_signals_dump_on(int signo);

#endif
