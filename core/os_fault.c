/* SPDX-License-Identifier: Apache-2.0
 * os_fault.c -- SIGSEGV and SIGBUS, shared with whoever had them before. */
#define _GNU_SOURCE

#include "core/os_fault.h"

#include <errno.h>
#include <signal.h>

/* Systems differ in which of the two a guard page raises. */
static const int signals[] = {SIGSEGV, SIGBUS};

/* Written by install before the handler is in place; the handler only reads. */
static struct {
    bool (*ours)(const void *addr);
    struct sigaction before[ki_countof(signals)];
} fault;

/* When the handler returns the access is made again and has the default action; a signal
 * that someone sent has no access to repeat, and is sent again. */
static void
die_of(int sig, const siginfo_t *info)
{
    struct sigaction sa = {.sa_handler = SIG_DFL};

    sigaction(sig, &sa, NULL);
    if (info->si_code <= 0)
        raise(sig);
}

static void
pass_on(const struct sigaction *before, int sig, siginfo_t *info, void *ucontext)
{
    if (before->sa_flags & SA_SIGINFO)
        before->sa_sigaction(sig, info, ucontext);
    else if (before->sa_handler == SIG_DFL)
        die_of(sig, info);
    else if (before->sa_handler != SIG_IGN)
        before->sa_handler(sig);
    else if (info->si_code > 0) /* the system does not let a real fault be ignored */
        die_of(sig, info);
}

static void
on_fault(int sig, siginfo_t *info, void *ucontext)
{
    const int saved = errno;

    if (info->si_code > 0 && fault.ours(info->si_addr))
        die_of(sig, info);
    else
        pass_on(&fault.before[sig == signals[0] ? 0 : 1], sig, info, ucontext);
    errno = saved;
}

static bool
is_ours(const struct sigaction *sa)
{
    return (sa->sa_flags & SA_SIGINFO) && sa->sa_sigaction == on_fault;
}

int
ki_os_fault_install(bool (*ours)(const void *addr))
{
    fault.ours = ours;
    for (size_t i = 0; i < ki_countof(signals); i++) {
        struct sigaction sa;

        if (sigaction(signals[i], NULL, &sa) < 0)
            return -errno;
        if (is_ours(&sa))
            continue;
        fault.before[i] = sa;
        /* The mask stays: it is what the handler before us asked for. */
        sa.sa_sigaction = on_fault;
        sa.sa_flags = SA_SIGINFO | SA_ONSTACK | (sa.sa_flags & SA_NODEFER);
        if (sigaction(signals[i], &sa, NULL) < 0)
            return -errno;
    }
    return 0;
}

void
ki_os_fault_uninstall(void)
{
    for (size_t i = 0; i < ki_countof(signals); i++) {
        struct sigaction sa;

        if (sigaction(signals[i], NULL, &sa) == 0 && is_ours(&sa))
            sigaction(signals[i], &fault.before[i], NULL);
    }
}

int
ki_os_fault_stack(void *low, size_t size)
{
    stack_t now, ss = {.ss_sp = low, .ss_size = size, .ss_flags = low ? 0 : SS_DISABLE};

    if (sigaltstack(NULL, &now) < 0)
        return -errno;
    if (low && !(now.ss_flags & SS_DISABLE))
        return 1;
    return sigaltstack(&ss, NULL) < 0 ? -errno : 0;
}
