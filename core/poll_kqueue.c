/* SPDX-License-Identifier: Apache-2.0
 * poll_kqueue.c -- the reactor contract on kqueue: the BSDs and macOS, and libkqueue on Linux.
 *
 * One kqueue for all workers, as with epoll. EV_CLEAR makes edges, for each direction apart: a
 * descriptor may be reported twice by one wait. Changes take effect at once and not with the next
 * wait, since others wait meanwhile; those of one descriptor go in one call. The wake-up is an
 * event of our own. */
#include "core/poll.h"

#include <sys/types.h>

#include <errno.h>
#include <kith/error.h>
#include <sys/event.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "core/poll_gate.h"

_Static_assert(sizeof(void *) >= sizeof(uint64_t),
               "udata holds an id; KITH_POLLER=poll does too");

enum {
    BELL = 0,    /* the ident of our own event */
    HARVEST = 64 /* events that one wait takes at most */
};

static int queue = -1;
static struct ki_gate gate;

static struct kevent
change_of(uintptr_t ident, short filter, unsigned flags, uint64_t id)
{
    struct kevent k;

    EV_SET(&k, ident, filter, (unsigned short) flags, 0, 0, (void *) (uintptr_t) id);
    return k;
}

/* All of them are tried; the code of the first that failed. */
static int
change(struct kevent *k, int n)
{
    static const struct timespec now = {0, 0};
    int code = 0;

    if (n == 1)
        return kevent(queue, k, 1, NULL, 0, NULL) < 0 ? -errno : 0;
    for (int i = 0; i < n; i++)
        k[i].flags |= EV_RECEIPT;
    if (kevent(queue, k, n, k, n, &now) < 0)
        return -errno;
    for (int i = n - 1; i >= 0; i--)
        if ((k[i].flags & EV_ERROR) && k[i].data != 0)
            code = (int) -k[i].data;
    return code;
}

static int
kqueue_init(void)
{
    struct kevent bell = change_of(BELL, EVFILT_USER, EV_ADD | EV_CLEAR, 0);
    int code;

    queue = kqueue(); /* it is not inherited by a child, whatever that does */
    if (queue < 0)
        return -errno;
    code = change(&bell, 1);
    if (code < 0) {
        close(queue);
        queue = -1;
        return code;
    }
    ki_gate_open(&gate);
    return 0;
}

static void
kqueue_fini(void)
{
    ki_gate_shut(&gate);
    close(queue);
    queue = -1;
}

static int
change_if_open(struct kevent *k, int n)
{
    int code;

    if (!ki_gate_enter(&gate))
        return KITH_EBADF;
    code = change(k, n);
    ki_gate_leave(&gate);
    return code;
}

static void
kqueue_forget(int fd)
{
    struct kevent k[] = {
        change_of((uintptr_t) fd, EVFILT_READ, EV_DELETE, 0),
        change_of((uintptr_t) fd, EVFILT_WRITE, EV_DELETE, 0),
#ifdef EVFILT_EXCEPT
        change_of((uintptr_t) fd, EVFILT_EXCEPT, EV_DELETE, 0),
#endif
    };

    (void) change_if_open(k, (int) ki_countof(k));
}

static int
kqueue_add(int fd, uint64_t id)
{
    struct kevent k[] = {
        change_of((uintptr_t) fd, EVFILT_READ, EV_ADD | EV_CLEAR, id),
        change_of((uintptr_t) fd, EVFILT_WRITE, EV_ADD | EV_CLEAR, id),
    };
    int code = change_if_open(k, (int) ki_countof(k));

    if (code < 0) {
        kqueue_forget(fd);
        return code;
    }
#ifdef EVFILT_EXCEPT
    struct kevent urgent = change_of((uintptr_t) fd, EVFILT_EXCEPT, EV_ADD | EV_CLEAR, id);

    urgent.fflags = NOTE_OOB;
    (void) change_if_open(&urgent,
                          1); /* of what has no urgent data there is nothing to tell */
#endif
    return 0;
}

static int
kqueue_once(int fd, uint64_t id, bool again)
{
    struct kevent k = change_of((uintptr_t) fd, EVFILT_READ,
                                (again ? EV_ENABLE : EV_ADD) | EV_DISPATCH, id);

    return change_if_open(&k, 1);
}

/* An end is told by both filters, our own by the one for writing too: that is no peer's. */
static uint32_t
ready_of(const struct kevent *k)
{
    const uint32_t broken = (k->flags & EV_EOF) && k->fflags != 0 ? KI_READY_ERR : 0;

    if (k->filter == EVFILT_READ)
        return KI_READY_IN | (k->flags & EV_EOF ? KI_READY_RDHUP : 0) | broken;
    if (k->filter == EVFILT_WRITE)
        return KI_READY_OUT | broken;
    return k->filter == EVFILT_USER ? KI_READY_IN : KI_READY_PRI;
}

static int
kqueue_wait(struct ki_event *events, int cap, uint64_t timeout_ns)
{
    struct timespec t = {.tv_sec = (time_t) (timeout_ns / 1000000000),
                         .tv_nsec = (long) (timeout_ns % 1000000000)};
    struct kevent k[HARVEST];
    const int room = cap < HARVEST ? cap : HARVEST;
    int n = kevent(queue, NULL, 0, k, room, timeout_ns == UINT64_MAX ? NULL : &t);

    for (int i = 0; i < n; i++)
        events[i] = (struct ki_event){.ready = ready_of(&k[i]),
                                      .id = (uint64_t) (uintptr_t) k[i].udata};
    return n < 0 ? 0 : n;
}

static void
kqueue_wake(void)
{
    struct kevent k = change_of(BELL, EVFILT_USER, 0, 0);

    if (!ki_gate_enter(&gate))
        return;
    k.fflags = NOTE_TRIGGER;
    (void) kevent(queue, &k, 1, NULL, 0, NULL);
    ki_gate_leave(&gate);
}

const struct ki_poller ki_poller_system = {
    .name = "kqueue",
    .by_number = true,
#ifndef LIBKQUEUE /* which may not tell the end while bytes are unread */
    .drains = true,
#endif
#ifdef EVFILT_EXCEPT
    .urgent = true,
#endif
    .init = kqueue_init,
    .fini = kqueue_fini,
    .add = kqueue_add,
    .once = kqueue_once,
    .forget = kqueue_forget,
    .wait = kqueue_wait,
    .wake = kqueue_wake,
};
