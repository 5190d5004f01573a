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
 * runs it, and the next start finds it doomed. */
#include "actors/runtime.h"

#include "core/thread.h"
#include <string.h>

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
    GRACE_MS = 200, /* what the killed get to run their deferred functions */
    LEAVE_MS = 10000,
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
} life = {.lock = PTHREAD_MUTEX_INITIALIZER, .stopped = PTHREAD_COND_INITIALIZER};

uint64_t
ki_deadline_ns(kith_ms timeout)
{
    if (timeout == KITH_INFINITY || timeout > INT64_MAX / MS / 2)
        return UINT64_MAX;
    return timeout <= 0 ? 0 : ki_soon_here() + (uint64_t) timeout * MS;
}

/* ---- fork ---- */

static void
in_child(void)
{
    if (ki_load_rlx(&ki_runtime.state) != KI_STATE_NEW)
        ki_store_seq(&ki_runtime.state, KI_STATE_FORKED);
    ki_worker_self_set(NULL);
}

static void
in_parent(void)
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
    pthread_atfork(NULL, in_parent, in_child);
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

/* The environment overrides the options. */
static int
read_options(kith_options *ours, const kith_options *theirs)
{
    *ours = (kith_options) KITH_OPTIONS_INIT;
    if (theirs) {
        if (theirs->size < sizeof theirs->size || theirs->size > sizeof *ours)
            return KITH_EINVAL;
        memcpy(ours, theirs, theirs->size);
    }
    ours->workers = ki_os_env_int("KITH_WORKERS", ours->workers);
    ours->message_only = ki_os_env_int("KITH_MESSAGE_ONLY", ours->message_only) != 0;
    return ours->workers < 0 || ours->workers > 250 ? KITH_EINVAL : 0;
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
    if (p->body != KI_BODY_THREAD)
        return;
    ki_or_acq_rel(&p->fiber.task.mbox, KI_MBOX_EXITING | KI_MBOX_DEAD);
    ki_name_drop(p);
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
        rc = ki_overflow_install(ki_report_overflow);
    if (rc < 0)
        return rc;
    ki_runtime.message_only = o->message_only;
    ki_sched.poller = &ki_poller_system;
    ki_sched.on_event = ki_socket_event;
    ki_sched.on_signal = ki_signals_deliver;
    ki_sched.on_exit = worker_ends;
    ki_sched.on_stall = NULL;
    ki_add_rlx(&ki_runtime.epoch, 1);
    ki_store_seq(&ki_runtime.stopping, false);
    ki_store_seq(&ki_runtime.forked, false);
    ki_offload_start();
    rc = ki_sched_start(o->workers ? (unsigned) o->workers : ki_os_cpus());
    if (rc < 0)
        return rc;
    life.drain = o->drain ? o->drain : DEFAULT_DRAIN_MS;
    life.kill = o->kill ? o->kill : DEFAULT_KILL_MS;
    ki_store_seq(&ki_runtime.state, KI_STATE_RUNNING);
    if (o->stop_on_sigterm)
        ki_signals_stop_on_term();
    return 0;
}

int
kith_start(const kith_options *theirs)
{
    kith_options o;
    int rc = read_options(&o, theirs);

    if (ki_load_rlx(&ki_runtime.state) == KI_STATE_FORKED)
        return KITH_EFORKED;
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

/* One that is in the last steps of its death ends by itself: it is not counted. */
static void
doom_process(struct ki_proc *p, uint64_t word, void *ctx)
{
    struct doom *d = ctx;
    kith_pid pid = {ki_proc_id(p)};

    if (p->body == KI_BODY_THREAD)
        return;
    if (kith_exit_signal(pid, kith_reason_of(d->kind, 0, NULL)) == 0 &&
        !(word & KI_MBOX_EXITING))
        d->n++;
}

/* A plain thread that waits answers KITH_ESTOPPED. A thread's record has no other use for its
 * job_node, and is not given back while the runtime is stopped. */
static void
wake_thread(struct ki_proc *p, uint64_t word, void *self)
{
    if (p->body != KI_BODY_THREAD || p == self)
        return;
    (void) word;
    p->job_node = (struct ki_node){.to = ki_proc_id(p), .kind = KI_N_STOPPED};
    if (!ki_sched_post(ki_proc_task(p), &p->job_node, KI_MBOX_DEAD))
        return; /* it is ending by itself */
}

static bool
wait_for_none(kith_ms ms)
{
    uint64_t deadline = ki_os_now_ns() + (uint64_t) (ms > 0 ? ms : 0) * MS;

    for (;;) {
        uint32_t seen = ki_load_seq(&ki_runtime.quiet);

        if (ki_load_seq(&ki_runtime.n_procs) == 0)
            return true;
        if (ki_os_now_ns() >= deadline)
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
        if (ki_load_rlx(&s->listening))
            (void) ki_socket_call(self, (kith_socket){ki_socket_id(s)},
                                  ki_socket_stop_listening, NULL);
    }
}

static void
close_sockets(void)
{
    for (uint32_t i = 0;; i++) {
        struct ki_socket *s =
            (struct ki_socket *) (void *) ki_slots_at(&ki_runtime.sockets, i);

        if (!s)
            return;
        uint64_t w = ki_load_acq(&s->task.mbox);
        if (w != 0 && !(w & KI_MBOX_DEAD))
            (void) kith_socket_close((kith_socket){ki_socket_id(s)});
    }
}

/* Steps 1 to 6. */
static int
stop(struct ki_proc *self, kith_ms drain, kith_ms kill)
{
    struct doom shutdown = {.kind = KITH_SHUTDOWN}, killed = {.kind = KITH_KILL};
    bool all;

    stop_listening(self);
    if (!wait_for_none(drain)) {
        each_process(doom_process, &shutdown);
        if (!wait_for_none(kill)) {
            if (kill > 0)
                ki_report_left("has to be killed");
            each_process(doom_process, &killed);
            if (!wait_for_none(GRACE_MS))
                ki_report_left("left behind");
        }
    }
    all = ki_load_seq(&ki_runtime.n_procs) == 0;
    close_sockets();
    ki_signals_forget();
    ki_thread_detach();
    ki_store_seq(&ki_runtime.state, KI_STATE_STOPPED);
    each_process(wake_thread, self); /* after that store: see ki_thread_attach */
    ki_sched_halt();
    ki_offload_stop();
    /* With nobody left no worker is in the user's code: all leave, however busy the machine. */
    if (!ki_sched_join(ki_os_now_ns() + (uint64_t) (all ? LEAVE_MS : GRACE_MS) * MS) ||
        !all) {
        life.stuck = true;
        return KITH_ESTUCK;
    }
    return killed.n;
}

struct stop_args {
    kith_ms drain, kill;
    int answer;
};

static void *
stop_thread(void *arg)
{
    struct stop_args a = *(struct stop_args *) arg;

    ki_mem_free(arg, sizeof a);
    ki_os_thread_name("kith-stop");
    int n = kith_stop(a.drain, a.kill);
    if (n > 0)
        ki_log("stop: %d processes had to be killed", n);
    return NULL;
}

static void
stop_begin(kith_ms drain, kith_ms kill)
{
    struct stop_args *a;
    pthread_t t;

    if (ki_load_seq(&ki_runtime.stopping))
        return;
    a = ki_mem_alloc(sizeof *a);
    if (!a)
        return;
    *a = (struct stop_args){.drain = drain, .kill = kill};
    if (pthread_create(&t, NULL, stop_thread, a) == 0)
        pthread_detach(t);
    else
        ki_mem_free(a, sizeof *a);
}

void
ki_stop_on_signal(void)
{
    stop_begin(life.drain, life.kill);
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

    if (pthread_create(&t, NULL, stop_for_another, &a) != 0)
        return KITH_EAGAIN;
    pthread_join(t, NULL);
    return a.answer;
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
    if (rc == 0 && p->body != KI_BODY_THREAD) {
        stop_begin(drain, kill);
        return 0;
    }
    pthread_mutex_lock(&life.lock);
    if (life.in_stop) { /* somebody else's: its end is ours */
        while (life.in_stop)
            pthread_cond_wait(&life.stopped, &life.lock);
        rc = life.answer;
        pthread_mutex_unlock(&life.lock);
        return rc;
    }
    if (rc < 0 || ki_load_rlx(&ki_runtime.state) != KI_STATE_RUNNING) {
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
    const kith_msg *m;
    kith_ref ref;
    int rc = kith_start(o), result;

    if (rc < 0)
        return rc;
    /* Not kith_wait: to that, one that has ended already is one that never was. */
    rc = kith_spawn_monitor(fn, arg, len, NULL, &ref);
    if (rc == 0)
        rc = kith_receive_ref(ref, &m, KITH_INFINITY);
    if (rc == KITH_ESTOPPED) /* by a signal, before we could so much as wait */
        result = 0;
    else
        result = rc < 0 ? rc : result_of(KITH_BODY(m, kith_down)->why);
    rc = kith_stop(life.drain, life.kill);
    return result == 0 && rc == KITH_ESTUCK ? rc : result;
}
