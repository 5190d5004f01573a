/* SPDX-License-Identifier: Apache-2.0
 * sockopt_foreign.h -- the table of options as other systems have it.
 *
 * The rows of sockopt.h have the numbers of the system that they were built for. Here stand those
 * of each system, for what tells of all of them, and for tests that speak to one that is not
 * there. Constant; callable from any thread. */
#ifndef KI_SOCKOPT_FOREIGN_H
#define KI_SOCKOPT_FOREIGN_H

#include "core/sockopt.h"

#ifdef __cplusplus
extern "C" {
#endif

enum ki_system {
    KI_LINUX,
    KI_FREEBSD,
    KI_MACOS,
    KI_OPENBSD, /* only what none of the others has */
    KI_SYSTEMS
};

/* ki_system_here answers for which one this was built. */
enum ki_system ki_system_here(void);

/* ki_sockopt_number_on answers the number that an option has there; -1: none. */
int ki_sockopt_number_on(kith_opt id, enum ki_system system);

/* ki_sockopt_on writes to *out the row as it is there: its level and number. The number is -1 also
 * where its value has another form there, which this build cannot make: it is then as one that
 * the system lacks. */
void ki_sockopt_on(const struct ki_sockopt *row, enum ki_system system,
                   struct ki_sockopt *out);

#ifdef __cplusplus
}
#endif

#endif
