/* SPDX-License-Identifier: Apache-2.0
 * overflow.c -- tells a stack overflow from other faults, by where the fault was. */
#include "core/overflow.h"

#include "core/atomic.h"
#include "core/os_fault.h"
#include "core/os_map.h"
#include "core/stack.h"

#include <kith/error.h>

/* A signal's frame takes up to 11 KiB on current x86, the report a little more. The lowest
 * quarter is a guard: a report that itself runs too deep must not write elsewhere. */
#define SIGNAL_STACK ((size_t) 64 * 1024)

static _Atomic(void (*)(void *stack_low, size_t size)) reporter;

/* In a signal handler. */
static bool
is_overflow(const void *addr)
{
    /* acquire: with ki_overflow_install's release. */
    void (*const report)(void *, size_t) = ki_load_acq(&reporter);
    struct ki_stack s;

    if (ki_stack_find(addr, &s) != KI_STACK_GUARD)
        return false;
    report(s.low, s.size);
    return true;
}

int
ki_overflow_install(void (*report)(void *stack_low, size_t size))
{
    ki_store_rel(&reporter, report);
    return ki_os_fault_install(is_overflow);
}

void
ki_overflow_uninstall(void)
{
    ki_os_fault_uninstall();
}

int
ki_overflow_thread_init(struct ki_overflow_thread *t)
{
    char *low = ki_os_map(SIGNAL_STACK, ki_os_page_size());
    int rc = KITH_ENOMEM;

    t->low = NULL;
    t->size = SIGNAL_STACK;
    if (!low)
        return rc;
    if (ki_os_guard(low, SIGNAL_STACK / 4, KI_GUARD_MARKER) < 0)
        /* Without it the signal stack works as well. */
        (void) !ki_os_guard(low, SIGNAL_STACK / 4, KI_GUARD_PROTECT);
    rc = ki_os_fault_stack(low + SIGNAL_STACK / 4, SIGNAL_STACK - SIGNAL_STACK / 4);
    if (rc == 0)
        t->low = low;
    else
        ki_os_unmap(low, SIGNAL_STACK);
    return rc < 0 ? rc : 0;
}

void
ki_overflow_thread_fini(struct ki_overflow_thread *t)
{
    if (!t->low || ki_os_fault_stack(NULL, 0) < 0)
        return;
    ki_os_unmap(t->low, t->size);
    t->low = NULL;
}
