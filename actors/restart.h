/* SPDX-License-Identifier: Apache-2.0
 * restart.h -- what a supervisor does about the death of a child: a decision, and no more.
 *
 * It knows no process and asks no clock: it is told. */
#ifndef KI_RESTART_H
#define KI_RESTART_H

#include <kith/kith.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The restarts of late. The caller owns the memory: one number for each that is allowed in a
 * period. */
struct ki_restart_window {
    kith_ms *at;   /* a ring: when */
    size_t cap;    /* intensity */
    size_t n;      /* used, at most cap */
    size_t oldest; /* when n == cap */
    kith_ms period;
};

/* ki_restart_count counts one more restart at `now`. false: that is one too many, for with it
 * more than cap lie within a period. */
bool ki_restart_count(struct ki_restart_window *w, kith_ms now);

/* One that has died by itself. */
struct ki_restart_case {
    int strategy;            /* KITH_ONE_FOR_ONE.. */
    int restart;             /* KITH_PERMANENT.. */
    int auto_shutdown;       /* KITH_AUTO_SHUTDOWN_NEVER.. */
    bool significant;        /* it is */
    bool others_significant; /* another that is runs, or is to be restarted */
    kith_reason why;
};

enum ki_restart {
    KI_RESTART_KEEP,     /* it stays in the list, ended */
    KI_RESTART_DELETE,   /* it is forgotten */
    KI_RESTART_ONE,      /* start it again */
    KI_RESTART_REST,     /* end those after it; start it and them */
    KI_RESTART_ALL,      /* end all; start all */
    KI_RESTART_GIVE_UP,  /* too many restarts: end all, and die of shutdown */
    KI_RESTART_SHUT_DOWN /* its work is done: the same */
};

enum ki_restart ki_restart_decide(const struct ki_restart_case *c,
                                  struct ki_restart_window *w, kith_ms now);

/* ki_restart_again: the same for a restart that has failed and is tried again: it counts, too. */
enum ki_restart ki_restart_again(int strategy, struct ki_restart_window *w, kith_ms now);

/* ki_restart_is_quiet: a death of that reason is no failure. */
bool ki_restart_is_quiet(kith_reason why);

/* ki_restart_ended_well: that reason is what a supervisor expects of a child it ends itself, by a
 * kill when `brutal`. */
bool ki_restart_ended_well(int restart, bool brutal, kith_reason why);

#ifdef __cplusplus
}
#endif

#endif
