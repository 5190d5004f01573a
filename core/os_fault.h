/* SPDX-License-Identifier: Apache-2.0
 * os_fault.h -- to be asked first about a bad memory access, and to have a stack for it.
 *
 * Contract for os_fault.c, which knows the signals; overflow.c knows what they mean. */
#ifndef KI_OS_FAULT_H
#define KI_OS_FAULT_H

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ki_os_fault_install has `ours(addr)` called, in a signal handler, for each access to
 * memory that is not there. When it says yes the default action follows: the program dies
 * at that place. When it says no, what was installed before us decides. Returns 0 or
 * -errno. */
KI_NODISCARD int ki_os_fault_install(bool (*ours)(const void *addr));

/* ki_os_fault_uninstall puts back what was there, unless someone came after us. */
void ki_os_fault_uninstall(void);

/* ki_os_fault_stack gives the calling thread a stack for signal handlers, [low, low +
 * size), or takes it away when low is NULL. Returns 0 or -errno, or 1 when the thread has
 * another one, which is left alone. */
KI_NODISCARD int ki_os_fault_stack(void *low, size_t size);

#ifdef __cplusplus
}
#endif

#endif
