/* SPDX-License-Identifier: Apache-2.0
 * os_sock.h -- the socket calls that each system has in a form of its own.
 *
 * Contract for os_<system>.c; sock.c knows what is common. They answer a value >= 0 or -errno. */
#ifndef KI_OS_SOCK_H
#define KI_OS_SOCK_H

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ki_os_socket, ki_os_accept make a descriptor that is non-blocking, closed on exec, and raises no
 * SIGPIPE. */
int ki_os_socket(int domain, int type, int protocol);
int ki_os_accept(int fd, void *addr, unsigned *len);

/* ki_os_adopted: a socket that was not made by those two becomes ours. ki_os_received: a descriptor
 * came in a message, and is closed on exec from here on. Nothing where flags of the calls see to it. */
void ki_os_adopted(int fd);
void ki_os_received(int fd);

/* ki_os_sendfile sends up to len > 0 bytes of a file from `offset`; how many went, 0 at its end.
 * -EOPNOTSUPP: not from this file, or not here. May block on the disk. */
ptrdiff_t ki_os_sendfile(int fd, int file, uint64_t offset, size_t len);

#ifdef __cplusplus
}
#endif

#endif
