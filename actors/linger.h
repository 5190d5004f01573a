/* SPDX-License-Identifier: Apache-2.0
 * linger.h -- closes that may take their time, on the side pool. */
#ifndef KI_LINGER_H
#define KI_LINGER_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ki_linger_close has the side pool close a descriptor; before that it sends `rest`, `len` bytes of
 * ki_mem_alloc's that are its own then, or NULL, for as long as the socket lingers. false: it cannot,
 * and nothing has happened. Any thread. */
bool ki_linger_close(int fd, char *rest, size_t len);

#ifdef __cplusplus
}
#endif

#endif
