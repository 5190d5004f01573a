/* SPDX-License-Identifier: Apache-2.0
 * supervisor.h -- processes that start others, and start them again when they die.
 *
 * A supervisor is declared, not written: which children, in which order, what to do about
 * the death of one, and how many deaths are too many. It starts its children one after the
 * other, each when the one before is ready, and ends them in the reverse order.
 *
 *     static const kith_child children[] = {
 *         {.id = "store", .server = &store, .opt = {.name = "store"}},
 *         {.id = "clock", .fn = clock_main, .restart = KITH_TRANSIENT},
 *     };
 *     static const kith_supervisor top = {
 *         .strategy = KITH_ONE_FOR_ALL, .intensity = 5, .period = 10000,
 *         .children = children, .n = 2,
 *     };
 *
 *     rc = kith_supervisor_start(&top, &pid);
 *
 * A child may be a supervisor itself, so trees grow. No child outlives its supervisor: when
 * one dies, of a kill too, its children have ended before anyone hears of it. So whoever
 * restarts it finds names and ports free.
 */
#ifndef KITH_SUPERVISOR_H
#define KITH_SUPERVISOR_H

#include <kith/base.h>
#include <kith/listener.h>
#include <kith/process.h>
#include <kith/server.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Strategies: whom the death of a child concerns, if it is to be restarted. Those that live
 * are ended, last first, and all are started again in their order. */
enum {
    KITH_ONE_FOR_ONE,       /* itself */
    KITH_ONE_FOR_ALL,       /* all children */
    KITH_REST_FOR_ONE,      /* itself and those after it */
    KITH_SIMPLE_ONE_FOR_ONE /* itself; the one child is the pattern of all there will be */
};

/* Restart types: after which deaths a child is restarted. */
enum {
    KITH_PERMANENT, /* all */
    KITH_TRANSIENT, /* all but those with reason normal or shutdown */
    KITH_TEMPORARY  /* none; it is forgotten, also when a sibling's restart has ended it */
};

/* When a supervisor ends with its significant children. Only deaths of their own count,
 * not those by kith_supervisor_terminate_child or a sibling's restart. */
enum {
    KITH_AUTO_SHUTDOWN_NEVER,
    KITH_AUTO_SHUTDOWN_ANY, /* with the first of them that dies and is not restarted */
    KITH_AUTO_SHUTDOWN_ALL  /* with the last */
};

/* For kith_child.shutdown: a kill at once. */
#define KITH_BRUTAL_KILL ((kith_ms) -1)

enum { KITH_CHILD_ID = 64 }; /* bytes of an id, with its NUL */

typedef struct kith_supervisor kith_supervisor;

/* A child: just one of `server`, `fn`, `supervisor` and `listener`. */
typedef struct kith_child {
    const char *id;            /* its name among its siblings; a pattern needs none */
    const kith_server *server; /* lent, as to kith_server_start */
    kith_fn fn;                /* counts as started when spawned; see init_ack */
    const kith_supervisor *supervisor; /* a tree inside this one */
    const kith_listener *listener;     /* as kith_listener_start with `where` */
    const char *where;
    const void *arg; /* of server or fn */
    size_t len;
    kith_spawn_options opt; /* but for monitor and give; zero = the usual */
    int restart;            /* KITH_PERMANENT.. */
    kith_ms shutdown;       /* from asked to end to killed; 0 = 5,000, of supervisors and
                               listeners KITH_INFINITY; or that, or KITH_BRUTAL_KILL */
    bool significant;       /* see KITH_AUTO_SHUTDOWN_ANY; no permanent one is */
    bool init_ack;          /* of fn: counts as started when it has called kith_init_ack */
} kith_child;

struct kith_supervisor {
    int strategy;      /* KITH_ONE_FOR_ONE.. */
    int intensity;     /* restarts in a period; one more, and it gives up; 0 .. 1,000,000 */
    kith_ms period;    /* milliseconds; 0 = 5,000 */
    int auto_shutdown; /* KITH_AUTO_SHUTDOWN_NEVER.. */
    const kith_child *children;
    size_t n; /* of children; KITH_SIMPLE_ONE_FOR_ONE: 1, the pattern */
};

enum {
    KITH_CHILD_STOPPED,   /* has ended, and stays so until it is restarted by a call */
    KITH_CHILD_RUNNING,   /* */
    KITH_CHILD_RESTARTING /* a restart has failed and is tried again */
};

/* A child as its supervisor sees it. */
typedef struct kith_child_info {
    char id[KITH_CHILD_ID]; /* empty: it has none */
    kith_pid pid;           /* zero unless it runs */
    int state;              /* KITH_CHILD_STOPPED.. */
    int restart;            /* KITH_PERMANENT.. */
    kith_ms shutdown;       /* as it is used */
    bool supervisor, significant;
} kith_child_info;

typedef struct kith_child_counts {
    size_t specs;       /* declared; KITH_SIMPLE_ONE_FOR_ONE: 1 */
    size_t active;      /* that run */
    size_t supervisors; /* that run or not, and are supervisors */
    size_t workers;     /* the others */
} kith_child_counts;

/**
 * Look whether a declaration makes sense, without starting anything.
 *
 * returns  0; or
 *          KITH_EEXIST  two children have the same id;
 *          KITH_EINVAL  anything else: a strategy, type or time out of its range; an id that
 *                       is missing, empty or longer than 63 bytes; not just one of server,
 *                       fn, supervisor and listener; init_ack without fn; monitor or give
 *                       in opt; an arg for a supervisor or a listener (which has its own);
 *                       `where` without a listener; a significant child that is permanent, or
 *                       where auto_shutdown is never; more or less than one pattern; trees
 *                       more than 16 deep.
 * context  any thread, with or without a runtime; never suspends.
 * source   OTP supervisor:check_childspecs/2. Differs: of the whole declaration.
 */
KITH_API KITH_NODISCARD int
kith_supervisor_check(const kith_supervisor *s);

/**
 * Start a supervisor that is linked to the caller, and wait until its children have started.
 *
 * When a child does not start, those that have are ended, last first, and the code is
 * answered. The supervisor traps exits and has high priority. It ends, with its children in
 * order, when its starter dies or sends it an exit signal, with the reason of that.
 *
 * returns  0; or a code of kith_supervisor_check, of a child's start or of kith_spawn_opt,
 *          and nothing is left then;
 *          KITH_EKILLED  it was killed before all had started;
 *          or a waiting code (error.h).
 * context  a process or a plain thread; may suspend it.
 * owns     all of `s` is copied, ids, names, arguments and trees, but servers, which are
 *          lent; `pid` may be NULL.
 * source   OTP supervisor:start_link/2. Differs: a failed start sends its starter no exit.
 */
KITH_API KITH_NODISCARD int
kith_supervisor_start(const kith_supervisor *s, kith_pid *pid);

/**
 * The same with options of the spawn: a name, a monitor, a link or none.
 *
 * Without a link it hears of its starter's exit signals, not of its death.
 *
 * returns  as kith_supervisor_start; KITH_EEXIST also when the name is taken.
 * context  a process or a plain thread; may suspend it.
 * owns     as kith_supervisor_start; what `o` points to is copied; `o` may be NULL.
 * source   OTP supervisor:start_link/3.
 */
KITH_API KITH_NODISCARD int
kith_supervisor_start_opt(const kith_supervisor *s, const kith_spawn_options *o,
                          kith_pid *pid);

/**
 * Have a supervisor take one more child, its last, and start it.
 *
 * returns  0; or
 *          KITH_EALREADY    it has a child with this id that runs, and that is `*pid`, or is
 *                           being restarted, and `*pid` is zero;
 *          KITH_EEXIST      the same that has ended; or the name in `c->opt` is taken;
 *          KITH_EOPNOTSUPP  it is KITH_SIMPLE_ONE_FOR_ONE, or no supervisor;
 *          KITH_ENOPROC     the supervisor is dead or has died meanwhile;
 *          KITH_EDEADLK     it is the caller;
 *          or a code of kith_supervisor_check or of the child's start, and it has no such
 *          child then.
 * context  a process or a plain thread; may suspend it.
 * owns     as kith_supervisor_start; `pid` may be NULL.
 * source   OTP supervisor:start_child/2.
 */
KITH_API KITH_NODISCARD int
kith_supervisor_start_child(kith_pid sup, const kith_child *c, kith_pid *pid);

/**
 * Have a KITH_SIMPLE_ONE_FOR_ONE supervisor start one more child after its pattern.
 *
 * returns  as kith_supervisor_start_child; KITH_EOPNOTSUPP when it is of another kind or no
 *          supervisor; KITH_EINVAL when `arg` is NULL and `len` is not 0.
 * context  a process or a plain thread; may suspend it.
 * owns     `len` bytes of `arg` are copied, for this start and each restart, and take the
 *          place of the pattern's; with `arg` NULL those are used. `pid` may be NULL.
 * source   OTP supervisor:start_child/2. Differs: replaces, does not append.
 */
KITH_API KITH_NODISCARD int
kith_supervisor_start_dynamic(kith_pid sup, const void *arg, size_t len, kith_pid *pid);

/**
 * End a child, and wait until it is dead. It is not restarted; a temporary one is forgotten.
 *
 * returns  0, also when it had ended; or
 *          KITH_ENOENT      there is no such child;
 *          KITH_EINVAL      `id` is NULL or longer than 63 bytes;
 *          KITH_EOPNOTSUPP  children of a KITH_SIMPLE_ONE_FOR_ONE have no ids; or `sup` is no
 *                           supervisor;
 *          KITH_ENOPROC     the supervisor is dead or has died meanwhile;
 *          KITH_EDEADLK     it is the caller;  or a waiting code (error.h).
 * context  a process or a plain thread; may suspend it.
 * source   OTP supervisor:terminate_child/2.
 */
KITH_API KITH_NODISCARD int
kith_supervisor_terminate_child(kith_pid sup, const char *id);

/**
 * The same, by the child's pid. Of KITH_SIMPLE_ONE_FOR_ONE it is forgotten whatever its type,
 * and a pid that is dead is as good as ended: 0.
 *
 * returns  as kith_supervisor_terminate_child.
 * context  a process or a plain thread; may suspend it.
 * source   OTP supervisor:terminate_child/2. Differs: for every strategy.
 */
KITH_API KITH_NODISCARD int
kith_supervisor_terminate_pid(kith_pid sup, kith_pid child);

/**
 * Start a child that has ended.
 *
 * returns  as kith_supervisor_start_child; when the start fails it is there as before, and
 *          KITH_ENOENT    there is no such child;
 *          KITH_EINVAL    `id` is NULL or longer than 63 bytes;
 *          KITH_EALREADY  it runs, and that is `*pid`, or is being restarted.
 * context  a process or a plain thread; may suspend it.
 * owns     `pid` may be NULL.
 * source   OTP supervisor:restart_child/2.
 */
KITH_API KITH_NODISCARD int
kith_supervisor_restart_child(kith_pid sup, const char *id, kith_pid *pid);

/**
 * Forget a child that has ended.
 *
 * returns  as kith_supervisor_terminate_child, and
 *          KITH_EBUSY  it runs or is being restarted: end it first.
 * context  a process or a plain thread; may suspend it.
 * source   OTP supervisor:delete_child/2.
 */
KITH_API KITH_NODISCARD int
kith_supervisor_delete_child(kith_pid sup, const char *id);

/**
 * List the children in the order of their starts.
 *
 * returns  how many there are, `cap` of them in `infos` or all if they are fewer; or a code
 *          of kith_supervisor_terminate_child, KITH_EINVAL when `infos` is NULL and `cap` is not
 *          0, or `cap` is too large.
 * context  a process or a plain thread; may suspend it.
 * owns     `infos` is the caller's again; NULL with `cap` 0.
 * source   OTP supervisor:which_children/1.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_supervisor_which_children(kith_pid sup, kith_child_info *infos, size_t cap);

/**
 * Count the children.
 *
 * returns  0; or a code of kith_supervisor_terminate_child, KITH_EINVAL when `counts` is NULL.
 * context  a process or a plain thread; may suspend it.
 * source   OTP supervisor:count_children/1.
 */
KITH_API KITH_NODISCARD int
kith_supervisor_count_children(kith_pid sup, kith_child_counts *counts);

/**
 * Say whether the calling child is ready; see `init_ack`. Only the first word counts.
 *
 * With a code < 0 it is not, and should end now: its supervisor hears the code when it has.
 * Called where nobody waits for it, it does nothing.
 *
 * returns  nothing.
 * context  any thread; never suspends.
 * source   OTP proc_lib:init_ack/1, init_fail/2. Differs: comes back.
 */
KITH_API void
kith_init_ack(int code);

#ifdef __cplusplus
}
#endif

#endif
