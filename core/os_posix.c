/* SPDX-License-Identifier: Apache-2.0
 * os_posix.c -- what every POSIX system has. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/os.h"

enum {
    STACK_MIN = 1 << 20,
    SIGNALS = 128 /* no system has more */
};

uint64_t
ki_os_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}

void
ki_os_yield(void)
{
    sched_yield();
}

int
ki_os_thread(pthread_t *t, void *(*run)(void *), void *arg)
{
    pthread_attr_t attr;
    size_t stack = 0;
    int code = -pthread_attr_init(&attr);

    if (code < 0)
        return code;
    if (pthread_attr_getstacksize(&attr, &stack) == 0 && stack < STACK_MIN)
        (void) pthread_attr_setstacksize(&attr, STACK_MIN);
    code = -pthread_create(t, &attr, run, arg);
    pthread_attr_destroy(&attr);
    return code;
}

static int
write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        text += n;
        len -= (size_t) n;
    }
    return 0;
}

/* A pipe that nobody reads shall not kill the program: the signal is kept back, and taken before it
 * can get through. It is the thread's own, so no other can have taken it. One that was pending is not
 * ours. */
int
ki_os_write(int fd, const char *text, size_t len)
{
    sigset_t pipe, before, pending;
    bool had;
    int rc, signo;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    had = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    rc = write_all(fd, text, len);
    if (rc == -EPIPE && !had && sigpending(&pending) == 0 &&
        sigismember(&pending, SIGPIPE) == 1)
        (void) sigwait(&pipe, &signo);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

typedef void handler_of(int signo);
static _Atomic(handler_of *) handlers[SIGNALS]; /* [a] who gets it */

/* Comes between any two instructions of anybody, who may be about to read errno. */
static void
handle(int signo)
{
    const int code = errno;

    ki_load_seq (&handlers[signo])(signo);
    errno = code;
}

int
ki_os_signal_set(int signo, void (*handler)(int signo))
{
    struct sigaction a;

    if (signo <= 0 || signo >= SIGNALS)
        return -EINVAL;
    if (handler)
        ki_store_seq(&handlers[signo], handler);
    memset(&a, 0, sizeof a);
    a.sa_handler = handler ? handle : SIG_DFL;
    a.sa_flags = SA_RESTART;
    sigemptyset(&a.sa_mask);
    return sigaction(signo, &a, NULL) == 0 ? 0 : -errno;
}

bool
ki_os_signal_is_free(int signo)
{
    static const int taken[] = {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS,
                                SIGFPE,  SIGILL,  SIGTRAP, SIGSYS};
    struct sigaction now;

    for (size_t i = 0; i < ki_countof(taken); i++)
        if (signo == taken[i])
            return false;
    return sigaction(signo, NULL, &now) == 0;
}

void
ki_os_signal_send(int signo)
{
    (void) kill(getpid(), signo);
}

void
ki_os_block_signals(void)
{
    sigset_t s;

    /* Faults must reach the thread that made them; the rest goes to threads of the user's. */
    sigfillset(&s);
    sigdelset(&s, SIGSEGV);
    sigdelset(&s, SIGBUS);
    sigdelset(&s, SIGFPE);
    sigdelset(&s, SIGILL);
    sigdelset(&s, SIGABRT);
    sigdelset(&s, SIGTRAP);
    sigdelset(&s, SIGPROF);
    pthread_sigmask(SIG_BLOCK, &s, NULL);
}

int
ki_os_signo_term(void)
{
    return SIGTERM;
}

int
ki_os_signo_int(void)
{
    return SIGINT;
}

int
ki_os_env_int(const char *name, int min, int max, int *v)
{
    const char *text = getenv(name);
    char *end;
    long n;

    if (!text || !*text)
        return 0;
    n = strtol(text, &end, 10);
    if (*end || n < min || n > max)
        return -1;
    *v = (int) n;
    return 0;
}

size_t
ki_os_env_text(const char *name, char *buf, size_t cap)
{
    const char *text = getenv(name);
    const size_t n = text ? strnlen(text, cap - 1) : 0;

    if (n)
        memcpy(buf, text, n);
    buf[n] = '\0';
    return n;
}
