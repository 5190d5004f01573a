/* SPDX-License-Identifier: Apache-2.0
 * os_map.h -- address space: reserve, give back, guard, discard; read a file as memory.
 *
 * Contract for os_map.c, the one place that makes these calls. All sizes and addresses are
 * multiples of ki_os_page_size() unless said. Every function may be called from every
 * thread and none waits for another thread. */
#ifndef KI_OS_MAP_H
#define KI_OS_MAP_H

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How the pages below a stack stop a program that runs past its end. */
enum ki_guard {
    KI_GUARD_MARKER,  /* a mark in the page tables (Linux 6.13): costs no mapping */
    KI_GUARD_PROTECT, /* no access rights: splits the mapping, two map entries a stack */
    KI_GUARD_CANARY,  /* nothing stops it; afterwards the zeros there are no zeros */
};

size_t ki_os_page_size(void);

/* ki_os_map returns `size` bytes of zeroed private memory at a multiple of `align` (a power
 * of two), of which no page is there yet, nor promised, nor ever huge; NULL when there is
 * none. */
void *ki_os_map(size_t size, size_t align);
void ki_os_unmap(void *p, size_t size);

/* ki_os_guard makes a touch of the pages a SIGSEGV (SIGBUS on some systems). Returns 0 or
 * -errno: -EINVAL when this kernel has no such guard, -ENOMEM when map entries run out. It
 * holds until the memory is unmapped, ki_os_discard included. */
KI_NODISCARD int ki_os_guard(void *p, size_t size, enum ki_guard how);

/* ki_os_guard_works tells whether this system has guards of that kind. It tries: some
 * emulators of Linux say yes to advice that they do not know. */
bool ki_os_guard_works(enum ki_guard how);

/* ki_os_discard frees the pages and keeps the address range: it reads as zeros again. */
void ki_os_discard(void *p, size_t size);

/* ki_os_prefer_huge says that the range, of any allocator, will be used in full: huge pages are
 * welcome. A hint: nothing fails. */
void ki_os_prefer_huge(void *p, size_t size);

/* ki_os_map_file maps a whole file read-only; NULL when that fails or the file is empty.
 * *size is the file's size in bytes, which ki_os_unmap accepts as it is. */
const void *ki_os_map_file(const char *path, size_t *size);

#ifdef __cplusplus
}
#endif

#endif
