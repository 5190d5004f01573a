/* SPDX-License-Identifier: Apache-2.0
 * look.h -- looking at a process or socket that somebody else may be running.
 *
 * Two ways (docs/design/seen.md):
 *   a glance  of anybody at any moment: atomic fields, and the id before and after
 *   a look    of one that is idle: it is claimed like a socket by a call, so that nobody runs it and
 *             all its fields and its stack stand still; then it is let go, and runs if mail came */
#ifndef KI_LOOK_H
#define KI_LOOK_H

#include "actors/proc.h"
#include "actors/text.h"

/* What a glance has found. */
struct ki_glance {
    uint64_t id, word, parent, reductions;
    enum ki_body body;
    const void *fn, *site;
    const char *waits_for;
    size_t stack, mailbox_len;
    bool trap_exit;
    uint32_t links, monitors, watchers, sockets;
    char label[KI_LABEL];
};

/* ki_look_at is a glance at p's present use. false: nobody lives there, or he has died meanwhile.
 * Any thread. */
bool ki_look_at(struct ki_proc *p, struct ki_glance *g);

/* ki_look_claim: the task of `id` is idle, and now it is the caller's, who lets it go soon, without
 * waiting, without running code of the user's, without claiming another meanwhile (DESIGN C1).
 * Not for plain threads' tasks: those claim themselves (ki_thread_park). Any thread. */
bool ki_look_claim(struct ki_task *t, uint64_t id);
void ki_look_let_go(struct ki_task *t);

/* What stands still while one is claimed, and for itself. */
struct ki_details {
    uint64_t deadline_ns; /* of its wait; 0: none */
    size_t mail_seen;     /* messages looked at: a long mailbox's first ones */
    size_t mail_bytes;    /* of those */
    uint64_t oldest_tag;  /* of the first */
    size_t stack_used;    /* bytes, where it parked */
};

/* ki_look_closely: by the claimant, or by p. */
void ki_look_closely(struct ki_proc *p, struct ki_details *d);

/* ki_look_due: when an armed alarm is due. By whom it belongs to. */
static inline uint64_t
ki_look_due(const struct ki_alarm *a)
{
    return a->timer.deadline * KI_TICK_NS;
}

/* ki_look_status is a glance's status in the words of the API. `self` may be NULL. */
enum kith_status ki_look_status(const struct ki_glance *g, uint64_t self);

/* ki_look_worker sets all but v->size. Any thread. */
void ki_look_worker(struct ki_worker *w, struct kith_worker_info *v);

/* ki_look_add appends a line without its end: who it is, and what it does. */
void ki_look_add(struct ki_text *t, const struct ki_glance *g);

#endif
