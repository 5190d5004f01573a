/* SPDX-License-Identifier: Apache-2.0
 * poll_poll.c -- the reactor contract on poll(2), for systems that have nothing better.
 *
 * The system says what is so, not what has changed, and keeps nothing between two calls. A table
 * holds what each descriptor is still to be told of; a direction that was told leaves it until it
 * is armed. One of those that wait leads: it asks the system for all, the others wait to take its
 * place. Each look costs as much as there are descriptors.
 *
 *   I1  The leader looks without the lock. Who wants more to be seen interrupts it. A look holds
 *       the descriptors that it was begun with open, and answers by their numbers: forget returns
 *       when no look that could see it is under way.
 *   I2  Errors and hang-ups are told whether asked for or not. Who has them is left out until it is
 *       armed again; if that goes on and on, as with an error queue that nobody reads, it also
 *       rests a while each time.
 *   I3  The system refuses a look at more descriptors than a program may have open, which it may have
 *       made fewer since; or there is no memory to ask about all. Then each look is at so many, and a
 *       short one: the others have their turn.
 *   I4  Whoever gives up the lead wakes one of those that wait, and who is woken leads, if only to
 *       give it up: the lead is never left lying. */
#define _GNU_SOURCE
#include "core/poll.h"

#include <errno.h>
#include <fcntl.h>
#include <kith/error.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/os_net.h"
#include "core/poll_gate.h"

enum {
    FIRST_CAP = 64,
    TURN_MS = 10, /* I3 */
    ALWAYS = KI_READY_ERR | KI_READY_HUP,
    DIRECTIONS = KI_READY_IN | KI_READY_OUT | KI_READY_PRI,
    ALL = DIRECTIONS | KI_READY_RDHUP
};

_Static_assert((int) KI_READY_IN == POLLIN && (int) KI_READY_PRI == POLLPRI &&
                   (int) KI_READY_OUT == POLLOUT && (int) KI_READY_ERR == POLLERR &&
                   (int) KI_READY_HUP == POLLHUP,
               "readiness bits are poll's, but for RDHUP");

static const uint8_t rest_ms[] = {0, 4, 32}; /* I2 */

/* What is known of a descriptor. */
struct place {
    uint64_t id;       /* 0: nothing */
    uint64_t rests_to; /* by the clock; I2 */
    uint32_t want;     /* KI_READY_ bits that are to be told */
    uint8_t sore;      /* I2: broken so many times in a row */
    bool once;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct place *places; /* [l] by number */
static uint32_t cap, end;    /* [l] of places; behind the last that is known */
static uint32_t first; /* [l] where the next look begins, so that all have their turn */
static struct pollfd *asked;      /* the leader's, the bell first */
static uint32_t ask_cap;          /* the leader's: of asked */
static bool has_leader;           /* [l] */
static bool looks;                /* [l] the leader is in the system */
static bool rung;                 /* [l] it will soon be back */
static _Atomic(uint32_t) n_looks; /* [l] that have ended */
static uint32_t n_outlasting;     /* [l] that wait for one to end */
static nfds_t most = (nfds_t) -1; /* [l] in one look; I3 */
static uint32_t n_waiting;        /* [l] for the lead */
static _Atomic(uint32_t) changes; /* [a] of leader */
static _Atomic(bool) woken;       /* [a] not told yet */
static int bell[2] = {-1, -1};
static struct ki_gate gate;

/* ---- start and stop ---- */

/* A table of `to` bytes that begins like the one of `from`, which is freed, and goes on with zeros.
 * NULL: there is no memory, and the old one stays. */
static void *
grow(void *table, size_t from, size_t to)
{
    void *bigger = ki_mem_alloc_aligned(to, 16);

    if (!bigger)
        return NULL;
    memset(bigger, 0, to);
    if (table) {
        memcpy(bigger, table, from);
        ki_mem_free_aligned(table, from, 16);
    }
    return bigger;
}

/* Under the lock: room for it, or false. */
static bool
make_room(uint32_t fd)
{
    struct place *bigger;
    uint32_t to = cap ? cap : FIRST_CAP;

    while (to <= fd)
        to *= 2;
    if (to == cap)
        return true;
    bigger = grow(places, cap * sizeof *places, to * sizeof *places);
    if (!bigger)
        return false;
    places = bigger;
    cap = to;
    return true;
}

/* By the leader: room to ask about all that there is place for. Else it asks about as many as it can. */
static void
make_room_to_ask(void)
{
    struct pollfd *bigger;

    if (ask_cap > cap)
        return;
    bigger = grow(asked, ask_cap * sizeof *asked, (cap + 1) * sizeof *asked);
    if (!bigger)
        return;
    asked = bigger;
    ask_cap = cap + 1;
}

static int
open_bell(void)
{
    if (pipe(bell) < 0)
        return -errno;
    for (int i = 0; i < 2; i++)
        if (fcntl(bell[i], F_SETFD, FD_CLOEXEC) < 0 ||
            fcntl(bell[i], F_SETFL, O_NONBLOCK) < 0)
            return -errno;
    return 0;
}

static void
release(void)
{
    for (int i = 0; i < 2; i++) {
        if (bell[i] >= 0)
            close(bell[i]);
        bell[i] = -1;
    }
    if (places)
        ki_mem_free_aligned(places, cap * sizeof *places, 16);
    if (asked)
        ki_mem_free_aligned(asked, ask_cap * sizeof *asked, 16);
    places = NULL;
    asked = NULL;
    cap = end = first = ask_cap = 0;
    most = (nfds_t) -1;
}

static int
poll_init(void)
{
    int code = open_bell();

    if (code == 0) {
        if (make_room(0))
            make_room_to_ask();
        if (!asked)
            code = KITH_ENOMEM;
    }
    if (code < 0) {
        release();
        return code;
    }
    ki_store_seq(&woken, false);
    ki_gate_open(&gate);
    return 0;
}

static void
poll_fini(void)
{
    ki_gate_shut(&gate);
    release();
}

/* ---- what is to be told ---- */

static void
ring(void)
{
    ssize_t n = write(bell[1], "", 1); /* a full pipe rings already */

    (void) n;
}

/* I1: the look that is under way does not know of it. */
static void
interrupt(void)
{
    if (!looks || rung)
        return;
    rung = true;
    ring();
}

/* I1. The lock is given away meanwhile; who wants it after each look would not get it. */
static void
let_look_end(void)
{
    const uint32_t n = ki_load_rlx(&n_looks); /* relaxed: written under the lock */

    while (looks && ki_load_rlx(&n_looks) == n) {
        interrupt();
        n_outlasting++;
        pthread_mutex_unlock(&lock);
        ki_os_park(&n_looks, n, UINT64_MAX);
        pthread_mutex_lock(&lock);
        n_outlasting--;
    }
}

static struct place *
find(int fd)
{
    return fd >= 0 && (uint32_t) fd < end && places[fd].id != 0 ? &places[fd] : NULL;
}

static int
put(int fd, struct place p)
{
    if (fcntl(fd, F_GETFD) < 0)
        return -errno;
    if (find(fd))
        return KITH_EEXIST;
    if (!make_room((uint32_t) fd))
        return KITH_ENOMEM;
    places[fd] = p;
    if ((uint32_t) fd >= end)
        end = (uint32_t) fd + 1;
    interrupt();
    return 0;
}

static int
poll_add(int fd, uint64_t id)
{
    int code = KITH_EBADF;

    if (!ki_gate_enter(&gate))
        return code;
    pthread_mutex_lock(&lock);
    code = put(fd, (struct place){.id = id, .want = ALL});
    pthread_mutex_unlock(&lock);
    ki_gate_leave(&gate);
    return code;
}

static int
once_again(int fd, uint64_t id)
{
    struct place *p = find(fd);

    if (!p)
        return KITH_ENOENT;
    p->id = id;
    p->once = true;
    p->want = KI_READY_IN;
    interrupt();
    return 0;
}

static int
poll_once(int fd, uint64_t id, bool again)
{
    int code = KITH_EBADF;

    if (!ki_gate_enter(&gate))
        return code;
    pthread_mutex_lock(&lock);
    code = again ? once_again(fd, id)
                 : put(fd, (struct place){.id = id, .want = KI_READY_IN, .once = true});
    pthread_mutex_unlock(&lock);
    ki_gate_leave(&gate);
    return code;
}

/* The end goes with every direction: after a new connect there may be another one. */
static void
poll_arm(int fd, uint32_t ready)
{
    struct place *p;

    if (!ki_gate_enter(&gate))
        return;
    pthread_mutex_lock(&lock);
    p = find(fd);
    if (p) {
        p->want |= ready | KI_READY_RDHUP;
        interrupt();
    }
    pthread_mutex_unlock(&lock);
    ki_gate_leave(&gate);
}

static void
poll_forget(int fd)
{
    struct place *p;

    if (!ki_gate_enter(&gate))
        return;
    pthread_mutex_lock(&lock);
    p = find(fd);
    if (p) {
        p->id = 0;
        while (end > 0 && places[end - 1].id == 0)
            end--;
        let_look_end();
    }
    pthread_mutex_unlock(&lock);
    ki_gate_leave(&gate);
}

/* ---- looking ---- */

/* Asks about all that have something to be told, or as many as may be; answers how many, and when the
 * first of those that rest, or have no turn, wants to be asked about. */
static nfds_t
ask(uint64_t now, uint64_t *next)
{
    nfds_t n = 1;

    asked[0] = (struct pollfd){.fd = bell[0], .events = POLLIN};
    for (uint32_t i = 0; i < end; i++) {
        const uint32_t fd = (first + i) % end;
        const struct place *p = &places[fd];

        if (p->id == 0 || p->want == 0)
            continue;
        if (p->rests_to > now) {
            *next = ki_min_u64(*next, p->rests_to);
            continue;
        }
        if (n >= most || n >= ask_cap) {
            first = fd;
            *next = ki_min_u64(*next, now + TURN_MS * UINT64_C(1000000));
            break;
        }
        asked[n++] =
            (struct pollfd){.fd = (int) fd,
                            .events = (short) ((p->want & DIRECTIONS) |
                                               (p->want & KI_READY_RDHUP ? POLLRDHUP : 0))};
    }
    return n;
}

/* What it is to be told of what is so. */
static uint32_t
tell(struct place *p, short is, uint64_t now)
{
    uint32_t bits = (uint32_t) is & (DIRECTIONS | ALWAYS);

    if (is & POLLRDHUP)
        bits |= KI_READY_RDHUP;
    bits &= p->want | ALWAYS;
    if (is & POLLNVAL) /* it was closed: no system tells of that */
        p->want = 0;
    if (p->want == 0 || bits == 0)
        return 0;
    p->want &= ~bits;
    if ((bits & ALWAYS) == 0) {
        p->sore = 0;
    } else { /* I2 */
        p->rests_to = now + rest_ms[p->sore] * UINT64_C(1000000);
        if (p->sore < ki_countof(rest_ms) - 1)
            p->sore++;
        bits |= p->want & DIRECTIONS; /* nobody else would tell of them */
        p->want = 0;
    }
    if (p->once)
        p->want = 0;
    return bits;
}

static int
harvest(struct ki_event *events, int room, nfds_t n_asked, uint64_t now)
{
    int n = 0;

    if (ki_xchg_seq(&woken, false))
        events[n++] = (struct ki_event){.ready = KI_READY_IN};
    for (nfds_t i = 1; i < n_asked; i++) {
        struct place *p = asked[i].revents ? find(asked[i].fd) : NULL;
        uint32_t bits;

        if (!p)
            continue;
        if (n == room) {
            first = (uint32_t) asked[i].fd;
            break;
        }
        bits = tell(p, asked[i].revents, now);
        if (bits)
            events[n++] = (struct ki_event){.ready = bits, .id = p->id};
    }
    return n;
}

/* In milliseconds, rounded up: never early. */
static int
time_to(uint64_t when, uint64_t now)
{
    if (when == UINT64_MAX)
        return -1;
    if (when <= now)
        return 0;
    const uint64_t ms = (when - now + 999999) / 1000000;

    return ms > 3600000 ? 3600000 : (int) ms;
}

/* I3. The bell is always asked. */
static void
ask_as_many_as_may_be(void)
{
    struct rlimit may;

    most =
        getrlimit(RLIMIT_NOFILE, &may) == 0 && may.rlim_cur > 2 ? (nfds_t) may.rlim_cur : 2;
}

static void
silence(void)
{
    char rings[64];

    while (read(bell[0], rings, sizeof rings) == sizeof rings)
        ;
}

/* By the leader, under the lock: one look. */
static int
look(struct ki_event *events, int room, uint64_t deadline)
{
    const uint64_t now = ki_os_now_ns();
    uint64_t until = deadline;
    nfds_t n_asked;
    int n, code;

    make_room_to_ask();
    if (most != (nfds_t) -1) /* it may have been raised again */
        ask_as_many_as_may_be();
    n_asked = ask(now, &until);
    looks = true;
    rung = false;
    pthread_mutex_unlock(&lock);
    n = poll(asked, n_asked, time_to(until, now));
    code = errno;
    pthread_mutex_lock(&lock);
    looks = false;
    ki_add_rlx(&n_looks, 1); /* relaxed: under the lock */
    for (uint32_t i = 0; i < n_outlasting; i++)
        ki_os_unpark(&n_looks);
    if (n < 0) {
        if (code == EINVAL)
            ask_as_many_as_may_be();
        return n;
    }
    if (asked[0].revents)
        silence();
    return harvest(events, room, n > 0 ? n_asked : 0, ki_os_now_ns());
}

/* Waits for the lead; false: not in time. The lock is given away meanwhile. */
static bool
take_lead(uint64_t timeout_ns, uint64_t deadline)
{
    while (has_leader) {
        const uint64_t now = ki_os_now_ns();
        const uint32_t seen = ki_load_rlx(&changes); /* relaxed: written under the lock */

        if (timeout_ns == 0 || now >= deadline)
            return false;
        n_waiting++;
        pthread_mutex_unlock(&lock);
        /* By the seam's clock, as it wants it. */
        ki_os_park(&changes, seen,
                   deadline == UINT64_MAX ? deadline : ki_now_ns() + (deadline - now));
        pthread_mutex_lock(&lock);
        n_waiting--;
    }
    has_leader = true;
    return true;
}

/* I4. */
static void
give_lead_up(void)
{
    has_leader = false;
    ki_add_rlx(&changes, 1); /* relaxed: under the lock */
    if (n_waiting > 0)
        ki_os_unpark(&changes);
}

static int
poll_wait(struct ki_event *events, int room, uint64_t timeout_ns)
{
    const uint64_t now = ki_os_now_ns();
    const uint64_t deadline = timeout_ns < UINT64_MAX - now ? now + timeout_ns : UINT64_MAX;
    int n = 0;

    pthread_mutex_lock(&lock);
    if (take_lead(timeout_ns, deadline)) {
        do
            n = look(events, room, deadline);
        while (n == 0 && ki_os_now_ns() < deadline);
        give_lead_up();
    }
    pthread_mutex_unlock(&lock);
    return n < 0 ? 0 : n;
}

static void
poll_wake(void)
{
    if (!ki_gate_enter(&gate))
        return;
    if (!ki_xchg_seq(&woken, true)) /* who was quicker rings */
        ring();
    ki_gate_leave(&gate);
}

const struct ki_poller ki_poller_system = {
    .name = "poll",
    .by_number = true,
    .urgent = true,
    .init = poll_init,
    .fini = poll_fini,
    .add = poll_add,
    .once = poll_once,
    .arm = poll_arm,
    .forget = poll_forget,
    .wait = poll_wait,
    .wake = poll_wake,
};
