/* SPDX-License-Identifier: Apache-2.0
 * netns.h -- a socket in another network namespace. */
#ifndef KI_NETNS_H
#define KI_NETNS_H

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ki_netns_socket makes a socket in the namespace that `path` stands for, with the system's
 * numbers, close-on-exec and non-blocking; the caller's thread stays where it is. May block: on
 * the side pool only.
 * A descriptor; KITH_ENOENT, KITH_EACCES, ...: no such file, or it cannot be read; KITH_EPERM: not
 * allowed to enter it; KITH_EINVAL: it is no network namespace; KITH_ENOMEM: no thread could be
 * made; KITH_EOPNOTSUPP: this system has none; else what socket() answers. */
KI_NODISCARD int ki_netns_socket(const char *path, int domain, int type, int protocol);

#ifdef __cplusplus
}
#endif

#endif
