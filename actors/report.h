/* SPDX-License-Identifier: Apache-2.0
 * report.h -- what the library says about the living and the dying. */
#ifndef KI_REPORT_H
#define KI_REPORT_H

#include <kith/error.h>

#include "actors/text.h"

struct ki_proc;

/* ki_report_reason appends a reason in words. */
void ki_report_reason(struct ki_text *t, kith_reason why);

/* ki_report_overflow: a stack has run over; called in a signal handler, the program dies. */
void ki_report_overflow(void *stack_low, size_t size);

/* ki_report_crash: p begins to die, p->why says of what. By p. */
void ki_report_crash(struct ki_proc *p);

/* ki_report_frames appends the names of the functions on a stack. */
struct ki_backtrace;
void ki_report_frames(struct ki_text *t, const struct ki_backtrace *b);

/* ki_dump_on_signal begins a dump to stderr, by the side pool. Any thread; never waits. dump.c */
void ki_dump_on_signal(void);

/* ki_report_bad_exit: kith_exit by p, which cannot end by it; NULL: by nobody of ours. */
void ki_report_bad_exit(struct ki_proc *p);

/* ki_report_left names the processes that a stop finds alive, and what becomes of them. */
void ki_report_left(const char *what);

#endif
