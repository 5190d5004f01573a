/* SPDX-License-Identifier: Apache-2.0
 * name.h -- registered names: one a process, one process a name. */
#ifndef KI_NAME_H
#define KI_NAME_H

#include "actors/proc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ki_name_reserve takes a name for p, by which nobody finds it yet: 0, KITH_EEXIST (taken),
 * KITH_EINVAL (empty or too long), KITH_ENOMEM. ki_name_publish: now it is found. By who makes p. */
int ki_name_reserve(const char *name, struct ki_proc *p);
void ki_name_publish(struct ki_proc *p);

/* ki_name_drop frees p's name, if it has one. By p, dying, or by who made p. */
void ki_name_drop(struct ki_proc *p);

/* ki_name_of copies the name of the process `id`, whose record p is, cut to fit; its length, 0:
 * none. Any thread; holds one lock shortly. */
size_t ki_name_of(struct ki_proc *p, uint64_t id, char *buf, size_t cap);

/* ki_name_len answers the length of what may be a name; 0: it may not. */
size_t ki_name_len(const char *name);

/* ki_name_count tells how many names there are. Any thread. */
size_t ki_name_count(void);

/* ki_name_find answers who has the name now; zero: nobody. Any thread; holds one lock shortly. */
kith_pid ki_name_find(const char *text, size_t len);

#ifdef __cplusplus
}
#endif

#endif
