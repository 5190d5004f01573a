/* SPDX-License-Identifier: Apache-2.0
 * signals.c -- the handler only notes a bit and rings; a worker sends the message. */
#include "actors/signals.h"

#include "actors/msg.h"
#include "actors/proc.h"
#include "actors/report.h"
#include "core/os.h"
#include "core/thread.h"

static struct {
    pthread_mutex_t lock;   /* who gets it and the system's handler change together */
    _Atomic(uint64_t) come; /* [a] bit s: signal s has come */
    _Atomic(uint64_t) stop; /* [a] bit s: it begins a stop */
    _Atomic(uint64_t) dump; /* [a] bit s: everything is written to stderr */
    _Atomic(uint64_t) pid[KI_SIGNALS]; /* [a] who gets it; 0 = nobody */
    _Atomic(uint64_t) tag[KI_SIGNALS];
} signals = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void
note(int signo)
{
    if (ki_load_rlx(&ki_runtime.state) == KI_STATE_FORKED) { /* it is no signal to us */
        (void) ki_os_signal_set(signo, NULL);
        ki_os_signal_send(signo);
        return;
    }
    atomic_fetch_or_explicit(&signals.come, UINT64_C(1) << signo, memory_order_seq_cst);
    ki_sched_wake_for_signal();
}

/* Its receiver is dead: the signal finds the system's default, as if that had been there. */
static void
give_back(int signo, uint64_t dead)
{
    bool mine;

    pthread_mutex_lock(&signals.lock);
    mine = ki_load_seq(&signals.pid[signo]) == dead;
    if (mine) {
        ki_store_seq(&signals.pid[signo], 0);
        (void) ki_os_signal_set(signo, NULL);
    }
    pthread_mutex_unlock(&signals.lock);
    ki_os_signal_send(signo); /* or to the one who has asked meanwhile */
}

static void
deliver(int signo)
{
    uint64_t pid = ki_load_seq(&signals.pid[signo]);
    struct ki_proc *p = ki_proc_find((kith_pid){pid});
    struct ki_msg *m;

    if (!pid)
        return;
    m = ki_msg_new(ki_load_seq(&signals.tag[signo]), 0);
    if (!m)
        return;
    if (p && ki_msg_post(p, pid, m))
        return;
    ki_msg_free(m);
    give_back(signo, pid);
}

void
ki_signals_deliver(void)
{
    uint64_t come = ki_xchg_seq(&signals.come, 0);

    for (int signo = 1; signo < KI_SIGNALS; signo++) {
        if (!(come >> signo & 1))
            continue;
        if (ki_load_seq(&signals.stop) >> signo & 1)
            ki_stop_on_signal();
        else if (ki_load_seq(&signals.dump) >> signo & 1)
            ki_dump_on_signal();
        else
            deliver(signo);
    }
}

static bool
is_free(int signo)
{
    return signo >= 1 && signo < KI_SIGNALS && ki_os_signal_is_free(signo);
}

int
kith_signal(int signo, uint64_t tag)
{
    struct ki_proc *p;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if (!is_free(signo) || (tag & KITH_TAG_SYSTEM))
        return KITH_EINVAL;
    pthread_mutex_lock(&signals.lock);
    if ((ki_load_seq(&signals.stop) | ki_load_seq(&signals.dump)) >> signo & 1)
        rc = KITH_EEXIST; /* else it would get nothing, and take it away at its death */
    else
        rc = ki_os_signal_set(signo, note);
    if (rc == 0) {
        ki_store_seq(&signals.tag[signo], tag);
        ki_store_seq(&signals.pid[signo], ki_proc_id(p));
    }
    pthread_mutex_unlock(&signals.lock);
    return rc;
}

bool
ki_signals_may_dump(int signo, bool stops)
{
    return is_free(signo) &&
           !(stops && (signo == ki_os_signo_term() || signo == ki_os_signo_int()));
}

void
ki_signals_stop_on_term(void)
{
    ki_store_seq(&signals.stop,
                 (UINT64_C(1) << ki_os_signo_term()) | (UINT64_C(1) << ki_os_signo_int()));
    (void) ki_os_signal_set(ki_os_signo_term(), note);
    (void) ki_os_signal_set(ki_os_signo_int(), note);
}

void
ki_signals_dump_on(int signo)
{
    ki_store_seq(&signals.dump, UINT64_C(1) << signo);
    (void) ki_os_signal_set(signo, note);
}

void
ki_signals_forget(void)
{
    uint64_t ours = ki_xchg_seq(&signals.stop, 0) | ki_xchg_seq(&signals.dump, 0);

    for (int signo = 1; signo < KI_SIGNALS; signo++)
        if (ki_xchg_seq(&signals.pid[signo], 0) || (ours >> signo & 1))
            (void) ki_os_signal_set(signo, NULL);
}
