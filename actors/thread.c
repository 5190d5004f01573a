/* SPDX-License-Identifier: Apache-2.0
 * thread.c -- plain threads: each gets a pseudo-process at its first call.
 *
 * The pseudo-process has a mailbox like any other, but no worker runs it: its thread is its
 * stack. While the thread is out in the user's code the mailbox is OWNED and mail waits; inside
 * a call that waits it is settled, and the push that finds it idle wakes the thread. The
 * thread's end is the pseudo-process's death. */
#include "actors/proc.h"

#include "core/thread.h"

#include "core/os.h"
#include "core/seam.h"

/* Lives as long as the thread; its pseudo-process may be younger (the runtime restarted). */
struct ki_thread {
    struct ki_proc *proc;
    uint32_t epoch;          /* of the runtime that proc belongs to */
    bool killed;             /* in that runtime: proc is gone, and no other comes */
    _Atomic(uint32_t) wakes; /* futex: grows with each wake */
};

static pthread_key_t key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void die(struct ki_thread *t, kith_reason why, uint64_t deadline_ns);

/* t's pseudo-process belongs to a run that is over: its sockets are closed, its operations have
 * ended, nobody sends to it any more. */
static void
bury(struct ki_thread *t)
{
    struct ki_proc *p = t->proc;

    t->proc = NULL; /* deferred functions may call, as somebody new */
    ki_exit_begin(p, kith_reason_of(KITH_KILLED, 0, NULL));
    p->doomed = true;
    while (!ki_exit_step(p))
        if (!ki_proc_take(p))
            return; /* some thread is stuck: the record stays behind */
    ki_proc_free(p);
}

static void
thread_ends(void *arg)
{
    struct ki_thread *t = arg;
    int state = ki_load_rlx(&ki_runtime.state);

    pthread_setspecific(key, t); /* what it calls while dying is still this thread */
    if (t->proc && state != KI_STATE_FORKED &&
        (state == KI_STATE_STOPPED || t->epoch != ki_load_rlx(&ki_runtime.epoch)))
        bury(t);
    if (t->proc && state == KI_STATE_RUNNING)
        die(t, t->proc->doomed ? t->proc->why : kith_reason_of(KITH_NORMAL, 0, NULL),
            UINT64_MAX);
    pthread_setspecific(key, NULL);
    ki_mem_free(t, sizeof *t);
}

static void
make_key(void)
{
    KI_CHECK(pthread_key_create(&key, thread_ends) == 0);
}

void
ki_threads_init(void)
{
    pthread_once(&key_once, make_key);
}

struct ki_proc *
ki_thread_self(void)
{
    struct ki_thread *t = pthread_getspecific(key);

    return t && t->epoch == ki_load_rlx(&ki_runtime.epoch) ? t->proc : NULL;
}

int
ki_thread_attach(struct ki_proc **self)
{
    struct ki_thread *t = pthread_getspecific(key);

    if (!t) {
        t = ki_mem_alloc(sizeof *t);
        if (!t)
            return KITH_ENOMEM;
        *t = (struct ki_thread){.proc = NULL};
        if (pthread_setspecific(key, t) != 0) {
            ki_mem_free(t, sizeof *t);
            return KITH_ENOMEM;
        }
    }
    uint32_t epoch = ki_load_rlx(&ki_runtime.epoch);
    if (t->killed && t->epoch == epoch)
        return KITH_EKILLED;
    if (t->proc)
        bury(t);
    struct ki_proc *p = ki_proc_new(KI_BODY_THREAD);
    if (!p)
        return KITH_ENOMEM;
    p->thread = t;
    t->proc = p;
    t->epoch = epoch;
    t->killed = false;
    ki_fence_seq(); /* with a stop's store of the state: it sees p, or we see the state */
    if (ki_load_rlx(&ki_runtime.state) != KI_STATE_RUNNING)
        return KITH_ESTOPPED;
    *self = p;
    return 0;
}

void
ki_thread_killed(struct ki_proc *p)
{
    struct ki_thread *t = p->thread;

    die(t, p->why, UINT64_MAX);
    t->killed = true;
}

void
ki_thread_wake(struct ki_task *task)
{
    struct ki_thread *t = ki_proc_of_task(task)->thread;

    /* release: with the acquire in ki_thread_park, the thread owns the mailbox the waker won. */
    atomic_fetch_add_explicit(&t->wakes, 1, memory_order_release);
    ki_os_unpark(&t->wakes);
}

void
ki_thread_park(struct ki_proc *p, uint64_t deadline_ns)
{
    struct ki_thread *t = p->thread;
    ki_mbox *m = &p->fiber.task.mbox;
    uint32_t seen = ki_load_acq(&t->wakes);

    if (!ki_mbox_settle(m))
        return;
    while (ki_load_acq(&t->wakes) == seen) { /* with ki_thread_wake */
        if (deadline_ns != UINT64_MAX && ki_now_ns() >= deadline_ns) {
            /* Out of time: own the mailbox again, unless a pusher has just taken it for us;
             * then its wake is near. */
            if (ki_mbox_claim(m, ki_proc_id(p)))
                return;
            deadline_ns = UINT64_MAX;
        }
        ki_os_park(&t->wakes, seen, deadline_ns);
    }
}

/* While the runtime runs, workers answer what it waits for. When they have left, which a thread that
 * waits is told (KI_N_STOPPED), or are stuck, the record stays behind, as in bury(). */
static void
die(struct ki_thread *t, kith_reason why, uint64_t deadline_ns)
{
    struct ki_proc *p = t->proc;

    ki_proc_wait_end(p);
    ki_exit_begin(p, why);
    while (!ki_exit_step(p)) {
        if (ki_proc_take(p))
            continue;
        if (ki_load_seq(&ki_runtime.state) != KI_STATE_RUNNING ||
            (deadline_ns != UINT64_MAX && ki_now_ns() >= deadline_ns)) {
            t->proc = NULL;
            return;
        }
        ki_thread_park(p, deadline_ns);
    }
    t->proc = NULL;
    ki_proc_free(p);
}

void
ki_thread_detach(uint64_t deadline_ns)
{
    struct ki_thread *t = pthread_getspecific(key);

    if (t && t->proc && t->epoch == ki_load_rlx(&ki_runtime.epoch))
        die(t, kith_reason_of(KITH_NORMAL, 0, NULL), deadline_ns);
}

void
ki_thread_exit(struct ki_proc *p, kith_reason why)
{
    if (p)
        die(p->thread, why, UINT64_MAX);
    pthread_exit(NULL);
}
