/* SPDX-License-Identifier: Apache-2.0
 * error.h -- from the system's errno to our codes. */
#ifndef KI_ERROR_H
#define KI_ERROR_H

#include <kith/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ki_error_of_errno answers the code of errno `e`, always below 0: one that has no row is
 * itself, negative, where the system's numbers are Linux', KITH_EIO elsewhere and for an
 * `e` that is not above 0. Callable anywhere. */
int ki_error_of_errno(int e);

#ifdef __cplusplus
}
#endif

#endif
