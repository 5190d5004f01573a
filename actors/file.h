/* SPDX-License-Identifier: Apache-2.0
 * file.h -- the part of a sendfile that may block on a disk, on the side pool.
 *
 * The operation takes its turn among the writers. When the socket is writable the claimant hands
 * it to the pool, BUSY, for one turn of so many bytes; that posts KI_N_ASIDE, and the claimant
 * counts what went. The pool never waits for the peer. */
#ifndef KI_FILE_H
#define KI_FILE_H

#include "actors/socket.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the caller asks for. */
struct ki_file_ask {
    int fd;
    uint64_t offset;
};

struct ki_file;

/* ki_file_new makes what an operation needs beside its ki_io, with a copy of the descriptor; that it
 * cannot be had is said by the attempt. NULL: no memory. ki_file_free gives it back, and closes the
 * copy, unless the pool has come to the end and did. */
struct ki_file *ki_file_new(struct ki_op *op, const struct ki_file_ask *ask);
void ki_file_free(struct ki_file *f);

/* ki_file_send: one attempt. By the claimant, who holds BUSY and gives it to the pool. */
enum ki_attempt ki_file_send(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result);

/* ki_file_sent: the pool has had its turn. KI_TRY_AGAIN: there is more to be sent. */
enum ki_attempt ki_file_sent(struct ki_socket *s, struct ki_io *io, ptrdiff_t *result);

#ifdef __cplusplus
}
#endif

#endif
