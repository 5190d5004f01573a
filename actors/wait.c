/* SPDX-License-Identifier: Apache-2.0
 * wait.c -- waiting for a death: a monitor that sends no message. */
#include "actors/proc.h"

int
kith_wait(kith_pid pid, kith_reason *why, kith_ms timeout)
{
    struct ki_proc *p;
    struct ki_monitor *m;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    if (ki_id_kind(pid.id) != KI_KIND_PID)
        return KITH_EINVAL;
    if (pid.id == ki_proc_id(p))
        return KITH_EDEADLK;
    m = ki_monitor_new(p, ki_proc_find(pid), pid.id);
    if (!m)
        return KITH_ENOMEM;
    ki_monitor_call(p, m, NULL);
    uint64_t deadline = ki_deadline_ns(timeout);
    while (!m->fired && rc == 0)
        rc = ki_proc_wait(p, deadline, "wait");
    ki_proc_wait_end(p);
    if (m->fired) {
        rc = 0;
        if (why)
            *why = m->body.why;
    }
    ki_monitor_end(p, m);
    return ki_proc_wait_failed(p, rc);
}
