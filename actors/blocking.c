/* SPDX-License-Identifier: Apache-2.0
 * blocking.c -- a function on the side pool while the process waits.
 *
 * The function may use the caller's memory, so the caller's death waits for it. */
#include "actors/blocking.h"

#include "actors/proc.h"

struct job {
    struct ki_job job;
    struct ki_proc *proc;
    kith_fn fn;
    void *arg;
    int result;
};

static void
run(struct ki_job *j)
{
    struct job *b = ki_container_of(j, struct job, job);
    struct ki_proc *p = b->proc;

    b->result = b->fn(b->arg);
    /* From this push on the job is gone: it lay on the caller's stack. */
    KI_CHECK(ki_sched_post(ki_proc_task(p), &p->job_node, 0));
}

int
ki_blocking(kith_fn fn, void *arg, int (*submit)(struct ki_job *job))
{
    struct ki_proc *p;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    if (!fn)
        return KITH_EINVAL;
    if (p->body == KI_BODY_THREAD)
        return fn(arg);
    struct job b = {.job.run = run, .proc = p, .fn = fn, .arg = arg};
    p->job_node = (struct ki_node){.to = ki_proc_id(p), .kind = KI_N_JOB};
    rc = submit(&b.job);
    if (rc < 0)
        return rc;
    ki_store_rlx(&p->waits_for, "blocking"); /* relaxed: others only report it */
    while (p->job_node.flags == 0)
        if (!ki_proc_take(p))
            ki_proc_park_for_sure(p);
    ki_store_rlx(&p->waits_for, NULL);
    rc = ki_proc_die_if_doomed(p);
    return rc < 0 ? rc : b.result;
}

int
kith_blocking(kith_fn fn, void *arg)
{
    return ki_blocking(fn, arg, ki_offload_submit);
}
