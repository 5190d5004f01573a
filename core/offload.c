/* SPDX-License-Identifier: Apache-2.0
 * offload.c -- a pool that grows when a job finds nobody idle, and shrinks when idle.
 *
 * Four lanes. Jobs that may block for as long as a user likes have KI_OFFLOAD_THREADS at once; the
 * library's own come first, and to them KI_OFFLOAD_OWN threads are left whatever those do. Between
 * them are jobs of users that should not have to wait for other users: one thread is left to them,
 * and when that is busy they are the first of the many. Jobs that wait in the system and for
 * nobody else have KI_OFFLOAD_KERNEL threads that no other job ever holds up. */
#define _GNU_SOURCE
#include "core/offload.h"

#include "core/thread.h"
#include <time.h>

#include <kith/error.h>

#include "core/os.h"

enum { IDLE_SECONDS = 10 };

enum lane { OWN, FIRST, KERNEL, THEIRS, LANES };

static const unsigned most[LANES] = {KI_OFFLOAD_OWN, KI_OFFLOAD_FIRST, KI_OFFLOAD_KERNEL,
                                     KI_OFFLOAD_THREADS};

enum {
    ALL_THREADS = KI_OFFLOAD_OWN + KI_OFFLOAD_FIRST + KI_OFFLOAD_KERNEL + KI_OFFLOAD_THREADS
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct {
        struct ki_job *head, *tail;
        unsigned waiting, busy;
    } lane[LANES];          /* [l] */
    unsigned threads, idle; /* [l] */
    bool open;              /* [l] */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER};

/* Under the lock: whether a job may run now; the lane it stands in, and the one it is counted in. */
static bool
may_run(enum lane *from, enum lane *as)
{
    for (*from = OWN; *from < LANES; ++*from) {
        if (!pool.lane[*from].head)
            continue;
        *as = *from == FIRST && pool.lane[FIRST].busy >= most[FIRST] ? THEIRS : *from;
        if (pool.lane[*as].busy < most[*as])
            return true;
    }
    return false;
}

/* Under the lock; NULL: this thread shall go. */
static struct ki_job *
next_job(enum lane *as)
{
    enum lane l;

    while (!may_run(&l, as)) {
        struct timespec until;
        int rc;

        if (!pool.open)
            return NULL;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += IDLE_SECONDS;
        pool.idle++;
        rc = pthread_cond_timedwait(&pool.work, &pool.lock, &until);
        pool.idle--;
        if (rc != 0 && !may_run(&l, as))
            return NULL;
    }
    struct ki_job *j = pool.lane[l].head;
    pool.lane[l].head = j->next;
    if (!j->next)
        pool.lane[l].tail = NULL;
    pool.lane[l].waiting--;
    pool.lane[*as].busy++;
    return j;
}

static void *
thread_main(void *arg)
{
    struct ki_job *j;
    enum lane l;

    (void) arg;
    ki_os_thread_name("kith-side");
    ki_os_block_signals();
    pthread_mutex_lock(&pool.lock);
    while ((j = next_job(&l)) != NULL) {
        pthread_mutex_unlock(&pool.lock);
        j->run(j);
        pthread_mutex_lock(&pool.lock);
        pool.lane[l].busy--;
    }
    pool.threads--;
    pthread_mutex_unlock(&pool.lock);
    return NULL;
}

/* Under the lock. */
static void
add_thread(void)
{
    pthread_t t;

    if (ki_os_thread(&t, thread_main, NULL) < 0)
        return;
    pthread_detach(t);
    pool.threads++;
}

static unsigned
at_most(unsigned n, unsigned limit)
{
    return n < limit ? n : limit;
}

/* Under the lock: the jobs that wait, though not for the end of another. */
static unsigned
runnable(void)
{
    const unsigned first =
        at_most(pool.lane[FIRST].waiting, most[FIRST] - pool.lane[FIRST].busy);
    const unsigned others = pool.lane[FIRST].waiting - first + pool.lane[THEIRS].waiting;

    return at_most(pool.lane[OWN].waiting, most[OWN] - pool.lane[OWN].busy) + first +
           at_most(pool.lane[KERNEL].waiting, most[KERNEL] - pool.lane[KERNEL].busy) +
           at_most(others, most[THEIRS] - pool.lane[THEIRS].busy);
}

static int
submit(struct ki_job *job, enum lane l)
{
    int rc = 0;

    pthread_mutex_lock(&pool.lock);
    if (!pool.open) {
        rc = KITH_ESTOPPED;
    } else {
        job->next = NULL;
        if (pool.lane[l].tail)
            pool.lane[l].tail->next = job;
        else
            pool.lane[l].head = job;
        pool.lane[l].tail = job;
        pool.lane[l].waiting++;
        if (runnable() > pool.idle && pool.threads < ALL_THREADS)
            add_thread();
        pthread_cond_signal(&pool.work);
    }
    if (rc == 0 && pool.threads == 0) { /* so no other job waits either */
        pool.lane[l].head = pool.lane[l].tail = NULL;
        pool.lane[l].waiting = 0;
        rc = KITH_ENOMEM;
    }
    pthread_mutex_unlock(&pool.lock);
    return rc;
}

int
ki_offload_submit(struct ki_job *job)
{
    return submit(job, THEIRS);
}

int
ki_offload_submit_first(struct ki_job *job)
{
    return submit(job, FIRST);
}

int
ki_offload_submit_kernel(struct ki_job *job)
{
    return submit(job, KERNEL);
}

int
ki_offload_submit_own(struct ki_job *job)
{
    return submit(job, OWN);
}

void
ki_offload_start(void)
{
    pthread_mutex_lock(&pool.lock);
    pool.open = true;
    pthread_mutex_unlock(&pool.lock);
}

void
ki_offload_stop(void)
{
    pthread_mutex_lock(&pool.lock);
    pool.open = false;
    pthread_cond_broadcast(&pool.work);
    pthread_mutex_unlock(&pool.lock);
}

unsigned
ki_offload_busy(void)
{
    pthread_mutex_lock(&pool.lock);
    unsigned n = 0;
    for (int l = 0; l < LANES; l++)
        n += pool.lane[l].busy + pool.lane[l].waiting;
    pthread_mutex_unlock(&pool.lock);
    return n;
}
