/* SPDX-License-Identifier: Apache-2.0
 * symbol.c -- the dynamic linker's answer, then the file's, then an offset. */
#define _GNU_SOURCE /* dladdr */

#include "core/symbol.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "core/thread.h"

/* The length of what snprintf left in the buffer, given what it said. */
static size_t
written(int n, size_t cap)
{
    if (n < 0)
        return 0;
    return (size_t) n < cap ? (size_t) n : cap - 1;
}

size_t
ki_symbol_name(const void *addr, char *buf, size_t cap)
{
    const uintptr_t a = (uintptr_t) addr;
    Dl_info info;
    size_t n;

    if (cap == 0)
        return 0;
    /* A program without a dynamic linker has no objects but itself. */
    if (!dladdr(addr, &info))
        memset(&info, 0, sizeof info);
    if (info.dli_sname)
        return written(snprintf(buf, cap, "%s", info.dli_sname), cap);

    n = ki_symbol_in_object(info.dli_fname, (uintptr_t) info.dli_fbase, a, buf, cap);
    if (n > 0)
        return n;
    if (!info.dli_fname)
        return written(snprintf(buf, cap, "0x%zx", (size_t) a), cap);

    const char *slash = strrchr(info.dli_fname, '/');
    return written(snprintf(buf, cap, "%s+0x%zx", slash ? slash + 1 : info.dli_fname,
                            (size_t) (a - (uintptr_t) info.dli_fbase)),
                   cap);
}

enum { REMEMBERED = 512, NAME = 64 };

/* By a hash of the address; a library that is unloaded leaves its names behind. */
static struct {
    pthread_mutex_t lock;
    struct {
        const void *addr;
        char name[NAME];
    } at[REMEMBERED]; /* [l] */
} memory = {.lock = PTHREAD_MUTEX_INITIALIZER};

size_t
ki_symbol_remembered(const void *addr, char *buf, size_t cap)
{
    const size_t i = ((uintptr_t) addr >> 2) % REMEMBERED;
    char name[NAME];

    pthread_mutex_lock(&memory.lock);
    const bool known = addr && memory.at[i].addr == addr;
    if (known)
        memcpy(name, memory.at[i].name, NAME);
    pthread_mutex_unlock(&memory.lock);
    if (!known) {
        ki_symbol_name(addr, name, NAME);
        pthread_mutex_lock(&memory.lock);
        memory.at[i].addr = addr;
        memcpy(memory.at[i].name, name, strlen(name) + 1);
        pthread_mutex_unlock(&memory.lock);
    }
    return written(snprintf(buf, cap, "%s", name), cap);
}
