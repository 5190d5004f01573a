/* SPDX-License-Identifier: Apache-2.0
 * poll_epoll.c -- the reactor contract on Linux's epoll.
 *
 * One epoll set for all workers: edge triggers give each event to one waiter, and no stuck
 * worker can keep events from the others. The wake-up is an eventfd that is never read: each
 * write is a new edge. */
#define _GNU_SOURCE
#include "core/poll.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/poll_gate.h"

static int set = -1;
static int bell = -1;
static struct ki_gate gate;
static _Atomic(bool) no_pwait2; /* set once the kernel has said ENOSYS */

static int
epoll_init(void)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.u64 = 0};

    set = epoll_create1(EPOLL_CLOEXEC);
    if (set < 0)
        return -errno;
    bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (bell >= 0 && epoll_ctl(set, EPOLL_CTL_ADD, bell, &e) == 0) {
        ki_gate_open(&gate);
        return 0;
    }

    int code = -errno;
    if (bell >= 0)
        close(bell);
    close(set);
    set = bell = -1;
    return code;
}

static void
epoll_fini(void)
{
    ki_gate_shut(&gate);
    close(bell);
    close(set);
    set = bell = -1;
}

static int
control(int op, int fd, uint64_t id, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.u64 = id};
    int rc;

    if (!ki_gate_enter(&gate))
        return -EBADF;
    rc = epoll_ctl(set, op, fd, &e) == 0 ? 0 : -errno;
    ki_gate_leave(&gate);
    return rc;
}

static int
epoll_add(int fd, uint64_t id)
{
    return control(EPOLL_CTL_ADD, fd, id,
                   EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET);
}

static int
epoll_once(int fd, uint64_t id, bool again)
{
    return control(again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, id, EPOLLIN | EPOLLONESHOT);
}

static void
epoll_forget(int fd)
{
    if (!ki_gate_enter(&gate))
        return;
    (void) epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL);
    ki_gate_leave(&gate);
}

_Static_assert((int) KI_READY_IN == EPOLLIN && (int) KI_READY_PRI == EPOLLPRI &&
                   (int) KI_READY_OUT == EPOLLOUT && (int) KI_READY_ERR == EPOLLERR &&
                   (int) KI_READY_HUP == EPOLLHUP && (int) KI_READY_RDHUP == EPOLLRDHUP,
               "readiness bits are epoll's");

/* Nanoseconds where the kernel takes them; milliseconds rounded up where it does not: never
 * early. */
static int
wait_ns(struct epoll_event *e, int cap, uint64_t timeout_ns)
{
    if (timeout_ns == UINT64_MAX)
        return epoll_wait(set, e, cap, -1);
    if (timeout_ns == 0)
        return epoll_wait(set, e, cap, 0);
#ifdef SYS_epoll_pwait2
    if (!ki_load_rlx(&no_pwait2)) { /* relaxed: at worst one more try */
        /* 64 bits each on every processor, which a struct timespec has not. */
        const int64_t t[2] = {(int64_t) (timeout_ns / 1000000000),
                              (int64_t) (timeout_ns % 1000000000)};
        long n = syscall(SYS_epoll_pwait2, set, e, cap, t, NULL, (size_t) 0);

        if (n >= 0 || errno != ENOSYS)
            return (int) n;
        ki_store_rlx(&no_pwait2, true);
    }
#endif
    uint64_t ms = (timeout_ns + 999999) / 1000000;
    return epoll_wait(set, e, cap, ms > 3600000 ? 3600000 : (int) ms);
}

_Static_assert(sizeof(struct ki_event) == sizeof(struct epoll_event) &&
                   offsetof(struct ki_event, id) == offsetof(struct epoll_event, data) &&
                   offsetof(struct ki_event, ready) == offsetof(struct epoll_event, events),
               "the kernel writes our events");

static int
epoll_poll_wait(struct ki_event *events, int cap, uint64_t timeout_ns)
{
    int n = wait_ns((struct epoll_event *) (void *) events, cap, timeout_ns);

    return n < 0 ? 0 : n;
}

static void
epoll_wake(void)
{
    static const uint64_t one = 1;

    if (!ki_gate_enter(&gate))
        return;
    /* A full counter is a wake that is already there. */
    ssize_t n = write(bell, &one, sizeof one);

    (void) n;
    ki_gate_leave(&gate);
}

const struct ki_poller ki_poller_system = {
    .name = "epoll",
    .drains = true,
    .urgent = true,
    .init = epoll_init,
    .fini = epoll_fini,
    .add = epoll_add,
    .once = epoll_once,
    .forget = epoll_forget,
    .wait = epoll_poll_wait,
    .wake = epoll_wake,
};
