/* SPDX-License-Identifier: Apache-2.0
 * supervisor_api.c -- the calls to supervisors. Each is a message, and an answer waited for. */
#include <string.h>

#include "actors/server.h"
#include "actors/start.h"
#include "actors/supervisor.h"

int
ki_supervisor_spawn(const kith_supervisor *s, const kith_spawn_options *o,
                    struct ki_birth b, kith_pid *pid)
{
    struct ki_spec *spec = ki_spec_new(s);
    int rc;

    if (!spec)
        return KITH_ENOMEM;
    b.fn = ki_supervisor_run;
    b.supervisor = true;
    rc = ki_spawn(o, &b, spec, spec->len, pid);
    kith_free(spec);
    return rc;
}

static int
start(const kith_supervisor *s, const kith_spawn_options *o, const void *site,
      kith_pid *pid)
{
    struct ki_birth b = {.site = site};
    struct ki_proc *p;
    struct ki_op *op;
    kith_pid child = {0};
    int rc = ki_enter_waiting(&p);

    if (rc == 0)
        rc = kith_supervisor_check(s);
    if (rc < 0)
        return rc;
    op = ki_start_new(p);
    if (!op)
        return KITH_ENOMEM;
    b.start_op = ki_op_future(op).id;
    rc = ki_start_await(p, op, ki_supervisor_spawn(s, o, b, &child), "supervisor_start");
    if (rc == 0 && pid)
        *pid = child;
    return rc;
}

int
kith_supervisor_start(const kith_supervisor *s, kith_pid *pid)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;

    o.link = true;
    return start(s, &o, __builtin_return_address(0), pid);
}

int
kith_supervisor_start_opt(const kith_supervisor *s, const kith_spawn_options *o,
                          kith_pid *pid)
{
    return start(s, o, __builtin_return_address(0), pid);
}

void
kith_init_ack(int code)
{
    struct ki_proc *p;

    /* Servers and supervisors say it themselves. */
    if (ki_enter(&p) == 0 && !p->handler && !ki_load_rlx(&p->ends_kids))
        ki_start_ack(p, code);
}

/* ---- calls ---- */

/* One that is no supervisor would not answer. */
static ptrdiff_t
call(kith_pid sup, enum ki_supervisor_call what, kith_iov body, kith_iov reply)
{
    struct ki_proc *p, *it;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    it = ki_proc_find(sup);
    if (it && it != p && !ki_load_rlx(&it->ends_kids)) /* relaxed: set at birth */
        return KITH_EOPNOTSUPP;
    return ki_call(sup, KI_SUP_TAG + what, body, reply, KITH_INFINITY);
}

static int
call_for_pid(kith_pid sup, enum ki_supervisor_call what, kith_iov body, kith_pid *pid)
{
    kith_pid child = {0};
    int rc = (int) call(sup, what, body, KITH_IOV(child));

    if (pid && (rc == 0 || rc == KITH_EALREADY))
        *pid = child;
    return rc;
}

static int
call_by_id(kith_pid sup, enum ki_supervisor_call what, const char *id, kith_pid *pid)
{
    struct ki_proc *p;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    if (!id || !memchr(id, '\0', KITH_CHILD_ID))
        return KITH_EINVAL;
    return call_for_pid(sup, what, kith_iov_of(id, strlen(id) + 1), pid);
}

int
kith_supervisor_start_child(kith_pid sup, const kith_child *c, kith_pid *pid)
{
    /* The supervisor looks whether a significant child has a place with it. */
    const kith_supervisor of_one = {.auto_shutdown = KITH_AUTO_SHUTDOWN_ALL,
                                    .children = c,
                                    .n = 1};
    struct ki_spec *spec;
    struct ki_proc *p;
    int rc = ki_enter_waiting(&p);

    if (rc == 0)
        rc = kith_supervisor_check(&of_one);
    if (rc < 0)
        return rc;
    spec = ki_spec_new(&of_one);
    if (!spec)
        return KITH_ENOMEM;
    rc = call_for_pid(sup, KI_SUP_START, kith_iov_of(spec, spec->len), pid);
    if (rc != KITH_EKILLED && rc != KITH_ESTOPPED) /* then it has gone, or will, with p */
        kith_free(spec);
    return rc;
}

int
kith_supervisor_start_dynamic(kith_pid sup, const void *arg, size_t len, kith_pid *pid)
{
    struct ki_proc *p;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    if (len && !arg)
        return KITH_EINVAL;
    return call_for_pid(sup, KI_SUP_DYNAMIC, kith_iov_of(arg, len), pid);
}

int
kith_supervisor_terminate_child(kith_pid sup, const char *id)
{
    return call_by_id(sup, KI_SUP_TERMINATE, id, NULL);
}

int
kith_supervisor_terminate_pid(kith_pid sup, kith_pid child)
{
    return call_for_pid(sup, KI_SUP_TERMINATE_PID, KITH_IOV(child), NULL);
}

int
kith_supervisor_restart_child(kith_pid sup, const char *id, kith_pid *pid)
{
    return call_by_id(sup, KI_SUP_RESTART, id, pid);
}

int
kith_supervisor_delete_child(kith_pid sup, const char *id)
{
    return call_by_id(sup, KI_SUP_DELETE, id, NULL);
}

ptrdiff_t
kith_supervisor_which_children(kith_pid sup, kith_child_info *infos, size_t cap)
{
    struct ki_proc *p;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    if ((cap && !infos) || cap > PTRDIFF_MAX / sizeof *infos)
        return KITH_EINVAL;
    return call(sup, KI_SUP_WHICH, kith_iov_of(NULL, 0),
                kith_iov_of(infos, cap * sizeof *infos));
}

int
kith_supervisor_count_children(kith_pid sup, kith_child_counts *counts)
{
    struct ki_proc *p;
    int rc = ki_enter_waiting(&p);

    if (rc < 0)
        return rc;
    if (!counts)
        return KITH_EINVAL;
    return (int) call(sup, KI_SUP_COUNT, kith_iov_of(NULL, 0), KITH_IOV(*counts));
}
