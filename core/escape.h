/* SPDX-License-Identifier: Apache-2.0
 * escape.h -- leaving a callback without returning through it.
 *
 * For kith_exit in a handler: the callback's frames lie on a worker's stack and are dropped, as a
 * process's are when it exits. Both functions are used by one thread in one call chain. */
#ifndef KI_ESCAPE_H
#define KI_ESCAPE_H

#include <setjmp.h>

struct ki_escape {
    jmp_buf at;
};

/* ki_escape_here is false when it marks the place, true when ki_escape_to came back to it. A
 * macro: the frame that marks must still be there. Locals changed in between are volatile. */
#define ki_escape_here(e) (setjmp((e)->at) != 0)
#define ki_escape_to(e) longjmp((e)->at, 1)

#endif
