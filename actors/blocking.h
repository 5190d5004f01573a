/* SPDX-License-Identifier: Apache-2.0
 * blocking.h -- kith_blocking, and its choice of who has to wait for whom. */
#ifndef KI_BLOCKING_H
#define KI_BLOCKING_H

#include <kith/process.h>

#include "core/offload.h"

/* ki_blocking is kith_blocking of a job that `submit`, a function of offload.h, hands over. */
KI_NODISCARD int ki_blocking(kith_fn fn, void *arg, int (*submit)(struct ki_job *job));

#endif
