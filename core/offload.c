/* SPDX-License-Identifier: Apache-2.0
 * offload.c -- a pool that grows when a job finds nobody idle, and shrinks when idle. */
#define _GNU_SOURCE
#include "core/offload.h"

#include "core/thread.h"
#include <time.h>

#include <kith/error.h>

#include "core/os.h"

enum { IDLE_SECONDS = 10 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct ki_job *head, *tail;            /* [l] */
    unsigned threads, idle, waiting, busy; /* [l] */
    bool open;                             /* [l] */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER};

/* Under the lock; NULL: this thread shall go. */
static struct ki_job *
next_job(void)
{
    while (!pool.head) {
        struct timespec until;
        int rc;

        if (!pool.open)
            return NULL;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += IDLE_SECONDS;
        pool.idle++;
        rc = pthread_cond_timedwait(&pool.work, &pool.lock, &until);
        pool.idle--;
        if (rc != 0 && !pool.head)
            return NULL;
    }
    struct ki_job *j = pool.head;
    pool.head = j->next;
    if (!pool.head)
        pool.tail = NULL;
    pool.waiting--;
    return j;
}

static void *
thread_main(void *arg)
{
    struct ki_job *j;

    (void) arg;
    ki_os_thread_name("kith-side");
    ki_os_block_signals();
    pthread_mutex_lock(&pool.lock);
    while ((j = next_job()) != NULL) {
        pool.busy++;
        pthread_mutex_unlock(&pool.lock);
        j->run(j);
        pthread_mutex_lock(&pool.lock);
        pool.busy--;
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

int
ki_offload_submit(struct ki_job *job)
{
    int rc = 0;

    pthread_mutex_lock(&pool.lock);
    if (pool.waiting >= pool.idle && pool.threads < KI_OFFLOAD_THREADS && pool.open)
        add_thread();
    if (!pool.open)
        rc = KITH_ESTOPPED;
    else if (pool.threads == 0)
        rc = KITH_ENOMEM;
    else {
        job->next = NULL;
        if (pool.tail)
            pool.tail->next = job;
        else
            pool.head = job;
        pool.tail = job;
        pool.waiting++;
        pthread_cond_signal(&pool.work);
    }
    pthread_mutex_unlock(&pool.lock);
    return rc;
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
    unsigned n = pool.busy + pool.waiting;
    pthread_mutex_unlock(&pool.lock);
    return n;
}
