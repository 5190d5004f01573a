/* SPDX-License-Identifier: Apache-2.0
 * name.h -- registered names: one a process, one process a name. */
#ifndef KI_NAME_H
#define KI_NAME_H

#include "actors/proc.h"

/* ki_name_register: 0, KITH_EEXIST (taken), KITH_EALREADY (p has one), KITH_EINVAL (empty or
 * too long), KITH_ENOPROC (p is dying), KITH_ENOMEM. */
int ki_name_register(const char *name, struct ki_proc *p);

/* ki_name_drop frees p's name, if it has one. By p, dying, or by who made p. */
void ki_name_drop(struct ki_proc *p);

#endif
