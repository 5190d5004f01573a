/* SPDX-License-Identifier: Apache-2.0
 * log.c -- a queue between those who log and the one who calls the hook.
 *
 *   a free record  --begin-->  written  --end-->  queue  --drain, the hook-->  free again
 *
 *   L1  Who logs never waits for the hook, whatever that does: without a free record the report is
 *       counted. Nothing is held while the hook runs: no lock, no claim (DESIGN C1), no worker.
 *   L2  One thread at a time calls the hook (`draining`), so texts come in the order of their end:
 *       one that the side pool keeps for us, or where there is no runtime who logs. A text that found
 *       no thread stays queued; the next, the watchdog, or a stop tries again.
 *   L3  A class has a budget that refills with time. What exceeds it costs a look at the clock, and
 *       is counted; the next report that is let through, the watchdog, or a stop says how many. */
#include "actors/log.h"

#include <string.h>

#include "actors/runtime.h"
#include "core/offload.h"
#include "core/os.h"
#include "core/seam.h"
#include "core/thread.h"

enum { RECORDS = 128, TEXT = 2048, FLUSH_MS = 100, STEP_MS = 5, MS = 1000000 };

struct record {
    struct ki_text text; /* in buf */
    struct record *next; /* [l] */
    enum ki_log_class class;
    int level;
    char buf[TEXT];
};

/* Of each class: how many at once, and how long until the next. */
static struct {
    const char *what;
    uint64_t burst, gap_ns;
    _Atomic(uint64_t) due; /* [a] when the budget will be full again, at the latest now */
    _Atomic(uint64_t) suppressed; /* [a] and not yet said */
} classes[KI_LOG_CLASSES] = {
    [KI_LOG_OWN] = {.what = "lines", .burst = 200, .gap_ns = 10 * (uint64_t) MS},
    [KI_LOG_USER] = {.what = "lines of kith_log"},
    [KI_LOG_CRASH] = {.what = "crash reports", .burst = 50, .gap_ns = 50 * (uint64_t) MS},
    [KI_LOG_SUPERVISOR] = {.what = "reports of supervisors",
                           .burst = 50,
                           .gap_ns = 50 * (uint64_t) MS},
};

static void drain_job(struct ki_job *j);

static struct {
    pthread_mutex_t lock;
    struct record record[RECORDS];
    unsigned fresh;              /* [l] of these were never used */
    struct record *free;         /* [l] */
    struct record *head, **tail; /* [l] the queue */
    kith_log_fn fn;              /* [l] NULL: stderr */
    void *ctx;                   /* [l] */
    bool draining;               /* [l] */
    struct record *calling;      /* [l] what the hook has; NULL: it is in no call */
    pthread_t drainer;           /* [l] who does it, while draining */
    int wanted;                  /* [l] by kith_log_to */
    int by_environment;          /* [l] instead, unless < 0 */
    _Atomic(int) least;          /* [a:l] the one that holds */
    uint64_t ended;              /* [l] texts that were queued */
    _Atomic(uint64_t) called;    /* [a] and had by the hook */
    _Atomic(uint32_t) bell;      /* [a] futex: grows with each call that has ended */
    struct ki_job job;
} logs = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .tail = &logs.head,
          .wanted = KITH_LOG_NOTICE,
          .by_environment = -1,
          .least = KITH_LOG_NOTICE,
          .job.run = drain_job};

/* The child of a fork while a runtime is there logs no more. */
static bool
in_child(void)
{
    return ki_load_rlx(&ki_runtime.state) == KI_STATE_FORKED;
}

/* ---- the lock ---- */

static void
before_fork(void)
{
    pthread_mutex_lock(&logs.lock);
}

static void
in_parent(void)
{
    pthread_mutex_unlock(&logs.lock);
}

/* Under the lock: what is queued is the parent's to say. */
static void
drop_queue(void)
{
    if (!logs.head)
        return;
    *logs.tail = logs.free;
    logs.free = logs.head;
    logs.head = NULL;
    logs.tail = &logs.head;
}

/* A child of a program that has not started anything logs on, with the forking thread alone. It may
 * be in the hook. */
static void
in_new_child(void)
{
    const bool mine = logs.calling && pthread_equal(logs.drainer, pthread_self());

    drop_queue();
    if (!mine) {
        if (logs.calling) {
            logs.calling->next = logs.free;
            logs.free = logs.calling;
        }
        logs.calling = NULL;
        logs.draining = false;
    }
    ki_store_seq(&logs.called, logs.ended - mine);
    pthread_mutex_unlock(&logs.lock);
}

static void
init_fork(void)
{
    pthread_atfork(before_fork, in_parent, in_new_child);
}

/* Not only from the first start on: plain threads log and fork before it. */
static void
lock(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, init_fork);
    pthread_mutex_lock(&logs.lock);
}

static void
unlock(void)
{
    pthread_mutex_unlock(&logs.lock);
}

/* ---- the hook's side ---- */

static void
to_stderr(void *ctx, int level, const char *text, size_t len)
{
    (void) ctx;
    (void) level;
    (void) ki_os_write(2, text, len);
}

/* The next text; NULL: there is none, or it is late, and the caller drains no more. */
static struct record *
next(uint64_t end, kith_log_fn *fn, void **ctx)
{
    const bool late = end != UINT64_MAX && ki_os_now_ns() >= end;

    lock();
    struct record *r = late ? NULL : logs.head;
    logs.drainer = pthread_self();
    logs.calling = r;
    if (r) {
        logs.head = r->next;
        if (!logs.head)
            logs.tail = &logs.head;
    } else {
        logs.draining = false;
    }
    *fn = logs.fn ? logs.fn : to_stderr;
    *ctx = logs.ctx;
    unlock();
    return r;
}

static void
put_back(struct record *r)
{
    lock();
    r->next = logs.free;
    logs.free = r;
    logs.calling = NULL;
    unlock();
}

/* By who has set `draining`; begins no call after `end`. */
static void
drain(uint64_t end)
{
    struct record *r;
    kith_log_fn fn;
    void *ctx;

    while ((r = next(end, &fn, &ctx)) != NULL) {
        fn(ctx, r->level, r->text.at, r->text.len);
        put_back(r);
        ki_add_seq(&logs.called, 1);
        ki_add_seq(&logs.bell, 1);
        ki_os_unpark(&logs.bell);
    }
}

static void
drain_job(struct ki_job *j)
{
    (void) j;
    drain(UINT64_MAX);
}

/* Has the side pool drain. 0, KITH_ENOMEM, or KITH_ESTOPPED: there is no pool. The pool's lock is not
 * touched before the first start: in the child of a fork it may be held for ever. */
static int
submit(void)
{
    return ki_load_rlx(&ki_runtime.state) == KI_STATE_NEW
               ? KITH_ESTOPPED
               : ki_offload_submit_own(&logs.job);
}

/* `draining` is the caller's. `may_call`: where there is no pool the caller calls the hook itself. */
static void
have_drained(bool may_call)
{
    const int rc = submit();

    if (rc == 0)
        return;
    if (rc == KITH_ESTOPPED && may_call) {
        drain(UINT64_MAX);
        return;
    }
    lock();
    logs.draining = false;
    unlock();
}

/* true: nobody drained, and now the caller does. */
static bool
begin_drain(void)
{
    lock();
    bool mine = !logs.draining;
    logs.draining = true;
    unlock();
    return mine;
}

/* Waits until the hook has had so many, at most until `end`. The hook is called elsewhere if that is
 * possible at all: it may not come back. */
static void
wait_for(uint64_t n, uint64_t end)
{
    while (ki_load_seq(&logs.called) < n && ki_os_now_ns() < end) {
        uint32_t bell = ki_load_seq(&logs.bell);

        if (begin_drain() && submit() < 0)
            drain(end);
        else /* in steps: the wake may go to another, and a test's clock may stand still */
            ki_os_park(&logs.bell, bell, ki_now_ns() + STEP_MS * (uint64_t) MS);
    }
}

static uint64_t
so_far(void)
{
    lock();
    uint64_t n = logs.ended;
    unlock();
    return n;
}

/* ---- how many ---- */

/* L3 */
static bool
within_budget(enum ki_log_class c)
{
    const uint64_t gap = classes[c].gap_ns, now = gap ? ki_now_ns() : 0;
    const uint64_t full = now + classes[c].burst * gap;
    uint64_t next, due = ki_load_rlx(&classes[c].due); /* relaxed: the swap checks it */

    do {
        next =
            due < now || due > full ? now : due; /* beyond: a test's clock has gone back */
        if (gap && next + gap > full)
            return false;
    } while (!ki_cas_weak_acq_rel(&classes[c].due, &due, next + gap));
    return true;
}

static struct record *
record_new(enum ki_log_class c, int level)
{
    lock();
    struct record *r = logs.free;
    if (r)
        logs.free = r->next;
    else if (logs.fresh < RECORDS)
        r = &logs.record[logs.fresh++];
    unlock();
    if (!r)
        return NULL;
    r->class = c;
    r->level = level;
    r->text = ki_text_in(r->buf, sizeof r->buf);
    return r;
}

/* Puts r into the queue. */
static void
send(struct record *r, bool may_call)
{
    bool mine;

    ki_text_end(&r->text);
    r->next = NULL;
    lock();
    *logs.tail = r;
    logs.tail = &r->next;
    logs.ended++;
    mine = !logs.draining;
    logs.draining = true;
    unlock();
    if (mine)
        have_drained(may_call);
}

/* Says what was suppressed of a class, if anything was. */
static void
say_suppressed(enum ki_log_class c, bool may_call)
{
    if (ki_load_rlx(&classes[c].suppressed) == 0) /* relaxed: asked again */
        return;
    struct record *r = record_new(c, KITH_LOG_WARNING);
    if (!r)
        return;
    ki_text_add(&r->text, "kith: %zu %s suppressed",
                (size_t) ki_xchg_acq_rel(&classes[c].suppressed, 0), classes[c].what);
    send(r, may_call);
}

/* The watchdog never calls the hook: that may block, and it may not. */
void
ki_log_tick(void)
{
    for (unsigned c = 0; c < KI_LOG_CLASSES; c++)
        if (ki_load_rlx(&classes[c].suppressed) != 0 && within_budget(c))
            say_suppressed(c, false);
    lock();
    const bool left = logs.head && !logs.draining;
    unlock();
    if (left && begin_drain())
        have_drained(false);
}

/* ---- the side of those who log ---- */

struct ki_text *
ki_log_begin(enum ki_log_class c, int level)
{
    struct record *r = NULL;

    /* relaxed: from some moment on */
    if (level < ki_load_rlx(&logs.least) || level >= KITH_LOG_NONE || in_child())
        return NULL;
    if (within_budget(c)) {
        say_suppressed(c, !ki_worker_self());
        r = record_new(c, level);
    }
    if (!r)
        ki_add_rlx(&classes[c].suppressed, 1);
    return r ? &r->text : NULL;
}

void
ki_log_end(struct ki_text *t)
{
    send(ki_container_of(t, struct record, text), !ki_worker_self());
}

void
ki_log(int level, const char *fmt, ...)
{
    struct ki_text *t = ki_log_begin(KI_LOG_OWN, level);
    va_list ap;

    if (!t)
        return;
    ki_text_add(t, "kith: ");
    va_start(ap, fmt);
    ki_text_vadd(t, fmt, ap);
    va_end(ap);
    ki_log_end(t);
}

bool
ki_log_flush(void)
{
    const uint64_t end = ki_os_now_ns() + FLUSH_MS * (uint64_t) MS;
    uint64_t n;

    if (in_child())
        return false;
    for (unsigned c = 0; c < KI_LOG_CLASSES; c++)
        say_suppressed(c, false);
    n = so_far();
    wait_for(n, end);
    return ki_load_seq(&logs.called) >= n;
}

void
kith_log(int level, const char *fmt, ...)
{
    struct ki_text *t;
    va_list ap;

    if (!fmt || (t = ki_log_begin(KI_LOG_USER, level)) == NULL)
        return;
    va_start(ap, fmt);
    ki_text_vadd(t, fmt, ap);
    va_end(ap);
    ki_log_end(t);
}

/* ---- who hears it ---- */

/* Under the lock. */
static void
choose_level(void)
{
    ki_store_rlx(&logs.least, logs.by_environment >= 0 ? logs.by_environment : logs.wanted);
}

/* Not for a worker, and not for the hook itself. */
static bool
may_wait(void)
{
    bool may = !ki_worker_self();

    lock();
    if (logs.draining && logs.calling && pthread_equal(logs.drainer, pthread_self()))
        may = false;
    unlock();
    return may;
}

void
kith_log_to(kith_log_fn fn, void *ctx, int least)
{
    uint64_t under_way;

    if (in_child())
        return;
    if (may_wait()) /* what was logged before is the old one's */
        wait_for(so_far(), UINT64_MAX);
    lock();
    logs.fn = fn;
    logs.ctx = ctx;
    under_way = logs.calling ? ki_load_seq(&logs.called) + 1 : 0;
    logs.wanted = least;
    choose_level();
    unlock();
    if (may_wait())
        wait_for(under_way, UINT64_MAX);
}

/* The level of that name; -1: none. */
static int
level_of(const char *name)
{
    static const char *const names[] = {"debug",   "info",  "notice",
                                        "warning", "error", "none"};

    for (int i = 0; i < (int) ki_countof(names); i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return -1;
}

int
ki_log_environment(void)
{
    char text[16];
    const bool given = ki_os_env_text("KITH_LOG", text, sizeof text) > 0;
    const int level = given ? level_of(text) : -1;

    lock();
    logs.by_environment = level;
    choose_level();
    unlock();
    if (!given || level >= 0)
        return 0;
    ki_log(KITH_LOG_ERROR, "the environment's KITH_LOG is none of debug, info, notice, "
                           "warning, error, none");
    return KITH_EINVAL;
}
