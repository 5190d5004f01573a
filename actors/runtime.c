/* SPDX-License-Identifier: Apache-2.0
 * runtime.c -- start and stop.
 *
 * Stop, by a plain thread (elsewhere kith_stop hands it to a thread of its own):
 *   1  stopping is true; listening sockets take no more connections, waiting accepts answer
 *   2  everything else runs on until no process is left, or drain has passed
 *   3  an exit signal shutdown to every process that is left
 *   4  kill ms later: kill
 *   5  what still lives is stuck in the user's code: it is named
 *   6  the sockets of plain threads are closed, the workers leave
 *
 * What if a process is spawned during step k? It is one more that is left; from 6 on nothing
 * runs it, and the next start kills it before anything runs. */
#include "actors/runtime.h"

#include "core/thread.h"
#include <string.h>

#include "actors/log.h"
#include "actors/name.h"
#include "actors/op.h"
#include "actors/proc.h"
#include "actors/report.h"
#include "actors/signals.h"
#include "actors/socket.h"
#include "core/offload.h"
#include "core/os.h"
#include "core/overflow.h"
#include "core/seam.h"

enum {
    DEFAULT_DRAIN_MS = 5000,
    DEFAULT_KILL_MS = 1000,
    GRACE_MS = 190, /* twice, with reports between, in the 400 ms that runtime.h promises */
    LEAVE_MS = 10000,
    DEFAULT_PROCESSES = 1 << 20,
    PROCESSES_MAX =
        (1 << 27) - 1, /* half of what a table can hold: threads have records too */
    MS = 1000000
};

static struct {
    pthread_mutex_t lock; /* start and stop, one at a time */
    pthread_cond_t stopped;
    bool in_stop;        /* [l] */
    bool stuck;          /* [l] a worker has not left */
    int answer;          /* [l] of the last stop */
    bool initialised;    /* [l] */
    kith_ms drain, kill; /* [l] of SIGTERM */
    _Atomic(bool) hurry; /* [a] a second SIGTERM has come */
} life = {.lock = PTHREAD_MUTEX_INITIALIZER, .stopped = PTHREAD_COND_INITIALIZER};

uint64_t
ki_deadline_ns(kith_ms timeout)
{
    if (timeout == KITH_INFINITY || timeout > INT64_MAX / MS / 2)
        return UINT64_MAX;
    return timeout <= 0 ? 0 : ki_soon_here() + (uint64_t) timeout * MS;
}

size_t
ki_in_use(struct ki_slots *t)
{
    /* relaxed, all of it: counts that order nothing */
    int64_t n = ki_load_rlx(&t->n_out);

    for (unsigned i = 0; i < ki_workers(); i++)
        n -= ki_load_rlx(&ki_sched.worker[i].slots[t->kind].len);
    return n > 0 ? (size_t) n : 0;
}

/* ---- fork ---- */

static void
in_child(void)
{
    if (ki_load_rlx(&ki_runtime.state) != KI_STATE_NEW)
        ki_store_seq(&ki_runtime.state, KI_STATE_FORKED);
    ki_worker_self_set(NULL);
}

/* Before the fork: a close that comes while it happens shall know. */
static void
before_fork(void)
{
    ki_store_seq(&ki_runtime.forked, true);
}

/* ---- start ---- */

static void
init_once(void)
{
    const uint32_t max = UINT32_C(1) << KI_SLOT_INDEX_BITS;

    if (life.initialised)
        return;
    life.initialised = true;
    ki_slots_init(&ki_runtime.procs, "processes", KI_KIND_PID,
                  ki_slots_apart(sizeof(struct ki_proc)), max);
    ki_slots_init(&ki_runtime.sockets, "sockets", KI_KIND_SOCKET,
                  ki_slots_apart(sizeof(struct ki_socket)), max);
    ki_slots_init(&ki_runtime.ops, "operations", KI_KIND_FUTURE,
                  ki_slots_apart(sizeof(struct ki_op)), max);
    ki_slots_init(&ki_runtime.monitors, "monitors", KI_KIND_REF,
                  ki_slots_apart(sizeof(struct ki_monitor)), max);
    ki_slots_init(&ki_runtime.timers, "timers", KI_KIND_TIMER, ki_timer_record_size(), max);
    ki_threads_init();
    pthread_atfork(before_fork, NULL, in_child);
}

/* A wheel ends with its worker: what it holds fires, finds nobody, and is freed. */
static void
worker_ends(struct ki_worker *w)
{
    ki_timers_run(&w->timers, UINT64_MAX);
    ki_slots_flush(&ki_runtime.procs, &w->slots[KI_KIND_PID]);
    ki_slots_flush(&ki_runtime.sockets, &w->slots[KI_KIND_SOCKET]);
    ki_slots_flush(&ki_runtime.ops, &w->slots[KI_KIND_FUTURE]);
    ki_slots_flush(&ki_runtime.monitors, &w->slots[KI_KIND_REF]);
    ki_slots_flush(&ki_runtime.timers, &w->slots[KI_KIND_TIMER]);
}

/* Sets *v to the variable's number, if there is one; 0, or KITH_EINVAL, which is explained: who set
 * it is not who wrote the program. */
static int
from_environment(const char *name, int max, int *v)
{
    if (ki_os_env_int(name, 0, max, v) == 0)
        return 0;
    ki_log(KITH_LOG_ERROR, "the environment's %s is no number from 0 to %d", name, max);
    return KITH_EINVAL;
}

/* The environment overrides the options. */
static int
read_options(kith_options *ours, const kith_options *theirs)
{
    int message_only, processes = -1; /* not set */

    *ours = (kith_options) KITH_OPTIONS_INIT;
    if (theirs) {
        if (theirs->size < sizeof theirs->size || theirs->size > sizeof *ours)
            return KITH_EINVAL;
        memcpy(ours, theirs, theirs->size);
    }
    message_only = ours->message_only;
    if (ki_log_environment() < 0 ||
        from_environment("KITH_WORKERS", KI_WORKERS_MAX, &ours->workers) < 0 ||
        from_environment("KITH_MESSAGE_ONLY", 1, &message_only) < 0 ||
        from_environment("KITH_PROCESSES", PROCESSES_MAX, &processes) < 0)
        return KITH_EINVAL;
    if (processes >= 0)
        ours->processes = (size_t) processes;
    ours->message_only = message_only != 0;
    if (ours->dump_signal && !ki_signals_may_dump(ours->dump_signal, ours->stop_on_sigterm))
        return KITH_EINVAL;
    return ours->workers < 0 || ours->workers > KI_WORKERS_MAX ||
                   ours->processes > PROCESSES_MAX
               ? KITH_EINVAL
               : 0;
}

static void
each_process(void (*fn)(struct ki_proc *p, uint64_t word, void *ctx), void *ctx)
{
    for (uint32_t i = 0;; i++) {
        struct ki_proc *p = (struct ki_proc *) (void *) ki_slots_at(&ki_runtime.procs, i);

        if (!p)
            return;
        /* A look: the signal's push decides whether it lives. */
        uint64_t w = ki_load_acq(&p->fiber.task.mbox);
        if (w != 0 && !(w & KI_MBOX_DEAD))
            fn(p, w, ctx);
    }
}

/* A thread's pid does not outlive the run in which it was given. Its record is put back by the
 * thread itself, when that calls again or ends. */
static void
end_thread(struct ki_proc *p, uint64_t word, void *ctx)
{
    (void) word;
    (void) ctx;
    if (ki_load_rlx(&p->seen.body) != KI_BODY_THREAD)
        return;
    ki_or_acq_rel(&p->fiber.task.mbox, KI_MBOX_EXITING | KI_MBOX_DEAD);
    ki_name_drop(p);
}

/* One of the last run: it was spawned when the stop had already killed those it saw. It dies before
 * it does anything in this run. Without memory for that there is no start. */
static void
doom_left(struct ki_proc *p, uint64_t word, void *rc)
{
    (void) word;
    if (ki_load_rlx(&p->seen.body) != KI_BODY_THREAD &&
        ki_exit_post(p, (kith_pid){ki_proc_id(p)}, (kith_pid){0},
                     kith_reason_of(KITH_KILL, 0, NULL)) == KITH_ENOMEM)
        *(int *) rc = KITH_ENOMEM;
}

static int
start(const kith_options *o)
{
    int rc;

    if (life.stuck && (!ki_sched_join(0) || ki_offload_busy() > 0))
        return KITH_ESTUCK;
    life.stuck = false;
    init_once();
    if (ki_load_rlx(&ki_runtime.epoch) != 0) {
        ki_timers_run(&ki_sched.outside, UINT64_MAX); /* as in worker_ends */
        each_process(end_thread, NULL);
    }
    rc = ki_stack_pool_init();
    if (rc == 0)
        each_process(doom_left, &rc);
    if (rc == 0)
        rc = ki_overflow_install(ki_report_overflow);
    if (rc < 0)
        return rc;
    ki_runtime.message_only = o->message_only;
    ki_runtime.max_procs = o->processes ? o->processes : DEFAULT_PROCESSES;
    ki_sched.poller = &ki_poller_system;
    ki_sched.on_event = ki_socket_event;
    ki_sched.on_signal = ki_signals_deliver;
    ki_sched.on_exit = worker_ends;
    ki_sched.on_stall = NULL;
    ki_sched.on_watch = ki_log_tick;
    ki_add_rlx(&ki_runtime.epoch, 1);
    ki_store_rlx(&ki_runtime.began_ns, ki_now_ns()); /* relaxed: the state publishes it */
    ki_store_seq(&ki_runtime.stopping, false);
    ki_store_seq(&ki_runtime.forked, false); /* no socket is left of the last start */
    ki_store_rlx(&ki_runtime.passed, false); /* relaxed: nobody runs yet */
    ki_offload_start();
    rc = ki_sched_start(o->workers ? (unsigned) o->workers : ki_os_cpus());
    if (rc < 0)
        return rc;
    life.drain = o->drain ? o->drain : DEFAULT_DRAIN_MS;
    life.kill = o->kill ? o->kill : DEFAULT_KILL_MS;
    ki_store_seq(&life.hurry, false);
    ki_store_seq(&ki_runtime.state, KI_STATE_RUNNING);
    if (o->stop_on_sigterm)
        ki_signals_stop_on_term();
    if (o->dump_signal)
        ki_signals_dump_on(o->dump_signal);
    return 0;
}

int
kith_start(const kith_options *theirs)
{
    kith_options o;
    int rc;

    if (ki_load_rlx(&ki_runtime.state) == KI_STATE_FORKED)
        return KITH_EFORKED; /* first: another may hold a lock that is never given back */
    rc = read_options(&o, theirs);
    if (rc < 0)
        return rc;
    pthread_mutex_lock(&life.lock);
    rc = life.in_stop || ki_load_rlx(&ki_runtime.state) == KI_STATE_RUNNING ? KITH_EALREADY
                                                                            : start(&o);
    pthread_mutex_unlock(&life.lock);
    return rc;
}

/* ---- stop ---- */

struct doom {
    int kind;
    int n;
};

/* One that is in the last steps of its death ends by itself: it is not counted. One that is
 * supervised is ended in its turn, by its supervisor: at a kill only each hears of it. */
static void
doom_process(struct ki_proc *p, uint64_t word, void *ctx)
{
    struct doom *d = ctx;
    kith_pid pid = {ki_proc_id(p)};

    if (ki_load_rlx(&p->seen.body) == KI_BODY_THREAD ||
        (d->kind == KITH_SHUTDOWN && ki_load_rlx(&p->in_tree)))
        return; /* relaxed: a glance */
    if (kith_exit_signal(pid, kith_reason_of(d->kind, 0, NULL)) == 0 &&
        !(word & KI_MBOX_EXITING))
        d->n++;
}

/* A plain thread that waits answers KITH_ESTOPPED. A thread's record has no other use for its
 * job_node, and is not given back while the runtime is stopped. */
static void
wake_thread(struct ki_proc *p, uint64_t word, void *ctx)
{
    (void) word;
    (void) ctx;
    if (ki_load_rlx(&p->seen.body) != KI_BODY_THREAD)
        return;
    p->job_node = (struct ki_node){.to = ki_proc_id(p), .kind = KI_N_STOPPED};
    if (!ki_sched_post(ki_proc_task(p), &p->job_node, KI_MBOX_DEAD))
        return; /* it is ending by itself */
}

/* `hurry`: a second signal ends the wait. */
static bool
wait_for_none(kith_ms ms, bool hurry)
{
    const uint64_t span = ms > 0 ? (uint64_t) ms : 0, now = ki_os_now_ns();
    const uint64_t deadline = span > (UINT64_MAX - now) / MS ? UINT64_MAX : now + span * MS;

    for (;;) {
        uint32_t seen = ki_load_seq(&ki_runtime.quiet);

        if (ki_load_seq(&ki_runtime.n_procs) == 0)
            return true;
        if (ki_os_now_ns() >= deadline || (hurry && ki_load_seq(&life.hurry)))
            return false;
        /* In steps: the last one's wake may come between the look and the wait of a clock that
         * a test has replaced. */
        ki_os_park(&ki_runtime.quiet, seen, ki_now_ns() + 50 * (uint64_t) MS);
    }
}

static void
stop_listening(struct ki_proc *self)
{
    for (uint32_t i = 0;; i++) {
        struct ki_socket *s =
            (struct ki_socket *) (void *) ki_slots_at(&ki_runtime.sockets, i);

        if (!s)
            return;
        if (ki_load_seq(&s->state) & KITH_STATE_LISTENING) /* with do_listen */
            ki_socket_call_later(self, s, KI_OP_CALL, ki_socket_stop_listening);
    }
}

/* Those that are left are plain threads'. Workers that are stuck do not close them: in bounded time. */
static void
close_sockets(struct ki_proc *self, uint64_t deadline)
{
    int rc = 0;

    for (uint32_t i = 0;; i++) {
        struct ki_socket *s =
            (struct ki_socket *) (void *) ki_slots_at(&ki_runtime.sockets, i);

        if (!s)
            break;
        uint64_t w = ki_load_acq(&s->task.mbox);
        if (w != 0 && !(w & KI_MBOX_DEAD))
            ki_socket_call_later(self, s, KI_OP_CLOSE, NULL);
    }
    while (self->ops && rc == 0)
        rc = ki_proc_wait(self, deadline, "stop");
    ki_proc_wait_end(self);
}

/* Steps 1 to 6. */
static int
stop(struct ki_proc *self, kith_ms drain, kith_ms kill)
{
    struct doom shutdown = {.kind = KITH_SHUTDOWN}, killed = {.kind = KITH_KILL};
    uint64_t deadline, leave;
    bool all;

    stop_listening(self);
    if (!wait_for_none(drain, true)) {
        each_process(doom_process, &shutdown);
        if (!wait_for_none(kill, false)) {
            if (kill > 0)
                ki_report_left("has to be killed");
            each_process(doom_process, &killed);
            if (!wait_for_none(GRACE_MS, false))
                ki_report_left("left behind");
        }
    }
    all = ki_load_seq(&ki_runtime.n_procs) == 0;
    leave = ki_os_now_ns() + (uint64_t) (all ? LEAVE_MS : GRACE_MS) * MS;
    deadline = ki_now_ns() + GRACE_MS * (uint64_t) MS;
    close_sockets(self, deadline);
    ki_signals_forget();
    ki_thread_detach(deadline);
    ki_store_seq(&ki_runtime.state, KI_STATE_STOPPED);
    each_process(wake_thread, NULL); /* after that store: see ki_thread_attach */
    ki_sched_halt();
    (void) ki_log_flush(); /* while the side pool is there for the hook */
    ki_offload_stop();
    /* With nobody left no worker is in the user's code: all leave, however busy the machine. */
    if (!ki_sched_join(leave) || !all) {
        life.stuck = true;
        return KITH_ESTUCK;
    }
    return killed.n;
}

struct stop_args {
    kith_ms drain, kill;
    uint32_t epoch; /* of the run that is to be stopped */
    int answer;
};

static int stop_run(uint32_t epoch, kith_ms drain, kith_ms kill);

static void *
stop_thread(void *arg)
{
    struct stop_args a = *(struct stop_args *) arg;

    ki_mem_free(arg, sizeof a);
    ki_os_thread_name("kith-stop");
    int n = stop_run(a.epoch, a.drain, a.kill);
    if (n > 0)
        ki_log(KITH_LOG_WARNING, "stop: %d processes had to be killed", n);
    return NULL;
}

/* A stop by a thread of its own. 0: it has begun, now or before. */
static int
stop_begin(kith_ms drain, kith_ms kill)
{
    struct stop_args *a = ki_mem_alloc(sizeof *a);
    pthread_t t;
    int rc;

    if (!a)
        return KITH_ENOMEM;
    *a = (struct stop_args){.drain = drain,
                            .kill = kill,
                            .epoch = ki_load_rlx(&ki_runtime.epoch)};
    rc = 0;
    if (ki_xchg_seq(&ki_runtime.stopping, true) ||
        (rc = ki_os_thread(&t, stop_thread, a)) < 0) {
        ki_mem_free(a, sizeof *a);
        if (rc < 0)
            ki_store_seq(&ki_runtime.stopping, false);
        return rc < 0 ? KITH_EAGAIN : 0;
    }
    pthread_detach(t);
    return 0;
}

void
ki_stop_on_signal(void)
{
    int rc;

    if (ki_load_seq(&ki_runtime.stopping)) {
        ki_store_seq(&life.hurry, true);
        ki_os_unpark(&ki_runtime.quiet);
        return;
    }
    rc = stop_begin(life.drain, life.kill);
    if (rc < 0)
        ki_log(KITH_LOG_ERROR, "stop: %s", kith_strerror(rc));
}

static void *
stop_for_another(void *arg)
{
    struct stop_args *a = arg;

    a->answer = kith_stop(a->drain, a->kill);
    return NULL;
}

/* The calls that a stop makes need a pseudo-process, and the caller's was killed. */
static int
stop_by_another(kith_ms drain, kith_ms kill)
{
    struct stop_args a = {.drain = drain, .kill = kill};
    pthread_t t;

    if (ki_os_thread(&t, stop_for_another, &a) < 0)
        return KITH_EAGAIN;
    pthread_join(t, NULL);
    return a.answer;
}

/* By a plain thread, p (NULL: there is no runtime any more). `epoch`: the run that is meant, 0 =
 * this one. */
static int
stop_by(struct ki_proc *p, uint32_t epoch, kith_ms drain, kith_ms kill)
{
    int rc;

    pthread_mutex_lock(&life.lock);
    if (life.in_stop) { /* somebody else's: its end is ours */
        while (life.in_stop)
            pthread_cond_wait(&life.stopped, &life.lock);
        rc = life.answer;
        pthread_mutex_unlock(&life.lock);
        return rc;
    }
    if (!p || ki_load_rlx(&ki_runtime.state) != KI_STATE_RUNNING ||
        (epoch && epoch != ki_load_rlx(&ki_runtime.epoch))) {
        pthread_mutex_unlock(&life.lock);
        return KITH_ESTOPPED;
    }
    life.in_stop = true;
    ki_store_seq(&ki_runtime.stopping, true);
    pthread_mutex_unlock(&life.lock);

    rc = stop(p, drain, kill);

    pthread_mutex_lock(&life.lock);
    life.in_stop = false;
    life.answer = rc;
    pthread_cond_broadcast(&life.stopped);
    pthread_mutex_unlock(&life.lock);
    return rc;
}

int
kith_stop(kith_ms drain, kith_ms kill)
{
    struct ki_proc *p = NULL;
    int rc = ki_enter(&p);

    if (rc == KITH_EKILLED)
        return stop_by_another(drain, kill);
    if (rc < 0 && rc != KITH_ESTOPPED)
        return rc;
    if (rc == 0 && p->body != KI_BODY_THREAD)
        return stop_begin(drain, kill);
    return stop_by(rc == 0 ? p : NULL, 0, drain, kill);
}

static int
stop_run(uint32_t epoch, kith_ms drain, kith_ms kill)
{
    struct ki_proc *p = NULL;

    return stop_by(ki_enter(&p) == 0 ? p : NULL, epoch, drain, kill);
}
bool
kith_stopping(void)
{
    return ki_load_rlx(&ki_runtime.stopping); /* relaxed: a hint that soon turns true */
}

/* ---- main ---- */

static int
result_of(kith_reason why)
{
    switch (why.kind) {
    case KITH_NORMAL:
    case KITH_SHUTDOWN:
        return 0;
    case KITH_ERROR:
        return why.code;
    default:
        return KITH_EKILLED;
    }
}

int
kith_main(kith_fn fn, const void *arg, size_t len, const kith_options *o)
{
    const struct ki_birth b = {.body = KI_BODY_STACK,
                               .fn = fn,
                               .site = __builtin_return_address(0),
                               .main = true};
    kith_spawn_options first = KITH_SPAWN_OPTIONS_INIT;
    const kith_msg *m;
    kith_ref ref;
    int rc = fn ? kith_start(o) : KITH_EINVAL, result;

    if (rc < 0)
        return rc;
    /* Not kith_wait: to that, one that has ended already is one that never was. */
    first.monitor = &ref;
    rc = ki_spawn(&first, &b, arg, len, NULL);
    if (rc == 0)
        rc = kith_receive_ref(ref, &m, KITH_INFINITY);
    if (rc == KITH_ESTOPPED) /* by a signal, before we could so much as wait */
        result = 0;
    else
        result = rc < 0 ? rc : result_of(KITH_BODY(m, kith_down)->why);
    rc = kith_stop(life.drain, life.kill);
    return result == 0 && rc == KITH_ESTUCK ? rc : result;
}
