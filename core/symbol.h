/* SPDX-License-Identifier: Apache-2.0
 * symbol.h -- the name of the function at an address, static functions included.
 *
 * For reports: who was spawned where, what is parked at which call. Asked first is the
 * dynamic linker, then the symbol table in the object's file, and when both know nothing
 * the answer is "object+0xoffset", or "0xaddress" when the address is in no object. Names
 * are as the linker knows them (C++ stays mangled). */
#ifndef KI_SYMBOL_H
#define KI_SYMBOL_H

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ki_symbol_name writes the name and a NUL to `buf`, cut to fit, and returns its length
 * without the NUL; 0 only when cap is 0 or 1. Any thread, also while the program is dying;
 * may read a file, so not on a hot path; not in a signal handler (ask beforehand).
 * Allocates nothing. */
size_t ki_symbol_name(const void *addr, char *buf, size_t cap);

/* ki_symbol_remembered is the same for reports that come often: up to 63 bytes of the names asked for
 * last are remembered, as the tables are long. Holds a lock shortly; not while the program dies. */
size_t ki_symbol_remembered(const void *addr, char *buf, size_t cap);

/* ki_symbol_in_object does the second step for one object: `path` is its file, `base` where
 * it was loaded; a NULL path means the main program. 0 when it does not know.
 * symbol_elf.c. */
size_t ki_symbol_in_object(const char *path, uintptr_t base, uintptr_t addr, char *buf,
                           size_t cap);

/* ki_symbol_in_image is the parser: the ELF file lies at `image`. It trusts no byte of
 * it. */
size_t ki_symbol_in_image(const void *image, size_t size, uintptr_t base, uintptr_t addr,
                          char *buf, size_t cap);

#ifdef __cplusplus
}
#endif

#endif
