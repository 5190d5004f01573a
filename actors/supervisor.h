/* SPDX-License-Identifier: Apache-2.0
 * supervisor.h -- a supervisor's state, its children's starts and ends, the calls to it. */
#ifndef KI_SUPERVISOR_H
#define KI_SUPERVISOR_H

#include "actors/children.h"
#include "actors/proc.h"
#include "actors/restart.h"
#include "actors/spec.h"
#include "actors/supervisor_report.h"

/* Of the supervisor's process only, on its stack. */
struct ki_sup {
    struct ki_proc *self;
    const kith_supervisor *as;
    struct ki_children kids;
    struct ki_restart_window window;
    kith_pid parent;
    bool over; /* it ends, of that: */
    kith_reason why;
};

static inline bool
ki_sup_is_simple(const struct ki_sup *s)
{
    return s->as->strategy == KITH_SIMPLE_ONE_FOR_ONE;
}

/* ki_sup_start starts c and waits until it is ready. 0; else nothing is left of it. */
int ki_sup_start(struct ki_sup *s, struct ki_child *c);

/* ki_sup_end ends c, if it runs, and waits until it is dead. */
void ki_sup_end(struct ki_sup *s, struct ki_child *c);

/* ki_sup_end_from ends the last, then those before it down to `first`; NULL: none. Temporary ones
 * are forgotten. */
void ki_sup_end_from(struct ki_sup *s, struct ki_child *first);

/* ki_sup_end_all ends all there are: those after one pattern at once. */
void ki_sup_end_all(struct ki_sup *s);

void ki_sup_report(struct ki_sup *s, enum ki_supervisor_event what,
                   const struct ki_child *c, kith_pid pid, kith_reason why);

/* Tags of the calls to a supervisor: the body, and the reply if it is not just a code. */
enum ki_supervisor_call {
    KI_SUP_START,     /* a ki_spec of one child; its pid */
    KI_SUP_DYNAMIC,   /* an argument, or nothing; its pid */
    KI_SUP_TERMINATE, /* an id */
    KI_SUP_TERMINATE_PID,
    KI_SUP_RESTART, /* an id; its pid */
    KI_SUP_DELETE,  /* an id */
    KI_SUP_WHICH,   /* nothing; kith_child_info, as many as fit, and how many there are */
    KI_SUP_COUNT    /* nothing; kith_child_counts */
};

#define KI_SUP_TAG (KITH_TAG_SYSTEM + 0x5500)

/* ki_supervisor_run is the body of the process; its argument is a ki_spec. */
int ki_supervisor_run(void *arg);

/* ki_supervisor_spawn starts one without waiting for its children; `b` says by whose leave. 0, or a
 * code of kith_spawn_opt. */
int ki_supervisor_spawn(const kith_supervisor *s, const kith_spawn_options *o,
                        struct ki_birth b, kith_pid *pid);

#endif
