/* SPDX-License-Identifier: Apache-2.0
 * proc.h -- a process's life between birth and death: who runs, what it waits for. */
#ifndef KI_PROC_H
#define KI_PROC_H

#include "actors/inbox.h"
#include "actors/runtime.h"

static inline struct ki_proc *
ki_proc_of_fiber(struct ki_fiber *f)
{
    return ki_container_of(f, struct ki_proc, fiber);
}

static inline struct ki_proc *
ki_proc_of_task(struct ki_task *t)
{
    return ki_container_of(t, struct ki_proc, fiber.task);
}

static inline struct ki_task *
ki_proc_task(struct ki_proc *p)
{
    return &p->fiber.task;
}

/* The full handle; by the process itself, or as a hint. relaxed: set at birth. */
static inline uint64_t
ki_proc_id(struct ki_proc *p)
{
    return ki_load_rlx(&p->fiber.task.id);
}

/* ki_proc_at answers the record behind a pid, whatever its generation; NULL: no such. */
static inline struct ki_proc *
ki_proc_at(kith_pid pid)
{
    if (ki_slow(ki_id_kind(pid.id) != KI_KIND_PID))
        return NULL;
    return (struct ki_proc *) (void *) ki_slots_at(&ki_runtime.procs, ki_id_index(pid.id));
}

/* ki_proc_find answers the record if the pid is its present one: a look, the push decides. The
 * look compares all 64 bits, of which the mailbox word holds 16. */
static inline struct ki_proc *
ki_proc_find(kith_pid pid)
{
    struct ki_proc *p =
        (struct ki_proc *) (void *) ki_slots_at(&ki_runtime.procs, ki_id_index(pid.id));

    if (ki_slow(p == NULL))
        return NULL;
    if (ki_fast(ki_proc_id(p) == pid.id))
        return p;
    (void) ki_load_acq(
        &p->fiber.task.mbox); /* as a refused push: what the dead did is seen */
    return NULL;
}

extern const struct ki_task_type ki_proc_task_type, ki_proc_high_task_type;

/* Whether p, no thread, is picked before others. By p, or before it runs; a look by any thread. */
void ki_proc_set_high(struct ki_proc *p, bool high);
bool ki_proc_is_high(struct ki_proc *p);

/* ki_proc_new takes a record: alive, OWNED by the caller, all else zero. NULL: none free. */
struct ki_proc *ki_proc_new(enum ki_body body);

/* ki_proc_free puts it back; its mailbox is DEAD and nothing of it is in use. */
void ki_proc_free(struct ki_proc *p);

/* ki_thread_killed is the death of a plain thread's pseudo-process that a signal has doomed; the
 * thread goes on, its calls answer KITH_EKILLED. thread.c */
void ki_thread_killed(struct ki_proc *p);

/* ki_proc_wait takes the mail there is, or waits for some until deadline_ns.
 *   0               something was taken: look whether it is what you wait for, and call again
 *   KITH_ETIMEOUT   the deadline has passed
 *   KITH_EKILLED    a thread, or a dying process, that shall wait no more
 * A process that is to die does so here and does not return. `what` names the wait in reports.
 * After the last of a series of waits: ki_proc_wait_end. */
KI_NODISCARD int ki_proc_wait(struct ki_proc *p, uint64_t deadline_ns, const char *what);

/* ki_proc_wait_expired is the expiry of p->alarm, the deadline of the present wait. */
void ki_proc_wait_expired(struct ki_alarm *a, struct ki_wakes *wakes);

/* ki_proc_is_late: the deadline has passed, or that of deferred functions. Reads the clock. */
bool ki_proc_is_late(const struct ki_proc *p, uint64_t deadline_ns);
void ki_proc_wait_end(struct ki_proc *p);

/* ki_proc_waits_no_more: it dies and has been killed: its waits answer KITH_EKILLED at once. */
static inline bool
ki_proc_waits_no_more(const struct ki_proc *p)
{
    return p->dying && p->doomed;
}

/* ki_proc_wait_failed passes on what a call that waited answers, when nothing of it is left: a
 * plain thread that was killed in it dies here, not only at its next call. */
static inline int
ki_proc_wait_failed(struct ki_proc *p, int rc)
{
    if (ki_slow(rc == KITH_EKILLED) && p->body == KI_BODY_THREAD && !p->dying)
        ki_thread_killed(p);
    return rc;
}

/* ki_proc_park_for_sure waits for mail that is certain to come soon; it takes none, and no
 * signal ends it. Not in handlers. */
void ki_proc_park_for_sure(struct ki_proc *p);

/* ki_proc_take takes and dispatches all mail; false: there was none. */
bool ki_proc_take(struct ki_proc *p);

/* Messages that a process takes out of its inbox at most without a look at its mailbox: a signal
 * that has come is acted on before the next 64 messages. */
enum { KI_FETCH_EVERY = 32 };

/* ki_proc_dispatch acts on a chain that was taken, oldest first. */
void ki_proc_dispatch(struct ki_proc *p, struct ki_node *n);

/* ki_proc_charge: the process has used n of its budget; when that is spent the others run. */
void ki_proc_spent(struct ki_proc *p);

static inline void
ki_proc_charge(struct ki_proc *p, int32_t n)
{
    p->fiber.budget -= n;
    if (ki_slow(p->fiber.budget < 0))
        ki_proc_spent(p);
}

/* ki_proc_die_if_doomed: a fetch point; does not return if a signal has said so. A thread or
 * handler returns, KITH_EKILLED and 0. */
int ki_proc_die_if_doomed(struct ki_proc *p);

/* The process's own list of sockets. By the process itself. */
void ki_proc_own(struct ki_proc *p, struct ki_socket *s);
void ki_proc_disown(struct ki_proc *p, struct ki_socket *s);
bool ki_proc_owns(struct ki_proc *p, struct ki_socket *s);

/* What a child is to run. */
struct ki_birth {
    enum ki_body body;
    kith_fn fn;     /* with a stack: run; without: what reports call it by */
    kith_conn conn; /* instead, with its socket */
    struct ki_handler
        *handler; /* of a server; copied before its argument if it has a stack */
    kith_socket socket;
    const void *site;  /* where spawn was called from */
    uint64_t start_op; /* told when it is ready, or has died before that; start.c */
    bool supervisor;   /* no child of it outlives it */
    bool main;         /* kith_main's: its end is told to its starter anyway */
    bool accepted;     /* a server whose argument is a kith_accepted; server.h */
};

/* ki_spawn is kith_spawn_opt for every kind of body. spawn.c */
int ki_spawn(const kith_spawn_options *o, const struct ki_birth *b, const void *arg,
             size_t len, kith_pid *pid);

/* ki_spawn_options reads the options of a caller, of the size it was compiled with, and looks at them:
 * 0 or KITH_EINVAL. spawn.c */
KI_NODISCARD int ki_spawn_options(kith_spawn_options *ours,
                                  const kith_spawn_options *theirs);

/* exit.c */
KI_NORETURN void ki_exit_here(
    struct ki_proc *p);               /* p->why says why; a process with a stack */
bool ki_exit_step(struct ki_proc *p); /* one try; false: wait for mail, then again */
void ki_exit_begin(struct ki_proc *p, kith_reason why);
void ki_exit_run_defers(struct ki_proc *p);
/* ki_chunk_alloc is kith_alloc by p, also in the midst of its mail. */
void *ki_chunk_alloc(struct ki_proc *p, size_t n);
/* ki_exit_post sends an exit signal. 0, KITH_ENOMEM, KITH_ENOPROC. */
int ki_exit_post(struct ki_proc *to, kith_pid pid, kith_pid from, kith_reason why);
/* ki_exit_signal is kith_exit_signal, to whoever has the alias if there is one. */
int ki_exit_signal(struct ki_proc *self, kith_pid pid, kith_ref alias, kith_reason why,
                   unsigned flags);
void ki_exit_signal_received(struct ki_proc *p, struct ki_node *n);
kith_reason ki_reason_of_result(int result);
void ki_exit_killed(struct ki_proc *p); /* what KITH_KILL does to its receiver */
void ki_proc_count_down(void);          /* a process's record was freed */

/* ki_hibernate leaves p's stack; with the next message p goes on in fn, with the argument it has.
 * hibernate.c */
KI_NORETURN void ki_hibernate(struct ki_proc *p, kith_fn fn);

/* thread.c */
struct ki_proc *ki_thread_self(void); /* this thread's pseudo-process, or NULL */
int ki_thread_attach(struct ki_proc **self);
void ki_thread_park(struct ki_proc *p, uint64_t deadline_ns);
void ki_thread_wake(struct ki_task *t);
void ki_threads_init(void);
void ki_thread_detach(uint64_t deadline_ns); /* a stop: the caller's pseudo-process ends */
KI_NORETURN void ki_thread_exit(struct ki_proc *p, kith_reason why); /* NULL: p has died */

/* monitor.c */
/* ki_monitor_asked: by the target, as the next two; `late`: it has died, and has yet to tell. */
void ki_monitor_asked(struct ki_node *n, bool late);
void ki_monitor_unasked(struct ki_node *n);
void ki_monitor_refused(struct ki_node *n); /* an asking for one who is dead */
void ki_monitor_down(struct ki_proc *p, struct ki_node *n);
void ki_monitor_free_msg(struct ki_msg *m);
void ki_monitor_drop_all(struct ki_proc *p); /* p dies: it watches nobody any more */
/* ki_monitor_tell_all: a process or socket dies: its watchers hear why. */
void ki_monitor_tell_all(struct ki_monitor **watched_by, kith_reason why);
void ki_monitor_call(struct ki_proc *p, struct ki_monitor *m, struct ki_op *op);
void ki_monitor_end(struct ki_proc *p, struct ki_monitor *m);

/* ki_monitor_kill kills whom p's monitor watches, by a node that lies in the monitor: it cannot
 * fail. Nothing if its DOWN was received. p must not demonitor it afterwards. */
void ki_monitor_kill(struct ki_proc *p, kith_ref ref);
void ki_monitor_kill_all(struct ki_proc *p); /* the same of all it watches */
void ki_monitor_orphaned(struct ki_proc *p, struct ki_node *n);
struct ki_monitor *ki_monitor_new(struct ki_proc *watcher, struct ki_proc *target,
                                  uint64_t target_id);

/* link.c */
void ki_link_asked(struct ki_node *n, bool late); /* as ki_monitor_asked */
void ki_link_unasked(struct ki_node *n);
void ki_link_refused(struct ki_node *n); /* an asking for one who is dead */
void ki_link_exit_received(struct ki_proc *p, struct ki_node *n);
/* ki_link_tell_all: a process or socket dies: all that are linked to it hear why. */
void ki_link_tell_all(struct ki_treap_node **links, kith_reason why);
void ki_link_free_msg(struct ki_msg *m);

/* timer.c */
size_t ki_timer_record_size(void);
void ki_timer_free_msg(struct ki_msg *m);
void ki_timer_drop_all(struct ki_proc *p); /* p dies: no message of a timer is for it */

#endif
