/* SPDX-License-Identifier: Apache-2.0
 * offload.c -- a pool that grows when a job finds nobody idle, and shrinks when idle.
 *
 * Two lanes. Jobs that may block for as long as a user likes have KI_OFFLOAD_THREADS at once; the
 * library's own come first, and to them KI_OFFLOAD_OWN threads are left whatever those do. */
#define _GNU_SOURCE
#include "core/offload.h"

#include "core/thread.h"
#include <time.h>

#include <kith/error.h>

#include "core/os.h"

enum { IDLE_SECONDS = 10 };

enum lane { OWN, THEIRS, LANES };

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

/* Under the lock: the lane that has a job which may run now; LANES: none. */
static enum lane
next_lane(void)
{
    if (pool.lane[OWN].head)
        return OWN;
    return pool.lane[THEIRS].head && pool.lane[THEIRS].busy < KI_OFFLOAD_THREADS ? THEIRS
                                                                                 : LANES;
}

/* Under the lock; NULL: this thread shall go. */
static struct ki_job *
next_job(enum lane *l)
{
    while ((*l = next_lane()) == LANES) {
        struct timespec until;
        int rc;

        if (!pool.open)
            return NULL;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += IDLE_SECONDS;
        pool.idle++;
        rc = pthread_cond_timedwait(&pool.work, &pool.lock, &until);
        pool.idle--;
        if (rc != 0 && next_lane() == LANES)
            return NULL;
    }
    struct ki_job *j = pool.lane[*l].head;
    pool.lane[*l].head = j->next;
    if (!j->next)
        pool.lane[*l].tail = NULL;
    pool.lane[*l].waiting--;
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
        pool.lane[l].busy++;
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

    if (pthread_create(&t, NULL, thread_main, NULL) != 0)
        return;
    pthread_detach(t);
    pool.threads++;
}

/* Under the lock: the jobs that wait, though not for the end of another. */
static unsigned
runnable(void)
{
    const unsigned room = KI_OFFLOAD_THREADS - pool.lane[THEIRS].busy;
    const unsigned theirs = pool.lane[THEIRS].waiting;

    return pool.lane[OWN].waiting + (theirs < room ? theirs : room);
}

/* Under the lock: whether one more of this lane could run at once, and nobody is there for it. */
static bool
lacks_thread(enum lane l)
{
    if (l == THEIRS &&
        pool.lane[l].busy + pool.lane[l].waiting >= (unsigned) KI_OFFLOAD_THREADS)
        return false;
    return runnable() >= pool.idle && pool.threads < KI_OFFLOAD_THREADS + KI_OFFLOAD_OWN;
}

static int
submit(struct ki_job *job, enum lane l)
{
    int rc = 0;

    pthread_mutex_lock(&pool.lock);
    if (pool.open && lacks_thread(l))
        add_thread();
    if (!pool.open)
        rc = KITH_ESTOPPED;
    else if (pool.threads == 0)
        rc = KITH_ENOMEM;
    else {
        job->next = NULL;
        if (pool.lane[l].tail)
            pool.lane[l].tail->next = job;
        else
            pool.lane[l].head = job;
        pool.lane[l].tail = job;
        pool.lane[l].waiting++;
        pthread_cond_signal(&pool.work);
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
