/* SPDX-License-Identifier: Apache-2.0
 * restart.c -- what a supervisor does about the death of a child. */
#include "actors/restart.h"

bool
ki_restart_is_quiet(kith_reason why)
{
    return why.kind == KITH_NORMAL || why.kind == KITH_SHUTDOWN;
}

bool
ki_restart_ended_well(int restart, bool brutal, kith_reason why)
{
    if (brutal && why.kind == KITH_KILLED)
        return true;
    if (!brutal && why.kind == KITH_SHUTDOWN)
        return true;
    return restart != KITH_PERMANENT && ki_restart_is_quiet(why);
}

bool
ki_restart_count(struct ki_restart_window *w, kith_ms now)
{
    if (w->cap == 0)
        return false;
    if (w->n < w->cap) {
        w->at[w->n++] = now;
        return true;
    }
    /* With this one there are cap + 1: too many if the oldest of them is in the period. Times do
     * not fall, so the ring is in order. */
    if (w->at[w->oldest] >= now - w->period)
        return false;
    w->at[w->oldest] = now;
    w->oldest = (w->oldest + 1) % w->cap;
    return true;
}

enum ki_restart
ki_restart_again(int strategy, struct ki_restart_window *w, kith_ms now)
{
    if (!ki_restart_count(w, now))
        return KI_RESTART_GIVE_UP;
    switch (strategy) {
    case KITH_ONE_FOR_ALL:
        return KI_RESTART_ALL;
    case KITH_REST_FOR_ONE:
        return KI_RESTART_REST;
    default:
        return KI_RESTART_ONE;
    }
}

static bool
is_restarted(const struct ki_restart_case *c)
{
    return c->restart == KITH_PERMANENT ||
           (c->restart == KITH_TRANSIENT && !ki_restart_is_quiet(c->why));
}

/* It is not restarted: does its supervisor end with it? */
static bool
shuts_down(const struct ki_restart_case *c)
{
    return c->significant &&
           (c->auto_shutdown == KITH_AUTO_SHUTDOWN_ANY ||
            (c->auto_shutdown == KITH_AUTO_SHUTDOWN_ALL && !c->others_significant));
}

enum ki_restart
ki_restart_decide(const struct ki_restart_case *c, struct ki_restart_window *w, kith_ms now)
{
    if (is_restarted(c))
        return ki_restart_again(c->strategy, w, now);
    if (shuts_down(c))
        return KI_RESTART_SHUT_DOWN;
    return c->restart == KITH_TEMPORARY || c->strategy == KITH_SIMPLE_ONE_FOR_ONE
               ? KI_RESTART_DELETE
               : KI_RESTART_KEEP;
}
