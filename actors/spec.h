/* SPDX-License-Identifier: Apache-2.0
 * spec.h -- a supervisor's declaration in one piece of memory, so that it can be sent. */
#ifndef KI_SPEC_H
#define KI_SPEC_H

#include "actors/model.h"

/* The declaration, and behind it all it points to but servers. */
struct ki_spec {
    char *base; /* where its pointers take it to be */
    size_t len; /* of the whole */
    kith_supervisor as;
};

/* ki_spec_new copies a declaration that kith_supervisor_check has let pass. Missing spawn options
 * and times get their defaults. The caller's, by kith_alloc. NULL: no memory. */
struct ki_spec *ki_spec_new(const kith_supervisor *s);

/* ki_spec_moved: its bytes were copied to where it is now; makes its pointers right. */
void ki_spec_moved(struct ki_spec *spec);

#endif
